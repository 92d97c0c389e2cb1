"""Did the gateway take this message, and what did it say?  The sending end of a monitor's line.

A monitor sends one message, waits for its answer, and only then sends the next; so does everything here that plays a
monitor.  An answer counts only if it names the message that was sent: an answer that comes late belongs to an earlier
message and is passed over.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from stillhaven.devices import hl7, mllp
from stillhaven.science.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back: AA or CA means taken, anything else refused with a reason; "" means no answer was asked for."""

    code: str
    reason: str = ""

    @property
    def taken(self) -> bool:
        return self.code in ("AA", "CA", "")


@dataclass
class Link:
    """One connection to a gateway, made when it is needed and made again after it broke.

    `send` raises OSError or TimeoutError where it is not known whether the message arrived.  The caller may then send
    the same bytes again: the gateway keeps them once.
    """

    host: str
    port: int
    timeout_s: float = 10.0
    connections: int = 0
    _reader: asyncio.StreamReader | None = None
    _writer: asyncio.StreamWriter | None = None
    _decoder: mllp.Decoder = field(default_factory=mllp.Decoder)

    async def send(self, message: bytes) -> Answer:
        """Send one message and wait for its answer, if it asks for one."""
        try:
            return await asyncio.wait_for(self._send(message), self.timeout_s)
        except (OSError, TimeoutError, asyncio.CancelledError):
            self.close()
            raise

    async def _send(self, message: bytes) -> Answer:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self.host, self.port)
            self._decoder = mllp.Decoder(max_frame=1 << 16)
            self.connections += 1
        self._writer.write(mllp.frame(message))
        await self._writer.drain()
        control_id, wanted = expects(message)
        if not wanted:
            return Answer(code="")
        while True:
            data = await self._reader.read(1 << 16)
            if not data:
                raise ConnectionError("the gateway closed the connection without an answer")
            for frame in self._decoder.feed(data):
                code, answered, reason = hl7.parse_ack(frame.body)
                if not code:
                    raise ConnectionError(f"the answer is not an acknowledgement: {reason}")
                if answered.strip() == control_id or not control_id or not answered.strip():
                    return Answer(code=code, reason=reason)

    def close(self) -> None:
        """Drop the connection; the next `send` makes a new one."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


def expects(message: bytes) -> tuple[str, bool]:
    """(control id, does the sender wait for an answer).  Unreadable bytes wait for one: the answer is a refusal.

    Only AL (always) and SU (on success) in MSH-15 or MSH-16 promise an answer to a good message; a message with
    neither field is of the original mode and is always answered.
    """
    try:
        header = hl7.header(message.decode("latin-1"))
    except hl7.NotHl7:
        return "", True
    asked = {header.accept, header.respond} - {""}
    return header.control_id.strip(), not asked or bool(asked & {"AL", "SU"})


def endpoint(text: str) -> tuple[str, int]:
    """HOST:PORT as people type it; BadInput otherwise.

    >>> endpoint("localhost:2575"), endpoint("[::1]:2575")
    (('localhost', 2575), ('::1', 2575))
    """
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise BadInput("to", f"{text!r} is not HOST:PORT, such as 127.0.0.1:2575")
    return host.strip("[]"), int(port)
