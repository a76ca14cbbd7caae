# SPDX-License-Identifier: EUPL-1.2
"""Rosters and intake keys as they stand: read from the store once, and again whenever they change.

- Only rosters that verify from version 1 on are ever given out; a database that holds another chain is not served.
- Immutable: a request that began with one state ends with it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from meldkluis.crypto.errors import CryptoError
from meldkluis.crypto.limits import INTAKE_OFFERED_DAYS
from meldkluis.crypto.roster import IntakeKey, Roster, RosterVersion, parse_intake_key, verify_chain
from meldkluis.mailbox.errors import StoreError


@dataclass(frozen=True)
class Announced:
    """What members have announced. `number` is the store's count of changes when it was read."""

    number: int
    versions: tuple[RosterVersion, ...] = ()
    rosters: tuple[Roster, ...] = ()
    keys: Mapping[bytes, IntakeKey] = field(default_factory=dict)
    proposal: RosterVersion | None = None

    @property
    def roster(self) -> Roster | None:
        """The roster that counts; None before the first has its signatures."""
        return self.rosters[-1] if self.rosters else None

    @cached_property
    def members(self) -> frozenset[bytes]:
        """Keys of the members of the roster that counts."""
        return frozenset(member.key for member in self.roster.members) if self.roster else frozenset()

    @cached_property
    def server_keys(self) -> frozenset[bytes]:
        """The server's keys of all rosters."""
        return frozenset(roster.server for roster in self.rosters)

    @cached_property
    def slots(self) -> frozenset[int]:
        """Numbers of stanzas that a reporter's file can have, by any roster."""
        return frozenset(roster.slots for roster in self.rosters)

    def version(self, roster_hash: bytes) -> Roster | None:
        """Return the roster with this hash, old or new."""
        return next((roster for roster in self.rosters if roster.hash == roster_hash), None)

    def offered(self, today: date) -> list[IntakeKey]:
        """Return the intake keys of members that reporters are given today."""
        return [key for key in self.keys.values() if key.officer in self.members and key.offered(today)]

    def accepted(self, today: date) -> list[IntakeKey]:
        """Return the intake keys of members that are still accepted, or will be."""
        return [key for key in self.keys.values() if key.officer in self.members and is_current(key, today)]

    def named(self, hashes: Iterable[bytes]) -> list[IntakeKey]:
        """Return the intake keys with these hashes, as far as they are known."""
        return [self.keys[item] for item in hashes if item in self.keys]


def is_current(key: IntakeKey, today: date) -> bool:
    """Whether a key is accepted today, or will be within the time that the next one may be announced ahead."""
    return key.accepted(today) or today < key.start <= today + timedelta(days=INTAKE_OFFERED_DAYS)


def read(
    number: int,
    organisation: str,
    versions: Iterable[RosterVersion],
    proposal: RosterVersion | None,
    things: Iterable[bytes],
    before: Mapping[bytes, IntakeKey],
) -> Announced:
    """Verify what the store holds; StoreError when it does not hold. `before` spares parsing known keys again."""
    kept, known = tuple(versions), {key.thing.raw: key for key in before.values()}
    try:
        rosters = verify_chain(kept)
        keys = [known.get(thing) or parse_intake_key(thing, organisation) for thing in things]
    except CryptoError:
        raise StoreError("the rosters or intake keys in the database do not hold") from None
    return Announced(number, kept, tuple(rosters), {key.hash: key for key in keys}, proposal)
