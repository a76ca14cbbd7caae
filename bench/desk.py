# SPDX-License-Identifier: EUPL-1.2
"""A workstation with a full vault: start, list, search, a case; and an attachment decrypted.

Nobody but this process is asked: the cases are composed by the very functions that reporters and officers use.
"""

import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from cast import ORGANISATION, Cast, Officer
from starlette.testclient import TestClient
from workplace import PASSPHRASE, Nowhere

from meldkluis.crypto import age
from meldkluis.crypto.attachment import open_attachment, seal_attachment
from meldkluis.crypto.casework import compose_answer, compose_note, take_over
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import dump_json
from meldkluis.crypto.note import Categories, Note
from meldkluis.crypto.record import Record
from meldkluis.crypto.report import Sealed
from meldkluis.crypto.roster import Member, RosterVersion, make_roster, parse_intake_key, parse_roster
from meldkluis.crypto.signed import SigningKey
from meldkluis.mailbox.policy import Policy, ends
from meldkluis.workstation.app import create_app
from meldkluis.workstation.casebook import Casebook
from meldkluis.workstation.keyring import Keyring, Person
from meldkluis.workstation.session import Sessions
from meldkluis.workstation.trust import Trust
from meldkluis.workstation.visit import Station

TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)
ORIGIN = "http://127.0.0.1:8001"
WORDS = "De aanbesteding van de brug is tweemaal gegund, en de tweede keer zonder besluit van het college. " * 20


def _cast(ring: Keyring) -> Cast:
    """Return an organisation with this vault's owner on its roster."""
    (thing,) = ring.vault.rows("SELECT thing FROM intake_key")[0]
    member = Member(ring.key, "A. de Vries", "Vertrouwenspersoon", "officer", manager=False, hr=False)
    me = Officer(member, ring.signing_key, ring.intake_secrets()[0], parse_intake_key(thing, ORGANISATION))
    server = SigningKey.generate()
    roster = make_roster(
        version=1,
        organisation=ORGANISATION,
        name="Gemeente Voorbeeld",
        previous=None,
        server=server.verify_key,
        members=[member],
    )
    version = RosterVersion(roster.payload).signed_by(ring.signing_key)
    return Cast(server, (me,), version, parse_roster(version.payload), TODAY)


def fill(directory: Path, cases: int) -> None:
    """Make a vault with so many cases, each taken over, acknowledged, weighed and answered; two in three closed."""
    shutil.rmtree(directory, ignore_errors=True)
    start = TODAY - 300 * DAY
    person = Person(ORGANISATION, "A. de Vries", "Vertrouwenspersoon")
    ring = Keyring.found(directory, person, "http://127.0.0.1:1", PASSPHRASE, start)
    cast, book, trust = _cast(ring), Casebook(ring.vault), Trust(ring)
    ring.vault.set_fact("anchor", cast.roster.hash)
    trust.accept(ORGANISATION, [cast.version])
    ring.vault.set_fact("policy", dump_json(Policy().to_json()))
    ring.learn_keys([cast.one.intake_key])
    for number in range(cases):
        _case(ring, cast, book, number, start + (number % 299) * DAY)
    ring.vault.close()


def _case(ring: Keyring, cast: Cast, book: Casebook, number: int, day: date) -> None:
    reporter = cast.reporter()
    sealed = cast.compose(reporter, text=f"Melding {number}. {WORDS} zoekwoord{number}x", about=f"dossier {number}")
    log = CaseLog(ORGANISATION, sealed.entry.case, [cast.server.verify_key])
    log.append(sealed.entry.raw)
    cast.received(log, day)
    bodies = {(0, slot): file for slot, file in sealed.files.items()}
    headers = {place: age.split(file)[0] for place, file in bodies.items()}
    log.extend("not-involved", ring.signing_key, day=day)
    taken = take_over(log, headers, ring.intake_secrets(), [cast.one.intake_key], ring.signing_key, day)
    files = {place: taken.headers[place] + age.split(file)[1] for place, file in bodies.items()}
    book.extend(log.case, 0, [], {})
    book.put_secrets(str(taken.entry.fields["recipient"]), taken.grant)
    note = Note("wbk", "assessment", categories=Categories("financial", "official", "site", "yes"))

    def keep(done: Sealed, slot: str) -> None:
        files[done.entry.index, slot] = done.files[slot]

    def answer(act: str) -> None:
        keep(compose_answer(act, WORDS, log, reporter.recipient, cast.roster.hash, ring.signing_key, day), "copy")

    answer("acknowledged")
    keep(compose_note("noted", note, log, ring.signing_key, day), "note")
    step = Note("wbk", "assessment", categories=note.categories, record=Record("weighing", "inquiry", text=WORDS[:400]))
    keep(compose_note("noted", step, log, ring.signing_key, day), "note")
    answer("answered")
    if number % 3:
        answer("feedback")
        until = ends("founded", TODAY - DAY, Policy().retention)
        closed = Note("wbk", "investigation", "founded", reason="Afgerond.", categories=note.categories)
        keep(compose_note("closed", closed, log, ring.signing_key, TODAY - DAY, **vars(until)), "note")
    book.extend(log.case, 0, [entry.raw for entry in log.entries], files)
    book.declare_not_involved(log.case)
    book.set_about(log.case, f"dossier {number}")
    book.set_seen(log.case, len(log.entries))


def begin(directory: Path) -> None:
    """Print how long it takes from here to the first list of cases; for a process of its own."""
    began = time.perf_counter()
    client, _ = _browser(directory)
    page = client.get("/")
    assert "dossier" in page.text, page.status_code
    print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def _browser(directory: Path) -> tuple[TestClient, Station]:
    starts: list[str] = []
    station = Station(directory, Sessions(ORIGIN, starts.append), lambda _: Nowhere(), lambda: TODAY)
    client = TestClient(
        create_app(station),
        base_url=ORIGIN,
        headers={"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN},
        follow_redirects=False,
    )
    assert client.get(starts[-1].removeprefix(ORIGIN)).status_code == 200
    client.post("/unlock", data={"csrf": station.sessions.csrf, "passphrase": PASSPHRASE})
    return client, station


def _timed(act: Callable[[], object], times: int = 7) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def measure(directory: Path, cases: int, bound: Callable[[str, bool], None]) -> None:
    """Print the figures of a full vault, each with its bound."""
    vault = directory / "vault"
    began = time.perf_counter()
    fill(vault, cases)
    size = (vault / "vault.db").stat().st_size / 1e6
    print(f"  {cases} cases made in {time.perf_counter() - began:.0f} s, vault {size:.0f} MB")
    client, station = _browser(vault)
    began = time.perf_counter()
    client.get("/")
    print(f"  first list of all, every case opened once for it: {time.perf_counter() - began:.1f} s")
    listed = _timed(lambda: client.get("/"))
    bound(f"inbox {listed:.0f} ms (300)", listed <= 300)
    csrf = station.sessions.csrf
    found = client.post("/search", data={"csrf": csrf, "words": "zoekwoord17x"})
    assert "dossier 17" in found.text
    for words in ("zoekwoord1234x", "brug college", "nergens"):
        form = {"csrf": csrf, "words": words}
        taken = _timed(partial(client.post, "/search", data=form))
        bound(f"search for “{words}” {taken:.0f} ms (500)", taken <= 500)
    (case,) = re.findall(r"/case/([A-Za-z0-9_-]+)\"", found.text)[:1]
    print(f"  page of a case {_timed(lambda: client.get(f'/case/{case}')):.0f} ms")
    began = time.perf_counter()
    station.office.endings.without_server(TODAY)  # type: ignore[union-attr]
    print(f"  the part of a round that needs no server {time.perf_counter() - began:.2f} s")
    station.lock()
    script = f"import sys; sys.path[:0] = {sys.path!r}; import desk, pathlib; desk.begin(pathlib.Path(sys.argv[1]))"
    began = time.perf_counter()
    out = subprocess.run([sys.executable, "-c", script, str(vault)], capture_output=True, text=True, check=True)
    whole = time.perf_counter() - began
    inside, peak = out.stdout.split()
    print(f"  of the start {float(inside):.2f} s after imports; peak memory {int(peak) / 1024:.0f} MB")
    bound(f"start, unlocking and list {whole:.2f} s (3)", whole <= 3)


def attachment(bound: Callable[[str, bool], None], megabytes: int = 100) -> None:
    """Print how fast an attachment is decrypted and checked, and what memory it takes."""
    ciphertext, sealed = seal_attachment("bewijs.bin", bytes(megabytes * 1_000_000))
    ref = sealed.ref

    def chunks() -> Iterator[bytes]:
        for start in range(0, len(ciphertext), 65_536):
            yield ciphertext[start : start + 65_536]

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rates = []
    for _ in range(3):
        began = time.perf_counter()
        total = sum(len(piece) for piece in open_attachment(chunks(), ref))
        rates.append(total / 1e6 / (time.perf_counter() - began))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    bound(f"attachment of {megabytes} MB {statistics.median(rates):.0f} MB/s (200)", statistics.median(rates) >= 200)
    bound(f"memory for it {grown:.0f} MB more (16)", grown <= 16)
