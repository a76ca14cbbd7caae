# SPDX-License-Identifier: EUPL-1.2
"""Backup and restore: a lost workstation loses no case, and nothing but the paper opens a backup."""

import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2
from workplace import CHEAP, PASSPHRASE, Workplaces, make_vault

from meldkluis.crypto import age
from meldkluis.crypto.roster import newest_offered
from meldkluis.workstation import backup, making, recovery, vault as vaults
from meldkluis.workstation.errors import ActError, DistrustError, PassphraseError, RestoreError, VaultError
from meldkluis.workstation.office import Office
from meldkluis.workstation.vault import DATABASE, HEAD, Vault

CASE = bytes(range(16))
ANOTHER = "een heel andere wachtzin voor later"


def with_sheet(office: Office) -> str:
    """Give a vault its recovery sheet."""
    secret = recovery.generate()
    office.vault.set_fact("recovery", recovery.recipient(secret))
    return secret


def backed_up(places: Workplaces, number: int = 0) -> tuple[Path, str]:
    """Make an officer's sheet and backup."""
    office = places.offices[number]
    secret, path = with_sheet(office), places.directory / "stick.age"
    backup.write_file(office.keyring, path, places.clock())
    return path, secret


def restored(places: Workplaces, path: Path, secret: str, number: int = 0) -> Office:
    """Restore on another machine; the old one is lost."""
    places.offices[number].close()
    target = places.directory / "another-machine"
    backup.restore(path, secret, target, ANOTHER, CHEAP)
    office = Office.open(target, ANOTHER, lambda _: places.transports[number], places.clock)
    places.offices[number] = office
    return office


def read(office: Office, case: bytes) -> str | None:
    """What the reporter wrote first, as the officer reads it."""
    document = office.dossiers.timeline(case)[0].document
    return None if document is None else document.text


def test_restored_on_another_machine(places):
    """What was opened is read, what came later is fetched, the reporter is answered: no case is lost."""
    old = places.report("voor de kopie")
    places.fetch(0)
    places.offices[0].acts.not_involved(old.case)
    path, secret = backed_up(places)
    new = places.report("na de kopie")
    office = restored(places, path, secret)
    office.fetch()
    office.acts.not_involved(new.case)

    assert {kept.id for kept in office.book.cases()} == {old.case, new.case}
    for sent, text in ((old, "voor de kopie"), (new, "na de kopie")):
        assert read(office, sent.case) == text
        office.acts.answer(sent.case, "answered", office.acts.next_number(sent.case), "Dank u wel.")
        assert places.acts(sent)[-1] == "answered"
    assert set(places.alarms()) <= {"counter"}


def test_old_passphrase_does_not_open_it(places):
    """A restored vault has the new passphrase and no other, and the files' modes are those of any vault."""
    path, secret = backed_up(places)
    office = restored(places, path, secret)
    office.close()
    target = places.directory / "another-machine"

    assert all(item.stat().st_mode & 0o077 == 0 for item in target.iterdir())
    with pytest.raises(VaultError):
        Vault.open(target, PASSPHRASE)
    places.offices[0] = Office.open(target, ANOTHER, lambda _: places.transports[0], places.clock)


def test_keys_made_after_the_backup(places):
    """A fresh intake key comes in place of a lost one at once, an alarm says so once, and reports open again."""
    path, secret = backed_up(places)
    places.until(places.clock.day + timedelta(days=26))
    places.fetch(0, 1, 2)
    lost = places.report("aan de verloren sleutel")
    office = restored(places, path, secret)
    office.fetch()
    assert set(places.alarms()) == {"counter", "keys-lost"}
    for alarm in office.book.alarms():
        office.book.acknowledge_alarm(alarm.id, places.clock())
    office.fetch()
    fresh = places.report("aan de nieuwe sleutel")
    office.fetch()
    office.acts.not_involved(fresh.case)

    assert read(office, fresh.case) == "aan de nieuwe sleutel"
    assert not {"own-key", "keys-lost"} & set(places.alarms())
    assert lost.case in {kept.id for kept in office.book.cases()}
    with pytest.raises(DistrustError, match="unreadable"):
        office.acts.not_involved(lost.case)


def test_key_lost_on_its_first_day(places):
    """A key that was lost on the very day on which it was announced is followed too: reporters take the new one."""
    path, secret = backed_up(places)
    ring, day = places.offices[0].keyring, places.clock()
    known = max(key.hash for key in ring.announced_keys())
    places.offices[0].api.announce(lost := ring.new_intake_key(day, known))
    assert newest_offered(places.desk.public_keys(day).intake_keys, day)[ring.key].hash == lost.hash
    office = restored(places, path, secret)
    office.fetch()
    taken = newest_offered(places.desk.public_keys(day).intake_keys, day)[office.keyring.key]

    assert taken.hash != lost.hash
    sent = places.report("nog dezelfde dag")
    office.fetch()
    office.acts.not_involved(sent.case)
    assert read(office, sent.case) == "nog dezelfde dag"


def test_a_key_of_somebody_else_is_still_seen(places):
    """Without a restore, a key in the officer's name that this vault did not make is the alarm that it was."""
    copy = places.copy_vault(0)
    thief = places.open_copy(copy, 0)
    thief.api.announce(thief.keyring.new_intake_key(places.clock()))
    places.fetch(0)

    assert "own-key" in places.alarms()


def test_nothing_readable_on_disk(places, monkeypatch):
    """Neither while a backup is made nor afterwards does a word of a case stand on the disk, nor a name of the copy."""
    places.report("kanarie-in-de-melding", about="kanarie-over-wie")
    places.fetch(0)
    office = places.offices[0]
    seen: list[bytes] = []
    export = Vault._export

    def looking(self: Vault, path: Path, key: bytes) -> None:
        export(self, path, key)
        seen.append(path.read_bytes())

    monkeypatch.setattr(Vault, "_export", looking)
    path, _ = backed_up(places)

    assert seen
    for content in (*seen, path.read_bytes()):
        for canary in (b"kanarie", b"CREATE TABLE", b"SQLite format", office.keyring.signing_key.seed):
            assert canary not in content
    assert {item.name for item in places.vault(0).iterdir()} <= {HEAD, DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"}


def test_backup_while_rounds_run(places):
    """Backups that are made while another program reads and writes the vault are whole, each of one moment."""
    secret, office = with_sheet(places.offices[0]), places.offices[0]
    other = Vault.open(places.vault(0), PASSPHRASE)
    other.run("INSERT INTO dossier (id, about) VALUES (?, '0')", CASE)
    other.set_fact("one", 0)
    stop, made = threading.Event(), []

    def busy() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with other.transaction():
                other.set_fact("one", number)
                other.run("UPDATE dossier SET about = ? WHERE id = ?", str(number), CASE)

    writer = threading.Thread(target=busy)
    writer.start()
    try:
        for number in range(3):
            path = places.directory / f"{number}.age"
            backup.write_file(office.keyring, path, places.clock())
            made.append(path)
    finally:
        stop.set()
        writer.join()
        other.close()
    for number, path in enumerate(made):
        target = places.directory / f"restored-{number}"
        backup.restore(path, secret, target, ANOTHER, CHEAP)
        vault = Vault.open(target, ANOTHER)
        assert vault.rows("SELECT about FROM dossier WHERE id = ?", CASE) == [(str(vault.fact("one")),)]
        vault.close()


def test_paper_and_age_are_enough(places):
    """Without Meldkluis: age gives the head and a database that SQLCipher opens with the key in it."""
    path, secret = backed_up(places)
    magic, head, database = age.decrypt(path.read_bytes(), secret).split(b"\n", 2)
    bare = places.directory / "bare.db"
    bare.write_bytes(database)
    connection = dbapi2.connect(str(bare))
    connection.execute(f"PRAGMA key = \"x'{json.loads(head)['key']}'\"")

    assert magic == b"meldkluis-backup-1"
    query = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
    assert connection.execute(query).fetchall() == places.offices[0].vault.rows(query)
    assert connection.execute("SELECT count(*) FROM fact").fetchone()[0] > 3
    connection.close()


def test_no_sheet_no_backup(places):
    """A vault without a recovery sheet makes no backup that nobody could open."""
    with pytest.raises(ActError, match="no-recovery"):
        backup.write_file(places.offices[0].keyring, places.directory / "x", places.clock())
    assert not (places.directory / "x").exists()
    assert places.offices[0].vault.fact("backup_day") is None


def test_replacing_an_older_backup(places):
    """A newer backup takes the place of an older one, and of nothing that is no backup."""
    path, _ = backed_up(places)
    before = path.read_bytes()
    backup.write_file(places.offices[0].keyring, path, places.clock())
    assert path.read_bytes() != before
    other = places.directory / "brief.txt"
    other.write_text("belangrijk")

    with pytest.raises(VaultError, match="no backup"):
        backup.write_file(places.offices[0].keyring, other, places.clock())
    assert other.read_text() == "belangrijk"


def changed(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda content: content[:-1], "backup-broken"),
        (lambda content: content[: len(content) // 2], "backup-broken"),
        (lambda content: changed(content, len(content) - 40), "backup-broken"),
        (lambda content: changed(content, len(content) // 2), "backup-broken"),
        (lambda content: content[:300], "backup-broken"),
        (lambda _: b"", "backup-foreign"),
        (lambda _: b"een brief", "backup-foreign"),
    ],
    ids=["no last byte", "half", "last chunk", "middle", "in the header", "empty", "a letter"],
)
def test_broken_files(places, damage, reason):
    """A file that was cut, changed or is something else makes no vault, and says which of these it is."""
    path, secret = backed_up(places)
    path.write_bytes(damage(path.read_bytes()))
    target = places.directory / "new"

    with pytest.raises(RestoreError) as raised:
        backup.restore(path, secret, target, ANOTHER, CHEAP)
    assert raised.value.reason == reason
    assert not target.exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"iets anders", "backup-foreign"),
        (b"meldkluis-backup-2\n{}\n", "backup-later"),
        (b"meldkluis-backup-1\n{}\n", "backup-broken"),
        (b"meldkluis-backup-1\n" + b"x" * 9000, "backup-broken"),
    ],
    ids=["a letter", "later", "no head", "endless head"],
)
def test_what_opens_and_is_no_backup(tmp_path, content, reason):
    """What the sheet opens but is no backup of this version is told apart."""
    secret = recovery.generate()
    (tmp_path / "file").write_bytes(age.encrypt(content, recovery.recipient(secret)))
    with pytest.raises(RestoreError) as raised:
        backup.look(tmp_path / "file", secret)
    assert raised.value.reason == reason


def test_head_and_database_belong_together(places):
    """A database of another officer behind somebody's head makes no vault."""
    path, secret = backed_up(places)
    magic, head, database = age.decrypt(path.read_bytes(), secret).split(b"\n", 2)
    for change in (
        {"organisation": "gemeente-elders"},
        {"officer": "A" * 43},
        {"size": len(database) - 1},
        {"size": len(database) + 1},
    ):
        facts = json.dumps({**json.loads(head), **change}).encode()
        path.write_bytes(age.encrypt(b"\n".join((magic, facts, database)), recovery.recipient(secret)))
        with pytest.raises(RestoreError) as raised:
            backup.restore(path, secret, places.directory / "new", ANOTHER, CHEAP)
        assert raised.value.reason == "backup-broken"
        assert not (places.directory / "new").exists()


def test_other_sheet_and_no_file(places):
    """Another sheet, no file, a folder or a pipe in its place: each says so, and nothing is waited for."""
    path, _ = backed_up(places)
    os.mkfifo(places.directory / "pipe")
    for file, secret, reason in (
        (path, recovery.generate(), "recovery-other"),
        (places.directory / "nothing", recovery.generate(), "backup-gone"),
        (places.directory, recovery.generate(), "backup-gone"),
        (places.directory / "pipe", recovery.generate(), "backup-gone"),
        (Path("a\0b"), recovery.generate(), "backup-gone"),
    ):
        with pytest.raises(RestoreError) as raised:
            backup.look(file, secret)
        assert raised.value.reason == reason


def test_vault_there_already(places):
    """A vault is never written over by a backup, and a weak passphrase makes none."""
    path, secret = backed_up(places)
    with pytest.raises(VaultError, match="already"):
        backup.restore(path, secret, places.vault(1), ANOTHER, CHEAP)
    with pytest.raises(PassphraseError):
        backup.restore(path, secret, places.directory / "new", "kort", CHEAP)
    assert not (places.directory / "new").exists()
    assert places.offices[1].vault.fact("restored") is None


def test_file_changed_since_it_was_looked_at(places):
    """What was shown before is what is restored, or nothing."""
    path, secret = backed_up(places)
    shown = backup.look(path, secret)
    backup.write_file(places.offices[0].keyring, path, places.clock())

    with pytest.raises(RestoreError) as raised:
        backup.restore(path, secret, places.directory / "new", ANOTHER, CHEAP, shown)
    assert raised.value.reason == "backup-other"


class PowerCutError(BaseException):
    """The machine is off: nothing after this line runs."""


@dataclass
class Mains:
    """Counts calls of one kind and cuts the power at one of them; from then on nothing happens."""

    real: Callable[..., Any]
    last: int
    off: bool = False
    count: int = 0

    def __call__(self, *args: Any, **more: Any) -> Any:
        if self.off or self.count == self.last:
            self.off = True
            raise PowerCutError
        self.count += 1
        return self.real(*args, **more)


def cut_at(target: Path, make: Callable[[Path], object], step: str, last: int) -> bool:
    """Make a vault with the power cut at one call; whether it was finished before."""
    place, settle = (os if step in {"open", "fsync"} else Path), making._settle
    mains = Mains(getattr(place, step), last)
    with pytest.MonkeyPatch.context() as patch:
        # A plain function, so that it is bound as a method where it is one.
        patch.setattr(place, step, lambda *args, **more: mains(*args, **more))  # noqa: PLW0108 - see above
        patch.setattr(making, "_settle", lambda directory: None if mains.off else settle(directory))
        try:
            make(target)
        except PowerCutError:
            return False
    return True


@pytest.mark.parametrize("made_by", ["found", "restore"])
@pytest.mark.parametrize("step", ["mkdir", "open", "fsync", "rename"])
def test_power_cut_while_a_vault_is_made(places, made_by, step):
    """Whichever call is the last one that happened, the next start finds a whole vault or room for one."""
    path, secret = backed_up(places)
    passphrase, seen, last = (ANOTHER if made_by == "restore" else PASSPHRASE), set(), 0

    def make(target: Path) -> object:
        return backup.restore(path, secret, target, ANOTHER, CHEAP) if made_by == "restore" else make_vault(target)

    while not cut_at(target := places.directory / f"new-{last}", make, step, last):
        making.settle(target)
        seen.add(making.holds_vault(target))
        if not making.holds_vault(target):
            assert not target.exists() or list(target.iterdir()) == []
            make(target)
        Vault.open(target, passphrase).close()
        last += 1

    assert False in seen
    assert step != "rename" or True in seen


def test_power_cut_while_a_backup_is_made(places, monkeypatch):
    """A copy that was left is removed at the next start; the older backup is still whole."""
    path, secret = backed_up(places)
    before = path.read_bytes()
    monkeypatch.setattr(Vault, "_export", lambda *_: (_ for _ in ()).throw(PowerCutError))
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
    with pytest.raises(PowerCutError):
        backup.write_file(places.offices[0].keyring, path, places.clock())
    monkeypatch.undo()
    assert list(places.vault(0).glob(f"{making.COPY}*"))
    making.settle(places.vault(0))

    assert not list(places.vault(0).glob(f"{making.COPY}*"))
    assert path.read_bytes() == before
    assert backup.look(path, secret).day == places.clock()


def test_settling_removes_nothing_of_others(tmp_path):
    """Only our own names are removed: a folder that somebody named as a directory keeps everything else."""
    (tmp_path / making.UNFINISHED).mkdir()
    (tmp_path / making.UNFINISHED / "mine.txt").write_text("x")
    (tmp_path / "other").write_text("y")
    making.settle(tmp_path)

    assert (tmp_path / making.UNFINISHED / "mine.txt").exists()
    assert (tmp_path / "other").exists()


def test_full_disk(places, monkeypatch):
    """No room for the copy is one clear error, and leaves nothing."""
    with_sheet(places.offices[0])

    def full(*_: object) -> None:
        raise dbapi2.OperationalError("database or disk is full")

    monkeypatch.setattr(vaults.Vault, "_export", full)
    with pytest.raises(VaultError, match="no room"):
        backup.write_file(places.offices[0].keyring, places.directory / "x.age", places.clock())
    assert not list(places.vault(0).glob(f"{making.COPY}*"))
    assert not (places.directory / "x.age").exists()
