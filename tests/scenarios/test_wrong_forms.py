# SPDX-License-Identifier: EUPL-1.2
"""Whatever is wrong with a form at the door: the right status, a sentence in the reader's language, nothing stored.

After each wrong form every value of the opened database is what it was, and the server has said nothing.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cast import Cast
from door import Answer, Upload, connect, encode, fields_of, report, request, send
from running import Server, found, serving

from meldkluis.crypto import age, receipt
from meldkluis.crypto.attachment import seal_attachment
from meldkluis.crypto.bundle import write_bundle
from meldkluis.crypto.entry import make_entry
from meldkluis.crypto.limits import MIB
from meldkluis.crypto.report import Sealed, compose_report, file_ref
from meldkluis.crypto.roster import make_intake_key, parse_intake_key
from meldkluis.intake.i18n import Language
from meldkluis.intake.texts import N_
from meldkluis.mailbox.clock import today
from meldkluis.mailbox.desk import Desk

LANGUAGES = {"nl": Language("nl", ""), "en": Language("en", "/en")}
LIMIT = 2 * MIB


@dataclass
class Place:
    """A running server with small limits, its database, what it said, and a report that stands."""

    server: Server
    desk: Desk
    log: Path
    standing: str

    @property
    def cast(self) -> Cast:
        return self.server.cast

    def values(self) -> str:
        """A digest of every value of the opened database."""

        def read(db) -> str:
            digest = hashlib.sha256()
            for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1").fetchall():
                # `fold` says that something was erased since the write-ahead log was folded: here it always was.
                columns = [column for (column,) in db.execute("SELECT name FROM pragma_table_info(?)", (table,))]
                names = ", ".join(f'"{column}"' for column in columns if column != "fold")
                for row in sorted(map(repr, db.execute(f'SELECT {names} FROM "{table}"'))):
                    digest.update(f"{table} {row}\n".encode())
            return digest.hexdigest()

        return self.desk.store._read(read)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One server for all: nothing that is sent here may leave anything behind."""
    folder = tmp_path_factory.mktemp("wrong")
    directory, log = folder / "organisation", folder / "log"
    cast = found(directory)
    settings = directory / "meldkluis.toml"
    changed = settings.read_text().replace("attachment = 100000000", f"attachment = {LIMIT}")
    changed = changed.replace("report = 250000000", f"report = {LIMIT + MIB}").replace(
        "attachments = 20", "attachments = 3"
    )
    assert changed.count(str(LIMIT)) == 1
    settings.write_text(changed)
    desk = Desk.open(directory)
    with serving(directory, cast, before=["sh", "-c", f'exec "$@" >>{log} 2>&1', "sh"]) as server:
        fields = fields_of(to=cast.everybody)
        assert report(server.site, fields).status == 200
        yield Place(server, desk, log, dict(fields)["code"])
    desk.close()


Form = tuple[str, list[tuple[str, str]], Sequence[Upload]]


def melden(place: Place, *uploads: Upload, **changes: str) -> Form:
    """Return a report's form; one change is `to`, a list of keys."""
    return "/melden", fields_of(to=place.cast.everybody, **changes), uploads


def without(form: Form, *names: str) -> Form:
    path, fields, uploads = form
    return path, [item for item in fields if item[0] not in names], uploads


def doubled(form: Form, name: str) -> Form:
    path, fields, uploads = form
    return path, [*fields[:-2], *(item for item in fields if item[0] == name), *fields[-2:]], uploads


def bericht(code: str, action: str = "open", **fields: str) -> Form:
    return "/bericht", [("code", code), ("action", action), *fields.items()], ()


def addition(place: Place, **changes: str) -> Form:
    return bericht(place.standing, "send", **{"number": "2", "text": "Nog iets.", "name": "", "contact": "", **changes})


def with_word(code: str, number: int, word: str) -> str:
    words = code.split()
    return " ".join([*words[: number - 1], word, *words[number:]])


def swapped(code: str) -> str:
    """Return the code with two words changed about, so that its checksum fails."""
    words = code.split()
    for at in range(1, 12):
        moved = " ".join([words[at], *words[1:at], words[0], *words[at + 1 :]])
        try:
            receipt.parse(moved)
        except receipt.ChecksumError:
            return moved
    raise AssertionError(code)


def composed(place: Place, **changes: Any) -> tuple[receipt.Receipt, Sealed]:
    who = place.cast.reporter()
    return who, compose_report(who, place.cast.draft(**changes), place.cast.roster, place.cast.keys)


def bundle(who: receipt.Receipt, sealed: Sealed, attachments: Sequence[tuple[bytes, bytes]] = ()) -> Upload:
    return "bundle", "melding.meldkluis", write_bundle(who.address, sealed.entry.raw, sealed.files, attachments)


def only_bundle(place: Place, upload: Upload) -> Form:
    return melden(place, upload, about="", text="")


def with_content(place: Place, change: Callable[[bytes], bytes]) -> Form:
    """A bundle whose entry names another age file as its content, signed by the reporter all the same."""
    who, sealed = composed(place)
    files = {**sealed.files, "content": change(sealed.files["content"])}
    fields = {**sealed.entry.fields, "files": {slot: file_ref(file) for slot, file in files.items()}}
    fields["attachments"] = ()
    entry = make_entry("submitted", case=who.case, index=0, head=None, signer=who.signing_key, **fields)
    return only_bundle(place, bundle(who, Sealed(entry, files)))


def truncated_content(place: Place) -> Form:
    who, sealed = composed(place)
    files = {**sealed.files, "content": sealed.files["content"][:-100]}
    return only_bundle(place, bundle(who, Sealed(sealed.entry, files)))


def with_attachment(place: Place, change: Callable[[bytes], bytes]) -> Form:
    ciphertext, attachment = seal_attachment("foto.jpg", bytes(40_000))
    who, sealed = composed(place, attachments=[attachment])
    return only_bundle(place, bundle(who, sealed, [(attachment.ref.id, change(ciphertext))]))


def classical(content: bytes) -> bytes:
    """The same payload behind a header of X25519 stanzas."""
    _, payload = age.split(content)
    stanza = "-> X25519 TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOCc\nEmECAEcKN+n/Vs9SbWiV+Hu0r+E8R77DdWYyd83nw7U\n"
    return f"age-encryption.org/v1\n{stanza}--- {'A' * 43}\n".encode() + payload


def stale_bundle(place: Place) -> Form:
    """A bundle to keys that were offered four months ago."""
    who, start = place.cast.reporter(), today() - timedelta(days=120)
    keys = {}
    for officer in place.cast.officers:
        thing = make_intake_key(place.cast.roster.organisation, officer.intake_key.recipient, start, officer.signing)
        keys[officer.key] = parse_intake_key(thing.raw, place.cast.roster.organisation)
    sealed = compose_report(who, place.cast.draft(), place.cast.roster, keys)
    return only_bundle(place, bundle(who, sealed))


def _to(place: Place, key: str) -> Form:
    path, fields, uploads = without(melden(place), "to")
    return path, [*fields, ("to", key)], uploads


def _file_first(place: Place) -> Form:
    path, fields, _ = melden(place)
    return path, [*fields[1:], fields[0]], [("file", "a.txt", b"x" * 100)]


def _code_in_text(place: Place) -> Form:
    code = receipt.generate()
    return "/melden", fields_of(code, to=place.cast.everybody, text=f"Mijn code is {code}."), ()


def _cut(place: Place) -> Form:
    who, sealed = composed(place)
    field, name, content = bundle(who, sealed)
    return only_bundle(place, (field, name, content[:-200]))


def _foreign_bundle(place: Place) -> Form:
    who = receipt.derive(receipt.generate(), "elders")
    roster = replace(place.cast.roster, organisation="elders")
    sealed = compose_report(who, place.cast.draft(), roster, place.cast.keys)
    return only_bundle(place, bundle(who, sealed))


Case = tuple[Callable[[Place], Form], int, str]

# The sentence is a key of the site's texts; "" stands for a page that says it in its own way.
CASES: dict[str, Case] = {
    "an empty form": (lambda p: without(melden(p, text="", about="", kind=""), "to"), 422, "error-nobody"),
    "no fields at all": (lambda _: ("/melden", [], ()), 400, "error-malformed"),
    "no text": (lambda p: melden(p, text=" \r\n "), 422, "error-text-missing"),
    "no choice of kind": (lambda p: without(melden(p), "kind"), 422, "error-kind"),
    "another kind": (lambda p: melden(p, kind="anders"), 422, "error-kind"),
    "everybody left out": (lambda p: without(melden(p), "to"), 422, "error-nobody"),
    "a stranger chosen": (lambda p: _to(p, "A" * 43), 409, "server-roster"),
    "an empty file": (lambda p: melden(p, ("file", "leeg.txt", b"")), 422, "error-file-empty"),
    "a file one byte over": (lambda p: melden(p, ("file", "a.bin", bytes(LIMIT + 1))), 413, "error-file-large"),
    "files one byte over together": (
        lambda p: melden(p, ("file", "a", bytes(LIMIT)), ("file", "b", bytes(MIB + 1))), 413, "error-files-total",
    ),
    "a file too many": (lambda p: melden(p, *[("file", f"{n}", b"x") for n in range(4)]), 422, "error-files-many"),
    "a file name of 1,001 characters": (lambda p: melden(p, ("file", "x" * 1001, b"x")), 422, "error-file-name"),
    "NUL in the text": (lambda p: melden(p, text="voor\0na"), 422, "error-characters"),
    "NUL in a name": (lambda p: melden(p, name="voor\0na"), 422, "error-characters"),
    "no code": (lambda p: without(melden(p), "code"), 400, "error-malformed"),
    "half a code": (lambda p: melden(p, code="appel peer"), 400, "error-malformed"),
    "the text twice": (lambda p: doubled(melden(p), "text"), 400, "error-malformed"),
    "the code twice": (lambda p: doubled(melden(p), "code"), 400, "error-malformed"),
    "the kind twice": (lambda p: doubled(melden(p), "kind"), 400, "error-malformed"),
    "an unknown field": (lambda p: melden(p, onbekend="x"), 400, "error-malformed"),
    "a file in a text's place": (lambda p: melden(p, ("name", "x.txt", b"x")), 400, "error-malformed"),
    "a file before the code": (_file_first, 400, "error-malformed"),
    "too long a text": (lambda p: melden(p, text="x" * 300_000), 413, "error-text-long"),
    "the code in the text": (_code_in_text, 422, "error-code-in-text"),
    "no bundle": (lambda p: only_bundle(p, ("bundle", "a", b"%PDF-1.7 " * 100)), 422, "error-bundle"),
    "an age file as bundle": (
        lambda p: only_bundle(p, ("bundle", "a", age.encrypt(b"x", [p.cast.one.intake_key.recipient]))),
        422, "error-bundle",
    ),
    "a bundle cut short": (_cut, 422, "error-bundle"),
    "a bundle with a text": (lambda p: melden(p, bundle(*composed(p))), 422, "error-bundle-text"),
    "a bundle for another organisation": (_foreign_bundle, 422, "error-bundle-other"),
    "a truncated age file": (truncated_content, 400, "error-bundle"),
    "an age file of another shape": (
        lambda p: with_content(p, lambda _: age.encrypt(bytes(4096), [p.cast.one.intake_key.recipient])),
        400, "error-bundle",
    ),
    "an age file to classical recipients": (lambda p: with_content(p, classical), 400, "error-bundle"),
    "an attachment that is no age file": (
        lambda p: with_attachment(p, lambda file: b"x" * len(file)), 422, "error-bundle",
    ),
    "an attachment cut short": (lambda p: with_attachment(p, lambda file: file[:-1]), 409, "server-incomplete"),
    "an attachment with a flipped bit": (
        lambda p: with_attachment(p, lambda file: file[:-1] + bytes([file[-1] ^ 1])), 409, "server-incomplete",
    ),
    "stale keys": (stale_bundle, 409, "server-stale-keys"),
    "a wrong word": (lambda p: bericht(with_word(p.standing, 5, "xyzzyx")), 422, "code-word"),
    "eleven words": (lambda p: bericht(p.standing.rsplit(" ", 1)[0]), 422, "code-count"),
    "no words": (lambda _: bericht(""), 422, "code-count"),
    "words in another order": (lambda p: bericht(swapped(p.standing)), 422, "code-checksum"),
    "an unknown code": (lambda _: bericht(receipt.generate()), 200, "code-unknown"),
    "an addition to an unknown code": (
        lambda p: bericht(receipt.generate(), "send", number="2", text="x", name="", contact=""), 404, "code-unknown",
    ),
    "an empty addition": (lambda p: addition(p, text=""), 422, "error-nothing"),
    "an addition without a number": (lambda p: without(addition(p), "number"), 400, "error-malformed"),
    "an addition with NUL": (lambda p: addition(p, text="voor\0na"), 422, "error-characters"),
    "an addition's text twice": (lambda p: doubled(addition(p), "text"), 400, "error-malformed"),
    "another action": (lambda p: bericht(p.standing, "wissen"), 400, "error-malformed"),
    "no action": (lambda p: without(bericht(p.standing), "action"), 400, "error-malformed"),
    "an empty file with an addition": (
        lambda p: (*addition(p)[:2], [("file", "leeg.txt", b"")]), 422, "error-file-empty",
    ),
    "too large a file with an addition": (
        lambda p: (*addition(p)[:2], [("file", "a.bin", bytes(LIMIT + 1))]), 413, "error-file-large",
    ),
    "not a proof": (lambda _: ("/bewijs", [("proof", "-----BEGIN MELDKLUIS PROOF-----\nAAAA")], ()), 422, ""),
}  # fmt: skip


def sentence(language: Language, key: str) -> str:
    """Return the first words of a sentence, up to the first of its slots."""
    if not key:
        return language.sentence(N_("Dit bewijs is niet echt, of niet heel overgenomen."))
    slots = dict.fromkeys(("n", "limit", "file", "number", "count"), "\x00")
    return max(language.text(key, **slots).split("\x00"), key=len).strip()


def settled(place: Place) -> str:
    """The database once nothing of an earlier upload is being erased any more."""
    values = place.values()
    while True:
        time.sleep(0.05)
        values, earlier = place.values(), values
        if values == earlier:
            return values


def wait_for_the_same(place: Place, before: str) -> None:
    """The database is what it was; what is being erased may take a moment."""
    deadline = time.monotonic() + 20
    while place.values() != before:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("name", CASES)
def test_a_wrong_form(place: Place, name: str, code: str) -> None:
    """A clear answer in the reader's language, the right status, nothing stored, no traceback."""
    make, status, key = CASES[name]
    path, fields, uploads = make(place)
    before, said = settled(place), place.log.read_bytes()

    answer = report(place.server.site, fields, uploads, path=LANGUAGES[code].prefix + path)

    assert answer.status == status, answer.page
    assert f'lang="{code}"' in answer.page
    assert answer.holds(sentence(LANGUAGES[code], key))
    assert "Traceback" not in answer.page
    typed = dict(fields).get("text", "").replace("\0", "").strip()
    assert not typed or answer.holds(typed)
    wait_for_the_same(place, before)
    assert place.log.read_bytes() == said


@pytest.mark.parametrize("difference", [-5000, -3, 1, 5000])
def test_a_wrong_length(place: Place, difference: int) -> None:
    """A body shorter or longer than announced is no report; the server says so or waits, and stores nothing."""
    _, fields, _ = melden(place)
    body = encode(fields, [("file", "a.bin", bytes(20_000))])
    before, said = settled(place), place.log.read_bytes()

    answer = short_answer(place.server, body, difference)

    assert answer is None or answer.status == 400
    wait_for_the_same(place, before)
    assert place.log.read_bytes() == said


def short_answer(server: Server, body: bytes, difference: int) -> Answer | None:
    """Send a body whose length is announced wrongly; None when the connection ends before an answer."""
    raw = request("/melden", body, len(body) + difference)
    if difference > 0:
        with connect(server.site) as connection:
            connection.sendall(raw)
        return None
    return send(server.site, raw)


@pytest.mark.parametrize(
    "name", ["x" * 300, "é" * 300, "../../../etc/passwd", "a\0b", "\u202egnp.exe", 'a"; x="y', "\r\nX: y", ".", "CON"]
)
@pytest.mark.parametrize("code", LANGUAGES)
def test_hostile_file_names_arrive_as_they_are(place: Place, name: str, code: str) -> None:
    """A name is evidence: the report is received, and the name makes no file, header or line of the log."""
    said = place.log.read_bytes()
    folder = sorted(path.name for path in place.server.directory.iterdir())
    _, fields, uploads = melden(place, ("file", name, b"inhoud"))

    answer = report(place.server.site, fields, uploads, path=f"{LANGUAGES[code].prefix}/melden")

    assert answer.status == 200
    assert place.log.read_bytes() == said
    assert sorted(path.name for path in place.server.directory.iterdir()) == folder


def test_a_file_of_exactly_the_limit(place: Place) -> None:
    """What is at the limit is received."""
    _, fields, uploads = melden(place, ("file", "a.bin", bytes(LIMIT)), ("file", "b.bin", bytes(MIB)))

    assert report(place.server.site, fields, uploads).status == 200


def test_keys_that_grew_old_meanwhile(place: Place) -> None:
    """A report to keys of which one is no longer accepted is refused by the desk before anything is committed."""
    who, sealed = composed(place)
    before = settled(place)
    with pytest.raises(Exception, match="stale-keys"):
        asyncio.run(place.desk.submit(who.address, sealed.entry.raw, sealed.files, today() + timedelta(days=90)))

    assert place.values() == before
