# SPDX-License-Identifier: EUPL-1.2
"""Reports at the door: whole to the officers, or back to the reporter with everything that was typed."""

import asyncio
from pathlib import Path
from typing import Any

import door
import pytest
from house import House, make_house

from meldkluis.crypto import age, receipt
from meldkluis.crypto.attachment import open_attachment, parts_of, seal_attachment
from meldkluis.crypto.bundle import write_bundle
from meldkluis.crypto.casework import open_contact
from meldkluis.crypto.errors import NotForThisKeyError
from meldkluis.crypto.limits import MIB, Limits
from meldkluis.crypto.report import Draft, compose_report
from meldkluis.mailbox.clock import today

SMALL = Limits(attachments=3, attachment=2 * MIB, report=3 * MIB)


def upload(name: str, content: bytes, field: str = "file") -> tuple[str, tuple[str, bytes]]:
    return field, (name, content)


def assert_nothing_stored(house: House, code: str) -> None:
    assert not house.box(code).found


def test_report_reaches_the_officers(house: House) -> None:
    """A report is received: receipt with the same code, days and proof; every chosen officer reads what was typed."""
    fields = house.fields(text="Regel één\r\nRegel <twee> & ‘drie’", name="TEST Melder", contact="kamer 3")

    page = house.post("/melden", fields)

    assert page.status == 200
    assert page.code == fields["code"]
    assert "BEGIN MELDKLUIS PROOF" in page.one("textarea", id="proof").text
    for officer in house.officers:
        opened = house.read(house.officers[0], fields["code"], identity=officer.identity)
        assert opened.document.text == "Regel één\nRegel <twee> & ‘drie’"
        assert (opened.document.about, opened.document.kind, opened.document.strength) == (
            "de aanbesteding",
            "report",
            "door",
        )
    log = house.log(fields["code"])
    contact = open_contact(
        house.file(house.officers[0], fields["code"], 0, "identity"), log.entries[0], log, [house.officers[0].identity]
    )
    assert (contact.name, contact.contact) == ("TEST Melder", "kamer 3")


def test_in_english(house: House) -> None:
    """The English page does the same, with English words."""
    fields = house.fields(code=receipt.generate("en"))
    page = house.post("/en/melden", fields)

    assert page.status == 200
    assert "Your report has arrived" in page.said()
    assert house.read(house.officers[0], fields["code"]).document.language == "en"


def test_proof_holds(house: House) -> None:
    """The proof on the receipt is found genuine by the page that checks proofs; a changed one is not."""
    proof = house.post("/melden", house.fields()).one("textarea", id="proof").text or ""

    good = house.post("/bewijs", {"proof": proof.replace("\n", "\r\n")}, [])
    bad = house.post("/bewijs", {"proof": proof.replace("A", "B", 1)}, [])

    assert good.status == 200
    assert "Gemeente Voorbeeld" in good.said()
    assert bad.status == 422
    assert bad.value("proof") == proof.replace("A", "B", 1).rstrip("\n") + "\n"


def test_leave_somebody_out(house: House) -> None:
    """Who is unticked gets no key and is not served the case; the deputy can be left out too."""
    one, two, deputy = house.officers
    fields = house.fields(to=[house.keys[0]])

    assert house.post("/melden", fields).status == 200

    log = house.log(fields["code"])
    assert (log.to, set(log.not_to), log.deputy) == ((one.key,), {two.key, deputy.key}, None)
    content = house.file(one, fields["code"], 0, "content")
    with pytest.raises(NotForThisKeyError):
        age.decrypt(content, [two.identity, deputy.identity])
    assert age.decrypt(content, [one.identity])


def test_everybody_left_out(house: House) -> None:
    """Nothing is ever sent to nobody: the page says so and names places outside."""
    fields = house.fields(to=[])
    page = house.post("/melden", fields)

    assert page.status == 422
    assert "088 133 10 00" in page.said()
    assert page.one("div", id="outside").get("hidden") is None
    assert page.value("text") == fields["text"]
    assert page.code == fields["code"]
    assert_nothing_stored(house, fields["code"])


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"text": ""}, 422, "text"),
        ({"text": " \n "}, 422, "text"),
        ({"kind": None}, 422, "kind-report"),
        ({"kind": "anders"}, 422, "kind-report"),
        ({"about": "x" * 4001}, 422, "about"),
        ({"name": "x" * 4001}, 422, "name"),
        ({"contact": "é" * 4001}, 422, "contact"),
        ({"text": "x" * 262_000}, 413, "text"),
        ({"text": '"' * 70_000}, 413, "text"),
        ({"text": "voor\0na"}, 422, "text"),
        ({"to": ["AAAA"]}, 409, "to-first"),
        ({"to": ["geen base64!"]}, 422, "to-first"),
    ],
)
def test_refused(house: House, changes: dict[str, Any], status: int, field: str) -> None:
    """What cannot be sent comes back with the same code, the typed text, and a link to what to change."""
    fields = house.fields(**changes)
    page = house.post("/melden", fields)

    assert page.status == status
    assert [f"#{field}"] == [item.get("href") for item in page.one("div", id="errors").iter("a")]
    assert page.code == fields["code"]
    assert page.value("text") == fields["text"].replace("\0", "")
    assert page.value("contact") == fields["contact"]
    assert_nothing_stored(house, fields["code"])
    assert (
        house.post(
            "/melden",
            fields | {"kind": "report", "about": "", "text": "x", "name": "", "contact": "", "to": house.keys},
        ).status
        == 200
    )


def test_long_texts_fit(house: House) -> None:
    """A text of 240,000 characters arrives whole."""
    fields = house.fields(text="a" * 240_000)

    assert house.post("/melden", fields).status == 200
    assert house.read(house.officers[0], fields["code"]).document.text == fields["text"]


def test_too_long_text_comes_back_whole(house: House) -> None:
    """A text that is far too long is not cut on the way back."""
    fields = house.fields(text="b" * 900_000)
    page = house.post("/melden", fields)

    assert page.status == 413
    assert page.value("text") == fields["text"]


@pytest.mark.parametrize("place", ["text", "about", "name", "contact"])
def test_code_in_a_text(house: House, place: str) -> None:
    """The receipt code is not sent along by accident."""
    fields = house.fields()
    fields[place] = f"Mijn code: {fields['code'].upper().replace(' ', '-')}"
    page = house.post("/melden", fields)

    assert page.status == 422
    assert "Uw code staat" in " ".join(page.errors())
    assert_nothing_stored(house, fields["code"])


def test_code_in_a_file_name(house: House) -> None:
    """Nor does it travel as a file's name."""
    fields = house.fields()
    page = house.post("/melden", fields, [upload(f"{fields['code']}.txt", b"x")])

    assert page.status == 422
    assert_nothing_stored(house, fields["code"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": None},
        {"code": "appel peer"},
        {"onbekend": "x"},
        {"text": ["een", "twee"]},
        {"code": [receipt.generate(), receipt.generate()]},
        {"to": ["AAAA"] * 40},
    ],
)
def test_not_our_form(house: House, wrong: dict[str, Any]) -> None:
    """A form with missing, unknown or doubled fields is refused, with the form and what could be read of it."""
    fields = house.fields(about="blijft staan") | wrong
    page = house.post("/melden", {name: value for name, value in fields.items() if value is not None})

    assert page.status == 400
    assert page.value("about") == "blijft staan"
    assert len(receipt.parse(page.code)) == 16
    if isinstance(fields["code"], str) and fields["code"].count(" ") == 11:
        assert page.code == fields["code"]
        assert_nothing_stored(house, fields["code"])


def test_hostile_text_is_only_text(house: House) -> None:
    """Markup in any field comes back as text."""
    evil = '"><script>alert(1)</script></textarea><img src=x onerror=alert(1)>{{7*7}}'
    page = house.post("/melden", house.fields(text=evil, about=evil, name=evil, contact=evil, to=[]))

    assert page.status == 422
    assert page.all("script") == []
    assert all(page.value(name) == evil for name in ("text", "about", "name", "contact"))


def staged(house: House) -> int:
    """Return how many uploads lie in staging."""
    return int(house.desk.store._read(lambda db: db.execute("SELECT count(*) FROM staging").fetchall())[0][0])


@pytest.mark.parametrize("size", [1, 4096, 65_535, MIB - 1, MIB, MIB + 1, 2 * MIB])
def test_attachment_arrives_whole(tmp_path: Path, size: int) -> None:
    """A file up to the limit, of any size around the parts' borders, is the same at the other end."""
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    with make_house(tmp_path / "o", limits=SMALL) as house:
        fields = house.fields()

        assert house.post("/melden", fields, [upload("foto één.jpg", content)]).status == 200

        (ref,) = house.read(house.officers[0], fields["code"]).document.attachments
        chunks = house.desk.attachment(house.officers[0].key, house.receipt(fields["code"]).case, ref.id)
        assert b"".join(open_attachment(chunks, ref)) == content
        assert (ref.name, ref.length, ref.sealed) == ("foto één.jpg", size, False)


@pytest.mark.parametrize("start", [b"age-encryption.org/v1\n", b"-----BEGIN AGE ENCRYPTED FILE-----\n"])
def test_sealed_attachment(house: House, start: bytes) -> None:
    """A file that is an age file already is carried unopened and marked; the receipt says so."""
    fields = house.fields(text="")
    page = house.post("/melden", fields, [upload("stuk.age", start + b"x" * 500)])

    assert page.status == 200
    assert "ongeopend" in page.said()
    assert house.read(house.officers[0], fields["code"]).document.attachments[0].sealed


@pytest.mark.parametrize(
    ("files", "status", "message"),
    [
        ([("leeg.txt", 0)], 422, "is leeg"),
        ([("a.bin", 2 * MIB + 1)], 413, "‘a.bin’ is te groot"),
        ([("a", MIB), ("b", MIB), ("c", MIB + 1)], 413, "samen te groot"),
        ([("a", 1), ("b", 1), ("c", 1), ("d", 1), ("e", 1)], 422, "U koos 5 bestanden"),
        ([("x" * 1001, 5)], 422, "naam van een bestand is te lang"),
        ([("a.bin", 9 * MIB)], 413, "te groot"),
    ],
)
def test_files_refused(tmp_path: Path, files: list[tuple[str, int]], status: int, message: str) -> None:
    """Files that cannot be sent: the whole body is read, nothing stays behind, and the page says what to change."""
    with make_house(tmp_path / "o", limits=SMALL) as house:
        fields = house.fields()
        page = house.post("/melden", fields, [upload(name, b"z" * size) for name, size in files])

        assert page.status == status
        assert message in " ".join(page.errors())
        assert "opnieuw" in " ".join(page.errors())
        assert (page.value("text"), page.value("contact"), page.code) == (fields["text"], "", fields["code"])
        assert_nothing_stored(house, fields["code"])
        assert staged(house) == 0


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "a\0b", "x" * 300, "\u202egpj.exe", "CON", "a\"b'c<d>.txt", "\r\nSet-Cookie: x=1", "é" * 1000],
)
def test_hostile_file_names(house: House, name: str) -> None:
    """A file's name is evidence: it travels as it is and touches nothing on the way."""
    code = receipt.generate()
    body = door.encode(door.fields_of(code, to=[officer.key for officer in house.officers]), [("file", name, b"x")])
    content_type = f"multipart/form-data; boundary={door.BOUNDARY}"
    answer = house.client.post("/melden", content=body, headers={"content-type": content_type})

    assert answer.status_code == 200
    assert house.read(house.officers[0], code).document.attachments[0].name == name


def test_again(house: House) -> None:
    """The same form sent again gives the same receipt, once more with files, and nothing is left in staging."""
    fields, files = house.fields(), [upload("a.txt", b"inhoud")]
    first, second = house.post("/melden", fields, files), house.post("/melden", fields, files)

    assert (first.status, second.status) == (200, 200)
    assert first.one("textarea", id="proof").text == second.one("textarea", id="proof").text
    assert "was al aangekomen" in second.said()
    assert len(house.log(fields["code"]).entries) == 2
    assert staged(house) == 0


def test_other_text(house: House) -> None:
    """Another text with the same code comes back ready to send as an addition, and arrives so."""
    fields = house.fields(to=[house.keys[0]])
    house.post("/melden", fields)

    page = house.post("/melden", fields | {"text": "Een heel andere tekst."})

    assert page.status == 409
    assert "Een heel andere tekst." in page.value("text")
    again = {name: page.value(name) for name in ("code", "action", "number", "text", "name", "contact")}
    added = house.post("/bericht", again)
    assert added.status == 200
    assert "aangekomen" in added.said()
    assert "Een heel andere tekst." in house.read(house.officers[0], fields["code"], 2).document.text


def test_cut_off(house: House) -> None:
    """A body that stops in the middle is no report."""
    fields = house.fields()
    request = house.client.build_request("POST", "/melden", data=fields, files=[upload("a.bin", b"x" * 3000)])
    body = request.read()

    for end in (len(body) - 3, len(body) - 1500, len(body) // 3):
        response = house.client.post(
            "/melden", content=body[:end], headers={"content-type": request.headers["content-type"]}
        )

        assert response.status_code == 400
        assert_nothing_stored(house, fields["code"])
        assert staged(house) == 0


def test_closed(closed_house: House) -> None:
    """Before the roster counts nothing is accepted, and what was typed stays on the page."""
    page = closed_house.post("/melden", closed_house.fields(text="mijn tekst"))

    assert page.status == 503
    assert "mijn tekst" in page.said()


def test_preview(house: House) -> None:
    """What a script that failed hands over comes back in the door's form, with the code as it was; nothing is stored."""
    fields = house.fields(to=[house.keys[1]], preview="1", text="al getypt", contact="kamer 3")
    page = house.post("/melden?door", fields, [])

    assert page.status == 200
    assert page.code == page.value("code") == fields["code"]
    assert (page.value("text"), page.value("contact")) == ("al getypt", "kamer 3")
    assert [box.get("value") for box in page.all("input", name="to") if "checked" in box.attrib] == [house.keys[1]]
    assert page.all("script") == []
    assert "De server versleutelt" in page.said()
    assert_nothing_stored(house, fields["code"])


def bundle(house: House, organisation: str | None = None) -> tuple[str, bytes]:
    """Return the code and bytes of a report made beforehand, with one attachment of two parts."""
    code = receipt.generate()
    made = receipt.derive(code, organisation or house.desk.organisation)
    ciphertext, sealed = seal_attachment("film.mp4", b"f" * (MIB + 5))
    assert house.version is not None
    from meldkluis.crypto.roster import parse_roster

    roster = parse_roster(house.version.payload)
    draft = Draft(
        "report",
        "x",
        "vooraf",
        frozenset(item.key for item in house.officers),
        strength="offline",
        attachments=[sealed],
    )
    report = compose_report(made, draft, roster, {item.key: item.intake_key for item in house.officers})
    return code, write_bundle(made.address, report.entry.raw, report.files, [(sealed.ref.id, ciphertext)])


def test_bundle(house: House) -> None:
    """A report made beforehand is received unopened, however often it is sent; the receipt has no code to show."""
    code, data = bundle(house)
    fields = house.fields(text="", about="", to=[])

    for again in (False, True):
        page = house.post("/melden", fields, [upload("melding.meldkluis", data, "bundle")])

        assert page.status == 200
        assert "vooraf versleuteld" in page.said()
        assert ("was al aangekomen" in page.said()) == again
        assert page.all("ol", data_fill="code") == []
    opened = house.read(house.officers[0], code)
    assert opened.document.text == "vooraf"
    assert len(list(parts_of(data))) > 1
    (ref,) = opened.document.attachments
    chunks = house.desk.attachment(house.officers[0].key, house.receipt(code).case, ref.id)
    assert b"".join(open_attachment(chunks, ref)) == b"f" * (MIB + 5)
    assert staged(house) == 0


@pytest.mark.parametrize("damage", ["cut", "more", "none", "flip", "text"])
def test_bundle_refused(house: House, damage: str) -> None:
    """A damaged or foreign bundle, or one together with a filled form, is refused and leaves nothing behind."""
    code, data = bundle(house)
    data = {
        "cut": data[:-1],
        "more": data + b"x",
        "none": b"%PDF-1.7",
        "flip": data[:-9] + b"!" + data[-8:],
        "text": data,
    }[damage]
    fields = house.fields(about="", to=[], text="ook tekst" if damage == "text" else "")

    page = house.post("/melden", fields, [upload("melding.meldkluis", data, "bundle")])

    assert page.status in {409, 422}
    assert page.code == fields["code"]
    assert_nothing_stored(house, code)
    assert staged(house) == 0


def test_two_at_once(house: House) -> None:
    """The same report twice at the same moment is one report."""

    async def both() -> list[int]:
        from httpx2 import ASGITransport, AsyncClient

        async with AsyncClient(transport=ASGITransport(app=house.client.app), base_url="http://localhost") as client:
            fields = house.fields()
            sent = [client.post("/melden", data=fields, files=[upload("", b"")]) for _ in range(4)]
            answers = [answer.status_code for answer in await asyncio.gather(*sent)]
        assert len(house.log(fields["code"]).entries) == 2
        return answers

    assert asyncio.run(both()) == [200] * 4


def test_day_of_today(house: House) -> None:
    """The receipt names today's day and the days of the terms in words."""
    fields = house.fields()
    said = house.post("/melden", fields).said()
    received = house.log(fields["code"]).entries[1].fields

    assert received["day"] == today()
    for day in (received["day"], received["dues"].acknowledgement, received["dues"].feedback):
        assert f"{day.day} " in said
        assert f" {day.year}" in said
