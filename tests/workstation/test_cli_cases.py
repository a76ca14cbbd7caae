# SPDX-License-Identifier: EUPL-1.2
"""The commands `cases` and `handover`, as a script uses them."""

import json

import pytest
from joining import join
from lied_to import opened
from workplace import PASSPHRASE, Workplaces

from meldkluis.crypto.roster import fingerprint
from meldkluis.workstation import cli
from meldkluis.workstation.render import case_label

CANARY = "pimpelmees"


@pytest.fixture
def command(places: Workplaces, tmp_path, monkeypatch, capsys):
    """Runs a command on the first officer's vault and returns exit status, JSON and the error."""
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE)
    secret.chmod(0o600)
    monkeypatch.setattr(cli, "HttpTransport", lambda *_: places.transports[0])
    monkeypatch.setattr(cli, "today", places.clock)

    def run(*words: str):
        vault = ["--directory", str(places.vault(0)), "--passphrase-file", str(secret)]
        status = cli.main([words[0], *vault, "--json", *words[1:]])
        said = capsys.readouterr()
        return status, json.loads(said.out) if said.out else None, said.err

    return run


def test_cases(places, command):
    """Labels, days and officers, and nothing that anybody wrote."""
    sent = opened(places, 0, text=CANARY, about=CANARY)
    other = places.report(text=CANARY, about=CANARY)
    places.fetch(0)
    status, facts, _ = command("cases")

    assert status == 0
    assert CANARY not in json.dumps(facts)
    assert {item["label"] for item in facts["cases"]} == {case_label(sent.case), case_label(other.case)}
    found = next(item for item in facts["cases"] if item["label"] == case_label(sent.case))
    assert found["received"] == places.clock.day.isoformat()
    assert found["declared"] == "not-involved"
    assert sorted(person["name"] for person in found["officers"]) == ["A. de Vries", "B. Bakker"]
    assert places.clock.day.isoformat() <= found["next_due"]
    assert (found["closed"], found["destroyed"], facts["alarms"]) == (False, False, [])


def test_handover(places, command):
    """Added, pressed again, and left when the colleague has opened the case; an exit status of 1 while something is left."""
    one, two = (opened(places, 0, to=(0, 2)) for _ in range(2))
    new = join(places)
    to = ("handover", "--to", fingerprint(new.key))
    status, facts, _ = command(*to, "--case", case_label(one.case))
    assert (status, facts["cases"]) == (0, [{"label": case_label(one.case), "result": "added"}])
    status, facts, _ = command(*to, "--all")
    assert sorted(item["result"] for item in facts["cases"]) == ["added", "already"]
    new.office.fetch()
    new.office.acts.not_involved(one.case)
    status, facts, _ = command(*to, "--all", "--leave")

    assert status == 1
    results = {item["label"]: item["result"] for item in facts["cases"]}
    assert results == {case_label(one.case): "left", case_label(two.case): "waits"}
    assert places.log(one).officers == {new.key}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--to", "geen", "--all"), "no-fingerprint"),
        (("--to", "00" * 32, "--case", "0000-0000"), "names no case"),
    ],
)
def test_wrong_words(places, command, words, said):
    """One line that says why, and nothing is done."""
    status, facts, error = command("handover", *words)

    assert (status, facts) == (1, None)
    assert said in error


def test_a_stranger(places, command):
    """Nobody gets a case who is not on the list; each case says so."""
    sent = opened(places, 0)
    status, facts, _ = command("handover", "--to", "ab" * 32, "--all")

    assert status == 1
    assert [item["result"] for item in facts["cases"]] == ["add-stranger"]
    assert "officer-added" not in places.acts(sent)
