# SPDX-License-Identifier: EUPL-1.2
"""Everything that an unlocked vault allows, put together in one place.

- `Office` is made when the passphrase was right and is thrown away when the officer locks or the program ends.
- One thing at a time reaches the network: fetching and acting share a lock, so that heads and counters stay in order.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Final, Self, TypeVar

from meldkluis.crypto.attachment import open_attachment
from meldkluis.crypto.errors import CryptoError
from meldkluis.crypto.message import AttachmentRef
from meldkluis.workstation.acts import Acts
from meldkluis.workstation.archiving import Archiving
from meldkluis.workstation.casebook import Casebook
from meldkluis.workstation.casefiles import CaseFiles
from meldkluis.workstation.caselogs import CaseLogs
from meldkluis.workstation.client import OfficersApi
from meldkluis.workstation.deciding import Decisions
from meldkluis.workstation.dossier import Dossiers
from meldkluis.workstation.ending import Endings
from meldkluis.workstation.errors import DistrustError, RefusedError, UnreachableError, WorkstationError
from meldkluis.workstation.handover import HandOvers
from meldkluis.workstation.keyends import KeyEnds
from meldkluis.workstation.keyring import Keyring
from meldkluis.workstation.oral import OralReports
from meldkluis.workstation.register import Register
from meldkluis.workstation.settings import Settings
from meldkluis.workstation.sharing import Sharing
from meldkluis.workstation.summary import Summaries
from meldkluis.workstation.sync import Fetched, Sync
from meldkluis.workstation.transport import Transport, Way
from meldkluis.workstation.trust import Trust
from meldkluis.workstation.vault import Vault
from meldkluis.workstation.viewing import Viewer
from meldkluis.workstation.yearly import Yearly

REFRESH_SECONDS: Final = 60
"""A page that is opened later than this after the last round fetches first."""

Result = TypeVar("Result")
Connect = Callable[[Way], Transport]


class Office:
    """An open vault with its parts. `today` reads the clock; `connect` makes a transport to the server."""

    def __init__(self, vault: Vault, connect: Connect, today: Callable[[], date]) -> None:
        self.vault: Final = vault
        self.today: Final = today
        self.keyring: Final = Keyring(vault)
        self.trust: Final = Trust(self.keyring)
        self.book: Final = Casebook(vault)
        self.settings: Final = Settings(vault)
        self._connect: Final = connect
        self.api: Final = OfficersApi(self._transport(), self.keyring, self.book, today)
        self.dossiers: Final = Dossiers(self.keyring, self.trust, self.book)
        self.summaries: Final = Summaries(self.dossiers, self.book)
        self.register: Final = Register(vault)
        keys = self.dossiers.keys
        files = CaseFiles(self.keyring, keys, self.book, self.api)
        self.logs: Final = CaseLogs(self.keyring, self.trust, self.book, self.api, files)
        self.endings: Final = Endings(
            self.keyring, self.trust, self.book, self.register, self.dossiers, self.summaries, self.logs, self.api
        )
        key_ends = KeyEnds(self.keyring, self.trust, self.book, keys, self.logs)
        self.sync: Final = Sync(
            self.keyring, self.trust, self.book, self.api, self.logs, self.endings, key_ends, self.summaries
        )
        self.acts: Final = Acts(self.keyring, self.trust, self.book, self.dossiers, self.summaries, self.api, self.logs)
        self.decisions: Final = Decisions(
            self.keyring, self.book, self.dossiers, self.summaries, self.api, self.acts, self.logs
        )
        self.handovers: Final = HandOvers(
            self.keyring, self.trust, self.book, self.dossiers, self.api, self.acts, self.logs
        )
        self.oral: Final = OralReports(
            self.keyring, self.trust, self.book, self.dossiers, self.summaries, self.api, acts=self.acts,
            logs=self.logs, decisions=self.decisions,
        )  # fmt: skip
        self.yearly: Final = Yearly(self.keyring, self.trust, self.book, self.register, self.summaries)
        self.sharing: Final = Sharing(
            self.keyring, self.trust, self.dossiers, self.summaries, self.acts, self.decisions, self.api
        )
        self.archiving: Final = Archiving(self.book, self.dossiers, self.summaries, self.decisions, self.api)
        self.viewer: Final = Viewer()
        self.new_recovery = ""
        """A recovery secret that was shown and not yet typed back; gone when the vault locks."""
        self.last: Fetched | None = None
        self.last_error: WorkstationError | None = None
        self._fetched_at: float | None = None
        self._lock: Final = threading.Lock()

    @classmethod
    def open(cls, directory: Path, passphrase: str, connect: Connect, today: Callable[[], date]) -> Self:
        """Open a vault and put the office together."""
        return cls(Vault.open(directory, passphrase), connect, today)

    def _transport(self) -> Transport:
        return self._connect(Way(self.keyring.server_url, self.settings.proxy))

    def reconnect(self) -> None:
        """Reach the server by the settings as they are now."""
        with self._lock:
            self.api.reach_by(self._transport())
            self._fetched_at = None

    def fetch(self) -> Fetched:
        """Fetch everything once; UnreachableError or RefusedError, remembered for the pages too."""
        with self._lock:
            self._fetched_at = time.monotonic()
            self.oral.sweep(self.today())
            try:
                self.last = self.sync.round(self.today())
                if self.last.ready:
                    self.archiving.round(self.today())
                self.last_error = None
            except (UnreachableError, RefusedError) as error:
                self.last_error = error
                raise
            return self.last

    def fetch_if_due(self) -> None:
        """Fetch when the last round is a while ago. Errors are for the page to show."""
        if self._fetched_at is None or time.monotonic() - self._fetched_at > REFRESH_SECONDS:
            self.fetch_quietly()

    def fetch_quietly(self) -> None:
        """Fetch now; an error is remembered for the page and not raised."""
        with contextlib.suppress(UnreachableError, RefusedError):
            self.fetch()

    def sign_proposal(self, roster_hash: bytes) -> None:
        """Sign the proposal of this hash and hand the signature in."""
        self.api.sign_roster(roster_hash, self.trust.sign(roster_hash))

    def act(self, act: Callable[[], Result]) -> Result:
        """Do something that reaches the network, alone; what does not hold becomes an alarm and is raised."""
        with self._lock:
            try:
                return act()
            except DistrustError as error:
                self.book.raise_alarm(error.kind, error.case, self.today())
                raise

    def attachment(self, case: bytes, ref: AttachmentRef) -> Iterator[bytes]:
        """Yield the content of an attachment as it comes; only the end without an error says that it is whole."""
        try:
            yield from open_attachment(self.api.attachment(case, ref.id), ref)
        except CryptoError:
            self.book.raise_alarm("attachment", case, self.today())
            raise DistrustError("attachment", case) from None

    def close(self) -> None:
        """Lock: close the vault and the connections, and end what is being looked at."""
        self.viewer.close()
        with self._lock:
            self.api.close()
            self.vault.close()
