# SPDX-License-Identifier: EUPL-1.2
"""Pages about who else is in a case: adding a colleague, leaving a case, handing over many at once.

- Nobody is added by one press: the next page says what the colleague gets and what the reporter sees, and asks whether
  the colleague could be involved.
- Whom the reporter left out is not offered, and no page here says why a case cannot go to somebody.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from meldkluis.crypto.encoding import b64
from meldkluis.crypto.roster import Member
from meldkluis.workstation.casepage import case_page
from meldkluis.workstation.errors import ActError, DistrustError, RefusedError, UnreachableError
from meldkluis.workstation.handover import Colleague
from meldkluis.workstation.render import N_
from meldkluis.workstation.trust import parse_fingerprint
from meldkluis.workstation.visit import Visit, route
from meldkluis.workstation.words import REASONS

AT_ONCE: Final = 40
"""Cases on one page of a hand-over: each is an entry of its own on the server."""

_ADDED: Final = N_("Uw collega heeft toegang tot deze zaak. De melder ziet dat in het logboek.")
_LEFT: Final = N_("U hebt deze zaak verlaten.")


def _chosen(visit: Visit) -> Colleague:
    """Return the colleague that a form names; ActError `no-colleague` for one who was not offered."""
    try:
        key = parse_fingerprint(visit.form.get("member", ""))
    except ActError:
        raise ActError("no-colleague") from None
    for item in visit.office.handovers.colleagues(visit.case):
        if item.member.key == key:
            return item
    raise ActError("no-colleague")


def choose(visit: Visit) -> Response:
    """Ask before a colleague is added."""
    visit.office.dossiers.require_declared(visit.case)
    try:
        return _ask(visit, _chosen(visit))
    except ActError as error:
        return case_page(visit, 422, error=error.reason, filled={"form": "colleague"})


def _ask(visit: Visit, item: Colleague, status: int = 200, error: str = "") -> Response:
    return visit.render("colleague.html", status, case=visit.case, item=item, error=error, reasons=REASONS)


def add(visit: Visit) -> Response:
    """Add the colleague, after the officer thought about it."""
    office = visit.office
    office.dossiers.require_declared(visit.case)
    try:
        item = _chosen(visit)
    except ActError as error:
        return case_page(visit, 422, error=error.reason, filled={"form": "colleague"})
    if visit.form.get("thought") != "yes":
        return _ask(visit, item, 422, "no-thought")
    try:
        office.act(lambda: office.handovers.add(visit.case, item.member.key, again=item.in_case))
    except ActError as error:
        return _ask(visit, item, 409, error.reason)
    except DistrustError:
        return _ask(visit, item, 409, "distrust")
    except (UnreachableError, RefusedError) as error:
        office.last_error = error
        return _ask(visit, item, 502, "not-done")
    return visit.go(f"/case/{visit.path['case']}", _ADDED)


def leaving(visit: Visit) -> Response:
    """Say what leaving a case means."""
    return _leaving(visit)


def _leaving(visit: Visit, status: int = 200, error: str = "") -> Response:
    office = visit.office
    log = office.dossiers.require_declared(visit.case)
    return visit.render(
        "leave.html", status, case=visit.case, may_leave=office.handovers.may_leave(log), error=error, reasons=REASONS
    )


def leave(visit: Visit) -> Response:
    """Leave the case to the others."""
    office = visit.office
    office.dossiers.require_declared(visit.case)
    if visit.form.get("sure") != "yes":
        return _leaving(visit, 422, "not-sure")
    try:
        office.act(lambda: office.handovers.leave(visit.case))
    except ActError as error:
        return _leaving(visit, 409, error.reason)
    except DistrustError:
        return _leaving(visit, 409, "distrust")
    except (UnreachableError, RefusedError) as error:
        office.last_error = error
        return _leaving(visit, 502, "not-done")
    return visit.go("/", _LEFT)


def _person(visit: Visit) -> Member | None:
    try:
        key = parse_fingerprint(visit.path["fingerprint"])
    except ActError:
        return None
    return None if key == visit.office.keyring.key else visit.office.trust.person(key)


def colleague(visit: Visit) -> Response:
    """Show the officer's cases as they stand towards a colleague."""
    visit.office.fetch_if_due()
    return _shared(visit)


_NONE: Final[Mapping[str, str]] = {}


def _shared(visit: Visit, status: int = 200, error: str = "", results: list[tuple[bytes, str]] | None = None,
            filled: Mapping[str, str] = _NONE) -> Response:  # fmt: skip
    office, member = visit.office, _person(visit)
    if member is None:
        return visit.problem("http-404", 404)
    mine = office.handovers.mine(member.key)
    here = member.key in office.trust.members()
    values: dict[str, Any] = {
        "member": member, "here": f"/colleagues/{member.key.hex()}", "on_roster": here, "error": error,
        "results": results or [], "filled": filled, "reasons": REASONS, "unopened": office.handovers.unopened(),
        "fetch_error": office.last_error,
    }  # fmt: skip
    if here:
        # What still can be done comes first, so that a next press takes the rest.
        rank = {"new": 0, "declared": 1, "asked": 2, "out": 3}
        mine = sorted(mine, key=lambda item: rank[item.state])
        return visit.render("handover.html", status, cases=mine[:AT_ONCE], more=max(0, len(mine) - AT_ONCE), **values)
    return visit.render("handover.html", status, cases=[item for item in mine if item.only_other], more=0, **values)


def share(visit: Visit) -> Response:
    """Add the colleague to the ticked cases, or hand them over; each case has a result of its own."""
    office, form, member = visit.office, visit.form, _person(visit)
    if member is None or member.key not in office.trust.members():
        return visit.problem("http-404", 404)
    offered = [item.case for item in office.handovers.mine(member.key) if item.state != "out"]
    wanted = [case for case in offered if form.get(f"case-{b64(case)}") == "yes"]
    mode = form.get("mode")
    error = "no-mode" if mode not in {"add", "leave"} else "no-cases" if not wanted else ""
    if not error and form.get("thought") != "yes":
        error = "no-thought"
    if error:
        return _shared(visit, 422, error, filled=form)
    results = []
    for case in wanted:
        result = office.act(partial(office.handovers.hand_over, case, member.key, leave=mode == "leave"))
        results.append((case, result))
    return _shared(visit, results=results)


ROUTES: Final[list[Route]] = [
    route("/case/{case}/colleague", choose, "POST"),
    route("/case/{case}/colleague/add", add, "POST"),
    route("/case/{case}/leave", leaving),
    route("/case/{case}/leave", leave, "POST"),
    route("/colleagues/{fingerprint}", colleague),
    route("/colleagues/{fingerprint}", share, "POST"),
]
