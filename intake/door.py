# SPDX-License-Identifier: EUPL-1.2
"""The door: reports from browsers without a script, encrypted here on arrival.

- Plaintext is a local value of one request; files are ciphertext before they reach the desk.
- What is refused brings back the form with everything that was typed and with the same code.
- The same form sent again gives the same receipt; another text with the same code comes back as an addition, unsent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from meldkluis.crypto import receipt as receipts
from meldkluis.crypto.encoding import dump_json, unb64
from meldkluis.crypto.entry import Entry, parse_entry
from meldkluis.crypto.errors import CryptoError, FormatError
from meldkluis.crypto.limits import SHORT_TEXT, TEXT_CLASSES
from meldkluis.crypto.proof import armor_proof
from meldkluis.crypto.receipt import Receipt, ReceiptCodeError
from meldkluis.crypto.report import Draft, compose_report
from meldkluis.intake.casefile import read_case
from meldkluis.intake.forms import Form, holds_code
from meldkluis.intake.i18n import Language
from meldkluis.intake.site import Readers, Site
from meldkluis.intake.uploads import Problems, Uploads, betraying, take_form
from meldkluis.mailbox.clock import today as clock_today
from meldkluis.mailbox.desk import Accepted
from meldkluis.mailbox.errors import Refused
from meldkluis.mailbox.wire import STATUS

REPORT_FIELDS: Final = frozenset(
    {"code", "kind", "about", "to", "text", "file", "name", "contact", "bundle", "preview"}
)
_KINDS: Final = ("report", "advice")
_TEXT_FIELDS: Final = ("about", "text", "name", "contact")
_OVERHEAD: Final = 8 * 1024
"""Bytes that everything around a document takes at most: signature, keys of 16 members, the reply recipient."""


@dataclass(frozen=True)
class Typed:
    """What a form shows in its fields. `to` is None on a fresh form: everybody ticked."""

    code: str = field(default="", repr=False)
    kind: str = "report"
    about: str = field(default="", repr=False)
    to: frozenset[bytes] | None = None
    text: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    contact: str = field(default="", repr=False)

    @property
    def anything(self) -> bool:
        """Whether any text was typed."""
        return any(getattr(self, name).strip() for name in _TEXT_FIELDS)


BLANK: Final = Typed()


def typed_of(form: Form) -> Typed:
    """Return the form's content as it goes back into a page."""
    to = frozenset(filter(None, map(_key, form.fields.get("to", []))))
    kind = form.text("kind")
    return Typed(
        form.text("code"), kind, form.text("about"), to, form.text("text"), form.text("name"), form.text("contact")
    )


def _key(written: str) -> bytes | None:
    try:
        return unb64(written)
    except FormatError:
        return None


def too_long(draft: Draft, limit: int) -> int:
    """Return how many bytes the draft's message is over what a document may have; 0 when it fits."""
    # The document travels as a string inside a JSON object, so its quotes and backslashes count twice.
    size = len(dump_json(draft.document().dump())) + _OVERHEAD
    return max(0, size - min(limit, TEXT_CLASSES[-1]))


class Check:
    """Holds what was typed against what can be sent; fills `problems`."""

    def __init__(self, language: Language, typed: Typed, problems: Problems) -> None:
        """Check the typed fields of either form."""
        self._text, self._typed, self._problems = language.text, typed, problems

    def common(self, form: Form, runs: Sequence[str]) -> None:
        """Check what both forms have in common: characters, lengths, the code in a text."""
        if form.malformed:
            self._problems.add("", self._text("error-malformed"), 400)
        if form.cleaned:
            self._problems.add("text", self._text("error-characters"))
        for name in ("about", "name", "contact"):
            if len(getattr(self._typed, name)) > SHORT_TEXT:
                self._problems.add(name, self._text(f"error-{name}-long", n=SHORT_TEXT))
        for name in _TEXT_FIELDS:
            if holds_code(getattr(self._typed, name), runs):
                self._problems.add(name, self._text(f"error-code-in-{name}"))

    def length(self, draft: Draft, limit: int) -> None:
        """Check that the text fits."""
        over = too_long(draft, limit)
        if over:
            self._problems.add("text", self._text("error-text-long", n=-(-over // 100) * 100), 413)

    def report(self, readers: Readers, uploads: Uploads) -> None:
        """Check what only a first message has."""
        typed = self._typed
        if typed.kind not in _KINDS:
            self._problems.add("kind", self._text("error-kind"))
        if not typed.text.strip() and not uploads.count:
            self._problems.add("text", self._text("error-text-missing"))
        chosen = typed.to or frozenset()
        if not chosen <= readers.keys.keys():
            self._problems.add("to", self._text("server-roster"), 409)
        elif not chosen:
            self._problems.add("to", self._text("error-nobody"))


class Door:
    """`POST /melden` in one language."""

    def __init__(self, site: Site, language: Language) -> None:
        """Serve the forms of one language."""
        self._site, self._language = site, language

    async def report(self, request: Request) -> Response:
        """Take a report."""
        today = clock_today()
        problems = Problems()
        uploads = Uploads(self._site.desk, self._language, self._site.config.limits, problems, today)
        return await take_form(request, REPORT_FIELDS, uploads, lambda form: self._take(form, uploads, problems, today))

    async def _take(self, form: Form, uploads: Uploads, problems: Problems, today: date) -> Response:
        readers = self._site.readers(today)
        if readers is None or not self._site.desk.is_open:
            return closed(self._site, self._language, typed_of(form))
        if form.fields.get("preview"):
            return self._preview(form, readers)
        if uploads.bundle is not None:
            return await self._take_bundle(form, uploads, problems, readers, today)
        typed = typed_of(form)
        receipt = self._receipt(form)
        if receipt is None:
            form.malformed, typed = True, replace(typed, code=receipts.generate(self._language.code))
        check = Check(self._language, typed, problems)
        check.common(form, betraying(typed.code) if receipt is not None else ())
        check.report(readers, uploads)
        draft = self._draft(typed, uploads)
        check.length(draft, self._site.config.limits.document)
        if problems or receipt is None:
            return self.form(typed, problems, readers, uploads)
        return await self._submit(receipt, typed, draft, uploads, readers, today)

    def _preview(self, form: Form, readers: Readers) -> Response:
        """Give the form back filled in, for a script that failed: nothing is checked and nothing is kept."""
        typed = typed_of(form)
        if self._receipt(form) is None:
            typed = replace(typed, code=receipts.generate(self._language.code))
        return self.form(typed, Problems(), readers, note=self._language.text("preview"), status=200)

    def _receipt(self, form: Form) -> Receipt | None:
        try:
            return receipts.derive(form.text("code")[: receipts.LONGEST_INPUT], self._site.desk.organisation)
        except ReceiptCodeError:
            return None

    def _draft(self, typed: Typed, uploads: Uploads) -> Draft:
        return Draft(
            kind=typed.kind,
            about=typed.about,
            text=typed.text,
            to=typed.to or frozenset(),
            name=typed.name,
            contact=typed.contact,
            language=self._language.code,
            strength="door",
            attachments=tuple(uploads.sealed),
        )

    async def _submit(
        self, receipt: Receipt, typed: Typed, draft: Draft, uploads: Uploads, readers: Readers, today: date
    ) -> Response:
        sealed = compose_report(receipt, draft, readers.roster, readers.keys)
        try:
            accepted = await self._site.desk.submit(receipt.address, sealed.entry, sealed.files, today)
        except Refused as refused:
            if refused.code == "other-text":
                return self._conflict(receipt, typed, uploads, today)
            return self._refused(refused, typed, readers, uploads)
        if accepted.new:
            uploads.keep()
        strength = self._language.text("strength-door")
        if any(item.ref.sealed for item in draft.attachments):
            strength += " " + self._language.text("strength-sealed")
        return self.receipt(accepted, readers, typed.code, strength)

    def _refused(self, refused: Refused, typed: Typed, readers: Readers, uploads: Uploads) -> Response:
        problems = Problems()
        problems.add("", said(self._language, refused), STATUS.get(refused.code, 400))
        if refused.code == "taken":
            typed = replace(typed, code=receipts.generate(self._language.code))
        return self.form(typed, problems, readers, uploads)

    def _conflict(self, receipt: Receipt, typed: Typed, uploads: Uploads, today: date) -> Response:
        """The code has a report with another content: offer the new text as an addition."""
        case = read_case(
            self._site.desk.mailbox(receipt.address, today), receipt, self._site.desk.organisation, self._site.verified
        )
        about = f"{typed.about}\n\n{typed.text}" if typed.about.strip() else typed.text
        return self._site.page(
            self._language,
            "conflict.html",
            "melden",
            status=409,
            draft=replace(typed, text=about),
            number=case.next_number,
            files_lost=uploads.count > 0,
        )

    async def _take_bundle(
        self, form: Form, uploads: Uploads, problems: Problems, readers: Readers, today: date
    ) -> Response:
        typed, text, stream = typed_of(form), self._language.text, uploads.bundle
        assert stream is not None
        if form.malformed:
            problems.add("", text("error-malformed"), 400)
        if typed.anything or uploads.count:
            problems.add("bundle", text("error-bundle-text"))
        head = stream.head if stream.complete else None
        entry = None if head is None else _entry(head.entry)
        if entry is None or entry.act != "submitted":
            problems.add("bundle", text("error-bundle"))
        elif entry.fields["organisation"] != self._site.desk.organisation:
            problems.add("bundle", text("error-bundle-other"))
        if problems or head is None:
            return self.form(typed, problems, readers, uploads)
        try:
            accepted = await self._site.desk.submit(head.address, head.entry, head.files, today)
        except Refused as refused:
            sentence = "error-bundle" if refused.code in {"malformed", "signature"} else None
            problems.add("bundle", text(sentence) if sentence else said(self._language, refused), STATUS[refused.code])
            return self.form(typed, problems, readers, uploads)
        if accepted.new:
            uploads.keep()
        return self.receipt(accepted, readers, None, text("strength-offline"))

    def receipt(self, accepted: Accepted, readers: Readers, code: str | None, strength: str) -> Response:
        """Answer with the receipt."""
        received = parse_entry(accepted.received.raw)
        # A report always has one; only additions have none.
        assert accepted.proof is not None
        dues, day = received.fields["dues"], self._language.day
        return self._site.page(
            self._language,
            "receipt.html",
            "melden",
            code=code,
            received=day(received.fields["day"]),
            acknowledgement=day(dues.acknowledgement),
            feedback=day(dues.feedback),
            strength=strength,
            proof=armor_proof(accepted.proof, readers.versions),
            again=not accepted.new,
        )

    def form(
        self,
        typed: Typed,
        problems: Problems,
        readers: Readers,
        uploads: Uploads | None = None,
        *,
        note: str | None = None,
        status: int | None = None,
    ) -> Response:
        """Answer with the form, everything typed in its place."""
        if uploads is not None and uploads.count:
            problems.add("file", self._language.text("error-files-again"))
        shown = typed if typed.kind in _KINDS else replace(typed, kind="report")
        values: Mapping[str, Any] = {
            "door": True,
            "draft": shown,
            "blank": BLANK,
            "errors": problems,
            "roster": readers,
            "note": note,
        }
        return self._site.page(self._language, "melden.html", "melden", status=status or problems.status, **values)


def said(language: Language, refused: Refused) -> str:
    """Return the desk's refusal in words."""
    name = f"server-{refused.code}"
    try:
        return language.text(name)
    except KeyError:
        return language.text("server-other")


def _entry(raw: bytes) -> Entry | None:
    try:
        return parse_entry(raw)
    except CryptoError:
        return None


def closed(site: Site, language: Language, typed: Typed | None = None) -> Response:
    """Answer that nothing is taken here: not yet, or not today because nobody could read it."""
    draft = typed if typed is not None and typed.anything else None
    return site.page(language, "closed.html", "melden", status=503, opened=site.desk.is_open, draft=draft)
