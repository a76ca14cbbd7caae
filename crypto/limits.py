# SPDX-License-Identifier: EUPL-1.2
"""Every size that both sides check, with its reason.

Server and workstation read the same numbers, so that nothing is accepted by the one and refused by the other.
"""

from dataclasses import dataclass
from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

TEXT_CLASSES: Final = (4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB)
"""Padded sizes of a text in bytes: four classes hide the length and keep a short message small."""

ATTACHMENT_FLOOR: Final = 16 * KIB
"""Smallest padded attachment: small files look alike."""

PART: Final = MIB
"""Ciphertext bytes in one uploaded part: small enough to send again, large enough to be few."""

HEADER: Final = 64 * KIB
"""Largest age header: 32 post-quantum stanzas take 53 KiB."""

STANZAS: Final = 32
"""Most stanzas in a header, so that a hostile file cannot make a reader try keys for minutes."""

SLOTS: Final = (4, 8, 16)
"""Numbers of stanzas in a reporter's message: the roster's size, rounded up."""

MEMBERS: Final = 16
"""Most officers and deputies in a roster; the largest of SLOTS."""

ATTACHMENT_NAME: Final = 1000
"""Characters in an attachment's name; hostile names are kept as evidence and cleaned where they are shown."""

SHORT_TEXT: Final = 4000
"""Characters in `about`, `name` and `contact`: a line or a paragraph each."""

MEETING_SLOTS: Final = 6
"""Most moments that one question for a meeting offers: a choice that a person can oversee."""

MEETING_SLOT: Final = 100
"""Characters in one of them: a day, an hour and a place."""

INTAKE_OFFERED_DAYS: Final = 30
"""Days that an intake key is given to reporters, its first day included."""

INTAKE_ACCEPTED_DAYS: Final = 90
"""Days that a message to an intake key is accepted: a bundle made at home may travel for two months."""


@dataclass(frozen=True)
class Limits:
    """What one organisation accepts. Sizes are bytes of content as the reporter counts them."""

    document: int = 256 * KIB
    attachments: int = 20
    attachment: int = 100_000_000
    report: int = 250_000_000
    messages: int = 500
