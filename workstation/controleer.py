# SPDX-License-Identifier: EUPL-1.2
"""A check of a case file that needs no Meldkluis: Python 3.11 and its standard library, one file, no network.

It goes into every case file as it stands. Run it in the unpacked folder: python3 controleer.py

- It proves: no file was changed, added or taken away since the officer who is named signed the list of files; each line
  of the log was signed by its author, none in between was left out or moved; who the authors are says the list of
  confidential advisers, which its members signed.
- It does not prove: that the texts in zaak.html and the attachments are what the reporter sent (the officer vouches for
  that), that what is said is true, or that the list is the organisation's own: compare its fingerprint.
- Ed25519 as in RFC 8032 section 5.1; formats as in docs/protocol.md sections 1, 3, 5 and 8.
"""

import base64
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]
NOBODY: Point = (0, 1, 1, 0)

SUMS, SIGNATURE = "SHA256SUMS", "HANDTEKENING.json"
LINE = re.compile(r"([0-9a-f]{64})  ([^\n\r\\]+)")
REPORTER = {"submitted", "message", "withdrawn", "agreed", "declined", "objected"}
SERVER = {
    "received", "acknowledged-auto", "lapsed", "handed-over", "identity-destroyed", "destruction-announced",
}  # fmt: skip
TEXTS = {
    "nl": {
        "good": "GOED", "bad": "FOUT",
        "files": "elk bestand is zoals het in de lijst staat, en er is geen ander bestand",
        "changed": "een bestand is veranderd, ontbreekt of staat niet in de lijst",
        "signed": "de lijst van bestanden is ondertekend door",
        "unsigned": "de lijst van bestanden is niet geldig ondertekend",
        "stranger": "de lijst van bestanden is ondertekend door iemand die deze zaak niet behandelt",
        "people": "de lijst van vertrouwenspersonen is ondertekend zoals het hoort; vingerafdruk",
        "crowd": "de lijst van vertrouwenspersonen klopt niet",
        "log": "elke regel van het logboek is ondertekend en sluit aan op de vorige; aantal",
        "no-log": "Het logboek zit niet in dit dossier en is dus niet gecontroleerd.",
        "broken": "het logboek klopt niet vanaf regel",
        "attached": "het logboek noemt elke bijlage die hier in zit",
        "foreign": "het logboek noemt een bijlage niet die hier in zit",
        "proves": "Dit bewijst dat er niets veranderd is sinds de ondertekenaar dit dossier maakte, en dat het logboek"
        " tot daar volledig is.",
        "not": "Dit bewijst niet dat de teksten en bijlagen zijn wat de melder stuurde: daarvoor staat de ondertekenaar"
        " in. Vergelijk de vingerafdruk met die op de site of de poster van de organisatie.",
        "wrong": "Vertrouw dit dossier niet. Vraag het opnieuw aan wie het gaf.",
    },
    "en": {
        "good": "GOOD", "bad": "WRONG",
        "files": "each file is as the list says, and there is no other file",
        "changed": "a file was changed, is missing or is not on the list",
        "signed": "the list of files was signed by",
        "unsigned": "the list of files has no valid signature",
        "stranger": "the list of files was signed by somebody who does not handle this case",
        "people": "the list of confidential advisers is signed as it must be; fingerprint",
        "crowd": "the list of confidential advisers does not hold",
        "log": "each line of the log is signed and follows the one before; number",
        "no-log": "The log is not in this case file, so it was not checked.",
        "broken": "the log does not hold from line",
        "attached": "the log names each attachment that is in here",
        "foreign": "the log does not name an attachment that is in here",
        "proves": "This proves that nothing was changed since the signer made this case file, and that the log is"
        " complete up to there.",
        "not": "This does not prove that texts and attachments are what the reporter sent: the signer vouches for that."
        " Compare the fingerprint with the one on the organisation's site or poster.",
        "wrong": "Do not trust this case file. Ask again for it from whoever gave it.",
    },
}  # fmt: skip


class WrongError(Exception):
    """Something does not hold; says which sentence and what belongs to it."""


def add(one: Point, two: Point) -> Point:
    """Add two points in extended coordinates (RFC 8032 section 5.1.4)."""
    a, b = (one[1] - one[0]) * (two[1] - two[0]) % P, (one[1] + one[0]) * (two[1] + two[0]) % P
    c, d = 2 * one[3] * two[3] * D % P, 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar: int, point: Point) -> Point:
    """Multiply a point."""
    result = NOBODY
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def same(one: Point, two: Point) -> bool:
    """Whether two points are one."""
    return (one[0] * two[2] - two[0] * one[2]) % P == 0 and (one[1] * two[2] - two[1] * one[2]) % P == 0


def read_point(data: bytes) -> Point | None:
    """Return the point of its one canonical encoding, None for any other (RFC 8032 section 5.1.3)."""
    value = int.from_bytes(data, "little")
    sign, y = value >> 255, value & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


_BASE = read_point(bytes.fromhex("58" + "66" * 31))
assert _BASE is not None
BASE: Point = _BASE


def holds(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether an Ed25519 signature holds, strictly: no point of small order, no second spelling."""
    if len(key) != 32 or len(signature) != 64:
        return False
    public, start = read_point(key), read_point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if public is None or start is None or scalar >= L:
        return False
    if same(times(8, public), NOBODY) or same(times(8, start), NOBODY):
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    return same(times(scalar, BASE), add(start, times(challenge, public)))


def unb64(text: str) -> bytes:
    """Read base64url without padding."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise ValueError
    return data


def labelled(label: str, *pieces: bytes) -> bytes:
    """Return the hash of pieces under a label."""
    return hashlib.sha256(b"meldkluis/v1/" + label.encode() + b"\0" + b"".join(pieces)).digest()


def check_files(folder: Path) -> bytes:
    """Hold every file against the list; return the list."""
    listed = (folder / SUMS).read_bytes()
    named: dict[str, str] = {}
    for line in listed.decode("utf-8").splitlines():
        match = LINE.fullmatch(line)
        if match is None or match[2] in named or ".." in match[2].split("/"):
            raise WrongError("changed", SUMS)
        named[match[2]] = match[1]
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if not path.is_dir()}
    for name in sorted(found.keys() ^ named.keys()):
        if name not in {SUMS, SIGNATURE}:
            raise WrongError("changed", name)
    for name, digest in named.items():
        path = found[name]
        if path.is_symlink() or path.parent.is_symlink():
            raise WrongError("changed", name)
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                raise WrongError("changed", name)
    return listed


def check_people(versions: list[Any]) -> list[dict[str, Any]]:
    """Hold the list of people, all its versions, against the signatures that each one demands."""
    lists: list[dict[str, Any]] = []
    before = b""
    for number, version in enumerate(versions, 1):
        payload = unb64(version["payload"])
        roster = json.loads(payload)
        pairs = [(unb64(item["key"]), unb64(item["signature"])) for item in version["signatures"]]
        signers = {key for key, _ in pairs}
        if len(signers) != len(pairs) or roster["version"] != number:
            raise WrongError("crowd", number)
        if not all(holds(key, signature, b"meldkluis/v1/roster\0" + payload) for key, signature in pairs):
            raise WrongError("crowd", number)
        able = {unb64(member["key"]) for member in (lists[-1] if lists else roster)["members"]}
        if len(able & signers) < (min(2, len(able)) if lists else len(able)):
            raise WrongError("crowd", number)
        if lists and (roster["previous"] is None or unb64(roster["previous"]) != before):
            raise WrongError("crowd", number)
        before = labelled("roster", payload)
        lists.append({**roster, "hash": before})
    if not lists:
        raise WrongError("crowd", 0)
    return lists


class Case:
    """What a log adds up to: who the reporter is, and who handles the case."""

    def __init__(self, lists: list[dict[str, Any]]) -> None:
        self.rosters = {roster["hash"] for roster in lists}
        self.servers = {unb64(roster["server"]) for roster in lists}
        self.organisation = lists[0]["organisation"]
        self.reporter = self.head = self.case = b""
        self.officers: set[bytes] = set()
        self.attachments: set[tuple[int, str, str]] = set()
        self.number = 0
        self.day = ""

    def take(self, raw: bytes) -> None:
        """Take in the next line; WrongError when it cannot be the next."""
        key, signature, rest = raw[:32], raw[32:96], raw[96:]
        kind, _, payload = rest.partition(b"\0")
        entry = json.loads(payload)
        if kind != b"entry" or not holds(key, signature, b"meldkluis/v1/" + rest):
            raise WrongError("broken", self.number)
        head = b"" if entry["head"] is None else unb64(entry["head"])
        if entry["entry"] != self.number or head != self.head or entry.get("day", self.day) < self.day:
            raise WrongError("broken", self.number)
        if self.number == 0:
            self._first(entry, key)
        act = entry["act"]
        allowed = {self.reporter} if act in REPORTER else self.servers if act in SERVER else self.officers
        if key not in allowed or unb64(entry["case"]) != self.case:
            raise WrongError("broken", self.number)
        if act == "recused":
            self.officers.discard(key)
        elif act in {"officer-added", "handed-over"}:
            self.officers.add(unb64(entry["officer" if act == "officer-added" else "deputy"]))
        self.attachments |= {(self.number, item["id"], item["digest"]) for item in entry.get("attachments", [])}
        self.head, self.day = hashlib.sha256(raw).digest(), entry.get("day", self.day)
        self.number += 1

    def _first(self, entry: dict[str, Any], key: bytes) -> None:
        case = labelled("case", self.organisation.encode(), b"\0", key)[:16]
        if entry["act"] != "submitted" or unb64(entry["roster"]) not in self.rosters or unb64(entry["case"]) != case:
            raise WrongError("broken", 0)
        self.reporter, self.case = key, case
        self.officers = {unb64(item) for item in entry["to"]}


def check(folder: Path, say: dict[str, str]) -> list[str]:
    """Return what holds, in sentences; WrongError for the first thing that does not."""
    listed = check_files(folder)
    done = [say["files"]]
    kept = json.loads((folder / "log.json").read_bytes())
    lists = check_people(kept["rosters"])
    done.append(f"{say['people']}: {' '.join(re.findall('.{8}', lists[0]['hash'].hex()))}")
    given = json.loads((folder / SIGNATURE).read_bytes())
    key = unb64(given["key"])
    if not holds(key, unb64(given["signature"]), b"meldkluis/v1/case-file\0" + listed):
        raise WrongError("unsigned", "")
    names = {unb64(member["key"]): member for roster in lists for member in roster["members"]}
    if key not in names:
        raise WrongError("stranger", "")
    if kept["entries"] is not None:
        case = Case(lists)
        for raw in kept["entries"]:
            case.take(unb64(raw))
        if not case.number or key not in case.officers:
            raise WrongError("stranger", "")
        done.append(f"{say['log']}: {case.number}")
        for item in kept["attachments"]:
            if (item["entry"], item["id"], item["digest"]) not in case.attachments or not (
                folder / item["file"]
            ).is_file():
                raise WrongError("foreign", item["file"])
        if kept["attachments"]:
            done.append(say["attached"])
    done.append(f"{say['signed']}: {names[key]['name']}, {names[key]['function']}")
    return done


def main(folder: Path) -> int:
    """Say what holds and what that proves; 0 when everything does, else 1."""
    say = TEXTS["en" if (folder / "README.txt").exists() else "nl"]
    write = sys.stdout.write
    try:
        done = check(folder, say)
    except WrongError as error:
        sentence, about = error.args
        write(f"{say['bad']}: {say[sentence]} {about}\n{say['wrong']}\n")
        return 1
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        write(f"{say['bad']}: {say['changed']}\n{say['wrong']}\n")
        return 1
    for sentence in done:
        write(f"{say['good']}: {sentence}\n")
    if not any(sentence.startswith(say["log"]) for sentence in done):
        write(f"{say['no-log']}\n")
    write(f"{say['proves']}\n{say['not']}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent))
