# SPDX-License-Identifier: EUPL-1.2
"""A case from report to answer, through the functions that door, browser vectors and workstation use."""

import itertools

import pytest
from cast import ORGANISATION, Cast, make_cast

from meldkluis.crypto import age, casework, report
from meldkluis.crypto.attachment import open_attachment, parts_of, seal_attachment
from meldkluis.crypto.chain import CaseLog, replay
from meldkluis.crypto.errors import (
    ChainError,
    CryptoError,
    FormatError,
    MismatchError,
    NotForThisKeyError,
    RosterError,
)


def _opened(cast: Cast, sealed: report.Sealed, log: CaseLog, identity: str) -> casework.OpenedMessage:
    return casework.open_message(sealed.files["content"], log.submitted, log, [identity])


def test_every_chosen_reader_opens_the_report_and_nobody_else(organisation: Cast) -> None:
    """Who is left out holds no stanza; who is chosen reads text and contact details."""
    sealed = organisation.compose(
        organisation.reporter(), to=frozenset({organisation.one.key, organisation.deputy.key}), name="N", contact="C"
    )
    log = organisation.log_of(sealed)
    for reader in (organisation.one, organisation.deputy):
        opened = _opened(organisation, sealed, log, reader.identity)
        assert opened.document.text == "Er klopt iets niet."
        contact = casework.open_contact(sealed.files["identity"], log.submitted, log, [reader.identity])
        assert (contact.name, contact.contact) == ("N", "C")
    with pytest.raises(NotForThisKeyError):
        _opened(organisation, sealed, log, organisation.two.identity)
    assert log.officers == {organisation.one.key}
    assert log.not_to == (organisation.two.key,)


@pytest.mark.parametrize("officers", [1, 3, 4, 9, 15])
def test_the_number_of_stanzas_follows_the_roster_only(officers: int) -> None:
    """One reader or all: both files have the same number of stanzas and the same size."""
    cast = make_cast([f"TEST {n}" for n in range(officers)])
    sizes = set()
    for to in (frozenset({cast.one.key}), cast.everybody):
        sealed = cast.compose(cast.reporter(), to=to)
        for file in sealed.files.values():
            assert age.count_stanzas(age.split(file)[0]) == cast.roster.slots
            sizes.add(len(file))
    assert len(sizes) == 1 + 1 or len(sizes) == 1


def test_when_only_the_deputy_is_left_the_deputy_gets_the_report_itself(organisation: Cast) -> None:
    """Nothing is ever sent to nobody, and a report for the deputy waits for no lapse."""
    sealed = organisation.compose(organisation.reporter(), to=frozenset({organisation.deputy.key}))
    log = organisation.log_of(sealed)
    assert (log.to, log.deputy) == ((organisation.deputy.key,), None)


@pytest.mark.parametrize("to", [frozenset(), frozenset({b"x" * 32})])
def test_a_report_for_nobody_or_a_stranger_is_refused(organisation: Cast, to: frozenset[bytes]) -> None:
    """An empty choice and a key outside the roster never become a report."""
    with pytest.raises(RosterError):
        organisation.compose(organisation.reporter(), to=to)


def test_the_whole_conversation(organisation: Cast) -> None:
    """Report, take-over, acknowledgement, addition with contact details, answer of the second officer."""
    reporter = organisation.reporter()
    sealed = organisation.compose(reporter)
    log = organisation.log_of(sealed)
    one, two, deputy = organisation.officers
    files = {(0, slot): file for slot, file in sealed.files.items()}
    taken = organisation.take_over(log, files)
    rewrapped = {place: taken.headers[place] + age.split(file)[1] for place, file in files.items()}
    case_identity = age.identity_from_seed(taken.grant.secret)
    assert casework.open_message(rewrapped[0, "content"], log.submitted, log, [case_identity])
    with pytest.raises(NotForThisKeyError):
        casework.open_message(rewrapped[0, "content"], log.submitted, log, [one.identity])
    with pytest.raises(NotForThisKeyError):
        casework.open_contact(rewrapped[0, "identity"], log.submitted, log, [case_identity])
    granted = casework.open_grant(taken.files["grant"], log.case_key, log, [two.identity])
    assert granted == taken.grant
    with pytest.raises(NotForThisKeyError):
        casework.open_grant(taken.files["grant"], log.case_key, log, [deputy.identity])

    reply = _opened(organisation, sealed, log, deputy.identity).message.reply
    assert reply == reporter.recipient
    answer = casework.compose_answer(
        "acknowledged", "Dank u.", log, reply, organisation.roster.hash, one.signing, organisation.today
    )
    assert (
        casework.open_answer(answer.files["answer"], "answer", answer.entry, log, [reporter.identity]).text == "Dank u."
    )
    assert casework.open_answer(answer.files["copy"], "copy", answer.entry, log, [case_identity]).text == "Dank u."
    with pytest.raises(NotForThisKeyError):
        casework.open_answer(answer.files["answer"], "answer", answer.entry, log, [case_identity, one.identity])

    seen = replay([entry.raw for entry in log.entries], ORGANISATION, log.case, [organisation.server.verify_key])
    addition = report.compose_addition(
        reporter,
        organisation.draft("Nog iets.", kind="addition", contact="bel mij"),
        seen,
        organisation.roster,
        organisation.keys.values(),
    )
    entry = log.append(addition.entry.raw)
    organisation.received(log)
    opened = casework.open_message(addition.files["message"], entry, log, [case_identity])
    assert opened.document.text == "Nog iets."
    assert casework.open_message(addition.files["message"], entry, log, [deputy.identity])
    identity = age.identity_from_seed(granted.identity_secret)
    assert casework.open_contact(addition.files["identity"], entry, log, [identity]).contact == "bel mij"

    second = casework.compose_answer(
        "feedback", "Wij onderzoeken het.", log, reply, organisation.roster.hash, two.signing, organisation.today
    )
    assert second.entry.fields["number"] == 1
    assert not log.deputy_reads
    later = report.compose_addition(
        reporter, organisation.draft("Laatste.", kind="addition"), log, organisation.roster, organisation.keys.values()
    )
    with pytest.raises(NotForThisKeyError):
        age.decrypt(later.files["message"], [deputy.identity])


def test_a_log_with_any_entry_moved_dropped_or_doubled_does_not_hold(organisation: Cast) -> None:
    """Every permutation but the true one, every omission but the tail, and every repetition is refused."""
    sealed = organisation.compose(organisation.reporter())
    log = organisation.log_of(sealed)
    organisation.take_over(log, {(0, slot): file for slot, file in sealed.files.items()})
    raws = [entry.raw for entry in log.entries]

    def holds(candidate: tuple[bytes, ...] | list[bytes]) -> bool:
        try:
            replay(candidate, ORGANISATION, log.case, [organisation.server.verify_key])
        except CryptoError:
            return False
        return True

    assert holds(raws)
    assert [p for p in itertools.permutations(raws) if holds(p)] == [tuple(raws)]
    for index in range(len(raws)):
        assert holds(raws[:index] + raws[index + 1 :]) == (index == len(raws) - 1)
        assert not holds([*raws[: index + 1], raws[index], *raws[index + 1 :]])
    other = organisation.log_of(organisation.compose(organisation.reporter()))
    assert not holds([other.entries[0].raw, *raws[1:]])


def test_only_those_who_may_act_act(organisation: Cast) -> None:
    """Officers left out, strangers, recused officers and a second case key are refused."""
    one, two, deputy = organisation.officers
    sealed = organisation.compose(organisation.reporter(), to=frozenset({one.key, deputy.key}))
    log = organisation.log_of(sealed)
    for stranger in (two, deputy):
        with pytest.raises(ChainError):
            log.extend("not-involved", stranger.signing, day=organisation.today)
    files = {(0, slot): file for slot, file in sealed.files.items()}
    organisation.take_over(log, files)
    with pytest.raises(ChainError):
        organisation.take_over(log, files)
    with pytest.raises(ChainError):
        log.extend(
            "officer-added",
            one.signing,
            day=organisation.today,
            officer=two.key,
            key=two.intake_key.hash,
            files={"grant": report.file_ref(sealed.files["content"])},
        )
    log.extend("recused", one.signing, day=organisation.today)
    with pytest.raises(ChainError):
        log.extend("identity-opened", one.signing, day=organisation.today)
    with pytest.raises(ChainError):
        log.extend("received", organisation.server, day=organisation.today, of=log.head, commitment=None, dues=None)
    log.extend("handed-over", organisation.server, day=organisation.today, deputy=deputy.key, roster=None)
    assert log.officers == {deputy.key}


def test_files_of_one_case_or_place_do_not_pass_for_another(organisation: Cast) -> None:
    """A swapped file, a swapped answer and a message of another reporter are seen."""
    first, second = (organisation.compose(organisation.reporter(), text=text) for text in ("een", "twee"))
    log = organisation.log_of(first)
    with pytest.raises(MismatchError):
        casework.open_message(second.files["content"], log.submitted, log, [organisation.one.identity])
    with pytest.raises(CryptoError):
        casework.open_contact(first.files["content"], log.submitted, log, [organisation.one.identity])


@pytest.mark.parametrize("length", [1, 16383, 16384, 65536, 1_048_576, 3_000_000])
def test_attachments_come_back_whole(length: int) -> None:
    """Content, length and digest survive; a flipped byte, a cut and another reference do not."""
    data = bytes(range(256)) * (length // 256 + 1)
    data = data[:length]
    ciphertext, sealed = seal_attachment("bewijs.pdf", data)
    assert b"".join(open_attachment(parts_of(ciphertext), sealed.ref)) == data
    assert sealed.size == len(ciphertext)
    for wrong in (ciphertext[:-1], ciphertext[:-1] + bytes([ciphertext[-1] ^ 1]), ciphertext + b"\0"):
        with pytest.raises(CryptoError):
            b"".join(open_attachment(parts_of(wrong), sealed.ref))
    _, other = seal_attachment("bewijs.pdf", data)
    with pytest.raises(NotForThisKeyError):
        b"".join(open_attachment(parts_of(ciphertext), other.ref))


def test_an_empty_attachment_is_refused() -> None:
    """A file of no bytes is no evidence."""
    with pytest.raises(FormatError):
        seal_attachment("leeg", b"")


def test_the_same_report_has_the_same_tag_and_every_change_another(organisation: Cast) -> None:
    """Sealing again changes every byte but the tag; each word, name, reader and attachment changes the tag."""
    reporter = organisation.reporter()
    _, attached = seal_attachment("a", b"x")
    _, again = seal_attachment("a", b"x")
    base = {"attachments": (attached,), "name": "n"}
    tags = [
        organisation.compose(reporter, **changes).entry.fields["tag"]
        for changes in (
            base,
            base | {"attachments": (again,)},
            base | {"text": "anders"},
            base | {"about": "anders"},
            base | {"kind": "advice"},
            base | {"name": ""},
            base | {"contact": "n", "name": ""},
            base | {"to": frozenset({organisation.one.key})},
            base | {"attachments": ()},
        )
    ]
    assert tags[0] == tags[1]
    assert len(set(tags)) == len(tags) - 1
