# SPDX-License-Identifier: EUPL-1.2
"""Proof of report: what the server signed when it received a report (docs/protocol.md section 11).

- It shows that a report with this commitment was there on this day; it shows nothing of what it said or who made it.
- Whoever has the document and the commit key can show that the commitment is to that document.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from meldkluis.crypto import signed
from meldkluis.crypto.block import read_block, write_block
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
from meldkluis.crypto.entry import Dues
from meldkluis.crypto.errors import RosterError
from meldkluis.crypto.roster import RosterVersion, verify_chain

_KIND: Final = "PROOF"
_LONGEST: Final = 4_000_000


@dataclass(frozen=True)
class Proof:
    """A verified proof. `anchor` is the hash of roster version 1: compare it with poster or intranet."""

    organisation: str
    name: str
    anchor: bytes
    case: bytes
    commitment: bytes
    day: date
    dues: Dues


def make_proof(
    key: signed.SigningKey,
    *,
    organisation: str,
    roster: bytes,
    case: bytes,
    commitment: bytes,
    received: date,
    dues: Dues,
) -> signed.Thing:
    """Sign a proof; the same facts give the same bytes."""
    document = {
        "organisation": organisation,
        "roster": b64(roster),
        "case": b64(case),
        "commitment": b64(commitment),
        "day": received.isoformat(),
        "dues": {"acknowledgement": dues.acknowledgement.isoformat(), "feedback": dues.feedback.isoformat()},
    }
    return signed.sign("proof", dump_json(document), key)


def armor_proof(proof: signed.Thing, versions: Sequence[RosterVersion]) -> str:
    """Return the proof file's text, with all that is needed to check it but the fingerprint."""
    document = {"proof": b64(proof.raw), "roster": [version.to_json() for version in versions]}
    return write_block(_KIND, dump_json(document))


def verify_proof(written: str) -> Proof:
    """Read and verify a proof file; FormatError, SignatureError or RosterError."""
    checks = {"proof": text(_LONGEST), "roster": list_of(RosterVersion.from_json, 1000)}
    outer = read_fields(load_json(read_block(_KIND, written, _LONGEST)), checks)
    thing = signed.open_thing(unb64(outer["proof"]), "proof")
    fields = read_fields(
        load_json(thing.payload),
        {
            "organisation": organisation_name,
            "roster": binary(32),
            "case": binary(16),
            "commitment": binary(32),
            "day": day,
            "dues": lambda value: Dues(**read_fields(value, {"acknowledgement": day, "feedback": day})),
        },
    )
    rosters = verify_chain(outer["roster"])
    roster = next((item for item in rosters if item.hash == fields["roster"]), None)
    if roster is None or thing.key != roster.server or fields["organisation"] != roster.organisation:
        raise RosterError("signed by a server that the roster does not name")
    del fields["roster"]
    return Proof(name=roster.name, anchor=rosters[0].hash, **fields)
