# SPDX-License-Identifier: EUPL-1.2
"""The page of one case: what was written, how the case stands, and what can be decided about it now.

- It shows only what may be done: a form stands where its act could be appended to the log as it was shown.
- Whatever goes wrong with a form, the page says which field and why, and what was typed comes back.
"""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.course import LONGEST_HOLD, NOTICE
from meldkluis.crypto.message import Contact
from meldkluis.crypto.note import CLOCKLESS, OUTCOMES, REGIMES, STATES
from meldkluis.workstation import archive
from meldkluis.workstation.casekeys import has_contact
from meldkluis.workstation.dossier import MESSAGE_ACTS, Item
from meldkluis.workstation.errors import ActError, DistrustError, RefusedError, UnreachableError
from meldkluis.workstation.handling import Handling, run_from, should_run, should_stop
from meldkluis.workstation.office import Office
from meldkluis.workstation.phrases import FEEDBACK, PHRASES, QUESTIONS, phrase
from meldkluis.workstation.steps import hidden
from meldkluis.workstation.steps_words import choice_of, title_of
from meldkluis.workstation.visit import Visit
from meldkluis.workstation.words import REASONS

_NONE: Final[Mapping[str, str]] = {}


def case_page(
    visit: Visit, status: int = 200, *, error: str = "", contacts: list[tuple[int, Contact]] | None = None,
    typed: tuple[str, str] | None = None, filled: Mapping[str, str] = _NONE,
) -> Response:  # fmt: skip
    """Return the page; `typed` is an answer, `filled` another form, that was not taken."""
    office = visit.office
    log = office.dossiers.require_declared(visit.case)
    items = office.dossiers.timeline(visit.case)
    for kind in {item.problem for item in items if item.problem}:
        office.book.raise_alarm(kind, visit.case, office.today())
    first = items[0].document
    if first is not None:
        office.book.set_about(visit.case, first.about)
    draft = office.book.draft(visit.case)
    line = office.summaries.one(office.dossiers.kept(visit.case))
    assert line is not None
    handling = office.summaries.handling(log)
    response = visit.render(
        "case.html",
        status,
        case=visit.case,
        items=items,
        first=first,
        line=line,
        officers=[(office.trust.person(key), key == office.keyring.key) for key in sorted(log.officers)],
        left_out=[office.trust.person(key) for key in log.not_to],
        deputy=None if log.deputy is None else office.trust.person(log.deputy),
        number=log.next_number(office.keyring.key),
        can_answer=log.case_key is not None and first is not None,
        contacts=contacts,
        draft=draft if typed is None else None,
        typed=typed,
        filled=filled,
        error=error,
        reasons=REASONS,
        alarms=office.book.alarms(visit.case),
        today=office.today(),
        colleagues=office.handovers.colleagues(visit.case),
        may_leave=office.handovers.may_leave(log),
        gone_officers=[office.trust.person(key) for key in sorted(log.officers - office.trust.members())],
        hidden=hidden(handling),
        title_of=title_of,
        choice_of=choice_of,
        phrases={name: item.label for name, item in PHRASES.items()},
        feedback=FEEDBACK,
        questions=QUESTIONS,
        acknowledgement="" if first is None else phrase("acknowledgement", first.language),
        **_decisions(office, log, handling),
    )
    office.book.set_seen(visit.case, len(log.entries))
    _say_read(office, log, items)
    return response


def _decisions(office: Office, log: CaseLog, handling: Handling) -> dict[str, Any]:
    """Return what the forms of the page show."""
    course, day = log.course, office.api.day()
    closed = None if course.closed is None else course.closed.fields
    held = course.held.fields["until"] if course.held is not None and course.held_on(day) else None
    try:
        kept_until = {outcome: office.decisions.ends(outcome) for outcome in OUTCOMES}
    except ActError:
        kept_until = {}
    return {
        "handling": handling,
        "regimes": REGIMES,
        "states": STATES,
        "stop": should_stop(log, handling),
        "no_stop": handling.note.regime in CLOCKLESS and course.runs and course.objected and course.closed is None,
        "run_from": run_from(log, handling) if should_run(log, handling) else None,
        "kept_until": kept_until,
        "feedback_due": course.feedback is None and course.runs,
        "closed": closed,
        "closed_by": None if course.closed is None else office.trust.person(course.closed.author),
        "closed_by_me": course.closed is not None and course.closed.author == office.keyring.key,
        "identity_gone": course.identity_gone and not any(has_contact(log, entry) for entry in log.entries),
        "announced": None if course.announced is None else course.announced.fields["on"],
        "may_approve": office.decisions.may_approve(log),
        "approve_from": None if closed is None else closed["destroy_after"] - NOTICE,
        "approved": len(course.approvals),
        "held": held,
        "archive_waits": archive.waits(log, handling, office.decisions.category()),
        "own_hold": archive.own_hold(log, handling, day),
        "longest_hold": day + LONGEST_HOLD,
        "can_decide": log.case_key is not None,
    }


def _say_read(office: Office, log: CaseLog, items: list[Item]) -> None:
    """Say in the log that the reporter's messages were read; quietly, and with the next visit if it does not arrive."""
    shown = all(item.problem is None for item in items if item.act in MESSAGE_ACTS)
    if log.course.unread is None or not shown:
        return
    try:
        office.act(lambda: office.acts.read(log.case, len(log.entries)))
    except (UnreachableError, RefusedError, DistrustError, ActError):
        return
