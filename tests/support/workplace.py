# SPDX-License-Identifier: EUPL-1.2
"""Officers at their workstations: real vaults, a real desk behind them in this process, and browsers at the local pages."""

import asyncio
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cast import ORGANISATION
from starlette.testclient import TestClient

from meldkluis.crypto import receipt, report
from meldkluis.crypto.attachment import parts_of, seal_attachment
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.entry import make_entry, read_stored
from meldkluis.crypto.receipt import Receipt
from meldkluis.crypto.roster import newest_offered
from meldkluis.intake import administration, officers
from meldkluis.mailbox.clock import today
from meldkluis.mailbox.desk import Desk
from meldkluis.workstation import passphrase as passphrases
from meldkluis.workstation.app import create_app
from meldkluis.workstation.errors import UnreachableError
from meldkluis.workstation.keyring import Keyring, Person
from meldkluis.workstation.office import Office
from meldkluis.workstation.presence import Presence, since_boot
from meldkluis.workstation.session import Sessions
from meldkluis.workstation.transport import Reply
from meldkluis.workstation.visit import Station

PASSPHRASE = "correct horse battery staple"
CHEAP = passphrases.Stretching(source="tests", passes=1, memory=64, lanes=1)
ORIGIN = "http://127.0.0.1:8001"
PEOPLE = (("A. de Vries", "officer"), ("B. Bakker", "officer"), ("C. Visser", "deputy"))
Answered = tuple[int, bytes]


@dataclass
class Clock:
    """The day at workstations and server alike; a test may let days pass."""

    day: date = field(default_factory=today)

    def __call__(self) -> date:
        return self.day


class Nowhere:
    """A transport without a server behind it."""

    authority = "127.0.0.1:1"

    def request(self, *_: object) -> Reply:
        raise UnreachableError("nobody there")

    def close(self) -> None:
        """Nothing to close."""


@dataclass
class ToDesk:
    """A transport to a desk in this process; `lie` may change what comes back, `cut` what arrives."""

    desk: Desk
    authority: str = "officers.test"
    asked: list[tuple[str, str]] = field(default_factory=list)
    lie: Callable[[str, str, Answered], Answered] | None = None
    before: Callable[[str, str], None] | None = None

    def __post_init__(self) -> None:
        self._client = TestClient(officers.create_app(self.desk), base_url=f"http://{self.authority}")

    def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        self.asked.append((method, target))
        if self.before is not None:
            self.before(method, target)
        answer = self._client.request(method, target, headers=dict(headers), content=body)
        status, content = answer.status_code, answer.content
        if self.lie is not None:
            status, content = self.lie(method, target, (status, content))
        return Reply(status, iter([content]))

    def close(self) -> None:
        """Nothing to close."""


@dataclass
class Browser:
    """A browser at the local application."""

    station: Station
    client: TestClient
    starts: list[str]

    def start(self) -> "Browser":
        """Open the newest start address."""
        assert self.get(self.starts[-1].removeprefix(ORIGIN)).status_code == 200
        return self

    def get(self, path: str, **headers: str) -> Any:
        """Open a page as if its address was typed."""
        return self.client.get(path, headers={"Sec-Fetch-Site": "none", **headers}, follow_redirects=False)

    def post(self, path: str, *, token: str | None = None, headers: dict[str, str] | None = None, **form: str) -> Any:
        """Send a form of our own page."""
        ours = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
        data = {"csrf": self.station.sessions.csrf if token is None else token, **form}
        return self.client.post(path, data=data, headers=ours if headers is None else headers, follow_redirects=False)

    def unlock(self) -> "Browser":
        """Give the passphrase."""
        assert self.post("/unlock", passphrase=PASSPHRASE).status_code == 303
        return self

    def follow(self, path: str) -> Any:
        """Open a page and go where it sends."""
        answer = self.get(path)
        return self.follow(answer.headers["location"]) if answer.status_code == 303 else answer


def browse(
    directory: Path,
    connect: Callable[[Any], Any],
    clock: Callable[[], date] = today,
    seconds: Callable[[], float] = since_boot,
) -> Browser:
    """Return a browser at a freshly started application."""
    starts: list[str] = []
    station = Station(directory, Sessions(ORIGIN, starts.append), connect, clock, presence=Presence(seconds))
    client = TestClient(create_app(station), base_url=ORIGIN, raise_server_exceptions=False)
    return Browser(station, client, starts)


def make_vault(
    directory: Path, name: str = "A. de Vries", role: str = "officer", organisation: str = ORGANISATION
) -> str:
    """Make an officer's vault and return the card."""
    ring = Keyring.found(
        directory,
        Person(organisation, name, "vertrouwenspersoon", role),
        "http://127.0.0.1:1",
        PASSPHRASE,
        today(),
        CHEAP,
    )
    ring.vault.close()
    return ring_card(directory)


def ring_card(directory: Path) -> str:
    """Return the card of a vault."""
    office = Office.open(directory, PASSPHRASE, lambda _: Nowhere(), today)
    try:
        return office.keyring.card
    finally:
        office.close()


@dataclass
class Sent:
    """A report that was sent."""

    reporter: Receipt
    case: bytes
    attachments: list[bytes]


@dataclass
class Workplaces:
    """An organisation: desk, officers' open vaults with a transport each."""

    directory: Path
    desk: Desk
    offices: list[Office]
    transports: list[ToDesk]
    clock: Clock = field(default_factory=Clock)

    def until(self, day: date, *, served: bool = True) -> None:
        """Let days pass, each with the server's run at noon if it is `served`."""
        while self.clock.day < day:
            self.clock.day = min(day, self.clock.day + timedelta(days=5))
            if served:
                self.noon()

    def noon(self) -> None:
        """Let the server do what it does at noon."""
        ran = asyncio.run(self.desk.run_day(self.clock.day, self.clock.day))
        assert (ran.refused, ran.failed) == (None, 0)

    def fetch(self, *numbers: int) -> None:
        """Let officers fetch; all of them if none is named."""
        for number in numbers or range(len(self.offices)):
            self.offices[number].fetch()

    def alarms(self, number: int = 0) -> list[str]:
        """Return the kinds of an officer's alarms."""
        return [alarm.kind for alarm in self.offices[number].book.alarms()]

    def acts(self, sent: Sent) -> list[str]:
        """Return the acts of a case's log, as the server has them."""
        return [read_stored(raw).act for raw in self.desk.store.log(sent.case)]

    def copy_vault(self, number: int) -> Path:
        """Copy an officer's vault as it stands."""
        copy = self.directory / f"copy-{number}-{len(list(self.directory.iterdir()))}"
        self.offices[number].vault.fold()
        shutil.copytree(self.vault(number), copy)
        return copy

    def open_copy(self, copy: Path, number: int) -> Office:
        """Open a copied vault at a workstation of its own; closed with the others."""
        office = Office.open(copy, PASSPHRASE, _to(self.transports[number]), self.clock)
        self.offices.append(office)
        return office

    def vault(self, number: int) -> Path:
        """Where an officer's vault is."""
        return self.directory / f"vault-{number}"

    def browser(self, number: int, clock: Callable[[], date] | None = None) -> Browser:
        """Return a browser at this officer's workstation, unlocked."""
        return browse(self.vault(number), lambda _: self.transports[number], clock or self.clock).start().unlock()

    def report(
        self, text: str = "Er klopt iets niet.", *, to: Sequence[int] = (0, 1, 2), files: Sequence[tuple[str, bytes]] = (),
        **changes: Any,
    ) -> Sent:  # fmt: skip
        """Send a report to the desk, as the door does."""
        reporter = receipt.derive(receipt.generate(), ORGANISATION)
        keys = self.desk.public_keys(self.clock())
        assert keys.roster is not None
        attachments = [self._stage(reporter, name, data) for name, data in files]
        draft = report.Draft(**{
            "kind": "report", "about": "de aanbesteding", "text": text, "attachments": attachments,
            "to": frozenset(self.offices[number].keyring.key for number in to), **changes,
        })  # fmt: skip
        sealed = report.compose_report(reporter, draft, keys.roster, newest_offered(keys.intake_keys, self.clock()))
        asyncio.run(self.desk.submit(reporter.address, sealed.entry.raw, sealed.files, self.clock()))
        return Sent(reporter, reporter.case, [item.ref.id for item in attachments])

    def _stage(self, reporter: Receipt, name: str, data: bytes) -> Any:
        ciphertext, sealed = seal_attachment(name, data)
        for number, part in enumerate(parts_of(ciphertext)):
            asyncio.run(self.desk.stage(reporter.address, sealed.ref.id, number, part, self.clock()))
        return sealed

    def log(self, sent: Sent) -> CaseLog:
        """Return the log as the reporter sees it."""
        log = CaseLog(ORGANISATION, sent.case, [self.desk.server_key])
        for raw in self.desk.mailbox(sent.reporter.address, self.clock()).log:
            log.append(raw)
        return log

    def add(self, sent: Sent, text: str, **changes: Any) -> None:
        """Send a later message."""
        box, keys = self.desk.mailbox(sent.reporter.address, self.clock()), self.desk.public_keys(self.clock())
        draft = report.Draft(**{"kind": "addition", "about": "", "text": text, **changes})
        assert keys.roster is not None
        sealed = report.compose_addition(sent.reporter, draft, self.log(sent), keys.roster, box.intake_keys)
        asyncio.run(self.desk.add(sent.reporter.address, sealed.entry.raw, sealed.files, self.clock()))

    def replies(self, sent: Sent, act: str, number: int) -> None:
        """Send the reporter's yes or no to what was asked in the entry of this number."""
        log = self.log(sent)
        entry = make_entry(
            act, case=sent.case, index=len(log.entries), head=log.head, signer=sent.reporter.signing_key,
            of=log.entries[number].hash,
        )  # fmt: skip
        asyncio.run(self.desk.add(sent.reporter.address, entry.raw, {}, self.clock()))

    def objects(self, sent: Sent) -> None:
        """Send the reporter's objection to a stopped clock."""
        log = self.log(sent)
        entry = make_entry(
            "objected", case=sent.case, index=len(log.entries), head=log.head, signer=sent.reporter.signing_key
        )
        asyncio.run(self.desk.add(sent.reporter.address, entry.raw, {}, self.clock()))


def found(directory: Path, people: Sequence[tuple[str, str]] = PEOPLE) -> tuple[Desk, list[str]]:
    """Make an organisation and a vault for each person; returns the desk and the cards."""
    administration.init(directory / "organisation", organisation=ORGANISATION, name="Gemeente Voorbeeld")
    cards = [make_vault(directory / f"vault-{number}", *person) for number, person in enumerate(people)]
    return Desk.open(directory / "organisation"), cards


def _to(transport: ToDesk) -> Callable[[Any], ToDesk]:
    return lambda _: transport


@contextmanager
def workplaces(directory: Path, people: Sequence[tuple[str, str]] = PEOPLE) -> Iterator[Workplaces]:
    """Make an organisation whose officers compared fingerprints, signed version 1, and offer keys."""
    desk, cards = found(directory, people)
    administration.propose_cards(directory / "organisation", cards)
    with _opened(directory, desk, len(people)) as made:
        for office in made.offices:
            office.fetch()
            proposal = office.trust.proposal()
            assert proposal is not None
            office.sign_proposal(proposal.roster.hash)
        for office in made.offices * 2:
            office.fetch()
        asyncio.run(desk.store.open_form(today()))
        yield made


@contextmanager
def copied(founded: Path, directory: Path) -> Iterator[Workplaces]:
    """Open a copy of an organisation that `workplaces` made elsewhere: much faster than founding one more."""
    shutil.copytree(founded, directory)
    with _opened(directory, Desk.open(directory / "organisation"), len(PEOPLE)) as made:
        yield made


@contextmanager
def _opened(directory: Path, desk: Desk, people: int) -> Iterator[Workplaces]:
    transports, clock = [ToDesk(desk) for _ in range(people)], Clock()
    offices = [
        Office.open(directory / f"vault-{number}", PASSPHRASE, _to(transport), clock)
        for number, transport in enumerate(transports)
    ]
    try:
        with patch.object(officers, "today", clock):
            yield Workplaces(directory, desk, offices, transports, clock)
    finally:
        for office in offices:
            office.close()
        desk.close()
