# SPDX-License-Identifier: EUPL-1.2
"""Pages of the register: what was closed and destroyed, with its certificate (verklaring van vernietiging)."""

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from meldkluis.crypto.block import write_block
from meldkluis.crypto.certificate import Certificate, parse_certificate
from meldkluis.crypto.errors import CryptoError
from meldkluis.crypto.roster import Member
from meldkluis.workstation.display import content_disposition
from meldkluis.workstation.errors import ActError
from meldkluis.workstation.office import Office
from meldkluis.workstation.register import Line
from meldkluis.workstation.render import case_label
from meldkluis.workstation.visit import Visit, route


@dataclass(frozen=True)
class _Shown:
    """A line with what its certificate says; people as far as any roster names them."""

    line: Line
    here: bool
    certificate: Certificate | None
    approved: list[Member | None]
    confirmed: list[Member | None]
    unconfirmed: list[Member | None]


def _shown(office: Office, line: Line) -> _Shown:
    certificate = None
    if line.certificate is not None:
        try:
            certificate = parse_certificate(line.certificate, office.keyring.organisation, office.trust.server_keys())
        except CryptoError:
            # It held when it was kept.
            certificate = None

    def people(*keys: bytes) -> list[Member | None]:
        return [office.trust.person(key) for key in keys]

    kept = office.book.case(line.id)
    return _Shown(
        line,
        kept is not None and kept.destroyed is None,
        certificate,
        people(*certificate.approved) if certificate else [],
        people(*certificate.confirmed) if certificate else [],
        people(*certificate.unconfirmed) if certificate else [],
    )


def register(visit: Visit) -> Response:
    """List closed and destroyed cases."""
    office = visit.office
    office.fetch_if_due()
    office.endings.write_lines()
    try:
        archive = office.decisions.policy().archive
    except ActError:
        archive = None
    return visit.render(
        "register.html",
        lines=[_shown(office, line) for line in office.register.lines()],
        alarms=office.book.alarms(),
        fetch_error=office.last_error,
        archive=archive,
    )


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
    route("/register/{case}/certificate", certificate),
]
