# SPDX-License-Identifier: EUPL-1.2
"""A mail server on loopback that keeps what it gets, and that can refuse, put off, or hang up.

It speaks as much of RFC 5321 as a client needs that sends, with STARTTLS, TLS from the start, and AUTH PLAIN and LOGIN.
Its refusals repeat the address and a word of its own, as those of real servers do.
"""

import base64
import contextlib
import ipaddress
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

WORD: Final = "kanarie-van-de-mailserver"
"""Stands in each refusal."""


@dataclass(frozen=True)
class Mail:
    """One mail as it came in: the envelope, the bytes as they went over the line, and who had logged in how."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    login: tuple[str, str] | None
    encrypted: bool

    @property
    def data(self) -> bytes:
        """The mail without the doubling of dots."""
        return b"".join(line.removeprefix(b".") for line in self.raw.splitlines(keepends=True))


@dataclass
class Post:
    """How the server behaves, and what it got.

    `faults` holds for an address what becomes of its next mails, one word each: `refuse` (550 at RCPT), `later` (451
    after DATA), `drop` (hangs up at RCPT), `lose` (takes the mail and hangs up before it says so).
    """

    address: str = ""
    login: tuple[str, str] | None = None
    context: ssl.SSLContext | None = None
    implicit: bool = False
    closed: bool = False
    faults: dict[str, list[str]] = field(default_factory=dict)
    mails: list[Mail] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    greetings: list[str] = field(default_factory=list)
    connections: int = 0
    failed_logins: int = 0


class _Hangup(Exception):  # noqa: N818 - no error
    pass


class _Dialogue(socketserver.StreamRequestHandler):
    server: "_Server"
    request: socket.socket

    def setup(self) -> None:
        self.post = self.server.post
        self.post.connections += 1
        self.encrypted = False
        self.who: tuple[str, str] | None = None
        self._reset()
        super().setup()

    def handle(self) -> None:
        with contextlib.suppress(OSError, _Hangup):
            if self.post.implicit:
                self._encrypt()
            self._say("554 no" if self.post.closed else "220 post.test")
            while line := self.rfile.readline():
                verb, _, rest = line.decode("ascii").strip().partition(" ")
                getattr(self, f"do_{verb.lower()}", self._unknown)(rest)

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
        self.connection.close()

    def do_ehlo(self, rest: str) -> None:
        self.post.greetings.append(rest)
        offers = ["post.test", "SIZE 100000"]
        offers += ["STARTTLS"] if self.post.context and not self.encrypted else []
        offers += ["AUTH PLAIN LOGIN"] if self.post.login else []
        for offer in offers[:-1]:
            self._say(f"250-{offer}")
        self._say(f"250 {offers[-1]}")

    def do_starttls(self, rest: str) -> None:
        if self.post.context is None:
            self._unknown(rest)
            return
        self._say("220 go on")
        self._encrypt()

    def do_auth(self, rest: str) -> None:
        method, _, first = rest.partition(" ")
        if method == "PLAIN":
            _, user, password = _decoded(first).split("\0")
        else:
            user = _decoded(first) if first else self._ask("VXNlcm5hbWU6")
            password = self._ask("UGFzc3dvcmQ6")
        if (user, password) == self.post.login:
            self.who = (user, password)
            self._say("235 welcome")
        else:
            self.post.failed_logins += 1
            self._say(f"535 {user} {password} {WORD}")

    def do_mail(self, rest: str) -> None:
        if self.post.login and not self.who:
            self._say(f"530 log in first {WORD}")
            return
        self.sender = _path(rest)
        self._say("250 ok")

    def do_rcpt(self, rest: str) -> None:
        address = _path(rest)
        self.post.tried.append(address)
        faults = self.post.faults.get(address, [])
        self.fault = faults.pop(0) if faults else ""
        if self.fault == "drop":
            raise _Hangup
        if self.fault == "refuse":
            self._say(f"550 {address} {WORD}")
            return
        self.recipients.append(address)
        self._say("250 ok")

    def do_data(self, rest: str) -> None:
        self._say("354 go on")
        raw = b""
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            raw += line
        if self.fault == "later":
            self._say(f"451 {self.recipients[0]} {WORD}")
        else:
            self.post.mails.append(Mail(self.sender, tuple(self.recipients), raw, self.who, self.encrypted))
            if self.fault == "lose":
                raise _Hangup
            self._say("250 ok")
        self._reset()

    def do_rset(self, rest: str) -> None:
        self._reset()
        self._say("250 ok")

    def do_quit(self, rest: str) -> None:
        self._say("221 bye")
        raise _Hangup

    def _unknown(self, rest: str) -> None:
        self._say(f"502 {WORD}")

    def _reset(self) -> None:
        self.sender, self.fault = "", ""
        self.recipients: list[str] = []

    def _encrypt(self) -> None:
        assert self.post.context is not None
        self.rfile.close()
        self.wfile.close()
        self.connection = self.post.context.wrap_socket(self.request, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.encrypted = True

    def _ask(self, question: str) -> str:
        self._say(f"334 {question}")
        return _decoded(self.rfile.readline().decode("ascii"))

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode("ascii") + b"\r\n")


class _Server(socketserver.ThreadingTCPServer):
    post: Post


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode("ascii")


def _path(text: str) -> str:
    return text[text.index("<") + 1 : text.index(">")]


@contextlib.contextmanager
def mail_server(post: Post) -> Iterator[Post]:
    """Serve on a free port; `post.address` is HOST:PORT."""
    with _Server(("127.0.0.1", 0), _Dialogue) as server:
        server.post = post
        post.address = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield post
        finally:
            server.shutdown()
            thread.join()


def make_certificate(directory: Path) -> tuple[ssl.SSLContext, Path]:
    """Return what a server at 127.0.0.1 speaks TLS with, and the file of the certificate that clients have to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "post.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    trusted, private = directory / "post.crt", directory / "post.key"
    trusted.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, private)
    return context, trusted
