# SPDX-License-Identifier: EUPL-1.2
"""Records: the steps of the law that officers take in a case, each written down in a note (docs/protocol.md section 7).

- A record says what was done or decided, for whom, by when, and why. Only the case's officers can read it.
- It is a claim of its author: what several of them add up to (an approval, a disclosure that may be made) is counted by
  whoever reads, from the log that says who wrote each one.
- It names nobody who is not in the case already, but for whom something was told or sent to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from meldkluis.crypto.encoding import day, integer, one_of, optional, read_fields, text
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.limits import SHORT_TEXT, TEXT_CLASSES


@dataclass(frozen=True)
class Shape:
    """What a kind of record holds: its choices, and which fields it cannot be without, by choice where it differs."""

    choices: tuple[str, ...]
    needs: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def required(self, choice: str) -> frozenset[str]:
        """The fields (of: when, whom, text, of) that a record with this choice must have."""
        return self.needs.get(choice, self.needs.get("*", frozenset()))


def _shape(*choices: str, **needs: str) -> Shape:
    sets = {choice.replace("any", "*"): frozenset(names.split()) for choice, names in needs.items()}
    return Shape(choices, sets)


RECORDS: Final[Mapping[str, Shape]] = {
    # A remark between the officers of the case.
    "remark": _shape("", any="text"),
    # First weighing (vooronderzoek): what is done with the report, and why.
    "weighing": _shape("no_follow_up", "talk", "inquiry", "police", "refer", any="text"),
    # The person concerned was told (AVG 14), or is told later, with the reason and the day of review.
    "informed": _shape("informed", "delayed", any="text", delayed="text when"),
    # The inquiry's written assignment: `whom` investigates, `text` is question and scope, `when` its planned end.
    "assignment": _shape("given", any="text whom when"),
    # Hearing both sides on the draft of the facts.
    "hearing": _shape("heard", "declined", any="text"),
    # What was found, in the officers' words.
    "conclusion": _shape("founded", "unfounded", "unclear", any="text"),
    # Who was told what of the outcome.
    "communication": _shape("reporter", "concerned", "organisation", any="text"),
    "aftercare": _shape("reporter", "concerned", any="text"),
    "evaluation": _shape("done", any="text"),
    # Disclosure of the reporter's identity (article 1a): a legal ground with a notice to the reporter first, or with
    # the reason why a notice would endanger the inquiry; the second officer's approval and the notice name the ground.
    "disclosure": _shape(
        "ground", "ground_unannounced", "approved", "notified", "done",
        ground="text whom", ground_unannounced="text whom", approved="of", notified="of", done="text whom of",
    ),
    # A passage or file that is manifestly not relevant (Directive 17): entry `of` is not shown any more.
    "irrelevant": _shape("message", "attachment", message="text of", attachment="text of whom"),
    # The reporter suffers detriment (article 17e), or was asked.
    "detriment": _shape("asked", "reported", "none", any="text"),
    # A request of a data subject (AVG 12): `when` it was received.
    "request": _shape("received", "extended", "answered", received="text when", extended="text of", answered="text of"),
    # A data breach (AVG 33): `when` it was noticed.
    "breach": _shape(
        "noticed", "reported", "not_reported",
        noticed="text when", reported="text of", not_reported="text of",
    ),
    # An office crime (article 162 Sv): reported or not is a decision of two officers.
    "crime": _shape("report", "no_report", "approved", any="text", approved="of"),
    # A conversation that the reporter asked for: `when` it is or was.
    "meeting": _shape(
        "requested", "agreed", "held", "cancelled",
        requested="when", agreed="when", held="when text", cancelled="text",
    ),
    # A case file went to `whom`; the archive says that it has it. `wait` stands with a hold until it does; `when` is
    # the end of an officer's own hold that goes on under it.
    "shared": _shape("authority", "investigator", "archive", "other", any="text whom"),
    "archived": _shape("receipt", "wait", receipt="text of"),
    # Copies of an attachment: `text` names file and hashes.
    "evidence": _shape("original", "copy", any="text of"),
}  # fmt: skip
"""Every kind of record. `of` is the number of the log entry that it is about."""

FIRST: Final = date(2000, 1, 1)
END: Final = date(2200, 1, 1)
"""Days outside are nobody's: readers add months to a day, and must not fall off the calendar."""

_TEXT: Final = text(TEXT_CLASSES[-1])
_CHECKS: Final = {
    "kind": one_of(*RECORDS),
    "choice": text(40),
    "of": optional(integer(0, 1_000_000)),
    "when": optional(day),
    "whom": text(SHORT_TEXT),
    "text": _TEXT,
}


@dataclass(frozen=True)
class Record:
    """One step. `whom` and `text` are empty, `of` and `when` None, where the kind needs none."""

    kind: str
    choice: str
    of: int | None = None
    when: date | None = None
    whom: str = field(default="", repr=False)
    text: str = field(default="", repr=False)

    def missing(self) -> frozenset[str]:
        """Return the fields that this kind and choice cannot be without, and that are empty."""
        given = {
            name
            for name, value in vars(self).items()
            if (value.strip() if isinstance(value, str) else value is not None)
        }
        return RECORDS[self.kind].required(self.choice) - given

    def to_json(self) -> dict[str, Any]:
        """Return the written form."""
        return vars(self) | {"when": None if self.when is None else self.when.isoformat()}

    @classmethod
    def from_json(cls, value: object) -> "Record":
        """Read the written form strictly; FormatError for a kind or choice that there is not, or a missing field."""
        record = cls(**read_fields(value, _CHECKS))
        if record.choice not in RECORDS[record.kind].choices:
            raise FormatError("a choice that this kind of record does not have")
        if record.missing():
            raise FormatError("a record without what belongs to it")
        if record.when is not None and not FIRST <= record.when < END:
            raise FormatError("a day from which nothing can be counted")
        return record
