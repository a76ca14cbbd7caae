# SPDX-License-Identifier: EUPL-1.2
"""When the reporter's identity may be disclosed: any history of records by two officers, against the law's words anew."""

from dataclasses import dataclass

from cast import make_cast
from hypothesis import example, given, settings, strategies as st

from meldkluis.crypto.entry import FileRef, make_entry
from meldkluis.crypto.note import Note
from meldkluis.crypto.record import Record
from meldkluis.workstation.handling import Handling, Step
from meldkluis.workstation.steps import disclosable, may_disclose

CAST = make_cast()


@dataclass(frozen=True)
class Did:
    """What an officer did: a record about an earlier entry, an answer to the reporter, or leaving the case."""

    officer: int
    what: str
    of: int = 0


ACTS = st.builds(
    Did,
    st.integers(0, 1),
    st.sampled_from(["ground", "ground_unannounced", "approved", "approved", "notified", "done", "remark", "read", "answered", "leaves"]),
    st.integers(0, 2),
)  # fmt: skip


def replayed(history: list[Did]):
    """The log and records of a history; entry numbers of records count from that of the first act."""
    sealed = CAST.compose(CAST.reporter())
    log, steps = CAST.log_of(sealed), []
    log.extend("not-involved", CAST.one.signing, day=CAST.today)
    start, done = len(log.entries), []
    gone: set[int] = set()
    for did in history:
        if did.officer in gone:
            continue
        officer = CAST.officers[did.officer]
        if did.what == "leaves":
            gone.add(did.officer)
            log.extend("recused", officer.signing, day=CAST.today)
        else:
            # The log's acts that count here are told apart by name alone: a note stands for a record of any kind.
            log.entries.append(_entry(log, officer, "answered" if did.what == "answered" else "noted"))
        number = len(log.entries) - 1
        done.append((number, did))
        if did.what in {"ground", "ground_unannounced", "approved", "notified", "done"}:
            of = None if did.what.startswith("ground") else start + did.of
            steps.append(
                Step(number, CAST.today, officer.key, Record("disclosure", did.what, of, None, "wie", "waarom"))
            )
    return log, steps, done, start


def _entry(log, officer, act):
    file = FileRef(bytes(32), 1)
    files = {"answer": file, "copy": file} if act == "answered" else {"note": file}
    number = {"number": log.next_number(officer.key)} if act == "answered" else {}
    return make_entry(
        act, case=log.case, index=len(log.entries), head=log.head, signer=officer.signing, day=CAST.today, files=files,
        **number,
    )  # fmt: skip


def oracle(done, start: int) -> set[int]:
    """Article 1a: a ground; another officer, who did not withdraw, agreed; and the reporter was told of it after that,
    in a message, unless it says why telling would endanger the inquiry.
    """
    left = {did.officer for _, did in done if did.what == "leaves"}
    allowed = set()
    for number, ground in done:
        if ground.what not in {"ground", "ground_unannounced"}:
            continue
        agreed = [
            at
            for at, did in done
            if did.what == "approved" and start + did.of == number and did.officer not in {ground.officer, *left}
        ]
        if not agreed:
            continue
        messages = [at for at, did in done if did.what == "answered" and at > agreed[0]]
        told = [
            at
            for at, did in done
            if did.what == "notified" and start + did.of == number and any(message < at for message in messages)
        ]
        if ground.what == "ground_unannounced" or told:
            allowed.add(number)
    return allowed


GROUND, AGREED = Did(0, "ground"), Did(1, "approved")


@example([Did(0, "ground_unannounced"), AGREED, Did(1, "leaves")])
@example([GROUND, Did(0, "answered"), AGREED, Did(0, "notified")])
@example([GROUND, AGREED, Did(0, "notified"), Did(0, "answered")])
@example([GROUND, AGREED, Did(0, "answered"), Did(0, "notified")])
@settings(max_examples=400, deadline=None)
@given(st.lists(ACTS, max_size=7))
def test_disclosure_needs_all_that_the_law_asks(history):
    """The identity may be disclosed on exactly the grounds that an independent reading of the article allows."""
    log, steps, done, start = replayed(history)
    handling = Handling(Note(), "received", None, "", asked_advice=False, steps=tuple(steps))

    assert set(disclosable(log, handling, {})) == oracle(done, start)
    assert {step.number for step in steps if may_disclose(log, handling, {}, step.number)} == oracle(done, start)
