# SPDX-License-Identifier: EUPL-1.2
"""`meldkluis-workstation run`: the local application under gunicorn's ASGI worker, one process, this machine only.

- The socket is bound before anything starts, so that the port is known and nobody else can have it.
- No access log; errors are logged by kind and place, never with their text. Core dumps are off.
- Start addresses are printed at the terminal: the first one, and a new one each time one was used; `open` asks too.
- One program for each vault. It ends when it is told to, and when the desktop session's folder goes with the session.
"""

import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from starlette.types import ASGIApp

from meldkluis.mailbox.clock import today
from meldkluis.workstation.app import create_app
from meldkluis.workstation.doorway import Door, doorway, held
from meldkluis.workstation.errors import WorkstationError
from meldkluis.workstation.office import Connect
from meldkluis.workstation.presence import look_often
from meldkluis.workstation.session import Sessions
from meldkluis.workstation.visit import Station

HOST: Final = "127.0.0.1"
_LAST_PAGE_SECONDS: Final = 1.0


class QuietLogger(Logger):
    """gunicorn's log with errors reduced to their kind and place: their texts may hold what was read."""

    error_fmt = "meldkluis-workstation %(levelname)s %(message)s"

    def exception(self, msg: object, *args: object, **kwargs: Any) -> None:  # noqa: ARG002 - the base's signature
        """Name the error's kind and where it arose."""
        kind, _, trace = sys.exc_info()
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = "?" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        self.error_log.error("unexpected %s at %s", "?" if kind is None else kind.__name__, place)


class _Server(BaseApplication):
    def __init__(self, listener: socket.socket, make: Callable[[], ASGIApp]) -> None:
        self._listener, self._make = listener, make
        super().__init__()

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            "bind": f"fd://{self._listener.fileno()}",
            "worker_class": "asgi",
            "asgi_loop": "asyncio",
            "asgi_lifespan": "off",
            "workers": 1,
            "control_socket_disable": True,
            # No heartbeat comes while a worker drains, so the one must exceed the other.
            "timeout": 90,
            "graceful_timeout": 5,
            "loglevel": "warning",
            "logger_class": QuietLogger,
            "proc_name": "meldkluis-workstation",
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> ASGIApp:
        """Make the application after the fork: no vault, no token crosses it."""
        return self._make()


def bind(port: int) -> socket.socket:
    """Bind the one socket; WorkstationError when the port is taken. Port 0 takes any."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise WorkstationError(f"port {port} is in use: choose another with --port") from None
    listener.listen(64)
    return listener


def run(directory: Path, port: int, announce: Callable[[str], None], connect: Connect, *, demo: bool) -> None:
    """Serve a vault until interrupted, or the pages that make one. `announce` gets every start address."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    folder, master = doorway(directory), os.getpid()

    def make() -> ASGIApp:
        sessions = Sessions(origin, announce)
        door = Door(folder, sessions)

        def end() -> None:
            door.close()
            # The last page still asks for its style sheet.
            threading.Timer(_LAST_PAGE_SECONDS, _terminate, (master,)).start()

        station = Station(directory, sessions, connect, today, end=end, demo=demo)

        def look() -> None:
            station.lock_if_away()
            if not folder.exists():
                # The officer logged out.
                station.lock()
                _terminate(master)

        look_often(look)
        return create_app(station)

    with held(folder) as free:
        if not free:
            raise WorkstationError("this vault is served already: `meldkluis-workstation open` shows its pages")
        listener = bind(port)
        origin = f"http://{HOST}:{listener.getsockname()[1]}"
        _Server(listener, make).run()


def _terminate(master: int) -> None:
    # Only while it is our parent: its number may be another's afterwards.
    if os.getppid() == master:
        os.kill(master, signal.SIGTERM)
