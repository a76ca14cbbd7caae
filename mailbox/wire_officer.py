# SPDX-License-Identifier: EUPL-1.2
"""Bodies of the officers' interface (docs/protocol.md section 10); see `wire`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Self

from meldkluis.crypto.encoding import (
    b64,
    binary,
    day,
    dump_json,
    integer,
    list_of,
    load_json,
    one_of,
    optional,
    read_fields,
)
from meldkluis.crypto.limits import HEADER, KIB, STANZAS, Limits
from meldkluis.crypto.roster import RosterVersion
from meldkluis.mailbox.actions import KINDS
from meldkluis.mailbox.policy import Policy
from meldkluis.mailbox.wire_checks import (
    ENTRY,
    FILE,
    MOST_ENTRIES,
    SITE,
    THING,
    answer_slot,
    any_slot,
    blob,
    map_of,
    place,
    things,
    versions,
)


@dataclass(frozen=True)
class StatusAnswer:
    """`GET /v1/status`: what a workstation checks before anything else."""

    day: date
    organisation: str
    rosters: tuple[RosterVersion, ...]
    proposal: RosterVersion | None
    intake_keys: tuple[bytes, ...]
    policy: Policy

    def dump(self) -> bytes:
        """Write the body."""
        return dump_json(
            {
                "day": self.day.isoformat(),
                "organisation": self.organisation,
                "policy": self.policy.to_json(),
                "roster": versions(self.rosters),
                "proposal": None if self.proposal is None else self.proposal.to_json(),
                "intake_keys": things(self.intake_keys),
            }
        )

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read the body."""
        checks = {**SITE, "proposal": optional(RosterVersion.from_json), "policy": Policy.from_json}
        fields = read_fields(load_json(body), checks)
        return cls(rosters=fields.pop("roster"), **fields)


@dataclass(frozen=True)
class RosterSignature:
    """`POST /v1/roster/signatures`: a member's signature under the proposal with this roster hash."""

    roster: bytes
    signature: bytes

    def dump(self) -> bytes:
        """Write the body."""
        return dump_json({"roster": b64(self.roster), "signature": b64(self.signature)})

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read the body."""
        return cls(**read_fields(load_json(body), {"roster": binary(32), "signature": binary(64)}))


@dataclass(frozen=True)
class Announcement:
    """`POST /v1/intake-keys`: a signed intake key."""

    thing: bytes

    def dump(self) -> bytes:
        """Write the body."""
        return dump_json({"thing": b64(self.thing)})

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read the body."""
        return cls(**read_fields(load_json(body), {"thing": blob(THING)}))


@dataclass(frozen=True)
class InboxLine:
    """A case in an inbox: how many entries its log has, the hash of the last, and what officers are reminded of."""

    case: bytes
    entries: int
    head: bytes
    reminders: tuple[tuple[str, date], ...] = ()


def _reminder(value: object) -> tuple[str, date]:
    fields = read_fields(value, {"kind": one_of(*KINDS), "day": day})
    return fields["kind"], fields["day"]


@dataclass(frozen=True)
class Inbox:
    """Payload of the signed list of cases: made for one officer and one request (its counter)."""

    officer: bytes
    nonce: int
    day: date
    cases: tuple[InboxLine, ...]

    def dump(self) -> bytes:
        """Write the payload."""
        return dump_json(
            {
                "officer": b64(self.officer),
                "nonce": self.nonce,
                "day": self.day.isoformat(),
                "cases": [
                    {
                        "case": b64(line.case),
                        "entries": line.entries,
                        "head": b64(line.head),
                        "reminders": [{"kind": kind, "day": due.isoformat()} for kind, due in line.reminders],
                    }
                    for line in self.cases
                ],
            }
        )

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Read the payload."""
        line = {
            "case": binary(16),
            "entries": integer(1, MOST_ENTRIES),
            "head": binary(32),
            "reminders": list_of(_reminder, 1000),
        }
        checks = {
            "officer": binary(32),
            "nonce": integer(0, 2**63 - 1),
            "day": day,
            "cases": list_of(lambda value: InboxLine(**read_fields(value, line)), 1_000_000),
        }
        return cls(**read_fields(load_json(payload), checks))


@dataclass(frozen=True)
class InboxAnswer:
    """`GET /v1/cases`: the signed inbox."""

    inbox: bytes = field(repr=False)

    def dump(self) -> bytes:
        """Write the body."""
        return dump_json({"inbox": b64(self.inbox)})

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read the body."""
        return cls(**read_fields(load_json(body), {"inbox": blob(256 * KIB * KIB)}))


@dataclass(frozen=True)
class CertificatesAnswer:
    """`GET /v1/certificates`: certificates of destroyed cases that the officer was in, as signed things."""

    certificates: tuple[bytes, ...]

    def dump(self) -> bytes:
        """Write the body."""
        return dump_json({"certificates": things(self.certificates)})

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read the body."""
        return cls(**read_fields(load_json(body), {"certificates": list_of(blob(ENTRY), MOST_ENTRIES)}))


@dataclass(frozen=True)
class FileLine:
    """A file of a case in a list; size of the whole age file in bytes, as it is served."""

    entry: int
    slot: str
    size: int


@dataclass(frozen=True)
class AttachmentLine:
    """An attachment of a case in a list; size in bytes of ciphertext."""

    entry: int
    id: bytes
    size: int


@dataclass(frozen=True)
class CaseAnswer:
    """`GET /v1/cases/{case}`: the log from entry n on, and what can be fetched."""

    log: tuple[bytes, ...] = field(repr=False)
    files: tuple[FileLine, ...]
    attachments: tuple[AttachmentLine, ...]

    def dump(self) -> bytes:
        """Write the body."""
        return dump_json(
            {
                "log": things(self.log),
                "files": [{"entry": line.entry, "slot": line.slot, "size": line.size} for line in self.files],
                "attachments": [
                    {"entry": line.entry, "id": b64(line.id), "size": line.size} for line in self.attachments
                ],
            }
        )

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read the body."""
        entry, size = integer(0, MOST_ENTRIES), integer(1, 2**53)
        file, attachment = (
            {"entry": entry, "slot": any_slot, "size": size},
            {"entry": entry, "id": binary(16), "size": size},
        )
        checks = {
            "log": list_of(blob(ENTRY), MOST_ENTRIES),
            "files": list_of(lambda value: FileLine(**read_fields(value, file)), 2 * MOST_ENTRIES),
            "attachments": list_of(lambda value: AttachmentLine(**read_fields(value, attachment)), MOST_ENTRIES),
        }
        return cls(**read_fields(load_json(body), checks))


@dataclass(frozen=True)
class AppendRequest:
    """`POST /v1/cases/{case}/log`: an officer's entry, its files, and with `case-key` the new headers by place."""

    entry: bytes = field(repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    headers: Mapping[tuple[int, str], bytes] = field(default_factory=dict, repr=False)

    def dump(self) -> bytes:
        """Write the body."""
        return dump_json(
            {
                "entry": b64(self.entry),
                "files": {slot: b64(file) for slot, file in self.files.items()},
                "headers": {f"{entry}/{slot}": b64(header) for (entry, slot), header in self.headers.items()},
            }
        )

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read the body."""
        checks = {
            "entry": blob(ENTRY),
            "files": map_of(answer_slot, blob(FILE), STANZAS),
            "headers": map_of(place, blob(HEADER), 2 * Limits.messages),
        }
        return cls(**read_fields(load_json(body), checks))


@dataclass(frozen=True)
class AppendAnswer:
    """The log after an append: number of entries and head."""

    entries: int
    head: bytes

    def dump(self) -> bytes:
        """Write the body."""
        return dump_json({"entries": self.entries, "head": b64(self.head)})

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read the body."""
        return cls(**read_fields(load_json(body), {"entries": integer(1, MOST_ENTRIES), "head": binary(32)}))
