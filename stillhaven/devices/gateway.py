"""Can a monitor rely on what we acknowledged?

The listener: bytes in over MLLP, readings by the rules of `messages.py`, a record in the spool, a flush, and only then
the acknowledgement.  Whatever arrives in one turn of the loop is flushed together, so that many monitors share the
price of one flush.  A monitor that sends rubbish, or holds its connection for nothing, costs a bounded amount of
memory and disk and nobody else's place.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from stillhaven.devices import hl7, mllp, times
from stillhaven.devices.hl7 import Header
from stillhaven.devices.messages import Cuff, Message, Outcome, Reader, Rejected, encode, split_batch
from stillhaven.devices.sender import Sender
from stillhaven.devices.spool import MAX_PAYLOAD, REJECTED, New, Record, Spool

log = logging.getLogger("stillhaven.gateway")

SETTLE_FRAME_S = 0.1  # how long a message whose last byte is FS may wait for the CR that should follow
RECENT_UIDS = 50_000


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one gateway lets the network cost it."""

    frame_bytes: int = mllp.MAX_FRAME_BYTES
    connections: int = 256
    held_bytes: int = 64 << 20  # of unfinished messages, over all connections
    unanswered: int = 1000  # messages of one connection that wait for their flush
    rejected_bytes: int = 64 << 20  # of refused bytes that wait in the spool


@dataclass
class Counts:
    """What happened since the start; refused bytes that were not kept are counted over restarts."""

    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    rejected_not_kept: int = 0
    disk_refusals: int = 0
    stray_bytes: int = 0
    cut_off: int = 0
    connections: int = 0
    turned_away: int = 0


@dataclass
class _Waiting:
    """A message between its reading and its flush."""

    connection: Connection | None
    outcome: Outcome
    records: list[New]
    duplicate: bool = False


class Connection(asyncio.Protocol):
    """One monitor's connection."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.decoder = mllp.Decoder(max_frame=gateway.limits.frame_bytes)
        self.transport: asyncio.Transport | None = None
        self.last_heard = 0.0
        self.good = 0
        self.unanswered = 0
        self.peer = ""
        self._slow = self._full = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.peer = str(transport.get_extra_info("peername") or "")
        self.last_heard = self.gateway.loop_time()
        transport.set_write_buffer_limits(high=256 << 10)
        self.gateway.connected(self)

    def data_received(self, data: bytes) -> None:
        self.last_heard = self.gateway.loop_time()
        if self._timer:
            self._timer.cancel()
            self._timer = None
        before = self.decoder.stray_bytes
        frames = self.decoder.feed(data)
        self.gateway.counts.stray_bytes += self.decoder.stray_bytes - before
        for frame in frames:
            self.gateway.take(self, frame)
        if self.decoder.undecided:
            self._timer = asyncio.get_running_loop().call_later(SETTLE_FRAME_S, self._settle)
        if self.decoder.held:
            self.gateway.check_held(self)

    def _settle(self) -> None:
        self._timer = None
        for frame in self.decoder.settle():
            self.gateway.take(self, frame)

    def answer(self, data: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    # A sender that does not read its answers, or runs ahead of the disk, is not read from.
    def pause_writing(self) -> None:
        self._slow = True
        self._flow()

    def resume_writing(self) -> None:
        self._slow = False
        self._flow()

    def flow(self) -> None:
        full = self.unanswered >= self.gateway.limits.unanswered
        if full != self._full:
            self._full = full
            self._flow()

    def _flow(self) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        if self._slow or self._full:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.decoder.undecided:  # the sender left out the last CR and hung up
            self._settle()
        if self._timer:
            self._timer.cancel()
        if self.decoder.inside and self.decoder.held:
            self.gateway.counts.cut_off += 1
            self.gateway.warn("cut", f"{self.peer} hung up in the middle of a message; nothing of it was acknowledged")
        self.gateway.disconnected(self)

    def drop(self) -> None:
        if self.transport is not None:
            self.transport.abort()


@dataclass
class Gateway:
    """The listener with its spool.  `now` is the clock (aware, UTC); `sender` may be None in tests."""

    reader: Reader
    spool: Spool
    now: Callable[[], datetime]
    name: str = "gw-1"
    sender: Sender | None = None
    limits: Limits = field(default_factory=Limits)
    counts: Counts = field(default_factory=Counts)
    _waiting: list[_Waiting] = field(default_factory=list)
    _scheduled: bool = False
    _connections: dict[Connection, None] = field(default_factory=dict)
    _recent: OrderedDict[bytes, None] = field(default_factory=OrderedDict)
    _rejected_bytes: int = 0
    _ack_number: int = 0
    _ack_prefix: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    _server: asyncio.Server | None = None
    _beds: dict[str, tuple[str, float]] = field(default_factory=dict)
    _warned: dict[str, float] = field(default_factory=dict)

    # ------------------------------------------------------------ listening

    async def listen(self, host: str, port: int) -> int:
        """Open the port; its number."""
        self._restore()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), host, port, backlog=1024)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening, answer what was read, write down the state."""
        if self._server is not None:
            self._server.close()
        self._commit()
        for connection in list(self._connections):
            if connection.transport is not None:
                connection.transport.close()
        await asyncio.sleep(0)
        self.write_status()

    def loop_time(self) -> float:
        return time.monotonic()

    def connected(self, connection: Connection) -> None:
        self.counts.connections += 1
        if len(self._connections) >= self.limits.connections:
            # a place goes to the newcomer: from someone who never sent a message, else from the longest silent
            worst = min(self._connections, key=lambda c: (c.good > 0, c.last_heard))
            self.counts.turned_away += 1
            self.warn("flood", f"{len(self._connections)} connections are open; the one from {worst.peer} is closed")
            self._connections.pop(worst, None)
            worst.drop()
        self._connections[connection] = None

    def disconnected(self, connection: Connection) -> None:
        self._connections.pop(connection, None)

    def check_held(self, connection: Connection) -> None:
        """Unfinished messages of all connections together stay within bounds."""
        if connection.decoder.held * len(self._connections) <= self.limits.held_bytes:
            return
        if sum(c.decoder.held for c in self._connections) > self.limits.held_bytes:
            worst = max(self._connections, key=lambda c: c.decoder.held)
            self.warn("held", f"too many unfinished messages; the largest one, from {worst.peer}, is cut off")
            worst.decoder.buffer.clear()
            worst.drop()

    def warn(self, kind: str, text: str) -> None:
        """Say it, but not more than once in ten seconds."""
        now = time.monotonic()
        if now - self._warned.get(kind, -60.0) > 10.0:
            self._warned[kind] = now
            log.warning(text)

    # ------------------------------------------------------------ taking a message

    def take(self, connection: Connection | None, frame: mllp.Frame) -> None:
        """Read what came in a frame and queue it for the next flush."""
        at = self.now()
        if frame.refused:
            outcome = self.reader.refuse(frame.body, at, frame.refused)
            if not frame.answer:
                self.counts.cut_off += 1
            self._queue(connection if frame.answer else None, outcome)
            return
        for raw in split_batch(frame.body):
            self._queue(connection, self.reader.read(raw, at))

    def _queue(self, connection: Connection | None, outcome: Outcome) -> None:
        records: list[New] = []
        duplicate = False
        if not outcome.rejected:
            try:
                records, duplicate = self._records(outcome)
            except ValueError as error:  # what cannot be written down whole is refused whole
                outcome = self.reader.unwritable(outcome, str(error))
        if outcome.rejected:
            records = self._rejected_record(outcome.rejected)
        self._waiting.append(_Waiting(connection, outcome, records, duplicate and not records))
        if connection is not None:
            connection.unanswered += 1
            connection.flow()
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._commit)

    def _records(self, outcome: Outcome) -> tuple[list[New], bool]:
        """What has to be stored of a message, and whether some of it is here already."""
        records: list[New] = []
        duplicate = False
        for message in outcome.messages:
            self._watch_bed(message)
            uid = bytes.fromhex(message.uid.replace("-", ""))
            if uid in self._recent:
                self._recent.move_to_end(uid)
                duplicate = True
                continue
            payload = message.payload()
            if len(payload) > MAX_PAYLOAD:
                raise ValueError("it holds more than one message may")
            records.append(New(uid, message.received_at, 0, payload))
        for record in records:
            self._remember(record.uid)
        return records, duplicate

    def _remember(self, uid: bytes) -> None:
        self._recent[uid] = None
        if len(self._recent) > RECENT_UIDS:
            self._recent.popitem(last=False)

    def _rejected_record(self, rejected: Rejected) -> list[New]:
        """Refused bytes are kept too, up to a bound: what a hostile sender can write to this disk is limited."""
        payload = encode(rejected.wire())
        if self._rejected_bytes + len(payload) > self.limits.rejected_bytes:
            self.counts.rejected_not_kept += 1
            self.warn("quota", "too many refused messages wait for the server; further ones are counted, not kept")
            return []
        uid = bytes.fromhex(rejected.uid.replace("-", ""))
        if uid in self._recent:
            return []
        self._remember(uid)
        return [New(uid, rejected.received_at, REJECTED, payload)]

    def _watch_bed(self, message: Message) -> None:
        """One device name that speaks for two beds is two monitors under one name: say so."""
        if not message.bed or not message.device or message.device == f"bed:{message.bed}":
            return
        now = time.monotonic()
        bed, seen = self._beds.get(message.device, (message.bed, now))
        if bed != message.bed and now - seen < 60.0:
            self.warn(
                f"bed:{message.device}",
                f"{message.device} speaks for {bed} and for {message.bed}: if these are two monitors, "
                "name them in --devices",
            )
        if len(self._beds) > 4096:
            self._beds.clear()
        self._beds[message.device] = (message.bed, now)

    # ------------------------------------------------------------ flush, then answer

    def _commit(self) -> None:
        """Everything that was read in this turn of the loop: one write, one flush, then the answers."""
        self._scheduled = False
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        batch = [record for item in waiting for record in item.records]
        failure = ""
        if batch:
            try:
                self.spool.append(batch)
            except Exception as error:  # usually OSError; whatever it is, nothing is acknowledged
                why = error.strerror if isinstance(error, OSError) else type(error).__name__
                failure = f"the message could not be stored ({why}); send it again"
                self.counts.disk_refusals += len(waiting)
                for record in batch:
                    self._recent.pop(record.uid, None)
                self.warn("disk", f"nothing can be stored in {self.spool.folder}: {error}; messages are refused")
            else:
                self._rejected_bytes += sum(len(r.payload) for r in batch if r.flags & REJECTED)
                if self.sender:
                    self.sender.wake()
        answers: dict[Connection, list[bytes]] = {}
        for item in waiting:
            answer = self._answer(item, failure)
            if item.connection is not None:
                item.connection.unanswered -= 1
                item.connection.flow()
                if answer:
                    answers.setdefault(item.connection, []).extend(answer)
        for connection, parts in answers.items():
            connection.answer(b"".join(parts))

    def _answer(self, item: _Waiting, failure: str) -> list[bytes]:
        """What the sender is told.  AA and CA only for what is on disk."""
        rejected = item.outcome.rejected
        if failure and not rejected:
            # a resend of something that is safe already shares the flush that failed; it may ask again
            return self._acks(item.outcome.header, "AE", failure, "207")
        if rejected:
            self.counts.rejected += 1
            return self._acks(item.outcome.header, rejected.code, rejected.reason, rejected.error)
        self.counts.duplicates += item.duplicate
        self.counts.accepted += not item.duplicate
        if item.connection is not None:
            item.connection.good += 1
        return self._acks(item.outcome.header, "AA", "", "")

    def _acks(self, header: Header | None, code: str, reason: str, error: str) -> list[bytes]:
        """The acknowledgements that the message asked for: the original mode, or MSH-15 and MSH-16."""
        codes = ack_codes(header, code)
        at = self.now()
        out = []
        for one in codes:
            self._ack_number += 1
            own_id = f"{self._ack_prefix}{self._ack_number}"
            out.append(mllp.frame(hl7.build_ack(header, one, at=at, own_id=own_id, reason=reason, error=error)))
        return out

    # ------------------------------------------------------------ state that a person, or the next start, needs

    def settled(self, record: Record) -> None:
        """The sender's thread: the server has answered for this record."""
        if record.flags & REJECTED:
            self._rejected_bytes = max(0, self._rejected_bytes - len(record.payload))

    def status(self) -> dict[str, Any]:
        """What a person wants to know of this gateway."""
        oldest = self.sender.oldest if self.sender else None
        now = self.now()
        return {
            "gateway": self.name,
            "pid": os.getpid(),
            "at": times.iso(now),
            "waiting": self.spool.waiting,
            "oldest_waiting_s": round((now - oldest.received_at).total_seconds(), 3) if oldest else 0.0,
            "server_problem": self.sender.problem if self.sender else "",
            "sent": dict(self.sender.sent) if self.sender else {},
            "connections_open": len(self._connections),
            "aside": self.spool.aside_count,
            "spoilt_records": self.spool.spoilt_records,
            **vars(self.counts),
        }

    def write_status(self) -> None:
        """status.json in the spool folder, whole or not at all; a full disk does not stop the gateway."""
        try:
            _replace(self.spool.folder / "status.json", json.dumps(self.status(), indent=1))
            if self.reader.cuffs_changed:
                self.reader.cuffs_changed = False
                _replace(self.spool.folder / "cuffs.json", json.dumps(_pack_cuffs(self.reader.cuffs)))
        except OSError as error:
            self.warn("status", f"the status could not be written: {error}")

    def _restore(self) -> None:
        """What the last run knew: uids of what is still here, cuff readings, how much was refused and not kept."""
        for uid in self.spool.unsettled_uids(RECENT_UIDS):
            self._remember(uid)
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            self.reader.cuffs.update(_unpack_cuffs(json.loads((self.spool.folder / "cuffs.json").read_text())))
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            last = json.loads((self.spool.folder / "status.json").read_text())
            self.counts.rejected_not_kept = int(last["rejected_not_kept"])


def ack_codes(header: Header | None, code: str) -> list[str]:
    """Which acknowledgements a message asks for, given what became of it (AA, AE or AR).

    In the original mode (MSH-15 and MSH-16 empty) the one answer.  In the enhanced mode an accept acknowledgement
    (CA, CE, CR) if MSH-15 wants it, then an application acknowledgement if MSH-16 wants it: AL always, NE never,
    SU on success, ER on failure.

    >>> ack_codes(Header(accept="AL", respond="NE"), "AA"), ack_codes(Header(accept="ER", respond="AL"), "AE")
    (['CA'], ['CE', 'AE'])
    """
    if header is None or not (header.accept or header.respond):
        return [code]
    good = code == "AA"

    def wanted(when: str) -> bool:
        return when == "AL" or (when == "SU" and good) or (when == "ER" and not good)

    codes = ["C" + code[1]] if wanted(header.accept) else []
    return codes + ([code] if wanted(header.respond) else [])


def _replace(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def _pack_cuffs(cuffs: dict[str, Cuff]) -> dict[str, Any]:
    return {
        key: {"values": cuff.values, "first": cuff.first.isoformat(), "claimed": cuff.claimed.isoformat()}
        for key, cuff in cuffs.items()
    }


def _unpack_cuffs(data: dict[str, Any]) -> dict[str, Cuff]:
    return {
        key: Cuff(
            values=tuple((str(a), str(b), str(c)) for a, b, c in one["values"]),
            first=datetime.fromisoformat(one["first"]),
            claimed=datetime.fromisoformat(one["claimed"]),
        )
        for key, one in data.items()
    }
