# SPDX-License-Identifier: EUPL-1.2
"""Pages of the register: every case with its days and categories, certificates of destruction, and files of it."""

from dataclasses import dataclass
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from meldkluis.crypto.block import write_block
from meldkluis.crypto.certificate import Certificate, parse_certificate
from meldkluis.crypto.errors import CryptoError
from meldkluis.crypto.roster import Member
from meldkluis.workstation.display import content_disposition
from meldkluis.workstation.errors import ActError
from meldkluis.workstation.office import Office
from meldkluis.workstation.register_export import to_csv, to_ods
from meldkluis.workstation.register_view import HEADING, SORTS, Entry, acknowledged_by, chosen, entries, row
from meldkluis.workstation.render import N_, Language, case_label, language
from meldkluis.workstation.visit import Visit, route

PAGE: Final = 100
"""Lines on a page."""

_SHEET: Final = N_("Register")


@dataclass(frozen=True)
class _Shown:
    """A line with what its certificate says; people as far as any roster names them."""

    entry: Entry
    by: str
    certificate: Certificate | None
    approved: list[Member | None]
    confirmed: list[Member | None]
    unconfirmed: list[Member | None]


def _shown(office: Office, entry: Entry, words: Language) -> _Shown:
    certificate, line = None, entry.line
    if line is not None and line.certificate is not None:
        try:
            certificate = parse_certificate(line.certificate, office.keyring.organisation, office.trust.server_keys())
        except CryptoError:
            # It held when it was kept.
            certificate = None

    def people(*keys: bytes) -> list[Member | None]:
        return [office.trust.person(key) for key in keys]

    return _Shown(
        entry,
        "" if entry.facts is None else acknowledged_by(entry.facts, words),
        certificate,
        people(*certificate.approved) if certificate else [],
        people(*certificate.confirmed) if certificate else [],
        people(*certificate.unconfirmed) if certificate else [],
    )


def register(visit: Visit) -> Response:
    """List open, closed and destroyed cases alike, a year and a page at a time."""
    office = visit.office
    office.fetch_if_due()
    office.endings.write_lines()
    everything = entries(office.register, office.summaries)
    year, sort = _asked(visit)
    words = language(visit.station.language or visit.language)
    found = chosen(everything, year, sort)
    pages = max(1, -(-len(found) // PAGE))
    wanted = visit.query.get("page", "1")
    page = min(max(int(wanted), 1), pages) if wanted.isascii() and wanted.isdigit() and len(wanted) < 7 else 1
    try:
        archive = office.decisions.policy().archive
    except ActError:
        archive = None
    return visit.render(
        "register.html",
        items=[_shown(office, entry, words) for entry in found[(page - 1) * PAGE : page * PAGE]],
        total=len(found),
        page=page,
        pages=pages,
        year=year,
        years=sorted({entry.received.year for entry in everything}, reverse=True),
        sort=sort,
        sorts=SORTS,
        alarms=office.book.alarms(),
        fetch_error=office.last_error,
        archive=archive,
    )


def _asked(visit: Visit) -> tuple[int | None, str]:
    """Return the year (None for all) and the order that were asked for."""
    year, sort = visit.query.get("year", ""), visit.query.get("sort", "")
    is_year = year.isascii() and year.isdigit() and len(year) == 4
    return int(year) if is_year else None, sort if sort in SORTS else next(iter(SORTS))


def save(visit: Visit) -> Response:
    """Give the lines that were asked for as a file for a spreadsheet."""
    office, kind = visit.office, visit.path["kind"]
    office.endings.write_lines()
    year, sort = _asked(visit)
    words = language(visit.station.language or visit.language)
    heading = [words.say(name) for name in HEADING]
    rows = [row(entry, words) for entry in chosen(entries(office.register, office.summaries), year, sort)]
    name = f"meldkluis-register-{year or 'alles'}.{kind}"
    if kind == "csv":
        content, media = to_csv(heading, rows), "text/csv; charset=utf-8"
    elif kind == "ods":
        content, media = to_ods(words.say(_SHEET), heading, rows), "application/vnd.oasis.opendocument.spreadsheet"
    else:
        raise HTTPException(404)
    return Response(content, media_type=media, headers={"Content-Disposition": content_disposition(name)})


def certificate(visit: Visit) -> Response:
    """Give a certificate as it was signed, as a text block."""
    line = visit.office.register.line(visit.case)
    if line is None or line.certificate is None:
        raise ActError("no-case")
    headers = {"Content-Disposition": content_disposition(f"meldkluis-{case_label(line.id)}.certificate")}
    block = write_block("CERTIFICATE", line.certificate)
    return Response(block, media_type="text/plain; charset=utf-8", headers=headers)


ROUTES: Final[list[Route]] = [
    route("/register", register),
    route("/register.{kind}", save),
    route("/register/{case}/certificate", certificate),
]
