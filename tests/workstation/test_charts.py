# SPDX-License-Identifier: EUPL-1.2
"""Charts of the yearly report: markup that harms nothing, and a number for each bar."""

import re
from xml.etree import ElementTree as ET

from meldkluis.workstation.charts import bars

SVG = "{http://www.w3.org/2000/svg}"


def test_words_in_a_chart_are_words():
    """Whatever a label or title is, it becomes no element; no attribute has style, script or an address."""
    drawn = bars("x", "<b>&", [("<script>", "7", 7), ('"><i>', "fewer than 5", None)]).text
    root = ET.fromstring(drawn)
    assert {item.tag.removeprefix(SVG) for item in root.iter()} == {"svg", "title", "g", "rect", "text", "line"}
    assert root.find(f"{SVG}title").text == "<b>&"
    assert not {name for item in root.iter() for name in item.attrib if re.match(r"style|on|href|src", name)}


def test_each_bar_says_its_number():
    """A label stands beside each bar with its number, also where it is not shown; the longest is the greatest."""
    root = ET.fromstring(bars("x", "t", [("a", "7", 7), ("b", "fewer than 5", None), ("c", "14", 14)]).text)
    labels = {item.text for item in root.iter(f"{SVG}text")}
    assert {"a: 7", "b: fewer than 5", "c: 14"} <= labels
    (group,) = [item for item in root.iter(f"{SVG}g") if item.get("class") == "series bars"]
    widths = [float(bar.get("width")) for bar in group]
    assert sorted(round(width / max(widths), 2) for width in widths) == [0, 0.5, 1]


def test_a_chart_of_nothing():
    """A year without any number is a chart without bars."""
    assert "a: 0" in bars("x", "t", [("a", "0", 0)]).text
