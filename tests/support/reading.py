# SPDX-License-Identifier: EUPL-1.2
"""Pages of the workstation as somebody reads them."""

from typing import Any

import html5lib
from workplace import Browser, Workplaces

from meldkluis.crypto.encoding import b64


def said(answer: Any) -> str:
    """The page in words, parsed strictly: what is not valid HTML is a failure."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False)
    return " ".join(" ".join(parser.parse(answer.text).find(".//main").itertext()).split())


def at(places: Workplaces, sent: Any, number: int = 0) -> tuple[Browser, str]:
    """A browser at an officer's workstation, and the address of a case."""
    return places.browser(number), f"/case/{b64(sent.case)}"
