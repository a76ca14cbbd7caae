# SPDX-License-Identifier: EUPL-1.2
"""The script in the page when something is wrong: with the network, with the server, with what was typed."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from browsers import FIREFOX, WITHOUT_JIT, Chromium, chromium, firefox
from cast import ORGANISATION
from deskhouse import House
from running import Server
from scripted import TEXT, begin, changed, cut_after, entries, heading, open_mailbox, read, send
from town import need

from meldkluis.crypto import age, receipt
from meldkluis.crypto.attachment import open_attachment, seal_attachment
from meldkluis.crypto.bundle import write_bundle
from meldkluis.crypto.encoding import b64, load_json, unb64
from meldkluis.crypto.errors import NotForThisKeyError
from meldkluis.crypto.proof import verify_proof

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.xdist_group("client-pages")]


def test_report_with_attachment(served: tuple[Server, House], browser: Chromium, tmp_path: Path) -> None:
    """Text and file arrive whole, the receipt shows the code of the form, and its proof verifies."""
    server, house = served
    content = bytes(range(256)) * 6000
    (tmp_path / "bon é.bin").write_bytes(content)
    code = begin(browser, server)
    browser.attach("#file", [tmp_path / "bon é.bin"])
    assert browser.texts("#files [data-fill=name]") == ["bon é.bin"]
    send(browser, "[data-receipt]")

    opened = read(house, code)
    case = receipt.derive(code, ORGANISATION).case
    (ref,) = opened.document.attachments
    assert browser.texts("[data-fill=code-line]") == [code]
    assert (opened.document.text, opened.document.strength, opened.document.kind) == (TEXT, "browser", "report")
    assert b"".join(open_attachment(house.desk.attachment(house.cast.one.key, case, ref.id), ref)) == content
    assert browser.page.evaluate("document.activeElement.tagName") == "H1"
    browser.click("summary")
    proof = verify_proof(browser.value("[data-fill=proof]"))
    assert (proof.case, proof.anchor) == (case, house.cast.roster.hash)
    assert browser.page.evaluate("[document.cookie, localStorage.length, sessionStorage.length].join()") == ",0,0"


def test_without_the_browsers_own_digests(served: tuple[Server, House], tmp_path: Path) -> None:
    """Where the page's context is not secure (an http onion in Chromium) everything works all the same."""
    server, house = served
    (tmp_path / "a.bin").write_bytes(b"d" * 1_200_000)
    port = server.site.rsplit(":", 1)[1]
    with ThreadPoolExecutor(1) as pool:

        def visit() -> tuple[bool, str]:
            with chromium(flags=["--host-resolver-rules=MAP meldkluis.test 127.0.0.1"]) as browser:
                browser.open(f"http://meldkluis.test:{port}/melden")
                browser.wait("#report-form")
                browser.click("#kind-report")
                browser.fill("#text", TEXT)
                browser.attach("#file", [tmp_path / "a.bin"])
                send(browser, "[data-receipt]")
                return browser.page.evaluate("isSecureContext"), browser.texts("[data-fill=code-line]")[0]

        secure, code = pool.submit(visit).result()
    opened = read(house, code)
    (ref,) = opened.document.attachments
    stored = house.desk.attachment(house.cast.one.key, receipt.derive(code, ORGANISATION).case, ref.id)
    assert not secure
    assert b"".join(open_attachment(stored, ref)) == b"d" * 1_200_000


def test_without_a_compiler(served: tuple[Server, House], tmp_path: Path) -> None:
    """In Firefox without JIT and WebAssembly, as Tor Browser is when set to be safer, a report goes out and no gap lasts 300 ms."""
    need("Firefox", FIREFOX)
    server, house = served
    (tmp_path / "a.bin").write_bytes(b"e" * 2_000_000)
    with firefox(preferences=WITHOUT_JIT) as browser:
        browser.open(server.url + "/melden")
        browser.wait("#report-form")
        browser.click("#kind-report")
        browser.fill("#text", TEXT)
        browser.attach("#file", [tmp_path / "a.bin"])
        browser.evaluate(
            "window.gap = 0; let last = performance.now();"
            "setInterval(() => { const now = performance.now(); window.gap = Math.max(gap, now - last); last = now }, 5)"
        )
        browser.click("#send")
        browser.wait("[data-receipt]")
        gap = browser.evaluate("return window.gap")
        code = browser.texts("[data-fill=code-line]")[0]
    assert len(read(house, code).document.attachments) == 1
    # Twice the bound: the machine does other things as well.
    assert gap < 600


def test_lost_answers(served: tuple[Server, House], browser: Chromium, tmp_path: Path) -> None:
    """When answers are lost, the very same bytes are sent again: one report, with a receipt."""
    server, house = served
    (tmp_path / "a.bin").write_bytes(b"a" * 1_500_000)
    code = begin(browser, server)
    browser.attach("#file", [tmp_path / "a.bin"])
    parts = cut_after(1, browser, "/api/parts/**")
    bodies = cut_after(2, browser, "/api/reports")
    send(browser, "[data-receipt]")

    assert len(set(bodies)) == 1
    assert len(bodies) == 3
    assert "entry" in bodies[0]
    assert len(parts) >= 3
    assert entries(house, code) == ["submitted", "received"]


def test_no_answer_at_all(served: tuple[Server, House], browser: Chromium) -> None:
    """When the server stays silent the text stays, the door is offered beside it, and sending again is the same report."""
    server, house = served
    browser.page.add_init_script("const wait = setTimeout; window.setTimeout = (run, time) => wait(run, time / 200)")
    code = begin(browser, server)
    bodies: list[str] = []

    def handle(route: Any) -> None:
        bodies.append(route.request.post_data or "")
        route.abort()

    browser.page.route("**/api/reports", handle)
    browser.click("#send")
    heading(browser)

    assert len(bodies) == 8
    assert browser.visible("#wait-door")
    assert (browser.value("#text"), browser.texts("#code-line")) == (TEXT, [code])
    browser.page.unroute("**/api/reports")
    again = cut_after(0, browser, "/api/reports")
    send(browser, "[data-receipt]")
    assert set(bodies) == set(again)
    assert len(again) == 1
    assert not browser.visible("#wait")
    assert entries(house, code) == ["submitted", "received"]


def test_lost_additions(served: tuple[Server, House], browser: Chromium) -> None:
    """An addition whose answer is lost stands once, and is said to have arrived."""
    server, house = served
    code = begin(browser, server)
    send(browser, "[data-receipt]")
    open_mailbox(browser, server, code)
    bodies = cut_after(1, browser, "/api/messages")
    browser.fill("#add-form [name=text]", "Nog iets")
    send(browser, "[data-added]")

    assert len(set(bodies)) == 1
    assert entries(house, code) == ["submitted", "received", "message", "received"]
    assert read(house, code, 2).document.text == "Nog iets"


def test_changed_text_after_a_lost_receipt(served: tuple[Server, House], browser: Chromium) -> None:
    """Another text with the same code is not dropped: it comes back as an addition to the case that stands."""
    server, house = served
    code = begin(browser, server)
    answered: list[int] = []

    def once(route: Any) -> None:
        if answered:
            route.continue_()
            return
        answered.append(route.fetch().status)
        route.fulfill(status=429, content_type="application/json", body='{"error": "quota"}')

    browser.page.route("**/api/reports", once)
    browser.click("#send")
    heading(browser)
    assert answered == [201]
    assert browser.value("#text") == TEXT
    assert browser.texts("#code-line") == [code]

    browser.fill("#text", "Een andere tekst")
    send(browser, "#add-form")
    assert browser.value("#add-form [name=text]") == "Een andere tekst"
    send(browser, "[data-added]")
    assert entries(house, code) == ["submitted", "received", "message", "received"]
    assert read(house, code).document.text == TEXT
    assert read(house, code, 2).document.text == "Een andere tekst"


def test_stale_keys(served: tuple[Server, House], browser: Chromium) -> None:
    """When the server says that keys are old, new ones are fetched and the report goes on by itself."""
    server, house = served
    code = begin(browser, server)
    refusals = [409]

    def handle(route: Any) -> None:
        if refusals:
            route.fulfill(status=refusals.pop(), content_type="application/json", body='{"error": "stale-keys"}')
        else:
            route.continue_()

    browser.page.route("**/api/reports", handle)
    fetched: list[str] = []
    browser.page.on("request", lambda request: fetched.append(request.url))
    send(browser, "[data-receipt]")

    assert sum(url.endswith("/api/keys") for url in fetched) == 1
    assert entries(house, code) == ["submitted", "received"]


def test_incomplete_attachment(served: tuple[Server, House], browser: Chromium, tmp_path: Path) -> None:
    """When the server has lost a part, the file is sealed and uploaded anew."""
    server, house = served
    (tmp_path / "a.bin").write_bytes(b"b" * 20_000)
    code = begin(browser, server)
    browser.attach("#file", [tmp_path / "a.bin"])
    lost = [204]

    def swallow(route: Any) -> None:
        if lost:
            route.fulfill(status=lost.pop())
        else:
            route.continue_()

    browser.page.route("**/api/parts/**", swallow)
    send(browser, "[data-receipt]")
    assert entries(house, code) == ["submitted", "received"]


@pytest.mark.parametrize("answer", ['{"received": "AA", "proof": "AA"}', "{}"])
def test_false_receipt(served: tuple[Server, House], browser: Chromium, answer: str) -> None:
    """A receipt that does not verify is never shown as one; text and code stay."""
    server, _ = served
    code = begin(browser, server)
    browser.page.route(
        "**/api/reports", lambda route: route.fulfill(status=201, content_type="application/json", body=answer)
    )
    browser.click("#send")
    heading(browser)

    assert not browser.visible("[data-receipt]")
    assert browser.value("#text") == TEXT
    assert browser.texts("#code-line") == [code]


def test_receipt_of_another_report(served: tuple[Server, House], browser: Chromium) -> None:
    """The server's receipt for somebody else's report is none for this one."""
    server, house = served
    reporter = house.cast.reporter()
    accepted = house.submit(reporter, house.cast.compose(reporter))
    assert accepted.proof is not None
    body = json.dumps({"received": b64(accepted.received.raw), "proof": b64(accepted.proof.raw)})
    begin(browser, server)
    browser.page.route(
        "**/api/reports", lambda route: route.fulfill(status=201, content_type="application/json", body=body)
    )
    browser.click("#send")
    heading(browser)
    assert not browser.visible("[data-receipt]")


def _foreign_member(document: dict[str, Any]) -> None:
    payload = load_json(unb64(document["roster"][0]["payload"]))
    payload["members"][0]["name"] = "Iemand Anders"
    document["roster"][0]["payload"] = b64(json.dumps(payload).encode())


BAD_ROSTERS: list[Callable[[dict[str, Any]], object]] = [
    _foreign_member,
    lambda document: document["roster"][0]["signatures"].pop(),
    lambda document: document["roster"].clear(),
    lambda document: document.update(organisation="andere"),
]


def test_swapped_roster(served: tuple[Server, House], browser: Chromium) -> None:
    """With a roster that is not signed as it must be the form never appears, and no door is offered to its members."""
    server, _ = served
    for change in BAD_ROSTERS:
        changed(browser, "/api/keys", change)
        browser.open(server.url + "/melden")
        browser.wait("#wait.failed")

        assert not browser.visible("#report-form")
        assert not browser.visible("#wait-door")


def test_page_that_names_a_stranger(served: tuple[Server, House], browser: Chromium) -> None:
    """A page whose boxes name somebody outside the signed roster is refused."""
    server, house = served
    known = b64(house.cast.one.key)

    def handle(route: Any) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace(known, b64(bytes(32))))

    browser.page.route("**/melden", handle)
    browser.open(server.url + "/melden")
    browser.wait("#wait.failed")
    assert not browser.visible("#report-form")


def test_names_come_from_the_roster(served: tuple[Server, House], browser: Chromium) -> None:
    """The page cannot show a reader under another name than the one that was signed."""
    server, _ = served

    def handle(route: Any) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("TEST Een", "Iemand Anders"))

    browser.page.route("**/melden", handle)
    browser.open(server.url + "/melden")
    browser.wait("#report-form")
    shown = " ".join(browser.texts("[data-field=to] label"))
    assert "TEST Een" in shown
    assert "Iemand Anders" not in shown


def test_code_in_the_text(served: tuple[Server, House], browser: Chromium, tmp_path: Path) -> None:
    """The own code in a field or a file's name is refused before anything is sent."""
    server, house = served
    code = begin(browser, server)
    words = code.split()
    browser.fill("#text", f"Mijn code: {'-'.join(word[:4].upper() for word in words[3:8])}.")
    browser.fill("#contact", "".join(words))
    (tmp_path / f"{' '.join(words[:4])}.txt").write_text("x")
    browser.attach("#file", [tmp_path / f"{' '.join(words[:4])}.txt"])
    sent: list[str] = []
    browser.page.on("request", lambda request: sent.append(request.method))
    browser.click("#send")
    heading(browser)

    assert len(browser.texts("#errors li")) == 3
    assert browser.page.locator("#text").get_attribute("aria-invalid") == "true"
    assert "text-error" in str(browser.page.locator("#text").get_attribute("aria-describedby"))
    assert browser.visible("#text-error")
    assert browser.page.evaluate("document.activeElement.id") == "errors"
    assert sent == []
    assert entries(house, code) == []


def test_empty_form_and_everybody_left_out(served: tuple[Server, House], browser: Chromium) -> None:
    """What is missing is said beside its field, places outside are shown, and nothing is sent."""
    server, _ = served
    browser.open(server.url + "/melden")
    browser.wait("#report-form")
    for box in browser.page.locator("[name=to]").all():
        box.uncheck()
    sent: list[str] = []
    browser.page.on("request", lambda request: sent.append(request.url))
    browser.click("#send")
    heading(browser)

    assert browser.visible("#outside")
    assert browser.visible("#to-error")
    assert browser.visible("#text-error")
    browser.page.locator("#errors a").first.press("Enter")
    assert browser.page.evaluate("document.activeElement.id") in {"text", "to-first", "kind-report"}
    assert sent == []


def test_files_that_cannot_be_sent(served: tuple[Server, House], browser: Chromium, tmp_path: Path) -> None:
    """An empty file and one too many are refused by name, and can be taken away."""
    server, house = served
    code = begin(browser, server)
    paths = [tmp_path / f"{number}.txt" for number in range(21)]
    for path in paths:
        path.write_text("x")
    (tmp_path / "leeg.txt").touch()
    browser.attach("#file", [*paths, tmp_path / "leeg.txt"])
    browser.click("#send")
    heading(browser)
    said = " ".join(browser.texts("#errors li"))
    assert "leeg.txt" in said
    assert "22" in said

    for _ in range(2):
        browser.page.locator("#files button").last.click()
    send(browser, "[data-receipt]")
    assert len(read(house, code).document.attachments) == 20


def test_left_out(served: tuple[Server, House], browser: Chromium) -> None:
    """Who is unticked gets nothing to open and stands in the log as left out."""
    server, house = served
    code = begin(browser, server)
    browser.page.locator(f'[name=to][value="{b64(house.cast.two.key)}"]').uncheck()
    send(browser, "[data-receipt]")

    case = receipt.derive(code, ORGANISATION).case
    files = house.files(house.cast.one, case)
    assert house.log(case).not_to == (house.cast.two.key,)
    with pytest.raises(NotForThisKeyError):
        age.decrypt(files[0, "content"], [house.cast.two.identity])


def test_broken_script(served: tuple[Server, House], browser: Chromium) -> None:
    """A script that breaks half way says so, sends nothing, and offers the door with the same code and text."""
    server, house = served
    code = begin(browser, server)
    browser.fill("#contact", "na zes uur")
    sent: list[Any] = []
    browser.page.on("request", lambda request: sent.extend([request]))
    browser.page.evaluate("void (crypto.getRandomValues = () => { throw new Error('broken') })")
    browser.click("#send")
    browser.wait("#wait.failed")

    assert sent == []
    assert browser.texts("#code-line") == [code]
    browser.page.on("dialog", lambda dialog: dialog.accept())
    with browser.page.expect_navigation():
        browser.click("#wait-door")
    form = sent[0]
    posted = form.post_data_buffer.decode()
    assert form.method == "POST"
    assert form.url == server.url + "/melden?door"
    assert re.findall(r'name="(\w+)"\r\n\r\n([^\r]*)', posted)[:3] == [
        ("preview", "1"), ("code", code), ("kind", "report"),
    ]  # fmt: skip
    assert entries(house, code) == []
    assert [" ".join("".join(words).split()) for words in [browser.texts("#code-line")[0]]] == [code]
    assert browser.value("#text").replace("\r\n", "\n") == TEXT
    assert browser.value("#contact") == "na zes uur"


def test_blocked_script(served: tuple[Server, House], browser: Chromium) -> None:
    """Without its script the page shows the way to the door, and no code of its own."""
    server, _ = served
    browser.page.route("**/static/meldkluis-*.js", lambda route: route.abort())
    browser.open(server.url + "/melden")
    browser.wait("#wait-door", 15)
    assert not any(browser.texts("#code-line"))
    assert browser.page.locator("#wait-door").get_attribute("href") == "?door"


def test_stopping(served: tuple[Server, House], browser: Chromium, tmp_path: Path) -> None:
    """An upload can be stopped; nothing is reported, and sending again goes on."""
    server, house = served
    (tmp_path / "a.bin").write_bytes(b"c" * 3_000_000)
    code = begin(browser, server)
    browser.attach("#file", [tmp_path / "a.bin"])
    waiting: list[Any] = []
    browser.page.route("**/api/parts/**", lambda route: waiting.extend([route]))
    browser.click("#send")
    browser.wait("#stop")
    browser.page.wait_for_timeout(300)
    browser.click("#stop")
    heading(browser)
    assert entries(house, code) == []

    browser.page.unroute("**/api/parts/**")
    send(browser, "[data-receipt]")
    assert entries(house, code) == ["submitted", "received"]


def test_bundle(served: tuple[Server, House], browser: Chromium, tmp_path: Path) -> None:
    """A report made beforehand is handed on as it is, attachments included."""
    server, house = served
    code = receipt.generate()
    reporter = receipt.derive(code, ORGANISATION)
    ciphertext, attached = seal_attachment("bon.txt", b"bon" * 500_000)
    sealed = house.cast.compose(reporter, strength="offline", attachments=(attached,))
    path = tmp_path / "melding.meldkluis"
    path.write_bytes(write_bundle(reporter.address, sealed.entry.raw, sealed.files, [(attached.ref.id, ciphertext)]))
    browser.open(server.url + "/melden")
    browser.wait("#report-form")
    browser.click("details[data-field=bundle] summary")
    (tmp_path / "x.meldkluis").write_bytes(b"meldkluis")
    browser.attach("#bundle", [tmp_path / "x.meldkluis"])
    browser.click("#send")
    heading(browser)
    browser.attach("#bundle", [path])
    send(browser, "[data-receipt]")

    opened = read(house, code)
    (ref,) = opened.document.attachments
    stored = house.desk.attachment(house.cast.one.key, reporter.case, ref.id)
    assert b"".join(open_attachment(stored, ref)) == b"bon" * 500_000
    assert not browser.visible(".codebox")


def test_requests(served: tuple[Server, House], browser: Chromium) -> None:
    """From start page to receipt at most ten requests, all to the site's own host."""
    server, _ = served
    requests: list[str] = []
    browser.page.on("request", lambda request: requests.append(request.url))
    browser.open(server.url + "/")
    browser.open(server.url + "/melden")
    browser.wait("#report-form")
    browser.click("#kind-report")
    browser.fill("#text", "x")
    send(browser, "[data-receipt]")

    # What the browser's cache answers is no request; each of these is asked for once.
    assert len(set(requests)) <= 10
    assert all(url.startswith(server.url) for url in requests)


def test_english(served: tuple[Server, House], browser: Chromium) -> None:
    """The English page makes an English code, and the mailbox reads it in either language."""
    server, house = served
    code = begin(browser, server, path="/en/melden")
    receipt.encode(receipt.parse(code), "en")
    send(browser, "[data-receipt]")
    assert read(house, code).document.language == "en"
    open_mailbox(browser, server, code)
    browser.wait("[data-mailbox]")
