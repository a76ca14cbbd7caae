# SPDX-License-Identifier: EUPL-1.2
"""An officer's card: what a workstation hands to the administrator, who proposes it for the roster.

- Guarantees: a parsed card was signed by the key that it introduces, and has exactly the fields of the protocol
  (docs/protocol.md section 5).
- Does not say whose key it is: people do, when they compare fingerprints and sign a roster.
- Called by the workstation (`make_card`) and by the server's command line (`parse_card`). Pure: no I/O, no clock.
"""

from dataclasses import dataclass
from typing import Final

from meldkluis.crypto.block import read_block, write_block
from meldkluis.crypto.encoding import boolean, dump_json, line, load_json, one_of, organisation_name, read_fields
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.signed import SigningKey, open_thing, sign

TYPE: Final = "card"
KIND: Final = "CARD"
LONGEST_TEXT: Final = 200
LARGEST_FILE: Final = 16_384


@dataclass(frozen=True)
class Card:
    """One person who asks to stand in the roster; `key` is the 32-byte Ed25519 verification key."""

    key: bytes
    organisation: str
    name: str
    function: str
    role: str
    manager: bool
    hr: bool


def make_card(card: Card, key: SigningKey) -> str:
    """Return the card as armored text, signed with its own key; FormatError when no reader would accept it."""
    if card.key != key.verify_key:
        raise FormatError("a card is signed with the key that it introduces")
    payload = dump_json(
        {
            "organisation": card.organisation,
            "name": card.name,
            "function": card.function,
            "role": card.role,
            "manager": card.manager,
            "hr": card.hr,
        }
    )
    raw = sign(TYPE, payload, key).raw
    _parse(raw)
    return write_block(KIND, raw)


def parse_card(text: str) -> Card:
    """Read armored text; FormatError or SignatureError. Line ends and spaces around lines are free, nothing else is."""
    return _parse(read_block(KIND, text, LARGEST_FILE))


_FIELDS: Final = {
    "organisation": organisation_name,
    "name": line(LONGEST_TEXT),
    "function": line(LONGEST_TEXT),
    "role": one_of("officer", "deputy"),
    "manager": boolean,
    "hr": boolean,
}


def _parse(raw: bytes) -> Card:
    thing = open_thing(raw, TYPE)
    return Card(key=thing.key, **read_fields(load_json(thing.payload), _FIELDS))
