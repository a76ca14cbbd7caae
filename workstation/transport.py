# SPDX-License-Identifier: EUPL-1.2
"""How bytes travel to the officers' API: one request, one streamed answer. Nothing here is trusted or understood.

- No redirects, no retries, no proxies from the environment, no compression: an answer is what the server sent.
- Plain HTTP is for this machine and onion addresses only; elsewhere it would show who asks for which case.
- A demonstration talks to this machine only.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import urllib3

from meldkluis.crypto.limits import KIB
from meldkluis.workstation.errors import DemoError, UnreachableError, WorkstationError

_CHUNK: Final = 64 * KIB
_TIMEOUT: Final = urllib3.Timeout(connect=20, read=120)
"""Seconds: an onion service may take its time."""


@dataclass(frozen=True)
class Reply:
    """The beginning of an answer; `chunks` is its body, to be read once."""

    status: int
    chunks: Iterator[bytes] = field(repr=False)


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


class HttpTransport:
    """Requests over urllib3, to one server."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.authority: Final = parts.netloc
        self._pool: Final = urllib3.connection_from_url(url, timeout=_TIMEOUT, retries=False, maxsize=4, block=False)

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
