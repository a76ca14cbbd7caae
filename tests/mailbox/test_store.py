# SPDX-License-Identifier: EUPL-1.2
"""The store's contract: what every engine behind this interface must do."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from meldkluis.crypto.attachment import digest_of_parts
from meldkluis.crypto.encoding import sha256
from meldkluis.crypto.limits import KIB, PART
from meldkluis.mailbox.actions import Due
from meldkluis.mailbox.errors import Refused
from meldkluis.mailbox.factrows import parsed
from meldkluis.mailbox.facts import AUTOMATIC, Facts
from meldkluis.mailbox.rows import AgeFile, Claim, Growth, NewCase, Standing
from meldkluis.mailbox.staging import Quota
from meldkluis.mailbox.store import Store
from meldkluis.mailbox.wire import AttachmentLine, FileLine

TODAY = date(2026, 11, 23)
DECOYS = 4
QUOTA = Quota(address=8 * PART, total=16 * PART)
FACTS = Facts(received=TODAY, since=TODAY, unread=TODAY)
OFFICER, OTHER = b"o" * 32, b"p" * 32


def new_case(claims: Sequence[Claim] = (), **changes: Any) -> NewCase:
    head = os.urandom(32)
    files = (AgeFile("content", b"header c", b"payload c"), AgeFile("identity", b"header i", b"payload i"))
    made = NewCase(
        case=os.urandom(16),
        log=(b"submitted", b"received"),
        head=head,
        files=files,
        claims=claims,
        officers=frozenset({OFFICER}),
        facts=FACTS,
    )
    return replace(made, **changes)


def growth(new: NewCase, **changes: Any) -> Growth:
    made = Growth(
        case=new.case,
        before=new.head,
        entry=2,
        log=(b"entry 2",),
        head=os.urandom(32),
        officers=new.officers,
        facts=FACTS,
    )
    return replace(made, **changes)


def upload(store: Store, address: bytes, size: int, today: date = TODAY) -> tuple[Claim, bytes]:
    content, attachment = os.urandom(size), os.urandom(16)
    parts = [content[start : start + PART] for start in range(0, size, PART)]
    for n, part in enumerate(parts):
        asyncio.run(store.stage(address, attachment, n, part, QUOTA, today))
    return Claim(attachment, size, digest_of_parts(sha256(part) for part in parts)), content


def refused(awaitable: Coroutine[Any, Any, object]) -> str:
    with pytest.raises(Refused) as caught:
        asyncio.run(awaitable)
    return caught.value.code


def staged(store: Store) -> int:
    return store._writer.write_now(lambda db: db.execute("SELECT staged FROM organisation").fetchall())[0][0]


def rows(store: Store, table: str) -> int:
    return store._writer.write_now(lambda db: db.execute(f"SELECT count(*) FROM {table}").fetchall())[0][0]


def test_a_report_is_stored_whole(store: Store):
    """A submitted report can be read at once: log, files, officers, facts, by address and by officer."""
    address, new = os.urandom(32), new_case()
    assert asyncio.run(store.submit(address, new)) is None

    assert store.find(address) == new.case
    assert store.log(new.case) == list(new.log)
    assert store.file(new.case, 0, "content") == (b"header c", b"payload c")
    assert store.files(new.case) == [FileLine(0, "content", 17), FileLine(0, "identity", 17)]
    assert store.cases_of(OFFICER) == [(new.case, 2, new.head)]
    assert store.served(OFFICER, new.case)
    assert not store.served(OTHER, new.case)
    assert store.facts(new.case) == FACTS


def test_the_first_report_at_an_address_stands(store: Store):
    """A second report at the same address gives the first one's log back and stores nothing."""
    address, new = os.urandom(32), new_case()
    asyncio.run(store.submit(address, new))

    assert asyncio.run(store.submit(address, new_case())) == Standing(new.case, list(new.log))
    assert asyncio.run(store.submit(address, new)) == Standing(new.case, list(new.log))
    assert len(store.cases_of(OFFICER)) == 1


def test_a_case_has_one_address(store: Store):
    """The same case at another address is refused, and the other address stays free."""
    new = new_case()
    asyncio.run(store.submit(os.urandom(32), new))
    other = os.urandom(32)

    assert refused(store.submit(other, new)) == "taken"
    assert store.find(other) is None
    assert asyncio.run(store.submit(other, new_case())) is None


def test_an_address_is_kept_as_a_keyed_hash(store: Store):
    """The hash of an address depends on a key that only the database has."""
    assert len(store.hashed(b"a" * 32)) == 32
    assert store.hashed(b"a" * 32) not in {b"a" * 32, sha256(b"a" * 32)}


def test_an_append_needs_the_head(store: Store):
    """Of two appends on the same head one happens; the other is refused and stores nothing."""
    new = new_case()
    asyncio.run(store.submit(os.urandom(32), new))
    first = growth(new, files=(AgeFile("answer", b"h", b"a"),), officers=frozenset({OFFICER, OTHER}))
    asyncio.run(store.append(first))

    assert refused(store.append(growth(new, log=(b"another",)))) == "head"
    assert refused(store.append(growth(new_case()))) == "unknown"
    assert store.log(new.case) == [b"submitted", b"received", b"entry 2"]
    assert store.log(new.case, after=2) == [b"entry 2"]
    assert store.answers(new.case) == {2: b"ha"}
    assert store.served(OTHER, new.case)


FULL = Facts(
    received=TODAY,
    since=TODAY - timedelta(days=1),
    runs=False,
    acknowledged=TODAY,
    feedback=TODAY + timedelta(days=2),
    closed=TODAY + timedelta(days=3),
    identity_until=TODAY + timedelta(days=40),
    destroy_after=TODAY + timedelta(days=50),
    register_until=TODAY + timedelta(days=60),
    held=TODAY + timedelta(days=4),
    unread=TODAY + timedelta(days=5),
    ends=TODAY + timedelta(days=70),
    automatic=frozenset(AUTOMATIC),
)


@pytest.mark.parametrize("facts", [FACTS, FULL])
def test_facts_come_back_as_they_were(store: Store, facts: Facts):
    """Every fact of a case is kept, one by one and page by page."""
    new = new_case(facts=facts)
    asyncio.run(store.submit(os.urandom(32), new))

    assert store.facts(new.case) == facts
    assert [(case, parsed(row)) for case, row in store.facts_page(b"")] == [(new.case, facts)]
    assert store.facts_page(new.case) == []


def test_an_append_replaces_the_facts(store: Store):
    """The facts are those that came with the last entry."""
    new = new_case()
    asyncio.run(store.submit(os.urandom(32), new))
    asyncio.run(store.append(growth(new, facts=FULL)))

    assert store.facts(new.case) == FULL


def test_a_reminder_is_there_once(store: Store):
    """The same reminder again is not new; one for a case that is gone is not kept; settled kinds go."""
    new = new_case()
    asyncio.run(store.submit(os.urandom(32), new))
    made = [(new.case, Due(TODAY, "acknowledge")), (new.case, Due(TODAY, "feedback")), (bytes(16), Due(TODAY, "hold"))]

    assert asyncio.run(store.remind(made)) == 2
    assert asyncio.run(store.remind(made)) == 0
    assert store.reminders_of(OFFICER) == {new.case: [due for _, due in made[:2]]}
    assert store.reminders_of(OTHER) == {}
    asyncio.run(store.append(growth(new, settled=frozenset({"acknowledge"}))))
    assert store.reminders() == [made[1]]


def test_an_emptied_case_leaves_its_log_and_line(store: Store):
    """Files, attachments and mailbox go when the head is the one named; the certificate takes the log's place."""
    address, today = os.urandom(32), TODAY + timedelta(days=99)
    claim, _ = upload(store, address, 300)
    new = new_case([claim])
    asyncio.run(store.submit(address, new))

    assert refused(store.empty(new.case, os.urandom(32), today)) == "head"
    assert store.find(address) == new.case
    asyncio.run(store.empty(new.case, new.head, today))
    assert refused(store.empty(new.case, new.head, today)) == "head"
    assert store.find(address) is None
    assert (store.files(new.case), store.attachments(new.case), rows(store, "chunk")) == ([], [], 0)
    assert store.log(new.case) == list(new.log)
    assert store.facts(new.case) == replace(FACTS, destroyed=today)
    asyncio.run(store.certify(new.case, b"certificate"))
    assert store.facts(new.case) == replace(FACTS, destroyed=today, certified=True)
    assert store.log(new.case) == []
    assert (store.cases_of(OFFICER), store.certificates(OFFICER), store.certificates(OTHER)) == (
        [],
        [b"certificate"],
        [],
    )


def test_the_organisation_remembers_days(store: Store):
    """The first day on which it was open stays, the last run is known, a day's mail is claimed once."""
    for day in (2, 3):
        asyncio.run(store.open_form(TODAY + timedelta(days=day)))
    for day, failed in ((4, 2), (5, 1)):
        asyncio.run(store.ran(TODAY + timedelta(days=day), failed))
    claimed = [asyncio.run(store.claim_notice(TODAY + timedelta(days=day))) for day in (6, 6, 5, 7)]
    assert claimed == [True, False, False, True]
    days = store.days()
    assert [(day - TODAY).days for day in (days.opened, days.ran, days.noticed) if day is not None] == [2, 5, 7]
    assert days.failed == 1


def test_the_oldest_unread_message_is_known(store: Store):
    """Of the cases served to an officer, as long as they are there."""
    assert store.oldest_unread(OFFICER) is None
    first, second = new_case(), new_case(facts=replace(FACTS, unread=TODAY + timedelta(days=1)))
    for new in (second, first):
        asyncio.run(store.submit(os.urandom(32), new))
    assert store.oldest_unread(OFFICER) == TODAY
    assert store.oldest_unread(OTHER) is None
    assert store.unserved(frozenset({OFFICER})) == []
    assert store.unserved(frozenset({OTHER})) == sorted([first.case, second.case])
    assert store.newest_received() == TODAY
    asyncio.run(store.empty(first.case, first.head, TODAY))
    assert store.oldest_unread(OFFICER) == TODAY + timedelta(days=1)


def test_headers_are_replaced_and_the_first_is_kept(store: Store):
    """Taking over replaces a header twice over and keeps the very first."""
    new = new_case()
    asyncio.run(store.submit(os.urandom(32), new))
    second = growth(new, headers={(0, "content"): b"second"})
    asyncio.run(store.append(second))
    third = growth(new, before=second.head, entry=3, headers={(0, "content"): b"third"})
    asyncio.run(store.append(third))

    assert store.file(new.case, 0, "content") == (b"third", b"payload c")
    assert store.file(new.case, 0, "content", first=True) == (b"header c", b"payload c")
    assert store.file(new.case, 0, "identity", first=True) == (b"header i", b"payload i")


def test_a_header_of_no_file_is_refused(store: Store):
    """A header for a file that is not there refuses the whole append."""
    new = new_case()
    asyncio.run(store.submit(os.urandom(32), new))

    assert refused(store.append(growth(new, headers={(0, "content"): b"x", (1, "content"): b"x"}))) == "malformed"
    assert store.file(new.case, 0, "content") == (b"header c", b"payload c")
    assert len(store.log(new.case)) == 2


@pytest.mark.parametrize("size", [1, 256 * KIB, PART, PART + 1, 2 * PART + 256 * KIB + 5])
def test_an_upload_comes_back_as_it_was(store: Store, size: int):
    """What was staged in parts is the attachment of the report that claims it, byte for byte."""
    address = os.urandom(32)
    claim, content = upload(store, address, size)
    new = new_case([claim])
    assert asyncio.run(store.submit(address, new)) is None

    pieces = store.attachment(new.case, claim.id)
    assert pieces is not None
    assert b"".join(pieces) == content
    assert store.attachments(new.case) == [AttachmentLine(0, claim.id, size)]
    assert staged(store) == rows(store, "staging") == rows(store, "part") == 0


def test_staging_is_invisible_until_claimed(store: Store):
    """Parts of an upload belong to no case and to no other address."""
    address = os.urandom(32)
    claim, _ = upload(store, address, 100)

    assert refused(store.submit(os.urandom(32), new_case([claim]))) == "incomplete"
    assert rows(store, "attachment") == 0
    assert rows(store, '"case"') == DECOYS


def test_the_same_part_again_changes_nothing(store: Store):
    """A part may be sent again; another content under its number is refused."""
    address, attachment = os.urandom(32), os.urandom(16)
    for _ in range(2):
        asyncio.run(store.stage(address, attachment, 0, b"part", QUOTA, TODAY))

    assert refused(store.stage(address, attachment, 0, b"trap", QUOTA, TODAY)) == "part"
    assert rows(store, "part") == 1


INCOMPLETE = {
    "nothing uploaded": lambda claim: replace(claim, id=bytes(16)),
    "another size": lambda claim: replace(claim, size=claim.size + 1),
    "another digest": lambda claim: replace(claim, digest=bytes(32)),
}


@pytest.mark.parametrize("change", INCOMPLETE.values(), ids=INCOMPLETE.keys())
def test_an_incomplete_upload_stores_no_report(store: Store, change: Callable[[Claim], Claim]):
    """A report whose attachment is missing or differs is not stored, and its upload stays for another try."""
    address = os.urandom(32)
    claim, _ = upload(store, address, PART + 7)
    new = new_case([claim, change(claim)] if change(claim).id != claim.id else [change(claim)])

    assert refused(store.submit(address, new)) == "incomplete"
    assert store.find(address) is None
    assert store.log(new.case) == []
    assert asyncio.run(store.submit(address, new_case([claim]))) is None


def test_a_hole_in_an_upload_is_seen(store: Store):
    """Parts out of place or short ones in the middle are never taken for an attachment."""
    address, attachment = os.urandom(32), os.urandom(16)
    asyncio.run(store.stage(address, attachment, 1, b"x", QUOTA, TODAY))
    asyncio.run(store.stage(address, attachment, 2, b"y", QUOTA, TODAY))
    claim = Claim(attachment, 2, digest_of_parts([sha256(b"x"), sha256(b"y")]))
    assert refused(store.submit(address, new_case([claim]))) == "incomplete"

    asyncio.run(store.stage(address, attachment, 0, b"w", QUOTA, TODAY))
    claim = Claim(attachment, 3, digest_of_parts([sha256(b"w"), sha256(b"x"), sha256(b"y")]))
    assert refused(store.submit(address, new_case([claim]))) == "incomplete"


def test_an_attachment_comes_once(store: Store):
    """A later message cannot bring an attachment under an identifier that the case has already."""
    address, attachment = os.urandom(32), os.urandom(16)
    claim = Claim(attachment, 1, digest_of_parts([sha256(b"x")]))
    asyncio.run(store.stage(address, attachment, 0, b"x", QUOTA, TODAY))
    new = new_case([claim])
    asyncio.run(store.submit(address, new))
    asyncio.run(store.stage(address, attachment, 0, b"x", QUOTA, TODAY))

    assert refused(store.append(growth(new, claims=[claim]), address)) == "malformed"


def test_quotas(store: Store):
    """One address cannot fill the staging, all together cannot either, and discarding makes room."""
    address, other = os.urandom(32), os.urandom(32)
    quota = Quota(address=100 * KIB, total=150 * KIB)
    first, second = os.urandom(16), os.urandom(16)
    asyncio.run(store.stage(address, first, 0, bytes(90 * KIB), quota, TODAY))

    assert refused(store.stage(address, second, 0, bytes(1), quota, TODAY)) == "quota"
    assert refused(store.stage(other, second, 0, bytes(70 * KIB), quota, TODAY)) == "full"
    asyncio.run(store.discard(address, first))
    assert staged(store) == rows(store, "chunk") == rows(store, "erasure") == 0
    asyncio.run(store.stage(other, second, 0, bytes(70 * KIB), quota, TODAY))


def test_small_parts_count_for_more(store: Store):
    """Many tiny parts are held by the quota as well."""
    quota = Quota(address=64 * KIB, total=PART)
    for n in range(4):
        asyncio.run(store.stage(b"a" * 32, b"i" * 16, n, b"x", quota, TODAY))
    assert refused(store.stage(b"a" * 32, b"i" * 16, 4, b"x", quota, TODAY)) == "quota"


def test_unclaimed_uploads_go_after_two_days(store: Store):
    """The sweep erases what nobody claimed within two days of its last part, and nothing else."""
    address = os.urandom(32)
    old, _ = upload(store, address, 5 * PART, TODAY)
    young, _ = upload(store, address, 100, TODAY + timedelta(days=1))
    asyncio.run(store.sweep(TODAY + timedelta(days=1)))
    assert rows(store, "staging") == 2

    asyncio.run(store.sweep(TODAY + timedelta(days=2)))
    assert rows(store, "staging") == rows(store, "chunk") == 1
    assert refused(store.submit(address, new_case([old]))) == "incomplete"
    assert asyncio.run(store.submit(address, new_case([young]))) is None


def test_destroying_leaves_no_row(store: Store):
    """Nothing of a destroyed case is left in any table, and other cases are untouched."""
    address, other = os.urandom(32), new_case()
    claim, _ = upload(store, address, 3 * PART)
    new = new_case([claim])
    asyncio.run(store.submit(address, new))
    asyncio.run(store.submit(os.urandom(32), other))
    asyncio.run(store.destroy(new.case))

    assert store.find(address) is None
    assert store.facts(new.case) is None
    assert store.attachment(new.case, claim.id) is None
    for table in ("chunk", "erasure", "attachment", "part", "staging"):
        assert rows(store, table) == 0
    assert rows(store, "mailbox") == rows(store, '"case"') == 1 + DECOYS
    assert rows(store, "file") == len(other.files)
    assert rows(store, "log") == len(other.log) + 2 * DECOYS
    assert store.log(other.case) == list(other.log)


def test_request_counters_only_rise(store: Store):
    """A counter that is not higher than the highest before from this key is refused, with the highest."""
    asyncio.run(store.count_request(OFFICER, 5))
    asyncio.run(store.count_request(OTHER, 1))

    with pytest.raises(Refused, match="replay") as caught:
        asyncio.run(store.count_request(OFFICER, 5))
    assert caught.value.details == {"counter": 5}
    asyncio.run(store.count_request(OFFICER, 2**63 - 1))


def test_what_was_written_is_there_after_opening_again(store: Store, directory: Path):
    """Another store in the same directory reads everything that the first one wrote."""
    address, new = os.urandom(32), new_case()
    asyncio.run(store.submit(address, new))
    store.close()

    again = Store(directory)
    assert again.find(address) == new.case
    assert (again.organisation, again.name) == ("gemeente-voorbeeld", "Gemeente Voorbeeld")
    again.close()


def test_decoys_are_reached_by_unknown_addresses_only(store: Store):
    """An unknown address leads to a decoy, always the same one, that no officer is served."""
    address, unknown, new = os.urandom(32), os.urandom(32), new_case()
    asyncio.run(store.submit(address, new))

    assert store.find_or_decoy(address) == (new.case, True)
    decoy, found = store.find_or_decoy(unknown)
    assert (store.log(decoy), found) == ([b"a", b"b"], False)
    assert store.find_or_decoy(unknown) == (decoy, False)
    assert store.find(unknown) is None
    assert store.facts(decoy) is None


def test_a_snapshot_sees_one_state(store: Store):
    """Reads inside a snapshot do not see what is written meanwhile; later reads do."""
    address, new = os.urandom(32), new_case()
    with store.snapshot():
        assert store.find(address) is None
        asyncio.run(store.submit(address, new))
        assert store.find(address) is None
    assert store.find(address) == new.case
