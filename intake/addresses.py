# SPDX-License-Identifier: EUPL-1.2
"""Where a listener is bound: a TCP address or a unix socket, as `meldkluis.toml` and the command line spell it."""

import errno
import ipaddress
import os
import socket
from dataclasses import dataclass

from meldkluis.intake.errors import CommandError, UsageError


@dataclass(frozen=True)
class Address:
    """`host` and `port`, or the `path` of a unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read `unix:/path`, `host:port` or `[v6]:port`; CommandError otherwise."""
        if text.startswith("unix:"):
            path = text.removeprefix("unix:")
            # unix(7): sun_path has 108 bytes, the last of them zero.
            if not path or len(os.fsencode(path)) > 107:
                raise UsageError("the path of a unix socket has 1 to 107 bytes")
            return cls(path=path)
        host, colon, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not colon or not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
            raise UsageError("a listener is HOST:PORT or unix:PATH")
        return cls(host=host, port=int(port))

    def __str__(self) -> str:
        """Return the spelling that `parse` and gunicorn's `bind` read."""
        if self.path:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        if self.path or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def check_free(self) -> None:
        """Raise CommandError when something else listens there: at once, where gunicorn would try for five seconds."""
        if self.path:
            if _answers(self.path):
                raise CommandError(f"{self} is in use")
            return
        with socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                reason = "is in use" if error.errno == errno.EADDRINUSE else "is no address of this machine"
                raise CommandError(f"{self} {reason}") from None


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
    return True
