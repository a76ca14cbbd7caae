# SPDX-License-Identifier: EUPL-1.2
"""The form stream: whole or refused, in any pieces."""

import pytest
from hypothesis import given, strategies as st

from meldkluis.intake.multipart import Begin, Data, End, Event, FormStream, MultipartError, boundary_of

BOUNDARY = b"----grens"


def body(*parts: tuple[str, bytes]) -> bytes:
    pieces = [
        b"--" + BOUNDARY + b"\r\n" + head.encode("utf-8") + b"\r\n\r\n" + content + b"\r\n" for head, content in parts
    ]
    return b"".join(pieces) + b"--" + BOUNDARY + b"--\r\n"


def named(name: str, content: bytes, filename: str | None = None) -> tuple[str, bytes]:
    tail = "" if filename is None else f'; filename="{filename}"\r\nContent-Type: application/octet-stream'
    return f'Content-Disposition: form-data; name="{name}"{tail}', content


def read(data: bytes, step: int = 1 << 20) -> list[tuple[str, str | None, bytes]]:
    stream = FormStream(BOUNDARY)
    events: list[Event] = []
    for start in range(0, len(data), step):
        events += stream.feed(data[start : start + step])
    stream.finish()
    found: list[tuple[str, str | None, bytes]] = []
    for event in events:
        if isinstance(event, Begin):
            found.append((event.name, event.filename, b""))
        elif isinstance(event, Data):
            name, filename, content = found[-1]
            found[-1] = (name, filename, content + event.data)
        else:
            assert isinstance(event, End)
    return found


@given(
    contents=st.lists(st.binary(max_size=300) | st.sampled_from([b"\r\n--", b"\r\n------gren", b"--" + BOUNDARY])),
    step=st.integers(1, 50),
)
def test_any_pieces(contents, step):
    """Parts come out as they went in, however the body is cut."""
    contents = [item for item in contents if b"\r\n--" + BOUNDARY not in b"\r\n" + item + b"\r\n"] or [b"x"]
    data = body(*(named(f"f{index}", item, "naam") for index, item in enumerate(contents)))

    assert [(f"f{index}", "naam", item) for index, item in enumerate(contents)] == read(data, step)


@given(cut=st.integers(1, 200))
def test_cut_off(cut):
    """A body that stops in the middle is an error."""
    data = body(named("text", b"x" * 100), named("file", b"y" * 100, "a.txt"))
    data = data[: max(0, len(data) - 2 - cut)]

    with pytest.raises(MultipartError):
        read(data)


@given(data=st.binary(max_size=400))
def test_garbage(data):
    """Bytes that are no form give MultipartError and nothing else."""
    with pytest.raises(MultipartError):
        read(data)


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("../../etc/passwd\0.txt", "../../etc/passwd\0.txt"),
        ("n%22aam.pdf", 'n"aam.pdf'),
        ('n\\"aam.pdf', 'n"aam.pdf'),
        ("a\\", "a\\"),
        ("x" * 4000, "x" * 4000),
        ("\u202egpj.exe", "\u202egpj.exe"),
        ("met; punt=komma.txt", "met; punt=komma.txt"),
        ("", ""),
    ],
)
def test_hostile_names(sent, meant):
    """A file's name comes through as it is, so that it can be judged by name."""
    assert [("file", meant, b"x")] == read(body(named("file", b"x", sent)))


@pytest.mark.parametrize(
    "head",
    [
        "Content-Type: text/plain",
        'Content-Disposition: attachment; name="x"',
        'Content-Disposition: form-data; name="x"\r\nContent-Disposition: form-data; name="y"',
        "Content-Disposition: form-data",
    ],
)
def test_part_without_a_name(head):
    """A part that names no field, or two, is refused."""
    with pytest.raises(MultipartError):
        read(body((head, b"x")))


@pytest.mark.parametrize(
    ("header", "boundary"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('Multipart/Form-Data; charset=utf-8; boundary="a b c"'.replace(" b ", "-b-"), b"a-b-c"),
        (
            "multipart/form-data;boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
            b"----WebKitFormBoundary7MA4YWxkTrZu0gW",
        ),
    ],
)
def test_boundary(header, boundary):
    """The boundary is found as browsers write it."""
    assert boundary == boundary_of(header)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=é",
        "multipart/form-data; boundary=" + "x" * 71,
    ],
)
def test_no_boundary(header):
    """Without a usable boundary there is no form."""
    with pytest.raises(MultipartError):
        boundary_of(header)
