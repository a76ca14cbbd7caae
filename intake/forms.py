# SPDX-License-Identifier: EUPL-1.2
"""Reading a posted form: texts into memory within limits, files to a sink as they stream.

- The body is always read to its end, refused or not, so that a browser sees the answer and never a reset connection.
- Whatever was typed is kept for the page that goes back, also when the form is refused.
- Knows no cryptography and no desk; what a file becomes is the sink's business.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from starlette.requests import Request

from meldkluis.intake.multipart import Begin, Data, Event, FormStream, MultipartError, boundary_of

KEEP_TEXT: Final = 1024 * 1024
"""Bytes of one text field kept in memory: four times what can be sent, so that a long text comes back whole."""

KEEP_SHORT: Final = 64 * 1024
KEEP_CHOICE: Final = 256
"""Bytes of a field that is ticked and never typed."""

_CHOICES: Final = frozenset({"to", "kind", "action", "number", "preview"})
_REPEATED: Final = {"to": 32}
_FILES: Final = frozenset({"file", "bundle"})
_DRAIN: Final = 4 * 1024**3
"""Bytes of a body that are read past before the connection is given up."""


class FileSink(Protocol):
    """Takes the files of a form, one after another."""

    async def begin(self, form: "Form", name: str, filename: str) -> None:
        """A file begins; `form` holds the fields that came before it."""

    async def write(self, data: bytes) -> None:
        """The next bytes of the file."""

    async def end(self) -> None:
        """The file is complete."""


class NoFiles:
    """The sink of a form without files."""

    async def begin(self, form: "Form", name: str, filename: str) -> None:  # noqa: ARG002 - a FileSink's signature
        """A file where none belongs."""
        form.malformed = True

    async def write(self, data: bytes) -> None:
        """Drop it."""

    async def end(self) -> None:
        """Nothing to do."""


@dataclass
class Form:
    """What came in. `malformed`: it is not the form that the page holds; `cleaned`: characters were taken out."""

    fields: dict[str, list[str]] = field(default_factory=dict, repr=False)
    malformed: bool = False
    cleaned: bool = False

    def text(self, name: str) -> str:
        """Return a field as it was typed, line ends as LF; empty when it did not come."""
        values = self.fields.get(name)
        return values[0] if values else ""


@dataclass
class _Reading:
    form: Form
    sink: FileSink
    allowed: frozenset[str]
    name: str = ""
    file: bool = False
    value: bytearray = field(default_factory=bytearray)
    keep: int = 0

    async def take(self, event: Event) -> None:
        if isinstance(event, Begin):
            await self._begin(event)
        elif isinstance(event, Data):
            if self.file:
                await self.sink.write(event.data)
            else:
                self.value += event.data[: max(0, self.keep - len(self.value))]
        elif self.file:
            await self.sink.end()
        else:
            self._end_text()

    async def _begin(self, event: Begin) -> None:
        self.name, self.keep = event.name, _keep(event.name)
        self.file = event.filename is not None and event.name in _FILES
        self.value.clear()
        if event.name not in self.allowed or (event.filename is not None and not self.file):
            self.form.malformed, self.keep = True, 0
        if self.file:
            await self.sink.begin(self.form, event.name, event.filename or "")

    def _end_text(self) -> None:
        if self.name not in self.allowed or self.name in _FILES:
            # A browser without a file to send may send the field as an empty text.
            self.form.malformed = self.form.malformed or bool(self.value)
            return
        values = self.form.fields.setdefault(self.name, [])
        if len(values) >= _REPEATED.get(self.name, 1):
            self.form.malformed = True
            return
        values.append(self._cleaned(bytes(self.value)))

    def _cleaned(self, data: bytes) -> str:
        whole = True
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("utf-8", "ignore")
            whole = len(data) >= self.keep
        # Bytes that are no UTF-8, and NUL, which HTML cannot carry back to the reporter.
        self.form.cleaned = self.form.cleaned or not whole or "\0" in text
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return text.replace("\0", "")


def _keep(name: str) -> int:
    if name in _CHOICES:
        return KEEP_CHOICE
    return KEEP_TEXT if name in {"text", "proof"} else KEEP_SHORT


async def read_form(request: Request, allowed: frozenset[str], sink: FileSink) -> Form:
    """Read the whole body; ClientDisconnect when the sender goes away. What is wrong with it is in the result."""
    form = Form()
    reading = _Reading(form, sink, allowed)
    stream: FormStream | None = None
    try:
        stream = FormStream(boundary_of(request.headers.get("content-type", "")))
    except MultipartError:
        form.malformed = True
    read = 0
    async for chunk in request.stream():
        read += len(chunk)
        if read > _DRAIN:
            form.malformed, stream = True, None
            break
        if stream is None:
            continue
        try:
            for event in stream.feed(chunk):
                await reading.take(event)
        except MultipartError:
            form.malformed, stream = True, None
    if stream is not None:
        try:
            stream.finish()
        except MultipartError:
            form.malformed = True
    return form


_NOT_LETTERS: Final = re.compile(r"[^a-z]+")
_RUN: Final = 4
_PREFIX: Final = 4


def runs_of(words: Sequence[str]) -> list[str]:
    """Return what betrays a code: four of its words one after another, in full or by their first four letters."""
    spelt = (list(words), [word[:_PREFIX] for word in words])
    return ["".join(part[start : start + _RUN]) for part in spelt for start in range(len(words) - _RUN + 1)]


def holds_code(text: str, runs: Iterable[str]) -> bool:
    """Whether one of these runs of a code's words stands in the text, however it is written."""
    if not text:
        return False
    letters = _NOT_LETTERS.sub("", text.lower())
    return any(run in letters for run in runs)
