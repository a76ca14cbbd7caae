# SPDX-License-Identifier: EUPL-1.2
"""What tests of the end of cases do: close one, let its time pass, and look for anything that is left."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pages
from lied_to import opened
from workplace import PASSPHRASE, Sent, Workplaces

from meldkluis.crypto.note import OUTCOMES
from meldkluis.workstation import passphrase as passphrases
from meldkluis.workstation.office import Office
from meldkluis.workstation.vault import DATABASE, read_head

VAULT_PAGE = 4096
CANARY = "kanarie-in-de-mijn"


def closed(places: Workplaces, *numbers: int, outcome: str = OUTCOMES[0], **report: Any) -> tuple[Sent, date]:
    """A report full of canaries, closed by the first officer; returns it with the day that policy ends it."""
    sent = opened(
        places, *numbers or (0, 1),
        **{"text": CANARY, "about": CANARY, "name": CANARY, "contact": CANARY, "files": [(CANARY, b"x")], **report},
    )  # fmt: skip
    office = places.offices[0]
    office.acts.answer(sent.case, "feedback", 1, CANARY)
    office.decisions.close(sent.case, outcome, CANARY)
    places.fetch(*numbers or (0, 1))
    return sent, office.decisions.ends(outcome).destroy_after


def approved(places: Workplaces, **report: Any) -> tuple[Sent, date]:
    """A closed report whose destruction the second officer approved; the day before its end."""
    sent, end = closed(places, **report)
    places.until(end - timedelta(days=1))
    places.fetch(1)
    places.offices[1].decisions.approve(sent.case)
    places.fetch(0, 1)
    return sent, end


def left(office: Office) -> bytes:
    """Return every value of every row in a vault, and what stands in its write-ahead log's place."""
    found = b""
    for (table,) in office.vault.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
        for row in office.vault.rows(f"SELECT * FROM {table}"):
            found += b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    return found


def pages_of(directory: Path) -> bytes:
    """Return every page of a vault and its write-ahead log, decrypted; free pages and what was erased included."""
    head = read_head(directory)
    key = passphrases.stretch(PASSPHRASE, head.salt, head.cost).key
    with patch.object(pages, "PAGE", VAULT_PAGE):
        return pages.decrypted(directory / DATABASE, key)


def is_live(office: Office, sent: Sent) -> bool:
    """Whether a vault still has what opens a case."""
    kept = office.book.case(sent.case)
    return kept is not None and kept.destroyed is None and bool(office.book.places(sent.case))
