# SPDX-License-Identifier: EUPL-1.2
"""Registering a report that was made by telephone, by letter or in a talk (Wbk article 2a; rules W-01 and W-07).

- This workstation plays the reporter's part once: a new code, a first message to the readers, a submission. Before it
  is sent everything is durable; it is sent until the server's signed receipt is here, which never makes two cases.
- Then the case is opened as any other, and the day of receipt is noted, from which all terms count. Each step can be
  broken off and is done once.
- The code leaves the vault when the officer says that it was handed over, by typing two of its words, or after
  CODE_DAYS. While it is here, a signature of the reporter proves nothing: see `holds_code`.
"""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from meldkluis.crypto import receipt
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.errors import CryptoError, FormatError, RosterError
from meldkluis.crypto.proof import armor_proof, verify_proof
from meldkluis.crypto.report import compose_report
from meldkluis.crypto.roster import Roster, newest_offered
from meldkluis.crypto.signed import open_thing
from meldkluis.mailbox.terms import Dues, dues
from meldkluis.workstation.acts import Acts
from meldkluis.workstation.casebook import INVOLVED, Casebook
from meldkluis.workstation.caselogs import CaseLogs
from meldkluis.workstation.client import OfficersApi
from meldkluis.workstation.deciding import Decisions
from meldkluis.workstation.dossier import Dossiers
from meldkluis.workstation.errors import ActError, DistrustError, RefusedError
from meldkluis.workstation.keyring import Keyring
from meldkluis.workstation.oralform import OralForm
from meldkluis.workstation.oralkept import Unfinished, case_of_form, forget_form, remember_form
from meldkluis.workstation.render import N_, language
from meldkluis.workstation.summary import Summaries
from meldkluis.workstation.trust import Trust

CODE_DAYS: Final = timedelta(days=28)
"""How long a code waits here to be handed over: two weeks to react, and as long again to come and get it."""

NOT_RECEIVED: Final = frozenset({"roster", "stale-keys", "nobody", "malformed", "too-large", "incomplete", "taken"})
"""Refusals that say that the report does not stand there; after any other it may."""

_ACKNOWLEDGED: Final = N_(
    "Uw melding van {day} is ontvangen en opgeschreven. Binnen drie maanden hoort u wat wij ermee hebben gedaan. U kunt"
    " met uw code altijd iets toevoegen."
)


class OralReports:
    """Registers oral reports in an open vault."""

    def __init__(
        self, keyring: Keyring, trust: Trust, casebook: Casebook, dossiers: Dossiers, summaries: Summaries,
        api: OfficersApi, *, acts: Acts, logs: CaseLogs, decisions: Decisions,
    ) -> None:  # fmt: skip
        self._keyring: Final = keyring
        self._vault: Final = keyring.vault
        self._trust: Final = trust
        self._book: Final = casebook
        self._dossiers: Final = dossiers
        self._summaries: Final = summaries
        self._api: Final = api
        self._acts: Final = acts
        self._logs: Final = logs
        self._decisions: Final = decisions

    def roster(self) -> Roster:
        """Return the roster that a report would name; ActError when this officer is not in one that counts."""
        roster = self._trust.current()
        if roster is None or roster.member(self._keyring.key) is None:
            raise ActError("not-a-member")
        return roster

    def with_key(self) -> frozenset[bytes]:
        """Return the members who have an intake key that may be used today."""
        return frozenset(newest_offered(self._keyring.known_keys(), self._api.day()))

    def unfinished(self) -> list[Unfinished]:
        """Return what still has to be sent, noted or handed over."""
        return Unfinished.all(self._vault)

    def find(self, case: bytes) -> Unfinished:
        """Return one of them; ActError `no-case`."""
        found = Unfinished.find(self._vault, case)
        if found is None:
            raise ActError("no-case")
        return found

    def holds_code(self, case: bytes) -> bool:
        """Whether the code of a case is still here, so that what its reporter signs could be signed here as well."""
        found = Unfinished.find(self._vault, case)
        return found is not None and bool(found.code)

    def dues(self, case: bytes) -> Dues:
        """Return the terms of an unfinished report: of its case, or of its day while the case is not open here."""
        found, kept = self.find(case), self._book.case(case)
        line = self._summaries.one(kept) if kept is not None and found.noted else None
        return dues(found.received) if line is None else line.dues

    def begin(self, form: OralForm, typed: Mapping[str, str], once: str) -> bytes:
        """Make code and submission and keep them, and return the case; nothing is sent.

        `once` names the form: the same again gets the same case, also when that is finished. ActError: not-a-member,
        reader-key, text-long.
        """
        with self._vault.transaction():
            case = case_of_form(self._vault, once)
            if case is None:
                case = self._begin(form, typed)
                remember_form(self._vault, once, case)
            return case

    def _begin(self, form: OralForm, typed: Mapping[str, str]) -> bytes:
        roster, day = self.roster(), self._api.day()
        code = receipt.generate(form.language)
        reporter = receipt.derive(code, self._keyring.organisation)
        try:
            sealed = compose_report(reporter, form.draft(), roster, newest_offered(self._keyring.known_keys(), day))
        except RosterError:
            raise ActError("reader-key") from None
        except FormatError:
            raise ActError("text-long") from None
        numbers = list(range(1, receipt.WORDS + 1))
        asked = sorted(numbers.pop(secrets.randbelow(len(numbers))) for _ in range(2))
        Unfinished(
            case=reporter.case,
            code=code,
            started=day,
            received=form.received,
            note=form.note(),
            language=form.language,
            how=form.how,
            acknowledge=form.acknowledge,
            mine=self._keyring.key in sealed.entry.fields["to"],
            asked=(asked[0], asked[1]),
            typed=typed,
            entry=sealed.entry.raw,
            files=sealed.files,
        ).keep(self._vault)
        return reporter.case

    def go_on(self, case: bytes) -> None:
        """Do what is left of sending and noting. RefusedError of NOT_RECEIVED: nothing stands there, none is kept."""
        found = self.find(case)
        if not found.sent:
            found = self._send(found)
        if not found.noted:
            if found.mine:
                self._note(found)
            # Once more from the vault: the code may have been handed over meanwhile.
            self._change(case, noted=True, note="")

    def _send(self, found: Unfinished) -> Unfinished:
        reporter = receipt.derive(found.code, self._keyring.organisation)
        try:
            answer = self._api.report(reporter.address, found.entry, found.files)
        except RefusedError as error:
            if error.code in NOT_RECEIVED:
                self._remove(found.case)
            raise
        try:
            proof = self._check(found, answer.received, answer.proof)
        except CryptoError:
            raise DistrustError("oral-receipt") from None
        sent = found.without_text(proof)
        sent.keep(self._vault)
        self._vault.fold()
        return sent

    def _check(self, found: Unfinished, received: bytes, proof: bytes) -> str:
        """Return the proof's text; CryptoError unless the server's key signed that exactly this was received."""
        log = CaseLog(self._keyring.organisation, found.case, self._trust.server_keys())
        sent = log.append(found.entry)
        entry = log.append(received)
        written = armor_proof(open_thing(proof, "proof"), self._trust.versions())
        shown = verify_proof(written)
        facts = (shown.organisation, shown.case, shown.commitment, shown.day, shown.dues)
        told = (
            self._keyring.organisation, found.case, sent.fields["commitment"], entry.fields["day"],
            entry.fields["dues"],
        )  # fmt: skip
        if entry.act != "received" or facts != told:
            raise FormatError("not the receipt of this report")
        return written

    def _note(self, found: Unfinished) -> None:
        """Open the case as not involved, which the form asked, and note the day of receipt."""
        case = found.case
        self._logs.refresh(case)
        if self._dossiers.declaration(self._dossiers.kept(case), self._dossiers.log(case)) == INVOLVED:
            raise ActError("recused")
        self._acts.not_involved(case)
        stands = self._summaries.handling(self._dossiers.log(case)).note
        reason = stands.reason if stands.received == found.received else found.note
        categories = replace(stands.categories, channel=found.how)
        self._decisions.handle(case, stands.regime, stands.state, found.received, reason, categories)
        log = self._dossiers.log(case)
        if found.acknowledge:
            self._acknowledge(found, log)

    def _acknowledge(self, found: Unfinished, log: CaseLog) -> None:
        words = language(found.language)
        text = words.say(_ACKNOWLEDGED).format(day=words.day(found.received))
        draft = self._book.draft(log.case)
        if not any(entry.act == "acknowledged" for entry in log.entries):
            self._acts.answer(log.case, "acknowledged", self._acts.next_number(log.case), text)
        elif draft is not None and draft.text == text:
            # It had arrived, and its answer was lost on the way.
            self._book.set_draft(log.case, None)

    def hand_over(self, case: bytes, words: tuple[str, str]) -> None:
        """Remove the code, since the reporter has it; ActError `other-words`, `not-sent-yet`."""
        found = self._handing(case)
        real = found.code.split()
        typed = tuple(word.strip().lower() for word in words)
        if typed != tuple(real[number - 1] for number in found.asked):
            raise ActError("other-words")
        self._forget_code(case)

    def no_code(self, case: bytes) -> None:
        """Remove the code of a reporter who does not want it; nobody can open that mailbox afterwards."""
        self._handing(case)
        self._forget_code(case)

    def _handing(self, case: bytes) -> Unfinished:
        found = self.find(case)
        if not found.sent:
            raise ActError("not-sent-yet")
        if not found.code:
            raise ActError("no-case")
        return found

    def discard(self, case: bytes) -> None:
        """Throw away what was not demonstrably sent; ActError `sent-already`."""
        if self.find(case).sent:
            raise ActError("sent-already")
        self._remove(case)

    def sweep(self, today: date) -> None:
        """Remove codes that nobody came for."""
        for found in self.unfinished():
            if found.sent and found.code and found.started + CODE_DAYS < today:
                self._forget_code(found.case)

    def _forget_code(self, case: bytes) -> None:
        self._change(case, code="")
        # Until then the WAL, encrypted as the rest, has the row as it was.
        self._vault.fold()

    def _change(self, case: bytes, **changes: Any) -> None:
        with self._vault.transaction():
            replace(self.find(case), **changes).keep(self._vault)

    def _remove(self, case: bytes) -> None:
        with self._vault.transaction():
            Unfinished.forget(self._vault, case)
            forget_form(self._vault, case)
        self._vault.fold()
