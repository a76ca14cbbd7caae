# SPDX-License-Identifier: EUPL-1.2
"""The law's terms: until when a report must be acknowledged, and until when its reporter must hear what is done.

- Acknowledgement: 7 days after receipt. Feedback: 3 months after the acknowledgement, or after the 7 days if none was
  sent in time (Wet bescherming klokkenluiders article 2; Directive (EU) 2019/1937 article 9(1)(b) and (f)).
- A late acknowledgement never moves the day of the feedback.
- Each term has three ends. `nominal` is what the reporter is told. `internal`, the last working day that is not later,
  is the one to keep. `legal` is the end with the extension of the Algemene termijnenwet (ATW): for information, never
  relied on, since it is arguable whether the act extends a term that a directive sets.
- Months are counted per HR 1 September 2017, ECLI:NL:HR:2017:2225: the day with the same number, else the month's last.

Pure: days in, days out; no clock. Called by the server and by the workstation.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from meldkluis.mailbox.calendar import COVERED, is_working_day
from meldkluis.mailbox.errors import MailboxError

ACKNOWLEDGE_WITHIN: Final = timedelta(days=7)
FEEDBACK_MONTHS: Final = 3

# Before 2014 the public holidays were others; the last years of `date` leave no room for a term.
FIRST_YEAR: Final = 2014
LAST_YEAR: Final = 9000

# ATW article 2: a term of three days or more holds at least two working days.
_WORKING_DAYS_IN_A_TERM: Final = 2
_DAY: Final = timedelta(days=1)


class TermsError(MailboxError, ValueError):
    """The days make no sense together, or lie outside the years that can be counted."""


@dataclass(frozen=True)
class Term:
    """The three ends of one term, each a day on which one is still in time."""

    nominal: date
    internal: date
    legal: date

    def to_json(self) -> dict[str, str]:
        """Return the three days as YYYY-MM-DD."""
        return {name: getattr(self, name).isoformat() for name in ("nominal", "internal", "legal")}


@dataclass(frozen=True)
class Dues:
    """The terms of one case.

    `warnings` holds a code for each year in which a term ends and for which the decreed days are not known, such as
    "designated-days-unknown-2029"; `internal` may then be a day that turns out to be no working day.
    """

    acknowledgement: Term
    feedback: Term
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """Return what `meldkluis terms show --json` prints for these terms."""
        return {
            "acknowledgement": self.acknowledgement.to_json(),
            "feedback": self.feedback.to_json(),
            "warnings": list(self.warnings),
        }


def dues(received: date, acknowledged: date | None = None) -> Dues:
    """Return the terms of a report.

    `received` is the day on which it first reached anyone of the organisation, `acknowledged` the day on which the
    acknowledgement was sent, if it was. TermsError when it was sent before the receipt or a year cannot be counted.
    """
    if not FIRST_YEAR <= received.year <= LAST_YEAR:
        raise TermsError("the year of receipt cannot be counted")
    if acknowledged is not None and acknowledged < received:
        raise TermsError("an acknowledgement cannot be older than the report")
    acknowledgement = _term(received, received + ACKNOWLEDGE_WITHIN)
    # At the latest the seventh day counts as acknowledgement: whoever is late does not win time by it.
    base = acknowledgement.nominal if acknowledged is None else min(acknowledged, acknowledgement.nominal)
    feedback = _term(base, add_months(base, FEEDBACK_MONTHS))
    return Dues(acknowledgement, feedback, _warnings(acknowledgement, feedback))


def add_months(day: date, months: int) -> date:
    """Return the day with the same number `months` later, or that month's last day if it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _term(start: date, nominal: date) -> Term:
    internal = nominal
    while not is_working_day(internal):
        internal -= _DAY
    return Term(nominal, internal, _legal(start, nominal))


def _legal(start: date, nominal: date) -> date:
    """Extend a term that starts after the day `start` per ATW articles 1 and 2."""
    legal = nominal
    while not is_working_day(legal):
        legal += _DAY
    # One can show that seven days always hold two working days; the loop states the law and costs nothing.
    while sum(is_working_day(start + _DAY * n) for n in range(1, (legal - start).days + 1)) < _WORKING_DAYS_IN_A_TERM:
        legal += _DAY
    return legal


def _warnings(*terms: Term) -> tuple[str, ...]:
    years = {end.year for term in terms for end in (term.nominal, term.internal, term.legal)}
    return tuple(f"designated-days-unknown-{year}" for year in sorted(years) if year not in COVERED)
