# SPDX-License-Identifier: EUPL-1.2
"""Checks that the bodies of `wire` share, and the sizes that bound them.

- Nothing here knows what a thing, a file or an entry is; it bounds them and reads their base64 strictly. Pure.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from meldkluis.crypto.encoding import Check, b64, day, list_of, organisation_name, unb64
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.limits import HEADER, KIB, MEMBERS, TEXT_CLASSES
from meldkluis.crypto.roster import RosterVersion

FILE: Final = TEXT_CLASSES[-1] + KIB + HEADER
"""Largest age file in a body: the largest text class, the payload's own bytes, and a header."""

ENTRY: Final = 64 * KIB
"""Largest log entry: 20 attachments and 16 readers take 8 KiB."""

PAD: Final = 16 * KIB
"""A mailbox answer has a multiple of this length, so that its length says little."""

MOST_ENTRIES: Final = 100_000
_MOST_KEYS: Final = MEMBERS * 64
THING: Final = 8 * KIB


def blob(maximum: int) -> Check:
    """Return a check for base64url of at most `maximum` bytes; gives the bytes."""
    longest = (maximum * 4 + 2) // 3

    def check(value: object) -> bytes:
        if not isinstance(value, str) or len(value) > longest:
            raise FormatError("not base64url of this size")
        return unb64(value)

    return check


def map_of(key: Check, check: Check, maximum: int) -> Check:
    """Return a check for an object of at most `maximum` fields, names and values each through a check."""

    def run(value: object) -> Mapping[Any, Any]:
        if not isinstance(value, dict) or len(value) > maximum:
            raise FormatError("not a map of this size")
        return MappingProxyType({key(name): check(item) for name, item in value.items()})

    return run


def number(value: object) -> int:
    """Check for an entry's number written as a string, as JSON wants names to be."""
    if (
        not isinstance(value, str)
        or not value.isascii()
        or not value.isdecimal()
        or len(value) > 9
        or str(int(value)) != value
    ):
        raise FormatError("not a number")
    return int(value)


def answer_slot(value: object) -> str:
    """Check for a slot of a file that an officer sends."""
    if not isinstance(value, str) or value not in {"answer", "copy", "grant", "note"}:
        raise FormatError("not a slot")
    return value


def place(value: object) -> tuple[int, str]:
    """Check for the place of a reporter's file, `<entry>/<slot>`."""
    entry, slash, slot = str(value).partition("/")
    if not slash or slot not in {"content", "identity", "message"}:
        raise FormatError("not the place of a file")
    return number(entry), slot


def exactly_files(*required: str, possible: Iterable[str] = ()) -> Check:
    """Return a check for age files by slot: all of `required`, perhaps some of `possible`, no others."""
    least, most = frozenset(required), frozenset((*required, *possible))
    read = blob(FILE)

    def check(value: object) -> Mapping[str, bytes]:
        if not isinstance(value, dict) or not least <= value.keys() <= most:
            raise FormatError("not the files that belong here")
        return MappingProxyType({slot: read(file) for slot, file in value.items()})

    return check


VERSIONS: Final = list_of(RosterVersion.from_json, 1000)
KEYS: Final = list_of(blob(THING), _MOST_KEYS)


def versions(rosters: Iterable[RosterVersion]) -> list[dict[str, Any]]:
    """Return rosters as they travel."""
    return [version.to_json() for version in rosters]


def things(raws: Iterable[bytes]) -> list[str]:
    """Return signed things as they travel."""
    return [b64(raw) for raw in raws]


SITE: Final = {"day": day, "organisation": organisation_name, "roster": VERSIONS, "intake_keys": KEYS}


def any_slot(value: object) -> str:
    """Check for the slot of any file."""
    if not isinstance(value, str) or value not in {"content", "identity", "message", "answer", "copy", "grant", "note"}:
        raise FormatError("not a slot")
    return value
