"""What every interoperability test stands on: a registrar of its own, in a folder of its own.

`--registrar hookswitch` (the default) tests the product. `--registrar kamailio` proves the harness itself: the phones, the
scenarios and what is expected of them, against a registrar that nobody here wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from peers.kamailio import Kamailio
from product import Product
from registrar import Registrar

PASSWORDS = {str(number): f"right-{number}-Xq7" for number in range(201, 240)}
"""Extensions that exist, with the phone password of each."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--binary", type=Path, help="the hookswitch program to test")
    parser.addoption("--registrar", choices=["hookswitch", "kamailio"], default="hookswitch", help="which registrar to test")


@pytest.fixture
def start_registrar(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Registrar]]:
    """Starts a registrar that asks phones for this digest algorithm; it ends with the test.

    Each test has its own because refused passwords count: one test's wrong guesses must not lock another's phone.
    """
    with ExitStack() as running:

        def start(algorithm: str) -> Registrar:
            if request.config.getoption("--registrar") == "kamailio":
                return running.enter_context(Kamailio(tmp_path / "registrar", PASSWORDS, algorithm=algorithm))
            binary = request.config.getoption("--binary")
            assert binary, "--binary names the hookswitch program to test"
            return running.enter_context(Product(binary.resolve(), tmp_path / "registrar", PASSWORDS, algorithm=algorithm))

        yield start
