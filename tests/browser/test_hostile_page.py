# SPDX-License-Identifier: EUPL-1.2
"""A hostile page on the officer's own machine: it changes nothing in the open workstation and reads nothing of it."""

import http.server
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from browsers import CHROMIUM, Chromium, chromium
from town import need
from workplace import PASSPHRASE, make_vault

pytestmark = pytest.mark.browser
EVIL = "evil.example"
FORMS = {
    "/lock": {}, "/end": {}, "/language": {"language": "en", "back": "/"}, "/settings/idle": {"minutes": "60"},
    "/settings/proxy": {"proxy": "socks5h://127.0.0.1:1"}, "/fetch": {},
}  # fmt: skip
READ = ["/", "/roster", "/settings", "/card", "/case/AAAAAAAAAAAAAAAAAAAAAA/file/0/AAAAAAAAAAAAAAAAAAAAAA"]

# What a page without any rights tries; TARGET and the rest are filled in.
ATTACK = """<!DOCTYPE html><meta charset="utf-8"><title>hostile</title><body><script>
const target = TARGET, read = READ, forms = FORMS;
const wait = (set) => new Promise((done) => { set(done); setTimeout(() => done("nothing"), 4000); });
async function fetched(path, options) {
  try {
    const answer = await fetch(target + path, {credentials: "include", ...options});
    return answer.type === "opaque" ? "opaque" : await answer.text();
  } catch (error) { return "refused"; }
}
async function loaded(tag, path, name) {
  const element = document.createElement(tag);
  element[name] = target + path;
  const end = wait((done) => { element.onload = () => done("loaded"); element.onerror = () => done("error"); });
  document.body.append(element);
  const came = await end;
  if (tag !== "iframe") return came;
  try { return element.contentDocument.body.innerText; } catch (error) { return "closed"; }
}
async function attack() {
  const got = {};
  for (const path of read) {
    got["fetch " + path] = await fetched(path, {});
    got["opaque " + path] = await fetched(path, {mode: "no-cors"});
    got["img " + path] = await loaded("img", path, "src");
    got["script " + path] = await loaded("script", path, "src");
    got["iframe " + path] = await loaded("iframe", path, "src");
    got["object " + path] = await loaded("object", path, "data");
  }
  for (const [path, fields] of Object.entries(forms)) {
    const body = new URLSearchParams({...fields, csrf: "guess"});
    got["post " + path] = await fetched(path, {method: "POST", body});
    got["opaque post " + path] = await fetched(path, {method: "POST", body, mode: "no-cors"});
  }
  got.start = await fetched("/start?token=" + "A".repeat(43), {});
  return got;
}
</script>FORM"""


@dataclass(frozen=True)
class Machine:
    """An open workstation at `origin`, and a hostile server at `port`, both on 127.0.0.1."""

    origin: str
    start: str
    port: int
    asked: list[tuple[str, str]]


def _page(origin: str) -> str:
    forms = "".join(
        f'<form id="f{number}" method="post" action="{origin}{path}"><input name="csrf" value="guess">'
        + "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
        + "</form>"
        for number, (path, fields) in enumerate(FORMS.items())
    )
    filled = ATTACK.replace("TARGET", json.dumps(origin)).replace("READ", json.dumps(READ), 1)
    return filled.replace("FORMS", json.dumps(FORMS), 1).replace("FORM", forms)


@contextmanager
def _hostile(origin: str) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    asked: list[tuple[str, str]] = []
    page = _page(origin).encode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("Cookie", "")))
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: Any) -> None:
            """Be quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join(20)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """The workstation as its officer runs it, and a hostile server beside it."""
    make_vault(tmp_path / "vault")
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "meldkluis.workstation.cli", "run", "--directory", tmp_path / "vault", "--json"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        start = json.loads(process.stdout.readline())["start"]
        origin = start.partition("/start")[0]
        with _hostile(origin) as (port, asked):
            yield Machine(origin, start, port, asked)
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture
def officer(machine: Machine) -> Iterator[Chromium]:
    """The officer's browser, inside the open vault, in which a foreign name leads to this machine."""
    need("Chromium", CHROMIUM)
    # Chromium's own wall before this machine is off: what holds here is ours.
    flags = [
        f"--host-resolver-rules=MAP {EVIL} 127.0.0.1",
        "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
    ]
    with chromium(flags=flags, locale="nl-NL") as window:
        window.open(machine.start)
        window.fill("#passphrase", PASSPHRASE)
        window.click("form.narrow button")
        window.open(f"{machine.origin}/settings")
        window.wait("#minutes")
        yield window


def _untouched(window: Chromium, machine: Machine) -> None:
    """The vault is open, in Dutch, with the settings as they were, and the session is the officer's."""
    window.open(f"{machine.origin}/settings")
    assert window.texts("h1") == ["Instellingen"]
    assert window.value("#minutes") == "15"
    assert window.value("#proxy") == ""


@pytest.mark.parametrize("name", ["127.0.0.1", EVIL])
def test_a_page_on_another_port(machine: Machine, officer: Chromium, name: str) -> None:
    """A page on another port, under a name of its own too, reads nothing by fetch, frame, picture or script."""
    secret = officer.page.context.cookies()[0]["value"]
    token = officer.value('main input[name="csrf"]')
    other = officer.page.context.new_page()
    other.goto(f"http://{name}:{machine.port}/")
    got = other.evaluate("attack()")

    assert len(got) == 6 * len(READ) + 2 * len(FORMS) + 1
    for what, came in got.items():
        if what.startswith(("img", "script", "object")):
            assert came == "error", what
        elif what.startswith("iframe"):
            assert came in {"closed", ""}, (what, came)
        else:
            assert came in {"refused", "opaque"}, (what, came)
    assert token not in json.dumps(got)
    assert secret not in json.dumps(got)
    _untouched(officer, machine)


@pytest.mark.parametrize("name", ["127.0.0.1", EVIL])
def test_forms_that_lead_into_the_workstation(machine: Machine, officer: Chromium, name: str) -> None:
    """A form of a hostile page that the officer sends along does nothing, whatever it is for."""
    other = officer.page.context.new_page()
    for number, path in enumerate(FORMS):
        other.goto(f"http://{name}:{machine.port}/")
        with other.expect_navigation() as navigation:
            other.evaluate(f"document.getElementById('f{number}').submit()")
        assert navigation.value.status == 403, path
        assert "came from another page" in other.inner_text("body")
    _untouched(officer, machine)


@pytest.mark.parametrize("name", ["127.0.0.1", EVIL])
def test_links_and_guessed_start_addresses(machine: Machine, officer: Chromium, name: str) -> None:
    """A link into the workstation, and a window whose opener is hostile, show nothing; a guessed token opens nothing."""
    other = officer.page.context.new_page()
    for path, statuses in (("/settings", {403}), (f"/start?token={'A' * 43}", {401, 403})):
        other.goto(f"http://{name}:{machine.port}/")
        with other.expect_navigation() as navigation:
            other.evaluate(f"location.href = {json.dumps(machine.origin + path)}")
        assert navigation.value.status in statuses, path
    other.goto(f"http://{name}:{machine.port}/")
    read = other.evaluate(
        """async (address) => {
          const opened = window.open(address);
          await new Promise((done) => setTimeout(done, 1500));
          try { return opened.document.body.innerText; } catch (error) { return "closed"; }
        }""",
        f"{machine.origin}/settings",
    )

    assert read == "closed"
    _untouched(officer, machine)


def test_rebound_name(machine: Machine, officer: Chromium) -> None:
    """A foreign name that was made to lead to the workstation's own port gets no page, no style and no cookie."""
    port = machine.origin.rpartition(":")[2]
    other = officer.page.context.new_page()
    for path in ("/", "/settings", "/static/workstation.css", machine.start.removeprefix(machine.origin)):
        answer = other.goto(f"http://{EVIL}:{port}{path}")
        assert answer is not None
        assert answer.status == 421
        assert re.search("csrf|gemeente", answer.text()) is None
    _untouched(officer, machine)
