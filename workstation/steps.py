# SPDX-License-Identifier: EUPL-1.2
"""What the records of a case add up to, and which may be made now. Pure: log, records and a day in.

- An approval counts only from another officer than who decided; who withdrew from the case approves nothing.
- The reporter's identity may be disclosed with the reporter's consent; or on a ground that a second officer approved,
  after the reporter was told with reasons, or where both officers wrote down why telling would endanger the inquiry
  (Wbk article 1a; Directive (EU) 2019/1937 article 16).
- Whether an office crime is reported to the public prosecutor is decided by two officers (article 162 Sv).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.record import Record
from meldkluis.workstation.errors import ActError
from meldkluis.workstation.handling import Handling, Step

GROUNDS: Final = frozenset({"ground", "ground_unannounced"})
_DECISIONS: Final = {"disclosure": GROUNDS, "crime": frozenset({"report", "no_report"})}
_LONGEST: Final = timedelta(days=3660)
_TELLS: Final = frozenset({"answered", "feedback"})


def of_kind(handling: Handling, kind: str, *choices: str) -> list[Step]:
    """Return the records of a kind (with one of these choices, if any are given), the oldest first."""
    return [
        step for step in handling.steps if step.record.kind == kind and (not choices or step.record.choice in choices)
    ]


def newest(handling: Handling, kind: str, *choices: str) -> Step | None:
    """Return the newest record of a kind."""
    return next(reversed(of_kind(handling, kind, *choices)), None)


def _numbered(handling: Handling, number: int | None) -> Step | None:
    return next((step for step in handling.steps if step.number == number), None)


def approved(log: CaseLog, handling: Handling, decision: Step) -> Step | None:
    """Return the approval of a decision by another officer who is still in the case."""
    for step in of_kind(handling, decision.record.kind, "approved"):
        if step.record.of == decision.number and step.author != decision.author and step.author in log.officers:
            return step
    return None


def undecided(log: CaseLog, handling: Handling, kind: str) -> list[Step]:
    """Return the decisions of a kind that wait for a second officer."""
    return [step for step in of_kind(handling, kind, *_DECISIONS[kind]) if approved(log, handling, step) is None]


def consents(log: CaseLog, asked: dict[int, str]) -> list[int]:
    """Return the numbers of the questions for consent to which the reporter's newest answer is yes.

    `asked` gives the kind of every question that could be read, by the number of its entry.
    """
    said = log.course.answers_to
    return [
        entry.index
        for entry in log.entries
        if entry.act == "asked" and asked.get(entry.index) == "consent" and said.get(entry.hash) is True
    ]


def may_disclose(log: CaseLog, handling: Handling, asked: dict[int, str], of: int) -> bool:
    """Whether the identity may be disclosed for what entry `of` says: a consent, or a ground that is complete."""
    if of in consents(log, asked):
        return True
    ground = _numbered(handling, of)
    if ground is None or ground.record.kind != "disclosure" or ground.record.choice not in GROUNDS:
        return False
    approval = approved(log, handling, ground)
    if approval is None:
        return False
    return ground.record.choice == "ground_unannounced" or any(
        step.record.of == of and step.number > approval.number and _told(log, approval.number, step)
        for step in of_kind(handling, "disclosure", "notified")
    )


def _told(log: CaseLog, after: int, step: Step) -> bool:
    """Whether an officer wrote to the reporter between an approval and the record that says so."""
    return any(entry.act in _TELLS for entry in log.entries[after + 1 : step.number])


def disclosable(log: CaseLog, handling: Handling, asked: dict[int, str]) -> list[int]:
    """Return the numbers of the consents and grounds for which the identity may be disclosed now."""
    grounds = [step.number for step in of_kind(handling, "disclosure", *GROUNDS)]
    return [number for number in (*consents(log, asked), *grounds) if may_disclose(log, handling, asked, number)]


def hidden(handling: Handling) -> dict[int, set[str]]:
    """Return what is marked as not relevant: by number of the message, "" for its text and names of its files."""
    marked: dict[int, set[str]] = {}
    for step in of_kind(handling, "irrelevant"):
        if step.record.of is not None:
            name = step.record.whom if step.record.choice == "attachment" else ""
            marked.setdefault(step.record.of, set()).add(name)
    return marked


@dataclass(frozen=True)
class _Asked:
    """A record that an officer wants to make, with everything that decides whether it may be made."""

    log: CaseLog
    handling: Handling
    asked: dict[int, str]
    record: Record
    author: bytes

    @property
    def of(self) -> Step | None:
        """The record that it is about."""
        return _numbered(self.handling, self.record.of)

    def about(self, kind: str, choices: Collection[str]) -> Step:
        """Return the record that it is about; ActError unless that is of this kind and choice."""
        step = self.of
        if step is None or step.record.kind != kind or step.record.choice not in choices:
            raise ActError("record-of")
        return step


def check_step(
    log: CaseLog, handling: Handling, asked: dict[int, str], record: Record, author: bytes, today: date
) -> None:
    """Raise ActError unless this officer may make this record now."""
    if record.when is not None and abs(record.when - today) > _LONGEST:
        raise ActError("record-when")
    wanted = _Asked(log, handling, asked, record, author)
    for rule in (_RULES.get((record.kind, record.choice)), _RULES.get((record.kind, "*"))):
        if rule is not None:
            rule(wanted)


def _approve(wanted: _Asked) -> None:
    decision = wanted.about(wanted.record.kind, _DECISIONS[wanted.record.kind])
    if decision.author == wanted.author:
        raise ActError("approve-own")


def _notified(wanted: _Asked) -> None:
    approval = approved(wanted.log, wanted.handling, wanted.about("disclosure", GROUNDS))
    if approval is None:
        raise ActError("not-approved")
    if not any(entry.act in _TELLS for entry in wanted.log.entries[approval.number + 1 :]):
        raise ActError("tell-reporter")


def _disclosed(wanted: _Asked) -> None:
    of = wanted.record.of
    if of is None or not may_disclose(wanted.log, wanted.handling, wanted.asked, of):
        raise ActError("may-not-disclose")


def _communicated(wanted: _Asked) -> None:
    if wanted.log.course.feedback is None and not of_kind(wanted.handling, "communication", "reporter"):
        raise ActError("reporter-first")


def _of_message(wanted: _Asked) -> None:
    entries, of = wanted.log.entries, wanted.record.of
    if of is None or not 0 <= of < len(entries) or entries[of].act not in {"submitted", "message"}:
        raise ActError("record-of")


_RULES: Final[Mapping[tuple[str, str], Callable[[_Asked], object]]] = {
    ("disclosure", "approved"): _approve,
    ("crime", "approved"): _approve,
    ("disclosure", "notified"): _notified,
    ("disclosure", "done"): _disclosed,
    ("request", "extended"): lambda wanted: wanted.about("request", {"received"}),
    ("request", "answered"): lambda wanted: wanted.about("request", {"received"}),
    ("breach", "reported"): lambda wanted: wanted.about("breach", {"noticed"}),
    ("breach", "not_reported"): lambda wanted: wanted.about("breach", {"noticed"}),
    ("communication", "concerned"): _communicated,
    ("communication", "organisation"): _communicated,
    # It stands with a hold, never by itself (`archive`): no record is about nothing.
    ("archived", "wait"): lambda wanted: wanted.about("shared", ()),
    ("archived", "receipt"): lambda wanted: wanted.about("shared", {"archive"}),
    ("irrelevant", "*"): _of_message,
    ("evidence", "*"): _of_message,
}
