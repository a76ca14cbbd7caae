# SPDX-License-Identifier: EUPL-1.2
"""A small SOCKS5 proxy (RFC 1928, RFC 1929) as tor's is for a client: it writes down what it was asked for."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_NONE, _PASSWORD, _NAME = 0, 2, 3


@dataclass
class Proxy:
    """A running proxy. `lead` says where a name leads; `refuse` is a reply code instead."""

    lead: Callable[[str, int], tuple[str, int]]
    refuse: int = 0
    port: int = 0
    asked: list[tuple[int, str, int]] = field(default_factory=list)
    """Address type, host and port of every request."""
    users: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"socks5h://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._serve(reader, writer)
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        version, count = await reader.readexactly(2)
        assert version == 5
        methods = await reader.readexactly(count)
        # As tor does: a name is taken where one is offered.
        method = _PASSWORD if _PASSWORD in methods else _NONE
        writer.write(bytes([5, method]))
        if method == _PASSWORD:
            _, length = await reader.readexactly(2)
            self.users.append((await reader.readexactly(length)).decode())
            await reader.readexactly((await reader.readexactly(1))[0])
            writer.write(b"\x01\x00")
        _, command, _, kind = await reader.readexactly(4)
        assert command == 1
        length = (await reader.readexactly(1))[0] if kind == _NAME else 4 if kind == 1 else 16
        host = (await reader.readexactly(length)).decode("ascii", "replace")
        port = int.from_bytes(await reader.readexactly(2))
        self.asked.append((kind, host, port))
        if self.refuse:
            writer.write(bytes([5, self.refuse, 0, 1]) + bytes(6))
            return
        there, out = await asyncio.open_connection(*self.lead(host, port))
        writer.write(bytes([5, 0, 0, 1]) + bytes(6))
        try:
            await asyncio.gather(_pass(reader, out), _pass(there, writer))
        finally:
            out.close()


async def _pass(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await source.read(65_536):
            sink.write(chunk)
            await sink.drain()
    sink.close()


@contextmanager
def socks_proxy(lead: Callable[[str, int], tuple[str, int]], refuse: int = 0) -> Iterator[Proxy]:
    """Run a proxy in a thread of its own."""
    proxy, loop = Proxy(lead, refuse), asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(proxy.serve, "127.0.0.1", 0))
    proxy.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    # Closed transports are let go of by the loop's next turns.
    for _ in range(3):
        await asyncio.sleep(0)
