# SPDX-License-Identifier: EUPL-1.2
"""What list and search see of a case: made once from log and decrypted words, kept in the vault until either changes.

- Lists must be there at once with thousands of cases, and opening one costs milliseconds; so what was opened is kept,
  encrypted like everything in the vault, and gone with the case (docs/adr/0018-sight.md).
- The schema's triggers take a sight away whenever an entry, a file or a key of its case comes or goes: nobody has to
  think of it. A new version of this module makes all of them anew.
- Words are folded: case, accents and width make no difference to a search. Contact details are never among them.
"""

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final, Self

from meldkluis.mailbox.terms import Dues, Term
from meldkluis.workstation.tasks import Task
from meldkluis.workstation.vault import Vault

VERSION: Final = 2
"""Raised whenever a sight would be made otherwise from the same case."""


@dataclass(frozen=True)
class Sight:
    """How a case stands, as far as it depends on its log and on what its officers wrote; days and categories only.

    `lapsed`: terms that the server found over. `objected`: an objection that waits for an answer. `unheard`: the case
    is closed, and its reporter wrote since. `ends`: the day of its end; `hurried`: sooner than its outcome allows.
    `news`: numbers of what the reporter sent. `declaration`: of this officer, by vault or log.
    `counted`: what register and yearly report know of the case, as `counted.Counted` writes it.
    """

    received: date
    dues: Dues
    declaration: str | None
    taken_over: bool
    acknowledged: bool
    by_person: bool
    feedback: bool
    runs: bool
    lapsed: frozenset[str]
    withdrawn: bool
    objected: bool
    unheard: bool
    regime: str
    state: str
    outcome: str | None
    ends: date | None
    hurried: bool
    news: tuple[int, ...]
    tasks: tuple[Task, ...]
    counted: str

    def dump(self) -> str:
        """Return the written form."""
        return json.dumps([_plain(getattr(self, field.name)) for field in fields(self)], separators=(",", ":"))

    @classmethod
    def load(cls, written: str) -> Self:
        """Read the written form. Only this module ever wrote it."""
        values = dict(zip((field.name for field in fields(cls)), json.loads(written), strict=True))
        acknowledgement, feedback, warnings = values["dues"]
        return cls(**values | {
            "received": date.fromisoformat(values["received"]),
            "dues": Dues(_term(acknowledgement), _term(feedback), tuple(warnings)),
            "lapsed": frozenset(values["lapsed"]),
            "ends": _day(values["ends"]),
            "news": tuple(values["news"]),
            "tasks": tuple(Task(kind, _day(due), done, of) for kind, due, done, of in values["tasks"]),
        })  # fmt: skip


def _plain(value: Any) -> Any:
    match value:
        case date():
            return value.isoformat()
        case Dues():
            return [_plain(value.acknowledgement), _plain(value.feedback), list(value.warnings)]
        case Term():
            return [_plain(day) for day in (value.nominal, value.internal, value.legal)]
        case Task():
            return [value.kind, _plain(value.due), value.done, value.of]
        case frozenset():
            return sorted(value)
        case tuple():
            return [_plain(item) for item in value]
    return value


def _term(days: list[str]) -> Term:
    return Term(*map(date.fromisoformat, days))


def _day(written: str | None) -> date | None:
    return None if written is None else date.fromisoformat(written)


def fold(text: str) -> str:
    """Return a text as it is searched: small letters without accents, white space as single spaces."""
    # Twice: folding may make letters that have another form themselves.
    for _ in range(2):
        plain = unicodedata.normalize("NFKD", text)
        text = "".join(char for char in plain if not unicodedata.combining(char)).casefold()
    return " ".join(text.split())


class Sights:
    """The sights in an open vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault: Final = vault

    def all(self) -> dict[bytes, Sight]:
        """Return every sight that is still true, by case."""
        rows = self._vault.rows("SELECT dossier, line FROM sight WHERE version = ?", VERSION)
        return {case: Sight.load(line) for case, line in rows}

    def one(self, case: bytes) -> Sight | None:
        """Return the sight of a case, if it is still true."""
        row = self._vault.row("SELECT line FROM sight WHERE dossier = ? AND version = ?", case, VERSION)
        return None if row is None else Sight.load(row[0])

    def settled(self, today: date) -> set[bytes]:
        """Return the cases in which nothing comes to its end today, and of which nothing is to be written down."""
        rows = self._vault.rows(
            "SELECT dossier FROM sight WHERE version = ? AND look > ?", VERSION, today.isoformat()
        )  # fmt: skip
        return {case for (case,) in rows}

    def settle(self, case: bytes, look: date | None) -> None:
        """Remember that a case was looked at, and when to look again if it does not change before."""
        self._vault.run("UPDATE sight SET look = ? WHERE dossier = ?", (look or date.max).isoformat(), case)

    def put(self, case: bytes, sight: Sight, words: Iterable[str]) -> None:
        """Keep a sight, and the words by which its case is found."""
        self._vault.run(
            "INSERT OR REPLACE INTO sight (dossier, version, line, words) VALUES (?, ?, ?, ?)",
            case, VERSION, sight.dump(), "\n".join(map(fold, words)),
        )  # fmt: skip

    def find(self, wanted: str) -> set[bytes]:
        """Return the cases in which every word of a search stands somewhere; all of them for an empty search.

        A sight that has to be made anew finds nothing until then.
        """
        terms = fold(wanted).split()
        condition = " AND ".join(["instr(words, ?)"] * len(terms)) or "1"
        return {case for (case,) in self._vault.rows(f"SELECT dossier FROM sight WHERE {condition}", *terms)}  # noqa: S608 - ours
