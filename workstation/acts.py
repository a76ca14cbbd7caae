# SPDX-License-Identifier: EUPL-1.2
"""What the officer does in a case: declare, take over, withdraw, open contact details, answer, ask.

- Each act is one entry appended to the head that was just fetched and verified; when somebody was faster, fetch and
  try again. The first valid case key wins; the loser uses the secret that the winner sealed for him.
- What must not be lost is durable before it is sent: case secrets before they are announced, an answer's text as a
  draft.
- An answer carries the number that the page showed, so that sending twice is noticed and never done.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from meldkluis.crypto import age
from meldkluis.crypto.casework import TakeOver, compose_answer, take_over
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.entry import ANSWER_ACTS
from meldkluis.crypto.errors import ChainError, CryptoError, FormatError, NotForThisKeyError
from meldkluis.crypto.message import AnswerDocument, Contact
from meldkluis.workstation.casebook import Casebook, KeptDraft
from meldkluis.workstation.casefiles import REPORTER_SLOTS
from meldkluis.workstation.casekeys import has_contact
from meldkluis.workstation.caselogs import CaseLogs
from meldkluis.workstation.client import OfficersApi
from meldkluis.workstation.dossier import Dossiers
from meldkluis.workstation.errors import ActError, DistrustError, RefusedError
from meldkluis.workstation.handling import should_stop
from meldkluis.workstation.keyring import Keyring
from meldkluis.workstation.summary import Summaries
from meldkluis.workstation.trust import Trust

_TRIES: Final = 5
Places = Mapping[tuple[int, str], bytes]
Result = TypeVar("Result")


class Acts:
    """The officer's acts. Each takes `today`'s day from the API's clock, which is the server's day or a neighbour."""

    def __init__(
        self, keyring: Keyring, trust: Trust, casebook: Casebook, dossiers: Dossiers, summaries: Summaries,
        api: OfficersApi, logs: CaseLogs,
    ) -> None:  # fmt: skip
        self._keyring: Final = keyring
        self._trust: Final = trust
        self._book: Final = casebook
        self._dossiers: Final = dossiers
        self._summaries: Final = summaries
        self._api: Final = api
        self._logs: Final = logs

    def on_head(self, case: bytes, act: Callable[[CaseLog], Result]) -> Result:
        """Do something on the newest log; once more when another officer or the reporter was faster."""
        for _ in range(_TRIES - 1):
            self._logs.refresh(case)
            try:
                return act(self._dossiers.log(case))
            except RefusedError as error:
                if error.code != "head":
                    raise
        self._logs.refresh(case)
        return act(self._dossiers.log(case))

    def recuse(self, case: bytes) -> None:
        """Withdraw from a case. Everything readable of it is removed first, whatever becomes of the sending."""
        self._dossiers.log(case)
        if self._dossiers.kept(case).destroyed is not None:
            raise ActError("destroyed")
        self._book.recuse(case)
        for _ in range(_TRIES - 1):
            self._logs.log_only(case)
            try:
                return self._logs.send_recusal(case, self._api.day())
            except RefusedError as error:
                if error.code != "head":
                    raise
        self._logs.log_only(case)
        return self._logs.send_recusal(case, self._api.day())

    def not_involved(self, case: bytes) -> None:
        """Declare not to be involved, and take the case over when nobody did."""

        def declare(log: CaseLog) -> None:
            if self._dossiers.declaration(self._dossiers.kept(case), log) is None:
                self._logs.append(log, "not-involved")
            self._book.declare_not_involved(case)

        self.on_head(case, declare)
        self.on_head(case, self._take_over)
        log = self._dossiers.log(case)
        opened = self._dossiers.open_message(log, log.submitted, self._dossiers.identities(log))
        self._book.set_about(case, opened.document.about)

    def take_over_if_open(self, case: bytes) -> None:
        """Take the case over after an earlier declaration, when that was broken off."""
        self._dossiers.require_declared(case)
        self.on_head(case, self._take_over)

    def _take_over(self, log: CaseLog) -> None:
        if not log.may_take_over(self._keyring.key):
            return
        # A report whose first message does not hold is not taken over: its headers stay as the reporter made them.
        self._dossiers.open_message(log, log.submitted, self._dossiers.identities(log))
        bodies = {
            (entry.index, slot): self._book.file(log.case, entry.index, slot)
            for entry in log.entries
            for slot in entry.files
            if slot in REPORTER_SLOTS and (slot != "identity" or has_contact(log, entry))
        }
        if any(body is None for body in bodies.values()):
            raise DistrustError("file-missing", log.case)
        split = {place: age.split(body) for place, body in bodies.items() if body is not None}
        # A header says nothing of the payload it belongs to: one of another report, wrapped anew here, would open that
        # report to this case's officers. Only a header that opens its own file is.
        foreign = self._check_headers(log, {place: body for place, body in bodies.items() if body is not None})
        headers = {place: header for place, (header, _) in split.items() if place not in foreign}
        try:
            taken = take_over(
                log, headers, self._keyring.intake_secrets(), self._keyring.known_keys(), self._keyring.signing_key,
                self._api.day(), log.officers - self._trust.members(),
            )  # fmt: skip
        except ChainError:
            raise DistrustError("key-missing", log.case) from None
        except CryptoError:
            raise DistrustError("unreadable", log.case) from None
        # Durable before it is announced: an announced key whose secret is lost would shut the case for ever.
        self._book.put_secrets(str(taken.entry.fields["recipient"]), taken.grant)
        # What was never for a deputy keeps the header that it has: the server wants new ones for the rest.
        new = {place: taken.headers.get(place, header) for place, (header, _) in split.items()}
        self._announce(taken, {place: new[place] + payload for place, (_, payload) in split.items()})

    def _check_headers(self, log: CaseLog, bodies: Places) -> set[tuple[int, str]]:
        """Return the files that were never for this officer, and stay as they are: see `CaseKeys.never_mine`."""
        foreign = set()
        for place, body in bodies.items():
            try:
                age.decrypt(body, self._keyring.intake_secrets())
            except NotForThisKeyError:
                if not self._dossiers.keys.never_mine(log, log.entries[place[0]]):
                    raise DistrustError("unreadable", log.case) from None
                foreign.add(place)
            except CryptoError:
                raise DistrustError("message", log.case) from None
        return foreign

    def _announce(self, taken: TakeOver, bodies: Places) -> None:
        entry = taken.entry
        self._api.append(entry.case, entry.raw, taken.files, taken.headers)
        grants = {(entry.index, slot): file for slot, file in taken.files.items()}
        self._book.extend(entry.case, entry.index, [entry.raw], {**bodies, **grants})

    def open_contact(self, case: bytes) -> list[tuple[int, Contact]]:
        """Log the opening, then return all contact details with the number of the entry that they came with."""
        log = self._dossiers.require_declared(case)
        if not any(has_contact(log, entry) for entry in log.entries):
            raise ActError("identity-gone")
        self.on_head(case, lambda log: self._logs.append(log, "identity-opened"))
        log = self._dossiers.log(case)
        return [
            (entry.index, self._dossiers.open_contact(log, entry)) for entry in log.entries if has_contact(log, entry)
        ]

    def read(self, case: bytes, shown: int) -> None:
        """Say that the reporter's messages were read; only while nothing came after the `shown` entries."""
        self._dossiers.require_declared(case)
        self._logs.refresh(case)
        log = self._dossiers.log(case)
        if log.course.unread is not None and len(log.entries) == shown and self._keyring.key in log.officers:
            self._logs.append(log, "read")

    def next_number(self, case: bytes) -> int:
        """Return the number that the officer's next answer in this case will have."""
        return self._dossiers.log(case).next_number(self._keyring.key)

    def ask(self, case: bytes, kind: str, number: int, text: str, slots: Sequence[str] = ()) -> None:
        """Ask the reporter something definite: an `account`, `consent`, a `meeting` with its slots, or `detriment`.

        ActError `no-kind`, `no-slots`, `slots` (too many, too long, or no single line), or as `answer`.
        """
        self.answer(case, "asked", number, text, kind=kind, slots=slots)

    def answer(
        self, case: bytes, act: str, number: int, text: str, *, kind: str | None = None, slots: Sequence[str] = ()
    ) -> None:
        """Send an answer: acknowledged, answered, feedback, asked (see `ask`), or that the terms do not run.

        ActError `sent-already` when an answer of this number stands; then, as on every error, the draft stays.
        """
        if act not in ANSWER_ACTS:
            raise ActError("no-act")
        if not text.strip():
            raise ActError("no-text")
        offered = _check_kind(act, kind, slots)
        log = self._dossiers.require_declared(case)
        if act == "clock-stopped" and not should_stop(log, self._summaries.handling(log)):
            raise ActError("no-stop")
        self._book.set_draft(case, KeptDraft(act, number, text))

        def send(log: CaseLog) -> None:
            if log.next_number(self._keyring.key) != number:
                raise ActError("sent-already")
            self._send(log, act, text, kind, offered)

        self.on_head(case, send)
        self._book.set_draft(case, None)

    def _send(self, log: CaseLog, act: str, text: str, kind: str | None, slots: Sequence[str]) -> None:
        roster = self._trust.current()
        if roster is None or log.case_key is None:
            raise ActError("not-taken-over")
        first = self._dossiers.open_message(log, log.submitted, self._dossiers.identities(log)).message
        if first.reply is None:
            raise DistrustError("message", log.case)
        try:
            sealed = compose_answer(
                act, text, log, first.reply, roster.hash, self._keyring.signing_key, self._api.day(),
                kind=kind, slots=slots,
            )  # fmt: skip
        except FormatError:
            raise ActError("too-long") from None
        except ChainError:
            raise ActError("no-stop") from None
        entry = sealed.entry
        self._api.append(log.case, entry.raw, sealed.files)
        self._book.extend(log.case, entry.index, [entry.raw], {(entry.index, "copy"): sealed.files["copy"]})


def _check_kind(act: str, kind: str | None, slots: Sequence[str]) -> tuple[str, ...]:
    """Return the moments that the question offers, trimmed; ActError when kind or moments do not fit the act."""
    kinds = ANSWER_ACTS[act]
    if kind not in kinds and not (kind is None and len(kinds) == 1):
        raise ActError("no-kind")
    offered = tuple(slot.strip() for slot in slots if slot.strip())
    if kind == "meeting" and not offered:
        raise ActError("no-slots")
    try:
        AnswerDocument.load(AnswerDocument(kind or kinds[0], "", offered).dump())
    except FormatError:
        raise ActError("slots") from None
    return offered if kind == "meeting" else ()
