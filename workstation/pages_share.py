# SPDX-License-Identifier: EUPL-1.2
"""Pages about sharing a case: what goes to whom, a look before it goes, the file, and the archive's receipt.

- Nothing is kept between the pages but what the forms themselves carry; words that are looked for are kept nowhere.
- Whatever goes wrong, the page says which field and why, and what was typed comes back.
"""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from meldkluis.workstation.casefile import Choice, Part, found
from meldkluis.workstation.display import content_disposition
from meldkluis.workstation.entry_words import SHARED_WITH
from meldkluis.workstation.errors import ActError, DistrustError, RefusedError, UnreachableError
from meldkluis.workstation.render import N_, case_label, language
from meldkluis.workstation.share_words import FIELDS, REASONS
from meldkluis.workstation.sharing import Offer, fingerprint_of, read_recipient
from meldkluis.workstation.visit import Visit, route

_RECEIVED: Final = N_("Vastgelegd: het archief heeft het dossier.")
_ELSEWHERE: Final = frozenset({"no-case", "recused", "not-declared", "destroyed"})
_TICKS: Final = ("messages", "answers", "log", "notes")
_PLAIN: Final[Mapping[str, str]] = {"messages": "yes", "answers": "yes", "log": "yes"}


def share(visit: Visit) -> Response:
    """Show what can be shared."""
    visit.office.fetch_if_due()
    return _form(visit, visit.office.sharing.offer(visit.case), _PLAIN)


def _form(visit: Visit, offer: Offer, filled: Mapping[str, str], status: int = 200, error: str = "") -> Response:
    return visit.render(
        "share.html", status, case=visit.case, offer=offer, filled=filled, kinds_of=SHARED_WITH, error=error,
        reasons=REASONS, wrong=FIELDS.get(error, ""), told={item.number: item for item in offer.items},
    )  # fmt: skip


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else -1


def _choice(form: Mapping[str, str]) -> Choice:
    identity = form.get("identity", "")
    return Choice(
        kind=form.get("kind", ""), whom=form.get("whom", "").strip(), reason=form.get("reason", "").strip(),
        recipient=form.get("recipient", ""), language=form.get("language", ""), shown=_number(form.get("shown", "")),
        files=frozenset(name.removeprefix("file-") for name in form if name.startswith("file-")),
        identity=_number(identity) if identity else None, **{name: form.get(name) == "yes" for name in _TICKS},
    )  # fmt: skip


def look(visit: Visit) -> Response:
    """Show once more what goes and what stays, before anything is written down or given."""
    offer, choice = visit.office.sharing.offer(visit.case), _choice(visit.form)
    if visit.form.get("step") == "edit":
        return _form(visit, offer, visit.form)
    try:
        chosen = visit.office.sharing.check(offer, choice)
    except ActError as error:
        return _form(visit, offer, visit.form, 422, error.reason)
    return _confirm(visit, offer, choice, chosen)


def _confirm(
    visit: Visit, offer: Offer, choice: Choice, chosen: list[Part], status: int = 200, error: str = ""
) -> Response:  # fmt: skip
    recipient = read_recipient(choice.recipient)
    carried = {name: value for name, value in visit.form.items() if name not in {"csrf", "step", "compared", "seen"}}
    return visit.render(
        "share_confirm.html", status, case=visit.case, choice=choice, parts=chosen, carried=carried,
        digest=fingerprint_of(recipient), hits=found(chosen, choice, visit.form.get("words", "")), error=error,
        reasons=REASONS, kinds_of=SHARED_WITH, scanned=bool(visit.form.get("words", "").strip()),
        enclosed=[one for part in chosen for one in part.enclosures],
        stays=[one for one in offer.enclosures if one.place not in choice.files],
        irrelevant=sum(len(part.irrelevant) + (part.withheld is not None) for part in chosen),
    )  # fmt: skip


def give(visit: Visit) -> Response:
    """Write the sharing down in the log, then give the file."""
    office, choice = visit.office, _choice(visit.form)
    offer = office.sharing.offer(visit.case)
    try:
        chosen = office.sharing.check(offer, choice)
    except ActError as error:
        return _form(visit, offer, visit.form, 422, error.reason)
    error_here = ""
    if visit.form.get("compared") != "yes":
        error_here = "not-compared"
    elif found(chosen, choice, visit.form.get("words", "")) and visit.form.get("seen") != "yes":
        error_here = "not-seen"
    if error_here:
        return _confirm(visit, offer, choice, chosen, 422, error_here)
    try:
        words = _record(visit, choice)
        chunks = office.act(lambda: office.sharing.give(visit.case, choice, words, office.attachment))
    except ActError as error:
        if error.reason in _ELSEWHERE:
            raise
        return _confirm(visit, offer, choice, chosen, 422, error.reason)
    except DistrustError:
        return _confirm(visit, offer, choice, chosen, 409, "distrust")
    except (UnreachableError, RefusedError) as error:
        office.last_error = error
        return _confirm(visit, offer, choice, chosen, 502, "not-logged")
    name = f"zaak-{case_label(visit.case)}.tar.age"
    return StreamingResponse(
        chunks, media_type="application/octet-stream", headers={"Content-Disposition": content_disposition(name)}
    )


def _record(visit: Visit, choice: Choice) -> str:
    """Return what the log says of it: the reason, and what goes to which key."""
    say = language(visit.station.language or visit.language).say
    names = {
        "messages": N_("berichten van de melder"), "answers": N_("berichten aan de melder"), "log": N_("het logboek"),
        "notes": N_("notities van de behandelaars"),
    }  # fmt: skip
    inside = [say(words) for name, words in names.items() if getattr(choice, name)]
    inside += [say(N_("bijlagen")) + f": {len(choice.files)}"] if choice.files else []
    inside += [say(N_("contactgegevens van de melder"))] if choice.identity is not None else []
    key = fingerprint_of(read_recipient(choice.recipient)).hex()
    return f"{choice.reason}\n\n{say(N_('Wat erin zit'))}: {', '.join(inside)}.\n{say(N_('Sleutel'))}: {key}"


def receipt(visit: Visit) -> Response:
    """Write down the archive's receipt."""
    office, form = visit.office, visit.form
    error: str = ""
    status = 422
    try:
        office.act(
            lambda: office.sharing.receipt(visit.case, _number(form.get("of", "")), form.get("text", "").strip())
        )
    except ActError as refused:
        if refused.reason in _ELSEWHERE:
            raise
        error = {"record-text": "no-receipt"}.get(refused.reason, refused.reason)
    except DistrustError:
        status, error = 409, "distrust"
    except (UnreachableError, RefusedError) as failed:
        office.last_error = failed
        status, error = 502, "not-done"
    if error:
        return _form(
            visit, office.sharing.offer(visit.case), {**_PLAIN, "receipt": form.get("text", "")}, status, error
        )
    return visit.go(f"/case/{visit.path['case']}", _RECEIVED)


ROUTES: Final[list[Route]] = [
    route("/case/{case}/share", share),
    route("/case/{case}/share", look, "POST"),
    route("/case/{case}/share/give", give, "POST"),
    route("/case/{case}/share/receipt", receipt, "POST"),
]
