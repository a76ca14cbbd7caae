# SPDX-License-Identifier: EUPL-1.2
"""Fetching the files of a case: ciphertext held against the log, under the header that opens here.

- Whoever takes a case over brings new headers. One that does not open with the case's secrets never takes the place of
  one that does, and is seen.
- Who got the case when a term lapsed reads what came before under the first headers, until taking it over.
- Contact details that were destroyed are not expected any more.
"""

from collections.abc import Sequence
from typing import Final

from meldkluis.crypto import age
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import sha256
from meldkluis.crypto.entry import Entry
from meldkluis.crypto.errors import CryptoError
from meldkluis.workstation.casebook import Casebook
from meldkluis.workstation.casekeys import CaseKeys, has_contact, key_at
from meldkluis.workstation.client import OfficersApi
from meldkluis.workstation.errors import DistrustError, RefusedError
from meldkluis.workstation.keyring import Keyring

REPORTER_SLOTS: Final = frozenset({"content", "message", "identity"})
_KEPT_SLOTS: Final = REPORTER_SLOTS | {"grant", "copy", "note"}


class CaseFiles:
    """Fetches what a case's log names and the vault does not have."""

    def __init__(self, keyring: Keyring, keys: CaseKeys, casebook: Casebook, api: OfficersApi) -> None:
        self._keyring: Final = keyring
        self._keys: Final = keys
        self._book: Final = casebook
        self._api: Final = api

    def fetch(self, log: CaseLog, *, fresh_key: bool) -> tuple[dict[tuple[int, str], bytes], bool]:
        """Return the files that are missing here, and whether all open as they should; DistrustError.

        With a `fresh_key` those before it are fetched again, since their headers changed.
        """
        kept, files = self._book.places(log.case), {}
        waits = log.may_take_over(self._keyring.key)
        for entry in log.entries:
            for slot in self._expected(log, entry):
                if (entry.index, slot) not in kept:
                    files[entry.index, slot] = self._one(log, entry, slot, first=waits)
        whole = True
        if log.case_key is not None and not waits:
            whole = self._rewrapped(log, log.case_key.index, files, kept, fresh_key=fresh_key)
        return files, whole

    def _expected(self, log: CaseLog, entry: Entry) -> set[str]:
        slots = set(_KEPT_SLOTS & entry.files.keys())
        if log.course.identity_gone:
            if not has_contact(log, entry):
                slots.discard("identity")
            key = entry if entry.act == "case-key" else key_at(log, entry)
            if key is not None and self._book.secrets(log.case, key.fields["recipient"]) is not None:
                # It holds the secret of the contact details too, and has nothing that is not kept.
                slots.discard("grant")
        return slots

    def _rewrapped(
        self, log: CaseLog, end: int, files: dict[tuple[int, str], bytes], kept: set[tuple[int, str]], *,
        fresh_key: bool,
    ) -> bool:  # fmt: skip
        """Put the files with the headers of who took the case over into `files`, as far as they open."""
        # An older key of the case will do: what it opens is not shut.
        identities, whole = [*self._keys.granted(log, files), *self._keys.of_case(log)], True
        for entry in log.entries[:end]:
            for slot in REPORTER_SLOTS & self._expected(log, entry):
                place = (entry.index, slot)
                if place not in files and not fresh_key:
                    continue
                new = files.pop(place, None) or self._one(log, entry, slot)
                if _opens(new, identities):
                    files[place] = new
                    continue
                # Whoever was added by one who came later himself may have no key to what was written before that.
                whole = whole and self._keys.never_mine(log, entry)
                if place not in kept:
                    files[place] = self._one(log, entry, slot, first=True)
        return whole

    def _one(self, log: CaseLog, entry: Entry, slot: str, *, first: bool = False) -> bytes:
        # The deputy was named in the first header; the one after taking over is for the case's officers alone.
        before = log.case_key is not None and entry.index < log.case_key.index
        try:
            file = self._api.file(log.case, entry.index, slot, first=first and before and slot in REPORTER_SLOTS)
            _, payload = age.split(file)
        except RefusedError:
            raise DistrustError("file-missing", log.case) from None
        except CryptoError:
            raise DistrustError("file-changed", log.case) from None
        if sha256(payload) != entry.files[slot].hash:
            raise DistrustError("file-changed", log.case)
        return file


def _opens(file: bytes, identities: Sequence[str]) -> bool:
    try:
        age.decrypt(file, identities)
    except CryptoError:
        return False
    return True
