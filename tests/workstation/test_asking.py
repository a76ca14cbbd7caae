# SPDX-License-Identifier: EUPL-1.2
"""An officer asks, and sees what the reporter said to it: nothing but a yes in the log is shown as a yes."""

from datetime import timedelta

import html5lib
import pytest
from liar import entries, serving, tell
from lied_to import opened, signing
from replies import LIES, Liar
from workplace import Browser, Workplaces

from meldkluis.crypto.casework import open_answer
from meldkluis.crypto.encoding import b64
from meldkluis.workstation.dossier import Question
from meldkluis.workstation.errors import ActError
from meldkluis.workstation.words import REASONS

SLOTS = ("dinsdag 1 december 14:00, bibliotheek", "woensdag 2 december 9:00, telefonisch")
KINDS = {"account": (), "consent": (), "meeting": SLOTS, "detriment": ()}


def said(answer) -> str:
    """The page in words, parsed strictly: what is not valid HTML is a failure."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False)
    return " ".join(" ".join(parser.parse(answer.text).find(".//main").itertext()).split())


def at(places: Workplaces, sent, number: int = 0) -> tuple[Browser, str]:
    return places.browser(number), f"/case/{b64(sent.case)}"


def ask(places: Workplaces, sent, kind: str, text: str = "Klopt dit?", number: int = 0) -> int:
    """Let an officer ask; returns the number of the entry."""
    acts = places.offices[number].acts
    acts.ask(sent.case, kind, acts.next_number(sent.case), text, KINDS[kind])
    return len(places.acts(sent)) - 1


def questions(places: Workplaces, sent, number: int = 0) -> list[Question | None]:
    places.fetch(number)
    return [item.question for item in places.offices[number].dossiers.timeline(sent.case) if item.act == "asked"]


@pytest.mark.parametrize("kind", KINDS)
def test_asking(places, kind):
    """The server sees that something was asked; reporter and colleagues see what, in the officer's words."""
    sent = opened(places, 0, 1)
    number = ask(places, sent, kind, "Kunt u dit nalezen?")
    log = places.log(sent)
    entry = log.entries[number]
    file = places.desk.mailbox(sent.reporter.address, places.clock()).answers[number]
    document = open_answer(file, "answer", entry, log, [sent.reporter.identity])

    assert (entry.act, set(entry.fields)) == ("asked", {"day", "number", "files"})
    assert (document.kind, document.text, document.slots) == (kind, "Kunt u dit nalezen?", KINDS[kind])
    for officer in (0, 1):
        assert questions(places, sent, officer) == [Question(kind, KINDS[kind], kind in {"account", "consent"}, None)]
    assert places.offices[0].book.draft(sent.case) is None
    assert places.alarms() == []


def test_no_answer_is_no_yes(places):
    """Not confirmed, agreed and not agreed are three things; the newest answer counts; each is news in the inbox."""
    sent = opened(places)
    number = ask(places, sent, "account")
    browser, path = at(places, sent)
    page = said(browser.get(path))
    assert "vroeg de melder of het verslag klopt" in page
    assert "Nog niet bevestigd door de melder." in page
    assert "akkoord" not in page
    for act, shown, words in (
        ("agreed", True, "De melder ging akkoord met dit verslag."),
        ("declined", False, "De melder ging niet akkoord met dit verslag."),
    ):
        places.replies(sent, act, number)
        places.fetch(0)
        assert places.offices[0].summaries.one(places.offices[0].book.case(sent.case)).unread == 1
        page = said(browser.get(path))
        assert words in page
        assert "Nog niet bevestigd" not in page
        assert [question.reply for question in questions(places, sent)] == [shown]
    assert "De melder gaat akkoord: zie de vraag van" in page
    assert "De melder gaat niet akkoord" in page
    assert f'href="#entry-{number}"' in browser.get(path).text
    assert "De melder ging akkoord met dit verslag." not in page


def test_consent_is_given_and_withdrawn(places):
    """The words of a consent say what there is now, for both officers."""
    sent = opened(places, 0, 1)
    number = ask(places, sent, "consent", "Mag uw naam naar de recherche?")
    browser, path = at(places, sent, 1)
    assert "Nog geen toestemming: de melder heeft nog niet geantwoord." in said(browser.follow(path))
    for act, words in (("agreed", "De melder gaf toestemming."), ("declined", "De melder geeft geen toestemming.")):
        places.replies(sent, act, number)
        browser.post("/fetch")
        assert words in said(browser.get(path))


def test_a_yes_to_another_kind_is_no_consent(places):
    """A server that knows no kinds takes a yes to a meeting; it is told in the timeline, and confirms nothing."""
    sent = opened(places)
    number = ask(places, sent, "meeting")
    places.replies(sent, "agreed", number)

    assert questions(places, sent) == [Question("meeting", SLOTS, confirmed=False, reply=None)]
    browser, path = at(places, sent)
    page = said(browser.get(path))
    assert "stelde de melder een gesprek voor" in page
    assert all(slot in page for slot in SLOTS)
    assert "De melder gaat akkoord" in page
    assert "gaf toestemming" not in page


def test_a_question_from_before(places):
    """A deputy who came into the case later sees that something was asked and answered, not what."""
    sent = opened(places)
    number = ask(places, sent, "account")
    places.replies(sent, "agreed", number)
    places.until(places.clock.day + timedelta(days=10))
    places.fetch(2)
    places.offices[2].acts.not_involved(sent.case)
    item = places.offices[2].dossiers.timeline(sent.case)[number]
    browser, path = at(places, sent, 2)
    page = said(browser.get(path))

    assert (item.act, item.question, item.older, item.problem) == ("asked", None, True, None)
    assert "vroeg de melder iets" in page
    assert "De melder gaat akkoord" in page
    assert "of het verslag klopt" not in page


@pytest.mark.parametrize(
    ("kind", "slots", "reason"),
    [
        ("", (), "no-kind"),
        ("answer", (), "no-kind"),
        ("meeting", (), "no-slots"),
        ("meeting", ("", "  "), "no-slots"),
        ("meeting", tuple("abcdefg"), "slots"),
        ("meeting", ("a" * 101,), "slots"),
        ("meeting", ("maandag\nof dinsdag",), "slots"),
        ("meeting", ("maan\u202edag",), "slots"),
    ],
)
def test_what_cannot_be_asked(places, kind, slots, reason):
    """A kind that does not exist, and moments that no reader would take, are refused with their reason; nothing is sent."""
    sent = opened(places)
    before = places.acts(sent)
    with pytest.raises(ActError) as refused:
        places.offices[0].acts.ask(sent.case, kind, 1, "Wanneer?", slots)
    with pytest.raises(ActError, match="no-text"):
        places.offices[0].acts.ask(sent.case, "account", 1, " ")

    assert refused.value.reason == reason
    assert reason in REASONS
    assert places.acts(sent) == before


def test_asked_twice(places):
    """The same number is sent once; the text stays as a draft."""
    sent = opened(places)
    ask(places, sent, "account")
    with pytest.raises(ActError, match="sent-already"):
        places.offices[0].acts.ask(sent.case, "account", 1, "Klopt dit?")

    assert places.acts(sent).count("asked") == 1
    assert places.offices[0].book.draft(sent.case).text == "Klopt dit?"


@pytest.mark.parametrize("name", LIES)
def test_lies_about_answers(places, name):
    """A yes that is not the reporter's, or names no question of this log, is an alarm; the case stays as it was known."""
    office, sent = places.offices[0], opened(places)
    before = office.book.log(sent.case)
    liar = Liar(
        entries(places, sent), places.desk.key, signing(places, 0), office.acts.next_number(sent.case),
        sent.reporter.signing_key,
    )  # fmt: skip
    LIES[name](liar)
    heard = tell(places, serving(places, sent.case, liar.log))

    assert (heard.alarms, heard.sent) == (["log-invalid"], [])
    assert office.book.log(sent.case) == before


def test_the_answers_form_asks_nothing(places):
    """A form that names the act without its kind is refused on the same page, and the text comes back."""
    sent = opened(places)
    browser, path = at(places, sent)
    answer = browser.post(f"{path}/answer", act="asked", number="1", text="Mijn tekst")

    assert answer.status_code == 422
    assert "Soort vraag: kies wat u de melder vraagt." in said(answer)
    assert "Mijn tekst" in said(answer)
    assert "asked" not in places.acts(sent)
