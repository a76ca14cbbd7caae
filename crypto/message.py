# SPDX-License-Identifier: EUPL-1.2
"""What stands inside the files: documents, messages, contact details, answers, grants (docs/protocol.md 6 and 7).

- Each is read strictly; whether it fits the log is for `report` to say.
- `about` is the first part of a document, which a workstation may show before the rest.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from meldkluis.crypto import signed
from meldkluis.crypto.encoding import (
    b64,
    binary,
    boolean,
    dump_json,
    integer,
    labelled_hash,
    line,
    list_of,
    load_json,
    one_of,
    optional,
    read_fields,
    sha256,
    text,
)
from meldkluis.crypto.entry import ANSWER_ACTS, key_set
from meldkluis.crypto.errors import FormatError, MismatchError
from meldkluis.crypto.limits import ATTACHMENT_NAME, MEETING_SLOT, MEETING_SLOTS, SHORT_TEXT, TEXT_CLASSES, Limits
from meldkluis.crypto.roster import check_recipient

KINDS: Final = ("report", "advice", "addition")
STRENGTHS: Final = ("browser", "door", "offline")
LANGUAGES: Final = ("nl", "en")
ANSWER_KINDS: Final = tuple(kind for kinds in ANSWER_ACTS.values() for kind in kinds)
CONFIRMED_KINDS: Final = ("account", "consent")
"""What the reporter answers with `agreed` or `declined`; the rest in a message, so that the server learns no choice."""

_TEXT: Final = text(TEXT_CLASSES[-1])
_NUMBER: Final = integer(1, 1_000_000)


@dataclass(frozen=True)
class AttachmentRef:
    """An attachment as its message names it: the key to it, and what it must turn out to be."""

    id: bytes
    name: str
    length: int
    seed: bytes = field(repr=False)
    digest: bytes
    sealed: bool


def _attachment(value: object) -> AttachmentRef:
    checks = {
        "id": binary(16),
        "name": text(ATTACHMENT_NAME),
        "length": integer(1, 2**40),
        "seed": binary(32),
        "digest": binary(32),
        "sealed": boolean,
    }
    return AttachmentRef(**read_fields(value, checks))


@dataclass(frozen=True)
class Document:
    """What the reporter wrote."""

    about: str = field(repr=False)
    kind: str
    text: str = field(repr=False)
    language: str
    strength: str
    attachments: tuple[AttachmentRef, ...] = ()

    def dump(self) -> str:
        """Return the document's written form, `about` first."""
        attachments = [
            {
                "id": b64(item.id),
                "name": item.name,
                "length": item.length,
                "seed": b64(item.seed),
                "digest": b64(item.digest),
                "sealed": item.sealed,
            }
            for item in self.attachments
        ]
        document = {
            "about": self.about,
            "version": 1,
            "kind": self.kind,
            "text": self.text,
            "language": self.language,
            "strength": self.strength,
            "attachments": attachments,
        }
        return dump_json(document).decode("utf-8")

    @classmethod
    def load(cls, written: str) -> "Document":
        """Read the written form strictly."""
        checks = {
            "about": text(SHORT_TEXT),
            "version": one_of(1),
            "kind": one_of(*KINDS),
            "text": _TEXT,
            "language": one_of(*LANGUAGES),
            "strength": one_of(*STRENGTHS),
            "attachments": list_of(_attachment, Limits.attachments),
        }
        fields = read_fields(load_json(written), checks)
        del fields["version"]
        return cls(**fields)


@dataclass(frozen=True)
class Contact:
    """Who the reporter is and how to reach them, as far as they want to say. Both may be empty."""

    name: str = field(default="", repr=False)
    contact: str = field(default="", repr=False)

    def dump(self) -> str:
        """Return the written form."""
        return dump_json({"version": 1, "name": self.name, "contact": self.contact}).decode("utf-8")

    @classmethod
    def load(cls, written: str) -> "Contact":
        """Read the written form strictly."""
        checks = {"version": one_of(1), "name": text(SHORT_TEXT), "contact": text(SHORT_TEXT)}
        fields = read_fields(load_json(written), checks)
        return cls(fields["name"], fields["contact"])


@dataclass(frozen=True)
class ReporterMessage:
    """A message as the reporter signed it. `reply`, `commit_key` and `commitment` stand in number 1 only."""

    case: bytes
    number: int
    roster: bytes
    head: bytes | None
    to: tuple[bytes, ...]
    not_to: tuple[bytes, ...]
    deputy: bytes | None
    reply: str | None
    commit_key: bytes | None = field(repr=False)
    commitment: bytes | None
    document: str = field(repr=False)


@dataclass(frozen=True)
class IdentityMessage:
    """Contact details as the reporter signed them, bound to case and message number."""

    case: bytes
    number: int
    document: str = field(repr=False)


@dataclass(frozen=True)
class AnswerMessage:
    """An officer's answer as signed."""

    case: bytes
    number: int
    roster: bytes
    head: bytes
    document: str = field(repr=False)


@dataclass(frozen=True)
class AnswerDocument:
    """What an officer wrote to the reporter. `slots`: the moments that a `meeting` offers; no other kind has any."""

    kind: str
    text: str = field(repr=False)
    slots: tuple[str, ...] = field(default=(), repr=False)

    def dump(self) -> str:
        """Return the written form."""
        slots = {"slots": list(self.slots)} if self.kind == "meeting" else {}
        return dump_json({"version": 1, "kind": self.kind, "text": self.text, **slots}).decode("utf-8")

    @classmethod
    def load(cls, written: str) -> "AnswerDocument":
        """Read the written form strictly."""
        document = load_json(written)
        checks = {"version": one_of(1), "kind": one_of(*ANSWER_KINDS), "text": _TEXT}
        if document.get("kind") == "meeting":
            checks["slots"] = _slots
        fields = read_fields(document, checks)
        return cls(fields["kind"], fields["text"], fields.get("slots", ()))


def _slots(value: object) -> tuple[str, ...]:
    slots: tuple[str, ...] = list_of(line(MEETING_SLOT), MEETING_SLOTS)(value)
    if not slots:
        raise FormatError("a meeting without a moment")
    return slots


@dataclass(frozen=True)
class Grant:
    """The two seeds that open a case, for another officer of it; the identity's is None once it was destroyed.

    `older` are the seeds of earlier keys of the case, as far as the sealer has them, in any order.
    """

    case: bytes
    secret: bytes = field(repr=False)
    identity_secret: bytes | None = field(repr=False)
    older: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class CaseNote:
    """What an officer wrote for the case's officers alone (`crypto.note`), as signed."""

    case: bytes
    head: bytes
    document: str = field(repr=False)


_OLDER: Final = 8
"""Seeds of earlier keys in a grant at the most; a case has two keys with two seeds each."""

_SEEDS: Final = list_of(binary(32), _OLDER)
_CASE: Final = binary(16)
_HASH: Final = binary(32)
_CHECKS: Final[Mapping[type, tuple[str, Mapping[str, Callable[[Any], Any]]]]] = {
    ReporterMessage: (
        "message",
        {
            "case": _CASE,
            "number": _NUMBER,
            "roster": _HASH,
            "head": optional(_HASH),
            "to": key_set,
            "not_to": key_set,
            "deputy": optional(_HASH),
            "reply": optional(check_recipient),
            "commit_key": optional(_HASH),
            "commitment": optional(_HASH),
            "document": _TEXT,
        },
    ),
    IdentityMessage: ("identity", {"case": _CASE, "number": _NUMBER, "document": _TEXT}),
    AnswerMessage: (
        "answer",
        {"case": _CASE, "number": _NUMBER, "roster": _HASH, "head": _HASH, "document": _TEXT},
    ),
    CaseNote: ("note", {"case": _CASE, "head": _HASH, "document": _TEXT}),
    Grant: (
        "grant",
        {"case": _CASE, "secret": _HASH, "identity_secret": optional(_HASH), "older": _SEEDS},
    ),
}


Inside = TypeVar("Inside", ReporterMessage, IdentityMessage, AnswerMessage, CaseNote, Grant)


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return b64(value)
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def sign_inside(
    what: ReporterMessage | IdentityMessage | AnswerMessage | CaseNote | Grant, key: signed.SigningKey
) -> signed.Thing:
    """Sign what stands inside a file."""
    document = {name: _plain(value) for name, value in vars(what).items()}
    return signed.sign(_CHECKS[type(what)][0], dump_json(document), key)


def open_inside(raw: bytes, kind: type[Inside], author: bytes) -> Inside:
    """Read what stands inside a file; MismatchError when somebody else than `author` signed it."""
    type_, checks = _CHECKS[kind]
    thing = signed.open_thing(raw, type_)
    if thing.key != author:
        raise MismatchError("signed by somebody else than the log says")
    return kind(**read_fields(load_json(thing.payload), checks))


def commitment_of(commit_key: bytes, document: str) -> bytes:
    """Return the commitment to a document: 32 bytes that show nothing without the key."""
    return labelled_hash("commit", commit_key, sha256(document.encode("utf-8")))


def check_first(message: ReporterMessage) -> None:
    """Raise FormatError unless exactly the first message carries reply recipient and commitment, which must hold."""
    extras = (message.reply, message.commit_key, message.commitment)
    if message.number > 1:
        if any(extra is not None for extra in extras) or message.head is None:
            raise FormatError("only the first message begins a case")
        return
    if message.reply is None or message.commit_key is None or message.commitment is None or message.head is not None:
        raise FormatError("the first message begins a case")
    if commitment_of(message.commit_key, message.document) != message.commitment:
        raise MismatchError("the commitment is not to this document")
