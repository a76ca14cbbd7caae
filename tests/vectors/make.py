# SPDX-License-Identifier: EUPL-1.2
"""Makes shared.json: what Python and JavaScript must both read alike, good and bad.

    PYTHONPATH=tests/support:tests/vectors .venv/bin/python tests/vectors/make.py

Sealing is random, so every run gives other bytes; the file is committed and both sides read that one. All keys in it are
test keys, made here and used nowhere else.
"""

import base64
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cast import ORGANISATION, Cast, make_cast
from stories import dues, stories

from meldkluis.crypto import age, casework, padding, receipt, report, signed
from meldkluis.crypto.attachment import seal_attachment
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import b64, dump_json, load_json
from meldkluis.crypto.entry import ANSWER_ACTS
from meldkluis.crypto.message import AnswerDocument
from meldkluis.crypto.roster import RosterVersion, make_intake_key, make_roster

# The order of the base point's group (RFC 8032 section 5.1): S + L is the classical malleable signature.
_L = 2**252 + 27742317777372353535851937790883648493
_SMALL_ORDER = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")


def receipts() -> dict[str, Any]:
    """Codes with everything derived from them, and texts that are no codes."""
    good = []
    for language, entropy in [
        ("nl", bytes(16)),
        ("nl", b"\xff" * 16),
        ("en", bytes(range(16))),
        ("nl", bytes(range(16))),
    ]:
        code = receipt.encode(entropy, language)
        made = receipt.derive(code, ORGANISATION)
        fields = {name: b64(getattr(made, name)) for name in ("address", "reply", "sign", "tag", "commit", "case")}
        words = code.split()
        spellings = [
            code.upper(),
            "-".join(words),
            "  ".join(word[:4] for word in words),
            " ".join(f"{n}. {word}" for n, word in enumerate(words, 1)),
        ]
        good.append(
            {
                "language": language,
                "entropy": b64(entropy),
                "code": code,
                "spellings": spellings,
                **fields,
                "identity": made.identity,
                "recipient": made.recipient,
                "verify_key": b64(made.signing_key.verify_key),
            }
        )
    words = good[0]["code"].split()
    swapped = receipt.encode(bytes(range(1, 17)), "nl").split()
    bad = [
        {"text": " ".join(words[:11]), "error": "count"},
        {"text": " ".join([*words, words[0]]), "error": "count"},
        {"text": "", "error": "count"},
        {"text": " ".join([*words[:4], "qqqqq", *words[5:]]), "error": "unknown", "number": 5},
    ]
    for first in range(11):
        candidate = swapped.copy()
        candidate[first], candidate[first + 1] = candidate[first + 1], candidate[first]
        try:
            receipt.parse(" ".join(candidate))
        except receipt.ChecksumError:
            bad.append({"text": " ".join(candidate), "error": "checksum"})
    return {"organisation": ORGANISATION, "good": good, "bad": bad}


def paddings() -> dict[str, Any]:
    """Classes of text, sizes of attachments, and padded texts that no writer makes."""
    lengths = [0, 1, 4094, 4095, 4096, 16383, 16384, 65535, 65536, 262143]
    sizes = [1, 16383, 16384, 16385, 65536, 1_000_000, 1_048_576, 29_999_999, 100_000_000]
    bad = {
        "empty": b"",
        "no mark": bytes(4096),
        "wrong length": b"a\x80" + bytes(4095),
        "larger class than needed": b"a\x80" + bytes(16382),
        "another byte after the mark": b"a\x80" + bytes(4093) + b"\1",
        "mark doubled is content": None,
    }
    return {
        "text": [{"length": length, "padded": padding.text_class(length)} for length in lengths],
        "too_long": 262144,
        "attachment": [{"length": length, "padded": padding.attachment_size(length)} for length in sizes],
        "bad": [
            {"name": name, "padded": base64.b64encode(data).decode()} for name, data in bad.items() if data is not None
        ],
    }


def things() -> dict[str, Any]:
    """A signed thing, and everything near it that must be refused."""
    key = signed.SigningKey.from_seed(bytes(range(32)))
    payload = b'{"a":1}'
    thing = signed.sign("entry", payload, key)
    raw = thing.raw
    larger_s = (int.from_bytes(raw[64:96], "little") + _L).to_bytes(32, "little")
    bad = {
        "payload changed": raw[:-1] + b"\x00",
        "signature changed": raw[:40] + bytes([raw[40] ^ 1]) + raw[41:],
        "another key": signed.SigningKey.from_seed(bytes(32)).verify_key + raw[32:],
        "S not reduced": raw[:64] + larger_s + raw[96:],
        "small-order key": _SMALL_ORDER + raw[32:],
        "small-order key and R, S zero": _SMALL_ORDER + _SMALL_ORDER + bytes(32) + raw[96:],
        "identity key and R, S zero": (b"\1" + bytes(31)) * 2 + bytes(32) + raw[96:],
        "type changed": raw.replace(b"entry\0", b"grant\0"),
        "type unknown": raw.replace(b"entry\0", b"other\0"),
        "type empty": raw.replace(b"entry\0", b"\0"),
        "no type": raw[:96],
        "cut off": raw[:60],
        "empty": b"",
        "of another type, signed": signed.sign("grant", payload, key).raw,
    }
    return {
        "seed": b64(bytes(range(32))),
        "type": "entry",
        "payload": b64(payload),
        "raw": b64(raw),
        "hash": b64(thing.hash),
        "bad": [{"name": name, "raw": b64(data)} for name, data in bad.items()],
    }


def documents() -> dict[str, Any]:
    """JSON texts that a strict reader takes, and texts that it does not."""
    good = ['{"a":[1,-1,0,true,null,"é\\n"]}', ' { "a" : { } } ', '{"a":"\\ud83d\\ude00"}']
    bad = [
        '{"a":1,"a":2}',
        '{"a":{"b":1,"b":1}}',
        '{"a":1.0}',
        '{"a":1e3}',
        '{"a":NaN}',
        '{"a":Infinity}',
        "[1]",
        "1",
        "",
        '{"a":1}x',
        '{"a":1,}',
        "{'a':1}",
        '{"a":"\\ud800"}',
        '{"a":01}',
        '{"a":"\n"}',
        '{"a":' + "[" * 9 + "]" * 9 + "}",
        '{"a":1} {}',
        '{"a"}',
        '{"a":undefined}',
        '\ufeff{"a":1}',
    ]
    encoded = {"good": ["", "AA", "_-8", "AAAA"], "bad": ["A", "AB", "AA==", "+/8", "A A", "AAA\n", "é"]}
    return {"json": {"good": good, "bad": bad}, "b64": encoded}


def rosters(cast: Cast) -> dict[str, Any]:
    """Chains of rosters, good and bad, and intake keys."""
    one, two, deputy = cast.officers
    stranger = make_cast(["TEST Vreemde"]).one
    second = make_roster(
        version=2,
        organisation=ORGANISATION,
        name="Gemeente Voorbeeld",
        previous=cast.roster.hash,
        server=cast.server.verify_key,
        members=[one.member, stranger.member, deputy.member],
    )
    unsigned = RosterVersion(second.payload)
    good_second = unsigned.signed_by(one.signing).signed_by(deputy.signing)
    third = make_roster(
        version=3,
        organisation=ORGANISATION,
        name="Gemeente Voorbeeld",
        previous=second.hash,
        server=cast.server.verify_key,
        members=[two.member, stranger.member, deputy.member],
    )
    good_third = RosterVersion(third.payload).signed_by(one.signing).signed_by(deputy.signing)
    # Whether these officers left the version `named`, in a case that began with the version `since`.
    left = [
        ("left", [two], 1, 2, True),
        ("both left", [one], 1, 3, True),
        ("one stands in it", [one, two], 1, 2, False),
        ("came back", [two], 1, 3, False),
        ("never stood in one", [make_cast(["TEST Nooit"]).one], 1, 2, False),
        ("not before it", [stranger], 1, 1, False),
        ("older than the case", [two], 3, 2, False),
        ("unknown", [two], 1, 4, False),
        ("a case of an unknown one", [two], 4, 2, False),
    ]
    hashes = {1: cast.roster.hash, 2: second.hash, 3: third.hash, 4: bytes(32)}
    foreign = make_roster(
        version=2,
        organisation="andere",
        name="Andere",
        previous=cast.roster.hash,
        server=cast.server.verify_key,
        members=[one.member],
    )
    foreign_second = RosterVersion(foreign.payload).signed_by(one.signing).signed_by(two.signing)
    first = cast.version
    bad: dict[str, Sequence[RosterVersion]] = {
        "founder's signature missing": [RosterVersion(first.payload, first.signatures[:-1])],
        "signed once": [first, unsigned.signed_by(one.signing)],
        "signed by a newcomer": [first, unsigned.signed_by(one.signing).signed_by(stranger.signing)],
        "signed twice by one": [first, unsigned.signed_by(one.signing).signed_by(one.signing)],
        "signature of the server": [first, unsigned.signed_by(one.signing).signed_by(cast.server)],
        "without version 1": [good_second],
        "version 1 twice": [first, first],
        "another organisation": [first, foreign_second],
        "a wrong signature beside enough good ones": [
            first,
            RosterVersion(second.payload, (*good_second.signatures, (two.key, bytes(64)))),
        ],
        "another version 1": [make_cast().version, good_second],
    }
    other_organisation = make_intake_key("andere", age.recipient_of(one.identity), cast.today, one.signing)
    classical = signed.sign(
        "intake-key",
        dump_json({"organisation": ORGANISATION, "recipient": "age1" + "q" * 58, "from": "2026-11-23"}),
        one.signing,
    )
    return {
        "anchor": b64(cast.roster.hash),
        "good": [
            [v.to_json() for v in chain] for chain in ([first], [first, good_second], [first, good_second, good_third])
        ],
        "bad": [{"name": name, "versions": [v.to_json() for v in chain]} for name, chain in bad.items()],
        "left": [
            {
                "name": name,
                "officers": [b64(who.key) for who in officers],
                "since": b64(hashes[since]),
                "named": b64(hashes[version]),
                "holds": holds,
            }
            for name, officers, since, version, holds in left
        ],
        "slots": cast.roster.slots,
        "intake_keys": [b64(officer.intake_key.thing.raw) for officer in cast.officers],
        "bad_intake_keys": [b64(other_organisation.raw), b64(classical.raw), b64(cast.version.payload)],
        "today": cast.today.isoformat(),
    }


def answers() -> dict[str, Any]:
    """Documents of officers' answers with the act that brings them: read, and refused."""
    good = [
        {"act": act, "document": AnswerDocument(kind, "Kan dat?\nGraag.", slots).dump()}
        for act, kinds in ANSWER_ACTS.items()
        for kind in kinds
        for slots in ((("dinsdag 1 december 14:00, bibliotheek",), tuple("abcdef")) if kind == "meeting" else ((),))
    ]
    meeting = {"version": 1, "kind": "meeting", "text": "Wanneer?"}
    bad: list[tuple[str, str, dict[str, Any]]] = [
        ("a question as an answer", "answered", {"version": 1, "kind": "consent", "text": "x"}),
        ("an answer as a question", "asked", {"version": 1, "kind": "answer", "text": "x"}),
        ("feedback as a question", "asked", {"version": 1, "kind": "feedback", "text": "x"}),
        ("an unknown kind", "asked", {"version": 1, "kind": "order", "text": "x"}),
        ("version 2", "asked", {"version": 2, "kind": "account", "text": "x"}),
        ("moments beside an account", "asked", {"version": 1, "kind": "account", "text": "x", "slots": ["a"]}),
        ("no moments beside a consent", "asked", {"version": 1, "kind": "consent", "text": "x", "slots": []}),
        ("a meeting without moments", "asked", meeting),
        ("a meeting with none", "asked", {**meeting, "slots": []}),
        ("seven moments", "asked", {**meeting, "slots": list("abcdefg")}),
        ("a long moment", "asked", {**meeting, "slots": ["a" * 101]}),
        ("an empty moment", "asked", {**meeting, "slots": [""]}),
        ("a moment of two lines", "asked", {**meeting, "slots": ["a\nb"]}),
        ("a moment that is no text", "asked", {**meeting, "slots": [1]}),
        ("moments that are no list", "asked", {**meeting, "slots": "abc"}),
    ]
    return {
        "good": good,
        "bad": [{"name": name, "act": act, "document": dump_json(document).decode()} for name, act, document in bad],
    }


def _bad_logs(log: CaseLog, cast: Cast, elsewhere: CaseLog) -> Iterable[tuple[str, list[bytes]]]:
    raws = [entry.raw for entry in log.entries]
    for index in range(len(raws) - 1):
        yield f"entry {index} dropped", raws[:index] + raws[index + 1 :]
        swapped = raws.copy()
        swapped[index], swapped[index + 1] = swapped[index + 1], swapped[index]
        yield f"entries {index} and {index + 1} swapped", swapped
        yield f"entry {index} doubled", [*raws[: index + 1], *raws[index:]]
    yield "entry of another case", [*raws, elsewhere.entries[1].raw]
    stranger = make_cast(["TEST Vreemde"])
    for name, key, act, fields in [
        ("a stranger's answer", stranger.one.signing, "not-involved", {"day": cast.today}),
        ("the deputy before hand-over", cast.deputy.signing, "not-involved", {"day": cast.today}),
        ("an act of yesterday", cast.one.signing, "not-involved", {"day": cast.today.replace(day=1)}),
    ]:
        yield name, [*raws, _forged(log, key, act, fields)]


def _forged(log: CaseLog, key: signed.SigningKey, act: str, fields: dict[str, Any]) -> bytes:
    document = {"case": b64(log.case), "entry": len(log.entries), "head": b64(log.head or b""), "act": act}
    document |= {name: value.isoformat() for name, value in fields.items()}
    return signed.sign("entry", dump_json(document), key).raw


def conversation(cast: Cast) -> dict[str, Any]:
    """A case with everything in it, in bytes that both sides open."""
    code = receipt.encode(bytes(range(16)), "nl")
    reporter = receipt.derive(code, ORGANISATION)
    content = "Bewijs: één bonnetje.\n".encode() * 1000
    ciphertext, attached = seal_attachment("bon é.txt", content)
    draft = cast.draft("Eerste regel\r\ntweede regel", name="N. N.", contact="na zes uur", attachments=(attached,))
    sealed = report.compose_report(reporter, draft, cast.roster, cast.keys)
    readers = report.address(cast.roster, draft.to)
    log = cast.log_of(sealed)
    early = [entry.raw for entry in log.entries]
    taken = cast.take_over(log, {(0, slot): file for slot, file in sealed.files.items()})
    answer = casework.compose_answer(
        "acknowledged", "Dank u wel.", log, reporter.recipient, cast.roster.hash, cast.one.signing, cast.today
    )
    addition = report.compose_addition(
        reporter, cast.draft("Nog iets", kind="addition"), log, cast.roster, cast.keys.values()
    )
    log.append(addition.entry.raw)
    cast.received(log)
    elsewhere = cast.log_of(cast.compose(cast.reporter()))
    return {
        "organisation": ORGANISATION,
        "code": code,
        "server_keys": [b64(cast.server.verify_key)],
        "case": b64(log.case),
        "early_log": [b64(raw) for raw in early],
        "log": [b64(entry.raw) for entry in log.entries],
        "bad_logs": [
            {"name": name, "log": [b64(raw) for raw in raws]} for name, raws in _bad_logs(log, cast, elsewhere)
        ],
        "officers": [
            {"key": b64(o.key), "identity": o.identity, "signing_seed": b64(o.signing.seed)} for o in cast.officers
        ],
        "case_seed": b64(taken.grant.secret),
        "identity_seed": b64(taken.grant.identity_secret),
        "case_recipient": log.case_recipient,
        "files": {slot: b64(file) for slot, file in sealed.files.items()},
        "message": b64(addition.files["message"]),
        "answer": {"entry": answer.entry.index, "file": b64(answer.files["answer"]), "text": "Dank u wel."},
        "draft": {
            "kind": draft.kind,
            "about": draft.about,
            "text": draft.text,
            "name": draft.name,
            "contact": draft.contact,
            "to": [b64(key) for key in readers.to],
            "deputy": b64(readers.deputy or b""),
            "attachments": [
                {
                    "name": attached.ref.name,
                    "length": attached.ref.length,
                    "plaintext_digest": b64(attached.plaintext_digest),
                }
            ],
        },
        "tag": b64(sealed.entry.fields["tag"]),
        "commitment": b64(sealed.entry.fields["commitment"]),
        "document": load_json(
            casework.open_message(
                sealed.files["content"], log.submitted, log, [cast.two.identity]
            ).message.document.encode()
        ),
        "attachment": {
            "ref": load_json(sealed_document(draft))["attachments"][0],
            "size": attached.size,
            "ciphertext": base64.b64encode(ciphertext).decode(),
            "plaintext": base64.b64encode(content).decode(),
        },
    }


def sealed_document(draft: report.Draft) -> bytes:
    """The document of a draft, as bytes."""
    return draft.document().dump().encode()


def main() -> None:
    """Write shared.json beside this file."""
    cast = make_cast()
    vectors = {
        "note": "test keys only",
        "receipt": receipts(),
        "padding": paddings(),
        "thing": things(),
        "encoding": documents(),
        "roster": rosters(cast),
        "conversation": conversation(cast),
        "answers": answers(),
        "stories": stories(cast),
        "dues": dues(),
    }
    path = Path(__file__).with_name("shared.json")
    path.write_text(json.dumps(vectors, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
