# SPDX-License-Identifier: EUPL-1.2
"""What reporters send and fetch (docs/protocol.md sections 6, 8 and 9); see `desk`."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final

from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.entry import MESSAGE_ACTS, REPLY_ACTS, Dues, Entry, parse_entry, read_stored
from meldkluis.crypto.limits import MIB
from meldkluis.crypto.proof import make_proof
from meldkluis.crypto.roster import IntakeKey, Roster, RosterVersion
from meldkluis.crypto.signed import Thing
from meldkluis.mailbox import checks, terms
from meldkluis.mailbox.errors import Refused
from meldkluis.mailbox.facts import facts_of
from meldkluis.mailbox.premises import Premises, check_head, earlier_entry, growth_of
from meldkluis.mailbox.rows import Growth, NewCase, Standing

STAGING: Final = 8 * 1024 * MIB
"""Bytes that may lie in staging, all addresses together: thirty of the largest reports."""

RESERVE: Final = 256 * MIB
"""Bytes of disk that uploads leave free, so that reports without attachments still come in."""


@dataclass(frozen=True)
class PublicKeys:
    """Whom one can write to: rosters first to last, the one that counts, the intake keys offered today."""

    rosters: list[RosterVersion]
    roster: Roster | None
    intake_keys: list[IntakeKey]


@dataclass(frozen=True)
class Accepted:
    """A report or message was received: the server's entry, the proof (reports only), and whether it was new."""

    received: Thing
    proof: Thing | None
    new: bool


@dataclass(frozen=True)
class Mailbox:
    """What stands at an address. Where nothing does, `found` is false and `log` is a decoy's: it is never sent."""

    found: bool
    log: list[bytes] = field(repr=False)
    answers: dict[int, bytes] = field(repr=False)
    intake_keys: list[IntakeKey] = field(repr=False)
    rosters: list[RosterVersion] = field(repr=False)


class ReporterDesk(Premises):
    """The reporters' side of the desk."""

    _opened = False

    @property
    def is_open(self) -> bool:
        """Whether reports are taken; once open it never closes (intake/golive.py)."""
        if not self._opened:
            self._opened = self.store.days().opened is not None
        return self._opened

    def _check_open(self) -> None:
        if not self.is_open:
            raise Refused("not-open")

    def public_keys(self, today: date) -> PublicKeys:
        """Return whom reporters can write to today."""
        now = self.now()
        return PublicKeys(list(now.versions), now.roster, now.offered(today))

    async def stage(self, address: bytes, attachment: bytes, part: int, ciphertext: bytes, today: date) -> None:
        """Keep one part of an upload. Refused: not-open, malformed, too-large, part, quota, full."""
        self._check_open()
        checks.check_address(address)
        checks.check_part(attachment, part, ciphertext, self.limits)
        if shutil.disk_usage(self.store.directory).free < RESERVE:
            raise Refused("full")
        await self.store.stage(address, attachment, part, ciphertext, checks.quota(self.limits, STAGING), today)

    async def discard(self, address: bytes, attachment: bytes) -> None:
        """Give an upload up."""
        await self.store.discard(address, attachment)

    async def sweep(self, today: date) -> None:
        """Erase what lay unclaimed for two days. Once a day is enough; several processes may do it at once."""
        await self.store.sweep(today)

    async def submit(self, address: bytes, entry: bytes | Entry, files: Mapping[str, bytes], today: date) -> Accepted:
        """Receive a report. The same again (by its tag) gets the same answer, whenever and to whichever process.

        Refused: not-open, authorization, signature, malformed, act, nobody, roster, stale-keys, too-large, incomplete,
        other-text, taken, full.
        """
        self._check_open()
        checks.check_address(address)
        sent = checks.read_entry(entry)
        if sent.act != "submitted":
            raise Refused("act")
        try:
            new, received = self._report(sent, files, today)
        except Refused:
            # A report that stands is received again although its keys are stale by now, or its files are gone.
            standing = self._standing(address)
            if standing is None:
                raise
            return self._again(standing, sent)
        standing = await self.store.submit(address, new)
        if standing is not None:
            return self._again(standing, sent)
        return Accepted(received.thing, self._proof(sent, received), new=True)

    def _report(self, sent: Entry, files: Mapping[str, bytes], today: date) -> tuple[NewCase, Entry]:
        now = self.now()
        roster = checks.check_readers(sent, now, today)
        log = CaseLog(self.organisation, sent.case, now.server_keys)
        checks.may_follow(log, sent, "malformed")
        stanzas = frozenset({roster.slots})
        cut = checks.check_files(sent, files, {"content": stanzas, "identity": stanzas})
        claims = checks.claims_of(sent, self.limits)
        received = self._receive(log, today)
        if self.policy.acknowledgement == "automatic":
            log.extend("acknowledged-auto", self.key, day=received.fields["day"])
        assert log.head is not None
        new = NewCase(
            case=sent.case,
            log=tuple(entry.raw for entry in log.entries),
            head=log.head,
            files=cut,
            claims=claims,
            officers=log.officers,
            facts=facts_of(log),
        )
        return new, received

    def _receive(self, log: CaseLog, today: date) -> Entry:
        last = log.entries[-1]
        first = last.act == "submitted"
        # A clock that was set back must not break a log whose days run forwards.
        day = max([today, *(entry.fields["day"] for entry in log.entries if "day" in entry.fields)])
        commitment = last.fields.get("commitment")
        dues = _dues(day) if first else None
        return log.extend("received", self.key, day=day, of=last.hash, commitment=commitment, dues=dues)

    def _standing(self, address: bytes) -> Standing | None:
        case = self.store.find(address)
        return None if case is None else Standing(case, self.store.log(case))

    def _again(self, standing: Standing, sent: Entry) -> Accepted:
        first, received = parse_entry(standing.log[0]), parse_entry(standing.log[1])
        if first.author != sent.author:
            raise Refused("taken")
        if first.fields["tag"] != sent.fields["tag"]:
            raise Refused("other-text")
        return Accepted(received.thing, self._proof(first, received), new=False)

    def _proof(self, first: Entry, received: Entry) -> Thing:
        return make_proof(
            self.key,
            organisation=self.organisation,
            roster=first.fields["roster"],
            case=first.case,
            commitment=first.fields["commitment"],
            received=received.fields["day"],
            dues=received.fields["dues"],
        )

    async def add(self, address: bytes, entry: bytes | Entry, files: Mapping[str, bytes], today: date) -> Accepted:
        """Receive a later message, an objection, or a yes or no to what was asked.

        The same number with the same files gets the same answer. A case has one objection at most; whoever sends a
        second one hears that the first was received. So does who says to a question what they said last.

        Refused: authorization, signature, malformed, act, unknown, taken, number, head, too-large, incomplete, quota,
        full.
        """
        checks.check_address(address)
        sent = checks.read_entry(entry)
        if sent.act not in MESSAGE_ACTS - {"submitted"}:
            raise Refused("act")
        case = self.store.find(address)
        if case is None:
            raise Refused("unknown")

        def plan(log: CaseLog) -> tuple[Growth | None, Accepted]:
            if (sent.author, sent.case) != (log.reporter_key, case):
                raise Refused("taken")
            earlier = _earlier(log, sent)
            if earlier is not None:
                return None, Accepted(log.entries[earlier.index + 1].thing, None, new=False)
            replies = sum(entry.act in REPLY_ACTS for entry in log.entries) if sent.act in REPLY_ACTS else 0
            if max(sent.fields.get("number", 0), replies + 1) > self.limits.messages:
                raise Refused("quota")
            end = log.course.ends_on()
            if end is not None and end <= today:
                # The mailbox said: before that day.
                raise Refused("act")
            check_head(log, sent)
            slots = self.now().slots
            cut = checks.check_files(sent, files, {"message": slots, "identity": slots})
            claims = checks.claims_of(sent, self.limits)
            checks.may_follow(log, sent, "act")
            received = self._receive(log, today)
            growth = growth_of(log, sent.index, files=cut, claims=claims)
            return growth, Accepted(received.thing, None, new=True)

        return await self.grow(case, plan, address)

    def mailbox(self, address: bytes, today: date) -> Mailbox:
        """Return what stands at an address, after the same work whether anything does. Refused: authorization."""
        checks.check_address(address)
        now = self.now()
        with self.store.snapshot():
            case, found = self.store.find_or_decoy(address)
            log, answers = self.store.log(case), self.store.answers(case)
        named = now.named(read_stored(log[0]).fields["keys"])
        keys = {key.hash: key for key in (*now.offered(today), *named)}
        return Mailbox(found, log, answers, list(keys.values()), list(now.versions))


def _earlier(log: CaseLog, sent: Entry) -> Entry | None:
    if sent.act == "objected":
        return next((entry for entry in log.entries if entry.act == "objected"), None)
    if sent.act in REPLY_ACTS:
        of = sent.fields["of"]
        said = [entry for entry in log.entries if entry.act in REPLY_ACTS and entry.fields["of"] == of]
        return said[-1] if said and said[-1].act == sent.act else None
    return earlier_entry(log, sent)


@lru_cache(maxsize=8)
def _dues(day: date) -> Dues:
    counted = terms.dues(day)
    return Dues(counted.acknowledgement.nominal, counted.feedback.nominal)
