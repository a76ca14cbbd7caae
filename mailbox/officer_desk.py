# SPDX-License-Identifier: EUPL-1.2
"""What officers fetch of their cases and append to them (docs/protocol.md sections 7, 8 and 10); see `desk`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.entry import ANSWER_ACTS, OFFICER_ACTS, Entry
from meldkluis.crypto.signed import Thing, sign
from meldkluis.mailbox import checks
from meldkluis.mailbox.errors import Refused
from meldkluis.mailbox.premises import Premises, check_head, earlier_entry, growth_of
from meldkluis.mailbox.rows import Growth
from meldkluis.mailbox.wire import AppendAnswer, AttachmentLine, FileLine, Inbox, InboxLine

MOST_ENTRIES: Final = 1000
"""Entries of one officer in a case: nobody can fill a log so that nothing else fits, or make it slow for all."""


@dataclass(frozen=True)
class CaseView:
    """A case as its officers fetch it: log from the entry asked for, and what there is to fetch."""

    log: list[bytes] = field(repr=False)
    files: list[FileLine]
    attachments: list[AttachmentLine]


class OfficerDesk(Premises):
    """The officers' side of the desk."""

    def inbox(self, officer: bytes, nonce: int, today: date) -> Thing:
        """Return the signed list of the cases that are served to this officer, for this request."""
        served = officer in self.now().members
        with self.store.snapshot():
            lines = self.store.cases_of(officer) if served else []
            told = self.store.reminders_of(officer) if served else {}
        cases = tuple(
            InboxLine(case, entries, head, tuple((due.kind, due.day) for due in told.get(case, ())))
            for case, entries, head in lines
        )
        return sign("inbox", Inbox(officer, nonce, today, cases).dump(), self.key)

    def case(self, officer: bytes, case: bytes, after: int) -> CaseView:
        """Return a case from entry `after` on. Refused: unknown."""
        with self.store.snapshot():
            self._check_served(officer, case)
            return CaseView(self.store.log(case, after), self.store.files(case), self.store.attachments(case))

    def file(self, officer: bytes, case: bytes, entry: int, slot: str, *, first: bool = False) -> Iterator[bytes]:
        """Return an age file; with `first` under the header that it came with, while that is kept. Refused: unknown."""
        self._check_served(officer, case)
        found = self.store.file(case, entry, slot, first=first)
        if found is None:
            raise Refused("unknown")
        return iter(found)

    def attachment(self, officer: bytes, case: bytes, attachment: bytes) -> Iterator[bytes]:
        """Return an attachment's age file in rows of 256 KiB. Refused: unknown."""
        self._check_served(officer, case)
        found = self.store.attachment(case, attachment)
        if found is None:
            raise Refused("unknown")
        return found

    def certificates(self, officer: bytes) -> list[bytes]:
        """Return the certificates of destroyed cases that this officer was in."""
        return self.store.certificates(officer) if officer in self.now().members else []

    def _check_served(self, officer: bytes, case: bytes) -> None:
        # A former member may be in a case still; only members are served.
        if officer not in self.now().members or not self.store.served(officer, case):
            raise Refused("unknown")

    async def append(
        self,
        officer: bytes,
        case: bytes,
        entry: bytes,
        files: Mapping[str, bytes],
        headers: Mapping[tuple[int, str], bytes],
        today: date,
    ) -> AppendAnswer:
        """Append an officer's entry. The same entry again, or the same answer by its number, gets the same answer.

        Refused: unknown, signature, malformed, act, number, head, day (with `day`), stale-keys, full.
        """
        sent = checks.read_entry(entry)
        if sent.author != officer:
            raise Refused("signature")
        if sent.act not in OFFICER_ACTS or sent.case != case:
            raise Refused("malformed" if sent.case != case else "act")
        if officer in self.now().members and self.store.log(case, sent.index)[:1] == [sent.raw]:
            # Also for one who recused with it, and did not hear the answer.
            return AppendAnswer(sent.index + 1, sent.hash)
        self._check_served(officer, case)

        def plan(log: CaseLog) -> tuple[Growth | None, AppendAnswer]:
            earlier = earlier_entry(log, sent) if sent.act in ANSWER_ACTS else None
            if earlier is not None:
                return None, AppendAnswer(earlier.index + 1, earlier.hash)
            check_head(log, sent)
            if sum(item.author == officer for item in log.entries) >= MOST_ENTRIES:
                raise Refused("quota")
            if sent.fields["day"] != today:
                raise Refused("day", day=today.isoformat())
            growth = self._growth(log, sent, files, headers, today)
            return growth, AppendAnswer(sent.index + 1, sent.hash)

        return await self.grow(case, plan)

    def _growth(
        self,
        log: CaseLog,
        sent: Entry,
        files: Mapping[str, bytes],
        headers: Mapping[tuple[int, str], bytes],
        today: date,
    ) -> Growth:
        slots = {**dict.fromkeys(("answer", "copy", "note"), checks.ONE), "grant": checks.GRANT}
        cut = checks.check_files(sent, files, slots)
        checks.check_new_headers(log, sent, headers)
        if sent.act == "officer-added":
            self._check_added(sent, today)
        end = log.course.ends_on()
        if sent.act != "destroyed" and end is not None and end <= today:
            # The day has come; what would put it off comes too late, as it does for the reporter.
            raise Refused("act")
        checks.may_follow(log, sent, "act")
        return growth_of(
            log,
            sent.index,
            acted=True,
            last_words=sent.act == "destroyed",
            files=cut,
            headers=headers,
        )

    def _check_added(self, sent: Entry, today: date) -> None:
        now = self.now()
        if sent.fields["officer"] not in now.members:
            raise Refused("roster")
        keys = now.named([sent.fields["key"]])
        if not keys or keys[0].officer != sent.fields["officer"] or not keys[0].accepted(today):
            raise Refused("stale-keys")
