# SPDX-License-Identifier: EUPL-1.2
"""English says everything that Dutch says."""

import subprocess
import sys
from pathlib import Path


def test_catalogues_are_complete(root: Path) -> None:
    """Every text has its translation, none is left over, and what is compiled is what is written."""
    done = subprocess.run(
        [sys.executable, root / "tools" / "catalogues.py", "--check"], check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr
