# SPDX-License-Identifier: EUPL-1.2
"""Pages before and around the vault: start, unlock, lock, language, the card."""

import dataclasses
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from meldkluis.workstation.display import content_disposition
from meldkluis.workstation.errors import WorkstationError, WrongPassphraseError
from meldkluis.workstation.guard import START
from meldkluis.workstation.kept import local
from meldkluis.workstation.office import Office
from meldkluis.workstation.pages_setup import begin
from meldkluis.workstation.render import LANGUAGES, N_
from meldkluis.workstation.visit import LARGEST_FORM, Visit, route

_WRONG: Final = N_("Deze wachtzin opent de kluis niet. Kijk goed naar de spelling en de spaties.")
_DAMAGED: Final = N_("De kluis kan niet worden geopend: de bestanden zijn beschadigd of niet van u alleen.")


def start(visit: Visit) -> Response:
    """Exchange the token for a session. No redirect: SameSite=Strict would keep the cookie back if a link led here."""
    if not visit.station.sessions.exchange(visit.query.get("token", "")):
        # Loading the page again, in the browser that is inside already.
        return visit.go("/") if visit.known else visit.render("outside.html", 401)
    visit = dataclasses.replace(visit, known=True)
    ceremony = visit.station.ceremony
    if ceremony is not None:
        # Another browser, or this one once more: it sees no secret that another one was shown.
        ceremony.forget()
        response = begin(visit)
    else:
        response = visit.render("entered.html") if visit.station.office else visit.ask_passphrase(back="/")
    visit.station.sessions.set_cookie(response)
    return response


def unlock_page(visit: Visit) -> Response:
    """Ask for the passphrase."""
    return visit.go("/") if visit.station.office else visit.ask_passphrase(back="/")


def unlock(visit: Visit) -> Response:
    """Open the vault, and go back to where the officer was; a form that was kept is offered, not sent."""
    station, form = visit.station, visit.form.get("kept", "")
    back = local(visit.form.get("back", "/"))
    with station.unlocking:
        if station.office is None:
            try:
                station.office = Office.open(
                    station.directory, visit.form.get("passphrase", ""), station.connect, station.today
                )
            except WrongPassphraseError:
                return visit.ask_passphrase(403, _WRONG, back=back, form=form)
            except WorkstationError:
                return visit.ask_passphrase(403, _DAMAGED, back=back, form=form)
            station.idle, station.presence.minutes = 0, station.office.settings.idle_minutes
    return visit.ask_again(form, back=back, opened=True) or visit.go(back)


def lock(visit: Visit) -> Response:
    """Close the vault; the session stays, the passphrase is asked again."""
    visit.station.lock()
    return visit.go("/unlock")


def end(visit: Visit) -> Response:
    """Close the vault and end the program."""
    station = visit.station
    if station.end is None:
        raise HTTPException(404)
    station.lock()
    response = dataclasses.replace(visit, known=False).render("ended.html")
    station.end()
    return response


def choose_language(visit: Visit) -> Response:
    """Speak another language from now on."""
    wanted, back = visit.form.get("language", ""), visit.form.get("back", "/")
    if wanted in LANGUAGES:
        visit.station.language = wanted
    return visit.go(local(back))


def card(visit: Visit) -> Response:
    """Give the officer's card as a file, for the administrator."""
    name = f"meldkluis-{visit.office.keyring.organisation}-{visit.office.keyring.key[:4].hex()}.card"
    headers = {"Content-Disposition": content_disposition(name)}
    return Response(visit.office.keyring.card, media_type="text/plain; charset=utf-8", headers=headers)


ROUTES: Final[list[Route]] = [
    route(START, start, session=False, unlocked=False, setup=True),
    route("/unlock", unlock_page, unlocked=False),
    route("/unlock", unlock, "POST", unlocked=False, largest=2 * LARGEST_FORM),
    route("/lock", lock, "POST", unlocked=False),
    route("/end", end, "POST", unlocked=False, setup=True),
    route("/language", choose_language, "POST", unlocked=False, setup=True),
    route("/card", card),
]
