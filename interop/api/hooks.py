"""What schemathesis is told of the management API: how one signs in, and what would end the whole run.

`HOOKSWITCH_API` is the address, `HOOKSWITCH_AS` who asks: `administrator`, `token` (`HOOKSWITCH_TOKEN`) or `nobody`.
"""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import threading

import requests
import schemathesis

API = os.environ["HOOKSWITCH_API"]
CA = os.environ["HOOKSWITCH_CA"]
WHO = os.environ["HOOKSWITCH_AS"]
COMMAND = os.environ["HOOKSWITCH_COMMAND"].split("\n")
"""The command on the machine itself, which always gets in."""

RULES_KEPT = {
    "ages": {"secret": 0, "idle": 0},
    "sessions": {"concurrent_max": 50, "idle": 7200, "absolute": 2592000},
    "service_password": {"length_min": 8, "length_max": 128, "refuse_patterns": False, "refuse_common": False},
    "address_allow": ["127.0.0.0/8"],
}
"""Rules with which the administrator of the run could lock out themselves; all others are whatever chance makes."""


SENT_TO = {
    "/webhooks": ("url", 2000, "http://127.0.0.1:9/"),
    "/webhooks/{id}": ("url", 2000, "http://127.0.0.1:9/"),
    "/syslog-receivers": ("host", 253, "127.0.0.1"),
    "/syslog-receivers/{id}": ("host", 253, "127.0.0.1"),
}
"""Whatever chance makes of an address to send to: a run reaches nobody but this machine, and waits for nobody. One that
is wrong by its length stays as it is."""


class Administrator:
    """A session that is opened again whenever the run itself has ended it."""

    def __init__(self) -> None:
        self.password = os.environ["HOOKSWITCH_PASSWORD"]
        self.token = ""
        self.lock = threading.Lock()

    def current(self) -> str:
        with self.lock:
            if not self.token or self._ask("GET", "/own").status_code != 200:
                self._sign_in()
            return self.token

    def _ask(self, method: str, path: str, **more) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(method, API + path, headers=headers, verify=CA, timeout=30, **more)

    def _sign_in(self) -> None:
        for _ in range(3):
            opened = requests.post(
                f"{API}/session", json={"name": "Administrator", "password": self.password}, verify=CA, timeout=30
            )
            if opened.status_code == 201:
                break
            # Wrong guesses of the run have locked the name.
            subprocess.run([*COMMAND, "lockout", "reset", "--all"], check=True, capture_output=True, timeout=60)
        assert opened.status_code == 201, opened.text
        self.token = opened.json()["token"]
        if opened.json()["status"] != "enabled":
            new = f"Aa1! {secrets.token_hex(24)}"
            chosen = self._ask("POST", "/own/password", json={"present": self.password, "new": new})
            assert chosen.status_code == 200, chosen.text
            self.password = new


if WHO == "administrator":
    administrator = Administrator()

    @schemathesis.auth(refresh_interval=1)
    class ByPassword:
        def get(self, case, context):
            return administrator.current()

        def set(self, case, data, context):
            case.headers["Authorization"] = f"Bearer {data}"

elif WHO == "token":

    @schemathesis.auth(refresh_interval=None)
    class ByToken:
        def get(self, case, context):
            return os.environ["HOOKSWITCH_TOKEN"]

        def set(self, case, data, context):
            case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context, case, kwargs):
    """A tag that chance makes is never the right one: half of those that are tags become the one that always is."""
    tag = case.headers.get("If-Match") if case.headers else None
    if isinstance(tag, str) and re.fullmatch(r'"[!#-~]*"', tag) and len(tag) % 2:
        case.headers["If-Match"] = "*"
    if case.operation.path in SENT_TO and isinstance(case.body, dict):
        field, length_max, here = SENT_TO[case.operation.path]
        if isinstance(case.body.get(field), str) and 0 < len(case.body[field]) <= length_max:
            case.body[field] = here
    if case.operation.label == "PUT /settings/security" and isinstance(case.body, dict):
        for rule, value in RULES_KEPT.items():
            if isinstance(case.body.get(rule), type(value)):
                case.body[rule] = value
