# SPDX-License-Identifier: EUPL-1.2
"""Pages about oral reports: the question first, the form, what is done and what is not, the sheet with the code.

- Whatever is wrong, the form comes back as it was typed, with every wrong field named.
- The code is on the sheet and nowhere else: in no address, title or notice. Two of its words are typed on a page
  without it.
"""

import secrets
from collections.abc import Callable, Mapping
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from meldkluis.crypto.encoding import b64
from meldkluis.crypto.receipt import LANGUAGES
from meldkluis.workstation.display import content_disposition
from meldkluis.workstation.errors import ActError, DistrustError, RefusedError, UnreachableError
from meldkluis.workstation.oral import CODE_DAYS, NOT_RECEIVED
from meldkluis.workstation.oralform import ERRORS, WAYS, read, reader_field
from meldkluis.workstation.oralkept import Unfinished
from meldkluis.workstation.oralsheet import make_sheet
from meldkluis.workstation.render import N_, case_label
from meldkluis.workstation.visit import Visit, route

_HANDED: Final = N_("De code is van deze computer verwijderd.")
_DROPPED: Final = N_("De melding is weggegooid. Er is niets vastgelegd.")
_ADDRESS: Final = N_("Het adres van de meldpagina is bewaard.")
_ADDRESS_FACT: Final = "site_address"
_LONGEST_ADDRESS: Final = 200
_ONCE: Final = 16
"""Bytes of the name of a form, by which one that is sent twice is known."""

_NOTHING: Final[Mapping[str, str]] = {}


def oral(visit: Visit) -> Response:
    """List what is not finished, and ask whether the officer is involved."""
    visit.office.fetch_if_due()
    return _question(visit)


def _question(visit: Visit, status: int = 200, error: str = "") -> Response:
    unfinished = visit.office.oral.unfinished()
    return visit.render("oral.html", status, unfinished=unfinished, ready=_ready(visit), error=error)


def _ready(visit: Visit) -> bool:
    try:
        visit.office.oral.roster()
    except ActError:
        return False
    return True


def begin(visit: Visit) -> Response:
    """Take the answer to the question: the form for who is not involved, other ways for all others."""
    choice = visit.form.get("involved")
    if choice not in {"no", "yes", "unsure"}:
        return _question(visit, 422, "no-choice")
    if choice != "no":
        return visit.render("oral_involved.html")
    if not _ready(visit):
        return _question(visit, 409)
    fresh = {
        "received": visit.office.today().isoformat(), "acknowledge": "yes", "once": secrets.token_urlsafe(_ONCE),
    }  # fmt: skip
    return _form(visit, fresh, fresh=True)


def _form(
    visit: Visit, typed: Mapping[str, str], errors: Mapping[str, str] = _NOTHING, status: int = 200, *,
    fresh: bool = False,
) -> Response:  # fmt: skip
    office = visit.office
    able, me = office.oral.with_key(), office.keyring.key
    readers = []
    for member in office.oral.roster().members:
        name = reader_field(member.key)
        readers.append((name, member, member.key == me, member.key in able, fresh or typed.get(name) == "yes"))
    return visit.render(
        "oral_form.html", status, typed=typed, errors=errors, said=ERRORS, ways=WAYS, readers=readers,
        today=office.today(), codes=LANGUAGES,
    )  # fmt: skip


def register(visit: Visit) -> Response:
    """Take the form: keep it, send it, open the case."""
    office, form = visit.office, visit.form
    if form.get("involved") != "no" or len(form.get("once", "")) < _ONCE:
        return _question(visit, 422, "no-choice")
    members = frozenset(member.key for member in office.oral.roster().members)
    filled, errors = read(form, office.api.day(), members, office.keyring.key)
    if filled is None:
        return _form(visit, form, errors, 422)
    typed = {name: value for name, value in form.items() if name != "csrf"}
    try:
        case = office.act(lambda: office.oral.begin(filled, typed, form["once"]))
    except ActError as error:
        field = {"reader-key": "readers", "text-long": "text"}.get(error.reason)
        if field is None:
            raise
        return _form(visit, form, {field: error.reason}, 422)
    if Unfinished.find(office.vault, case) is None:
        # A form that was sent again after everything was done.
        return visit.go(_after(visit, case))
    return _go_on(visit, case)


def go_on(visit: Visit) -> Response:
    """Do what was broken off."""
    return _go_on(visit, visit.case)


def _go_on(visit: Visit, case: bytes) -> Response:
    office = visit.office
    found = office.oral.find(case)
    try:
        office.act(lambda: office.oral.go_on(case))
    except RefusedError as error:
        office.last_error = error
        if not found.sent and error.code in NOT_RECEIVED:
            reason = "roster" if error.code in {"roster", "stale-keys"} else "refused"
            return _form(visit, found.typed, {"": reason}, 409)
        return _sheet(visit, case, 502, "refused")
    except UnreachableError as error:
        office.last_error = error
        return _sheet(visit, case, 502, "unreachable")
    except DistrustError:
        return _sheet(visit, case, 409, "distrust")
    except ActError as error:
        if Unfinished.find(office.vault, case) is None:
            raise
        return _sheet(visit, case, 409, error.reason)
    return visit.go(f"/oral/{b64(case)}" if Unfinished.find(office.vault, case) else _after(visit, case))


def _after(visit: Visit, case: bytes) -> str:
    """Return where to go when nothing is left to do: a deputy who stands by has no page of the case."""
    return "/oral" if visit.office.book.case(case) is None else f"/case/{b64(case)}"


def sheet(visit: Visit) -> Response:
    """Show how far an oral report is, with the sheet for its reporter while the code is here."""
    return _sheet(visit, visit.case)


def _sheet(visit: Visit, case: bytes, status: int = 200, error: str = "") -> Response:
    office = visit.office
    found = office.oral.find(case)
    address = office.vault.fact(_ADDRESS_FACT) or ""
    log = office.dossiers.log(case) if found.noted and found.mine else None
    paper = None
    if found.sent and found.code:
        paper = make_sheet(
            found.code,
            found.language,
            organisation=office.oral.roster().name,
            address=address,
            received=found.received,
            dues=office.oral.dues(case),
            acknowledged=log is not None and log.course.acknowledged is not None,
        )
    return visit.render(
        "oral_state.html", status, case=case, found=found, paper=paper, address=address, error=error,
        until=found.started + CODE_DAYS,
    )  # fmt: skip


def proof(visit: Visit) -> Response:
    """Give the proof of report as a file."""
    found = visit.office.oral.find(visit.case)
    if not found.sent:
        raise ActError("no-case")
    headers = {"Content-Disposition": content_disposition(f"meldkluis-{case_label(found.case)}.proof.txt")}
    return Response(found.proof, media_type="text/plain; charset=utf-8", headers=headers)


def handed(visit: Visit) -> Response:
    """Ask for two words of the sheet, without showing it."""
    found = visit.office.oral.find(visit.case)
    if not (found.sent and found.code):
        raise ActError("no-case")
    return visit.render("oral_handed.html", case=visit.case, asked=found.asked, error="")


def hand_over(visit: Visit) -> Response:
    """Take the two words, and remove the code."""
    office, form = visit.office, visit.form
    try:
        office.act(lambda: office.oral.hand_over(visit.case, (form.get("first", ""), form.get("second", ""))))
    except ActError as error:
        if error.reason != "other-words":
            raise
        asked = office.oral.find(visit.case).asked
        return visit.render("oral_handed.html", 422, case=visit.case, asked=asked, error=error.reason)
    return _finished(visit)


def no_code(visit: Visit) -> Response:
    """Remove the code of a reporter who does not want it."""
    if visit.form.get("sure") != "yes":
        return _sheet(visit, visit.case, 422, "not-sure")
    visit.office.act(lambda: visit.office.oral.no_code(visit.case))
    return _finished(visit)


def _finished(visit: Visit) -> Response:
    return visit.go(_after(visit, visit.case), _HANDED)


def discard(visit: Visit) -> Response:
    """Throw away what was not sent."""
    if visit.form.get("sure") != "yes":
        return _sheet(visit, visit.case, 422, "not-sure")
    visit.office.act(lambda: visit.office.oral.discard(visit.case))
    return visit.go("/oral", _DROPPED)


def address(visit: Visit) -> Response:
    """Keep the address of the reporters' site, which stands on every sheet."""
    visit.office.oral.find(visit.case)
    given = visit.form.get("address", "").strip()
    if len(given) > _LONGEST_ADDRESS or not given.isprintable() or " " in given:
        return _sheet(visit, visit.case, 422, "bad-address")
    visit.office.vault.set_fact(_ADDRESS_FACT, given or None)
    return visit.go(f"/oral/{visit.path['case']}", _ADDRESS)


def _post(name: str, handler: Callable[[Visit], Response]) -> Route:
    return route(f"/oral/{{case}}/{name}", handler, "POST")


ROUTES: Final[list[Route]] = [
    route("/oral", oral),
    route("/oral", register, "POST"),
    route("/oral/begin", begin, "POST"),
    route("/oral/{case}", sheet),
    _post("go", go_on),
    route("/oral/{case}/proof", proof),
    route("/oral/{case}/handed", handed),
    _post("handed", hand_over),
    _post("none", no_code),
    _post("discard", discard),
    _post("address", address),
]
