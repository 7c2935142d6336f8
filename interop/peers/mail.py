"""A server that takes mail: aiosmtpd, with a password, and STARTTLS under a certificate of an authority that nobody knows.

As a program, for tests that are not written in Python: `python -m peers.mail` takes mail without TLS until standard input ends. The
first line that it says is its port, each further one a mail as JSON.
"""

from __future__ import annotations

import json
import ssl
import sys
import threading
import time
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from peers.certificates import Certificates
from ports import free_port

SECONDS_MAX = 30.0
USER, PASSWORD = "pbx", "seven posts along the lane"
NOBODY = "nobody@example.com"


class MailServer:
    """Takes mail for everybody but `NOBODY`. With certificates, only over TLS and from whoever signs in."""

    def __init__(self, certificates: Certificates | None = None) -> None:
        self.port = free_port()
        self.mails: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.sign_ins: list[bool] = []
        context = None
        if certificates:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates.certificate, certificates.key)
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            tls_context=context,
            require_starttls=context is not None,
            authenticator=self._authenticate,
            auth_required=context is not None,
            decode_data=False,
        )

    def __enter__(self) -> MailServer:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    def _authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, shown: object) -> AuthResult:
        is_right = shown == LoginPassword(USER.encode(), PASSWORD.encode())
        self.sign_ins.append(is_right)
        return AuthResult(success=is_right, handled=False)

    async def handle_RCPT(  # noqa: N802 (the library calls it so)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == NOBODY:
            return "550 5.1.1 there is no such person here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos)))
        self.mails.append(mail)
        return "250 2.0.0 taken"

    def wait(self, count: int = 1) -> EmailMessage:
        """The last mail, as soon as there are so many."""
        until = time.monotonic() + SECONDS_MAX
        while time.monotonic() < until:
            if len(self.mails) >= count:
                return self.mails[-1]
            time.sleep(0.05)
        raise AssertionError(f"only {len(self.mails)} mails came")

    def wait_beyond(self, count: int) -> EmailMessage:
        """The mail after so many, whenever it comes."""
        while len(self.mails) <= count:
            time.sleep(0.05)
        return self.mails[count]


def _said(mail: EmailMessage) -> str:
    def part(kind: str) -> str:
        body = mail.get_body((kind,))
        return body.get_content() if body else ""

    return json.dumps({"to": mail["To"], "subject": mail["Subject"], "text": part("plain"), "html": part("html")})


def _tell(server: MailServer) -> None:
    count = 0
    while True:
        print(_said(server.wait_beyond(count)), flush=True)
        count += 1


def main() -> None:
    with MailServer() as server:
        print(server.port, flush=True)
        threading.Thread(target=_tell, args=(server,), daemon=True).start()
        sys.stdin.read()


if __name__ == "__main__":
    main()
