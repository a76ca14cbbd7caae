# SPDX-License-Identifier: EUPL-1.2
"""What stands between a browser and the local application: only this machine, this page, this port.

- Host must be exactly ours (DNS rebinding); a request that another page caused is refused by Sec-Fetch-Site or Origin;
  a POST must say where it comes from.
- Another user of this machine gets nothing, also with the session's cookie (see `neighbour`).
- Every answer forbids script, framing, caching and foreign content. Pages need no script at all.
- Bodies are small; nothing is spooled to a disk.
"""

import os
from collections.abc import Callable
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from meldkluis.workstation.neighbour import End, owner

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none';"
        " base-uri 'none'"
    ),
    # `no-referrer` would make the browser send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), clipboard-read=()",
    "X-DNS-Prefetch-Control": "off",
    "Server": "meldkluis-workstation",
}
CACHE: Final = "no-store"
START: Final = "/start"
_STYLES: Final = "/static/"


class Guard:
    """ASGI middleware; `origin` is the one address at which the application answers, as http://127.0.0.1:8001.

    `owner` tells whose the other end of a connection is.
    """

    def __init__(self, app: ASGIApp, origin: str, owner: Callable[[End, End], int | None] = owner) -> None:
        self._app: Final = app
        self._owner: Final = owner
        self._origin: Final = origin
        self._host: Final = origin.removeprefix("http://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or say no."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers["Cache-Control"] = CACHE
            await send(message)

        refusal = self._stranger(scope.get("client")) or self._refusal(
            scope["method"], scope["path"], Headers(scope=scope)
        )
        if refusal:
            status, text = refusal
            await PlainTextResponse(text + "\n", status)(scope, receive, guarded)
            return
        await self._app(scope, receive, guarded)

    def _stranger(self, client: Any) -> tuple[int, str] | None:
        host, _, port = self._host.rpartition(":")
        whose = None if client is None else self._owner((client[0], client[1]), (host, int(port)))
        return None if whose in {None, os.getuid()} else (403, "This application is another user's.")

    def _refusal(self, method: str, path: str, headers: Headers) -> tuple[int, str] | None:
        if headers.getlist("host") != [self._host]:
            return 421, f"This application answers at {self._origin} only."
        if method not in {"GET", "HEAD", "POST"}:
            return 405, "Method not allowed."
        site, origins = headers.get("sec-fetch-site"), headers.getlist("origin")
        if method == "POST":
            ours = site in {None, "same-origin"} and origins in ([], [self._origin])
            if not ours or (site is None and not origins):
                return 403, "This request came from another page."
        elif site not in {None, "none", "same-origin"} and path != START and not path.startswith(_STYLES):
            return 403, f"Another page led here. Type the address yourself: {self._origin}/"
        return None
