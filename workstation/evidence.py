# SPDX-License-Identifier: EUPL-1.2
"""The evidence pair: the untouched original with its SHA-256, and a copy to share that says what it lacks.

- The copy is a ZIP: what mat2 made, the pages as a PDF of pixels, and a text that lists which metadata was found and
  removed (names only), what cannot be removed, and the SHA-256 of everything.
- No name that the reporter chose stands in it, no value of metadata and no day: entries have ZIP's first day.
- Whoever is given a file is written down first: `log_evidence` gets all hashes before any byte leaves.
"""

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from meldkluis.workstation.display import one_line
from meldkluis.workstation.errors import ActError
from meldkluis.workstation.pixels import Page, to_pdf
from meldkluis.workstation.render import N_
from meldkluis.workstation.viewing import Cleaned

LogEvidence = Callable[[str, Mapping[str, str]], None]
"""Writes down the original's SHA-256 and the copies', by their names, all in hexadecimal; raises when it could not."""

Say = Callable[[str], str]

_FIRST_DAY: Final = (1980, 1, 1, 0, 0, 0)
_README: Final = N_("LEESMIJ.txt")
_COPY: Final = N_("kopie")
_PAGES: Final = N_("paginas.pdf")

_ABOUT: Final = N_("Dit is een kopie om te delen. Het origineel is onveranderd bewaard.")
_ORIGINAL: Final = N_("SHA-256 van het origineel:")
_FILES: Final = N_("Wat hierbij zit, met SHA-256:")
_FOUND: Final = N_("Gevonden en verwijderd uit de kopie, alleen de namen van de velden:")
_NOTHING: Final = N_("Er zijn geen velden gevonden. Dat bewijst niet dat er niets in zit.")
_NO_COPY: Final = N_("Er is geen opgeschoonde kopie: mat2 kan dit bestand niet opschonen.")
_NO_PAGES: Final = N_("Er zijn geen pagina's als beeld: dit bestand kan niet veilig worden bekeken.")
_SOME_PAGES: Final = N_("De pagina's als beeld zijn niet volledig: het bestand heeft er meer.")
_PIXELS: Final = N_("De pagina's als beeld bevatten geen tekst en geen verborgen velden, alleen wat te zien was.")
_STAYS: Final = N_("Wat hiermee niet verdwijnt:")
_STAYING: Final = (
    N_("watermerken, ook onzichtbare, en de gele puntjes van kleurenprinters"),
    N_("wat op de pagina of in het beeld te zien of te horen is, zoals namen, gezichten en stemmen"),
    N_("hoe iemand schrijft, en kleine verschillen tussen exemplaren van dezelfde tekst"),
    N_("gegevens die mat2 niet kent: volledigheid is niet te beloven"),
)


@dataclass(frozen=True)
class Sharing:
    """A ZIP to share, and the SHA-256 of what is in it by name."""

    content: bytes = field(repr=False)
    hashes: Mapping[str, str]


def make_copy(original: str, cleaned: Cleaned, pages: Sequence[Page], say: Say, *, more: bool = False) -> Sharing:
    """Return the copy to share of a file with this SHA-256; ActError when there is nothing that could be shared.

    `more` says that the file has more pages than these.
    """
    files: dict[str, bytes] = {}
    if cleaned.copy is not None:
        files[f"{say(_COPY)}.{cleaned.suffix}"] = cleaned.copy
    if pages:
        files[say(_PAGES)] = to_pdf(pages)
    if not files:
        raise ActError("nothing-to-share")
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    text = _text(original, cleaned, hashes, say, pages=bool(pages), more=more)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in {say(_README): text.encode(), **files}.items():
            package.writestr(zipfile.ZipInfo(name, _FIRST_DAY), content, zipfile.ZIP_DEFLATED)
    return Sharing(made.getvalue(), hashes)


def _text(
    original: str, cleaned: Cleaned, hashes: Mapping[str, str], say: Say, *, pages: bool, more: bool
) -> str:  # fmt: skip
    lines = [say(_ABOUT), "", say(_ORIGINAL), original, "", say(_FILES)]
    lines += [f"{digest}  {name}" for name, digest in hashes.items()]
    lines.append("")
    if cleaned.copy is None:
        lines.append(say(_NO_COPY))
    elif cleaned.metadata:
        lines += [say(_FOUND), *(f"- {one_line(name)}" for name, _ in cleaned.metadata)]
    else:
        lines.append(say(_NOTHING))
    lines += ["", say(_PIXELS if pages else _NO_PAGES)]
    if pages and more:
        lines.append(say(_SOME_PAGES))
    lines += ["", say(_STAYS), *(f"- {say(item)}" for item in _STAYING), ""]
    return "\n".join(lines)
