# SPDX-License-Identifier: EUPL-1.2
"""What `meldkluis-workstation cases` and `handover` do with an open vault: labels, days, officers and results.

- Nothing that anybody wrote is printed: no text, no name of whom a report is about.
- Each case has a result of its own; what was done already is not done again.
"""

from collections.abc import Iterable
from datetime import date
from functools import partial
from typing import Any

from meldkluis.crypto.roster import fingerprint
from meldkluis.workstation.display import one_line
from meldkluis.workstation.errors import WorkstationError
from meldkluis.workstation.office import Office
from meldkluis.workstation.render import case_label
from meldkluis.workstation.trust import parse_fingerprint

Told = tuple[dict[str, Any], list[str]]
DONE = frozenset({"added", "already", "left"})
"""Results that leave nothing to do."""


def add_parsers(commands: Any, parents: list[Any]) -> None:
    """Add both commands to the subcommands of argparse."""
    commands.add_parser("cases", parents=parents, help="list the cases in the vault, without any text")
    handover = commands.add_parser(
        "handover", parents=parents, help="give a colleague access to cases, or hand them over"
    )
    handover.add_argument("--to", metavar="FINGERPRINT", required=True, help="the colleague's fingerprint")
    which = handover.add_mutually_exclusive_group(required=True)
    which.add_argument("--case", metavar="LABEL", action="extend", nargs="+", default=[], help="cases, as 12AB-34CD")
    which.add_argument("--all", action="store_true", help="every case that you opened")
    handover.add_argument("--leave", action="store_true", help="leave each case that the colleague has opened")


def cases(office: Office) -> Told:
    """Return the cases as the vault has them: label, received, state, officers, the next day something is due."""
    listed: list[dict[str, Any]] = []
    lines = []
    for line in office.summaries.all():
        log, label = office.logs.kept(line.case), case_label(line.case)
        due = None if line.next_due == date.max else line.next_due.isoformat()
        people = [(fingerprint(key), office.trust.person(key)) for key in sorted(log.officers)]
        names = ["" if member is None else member.name for _, member in people]
        listed.append(
            {
                "label": label,
                "received": line.received.isoformat(),
                "declared": line.declaration,
                "closed": line.closed,
                "destroyed": line.destroyed is not None,
                "officers": [{"fingerprint": key, "name": name} for (key, _), name in zip(people, names, strict=True)],
                "next_due": due,
            }
        )
        lines.append(f"{label}  received {line.received}  due {due or '-'}  {one_line(', '.join(names))}")
    return {"cases": listed, "alarms": [alarm.kind for alarm in office.book.alarms()]}, lines


def handover(office: Office, to: str, labels: Iterable[str], *, every: bool, leave: bool) -> Told:
    """Give the colleague access to these cases, or hand them over; `failed` counts those with something left to do.

    WorkstationError for a label that names no case or more than one.
    """
    member = parse_fingerprint(to)
    office.fetch()
    if every:
        wanted = [item.case for item in office.handovers.mine(member)]
    else:
        wanted = [_case(office, label) for label in labels]
    results = [
        (case_label(case), office.act(partial(office.handovers.hand_over, case, member, leave=leave)))
        for case in wanted
    ]
    facts = {
        "to": fingerprint(member),
        "cases": [{"label": label, "result": result} for label, result in results],
        "failed": sum(result not in DONE for _, result in results),
        "alarms": [alarm.kind for alarm in office.book.alarms()],
    }
    return facts, [f"{label}  {result}" for label, result in results]


def _case(office: Office, label: str) -> bytes:
    found = [kept.id for kept in office.book.cases() if case_label(kept.id) == label.strip().upper()]
    if len(found) != 1:
        raise WorkstationError("a label names no case here" if not found else "a label names more than one case")
    return found[0]
