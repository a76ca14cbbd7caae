# SPDX-License-Identifier: EUPL-1.2
"""What an officer does with a case: open, take over, add an officer, answer (docs/protocol.md sections 6 and 7).

- Whatever is opened is held against the log: payload hash, author, case, number, addressees, commitment.
- The reporter's side of an answer is opened here too, by door and mailbox.
"""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
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


def _made(seed: bytes) -> str:
    return age.recipient_of(age.identity_from_seed(seed))


def _check_secrets(grant: Grant, log: CaseLog) -> None:
    announced = log.case_key
    # Not the log's recipients: contact details may be encrypted to the case key by now.
    if announced is None or _made(grant.secret) != announced.fields["recipient"]:
        raise MismatchError("not the secret of the announced key")
    if grant.identity_secret is None:
        if not log.course.identity_gone:
            raise MismatchError("without the secret of the contact details, which are there still")
    elif _made(grant.identity_secret) != announced.fields["identity_recipient"]:
        raise MismatchError("not the secrets of the announced keys")
    older_secrets(grant, log)


def older_secrets(grant: Grant, log: CaseLog) -> dict[str, Grant]:
    """Return the secrets of earlier keys of the case that a grant holds, each by its announced recipient.

    MismatchError for a seed of no announced key.
    """
    seeds, found = {_made(seed): seed for seed in grant.older}, {}
    for entry in log.entries:
        secret = seeds.pop(entry.fields["recipient"], None) if entry.act == "case-key" else None
        if secret is not None:
            identity = seeds.pop(entry.fields["identity_recipient"], None)
            found[str(entry.fields["recipient"])] = Grant(log.case, secret, identity)
    if seeds:
        raise MismatchError("a secret of no key of this case")
    return found


def add_officer(log: CaseLog, intake_key: IntakeKey, secrets: Grant, key: SigningKey, today: date) -> Sealed:
    """Seal the case's secrets to a member's intake key; the entry `officer-added` is taken into the log.

    Whether the key's owner is a member of the roster is for the caller to know. MismatchError for secrets that are not
    the case's; ChainError, and nothing is sealed, for one whom the reporter left out or who withdrew.
    """
    _check_secrets(secrets, log)
    member = intake_key.officer
    if member in log.not_to or (member in log.ever_officers and member not in log.officers):
        raise ChainError("the reporter left this member out, or the member withdrew")
    files = {"grant": seal(sign_inside(secrets, key), [intake_key.recipient])}
    refs = {slot: file_ref(file) for slot, file in files.items()}
    entry = log.extend("officer-added", key, day=today, officer=member, key=intake_key.hash, files=refs)
    return Sealed(entry, files)


def take_over(
    log: CaseLog,
    headers: Mapping[tuple[int, str], bytes],
    identities: Sequence[str],
    intake_keys: Iterable[IntakeKey],
    key: SigningKey,
    today: date,
    gone: Collection[bytes] = (),
) -> TakeOver:
    """Make the case's keys and wrap every file of the reporter so far to them alone.

    `headers` holds the present age header of each `content`, `message` and `identity` file by (entry index, slot), each
    seen to open its own file: a header of another case, wrapped here, would open that case to this one's officers.
    `intake_keys` are those that `submitted` names. Officers of the case who are `gone` from the roster get no secret: a
    lost machine would hold it. NotForThisKeyError when a header was never for these identities;
    ChainError when the intake key of another is missing.
    """
    secret, identity_secret = os.urandom(32), os.urandom(32)
    grant, case_to, identity_to = Grant(log.case, secret, identity_secret), _made(secret), _made(identity_secret)
    files: dict[str, bytes] = {}
    # Who withdrew as involved gets no secret of what is still to be written, whatever the server would hand out.
    others = log.officers - {key.verify_key, *gone}
    granted = [item.recipient for item in _named(log, intake_keys, gone) if item.officer in others]
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


def _named(log: CaseLog, intake_keys: Iterable[IntakeKey], gone: Collection[bytes]) -> list[IntakeKey]:
    added = (entry.fields["key"] for entry in log.entries if entry.act == "officer-added")
    hashes = {*log.submitted.fields["keys"], *added}
    named = [item for item in intake_keys if item.hash in hashes]
    if not set(log.to).difference(gone) <= {item.officer for item in named}:
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
