# SPDX-License-Identifier: EUPL-1.2
"""deploy/workstation/install.sh, in an empty home."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from workplace import make_vault

ROOT = Path(__file__).parents[2]
SCRIPT = "deploy/workstation/install.sh"
FAKE = ROOT / "tests" / "support" / "faraway.py"


def run(script: Path, home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the script for an account whose home is `home`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "PYTHON"))}
    return subprocess.run(
        ["sh", script, *words], env={**environment, "HOME": str(home), **more}, cwd="/", capture_output=True, text=True,
        timeout=600, check=False,
    )  # fmt: skip


def test_script_is_sound() -> None:
    """The shell takes it, it stops at the first error, and it can be started."""
    text = (ROOT / SCRIPT).read_text(encoding="utf-8")
    subprocess.run(["sh", "-n", ROOT / SCRIPT], check=True)

    assert os.access(ROOT / SCRIPT, os.X_OK)
    assert "\nset -eu\n" in text
    assert "--require-hashes --only-binary :all:" in text
    assert "sudo " not in text.replace("sudo apt install", "")


def test_wrong_word(tmp_path: Path) -> None:
    """Anything but install and uninstall is said to be wrong, and nothing happens."""
    done = run(ROOT / SCRIPT, tmp_path, "instal")

    assert done.returncode == 1
    assert done.stderr.startswith("usage:")
    assert list(tmp_path.iterdir()) == []


def test_says_what_debian_has_to_provide(tmp_path: Path) -> None:
    """Without Python's own tools it names the whole line that installs what is missing, and changes nothing."""
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o700)
    # A machine on which the shell's own tools are, and nothing else.
    bare, home = tmp_path / "bin", tmp_path / "home"
    bare.mkdir()
    home.mkdir()
    for name in ("sh", "dirname"):
        (bare / name).symlink_to(str(shutil.which(name)))
    done = run(ROOT / SCRIPT, home, PYTHON=str(broken), PATH=str(bare))

    assert done.returncode == 1
    (line,) = re.findall(r"^    sudo apt install --no-install-recommends (.*)$", done.stderr, re.MULTILINE)
    wanted = {
        "python3", "python3-venv", "bubblewrap", "poppler-utils", "mat2", "libreoffice-writer-nogui",
        "libreoffice-calc-nogui", "libreoffice-impress-nogui", "librsvg2-bin", "libemail-outlook-message-perl",
        "libheif-examples", "firefox-esr", "xdg-utils",
    }  # fmt: skip
    assert wanted <= set(line.split()) <= wanted | {"python3-pil"}
    assert list(home.iterdir()) == []


def test_half_a_release(tmp_path: Path) -> None:
    """The script alone, without the rest, says so."""
    (tmp_path / "deploy" / "workstation").mkdir(parents=True)
    shutil.copy(ROOT / SCRIPT, tmp_path / SCRIPT)
    done = run(tmp_path / SCRIPT, tmp_path)

    assert done.returncode == 1
    assert "whole checkout or release" in done.stderr


@pytest.mark.drill
def test_from_nothing_to_the_first_page(tmp_path: Path) -> None:
    """From a copy of the tree to the first page by the icon's command; updating and removing leave the vault alone."""
    tree, home, runtime = tmp_path / "tree with blanks", tmp_path / "home of an officer", tmp_path / "runtime"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
        capture_output=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.decode().split("\0")):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_symlink() or (ROOT / name).exists():
            shutil.copy2(ROOT / name, tree / name, follow_symlinks=False)
    home.mkdir()
    runtime.mkdir(mode=0o700)
    data = home / ".local" / "share"
    launcher = home / ".local" / "bin" / "meldkluis-workstation"
    entry = data / "applications" / "nl.meldkluis.workstation.desktop"

    done = run(tree / SCRIPT, home)
    assert done.returncode == 0, done.stderr
    assert f'Exec="{launcher}" open\n' in entry.read_text(encoding="utf-8")
    assert (data / "icons/hicolor/scalable/apps/nl.meldkluis.workstation.svg").read_bytes().startswith(b"<svg")
    make_vault(data / "meldkluis-workstation")
    vault = {path: path.read_bytes() for path in (data / "meldkluis-workstation").iterdir()}

    # An update works the same way, keeps one version for what still runs, and needs the tree only while it installs.
    first = (data / "meldkluis-workstation-app" / "current").readlink()
    assert run(tree / SCRIPT, home).returncode == 0
    assert run(tree / SCRIPT, home).returncode == 0
    versions = sorted((data / "meldkluis-workstation-app").glob("venv.*"))
    assert len(versions) == 2
    assert first not in versions
    shutil.rmtree(tree)

    seen = tmp_path / "seen"
    environment = {
        "HOME": str(home), "XDG_RUNTIME_DIR": str(runtime), "PATH": os.environ["PATH"], "PYTHONPATH": "/nonexistent",
        "BROWSER": f"{sys.executable} {FAKE} %s", "MELDKLUIS_TEST_SEEN": str(seen),
    }  # fmt: skip
    pressed = subprocess.run(
        [launcher, "open"], env=environment, cwd="/", capture_output=True, text=True, timeout=90, check=False
    )
    try:
        assert (pressed.returncode, pressed.stderr) == (0, "")
        page = json.loads(seen.read_text(encoding="utf-8"))
        assert (page["status"], page["mode"], page["shown"]) == (200, 0o600, [])
        assert 'action="/unlock"' in page["answer"]

        removed = run(ROOT / SCRIPT, home, "uninstall")
        assert removed.returncode == 0
        assert str(data / "meldkluis-workstation") in removed.stdout
        assert {path: path.read_bytes() for path in vault} == vault
        assert not launcher.exists()
        assert not entry.exists()
        assert not (data / "meldkluis-workstation-app").exists()
    finally:
        for process in Path("/proc").glob("[0-9]*"):
            try:
                line = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if os.fsencode(home) in line and b"\0run\0" in line:
                os.kill(int(process.name), signal.SIGTERM)
