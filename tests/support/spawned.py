# SPDX-License-Identifier: EUPL-1.2
"""Real processes of a test, each with a pipe; they can be killed at any moment."""

import multiprocessing
import os
import signal
from collections.abc import Iterator

SPAWN = multiprocessing.get_context("spawn")


class Worker:
    """A spawned process with a pipe."""

    def __init__(self, target: object, *args: object) -> None:
        self.pipe, theirs = SPAWN.Pipe()
        self.process = SPAWN.Process(target=target, args=(*args, theirs))
        self.process.start()
        theirs.close()
        assert self.pipe.recv() == "ready"

    def go(self) -> None:
        self.pipe.send("go")

    def told(self) -> Iterator[tuple]:
        """What the process tells, until it is done or dead."""
        while True:
            try:
                message = self.pipe.recv()
            except (EOFError, ConnectionResetError):
                return
            if message == "done":
                self.process.join(20)
                return
            yield message

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join(20)
