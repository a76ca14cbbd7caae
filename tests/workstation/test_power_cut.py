# SPDX-License-Identifier: EUPL-1.2
"""Power cut at any moment: the vault opens again, and has everything that the server was told.

A story of an officer's day is played again and again, and cut at another request each time: just before the server hears
it, or just after, before the workstation hears the answer. What was written to disk by then is all that is left; the end
of the write-ahead log may be torn.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from workplace import Workplaces, copied

from meldkluis.crypto.record import Record
from meldkluis.workstation.casebook import NOT_INVOLVED
from meldkluis.workstation.office import Office

TORN = b"\x37\x7f\x06\x82" + bytes(3000)
"""The beginning of something that never was a page of a write-ahead log."""


class PowerCutError(Exception):
    """The machine is off."""


def story(places: Workplaces) -> Iterator[str]:
    """An officer's day with one case, from the first fetch to the second approval; yields before each part."""
    office = places.offices[0]
    sent = places.report("Er klopt iets niet.", to=(0, 1), name="Melder", contact="brievenbus")
    for part, act in {
        "fetch": office.fetch,
        "open": lambda: office.acts.not_involved(sent.case),
        "contact": lambda: office.acts.open_contact(sent.case),
        "acknowledge": lambda: office.acts.answer(sent.case, "acknowledged", 1, "Ontvangen."),
        "record": lambda: office.decisions.record(sent.case, Record("weighing", "talk", text="Eerst praten.")),
        "fetch again": office.fetch,
        "feedback": lambda: office.acts.answer(sent.case, "feedback", 2, "Dit doen wij, want ..."),
        "close": lambda: office.decisions.close(sent.case, "unfounded", "Klaar."),
        "reopen": lambda: office.decisions.reopen(sent.case, "Toch niet."),
    }.items():
        yield part
        act()


def play(places: Workplaces, cut: int, *, heard: bool) -> bool:
    """Play the story until the request of this number; True when it was cut there."""
    transport, asked = places.transports[0], 0

    def before(method: str, target: str) -> None:
        nonlocal asked
        asked += 1
        if asked > cut and not heard:
            raise PowerCutError

    def after(method: str, target: str, answer):
        if asked > cut:
            raise PowerCutError
        return answer

    transport.before, transport.lie = before, after if heard else None
    try:
        for _ in story(places):
            pass
    except PowerCutError:
        return True
    finally:
        transport.before, transport.lie = None, None
    return False


def on_again(places: Workplaces, directory: Path) -> Office:
    """What is on disk now, opened on the machine that was switched on again."""
    copy = directory / "after"
    copy.mkdir(mode=0o700)
    for path in places.vault(0).iterdir():
        if not path.name.endswith("-shm"):
            shutil.copy2(path, copy / path.name)
    with (copy / "vault.db-wal").open("ab") as log:
        log.write(TORN)
    (copy / "vault.db-wal").chmod(0o600)
    return places.open_copy(copy, 0)


def check(places: Workplaces, office: Office) -> None:
    """Everything that the server knows of this officer is in the vault, and the work goes on."""
    told, own = places.desk.public_keys(places.clock()).intake_keys, office.keyring.own_key_hashes()
    assert all(key.hash in own for key in told if key.officer == office.keyring.key)
    office.fetch()
    assert office.book.alarms() == []
    for kept in office.book.cases():
        log = office.dossiers.log(kept.id)
        mine = {entry.act for entry in log.entries if entry.author == office.keyring.key}
        if "case-key" in mine:
            assert log.case_recipient is not None
            assert office.book.secrets(kept.id, log.case_recipient) is not None
        if office.dossiers.declaration(kept, log) == NOT_INVOLVED:
            office.acts.take_over_if_open(kept.id)
            assert all(item.problem is None for item in office.dossiers.timeline(kept.id))
            number = office.acts.next_number(kept.id)
            office.acts.answer(kept.id, "answered", number, "Na de storing.")
    assert office.book.alarms() == []


@pytest.mark.parametrize("heard", [False, True])
@pytest.mark.parametrize("share", range(2))
def test_cut_at_every_request(founded: Path, tmp_path: Path, share: int, *, heard: bool):
    """Cut before or after each request, the vault opens with whatever the server was told, and goes on."""
    cut, cuts = share, 0
    while True:
        with copied(founded, tmp_path / f"{cut}") as places:
            if not play(places, cut, heard=heard):
                break
            cuts += 1
            check(places, on_again(places, tmp_path / f"{cut}"))
        shutil.rmtree(tmp_path / f"{cut}")
        cut += 2

    assert cuts > 5


def test_a_torn_log_loses_nothing(places: Workplaces, tmp_path: Path):
    """Garbage at the end of the write-ahead log is not taken for a page, and what was durable is there."""
    list(story(places))
    before = places.offices[0].vault.rows("SELECT dossier, number, raw FROM entry")
    office = on_again(places, tmp_path)

    assert office.vault.rows("SELECT dossier, number, raw FROM entry") == before
