# SPDX-License-Identifier: EUPL-1.2
"""Uploads before anybody claims them: parts, quotas, claiming, erasing.

- A part is there whole or not at all, and nobody but its uploader can see it until a report or message claims it.
- Claiming moves no byte: the case's attachment points at the blob that was uploaded.
- Erasing overwrites in short transactions; what a crash interrupts, the next sweep finishes.
- Runs inside the writer's operations; the caller has hashed the address.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlcipher3 import dbapi2

from meldkluis.crypto.attachment import digest_of_parts
from meldkluis.crypto.encoding import sha256
from meldkluis.crypto.limits import KIB, PART
from meldkluis.mailbox.errors import Refused
from meldkluis.mailbox.rows import Claim, many, one, places, to_fold

CHUNK: Final = 256 * KIB
"""Bytes in a row: small enough to read one at a time, large enough to be few."""

LEAST_WEIGHT: Final = 16 * KIB
"""What a part counts for at least, so that a quota in bytes also bounds the number of rows."""

KEEP: Final = timedelta(days=2)
"""How long an upload may lie unclaimed after its last part."""

_CHUNKS_IN_PART: Final = PART // CHUNK
_ERASE_AT_ONCE: Final = 16


@dataclass(frozen=True)
class Quota:
    """Bytes that may lie in staging: for one address, and for all together."""

    address: int
    total: int


@dataclass(frozen=True)
class Part:
    """One part of an upload; `address` is the keyed hash."""

    address: bytes
    id: bytes
    n: int
    ciphertext: bytes


def stage(db: dbapi2.Connection, part: Part, digest: bytes, quota: Quota, today: date) -> None:
    """Keep one part; the same part again changes nothing. Refused: part, quota, full."""
    row = one(db, "SELECT blob FROM staging WHERE address = ? AND id = ?", part.address, part.id)
    blob: bytes = row[0] if row else os.urandom(16)
    if row:
        there = one(db, "SELECT digest FROM part WHERE blob = ? AND n = ?", blob, part.n)
        if there is not None:
            if there[0] != digest:
                raise Refused("part")
            return
    weight = max(len(part.ciphertext), LEAST_WEIGHT)
    _check_quota(db, part.address, weight, quota)
    db.execute("UPDATE organisation SET staged = staged + ?", (weight,))
    db.execute(
        "INSERT INTO staging (address, id, day, weight, blob) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET day = excluded.day, weight = weight + excluded.weight",
        (part.address, part.id, today.isoformat(), weight, blob),
    )
    size = len(part.ciphertext)
    db.execute("INSERT INTO part (blob, n, size, digest) VALUES (?, ?, ?, ?)", (blob, part.n, size, digest))
    view, first = memoryview(part.ciphertext), part.n * _CHUNKS_IN_PART
    starts = range(0, size, CHUNK)
    rows = (
        (place, blob, first + at // CHUNK, view[at : at + CHUNK]) for place, at in zip(places(), starts, strict=False)
    )
    db.executemany("INSERT INTO chunk (place, blob, n, bytes) VALUES (?, ?, ?, ?)", rows)


def _check_quota(db: dbapi2.Connection, address: bytes, weight: int, quota: Quota) -> None:
    row = one(
        db,
        "SELECT (SELECT total(weight) FROM staging WHERE address = ?), (SELECT staged FROM organisation)",
        address,
    )
    assert row is not None
    if row[0] + weight > quota.address:
        raise Refused("quota")
    if row[1] + weight > quota.total:
        raise Refused("full")


def claim(db: dbapi2.Connection, address: bytes, case: bytes, entry: int, claims: Sequence[Claim]) -> None:
    """Make uploads attachments of a case; Refused `incomplete` unless every one is there, whole and as named."""
    for wanted in claims:
        row = one(db, "SELECT blob, weight FROM staging WHERE address = ? AND id = ?", address, wanted.id)
        if row is None:
            raise Refused("incomplete")
        blob, weight = row
        _check_whole(many(db, "SELECT n, size, digest FROM part WHERE blob = ? ORDER BY n", blob), wanted)
        made = db.execute(
            'INSERT INTO attachment ("case", id, entry, size, blob) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
            (case, wanted.id, entry, wanted.size, blob),
        )
        if made.rowcount != 1:
            raise Refused("malformed")
        _forget(db, address, wanted.id, blob, weight)


def _check_whole(parts: list[tuple[int, int, bytes]], wanted: Claim) -> None:
    numbers = [n for n, _, _ in parts]
    sizes = [size for _, size, _ in parts]
    whole = numbers == list(range(len(parts))) and all(size == PART for size in sizes[:-1])
    if not whole or sum(sizes) != wanted.size or digest_of_parts(digest for _, _, digest in parts) != wanted.digest:
        raise Refused("incomplete")


def _forget(db: dbapi2.Connection, address: bytes, upload: bytes, blob: bytes, weight: int) -> None:
    db.execute("DELETE FROM part WHERE blob = ?", (blob,))
    db.execute("DELETE FROM staging WHERE address = ? AND id = ?", (address, upload))
    db.execute("UPDATE organisation SET staged = staged - ?", (weight,))


def discard(db: dbapi2.Connection, address: bytes, upload: bytes) -> None:
    """Give an upload up: it is gone at once, and its bytes are overwritten by `erase_some`."""
    row = one(db, "SELECT blob, weight FROM staging WHERE address = ? AND id = ?", address, upload)
    if row is not None:
        db.execute("INSERT INTO erasure (blob) VALUES (?)", (row[0],))
        _forget(db, address, upload, row[0], row[1])


def discard_old(db: dbapi2.Connection, today: date, at_most: int = 64) -> bool:
    """Give up uploads that nobody claimed in time; returns whether there may be more."""
    last = (today - KEEP).isoformat()
    rows = many(db, "SELECT address, id FROM staging WHERE day <= ? LIMIT ?", last, at_most)
    for address, upload in rows:
        discard(db, address, upload)
    return len(rows) == at_most


def erase_some(db: dbapi2.Connection) -> bool:
    """Overwrite a few rows of what was given up; returns whether there is more. One short transaction."""
    row = one(db, "SELECT blob FROM erasure LIMIT 1")
    if row is None:
        return False
    first = one(db, "SELECT min(n) FROM chunk WHERE blob = ?", row[0])
    if first is None or first[0] is None:
        db.execute("DELETE FROM erasure WHERE blob = ?", row)
        to_fold(db)
    else:
        db.execute("DELETE FROM chunk WHERE blob = ? AND n < ?", (row[0], first[0] + _ERASE_AT_ONCE))
    return True


def part_digest(ciphertext: bytes) -> bytes:
    """Return the SHA-256 by which a part is known."""
    return sha256(ciphertext)
