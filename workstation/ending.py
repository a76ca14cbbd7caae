# SPDX-License-Identifier: EUPL-1.2
"""The end of cases: what was closed and is due is removed here, said so in the log, and kept as a line of a register.

- A case ends by its own verified log and by the earlier of our day and the server's; never because the server says so.
- First everything that can be read goes from the vault, then the log hears of it: an officer's word that it is gone is
  true when it is given. What did not arrive is sent with the next round.
- A certificate counts for a case that ended here, or that this officer signed to have destroyed: an older copy of the
  vault believes its own word. For another case it is an alarm, and the case stays.
- A colleague's closing that ends a case sooner than its outcome allows is an alarm, and read before anything goes.
- Contact details end on their own day, with the key that opens them.
"""

import contextlib
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from meldkluis.crypto.certificate import Certificate, parse_certificate
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.errors import ChainError, CryptoError
from meldkluis.workstation.casebook import INVOLVED, NOT_INVOLVED, Casebook, KeptCase
from meldkluis.workstation.caselogs import CaseLogs
from meldkluis.workstation.client import OfficersApi
from meldkluis.workstation.dossier import Dossiers
from meldkluis.workstation.errors import DistrustError, RefusedError
from meldkluis.workstation.keyring import Keyring
from meldkluis.workstation.register import Line, Register
from meldkluis.workstation.summary import Summaries
from meldkluis.workstation.trust import Trust

_TRIES: Final = 3
_ALARMED: Final = timedelta(days=30)
"""How much longer a case stays about which there is an alarm that nobody has put away."""


class Endings:
    """Ends cases in an open vault."""

    def __init__(
        self, keyring: Keyring, trust: Trust, casebook: Casebook, register: Register, dossiers: Dossiers,
        summaries: Summaries, logs: CaseLogs, api: OfficersApi,
    ) -> None:  # fmt: skip
        self._keyring: Final = keyring
        self._trust: Final = trust
        self._book: Final = casebook
        self._register: Final = register
        self._dossiers: Final = dossiers
        self._summaries: Final = summaries
        self._logs: Final = logs
        self._api: Final = api

    def ended(self, case: bytes) -> bool:
        """Whether the case ended here, and nothing but its line is left."""
        line = self._register.line(case)
        return line is not None and line.destroyed is not None

    def write_lines(self) -> None:
        """Bring the register up to date with what was closed or opened again since the last round."""
        settled = self._summaries.sights.settled(self._api.earlier_day())
        for kept in self._book.cases():
            if kept.destroyed is None and kept.declaration != INVOLVED and kept.id not in settled:
                self._write_line(kept, self._logs.kept(kept.id), None)

    def local(self, today: date) -> None:
        """Remove what is due; asks nobody, so that it happens in a round without a server too."""
        settled = self._summaries.sights.settled(self._api.earlier_day())
        for kept in self._book.cases():
            if kept.id not in settled:
                self._remove(kept)
        if self._register.forget(min(today, self._api.earlier_day())):
            self._to_fold()
        if self._keyring.vault.fact("fold") is not None:
            # Before anything else can go wrong.
            self._keyring.vault.fold()

    def without_server(self, today: date) -> None:
        """The part of a round that needs nobody."""
        self.local(today)
        self._fold()

    def round(self, today: date) -> Iterator[DistrustError]:
        """Remove what is due, say so in its log, take in certificates; yields what does not hold."""
        yield from self._hurried()
        self.local(today)
        for kept in self._book.cases():
            if kept.destroyed is not None:
                try:
                    self._confirm(kept.id)
                except DistrustError as error:
                    yield error
        yield from self._certificates()
        self._fold()

    def _hurried(self) -> Iterator[DistrustError]:
        for line in self._summaries.all():
            if line.hurried and line.destroyed is None and not self._book.had_alarm("hurried", line.case):
                yield DistrustError("hurried", line.case)

    def _to_fold(self) -> None:
        self._keyring.vault.set_fact("fold", 1)

    def _fold(self) -> None:
        """Empty the write-ahead log of what was removed, also in a round that was broken off; until it is empty."""
        vault = self._keyring.vault
        if vault.fact("fold") is not None and vault.fold():
            vault.set_fact("fold", None)
            vault.fold()

    def _remove(self, kept: KeptCase) -> None:
        """Remove of a case what is due to be removed, and keep its line."""
        if kept.destroyed is not None or kept.declaration == INVOLVED:
            return
        log = self._logs.kept(kept.id)
        due = self._logs.due(log)
        if due and self._book.alarms(kept.id):
            # Somebody has to read first what the server hid or a colleague broke; not for ever.
            end = log.course.ends_on()
            due = end is not None and end + _ALARMED <= self._api.earlier_day()
        with self._book.vault.transaction():
            self._write_line(kept, log, self._api.earlier_day() if due else None)
            if due:
                self._book.destroy(kept.id, self._api.earlier_day())
            if due or self._forget_identity(log):
                self._to_fold()
            elif self._summaries.one(kept) is not None:
                self._summaries.sights.settle(kept.id, log.course.ends_on())

    def _write_line(self, kept: KeptCase, log: CaseLog, destroyed: date | None) -> None:
        closed = log.course.closed
        if closed is None or log.received is None:
            self._register.remove(kept.id)
            return
        regime = outcome = None
        declared, line = self._dossiers.declaration(kept, log), self._summaries.one(kept)
        if line is not None and declared == NOT_INVOLVED:
            regime, outcome = line.regime, line.outcome
        # Whoever withdrew counts nothing of the case.
        categories = None if line is None or declared == INVOLVED else line.counted
        day, until = closed.fields["day"], closed.fields["register_until"]
        self._register.put(Line(kept.id, log.received, day, regime, outcome, until, destroyed, categories))

    def _forget_identity(self, log: CaseLog) -> bool:
        if not log.course.identity_gone:
            return False
        # What does not hold, the case page says; the secrets that do hold go all the same.
        with contextlib.suppress(DistrustError):
            self._dossiers.keys.learn(log)
        gone = next(entry.index for entry in log.entries if entry.act == "identity-destroyed")
        return self._book.forget_identity(log.case, gone)

    def _confirm(self, case: bytes) -> None:
        """Say in the log of an ended case that it was destroyed here, unless the log has it."""
        for _ in range(_TRIES):
            log = self._logs.kept(case)
            if self._keyring.key in log.course.destroyed_by or self._keyring.key not in log.officers:
                return
            try:
                self._logs.append(log, "destroyed")
            except RefusedError as error:
                if error.code != "head":
                    # The server has finished with it already, or will not hear it today.
                    return
            except ChainError:
                pass
            else:
                return
            try:
                self._logs.log_only(case)
            except RefusedError:
                return
        if not self._logs.due(self._logs.kept(case)) and not self._book.had_alarm("after-end", case):
            # Something was written to it at the last moment; what was agreed on is done all the same.
            raise DistrustError("after-end", case)

    def _certificates(self) -> Iterator[DistrustError]:
        for raw in self._api.certificates():
            try:
                certificate = parse_certificate(raw, self._keyring.organisation, self._trust.server_keys())
            except CryptoError:
                yield DistrustError("certificate")
                continue
            kept = self._book.case(certificate.case)
            if kept is None or kept.declaration == INVOLVED:
                # Certified already, or never a case of this vault.
                continue
            log = self._logs.kept(kept.id)
            own_word = self._keyring.key in certificate.statements and kept.destroyed is None
            if not own_word and (kept.destroyed is None or not _fits(certificate, log)):
                yield DistrustError("certificate", kept.id)
                continue
            with self._book.vault.transaction():
                if own_word:
                    day, until = certificate.closed, certificate.register_until
                    self._register.put(
                        Line(kept.id, certificate.received, day, None, None, until, certificate.destroyed)
                    )
                    self._book.destroy(kept.id, certificate.destroyed)
                self._register.certify(certificate)
                self._book.forget(kept.id)
                self._to_fold()


def _fits(certificate: Certificate, log: CaseLog) -> bool:
    """Whether a certificate says of a case what its log says."""
    course, closed = log.course, log.course.closed
    return (
        closed is not None
        and certificate.received == course.received
        and certificate.closed == closed.fields["day"]
        and certificate.register_until == closed.fields["register_until"]
        and course.approvals <= set(certificate.approved)
        and certificate.opens_until >= certificate.destroyed
    )
