# SPDX-License-Identifier: EUPL-1.2
"""A report with 30 MB from a browser: seconds from the click to the receipt, and the longest gap of the page."""

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from browsers import CHROMIUM, FIREFOX, WITHOUT_JIT, Browser, chromium, firefox

SIZE = 30_000_000
# A timer that should fire every 20 ms: what it is late is a gap in which the page answers nobody.
_WATCH = """
    window.longestGap = 0;
    let last = performance.now();
    setInterval(() => {
        const now = performance.now();
        window.longestGap = Math.max(window.longestGap, now - last - 20);
        last = now;
    }, 20);
"""
Opened = Callable[[], AbstractContextManager[Browser]]
CASES: dict[str, tuple[str | None, Opened, float]] = {
    "Chromium": (CHROMIUM, chromium, 5),
    "Firefox": (FIREFOX, firefox, 5),
    "Firefox without JIT": (FIREFOX, lambda: firefox(preferences=WITHOUT_JIT), 30),
}


def send(browser: Browser, site: str, evidence: Path) -> tuple[float, float]:
    """Report; returns seconds, and the longest gap in milliseconds."""
    browser.open(f"{site}/melden")
    browser.wait("#send")
    browser.fill("#text", "Er klopt iets niet.")
    browser.attach("#file", [evidence])
    browser.evaluate(_WATCH)
    began = time.perf_counter()
    browser.click("#send")
    browser.wait("[data-receipt]", 120)
    return time.perf_counter() - began, float(browser.evaluate("return window.longestGap;"))


def measure(site: str, folder: Path, bound: Callable[[str, bool], Any]) -> None:
    """Print a line for each browser that is installed, with its bounds."""
    evidence = folder / "evidence.bin"
    evidence.write_bytes(os.urandom(SIZE))
    for name, (program, opened, most) in CASES.items():
        if program is None:
            print(f"  {name} is not installed: not measured")
            continue
        with opened() as browser:
            seconds, gap = send(browser, site, evidence)
        print(f"  30 MB from {name:<22} {seconds:5.1f} s   longest gap {gap:4.0f} ms", flush=True)
        bound(f"{name}: 30 MB within {most:.0f} s", seconds <= most)
        bound(f"{name}: no gap over 300 ms", gap <= 300)
