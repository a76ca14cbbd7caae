# SPDX-License-Identifier: EUPL-1.2
"""Hostile attachments: nothing outside the sandbox changes, nothing of outside is seen, and every bound holds."""

import json
import os
import socket
import struct
import subprocess
import time
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from sandboxes import docx, ink, look, need_sandbox, package, pdf, pixels, png, ref_of, svg

from meldkluis.workstation.sandbox import Bounds, Sandbox
from meldkluis.workstation.viewing import Viewer

pytestmark = pytest.mark.usefixtures("sandbox")
INSIDE = "file:///usr/share/common-licenses/BSD"
"""A file that is there inside the sandbox too, so that its words would be seen."""


@pytest.fixture(scope="module")
def sandbox():
    """A machine on which everything can be looked at."""
    need_sandbox()


@pytest.fixture(autouse=True)
def untouched(tmp_path, monkeypatch):
    """Home, temporary folder and working directory hold nothing before, and must hold nothing after."""
    places = [tmp_path / name for name in ("home", "tmp", "cwd")]
    for place, variable in zip(places, ("HOME", "TMPDIR", "PWD"), strict=True):
        place.mkdir()
        monkeypatch.setenv(variable, str(place))
    monkeypatch.chdir(places[2])
    own = ("in.", "part.", "made", "profile", "svg.png", "heic", "evil")
    yield
    assert [list(place.iterdir()) for place in places] == [[], [], []]
    assert [name for name in os.listdir("/tmp") if name.startswith(own)] == []  # noqa: PTH208 - names are enough


def same(one, other):
    """Whether two views show the same pixels."""
    assert one.shown.pages
    assert other.shown.pages
    return [pixels(page) for page in one.shown.pages] == [pixels(page) for page in other.shown.pages]


ATTACK = """
import json, os, socket, sys
said = {}
def tries(name, act):
    try:
        said[name] = str(act())
    except BaseException as error:
        said[name] = type(error).__name__
def write(path):
    open(path, "w").write("evil")
    return "written"
for path in sys.argv[2:]:
    tries(path, lambda: write(path))
for path in ("/evil", "/usr/evil", "/dev/evil", "/dev/shm/evil", "/etc/evil", "/proc/sys/kernel/hostname"):
    tries(path, lambda: write(path))
for path in ("/etc/passwd", "/root", "/home", "/var", "/run", "/sys", "/app.zip"):
    tries("see " + path, lambda: os.path.exists(path))
for path in ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches"):
    tries(path, lambda: os.close(os.open(path, os.O_WRONLY)) or "written")
tries("tcp", lambda: socket.create_connection(("127.0.0.1", int(sys.argv[1])), 2))
tries("abstract", lambda: socket.socket(socket.AF_UNIX).connect("\\0meldkluis-test"))
tries("nets", lambda: sorted(os.listdir("/proc/self/net/dev_snmp6")))
tries("processes", lambda: len([name for name in os.listdir("/proc") if name.isdigit()]))
tries("environment", lambda: sorted(os.environ))
tries("userns", lambda: os.system("unshare -Ur true 2>/dev/null"))
tries("room", lambda: write("/tmp/evil"))
tries("full", lambda: [open("/tmp/full%d" % n, "wb").write(bytes(30_000_000)) for n in range(4)])
print(json.dumps(said))
"""


def test_nothing_can_be_reached(tmp_path):
    """Whoever takes a converter over can write nowhere but /tmp, reach no network, and see no home and no process."""
    box = Sandbox(Bounds(room=64_000_000))
    wanted = [str(tmp_path / place / "evil") for place in ("home", "tmp", "cwd")]
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind("\0meldkluis-test")
        abstract.listen()
        port = str(server.getsockname()[1])
        command = box.command("/usr/bin/python3", "-Ic", ATTACK, port, *wanted)
        done = subprocess.run(command, capture_output=True, check=True, env={"SECRET": "x"})
    said = json.loads(done.stdout)

    assert [name for name, answer in said.items() if answer == "written"] == ["room"]
    assert {name for name, answer in said.items() if name.startswith("see ") and answer == "True"} == set()
    assert (said["tcp"], said["abstract"]) == ("ConnectionRefusedError", "ConnectionRefusedError")
    assert said["nets"] in {"['lo']", "FileNotFoundError"}
    assert int(said["processes"]) <= 4
    assert said["environment"] in {"['HOME', 'LANG', 'PATH', 'PWD']", "['HOME', 'LANG', 'LC_CTYPE', 'PATH', 'PWD']"}
    assert said["userns"] != "0"
    assert said["full"] == "OSError"


def test_memory_is_bounded():
    """A program gets no more memory than its bound."""
    program = "try: bytearray(3 << 30)\nexcept MemoryError: print('no')"
    command = Sandbox(Bounds(memory=1 << 30)).command("/usr/bin/python3", "-Ic", program)

    assert subprocess.run(command, capture_output=True, check=True).stdout == b"no\n"


def test_processor_is_bounded():
    """A program that computes without end is ended, long before the clock."""
    box = Sandbox(Bounds(processor=1))
    start = time.monotonic()
    done = subprocess.run(box.command("/usr/bin/python3", "-Ic", "while True: pass"), check=False, timeout=60)

    assert done.returncode != 0
    assert time.monotonic() - start < 20


def test_bomb_of_processes_is_bounded():
    """No more than the allowed number of processes come to be."""
    program = """
import os
count = 0
try:
    while count < 500:
        if os.fork() == 0:
            os.read(os.pipe()[0], 1)
        count += 1
except OSError:
    pass
print(count, flush=True)
os.kill(1, 9)
os._exit(0)
"""
    command = Sandbox(Bounds(processes=20)).command("/usr/bin/python3", "-Ic", program)
    if os.getuid() == 0:
        # root's processes are not counted.
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/")
    made = process.stdout.readline()
    process.kill()
    process.communicate()

    assert 0 < int(made) < 20


def test_polyglots():
    """A file that is two things is looked at as the one that its name and its start say, or not at all."""
    both = pdf() + package({"evil": "x"})
    assert same(look("a.pdf", both), look("a.pdf", pdf()))
    assert look("a.docx", both).reason == "mismatch"
    gif = b"GIF89a/*<script>alert(1)</script>*/"
    assert look("a.html", gif).reason == "mismatch"
    assert look("a.gif", gif).shown.pages == []


def test_bombs():
    """Bombs of pixels and of compression are not decoded: their sizes are read first."""
    for side in (65_535, 2**31 - 1):
        assert look("a.png", png(side, side, content=b"x")).reason == "too-many-pixels"
    header = struct.pack("<IHHIIiiHHIIiiII", 99, 0, 0, 54, 40, 65_000, 65_000, 1, 24, *[0] * 6)
    assert look("a.bmp", b"BM" + header).reason == "too-many-pixels"
    lying = BytesIO()
    with zipfile.ZipFile(lying, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("word/document.xml", bytes(1_000_000))
    huge = lying.getvalue().replace((1_000_000).to_bytes(4, "little"), (4_000_000_000).to_bytes(4, "little"))
    assert look("a.docx", huge).reason == "too-much-inside"
    assert (
        look("a.svg", svg('<rect width="1e9" height="1e9"/>').replace(b'"100"', b'"1000000000"')).shown.pages[0].width
        < 2000
    )


def test_drawings_read_no_files_and_run_no_script():
    """An SVG's script, references and entities are nothing: the page looks as it does without them."""
    plain = look("a.svg", svg("<text y='90'></text>"))
    entity = f'<!DOCTYPE svg [<!ENTITY x SYSTEM "{INSIDE}">]>'

    assert same(look("a.svg", svg("<script>document.documentElement.remove()</script>")), plain)
    for address in (INSIDE, "file:///etc/passwd", "http://127.0.0.1:1/x.svg", "/tmp/in.svg"):
        assert same(look("a.svg", svg(f'<image xlink:href="{address}" width="100" height="100"/>')), plain)
    view = look("a.svg", svg("<text y='90'>&x;</text>", entity))
    assert view.reason == "broken" or same(view, plain)


def test_office_files_read_no_files_and_run_no_macros():
    """Entities of an office file and macros bound to its opening change nothing on the page."""
    (plain,) = look("a.docx", docx("x")).shown.pages
    entity = f'<!DOCTYPE d [<!ENTITY x SYSTEM "{INSIDE}">]>'
    view = look("a.docx", docx("x&x;", entity))
    assert view.reason == "broken" or ink(view.shown.pages[0]) <= ink(plain)
    assert same(look("a.odt", odt(macro=True)), look("a.odt", odt(macro=False)))


def odt(*, macro):
    """A text (ODF 1.3) that on opening lets a macro write over it and into a file."""
    event = (
        '<office:scripts><office:event-listeners><script:event-listener script:language="ooo:script"'
        ' script:event-name="dom:load" xlink:type="simple"'
        ' xlink:href="vnd.sun.star.script:Standard.M.Main?language=Basic&amp;location=document"/>'
        "</office:event-listeners></office:scripts>"
    )
    names = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text", "script")
    )
    content = (
        f'<office:document-content{names} xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.3">'
        f"{event if macro else ''}<office:body><office:text><text:p>Voorbeeld</text:p></office:text></office:body>"
        "</office:document-content>"
    )
    basic = (
        '<script:module xmlns:script="http://openoffice.org/2000/script" script:name="M" script:language="StarBasic">'
        'Sub Main\nThisComponent.Text.String = "Macro Macro Macro Macro"\nEnd Sub</script:module>'
    )
    library = 'xmlns:library="http://openoffice.org/2000/library"'
    kinds = {
        "/": "application/vnd.oasis.opendocument.text", "content.xml": "text/xml", "Basic/script-lc.xml": "text/xml",
        "Basic/Standard/script-lb.xml": "text/xml", "Basic/Standard/M.xml": "text/xml",
    }  # fmt: skip
    entries = "".join(f'<m:file-entry m:full-path="{path}" m:media-type="{kind}"/>' for path, kind in kinds.items())
    return package({
        "mimetype": kinds["/"],
        "META-INF/manifest.xml": f'<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">{entries}</m:manifest>',
        "content.xml": content,
        "Basic/script-lc.xml": f'<library:libraries {library} xmlns:xlink="http://www.w3.org/1999/xlink">'
        '<library:library library:name="Standard" library:link="false"/></library:libraries>',
        "Basic/Standard/script-lb.xml": f'<library:library {library} library:name="Standard" library:readonly="false">'
        '<library:element library:name="M"/></library:library>',
        "Basic/Standard/M.xml": basic,
    })  # fmt: skip


def test_pdf_with_script_and_launch():
    """A PDF that wants to start a script or a program looks as it does without."""
    actions = (
        "/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>",
        "/OpenAction << /S /Launch /F (/usr/bin/touch) /Win << /F (cmd.exe) >> >>",
        "/AA << /WC << /S /URI /URI (http://127.0.0.1:1/) >> >>",
    )
    for action in actions:
        assert same(look("a.pdf", pdf(catalog=action)), look("a.pdf", pdf()))


@pytest.mark.parametrize(
    "tree",
    [
        "<< /Type /Pages /Kids [2 0 R] /Count 1000000000 >>",
        "<< /Type /Pages /Kids [4 0 R 2 0 R 4 0 R] /Count 999999999 >>",
    ],
)
def test_endless_pdf(tree):
    """A PDF without an end gives some pages or none, in bounded time."""
    start = time.monotonic()
    view = look("a.pdf", pdf(tree=tree), bounds=Bounds(seconds=8, processor=4))

    assert len(view.shown.pages) <= 200
    assert view.shown.pages or view.reason
    assert time.monotonic() - start < 15


def test_archives_with_ways_out():
    """Links and names that lead out of an archive lead nowhere: it is not unpacked for looking, and cleaned inside only."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("../../../../../../tmp/evil.txt", "evil")
        archive.writestr("a.txt", "x")
    content = made.getvalue()

    assert look("a.zip", content).reason == "archive"
    assert look("a.docx", content).shown.pages == []
    cleaned = Viewer().clean(ref_of("a.zip", content), lambda: iter([content]), copy=True)
    assert cleaned.copy is None or b"root:" not in cleaned.copy
    assert not Path("/tmp/evil.txt").exists()


def test_deep_and_wide_mail():
    """A message within messages without end, or of parts without number, is shown as far as it goes or refused."""
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(3000))
    wide = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\nContent-Type: image/png\r\n\r\nx\r\n" * 5000
    for message in (
        b"Subject: x\r\n" + deep,
        b"Subject: x\r\n" + wide,
        b"Subject: =?x?b?!!!?=\r\n\r\nx",
        b"From: " + b"<" * 99_999,
    ):
        view = look("a.eml", message, bounds=Bounds(seconds=20))
        assert view.shown.parts <= 200
        assert view.shown.pages or view.reason == "broken"
