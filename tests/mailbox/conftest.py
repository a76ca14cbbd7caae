# SPDX-License-Identifier: EUPL-1.2
"""What the tests of the mailbox share: an organisation in a directory of its own, and its made-up people."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from meldkluis.mailbox.store import Store


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "gemeente-voorbeeld"


@pytest.fixture
def store(directory: Path) -> Iterator[Store]:
    made = Store.create(directory, "gemeente-voorbeeld", "Gemeente Voorbeeld")
    yield made
    made.close()
