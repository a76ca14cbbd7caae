# SPDX-License-Identifier: EUPL-1.2
"""Files at the door: encrypted while they stream in, staged in parts, forgotten when the form is refused.

- Plaintext lives in one chunk at a time; nothing is written but ciphertext, and that only through the desk.
- After the first problem nothing more is stored, but the rest of the body is still read and its sizes are counted.
- What was staged for a form that did not become a report is discarded; a crash leaves it to the desk's own clearing.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Final
from weakref import WeakKeyDictionary

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from meldkluis.crypto import bundle
from meldkluis.crypto.attachment import AttachmentSealer, SealedAttachment
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.limits import ATTACHMENT_NAME, PART, Limits
from meldkluis.crypto.receipt import LONGEST_INPUT, Receipt, ReceiptCodeError, derive, encode, parse
from meldkluis.intake.forms import Form, holds_code, read_form, runs_of
from meldkluis.intake.i18n import LANGUAGES, Language, one_line
from meldkluis.mailbox.desk import Desk
from meldkluis.mailbox.errors import Refused

_SHOWN_NAME: Final = 80
_SENTENCES: Final = 10
_UNDERWAY: Final = 1
"""Parts of all uploads of a process that wait for the disk, at most: while it writes one, others are encrypted.

Each is in memory twice, as bytes and as pages of its transaction, beside the part that each upload is filling.
"""

_turns: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]] = WeakKeyDictionary()


def _turns_here() -> asyncio.Semaphore:
    """Return the turns to the disk of this process's event loop."""
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_UNDERWAY))


def betraying(code: str) -> list[str]:
    """Return the runs of a code that holds, in the words of each list: whoever has any of them has the code."""
    entropy = parse(code[:LONGEST_INPUT])
    return [run for language in LANGUAGES for run in runs_of(encode(entropy, language).split())]


async def take_form(
    request: Request, fields: frozenset[str], uploads: "Uploads", take: Callable[[Form], Awaitable[Response]]
) -> Response:
    """Read a form whose files go to `uploads`, answer with `take`, and leave nothing staged that was not claimed."""
    try:
        form = await read_form(request, fields, uploads)
        await uploads.close()
        return await take(form)
    except ClientDisconnect:
        return Response(status_code=400)
    finally:
        await uploads.discard()


class Problems(dict[str, list[str]]):
    """Sentences by field; the empty name is for the form as a whole. `status` is the answer's."""

    def __init__(self) -> None:
        super().__init__()
        self.status = 422

    def add(self, field: str, sentence: str, status: int = 422) -> None:
        """Remember what to change; the first status that is not the ordinary one stays."""
        sentences = self.setdefault(field, [])
        # A hostile form can have millions of empty files; nobody reads more than a few sentences.
        if sentence not in sentences and len(sentences) < _SENTENCES:
            sentences.append(sentence)
        if self.status == 422:
            self.status = status


class _Parts:
    """Cuts a ciphertext into parts and stages them: the disk writes one while the next is encrypted."""

    def __init__(self, desk: Desk, address: bytes, attachment: bytes, today: date) -> None:
        self._desk, self._address, self._today = desk, address, today
        self.attachment: Final = attachment
        # One block for all parts of the upload: a buffer that grows and shrinks a hundred times leaves holes behind.
        self._part = bytearray(PART)
        self._filled = 0
        self._number = 0
        self._underway: deque[asyncio.Task[None]] = deque()

    async def write(self, ciphertext: bytes) -> None:
        left = memoryview(ciphertext)
        while left:
            taken = min(len(left), PART - self._filled)
            self._part[self._filled : self._filled + taken] = left[:taken]
            self._filled += taken
            left = left[taken:]
            if self._filled == PART:
                await self._stage()

    async def finish(self) -> None:
        if self._filled:
            await self._stage()
        while self._underway:
            await self._underway.popleft()

    async def _stage(self) -> None:
        """Hand the part on; what became of parts before it is raised here."""
        while self._underway and (self._underway[0].done() or len(self._underway) >= _UNDERWAY):
            await self._underway.popleft()
        turns = _turns_here()
        await turns.acquire()
        # Copied only now: who waits for a turn holds a part once.
        part = bytes(memoryview(self._part)[: self._filled])
        self._filled = 0
        staging = self._desk.stage(self._address, self.attachment, self._number, part, self._today)
        task = asyncio.ensure_future(staging)
        task.add_done_callback(lambda _: turns.release())
        self._underway.append(task)
        self._number += 1

    async def settle(self) -> None:
        """Wait until nothing is under way, whatever became of it; then the upload can be given up."""
        underway, self._underway = self._underway, deque()
        await asyncio.gather(*underway, return_exceptions=True)


class Uploads:
    """The files of one form (a `forms.FileSink`)."""

    def __init__(self, desk: Desk, language: Language, limits: Limits, problems: Problems, today: date) -> None:
        """Nothing is staged before the first file begins; the code must have come before it."""
        self._desk, self._language, self._limits, self._problems, self._today = desk, language, limits, problems, today
        self.sealed: list[SealedAttachment] = []
        self.bundle: BundleStream | None = None
        self.count = 0
        self._total = 0
        self._staged: list[tuple[bytes, _Parts]] = []
        self._stopped = False
        self._receipt: Receipt | None = None
        self._runs: Sequence[str] = ()
        self._name, self._size = "", 0
        self._into_bundle = False
        self._sealer: AttachmentSealer | None = None
        self._parts: _Parts | None = None

    async def begin(self, form: Form, name: str, filename: str) -> None:
        """Take note of a file; it counts once it has a name or a byte."""
        self._name, self._size, self._sealer, self._parts = filename, 0, None, None
        self._into_bundle = name == "bundle"
        if self._receipt is None and not self._into_bundle:
            self._learn(form)

    def _learn(self, form: Form) -> None:
        code = form.text("code")
        try:
            self._receipt = derive(code[:LONGEST_INPUT], self._desk.organisation)
            self._runs = betraying(code)
        except ReceiptCodeError:
            # A form of ours has its code before its files; without it nothing can be stored.
            self._problems.add("", self._language.text("error-malformed"), 400)
            self._stopped = True

    async def write(self, data: bytes) -> None:
        """Encrypt and stage the next bytes, unless something was wrong already."""
        if not data:
            return
        if self._into_bundle:
            await self._write_bundle(data)
            return
        if not self._size:
            self._count()
        self._size += len(data)
        self._total += len(data)
        self._check_sizes()
        if self._stopped:
            return
        try:
            await self._seal(data)
        except Refused as refused:
            self.refuse(refused)

    def _count(self) -> None:
        self.count += 1
        if len(self._name) > ATTACHMENT_NAME:
            self._refuse("error-file-name", 422, limit=ATTACHMENT_NAME)
        if holds_code(self._name, self._runs):
            self._refuse("error-code-in-file", 422)
        if self.count > self._limits.attachments:
            # The number in the sentence is put in at the end, when all have come.
            self._stopped = True

    def _check_sizes(self) -> None:
        size = self._language.size
        if self._size > self._limits.attachment:
            self._refuse("error-file-large", 413, file=self._shown, limit=size(self._limits.attachment))
        if self._total > self._limits.report:
            self._refuse("error-files-total", 413, limit=size(self._limits.report))

    def _refuse(self, text: str, status: int, **slots: object) -> None:
        self._problems.add("file", self._language.text(text, **slots), status)
        self._stopped = True

    def refuse(self, refused: Refused) -> None:
        """Take note of what the desk said, and store nothing more."""
        name = f"server-{refused.code}"
        known = refused.code in {"quota", "full", "too-large"}
        status = {"quota": 429, "full": 507, "too-large": 413}.get(refused.code, 409)
        self._problems.add("", self._language.text(name if known else "server-other"), status)
        self._stopped = True

    @property
    def _shown(self) -> str:
        return one_line(self._name)[:_SHOWN_NAME]

    async def _seal(self, data: bytes) -> None:
        if self._sealer is None or self._parts is None:
            assert self._receipt is not None
            self._sealer = AttachmentSealer(self._name)
            self._parts = self._open_parts(self._receipt.address, self._sealer.id)
        await self._parts.write(self._sealer.update(data))

    def _open_parts(self, address: bytes, attachment: bytes) -> _Parts:
        parts = _Parts(self._desk, address, attachment, self._today)
        self._staged.append((address, parts))
        return parts

    async def end(self) -> None:
        """Close the file; one with a name and without content is refused."""
        if self._into_bundle:
            return
        if not self._size:
            if self._name:
                self.count += 1
                self._refuse("error-file-empty", 422, file=self._shown)
            return
        if self._stopped or self._sealer is None or self._parts is None:
            return
        try:
            for padding in self._sealer.padding():
                await self._parts.write(padding)
            rest, sealed = self._sealer.finish()
            await self._parts.write(rest)
            await self._parts.finish()
        except Refused as refused:
            self.refuse(refused)
            return
        self.sealed.append(sealed)

    async def _write_bundle(self, data: bytes) -> None:
        if self.bundle is None:
            self.bundle = BundleStream(self._open_parts)
        if self.bundle.broken or self._stopped:
            return
        try:
            await self.bundle.write(data)
        except Refused as refused:
            if refused.code == "malformed":
                # What it carries is no age file, so it is no bundle: trying again, as `refuse` says, would not help.
                self.bundle.broken = True
            else:
                self.refuse(refused)

    async def close(self) -> None:
        """Say what the whole was; called when the body is over."""
        if self.count > self._limits.attachments:
            text = self._language.text("error-files-many", n=self.count, limit=self._limits.attachments)
            self._problems.add("file", text)

    def keep(self) -> None:
        """Say that what was staged has become part of a case."""
        self._staged = []

    async def discard(self) -> None:
        """Forget everything that was staged for this form."""
        staged, self._staged = self._staged, []
        for address, parts in staged:
            await parts.settle()
            await self._desk.discard(address, parts.attachment)


class BundleStream:
    """Reads a bundle as it streams in: the head into memory, the attachments on to the desk, unopened."""

    def __init__(self, open_parts: Callable[[bytes, bytes], _Parts]) -> None:
        """`open_parts` gives the place for an attachment's ciphertext."""
        self._open = open_parts
        self.head: bundle.BundleHead | None = None
        self.broken = False
        self._waiting = bytearray()
        self._left: list[tuple[bytes, int]] = []
        self._parts: _Parts | None = None
        self._room = 0

    @property
    def complete(self) -> bool:
        """Whether the bundle came whole, and nothing after it."""
        return self.head is not None and not self.broken and not self._left and self._room == 0

    async def write(self, data: bytes) -> None:
        """Take the next bytes."""
        if self.head is None:
            self._waiting += data
            data = self._read_head()
        while data and not self.broken:
            if not self._room and not self._next():
                self.broken = True
                return
            assert self._parts is not None
            piece, data = data[: self._room], data[self._room :]
            self._room -= len(piece)
            await self._parts.write(piece)
            if not self._room:
                await self._parts.finish()

    def _read_head(self) -> bytes:
        try:
            if len(self._waiting) < bundle.START:
                return b""
            end = bundle.START + bundle.head_length(bytes(self._waiting[: bundle.START]))
            if len(self._waiting) < end:
                return b""
            self.head = bundle.read_head(bytes(self._waiting[bundle.START : end]))
        except FormatError:
            self.broken = True
            return b""
        self._left = list(self.head.attachments)
        rest = bytes(self._waiting[end:])
        self._waiting.clear()
        return rest

    def _next(self) -> bool:
        if self.head is None or not self._left:
            return False
        attachment, self._room = self._left.pop(0)
        self._parts = self._open(self.head.address, attachment)
        return True
