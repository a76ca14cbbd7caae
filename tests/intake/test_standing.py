# SPDX-License-Identifier: EUPL-1.2
"""The mailbox at the door says where the case stands, what lapsed and until when; the reporter can object."""

import asyncio
import re
from collections.abc import Mapping
from datetime import date, timedelta

import time_machine
from house import House, Page

from meldkluis.crypto import receipt
from meldkluis.crypto.casework import compose_note
from meldkluis.crypto.encoding import b64
from meldkluis.crypto.entry import NOTE_ACTS, Entry, make_entry
from meldkluis.crypto.note import Note
from meldkluis.crypto.report import Draft, compose_addition
from meldkluis.intake.i18n import Language
from meldkluis.intake.places import CHECKED
from meldkluis.intake.texts import TEXTS
from meldkluis.mailbox.clock import today
from meldkluis.mailbox.premises import growth_of
from meldkluis.mailbox.terms import dues
from meldkluis.mailbox.wire_reporter import AddRequest


def report(house: House) -> str:
    fields = house.fields()
    assert house.post("/melden", fields).status == 200
    return str(fields["code"])


def open_box(house: House, code: str, prefix: str = "") -> Page:
    return house.post(f"{prefix}/bericht", {"action": "open", "code": code}, [])


def send(house: House, page: Page, text: str) -> Page:
    fields = {"action": "send", "code": page.value("code"), "number": page.value("number"), "text": text}
    return house.post("/bericht", fields | {"name": "", "contact": ""})


def told(house: House, code: str, day: date | None = None, prefix: str = "") -> Page:
    """The mailbox as it is shown on a day."""
    with time_machine.travel(f"{day or today()}T12:00:00+00:00", tick=False):
        return open_box(house, code, prefix)


def now(page: Page) -> list[str]:
    """Return the sentences on where the case stands."""
    return ["".join(item.itertext()) for item in page.one("ul", id="now")]


def dutch(day: date) -> str:
    return Language("nl").day(day)


def by_server(house: House, code: str, act: str, day: date, **fields: object) -> None:
    """Let the server put an act of its own into the log."""
    log = house.log(code)
    first = len(log.entries)
    log.extend(act, house.desk.key, day=day, **fields)
    asyncio.run(house.desk.store.append(growth_of(log, first), None))


def by_officer(house: House, code: str, act: str, day: date, officer: int = 0, **fields: date) -> None:
    """Let an officer make an act without words to the reporter."""
    log, key, files = house.log(code), house.officers[officer].signing, {}
    if act in NOTE_ACTS:
        sealed = compose_note(act, Note(), log, key, day, **fields)
        entry, files = sealed.entry, dict(sealed.files)
    else:
        entry = log.extend(act, key, day=day, **fields)
    with time_machine.travel(f"{day}T12:00:00+00:00", tick=False):
        asyncio.run(house.desk.append(key.verify_key, house.receipt(code).case, entry.raw, files, {}, day))


def stopped(house: House) -> str:
    """A case whose terms an officer stopped."""
    code = report(house)
    house.answer(
        house.officers[0], code, "clock-stopped", "U stelde een vraag.", house.take_over(house.officers[0], code)
    )
    return code


def test_fresh_report_stands(house: House) -> None:
    """Received, opened by nobody, and until when both terms last: nominal days."""
    code, day = report(house), today()
    terms = dues(day)

    assert now(open_box(house, code)) == [
        f"Uw melding is ontvangen op {dutch(day)}.",
        "Nog geen mens heeft uw melding geopend.",
        f"U krijgt uiterlijk {dutch(terms.acknowledgement.nominal)} een ontvangstbevestiging.",
        f"U hoort uiterlijk {dutch(terms.feedback.nominal)} wat er met uw melding gebeurt en waarom.",
    ]
    assert now(open_box(house, code, "/en"))[1] == "No person has opened your report yet."


def test_acknowledged_by_a_person(house: House) -> None:
    """An acknowledgement moves the day of the feedback to earlier."""
    code, day = report(house), today()
    reply = house.take_over(house.officers[0], code)
    house.answer(house.officers[0], code, "acknowledged", "Dank u.", reply)
    said = now(open_box(house, code))

    assert said[1] == f"Een vertrouwenspersoon bevestigde de ontvangst op {dutch(day)}."
    assert dutch(dues(day, day).feedback.nominal) in said[2]
    assert dues(day, day).feedback.nominal < dues(day).feedback.nominal
    house.answer(house.officers[0], code, "feedback", "Dit doen wij.", reply)
    assert now(open_box(house, code))[2:] == [f"U hoorde op {dutch(day)} wat er met uw melding gebeurt en waarom."]


def test_everything_lapsed(house: House) -> None:
    """The system acknowledged, the terms lapsed, the deputy got the case: all is said, with where else to go."""
    code, day = report(house), today()
    first, second = dues(day).acknowledgement.internal, dues(day, dues(day).acknowledgement.internal).feedback
    by_server(house, code, "lapsed", first, term="acknowledgement", end="internal", due=first)
    by_server(house, code, "acknowledged-auto", first)
    by_server(house, code, "handed-over", first, deputy=house.officers[2].key, roster=None)
    page = told(house, code, first)

    assert now(page)[1:] == [
        "Nog geen mens heeft uw melding geopend.",
        f"Het systeem bevestigde de ontvangst op {dutch(first)}. Dat deed geen mens.",
        f"Uiterlijk op {dutch(first)} had een mens de ontvangst van uw melding moeten bevestigen. Dat is niet gebeurd.",
        f"U hoort uiterlijk {dutch(second.nominal)} wat er met uw melding gebeurt en waarom.",
        f"Sinds {dutch(first)} is uw melding bij TEST Plaatsvervanger, Vertrouwenspersoon.",
    ]
    assert "Het systeem bevestigde de ontvangst van uw melding. Dat deed geen mens." in page.said()
    assert "Uw melding ging naar TEST Plaatsvervanger, Vertrouwenspersoon." in page.said()
    assert "088 133 10 00" in page.said()
    assert f"gecontroleerd op {dutch(CHECKED)}" in page.said()
    late = second.nominal + timedelta(days=1)
    by_server(house, code, "lapsed", late, term="feedback", end="internal", due=second.internal)
    by_server(house, code, "lapsed", late, term="feedback", end="nominal", due=second.nominal)
    page = told(house, code, late)
    passed = (
        f"De termijn is voorbij. U had uiterlijk {dutch(second.nominal)} moeten horen wat er met uw melding gebeurt."
    )
    assert passed in now(page)
    assert page.said().count(passed) == 2, "where the case stands, and in what happened"
    assert f"Uiterlijk op {dutch(second.internal)} had u moeten horen" in page.said()
    assert [item.get("class") for item in page.one("ul", id="now")].count("danger") == 2


def test_objection(house: House) -> None:
    """While the terms stand still there is a button; an objection lets them run from the day of the report, once."""
    code, day = stopped(house), today()
    page = open_box(house, code)
    assert now(page)[1:] == ["De termijnen staan stil. De reden leest u hieronder, bij wat er gebeurde."]
    assert "zette de termijnen stil en schreef u waarom." in page.said()
    assert "U stelde een vraag." in page.said()
    assert "laat de termijnen lopen" in page.said()

    page = house.post("/bericht", {"action": "object", "code": code}, [])

    assert page.status == 200
    assert "Uw bezwaar is aangekomen. De termijnen lopen weer." in page.said()
    assert f"U krijgt uiterlijk {dutch(dues(day).acknowledgement.nominal)} een ontvangstbevestiging." in now(page)
    assert page.all("div", id="object") == []
    assert [entry.act for entry in house.log(code).entries[-2:]] == ["objected", "received"]
    again = house.post("/bericht", {"action": "object", "code": code}, [])
    assert (again.status, len(house.log(code).entries)) == (200, 6)
    assert send(house, again, "Het is een melding.").status == 200


def test_objection_that_cannot_be(house: House) -> None:
    """Where the terms run, for an unknown code and in a preview, nothing is put into a log."""
    code = report(house)
    page = house.post("/bericht", {"action": "object", "code": code}, [])
    assert page.status == 409
    assert TEXTS["server-act"] in " ".join(page.errors())
    unknown = house.post("/bericht", {"action": "object", "code": receipt.generate()}, [])
    assert (unknown.status, len(unknown.content)) == (200, len(open_box(house, code).content))
    still = stopped(house)
    assert house.post("/bericht?door", {"preview": "1", "action": "object", "code": still}, []).status == 200
    assert [house.log(each).entries[-1].act for each in (code, still)] == ["received", "clock-stopped"]


def test_objection_over_the_wire(house: House) -> None:
    """What a script sends: `objected` comes without files, `message` with its own, and neither with the other's."""
    code = stopped(house)
    reporter, log = house.receipt(code), house.log(code)
    headers = {"Authorization": f"Mailbox {b64(reporter.address)}"}
    roster, keys = house.desk.public_keys(today()).roster, house.box(code).intake_keys
    assert roster is not None
    message = compose_addition(reporter, Draft("addition", "", "Nog iets."), log, roster, keys)
    objected = make_entry("objected", case=log.case, index=4, head=log.head, signer=reporter.signing_key)

    def status(entry: Entry, files: Mapping[str, bytes]) -> int:
        body = AddRequest(entry.raw, files).dump()
        return house.client.post("/api/messages", content=body, headers=headers).status_code

    assert [status(objected, message.files), status(message.entry, {})] == [400, 400]
    assert [status(objected, {}), status(objected, {})] == [201, 200]
    assert [entry.act for entry in house.log(code).entries[3:]] == ["clock-stopped", "objected", "received"]


def closed(house: House) -> tuple[str, date]:
    """A case that was closed today; kept four weeks."""
    code, day = report(house), today()
    house.answer(house.officers[0], code, "feedback", "Dit doen wij.", house.take_over(house.officers[0], code))
    end = day + timedelta(days=28)
    by_officer(
        house, code, "closed", day, identity_until=end, destroy_after=end, register_until=end + timedelta(days=400)
    )
    return code, end


def test_closed_and_destroyed(house: House) -> None:
    """Closed and kept, announced, contact details gone, destroyed; no form is left then."""
    code, end = closed(house)
    day = today()
    kept = f"Uw zaak is gesloten op {dutch(day)}. Wij bewaren de zaak in elk geval tot {dutch(end)}."
    assert now(open_box(house, code))[-1] == kept
    by_server(house, code, "identity-destroyed", end)
    on = end + timedelta(days=30)
    by_server(house, code, "destruction-announced", end, on=on)
    announced = f"Uw zaak wordt op {dutch(on)} vernietigd. Wilt u dat niet? Stuur dan voor die dag een bericht."
    page = told(house, code, end)
    assert now(page)[-3:] == [kept, announced, f"Uw contactgegevens zijn vernietigd op {dutch(end)}."]
    assert page.said().count(announced) == 2
    by_officer(house, code, "destroyed", on)
    page = told(house, code, on)
    assert now(page)[-2] == "Uw zaak is vernietigd. U kunt hier niets meer sturen."
    assert page.all("form", id="add-form") == []
    assert "TEST Een, Vertrouwenspersoon vernietigde uw zaak." in page.said()


def test_a_message_stops_a_destruction(house: House) -> None:
    """After a message no day of destruction is told any more; an officer who read it is named."""
    code, end = closed(house)
    by_server(house, code, "destruction-announced", end, on=end + timedelta(days=30))
    with time_machine.travel(f"{end}T12:00:00+00:00", tick=False):
        page = send(house, open_box(house, code), "Wacht nog.")

    assert "vernietigd" not in " ".join(now(page))
    by_officer(house, code, "read", end, 1)
    by_officer(house, code, "noted", end, 1)
    by_officer(house, code, "held", end, 1, until=end + timedelta(days=100))
    page = told(house, code, end)
    assert "TEST Twee, Vertrouwenspersoon las uw bericht." in page.said()
    assert "schreef iets op over uw zaak" in page.said()
    assert now(page)[-1] == f"Uw zaak mag tot en met {dutch(end + timedelta(days=100))} niet worden vernietigd."
    by_officer(house, code, "released", end, 1)
    by_officer(house, code, "reopened", end, 1)
    page = told(house, code, end)
    assert "besloot dat uw zaak weer mag worden vernietigd" in page.said()
    assert "TEST Twee, Vertrouwenspersoon opende uw zaak opnieuw." in page.said()
    assert "gesloten" not in " ".join(now(page))


def test_sentences_are_short() -> None:
    """Everything that is said about a case is B1: no sentence is longer than twenty words."""
    for name, text in TEXTS.items():
        if name.startswith(("act-", "now-", "objected")):
            for sentence in re.split(r"[.:?!] ", text):
                assert len(sentence.split()) <= 20, (name, sentence)
