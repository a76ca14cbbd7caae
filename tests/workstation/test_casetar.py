# SPDX-License-Identifier: EUPL-1.2
"""The one file that a case file is: streamed in constant memory, opened by other implementations, broken when cut."""

import io
import os
import tarfile
import tracemalloc
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from casefiles import ARCHIVIST, TO_ARCHIVIST

from meldkluis.crypto import age
from meldkluis.crypto.attachment import AttachmentSealer, open_attachment
from meldkluis.crypto.message import AttachmentRef
from meldkluis.crypto.signed import SigningKey
from meldkluis.workstation.casetar import Member, sealed_tar, whole
from meldkluis.workstation.errors import WorkstationError

DAY = date(2026, 11, 26)
SIGNER = SigningKey.generate()
MEGA = 1_000_000


def tar_of(*members: Member) -> Iterator[bytes]:
    return sealed_tar(lambda _: iter(members), "zaak-1", DAY, SIGNER, TO_ARCHIVIST)


def sealed_on_disk(path: Path, length: int) -> AttachmentRef:
    """Write the ciphertext of a large attachment, as the server has it."""
    sealer, block = AttachmentSealer("groot.bin"), os.urandom(MEGA)
    with path.open("wb") as file:
        for _ in range(length // MEGA):
            file.write(sealer.update(block))
        for piece in sealer.padding():
            file.write(piece)
        rest, sealed = sealer.finish()
        file.write(rest)
    return sealed.ref


def pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(65_536):
            yield piece


def test_a_large_attachment_in_constant_memory(tmp_path):
    """An attachment of 100 MB goes from the server's ciphertext into the recipient's with a few MB in between."""
    ref = sealed_on_disk(tmp_path / "sealed", 100 * MEGA)
    tracemalloc.start()
    try:
        member = Member("bijlagen/01-groot.bin", ref.length, lambda: open_attachment(pieces(tmp_path / "sealed"), ref))
        length = sum(map(len, tar_of(member)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert length > 100 * MEGA
    assert peak < 8 * MEGA


def test_hashes_of_what_came_before():
    """A member is made when those before it are written, and can name their hashes; the list has them all."""
    seen = []

    def members(sums):
        yield whole("een.txt", b"een")
        seen.append(dict(sums.digests))
        yield whole("é twee.txt", b"twee")

    plain = age.decrypt(b"".join(sealed_tar(members, "zaak-1", DAY, SIGNER, TO_ARCHIVIST)), ARCHIVIST)
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        names = tar.getnames()
        listed = tar.extractfile("zaak-1/SHA256SUMS").read().decode()
    assert names == ["zaak-1/een.txt", "zaak-1/é twee.txt", "zaak-1/SHA256SUMS", "zaak-1/HANDTEKENING.json"]
    assert listed.splitlines()[0] == f"{seen[0]['een.txt']}  een.txt"
    assert len(listed.splitlines()) == 2


@pytest.mark.parametrize("length", [2, 4])
def test_another_length_than_was_said(length):
    """A member that is shorter or longer than was said ends the file, which then does not open."""
    written = []
    with pytest.raises(WorkstationError):
        written.extend(tar_of(Member("x", length, lambda: [b"abc"])))
    with pytest.raises(age.PayloadError):
        age.decrypt(b"".join(written), ARCHIVIST)
