# SPDX-License-Identifier: EUPL-1.2
"""What axe finds on a page (WCAG 2.2 AA and its own best practices)."""

import json

from axe_playwright_python.sync_playwright import Axe
from browsers import Chromium

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(browser: Chromium) -> list[str]:
    """What axe objects to on the page as it stands."""
    # A page without its stylesheet yet is another page.
    browser.page.wait_for_load_state()
    found = Axe().run(browser.page, options={"runOnly": TAGS}).response["violations"]
    return [json.dumps({"id": item["id"], "where": [node["target"] for node in item["nodes"]]}) for item in found]
