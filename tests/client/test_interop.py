# SPDX-License-Identifier: EUPL-1.2
"""What the browser seals, officers open here; what officers answer, the browser opens."""

import json
from pathlib import Path
from typing import Any

import pytest
from cast import ORGANISATION, Cast, make_cast, make_officer
from nodejs import Node

from meldkluis.crypto import age, casework, proof, receipt, report
from meldkluis.crypto.attachment import open_attachment
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import b64, load_json, unb64
from meldkluis.crypto.entry import parse_entry
from meldkluis.crypto.errors import NotForThisKeyError, SignatureError
from meldkluis.crypto.report import Sealed
from meldkluis.crypto.roster import RosterVersion, make_roster
from meldkluis.crypto.signed import verify_bare

ACTOR = Path(__file__).with_name("actor.mjs")
CONTENT = b"\x89PNG" + bytes(range(256)) * 5000


def ask(node: Node, **request: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(node.run(ACTOR, given=json.dumps([request])))[0]
    return answer


def public(cast: Cast, code: str) -> dict[str, Any]:
    return {
        "code": code,
        "organisation": ORGANISATION,
        "versions": [cast.version.to_json()],
        "intake_keys": [b64(officer.intake_key.thing.raw) for officer in cast.officers],
        "day": cast.today.isoformat(),
    }


def sealed_of(answer: dict[str, Any]) -> Sealed:
    body = load_json(answer["body"].encode())
    return Sealed(parse_entry(unb64(body["entry"])), {slot: unb64(file) for slot, file in body["files"].items()})


@pytest.fixture(scope="module")
def cast() -> Cast:
    return make_cast()


def test_codes_of_the_browser(node: Node) -> None:
    """Codes that the browser makes are read here."""
    for language in ("nl", "en"):
        code = ask(node, act="generate", language=language)["code"]

        assert receipt.encode(receipt.parse(code), language) == code


def test_report_from_the_browser(node: Node, cast: Cast) -> None:
    """A whole report of the browser opens here for each reader, with its attachment, and has the tag that the door would give it."""
    code = receipt.generate("en")
    to = [b64(cast.one.key), b64(cast.deputy.key)]
    words = {
        "kind": "advice",
        "about": "wie é",
        "text": "één\ntwee \U0001f600",
        "name": "N. N.",
        "contact": "na zes uur",
    }
    answer = ask(
        node, act="report", **public(cast, code), to=to, **words, attachments=[{"name": "a/b \u202e.png", "content": b64(CONTENT)}]
    )  # fmt: skip
    sealed = sealed_of(answer)
    log = cast.log_of(sealed)

    assert sealed.entry.fields["to"] == (cast.one.key,)
    assert sealed.entry.fields["not_to"] == (cast.two.key,)
    assert sealed.entry.fields["deputy"] == cast.deputy.key
    for slot, file in sealed.files.items():
        assert report.file_ref(file) == sealed.entry.files[slot]
        age.check_file(file, cast.roster.slots)
    for officer in (cast.one, cast.deputy):
        opened = casework.open_message(sealed.files["content"], log.submitted, log, [officer.identity])
        document = opened.document
        assert (document.kind, document.about, document.text) == (words["kind"], words["about"], words["text"])
        assert document.strength == "browser"
        (ref,) = document.attachments
        assert b"".join(open_attachment([unb64(answer["parts"][0])], ref)) == CONTENT
        contact = casework.open_contact(sealed.files["identity"], log.submitted, log, [officer.identity])
        assert (contact.name, contact.contact) == (words["name"], words["contact"])
    with pytest.raises(NotForThisKeyError):
        age.decrypt(sealed.files["content"], [cast.two.identity])


def test_two_reports_have_one_tag(node: Node, cast: Cast) -> None:
    """The same words sealed twice differ in every file and agree in the tag, also with the tag made here."""
    code = receipt.generate()
    request = {**public(cast, code), "to": [b64(key) for key in cast.everybody], "text": "a", "about": "b"}
    first, second = (sealed_of(ask(node, act="report", **request)) for _ in range(2))
    mine = receipt.derive(code, ORGANISATION)
    draft = cast.draft("a", about="b")

    assert first.files["content"] != second.files["content"]
    assert first.entry.fields["tag"] == second.entry.fields["tag"]
    assert first.entry.fields["tag"] == report.tag_of(mine, draft, report.address(cast.roster, draft.to))


def test_handed_over_when_all_left(node: Node, cast: Cast) -> None:
    """The browser believes a hand-over without a lapse only when the roster that it names has none of the officers."""
    code = receipt.generate()
    mine = receipt.derive(code, ORGANISATION)
    new = make_officer("TEST Nieuw")
    second = make_roster(
        version=2,
        organisation=ORGANISATION,
        name="Gemeente Voorbeeld",
        previous=cast.roster.hash,
        server=cast.server.verify_key,
        members=[new.member, cast.deputy.member],
    )
    version = RosterVersion(second.payload).signed_by(cast.one.signing).signed_by(cast.deputy.signing)
    sealed = cast.compose(mine)

    def told(named: bytes, versions: list[RosterVersion]) -> dict[str, Any]:
        log = cast.log_of(sealed)
        log.extend("handed-over", cast.server, day=cast.today, deputy=cast.deputy.key, roster=named)
        raws = [b64(entry.raw) for entry in log.entries]
        given = public(cast, code) | {"versions": [item.to_json() for item in versions]}
        return ask(node, act="addition", **given, log=raws, text="Nog iets.", kind="addition")

    assert "body" in told(second.hash, [cast.version, version])
    assert told(cast.roster.hash, [cast.version, version]) == {"error": "log"}
    assert told(second.hash, [cast.version]) == {"error": "log"}


def test_left_out(node: Node, cast: Cast) -> None:
    """Nobody chosen is an error; the deputy alone gets the report itself; a reader without a key gets none."""
    request = {**public(cast, receipt.generate()), "act": "report", "text": "x"}
    deputy, one, two = (b64(officer.key) for officer in (cast.deputy, cast.one, cast.two))
    only = sealed_of(ask(node, **request, to=[deputy]))
    missing = {**request, "intake_keys": request["intake_keys"][1:]}

    assert ask(node, **request, to=[]) == {"error": "nobody"}
    assert (only.entry.fields["to"], only.entry.fields["deputy"]) == ((cast.deputy.key,), None)
    assert only.entry.fields["not_to"] == tuple(sorted((cast.one.key, cast.two.key)))
    assert ask(node, **missing, to=[one, two]) == {"error": "no-key"}
    assert ask(node, **{**request, "text": "x" * 262_000}, to=[one]) == {"error": "too-long"}


def test_conversation_with_the_browser(node: Node, cast: Cast) -> None:
    """Additions of the browser open before and after the case is taken over; answers open in the browser."""
    code = receipt.generate()
    everything = public(cast, code)
    first = sealed_of(ask(node, act="report", **everything, to=[b64(key) for key in cast.everybody], text="begin"))
    log = cast.log_of(first)
    early = addition(node, cast, log, everything, "vroeg")
    taken = cast.take_over(log, {(0, slot): file for slot, file in first.files.items()} | early)
    case_identity = age.identity_from_seed(taken.grant.secret)
    answer = casework.compose_answer(
        "answered", "Vraag: wanneer?", log, receipt.derive(code, ORGANISATION).recipient, cast.roster.hash,
        cast.one.signing, cast.today,
    )  # fmt: skip
    raws = [b64(entry.raw) for entry in log.entries]
    file = answer.files["answer"]
    late = addition(node, cast, log, everything, "laat", name="Jan")

    read = ask(node, act="answer", **everything, log=raws, entry=answer.entry.index, file=b64(file))
    other = ask(node, act="answer", **everything, log=raws, entry=answer.entry.index, file=b64(answer.files["copy"]))
    assert read == {"text": "Vraag: wanneer?"}
    assert "error" in other
    for (place, slot), sealed in late.items():
        identity = case_identity if slot == "message" else age.identity_from_seed(taken.grant.identity_secret)
        for key in (identity, cast.deputy.identity):
            if slot == "message":
                assert casework.open_message(sealed, log.entries[place], log, [key]).document.text == "laat"
            else:
                assert casework.open_contact(sealed, log.entries[place], log, [key]).name == "Jan"


def addition(
    node: Node, cast: Cast, log: CaseLog, everything: dict[str, Any], text: str, **more: str
) -> dict[tuple[int, str], bytes]:
    """Let the browser add to the case; returns its files by place in the log and slot."""
    answer = ask(node, act="addition", **everything, log=[b64(entry.raw) for entry in log.entries], text=text, **more)
    sealed = sealed_of(answer)
    log.append(sealed.entry.raw)
    cast.received(log)
    for file in sealed.files.values():
        age.check_file(file, cast.roster.slots)
    return {(sealed.entry.index, slot): file for slot, file in sealed.files.items()}


def test_proof(node: Node, cast: Cast) -> None:
    """The browser takes the server's receipt and no other, and what it keeps is a proof that verifies here."""
    code = receipt.generate()
    sealed = sealed_of(ask(node, act="report", **public(cast, code), to=[b64(cast.one.key)], text="x"))
    other = sealed_of(ask(node, act="report", **public(cast, receipt.generate()), to=[b64(cast.one.key)], text="x"))
    log, strange = cast.log_of(sealed), cast.log_of(other)
    versions = [cast.version.to_json()]

    def received(of: CaseLog, signer: Cast = cast) -> dict[str, Any]:
        fields = of.entries[1].fields
        thing = proof.make_proof(
            signer.server, organisation=ORGANISATION, roster=cast.roster.hash, case=of.case,
            commitment=fields["commitment"], received=fields["day"], dues=fields["dues"],
        )  # fmt: skip
        answer = {"received": b64(of.entries[1].raw), "proof": b64(thing.raw)}
        return ask(
            node,
            act="received",
            entry=b64(sealed.entry.raw),
            answer=answer,
            versions=versions,
            organisation=ORGANISATION,
        )

    good = received(log)
    assert good["day"] == cast.today.isoformat()
    verified = proof.verify_proof(good["proof"])
    assert verified.case == sealed.entry.case
    assert received(strange) == {"error": "receipt"}
    assert received(log, make_cast()) == {"error": "receipt"}


def test_small_orders() -> None:
    """The verdicts that the browser is held to, where keys or points have a part of small order, are those given here."""
    vectors = json.loads((ACTOR.parents[1] / "vectors" / "mixed-order.json").read_text())
    verdicts = []
    for each in vectors["signatures"]:
        try:
            verify_bare(bytes.fromhex(each["key"]), bytes.fromhex(each["signature"]), vectors["message"].encode())
        except SignatureError:
            verdicts.append(False)
        else:
            verdicts.append(True)

    assert verdicts == [each["holds"] for each in vectors["signatures"]]
    assert set(verdicts) == {True, False}
