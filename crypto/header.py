# SPDX-License-Identifier: EUPL-1.2
"""The textual header of an age v1 file (C2SP age.md, "Header"): stanzas and the MAC over them.

    age-encryption.org/v1
    -> mlkem768x25519 <base64 of the encapsulated key>
    <base64 of the wrapped file key>
    --- <base64 of the MAC>

- Guarantees: `parse` accepts exactly one spelling of a header, at most 64 KiB and 32 stanzas; whoever has the file key
  can tell with `check_mac` whether a single byte was changed.
- Does not know what is in a stanza: `hybrid` and `x25519` do.
- Called by `age` and the two recipient modules. Pure.
"""

import binascii
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.limits import HEADER, STANZAS

FILE_KEY: Final = 16
"""Bytes of a file key."""

FAMILY: Final = b"age-encryption.org/"
VERSION: Final = FAMILY + b"v1\n"
_COLUMNS: Final = 64
_MAC: Final = 32
_VISIBLE: Final = bytes(range(0x21, 0x7F))


class HeaderError(FormatError):
    """The header is not one, or a stanza in it is malformed."""


class HeaderMacError(FormatError):
    """The header was changed by somebody who does not have the file key."""


@dataclass(frozen=True)
class Stanza:
    """One wrapped copy of the file key: arguments (the first names the kind) and the body's bytes."""

    arguments: tuple[bytes, ...]
    body: bytes


@dataclass(frozen=True)
class Header:
    """A parsed header: its exact bytes and what they say."""

    raw: bytes = field(repr=False)
    stanzas: tuple[Stanza, ...]
    mac: bytes = field(repr=False)


def encode_base64(data: bytes) -> bytes:
    """Return base64 (RFC 4648 section 4) without padding."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=")


def decode_base64(text: bytes) -> bytes:
    """Return the bytes of unpadded base64; HeaderError for every other spelling of the same bytes."""
    try:
        data = binascii.a2b_base64(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        raise HeaderError("not base64") from None
    # The decoder skips what it does not know; writing it again is what makes this strict.
    if encode_base64(data) != text:
        raise HeaderError("not the canonical base64")
    return data


def derive(file_key: bytes, salt: bytes, info: bytes) -> bytes:
    """Return the 32 bytes that age derives with HKDF-SHA256 (RFC 5869)."""
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(file_key)


def _mac(signed: bytes, file_key: bytes) -> bytes:
    return hmac.digest(derive(file_key, b"", b"header"), signed, "sha256")


def build(stanzas: Iterable[Stanza], file_key: bytes) -> bytes:
    """Return the header's bytes, with its MAC; the stanzas stand in the order given."""
    lines = [VERSION]
    for stanza in stanzas:
        body = encode_base64(stanza.body)
        lines.append(b"-> " + b" ".join(stanza.arguments) + b"\n")
        # The last line is shorter than 64 columns, so a body that fills its lines gets an empty one.
        lines.extend(body[at : at + _COLUMNS] + b"\n" for at in range(0, len(body) + 1, _COLUMNS))
    signed = b"".join(lines) + b"---"
    return signed + b" " + encode_base64(_mac(signed, file_key)) + b"\n"


def check_mac(header: Header, file_key: bytes) -> None:
    """HeaderMacError unless the header is as its author made it."""
    signed = header.raw[: header.raw.rindex(b"\n---") + 4]
    if not hmac.compare_digest(_mac(signed, file_key), header.mac):
        raise HeaderMacError("the header was changed")


def find_end(data: bytes | bytearray, start: int = 0) -> int | None:
    """Return where the payload begins, None when the header's end is not there yet; HeaderError above 64 KiB.

    `start` is a length that was searched before.
    """
    mark = data.find(b"\n---", max(0, start - _COLUMNS), HEADER)
    end = -1 if mark < 0 else data.find(b"\n", mark + 4, HEADER)
    if end >= 0:
        return end + 1
    if len(data) >= HEADER:
        raise HeaderError("a header over 64 KiB")
    return None


def parse(raw: bytes) -> Header:
    """Read the bytes of exactly one header; HeaderError for anything unusual."""
    if len(raw) > HEADER or not raw.startswith(VERSION) or not raw.endswith(b"\n"):
        raise HeaderError("not a header of an age file, version 1")
    lines = raw[len(VERSION) : -1].split(b"\n")
    mac = _parse_end(lines.pop())
    stanzas: list[Stanza] = []
    at = 0
    while at < len(lines):
        if len(stanzas) == STANZAS:
            raise HeaderError("more than 32 stanzas")
        stanza, at = _parse_stanza(lines, at)
        stanzas.append(stanza)
    if not stanzas:
        raise HeaderError("a header without a stanza")
    # A passphrase says who wrote the file only as long as nobody else can open it (age.md, "scrypt recipient stanza").
    if len(stanzas) > 1 and any(stanza.arguments[0] == b"scrypt" for stanza in stanzas):
        raise HeaderError("a passphrase beside other recipients")
    return Header(raw, tuple(stanzas), mac)


def _parse_end(line: bytes) -> bytes:
    mac = decode_base64(line[4:]) if line.startswith(b"--- ") else b""
    if len(mac) != _MAC:
        raise HeaderError("a header without its MAC")
    return mac


def _parse_stanza(lines: list[bytes], at: int) -> tuple[Stanza, int]:
    start, *arguments = lines[at].split(b" ")
    if start != b"->" or not arguments or not all(arguments) or b"".join(arguments).translate(None, _VISIBLE):
        raise HeaderError("a stanza without its first line")
    body = []
    for after, line in enumerate(lines[at + 1 :], at + 2):
        if len(line) > _COLUMNS:
            raise HeaderError("a line of a stanza is too long")
        body.append(line)
        if len(line) < _COLUMNS:
            return Stanza(tuple(arguments), decode_base64(b"".join(body))), after
    raise HeaderError("a stanza without its last line")
