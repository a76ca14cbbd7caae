# SPDX-License-Identifier: EUPL-1.2
"""Rows of facts and reminders: what the daily run reads of every case, and leaves with some.

- Facts are written only as `facts.facts_of` gives them, in the transaction of the entries that they follow from.
- A reminder is there once for each case, kind and day, whoever makes it and however often.
- Runs inside the writer's operations, or on the reading connection.
"""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date
from typing import Any, Final

from sqlcipher3 import dbapi2

from meldkluis.mailbox.actions import Due
from meldkluis.mailbox.facts import AUTOMATIC, Facts
from meldkluis.mailbox.rows import many, one

PAGE: Final = 4000
"""Cases that are read at once: keeps a run over many small in memory, and its reads short."""

_NAMES: Final = tuple(item.name for item in fields(Facts))
_EXPRESSIONS: Final = {"runs": "clock", "certified": "certificate NOTNULL"}
_COLUMNS: Final = tuple(_EXPRESSIONS.get(name, name) for name in _NAMES)
# What only `cases.empty` and `cases.certify` set.
_OWN: Final = frozenset({"destroyed", "certified"})
WRITTEN: Final = tuple(column for name, column in zip(_NAMES, _COLUMNS, strict=True) if name not in _OWN)
"""The columns of the facts that a log gives."""

_ASSIGNED: Final = ", ".join(f"{column} = ?" for column in WRITTEN)
_KEY: Final = 32


def _value(name: str, value: object) -> str | int | None:
    if name == "automatic":
        assert isinstance(value, frozenset)
        return sum(1 << AUTOMATIC.index(mark) for mark in value)
    return value.isoformat() if isinstance(value, date) else None if value is None else int(bool(value))


def _facts(row: Iterable[Any]) -> Facts:
    values: dict[str, Any] = dict(zip(_NAMES, row, strict=True))
    bits = values.pop("automatic")
    runs, certified = bool(values.pop("runs")), bool(values.pop("certified"))
    days = {name: None if day is None else date.fromisoformat(day) for name, day in values.items()}
    marks = frozenset(mark for at, mark in enumerate(AUTOMATIC) if bits >> at & 1)
    return Facts(**days, runs=runs, automatic=marks, certified=certified)  # type: ignore[arg-type] # received and since are never NULL here


def values(facts: Facts | None) -> list[str | int | None]:
    """Return the values of the columns WRITTEN, in their order; a decoy has no facts."""
    if facts is None:
        return [{"clock": 1, "automatic": 0}.get(column) for column in WRITTEN]
    return [_value(name, getattr(facts, name)) for name in _NAMES if name not in _OWN]


def write(db: dbapi2.Connection, case: bytes, facts: Facts) -> None:
    """Write the facts of a case."""
    db.execute(f'UPDATE "case" SET {_ASSIGNED} WHERE id = ?', (*values(facts), case))  # noqa: S608 - names of ours


def read(db: dbapi2.Connection, case: bytes) -> Facts | None:
    """Return the facts of a case; None for a decoy, or where there is none."""
    sql = f'SELECT {", ".join(_COLUMNS)} FROM "case" WHERE id = ? AND received NOTNULL'  # noqa: S608 - names of ours
    row = one(db, sql, case)
    return None if row is None else _facts(row)


def page(db: dbapi2.Connection, after: bytes) -> list[tuple[bytes, tuple[Any, ...]]]:
    """Return the next cases after this id, each with its facts as `read_page` understands them."""
    sql = f'SELECT id, {", ".join(_COLUMNS)} FROM "case" WHERE id > ? AND received NOTNULL ORDER BY id LIMIT ?'  # noqa: S608
    return [(row[0], row[1:]) for row in many(db, sql, after, PAGE)]


def parsed(row: tuple[Any, ...]) -> Facts:
    """Return the facts of a row of `page`; equal rows are equal facts, so that a caller can remember them."""
    return _facts(row)


def remind(db: dbapi2.Connection, made: Iterable[tuple[bytes, Due]]) -> int:
    """Keep reminders that are not there yet; return how many were new."""
    sql = (
        'INSERT INTO reminder ("case", kind, day) SELECT ?1, ?2, ?3'
        ' WHERE EXISTS (SELECT 1 FROM "case" WHERE id = ?1) ON CONFLICT DO NOTHING'
    )
    return sum(db.execute(sql, (case, due.kind, due.day.isoformat())).rowcount for case, due in made)


def oldest_unread(db: dbapi2.Connection, officer: bytes) -> date | None:
    """Return the day of the oldest message that no officer has reacted to, of the cases served to this one."""
    sql = 'SELECT unread, officers FROM "case" WHERE unread NOTNULL AND destroyed IS NULL AND instr(officers, ?)'
    days = [unread for unread, officers in many(db, sql, officer) if officer in split(officers)]
    return date.fromisoformat(min(days)) if days else None


def newest_received(db: dbapi2.Connection) -> date | None:
    """Return the newest day of receipt."""
    row = one(db, 'SELECT max(received) FROM "case"')
    return None if row is None or row[0] is None else date.fromisoformat(row[0])


def unserved(db: dbapi2.Connection, members: frozenset[bytes]) -> list[bytes]:
    """Return the cases that are still there and are served to none of these members."""
    rows = many(db, 'SELECT id, officers FROM "case" WHERE received NOTNULL AND destroyed IS NULL ORDER BY id')
    return [case for case, officers in rows if not split(officers) & members]


def settle(db: dbapi2.Connection, case: bytes, kinds: Iterable[str]) -> None:
    """Take reminders of these kinds away."""
    db.executemany('DELETE FROM reminder WHERE "case" = ? AND kind = ?', [(case, kind) for kind in kinds])


def reminders(db: dbapi2.Connection) -> list[tuple[bytes, Due]]:
    """Return all reminders that stand, by case and day."""
    return [_reminder(row) for row in many(db, 'SELECT "case", kind, day FROM reminder ORDER BY "case", day, kind')]


def reminders_of(db: dbapi2.Connection, officer: bytes) -> dict[bytes, list[Due]]:
    """Return the reminders of the cases that are served to this officer, by day."""
    sql = (
        'SELECT r."case", r.kind, r.day, c.officers FROM reminder r JOIN "case" c ON c.id = r."case"'
        ' WHERE instr(c.officers, ?) ORDER BY r."case", r.day, r.kind'
    )
    found: dict[bytes, list[Due]] = {}
    for *row, officers in many(db, sql, officer):
        if officer in split(officers):
            case, due = _reminder(row)
            found.setdefault(case, []).append(due)
    return found


def _reminder(row: Sequence[Any]) -> tuple[bytes, Due]:
    return row[0], Due(date.fromisoformat(row[2]), row[1])


def split(officers: bytes) -> frozenset[bytes]:
    """Return the keys of the column `officers`."""
    return frozenset(officers[start : start + _KEY] for start in range(0, len(officers), _KEY))
