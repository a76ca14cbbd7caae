# SPDX-License-Identifier: EUPL-1.2
"""The ceremony in a real browser, from an empty folder to a vault: no violation on any page, and it can be done."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe import violations
from browsers import CHROMIUM, chromium
from town import need

from meldkluis.workstation.vault import Vault

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("town")]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[str]:
    """The start address of a workstation without a vault."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "meldkluis.workstation.cli", "run", "--directory", str(tmp_path / "v"), "--json"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["start"]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), pytest.param("dark", 1280, marks=pytest.mark.drill)])
def test_ceremony(start: str, tmp_path: Path, scheme: str, width: int) -> None:
    """Every page, with and without errors, in both colour schemes, on a narrow window and a wide one."""
    need("Chromium", CHROMIUM)
    with chromium(viewport={"width": width, "height": 800}, color_scheme=scheme) as page:

        def fine() -> None:
            assert violations(page) == []
            assert page.evaluate("return document.documentElement.scrollWidth <= window.innerWidth")

        def press(wait: str) -> None:
            page.click("main form button")
            page.wait(wait)
            fine()

        page.open(start)
        page.wait("input[name=way]")
        fine()
        press("#way-error")
        page.click("input[value=restore]")
        press("#recovery")
        page.fill("#file", "/geen/bestand.age")
        page.fill("#recovery", "geen sleutel")
        press("#recovery-error")
        page.open(start.split("/start", maxsplit=1)[0] + "/setup/who")
        page.wait("#organisation")
        fine()
        for name, value in (("organisation", "Fout"), ("server", "fout"), ("name", "A. de Vries"), ("function", "f")):
            page.fill(f"#{name}", value)
        press("#organisation-error")
        page.fill("#organisation", "gemeente-voorbeeld")
        page.fill("#server", "https://meld.example")
        press(".passphrase")
        passphrase = page.page.inner_text(".passphrase")
        page.click("main summary")
        fine()
        page.click("main a.button")
        page.wait("#passphrase")
        page.fill("#passphrase", "fout")
        press("#passphrase-error")
        page.fill("#passphrase", passphrase)
        press(".recovery .qr")
        groups = page.page.locator(".groups li").all_inner_texts()
        page.click("main a.button")
        page.wait("#recovery")
        page.fill("#recovery", "fout")
        press("#recovery-error")
        page.fill("#recovery", "".join(groups[-2:]))
        press(".poster")
        page.open(start.split("/start", maxsplit=1)[0] + "/backup")
        page.wait("main form")
        fine()
    Vault.open(tmp_path / "v", passphrase).close()
