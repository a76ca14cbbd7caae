# SPDX-License-Identifier: EUPL-1.2
"""The log of a case: append-only, hash-chained, every entry signed by somebody who may make it.

- Server, workstation and the reporter's client replay the same rules, so a server cannot move, drop, double or
  invent an entry without being seen by those who remember a head.
- It decides who counts as an officer of the case. It reads no file and decrypts nothing.
"""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Final

from meldkluis.crypto.entry import (
    ANSWER_ACTS,
    OFFICER_ACTS,
    REPORTER_ACTS,
    Entry,
    make_entry,
    parse_entry,
)
from meldkluis.crypto.errors import ChainError
from meldkluis.crypto.receipt import case_of
from meldkluis.crypto.signed import SigningKey

__all__ = ["CaseLog", "replay"]

ACKNOWLEDGED_IN: Final = 7
FEEDBACK_IN: Final = 99
"""Days: a week, and three months of at most 92 days after it. `mailbox.terms` counts; this is a bound."""


class CaseLog:
    """The state that a log's entries add up to.

    `server_keys` are the server's keys of all rosters that the reader trusts.
    """

    def __init__(self, organisation: str, case: bytes, server_keys: Iterable[bytes]) -> None:
        self.organisation: Final = organisation
        self.case: Final = case
        self._server_keys: Final = frozenset(server_keys)
        self.entries: list[Entry] = []
        self.reporter_key = b""
        self.officers: frozenset[bytes] = frozenset()
        self.ever_officers: frozenset[bytes] = frozenset()
        self.case_key: Entry | None = None
        self.feedback_given = False
        self._numbers: dict[bytes, int] = {}
        self._last_day = date.min

    @property
    def head(self) -> bytes | None:
        """Hash of the last entry; what the next one builds on."""
        return self.entries[-1].hash if self.entries else None

    @property
    def submitted(self) -> Entry:
        """The reporter's first entry."""
        if not self.entries:
            raise ChainError("the log is empty")
        return self.entries[0]

    @property
    def to(self) -> tuple[bytes, ...]:
        """The officers whom the reporter chose."""
        to: tuple[bytes, ...] = self.submitted.fields["to"]
        return to

    @property
    def not_to(self) -> tuple[bytes, ...]:
        """The members whom the reporter left out."""
        not_to: tuple[bytes, ...] = self.submitted.fields["not_to"]
        return not_to

    @property
    def deputy(self) -> bytes | None:
        """The deputy who gets the case when a term lapses."""
        deputy: bytes | None = self.submitted.fields["deputy"]
        return deputy

    @property
    def received(self) -> date | None:
        """The day that the server received the report."""
        first: date | None = self.entries[1].fields["day"] if len(self.entries) > 1 else None
        return first

    @property
    def case_recipient(self) -> str | None:
        """Where messages go once an officer took the case over."""
        return None if self.case_key is None else str(self.case_key.fields["recipient"])

    @property
    def identity_recipient(self) -> str | None:
        """Where contact details go once an officer took the case over."""
        return None if self.case_key is None else str(self.case_key.fields["identity_recipient"])

    @property
    def seen_by_all(self) -> bool:
        """Whether every officer took the case over or made an entry since: each could say that it does not open."""
        if self.case_key is None:
            return False
        return self.officers <= {entry.author for entry in self.entries[self.case_key.index :]}

    def next_number(self, author: bytes) -> int:
        """Return the number of the author's next message or answer, from 1."""
        return self._numbers.get(author, 0) + 1

    def append(self, given: bytes | Entry) -> Entry:
        """Verify one entry and take it in; ChainError, FormatError or SignatureError, and nothing changes.

        An Entry was verified when it was made, and is not verified again.
        """
        entry = given if isinstance(given, Entry) else parse_entry(given)
        self.check(entry)
        self._take(entry)
        return entry

    def extend(self, act: str, signer: SigningKey, /, **fields: object) -> Entry:
        """Make, sign and take in the next entry; ChainError when its author may not make it now."""
        entry = make_entry(act, case=self.case, index=len(self.entries), head=self.head, signer=signer, **fields)
        self.check(entry)
        self._take(entry)
        return entry

    def check(self, entry: Entry) -> None:
        """Raise ChainError unless the entry may follow now."""
        if entry.case != self.case:
            raise ChainError("an entry of another case")
        if (entry.index, entry.head) != (len(self.entries), self.head):
            raise ChainError("the entry does not build on the one before")
        if not self.entries:
            self._check_submitted(entry)
            return
        last = self.entries[-1]
        if (last.act in {"submitted", "message"}) != (entry.act == "received"):
            raise ChainError("what the reporter sends is received at once, and nothing else is")
        if entry.act in REPORTER_ACTS:
            _require(entry.author == self.reporter_key, "an entry of the reporter with another key")
            _require(entry.act != "submitted", "a case is submitted once")
        elif entry.act in OFFICER_ACTS:
            _require(entry.author in self.officers, "an entry of somebody who is no officer of the case")
        else:
            _require(entry.author in self._server_keys, "an entry of the server with another key")
        _require(entry.fields.get("day", self._last_day) >= self._last_day, "the days run backwards")
        if "number" in entry.fields:
            _require(entry.fields["number"] == self.next_number(entry.author), "a number is left out or doubled")
        rule = _RULES.get(entry.act)
        if rule is not None:
            rule(self, entry)

    def _check_submitted(self, entry: Entry) -> None:
        _require(entry.act == "submitted", "the log does not begin with the report")
        fields = entry.fields
        _require(case_of(self.organisation, entry.author) == entry.case, "the case is not the reporter's")
        _require(fields["organisation"] == self.organisation, "a report to another organisation")
        to, not_to, deputy = set(fields["to"]), set(fields["not_to"]), fields["deputy"]
        _require(bool(to) and not to & not_to, "a report is for somebody, and nobody is both in and out")
        _require(deputy is None or (deputy not in to and deputy not in not_to), "the deputy stands twice")
        _require(len(fields["keys"]) == len(to) + (deputy is not None), "an intake key for each reader")

    def _take(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._last_day = entry.fields.get("day", self._last_day)
        if entry.act == "submitted":
            self.reporter_key = entry.author
            self.officers = self.ever_officers = frozenset(entry.fields["to"])
            self._numbers[entry.author] = 1
        elif entry.act == "recused":
            self.officers -= {entry.author}
        elif entry.act in {"officer-added", "handed-over"}:
            added = entry.fields["officer" if entry.act == "officer-added" else "deputy"]
            self.officers |= {added}
            self.ever_officers |= {added}
        elif entry.act == "case-key":
            self.case_key = entry
        elif entry.act == "feedback":
            self.feedback_given = True
        if "number" in entry.fields:
            self._numbers[entry.author] = entry.fields["number"]


def _require(condition: bool, message: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not condition:
        raise ChainError(message)


def _received(log: CaseLog, entry: Entry) -> None:
    last, first = log.entries[-1], log.entries[-1].act == "submitted"
    _require(entry.fields["of"] == last.hash, "another entry was received")
    _require(entry.fields["commitment"] == last.fields.get("commitment"), "another commitment was received")
    dues, day = entry.fields["dues"], entry.fields["day"]
    _require((dues is not None) == first, "terms begin with the report")
    if dues is not None:
        ends = [(end - day).days for end in (dues.acknowledgement, dues.feedback)]
        _require(0 <= ends[0] <= ACKNOWLEDGED_IN and ends[0] <= ends[1] <= FEEDBACK_IN, "terms that no law gives")


def _case_key(log: CaseLog, entry: Entry) -> None:
    _require(log.case_key is None, "the case is taken over already")
    _require(bool(entry.files) == (len(log.to) > 1), "the case secret goes to the other officers")
    _require(entry.fields["recipient"] != entry.fields["identity_recipient"], "two keys, not one")


def _officer_added(log: CaseLog, entry: Entry) -> None:
    added = entry.fields["officer"]
    _require(log.case_key is not None, "nobody took the case over yet")
    _require(added not in log.not_to, "the reporter left this member out")
    _require(added not in log.ever_officers, "an officer of the case already, or one who withdrew from it")


def _handed_over(log: CaseLog, entry: Entry) -> None:
    _require(entry.fields["deputy"] == log.deputy, "another deputy than the reporter named")
    _require(log.deputy not in log.ever_officers, "handed over already")


def _needs_case_key(log: CaseLog, _: Entry) -> None:
    _require(log.case_key is not None, "nobody took the case over yet")


_RULES: Final[dict[str, Callable[[CaseLog, Entry], None]]] = {
    "received": _received,
    "case-key": _case_key,
    "officer-added": _officer_added,
    "handed-over": _handed_over,
    "identity-opened": _needs_case_key,
    **dict.fromkeys(ANSWER_ACTS, _needs_case_key),
}


def replay(raws: Iterable[bytes], organisation: str, case: bytes, server_keys: Iterable[bytes]) -> CaseLog:
    """Return the state of a whole log; ChainError, FormatError or SignatureError at the first wrong entry."""
    log = CaseLog(organisation, case, server_keys)
    for raw in raws:
        log.append(raw)
    return log
