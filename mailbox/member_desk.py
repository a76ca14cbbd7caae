# SPDX-License-Identifier: EUPL-1.2
"""What members of the roster do as such: count requests, sign rosters, announce keys; see `desk`.

docs/protocol.md sections 5 and 10.
"""

from datetime import date
from typing import Final

from meldkluis.crypto import signed
from meldkluis.crypto.errors import CryptoError, SignatureError
from meldkluis.crypto.roster import RosterVersion, parse_intake_key, parse_roster
from meldkluis.mailbox.announced import is_current
from meldkluis.mailbox.errors import Refused
from meldkluis.mailbox.premises import Premises
from meldkluis.mailbox.wire import StatusAnswer

INTAKE_KEYS: Final = 16
"""Intake keys of one member that are accepted at the same time, at most; a monthly key makes four."""


class MemberDesk(Premises):
    """The members' side of the desk."""

    async def check_request(self, officer: bytes, counter: int) -> None:
        """Take the counter of a verified request; Refused: signature (not a member), replay (with `counter`)."""
        if not self.is_member(officer):
            raise Refused("signature")
        await self.store.count_request(officer, counter)

    def is_member(self, key: bytes) -> bool:
        """Whether this is a member's key, of the roster that counts or of the proposal."""
        now = self.now()
        if key in now.members:
            return True
        return now.proposal is not None and parse_roster(now.proposal.payload).member(key) is not None

    def status(self, key: bytes, today: date) -> StatusAnswer:
        """Return what a member checks before anything else. Refused: unknown."""
        if not self.is_member(key):
            raise Refused("unknown")
        now = self.now()
        keys = tuple(item.thing.raw for item in now.accepted(today))
        return StatusAnswer(today, self.organisation, now.versions, now.proposal, keys, self.policy)

    @property
    def proposal(self) -> RosterVersion | None:
        """The roster that waits for signatures."""
        return self.now().proposal

    async def propose(self, payload: bytes) -> None:
        """Put a roster up for signing, in the place of another proposal. Refused: malformed, roster."""
        try:
            roster = parse_roster(payload)
        except CryptoError:
            raise Refused("malformed") from None
        current = self.now().roster
        version, previous = (1, None) if current is None else (current.version + 1, current.hash)
        if (roster.version, roster.previous) != (version, previous):
            raise Refused("roster")
        if (roster.organisation, roster.server) != (self.organisation, self.server_key):
            raise Refused("roster")
        await self.store.propose(roster)

    async def sign_roster(self, roster_hash: bytes, key: bytes, signature: bytes) -> None:
        """Take a member's signature under the proposal; it counts when it has enough. Refused: roster, signature."""
        now = self.now()
        if now.proposal is None or parse_roster(now.proposal.payload).hash != roster_hash:
            current = now.roster
            if current is not None and current.hash == roster_hash and self.is_member(key):
                return  # It counts already; one signature more changes nothing.
            raise Refused("roster")
        voters = now.members or {member.key for member in parse_roster(now.proposal.payload).members}
        if key not in voters:
            raise Refused("signature")
        try:
            signed.join("roster", now.proposal.payload, key, signature)
        except SignatureError:
            raise Refused("signature") from None
        await self.store.sign_roster(roster_hash, key, signature)

    async def announce(self, thing: bytes, officer: bytes, today: date) -> None:
        """Take a member's own intake key. Refused: signature, malformed, roster, day (with `day`), quota."""
        try:
            key = parse_intake_key(thing, self.organisation)
        except SignatureError:
            raise Refused("signature") from None
        except CryptoError:
            raise Refused("malformed") from None
        now = self.now()
        if key.officer != officer:
            raise Refused("signature")
        if officer not in now.members:
            raise Refused("roster")
        if key.hash in now.keys:
            return
        accepted = now.accepted(today)
        if not is_current(key, today):
            raise Refused("day", day=today.isoformat())
        if sum(item.officer == officer for item in accepted) >= INTAKE_KEYS:
            raise Refused("quota")
        await self.store.announce(key.hash, thing)
