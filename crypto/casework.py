# SPDX-License-Identifier: EUPL-1.2
"""What an officer does with a case: open, take over, answer (docs/protocol.md sections 6 and 7).

- Whatever is opened is held against the log: payload hash, author, case, number, addressees, commitment.
- The reporter's side of an answer is opened here too, by door and mailbox.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from meldkluis.crypto import age
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import sha256
from meldkluis.crypto.entry import ANSWER_ACTS, Entry, FileRef
from meldkluis.crypto.errors import ChainError, FormatError, MismatchError
from meldkluis.crypto.message import (
    AnswerDocument,
    AnswerMessage,
    CaseNote,
    Contact,
    Document,
    Grant,
    IdentityMessage,
    ReporterMessage,
    check_first,
    open_inside,
    sign_inside,
)
from meldkluis.crypto.note import Note
from meldkluis.crypto.padding import unpad_text
from meldkluis.crypto.report import Sealed, file_ref, seal
from meldkluis.crypto.roster import IntakeKey
from meldkluis.crypto.signed import SigningKey


@dataclass(frozen=True)
class OpenedMessage:
    """A reporter's message that holds: what was signed, and the document."""

    message: ReporterMessage
    document: Document


@dataclass(frozen=True)
class TakeOver:
    """A case key announced: the entry, its files, new headers by (entry index, slot), and the secrets to keep."""

    entry: Entry
    files: Mapping[str, bytes] = field(repr=False)
    headers: Mapping[tuple[int, str], bytes] = field(repr=False)
    grant: Grant = field(repr=False)


def _open_file(file: bytes, ref: FileRef, identities: Sequence[str]) -> bytes:
    _, payload = age.split(file)
    if sha256(payload) != ref.hash:
        raise MismatchError("not the file that the log names")
    return unpad_text(age.decrypt(file, identities))


def _same_case(log: CaseLog, entry: Entry, case: bytes) -> None:
    if case != log.case or log.entries[entry.index] is not entry:
        raise MismatchError("of another case")


def _message_number(entry: Entry) -> int:
    return 1 if entry.act == "submitted" else int(entry.fields["number"])


def open_message(file: bytes, entry: Entry, log: CaseLog, identities: Sequence[str]) -> OpenedMessage:
    """Open a reporter's `content` or `message` file and hold it against the log.

    NotForThisKeyError, FormatError, SignatureError or MismatchError.
    """
    slot = "content" if entry.act == "submitted" else "message"
    raw = _open_file(file, entry.files[slot], identities)
    message = open_inside(raw, ReporterMessage, log.reporter_key)
    _same_case(log, entry, message.case)
    check_first(message)
    submitted = log.submitted.fields
    expected = (submitted["to"], submitted["not_to"], submitted["deputy"])
    if message.number != _message_number(entry) or (message.to, message.not_to, message.deputy) != expected:
        raise MismatchError("not the message that the log names")
    if message.number == 1 and (message.roster, message.commitment) != (submitted["roster"], submitted["commitment"]):
        raise MismatchError("not the report that the log names")
    if message.number > 1 and message.head != entry.head:
        raise MismatchError("written on another log than this")
    document = Document.load(message.document)
    named = {(item.id, item.digest) for item in entry.attachments}
    if {(item.id, item.digest) for item in document.attachments} != named:
        raise MismatchError("not the attachments that the log names")
    return OpenedMessage(message, document)


def open_contact(file: bytes, entry: Entry, log: CaseLog, identities: Sequence[str]) -> Contact:
    """Open the contact details that came with an entry of the reporter."""
    raw = _open_file(file, entry.files["identity"], identities)
    inside = open_inside(raw, IdentityMessage, log.reporter_key)
    _same_case(log, entry, inside.case)
    if inside.number != _message_number(entry):
        raise MismatchError("contact details of another message")
    return Contact.load(inside.document)


def open_grant(file: bytes, entry: Entry, log: CaseLog, identities: Sequence[str]) -> Grant:
    """Open the case secrets that another officer sealed, and check that they are those of the announcement."""
    grant = open_inside(_open_file(file, entry.files["grant"], identities), Grant, entry.author)
    _same_case(log, entry, grant.case)
    _check_secrets(grant, log)
    return grant


def _check_secrets(grant: Grant, log: CaseLog) -> None:
    made = [age.recipient_of(age.identity_from_seed(seed)) for seed in (grant.secret, grant.identity_secret)]
    announced = log.case_key
    # Not the log's recipients: contact details may be encrypted to the case key by now.
    if announced is None or made != [announced.fields["recipient"], announced.fields["identity_recipient"]]:
        raise MismatchError("not the secrets of the announced keys")


def take_over(
    log: CaseLog,
    headers: Mapping[tuple[int, str], bytes],
    identities: Sequence[str],
    intake_keys: Iterable[IntakeKey],
    key: SigningKey,
    today: date,
) -> TakeOver:
    """Make the case's keys and wrap every file of the reporter so far to them alone.

    `headers` holds the present age header of each `content`, `message` and `identity` file by (entry index, slot), each
    seen to open its own file: a header of another case, wrapped here, would open that case to this one's officers.
    `intake_keys` are those that `submitted` names. NotForThisKeyError when a header was never for these identities;
    ChainError when an officer's intake key is missing.
    """
    grant = Grant(log.case, os.urandom(32), os.urandom(32))
    case_to, identity_to = (
        age.recipient_of(age.identity_from_seed(seed)) for seed in (grant.secret, grant.identity_secret)
    )
    files: dict[str, bytes] = {}
    # Who withdrew as involved gets no secret of what is still to be written, whatever the server would hand out.
    others = log.officers - {key.verify_key}
    granted = [item.recipient for item in _named(log, intake_keys) if item.officer in others]
    if len(log.ever_officers) > 1:
        files["grant"] = seal(sign_inside(grant, key), granted or [age.recipient_of(age.generate_identity())])
    entry = log.extend(
        "case-key",
        key,
        day=today,
        recipient=case_to,
        identity_recipient=identity_to,
        files={slot: file_ref(file) for slot, file in files.items()},
    )
    wrapped = {
        place: age.rewrap(header, identities, [identity_to if place[1] == "identity" else case_to])
        for place, header in headers.items()
    }
    return TakeOver(entry, files, wrapped, grant)


def _named(log: CaseLog, intake_keys: Iterable[IntakeKey]) -> list[IntakeKey]:
    added = (entry.fields["key"] for entry in log.entries if entry.act == "officer-added")
    hashes = {*log.submitted.fields["keys"], *added}
    named = [item for item in intake_keys if item.hash in hashes]
    if not set(log.to) <= {item.officer for item in named}:
        raise ChainError("an intake key that the report names is missing")
    return named


def compose_note(act: str, note: Note, log: CaseLog, key: SigningKey, today: date, **fields: date) -> Sealed:
    """Seal a note to the officers of the case; the entry, of NOTE_ACTS with its own fields, is taken into the log."""
    if log.head is None or log.case_recipient is None:
        raise ChainError("nobody took the case over yet")
    inside = sign_inside(CaseNote(log.case, log.head, note.dump()), key)
    files = {"note": seal(inside, [log.case_recipient])}
    refs = {slot: file_ref(file) for slot, file in files.items()}
    return Sealed(log.extend(act, key, day=today, files=refs, **fields), files)


def open_note(file: bytes, entry: Entry, log: CaseLog, identities: Sequence[str]) -> Note:
    """Open a note and hold it against the log."""
    inside = open_inside(_open_file(file, entry.files["note"], identities), CaseNote, entry.author)
    _same_case(log, entry, inside.case)
    if inside.head != entry.head:
        raise MismatchError("not the note that the log names")
    return Note.load(inside.document)


def compose_answer(
    act: str,
    text: str,
    log: CaseLog,
    reply: str,
    roster: bytes,
    key: SigningKey,
    today: date,
    *,
    kind: str | None = None,
    slots: Sequence[str] = (),
) -> Sealed:
    """Seal an answer to the reporter and its copy for the officers; the entry is taken into the log.

    `act` is one of ANSWER_ACTS; `reply` the recipient in the first message. `kind` is told where the act has several,
    and `slots` with a `meeting`. FormatError for what no reader would take.
    """
    if log.head is None or log.case_recipient is None:
        raise ChainError("nobody took the case over yet")
    number = log.next_number(key.verify_key)
    kinds = ANSWER_ACTS[act]
    if kind is None and len(kinds) == 1:
        kind = kinds[0]
    if kind not in kinds or (slots and kind != "meeting"):
        raise FormatError("an answer that its act does not bring")
    document = AnswerDocument(kind, text.replace("\r\n", "\n"), tuple(slots)).dump()
    # What no reader would take must not get into a log, whose entries nobody can take back.
    AnswerDocument.load(document)
    inside = sign_inside(AnswerMessage(log.case, number, roster, log.head, document), key)
    files = {"answer": seal(inside, [reply]), "copy": seal(inside, [log.case_recipient])}
    refs = {slot: file_ref(file) for slot, file in files.items()}
    return Sealed(log.extend(act, key, day=today, number=number, files=refs), files)


def open_answer(file: bytes, slot: str, entry: Entry, log: CaseLog, identities: Sequence[str]) -> AnswerDocument:
    """Open an answer (slot `answer`, by the reporter) or its copy (slot `copy`, by an officer)."""
    inside = open_inside(_open_file(file, entry.files[slot], identities), AnswerMessage, entry.author)
    _same_case(log, entry, inside.case)
    document = AnswerDocument.load(inside.document)
    if (inside.number, inside.head) != (entry.fields["number"], entry.head):
        raise MismatchError("not the answer that the log names")
    if document.kind not in ANSWER_ACTS[entry.act]:
        raise MismatchError("an answer of another kind than the log says")
    return document
