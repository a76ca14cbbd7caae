# SPDX-License-Identifier: EUPL-1.2
"""A load generator that costs little: one thread, raw sockets, prepared requests.

It shares two cores with the server, so what it spends is missing from what it measures; it prints its own CPU time.
"""

import selectors
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_BLOCK: Final = 1 << 18
_WAIT: Final = 30.0


@dataclass
class Result:
    """Latencies in seconds of the answered requests, and what went wrong."""

    name: str
    clients: int
    latencies: list[float] = field(default_factory=list)
    failed: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    bytes_in: int = 0

    @property
    def rate(self) -> float:
        """Answered requests a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def quantile(self, share: float) -> float:
        """Latency in milliseconds below which this share of the answers came."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else float("nan")

    def line(self) -> str:
        """One row of the report."""
        return (
            f"{self.name:<42} {self.clients:>3} clients {self.rate:>8.0f}/s   p50 {self.quantile(0.5):>7.1f} ms"
            f"   p99 {self.quantile(0.99):>7.1f} ms"
            f"   failed {self.failed}   generator {self.cpu / self.seconds:>4.0%} CPU"
        )


class _Connection:
    """One keep-alive connection with at most one request under way."""

    def __init__(self, target: "Target") -> None:
        self.target = target
        self.socket = target.connect()
        self.out = memoryview(b"")
        self.answer = bytearray()
        self.started = 0.0

    def begin(self, request: bytes) -> None:
        self.out, self.answer, self.started = memoryview(request), bytearray(), time.perf_counter()

    def send(self) -> None:
        sent = self.socket.send(self.out[:_BLOCK])
        self.out = self.out[sent:]

    def receive(self) -> bool:
        """Take what came; true when the answer is whole."""
        data = self.socket.recv(_BLOCK)
        if not data:
            raise ConnectionError("closed by the server")
        self.answer += data
        end = self.answer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self.answer[:end]).lower()
        if b"\r\ntransfer-encoding: chunked" in head:
            return self.answer.endswith(b"0\r\n\r\n")
        place = head.find(b"\r\ncontent-length:")
        length = 0 if place < 0 else int(head[place + 17 :].split(b"\r\n", 1)[0])
        return len(self.answer) >= end + 4 + length

    @property
    def status(self) -> int:
        return int(self.answer[9:12])


@dataclass(frozen=True)
class Target:
    """Where the server listens: a unix socket's path, or port on 127.0.0.1."""

    address: Path | int

    def connect(self) -> socket.socket:
        """Return a connected, non-blocking socket."""
        if isinstance(self.address, int):
            made = socket.create_connection(("127.0.0.1", self.address), timeout=_WAIT)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        else:
            made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            made.connect(str(self.address))
        made.setblocking(False)  # noqa: FBT003 - the standard library's signature
        return made


def head(method: str, path: str, length: int, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """Return a request's head."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def run(  # noqa: C901 - one event loop
    name: str, target: Target, requests: Iterator[bytes], clients: int, expect: frozenset[int], seconds: float = 1e9
) -> Result:
    """Send the prepared requests over `clients` connections until they, or the seconds, are used up."""
    result = Result(name, clients)
    selector = selectors.DefaultSelector()
    cpu, began = time.process_time(), time.perf_counter()
    open_connections = 0

    def next_request(connection: _Connection) -> bool:
        request = next(requests, None) if time.perf_counter() - began < seconds else None
        if request is None:
            return False
        connection.begin(request)
        return True

    for _ in range(clients):
        connection = _Connection(target)
        if next_request(connection):
            selector.register(connection.socket, selectors.EVENT_WRITE, connection)
            open_connections += 1
    while open_connections:
        ready = selector.select(_WAIT)
        if not ready:
            result.failed += open_connections
            break
        for key, events in ready:
            connection = key.data
            try:
                if events & selectors.EVENT_WRITE:
                    connection.send()
                    if not connection.out:
                        selector.modify(connection.socket, selectors.EVENT_READ, connection)
                elif connection.receive():
                    result.latencies.append(time.perf_counter() - connection.started)
                    result.bytes_in += len(connection.answer)
                    result.failed += connection.status not in expect
                    if next_request(connection):
                        selector.modify(connection.socket, selectors.EVENT_WRITE, connection)
                    else:
                        selector.unregister(connection.socket)
                        connection.socket.close()
                        open_connections -= 1
            except (BlockingIOError, InterruptedError):
                continue
            except OSError:
                result.failed += 1
                selector.unregister(connection.socket)
                connection.socket.close()
                open_connections -= 1
    result.seconds = time.perf_counter() - began
    result.cpu = time.process_time() - cpu
    selector.close()
    return result
