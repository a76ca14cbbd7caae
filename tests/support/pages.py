# SPDX-License-Identifier: EUPL-1.2
"""Every byte of a SQLCipher database and of its WAL, decrypted page by page, erased rows and free pages included.

SQLCipher 4 with a raw key: AES-256-CBC; at the end of each page its IV (16 bytes) and HMAC-SHA256 (32); page 1 begins
with the salt (16). A WAL has a head of 32 bytes, and 24 before each page.
"""

from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAGE = 8192
RESERVED = 48
SALT = 16


def decrypted(path: Path, key: bytes) -> bytes:
    """Return all pages of database and WAL, joined."""
    database = path.read_bytes()
    starts = range(0, len(database), PAGE)
    pages = [_page(database[start : start + PAGE], key, first=start == 0) for start in starts]
    log = path.with_name(path.name + "-wal")
    frames = log.read_bytes() if log.exists() else b""
    for start in range(32, len(frames) - PAGE, PAGE + 24):
        number = int.from_bytes(frames[start : start + 4], "big")
        pages.append(_page(frames[start + 24 : start + 24 + PAGE], key, first=number == 1))
    return b"".join(pages)


def _page(page: bytes, key: bytes, *, first: bool) -> bytes:
    iv = page[PAGE - RESERVED : PAGE - RESERVED + 16]
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    return decryptor.update(page[SALT if first else 0 : PAGE - RESERVED]) + decryptor.finalize()
