# SPDX-License-Identifier: EUPL-1.2
"""Notes on how a case is handled: regime, state, outcome, reasons (docs/protocol.md section 7).

- Only the case's officers can read one; the server learns that it was made, and its size class.
- The newest note that holds says how the case stands; earlier ones are its history.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from meldkluis.crypto.encoding import day, dump_json, load_json, one_of, optional, read_fields, text
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.limits import TEXT_CLASSES

REGIMES: Final = ("undecided", "advice", "wbk", "integrity", "complaint", "wrong_desk")
"""Which rules a case follows; `undecided` is treated as `wbk`."""

CLOCKLESS: Final = frozenset({"advice", "complaint", "wrong_desk"})
"""Regimes under which the terms of the Wbk do not run."""

STATES: Final = ("received", "assessment", "investigation")
"""How far the officers are; acknowledged, feedback given, closed and reopened stand in the log."""

OUTCOMES: Final = ("no_report", "not_taken_up", "unfounded", "unfounded_kept", "founded")
"""How a case was closed."""


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

    def dump(self) -> str:
        """Return the written form; FormatError for a regime, state or outcome that there is not."""
        document = {
            "version": 1,
            "regime": self.regime,
            "state": self.state,
            "outcome": self.outcome,
            "received": None if self.received is None else self.received.isoformat(),
            "reason": self.reason,
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
        }
        fields = read_fields(load_json(written), checks)
        del fields["version"]
        note = cls(**fields)
        if note.received is not None and not note.reason.strip():
            raise FormatError("an earlier day of receipt needs a reason")
        return note
