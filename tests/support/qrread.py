# SPDX-License-Identifier: EUPL-1.2
"""Reads a QR code from its squares, as a telephone does once it has found them (ISO/IEC 18004; versions 4 and 5, M).

Without error correction: what our pages draw is not smudged.
"""

import re

ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
DATA = {33: 64, 37: 86}
"""Bytes of data at level M, by modules a side; both versions have two blocks."""

MASKS = (
    lambda y, x: (y + x) % 2,
    lambda y, _: y % 2,
    lambda _, x: x % 3,
    lambda y, x: (y + x) % 3,
    lambda y, x: (y // 2 + x // 3) % 2,
    lambda y, x: y * x % 2 + y * x % 3,
    lambda y, x: (y * x % 2 + y * x % 3) % 2,
    lambda y, x: ((y + x) % 2 + y * x % 3) % 2,
)


def squares(page: str, margin: int = 4) -> list[list[int]]:
    """Return the modules of the QR code that a page draws."""
    (view,) = re.findall(r'<svg class="qr" viewBox="0 0 (\d+) \1"', page)
    (path,) = re.findall(r'<path d="([^"]+)"', page)
    size = int(view) - 2 * margin
    grid = [[0] * size for _ in range(size)]
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path):
        for number in range(int(width)):
            grid[int(y) - margin][int(x) - margin + number] = 1
    return grid


def read(grid: list[list[int]]) -> str:
    """Return the text."""
    size = len(grid)
    (mask,) = {_mask([grid[8][x] for x in (0, 1, 2, 3, 4)]), _mask([grid[size - 1 - y][8] for y in range(5)])}
    bits = [grid[y][x] ^ (not MASKS[mask](y, x)) for y, x in _walk(size)]
    words = [int("".join(map(str, map(int, bits[at : at + 8]))), 2) for at in range(0, DATA[size] * 8, 8)]
    return _text("".join(f"{word:08b}" for word in (*words[0::2], *words[1::2])))


def _mask(first: list[int]) -> int:
    # Level (2 bits, M is 00) and mask (3 bits), under the mask 10101 of all format information.
    value = int("".join(map(str, first)), 2) ^ 0b10101
    assert value >> 3 == 0, "level M"
    return value & 7


def _walk(size: int) -> list[tuple[int, int]]:
    places, up = [], True
    for right in (x for x in range(size - 1, 0, -2)):
        column = right if right > 6 else right - 1
        for y in range(size - 1, -1, -1) if up else range(size):
            places += [(y, x) for x in (column, column - 1) if not _fixed(y, x, size)]
        up = not up
    return places


def _fixed(y: int, x: int, size: int) -> bool:
    corner = (y < 9 and (x < 9 or x >= size - 8)) or (y >= size - 8 and x < 9)
    return corner or 6 in {y, x} or (abs(y - size + 7) <= 2 and abs(x - size + 7) <= 2)


def _text(bits: str) -> str:
    mode = int(bits[:4], 2)
    if mode == 4:
        count = int(bits[4:12], 2)
        return bytes(int(bits[12 + 8 * at : 20 + 8 * at], 2) for at in range(count)).decode()
    assert mode == 2
    count, at, text = int(bits[4:13], 2), 13, ""
    while len(text) + 1 < count:
        value, at = int(bits[at : at + 11], 2), at + 11
        text += ALPHANUMERIC[value // 45] + ALPHANUMERIC[value % 45]
    return text + (ALPHANUMERIC[int(bits[at : at + 6], 2)] if count % 2 else "")
