# SPDX-License-Identifier: EUPL-1.2
"""Giving a case file to another authority, an investigator or the archive, encrypted to their key (Wbk article 1a).

- First the log has it, then the file is given: what could not be written down is not shared.
- Contact details go in only for a consent or a complete ground, asked again of the newest log in the very act that
  writes the disclosure down; never to the archive.
- Only post-quantum recipients: what is given today must stay shut when it is still kept in twenty years.
- The file is written as it is read and never stands on this machine's disk unencrypted.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Final

from meldkluis.crypto import age
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import b64, dump_json, sha256
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.message import AttachmentRef, Contact
from meldkluis.crypto.record import RECORDS, Record
from meldkluis.workstation.acts import Acts
from meldkluis.workstation.casefile import Choice, Enclosure, Part, enclosures, parts
from meldkluis.workstation.casetar import Member, Sums, sealed_tar, whole
from meldkluis.workstation.client import OfficersApi
from meldkluis.workstation.deciding import Decisions
from meldkluis.workstation.dossier import Dossiers, Item
from meldkluis.workstation.errors import ActError
from meldkluis.workstation.handling import Handling, Step
from meldkluis.workstation.keyring import Keyring
from meldkluis.workstation.render import LANGUAGES, case_label, language
from meldkluis.workstation.sharepages import Sheet, html, metadata, readme
from meldkluis.workstation.steps import disclosable, of_kind
from meldkluis.workstation.summary import Summaries
from meldkluis.workstation.trust import Trust

Opener = Callable[[bytes, AttachmentRef], Iterator[bytes]]
_POST_QUANTUM: Final = "age1pq1"
_IDENTITY: Final = "AGE-SECRET-KEY-"


@dataclass(frozen=True)
class Ground:
    """What allows the identity to be disclosed now. `whom` is None for a consent, which the timeline shows."""

    number: int
    whom: str | None = field(repr=False)


@dataclass(frozen=True)
class Offer:
    """What can be chosen: attachments, consents and grounds; and the case files that the archive has not confirmed."""

    log: CaseLog
    items: Sequence[Item] = field(repr=False)
    handling: Handling = field(repr=False)
    enclosures: Sequence[Enclosure]
    grounds: Sequence[Ground]
    unconfirmed: Sequence[Step]


def read_recipient(text: str) -> str:
    """Return the one post-quantum age recipient of a text as files of recipients are written; ActError."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if any(line.upper().startswith(_IDENTITY) for line in lines):
        raise ActError("recipient-secret")
    if len(lines) != 1:
        raise ActError("recipient-many" if lines else "no-recipient")
    if not lines[0].startswith(_POST_QUANTUM):
        raise ActError("recipient-classical" if lines[0].startswith(("age1", "ssh-")) else "bad-recipient")
    try:
        age.check_recipient(lines[0])
    except FormatError:
        raise ActError("bad-recipient") from None
    return lines[0]


def fingerprint_of(recipient: str) -> bytes:
    """Return SHA-256 of a recipient as it is written, 32 bytes, for people to compare."""
    return sha256(recipient.encode("ascii"))


class Sharing:
    """Makes case files out of an open vault."""

    def __init__(
        self, keyring: Keyring, trust: Trust, dossiers: Dossiers, summaries: Summaries, acts: Acts,
        decisions: Decisions, api: OfficersApi,
    ) -> None:  # fmt: skip
        self._keyring: Final = keyring
        self._trust: Final = trust
        self._dossiers: Final = dossiers
        self._summaries: Final = summaries
        self._acts: Final = acts
        self._decisions: Final = decisions
        self._api: Final = api

    def offer(self, case: bytes) -> Offer:
        """Return what can be chosen of a case; ActError while nobody took it over."""
        log = self._dossiers.require_declared(case)
        if log.case_key is None:
            raise ActError("not-taken-over")
        items, handling = self._dossiers.timeline(case), self._summaries.handling(log)
        asked = self._dossiers.asked(log, self._dossiers.identities(log))
        told = {step.number: step.record.whom for step in of_kind(handling, "disclosure")}
        grounds = [Ground(of, told.get(of)) for of in disclosable(log, handling, asked)]
        receipts = {step.record.of for step in of_kind(handling, "archived", "receipt")}
        waiting = [step for step in of_kind(handling, "shared", "archive") if step.number not in receipts]
        return Offer(log, items, handling, enclosures(items, handling), grounds, waiting)

    def check(self, offer: Offer, choice: Choice) -> list[Part]:
        """Return what goes in; ActError names the field that is wrong."""
        if choice.kind not in RECORDS["shared"].choices:
            raise ActError("bad-kind")
        if not choice.whom.strip():
            raise ActError("no-whom")
        if not choice.reason.strip():
            raise ActError("no-reason-share")
        if choice.language not in LANGUAGES:
            raise ActError("bad-language")
        read_recipient(choice.recipient)
        if choice.kind == "archive" and self._decisions.policy().archive is None:
            raise ActError("no-archive-choice")
        if not 0 < choice.shown <= len(offer.log.entries):
            raise ActError("bad-choice")
        if not choice.files <= {one.place for one in offer.enclosures if one.number < choice.shown}:
            raise ActError("bad-choice")
        self._check_identity(offer, choice)
        chosen = parts(offer.items, offer.handling, choice)
        if not chosen and not choice.log:
            raise ActError("nothing-chosen")
        return chosen

    def _check_identity(self, offer: Offer, choice: Choice) -> None:
        if choice.identity is None:
            return
        if choice.kind == "archive":
            raise ActError("identity-archive")
        ground = next((one for one in offer.grounds if one.number == choice.identity), None)
        if ground is None:
            raise ActError("no-ground")
        if ground.whom is not None and _named(ground.whom) != _named(choice.whom):
            raise ActError("ground-whom")

    def give(self, case: bytes, choice: Choice, record: str, attachment: Opener) -> Iterator[bytes]:
        """Write down that the case is shared, with `record` as its words, then return the file as it is made.

        Nothing was given if this raises. `attachment` opens one; what it raises ends the file early.
        """
        self.check(self.offer(case), choice)
        contacts = self._disclose(case, choice)
        self._decisions.record(case, Record("shared", choice.kind, whom=choice.whom, text=record))
        offer = self.offer(case)
        chosen = self.check(offer, choice)
        sheet = Sheet(
            case=case, choice=choice, parts=chosen, items=offer.items, contacts=contacts, day=self._api.day(),
            giver=self._trust.person(self._keyring.key), organisation=self._organisation(),
            archive=self._decisions.policy().archive, handling=offer.handling, course=offer.log.course,
        )  # fmt: skip
        members = self._members(sheet, offer, attachment)
        return sealed_tar(
            members, f"zaak-{case_label(case)}", self._api.day(), self._keyring.signing_key,
            read_recipient(choice.recipient),
        )  # fmt: skip

    def _organisation(self) -> str:
        roster = self._trust.current()
        return self._keyring.organisation if roster is None else roster.name

    def _disclose(self, case: bytes, choice: Choice) -> list[tuple[int, Contact]]:
        """Write the disclosure down, if one was chosen and may be made on the newest log; return contact details."""
        if choice.identity is None:
            return []
        # `steps.check_step` asks the newest log whether it may be.
        done = Record("disclosure", "done", of=choice.identity, whom=choice.whom, text=choice.reason)
        self._decisions.record(case, done)
        return self._acts.open_contact(case)

    def receipt(self, case: bytes, of: int, text: str) -> None:
        """Write down that the archive has what was shared with it in entry `of`; its hold on the case ends."""
        self._decisions.record(case, Record("archived", "receipt", of=of, text=text))

    def _members(self, sheet: Sheet, offer: Offer, attachment: Opener) -> Callable[[Sums], Iterator[Member]]:
        enclosed = [one for part in sheet.parts for one in part.enclosures]
        log = self._log(sheet, offer.log, enclosed)

        def members(sums: Sums) -> Iterator[Member]:
            for one in enclosed:
                yield Member(one.path, one.ref.length, _opening(attachment, sheet.case, one.ref))
            words = language(sheet.choice.language)
            yield whole("zaak.html", html(words, sheet, sums.digests))
            yield whole("zaak.css", _ours("static/casefile.css"))
            yield whole("log.json", log)
            if sheet.choice.kind == "archive":
                yield whole("metagegevens.xml", metadata(words, sheet))
            yield whole("LEESMIJ.txt" if words.code == "nl" else "README.txt", readme(words, sheet))
            yield whole("controleer.py", _ours("controleer.py"))

        return members

    def _log(self, sheet: Sheet, log: CaseLog, enclosed: Iterable[Enclosure]) -> bytes:
        """Return the signed lists of people, and the signed log if it was chosen, for `controleer.py`."""
        attachments = []
        for one in enclosed:
            entry = next(item for item in log.entries[one.number].attachments if item.id == one.ref.id)
            attachments.append(
                {"file": one.path, "entry": one.number, "id": b64(entry.id), "digest": b64(entry.digest)}
            )
        entries = [b64(entry.raw) for entry in log.entries] if sheet.choice.log else None
        return dump_json(
            {
                "rosters": [version.to_json() for version in self._trust.versions()],
                "entries": entries,
                "attachments": attachments,
            }
        )


def _opening(attachment: Opener, case: bytes, ref: AttachmentRef) -> Callable[[], Iterator[bytes]]:
    return lambda: attachment(case, ref)


def _ours(name: str) -> bytes:
    """Return a file of the package."""
    return (resources.files("meldkluis.workstation") / name).read_bytes()


def _named(whom: str) -> str:
    return " ".join(whom.casefold().split())
