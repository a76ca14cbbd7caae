# SPDX-License-Identifier: EUPL-1.2
"""`POST /bericht`: the mailbox, additions, objections and answers to what was asked, for browsers without a script.

- An unknown code and a known one without news get the same status, the same size and the same work.
- The code comes in the body, is never put into an address, and goes back only into the forms of the page that answers.
"""

from dataclasses import replace
from datetime import date
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from meldkluis.crypto.encoding import unb64
from meldkluis.crypto.entry import REPLY_ACTS, make_entry
from meldkluis.crypto.errors import CryptoError
from meldkluis.crypto.receipt import (
    LONGEST_INPUT,
    MixedListsError,
    Receipt,
    ReceiptCodeError,
    UnknownWordError,
    WordCountError,
    derive,
)
from meldkluis.crypto.report import Draft, compose_addition
from meldkluis.intake.casefile import Case, Telling, read_case
from meldkluis.intake.door import BLANK, Check, Typed, said, typed_of
from meldkluis.intake.forms import Form
from meldkluis.intake.i18n import Language
from meldkluis.intake.questions import Question
from meldkluis.intake.site import Site, padded
from meldkluis.intake.uploads import Problems, Uploads, betraying, take_form
from meldkluis.mailbox.clock import today as clock_today
from meldkluis.mailbox.desk import Mailbox
from meldkluis.mailbox.errors import Refused
from meldkluis.mailbox.wire import STATUS

FIELDS: Final = frozenset({"code", "action", "number", "text", "file", "name", "contact", "preview", "of", "slot"})


ACTIONS: Final = frozenset({"open", "send", "object", "choose"}) | REPLY_ACTS
"""What a form of the mailbox can ask for; `object`: let the terms run; `choose`: a moment for a meeting."""


class Letters:
    """`POST /bericht` in one language."""

    def __init__(self, site: Site, language: Language) -> None:
        """Serve the mailbox of one language."""
        self._site, self._language = site, language

    async def post(self, request: Request) -> Response:
        """Open the mailbox, or take an addition, an objection or an answer to what was asked."""
        today, problems = clock_today(), Problems()
        uploads = Uploads(self._site.desk, self._language, self._site.config.limits, problems, today)
        return await take_form(request, FIELDS, uploads, lambda form: self._take(form, uploads, problems, today))

    async def _take(self, form: Form, uploads: Uploads, problems: Problems, today: date) -> Response:
        if form.fields.get("preview") and not form.text("code").strip():
            return self._ask(form, problems, 200)
        action = form.text("action")
        form.malformed = form.malformed or action not in ACTIONS
        receipt = self._receipt(form, problems)
        if receipt is None or (form.malformed and action != "send"):
            if form.malformed:
                problems.add("", self._language.text("error-malformed"), 400)
            return self._ask(form, problems, problems.status)
        box = self._site.desk.mailbox(receipt.address, today)
        case = self._read(box, receipt)
        typed = replace(typed_of(form), code=receipt_words(form))
        if form.fields.get("preview"):
            return self._show(case, typed, today, added=self._language.text("preview"))
        if action == "send":
            return await self._send(form, typed, receipt, box, case, uploads, problems, today)
        if action == "open" or not case.found or case.log is None:
            return self._show(case, typed, today)
        if action == "object":
            return await self._act("objected", receipt, typed, case, problems, today)
        return await self._reply(form, typed, receipt, box, case, uploads, problems, today)

    def _read(self, box: Mailbox, receipt: Receipt) -> Case:
        return read_case(box, receipt, self._site.desk.organisation, self._site.verified)

    def _receipt(self, form: Form, problems: Problems) -> Receipt | None:
        text = self._language.text
        try:
            return derive(form.text("code")[:LONGEST_INPUT], self._site.desk.organisation)
        except UnknownWordError as error:
            sentence = text("code-word", number=_numbers(error.numbers))
        except MixedListsError as error:
            sentence = text("code-mixed", number=_numbers(error.numbers))
        except WordCountError as error:
            sentence = text("code-count", count=error.count)
        except ReceiptCodeError:
            sentence = text("code-checksum")
        problems.add("code", sentence)
        return None

    def _ask(self, form: Form, problems: Problems, status: int) -> Response:
        """Ask for the code again; a text that was typed comes back with the question."""
        typed = typed_of(form)
        if typed.anything:
            return self._site.page(
                self._language,
                "mailbox.html",
                "bericht",
                status=status,
                **self._nothing(typed, problems),
            )
        return self._site.page(
            self._language,
            "bericht.html",
            "bericht",
            status=status,
            door=True,
            typed=typed.code,
            blank=BLANK,
            errors=problems,
        )

    async def _send(
        self,
        form: Form,
        typed: Typed,
        receipt: Receipt,
        box: Mailbox,
        case: Case,
        uploads: Uploads,
        problems: Problems,
        today: date,
    ) -> Response:
        if not case.found:
            problems.add("code", self._language.text("code-unknown"), 404)
            return self._show(case, typed, today, problems)
        if case.log is None or case.broken:
            return self._show(case, typed, today, problems)
        draft = self._check(form, typed, uploads, problems)
        self._number(form, case, problems)
        if problems:
            return self._again(case, typed, today, problems, uploads)
        return await self._add(receipt, typed, draft, box, case, uploads, today)

    def _number(self, form: Form, case: Case, problems: Problems) -> None:
        """Hold the number that the form showed against the log: what was sent already is not sent once more."""
        number = form.text("number")
        if not (number.isascii() and number.isdigit() and len(number) < 10) or int(number) > case.next_number:
            problems.add("", self._language.text("error-malformed"), 400)
        elif int(number) < case.next_number:
            problems.add(
                "",
                self._language.text("number-door", number=number, day=_day_of(case, int(number), self._language)),
                409,
            )

    def _question(self, form: Form, case: Case, today: date) -> Question | None:
        """Return what the form answers: something that was asked in this case, and that holds."""
        lines, of = Telling(self._language, case, today).lines(), form.text("of")
        return next((line.question for line in lines if line.question is not None and line.question.of == of), None)

    async def _reply(
        self,
        form: Form,
        typed: Typed,
        receipt: Receipt,
        box: Mailbox,
        case: Case,
        uploads: Uploads,
        problems: Problems,
        today: date,
    ) -> Response:
        """Answer what was asked: yes or no in the log, or a moment that was chosen, as an addition."""
        action, question = form.text("action"), self._question(form, case, today)
        if question is None or action not in question.actions:
            problems.add("", self._language.text("error-malformed"), 400)
            return self._show(case, typed, today, problems)
        if action in REPLY_ACTS:
            return await self._act(action, receipt, typed, case, problems, today, of=unb64(question.of))
        sentence = question.choice(form.text("slot"), self._language)
        if sentence is None:
            problems.add("slot", self._language.text("error-slot"))
        self._number(form, case, problems)
        if sentence is None or problems:
            return self._show(case, typed, today, problems, choosing=question.of)
        draft = Draft("addition", "", sentence, language=self._language.code, strength="door")
        return await self._add(receipt, typed, draft, box, case, uploads, today)

    def _check(self, form: Form, typed: Typed, uploads: Uploads, problems: Problems) -> Draft:
        check = Check(self._language, typed, problems)
        check.common(form, betraying(typed.code))
        if not typed.anything and not uploads.count:
            problems.add("text", self._language.text("error-nothing"))
        draft = Draft(
            kind="addition",
            about="",
            text=typed.text,
            name=typed.name,
            contact=typed.contact,
            language=self._language.code,
            strength="door",
            attachments=tuple(uploads.sealed),
        )
        check.length(draft, self._site.config.limits.document)
        return draft

    async def _add(
        self, receipt: Receipt, typed: Typed, draft: Draft, box: Mailbox, case: Case, uploads: Uploads, today: date
    ) -> Response:
        assert case.log is not None
        problems = Problems()
        try:
            sealed = compose_addition(receipt, draft, case.log, case.rosters[-1], box.intake_keys)
            await self._site.desk.add(receipt.address, sealed.entry, sealed.files, today)
        except Refused as refused:
            problems.add("", said(self._language, refused), STATUS[refused.code])
            return self._again(case, typed, today, problems, uploads)
        except CryptoError:
            problems.add("", self._language.text("error-later"), 500)
            return self._again(case, typed, today, problems, uploads)
        uploads.keep()
        added = self._language.text("added", number=case.next_number)
        now = self._read(self._site.desk.mailbox(receipt.address, today), receipt)
        return self._show(now, Typed(code=typed.code), today, added=added)

    async def _act(
        self, act: str, receipt: Receipt, typed: Typed, case: Case, problems: Problems, today: date, **fields: bytes
    ) -> Response:
        """Sign an act without words: let the terms run again, or say yes or no to what was asked."""
        assert case.log is not None
        log, key = case.log, receipt.signing_key
        entry = make_entry(act, case=log.case, index=len(log.entries), head=log.head, signer=key, **fields)
        try:
            await self._site.desk.add(receipt.address, entry, {}, today)
        except Refused as refused:
            problems.add("", said(self._language, refused), STATUS[refused.code])
            return self._show(case, typed, today, problems)
        now = self._read(self._site.desk.mailbox(receipt.address, today), receipt)
        return self._show(now, typed, today, added=self._language.text(act))

    def _again(self, case: Case, typed: Typed, today: date, problems: Problems, uploads: Uploads) -> Response:
        if uploads.count:
            problems.add("file", self._language.text("error-files-again"))
        return self._show(case, typed, today, problems)

    def _show(
        self,
        case: Case,
        typed: Typed,
        today: date,
        problems: Problems | None = None,
        added: str | None = None,
        choosing: str = "",
    ) -> Response:
        """Answer with the mailbox. Both pages are made whichever is sent, so that time does not tell which it was."""
        errors = problems if problems is not None else Problems()
        status = errors.status if errors else 200
        known = self._render(self._told(case, typed, today, errors, added) | {"choosing": choosing})
        unknown = self._render(self._nothing(typed, errors))
        return HTMLResponse(padded(known if case.found else unknown), status)

    def _render(self, values: dict[str, Any]) -> str:
        return self._site.render(self._language, "mailbox.html", "bericht", **values)

    def _told(self, case: Case, typed: Typed, today: date, errors: Problems, added: str | None) -> dict[str, Any]:
        told = self._nothing(typed, errors) | {
            "found": True,
            "added": added,
            "summary": "",
            "today": self._language.day(today),
            "number": case.next_number,
        }
        if case.log is None:
            return told | {"alarms": [self._language.text(case.broken or "alarm-log")], "broken": True}
        telling, course = Telling(self._language, case, today), case.log.course
        return told | {
            "alarms": telling.alarms(),
            "now": telling.standing(),
            "lapsed": telling.lapsed,
            "timeline": telling.lines(),
            "summary": telling.summary(),
            "stopped": course.may_object and not course.destroyed_by,
            "over": bool(course.destroyed_by),
        }

    def _nothing(self, typed: Typed, errors: Problems) -> dict[str, Any]:
        return {
            "found": False,
            "added": None,
            "alarms": [],
            "now": [],
            "lapsed": False,
            "timeline": [],
            "summary": self._language.text("code-unknown"),
            "broken": False,
            "stopped": False,
            "over": False,
            "choosing": "",
            "today": "",
            "draft": typed,
            "number": 2,
            "errors": errors,
        }


def _numbers(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))


def receipt_words(form: Form) -> str:
    """Return the code as it was typed, for the hidden field of the next form."""
    return " ".join(form.text("code").split())


def _day_of(case: Case, number: int, language: Language) -> str:
    assert case.log is not None
    for entry in case.log.entries:
        if (entry.act == "message" and entry.fields["number"] == number) or (entry.act == "submitted" and number == 1):
            return language.day(case.log.entries[entry.index + 1].fields["day"])
    return ""
