# SPDX-License-Identifier: EUPL-1.2
"""Key files: made once, for the owner alone, and refused when others could have read them."""

import os
import stat
from pathlib import Path

import pytest

from meldkluis.mailbox import keyfile
from meldkluis.mailbox.errors import KeyFileError


@pytest.fixture
def made(tmp_path: Path) -> Path:
    keyfile.make(tmp_path, keyfile.DATABASE_KEY)
    return tmp_path / keyfile.DATABASE_KEY


def test_a_key_file_is_for_its_owner(tmp_path: Path):
    """A new key has 32 bytes and mode 0600, whatever the umask, and reads back."""
    before = os.umask(0)
    try:
        key = keyfile.make(tmp_path, keyfile.DATABASE_KEY)
    finally:
        os.umask(before)
    path = tmp_path / keyfile.DATABASE_KEY

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(key) == 32
    assert keyfile.read(tmp_path, keyfile.DATABASE_KEY) == key == path.read_bytes()


def test_a_key_is_never_overwritten(made: Path):
    """Making a key where one stands is refused, and the key stays."""
    before = made.read_bytes()
    with pytest.raises(KeyFileError, match="exists"):
        keyfile.make(made.parent, made.name)
    assert made.read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666, 0o700 | 0o040])
def test_a_key_that_others_can_reach_is_refused(made: Path, mode: int):
    """Any right of group or others refuses the key."""
    made.chmod(mode)
    with pytest.raises(KeyFileError, match="0600"):
        keyfile.read(made.parent, made.name)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_key_of_another_size_is_refused(made: Path, size: int):
    """A key has 32 bytes."""
    made.write_bytes(bytes(size))
    with pytest.raises(KeyFileError, match="32 bytes"):
        keyfile.read(made.parent, made.name)


def test_what_is_no_plain_file_is_refused(made: Path):
    """A link, a directory, a pipe and a missing file are refused."""
    os.mkfifo(made.parent / "pipe", 0o600)
    (made.parent / "link").symlink_to(made)
    (made.parent / "folder").mkdir()
    for name in ("link", "folder", "pipe", "missing"):
        with pytest.raises(KeyFileError):
            keyfile.read(made.parent, name)


def test_a_key_of_another_user_is_refused(made: Path, monkeypatch: pytest.MonkeyPatch):
    """Who runs the server owns the key."""
    monkeypatch.setattr(os, "geteuid", lambda: made.stat().st_uid + 1)
    with pytest.raises(KeyFileError, match="another user"):
        keyfile.read(made.parent, made.name)


def test_a_systemd_credential_comes_first(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The credential named after the organisation's directory is read; without one the directory's own key."""
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    assert keyfile.read(made.parent, made.name) == made.read_bytes()

    credential = credentials / f"{made.parent.name}.{made.name}"
    credential.write_bytes(b"c" * 32)
    credential.chmod(0o440)
    assert keyfile.read(made.parent, made.name) == b"c" * 32

    credential.chmod(0o444)
    with pytest.raises(KeyFileError, match="0600"):
        keyfile.read(made.parent, made.name)


def test_errors_say_nothing_of_the_key(made: Path):
    """No error text holds the key or the directory."""
    made.write_bytes(b"geheim")
    with pytest.raises(KeyFileError) as caught:
        keyfile.read(made.parent, made.name)
    assert "geheim" not in str(caught.value)
    assert str(made.parent) not in str(caught.value)
