# SPDX-License-Identifier: EUPL-1.2
"""What the administrator's commands do: make an organisation, propose its roster.

- Running `init` again with the same answers changes nothing; with others it refuses.
- A proposal is only that: cards are checked for their signatures, people check whose they are.
- Called by meldkluis.intake.cli and the tests.
"""

import asyncio
import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from meldkluis.crypto.card import Card, parse_card
from meldkluis.crypto.encoding import b64
from meldkluis.crypto.errors import CryptoError
from meldkluis.crypto.proof import Proof
from meldkluis.crypto.roster import (
    Member,
    Roster,
    RosterVersion,
    fingerprint,
    make_roster,
    missing_signatures,
    parse_roster,
)
from meldkluis.intake.addresses import Address
from meldkluis.intake.config import FILE, Config, read_config, render_config
from meldkluis.intake.errors import CommandError
from meldkluis.mailbox.clock import today
from meldkluis.mailbox.desk import Desk
from meldkluis.mailbox.errors import MailboxError, Refused
from meldkluis.mailbox.keyfile import sync_directory
from meldkluis.mailbox.store import DATABASE

DEMO: Final = "-demo"


def check_demo(config: Config, *, demo: bool, listeners: Iterable[str]) -> None:
    """Raise CommandError unless a demo organisation, the --demo switch and local listeners go together."""
    if config.organisation.endswith(DEMO) != demo:
        raise CommandError(
            "--demo is for organisations whose identifier ends in -demo"
            if demo
            else "this is a demo organisation: its keys protect nobody; --demo serves it, on this machine only"
        )
    if demo and not all(Address.parse(listener).local for listener in listeners):
        raise CommandError("a demo organisation is served on this machine only: listen on 127.0.0.1 or a unix socket")


@contextlib.contextmanager
def opened(directory: Path) -> Iterator[Desk]:
    """Open the organisation's desk for one command; CommandError when it cannot be opened."""
    config = read_config(directory)
    try:
        desk = Desk.open(directory, limits=config.limits, policy=config.policy)
    except MailboxError as error:
        raise CommandError(str(error)) from None
    try:
        yield desk
    finally:
        desk.close()


def init(
    directory: Path,
    *,
    organisation: str,
    name: str,
    hosts: Sequence[str] = (),
    listen: str | None = None,
    officers_listen: str | None = None,
    demo: bool = False,
    archive: str | None = None,
) -> dict[str, Any]:
    """Make an organisation's settings, keys and database, or finish what an earlier call began.

    `archive` is the archivist's choice; without one it is left open, and the form with it.
    """
    wanted = Config(
        organisation=organisation,
        name=name,
        hosts=tuple(hosts),
        listen=str(Address.parse(listen or Config.listen)),
        officers_listen=str(Address.parse(officers_listen or Config.officers_listen)),
        demo=demo,
        archive=archive,
    )
    text = render_config(wanted)
    check_demo(wanted, demo=demo, listeners=(wanted.listen, wanted.officers_listen))
    new = not (directory / FILE).exists()
    if new and (directory / DATABASE).exists():
        raise CommandError(f"there is a database in {directory} but no {FILE}: put it back, nothing was changed")
    if new:
        _write(directory, text)
    stands = read_config(directory)
    if (stands.organisation, stands.name) != (organisation, name):
        raise CommandError(f"{directory} belongs to {stands.organisation}; nothing was changed")
    if archive not in {None, stands.archive}:
        raise CommandError(f'nothing was changed: write archive = "{archive}" into {FILE}, above its first [table]')
    if not (directory / DATABASE).exists():
        try:
            Desk.create(directory, organisation, name).close()
        except MailboxError as error:
            raise CommandError(
                f"{error}; the organisation was never finished: remove {directory}, begin again"
            ) from None
    with opened(directory) as desk:
        server = fingerprint(desk.server_key)
    return {
        "organisation": organisation,
        "name": name,
        "directory": str(directory),
        "new": new,
        "server": server,
        "archive": stands.archive,
    }


def write_config(directory: Path, config: Config) -> None:
    """Put these settings in the place of those that stand; comments in the file are lost."""
    _write(directory, render_config(config))


def _write(directory: Path, text: str) -> None:
    """Write meldkluis.toml whole or not at all, readable by us alone."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = directory / f"{FILE}.part"
        with part.open("w", encoding="utf-8") as file:
            part.chmod(0o600)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.rename(directory / FILE)
        sync_directory(directory)
    except OSError:
        raise CommandError(f"{directory} cannot be written") from None


def _member(card: Card) -> Member:
    return Member(
        key=card.key, name=card.name, function=card.function, role=card.role, manager=card.manager, hr=card.hr
    )


def propose_cards(directory: Path, cards: Sequence[str]) -> dict[str, Any]:
    """Propose the next version of the roster, with the people of these cards; a card of somebody in it renews them."""
    with opened(directory) as desk:
        added = {}
        for text in cards:
            try:
                card = parse_card(text)
            except CryptoError:
                raise CommandError("one of these files is no card of a workstation, or was changed") from None
            if card.organisation != desk.organisation:
                raise CommandError("one of these cards is for another organisation")
            added[card.key] = _member(card)
        stand = {member.key: member for member in _base(desk)}
        return _propose(desk, [*{**stand, **added}.values()])


def propose_without(directory: Path, fingerprints: Sequence[str]) -> dict[str, Any]:
    """Propose the next version of the roster, without the people with these fingerprints."""
    try:
        gone = [bytes.fromhex("".join(fingerprints))]
    except ValueError:
        raise CommandError("a fingerprint has eight groups of eight hexadecimal digits") from None
    with opened(directory) as desk:
        members = _base(desk)
        left = [member for member in members if member.key not in gone]
        if len(left) == len(members):
            raise CommandError("nobody in the roster or the proposal has this fingerprint")
        return _propose(desk, left)


def _base(desk: Desk) -> tuple[Member, ...]:
    """Return whom the next proposal begins with: the last proposal's members, or the roster's."""
    if desk.proposal is not None:
        return parse_roster(desk.proposal.payload).members
    current = desk.public_keys(today()).roster
    return () if current is None else current.members


def _propose(desk: Desk, members: Sequence[Member]) -> dict[str, Any]:
    current = desk.public_keys(today()).roster
    if current is not None and tuple(members) == current.members:
        raise CommandError("this is the roster that counts already")
    try:
        roster = make_roster(
            version=1 if current is None else current.version + 1,
            organisation=desk.organisation,
            name=desk.name,
            previous=None if current is None else current.hash,
            server=desk.server_key,
            members=members,
        )
        asyncio.run(desk.propose(roster.payload))
    except CryptoError as error:
        raise CommandError(f"no roster can be made of these people: {error}") from None
    except Refused:
        raise CommandError("the roster changed meanwhile; look at `meldkluis officer list` and propose again") from None
    return _described_proposal(RosterVersion(roster.payload), current)


def _described(roster: Roster) -> dict[str, Any]:
    members = [
        {
            "fingerprint": fingerprint(member.key),
            "key": b64(member.key),
            "name": member.name,
            "function": member.function,
            "role": member.role,
            "manager": member.manager,
            "hr": member.hr,
        }
        for member in roster.members
    ]
    return {"version": roster.version, "hash": fingerprint(roster.hash), "members": members}


def _described_proposal(version: RosterVersion, current: Roster | None) -> dict[str, Any]:
    missing = missing_signatures(version, current)
    return {**_described(parse_roster(version.payload)), "signed": len(version.signatures), "missing": missing}


def describe(directory: Path) -> dict[str, Any]:
    """Return the roster that counts, with the fingerprint for the poster, and the proposal."""
    with opened(directory) as desk:
        keys = desk.public_keys(today())
        roster = None
        if keys.roster is not None:
            anchor = parse_roster(keys.rosters[0].payload).hash
            roster = {**_described(keys.roster), "anchor": fingerprint(anchor)}
        proposal = None if desk.proposal is None else _described_proposal(desk.proposal, keys.roster)
    return {"organisation": desk.organisation, "roster": roster, "proposal": proposal}


def proof_document(proof: Proof) -> dict[str, Any]:
    """Return a verified proof as JSON shows it."""
    return {
        "organisation": proof.organisation,
        "name": proof.name,
        "anchor": fingerprint(proof.anchor),
        "case": b64(proof.case),
        "commitment": b64(proof.commitment),
        "day": proof.day.isoformat(),
        "dues": {
            "acknowledgement": proof.dues.acknowledgement.isoformat(),
            "feedback": proof.dues.feedback.isoformat(),
        },
    }
