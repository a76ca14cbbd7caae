# SPDX-License-Identifier: EUPL-1.2
"""What must be in order before the form opens, and after (W-25, W-26): one check for each thing.

- `red` keeps a form shut that was never open, and is for monitoring afterwards; `attention` keeps nothing shut.
- Looks, and changes nothing. A text names the setting that it is about, and nothing that is secret.
- What follows from it is decided in meldkluis.intake.golive.
"""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from meldkluis.crypto.limits import MIB
from meldkluis.intake.config import FILE, Config
from meldkluis.mailbox import calendar, clock
from meldkluis.mailbox.desk import Desk
from meldkluis.mailbox.reporter_desk import RESERVE
from meldkluis.mailbox.terms import add_months

OK: Final = "ok"
ATTENTION: Final = "attention"
RED: Final = "red"

_OFFICERS: Final = 2
_DAY: Final = timedelta(days=1)
_HOUR: Final = 3600.0
_NEWEST_BACKUP: Final = 48 * _HOUR
_OLDEST_BACKUP_DAYS: Final = 35
_LONGEST_PAUSE: Final = timedelta(days=31)
_SECURITY_NOTICE: Final = timedelta(days=30)
_DPIA_MONTHS: Final = 36
_LIST_MONTHS: Final = 12
_HOLIDAYS_BY: Final = (10, 1)


@dataclass(frozen=True)
class Check:
    """What was found: `status` is OK, ATTENTION or RED, `text` one line for the administrator."""

    name: str
    status: str
    text: str


@dataclass(frozen=True)
class Patient:
    """What is looked at."""

    desk: Desk
    config: Config
    directory: Path
    today: date


Found = tuple[str, str]


def _officers(patient: Patient) -> Found:
    roster = patient.desk.public_keys(patient.today).roster
    officers = () if roster is None else roster.officers
    apart = [member for member in officers if not member.manager and not member.hr]
    if len(officers) < _OFFICERS:
        return RED, f"{len(officers)} in the roster that counts: there must be at least {_OFFICERS}"
    if not apart:
        return RED, "every officer in the roster is a manager or works in HR: at least one must be neither"
    return OK, f"{len(officers)} in the roster that counts, of whom {len(apart)} neither manager nor HR"


def _roster(patient: Patient) -> Found:
    keys = patient.desk.public_keys(patient.today)
    if keys.roster is None:
        return RED, "no roster counts yet: the officers sign it at their workstations"
    offering = {key.officer for key in keys.intake_keys}
    ready = sum(member.key in offering for member in keys.roster.officers)
    if not ready:
        return RED, "no officer offers an intake key today: a workstation announces one when it is opened"
    return OK, f"version {keys.roster.version} is signed; officers who offer a key today: {ready}"


def _done(name: str, day: date | None, today: date, months: int | None = None, late: Found = (OK, "")) -> Found:
    """Look at the day on which something was done; `late` is what to say when that is more than `months` ago."""
    if day is None:
        return RED, f"{name} is missing in {FILE}"
    if day > today:
        return RED, f"{name} in {FILE} is in the future: {day}"
    text = f"{name} is {day}"
    if months is not None and add_months(day, months) < today:
        return late[0], f"{text}: {late[1]}"
    return OK, text


def _procedure(patient: Patient) -> Found:
    procedure = patient.config.golive.procedure
    if procedure is None:
        return RED, f"golive.procedure is missing in {FILE}"
    return OK, f"golive.procedure is {procedure}"


def _works_council(patient: Patient) -> Found:
    return _done("golive.works_council", patient.config.golive.works_council, patient.today)


def _dpia(patient: Patient) -> Found:
    late = ATTENTION, f"more than {_DPIA_MONTHS} months ago"
    return _done("golive.dpia", patient.config.golive.dpia, patient.today, _DPIA_MONTHS, late)


def _archive(patient: Patient) -> Found:
    archive = patient.config.archive
    if archive is None:
        return RED, f'archive is missing in {FILE}: the archivist chooses "4.1.4" or "12.1.7"'
    return OK, f"archive is {archive}"


def _external_list(patient: Patient) -> Found:
    late = RED, f"check the list of places outside again, it is more than {_LIST_MONTHS} months ago"
    return _done("golive.external_list", patient.config.golive.external_list, patient.today, _LIST_MONTHS, late)


def _security_txt(patient: Patient) -> Found:
    security = patient.config.security
    if security.contact is None:
        return RED, f"security.contact is missing in {FILE}"
    if security.expires is None:
        return RED, f"security.expires is missing in {FILE}"
    if security.expires <= patient.today:
        return RED, f"security.expires in {FILE} is over: {security.expires}"
    if security.expires <= patient.today + _SECURITY_NOTICE:
        return ATTENTION, f"security.expires is soon: {security.expires}"
    return OK, f"security.expires is {security.expires}"


def _clock(patient: Patient) -> Found:
    days, today = patient.desk.store.days(), patient.today
    known = [day for day in (days.opened, days.ran, days.noticed) if day is not None]
    if known and max(known) > today:
        return RED, f"the clock says {today} and the database knows {max(known)} already: the clock is behind"
    if days.ran is not None and today - days.ran > _LONGEST_PAUSE:
        return (
            RED,
            f"the daily run is overdue: the last was on {days.ran}, {(today - days.ran).days} days ago by the clock",
        )
    if days.opened is not None and max(days.ran or days.opened, days.opened) < today - _DAY:
        return RED, f"the daily run is overdue: the last was {f'on {days.ran}' if days.ran else 'never'}"
    if clock.synchronised() is False:
        return ATTENTION, "the kernel's clock is not synchronised: run a time service"
    return OK, f"the clock says {today}"


def _disk(patient: Patient) -> Found:
    free = shutil.disk_usage(patient.directory).free
    text = f"{free // MIB} MiB are free"
    return (RED, f"{text}: there must be {2 * RESERVE // MIB}") if free < 2 * RESERVE else (OK, text)


def _backups(patient: Patient) -> Found:
    name = patient.config.backup.directory
    if name is None:
        return RED, f"backup.directory is missing in {FILE}"
    try:
        ages = list(_ages(patient.directory / name))
    except OSError:
        return RED, f"backup.directory cannot be read: {name}"
    if not ages:
        return RED, "backup.directory holds no backup"
    if min(ages) < -_HOUR:
        return RED, "backup.directory holds a file from the future: the clock is or was wrong"
    if min(ages) >= _NEWEST_BACKUP:
        return RED, f"the newest backup is {min(ages) / _HOUR:.0f} hours old: there must be one of the last 48 hours"
    days = max(ages) / (24 * _HOUR)
    if days > _OLDEST_BACKUP_DAYS:
        return RED, f"the oldest backup is {days:.0f} days old: none may be older than {_OLDEST_BACKUP_DAYS} days"
    return OK, f"the newest backup is {max(0.0, min(ages)) / _HOUR:.0f} hours old, the oldest {days:.0f} days"


def _ages(directory: Path) -> Iterator[float]:
    """Return how old the files in a directory are, in seconds; links are not followed."""
    for folder, _, names in os.walk(directory, onerror=_raise):
        for name in names:
            status = (Path(folder) / name).lstat()
            if stat.S_ISREG(status.st_mode):
                yield clock.seconds_since(status.st_mtime)


def _raise(error: OSError) -> None:
    raise error


def _holidays(patient: Patient) -> Found:
    year = patient.today.year + 1
    if year in calendar.COVERED:
        return OK, f"public holidays are known up to {calendar.COVERED[-1]}"
    status = RED if (patient.today.month, patient.today.day) >= _HOLIDAYS_BY else ATTENTION
    return status, f"public holidays of {year} are not known: a newer release of Meldkluis has them"


def _notices(patient: Patient) -> Found:
    notices = patient.config.notices
    if not notices.to:
        return ATTENTION, "notices.to is empty: nobody gets mail"
    if notices.urge and not set(notices.to) <= notices.officers.keys():
        return ATTENTION, "notices.urge is on, and notices.officers lacks the fingerprint for an address"
    return OK, f"addresses that get the daily mail: {len(notices.to)}"


def _cases(patient: Patient) -> Found:
    failed, store = patient.desk.store.days().failed, patient.desk.store
    if failed:
        return RED, f"cases that the last daily run could not read or write: {failed}"
    roster = patient.desk.public_keys(patient.today).roster
    members = frozenset() if roster is None else frozenset(member.key for member in roster.members)
    unserved = len(store.unserved(members))
    if unserved:
        return RED, f"cases that nobody in the roster is served: {unserved}; the daily run gives open ones to a deputy"
    return OK, "every case can be read and is served to somebody"


_CHECKS: Final[dict[str, Callable[[Patient], Found]]] = {
    "officers": _officers,
    "roster": _roster,
    "procedure": _procedure,
    "works_council": _works_council,
    "dpia": _dpia,
    "archive": _archive,
    "external_list": _external_list,
    "security_txt": _security_txt,
    "clock": _clock,
    "disk": _disk,
    "backups": _backups,
    "holidays": _holidays,
    "notices": _notices,
    "cases": _cases,
}


def examine(desk: Desk, config: Config, directory: Path, today: date) -> list[Check]:
    """Return what every check finds today."""
    patient = Patient(desk, config, directory, today)
    return [Check(name, *check(patient)) for name, check in _CHECKS.items()]
