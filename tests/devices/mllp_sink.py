"""A listener for tests: takes MLLP messages, keeps them, and answers as it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from stillhaven.devices import hl7, mllp

Say = Callable[
    [bytes, int], tuple[str, str] | None
]  # (message, how many came before) -> (code, reason), None = silence
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Sink:
    """What came in, in order; `say` decides each answer."""

    say: Say = lambda message, n: ("AA", "")
    got: list[bytes] = field(default_factory=list)
    port: int = 0
    connections: int = 0
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        decoder = mllp.Decoder()
        while data := await reader.read(1 << 16):
            for frame in decoder.feed(data):
                answer = self.say(frame.body, len(self.got))
                self.got.append(frame.body)
                if answer is None:
                    writer.close()
                    return
                header = hl7.header(frame.body.decode("latin-1"))
                ack = hl7.build_ack(header, answer[0], at=WHEN, own_id=f"S{len(self.got)}", reason=answer[1])
                writer.write(mllp.frame(ack))
                await writer.drain()
        writer.close()


@asynccontextmanager
async def listening(sink: Sink, port: int = 0) -> AsyncIterator[Sink]:
    """The sink on a port of its own, until the block ends."""
    server = await asyncio.start_server(sink.serve, "127.0.0.1", port)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
        for writer in sink._writers:
            writer.close()
        await asyncio.sleep(0)
