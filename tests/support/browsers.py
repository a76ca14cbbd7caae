# SPDX-License-Identifier: EUPL-1.2
"""Chromium and Firefox behind one small face, so that a journey is written once.

Elements are found by CSS selector. Chromium comes by Playwright, Firefox by its own Marionette: both are the browsers that
the machine has, headless, each with a profile of its own that is thrown away.
"""

import base64
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

CHROMIUM = shutil.which("chromium")
FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
_CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
# No request that a page did not ask for; a port of its own choice.
_QUIET: dict[str, object] = {
    "app.update.enabled": False, "app.normandy.enabled": False, "app.shield.optoutstudies.enabled": False,
    "browser.safebrowsing.malware.enabled": False, "browser.safebrowsing.phishing.enabled": False,
    "browser.safebrowsing.downloads.enabled": False, "browser.safebrowsing.blockedURIs.enabled": False,
    "browser.startup.homepage": "about:blank", "browser.startup.page": 0, "browser.newtabpage.enabled": False,
    "browser.aboutwelcome.enabled": False, "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False, "datareporting.healthreport.uploadEnabled": False,
    "toolkit.telemetry.enabled": False, "toolkit.telemetry.server": "data:,",
    "network.captive-portal-service.enabled": False, "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True, "network.prefetch-next": False, "network.http.speculative-parallel-limit": 0,
    "dom.push.connection.enabled": False, "extensions.getAddons.cache.enabled": False,
    "extensions.update.enabled": False, "extensions.systemAddon.update.enabled": False,
    "media.gmp-manager.updateEnabled": False, "media.gmp-manager.url": "data:,",
    "services.settings.server": "data:,#remote-settings-dummy/v1", "browser.region.network.url": "",
    "geo.enabled": False, "network.trr.mode": 5, "privacy.trackingprotection.enabled": False,
    "browser.contentblocking.category": "custom", "marionette.port": 0, "dom.security.https_first": False,
    "dom.security.https_only_mode": False, "dom.security.https_first_schemeless": False,
}  # fmt: skip
WITHOUT_JIT: dict[str, object] = {
    "javascript.options.ion": False, "javascript.options.baselinejit": False,
    "javascript.options.native_regexp": False, "javascript.options.asmjs": False, "javascript.options.wasm": False,
}  # fmt: skip


class Browser(Protocol):
    """What a journey needs of a browser."""

    name: str
    javascript: bool

    def open(self, url: str) -> None: ...
    def fill(self, selector: str, text: str) -> None: ...
    def attach(self, selector: str, paths: Sequence[Path]) -> None: ...
    def click(self, selector: str) -> None: ...
    def wait(self, selector: str, seconds: float = 60) -> None: ...
    def visible(self, selector: str) -> bool: ...
    def texts(self, selector: str) -> list[str]: ...
    def value(self, selector: str) -> str: ...
    def evaluate(self, script: str) -> Any: ...
    def save(self, selector: str) -> bytes: ...
    def screenshot(self, path: Path) -> None: ...
    @property
    def url(self) -> str: ...
    @property
    def body(self) -> str: ...


class Chromium:
    """A page of Chromium."""

    name = "chromium"

    def __init__(self, page: Any, *, javascript: bool) -> None:
        self.page = page
        self.javascript = javascript

    def open(self, url: str) -> None:
        self.page.goto(url)

    def fill(self, selector: str, text: str) -> None:
        self.page.locator(selector).first.fill(text)

    def attach(self, selector: str, paths: Sequence[Path]) -> None:
        self.page.locator(selector).first.set_input_files([str(path) for path in paths])

    def click(self, selector: str) -> None:
        self.page.locator(selector).first.click()

    def wait(self, selector: str, seconds: float = 60) -> None:
        self.page.locator(selector).first.wait_for(state="visible", timeout=seconds * 1000)

    def visible(self, selector: str) -> bool:
        found: bool = self.page.locator(selector).first.is_visible()
        return found

    def texts(self, selector: str) -> list[str]:
        found: list[str] = self.page.locator(selector).all_inner_texts()
        return found

    def value(self, selector: str) -> str:
        found: str = self.page.locator(selector).first.input_value()
        return found

    def evaluate(self, script: str) -> Any:
        return self.page.evaluate(f"() => {{ {script} }}")

    def save(self, selector: str) -> bytes:
        """Follow a link that downloads, and return what came."""
        with self.page.expect_download() as download:
            self.click(selector)
        return Path(download.value.path()).read_bytes()

    def screenshot(self, path: Path) -> None:
        self.page.screenshot(path=str(path), full_page=True)

    @property
    def url(self) -> str:
        return str(self.page.url)

    @property
    def body(self) -> str:
        return str(self.page.locator("body").inner_text())


class Firefox:
    """A window of Firefox."""

    name = "firefox"

    def __init__(self, driver: Any, profile: Path, *, javascript: bool) -> None:
        self.driver = driver
        self.profile = profile
        self.javascript = javascript

    def _find(self, selector: str) -> Any:
        return self.driver.find_element("css selector", selector)

    def open(self, url: str) -> None:
        self.driver.navigate(url)

    def fill(self, selector: str, text: str) -> None:
        element = self._find(selector)
        element.clear()
        element.send_keys(text)

    def attach(self, selector: str, paths: Sequence[Path]) -> None:
        for path in paths:
            self._find(selector).send_keys(str(path))

    def click(self, selector: str) -> None:
        self._find(selector).click()

    def wait(self, selector: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not self.visible(selector):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {selector} in Firefox: {self.body[:2000]}")
            time.sleep(0.05)

    def visible(self, selector: str) -> bool:
        from marionette_driver.errors import MarionetteException

        try:
            return any(element.is_displayed() for element in self.driver.find_elements("css selector", selector))
        except MarionetteException:  # The page is just being replaced.
            return False

    def texts(self, selector: str) -> list[str]:
        return [element.text for element in self.driver.find_elements("css selector", selector)]

    def value(self, selector: str) -> str:
        return str(self._find(selector).get_property("value"))

    def evaluate(self, script: str) -> Any:
        return self.driver.execute_script(script, sandbox=None)

    def save(self, selector: str) -> bytes:
        """Follow a link that downloads, and return what came."""
        folder = self.profile / "downloads"
        folder.mkdir(exist_ok=True)
        self.click(selector)
        deadline = time.monotonic() + 60
        while True:
            whole = [path for path in folder.iterdir() if path.suffix != ".part" and path.stat().st_size]
            if whole and not list(folder.glob("*.part")):
                content = whole[0].read_bytes()
                whole[0].unlink()
                return content
            if time.monotonic() > deadline:
                raise TimeoutError("Firefox saved nothing")
            time.sleep(0.1)

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.driver.screenshot(full=True)))

    @property
    def url(self) -> str:
        return str(self.driver.get_url())

    @property
    def body(self) -> str:
        return str(self._find("body").text)


@contextlib.contextmanager
def chromium(*, javascript: bool = True, flags: Sequence[str] = (), **context: Any) -> Iterator[Chromium]:
    """Start Chromium with one page."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=[*_CHROMIUM_FLAGS, *flags])
        try:
            page = browser.new_context(java_script_enabled=javascript, **context).new_page()
            page.set_default_timeout(30_000)
            yield Chromium(page, javascript=javascript)
        finally:
            browser.close()


@contextlib.contextmanager
def firefox(*, javascript: bool = True, preferences: Mapping[str, object] | None = None) -> Iterator[Firefox]:
    """Start Firefox with one window."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Mozilla's driver uses what Python calls deprecated.
        from marionette_driver.marionette import Marionette

    profile = Path(tempfile.mkdtemp(prefix="firefox."))
    wanted = {
        **_QUIET,
        "javascript.enabled": javascript,
        "browser.download.folderList": 2,
        "browser.download.dir": str(profile / "downloads"),
        "browser.download.useDownloadDir": True,
        "browser.download.always_ask_before_handling_new_types": False,
        **(preferences or {}),
    }
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in wanted.items())
    (profile / "user.js").write_text("".join(lines))
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment |= {"MOZ_HEADLESS": "1", "HOME": str(profile), "MOZ_CRASHREPORTER_DISABLE": "1", "TZ": "UTC"}
    command = [str(FIREFOX), "--headless", "--no-remote", "--marionette", "--profile", str(profile), "about:blank"]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    driver = None
    try:
        driver = Marionette(host="127.0.0.1", port=_marionette_port(profile, process))
        driver.start_session()
        driver.timeout.page_load = 60
        yield Firefox(driver, profile, javascript=javascript)
    finally:
        with contextlib.suppress(Exception):
            if driver is not None:
                driver.delete_session()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)  # Our own process group only.
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        shutil.rmtree(profile, ignore_errors=True)


def _marionette_port(profile: Path, process: subprocess.Popen[bytes]) -> int:
    path, deadline = profile / "MarionetteActivePort", time.monotonic() + 60
    while not (path.exists() and path.read_text().strip()):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("Firefox did not start")
        time.sleep(0.05)
    return int(path.read_text())
