# SPDX-License-Identifier: EUPL-1.2
"""`meldkluis doctor`: every check red and green, what it prints, and that it opens the form once and for good."""

import asyncio
import ctypes
import io
import json
import shutil
import sys
from collections import namedtuple
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from cast import ORGANISATION, make_officer
from gate import Body, before_the_gate, filled_in

from meldkluis.crypto.roster import make_roster
from meldkluis.intake.cli import main
from meldkluis.intake.config import Backup, Config, GoLive, Notices, Security, read_config
from meldkluis.intake.doctor import Check, examine
from meldkluis.intake.golive import open_if_ready
from meldkluis.mailbox.clock import today
from meldkluis.mailbox.facts import Facts
from meldkluis.mailbox.reporter_desk import RESERVE
from meldkluis.mailbox.rows import NewCase

DAY = timedelta(days=1)
NAMES = [
    "officers", "roster", "procedure", "works_council", "dpia", "archive", "external_list", "security_txt", "clock",
    "disk", "backups", "holidays", "notices", "cases",
]  # fmt: skip


class Kernel:
    """The machine's C library, with a clock that is kept right or not."""

    def __init__(self, state: int) -> None:
        self.state = state

    def adjtimex(self, _: object) -> int:
        return self.state


@pytest.fixture(autouse=True)
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    """A machine that a time service keeps right, wherever the tests run."""
    machine = Kernel(0)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: machine)
    return machine


@pytest.fixture
def body(tmp_path: Path) -> Iterator[Body]:
    with before_the_gate(tmp_path) as made:
        yield made


def run(capsys: pytest.CaptureFixture[str], body: Body, *arguments: str) -> tuple[int, str]:
    """Run the command in this process; it says nothing on stderr."""
    status = main(["doctor", "--directory", str(body.directory), *arguments])
    out, err = capsys.readouterr()
    assert err == ""
    return status, out


def test_nothing_is_red_where_all_is_done(body: Body) -> None:
    """An organisation that did everything has every check green."""
    checks = body.checks()

    assert list(checks) == NAMES
    assert [check for check in checks.values() if check.status != "ok"] == []


def golive(**changes: Any) -> Callable[[Config], Config]:
    return lambda config: replace(config, golive=replace(config.golive, **changes))


def security(**changes: Any) -> Callable[[Config], Config]:
    return lambda config: replace(config, security=replace(config.security, **changes))


@pytest.mark.parametrize(
    ("name", "change", "status", "says"),
    [
        ("procedure", golive(procedure=None), "red", "golive.procedure is missing"),
        ("works_council", golive(works_council=None), "red", "works_council is missing"),
        ("works_council", golive(works_council=today() + 2 * DAY), "red", "golive.works_council in meldkluis.toml is in the future"),
        ("dpia", golive(dpia=None), "red", "dpia is missing"),
        ("dpia", golive(dpia=today() + 2 * DAY), "red", "golive.dpia in meldkluis.toml is in the future"),
        ("dpia", golive(dpia=today() - 1100 * DAY), "attention", "more than 36 months ago"),
        ("archive", lambda config: replace(config, archive=None), "red", "archive is missing"),
        ("external_list", golive(external_list=None), "red", "golive.external_list is missing"),
        ("external_list", golive(external_list=today() + 2 * DAY), "red", "golive.external_list in meldkluis.toml is in the future"),
        ("external_list", golive(external_list=today() - 370 * DAY), "red", "golive.external_list"),
        ("security_txt", security(contact=None), "red", "security.contact is missing"),
        ("security_txt", security(expires=None), "red", "security.expires is missing"),
        ("security_txt", security(expires=today() - DAY), "red", "security.expires"),
        ("security_txt", security(expires=today()), "red", "security.expires in meldkluis.toml is over"),
        ("security_txt", security(expires=today() + 20 * DAY), "attention", "security.expires is soon"),
        ("backups", lambda config: replace(config, backup=Backup()), "red", "backup.directory is missing"),
        ("backups", lambda config: replace(config, backup=Backup("../nowhere")), "red", "backup.directory cannot be read"),
        ("notices", lambda config: replace(config, notices=Notices()), "attention", "notices.to is empty"),
    ],
)  # fmt: skip
def test_each_setting(body: Body, name: str, change: Callable[[Config], Config], status: str, says: str) -> None:
    """A setting that is missing or too old makes its own check red, by the setting's name, and no other."""
    checks = {check.name: check for check in examine(body.desk, change(body.config), body.directory, today())}

    assert checks[name].status == status
    assert says in checks[name].text
    assert {other for other in NAMES if checks[other].status != "ok"} == ({name} if status != "ok" else set())


@pytest.mark.parametrize(
    ("people", "red", "says"),
    [
        ([], {"officers", "roster"}, "0 in the roster"),
        ([{}], {"officers"}, "1 in the roster"),
        ([{}, {"role": "deputy"}], {"officers"}, "1 in the roster"),
        ([{"manager": True}, {"manager": True}], {"officers"}, "manager"),
        ([{"manager": True}, {"manager": True}, {"role": "deputy"}], {"officers"}, "manager"),
        ([{"manager": True}, {}], set(), "of whom 1 neither"),
    ],
)
def test_officers(tmp_path: Path, people: list[dict[str, Any]], red: set[str], says: str) -> None:
    """Two officers must stand in the roster that counts, and one of them be neither manager nor HR."""
    officers = [make_officer(f"TEST {n}", start=today(), **person) for n, person in enumerate(people)]
    with before_the_gate(tmp_path, officers) as body:
        checks = body.checks()

    assert {name for name in NAMES if checks[name].status == "red"} == red
    assert says in checks["officers"].text


def test_a_proposal_is_no_roster(tmp_path: Path) -> None:
    """A roster that lacks a signature does not count, so both its checks are red."""
    with before_the_gate(tmp_path, []) as body:
        officers = [make_officer("TEST Een"), make_officer("TEST Twee")]
        proposed = make_roster(
            version=1, organisation=ORGANISATION, name="X", previous=None, server=body.desk.server_key,
            members=[officer.member for officer in officers],
        )  # fmt: skip
        asyncio.run(body.desk.propose(proposed.payload))
        checks = body.checks()

    assert (checks["officers"].status, checks["roster"].status) == ("red", "red")
    assert "no roster counts yet" in checks["roster"].text


def test_nobody_offers_a_key(body: Body) -> None:
    """When no officer offers an intake key today the roster's check is red."""
    later = today() + 90 * DAY

    checks = {check.name: check for check in examine(body.desk, body.config, body.directory, later)}

    assert checks["roster"].status == "red"
    assert "intake key" in checks["roster"].text


@pytest.mark.parametrize(
    ("days", "status", "says"),
    [
        ({}, "ok", ""),
        ({"ran": 31}, "ok", ""),
        ({"ran": 32}, "red", "overdue"),
        ({"ran": -1}, "red", "the clock is behind"),
        ({"opened": -1}, "red", "the clock is behind"),
        ({"opened": 0}, "ok", ""),
        ({"opened": 1}, "ok", ""),
        ({"opened": 2}, "red", "the daily run is overdue: the last was never"),
        ({"opened": 9, "ran": 1}, "ok", ""),
        ({"opened": 9, "ran": 0}, "ok", ""),
        ({"opened": 9, "ran": 2}, "red", "the daily run is overdue"),
    ],
)
def test_clock(body: Body, days: dict[str, int], status: str, says: str) -> None:
    """The clock is not behind a day that is known, and once the form is open the daily run ran yesterday or today."""
    for name, ago in days.items():
        body.remember(name, ago)

    check = body.checks()["clock"]

    assert check.status == status
    assert says in check.text


@pytest.mark.parametrize(("state", "status"), [(0, "ok"), (1, "ok"), (5, "attention"), (-1, "ok")])
def test_time_service(body: Body, kernel: Kernel, state: int, status: str) -> None:
    """A kernel whose clock nobody synchronises asks for attention; one that does not say is no finding."""
    kernel.state = state

    assert body.checks()["clock"].status == status


def test_disk(body: Body, monkeypatch: pytest.MonkeyPatch) -> None:
    """Less free space than twice what uploads leave free is red."""
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - as shutil's own
    for free, status in ((2 * RESERVE, "ok"), (2 * RESERVE - 1, "red")):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: usage(free, 0, free))
        check = body.checks()["disk"]
        assert check.status == status
        assert "MiB" in check.text


@pytest.mark.parametrize(
    ("hours", "status", "says"),
    [
        ([0.0], "ok", ""),
        ([47], "ok", ""),
        ([49], "red", "the newest backup is 49 hours old"),
        ([1, 34 * 24], "ok", ""),
        ([1, 36 * 24], "red", "the oldest backup is 36 days old"),
        ([-5], "red", "from the future"),
    ],
)
def test_backups(body: Body, hours: list[float], status: str, says: str) -> None:
    """The newest backup is of the last two days, and none is older than 35."""
    for n, old in enumerate(hours):
        body.age(old, "mailbox.db" if n == 0 else f"older-{n}")

    check = body.checks()["backups"]

    assert check.status == status
    assert says in check.text


def test_backups_that_are_not_there(body: Body) -> None:
    """A directory without files, or with links alone, holds no backup; those in folders count."""
    (body.backups / "mailbox.db").unlink()
    assert body.checks()["backups"].status == "red"
    (body.backups / "link").symlink_to(body.directory / "mailbox.db")
    assert "no backup" in body.checks()["backups"].text
    (body.backups / "monday").mkdir()
    body.age(1, "monday/mailbox.db")
    assert body.checks()["backups"].status == "ok"


@pytest.mark.parametrize(
    ("day", "status"),
    [("2027-12-31", "ok"), ("2028-09-30", "attention"), ("2028-10-01", "red"), ("2028-12-31", "red")],
)
def test_holidays(body: Body, day: str, status: str) -> None:
    """Public holidays of next year are known by October."""
    checks = examine(body.desk, body.config, body.directory, date.fromisoformat(day))

    assert {check.name: check.status for check in checks}["holidays"] == status


def test_it_opens_the_form_once(body: Body, capsys: pytest.CaptureFixture[str]) -> None:
    """The first time that nothing is red the form opens and the command says so; the next time it only tells since when."""
    status, out = run(capsys, body)

    assert status == 0
    assert out.splitlines()[-1] == "nothing is red: the form is open from today on"
    assert body.desk.store.days().opened == today()
    assert body.desk.is_open
    assert run(capsys, body)[1].splitlines()[-1] == f"nothing is red: the form is open since {today()}"


def test_attention_keeps_nothing_shut(body: Body, capsys: pytest.CaptureFixture[str]) -> None:
    """What asks for attention is marked, and the form opens all the same."""
    body.change(notices=Notices())

    status, out = run(capsys, body)

    assert (status, body.desk.is_open) == (0, True)
    assert "[look] notices: notices.to is empty: nobody gets mail" in out.splitlines()


def test_red_keeps_it_shut(body: Body, capsys: pytest.CaptureFixture[str]) -> None:
    """With one thing red the form stays shut and nothing is changed; marks are words, one line a check."""
    body.change(golive=GoLive())
    before = body.desk.store.days()

    status, out = run(capsys, body)

    lines = out.splitlines()
    assert status == 1
    assert len(lines) == len(NAMES) + 1
    assert "[RED!] dpia: golive.dpia is missing in meldkluis.toml" in lines
    assert "[ ok ] archive: archive is 12.1.7" in lines
    assert lines[-1] == "4 red: the form is not open; it opens when nothing is red"
    assert body.desk.store.days() == before
    assert not body.desk.is_open


def test_it_stays_open(body: Body, capsys: pytest.CaptureFixture[str]) -> None:
    """What becomes red after the opening is told, for monitoring, and never shuts the form again."""
    run(capsys, body)
    body.change(security=Security())

    status, out = run(capsys, body, "--json")

    found = json.loads(out)
    assert (status, found["open"], found["opened"]) == (1, True, today().isoformat())
    assert run(capsys, body)[1].splitlines()[-1].startswith(f"1 red: the form stays open (since {today()})")
    assert body.desk.is_open


def test_json(body: Body, capsys: pytest.CaptureFixture[str]) -> None:
    """The document holds whether and since when the form is open, and every check's name, status and text."""
    body.change(archive=None)
    status, out = run(capsys, body, "--json")

    found = json.loads(out)
    assert status == 1
    assert set(found) == {"open", "opened", "checks"}
    assert (found["open"], found["opened"]) == (False, None)
    assert [set(check) for check in found["checks"]] == [{"name", "status", "text"}] * len(NAMES)
    assert [check["name"] for check in found["checks"]] == NAMES
    assert [check["name"] for check in found["checks"] if check["status"] == "red"] == ["archive"]

    body.change(archive="4.1.4")
    status, out = run(capsys, body, "--json")
    found = json.loads(out)
    assert (status, found["open"], found["opened"]) == (0, True, today().isoformat())


def test_the_daily_run_opens_it_too(body: Body) -> None:
    """Whoever asks to open it hears whether that happened just now."""
    ready = body.config

    def ask(config: Config) -> bool:
        return asyncio.run(open_if_ready(body.desk, config, body.directory, today()))

    assert not ask(replace(ready, archive=None))
    assert not body.desk.is_open
    assert ask(ready)
    assert not ask(ready)
    assert not ask(replace(ready, archive=None))
    assert body.desk.is_open


def init(directory: Path, *more: str) -> int:
    return main(
        ["init", "--directory", str(directory), "--organisation", ORGANISATION, "--name", "Gemeente Voorbeeld", *more]
    )


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_archivist_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a terminal init explains both choices, takes no default, and asks again on anything else."""
    monkeypatch.setattr(sys, "stdin", Terminal("\nja\n4.1\n4.1.4\n"))

    assert init(tmp_path) == 0

    out, err = capsys.readouterr()
    assert "kept for ever" in err
    assert "destroyed after ten years" in err
    assert err.count("4.1.4 or 12.1.7?") == 4
    assert "still to be chosen" not in out
    assert read_config(tmp_path).archive == "4.1.4"


@pytest.mark.parametrize("stdin", [io.StringIO("4.1.4\n"), Terminal("")])
def test_without_an_archivist(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, stdin: io.StringIO
) -> None:
    """Without somebody who answers the choice is left open, and the output says so."""
    monkeypatch.setattr(sys, "stdin", stdin)

    assert init(tmp_path) == 0

    assert "still to be chosen by the archivist" in capsys.readouterr().out
    assert read_config(tmp_path).archive is None


def test_the_choice_as_an_argument(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The choice can be given with the command; the same again changes nothing, another one is refused."""
    assert init(tmp_path, "--archive", "12.1.7") == 0
    before = (tmp_path / "meldkluis.toml").read_bytes()

    assert init(tmp_path, "--archive", "12.1.7") == 0
    assert init(tmp_path) == 0
    with pytest.raises(SystemExit) as refused:
        init(tmp_path, "--archive", "4.1.4")
    with pytest.raises(SystemExit) as misunderstood:
        init(tmp_path, "--archive", "1")

    assert (refused.value.code, misunderstood.value.code) == (1, 2)
    assert 'archive = "4.1.4"' in capsys.readouterr().err
    assert (tmp_path / "meldkluis.toml").read_bytes() == before
    assert read_config(tmp_path) == replace(Config(ORGANISATION, "Gemeente Voorbeeld"), archive="12.1.7")


def test_filled_in_by_hand(tmp_path: Path) -> None:
    """What init wrote and what somebody wrote into it are the same settings in the end."""
    init(tmp_path)
    text = (tmp_path / "meldkluis.toml").read_text(encoding="utf-8")
    wanted = filled_in(read_config(tmp_path))
    for name, value in (("archive", wanted.archive), ("procedure", wanted.golive.procedure)):
        text = "\n".join(
            f'{name} = "{value}"' if line.startswith(f"# {name} = ") else line for line in text.split("\n")
        )
    (tmp_path / "meldkluis.toml").write_text(text, encoding="utf-8")

    read = read_config(tmp_path)
    assert (read.archive, read.golive) == ("12.1.7", GoLive("2.1"))


def test_cases_that_could_not_be_read(body: Body) -> None:
    """The last daily run's failures are red until a run has none."""
    asyncio.run(body.desk.store.ran(today(), 3))
    assert body.checks()["cases"] == Check("cases", "red", "cases that the last daily run could not read or write: 3")
    asyncio.run(body.desk.store.ran(today(), 0))
    assert body.checks()["cases"].status == "ok"


def test_cases_that_nobody_is_served(body: Body) -> None:
    """A case whose officers all left the roster is red until the deputy has it."""
    facts = Facts(received=today(), since=today())
    stranger = NewCase(
        case=bytes(16), log=(b"submitted", b"received"), head=bytes(32), files=(), claims=(), facts=facts,
        officers=frozenset({b"gone" * 8}),
    )  # fmt: skip
    asyncio.run(body.desk.store.submit(bytes(32), stranger))
    check = body.checks()["cases"]
    assert check.status == "red"
    assert "nobody in the roster is served: 1" in check.text
