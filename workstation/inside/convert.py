# SPDX-License-Identifier: EUPL-1.2
"""One file to pages: each kind by its converter of Debian, into the sandbox's own memory.

- Every converter runs with the sandbox's limits; what it prints goes nowhere.
- Sizes are asked for before they are drawn: a page of a PDF is scaled down to what the host takes.
"""

import re
import subprocess
import zipfile
from pathlib import Path
from typing import IO, Final

from meldkluis.workstation.inside import draw
from meldkluis.workstation.inside.frames import LONGEST_SIDE, MOST_PAGES, MOST_PIXELS, StopError, Writer

ROOM: Final = Path("/tmp")  # noqa: S108 - the sandbox's own memory
DPI: Final = 150
_PAGE: Final = re.compile(rb"^Page\s+\d+ size:\s+([\d.]+) x ([\d.]+) pts", re.MULTILINE)
_COUNT: Final = re.compile(rb"^Pages:\s+(\d{1,9})$", re.MULTILINE)
_MOST_UNPACKED: Final = 512_000_000
_HEADER: Final = re.compile(rb"P6\s+(\d{1,5})\s+(\d{1,5})\s+255\s")


def _run(*command: str, source: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run a converter; StopError when it is not there or ends with a signal."""
    with open(source or "/dev/null", "rb") as given:  # noqa: PTH123 - either a file or nothing
        done = subprocess.run(  # noqa: S603 - converters of Debian, by name
            command, stdin=given, capture_output=True, check=False
        )
    if done.returncode < 0:
        raise StopError("slow" if done.returncode == -24 else "broken")
    return done


def pdf(path: Path, out: Writer) -> None:
    """Write the pages of a PDF."""
    told = _run("pdfinfo", "-f", "1", "-l", str(MOST_PAGES), str(path))
    if b"Incorrect password" in told.stderr:
        raise StopError("locked")
    sizes = [(float(width), float(height)) for width, height in _PAGE.findall(told.stdout)]
    count = _COUNT.search(told.stdout)
    if not sizes or count is None:
        raise StopError("broken")
    out.total = int(count[1])
    first = 1
    for number, size in enumerate(sizes, 1):
        # Pages that can be drawn alike are drawn by one converter.
        if number == len(sizes) or _scale(size) != _scale(sizes[number]):
            _draw(path, first, number, _scale(size), out)
            first = number + 1


def _scale(size: tuple[float, float]) -> tuple[str, ...]:
    width, height = (side * DPI / 72 for side in size)
    if width * height <= MOST_PIXELS - LONGEST_SIDE * 2 and max(width, height) < LONGEST_SIDE - 2:
        return ("-r", str(DPI))
    return ("-scale-to", "2000")


def _draw(path: Path, first: int, last: int, scale: tuple[str, ...], out: Writer) -> None:
    command = ["pdftoppm", "-q", "-f", str(first), "-l", str(last), *scale, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as drawing:  # noqa: S603
        assert drawing.stdout is not None
        while (page := _ppm(drawing.stdout)) is not None:
            out.page(*page)
    if drawing.returncode < 0 and out.pages < last:
        raise StopError("slow" if drawing.returncode == -24 else "broken")


def _ppm(stream: IO[bytes]) -> tuple[int, int, bytes] | None:
    """Read one picture of a stream of portable pixmaps (netpbm's P6, 255 levels); None at the end."""
    header = b""
    while _HEADER.fullmatch(header) is None:
        character = stream.read(1)
        if not character or len(header) > 30:
            return None
        header += character
    found = _HEADER.fullmatch(header)
    assert found is not None
    width, height = int(found[1]), int(found[2])
    pixels = stream.read(width * height * 3)
    return (width, height, pixels) if len(pixels) == width * height * 3 else None


def office(path: Path, out: Writer) -> None:
    """Write the pages of an office file, printed by LibreOffice with a fresh profile, without macros."""
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"PK"):
        _check_package(path)
    profile = ROOM / "profile"
    _profile(profile)
    _run(
        "soffice", f"-env:UserInstallation=file://{profile}", "--headless", "--norestore", "--nolockcheck",
        "--nodefault", "--nologo", "--convert-to", "pdf", "--outdir", str(ROOM / "made"), str(path),
    )  # fmt: skip
    made = ROOM / "made" / (path.stem + ".pdf")
    if not made.is_file():
        raise StopError("broken")
    pdf(made, out)


def _check_package(path: Path) -> None:
    """Stop at a package that unpacks to too much, or whose parts are encrypted (ODF 1.3 part 2, 3.4.1)."""
    try:
        with zipfile.ZipFile(path) as package:
            if len(package.infolist()) > 20_000 or sum(item.file_size for item in package.infolist()) > _MOST_UNPACKED:
                raise StopError("too-much-inside")
            manifest = "META-INF/manifest.xml"
            if manifest in package.namelist():
                with package.open(manifest) as file:
                    if b"encryption-data" in file.read(4_000_000):
                        raise StopError("locked")
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, ValueError):
        raise StopError("broken") from None


_SET: Final = (
    ("Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    # Never follow links to other files: 1 is never in a sheet, 0 in a text.
    ("Calc/Content/Update", "Link", "1"),
    ("Writer/Content/Update", "Link", "0"),
)
_SETTING: Final = (
    '<item oor:path="/org.openoffice.Office.%s"><prop oor:name="%s" oor:op="fuse"><value>%s</value></prop></item>\n'
)


def _profile(folder: Path) -> None:
    """Make LibreOffice's profile: no macro runs, no link is followed."""
    (folder / "user").mkdir(parents=True, exist_ok=True)
    settings = "".join(_SETTING % setting for setting in _SET)
    (folder / "user" / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<oor:items xmlns:oor="http://openoffice.org/2001/registry">\n{settings}</oor:items>\n',
        encoding="utf-8",
    )


def heic(path: Path, out: Writer) -> None:
    """Write a HEIC picture."""
    _run("heif-convert", str(path), str(ROOM / "heic.png"))
    made = sorted(ROOM.glob("heic*.png"))
    if not made:
        raise StopError("broken")
    for one in made:
        draw.picture(one, out)


def svg(path: Path, out: Writer) -> None:
    """Write a drawing; it comes without a place, so that it can name no file beside it."""
    made = ROOM / "svg.png"
    _run(
        "rsvg-convert", "--keep-aspect-ratio", "--width", "1600", "--height", "2000", "--background-color", "white",
        "--output", str(made), source=path,
    )  # fmt: skip
    if not made.is_file() or not made.stat().st_size:
        raise StopError("broken")
    draw.picture(made, out)


def outlook(path: Path) -> bytes:
    """Return an Outlook message as an e-mail (RFC 5322)."""
    made = ROOM / "outlook.eml"
    _run("msgconvert", "--outfile", str(made), str(path))
    if not made.is_file() or not made.stat().st_size:
        raise StopError("broken")
    return made.read_bytes()
