# SPDX-License-Identifier: EUPL-1.2
"""The mailbox at the door: answers, additions, alarms, and nothing to tell one code from another."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from house import House, Page

from meldkluis.crypto import receipt
from meldkluis.crypto.encoding import unb64
from meldkluis.crypto.errors import NotForThisKeyError
from meldkluis.intake.forms import holds_code
from meldkluis.intake.uploads import betraying
from meldkluis.mailbox.clock import today
from meldkluis.mailbox.desk import Mailbox
from meldkluis.mailbox.terms import dues


def report(house: House, **changes: Any) -> str:
    fields = house.fields(**changes)
    assert house.post("/melden", fields).status == 200
    return str(fields["code"])


def open_box(house: House, code: str, prefix: str = "") -> Page:
    return house.post(f"{prefix}/bericht", {"action": "open", "code": code}, [])


def addition(page: Page, **changes: Any) -> dict[str, Any]:
    values = {name: page.value(name) for name in ("code", "number", "text", "name", "contact")}
    return values | {"action": "send"} | changes


def test_before_anybody_looked(house: House) -> None:
    """A fresh report: sent, received, nobody has opened it; own words are not shown."""
    code = report(house, text="mijn eigen woorden")
    page = open_box(house, code)

    assert page.status == 200
    assert "U stuurde uw melding" in page.said()
    assert "Nog geen mens heeft uw melding geopend" in page.said()
    assert "mijn eigen woorden" not in page.text
    assert page.value("code") == code


@pytest.mark.parametrize("act", ["acknowledged", "answered", "feedback"])
def test_answer(house: House, act: str) -> None:
    """An officer's answer is opened with the code and shown as text, with name and day."""
    code = report(house)
    officer = house.officers[0]
    reply = house.take_over(officer, code)
    house.answer(officer, code, act, "Dank u.\n<b>Wat</b> zag u \u202eprecies\x1b[31m?", reply)

    page = open_box(house, code)

    assert page.status == 200
    assert ["".join(item.itertext()) for item in page.all("blockquote")] == ["Dank u.\n<b>Wat</b> zag u precies[31m?"]
    assert "TEST Een, Vertrouwenspersoon nam uw melding in behandeling" in page.said()
    assert "Er is een antwoord voor u" in page.said()
    assert page.all("b") == []


@pytest.mark.parametrize("code", ["plain", "upper", "hyphens", "prefixes", "numbered"])
def test_ways_to_write_a_code(house: House, code: str) -> None:
    """Case, separators, numbers and four-letter words are all understood."""
    words = report(house).split()
    written = {
        "plain": " ".join(words),
        "upper": "\r\n".join(words).upper(),
        "hyphens": "-".join(words),
        "prefixes": " ".join(word[:4] for word in words),
        "numbered": " ".join(f"{number}. {word}" for number, word in enumerate(words, 1)),
    }[code]

    page = open_box(house, written)

    assert page.status == 200
    assert "U stuurde uw melding" in page.said()
    # What was typed goes on working in the form that the page holds.
    assert house.post("/bericht", addition(page, text="aanvulling")).status == 200


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda words: [*words[:4], "xyzzyx", *words[5:]], "Woord 5"),
        (lambda words: words[:11], "Dit zijn er 11"),
        (lambda words: [], "Dit zijn er 0"),
    ],
)
def test_mistyped(house: House, change: Any, message: str) -> None:
    """A mistyped code is pointed at by number; what was typed stays in the field."""
    typed = " ".join(change(report(house).split()))
    page = open_box(house, typed)

    assert page.status == 422
    assert message in " ".join(page.errors())
    assert page.value("code") == typed


def test_unknown_code_looks_the_same(house: House) -> None:
    """An unknown code gets status, size and headers of a known code without news."""
    known, unknown = open_box(house, report(house)), open_box(house, receipt.generate())

    assert known.status == unknown.status == 200
    assert len(known.content) == len(unknown.content)
    assert len(known.content) % (16 * 1024) == 0
    assert known.headers == unknown.headers
    assert "vinden wij geen melding" in unknown.said()


def test_addition(house: House) -> None:
    """An addition with a file and contact details arrives, and the page shows its number, day and size only."""
    code = report(house)
    page = open_box(house, code)

    page = house.post("/bericht", addition(page, text="Nog iets.", contact="tel. 1"), [("file", ("b.txt", b"bijlage"))])

    assert page.status == 200
    assert "Uw aanvulling is aangekomen. Nummer: 2." in page.said()
    assert "U stuurde aanvulling 2" in page.said()
    assert "Aantal bestanden: 1" in page.said()
    assert "Nog iets." not in page.text
    opened = house.read(house.officers[1], code, 2)
    assert (opened.document.text, opened.document.attachments[0].name) == ("Nog iets.", "b.txt")
    assert "identity" in house.log(code).entries[2].files


def test_addition_after_take_over(house: House) -> None:
    """After an officer took the case over, an addition is for the case's key and, until feedback, for the deputy's."""
    code = report(house)
    one, two, deputy = house.officers
    house.take_over(one, code)
    page = house.post("/bericht", addition(open_box(house, code), text="Nog iets."))

    assert page.status == 200
    assert house.read(one, code, 3, deputy.identity).document.text == "Nog iets."
    with pytest.raises(NotForThisKeyError):
        house.read(one, code, 3, two.identity)


def test_addition_sent_again(house: House) -> None:
    """An addition sent twice is not stored twice: the page says that the number arrived, and keeps the text."""
    code = report(house)
    fields = addition(open_box(house, code), text="Nog iets.")
    house.post("/bericht", fields)

    page = house.post("/bericht", fields)

    assert page.status == 409
    assert "kwam al aan op" in " ".join(page.errors())
    assert page.value("text") == "Nog iets."
    assert page.value("number") == "3"
    assert len(house.log(code).entries) == 4


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"text": ""}, 422),
        ({"number": ""}, 400),
        ({"number": "-1"}, 400),
        ({"number": "99"}, 400),
        ({"number": "zeven"}, 400),
        ({"action": "wissen"}, 400),
        ({"about": "hoort hier niet"}, 400),
        ({"text": ["een", "twee"]}, 400),
        ({"text": "x" * 300_000}, 413),
    ],
)
def test_addition_refused(house: House, changes: dict[str, Any], status: int) -> None:
    """What cannot be sent is not, and a typed text comes back."""
    code = report(house)
    fields = addition(open_box(house, code), text="blijft staan") | changes
    page = house.post("/bericht", fields)

    assert page.status == status
    kept = fields["text"] if isinstance(fields["text"], str) else "een"
    assert kept in page.text
    assert len(house.log(code).entries) == 2


def test_addition_to_nothing(house: House) -> None:
    """An addition to a code without a report is refused with the text kept."""
    fields = {
        "action": "send",
        "code": receipt.generate(),
        "number": "2",
        "text": "bewaar mij",
        "name": "",
        "contact": "",
    }
    page = house.post("/bericht", fields)

    assert page.status == 404
    assert "bewaar mij" in page.said()


def test_preview(house: House) -> None:
    """What a script that failed hands over comes back in the opened mailbox; nothing is stored."""
    code = report(house)
    fields = {"preview": "1", "action": "open", "code": code, "text": "al getypt", "name": "", "contact": "kamer 3"}
    page = house.post("/bericht?door", fields, [])

    assert page.status == 200
    assert (page.value("text"), page.value("contact"), page.value("code")) == ("al getypt", "kamer 3", code)
    assert "U stuurde uw melding" in page.said()
    assert len(house.log(code).entries) == 2
    assert house.post("/bericht?door", {"preview": "1", "action": "open", "code": ""}, []).status == 200


def test_code_in_an_addition(house: House) -> None:
    """The code is not sent along with an addition."""
    code = report(house)
    page = house.post("/bericht", addition(open_box(house, code), text=f"mijn code is {code}"))

    assert page.status == 422
    assert len(house.log(code).entries) == 2


def test_code_is_never_taken_from_an_address(house: House) -> None:
    """A code in an address fills nothing in."""
    code = receipt.generate()
    page = house.get(f"/bericht?door&code={code.replace(' ', '+')}")

    assert not holds_code(page.text, betraying(code))
    assert page.value("code") == ""


def test_lapsed_terms(house: House) -> None:
    """A term that passed without the act, and of which the server says nothing, is told, with where else to go."""
    code = report(house)
    start = today()
    feedback = (dues(start).feedback.nominal - start).days
    for days, lapsed in ((7, 0), (8, 1), (feedback, 1), (feedback + 1, 2)):
        with time_machine.travel(f"{start + timedelta(days=days)}T12:00:00+00:00", tick=False):
            page = open_box(house, code)

        assert page.said().count("had uiterlijk") == lapsed
        assert ("088 133 10 00" in page.said()) == bool(lapsed)


def lie(monkeypatch: pytest.MonkeyPatch, house: House, **changes: Any) -> None:
    """Let the store give something else than what was stored."""
    true = house.desk.mailbox

    def lying(address: bytes, day: Any) -> Mailbox:
        box = true(address, day)
        values = {name: getattr(box, name) for name in ("found", "log", "answers", "intake_keys", "rosters")}
        return Mailbox(**{**values, **{name: change(values[name]) for name, change in changes.items()}})

    monkeypatch.setattr(house.desk, "mailbox", lying, raising=False)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"log": lambda log: log[:-1]}, ""),
        ({"log": lambda log: [*log[:2], *log[3:]]}, "niet heel"),
        ({"log": lambda log: [*log[:3], log[4], log[3]]}, "niet heel"),
        ({"log": lambda log: [*log, log[-1]]}, "niet heel"),
        ({"log": lambda log: []}, "niet heel"),
        ({"log": lambda log: [log[0][:-1] + b"x", *log[1:]]}, "niet heel"),
        ({"answers": lambda answers: {}}, "de server geeft het niet"),
        ({"answers": lambda answers: dict.fromkeys(answers, b"age-encryption.org/v1\nx")}, "niet echt of niet heel"),
        (
            {"answers": lambda answers: dict(zip(answers, reversed(answers.values()), strict=True))},
            "niet echt of niet heel",
        ),
        ({"rosters": lambda rosters: []}, "niet heel"),
        (
            {"rosters": lambda rosters: [type(rosters[0])(rosters[0].payload, rosters[0].signatures[:1])]},
            "lijst van vertrouwenspersonen klopt niet",
        ),
    ],
)
def test_lies_are_told(house: House, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], message: str) -> None:
    """Whatever in the store was changed, moved, left out or doubled is told, and a false answer is never shown."""
    code = report(house)
    officer = house.officers[0]
    reply = house.take_over(officer, code)
    house.answer(officer, code, "acknowledged", "Eerste.", reply)
    house.answer(officer, code, "answered", "Tweede.", reply)
    lie(monkeypatch, house, **changes)

    page = open_box(house, code)

    assert page.status == 200
    if message:
        assert message in page.said()
        assert "Tweede." not in page.text
    else:
        # A log cut at its end can only be seen by who remembers more; nothing false is shown.
        assert "Tweede." not in page.text


def test_text_survives_a_broken_log(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the log does not hold, nothing is sent, and the typed text stays to be copied."""
    code = report(house)
    fields = addition(open_box(house, code), text="niet kwijt")
    lie(monkeypatch, house, log=lambda log: [log[0], log[0]])

    page = house.post("/bericht", fields)

    assert "niet kwijt" in page.said()
    assert "Verstuur hier niets meer" in page.said()


def test_names_are_the_rosters(house: House) -> None:
    """Officers are named from the signed roster."""
    assert unb64(house.keys[0]) == house.officers[0].key
    code = report(house)
    house.take_over(house.officers[1], code)

    assert "TEST Twee, Vertrouwenspersoon nam uw melding in behandeling" in open_box(house, code).said()
