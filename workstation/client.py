# SPDX-License-Identifier: EUPL-1.2
"""The officers' API as the workstation calls it (docs/protocol.md section 10): signed requests, bounded answers.

- Every request carries a counter that was durable in the vault before.
- The list of cases is believed only when the server's key signed it for this officer and this very request.
- Everything else that comes back is bytes of a checked shape; `sync` holds them against log and roster.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final, TypeVar

from meldkluis.crypto.encoding import b64, dump_json, load_json, sha256
from meldkluis.crypto.errors import CryptoError
from meldkluis.crypto.limits import MIB
from meldkluis.crypto.roster import IntakeKey
from meldkluis.crypto.signed import open_thing
from meldkluis.mailbox import wire
from meldkluis.mailbox.policy import Policy
from meldkluis.workstation.casebook import Casebook
from meldkluis.workstation.errors import DistrustError, RefusedError, UnreachableError
from meldkluis.workstation.keyring import Keyring
from meldkluis.workstation.transport import Reply, Transport

_ANSWER: Final = 64 * MIB
"""Largest JSON answer: 100,000 lines of inbox, or a full log of 500 messages, take less."""

CLOCK_DAYS: Final = 1
_WITHOUT_SERVER: Final = timedelta(days=30)
_LEAP: Final = 10_000_000
"""Requests that an older copy of the vault may have missed: years of them."""

Parsed = TypeVar("Parsed")


class OfficersApi:
    """Signed requests of one officer to one server."""

    def __init__(self, transport: Transport, keyring: Keyring, casebook: Casebook, today: Callable[[], date]) -> None:
        self._transport = transport
        self._keyring: Final = keyring
        self._book: Final = casebook
        self._today: Final = today
        self._server_day: date | None = None
        self._order: Final = threading.Lock()

    def day(self) -> date:
        """Return the day that the server takes for today, when it is ours or a neighbour; ours otherwise."""
        today = self._today()
        near = self._server_day is not None and abs((self._server_day - today).days) <= CLOCK_DAYS
        return self._server_day if near and self._server_day is not None else today

    def earlier_day(self) -> date:
        """Return the server's day or ours, whichever is earlier: what ends by itself ends by neither alone.

        Without a word of the server it is ours of a month ago: a clock that is wrong ends nothing, and a server that is
        gone or refuses us keeps nothing for ever.
        """
        today = self._today()
        return today - _WITHOUT_SERVER if self._server_day is None else min(self._server_day, today)

    def reach_by(self, transport: Transport) -> None:
        """Send what comes next by another transport."""
        before, self._transport = self._transport, transport
        before.close()

    def status(self) -> wire.StatusAnswer:
        """Fetch roster, proposal, intake keys and policy; DistrustError for a policy outside the law's ranges."""
        _, reply = self._exchange("GET", "/v1/status")
        body = self._read(reply)
        try:
            status = wire.StatusAnswer.parse(body)
        except CryptoError:
            if _only_policy_is_wrong(body):
                raise DistrustError("policy") from None
            raise UnreachableError("the server's answer is malformed") from None
        self._server_day = status.day
        return status

    def sign_roster(self, roster_hash: bytes, signature: bytes) -> None:
        """Hand in a signature under the proposal."""
        self._send("POST", "/v1/roster/signatures", wire.RosterSignature(roster_hash, signature).dump())

    def announce(self, key: IntakeKey) -> None:
        """Hand in an intake key."""
        self._send("POST", "/v1/intake-keys", wire.Announcement(key.thing.raw).dump())

    def inbox(self, server: bytes) -> tuple[wire.InboxLine, ...]:
        """Fetch the list of cases; DistrustError unless the server's key signed it for this request."""
        counter, reply = self._exchange("GET", "/v1/cases")
        body = self._read(reply)
        try:
            thing = open_thing(wire.InboxAnswer.parse(body).inbox, "inbox")
            inbox = wire.Inbox.parse(thing.payload)
        except CryptoError:
            raise DistrustError("inbox") from None
        if thing.key != server or inbox.officer != self._keyring.key:
            raise DistrustError("inbox")
        if inbox.nonce != counter or len({line.case for line in inbox.cases}) != len(inbox.cases):
            raise DistrustError("inbox-replay")
        return inbox.cases

    def certificates(self) -> tuple[bytes, ...]:
        """Fetch the certificates of destroyed cases, as signed things that nobody has checked."""
        return self._json(wire.CertificatesAnswer.parse, "GET", "/v1/certificates").certificates

    def case(self, case: bytes, after: int) -> wire.CaseAnswer:
        """Fetch a case's log from entry number `after` on, and what files there are."""
        return self._json(wire.CaseAnswer.parse, "GET", f"/v1/cases/{b64(case)}?after={after}")

    def file(self, case: bytes, entry: int, slot: str, *, first: bool = False) -> bytes:
        """Fetch an age file; `first` with the header that the reporter made."""
        target = f"/v1/cases/{b64(case)}/files/{entry}/{slot}" + ("?header=first" if first else "")
        _, reply = self._exchange("GET", target)
        return self._read(reply, wire.FILE)

    def attachment(self, case: bytes, attachment: bytes) -> Iterator[bytes]:
        """Fetch an attachment's ciphertext, piece by piece."""
        _, reply = self._exchange("GET", f"/v1/cases/{b64(case)}/attachments/{b64(attachment)}")
        return reply.chunks

    def append(
        self, case: bytes, entry: bytes, files: Mapping[str, bytes] | None = None,
        headers: Mapping[tuple[int, str], bytes] | None = None,
    ) -> None:  # fmt: skip
        """Append an entry to a case's log. RefusedError `head` when somebody was faster."""
        body = wire.AppendRequest(entry, files or {}, headers or {}).dump()
        answer = self._json(wire.AppendAnswer.parse, "POST", f"/v1/cases/{b64(case)}/log", body)
        if answer.head != sha256(entry):
            # The server names another entry as ours: nothing is kept, the log is fetched and looked at again.
            raise RefusedError("head", {})

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def _json(self, parse: Callable[[bytes], Parsed], method: str, target: str, body: bytes = b"") -> Parsed:
        _, reply = self._exchange(method, target, body)
        try:
            return parse(self._read(reply))
        except CryptoError:
            raise UnreachableError("the server's answer is malformed") from None

    def _send(self, method: str, target: str, body: bytes) -> None:
        _, reply = self._exchange(method, target, body)
        self._read(reply)

    def _exchange(self, method: str, target: str, body: bytes = b"") -> tuple[int, Reply]:
        """Send a signed request and return its counter and the answer; RefusedError for an error of the protocol."""
        counter, reply = self._once(method, target, body)
        if reply.status < 300:
            return counter, reply
        error = self._error(reply)
        highest = error.details.get("counter")
        if error.code == "replay" and isinstance(highest, int) and not isinstance(highest, bool):
            if highest > self._keyring.counter():
                # An older copy of this vault, or somebody else with this key: go on with higher numbers, and say so.
                self._book.raise_alarm("counter", None, self._today())
                if highest - self._keyring.counter() > _LEAP:
                    # No copy is that old: a server that says so wants the numbers to run out.
                    raise error
                self._keyring.raise_counter(highest)
            counter, reply = self._once(method, target, body)
            if reply.status < 300:
                return counter, reply
            error = self._error(reply)
        raise error

    def _once(self, method: str, target: str, body: bytes) -> tuple[int, Reply]:
        path, _, query = target.partition("?")
        request = wire.Request(method, self._transport.authority, path, query, body)
        # Numbers must reach the server in their order: the answer has begun before the next is given out.
        with self._order:
            counter = self._keyring.next_counter()
            headers = wire.sign_request(request, self._keyring.signing_key, counter, self.day())
            if body:
                headers["Content-Type"] = "application/json"
            return counter, self._transport.request(method, target, headers, body)

    def _error(self, reply: Reply) -> RefusedError:
        try:
            error = wire.ErrorAnswer.parse(self._read(reply))
        except CryptoError:
            raise UnreachableError("the server gave no answer of ours") from None
        return RefusedError(error.code, error.details)

    def _read(self, reply: Reply, most: int = _ANSWER) -> bytes:
        body = bytearray()
        for chunk in reply.chunks:
            body += chunk
            if len(body) > most:
                raise UnreachableError("the server's answer is too large")
        return bytes(body)


def _only_policy_is_wrong(body: bytes) -> bool:
    """Whether a status would be one with another policy."""
    try:
        document = load_json(body)
        document["policy"] = Policy().to_json()
        wire.StatusAnswer.parse(dump_json(document))
    except CryptoError:
        return False
    return True
