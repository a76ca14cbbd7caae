# SPDX-License-Identifier: EUPL-1.2
"""A colleague is added to a case, and a case is handed over: what the new officer gets, and who never gets anything."""

from datetime import timedelta

import pytest
from joining import join, revoke
from lied_to import opened
from workplace import Sent, Workplaces

from meldkluis.crypto import age
from meldkluis.crypto.errors import NotForThisKeyError
from meldkluis.workstation.errors import ActError, RefusedError, UnreachableError


def texts(places: Workplaces, sent: Sent, number: int) -> list[str]:
    return [item.text for item in places.offices[number].dossiers.timeline(sent.case) if item.text]


def notes(places: Workplaces, sent: Sent, number: int) -> list[str]:
    return [item.note.reason for item in places.offices[number].dossiers.timeline(sent.case) if item.note]


def handled(places: Workplaces) -> Sent:
    """A case of the first officer and the second, with all that a case can have."""
    sent = places.report("De envelop was open.", name="J. Jansen", files=[("foto.png", b"pixels" * 1000)])
    places.fetch(0)
    one = places.offices[0]
    one.acts.not_involved(sent.case)
    one.acts.answer(sent.case, "acknowledged", 1, "Ontvangen.")
    one.decisions.handle(sent.case, "wbk", "assessment", None, "Lijkt ernstig.")
    places.add(sent, "Nog iets.", contact="06 12345678")
    places.fetch(0)
    return sent


def test_a_new_officer_reads_everything(places):
    """Messages, attachments, notes, answers and contact details; the reporter's next message; and answers go out."""
    sent = handled(places)
    newcomer = join(places)
    new = newcomer.office
    assert places.offices[0].handovers.add(sent.case, newcomer.key)
    new.fetch()
    assert new.dossiers.about_whom(sent.case) == "de aanbesteding"
    with pytest.raises(ActError, match="not-declared"):
        new.dossiers.timeline(sent.case)
    new.acts.not_involved(sent.case)

    assert texts(places, sent, newcomer.number) == ["De envelop was open.", "Ontvangen.", "Nog iets."]
    assert notes(places, sent, newcomer.number) == ["Lijkt ernstig."]
    ref = new.dossiers.attachment(sent.case, 0, sent.attachments[0])
    assert b"".join(new.attachment(sent.case, ref)) == b"pixels" * 1000
    contacts = [contact for _, contact in new.acts.open_contact(sent.case)]
    assert [(contact.name, contact.contact) for contact in contacts] == [("J. Jansen", ""), ("", "06 12345678")]
    assert places.acts(sent)[-1] == "identity-opened"
    new.acts.answer(sent.case, "answered", 1, "Ik ben er ook.")
    places.add(sent, "Fijn.")
    places.fetch()
    for number in (0, newcomer.number):
        assert texts(places, sent, number)[-2:] == ["Ik ben er ook.", "Fijn."]
    assert [places.alarms(number) for number in (0, 1, 2, newcomer.number)] == [[], [], [], []]
    assert places.log(sent).entries[-1].act == "received"


def test_an_involved_newcomer(places):
    """Whoever was added and is involved withdraws, keeps nothing, and is never added again."""
    sent = handled(places)
    newcomer = join(places)
    new = newcomer.office
    one = places.offices[0]
    one.handovers.add(sent.case, newcomer.key)
    new.fetch()
    new.acts.recuse(sent.case)
    places.fetch()

    assert new.book.places(sent.case) == set()
    assert new.book.all_secrets() == []
    assert [item.member.key for item in one.handovers.colleagues(sent.case)].count(newcomer.key) == 0
    with pytest.raises(ActError, match="add-left-out"):
        one.handovers.add(sent.case, newcomer.key, again=True)
    assert places.alarms(newcomer.number) == []


def test_never_one_whom_the_reporter_left_out(places):
    """Neither offered nor added, by page, command or a changed program."""
    one, two = places.offices[0], places.offices[1]
    sent = opened(places, 0, to=(0, 2))

    assert [item.member.key for item in one.handovers.colleagues(sent.case)] == [places.offices[2].keyring.key]
    for again in (False, True):
        with pytest.raises(ActError, match="add-left-out"):
            one.handovers.add(sent.case, two.keyring.key, again=again)
    assert one.handovers.hand_over(sent.case, two.keyring.key) == "add-left-out"
    assert "officer-added" not in places.acts(sent)
    two.fetch()
    assert two.book.cases() == []


def test_never_somebody_off_the_roster(places):
    """Who was taken off the roster is not added here, and the server does not take it from another program."""
    sent = handled(places)
    newcomer = join(places)
    one = places.offices[0]
    known = one.trust.members
    revoke(places, newcomer.key, 0, 1)
    with pytest.raises(ActError, match="add-stranger"):
        one.handovers.add(sent.case, newcomer.key)
    one.trust.members = lambda: known() | {newcomer.key}  # type: ignore[method-assign]
    with pytest.raises(ActError, match="add-stranger"):
        one.handovers.add(sent.case, newcomer.key)

    assert "officer-added" not in places.acts(sent)
    with pytest.raises(RefusedError):
        newcomer.office.fetch()


def test_revoked_after_being_added(places):
    """Who was added and taken off the roster is served nothing, and gets no secret that is made after that."""
    sent = handled(places)
    newcomer = join(places)
    new = newcomer.office
    places.offices[0].handovers.add(sent.case, newcomer.key)
    new.fetch()
    new.acts.not_involved(sent.case)
    places.fetch(2)
    revoke(places, newcomer.key, 0, 1)
    before = len(new.book.log(sent.case))
    places.until(places.clock.day + timedelta(days=100))
    places.fetch(2)
    deputy = places.offices[2]
    deputy.acts.not_involved(sent.case)

    with pytest.raises(RefusedError):
        new.fetch()
    assert len(new.book.log(sent.case)) == before
    grant = deputy.book.file(sent.case, deputy.dossiers.log(sent.case).case_key.index, "grant")
    assert age.decrypt(grant, places.offices[0].keyring.intake_secrets())
    with pytest.raises(NotForThisKeyError):
        age.decrypt(grant, new.keyring.intake_secrets())


def test_a_case_with_two_keys(places):
    """The deputy made a new key; who is added by the first officer reads what was written under both."""
    sent = handled(places)
    places.until(places.clock.day + timedelta(days=100))
    places.fetch()
    places.offices[2].acts.not_involved(sent.case)
    places.offices[2].decisions.handle(sent.case, "wbk", "investigation", None, "Van de plaatsvervanger.")
    places.fetch(0)
    new = join(places)
    places.offices[0].handovers.add(sent.case, new.key)
    new.office.fetch()
    new.office.acts.not_involved(sent.case)

    assert places.acts(sent).count("case-key") == 2
    assert notes(places, sent, new.number) == ["Lijkt ernstig.", "Van de plaatsvervanger."]
    assert texts(places, sent, new.number) == texts(places, sent, 0)
    assert places.alarms(new.number) == []


def test_added_by_the_deputy(places):
    """Who is added by the deputy is told what is older than the deputy's part, and that is no alarm."""
    sent = handled(places)
    one = places.offices[0]
    one.acts.answer(sent.case, "feedback", 2, "Dit is gedaan.")
    places.add(sent, "Na de terugkoppeling.")
    one.fetch()
    one.acts.answer(sent.case, "answered", 3, "Gelezen.")
    new = join(places)
    revoke(places, one.keyring.key, 1, 2)
    revoke(places, places.offices[1].keyring.key, 2, new.number)
    places.noon()
    deputy = places.offices[2]
    deputy.fetch()
    deputy.acts.not_involved(sent.case)
    deputy.handovers.add(sent.case, new.key)
    new.office.fetch()
    new.office.acts.not_involved(sent.case)

    items = new.office.dossiers.timeline(sent.case)
    assert [item.act for item in items if item.older] == ["acknowledged", "noted", "feedback", "message", "answered"]
    assert texts(places, sent, new.number) == ["De envelop was open.", "Nog iets."]
    assert all(item.problem is None for item in items)
    assert (places.alarms(2), places.alarms(new.number)) == ([], [])


def test_contact_details_that_are_gone(places):
    """After contact details were destroyed the case's secret is given without theirs, and new ones can be read."""
    sent = opened(places, 0, to=(0, 2), name="J. Jansen")
    one = places.offices[0]
    one.acts.answer(sent.case, "feedback", 1, "Klaar.")
    one.decisions.close(sent.case, "founded", "Klaar.")
    until = places.log(sent).course.closed.fields["identity_until"]
    places.until(until)
    places.fetch(0)
    places.add(sent, "Nog iets.", name="Weer J. Jansen")
    places.fetch(0)
    new = join(places, signers=(0, 2))
    one.handovers.add(sent.case, new.key)
    new.office.fetch()
    new.office.acts.not_involved(sent.case)
    new.office.fetch()

    assert "identity-destroyed" in places.acts(sent)
    assert texts(places, sent, new.number) == ["Er klopt iets niet.", "Klaar.", "Nog iets."]
    assert [contact.name for _, contact in new.office.acts.open_contact(sent.case)] == ["Weer J. Jansen"]
    assert [kept.identity_secret for kept in new.office.book.all_secrets()] == [None]
    assert places.alarms(new.number) == []


def test_two_add_at_once(places):
    """The second workstation finds the colleague in the case, and adds nothing."""
    sent = opened(places, 0, 1)
    newcomer = join(places)
    one, two = places.offices[0], places.offices[1]
    places.transports[1].before = _once("POST", lambda: one.handovers.add(sent.case, newcomer.key))

    assert two.handovers.hand_over(sent.case, newcomer.key) == "already"
    assert places.acts(sent).count("officer-added") == 1


def _once(wanted, act):
    """Do something before the first request of a method."""
    done = []

    def before(method: str, _: str) -> None:
        if method == wanted and not done:
            done.append(method)
            act()

    return before


def _fails(method: str, target: str) -> None:
    """Let nothing arrive that is appended to a log."""
    if method == "POST" and target.endswith("/log"):
        raise UnreachableError("down")


def test_something_else_happens_first(places):
    """A message that comes in between is no reason not to add."""
    sent = opened(places, 0)
    newcomer = join(places)
    places.transports[0].before = _once("POST", lambda: places.add(sent, "Ondertussen."))

    assert places.offices[0].handovers.hand_over(sent.case, newcomer.key) == "added"
    assert places.acts(sent)[-3:] == ["message", "received", "officer-added"]


def test_an_answer_that_is_lost(places):
    """Whoever does not hear the answer may do it again: nothing is doubled."""
    sent = opened(places, 0)
    newcomer = join(places)
    one, lost = places.offices[0], []

    def lose(method, target, answered):
        if method == "POST" and not lost:
            lost.append(target)
            raise UnreachableError("lost")
        return answered

    places.transports[0].lie = lose
    assert one.handovers.hand_over(sent.case, newcomer.key) == "not-sent"
    assert one.handovers.hand_over(sent.case, newcomer.key) == "already"
    assert places.acts(sent).count("officer-added") == 1


def test_a_message_stays_unread(places):
    """To add a colleague says nothing of whether anybody read what the reporter wrote."""
    sent = opened(places, 0)
    newcomer = join(places)
    places.offices[0].acts.read(sent.case, len(places.offices[0].book.log(sent.case)))
    places.add(sent, "Ongelezen.")
    places.offices[0].handovers.add(sent.case, newcomer.key)

    assert places.log(sent).course.unread is not None


def test_hand_over(places):
    """The case is left only when the successor has declared; then nothing of it is here, and it goes on there."""
    sent = opened(places, 0, to=(0, 2))
    newcomer = join(places)
    one, new = places.offices[0], newcomer.office
    assert one.handovers.hand_over(sent.case, newcomer.key, leave=True) == "waits"
    with pytest.raises(ActError, match="leave-alone"):
        one.handovers.leave(sent.case)
    assert texts(places, sent, 0) == ["Er klopt iets niet."]
    new.fetch()
    new.acts.not_involved(sent.case)
    assert one.handovers.hand_over(sent.case, newcomer.key, leave=True) == "left"

    assert places.log(sent).officers == {newcomer.key}
    assert one.book.places(sent.case) == set()
    places.add(sent, "Nog iets.")
    places.fetch()
    assert texts(places, sent, newcomer.number) == ["Er klopt iets niet.", "Nog iets."]
    assert (places.alarms(0), places.alarms(newcomer.number)) == ([], [])
    assert one.handovers.hand_over(sent.case, newcomer.key, leave=True) == "recused"


def test_two_leave_at_once(places):
    """Two officers who leave to each other at the same moment do not leave the case to nobody."""
    sent = opened(places, 0, 1)
    one, two = places.offices[0], places.offices[1]
    places.transports[0].before = _once("POST", lambda: two.handovers.leave(sent.case))

    assert one.handovers.hand_over(sent.case, two.keyring.key, leave=True) == "leave-alone"
    assert places.log(sent).officers == {one.keyring.key}
    assert texts(places, sent, 0) == ["Er klopt iets niet."]


def test_a_text_that_waits(places):
    """A case with an answer that was not sent is not left: the text would be lost."""
    sent = opened(places, 0, 1)
    one = places.offices[0]
    places.transports[0].before = _fails
    with pytest.raises(UnreachableError):
        one.acts.answer(sent.case, "answered", 1, "Nog niet verstuurd.")
    places.transports[0].before = None
    with pytest.raises(ActError, match="leave-draft"):
        one.handovers.leave(sent.case)

    assert one.book.draft(sent.case).text == "Nog niet verstuurd."


def test_a_server_that_does_not_take_the_leaving(places):
    """What the log does not have is not done: the case stays here, whole."""
    sent = opened(places, 0, 1)
    one = places.offices[0]
    places.transports[0].before = _fails
    with pytest.raises(UnreachableError):
        one.handovers.leave(sent.case)
    places.transports[0].before = None
    one.fetch()

    assert texts(places, sent, 0) == ["Er klopt iets niet."]
    one.handovers.leave(sent.case)
    assert one.book.places(sent.case) == set()


def test_access_once_more(places):
    """An officer whose key to the case is gone gets it from a colleague, and reads on."""
    sent = opened(places, 0, 1)
    one, two = places.offices[0], places.offices[1]
    two.vault.run("DELETE FROM case_secret")
    two.vault.run("DELETE FROM file")
    two.vault.run("UPDATE intake_key SET secret = NULL")
    two.keyring.new_intake_key(places.clock.day, max(two.keyring.own_key_hashes()))
    two.fetch()
    one.fetch()
    (again,) = [item for item in one.handovers.colleagues(sent.case) if item.member.key == two.keyring.key]
    assert (again.in_case, again.ready) == (True, True)
    assert one.handovers.add(sent.case, two.keyring.key) is False
    assert one.handovers.add(sent.case, two.keyring.key, again=True) is True
    two.vault.run("DELETE FROM file")
    two.fetch()

    assert texts(places, sent, 1) == ["Er klopt iets niet."]


def test_a_colleague_without_a_key(places):
    """Whose keys have all run out has to fetch first, and is said to."""
    sent = opened(places, 0, 1)
    newcomer = join(places)
    places.until(places.clock.day + timedelta(days=91))
    places.fetch(0, 1)
    one = places.offices[0]

    (found,) = [item for item in one.handovers.colleagues(sent.case) if item.member.key == newcomer.key]
    assert not found.ready
    assert one.handovers.hand_over(sent.case, newcomer.key) == "add-no-key"
    newcomer.office.fetch()
    one.fetch()
    assert one.handovers.hand_over(sent.case, newcomer.key) == "added"
