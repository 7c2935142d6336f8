"""The web manager as an administrator uses it: signs in, fills forms, reads pages. No script runs."""

from __future__ import annotations

import html
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

from product import ADMINISTRATOR_PASSWORD


class Manager:
    """A browser without scripts at one system."""

    def __init__(self, address: tuple[str, int], name: str = "Administrator", password: str = ADMINISTRATOR_PASSWORD) -> None:
        host, port = address
        self.root = f"https://{host}:{port}"
        trusting = ssl.create_default_context()
        # The certificate is one that the system made for itself.
        trusting.check_hostname = False
        trusting.verify_mode = ssl.CERT_NONE
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=trusting), urllib.request.HTTPCookieProcessor(CookieJar())
        )
        self.fill("/manager/login", {"name": name, "password": password})

    def get(self, path: str) -> str:
        return self._ask(urllib.request.Request(self.root + path))

    def fill(self, path: str, fields: dict[str, str], page: str | None = None) -> str:
        """Loads a page, and sends its form with what it holds and these fields; the page that follows."""
        shown = self.get(page or path)
        hidden = {name: self._value(shown, name) for name in ("csrf", "version", "mailbox_shown")}
        body = urllib.parse.urlencode({**{name: value for name, value in hidden.items() if value}, **fields})
        headers = {"Origin": self.root, "Content-Type": "application/x-www-form-urlencoded"}
        return self._ask(urllib.request.Request(self.root + path, body.encode(), headers))

    def _ask(self, request: urllib.request.Request) -> str:
        try:
            with self._opener.open(request, timeout=30) as answer:
                self.address = answer.geturl().removeprefix(self.root)
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()

    @staticmethod
    def _value(page: str, name: str) -> str:
        found = re.search(rf'<input[^>]* name="{name}" value="([^"]*)"', page)
        return html.unescape(found.group(1)) if found else ""


def words(page: str) -> str:
    """What people read on a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())
