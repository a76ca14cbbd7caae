# SPDX-License-Identifier: EUPL-1.2
"""The officer's own keys and facts in the vault, and the counter of requests.

- The counter is durable before a request carries it, so that no number is used twice, crash or not.
- Intake keys renew themselves; old secrets stay, since reports to them are accepted for 90 days and taken over later,
  and are destroyed when `keyends` finds nothing that needs them.
"""

import json
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final, Self

from meldkluis.crypto import age, signed
from meldkluis.crypto.card import Card, make_card
from meldkluis.crypto.roster import IntakeKey, make_intake_key, parse_intake_key
from meldkluis.mailbox.terms import add_months
from meldkluis.workstation import passphrase as passphrases
from meldkluis.workstation.errors import VaultError
from meldkluis.workstation.making import making
from meldkluis.workstation.settings import Settings
from meldkluis.workstation.vault import Vault

RENEW_AFTER_DAYS: Final = 25
"""Age at which an intake key is followed by the next: five days before it is offered no more."""

LIVES: Final = timedelta(days=120)
"""How long an intake key's secret is kept after its first day, at the least."""

DEPUTY_MONTHS: Final = 8
"""How much longer a deputy keeps it: a case may come when its feedback has lapsed."""


_RESTORED: Final = "restored"
_LOST: Final = "lost_keys"
_TRIES: Final = 1000
"""More are not worth the time: the next day's key comes after it anyway."""


@dataclass(frozen=True)
class Person:
    """Who the officer says to be, on the card and in the vault."""

    organisation: str
    name: str
    function: str
    role: str = "officer"
    manager: bool = False
    hr: bool = False


class Keyring:
    """What an open vault holds of its owner."""

    def __init__(self, vault: Vault) -> None:
        self.vault: Final = vault
        seed = vault.fact("signing_seed")
        if seed is None:
            raise VaultError("the vault was never finished: remove its directory and begin again")
        self.signing_key: Final = signed.SigningKey.from_seed(seed)
        self.organisation: Final = vault.head.organisation
        self.server_url: Final = str(vault.fact("server_url"))

    @classmethod
    def found(
        cls, directory: Path, person: Person, server_url: str, passphrase: str, today: date,
        cost: passphrases.Stretching = passphrases.RFC_9106_SECOND, proxy: str = "", recovery: str | None = None,
    ) -> Self:  # fmt: skip
        """Make a vault with a signing key and a first intake key; from its first moment the server has its proxy.

        `recovery`: the recipient of backups. However this ends, there is a whole vault afterwards or none.
        """
        key = signed.SigningKey.generate()
        # Before anything is written: a card that no reader accepts must not leave a vault behind.
        card = make_card(Card(key=key.verify_key, **vars(person)), key)
        passphrases.checked(passphrase)
        with (
            making(directory) as place,
            closing(Vault.create(place, person.organisation, passphrase, cost)) as vault,
            vault.transaction(),
        ):
            vault.set_fact("signing_seed", key.seed)
            vault.set_fact("server_url", server_url)
            Settings(vault).set_proxy(proxy)
            vault.set_fact("card", card)
            vault.set_fact("counter", 0)
            vault.set_fact("recovery", recovery)
            cls(vault).new_intake_key(today)
        return cls(Vault.open(directory, passphrase))

    @property
    def key(self) -> bytes:
        """The officer's verification key: 32 bytes."""
        return self.signing_key.verify_key

    @property
    def card(self) -> str:
        """The card, as text for the administrator."""
        return str(self.vault.fact("card"))

    def next_counter(self) -> int:
        """Return a request number that was never used, durably."""
        with self.vault.transaction():
            counter = self.counter() + 1
            self.vault.set_fact("counter", counter)
        return counter

    def counter(self) -> int:
        """Return the highest request number that was given out."""
        return int(self.vault.fact("counter"))

    def raise_counter(self, least: int) -> None:
        """Make the next request number higher than `least`."""
        with self.vault.transaction():
            self.vault.set_fact("counter", max(least, self.counter()))

    def new_intake_key(self, today: date, beyond: bytes = b"") -> IntakeKey:
        """Make and keep the next intake key, from today on; its hash comes after `beyond` if luck allows.

        Of two keys with one first day, reporters take the one whose hash is the higher (`newest_offered`).
        """
        tries = 0
        while True:
            secret = age.generate_identity()
            thing = make_intake_key(self.organisation, age.recipient_of(secret), today, self.signing_key)
            tries += 1
            if thing.hash > beyond or tries == _TRIES:
                break
        self.vault.run(
            "INSERT INTO intake_key (hash, start, secret, thing) VALUES (?, ?, ?, ?)",
            thing.hash, today.isoformat(), secret, thing.raw,
        )  # fmt: skip
        return parse_intake_key(thing.raw, self.organisation)

    def key_to_announce(self, today: date, offered: IntakeKey | None = None) -> IntakeKey | None:
        """Return the intake key that the server should get now: the next one, or one that it never got.

        `offered`: the key in this officer's name that reporters take now. One that a restored vault lost is followed at
        once: what is sealed to it opens nowhere here.
        """
        if offered is not None and offered.hash in self._lost():
            return self.new_intake_key(today, offered.hash if offered.start == today else b"")
        row = self.vault.row("SELECT thing, announced FROM intake_key ORDER BY start DESC, hash DESC LIMIT 1")
        newest = None if row is None else parse_intake_key(row[0], self.organisation)
        if row is None or newest is None or newest.start + timedelta(days=RENEW_AFTER_DAYS) < today:
            return self.new_intake_key(today)
        if row[1] or newest.start > today:
            return None
        # A first key waits for the roster; what is announced starts when it is announced, and lasts its whole month.
        return newest if newest.start == today else self.new_intake_key(today)

    def find_lost(self, keys: Sequence[IntakeKey]) -> bool:
        """Once after a restore: keep which of the officer's announced keys are missing here; whether there are any."""
        if self.vault.fact(_RESTORED) is None:
            return False
        lost = {key.hash for key in keys if key.officer == self.key} - self.own_key_hashes()
        with self.vault.transaction():
            self.vault.set_fact(_LOST, json.dumps(sorted(hash_.hex() for hash_ in lost | self._lost())))
            self.vault.set_fact(_RESTORED, None)
        return bool(lost)

    def _lost(self) -> frozenset[bytes]:
        return frozenset(bytes.fromhex(hash_) for hash_ in json.loads(self.vault.fact(_LOST) or "[]"))

    def announced(self, key: IntakeKey) -> None:
        """Remember that the server took this intake key."""
        self.vault.run("UPDATE intake_key SET announced = 1 WHERE hash = ?", key.hash)

    def announced_keys(self) -> list[IntakeKey]:
        """Return the own intake keys that the server took."""
        rows = self.vault.rows("SELECT thing FROM intake_key WHERE announced = 1")
        return [parse_intake_key(thing, self.organisation) for (thing,) in rows]

    def intake_secrets(self) -> list[str]:
        """Return the secrets of all intake keys that are still there, the newest first."""
        rows = self.vault.rows("SELECT secret FROM intake_key WHERE secret NOTNULL ORDER BY start DESC, hash")
        return [secret for (secret,) in rows]

    def over(self, day: date, *, deputy: bool) -> set[bytes]:
        """Return the hashes of intake keys whose secrets have been kept long enough by the calendar."""
        rows = self.vault.rows("SELECT hash, start FROM intake_key WHERE secret NOTNULL")
        ends = {hash_: date.fromisoformat(start) + LIVES for hash_, start in rows}
        return {hash_ for hash_, end in ends.items() if day >= (add_months(end, DEPUTY_MONTHS) if deputy else end)}

    def destroy_secrets(self, hashes: Collection[bytes]) -> None:
        """Destroy the secrets of these intake keys."""
        with self.vault.transaction():
            for hash_ in hashes:
                self.vault.run("UPDATE intake_key SET secret = NULL WHERE hash = ?", hash_)

    def own_key_hashes(self) -> frozenset[bytes]:
        """Return the hashes of all intake keys that were made here, or by this vault before it was restored."""
        return frozenset(hash_ for (hash_,) in self.vault.rows("SELECT hash FROM intake_key")) | self._lost()

    def learn_keys(self, keys: Sequence[IntakeKey]) -> None:
        """Keep announced keys of members, so that a log's hashes can be read later."""
        for key in keys:
            self.vault.run("INSERT OR IGNORE INTO known_key (hash, thing) VALUES (?, ?)", key.hash, key.thing.raw)

    def known_keys(self) -> list[IntakeKey]:
        """Return all keys of members that were ever seen."""
        rows = self.vault.rows("SELECT thing FROM known_key")
        return [parse_intake_key(thing, self.organisation) for (thing,) in rows]
