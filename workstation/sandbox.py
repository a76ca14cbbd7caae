# SPDX-License-Identifier: EUPL-1.2
"""A file of a reporter is only ever touched in here: bubblewrap without network, home, or anything that can be written.

- Inside there is /usr to read, three folders of /etc, a bounded memory at /tmp, and our program (`inside`). The file
  comes in by standard input and frames go out by standard output. There is no other way, and no way around it: without
  bubblewrap nothing is looked at.
- Bounds: memory of each process and of /tmp, processor time, the clock, the number of processes. When one is reached
  everything inside ends. Nothing of it touches a disk; what lies in memory can be swapped out like all memory.
- Not claimed: a hole in the kernel itself. No system call is filtered (docs/adr/0010-safe-view.md).
"""

import contextlib
import io
import json
import os
import subprocess
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from meldkluis.workstation.errors import ActError

MOST_VIEWED: Final = 64_000_000
"""Bytes of a file that can be looked at; larger ones can only be saved."""

BWRAP: Final = "/usr/bin/bwrap"
_PYTHON: Final = "/usr/bin/python3"
_PIL: Final = "/usr/lib/python3/dist-packages/PIL"
_FONT: Final = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"
_PRLIMIT: Final = "/usr/bin/prlimit"
_MODULES: Final = ("kinds.py", "display.py")
_START: Final = b"from meldkluis.workstation.inside.main import main\n\nmain()\n"

Result = TypeVar("Result")


@dataclass(frozen=True)
class Tool:
    """A program that must be there, its package of Debian, and the kinds of files that need it (none: all of them)."""

    path: str
    package: str
    kinds: frozenset[str] = frozenset()

    @property
    def there(self) -> bool:
        """Whether it is installed."""
        return Path(self.path).exists()


def _tool(path: str, package: str, kinds: str = "") -> Tool:
    return Tool(path, package, frozenset(kinds.split()))


TOOLS: Final = (
    _tool(BWRAP, "bubblewrap"),
    _tool(_PRLIMIT, "util-linux"),
    _tool(_PYTHON, "python3"),
    _tool(_PIL, "python3-pil"),
    _tool(_FONT, "fonts-dejavu-core"),
    _tool("/usr/bin/pdftoppm", "poppler-utils", "pdf office"),
    _tool("/usr/lib/libreoffice/program/libswlo.so", "libreoffice-writer-nogui", "office"),
    _tool("/usr/lib/libreoffice/program/libsclo.so", "libreoffice-calc-nogui", "office"),
    _tool("/usr/lib/libreoffice/program/libsdlo.so", "libreoffice-impress-nogui", "office"),
    _tool("/usr/bin/rsvg-convert", "librsvg2-bin", "svg"),
    _tool("/usr/bin/heif-convert", "libheif-examples", "heic"),
    _tool("/usr/bin/msgconvert", "libemail-outlook-message-perl", "outlook"),
    _tool("/usr/bin/mat2", "mat2", "clean"),
)


def missing_tools(kind: str | None = None) -> list[Tool]:
    """Return what is not installed: for one kind of file, or of everything."""
    return [
        tool for tool in TOOLS if not tool.there and (kind is None or not tool.kinds or kind in tool.kinds)
    ]  # fmt: skip


@dataclass(frozen=True)
class Bounds:
    """What one look at a file may take: seconds by the clock, seconds of processor and bytes for each process."""

    seconds: float = 90
    processor: int = 60
    memory: int = 4 << 30
    room: int = 512 << 20
    """Bytes of memory for files inside."""


class Sandbox:
    """Runs our program on one file at a time in a sandbox of its own."""

    def __init__(self, bounds: Bounds | None = None, program: str = BWRAP) -> None:
        self._bounds: Final = bounds or Bounds()
        self._program: Final = program
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def refusal(self) -> str:
        """Return why there is no sandbox here: no-bwrap, no-namespace; or nothing."""
        if not Path(self._program).exists() or not Path(_PRLIMIT).exists():
            return "no-bwrap"
        done = subprocess.run(  # noqa: S603 - our own arguments
            [*self._limits(), self._program, *self._walls(), "/usr/bin/true"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={}, check=False,
        )  # fmt: skip
        return "" if done.returncode == 0 else "no-namespace"

    def run(self, asked: Mapping[str, Any], content: bytes, read: Callable[[IO[bytes]], Result]) -> Result:
        """Give a file to the program and read what it writes; ActError when there is no sandbox.

        When time is up everything inside is ended, and `read` sees the end of the stream.
        """
        refusal = self.refusal()
        if refusal:
            raise ActError(refusal)
        with _handed_over(_package()) as package:
            command = [
                *self._limits(), self._program, *self._walls(), "--ro-bind-data", str(package), "/app.zip",
                # The walls are whole only now: what lies outside /tmp cannot be written.
                "--remount-ro", "/dev", "--remount-ro", "/", _PYTHON, "-I", "/app.zip", json.dumps(dict(asked)),
            ]  # fmt: skip
            return self._talk(command, package, content, read)

    def _talk(
        self, command: Sequence[str], package: int, content: bytes, read: Callable[[IO[bytes]], Result]
    ) -> Result:
        process = subprocess.Popen(  # noqa: S603 - our own arguments
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={},
            pass_fds=(package,),
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        self._running.add(process)
        clock = threading.Timer(self._bounds.seconds, process.kill)
        feeder = threading.Thread(target=_feed, args=(process.stdin, content), daemon=True)
        try:
            if self._closed:
                raise ActError("locked")
            clock.start()
            feeder.start()
            return read(process.stdout)
        finally:
            clock.cancel()
            process.kill()
            process.wait()
            if feeder.ident is not None:
                feeder.join()
            process.stdout.close()
            self._running.discard(process)

    def close(self) -> None:
        """End what runs; nothing starts any more."""
        self._closed = True
        for process in list(self._running):
            process.kill()

    def _limits(self) -> list[str]:
        bounds = self._bounds
        return [
            _PRLIMIT, f"--as={bounds.memory}", f"--cpu={bounds.processor}", f"--fsize={bounds.room}", "--core=0", "--",
        ]  # fmt: skip

    def _walls(self) -> list[str]:
        return [
            "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session",
            "--uid", "65534", "--gid", "65534", "--hostname", "sandbox", "--cap-drop", "ALL", "--clearenv",
            "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib",
            "--symlink", "usr/lib64", "/lib64", "--ro-bind-try", "/etc/fonts", "/etc/fonts",
            "--ro-bind-try", "/etc/alternatives", "/etc/alternatives",
            "--ro-bind-try", "/etc/libreoffice", "/etc/libreoffice", "--proc", "/proc", "--dev", "/dev",
            "--size", str(self._bounds.room), "--tmpfs", "/tmp",  # noqa: S108 - inside
            "--setenv", "PATH", "/usr/bin", "--setenv", "HOME", "/tmp",  # noqa: S108 - inside
            "--setenv", "LANG", "C.UTF-8", "--chdir", "/tmp",  # noqa: S108 - inside
        ]  # fmt: skip


def _feed(stdin: IO[bytes], content: bytes) -> None:
    # A program that ended reads no more; what it wrote says why.
    with contextlib.suppress(OSError):
        stdin.write(content)
    with contextlib.suppress(OSError):
        stdin.close()


def _package() -> bytes:
    """Return our program as a ZIP that Python runs; modules keep their names, wherever Meldkluis is installed."""
    room, made = resources.files("meldkluis.workstation"), io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        package.writestr("__main__.py", _START)
        for folder in ("meldkluis", "meldkluis/workstation"):
            package.writestr(f"{folder}/__init__.py", b"")
        for name in _MODULES:
            package.writestr(f"meldkluis/workstation/{name}", (room / name).read_bytes())
        for module in (room / "inside").iterdir():
            if module.name.endswith(".py"):
                package.writestr(f"meldkluis/workstation/inside/{module.name}", module.read_bytes())
    return made.getvalue()


@contextmanager
def _handed_over(content: bytes) -> Iterator[int]:
    """Give a descriptor of bytes in memory, to be read from their start."""
    descriptor = os.memfd_create("meldkluis")
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)
