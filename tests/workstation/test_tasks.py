# SPDX-License-Identifier: EUPL-1.2
"""Tasks: what is due when, what makes it done, and what never does."""

from datetime import date, timedelta

import pytest
from lied_to import opened
from workplace import Workplaces

from meldkluis.crypto.note import Categories
from meldkluis.crypto.record import Record
from meldkluis.mailbox.calendar import is_working_day
from meldkluis.mailbox.terms import add_months
from meldkluis.workstation.tasks import Task, working_days_after

DAY = timedelta(days=1)


def tasks(places: Workplaces, sent, number: int = 0) -> dict[str, Task]:
    office = places.offices[number]
    line = office.summaries.one(office.dossiers.kept(sent.case))
    assert line is not None
    return {task.kind: task for task in line.tasks}


def todo(places: Workplaces, sent) -> set[str]:
    return {kind for kind, task in tasks(places, sent).items() if not task.done}


def record(places: Workplaces, sent, kind: str, choice: str = "", number: int = 0, **fields) -> int:
    places.offices[number].decisions.record(sent.case, Record(kind, choice, **fields))
    return len(places.acts(sent)) - 1


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        # Before Christmas 2026 (Friday and Saturday), and around Easter 2027 (26 to 29 March).
        (date(2026, 12, 22), 3, date(2026, 12, 28)),
        (date(2027, 3, 25), 1, date(2027, 3, 30)),
        (date(2026, 11, 23), 5, date(2026, 11, 30)),
    ],
)
def test_working_days(start: date, count: int, end: date):
    """Weekends and public holidays do not count; the day itself neither."""
    assert working_days_after(start, count) == end
    assert is_working_day(end)


def test_a_new_case(places: Workplaces):
    """A report is weighed within ten working days, the person concerned is told within a month."""
    sent = opened(places)
    day = places.clock.day
    found = tasks(places, sent)

    assert todo(places, sent) == {"weigh", "classify", "inform"}
    assert found["weigh"].due == working_days_after(day, 10)
    assert found["inform"].due == add_months(day, 1)


def test_the_way_of_an_inquiry(places: Workplaces):
    """Each step of an inquiry becomes a task when the one before was recorded, and is done when it is."""
    sent = opened(places)
    decisions, day = places.offices[0].decisions, places.clock.day
    decisions.handle(sent.case, "wbk", "assessment", None, "")
    record(places, sent, "weighing", "inquiry", text="Concreet.")
    assert {"assign", "conclude"} <= todo(places, sent)
    assert "weigh" not in todo(places, sent)
    record(places, sent, "assignment", "given", text="Vraag.", whom="Onderzoeker", when=day + 20 * DAY)
    assert tasks(places, sent)["hear"].due == day + 20 * DAY
    record(places, sent, "hearing", "heard", text="Reactie.")
    record(places, sent, "conclusion", "founded", text="Het klopt.")
    assert {"communicate", "aftercare", "evaluate"} <= todo(places, sent)
    assert not {"hear", "conclude", "assign"} & todo(places, sent)
    record(places, sent, "communication", "reporter", text="Verteld.")
    record(places, sent, "aftercare", "reporter", text="Gebeld.")
    record(places, sent, "evaluation", "done", text="Sneller.")
    decisions.categorise(sent.case, Categories("financial", "official"))
    record(places, sent, "informed", "informed", text="Brief.")

    assert todo(places, sent) == set()


def test_weighed_only_with_a_regime(places: Workplaces):
    """A weighing without a choice of regime leaves the task open: the law's terms depend on it."""
    sent = opened(places)
    record(places, sent, "weighing", "talk", text="Eerst praten.")

    assert "weigh" in todo(places, sent)


def test_a_delay_is_looked_at_every_month(places: Workplaces):
    """Not telling the person concerned is reviewed within a month, whatever day was written down."""
    sent = opened(places)
    day = places.clock.day
    record(places, sent, "informed", "delayed", text="Onderzoek loopt.", when=day + 300 * DAY)

    assert "inform" not in tasks(places, sent)
    assert tasks(places, sent)["inform-review"].due == add_months(day, 1)


def test_after_feedback(places: Workplaces):
    """After feedback the reporter is asked about detriment, now and later, and told how it stands every three months."""
    sent = opened(places)
    day = places.clock.day
    places.offices[0].acts.answer(sent.case, "feedback", 1, "Dit doen wij, want ...")
    line = places.offices[0].summaries.one(places.offices[0].dossiers.kept(sent.case))
    assert line is not None

    asked = [task for task in line.tasks if task.kind == "detriment"]
    assert [task.due for task in asked] == [add_months(day, months) + 14 * DAY for months in (0, 6, 12)]
    assert tasks(places, sent)["progress"].due == add_months(day, 3)
    record(places, sent, "detriment", "none", text="Gevraagd aan de telefoon.")
    line = places.offices[0].summaries.one(places.offices[0].dossiers.kept(sent.case))
    assert line is not None
    assert [task.done for task in line.tasks if task.kind == "detriment"] == [True, False, False]


def test_requests_breaches_and_crimes(places: Workplaces):
    """What comes in between has its own day, and ends with its own record."""
    sent = opened(places, 0, 1)
    day = places.clock.day
    asked = record(places, sent, "request", "received", text="Inzage.", when=day)
    assert tasks(places, sent)["request"].due == add_months(day, 1)
    record(places, sent, "request", "extended", text="Verlengd.", of=asked)
    assert tasks(places, sent)["request"].due == add_months(day, 3)
    record(places, sent, "request", "answered", text="Geantwoord.", of=asked)
    leak = record(places, sent, "breach", "noticed", text="Mail naar verkeerde.", when=day)
    assert tasks(places, sent)["breach"].due == day + 2 * DAY
    record(places, sent, "breach", "reported", text="Gemeld.", of=leak)
    record(places, sent, "weighing", "police", text="Omkoping.")
    assert "crime" in todo(places, sent)
    decision = record(places, sent, "crime", "report", text="Aangifte.")
    assert {"request", "breach", "crime"}.isdisjoint(todo(places, sent))
    assert "crime-approve" in todo(places, sent)
    places.fetch(1)
    record(places, sent, "crime", "approved", number=1, of=decision)
    places.fetch(0)

    assert "crime-approve" not in tasks(places, sent)


def test_a_meeting(places: Workplaces):
    """A meeting is offered within five and held within fifteen working days; then its account is due."""
    sent = opened(places)
    day = places.clock.day
    record(places, sent, "meeting", "requested", when=day)
    found = tasks(places, sent)
    assert (found["meeting-offer"].due, found["meeting-hold"].due) == (
        working_days_after(day, 5), working_days_after(day, 15),
    )  # fmt: skip
    record(places, sent, "meeting", "held", when=day, text="Melder en ik.")

    assert {"meeting-offer", "meeting-hold"}.isdisjoint(todo(places, sent))
    assert tasks(places, sent)["account"].due == working_days_after(day, 5)


def test_an_oral_report_needs_an_account(places: Workplaces):
    """A report by telephone has an account within five working days of its own, earlier day."""
    sent = opened(places)
    decisions, earlier = places.offices[0].decisions, places.clock.day - 3 * DAY
    decisions.handle(sent.case, "wbk", "received", earlier, "Gebeld.")
    decisions.categorise(sent.case, Categories("", "", "phone"))

    assert tasks(places, sent)["account"].due == working_days_after(earlier, 5)
    assert not tasks(places, sent)["account"].done


def test_no_way_for_what_has_no_terms(places: Workplaces):
    """A complaint or a wrong desk is not weighed and not inquired into here."""
    sent = opened(places)
    places.offices[0].decisions.handle(sent.case, "complaint", "received", None, "")

    assert tasks(places, sent) == {}


def test_late_tasks_come_first(places: Workplaces):
    """The list shows what is nearest first, and says what is late."""
    sent = opened(places)
    office = places.offices[0]
    line = office.summaries.one(office.dossiers.kept(sent.case))
    assert line is not None

    assert line.todo[0].kind == "weigh"
    assert not line.todo[0].late(places.clock.day)
    assert line.todo[0].late(places.clock.day + 30 * DAY)
