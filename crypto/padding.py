# SPDX-License-Identifier: EUPL-1.2
"""Padding that hides lengths (docs/protocol.md section 2).

- A text is padded to one of four classes, an attachment to PADMÉ (Nikitin et al., PETS 2019) and at least 16 KiB.
- A reader accepts exactly the padding that a writer makes, and nothing else.
"""

from collections.abc import Iterator
from typing import Final

from meldkluis.crypto.errors import FormatError, PaddingError
from meldkluis.crypto.limits import ATTACHMENT_FLOOR, KIB, TEXT_CLASSES

_MARK: Final = b"\x80"
_BLOCK: Final = 64 * KIB


def text_class(length: int) -> int:
    """Return the padded size for a text of `length` bytes; FormatError when it is too long."""
    for size in TEXT_CLASSES:
        if length < size:
            return size
    raise FormatError("the text is too long")


def pad_text(data: bytes) -> bytes:
    """Return data, 0x80 and zeros up to the smallest class."""
    return (data + _MARK).ljust(text_class(len(data)), b"\0")


def unpad_text(padded: bytes) -> bytes:
    """Return what pad_text was given; PaddingError for everything that pad_text does not make."""
    if len(padded) not in TEXT_CLASSES:
        raise PaddingError("no padded text has this length")
    stripped = padded.rstrip(b"\0")
    if stripped[-1:] != _MARK or text_class(len(stripped) - 1) != len(padded):
        raise PaddingError("malformed padding")
    return stripped[:-1]


def padme(length: int) -> int:
    """Return PADMÉ of a length of at least 2: at most 12 % more, O(log log) bits of information."""
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (length + mask) & ~mask


def attachment_size(length: int) -> int:
    """Return the padded size of an attachment of `length` bytes."""
    return max(ATTACHMENT_FLOOR, padme(length + 1))


def attachment_padding(length: int) -> Iterator[bytes]:
    """Yield what follows the `length` bytes of an attachment, in blocks of at most 64 KiB."""
    rest = attachment_size(length) - length
    block = _MARK.ljust(min(rest, _BLOCK), b"\0")
    while rest:
        yield block
        rest -= len(block)
        block = bytes(min(rest, _BLOCK))


class AttachmentUnpadder:
    """Takes the padded plaintext in pieces, gives the content, and refuses any padding but the one above."""

    def __init__(self, length: int) -> None:
        self._content_left = length
        self._padding_left = attachment_size(length) - length
        self._marked = False

    def update(self, data: bytes) -> bytes:
        """Return the content in this piece; PaddingError as soon as the padding is wrong."""
        content = data[: self._content_left]
        self._content_left -= len(content)
        padding = data[len(content) :]
        if not padding:
            return content
        first = b"" if self._marked else padding[:1]
        self._marked = True
        self._padding_left -= len(padding)
        if (first and first != _MARK) or padding[len(first) :].strip(b"\0") or self._padding_left < 0:
            raise PaddingError("malformed padding")
        return content

    def finish(self) -> None:
        """Raise PaddingError unless content and padding came to their end."""
        if self._content_left or self._padding_left:
            raise PaddingError("the attachment is cut off")
