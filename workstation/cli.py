# SPDX-License-Identifier: EUPL-1.2
"""`meldkluis-workstation`: init, run, open, pull, cases, handover, backup, restore, decrypt.

- Secrets come from a prompt or from a file that only its owner can read; never from an argument or the environment.
- With --json exactly one JSON object is printed on standard output; questions and warnings go to standard error.
- Exit status 0: done; 1: not done, with one line why, or not for every case; 2: wrong usage; 3: done, and there are
  alarms.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from meldkluis.crypto.errors import CryptoError
from meldkluis.crypto.roster import fingerprint
from meldkluis.mailbox.clock import today
from meldkluis.workstation import commands_cases, commands_keys, passphrase as passphrases, recovery
from meldkluis.workstation.display import one_line
from meldkluis.workstation.errors import DemoError, VaultError, WorkstationError
from meldkluis.workstation.keyring import Keyring, Person
from meldkluis.workstation.making import holds_vault, settle
from meldkluis.workstation.office import Connect, Office
from meldkluis.workstation.opening import Opener
from meldkluis.workstation.proxies import check_proxy
from meldkluis.workstation.transport import HttpTransport, check_server
from meldkluis.workstation.trust import parse_fingerprint
from meldkluis.workstation.vault import Vault, read_head, require_demo

CARD: Final = "officer.card"


def _default_directory() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "meldkluis-workstation"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="meldkluis-workstation", description="The officer's own application: keys, vault and local pages."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--directory", type=Path, default=_default_directory(), help="where the vault is")
    common.add_argument("--demo", action="store_true", help="work with a demonstration, whose keys protect nobody")
    common.add_argument("--json", action="store_true", help="print one JSON object")
    secret = argparse.ArgumentParser(add_help=False)
    secret.add_argument("--passphrase-file", type=Path, help="a file of mode 0600, or a pipe as /dev/fd/3")

    init = commands.add_parser("init", parents=[common, secret], help="make keys, vault and card")
    for name, text in (
        ("organisation", "the identifier that the administrator gave"),
        ("name", "your name as reporters will see it"),
        ("function", "your function as reporters will see it"),
        ("server", "address of the officers' API, as https://meld.example:8443"),
    ):
        init.add_argument(f"--{name}", help=text)
    init.add_argument(
        "--proxy", metavar="URL", help="a SOCKS proxy of this machine, as socks5h://127.0.0.1:9050 of tor"
    )
    init.add_argument("--role", choices=("officer", "deputy"), default="officer")
    init.add_argument("--manager", action="store_true", help="you give leadership to people of the organisation")
    init.add_argument("--hr", action="store_true", help="you work in personnel affairs")

    run = commands.add_parser("run", parents=[common], help="serve the local pages on 127.0.0.1")
    run.add_argument("--port", type=int, default=0, help="a fixed port; any free one if not given")

    commands.add_parser("open", parents=[common], help="open the local pages in the browser; starts them if need be")

    pull = commands.add_parser("pull", parents=[common, secret], help="fetch and verify, without pages")
    pull.add_argument(
        "--sign-proposal", metavar="FINGERPRINT",
        help="sign the proposed roster if it has this fingerprint; you have compared everybody's keys in person",
    )  # fmt: skip
    pull.add_argument(
        "--anchor", metavar="FINGERPRINT", help="trust the roster whose first version has this fingerprint"
    )

    commands_cases.add_parsers(commands, [common, secret])
    commands_keys.add_parsers(commands, [common, secret])

    decrypt = commands.add_parser("decrypt", parents=[common, secret], help="open an age file made for this vault")
    decrypt.add_argument("file", metavar="FILE", help="the age file, or - for standard input")
    decrypt.add_argument("-o", "--output", type=Path, help="a new file of mode 0600; standard output if not given")
    return parser


def _ask(question: str) -> str:
    if not sys.stdin.isatty():
        raise WorkstationError(f"{question} is missing, and there is no terminal to ask at")
    print(f"{question}: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _new_passphrase(arguments: argparse.Namespace) -> tuple[str, bool]:
    if arguments.passphrase_file is not None:
        return passphrases.from_file(arguments.passphrase_file), False
    first = passphrases.prompt("Passphrase for the vault (just Enter: one is made for you): ")
    if not first:
        return passphrases.generate(), True
    if passphrases.normalise(passphrases.prompt("Once more: ")) != passphrases.normalise(first):
        raise WorkstationError("the two passphrases differ")
    return first, False


def _open_vault(arguments: argparse.Namespace) -> str:
    read_head(arguments.directory)
    if arguments.passphrase_file is not None:
        return passphrases.from_file(arguments.passphrase_file)
    return passphrases.prompt("Passphrase of the vault: ")


def _proxy(arguments: argparse.Namespace) -> str:
    if arguments.proxy is None:
        return ""
    if arguments.demo:
        raise DemoError("a demonstration uses no proxy")
    return check_proxy(arguments.proxy).url


def _init(arguments: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    if holds_vault(arguments.directory):
        raise VaultError("there is a vault in this directory already")
    organisation = arguments.organisation or _ask("Identifier of the organisation")
    require_demo(organisation, demo=arguments.demo)
    person = Person(
        organisation, arguments.name or _ask("Your name"), arguments.function or _ask("Your function"),
        arguments.role, arguments.manager, arguments.hr,
    )  # fmt: skip
    server = check_server(arguments.server or _ask("Address of the officers' API"), demo=arguments.demo)
    proxy = _proxy(arguments)
    passphrase, made = _new_passphrase(arguments)
    paper = recovery.generate()
    ring = Keyring.found(
        arguments.directory, person, server, passphrase, today(), proxy=proxy, recovery=recovery.recipient(paper)
    )
    card = arguments.directory / CARD
    card.write_text(ring.card, encoding="ascii")
    ring.vault.close()
    facts = {
        "directory": str(arguments.directory), "organisation": organisation, "fingerprint": fingerprint(ring.key),
        "card": str(card), "demo": arguments.demo, "recovery": paper,
    }  # fmt: skip
    lines = [
        f"Vault:        {arguments.directory}",
        f"Fingerprint:  {fingerprint(ring.key)}",
        f"Card:         {card}",
        "",
        "Give the card to the administrator. Read the fingerprint to the other officers in person.",
    ]
    if made:
        facts["passphrase"] = passphrase
        lines += _shown_once(passphrase)
    return facts, lines + commands_keys.sheet(paper)


def _shown_once(passphrase: str) -> list[str]:
    return ["", "Your passphrase, shown this once. Write it down and keep it apart:", "", f"    {passphrase}"]


def _run(arguments: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    if holds_vault(arguments.directory):
        require_demo(read_head(arguments.directory).organisation, demo=arguments.demo)

    def announce(address: str) -> None:
        line = json.dumps({"start": address}) if arguments.json else f"Open this address (it works once): {address}"
        print(line, flush=True)

    from meldkluis.workstation.serve import run

    run(arguments.directory, arguments.port, announce, _connect(demo=arguments.demo), demo=arguments.demo)
    return {}, []


def _open(arguments: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    from meldkluis.workstation.starting import open_pages, show_problem

    try:
        open_pages(arguments.directory, demo=arguments.demo)
    except WorkstationError as error:
        if not sys.stderr.isatty():
            # Started by an icon: there is no terminal to read it at.
            show_problem(arguments.directory, str(error))
        raise
    return {"opened": True}, ["Opened in the browser."]


def _connect(*, demo: bool) -> Connect:
    # Checked again where it is used: a demonstration's vault may have been made by something else than `init`.
    return lambda way: HttpTransport(check_server(way.url, demo=demo), way.proxy)


def _pull(arguments: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    require_demo(read_head(arguments.directory).organisation, demo=arguments.demo)
    office = Office.open(arguments.directory, _open_vault(arguments), _connect(demo=arguments.demo), today)
    try:
        office.fetch()
        if arguments.anchor is not None:
            office.trust.confirm(parse_fingerprint(arguments.anchor))
            office.fetch()
        if arguments.sign_proposal is not None:
            office.sign_proposal(parse_fingerprint(arguments.sign_proposal))
            office.fetch()
        return _state(office)
    finally:
        office.close()


def _cases(arguments: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    require_demo(read_head(arguments.directory).organisation, demo=arguments.demo)
    office = Office.open(arguments.directory, _open_vault(arguments), _connect(demo=arguments.demo), today)
    try:
        return commands_cases.cases(office)
    finally:
        office.close()


def _handover(arguments: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    require_demo(read_head(arguments.directory).organisation, demo=arguments.demo)
    office = Office.open(arguments.directory, _open_vault(arguments), _connect(demo=arguments.demo), today)
    try:
        return commands_cases.handover(office, arguments.to, arguments.case, every=arguments.all, leave=arguments.leave)
    finally:
        office.close()


def _backup(arguments: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    require_demo(read_head(arguments.directory).organisation, demo=arguments.demo)
    vault = Vault.open(arguments.directory, _open_vault(arguments))
    try:
        return commands_keys.save(Keyring(vault), arguments.output)
    finally:
        vault.close()


def _restore(arguments: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    secret, head = commands_keys.looked_at(arguments)
    passphrase, made = _new_passphrase(arguments)
    facts, lines = commands_keys.restore(arguments, secret, head, passphrase)
    if made:
        facts["passphrase"] = passphrase
        lines += _shown_once(passphrase)
    return facts, lines


def _state(office: Office) -> tuple[dict[str, Any], list[str]]:
    proposal, roster, anchor = office.trust.proposal(), office.trust.current(), office.trust.anchor
    cases = office.summaries.all()
    facts = {
        "roster": None if roster is None else roster.version,
        "fingerprint": None if roster is None or anchor is None else fingerprint(anchor),
        "proposal": None if proposal is None else {
            "version": proposal.roster.version, "fingerprint": fingerprint(proposal.roster.hash),
            "signed": proposal.signed, "missing": proposal.missing,
            "members": [
                {"name": member.name, "fingerprint": fingerprint(member.key), "change": change}
                for member, change in proposal.members
            ],
        },
        "unconfirmed": bool(office.trust.unconfirmed()),
        "cases": len(cases),
        "unread": sum(bool(item.unread) for item in cases),
        "reminders": sum(len(item.reminders) for item in cases),
        "alarms": [alarm.kind for alarm in office.book.alarms()],
    }  # fmt: skip
    lines = [f"Cases: {facts['cases']}, with something new: {facts['unread']}, reminders: {facts['reminders']}"]
    if anchor is not None and roster is not None:
        lines.append(f"Roster version {roster.version}; fingerprint for the poster: {fingerprint(anchor)}")
    if office.trust.unconfirmed():
        lines.append("There is a roster, but no fingerprint to trust it by: see the local pages, or --anchor")
    if proposal is not None:
        lines.append(f"Proposed roster, version {proposal.roster.version}: {fingerprint(proposal.roster.hash)}")
        for member, change in proposal.members:
            who = f"{one_line(member.name)}, {one_line(member.function)}"
            lines.append(f"  {fingerprint(member.key)}  {who} ({change})")
    lines += [f"ALARM: {alarm.kind} (open the local pages to read what it means)" for alarm in office.book.alarms()]
    return facts, lines


def _decrypt(arguments: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    vault = Vault.open(arguments.directory, _open_vault(arguments))
    try:
        with sys.stdin.buffer if arguments.file == "-" else Path(arguments.file).open("rb") as source:
            written = _write(Opener(vault).open(source), arguments.output)
    except OSError:
        raise WorkstationError("the file cannot be read or written") from None
    finally:
        vault.close()
    return {"bytes": written, "output": None if arguments.output is None else str(arguments.output)}, []


def _write(chunks: Any, output: Path | None) -> int:
    written = 0
    if output is None:
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
            written += len(chunk)
        sys.stdout.buffer.flush()
        return written
    first = next(chunks, b"")
    handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as sink:
            written = sink.write(first)
            for chunk in chunks:
                written += sink.write(chunk)
    except BaseException:
        # Half a file would pass for a whole one.
        output.unlink()
        raise
    return written


_COMMANDS: Final = {
    "init": _init, "run": _run, "open": _open, "pull": _pull, "cases": _cases, "handover": _handover,
    "backup": _backup, "restore": _restore, "decrypt": _decrypt,
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status."""
    given = _parser().parse_args(arguments)
    os.umask(0o077)
    quiet = given.command == "run" or (given.command == "decrypt" and given.output is None)
    try:
        settle(given.directory)
        facts, lines = _COMMANDS[given.command](given)
    except (WorkstationError, CryptoError) as error:
        print(f"meldkluis-workstation: {error}", file=sys.stderr)
        return 1
    if not quiet:
        print(json.dumps(facts) if given.json else "\n".join(lines))
    if facts.get("failed"):
        return 1
    return 3 if facts.get("alarms") else 0


if __name__ == "__main__":
    sys.exit(main())
