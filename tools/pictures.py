# SPDX-License-Identifier: EUPL-1.2
"""Takes the README's pictures from a fresh demo: docs/pictures/form.png and docs/pictures/workstation.png.

PYTHONPATH=tests/support .venv/bin/python tools/pictures.py
"""

import tempfile
from pathlib import Path

from browsers import Chromium, chromium
from town import PASSPHRASE, Town, running_town

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
_SIZE = {"width": 900, "height": 1100}


def form(browser: Chromium, town: Town) -> None:
    """The reporter's form, as the script builds it."""
    browser.open(f"{town.site}/en/melden")
    browser.wait("#send")
    browser.page.screenshot(path=str(PICTURES / "form.png"))


def workstation(browser: Chromium, town: Town) -> None:
    """The sample report, taken over and acknowledged."""
    browser.open(town.start_of(1))
    browser.fill("#passphrase", PASSPHRASE)
    browser.click("main form button")
    browser.wait("table.inbox")
    browser.click("table.inbox a")
    browser.click("input[name=involved][value=no]")
    browser.click("fieldset ~ button")
    browser.wait("ol.timeline")
    browser.click("form[action$='/answer'] > button")
    browser.wait("ol.timeline")
    browser.page.screenshot(path=str(PICTURES / "workstation.png"))


def main() -> None:
    """Take both."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running_town(Path(folder)) as town:
        with chromium(viewport=_SIZE, locale="en-GB") as browser:
            form(browser, town)
        with chromium(viewport={"width": 1200, "height": 1000}, locale="en-GB") as browser:
            workstation(browser, town)


if __name__ == "__main__":
    main()
