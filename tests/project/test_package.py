# SPDX-License-Identifier: EUPL-1.2
"""The wheel that is installed on servers and workstations."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOMS = {"crypto", "mailbox", "intake", "workstation", "templates", "locale", "deploy"}


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The project, built."""
    target = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", target],
        cwd=root,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    (built,) = target.glob("*.whl")
    return zipfile.ZipFile(built)


def test_wheel_is_whole(wheel: zipfile.ZipFile, files: list[Path], root: Path) -> None:
    """All modules, templates, catalogues, word lists, steps of the schema and public files are in it."""
    wanted = {
        f"meldkluis/{path.relative_to(root).as_posix()}" for path in files if path.relative_to(root).parts[0] in ROOMS
    }

    assert wanted - set(wheel.namelist()) == set()


def test_wheel_takes_no_other_name(wheel: zipfile.ZipFile) -> None:
    """It installs one package, so that nothing hides a module of the standard library."""
    tops = {name.split("/")[0] for name in wheel.namelist()}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"meldkluis"}


def test_wheel_holds_no_links(wheel: zipfile.ZipFile) -> None:
    """The namespace's links have become files."""
    symlink = 0o120000

    assert [item.filename for item in wheel.infolist() if (item.external_attr >> 16) & 0o170000 == symlink] == []


def test_wheel_has_its_commands_and_licence(wheel: zipfile.ZipFile) -> None:
    """The two command lines and the licence come with it."""
    (points,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    text = wheel.read(points).decode()

    assert "meldkluis = meldkluis.intake.cli:main" in text
    assert "meldkluis-workstation = meldkluis.workstation.cli:main" in text
    assert any(name.endswith("licenses/LICENSE") for name in wheel.namelist())


def test_installed_package_finds_its_files(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """Away from the checkout, server and workstation find templates, catalogues, word lists and gunicorn's settings."""
    wheel.extractall(tmp_path)
    program = """if True:
        from meldkluis.crypto import receipt
        from meldkluis.intake import i18n, serve
        from meldkluis.intake.addresses import Address
        from meldkluis.workstation import render
        assert __import__("meldkluis").__file__.startswith(HERE), "another package was found"
        assert len(receipt.generate("nl").split()) == len(receipt.generate("en").split()) == 12
        for room in (i18n, render):
            assert (room.ROOT / "templates" / "base.html").is_file()
            assert room.Language("en")
        settings = serve.settings(Address(port=1, host="127.0.0.1"), Address(port=2, host="127.0.0.1"), 2)
        assert settings["accesslog"] is None and settings["control_socket_disable"]
    """
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"HERE = {str(tmp_path)!r}\n{program}"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
