# SPDX-License-Identifier: EUPL-1.2
"""Pages of the steps of the law: what is to be done in a case, a form for each step, what is counted; access."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import day as read_day
from meldkluis.crypto.errors import FormatError
from meldkluis.crypto.note import ANONYMOUS, CHANNELS, MEASURES, SUBJECTS, TYPES, Categories
from meldkluis.crypto.record import Record
from meldkluis.crypto.roster import Member
from meldkluis.workstation.errors import ActError, DistrustError, RefusedError, UnreachableError
from meldkluis.workstation.handling import Handling, Step
from meldkluis.workstation.render import N_
from meldkluis.workstation.steps import GROUNDS, consents, of_kind
from meldkluis.workstation.steps_words import GROUPS, OF_TASK, STEPS, StepForm, choice_of, title_of
from meldkluis.workstation.visit import Visit, route
from meldkluis.workstation.words import REASONS

_Access = tuple[date, bytes, str, Member | None, Record | None]
_NOTED: Final = N_("Vastgelegd.")
_NONE: Final[Mapping[str, str]] = {}
_PASSED_ON: Final = frozenset({"no-case", "recused", "not-declared", "destroyed"})


def steps(visit: Visit) -> Response:
    """Show what is to be done in a case, and what was."""
    return _steps_page(visit)


def _steps_page(visit: Visit, status: int = 200, *, error: str = "", filled: Mapping[str, str] = _NONE) -> Response:
    office = visit.office
    log = office.dossiers.require_declared(visit.case)
    line = office.summaries.one(office.dossiers.kept(visit.case))
    assert line is not None
    handling = office.summaries.handling(log)
    return visit.render(
        "steps.html",
        status,
        case=visit.case,
        line=line,
        done=[task for task in line.tasks if task.done],
        of_task=OF_TASK,
        groups={group: [(kind, STEPS[kind].title) for kind in kinds] for group, kinds in GROUPS.items()},
        made=[_made(visit, step) for step in reversed(handling.steps)],
        categories=handling.note.categories,
        types=TYPES,
        subjects=SUBJECTS,
        channels=CHANNELS[1:],
        anonymous=ANONYMOUS,
        measures=MEASURES,
        can_decide=log.case_key is not None,
        error=error,
        filled=filled,
        reasons=REASONS,
        today=office.today(),
    )


def _made(visit: Visit, step: Step) -> dict[str, Any]:
    record = step.record
    return {
        "step": step,
        "record": record,
        "title": title_of(record.kind),
        "choice": choice_of(record.kind, record.choice),
        "by": visit.office.trust.person(step.author),
        "me": step.author == visit.office.keyring.key,
    }


def categorise(visit: Visit) -> Response:
    """Write down what register and yearly report count."""
    form = visit.form
    chosen = tuple(name for name in MEASURES if form.get(f"measure-{name}") == "yes")
    values = {name: form.get(name, "") for name in ("type", "subject", "channel", "anonymous")}
    try:
        categories = Categories.from_json({**values, "measures": list(chosen)})
        if "none" in chosen and len(chosen) > 1:
            return _steps_page(visit, 422, error="measure-none", filled=form)
        visit.office.act(lambda: visit.office.decisions.categorise(visit.case, categories))
    except FormatError:
        return _steps_page(visit, 422, error="bad-category", filled=form)
    except (UnreachableError, RefusedError) as error:
        visit.office.last_error = error
        return _steps_page(visit, 502, error="not-done", filled=form)
    return visit.go(f"/case/{visit.path['case']}/steps", _NOTED)


def step(visit: Visit) -> Response:
    """Show the form of a step."""
    return _step_page(visit, _form_of(visit))


def _form_of(visit: Visit) -> StepForm:
    if visit.path["kind"] not in STEPS:
        raise ActError("no-case")
    return STEPS[visit.path["kind"]]


def _step_page(
    visit: Visit, form: StepForm, status: int = 200, *, error: str = "", filled: Mapping[str, str] = _NONE
) -> Response:
    office, kind = visit.office, visit.path["kind"]
    log = office.dossiers.require_declared(visit.case)
    handling = office.summaries.handling(log)
    return visit.render(
        "step.html",
        status,
        case=visit.case,
        kind=kind,
        form=form,
        made=[_made(visit, made) for made in reversed(of_kind(handling, kind))],
        subjects=_subjects(visit, log, handling, kind) if form.of else [],
        error=error,
        filled=filled or visit.query,
        reasons=REASONS,
        today=office.today(),
    )


def _subjects(visit: Visit, log: CaseLog, handling: Handling, kind: str) -> list[tuple[int, str, Any]]:
    """Return what a record can be about: the number of its entry, its title, and its day or None."""
    if kind == "irrelevant":
        items = visit.office.dossiers.timeline(visit.case)
        return [(item.number, "message", item.day) for item in items if item.document is not None]
    first = {"disclosure": GROUNDS, "request": {"received"}, "breach": {"noticed"}, "crime": {"report", "no_report"}}
    found = [
        (made.number, choice_of(kind, made.record.choice), made.day) for made in of_kind(handling, kind, *first[kind])
    ]
    if kind == "disclosure":
        asked = visit.office.dossiers.asked(log, visit.office.dossiers.identities(log))
        found += [(number, "consent", log.entries[number].fields["day"]) for number in consents(log, asked)]
    return found


def record(visit: Visit) -> Response:
    """Write a step down; what was typed comes back when it was not taken."""
    form, kind = _form_of(visit), visit.path["kind"]
    try:
        made = _read(visit.form, kind, form)
        visit.office.act(lambda: visit.office.decisions.record(visit.case, made))
    except ActError as error:
        if error.reason in _PASSED_ON:
            raise
        return _step_page(visit, form, 422, error=error.reason, filled=visit.form)
    except DistrustError:
        return _step_page(visit, form, 409, error="distrust", filled=visit.form)
    except (UnreachableError, RefusedError) as error:
        visit.office.last_error = error
        return _step_page(visit, form, 502, error="not-done", filled=visit.form)
    return visit.go(f"/case/{visit.path['case']}/steps", _NOTED)


def _read(filled: Mapping[str, str], kind: str, form: StepForm) -> Record:
    when, of = filled.get("when", "").strip(), filled.get("of", "")
    try:
        day = read_day(when) if when and form.when else None
    except FormatError:
        raise ActError("record-when") from None
    if of and not (of.isascii() and of.isdigit() and len(of) < 7):
        raise ActError("record-of")
    choice = filled.get("choice", "") if form.choices else ""
    if form.choices and choice not in form.choices:
        raise ActError("record-choice")
    whom = filled.get("whom", "").strip() if form.whom else ""
    if len(whom) > 1000 or len(filled.get("text", "")) > 200_000:
        raise ActError("too-long-record")
    return Record(kind, choice, int(of) if of and form.of else None, day, whom, filled.get("text", "").strip())


def access(visit: Visit) -> Response:
    """Show who opened contact details, shared a case or disclosed an identity: a list to go through every month."""
    office = visit.office
    found: list[_Access] = []
    for line in office.summaries.all():
        if line.destroyed is None and line.declaration == "not-involved":
            log = office.dossiers.log(line.case)
            found += [
                (entry.fields["day"], line.case, "identity-opened", office.trust.person(entry.author), None)
                for entry in log.entries
                if entry.act == "identity-opened"
            ]
            steps_made = office.summaries.handling(log).steps
            found += [
                (made.day, line.case, made.record.kind, office.trust.person(made.author), made.record)
                for made in steps_made
                if made.record.kind == "shared" or (made.record.kind, made.record.choice) == ("disclosure", "done")
            ]
    return visit.render("access.html", rows=sorted(found, key=lambda row: row[0], reverse=True))


ROUTES: Final[list[Route]] = [
    route("/case/{case}/steps", steps),
    route("/case/{case}/categories", categorise, "POST"),
    route("/case/{case}/step/{kind}", step),
    route("/case/{case}/step/{kind}", record, "POST"),
    route("/access", access),
]
