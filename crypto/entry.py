# SPDX-License-Identifier: EUPL-1.2
"""One entry of a case's log: its acts and their fields (docs/protocol.md section 8).

- Reading an entry verifies its signature and its fields; whether it fits the log is for `chain` to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from meldkluis.crypto import signed
from meldkluis.crypto.encoding import (
    Check,
    b64,
    binary,
    day,
    dump_json,
    integer,
    list_of,
    load_json,
    one_of,
    optional,
    organisation_name,
    read_fields,
)
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.limits import MEMBERS, Limits
from meldkluis.crypto.roster import check_recipient

_SIZE: Final = integer(1, 2**40)
_HASH: Final = binary(32)
_MOST_MESSAGES: Final = 1_000_000


@dataclass(frozen=True)
class FileRef:
    """A file as the log names it: payload hash, and size of the whole file in bytes when it was appended."""

    hash: bytes
    size: int


@dataclass(frozen=True)
class AttachmentFile:
    """An attachment's ciphertext as the log names it; digest over its 1 MiB parts."""

    id: bytes
    size: int
    digest: bytes


@dataclass(frozen=True)
class Dues:
    """Last days, nominal or earlier, of acknowledgement and feedback."""

    acknowledgement: date
    feedback: date


def _file(value: object) -> FileRef:
    return FileRef(**read_fields(value, {"hash": _HASH, "size": _SIZE}))


def _files(required: frozenset[str], possible: frozenset[str] = frozenset()) -> Check:
    def check(value: object) -> Mapping[str, FileRef]:
        if not isinstance(value, dict) or not required <= value.keys() <= required | possible:
            raise FormatError("not the files that belong here")
        return MappingProxyType({slot: _file(value[slot]) for slot in sorted(value)})

    return check


def _attachments(value: object) -> tuple[AttachmentFile, ...]:
    checks = {"id": binary(16), "size": _SIZE, "digest": _HASH}
    read = list_of(lambda item: AttachmentFile(**read_fields(item, checks)), Limits.attachments)
    attachments: tuple[AttachmentFile, ...] = read(value)
    if len({item.id for item in attachments}) != len(attachments):
        raise FormatError("an attachment stands twice")
    return attachments


def _sorted_set(check: Check) -> Check:
    def run(value: object) -> tuple[bytes, ...]:
        items: tuple[bytes, ...] = list_of(check, MEMBERS)(value)
        if list(items) != sorted(set(items)):
            raise FormatError("not sorted, or one stands twice")
        return items

    return run


def _dues(value: object) -> Dues:
    return Dues(**read_fields(value, {"acknowledgement": day, "feedback": day}))


key_set: Final = _sorted_set(_HASH)
"""Check for a sorted list of keys or hashes without repetition; gives a tuple."""

_ANSWER: Final = {
    "day": day,
    "number": integer(1, _MOST_MESSAGES),
    "files": _files(frozenset({"answer", "copy"})),
}
_DAY_ONLY: Final = {"day": day}
_NOTE: Final = {"day": day, "files": _files(frozenset({"note"}))}
TERMS: Final = ("acknowledgement", "feedback")
TERM_ENDS: Final = ("internal", "nominal")
"""A term lapses twice: on its last working day at noon, and when its last day is over."""

REPORTER_ACTS: Final[Mapping[str, Mapping[str, Check]]] = {
    "submitted": {
        "organisation": organisation_name,
        "roster": _HASH,
        "to": key_set,
        "not_to": key_set,
        "deputy": optional(_HASH),
        "keys": key_set,
        "tag": _HASH,
        "commitment": _HASH,
        "files": _files(frozenset({"content", "identity"})),
        "attachments": _attachments,
    },
    "message": {
        "number": integer(2, _MOST_MESSAGES),
        "files": _files(frozenset({"message"}), frozenset({"identity"})),
        "attachments": _attachments,
    },
    "withdrawn": {},
    "agreed": {"of": _HASH},
    "declined": {"of": _HASH},
    "objected": {},
}
SERVER_ACTS: Final[Mapping[str, Mapping[str, Check]]] = {
    "received": {"day": day, "of": _HASH, "commitment": optional(_HASH), "dues": optional(_dues)},
    "acknowledged-auto": _DAY_ONLY,
    "lapsed": {"day": day, "term": one_of(*TERMS), "end": one_of(*TERM_ENDS), "due": day},
    "handed-over": {"day": day, "deputy": _HASH, "roster": optional(_HASH)},
    "identity-destroyed": _DAY_ONLY,
    "destruction-announced": {"day": day, "on": day},
}
OFFICER_ACTS: Final[Mapping[str, Mapping[str, Check]]] = {
    "not-involved": _DAY_ONLY,
    "recused": _DAY_ONLY,
    "case-key": {
        "day": day,
        "recipient": check_recipient,
        "identity_recipient": check_recipient,
        "files": _files(frozenset(), frozenset({"grant"})),
    },
    "officer-added": {"day": day, "officer": _HASH, "key": _HASH, "files": _files(frozenset({"grant"}))},
    "acknowledged": _ANSWER,
    "answered": _ANSWER,
    "feedback": _ANSWER,
    "asked": _ANSWER,
    "identity-opened": _DAY_ONLY,
    "read": _DAY_ONLY,
    "noted": _NOTE,
    "clock-stopped": _ANSWER,
    "clock-runs": {"day": day, "since": day},
    "closed": {**_NOTE, "identity_until": day, "destroy_after": day, "register_until": day},
    "reopened": _NOTE,
    "held": {**_NOTE, "until": day},
    "released": _DAY_ONLY,
    "destruction-approved": _DAY_ONLY,
    "destroyed": _DAY_ONLY,
}
REPLY_ACTS: Final = frozenset({"agreed", "declined"})
"""The reporter's yes or no to what was asked; `of` is the hash of the entry that asked."""

MESSAGE_ACTS: Final = frozenset({"submitted", "message", "objected"}) | REPLY_ACTS
"""What the reporter sends and the server receives at once."""

NOTE_ACTS: Final = frozenset({"noted", "closed", "reopened", "held"})
"""Acts that bring a note which only the case's officers can read."""

ANSWER_ACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "acknowledged": ("acknowledgement",),
    "answered": ("answer",),
    "feedback": ("feedback",),
    "clock-stopped": ("clock",),
    "asked": ("account", "consent", "meeting", "detriment"),
}
"""Acts that bring an answer, with the kinds of which the answer's document must have one."""

ACTS: Final = {**REPORTER_ACTS, **SERVER_ACTS, **OFFICER_ACTS}


@dataclass(frozen=True)
class Entry:
    """A verified entry. `fields` holds what the act brings besides, parsed."""

    thing: signed.Thing = field(repr=False)
    case: bytes
    index: int
    head: bytes | None
    act: str
    fields: Mapping[str, Any] = field(repr=False)

    @property
    def author(self) -> bytes:
        """The verification key that signed the entry."""
        return self.thing.key

    @property
    def hash(self) -> bytes:
        """What the next entry builds on."""
        return self.thing.hash

    @property
    def raw(self) -> bytes:
        """The signed bytes."""
        return self.thing.raw

    @property
    def files(self) -> Mapping[str, FileRef]:
        """The files that came with the entry, by slot."""
        files: Mapping[str, FileRef] = self.fields.get("files", {})
        return files

    @property
    def attachments(self) -> tuple[AttachmentFile, ...]:
        """The attachments that came with the entry."""
        attachments: tuple[AttachmentFile, ...] = self.fields.get("attachments", ())
        return attachments


def parse_entry(raw: bytes) -> Entry:
    """Read and verify one entry; FormatError or SignatureError."""
    return _read(signed.open_thing(raw, "entry"))


def read_stored(raw: bytes) -> Entry:
    """Read an entry that was verified when it was stored; FormatError. Never for what came over the wire."""
    return _read(signed.trust(raw, "entry"))


def _read(thing: signed.Thing) -> Entry:
    document = load_json(thing.payload)
    act = document.get("act")
    if not isinstance(act, str) or act not in ACTS:
        raise FormatError("an unknown act")
    common: dict[str, Check] = {
        "case": binary(16),
        "entry": integer(0, _MOST_MESSAGES),
        "head": optional(_HASH),
        "act": one_of(act),
    }
    fields = read_fields(document, {**common, **ACTS[act]})
    rest = {name: value for name, value in fields.items() if name not in common}
    return Entry(thing, fields["case"], fields["entry"], fields["head"], act, rest)


def _plain(value: object) -> object:
    match value:
        case bytes():
            return b64(value)
        case date():
            return value.isoformat()
        case FileRef() | AttachmentFile() | Dues():
            return {name: _plain(item) for name, item in vars(value).items()}
        case Mapping():
            return {name: _plain(item) for name, item in value.items()}
        case tuple() | list():
            return [_plain(item) for item in value]
    return value


def make_entry(
    act: str, *, case: bytes, index: int, head: bytes | None, signer: signed.SigningKey, **fields: object
) -> Entry:
    """Sign an entry; bytes, days and the classes above become their written form."""
    document = {"case": b64(case), "entry": index, "head": None if head is None else b64(head), "act": act}
    document |= {name: _plain(value) for name, value in fields.items()}
    return _read(signed.sign("entry", dump_json(document), signer))
