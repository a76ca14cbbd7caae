# SPDX-License-Identifier: EUPL-1.2
"""Counting for the yearly report: an officer's own sums, counts of colleagues, and all of them together.

- Each case is counted by one officer, its holder; the same case in two counts is found by its mark and adds nothing up.
- A count goes to no member whom a reporter left out of a case in it, or who withdrew from one: small sums would tell.
- A count of colleagues holds for the roster under which it was made; after a change everybody counts again.
- Sums as they are leave this vault only sealed for a colleague; what is shown and saved went through `suppression`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from meldkluis.crypto.encoding import dump_json
from meldkluis.crypto.errors import CryptoError, NotForThisKeyError
from meldkluis.crypto.roster import Member, Roster, newest_offered
from meldkluis.crypto.yearly import LARGEST, Counts, YearlyCount, add, open_count, parse_count, seal_count, sign_count
from meldkluis.workstation.casebook import INVOLVED, Casebook
from meldkluis.workstation.counted import Counted
from meldkluis.workstation.counting import CountedCase, concerns, count
from meldkluis.workstation.errors import ActError
from meldkluis.workstation.keyring import Keyring
from meldkluis.workstation.register import Register
from meldkluis.workstation.summary import Summaries
from meldkluis.workstation.trust import Trust

TEXTS: Final = ("lessons", "measures", "remarks")
"""What the writer of the report adds in words."""

LONGEST_TEXT: Final = 10_000
"""Characters in each."""

FIRST_YEAR: Final = 2014
"""Before it no term can be counted (`mailbox.terms`)."""

_CLOCKS: Final = timedelta(days=1)
_KEPT_YEARS: Final = 2


@dataclass(frozen=True)
class Together:
    """Everybody's sums. `counted`: whose count is in it, and of which day; `missing`: who has still to count.

    `doubled`: pairs of members who counted the same case. While there are any, the sums are not to be used.
    """

    now: Counts
    before: Counts
    counted: Mapping[bytes, date]
    missing: tuple[Member, ...]
    doubled: tuple[tuple[Member, Member], ...]


class Yearly:
    """Counts in an open vault."""

    def __init__(
        self, keyring: Keyring, trust: Trust, casebook: Casebook, register: Register, summaries: Summaries
    ) -> None:
        self._keyring: Final = keyring
        self._vault: Final = keyring.vault
        self._trust: Final = trust
        self._book: Final = casebook
        self._register: Final = register
        self._summaries: Final = summaries

    def cases(self) -> list[CountedCase]:
        """Return every case of this officer with what is counted of it; none from which the officer withdrew."""
        lines = {line.id: line for line in self._register.lines()}
        found = []
        for summary in self._summaries.all():
            line = lines.pop(summary.case, None)
            if summary.declaration == INVOLVED:
                continue
            # What a case was about went with it; its line has it still.
            if summary.destroyed is None or line is None or line.categories is None:
                found.append(CountedCase(summary.case, summary.facts, summary.destroyed))
            else:
                found.append(CountedCase(line.id, Counted.load(line.categories), line.destroyed))
        return found + [
            CountedCase(line.id, Counted.load(line.categories), line.destroyed)
            for line in lines.values()
            if line.categories is not None
        ]

    def own(self) -> list[CountedCase]:
        """Return the cases that this officer counts."""
        keys = {member.key for member in self._roster().members}
        return [case for case in self.cases() if case.facts.holder(keys) == self._keyring.key]

    def count(self, year: int, today: date) -> Counts:
        """Return the sums of the cases that this officer counts."""
        return count(self._keyring.organisation, year, self.own(), today)

    def _both(self, year: int, today: date) -> tuple[Counts, Counts]:
        own, organisation = self.own(), self._keyring.organisation
        return count(organisation, year, own, today), count(organisation, year - 1, own, today)

    def recipients(self, year: int, today: date) -> list[Member]:
        """Return the colleagues who may get this officer's count of a year, and who can be sealed to today."""
        counting = [case for case in self.own() if concerns(case, year) or concerns(case, year - 1)]
        without = {key for case in counting for key in case.facts.without}
        offered = newest_offered(self._keyring.known_keys(), today)
        return [
            member
            for member in self._roster().members
            if member.key != self._keyring.key and member.key not in without and member.key in offered
        ]

    def export(self, year: int, to: bytes, today: date) -> bytes:
        """Return the count of a year, signed and sealed for a colleague; ActError for one who may not have it."""
        if to not in {member.key for member in self.recipients(year, today)}:
            raise ActError("count-nobody")
        roster, organisation = self._roster(), self._keyring.organisation
        if roster.member(self._keyring.key) is None:
            raise ActError("not-a-member")
        made = YearlyCount(organisation, roster.hash, to, today, year, *self._both(year, today))
        recipient = newest_offered(self._keyring.known_keys(), today)[to].recipient
        try:
            return seal_count(sign_count(made, self._keyring.signing_key), recipient)
        except CryptoError:
            raise ActError("count-too-large") from None

    def take(self, sealed: bytes, today: date) -> tuple[Member, int]:
        """Keep a colleague's count, in place of an older one; returns whose it is and of which year. ActError."""
        if not sealed:
            raise ActError("count-none")
        if len(sealed) > LARGEST:
            raise ActError("count-broken")
        try:
            raw = open_count(sealed, self._keyring.intake_secrets())
            author, found = parse_count(raw)
        except NotForThisKeyError:
            raise ActError("count-not-mine") from None
        except CryptoError:
            raise ActError("count-broken") from None
        roster = self._roster()
        member = roster.member(author)
        if found.organisation != self._keyring.organisation or found.to != self._keyring.key:
            raise ActError("count-not-mine")
        if member is None or author == self._keyring.key:
            raise ActError("count-stranger")
        if found.roster != roster.hash:
            raise ActError("count-old-roster")
        if found.made > today + _CLOCKS:
            raise ActError("count-future")
        known = self._kept(found.year).get(author)
        if known is not None and known.made > found.made:
            raise ActError("count-older")
        with self._vault.transaction():
            self._vault.run(
                "INSERT OR REPLACE INTO yearly (year, officer, thing) VALUES (?, ?, ?)", found.year, author, raw
            )
            self._vault.run("DELETE FROM yearly WHERE year < ?", min(found.year, today.year - _KEPT_YEARS))
        return member, found.year

    def together(self, year: int, today: date) -> Together:
        """Return the sums of this officer and of everybody whose count is here and holds."""
        roster, me = self._roster(), self._keyring.key
        kept = {
            author: found
            for author, found in self._kept(year).items()
            if found.roster == roster.hash and roster.member(author) is not None and author != me
        }
        sums = {author: (found.now, found.before) for author, found in kept.items()}
        sums[me] = self._both(year, today)
        members = [member for member in roster.members if member.key in sums]
        doubled = tuple(
            (one, two)
            for number, one in enumerate(members)
            for two in members[number + 1 :]
            if any(set(a.marks) & set(b.marks) for a, b in zip(sums[one.key], sums[two.key], strict=True))
        )
        return Together(
            add([now for now, _ in sums.values()]),
            add([before for _, before in sums.values()]),
            {me: today, **{author: found.made for author, found in kept.items()}},
            tuple(member for member in roster.members if member.key not in sums),
            doubled,
        )

    def years(self, today: date) -> list[int]:
        """Return the years that can be counted: from the oldest report to this one, the last first."""
        oldest = min((case.facts.received.year for case in self.cases()), default=today.year)
        return list(range(today.year, max(FIRST_YEAR, min(oldest, today.year - 1)) - 1, -1))

    def unsorted(self, year: int) -> list[CountedCase]:
        """Return the own cases of a year that are still here and lack what the report counts, or are still open."""
        return [
            case
            for case in self.own()
            if case.facts.received.year == year and case.destroyed is None and self._book.case(case.id) is not None
            and (
                not (case.facts.categories.type and case.facts.categories.subject and case.facts.categories.anonymous)
                or case.facts.regime == "undecided" or case.facts.closed is None
            )
        ]  # fmt: skip

    def texts(self, year: int) -> dict[str, str]:
        """Return what the writer added in words."""
        kept = self._vault.fact(f"yearly-texts-{year}")
        found = {} if kept is None else json.loads(kept)
        return {name: found.get(name, "") for name in TEXTS}

    def set_texts(self, year: int, texts: Mapping[str, str]) -> None:
        """Keep what the writer added; ActError names the first text that is too long."""
        for name in TEXTS:
            if len(texts[name]) > LONGEST_TEXT:
                raise ActError(f"text-{name}")
        self._vault.set_fact(f"yearly-texts-{year}", dump_json({name: texts[name] for name in TEXTS}))

    def _kept(self, year: int) -> dict[bytes, YearlyCount]:
        found = {}
        for (thing,) in self._vault.rows("SELECT thing FROM yearly WHERE year = ?", year):
            author, counted = parse_count(thing)
            found[author] = counted
        return found

    def _roster(self) -> Roster:
        roster = self._trust.current()
        if roster is None:
            raise ActError("no-roster")
        return roster
