# SPDX-License-Identifier: EUPL-1.2
"""A case as its reporter sees it at the door: the log in words, answers opened, what does not hold said aloud.

- Everything shown was verified first: rosters, every signature and order of the log, who wrote an answer and what on.
- The reporter's own messages are never opened here; the code cannot do that.
- `read_case` does the same work for a log that is not the reader's own (the desk's decoy), so that time tells nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from meldkluis.crypto.casework import open_answer
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.entry import ANSWER_ACTS, Dues, Entry, parse_entry
from meldkluis.crypto.errors import CryptoError
from meldkluis.crypto.receipt import Receipt
from meldkluis.crypto.roster import Member, Roster, RosterVersion
from meldkluis.intake.i18n import Language, one_line, visible
from meldkluis.mailbox.desk import Mailbox


@dataclass(frozen=True)
class Case:
    """A verified log with its answers. `broken` names the alarm when the log or the rosters do not hold.

    `answers` maps an entry's index to the officer's text, or to None when it does not hold; an answer that the server
    keeps back is in `missing`.
    """

    found: bool
    log: CaseLog | None
    rosters: Sequence[Roster] = ()
    broken: str | None = None
    answers: Mapping[int, str | None] = field(default_factory=dict, repr=False)
    missing: frozenset[int] = frozenset()

    @property
    def next_number(self) -> int:
        """Number of the reporter's next message."""
        return self.log.next_number(self.log.reporter_key) if self.log is not None and self.log.entries else 1

    @property
    def members(self) -> dict[bytes, Member]:
        """Everybody who ever stood in the roster, as last described."""
        return {member.key: member for roster in self.rosters for member in roster.members}


def read_case(
    box: Mailbox, receipt: Receipt, organisation: str, verified: Callable[[Sequence[RosterVersion]], list[Roster]]
) -> Case:
    """Verify what the desk gave for this code and open the answers; errors become alarms of the result.

    `verified` is `verify_chain`, or the same with a memory.
    """
    try:
        rosters = verified(box.rosters)
    except CryptoError:
        return Case(box.found, None, broken="alarm-roster")
    try:
        case = receipt.case if box.found else parse_entry(box.log[0]).case
        log = CaseLog(organisation, case, [roster.server for roster in rosters])
        for raw in box.log:
            log.append(raw)
    except (CryptoError, IndexError):
        return Case(box.found, None, rosters, broken="alarm-log")
    if not log.entries or (box.found and log.reporter_key != receipt.signing_key.verify_key):
        return Case(box.found, None, rosters, broken="alarm-log")
    answers: dict[int, str | None] = {}
    missing: set[int] = set()
    for entry in log.entries:
        if entry.act not in ANSWER_ACTS:
            continue
        file = box.answers.get(entry.index)
        if file is None:
            missing.add(entry.index)
        else:
            answers[entry.index] = _answer(file, entry, log, receipt)
    return Case(box.found, log, rosters, None, answers, frozenset(missing))


def _answer(file: bytes, entry: Entry, log: CaseLog, receipt: Receipt) -> str | None:
    try:
        return open_answer(file, "answer", entry, log, [receipt.identity]).text
    except CryptoError:
        return None


@dataclass(frozen=True)
class Line:
    """One line of the timeline; `body` is an officer's text."""

    when: str
    what: str
    more: tuple[str, ...] = ()
    body: str | None = field(default=None, repr=False)


_SIMPLE: Final = frozenset(
    {"not-involved", "recused", "case-key", "acknowledged", "answered", "feedback", "identity-opened"}
)
_OWN: Final = frozenset({"submitted", "message"})


class Telling:
    """Puts a case into words of one language."""

    def __init__(self, language: Language, case: Case, today: date) -> None:
        """Tell `case`, whose log holds."""
        assert case.log is not None
        self._language, self._case, self._log, self._today = language, case, case.log, today
        self._members = case.members

    def lines(self) -> list[Line]:
        """Return the timeline; an own message and its reception are one line."""
        entries, lines = self._log.entries, []
        for entry in entries:
            if entry.act in _OWN:
                after = entries[entry.index + 1] if entry.index + 1 < len(entries) else None
                lines.append(self._own(entry, after))
            elif entry.act != "received":
                lines.append(self._line(entry))
        return lines

    def _own(self, entry: Entry, received: Entry | None) -> Line:
        text, size = self._language.text, self._language.size
        files = sum(item.size for item in entry.files.values())
        what = text("act-submitted")
        if entry.act == "message":
            what = text("act-message", number=entry.fields["number"], size=size(files))
        more = []
        if entry.attachments:
            total = sum(item.size for item in entry.attachments)
            more.append(text("act-attachments", n=len(entry.attachments), size=size(total)))
        when = ""
        if received is not None and received.act == "received":
            when = self._language.day(received.fields["day"])
            more.append(text("act-received"))
            dues = received.fields["dues"]
            if dues is not None:
                day = self._language.day
                more.append(text("act-dues", acknowledgement=day(dues.acknowledgement), feedback=day(dues.feedback)))
        return Line(when, what, tuple(more))

    def _line(self, entry: Entry) -> Line:
        text, day = self._language.text, entry.fields.get("day")
        when = self._language.day(day) if isinstance(day, date) else ""
        if entry.act == "officer-added":
            added = self._name(entry.fields["officer"])
            return Line(when, text("act-officer-added", officer=self._name(entry.author), added=added))
        if entry.act == "handed-over":
            return Line(when, text("act-handed-over", officer=self._name(entry.fields["deputy"])))
        if entry.act in _SIMPLE:
            what = text(f"act-{entry.act}", officer=self._name(entry.author))
            body = self._case.answers.get(entry.index)
            return Line(when, what, body=None if body is None else visible(body))
        return Line(when, text(f"act-{entry.act}"))

    def _name(self, key: bytes) -> str:
        member = self._members.get(key)
        return f"{one_line(member.name)}, {one_line(member.function)}" if member else ""

    def alarms(self) -> list[str]:
        """Return what does not hold about the answers."""
        bad = {index: "alarm-answer" for index, body in self._case.answers.items() if body is None}
        bad |= dict.fromkeys(self._case.missing, "alarm-answer-missing")
        return [self._language.text(bad[index], day=self._day(index)) for index in sorted(bad)]

    def _day(self, index: int) -> str:
        return self._language.day(self._log.entries[index].fields["day"])

    def lapsed(self) -> list[str]:
        """Return the terms that have passed without the act that they are for."""
        dues = self._dues()
        acts = {entry.act for entry in self._log.entries}
        if dues is None:
            return []
        lapsed = []
        if self._today > dues.acknowledgement and not acts & {"acknowledged", "feedback"}:
            lapsed.append(("acknowledgement", dues.acknowledgement))
        if self._today > dues.feedback and "feedback" not in acts:
            lapsed.append(("feedback", dues.feedback))
        return [self._language.text(f"act-lapsed-{name}", day=self._language.day(due)) for name, due in lapsed]

    def _dues(self) -> Dues | None:
        received = next((entry for entry in self._log.entries if entry.act == "received"), None)
        dues: Dues | None = None if received is None else received.fields["dues"]
        return dues

    def summary(self) -> str:
        """Return the first thing to know."""
        last_own = max(entry.index for entry in self._log.entries if entry.act in _OWN)
        if any(index > last_own for index in self._case.answers):
            return self._language.text("mailbox-news")
        unopened = "" if self._log.case_key is not None else " " + self._language.text("act-unopened")
        return self._language.text("mailbox-empty") + unopened
