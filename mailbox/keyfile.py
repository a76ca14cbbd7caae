# SPDX-License-Identifier: EUPL-1.2
"""The two secrets of an organisation's server: the database key and the signing seed, 32 bytes each.

- Made once, never over an existing file, readable by the owner alone; a file that others could have read is refused.
- Read from the organisation's directory, or from a systemd credential named `<directory name>.database.key` or
  `<directory name>.signing.key` where `$CREDENTIALS_DIRECTORY` says. No secret stands in the environment itself.
- The signing seed opens nothing: it signs `received`, proofs and inboxes. The database key opens ciphertext and days.
"""

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from meldkluis.crypto.signed import SigningKey
from meldkluis.mailbox.errors import KeyFileError

DATABASE_KEY: Final = "database.key"
SIGNING_KEY: Final = "signing.key"
_SIZE: Final = 32
_CREDENTIALS: Final = "CREDENTIALS_DIRECTORY"


def make(directory: Path, name: str) -> bytes:
    """Make a new key file of mode 0600 and return its 32 bytes; KeyFileError when the file exists."""
    key = secrets.token_bytes(_SIZE)
    try:
        descriptor = os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise KeyFileError(f"{name} exists already") from None
    except OSError:
        raise KeyFileError(f"{name} cannot be made") from None
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, so that no moment has another mode
        os.fchmod(descriptor, 0o600)
        file.write(key)
        file.flush()
        os.fsync(descriptor)
    sync_directory(directory)
    return key


def sync_directory(directory: Path) -> None:
    """Make new names in the directory durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_signing_key(directory: Path) -> SigningKey:
    """Return the server's signing key; KeyFileError."""
    return SigningKey.from_seed(read(directory, SIGNING_KEY))


def read(directory: Path, name: str) -> bytes:
    """Return the 32 bytes of a key: from the systemd credential where there is one, else from the directory."""
    credentials = os.environ.get(_CREDENTIALS)
    if credentials:
        credential = Path(credentials) / f"{directory.resolve().name}.{name}"
        # systemd owns the file and opens it to the unit by an ACL, which shows in the group bits; others stay out.
        if credential.exists():
            return _key(_read(credential, name, _SIZE + 1, stat.S_IRWXO | stat.S_IWGRP, {0, os.geteuid()}), name)
    return _key(read_private(directory, name, _SIZE + 1), name)


def read_private(directory: Path, name: str, most: int) -> bytes:
    """Return at most `most` bytes of a plain file that is ours and that nobody else can read; KeyFileError."""
    return _read(directory / name, name, most, stat.S_IRWXG | stat.S_IRWXO, {os.geteuid()})


def _key(read: bytes, name: str) -> bytes:
    if len(read) != _SIZE:
        raise KeyFileError(f"{name} does not have 32 bytes")
    return read


def _read(path: Path, name: str, most: int, forbidden: int, owners: set[int]) -> bytes:
    try:
        # Non-blocking, so that a pipe in the file's place cannot hold the server up.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        raise KeyFileError(f"{name} cannot be read") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise KeyFileError(f"{name} is not a plain file")
        if status.st_uid not in owners:
            raise KeyFileError(f"{name} belongs to another user")
        if status.st_mode & forbidden:
            raise KeyFileError(f"{name} can be read or changed by others; its mode must be 0600")
        return os.read(descriptor, most)
    finally:
        os.close(descriptor)
