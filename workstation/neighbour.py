# SPDX-License-Identifier: EUPL-1.2
"""Who of this machine's users is at the other end of a connection.

- Cookies do not keep ports apart: a page of another user's program on another port gets the session's cookie from the
  officer's browser. With it that user could ask for pages, if the application did not look who asks.
- Linux tells (proc(5), /proc/net/tcp: the owner of each socket). Where nobody tells, the answer is None.
- Called by `guard` for every request; reads one file of the kernel's.
"""

import socket
import sys
from pathlib import Path
from typing import Final

_TABLE: Final = Path("/proc/net/tcp")
_LOCAL, _REMOTE, _OWNER = 1, 2, 7
End = tuple[str, int]


def owner(client: End, server: End, table: Path = _TABLE) -> int | None:
    """Return the user number of the `client` end of a loopback connection (IPv4); None when that is not known."""
    try:
        wanted = [_written(client), _written(server)]
        with table.open("rb") as lines:
            for line in lines:
                columns = line.decode("ascii", "replace").split()
                if columns[_LOCAL : _REMOTE + 1] == wanted:
                    return int(columns[_OWNER])
    except (OSError, ValueError, IndexError):
        return None
    return None


def _written(end: End) -> str:
    host, port = end
    # The kernel prints the address as a number of its own byte order, and the port as it is.
    return f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"
