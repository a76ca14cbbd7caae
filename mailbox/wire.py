# SPDX-License-Identifier: EUPL-1.2
"""What server and clients say to each other: the JSON bodies of docs/protocol.md sections 9 and 10.

- One class a body; `dump` writes it, `parse` reads it strictly (FormatError for anything but exactly these fields).
- Sizes are bounded here; signatures, files and logs inside are for `crypto` to check.
- Pure; both sides use it. Requests of officers are signed with `sign_request` (see `wire_signature`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Self

from meldkluis.crypto.encoding import dump_json, load_json
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.limits import HEADER
from meldkluis.mailbox.wire_checks import ENTRY, FILE, PAD
from meldkluis.mailbox.wire_officer import (
    Announcement,
    AppendAnswer,
    AppendRequest,
    AttachmentLine,
    CaseAnswer,
    CertificatesAnswer,
    FileLine,
    Inbox,
    InboxAnswer,
    InboxLine,
    RosterSignature,
    StatusAnswer,
)
from meldkluis.mailbox.wire_reporter import (
    AddRequest,
    KeysAnswer,
    MailboxAnswer,
    MessageAnswer,
    RegisterRequest,
    ReportAnswer,
    ReportRequest,
)
from meldkluis.mailbox.wire_signature import Request, Signer, sign_request, verify_request

__all__ = [
    "ENTRY",
    "FILE",
    "HEADER",
    "PAD",
    "STATUS",
    "UNAUTHENTICATED",
    "AddRequest",
    "Announcement",
    "AppendAnswer",
    "AppendRequest",
    "AttachmentLine",
    "CaseAnswer",
    "CertificatesAnswer",
    "ErrorAnswer",
    "FileLine",
    "Inbox",
    "InboxAnswer",
    "InboxLine",
    "KeysAnswer",
    "MailboxAnswer",
    "MessageAnswer",
    "RegisterRequest",
    "ReportAnswer",
    "ReportRequest",
    "Request",
    "RosterSignature",
    "Signer",
    "StatusAnswer",
    "sign_request",
    "verify_request",
]

STATUS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "malformed": 400,
        "signature": 400,
        "authorization": 401,
        "replay": 401,
        "unknown": 404,
        "head": 409,
        "part": 409,
        "other-text": 409,
        "taken": 409,
        "stale-keys": 409,
        "roster": 409,
        "number": 409,
        "incomplete": 409,
        "day": 409,
        "act": 409,
        "too-large": 413,
        "nobody": 422,
        "quota": 429,
        "not-open": 503,
        "full": 507,
    }
)
"""HTTP status of each error code."""

UNAUTHENTICATED: Final = 401
"""Status on the officers' API when `verify_request` or the counter refuses, whatever the code."""


@dataclass(frozen=True)
class ErrorAnswer:
    """Why something was refused; `details` stand beside the code."""

    code: str
    details: Mapping[str, str | int] = field(default_factory=dict)

    def dump(self) -> bytes:
        """Write the body."""
        return dump_json({"error": self.code, **self.details})

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read the body."""
        value = load_json(body)
        code = value.pop("error", None)
        if (
            not isinstance(code, str)
            or code not in STATUS
            or not all(isinstance(item, str | int) for item in value.values())
        ):
            raise FormatError("not an error of ours")
        return cls(code, value)
