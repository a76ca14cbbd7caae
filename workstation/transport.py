# SPDX-License-Identifier: EUPL-1.2
"""How bytes travel to the officers' API: one request, one streamed answer. Nothing here is trusted or understood.

- No redirects, no retries, no proxies from the environment, no compression: an answer is what the server sent.
- Plain HTTP is for this machine and onion addresses only; elsewhere it would show who asks for which case.
- An onion address is asked only where tor itself answers for the name: an ordinary resolver that is asked for it may
  lead anywhere, and nothing is sent there. Through a proxy (`proxies`) no resolver is asked for any name.
- A demonstration talks to this machine only.
"""

import ipaddress
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from meldkluis.crypto.limits import KIB
from meldkluis.workstation.errors import DemoError, UnreachableError, WorkstationError
from meldkluis.workstation.proxies import Proxy, through

_CHUNK: Final = 64 * KIB
_TIMEOUT: Final = urllib3.Timeout(connect=20, read=120)
"""Seconds: an onion service may take its time."""

TOR_NETWORKS: Final = tuple(map(ipaddress.ip_network, ("127.0.0.0/8", "10.192.0.0/10", "::1/128", "fe80::/10")))
"""Where tor answers for onion names: torsocks, tor(1) VirtualAddrNetworkIPv4 and IPv6, Whonix."""


@dataclass(frozen=True)
class Reply:
    """The beginning of an answer; `chunks` is its body, to be read once."""

    status: int
    chunks: Iterator[bytes] = field(repr=False)


@dataclass(frozen=True)
class Way:
    """How a server is reached: its address, and the proxy before it."""

    url: str
    proxy: Proxy | None = None


class Transport(Protocol):
    """Where requests go."""

    @property
    def authority(self) -> str:
        """What stands in the Host header."""

    def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Send a request; `target` is path and query. UnreachableError when there is no answer."""

    def close(self) -> None:
        """Close all connections."""


def is_loopback(host: str) -> bool:
    """Whether a host name means this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_server(url: str, *, demo: bool) -> str:
    """Return the server's address without a path; WorkstationError or DemoError when it may not be used."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise WorkstationError("the server's address is not one") from None
    bare = parts.path in {"", "/"} and not parts.query and not parts.fragment
    if parts.scheme not in {"http", "https"} or not host or not bare:
        raise WorkstationError("the server's address is http(s)://host[:port]")
    if "@" in parts.netloc:
        raise WorkstationError("the server's address holds no user")
    if demo and not is_loopback(host):
        raise DemoError("a demonstration talks to a server on this machine only")
    if parts.scheme == "http" and not is_loopback(host) and not host.endswith(".onion"):
        raise WorkstationError("plain http is for this machine and onion addresses; use https")
    bracketed = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{bracketed}" + (f":{port}" if port is not None else "")


def _seen_to_be_tor(connection: HTTPConnection, found: socket.socket) -> socket.socket:
    peer = ipaddress.ip_address(found.getpeername()[0].partition("%")[0])
    if not any(peer in network for network in TOR_NETWORKS):
        found.close()
        raise urllib3.exceptions.NewConnectionError(connection, "tor does not answer for this name here")
    return found


class _OnionConnection(HTTPConnection):
    """A connection that is given up before a byte is sent when tor is not at its other end."""

    def _new_conn(self) -> socket.socket:
        return _seen_to_be_tor(self, super()._new_conn())


class _OnionTlsConnection(HTTPSConnection):
    """The same, with TLS inside."""

    def _new_conn(self) -> socket.socket:
        return _seen_to_be_tor(self, super()._new_conn())


class HttpTransport:
    """Requests over urllib3, to one server, through a proxy if one is given."""

    def __init__(self, url: str, proxy: Proxy | None = None) -> None:
        parts = urlsplit(url)
        self.authority: Final = parts.netloc
        self._pool: Final = urllib3.connection_from_url(url, timeout=_TIMEOUT, retries=False, maxsize=4, block=False)
        if proxy is not None:
            through(self._pool, proxy)
        elif (parts.hostname or "").endswith(".onion"):
            self._pool.ConnectionCls = _OnionTlsConnection if parts.scheme == "https" else _OnionConnection

    def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Send a request; the answer streams."""
        sent = {**headers, "Host": self.authority, "Accept-Encoding": "identity", "User-Agent": "meldkluis-workstation"}
        try:
            answer = self._pool.urlopen(
                method, target, body=body or None, headers=sent, redirect=False, preload_content=False,
                decode_content=False, assert_same_host=False,
            )  # fmt: skip
        except (urllib3.exceptions.HTTPError, OSError):
            raise UnreachableError("no answer from the server") from None
        return Reply(answer.status, _stream(answer))

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


def _stream(answer: Any) -> Iterator[bytes]:
    try:
        yield from answer.stream(_CHUNK, decode_content=False)
    except (urllib3.exceptions.HTTPError, OSError):
        raise UnreachableError("the answer broke off") from None
    finally:
        answer.drain_conn() if answer.length_remaining == 0 else answer.close()
        answer.release_conn()
