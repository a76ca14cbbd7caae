# SPDX-License-Identifier: EUPL-1.2
"""The reporter's site, put together: this is all that answers on it.

- Routes are listed here and nowhere else; nothing registers itself.
- `headers.Guard` stands outermost, so every answer has the headers and no error leaves as it is.
- One application an organisation; which one a request is for was decided before (meldkluis.intake.doors).
"""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from meldkluis.intake import api, security_txt
from meldkluis.intake.config import Config
from meldkluis.intake.door import Door
from meldkluis.intake.headers import Guard
from meldkluis.intake.i18n import Language
from meldkluis.intake.letters import Letters
from meldkluis.intake.pages import ErrorPages, Pages
from meldkluis.intake.site import Site
from meldkluis.mailbox.desk import Desk


class WithDesk:
    """Puts the organisation's desk into each request's state, where the JSON interface looks for it."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        """Stand around `app`."""
        self._app, self._desk = app, desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        scope["state"] = {**scope.get("state", {}), "desk": self._desk}
        await self._app(scope, receive, send)


def _language_routes(site: Site, language: Language) -> list[BaseRoute]:
    pages, door, letters, prefix = Pages(site, language), Door(site, language), Letters(site, language), language.prefix
    start = [Route(f"{prefix}/", pages.start)] + ([Route(prefix, pages.start)] if prefix else [])
    return [
        *start,
        Route(f"{prefix}/melden", pages.form),
        Route(f"{prefix}/melden", door.report, methods=["POST"]),
        Route(f"{prefix}/bericht", pages.mailbox),
        Route(f"{prefix}/bericht", letters.post, methods=["POST"]),
        Route(f"{prefix}/bewijs", pages.proof),
        Route(f"{prefix}/bewijs", pages.check_proof, methods=["POST"]),
        Route(f"{prefix}/sleutels", pages.keys),
    ]


def create_app(config: Config, desk: Desk) -> Starlette:
    """Return the site of one organisation, over its open desk."""
    site = Site(config, desk)
    errors = ErrorPages(site)
    routes: list[BaseRoute] = [route for language in site.languages for route in _language_routes(site, language)]
    routes += [Route("/static/{name}", site.assets.serve), *security_txt.routes(config), *api.routes()]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Guard, broken=errors.broken), Middleware(WithDesk, desk=desk)],
        exception_handlers={HTTPException: errors.refused},
    )
    # A redirect would copy the Host header into an address; an address with a stray slash is simply not there.
    app.router.redirect_slashes = False
    return app
