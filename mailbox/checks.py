# SPDX-License-Identifier: EUPL-1.2
"""Whether what was sent is what the protocol says (docs/protocol.md sections 2, 5 to 8, 10). Pure; each raises Refused.

- A file is checked without any key: its shape, its exact number of stanzas, a padded size, and that it is the one
  which the entry names.
- Who may act is for the log (`crypto.chain`); first come and head are for the store.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from meldkluis.crypto import age
from meldkluis.crypto.chain import CaseLog
from meldkluis.crypto.encoding import sha256
from meldkluis.crypto.entry import Entry, parse_entry
from meldkluis.crypto.errors import ChainError, CryptoError, FormatError, SignatureError
from meldkluis.crypto.limits import HEADER, KIB, PART, SLOTS, TEXT_CLASSES, Limits
from meldkluis.crypto.padding import attachment_size
from meldkluis.crypto.roster import Roster
from meldkluis.mailbox.announced import Announced
from meldkluis.mailbox.errors import Refused
from meldkluis.mailbox.rows import AgeFile, Claim
from meldkluis.mailbox.staging import LEAST_WEIGHT, Quota

_NONCE: Final = 16
_TAG: Final = 16
_CHUNK: Final = 64 * KIB
_ADDRESS: Final = 32
_ID: Final = 16
_ONE_STANZA: Final = 4 * KIB  # more than a header with one stanza has


def payload_size(length: int) -> int:
    """Return the size of an age payload: nonce, and chunks of 64 KiB with their tags."""
    return _NONCE + length + _TAG * max(1, -(-length // _CHUNK))


_TEXT_PAYLOADS: Final = frozenset(payload_size(size) for size in TEXT_CLASSES)
_SOME_PAYLOAD: Final = bytes(min(_TEXT_PAYLOADS))


def quota(limits: Limits, total: int) -> Quota:
    """Return what may lie in staging: for an address one report of the largest size, padded and sealed."""
    return Quota(limits.report + limits.report // 8 + 2 * limits.attachments * LEAST_WEIGHT, total)


def largest_attachment(limits: Limits) -> int:
    """Return the largest ciphertext of an attachment, in bytes."""
    return _ONE_STANZA + payload_size(attachment_size(limits.attachment))


def check_address(address: bytes) -> None:
    """Refused `authorization` unless this can be an address."""
    if len(address) != _ADDRESS:
        raise Refused("authorization")


def check_part(attachment: bytes, n: int, ciphertext: bytes, limits: Limits) -> None:
    """Refused: malformed, too-large. The first part must begin with a header of one stanza."""
    if len(attachment) != _ID or n < 0 or not ciphertext:
        raise Refused("malformed")
    if len(ciphertext) > PART or n * PART + len(ciphertext) > largest_attachment(limits):
        raise Refused("too-large")
    if n == 0:
        try:
            header, _ = age.split(ciphertext[:HEADER])
            check_header(header)
        except FormatError:
            raise Refused("malformed") from None


def check_header(header: bytes) -> None:
    """Refused `malformed` unless these bytes are a header with one stanza of our kind."""
    try:
        if age.check_file(header + _SOME_PAYLOAD, 1)[0] != header:
            raise Refused("malformed")
    except CryptoError:
        raise Refused("malformed") from None


def read_entry(given: bytes | Entry) -> Entry:
    """Read an entry that was sent; Refused: signature, malformed. One that the door has just made is read already."""
    try:
        return given if isinstance(given, Entry) else parse_entry(given)
    except SignatureError:
        raise Refused("signature") from None
    except CryptoError:
        raise Refused("malformed") from None


def may_follow(log: CaseLog, entry: Entry, code: str) -> None:
    """Take the entry into the log; Refused with `code` when it may not stand there."""
    try:
        log.append(entry)
    except ChainError:
        raise Refused(code) from None


def check_files(entry: Entry, files: Mapping[str, bytes], stanzas: Mapping[str, frozenset[int]]) -> list[AgeFile]:
    """Return the files, cut; Refused unless they are exactly those that the entry names, in their shape.

    `stanzas` gives the allowed numbers of stanzas by slot.
    """
    if files.keys() != entry.files.keys():
        raise Refused("malformed")
    return [_check_file(entry, slot, file, stanzas[slot]) for slot, file in files.items()]


def _check_file(entry: Entry, slot: str, file: bytes, stanzas: frozenset[int]) -> AgeFile:
    named = entry.files[slot]
    try:
        header, payload = age.check_file(file, next(iter(stanzas)) if len(stanzas) == 1 else None)
        if len(stanzas) > 1 and age.count_stanzas(header) not in stanzas:
            raise Refused("malformed")
    except CryptoError:
        raise Refused("malformed") from None
    if len(payload) not in _TEXT_PAYLOADS or len(file) != named.size or sha256(payload) != named.hash:
        raise Refused("malformed")
    return AgeFile(slot, header, payload)


ONE: Final = frozenset({1})
GRANT: Final = frozenset(range(1, SLOTS[-1] + 1))


def claims_of(entry: Entry, limits: Limits) -> Sequence[Claim]:
    """Return what the entry claims from staging; Refused `too-large` when it is more than may be sent."""
    claims = [Claim(item.id, item.size, item.digest) for item in entry.attachments]
    largest, together = largest_attachment(limits), quota(limits, 0).address
    if len(claims) > limits.attachments or sum(claim.size for claim in claims) > together:
        raise Refused("too-large")
    if any(claim.size > largest for claim in claims):
        raise Refused("too-large")
    return claims


def check_readers(entry: Entry, announced: Announced, today: date) -> Roster:
    """Return the roster that a report names; Refused: nobody, roster, malformed, stale-keys.

    An older roster will do while everybody whom the report is for is still a member and its keys are accepted.
    """
    fields = entry.fields
    to, not_to, deputy = fields["to"], fields["not_to"], fields["deputy"]
    if not to:
        raise Refused("nobody")
    roster, current = announced.version(fields["roster"]), announced.roster
    if roster is None or current is None:
        raise Refused("roster")
    if any(roster.member(key) is None for key in (*to, *not_to)):
        raise Refused("malformed")
    _check_roles(roster, to, not_to, deputy)
    readers = {*to, *([deputy] if deputy else [])}
    for key in readers:
        before, now = roster.member(key), current.member(key)
        if now is None or before is None or now.role != before.role:
            raise Refused("roster")
    keys = announced.named(fields["keys"])
    if len(keys) != len(fields["keys"]) or not all(key.accepted(today) for key in keys):
        raise Refused("stale-keys")
    if len(keys) != len(readers) or {key.officer for key in keys} != readers:
        raise Refused("malformed")
    return roster


def _check_roles(roster: Roster, to: Sequence[bytes], not_to: Sequence[bytes], deputy: bytes | None) -> None:
    """The deputy stands by, is left out, or is the only reader left; the others in `to` are officers."""
    standing_by = roster.deputy.key if roster.deputy else None
    if deputy is not None:
        if deputy != standing_by:
            raise Refused("malformed")
    elif standing_by is not None and standing_by not in not_to and list(to) != [standing_by]:
        raise Refused("malformed")
    if standing_by in to and list(to) != [standing_by]:
        raise Refused("malformed")


def check_new_headers(log: CaseLog, entry: Entry, headers: Mapping[tuple[int, str], bytes]) -> None:
    """Refused `malformed` unless `case-key` brings a header for every file of the reporter, and other acts none.

    A deputy who begins anew may leave out what was never for a deputy, but not the report itself.
    """
    gone = next((earlier.index for earlier in log.entries if earlier.act == "identity-destroyed"), 0)
    places = {
        (earlier.index, slot)
        for earlier in log.entries
        if earlier.act in {"submitted", "message"}
        for slot in earlier.files
        if slot != "identity" or earlier.index >= gone
    }
    if entry.act == "case-key" and log.case_key is not None:
        if not {(0, "content")} <= headers.keys() <= places:
            raise Refused("malformed")
    elif headers.keys() != (places if entry.act == "case-key" else set()):
        raise Refused("malformed")
    for header in headers.values():
        check_header(header)
