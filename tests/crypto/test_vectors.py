# SPDX-License-Identifier: EUPL-1.2
"""Python reads the vectors that JavaScript reads too (tests/vectors/shared.json), good and bad."""

import base64
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from meldkluis.crypto import age, casework, padding, receipt, report, signed
from meldkluis.crypto.attachment import SealedAttachment, open_attachment, parts_of
from meldkluis.crypto.chain import CaseLog, replay
from meldkluis.crypto.encoding import load_json, unb64
from meldkluis.crypto.errors import CryptoError, FormatError, MismatchError, PaddingError, RosterError
from meldkluis.crypto.message import AnswerDocument, AnswerMessage, AttachmentRef, Document, _attachment, sign_inside
from meldkluis.crypto.roster import RosterVersion, have_left, parse_intake_key, verify_chain

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "shared.json").read_text())
CONVERSATION = VECTORS["conversation"]
ERRORS = {
    "count": receipt.WordCountError,
    "unknown": receipt.UnknownWordError,
    "checksum": receipt.ChecksumError,
}


def named(items: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(item, id=item["name"]) for item in items]


@pytest.mark.parametrize("vector", VECTORS["receipt"]["good"], ids=lambda v: f"{v['language']} {v['entropy']}")
def test_codes_derive_the_same_secrets(vector: dict[str, Any]) -> None:
    """Every spelling of a code gives the same five secrets, case and recipient."""
    for text in (vector["code"], *vector["spellings"]):
        made = receipt.derive(text, VECTORS["receipt"]["organisation"])
        for name in ("address", "reply", "sign", "tag", "commit", "case"):
            assert getattr(made, name) == unb64(vector[name])
        assert (made.identity, made.recipient) == (vector["identity"], vector["recipient"])
    assert receipt.encode(unb64(vector["entropy"]), vector["language"]) == vector["code"]


@pytest.mark.parametrize("vector", VECTORS["receipt"]["bad"])
def test_wrong_codes_are_told_apart(vector: dict[str, Any]) -> None:
    """What is wrong with a text that is no code is said the same on both sides."""
    with pytest.raises(ERRORS[vector["error"]]) as caught:
        receipt.parse(vector["text"])
    if "number" in vector:
        assert caught.value.number == vector["number"]


def test_padding() -> None:
    """Classes and sizes agree; what no writer makes is refused."""
    for vector in VECTORS["padding"]["text"]:
        padded = padding.pad_text(b"\x80" * vector["length"])
        assert len(padded) == vector["padded"]
        assert padding.unpad_text(padded) == b"\x80" * vector["length"]
    with pytest.raises(FormatError):
        padding.pad_text(bytes(VECTORS["padding"]["too_long"]))
    for vector in VECTORS["padding"]["attachment"]:
        assert padding.attachment_size(vector["length"]) == vector["padded"]
        assert sum(map(len, padding.attachment_padding(vector["length"]))) == vector["padded"] - vector["length"]
    for vector in VECTORS["padding"]["bad"]:
        with pytest.raises(PaddingError):
            padding.unpad_text(base64.b64decode(vector["padded"]))


def test_a_signed_thing_reads_and_is_made_the_same() -> None:
    """Ed25519 is deterministic, so both sides make the very same bytes."""
    vector = VECTORS["thing"]
    key = signed.SigningKey.from_seed(unb64(vector["seed"]))
    thing = signed.sign(vector["type"], unb64(vector["payload"]), key)
    assert (thing.raw, thing.hash) == (unb64(vector["raw"]), unb64(vector["hash"]))
    assert signed.open_thing(thing.raw, "entry") == thing


@pytest.mark.parametrize("vector", named(VECTORS["thing"]["bad"]))
def test_no_other_bytes_pass_for_a_signed_thing(vector: dict[str, Any]) -> None:
    """Malleable, small-order, mistyped and cut things are refused."""
    with pytest.raises(CryptoError):
        signed.open_thing(unb64(vector["raw"]), "entry")


def test_json_and_base64_are_read_strictly() -> None:
    """Both sides take and refuse the same texts."""
    for text in VECTORS["encoding"]["json"]["good"]:
        load_json(text.encode())
    for text in VECTORS["encoding"]["json"]["bad"]:
        with pytest.raises(FormatError):
            load_json(text.encode())
    for text in VECTORS["encoding"]["b64"]["good"]:
        unb64(text)
    for text in VECTORS["encoding"]["b64"]["bad"]:
        with pytest.raises(FormatError):
            unb64(text)


def versions(chain: list[Any]) -> list[RosterVersion]:
    return [RosterVersion.from_json(version) for version in chain]


def test_good_rosters_and_intake_keys() -> None:
    """A chain signed as it must be holds, from the anchor on."""
    for chain in VECTORS["roster"]["good"]:
        rosters = verify_chain(versions(chain), unb64(VECTORS["roster"]["anchor"]))
        assert rosters[0].slots == VECTORS["roster"]["slots"]
    today = date.fromisoformat(VECTORS["roster"]["today"])
    for raw in VECTORS["roster"]["intake_keys"]:
        assert parse_intake_key(unb64(raw), CONVERSATION["organisation"]).offered(today)
    for raw in VECTORS["roster"]["bad_intake_keys"]:
        with pytest.raises(CryptoError):
            parse_intake_key(unb64(raw), CONVERSATION["organisation"])


@pytest.mark.parametrize("vector", named(VECTORS["roster"]["bad"]))
def test_no_other_roster_counts(vector: dict[str, Any]) -> None:
    """An administrator who adds a key of his own, and every other short cut, is refused."""
    with pytest.raises(RosterError):
        verify_chain(versions(vector["versions"]), unb64(VECTORS["roster"]["anchor"]))


@pytest.mark.parametrize("vector", named(VECTORS["roster"]["left"]))
def test_who_left_the_roster(vector: dict[str, Any]) -> None:
    """Only who stood in a roster before the one that is named, and not in it, left it."""
    rosters = verify_chain(versions(VECTORS["roster"]["good"][-1]), unb64(VECTORS["roster"]["anchor"]))
    officers = [unb64(key) for key in vector["officers"]]
    assert have_left(officers, unb64(vector["since"]), unb64(vector["named"]), rosters) is vector["holds"]


@pytest.fixture
def log() -> CaseLog:
    raws = [unb64(raw) for raw in CONVERSATION["log"]]
    keys = [unb64(key) for key in CONVERSATION["server_keys"]]
    return replay(raws, CONVERSATION["organisation"], unb64(CONVERSATION["case"]), keys)


@pytest.mark.parametrize("vector", named(CONVERSATION["bad_logs"]))
def test_no_other_log_holds(vector: dict[str, Any]) -> None:
    """Dropped, swapped, doubled, foreign and back-dated entries are refused."""
    with pytest.raises(CryptoError):
        replay(
            [unb64(raw) for raw in vector["log"]],
            CONVERSATION["organisation"],
            unb64(CONVERSATION["case"]),
            [unb64(key) for key in CONVERSATION["server_keys"]],
        )


def test_the_conversation_opens(log: CaseLog) -> None:
    """Report, addition and answer open with the keys that they were made for."""
    reporter = receipt.derive(CONVERSATION["code"], CONVERSATION["organisation"])
    officer = CONVERSATION["officers"][0]["identity"]
    opened = casework.open_message(unb64(CONVERSATION["files"]["content"]), log.submitted, log, [officer])
    assert load_json(opened.message.document.encode()) == CONVERSATION["document"]
    assert opened.message.reply == reporter.recipient
    contact = casework.open_contact(unb64(CONVERSATION["files"]["identity"]), log.submitted, log, [officer])
    assert (contact.name, contact.contact) == (CONVERSATION["draft"]["name"], CONVERSATION["draft"]["contact"])
    assert log.case_recipient == CONVERSATION["case_recipient"]
    entry = log.entries[CONVERSATION["answer"]["entry"]]
    answer = casework.open_answer(unb64(CONVERSATION["answer"]["file"]), "answer", entry, log, [reporter.identity])
    assert answer.text == CONVERSATION["answer"]["text"]
    case_identity = age.identity_from_seed(unb64(CONVERSATION["case_seed"]))
    message = casework.open_message(unb64(CONVERSATION["message"]), log.entries[-2], log, [case_identity])
    assert message.document.text == "Nog iets"


@pytest.mark.parametrize("vector", VECTORS["answers"]["good"], ids=lambda v: v["document"])
def test_answers_that_are_read(log: CaseLog, vector: dict[str, Any]) -> None:
    """Each kind of answer opens under its own act, with its moments."""
    document = load_json(vector["document"].encode())
    opened = opened_answer(log, vector)
    assert (opened.kind, opened.text, opened.slots) == (
        document["kind"],
        document["text"],
        tuple(document.get("slots", ())),
    )
    assert opened.dump() == vector["document"]


@pytest.mark.parametrize("vector", named(VECTORS["answers"]["bad"]))
def test_answers_that_are_refused(log: CaseLog, vector: dict[str, Any]) -> None:
    """A kind under another act, and moments where none belong or not as they should be."""
    with pytest.raises((FormatError, MismatchError)):
        opened_answer(log, vector)


def opened_answer(log: CaseLog, vector: dict[str, Any]) -> AnswerDocument:
    """Put a document into the log as an answer of the act, and open it as its reporter."""
    officer, reporter = (
        signed.SigningKey.from_seed(unb64(CONVERSATION["officers"][0]["signing_seed"])),
        receipt.derive(CONVERSATION["code"], CONVERSATION["organisation"]),
    )
    assert log.head is not None
    number = log.next_number(officer.verify_key)
    message = AnswerMessage(log.case, number, bytes(32), log.head, vector["document"])
    file = report.seal(sign_inside(message, officer), [reporter.recipient])
    refs = dict.fromkeys(("answer", "copy"), report.file_ref(file))
    entry = log.extend(vector["act"], officer, day=log.last_day, number=number, files=refs)
    return casework.open_answer(file, "answer", entry, log, [reporter.identity])


def test_the_tag_is_the_same() -> None:
    """The tag by which the same report is known does not depend on who computes it."""
    vector = CONVERSATION["draft"]
    attachments = [
        SealedAttachment(
            AttachmentRef(bytes(16), item["name"], item["length"], bytes(32), bytes(32), sealed=False),
            1,
            unb64(item["plaintext_digest"]),
        )
        for item in vector["attachments"]
    ]
    draft = report.Draft(
        vector["kind"],
        vector["about"],
        vector["text"],
        name=vector["name"],
        contact=vector["contact"],
        attachments=attachments,
    )
    readers = report.Addressees(tuple(map(unb64, vector["to"])), (), unb64(vector["deputy"]) or None)
    reporter = receipt.derive(CONVERSATION["code"], CONVERSATION["organisation"])
    assert report.tag_of(reporter, draft, readers) == unb64(CONVERSATION["tag"])


def test_the_attachment_opens() -> None:
    """Ciphertext, reference and content belong together."""
    vector = CONVERSATION["attachment"]
    ciphertext = base64.b64decode(vector["ciphertext"])
    content = b"".join(open_attachment(parts_of(ciphertext), _attachment(vector["ref"])))
    assert content == base64.b64decode(vector["plaintext"])
    assert len(ciphertext) == vector["size"]
    assert Document.load(json.dumps(CONVERSATION["document"])).attachments[0].name == "bon é.txt"
