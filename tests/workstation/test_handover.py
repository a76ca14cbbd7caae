# SPDX-License-Identifier: EUPL-1.2
"""A term lapses and the deputy gets the case: before anybody took it over, and after somebody did, well or badly."""

from datetime import timedelta

import pytest
from workplace import Workplaces

from meldkluis.crypto import age
from meldkluis.crypto.casework import take_over
from meldkluis.crypto.encoding import b64
from meldkluis.crypto.errors import NotForThisKeyError


def lapsed(places: Workplaces, sent) -> None:
    """Let the acknowledgement lapse."""
    places.until(places.clock.day + timedelta(days=8))
    assert "handed-over" in places.acts(sent)


def texts(places: Workplaces, sent, number: int) -> list[str]:
    return [item.text for item in places.offices[number].dossiers.timeline(sent.case) if item.text]


def test_before_anybody_took_over(places):
    """The deputy fetches, is asked, takes over, and the officers go on with the deputy's key."""
    one, two, deputy = places.offices
    sent = places.report("De envelop was open.")
    places.fetch(0)
    lapsed(places, sent)
    places.fetch()
    assert deputy.dossiers.about_whom(sent.case) == "de aanbesteding"
    deputy.acts.not_involved(sent.case)
    assert texts(places, sent, 2) == ["De envelop was open."]
    deputy.acts.answer(sent.case, "answered", 1, "Ik neem het over.")
    places.fetch()
    for office in (one, two):
        office.acts.not_involved(sent.case)
    one.acts.answer(sent.case, "answered", 1, "Ik ben er ook.")
    places.fetch()

    for number in range(3):
        assert texts(places, sent, number) == ["De envelop was open.", "Ik neem het over.", "Ik ben er ook."]
        assert places.alarms(number) == []
    assert places.acts(sent).count("case-key") == 1


def test_after_a_good_officer_took_over(places):
    """The deputy makes a new key; who had the case reads and answers on, and the deputy is told what is older."""
    one, _, deputy = places.offices
    sent = places.report("Eerst.", name="J. Jansen")
    one.fetch()
    one.acts.not_involved(sent.case)
    one.acts.answer(sent.case, "answered", 1, "Van voor de plaatsvervanger.")
    one.decisions.handle(sent.case, "wbk", "assessment", None, "Lijkt ernstig.")
    places.add(sent, "Nog iets.")
    lapsed(places, sent)
    places.fetch()
    deputy.acts.not_involved(sent.case)
    assert texts(places, sent, 2) == ["Eerst.", "Nog iets."]
    items = deputy.dossiers.timeline(sent.case)
    assert [item.act for item in items if item.older] == ["answered", "noted"]
    assert all(item.problem is None for item in items)
    page = places.browser(2)
    assert "Niet leesbaar voor u" in page.get(f"/case/{_path(sent)}").text
    places.fetch()
    one.acts.answer(sent.case, "acknowledged", 2, "Toch nog.")
    places.add(sent, "Dank.")
    places.fetch()

    assert texts(places, sent, 0) == ["Eerst.", "Van voor de plaatsvervanger.", "Nog iets.", "Toch nog.", "Dank."]
    assert texts(places, sent, 2) == ["Eerst.", "Nog iets.", "Toch nog.", "Dank."]
    assert one.dossiers.timeline(sent.case)[0].document is not None
    assert [contact.name for _, contact in deputy.acts.open_contact(sent.case)] == ["J. Jansen"]
    one.fetch()
    assert [contact.name for _, contact in one.acts.open_contact(sent.case)] == ["J. Jansen"]
    assert places.acts(sent).count("case-key") == 2
    assert [places.alarms(number) for number in range(3)] == [[], [], []]


def test_after_an_officer_shut_the_case(places):
    """A case key that opens for nobody does not keep the deputy out, nor the other officer after that."""
    one, two, deputy = places.offices
    sent = places.report("Toch gelezen.")
    places.fetch(0, 1)
    log = one.dossiers.log(sent.case)
    bodies = {(0, slot): one.book.file(sent.case, 0, slot) for slot in ("content", "identity")}
    taken = take_over(
        log, {place: age.split(body)[0] for place, body in bodies.items()}, one.keyring.intake_secrets(),
        one.keyring.known_keys(), one.keyring.signing_key, places.clock.day,
    )  # fmt: skip
    nobody = age.split(age.encrypt(b"", [age.recipient_of(age.generate_identity())]))[0]
    one.api.append(sent.case, taken.entry.raw, taken.files, dict.fromkeys(taken.headers, nobody))
    lapsed(places, sent)
    places.fetch(2)
    deputy.acts.not_involved(sent.case)
    two.fetch()
    two.acts.not_involved(sent.case)
    two.acts.answer(sent.case, "answered", 1, "Wij lezen mee.")
    deputy.fetch()

    assert texts(places, sent, 1) == texts(places, sent, 2) == ["Toch gelezen.", "Wij lezen mee."]
    assert places.alarms(2) == []


def test_everybody_withdrew(places):
    """Where no officer is left the deputy gets the case, and no secret goes to who withdrew."""
    one, _, deputy = places.offices
    sent = places.report(to=(0, 2))
    one.fetch()
    one.acts.recuse(sent.case)
    places.noon()
    deputy.fetch()
    deputy.acts.not_involved(sent.case)
    grant = deputy.book.file(sent.case, deputy.dossiers.log(sent.case).case_key.index, "grant")

    with pytest.raises(NotForThisKeyError):
        age.decrypt(grant, one.keyring.intake_secrets())
    assert texts(places, sent, 2) == ["Er klopt iets niet."]
    one.fetch()
    assert (places.alarms(0), places.alarms(2)) == ([], [])


def test_involved_deputy(places):
    """A deputy who is involved withdraws and keeps nothing readable."""
    deputy = places.offices[2]
    sent = places.report()
    lapsed(places, sent)
    deputy.fetch()
    deputy.acts.recuse(sent.case)
    deputy.fetch()

    assert deputy.book.places(sent.case) == set()
    assert places.alarms(2) == []


def _path(sent) -> str:
    return b64(sent.case)
