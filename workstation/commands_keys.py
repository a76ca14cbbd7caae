# SPDX-License-Identifier: EUPL-1.2
"""The commands `backup` and `restore`, and what `init` says of the recovery sheet.

- The recovery secret comes from a prompt or from a file that only its owner can read, and is printed by `init` only.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from meldkluis.mailbox.clock import today
from meldkluis.workstation import backup, passphrase as passphrases, recovery
from meldkluis.workstation.display import one_line
from meldkluis.workstation.errors import VaultError
from meldkluis.workstation.keyring import Keyring
from meldkluis.workstation.making import holds_vault
from meldkluis.workstation.vault import require_demo


def add_parsers(commands: Any, common: Sequence[argparse.ArgumentParser]) -> None:
    """Add both commands."""
    save = commands.add_parser("backup", parents=common, help="write an encrypted backup that the recovery sheet opens")
    save.add_argument("-o", "--output", type=Path, required=True, help="the file; an older backup there is replaced")
    back = commands.add_parser("restore", parents=common, help="make a vault of a backup")
    back.add_argument("file", metavar="FILE", type=Path, help="the backup")
    back.add_argument(
        "--recovery-file", type=Path, help="a file of mode 0600 with the recovery secret, or a pipe as /dev/fd/4"
    )


def save(keyring: Keyring, output: Path) -> tuple[dict[str, Any], list[str]]:
    """Write a backup of an open vault."""
    if keyring.vault.fact("recovery") is None:
        raise VaultError("this vault has no recovery sheet yet: make one on its page for backups")
    size = backup.write_file(keyring, output, today())
    facts = {"output": str(output), "bytes": size, "day": today().isoformat()}
    return facts, [
        f"Backup:  {output}",
        f"Keep it apart from this computer and from the recovery sheet, and {backup.KEPT_DAYS} days at most.",
    ]


def ask_recovery(file: Path | None) -> str:
    """Return the recovery secret from file or prompt; RestoreError for a slip."""
    typed = passphrases.prompt("Recovery secret, from the sheet: ") if file is None else passphrases.from_file(file)
    return recovery.read(typed)


def looked_at(arguments: argparse.Namespace) -> tuple[str, backup.BackupHead]:
    """Return the recovery secret and what the backup says of itself, before a passphrase is asked."""
    if holds_vault(arguments.directory):
        raise VaultError("there is a vault in this directory already")
    secret = ask_recovery(arguments.recovery_file)
    head = backup.look(arguments.file, secret)
    require_demo(head.organisation, demo=arguments.demo)
    return secret, head


def restore(
    arguments: argparse.Namespace, secret: str, head: backup.BackupHead, passphrase: str
) -> tuple[dict[str, Any], list[str]]:
    """Make the vault."""
    backup.restore(arguments.file, secret, arguments.directory, passphrase, expected=head)
    facts = {
        "directory": str(arguments.directory), "organisation": head.organisation, "fingerprint": head.fingerprint,
        "day": head.day.isoformat(),
    }  # fmt: skip
    return facts, [
        f"Vault:        {arguments.directory}",
        f"Officer:      {one_line(head.name)}, {head.organisation}",
        f"Fingerprint:  {head.fingerprint}",
        f"Backup of:    {head.day.isoformat()}",
        "",
        "Fetch now (`pull`, or the local pages): what happened after the backup comes from the server.",
    ]


def sheet(secret: str) -> list[str]:
    """Return the recovery secret as lines of a sheet."""
    groups = recovery.groups(secret)
    return [
        "",
        "Your recovery secret, shown this once. It opens backups, and nothing else does. Write it on paper, seal it,",
        "and keep it apart from this computer and from the backups; never with the administrator:",
        "",
        f"    {recovery.PREFIX}",
        f"    {' '.join(groups[:5])}",
        f"    {' '.join(groups[5:])}",
    ]
