# SPDX-License-Identifier: EUPL-1.2
"""A SOCKS5 proxy on this machine, as tor is: its address, connections through it, and why there is none.

- The server's name goes to the proxy as it is (RFC 1928, address type 3): no resolver here ever sees it.
- Only proxies of this machine: to another one, who is asked for would cross the network unprotected.
- The user name is chosen at random for each vault and says nothing about it; it is no secret.
"""

import ipaddress
import re
import socket
from dataclasses import dataclass, replace
from typing import Any, Final, Self
from urllib.parse import urlsplit

import urllib3
from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError, ProxyType
from python_socks.sync import Proxy as SocksProxy
from urllib3.connection import HTTPConnection, HTTPSConnection

from meldkluis.workstation.errors import UnreachableError, WorkstationError

CONNECT_SECONDS: Final = 90
"""Until the proxy has connected: tor looks an onion service up and builds circuits first."""

_PASSWORD: Final = "meldkluis"  # noqa: S105 - tor tells users apart by name and password, and checks neither
_UNKNOWN_CODE: Final = re.compile(r"Invalid reply code: (0X[0-9A-F]+)")

_WHY: Final = {
    # RFC 1928 section 6.
    0x01: "proxy-failed", 0x02: "proxy-refused", 0x03: "proxy-failed", 0x04: "server-away", 0x05: "server-away",
    0x06: "server-away", 0x07: "not-a-proxy", 0x08: "not-a-proxy",
    # tor(1), SocksPort ExtendedErrors; proposal 304 of the Tor specifications.
    0xF0: "onion-unknown", 0xF1: "onion-unknown", 0xF2: "server-away", 0xF3: "server-away", 0xF4: "onion-closed",
    0xF5: "onion-closed", 0xF6: "onion-wrong", 0xF7: "server-away",
}  # fmt: skip


@dataclass(frozen=True)
class Proxy:
    """A proxy of this machine; `host` is an address, `user` the name that keeps connections apart."""

    host: str
    port: int
    user: str = ""

    @property
    def url(self) -> str:
        """The address as it is typed: socks5h://127.0.0.1:9050."""
        return f"socks5h://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def isolated(self, user: str) -> Self:
        """Return the same proxy with a user name."""
        return replace(self, user=user)

    def connect(self, host: str, port: int) -> socket.socket:
        """Return a connection to a server by its name; UnreachableError says in `why` what an officer can look at."""
        proxy = SocksProxy(
            ProxyType.SOCKS5, self.host, self.port,
            username=self.user or None, password=_PASSWORD if self.user else None, rdns=True,
        )  # fmt: skip
        try:
            return proxy.connect(host, port, timeout=CONNECT_SECONDS)
        except ProxyConnectionError:
            raise UnreachableError("the proxy does not answer", "proxy-gone") from None
        except ProxyTimeoutError:
            raise UnreachableError("the proxy found no way in time", "server-away") from None
        except ProxyError as error:
            raise UnreachableError("the proxy did not connect", _why(error)) from None
        except (OSError, UnicodeError):
            raise UnreachableError("the proxy broke off", "not-a-proxy") from None


def _why(error: ProxyError) -> str:
    code = error.error_code
    if code is None:
        # Codes beyond RFC 1928 are in the library's words only.
        found = _UNKNOWN_CODE.search(str(error))
        code = None if found is None else int(found[1], 16)
    return "not-a-proxy" if code is None else _WHY.get(code, "proxy-failed")


def check_proxy(url: str) -> Proxy:
    """Return the proxy that an address names; WorkstationError unless it is socks5h, on this machine, and bare."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise WorkstationError("the proxy's address is not one") from None
    bare = parts.path in {"", "/"} and not parts.query and not parts.fragment
    if parts.scheme != "socks5h" or port is None or port == 0 or not bare or "@" in parts.netloc:
        raise WorkstationError("the proxy's address is socks5h://127.0.0.1:PORT")
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise WorkstationError("a proxy is on this machine: socks5h://127.0.0.1:PORT")
    return Proxy(str(address), port)


class ProxiedConnection(HTTPConnection):
    """A connection of urllib3 that begins at a proxy."""

    def __init__(self, *args: Any, through: Proxy, **more: Any) -> None:
        super().__init__(*args, **more)
        self._through: Final = through

    def _new_conn(self) -> socket.socket:
        return _begun(self, self._through)


class ProxiedTlsConnection(HTTPSConnection):
    """The same, with TLS inside: between this machine and the server, checked as without a proxy."""

    def __init__(self, *args: Any, through: Proxy, **more: Any) -> None:
        super().__init__(*args, **more)
        self._through: Final = through

    def _new_conn(self) -> socket.socket:
        return _begun(self, self._through)


def _begun(connection: HTTPConnection, proxy: Proxy) -> socket.socket:
    assert connection.port is not None
    return proxy.connect(connection.host, connection.port)


def through(pool: urllib3.HTTPConnectionPool, proxy: Proxy) -> None:
    """Let all connections of a pool begin at a proxy."""
    pool.ConnectionCls = ProxiedTlsConnection if pool.scheme == "https" else ProxiedConnection
    pool.conn_kw = {**pool.conn_kw, "through": proxy}
