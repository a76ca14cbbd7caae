# SPDX-License-Identifier: EUPL-1.2
"""One request of the officer's browser: who may make it, what its form says, how an answer is rendered.

- Every page needs the session, every form its token; pages about cases need an unlocked vault.
- Handlers are plain functions in a thread: they read a `Visit`, call one thing, and render. No template sees a request.
"""

import gc
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from meldkluis.crypto.encoding import unb64
from meldkluis.crypto.errors import CryptoError
from meldkluis.workstation import kept, words
from meldkluis.workstation.alarms import KINDS
from meldkluis.workstation.ceremony import Ceremony
from meldkluis.workstation.errors import ActError
from meldkluis.workstation.guard import START
from meldkluis.workstation.making import holds_vault
from meldkluis.workstation.office import Connect, Office
from meldkluis.workstation.presence import Presence
from meldkluis.workstation.render import language, preferred
from meldkluis.workstation.session import Sessions
from meldkluis.workstation.upload import read_upload
from meldkluis.workstation.vault import read_head

LARGEST_FORM: Final = 1_048_576
"""Bytes: 256 KiB of text, percent-encoded, and some."""

_MOST_FIELDS: Final = 1000
"""A tick for each case of a page or each attachment of a case, and some; the form's size bounds it too."""


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
    presence: Presence = field(default_factory=Presence)
    end: Callable[[], None] | None = None
    """Ends the program that this application runs in, in a moment; None where that is not ours to do."""
    idle: int = 0
    """Minutes without a sign of the officer after which the vault locked by itself; 0 when it did not."""
    demo: bool = False
    """Whether a vault that is made here is a demonstration's."""
    ceremony: Ceremony | None = None
    """The steps towards a vault, while there is none."""

    def __post_init__(self) -> None:
        """Begin where the directory says."""
        if not holds_vault(self.directory):
            self.ceremony = Ceremony()

    def open_made(self, office: Office) -> None:
        """Go on with a vault that was just made."""
        self.office, self.ceremony = office, None
        self.idle, self.presence.minutes = 0, office.settings.idle_minutes

    def lock(self) -> None:
        """Close the vault."""
        office, self.office, self.idle = self.office, None, 0
        if office is not None:
            office.close()
            del office
            # Its parts know each other; what they held goes now, and not at some time.
            gc.collect()

    def lock_if_away(self) -> None:
        """Close the vault when the officer is away."""
        with self.presence.away() as away:
            if not away or self.office is None:
                return
            office, self.office, self.idle = self.office, None, self.presence.minutes
        office.close()
        del office
        gc.collect()


@dataclass(frozen=True)
class Visit:
    """A request that may be answered. `form` has each field once; `file` is what was uploaded with it."""

    station: Station
    method: str
    query: Mapping[str, str]
    path: Mapping[str, str]
    form: Mapping[str, str] = field(repr=False)
    known: bool
    language: str
    file: bytes = field(default=b"", repr=False)
    address: str = "/"
    """Path and query of the request."""
    came_from: str = "/"
    """Our page that a form stood on."""

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
        head = None if station.ceremony is not None else read_head(station.directory)
        demo = station.demo if head is None else head.demo
        office = station.office if self.known else None
        return {
            "csrf": station.sessions.csrf if self.known else "",
            "organisation": head.organisation if self.known and head is not None else "",
            "demo": demo,
            "unlocked": office is not None,
            "roster": None if office is None else office.trust.current(),
            "notices": [station.notices.pop(0) for _ in list(station.notices)] if self.known else [],
            "oral_waiting": 0 if office is None else len(office.oral.unfinished()),
            "kinds": KINDS,
            "words": words,
            "here": self.path.get("here", "/"),
            # Whoever runs a demonstration ends it.
            "ends": station.end is not None and not demo,
            # A page that holds what somebody wrote offers no form that would lose it.
            "keeps": False,
        }

    def ask_passphrase(self, status: int = 200, error: str = "", *, back: str = "", form: str = "") -> Response:
        """Return the page that opens the vault. It leads to `back`, and holds a form that could not be taken."""
        values = {"error": error, "back": back or self.address, "kept": form, "keeps": bool(form)}
        return self.render("unlock.html", status, idle=self.station.idle, **values)

    def ask_again(self, packed: str, status: int = 200, *, back: str = "/", opened: bool) -> Response | None:
        """Return the page that offers a kept form for sending; None when there is none."""
        found = kept.unpack(packed)
        if found is None:
            return None
        path, form = found
        values = {"path": path, "fields": form, "written": kept.written(form), "back": kept.local(back)}
        return self.render("again.html", status, opened=opened, keeps=True, **values)

    def not_now(self) -> Response:
        """Return the answer to a form of our own page that cannot be taken now: nothing of it is lost."""
        packed = kept.pack(self.address, self.form)
        if self.station.office is None:
            return self.ask_passphrase(403, back=self.came_from, form=packed)
        return self.ask_again(packed, 403, back=self.came_from, opened=False) or self.problem("form", 403)

    def problem(self, reason: str, status: int = 409) -> Response:
        """Return the page that says why something was not done."""
        return self.render("problem.html", status, reason=reason)

    def go(self, path: str, notice: str = "") -> Response:
        """Send the browser on after a form, with a notice for the next page."""
        if notice:
            self.station.notices.append(notice)
        return RedirectResponse(path, 303)


Handler = Callable[[Visit], Response]


class _Seen:
    """An answer of which every piece that the browser takes is a sign of the officer."""

    def __init__(self, response: Response, presence: Presence) -> None:
        self._response: Final = response
        self._presence: Final = presence

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def seen(message: Message) -> None:
            await send(message)
            self._presence.seen()

        await self._response(scope, receive, seen)


async def _form(request: Request, largest: int) -> dict[str, str]:
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/x-www-form-urlencoded":
        raise HTTPException(415)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
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
        address=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        came_from=kept.local(request.headers.get("referer", "").removeprefix(station.sessions.origin)),
    )


def route(
    path: str, handler: Handler, method: str = "GET", *, unlocked: bool = True, session: bool = True,
    largest: int = LARGEST_FORM, upload: int = 0, setup: bool = False,
) -> Route:  # fmt: skip
    """Return a route that lets a handler see only the visits it may see.

    `largest` bounds a form, in bytes; with `upload` the form comes with a file, and has at most so many bytes. `setup`:
    it is there before there is a vault.
    """

    async def endpoint(request: Request) -> Response | _Seen:
        station: Station = request.app.state.station
        known = station.sessions.known(request.cookies)
        # A stranger's body is not even read.
        form: dict[str, str] = {}
        file = b""
        if method == "POST" and known and upload:
            form, file = await read_upload(request.headers.get("content-type", ""), request.stream(), upload)
        elif method == "POST" and known:
            form = await _form(request, largest)
        visit = replace(visit_of(request, form), file=file)
        if session and not known:
            return visit.render("outside.html", 401)
        if station.ceremony is not None and not setup:
            return visit.go("/setup") if method == "GET" else visit.problem("form", 403)
        if method == "POST" and not station.sessions.form_is_ours(form.get("csrf", "")):
            stale = unlocked and station.sessions.form_was_ours(form.get("csrf", ""))
            return visit.not_now() if stale else visit.problem("form", 403)
        with station.presence.busy():
            # From here on the vault stays as it is: it locks for absence before, or not at all.
            if unlocked and station.office is None:
                return visit.ask_passphrase() if method == "GET" else visit.not_now()
            response = await to_thread.run_sync(handler, visit)
        return _Seen(response, station.presence)

    methods = ["GET"] if method == "GET" else [method]
    return Route(path, _named(endpoint, handler), methods=methods)


def _named(endpoint: Callable[[Request], Awaitable[Response | _Seen]], handler: Handler) -> Callable[..., Any]:
    endpoint.__name__ = getattr(handler, "__name__", "page")
    return endpoint
