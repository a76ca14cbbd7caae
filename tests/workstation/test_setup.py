# SPDX-License-Identifier: EUPL-1.2
"""The ceremony in the browser: from nothing to a vault, by a new one or from a backup, typed back from paper."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from workplace import CHEAP, PASSPHRASE, Browser, Nowhere, browse, make_vault

from meldkluis.crypto import age
from meldkluis.crypto.card import parse_card
from meldkluis.crypto.roster import fingerprint
from meldkluis.workstation import backup, making, pages_setup, recovery
from meldkluis.workstation.errors import VaultError
from meldkluis.workstation.keyring import Keyring, Person
from meldkluis.workstation.vault import Vault, read_head
from meldkluis.workstation.words_keys import ERRORS

WHO = {
    "organisation": "gemeente-voorbeeld", "server": "https://meld.example:8443", "proxy": "", "name": "A. de Vries",
    "function": "vertrouwenspersoon", "role": "deputy", "hr": "yes",
}  # fmt: skip
OWN = "een eigen zin die lang genoeg is"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Browser]:
    """A browser at a workstation without a vault."""
    made = browse(tmp_path / "new", lambda _: Nowhere()).start()
    yield made
    made.station.lock()


def shown_passphrase(browser: Browser) -> str:
    """What the page shows as the passphrase."""
    found = re.search(r'<p class="passphrase mono" translate="no">([^<]+)</p>', browser.get("/setup/passphrase").text)
    assert found is not None
    return found[1]


def shown_groups(page: str) -> list[str]:
    """The groups on the sheet."""
    return re.findall(r"<li>([A-Z0-9]{4,6})</li>", page)


def up_to_sheet(browser: Browser) -> tuple[str, list[str]]:
    """Go to where the sheet was printed; passphrase and groups."""
    assert browser.post("/setup", way="new").headers["location"] == "/setup/who"
    assert browser.post("/setup/who", **WHO).headers["location"] == "/setup/passphrase"
    passphrase = shown_passphrase(browser)
    assert browser.post("/setup/passphrase/again", passphrase=passphrase).headers["location"] == "/setup/sheet"
    return passphrase, shown_groups(browser.get("/setup/sheet").text)


def test_from_nothing_to_a_vault(empty, tmp_path):
    """Five pages make a vault: who, passphrase and sheet typed back, then card, fingerprint and what comes next."""
    assert "Er is hier nog geen kluis" in empty.follow("/").text
    passphrase, groups = up_to_sheet(empty)
    assert len(passphrase.split()) == 7
    assert list(tmp_path.iterdir()) == [], "nothing is made before everything was typed back"
    typed = f" {groups[-2].lower()} {groups[-1].lower()} "
    assert empty.post("/setup/sheet/again", recovery=typed).headers["location"] == "/welcome"
    card = parse_card(empty.get("/card").text)
    welcome = empty.get("/welcome").text
    empty.station.lock()
    vault = Vault.open(tmp_path / "new", passphrase)

    assert (card.name, card.role, card.manager, card.hr) == ("A. de Vries", "deputy", False, True)
    assert all(group in welcome for group in fingerprint(card.key).split())
    secret = recovery.read("".join(groups))
    assert vault.fact("recovery") == age.recipient_of(secret)
    assert vault.fact("server_url") == WHO["server"]
    assert not any(secret in str(row) for row in vault.rows("SELECT * FROM fact"))
    vault.close()


def test_own_passphrase(empty, tmp_path):
    """An officer may think of a passphrase; a short one is refused beside its field, and is still there."""
    empty.post("/setup/who", **WHO)
    refused = empty.post("/setup/passphrase", passphrase="te kort")
    assert refused.status_code == 422
    assert html.escape(ERRORS["bad-passphrase"]) in refused.text
    assert 'value="te kort"' in refused.text
    assert empty.post("/setup/passphrase", passphrase=OWN).headers["location"] == "/setup/passphrase/again"
    assert OWN not in empty.get("/setup/passphrase").text
    empty.post("/setup/passphrase/again", passphrase=f"  {OWN.replace(' ', '  ')} ")
    groups = shown_groups(empty.get("/setup/sheet").text)
    empty.post("/setup/sheet/again", recovery="".join(groups[-2:]))
    empty.station.lock()

    Vault.open(tmp_path / "new", OWN).close()


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("organisation", "Gemeente Voorbeeld", "bad-organisation"),
        ("organisation", "gemeente-voorbeeld-demo", "demo-organisation"),
        ("server", "meld.example", "bad-server"),
        ("server", "http://meld.example", "bad-server"),
        ("proxy", "http://127.0.0.1:9050", "bad-proxy"),
        ("name", "", "bad-name"),
        ("name", "naam\x1b[31m", "bad-name"),
        ("function", "x" * 201, "bad-function"),
        ("role", "chef", "bad-role"),
    ],
    ids=str,
)
def test_wrong_answers(empty, tmp_path, field, value, reason):
    """Each wrong answer is said beside its field, in words that name it, and nothing that was typed is lost."""
    refused = empty.post("/setup/who", **{**WHO, field: value})

    assert refused.status_code == 422
    assert html.escape(ERRORS[reason]) in refused.text
    assert f'id="{field}-error"' in refused.text
    for name in {"organisation", "server", "name", "function"} - {field}:
        assert f'value="{WHO[name]}"' in refused.text
    assert empty.get("/setup/passphrase").headers["location"] == "/setup"
    assert not (tmp_path / "new").exists()


def test_all_wrong_answers_at_once(empty):
    """A form with several mistakes names them all."""
    refused = empty.post("/setup/who", organisation="?", server="?", name="", function="", proxy="?")

    assert len(re.findall(r'class="error"', refused.text)) == 6


def test_demonstration(tmp_path):
    """With --demo, only a demonstration's vault can be made, with a server on this machine."""
    browser = browse(tmp_path / "new", lambda _: Nowhere()).start()
    browser.station.demo = True
    refused = browser.post("/setup/who", **WHO).text
    assert html.escape(ERRORS["not-demo-organisation"]) in refused
    assert html.escape(ERRORS["demo-server"]) in refused
    assert "Dit is een demonstratie" in browser.get("/setup").text
    demo = {**WHO, "organisation": "gemeente-voorbeeld-demo", "server": "http://127.0.0.1:1"}

    assert browser.post("/setup/who", **demo).headers["location"] == "/setup/passphrase"


def test_nothing_typed_back_wrong(empty, tmp_path):
    """A passphrase or groups that differ from the paper make no vault, and say what to look at."""
    empty.post("/setup/who", **WHO)
    passphrase = shown_passphrase(empty)
    wrong = empty.post("/setup/passphrase/again", passphrase=passphrase + "x")
    assert (wrong.status_code, html.escape(ERRORS["other-passphrase"]) in wrong.text) == (422, True)
    assert passphrase not in wrong.text
    assert empty.get("/setup/sheet").headers["location"] == "/setup", "no sheet before the passphrase"
    empty.post("/setup/passphrase/again", passphrase=passphrase)
    groups = shown_groups(empty.get("/setup/sheet").text)
    for typed in ("", groups[-1], groups[0] + groups[1], "".join(groups[-2:])[:-1]):
        wrong = empty.post("/setup/sheet/again", recovery=typed)
        assert (wrong.status_code, html.escape(ERRORS["other-groups"]) in wrong.text) == (422, True)
        assert groups[-2] not in wrong.text

    assert not (tmp_path / "new").exists()


def test_no_choice(empty):
    """Neither of the two ways is one error, beside the choice."""
    refused = empty.post("/setup")

    assert (refused.status_code, ERRORS["no-way"] in refused.text) == (422, True)


def test_secrets_end_with_the_browser(empty, tmp_path):
    """Another browser begins again: it sees no secret of the first, and keeps what is none."""
    up_to_sheet(empty)
    empty.start()

    for path in ("/setup/passphrase", "/setup/passphrase/again", "/setup/sheet", "/setup/sheet/again"):
        assert empty.get(path).headers["location"] == "/setup"
    assert 'value="A. de Vries"' in empty.get("/setup/who").text
    passphrase, groups = up_to_sheet(empty)
    assert empty.post("/setup/sheet/again", recovery="".join(groups[-2:])).status_code == 303
    empty.station.lock()
    Vault.open(tmp_path / "new", passphrase).close()


def test_closed_in_the_middle(empty, tmp_path):
    """A program that was ended halfway left nothing; a new one begins, and makes the vault."""
    up_to_sheet(empty)
    again = browse(tmp_path / "new", lambda _: Nowhere()).start()
    passphrase, groups = up_to_sheet(again)
    assert again.post("/setup/sheet/again", recovery="".join(groups[-2:])).status_code == 303
    again.station.lock()
    assert "Kluis openen" in browse(tmp_path / "new", lambda _: Nowhere()).start().follow("/unlock").text

    Vault.open(tmp_path / "new", passphrase).close()


def test_sent_twice(empty, tmp_path):
    """The last form, sent once more, leads on and makes no second vault."""
    _, groups = up_to_sheet(empty)
    empty.post("/setup/sheet/again", recovery="".join(groups[-2:]))
    key = empty.station.office.keyring.key

    assert empty.post("/setup/sheet/again", recovery="".join(groups[-2:])).headers["location"] == "/"
    assert empty.get("/setup").headers["location"] == "/"
    assert empty.station.office.keyring.key == key


def test_vault_made_by_another_program(empty, tmp_path):
    """Where the command line made a vault meanwhile, that one counts."""
    _, groups = up_to_sheet(empty)
    make_vault(tmp_path / "new")

    assert empty.post("/setup/sheet/again", recovery="".join(groups[-2:])).headers["location"] == "/unlock"
    empty.unlock()


def test_disk_full(empty, tmp_path, monkeypatch):
    """A vault that cannot be written is said on the same page, and can be tried again."""
    passphrase, groups = up_to_sheet(empty)
    with monkeypatch.context() as patch:

        def full(*_: object, **__: object) -> None:
            raise VaultError("the directory cannot be written")

        patch.setattr(Keyring, "found", full)
        refused = empty.post("/setup/sheet/again", recovery="".join(groups[-2:]))
    assert (refused.status_code, ERRORS["not-made"] in refused.text) == (500, True)
    assert empty.post("/setup/sheet/again", recovery="".join(groups[-2:])).headers["location"] == "/welcome"
    empty.station.lock()
    Vault.open(tmp_path / "new", passphrase).close()


def test_nothing_else_before_there_is_a_vault(empty):
    """Every other page leads to the ceremony, every other form does nothing."""
    for path in ("/", "/roster", "/backup", "/unlock", "/settings", "/welcome"):
        assert empty.get(path).headers["location"] == "/setup"
    assert empty.post("/unlock", passphrase=PASSPHRASE).status_code == 403
    assert empty.post("/backup/file").status_code == 403


@pytest.mark.parametrize("route", pages_setup.ROUTES, ids=lambda route: f"{route.path} {min(route.methods)}")
def test_gates(tmp_path, route):
    """A stranger, another page and a form without its token get nothing of the ceremony."""
    browser = browse(tmp_path / "new", lambda _: Nowhere())
    if "GET" in route.methods:
        answer = browser.get(route.path)
        assert (answer.status_code, "csrf" in answer.text) == (401, False)
        return
    assert browser.post(route.path, way="new", **WHO).status_code == 401
    browser.start()
    assert browser.post(route.path, token="wrong", way="new", **WHO).status_code == 403
    assert browser.post(route.path, headers={"Origin": "http://evil.example"}, way="new").status_code == 403
    assert browser.station.ceremony.form == {}


def a_backup(tmp_path: Path) -> tuple[Path, str, bytes]:
    """A backup of a vault that is gone, its secret and its officer's key."""
    secret = recovery.generate()
    person = Person("gemeente-voorbeeld", "A. de Vries", "vertrouwenspersoon")
    day = browse(tmp_path / "none", lambda _: Nowhere()).station.today()
    ring = Keyring.found(
        tmp_path / "old", person, "http://127.0.0.1:1", PASSPHRASE, day, CHEAP, recovery=recovery.recipient(secret)
    )
    backup.write_file(ring, tmp_path / "stick.age", day)
    ring.vault.close()
    return tmp_path / "stick.age", secret, ring.key


def test_restore_in_the_browser(empty, tmp_path):
    """File and sheet, then a new passphrase typed back: the officer's own vault, opened."""
    path, secret, key = a_backup(tmp_path)
    assert empty.post("/setup", way="restore").headers["location"] == "/setup/restore"
    typed = " ".join(recovery.groups(secret)).lower()
    assert empty.post("/setup/restore", file=str(path), recovery=typed).headers["location"] == "/setup/passphrase"
    assert "A. de Vries" in empty.get("/setup/passphrase").text
    passphrase = shown_passphrase(empty)
    assert empty.post("/setup/passphrase/again", passphrase=passphrase).headers["location"] == "/roster"
    assert empty.station.office.keyring.key == key
    assert "teruggezet" in empty.get("/roster").text
    empty.station.lock()

    Vault.open(tmp_path / "new", passphrase).close()


def test_restore_says_what_is_wrong(empty, tmp_path):
    """Slip, other sheet, no file, other file: each beside its field, and nothing that was typed is lost."""
    path, secret, _ = a_backup(tmp_path)
    letter = tmp_path / "brief.txt"
    letter.write_text("een brief")
    for file, typed, name, reason in (
        (path, secret[:-1] + ("Q" if secret[-1] != "Q" else "P"), "recovery", "recovery-slip"),
        (path, "", "recovery", "recovery-slip"),
        (path, recovery.generate(), "recovery", "recovery-other"),
        (tmp_path / "nothing.age", secret, "file", "backup-gone"),
        (letter, secret, "file", "backup-foreign"),
        (Path("~niemand/kopie.age"), secret, "file", "backup-gone"),
        (Path("~/kopie-die-er-niet-is.age"), secret, "file", "backup-gone"),
    ):
        refused = empty.post("/setup/restore", file=str(file), recovery=typed)
        assert refused.status_code == 422
        assert html.escape(ERRORS[reason]) in refused.text
        assert f'id="{name}-error"' in refused.text
        assert f'value="{file}"' in refused.text
        assert typed in refused.text
    assert empty.get("/setup/passphrase").headers["location"] == "/setup"


def test_backup_that_changes_in_between(empty, tmp_path):
    """A file that is cut after it was looked at makes no vault, and says so."""
    path, secret, _ = a_backup(tmp_path)
    empty.post("/setup/restore", file=str(path), recovery=secret)
    passphrase = shown_passphrase(empty)
    path.write_bytes(path.read_bytes()[:-1])
    refused = empty.post("/setup/passphrase/again", passphrase=passphrase)

    assert (refused.status_code, html.escape(ERRORS["backup-broken"]) in refused.text) == (422, True)
    assert not making.holds_vault(tmp_path / "new")


def test_english(empty):
    """The ceremony speaks English too."""
    empty.post("/language", language="en")

    assert "Welcome. There is no vault here yet." in empty.get("/setup").text


def test_head_of_a_vault_that_was_made(empty, tmp_path):
    """The vault of the ceremony has the cost of Argon2id that every vault has, whatever the page said."""
    _, groups = up_to_sheet(empty)
    empty.post("/setup/sheet/again", recovery="".join(groups[-2:]))

    assert read_head(tmp_path / "new").cost.memory == 65_536
