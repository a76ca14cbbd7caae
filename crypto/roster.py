# SPDX-License-Identifier: EUPL-1.2
"""Who may read reports: the chain of rosters, and the intake keys of its members (docs/protocol.md section 5).

- A roster counts only with the signatures that the version before demands, so an administrator can only propose.
- The hash of version 1 is the one fingerprint that people compare.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import Any, Final

from meldkluis.crypto import age, signed
from meldkluis.crypto.encoding import (
    b64,
    binary,
    boolean,
    day as check_day,
    dump_json,
    integer,
    labelled_hash,
    line,
    list_of,
    load_json,
    one_of,
    optional,
    organisation_name,
    read_fields,
    text,
    unb64,
)
from meldkluis.crypto.errors import FormatError, RosterError, SignatureError
from meldkluis.crypto.limits import INTAKE_ACCEPTED_DAYS, INTAKE_OFFERED_DAYS, MEMBERS, SLOTS

_NAME: Final = line(200)
_MEMBER: Final = {
    "key": binary(32),
    "name": _NAME,
    "function": _NAME,
    "role": one_of("officer", "deputy"),
    "manager": boolean,
    "hr": boolean,
}
_ROSTER: Final = {
    "version": integer(1, 1_000_000),
    "organisation": organisation_name,
    "name": _NAME,
    "previous": optional(binary(32)),
    "server": binary(32),
    "members": list_of(lambda value: Member(**read_fields(value, _MEMBER)), MEMBERS),
}
_SIGNATURE: Final = {"key": binary(32), "signature": binary(64)}
_QUORUM: Final = 2


@dataclass(frozen=True)
class Member:
    """One reader of reports, as the others signed for."""

    key: bytes
    name: str
    function: str
    role: str
    manager: bool
    hr: bool


@dataclass(frozen=True)
class Roster:
    """One version of the roster. Whether it counts is for verify_chain to say."""

    version: int
    organisation: str
    name: str
    previous: bytes | None
    server: bytes
    members: tuple[Member, ...]
    payload: bytes = field(repr=False)

    @cached_property
    def hash(self) -> bytes:
        """The roster hash: 32 bytes over the payload, signatures apart."""
        return labelled_hash("roster", self.payload)

    @property
    def officers(self) -> tuple[Member, ...]:
        """The members who get reports directly."""
        return tuple(member for member in self.members if member.role == "officer")

    @property
    def deputy(self) -> Member | None:
        """The member who gets a case only when its officers let a term lapse."""
        return next((member for member in self.members if member.role == "deputy"), None)

    @property
    def slots(self) -> int:
        """How many stanzas every message of a reporter has."""
        return next(slots for slots in SLOTS if len(self.members) <= slots)

    def member(self, key: bytes) -> Member | None:
        """Return the member with this key."""
        return next((member for member in self.members if member.key == key), None)


def fingerprint(digest: bytes) -> str:
    """Return 32 bytes as eight groups of eight hexadecimal digits, for people to compare."""
    digits = digest.hex()
    return " ".join(digits[start : start + 8] for start in range(0, len(digits), 8))


def parse_roster(payload: bytes) -> Roster:
    """Read a roster's payload; FormatError or RosterError when it cannot be one."""
    roster = Roster(**read_fields(load_json(payload), _ROSTER), payload=payload)
    keys = [member.key for member in roster.members]
    if not roster.officers or len(set(keys)) != len(keys) or roster.server in keys:
        raise RosterError("a roster needs an officer, and every key belongs to one")
    if len(roster.members) - len(roster.officers) > 1:
        raise RosterError("a roster has one deputy at most")
    if (roster.version == 1) != (roster.previous is None):
        raise RosterError("only version 1 has none before it")
    return roster


def make_roster(
    *, version: int, organisation: str, name: str, previous: bytes | None, server: bytes, members: Iterable[Member]
) -> Roster:
    """Return a roster that nobody has signed yet; RosterError when it cannot hold."""
    document: dict[str, Any] = {
        "version": version,
        "organisation": organisation,
        "name": name,
        "previous": None if previous is None else b64(previous),
        "server": b64(server),
        "members": [
            {
                "key": b64(member.key),
                "name": member.name,
                "function": member.function,
                "role": member.role,
                "manager": member.manager,
                "hr": member.hr,
            }
            for member in members
        ],
    }
    return parse_roster(dump_json(document))


@dataclass(frozen=True)
class RosterVersion:
    """A roster's payload with the signatures over it, as it travels."""

    payload: bytes = field(repr=False)
    signatures: tuple[tuple[bytes, bytes], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the travelling form."""
        pairs = [{"key": b64(key), "signature": b64(signature)} for key, signature in self.signatures]
        return {"payload": b64(self.payload), "signatures": pairs}

    @classmethod
    def from_json(cls, value: object) -> "RosterVersion":
        """Read the travelling form; FormatError when it is malformed."""
        checks = {"payload": text(200_000), "signatures": list_of(lambda item: read_fields(item, _SIGNATURE), MEMBERS)}
        fields = read_fields(value, checks)
        pairs = tuple((item["key"], item["signature"]) for item in fields["signatures"])
        return cls(unb64(fields["payload"]), pairs)

    def signed_by(self, key: signed.SigningKey) -> "RosterVersion":
        """Return this version with one signature more."""
        signature = signed.sign("roster", self.payload, key).signature
        return RosterVersion(self.payload, (*self.signatures, (key.verify_key, signature)))

    def signers(self) -> frozenset[bytes]:
        """Return the keys whose signatures hold; RosterError when one does not, or a key signs twice."""
        try:
            for key, signature in self.signatures:
                signed.join("roster", self.payload, key, signature)
        except SignatureError:
            raise RosterError("a signature under the roster does not hold") from None
        signers = frozenset(key for key, _ in self.signatures)
        if len(signers) != len(self.signatures):
            raise RosterError("a key signed twice")
        return signers


def missing_signatures(version: RosterVersion, before: Roster | None) -> int:
    """Return how many signatures the version still lacks, 0 when it counts; RosterError when it never can."""
    roster, signers = parse_roster(version.payload), version.signers()
    if before is None:
        if roster.version != 1:
            raise RosterError("the chain does not begin with version 1")
        return len({member.key for member in roster.members} - signers)
    if (roster.version, roster.previous) != (before.version + 1, before.hash):
        raise RosterError("the roster does not build on the version before")
    if roster.organisation != before.organisation:
        raise RosterError("the roster is of another organisation")
    able = {member.key for member in before.members}
    return max(0, min(_QUORUM, len(able)) - len(able & signers))


def verify_chain(versions: Sequence[RosterVersion], anchor: bytes | None = None) -> list[Roster]:
    """Return all rosters, first to last, each signed as the one before demands.

    `anchor` is the roster hash of version 1 that the reader trusts. RosterError when anything does not hold.
    """
    rosters: list[Roster] = []
    try:
        for version in versions:
            before = rosters[-1] if rosters else None
            if missing_signatures(version, before):
                raise RosterError("the roster lacks signatures")
            rosters.append(parse_roster(version.payload))
    except FormatError:
        raise RosterError("a roster is malformed") from None
    if anchor is not None and (not rosters or rosters[0].hash != anchor):
        raise RosterError("the chain begins with another version 1")
    return rosters


def have_left(officers: Iterable[bytes], since: bytes, named: bytes, rosters: Sequence[Roster]) -> bool:
    """Whether each of these keys stood in a version before the one with the hash `named`, and does not stand in it.

    `since` is the hash of the version that the case began with; the named one is not older. `rosters` as verify_chain
    gives them.
    """
    hashes = [roster.hash for roster in rosters]
    if since not in hashes or named not in hashes[hashes.index(since) :]:
        return False
    place = hashes.index(named)
    before = {member.key for roster in rosters[:place] for member in roster.members}
    return all(key in before and rosters[place].member(key) is None for key in officers)


@dataclass(frozen=True)
class IntakeKey:
    """A member's age recipient for a season, signed by the member."""

    thing: signed.Thing
    organisation: str
    recipient: str
    start: date

    @property
    def officer(self) -> bytes:
        """The member's verification key."""
        return self.thing.key

    @property
    def hash(self) -> bytes:
        """How messages name this key: the hash of the thing."""
        return self.thing.hash

    def offered(self, today: date) -> bool:
        """Whether reporters are given this key today."""
        return self.start <= today < self.start + timedelta(days=INTAKE_OFFERED_DAYS)

    def accepted(self, today: date) -> bool:
        """Whether a message to this key is still taken today."""
        return self.start <= today < self.start + timedelta(days=INTAKE_ACCEPTED_DAYS)


@lru_cache(maxsize=512)
def _is_recipient(recipient: str) -> bool:
    # Public keys only; a log names the same two again at every reading, and bech32 in Python takes half a millisecond.
    try:
        age.check_recipient(recipient)
    except FormatError:
        return False
    return True


def check_recipient(value: object) -> str:
    """Check for an age recipient of the post-quantum kind."""
    recipient: str = text(2000)(value)
    if not _is_recipient(recipient):
        raise FormatError("not a post-quantum recipient")
    return recipient


def make_intake_key(organisation: str, recipient: str, start: date, key: signed.SigningKey) -> signed.Thing:
    """Sign an age recipient as the member's intake key from this day on."""
    document = {"organisation": organisation, "recipient": recipient, "from": start.isoformat()}
    return signed.sign("intake-key", dump_json(document), key)


def parse_intake_key(raw: bytes, organisation: str) -> IntakeKey:
    """Read and verify an intake key of this organisation."""
    thing = signed.open_thing(raw, "intake-key")
    checks = {"organisation": organisation_name, "recipient": check_recipient, "from": check_day}
    fields = read_fields(load_json(thing.payload), checks)
    if fields["organisation"] != organisation:
        raise RosterError("an intake key of another organisation")
    return IntakeKey(thing, organisation, fields["recipient"], fields["from"])


def newest_offered(keys: Iterable[IntakeKey], today: date) -> Mapping[bytes, IntakeKey]:
    """Return each member's newest intake key among those offered today."""
    newest: dict[bytes, IntakeKey] = {}
    for key in sorted(keys, key=lambda item: (item.start, item.hash)):
        if key.offered(today):
            newest[key.officer] = key
    return newest
