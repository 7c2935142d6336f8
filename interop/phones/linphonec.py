"""linphonec (belle-sip): SHA-256 and MD5, over UDP, TCP and TLS.

The account stands in its configuration file, and the program starts when it shall register: its own `register` command
stores no algorithm and no certificate. All other commands go to its standard input.

A phone for calls has files for a sound card: one that it plays and one that it records into.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from .calls import CallingPhone, Turn
from .phone import Phone, end

_TURNS = {
    "LinphoneCallIncomingReceived": "called",
    "LinphoneCallOutgoingRinging": "ringing",
    "LinphoneCallConnected": "established",
    "LinphoneCallEnd": "closed",
    "LinphoneCallError": "closed",
    "LinphoneCallReferred": "transferred",
}
_PCMU = 3
"""Its place in the program's list of codecs."""
_TURN = re.compile(r"CallSession \[(?P<call>\w+)\] moving from state \w+ to (?P<state>LinphoneCall\w+)")


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
                    "[rtp]",
                    # The same, for sound.
                    "audio_rtp_port=-1",
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


class CallingLinphonec(CallingPhone, Linphonec):
    """A linphonec that makes calls."""

    def register(self) -> None:
        super().register()
        # PCMU alone, so that what it records has 8,000 samples a second, whoever it talks to.
        self._say("codec disable all")
        self._say(f"codec enable {_PCMU}")
        self._say("soundcard use files")
        self._say(f"play {self.tone_file}")
        self._say(f"record {self._recording}")

    def dial(self, number: str) -> None:
        self._say(f"call {number if '@' in number else f'sip:{number}@{self.account.domain}'} --audio-only")

    def accept(self) -> None:
        self._say("answer")

    def hang_up(self) -> None:
        self._say("terminate")

    def hold(self) -> None:
        self._say("pause")

    def resume(self) -> None:
        self._say("resume")

    def transfer(self, number: str) -> None:
        self._say(f"transfer sip:{number}@{self.account.domain}")

    def join(self, held: int, current: int) -> None:
        """Sends the other one of the held call to the other one of the current call (REFER with Replaces); calls count from 1."""
        self._say(f"transfer {held} --to-call {current}")

    def turns(self) -> list[Turn]:
        moved = [(move["state"], move["call"]) for move in _TURN.finditer(self.log)]
        return [Turn(_TURNS[state], call) for state, call in moved if state in _TURNS]

    def recordings(self) -> list[Path]:
        return [self._recording] if self._recording.exists() else []

    @property
    def _recording(self) -> Path:
        return self.folder / "heard.wav"
