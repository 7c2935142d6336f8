"""A phone as a program, for tests that are not written in Python: `python -m phones PHONE FOLDER`.

The first line of standard input is the account as JSON; each further one a verb: `register`, `refreshed`, `unregister`, and for
`callingbaresip` `leave NUMBER`, which leaves a message. When the registrar has answered, one line of JSON says how: its status, the digest algorithm, and whether the phone has left. The
end of standard input ends the phone.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from . import Account, Answer, Baresip, CallingBaresip, CallingPhone, Linphonec, Phone, Pjsua

PHONES: dict[str, type[Phone]] = {phone.__name__.lower(): phone for phone in (Baresip, Linphonec, Pjsua)}
TONE = 1000
"""What a phone that calls says, in hertz."""
REFRESH_SECONDS_MAX = 75.0
"""A phone that is let in for a minute asks again within it."""


def _phone(name: str, folder: Path, account: Account) -> Phone:
    return CallingBaresip(folder, account, TONE) if name == "callingbaresip" else PHONES[name](folder, account)


def _carry_out(phone: Phone, line: str) -> Answer:
    verb, _, number = line.partition(" ")
    match verb:
        case "leave":
            assert isinstance(phone, CallingPhone), "this one makes no calls"
            phone.leave_message(number)
            return phone.wait_registered()
        case "register":
            phone.register()
            return phone.wait_registered()
        case "refreshed":
            return phone.wait_registered(times=2, seconds=REFRESH_SECONDS_MAX)
        case "unregister":
            phone.unregister()
            return phone.wait_unregistered()
        case _:
            raise ValueError(f"no such verb: {verb}")


def main() -> None:
    name, folder = sys.argv[1:]
    told = json.loads(sys.stdin.readline())
    told["registrar"] = tuple(told["registrar"])
    if told.get("ca_file"):
        told["ca_file"] = Path(told["ca_file"])
    with _phone(name, Path(folder), Account(**told)) as phone:
        for line in sys.stdin:
            answer = _carry_out(phone, line.strip())
            said = {"status": answer.status, "algorithm": answer.algorithm, "left": answer.asked_to_leave}
            print(json.dumps(said), flush=True)


main()
