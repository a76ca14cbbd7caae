# SPDX-License-Identifier: EUPL-1.2
"""What the officer sees and does in the browser: real pages, a real desk."""

import html
import re
from datetime import timedelta

import html5lib
import pytest
from workplace import ToDesk, UnreachableError, browse, found, make_vault, workplaces

from meldkluis.crypto.encoding import b64
from meldkluis.crypto.roster import fingerprint
from meldkluis.intake import administration
from meldkluis.mailbox.clock import today
from meldkluis.workstation.render import case_label

HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> https://evil.example/?q=1 javascript:alert(1)\n"
    "\x1b[31mrood \u202eomgekeerd {{ 7*7 }} {% raw %} &amp; \"'"
)


def parsed(answer):
    """The page, parsed strictly: what is not valid HTML is a failure."""
    return html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False).parse(
        answer.text
    )


def said(answer) -> str:
    return " ".join(" ".join(parsed(answer).find(".//main").itertext()).split())


def opened(places, number=0, **report):
    sent = places.report(**report)
    browser = places.browser(number)
    browser.follow("/")
    path = f"/case/{b64(sent.case)}"
    assert browser.post(f"{path}/involved", involved="no").headers["location"] == path
    return sent, browser, path


def test_journey_in_the_browser(places):
    """Inbox, question, case, acknowledgement, answer, feedback: as an officer does it."""
    sent = places.report("De envelop was open.", name="J. Jansen", contact="06 12345678", files=[("b.txt", b"bewijs")])
    browser, path = places.browser(0), f"/case/{b64(sent.case)}"
    inbox = browser.get("/")
    assert case_label(sent.case) in said(inbox)
    assert "aanbesteding" not in inbox.text
    question = browser.get(path)
    assert "de aanbesteding" in said(question)
    assert "envelop" not in question.text
    assert "b.txt" not in question.text

    assert browser.post(f"{path}/involved").status_code == 422
    browser.post(f"{path}/involved", involved="no")
    page = browser.get(path)
    assert "De envelop was open." in said(page)
    assert "verklaarde niet betrokken te zijn" in said(page)
    assert "nam de zaak over" in said(page)
    assert "J. Jansen" not in page.text

    sent_now = browser.post(f"{path}/answer", act="acknowledged", number="1", text="Ontvangen.\r\nDank u.")
    assert sent_now.headers["location"] == path
    assert "Verstuurd." in said(browser.get(path))
    browser.post(f"{path}/answer", act="feedback", number="2", text="Wij onderzoeken het, want het is ernstig.")
    assert "gaf terugkoppeling" in said(browser.get(path))
    contact = browser.post(f"{path}/contact")
    assert "J. Jansen" in said(contact)
    assert "06 12345678" in said(contact)
    assert "J. Jansen" not in browser.get(path).text
    saved = browser.get(f"{path}/file/0/{b64(sent.attachments[0])}")
    assert (saved.content, saved.headers["content-type"]) == (b"bewijs", "application/octet-stream")
    assert saved.headers["content-disposition"].startswith('attachment; filename="b.txt.bijlage"')
    inbox = said(browser.get("/"))
    assert "Terugkoppeling gegeven" in inbox
    assert "de aanbesteding" in inbox


def test_reporters_words_are_only_text(places):
    """Markup, addresses, escape codes and bidi controls of a reporter are shown, never obeyed, in every place."""
    sent, browser, path = opened(
        places, text=HOSTILE, about=HOSTILE, name=HOSTILE, contact=HOSTILE, files=[(HOSTILE[:900], b"x")]
    )
    places.add(sent, HOSTILE)
    browser.post("/fetch")
    pages = [browser.get(path), browser.post(f"{path}/contact"), browser.follow("/"), browser.get(path)]

    for page in pages:
        tree = parsed(page)
        assert tree.find(".//script") is None
        assert {image.get("src") for image in tree.iter("img")} == {"/static/mark.svg"}
        assert all(link.get("href").startswith(("/", "#main")) for link in tree.iter("a"))
        assert "\x1b" not in page.text
        assert "\u202e" not in page.text
        assert not any(attribute.startswith("on") for item in tree.iter() for attribute in item.keys())  # noqa: SIM118
    assert said(pages[0]).count("⟦U+001B⟧ [31mrood") == 4
    assert "{{ 7*7 }} {% raw %} &amp; \"'" in said(pages[0])
    assert "https://evil.example/?q=1" in said(pages[0])


def test_question_shows_nothing_else(places):
    """Before the declaration no page, and no address, gives anything but whom it is about."""
    sent = places.report("geheim", name="J. Jansen", files=[("b.txt", b"bewijs")])
    browser, path = places.browser(0), f"/case/{b64(sent.case)}"
    browser.follow("/")

    assert browser.get(f"{path}/file/0/{b64(sent.attachments[0])}").status_code == 409
    for form, fields in (("answer", {"act": "answered", "number": "1", "text": "x"}), ("contact", {}), ("draft", {})):
        answer = browser.post(f"{path}/{form}", **fields)
        assert answer.status_code == 409
        assert "geheim" not in answer.text
    assert [entry.act for entry in places.log(sent).entries] == ["submitted", "received"]


def test_involved(places):
    """Who is involved withdraws, and never sees the content, not even by its address."""
    sent = places.report("geheim", files=[("b.txt", b"bewijs")])
    browser, path = places.browser(0), f"/case/{b64(sent.case)}"
    browser.follow("/")
    assert browser.post(f"{path}/involved", involved="yes").headers["location"] == "/"

    assert "U hebt u teruggetrokken" in said(browser.get("/"))
    assert "U hebt u uit deze zaak teruggetrokken" in said(browser.get(path))
    for answer in (
        browser.get(path), browser.get("/"), browser.get(f"{path}/file/0/{b64(sent.attachments[0])}"),
        browser.post(f"{path}/involved", involved="no"), browser.post(f"{path}/contact"),
    ):  # fmt: skip
        assert "geheim" not in answer.text
        assert "aanbesteding" not in answer.text
    assert places.log(sent).entries[-1].act == "recused"


def test_text_comes_back(places):
    """Whatever goes wrong with an answer, the page brings the text back and says what happened."""
    _, browser, path = opened(places)
    text = "Een antwoord\nvan twee regels & <tekens>."

    def cut(method: str, target: str) -> None:
        if method == "POST":
            raise UnreachableError("cut")

    for fields, status in (
        ({"act": "", "number": "1"}, 422), ({"act": "answered", "number": "x"}, 422),
        ({"act": "answered", "number": "7"}, 422), ({"act": "recused", "number": "1"}, 422),
    ):  # fmt: skip
        page = browser.post(f"{path}/answer", text=text, **fields)
        assert page.status_code == status
        assert parsed(page).find(".//textarea").text.strip("\n") == text
    places.transports[0].before = cut
    page = browser.post(f"{path}/answer", act="answered", number="1", text=text)
    assert page.status_code == 502
    assert parsed(page).find(".//textarea").text.strip("\n") == text
    places.transports[0].before = None
    page = browser.get(path)
    assert "niet aantoonbaar is aangekomen" in said(page)
    assert parsed(page).find(".//textarea").text.strip("\n") == text
    browser.post(f"{path}/draft")
    assert text not in html.unescape(browser.get(path).text)


def test_first_answer_is_prepared_in_the_reporters_language(places):
    """The acknowledgement is prepared in the language of the report, and gone once it was given."""
    _, browser, path = opened(places, language="en")
    assert parsed(browser.get(path)).find(".//textarea").text.strip().startswith("I have received your report")
    browser.post(f"{path}/answer", act="acknowledged", number="1", text="Received.")

    assert not (parsed(browser.get(path)).find(".//textarea").text or "").strip()


def test_second_officer_sees_the_firsts_acts(places):
    """Two officers of a case read each other's answers and acts."""
    sent, one, path = opened(places)
    one.post(f"{path}/answer", act="acknowledged", number="1", text="Van de eerste.")
    two = places.browser(1)
    two.follow("/")
    two.post(f"{path}/involved", involved="no")
    two.post(f"{path}/answer", act="answered", number="1", text="Van de tweede.")
    assert "Van de eerste." in said(two.get(path))
    one.post("/fetch")

    page = said(one.get(path))
    assert "Van de tweede." in page
    assert "B. Bakker antwoordde" in page
    assert sent.case


def test_unread_marks(places):
    """What came since the officer last looked is marked, in the list and in the case, once."""
    sent, browser, path = opened(places)
    browser.get(path)
    places.add(sent, "Nog iets.")
    browser.post("/fetch")
    assert "1 nieuw" in said(browser.get("/"))
    assert "vult aan" in said(browser.get(path))

    assert "1 nieuw" not in said(browser.get("/"))


def test_dues_and_lateness(places):
    """Days of the law are shown, and said to be late when they have passed."""
    sent = places.report()
    browser = places.browser(0)
    assert "te laat" not in said(browser.follow("/"))
    browser.station.lock()
    late = (
        browse(places.vault(0), lambda _: places.transports[0], lambda: today() + timedelta(days=20)).start().unlock()
    )
    page = said(late.follow("/"))
    late.station.lock()

    assert "te laat" in page
    assert sent.case


def test_alarm_stands_until_read(places):
    """An alarm stands on top of the list, in words, until the officer puts it away."""
    _, browser, path = opened(places)
    office = browser.station.office
    office.book.raise_alarm("log-fork", next(iter(office.book.cases())).id, today())
    page = browser.get("/")
    assert "er is een andere geschiedenis van gemaakt" in said(page)
    assert "vraag de beheerder" in said(page)
    assert "er is een andere geschiedenis van gemaakt" in said(browser.get(path))
    number = re.search(r'action="/alarms/(\d+)"', page.text)[1]
    browser.post(f"/alarms/{number}", back="/")

    assert "geschiedenis" not in said(browser.get("/"))


def test_message_that_does_not_hold_is_not_shown(places):
    """A file that was damaged in the vault is an alarm in its place; the rest of the case stays readable."""
    sent, browser, path = opened(places, text="eerste")
    places.add(sent, "tweede")
    browser.post("/fetch")
    book = browser.station.office.book
    place = max(place for place in book.places(sent.case) if place[1] == "message")
    body = book.file(sent.case, *place)
    book.put_files(sent.case, {place: body[:-1] + bytes([body[-1] ^ 1])})
    page = browser.get(path)

    assert "eerste" in said(page)
    assert "tweede" not in page.text
    assert "Dit bericht wordt niet getoond:" in said(page)
    assert "niet wat de melder of uw collega heeft ondertekend" in said(browser.get("/"))


@pytest.mark.parametrize("size", [1, 65_535, 65_536, 1_048_576, 1_048_577])
def test_attachments_of_every_size(places, size):
    """An attachment comes out as it went in, with its length."""
    content = bytes(size % 251 for size in range(size))
    sent, browser, path = opened(places, files=[("x.bin", content)])
    answer = browser.get(f"{path}/file/0/{b64(sent.attachments[0])}")

    assert answer.content == content
    assert int(answer.headers["content-length"]) == size


def test_missing_attachment(places):
    """An attachment that the server lost is a page and an alarm, not an empty file."""
    sent, browser, path = opened(places, files=[("x.bin", b"x" * 99)])
    places.transports[0].lie = lambda method, target, answered: (200, b"") if "/attachments/" in target else answered
    answer = browser.get(f"{path}/file/0/{b64(sent.attachments[0])}")

    assert answer.status_code == 409
    assert "content-disposition" not in answer.headers
    assert "Een bijlage in deze zaak" in said(browser.get("/"))


def test_excluded_names_are_for_those_inside(places):
    """Who was left out is named to the officers of the case, with the warning to say nothing."""
    _, browser, path = opened(places, to=(0, 2))

    assert "Door de melder uitgesloten B. Bakker" in said(browser.get(path))
    assert "Zeg hun niets over deze zaak." in said(browser.get(path))


def test_english(places):
    """Every page speaks English after one press, and Dutch again."""
    _, browser, path = opened(places)
    browser.post("/language", language="en", back=path)
    page = browser.get(path)
    assert parsed(page).get("lang") == "en"
    assert "Timeline" in said(page)
    assert "Officers and keys" in said(browser.get("/roster"))
    browser.post("/language", language="nl", back=path)

    assert "Tijdlijn" in said(browser.get(path))


# Founding and later rosters


def test_founding_in_the_browser(tmp_path):
    """The proposal shows every fingerprint; it is signed only after the tick; the anchor is shown for the poster."""
    desk, cards = found(tmp_path)
    proposed = administration.propose_cards(tmp_path / "organisation", cards)
    browsers = [
        browse(tmp_path / f"vault-{number}", lambda _: ToDesk(desk)).start().unlock() for number in range(len(cards))
    ]
    for browser in browsers:
        page = browser.follow("/")
        assert all(member["fingerprint"] in said(page) for member in proposed["members"])
        hidden = parsed(page).find(".//input[@name='roster']").get("value")
        assert fingerprint(bytes.fromhex(hidden)) == proposed["hash"]
        assert browser.post("/roster/sign", roster=hidden).status_code == 422
        assert browser.station.office.trust.anchor is None
        assert browser.post("/roster/sign", roster="00" * 32, compared="yes").status_code == 409
        assert browser.post("/roster/sign", roster="zz", compared="yes").status_code == 409
        assert browser.post("/roster/sign", roster=hidden, compared="yes").headers["location"] == "/roster"
    for browser in browsers:
        browser.post("/fetch")
        page = said(browser.get("/roster"))
        assert f"De vingerafdruk voor poster en intranet {proposed['hash']}" in page
        browser.station.lock()
    desk.close()


def test_late_joiner_types_the_fingerprint(tmp_path):
    """A vault without an anchor trusts a finished roster only for a fingerprint that was typed."""
    with workplaces(tmp_path) as places:
        anchor = places.offices[0].trust.anchor
        card = make_vault(tmp_path / "vault-9", "D. Smit")
        administration.propose_cards(tmp_path / "organisation", [card])
        browser = browse(tmp_path / "vault-9", lambda _: ToDesk(places.desk)).start().unlock()
        page = said(browser.follow("/"))
        assert "Er is al een lijst. Vertrouwt u die?" in page
        assert browser.post("/roster/confirm", fingerprint="12 34").status_code == 409
        assert browser.post("/roster/confirm", fingerprint="00" * 32).status_code == 409
        assert browser.station.office.trust.anchor is None
        typed = fingerprint(anchor).upper().replace(" ", "\n")
        assert browser.post("/roster/confirm", fingerprint=typed).status_code == 303
        assert browser.station.office.trust.anchor == anchor
        assert "Dit voorstel is niet aan u om te ondertekenen." in said(browser.get("/roster"))

        for office in places.offices[:2]:
            office.fetch()
            proposal = office.trust.proposal()
            assert [change for _, change in proposal.members] == ["same", "same", "same", "new"]
            office.sign_proposal(proposal.roster.hash)
        browser.post("/fetch")
        places.offices[0].fetch()
        assert places.offices[0].trust.current().version == 2
        assert browser.station.office.trust.current().version == 2
        assert len(browser.station.office.keyring.known_keys()) == 4
        assert all(office.book.alarms() == [] for office in (*places.offices[:2], browser.station.office))
        browser.station.lock()
