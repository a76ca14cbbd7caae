# SPDX-License-Identifier: EUPL-1.2
"""The outermost layer: the same headers on every answer, and a still page where something breaks.

- Every answer gets them, 404, 413 and 500 too; only Cache-Control may be set further in, for assets.
- An unexpected error is answered with a fixed page; of it only its kind and its place in the code are logged.
- No cookie ever leaves: `Set-Cookie` is taken out, whoever set it.
"""

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)

_POLICIES: Final = (
    "accelerometer autoplay browsing-topics camera clipboard-read display-capture encrypted-media fullscreen "
    "geolocation gyroscope hid idle-detection local-fonts magnetometer microphone midi payment picture-in-picture "
    "publickey-credentials-get screen-wake-lock serial usb xr-spatial-tracking"
)

ALWAYS: Final = {
    "content-security-policy": CSP,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "permissions-policy": ", ".join(f"{name}=()" for name in _POLICIES.split()),
    # gunicorn and nginx would name themselves and their version.
    "server": "web",
}
NO_STORE: Final = "no-store"

_LOG: Final = logging.getLogger("meldkluis")


class Guard:
    """Sets the headers, and answers with `broken` when the inner application raises."""

    def __init__(self, app: ASGIApp, broken: Callable[[Scope], Awaitable[Response]]) -> None:
        """Stand around `app`; `broken` gives the page for an unexpected error."""
        self.app: Final = app
        self._broken: Final = broken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _dress(MutableHeaders(scope=message))
            await send(message)

        try:
            await self.app(scope, receive, guarded)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - nothing may leave as a traceback
            _LOG.error("unexpected %s at %s", type(error).__name__, _place(error))
            if not started:
                response = await self._broken(scope)
                await response(scope, receive, guarded)


def _dress(headers: MutableHeaders) -> None:
    del headers["set-cookie"]
    for name, value in ALWAYS.items():
        headers[name] = value
    headers.setdefault("cache-control", NO_STORE)


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "?" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
