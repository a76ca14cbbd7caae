# SPDX-License-Identifier: EUPL-1.2
"""The program in the sandbox: a file from standard input, frames to standard output.

- Its one argument is JSON: what to do, the suffix (one of ours), which part of an e-mail, words for headings.
- Whatever goes wrong becomes a frame with a letter; nothing of the file is ever said in words.
"""

import json
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from meldkluis.workstation.inside import convert, draw, mail
from meldkluis.workstation.inside.frames import FullError, StopError, Writer
from meldkluis.workstation.kinds import START, kind_of

_MOST_PROCESSES: Final = 64


def main() -> None:
    """Do what the argument says."""
    # Counted in the sandbox's own user namespace; a bomb of processes stops here, and its time is bounded outside.
    resource.setrlimit(resource.RLIMIT_NPROC, (_MOST_PROCESSES, _MOST_PROCESSES))
    asked: dict[str, Any] = json.loads(sys.argv[1])
    path = convert.ROOM / f"in.{asked['suffix']}"
    out = Writer(sys.stdout.buffer)
    try:
        with path.open("wb") as file:
            while piece := sys.stdin.buffer.read(1 << 20):
                file.write(piece)
        if asked["act"] == "clean":
            from meldkluis.workstation.inside.clean import clean

            clean(path, out, copy=asked["copy"])
        else:
            show(asked["kind"], path, out, asked["part"], asked["words"])
    except FullError:
        out.total = max(out.total, out.pages + 1)
    except StopError as stop:
        out.stop(stop.reason)
    except (OSError, MemoryError, RecursionError):
        out.stop("broken")
    out.end()


def show(kind: str, path: Path, out: Writer, part: int, words: Mapping[str, str]) -> None:
    """Write the pages of a file, or of one part of an e-mail, counted from 1."""
    match kind:
        case "pdf":
            convert.pdf(path, out)
        case "office":
            convert.office(path, out)
        case "picture":
            draw.picture(path, out)
        case "heic":
            convert.heic(path, out)
        case "svg":
            convert.svg(path, out)
        case "mail" | "outlook":
            raw = convert.outlook(path) if kind == "outlook" else path.read_bytes()
            _message(raw, out, part, words)
        case _:
            draw.text(draw.decoded(path.read_bytes()), out)


def _message(raw: bytes, out: Writer, part: int, words: Mapping[str, str]) -> None:
    shown, parts = mail.read(raw, words)
    if part == 0:
        out.parts(len(parts))
        draw.text(shown, out)
        return
    if not 0 < part <= len(parts):
        raise StopError("part")
    wanted = parts[part - 1]
    kind = kind_of(wanted.name, wanted.content[:START])
    if not kind.viewed:
        raise StopError("locked" if kind.name == "locked" else "part")
    path = convert.ROOM / f"part.{kind.suffix}"
    path.write_bytes(wanted.content)
    if kind.name in {"mail", "outlook"}:
        # One level: what hangs on this one is listed and stays closed.
        inner = convert.outlook(path) if kind.name == "outlook" else wanted.content
        draw.text(mail.read(inner, words)[0], out)
        return
    show(kind.name, path, out, 0, words)
