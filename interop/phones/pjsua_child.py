"""The process in which one PJSIP phone lives (see `pjsua.py`): settings on the first line, then one command per line."""

from __future__ import annotations

import json
import os
import select

import pjsua2 as pj

TRANSPORTS = {"udp": pj.PJSIP_TRANSPORT_UDP, "tcp": pj.PJSIP_TRANSPORT_TCP, "tls": pj.PJSIP_TRANSPORT_TLS}


def endpoint(settings: dict) -> pj.Endpoint:
    """The library, logging to standard output, with one transport on a free loopback port and no sound."""
    library = pj.Endpoint()
    library.libCreate()
    config = pj.EpConfig()
    # No threads of its own: they would need the interpreter's lock, and this process has nothing else to do.
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.uaConfig.userAgent = "PJSIP/" + library.libVersion().full
    config.logConfig.level = 5
    config.logConfig.consoleLevel = 5
    config.medConfig.threadCnt = 0
    library.libInit(config)
    transport = pj.TransportConfig()
    transport.port = 0
    transport.boundAddress = "127.0.0.1"
    if settings["ca_file"]:
        transport.tlsConfig.CaListFile = settings["ca_file"]
        transport.tlsConfig.verifyServer = True
    library.transportCreate(TRANSPORTS[settings["transport"]], transport)
    library.libStart()
    library.audDevManager().setNullDev()
    return library


def account(settings: dict) -> pj.Account:
    """The line, not registered yet."""
    config = pj.AccountConfig()
    config.idUri = f"sip:{settings['extension']}@{settings['domain']}"
    config.regConfig.registrarUri = f"sip:{settings['domain']};transport={settings['transport']}"
    config.regConfig.registerOnAdd = False
    config.regConfig.timeoutSec = settings["expires"]
    config.regConfig.delayBeforeRefreshSec = 1
    config.regConfig.retryIntervalSec = 0
    config.sipConfig.proxies.append(f"<sip:{settings['server']};transport={settings['transport']};lr>")
    config.sipConfig.authCreds.append(
        pj.AuthCredInfo("digest", settings["domain"], settings["extension"], 0, settings["password"])
    )
    config.natConfig.contactRewriteUse = 0
    config.natConfig.viaRewriteUse = 0
    line = pj.Account()
    line.create(config)
    return line


def lines():
    """Lines of standard input as they come, and None whenever there is none."""
    pending = b""
    while True:
        if not select.select([0], [], [], 0)[0]:
            yield None
            continue
        read = os.read(0, 4096)
        if not read:
            return
        pending += read
        *whole, pending = pending.split(b"\n")
        yield from whole


def main() -> None:
    commands = lines()
    settings = json.loads(next(line for line in commands if line))
    library = endpoint(settings)
    phone_line = account(settings)
    for command in commands:
        if command is None:
            library.libHandleEvents(20)
        elif command in (b"register", b"unregister"):
            phone_line.setRegistration(command == b"register")
        else:
            raise SystemExit(f"not a command: {command!r}")
    library.libDestroy()


main()
