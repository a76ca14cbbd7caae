# SPDX-License-Identifier: EUPL-1.2
"""A relay between browser and server that counts requests, and the bytes that the browser gets."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Counted:
    """What went through."""

    address: str
    requests: int = 0
    received: int = 0
    lines: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{self.address}"


def _pump(source: socket.socket, sink: socket.socket, count: Counted, *, upwards: bool) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            if upwards:
                # A request's first line is the only place where these letters stand before a line end.
                for line in data.split(b"\r\n"):
                    if line.endswith(b" HTTP/1.1"):
                        count.requests += 1
                        count.lines.append(line.decode("ascii", "replace"))
            else:
                count.received += len(data)
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
    # Each of the two pumps of a connection closes the end that it reads from.
    source.close()


@contextlib.contextmanager
def relay(site: str) -> Iterator[Counted]:
    """Listen on a free port and pass everything to HOST:PORT."""
    host, _, port = site.rpartition(":")
    listener = socket.create_server(("127.0.0.1", 0))
    pumps: list[threading.Thread] = []
    count = Counted(f"127.0.0.1:{listener.getsockname()[1]}")

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                browser, _ = listener.accept()
                server = socket.create_connection((host, int(port)))
                for pair in ((browser, server, True), (server, browser, False)):
                    source, sink, upwards = pair
                    pump = threading.Thread(
                        target=_pump, args=(source, sink, count), kwargs={"upwards": upwards}, daemon=True
                    )
                    pump.start()
                    pumps.append(pump)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield count
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for pump in pumps:
            pump.join(10)
