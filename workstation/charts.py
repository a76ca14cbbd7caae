# SPDX-License-Identifier: EUPL-1.2
"""Bar charts as SVG, by the library leather: one colour, each bar with its name and number in words beside it.

- What a chart shows stands in a table beside it; for a reader's software it is one picture with a title.
- No style attribute, no script, nothing from elsewhere: a chart may stand in a page under our policy.
- A number that is not shown has no bar, and its label says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

import leather
from leather import theme

_BAR: Final = "#1f5fa8"
_INK: Final = "#1b1f24"
_WIDTH: Final = 760
_ROW: Final = 30
_EDGES: Final = 110
_LONGEST_LABEL: Final = 44
_TICKS: Final = 5

theme.background_color = "#ffffff"
theme.label_color = theme.axis_title_color = theme.title_color = _INK
theme.tick_font_family = theme.axis_title_font_family = theme.title_font_family = "sans-serif"
theme.tick_font_size = 14
theme.tick_font_char_width = 7.2
theme.tick_color, theme.zero_color = "#d5dbe1", _INK


@dataclass(frozen=True)
class Drawn:
    """Markup of our own making, which a template takes as it is; the text in it was escaped when it was made."""

    text: str

    def __html__(self) -> str:
        """Return the markup, as Jinja asks for it."""
        return self.text


def bars(name: str, title: str, rows: Sequence[tuple[str, str, int | None]]) -> Drawn:
    """Return a chart as an `<svg>` element: rows of a label, its number in words, and the number where it is shown.

    A label stands for its row: no two are the same. `name` makes the identifiers unique on the page.
    """
    most = max([count or 0 for _, _, count in rows], default=0)
    step = max(1, -(-most // _TICKS))
    top = step * max(1, -(-most // step))
    chart = leather.Chart()
    chart.add_x_scale(0, top)
    chart.add_x_axis(ticks=list(range(0, top + 1, step)), tick_formatter=lambda value, *_: str(int(value)))
    chart.add_bars(
        [(count or 0, _label(label, shown)) for label, shown, count in rows],
        fill_color=_BAR,
    )
    height = _ROW * len(rows) + _EDGES
    root = ET.Element("svg", {
        "xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {_WIDTH} {height}", "role": "img", "class": "chart",
        "aria-labelledby": f"chart-{name}",
    })  # fmt: skip
    ET.SubElement(root, "title", {"id": f"chart-{name}"}).text = title
    root.append(chart.to_svg_group(_WIDTH, height))
    return Drawn(ET.tostring(root, encoding="unicode"))


def _label(label: str, shown: str) -> str:
    cut = label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1].rstrip() + "…"
    return f"{cut}: {shown}"
