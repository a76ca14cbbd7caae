# SPDX-License-Identifier: EUPL-1.2
"""Receipt codes: made, read as people write them, and derived from."""

import re
import unicodedata

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import example, given, strategies as st
from mnemonic import Mnemonic

from meldkluis.crypto import age, receipt
from meldkluis.crypto.encoding import sha256
from meldkluis.crypto.errors import CryptoError, FormatError
from meldkluis.crypto.receipt import (
    ChecksumError,
    MixedListsError,
    ReceiptCodeError,
    UnknownWordError,
    WordCountError,
    derive,
    encode,
    generate,
    parse,
)

ORGANISATION = "gemeente-voorbeeld"
ZERO = bytes(16)

entropies = st.binary(min_size=16, max_size=16)
languages = st.sampled_from(receipt.LANGUAGES)


def numbered(words: list[str]) -> str:
    return " ".join(f"{number}. {word}" for number, word in enumerate(words, 1))


def read_or_none(code: str) -> bytes | None:
    try:
        return parse(code)
    except ReceiptCodeError:
        return None


def changed(code: str, place: int, word: str) -> str:
    words = code.split()
    words[place - 1] = word
    return " ".join(words)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_generate_makes_twelve_words_of_one_list(language: str) -> None:
    """A new code is twelve words of the list, with single spaces, and reads back."""
    code = generate(language)

    assert re.fullmatch(r"[a-z]{3,8}( [a-z]{3,8}){11}", code)
    assert encode(parse(code), language) == code


def test_generate_is_dutch_unless_asked_otherwise() -> None:
    """The source language is Dutch, and so are codes."""
    code = generate()

    assert encode(parse(code), "nl") == code


def test_no_two_codes_are_the_same() -> None:
    """Codes come from the system's random source, each anew."""
    assert len({generate() for _ in range(100)}) == 100


@given(entropies)
def test_english_codes_are_bip39(entropy: bytes) -> None:
    """An English code is the BIP-39 mnemonic of the same bytes, checksum and all."""
    assert encode(entropy, "en") == Mnemonic("english").to_mnemonic(entropy)


@given(entropies, languages, st.randoms(use_true_random=False))
def test_reading_forgives_how_a_code_was_written(entropy: bytes, language: str, chance: object) -> None:
    """Case, separators, numbers and four-letter words do not matter, in any mixture."""
    written = ""
    for number, word in enumerate(encode(entropy, language).split(), 1):
        kept = chance.choice([word, word[:4]])
        cased = "".join(chance.choice([letter, letter.upper()]) for letter in kept)
        written += chance.choice(["", f"{number}. ", f"{number}) ", f"{number}"]) + cased
        written += chance.choice(
            [" ", "  ", "\n", "\r\n", "-", " - ", ", ", ". ", "\t", "\u00a0", "\u2013", "; ", "_", "7"]
        )

    assert parse(written) == entropy


@given(entropies, languages)
def test_usual_spellings(entropy: bytes, language: str) -> None:
    """The spellings that pages and people use all read alike."""
    code = encode(entropy, language)
    words = code.split()

    assert parse(code.upper()) == entropy
    assert parse(code.title()) == entropy
    assert parse("-".join(words)) == entropy
    assert parse("\n".join(words) + "\n") == entropy
    assert parse("  " + "   ".join(word[:4] for word in words)) == entropy
    assert parse(numbered(words)) == entropy
    assert parse(unicodedata.normalize("NFD", code)) == entropy


@given(entropies)
def test_dutch_words_run_together_read_in_one_way(entropy: bytes) -> None:
    """A Dutch code without separators, or broken at line ends inside words, still reads."""
    run = encode(entropy, "nl").replace(" ", "")
    broken = "\n".join(run[at : at + 20] for at in range(0, len(run), 20))

    assert parse(run) == entropy
    assert parse(broken) == entropy
    assert parse(run.upper()) == entropy


@given(entropies)
def test_english_words_run_together_never_read_as_another_code(entropy: bytes) -> None:
    """An English code without separators reads as itself, or is refused where it could be another one."""
    assert read_or_none(encode(entropy, "en").replace(" ", "")) in {entropy, None}


def test_a_run_with_two_good_readings_is_refused() -> None:
    """Where letters can be cut into two codes whose checksums both hold, neither is guessed."""
    # "canalarm" is "can alarm" and "canal arm", and so on: 32 readings, of which about two hold.
    words = ["can", "alarm", "car", "danger", "car", "dice", "fat", "alarm", "cat", "chair", "zoo"]
    refused = read = 0
    for last in receipt._LISTS["en"].words:
        code = " ".join([*words, last])
        entropy = read_or_none(code)
        if entropy is None:
            continue
        joined = read_or_none(code.replace(" ", ""))
        assert joined in {entropy, None}
        refused += joined is None
        read += joined is not None

    assert refused > 0
    assert read > 0


@pytest.mark.parametrize("count", [0, 1, 11, 13, 24])
def test_wrong_number_of_words(count: int) -> None:
    """Anything but twelve words says how many there are."""
    code = " ".join((encode(ZERO).split() * 2)[:count])

    with pytest.raises(WordCountError) as caught:
        parse(code)

    assert caught.value.count == count
    assert caught.value.numbers == ()


def test_wrong_number_of_words_names_unknown_ones_too() -> None:
    """Where a slip of the pen split a word in two, both halves are pointed at."""
    words = generate().split()

    with pytest.raises(WordCountError) as caught:
        parse(" ".join([*words[:3], "qq", "zz", *words[4:]]))

    assert caught.value.count == 13
    assert caught.value.numbers == (4, 5)


@pytest.mark.parametrize("place", range(1, 13))
def test_an_unknown_word_is_pointed_at(place: int) -> None:
    """The place of a word in no list is given, counted from 1."""
    with pytest.raises(UnknownWordError) as caught:
        parse(changed(generate(), place, "qqqqq"))

    assert caught.value.number == place
    assert caught.value.numbers == (place,)


def test_all_unknown_words_are_pointed_at() -> None:
    """Several wrong words are all named, the first by `number`."""
    with pytest.raises(UnknownWordError) as caught:
        parse(changed(changed(generate(), 3, "qqqqq"), 11, "xxxx"))

    assert caught.value.number == 3
    assert caught.value.numbers == (3, 11)


@pytest.mark.parametrize("written", ["{0:.3}", "{0:.5}", "{0}s", "{0:.4}x"])
def test_a_word_is_whole_or_its_first_four_letters(written: str) -> None:
    """Three or five letters of a longer word, or a letter too many, are no word."""
    code = encode(ZERO)
    long = next(word for word in receipt._LISTS["nl"].words if len(word) > 6)

    with pytest.raises(UnknownWordError):
        parse(changed(code, 2, written.format(long)))


@pytest.mark.parametrize(("most", "few"), [("nl", "en"), ("en", "nl")])
def test_words_of_two_lists(most: str, few: str) -> None:
    """A good word of the other language is pointed at as such."""
    with pytest.raises(MixedListsError) as caught:
        parse(changed(generate(most), 5, generate(few).split()[0]))

    assert caught.value.number == 5
    assert caught.value.numbers == (5,)


def test_half_of_each_list_follows_the_first_word() -> None:
    """On a tie the list of the first word is taken for the one that was meant."""
    dutch, english = encode(ZERO, "nl").split(), encode(ZERO, "en").split()

    with pytest.raises(MixedListsError) as caught:
        parse(" ".join([*english[:6], *dutch[6:]]))

    assert caught.value.numbers == (7, 8, 9, 10, 11, 12)


def test_an_unknown_word_goes_before_a_foreign_one() -> None:
    """What stands in no list is said first: it is surely wrong."""
    code = changed(changed(generate("nl"), 2, generate("en").split()[0]), 9, "qqqqq")

    with pytest.raises(UnknownWordError) as caught:
        parse(code)

    assert caught.value.numbers == (9,)


@given(entropies, languages, st.integers(0, 10))
def test_swapped_words_are_refused_or_another_code(entropy: bytes, language: str, first: int) -> None:
    """Swapping neighbours gives a checksum error or, about once in sixteen times, a well-formed other code."""
    words = encode(entropy, language).split()
    words[first], words[first + 1] = words[first + 1], words[first]
    try:
        read = parse(" ".join(words))
    except ChecksumError:
        return

    assert (read == entropy) == (words[first] == words[first + 1])


def test_most_wrong_codes_are_noticed() -> None:
    """The checksum lets about one in sixteen words through in the last place, and no more."""
    words = encode(bytes(range(16))).split()
    passed = 0
    for word in receipt._LISTS["nl"].words:
        try:
            parse(" ".join([*words[:11], word]))
        except ChecksumError:
            continue
        passed += 1

    assert passed == 2048 // 16


def test_the_same_bytes_are_the_same_code_in_both_languages() -> None:
    """Which language a code was written in changes nothing of what it opens."""
    dutch, english = (derive(encode(ZERO, language), ORGANISATION) for language in ("nl", "en"))

    assert dutch.address == english.address
    assert dutch.case == english.case


@given(st.text(max_size=200))
@example("\ud800")
@example("İ" * 12)
@example("ﷺ" * 200)
@example("é " * 12)
def test_any_text_is_a_code_or_an_error(text: str) -> None:
    """Whatever is typed, nothing but sixteen bytes or a ReceiptCodeError comes of it."""
    entropy = read_or_none(text)

    assert entropy is None or len(entropy) == 16


def test_long_input_is_not_looked_at() -> None:
    """A whole book in the field is refused before it costs anything."""
    code = generate()

    assert parse(code + " " * (receipt.LONGEST_INPUT - len(code))) == parse(code)
    with pytest.raises(ReceiptCodeError):
        parse(code + " " * receipt.LONGEST_INPUT)


@pytest.mark.parametrize(
    "bad",
    ["", "appel", "qqqqq " * 12, "1 2 3", "\x00"],
)
def test_errors_are_errors_of_the_room_and_value_errors(bad: str) -> None:
    """Callers can catch the room's errors or ValueError, and find no input in the text."""
    with pytest.raises(ReceiptCodeError) as caught:
        parse(bad)

    assert isinstance(caught.value, CryptoError)
    assert isinstance(caught.value, ValueError)
    assert "qqqqq" not in str(caught.value)
    assert "qqqqq" not in repr(caught.value)


@given(entropies, st.from_regex(r"[a-z0-9-]{1,63}", fullmatch=True))
def test_derivation_is_hkdf(entropy: bytes, organisation: str) -> None:
    """Each of the five outputs is HKDF-SHA256 with the salt and info of the protocol, by another implementation."""
    made = derive(encode(entropy), organisation)
    salt = sha256(b"meldkluis/v1/receipt\x00" + organisation.encode())

    for name in ("address", "reply", "sign", "tag", "commit"):
        expected = HKDF(algorithm=SHA256(), length=32, salt=salt, info=name.encode()).derive(entropy)
        assert getattr(made, name) == expected


def test_derived_things_belong_together() -> None:
    """Identity, recipient, signing key and case follow from the seeds, and the identity opens what the recipient shut."""
    made = derive(generate(), ORGANISATION)

    assert made.identity.startswith("AGE-SECRET-KEY-PQ-1")
    assert made.recipient.startswith("age1pq1")
    assert age.decrypt(age.encrypt(b"antwoord", [made.recipient]), [made.identity]) == b"antwoord"
    assert made.signing_key.seed == made.sign
    assert (
        made.case
        == sha256(b"meldkluis/v1/case\x00" + ORGANISATION.encode() + b"\x00" + made.signing_key.verify_key)[:16]
    )
    assert receipt.case_of(ORGANISATION, made.signing_key.verify_key) == made.case


def test_other_organisations_are_strangers() -> None:
    """One code at two organisations has nothing in common that either could notice."""
    code = generate()
    here, there = derive(code, "a"), derive(code, "b")

    for name in ("address", "reply", "sign", "tag", "commit", "case", "recipient"):
        assert getattr(here, name) != getattr(there, name)


@pytest.mark.parametrize("name", ["", "A", "a" * 64, "a b", "a\n", "café", "a/b", "a_b", "a\x00"])
def test_names_of_organisations(name: str) -> None:
    """Only 1 to 63 small letters, digits and hyphens name an organisation."""
    code = generate()

    with pytest.raises(FormatError):
        derive(code, name)
    with pytest.raises(FormatError):
        receipt.case_of(name, bytes(32))


@pytest.mark.parametrize("entropy", [b"", bytes(15), bytes(17), bytes(32)])
def test_only_sixteen_bytes_make_a_code(entropy: bytes) -> None:
    """Neither shorter nor longer secrets have a code."""
    with pytest.raises(FormatError):
        encode(entropy)


def test_only_two_languages() -> None:
    """There is no list but the Dutch and the English one."""
    with pytest.raises(FormatError):
        generate("de")


def test_nothing_shows_in_a_representation() -> None:
    """Neither repr nor str of a receipt has a byte of it, after everything was derived."""
    made = derive(generate(), ORGANISATION)
    _ = made.identity, made.recipient, made.signing_key, made.case

    assert repr(made) == str(made) == "Receipt()"
    assert f"{made.signing_key!r}" == "SigningKey()"


def test_known_answers() -> None:
    """The code of sixteen zero bytes, and what it opens, are fixed for ever."""
    made = derive(encode(ZERO), ORGANISATION)

    assert (
        encode(ZERO, "nl")
        == "aaibaar aaibaar aaibaar aaibaar aaibaar aaibaar aaibaar aaibaar aaibaar aaibaar aaibaar aanbod"
    )
    assert encode(ZERO, "en") == " ".join(["abandon"] * 11 + ["about"])
    assert made.address.hex() == "93252bc14e2129646d23cc43134fd8a3031eb345a34744de5c50ee9c02c1cf0b"
    assert made.case.hex() == "9fe6aaf9b00eb55a4c0ab3f35b460430"
