"""The management API as programs that nobody here wrote meet it: requests by the thousand, made from its description, and a tour
with a client that was generated from it.

`--api-examples 1000` makes a long round of the first: some 50,000 requests.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from product import ADMINISTRATOR_PASSWORD, Product

pytestmark = pytest.mark.product

FOLDER = Path(__file__).parent / "api"
LONG = 50
"""From so many examples on it is the long round."""
SCOPES = ["users-read", "status-read", "own-password"]


class Api:
    """The management API of a product, for what the tests themselves need."""

    def __init__(self, product: Product) -> None:
        host, port = product.https
        self.product = product
        self.address = f"https://{host}:{port}/api/v1"
        self.context = ssl.create_default_context(cafile=str(product.ca_file))
        self.token = ""

    def ask(self, method: str, path: str, body: dict | None = None, **headers: str) -> dict:
        data = None if body is None else json.dumps(body).encode()
        if data:
            headers["Content-Type"] = "application/json"
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.address + path, data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, context=self.context, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def sign_in(self) -> None:
        self.token = self.ask("POST", "/session", {"name": "Administrator", "password": ADMINISTRATOR_PASSWORD})["token"]

    def figures(self) -> dict:
        """How many of everything there are. A long round outlasts a session that nobody uses."""
        try:
            return self.ask("GET", "/figures")
        except urllib.error.HTTPError as gone:
            if gone.code != 401:
                raise
        self.token = ""
        self.sign_in()
        return self.ask("GET", "/figures")

    def allow_many_guesses(self) -> None:
        """Wrong tokens and passwords from here lock nothing but names: a run makes them on purpose."""
        rules = self.ask("GET", "/settings/security")
        rules["address_allow"] = ["127.0.0.0/8"]
        rules["sessions"]["concurrent_max"] = 50
        self.ask("PUT", "/settings/security", rules, **{"If-Match": "*"})


@pytest.fixture
def api(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Api]:
    binary = request.config.getoption("--binary")
    assert binary, "--binary names the hookswitch program to test"
    with Product(binary.resolve(), tmp_path / "product", {"201": "right-201-Xq7"}) as product:
        api = Api(product)
        api.sign_in()
        yield api
        assert product.is_running


def _schemathesis(api: Api, who: str, examples: int, **more: str) -> str:
    # It leaves what it remembers where it runs.
    folder = api.product.folder / "schemathesis"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    command = [
        str(Path(sys.executable).parent / "st"),
        "--config-file", str(folder / "schemathesis.toml"),
        "run", f"{api.address}/openapi.json",
        "--url", api.address,
        "--tls-verify", str(api.product.ca_file),
        # Every edge of every schema is some 60 requests for each operation: for the long round.
        "--phases", "examples,coverage,fuzzing" if examples >= LONG else "examples,fuzzing",
        "--max-examples", str(examples),
        "--seed", "1",
        "--suppress-health-check", "all",
    ]  # fmt: skip
    environment = {
        **os.environ,
        "HOOKSWITCH_API": api.address,
        "HOOKSWITCH_CA": str(api.product.ca_file),
        "HOOKSWITCH_AS": who,
        "HOOKSWITCH_PASSWORD": ADMINISTRATOR_PASSWORD,
        "HOOKSWITCH_COMMAND": "\n".join([str(api.product.binary), "--config", str(api.product.configuration)]),
        "NO_COLOR": "1",
        **more,
    }
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    (folder / "schemathesis.log").write_text(done.stdout + done.stderr)
    assert done.returncode == 0, f"{who}:\n{done.stdout[-20000:]}\n{done.stderr[-2000:]}"
    cases = re.search(r"Test cases:\s*\n?\s*(\d[\d,]*) generated", done.stdout)
    print(f"{who}: {cases.group(1) if cases else '?'} cases")
    return done.stdout


@pytest.mark.parametrize("who", ["administrator", "token", "nobody"])
def test_whatever_is_asked_the_answer_is_one_that_the_description_knows(
    api: Api, request: pytest.FixtureRequest, who: str
) -> None:
    api.allow_many_guesses()
    made = api.ask("POST", "/own/tokens", {"name": "few scopes", "scopes": SCOPES})
    _schemathesis(api, who, request.config.getoption("--api-examples"), HOOKSWITCH_TOKEN=made["secret"])
    before = api.figures() if who != "administrator" else None
    if who != "administrator":
        assert (before["users"], before["service_users"]) == (1, 2), "nobody made anything who may not"


def test_a_generated_client_does_the_tour(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    description = tmp_path / "openapi.json"
    description.write_text(json.dumps(api.ask("GET", "/openapi.json")))
    generate = [
        str(Path(sys.executable).parent / "openapi-python-client"),
        "generate", "--path", str(description), "--meta", "none", "--output-path", str(tmp_path / "hookswitch_api"),
    ]  # fmt: skip
    made = subprocess.run(generate, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert made.returncode == 0 and "WARNING" not in made.stdout, made.stdout + made.stderr
    monkeypatch.syspath_prepend(str(tmp_path))

    def operation(name: str):
        return importlib.import_module(f"hookswitch_api.api.{name}").sync_detailed

    models = importlib.import_module("hookswitch_api.models")
    library = importlib.import_module("hookswitch_api")
    address = {"base_url": api.address, "verify_ssl": api.context}

    # Sign in.
    stranger = library.Client(**address)
    opened = operation("session.sign_in")(
        client=stranger, body=models.Credentials(name="Administrator", password=ADMINISTRATOR_PASSWORD)
    )
    assert opened.status_code == 201
    client = library.AuthenticatedClient(token=opened.parsed.token, **address)

    # Make a user, twice with one key: there is one.
    ann = models.NewUser(name="Ann", full_name="Ann Smith", extension="301")
    for _ in range(2):
        created = operation("users.create_user")(client=client, body=ann, idempotency_key="the-tour")
        assert created.status_code == 201, created.content
    user = created.parsed.user

    # Set a code.
    code = operation("users.get_user_secret")(user.id, "login-code", client=client)
    assert code.parsed.is_set is False
    generated = operation("users.set_user_secret")(
        user.id, "login-code", client=client, body=models.Replacement(generate=True), if_match=code.headers["ETag"]
    )
    assert generated.status_code == 200 and len(generated.parsed.generated) == 1, generated.content

    # Look for it.
    found = operation("users.list_users")(client=client, q="smith")
    assert [item.name for item in found.parsed.items] == ["Ann"] and found.parsed.total == 1

    # Change it as it was read, and not as it was before.
    read = operation("users.get_user")(user.id, client=client)
    fields = models.UserFields(name="Anna", full_name="Ann Smith", extension="301", expires_at=None)
    changed = operation("users.change_user")(user.id, client=client, body=fields, if_match=read.headers["ETag"])
    assert changed.status_code == 200 and changed.parsed.name == "Anna", changed.content
    late = operation("users.change_user")(user.id, client=client, body=fields, if_match=read.headers["ETag"])
    assert late.status_code == 412 and late.parsed.type_.endswith("/changed-meanwhile"), late.content

    # Ask the doctor, and do what is named.
    for guess in range(5):
        operation("session.sign_in")(
            client=stranger, body=models.Credentials(name="Nobody Here", password=f"wrong password {guess}")
        )
    found = operation("doctor.ask_doctor")(client=client, q="301").parsed
    assert found.diagnosis.patient.account.name == "Anna" and found.diagnosis.causes == []
    operation("locks.reset_locks")(client=client, body=models.Reset(all_=True))

    # Rehearse a preset, put it in force, and take it back.
    medium = operation("settings.get_preset")("medium", client=client).parsed
    touched = operation("settings.rehearse_security_settings")(client=client, body=medium).parsed
    assert touched.must_change.total == len(touched.must_change.items), touched
    before = operation("settings.get_security_settings")(client=client)
    chosen = models.ChosenPreset(preset=models.Preset.MEDIUM)
    applied = operation("settings.apply_preset")(client=client, body=chosen, if_match=before.headers["ETag"])
    assert applied.status_code == 200, applied.content
    last = operation("settings.get_last_security_change")(client=client)
    undone = operation("settings.undo_last_security_change")(client=client, if_match=last.headers["ETag"])
    assert undone.parsed == before.parsed, undone.content

    # A webhook: its key is told once; nobody listens there.
    told = models.Told(alarms=True, audit=[])
    hook = models.WebhookFields(name="Alarms", is_on=False, url="http://127.0.0.1:9/", told=told)
    made = operation("webhooks.create_webhook")(client=client, body=hook)
    assert made.status_code == 201 and made.parsed.secret.startswith("whsec_"), made.content
    tested = operation("targets.test_target")(made.parsed.webhook.id, client=client).parsed
    assert tested.is_taken is False
    assert [target.name for target in operation("targets.list_targets")(client=client).parsed.items] == ["Alarms"]
    assert operation("targets.delete_target")(made.parsed.webhook.id, client=client, if_match="*").status_code == 204

    # How credentials stand, alarms, and a draft that is not there.
    weak = operation("passwords.list_accounts_by_credentials")(client=client, q="anna").parsed
    assert [account.account.name for account in weak.items] == ["Anna"]
    assert operation("alarms.list_alarms")(client=client).parsed.total >= 0
    assert operation("own.get_own_draft")(client=client).status_code == 404

    # Reset a lock.
    for guess in range(3):
        operation("session.sign_in")(
            client=stranger, body=models.Credentials(name="BusinessPartner", password=f"wrong password {guess}")
        )
    locks = operation("locks.list_locks")(client=client).parsed
    assert [lock.name for lock in locks.items] == ["businesspartner"]
    reset = operation("locks.reset_locks")(client=client, body=models.Reset(locks=[locks.items[0].id]))
    assert reset.parsed.locks == 1

    # Read the audit.
    rows = operation("audit.list_audit")(client=client, name="Administrator", limit=20).parsed.items
    actions = [row.action.value for row in rows]
    assert actions[0] == "lock-reset" and {"account-created", "account-changed", "secret-set"} <= set(actions), actions

    # Sign out.
    assert operation("session.sign_out")(client=client).status_code == 204
    assert operation("own.get_own_account")(client=client).status_code == 401
