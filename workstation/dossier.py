# SPDX-License-Identifier: EUPL-1.2
"""One case, opened: its log replayed, its messages decrypted and held against the log.

- `about_whom` opens nothing for the eye but whom the report is about; the rest needs the officer's declaration.
- A message or a note that does not hold is an alarm and is not shown; the others are.
- What colleagues wrote to each other before this officer came into the case does not open here: no alarm.
- Plaintext is returned, never kept (but `about`, in the encrypted vault, for the list).
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from meldkluis.crypto.casework import OpenedMessage, open_answer, open_contact, open_message, open_note
from meldkluis.crypto.chain import CaseLog, read_log
from meldkluis.crypto.entry import ANSWER_ACTS, NOTE_ACTS, REPLY_ACTS, SERVER_ACTS, Entry
from meldkluis.crypto.errors import CryptoError, NotForThisKeyError
from meldkluis.crypto.message import CONFIRMED_KINDS, AnswerDocument, AttachmentRef, Contact, Document
from meldkluis.crypto.note import Note
from meldkluis.crypto.roster import Member
from meldkluis.workstation.casebook import INVOLVED, NOT_INVOLVED, Casebook, KeptCase
from meldkluis.workstation.casekeys import CaseKeys
from meldkluis.workstation.errors import ActError, DistrustError
from meldkluis.workstation.keyring import Keyring
from meldkluis.workstation.trust import Trust

MESSAGE_ACTS: Final = frozenset({"submitted", "message"})


@dataclass(frozen=True)
class Question:
    """What an officer asked the reporter, from a copy that opens and holds.

    `kind` is `account`, `consent`, `meeting` or `detriment`; the first two are `confirmed`: answered with yes or no.
    `reply` is the reporter's newest one, None while there is none: not confirmed, which never means agreed.
    """

    kind: str
    slots: tuple[str, ...] = field(default=(), repr=False)
    confirmed: bool = False
    reply: bool | None = None


@dataclass(frozen=True)
class Item:
    """A line of the timeline. `text` and `note` are None where there are none, where `problem` (a kind of alarm) says
    why, or where they are `older` than this officer's part in the case. `fields` is what the entry itself says.
    `question` is what an `asked` asks, `of` the number of the entry to which the reporter said yes or no.
    """

    number: int
    act: str
    by: str
    member: Member | None
    day: date | None
    unread: bool
    text: str | None = field(default=None, repr=False)
    document: Document | None = field(default=None, repr=False)
    subject: Member | None = None
    contact: bool = False
    problem: str | None = None
    note: Note | None = field(default=None, repr=False)
    older: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)
    question: Question | None = None
    of: int | None = None


@dataclass
class _Inside:
    """What came with an entry, as far as it opens and holds."""

    text: str | None = None
    document: Document | None = None
    note: Note | None = None
    problem: str | None = None
    older: bool = False
    question: Question | None = None


class Dossiers:
    """Reads cases out of an open vault. It writes nothing but received case secrets and alarms."""

    def __init__(self, keyring: Keyring, trust: Trust, casebook: Casebook) -> None:
        self._keyring: Final = keyring
        self._trust: Final = trust
        self._book: Final = casebook
        self.keys: Final = CaseKeys(keyring, trust, casebook)

    def log(self, case: bytes) -> CaseLog:
        """Return the verified log that is kept; ActError for a case that is not known."""
        raws = self._book.log(case)
        if not raws:
            raise ActError("no-case")
        # Every entry was verified when it came, and the vault keeps what it was given.
        return read_log(raws, self._keyring.organisation, case, self._trust.server_keys())

    def kept(self, case: bytes) -> KeptCase:
        """Return what is known of a case here."""
        kept = self._book.case(case)
        if kept is None:
            raise ActError("no-case")
        return kept

    def declaration(self, kept: KeptCase, log: CaseLog) -> str | None:
        """Return the officer's declaration; the log has it too, if this vault missed its own success."""
        acts = {entry.act for entry in log.entries if entry.author == self._keyring.key}
        if kept.declaration == INVOLVED or "recused" in acts:
            return INVOLVED
        return NOT_INVOLVED if kept.declaration == NOT_INVOLVED or "not-involved" in acts else None

    def require_declared(self, case: bytes) -> CaseLog:
        """Return the log of a case that the officer may read; ActError otherwise."""
        log, kept = self.log(case), self.kept(case)
        if kept.destroyed is not None:
            raise ActError("destroyed")
        declared = self.declaration(kept, log)
        if declared != NOT_INVOLVED:
            raise ActError("recused" if declared == INVOLVED else "not-declared")
        return log

    def about_whom(self, case: bytes) -> str:
        """Return whom the report is about, and nothing else of it."""
        log, kept = self.log(case), self.kept(case)
        if kept.destroyed is not None:
            raise ActError("destroyed")
        if self.declaration(kept, log) == INVOLVED:
            raise ActError("recused")
        return self.open_message(log, log.submitted, self.identities(log)).document.about

    def identities(self, log: CaseLog) -> Sequence[str]:
        """Return what may open this case's files: case secrets first, then intake secrets."""
        intake = self._keyring.intake_secrets()
        try:
            self.keys.learn(log)
        except DistrustError:
            # A colleague's bad secret does not shut a report that opens with the officer's own key.
            if not self._opens_without(log, intake):
                raise
        return [*self.keys.of_case(log), *intake]

    def _opens_without(self, log: CaseLog, intake: Sequence[str]) -> bool:
        try:
            self.open_message(log, log.submitted, intake)
        except DistrustError:
            return False
        return True

    def _file(self, log: CaseLog, entry: Entry, slot: str) -> bytes:
        file = self._book.file(log.case, entry.index, slot)
        if file is None:
            raise DistrustError("file-missing", log.case)
        return file

    def open_message(self, log: CaseLog, entry: Entry, identities: Sequence[str]) -> OpenedMessage:
        """Return a message of the reporter; DistrustError when it does not open or does not hold."""
        file = self._file(log, entry, "content" if entry.act == "submitted" else "message")
        try:
            return open_message(file, entry, log, identities)
        except NotForThisKeyError:
            raise DistrustError("unreadable", log.case) from None
        except CryptoError:
            raise DistrustError("message", log.case) from None

    def open_contact(self, log: CaseLog, entry: Entry) -> Contact:
        """Return the contact details that came with an entry. `acts` has logged it before."""
        file = self._file(log, entry, "identity")
        try:
            return open_contact(file, entry, log, self.identities(log))
        except NotForThisKeyError:
            raise DistrustError("unreadable", log.case) from None
        except CryptoError:
            raise DistrustError("message", log.case) from None

    def open_note(self, log: CaseLog, entry: Entry, identities: Sequence[str]) -> Note:
        """Return a note of the case's officers; DistrustError when it does not open or does not hold."""
        file = self._file(log, entry, "note")
        try:
            return open_note(file, entry, log, identities)
        except NotForThisKeyError:
            raise DistrustError("unreadable", log.case) from None
        except CryptoError:
            raise DistrustError("message", log.case) from None

    def _answer(self, log: CaseLog, entry: Entry, identities: Sequence[str]) -> AnswerDocument:
        try:
            return open_answer(self._file(log, entry, "copy"), "copy", entry, log, identities)
        except NotForThisKeyError:
            raise DistrustError("unreadable", log.case) from None
        except CryptoError:
            raise DistrustError("message", log.case) from None

    def _inside(self, log: CaseLog, entry: Entry, identities: Sequence[str]) -> _Inside:
        try:
            if entry.act in MESSAGE_ACTS:
                document = self.open_message(log, entry, identities).document
                return _Inside(document.text, document)
            if entry.act in ANSWER_ACTS:
                answer = self._answer(log, entry, identities)
                return _Inside(answer.text, question=_question(log, entry, answer))
            if entry.act in NOTE_ACTS:
                return _Inside(note=self.open_note(log, entry, identities))
        except DistrustError as error:
            before = self.keys.never_mine if entry.act in MESSAGE_ACTS else self.keys.before_my_time
            if error.kind == "unreadable" and before(log, entry):
                return _Inside(older=True)
            return _Inside(problem=error.kind)
        return _Inside()

    def asked(self, log: CaseLog, identities: Sequence[str]) -> dict[int, str]:
        """Return the kind of every question to the reporter that can be read, by the number of its entry."""
        kinds = {}
        for entry in log.entries:
            if entry.act == "asked":
                with contextlib.suppress(DistrustError):
                    kinds[entry.index] = self._answer(log, entry, identities).kind
        return kinds

    def strength(self, log: CaseLog, identities: Sequence[str]) -> str:
        """Return how the report was encrypted on its way; empty where it does not open."""
        try:
            return self.open_message(log, log.submitted, identities).document.strength
        except DistrustError:
            return ""

    def words(self, log: CaseLog) -> tuple[Sequence[str], list[str]]:
        """Return the case's identities, and everything that was written in it, as far as it opens and holds."""
        try:
            identities = self.identities(log)
        except DistrustError:
            return (), []
        found: list[str] = []
        for entry in log.entries:
            inside = self._inside(log, entry, identities)
            found += [inside.text] if inside.text else []
            if inside.document is not None:
                found += [inside.document.about, *(item.name for item in inside.document.attachments)]
            if inside.note is not None:
                record = inside.note.record
                found += [inside.note.reason, *([] if record is None else [record.whom, record.text])]
        return identities, found

    def timeline(self, case: bytes) -> list[Item]:
        """Return everything that happened in a case, in order, with what was written."""
        log = self.require_declared(case)
        identities, seen = self.identities(log), self.kept(case).seen
        items = []
        for entry, following in zip(log.entries, [*log.entries[1:], None], strict=True):
            inside = self._inside(log, entry, identities)
            received = following.fields["day"] if following is not None and following.act == "received" else None
            subject = entry.fields.get("officer") or entry.fields.get("deputy")
            items.append(
                Item(
                    number=entry.index,
                    act=entry.act,
                    by=self._by(log, entry),
                    member=self._trust.person(entry.author),
                    day=entry.fields.get("day", received),
                    unread=entry.index >= seen and entry.author != self._keyring.key and entry.act != "received",
                    text=inside.text,
                    document=inside.document,
                    subject=self._trust.person(subject) if subject and entry.act != "submitted" else None,
                    contact="identity" in entry.files,
                    problem=inside.problem,
                    note=inside.note,
                    older=inside.older,
                    fields=entry.fields,
                    question=inside.question,
                    of=_answered(log, entry),
                )
            )
        return items

    def _by(self, log: CaseLog, entry: Entry) -> str:
        if entry.author == log.reporter_key:
            return "reporter"
        if entry.author == self._keyring.key:
            return "me"
        return "server" if entry.act in SERVER_ACTS else "officer"

    def attachment(self, case: bytes, entry_index: int, attachment: bytes) -> AttachmentRef:
        """Return an attachment as its message names it; ActError when there is none such."""
        log = self.require_declared(case)
        if not 0 <= entry_index < len(log.entries) or log.entries[entry_index].act not in MESSAGE_ACTS:
            raise ActError("no-attachment")
        document = self.open_message(log, log.entries[entry_index], self.identities(log)).document
        for ref in document.attachments:
            if ref.id == attachment:
                return ref
        raise ActError("no-attachment")


def _question(log: CaseLog, entry: Entry, answer: AnswerDocument) -> Question | None:
    if entry.act != "asked":
        return None
    confirmed = answer.kind in CONFIRMED_KINDS
    # The server does not know what was asked, and takes a yes to anything: only these kinds are for one.
    reply = log.course.answers_to[entry.hash] if confirmed else None
    return Question(answer.kind, answer.slots, confirmed, reply)


def _answered(log: CaseLog, entry: Entry) -> int | None:
    """Return the number of the entry that a yes or no names; the log holds, so it is there."""
    if entry.act not in REPLY_ACTS:
        return None
    return next(item.index for item in log.entries if item.hash == entry.fields["of"])
