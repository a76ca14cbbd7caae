# SPDX-License-Identifier: EUPL-1.2
"""gunicorn's ASGI worker with two doors: the last listener is the officers' API, the others the reporter's site.

- One process serves both over the same desks; neither listener answers for the other.
- No request is taken before the desks are open, and they are closed only after the last request has its answer.
- Started by meldkluis.intake.serve only; what it loads is a `Doors`.
"""

import asyncio
import gc
import os
import sys
from functools import partial
from typing import Any, Protocol

from gunicorn.arbiter import Arbiter
from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers.gasgi import ASGIWorker
from starlette.types import ASGIApp

BACKLOG = 2048


class Doors(Protocol):
    """What a worker loads: two applications over the same desks."""

    reporters: ASGIApp
    officers: ASGIApp

    async def open(self) -> None:
        """Open every organisation; any error stops the server."""

    async def close(self) -> None:
        """Close what was opened."""


class Side:
    """The worker as a connection of one listener sees it: an application of its own, the same counters.

    Connections are counted in the worker itself, so that a graceful stop waits for both sides.
    """

    def __init__(self, worker: "IntakeWorker", asgi: ASGIApp) -> None:
        """Show `worker` with `asgi` as its application."""
        object.__setattr__(self, "_worker", worker)
        object.__setattr__(self, "asgi", asgi)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._worker, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._worker, name, value)


class IntakeWorker(ASGIWorker):
    """One process of the server."""

    def load_wsgi(self) -> None:
        """Build the applications, after the fork."""
        loaded: Any = self.app.wsgi()
        self.doors: Doors = loaded
        # What is there now stays: the collector need not look through it again after every few requests.
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        # The writing thread waits for its turn at every statement: make that wait shorter than Python's 5 ms.
        sys.setswitchinterval(0.0005)

    async def _serve(self) -> None:
        try:
            await self.doors.open()
        except Exception as error:  # noqa: BLE001 - whatever it is, no worker may start again and again
            # The error's name only: its text may hold what should stay in a file.
            self.log.error(  # noqa: TRY400 - no traceback
                "an organisation cannot be opened: %s", type(error).__name__
            )
            raise SystemExit(Arbiter.WORKER_BOOT_ERROR) from None
        try:
            await self._listen()
            while self.alive and self.ppid == os.getppid():
                self.notify()
                await asyncio.sleep(1.0)
            # Stops accepting, waits for both sides' requests (gunicorn's types leave it out).
            await self._shutdown()  # type: ignore[attr-defined]
        finally:
            await self.doors.close()

    async def _listen(self) -> None:
        listeners: list[Any] = self.sockets
        *reporters, officers = listeners
        pairs = [(listener, self.doors.reporters) for listener in reporters] + [(officers, self.doors.officers)]
        for listener, application in pairs:
            side: Any = Side(self, application)
            make = partial(ASGIProtocol, side)
            # With a backlog of 1 asyncio accepts one connection a turn of its loop, so a burst on a listener that all
            # workers share is spread over them; the kernel's queue is made long again right after.
            server = await asyncio.get_running_loop().create_server(make, sock=listener.sock, backlog=1)
            listener.sock.listen(BACKLOG)
            self.servers.append(server)
