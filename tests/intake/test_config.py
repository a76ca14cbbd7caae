# SPDX-License-Identifier: EUPL-1.2
"""meldkluis.toml: what it may say, and that an error names the setting."""

import io
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from cast import ORGANISATION
from gate import filled_in

from meldkluis.intake import administration
from meldkluis.intake.cli import main
from meldkluis.intake.config import (
    FILE,
    Config,
    ConfigError,
    Notices,
    Security,
    parse_config,
    read_config,
    render_config,
)
from meldkluis.mailbox.policy import Policy, Retention

PLAIN = Config(ORGANISATION, "Gemeente Voorbeeld")
START = f'organisation = "{ORGANISATION}"\nname = "Gemeente Voorbeeld"\n'


def test_what_nobody_chose_is_unset() -> None:
    """Without a word in the file the officer acknowledges, the server runs daily, and no archivist has chosen."""
    config = parse_config(START)

    assert config == PLAIN
    assert config.policy == Policy("officer", None, Retention())
    assert config.daily_run == "serve"
    assert config.notices == Notices()


def test_everything_can_be_said() -> None:
    """Each setting is read in its own type, a day as TOML's or as a string."""
    config = parse_config(
        'acknowledgement = "automatic"\narchive = "4.1.4"\ndaily_run = "timer"\n'
        + START
        + "[retention]\nfounded = 60\n"
        '[golive]\nprocedure = "2.1"\nworks_council = 2026-11-01\ndpia = "2026-10-01"\n'
        '[security]\ncontact = "https://voorbeeld.example/veilig"\nexpires = 2027-06-01\n'
        '[backup]\ndirectory = "/backup"\n'
        '[notices]\nto = ["a@b.example"]\nsender = "m@b.example"\nserver = "relay.example:465"\ntls = "tls"\n'
        'user = "meldkluis"\nhour = 0\nurge = true\n'
        f'officers = {{ "a@b.example" = "{" ".join(["ABCDEF01"] * 8)}" }}\n'
    )

    assert config.policy == Policy("automatic", "4.1.4", Retention(founded=60))
    assert config.daily_run == "timer"
    assert (config.golive.works_council, config.golive.dpia) == (date(2026, 11, 1), date(2026, 10, 1))
    assert config.golive.external_list is None
    assert config.security == Security("https://voorbeeld.example/veilig", date(2027, 6, 1))
    assert config.backup.directory == "/backup"
    assert config.notices == Notices(
        ("a@b.example",),
        "m@b.example",
        "relay.example:465",
        "tls",
        "meldkluis",
        hour=0,
        urge=True,
        officers={"a@b.example": "abcdef01" * 8},
    )


@pytest.mark.parametrize(
    "config",
    [
        PLAIN,
        filled_in(PLAIN),
        replace(filled_in(PLAIN), retention=Retention(founded=12), acknowledgement="automatic", daily_run="timer"),
        replace(PLAIN, security=Security("tel:+31-70-1234567")),
    ],
)
def test_what_is_written_is_read(config: Config) -> None:
    """The file that is written gives the same settings; days stand in it as TOML's, and what is unset is a comment."""
    text = render_config(config)

    assert parse_config(text) == config
    assert "None" not in text
    if config.security.expires is not None:
        assert f"\nexpires = {config.security.expires}\n" in text
    assert ("\n# archive = " in text) == (config.archive is None)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[retention]\nfounded = 0", "retention.founded is a whole number from 2 to 60"),
        ("[retention]\nfounded = 61", "retention.founded is a whole number from 2 to 60"),
        ("[retention]\nno_report = -1", "retention.no_report is a whole number from 1 to 3"),
        ("[retention]\nregister = true", "retention.register is a whole number from 12 to 120"),
        ("[retention]\nfor_ever = 1", "there is no setting retention.for_ever"),
        ('acknowledgement = "nobody"', 'acknowledgement is "officer" or "automatic"'),
        ("acknowledgement = true", 'acknowledgement is "officer" or "automatic"'),
        ('archive = ""', 'archive is "4.1.4" or "12.1.7"'),
        ('daily_run = "cron"', 'daily_run is "serve" or "timer"'),
        ("speed = 1", "there is no setting speed"),
        ("retention = 1", "retention is a table"),
        ('[golive]\nprocedure = ""', "golive.procedure is one line of 1 to 200 characters"),
        ('[golive]\ndpia = "2026-02-30"', "golive.dpia is a day, YYYY-MM-DD"),
        ("[golive]\ndpia = 2026-02-01T10:00:00", "golive.dpia is a day, YYYY-MM-DD"),
        ('[golive]\nworks_council = "20261101"', "golive.works_council is a day, YYYY-MM-DD"),
        ("[golive]\nexternal_list = 2026", "golive.external_list is a day, YYYY-MM-DD"),
        ("[golive]\nsoon = 1", "there is no setting golive.soon"),
        ('[security]\ncontact = "ict@voorbeeld.example"', "security.contact is an address that begins with"),
        ('[security]\ncontact = "http://voorbeeld.example/"', "security.contact is an address that begins with"),
        ('[security]\ncontact = "mailto:a@b\\nX: y"', "security.contact is an address that begins with"),
        ('[security]\ncontact = "https://a.example/\\r\\nX: y"', "security.contact is an address that begins with"),
        ('[security]\nexpires = "soon"', "security.expires is a day, YYYY-MM-DD"),
        ('[backup]\ndirectory = ""', "backup.directory is one line of 1 to 200 characters"),
        ('[notices]\nto = "a@b.example"', "notices.to is a list of e-mail addresses"),
        ('[notices]\nto = ["a@b.example, c@d.example"]', "notices.to is a list of e-mail addresses"),
        ('[notices]\nto = ["a@b.example"]', "notices.sender is missing"),
        ('[notices]\nsender = "A <a@b.example>"', "notices.sender is an e-mail address"),
        ('[notices]\nserver = "relay.example"', "notices.server is HOST:PORT"),
        ('[notices]\nserver = "relay.example:65536"', "notices.server is HOST:PORT"),
        ('[notices]\ntls = "maybe"', 'notices.tls is "none" or "starttls" or "tls"'),
        ("[notices]\nhour = 24", "notices.hour is a whole number from 0 to 23"),
        ('[notices]\nurge = "no"', "notices.urge is true or false"),
        ('[notices]\nofficers = {"a@b.example" = "AB"}', "notices.officers is a table of e-mail addresses"),
        ('[notices]\nofficers = {"nobody" = "AB"}', "notices.officers is a table of e-mail addresses"),
        ("[notices]\nofficers = []", "notices.officers is a table of e-mail addresses"),
        ('[notices]\npassword = "x"', "there is no setting notices.password"),
        ('[notices]\nuser = "u"\nserver = "relay.example:25"', 'notices.tls is "starttls" or "tls"'),
    ],
)
def test_an_error_names_the_setting(line: str, said: str) -> None:
    """What cannot be meant is refused, and the message begins with the setting's own name."""
    with pytest.raises(ConfigError) as caught:
        parse_config(START + line + "\n")

    assert str(caught.value).startswith(f"{FILE}: {said}")


@pytest.mark.parametrize("line", ["[retention]\nfounded = -2\n", "[retention]\nfor_ever = 1\n", 'archive = "none"\n'])
@pytest.mark.parametrize(
    "command",
    [
        ["officer", "list"], ["officer", "add", "-"], ["officer", "revoke", "00"], ["serve"], ["doctor"],
        ["init", "--organisation", ORGANISATION, "--name", "Gemeente Voorbeeld"],
    ],
)  # fmt: skip
def test_a_policy_outside_the_law_stops_every_command(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    line: str,
) -> None:
    """With a negative period or an unknown name every command ends before it changes anything."""
    directory = tmp_path / "organisation"
    administration.init(directory, organisation=ORGANISATION, name="Gemeente Voorbeeld")
    (directory / FILE).write_text(START + line)
    monkeypatch.setattr(sys, "stdin", io.StringIO("no card"))
    before = {path.name: path.stat().st_mtime_ns for path in directory.iterdir()}

    with pytest.raises(SystemExit) as ended:
        main([*command, "--directory", str(directory)])

    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (1, "")
    assert err.startswith(f"meldkluis: {FILE}: ")
    assert err.count("\n") == 1
    assert {path.name: path.stat().st_mtime_ns for path in directory.iterdir()} == before


def test_a_policy_outside_the_law_makes_no_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """init over settings that cannot be used makes no keys and no database."""
    (tmp_path / FILE).write_text(START + "[retention]\nfounded = -2\n")

    with pytest.raises(SystemExit):
        main(["init", "--directory", str(tmp_path), "--organisation", ORGANISATION, "--name", "Gemeente Voorbeeld"])

    assert "retention.founded" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_init_leaves_hints(tmp_path: Path) -> None:
    """The file that init writes names what somebody still has to fill in."""
    administration.init(tmp_path, organisation=ORGANISATION, name="Gemeente Voorbeeld")

    text = (tmp_path / FILE).read_text(encoding="utf-8")
    hints = {line.split()[1] for line in text.splitlines() if line.startswith("# ")}
    assert hints == {
        "archive", "procedure", "works_council", "dpia", "external_list", "contact", "expires", "directory",
    }  # fmt: skip
    assert read_config(tmp_path).archive is None
