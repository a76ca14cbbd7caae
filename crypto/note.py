# SPDX-License-Identifier: EUPL-1.2
"""Notes on how a case is handled: regime, state, outcome, reasons, categories (docs/protocol.md section 7).

- Only the case's officers can read one; the server learns that it was made, and its size class.
- The newest note that holds says how the case stands; earlier ones are its history.
- A note may bring one record (`crypto.record`); then the rest of it repeats how the case stood.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from meldkluis.crypto.encoding import day, dump_json, list_of, load_json, one_of, optional, read_fields, text
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.limits import TEXT_CLASSES
from meldkluis.crypto.record import Record

REGIMES: Final = ("undecided", "advice", "wbk", "integrity", "complaint", "wrong_desk")
"""Which rules a case follows; `undecided` is treated as `wbk`."""

CLOCKLESS: Final = frozenset({"advice", "complaint", "wrong_desk"})
"""Regimes under which the terms of the Wbk do not run."""

STATES: Final = ("received", "assessment", "investigation")
"""How far the officers are; acknowledged, feedback given, closed and reopened stand in the log."""

OUTCOMES: Final = ("no_report", "not_taken_up", "unfounded", "unfounded_kept", "founded")
"""How a case was closed."""

TYPES: Final = (
    "", "financial", "position", "information", "powers", "force", "conduct", "private", "means", "wrongdoing", "other",
)  # fmt: skip
"""What a report is about: the nine types of the Rijk's yearly report on operations (JBR), other, or not chosen yet."""

SUBJECTS: Final = ("", "official", "executive", "representative", "external")
"""Whom a report is about, by kind of function."""

CHANNELS: Final = ("", "site", "phone", "letter", "conversation", "other")
"""How a report came; empty counts as the site."""

ANONYMOUS: Final = ("", "yes", "no")
MEASURES: Final = ("none", "talk", "warning", "reprimand", "dismissal", "police")
"""What the organisation did about it in the end."""


@dataclass(frozen=True)
class Categories:
    """What register and yearly report count: no names, no text. Empty where nobody chose yet."""

    type: str = ""
    subject: str = ""
    channel: str = ""
    anonymous: str = ""
    measures: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the written form."""
        return vars(self) | {"measures": list(self.measures)}

    @classmethod
    def from_json(cls, value: object) -> "Categories":
        """Read the written form strictly; FormatError."""
        fields = read_fields(value, _CATEGORIES)
        if list(fields["measures"]) != sorted(set(fields["measures"]), key=MEASURES.index):
            raise FormatError("measures out of order, or one stands twice")
        return cls(**fields)


_CATEGORIES: Final = {
    "type": one_of(*TYPES),
    "subject": one_of(*SUBJECTS),
    "channel": one_of(*CHANNELS),
    "anonymous": one_of(*ANONYMOUS),
    "measures": list_of(one_of(*MEASURES), len(MEASURES)),
}


@dataclass(frozen=True)
class Note:
    """How a case stands, and why.

    `received` is the day of an oral report, when that was earlier; `outcome` stands only where a case was closed.
    A note names nobody who is not in the case already: that is for its author to mind.
    """

    regime: str = "undecided"
    state: str = "received"
    outcome: str | None = None
    received: date | None = None
    reason: str = field(default="", repr=False)
    categories: Categories = Categories()
    record: Record | None = field(default=None, repr=False)

    def dump(self) -> str:
        """Return the written form; FormatError for a regime, state or outcome that there is not."""
        document = {
            "version": 1,
            "regime": self.regime,
            "state": self.state,
            "outcome": self.outcome,
            "received": None if self.received is None else self.received.isoformat(),
            "reason": self.reason,
            "categories": self.categories.to_json(),
            "record": None if self.record is None else self.record.to_json(),
        }
        written = dump_json(document).decode("utf-8")
        Note.load(written)
        return written

    @classmethod
    def load(cls, written: str) -> "Note":
        """Read the written form strictly."""
        checks = {
            "version": one_of(1),
            "regime": one_of(*REGIMES),
            "state": one_of(*STATES),
            "outcome": optional(one_of(*OUTCOMES)),
            "received": optional(day),
            "reason": text(TEXT_CLASSES[-1]),
            "categories": Categories.from_json,
            "record": optional(Record.from_json),
        }
        fields = read_fields(load_json(written), checks)
        del fields["version"]
        note = cls(**fields)
        if note.received is not None and note.record is None and not note.reason.strip():
            raise FormatError("an earlier day of receipt needs a reason")
        return note
