# SPDX-License-Identifier: EUPL-1.2
"""What officers ask, answered at the door: yes and no to an account or a consent, and a moment for a meeting."""

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta

import pytest
import time_machine
from house import House, Page

from meldkluis.crypto import receipt
from meldkluis.crypto.casework import compose_note
from meldkluis.crypto.encoding import b64
from meldkluis.crypto.entry import Entry, make_entry
from meldkluis.crypto.message import Document
from meldkluis.crypto.note import Note
from meldkluis.intake.texts import TEXTS
from meldkluis.mailbox.clock import today
from meldkluis.mailbox.premises import growth_of
from meldkluis.mailbox.wire_reporter import AddRequest

SLOTS = ("dinsdag 1 december 14:00, bibliotheek", "woensdag 2 december 9:00, telefonisch")
HEADINGS = {
    "account": "Klopt dit verslag?",
    "consent": "Vraag om toestemming",
    "meeting": "Kies een moment voor een gesprek",
    "detriment": "Krijgt u nadeel door uw melding?",
}


def reported(house: House) -> tuple[str, str]:
    """A case that was taken over: its code, and where answers go."""
    fields = house.fields()
    assert house.post("/melden", fields).status == 200
    code = str(fields["code"])
    return code, house.take_over(house.officers[0], code)


def ask(house: House, code: str, reply: str, kind: str, text: str = "Dit is de vraag.") -> str:
    """Let the first officer ask; returns what the form names the question by."""
    slots = SLOTS if kind == "meeting" else ()
    house.answer(house.officers[0], code, "asked", text, reply, kind=kind, slots=slots)
    return b64(house.log(code).entries[-1].hash)


def asked(house: House, kind: str) -> tuple[str, str]:
    code, reply = reported(house)
    return code, ask(house, code, reply, kind)


def open_box(house: House, code: str, prefix: str = "") -> Page:
    return house.post(f"{prefix}/bericht", {"action": "open", "code": code}, [])


def send(house: House, code: str, action: str, of: str, prefix: str = "", **fields: str) -> Page:
    return house.post(f"{prefix}/bericht", {"action": action, "code": code, "of": of, **fields}, [])


def written(house: House, code: str) -> Document:
    """The addition after the question, as the deputy can open it until there is feedback."""
    return house.read(house.officers[0], code, 4, house.officers[2].identity).document


def acts(house: House, code: str) -> list[str]:
    return [entry.act for entry in house.log(code).entries]


def buttons(page: Page) -> list[str]:
    """The answers that the forms of the page offer."""
    return [str(item.get("value")) for item in page.all("button", name="action")]


@pytest.mark.parametrize("kind", HEADINGS)
def test_each_kind_is_shown_with_its_heading(house: House, kind: str) -> None:
    """The officer's words stand under a heading that says what is asked, with the answers that it takes."""
    code, _ = asked(house, kind)
    page = open_box(house, code)
    offered = {"account": ["agreed", "declined"], "consent": ["agreed", "declined"], "meeting": ["choose"]}

    assert f"vroeg u iets. {HEADINGS[kind]} Dit is de vraag." in page.said()
    assert buttons(page) == offered.get(kind, [])
    assert [heading for heading in HEADINGS.values() if heading in page.said()] == [HEADINGS[kind]]
    assert ("U hebt nog niet geantwoord." in page.said()) == (kind in {"account", "consent"})


def test_yes_and_no_to_an_account(house: House) -> None:
    """No answer is no yes; a yes stands in the log and names the question; the reporter can change it, both ways."""
    code, of = asked(house, "account")
    page = send(house, code, "agreed", of)
    entry = house.log(code).entries[-2]

    assert page.status == 200
    assert TEXTS["agreed"] in page.said()
    assert "U ging akkoord: dit verslag klopt." in page.said()
    assert "U ging akkoord met wat u op" in page.said()
    assert (entry.act, b64(entry.fields["of"])) == ("agreed", of)
    assert buttons(page) == ["declined"]
    page = send(house, code, "declined", of)
    assert TEXTS["declined"] in page.said()
    assert "U ging niet akkoord. Schrijf hieronder wat er niet klopt." in page.said()
    assert "dit verslag klopt. Klopt er iets niet?" in page.said(), "what a yes means"
    assert buttons(page) == ["agreed"]
    assert buttons(send(house, code, "agreed", of)) == ["declined"]
    assert acts(house, code)[4:] == ["agreed", "received", "declined", "received", "agreed", "received"]


def test_two_questions_are_answered_apart(house: House) -> None:
    """A yes to one question says nothing about the other."""
    code, reply = reported(house)
    first, second = (ask(house, code, reply, kind) for kind in ("account", "consent"))
    page = send(house, code, "agreed", second)

    assert "U ging akkoord: u gaf toestemming." in page.said()
    assert page.said().count("U hebt nog niet geantwoord.") == 1
    assert list(house.log(code).course.answers_to.values()) == [None, True]
    assert b64(house.log(code).entries[-2].fields["of"]) == second != first


def test_the_same_answer_twice(house: House) -> None:
    """A form that is sent once more, since its page never came, puts nothing into the log."""
    code, of = asked(house, "consent")
    for _ in range(2):
        page = send(house, code, "declined", of)
        assert (page.status, TEXTS["declined"] in page.said()) == (200, True)
        assert "u geeft geen toestemming" in page.said()
    assert acts(house, code)[3:] == ["asked", "declined", "received"]


def test_a_moment_is_chosen(house: House) -> None:
    """The choice goes to the officers as an encrypted addition in a fixed sentence; the log tells no choice."""
    code, of = asked(house, "meeting")
    page = open_box(house, code)
    assert all(slot in page.said() for slot in SLOTS)
    page = send(house, code, "choose", of, slot="1", number=page.value("number"))
    log = house.log(code)

    assert page.status == 200
    assert TEXTS["added"].format(number=2) in page.said()
    assert acts(house, code)[3:] == ["asked", "message", "received"]
    assert log.course.answers_to == {log.entries[3].hash: None}
    document = written(house, code)
    assert (document.kind, document.text) == ("addition", f"Ik kies dit moment voor het gesprek: {SLOTS[1]}")


def test_no_moment_suits_in_english(house: House) -> None:
    """`None of these` is said too, in the language of the page."""
    code, of = asked(house, "meeting")
    page = send(house, code, "choose", of, "/en", slot="none", number="2")

    assert "Your addition" in page.said()
    document = written(house, code)
    assert (document.text, document.language) == ("None of the moments that were offered suits me.", "en")


@pytest.mark.parametrize("slot", [None, "", "2", "-1", "a", "none "])
def test_no_moment_chosen(house: House, slot: str | None) -> None:
    """Whoever sends the form without a choice is asked for one, beside the choices; nothing is sent."""
    code, of = asked(house, "meeting")
    page = send(house, code, "choose", of, number="2", **({} if slot is None else {"slot": slot}))

    assert page.status == 422
    assert page.errors() == [TEXTS["error-slot"]]
    (link,) = [item for box in page.all("div", id="errors") for item in box.iter("a")]
    assert link.get("href") == "#slot"
    assert page.one("input", id="slot").get("type") == "radio"
    assert "".join(page.one("p", id="slot-error").itertext()) == TEXTS["error-slot"]
    assert acts(house, code)[-1] == "asked"


def test_a_choice_sent_twice(house: House) -> None:
    """The number that the form showed is taken once: the second sending says so and adds nothing."""
    code, of = asked(house, "meeting")
    statuses = [send(house, code, "choose", of, slot="0", number="2").status for _ in range(2)]

    assert statuses == [200, 409]
    assert acts(house, code).count("message") == 1


def test_answers_that_fit_no_question(house: House) -> None:
    """Yes to a meeting, a moment for an account, a question of another case or of none: refused, and nothing is put in."""
    code, reply = reported(house)
    questions = {kind: ask(house, code, reply, kind) for kind in HEADINGS}
    _, elsewhere = asked(house, "account")
    before = acts(house, code)
    wrong = [
        ("agreed", questions["meeting"]), ("declined", questions["detriment"]), ("choose", questions["account"]),
        ("choose", questions["detriment"]), ("agreed", elsewhere), ("agreed", ""), ("agreed", "niets"),
        ("agreed", b64(house.log(code).submitted.hash)),
    ]  # fmt: skip
    for action, of in wrong:
        page = send(house, code, action, of, slot="none", number="2")
        assert (page.status, page.errors()) == (400, [TEXTS["error-malformed"]]), (action, of)
    assert acts(house, code) == before


def test_unknown_code_and_preview(house: House) -> None:
    """An unknown code gets the page of one, of the same size; a preview puts nothing into the log."""
    code, of = asked(house, "account")
    plain, _ = reported(house)
    unknown = send(house, receipt.generate(), "agreed", of)
    assert (unknown.status, len(unknown.content)) == (200, len(open_box(house, plain).content))
    assert send(house, code, "agreed", of, preview="1").status == 200
    assert acts(house, code)[-1] == "asked"


def test_over_the_wire(house: House) -> None:
    """What a script sends: `agreed` comes without files; the same again gets 200; to a wrong entry 409 `act`."""
    code, _ = asked(house, "account")
    reporter, log = house.receipt(code), house.log(code)
    headers = {"Authorization": f"Mailbox {b64(reporter.address)}"}

    def sent(of: bytes, files: Mapping[str, bytes]) -> tuple[int, str]:
        entry: Entry = make_entry("agreed", case=log.case, index=4, head=log.head, signer=reporter.signing_key, of=of)
        answer = house.client.post("/api/messages", content=AddRequest(entry.raw, files).dump(), headers=headers)
        return answer.status_code, answer.json().get("error", "")

    asking = log.entries[3].hash
    assert sent(asking, {"message": b"x"}) == (400, "malformed")
    assert sent(log.submitted.hash, {}) == (409, "act")
    assert [sent(asking, {}), sent(asking, {})] == [(201, ""), (200, "")]


def test_a_question_that_does_not_hold_is_not_asked(house: House) -> None:
    """Where the server gives another file for a question, there is an alarm and no button."""
    code, reply = reported(house)
    of = ask(house, code, reply, "account")
    ask(house, code, reply, "consent", "Mag uw naam naar de recherche?")
    case = house.receipt(code).case
    box = house.desk.mailbox

    def swapped(*args):
        true = box(*args)
        return type(true)(
            true.found, true.log, {3: true.answers[4], 4: true.answers[4]}, true.intake_keys, true.rosters
        )

    house.desk.mailbox = swapped
    try:
        page = open_box(house, code)
        assert "is niet echt of niet heel" in page.said()
        assert "Klopt dit verslag?" not in page.said()
        assert send(house, code, "agreed", of).status == 400
    finally:
        house.desk.mailbox = box
    assert house.desk.store.log(case)[-1] == house.log(code).entries[-1].raw


def test_no_forms_after_the_end(house: House) -> None:
    """A destroyed case still says what was asked and answered, and offers no button."""
    code, reply = reported(house)
    of = ask(house, code, reply, "account")
    ask(house, code, reply, "meeting")
    send(house, code, "agreed", of)
    house.answer(house.officers[0], code, "feedback", "Dit doen wij.", reply)
    day, case, key = today(), house.receipt(code).case, house.officers[0].signing
    end = day + timedelta(days=28)
    log = house.log(code)
    sealed = compose_note(
        "closed", Note(), log, key, day, identity_until=end, destroy_after=end, register_until=end + timedelta(days=400)
    )
    asyncio.run(house.desk.append(key.verify_key, case, sealed.entry.raw, dict(sealed.files), {}, day))
    end += timedelta(days=30)
    first = len(log.entries)
    log.extend("destruction-announced", house.desk.key, day=end, on=end + timedelta(days=30))
    asyncio.run(house.desk.store.append(growth_of(log, first), None))
    end += timedelta(days=30)
    entry = log.extend("destroyed", key, day=end)
    with time_machine.travel(f"{end}T12:00:00+00:00", tick=False):
        asyncio.run(house.desk.append(key.verify_key, case, entry.raw, {}, {}, end))
        page = open_box(house, code)

    assert "U ging akkoord met wat u op" in page.said()
    assert buttons(page) == []
    assert page.all("form", action="/bericht") == []


def test_sentences_are_short() -> None:
    """What is said about a question is B1: no sentence is longer than twenty words."""
    for name, text in TEXTS.items():
        if name.startswith(("asked-", "slot-", "agreed", "declined", "error-slot")):
            for sentence in re.split(r"[.:?!] ", text):
                assert len(sentence.split()) <= 20, (name, sentence)
