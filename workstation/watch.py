# SPDX-License-Identifier: EUPL-1.2
"""Whether the server does by itself what it has to: the workstation counts the terms too.

- A lapse that the server keeps back, or puts on another day than the law's, would leave a report lying with whoever let
  it lie. It cannot be prevented here; it can be seen.
- The same goes for a colleague who closes a case with an earlier end than the law lets anybody choose.
- Pure: logs, policy and a day in; yes or no out.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from meldkluis.crypto.chain import CaseLog
from meldkluis.mailbox.actions import automatic, terms_of
from meldkluis.mailbox.facts import Facts, facts_of
from meldkluis.mailbox.policy import RANGES, Policy, Retention, ends
from meldkluis.mailbox.terms import dues

PATIENCE: Final = timedelta(days=2)
"""A server acts at noon, and may have stood still for a day."""

_LEAST: Final = Retention(**{name: least for name, (least, _) in RANGES.items()})
_SETS_TERMS: Final = frozenset({"clock-runs", "objected", "reopened", "lapsed"})
_WATCHED: Final = frozenset({"acknowledge", "hand-over", "lapsed acknowledgement internal", "lapsed feedback internal"})


def withheld(log: CaseLog, policy: Policy, today: date) -> bool:
    """Whether the server has not done, days after it was due, what it does by itself when a term lapses."""
    latest = _last_change(log)
    horizon = today - PATIENCE - timedelta(days=1)
    if latest is not None and latest > horizon:
        # What an entry of these days made due, the server may still be about to do.
        return False
    facts = facts_of(log)
    if facts.closed is None and log.course.lapsed and "deputy" in facts.automatic:
        return True
    return any(due.kind in _WATCHED for due in automatic(facts, policy, horizon))


def _last_change(log: CaseLog) -> date | None:
    """Return the day of the last entry that made something due which was not due by its calendar."""
    days = []
    for entry, following in zip(log.entries, [*log.entries[1:], None], strict=True):
        if entry.act in _SETS_TERMS:
            # The reporter's own entries have no day; the server's receipt has.
            days.append(entry.fields.get("day") or (None if following is None else following.fields.get("day")))
    return max((day for day in days if day is not None), default=None)


def wrong_promise(log: CaseLog) -> bool:
    """Whether the server's receipt of the report promises its reporter other days than one counts here."""
    receipt = next(entry for entry in log.entries if entry.act == "received")
    terms, said = dues(receipt.fields["day"]), receipt.fields["dues"]
    return (said.acknowledgement, said.feedback) != (terms.acknowledgement.nominal, terms.feedback.nominal)


def wrong_lapses(log: CaseLog, known: int, server_keys: Iterable[bytes]) -> bool:
    """Whether an entry after the first `known` says that a term lapsed on another day than one counts here."""
    if not any(entry.act == "lapsed" for entry in log.entries[known:]):
        return False
    earlier = CaseLog(log.organisation, log.case, server_keys)
    for entry in log.entries:
        if entry.act == "lapsed" and entry.index >= known and not _counted(facts_of(earlier), entry.fields):
            return True
        earlier.append(entry)
    return False


def _counted(facts: Facts, lapsed: Mapping[str, Any]) -> bool:
    ends = getattr(terms_of(facts), lapsed["term"])
    return bool(lapsed["due"] == getattr(ends, lapsed["end"]))


def hurried(log: CaseLog, outcome: str) -> bool:
    """Whether a closed case ends sooner than any organisation may choose for its outcome."""
    closed = log.course.closed
    if closed is None:
        return False
    day, end = closed.fields["day"], closed.fields["destroy_after"]
    return bool(end < ends(outcome, day, _LEAST).destroy_after)
