# SPDX-License-Identifier: EUPL-1.2
"""`meldkluis serve` as it runs: two listeners, several workers, cut connections, power cuts, a log that says nothing."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from asking import Signing, ask, authorization, cut_power, dial, wait_until_closed
from cast import ORGANISATION, Cast
from running import Server, found, free_port, serving
from starlette.testclient import TestClient

from meldkluis.crypto import report
from meldkluis.crypto.attachment import seal_attachment
from meldkluis.crypto.encoding import b64
from meldkluis.crypto.receipt import Receipt
from meldkluis.intake import administration
from meldkluis.intake.cli import main
from meldkluis.intake.config import Config, parse_config, read_config
from meldkluis.intake.doors import Organisation, TwoDoors
from meldkluis.mailbox import wire
from meldkluis.mailbox.clock import today
from meldkluis.mailbox.desk import Desk


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One running server for the tests that do it no harm."""
    directory = tmp_path_factory.mktemp("serve") / "organisation"
    cast = found(directory)
    with serving(directory, cast) as running:
        yield running


def compose(cast: Cast) -> tuple[Receipt, report.Sealed, bytes]:
    """Return a reporter, a report, and the body that carries it."""
    who = cast.reporter()
    sealed = cast.compose(who)
    return who, sealed, wire.ReportRequest(sealed.entry.raw, sealed.files).dump()


def opened(directory: Path) -> None:
    """Let the form of an organisation be open."""
    desk = Desk.open(directory)
    asyncio.run(desk.store.open_form(today()))
    desk.close()


def opens(server: Server, who: Receipt) -> int:
    """Return how many entries the reporter's log has; 0 for an unknown code."""
    status, body = ask(server.site, "POST", "/api/mailbox", headers=authorization(who.address))
    assert status == 200
    return len(json.loads(body)["log"])


def head(path: str, body: bytes, who: Receipt, length: int | None = None) -> bytes:
    """Return the head of a POST, whose length may lie."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Mailbox {b64(who.address)}\r\n"
        f"Content-Length: {len(body) if length is None else length}\r\nConnection: close\r\n\r\n"
    ).encode()


def test_two_doors(server: Server) -> None:
    """The reporter's site has no officers' interface, and the officers' listener has no site."""
    for path in ("/", "/melden", "/bericht", "/en/melden"):
        assert ask(server.site, "GET", path)[0] == 200
        assert ask(server.officers, "GET", path)[0] == 404
    assert ask(server.officers, "GET", "/api/keys")[0] == 404
    for path in ("/v1/status", "/v1/cases"):
        assert ask(server.officers, "GET", path) == (401, b'{"error":"signature"}')
        assert ask(server.site, "GET", path)[0] == 404


def test_no_program_names_itself(server: Server) -> None:
    """No answer of either listener says what serves it."""
    for officers, path in ((False, "/"), (False, "/nothing"), (True, "/v1/status"), (True, "/nothing")):
        with dial(server, officers=officers) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert b"gunicorn" not in answer
        assert b"Server: web" in answer.replace(b"server:", b"Server:")


def test_both_workers_know_the_same(server: Server) -> None:
    """A report sent over one connection is open over all others at once."""
    who, _, body = compose(server.cast)
    assert ask(server.site, "POST", "/api/reports", body, authorization(who.address))[0] == 201

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: opens(server, who), range(32))) == {2}


def test_the_same_report_at_the_same_time(server: Server) -> None:
    """Of the same report sent many times at once one is new, and all get the same receipt."""
    who, _, body = compose(server.cast)

    with ThreadPoolExecutor(12) as pool:
        answers = list(
            pool.map(lambda _: ask(server.site, "POST", "/api/reports", body, authorization(who.address)), range(12))
        )

    assert sorted(status for status, _ in answers) == [200] * 11 + [201]
    assert len({answer for _, answer in answers}) == 1
    assert opens(server, who) == 2


def test_two_texts_with_one_code_at_the_same_time(server: Server) -> None:
    """Of different texts with one code one stands, and every other is told so."""
    who = server.cast.reporter()
    bodies = [server.cast.compose(who, text=f"Tekst {n}.") for n in range(6)]

    def send(sealed: report.Sealed) -> tuple[int, bytes]:
        body = wire.ReportRequest(sealed.entry.raw, sealed.files).dump()
        return ask(server.site, "POST", "/api/reports", body, authorization(who.address))

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, bodies))

    assert sorted(status for status, _ in answers) == [201] + [409] * 5
    assert {answer for status, answer in answers if status == 409} == {b'{"error":"other-text"}'}


def test_a_replay_to_every_worker(server: Server) -> None:
    """One signed request sent many times at once, to all workers, counts once."""
    headers = Signing(server.cast.two, server.officers).headers("GET", "/v1/cases")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(server.officers, "GET", "/v1/cases", headers=headers)[0], range(24)))

    assert sorted(answers) == [200] + [401] * 23


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_connection_that_is_cut(server: Server, share: float) -> None:
    """A body that ends early stores nothing; sent whole after that, it is new."""
    who, _, body = compose(server.cast)
    with dial(server) as connection:
        connection.sendall(head("/api/reports", body, who) + body[: int(len(body) * share)])

    assert opens(server, who) == 0
    assert ask(server.site, "POST", "/api/reports", body, authorization(who.address))[0] == 201


def test_a_length_that_is_too_short(server: Server) -> None:
    """A body longer than announced is cut where it was announced to end, and refused as malformed."""
    who, _, body = compose(server.cast)
    with dial(server) as connection:
        connection.sendall(head("/api/reports", body, who, len(body) - 100) + body)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert opens(server, who) == 0


@pytest.mark.parametrize(
    "lines",
    ["Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5\r\nTransfer-Encoding: chunked", "Content-Length: -1"],
)
def test_lengths_that_contradict(server: Server, lines: str) -> None:
    """Lengths that two servers could read in two ways are refused."""
    with dial(server) as connection:
        connection.sendall(f"POST /api/mailbox HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n\r\nhello".encode())
        answer = connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 400 ")


def test_a_body_far_over_the_limit(server: Server) -> None:
    """Whoever announces a gigabyte hears that it is too much, without the server taking it in."""
    who = server.cast.reporter()
    with dial(server) as connection:
        connection.sendall(head("/api/reports", b"", who, 2**30))
        with pytest.raises(ConnectionError):
            connection.sendall(bytes(2**28))


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_power_cut(tmp_path: Path, share: float) -> None:
    """Killed at any place of a request, the server has one report or none, and sending again makes it one."""
    directory = tmp_path / "organisation"
    cast = found(directory)
    who, _, body = compose(cast)
    with serving(directory, cast) as server, dial(server) as connection:
        connection.sendall(head("/api/reports", body, who) + body[: int(len(body) * share)])
        cut_power(server)
    with serving(directory, cast) as server:
        assert opens(server, who) in ({0, 2} if share == 1.0 else {0})
        status, answer = ask(server.site, "POST", "/api/reports", body, authorization(who.address))
        assert status in {200, 201}
        assert opens(server, who) == 2
        assert ask(server.site, "POST", "/api/reports", body, authorization(who.address)) == (200, answer)


def test_no_receipt_without_a_report(tmp_path: Path) -> None:
    """Whoever got a receipt before the power cut finds the report after it."""
    directory = tmp_path / "organisation"
    cast = found(directory)
    sent = [compose(cast) for _ in range(24)]
    answered: list[Receipt] = []

    def send(server: Server, item: tuple[Receipt, report.Sealed, bytes]) -> None:
        try:
            if ask(server.site, "POST", "/api/reports", item[2], authorization(item[0].address))[0] == 201:
                answered.append(item[0])
        except OSError:
            return

    with serving(directory, cast) as server:
        threads = [threading.Thread(target=send, args=(server, item)) for item in sent]
        for thread in threads:
            thread.start()
        while len(answered) < 4 and any(thread.is_alive() for thread in threads):
            pass
        cut_power(server)
        for thread in threads:
            thread.join()
    with serving(directory, cast) as server:
        assert len(answered) >= 4
        assert {opens(server, who) for who in answered} == {2}
        assert {opens(server, who) for who, _, _ in sent} <= {0, 2}


def test_a_worker_that_dies(server: Server) -> None:
    """When a worker is killed the other goes on, and a new one takes its place."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    before = [int(pid) for pid in children.read_text().split()]
    os.kill(before[0], signal.SIGKILL)

    for _ in range(20):
        assert ask(server.site, "GET", "/api/keys")[0] == 200
    deadline = time.monotonic() + 20
    while len(after := set(map(int, children.read_text().split())) - {before[0]}) < len(before):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert before[0] not in after


def test_a_stop_lets_uploads_finish(tmp_path: Path) -> None:
    """A graceful stop waits for requests on both listeners, and takes no new ones."""
    directory = tmp_path / "organisation"
    cast = found(directory)
    who, _, body = compose(cast)
    with serving(directory, cast, workers=1) as server:
        announcement = b'{"thing":""}'
        headers = Signing(cast.one, "localhost").headers("POST", "/v1/intake-keys", announcement)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        with dial(server) as reporter, dial(server, officers=True) as officer:
            reporter.sendall(head("/api/reports", body, who) + body[:1000])
            officer.sendall(
                f"POST /v1/intake-keys HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(announcement)}\r\n"
                f"{lines}\r\n".encode()
            )
            # Both requests have been read as far as they go once another one after them is answered.
            assert ask(server.site, "GET", "/api/keys")[0] == 200
            os.kill(server.process.pid, signal.SIGTERM)
            wait_until_closed(server)
            reporter.sendall(body[1000:])
            officer.sendall(announcement)
            assert reporter.recv(4096).startswith(b"HTTP/1.1 201 ")
            assert officer.recv(4096).startswith(b"HTTP/1.1 400 ")
        assert server.process.wait(30) == 0


def test_unix_sockets(tmp_path: Path) -> None:
    """Both listeners can be unix sockets that only our own group may open; a socket left over is no obstacle."""
    directory = tmp_path / "organisation"
    cast = found(directory)
    site, officers = f"unix:{tmp_path}/site.sock", f"unix:{tmp_path}/officers.sock"
    for _ in range(2):
        with serving(directory, cast, site=site, officers=officers) as server:
            for address, status in ((site, b"200"), (officers, b"404")):
                path = address.removeprefix("unix:")
                assert stat.S_IMODE(Path(path).stat().st_mode) == 0o770
                with socket.socket(socket.AF_UNIX) as connection:
                    connection.connect(path)
                    connection.sendall(b"GET /melden HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    assert connection.recv(12) == b"HTTP/1.1 " + status
            cut_power(server)


def serve(directory: Path, *arguments: str) -> tuple[int, str]:
    """Run `meldkluis serve` where it is to be refused; return status and what it said."""
    command = [sys.executable, "-P", "-m", "meldkluis.intake.cli", "serve", "--directory", str(directory), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_what_cannot_be_served(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An address in use, two listeners in one place, odd addresses and odd settings are refused in one line."""
    free = f"127.0.0.1:{free_port()}"
    cases = [
        ("--listen", server.site, "--officers-listen", free),
        ("--listen", free, "--officers-listen", server.officers),
        ("--listen", free, "--officers-listen", free),
        ("--listen", "192.0.2.1:80", "--officers-listen", free),
        ("--listen", "unix:" + "x" * 200, "--officers-listen", free),
        ("--listen", "8000", "--officers-listen", free),
        ("--listen", free, "--officers-listen", "127.0.0.1:0"),
        ("--demo"),
        ("--directory", str(tmp_path)),
    ]
    for arguments in cases:
        with pytest.raises(SystemExit) as end:
            main(["serve", "--directory", str(server.directory), *arguments])
        said = capsys.readouterr().err
        assert end.value.code in {1, 2}, arguments
        assert said.startswith("meldkluis: ")
        assert said.count("\n") == 1


def test_a_demo_is_served_as_such_only(tmp_path: Path) -> None:
    """A demo organisation is refused without --demo, and on any address that others could reach."""
    directory = tmp_path / "organisation"
    administration.init(directory, organisation="voorbeeld-demo", name="Voorbeeld", demo=True)
    free = ["--officers-listen", f"127.0.0.1:{free_port()}"]

    for arguments in (["--listen", f"127.0.0.1:{free_port()}"], ["--demo", "--listen", f"0.0.0.0:{free_port()}"]):
        status, said = serve(directory, *free, *arguments)
        assert (status, said.count("\n")) == (1, 1)
        assert "demo" in said


def test_keys_that_others_can_read(tmp_path: Path) -> None:
    """A server whose key file others can read does not start, and says which file it is."""
    directory = tmp_path / "organisation"
    administration.init(directory, organisation=ORGANISATION, name="Gemeente Voorbeeld")
    (directory / "database.key").chmod(0o640)

    status, said = serve(directory)

    assert (status, said.count("\n")) == (1, 1)
    assert "database.key" in said


def test_the_log_says_nothing(tmp_path: Path) -> None:
    """Whatever is sent, broken off or refused, no address, time, path or content reaches the log."""
    directory = tmp_path / "organisation"
    cast = found(directory)
    log = tmp_path / "log"
    with serving(directory, cast, before=["sh", "-c", f'exec "$@" >{log} 2>&1', "sh"]) as server:
        who, _, body = compose(cast)
        ask(server.site, "POST", "/api/reports", body, authorization(who.address))
        for raw in (
            b"CANARY\r\n\r\n",
            b"GET /CANARY HTTP/1.1\r\nHost: CANARY\r\n\r\n",
            (
                b"POST /melden HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=CANARY\r\n"
                b"Content-Length: 9000\r\n\r\n--CANARY\r\n"
            ),
            head("/api/reports", b"", who, 5000) + b'{"entry": "CANARY',
            b"GET / HTTP/1.1\r\n" + b"X: " + b"CANARY" * 5000 + b"\r\n\r\n",
            b"GET / HTTP/9.9\r\nHost: CANARY\r\n\r\n",
        ):
            for officers in (False, True):
                with dial(server, officers=officers) as connection:
                    connection.sendall(raw)
                    connection.settimeout(0.2)
                    with contextlib.suppress(TimeoutError):
                        connection.recv(65536)
        ask(server.site, "GET", "/api/keys")
    said = log.read_text()
    assert "CANARY" not in said
    assert "Traceback" not in said
    assert who.address.hex() not in said
    assert b64(who.address) not in said
    assert said.replace("127.0.0.1:", "") == said
    assert str(today().year) not in said


def test_several_organisations(tmp_path: Path) -> None:
    """The host name chooses the organisation on both listeners; a name that nobody has gets nothing."""
    organisations = []
    for name in ("een", "twee"):
        directory = tmp_path / name
        administration.init(directory, organisation=name, name=name.title(), hosts=[f"{name}.test"])
        opened(directory)
        organisations.append(Organisation(directory, read_config(directory)))
    doors = TwoDoors(organisations)

    for name in ("een", "twee"):
        site = TestClient(doors.reporters, base_url=f"http://{name}.test:8000")
        assert site.get("/api/keys").json()["organisation"] == name
        officers = TestClient(doors.officers, base_url=f"http://{name.upper()}.TEST")
        assert officers.get("/v1/status").status_code == 401
    for application in (doors.reporters, doors.officers):
        for host in ("drie.test", "een.test.evil.test", "een.test@evil.test", ""):
            stranger = TestClient(application, base_url="http://een.test")
            assert stranger.get("/", headers={"Host": host}).status_code == 421
    for organisation in organisations:
        organisation.close()


def test_a_single_organisation_and_its_hosts(tmp_path: Path) -> None:
    """With host names set the site answers to these alone; officers reach their listener by any name."""
    administration.init(tmp_path / "een", organisation="een", name="Een", hosts=["een.test", "[::1]"])
    opened(tmp_path / "een")
    organisation = Organisation(tmp_path / "een", read_config(tmp_path / "een"))
    doors = TwoDoors([organisation])

    assert TestClient(doors.reporters, base_url="http://een.test").get("/api/keys").status_code == 200
    assert TestClient(doors.reporters, base_url="http://een.test").get(
        "/api/keys", headers={"Host": "[::1]:8000"}
    ).status_code == 200  # fmt: skip
    assert TestClient(doors.reporters, base_url="http://twee.test").get("/api/keys").status_code == 421
    assert TestClient(doors.officers, base_url="http://twee.test").get("/v1/status").status_code == 401
    organisation.close()


def test_organisations_that_cannot_be_told_apart(tmp_path: Path) -> None:
    """Several organisations without host names of their own are refused."""
    for name in ("een", "twee"):
        administration.init(tmp_path / name, organisation=name, name=name)

    status, said = serve(tmp_path / "een", "--directory", str(tmp_path / "twee"))

    assert (status, said) == (1, "meldkluis: of several organisations each needs host names of its own\n")


def test_settings_reach_the_desk(tmp_path: Path) -> None:
    """The limits of meldkluis.toml are what the desk holds to."""
    directory = tmp_path / "een"
    administration.init(directory, organisation="een", name="Een")
    opened(directory)
    text = (directory / "meldkluis.toml").read_text().replace("attachments = 20", "attachments = 3")
    (directory / "meldkluis.toml").write_text(text)
    organisation = Organisation(directory, parse_config(text))

    told = TestClient(organisation.side("reporters")).get("/api/keys").json()

    assert told["limits"]["attachments"] == 3
    organisation.close()


def test_settings_of_another_organisation(tmp_path: Path) -> None:
    """A database under another organisation's settings is not opened."""
    administration.init(tmp_path / "een", organisation="een", name="Een")

    with pytest.raises(Exception, match="different organisations"):
        Organisation(tmp_path / "een", Config("twee", "Twee")).side("reporters")


@pytest.mark.anyio
async def test_unclaimed_uploads_are_swept(tmp_path: Path, anyio_backend: str) -> None:
    """What nobody claimed is erased by the running server, whether or not its desk was open already."""
    directory = tmp_path / "een"
    administration.init(directory, organisation="een", name="Een")
    ciphertext, sealed = seal_attachment("a", bytes(100))
    desk = Desk.open(directory)
    await desk.store.open_form(today())
    await desk.stage(bytes(32), sealed.ref.id, 0, ciphertext, today() - timedelta(days=5))

    await Organisation(directory, read_config(directory)).round(sweep=True)

    for table in ("staging", "part", "chunk", "erasure"):
        assert desk.store._read(lambda db, table=table: db.execute(f"SELECT count(*) FROM {table}").fetchone()) == (0,)
    desk.close()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
