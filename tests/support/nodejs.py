# SPDX-License-Identifier: EUPL-1.2
"""Node, for tests of the browser's code."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

CLIENT = Path(__file__).parents[2] / "client"


@dataclass(frozen=True)
class Node:
    """Node, and the environment in which its programs find the built code."""

    command: str
    environment: dict[str, str]

    def run(self, *arguments: str | Path, given: str = "", flags: tuple[str, ...] = ()) -> str:
        """Run a program of Node's and return what it printed; an AssertionError tells what went wrong."""
        done = subprocess.run(
            [self.command, *flags, *map(str, arguments)],
            input=given, capture_output=True, text=True, env=self.environment, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
        return done.stdout
