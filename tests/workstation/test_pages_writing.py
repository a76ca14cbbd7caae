# SPDX-License-Identifier: EUPL-1.2
"""Writing to the reporter: texts to begin with, and feedback in the parts that the law wants."""

import pytest
from lied_to import opened
from reading import at, said
from workplace import Workplaces

from meldkluis.crypto.casework import open_answer
from meldkluis.workstation.errors import UnreachableError
from meldkluis.workstation.phrases import PHRASES, phrase

PARTS = {"assessment": "Het klopt.", "follow_up": "Wij onderzoeken het.", "grounds": "Het is ernstig.", "withheld": ""}


def arrived(places: Workplaces, sent) -> list[tuple[str, str]]:
    """What the reporter can read: act and text of each answer."""
    log, box = places.log(sent), places.desk.mailbox(sent.reporter.address, places.clock())
    return [
        (log.entries[number].act, open_answer(file, "answer", log.entries[number], log, [sent.reporter.identity]).text)
        for number, file in sorted(box.answers.items())
    ]


@pytest.mark.parametrize("name", PHRASES)
def test_a_phrase_is_put_below_what_was_typed(places: Workplaces, name: str):
    """A text to begin with is put below the officer's words, and nothing is sent."""
    sent = opened(places)
    browser, path = at(places, sent)
    answer = browser.post(f"{path}/answer", act="answered", number="1", text="Mijn woorden.", phrase=name, fill="yes")

    assert answer.status_code == 200
    page = said(answer)
    assert "Mijn woorden." in page
    assert phrase(name, "nl").split("\n", maxsplit=1)[0] in page
    assert arrived(places, sent) == []


def test_phrases_speak_the_reporters_language(places: Workplaces):
    """A report in English is answered in English, whatever the officer reads."""
    sent = opened(places, language="en")
    browser, path = at(places, sent)
    page = said(browser.post(f"{path}/answer", act="answered", number="1", text="", phrase="when", fill="yes"))

    assert "When was this, roughly?" in page


def test_no_question_asks_who_somebody_is():
    """No text to begin with asks for a name, a department or a place of work."""
    for name in PHRASES:
        text = phrase(name, "nl").lower()
        assert not any(word in text for word in ("uw naam", "hoe heet", "afdeling", "waar werkt", "functie")), name


def test_feedback_has_its_parts(places: Workplaces):
    """The reporter reads assessment, follow-up and grounds under their headings, and where else to go."""
    sent = opened(places)
    browser, path = at(places, sent)
    form = {**PARTS, "withheld": "Wat er met de persoon gebeurt."}
    assert browser.post(f"{path}/feedback", number="1", **form).headers["location"] == path
    ((act, text),) = arrived(places, sent)

    assert act == "feedback"
    for words in ("Wat wij ervan vinden\nHet klopt.", "Waarom\nHet is ernstig.", "Wat wij u niet kunnen vertellen\n"):
        assert words in text
    assert "088 133 10 00" in text


@pytest.mark.parametrize("missing", ["assessment", "follow_up", "grounds"])
def test_feedback_without_a_part_is_none(places: Workplaces, missing: str):
    """Without assessment, follow-up or grounds nothing is sent, and what was typed comes back."""
    sent = opened(places)
    browser, path = at(places, sent)
    answer = browser.post(f"{path}/feedback", number="1", **PARTS | {missing: "  "})

    assert answer.status_code == 422
    assert "Terugkoppeling: vul in wat u ervan vindt" in said(answer)
    assert all(text in answer.text for name, text in PARTS.items() if name != missing)
    assert arrived(places, sent) == []


def test_feedback_that_did_not_arrive_is_kept(places: Workplaces):
    """Where the server cannot be reached the whole text stays as a draft, and can be sent as feedback."""
    sent = opened(places)
    browser, path = at(places, sent)

    def nowhere(method: str, target: str) -> None:
        raise UnreachableError("nobody there")

    places.transports[0].before = nowhere
    assert browser.post(f"{path}/feedback", number="1", **PARTS).status_code == 502
    places.transports[0].before = None
    page = browser.get(path)
    assert "Het is ernstig." in page.text
    assert 'value="feedback" checked' in page.text
    draft = places.offices[0].book.draft(sent.case)
    assert draft is not None
    browser.post(f"{path}/answer", act="feedback", number="1", text=draft.text)

    assert [act for act, _ in arrived(places, sent)] == ["feedback"]


def test_feedback_twice_is_sent_once(places: Workplaces):
    """The same form sent twice sends one feedback, and gives the text back."""
    sent = opened(places)
    browser, path = at(places, sent)
    browser.post(f"{path}/feedback", number="1", **PARTS)
    again = browser.post(f"{path}/feedback", number="1", **PARTS)

    assert again.status_code == 422
    assert "intussen al een bericht verstuurd" in said(again)
    assert "Het is ernstig." in again.text
    assert len(arrived(places, sent)) == 1


ASKED = {"kind": "account", "question": "Klopt dit?", "slots": ""}


def test_asking_for_a_yes(places: Workplaces):
    """A question arrives with its kind; the case says that nothing is confirmed until the reporter signs a yes."""
    sent = opened(places)
    browser, path = at(places, sent)
    assert browser.post(f"{path}/ask", number="1", **ASKED).headers["location"] == path
    page = said(browser.get(path))

    assert "vroeg de melder of het verslag klopt" in page
    assert "Nog niet bevestigd door de melder." in page
    assert [act for act, _ in arrived(places, sent)] == ["asked"]
    places.replies(sent, "agreed", len(places.acts(sent)) - 1 - places.acts(sent)[::-1].index("asked"))
    browser.post("/fetch")
    assert "De melder ging akkoord met dit verslag." in said(browser.get(path))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": ""}, "Soort vraag: kies wat u de melder vraagt."),
        ({"kind": "gossip"}, "Soort vraag: kies wat u de melder vraagt."),
        ({"question": " "}, "Schrijf eerst een tekst."),
        ({"kind": "meeting"}, "Momenten: noem er ten minste één."),
        ({"kind": "meeting", "slots": "\n".join(map(str, range(7)))}, "Momenten: noem er hoogstens zes"),
    ],
)
def test_a_question_that_is_none(places: Workplaces, change: dict[str, str], words: str):
    """What is missing in a question is named, and what was typed comes back."""
    sent = opened(places)
    browser, path = at(places, sent)
    answer = browser.post(f"{path}/ask", number="1", **ASKED | change)

    assert answer.status_code == 422
    assert words in said(answer)
    assert (change.get("question", ASKED["question"])).strip() in answer.text
    assert arrived(places, sent) == []


def test_no_account_while_the_code_is_here(places: Workplaces, monkeypatch: pytest.MonkeyPatch):
    """As long as the vault holds the reporter's code, no yes is asked for: it could be signed here."""
    sent = opened(places)
    browser, path = at(places, sent)
    browser.get(path)
    assert browser.station.office is not None
    monkeypatch.setattr(browser.station.office.oral, "holds_code", lambda case: case == sent.case)
    answer = browser.post(f"{path}/ask", number="1", **ASKED)

    assert answer.status_code == 422
    assert "Geef de melder eerst het blad met de code." in said(answer)
    assert arrived(places, sent) == []
