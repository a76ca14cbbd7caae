# SPDX-License-Identifier: EUPL-1.2
"""Bodies of the reporter's site (docs/protocol.md section 9); see `wire`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Self

from meldkluis.crypto.encoding import b64, boolean, dump_json, integer, list_of, load_json, read_fields
from meldkluis.crypto.limits import Limits
from meldkluis.crypto.roster import RosterVersion
from meldkluis.mailbox.wire_checks import (
    ENTRY,
    FILE,
    MOST_ENTRIES,
    PAD,
    SITE,
    blob,
    exactly_files,
    map_of,
    number,
    things,
    versions,
)


@dataclass(frozen=True)
class KeysAnswer:
    """`GET /api/keys`: whom one can write to today."""

    day: date
    organisation: str
    rosters: tuple[RosterVersion, ...]
    intake_keys: tuple[bytes, ...]
    limits: Limits

    def dump(self) -> bytes:
        """Write the body."""
        limits = {name: getattr(self.limits, name) for name in _LIMITS}
        return dump_json(
            {
                "day": self.day.isoformat(),
                "organisation": self.organisation,
                "roster": versions(self.rosters),
                "intake_keys": things(self.intake_keys),
                "limits": limits,
            }
        )

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read the body."""
        fields = read_fields(load_json(body), {**SITE, "limits": lambda value: Limits(**read_fields(value, _LIMITS))})
        return cls(fields["day"], fields["organisation"], fields["roster"], fields["intake_keys"], fields["limits"])


_LIMITS: Final = dict.fromkeys(("document", "attachments", "attachment", "report"), integer(1, 2**53))


@dataclass(frozen=True)
class _EntryRequest:
    """An entry with the files that it names."""

    entry: bytes = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)

    def dump(self) -> bytes:
        """Write the body."""
        return dump_json({"entry": b64(self.entry), "files": {slot: b64(file) for slot, file in self.files.items()}})


class ReportRequest(_EntryRequest):
    """`POST /api/reports`: `submitted`, content and identity."""

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read the body."""
        return cls(**read_fields(load_json(body), {"entry": blob(ENTRY), "files": _REPORT_FILES}))


class AddRequest(_EntryRequest):
    """`POST /api/messages`: `message` and its files, or `objected`, `agreed`, `declined` and none."""

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read the body."""
        return cls(**read_fields(load_json(body), {"entry": blob(ENTRY), "files": _MESSAGE_FILES}))


_REPORT_FILES: Final = exactly_files("content", "identity")
# None at all beside what is no message; the desk holds what is here against the entry.
_MESSAGE_FILES: Final = exactly_files(possible=["message", "identity"])


@dataclass(frozen=True)
class ReportAnswer:
    """A report was received: the server's entry, and the proof of report."""

    received: bytes = field(repr=False)
    proof: bytes = field(repr=False)

    def dump(self) -> bytes:
        """Write the body."""
        return dump_json({"received": b64(self.received), "proof": b64(self.proof)})

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read the body."""
        return cls(**read_fields(load_json(body), {"received": blob(ENTRY), "proof": blob(ENTRY)}))


@dataclass(frozen=True)
class MessageAnswer:
    """A later message was received: the server's entry."""

    received: bytes = field(repr=False)

    def dump(self) -> bytes:
        """Write the body."""
        return dump_json({"received": b64(self.received)})

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read the body."""
        return cls(**read_fields(load_json(body), {"received": blob(ENTRY)}))


@dataclass(frozen=True)
class MailboxAnswer:
    """`POST /api/mailbox`: what a code opens; answers by the number of their entry."""

    found: bool
    day: date
    organisation: str
    rosters: tuple[RosterVersion, ...] = field(repr=False)
    intake_keys: tuple[bytes, ...] = field(repr=False)
    log: tuple[bytes, ...] = field(repr=False)
    answers: Mapping[int, bytes] = field(repr=False)

    def dump(self) -> bytes:
        """Write the body, padded to a multiple of 16 KiB."""
        body = dump_json(
            {
                "found": self.found,
                "day": self.day.isoformat(),
                "organisation": self.organisation,
                "roster": versions(self.rosters),
                "intake_keys": things(self.intake_keys),
                "log": things(self.log),
                "answers": {str(entry): b64(file) for entry, file in self.answers.items()},
                "pad": "",
            }
        )
        return body[:-2] + b"." * (-len(body) % PAD) + b'"}'

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read the body."""
        checks = {
            **SITE,
            "found": boolean,
            "log": list_of(blob(ENTRY), MOST_ENTRIES),
            "answers": map_of(number, blob(FILE), MOST_ENTRIES),
            "pad": lambda value: value,
        }
        fields = read_fields(load_json(body), checks)
        del fields["pad"]
        return cls(rosters=fields.pop("roster"), **fields)
