# SPDX-License-Identifier: EUPL-1.2
"""Rows of cases: report, log, files, who is served, facts, destruction.

- A report and its `received` are one operation; so are an entry and everything that comes with it.
- An append happens only on the head that its author built on (compare and set).
- Runs inside the writer's operations, or on the reading connection; the caller has decided that it may.
"""

from collections.abc import Iterable
from datetime import date

from sqlcipher3 import dbapi2

from meldkluis.mailbox import staging
from meldkluis.mailbox.errors import Refused
from meldkluis.mailbox.rows import (
    AgeFile,
    Facts,
    Growth,
    NewCase,
    Standing,
    many,
    one,
    places,
    put_log,
)
from meldkluis.mailbox.wire import AttachmentLine, FileLine


def submit(db: dbapi2.Connection, address: bytes, new: NewCase) -> Standing | None:
    """Store a report and return None, or return the case that already stands at this address.

    `address` is the keyed hash. Refused: taken (another address has the case), incomplete (an attachment).
    """
    made = db.execute('INSERT INTO mailbox (address, "case") VALUES (?, ?) ON CONFLICT DO NOTHING', (address, new.case))
    if made.rowcount != 1:
        case = find(db, address)
        assert case is not None
        return Standing(case, log(db, case))
    made = db.execute(
        'INSERT INTO "case" (id, entries, head, received) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
        (new.case, len(new.log), new.head, new.received.isoformat()),
    )
    if made.rowcount != 1:
        raise Refused("taken")
    put_log(db, new.case, 0, new.log)
    _put_files(db, new.case, 0, new.files)
    db.executemany('INSERT INTO officer (key, "case") VALUES (?, ?)', [(key, new.case) for key in new.officers])
    if new.claims:
        staging.claim(db, address, new.case, 0, new.claims)
    return None


def _put_files(db: dbapi2.Connection, case: bytes, entry: int, files: Iterable[AgeFile]) -> None:
    db.executemany(
        'INSERT INTO file (place, "case", entry, slot, header, payload) VALUES (?, ?, ?, ?, ?, ?)',
        [
            (place, case, entry, file.slot, file.header, file.payload)
            for place, file in zip(places(), files, strict=False)
        ],
    )


def append(db: dbapi2.Connection, growth: Growth, address: bytes | None = None) -> None:
    """Append to a case. Refused: unknown, head (with `entries` and `head`), incomplete."""
    case, length = growth.case, growth.entry + len(growth.log)
    done = db.execute(
        'UPDATE "case" SET entries = ?, head = ?, acknowledged = coalesce(acknowledged, ?),'
        " feedback = coalesce(feedback, ?) WHERE id = ? AND head = ? AND entries = ?",
        (length, growth.head, _iso(growth.acknowledged), _iso(growth.feedback), case, growth.before, growth.entry),
    )
    if done.rowcount != 1:
        raise Refused("head" if one(db, 'SELECT 1 FROM "case" WHERE id = ?', case) else "unknown")
    put_log(db, case, growth.entry, growth.log)
    _put_files(db, case, growth.entry, growth.files)
    for (entry, slot), header in growth.headers.items():
        _replace_header(db, case, entry, slot, header)
    if growth.forget_first:
        db.execute('UPDATE file SET first_header = NULL WHERE "case" = ? AND first_header IS NOT NULL', (case,))
    db.executemany('DELETE FROM officer WHERE key = ? AND "case" = ?', [(key, case) for key in growth.leaving])
    db.executemany('INSERT INTO officer (key, "case") VALUES (?, ?)', [(key, case) for key in growth.joining])
    if growth.claims:
        assert address is not None
        staging.claim(db, address, case, growth.entry, growth.claims)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _replace_header(db: dbapi2.Connection, case: bytes, entry: int, slot: str, header: bytes) -> None:
    done = db.execute(
        "UPDATE file SET first_header = coalesce(first_header, header), header = ?"
        ' WHERE "case" = ? AND entry = ? AND slot = ?',
        (header, case, entry, slot),
    )
    if done.rowcount != 1:
        raise Refused("malformed")


def find(db: dbapi2.Connection, address: bytes) -> bytes | None:
    """Return the case at the keyed hash of an address."""
    row = one(db, 'SELECT "case" FROM mailbox WHERE address = ?', address)
    return None if row is None else bytes(row[0])


def log(db: dbapi2.Connection, case: bytes, after: int = 0) -> list[bytes]:
    """Return the signed entries of a case from number `after` on."""
    rows = many(db, 'SELECT thing FROM log WHERE "case" = ? AND entry >= ? ORDER BY entry', case, after)
    return [thing for (thing,) in rows]


def answers(db: dbapi2.Connection, case: bytes) -> dict[int, bytes]:
    """Return the officers' answers to the reporter by entry, whole age files."""
    rows = many(db, "SELECT entry, header, payload FROM file WHERE \"case\" = ? AND slot = 'answer'", case)
    return {entry: header + payload for entry, header, payload in rows}


def served(db: dbapi2.Connection, officer: bytes, case: bytes) -> bool:
    """Whether the case is served to this officer."""
    return one(db, 'SELECT 1 FROM officer WHERE key = ? AND "case" = ?', officer, case) is not None


def cases_of(db: dbapi2.Connection, officer: bytes) -> list[tuple[bytes, int, bytes]]:
    """Return case, number of entries and head of every case that is served to this officer, by case."""
    return many(
        db,
        'SELECT c.id, c.entries, c.head FROM officer AS o JOIN "case" AS c ON c.id = o."case"'
        ' WHERE o.key = ? ORDER BY o."case"',
        officer,
    )


def files(db: dbapi2.Connection, case: bytes) -> list[FileLine]:
    """Return the files of a case."""
    sql = 'SELECT entry, slot, length(header) + length(payload) FROM file WHERE "case" = ? ORDER BY entry, slot'
    return [FileLine(*row) for row in many(db, sql, case)]


def file(db: dbapi2.Connection, case: bytes, entry: int, slot: str, *, first: bool) -> tuple[bytes, bytes] | None:
    """Return header and payload of a file; with `first` the header that it came with, while that is kept."""
    header = "coalesce(first_header, header)" if first else "header"
    sql = f'SELECT {header}, payload FROM file WHERE "case" = ? AND entry = ? AND slot = ?'  # noqa: S608 - ours
    row = one(db, sql, case, entry, slot)
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


def facts(db: dbapi2.Connection, case: bytes) -> Facts | None:
    """Return the facts that the terms of a case are counted from."""
    row = one(db, 'SELECT received, acknowledged, feedback FROM "case" WHERE id = ?', case)
    if row is None:
        return None
    received, acknowledged, feedback = (None if day is None else date.fromisoformat(day) for day in row)
    assert received is not None
    return Facts(received, acknowledged, feedback)


def destroy(db: dbapi2.Connection, case: bytes) -> None:
    """Take every row of a case away; its attachments' bytes are overwritten by `staging.erase_some`."""
    db.execute('INSERT INTO erasure (blob) SELECT blob FROM attachment WHERE "case" = ?', (case,))
    for table in ("attachment", "file", "log", "officer", "mailbox"):
        db.execute(f'DELETE FROM {table} WHERE "case" = ?', (case,))  # noqa: S608 - names of ours
    db.execute('DELETE FROM "case" WHERE id = ?', (case,))
