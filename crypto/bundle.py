# SPDX-License-Identifier: EUPL-1.2
"""The bundle: a report made beforehand, carried as one file (docs/protocol.md section 9).

- Only the head is read into memory; the attachments after it stream.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from meldkluis.crypto.encoding import b64, binary, dump_json, integer, list_of, load_json, read_fields, text, unb64
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.limits import MIB, Limits

MAGIC: Final = b"meldkluis-bundle/v1\n"
START: Final = len(MAGIC) + 4
HEAD: Final = MIB


@dataclass(frozen=True)
class BundleHead:
    """What the bundle submits; `attachments` are (id, ciphertext bytes) in the order in which they follow."""

    address: bytes = field(repr=False)
    entry: bytes = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)
    attachments: tuple[tuple[bytes, int], ...]


def head_length(start: bytes) -> int:
    """Return the length of the head from the first START bytes; FormatError when this is no bundle."""
    if len(start) != START or not start.startswith(MAGIC):
        raise FormatError("not a bundle")
    length = int.from_bytes(start[len(MAGIC) :], "big")
    if not 0 < length <= HEAD:
        raise FormatError("the bundle's head is too large")
    return length


def read_head(head: bytes) -> BundleHead:
    """Read the head strictly."""
    encoded = text(HEAD)
    files = {"content": encoded, "identity": encoded}
    attachment = {"id": binary(16), "size": integer(1, 2**40)}
    fields = read_fields(
        load_json(head),
        {
            "address": binary(32),
            "entry": encoded,
            "files": lambda value: {slot: unb64(file) for slot, file in read_fields(value, files).items()},
            "attachments": list_of(lambda value: tuple(read_fields(value, attachment).values()), Limits.attachments),
        },
    )
    return BundleHead(fields["address"], unb64(fields["entry"]), fields["files"], fields["attachments"])


def write_bundle(
    address: bytes, entry: bytes, files: Mapping[str, bytes], attachments: Iterable[tuple[bytes, bytes]]
) -> bytes:
    """Return a bundle; `attachments` are (id, ciphertext)."""
    carried = list(attachments)
    head = dump_json(
        {
            "address": b64(address),
            "entry": b64(entry),
            "files": {slot: b64(file) for slot, file in files.items()},
            "attachments": [{"id": b64(id_), "size": len(ciphertext)} for id_, ciphertext in carried],
        }
    )
    return MAGIC + len(head).to_bytes(4, "big") + head + b"".join(ciphertext for _, ciphertext in carried)
