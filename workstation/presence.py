# SPDX-License-Identifier: EUPL-1.2
"""Whether the officer is there: requests in progress, and the time since the last one.

- Seconds come from a clock that is a parameter; the real one goes on while the machine sleeps.
- Nobody is away in the middle of a request, and every piece of a download that the browser takes counts as a sign.
- A thread that looks again and again, so that an absence is noticed when no request comes.
- Does not: blank the screen. A page that is open stays on it; that is for the desktop's own lock.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

LOOKS_EVERY: Final = 5.0
"""Seconds between two looks."""

_MINUTE: Final = 60.0


def since_boot() -> float:
    """Return seconds since the machine started, its sleep included (clock_gettime(2), CLOCK_BOOTTIME)."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class Presence:
    """The officer's presence. `clock` gives seconds and only goes forward; `minutes` without a sign mean away."""

    def __init__(self, clock: Callable[[], float] = since_boot, minutes: int = 15) -> None:
        self._clock: Final = clock
        self._lock: Final = threading.Lock()
        self._busy = 0
        self._last = clock()
        self.minutes = minutes

    def seen(self) -> None:
        """Note a sign of the officer."""
        with self._lock:
            self._last = self._clock()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Nobody is away while this lasts; it begins and ends with a sign."""
        with self._lock:
            self._busy += 1
            self._last = self._clock()
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1
                self._last = self._clock()

    @contextmanager
    def away(self) -> Iterator[bool]:
        """Whether the officer is away. That cannot change inside: a request that comes now waits at `busy`."""
        with self._lock:
            yield self._busy == 0 and self._clock() - self._last >= self.minutes * _MINUTE


def look_often(look: Callable[[], object], every: float = LOOKS_EVERY) -> Callable[[], None]:
    """Call `look` every so many seconds in a thread of its own; what is returned ends that."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(every):
            look()

    threading.Thread(target=run, name="presence", daemon=True).start()
    return ended.set
