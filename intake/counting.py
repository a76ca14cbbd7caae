# SPDX-License-Identifier: EUPL-1.2
"""`meldkluis terms show`: days as people type them in, the law's terms as JSON out.

- The arithmetic stands in meldkluis.mailbox.terms; a day that does not exist is an error, never another day.
- Called by meldkluis.intake.cli. Reads no clock and no organisation.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from meldkluis.crypto.encoding import day as read_day, load_json
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.note import OUTCOMES
from meldkluis.intake.errors import CommandError, UsageError
from meldkluis.mailbox.policy import Retention, ends
from meldkluis.mailbox.terms import TermsError, dues

_FACTS: Final = ("received", "acknowledged", "closed")


def count(facts: Mapping[str, object]) -> dict[str, Any]:
    """Return the terms for `received` and, where given, `acknowledged` and `closed`; CommandError when they cannot be.

    Closing ends no term; with it comes until when a case is kept, by outcome and by the default periods.
    """
    if not facts.keys() <= set(_FACTS) or "received" not in facts:
        raise UsageError("the facts are received and, if there are, acknowledged and closed")
    days = {name: _day(value, name) for name, value in facts.items() if value is not None}
    received = days.get("received")
    if received is None:
        raise UsageError("received is missing")
    closed = days.get("closed")
    if closed is not None and closed < max(days.values()):
        raise CommandError("closed before something else happened")
    try:
        document = dues(received, days.get("acknowledged")).to_json()
    except TermsError as error:
        raise CommandError(str(error)) from None
    if closed is None:
        return document
    kept = {outcome: ends(outcome, closed, Retention()).to_json() for outcome in OUTCOMES}
    return {**document, "closed": closed.isoformat(), "retention": kept}


def _day(value: object, name: str) -> date:
    try:
        found: date = read_day(value)
    except FormatError:
        raise UsageError(f"{name} is a day as YYYY-MM-DD") from None
    return found


def count_line(line: str) -> dict[str, Any]:
    """Return the terms for one JSON object, or `{"error": …}`: one line out for each line in."""
    try:
        return count(load_json(line.encode("utf-8", "surrogateescape")))
    except FormatError:
        return {"error": "not a JSON object"}
    except CommandError as error:
        return {"error": str(error)}
