# SPDX-License-Identifier: EUPL-1.2
"""The demo's organisation: server directory, three vaults, founding roster, intake keys, one sample report.

- Made with the real programs' own parts, and the sample report travels over HTTP like any other.
- Its settings say that they are a demo's; the form opens as anybody's does, when `meldkluis doctor` finds nothing red.
- Names begin with DEMO and the organisation's identifier ends in -demo: that is how every program knows these keys.
- Used by tools/demo.py and its test.
"""

import contextlib
import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from meldkluis.crypto import receipt as receipts, report
from meldkluis.crypto.attachment import parts_of, seal_attachment
from meldkluis.crypto.encoding import b64, unb64
from meldkluis.crypto.roster import RosterVersion, newest_offered, parse_intake_key, verify_chain
from meldkluis.intake import administration, golive
from meldkluis.intake.config import Backup, GoLive, Security, read_config
from meldkluis.intake.errors import CommandError
from meldkluis.mailbox.clock import today
from meldkluis.workstation.keyring import Keyring, Person
from meldkluis.workstation.office import Office
from meldkluis.workstation.transport import HttpTransport

ORGANISATION: Final = "gemeente-voorbeeld-demo"
NAME: Final = "Gemeente Voorbeeld"
PASSPHRASE: Final = "demo niet geheim demo niet geheim"  # noqa: S105 - it guards nothing
"""Printed on the screen at every start: it guards nothing."""

_BEGUN: Final = "made-by-the-demo"
_BACKUPS: Final = "backups"
_FUNCTION: Final = "Vertrouwenspersoon"
_SAMPLE_TEXT: Final = (
    "Dit is een voorbeeld van een melding.\n\n"
    "Bij de aanbesteding van het sportpark kreeg een van de bedrijven de prijzen van de andere te zien. "
    "Ik zag de lijst op 12 oktober op een bureau liggen. De bijlage is wat ik daarover opschreef."
)
_SAMPLE_FILE: Final = b"Een voorbeeld van een bijlage.\n"


@dataclass(frozen=True)
class Post:
    """One reader of reports: the vault's folder, the workstation's port, who it is."""

    folder: str
    port: int
    person: Person


def posts(first_port: int) -> tuple[Post, ...]:
    """Return the three, on consecutive ports."""
    people = (
        ("officer-1", "DEMO Vertrouwenspersoon 1", _FUNCTION, "officer"),
        ("officer-2", "DEMO Vertrouwenspersoon 2", _FUNCTION, "officer"),
        ("deputy", "DEMO Plaatsvervanger", "Plaatsvervangend vertrouwenspersoon", "deputy"),
    )
    return tuple(
        Post(folder, first_port + n, Person(ORGANISATION, name, function, role))
        for n, (folder, name, function, role) in enumerate(people)
    )


def made(root: Path) -> str | None:
    """Return the officers' listener that the vaults of an earlier run know, as HOST:PORT."""
    done = root / "made"
    return done.read_text(encoding="ascii") if done.exists() else None


def make(root: Path, site: str, officers: str, readers: tuple[Post, ...]) -> None:
    """Make what is kept between runs. `site` and `officers` are listeners as HOST:PORT."""
    if (root / _BEGUN).exists():
        # An earlier run was ended before it had made everything.
        shutil.rmtree(root)
    if root.exists() and any(root.iterdir()):
        raise CommandError(f"{root} holds something else")
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    (root / _BEGUN).touch()
    server = root / "server"
    administration.init(
        server, organisation=ORGANISATION, name=NAME, listen=site, officers_listen=officers, demo=True, archive="12.1.7"
    )
    _fill_in(server)
    cards = []
    for post in readers:
        ring = Keyring.found(root / post.folder, post.person, f"http://{officers}", PASSPHRASE, today())
        cards.append(ring.card)
        ring.vault.close()
    administration.propose_cards(server, cards)
    (root / "made").write_text(officers, encoding="ascii")


@contextlib.contextmanager
def _office(directory: Path) -> Iterator[Office]:
    office = Office.open(directory, PASSPHRASE, lambda way: HttpTransport(way.url, way.proxy), today)
    try:
        yield office
    finally:
        office.close()


def found(root: Path, readers: tuple[Post, ...]) -> None:
    """Let everybody sign the founding roster, where that was not done, and announce their intake keys.

    The server is running. In real life people compare fingerprints before they sign; here one program holds all keys.
    """
    for post in readers:
        with _office(root / post.folder) as office:
            office.fetch()
            proposal = office.trust.proposal()
            if proposal is not None and proposal.mine and not proposal.signed:
                office.sign_proposal(proposal.roster.hash)
    for post in readers:
        with _office(root / post.folder) as office:
            office.fetch()
    _open(root)


def _fill_in(server: Path) -> None:
    """Fill in what a real organisation has to have done before its form opens."""
    day = today()
    settings = replace(
        read_config(server),
        golive=GoLive(procedure="demo", works_council=day, dpia=day, external_list=day),
        security=Security("mailto:demo@voorbeeld.example", day + timedelta(days=365)),
        backup=Backup(f"../{_BACKUPS}"),
    )
    administration.write_config(server, settings)


def _open(root: Path) -> None:
    """Back the database up, as no timer does for a demo, and let the gate open the form the first time."""
    server, backups = root / "server", root / _BACKUPS
    with administration.opened(server) as desk:
        backups.mkdir(mode=0o700, exist_ok=True)
        # One copy, of this start: the demo is no example of how long backups are kept.
        for old in backups.iterdir():
            old.unlink()
        desk.store.copy_to(backups / f"{today()}.db")
    found = golive.doctor(server)
    if not found["open"]:
        red = [check["text"] for check in found["checks"] if check["status"] == "red"]
        raise CommandError(f"the demo's form cannot open: {'; '.join(red)}")


def _request(url: str, method: str, body: bytes = b"", address: bytes | None = None) -> Any:
    headers = {} if address is None else {"Authorization": f"Mailbox {b64(address)}"}
    request = urllib.request.Request(url, body if method != "GET" else None, headers, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own server, on this machine
        content = answer.read()
    return json.loads(content) if content else None


def answers(site: str) -> bool:
    """Whether the reporter's site answers."""
    try:
        with urllib.request.urlopen(f"http://{site}/", timeout=30):
            pass
    except (urllib.error.URLError, OSError):
        return False
    return True


def sample_code(root: Path, site: str) -> str:
    """Return the receipt code of the sample report, after sending it if it was not sent yet."""
    kept = root / "sample.json"
    sample: dict[str, Any] = (
        json.loads(kept.read_text()) if kept.exists() else {"code": receipts.generate(), "sent": False}
    )
    if not sample["sent"]:
        # Kept before it is sent: after a cut the same code and text give the same receipt.
        kept.write_text(json.dumps(sample))
        _send(sample["code"], site)
        kept.write_text(json.dumps(sample | {"sent": True}))
    return str(sample["code"])


def _send(code: str, site: str) -> None:
    public = _request(f"http://{site}/api/keys", "GET")
    roster = verify_chain([RosterVersion.from_json(item) for item in public["roster"]])[-1]
    things = [parse_intake_key(unb64(item), ORGANISATION) for item in public["intake_keys"]]
    ciphertext, attachment = seal_attachment("voorbeeld.txt", _SAMPLE_FILE)
    draft = report.Draft(
        kind="report", about="DEMO: de aanbesteding van het sportpark", text=_SAMPLE_TEXT,
        to=frozenset(member.key for member in roster.members), strength="offline", attachments=(attachment,),
    )  # fmt: skip
    receipt = receipts.derive(code, ORGANISATION)
    sealed = report.compose_report(receipt, draft, roster, newest_offered(things, today()))
    for n, part in enumerate(parts_of(ciphertext)):
        _request(f"http://{site}/api/parts/{b64(attachment.ref.id)}/{n}", "PUT", part, receipt.address)
    files = {slot: b64(file) for slot, file in sealed.files.items()}
    body = json.dumps({"entry": b64(sealed.entry.raw), "files": files}).encode("ascii")
    _request(f"http://{site}/api/reports", "POST", body, receipt.address)
