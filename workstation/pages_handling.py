# SPDX-License-Identifier: EUPL-1.2
"""Forms about how a case is handled: regime and state, the clock, closing, holding, destruction."""

from collections.abc import Callable
from datetime import date
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from meldkluis.crypto.encoding import day as read_day
from meldkluis.crypto.errors import FormatError
from meldkluis.workstation.casepage import case_page
from meldkluis.workstation.errors import ActError, DistrustError, RefusedError, UnreachableError
from meldkluis.workstation.render import N_
from meldkluis.workstation.visit import Handler, Visit, route

_NOTED: Final = N_("Vastgelegd.")
_RUNS: Final = N_("De termijnen lopen.")
_CLOSED: Final = N_("De zaak is gesloten.")
_REOPENED: Final = N_("De zaak is weer open.")
_HELD: Final = N_("De zaak blijft bewaard.")
_RELEASED: Final = N_("De zaak wordt niet langer apart bewaard.")
_APPROVED: Final = N_("U hebt goedgekeurd dat de zaak wordt vernietigd.")


def _day(visit: Visit, name: str) -> date:
    try:
        return read_day(visit.form.get(name, "").strip())
    except FormatError:
        raise ActError(f"bad-{name}") from None


def _handle(visit: Visit) -> None:
    received = _day(visit, "received") if visit.form.get("received", "").strip() else None
    form = visit.form
    visit.office.decisions.handle(
        visit.case, form.get("regime", ""), form.get("state", ""), received, form.get("reason", "").strip()
    )


def _run_clock(visit: Visit) -> None:
    visit.office.decisions.run_clock(visit.case, _day(visit, "since"))


def _close(visit: Visit) -> None:
    visit.office.decisions.close(visit.case, visit.form.get("outcome", ""), visit.form.get("reason", "").strip())


def _reopen(visit: Visit) -> None:
    visit.office.decisions.reopen(visit.case, visit.form.get("reason", "").strip())


def _hold(visit: Visit) -> None:
    visit.office.decisions.hold(visit.case, _day(visit, "until"), visit.form.get("reason", "").strip())


def _release(visit: Visit) -> None:
    visit.office.decisions.release(visit.case)


def _approve(visit: Visit) -> None:
    visit.office.decisions.approve(visit.case)


def _form(name: str, decide: Callable[[Visit], None], done: str) -> Route:
    """Return the route of a form; what was typed comes back when it was not taken."""

    def handler(visit: Visit) -> Response:
        office, filled = visit.office, {**visit.form, "form": name}
        try:
            office.act(lambda: decide(visit))
        except ActError as error:
            if error.reason in {"no-case", "recused", "not-declared", "destroyed"}:
                raise
            return case_page(visit, 422, error=error.reason, filled=filled)
        except DistrustError:
            return case_page(visit, 409, error="distrust", filled=filled)
        except (UnreachableError, RefusedError) as error:
            office.last_error = error
            return case_page(visit, 502, error="not-done", filled=filled)
        return visit.go(f"/case/{visit.path['case']}", done)

    named: Handler = handler
    return route(f"/case/{{case}}/{name}", named, "POST")


ROUTES: Final[list[Route]] = [
    _form("handling", _handle, _NOTED),
    _form("clock", _run_clock, _RUNS),
    _form("close", _close, _CLOSED),
    _form("reopen", _reopen, _REOPENED),
    _form("hold", _hold, _HELD),
    _form("release", _release, _RELEASED),
    _form("approve", _approve, _APPROVED),
]
