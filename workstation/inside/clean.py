# SPDX-License-Identifier: EUPL-1.2
"""Metadata of a file and a copy without it, by Debian's mat2.

- mat2 promises no completeness: what it does not know of, it neither lists nor removes.
- Fully, not lightly: pages of a PDF become pictures, since a light cleaning keeps metadata that it cannot reach.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

from meldkluis.workstation.inside.frames import StopError, Writer

_MOST_FIELDS, _LONGEST = 400, 300
_MOST_COPY: Final = 128_000_000


def clean(path: Path, out: Writer, *, copy: bool) -> None:
    """Write the metadata of a file and, if asked for, a cleaned copy."""
    from libmat2 import parser_factory

    try:
        reason = _clean(parser_factory.get_parser(str(path))[0], out, copy=copy)
    except Exception:  # noqa: BLE001 - mat2's parsers raise whatever their libraries raise
        reason = "not-cleaned"
    if reason:
        raise StopError(reason)


def _clean(parser: Any, out: Writer, *, copy: bool) -> str:
    if parser is None:
        return "not-cleaned"
    # There is a sandbox already, and no second one can be made in it.
    parser.sandbox = False
    out.metadata(json.dumps(list(islice(_fields(parser.get_meta()), _MOST_FIELDS))).encode())
    if not copy:
        return ""
    if not parser.remove_all():
        return "not-cleaned"
    made = Path(parser.output_filename)
    if made.stat().st_size > _MOST_COPY:
        return "too-much-inside"
    out.copy(made.read_bytes())
    return ""


def _fields(found: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in found.items():
        if isinstance(value, Mapping):
            yield from _fields(value, f"{before}{name}: ")
        else:
            shown = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
            yield (before + str(name))[:_LONGEST], shown[:_LONGEST]
