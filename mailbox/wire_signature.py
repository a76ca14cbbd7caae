# SPDX-License-Identifier: EUPL-1.2
"""Signed requests of officers (RFC 9421 with Ed25519, RFC 9530; docs/protocol.md section 10).

- A verified request was signed by the key that it names, over exactly the five components and four parameters of the
  protocol, and over this body. Everything else is refused, also what RFC 9421 itself would let through.
- Whether the key is an officer's, and whether the counter is new, is for the caller. Pure: the day is passed in.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from http_message_signatures import (
    ContentDigest,
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
)

from meldkluis.crypto.encoding import b64, unb64
from meldkluis.crypto.errors import CryptoError
from meldkluis.crypto.signed import SigningKey, verify_bare
from meldkluis.mailbox.errors import Refused

LABEL: Final = "sig1"
COMPONENTS: Final = ("@method", "@authority", "@path", "@query", "content-digest")
PARAMETERS: Final = frozenset({"created", "keyid", "nonce", "alg"})
COUNTERS: Final = 2**63

_COVERED: Final = [f'"{component}"' for component in COMPONENTS]
_KEY: Final = 32


@dataclass(frozen=True)
class Request:
    """What a signature covers: method, Host header, path and query as they stand in the request line, and the body."""

    method: str
    authority: str
    path: str
    query: str = ""
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Signer:
    """Who signed a request: verification key (32 bytes) and the request's counter."""

    key: bytes
    counter: int


class _Headers:
    """Header lines in their order, as the library wants them."""

    def __init__(self, lines: Iterable[tuple[str, str]] = ()) -> None:
        self._lines = list(lines)

    def items(self) -> list[tuple[str, str]]:
        return self._lines

    def __iter__(self) -> Any:
        return iter([name for name, _ in self._lines])

    def __contains__(self, name: str) -> bool:
        return any(name == other for other, _ in self._lines)

    def __setitem__(self, name: str, value: str) -> None:
        self._lines.append((name, value))

    def __delitem__(self, name: str) -> None:
        self._lines = [line for line in self._lines if line[0] != name]


class _Message:
    def __init__(self, request: Request, headers: _Headers) -> None:
        self.method = request.method
        # The scheme is not covered; one for both sides keeps the authority as it was sent.
        query = f"?{request.query}" if request.query else ""
        self.url = f"http://{request.authority}{request.path}{query}"
        self.headers = headers


class _Ed25519(HTTPSignatureAlgorithm):
    """Ed25519 as strict as everywhere else: libsodium, which refuses small-order keys."""

    algorithm_id = "ed25519"

    def __init__(self, public_key: bytes | None = None, private_key: SigningKey | None = None) -> None:
        self._public, self._private = public_key, private_key

    def sign(self, message: bytes) -> bytes:
        assert self._private is not None
        return self._private.sign(message)

    def verify(self, signature: bytes, message: bytes) -> None:
        assert self._public is not None
        verify_bare(self._public, signature, message)


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, private: SigningKey | None = None) -> None:
        self._private = private

    def resolve_public_key(self, key_id: str) -> bytes:
        key = unb64(key_id)
        if len(key) != _KEY:
            raise ValueError
        return key

    def resolve_private_key(self, key_id: str) -> SigningKey | None:  # noqa: ARG002 - there is only one
        return self._private


class _Verifier(HTTPMessageVerifier):
    """The library's, without its clock: `_check_parameters` compares days with the one passed in."""

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        """Leave the days to the caller."""


_VERIFIER: Final = _Verifier(signature_algorithm=_Ed25519, key_resolver=_Keys())


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def sign_request(request: Request, key: SigningKey, counter: int, today: dt.date) -> dict[str, str]:
    """Return the three headers that a signed request carries besides. `counter` is above all used before."""
    headers = _Headers([("Content-Digest", ContentDigest.create(request.body))])
    signer = HTTPMessageSigner(signature_algorithm=_Ed25519, key_resolver=_Keys(key))
    signer.sign(
        _Message(request, headers),
        key_id=b64(key.verify_key),
        created=_midnight(today),
        nonce=str(counter),
        label=LABEL,
        covered_component_ids=COMPONENTS,
        use_existing_digest=True,
    )
    return dict(headers.items())


def verify_request(request: Request, headers: Iterable[tuple[str, str]], today: dt.date) -> Signer:
    """Return who signed a request. `headers` are all its lines, names and values.

    Refused `signature` for anything that is not exactly what `sign_request` makes, today or a day beside it.
    """
    try:
        (verified,) = _VERIFIER.verify(_Message(request, _Headers(headers)), max_age=None)
    except (HTTPMessageSignaturesException, CryptoError, ValueError):
        raise Refused("signature") from None
    covered: Mapping[str, str] = verified.covered_components
    if verified.label != LABEL or list(covered)[:-1] != _COVERED:
        raise Refused("signature")
    if covered['"content-digest"'] != ContentDigest.create(request.body):
        raise Refused("signature")
    return _check_parameters(verified.parameters, today)


def _check_parameters(parameters: Mapping[str, Any], today: dt.date) -> Signer:
    if parameters.keys() != PARAMETERS or parameters["alg"] != _Ed25519.algorithm_id:
        raise Refused("signature")
    days = (today + dt.timedelta(days=step) for step in (-1, 0, 1))
    if parameters["created"] not in {int(_midnight(day).timestamp()) for day in days}:
        raise Refused("signature")
    nonce = parameters["nonce"]
    if not (nonce.isascii() and nonce.isdecimal() and len(nonce) < 20) or str(int(nonce)) != nonce:
        raise Refused("signature")
    counter = int(nonce)
    if counter >= COUNTERS:
        raise Refused("signature")
    return Signer(unb64(parameters["keyid"]), counter)
