# SPDX-License-Identifier: EUPL-1.2
"""`meldkluis terms run` and the server's own daily run: at noon, with the mail, several organisations, and what is said."""

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from cast import ORGANISATION
from deskhouse import House, founded
from smtp import Post, mail_server

from meldkluis.intake import housekeeping
from meldkluis.intake.cli import main
from meldkluis.intake.config import FILE, Config, Notices, read_config, render_config
from meldkluis.intake.doors import Organisation, TwoDoors
from meldkluis.mailbox import clock
from meldkluis.mailbox.desk import Desk
from meldkluis.mailbox.policy import Policy

ACK = date(2026, 11, 30)


class Machine:
    """A time machine: the clock of this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        self.set(datetime(2026, 11, 23, 9, 30))  # noqa: DTZ001

    def set(self, moment: datetime) -> None:
        self._patch.setattr(clock, "_now", lambda: moment.replace(tzinfo=clock.ZONE))


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


@pytest.fixture
def town(tmp_path: Path, machine: Machine) -> Iterator[House]:
    directory = tmp_path / "organisation"
    house = founded(directory)
    (directory / FILE).write_text(render_config(Config(ORGANISATION, "Gemeente Voorbeeld")), encoding="utf-8")
    yield house
    house.desk.close()


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001


def run(directory: Path, *more: str) -> int:
    return main(["terms", "run", "--directory", str(directory), *more])


def folder(house: House) -> Path:
    return house.desk.store.directory


@pytest.mark.parametrize("day", [date(2026, 11, 30), date(2027, 3, 28), date(2026, 10, 25), date(2028, 2, 29)])
def test_the_day_turns_at_noon(machine: Machine, day: date):
    """Up to 11:59 the last day to act for is yesterday, from 12:00 on today; when the clock changes too."""
    machine.set(at(day, 11, 59))
    assert clock.run_day() == day - timedelta(days=1)
    machine.set(at(day, 12))
    assert clock.run_day() == day
    machine.set(at(day, 23, 59))
    assert (clock.run_day(), clock.today()) == (day, day)


def test_what_is_due_is_done_after_noon(town: House, machine: Machine, capsys: pytest.CaptureFixture[str]):
    """Before noon of the last working day nothing lapses; after it everything does, and the command says what."""
    reporter, _ = town.report()
    machine.set(at(ACK, 11))
    assert run(folder(town)) == 0
    assert town.acts(reporter) == ["submitted", "received"]
    machine.set(at(ACK, 12))
    assert run(folder(town)) == 0
    assert town.acts(reporter)[2:] == ["lapsed", "acknowledged-auto", "handed-over"]
    said = capsys.readouterr().out
    assert "daily run of 2026-11-30: 3 acts, 0 reminders" in said
    assert "hand-over: 1" in said


def test_json_of_a_run(town: House, machine: Machine, capsys: pytest.CaptureFixture[str]):
    """One object, an organisation in it for each directory; what was caught up stands there."""
    town.report()
    machine.set(at(date(2026, 11, 23), 13))
    run(folder(town), "--json")
    machine.set(at(ACK + timedelta(days=2), 13))
    capsys.readouterr()
    assert run(folder(town), "--json") == 0
    (told,) = json.loads(capsys.readouterr().out)["organisations"]
    assert (told["horizon"], told["missed"], told["late"], told["refused"]) == ("2026-12-02", 8, 4, None)
    assert told["acts"]["acknowledge"] == 1


def test_a_wrong_clock_is_refused_and_said(town: House, machine: Machine, capsys: pytest.CaptureFixture[str]):
    """A clock that went back, or far ahead, ends with 1 and a sentence; the latter can be confirmed."""
    machine.set(at(ACK, 13))
    assert run(folder(town)) == 0
    machine.set(at(ACK - timedelta(days=1), 13))
    assert run(folder(town)) == 1
    machine.set(at(ACK + timedelta(days=40), 13))
    assert run(folder(town)) == 1
    said = capsys.readouterr().out
    assert "set the clock right" in said
    assert "--confirm-clock" in said
    assert run(folder(town), "--confirm-clock") == 0


def test_the_settings_policy_counts(town: House, machine: Machine):
    """With automatic acknowledgement the command acknowledges on the next run what came before the setting."""
    reporter, _ = town.report()
    config = replace(read_config(folder(town)), acknowledgement="automatic")
    (folder(town) / FILE).write_text(render_config(config), encoding="utf-8")
    machine.set(at(date(2026, 11, 23), 13))
    assert run(folder(town)) == 0
    assert town.acts(reporter)[2:] == ["acknowledged-auto"]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("[retention]\nfounded = -2\n", "retention.founded"),
        ("[retention]\nfor_ever = 1\n", "retention.for_ever"),
        ('acknowledgement = "never"\n', "acknowledgement"),
        ('archive = "9.9"\n', "archive"),
    ],
)
def test_a_wrong_policy_changes_nothing(
    town: House, machine: Machine, capsys: pytest.CaptureFixture[str], line: str, names: str
):
    """A negative period or an unknown key is refused with its name before anything is done."""
    reporter, _ = town.report()
    text = render_config(Config(ORGANISATION, "Gemeente Voorbeeld")).split("\n[", 1)[0]
    text = text.replace('acknowledgement = "officer"\n', "")
    (folder(town) / FILE).write_text(f"{text}\n{line}", encoding="utf-8")
    machine.set(at(ACK, 13))
    with pytest.raises(SystemExit) as ended:
        run(folder(town))
    assert ended.value.code == 1
    assert names in capsys.readouterr().err
    assert town.acts(reporter) == ["submitted", "received"]
    assert town.desk.store.days().ran is None


@pytest.fixture
def mailed(town: House) -> Iterator[tuple[House, Post]]:
    with mail_server(Post()) as server:
        told = Notices(
            to=("een@voorbeeld.example", "twee@voorbeeld.example"), sender="meldkluis@voorbeeld.example",
            server=server.address, hour=8, urge=True,
            officers={"een@voorbeeld.example": town.cast.one.key.hex(), "twee@voorbeeld.example": town.cast.two.key.hex()},
        )  # fmt: skip
        config = replace(read_config(folder(town)), notices=told)
        (folder(town) / FILE).write_text(render_config(config), encoding="utf-8")
        yield town, server


def test_mail_goes_once_a_day_news_or_none(mailed: tuple[House, Post], machine: Machine):
    """From its hour on, once, to everybody, of one length; it urges when something lies unopened for two working days."""
    house, server = mailed
    lengths, urged = set(), []
    house.report()
    for day in range(4):
        today = date(2026, 11, 23) + timedelta(days=day)
        machine.set(at(today, 7, 59))
        run(folder(house))
        before = len(server.mails)
        for hour in (8, 13, 22):
            machine.set(at(today, hour))
            run(folder(house))
        assert len(server.mails) == before + 2
        lengths |= {(mail.recipients, len(mail.raw)) for mail in server.mails[before:]}
        urged.append([b"Open vandaag nog" in mail.raw for mail in server.mails[before:]])
    assert len(lengths) == 2
    assert urged == [[False, False], [False, False], [True, True], [True, True]]


def test_who_was_left_out_is_not_urged(mailed: tuple[House, Post], machine: Machine):
    """A report to one officer urges that officer alone; the other's mail is the usual one, of the usual length."""
    house, server = mailed
    house.report(to=frozenset({house.cast.one.key}))
    machine.set(at(date(2026, 11, 26), 9))
    run(folder(house))
    urged = {mail.recipients[0]: b"Open vandaag nog" in mail.raw for mail in server.mails}
    assert urged == {"een@voorbeeld.example": True, "twee@voorbeeld.example": False}


def test_an_address_without_an_officer_is_never_urged(mailed: tuple[House, Post], machine: Machine):
    """Whose address it is must be known, or it hears nothing of any case."""
    house, server = mailed
    config = read_config(folder(house))
    told = replace(config.notices, officers={})
    (folder(house) / FILE).write_text(render_config(replace(config, notices=told)), encoding="utf-8")
    house.report()
    machine.set(at(date(2026, 11, 30), 9))
    run(folder(house))
    assert not any(b"Open vandaag nog" in mail.raw for mail in server.mails)
    assert len(server.mails) == 2


def test_one_organisation_waits_for_no_other(
    town: House, machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """An organisation that cannot be opened is named, ends with 1, and the next one is run."""
    reporter, _ = town.report()
    other = tmp_path / "kapot"
    other.mkdir()
    (other / FILE).write_text(render_config(Config("kapot", "Gemeente Voorbeeld")), encoding="utf-8")
    machine.set(at(ACK, 13))
    assert main(["terms", "run", "--directory", str(other), "--directory", str(folder(town)), "--json"]) == 1
    first, second = json.loads(capsys.readouterr().out)["organisations"]
    assert "error" in first
    assert second["acts"]["hand-over"] == 1
    assert "handed-over" in town.acts(reporter)


def test_an_error_ends_one_round_only(
    town: House, machine: Machine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """Whatever goes wrong in a round is logged by its kind, and the next round is made."""
    rounds: list[bool] = []
    enough = asyncio.Event()

    async def broken(self: Organisation, *, sweep: bool) -> None:
        rounds.append(sweep)
        if len(rounds) == 3:
            enough.set()
        raise ZeroDivisionError("kanarie")

    monkeypatch.setattr(Organisation, "round", broken)
    monkeypatch.setattr("meldkluis.intake.doors._FIRST_ROUND", 0.0)
    monkeypatch.setattr("meldkluis.intake.doors._BETWEEN_ROUNDS", 0.0)
    doors = TwoDoors([Organisation(folder(town), read_config(folder(town)))])

    async def live() -> None:
        await doors.open()
        await enough.wait()
        await doors.close()

    asyncio.run(live())
    assert rounds[:2] == [True, False]
    assert "ZeroDivisionError" in caplog.text
    assert "kanarie" not in caplog.text


def test_two_processes_send_one_mail(mailed: tuple[House, Post], machine: Machine):
    """Who comes second finds the day's mail claimed."""
    house, server = mailed
    machine.set(at(date(2026, 11, 23), 9))
    config = read_config(folder(house))
    desks = [Desk.open(folder(house)) for _ in range(3)]
    threads = [
        threading.Thread(target=lambda desk=desk: asyncio.run(housekeeping.mail(desk, config, folder(house))))
        for desk in desks
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.mails) == 2
    for desk in desks:
        desk.close()


def test_the_server_does_it_itself(town: House, machine: Machine):
    """Every worker looks whether a noon has passed, opens no desk for long, and does nothing twice."""
    reporter, _ = town.report()
    workers = [Organisation(folder(town), read_config(folder(town))) for _ in range(2)]
    machine.set(at(ACK, 12, 5))

    async def rounds() -> None:
        for _ in range(2):
            await asyncio.gather(*(worker.round(sweep=True) for worker in workers))

    asyncio.run(rounds())
    assert town.acts(reporter)[2:] == ["lapsed", "acknowledged-auto", "handed-over"]
    assert town.desk.store.days().ran == ACK


def test_with_a_timer_the_server_leaves_it(town: House, machine: Machine):
    """`daily_run = "timer"` means that only the command acts."""
    reporter, _ = town.report()
    machine.set(at(ACK, 12, 5))
    worker = Organisation(folder(town), replace(read_config(folder(town)), daily_run="timer"))
    asyncio.run(worker.round(sweep=True))
    assert town.acts(reporter) == ["submitted", "received"]


def test_automatic_acknowledgement_by_the_server(town: House):
    """A desk with the policy acknowledges at once, in the receipt's own transaction."""
    town.desk.close()
    town.desk = Desk.open(folder(town), policy=Policy("automatic"))
    reporter, _ = town.report()
    assert town.acts(reporter) == ["submitted", "received", "acknowledged-auto"]


def test_nothing_personal_is_printed(town: House, machine: Machine, capfd: pytest.CaptureFixture[str]):
    """Numbers and days: no case, no key, no name of an officer."""
    reporter, _ = town.report()
    machine.set(at(ACK, 13))
    run(folder(town))
    said = "".join(capfd.readouterr())
    assert reporter.case.hex() not in said
    assert "TEST" not in said
