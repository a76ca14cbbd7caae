# SPDX-License-Identifier: EUPL-1.2
"""The local application: routes, guard, errors. `create_app` takes a Station and returns the ASGI application.

- Every error is a page of ours without a word of what was sent; nothing is logged.
- Serves /static from the package; everything else needs the session.
"""

from importlib import resources
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from meldkluis.workstation import (
    pages_access,
    pages_backup,
    pages_cases,
    pages_colleagues,
    pages_handling,
    pages_inbox,
    pages_oral,
    pages_poster,
    pages_register,
    pages_roster,
    pages_settings,
    pages_setup,
    pages_share,
    pages_steps,
    pages_view,
    pages_writing,
    pages_yearly,
)
from meldkluis.workstation.errors import ActError, DistrustError, RefusedError, UnreachableError, WorkstationError
from meldkluis.workstation.guard import Guard
from meldkluis.workstation.visit import Station, visit_of

_TYPES: Final = {"workstation.css": "text/css; charset=utf-8", "mark.svg": "image/svg+xml"}


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _TYPES:
        raise HTTPException(404)
    content = (resources.files("meldkluis.workstation") / "static" / name).read_bytes()
    return Response(content, media_type=_TYPES[name])


async def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return visit_of(request, {}).problem(f"http-{status}", status)


async def _problem(request: Request, error: Exception) -> Response:
    visit = visit_of(request, {})
    if isinstance(error, ActError):
        if error.reason == "locked":
            return visit.go("/unlock")
        return visit.problem(error.reason, 404 if error.reason in {"no-case", "no-attachment"} else 409)
    if isinstance(error, DistrustError):
        return visit.problem("distrust", 409)
    if isinstance(error, UnreachableError):
        return visit.problem("unreachable", 502)
    return visit.problem("refused" if isinstance(error, RefusedError) else "vault", 502)


def create_app(station: Station) -> ASGIApp:
    """Return the application of a vault, behind its guard."""
    routes = [
        *pages_access.ROUTES,
        *pages_backup.ROUTES,
        *pages_cases.ROUTES,
        *pages_colleagues.ROUTES,
        *pages_handling.ROUTES,
        *pages_inbox.ROUTES,
        *pages_oral.ROUTES,
        *pages_poster.ROUTES,
        *pages_register.ROUTES,
        *pages_roster.ROUTES,
        *pages_settings.ROUTES,
        *pages_setup.ROUTES,
        *pages_share.ROUTES,
        *pages_steps.ROUTES,
        *pages_view.ROUTES,
        *pages_writing.ROUTES,
        *pages_yearly.ROUTES,
        Route("/static/{name}", _static),
    ]
    app = Starlette(routes=routes, exception_handlers={
        HTTPException: _refused, WorkstationError: _problem, Exception: _refused,
    })  # fmt: skip
    app.state.station = station
    return Guard(app, station.sessions.origin)
