# SPDX-License-Identifier: EUPL-1.2
"""Oral reports in the browser: the question first, forms that lose nothing, the sheet, and where the code never stands."""

import re
from datetime import timedelta
from html import unescape
from secrets import token_urlsafe
from typing import Any

import html5lib
import pytest
from cast import ORGANISATION
from starlette.testclient import TestClient
from workplace import Browser, Workplaces

from meldkluis.crypto import receipt
from meldkluis.crypto.encoding import b64, dump_json
from meldkluis.crypto.proof import verify_proof
from meldkluis.intake.app import create_app
from meldkluis.intake.config import Config
from meldkluis.mailbox.terms import dues
from meldkluis.workstation.account import account_due
from meldkluis.workstation.errors import UnreachableError
from meldkluis.workstation.oralform import reader_field
from meldkluis.workstation.render import language

TEXT = "De inkoper kreeg een envelop."
TYPED = {"about": "de inkoper", "text": TEXT, "reason": "Ik was ziek.", "name": "J. Zeldzaam", "contact": "06-123"}


def tree(answer: Any) -> Any:
    """The page, parsed strictly: what is not valid HTML is a failure."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False)
    return parser.parse(answer.text)


def said(answer: Any) -> str:
    """The page in words."""
    return " ".join(" ".join(tree(answer).find(".//main").itertext()).split())


def form(places: Workplaces, **changes: str) -> dict[str, str]:
    """A form as a browser sends it."""
    members = places.offices[0].trust.current().members
    return {
        "involved": "no",
        "once": token_urlsafe(16),
        "how": "conversation",
        "received": (places.clock.day - timedelta(days=2)).isoformat(),
        "language": "nl",
        "wish": "yes",
        "acknowledge": "yes",
        **TYPED,
        **{reader_field(member.key): "yes" for member in members},
        **changes,
    }


def registered(places: Workplaces, **changes: str) -> tuple[Browser, str, str]:
    """An oral report that was registered; returns the browser, the page's path, and the code on it."""
    browser = places.browser(0)
    answer = browser.post("/oral", **form(places, **changes))
    assert answer.status_code == 303
    path = answer.headers["location"]
    return browser, path, code_on(browser.get(path))


def code_on(answer: Any) -> str:
    return " ".join(word.text for word in tree(answer).iterfind(".//ol[@class='code-words']/li"))


def day(value: Any) -> str:
    return language("nl").day(value)


def test_the_question_first(places):
    """The form is not shown before the question; who is involved or not sure hears where else to go."""
    browser = places.browser(0)
    page = browser.get("/oral")
    assert "Bent u zelf betrokken?" in said(page)
    assert "<textarea" not in page.text
    page = browser.post("/oral/begin")
    assert page.status_code == 422
    assert "Kies een antwoord." in said(page)
    for choice in ("yes", "unsure"):
        page = browser.post("/oral/begin", involved=choice)
        assert "Huis voor Klokkenluiders" in said(page)
        assert "<textarea" not in page.text
    page = browser.post("/oral/begin", involved="no")
    assert "Schrijf niet op wie de melder is." in said(page)
    assert "Neem een gesprek niet op." in said(page)
    refused = browser.post("/oral", **form(places, involved=""))
    assert refused.status_code == 422
    assert places.offices[0].oral.unfinished() == []


def test_from_form_to_sheet(places):
    """The sheet has the code, the real day, the law's days, what to do; the two words remove it."""
    browser, path, code = registered(places)
    heard = places.clock.day - timedelta(days=2)
    page = browser.get(path)
    words = said(page)
    assert len(code.split()) == 12
    assert receipt.derive(code, ORGANISATION).case == places.offices[0].oral.unfinished()[0].case
    assert f"Gemeente Voorbeeld ontving uw melding op {day(heard)}" in words
    assert f"Uiterlijk op {day(account_due(heard))} vraagt" in words
    assert f"Uiterlijk op {day(dues(heard, places.clock.day).feedback.nominal)} hoort u" in words
    assert "De ontvangst van uw melding is bevestigd." in words
    assert "minstens 14 dagen" in words
    assert "Mondelinge melding (1 niet klaar)" in page.text

    page = browser.get(f"{path}/handed")
    assert not any(word in said(page).split() for word in code.split() if len(word) > 5)
    first, second = places.offices[0].oral.unfinished()[0].asked
    assert f"Woord {first}" in said(page)
    page = browser.post(f"{path}/handed", first="fout", second="fout")
    assert page.status_code == 422
    assert "Dit zijn niet de woorden van het blad." in said(page)
    list_ = code.split()
    answer = browser.post(f"{path}/handed", first=list_[first - 1], second=list_[second - 1])
    assert answer.headers["location"] == path.replace("/oral/", "/case/")
    page = browser.get(answer.headers["location"])
    assert "De code is van deze computer verwijderd." in said(page)
    assert "meldt; een vertrouwenspersoon schreef het op" in said(page)
    assert f"Mondeling gemeld op {day(heard)}" in said(page)
    assert browser.get(path).status_code == 404
    assert browser.get(f"{path}/handed").status_code == 404


def test_the_code_on_paper_opens_the_mailbox(places):
    """At the door of the reporter's site the printed code opens the case, with its days and the acknowledgement."""
    _, _, code = registered(places)
    config = Config(ORGANISATION, "Gemeente Voorbeeld")
    site = TestClient(create_app(config, places.desk), base_url="http://localhost")
    fields = {"code": code, "action": "open", "number": "", "text": "", "name": "", "contact": ""}
    parts: list[Any] = [(name, (None, value)) for name, value in fields.items()]
    page = unescape(site.post("/bericht", files=[*parts, ("file", ("", b""))]).text)
    heard = places.clock.day - timedelta(days=2)

    assert day(dues(heard, places.clock.day).feedback.nominal) in page
    assert f"Uw melding van {day(heard)} is ontvangen en opgeschreven." in page


def test_where_the_code_never_stands(places):
    """No address, title, notice or cookie has a word of the code, and no other page shows it."""
    browser, path, code = registered(places)
    page = browser.get(path)
    assert code.split()[0] not in path
    title = tree(page).find(".//title").text
    assert not any(word in title for word in code.split())
    assert page.headers["cache-control"] == "no-store"
    for other in ("/", "/oral", "/register", "/roster", path.replace("/oral/", "/case/")):
        assert code not in re.sub(r"\s+", " ", browser.follow(other).text)
        assert 'class="code-words"' not in browser.follow(other).text


def test_the_proof_as_a_file(places):
    """The proof is saved as text and holds."""
    browser, path, _ = registered(places)
    answer = browser.get(f"{path}/proof")

    assert answer.headers["content-disposition"].startswith("attachment")
    assert verify_proof(answer.text).case == places.offices[0].oral.unfinished()[0].case


def test_an_english_reporter(places):
    """The sheet, the code and the account's first line are in the reporter's language, the page is not."""
    browser, path, code = registered(places, language="en")
    page = said(browser.get(path))

    assert "Bewaar deze woorden" not in page
    assert "Keep these words" in page
    assert "Geef het blad mee" in page
    assert tree(browser.get(path)).find(".//section[@class='sheet']").get("lang") == "en"
    case = places.offices[0].oral.unfinished()[0].case
    assert places.offices[0].dossiers.timeline(case)[0].text.startswith("This report came in on ")
    assert receipt.parse(code)


REFUSED = {
    "how": ({"how": ""}, "Hoe kwam de melding binnen?"),
    "day": ({"received": ""}, "Dag van ontvangst:"),
    "future": ({"received": "2999-01-01"}, "Dag van ontvangst: die dag moet nog komen."),
    "wish": ({"wish": ""}, "Contactgegevens:"),
    "long": ({"about": "x" * 4001}, "Over wie:"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_forms_that_are_refused(places, name):
    """A wrong field is named above and at the field, which is linked; what was typed comes back, nothing is kept."""
    changes, words = REFUSED[name]
    browser = places.browser(0)
    sent = form(places, **changes)
    page = browser.post("/oral", **sent)
    assert page.status_code == 422
    found = tree(page)
    (link,) = found.iterfind(".//div[@id='errors']//a")
    assert words in "".join(link.itertext())
    marked = next(item for item in found.iter() if item.get("id") == link.get("href")[1:])
    assert f"{link.get('href')[1:]}-error" in marked.get("aria-describedby").split()
    areas = {area.get("name"): (area.text or "").strip() for area in found.iter("textarea")}
    inputs = {item.get("name"): item.get("value") for item in found.iter("input") if item.get("type") == "text"}
    assert areas == {name: sent[name] for name in ("reason", "about", "text")}
    assert inputs == {name: sent[name] for name in ("name", "contact")}
    assert places.offices[0].oral.unfinished() == []


def test_boxes_come_back_as_they_were(places):
    """Who was unticked stays unticked when the form comes back."""
    other = reader_field(places.offices[1].keyring.key)
    sent = form(places, text="")
    del sent[other]
    boxes = {item.get("name"): item for item in tree(places.browser(0).post("/oral", **sent)).iter("input")}

    assert boxes[other].get("checked") is None
    assert boxes[reader_field(places.offices[2].keyring.key)].get("checked") is not None
    own = boxes[reader_field(places.offices[0].keyring.key)]
    assert own.get("checked") is not None
    assert own.get("disabled") is not None


def test_server_away(places):
    """Nothing is lost and no code is shown; going on sends it, once."""
    browser = places.browser(0)

    def cut(method: str, target: str) -> None:
        if target == "/v1/reports":
            raise UnreachableError("cut")

    places.transports[0].before = cut
    page = browser.post("/oral", **form(places))
    assert page.status_code == 502
    assert "er komt nooit een tweede zaak" in said(page)
    assert code_on(page) == ""
    (kept,) = places.offices[0].oral.unfinished()
    path = f"/oral/{b64(kept.case)}"
    assert "nog niet verstuurd" in said(browser.get("/oral"))
    assert browser.get(f"{path}/proof").status_code == 404
    assert browser.get(f"{path}/handed").status_code == 404
    places.transports[0].before = None
    assert browser.post(f"{path}/go").headers["location"] == path
    assert code_on(browser.get(path)) == kept.code
    assert len(places.desk.store.cases_of(places.offices[0].keyring.key)) == 1


def test_a_double_click(places):
    """The form sent twice is one case, also after the code was handed over."""
    browser, sent = places.browser(0), form(places)
    first, second = browser.post("/oral", **sent), browser.post("/oral", **sent)
    assert first.headers["location"] == second.headers["location"]
    path = first.headers["location"]
    assert browser.post(f"{path}/none", sure="yes").status_code == 303
    assert browser.post("/oral", **sent).headers["location"] == path.replace("/oral/", "/case/")
    assert len(places.desk.store.cases_of(places.offices[0].keyring.key)) == 1
    assert browser.post("/oral", **{**sent, "once": ""}).status_code == 422


def test_each_form_has_a_name_of_its_own(places):
    """The name of the form is new each time and comes back with it."""
    browser = places.browser(0)

    def name(page: Any) -> str:
        return next(item.get("value") for item in tree(page).iter("input") if item.get("name") == "once")

    one, two = (browser.post("/oral/begin", involved="no") for _ in range(2))
    assert len({name(one), name(two)}) == 2
    assert name(browser.post("/oral", **form(places, text="", once=name(one)))) == name(one)


def test_refused_by_the_server(places):
    """A refusal for good gives the form back as it was typed; another one keeps everything for later."""
    browser, transport = places.browser(0), places.transports[0]

    def refuse(code: str):
        return lambda _, target, answer: (409, dump_json({"error": code})) if target == "/v1/reports" else answer

    transport.lie = refuse("stale-keys")
    page = browser.post("/oral", **form(places))
    assert page.status_code == 409
    assert "Kijk wie dit leest en verstuur opnieuw." in said(page)
    assert TEXT in page.text
    assert 'value="06-123"' in page.text
    assert places.offices[0].oral.unfinished() == []
    transport.lie = refuse("full")
    page = browser.post("/oral", **form(places))
    assert page.status_code == 502
    assert "De server weigerde het verzoek. Alles wat u schreef, is bewaard" in said(page)
    assert len(places.offices[0].oral.unfinished()) == 1


def test_a_receipt_that_does_not_hold(places):
    """No code is shown for a receipt that is none, and the alarm says what to do."""
    browser = places.browser(0)

    def swap(_: str, target: str, answer: tuple[int, bytes]) -> tuple[int, bytes]:
        return (201, dump_json({"received": "AA", "proof": "AA"})) if target == "/v1/reports" else answer

    places.transports[0].lie = swap
    page = browser.post("/oral", **form(places))

    assert page.status_code == 409
    assert code_on(page) == ""
    assert "Geef de melder nog geen code." in said(browser.get("/"))


def test_removing_needs_a_tick(places):
    """Code and unsent report are removed only by who ticked to be sure."""
    browser, path, _ = registered(places)
    page = browser.post(f"{path}/none")
    assert page.status_code == 422
    assert "Zet eerst het vinkje." in said(page)
    assert browser.post(f"{path}/discard", sure="yes").status_code == 409
    assert browser.post(f"{path}/none", sure="yes").status_code == 303
    assert browser.get(path).status_code == 404
    places.transports[0].before = lambda *_: (_ for _ in ()).throw(UnreachableError("cut"))
    browser.post("/oral", **form(places))
    (kept,) = places.offices[0].oral.unfinished()
    assert browser.post(f"/oral/{b64(kept.case)}/discard").status_code == 422
    assert browser.post(f"/oral/{b64(kept.case)}/discard", sure="yes").headers["location"] == "/oral"
    assert places.offices[0].oral.unfinished() == []


def test_the_sites_address(places):
    """The address is kept once and stands on every sheet; one that can be none is refused."""
    browser, path, _ = registered(places)
    assert "Ga naar de meldpagina van Gemeente Voorbeeld" in said(browser.get(path))
    assert browser.post(f"{path}/address", address="https://melden.example").status_code == 303
    assert "Ga naar https://melden.example en kies Mijn berichten." in said(browser.get(path))
    for wrong in ("a b", "x" * 201, "\x1b[31m"):
        page = browser.post(f"{path}/address", address=wrong)
        assert page.status_code == 422
        assert "Adres van de meldpagina: vul één adres in" in said(page)
    _, other, _ = registered(places)
    assert "https://melden.example" in said(browser.get(other))


def test_nobodys_word_for_it(places):
    """A report that says of itself that an officer wrote it is shown as such until an officer says so too."""
    sent = places.report(strength="officer")
    places.fetch(0)
    places.offices[0].acts.not_involved(sent.case)
    browser, path = places.browser(0), f"/case/{b64(sent.case)}"
    assert "Dat zegt de melding zelf." in said(browser.get(path))
    browser.post(
        f"{path}/handling", regime="wbk", state="received", received=places.clock.day.isoformat(), reason="Ja."
    )

    assert "Dat zegt de melding zelf." not in said(browser.get(path))


def test_before_the_roster_counts(browser):
    """Without a roster that counts the page says why nothing can be registered yet."""
    browser.start().unlock()

    assert "u staat niet op de lijst" in said(browser.get("/oral"))
    page = browser.post("/oral/begin", involved="no")
    assert page.status_code == 409
    assert "u staat niet op de lijst" in said(page)


def test_unknown_reports(places):
    """A case that is none, or was no oral report, has no page here."""
    sent = places.report()
    places.fetch(0)
    browser = places.browser(0)
    for case in ("AA", b64(bytes(16)), b64(sent.case)):
        assert browser.get(f"/oral/{case}").status_code == 404
        for name in ("go", "handed", "address"):
            assert browser.post(f"/oral/{case}/{name}", address="x").status_code == 404
        assert browser.post(f"/oral/{case}/none", sure="yes").status_code == 404
