# SPDX-License-Identifier: EUPL-1.2
"""QR codes (ISO/IEC 18004) as the path of a picture that a template draws: black squares, four modules of margin.

- Error correction M: a fold or a smudge of 15 % does no harm.
- Pure; the text is nowhere but in the squares.
"""

from dataclasses import dataclass, field
from typing import Final

import segno

MARGIN: Final = 4


@dataclass(frozen=True)
class Picture:
    """A square picture of `size` modules a side, margin included; `path` is SVG path data."""

    size: int
    path: str = field(repr=False)


def picture(text: str) -> Picture:
    """Return the QR code of a short text."""
    rows = segno.make_qr(text, error="m", boost_error=False).matrix
    runs = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            end = x
            while end < len(row) and row[end]:
                end += 1
            if end > x:
                runs.append(f"M{x + MARGIN} {y + MARGIN}h{end - x}v1h-{end - x}z")
            x = max(end, x + 1)
    return Picture(len(rows) + 2 * MARGIN, "".join(runs))
