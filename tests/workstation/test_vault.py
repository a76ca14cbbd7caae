# SPDX-License-Identifier: EUPL-1.2
"""The vault on disk: who opens it, what can be read without its passphrase, what stays after deleting."""

import contextlib
import json
import threading
from datetime import timedelta

import pytest
from workplace import CHEAP, PASSPHRASE, make_vault

from meldkluis.crypto.card import parse_card
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.message import Grant
from meldkluis.mailbox.clock import today
from meldkluis.workstation import vault as vaults
from meldkluis.workstation.casebook import INVOLVED, Casebook, KeptDraft
from meldkluis.workstation.errors import DemoError, PassphraseError, VaultError, WrongPassphraseError
from meldkluis.workstation.keyring import Keyring, Person
from meldkluis.workstation.vault import DATABASE, HEAD, Vault, read_head, require_demo

TODAY = today()
CASE = bytes(range(16))


@pytest.fixture
def vault(vault_directory):
    opened = Vault.open(vault_directory, PASSPHRASE)
    yield opened
    opened.close()


def test_files_belong_to_one_user(vault_directory, vault):
    """The directory has mode 0700, every file in it 0600, WAL and shared memory too."""
    vault.set_fact("something", b"to make a WAL")

    assert vault_directory.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in vault_directory.iterdir()} >= {HEAD, DATABASE, f"{DATABASE}-wal"}
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in vault_directory.iterdir())


def test_wrong_passphrase_is_told_from_damage(vault_directory):
    """A wrong passphrase says so; a damaged database says that it is damaged."""
    with pytest.raises(WrongPassphraseError):
        Vault.open(vault_directory, "correct horse battery stable")
    database = vault_directory / DATABASE
    database.write_bytes(bytes(4096) + database.read_bytes()[4096:])
    with pytest.raises(VaultError, match="damaged"):
        Vault.open(vault_directory, PASSPHRASE)


def test_nothing_is_readable_without_the_passphrase(vault_directory, vault):
    """No table name, name, key or text stands in any file of the vault."""
    Casebook(vault).extend(CASE, 0, [b"canary-entry-" * 50], {(0, "content"): b"canary-file-" * 50})
    vault.set_fact("canary", "canary-fact")
    everything = b"".join(path.read_bytes() for path in vault_directory.iterdir())
    key = vault.fact("signing_seed")

    for canary in (b"canary", b"CREATE TABLE", b"SQLite format", b"A. de Vries", b"AGE-SECRET-KEY", key):
        assert canary not in everything


def test_head_tells_nothing_secret(vault_directory):
    """vault.json holds organisation, salt, check and cost, and nothing else."""
    facts = json.loads((vault_directory / HEAD).read_bytes())

    assert facts.keys() == {"format", "organisation", "salt", "check", "argon2id"}


@pytest.mark.parametrize("name", [HEAD, DATABASE])
def test_vault_that_others_can_read_is_refused(vault_directory, name):
    """A vault within reach of others is not opened."""
    (vault_directory / name).chmod(0o644)
    with pytest.raises(VaultError, match="others"):
        Vault.open(vault_directory, PASSPHRASE)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"format": 2}', b"\xff", b'{"format": 1, "argon2id": {}}'])
def test_damaged_head(vault_directory, content):
    """A vault.json that is not one of ours is an error, never a traceback."""
    (vault_directory / HEAD).write_bytes(content)
    with pytest.raises(VaultError):
        read_head(vault_directory)


def test_absurd_cost_in_head(vault_directory):
    """A vault.json that asks for terabytes is refused before any is taken."""
    facts = json.loads((vault_directory / HEAD).read_bytes())
    facts["argon2id"]["memory"] = 2**40
    (vault_directory / HEAD).write_text(json.dumps(facts))
    with pytest.raises(PassphraseError):
        Vault.open(vault_directory, PASSPHRASE)


def test_never_two_vaults_in_one_place(vault_directory):
    """A vault is never written over."""
    person = Person("gemeente-voorbeeld", "B. Bakker", "vertrouwenspersoon")
    with pytest.raises(VaultError, match="already"):
        Keyring.found(vault_directory, person, "http://127.0.0.1:1", PASSPHRASE, TODAY, CHEAP)


def test_unfit_card_leaves_no_vault(tmp_path):
    """A name that no reader accepts is refused before anything is written."""
    person = Person("gemeente-voorbeeld", "naam\x1b[31m", "vertrouwenspersoon")
    with pytest.raises(FormatError):
        Keyring.found(tmp_path / "new", person, "http://127.0.0.1:1", PASSPHRASE, TODAY, CHEAP)

    assert not (tmp_path / "new").exists()


def test_deleted_content_is_gone(vault_directory, vault):
    """After a recusal neither files, secrets, drafts nor whom it is about can be asked for."""
    book = Casebook(vault)
    book.extend(CASE, 0, [b"entry"], {(0, "content"): b"file"})
    book.put_secrets("age1pq1x", Grant(CASE, bytes(32), bytes(32)))
    book.set_draft(CASE, KeptDraft("answered", 1, "tekst"))
    book.set_about(CASE, "iemand")
    book.recuse(CASE)
    kept = book.case(CASE)

    assert (kept.declaration, kept.about) == (INVOLVED, None)
    assert (book.file(CASE, 0, "content"), book.secrets(CASE, "age1pq1x"), book.draft(CASE)) == (None, None, None)
    assert book.log(CASE) == [b"entry"]
    assert vault.rows("PRAGMA secure_delete")[0][0] == 1


def test_vault_of_an_earlier_version(tmp_path, monkeypatch):
    """A vault that was made before cases could end opens with everything that it had."""
    monkeypatch.setattr(vaults, "STEPS", vaults.STEPS[:1])
    make_vault(tmp_path / "vault")
    old = Vault.open(tmp_path / "vault", PASSPHRASE)
    book, secrets = Casebook(old), Keyring(old).intake_secrets()
    with old.transaction():
        old.run("INSERT INTO dossier (id, about) VALUES (?, ?)", CASE, "iemand")
        book.put_files(CASE, {(0, "content"): b"file"})
        book.put_secrets("age1pq1x", Grant(CASE, bytes(32), bytes([1] * 32)))
    old.close()
    monkeypatch.undo()
    with contextlib.closing(Vault.open(tmp_path / "vault", PASSPHRASE)) as vault:
        book = Casebook(vault)
        assert Keyring(vault).intake_secrets() == secrets
        assert [(kept.id, kept.about, kept.destroyed) for kept in book.cases()] == [(CASE, "iemand", None)]
        assert book.file(CASE, 0, "content") == b"file"
        assert book.secrets(CASE, "age1pq1x").seeds == [bytes(32), bytes([1] * 32)]
        assert vault.rows("PRAGMA foreign_key_check") == []
        assert {row[0] for row in vault.rows("PRAGMA integrity_check")} == {"ok"}


def test_settings_of_durability(vault):
    """WAL with synchronous FULL, foreign keys on."""
    assert vault.rows("PRAGMA journal_mode")[0][0] == "wal"
    assert vault.rows("PRAGMA synchronous")[0][0] == 2
    assert vault.rows("PRAGMA foreign_keys")[0][0] == 1


def test_transaction_is_whole_or_nothing(vault):
    """An error inside a nested transaction takes everything back."""

    def broken() -> None:
        with vault.transaction():
            vault.set_fact("a", 1)
            with vault.transaction():
                vault.set_fact("b", 2)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()

    assert (vault.fact("a"), vault.fact("b")) == (None, None)


def test_counter_never_repeats(vault_directory, vault):
    """Threads, and a second process's connection, never get the same request number."""
    other = Vault.open(vault_directory, PASSPHRASE)
    rings, got = [Keyring(vault), Keyring(other)], []
    threads = [
        threading.Thread(target=lambda ring=ring: got.extend(ring.next_counter() for _ in range(20)))
        for ring in rings * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()

    assert sorted(got) == list(range(1, 81))


def test_counter_survives(vault_directory, vault):
    """A number that was given out is never given out again after a restart; a higher one from the server counts."""
    Keyring(vault).next_counter()
    Keyring(vault).raise_counter(41)
    vault.close()
    again = Vault.open(vault_directory, PASSPHRASE)

    assert Keyring(again).next_counter() == 42
    again.close()


def test_intake_keys_renew_themselves(vault):
    """A key is announced on the day it starts, renewed after 25 days, and no secret is thrown away."""
    ring = Keyring(vault)
    first = ring.key_to_announce(TODAY)
    ring.announced(first)
    on_day_25, on_day_26 = (ring.key_to_announce(TODAY + timedelta(days=days)) for days in (25, 26))

    assert first.start == TODAY
    assert on_day_25 is None
    assert on_day_26.start == TODAY + timedelta(days=26)
    assert len(ring.intake_secrets()) == 2


def test_intake_key_starts_when_it_is_announced(vault):
    """A first key that waited for the roster is followed by one that lasts its whole month."""
    later = Keyring(vault).key_to_announce(TODAY + timedelta(days=10))

    assert later.start == TODAY + timedelta(days=10)


def test_card_introduces_the_key(vault):
    """The card is signed by the vault's key and says what was asked."""
    card = parse_card(Keyring(vault).card)

    assert card.key == Keyring(vault).key
    assert (card.organisation, card.name, card.role) == ("gemeente-voorbeeld", "A. de Vries", "officer")


def test_unfinished_vault(tmp_path):
    """A vault whose making was broken off says so."""
    vault = Vault.create(tmp_path / "v", "gemeente-voorbeeld", PASSPHRASE, CHEAP)
    with pytest.raises(VaultError, match="never finished"):
        Keyring(vault)
    vault.close()


@pytest.mark.parametrize(("organisation", "demo"), [("gemeente-demo", False), ("gemeente", True)])
def test_demo_and_switch_belong_together(organisation, demo):
    """A demonstration's keys are refused without --demo, and --demo is refused for everybody else."""
    with pytest.raises(DemoError):
        require_demo(organisation, demo=demo)


def test_alarm_once_until_acknowledged(vault):
    """The same alarm is kept once; acknowledged, it may come again."""
    book = Casebook(vault)
    book.extend(CASE, 0, [b"entry"], {})
    for _ in range(3):
        book.raise_alarm("log-fork", CASE, TODAY)
    (alarm,) = book.alarms(CASE)
    book.acknowledge_alarm(alarm.id, TODAY)
    gone = book.alarms()
    book.raise_alarm("log-fork", CASE, TODAY)

    assert gone == []
    assert len(book.alarms()) == 1
