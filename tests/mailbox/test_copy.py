# SPDX-License-Identifier: EUPL-1.2
"""A copy of the database while others use it."""

import shutil
import stat
from pathlib import Path

import pytest

from meldkluis.mailbox.errors import StoreError
from meldkluis.mailbox.store import DATABASE, Store


def test_a_copy_is_a_database_of_its_own(store: Store, tmp_path: Path) -> None:
    """The copy is one file that only its owner can read, is as encrypted as the database, and opens with the same key."""
    copy = tmp_path / "copies" / "today.db"
    copy.parent.mkdir()
    with store.snapshot():
        store.copy_to(copy)

    assert [path.name for path in copy.parent.iterdir()] == ["today.db"]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert not copy.read_bytes().startswith(b"SQLite format 3")
    restored = tmp_path / "restored"
    restored.mkdir(mode=0o700)
    shutil.copy(copy, restored / DATABASE)
    shutil.copy(store.directory / "database.key", restored)
    again = Store(restored)
    assert (again.organisation, again.days()) == (store.organisation, store.days())
    again.close()


def test_a_copy_overwrites_nothing(store: Store, tmp_path: Path) -> None:
    """Where something stands already, or nothing can be written, no copy is made."""
    there = tmp_path / "there"
    there.write_text("x")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    for path in (there, link, tmp_path / "nowhere" / "copy"):
        with pytest.raises(StoreError):
            store.copy_to(path)
    assert there.read_text() == "x"
    assert not (tmp_path / "elsewhere").exists()
