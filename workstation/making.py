# SPDX-License-Identifier: EUPL-1.2
"""A vault comes into its directory as a whole, or not at all, whenever the power goes.

- It is made in a folder of its own inside the directory and moved in when it is finished: first `vault.json`, then
  `vault.db`. Of two renames only the first may have happened; `settle` finishes such a move.
- What else was left half done is removed: an unfinished vault, and a copy that a backup was being made from.
- One program at a time, by a lock on the directory (flock(2)) that ends with its holder. Nothing but our own names is
  ever removed.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from meldkluis.workstation.errors import VaultError

HEAD: Final = "vault.json"
DATABASE: Final = "vault.db"
UNFINISHED: Final = "vault-unfinished"
COPY: Final = "vault-copy-"
_BESIDE: Final = ("", "-journal", "-wal", "-shm")


def holds_vault(directory: Path) -> bool:
    """Whether there is a vault, or a part of one, in a directory."""
    return (directory / HEAD).exists() or (directory / DATABASE).exists()


def prepare(directory: Path) -> None:
    """Make a directory that its owner alone can reach, if it is not there; VaultError."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
    except OSError:
        raise VaultError("the directory cannot be made") from None


@contextmanager
def alone(directory: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold a directory's lock; False inside when another program has it and there is no waiting for it."""
    try:
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        raise VaultError("the directory cannot be read") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


@contextmanager
def making(directory: Path) -> Iterator[Path]:
    """Yield an empty folder for the files of a new vault, and move them in when the block ends without an error.

    They must be closed by then. VaultError where there is a vault already or the directory cannot be written.
    """
    prepare(directory)
    with alone(directory):
        _settle(directory)
        if holds_vault(directory):
            raise VaultError("there is a vault in this directory already")
        place = directory / UNFINISHED
        try:
            place.mkdir(mode=0o700)
            yield place
            _move(directory)
        except OSError:
            raise VaultError("the directory cannot be written") from None
        finally:
            _settle(directory)
            if not holds_vault(directory):
                with contextlib.suppress(OSError):
                    directory.rmdir()


def settle(directory: Path) -> None:
    """Finish or remove what a power cut left of making a vault or a backup; nothing where another program is at it."""
    if directory.is_dir():
        with alone(directory, wait=False) as free:
            if free:
                _settle(directory)


def _settle(directory: Path) -> None:
    place = directory / UNFINISHED
    moved = (directory / HEAD).exists() and not (directory / DATABASE).exists()
    with contextlib.suppress(OSError):
        if moved and (place / DATABASE).exists() and not (place / HEAD).exists():
            _move(directory)
        for path in (place / f"{name}{beside}" for name in (HEAD, DATABASE) for beside in _BESIDE):
            path.unlink(missing_ok=True)
        for path in directory.glob(f"{COPY}*"):
            path.unlink(missing_ok=True)
        if place.is_dir():
            place.rmdir()


def _move(directory: Path) -> None:
    for name in (HEAD, DATABASE):
        path = directory / UNFINISHED / name
        if path.exists():
            sync(path)
            path.rename(directory / name)
            sync(directory)


def sync(path: Path) -> None:
    """Make a file's content, or a directory's names, durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
