# SPDX-License-Identifier: EUPL-1.2
"""The server's command line, for the administrator.

- An error is one line on stderr: exit 2 for a command that is not understood, 1 for one that is refused. `doctor` ends
  with 1 too when something is red.
- Nothing secret is read from arguments or the environment, and nothing secret is printed.
- Parses and prints only; what the commands do stands in meldkluis.intake.administration and meldkluis.intake.serve.
"""

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from meldkluis.crypto.errors import CryptoError
from meldkluis.intake.config import ConfigError
from meldkluis.intake.errors import CommandError, UsageError
from meldkluis.mailbox.errors import MailboxError

OK: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
_LONGEST_FILE: Final = 4_000_000


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message}\n")


def _read(path: str) -> str:
    try:
        if path == "-":
            return sys.stdin.read(_LONGEST_FILE)
        with Path(path).open(encoding="utf-8") as file:
            return file.read(_LONGEST_FILE)
    except FileNotFoundError:
        raise CommandError(f"there is no file {path}") from None
    except (OSError, UnicodeDecodeError):
        raise CommandError(f"{path} cannot be read") from None


def _print(arguments: argparse.Namespace, document: dict[str, Any], lines: Sequence[str]) -> None:
    if arguments.json:
        print(json.dumps(document, ensure_ascii=False))
    else:
        print("\n".join(lines))


def _init(arguments: argparse.Namespace) -> None:
    from meldkluis.intake import administration, archivist
    from meldkluis.intake.config import FILE

    stands_already = (arguments.directory / FILE).exists()
    made = administration.init(
        arguments.directory,
        organisation=arguments.organisation,
        name=arguments.name,
        hosts=arguments.host,
        listen=arguments.listen,
        officers_listen=arguments.officers_listen,
        demo=arguments.demo,
        archive=arguments.archive or (None if stands_already else archivist.ask()),
    )
    stands = "stands" if made["new"] else "stood already"
    lines = [
        f"{made['name']} ({made['organisation']}) {stands} in {made['directory']}",
        f"the server's key: {made['server']}",
        "next: `meldkluis officer add CARD...` with the cards that the workstations made",
    ]
    if made["archive"] is None:
        lines.append(
            "still to be chosen by the archivist: archive in meldkluis.toml; the form does not open without it"
        )
    _print(arguments, made, lines)


def _doctor(arguments: argparse.Namespace) -> int:
    from meldkluis.intake import golive

    found = golive.doctor(arguments.directory)
    shown = {name: value for name, value in found.items() if name != "new"}
    _print(arguments, shown, golive.lines(found))
    return REFUSED if golive.reds(found) else OK


def _serve(arguments: argparse.Namespace) -> None:
    from meldkluis.intake import serve

    serve.serve(
        arguments.directory or [Path()],
        listen=arguments.listen,
        officers_listen=arguments.officers_listen,
        workers=arguments.workers,
        demo=arguments.demo,
    )


def _proposal_lines(document: dict[str, Any]) -> list[str]:
    lines = [f"proposed: roster version {document['version']}, hash {document['hash']}"]
    lines += [_member_line(member) for member in document["members"]]
    lines.append(f"signatures so far {document['signed']}, still missing {document['missing']}")
    return lines


def _member_line(member: dict[str, Any]) -> str:
    marks = [mark for mark in ("manager", "hr") if member[mark]]
    described = ", ".join([member["name"], member["function"], member["role"], *marks])
    return f"  {member['fingerprint']}  {described}"


def _officer_add(arguments: argparse.Namespace) -> None:
    from meldkluis.intake import administration

    document = administration.propose_cards(arguments.directory, [_read(path) for path in arguments.card])
    _print(arguments, document, _proposal_lines(document))


def _officer_revoke(arguments: argparse.Namespace) -> None:
    from meldkluis.intake import administration

    document = administration.propose_without(arguments.directory, arguments.fingerprint)
    _print(arguments, document, _proposal_lines(document))


def _officer_list(arguments: argparse.Namespace) -> None:
    from meldkluis.intake import administration

    document = administration.describe(arguments.directory)
    lines: list[str] = []
    if (roster := document["roster"]) is None:
        lines.append("no roster counts yet: reports cannot be sent")
    else:
        lines.append(f"roster version {roster['version']}, hash {roster['hash']}")
        lines.append(f"fingerprint for poster and intranet: {roster['anchor']}")
        lines += [_member_line(member) for member in roster["members"]]
    if document["proposal"] is not None:
        lines += _proposal_lines(document["proposal"])
    _print(arguments, document, lines)


def _terms_show(arguments: argparse.Namespace) -> None:
    from meldkluis.intake.counting import count, count_line

    if arguments.received == "-":
        wrong = 0
        for line in sys.stdin:
            if line.strip():
                document = count_line(line)
                wrong += "error" in document
                print(json.dumps(document), flush=True)
        if wrong:
            raise CommandError(f"{wrong} lines could not be counted")
        return
    given = {name: getattr(arguments, name) for name in ("received", "acknowledged", "closed")}
    document = count({name: value for name, value in given.items() if value is not None})
    retention = document.get("retention", {})
    lines = [f"{name}: {_term(value)}" for name, value in document.items() if value and name != "retention"]
    _print(arguments, document, [*lines, *(f"{outcome}: {_term(value)}" for outcome, value in retention.items())])


def _terms_run(arguments: argparse.Namespace) -> int:
    from meldkluis.intake import housekeeping

    done = housekeeping.run(arguments.directory or [Path()], sure=arguments.confirm_clock)
    lines = []
    for directory, kept in done:
        said = [kept] if isinstance(kept, str) else kept.lines()
        lines += [*([f"{directory}:"] if len(done) > 1 else []), *said]
    _print(arguments, housekeeping.document(done), lines)
    for directory, kept in done:
        if isinstance(kept, str) or not kept.well:
            reason = "it could not be done" if isinstance(kept, str) else kept.ran.refused or "see `meldkluis doctor`"
            print(f"meldkluis: the daily run of {directory} needs looking at: {reason}", file=sys.stderr)
    return OK if all(not isinstance(kept, str) and kept.well for _, kept in done) else REFUSED


def _term(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in value.items())
    return ", ".join(value) if isinstance(value, list) else str(value)


def _proof_verify(arguments: argparse.Namespace) -> None:
    from meldkluis.crypto.proof import verify_proof
    from meldkluis.crypto.roster import fingerprint
    from meldkluis.intake.administration import proof_document

    try:
        proof = verify_proof(_read(arguments.file))
    except CryptoError:
        raise CommandError("this proof of report does not hold") from None
    lines = [
        "the proof of report holds",
        f"organisation: {proof.name} ({proof.organisation})",
        f"received: {proof.day}",
        f"acknowledgement at the latest: {proof.dues.acknowledgement}",
        f"feedback at the latest: {proof.dues.feedback}",
        f"compare with the poster: {fingerprint(proof.anchor)}",
    ]
    _print(arguments, proof_document(proof), lines)


def _directory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--directory", type=Path, default=Path(), metavar="DIR", help="where the organisation lives")


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def _add_serving(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--listen", metavar="ADDRESS", help="reporter's site: HOST:PORT or unix:PATH")
    parser.add_argument("--officers-listen", metavar="ADDRESS", help="officers' API: HOST:PORT or unix:PATH")
    parser.add_argument("--demo", action="store_true", help="for a demo organisation, on this machine only")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = _Parser(prog="meldkluis", description="The server of Meldkluis.", allow_abbrev=False)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    init = commands.add_parser("init", help="make an organisation: settings, keys, database", allow_abbrev=False)
    _directory(init)
    init.add_argument("--organisation", required=True, metavar="ID", help="a-z, 0-9 and hyphen; never changes")
    init.add_argument("--name", required=True, help="as reporters read it")
    init.add_argument("--host", action="append", default=[], metavar="NAME", help="host name; may be repeated")
    init.add_argument("--archive", choices=("4.1.4", "12.1.7"), help="the archivist's choice; asked for at a terminal")
    _add_serving(init)
    _json(init)
    init.set_defaults(run=_init)

    serve = commands.add_parser("serve", help="serve reporters and officers", allow_abbrev=False)
    serve.add_argument(
        "--directory", type=Path, action="append", metavar="DIR", help="an organisation; may be repeated"
    )
    _add_serving(serve)
    serve.add_argument("--workers", type=int, metavar="N", help="processes")
    serve.set_defaults(run=_serve)

    _add_officer(commands.add_parser("officer", help="propose who may read reports", allow_abbrev=False))

    doctor = commands.add_parser("doctor", help="examine an organisation; open its form", allow_abbrev=False)
    _directory(doctor)
    _json(doctor)
    doctor.set_defaults(run=_doctor)

    _add_terms(commands.add_parser("terms", help="the law's terms, and the daily run", allow_abbrev=False))

    proof = commands.add_parser("proof", help="proofs of report", allow_abbrev=False)
    verify = proof.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser).add_parser("verify")
    verify.add_argument("file", metavar="FILE", help="or - for standard input")
    _json(verify)
    verify.set_defaults(run=_proof_verify)
    return parser


def _add_terms(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    show = commands.add_parser("show", help="the law's arithmetic", allow_abbrev=False)
    show.add_argument("--received", required=True, metavar="YYYY-MM-DD", help="or - for one JSON object a line")
    show.add_argument("--acknowledged", metavar="YYYY-MM-DD")
    show.add_argument("--closed", metavar="YYYY-MM-DD")
    _json(show)
    show.set_defaults(run=_terms_show)
    run = commands.add_parser("run", help="do what is due today", allow_abbrev=False)
    run.add_argument("--directory", type=Path, action="append", metavar="DIR", help="an organisation; may be repeated")
    run.add_argument("--confirm-clock", action="store_true", help="it is so that more than a month went by")
    _json(run)
    run.set_defaults(run=_terms_run)


def _add_officer(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    add = commands.add_parser("add", help="propose a roster with these people", allow_abbrev=False)
    add.add_argument("card", nargs="+", metavar="CARD", help="a card that a workstation made")
    add.set_defaults(run=_officer_add)
    shown = commands.add_parser("list", help="show the roster and what is proposed", allow_abbrev=False)
    shown.set_defaults(run=_officer_list)
    revoke = commands.add_parser("revoke", help="propose a roster without somebody", allow_abbrev=False)
    revoke.add_argument("fingerprint", nargs="+", metavar="FINGERPRINT", help="with or without spaces")
    revoke.set_defaults(run=_officer_revoke)
    for command in (add, shown, revoke):
        _directory(command)
        _json(command)


@contextlib.contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
    except (CommandError, ConfigError, MailboxError) as error:
        print(f"meldkluis: {error}", file=sys.stderr)
        raise SystemExit(USAGE if isinstance(error, UsageError) else REFUSED) from None
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more while it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(REFUSED) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0, 1 (refused, or something is red) or 2 (not understood)."""
    # People's own files and our sockets are nobody else's business (systemd's UMask= may be stricter).
    os.umask(0o077)
    arguments = build_parser().parse_args(argv)
    with _one_line_errors():
        status: int | None = arguments.run(arguments)
        sys.stdout.flush()
    return status or OK


if __name__ == "__main__":
    sys.exit(main())
