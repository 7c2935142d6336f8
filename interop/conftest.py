"""What every interoperability test stands on: a registrar of its own, in a folder of its own.

`--registrar hookswitch` (the default) tests the product. `--registrar kamailio` proves the harness itself: the phones, the
scenarios and what is expected of them, against a registrar that nobody here wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from peers.kamailio import Kamailio
from product import Product
from registrar import Registrar

PASSWORDS = {str(number): f"right-{number}-Xq7" for number in (*range(201, 280), *range(300, 400))}
"""Extensions that exist, with the phone password of each."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--binary", type=Path, help="the hookswitch program to test")
    parser.addoption("--seed", type=int, default=1, help="which malformed messages chance makes")
    parser.addoption("--rounds", type=int, default=1, help="how often malformed messages are made, each time from another seed")
    parser.addoption("--calls", type=int, default=1_000, help="how many calls are made at a steady rate")
    parser.addoption("--api-examples", type=int, default=4, help="requests that chance makes for each operation of the management API")
    parser.addoption("--registrar", choices=["hookswitch", "kamailio"], default="hookswitch", help="which registrar to test")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What only the product promises is no test of the reference."""
    if config.getoption("--registrar") == "kamailio":
        items[:] = [item for item in items if item.get_closest_marker("product") is None]


def _registrar(config: pytest.Config, folder: Path, algorithm: str) -> AbstractContextManager[Registrar]:
    if config.getoption("--registrar") == "kamailio":
        return Kamailio(folder, PASSWORDS, algorithm=algorithm)
    binary = config.getoption("--binary")
    assert binary, "--binary names the hookswitch program to test"
    return Product(binary.resolve(), folder, PASSWORDS)


@pytest.fixture
def start_registrar(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Registrar]]:
    """Starts a registrar that these phones will answer with this digest algorithm; it ends with the test.

    The reference can ask for one algorithm only, and is told which. The product asks as it always does.

    Each test has its own because refused passwords count: one test's wrong guesses must not lock another's phone.
    """
    with ExitStack() as running:
        yield lambda algorithm: running.enter_context(_registrar(request.config, tmp_path / "registrar", algorithm))


@pytest.fixture(scope="module")
def shared_registrar(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registrar]:
    """One registrar for all tests of a file, that asks for MD5 where it can be told; none of them may guess wrong."""
    with _registrar(request.config, tmp_path_factory.mktemp("shared") / "registrar", "MD5") as registrar:
        yield registrar
