# SPDX-License-Identifier: EUPL-1.2
"""Certificate of destruction (verklaring van vernietiging, Archiefbesluit article 8): what the server signs at the end.

- It names a case by number, its days and who approved, and holds the entries by which officers signed that their
  workstation destroyed the keys: their word, which no server can give for them.
- `opens_until` is the last day on which an older copy may still open something: until then backups of server and
  vaults may exist. It says nothing of what the case was about.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from meldkluis.crypto import signed
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import (
    b64,
    binary,
    day,
    dump_json,
    list_of,
    load_json,
    organisation_name,
    read_fields,
    text,
    unb64,
)
from meldkluis.crypto.entry import Entry, key_set, parse_entry
from meldkluis.crypto.errors import FormatError, RosterError
from meldkluis.crypto.limits import KIB, MEMBERS

_STATEMENT: Final = 2 * KIB
BACKUPS_LIVE: Final = timedelta(days=35)
"""How long a backup of the server or of a vault is kept, at most."""


@dataclass(frozen=True)
class Certificate:
    """A verified certificate. `statements` are the officers' `destroyed` entries, by their key."""

    thing: signed.Thing
    organisation: str
    case: bytes
    received: date
    closed: date
    destroyed: date
    approved: tuple[bytes, ...]
    statements: Mapping[bytes, Entry] = field(repr=False)
    unconfirmed: tuple[bytes, ...]
    opens_until: date
    register_until: date

    @property
    def confirmed(self) -> Mapping[bytes, date]:
        """Officers' keys with the day on which their workstation had destroyed."""
        return {officer: entry.fields["day"] for officer, entry in self.statements.items()}


def make_certificate(log: CaseLog, destroyed: date, key: signed.SigningKey) -> signed.Thing:
    """Sign the certificate of a closed case whose files went on the day `destroyed`."""
    course = log.course
    assert course.closed is not None
    assert course.received is not None
    confirmed = course.destroyed_by
    statements = [entry for entry in log.entries if entry.act == "destroyed"]
    document = {
        "organisation": log.organisation,
        "case": b64(log.case),
        "received": course.received.isoformat(),
        "closed": course.closed.fields["day"].isoformat(),
        "destroyed": destroyed.isoformat(),
        "approved": [b64(officer) for officer in sorted(course.approvals)],
        "statements": [b64(entry.raw) for entry in sorted(statements, key=lambda entry: entry.author)],
        "unconfirmed": [b64(officer) for officer in sorted(log.officers - confirmed.keys())],
        "opens_until": (max([destroyed, *confirmed.values()]) + BACKUPS_LIVE).isoformat(),
        "register_until": course.closed.fields["register_until"].isoformat(),
    }
    return signed.sign("certificate", dump_json(document), key)


def _statement(value: object) -> Entry:
    entry = parse_entry(unb64(text(_STATEMENT)(value)))
    if entry.act != "destroyed":
        raise FormatError("not a statement of destruction")
    return entry


def parse_certificate(raw: bytes, organisation: str, server_keys: frozenset[bytes]) -> Certificate:
    """Read and verify a certificate of this organisation; FormatError, SignatureError or RosterError."""
    thing = signed.open_thing(raw, "certificate")
    if thing.key not in server_keys:
        raise RosterError("signed by a server that the roster does not name")
    days = dict.fromkeys(("received", "closed", "destroyed", "opens_until", "register_until"), day)
    checks = {
        "organisation": organisation_name,
        "case": binary(16),
        "approved": key_set,
        "statements": list_of(_statement, MEMBERS),
        "unconfirmed": key_set,
        **days,
    }
    fields = read_fields(load_json(thing.payload), checks)
    entries = fields.pop("statements")
    statements = {entry.author: entry for entry in entries}
    if len(statements) != len(entries) or any(entry.case != fields["case"] for entry in entries):
        raise FormatError("a statement twice, or of another case")
    certificate = Certificate(thing=thing, statements=statements, **fields)
    if certificate.organisation != organisation:
        raise RosterError("a certificate of another organisation")
    return certificate
