# SPDX-License-Identifier: EUPL-1.2
"""Rows of cases: report, log, files, who is served, facts, destruction.

- A report and its `received` are one operation; so are an entry and everything that comes with it.
- An append happens only on the head that its author built on (compare and set).
- Runs inside the writer's operations, or on the reading connection; the caller has decided that it may.
"""

import secrets
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from sqlcipher3 import dbapi2

from meldkluis.mailbox import factrows, staging
from meldkluis.mailbox.errors import Refused
from meldkluis.mailbox.facts import Facts
from meldkluis.mailbox.rows import AgeFile, Growth, NewCase, Standing, many, one, to_fold
from meldkluis.mailbox.wire import AttachmentLine, FileLine

ENTRIES: Final = 1 << 16
"""Places of one case: the most entries in a log."""

FILES: Final = 2
"""Most age files with one entry."""

_COLUMNS: Final = ("id", "place", "entries", "head", "officers", *factrows.WRITTEN)
_INSERT: Final = (
    f'INSERT INTO "case" ({", ".join(_COLUMNS)})'  # noqa: S608 - names of ours
    f" VALUES ({', '.join('?' * len(_COLUMNS))}) ON CONFLICT DO NOTHING"
)

_PLACES: Final = 45
"""Bits of the random part of a place: 2 (place + entry) stays below 2^63."""


def submit(db: dbapi2.Connection, address: bytes, new: NewCase) -> Standing | None:
    """Store a report and return None, or return the case that already stands at this address.

    `address` is the keyed hash. Refused: taken (another address has the case), incomplete (an attachment).
    """
    made = db.execute('INSERT INTO mailbox (address, "case") VALUES (?, ?) ON CONFLICT DO NOTHING', (address, new.case))
    if made.rowcount != 1:
        case = find(db, address)
        assert case is not None
        return Standing(case, log(db, case))
    place = begin(db, new.case, new.log, new.head, new.officers, new.facts)
    _put_files(db, place, 0, new.files)
    if new.claims:
        staging.claim(db, address, new.case, 0, new.claims)
    return None


def begin(
    db: dbapi2.Connection,
    case: bytes,
    things: Sequence[bytes],
    head: bytes,
    officers: Iterable[bytes],
    facts: Facts | None,
) -> int:
    """Store a case and its first entries at a place that is drawn for it, and return the place. Refused: taken."""
    place = _put_first(db, things[0])
    row = (case, place, len(things), head, b"".join(sorted(officers)), *factrows.values(facts))
    made = db.execute(_INSERT, row)
    if made.rowcount != 1:
        raise Refused("taken")
    _put_log(db, place + 1, things[1:])
    return place


def _put_first(db: dbapi2.Connection, thing: bytes) -> int:
    """Store the first entry of a case where no other case is; return the place."""
    while True:
        place = secrets.randbits(_PLACES) * ENTRIES
        made = db.execute("INSERT INTO log (place, thing) VALUES (?, ?) ON CONFLICT DO NOTHING", (place, thing))
        if made.rowcount == 1:
            return place


def _put_log(db: dbapi2.Connection, place: int, things: Iterable[bytes]) -> None:
    db.executemany("INSERT INTO log (place, thing) VALUES (?, ?)", enumerate(things, place))


def _put_files(db: dbapi2.Connection, place: int, entry: int, files: Sequence[AgeFile]) -> None:
    assert len(files) <= FILES
    first = FILES * (place + entry)
    db.executemany(
        "INSERT INTO file (place, slot, header, payload) VALUES (?, ?, ?, ?)",
        [(at, file.slot, file.header, file.payload) for at, file in enumerate(files, first)],
    )


def _place(db: dbapi2.Connection, case: bytes) -> int | None:
    row = one(db, 'SELECT place FROM "case" WHERE id = ?', case)
    return None if row is None else int(row[0])


def _entries(db: dbapi2.Connection, case: bytes, first: int = 0) -> tuple[int, int]:
    """Return the first and the last place of a case's log; an empty range when there is no case."""
    place = _place(db, case)
    return (1, 0) if place is None else (place + first, place + ENTRIES - 1)


def _files(db: dbapi2.Connection, case: bytes) -> tuple[int, int]:
    first, last = _entries(db, case)
    return FILES * first, FILES * last + FILES - 1


def append(db: dbapi2.Connection, growth: Growth, address: bytes | None = None) -> None:
    """Append to a case. Refused: unknown, head (with `entries` and `head`), incomplete, quota (a log is full)."""
    case, length = growth.case, growth.entry + len(growth.log)
    row = one(db, 'SELECT place, destroyed FROM "case" WHERE id = ?', case)
    if row is None:
        raise Refused("unknown")
    place, destroyed = row
    if destroyed is not None and not growth.last_words:
        # Its files are gone; nothing brings it back, whatever was planned before they went.
        raise Refused("act")
    if length > ENTRIES:
        raise Refused("quota")
    done = db.execute(
        'UPDATE "case" SET entries = ?, head = ?, officers = ? WHERE id = ? AND head = ? AND entries = ?',
        (length, growth.head, b"".join(sorted(growth.officers)), case, growth.before, growth.entry),
    )
    if done.rowcount != 1:
        raise Refused("head")
    factrows.write(db, case, growth.facts)
    factrows.settle(db, case, growth.settled)
    _put_log(db, place + growth.entry, growth.log)
    _put_files(db, place, growth.entry, growth.files)
    for (entry, slot), header in growth.headers.items():
        _replace_header(db, place + entry, slot, header)
    if growth.forget_identity:
        db.execute("DELETE FROM file WHERE place BETWEEN ? AND ? AND slot = 'identity'", _files(db, case))
        to_fold(db, gaps=True)
    if growth.claims:
        assert address is not None
        staging.claim(db, address, case, growth.entry, growth.claims)


def _replace_header(db: dbapi2.Connection, place: int, slot: str, header: bytes) -> None:
    done = db.execute(
        "UPDATE file SET first_header = coalesce(first_header, header), header = ?"
        " WHERE place BETWEEN ? AND ? AND slot = ?",
        (header, FILES * place, FILES * place + FILES - 1, slot),
    )
    if done.rowcount != 1:
        raise Refused("malformed")


def find(db: dbapi2.Connection, address: bytes) -> bytes | None:
    """Return the case at the keyed hash of an address."""
    row = one(db, 'SELECT "case" FROM mailbox WHERE address = ?', address)
    return None if row is None else bytes(row[0])


def log(db: dbapi2.Connection, case: bytes, after: int = 0) -> list[bytes]:
    """Return the signed entries of a case from number `after` on."""
    rows = many(db, "SELECT thing FROM log WHERE place BETWEEN ? AND ? ORDER BY place", *_entries(db, case, after))
    return [thing for (thing,) in rows]


def answers(db: dbapi2.Connection, case: bytes) -> dict[int, bytes]:
    """Return the officers' answers to the reporter by entry, whole age files."""
    first, last = _files(db, case)
    sql = "SELECT place, header, payload FROM file WHERE place BETWEEN ? AND ? AND slot = 'answer'"
    return {(place - first) // FILES: header + payload for place, header, payload in many(db, sql, first, last)}


def served(db: dbapi2.Connection, officer: bytes, case: bytes) -> bool:
    """Whether the case is served to this officer."""
    row = one(db, 'SELECT officers FROM "case" WHERE id = ?', case)
    return row is not None and officer in factrows.split(row[0])


def cases_of(db: dbapi2.Connection, officer: bytes) -> list[tuple[bytes, int, bytes]]:
    """Return case, number of entries and head of every case that is served to this officer, by case.

    Reads the line of every case: officers ask seldom, and an index of readers would cost every report two pages.
    """
    sql = 'SELECT id, entries, head, officers FROM "case" WHERE instr(officers, ?) AND certificate IS NULL ORDER BY id'
    rows = many(db, sql, officer)
    return [(case, entries, head) for case, entries, head, officers in rows if officer in factrows.split(officers)]


def files(db: dbapi2.Connection, case: bytes) -> list[FileLine]:
    """Return the files of a case."""
    first, last = _files(db, case)
    sql = "SELECT place, slot, length(header) + length(payload) FROM file WHERE place BETWEEN ? AND ? ORDER BY place"
    lines = [FileLine((place - first) // FILES, slot, size) for place, slot, size in many(db, sql, first, last)]
    return sorted(lines, key=lambda line: (line.entry, line.slot))


def file(db: dbapi2.Connection, case: bytes, entry: int, slot: str, *, first: bool) -> tuple[bytes, bytes] | None:
    """Return header and payload of a file; with `first` the header that it came with, while that is kept."""
    header = "coalesce(first_header, header)" if first else "header"
    sql = f"SELECT {header}, payload FROM file WHERE place BETWEEN ? AND ? AND slot = ?"  # noqa: S608 - ours
    place = _place(db, case)
    if place is None or not 0 <= entry < ENTRIES:
        return None
    at = FILES * (place + entry)
    row = one(db, sql, at, at + FILES - 1, slot)
    return None if row is None else (row[0], row[1])


def attachments(db: dbapi2.Connection, case: bytes) -> list[AttachmentLine]:
    """Return the attachments of a case."""
    sql = 'SELECT entry, id, size FROM attachment WHERE "case" = ? ORDER BY entry, id'
    return [AttachmentLine(*row) for row in many(db, sql, case)]


def attachment(db: dbapi2.Connection, case: bytes, attachment_id: bytes) -> bytes | None:
    """Return the blob of an attachment."""
    row = one(db, 'SELECT blob FROM attachment WHERE "case" = ? AND id = ?', case, attachment_id)
    return None if row is None else bytes(row[0])


def chunk(db: dbapi2.Connection, blob: bytes, n: int) -> bytes | None:
    """Return one row of a blob; None after the last."""
    row = one(db, "SELECT bytes FROM chunk WHERE blob = ? AND n = ?", blob, n)
    return None if row is None else bytes(row[0])


def empty(db: dbapi2.Connection, case: bytes, head: bytes, today: date) -> None:
    """Take away what can be read of a case and its mailbox; log and register line stay. Refused: head.

    Its attachments' bytes are overwritten by `staging.erase_some`.
    """
    sql = 'UPDATE "case" SET destroyed = ? WHERE id = ? AND head = ? AND destroyed IS NULL'
    if db.execute(sql, (today.isoformat(), case, head)).rowcount != 1:
        raise Refused("head")
    to_fold(db, gaps=True)
    db.execute('INSERT INTO erasure (blob) SELECT blob FROM attachment WHERE "case" = ?', (case,))
    db.execute("DELETE FROM file WHERE place BETWEEN ? AND ?", _files(db, case))
    for table in ("attachment", "mailbox", "reminder"):
        db.execute(f'DELETE FROM {table} WHERE "case" = ?', (case,))  # noqa: S608 - names of ours


def certify(db: dbapi2.Connection, case: bytes, certificate: bytes) -> None:
    """Keep the certificate of a destroyed case in the place of its log."""
    db.execute("DELETE FROM log WHERE place BETWEEN ? AND ?", _entries(db, case))
    db.execute('UPDATE "case" SET certificate = ?, entries = 0 WHERE id = ?', (certificate, case))
    to_fold(db, gaps=True)


def certificates(db: dbapi2.Connection, officer: bytes) -> list[bytes]:
    """Return the certificates of the destroyed cases that this officer was in."""
    sql = 'SELECT certificate, officers FROM "case" WHERE certificate NOTNULL AND instr(officers, ?) ORDER BY id'
    return [certificate for certificate, officers in many(db, sql, officer) if officer in factrows.split(officers)]


def destroy(db: dbapi2.Connection, case: bytes) -> None:
    """Take every row of a case away."""
    db.execute('INSERT INTO erasure (blob) SELECT blob FROM attachment WHERE "case" = ?', (case,))
    db.execute("DELETE FROM file WHERE place BETWEEN ? AND ?", _files(db, case))
    db.execute("DELETE FROM log WHERE place BETWEEN ? AND ?", _entries(db, case))
    for table in ("attachment", "mailbox", "reminder"):
        db.execute(f'DELETE FROM {table} WHERE "case" = ?', (case,))  # noqa: S608 - names of ours
    db.execute('DELETE FROM "case" WHERE id = ?', (case,))
    to_fold(db, gaps=True)
