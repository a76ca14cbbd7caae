# SPDX-License-Identifier: EUPL-1.2
"""A server that lies to a workstation: small changes of what a real one answers, put together by name.

A lie is a function of method, target and answer; `ToDesk.lie` takes one. What a liar may sign with is the server's own key.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from workplace import Answered, Sent, Workplaces

from meldkluis.crypto.encoding import b64, dump_json, load_json, sha256, unb64
from meldkluis.crypto.entry import Entry, parse_entry
from meldkluis.crypto.signed import open_thing, sign
from meldkluis.mailbox import wire
from meldkluis.workstation.transport import Reply, Transport

Lie = Callable[[str, str, Answered], Answered]


@dataclass
class Swallowing:
    """A transport that answers appends itself: the real server never hears of them."""

    behind: Transport
    answer: Callable[[wire.AppendRequest], Answered]
    swallowed: list[wire.AppendRequest] = field(default_factory=list)

    @property
    def authority(self) -> str:
        return self.behind.authority

    def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        if method != "POST" or not target.endswith("/log"):
            return self.behind.request(method, target, headers, body)
        self.swallowed.append(wire.AppendRequest.parse(body))
        status, content = self.answer(self.swallowed[-1])
        return Reply(status, iter([content]))

    def close(self) -> None:
        self.behind.close()


@contextmanager
def swallowing(
    places: Workplaces, answer: Callable[[wire.AppendRequest], Answered], number: int = 0
) -> Iterator[Swallowing]:
    """Let the server swallow what an officer appends."""
    api: Any = places.offices[number].api
    before, api._transport = api._transport, Swallowing(places.transports[number], answer)
    try:
        yield api._transport
    finally:
        api._transport = before


def thanks(request: wire.AppendRequest) -> Answered:
    """Say that it was stored."""
    return 201, wire.AppendAnswer(parse_entry(request.entry).index + 1, sha256(request.entry)).dump()


def somebody_was_faster(_: wire.AppendRequest) -> Answered:
    """Say that the log has grown meanwhile."""
    return 409, wire.ErrorAnswer("head", {}).dump()


@dataclass(frozen=True)
class Heard:
    """What became of a lie: kinds of new alarms, and what the workstation sent meanwhile."""

    alarms: list[str]
    sent: list[tuple[str, str]]


def both(*lies: Lie) -> Lie:
    """Tell several lies."""

    def lie(method: str, target: str, answered: Answered) -> Answered:
        for each in lies:
            answered = each(method, target, answered)
        return answered

    return lie


def changed(path: str, change: Callable[[dict[str, Any]], object], method: str = "GET") -> Lie:
    """Change the JSON of a good answer to this path."""

    def lie(asked: str, target: str, answered: Answered) -> Answered:
        if asked != method or target.partition("?")[0] != path or answered[0] >= 300:
            return answered
        document = load_json(answered[1])
        change(document)
        return answered[0], dump_json(document)

    return lie


def instead(method: str, start: str, status: int, body: bytes) -> Lie:
    """Give another answer to every request of this method whose target begins so; it was carried out all the same."""
    return lambda asked, target, answered: (status, body) if asked == method and target.startswith(start) else answered


def case_path(case: bytes) -> str:
    """Return the path of a case."""
    return f"/v1/cases/{b64(case)}"


def file_is(case: bytes, place: str, change: Callable[[bytes], bytes]) -> Lie:
    """Change a file of a case; `place` is entry/slot."""
    path = f"{case_path(case)}/files/{place}"

    def lie(method: str, target: str, answered: Answered) -> Answered:
        same = method == "GET" and target.partition("?")[0] == path
        return (200, change(answered[1])) if same else answered

    return lie


def listing(places: Workplaces, *lines: wire.InboxLine, instead_of_all: bool = False) -> Lie:
    """Put lines into the list of cases, in place of those of the same cases, signed with the server's real key."""

    def change(document: dict[str, Any]) -> None:
        inbox = wire.Inbox.parse(open_thing(unb64(document["inbox"]), "inbox").payload)
        ours = {line.case for line in lines}
        kept = () if instead_of_all else tuple(line for line in inbox.cases if line.case not in ours)
        forged = wire.Inbox(inbox.officer, inbox.nonce, inbox.day, (*kept, *lines))
        document["inbox"] = b64(sign("inbox", forged.dump(), places.desk.key).raw)

    return changed("/v1/cases", change)


def serving(
    places: Workplaces, case: bytes, log: Sequence[bytes | Entry], files: dict[str, bytes] | None = None
) -> Lie:
    """Serve a whole log of the liar's making, as list, as log from any entry on, and with these files (entry/slot)."""
    raws = [item.raw if isinstance(item, Entry) else item for item in log]
    line = wire.InboxLine(case, len(raws), sha256(raws[-1]))
    path = case_path(case)

    def lie(method: str, target: str, answered: Answered) -> Answered:
        bare, _, query = target.partition("?")
        if method == "GET" and bare == path:
            after = int(query.removeprefix("after="))
            return 200, wire.CaseAnswer(tuple(raws[after:]), (), ()).dump()
        place = bare.removeprefix(f"{path}/files/")
        if method == "GET" and files and place in files:
            return 200, files[place]
        return answered

    return both(listing(places, line), lie)


def tell(places: Workplaces, lie: Lie, number: int = 0) -> Heard:
    """Let an officer fetch while the server lies."""
    office, transport = places.offices[number], places.transports[number]
    before, asked = {alarm.id for alarm in office.book.alarms()}, len(transport.asked)
    transport.lie = lie
    try:
        office.fetch()
    finally:
        transport.lie = None
    alarms = [alarm.kind for alarm in office.book.alarms() if alarm.id not in before]
    return Heard(alarms, [item for item in transport.asked[asked:] if item[0] != "GET"])


def entries(places: Workplaces, sent: Sent) -> list[Entry]:
    """Return the true log."""
    return list(places.log(sent).entries)
