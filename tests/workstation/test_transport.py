# SPDX-License-Identifier: EUPL-1.2
"""Where requests go: an onion address only through tor, never after a redirect, never unvouched."""

import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from meldkluis.workstation import transport
from meldkluis.workstation.errors import UnreachableError
from meldkluis.workstation.transport import HttpTransport

ONION = "a" * 56 + ".onion"


class Listener:
    """A server that counts the bytes it is sent, and answers every request alike."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.heard, self.socket = answer, b"", socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        connection, _ = self.socket.accept()
        with connection:
            self.heard = connection.recv(65_536)
            if self.heard:
                connection.sendall(self.answer)


@pytest.fixture
def listener(request: pytest.FixtureRequest) -> Iterator[Listener]:
    """Return a listener on this machine."""
    made = Listener(getattr(request, "param", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    yield made
    made.socket.close()


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let onion names lead to this machine, as tor does and as anybody's resolver can."""
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **more: real("127.0.0.1" if str(host).endswith(".onion") else host, *rest, **more),
    )


@pytest.mark.usefixtures("resolver")
def test_onion_through_tor(listener: Listener) -> None:
    """An onion name that leads to tor's own addresses is asked."""
    reply = HttpTransport(f"http://{ONION}:{listener.port}").request("GET", "/v1/status", {}, b"")

    assert (reply.status, b"".join(reply.chunks)) == (200, b"ok")
    assert f"Host: {ONION}:{listener.port}".encode() in listener.heard


@pytest.mark.usefixtures("resolver")
def test_onion_without_tor(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """An onion name that a resolver leads elsewhere is sent nothing at all."""
    monkeypatch.setattr(transport, "TOR_NETWORKS", (ipaddress.ip_network("10.192.0.0/10"),))
    with pytest.raises(UnreachableError):
        HttpTransport(f"http://{ONION}:{listener.port}").request("GET", "/v1/status", {}, b"")
    listener.thread.join(20)

    assert listener.heard == b""


@pytest.mark.parametrize(
    "listener", [b"HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"], indirect=True
)
def test_no_redirect(listener: Listener) -> None:
    """A redirect is an answer like any other; it is not followed."""
    reply = HttpTransport(f"http://127.0.0.1:{listener.port}").request("GET", "/v1/status", {}, b"")

    assert reply.status == 307


def _self_signed(folder: Path) -> ssl.SSLContext:
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    made = key.private_bytes(serialization.Encoding.PEM, *plain)
    made += builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (folder / "both.pem").write_bytes(made)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context


def test_certificates_are_checked(tmp_path: Path) -> None:
    """A server whose certificate nobody vouches for is sent nothing."""
    heard = []

    def serve() -> None:
        connection, _ = server.accept()
        with connection, contextlib.suppress(OSError):
            heard.append(_self_signed(tmp_path).wrap_socket(connection, server_side=True).recv(1))

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(UnreachableError):
            HttpTransport(f"https://localhost:{server.getsockname()[1]}").request("GET", "/v1/status", {}, b"")
        thread.join(20)

    assert not any(heard)
