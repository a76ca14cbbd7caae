# SPDX-License-Identifier: EUPL-1.2
"""The command line of keys: init's recovery secret, backup, restore, and run where there is no vault."""

import contextlib
import http.client
import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest
from workplace import PASSPHRASE, make_vault

from meldkluis.workstation import backup, cli, passphrase as passphrases, recovery
from meldkluis.workstation.vault import Vault


def private(path: Path, text: str) -> str:
    """Write a file of mode 0600."""
    path.write_text(text + "\n")
    path.chmod(0o600)
    return str(path)


@pytest.fixture
def secret(tmp_path):
    """A passphrase file."""
    return private(tmp_path / "passphrase", PASSPHRASE)


def init(directory, secret, *more):
    return cli.main([
        "init", "--directory", str(directory), "--organisation", "gemeente-voorbeeld", "--name", "A. de Vries",
        "--function", "vertrouwenspersoon", "--server", "http://127.0.0.1:1", "--passphrase-file", secret, *more,
    ])  # fmt: skip


def test_init_backup_restore(tmp_path, secret, capsys):
    """A script makes a vault, its backup and the vault again: one JSON object each, and the key is the same."""
    assert init(tmp_path / "v", secret, "--json") == 0
    made = json.loads(capsys.readouterr().out)
    paper, stick = private(tmp_path / "paper", made["recovery"]), tmp_path / "stick.age"
    here = ["--directory", str(tmp_path / "v"), "--passphrase-file", secret, "--json"]
    for _ in range(2):
        assert cli.main(["backup", "-o", str(stick), *here]) == 0
        facts = json.loads(capsys.readouterr().out)
        assert (facts["output"], facts["bytes"]) == (str(stick), stick.stat().st_size)
    assert stick.stat().st_mode & 0o777 == 0o600
    new = [
        "--directory",
        str(tmp_path / "w"),
        "--passphrase-file",
        private(tmp_path / "p2", "een andere wachtzin erbij"),
    ]
    assert cli.main(["restore", str(stick), "--recovery-file", paper, *new, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)

    assert facts["fingerprint"] == made["fingerprint"]
    assert "recovery" not in facts
    vault = Vault.open(tmp_path / "w", "een andere wachtzin erbij")
    assert vault.fact("restored") == facts["day"]
    vault.close()


def test_init_in_words_has_the_sheet(tmp_path, secret, capsys):
    """Without --json the recovery secret stands in groups, and reads back as itself."""
    init(tmp_path / "v", secret)
    said = capsys.readouterr().out
    lines = said.split(f"    {recovery.PREFIX}\n")[1].split()
    vault = Vault.open(tmp_path / "v", PASSPHRASE)

    assert recovery.recipient(recovery.read("".join(lines))) == vault.fact("recovery")
    vault.close()


def test_restore_at_the_terminal(tmp_path, secret, capsys, monkeypatch):
    """The secret is asked before a passphrase, in any spelling; just Enter makes one, shown once."""
    init(tmp_path / "v", secret, "--json")
    paper = json.loads(capsys.readouterr().out)["recovery"]
    here = ["--directory", str(tmp_path / "v"), "--passphrase-file", secret]
    assert cli.main(["backup", "-o", str(tmp_path / "stick.age"), *here]) == 0
    capsys.readouterr()
    typed = iter([" ".join(recovery.groups(paper)).lower(), ""])
    monkeypatch.setattr(passphrases, "prompt", lambda _: next(typed))
    command = ["restore", str(tmp_path / "stick.age"), "--directory", str(tmp_path / "w"), "--json"]
    assert cli.main(command) == 0
    made = json.loads(capsys.readouterr().out)["passphrase"]

    Vault.open(tmp_path / "w", made).close()


def test_restore_refuses_in_one_line(tmp_path, secret, capsys):
    """Slip, other sheet, no file, vault there, demonstration: one line each, without what was typed, and no vault."""
    init(tmp_path / "v", secret, "--json")
    right = json.loads(capsys.readouterr().out)["recovery"]
    cli.main(["backup", "-o", str(tmp_path / "s"), "--directory", str(tmp_path / "v"), "--passphrase-file", secret])
    capsys.readouterr()
    other = recovery.generate()
    for number, (file, typed, more, said) in enumerate((
        ("s", right[:-1], [], "compare each character"),
        ("s", other, [], "does not open this backup"),
        ("gone", right, [], "cannot be read"),
        ("paper-0", right, [], "not a backup"),
        ("s", right, ["--demo"], "--demo is for"),
        ("s", right, ["--directory", str(tmp_path / "v")], "vault in this directory already"),
    )):  # fmt: skip
        paper = private(tmp_path / f"paper-{number}", typed)
        command = ["restore", str(tmp_path / file), "--recovery-file", paper, "--directory", str(tmp_path / "w")]
        assert cli.main([*command, "--passphrase-file", secret, *more]) == 1
        out, err = capsys.readouterr()
        assert (out, err.count("\n"), said in err) == ("", 1, True), err
        assert typed not in err
        assert not (tmp_path / "w").exists()


def test_recovery_file_of_others(tmp_path, secret, capsys):
    """A secret that others can read is refused."""
    (tmp_path / "paper").write_text(recovery.generate())
    (tmp_path / "paper").chmod(0o644)
    command = ["restore", "x", "--recovery-file", str(tmp_path / "paper"), "--directory", str(tmp_path / "w")]

    assert cli.main([*command, "--passphrase-file", secret]) == 1
    assert "chmod 600" in capsys.readouterr().err


def test_backup_without_a_sheet(tmp_path, secret, capsys):
    """A vault of before the recovery sheet says where to make one."""
    make_vault(tmp_path / "v")
    command = ["backup", "-o", str(tmp_path / "s"), "--directory", str(tmp_path / "v"), "--passphrase-file", secret]

    assert cli.main(command) == 1
    assert "no recovery sheet yet" in capsys.readouterr().err
    assert not (tmp_path / "s").exists()


def test_leftovers_go_with_the_next_command(tmp_path, secret, capsys):
    """What a power cut left is removed by whatever is started next."""
    init(tmp_path / "v", secret)
    left = tmp_path / "v" / "vault-copy-0123456789abcdef.db"
    left.write_bytes(b"x")
    cli.main(["pull", "--directory", str(tmp_path / "v"), "--passphrase-file", secret])

    assert not left.exists()


def test_run_for_real_without_a_vault(tmp_path):
    """Under gunicorn, in an empty place: the start address opens the ceremony, and its last page is a vault."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "meldkluis.workstation.cli", "run", "--directory", str(tmp_path / "v"), "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        start = json.loads(process.stdout.readline())["start"]
        port, token = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/start\?token=(\S+)", start).groups()

        def ask(method, path, cookie="", **form):
            connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=20)
            headers = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin", "Origin": f"http://127.0.0.1:{port}"}
            if form:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(method, path, urlencode(form) if form else None, headers)
            with contextlib.closing(connection), connection.getresponse() as answer:
                return answer, answer.read().decode(errors="replace")

        answer, page = ask("GET", f"/start?token={token}")
        cookie = answer.headers["set-cookie"].split(";")[0]
        csrf = re.search(r'name="csrf" value="([^"]+)"', page)[1]
        who = {"organisation": "gemeente-voorbeeld", "server": "https://meld.example", "name": "A", "function": "B"}
        ask("POST", "/setup/who", cookie, csrf=csrf, role="officer", proxy="", **who)
        passphrase = re.search(r'translate="no">([a-z ]+)</p>', ask("GET", "/setup/passphrase", cookie)[1])[1]
        ask("POST", "/setup/passphrase/again", cookie, csrf=csrf, passphrase=passphrase)
        groups = re.findall(r"<li>([A-Z0-9]{4,6})</li>", ask("GET", "/setup/sheet", cookie)[1])
        done = ask("POST", "/setup/sheet/again", cookie, csrf=csrf, recovery="".join(groups[-2:]))[0]
        assert done.headers["location"] == "/welcome"
        saved = ask("POST", "/backup/file", cookie, csrf=csrf)[0]
        assert saved.headers["content-type"] == "application/octet-stream"
    finally:
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=30)

    assert (process.returncode, errors) == (0, "")
    assert not any(group in out for group in groups)
    vault = Vault.open(tmp_path / "v", passphrase)
    assert backup.last_day(vault) is not None
    vault.close()
