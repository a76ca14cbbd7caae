# SPDX-License-Identifier: EUPL-1.2
"""The daily mail: always there, always the same length, about nothing; sent to a real mail server on loopback."""

import email
import os
import re
import socket
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st
from smtp import WORD, Mail, Post, mail_server, make_certificate

from meldkluis.intake.config import Notices
from meldkluis.intake.errors import CommandError
from meldkluis.intake.notices import compose, due, send, unopened_for_two_working_days
from meldkluis.mailbox.calendar import is_working_day
from meldkluis.mailbox.errors import KeyFileError

ANNA, BRAM, CARLA = "anna@voorbeeld.example", "bram.de-wit@voorbeeld.example", "carla+post@elders.example"
NAME = "Gemeente Voorbeeld"
DAY = date(2026, 9, 28)
PASSWORD = "correct paard batterij"
NOTICES = Notices(to=(ANNA, BRAM, CARLA), sender="meldkluis@voorbeeld.example", hour=8, urge=True)
DAYS = st.dates(date(2020, 1, 1), date(2099, 12, 31))


@pytest.fixture
def post() -> Iterator[Post]:
    with mail_server(Post()) as post:
        yield post


def deliver(post: Post, directory: Path, *, urgent: bool = False, day: date = DAY, **changes: object) -> int:
    notices = replace(NOTICES, server=post.address, **changes)  # type: ignore[arg-type]
    return send(notices, directory, NAME, urgent=notices.to if urgent else (), day=day, pause=0)


def password_file(directory: Path, content: bytes = PASSWORD.encode() + b"\n", mode: int = 0o600) -> Path:
    path = directory / "smtp.password"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def read(mail: Mail) -> EmailMessage:
    return email.message_from_bytes(mail.data, policy=default)


def text_of(data: bytes) -> str:
    return email.message_from_bytes(data, policy=default).get_content()


def received(post: Post) -> list[str]:
    return [recipient for mail in post.mails for recipient in mail.recipients]


def silent_about_it(said: str) -> bool:
    """Tell whether a log or an error holds no address, no password and nothing that the server said."""
    return not any(word in said for word in ("@", "anna", "bram", "carla", "voorbeeld.example", "paard", WORD))


# What it says


def test_urgent_or_not_has_the_same_length_on_every_day():
    """Over two years, with every change of the clock and a leap day, no byte more or less tells anything."""
    days = [date(2027, 1, 1) + timedelta(days=count) for count in range(2 * 366)]
    sizes = {len(compose(NOTICES, NAME, ANNA, urgent=urgent, day=day)) for day in days for urgent in (False, True)}
    assert len(sizes) == 1


@given(
    name=st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1, max_size=200),
    local=st.text("abcxyz.-+=_", min_size=1, max_size=64),
    hour=st.integers(0, 23),
    days=st.tuples(DAYS, DAYS),
)
def test_the_length_depends_on_the_settings_only(name: str, local: str, hour: int, days: tuple[date, date]):
    """Whatever organisation, address and hour: urgent, calm and without `urge` are equally long, in short ASCII lines."""
    recipient = f"{local}@voorbeeld.example"
    mails = [
        compose(replace(NOTICES, hour=hour, urge=urge), name, recipient, urgent=urgent, day=day)
        for urge in (False, True)
        for urgent in (False, True)
        for day in days
    ]

    assert len({len(mail) for mail in mails}) == 1
    head, _, body = mails[0].partition(b"\r\n\r\n")
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert f"To: {recipient}".encode() in head.split(b"\r\n")
    for mail in mails:
        assert mail.isascii()
        assert b"\n" not in mail.replace(b"\r\n", b"")
        assert text_of(mail).splitlines()[0] == " ".join(name.split())


def test_what_changes_is_one_sentence_in_each_language():
    """Urgent and calm differ in one Dutch and one English sentence, and nowhere else but in the random identity."""
    calm, urgent = (
        compose(NOTICES, NAME, ANNA, urgent=urgent, day=DAY).decode().split("\r\n") for urgent in (False, True)
    )
    changed = [pair for pair in zip(calm, urgent, strict=True) if pair[0] != pair[1]]

    assert [len(old) for old, _ in changed] == [len(new) for _, new in changed]
    assert changed[0][0].startswith("Message-ID: ")
    assert [new for _, new in changed[1:]] == [
        "Open vandaag nog uw werkplek. Wacht niet tot morgen.",
        "Open your workstation today. Do not wait until tomorrow.",
    ]


def test_without_urge_the_mail_tells_nothing():
    """Where `urge` is off, urgent or not is the same text, and it says that it tells nothing."""
    notices = replace(NOTICES, urge=False)
    texts = {text_of(compose(notices, NAME, ANNA, urgent=urgent, day=DAY)) for urgent in (False, True)}

    assert len(texts) == 1
    assert "vertelt u dus niet of er iets nieuws is" in texts.pop()


def test_every_mail_reads_the_same():
    """Dutch before English; one subject; no link, no number, nothing that asks for an answer."""
    for urgent in (False, True):
        mail = email.message_from_bytes(compose(NOTICES, NAME, ANNA, urgent=urgent, day=DAY), policy=default)
        text = mail.get_content()

        assert mail["Subject"] == "Dagelijks bericht / Daily notice"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail.get_content_type() == "text/plain"
        assert text.index("Dit bericht komt elke dag") < text.index("This message comes every day")
        assert not re.search(r"\d|https?:|www\.|@", text)


def test_identities_are_random_and_of_one_length():
    """No two mails have the same Message-ID, and its domain is the sender's."""
    found = {
        re.search(rb"^Message-ID: <([0-9a-f]{32})@voorbeeld\.example>\r$", compose_one(), re.MULTILINE)
        for _ in range(50)
    }
    assert None not in found
    assert len({match[1] for match in found if match}) == 50


def compose_one() -> bytes:
    return compose(NOTICES, NAME, ANNA, urgent=False, day=DAY)


@pytest.mark.parametrize(
    ("day", "hour", "shown"),
    [
        (date(2026, 9, 7), 8, "Mon, 07 Sep 2026 08:00:00 +0200"),
        (date(2026, 12, 31), 0, "Thu, 31 Dec 2026 00:00:00 +0100"),
        (date(2026, 3, 29), 1, "Sun, 29 Mar 2026 01:00:00 +0100"),
        (date(2026, 3, 29), 2, "Sun, 29 Mar 2026 03:00:00 +0200"),
        (date(2026, 3, 29), 8, "Sun, 29 Mar 2026 08:00:00 +0200"),
        (date(2026, 10, 25), 2, "Sun, 25 Oct 2026 02:00:00 +0200"),
        (date(2026, 10, 25), 3, "Sun, 25 Oct 2026 03:00:00 +0100"),
    ],
)
def test_the_date_is_the_hour_of_the_settings(day: date, hour: int, shown: str):
    """A late mail shows the hour that was agreed; where the clock changes, one that exists."""
    mail = compose(replace(NOTICES, hour=hour), NAME, ANNA, urgent=False, day=day)
    assert f"Date: {shown}".encode() in mail.split(b"\r\n")


@pytest.mark.parametrize(
    "address",
    [
        "anna@voorbeeld.example\r\nBcc: eva@elders.example",
        "anna@voorbeeld.example\n",
        "anna@voorbeeld.example\r",
        "anna@voorbeeld.example, eva@elders.example",
        "Anna <anna@voorbeeld.example>",
        "anna@voorbeeld.example> SIZE=1",
        '"anna b"@voorbeeld.example',
        "änna@voorbeeld.example",
        "anna",
        "@voorbeeld.example",
        "anna@",
        "",
    ],
)
def test_what_is_no_address_reaches_no_header(address: str, post: Post, tmp_path: Path):
    """Line ends, second addresses and display names are refused before anything is sent, and are not repeated."""
    for changes in ({"to": (ANNA, address)}, {"sender": address}):
        with pytest.raises(CommandError) as caught:
            deliver(post, tmp_path, **changes)
        assert silent_about_it(str(caught.value))
        assert silent_about_it("".join(traceback.format_exception_only(caught.value)))
    assert post.connections == 0


def test_a_name_ends_no_header_and_adds_no_line():
    """An organisation's name stays one line of the body, whatever is in it."""
    mail = compose(NOTICES, "Gemeente\r\n\r\n.\r\nBcc: x@y.example", ANNA, urgent=False, day=DAY)
    assert text_of(mail).splitlines()[0] == "Gemeente . Bcc: x@y.example"


# How it is sent


@pytest.mark.parametrize("urgent", [False, True])
def test_each_gets_a_mail_of_their_own(post: Post, tmp_path: Path, urgent: bool):
    """Over one connection everybody gets one mail, without the addresses of the others."""
    assert deliver(post, tmp_path, urgent=urgent) == 0

    assert [mail.recipients for mail in post.mails] == [(ANNA,), (BRAM,), (CARLA,)]
    assert post.connections == 1
    for mail in post.mails:
        assert read(mail)["To"] == mail.recipients[0]
        assert not [other for other in (ANNA, BRAM, CARLA) if other != mail.recipients[0] and other in str(mail.raw)]
        assert ("Open vandaag nog" in read(mail).get_content()) is urgent


def test_the_line_carries_the_same_number_of_bytes(post: Post, tmp_path: Path):
    """What goes over the line is equally long, urgent or not, also on the days when the clock changes."""
    sizes = []
    for day in (DAY, date(2026, 1, 1), date(2026, 3, 29), date(2026, 10, 25), date(2028, 2, 29)):
        for urgent in (False, True):
            post.mails.clear()
            assert deliver(post, tmp_path, urgent=urgent, day=day) == 0
            sizes.append([len(mail.raw) for mail in post.mails])
    assert sizes == [sizes[0]] * 10


def test_the_machine_does_not_give_its_name(post: Post, tmp_path: Path):
    """The server greets with the sender's domain, and no line holds the machine's name or a program's."""
    deliver(post, tmp_path)

    assert post.greetings == ["voorbeeld.example"]
    for mail in post.mails:
        assert socket.gethostname().encode() not in mail.raw
        assert b"python" not in mail.raw.lower()


@pytest.mark.parametrize("fault", ["refuse", "later", "drop"])
@pytest.mark.parametrize(("times", "missed"), [(1, 0), (2, 0), (3, 1), (9, 1)])
def test_each_is_tried_three_times(post: Post, tmp_path: Path, fault: str, times: int, missed: int):
    """One who is refused is tried twice more; the others get their mail, once."""
    post.faults[BRAM] = [fault] * times

    assert deliver(post, tmp_path) == missed
    assert sorted(received(post)) == sorted({ANNA, BRAM, CARLA} - ({BRAM} if missed else set()))
    assert post.tried.count(BRAM) == min(times + 1, 3)
    assert post.tried.count(ANNA) == post.tried.count(CARLA) == 1


def test_a_refusal_does_not_cost_the_connection(post: Post, tmp_path: Path):
    """After a refused address the next is tried over the same connection."""
    post.faults[ANNA] = ["refuse"]
    assert deliver(post, tmp_path) == 0
    assert post.connections == 2


def test_a_mail_that_may_come_twice_is_the_same_mail(post: Post, tmp_path: Path):
    """When the answer gets lost the mail is sent again with the same identity."""
    post.faults[ANNA] = ["lose"]
    assert deliver(post, tmp_path) == 0

    first, second = (mail.raw for mail in post.mails if mail.recipients == (ANNA,))
    assert first == second


def test_without_a_server_nobody_gets_it(tmp_path: Path):
    """A server that is not there, or that turns everybody away, costs all mails and no exception."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    assert deliver(Post(address=address), tmp_path) == 3
    assert deliver(Post(address="geen.invalid:25"), tmp_path, to=(ANNA,)) == 1
    with mail_server(Post(closed=True)) as post:
        assert deliver(post, tmp_path) == 3
    assert post.connections == 3


def test_nobody_to_write_to_is_no_connection(post: Post, tmp_path: Path):
    """Without recipients nothing is done."""
    assert deliver(post, tmp_path, to=()) == 0
    assert post.connections == 0


@pytest.mark.parametrize("fault", ["refuse", "later", "drop", "lose"])
def test_logs_hold_no_address_and_no_word_of_the_server(
    post: Post, tmp_path: Path, fault: str, caplog: pytest.LogCaptureFixture
):
    """A log tells that something failed and of which kind, never for whom or what was answered."""
    post.faults = {address: [fault] * 9 for address in NOTICES.to}
    deliver(post, tmp_path)

    assert caplog.text
    assert silent_about_it(caplog.text)
    assert all(record.exc_info is None for record in caplog.records)


# Encryption and password


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_mail_and_password_go_encrypted(tmp_path: Path, tls: str, monkeypatch: pytest.MonkeyPatch):
    """With a certificate that the machine trusts, the server logs in and sends, encrypted."""
    context, trusted = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    password_file(tmp_path)
    with mail_server(Post(login=("meldkluis", PASSWORD), context=context, implicit=tls == "tls")) as post:
        assert deliver(post, tmp_path, tls=tls, user="meldkluis") == 0

    assert received(post) == list(NOTICES.to)
    assert all(mail.encrypted and mail.login == ("meldkluis", PASSWORD) for mail in post.mails)


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_an_unknown_certificate_is_refused(tmp_path: Path, tls: str, caplog: pytest.LogCaptureFixture):
    """A certificate that the machine does not trust gets neither mail nor password."""
    context, _ = make_certificate(tmp_path)
    password_file(tmp_path)
    with mail_server(Post(login=("meldkluis", PASSWORD), context=context, implicit=tls == "tls")) as post:
        assert deliver(post, tmp_path, tls=tls, user="meldkluis") == 3

    assert post.mails == []
    assert post.failed_logins == 0
    assert "SSLCertVerificationError" in caplog.text


def test_a_server_that_hides_its_encryption_gets_nothing(post: Post, tmp_path: Path):
    """STARTTLS that is not offered is no reason to send without."""
    assert deliver(post, tmp_path, tls="starttls") == 3
    assert post.tried == []


def test_a_wrong_password_is_not_told(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """A refused login costs all mails; no log holds the password, which the server repeats."""
    password_file(tmp_path, b"verkeerd paard")
    with mail_server(Post(login=("meldkluis", PASSWORD))) as post:
        assert deliver(post, tmp_path, user="meldkluis") == 3

    assert post.tried == []
    assert post.failed_logins
    assert "SMTPAuthenticationError" in caplog.text
    assert silent_about_it(caplog.text)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_a_password_that_others_can_reach_is_refused(post: Post, tmp_path: Path, mode: int):
    """Any right of group or others refuses the password, before anything is sent."""
    password_file(tmp_path, mode=mode)
    with pytest.raises(KeyFileError, match="0600"):
        deliver(post, tmp_path, user="meldkluis")
    assert post.connections == 0


@pytest.mark.parametrize("content", [b"", b"\n", b"twee\nregels\n", "päard".encode(), b"p\0aard", b"p" * 513])
def test_what_is_no_password_is_refused(post: Post, tmp_path: Path, content: bytes):
    """One line of printable ASCII is a password; an error about another does not hold it."""
    password_file(tmp_path, content)
    with pytest.raises(KeyFileError) as caught:
        deliver(post, tmp_path, user="meldkluis")

    told = "".join(traceback.format_exception_only(caught.value))
    assert "aard" not in told
    assert str(tmp_path) not in told


def test_what_is_no_plain_file_is_no_password(post: Post, tmp_path: Path):
    """A missing file, a link, a folder and a pipe are refused; without a user none is asked for."""
    path = tmp_path / "smtp.password"
    other = tmp_path / "other"
    other.write_bytes(b"paard")
    other.chmod(0o600)
    for make in (lambda: None, lambda: path.symlink_to(other), lambda: os.mkfifo(path, 0o600)):
        path.unlink(missing_ok=True)
        make()
        with pytest.raises(KeyFileError):
            deliver(post, tmp_path, user="meldkluis")
    path.unlink()
    path.mkdir(0o700)
    with pytest.raises(KeyFileError):
        deliver(post, tmp_path, user="meldkluis")
    assert deliver(post, tmp_path) == 0


def test_a_password_of_another_user_is_refused(post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Who runs the server owns the file."""
    owner = password_file(tmp_path).stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(KeyFileError, match="another user"):
        deliver(post, tmp_path, user="meldkluis")


# When


@pytest.mark.parametrize(
    ("unread", "first"),
    [
        ("2026-09-07", "2026-09-09"),  # Monday: Wednesday
        ("2026-09-10", "2026-09-14"),  # Thursday: Monday
        ("2026-09-11", "2026-09-15"),  # Friday: Tuesday
        ("2026-09-12", "2026-09-15"),  # Saturday: Tuesday
        ("2026-09-13", "2026-09-15"),  # Sunday: Tuesday
        ("2026-04-02", "2026-04-08"),  # before Good Friday: Tuesday and Wednesday after Easter
        ("2026-12-24", "2026-12-29"),  # Christmas on Friday and Saturday
        ("2026-12-31", "2027-01-05"),  # New Year's Day on Friday
        ("2026-05-13", "2026-05-19"),  # Ascension Day, and the Friday that a decree adds
    ],
)
def test_the_first_urgent_day(unread: str, first: str):
    """The second working day after the day of arrival is the first urgent one, and each later day is."""
    came, urgent = date.fromisoformat(unread), date.fromisoformat(first)
    told = [unopened_for_two_working_days(came, came + timedelta(days=count)) for count in range(20)]
    assert told.index(True) == (urgent - came).days
    assert all(told[told.index(True) :])


@given(unread=DAYS, wait=st.integers(-30, 60))
def test_two_working_days_are_counted_one_by_one(unread: date, wait: int):
    """The rule equals a count over all days after the arrival up to today."""
    today = unread + timedelta(days=wait)
    days = [unread + timedelta(days=count) for count in range(1, wait + 1)]
    assert unopened_for_two_working_days(unread, today) == (sum(map(is_working_day, days)) >= 2)


@given(today=DAYS)
def test_nothing_unopened_is_never_urgent(today: date):
    """Without unread messages there is nothing to open."""
    assert not unopened_for_two_working_days(None, today)


@pytest.mark.parametrize("start", [date(2026, 3, 27), date(2026, 10, 23), date(2026, 6, 1)])
@pytest.mark.parametrize("hour", [0, 2, 3, 8, 23])
def test_one_mail_a_day(start: date, hour: int):
    """Asked every ten minutes, also where the clock changes, each day has one mail, at the hour or the first after it."""
    zone = ZoneInfo("Europe/Amsterdam")
    moment = datetime(start.year, start.month, start.day, tzinfo=zone).timestamp()
    noticed: date | None = None
    sent = []
    while (now := datetime.fromtimestamp(moment, zone)).date() < start + timedelta(days=5):
        if due(hour, noticed, now.date(), now.hour):
            noticed = now.date()
            sent.append(now)
        moment += 600

    assert [now.date() for now in sent] == [start + timedelta(days=count) for count in range(5)]
    assert all(now.hour == hour or (hour, now.hour) == (2, 3) for now in sent)


def test_a_clock_set_back_sends_nothing_twice():
    """For a day that had its mail, or one before it, none is due."""
    assert not due(8, DAY, DAY, 23)
    assert not due(8, DAY, DAY - timedelta(days=1), 23)
    assert due(8, DAY, DAY + timedelta(days=1), 8)


def test_a_late_start_sends_the_mail_of_today():
    """A server that was off at the hour sends as soon as it is on, and never before the hour."""
    assert due(8, None, DAY, 23)
    assert due(8, DAY - timedelta(days=9), DAY, 8)
    assert not due(8, None, DAY, 7)
