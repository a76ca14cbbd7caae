# SPDX-License-Identifier: EUPL-1.2
"""Reading rows so that no statement stays open, and what the store's functions pass to each other.

- Every query is read to its end at once: an open statement would hold the WAL from being folded back.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sqlcipher3 import dbapi2
from typing_extensions import Buffer

from meldkluis.mailbox.facts import Facts

Value = str | int | Buffer | None


def many(db: dbapi2.Connection, sql: str, *values: Value) -> list[tuple[Any, ...]]:
    """Return all rows of a query."""
    return db.execute(sql, values).fetchall()


def one(db: dbapi2.Connection, sql: str, *values: Value) -> tuple[Any, ...] | None:
    """Return the only row of a query, or None."""
    rows = db.execute(sql, values).fetchall()
    return rows[0] if rows else None


def to_fold(db: dbapi2.Connection, *, gaps: bool = False) -> None:
    """Remember that something was erased which may still stand in the write-ahead log.

    With `gaps` also where SQLite once moved it from: `secure_delete` overwrites rows, not the places that they left.
    """
    db.execute("UPDATE organisation SET fold = max(fold, ?)", (2 if gaps else 1,))


@dataclass(frozen=True)
class AgeFile:
    """An age file, cut between header and payload."""

    slot: str
    header: bytes = field(repr=False)
    payload: bytes = field(repr=False)


@dataclass(frozen=True)
class Claim:
    """An attachment that an entry names: what must be in staging, whole. `size` in bytes of ciphertext."""

    id: bytes
    size: int
    digest: bytes


def places() -> Iterator[int]:
    """Yield places for long rows that come together: neighbours, so that they share a page, from a random one on."""
    return count(secrets.randbits(62) - 2**61)


@dataclass(frozen=True)
class NewCase:
    """A report with everything that is stored of it in one transaction. `log` are the signed entries."""

    case: bytes
    log: tuple[bytes, ...] = field(repr=False)
    head: bytes = field(repr=False)
    files: Sequence[AgeFile] = field(repr=False)
    claims: Sequence[Claim] = field(repr=False)
    officers: frozenset[bytes] = field(repr=False)
    facts: Facts


@dataclass(frozen=True)
class Growth:
    """What is appended to a case in one transaction, if its head is still `before`.

    `entry` is the number of the first of `log`; files and claims belong to it. `headers` replaces headers by
    (entry, slot). `officers` are served the case from now on; `facts` are the case's with the new entries.
    `forget_identity` erases all contact details; `settled` kinds of reminders go. Once a case's files are gone it takes
    `last_words` only.
    """

    case: bytes
    before: bytes = field(repr=False)
    entry: int
    log: tuple[bytes, ...] = field(repr=False)
    head: bytes = field(repr=False)
    officers: frozenset[bytes] = field(repr=False)
    facts: Facts
    files: Sequence[AgeFile] = field(default=(), repr=False)
    claims: Sequence[Claim] = field(default=(), repr=False)
    headers: Mapping[tuple[int, str], bytes] = field(default_factory=dict, repr=False)
    settled: frozenset[str] = frozenset()
    forget_identity: bool = False
    last_words: bool = False


@dataclass(frozen=True)
class Standing:
    """A case that stands already under the address that a report came to."""

    case: bytes
    log: list[bytes] = field(repr=False)
