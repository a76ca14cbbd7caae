# SPDX-License-Identifier: EUPL-1.2
"""Safe view: one attachment at a time as pictures of pages, in memory only.

- The last file that was looked at stays, so that its pages can be turned; another one, or the lock, drops it.
- One conversion at a time, so that the sandbox's bounds are the machine's. Locking ends what runs.
- Why a file is not shown is a name of WHY; nothing else is said of it.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from meldkluis.crypto.message import AttachmentRef
from meldkluis.workstation.display import safe_name
from meldkluis.workstation.errors import ActError
from meldkluis.workstation.kinds import CLEANED, START, Kind, kind_of, suffix_of
from meldkluis.workstation.pixels import BadStreamError, Page, Shown, read_shown
from meldkluis.workstation.sandbox import MOST_VIEWED, Sandbox, missing_tools

Read = Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Wanted:
    """What is looked at: an attachment of a case, or one part of it if it is an e-mail (counted from 1, 0: itself)."""

    case: bytes
    attachment: bytes
    part: int = 0


@dataclass(frozen=True)
class View:
    """What can be seen of a file. `reason` says why there is no more; empty when all is there."""

    kind: Kind
    shown: Shown
    reason: str = ""
    missing: tuple[str, ...] = ()
    """Packages of Debian that must be installed first."""


@dataclass(frozen=True)
class Cleaned:
    """What mat2 said: the metadata found (field, value), the cleaned copy if asked for, and why there is none."""

    metadata: list[tuple[str, str]]
    copy: bytes | None = field(repr=False)
    suffix: str
    reason: str = ""
    missing: tuple[str, ...] = ()


class Viewer:
    """Looks at attachments. `read` gives the content of one; it is not called for what is too large to be looked at."""

    def __init__(self, sandbox: Sandbox | None = None) -> None:
        self._sandbox: Final = sandbox or Sandbox()
        self._converting: Final = threading.Lock()
        self._guard: Final = threading.Lock()
        self._view: tuple[Wanted, View] | None = None
        self._hashes: Final[dict[bytes, str]] = {}
        self._closed = False

    def look(self, wanted: Wanted, ref: AttachmentRef, read: Read, words: Mapping[str, str]) -> View:
        """Return the view of a file, making it if it is not the one that is there."""
        with self._converting:
            there = self._there(wanted)
            if there is not None:
                return there
            self.drop()
            view = self._make(wanted, ref, read, words)
            with self._guard:
                if self._closed:
                    raise ActError("locked")
                # What failed is tried again when asked again: tools may have been installed meanwhile.
                if view.shown.pages:
                    self._view = wanted, view
            return view

    def page(self, wanted: Wanted, number: int) -> Page | None:
        """Return a page, counted from 1, of the file that was looked at last; None for any other."""
        view = self._there(wanted)
        if view is None or not 0 < number <= len(view.shown.pages):
            return None
        return view.shown.pages[number - 1]

    def clean(self, ref: AttachmentRef, read: Read, *, copy: bool) -> Cleaned:
        """Return the metadata that mat2 finds in a file and, if asked for, its cleaned copy."""
        suffix = suffix_of(safe_name(ref.name))
        if suffix not in CLEANED:
            return Cleaned([], None, suffix, "not-cleaned")
        if ref.length > MOST_VIEWED:
            return Cleaned([], None, suffix, "too-large")
        packages = _missing("clean")
        if packages:
            return Cleaned([], None, suffix, "missing", packages)
        with self._converting:
            try:
                shown = self._sandbox.run(
                    {"act": "clean", "suffix": suffix, "copy": copy}, b"".join(read()), read_shown
                )  # fmt: skip
            except BadStreamError:
                return Cleaned([], None, suffix, "broken")
        return Cleaned(shown.metadata, shown.copy, suffix, shown.reason)

    def digest(self, ref: AttachmentRef, read: Read) -> str:
        """Return the SHA-256 of a file's content in hexadecimal; of any size, kept so that it is read once."""
        known = self._hashes.get(ref.digest)
        if known is None:
            counting = hashlib.sha256()
            for piece in read():
                counting.update(piece)
            known = self._hashes[ref.digest] = counting.hexdigest()
        return known

    def drop(self) -> None:
        """Forget what was looked at."""
        with self._guard:
            self._view = None

    def close(self) -> None:
        """Forget everything and end what runs; nothing is looked at any more."""
        with self._guard:
            self._closed, self._view = True, None
            self._hashes.clear()
        self._sandbox.close()

    def _there(self, wanted: Wanted) -> View | None:
        with self._guard:
            return self._view[1] if self._view is not None and self._view[0] == wanted else None

    def _make(self, wanted: Wanted, ref: AttachmentRef, read: Read, words: Mapping[str, str]) -> View:
        # The name alone settles it for most of what is not viewed: it is not even fetched.
        name = safe_name(ref.name)
        by_name = kind_of(name, b"")
        if by_name.name in {"archive", "media", "unknown"} and not ref.sealed:
            return View(by_name, Shown(), by_name.name)
        if ref.length > MOST_VIEWED:
            return View(by_name, Shown(), "too-large")
        content = b"".join(read())
        kind = kind_of(name, content[:START])
        if not kind.viewed:
            return View(kind, Shown(), kind.name)
        refusal = self._sandbox.refusal()
        if refusal:
            return View(kind, Shown(), refusal, _missing(kind.name))
        packages = _missing(kind.name)
        if packages:
            return View(kind, Shown(), "missing", packages)
        asked = {"act": "show", "kind": kind.name, "suffix": kind.suffix, "part": wanted.part, "words": dict(words)}
        try:
            shown = self._sandbox.run(asked, content, read_shown)
        except BadStreamError:
            return View(kind, Shown(), "broken")
        return View(kind, shown, shown.reason or ("" if shown.pages else "broken"))


def _missing(kind: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tool.package for tool in missing_tools(kind)))
