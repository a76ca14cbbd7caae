# SPDX-License-Identifier: EUPL-1.2
"""Pages about whom the workstation believes: roster, proposal, the fingerprint for the poster."""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from meldkluis.workstation.errors import ActError, RefusedError, UnreachableError
from meldkluis.workstation.render import N_
from meldkluis.workstation.trust import parse_fingerprint
from meldkluis.workstation.visit import Visit, route

_SIGNED: Final = N_("U hebt het voorstel ondertekend.")
_CONFIRMED: Final = N_("De vingerafdruk klopt. Deze kluis vertrouwt nu deze lijst.")


def roster(visit: Visit) -> Response:
    """Show the list that counts, what is proposed, and what this officer still has to do."""
    visit.office.fetch_if_due()
    return _page(visit)


def _page(visit: Visit, status: int = 200, error: str = "") -> Response:
    office = visit.office
    return visit.render(
        "roster.html",
        status,
        me=office.keyring.key,
        former=office.trust.former(),
        newcomers=office.trust.newcomers(),
        anchor=office.trust.anchor,
        rosters=office.trust.rosters(),
        proposal=office.trust.proposal(),
        unconfirmed=office.trust.unconfirmed(),
        alarms=office.book.alarms(),
        fetch_error=office.last_error,
        error=error,
    )


def sign(visit: Visit) -> Response:
    """Sign the proposal that was shown, after the officer said that fingerprints were compared in person."""
    office = visit.office
    if visit.form.get("compared") != "yes":
        return _page(visit, 422, "not-compared")
    try:
        office.act(lambda: office.sign_proposal(parse_fingerprint(visit.form.get("roster", ""))))
    except ActError as error:
        return _page(visit, 409, error.reason)
    except (UnreachableError, RefusedError) as error:
        office.last_error = error
        return _page(visit, 502, "not-sent")
    office.fetch_quietly()
    return visit.go("/roster", _SIGNED)


def confirm(visit: Visit) -> Response:
    """Trust a finished roster whose fingerprint was typed from poster or colleague."""
    office = visit.office
    try:
        office.trust.confirm(parse_fingerprint(visit.form.get("fingerprint", "")))
    except ActError as error:
        return _page(visit, 409, error.reason)
    office.fetch_quietly()
    return visit.go("/roster", _CONFIRMED)


ROUTES: Final[list[Route]] = [
    route("/roster", roster),
    route("/roster/sign", sign, "POST"),
    route("/roster/confirm", confirm, "POST"),
]
