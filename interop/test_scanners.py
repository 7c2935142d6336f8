"""The tools that every telephone system on the internet meets, against the real program with 200 extensions: they find no
extension and no code, and learn nothing of the system that a phone need not know.

SIPVicious itself is run. What sippts would ask is asked by `hostile/caller.py`: its package on the index holds the commands and
not the modules that they import, so none of them starts.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hostile.caller import Caller
from product import Product

EXISTING = [str(number) for number in range(1000, 1200)]
SECRETS = {number: f"right-{number}-Xq7" for number in EXISTING}
DISABLED, LOCKED = EXISTING[5:10], EXISTING[10:15]
ASKED = "900-1299"
"""What is looked for: 400 numbers, of which every other exists."""
ASKED_COUNT = 400
AGENT = "baresip v1.0 (played by SIPVicious)"
"""SIPVicious knows MD5 alone and falls over SHA-256; the product offers MD5 alone to phones of this name."""
FAILURES_MAX = 5
SECONDS_MAX = 120

pytestmark = pytest.mark.product


@pytest.fixture(scope="module")
def exposed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """200 extensions: most in use, some of disabled users, some locked after guesses from elsewhere."""
    binary = request.config.getoption("--binary")
    assert binary, "--binary names the hookswitch program to test"
    with Product(binary.resolve(), tmp_path_factory.mktemp("exposed") / "registrar", SECRETS) as product:
        for number in DISABLED:
            product.run("user", "disable", f"user{number}")
        for place, number in enumerate(LOCKED):
            _guess(product, number, f"127.0.9.{place + 1}", FAILURES_MAX)
        yield product


def _guess(product: Product, number: str, address: str, times: int) -> list[int]:
    guesser = Caller(product, number, "wrong", address)
    statuses = [guesser.register() for _ in range(times)]
    guesser.close()
    return statuses


def _tool(product: Product, name: str, folder: Path, *arguments: str) -> str:
    """Everything that a tool of SIPVicious says."""
    host, port = product.addresses["udp"]
    as_phone = (
        f"from sipvicious import {name}; from sipvicious.libs.svhelper import makeRequest as ask; "
        f"ask.__defaults__ = tuple({AGENT!r} if said == 'friendly-scanner' else said for said in ask.__defaults__); {name}.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", as_phone, *arguments, "-p", str(port), "-x", "127.0.0.1", "-v", host],
        cwd=folder,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
    )
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    return said


def _numbers(said: str) -> set[str]:
    """The extensions in the table that svwar prints at its end, or tells of on the way."""
    table = re.findall(r"^\s*[|│┃]\s*(\d+)\s*[|│┃]", said, re.MULTILINE)
    return set(table) | set(re.findall(r"[Ee]xtension '?(\d+)'? exists", said))


@pytest.mark.parametrize("method", ["REGISTER", "OPTIONS", "INVITE"])
def test_svwar_finds_no_extension(exposed: Product, tmp_path: Path, method: str) -> None:
    found = _numbers(_tool(exposed, "svwar", tmp_path, "-m", method, "-e", ASKED))
    assert found & set(EXISTING) == set()
    # Told to go on although everything is answered alike, it can name all or none.
    found = _numbers(_tool(exposed, "svwar", tmp_path, "-m", method, "-e", ASKED, "--force"))
    assert len(found) in (0, ASKED_COUNT), f"{len(found)} of {ASKED_COUNT}: {sorted(found)[:9]}"
    print(f"scanners.svwar.{method.lower()}.found {len(found & set(EXISTING)) if len(found) < ASKED_COUNT else 0}")


def _seen(answer: str, number: str) -> str:
    """An answer without what differs between any two."""
    text = re.sub(r"(?im)^(via|call-id|cseq):.*\r\n", "", answer)
    text = re.sub(r"tag=[^\r;]+", "tag=T", text)
    return re.sub(r'nonce="[^"]+"', "nonce", text).replace(number, "NUMBER")


@pytest.mark.parametrize("method", ["REGISTER", "OPTIONS", "INVITE", "SUBSCRIBE", "MESSAGE"])
def test_every_number_is_answered_alike(exposed: Product, method: str) -> None:
    """What sipexten and sipenumerate go by: the status, and anything else in the answer."""
    answers = set()
    for number in [*EXISTING, *(str(number) for number in range(2000, 2200))]:
        caller = Caller(exposed, number, "", "127.0.9.99")
        answers.add(_seen(caller.request(method), number))
        caller.close()
    assert len(answers) == 1, "\n---\n".join(answers)


def test_a_guess_says_nothing_of_whether_there_is_anybody(exposed: Product) -> None:
    """In use, of a disabled user, nobody's: one guess each, from addresses that have no count yet."""
    statuses = {
        number: _guess(exposed, number, f"127.0.10.{place + 1}", 1)
        for place, number in enumerate([EXISTING[20], DISABLED[0], "2500"])
    }
    assert set(map(tuple, statuses.values())) == {(403,)}, statuses
    # Locked, whether there is anybody or not.
    _guess(exposed, "2501", "127.0.10.9", FAILURES_MAX)
    locked = [_guess(exposed, LOCKED[0], "127.0.10.10", 1), _guess(exposed, "2501", "127.0.10.11", 1)]
    assert locked == [[503], [503]]


def _crack(product: Product, folder: Path, number: str, guesses: list[str], *options: str) -> str:
    product.reset_locks()
    words = folder / "words"
    words.write_text("\n".join(guesses) + "\n")
    return _tool(product, "svcrack", folder, "-u", number, "-d", str(words), *options, "--domain", product.domain)


def test_svcrack_would_find_a_code_that_it_may_try(exposed: Product, tmp_path: Path) -> None:
    """It works: what it does not find in the other test, it does not find because of the limit."""
    number = EXISTING[52]
    assert SECRETS[number] in _crack(exposed, tmp_path, number, [SECRETS[number]])


@pytest.mark.parametrize(("number", "options"), [("1050", []), ("1051", ["-n"])])
def test_svcrack_finds_no_code_and_is_locked(exposed: Product, tmp_path: Path, number: str, options: list[str]) -> None:
    guesses = [f"guess-{place}" for place in range(FAILURES_MAX + 25)] + [SECRETS[number]]
    said = _crack(exposed, tmp_path, number, [*guesses, *guesses], *options)
    assert SECRETS[number] not in said, said
    failures = exposed.failures(number)
    print(f"scanners.svcrack.{number}.evaluated {sum(failure['reason'] == 'wrong-secret' for failure in failures)}")
    assert any(number in str(lock) for lock in exposed.locks()), f"{exposed.locks()}\n{said}"
    assert exposed.contacts(number) == []


def test_svmap_learns_nothing_that_a_phone_need_not_know(exposed: Product, tmp_path: Path) -> None:
    for method in ("OPTIONS", "REGISTER", "INVITE"):
        said = _tool(exposed, "svmap", tmp_path, "-m", method)
        assert exposed.addresses["udp"][0] in said, said
        assert not re.search(r"hookswitch|rust|tokio|axum", said, re.IGNORECASE), said
    caller = Caller(exposed, EXISTING[0], "", "127.0.9.98")
    answer = caller.request("OPTIONS")
    caller.close()
    headers = {line.split(":")[0] for line in answer.split("\r\n")[1:] if line}
    # RFC 3261 sections 8.2.6.2 and 11.2, and not one more.
    assert headers == {"Via", "From", "To", "Call-ID", "CSeq", "Allow", "Accept", "Supported", "Content-Length"}
