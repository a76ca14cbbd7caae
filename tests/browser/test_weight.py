# SPDX-License-Identifier: EUPL-1.2
"""From start page to receipt with a cold cache: real requests and real bytes, counted between browser and server."""

import pytest
from browsers import CHROMIUM, Browser, chromium
from relay import relay
from town import Town, need

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("town")]


def report(browser: Browser, site: str) -> None:
    """Go the reporter's way."""
    browser.open(f"{site}/")
    browser.click("a[href='/melden']")
    browser.wait("#send")
    browser.fill("#text", "Er klopt iets niet met de aanbesteding van het sportpark.")
    browser.click("#send")
    browser.wait("[data-receipt]")


@pytest.mark.parametrize(("javascript", "requests", "size"), [(False, 6, 60_000), (True, 10, 130_000)])
def test_from_start_to_receipt(town: Town, javascript: bool, requests: int, size: int) -> None:
    """Style, logo, icon, script and keys counted, headers too."""
    need("Chromium", CHROMIUM)
    with relay(town.site.removeprefix("http://")) as count, chromium(javascript=javascript) as browser:
        report(browser, count.url)
        assert count.requests <= requests, count.lines
        assert 0 < count.received <= size, count.received
        print(f"{count.requests} requests, {count.received} bytes")
