# SPDX-License-Identifier: EUPL-1.2
"""Opening the database: key, settings, and the versions of its schema.

- A database opens only with its own key, when it is one of ours, and when no newer release has written to it.
- Each migration is one SQL file and one transaction: after a crash the database has the old version or the new one.
- Durability is never traded for speed: WAL with `synchronous=FULL`, and erased rows are overwritten.
"""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Final

from sqlcipher3 import dbapi2

from meldkluis.mailbox.errors import SchemaError, StoreError, WrongKeyError

APPLICATION_ID: Final = 0x4D4B4C53
"""`MKLS`: says that the database is one of ours."""

CACHE_KIB: Final = 2000
"""Page cache of a connection: SQLCipher's own 8 MB times connections times organisations would not fit."""

BUSY_SECONDS: Final = 30.0
"""How long to wait for another program (a backup) that has the database locked."""

_KEY_SIZE: Final = 32
_NOT_A_DATABASE: Final = "not a database"


def connect(path: Path, key: bytes, *, cache_kib: int = CACHE_KIB) -> dbapi2.Connection:
    """Open the database that stands at `path` with its raw 32-byte key; transactions are explicit.

    WrongKeyError when the key does not open it. The schema's version is for `migrate`.
    """
    if len(key) != _KEY_SIZE:
        raise WrongKeyError("the database key has 32 bytes")
    if not path.is_file():
        raise StoreError("there is no database")
    connection = dbapi2.connect(
        str(path), timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=128
    )
    try:
        # First, or a wrong key prints lines on standard error.
        connection.execute("PRAGMA cipher_log_level=NONE").fetchall()
        connection.set_key(b"x'" + key.hex().encode("ascii") + b"'")
        for setting in (
            "cipher_page_size=8192",
            "cipher_hmac_algorithm=HMAC_SHA256",
            "journal_mode=WAL",
            "synchronous=FULL",
            "secure_delete=ON",
            f"cache_size=-{cache_kib:d}",
            "cache_spill=OFF",
            "temp_store=MEMORY",
            "trusted_schema=OFF",
            "journal_size_limit=67108864",
        ):
            connection.execute(f"PRAGMA {setting}").fetchall()
    except dbapi2.DatabaseError as error:
        connection.close()
        if _NOT_A_DATABASE in str(error):
            raise WrongKeyError("the key does not open the database") from None
        raise StoreError("the database cannot be opened") from None
    return connection


def migrations() -> tuple[str, ...]:
    """Return the scripts of all schema versions, first to last."""
    folder = resources.files("meldkluis.mailbox") / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    if names != [f"{version:04d}.sql" for version in range(1, len(names) + 1)]:
        raise SchemaError("a migration is missing")
    return tuple((folder / name).read_text("utf-8") for name in names)


def version_of(connection: dbapi2.Connection) -> int:
    """Return the version of the schema, 0 for an empty database; SchemaError for a database that is not ours."""
    (version,) = connection.execute("PRAGMA user_version").fetchall()[0]
    (application,) = connection.execute("PRAGMA application_id").fetchall()[0]
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()[0]
    if version == 0 and application == 0 and tables == 0:
        return 0
    if application != APPLICATION_ID or version == 0:
        raise SchemaError("the database is not one of Meldkluis")
    return int(version)


def migrate(connection: dbapi2.Connection, scripts: Sequence[str]) -> int:
    """Bring the schema to the last version, one transaction for each; returns the version it had.

    SchemaError when a newer release wrote the database. The caller holds the write lock.
    """
    before = version_of(connection)
    if before > len(scripts):
        raise SchemaError("the database was made by a newer release")
    for version, script in enumerate(scripts[before:], before + 1):
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE;\n{script}\nPRAGMA application_id={APPLICATION_ID:d};\n"
                f"PRAGMA user_version={version:d};\nCOMMIT;"
            )
        except dbapi2.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise SchemaError("a migration failed; the database is as it was") from None
    return before
