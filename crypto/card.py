# SPDX-License-Identifier: EUPL-1.2
"""An officer's card: what a workstation hands to the administrator, who proposes it for the roster.

* Guarantees: a parsed card was signed by the key that it introduces, and has exactly the fields of docs/protocol.md section 5.
* Does not say that the key is anybody's in particular: that is what people do when they compare fingerprints and sign a roster.
* Called by the workstation (`make_card`) and by the server's command line (`parse_card`). Pure: no I/O, no clock.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from meldkluis.crypto.encoding import dump_json, load_json
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.signed import SigningKey, open_thing, sign

TYPE = "card"
BEGIN = "-----BEGIN MELDKLUIS CARD-----"
END = "-----END MELDKLUIS CARD-----"
LONGEST_TEXT = 200
LARGEST_FILE = 16_384

_ORGANISATION = re.compile(r"[a-z0-9-]{1,63}")
_FIELDS = {"organisation", "name", "function", "role", "manager", "hr"}


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
    """The card as armored text, signed with `key`; FormatError when a field is none that a reader accepts."""
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
    text = base64.b64encode(raw).decode("ascii")
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join([BEGIN, *lines, END]) + "\n"


def parse_card(text: str) -> Card:
    """Read armored text; FormatError or SignatureError. Line ends and spaces around lines are free, nothing else is."""
    if len(text) > LARGEST_FILE:
        raise FormatError("a card is not this long")
    lines = [line.strip() for line in text.strip().splitlines()]
    if len(lines) < 3 or lines[0] != BEGIN or lines[-1] != END:
        raise FormatError("not a card")
    try:
        raw = base64.b64decode("".join(lines[1:-1]), validate=True)
    except (binascii.Error, ValueError):
        raise FormatError("a card is base64 between its first and last line") from None
    return _parse(raw)


def _parse(raw: bytes) -> Card:
    thing = open_thing(raw, TYPE)
    body = load_json(thing.payload)
    if set(body) != _FIELDS:
        raise FormatError("a card has other fields")
    organisation, name, function, role = (body[field] for field in ("organisation", "name", "function", "role"))
    if not (isinstance(organisation, str) and _ORGANISATION.fullmatch(organisation)):
        raise FormatError("a card names no organisation")
    if role not in {"officer", "deputy"}:
        raise FormatError("a card names no role")
    if not (isinstance(body["manager"], bool) and isinstance(body["hr"], bool)):
        raise FormatError("a card's flags are true or false")
    if not (_is_line(name) and _is_line(function)):
        raise FormatError("name and function are one line each")
    return Card(thing.key, organisation, name, function, role, body["manager"], body["hr"])


def _is_line(value: object) -> bool:
    # Printable only: this text is shown in an administrator's terminal (escape sequences) and on officers' screens.
    return isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT and value.isprintable() and value == value.strip()
