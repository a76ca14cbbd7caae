# SPDX-License-Identifier: EUPL-1.2
"""One request of the officer's browser: who may make it, what its form says, how an answer is rendered.

- Every page needs the session, every form its token; pages about cases need an unlocked vault.
- Handlers are plain functions in a thread: they read a `Visit`, call one thing, and render. No template sees a request.
"""

import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from meldkluis.crypto.encoding import unb64
from meldkluis.crypto.errors import CryptoError
from meldkluis.workstation import words
from meldkluis.workstation.alarms import KINDS
from meldkluis.workstation.errors import ActError
from meldkluis.workstation.guard import START
from meldkluis.workstation.office import Connect, Office
from meldkluis.workstation.render import language, preferred
from meldkluis.workstation.session import Sessions
from meldkluis.workstation.vault import read_head

LARGEST_FORM: Final = 1_048_576
"""Bytes: 256 KiB of text, percent-encoded, and some."""

_MOST_FIELDS: Final = 1000
"""A tick for each attachment of a case, and some; the form's size bounds it too."""


@dataclass
class Station:
    """A running application: its vault, locked or not, and its one session."""

    directory: Path
    sessions: Sessions
    connect: Connect
    today: Callable[[], date]
    language: str | None = None
    office: Office | None = None
    notices: list[str] = field(default_factory=list)
    unlocking: threading.Lock = field(default_factory=threading.Lock)

    def lock(self) -> None:
        """Close the vault."""
        office, self.office = self.office, None
        if office is not None:
            office.close()


@dataclass(frozen=True)
class Visit:
    """A request that may be answered. `form` has each field once."""

    station: Station
    method: str
    query: Mapping[str, str]
    path: Mapping[str, str]
    form: Mapping[str, str] = field(repr=False)
    known: bool
    language: str

    @property
    def office(self) -> Office:
        """The unlocked vault."""
        office = self.station.office
        if office is None:
            raise ActError("locked")
        return office

    @property
    def case(self) -> bytes:
        """The case that the path names; ActError when it can be none."""
        try:
            case = unb64(self.path["case"])
        except CryptoError:
            raise ActError("no-case") from None
        if len(case) != 16:
            raise ActError("no-case")
        return case

    def render(self, template: str, status: int = 200, **values: Any) -> Response:
        """Return a page."""
        page = language(self.station.language or self.language).render(template, self._frame() | values)
        return HTMLResponse(page, status)

    def _frame(self) -> dict[str, Any]:
        """Return what every page has. A browser without the session learns nothing, not even the form's token."""
        station = self.station
        head = read_head(station.directory)
        office = station.office if self.known else None
        return {
            "csrf": station.sessions.csrf if self.known else "",
            "organisation": head.organisation if self.known else "",
            "demo": head.demo,
            "unlocked": office is not None,
            "roster": None if office is None else office.trust.current(),
            "notices": [station.notices.pop(0) for _ in list(station.notices)] if self.known else [],
            "kinds": KINDS,
            "words": words,
            "here": self.path.get("here", "/"),
        }

    def problem(self, reason: str, status: int = 409) -> Response:
        """Return the page that says why something was not done."""
        return self.render("problem.html", status, reason=reason)

    def go(self, path: str, notice: str = "") -> Response:
        """Send the browser on after a form, with a notice for the next page."""
        if notice:
            self.station.notices.append(notice)
        return RedirectResponse(path, 303)


Handler = Callable[[Visit], Response]


async def _form(request: Request) -> dict[str, str]:
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/x-www-form-urlencoded":
        raise HTTPException(415)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise HTTPException(413)
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), errors="strict",
            max_num_fields=_MOST_FIELDS,
        )  # fmt: skip
    except ValueError:
        raise HTTPException(400) from None
    form = {name: value.replace("\r\n", "\n") for name, value in pairs}
    if len(form) != len(pairs):
        raise HTTPException(400)
    return form


def visit_of(request: Request, form: Mapping[str, str]) -> Visit:
    """Return the visit that a request is."""
    station: Station = request.app.state.station
    here = request.url.path if request.method == "GET" and request.url.path != START else "/"
    return Visit(
        station=station,
        method=request.method,
        query=dict(request.query_params),
        path={**request.path_params, "here": here},
        form=form,
        known=station.sessions.known(request.cookies),
        language=preferred(request.headers.get("accept-language", "")),
    )


def route(path: str, handler: Handler, method: str = "GET", *, unlocked: bool = True, session: bool = True) -> Route:
    """Return a route that lets a handler see only the visits it may see."""

    async def endpoint(request: Request) -> Response:
        station: Station = request.app.state.station
        known = station.sessions.known(request.cookies)
        # A stranger's body is not even read.
        form = await _form(request) if method == "POST" and known else {}
        visit = visit_of(request, form)
        if session and not known:
            return visit.render("outside.html", 401)
        if method == "POST" and not station.sessions.form_is_ours(form.get("csrf", "")):
            return visit.problem("form", 403)
        if unlocked and station.office is None:
            return visit.go("/unlock") if method == "GET" else visit.problem("locked", 403)
        return await to_thread.run_sync(handler, visit)

    methods = ["GET"] if method == "GET" else [method]
    return Route(path, _named(endpoint, handler), methods=methods)


def _named(endpoint: Callable[[Request], Awaitable[Response]], handler: Handler) -> Callable[..., Any]:
    endpoint.__name__ = getattr(handler, "__name__", "page")
    return endpoint
