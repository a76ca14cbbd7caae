# SPDX-License-Identifier: EUPL-1.2
"""Rows of the organisation itself: rosters, the proposal, intake keys, request counters, decoys.

- A proposal becomes a roster in the transaction that brings the last signature it needed, and not otherwise.
- Runs inside the writer's operations, or on the reading connection.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlcipher3 import dbapi2

from meldkluis.crypto.encoding import sha256
from meldkluis.crypto.roster import Roster, RosterVersion, missing_signatures, parse_roster
from meldkluis.mailbox import cases
from meldkluis.mailbox.errors import Refused
from meldkluis.mailbox.rows import many, one


@dataclass(frozen=True)
class Organisation:
    """The organisation of a database. `address_key` is the key of the hashes of addresses."""

    organisation: str
    name: str
    address_key: bytes = field(repr=False)


@dataclass(frozen=True)
class Days:
    """First day on which the form was open, last day of a complete daily run, last day that officers got mail.

    `failed` cases could not be read or written by that run.
    """

    opened: date | None
    ran: date | None
    noticed: date | None
    failed: int = 0


def create(
    db: dbapi2.Connection, organisation: Organisation, decoys: Iterable[tuple[bytes, bytes, Sequence[bytes]]]
) -> None:
    """Make the one row of the organisation, and mailboxes that nobody has: hash of an address, case and log of each."""
    db.execute("BEGIN IMMEDIATE")
    db.execute(
        "INSERT INTO organisation (one, organisation, name, address_key, announced, staged) VALUES (1, ?, ?, ?, 0, 0)",
        (organisation.organisation, organisation.name, organisation.address_key),
    )
    for n, (address, case, log) in enumerate(decoys):
        db.execute('INSERT INTO mailbox (address, "case") VALUES (?, ?)', (address, case))
        db.execute("INSERT INTO decoy (n, address) VALUES (?, ?)", (n, address))
        cases.begin(db, case, log, sha256(log[-1]), (), None)
    db.execute("COMMIT")


def organisation(db: dbapi2.Connection) -> Organisation | None:
    """Return the organisation; None before `create`."""
    row = one(db, "SELECT organisation, name, address_key FROM organisation")
    return None if row is None else Organisation(*row)


def announced(db: dbapi2.Connection) -> int:
    """Return a number that rises whenever rosters or intake keys change."""
    row = one(db, "SELECT announced FROM organisation")
    assert row is not None
    return int(row[0])


def _rise(db: dbapi2.Connection) -> None:
    db.execute("UPDATE organisation SET announced = announced + 1")


def _version(db: dbapi2.Connection, roster: bytes, payload: bytes) -> RosterVersion:
    rows = many(db, "SELECT key, signature FROM roster_signature WHERE roster = ? ORDER BY key", roster)
    return RosterVersion(payload, tuple((key, signature) for key, signature in rows))


def rosters(db: dbapi2.Connection) -> list[RosterVersion]:
    """Return the versions of the roster that count, first to last."""
    rows = many(db, "SELECT hash, payload FROM roster WHERE counts = 1 ORDER BY version")
    return [_version(db, roster, payload) for roster, payload in rows]


def proposal(db: dbapi2.Connection) -> RosterVersion | None:
    """Return the version that is proposed and lacks signatures."""
    row = one(db, "SELECT hash, payload FROM roster WHERE counts = 0")
    return None if row is None else _version(db, *row)


def propose(db: dbapi2.Connection, roster: Roster) -> None:
    """Put a proposal in the place of the one before; Refused `roster` when another roster counts by now."""
    current = one(db, "SELECT hash FROM roster WHERE counts = 1 ORDER BY version DESC LIMIT 1")
    if (current[0] if current else None) != roster.previous:
        raise Refused("roster")
    db.execute("DELETE FROM roster_signature WHERE roster IN (SELECT hash FROM roster WHERE counts = 0)")
    db.execute("DELETE FROM roster WHERE counts = 0")
    db.execute(
        "INSERT INTO roster (hash, version, counts, payload) VALUES (?, ?, 0, ?)",
        (roster.hash, roster.version, roster.payload),
    )
    _rise(db)


def sign(db: dbapi2.Connection, roster: bytes, key: bytes, signature: bytes) -> None:
    """Add a signature to the proposal, and let it count when none is missing any more. The caller verified it."""
    if one(db, "SELECT 1 FROM roster WHERE hash = ? AND counts = 0", roster) is None:
        raise Refused("roster")
    db.execute(
        "INSERT INTO roster_signature (roster, key, signature) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (roster, key, signature),
    )
    proposed, standing = proposal(db), rosters(db)
    assert proposed is not None
    before = parse_roster(standing[-1].payload) if standing else None
    if missing_signatures(proposed, before) == 0:
        db.execute("UPDATE roster SET counts = 1 WHERE hash = ?", (roster,))
    _rise(db)


def announce(db: dbapi2.Connection, key_hash: bytes, thing: bytes) -> None:
    """Keep a signed intake key; the same one again changes nothing."""
    made = db.execute("INSERT INTO intake_key (hash, thing) VALUES (?, ?) ON CONFLICT DO NOTHING", (key_hash, thing))
    if made.rowcount == 1:
        _rise(db)


def intake_keys(db: dbapi2.Connection) -> list[bytes]:
    """Return all intake keys that were ever announced, as signed things."""
    return [thing for (thing,) in many(db, "SELECT thing FROM intake_key")]


def count_request(db: dbapi2.Connection, key: bytes, counter: int) -> None:
    """Take the counter of a request; Refused `replay` (with `counter`, the highest so far) unless it is higher."""
    row = one(db, "SELECT counter FROM request_counter WHERE key = ?", key)
    if row is not None and counter <= row[0]:
        raise Refused("replay", counter=row[0])
    db.execute(
        "INSERT INTO request_counter (key, counter) VALUES (?, ?) ON CONFLICT DO UPDATE SET counter = excluded.counter",
        (key, counter),
    )


def days(db: dbapi2.Connection) -> Days:
    """Return the days that the organisation's row remembers."""
    row = one(db, "SELECT opened, ran, noticed, failed FROM organisation")
    assert row is not None
    opened, ran_on, noticed = (None if day is None else date.fromisoformat(day) for day in row[:3])
    return Days(opened, ran_on, noticed, row[3])


def open_form(db: dbapi2.Connection, day: date) -> None:
    """Remember the first day on which the form was open."""
    db.execute("UPDATE organisation SET opened = coalesce(opened, ?)", (day.isoformat(),))


def ran(db: dbapi2.Connection, day: date, failed: int) -> None:
    """Remember a daily run that came to its end, and how many cases it could not read or write."""
    db.execute("UPDATE organisation SET ran = ?, failed = ?", (day.isoformat(), failed))


def to_fold(db: dbapi2.Connection) -> int:
    """Return 1 when something erased may stand in the write-ahead log, 2 when in gaps between rows too, else 0."""
    row = one(db, "SELECT fold FROM organisation")
    assert row is not None
    return int(row[0])


def claim_notice(db: dbapi2.Connection, day: date) -> bool:
    """Take it on to send the officers' mail of a day; False when somebody did, for this day or a later one."""
    sql = "UPDATE organisation SET noticed = ?1 WHERE noticed IS NULL OR noticed < ?1"
    return db.execute(sql, (day.isoformat(),)).rowcount == 1


def decoys(db: dbapi2.Connection) -> list[bytes]:
    """Return the hashed addresses of the decoys."""
    return [address for (address,) in many(db, "SELECT address FROM decoy ORDER BY n")]
