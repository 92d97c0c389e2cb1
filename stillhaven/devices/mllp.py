"""Where does one message end and the next begin on the wire, whatever else a monitor's software writes there?

The minimal lower layer protocol puts a message between a start byte (VT) and an end (FS, then CR).  Real senders add
bytes before the start, forget the last CR, write several messages at once or one byte at a time.  All of that is read.
What is never done is to take a piece of a message for the whole: bytes that cannot be a whole message come out as
refused, with the reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

VT, FS, CR, LF = 0x0B, 0x1C, 0x0D, 0x0A
START, END = b"\x0b", b"\x1c\r"
MAX_FRAME_BYTES = 1 << 20
KEPT_OF_REFUSED = 64 << 10
_PADDING = b"\r\n\t \x00"


def frame(message: bytes) -> bytes:
    """A message as it goes over the wire.

    >>> frame(b"MSH|")
    b'\\x0bMSH|\\x1c\\r'
    """
    return START + message + END


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One message off the wire; `refused` says why its bytes cannot be one whole message ("" if they can).
    `answer` is false where nobody waits for one: the sender itself broke off and began again."""

    body: bytes
    refused: str = ""
    answer: bool = True


@dataclass
class Decoder:
    """Bytes in, frames out.  Never holds more than `max_frame` bytes.

    `feed` gives the frames that are certain.  Where the last byte is an FS, the CR that should follow decides whether
    the message is whole: `undecided` is then true, and `settle()` gives the message if no more bytes come.

    >>> decoder = Decoder()
    >>> [f.body for f in decoder.feed(b"noise" + frame(b"one") + frame(b"two"))]
    [b'one', b'two']
    """

    max_frame: int = MAX_FRAME_BYTES
    buffer: bytearray = field(default_factory=bytearray)
    inside: bool = False
    skipping: bool = False  # the frame was too large: nothing is kept until its end
    stray_bytes: int = 0
    undecided: bool = False
    _scan: int = 0

    @property
    def held(self) -> int:
        return len(self.buffer)

    def feed(self, data: bytes) -> list[Frame]:
        frames: list[Frame] = []
        self.buffer += data
        while self._step(frames):
            pass
        return frames

    def settle(self) -> list[Frame]:
        """No more bytes came after FS: the sender leaves out the last CR."""
        if not self.undecided:
            return []
        self.undecided = False
        return self._finish(self._scan, self._scan + 1)

    def _step(self, frames: list[Frame]) -> bool:
        """One step towards an empty buffer; false when more bytes are needed."""
        if self.undecided:
            return self._decide(frames)
        if not self.inside:
            return self._seek_start(frames)
        end = self.buffer.find(FS, self._scan)
        begin = self.buffer.find(VT, self._scan, end if end >= 0 else len(self.buffer))
        if begin >= 0:  # a new start inside a message: what came before was never finished
            body = bytes(self.buffer[:begin])
            if not self.skipping and body.strip(_PADDING):
                frames.append(Frame(body=body, refused="the message breaks off and another one begins", answer=False))
            del self.buffer[: begin + 1]
            self._scan, self.skipping = 0, False
            return True
        if end < 0:
            return self._bound(frames)
        if not self.skipping and end > self.max_frame:
            return self._bound(frames)
        self._scan, self.undecided = end, True
        return True

    def _decide(self, frames: list[Frame]) -> bool:
        """After FS: CR ends the message, a new start or nothing does so too, other text means that it was cut."""
        end = self._scan
        if len(self.buffer) <= end + 1:
            return False
        self.undecided = False
        following = self.buffer[end + 1]
        if following == CR:
            frames += self._finish(end, end + 2)
        elif following in (VT, FS, LF, 0x00, 0x20, 0x09):
            frames += self._finish(end, end + 1)
        else:
            body = bytes(self.buffer[:end][:KEPT_OF_REFUSED])
            del self.buffer[: end + 1]
            self.inside, self._scan = False, 0
            if not self.skipping:
                frames.append(Frame(body=body, refused="text follows the end mark: the message may have been cut"))
            self.skipping = False
        return True

    def _finish(self, end: int, used: int) -> list[Frame]:
        body = b"" if self.skipping else bytes(self.buffer[:end])
        was_skipping, self.skipping = self.skipping, False
        del self.buffer[:used]
        self.inside, self._scan = False, 0
        if was_skipping or not body.strip(_PADDING):
            return []
        return [Frame(body=body)]

    def _bound(self, frames: list[Frame]) -> bool:
        """No end in sight: keep the buffer within its bound."""
        self._scan = len(self.buffer)
        if self.skipping:
            self.buffer.clear()
            self._scan = 0
        elif len(self.buffer) > self.max_frame:
            body = bytes(self.buffer[:KEPT_OF_REFUSED])
            end = self.buffer.find(FS)
            del self.buffer[: end if end >= 0 else len(self.buffer)]
            self._scan, self.skipping = 0, True
            frames.append(Frame(body=body, refused=f"the message is longer than {self.max_frame} bytes"))
            return bool(self.buffer)
        return False

    def _seek_start(self, frames: list[Frame]) -> bool:
        """Outside a message: all up to the start byte is stray; a message that lacks only its start is refused."""
        begin, end = self.buffer.find(VT), self.buffer.find(FS)
        if end >= 0 and (begin < 0 or end < begin):
            body = bytes(self.buffer[:end])
            self.stray_bytes += end + 1
            del self.buffer[: end + 1]
            if b"MSH" in body:
                kept = body[:KEPT_OF_REFUSED]
                frames.append(Frame(body=kept, refused="the start byte of the message is missing"))
            return True
        if begin >= 0:
            self.stray_bytes += begin
            del self.buffer[: begin + 1]
            self.inside, self._scan = True, 0
            return True
        if len(self.buffer) > KEPT_OF_REFUSED or not self.buffer.strip(_PADDING):
            self.stray_bytes += len(self.buffer)
            self.buffer.clear()
        return False


async def send(
    host: str, port: int, messages: Iterable[bytes], *, timeout_s: float = 30.0
) -> AsyncIterator[tuple[bytes, bytes]]:
    """Play messages to a listener as a monitor does: one after another, each waiting for its answer.

    Yields (message, answer).  Raises OSError or TimeoutError when nobody is there or nobody answers.
    """
    reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port), timeout_s)
    decoder, ready = Decoder(max_frame=1 << 16), list[Frame]()
    try:
        for message in messages:
            writer.write(frame(message))
            await writer.drain()
            while not ready:
                data = await asyncio.wait_for(reader.read(1 << 16), timeout_s)
                if not data:
                    raise ConnectionError("the listener closed the connection without an answer")
                ready += decoder.feed(data)
            yield message, ready.pop(0).body
    finally:
        writer.close()


@dataclass
class Client:
    """A connection to a listener that stays open between messages: how a simulated monitor speaks.

    `deliver` waits for the answer, and connects (again) where needed; OSError and TimeoutError tell that it failed,
    and then the same message may be delivered again: the listener keeps it once.
    """

    host: str
    port: int
    timeout_s: float = 10.0
    _reader: asyncio.StreamReader | None = None
    _writer: asyncio.StreamWriter | None = None

    async def deliver(self, message: bytes) -> bytes:
        """The answer to one message."""
        try:
            return await asyncio.wait_for(self._deliver(message), self.timeout_s)
        except (OSError, TimeoutError):
            self.close()
            raise

    async def _deliver(self, message: bytes) -> bytes:
        if self._writer is None or self._reader is None:
            self._reader, self._writer = await asyncio.open_connection(self.host, self.port)
        self._writer.write(frame(message))
        await self._writer.drain()
        decoder = Decoder(max_frame=1 << 16)
        while True:
            data = await self._reader.read(1 << 16)
            if not data:
                raise ConnectionError("the listener closed the connection without an answer")
            if frames := decoder.feed(data):
                return frames[0].body

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
