# SPDX-License-Identifier: EUPL-1.2
"""What an organisation decides about terms and retention, within the law's bounds; defaults and ranges.

- Months are counted from the day on which a case is closed. Nothing here is the law's own number: the Wbk says "no
  longer than necessary" (article 2a), and these are what that was taken to mean (WP117, AVG article 5, BW 3:310).
- Server and workstation read the same ranges, so that a server cannot make a workstation destroy earlier than they say.

Pure: no file, no clock. Read from meldkluis.toml by `intake.config`, sent to workstations in `wire.StatusAnswer`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from types import MappingProxyType
from typing import Any, Final, Self

from meldkluis.crypto.encoding import integer, one_of, optional, read_fields
from meldkluis.crypto.note import OUTCOMES
from meldkluis.mailbox.terms import add_months

ACKNOWLEDGEMENTS: Final = ("officer", "automatic")
ARCHIVES: Final = ("4.1.4", "12.1.7")
"""Categories of the selectielijst gemeenten 2020: kept for ever, or for ten years. The archivist chooses."""


@dataclass(frozen=True)
class Retention:
    """Whole months from closing until the end; the register line's from closing too.

    `unfounded_kept` is for when the reporter asks for it or reports detriment (evidence under article 17e).
    `identity` bounds contact details whatever the outcome; they never outlive the content.
    """

    no_report: int = 1
    not_taken_up: int = 2
    unfounded: int = 2
    unfounded_kept: int = 12
    founded: int = 2
    identity: int = 2
    register: int = 24
    register_not_taken_up: int = 12


RANGES: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        "no_report": (1, 3),
        "not_taken_up": (1, 12),
        "unfounded": (2, 24),
        "unfounded_kept": (2, 24),
        "founded": (2, 60),
        "identity": (1, 60),
        "register": (12, 120),
        "register_not_taken_up": (12, 60),
    }
)
"""Least and most months of each period."""


@dataclass(frozen=True)
class Policy:
    """An organisation's choices. `archive` is None until the archivist has chosen."""

    acknowledgement: str = "officer"
    archive: str | None = None
    retention: Retention = field(default_factory=Retention)

    def to_json(self) -> dict[str, Any]:
        """Return the travelling form."""
        months = {item.name: getattr(self.retention, item.name) for item in fields(Retention)}
        return {"acknowledgement": self.acknowledgement, "archive": self.archive, "retention": months}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the travelling form; FormatError for what is unknown or out of range."""
        months = {name: integer(least, most) for name, (least, most) in RANGES.items()}
        checks = {
            "acknowledgement": one_of(*ACKNOWLEDGEMENTS),
            "archive": optional(one_of(*ARCHIVES)),
            "retention": lambda item: Retention(**read_fields(item, months)),
        }
        return cls(**read_fields(value, checks))


@dataclass(frozen=True)
class Ends:
    """Until when a closed case, its contact details and its line in the register are kept."""

    identity_until: date
    destroy_after: date
    register_until: date

    def to_json(self) -> dict[str, str]:
        """Return the three days as YYYY-MM-DD."""
        return {item.name: getattr(self, item.name).isoformat() for item in fields(self)}


def ends(outcome: str, closed: date, retention: Retention) -> Ends:
    """Return the ends of a case that was closed on a day with an outcome of OUTCOMES."""
    if outcome not in OUTCOMES:
        raise ValueError("an unknown outcome")
    destroy_after = add_months(closed, getattr(retention, outcome))
    short = outcome in {"no_report", "not_taken_up"}
    register = add_months(closed, retention.register_not_taken_up if short else retention.register)
    return Ends(min(destroy_after, add_months(closed, retention.identity)), destroy_after, max(destroy_after, register))
