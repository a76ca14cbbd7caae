# SPDX-License-Identifier: EUPL-1.2
"""Certificate of destruction (verklaring van vernietiging, Archiefbesluit article 8): what the server signs at the end.

- It names a case by number, its days, who approved, and who signed that their workstation destroyed the keys.
- `opens_until` is the last day on which an older copy may still open something: until then backups of server and
  vaults may exist. It says nothing of what the case was about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from meldkluis.crypto import signed
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import b64, binary, day, dump_json, load_json, organisation_name, read_fields, unb64
from meldkluis.crypto.entry import key_set
from meldkluis.crypto.errors import FormatError, RosterError

BACKUPS_LIVE: Final = timedelta(days=35)
"""How long a backup of the server or of a vault is kept, at most."""


@dataclass(frozen=True)
class Certificate:
    """A verified certificate. `confirmed`: officers' keys with the day on which their workstation had destroyed."""

    thing: signed.Thing
    organisation: str
    case: bytes
    received: date
    closed: date
    destroyed: date
    approved: tuple[bytes, ...]
    confirmed: Mapping[bytes, date]
    unconfirmed: tuple[bytes, ...]
    opens_until: date
    register_until: date


def make_certificate(log: CaseLog, destroyed: date, key: signed.SigningKey) -> signed.Thing:
    """Sign the certificate of a closed case whose files went on the day `destroyed`."""
    course = log.course
    assert course.closed is not None
    assert course.received is not None
    confirmed = dict(sorted(course.destroyed_by.items()))
    document = {
        "organisation": log.organisation,
        "case": b64(log.case),
        "received": course.received.isoformat(),
        "closed": course.closed.fields["day"].isoformat(),
        "destroyed": destroyed.isoformat(),
        "approved": [b64(officer) for officer in sorted(course.approvals)],
        "confirmed": {b64(officer): when.isoformat() for officer, when in confirmed.items()},
        "unconfirmed": [b64(officer) for officer in sorted(log.officers - confirmed.keys())],
        "opens_until": (max([destroyed, *confirmed.values()]) + BACKUPS_LIVE).isoformat(),
        "register_until": course.closed.fields["register_until"].isoformat(),
    }
    return signed.sign("certificate", dump_json(document), key)


def _confirmed(value: object) -> Mapping[bytes, date]:
    if not isinstance(value, dict):
        raise FormatError("not a map of officers")
    confirmed = {unb64(key): day(when) for key, when in value.items()}
    key_set([b64(key) for key in sorted(confirmed)])
    return confirmed


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
        "confirmed": _confirmed,
        "unconfirmed": key_set,
        **days,
    }
    certificate = Certificate(thing=thing, **read_fields(load_json(thing.payload), checks))
    if certificate.organisation != organisation:
        raise RosterError("a certificate of another organisation")
    return certificate
