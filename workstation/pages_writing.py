# SPDX-License-Identifier: EUPL-1.2
"""What the officer writes to the reporter: messages, feedback in its parts, questions to answer with yes or no."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from meldkluis.crypto.entry import ANSWER_ACTS
from meldkluis.crypto.message import CONFIRMED_KINDS
from meldkluis.workstation.casepage import case_page
from meldkluis.workstation.errors import ActError, DistrustError, RefusedError, UnreachableError
from meldkluis.workstation.phrases import FEEDBACK, NEEDED, PHRASES, feedback_text, phrase
from meldkluis.workstation.render import N_
from meldkluis.workstation.visit import Visit, route

_SENT: Final = N_("Verstuurd. De melder leest uw bericht met de ontvangstcode.")
_NONE: Final[Mapping[str, str]] = {}


def _language(visit: Visit) -> str:
    """Return the reporter's language, as the first message says."""
    dossiers = visit.office.dossiers
    log = dossiers.require_declared(visit.case)
    return dossiers.open_message(log, log.submitted, dossiers.identities(log)).document.language


def _send(
    visit: Visit, send: Callable[[], None], typed: tuple[str, str], filled: Mapping[str, str] = _NONE
) -> Response:
    """Send, and say so; whatever goes wrong, what was typed comes back: in `filled`'s form where it was not kept."""
    try:
        visit.office.act(send)
    except ActError as error:
        # Refused before anything was kept as a draft, or because the message stands already.
        return case_page(visit, 422, error=error.reason, typed=None if filled else typed, filled=filled)
    except DistrustError:
        return case_page(visit, 409, error="distrust", typed=typed, filled=filled)
    except UnreachableError:
        return case_page(visit, 502, error="not-sent", typed=typed, filled=filled)
    except RefusedError as error:
        visit.office.last_error = error
        return case_page(visit, 409, error="refused", typed=typed, filled=filled)
    return visit.go(f"/case/{visit.path['case']}", _SENT)


def answer(visit: Visit) -> Response:
    """Send an answer, or put a text to begin with below it."""
    office, form = visit.office, visit.form
    act, text, number = form.get("act", ""), form.get("text", ""), form.get("number", "")
    if form.get("fill") and form.get("phrase") in PHRASES:
        begun = phrase(form["phrase"], _language(visit))
        return case_page(visit, typed=(act, f"{text.rstrip()}\n\n{begun}" if text.strip() else begun))
    if act not in ANSWER_ACTS or not number.isascii() or not number.isdigit():
        return case_page(visit, 422, error="no-act", typed=("", text))
    return _send(visit, lambda: office.acts.answer(visit.case, act, int(number), text), (act, text))


def feedback(visit: Visit) -> Response:
    """Send feedback; without assessment, follow-up and grounds it is none."""
    office, form = visit.office, visit.form
    parts = {name: form.get(name, "") for name in FEEDBACK}
    number, filled = form.get("number", ""), {**parts, "form": "feedback"}
    if not all(parts[name].strip() for name in NEEDED) or not number.isascii() or not number.isdigit():
        return case_page(visit, 422, error="feedback-parts", filled=filled)
    text = feedback_text(parts, _language(visit))
    return _send(
        visit, lambda: office.acts.answer(visit.case, "feedback", int(number), text), ("feedback", text), filled
    )


def ask(visit: Visit) -> Response:
    """Ask something definite: whether an account is right, for consent, when to meet, or about detriment."""
    office, form = visit.office, visit.form
    kind, text, number = form.get("kind", ""), form.get("question", ""), form.get("number", "")
    filled = {"form": "ask", "kind": kind, "question": text, "slots": form.get("slots", "")}
    if not number.isascii() or not number.isdigit():
        return case_page(visit, 422, error="no-act", filled=filled)
    if kind in CONFIRMED_KINDS and office.oral.holds_code(visit.case):
        # A yes could be signed here as well, and would prove nothing.
        return case_page(visit, 422, error="code-held", filled=filled)
    slots = form.get("slots", "").splitlines() if kind == "meeting" else []
    return _send(visit, partial(office.acts.ask, visit.case, kind, int(number), text, slots), ("", text), filled)


def drop_draft(visit: Visit) -> Response:
    """Throw away a text that was kept."""
    visit.office.dossiers.require_declared(visit.case)
    visit.office.book.set_draft(visit.case, None)
    return visit.go(f"/case/{visit.path['case']}")


ROUTES: Final[list[Route]] = [
    route("/case/{case}/answer", answer, "POST"),
    route("/case/{case}/feedback", feedback, "POST"),
    route("/case/{case}/ask", ask, "POST"),
    route("/case/{case}/draft", drop_draft, "POST"),
]
