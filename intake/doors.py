# SPDX-License-Identifier: EUPL-1.2
"""The two applications of one server process, and which organisation a request is for.

- The host name alone decides. A single organisation without host names answers to every name, and on the officers'
  listener it always does.
- A desk is opened once a process: at the start where there is one organisation, else with its first request.
- Loaded by meldkluis.intake.worker after the fork.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from meldkluis.intake import housekeeping, officers
from meldkluis.intake.app import create_app
from meldkluis.intake.config import Config
from meldkluis.intake.errors import CommandError
from meldkluis.intake.headers import ALWAYS, NO_STORE
from meldkluis.mailbox.clock import today
from meldkluis.mailbox.desk import Desk
from meldkluis.mailbox.schema import CACHE_KIB

_FIRST_ROUND: Final = 10.0
_BETWEEN_ROUNDS: Final = 600.0
_ROUNDS_BETWEEN_SWEEPS: Final = 36
_LEAST_CACHE_KIB: Final = 500
_LOG: Final = logging.getLogger("meldkluis")


class Organisation:
    """One organisation's desk and its two applications."""

    def __init__(self, directory: Path, config: Config, neighbours: int = 0) -> None:
        # Many organisations on one server share the memory that one alone may take for its pages.
        self._cache_kib: Final = max(_LEAST_CACHE_KIB, CACHE_KIB // (1 + neighbours))
        self.config: Final = config
        self._directory: Final = directory
        self._desk: Desk | None = None
        self._sides: dict[str, ASGIApp] = {}

    def side(self, name: str) -> ASGIApp:
        """Return the application for `reporters` or `officers`; opens the desk."""
        if self._desk is None:
            self._desk = self._open()
            self._sides = {
                "reporters": create_app(self.config, self._desk),
                "officers": officers.create_app(self._desk),
            }
        return self._sides[name]

    def _open(self) -> Desk:
        desk = Desk.open(
            self._directory, limits=self.config.limits, policy=self.config.policy, cache_kib=self._cache_kib
        )
        if desk.organisation != self.config.organisation:
            desk.close()
            raise CommandError("settings and database are of different organisations")
        return desk

    async def round(self, *, sweep: bool) -> None:
        """Do the daily run when it is due, and erase uploads that nobody claimed.

        A desk that nobody asked for here is not kept open for it.
        """
        desk = self._desk or self._open()
        try:
            if self.config.daily_run == "serve":
                await self._daily(desk)
            if sweep:
                await desk.sweep(today())
        finally:
            if desk is not self._desk:
                await asyncio.to_thread(desk.close)

    async def _daily(self, desk: Desk) -> None:
        if housekeeping.is_due(desk):
            kept = await housekeeping.keep(desk, self.config, self._directory)
            if not kept.well:
                _LOG.error("the daily run needs looking at: %s", kept.ran.refused or "see `meldkluis doctor`")
        else:
            await housekeeping.mail(desk, self.config, self._directory)

    def close(self) -> None:
        """Close the desk once it has written what it took."""
        if self._desk is not None:
            self._desk.close()
            self._desk = None


class _Side:
    """One listener's application: finds the organisation, and hands the request on."""

    def __init__(self, name: str, organisations: Sequence[Organisation], *, strict: bool) -> None:
        self._name = name
        self._hosts = {host: item for item in organisations for host in item.config.hosts}
        self._only = organisations[0] if len(organisations) == 1 and not (strict and self._hosts) else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; anything but HTTP is closed."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1003})
            return
        organisation = self._only or self._hosts.get(_host(scope))
        if organisation is None:
            await PlainTextResponse("Misdirected Request\n", 421, {**ALWAYS, "cache-control": NO_STORE})(
                scope, receive, send
            )
            return
        await organisation.side(self._name)(scope, receive, send)


def _host(scope: Scope) -> str:
    names = [value for name, value in scope["headers"] if name == b"host"]
    name = names[0].decode("latin-1").lower() if len(names) == 1 else ""
    host, colon, port = name.rpartition(":")
    return host if colon and port.isdigit() else name


class TwoDoors:
    """What a worker process serves (meldkluis.intake.worker.Doors)."""

    def __init__(self, organisations: Sequence[Organisation]) -> None:
        self._organisations: Final = organisations
        self.reporters: ASGIApp = _Side("reporters", organisations, strict=True)
        self.officers: ASGIApp = _Side("officers", organisations, strict=False)
        self._keeping: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open a single organisation now, so that the first request waits for nothing and an error shows at once."""
        if len(self._organisations) == 1:
            self._organisations[0].side("officers")
        self._keeping = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        await asyncio.sleep(_FIRST_ROUND)
        for number in itertools.count():
            for organisation in self._organisations:
                try:
                    await organisation.round(sweep=number % _ROUNDS_BETWEEN_SWEEPS == 0)
                except Exception as error:  # noqa: BLE001 - whatever it is, the next round and its neighbours go on
                    _LOG.error("housekeeping could not be done: %s", type(error).__name__)
            await asyncio.sleep(_BETWEEN_ROUNDS)

    async def close(self) -> None:
        """Close every desk."""
        if self._keeping is not None:
            self._keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeping
        for organisation in self._organisations:
            await asyncio.to_thread(organisation.close)
