# SPDX-License-Identifier: EUPL-1.2
"""The daily e-mail to officers: every day at one hour, news or none, always the same number of bytes.

- Nothing in it is about a case: no number, no count, no link. With `urge` one sentence changes for another of the same
  length, so that whoever sees only encrypted traffic learns nothing; whoever can read the mail learns that sentence.
- The `Date` is the hour of the settings on that day, whenever the mail is really sent.
- Each recipient gets a mail of their own. No error and no log line holds an address, a password or a server's words.
- Dutch and English stand here, not in the catalogues: a better translation must not change the length unseen.

`send` blocks and is called in a thread. The clock is not read here.
"""

import contextlib
import logging
import secrets
import smtplib
import ssl
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from time import sleep
from typing import Final

from meldkluis.intake import settings
from meldkluis.intake.config import Notices
from meldkluis.intake.errors import CommandError
from meldkluis.mailbox import keyfile
from meldkluis.mailbox.calendar import is_working_day
from meldkluis.mailbox.clock import ZONE
from meldkluis.mailbox.errors import KeyFileError

PASSWORD_FILE: Final = "smtp.password"  # noqa: S105 - a name
_SUBJECT: Final = "Dagelijks bericht / Daily notice"
_TIMEOUT: Final = 30.0
_TRIES: Final = 3
_BETWEEN_ROUNDS: Final = 10.0
_LONGEST_PASSWORD: Final = 512
_ENOUGH: Final = 2
# Quoted-printable ends lines at 76 (RFC 2045, 6.7); headers are not folded at all.
_BODY_POLICY: Final = SMTP.clone(max_line_length=76)
_UNFOLDED: Final = SMTP.clone(max_line_length=0)
_LOG: Final = logging.getLogger("meldkluis")

# Dutch and English; in each language all three have the same number of bytes.
_SILENT: Final = (
    "Dit bericht vertelt u dus niet of er iets nieuws is.",
    "This message does not say whether there is anything new.",
)
_CALM: Final = (
    "U hoeft vandaag niet extra op uw werkplek te kijken.",
    "You do not need an extra look at your workstation today.",
)
_URGENT: Final = (
    "Open vandaag nog uw werkplek. Wacht niet tot morgen.",
    "Open your workstation today. Do not wait until tomorrow.",
)
_BODY: Final = """\
{name}

(English below.)

Dit bericht komt elke dag op hetzelfde uur, ook als er niets nieuws is.
Het is altijd even lang. Er staat nooit iets in over een melding.
{dutch}

Open uw werkplek minstens twee keer per week, op vaste dagen.
In dit bericht staat nooit een link of een bijlage. Ziet u er toch een?
Open die dan niet, en waarschuw uw beheerder.
Antwoord niet op dit bericht. Schrijf nooit in een e-mail over een melding.

--

This message comes every day at the same hour, also when nothing is new.
It always has the same length. It never says anything about a report.
{english}

Open your workstation at least twice a week, on fixed days.
There is never a link or an attachment in this message. Do you see one?
Do not open it, and warn your administrator.
Do not answer this message. Never write about a report in an e-mail.
"""


def due(hour: int, noticed: date | None, now_day: date, now_hour: int) -> bool:
    """Tell whether the mail of `now_day` is to be sent: its hour has come, and neither it nor a later one was sent."""
    return now_hour >= hour and (noticed is None or noticed < now_day)


def unopened_for_two_working_days(unread: date | None, today: date) -> bool:
    """Tell whether at least two working days `d` have `unread < d <= today`; `unread` is the oldest unopened's day.

    Today counts: of what came in on Friday, Saturday or Sunday, Tuesday says so, in a week without holidays.
    """
    if unread is None:
        return False
    worked, day = 0, unread
    while worked < _ENOUGH and day < today:
        day += timedelta(days=1)
        worked += is_working_day(day)
    return worked >= _ENOUGH


def compose(notices: Notices, name: str, recipient: str, *, urgent: bool, day: date) -> bytes:
    """Return the mail of `day` to one recipient from the organisation called `name`, with CRLF line ends.

    Its length depends on sender, recipient and name only. CommandError for what is no plain e-mail address.
    """
    try:
        # Once more, as addresses go into headers and commands: no space, no line end, nothing that separates.
        settings.mails((notices.sender, recipient))
    except ValueError:
        raise CommandError("notices: an address is not a plain e-mail address") from None
    dutch, english = (_URGENT if urgent else _CALM) if notices.urge else _SILENT
    message = EmailMessage(policy=_BODY_POLICY)
    # Quoted-printable: one character changes the length of no other, and the text stays readable for filters.
    text = _BODY.format(name=" ".join(name.split()), dutch=dutch, english=english)
    message.set_content(text, cte="quoted-printable")
    message["From"] = notices.sender
    message["To"] = recipient
    message["Subject"] = _SUBJECT
    message["Date"] = format_datetime(_moment(day, notices.hour))
    message["Message-ID"] = f"<{secrets.token_hex(16)}@{_domain(notices.sender)}>"
    # No automatic answer (RFC 3834; the second line is for Exchange): absences are nobody's business either.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    return message.as_bytes(policy=_UNFOLDED)


def send(
    notices: Notices, directory: Path, name: str, *, urgent: Collection[str], day: date, pause: float = _BETWEEN_ROUNDS
) -> int:
    """Send the mail of `day` to everybody and return how many did not get it after three tries, `pause` s apart.

    `urgent` are the addresses whose officer has something unopened.

    One connection serves all as long as it holds. A mail whose acceptance got lost is sent again with the same
    Message-ID. KeyFileError and CommandError come before anything is sent, when settings or password cannot be used.
    """
    mails = [(to, compose(notices, name, to, urgent=to in urgent, day=day)) for to in notices.to]
    password = _password(directory) if notices.user else ""
    for attempt in range(_TRIES):
        if mails and attempt:
            sleep(pause)
        if mails:
            mails = _round(notices, password, mails)
    return len(mails)


def _round(notices: Notices, password: str, mails: Iterable[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Try each mail once and return those that were not taken; without a connection none is tried."""
    left: list[tuple[str, bytes]] = []
    waiting = list(mails)
    client: smtplib.SMTP | None = None
    while waiting:
        try:
            client = client or _connect(notices, password)
        except (OSError, ValueError) as error:
            _LOG.warning("mail server not usable: %s", type(error).__name__)
            return left + waiting
        mail = waiting.pop(0)
        try:
            client.sendmail(notices.sender, [mail[0]], mail[1])
        except (OSError, ValueError) as error:
            _LOG.warning("a notice was not taken: %s", type(error).__name__)
            left.append(mail)
            # After a refused address the dialogue is where it was; after anything else nobody knows.
            if not isinstance(error, smtplib.SMTPRecipientsRefused) or client.sock is None:
                client.close()
                client = None
    if client is not None:
        with contextlib.suppress(OSError, ValueError):
            client.quit()
        client.close()
    return left


def _connect(notices: Notices, password: str) -> smtplib.SMTP:
    """Return a connection that may send: encrypted as the settings say, never less. OSError, ValueError."""
    name, _, digits = notices.server.rpartition(":")
    host, port = name.strip("[]"), int(digits)
    # The sender's domain is our name: the machine's own would tell more, and asking for it takes a look-up.
    own = _domain(notices.sender)
    if notices.tls == "tls":
        trust = ssl.create_default_context()
        client: smtplib.SMTP = smtplib.SMTP_SSL(host, port, own, timeout=_TIMEOUT, context=trust)
    else:
        client = smtplib.SMTP(host, port, own, timeout=_TIMEOUT)
    try:
        if notices.tls == "starttls":
            client.starttls(context=ssl.create_default_context())
        if notices.user:
            client.login(notices.user, password)
    except BaseException:
        client.close()
        raise
    return client


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _moment(day: date, hour: int) -> datetime:
    """Return that hour in Amsterdam; a skipped one is the hour after it, of one that comes twice it is the first."""
    return datetime.combine(day, time(hour), ZONE).astimezone(UTC).astimezone(ZONE)


def _password(directory: Path) -> str:
    """Return the mail server's password: one line of ASCII in a file that nobody else can read; KeyFileError."""
    line = keyfile.read_private(directory, PASSWORD_FILE, _LONGEST_PASSWORD + 1)
    # smtplib knows ASCII only, and its error about anything else would hold the password.
    password = line.removesuffix(b"\n").removesuffix(b"\r").decode("ascii", "replace")
    if len(line) > _LONGEST_PASSWORD or not password or not (password.isascii() and password.isprintable()):
        raise KeyFileError(f"{PASSWORD_FILE} is not one line of printable ASCII")
    return password
