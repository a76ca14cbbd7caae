# SPDX-License-Identifier: EUPL-1.2
"""The fingerprint sheet: what hangs on the wall and stands on the intranet, so that no server can lie about the roster.

- It is there once this vault trusts a roster; what it shows is public.
- In Dutch and English whatever language the officer uses, and with what every roster after the first follows from: the
  fingerprint of the first.
"""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from meldkluis.crypto.roster import Roster, fingerprint
from meldkluis.workstation.display import content_disposition, one_line
from meldkluis.workstation.qr import picture
from meldkluis.workstation.render import N_, language
from meldkluis.workstation.visit import Visit, route

TITLE: Final = N_("Veilig melden: dit is de vingerafdruk")
USE: Final = N_("Vergelijk deze tekens met die op de meldpagina. Zijn ze anders, meld dan niet en bel een van ons.")
PEOPLE: Final = N_("Wie uw melding leest")
OFFICER: Final = N_("vertrouwenspersoon")
DEPUTY: Final = N_("plaatsvervanger")
_LANGUAGES: Final = ("nl", "en")


def poster(visit: Visit) -> Response:
    """Show the sheet, to print."""
    known = _known(visit)
    if known is None:
        return visit.go("/roster")
    roster, anchor = known
    return visit.render(
        "poster.html",
        title=_in_both(TITLE),
        use=_in_both(USE),
        people=_in_both(PEOPLE),
        roles={"officer": _in_both(OFFICER), "deputy": _in_both(DEPUTY)},
        listed=roster,
        anchor=anchor,
        qr=picture(fingerprint(anchor)),
    )


def intranet(visit: Visit) -> Response:
    """Give the same as plain text."""
    known = _known(visit)
    if known is None:
        return visit.go("/roster")
    roster, anchor = known
    groups = fingerprint(anchor).split()
    lines = [one_line(roster.name), ""]
    for code, title in _in_both(TITLE):
        say = language(code).say
        lines += [title, "", f"    {' '.join(groups[:4])}", f"    {' '.join(groups[4:])}", "", say(USE), ""]
        lines += [f"{say(PEOPLE)}:"]
        roles = {"officer": say(OFFICER), "deputy": say(DEPUTY)}
        lines += [f"- {one_line(item.name)}, {one_line(item.function)} ({roles[item.role]})" for item in roster.members]
        lines += [""]
    headers = {"Content-Disposition": content_disposition(f"vingerafdruk-{roster.organisation}.txt")}
    return Response("\n".join(lines), media_type="text/plain; charset=utf-8", headers=headers)


def _known(visit: Visit) -> tuple[Roster, bytes] | None:
    roster, anchor = visit.office.trust.current(), visit.office.trust.anchor
    return None if roster is None or anchor is None else (roster, anchor)


def _in_both(sentence: str) -> list[tuple[str, str]]:
    return [(code, language(code).say(sentence)) for code in _LANGUAGES]


ROUTES: Final[list[Route]] = [
    route("/roster/poster", poster),
    route("/roster/poster.txt", intranet),
]
