# SPDX-License-Identifier: EUPL-1.2
"""Oral reports: one case whatever breaks off, days counted from the real day, and a code that is gone when handed over."""

import asyncio
from datetime import date, timedelta
from secrets import token_urlsafe

import pytest
from cast import ORGANISATION
from workplace import PASSPHRASE, Sent, Workplaces, _to

from meldkluis.crypto import receipt
from meldkluis.crypto.casework import open_answer
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import b64, dump_json
from meldkluis.crypto.proof import verify_proof
from meldkluis.mailbox import wire
from meldkluis.mailbox.terms import dues
from meldkluis.workstation.account import account_due, reaction_until
from meldkluis.workstation.errors import ActError, DistrustError, RefusedError, UnreachableError
from meldkluis.workstation.office import Office
from meldkluis.workstation.oral import CODE_DAYS
from meldkluis.workstation.oralform import OralForm, read, reader_field

TEXT = "De inkoper kreeg een envelop van de aannemer."
NAME = "J. Jansen-Zeldzaam"


def filled(places: Workplaces, **changes) -> dict[str, str]:
    """A form as a browser sends it, all readers ticked."""
    roster = places.offices[0].trust.current()
    return {
        "how": "phone",
        "received": (places.clock.day - timedelta(days=3)).isoformat(),
        "reason": "Ik was drie dagen zonder computer.",
        "about": "de inkoper",
        "text": TEXT,
        "language": "nl",
        "name": "",
        "contact": "",
        "acknowledge": "yes",
        **{reader_field(member.key): "yes" for member in roster.members},
        **changes,
    }


def begun(places: Workplaces, number: int = 0, *, once: str = "", **changes) -> tuple[bytes, str]:
    """An oral report that is kept and not sent; returns case and code."""
    office, form = places.offices[number], filled(places, **changes)
    members = frozenset(member.key for member in office.trust.current().members)
    oral, errors = read(form, office.api.day(), members, office.keyring.key)
    assert errors == {}
    case = office.oral.begin(oral, form, once or token_urlsafe())
    return case, office.oral.find(case).code


def registered(places: Workplaces, number: int = 0, **changes) -> tuple[bytes, str]:
    """An oral report that is sent and noted; returns case and code."""
    case, code = begun(places, number, **changes)
    places.offices[number].oral.go_on(case)
    return case, code


def cases(places: Workplaces) -> int:
    """How many cases the server has."""
    return len(places.desk.store.cases_of(places.offices[0].keyring.key))


def log_of(places: Workplaces, code: str) -> CaseLog:
    """The log as the reporter sees it with the code."""
    reporter = receipt.derive(code, ORGANISATION)
    box = places.desk.mailbox(reporter.address, places.clock())
    assert box.found
    log = CaseLog(ORGANISATION, reporter.case, [places.desk.server_key])
    for raw in box.log:
        log.append(raw)
    return log


def everything(office: Office) -> str:
    """All that stands in the vault, in hexadecimal and as text."""
    tables = [name for (name,) in office.vault.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    values = [value for table in tables for row in office.vault.rows(f"SELECT * FROM {table}") for value in row]
    return "\n".join(value.hex() if isinstance(value, bytes) else str(value) for value in values)


def hand_over(office: Office, case: bytes, code: str) -> None:
    words = code.split()
    first, second = office.oral.find(case).asked
    office.oral.hand_over(case, (words[first - 1], words[second - 1].upper()))


def cut(places: Workplaces, method: str, path: str, *, after: bool) -> None:
    """Let the first request to a path fail: before it arrives, or after."""
    transport = places.transports[0]

    def fail(asked: str, target: str) -> None:
        if (asked, target) == (method, path) or (asked == method and path == "*"):
            transport.before = transport.lie = None
            raise UnreachableError("cut")

    def lose(asked, target, answer):
        fail(asked, target)
        return answer

    if after:
        transport.lie = lose
    else:
        transport.before = fail


def test_from_call_to_mailbox(places):
    """A call of three days ago becomes a case: all terms count from that day, and the code opens it and its answer."""
    office = places.offices[0]
    called = places.clock.day - timedelta(days=3)
    case, code = registered(places)
    log = log_of(places, code)

    assert [entry.act for entry in log.entries] == [
        "submitted", "received", "not-involved", "case-key", "noted", "clock-runs", "acknowledged",
    ]  # fmt: skip
    assert log.course.since == called
    line = office.summaries.one(office.book.case(case))
    assert line.dues == dues(called, places.clock.day)
    note = office.summaries.handling(office.dossiers.log(case)).note
    assert (note.received, note.categories.channel) == (called, "phone")
    assert note.reason == "Gemeld per telefoon. Ik was drie dagen zonder computer."
    assert any(task.kind == "account" for task in line.todo)
    first = office.dossiers.timeline(case)[0].document
    assert (first.strength, first.about, first.kind) == ("officer", "de inkoper", "report")
    assert first.text.endswith(TEXT)
    assert first.text.startswith("Deze melding kwam op ")
    reporter = receipt.derive(code, ORGANISATION)
    answers = places.desk.mailbox(reporter.address, places.clock()).answers
    (number,) = answers
    said = open_answer(answers[number], "answer", log.entries[number], log, [reporter.identity])
    assert said.text.startswith("Uw melding van ")


def test_the_reporter_answers_with_the_code(places):
    """What the reporter adds with the code on paper reaches the officers, after the code is gone here."""
    office = places.offices[0]
    case, code = registered(places)
    hand_over(office, case, code)
    reporter = receipt.derive(code, ORGANISATION)
    places.add(Sent(reporter, reporter.case, []), "Het was een dinsdag.")
    office.fetch()

    assert "Het was een dinsdag." in [item.text for item in office.dossiers.timeline(case)]


def test_the_code_is_gone_when_handed_over(places):
    """Two right words remove the code and all that is derived from it; wrong ones remove nothing."""
    office = places.offices[0]
    case, code = registered(places)
    reporter = receipt.derive(code, ORGANISATION)
    secrets = [code, reporter.reply.hex(), reporter.sign.hex(), reporter.address.hex(), b64(reporter.address)]
    assert office.oral.holds_code(case)
    assert code in everything(office)
    with pytest.raises(ActError, match="other-words"):
        office.oral.hand_over(case, ("fout", "fout"))
    assert office.oral.holds_code(case)

    hand_over(office, case, code)

    held = everything(office)
    assert not any(secret in held for secret in secrets)
    assert not office.oral.holds_code(case)
    assert (places.vault(0) / "vault.db-wal").stat().st_size == 0
    assert office.oral.unfinished() == []


def test_a_reporter_who_wants_no_code(places):
    """The code can be removed without handing it over; there is nothing to hand over afterwards."""
    office = places.offices[0]
    case, code = registered(places)
    office.oral.no_code(case)

    assert code not in everything(office)
    with pytest.raises(ActError, match="no-case"):
        office.oral.no_code(case)


def test_a_code_that_nobody_comes_for(places):
    """A code waits four weeks, and then goes with a round."""
    office = places.offices[0]
    case, code = registered(places)
    places.until(places.clock.day + CODE_DAYS)
    office.fetch()
    assert office.oral.holds_code(case)
    places.until(places.clock.day + timedelta(days=1))
    office.fetch()

    assert code not in everything(office)


@pytest.mark.parametrize("after", [False, True])
def test_power_cut_while_sending(places, after):
    """Cut before or after it arrived: everything is kept, the vault opens anew, and there is one case."""
    case, code = begun(places, name=NAME, wish="yes")
    cut(places, "POST", "/v1/reports", after=after)
    with pytest.raises(UnreachableError):
        places.offices[0].oral.go_on(case)
    assert cases(places) == int(after)
    assert TEXT in everything(places.offices[0])
    again = Office.open(places.vault(0), PASSPHRASE, _to(places.transports[0]), places.clock)
    places.offices.append(again)

    again.oral.go_on(case)

    assert cases(places) == 1
    assert log_of(places, code).course.since == places.clock.day - timedelta(days=3)
    assert [contact.name for _, contact in again.acts.open_contact(case)] == [NAME]
    assert again.oral.find(case).noted
    assert TEXT not in everything(again)


STEPS = ["not-involved", "case-key", "noted", "clock-runs", "acknowledged"]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("lost", range(len(STEPS)))
def test_broken_off_while_noting(places, lost, after):
    """Whichever step is cut, before or after it arrived, going on does the rest and nothing twice."""
    case, code = begun(places)
    office, count = places.offices[0], [0]

    def broken(method: str, target: str) -> bool:
        count[0] += method == "POST" and target.endswith("/log")
        return count[0] == lost + 1 and method == "POST" and target.endswith("/log")

    transport = places.transports[0]

    def before(method, target):
        if broken(method, target):
            raise UnreachableError("cut")

    def lie(method, target, answer):
        before(method, target)
        return answer

    transport.before, transport.lie = (None, lie) if after else (before, None)
    with pytest.raises(UnreachableError):
        office.oral.go_on(case)
    transport.before = transport.lie = None
    office.oral.go_on(case)

    assert [entry.act for entry in log_of(places, code).entries][2:] == STEPS
    assert office.book.draft(case) is None
    assert office.oral.find(case).note == ""


def test_contact_details_stand_apart(places):
    """Contact details are in the identity file alone, and nowhere readable once it was sent."""
    case, _ = registered(places, name=NAME, contact="06", wish="yes")
    office = places.offices[0]

    assert NAME not in everything(office)
    assert all(NAME not in (item.text or "") for item in office.dossiers.timeline(case))
    ((_, contact),) = office.acts.open_contact(case)
    assert (contact.name, contact.contact) == (NAME, "06")


def test_who_is_not_ticked_gets_nothing(places):
    """A colleague who was left out is not served the case; one who may read it is asked first."""
    one, two, three = places.offices
    case, code = registered(places, **{reader_field(two.keyring.key): ""})
    two.fetch()
    three.fetch()

    assert two.book.case(case) is None
    assert log_of(places, code).not_to == (two.keyring.key,)
    assert log_of(places, code).deputy == three.keyring.key
    other, _ = registered(places)
    two.fetch()
    with pytest.raises(ActError, match="not-declared"):
        two.dossiers.timeline(other)
    assert two.dossiers.about_whom(other) == "de inkoper"
    assert one.oral.holds_code(other)


def test_the_officer_always_reads_it(places):
    """The officer's own box cannot be unticked by a form that leaves it out."""
    one = places.offices[0]
    _, code = registered(places, **{reader_field(one.keyring.key): ""})

    assert one.keyring.key in log_of(places, code).to


def test_a_deputy_registers(places):
    """A deputy hands the report to the officers and stands by; alone, the deputy takes the case."""
    one, two, deputy = places.offices
    case, code = registered(places, 2)
    assert log_of(places, code).deputy == deputy.keyring.key
    assert deputy.oral.find(case).noted
    assert deputy.book.case(case) is None
    one.fetch()
    assert one.dossiers.about_whom(case) == "de inkoper"
    alone = {reader_field(office.keyring.key): "" for office in (one, two)}
    other, code = registered(places, 2, **alone)

    assert log_of(places, code).to == (deputy.keyring.key,)
    assert deputy.dossiers.timeline(other)[0].text.endswith(TEXT)


def test_registered_on_its_day(places):
    """A report of today needs no reason, and is noted all the same: that is the colleague's word for how it came."""
    case, code = registered(places, received=places.clock.day.isoformat(), reason="", how="letter", acknowledge="")
    note = places.offices[0].summaries.handling(log_of_officer(places, case)).note

    assert (note.received, note.reason) == (places.clock.day, "Gemeld per brief.")
    assert [entry.act for entry in log_of(places, code).entries][-1] == "noted"


def log_of_officer(places: Workplaces, case: bytes) -> CaseLog:
    return places.offices[0].dossiers.log(case)


def test_a_colleague_was_faster(places):
    """What a colleague noted about the case meanwhile is kept; the day is added to it."""
    one, two, _ = places.offices
    case, code = begun(places)
    cut(places, "GET", f"/v1/cases/{b64(case)}?after=0", after=False)
    with pytest.raises(UnreachableError):
        one.oral.go_on(case)
    two.fetch()
    two.acts.not_involved(case)
    two.decisions.handle(case, "wbk", "assessment", None, "Ik onderzoek dit.")
    one.oral.go_on(case)

    note = one.summaries.handling(one.dossiers.log(case)).note
    assert (note.regime, note.state) == ("wbk", "assessment")
    assert note.received == places.clock.day - timedelta(days=3)
    assert log_of(places, code).course.since == note.received


def test_a_colleague_noted_the_day(places):
    """The reason that a colleague gave for the same day stays."""
    one, two, _ = places.offices
    case, _ = begun(places)
    cut(places, "GET", f"/v1/cases/{b64(case)}?after=0", after=False)
    with pytest.raises(UnreachableError):
        one.oral.go_on(case)
    two.fetch()
    two.acts.not_involved(case)
    two.decisions.handle(case, "wbk", "received", places.clock.day - timedelta(days=3), "Ik was erbij.")
    one.oral.go_on(case)

    assert one.summaries.handling(one.dossiers.log(case)).note.reason == "Ik was erbij."


def test_withdrawing_takes_the_code_along(places):
    """Who turns out to be involved after all keeps neither code nor reason."""
    case, code = registered(places)
    office = places.offices[0]
    office.acts.recuse(case)

    assert code not in everything(office)
    with pytest.raises(ActError, match="no-case"):
        office.oral.find(case)


def test_refused_for_good(places):
    """A refusal that says that nothing stands there leaves nothing here; any other keeps everything."""
    office, transport = places.offices[0], places.transports[0]

    def refuse(code: str, status: int):
        def lie(method, target, answer):
            return (status, dump_json({"error": code})) if target == "/v1/reports" else answer

        return lie

    case, code = begun(places)
    transport.lie = refuse("full", 507)
    with pytest.raises(RefusedError):
        office.oral.go_on(case)
    assert office.oral.find(case).code == code
    transport.lie = refuse("stale-keys", 409)
    with pytest.raises(RefusedError):
        office.oral.go_on(case)
    assert code not in everything(office)
    with pytest.raises(ActError, match="no-case"):
        office.oral.find(case)


@pytest.mark.parametrize("part", ["received", "proof"])
def test_another_reports_receipt(places, part):
    """A receipt or proof of another report is not believed, is an alarm, and the report stays to be sent."""
    office, transport = places.offices[0], places.transports[0]
    first, _ = begun(places)
    taken = []

    def watch(_, target, answer):
        if target == "/v1/reports":
            taken.append(wire.ReportAnswer.parse(answer[1]))
        return answer

    transport.lie = watch
    office.oral.go_on(first)
    second, code = begun(places)

    def swap(_, target, answer):
        if target != "/v1/reports":
            return answer
        real = vars(wire.ReportAnswer.parse(answer[1]))
        return 201, wire.ReportAnswer(**{**real, part: getattr(taken[0], part)}).dump()

    transport.lie = swap
    with pytest.raises(DistrustError, match="oral-receipt"):
        office.act(lambda: office.oral.go_on(second))
    assert places.alarms() == ["oral-receipt"]
    assert office.oral.find(second).code == code
    with pytest.raises(ActError, match="not-sent-yet"):
        office.oral.no_code(second)
    transport.lie = None
    office.oral.go_on(second)
    assert office.oral.find(second).sent


def test_a_form_sent_twice(places):
    """The same form is one case, before it was sent, after it, and when everything is done; thrown away it may come anew."""
    office = places.offices[0]
    case, code = begun(places, once="a")
    assert begun(places, once="a") == (case, code)
    office.oral.go_on(case)
    assert begun(places, once="a") == (case, code)
    hand_over(office, case, code)
    assert office.oral.begin(None, {}, "a") == case
    assert cases(places) == 1
    other, _ = begun(places, once="b")
    office.oral.discard(other)
    again, _ = begun(places, once="b")
    assert again not in {case, other}


def test_the_proof_holds(places):
    """The proof is of this case and its day of receipt at the server, and can be checked without the vault."""
    case, _ = registered(places)
    proof = verify_proof(places.offices[0].oral.find(case).proof)

    assert (proof.case, proof.day) == (case, places.clock.day)
    assert proof.anchor == places.offices[0].trust.anchor


def test_thrown_away(places):
    """What was not sent can be thrown away with its code; what was sent cannot."""
    office = places.offices[0]
    case, code = begun(places)
    office.oral.discard(case)
    assert code not in everything(office)
    assert TEXT not in everything(office)
    case, _ = registered(places)
    with pytest.raises(ActError, match="sent-already"):
        office.oral.discard(case)


def test_not_on_the_list(places):
    """Whose roster does not count yet, or who left it, registers nothing."""
    office = places.offices[0]
    form = filled(places)
    members = frozenset(member.key for member in office.trust.current().members)
    oral, _ = read(form, office.api.day(), members, office.keyring.key)
    assert isinstance(oral, OralForm)
    office.vault.run("DELETE FROM roster")
    with pytest.raises(ActError, match="not-a-member"):
        office.oral.begin(oral, form, "once")


def test_a_reader_without_a_key(places):
    """A chosen reader whose intake key ran out is named as the reason, and nothing is kept."""
    office = places.offices[0]
    places.clock.day += timedelta(days=31)
    office.fetch()
    with pytest.raises(ActError, match="reader-key"):
        begun(places)
    assert office.oral.unfinished() == []
    begun(places, **{reader_field(other.keyring.key): "" for other in places.offices[1:]})


WRONG = {
    "how": ({"how": "fax"}, {"how": "how"}),
    "no day": ({"received": "gisteren"}, {"received": "received"}),
    "future": ({"received": "2999-01-01"}, {"received": "future"}),
    "old": ({"received": "1999-01-01"}, {"received": "old"}),
    "reason": ({"reason": " "}, {"reason": "reason"}),
    "text": ({"text": "  "}, {"text": "text"}),
    "long text": ({"text": "a" * 262_145}, {"text": "text-long"}),
    "long about": ({"about": "a" * 4001}, {"about": "about-long"}),
    "long name": ({"name": "a" * 4001, "wish": "yes"}, {"name": "name-long"}),
    "no wish": ({"name": "J."}, {"wish": "wish"}),
    "several": ({"how": "", "text": ""}, {"how": "how", "text": "text"}),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_fields(places, name):
    """Every wrong field is named at once."""
    changes, errors = WRONG[name]
    office = places.offices[0]
    members = frozenset(member.key for member in office.trust.current().members)

    assert read(filled(places, **changes), office.api.day(), members, office.keyring.key) == (None, errors)


def test_too_long_once_encoded(places):
    """A text that fits by itself, and not with what stands around it, is refused by name, and nothing is kept."""
    with pytest.raises(ActError, match="text-long"):
        begun(places, text='"' * 200_000)
    assert places.offices[0].oral.unfinished() == []


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-26", "2026-12-03"),  # Thursday
        ("2026-11-28", "2026-12-04"),  # Saturday
        ("2026-12-23", "2026-12-31"),  # two days of Christmas, one of them on a Saturday
        ("2026-12-30", "2027-01-07"),  # New Year's Day
    ],
)
def test_account_due(received, due):
    """The account is due on the fifth working day after the receipt; its reporter has fourteen days to react."""
    assert account_due(date.fromisoformat(received)) == date.fromisoformat(due)
    assert reaction_until(date.fromisoformat(due)) - date.fromisoformat(due) == timedelta(days=14)


def test_an_old_call_lapses_at_once(places):
    """A call of four months ago does not win time: the term for feedback has lapsed by the next noon."""
    called = places.clock.day - timedelta(days=130)
    case, code = registered(places, received=called.isoformat())
    asyncio.run(places.desk.run_day(places.clock.day + timedelta(days=1), places.clock.day + timedelta(days=1)))

    assert "lapsed" in [entry.act for entry in log_of(places, code).entries]
    assert places.offices[0].oral.dues(case).feedback.nominal < places.clock.day
