# SPDX-License-Identifier: EUPL-1.2
"""The log of a case: append-only, hash-chained, every entry signed by somebody who may make it.

- Server, workstation and the reporter's client replay the same rules, so a server cannot move, drop, double or
  invent an entry without being seen by those who remember a head.
- It decides who counts as an officer of the case. It reads no file and decrypts nothing.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

from meldkluis.crypto.course import Course
from meldkluis.crypto.entry import (
    MESSAGE_ACTS,
    OFFICER_ACTS,
    REPORTER_ACTS,
    Entry,
    make_entry,
    parse_entry,
    read_stored,
)
from meldkluis.crypto.errors import ChainError
from meldkluis.crypto.receipt import case_of
from meldkluis.crypto.rules import RULES, require
from meldkluis.crypto.signed import SigningKey

__all__ = ["CaseLog", "read_log", "replay"]


class CaseLog:
    """The state that a log's entries add up to.

    `server_keys` are the server's keys of all rosters that the reader trusts.
    """

    def __init__(self, organisation: str, case: bytes, server_keys: Iterable[bytes]) -> None:
        self.organisation: Final = organisation
        self.case: Final = case
        self._server_keys: Final = frozenset(server_keys)
        self.entries: list[Entry] = []
        self.reporter_key = b""
        self.officers: frozenset[bytes] = frozenset()
        self.ever_officers: frozenset[bytes] = frozenset()
        self.case_key: Entry | None = None
        self.course: Final = Course()
        self._handed_over: int | None = None
        self._numbers: dict[bytes, int] = {}
        self._last_day = date.min

    @property
    def head(self) -> bytes | None:
        """Hash of the last entry; what the next one builds on."""
        return self.entries[-1].hash if self.entries else None

    @property
    def submitted(self) -> Entry:
        """The reporter's first entry."""
        if not self.entries:
            raise ChainError("the log is empty")
        return self.entries[0]

    @property
    def to(self) -> tuple[bytes, ...]:
        """The officers whom the reporter chose."""
        to: tuple[bytes, ...] = self.submitted.fields["to"]
        return to

    @property
    def not_to(self) -> tuple[bytes, ...]:
        """The members whom the reporter left out."""
        not_to: tuple[bytes, ...] = self.submitted.fields["not_to"]
        return not_to

    @property
    def deputy(self) -> bytes | None:
        """The deputy who gets the case when a term lapses."""
        deputy: bytes | None = self.submitted.fields["deputy"]
        return deputy

    @property
    def received(self) -> date | None:
        """The day that the server received the report."""
        return self.course.received

    def may_take_over(self, officer: bytes) -> bool:
        """Whether this officer may make the case's key: when there is none, or none since the deputy got the case.

        Whoever let a term lapse may have made one that opens for nobody; the deputy begins anew.
        """
        if officer not in self.officers:
            return False
        if self.case_key is None:
            return True
        return officer == self.deputy and self._handed_over is not None and self.case_key.index < self._handed_over

    @property
    def last_day(self) -> date:
        """The day of the newest entry that has one; the next one's is not before it."""
        return self._last_day

    @property
    def deputy_reads(self) -> bool:
        """Whether later messages go to the deputy too: until feedback is given, and when no officer is left."""
        return self.deputy is not None and (self.course.feedback is None or not self.officers)

    @property
    def case_recipient(self) -> str | None:
        """Where messages go once an officer took the case over."""
        return None if self.case_key is None else str(self.case_key.fields["recipient"])

    @property
    def identity_recipient(self) -> str | None:
        """Where contact details go once an officer took the case over; their own key may be destroyed by then."""
        if self.case_key is None:
            return None
        return str(self.case_key.fields["recipient" if self.course.identity_gone else "identity_recipient"])

    def next_number(self, author: bytes) -> int:
        """Return the number of the author's next message or answer, from 1."""
        return self._numbers.get(author, 0) + 1

    def append(self, given: bytes | Entry) -> Entry:
        """Verify one entry and take it in; ChainError, FormatError or SignatureError, and nothing changes.

        An Entry was verified when it was made, and is not verified again.
        """
        entry = given if isinstance(given, Entry) else parse_entry(given)
        self.check(entry)
        self._take(entry)
        return entry

    def extend(self, act: str, signer: SigningKey, /, **fields: object) -> Entry:
        """Make, sign and take in the next entry; ChainError when its author may not make it now."""
        entry = make_entry(act, case=self.case, index=len(self.entries), head=self.head, signer=signer, **fields)
        self.check(entry)
        self._take(entry)
        return entry

    def check(self, entry: Entry) -> None:
        """Raise ChainError unless the entry may follow now."""
        if entry.case != self.case:
            raise ChainError("an entry of another case")
        if (entry.index, entry.head) != (len(self.entries), self.head):
            raise ChainError("the entry does not build on the one before")
        if not self.entries:
            self._check_submitted(entry)
            return
        last = self.entries[-1]
        if (last.act in MESSAGE_ACTS) != (entry.act == "received"):
            raise ChainError("what the reporter sends is received at once, and nothing else is")
        if entry.act in REPORTER_ACTS:
            require(entry.author == self.reporter_key, "an entry of the reporter with another key")
            require(entry.act != "submitted", "a case is submitted once")
        elif entry.act in OFFICER_ACTS:
            require(entry.author in self.officers, "an entry of somebody who is no officer of the case")
        else:
            require(entry.author in self._server_keys, "an entry of the server with another key")
        require(entry.fields.get("day", self._last_day) >= self._last_day, "the days run backwards")
        require(not self.course.destroyed_by or entry.act == "destroyed", "the case was destroyed")
        if "number" in entry.fields:
            require(entry.fields["number"] == self.next_number(entry.author), "a number is left out or doubled")
        rule = RULES.get(entry.act)
        if rule is not None:
            try:
                rule(self, entry)
            except OverflowError:
                raise ChainError("a day at the end of the calendar") from None

    def _check_submitted(self, entry: Entry) -> None:
        require(entry.act == "submitted", "the log does not begin with the report")
        fields = entry.fields
        require(case_of(self.organisation, entry.author) == entry.case, "the case is not the reporter's")
        require(fields["organisation"] == self.organisation, "a report to another organisation")
        to, not_to, deputy = set(fields["to"]), set(fields["not_to"]), fields["deputy"]
        require(bool(to) and not to & not_to, "a report is for somebody, and nobody is both in and out")
        require(deputy is None or (deputy not in to and deputy not in not_to), "the deputy stands twice")
        require(len(fields["keys"]) == len(to) + (deputy is not None), "an intake key for each reader")

    def _take(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._last_day = entry.fields.get("day", self._last_day)
        if entry.act == "submitted":
            self.reporter_key = entry.author
            self.officers = self.ever_officers = frozenset(entry.fields["to"])
            self._numbers[entry.author] = 1
        elif entry.act == "recused":
            self.officers -= {entry.author}
        elif entry.act in {"officer-added", "handed-over"}:
            added = entry.fields["officer" if entry.act == "officer-added" else "deputy"]
            self.officers |= {added}
            self.ever_officers |= {added}
            if entry.act == "handed-over":
                self._handed_over = entry.index
        elif entry.act == "case-key":
            self.case_key = entry
        self.course.take(entry)
        if "number" in entry.fields:
            self._numbers[entry.author] = entry.fields["number"]


def replay(raws: Iterable[bytes], organisation: str, case: bytes, server_keys: Iterable[bytes]) -> CaseLog:
    """Return the state of a whole log; ChainError, FormatError or SignatureError at the first wrong entry."""
    log = CaseLog(organisation, case, server_keys)
    for raw in raws:
        log.append(raw)
    return log


def read_log(raws: Iterable[bytes], organisation: str, case: bytes, server_keys: Iterable[bytes]) -> CaseLog:
    """Return the state of a log whose entries were verified when they were stored; never for what came by wire."""
    log = CaseLog(organisation, case, server_keys)
    for raw in raws:
        log.append(read_stored(raw))
    return log
