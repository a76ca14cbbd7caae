# SPDX-License-Identifier: EUPL-1.2
"""The store against a model of it, in any order of staging, claiming, discarding, sweeping, appending, destroying."""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from meldkluis.crypto.attachment import digest_of_parts
from meldkluis.crypto.encoding import sha256
from meldkluis.mailbox.errors import Refused
from meldkluis.mailbox.facts import Facts
from meldkluis.mailbox.rows import AgeFile, Claim, Growth, NewCase, Standing
from meldkluis.mailbox.staging import LEAST_WEIGHT, Quota
from meldkluis.mailbox.store import Store

DAY = date(2026, 11, 23)
QUOTA = Quota(address=5 * LEAST_WEIGHT, total=8 * LEAST_WEIGHT)
ADDRESSES = [bytes([n]) * 32 for n in range(3)]
UPLOADS = [bytes([n]) * 16 for n in range(3)]
CASES = [bytes([0x10 + n]) * 16 for n in range(4)]
addresses, uploads, cases = st.sampled_from(ADDRESSES), st.sampled_from(UPLOADS), st.sampled_from(CASES)
contents = st.binary(min_size=1, max_size=8)


class StoreModel(RuleBasedStateMachine):
    """What the store must be: dictionaries that anybody can follow."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.store = Store.create(self.directory / "x", "gemeente-voorbeeld", "X", [(b"d" * 16, [b"a", b"b"])])
        self.today = DAY
        self.staged: dict[tuple[bytes, bytes], tuple[date, dict[int, bytes]]] = {}
        self.cases: dict[bytes, dict[str, Any]] = {}

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.directory)

    def run(self, awaitable: Coroutine[Any, Any, Any]) -> Any:
        try:
            return asyncio.run(awaitable)
        except Refused as refused:
            return refused.code

    def weight(self, address: bytes | None = None) -> int:
        keys = [key for key in self.staged if address in {None, key[0]}]
        return sum(len(self.staged[key][1]) * LEAST_WEIGHT for key in keys)

    def case_at(self, address: bytes) -> bytes | None:
        return next((case for case, made in self.cases.items() if made["address"] == address), None)

    def is_whole(self, address: bytes, upload: bytes, claim: Claim) -> bool:
        _, parts = self.staged.get((address, upload), (None, {}))
        # Every part of the model is short, so only a single one makes a whole upload.
        return (
            list(parts) == [0] and len(parts[0]) == claim.size and digest_of_parts([sha256(parts[0])]) == claim.digest
        )

    @rule(address=addresses, upload=uploads, n=st.integers(0, 1), content=contents)
    def stage(self, address: bytes, upload: bytes, n: int, content: bytes) -> None:
        """A part is kept, known again, or refused for what it is or for want of room."""
        there = self.staged.get((address, upload), (self.today, {}))[1]
        expected = None
        if n in there:
            expected = None if there[n] == content else "part"
        elif self.weight(address) + LEAST_WEIGHT > QUOTA.address:
            expected = "quota"
        elif self.weight() + LEAST_WEIGHT > QUOTA.total:
            expected = "full"
        else:
            self.staged[address, upload] = (self.today, {**there, n: content})
        assert self.run(self.store.stage(address, upload, n, content, QUOTA, self.today)) == expected

    @rule(address=addresses, upload=uploads)
    def discard(self, address: bytes, upload: bytes) -> None:
        """An upload is given up."""
        self.run(self.store.discard(address, upload))
        self.staged.pop((address, upload), None)

    @rule(days=st.integers(0, 2))
    def days_pass(self, days: int) -> None:
        """Time goes on, and the sweep takes what is two days old."""
        self.today += timedelta(days=days)
        self.run(self.store.sweep(self.today))
        self.staged = {key: made for key, made in self.staged.items() if made[0] > self.today - timedelta(days=2)}

    @rule(address=addresses, case=cases, content=contents, claimed=st.lists(uploads, max_size=2, unique=True))
    def submit(self, address: bytes, case: bytes, content: bytes, claimed: list[bytes]) -> None:
        """A report stands whole, or another stands already, or it is refused."""
        claims = [self.claim(address, upload) for upload in claimed]
        new = NewCase(
            case=case,
            log=(content, b"received"),
            head=sha256(content),
            files=(AgeFile("content", b"h", content),),
            claims=claims,
            officers=frozenset({b"o" * 32}),
            facts=Facts(received=self.today, since=self.today),
        )
        answer = self.run(self.store.submit(address, new))
        standing = self.case_at(address)
        if standing is not None:
            assert answer == Standing(standing, self.cases[standing]["log"])
        elif case in self.cases:
            assert answer == "taken"
        elif not all(self.is_whole(address, upload, claim) for upload, claim in zip(claimed, claims, strict=True)):
            assert answer == "incomplete"
        else:
            assert answer is None
            taken = {upload: self.staged.pop((address, upload))[1][0] for upload in claimed}
            self.cases[case] = {
                "address": address, "log": [content, b"received"], "file": content, "attachments": taken,
                "head": new.head,
            }  # fmt: skip

    def claim(self, address: bytes, upload: bytes) -> Claim:
        parts = self.staged.get((address, upload), (None, {0: b"never"}))[1]
        content = parts.get(0, b"x")
        return Claim(upload, len(content), digest_of_parts([sha256(content)]))

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), content=contents, stale=st.booleans())
    def append(self, data: st.DataObject, content: bytes, stale: bool) -> None:
        """An entry stands when its head is the last; else nothing of it does."""
        case = data.draw(st.sampled_from(sorted(self.cases)))
        made = self.cases[case]
        head = sha256(made["head"], content)
        growth = Growth(
            case=case,
            before=bytes(32) if stale else made["head"],
            entry=len(made["log"]),
            log=(content,),
            head=head,
            officers=frozenset({b"o" * 32}),
            facts=Facts(received=self.today, since=self.today),
        )
        assert self.run(self.store.append(growth)) == ("head" if stale else None)
        if not stale:
            made["log"] = [*made["log"], content]
            made["head"] = head

    @precondition(lambda self: self.cases)
    @rule(data=st.data())
    def destroy(self, data: st.DataObject) -> None:
        """A case is taken away."""
        case = data.draw(st.sampled_from(sorted(self.cases)))
        self.run(self.store.destroy(case))
        del self.cases[case]

    @rule()
    def reopen(self) -> None:
        """The store is closed and opened again."""
        self.store.close()
        self.store = Store(self.directory / "x")

    @invariant()
    def is_as_the_model(self) -> None:
        """Everything that can be read is what the model says."""
        for address in ADDRESSES:
            assert self.store.find(address) == self.case_at(address)
        for case in CASES:
            made = self.cases.get(case)
            assert self.store.log(case) == (made["log"] if made else [])
            assert self.store.file(case, 0, "content") == ((b"h", made["file"]) if made else None)
            kept = {
                line.id: b"".join(self.store.attachment(case, line.id) or ()) for line in self.store.attachments(case)
            }
            assert kept == (made["attachments"] if made else {})
        assert {case for case, _, _ in self.store.cases_of(b"o" * 32)} == set(self.cases)


TestStoreModel = StoreModel.TestCase
TestStoreModel.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
