# SPDX-License-Identifier: EUPL-1.2
"""The people of a test: a server, two officers and a deputy with keys made for the occasion, and a founding roster."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from meldkluis.crypto import age, receipt, report
from meldkluis.crypto.casework import take_over
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.entry import Dues
from meldkluis.crypto.receipt import Receipt
from meldkluis.crypto.roster import (
    IntakeKey,
    Member,
    Roster,
    RosterVersion,
    make_intake_key,
    make_roster,
    parse_intake_key,
    parse_roster,
)
from meldkluis.crypto.signed import SigningKey

ORGANISATION = "gemeente-voorbeeld"
TODAY = date(2026, 11, 23)


@dataclass(frozen=True)
class Officer:
    """A reader of reports with all its secrets."""

    member: Member
    signing: SigningKey = field(repr=False)
    identity: str = field(repr=False)
    intake_key: IntakeKey

    @property
    def key(self) -> bytes:
        return self.member.key


def make_officer(name: str, role: str = "officer", *, start: date = TODAY, manager: bool = False) -> Officer:
    signing, identity = SigningKey.generate(), age.generate_identity()
    member = Member(signing.verify_key, name, "Vertrouwenspersoon", role, manager, hr=False)
    thing = make_intake_key(ORGANISATION, age.recipient_of(identity), start, signing)
    return Officer(member, signing, identity, parse_intake_key(thing.raw, ORGANISATION))


@dataclass(frozen=True)
class Cast:
    """An organisation: server, officers, deputy, roster version 1."""

    server: SigningKey = field(repr=False)
    officers: tuple[Officer, ...]
    version: RosterVersion
    roster: Roster
    today: date = TODAY

    @property
    def one(self) -> Officer:
        return self.officers[0]

    @property
    def two(self) -> Officer:
        return self.officers[1]

    @property
    def deputy(self) -> Officer:
        return self.officers[-1]

    @property
    def everybody(self) -> frozenset[bytes]:
        return frozenset(officer.key for officer in self.officers)

    @property
    def keys(self) -> dict[bytes, IntakeKey]:
        return {officer.key: officer.intake_key for officer in self.officers}

    def draft(self, text: str = "Er klopt iets niet.", **changes: object) -> report.Draft:
        values = {"kind": "report", "about": "de aanbesteding", "text": text, "to": self.everybody} | changes
        return report.Draft(**values)  # type: ignore[arg-type]

    def reporter(self, code: str | None = None) -> Receipt:
        return receipt.derive(code or receipt.generate(), ORGANISATION)

    def compose(self, reporter: Receipt, **changes: object) -> report.Sealed:
        return report.compose_report(reporter, self.draft(**changes), self.roster, self.keys)

    def dues(self, day: date) -> Dues:
        return Dues(day + timedelta(days=7), day + timedelta(days=90))

    def received(self, log: CaseLog, day: date | None = None) -> None:
        last, first = log.entries[-1], log.entries[-1].act == "submitted"
        log.extend(
            "received",
            self.server,
            day=day or self.today,
            of=last.hash,
            commitment=last.fields.get("commitment"),
            dues=self.dues(day or self.today) if first else None,
        )

    def log_of(self, sealed: report.Sealed) -> CaseLog:
        log = CaseLog(ORGANISATION, sealed.entry.case, [self.server.verify_key])
        log.append(sealed.entry.raw)
        self.received(log)
        return log

    def take_over(
        self,
        log: CaseLog,
        files: dict[tuple[int, str], bytes],
        officer: Officer | None = None,
        today: date | None = None,
    ):
        officer = officer or self.one
        headers = {place: age.split(file)[0] for place, file in files.items()}
        return take_over(log, headers, [officer.identity], self.keys.values(), officer.signing, today or self.today)


def make_cast(
    names: Sequence[str] = ("TEST Een", "TEST Twee"),
    *,
    deputy: bool = True,
    start: date = TODAY,
    server: SigningKey | None = None,
) -> Cast:
    """Return an organisation whose founding roster everybody signed."""
    officers = [make_officer(name, start=start) for name in names]
    if deputy:
        officers.append(make_officer("TEST Plaatsvervanger", "deputy", start=start))
    server = server or SigningKey.generate()
    roster = make_roster(
        version=1,
        organisation=ORGANISATION,
        name="Gemeente Voorbeeld",
        previous=None,
        server=server.verify_key,
        members=[officer.member for officer in officers],
    )
    version = RosterVersion(roster.payload)
    for officer in officers:
        version = version.signed_by(officer.signing)
    return Cast(server, tuple(officers), version, parse_roster(version.payload), start)
