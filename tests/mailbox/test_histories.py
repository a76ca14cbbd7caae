# SPDX-License-Identifier: EUPL-1.2
"""Random histories: no live case is ever destroyed, and no closed case outlives its day.

The oracle reads the acts as they happened and knows nothing of `course`, `facts` or `actions`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from cast import TODAY, Cast, Officer, make_cast
from hypothesis import HealthCheck, example, given, settings, strategies as st

from meldkluis.crypto import age
from meldkluis.crypto.entry import FileRef
from meldkluis.crypto.errors import ChainError
from meldkluis.crypto.note import OUTCOMES
from meldkluis.mailbox.actions import automatic
from meldkluis.mailbox.daily_desk import perform
from meldkluis.mailbox.facts import facts_of
from meldkluis.mailbox.policy import Policy, Retention, ends

DAY = timedelta(days=1)
CAST: Cast = make_cast()
REPORTER = CAST.reporter()
REPORT = CAST.compose(REPORTER)
REF = FileRef(bytes(32), 4128)
NOTE = {"files": {"note": REF}}
KEYS = [age.recipient_of(age.generate_identity()) for _ in range(2)]
POLICY = Policy()
REPLIES = ("agreed", "declined")
SAID = ("message", "objected", *REPLIES)


@dataclass
class Oracle:
    """What a careful clerk remembers of a case. `happened` are (day, act, author, fields)."""

    happened: list[tuple[date, str, bytes, dict[str, Any]]] = field(default_factory=list)

    def newest_replies(self) -> list[bool | None]:
        """What the reporter said last to each question, in the order of asking."""
        said: dict[bytes, bool | None] = {}
        for _, act, _, fields in self.happened:
            if act == "asked":
                said[fields["hash"]] = None
            elif act in REPLIES:
                said[fields["of"]] = act == "agreed"
        return list(said.values())

    def last(self, *acts: str) -> int:
        return max((n for n, (_, act, _, _) in enumerate(self.happened) if act in acts), default=-1)

    @property
    def closed(self) -> bool:
        return self.last("closed") > max(self.last("reopened"), self._objected_to_a_stop())

    def _objected_to_a_stop(self) -> int:
        """Where the reporter objected while no term ran: what was closed without the reporter is open again."""
        stopped, found = False, -1
        for n, (_, act, _, _) in enumerate(self.happened):
            found = n if act == "objected" and stopped else found
            stopped = act == "clock-stopped" or (stopped and act not in {"clock-runs", "objected"})
        return found

    def unread(self, officers: set[bytes]) -> bool:
        heard = self.last(*SAID, "submitted")
        return not any(
            author in officers and act not in {"recused", "destroyed"}
            for _, act, author, _ in self.happened[heard + 1 :]
        )

    def held_until(self) -> date:
        at = self.last("held", "released")
        return date.min if at < 0 or self.happened[at][1] == "released" else self.happened[at][3]["until"]

    def heard_after_closing(self) -> date:
        at = self.last(*SAID)
        return (
            self.happened[at][0]
            if at >= 0 and self.happened[at][0] > self.happened[self.last("closed")][0]
            else date.min
        )

    def may_go(self, day: date) -> bool:
        """Whether a clerk would let the case be destroyed today."""
        if not self.closed or self.unread({officer.key for officer in CAST.officers}):
            return False
        at = self.last("closed")
        fields = self.happened[at][3]
        if day < fields["destroy_after"] or day <= self.held_until():
            return False
        if day < self.heard_after_closing() + timedelta(days=30):
            return False
        fresh = max(at, self.last(*SAID))
        approved = {self.happened[at][2]} | {
            author for _, act, author, _ in self.happened[fresh:] if act == "destruction-approved"
        }
        noticed = [
            when for when, act, _, _ in self.happened[max(fresh, self.last("held")) :] if act == "destruction-announced"
        ]
        return day >= noticed[-1] + timedelta(days=30) if noticed else len(approved) >= 2

    def latest_end(self) -> date:
        """The day on which a closed, read case must be gone when nothing more happens."""
        fields = self.happened[self.last("closed")][3]
        heard = max(self.heard_after_closing(), self.happened[self.last("closed")][0])
        return max(
            fields["destroy_after"], self.held_until() + DAY if self.held_until() > date.min else date.min, heard
        ) + timedelta(days=30)


class History:
    """A case that lives through days, with the daily run of each."""

    def __init__(self) -> None:
        self.today = TODAY
        self.oracle = Oracle()
        self.log = CAST.log_of(REPORT)
        self.gone: date | None = None
        self.note("submitted", REPORTER.signing_key.verify_key, {})

    def note(self, act: str, author: bytes, fields: dict[str, Any]) -> None:
        self.oracle.happened.append((self.today, act, author, fields))

    def act(self, act: str, officer: Officer, **fields: Any) -> None:
        """An act that is refused by the rules does not happen."""
        try:
            entry = self.log.extend(act, officer.signing, day=self.today, **fields)
        except ChainError:
            return
        self.note(act, officer.key, {**entry.fields, "hash": entry.hash})

    def write(self, act: str, **given: Any) -> None:
        fields = given if act != "message" else {
            "number": self.log.next_number(self.log.reporter_key), "files": {"message": REF}, "attachments": [],
        }  # fmt: skip
        try:
            self.log.extend(act, REPORTER.signing_key, **fields)
        except ChainError:
            return
        CAST.received(self.log, self.today)
        self.note(act, self.log.reporter_key, fields)

    def reply(self, act: str, place: int) -> None:
        """Say yes or no to the first or the last question; nothing else than what was said before is refused."""
        asked = [fields["hash"] for _, name, _, fields in self.oracle.happened if name == "asked"]
        before, of = self.oracle.newest_replies(), asked[place] if asked else bytes(32)
        count = len(self.log.entries)
        self.write(act, of=of)
        taken = len(self.log.entries) > count
        assert taken == (bool(asked) and before[place] is not (act == "agreed"))

    def live(self, days: int) -> None:
        for _ in range(days):
            if self.gone is not None:
                return
            self.today += DAY
            dues = automatic(facts_of(self.log), POLICY, self.today)
            if any(due.kind == "destroy" for due in dues):
                assert self.oracle.may_go(self.today), "a live case was destroyed"
                self.gone = self.today
                return
            for due in dues:
                perform(self.log, due, CAST.server, self.today)
                entry = self.log.entries[-1]
                self.note(entry.act, entry.author, dict(entry.fields))
            # What the run just did leaves nothing for a second one.
            assert automatic(facts_of(self.log), POLICY, self.today) == []


def destroy(history: History, officer: Officer) -> None:
    """A workstation says that it destroyed: the log takes it only when the clerk would."""
    before = len(history.log.entries)
    history.act("destroyed", officer)
    if len(history.log.entries) > before:
        history.oracle.happened.pop()
        assert history.oracle.may_go(history.today), "a workstation destroyed a live case"
        history.gone = history.today


def take_over(history: History, officer: Officer) -> None:
    history.act("case-key", officer, recipient=KEYS[0], identity_recipient=KEYS[1], files={"grant": REF})


def answer(act: str) -> Callable[[History, Officer], None]:
    def run(history: History, officer: Officer) -> None:
        number = history.log.next_number(officer.key)
        history.act(act, officer, number=number, files={"answer": REF, "copy": REF})

    return run


def close(outcome: str) -> Callable[[History, Officer], None]:
    return lambda history, officer: history.act(
        "closed", officer, **NOTE, **vars(ends(outcome, history.today, Retention()))
    )


ACTS: dict[str, Callable[[History, Officer], None]] = {
    "take over": take_over,
    **{act: answer(act) for act in ("acknowledged", "answered", "feedback", "clock-stopped", "asked")},
    **{f"close {outcome}": close(outcome) for outcome in OUTCOMES},
    "reopen": lambda history, officer: history.act("reopened", officer, **NOTE),
    "hold": lambda history, officer: history.act("held", officer, **NOTE, until=history.today + timedelta(days=60)),
    "release": lambda history, officer: history.act("released", officer),
    "approve": lambda history, officer: history.act("destruction-approved", officer),
    "read": lambda history, officer: history.act("read", officer),
    "clock": lambda history, officer: history.act("clock-runs", officer, since=history.today),
    "destroy": destroy,
    "recuse": lambda history, officer: history.act("recused", officer),
    "write": lambda history, _: history.write("message"),
    "object": lambda history, _: history.write("objected"),
    **{
        f"{act} {place}": lambda history, _, act=act, place=place: history.reply(act, place)
        for act in REPLIES
        for place in (0, -1)
    },
}
USUAL = ["take over", "acknowledged", "feedback", "close unfounded"]
steps = st.tuples(st.integers(0, 45), st.sampled_from(sorted(ACTS)), st.sampled_from(CAST.officers))
NEAR_THE_END = ("write", "read", "approve", "approve", "hold", "destroy", "destroy", "reopen")
near_the_end = st.tuples(
    st.sampled_from([0, 1, 5, 29, 30, 31]), st.sampled_from(NEAR_THE_END), st.sampled_from(CAST.officers[:2])
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    case=st.one_of(
        st.tuples(st.booleans(), st.lists(steps, max_size=14)),
        st.tuples(st.just(value=True), st.lists(near_the_end, min_size=3, max_size=12)),
    )
)
@example(
    case=(True, [(0, "write", CAST.one), (0, "read", CAST.one), (0, "approve", CAST.two), (5, "destroy", CAST.one)])
)
@example(
    case=(
        False,
        [
            (0, "take over", CAST.one),
            (0, "clock-stopped", CAST.one),
            (0, "close founded", CAST.one),
            (0, "object", CAST.one),
        ],
    )
)
@example(
    case=(
        True,
        [
            (0, "asked", CAST.one),
            (0, "agreed 0", CAST.one),
            (0, "agreed 0", CAST.one),
            (0, "asked", CAST.two),
            (0, "declined 0", CAST.one),
            (0, "approve", CAST.two),
            (5, "declined -1", CAST.one),
            (0, "destroy", CAST.one),
        ],
    )
)
@example(case=(True, [(0, "approve", CAST.two), (0, "hold", CAST.one), (5, "destroy", CAST.one)]))
@example(case=(True, [(0, "approve", CAST.two), (0, "reopen", CAST.one), (5, "destroy", CAST.one)]))
def test_live_cases_stay_and_closed_ones_go(case: tuple[bool, list[tuple[int, str, Officer]]]):
    """Whatever happens in whatever order; at the end, quiet days pass until the last day that the clerk would allow."""
    history, (usual, story) = History(), case
    for name in USUAL if usual else []:
        ACTS[name](history, CAST.one)
    if usual:
        history.live(60)
    for days, name, officer in story:
        history.live(days)
        if history.gone is None:
            ACTS[name](history, officer)
            assert list(history.log.course.answers_to.values()) == history.oracle.newest_replies()
    if history.gone is None and history.oracle.closed:
        history.act("read", CAST.one)
        history.act("read", CAST.two)
        history.act("read", CAST.deputy)
    if history.gone is None and history.oracle.closed and not history.oracle.unread({o.key for o in CAST.officers}):
        end = max(history.oracle.latest_end(), history.today + timedelta(days=31))
        history.live((end - history.today).days)
        assert history.gone is not None, "a closed case outlived its day"
    elif history.gone is None:
        history.live(800)
        assert history.gone is None
