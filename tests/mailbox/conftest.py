# SPDX-License-Identifier: EUPL-1.2
"""What the tests of the mailbox share: an organisation in a directory of its own, and its made-up people."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from deskhouse import House, founded

from meldkluis.mailbox.store import Store


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "gemeente-voorbeeld"


@pytest.fixture
def store(directory: Path) -> Iterator[Store]:
    decoys = [(os.urandom(16), [b"a", b"b"]) for _ in range(4)]
    made = Store.create(directory, "gemeente-voorbeeld", "Gemeente Voorbeeld", decoys)
    yield made
    made.close()


@pytest.fixture
def house(directory: Path) -> Iterator[House]:
    made = founded(directory)
    yield made
    made.desk.close()
