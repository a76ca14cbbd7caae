# SPDX-License-Identifier: EUPL-1.2
"""Whether a case waits for the archive, and what hold keeps it from destruction until then (rule W-21). Pure.

- Where the archivist chose a category, a case that was closed as investigated is kept until the archive has confirmed
  what it was given; every workstation of the case sees to that, and none needs the others.
- The hold is an ordinary one with a mark in its note, so the server needs to know nothing of archives. A log has one
  hold at a time: the mark names the day until which an officer's own hold goes on under it, and that one comes back.
- It lapses when no workstation comes for half a year; then the reporter still gets thirty days' notice.
- A receipt counts only for what was given since the case was last opened again.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.course import LONGEST_HOLD, NOTICE
from meldkluis.crypto.record import Record
from meldkluis.workstation.handling import Handling, Step
from meldkluis.workstation.steps import of_kind

INVESTIGATED: Final = frozenset({"unfounded", "unfounded_kept", "founded"})
"""The outcomes whose cases are archived."""

RENEW_BEFORE: Final = LONGEST_HOLD - NOTICE
"""Renewed monthly: a hold that was just not renewed and the notice after it last half a year together."""

REASON: Final = "Wacht op ontvangstbewijs van het archief."
"""What the note of such a hold says, as officers read it."""

AGAIN: Final = "Het archief heeft het dossier. Wat een behandelaar apart liet bewaren, blijft bewaard."
"""What the note says of an officer's own hold that comes back."""


@dataclass(frozen=True)
class Hold:
    """A hold to place: its last day, and its mark, None for an officer's own that comes back."""

    until: date
    mark: Record | None


@dataclass(frozen=True)
class Release:
    """The end of the hold: nobody's own is left under it."""


def confirmed(log: CaseLog, handling: Handling) -> bool:
    """Whether the archive has what it was given since the case was last opened again."""
    again = max((entry.index for entry in log.entries if entry.act == "reopened"), default=-1)
    given = {step.number for step in of_kind(handling, "shared", "archive") if step.number > again}
    return any(step.record.of in given for step in of_kind(handling, "archived", "receipt"))


def waits(log: CaseLog, handling: Handling, category: str | None) -> bool:
    """Whether a case must not be destroyed before the archive has it; `category` is the archivist's choice."""
    return (
        category is not None
        and log.course.closed is not None
        and handling.outcome in INVESTIGATED
        and not confirmed(log, handling)
    )


def marked(log: CaseLog, handling: Handling) -> Step | None:
    """Return the mark of the newest hold, None where that one is an officer's own or there is none."""
    held = log.course.held
    if held is None:
        return None
    return next((step for step in of_kind(handling, "archived", "wait") if step.number == held.index), None)


def own_hold(log: CaseLog, handling: Handling, day: date) -> date | None:
    """Return the last day of an officer's own hold that is in force, also of one under the archive's."""
    held, mark = log.course.held, marked(log, handling)
    if held is None:
        return None
    until: date | None = held.fields["until"] if mark is None else mark.record.when
    return until if until is not None and until >= day else None


def keep(log: CaseLog, handling: Handling, category: str | None, day: date) -> Hold | None:
    """Return the hold that a case which waits needs today, None where one stands that is long enough."""
    if not waits(log, handling, category):
        return None
    held, mark = log.course.held, marked(log, handling)
    if held is not None and mark is not None and held.fields["until"] > day + RENEW_BEFORE:
        return None
    return hold_over(own_hold(log, handling, day), day)


def hold_over(own: date | None, day: date) -> Hold:
    """Return the archive's hold of this day, over an officer's own until a day."""
    return Hold(day + LONGEST_HOLD, Record("archived", "wait", when=own))


def end(log: CaseLog, handling: Handling, day: date) -> Hold | Release | None:
    """Return what takes the place of the archive's hold when its reason is over; None while it is not, or has none.

    Over is it when the archive confirmed, or the case was closed again as one that was not investigated; never because
    the server says that no category is chosen any more.
    """
    mark = marked(log, handling)
    if mark is None:
        return None
    other = log.course.closed is not None and handling.outcome is not None and handling.outcome not in INVESTIGATED
    if not other and not confirmed(log, handling):
        return None
    own = own_hold(log, handling, day)
    return Release() if own is None else Hold(own, None)


def settled(log: CaseLog, handling: Handling, category: str | None, day: date) -> Hold | Release | None:
    """Return what is to be done about the archive's hold today."""
    if waits(log, handling, category):
        return keep(log, handling, category, day)
    return end(log, handling, day)
