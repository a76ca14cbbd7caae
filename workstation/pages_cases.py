# SPDX-License-Identifier: EUPL-1.2
"""Pages about one case: the question before it, the case, and what is done in it."""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from meldkluis.workstation.casebook import INVOLVED
from meldkluis.workstation.casepage import case_page
from meldkluis.workstation.errors import ActError, DistrustError, RefusedError, UnreachableError
from meldkluis.workstation.render import N_
from meldkluis.workstation.visit import Visit, route

_WITHDRAWN: Final = N_("U hebt u uit deze zaak teruggetrokken.")


def case(visit: Visit) -> Response:
    """Show a case: the question first, then everything."""
    office = visit.office
    office.fetch_if_due()
    log, kept = office.dossiers.log(visit.case), office.dossiers.kept(visit.case)
    declared = office.dossiers.declaration(kept, log)
    if kept.destroyed is not None:
        return visit.render("destroyed.html", case=visit.case, when=kept.destroyed)
    if declared == INVOLVED:
        return visit.render("recused.html", case=visit.case)
    if declared is None:
        return _question(visit)
    if log.may_take_over(office.keyring.key):
        # An earlier declaration whose taking over was broken off.
        try:
            office.act(lambda: office.acts.take_over_if_open(visit.case))
        except (DistrustError, UnreachableError, RefusedError):
            return visit.render("taking.html", 502, case=visit.case, alarms=office.book.alarms(visit.case))
    return case_page(visit)


def _question(visit: Visit, status: int = 200, error: str = "") -> Response:
    office = visit.office
    alone = office.dossiers.log(visit.case).officers == {office.keyring.key}
    try:
        about = office.act(lambda: office.dossiers.about_whom(visit.case))
    except DistrustError:
        about = None
    return visit.render(
        "question.html", status, case=visit.case, about=about, alone=alone, error=error,
        alarms=office.book.alarms(visit.case), line=office.summaries.one(office.dossiers.kept(visit.case)),
    )  # fmt: skip


def involved(visit: Visit) -> Response:
    """Take the declaration: withdraw from the case, or open it."""
    office, choice = visit.office, visit.form.get("involved")
    if office.dossiers.declaration(office.dossiers.kept(visit.case), office.dossiers.log(visit.case)) is not None:
        return visit.go(f"/case/{visit.path['case']}")
    acts = {"yes": office.acts.recuse, "no": office.acts.not_involved}
    if choice not in acts:
        return _question(visit, 422, "no-choice")
    try:
        office.act(lambda: acts[choice](visit.case))
    except DistrustError:
        return _question(visit, 409, "distrust") if choice == "no" else visit.go(f"/case/{visit.path['case']}")
    except (UnreachableError, RefusedError) as error:
        office.last_error = error
        return _question(visit, 502, "not-sent") if choice == "no" else visit.go(f"/case/{visit.path['case']}")
    return visit.go("/", _WITHDRAWN) if choice == "yes" else visit.go(f"/case/{visit.path['case']}")


def contact(visit: Visit) -> Response:
    """Log that contact details are opened, then show them, on this one page only."""
    office = visit.office
    try:
        contacts = office.act(lambda: office.acts.open_contact(visit.case))
    except ActError as error:
        if error.reason != "identity-gone":
            raise
        return case_page(visit, 409, error=error.reason)
    except DistrustError:
        return case_page(visit, 409, error="distrust")
    except (UnreachableError, RefusedError) as error:
        office.last_error = error
        return case_page(visit, 502, error="not-opened")
    return case_page(visit, contacts=contacts)


ROUTES: Final[list[Route]] = [
    route("/case/{case}", case),
    route("/case/{case}/involved", involved, "POST"),
    route("/case/{case}/contact", contact, "POST"),
]
