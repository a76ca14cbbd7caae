# SPDX-License-Identifier: EUPL-1.2
"""A case as its reporter sees it at the door: the log in words, answers opened, what does not hold said aloud.

- Everything shown was verified first: rosters, every signature and order of the log, who wrote an answer and what on.
- The reporter's own messages are never opened here; the code cannot do that.
- `read_case` does the same work for a log that is not the reader's own (the desk's decoy), so that time tells nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from meldkluis.crypto.casework import open_answer
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.entry import ANSWER_ACTS, MESSAGE_ACTS, TERM_ENDS, TERMS, Dues, Entry, parse_entry
from meldkluis.crypto.errors import CryptoError
from meldkluis.crypto.message import AnswerDocument
from meldkluis.crypto.receipt import Receipt
from meldkluis.crypto.roster import Member, Roster, RosterVersion
from meldkluis.intake.i18n import Language, one_line, visible
from meldkluis.intake.questions import Question, question_of
from meldkluis.mailbox.actions import terms_of
from meldkluis.mailbox.desk import Mailbox
from meldkluis.mailbox.facts import facts_of


@dataclass(frozen=True)
class Case:
    """A verified log with its answers. `broken` names the alarm when the log or the rosters do not hold.

    `answers` maps an entry's index to the officer's answer, or to None when it does not hold; an answer that the server
    keeps back is in `missing`.
    """

    found: bool
    log: CaseLog | None
    rosters: Sequence[Roster] = ()
    broken: str | None = None
    answers: Mapping[int, AnswerDocument | None] = field(default_factory=dict, repr=False)
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
    if log.received is None or (box.found and log.reporter_key != receipt.signing_key.verify_key):
        return Case(box.found, None, rosters, broken="alarm-log")
    answers: dict[int, AnswerDocument | None] = {}
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


def _answer(file: bytes, entry: Entry, log: CaseLog, receipt: Receipt) -> AnswerDocument | None:
    try:
        return open_answer(file, "answer", entry, log, [receipt.identity])
    except CryptoError:
        return None


@dataclass(frozen=True)
class Line:
    """One line of the timeline; `body` is an officer's text, `question` what it asks."""

    when: str
    what: str
    more: tuple[str, ...] = ()
    body: str | None = field(default=None, repr=False)
    question: Question | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Fact:
    """One sentence on where the case stands; `lapse` when it says that a term went by."""

    text: str
    lapse: bool = False


def dues_told(log: CaseLog) -> Dues:
    """Return the last days that the reporter is told: nominal, or what the server promised when that is earlier."""
    facts = facts_of(log)
    terms = terms_of(facts)
    counted = Dues(terms.acknowledgement.nominal, terms.feedback.nominal)
    if facts.since > facts.received:
        return counted
    promised: Dues = log.entries[1].fields["dues"]
    return Dues(min(counted.acknowledgement, promised.acknowledgement), min(counted.feedback, promised.feedback))


class Telling:
    """Puts a case into words of one language; client/src/mailbox.js says the same."""

    def __init__(self, language: Language, case: Case, today: date) -> None:
        """Tell `case`, whose log holds and was received."""
        assert case.log is not None
        self._language, self._case, self._log, self._today = language, case, case.log, today
        self._members = case.members

    def lines(self) -> list[Line]:
        """Return the timeline; an own message and its reception are one line."""
        entries, lines = self._log.entries, []
        for entry in entries:
            if entry.act in MESSAGE_ACTS:
                after = entries[entry.index + 1] if entry.index + 1 < len(entries) else None
                lines.append(self._own(entry, after))
            elif entry.act != "received":
                lines.append(self._line(entry))
        return lines

    def _own(self, entry: Entry, received: Entry | None) -> Line:
        text, size = self._language.text, self._language.size
        files = sum(item.size for item in entry.files.values())
        asked = next((item.index for item in self._log.entries if item.hash == entry.fields.get("of")), None)
        slots = {} if asked is None else {"asked": self._day(asked)}
        what = text(f"act-{entry.act}", number=entry.fields.get("number"), size=size(files), **slots)
        when, more = "", []
        if received is not None:
            when = self._language.day(received.fields["day"])
            more.append(text("act-received"))
        if entry.attachments:
            total = sum(item.size for item in entry.attachments)
            more.append(text("act-attachments", n=len(entry.attachments), size=size(total)))
        return Line(when, what, tuple(more))

    def _line(self, entry: Entry) -> Line:
        name = f"act-{entry.act}"
        if entry.act == "lapsed":
            name += f"-{entry.fields['term']}-{entry.fields['end']}"
        slots = self._days(entry)
        slots["officer"] = self._name(entry.fields.get("deputy", entry.author))
        slots["added"] = self._name(entry.fields.get("officer", b""))
        answer = self._case.answers.get(entry.index)
        what = self._language.text(name, **slots)
        body = None if answer is None else visible(answer.text)
        return Line(slots.get("day", ""), what, body=body, question=question_of(entry, answer, self._log))

    def _days(self, entry: Entry) -> dict[str, str]:
        days = {name: value for name, value in entry.fields.items() if isinstance(value, date)}
        return {name: self._language.day(day) for name, day in days.items()}

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

    def standing(self) -> list[Fact]:
        """Return where the case stands now: states with their days, and what lapsed."""
        told = [self._fact("now-received", day=self._log.received)]
        if self._log.case_key is None:
            told.append(self._fact("act-unopened"))
        told += [*self._done(), *self._terms(), *self._where(), *self._end()]
        gone = self._first("identity-destroyed")
        if gone is not None:
            told.append(self._fact("now-identity-destroyed", day=gone.fields["day"]))
        return told

    def _fact(self, name: str, **days: date | None) -> Fact:
        slots = {slot: self._language.day(day) for slot, day in days.items() if day is not None}
        return Fact(self._language.text(name, **slots), lapse="lapsed" in name)

    def _first(self, act: str) -> Entry | None:
        return next((entry for entry in self._log.entries if entry.act == act), None)

    def _done(self) -> Iterator[Fact]:
        course, person = self._log.course, self._first("acknowledged")
        if person is not None:
            yield self._fact("now-acknowledged", day=person.fields["day"])
        elif course.acknowledged is not None:
            yield self._fact("now-acknowledged-auto", day=course.acknowledged)
        if course.feedback is not None:
            yield self._fact("now-feedback", day=course.feedback)

    def _terms(self) -> Iterator[Fact]:
        course, until = self._log.course, dues_told(self._log)
        running = course.runs and course.closed is None and course.feedback is None
        for term in TERMS:
            acknowledging = term == "acknowledgement"
            done = course.acknowledged if acknowledging else course.feedback
            enough = course.by_person if acknowledging else done is not None
            lapse, due = self._lapse(term), getattr(until, term)
            if lapse is not None:
                if not enough:
                    yield self._fact(f"act-lapsed-{term}-{lapse.fields['end']}", due=lapse.fields["due"])
            elif running and done is None:
                # A server that keeps a lapse back is seen by the day.
                yield self._fact(f"act-lapsed-{term}" if self._today > due else f"now-{term}-due", day=due)

    def _lapse(self, term: str) -> Entry | None:
        """Return the last lapse of the term that stands: of its nominal end, else of its internal one."""
        course = self._log.course
        assert course.since is not None
        found = [course.lapses.get((course.since, term, end)) for end in reversed(TERM_ENDS)]
        return next((entry for entry in found if entry is not None), None)

    def _where(self) -> Iterator[Fact]:
        course = self._log.course
        if not course.runs:
            yield self._fact("now-stopped")
        elif course.since is not None and course.received is not None and course.since > course.received:
            yield self._fact("now-since", since=course.since)
        over = self._first("handed-over")
        if over is not None:
            slots = {"day": self._day(over.index), "officer": self._name(over.fields["deputy"])}
            yield Fact(self._language.text("now-handed-over", **slots))

    def _end(self) -> Iterator[Fact]:
        course = self._log.course
        if course.destroyed_by:
            yield self._fact("now-destroyed")
            return
        if course.closed is not None:
            closed = course.closed.fields
            yield self._fact("now-closed", day=closed["day"], destroy_after=closed["destroy_after"])
        if course.ends_on() is not None:
            yield self._fact("act-destruction-announced", on=course.ends_on())
        if course.held is not None and course.held_on(self._today):
            yield self._fact("now-held", until=course.held.fields["until"])

    @property
    def lapsed(self) -> bool:
        """Whether a term ever lapsed, in the log or by the day."""
        return self._first("lapsed") is not None or any(fact.lapse for fact in self.standing())

    def summary(self) -> str:
        """Return the first thing to know."""
        last_own = max(entry.index for entry in self._log.entries if entry.act in MESSAGE_ACTS)
        news = any(index > last_own and body is not None for index, body in self._case.answers.items())
        return self._language.text("mailbox-news" if news else "mailbox-empty")
