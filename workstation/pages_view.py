# SPDX-License-Identifier: EUPL-1.2
"""Pages about one attachment: look at it safely, save it, make a copy to share; and what this computer has for it."""

from collections.abc import Iterator, Mapping
from typing import Final

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from meldkluis.crypto.encoding import unb64
from meldkluis.crypto.errors import CryptoError
from meldkluis.crypto.message import AttachmentRef
from meldkluis.crypto.record import Record
from meldkluis.workstation.display import content_disposition, inert_name, one_line
from meldkluis.workstation.errors import ActError, RefusedError, UnreachableError
from meldkluis.workstation.evidence import LogEvidence, Say, make_copy
from meldkluis.workstation.render import N_, language
from meldkluis.workstation.sandbox import TOOLS, Sandbox
from meldkluis.workstation.viewing import View, Wanted
from meldkluis.workstation.visit import Visit, route

PAGES_AT_ONCE: Final = 4
_WORDS: Final = {
    "html": N_("tekst uit een bericht met opmaak"),
    "parts": N_("Bijlagen van dit bericht:"),
}
_KINDS: Final = {
    "pdf": N_("pdf"),
    "office": N_("teksten, rekenbladen en presentaties"),
    "svg": N_("tekeningen (svg)"),
    "heic": N_("foto's van een telefoon (heic)"),
    "outlook": N_("berichten uit Outlook (msg)"),
    "clean": N_("een kopie om te delen"),
}
_SHARED_NAME: Final = N_("kopie-om-te-delen.zip")


def _ref(visit: Visit) -> AttachmentRef:
    """Return the attachment that the path names; ActError when there is none, or it may not be read."""
    office = visit.office
    try:
        wanted = unb64(visit.path["attachment"])
    except CryptoError:
        raise ActError("no-attachment") from None
    return office.act(lambda: office.dossiers.attachment(visit.case, int(visit.path["entry"]), wanted))


def _number(text: str, least: int = 0) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 and int(text) >= least else least


def _say(visit: Visit) -> Say:
    return language(visit.station.language or visit.language).say


def _look(visit: Visit, ref: AttachmentRef, part: int = 0) -> View:
    office, say = visit.office, _say(visit)
    words = {name: say(text) for name, text in _WORDS.items()}
    return office.viewer.look(
        Wanted(visit.case, ref.id, part), ref, lambda: office.attachment(visit.case, ref), words
    )  # fmt: skip


def view(visit: Visit) -> Response:
    """Show some pages of an attachment, or say why not."""
    ref, part = _ref(visit), _number(visit.query.get("part", ""))
    seen = _look(visit, ref, part)
    count = len(seen.shown.pages)
    first = min(_number(visit.query.get("page", ""), 1), max(count, 1))
    return visit.render(
        "view.html", 200 if count else 409, case=visit.case, entry=int(visit.path["entry"]), ref=ref, part=part,
        view=seen, first=first, last=min(first + PAGES_AT_ONCE - 1, count), step=PAGES_AT_ONCE,
    )  # fmt: skip


def page(visit: Visit) -> Response:
    """Give one page as a picture that was compressed here."""
    wanted = Wanted(visit.case, _ref(visit).id, int(visit.path["part"]))
    found = visit.office.viewer.page(wanted, int(visit.path["page"]))
    if found is None:
        raise ActError("no-attachment")
    return Response(found.png(), media_type="image/png")


def evidence(visit: Visit) -> Response:
    """Show what can be saved and shared of an attachment, and what it says of its maker."""
    return _evidence(visit, _ref(visit))


def _evidence(visit: Visit, ref: AttachmentRef, status: int = 200, error: str = "") -> Response:
    office = visit.office

    def read() -> Iterator[bytes]:
        return office.attachment(visit.case, ref)

    refusal = Sandbox().refusal()
    return visit.render(
        "evidence.html", status, case=visit.case, entry=int(visit.path["entry"]), ref=ref, error=error,
        digest=office.viewer.digest(ref, read), refusal=refusal,
        cleaned=None if refusal else office.viewer.clean(ref, read, copy=False),
    )  # fmt: skip


def give(visit: Visit) -> Response:
    """Write down what is given, then give it: the original, or a copy to share."""
    ref, choice = _ref(visit), visit.form.get("choice", "")
    gives = {"original": _original, "copy": _copy}
    if choice not in gives:
        return _evidence(visit, ref, 422, "no-choice-evidence")
    try:
        return gives[choice](visit, ref, _logged(visit, ref, choice))
    except ActError as error:
        return _evidence(visit, ref, 409, error.reason)
    except (UnreachableError, RefusedError) as error:
        visit.office.last_error = error
        return _evidence(visit, ref, 502, "not-done")


def _logged(visit: Visit, ref: AttachmentRef, choice: str) -> LogEvidence:
    office, of = visit.office, int(visit.path["entry"])

    def log_evidence(original: str, copies: Mapping[str, str]) -> None:
        lines = [
            f"SHA-256 {original}  {one_line(ref.name)}",
            *(f"SHA-256 {hashed}  {name}" for name, hashed in copies.items()),
        ]
        office.act(lambda: office.decisions.record(visit.case, Record("evidence", choice, of, text="\n".join(lines))))

    return log_evidence


def _original(visit: Visit, ref: AttachmentRef, log_evidence: LogEvidence) -> Response:
    office = visit.office
    log_evidence(office.viewer.digest(ref, lambda: office.attachment(visit.case, ref)), {})
    return saved(ref, office.attachment(visit.case, ref))


def _copy(visit: Visit, ref: AttachmentRef, log_evidence: LogEvidence) -> Response:
    office, say = visit.office, _say(visit)

    def read() -> Iterator[bytes]:
        return office.attachment(visit.case, ref)

    original = office.viewer.digest(ref, read)
    shown = _look(visit, ref).shown
    made = make_copy(original, office.viewer.clean(ref, read, copy=True), shown.pages, say, more=shown.more)
    log_evidence(original, made.hashes)
    headers = {"Content-Disposition": content_disposition(say(_SHARED_NAME))}
    return Response(made.content, media_type="application/octet-stream", headers=headers)


def saved(ref: AttachmentRef, chunks: Iterator[bytes]) -> Response:
    """Stream an attachment into a file that no desktop opens; a broken one ends early, so that the browser says so."""
    # The first piece is opened before the answer begins: what is missing or foreign gets a page, not an empty file.
    first = next(chunks, b"")

    def body() -> Iterator[bytes]:
        yield first
        yield from chunks

    headers = {"Content-Disposition": content_disposition(inert_name(ref.name)), "Content-Length": str(ref.length)}
    return StreamingResponse(body(), media_type="application/octet-stream", headers=headers)


def attachment(visit: Visit) -> Response:
    """Save an attachment as it is."""
    ref = _ref(visit)
    return saved(ref, visit.office.attachment(visit.case, ref))


def machine(visit: Visit) -> Response:
    """Show which programs for looking at attachments this computer has, and how to install the others."""
    lacking = list(dict.fromkeys(tool.package for tool in TOOLS if not tool.there))
    return visit.render("machine.html", tools=TOOLS, kind_words=_KINDS, lacking=lacking, refusal=Sandbox().refusal())


_PLACE: Final = "{entry:int}/{attachment}"
ROUTES: Final[list[Route]] = [
    route("/machine", machine),
    route(f"/case/{{case}}/file/{_PLACE}", attachment),
    route(f"/case/{{case}}/view/{_PLACE}", view),
    route(f"/case/{{case}}/view/{_PLACE}/{{part:int}}/{{page:int}}", page),
    route(f"/case/{{case}}/evidence/{_PLACE}", evidence),
    route(f"/case/{{case}}/evidence/{_PLACE}", give, "POST"),
]
