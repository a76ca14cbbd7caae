# SPDX-License-Identifier: EUPL-1.2
"""The page on which the officer sets when the vault locks and through what the server is reached."""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from meldkluis.workstation.errors import ActError
from meldkluis.workstation.render import N_
from meldkluis.workstation.visit import Visit, route

_IDLE_SET: Final = N_("De minuten zijn opgeslagen.")
_PROXY_SET: Final = N_("De proxy is opgeslagen. De server is langs deze weg bereikt.")
_PROXY_OFF: Final = N_("De server wordt zonder proxy bereikt.")
_PROXY_KEPT: Final = N_("De proxy is opgeslagen, maar de server is zo niet bereikt. Kijk boven de lijst van zaken.")


def settings(visit: Visit) -> Response:
    """Show what is set."""
    return _page(visit)


def _page(visit: Visit, status: int = 200, error: str = "") -> Response:
    settings, form = visit.office.settings, visit.form
    proxy = settings.proxy
    return visit.render(
        "settings.html",
        status,
        error=error,
        minutes=form.get("minutes", settings.idle_minutes),
        proxy=form.get("proxy", "" if proxy is None else proxy.url),
    )


def set_idle(visit: Visit) -> Response:
    """Take the minutes; they count from now on."""
    try:
        visit.office.settings.set_idle_minutes(visit.form.get("minutes", ""))
    except ActError as error:
        return _page(visit, 422, error.reason)
    visit.station.presence.minutes = visit.office.settings.idle_minutes
    return visit.go("/settings", _IDLE_SET)


def set_proxy(visit: Visit) -> Response:
    """Take the proxy, and try it at once."""
    office = visit.office
    try:
        office.settings.set_proxy(visit.form.get("proxy", ""))
    except ActError as error:
        return _page(visit, 422, error.reason)
    office.reconnect()
    if office.settings.proxy is None:
        return visit.go("/settings", _PROXY_OFF)
    office.fetch_quietly()
    return visit.go("/settings", _PROXY_KEPT if office.last_error else _PROXY_SET)


ROUTES: Final[list[Route]] = [
    route("/settings", settings),
    route("/settings/idle", set_idle, "POST"),
    route("/settings/proxy", set_proxy, "POST"),
]
