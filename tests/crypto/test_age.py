# SPDX-License-Identifier: EUPL-1.2
"""age files as the rest of the project uses them: who can open what, slots, rewrapping, and one kind of error."""

import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings, strategies as st

from meldkluis.crypto import age, armor, bech32, header
from meldkluis.crypto.errors import FormatError, NotForThisKeyError
from meldkluis.crypto.header import Stanza
from meldkluis.crypto.stream import CHUNK

ANNA, BERT, CARO = (age.identity_from_seed(bytes([number]) * 32) for number in (1, 2, 3))
TO_ANNA, TO_BERT, TO_CARO = (age.recipient_of(identity) for identity in (ANNA, BERT, CARO))
CLASSICAL = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
TO_CLASSICAL = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
# From C2SP age.md, "The MLKEM768-X25519 hybrid post-quantum recipient type".
PUBLIC_IDENTITY = "AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR"
PUBLIC_RECIPIENT_START = (
    "age1pq1x34nzsvr0rxjsgdn8zgyhfe8j7ceq5r9rdelkjuh3y235jzxshfg87pzf5zrqtzdxz95paef6caq5aapdmwjjqpjfdyxnzr2zamp"
)
PUBLIC_RECIPIENT_END = "tlhl53k2ykx3qheyty7saeq0d3fzv49zc0k"
TEXT = b"Een vermoeden van een misstand." * 20


def change(file: bytes, place: int, bit: int) -> bytes:
    return file[:place] + bytes((file[place] ^ 1 << bit,)) + file[place + 1 :]


def with_stanza(file: bytes, identity: str, stanza: Stanza, *, first: bool) -> bytes:
    """The same file with one stanza more, made by somebody who has the file key."""
    raw, payload = age.split(file)
    parsed = header.parse(raw)
    file_key = age.Identity.from_text(identity).unwrap(parsed.stanzas)
    assert file_key is not None
    stanzas = (stanza, *parsed.stanzas) if first else (*parsed.stanzas, stanza)
    return header.build(stanzas, file_key) + payload


class TestKeys:
    def test_public_example(self) -> None:
        """The specification's identity gives the specification's recipient."""
        recipient = age.recipient_of(PUBLIC_IDENTITY)

        assert recipient.startswith(PUBLIC_RECIPIENT_START)
        assert recipient.endswith(PUBLIC_RECIPIENT_END)
        assert len(recipient) == 1959

    def test_seed_and_back(self) -> None:
        """An identity is its seed, and each new one differs."""
        new = {age.generate_identity() for _ in range(8)}

        assert age.seed_of(age.identity_from_seed(bytes(range(32)))) == bytes(range(32))
        assert len(new) == 8
        assert all(age.identity_from_seed(age.seed_of(identity)) == identity for identity in new)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "age1pq1",
            TO_ANNA,
            ANNA.lower(),
            ANNA[:-1],
            ANNA + "Q",
            " " + ANNA,
            ANNA + "\n",
            "AGE-PLUGIN-SE-1Q",
            CLASSICAL.lower(),
        ],
    )
    def test_malformed_identity(self, text: str) -> None:
        """What is no identity is refused wherever one is asked for."""
        file = age.encrypt(TEXT, TO_ANNA)
        for use in (age.recipient_of, age.seed_of, lambda one: age.decrypt(file, [ANNA, one])):
            with pytest.raises(FormatError):
                use(text)
        with pytest.raises(FormatError):
            age.decrypt_stream([file], [text])

    @pytest.mark.parametrize("length", [0, 31, 33, 64])
    def test_seed_of_another_length(self, length: int) -> None:
        """A seed has 32 bytes."""
        with pytest.raises(FormatError):
            age.identity_from_seed(bytes(length))

    def test_classical_identity_is_no_post_quantum_one(self) -> None:
        """No recipient and no seed is given for a classical identity: nothing is ever written to one."""
        with pytest.raises(FormatError):
            age.recipient_of(CLASSICAL)
        with pytest.raises(FormatError):
            age.seed_of(CLASSICAL)

    def test_keys_show_nothing(self) -> None:
        """Printing an identity or an encryptor does not print a key."""
        shown = (
            repr(age.Identity.from_text(ANNA)) + repr(age.X25519Identity(CLASSICAL)) + str(age.Identity.from_text(ANNA))
        )

        assert ANNA not in shown
        assert "\\x01" not in shown
        assert "file_key" not in vars(age.Encryptor(TO_ANNA))


MALFORMED_RECIPIENTS = {
    "classical": TO_CLASSICAL,
    "empty": "",
    "identity": ANNA,
    "uppercase": TO_ANNA.upper(),
    "line end": TO_ANNA + "\n",
    "letter lost": TO_ANNA[:-1],
    "hardware tag": bech32.encode("age1tagpq", bytes(1249)),
    "plugin": bech32.encode("age1se", bytes(33)),
    "ssh": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA",
    "byte more": bech32.encode("age1pq", bech32.decode(TO_ANNA)[1] + b"\0"),
    "byte less": bech32.encode("age1pq", bech32.decode(TO_ANNA)[1][:-1]),
    "coefficients over the modulus": bech32.encode("age1pq", b"\xff" * 1184 + b"\x09" * 32),
    "low-order point": bech32.encode("age1pq", bech32.decode(TO_ANNA)[1][:1184] + bytes(32)),
}


class TestEncrypt:
    @settings(max_examples=40, deadline=None)
    @given(st.sampled_from([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1]) | st.integers(0, 3 * CHUNK))
    def test_any_length(self, length: int) -> None:
        """A file of any length opens, whole and streamed."""
        data = (b"0123456789" * (length // 10 + 1))[:length]
        file = age.encrypt(data, TO_ANNA)

        assert age.decrypt(file, ANNA) == data
        assert b"".join(age.decrypt_stream([file], ANNA)) == data
        assert age.check_file(file, 1) == age.split(file)

    def test_several_recipients(self) -> None:
        """Each recipient opens the file, nobody else does."""
        file = age.encrypt(TEXT, [TO_ANNA, TO_BERT])

        assert age.decrypt(file, ANNA) == age.decrypt(file, [CARO, BERT]) == TEXT
        with pytest.raises(NotForThisKeyError):
            age.decrypt(file, CARO)
        with pytest.raises(NotForThisKeyError):
            age.decrypt(file, [])

    def test_two_files_have_nothing_in_common(self) -> None:
        """The same text twice gives two files without a shared line, key or nonce."""
        one, other = age.encrypt(TEXT, TO_ANNA), age.encrypt(TEXT, TO_ANNA)

        assert len(one) == len(other)
        assert set(one.split(b"\n")[1:4]).isdisjoint(other.split(b"\n")[1:4])
        assert age.split(one)[1][:16] != age.split(other)[1][:16]

    @pytest.mark.parametrize("recipient", MALFORMED_RECIPIENTS.values(), ids=MALFORMED_RECIPIENTS.keys())
    def test_only_post_quantum_recipients(self, recipient: str) -> None:
        """Classical, foreign and malformed recipients are refused, alone and beside good ones."""
        for recipients in (recipient, [recipient], [TO_ANNA, recipient]):
            with pytest.raises(FormatError):
                age.encrypt(TEXT, recipients)
        with pytest.raises(FormatError):
            age.check_recipient(recipient)

    def test_good_recipient(self) -> None:
        """A post-quantum recipient passes."""
        age.check_recipient(TO_ANNA)

    def test_in_pieces(self) -> None:
        """An encryptor's header and pieces make one file."""
        encryptor = age.Encryptor([TO_ANNA], slots=4)
        payload = b"".join([encryptor.update(TEXT), encryptor.update(b""), encryptor.update(TEXT), encryptor.finish()])

        assert age.decrypt(encryptor.header + payload, ANNA) == TEXT + TEXT
        assert age.split(encryptor.header + payload) == (encryptor.header, payload)

    def test_ready_keys(self) -> None:
        """Keys that were read once serve as well as their texts."""
        identity = age.Identity.generate()
        file = age.encrypt(TEXT, identity.recipient)

        assert age.decrypt(file, identity) == age.decrypt(file, [ANNA, identity]) == TEXT
        assert str(age.Recipient.from_text(TO_ANNA)) == TO_ANNA


class TestSlots:
    @pytest.mark.parametrize("slots", [4, 8, 16, 32])
    def test_number_tells_nothing(self, slots: int) -> None:
        """Files to one and to three readers have the same number of stanzas and the same size."""
        one, three = age.encrypt(TEXT, TO_ANNA, slots), age.encrypt(TEXT, [TO_ANNA, TO_BERT, TO_CARO], slots)

        assert age.count_stanzas(age.split(one)[0]) == age.count_stanzas(age.split(three)[0]) == slots
        assert len(one) == len(three)
        assert age.decrypt(one, ANNA) == age.decrypt(three, CARO) == TEXT
        assert age.check_file(one, slots) == age.split(one)

    def test_random_order(self) -> None:
        """Every reader's stanza turns up in every place."""
        places = {identity: set() for identity in (ANNA, BERT)}
        for _ in range(80):
            stanzas = header.parse(age.split(age.encrypt(b"", [TO_ANNA, TO_BERT], 4))[0]).stanzas
            for identity, seen in places.items():
                key = age.Identity.from_text(identity)
                seen.update(place for place in range(4) if key.unwrap(stanzas[place : place + 1]))

        assert places == {ANNA: {0, 1, 2, 3}, BERT: {0, 1, 2, 3}}

    @pytest.mark.parametrize(("readers", "slots"), [(0, None), (0, 4), (5, 4), (33, None), (1, 33), (1, 0), (1, -1)])
    def test_impossible_numbers(self, readers: int, slots: int | None) -> None:
        """No reader, more readers than slots, or more than 32 stanzas: nothing is written."""
        with pytest.raises(FormatError):
            age.encrypt(TEXT, [TO_ANNA] * readers, slots)


class TestRewrap:
    @settings(max_examples=25, deadline=None)
    @given(st.integers(0, 2 * CHUNK), st.sampled_from([None, 1, 4, 8]))
    def test_payload_stays(self, length: int, slots: int | None) -> None:
        """The payload under its new header opens for the new reader and for no old one."""
        raw, payload = age.split(age.encrypt(bytes(length), [TO_ANNA, TO_BERT], 4))
        new = age.rewrap(raw, [BERT], [TO_CARO], slots)

        assert age.decrypt(new + payload, CARO) == bytes(length)
        assert age.count_stanzas(new) == (slots or 1)
        for identity in (ANNA, BERT):
            with pytest.raises(NotForThisKeyError):
                age.decrypt(new + payload, identity)

    def test_not_mine(self) -> None:
        """Only a reader can make a new header."""
        raw, _ = age.split(age.encrypt(TEXT, TO_ANNA))

        with pytest.raises(NotForThisKeyError):
            age.rewrap(raw, BERT, TO_BERT)

    def test_changed_header(self) -> None:
        """A header that was tampered with is not made good by rewrapping it."""
        raw, _ = age.split(age.encrypt(TEXT, [TO_ANNA, TO_BERT]))
        end = len(raw) - 10
        changed = raw[:end] + (b"A" if raw[end : end + 1] != b"A" else b"B") + raw[end + 1 :]

        with pytest.raises(age.HeaderMacError):
            age.rewrap(changed, ANNA, TO_CARO)

    def test_header_alone(self) -> None:
        """A whole file is not a header."""
        file = age.encrypt(TEXT, TO_ANNA)

        with pytest.raises(FormatError):
            age.rewrap(file, ANNA, TO_BERT)
        with pytest.raises(FormatError):
            age.count_stanzas(file)

    def test_header_of_another_file(self) -> None:
        """A payload under another file's header does not open."""
        one, other = age.encrypt(b"one", TO_ANNA), age.encrypt(b"two", TO_ANNA)

        with pytest.raises(age.PayloadError):
            age.decrypt(age.split(one)[0] + age.split(other)[1], ANNA)


class TestDecrypt:
    @settings(max_examples=40, deadline=None)
    @given(st.integers(0, 2 * CHUNK), st.lists(st.integers(0, 5000), max_size=12), st.booleans())
    def test_streams(self, length: int, sizes: list[int], armored: bool) -> None:
        """A stream gives the same however it is cut, armored or not."""
        file = age.encrypt(bytes(length), TO_ANNA)
        rest = armor.encode(file) if armored else file
        pieces = []
        for size in sizes:
            pieces.append(rest[:size])
            rest = rest[size:]

        assert b"".join(age.decrypt_stream([*pieces, rest], ANNA)) == bytes(length)

    def test_armored(self) -> None:
        """Armored input opens like binary input."""
        file = age.encrypt(TEXT, TO_ANNA)

        assert age.decrypt(armor.encode(file), ANNA) == age.decrypt(b"\r\n " + b"\n" + armor.encode(file), ANNA) == TEXT

    @settings(max_examples=300, deadline=None)
    @given(st.integers(0), st.integers(0, 7))
    def test_a_flipped_bit(self, place: int, bit: int) -> None:
        """A file in which one bit is flipped, anywhere, never opens."""
        file = age.encrypt(TEXT, TO_ANNA)
        changed = change(file, place % len(file), bit)

        with pytest.raises((FormatError, NotForThisKeyError)):
            age.decrypt(changed, ANNA)
        with pytest.raises((FormatError, NotForThisKeyError)):
            b"".join(age.decrypt_stream([changed[:100], changed[100:]], ANNA))

    @settings(max_examples=100, deadline=None)
    @given(st.integers(0))
    def test_a_cut_file(self, length: int) -> None:
        """A file that lost its end never opens."""
        file = age.encrypt(TEXT, TO_ANNA)
        short = file[: length % len(file)]

        with pytest.raises(FormatError):
            age.decrypt(short, ANNA)
        with pytest.raises(FormatError):
            list(age.decrypt_stream([short], ANNA))

    @settings(max_examples=300, deadline=None)
    @given(
        st.binary(max_size=300)
        | st.binary(max_size=300).map(lambda tail: header.VERSION + tail)
        | st.text("-> \n=ABXscrypt0129/+" + chr(0), max_size=300).map(
            lambda tail: header.VERSION + b"-> " + tail.encode()
        )
    )
    def test_rubbish(self, data: bytes) -> None:
        """Any bytes give one of the two errors, from every reader."""
        for use in (
            lambda: age.decrypt(data, ANNA),
            lambda: list(age.decrypt_stream([data], [CLASSICAL, ANNA])),
            lambda: age.check_file(data),
            lambda: age.rewrap(data, ANNA, TO_ANNA),
            lambda: age.count_stanzas(data),
        ):
            with pytest.raises((FormatError, NotForThisKeyError)):
                use()

    @pytest.mark.parametrize("first", [True, False])
    @pytest.mark.parametrize(
        "stanza",
        [
            Stanza((b"x-grease", b"!", b"~"), b""),
            Stanza((b"grease",), bytes(48)),
            Stanza((b"example.com/enigma", b"a"), bytes(1000)),
            Stanza((b"piv-p256", b"AAAA", b"BBBB"), bytes(32)),
        ],
        ids=lambda one: one.arguments[0].decode(),
    )
    def test_unknown_stanzas(self, stanza: Stanza, first: bool) -> None:
        """A file with a stanza of an unknown kind opens; one that should be ours only does not pass the check."""
        file = with_stanza(age.encrypt(TEXT, TO_ANNA), ANNA, stanza, first=first)

        assert age.decrypt(file, ANNA) == TEXT
        with pytest.raises(age.HeaderError):
            age.check_file(file, 2)

    @pytest.mark.parametrize("first", [True, False])
    @pytest.mark.parametrize(
        "stanza",
        [
            Stanza((b"mlkem768x25519",), bytes(32)),
            Stanza((b"mlkem768x25519", b"AAAA"), bytes(32)),
            Stanza((b"mlkem768x25519", b"A" * 1493 + b"B"), bytes(32)),
            Stanza((b"mlkem768x25519", header.encode_base64(b"\x09" * 1120)), bytes(31)),
            Stanza((b"mlkem768x25519", header.encode_base64(b"\x09" * 1120)), bytes(48)),
            Stanza((b"mlkem768x25519", header.encode_base64(b"\x09" * 1120), b"x"), bytes(32)),
            Stanza((b"mlkem768x25519", header.encode_base64(b"\x09" * 1088 + bytes(32))), bytes(32)),
            Stanza((b"scrypt", b"A" * 22, b"18"), bytes(32)),
        ],
    )
    def test_opens_for_all_or_none(self, stanza: Stanza, first: bool) -> None:
        """A malformed stanza makes the file malformed for every reader, wherever it stands."""
        file = with_stanza(age.encrypt(TEXT, TO_ANNA), ANNA, stanza, first=first)

        with pytest.raises(age.HeaderError):
            age.decrypt(file, ANNA)
        with pytest.raises(age.HeaderError):
            age.check_file(file)

    def test_doubled_readers(self) -> None:
        """The same reader twice is no error."""
        assert age.decrypt(age.encrypt(TEXT, [TO_ANNA, TO_ANNA]), ANNA) == TEXT

    def test_constant_memory(self) -> None:
        """A stream of 32 MiB is encrypted and opened with less than 2 MiB."""
        encryptor = age.Encryptor(TO_ANNA, 16)
        piece = bytes(1 << 18)

        def pieces() -> Iterator[bytes]:
            yield encryptor.header
            for _ in range(128):
                yield encryptor.update(piece)
            yield encryptor.finish()

        tracemalloc.start()
        length = sum(len(plaintext) for plaintext in age.decrypt_stream(pieces(), ANNA))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert length == 32 << 20
        assert peak < 2 << 20


class TestCheckFile:
    def test_another_number(self) -> None:
        """A file with another number of stanzas than the roster's is refused."""
        file = age.encrypt(TEXT, TO_ANNA, 4)

        for number in (0, 1, 3, 5, 8):
            with pytest.raises(age.HeaderError):
                age.check_file(file, number)

    def test_impossible_payload(self) -> None:
        """A payload that no content can have is refused without a key."""
        raw, payload = age.split(age.encrypt(b"", TO_ANNA))

        for length in (0, 15, 16, 31):
            with pytest.raises(age.PayloadError):
                age.check_file(raw + payload[:length])

    def test_classical_stanza(self) -> None:
        """A file that could be opened with a broken X25519 is refused."""
        share = header.encode_base64(b"\x09" * 32)
        file = with_stanza(age.encrypt(TEXT, TO_ANNA), ANNA, Stanza((b"X25519", share), bytes(32)), first=True)

        assert age.decrypt(file, ANNA) == TEXT
        with pytest.raises(age.HeaderError):
            age.check_file(file)

    def test_armored(self) -> None:
        """What is stored is binary: an armored file is refused."""
        with pytest.raises(FormatError):
            age.check_file(armor.encode(age.encrypt(TEXT, TO_ANNA)))
