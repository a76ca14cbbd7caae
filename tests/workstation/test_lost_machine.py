# SPDX-License-Identifier: EUPL-1.2
"""A workstation is lost and there is no backup: the officer comes back with a new key, and no case is lost.

With a colleague in the case, the colleague adds the new key. Without one, the server hands the case to the deputy when
the lost key has left the roster; and it cannot do so a day earlier without being seen.
"""

import pytest
from joining import Joined, join, revoke
from liar import tell
from lied_to import inbox_page, next_entry, opened
from workplace import Sent, Workplaces

from meldkluis.crypto import age
from meldkluis.crypto.encoding import b64, sha256
from meldkluis.mailbox.wire import CaseAnswer, InboxLine
from meldkluis.workstation.errors import ActError, DistrustError


def texts(places: Workplaces, sent: Sent, number: int) -> list[str]:
    return [item.text for item in places.offices[number].dossiers.timeline(sent.case) if item.text]


def lost(places: Workplaces) -> Joined:
    """The first officer's vault is gone; a new key of the same person takes its place, signed by the two who are left."""
    key = places.offices[0].keyring.key
    return join(places, name="A. de Vries", signers=(1, 2), instead_of=key)


def test_with_a_colleague(places):
    """The colleague adds the new key to the case, and reads on with the officer who lost the machine."""
    sent = opened(places, 0, 1, text="Eerst.")
    new = lost(places)
    two = places.offices[1]
    assert two.handovers.hand_over(sent.case, new.key) == "added"
    new.office.fetch()
    new.office.acts.not_involved(sent.case)
    new.office.acts.answer(sent.case, "acknowledged", 1, "Ik ben er weer.")
    places.add(sent, "Goed zo.")
    places.fetch(1, new.number)

    assert texts(places, sent, new.number) == texts(places, sent, 1) == ["Eerst.", "Ik ben er weer.", "Goed zo."]
    assert places.alarms(1) == places.alarms(new.number) == []


def test_with_a_colleague_who_never_opened_it(places):
    """Nobody had taken the case over: the colleague opens it first, then adds."""
    sent = places.report("Eerst.")
    new = lost(places)
    two = places.offices[1]
    two.fetch()
    assert two.handovers.hand_over(sent.case, new.key) == "not-declared"
    two.acts.not_involved(sent.case)
    assert two.handovers.hand_over(sent.case, new.key) == "added"
    new.office.fetch()
    new.office.acts.not_involved(sent.case)

    assert texts(places, sent, new.number) == ["Eerst."]


@pytest.mark.parametrize("answered", [False, True], ids=["opened", "feedback given"])
def test_without_a_colleague(places, answered):
    """The only officer's key leaves the roster: the deputy gets the case at the next noon, and adds the new key."""
    sent = opened(places, 0, to=(0, 2), text="Eerst.", files=[("foto.png", b"pixels")])
    if answered:
        places.offices[0].acts.answer(sent.case, "feedback", 1, "Klaar.")
    new, deputy = lost(places), places.offices[2]
    assert "handed-over" not in places.acts(sent)
    places.noon()
    entry = places.log(sent).entries[-1]
    assert (entry.act, entry.fields["deputy"]) == ("handed-over", deputy.keyring.key)
    assert entry.fields["roster"] == places.desk.now().roster.hash
    deputy.fetch()
    assert deputy.dossiers.about_whom(sent.case) == "de aanbesteding"
    deputy.acts.not_involved(sent.case)
    assert deputy.handovers.hand_over(sent.case, new.key) == "added"
    new.office.fetch()
    new.office.acts.not_involved(sent.case)
    places.add(sent, "Nog iets.")
    places.fetch(2, new.number)

    assert texts(places, sent, 2) == texts(places, sent, new.number) == ["Eerst.", "Nog iets."]
    ref = new.office.dossiers.attachment(sent.case, 0, sent.attachments[0])
    assert b"".join(new.office.attachment(sent.case, ref)) == b"pixels"
    assert places.alarms(2) == places.alarms(new.number) == []
    places.noon()
    assert places.acts(sent).count("handed-over") == 1


def test_nothing_opened_yet(places):
    """A report that the lost machine never opened opens for the deputy with the stanza that is in every report."""
    sent = places.report("Ongeopend.", to=(0, 2))
    lost(places)
    places.noon()
    places.fetch(2)
    places.offices[2].acts.not_involved(sent.case)

    assert texts(places, sent, 2) == ["Ongeopend."]


def test_a_deputy_who_fetches_rarely(places):
    """The lost machine's key was never seen here, and is on no list any more: the deputy takes the case over all the same."""
    sent = opened(places, 0, to=(0, 2), text="Eerst.")
    deputy, one = places.offices[2], places.offices[0].keyring.key
    theirs = [key.hash for key in deputy.keyring.known_keys() if key.officer == one]
    lost(places)
    for hash_ in theirs:
        deputy.vault.run("DELETE FROM known_key WHERE hash = ?", hash_)
    places.noon()
    deputy.fetch()
    deputy.acts.not_involved(sent.case)

    assert theirs
    assert texts(places, sent, 2) == ["Eerst."]
    assert places.alarms(2) == []


def test_a_closed_case(places):
    """A closed case goes to nobody, until its reporter writes something that has to be read."""
    sent = opened(places, 0, to=(0, 2))
    one = places.offices[0]
    one.acts.answer(sent.case, "feedback", 1, "Klaar.")
    one.decisions.close(sent.case, "founded", "Klaar.")
    lost(places)
    places.noon()
    assert "handed-over" not in places.acts(sent)
    places.add(sent, "Hallo?")
    places.noon()

    assert places.acts(sent)[-1] == "handed-over"


def test_while_a_colleague_is_left(places):
    """One of two officers leaves the roster: nothing is handed over, the other has the case."""
    sent = opened(places, 0, 1)
    lost(places)
    places.noon()

    assert "handed-over" not in places.acts(sent)


def test_a_deputy_who_was_left_out(places):
    """Where the reporter left the deputy out, nobody gets the case by itself."""
    sent = opened(places, 0, to=(0, 1))
    join(places)
    revoke(places, places.offices[0].keyring.key, 1, 2)
    revoke(places, places.offices[1].keyring.key, 2, 3)
    places.noon()
    places.fetch(2)

    assert "handed-over" not in places.acts(sent)
    assert places.offices[2].book.cases() == []


def test_a_server_that_is_too_early(places):
    """A hand-over while the officer is on the roster is an alarm at the deputy's, and nothing of the case is taken in."""
    sent = opened(places, 0, to=(0, 2))
    log = list(places.log(sent).entries)
    roster = places.desk.now().roster.hash
    forged = next_entry(
        log, "handed-over", places.desk.key, day=places.clock.day, deputy=places.offices[2].keyring.key, roster=roster
    )
    _serve(places, 2, sent, [*(entry.raw for entry in log), forged.raw])
    places.offices[2].fetch()

    assert places.alarms(2) == ["handed-early"]
    assert "Dat klopt niet: ze staan er nog op." in inbox_page(places, 2)
    assert places.offices[2].book.cases() == []
    with pytest.raises(ActError):
        places.offices[2].dossiers.about_whom(sent.case)


def test_a_server_that_names_an_old_roster(places):
    """Nor does a roster from before the officer joined make a hand-over right."""
    new = join(places)
    sent = places.report(to=(2, new.number))
    new.office.fetch()
    new.office.acts.not_involved(sent.case)
    log = list(places.log(sent).entries)
    first = new.office.trust.rosters()[0].hash
    forged = next_entry(
        log, "handed-over", places.desk.key, day=places.clock.day, deputy=places.offices[2].keyring.key, roster=first
    )
    _serve(places, 2, sent, [*(entry.raw for entry in log), forged.raw])
    places.offices[2].fetch()

    assert places.alarms(2) == ["handed-early"]


def _serve(places: Workplaces, number: int, sent: Sent, raws: list[bytes]) -> None:
    """Let the server give a case with this log to an officer who is not in it."""
    places.offices[number].api.inbox = _listing(places, number, sent, raws)
    path = f"/v1/cases/{b64(sent.case)}?after=0"

    def lie(method, target, answered):
        if target == path:
            return 200, _case_answer(raws)
        return answered

    places.transports[number].lie = lie


def _listing(places, number, sent, raws):
    return lambda _: (InboxLine(sent.case, len(raws), sha256(raws[-1]), ()),)


def _case_answer(raws):
    return CaseAnswer(tuple(raws), (), ()).dump()


def test_a_forged_grant(places):
    """A server that gives another file for the sealed secret is seen: the case does not open, and says so."""
    sent = opened(places, 0)
    new = lost_and_added(places, sent)
    grant = next(entry.index for entry in places.log(sent).entries if entry.act == "officer-added")
    heard = tell(places, changed_file(sent, grant), number=new.number)

    assert heard.alarms == ["file-changed"]
    assert new.office.book.cases() == []
    new.office.fetch()
    assert new.office.dossiers.about_whom(sent.case) == "de aanbesteding"


def lost_and_added(places: Workplaces, sent: Sent) -> Joined:
    new = join(places)
    places.offices[0].handovers.add(sent.case, new.key)
    return new


def changed_file(sent: Sent, entry: int):
    """Give one byte of a grant another value."""
    path = f"/v1/cases/{b64(sent.case)}/files/{entry}/grant"

    def lie(method, target, answered):
        status, body = answered
        return (status, body[:-1] + bytes([body[-1] ^ 1])) if target.startswith(path) else answered

    return lie


def test_a_grant_under_another_header(places):
    """A header that was swapped opens for nobody: that is an alarm, no page lets declare, and nothing passes for older."""
    sent = opened(places, 0)
    places.offices[0].decisions.handle(sent.case, "wbk", "assessment", None, "Lijkt ernstig.")
    new = lost_and_added(places, sent)
    grant = next(entry.index for entry in places.log(sent).entries if entry.act == "officer-added")
    path = f"/v1/cases/{b64(sent.case)}/files/{grant}/grant"
    nobody = age.split(age.encrypt(b"", [age.recipient_of(age.generate_identity())]))[0]

    def lie(method, target, answered):
        status, body = answered
        return (status, nobody + age.split(body)[1]) if target.startswith(path) else answered

    new.transport.lie = lie
    new.office.fetch()
    assert places.alarms(new.number) == ["unreadable"]
    page = places.browser(new.number).get(f"/case/{b64(sent.case)}").text
    assert "gaat niet open of klopt niet" in page
    assert 'name="involved"' not in page
    with pytest.raises(DistrustError):
        new.office.acts.not_involved(sent.case)
    items = {item.act: (item.problem, item.older) for item in new.office.dossiers.timeline(sent.case)}
    assert items["submitted"] == items["noted"] == ("unreadable", False)


def test_a_grant_that_is_kept_back(places):
    """A server that does not give the file is seen too."""
    sent = opened(places, 0)
    new = lost_and_added(places, sent)
    grant = next(entry.index for entry in places.log(sent).entries if entry.act == "officer-added")
    path = f"/v1/cases/{b64(sent.case)}/files/{grant}/grant"
    new.transport.lie = lambda _, target, answered: (
        (404, b'{"error": "unknown"}') if target.startswith(path) else answered
    )
    new.office.fetch()

    assert places.alarms(new.number) == ["file-missing"]


def test_destroying_with_added_and_left_officers(places):
    """Who was added signs the destruction, who left does not, and the certificate names whom it waited for."""
    sent = opened(places, 0, to=(0, 2))
    new = lost_and_added(places, sent)
    new.office.fetch()
    new.office.acts.not_involved(sent.case)
    one = places.offices[0]
    one.fetch()
    one.handovers.leave(sent.case)
    new.office.acts.answer(sent.case, "feedback", 1, "Klaar.")
    new.office.decisions.close(sent.case, "no_report", "Een test.")
    end = places.log(sent).course.closed.fields["destroy_after"]
    places.until(end)
    on = places.log(sent).course.announced.fields["on"]
    places.until(on)
    places.fetch(0, new.number)
    places.noon()
    places.fetch(0, new.number)

    assert new.office.book.case(sent.case) is None
    (line,) = new.office.register.lines()
    assert line.destroyed == on
    assert line.certificate is not None
    assert one.book.places(sent.case) == set()
    assert places.alarms(0) == places.alarms(new.number) == []
