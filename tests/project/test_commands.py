# SPDX-License-Identifier: EUPL-1.2
"""The commands that people and CI start everything with."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


def test_ci_runs_what_the_readme_says(root: Path) -> None:
    """CI is a sound script that calls the README's test command, lets nothing be skipped, and fails when a step does."""
    script = root / ".ci" / "run"
    text = script.read_text(encoding="utf-8")

    subprocess.run(["bash", "-n", script], check=True)

    assert os.access(script, os.X_OK)
    assert "\nstep test make test\n" in text
    assert "MELDKLUIS_REQUIRE_BROWSERS=1" in text
    assert "MELDKLUIS_REQUIRE_NODE=1" in text
    assert "MELDKLUIS_REQUIRE_SANDBOX=1" in text
    assert re.search(r"failed\[@\].*\n.*\n\s+exit 1", text)


def test_every_command_explains_itself(root: Path) -> None:
    """Without a target, make shows what there is."""
    shown = subprocess.run(
        ["make", "--no-print-directory", "-C", root], check=True, capture_output=True, text=True
    ).stdout

    for name in ("run", "test", "check", "drill", "bench", "fuzz", "bundle", "locale"):
        assert re.search(rf"^  make {name} +\S", shown, re.MULTILINE), name


@pytest.mark.parametrize("target", ["run", "bench", "fuzz"])
def test_what_make_starts_can_start(root: Path, target: str) -> None:
    """A program that make starts finds its own modules, although nothing is imported from the working directory."""
    recipe = subprocess.run(
        ["make", "--no-print-directory", "-C", root, "--dry-run", target],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "BENCH_ARGS": "", "DEMO_ARGS": ""},
    ).stdout
    command = recipe.splitlines()[-1].replace(".venv/bin/python", sys.executable)
    assert sys.executable in command

    done = subprocess.run(
        ["bash", "-c", f"{command} --help"],
        check=False,
        capture_output=True,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONSAFEPATH": "1"},
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage:")


def test_set_up_checks_every_hash(root: Path) -> None:
    """What make installs is checked against the pins, and no build may fetch anything else."""
    recipe = subprocess.run(
        ["make", "--no-print-directory", "-C", root, "--dry-run", "--always-make", "test"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "VENV": "nowhere"},
    ).stdout
    installs = [line for line in recipe.splitlines() if "pip install" in line]

    assert len(installs) == 3
    assert all("--require-hashes" in line and "--only-binary :all:" in line for line in installs[:2])
    assert "--no-deps" in installs[2]
    assert all("--no-build-isolation" in line for line in installs[1:])
