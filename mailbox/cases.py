# SPDX-License-Identifier: EUPL-1.2
"""Rows of cases: report, log, files, who is served, facts, destruction.

- A report and its `received` are one operation; so are an entry and everything that comes with it.
- An append happens only on the head that its author built on (compare and set).
- Runs inside the writer's operations, or on the reading connection; the caller has decided that it may.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from sqlcipher3 import dbapi2

from meldkluis.mailbox import staging
from meldkluis.mailbox.errors import Refused
from meldkluis.mailbox.rows import AgeFile, Facts, Growth, NewCase, Standing, Value, many, one
from meldkluis.mailbox.wire import AttachmentLine, FileLine

_KEY: Final = 32
_NO_FILE: Final = (None, None, None)
_ADDRESS_OF: Final = '(SELECT address FROM log WHERE "case" = ? AND entry = 0)'
_INSERT_ENTRY: Final = (
    'INSERT INTO log ("case", entry, address, thing, slot_1, header_1, payload_1, slot_2, header_2, payload_2)'
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def submit(db: dbapi2.Connection, address: bytes, new: NewCase) -> Standing | None:
    """Store a report and return None, or return the case that already stands at this address.

    `address` is the keyed hash. Refused: taken (another address has the case), incomplete (an attachment).
    """
    made = db.execute(
        'INSERT INTO "case" (address, id, entries, head, officers, received) VALUES (?, ?, ?, ?, ?, ?)'
        " ON CONFLICT DO NOTHING",
        (address, new.case, len(new.log), new.head, _join(new.officers), new.received.isoformat()),
    )
    if made.rowcount != 1:
        case = find(db, address)
        assert case is not None
        return Standing(case, log(db, case))
    try:
        db.executemany(_INSERT_ENTRY, _entries(new.case, 0, new.log, new.files, address))
    except dbapi2.IntegrityError:
        raise Refused("taken") from None
    if new.claims:
        staging.claim(db, address, new.case, 0, new.claims)
    return None


def _join(officers: Iterable[bytes]) -> bytes:
    return b"".join(sorted(officers))


def _split(officers: bytes) -> frozenset[bytes]:
    return frozenset(officers[start : start + _KEY] for start in range(0, len(officers), _KEY))


def _entries(
    case: bytes, first: int, things: Iterable[bytes], files: Sequence[AgeFile], address: bytes | None
) -> Iterable[tuple[Value, ...]]:
    """Return the rows of entries; the files belong to the first, whose row has room for two."""
    placed = [(file.slot, file.header, file.payload) for file in files]
    one_file, other = [*placed, _NO_FILE, _NO_FILE][:2]
    for n, thing in enumerate(things, first):
        if n == first:
            yield case, n, address, thing, *one_file, *other
        else:
            yield case, n, None, thing, *_NO_FILE, *_NO_FILE


def append(db: dbapi2.Connection, growth: Growth, address: bytes | None = None) -> None:
    """Append to a case. Refused: unknown, head, incomplete."""
    case, length = growth.case, growth.entry + len(growth.log)
    officers = None if growth.officers is None else _join(growth.officers)
    done = db.execute(
        'UPDATE "case" SET entries = ?, head = ?, officers = coalesce(?, officers),'  # noqa: S608 - ours
        " acknowledged = coalesce(acknowledged, ?), feedback = coalesce(feedback, ?)"
        f" WHERE address = {_ADDRESS_OF} AND head = ? AND entries = ?",
        (
            length,
            growth.head,
            officers,
            _iso(growth.acknowledged),
            _iso(growth.feedback),
            case,
            growth.before,
            growth.entry,
        ),
    )
    if done.rowcount != 1:
        raise Refused("head" if log(db, case) else "unknown")
    db.executemany(_INSERT_ENTRY, _entries(case, growth.entry, growth.log, growth.files, None))
    _replace_headers(db, case, growth.headers)
    if growth.forget_first:
        db.execute(
            'UPDATE log SET first_header_1 = NULL, first_header_2 = NULL WHERE "case" = ?'
            " AND (first_header_1 IS NOT NULL OR first_header_2 IS NOT NULL)",
            (case,),
        )
    if growth.claims:
        assert address is not None
        staging.claim(db, address, case, growth.entry, growth.claims)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _replace_headers(db: dbapi2.Connection, case: bytes, headers: Mapping[tuple[int, str], bytes]) -> None:
    for (entry, slot), header in headers.items():
        done = 0
        for n in (1, 2):
            done += db.execute(
                f"UPDATE log SET first_header_{n} = coalesce(first_header_{n}, header_{n}), header_{n} = ?"  # noqa: S608
                f' WHERE "case" = ? AND entry = ? AND slot_{n} = ?',
                (header, case, entry, slot),
            ).rowcount
        if done != 1:
            raise Refused("malformed")


def find(db: dbapi2.Connection, address: bytes) -> bytes | None:
    """Return the case at the keyed hash of an address."""
    row = one(db, 'SELECT id FROM "case" WHERE address = ?', address)
    return None if row is None else bytes(row[0])


def log(db: dbapi2.Connection, case: bytes, after: int = 0) -> list[bytes]:
    """Return the signed entries of a case from number `after` on."""
    rows = many(db, 'SELECT thing FROM log WHERE "case" = ? AND entry >= ? ORDER BY entry', case, after)
    return [thing for (thing,) in rows]


def answers(db: dbapi2.Connection, case: bytes) -> dict[int, bytes]:
    """Return the officers' answers to the reporter by entry, whole age files."""
    found: dict[int, bytes] = {}
    for n in (1, 2):
        sql = f"SELECT entry, header_{n}, payload_{n} FROM log WHERE \"case\" = ? AND slot_{n} = 'answer'"  # noqa: S608
        found |= {entry: header + payload for entry, header, payload in many(db, sql, case)}
    return found


def served(db: dbapi2.Connection, officer: bytes, case: bytes) -> bool:
    """Whether the case is served to this officer."""
    row = one(db, f'SELECT officers FROM "case" WHERE address = {_ADDRESS_OF}', case)  # noqa: S608 - ours
    return row is not None and officer in _split(row[0])


def cases_of(db: dbapi2.Connection, officer: bytes) -> list[tuple[bytes, int, bytes]]:
    """Return case, number of entries and head of every case that is served to this officer, by case."""
    rows = many(db, 'SELECT id, entries, head, officers FROM "case" WHERE instr(officers, ?) ORDER BY id', officer)
    return [(case, entries, head) for case, entries, head, officers in rows if officer in _split(officers)]


def files(db: dbapi2.Connection, case: bytes) -> list[FileLine]:
    """Return the files of a case."""
    lines: list[FileLine] = []
    for n in (1, 2):
        sql = (
            f"SELECT entry, slot_{n}, length(header_{n}) + length(payload_{n}) FROM log"  # noqa: S608 - ours
            f' WHERE "case" = ? AND slot_{n} IS NOT NULL'
        )
        lines += [FileLine(*row) for row in many(db, sql, case)]
    return sorted(lines, key=lambda line: (line.entry, line.slot))


def file(db: dbapi2.Connection, case: bytes, entry: int, slot: str, *, first: bool) -> tuple[bytes, bytes] | None:
    """Return header and payload of a file; with `first` the header that it came with, while that is kept."""
    for n in (1, 2):
        header = f"coalesce(first_header_{n}, header_{n})" if first else f"header_{n}"
        sql = f'SELECT {header}, payload_{n} FROM log WHERE "case" = ? AND entry = ? AND slot_{n} = ?'  # noqa: S608
        row = one(db, sql, case, entry, slot)
        if row is not None:
            return row[0], row[1]
    return None


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
    sql = f'SELECT received, acknowledged, feedback FROM "case" WHERE address = {_ADDRESS_OF}'  # noqa: S608 - ours
    row = one(db, sql, case)
    if row is None or row[0] is None:
        return None
    received, acknowledged, feedback = (None if day is None else date.fromisoformat(day) for day in row)
    assert received is not None
    return Facts(received, acknowledged, feedback)


def destroy(db: dbapi2.Connection, case: bytes) -> None:
    """Take every row of a case away; its attachments' bytes are overwritten by `staging.erase_some`."""
    db.execute('INSERT INTO erasure (blob) SELECT blob FROM attachment WHERE "case" = ?', (case,))
    db.execute(f'DELETE FROM "case" WHERE address = {_ADDRESS_OF}', (case,))  # noqa: S608 - ours
    db.execute('DELETE FROM attachment WHERE "case" = ?', (case,))
    db.execute('DELETE FROM log WHERE "case" = ?', (case,))
