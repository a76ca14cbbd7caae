# SPDX-License-Identifier: EUPL-1.2
"""Where a running workstation is found by the officer's own programs: one for each vault, by a socket of mode 0600.

- A folder of mode 0700 below $XDG_RUNTIME_DIR, which logind removes when the officer logs out; below the vault's own
  directory where there is none. A lock in it (flock(2)) is held for as long as the program runs, however it ends.
- Over the socket this user alone, by the kernel's word (SO_PEERCRED), learns a start address, and when it was used.
- Nothing of it is written to a file here, and no address is on a command line.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from meldkluis.workstation.errors import WorkstationError
from meldkluis.workstation.session import Sessions

SPENT_SECONDS: Final = 120.0
"""How long somebody waits for a start address to be used."""

_LOCK: Final = "lock"
_SOCKET: Final = "door"
_CREDENTIALS: Final = struct.Struct("3i")
"""struct ucred: process, user, group (unix(7))."""


def doorway(vault: Path) -> Path:
    """Return the folder of a vault's running program, made if it is not there; WorkstationError where it cannot be."""
    vault = vault.resolve()
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    folder = vault / "run"
    if runtime.startswith("/") and _ours(Path(runtime)):
        folder = Path(runtime) / f"meldkluis-workstation-{hashlib.sha256(bytes(vault)).hexdigest()[:16]}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        raise WorkstationError("there is no place for running: the directory cannot be made") from None
    if not _ours(folder):
        raise WorkstationError("there is no place for running: others can reach the directory")
    return folder


def _ours(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return found.st_uid == os.getuid() and not found.st_mode & 0o077 and folder.is_dir()


@contextmanager
def held(folder: Path) -> Iterator[bool]:
    """Hold a vault's lock, children of fork(2) included; False inside when another program has it."""
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        yield False
        return
    try:
        yield True
    finally:
        os.close(handle)


@contextmanager
def _named(folder: Path) -> Iterator[str]:
    # An address of a socket has 108 bytes at most (unix(7)); a path may be longer.
    handle = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{handle}/{_SOCKET}"
    finally:
        os.close(handle)


class Door:
    """The running program's side: tells start addresses until it is closed."""

    def __init__(self, folder: Path, sessions: Sessions) -> None:
        self._sessions: Final = sessions
        self._listener: Final = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # Left by a program that was killed; the lock says that there is no other.
        (folder / _SOCKET).unlink(missing_ok=True)
        with _named(folder) as name:
            self._listener.bind(name)
        (folder / _SOCKET).chmod(0o600)
        self._listener.listen(8)
        threading.Thread(target=self._serve, name="door", daemon=True).start()

    def close(self) -> None:
        """Answer nobody any more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._tell, args=(connection,), daemon=True).start()

    def _tell(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
            if _CREDENTIALS.unpack(raw)[1] != os.getuid():
                return
            address = self._sessions.start_address
            connection.sendall(json.dumps({"start": address}).encode() + b"\n")
            if self._sessions.wait_until_spent(address, SPENT_SECONDS):
                connection.sendall(b"spent\n")


class Knock:
    """The other side: a start address of the running program, and word of its use."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection: Final = connection
        self._lines: Final = connection.makefile("rb")
        try:
            self.start: Final = str(json.loads(self._lines.readline(4096))["start"])
        except (OSError, ValueError, KeyError, TypeError):
            self.close()
            raise WorkstationError("the running program gives no start address") from None

    def wait_until_spent(self) -> bool:
        """Wait until the address was used; False when that takes too long or the program ends."""
        with contextlib.suppress(OSError):
            return self._lines.readline(64) == b"spent\n"
        return False

    def close(self) -> None:
        """Go away."""
        self._lines.close()
        self._connection.close()


def knock(folder: Path) -> Knock | None:
    """Ask the running program for a start address; None when there is none."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(SPENT_SECONDS + 10)
    try:
        with _named(folder) as name:
            connection.connect(name)
    except OSError:
        connection.close()
        return None
    return Knock(connection)
