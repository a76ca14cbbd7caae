# SPDX-License-Identifier: EUPL-1.2
"""A case at two workstations and a deputy's: declaration, taking over, answers, attachments, withdrawal."""

import pytest
from workplace import UnreachableError, Workplaces

from meldkluis.crypto import age
from meldkluis.crypto.casework import open_answer
from meldkluis.crypto.errors import NotForThisKeyError
from meldkluis.mailbox.clock import today
from meldkluis.workstation.errors import ActError


def acts(places: Workplaces, sent) -> list[str]:
    return [entry.act for entry in places.log(sent).entries]


def test_founding(places):
    """After founding every workstation has the same anchor, roster and intake keys, and no alarm."""
    offices = places.offices

    assert len({office.trust.anchor for office in offices}) == 1
    assert all(office.trust.current().version == 1 for office in offices)
    assert all(len(office.keyring.known_keys()) == 3 for office in offices)
    assert all(office.book.alarms() == [] for office in offices)


def test_whole_journey(places):
    """Report, take-over, answer, second officer's answer, addition: everybody reads what is theirs."""
    one, two, _ = places.offices
    content = bytes(range(256)) * 400
    sent = places.report("De envelop was open.", files=[("bewijs.pdf", content)], name="J. Jansen", contact="06")
    one.fetch()
    two.fetch()
    (summary,) = [one.summaries.one(kept) for kept in one.book.cases()]
    assert (summary.declaration, summary.about, summary.unread) == (None, None, 1)
    assert one.dossiers.about_whom(sent.case) == "de aanbesteding"
    with pytest.raises(ActError, match="not-declared"):
        one.dossiers.timeline(sent.case)

    one.acts.not_involved(sent.case)
    first = one.dossiers.timeline(sent.case)[0]
    assert (first.text, first.document.attachments[0].name) == ("De envelop was open.", "bewijs.pdf")
    ref = one.dossiers.attachment(sent.case, 0, sent.attachments[0])
    assert b"".join(one.attachment(sent.case, ref)) == content
    one.acts.answer(sent.case, "acknowledged", one.acts.next_number(sent.case), "Ontvangen, dank u.")

    two.fetch()
    two.acts.not_involved(sent.case)
    two.acts.answer(sent.case, "answered", 1, "Wanneer was dat?")
    places.add(sent, "Vorige week.")
    one.fetch()
    assert [item.text for item in one.dossiers.timeline(sent.case) if item.text] == [
        "De envelop was open.", "Ontvangen, dank u.", "Wanneer was dat?", "Vorige week.",
    ]  # fmt: skip
    assert [contact.name for _, contact in one.acts.open_contact(sent.case)] == ["J. Jansen"]
    two.fetch()
    assert two.dossiers.timeline(sent.case)[0].text == "De envelop was open."
    assert b"".join(two.attachment(sent.case, two.dossiers.attachment(sent.case, 0, sent.attachments[0]))) == content
    assert acts(places, sent) == [
        "submitted", "received", "not-involved", "case-key", "acknowledged", "not-involved", "answered", "message",
        "received", "identity-opened",
    ]  # fmt: skip
    box, log = places.desk.mailbox(sent.reporter.address, today()), places.log(sent)
    answers = [
        open_answer(box.answers[entry.index], "answer", entry, log, [sent.reporter.identity]).text
        for entry in log.entries
        if entry.index in box.answers
    ]
    assert answers == ["Ontvangen, dank u.", "Wanneer was dat?"]
    assert all(office.book.alarms() == [] for office in places.offices)


def test_excluded_officer_learns_nothing(places):
    """An officer whom the reporter left out gets no case, no count and no alarm."""
    places.report(to=(1,))
    fetched = places.offices[0].fetch()

    assert (fetched.new_cases, places.offices[0].book.cases()) == (0, [])


def test_deputy_gets_nothing_before_hand_over(places):
    """The deputy, named in every report, is not served before a term lapses."""
    places.report()

    assert places.offices[2].fetch().new_cases == 0


def test_recusal(places):
    """An involved officer's vault keeps nothing readable of the case, and the server serves it no more."""
    one, two, _ = places.offices
    sent = places.report()
    one.fetch()
    one.acts.recuse(sent.case)
    one.fetch()

    assert one.book.places(sent.case) == set()
    for read in (one.dossiers.about_whom, one.dossiers.timeline):
        with pytest.raises(ActError, match="recused"):
            read(sent.case)
    assert acts(places, sent)[-1] == "recused"
    assert one.book.alarms() == []
    two.fetch()
    two.acts.not_involved(sent.case)
    assert two.dossiers.timeline(sent.case)[0].text == "Er klopt iets niet."


def test_recusal_that_did_not_arrive_is_sent_again(places):
    """When the server is away the content goes at once, and the withdrawal is sent with the next round."""
    one = places.offices[0]
    sent = places.report()
    one.fetch()

    def away(method: str, target: str) -> None:
        if method == "POST":
            raise UnreachableError("cut")

    places.transports[0].before = away
    with pytest.raises(UnreachableError):
        one.acts.recuse(sent.case)
    assert one.book.places(sent.case) == set()
    places.transports[0].before = None
    one.fetch()
    one.fetch()

    assert acts(places, sent)[-1] == "recused"
    assert one.book.alarms() == []


@pytest.mark.parametrize("to", [(0, 1), (0, 1, 2)])
def test_no_grant_for_who_withdrew(places, to):
    """The secret of a case that is taken over after a colleague withdrew does not open for that colleague's keys."""
    one, two, _ = places.offices
    sent = places.report(to=to)
    one.fetch()
    two.fetch()
    two.acts.recuse(sent.case)
    one.acts.not_involved(sent.case)
    grant = one.book.file(sent.case, places.log(sent).case_key.index, "grant")

    with pytest.raises(NotForThisKeyError):
        age.decrypt(grant, two.keyring.intake_secrets())
    assert one.dossiers.timeline(sent.case)[0].text == "Er klopt iets niet."


def test_first_valid_case_key_wins(places):
    """Two officers who open the same case at once: one key stands, the other uses the grant."""
    one, two, _ = places.offices
    sent = places.report()
    one.fetch()
    two.fetch()
    raced: list[bool] = []

    def race(method: str, target: str) -> None:
        if method == "POST" and target.endswith("/log") and not raced:
            raced.append(True)
            two.acts.not_involved(sent.case)

    places.transports[0].before = race
    one.acts.not_involved(sent.case)

    assert acts(places, sent).count("case-key") == 1
    assert [office.dossiers.timeline(sent.case)[0].text for office in (one, two)] == ["Er klopt iets niet."] * 2
    assert places.log(sent).case_key.author == two.keyring.key


def test_taking_over_survives_a_lost_answer(places):
    """When the answer to the case key is lost, the secret is there all the same and the case opens later."""
    one = places.offices[0]
    sent = places.report()
    one.fetch()
    posts = []

    def lose(method, target, answered):
        if method == "POST":
            posts.append(target)
            if len(posts) == 2:
                raise UnreachableError("cut")
        return answered

    places.transports[0].lie = lose
    with pytest.raises(UnreachableError):
        one.acts.not_involved(sent.case)
    places.transports[0].lie = None
    one.fetch()

    assert acts(places, sent) == ["submitted", "received", "not-involved", "case-key"]
    assert one.dossiers.timeline(sent.case)[0].text == "Er klopt iets niet."


def test_answer_is_never_sent_twice(places):
    """A lost answer to an answer: the draft stays, and sending it again is noticed instead of doubled."""
    one = places.offices[0]
    sent = places.report()
    one.fetch()
    one.acts.not_involved(sent.case)

    def lose(method, target, answered):
        if method == "POST":
            raise UnreachableError("cut")
        return answered

    places.transports[0].lie = lose
    with pytest.raises(UnreachableError):
        one.acts.answer(sent.case, "acknowledged", 1, "Ontvangen.")
    places.transports[0].lie = None
    assert one.book.draft(sent.case).text == "Ontvangen."
    with pytest.raises(ActError, match="sent-already"):
        one.acts.answer(sent.case, "acknowledged", 1, "Ontvangen.")

    assert acts(places, sent).count("acknowledged") == 1


def test_answer_retries_when_the_reporter_was_faster(places):
    """An addition that comes in between does not lose or reorder the answer."""
    one = places.offices[0]
    sent = places.report()
    one.fetch()
    one.acts.not_involved(sent.case)
    raced: list[bool] = []

    def race(method: str, target: str) -> None:
        if method == "POST" and not raced:
            raced.append(True)
            places.add(sent, "Nog iets.")

    places.transports[0].before = race
    one.acts.answer(sent.case, "feedback", 1, "Wij onderzoeken dit, omdat het ernstig is.")

    assert acts(places, sent)[-3:] == ["message", "received", "feedback"]
    assert one.book.draft(sent.case) is None


@pytest.mark.parametrize(("act", "text", "reason"), [("recused", "x", "no-act"), ("answered", "  \n", "no-text")])
def test_nonsense_answers(places, act, text, reason):
    """No other act, and no empty text, is sent as an answer."""
    one = places.offices[0]
    sent = places.report()
    one.fetch()
    one.acts.not_involved(sent.case)
    with pytest.raises(ActError, match=reason):
        one.acts.answer(sent.case, act, 1, text)


def test_text_that_is_too_long(places):
    """A text beyond the largest class is refused before anything is sent, and kept."""
    one = places.offices[0]
    sent = places.report()
    one.fetch()
    one.acts.not_involved(sent.case)
    with pytest.raises(ActError, match="too-long"):
        one.acts.answer(sent.case, "answered", 1, "é" * 131_072)

    assert one.book.draft(sent.case).act == "answered"


def test_identity_file_needs_the_identity_key(places):
    """Contact details are shown only after the log says that they were opened, each time."""
    one = places.offices[0]
    sent = places.report(name="J. Jansen")
    one.fetch()
    one.acts.not_involved(sent.case)
    assert "identity-opened" not in acts(places, sent)
    one.acts.open_contact(sent.case)
    one.acts.open_contact(sent.case)

    assert acts(places, sent).count("identity-opened") == 2


def test_only_officer(places):
    """A report to one officer alone is taken over without a grant."""
    one = places.offices[0]
    sent = places.report(to=(0,))
    one.fetch()
    one.acts.not_involved(sent.case)

    assert places.log(sent).case_key.files == {}
    assert one.dossiers.timeline(sent.case)[0].text == "Er klopt iets niet."
