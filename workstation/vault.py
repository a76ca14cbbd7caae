# SPDX-License-Identifier: EUPL-1.2
"""The vault: one SQLCipher database whose key comes from a passphrase.

- Guarantees: mode 0600 in a directory of mode 0700; every change durable before it is acted on (WAL, synchronous FULL);
  what is deleted is overwritten (secure_delete); a wrong passphrase is told from a damaged vault.
- Does not: guard against somebody who controls the machine while the vault is open.
- Two files: `vault.json` (salt and cost of Argon2id, organisation; not secret, but without it the vault stays shut) and
  `vault.db`. Used by one officer; several threads and processes may hold it open at once.
"""

import json
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final, Self

from sqlcipher3 import dbapi2

from meldkluis.crypto.encoding import b64, unb64
from meldkluis.crypto.errors import CryptoError
from meldkluis.workstation import passphrase as passphrases
from meldkluis.workstation.errors import DemoError, VaultError, WrongPassphraseError
from meldkluis.workstation.making import COPY, DATABASE, HEAD, alone, prepare
from meldkluis.workstation.schema import STEPS

DEMO_SUFFIX: Final = "-demo"
_FORMAT: Final = 1
Value = str | int | bytes | None


@dataclass(frozen=True)
class VaultHead:
    """What can be known of a vault without its passphrase."""

    organisation: str
    salt: bytes
    check: bytes
    cost: passphrases.Stretching

    @property
    def demo(self) -> bool:
        """Whether the vault belongs to a demonstration."""
        return is_demo(self.organisation)


def is_demo(organisation: str) -> bool:
    """Whether the organisation's name marks a demonstration."""
    return organisation.endswith(DEMO_SUFFIX)


def require_demo(organisation: str, *, demo: bool) -> None:
    """Raise DemoError unless a demonstration's organisation and the --demo switch come together."""
    if is_demo(organisation) != demo:
        raise DemoError(
            "this organisation is a demonstration: its keys protect nobody; --demo opens it"
            if not demo
            else "--demo is for organisations whose name ends with -demo"
        )


def _write_new(path: Path, content: bytes) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise VaultError("there is a vault in this directory already") from None
    except OSError:
        raise VaultError("the directory cannot be written") from None
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def read_head(directory: Path) -> VaultHead:
    """Read `vault.json`; VaultError when it is not there, malformed, or open to others."""
    for path in (directory / HEAD, directory / DATABASE):
        try:
            mode = path.stat().st_mode
        except OSError:
            raise VaultError("there is no vault in this directory") from None
        if mode & 0o077:
            raise VaultError("others can read this vault: chmod 600 its files, chmod 700 its directory")
    try:
        value = json.loads((directory / HEAD).read_bytes())
        if value.pop("format") != _FORMAT or value["argon2id"].keys() != {"source", "passes", "memory", "lanes"}:
            raise VaultError("a vault of another version")
        return VaultHead(
            str(value["organisation"]), unb64(value["salt"]), unb64(value["check"]),
            passphrases.Stretching(**value["argon2id"]),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError, CryptoError):
        raise VaultError("vault.json is damaged") from None


def _new_head(
    directory: Path, organisation: str, passphrase: str, cost: passphrases.Stretching
) -> tuple[VaultHead, passphrases.VaultKey]:
    passphrase = passphrases.checked(passphrase)
    salt = secrets.token_bytes(passphrases.SALT)
    key = passphrases.stretch(passphrase, salt, cost)
    facts = {
        "format": _FORMAT, "organisation": organisation, "salt": b64(salt), "check": b64(key.check),
        "argon2id": asdict(cost),
    }  # fmt: skip
    _write_new(directory / HEAD, json.dumps(facts, indent=2).encode() + b"\n")
    return VaultHead(organisation, salt, key.check, cost), key


def _connect(path: Path, key: bytes, journal: str = "WAL") -> dbapi2.Connection:
    connection = dbapi2.connect(str(path), timeout=10, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA cipher_log_level = NONE")
        # Nothing can be bound to a PRAGMA; the key is 32 bytes, so this is hexadecimal and nothing else.
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        for pragma in (f"journal_mode = {journal}", "synchronous = FULL", "secure_delete = ON", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


class Vault:
    """An open vault. Statements run one at a time, whichever thread asks."""

    def __init__(self, directory: Path, head: VaultHead, connection: dbapi2.Connection) -> None:
        self.directory: Final = directory
        self.head: Final = head
        self._connection: Final = connection
        self._lock: Final = threading.RLock()
        self._depth = 0

    @classmethod
    def create(
        cls, directory: Path, organisation: str, passphrase: str,
        cost: passphrases.Stretching = passphrases.RFC_9106_SECOND,
    ) -> Self:  # fmt: skip
        """Make an empty vault in a directory that has none (one of `making`, to be whole or not at all); open it."""
        prepare(directory)
        head, key = _new_head(directory, organisation, passphrase, cost)
        # SQLite gives its WAL the mode of the database, so the database is made first, with ours.
        _write_new(directory / DATABASE, b"")
        return cls._opened(directory, head, key)

    @classmethod
    def adopt(
        cls, directory: Path, organisation: str, key: bytes, passphrase: str,
        cost: passphrases.Stretching = passphrases.RFC_9106_SECOND,
    ) -> Self:  # fmt: skip
        """Make a vault of a database that `copied` made, with its 32-byte key, in a directory of `making`; open it.

        VaultError when the database is not whole, or is of a later version.
        """
        head, mine = _new_head(directory, organisation, passphrase, cost)
        try:
            connection = _connect(directory / DATABASE, key, journal="DELETE")
            try:
                if connection.execute("PRAGMA cipher_integrity_check").fetchall():
                    raise VaultError("the vault is damaged")
                connection.execute(f"PRAGMA rekey = \"x'{mine.key.hex()}'\"")
            finally:
                connection.close()
        except dbapi2.Error:
            raise VaultError("the vault is damaged") from None
        return cls._opened(directory, head, mine)

    @classmethod
    def open(cls, directory: Path, passphrase: str) -> Self:
        """Open a vault; WrongPassphraseError, or VaultError when it is damaged, open to others, or not there."""
        head = read_head(directory)
        key = passphrases.stretch(passphrase, head.salt, head.cost)
        if not secrets.compare_digest(key.check, head.check):
            raise WrongPassphraseError("this passphrase does not open this vault")
        return cls._opened(directory, head, key)

    @classmethod
    def _opened(cls, directory: Path, head: VaultHead, key: passphrases.VaultKey) -> Self:
        try:
            vault = cls(directory, head, _connect(directory / DATABASE, key.key))
        except dbapi2.Error:
            raise VaultError("the vault is damaged") from None
        vault._migrate()
        return vault

    def _migrate(self) -> None:
        with self.transaction():
            taken = self.rows("PRAGMA user_version")[0][0]
            if taken > len(STEPS):
                raise VaultError("a later version of the workstation made this vault")
            for step in STEPS[taken:]:
                for statement in step.split(";\n"):
                    if statement.strip():
                        self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version = {len(STEPS)}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside becomes durable together, or not at all. May be nested."""
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("COMMIT")

    def run(self, statement: str, *values: Value) -> int:
        """Execute one statement and return how many rows it changed."""
        with self._lock:
            changed: int = self._connection.execute(statement, values).rowcount
            return changed

    def rows(self, statement: str, *values: Value) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        with self._lock:
            return list(self._connection.execute(statement, values).fetchall())

    def row(self, statement: str, *values: Value) -> tuple[Any, ...] | None:
        """Return the first row of a query."""
        rows = self.rows(statement, *values)
        return rows[0] if rows else None

    def fact(self, name: str) -> Any:
        """Return a single remembered value, or None."""
        row = self.row("SELECT value FROM fact WHERE name = ?", name)
        return None if row is None else row[0]

    def set_fact(self, name: str, value: Value) -> None:
        """Remember a single value; None forgets it."""
        if value is None:
            self.run("DELETE FROM fact WHERE name = ?", name)
        else:
            self.run("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", name, value)

    def fold(self) -> bool:
        """Fold the WAL back into the database and empty it; False when another process reads in it just now."""
        with self._lock:
            busy: int = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0][0]
        return busy == 0

    def copied(self) -> tuple[IO[bytes], bytes]:
        """Return the database as it is now, as a file under a random key of its own, and that key of 32 bytes.

        The file has no name by then, so nothing is left of it when it is closed. Others may read and write meanwhile.
        """
        key = secrets.token_bytes(32)
        path = self.directory / f"{COPY}{secrets.token_hex(8)}.db"
        with alone(self.directory), self._lock:
            if self._depth:
                raise RuntimeError("a copy inside a transaction")
            try:
                _write_new(path, b"")
                self._export(path, key)
                return path.open("rb"), key
            except (dbapi2.Error, OSError):
                raise VaultError("there is no room for a copy of the vault, or it is damaged") from None
            finally:
                for left in self.directory.glob(f"{path.name}*"):
                    left.unlink()

    def _export(self, path: Path, key: bytes) -> None:
        version = self.rows("PRAGMA user_version")[0][0]
        self._connection.execute("ATTACH ? AS copy KEY ?", (str(path), f"x'{key.hex()}'"))
        try:
            self._connection.execute("BEGIN")
            try:
                self._connection.execute("SELECT sqlcipher_export('copy')").fetchall()
                self._connection.execute(f"PRAGMA copy.user_version = {version}")
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
        finally:
            self._connection.execute("DETACH copy")

    def close(self) -> None:
        """Close the database. The key is gone with the connection."""
        with self._lock:
            self._connection.close()
