# SPDX-License-Identifier: EUPL-1.2
"""What a reporter sends, whole: from the words to signed entry and sealed files (docs/protocol.md section 6).

- Door and tests use it; the browser does the same in JavaScript, held equal by shared vectors.
- Nothing of the draft is kept after the call.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from meldkluis.crypto import age, signed
from meldkluis.crypto.attachment import SealedAttachment
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import frame, sha256
from meldkluis.crypto.entry import AttachmentFile, Entry, FileRef, make_entry
from meldkluis.crypto.errors import ChainError, FormatError, RosterError
from meldkluis.crypto.message import (
    Contact,
    Document,
    IdentityMessage,
    ReporterMessage,
    commitment_of,
    sign_inside,
)
from meldkluis.crypto.padding import pad_text
from meldkluis.crypto.receipt import Receipt
from meldkluis.crypto.roster import IntakeKey, Roster


@dataclass(frozen=True)
class Draft:
    """What a reporter filled in. `to` are the keys left ticked; who is not ticked is left out."""

    kind: str
    about: str = field(repr=False)
    text: str = field(repr=False)
    to: frozenset[bytes] = frozenset()
    name: str = field(default="", repr=False)
    contact: str = field(default="", repr=False)
    language: str = "nl"
    strength: str = "door"
    attachments: Sequence[SealedAttachment] = ()

    def document(self) -> Document:
        """Return the document of the message."""
        refs = tuple(item.ref for item in self.attachments)
        return Document(_lines(self.about), self.kind, _lines(self.text), self.language, self.strength, refs)


@dataclass(frozen=True)
class Sealed:
    """An entry with the files that it names, ready to send."""

    entry: Entry
    files: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True)
class Addressees:
    """Who gets a report: disjoint, sorted, as the entry names them."""

    to: tuple[bytes, ...]
    not_to: tuple[bytes, ...]
    deputy: bytes | None


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def address(roster: Roster, chosen: Iterable[bytes]) -> Addressees:
    """Return the addressees of a report to the chosen members.

    When of all members only the deputy is left, the deputy gets the report itself. RosterError when nobody is left.
    """
    wanted = set(chosen)
    if any(roster.member(key) is None for key in wanted):
        raise RosterError("somebody who is not in the roster")
    deputy = roster.deputy.key if roster.deputy and roster.deputy.key in wanted else None
    to = sorted(member.key for member in roster.officers if member.key in wanted)
    if not to and deputy is not None:
        to, deputy = [deputy], None
    if not to:
        raise RosterError("everybody was left out")
    out = sorted(member.key for member in roster.members if member.key not in wanted)
    return Addressees(tuple(to), tuple(out), deputy)


def tag_of(receipt: Receipt, draft: Draft, addressees: Addressees) -> bytes:
    """Return the tag by which the same report sent twice is known: 32 bytes (docs/protocol.md section 4)."""
    texts = (draft.kind, _lines(draft.about), _lines(draft.text), _lines(draft.name), _lines(draft.contact))
    pieces = [frame(text.encode("utf-8")) for text in texts]
    pieces += [len(addressees.to).to_bytes(4, "big"), *addressees.to, frame(addressees.deputy or b"")]
    pieces.append(len(draft.attachments).to_bytes(4, "big"))
    for item in draft.attachments:
        length = item.ref.length.to_bytes(8, "big")
        pieces += [frame(item.ref.name.encode("utf-8")), length, item.plaintext_digest]
    return hmac.new(receipt.tag, b"".join(pieces), hashlib.sha256).digest()


def file_ref(file: bytes) -> FileRef:
    """Return how the log names this file."""
    _, payload = age.split(file)
    return FileRef(sha256(payload), len(file))


def seal(thing: signed.Thing, recipients: Sequence[str], slots: int | None = None) -> bytes:
    """Pad and encrypt what stands inside a file."""
    encryptor = age.Encryptor(recipients, slots)
    return encryptor.header + encryptor.update(pad_text(thing.raw)) + encryptor.finish()


def _attachment_files(draft: Draft) -> tuple[AttachmentFile, ...]:
    return tuple(AttachmentFile(item.ref.id, item.size, item.ref.digest) for item in draft.attachments)


def _keys_for(members: Iterable[bytes], keys: Mapping[bytes, IntakeKey]) -> list[IntakeKey]:
    try:
        return [keys[member] for member in members]
    except KeyError:
        raise RosterError("a reader has no intake key") from None


def compose_report(receipt: Receipt, draft: Draft, roster: Roster, intake_keys: Mapping[bytes, IntakeKey]) -> Sealed:
    """Seal a first message to the chosen members. `intake_keys` is by member.

    RosterError when nobody is left or a reader has no key; FormatError when the text is too long.
    """
    readers = address(roster, draft.to)
    keys = _keys_for((*readers.to, *([readers.deputy] if readers.deputy else ())), intake_keys)
    signing, case, document = receipt.signing_key, receipt.case, draft.document().dump()
    commitment = commitment_of(receipt.commit, document)
    message = ReporterMessage(
        case=case,
        number=1,
        roster=roster.hash,
        head=None,
        to=readers.to,
        not_to=readers.not_to,
        deputy=readers.deputy,
        reply=receipt.recipient,
        commit_key=receipt.commit,
        commitment=commitment,
        document=document,
    )
    contact = Contact(_lines(draft.name), _lines(draft.contact)).dump()
    recipients = [key.recipient for key in keys]
    files = {
        "content": seal(sign_inside(message, signing), recipients, roster.slots),
        "identity": seal(sign_inside(IdentityMessage(case, 1, contact), signing), recipients, roster.slots),
    }
    entry = make_entry(
        "submitted",
        case=case,
        index=0,
        head=None,
        signer=signing,
        organisation=roster.organisation,
        roster=roster.hash,
        to=readers.to,
        not_to=readers.not_to,
        deputy=readers.deputy,
        keys=sorted(key.hash for key in keys),
        tag=tag_of(receipt, draft, readers),
        commitment=commitment,
        files={slot: file_ref(file) for slot, file in files.items()},
        attachments=_attachment_files(draft),
    )
    return Sealed(entry, files)


def later_recipients(log: CaseLog, intake_keys: Iterable[IntakeKey]) -> tuple[list[str], list[str]]:
    """Return whom a later message, and contact details with it, are encrypted to.

    `intake_keys` must hold those that `submitted` names. RosterError when one is missing.
    """
    named = {key.officer: key for key in intake_keys if key.hash in log.submitted.fields["keys"]}
    deputy = [named[log.deputy].recipient] if log.deputy in named else []
    if log.deputy is not None and not deputy:
        raise RosterError("the deputy's intake key is missing")
    if log.case_recipient is None or log.identity_recipient is None:
        recipients = [key.recipient for key in _keys_for(log.to, named)] + deputy
        return recipients, recipients
    if not log.deputy_reads:
        deputy = []
    return [log.case_recipient, *deputy], [log.identity_recipient, *deputy]


def compose_addition(
    receipt: Receipt, draft: Draft, log: CaseLog, roster: Roster, intake_keys: Iterable[IntakeKey]
) -> Sealed:
    """Seal a later message on top of the log that its author has just seen and verified."""
    if log.head is None or log.reporter_key != receipt.signing_key.verify_key:
        raise ChainError("not the log of this code")
    if not (draft.text.strip() or draft.attachments or draft.name or draft.contact):
        raise FormatError("nothing to send")
    signing, number = receipt.signing_key, log.next_number(log.reporter_key)
    message_to, identity_to = later_recipients(log, intake_keys)
    message = ReporterMessage(
        case=log.case,
        number=number,
        roster=roster.hash,
        head=log.head,
        to=log.to,
        not_to=log.not_to,
        deputy=log.deputy,
        reply=None,
        commit_key=None,
        commitment=None,
        document=draft.document().dump(),
    )
    files = {"message": seal(sign_inside(message, signing), message_to, roster.slots)}
    if draft.name or draft.contact:
        contact = Contact(_lines(draft.name), _lines(draft.contact)).dump()
        inside = sign_inside(IdentityMessage(log.case, number, contact), signing)
        files["identity"] = seal(inside, identity_to, roster.slots)
    entry = make_entry(
        "message",
        case=log.case,
        index=len(log.entries),
        head=log.head,
        signer=signing,
        number=number,
        files={slot: file_ref(file) for slot, file in files.items()},
        attachments=_attachment_files(draft),
    )
    return Sealed(entry, files)
