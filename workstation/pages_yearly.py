# SPDX-License-Identifier: EUPL-1.2
"""Pages of the yearly report: the own count, counts of colleagues, what is written beside the numbers, the report.

- The page and the saved report show only what went through `suppression`; a count leaves sealed for one colleague.
"""

from collections.abc import Mapping
from importlib import resources
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from meldkluis.crypto.encoding import unb64
from meldkluis.crypto.errors import CryptoError
from meldkluis.crypto.yearly import LARGEST
from meldkluis.workstation import yearly_words
from meldkluis.workstation.charts import Drawn
from meldkluis.workstation.display import content_disposition
from meldkluis.workstation.errors import ActError
from meldkluis.workstation.render import LANGUAGES, N_, language
from meldkluis.workstation.visit import Visit, route
from meldkluis.workstation.yearly import FIRST_YEAR, TEXTS
from meldkluis.workstation.yearly_report import report

_TAKEN: Final = N_("De telling is ingelezen.")
_KEPT: Final = N_("De teksten zijn bewaard.")
_FORM: Final = LARGEST + 64 * 1024
"""Bytes of a form with a count in it."""

_NONE: Final[Mapping[str, str]] = {}


def choose(visit: Visit) -> Response:
    """Go to the year that was chosen; to the last whole one if none was."""
    office = visit.office
    if office.trust.current() is None:
        return visit.go("/roster")
    wanted, today = visit.query.get("year", ""), office.today()
    chosen = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) == 4 else today.year - 1
    return visit.go(f"/yearly/{chosen}")


def _year(visit: Visit) -> int:
    year = int(visit.path["year"])
    if not FIRST_YEAR <= year <= visit.office.today().year:
        raise HTTPException(404)
    return year


def page(visit: Visit) -> Response:
    """Show how far the report of a year is."""
    visit.office.fetch_if_due()
    return _page(visit, _year(visit))


def _page(visit: Visit, year: int, status: int = 200, error: str = "", texts: Mapping[str, str] = _NONE) -> Response:
    office, today = visit.office, visit.office.today()
    roster = office.trust.current()
    if roster is None:
        return visit.go("/roster")
    words = language(visit.station.language or visit.language)
    together = office.yearly.together(year, today)
    years = office.yearly.years(today)
    return visit.render(
        "yearly.html",
        status,
        year=year,
        years=years if year in years else sorted({*years, year}, reverse=True),
        today=today,
        own=office.yearly.count(year, today),
        unsorted=office.yearly.unsorted(year),
        together=together,
        members=roster.members,
        me=office.keyring.key,
        recipients=office.yearly.recipients(year, today),
        report=None if together.doubled else report(together.now, together.before, year, words),
        yearly_words=yearly_words,
        texts=texts or office.yearly.texts(year),
        error=error,
        fetch_error=office.last_error,
    )


def export(visit: Visit) -> Response:
    """Give the own count, sealed for the colleague who adds up."""
    year = _year(visit)
    try:
        to = unb64(visit.form.get("to", ""))
        sealed = visit.office.yearly.export(year, to, visit.office.today())
    except CryptoError:
        return _page(visit, year, 422, "count-nobody")
    except ActError as error:
        return _page(visit, year, 422, error.reason)
    mine = visit.office.keyring.key.hex()[:8]
    headers = {"Content-Disposition": content_disposition(f"meldkluis-telling-{year}-{mine}.age")}
    return Response(sealed, media_type="application/octet-stream", headers=headers)


def take(visit: Visit) -> Response:
    """Take in a colleague's count."""
    year = _year(visit)
    try:
        _, found = visit.office.yearly.take(visit.file, visit.office.today())
    except ActError as error:
        return _page(visit, year, 422, error.reason)
    return visit.go(f"/yearly/{found}", _TAKEN)


def write(visit: Visit) -> Response:
    """Keep what the writer says beside the numbers."""
    year = _year(visit)
    texts = {name: visit.form.get(name, "").strip() for name in TEXTS}
    try:
        visit.office.yearly.set_texts(year, texts)
    except ActError as error:
        return _page(visit, year, 422, error.reason, texts)
    return visit.go(f"/yearly/{year}", _KEPT)


def _sheet() -> Drawn:
    style = (resources.files("meldkluis.workstation") / "static" / "report.css").read_text(encoding="utf-8")
    return Drawn(f"<style>\n{style}</style>")


def save(visit: Visit) -> Response:
    """Give the report as one file that needs nothing else, in a language."""
    year, code, office = _year(visit), visit.path["language"], visit.office
    if code not in LANGUAGES:
        raise HTTPException(404)
    today = office.today()
    together = office.yearly.together(year, today)
    if together.doubled:
        return _page(visit, year, 409, "count-doubled")
    words, roster = language(code), office.trust.current()
    assert roster is not None
    written = words.render("yearly_file.html", {
        "year": year, "today": today, "name": roster.name, "report": report(together.now, together.before, year, words),
        "yearly_words": yearly_words, "sheet": _sheet(), "texts": office.yearly.texts(year), "together": together,
    })  # fmt: skip
    headers = {"Content-Disposition": content_disposition(f"jaarverslag-meldingen-{year}-{code}.html")}
    return HTMLResponse(written, headers=headers)


ROUTES: Final[list[Route]] = [
    route("/yearly", choose),
    route("/yearly/{year:int}", page),
    route("/yearly/{year:int}/export", export, "POST"),
    route("/yearly/{year:int}/take", take, "POST", upload=_FORM),
    route("/yearly/{year:int}/texts", write, "POST"),
    route("/yearly/{year:int}/report/{language}", save),
]
