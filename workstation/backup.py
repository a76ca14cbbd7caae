# SPDX-License-Identifier: EUPL-1.2
"""A backup of the vault: one age file to the recovery sheet, written and read in constant memory.

    age file of: "meldkluis-backup-1" LF || head, one line of JSON LF || SQLCipher database

- The database is a consistent copy under a random key, which stands in the head: on disk is ciphertext only, twice.
- Whoever has the paper needs no Meldkluis: `age -d -i SHEET` gives the head, and a database that SQLCipher 4 opens with
  the raw key in it.
- Restoring gives a whole vault or none; what the server has seen since is fetched by the next rounds.
- A backup opens what was destroyed after it. It is to be kept 35 days at most (design of retention: certificates count
  on it), so newer ones replace older ones.
"""

import contextlib
import json
import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import IO, Final

from meldkluis.crypto import age
from meldkluis.crypto.card import parse_card
from meldkluis.crypto.encoding import b64, dump_json, unb64
from meldkluis.crypto.errors import CryptoError, NotForThisKeyError
from meldkluis.crypto.roster import fingerprint
from meldkluis.workstation import passphrase as passphrases
from meldkluis.workstation.errors import ActError, RestoreError, VaultError
from meldkluis.workstation.keyring import Keyring
from meldkluis.workstation.making import DATABASE, making, sync
from meldkluis.workstation.vault import Vault

DUE_DAYS: Final = 7
KEPT_DAYS: Final = 35
LARGEST: Final = 1 << 34
"""Bytes of a database that is restored: attachments are not in the vault, so real ones are far smaller."""

_MAGIC: Final = b"meldkluis-backup-"
_FORMAT: Final = _MAGIC + b"1\n"
_LONGEST_HEAD: Final = 4096
_CHUNK: Final = 1 << 18
_AGE: Final = b"age-encryption.org/v1\n"


@dataclass(frozen=True)
class BackupHead:
    """What a backup says of itself. `officer` is a verification key, `size` the database's bytes."""

    organisation: str
    name: str
    officer: bytes
    day: date
    size: int
    key: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """The officer's fingerprint."""
        return fingerprint(self.officer)


def last_day(vault: Vault) -> date | None:
    """Return the day of the last backup."""
    kept = vault.fact("backup_day")
    return None if kept is None else date.fromisoformat(kept)


def is_due(vault: Vault, today: date) -> bool:
    """Whether the last backup is older than a week, or there was none."""
    last = last_day(vault)
    return last is None or (today - last).days > DUE_DAYS


def written(keyring: Keyring, today: date) -> Iterator[bytes]:
    """Return the bytes of a backup; the copy is made at once. ActError "no-recovery" where there is no sheet."""
    to = keyring.vault.fact("recovery")
    if to is None:
        raise ActError("no-recovery")
    card = parse_card(keyring.card)
    source, key = keyring.vault.copied()
    head = {
        "organisation": card.organisation, "name": card.name, "officer": b64(card.key), "day": today.isoformat(),
        "key": key.hex(), "size": os.fstat(source.fileno()).st_size,
    }  # fmt: skip
    return _sealed(age.Encryptor(str(to)), _FORMAT + dump_json(head) + b"\n", source)


def _sealed(encryptor: age.Encryptor, head: bytes, source: IO[bytes]) -> Iterator[bytes]:
    with source:
        yield encryptor.header + encryptor.update(head)
        while chunk := source.read(_CHUNK):
            if sealed := encryptor.update(chunk):
                yield sealed
    yield encryptor.finish()


def write_file(keyring: Keyring, path: Path, today: date) -> int:
    """Write a backup and return its bytes. An older backup of this name is replaced once the new one is whole.

    VaultError when the file cannot be written, or is there and no age file.
    """
    new = path.with_name(path.name + ".new")
    try:
        if path.exists() and not _is_age(path):
            raise VaultError("the output file is there, and it is no backup")
        pieces = written(keyring, today)
        new.unlink(missing_ok=True)
        size = 0
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as sink:
            for piece in pieces:
                size += sink.write(piece)
            sink.flush()
            os.fsync(sink.fileno())
        new.rename(path)
        sync(path.parent)
    except OSError:
        raise VaultError("the backup cannot be written there") from None
    finally:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
    note(keyring.vault, today)
    return size


def _is_age(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(_AGE)) == _AGE


def note(vault: Vault, today: date) -> None:
    """Remember that there is a backup of today."""
    vault.set_fact("backup_day", today.isoformat())


def look(path: Path, secret: str) -> BackupHead:
    """Return what a backup says of itself; RestoreError when it does not open with this secret."""
    with _opened(path, secret) as (head, _):
        return head


def restore(
    path: Path, secret: str, directory: Path, passphrase: str,
    cost: passphrases.Stretching = passphrases.RFC_9106_SECOND, expected: BackupHead | None = None,
) -> BackupHead:  # fmt: skip
    """Make a vault of a backup; RestoreError or VaultError, and then there is none.

    `expected`: the head that was looked at before; a file that was changed meanwhile is refused.
    """
    passphrases.checked(passphrase)
    with making(directory) as place, _opened(path, secret) as (head, pieces):
        if expected is not None and head != expected:
            raise RestoreError("backup-other")
        _take(head, pieces, place / DATABASE)
        try:
            vault = Vault.adopt(place, head.organisation, head.key, passphrase, cost)
        except RestoreError:
            raise
        except VaultError as error:
            raise RestoreError("backup-later" if "later" in str(error) else "backup-broken") from None
        with contextlib.closing(vault):
            _check(vault, head)
            with vault.transaction():
                vault.set_fact("restored", head.day.isoformat())
                vault.set_fact("backup_day", head.day.isoformat())
    return head


def _take(head: BackupHead, pieces: Iterator[bytes], database: Path) -> None:
    taken = 0
    try:
        with os.fdopen(os.open(database, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as sink:
            for piece in pieces:
                taken += sink.write(piece)
                if taken > head.size:
                    raise RestoreError("backup-broken")
    except OSError:
        raise VaultError("the directory cannot be written") from None
    if taken != head.size:
        raise RestoreError("backup-broken")


def _check(vault: Vault, head: BackupHead) -> None:
    try:
        keyring = Keyring(vault)
        card = parse_card(keyring.card)
    except (CryptoError, VaultError):
        raise RestoreError("backup-broken") from None
    if (card.organisation, card.key) != (head.organisation, head.officer) or keyring.key != head.officer:
        raise RestoreError("backup-broken")


@contextlib.contextmanager
def _opened(path: Path, secret: str) -> Iterator[tuple[BackupHead, Iterator[bytes]]]:
    with contextlib.closing(_pieces(path)) as chunks:
        try:
            pieces = age.decrypt_stream(chunks, secret)
            held = bytearray()
            while held.count(b"\n") < 2 and len(held) < _LONGEST_HEAD:
                piece = next(pieces, None)
                if piece is None:
                    break
                held += piece
            head, rest = _head(bytes(held))
            yield head, _after(rest, pieces)
        except NotForThisKeyError:
            raise RestoreError("recovery-other") from None
        except CryptoError:
            raise RestoreError("backup-broken" if _looks_like_age(path) else "backup-foreign") from None


def _pieces(path: Path) -> Generator[bytes, None, None]:
    try:
        # A pipe or a device would be waited for.
        if not path.is_file():
            raise RestoreError("backup-gone")
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except (OSError, ValueError):
        raise RestoreError("backup-gone") from None


def _looks_like_age(path: Path) -> bool:
    try:
        return _is_age(path)
    except OSError:
        return False


def _after(rest: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield rest
    yield from pieces


def _head(start: bytes) -> tuple[BackupHead, bytes]:
    if not start.startswith(_MAGIC):
        raise RestoreError("backup-foreign")
    if not start.startswith(_FORMAT):
        raise RestoreError("backup-later")
    line, _, rest = start[len(_FORMAT) :].partition(b"\n")
    try:
        facts = json.loads(line)
        head = BackupHead(
            str(facts["organisation"]), str(facts["name"]), unb64(facts["officer"]),
            date.fromisoformat(facts["day"]), int(facts["size"]), bytes.fromhex(facts["key"]),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, CryptoError):
        raise RestoreError("backup-broken") from None
    if len(head.key) != 32 or not 0 < head.size <= LARGEST:
        raise RestoreError("backup-broken")
    return head, rest
