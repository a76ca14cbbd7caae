# SPDX-License-Identifier: EUPL-1.2
"""What is printed: recovery sheet and poster; and the pages for backups around them."""

import html
import re
from datetime import timedelta

import pytest
import qrread
from workplace import CHEAP, PASSPHRASE, ToDesk, browse

from meldkluis.crypto import age
from meldkluis.crypto.errors import NotForThisKeyError
from meldkluis.crypto.roster import fingerprint
from meldkluis.intake import administration
from meldkluis.mailbox import keyfile
from meldkluis.mailbox.desk import Desk
from meldkluis.workstation import backup, recovery
from meldkluis.workstation.errors import RestoreError, VaultError
from meldkluis.workstation.vault import Vault
from meldkluis.workstation.words_keys import ERRORS


def groups_of(page: str) -> list[str]:
    """The groups on the sheet."""
    return re.findall(r"<li>([A-Z0-9]{4,6})</li>", page)


def new_sheet(browser) -> str:
    """Make a sheet and type it back; the secret."""
    assert browser.post("/backup/sheet").headers["location"] == "/backup/sheet"
    groups = groups_of(browser.get("/backup/sheet").text)
    assert browser.post("/backup/sheet/again", recovery=" ".join(groups[-2:])).headers["location"] == "/backup"
    return recovery.read("".join(groups))


def test_groups_and_back():
    """The groups with the prefix are the identity; typed with spaces, in small letters or without prefix it is too."""
    secret = recovery.generate()
    groups = recovery.groups(secret)

    assert (len(secret), len(groups), [len(group) for group in groups]) == (77, 10, [6] * 9 + [4])
    assert recovery.PREFIX + "".join(groups) == secret
    for typed in (secret, f" {secret.lower()}\n", " ".join(groups), "\n".join([recovery.PREFIX, *groups]).lower()):
        assert recovery.read(typed) == secret
    assert age.decrypt(age.encrypt(b"x", recovery.recipient(secret)), recovery.read(" ".join(groups))) == b"x"


def test_look_alikes_are_read():
    """Letters that the alphabet leaves out because they look like others are read as those."""
    secret = recovery.generate()
    while not {"0", "8", "L"} <= set(secret.removeprefix(recovery.PREFIX)):
        secret = recovery.generate()
    typed = secret.removeprefix(recovery.PREFIX).replace("0", "O").replace("8", "B").replace("L", "I")

    assert recovery.read(typed) == secret


def test_every_slip_is_seen():
    """One wrong character anywhere, one too many or too few, is a slip and not another secret."""
    secret = recovery.generate()
    start = len(recovery.PREFIX)
    for at in range(start, len(secret)):
        wrong = secret[:at] + ("Q" if secret[at] != "Q" else "P") + secret[at + 1 :]
        for typed in (wrong, secret[:at] + secret[at + 1 :]):
            with pytest.raises(RestoreError, match="compare"):
                recovery.read(typed)
    for typed in ("", "a", recovery.PREFIX, "zeven woorden die geen sleutel zijn", "é"):
        with pytest.raises(RestoreError):
            recovery.read(typed)


def test_sheet_and_backup(places, tmp_path):
    """A new sheet is typed back, its QR code is the secret, and the backup that is saved opens with it."""
    browser = places.browser(0)
    assert "geen herstelblad" in browser.get("/backup").text
    refused = browser.post("/backup/file")
    assert (refused.status_code, html.escape(ERRORS["no-recovery"]) in refused.text) == (409, True)
    browser.post("/backup/sheet")
    page = browser.get("/backup/sheet").text
    secret = recovery.read("".join(groups_of(page)))
    assert qrread.read(qrread.squares(page)) == secret
    assert "A. de Vries" in page
    assert "Gemeente Voorbeeld" in page
    wrong = browser.post("/backup/sheet/again", recovery=groups_of(page)[0])
    assert (wrong.status_code, html.escape(ERRORS["other-groups"]) in wrong.text) == (422, True)
    assert "geen herstelblad" in browser.get("/backup").text, "it does not count before it was typed back"
    assert browser.post("/backup/sheet/again", recovery=" ".join(groups_of(page)[-2:])).status_code == 303
    assert "laatste reservekopie" not in browser.get("/backup").text

    saved = browser.post("/backup/file")
    (tmp_path / "stick.age").write_bytes(saved.content)
    assert re.fullmatch(
        r'attachment; filename="meldkluis-reservekopie-gemeente-voorbeeld-[0-9a-f]{8}\.age".*',
        saved.headers["content-disposition"],
    )
    backup.restore(tmp_path / "stick.age", secret, tmp_path / "new", PASSPHRASE, CHEAP)
    assert "De laatste reservekopie is van" in browser.get("/backup").text


def test_older_sheet_opens_older_backups_only(places, tmp_path):
    """After a new sheet the old one opens what was made for it, and nothing newer."""
    browser = places.browser(0)
    first = new_sheet(browser)
    (tmp_path / "1").write_bytes(browser.post("/backup/file").content)
    second = new_sheet(browser)
    assert "geen reservekopie die bij uw herstelblad hoort" in browser.get("/backup").text
    (tmp_path / "2").write_bytes(browser.post("/backup/file").content)

    assert backup.look(tmp_path / "1", first).name == backup.look(tmp_path / "2", second).name
    for file, secret in (("1", second), ("2", first)):
        with pytest.raises(RestoreError, match="does not open"):
            backup.look(tmp_path / file, secret)


def test_shown_secret_ends_with_the_lock(places):
    """A secret that was shown and not typed back is gone when the vault locks."""
    browser = places.browser(0)
    browser.post("/backup/sheet")
    browser.post("/lock")
    browser.unlock()

    for path in ("/backup/sheet", "/backup/sheet/again"):
        assert browser.get(path).headers["location"] == "/backup"
    assert browser.post("/backup/sheet/again", recovery="").headers["location"] == "/backup"


def test_reminder(places):
    """The list of cases asks for a backup when there is a case and the last one is older than a week."""
    browser = places.browser(0)
    asked = "De laatste reservekopie is ouder"
    assert asked not in browser.get("/").text
    places.report()
    browser.post("/fetch")
    assert asked in browser.get("/").text
    new_sheet(browser)
    browser.post("/backup/file")
    assert asked not in browser.get("/").text
    places.clock.day += timedelta(days=7)
    assert asked not in browser.get("/").text
    places.clock.day += timedelta(days=1)
    assert asked in browser.get("/").text


def test_no_room_for_a_copy(places, monkeypatch):
    """A copy that cannot be made is said on the page."""
    browser = places.browser(0)
    new_sheet(browser)

    def full(_: Vault) -> None:
        raise VaultError("full")

    monkeypatch.setattr(Vault, "copied", full)
    refused = browser.post("/backup/file")

    assert (refused.status_code, ERRORS["no-copy"] in refused.text) == (500, True)
    assert backup.last_day(browser.station.office.vault) is None


def test_poster(places):
    """The poster has organisation, people and the fingerprint of version 1, in squares too, in both languages."""
    browser = places.browser(0)
    anchor = places.offices[0].trust.rosters()[0].hash
    page = browser.get("/roster/poster").text

    assert qrread.read(qrread.squares(page)) == fingerprint(anchor)
    assert all(group in page for group in fingerprint(anchor).split())
    for text in ("Gemeente Voorbeeld", "A. de Vries", "C. Visser", "Vergelijk deze tekens", "Compare these characters"):
        assert text in page
    text = browser.get("/roster/poster.txt")
    assert text.headers["content-type"].startswith("text/plain")
    assert text.text.count("    " + " ".join(fingerprint(anchor).split()[:4])) == 2
    for words in ("Gemeente Voorbeeld", "B. Bakker", "plaatsvervanger", "deputy", "call one of us"):
        assert words in text.text
    assert "/roster/poster" in browser.get("/roster").text


def test_no_poster_before_a_roster(browser):
    """Without a roster that this vault trusts there is nothing to hang up."""
    browser.start().unlock()

    for path in ("/roster/poster", "/roster/poster.txt"):
        assert browser.get(path).headers["location"] == "/roster"
    assert "Is dit de eerste lijst" in browser.get("/roster").text


def test_a_later_list_waits_for_two(places):
    """A proposal says whose signatures it waits for: two people's of the list of today, where there is one."""
    places.desk.close()
    administration.propose_without(places.directory / "organisation", [places.offices[1].keyring.key.hex()])
    places.desk = places.transports[0].desk = Desk.open(places.directory / "organisation")
    browser = browse(places.vault(0), lambda _: ToDesk(places.desk), places.clock).start().unlock()
    browser.post("/fetch")

    assert "als twee mensen van de lijst van nu" in browser.get("/roster").text
    browser.station.lock()


def test_administrator_recovers_nothing(places):
    """All that the administrator has opens neither a backup nor a report: server directory, its keys, the cards."""
    sent = places.report("kanarie-voor-de-beheerder", about="kanarie")
    places.fetch(0)
    office = places.offices[0]
    office.acts.not_involved(sent.case)
    secret = recovery.generate()
    office.vault.set_fact("recovery", recovery.recipient(secret))
    stick = places.directory / "stick.age"
    backup.write_file(office.keyring, stick, places.clock())
    organisation = places.directory / "organisation"
    held = [path.read_bytes() for path in organisation.rglob("*") if path.is_file()]
    seeds = {keyfile.read(organisation, name) for name in (keyfile.DATABASE_KEY, keyfile.SIGNING_KEY)}
    seeds |= {office.keyring.key, sent.case * 2, office.trust.anchor or b""}
    found = places.desk.store.file(sent.case, 0, "content"), places.desk.store.file(sent.case, 0, "content", first=True)
    reports = [b"".join(file) for file in found if file is not None]

    assert backup.look(stick, secret).name == "A. de Vries"
    assert len(reports) == 2
    for seed in seeds:
        identity = age.identity_from_seed(seed)
        with pytest.raises(RestoreError, match="does not open"):
            backup.look(stick, identity)
        for report in reports:
            with pytest.raises(NotForThisKeyError):
                age.decrypt(report, identity)
    for canary in (
        b"kanarie",
        secret.encode(),
        b"AGE-SECRET-KEY",
        age.seed_of(secret),
        office.keyring.signing_key.seed,
    ):
        assert canary not in b"".join((*held, *reports, stick.read_bytes(), office.keyring.card.encode()))
