# SPDX-License-Identifier: EUPL-1.2
"""The server's command line: what it prints, what it refuses, and that running it twice harms nothing."""

import asyncio
import io
import json
import os
import stat
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cast import ORGANISATION, Cast, make_cast

from meldkluis.crypto.card import Card, make_card
from meldkluis.crypto.entry import Dues
from meldkluis.crypto.proof import armor_proof, make_proof
from meldkluis.crypto.roster import fingerprint, parse_roster
from meldkluis.crypto.signed import SigningKey
from meldkluis.intake.cli import main
from meldkluis.intake.config import read_config
from meldkluis.mailbox.desk import Desk


class Run:
    """Runs a command in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = int(end.code or 0)
        out, err = self._capsys.readouterr()
        return status, out, err

    def ok(self, *arguments: object) -> Any:
        status, out, err = self(*arguments, "--json")
        assert (status, err) == (0, "")
        return json.loads(out)

    def refused(self, *arguments: object) -> str:
        status, out, err = self(*arguments)
        assert (status, out) == (1, "")
        assert err.startswith("meldkluis: ")
        assert err.count("\n") == 1
        return err


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


@pytest.fixture
def made(run: Run, tmp_path: Path) -> Path:
    directory = tmp_path / "organisation"
    run.ok("init", "--directory", directory, "--organisation", ORGANISATION, "--name", "Gemeente Voorbeeld")
    return directory


def card_file(folder: Path, key: SigningKey, name: str = "TEST Een", **changes: Any) -> Path:
    values = {"organisation": ORGANISATION, "function": "Vertrouwenspersoon", "role": "officer"} | changes
    flags = {"manager": values.pop("manager", False), "hr": values.pop("hr", False)}
    path = folder / f"{key.verify_key.hex()[:8]}.card"
    path.write_text(make_card(Card(key=key.verify_key, name=name, **values, **flags), key), encoding="utf-8")
    return path


def test_init_makes_what_only_its_owner_can_read(made: Path) -> None:
    """Settings, keys and database are made, and nobody else can read any of them."""
    assert read_config(made).organisation == ORGANISATION
    files = list(made.iterdir())
    assert len(files) >= 4
    for path in [made, *files]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_init_again_changes_nothing(run: Run, made: Path) -> None:
    """The same command again leaves every key as it is; another organisation is refused."""
    before = {path.name: path.read_bytes() for path in made.iterdir() if path.suffix in {".key", ".toml"}}
    same = ["init", "--directory", made, "--organisation", ORGANISATION, "--name", "Gemeente Voorbeeld"]

    assert run.ok(*same)["new"] is False
    run.refused("init", "--directory", made, "--organisation", "iets-anders", "--name", "Iets anders")

    after = {path.name: path.read_bytes() for path in made.iterdir() if path.suffix in {".key", ".toml"}}
    assert after == before


def test_init_does_not_take_over_a_database(run: Run, made: Path) -> None:
    """Where the settings got lost, init touches neither database nor keys."""
    (made / "meldkluis.toml").unlink()
    before = {path.name: path.stat().st_mtime_ns for path in made.iterdir()}

    run.refused("init", "--directory", made, "--organisation", ORGANISATION, "--name", "Gemeente Voorbeeld")

    assert {path.name: path.stat().st_mtime_ns for path in made.iterdir()} == before


@pytest.mark.parametrize(
    "changes",
    [
        ["--organisation", "Gemeente Voorbeeld"],
        ["--organisation", "a" * 64],
        ["--name", "a\x1b[2J"],
        ["--host", "melden.voorbeeld.nl:443"],
        ["--organisation", "voorbeeld-demo"],
        ["--demo"],
        ["--organisation", "voorbeeld-demo", "--demo", "--listen", "0.0.0.0:8000"],
        ["--organisation", "voorbeeld-demo", "--demo", "--officers-listen", "192.0.2.1:8000"],
    ],
)
def test_init_refuses_and_leaves_nothing(run: Run, tmp_path: Path, changes: list[str]) -> None:
    """What cannot be served is not made: odd names, and a demo that others could reach."""
    directory = tmp_path / "organisation"

    run.refused(
        "init", "--directory", directory, "--organisation", ORGANISATION, "--name", "Gemeente Voorbeeld", *changes
    )

    assert not directory.exists()


def test_a_demo_can_be_made_for_this_machine(run: Run, tmp_path: Path) -> None:
    """A demo organisation is made with --demo, for loopback addresses and unix sockets."""
    socket = f"unix:{tmp_path}/officers.sock"
    run.ok(
        "init", "--directory", tmp_path / "demo", "--organisation", "voorbeeld-demo", "--name", "Voorbeeld",
        "--demo", "--listen", "[::1]:8000", "--officers-listen", socket,
    )  # fmt: skip

    assert read_config(tmp_path / "demo").officers_listen == socket


def test_cards_become_a_proposal(run: Run, made: Path, tmp_path: Path) -> None:
    """Several cards at once are proposed as version 1, with their fingerprints, and nothing counts yet."""
    keys = [SigningKey.generate() for _ in range(3)]
    cards = [card_file(tmp_path, keys[0]), card_file(tmp_path, keys[1], manager=True)]
    cards.append(card_file(tmp_path, keys[2], "TEST Drie", role="deputy", hr=True))

    proposed = run.ok("officer", "add", *cards, "--directory", made)

    assert (proposed["version"], proposed["missing"], proposed["signed"]) == (1, 3, 0)
    assert [member["fingerprint"] for member in proposed["members"]] == [fingerprint(key.verify_key) for key in keys]
    assert [(member["role"], member["manager"], member["hr"]) for member in proposed["members"]] == [
        ("officer", False, False), ("officer", True, False), ("deputy", False, True),
    ]  # fmt: skip
    listed = run.ok("officer", "list", "--directory", made)
    assert listed["roster"] is None
    assert listed["proposal"] == proposed
    status, out, _ = run("officer", "list", "--directory", made)
    assert status == 0
    assert "no roster counts yet" in out
    assert fingerprint(keys[2].verify_key) in out


def sign_proposal(directory: Path, *keys: SigningKey) -> None:
    desk = Desk.open(directory)
    proposal = desk.proposal
    assert proposal is not None
    for key in keys:
        signature = proposal.signed_by(key).signatures[-1][1]
        asyncio.run(desk.sign_roster(parse_roster(proposal.payload).hash, key.verify_key, signature))
    desk.close()


def test_the_next_version_builds_on_the_one_that_counts(run: Run, made: Path, tmp_path: Path) -> None:
    """After signing, the list has the poster's fingerprint; later cards and revocations propose what follows."""
    one, two, three = (SigningKey.generate() for _ in range(3))
    first = run.ok("officer", "add", card_file(tmp_path, one), card_file(tmp_path, two), "--directory", made)
    sign_proposal(made, one, two)

    listed = run.ok("officer", "list", "--directory", made)
    assert listed["proposal"] is None
    assert listed["roster"]["version"] == 1
    assert listed["roster"]["anchor"] == listed["roster"]["hash"] == first["hash"]
    assert first["hash"] in run("officer", "list", "--directory", made)[1]
    run.refused("officer", "add", card_file(tmp_path, one), "--directory", made)

    second = run.ok("officer", "add", card_file(tmp_path, three), "--directory", made)
    assert (second["version"], second["missing"], len(second["members"])) == (2, 2, 3)
    third = run.ok("officer", "revoke", fingerprint(one.verify_key), "--directory", made)
    assert [member["fingerprint"] for member in third["members"]] == [
        fingerprint(key.verify_key) for key in (two, three)
    ]
    sign_proposal(made, one, two)
    listed = run.ok("officer", "list", "--directory", made)
    assert (listed["roster"]["version"], listed["roster"]["anchor"]) == (2, first["hash"])


def test_revoking(run: Run, made: Path, tmp_path: Path) -> None:
    """Somebody can be taken out of a proposal by fingerprint, typed in any grouping; a stranger cannot."""
    keys = [SigningKey.generate() for _ in range(2)]
    run.ok("officer", "add", *[card_file(tmp_path, key) for key in keys], "--directory", made)
    mark = fingerprint(keys[0].verify_key)

    left = run.ok("officer", "revoke", *mark.upper().split(), "--directory", made)

    assert [member["fingerprint"] for member in left["members"]] == [fingerprint(keys[1].verify_key)]
    run.refused("officer", "revoke", mark, "--directory", made)
    run.refused("officer", "revoke", "xyz", "--directory", made)
    run.refused("officer", "revoke", fingerprint(keys[1].verify_key), "--directory", made)


def test_bad_cards_are_refused(run: Run, made: Path, tmp_path: Path) -> None:
    """A card that was changed, one for another organisation, and anything else propose nothing."""
    key = SigningKey.generate()
    other = card_file(tmp_path, SigningKey.generate(), organisation="iets-anders")
    changed = tmp_path / "changed.card"
    text = card_file(tmp_path, key).read_text()
    changed.write_text(text.replace(text.splitlines()[2], text.splitlines()[2][::-1]))
    binary = tmp_path / "binary.card"
    binary.write_bytes(b"\xff\xfe\x00")

    for path in (other, changed, binary, tmp_path / "missing.card", tmp_path):
        run.refused("officer", "add", path, "--directory", made)

    assert run.ok("officer", "list", "--directory", made)["proposal"] is None


def test_commands_without_an_organisation(run: Run, tmp_path: Path) -> None:
    """A directory without an organisation is refused in one line by every command."""
    for command in (["officer", "list"], ["officer", "revoke", "00"], ["serve"]):
        assert "meldkluis.toml" in run.refused(*command, "--directory", tmp_path)


TERMS = {
    "acknowledgement": {"nominal": "2026-11-28", "internal": "2026-11-27", "legal": "2026-11-30"},
    "feedback": {"nominal": "2027-02-28", "internal": "2027-02-26", "legal": "2027-03-01"},
    "warnings": [],
}


def test_terms(run: Run) -> None:
    """The terms of a report are printed as JSON, and for people; closing is repeated, not counted."""
    assert run.ok("terms", "show", "--received", "2026-11-21") == TERMS
    closed = run.ok(
        "terms", "show", "--received", "2026-11-21", "--acknowledged", "2026-11-23", "--closed", "2027-01-04"
    )
    assert closed["closed"] == "2027-01-04"
    assert closed["feedback"]["nominal"] == "2027-02-23"
    assert "nominal 2026-11-28" in run("terms", "show", "--received", "2026-11-21")[1]


def test_terms_of_many(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `-` one JSON object a line goes in and one comes out, errors in their place."""
    lines = ['{"received": "2026-11-21"}', "{", '{"received": "2026-02-30"}', '{"received": "2026-11-21", "x": 1}']
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines) + "\n\n"))

    status, out, err = run("terms", "show", "--received", "-")

    answers = [json.loads(line) for line in out.splitlines()]
    assert answers[0] == TERMS
    assert [set(answer) for answer in answers[1:]] == [{"error"}] * 3
    assert (status, err) == (1, "meldkluis: 3 lines could not be counted\n")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--received", "2026-11-31"], 2),
        (["--received", "21-11-2026"], 2),
        (["--received", ""], 2),
        (["--received", "2026-11-21", "--acknowledged", "morgen"], 2),
        (["--received", "2026-11-21", "--acknowledged", "2026-11-20"], 1),
        (["--received", "2026-11-21", "--closed", "2026-11-20"], 1),
        (["--received", "1999-01-01"], 1),
        ([], 2),
    ],
)
def test_days_that_make_no_sense(run: Run, arguments: list[str], status: int) -> None:
    """A day that does not exist is a usage error; days that contradict each other are refused."""
    found, out, err = run("terms", "show", *arguments)

    assert (found, out) == (status, "")
    assert err.count("\n") == 1


@pytest.fixture(scope="module")
def proof() -> tuple[Cast, str]:
    cast = make_cast()
    dues = Dues(date(2026, 11, 30), date(2027, 2, 28))
    thing = make_proof(
        cast.server, organisation=ORGANISATION, roster=cast.roster.hash, case=bytes(16), commitment=bytes(32),
        received=date(2026, 11, 23), dues=dues,
    )  # fmt: skip
    return cast, armor_proof(thing, [cast.version])


def test_a_proof_that_holds(run: Run, proof: tuple[Cast, str], tmp_path: Path) -> None:
    """A proof is verified and told, with the fingerprint to compare."""
    cast, text = proof
    path = tmp_path / "proof.txt"
    path.write_text(text)

    told = run.ok("proof", "verify", path)

    assert told["day"] == "2026-11-23"
    assert told["dues"] == {"acknowledgement": "2026-11-30", "feedback": "2027-02-28"}
    assert told["anchor"] == fingerprint(cast.roster.hash)
    assert fingerprint(cast.roster.hash) in run("proof", "verify", path)[1]


def test_a_proof_that_does_not(run: Run, proof: tuple[Cast, str], tmp_path: Path) -> None:
    """A proof that was changed, and a file that is none, are refused in one line."""
    path = tmp_path / "proof.txt"
    lines = proof[1].splitlines()
    lines[1] = lines[1][:20] + ("A" if lines[1][20] != "A" else "B") + lines[1][21:]
    for text in ("\n".join(lines), "", "hello"):
        path.write_text(text)
        run.refused("proof", "verify", path)
    run.refused("proof", "verify", tmp_path / "missing")


@pytest.mark.parametrize("arguments", [[], ["init"], ["officer"], ["officer", "add"], ["nothing"], ["serve", "--port"]])
def test_usage(run: Run, arguments: list[str]) -> None:
    """What is not understood is one line on stderr and exit status 2."""
    status, out, err = run(*arguments)

    assert (status, out) == (2, "")
    assert err.count("\n") == 1


def test_as_a_program(tmp_path: Path) -> None:
    """The installed command works from any directory, and a reader that goes away causes no traceback."""
    command = [
        sys.executable,
        "-P",
        "-m",
        "meldkluis.intake.cli",
        "terms",
        "show",
        "--received",
        "2026-11-21",
        "--json",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == TERMS

    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as stdout:
        cut = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)
    assert (cut.returncode, cut.stderr) == (1, "")
