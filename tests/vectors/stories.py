# SPDX-License-Identifier: EUPL-1.2
"""Whole cases for shared.json: logs that hold, with what each entry changes, and entries that may not follow.

Python and JavaScript replay them (tests/client/test_stories.py, stories.test.mjs) and must come to the same. What the terms
are is here too, with the worked examples of the law's arithmetic.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from cast import ORGANISATION, TODAY, Cast, Officer, make_officer

from meldkluis.crypto import age, receipt
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import b64
from meldkluis.crypto.entry import (
    ANSWER_ACTS,
    NOTE_ACTS,
    OFFICER_ACTS,
    REPLY_ACTS,
    SERVER_ACTS,
    Dues,
    Entry,
    FileRef,
    make_entry,
)
from meldkluis.crypto.errors import ChainError
from meldkluis.crypto.signed import SigningKey
from meldkluis.intake.casefile import dues_told
from meldkluis.mailbox.actions import counted

_FILE = FileRef(bytes(32), 5000)
_NEXT_WEEK = TODAY + timedelta(days=7)


def on(days: int) -> date:
    """Return the day so many days after the report."""
    return TODAY + timedelta(days=days)


def state(log: CaseLog) -> dict[str, Any]:
    """Return where a case stands, as plain values that JavaScript can compare."""
    course, ends, told = log.course, log.course.ends_on(), dues_told(log)
    days = {
        "since": course.since, "acknowledged": course.acknowledged, "feedback": course.feedback, "ends": ends,
        "unread": course.unread, "heard": course.heard, "acknowledge": told.acknowledgement, "hear": told.feedback,
    }  # fmt: skip
    return {
        **{name: None if day is None else day.isoformat() for name, day in days.items()},
        "runs": course.runs,
        "objected": course.objected,
        "may_object": course.may_object,
        "answers_to": list(course.answers_to.values()),
        "deputy_reads": log.deputy_reads,
        "lapsed": sorted(f"{term}{end}" for term, end in course.lapsed),
        "officers": len(log.officers),
        "ever": len(log.ever_officers),
        "approvals": len(course.approvals),
        "destroyed": len(course.destroyed_by),
        "closed": course.closed is not None,
        "held": course.held is not None,
        "announced": course.announced is not None,
        "recipient": (log.case_recipient or "")[-8:],
        "identity_recipient": (log.identity_recipient or "")[-8:],
    }


@dataclass
class Story:
    """A log that grows, and what was refused on the way. `who` of an entry is a signing key."""

    name: str
    cast: Cast
    reporter: receipt.Receipt
    number: int
    alone: bool = False
    log: CaseLog = field(init=False)
    now: dict[str, Any] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)
    bad: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with a report to both officers, or to the first alone with everybody else left out."""
        one, two, deputy = (officer.key for officer in self.cast.officers)
        self.log = CaseLog(ORGANISATION, self.reporter.case, [self.cast.server.verify_key])
        self._take(
            "submitted", self.me, organisation=ORGANISATION, roster=self.cast.roster.hash,
            to=[one] if self.alone else sorted([one, two]), not_to=sorted([two, deputy]) if self.alone else [],
            deputy=None if self.alone else deputy, keys=sorted(bytes([n]) * 32 for n in range(1 if self.alone else 3)),
            tag=bytes(32), commitment=bytes(32), files={"content": _FILE, "identity": _FILE}, attachments=(),
        )  # fmt: skip

    @property
    def me(self) -> SigningKey:
        """The reporter's key."""
        return self.reporter.signing_key

    @property
    def hash(self) -> bytes:
        """The hash of the newest entry."""
        return self.log.entries[-1].hash

    @property
    def server(self) -> SigningKey:
        """The server's key."""
        return self.cast.server

    def fields(self, act: str, who: SigningKey, given: dict[str, Any]) -> dict[str, Any]:
        """Return what the act brings besides `given`."""
        more: dict[str, Any] = {}
        if act in ANSWER_ACTS:
            more = {"number": self.log.next_number(who.verify_key), "files": {"answer": _FILE, "copy": _FILE}}
        elif act in NOTE_ACTS:
            more = {"files": {"note": _FILE}}
        elif act == "message":
            more = {"number": self.log.next_number(who.verify_key), "files": {"message": _FILE}, "attachments": ()}
        elif act == "case-key":
            keys = [age.recipient_of(bytes_as_identity(who, slot)) for slot in (1, 2)]
            more = {
                "recipient": keys[0],
                "identity_recipient": keys[1],
                "files": {} if self.alone else {"grant": _FILE},
            }
        elif act == "officer-added":
            more = {"key": bytes(32), "files": {"grant": _FILE}}
        elif act == "handed-over":
            more = {"roster": None}
        elif act == "received":
            first = self.log.entries[-1].act == "submitted"
            dues = Dues(given["day"] + timedelta(days=7), given["day"] + timedelta(days=97)) if first else None
            more = {"of": self.log.head, "commitment": bytes(32) if first else None, "dues": dues}
        return more | given

    def _take(self, act: str, who: SigningKey, **given: Any) -> None:
        self.log.extend(act, who, **self.fields(act, who, given))
        now = state(self.log) if self.log.received else {}
        self.changes.append({name: value for name, value in now.items() if self.now.get(name, ...) != value})
        self.now = now

    def add(self, act: str, who: SigningKey, days: int, **given: Any) -> None:
        """Take an entry in that holds."""
        self._take(act, who, day=on(days), **given)

    def say(self, act: str, days: int, **given: Any) -> None:
        """Let the reporter send something, and the server receive it."""
        self._take(act, self.me, **given)
        self.add("received", self.server, days)

    def refuse(self, name: str, act: str, who: SigningKey, days: int | None, **given: Any) -> None:
        """Note an entry that may not follow here."""
        fields = self.fields(act, who, given if days is None else {"day": on(days), **given})
        index, head = len(self.log.entries), self.log.head
        self._refused(name, make_entry(act, case=self.log.case, index=index, head=head, signer=who, **fields))

    def _refused(self, name: str, entry: Entry) -> None:
        named = f"{entry.act}: {name}"
        try:
            self.log.check(entry)
        except ChainError as error:
            vector = {"name": named, "story": self.number, "after": entry.index, "reason": str(error)}
            self.bad.append({**vector, "entry": b64(entry.raw)})
            return
        raise AssertionError(f"{self.name}: {named} holds")

    def reply(self, name: str, act: str, who: SigningKey, of: bytes) -> None:
        """Note a yes or no that may not follow here."""
        entry = make_entry(act, case=self.log.case, index=len(self.log.entries), head=self.log.head, signer=who, of=of)
        self._refused(name, entry)

    def wrong_signers(self, days: int) -> None:
        """Note every act signed by somebody who may never make it."""
        more = {
            "lapsed": {"term": "feedback", "end": "internal", "due": on(days)},
            "handed-over": {"deputy": self.cast.deputy.key},
            "destruction-announced": {"on": on(days + 30)},
            "officer-added": {"officer": self.cast.deputy.key},
            "clock-runs": {"since": on(days)},
            "closed": kept(days, 28, 28, 28),
            "held": {"until": on(days)},
        }
        for act in SERVER_ACTS:
            self.refuse("signed by an officer", act, self.cast.one.signing, days, **more.get(act, {}))
        for act in OFFICER_ACTS:
            self.refuse("signed by the server", act, self.server, days, **more.get(act, {}))
            self.refuse(
                "signed by the deputy, who has not got the case",
                act,
                self.cast.deputy.signing,
                days,
                **more.get(act, {}),
            )
        for act in ("withdrawn", "objected"):
            self.refuse("signed by the server", act, self.server, None)
        self.refuse("signed by the server", "message", self.server, None, number=2)
        for act in sorted(REPLY_ACTS):
            self.reply("signed by the server", act, self.server, bytes(32))

    def written(self) -> dict[str, Any]:
        """Return the log with what each entry changes."""
        return {"name": self.name, "log": [b64(entry.raw) for entry in self.log.entries], "changes": self.changes}


def bytes_as_identity(who: SigningKey, slot: int) -> str:
    """Return an identity that this officer always makes."""
    return age.identity_from_seed(who.seed[:31] + bytes([slot]))


def kept(days: int, identity: int, content: int, register: int) -> dict[str, date]:
    """Return until when a case that is closed on a day is kept, each in days after it."""
    ends = {"identity_until": identity, "destroy_after": content, "register_until": register}
    return {name: on(days + more) for name, more in ends.items()}


def lapse(term: str, end: str, due: int) -> dict[str, Any]:
    """Return the fields of a lapse."""
    return {"term": term, "end": end, "due": on(due)}


def beginning(story: Story) -> None:
    """From the report to the case's key."""
    one, two, server, deputy = story.cast.one.signing, story.cast.two.signing, story.server, story.cast.deputy.key
    story.refuse("before the report was received", "not-involved", one, 0)
    story.refuse("another entry", "received", server, 0, of=bytes(32))
    story.refuse("another commitment", "received", server, 0, commitment=bytes(31) + b"x")
    story.refuse("no terms", "received", server, 0, dues=None)
    for ends in ((8, 97), (7, 100), (-1, 97), (7, 6)):
        story.refuse(f"terms of {ends} days", "received", server, 0, dues=Dues(on(ends[0]), on(ends[1])))
    story.add("received", server, 0)
    story.refuse("twice", "received", server, 0)
    story.refuse("by another server", "acknowledged-auto", SigningKey.from_seed(bytes(32)), 1)
    story.wrong_signers(1)
    story.refuse("nobody took the case over", "officer-added", one, 1, officer=make_stranger().key)
    for act in ("identity-opened", "acknowledged", "answered", "feedback", "asked", "noted", "clock-stopped"):
        story.refuse("nobody took the case over", act, one, 1)
    story.refuse("nobody took the case over", "clock-runs", one, 1, since=on(0))
    story.refuse("nobody took the case over", "closed", one, 1, **kept(1, 28, 28, 28))
    story.refuse("nobody took the case over", "held", one, 1, until=on(1))
    story.refuse("no term has lapsed", "handed-over", server, 1, deputy=deputy)
    story.refuse("the terms run", "objected", story.me, None)
    story.add("not-involved", one, 1)
    story.add("not-involved", two, 1)
    story.refuse("yesterday", "not-involved", two, 0)


def whole(story: Story) -> None:
    """A case in time: answers, notes, feedback, closed, held, reopened, closed again, destroyed by both."""
    one, two, server = story.cast.one.signing, story.cast.two.signing, story.server
    beginning(story)
    story.refuse("one key for both", "case-key", one, 2, identity_recipient=age.recipient_of(bytes_as_identity(one, 1)))
    story.refuse("no secret for the other officer", "case-key", one, 2, files={})
    story.add("case-key", one, 2)
    story.refuse("a second one", "case-key", two, 2)
    story.add("officer-added", one, 2, officer=story.cast.two.key, key=bytes(31) + b"2")
    story.add("acknowledged", one, 3)
    story.refuse("acknowledged already", "acknowledged-auto", server, 3)
    story.refuse("it was acknowledged", "lapsed", server, 8, **lapse("acknowledgement", "internal", 7))
    story.refuse("a number left out", "answered", one, 3, number=5)
    story.say("message", 4)
    story.add("read", two, 5)
    story.refuse("nothing is unread", "read", one, 5)
    story.add("noted", two, 5)
    story.add("identity-opened", one, 6)
    for day, until in ((6, 191), (6, 5)):
        story.refuse(f"until {until}", "held", one, day, until=on(until))
    story.refuse("nothing is held", "released", one, 6)
    story.refuse("feedback is due", "closed", one, 6, **kept(6, 28, 28, 28))
    story.refuse("it is open", "reopened", one, 6)
    for act, more in (("destruction-announced", {"on": on(36)}), ("identity-destroyed", {})):
        story.refuse("it is open", act, server, 6, **more)
    story.refuse("it is open", "destruction-approved", one, 6)
    story.refuse("it is open", "destroyed", one, 6)
    story.add("feedback", two, 10)
    story.refuse("feedback was given", "lapsed", server, 100, **lapse("feedback", "nominal", 97))
    story.refuse("feedback was given", "clock-stopped", one, 10)
    closing(story)
    ending(story)


def closing(story: Story) -> None:
    """Closed, with a message after, reopened and closed again."""
    one, two, server = story.cast.one.signing, story.cast.two.signing, story.server
    for days in ((27, 28, 365), (29, 28, 365), (28, 366, 365), (28, 28, 364), (28, 28, 3661)):
        story.refuse(f"kept {days} days", "closed", one, 12, **kept(12, *days))
    story.add("closed", one, 12, **kept(12, 28, 60, 365))
    story.refuse("it is closed", "lapsed", server, 100, **lapse("feedback", "nominal", 97))
    story.refuse("it is closed", "clock-runs", one, 12, since=on(-1))
    story.refuse("it is closed", "clock-stopped", one, 12)
    story.refuse("too early", "destruction-announced", server, 71, on=on(101))
    story.refuse("too early", "identity-destroyed", server, 39)
    story.refuse("more than thirty days early", "destruction-approved", two, 41)
    story.refuse("approved by closing", "destruction-approved", one, 42)
    story.say("message", 41)
    story.refuse("something is unread", "identity-destroyed", server, 41)
    story.refuse("something is unread", "destruction-approved", two, 42)
    story.refuse("something is unread", "destruction-announced", server, 72, on=on(102))
    story.add("reopened", two, 43)
    story.refuse("it is open", "reopened", two, 43)
    story.add("answered", two, 43)
    story.add("closed", two, 44, **kept(44, 28, 40, 400))
    story.add("destruction-approved", one, 54)
    story.refuse("approved already", "destruction-approved", one, 60)
    story.refuse("too early, though both approved", "destroyed", one, 83)
    story.say("message", 62)
    story.add("read", one, 63)
    story.refuse("only one approval after a message", "destroyed", one, 92)


def ending(story: Story) -> None:
    """Held and released, contact details destroyed, announced, approved by both, destroyed by both."""
    one, two, server = story.cast.one.signing, story.cast.two.signing, story.server
    story.add("held", one, 64, until=on(90))
    story.refuse("held", "identity-destroyed", server, 80)
    story.refuse("held", "destruction-announced", server, 90, on=on(120))
    story.refuse("held", "destruction-approved", one, 80)
    story.add("identity-destroyed", server, 91)
    story.refuse("twice", "identity-destroyed", server, 91)
    story.refuse("a notice of a week", "destruction-announced", server, 91, on=on(98))
    story.add("destruction-announced", server, 91, on=on(121))
    story.refuse("twice", "destruction-announced", server, 92, on=on(122))
    story.add("held", two, 92, until=on(95))
    story.add("released", two, 93)
    story.add("destruction-announced", server, 93, on=on(123))
    story.refuse("a day before the notice ends", "destroyed", one, 122)
    story.add("destruction-approved", one, 94)
    story.refuse("the day that the reporter was told", "destroyed", one, 122)
    story.add("destroyed", one, 123)
    story.refuse("twice", "destroyed", one, 124)
    story.refuse("the case was destroyed", "message", story.me, None)
    story.refuse("the case was destroyed", "reopened", two, 124)
    story.refuse("the case was destroyed", "destruction-announced", server, 124, on=on(154))
    story.add("destroyed", two, 125)


def lapses(story: Story) -> None:
    """Nobody acts: all lapses, handed over, and the deputy begins anew."""
    one, server, deputy = story.cast.one.signing, story.server, story.cast.deputy
    story.add("received", server, 0)
    story.add("case-key", one, 1)
    story.refuse("the deputy, who has not got it", "case-key", deputy.signing, 1)
    story.refuse("not over yet", "lapsed", server, 6, **lapse("acknowledgement", "internal", 7))
    story.refuse("on its last day", "lapsed", server, 7, **lapse("acknowledgement", "nominal", 7))
    story.refuse("eight days", "lapsed", server, 9, **lapse("acknowledgement", "internal", 8))
    story.refuse("before the report", "lapsed", server, 9, **lapse("acknowledgement", "internal", -1))
    story.add("lapsed", server, 7, **lapse("acknowledgement", "internal", 7))
    story.refuse("twice", "lapsed", server, 7, **lapse("acknowledgement", "internal", 7))
    story.add("acknowledged-auto", server, 7)
    story.refuse("twice", "acknowledged-auto", server, 7)
    story.refuse("acknowledged by now", "lapsed", server, 8, **lapse("acknowledgement", "nominal", 7))
    story.refuse("another deputy", "handed-over", server, 7, deputy=make_stranger().key)
    story.add("handed-over", server, 7, deputy=deputy.key)
    story.refuse("twice", "handed-over", server, 7, deputy=deputy.key)
    story.refuse("another officer", "case-key", story.cast.two.signing, 8)
    story.add("case-key", deputy.signing, 8)
    story.refuse("the deputy again", "case-key", deputy.signing, 8)
    story.add("acknowledged", one, 9)
    for due in (74, 100):
        story.refuse(f"{due} days", "lapsed", server, 101, **lapse("feedback", "internal", due))
    story.add("lapsed", server, 96, **lapse("feedback", "internal", 95))
    story.refuse("on its last day", "lapsed", server, 97, **lapse("feedback", "nominal", 97))
    story.add("lapsed", server, 98, **lapse("feedback", "nominal", 97))
    story.refuse("twice", "lapsed", server, 98, **lapse("feedback", "nominal", 97))
    story.add("feedback", deputy.signing, 99)
    story.add("recused", one, 99)
    story.refuse("withdrawn from it", "officer-added", deputy.signing, 99, officer=story.cast.one.key)
    story.refuse("withdrawn from it", "noted", one, 99)


def clocks(story: Story) -> None:
    """A question: the terms stand still, the reporter objects."""
    one, server = story.cast.one.signing, story.server
    story.add("received", server, 0)
    story.add("case-key", one, 1)
    for since, why in ((0, "the same day"), (1, "a later day"), (3, "tomorrow"), (-3661, "ten years ago")):
        story.refuse(why, "clock-runs", one, 2, since=on(since))
    story.add("acknowledged", one, 1)
    story.add("clock-stopped", one, 2)
    story.refuse("twice", "clock-stopped", one, 2)
    story.refuse("the terms stand still", "lapsed", server, 98, **lapse("feedback", "nominal", 97))
    story.add("feedback", one, 3)
    story.add("clock-runs", one, 20, since=on(18))
    story.refuse("a later day", "clock-runs", one, 21, since=on(19))
    story.add("lapsed", server, 110, **lapse("feedback", "internal", 108))
    story.add("clock-stopped", one, 111)
    story.refuse("by an officer", "objected", one, None)
    story.say("objected", 112)
    story.refuse("twice", "objected", story.me, None)
    story.refuse("after an objection", "clock-stopped", one, 113)
    story.add("lapsed", server, 113, **lapse("feedback", "nominal", 91))
    story.add("clock-runs", one, 114, since=on(-10))
    story.add("lapsed", server, 114, **lapse("feedback", "internal", 82))
    story.refuse("before it was read: nothing else is unread", "read", one, 114)


def asked(story: Story) -> None:
    """Advice alone: closed without feedback while the terms stand still, and objected to after that."""
    one, server = story.cast.one.signing, story.server
    story.add("received", server, 0)
    story.refuse("a deputy whom nobody named", "handed-over", server, 0, deputy=story.cast.deputy.key)
    story.refuse("a secret for nobody", "case-key", one, 1, files={"grant": _FILE})
    story.add("case-key", one, 1)
    story.refuse("left out", "officer-added", one, 1, officer=story.cast.two.key)
    story.add("clock-stopped", one, 1)
    story.add("feedback", one, 2)
    story.add("closed", one, 2, **kept(2, 28, 28, 365))
    story.say("objected", 3)
    story.refuse("open again by the objection", "destruction-approved", one, 40)
    story.refuse("open again by the objection", "identity-destroyed", server, 40)
    story.refuse("what was said while no term ran is no feedback", "closed", one, 40, **kept(40, 28, 28, 365))
    story.add("lapsed", server, 98, **lapse("feedback", "nominal", 97))
    story.add("feedback", one, 99)
    story.add("closed", one, 100, **kept(100, 28, 28, 365))
    story.say("message", 130)
    story.refuse("unread, not for half a year yet", "destruction-announced", server, 313, on=on(343))
    story.add("identity-destroyed", server, 314)
    story.add("destruction-announced", server, 314, on=on(344))
    story.refuse("a day early", "destroyed", one, 343)
    story.add("destroyed", one, 344)


def moved(story: Story) -> None:
    """Counted from a later day, which the reporter does not accept; messages long after the end put nothing off."""
    one, two, server = story.cast.one.signing, story.cast.two.signing, story.server
    story.add("received", server, 0)
    story.add("case-key", one, 1)
    story.add("clock-stopped", one, 1)
    story.add("clock-runs", one, 1, since=on(1))
    story.add("lapsed", server, 8, **lapse("acknowledgement", "internal", 8))
    story.say("objected", 8)
    story.refuse("twice", "objected", story.me, None)
    story.refuse("put off again", "clock-stopped", one, 9)
    story.add("lapsed", server, 9, **lapse("acknowledgement", "internal", 7))
    story.add("feedback", one, 10)
    story.add("closed", one, 10, **kept(10, 28, 28, 365))
    story.add("destruction-approved", two, 30)
    story.say("message", 223)
    story.refuse("unread", "destroyed", two, 223)
    story.add("read", two, 224)
    story.refuse("approved before the message", "destroyed", two, 224)
    story.add("destruction-announced", server, 224, on=on(254))
    for said in (230, 240):
        story.say("message", said)
        story.add("read", one, said + 1)
    story.refuse("the first message after the notice helps", "destroyed", one, 259)
    story.add("destroyed", one, 260)


def questions(story: Story) -> None:
    """Asked twice; the reporter says yes and no, and the newest counts; none of it acknowledges or is feedback."""
    one, two, server = story.cast.one.signing, story.cast.two.signing, story.server
    story.add("received", server, 0)
    story.add("case-key", one, 1)
    story.add("answered", one, 1)
    answered = story.hash
    story.reply("to an answer", "agreed", story.me, answered)
    story.add("asked", one, 2)
    first = story.hash
    story.reply("to an entry of no log", "declined", story.me, bytes(32))
    story.reply("by an officer", "agreed", two, first)
    story.say("agreed", 3, of=first)
    story.reply("twice", "agreed", story.me, first)
    story.add("asked", two, 4)
    second = story.hash
    story.reply("to a yes", "declined", story.me, story.log.entries[-3].hash)
    story.say("declined", 5, of=second)
    story.reply("twice", "declined", story.me, second)
    story.say("declined", 6, of=first)
    story.reply("twice", "declined", story.me, first)
    story.say("agreed", 7, of=second)
    story.add("lapsed", server, 8, **lapse("acknowledgement", "internal", 7))
    story.refuse("feedback is due", "closed", one, 9, **kept(9, 28, 28, 365))
    story.add("feedback", one, 9)
    story.add("closed", one, 9, **kept(9, 28, 28, 365))
    story.add("destruction-approved", two, 10)
    story.say("agreed", 11, of=first)
    story.refuse("approved before the reporter agreed", "destroyed", one, 60)


def deserted(story: Story) -> None:
    """All withdraw, and the deputy gets the case though no term has lapsed."""
    one, two = story.cast.one.signing, story.cast.two.signing
    story.add("received", story.server, 0)
    story.add("recused", one, 0)
    story.refuse("an officer is left", "handed-over", story.server, 0, deputy=story.cast.deputy.key)
    story.add("recused", two, 1)
    story.refuse(
        "nobody is left who could have left", "handed-over", story.server, 1, deputy=story.cast.deputy.key,
        roster=story.cast.roster.hash,
    )  # fmt: skip
    story.add("handed-over", story.server, 1, deputy=story.cast.deputy.key)
    story.add("case-key", story.cast.deputy.signing, 2)
    story.add("officer-added", story.cast.deputy.signing, 2, officer=make_stranger().key)


def replaced(story: Story) -> None:
    """Both officers are off the roster that the server names, and no term has lapsed; a message stays unread meanwhile."""
    one, deputy = story.cast.one.signing, story.cast.deputy
    story.add("received", story.server, 0)
    story.add("case-key", one, 1)
    story.add("read", one, 1)
    story.say("message", 2)
    story.add("officer-added", one, 3, officer=make_stranger().key)
    story.refuse("no roster is named", "handed-over", story.server, 4, deputy=deputy.key)
    story.add("handed-over", story.server, 4, deputy=deputy.key, roster=bytes(31) + b"r")
    story.add("case-key", deputy.signing, 5)
    story.refuse("twice", "handed-over", story.server, 5, deputy=deputy.key, roster=bytes(31) + b"r")


def make_stranger() -> Officer:
    """Somebody of whom the case knows nothing."""
    return make_officer("TEST Vreemd")


TELLERS = (
    ("in time", whole),
    ("lapses", lapses),
    ("clocks", clocks),
    ("advice", asked),
    ("deserted", deserted),
    ("moved", moved),
    ("questions", questions),
    ("replaced", replaced),
)


def stories(cast: Cast) -> dict[str, Any]:
    """Return all of them, under one code."""
    code = receipt.encode(bytes(range(1, 17)), "nl")
    reporter = receipt.derive(code, ORGANISATION)
    made = []
    for number, (name, tell) in enumerate(TELLERS):
        made.append(Story(name, cast, reporter, number, alone=tell is asked))
        tell(made[-1])
    return {
        "organisation": ORGANISATION,
        "code": code,
        "case": b64(reporter.case),
        "server_keys": [b64(cast.server.verify_key)],
        "good": [story.written() for story in made],
        "bad": [vector for story in made for vector in story.bad],
    }


# (received, acknowledged, nominal end of acknowledgement, of feedback): the worked examples, and ends of months.
EXAMPLES = (
    ("2025-12-25", None, "2026-01-01", "2026-04-01"),
    ("2026-03-27", None, "2026-04-03", "2026-07-03"),
    ("2026-04-20", None, "2026-04-27", "2026-07-27"),
    ("2026-04-28", None, "2026-05-05", "2026-08-05"),
    ("2026-05-07", None, "2026-05-14", "2026-08-14"),
    ("2026-11-21", None, "2026-11-28", "2027-02-28"),
    ("2026-12-18", None, "2026-12-25", "2027-03-25"),
    ("2027-04-30", None, "2027-05-07", "2027-08-07"),
    ("2028-04-21", None, "2028-04-28", "2028-07-28"),
    ("2026-01-31", "2026-01-31", "2026-02-07", "2026-04-30"),
    ("2026-02-05", "2026-02-05", "2026-02-12", "2026-05-05"),
    ("2026-11-30", "2026-11-30", "2026-12-07", "2027-02-28"),
    ("2027-02-28", "2027-02-28", "2027-03-07", "2027-05-28"),
    ("2027-11-30", "2027-11-30", "2027-12-07", "2028-02-29"),
    ("2028-02-29", "2028-02-29", "2028-03-07", "2028-05-29"),
    ("2026-09-25", "2026-09-25", "2026-10-02", "2026-12-25"),
    ("2026-11-24", None, "2026-12-01", "2027-03-01"),
    ("2027-11-23", None, "2027-11-30", "2028-02-29"),
    ("2026-11-24", "2026-12-08", "2026-12-01", "2027-03-01"),
    ("2026-11-24", "2026-11-20", "2026-12-01", "2027-02-24"),
)


def dues() -> list[dict[str, str | None]]:
    """Return terms: the worked examples, and every day of four years acknowledged at once, late or not at all."""
    return [
        {"since": since, "acknowledged": acknowledged, "acknowledgement": first, "feedback": second}
        for since, acknowledged, first, second in (*EXAMPLES, *_every_day())
    ]


def _every_day() -> Iterator[tuple[str, str | None, str, str]]:
    for number in range(0, 4 * 366, 7):
        since = date(2026, 11, 1) + timedelta(days=number)
        acknowledged = [None, since + timedelta(days=number % 11), since - timedelta(days=1)][number // 7 % 3]
        terms = counted(since, acknowledged)
        ends = (terms.acknowledgement.nominal.isoformat(), terms.feedback.nominal.isoformat())
        yield since.isoformat(), None if acknowledged is None else acknowledged.isoformat(), *ends
