# SPDX-License-Identifier: EUPL-1.2
"""Strict readers and the one writer of base64url and JSON (docs/protocol.md section 1).

- What is read has exactly one spelling in base64; a duplicate key, a float, an unknown or a missing field is an error.
- Nothing here compares or checks a signature over bytes that it wrote itself.
"""

import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, NoReturn

from meldkluis.crypto.errors import FormatError

Check = Callable[[Any], Any]

MAX_DEPTH: Final = 8
_ORGANISATION = re.compile(r"[a-z0-9-]{1,63}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
# What base64url does not have becomes a letter that no base64 has.
_FROM_URL: Final = bytes.maketrans(b"-_+/=", b"+/!!!")


def b64(data: bytes) -> str:
    """Return base64url without padding (RFC 4648 section 5)."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def unb64(text: str) -> bytes:
    """Return the bytes of unpadded base64url; FormatError for every other spelling of the same bytes."""
    try:
        padded = text.encode("ascii").translate(_FROM_URL) + b"=" * (-len(text) % 4)
        data = binascii.a2b_base64(padded, strict_mode=True)
    except ValueError:
        raise FormatError("not base64url") from None
    # The decoder refuses every letter and length that is wrong; only bits after the last byte are left to look at.
    if binascii.b2a_base64(data[len(data) // 3 * 3 :], newline=False) != padded[len(data) // 3 * 4 :]:
        raise FormatError("not the canonical base64url")
    return data


def frame(data: bytes) -> bytes:
    """Return the data behind its length as four big-endian bytes."""
    return len(data).to_bytes(4, "big") + data


def sha256(*pieces: bytes) -> bytes:
    """Return SHA-256 of the joined pieces, 32 bytes."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


def labelled_hash(label: str, *pieces: bytes) -> bytes:
    """Return SHA-256("meldkluis/v1/" label 00 pieces…), 32 bytes."""
    return sha256(b"meldkluis/v1/" + label.encode("ascii") + b"\0", *pieces)


def dump_json(value: object) -> bytes:
    """Return compact UTF-8 JSON. Readers never rely on the order of the keys."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")


def _refuse(_: str) -> NoReturn:
    raise FormatError("a number that is no integer")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise FormatError("a key stands twice")
    return result


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_pairs, parse_float=_refuse, parse_constant=_refuse)


def _check_depth(value: object, left: int) -> None:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        if isinstance(item, dict | list):
            if left == 1:
                raise FormatError("nested too deeply")
            _check_depth(item, left - 1)


def load_json(data: bytes | str) -> dict[str, Any]:
    """Read one JSON object strictly (RFC 8259); FormatError for anything unusual."""
    try:
        written = data if isinstance(data, str) else data.decode("utf-8")
        value = _DECODER.decode(written)
        # A lone surrogate is only there as an escape, in bytes; and only then is it worth looking for.
        if isinstance(data, str) or "\\u" in written:
            dump_json(value)
    except (ValueError, RecursionError):
        raise FormatError("not JSON") from None
    if not isinstance(value, dict):
        raise FormatError("not an object")
    _check_depth(value, MAX_DEPTH)
    return value


def read_fields(value: object, checks: Mapping[str, Check]) -> dict[str, Any]:
    """Return the object's fields, each through its check; FormatError unless exactly these fields are there."""
    if not isinstance(value, dict) or value.keys() != checks.keys():
        raise FormatError("not exactly the fields that belong here")
    return {name: _named(name, check, value[name]) for name, check in checks.items()}


def _named(name: str, check: Check, value: object) -> Any:
    try:
        return check(value)
    except FormatError as error:
        if type(error) is not FormatError:
            raise
        # The name is ours; the value never stands in a message.
        raise FormatError(f"{name}: {error}") from None


def text(maximum: int) -> Check:
    """Return a check for a string of at most `maximum` characters."""

    def check(value: object) -> str:
        if not isinstance(value, str) or len(value) > maximum:
            raise FormatError("not a text of this size")
        return value

    return check


def line(maximum: int) -> Check:
    """Return a check for one printable line of 1 to `maximum` characters, without spaces around it.

    Such lines are shown in terminals and on officers' screens: no escape, bidi or control character gets through.
    """

    def check(value: object) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= maximum:
            raise FormatError("not a line of this length")
        if not value.isprintable() or value != value.strip():
            raise FormatError("not one printable line")
        return value

    return check


def binary(length: int) -> Check:
    """Return a check for base64url of exactly `length` bytes; gives the bytes."""

    def check(value: object) -> bytes:
        if not isinstance(value, str):
            raise FormatError("not base64url")
        data = unb64(value)
        if len(data) != length:
            raise FormatError("bytes of another length")
        return data

    return check


def integer(least: int, most: int) -> Check:
    """Return a check for an integer in the closed range."""

    def check(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise FormatError("not an integer of this range")
        return value

    return check


def one_of(*allowed: object) -> Check:
    """Return a check for one of a few values, of the same type."""

    def check(value: object) -> object:
        for item in allowed:
            if type(item) is type(value) and item == value:
                return value
        raise FormatError("not one of the allowed values")

    return check


def optional(check: Check) -> Check:
    """Return a check that lets null through."""
    return lambda value: None if value is None else check(value)


def boolean(value: object) -> bool:
    """Check for true or false."""
    if not isinstance(value, bool):
        raise FormatError("not true or false")
    return value


def list_of(check: Check, maximum: int) -> Check:
    """Return a check for a list of at most `maximum` items; gives a tuple."""

    def run(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) > maximum:
            raise FormatError("not a list of this size")
        return tuple(check(item) for item in value)

    return run


def day(value: object) -> date:
    """Check for a day as YYYY-MM-DD."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise FormatError("not a day")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise FormatError("not a day") from None


def organisation_name(value: object) -> str:
    """Check for an organisation's identifier: 1 to 63 of a-z, 0-9 and hyphen."""
    if not isinstance(value, str) or not _ORGANISATION.fullmatch(value):
        raise FormatError("not an organisation's identifier")
    return value
