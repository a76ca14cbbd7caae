# SPDX-License-Identifier: EUPL-1.2
"""The end of the officer's own intake keys: their secrets go when nothing can need them any more.

- Not before 120 days after the key's first day: reports to it are accepted for 90. A deputy's key stays eight months
  longer, since a case comes to the deputy only when its term has lapsed.
- Never while a case that names the key does not open without it, or while a deputy may still get the case and seal the
  new secret to it.
- What is public of a key stays: logs name it.
"""

from datetime import date
from typing import Final

from meldkluis.crypto import age
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.errors import CryptoError
from meldkluis.workstation.casebook import INVOLVED, Casebook
from meldkluis.workstation.casefiles import REPORTER_SLOTS
from meldkluis.workstation.casekeys import CaseKeys
from meldkluis.workstation.caselogs import CaseLogs
from meldkluis.workstation.errors import DistrustError
from meldkluis.workstation.keyring import Keyring
from meldkluis.workstation.trust import Trust


class KeyEnds:
    """Ends intake keys in an open vault."""

    def __init__(self, keyring: Keyring, trust: Trust, casebook: Casebook, keys: CaseKeys, logs: CaseLogs) -> None:
        self._keyring: Final = keyring
        self._trust: Final = trust
        self._book: Final = casebook
        self._keys: Final = keys
        self._logs: Final = logs

    def round(self, day: date) -> None:
        """Destroy the secrets of intake keys that are over; for a round in which everything held."""
        members = [roster.member(self._keyring.key) for roster in self._trust.rosters()]
        deputy = any(member is not None and member.role == "deputy" for member in members)
        over = self._keyring.over(day, deputy=deputy)
        for kept in self._book.cases() if over else ():
            if kept.destroyed is not None or kept.declaration == INVOLVED:
                continue
            log = self._logs.kept(kept.id)
            named = {*log.submitted.fields["keys"]} | {
                entry.fields["key"] for entry in log.entries if entry.act == "officer-added"
            }
            if named & over and not self._opens_without(log):
                over -= named
        if over:
            self._keyring.destroy_secrets(over)
            self._keyring.vault.fold()

    def _opens_without(self, log: CaseLog) -> bool:
        """Whether no intake key is needed for a case, now or later."""
        course = log.course
        comes = log.deputy is not None and log.deputy not in log.ever_officers
        # A feedback ends the last term that can lapse, unless it answered a question while the clock stood still.
        if comes and not (course.feedback is not None and course.runs):
            return False
        if log.case_key is None or (log.deputy is not None and log.may_take_over(log.deputy)):
            return False
        try:
            if self._keys.newest(log) is None:
                return False
        except DistrustError:
            return False
        identities = self._keys.of_case(log)
        places = {place for place in self._book.places(log.case) if place[1] in REPORTER_SLOTS}
        return all(self._opens(log, place, identities) for place in places)

    def _opens(self, log: CaseLog, place: tuple[int, str], identities: list[str]) -> bool:
        file = self._book.file(log.case, *place)
        try:
            return file is not None and bool(age.decrypt(file, identities))
        except CryptoError:
            return False
