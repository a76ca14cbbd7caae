# SPDX-License-Identifier: EUPL-1.2
"""What a browser without JavaScript sends, byte for byte, over a raw connection that can be cut at any place."""

import http.client
import re
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import unescape

from meldkluis.crypto import receipt
from meldkluis.crypto.encoding import b64

BOUNDARY = "----test-boundary-7f3a"
Upload = tuple[str, str, bytes]


def fields_of(code: str | None = None, *, to: Iterable[bytes] = (), **changes: str) -> list[tuple[str, str]]:
    """Return the fields of a report, in the order of the form."""
    values = {"kind": "report", "about": "de aanbesteding", "text": "Er klopt iets niet.", **changes}
    name, contact = values.pop("name", ""), values.pop("contact", "")
    first = [("code", code or receipt.generate()), ("kind", values.pop("kind")), ("about", values.pop("about"))]
    return [*first, *(("to", b64(key)) for key in to), *values.items(), ("name", name), ("contact", contact)]


def encode(fields: Sequence[tuple[str, str]], uploads: Sequence[Upload] = ()) -> bytes:
    """Return a multipart body; uploads are (field, file name, content) and come before the last two fields."""
    parts = [_field(name, value) for name, value in fields]
    files = [_file(*upload) for upload in uploads]
    place = max(len(parts) - 2, 0)
    return b"".join([*parts[:place], *files, *parts[place:]]) + f"--{BOUNDARY}--\r\n".encode()


def _field(name: str, value: str) -> bytes:
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


def _file(name: str, file_name: str, content: bytes) -> bytes:
    quoted = file_name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{quoted}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return head.encode("utf-8", "surrogateescape") + content + b"\r\n"


def request(path: str, body: bytes, length: int | None = None) -> bytes:
    """Return the whole request; `length` may lie about the body."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {len(body) if length is None else length}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


@dataclass(frozen=True)
class Answer:
    """A status and a page."""

    status: int
    page: str

    @property
    def code(self) -> str:
        """The receipt code on the page, as a reader finds it."""
        words = re.findall(r"<li[^>]*>\s*(?:<[^>]+>\s*)*([a-z]{3,8})\s*(?:</[^>]+>\s*)*</li>", self.page)
        return " ".join(words[:12])

    def holds(self, text: str) -> bool:
        """Whether the text stands on the page."""
        return text in unescape(self.page)


def connect(address: str) -> socket.socket:
    """Return a connection to HOST:PORT or unix:PATH."""
    if address.startswith("unix:"):
        made = socket.socket(socket.AF_UNIX)
        made.connect(address.removeprefix("unix:"))
    else:
        host, _, port = address.rpartition(":")
        made = socket.create_connection((host, int(port)))
    made.settimeout(60)
    return made


def send(address: str, raw: bytes) -> Answer:
    """Send a request and read the answer to its end."""
    with connect(address) as connection:
        connection.sendall(raw)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return Answer(response.status, response.read().decode("utf-8"))


def report(
    address: str, fields: Sequence[tuple[str, str]], uploads: Sequence[Upload] = (), path: str = "/melden"
) -> Answer:
    """Send a report at the door."""
    return send(address, request(path, encode(fields, uploads)))
