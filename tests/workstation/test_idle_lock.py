# SPDX-License-Identifier: EUPL-1.2
"""The vault locks when nothing happens, and nothing that was typed is lost by it."""

import re
import threading
import weakref
from dataclasses import dataclass
from html import unescape

import pytest
from workplace import ORIGIN, PASSPHRASE, Browser, Nowhere, ToDesk, Workplaces, browse

from meldkluis.crypto.encoding import b64
from meldkluis.workstation.presence import Presence, look_often

MINUTE = 60.0
TEXT = 'Beste melder,\n\n  "Dank" & <groet> – één à twee weken.\n'


@dataclass
class Seconds:
    """A clock that a test moves."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now

    def pass_minutes(self, minutes: float) -> None:
        self.now += minutes * MINUTE


@pytest.fixture
def seconds() -> Seconds:
    """The workstation's clock."""
    return Seconds()


@pytest.fixture
def window(vault_directory, seconds):
    """A browser at an open vault whose clock the test moves."""
    made = browse(vault_directory, lambda _: Nowhere(), seconds=seconds)
    made.start().unlock()
    yield made
    made.station.lock()


def fields(page: str) -> dict[str, str]:
    """The hidden fields of the last form of a page."""
    last = page.rsplit("<form", 1)[1]
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', last)
    return {name: unescape(value) for name, value in found}


def hidden(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form with this address."""
    (form,) = re.findall(rf'<form method="post" action="{re.escape(action)}".*?</form>', page, re.DOTALL)
    return fields(form)


def test_locks_after_fifteen_minutes(window: Browser, seconds: Seconds) -> None:
    """After fifteen minutes without a request the vault is closed and its keys are gone; a minute before it is not."""
    office = weakref.ref(window.station.office)
    seconds.pass_minutes(14.9)
    window.station.lock_if_away()
    assert window.station.office is not None
    seconds.pass_minutes(0.2)
    window.station.lock_if_away()

    assert window.station.office is None
    assert office() is None


def test_a_request_counts(window: Browser, seconds: Seconds) -> None:
    """Every request of the officer begins the time anew; one of a stranger does not."""
    seconds.pass_minutes(10)
    window.get("/roster")
    seconds.pass_minutes(10)
    window.station.lock_if_away()
    assert window.station.office is not None

    cookies = dict(window.client.cookies)
    window.client.cookies.clear()
    window.get("/roster")
    window.client.cookies.update(cookies)
    window.post("/roster/sign", token="wrong")
    window.get("/static/workstation.css")
    seconds.pass_minutes(5)
    window.station.lock_if_away()

    assert window.station.office is None


def test_locks_without_any_request(window: Browser, seconds: Seconds) -> None:
    """The thread that looks finds the absence by itself."""
    locked = threading.Event()

    def look() -> None:
        window.station.lock_if_away()
        if window.station.office is None:
            locked.set()

    seconds.pass_minutes(16)
    end = look_often(look, every=0.01)
    try:
        assert locked.wait(20)
    finally:
        end()


def test_not_in_the_middle_of_an_act(vault_directory, seconds: Seconds) -> None:
    """A request that takes longer than the time ends in peace; the time begins after it."""
    made = browse(vault_directory, lambda _: Slow(), seconds=seconds)

    class Slow(Nowhere):
        def request(self, *rest: object):
            seconds.pass_minutes(30)
            made.station.lock_if_away()
            return super().request(*rest)

    made.start().unlock()

    assert "De server is niet bereikbaar" in made.get("/roster").text
    made.station.lock_if_away()
    assert made.station.office is not None
    made.station.lock()


def test_a_download_counts(places: Workplaces, seconds: Seconds) -> None:
    """Each piece of a download that the browser takes is a sign of the officer."""
    sent = places.report("geheim", files=[("b.bin", b"bewijs" * 200_000)])
    places.fetch()
    places.offices[0].acts.not_involved(sent.case)
    made = browse(places.vault(0), lambda _: Piecemeal(places.desk), places.clock, seconds)
    taken = 0

    class Piecemeal(ToDesk):
        def request(self, *rest):
            reply = super().request(*rest)
            return type(reply)(reply.status, pieces(b"".join(reply.chunks)))

    def pieces(content: bytes):
        nonlocal taken
        for start in range(0, len(content), 65_536):
            if len(content) > 1_000_000:
                # Longer than ten minutes, and eighteen times that in all.
                seconds.pass_minutes(10)
                made.station.lock_if_away()
                taken += 1
            yield content[start : start + 65_536]

    made.start().unlock()
    page = made.get(f"/case/{b64(sent.case)}").text
    link = re.search(r'href="(/case/[^"]*/evidence/[^"]*)"', page)
    assert link is not None
    answer = made.get(link[1].replace("/evidence/", "/file/"))

    assert answer.content == b"bewijs" * 200_000
    assert taken > 15
    assert made.station.office is not None
    made.station.lock()


def test_returns_to_where_the_officer_was(window: Browser, seconds: Seconds) -> None:
    """The next page says why the vault is locked, and the passphrase leads back to the page that was asked for."""
    seconds.pass_minutes(15)
    window.station.lock_if_away()
    page = window.get("/roster?x=1").text

    assert "er gebeurde 15 minuten niets" in page
    assert window.post("/unlock", passphrase=PASSPHRASE, **hidden(page, "/unlock") | {}).headers["location"] == (
        "/roster?x=1"
    )
    window.post("/lock")
    assert "minuten niets" not in window.get("/").text


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_unlocking_never_leads_away(browser: Browser, back: str) -> None:
    """The page to go back to is one of ours."""
    browser.start()

    assert browser.post("/unlock", passphrase=PASSPHRASE, back=back).headers["location"] == "/"


def answered(places: Workplaces, seconds: Seconds) -> tuple[Browser, str]:
    """A browser at a locked vault, and the address for answers of a case in it."""
    sent = places.report("geheim")
    places.fetch()
    places.offices[0].acts.not_involved(sent.case)
    made = browse(places.vault(0), lambda _: ToDesk(places.desk), places.clock, seconds)
    made.start().unlock()
    seconds.pass_minutes(15)
    made.station.lock_if_away()
    return made, f"/case/{b64(sent.case)}"


def again(token: str, page: str, action: str) -> dict[str, str]:
    """What the button of a page would send, without its token."""
    form = hidden(page, action)
    assert form.pop("csrf") == token
    return form


def test_text_outlives_the_lock(places: Workplaces, seconds: Seconds) -> None:
    """An answer that meets a locked vault is kept by the page, through a wrong passphrase too, and sent by a button."""
    made, case = answered(places, seconds)
    log = places.offices[0].dossiers.log(places.offices[0].book.cases()[0].id)
    form = {"act": "answered", "text": TEXT, "number": str(log.next_number(places.offices[0].keyring.key))}
    headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin", "Referer": f"{ORIGIN}{case}"}
    locked = made.post(f"{case}/answer", headers=headers, **form)

    assert locked.status_code == 403
    assert "nog niet verstuurd" in locked.text
    token = made.station.sessions.csrf
    wrong = made.post("/unlock", passphrase="correct horse battery stable", **again(token, locked.text, "/unlock"))
    assert wrong.status_code == 403
    assert "stable" not in wrong.text
    offered = made.post("/unlock", passphrase=PASSPHRASE, **again(token, wrong.text, "/unlock"))
    assert "De kluis is open. Wilt u dit nog versturen?" in offered.text
    assert f'<a href="{case}">' in offered.text
    places.fetch(0)
    assert len(places.offices[0].dossiers.log(places.offices[0].book.cases()[0].id).entries) == len(log.entries)

    kept = again(token, offered.text, f"{case}/answer")
    assert kept == form
    assert made.post(f"{case}/answer", **kept).headers["location"] == case
    assert "&lt;groet&gt; – één à twee weken." in made.get(case).text
    made.station.lock()


def test_long_text_outlives_the_lock(window: Browser) -> None:
    """A text of several hundred kB, of whatever letters, is kept whole."""
    text = ('"*\\\n~é€' * 60_000)[:250_000]
    window.station.lock()
    body = {"text": text, "act": "answered", "number": "3"}
    locked = window.post("/case/AAAAAAAAAAAAAAAAAAAAAA/answer", **body)
    token = window.station.sessions.csrf
    assert locked.status_code == 403
    offered = window.post("/unlock", passphrase=PASSPHRASE, **again(token, locked.text, "/unlock"))

    assert again(token, offered.text, "/case/AAAAAAAAAAAAAAAAAAAAAA/answer") == body


def test_page_from_before_a_new_start(window: Browser) -> None:
    """A form of our own page from before a new start is offered again with the new token; it does nothing by itself."""
    old = window.station.sessions.csrf
    window.start()
    offered = window.post("/settings/idle", token=old, minutes="30")

    assert offered.status_code == 403
    assert "De pagina was verouderd. Wilt u dit nog versturen?" in offered.text
    assert window.station.office.settings.idle_minutes == 15
    kept = again(window.station.sessions.csrf, offered.text, "/settings/idle")
    assert window.post("/settings/idle", **kept).status_code == 303
    assert window.station.office.settings.idle_minutes == 30


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_strangers_form_is_not_kept(window: Browser, token: str) -> None:
    """Without session, or with a token that was never ours, nothing of a form comes back."""
    window.station.lock()
    assert "geheim" not in window.post("/settings/idle", token=token, minutes="geheim").text
    own = window.station.sessions.csrf
    window.client.cookies.clear()
    answer = window.post("/settings/idle", token=own, minutes="geheim")

    assert answer.status_code == 401
    assert "geheim" not in answer.text
    assert "kept" not in answer.text


def test_passphrases_are_never_kept(window: Browser) -> None:
    """What opens something is left out of a kept form."""
    window.station.lock()
    locked = window.post("/settings/idle", minutes="20", passphrase="a secret", passphrase_again="a secret")
    token = window.station.sessions.csrf
    offered = window.post("/unlock", passphrase=PASSPHRASE, **again(token, locked.text, "/unlock"))

    assert again(token, offered.text, "/settings/idle") == {"minutes": "20"}


@pytest.mark.parametrize("kept", ["x", "é", "", "AAAA", b64(b"https://evil.example\na=b"), b64(b"/a\na%ff")])
def test_malformed_kept_form(browser: Browser, kept: str) -> None:
    """A kept form that no page of ours made is not offered; the vault opens all the same."""
    browser.start()

    assert browser.post("/unlock", passphrase=PASSPHRASE, kept=kept).headers["location"] == "/"


def test_minutes_are_set(window: Browser, seconds: Seconds) -> None:
    """The officer sets the minutes, from 5 to 60; they count at once, and after the next opening."""
    assert 'value="15"' in window.get("/settings").text
    assert window.post("/settings/idle", minutes=" 30 ").headers["location"] == "/settings"
    assert "De minuten zijn opgeslagen." in window.get("/settings").text
    for _ in range(2):
        seconds.pass_minutes(29)
        window.station.lock_if_away()
        assert window.station.office is not None
        seconds.pass_minutes(1)
        window.station.lock_if_away()
        assert window.station.office is None
        assert "er gebeurde 30 minuten niets" in window.get("/").text
        window.unlock()


@pytest.mark.parametrize("minutes", ["4", "61", "0", "-5", "", "vijf", "1e1", "٣٠", "9999999999"])
def test_wrong_minutes(window: Browser, minutes: str) -> None:
    """Any other number is refused beside the field, with what was typed."""
    answer = window.post("/settings/idle", minutes=minutes)

    assert answer.status_code == 422
    assert "vul een getal in van 5 tot en met 60" in answer.text
    assert f'name="minutes" id="minutes" value="{minutes}"' in answer.text
    assert window.station.office.settings.idle_minutes == 15


def test_time_passes_only_without_requests() -> None:
    """Requests that overlap count until the last one has ended."""
    seconds = Seconds()
    presence = Presence(seconds, minutes=5)
    with presence.busy():
        with presence.busy():
            seconds.pass_minutes(6)
        seconds.pass_minutes(6)
        with presence.away() as away:
            assert not away
    with presence.away() as away:
        assert not away
    seconds.pass_minutes(5)
    with presence.away() as away:
        assert away
