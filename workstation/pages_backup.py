# SPDX-License-Identifier: EUPL-1.2
"""Pages for the day on which the workstation is lost: the encrypted backup, and a new recovery sheet.

- A new sheet counts once its last groups were typed back from paper; until then the old one does.
"""

from collections.abc import Iterator
from typing import Any, Final

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from meldkluis.crypto.card import parse_card
from meldkluis.workstation import backup, recovery
from meldkluis.workstation.display import content_disposition
from meldkluis.workstation.errors import ActError, VaultError
from meldkluis.workstation.office import Office
from meldkluis.workstation.qr import picture
from meldkluis.workstation.render import N_
from meldkluis.workstation.visit import Station, Visit, route
from meldkluis.workstation.words_keys import ERRORS

_NEW_SHEET: Final = N_("Het nieuwe herstelblad geldt. Maak nu een nieuwe reservekopie: het opent de oude niet.")


def overview(visit: Visit) -> Response:
    """Say when the last backup was made, and offer one."""
    return _page(visit)


def _page(visit: Visit, status: int = 200, error: str = "") -> Response:
    vault, today = visit.office.vault, visit.office.today()
    return visit.render(
        "backup.html",
        status,
        error=error,
        sentences=ERRORS,
        has_sheet=vault.fact("recovery") is not None,
        last=backup.last_day(vault),
        due=backup.is_due(vault, today),
        kept_days=backup.KEPT_DAYS,
    )


def save(visit: Visit) -> Response:
    """Give the backup as a file."""
    office = visit.office
    day = office.today()
    try:
        pieces = backup.written(office.keyring, day)
    except ActError as error:
        return _page(visit, 409, error.reason)
    except VaultError:
        return _page(visit, 500, "no-copy")
    name = f"meldkluis-reservekopie-{office.keyring.organisation}-{office.keyring.key[:4].hex()}.age"
    headers = {"Content-Disposition": content_disposition(name)}
    content = _noted(visit.station, office, pieces)
    return StreamingResponse(content, media_type="application/octet-stream", headers=headers)


def _noted(station: Station, office: Office, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield from pieces
    # The browser took all of it. A vault that was locked meanwhile remembers nothing, and reminds once too often.
    if station.office is office:
        backup.note(office.vault, office.today())


def begin_sheet(visit: Visit) -> Response:
    """Make a new secret, and show it."""
    visit.office.new_recovery = recovery.generate()
    return visit.go("/backup/sheet")


def sheet(visit: Visit) -> Response:
    """Show the new sheet, to print."""
    office = visit.office
    if not office.new_recovery:
        return visit.go("/backup")
    card = parse_card(office.keyring.card)
    roster = office.trust.current()
    return visit.render(
        "backup_sheet.html",
        organisation_name=card.organisation if roster is None else roster.name,
        person_name=card.name,
        secret_groups=recovery.groups(office.new_recovery),
        prefix=recovery.PREFIX,
        qr=picture(office.new_recovery),
        today=office.today(),
    )


def sheet_again(visit: Visit) -> Response:
    """Ask for the last groups, without showing them."""
    return _ask(visit) if visit.office.new_recovery else visit.go("/backup")


def _ask(visit: Visit, status: int = 200, **errors: Any) -> Response:
    return visit.render("backup_sheet_again.html", status, errors=errors, sentences=ERRORS)


def sheet_typed(visit: Visit) -> Response:
    """Let the new sheet count from now on."""
    office = visit.office
    secret = office.new_recovery
    if not secret:
        return visit.go("/backup")
    if not recovery.is_end_of(visit.form.get("recovery", ""), secret):
        return _ask(visit, 422, recovery="other-groups")
    with office.vault.transaction():
        office.vault.set_fact("recovery", recovery.recipient(secret))
        # Backups so far belong to the old sheet.
        office.vault.set_fact("backup_day", None)
    office.new_recovery = ""
    return visit.go("/backup", _NEW_SHEET)


ROUTES: Final[list[Route]] = [
    route("/backup", overview),
    route("/backup/file", save, "POST"),
    route("/backup/sheet", sheet),
    route("/backup/sheet", begin_sheet, "POST"),
    route("/backup/sheet/again", sheet_again),
    route("/backup/sheet/again", sheet_typed, "POST"),
]
