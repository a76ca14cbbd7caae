# SPDX-License-Identifier: EUPL-1.2
"""The command line: init, pull, decrypt and run, as a person or a script uses them."""

import contextlib
import http.client
import json
import re
import signal
import subprocess
import sys
from urllib.parse import urlencode

import pytest
from workplace import PASSPHRASE, ToDesk, found, make_vault, workplaces

from meldkluis.crypto import age
from meldkluis.crypto.card import parse_card
from meldkluis.crypto.encoding import b64
from meldkluis.intake import administration
from meldkluis.workstation import cli, passphrase as passphrases
from meldkluis.workstation.office import Office
from meldkluis.workstation.serve import bind


@pytest.fixture
def secret(tmp_path):
    """A passphrase file of mode 0600."""
    path = tmp_path / "passphrase"
    path.write_text(PASSPHRASE + "\n")
    path.chmod(0o600)
    return str(path)


def init(directory, secret, *more, organisation="gemeente-voorbeeld", server="http://127.0.0.1:1"):
    return cli.main([
        "init", "--directory", str(directory), "--organisation", organisation, "--name", "A. de Vries",
        "--function", "vertrouwenspersoon", "--server", server, "--passphrase-file", secret, *more,
    ])  # fmt: skip


def test_init(tmp_path, secret, capsys):
    """init makes vault and card, and prints the fingerprint in eight groups of eight."""
    assert init(tmp_path / "v", secret, "--role", "deputy", "--hr", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    card = parse_card((tmp_path / "v" / "officer.card").read_text())

    assert re.fullmatch(r"([0-9a-f]{8} ){7}[0-9a-f]{8}", facts["fingerprint"])
    assert facts["fingerprint"].replace(" ", "") == card.key.hex()
    assert (card.role, card.manager, card.hr) == ("deputy", False, True)
    assert "passphrase" not in facts


def test_init_in_words(tmp_path, secret, capsys):
    """Without --json the same is said in lines."""
    assert init(tmp_path / "v", secret) == 0

    assert re.search(r"Fingerprint:  ([0-9a-f]{8} ){7}[0-9a-f]{8}\n", capsys.readouterr().out)


def test_generated_passphrase(tmp_path, monkeypatch, capsys):
    """Just Enter at the prompt makes a passphrase, shown once, that opens the vault."""
    monkeypatch.setattr(passphrases, "prompt", lambda _: "")
    command = ["init", "--directory", str(tmp_path / "v"), "--organisation", "gemeente-voorbeeld", "--name", "A"]
    assert cli.main([*command, "--function", "B", "--server", "https://meld.example", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)["passphrase"]

    assert len(made.split()) == 7
    Office.open(tmp_path / "v", made, lambda _: None, lambda: None).vault.close()


def test_two_different_passphrases(tmp_path, monkeypatch, capsys):
    """A passphrase that was typed differently the second time makes no vault."""
    typed = iter([PASSPHRASE, PASSPHRASE + "x"])
    monkeypatch.setattr(passphrases, "prompt", lambda _: next(typed))
    command = ["init", "--directory", str(tmp_path / "v"), "--organisation", "gemeente-voorbeeld", "--name", "A"]

    assert cli.main([*command, "--function", "B", "--server", "https://meld.example"]) == 1
    assert not (tmp_path / "v").exists()


@pytest.mark.parametrize(
    ("organisation", "server", "more"),
    [
        ("gemeente-voorbeeld-demo", "http://127.0.0.1:1", []),
        ("gemeente-voorbeeld", "http://127.0.0.1:1", ["--demo"]),
        ("gemeente-voorbeeld-demo", "https://meld.example", ["--demo"]),
        ("gemeente-voorbeeld-demo", "http://192.168.1.1:1", ["--demo"]),
        ("gemeente-voorbeeld", "http://meld.example", []),
        ("gemeente-voorbeeld", "https://meld.example/path", []),
        ("gemeente-voorbeeld", "https://u:p@meld.example", []),
        ("gemeente-voorbeeld", "ftp://meld.example", []),
        ("gemeente-voorbeeld", "meld.example", []),
        ("gemeente-voorbeeld", "https://meld.example:99999", []),
        ("Gemeente Voorbeeld", "https://meld.example", []),
    ],
)
def test_init_refuses(tmp_path, secret, capsys, organisation, server, more):
    """Demo keys outside the demo, plain HTTP over a network and nonsense make no vault."""
    assert init(tmp_path / "v", secret, *more, organisation=organisation, server=server) == 1
    assert not (tmp_path / "v").exists()
    assert capsys.readouterr().err.startswith("meldkluis-workstation: ")


@pytest.mark.parametrize("server", ["http://[::1]:8443", "http://localhost:1", "https://abc.onion"])
def test_init_accepts(tmp_path, secret, server):
    """This machine, onion addresses and HTTPS are fine."""
    assert init(tmp_path / "v", secret, server=server) == 0


def test_init_never_writes_over(tmp_path, secret, capsys):
    """A second init in the same place changes nothing."""
    init(tmp_path / "v", secret)
    before = (tmp_path / "v" / "officer.card").read_bytes()

    assert init(tmp_path / "v", secret) == 1
    assert (tmp_path / "v" / "officer.card").read_bytes() == before


@pytest.mark.parametrize("command", [["pull"], ["decrypt", "-"], ["backup", "-o", "x.age"]])
def test_no_vault(tmp_path, command, capsys):
    """Without a vault every command says so in one line."""
    assert cli.main([*command, "--directory", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "meldkluis-workstation: there is no vault in this directory\n"


def test_run_and_pull_refuse_a_demo_vault(tmp_path, secret, capsys):
    """A demonstration's vault is opened with --demo only."""
    init(tmp_path / "v", secret, "--demo", organisation="gemeente-voorbeeld-demo")

    assert cli.main(["run", "--directory", str(tmp_path / "v")]) == 1
    assert cli.main(["pull", "--directory", str(tmp_path / "v"), "--passphrase-file", secret]) == 1


def test_pull_signs_by_fingerprint(tmp_path, secret, capsys, monkeypatch):
    """A script founds with pull: it reads the proposal's fingerprint and signs that proposal and no other."""
    desk, cards = found(tmp_path)
    proposed = administration.propose_cards(tmp_path / "organisation", cards)
    monkeypatch.setattr(cli, "_connect", lambda *, demo: lambda _: ToDesk(desk))
    for number in range(3):
        command = ["pull", "--directory", str(tmp_path / f"vault-{number}"), "--passphrase-file", secret, "--json"]
        assert cli.main(command) == 0
        shown = json.loads(capsys.readouterr().out)["proposal"]
        assert shown["fingerprint"] == proposed["hash"]
        assert [member["change"] for member in shown["members"]] == ["new"] * 3
        assert cli.main([*command, "--sign-proposal", "00" * 32]) == 1
        assert cli.main([*command, "--sign-proposal", shown["fingerprint"]]) == 0
        capsys.readouterr()
    assert cli.main(command) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["roster"], facts["fingerprint"], facts["alarms"]) == (1, proposed["hash"], [])

    card = make_vault(tmp_path / "late", "D. Smit")
    administration.propose_cards(tmp_path / "organisation", [card])
    command = ["pull", "--directory", str(tmp_path / "late"), "--passphrase-file", secret, "--json"]
    assert cli.main(command) == 0
    assert json.loads(capsys.readouterr().out)["unconfirmed"]
    assert cli.main([*command, "--anchor", "11" * 32]) == 1
    assert cli.main([*command, "--anchor", proposed["hash"]]) == 0
    desk.close()


def test_wrong_passphrase(vault_directory, tmp_path, capsys):
    """A wrong passphrase is said in one line, without it."""
    wrong = tmp_path / "wrong"
    wrong.write_text("correct horse battery stable")
    wrong.chmod(0o600)

    assert cli.main(["pull", "--directory", str(vault_directory), "--passphrase-file", str(wrong)]) == 1
    assert "stable" not in capsys.readouterr().err


def test_unreachable_server(vault_directory, secret, capsys):
    """A server that is not there is one line."""
    assert cli.main(["pull", "--directory", str(vault_directory), "--passphrase-file", secret]) == 1
    assert capsys.readouterr().err == "meldkluis-workstation: no answer from the server\n"


def test_decrypt_everything_of_a_vault(tmp_path, secret, capsysbinary):
    """decrypt opens files to the intake key, the case key and attachments' keys, and nothing else."""
    with workplaces(tmp_path) as places:
        office = places.offices[0]
        sent = places.report("geheim", files=[("b.bin", b"bewijs" * 5000)])
        office.fetch()
        intake = office.keyring.known_keys()
        own = next(key for key in intake if key.officer == office.keyring.key)
        bare = tmp_path / "bare.age"
        bare.write_bytes(age.encrypt(b"zelf verzegeld", [own.recipient]))
        attachment = tmp_path / "attachment.age"
        attachment.write_bytes(b"".join(places.desk.attachment(office.keyring.key, sent.case, sent.attachments[0])))
        command = ["decrypt", "--directory", str(places.vault(0)), "--passphrase-file", secret]

        assert cli.main([*command, str(bare)]) == 0
        assert capsysbinary.readouterr().out == b"zelf verzegeld"
        assert cli.main([*command, str(attachment)]) == 1, "the case is not opened yet"
        office.acts.not_involved(sent.case)
        assert cli.main([*command, str(attachment), "-o", str(tmp_path / "b.bin"), "--json"]) == 0
        assert (tmp_path / "b.bin").read_bytes() == b"bewijs" * 5000
        assert (tmp_path / "b.bin").stat().st_mode & 0o777 == 0o600
        assert json.loads(capsysbinary.readouterr().out)["bytes"] == 30_000
        assert cli.main([*command, str(attachment), "-o", str(tmp_path / "b.bin")]) == 1, "never over a file"

        message = tmp_path / "content.age"
        message.write_bytes(b"".join(places.desk.file(office.keyring.key, sent.case, 0, "content")))
        assert age.count_stanzas(age.split(message.read_bytes())[0]) == 1
        assert cli.main([*command, str(message)]) == 0
        assert b"geheim" in capsysbinary.readouterr().out

        foreign = tmp_path / "foreign.age"
        foreign.write_bytes(age.encrypt(b"x", [age.recipient_of(age.generate_identity())]))
        assert cli.main([*command, str(foreign)]) == 1
        assert cli.main([*command, str(tmp_path / "nothing")]) == 1


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_damaged_file_leaves_nothing(tmp_path, secret, capsysbinary, damage):
    """A file that breaks off or was changed leaves no half output behind."""
    with workplaces(tmp_path) as places:
        own = next(
            key for key in places.offices[0].keyring.known_keys() if key.officer == places.offices[0].keyring.key
        )
        content = age.encrypt(b"x" * 300_000, [own.recipient])
        file = tmp_path / "file.age"
        file.write_bytes(content[:-9] if damage == "cut" else content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
        command = ["decrypt", "--directory", str(places.vault(0)), "--passphrase-file", secret]

        assert cli.main([*command, str(file), "-o", str(tmp_path / "out")]) == 1
        assert not (tmp_path / "out").exists()


def test_wrong_usage(capsys):
    """Wrong usage is status 2."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["decrypt"])

    assert ended.value.code == 2


def test_run_for_real(vault_directory):
    """Under gunicorn: the start address works once, on 127.0.0.1 only; the passphrase opens; Ctrl-C ends it."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "meldkluis.workstation.cli", "run", "--directory", str(vault_directory), "--json"],
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
                return answer, answer.read().decode()

        answer, page = ask("GET", f"/start?token={token}")
        cookie = answer.headers["set-cookie"].split(";")[0]
        csrf = re.search(r'name="csrf" value="([^"]+)"', page)[1]
        assert answer.headers["server"] == "meldkluis-workstation"
        assert ask("GET", f"/start?token={token}")[0].status == 401
        assert ask("POST", "/unlock", cookie, csrf=csrf, passphrase=PASSPHRASE)[0].headers["location"] == "/"
        assert "De server is niet bereikbaar" in ask("GET", "/roster", cookie)[1]
        assert ask("GET", "/case/" + b64(bytes(16)), cookie)[0].status == 404
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)

    assert (process.returncode, errors) == (0, "")


def test_port_in_use(vault_directory, capsys):
    """A taken port is one line."""
    taken = bind(0)
    port = str(taken.getsockname()[1])

    assert cli.main(["run", "--directory", str(vault_directory), "--port", port]) == 1
    assert "is in use" in capsys.readouterr().err
    taken.close()
