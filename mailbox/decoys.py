# SPDX-License-Identifier: EUPL-1.2
"""Logs for mailboxes that nobody has, so that an unknown code costs the server the same work as a known one.

- A decoy is a log of the shape that a report has on the day it comes in; it names nobody who exists and leads nowhere.
- Made with the organisation, never listed, never sent.
"""

import os
from datetime import date, timedelta
from typing import Final

from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.entry import Dues, FileRef
from meldkluis.crypto.receipt import case_of
from meldkluis.crypto.signed import SigningKey

NUMBER: Final = 16
"""Enough that no single one is always at hand in the page cache while reports are not."""

_DAY: Final = date(2026, 1, 1)
_SIZE: Final = 10_500


def make(organisation: str, server: SigningKey) -> list[tuple[bytes, list[bytes]]]:
    """Return case and log of each decoy."""
    return [_decoy(organisation, server) for _ in range(NUMBER)]


def _decoy(organisation: str, server: SigningKey) -> tuple[bytes, list[bytes]]:
    reporter = SigningKey.generate()
    log = CaseLog(organisation, case_of(organisation, reporter.verify_key), [server.verify_key])
    submitted = log.extend(
        "submitted",
        reporter,
        organisation=organisation,
        roster=os.urandom(32),
        to=sorted(os.urandom(32) for _ in range(2)),
        not_to=[],
        deputy=os.urandom(32),
        keys=sorted(os.urandom(32) for _ in range(3)),
        tag=os.urandom(32),
        commitment=os.urandom(32),
        files={slot: FileRef(os.urandom(32), _SIZE) for slot in ("content", "identity")},
        attachments=[],
    )
    dues = Dues(_DAY + timedelta(days=7), _DAY + timedelta(days=97))
    commitment = submitted.fields["commitment"]
    log.extend("received", server, day=_DAY, of=submitted.hash, commitment=commitment, dues=dues)
    return log.case, [entry.raw for entry in log.entries]
