# SPDX-License-Identifier: EUPL-1.2
"""People who come to a roster and go from it: cards, signatures of two, and a first fetch with the poster's fingerprint."""

from collections.abc import Sequence
from dataclasses import dataclass

from workplace import PASSPHRASE, ToDesk, Workplaces, make_vault

from meldkluis.crypto.encoding import b64
from meldkluis.intake import administration
from meldkluis.workstation.office import Office


@dataclass
class Joined:
    """A new workstation: its number among the offices, and the transport to the desk."""

    number: int
    office: Office
    transport: ToDesk

    @property
    def key(self) -> bytes:
        """The new officer's key."""
        return self.office.keyring.key


def sign(places: Workplaces, *signers: int) -> None:
    """Let officers sign what the administrator proposed; everybody fetches after that."""
    for number in signers:
        office = places.offices[number]
        office.fetch()
        proposal = office.trust.proposal()
        assert proposal is not None
        office.sign_proposal(proposal.roster.hash)
    places.fetch(*signers)


def join(
    places: Workplaces, *, name: str = "D. Jansen", signers: Sequence[int] = (0, 1), instead_of: bytes | None = None
) -> Joined:
    """Let somebody new come to the roster, perhaps in the place of another, and fetch with the poster's fingerprint."""
    number, directory = len(places.offices), places.directory / "organisation"
    card = make_vault(places.vault(number), name)
    if instead_of is not None:
        administration.propose_without(directory, [instead_of.hex()])
    administration.propose_cards(directory, [card])
    sign(places, *signers)
    transport = ToDesk(places.desk)
    office = Office.open(places.vault(number), PASSPHRASE, lambda _: transport, places.clock)
    places.offices.append(office)
    places.transports.append(transport)
    office.fetch()
    anchor = places.offices[signers[0]].trust.anchor
    assert anchor is not None
    office.trust.confirm(anchor)
    office.fetch()
    places.fetch(*signers)
    return Joined(number, office, transport)


def revoke(places: Workplaces, key: bytes, *signers: int) -> None:
    """Take somebody off the roster."""
    administration.propose_without(places.directory / "organisation", [key.hex()])
    sign(places, *signers)


def path_of(case: bytes) -> str:
    """Return the address of a case's page."""
    return f"/case/{b64(case)}"
