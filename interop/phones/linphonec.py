"""linphonec (belle-sip): SHA-256 and MD5, over UDP, TCP and TLS.

The account stands in its configuration file, and the program starts when it shall register: its own `register` command
stores no algorithm and no certificate. `unregister` goes to its standard input.
"""

from __future__ import annotations

import os
import subprocess

from .phone import Phone, end


class Linphonec(Phone):
    """A linphonec process without sound."""

    agent = "linphone"

    def start(self) -> None:
        self._process: subprocess.Popen | None = None

    def register(self) -> None:
        a = self.account
        # Its TLS library compares names only: a certificate's IP address does not count (Debian 12).
        server = f"localhost:{a.registrar[1]}" if a.transport == "tls" else a.server
        # It does not make the folder of its data base, and without one it does not start.
        (self.folder / ".local/share/linphone").mkdir(parents=True, exist_ok=True)
        configuration = self.folder / "linphonerc"
        configuration.write_text(
            "\n".join(
                [
                    "[sip]",
                    # -1: any free port. Without these it takes 5060 and 5061.
                    "sip_port=-1",
                    "sip_tcp_port=-1",
                    "sip_tls_port=-1",
                    "bind_address=127.0.0.1",
                    "use_ipv6=0",
                    "default_proxy=0",
                    "verify_server_certs=1",
                    "verify_server_cn=1",
                    *([f"root_ca={a.ca_file}"] if a.ca_file else []),
                    "[net]",
                    "mtu=0",
                    "[sound]",
                    "playback_dev_id=",
                    "capture_dev_id=",
                    "ringer_dev_id=",
                    "[video]",
                    "display=0",
                    "capture=0",
                    "[misc]",
                    "log_collection_path=" + str(self.folder),
                    "[proxy_0]",
                    f"reg_proxy=<sip:{server};transport={a.transport}>",
                    f"reg_route=<sip:{server};transport={a.transport};lr>",
                    f"reg_identity=sip:{a.extension}@{a.domain}",
                    f"reg_expires={a.expires}",
                    "reg_sendregister=1",
                    "publish=0",
                    "[auth_info_0]",
                    f"username={a.extension}",
                    f"passwd={a.password}",
                    f"realm={a.domain}",
                    f"domain={a.domain}",
                    "",
                ]
            )
        )
        self._process = subprocess.Popen(
            ["linphonec", "-c", str(configuration), "-d", "6", "-l", str(self.log_file)],
            stdin=subprocess.PIPE,
            stdout=(self.folder / "screen").open("ab"),
            stderr=subprocess.STDOUT,
            env={**os.environ, "HOME": str(self.folder), "TERM": "dumb"},
        )

    def unregister(self) -> None:
        self._say("unregister")

    def stop(self) -> None:
        if self._process is not None:
            end(self._process)

    def _say(self, command: str) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(command.encode() + b"\n")
        self._process.stdin.flush()
