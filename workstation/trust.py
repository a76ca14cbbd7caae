# SPDX-License-Identifier: EUPL-1.2
"""Whom this workstation believes: the anchor, the rosters that follow from it, proposals, the members' intake keys.

- Nothing counts before there is an anchor: the hash of version 1, either signed here after comparing fingerprints in
  person, or typed from the poster.
- Later versions must build on those already known; an older or another list is an alarm, and the known one stays.
- Signing is refused for any proposal but the one whose hash the officer was shown.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from meldkluis.crypto.encoding import dump_json
from meldkluis.crypto.errors import CryptoError
from meldkluis.crypto.roster import (
    IntakeKey,
    Member,
    Roster,
    RosterVersion,
    missing_signatures,
    parse_roster,
    verify_chain,
)
from meldkluis.workstation.errors import ActError, DistrustError
from meldkluis.workstation.keyring import Keyring


@dataclass(frozen=True)
class Proposal:
    """A roster that waits for signatures. `change` of each member: new, changed, same or gone."""

    version: RosterVersion
    roster: Roster
    members: tuple[tuple[Member, str], ...]
    signed: bool
    mine: bool
    missing: int


class Trust:
    """Rosters and anchor in an open vault."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring: Final = keyring
        self._vault: Final = keyring.vault
        # Asked for with every case, and verified only when it is another: the newest hash stands for the whole chain.
        self._verified: tuple[object, list[Roster]] | None = None

    @property
    def anchor(self) -> bytes | None:
        """The roster hash of version 1 that the officer trusts."""
        anchor: bytes | None = self._vault.fact("anchor")
        return anchor

    def rosters(self) -> list[Roster]:
        """Return every version that counts here, the first first; empty before there is an anchor."""
        newest = self._vault.row("SELECT version, hash FROM roster ORDER BY version DESC LIMIT 1")
        stands = (self.anchor, newest)
        if self._verified is None or self._verified[0] != stands:
            rows = self._vault.rows("SELECT travelling FROM roster ORDER BY version")
            self._verified = stands, verify_chain([_load(row[0]) for row in rows], self.anchor) if rows else []
        return list(self._verified[1])

    def travelling(self) -> list[Any]:
        """Return every version that counts here in its travelling form, signatures and all."""
        return [json.loads(row[0]) for row in self._vault.rows("SELECT travelling FROM roster ORDER BY version")]

    def current(self) -> Roster | None:
        """Return the roster of today."""
        rosters = self.rosters()
        return rosters[-1] if rosters else None

    def members(self) -> frozenset[bytes]:
        """Return the keys of the members of the roster of today."""
        roster = self.current()
        return frozenset() if roster is None else frozenset(member.key for member in roster.members)

    def newcomers(self) -> frozenset[bytes]:
        """Return the keys of members who stood in no earlier version; nobody is new in the first."""
        *earlier, _ = [frozenset(member.key for member in roster.members) for roster in self.rosters()] or [frozenset()]
        return self.members() - frozenset().union(*earlier) if earlier else frozenset()

    def former(self) -> list[Member]:
        """Return who stood on an earlier roster and not on the one of today, as they stood there last."""
        now, found = self.members(), {}
        for roster in self.rosters():
            found.update({member.key: member for member in roster.members if member.key not in now})
        return list(found.values())

    def server_keys(self) -> frozenset[bytes]:
        """Return the server's keys of all versions: entries of older days were signed with older keys."""
        return frozenset(roster.server for roster in self.rosters())

    def person(self, key: bytes) -> Member | None:
        """Return a member of any version, the newest facts first."""
        for roster in reversed(self.rosters()):
            member = roster.member(key)
            if member is not None:
                return member
        return None

    def accept(self, organisation: str, versions: Sequence[RosterVersion]) -> None:
        """Take in what the server says is the chain of rosters; DistrustError, and what was known stays."""
        if organisation != self._keyring.organisation:
            raise DistrustError("organisation")
        try:
            rosters = verify_chain(versions)
        except CryptoError:
            raise DistrustError("roster-broken") from None
        known = self.rosters()
        if rosters and rosters[0].organisation != self._keyring.organisation:
            raise DistrustError("organisation")
        if [roster.hash for roster in rosters[: len(known)]] != [roster.hash for roster in known]:
            raise DistrustError("roster-rollback")
        if not rosters:
            return
        if self.anchor is None:
            # Not believed: kept for the page that asks for the fingerprint.
            self._vault.set_fact("unconfirmed", _dump_all(versions))
            return
        if rosters[0].hash != self.anchor:
            raise DistrustError("roster-anchor")
        with self._vault.transaction():
            self._vault.set_fact("unconfirmed", None)
            for version, roster in list(zip(versions, rosters, strict=True))[len(known) :]:
                self._vault.run(
                    "INSERT INTO roster (version, hash, travelling) VALUES (?, ?, ?)",
                    roster.version, roster.hash, dump_json(version.to_json()),
                )  # fmt: skip

    def unconfirmed(self) -> list[Roster]:
        """Return the finished chain that waits for its fingerprint, if there is one."""
        kept = self._vault.fact("unconfirmed")
        return [] if kept is None or self.anchor is not None else verify_chain(_load_all(kept))

    def confirm(self, anchor: bytes) -> None:
        """Trust the waiting chain because its fingerprint was typed from elsewhere; ActError when it is another."""
        rosters = self.unconfirmed()
        if not rosters:
            raise ActError("no-roster")
        if rosters[0].hash != anchor:
            raise ActError("other-fingerprint")
        with self._vault.transaction():
            versions = _load_all(self._vault.fact("unconfirmed"))
            self._vault.set_fact("anchor", anchor)
            self.accept(rosters[0].organisation, versions)

    def set_proposal(self, version: RosterVersion | None) -> None:
        """Keep the proposal that the server shows."""
        self._vault.set_fact("proposal", None if version is None else dump_json(version.to_json()))

    def proposal(self) -> Proposal | None:
        """Return the proposal, when it could ever count; None otherwise."""
        kept = self._vault.fact("proposal")
        if kept is None or self.unconfirmed():
            return None
        version, before = _load(kept), self.current()
        try:
            roster, missing = parse_roster(version.payload), missing_signatures(version, before)
        except CryptoError:
            return None
        if roster.organisation != self._keyring.organisation:
            return None
        able = roster if before is None else before
        return Proposal(
            version, roster, _changes(before, roster), self._keyring.key in version.signers(),
            able.member(self._keyring.key) is not None, missing,
        )  # fmt: skip

    def sign(self, roster_hash: bytes) -> bytes:
        """Sign the proposal of this hash and return the signature. Signing version 1 makes it the anchor.

        ActError when it is not the proposal that was shown, or not the officer's to sign.
        """
        proposal = self.proposal()
        if proposal is None or proposal.roster.hash != roster_hash:
            raise ActError("other-proposal")
        if not proposal.mine:
            raise ActError("not-a-member")
        signature = proposal.version.signed_by(self._keyring.signing_key).signatures[-1][1]
        if proposal.roster.version == 1:
            # Until a finished version 1 is known, a later proposal may take its place; `accept` fixes it for ever.
            self._vault.set_fact("anchor", roster_hash)
        return signature

    def check_key(self, key: IntakeKey, own: Collection[bytes]) -> None:
        """Raise DistrustError for a key of nobody in any roster, or one in the officer's name that is not his."""
        if self.person(key.officer) is None:
            raise DistrustError("intake-key")
        if key.officer == self._keyring.key and key.hash not in own:
            raise DistrustError("own-key")


def _changes(before: Roster | None, roster: Roster) -> tuple[tuple[Member, str], ...]:
    rows: list[tuple[Member, str]] = []
    for member in roster.members:
        old = None if before is None else before.member(member.key)
        rows.append((member, "new" if old is None else "same" if old == member else "changed"))
    gone = [] if before is None else [member for member in before.members if roster.member(member.key) is None]
    return (*rows, *((member, "gone") for member in gone))


def _load(kept: bytes) -> RosterVersion:
    return RosterVersion.from_json(json.loads(kept))


def _load_all(kept: bytes) -> list[RosterVersion]:
    return [RosterVersion.from_json(item) for item in json.loads(kept)]


def _dump_all(versions: Sequence[RosterVersion]) -> bytes:
    return dump_json([version.to_json() for version in versions])


def parse_fingerprint(text: str) -> bytes:
    """Read a fingerprint as people type it: 64 hexadecimal digits, spaces and line ends free. ActError otherwise."""
    try:
        digest = bytes.fromhex("".join(text.split()))
    except ValueError:
        raise ActError("no-fingerprint") from None
    if len(digest) != 32:
        raise ActError("no-fingerprint")
    return digest
