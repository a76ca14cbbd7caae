# SPDX-License-Identifier: EUPL-1.2
"""An organisation whose roster counts, with its people and both sides of its desk, in one process."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cast import ORGANISATION, TODAY, Cast, Officer, make_cast

from meldkluis.crypto.casework import TakeOver, compose_answer, compose_note
from meldkluis.crypto.chain import CaseLog, replay
from meldkluis.crypto.entry import make_entry
from meldkluis.crypto.note import Note
from meldkluis.crypto.receipt import Receipt
from meldkluis.crypto.report import Sealed, compose_addition
from meldkluis.mailbox import keyfile
from meldkluis.mailbox.desk import Accepted, Desk, Ran
from meldkluis.mailbox.errors import Refused
from meldkluis.mailbox.policy import Ends, Retention, ends
from meldkluis.mailbox.wire import AppendAnswer


@dataclass
class House:
    """An organisation with a roster that counts, its people, and acts on both sides of the desk."""

    desk: Desk
    cast: Cast
    today: date = TODAY
    sent: dict[bytes, dict[tuple[int, str], bytes]] = field(default_factory=dict)

    def run(self, awaitable: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run(awaitable)

    def refused(self, awaitable: Coroutine[Any, Any, object]) -> Refused:
        with pytest.raises(Refused) as caught:
            asyncio.run(awaitable)
        return caught.value

    def submit(self, reporter: Receipt, sealed: Sealed) -> Accepted:
        return self.run(self.desk.submit(reporter.address, sealed.entry.raw, sealed.files, self.today))

    def add(self, reporter: Receipt, sealed: Sealed) -> Accepted:
        return self.run(self.desk.add(reporter.address, sealed.entry.raw, sealed.files, self.today))

    def report(self, **changes: object) -> tuple[Receipt, Sealed]:
        """A report that was received."""
        reporter = self.cast.reporter()
        sealed = self.cast.compose(reporter, **changes)
        assert self.submit(reporter, sealed).new
        return reporter, sealed

    def log(self, case: bytes) -> CaseLog:
        return replay(self.desk.store.log(case), ORGANISATION, case, [self.cast.server.verify_key])

    def addition(self, reporter: Receipt, text: str = "Nog iets.", **changes: object) -> Sealed:
        draft = self.cast.draft(text, kind="addition", about="", **changes)
        return compose_addition(reporter, draft, self.log(reporter.case), self.cast.roster, self.cast.keys.values())

    def files(self, officer: Officer, case: bytes) -> dict[tuple[int, str], bytes]:
        view = self.desk.case(officer.key, case, 0)
        return {
            (line.entry, line.slot): b"".join(self.desk.file(officer.key, case, line.entry, line.slot))
            for line in view.files
        }

    def append(
        self,
        officer: Officer,
        entry: bytes,
        case: bytes,
        files: Mapping[str, bytes] | None = None,
        headers: Mapping[tuple[int, str], bytes] | None = None,
    ) -> AppendAnswer:
        return self.run(self.desk.append(officer.key, case, entry, files or {}, headers or {}, self.today))

    def take_over(self, officer: Officer, case: bytes) -> TakeOver:
        """What an officer makes to take a case over; not sent yet."""
        files = {place: file for place, file in self.files(officer, case).items() if place[1] != "grant"}
        return self.cast.take_over(self.log(case), files, officer, self.today)

    def taken_over(self, officer: Officer, case: bytes) -> TakeOver:
        took = self.take_over(officer, case)
        self.append(officer, took.entry.raw, case, took.files, took.headers)
        return took

    def answer(self, officer: Officer, reporter: Receipt, act: str, text: str = "Dank u wel.", **asking: Any) -> Sealed:
        """What an officer makes to answer, or with `kind` and `slots` to ask; not sent yet."""
        log, roster = self.log(reporter.case), self.cast.roster.hash
        return compose_answer(act, text, log, reporter.recipient, roster, officer.signing, self.today, **asking)

    def answered(self, officer: Officer, reporter: Receipt, act: str, **asking: Any) -> Sealed:
        sealed = self.answer(officer, reporter, act, **asking)
        self.append(officer, sealed.entry.raw, reporter.case, sealed.files)
        return sealed

    def act(self, officer: Officer, reporter: Receipt, act: str, **fields: object) -> None:
        """An officer's entry without files, of today."""
        entry = self.log(reporter.case).extend(act, officer.signing, day=self.today, **fields)
        self.append(officer, entry.raw, reporter.case)

    def noted(self, officer: Officer, reporter: Receipt, act: str, note: Note, **fields: date) -> None:
        """An officer's entry with a note to the officers of the case, of today."""
        sealed = compose_note(act, note, self.log(reporter.case), officer.signing, self.today, **fields)
        self.append(officer, sealed.entry.raw, reporter.case, sealed.files)

    def closed(self, officer: Officer, reporter: Receipt, outcome: str = "unfounded") -> Ends:
        """Close a case as the workstation does; returns until when it is kept."""
        found = ends(outcome, self.today, Retention())
        self.noted(officer, reporter, "closed", Note(outcome=outcome, reason="Afgehandeld."), **vars(found))
        return found

    def handled(self, officer: Officer, reporter: Receipt, outcome: str = "unfounded") -> Ends:
        """A case that was taken over, acknowledged, answered for good and closed, all today."""
        self.taken_over(officer, reporter.case)
        self.answered(officer, reporter, "acknowledged")
        self.answered(officer, reporter, "feedback")
        return self.closed(officer, reporter, outcome)

    def objected(self, reporter: Receipt) -> Accepted:
        """The reporter objects to a stopped clock."""
        log = self.log(reporter.case)
        entry = make_entry(
            "objected", case=log.case, index=len(log.entries), head=log.head, signer=reporter.signing_key
        )
        return self.run(self.desk.add(reporter.address, entry.raw, {}, self.today))

    def replied(self, reporter: Receipt, act: str, of: bytes) -> Accepted:
        """The reporter says yes or no to what was asked in the entry of this hash."""
        log = self.log(reporter.case)
        entry = make_entry(
            act, case=log.case, index=len(log.entries), head=log.head, signer=reporter.signing_key, of=of
        )
        return self.run(self.desk.add(reporter.address, entry.raw, {}, self.today))

    def day(self, day: date | None = None, *, sure: bool = False) -> Ran:
        """The daily run of a day (today's), after its noon; it becomes today."""
        self.today = day or self.today
        return self.run(self.desk.run_day(self.today, self.today, sure=sure))

    def acts(self, reporter: Receipt) -> list[str]:
        return [entry.act for entry in self.log(reporter.case).entries]


def founded(directory: Path) -> House:
    """Make the organisation and let its founders sign."""
    desk = Desk.create(directory, ORGANISATION, "Gemeente Voorbeeld")
    cast = make_cast(server=keyfile.read_signing_key(directory))

    async def found() -> None:
        await desk.propose(cast.roster.payload)
        for key, signature in cast.version.signatures:
            await desk.sign_roster(cast.roster.hash, key, signature)
        for officer in cast.officers:
            await desk.announce(officer.intake_key.thing.raw, officer.key, TODAY)
        await desk.store.open_form(TODAY)

    asyncio.run(found())
    return House(desk, cast)
