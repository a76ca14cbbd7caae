# SPDX-License-Identifier: EUPL-1.2
"""Somebody else's words made safe to look at: hidden characters shown, file names harmless.

- Control, bidirectional, zero-width, ANSI and private characters are shown as ⟦U+202E⟧, never obeyed and never dropped:
  an officer must see that they are there (tests/workstation/test_display.py names the attacks).
- Nothing becomes a link or markup here; escaping is the templates' business.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

_HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LAYOUT: Final = frozenset("\n\t")
_FORBIDDEN: Final = re.compile(r'[/\\:*?"<>|%]')
_DEVICES: Final = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)")
_LONGEST_NAME: Final = 150
_SUFFIX: Final = re.compile(r"[A-Za-z0-9]{1,16}")
_INERT: Final = ".bijlage"
# Blank letters and fillers that look like nothing at all.
_BLANKS: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5")


@dataclass(frozen=True)
class Piece:
    """A run of text; `hidden` runs stand for characters that would not be seen."""

    text: str
    hidden: bool


def _is_hidden(character: str) -> bool:
    if character in _LAYOUT:
        return False
    return unicodedata.category(character) in _HIDDEN_CATEGORIES or character in _BLANKS


def pieces(text: str) -> list[Piece]:
    """Return the text in runs, hidden characters as their code points. CR LF and CR count as line ends."""
    result: list[Piece] = []
    plain: list[str] = []
    for character in text.replace("\r\n", "\n").replace("\r", "\n"):
        if not _is_hidden(character):
            plain.append(character)
            continue
        if plain:
            result.append(Piece("".join(plain), hidden=False))
            plain = []
        result.append(Piece(f"⟦U+{ord(character):04X}⟧", hidden=True))
    if plain:
        result.append(Piece("".join(plain), hidden=False))
    return result


def visible(text: str) -> str:
    """Return the text with hidden characters as their code points, for places without markup."""
    return "".join(piece.text for piece in pieces(text))


def one_line(text: str, most: int = 200) -> str:
    """Return a visible text on one line, cut where it is long."""
    line = " ".join(visible(text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def safe_name(name: str) -> str:
    """Return a file name that no system takes for a path, a device, a hidden file or another name than is read."""
    line = "".join("_" if _is_hidden(char) or char in _LAYOUT else char for char in unicodedata.normalize("NFC", name))
    line = _FORBIDDEN.sub("_", line).strip(" .")
    stem, dot, suffix = line.rpartition(".")
    if not dot or not _SUFFIX.fullmatch(suffix):
        stem, dot, suffix = line, "", ""
    room = _LONGEST_NAME - len((dot + suffix).encode())
    stem = stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .")
    line = stem + dot + suffix
    if not stem.strip("_ .-"):
        return f"bijlage{dot}{suffix}"
    return f"_{line}" if _DEVICES.match(line) or line.startswith("-") else line


def inert_name(name: str) -> str:
    """Return a file name that a desktop has no program for: a double click opens nothing (deploy/meldkluis.xml)."""
    return f"{safe_name(name)[: _LONGEST_NAME - len(_INERT)]}{_INERT}"


def content_disposition(name: str) -> str:
    """Return a Content-Disposition value (RFC 6266, RFC 8187) that saves under a harmless name."""
    safe = safe_name(name)
    plain = unicodedata.normalize("NFKD", safe).encode("ascii", "ignore").decode("ascii")
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", plain).strip(" .") or "bijlage"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"
