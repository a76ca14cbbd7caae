# SPDX-License-Identifier: EUPL-1.2
"""Several processes at one database: nobody's report is lost, doubled or halved, also when a process dies."""

import asyncio
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from cast import ORGANISATION, TODAY
from deskhouse import House
from spawned import Worker

from meldkluis.crypto.attachment import parts_of, seal_attachment
from meldkluis.crypto.chain import replay
from meldkluis.crypto.receipt import Receipt
from meldkluis.crypto.report import Sealed
from meldkluis.mailbox.desk import Desk
from meldkluis.mailbox.errors import Refused
from meldkluis.mailbox.store import Store

Report = tuple[bytes, bytes, dict[str, bytes]]


def sealed_report(reporter: Receipt, sealed: Sealed) -> Report:
    return reporter.address, sealed.entry.raw, dict(sealed.files)


async def _submit_all(desk: Desk, reports: list[Report], clients: int, told: Connection) -> None:
    waiting = iter(enumerate(reports))

    async def client() -> None:
        for n, (address, entry, files) in waiting:
            try:
                accepted = await desk.submit(address, entry, files, TODAY)
                told.send((n, accepted.received.raw, accepted.new))
            except Refused as refused:
                told.send((n, refused.code, False))

    await asyncio.gather(*[client() for _ in range(clients)])


def submitter(directory: Path, reports: list[Report], clients: int, told: Connection) -> None:
    """A process that submits reports and tells of each answer as soon as it has it."""
    desk = Desk.open(directory)
    told.send("ready")
    told.recv()
    asyncio.run(_submit_all(desk, reports, clients, told))
    desk.close()
    told.send("done")


def stager(directory: Path, uploads: list[tuple[bytes, bytes, bytes]], told: Connection) -> None:
    """A process that uploads one part after another and tells of each."""
    desk = Desk.open(directory)
    told.send("ready")
    told.recv()
    for address, attachment, ciphertext in uploads:
        for n, part in enumerate(parts_of(ciphertext)):
            asyncio.run(desk.stage(address, attachment, n, part, TODAY))
            told.send((attachment, n))
    told.send("done")


def check_whole(house: House, directory: Path, report: Report, case: bytes, received: bytes | None) -> bool:
    """Whether the case is there; if so it must be there whole, and as answered."""
    store = Store(directory)
    try:
        log = store.log(case)
        found = store.find(report[0])
        if not log:
            assert found is None
            assert store.files(case) == []
            assert not store.served(house.cast.one.key, case)
            return False
        assert found == case
        assert log[0] == report[1]
        assert received is None or log[1] == received
        assert len(replay(log, ORGANISATION, case, [house.cast.server.verify_key]).entries) == 2
        assert {line.slot: b"".join(store.file(case, 0, line.slot) or ()) for line in store.files(case)} == report[2]
        assert all(store.served(officer.key, case) for officer in (house.cast.one, house.cast.two))
        assert store.facts(case) is not None
        return True
    finally:
        store.close()


def test_three_processes_lose_nothing(house: House, directory: Path):
    """Reports sent by eight clients in each of three processes are all there, whole, and answered as they are."""
    reporters = [[house.cast.reporter() for _ in range(24)] for _ in range(3)]
    reports = [[sealed_report(one, house.cast.compose(one)) for one in some] for some in reporters]
    workers = [Worker(submitter, directory, some, 8) for some in reports]
    for worker in workers:
        worker.go()
    for worker, some, people in zip(workers, reports, reporters, strict=True):
        answers = {n: (received, new) for n, received, new in worker.told()}
        assert sorted(answers) == list(range(24))
        for n, (received, new) in answers.items():
            assert new
            assert check_whole(house, directory, some[n], people[n].case, received)
    assert len(house.desk.store.cases_of(house.cast.one.key)) == 72


def test_the_same_code_from_two_processes_is_one_report(house: House, directory: Path):
    """The same reports sent by two processes at once: each stands once, both hear the same, one heard it was new."""
    reporters = [house.cast.reporter() for _ in range(20)]
    twice = [[sealed_report(one, house.cast.compose(one)) for one in reporters] for _ in range(2)]
    workers = [Worker(submitter, directory, some, 4) for some in twice]
    for worker in workers:
        worker.go()
    first, second = ({n: (received, new) for n, received, new in worker.told()} for worker in workers)

    for n, reporter in enumerate(reporters):
        assert first[n][0] == second[n][0]
        assert first[n][1] + second[n][1] == 1
        assert house.log(reporter.case).entries[1].raw == first[n][0]
    assert len(house.desk.store.cases_of(house.cast.one.key)) == 20


def test_another_text_from_another_process_is_refused(house: House, directory: Path):
    """Two texts under one code at the same moment: one stands, the other hears that it does not."""
    reporters = [house.cast.reporter() for _ in range(10)]
    texts = [
        [sealed_report(one, house.cast.compose(one, text=text)) for one in reporters] for text in ("Eerste.", "Tweede.")
    ]
    workers = [Worker(submitter, directory, some, 4) for some in texts]
    for worker in workers:
        worker.go()
    first, second = ({n: (answer, new) for n, answer, new in worker.told()} for worker in workers)
    for n in range(10):
        assert sorted([first[n][1], second[n][1]]) == [False, True]
        assert "other-text" in {first[n][0], second[n][0]}
    assert len(house.desk.store.cases_of(house.cast.one.key)) == 10


@pytest.mark.parametrize("after", [0, 1, 3, 7, 15, 30])
def test_a_killed_process_leaves_whole_reports(house: House, directory: Path, after: int):
    """What was answered before kill -9 is there; what was not is there whole or not at all; others go on at once."""
    reporters = [house.cast.reporter() for _ in range(40)]
    reports = [sealed_report(one, house.cast.compose(one)) for one in reporters]
    worker = Worker(submitter, directory, reports, 8)
    worker.go()
    answered = {}
    for _, (n, received, _) in zip(range(after), worker.told(), strict=False):
        answered[n] = received
    worker.kill()
    answered |= {n: received for n, received, _ in worker.told()}

    for n, (report, reporter) in enumerate(zip(reports, reporters, strict=True)):
        there = check_whole(house, directory, report, reporter.case, answered.get(n))
        assert there or n not in answered
    for reporter, sealed in zip(reporters, reports, strict=True):
        accepted = house.run(house.desk.submit(sealed[0], sealed[1], sealed[2], TODAY))
        assert replay(house.desk.store.log(reporter.case), ORGANISATION, reporter.case, [accepted.received.key]).head
    assert len(house.desk.store.cases_of(house.cast.one.key)) == 40


@pytest.mark.parametrize("after", [0, 2, 5])
def test_a_killed_upload_can_go_on(house: House, directory: Path, after: int):
    """Parts that were answered before kill -9 are there; the upload goes on elsewhere and its report is received."""
    reporter = house.cast.reporter()
    ciphertext, photo = seal_attachment("foto.jpg", bytes(8_000_000))
    worker = Worker(stager, directory, [(reporter.address, photo.ref.id, ciphertext)])
    worker.go()
    told = [message for _, message in zip(range(after), worker.told(), strict=False)]
    worker.kill()
    told += list(worker.told())

    staged = house.desk.store._writer.write_now(lambda db: db.execute("SELECT n, size FROM part").fetchall())
    assert {n for _, n in told} <= {n for n, _ in staged}
    for n, part in enumerate(parts_of(ciphertext)):
        house.run(house.desk.stage(reporter.address, photo.ref.id, n, part, TODAY))
    house.submit(reporter, house.cast.compose(reporter, attachments=[photo]))
    assert b"".join(house.desk.attachment(house.cast.one.key, reporter.case, photo.ref.id)) == ciphertext


def test_uploads_elsewhere_hold_up_no_report(house: House, directory: Path):
    """While another process uploads, reports are received between its parts, and none is refused."""
    reporter = house.cast.reporter()
    ciphertext, photo = seal_attachment("film.mp4", bytes(20_000_000))
    worker = Worker(stager, directory, [(reporter.address, photo.ref.id, ciphertext)])
    worker.go()
    between = 0
    for _ in worker.told():
        if between < 10:
            house.report()
            between += 1
    assert between == 10
    house.submit(reporter, house.cast.compose(reporter, attachments=[photo]))
