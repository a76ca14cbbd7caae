# SPDX-License-Identifier: EUPL-1.2
"""What kind of file an attachment is, by its name AND its first bytes: only where both agree is it looked at.

- Runs on the host and inside the sandbox (for what hangs on an e-mail): nothing here parses more than a signature.
- Signatures: ISO 32000-1 7.5.2 (PDF), APPNOTE 4.3.7 (ZIP), MS-CFB 2.2, PNG (ISO 15948 5.2), JFIF, GIF89a, RFC 9649
  (WebP), TIFF 6.0, ISO 14496-12 4.3 (HEIC).
"""

import re
from dataclasses import dataclass
from typing import Final

START: Final = 4096
"""Bytes of a file that its kind is read from."""

_ZIP, _CFB = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_RASTER: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*", b"BM")
_HEIC: Final = re.compile(rb"....ftyp(?:hei[cmsx]|hev[cmx]|mif1|msf1)", re.DOTALL)
_WEBP: Final = re.compile(rb"RIFF....WEBP", re.DOTALL)
_HEADER: Final = re.compile(rb"(?:From [^\n]*\n)?[!-9;-~]+:[ \t\r\n]")
_OTHERS: Final = (
    b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"%!PS", b"MZ", b"\x7fELF",
)  # fmt: skip
"""Archives, PostScript, programs."""

_AGE: Final = (b"age-encryption.org/", b"-----BEGIN AGE ENCRYPTED FILE-----")

_NAMES: Final = {
    "pdf": "pdf",
    "office": "doc docx odt rtf xls xlsx ods ppt pptx odp",
    "picture": "png jpg jpeg gif webp tif tiff bmp",
    "heic": "heic heif",
    "svg": "svg",
    "mail": "eml",
    "outlook": "msg",
    "text": "txt csv log json xml html htm md",
    "archive": "zip 7z tar gz tgz bz2 xz rar",
    "media": "mp3 wav ogg oga opus m4a aac flac amr 3gp mp4 mov avi mkv webm wmv wma mpg mpeg",
}
_SUFFIXES: Final = {suffix: kind for kind, suffixes in _NAMES.items() for suffix in suffixes.split()}
VIEWED: Final = frozenset(_NAMES) - {"archive", "media"}
_CLEANED: Final = (
    "pdf docx xlsx pptx odt ods odp png jpg jpeg gif webp tif tiff bmp heic svg txt html htm zip tar mp3 flac ogg wav"
)
CLEANED: Final = frozenset(_CLEANED.split())
"""Suffixes that mat2 0.13 may be asked to clean; it says itself when it cannot."""


@dataclass(frozen=True)
class Kind:
    """A file's kind.

    `name` is one of VIEWED, or why it is not viewed: archive, media, unknown, mismatch, sealed, locked.
    `suffix` is one of our own list, or empty; nothing that a reporter wrote.
    """

    name: str
    suffix: str

    @property
    def viewed(self) -> bool:
        """Whether pages can be made of it."""
        return self.name in VIEWED


def suffix_of(name: str) -> str:
    """Return the last suffix of a file name, in small letters, if it is one that is known here; else nothing."""
    suffix = name.rstrip(" .").rpartition(".")[2].lower()
    return suffix if suffix in _SUFFIXES else ""


def kind_of(name: str, start: bytes) -> Kind:
    """Return the kind of a file from its name and its first START bytes."""
    suffix = suffix_of(name)
    if start.startswith(_AGE):
        return Kind("sealed", "")
    kind = _SUFFIXES.get(suffix, "unknown")
    if kind not in VIEWED:
        return Kind(kind, suffix)
    if kind == "office" and suffix[-1] == "x" and start.startswith(_CFB):
        # MS-OFFCRYPTO 2.3: an encrypted docx is a compound file.
        return Kind("locked", suffix)
    return Kind(kind if _agrees(kind, start) else "mismatch", suffix)


def _agrees(kind: str, start: bytes) -> bool:
    match kind:
        case "pdf":
            return start.startswith(b"%PDF-")
        case "office":
            return start.startswith((_ZIP, _CFB, b"{\\rtf"))
        case "picture":
            return start.startswith(_RASTER) or _WEBP.match(start) is not None
        case "heic":
            return _HEIC.match(start) is not None
        case "outlook":
            return start.startswith(_CFB)
    if _binary(start):
        return False
    if kind == "svg":
        return b"<svg" in start
    return kind == "text" or _HEADER.match(start) is not None


def _binary(start: bytes) -> bool:
    """Whether this is the start of something else than text."""
    if start.startswith((b"%PDF-", b"PK", _CFB, b"{\\rtf", *_RASTER[:-1], *_OTHERS)) or _HEIC.match(start):
        return True
    return b"\x00" in start and not start.startswith((b"\xff\xfe", b"\xfe\xff"))
