# SPDX-License-Identifier: EUPL-1.2
"""`meldkluis serve`: gunicorn, started from here, configured by deploy/gunicorn.conf.py and meldkluis.toml alone.

- Two listeners: the reporter's site, and after it the officers' API. Each is a TCP address or a unix socket.
- There is no access log, and the error log has no times, no addresses and no texts of errors.
- The settings are explained beside them in deploy/gunicorn.conf.py; deploy/ also has what stands in front.
"""

import runpy
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from starlette.requests import ClientDisconnect

from meldkluis.intake.addresses import Address
from meldkluis.intake.administration import check_demo, opened
from meldkluis.intake.config import Config, read_config
from meldkluis.intake.doors import Organisation, TwoDoors
from meldkluis.intake.errors import CommandError
from meldkluis.intake.worker import IntakeWorker

_TUNING: Final = Path(__file__).resolve().parent.parent / "deploy" / "gunicorn.conf.py"
_SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - gunicorn's heartbeat files; nothing of ours is written there


class QuietLogger(Logger):
    """gunicorn's log without times, tracebacks and texts of errors, and without a word on visitors who go away."""

    error_fmt = "meldkluis[%(process)d] %(levelname)s: %(message)s"

    def exception(self, msg: object, *args: object, **kwargs: Any) -> None:  # noqa: ARG002 - the base's signature
        """Name an error's kind and its place in the code, and nothing that it says."""
        kind, _, trace = sys.exc_info()
        if kind is None or issubclass(kind, ClientDisconnect):
            return
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = "?" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        self.error_log.error("unexpected %s at %s", kind.__name__, place)

    def error(self, msg: object, *args: object, **kwargs: Any) -> None:  # noqa: ARG002 - no tracebacks
        """Log with errors reduced to their kind."""
        self.error_log.error(msg, *_kinds(args))

    def warning(self, msg: object, *args: object, **kwargs: Any) -> None:  # noqa: ARG002 - no tracebacks
        """Log with errors reduced to their kind."""
        self.error_log.warning(msg, *_kinds(args))


def _kinds(args: Sequence[object]) -> list[object]:
    return [type(item).__name__ if isinstance(item, BaseException) else item for item in args]


def settings(reporters: Address, officers: Address, workers: int) -> dict[str, Any]:
    """Return gunicorn's settings: those of deploy/gunicorn.conf.py, and what differs between sites."""
    tuning = runpy.run_path(str(_TUNING))
    return {
        **{name: value for name, value in tuning.items() if not name.startswith("_")},
        "bind": [str(reporters), str(officers)],
        "workers": workers,
        "worker_class": IntakeWorker,
        "logger_class": QuietLogger,
        "worker_tmp_dir": str(_SHARED_MEMORY) if _SHARED_MEMORY.is_dir() else None,
    }


class _Server(BaseApplication):
    """gunicorn with our settings; it reads neither arguments nor environment nor files of the site."""

    def __init__(self, organisations: Sequence[tuple[Path, Config]], options: dict[str, Any]) -> None:
        self._organisations = organisations
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> TwoDoors:  # type: ignore[override]  # our own worker knows what it gets
        return TwoDoors(
            [Organisation(directory, config, len(self._organisations) - 1) for directory, config in self._organisations]
        )


def _check_together(organisations: Sequence[tuple[Path, Config]]) -> None:
    if len(organisations) == 1:
        return
    hosts = [host for _, config in organisations for host in config.hosts]
    if not all(config.hosts for _, config in organisations) or len(set(hosts)) != len(hosts):
        raise CommandError("of several organisations each needs host names of its own")


def serve(
    directories: Sequence[Path], *, listen: str | None, officers_listen: str | None, workers: int | None, demo: bool
) -> None:
    """Serve until a signal ends it. The first directory's settings say where to listen, if the arguments do not."""
    organisations = [(directory, read_config(directory)) for directory in directories]
    _check_together(organisations)
    first = organisations[0][1]
    reporters = Address.parse(listen or first.listen)
    officers = Address.parse(officers_listen or first.officers_listen)
    if reporters == officers:
        raise CommandError("the reporter's site and the officers' API need listeners of their own")
    for _, config in organisations:
        check_demo(config, demo=demo, listeners=(str(reporters), str(officers)))
    for directory, _ in organisations:
        with opened(directory):
            pass
    for address in (reporters, officers):
        address.check_free()
    _Server(organisations, settings(reporters, officers, workers or first.workers)).run()
