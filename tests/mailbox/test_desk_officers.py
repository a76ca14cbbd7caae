# SPDX-License-Identifier: EUPL-1.2
"""What the desk serves to officers and accepts from them."""

import asyncio
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from cast import ORGANISATION, TODAY, Officer, make_officer
from deskhouse import House

from meldkluis.crypto import age
from meldkluis.crypto.casework import TakeOver
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import b64
from meldkluis.crypto.entry import Entry, make_entry
from meldkluis.crypto.receipt import Receipt
from meldkluis.crypto.report import file_ref
from meldkluis.crypto.roster import make_intake_key, make_roster, parse_roster
from meldkluis.crypto.signed import SigningKey, open_thing, sign
from meldkluis.mailbox.desk import Desk
from meldkluis.mailbox.errors import KeyFileError, Refused, StoreError
from meldkluis.mailbox.wire import Inbox


def act(house: House, who: Officer, case: bytes, name: str, **fields: object) -> Entry:
    log = house.log(case)
    return make_entry(
        name, case=case, index=len(log.entries), head=log.head, signer=who.signing, **({"day": TODAY} | fields)
    )


def inbox(house: House, officer: Officer) -> Inbox:
    thing = house.desk.inbox(officer.key, 7, TODAY)
    assert open_thing(thing.raw, "inbox").key == house.desk.server_key
    return Inbox.parse(thing.payload)


def test_an_inbox_lists_what_is_served(house: House):
    """Officers in `to` see the case with its length and head; the deputy and officers left out see nothing."""
    reporter, _ = house.report(to=frozenset({house.cast.one.key, house.cast.deputy.key}))
    listed = inbox(house, house.cast.one)

    assert (listed.officer, listed.nonce, listed.day) == (house.cast.one.key, 7, TODAY)
    assert [(line.case, line.entries, line.head) for line in listed.cases] == [
        (reporter.case, 2, house.log(reporter.case).head)
    ]
    assert inbox(house, house.cast.two).cases == inbox(house, house.cast.deputy).cases == ()


def test_cases_stand_in_no_meaningful_order(house: House):
    """The order of an inbox is that of the cases' identifiers."""
    cases = [house.report()[0].case for _ in range(5)]
    assert [line.case for line in inbox(house, house.cast.one).cases] == sorted(cases)


def test_who_is_left_out_gets_what_nobody_gets(house: House):
    """For every request an officer left out is refused exactly as for a case that does not exist."""
    reporter, _ = house.report(to=frozenset({house.cast.one.key, house.cast.deputy.key}))
    desk, out = house.desk, house.cast.two.key

    def answers(case: bytes) -> list[tuple[str, dict[str, str | int]]]:
        entry = make_entry("not-involved", case=case, index=2, head=bytes(32), signer=house.cast.two.signing, day=TODAY)
        found = []
        for call in (
            lambda: desk.case(out, case, 0),
            lambda: desk.file(out, case, 0, "content"),
            lambda: desk.attachment(out, case, bytes(16)),
            lambda: house.run(desk.append(out, case, entry.raw, {}, {}, TODAY)),
        ):
            with pytest.raises(Refused, match="unknown") as caught:
                call()
            found.append((caught.value.code, caught.value.details))
        return found

    assert answers(reporter.case) == answers(bytes(16))


def test_what_is_not_there_is_unknown(house: House):
    """A file or attachment that a case does not have is refused like a case that does not exist."""
    reporter, _ = house.report()
    one = house.cast.one.key
    for call in (
        lambda: house.desk.file(one, reporter.case, 0, "message"),
        lambda: house.desk.file(one, reporter.case, 9, "content"),
        lambda: house.desk.attachment(one, reporter.case, bytes(16)),
    ):
        with pytest.raises(Refused, match="unknown"):
            call()


def test_a_case_is_served_from_an_entry_on(house: House):
    """The log comes from the entry asked for; files and attachments are always listed whole."""
    reporter, sealed = house.report()
    view = house.desk.case(house.cast.one.key, reporter.case, 1)

    assert view.log == [house.log(reporter.case).entries[1].raw]
    assert {(line.entry, line.slot, line.size) for line in view.files} == {
        (0, slot, len(file)) for slot, file in sealed.files.items()
    }
    assert house.files(house.cast.two, reporter.case) == {(0, slot): file for slot, file in sealed.files.items()}


def test_taking_over_replaces_the_headers(house: House):
    """After `case-key` every file of the reporter has one stanza; payloads and first headers stay."""
    reporter, _ = house.report()
    house.add(reporter, house.addition(reporter, contact="06"))
    before = house.files(house.cast.one, reporter.case)
    took = house.taken_over(house.cast.one, reporter.case)
    after = house.files(house.cast.two, reporter.case)

    places = {(0, "content"), (0, "identity"), (2, "message"), (2, "identity")}
    assert set(took.headers) == places
    for place in places:
        header, payload = age.split(after[place])
        assert age.count_stanzas(header) == 1
        assert payload == age.split(before[place])[1]
        first = b"".join(house.desk.file(house.cast.two.key, reporter.case, *place, first=True))
        assert first == before[place]
    assert after[(4, "grant")] == took.files["grant"]


def test_of_two_who_take_over_one_wins(house: House):
    """The second announcement on the same head is told the head and changes no header."""
    reporter, _ = house.report()
    first, second = (house.take_over(officer, reporter.case) for officer in (house.cast.one, house.cast.two))
    house.append(house.cast.one, first.entry.raw, reporter.case, first.files, first.headers)
    after = house.files(house.cast.one, reporter.case)

    refused = house.refused(
        house.desk.append(house.cast.two.key, reporter.case, second.entry.raw, second.files, second.headers, TODAY)
    )
    assert (refused.code, refused.details) == ("head", {"entries": 3, "head": b64(first.entry.hash)})
    assert house.files(house.cast.one, reporter.case) == after


WRONG_TAKE_OVERS: dict[str, Callable[[TakeOver], tuple[dict, dict]]] = {
    "a header missing": lambda took: (took.files, {(0, "content"): took.headers[(0, "content")]}),
    "a header more": lambda took: (took.files, {**took.headers, (0, "message"): took.headers[(0, "content")]}),
    "no headers": lambda took: (took.files, {}),
    "a whole file as header": lambda took: (
        took.files,
        {**took.headers, (0, "content"): took.headers[(0, "content")] + b"x"},
    ),
    "junk as header": lambda took: (took.files, {**took.headers, (0, "content"): b"age-encryption.org/v1\n"}),
    "no grant": lambda took: ({}, took.headers),
    "another grant": lambda took: ({"grant": took.files["grant"][:-1] + b"x"}, took.headers),
    "a file more": lambda took: ({**took.files, "copy": took.files["grant"]}, took.headers),
}


@pytest.mark.parametrize("change", WRONG_TAKE_OVERS.values(), ids=WRONG_TAKE_OVERS.keys())
def test_a_wrong_take_over_is_refused(house: House, change: Callable[[TakeOver], tuple[dict, dict]]):
    """Taking over brings exactly one good header for each file, and the grant; else nothing changes."""
    reporter, _ = house.report()
    before = house.files(house.cast.one, reporter.case)
    took = house.take_over(house.cast.one, reporter.case)
    files, headers = change(took)

    refused = house.refused(house.desk.append(house.cast.one.key, reporter.case, took.entry.raw, files, headers, TODAY))
    assert refused.code == "malformed"
    assert house.files(house.cast.one, reporter.case) == before


def test_a_header_with_two_stanzas_is_refused(house: House):
    """A new header is to the case key alone."""
    reporter, _ = house.report()
    took = house.take_over(house.cast.one, reporter.case)
    two = age.Encryptor([age.recipient_of(age.generate_identity())], 2).header
    headers = {**took.headers, (0, "content"): two}
    refused = house.refused(
        house.desk.append(house.cast.one.key, reporter.case, took.entry.raw, took.files, headers, TODAY)
    )
    assert refused.code == "malformed"


def test_answers_set_the_facts(house: House):
    """The first acknowledgement and the first feedback set their days; later ones do not move them."""
    reporter, _ = house.report()
    house.taken_over(house.cast.one, reporter.case)

    def facts() -> tuple[date | None, date | None]:
        found = house.desk.store.facts(reporter.case)
        assert found is not None
        assert (found.received, found.since, found.runs) == (TODAY, TODAY, True)
        return found.acknowledged, found.feedback

    assert facts() == (None, None)

    house.answered(house.cast.one, reporter, "acknowledged")
    house.today += timedelta(days=3)
    house.answered(house.cast.two, reporter, "acknowledged")
    house.answered(house.cast.one, reporter, "answered")
    assert facts() == (TODAY, None)
    house.answered(house.cast.two, reporter, "feedback")
    house.today += timedelta(days=3)
    house.answered(house.cast.two, reporter, "feedback")
    assert facts() == (TODAY, TODAY + timedelta(days=3))


def test_the_first_headers_stay(house: House):
    """One officer alone cannot shut a report to the others or the deputy: the reporter's headers stay to the end."""
    reporter, _ = house.report()
    house.taken_over(house.cast.one, reporter.case)
    house.answered(house.cast.one, reporter, "feedback")
    house.answered(house.cast.two, reporter, "answered")
    first = b"".join(house.desk.file(house.cast.one.key, reporter.case, 0, "content", first=True))
    assert age.count_stanzas(age.split(first)[0]) == house.cast.roster.slots
    assert age.decrypt(first, [house.cast.deputy.identity])


def test_nobody_fills_a_log(house: House, monkeypatch: pytest.MonkeyPatch):
    """An officer has so many entries in a case; the others, the reporter and the server go on."""
    monkeypatch.setattr("meldkluis.mailbox.officer_desk.MOST_ENTRIES", 3)
    reporter, _ = house.report()
    house.taken_over(house.cast.one, reporter.case)
    for _ in range(2):
        house.act(house.cast.one, reporter, "identity-opened")
    entry = house.log(reporter.case).extend("identity-opened", house.cast.one.signing, day=TODAY)
    assert house.refused(house.desk.append(house.cast.one.key, reporter.case, entry.raw, {}, {}, TODAY)).code == "quota"
    house.act(house.cast.two, reporter, "identity-opened")
    house.add(reporter, house.addition(reporter))
    assert house.day(TODAY + timedelta(days=7)).acts["hand-over"] == 1


def test_an_answer_needs_a_case_key(house: House):
    """Nobody can answer before the case was taken over."""
    reporter, _ = house.report()
    took = house.taken_over(house.cast.one, reporter.case)
    other, _ = house.report()
    sealed = house.answer(house.cast.one, reporter, "answered")
    wrong = make_entry(
        "answered", case=other.case, index=2, head=house.log(other.case).head, signer=house.cast.one.signing,
        **sealed.entry.fields,
    )  # fmt: skip
    refused = house.refused(house.desk.append(house.cast.one.key, other.case, wrong.raw, sealed.files, {}, TODAY))
    assert refused.code == "act"
    assert took.entry.index == 2


def test_the_same_entry_again_gets_the_same_answer(house: House):
    """An officer who did not hear the answer may send again: the entry, or the same answer on a newer head."""
    reporter, _ = house.report()
    house.taken_over(house.cast.one, reporter.case)
    sealed = house.answer(house.cast.one, reporter, "acknowledged")
    first = house.append(house.cast.one, sealed.entry.raw, reporter.case, sealed.files)
    house.add(reporter, house.addition(reporter))

    assert house.append(house.cast.one, sealed.entry.raw, reporter.case, sealed.files) == first
    renewed = act(house, house.cast.one, reporter.case, "acknowledged", **sealed.entry.fields)
    assert house.append(house.cast.one, renewed.raw, reporter.case, sealed.files) == first
    assert len(house.log(reporter.case).entries) == 6

    other = house.answer(house.cast.one, reporter, "acknowledged", "Anders.")
    doubled = act(house, house.cast.one, reporter.case, "acknowledged", **{**other.entry.fields, "number": 1})
    desk = house.desk
    assert (
        house.refused(desk.append(house.cast.one.key, reporter.case, doubled.raw, other.files, {}, TODAY)).code
        == "number"
    )


def test_a_day_is_today(house: House):
    """An officer's entry has the server's day of today, or hears which that is."""
    reporter, _ = house.report()
    for step in (-1, 1):
        entry = act(house, house.cast.one, reporter.case, "not-involved", day=TODAY + timedelta(days=step))
        refused = house.refused(house.desk.append(house.cast.one.key, reporter.case, entry.raw, {}, {}, TODAY))
        assert (refused.code, refused.details) == ("day", {"day": TODAY.isoformat()})


def test_who_recuses_is_served_no_more(house: House):
    """After `recused` the case is unknown to the officer, who may still hear that it arrived."""
    reporter, _ = house.report()
    entry = act(house, house.cast.two, reporter.case, "recused")
    first = house.append(house.cast.two, entry.raw, reporter.case)

    assert inbox(house, house.cast.two).cases == ()
    with pytest.raises(Refused, match="unknown"):
        house.desk.case(house.cast.two.key, reporter.case, 0)
    assert house.append(house.cast.two, entry.raw, reporter.case) == first
    assert len(inbox(house, house.cast.one).cases) == 1


def grown(house: House) -> Officer:
    """A third officer, in the roster and with an intake key."""
    third = make_officer("TEST Drie")
    roster = make_roster(
        version=2,
        organisation=ORGANISATION,
        name="Gemeente Voorbeeld",
        previous=house.cast.roster.hash,
        server=house.desk.server_key,
        members=[*house.cast.roster.members, third.member],
    )
    house.run(house.desk.propose(roster.payload))
    for officer in (house.cast.one, house.cast.two):
        house.run(
            house.desk.sign_roster(roster.hash, officer.key, sign("roster", roster.payload, officer.signing).signature)
        )
    house.run(house.desk.announce(third.intake_key.thing.raw, third.key, TODAY))
    return third


def added(house: House, reporter: Receipt, officer: Officer, **changes: object) -> tuple[Entry, dict[str, bytes]]:
    grant = age.encrypt(bytes(4096), [officer.intake_key.recipient])
    fields = {"officer": officer.key, "key": officer.intake_key.hash, "files": {"grant": file_ref(grant)}} | changes
    return act(house, house.cast.one, reporter.case, "officer-added", **fields), {"grant": grant}


def test_an_officer_can_be_added(house: House):
    """Who is added by an officer of the case is served it; who was left out cannot be added."""
    third = grown(house)
    open_report, _ = house.report()
    closed, _ = house.report(to=frozenset({house.cast.one.key, house.cast.deputy.key}))
    for reporter in (open_report, closed):
        house.taken_over(house.cast.one, reporter.case)

    entry, files = added(house, open_report, third)
    house.append(house.cast.one, entry.raw, open_report.case, files)
    assert [line.case for line in inbox(house, third).cases] == [open_report.case]

    entry, files = added(house, closed, house.cast.two)
    refused = house.refused(house.desk.append(house.cast.one.key, closed.case, entry.raw, files, {}, TODAY))
    assert refused.code == "act"
    assert [line.case for line in inbox(house, house.cast.two).cases] == [open_report.case]


def test_only_members_with_a_key_can_be_added(house: House):
    """A stranger, an unknown key and a key of somebody else are refused."""
    third = grown(house)
    reporter, _ = house.report()
    house.taken_over(house.cast.one, reporter.case)
    stranger = make_officer("TEST Vier")
    for officer, changes, code in (
        (stranger, {}, "roster"),
        (third, {"key": bytes(32)}, "stale-keys"),
        (third, {"key": house.cast.two.intake_key.hash}, "stale-keys"),
    ):
        entry, files = added(house, reporter, officer, **changes)
        refused = house.refused(house.desk.append(house.cast.one.key, reporter.case, entry.raw, files, {}, TODAY))
        assert refused.code == code


def test_entries_of_others_are_refused(house: House):
    """An entry signed by another than who sends it, of another case, or of the reporter or server, is refused."""
    reporter, _ = house.report()
    other, _ = house.report()
    one, case = house.cast.one, reporter.case
    mine = act(house, one, case, "not-involved")
    log = house.log(case)
    as_server = {"of": log.head, "commitment": None, "dues": None, "day": TODAY}
    forged = make_entry("received", case=case, index=2, head=log.head, signer=one.signing, **as_server)
    append = house.desk.append

    assert house.refused(append(house.cast.two.key, case, mine.raw, {}, {}, TODAY)).code == "signature"
    assert house.refused(append(one.key, other.case, mine.raw, {}, {}, TODAY)).code == "malformed"
    assert house.refused(append(one.key, case, forged.raw, {}, {}, TODAY)).code == "act"
    assert house.refused(append(one.key, case, b"junk", {}, {}, TODAY)).code == "malformed"
    withdrawn = make_entry("withdrawn", case=case, index=2, head=log.head, signer=one.signing)
    assert house.refused(append(one.key, case, withdrawn.raw, {}, {}, TODAY)).code == "act"


def test_a_former_member_is_served_nothing(house: House):
    """Who is out of the roster gets no case any more, also while a proposal would bring them back."""
    reporter, _ = house.report()
    one, two, deputy = house.cast.officers
    current = house.cast.roster
    for version, members in ((2, [one.member, deputy.member]), (3, [one.member, two.member, deputy.member])):
        roster = make_roster(
            version=version, organisation=ORGANISATION, name="Gemeente Voorbeeld", previous=current.hash,
            server=house.desk.server_key, members=members,
        )  # fmt: skip
        house.run(house.desk.propose(roster.payload))
        if version == 2:
            for officer in (one, deputy):
                house.run(
                    house.desk.sign_roster(
                        roster.hash, officer.key, sign("roster", roster.payload, officer.signing).signature
                    )
                )
            current = roster
            assert not house.desk.is_member(two.key)
    assert house.desk.is_member(two.key)
    assert inbox(house, two).cases == ()
    with pytest.raises(Refused, match="unknown"):
        house.desk.case(two.key, reporter.case, 0)
    entry = make_entry(
        "not-involved", case=reporter.case, index=2, head=house.log(reporter.case).head, signer=two.signing, day=TODAY
    )
    refused = house.refused(house.desk.append(two.key, reporter.case, entry.raw, {}, {}, TODAY))
    assert refused.code == "unknown"


def test_counters_of_requests(house: House):
    """A member's counter must rise; a stranger's is not even kept."""
    one, stranger = house.cast.one.key, SigningKey.generate().verify_key
    house.run(house.desk.check_request(one, 3))
    refused = house.refused(house.desk.check_request(one, 3))
    assert (refused.code, refused.details) == ("replay", {"counter": 3})
    assert house.refused(house.desk.check_request(stranger, 1)).code == "signature"
    house.run(house.desk.check_request(house.cast.two.key, 1))


def test_only_a_signed_roster_is_served(tmp_path, organisation):
    """A proposal counts with the last founder's signature, and not one earlier."""
    desk = Desk.create(tmp_path / "x", ORGANISATION, "Gemeente Voorbeeld")
    cast = organisation
    roster = make_roster(
        version=1, organisation=ORGANISATION, name="Gemeente Voorbeeld", previous=None, server=desk.server_key,
        members=cast.roster.members,
    )  # fmt: skip
    asyncio.run(desk.propose(roster.payload))
    for n, officer in enumerate(cast.officers):
        assert desk.public_keys(TODAY).roster is None
        status = desk.status(officer.key, TODAY)
        assert (len(status.rosters), len(status.proposal.signatures)) == (0, n)
        signature = sign("roster", roster.payload, officer.signing).signature
        for _ in range(2):
            asyncio.run(desk.sign_roster(roster.hash, officer.key, signature))
    assert desk.public_keys(TODAY).roster == roster
    assert desk.proposal is None
    desk.close()


def test_wrong_signatures_and_proposals_are_refused(house: House):
    """Strangers, wrong signatures, other proposals and rosters that do not fit are refused."""
    one, stranger = house.cast.one, make_officer("TEST Vreemd")

    def proposal(**changes: object) -> bytes:
        values = {
            "version": 2, "organisation": ORGANISATION, "name": "Gemeente Voorbeeld",
            "previous": house.cast.roster.hash, "server": house.desk.server_key, "members": house.cast.roster.members,
        } | changes  # fmt: skip
        return make_roster(**values).payload

    for changes in (
        {"version": 3}, {"previous": bytes(32)}, {"organisation": "elders"}, {"server": SigningKey.generate().verify_key},
        {"version": 1, "previous": None},
    ):  # fmt: skip
        assert house.refused(house.desk.propose(proposal(**changes))).code == "roster"
    assert house.refused(house.desk.propose(b"{}")).code == "malformed"

    payload = proposal(members=[*house.cast.roster.members, stranger.member])
    house.run(house.desk.propose(payload))
    digest = parse_roster(payload).hash
    good = sign("roster", payload, one.signing).signature
    by_stranger = sign("roster", payload, stranger.signing).signature
    assert house.refused(house.desk.sign_roster(bytes(32), one.key, good)).code == "roster"
    assert house.refused(house.desk.sign_roster(digest, one.key, bytes(64))).code == "signature"
    assert house.refused(house.desk.sign_roster(digest, house.cast.two.key, good)).code == "signature"
    assert house.refused(house.desk.sign_roster(digest, stranger.key, by_stranger)).code == "signature"
    house.run(house.desk.sign_roster(digest, one.key, good))
    assert house.desk.public_keys(TODAY).roster == house.cast.roster
    # Another proposal begins without signatures.
    house.run(house.desk.propose(proposal(name="Gemeente Voorbeeld en omstreken")))
    assert house.desk.proposal is not None
    assert house.desk.proposal.signatures == ()


def test_intake_keys_are_their_members_own(house: House):
    """A key is announced by its member, for about now; the same again changes nothing."""
    one, two = house.cast.one, house.cast.two
    recipient = age.recipient_of(age.generate_identity())

    def thing(start, signer=one.signing, organisation=ORGANISATION) -> bytes:
        return make_intake_key(organisation, recipient, start, signer).raw

    announce = house.desk.announce
    soon = TODAY + timedelta(days=20)
    for _ in range(2):
        house.run(announce(thing(soon), one.key, TODAY))
    assert len(house.desk.public_keys(TODAY).intake_keys) == 3
    assert len(house.desk.public_keys(soon).intake_keys) == 4
    assert len(house.desk.status(one.key, TODAY).intake_keys) == 4

    assert house.refused(announce(thing(soon, two.signing), one.key, TODAY)).code == "signature"
    assert house.refused(announce(thing(soon, organisation="elders"), one.key, TODAY)).code == "malformed"
    stranger = SigningKey.generate()
    assert house.refused(announce(thing(TODAY, stranger), stranger.verify_key, TODAY)).code == "roster"
    for days in (-90, 31):
        refused = house.refused(announce(thing(TODAY + timedelta(days=days)), one.key, TODAY))
        assert (refused.code, refused.details) == ("day", {"day": TODAY.isoformat()})


def test_intake_keys_are_counted(house: House):
    """One member cannot fill the list of keys."""
    one = house.cast.one
    recipient = age.recipient_of(age.generate_identity())
    for days in range(1, 16):
        thing = make_intake_key(ORGANISATION, recipient, TODAY + timedelta(days=days), one.signing)
        house.run(house.desk.announce(thing.raw, one.key, TODAY))
    thing = make_intake_key(ORGANISATION, recipient, TODAY + timedelta(days=16), one.signing)
    assert house.refused(house.desk.announce(thing.raw, one.key, TODAY)).code == "quota"


def test_another_signing_key_is_noticed(house: House, directory):
    """A server whose signing key is not the roster's does not open."""
    house.desk.close()
    (directory / "signing.key").write_bytes(bytes(32))
    with pytest.raises(KeyFileError, match="roster names"):
        Desk.open(directory)


def test_a_log_changed_in_the_database_is_noticed(house: House):
    """The desk appends nothing to a log that does not verify."""
    reporter, _ = house.report()
    message = house.addition(reporter)
    house.desk.store._writer.write_now(
        lambda db: db.execute("UPDATE log SET thing = zeroblob(200) WHERE place % 65536 = 1")
    )
    with pytest.raises(StoreError, match="does not hold"):
        house.add(reporter, message)


def test_another_process_sees_changes_at_once(house: House, directory):
    """A desk opened elsewhere serves what this one accepted, and the other way round."""
    other = House(Desk.open(directory), house.cast)
    reporter, _ = house.report()
    house.taken_over(house.cast.one, reporter.case)
    assert [line.entries for line in inbox(other, house.cast.two).cases] == [3]
    third = grown(other)
    assert house.desk.is_member(third.key)
    other.add(reporter, house.addition(reporter))
    assert isinstance(house.log(reporter.case), CaseLog)
    assert len(house.log(reporter.case).entries) == 5
    other.desk.close()
