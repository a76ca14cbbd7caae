# SPDX-License-Identifier: EUPL-1.2
"""What the clients of the two JSON interfaces send: an officer's signed requests, a reporter's authorization, raw bytes."""

import http.client
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from cast import Officer
from running import Server

from meldkluis.crypto.encoding import b64
from meldkluis.mailbox import wire
from meldkluis.mailbox.clock import today


@dataclass
class Signing:
    """Signs one officer's requests, each with the next counter."""

    officer: Officer
    authority: str = "officers.test"
    counter: int = 0
    day: date = field(default_factory=today)

    def headers(self, method: str, target: str, body: bytes = b"", *, counter: int | None = None) -> dict[str, str]:
        """Return the headers of the next request, or of one with this counter."""
        if counter is None:
            self.counter += 1
            counter = self.counter
        path, _, query = target.partition("?")
        request = wire.Request(method, self.authority, path, query, body)
        return wire.sign_request(request, self.officer.signing, counter, self.day)


def authorization(address: bytes) -> dict[str, str]:
    """Return the header that opens a mailbox."""
    return {"Authorization": f"Mailbox {b64(address)}"}


def ask(
    address: str, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """Send one request to HOST:PORT, over a connection of its own; return status and body."""
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    try:
        connection.request(method, target, body, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def dial(server: Server, *, officers: bool = False) -> socket.socket:
    """Return a raw connection to a listener of the server."""
    host, _, port = (server.officers if officers else server.site).rpartition(":")
    return socket.create_connection((host, int(port)), timeout=30)


def cut_power(server: Server) -> None:
    """End the server at once, and wait until the kernel has closed its listeners too."""
    server.kill()
    wait_until_closed(server)


def wait_until_closed(server: Server) -> None:
    """Wait until neither listener takes connections any more."""
    deadline = time.monotonic() + 20
    for address in (server.site, server.officers):
        while _listens(address):
            assert time.monotonic() < deadline
            time.sleep(0.01)


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    unix = address.startswith("unix:")
    with socket.socket(socket.AF_UNIX if unix else socket.AF_INET) as probe:
        return probe.connect_ex(address.removeprefix("unix:") if unix else (host, int(port))) == 0
