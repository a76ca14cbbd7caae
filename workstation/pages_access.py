# SPDX-License-Identifier: EUPL-1.2
"""Pages before and around the vault: start, unlock, lock, language, the card."""

import dataclasses
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from meldkluis.workstation.display import content_disposition
from meldkluis.workstation.errors import WorkstationError, WrongPassphraseError
from meldkluis.workstation.guard import START
from meldkluis.workstation.office import Office
from meldkluis.workstation.render import LANGUAGES, N_
from meldkluis.workstation.visit import Visit, route

_WRONG: Final = N_("Deze wachtzin opent de kluis niet. Kijk goed naar de spelling en de spaties.")
_DAMAGED: Final = N_("De kluis kan niet worden geopend: de bestanden zijn beschadigd of niet van u alleen.")


def start(visit: Visit) -> Response:
    """Exchange the token for a session. No redirect: SameSite=Strict would keep the cookie back if a link led here."""
    if not visit.station.sessions.exchange(visit.query.get("token", "")):
        # Loading the page again, in the browser that is inside already.
        return visit.go("/") if visit.known else visit.render("outside.html", 401)
    visit = dataclasses.replace(visit, known=True)
    response = visit.render("entered.html" if visit.station.office else "unlock.html", error="")
    visit.station.sessions.set_cookie(response)
    return response


def unlock_page(visit: Visit) -> Response:
    """Ask for the passphrase."""
    return visit.go("/") if visit.station.office else visit.render("unlock.html", error="")


def unlock(visit: Visit) -> Response:
    """Open the vault."""
    station = visit.station
    with station.unlocking:
        if station.office is None:
            try:
                station.office = Office.open(
                    station.directory, visit.form.get("passphrase", ""), station.connect, station.today
                )
            except WrongPassphraseError:
                return visit.render("unlock.html", 403, error=_WRONG)
            except WorkstationError:
                return visit.render("unlock.html", 403, error=_DAMAGED)
    return visit.go("/")


def lock(visit: Visit) -> Response:
    """Close the vault; the session stays, the passphrase is asked again."""
    visit.station.lock()
    return visit.go("/unlock")


def choose_language(visit: Visit) -> Response:
    """Speak another language from now on."""
    wanted, back = visit.form.get("language", ""), visit.form.get("back", "/")
    if wanted in LANGUAGES:
        visit.station.language = wanted
    return visit.go(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/")


def card(visit: Visit) -> Response:
    """Give the officer's card as a file, for the administrator."""
    name = f"meldkluis-{visit.office.keyring.organisation}-{visit.office.keyring.key[:4].hex()}.card"
    headers = {"Content-Disposition": content_disposition(name)}
    return Response(visit.office.keyring.card, media_type="text/plain; charset=utf-8", headers=headers)


ROUTES: Final[list[Route]] = [
    route(START, start, session=False, unlocked=False),
    route("/unlock", unlock_page, unlocked=False),
    route("/unlock", unlock, "POST", unlocked=False),
    route("/lock", lock, "POST", unlocked=False),
    route("/language", choose_language, "POST", unlocked=False),
    route("/card", card),
]
