# SPDX-License-Identifier: EUPL-1.2
"""A case file for somebody else: what goes in, what never does, and what its own check finds."""

import base64
import hashlib
import json
import re
from html import unescape

import pytest
from casefiles import ARCHIVIST, checked, form, given, opened_file, post, said
from lied_to import opened
from workplace import Sent, Workplaces

from meldkluis.crypto import age, entry
from meldkluis.crypto.encoding import b64
from meldkluis.crypto.record import Record
from meldkluis.crypto.signed import SigningKey, sign
from meldkluis.workstation import controleer, entry_words
from meldkluis.workstation.errors import UnreachableError

NAMES = ("../../etc/passwd", "/etc/cron.d/x", "a\u202efdp.exe", "con.txt", "rapport.pdf", "rapport.pdf")
WHO = "kanarie-de-melder"


def case_of(places: Workplaces, **changes) -> Sent:
    """A report with contact details and hostile names, answered and noted, open at both officers."""
    files = [(name, f"inhoud {number}".encode()) for number, name in enumerate(NAMES)]
    sent = opened(
        places, 0, 1, **{"text": "De brug is te duur.", "name": WHO, "contact": WHO, "files": files, **changes}
    )
    places.offices[0].acts.answer(sent.case, "acknowledged", 1, "Dank u wel.")
    places.offices[0].decisions.record(sent.case, Record("remark", "", text="Alleen voor ons."))
    places.fetch(0, 1)
    return sent


def shares(places: Workplaces, sent: Sent) -> list[Record]:
    steps = places.offices[0].summaries.handling(places.offices[0].dossiers.log(sent.case)).steps
    return [step.record for step in steps if step.record.kind in {"shared", "disclosure"}]


def test_what_the_recipient_gets(places, tmp_path):
    """A chosen file, texts and log arrive whole; nothing else does; the log says so; the check is content."""
    sent = case_of(places)
    got = given(places, places.browser(0), sent, **{"file-0-4": "yes", "file-0-0": "yes"})

    assert set(got.files) == {
        "bijlagen/01-_.._etc_passwd", "bijlagen/05-rapport.pdf", "zaak.html", "zaak.css", "log.json", "LEESMIJ.txt", "controleer.py",
        "SHA256SUMS", "HANDTEKENING.json",
    }  # fmt: skip
    assert (got.files["bijlagen/01-_.._etc_passwd"], got.files["bijlagen/05-rapport.pdf"]) == (b"inhoud 0", b"inhoud 4")
    page = said(got.files["zaak.html"])
    assert "De brug is te duur." in page
    assert "Dank u wel." in page
    assert "4 bijlagen zijn niet meegegeven." in page
    assert hashlib.sha256(b"inhoud 4").hexdigest() in page
    assert "A. de Vries, vertrouwenspersoon nam de zaak over" in page
    assert "Alleen voor ons." not in page
    (shared,) = shares(places, sent)
    assert (shared.choice, shared.whom) == ("authority", "Huis voor Klokkenluiders")
    assert shared.text.startswith("Zij zijn bevoegd.")
    raws = [base64.urlsafe_b64decode(raw + "==") for raw in json.loads(got.files["log.json"])["entries"]]
    assert raws == places.offices[0].book.log(sent.case)
    code, words = checked(got.unpack(tmp_path / "unpacked"))
    assert code == 0, words
    fingerprint = " ".join(re.findall("........", places.offices[0].trust.anchor.hex()))
    assert fingerprint in words
    assert "ondertekend door: A. de Vries" in words


def test_in_english_without_log_and_with_notes(places, tmp_path):
    """In English, with notes and without log or messages: the check says that the log was not checked."""
    sent = case_of(places)
    got = given(places, places.browser(0), sent, language="en", notes="yes", log="-", messages="-", answers="-")

    page = said(got.files["zaak.html"])
    assert "Alleen voor ons." in page
    assert "De brug is te duur." not in page
    assert "README.txt" in got.files
    assert "confidential" in got.files["README.txt"].decode().casefold()
    code, words = checked(got.unpack(tmp_path / "unpacked"))
    assert (code, "not checked" in words) == (0, True), words


def _resum(files: dict[str, bytes]) -> dict[str, bytes]:
    names = [name for name in files if name not in {"SHA256SUMS", "HANDTEKENING.json"}]
    listed = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in names).encode()
    return {**files, "SHA256SUMS": listed}


def _signed(files: dict[str, bytes], key: SigningKey) -> dict[str, bytes]:
    files = _resum(files)
    thing = sign("case-file", files["SHA256SUMS"], key)
    document = {"key": b64(thing.key), "signature": b64(thing.signature)}
    return {**files, "HANDTEKENING.json": json.dumps(document).encode()}


def _entries(files: dict[str, bytes], change) -> dict[str, bytes]:
    document = json.loads(files["log.json"])
    change(document["entries"])
    return {**files, "log.json": json.dumps(document).encode()}


def _swap(entries):
    entries[3], entries[4] = entries[4], entries[3]


def _forge(entries):
    raw = bytearray(base64.urlsafe_b64decode(entries[4] + "=="))
    raw[40] ^= 1
    entries[4] = b64(bytes(raw))


def _other_author(entries):
    raw = base64.urlsafe_b64decode(entries[-1] + "==")
    entries[-1] = b64(sign("entry", raw[96:].partition(b"\0")[2], SigningKey.generate()).raw)


def _write_anew(entries, key):
    raw = base64.urlsafe_b64decode(entries[-2] + "==")
    document = json.loads(raw[96:].partition(b"\0")[2])
    document["files"]["note"]["size"] += 1
    entries[-2] = b64(sign("entry", json.dumps(document).encode(), key).raw)


TAMPERED = {
    "text": lambda files: {**files, "zaak.html": files["zaak.html"].replace(b"duur", b"goed")},
    "text, and a new list": lambda files: _resum({**files, "zaak.html": files["zaak.html"].replace(b"duur", b"goed")}),
    "text, list and a stranger's signature": lambda files: _signed(
        {**files, "zaak.html": b"niets"}, SigningKey.generate()
    ),
    "attachment": lambda files: {**files, "bijlagen/05-rapport.pdf": b"anders"},
    "attachment is gone": lambda files: {name: data for name, data in files.items() if "rapport" not in name},
    "a file more": lambda files: {**files, "bijlagen/99-extra.txt": b"x"},
    "no list": lambda files: {name: data for name, data in files.items() if name != "SHA256SUMS"},
    "no signature": lambda files: {name: data for name, data in files.items() if name != "HANDTEKENING.json"},
}
BY_AN_OFFICER = {
    "an entry is left out": lambda files: _entries(files, lambda entries: entries.pop(4)),
    "entries in another order": lambda files: _entries(files, _swap),
    "a forged signature": lambda files: _entries(files, _forge),
    "an entry by somebody else": lambda files: _entries(files, _other_author),
    "an entry twice": lambda files: _entries(files, lambda entries: entries.insert(4, entries[4])),
    "no entries": lambda files: _entries(files, lambda entries: entries.clear()),
}


@pytest.fixture
def good(places):
    """A good case file, and the key of the officer who gave it."""
    sent = case_of(places)
    got = given(places, places.browser(0), sent, **{"file-0-4": "yes"})
    return got, places.offices[0].keyring.signing_key


def test_every_change_is_found(places, good, tmp_path):
    """Whoever changes a text, an attachment, the list or a signature is found out; so is an officer who changes the log."""
    got, key = good
    changed = {name: change(got.files) for name, change in TAMPERED.items()}
    changed |= {name: _signed(change(got.files), key) for name, change in BY_AN_OFFICER.items()}
    changed["an entry of the officer's is written anew"] = _signed(
        _entries(got.files, lambda entries: _write_anew(entries, key)), key
    )
    changed["signed by who does not handle the case"] = _signed(got.files, places.offices[2].keyring.signing_key)
    original = got.files
    assert checked(got.unpack(tmp_path / "good"))[0] == 0
    for number, (name, files) in enumerate(changed.items()):
        assert files != original
        got.files = files
        code, words = checked(got.unpack(tmp_path / str(number)))

        assert (code, "FOUT" in words, "Vertrouw dit dossier niet." in words) == (1, True, True), (name, words)


def test_irrelevant_passages_stay_out(places):
    """What was marked as not relevant is left out with the reason, and cannot be chosen."""
    sent = case_of(places)
    decisions = places.offices[0].decisions
    decisions.record(sent.case, Record("irrelevant", "message", of=0, text="Gaat over iets anders."))
    decisions.record(sent.case, Record("irrelevant", "attachment", of=0, whom="con.txt", text="Privéfoto."))
    browser = places.browser(0)
    got = given(places, browser, sent)

    page = said(got.files["zaak.html"])
    assert "De brug is te duur." not in page
    assert "de aanbesteding" not in page
    assert "Gaat over iets anders." in page
    assert "Privéfoto." in page
    assert "con.txt" not in browser.get(f"/case/{b64(sent.case)}/share").text
    assert post(places, browser, sent, **{"file-0-3": "yes"}).status_code == 422


def test_nothing_newer_than_what_was_seen(places):
    """What arrives between looking and giving does not go along unseen."""
    sent = case_of(places)
    seen = form(places, sent)["shown"]
    places.add(sent, "Nog een geheim.")
    places.fetch(0)
    got = given(places, places.browser(0), sent, shown=seen)

    assert "De brug is te duur." in got.page
    assert "Nog een geheim." not in got.page


REFUSED = {
    "kind": ({"kind": "x"}, "Soort ontvanger:", "kind"),
    "whom": ({"whom": " "}, "Ontvanger:", "whom"),
    "reason": ({"reason": ""}, "Reden:", "reason"),
    "language": ({"language": "xx"}, "Taal:", "language"),
    "no key": ({"recipient": "# alleen een opmerking"}, "plak de sleutel", "recipient"),
    "two keys": ({"recipient": "age1pq1a\nage1pq1b"}, "precies één sleutel", "recipient"),
    "classical key": ({"recipient": "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"}, "kwantum", "recipient"),
    "ssh key": ({"recipient": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"}, "kwantum", "recipient"),
    "half a key": ({"recipient": "age1pq1qqqq"}, "geen hele sleutel", "recipient"),
    "secret key": ({"recipient": age.generate_identity()}, "geheime sleutel", "recipient"),
    "nothing": ({"messages": "-", "answers": "-", "log": "-"}, "Wat erin zit:", "files"),
    "no such file": ({"file-7-7": "yes"}, "Bijlagen:", "files"),
    "not yet": ({"shown": "999"}, "Bijlagen:", "files"),
    "archive": ({"kind": "archive"}, "categorie gekozen", "kind"),
    "identity": ({"identity": "3"}, "Contactgegevens:", "identity"),
    "no number": ({"identity": "x"}, "Contactgegevens:", "identity"),
}  # fmt: skip


def test_refusals_name_the_field(places):
    """What is wrong is said, about the field by its name, for look and gift alike; nothing is given or lost."""
    sent, browser = case_of(places), places.browser(0)
    before = places.acts(sent)
    for name, (changes, words, _) in REFUSED.items():
        for page in ("", "/give"):
            answer = post(places, browser, sent, page, **changes)
            assert (answer.status_code, words in unescape(answer.text)) == (422, True), (name, page)
            assert "Er is niets gedeeld." in answer.text
            if "reason" not in changes:
                assert "Zij zijn bevoegd." in answer.text
    assert places.acts(sent) == before


def test_looking_before_giving(places):
    """The page lists what goes and stays and the key's fingerprint; both ticks are asked for; going back loses nothing."""
    sent, browser = case_of(places, text="Bel jan jansen op 06-123 456 78."), places.browser(0)
    words = {"words": "Jan  Jansen\n0612345678\nPiet"}
    page = post(places, browser, sent, "", **words, **{"file-0-4": "yes"})
    text = said(page)
    assert page.status_code == 200
    assert "Contactgegevens van de melder: gaat niet mee" in text
    assert "Bijlage rapport.pdf , 8 B: gaat mee" in text
    assert "Jan Jansen : bij regel 0" in text
    assert "0612345678 : bij regel 0" in text
    assert "Piet :" not in text
    assert re.sub(r"\s", "", hashlib.sha256(form(places, sent)["recipient"].encode()).hexdigest()) in re.sub(
        r"\s", "", text
    )
    before = places.acts(sent)
    for missing, sentence in (({"compared": "-"}, "Vergelijk eerst"), ({}, "Bekijk eerst")):
        answer = post(places, browser, sent, **words, **missing)
        assert (answer.status_code, sentence in answer.text) == (422, True)
    assert places.acts(sent) == before
    back = post(places, browser, sent, "", step="edit", **words)
    assert back.status_code == 200
    assert "Zij zijn bevoegd." in back.text
    assert "0612345678" in back.text
    assert post(places, browser, sent, seen="yes", **words).headers["content-type"] == "application/octet-stream"
    assert all("0612345678" not in record.text for record in shares(places, sent))


def test_no_log_no_file(places):
    """When the log does not take the sharing in, no file is given and the form stays."""
    sent, browser = case_of(places), places.browser(0)

    def cut(method: str, target: str) -> None:
        if method == "POST" and target.endswith("/log"):
            raise UnreachableError("cut")

    places.transports[0].before = cut
    answer = post(places, browser, sent)

    assert answer.status_code == 502
    assert "Daarom is er geen bestand gegeven." in answer.text
    assert "Zij zijn bevoegd." in answer.text
    assert shares(places, sent) == []


def test_broken_attachment_is_no_file(places):
    """An attachment that the server changed ends the file early, so that it never opens; an alarm says so."""
    sent, browser = case_of(places), places.browser(0)

    def lie(method, target, answered):
        status, content = answered
        return (status, content[:-1] + b"x") if "/attachments/" in target else (status, content)

    places.transports[0].lie = lie
    broken = post(places, browser, sent, **{"file-0-4": "yes"})
    with pytest.raises(age.PayloadError):
        opened_file(broken.content)
    assert "attachment" in places.alarms(0)
    places.transports[0].lie = None
    assert given(places, browser, sent, **{"file-0-4": "yes"}).files["bijlagen/05-rapport.pdf"] == b"inhoud 4"


def ground(places: Workplaces, sent: Sent, choice: str = "ground_unannounced") -> int:
    places.offices[0].decisions.record(
        sent.case, Record("disclosure", choice, whom="Huis voor  klokkenluiders", text="Bevel van de rechter.")
    )
    return places.offices[0].dossiers.log(sent.case).entries[-1].index


def test_identity_only_on_a_complete_ground(places, tmp_path):
    """Contact details go in only after a second officer approved the ground, to whom it names, never to the archive."""
    sent, browser = case_of(places), places.browser(0)
    for made in places.offices[0].dossiers.log(sent.case).entries:
        assert post(places, browser, sent, identity=str(made.index)).status_code == 422
    of = ground(places, sent)
    assert post(places, browser, sent, identity=str(of)).status_code == 422
    places.fetch(1)
    places.offices[1].decisions.record(sent.case, Record("disclosure", "approved", of=of))
    places.fetch(0)
    assert post(places, browser, sent, identity=str(of), whom="Politie").status_code == 422
    assert WHO not in given(places, browser, sent).page
    got = given(places, browser, sent, identity=str(of), messages="-")

    assert WHO in got.page
    done = next(record for record in shares(places, sent) if record.choice == "done")
    assert (done.of, done.whom, done.text) == (of, "Huis voor Klokkenluiders", "Zij zijn bevoegd.")
    assert places.acts(sent)[-3:] == ["noted", "identity-opened", "noted"]
    assert checked(got.unpack(tmp_path / "unpacked"))[0] == 0


def test_identity_is_in_no_byte_of_another_file(places):
    """Without a ground nothing of the contact details is in any file of the case file, whatever else is chosen."""
    sent = case_of(places)
    files = {f"file-0-{number}": "yes" for number in range(len(NAMES))}
    got = given(places, places.browser(0), sent, notes="yes", **files)

    assert all(WHO.encode() not in content for content in got.files.values())
    assert len([name for name in got.files if name.startswith("bijlagen/")]) == len(NAMES)
    for name in got.files:
        assert ".." not in name.split("/")
        assert not name.startswith("/")


def test_withdrawn_approver_before_the_gift(places):
    """A ground whose second officer withdraws between looking and giving allows nothing: the log is asked again."""
    sent, browser = case_of(places), places.browser(0)
    of = ground(places, sent)
    places.fetch(1)
    places.offices[1].decisions.record(sent.case, Record("disclosure", "approved", of=of))
    places.fetch(0)
    assert post(places, browser, sent, "", identity=str(of)).status_code == 200
    places.offices[1].acts.recuse(sent.case)
    answer = post(places, browser, sent, identity=str(of))

    assert answer.status_code == 422
    assert "dat mag intussen niet meer" in answer.text
    assert "identity-opened" not in places.acts(sent)
    assert age.recipient_of(ARCHIVIST) in answer.text


def test_identity_with_consent(places):
    """A yes of the reporter allows it, until the reporter says no."""
    sent, browser, acts = case_of(places), places.browser(0), places.offices[0].acts
    acts.ask(sent.case, "consent", acts.next_number(sent.case), "Mag het Huis uw naam weten?", ())
    of = len(places.acts(sent)) - 1
    places.fetch(0)
    assert post(places, browser, sent, identity=str(of)).status_code == 422
    places.replies(sent, "agreed", of)
    places.fetch(0)
    assert "Mag het Huis uw naam weten?" in browser.get(f"/case/{b64(sent.case)}/share").text
    assert WHO in given(places, browser, sent, identity=str(of)).page
    places.replies(sent, "declined", of)
    places.fetch(0)

    assert post(places, browser, sent, identity=str(of)).status_code == 422


def test_every_act_has_words_and_an_author():
    """The case file names every act of the log, and its check knows who may make each."""
    assert set(entry_words.ACTS) == set(entry.ACTS)
    assert set(entry.REPORTER_ACTS) == controleer.REPORTER
    assert set(entry.SERVER_ACTS) == controleer.SERVER
