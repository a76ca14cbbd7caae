# SPDX-License-Identifier: EUPL-1.2
"""Pages before there is a vault: a new one, or one from a backup; passphrase and recovery sheet, typed back from paper.

- The vault is made with the last of these forms, at once and whole. Until then, ending the program leaves nothing.
- Each secret is shown on a page of its own and typed back on another.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from meldkluis.workstation import backup, passphrase as passphrases, recovery
from meldkluis.workstation.ceremony import Ceremony, Source, answers
from meldkluis.workstation.errors import PassphraseError, RestoreError, VaultError
from meldkluis.workstation.keyring import Keyring
from meldkluis.workstation.making import holds_vault
from meldkluis.workstation.office import Office
from meldkluis.workstation.qr import picture
from meldkluis.workstation.render import N_
from meldkluis.workstation.visit import Handler, Visit, route
from meldkluis.workstation.words_keys import ERRORS

_RESTORED: Final = N_("De kluis is teruggezet. Haal nu op: dan komt wat na de reservekopie gebeurde.")


def _page(visit: Visit, template: str, status: int = 200, **values: Any) -> Response:
    return visit.render(template, status, errors={}, sentences=ERRORS, **values)


def _wrong(visit: Visit, template: str, errors: dict[str, str], status: int = 422, **values: Any) -> Response:
    return visit.render(template, status, errors=errors, sentences=ERRORS, keeps=True, **values)


def _step(handler: Callable[[Visit, Ceremony], Response], *needs: str) -> Handler:
    """Let a page see the ceremony, once what it `needs` was done; where not, the ceremony begins again."""

    def step(visit: Visit) -> Response:
        ceremony = visit.station.ceremony
        if ceremony is None:
            return visit.go("/")
        if not all(getattr(ceremony, name) for name in needs):
            return visit.go("/setup")
        return handler(visit, ceremony)

    step.__name__ = handler.__name__
    return step


def begin(visit: Visit) -> Response:
    """Ask whether there is a backup; the page of a start address too."""
    return _page(visit, "setup.html")


def choice(visit: Visit, _: Ceremony) -> Response:
    """Ask whether there is a backup."""
    return begin(visit)


def choose(visit: Visit, _: Ceremony) -> Response:
    """Go one of two ways."""
    ways = {"new": "/setup/who", "restore": "/setup/restore"}
    way = ways.get(visit.form.get("way", ""))
    return _wrong(visit, "setup.html", {"way": "no-way"}) if way is None else visit.go(way)


def who(visit: Visit, ceremony: Ceremony) -> Response:
    """Ask who the officer is and where the server is."""
    return _page(visit, "setup_who.html", form=ceremony.form)


def say_who(visit: Visit, ceremony: Ceremony) -> Response:
    """Take the answers; all that is wrong is said at once."""
    ceremony.form = {name: value for name, value in visit.form.items() if name != "csrf"}
    founder, wrong = answers(visit.form, demo=visit.station.demo)
    if wrong:
        return _wrong(visit, "setup_who.html", wrong, form=ceremony.form)
    ceremony.found(founder)
    return visit.go("/setup/passphrase")


def restore(visit: Visit, _: Ceremony) -> Response:
    """Ask for backup and recovery sheet."""
    return _page(visit, "setup_restore.html", form={})


def look(visit: Visit, ceremony: Ceremony) -> Response:
    """Open the backup's beginning with the recovery secret."""
    typed = visit.form.get("file", "").strip()
    path = Path.home() / typed[2:] if typed.startswith("~/") else Path(typed)
    try:
        secret = recovery.read(visit.form.get("recovery", ""))
        head = backup.look(path, secret)
    except RestoreError as error:
        return _not_restored(visit, error.reason, visit.form)
    if head.organisation.endswith("-demo") != visit.station.demo:
        return _not_restored(visit, "backup-foreign", visit.form)
    ceremony.restore(Source(path, head, secret))
    return visit.go("/setup/passphrase")


def _not_restored(visit: Visit, reason: str, form: Any) -> Response:
    name = "recovery" if reason.startswith("recovery") else "file"
    return _wrong(visit, "setup_restore.html", {name: reason}, form=form)


def passphrase(visit: Visit, ceremony: Ceremony) -> Response:
    """Show the passphrase that was made."""
    return _page(visit, "setup_passphrase.html", ceremony=ceremony, typed="")


def own_passphrase(visit: Visit, ceremony: Ceremony) -> Response:
    """Take a passphrase that the officer thought of instead."""
    typed = visit.form.get("passphrase", "")
    try:
        ceremony.choose(typed)
    except PassphraseError:
        return _wrong(visit, "setup_passphrase.html", {"own": "bad-passphrase"}, ceremony=ceremony, typed=typed)
    return visit.go("/setup/passphrase/again")


def passphrase_again(visit: Visit, ceremony: Ceremony) -> Response:
    """Ask for the passphrase, without showing it."""
    return _page(visit, "setup_again.html", ceremony=ceremony)


def passphrase_typed(visit: Visit, ceremony: Ceremony) -> Response:
    """Compare what was typed; a backup is restored now."""
    if passphrases.normalise(visit.form.get("passphrase", "")) != ceremony.passphrase:
        return _wrong(visit, "setup_again.html", {"passphrase": "other-passphrase"}, ceremony=ceremony)
    ceremony.remembered = True
    return visit.go("/setup/sheet") if ceremony.source is None else _restore(visit, ceremony)


def _restore(visit: Visit, ceremony: Ceremony) -> Response:
    station, source = visit.station, ceremony.source
    assert source is not None
    with station.unlocking:
        if station.ceremony is not ceremony:
            return visit.go("/")
        try:
            backup.restore(source.path, source.secret, station.directory, ceremony.passphrase, expected=source.head)
        except RestoreError as error:
            ceremony.remembered = False
            return _not_restored(visit, error.reason, {"file": str(source.path), "recovery": source.secret})
        except VaultError:
            return _not_made(visit, "setup_again.html", ceremony=ceremony)
        station.open_made(Office.open(station.directory, ceremony.passphrase, station.connect, station.today))
    return visit.go("/roster", _RESTORED)


def _not_made(visit: Visit, template: str, **values: Any) -> Response:
    station = visit.station
    if holds_vault(station.directory):
        # Made by another program meanwhile: it is that vault that counts.
        station.ceremony = None
        return visit.go("/unlock")
    return _wrong(visit, template, {"made": "not-made"}, 500, **values)


def sheet(visit: Visit, ceremony: Ceremony) -> Response:
    """Show the recovery sheet, to print."""
    assert ceremony.founder is not None
    person = ceremony.founder.person
    return _page(
        visit,
        "setup_sheet.html",
        organisation_name=person.organisation,
        person_name=person.name,
        secret_groups=recovery.groups(ceremony.secret),
        prefix=recovery.PREFIX,
        qr=picture(ceremony.secret),
        today=visit.station.today(),
    )


def sheet_again(visit: Visit, _: Ceremony) -> Response:
    """Ask for the last groups of the sheet, without showing it."""
    return _page(visit, "setup_sheet_again.html")


def sheet_typed(visit: Visit, ceremony: Ceremony) -> Response:
    """Compare the last groups, and make the vault."""
    station, founder = visit.station, ceremony.founder
    assert founder is not None
    if not recovery.is_end_of(visit.form.get("recovery", ""), ceremony.secret):
        return _wrong(visit, "setup_sheet_again.html", {"recovery": "other-groups"})
    with station.unlocking:
        if station.ceremony is not ceremony:
            return visit.go("/")
        try:
            ring = Keyring.found(
                station.directory, founder.person, founder.server, ceremony.passphrase, station.today(),
                proxy=founder.proxy, recovery=recovery.recipient(ceremony.secret),
            )  # fmt: skip
        except VaultError:
            return _not_made(visit, "setup_sheet_again.html")
        station.open_made(Office(ring.vault, station.connect, station.today))
    return visit.go("/welcome")


def welcome(visit: Visit) -> Response:
    """Say what the officer does next: card, fingerprint, roster."""
    return visit.render("welcome.html", me=visit.office.keyring.key)


def _route(path: str, handler: Callable[[Visit, Ceremony], Response], method: str = "GET", *needs: str) -> Route:
    return route(path, _step(handler, *needs), method, unlocked=False, setup=True)


ROUTES: Final[list[Route]] = [
    _route("/setup", choice),
    _route("/setup", choose, "POST"),
    _route("/setup/who", who),
    _route("/setup/who", say_who, "POST"),
    _route("/setup/restore", restore),
    _route("/setup/restore", look, "POST"),
    _route("/setup/passphrase", passphrase, "GET", "passphrase"),
    _route("/setup/passphrase", own_passphrase, "POST", "passphrase"),
    _route("/setup/passphrase/again", passphrase_again, "GET", "passphrase"),
    _route("/setup/passphrase/again", passphrase_typed, "POST", "passphrase"),
    _route("/setup/sheet", sheet, "GET", "remembered", "founder"),
    _route("/setup/sheet/again", sheet_again, "GET", "remembered", "founder"),
    _route("/setup/sheet/again", sheet_typed, "POST", "remembered", "founder"),
    route("/welcome", welcome),
]
