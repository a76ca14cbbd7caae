# SPDX-License-Identifier: EUPL-1.2
"""The list of cases: what waits first, shown in part, searched, a page at a time; fetching, and alarms put away.

- What is searched for may be a name: it travels in a form, never in an address, and is kept nowhere.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from meldkluis.workstation.backup import is_due
from meldkluis.workstation.render import N_
from meldkluis.workstation.summary import Summary
from meldkluis.workstation.visit import Visit, route

PAGE: Final = 50
"""Lines on a page of the list."""

LONGEST_SEARCH: Final = 200
_FETCHED: Final = N_("Opgehaald.")

SHOWS: Final[Mapping[str, str]] = {
    "all": N_("Alle zaken"),
    "todo": N_("Te doen"),
    "late": N_("Te laat"),
    "new": N_("Iets nieuws"),
    "over": N_("Gesloten en vernietigd"),
}


def _late(line: Summary, today: date) -> bool:
    return line.next_day < today or bool(line.lapsed and not line.over and not line.feedback)


_CHOSEN: Final[Mapping[str, Callable[[Summary, date], bool]]] = {
    "all": lambda _line, _today: True,
    "todo": lambda line, _today: (
        (not line.over and (line.next_day < date.max or line.declaration is None)) or line.waits
    ),
    "late": _late,
    "new": lambda line, _today: (bool(line.unread) and not line.over) or line.waits,
    "over": lambda line, _today: line.over,
}


def inbox(visit: Visit) -> Response:
    """List the cases, those that wait or with the nearest day first."""
    visit.office.fetch_if_due()
    if visit.office.trust.current() is None:
        return visit.go("/roster")
    return _page(visit, visit.office.summaries.all(), visit.query, "")


def search(visit: Visit) -> Response:
    """List the cases in which the words stand."""
    words = visit.form.get("words", "")[:LONGEST_SEARCH]
    return _page(visit, visit.office.summaries.found(words), visit.form, words.strip())


def _page(visit: Visit, lines: list[Summary], asked: Mapping[str, str], words: str) -> Response:
    office, today = visit.office, visit.office.today()
    show = asked.get("show", "all")
    show = show if show in SHOWS else "all"
    counts = {name: sum(chosen(line, today) for line in lines) for name, chosen in _CHOSEN.items()}
    chosen = [line for line in lines if _CHOSEN[show](line, today)]
    pages = max(1, -(-len(chosen) // PAGE))
    wanted = asked.get("page", "1")
    page = min(int(wanted), pages) if wanted.isascii() and wanted.isdigit() and 0 < len(wanted) < 7 else 1
    page = max(page, 1)
    return visit.render(
        "inbox.html",
        lines=chosen[(page - 1) * PAGE : page * PAGE],
        any_case=bool(lines) or bool(words),
        page=page,
        pages=pages,
        show=show,
        shows=SHOWS,
        counts=counts,
        sought=words,
        alarms=office.book.alarms(),
        fetch_error=office.last_error,
        fetched=office.last,
        today=today,
        proposal=office.trust.proposal(),
        backup_due=bool(lines) and is_due(office.vault, today),
    )


def fetch(visit: Visit) -> Response:
    """Fetch now."""
    visit.office.fetch_quietly()
    return visit.go("/", "" if visit.office.last_error else _FETCHED)


def alarm(visit: Visit) -> Response:
    """Put an alarm away that the officer has read."""
    visit.office.book.acknowledge_alarm(int(visit.path["alarm"]), visit.office.today())
    return visit.go(visit.form.get("back", "/") if visit.form.get("back", "").startswith("/case/") else "/")


ROUTES: Final[list[Route]] = [
    route("/", inbox),
    route("/search", search, "POST"),
    route("/fetch", fetch, "POST"),
    route("/alarms/{alarm:int}", alarm, "POST"),
]
