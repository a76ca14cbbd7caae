# SPDX-License-Identifier: EUPL-1.2
"""The pages that are only read: start, the empty forms, keys, the check of a proof, and the still pages of errors.

- A fresh form carries a code made for it; nothing remembers that it was handed out.
- No page repeats anything of an address or of a request that failed.
"""

import asyncio
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Scope

from meldkluis.crypto import receipt as receipts
from meldkluis.crypto.errors import CryptoError
from meldkluis.crypto.proof import verify_proof
from meldkluis.crypto.roster import fingerprint
from meldkluis.intake.door import BLANK, Typed, closed
from meldkluis.intake.forms import NoFiles, read_form
from meldkluis.intake.i18n import Language
from meldkluis.intake.places import PLACES
from meldkluis.intake.site import Site
from meldkluis.intake.texts import N_
from meldkluis.mailbox.clock import today

_ERRORS: Final = {
    400: (N_("Dit verzoek klopt niet"), N_("Ga terug en probeer het opnieuw.")),
    404: (N_("Deze pagina is er niet"), N_("Kijk of het adres klopt, of ga naar de startpagina.")),
    405: (N_("Zo werkt deze pagina niet"), N_("Ga naar de startpagina en begin opnieuw.")),
    413: (N_("Dit is te groot"), N_("Wat u verstuurde is te groot. Er is niets bewaard.")),
    500: (
        N_("Er ging iets mis bij ons"),
        N_(
            "Wij weten niet zeker of uw bericht is aangekomen. Ga terug in uw browser: uw tekst staat daar "
            "meestal nog. Verstuur hem opnieuw met dezelfde code; hij komt nooit dubbel aan."
        ),
    ),
}


class Pages:
    """The read-only pages in one language."""

    def __init__(self, site: Site, language: Language) -> None:
        """Serve the pages of one language."""
        self._site, self._language = site, language
        self._checking = asyncio.Lock()

    async def start(self, _: Request) -> Response:
        """Answer `GET /`."""
        readers = self._site.readers(today())
        places = [
            {"name": place.name, "what": self._language.sentence(place.what), "url": place.url} for place in PLACES
        ]
        return self._site.page(
            self._language,
            "start.html",
            "start",
            switch="/",
            places=places,
            roster=readers.roster if readers else None,
            mark=readers.mark if readers else "",
        )

    async def form(self, request: Request) -> Response:
        """Answer `GET /melden`: the form, for the script or for the door."""
        readers = self._site.readers(today())
        if readers is None or not self._site.desk.is_open:
            return closed(self._site, self._language)
        draft = Typed(code=receipts.generate(self._language.code))
        return self._site.page(
            self._language,
            "melden.html",
            "melden",
            switch=self._switch(request, "/melden"),
            door="door" in request.query_params,
            draft=draft,
            blank=BLANK,
            errors={},
            roster=readers,
            note=None,
        )

    async def mailbox(self, request: Request) -> Response:
        """Answer `GET /bericht`: the question for the code."""
        return self._site.page(
            self._language,
            "bericht.html",
            "bericht",
            switch=self._switch(request, "/bericht"),
            door="door" in request.query_params,
            typed="",
            blank=BLANK,
            errors={},
        )

    @staticmethod
    def _switch(request: Request, path: str) -> str:
        return f"{path}?door" if "door" in request.query_params else path

    async def keys(self, _: Request) -> Response:
        """Answer `GET /sleutels`: the recipients, for a reporter's own age."""
        readers = self._site.readers(today())
        members = readers.roster.members if readers else ()
        keys = [(member, readers.keys[member.key]) for member in members if readers and member.key in readers.keys]
        return self._site.page(
            self._language,
            "sleutels.html",
            "sleutels",
            switch="/sleutels",
            keys=keys,
            mark=readers.mark if readers else "",
        )

    async def proof(self, _: Request) -> Response:
        """Answer `GET /bewijs`: an empty field for a proof."""
        return self._proof("", switch="/bewijs")

    def _proof(self, typed: str, *, status: int = 200, switch: str | None = None, **values: object) -> Response:
        given: dict[str, object] = {"proof": None, "errors": {}} | values
        return self._site.page(
            self._language, "bewijs.html", "bewijs", status=status, switch=switch, typed=typed, **given
        )

    async def check_proof(self, request: Request) -> Response:
        """Answer `POST /bewijs`: whether the proof holds, and what it says."""
        try:
            form = await read_form(request, frozenset({"proof"}), NoFiles())
        except ClientDisconnect:
            return Response(status_code=400)
        typed = form.text("proof")
        try:
            # A stranger's megabyte can hold thousands of signatures: one at a time, and beside everybody else's visits.
            async with self._checking:
                proof = await asyncio.to_thread(verify_proof, typed)
        except CryptoError:
            sentence = self._language.sentence(N_("Dit bewijs is niet echt, of niet heel overgenomen."))
            return self._proof(typed, status=400 if form.malformed else 422, errors={"proof": [sentence]})
        told = {
            "name": proof.name,
            "organisation": proof.organisation,
            "day": proof.day,
            "acknowledgement": proof.dues.acknowledgement,
            "feedback": proof.dues.feedback,
            "mark": fingerprint(proof.anchor),
        }
        return self._proof(typed, proof=told)


class ErrorPages:
    """The still pages for requests that no route answers, or that break."""

    def __init__(self, site: Site) -> None:
        """Serve all languages; the address tells which."""
        self._site = site

    async def refused(self, request: Request, error: Exception) -> Response:
        """Answer for an HTTPException."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        response = self._page(request.scope, status)
        if isinstance(error, HTTPException) and error.headers:
            response.headers.update(error.headers)
        return response

    async def broken(self, scope: Scope) -> Response:
        """Answer for an unexpected error."""
        return self._page(scope, 500)

    def _page(self, scope: Scope, status: int) -> Response:
        language = self._site.language_of(scope.get("path", "/"))
        heading, paragraph = _ERRORS.get(status, _ERRORS[400 if status < 500 else 500])
        return self._site.page(
            language,
            "message.html",
            "error",
            status=status,
            heading=language.sentence(heading),
            paragraphs=[language.sentence(paragraph)],
            elsewhere=status >= 500,
        )
