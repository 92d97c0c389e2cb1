"""What is safe on this machine's disk, and what has the server already got?

An append-only queue of messages in segment files.  Each record carries its length, a checksum and a sequence number
that never repeats.  A batch of records is written and flushed (fsync) in one go; only after that may anyone be told
that they are safe.  After a crash, a torn record at the end is cut off (nobody was told that it was safe); a record
that went bad in the middle is set aside and said aloud, and everything after it is still read.

    DIR/lock                      one gateway at a time
    DIR/segments/<first seq>.seg  records, oldest first
    DIR/settled                   up to which sequence number the server has answered
    DIR/aside/                    what the server can never take, what the disk spoiled: kept for a person to look at
"""

from __future__ import annotations

import fcntl
import logging
import os
import struct
import threading
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from stillhaven.science.errors import BadInput

log = logging.getLogger("stillhaven.spool")

MAGIC = b"\xf5SH1"
SEGMENT_BYTES = 16 << 20
MAX_PAYLOAD = 16 << 20
_HEAD = struct.Struct("<4sIIQQB16s")  # magic, length, crc of what follows it, seq, received (us), flags, uid
_SUMMED = struct.Struct("<QQB16s")  # the part of the head that the checksum covers, with the payload
_SETTLED = struct.Struct("<QI")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
REJECTED = 1  # flag: bytes that were refused, not readings


class New(NamedTuple):
    """A record to be written: the uid (16 bytes), when it arrived, flags, and the message."""

    uid: bytes
    received_at: datetime
    flags: int
    payload: bytes


class Record(NamedTuple):
    """A record that is safe."""

    seq: int
    uid: bytes
    received_at: datetime
    flags: int
    payload: bytes


@dataclass
class _Segment:
    path: Path
    first: int


def _pack(seq: int, new: New) -> bytes:
    micros = (new.received_at - _EPOCH) // timedelta(microseconds=1)
    summed = _SUMMED.pack(seq, micros, new.flags, new.uid)
    crc = zlib.crc32(new.payload, zlib.crc32(summed))
    return _HEAD.pack(MAGIC, len(new.payload), crc, seq, micros, new.flags, new.uid) + new.payload


def _record_at(data: bytes | memoryview, at: int) -> tuple[Record, int] | None:
    """The record at this place and where it ends; None if there is no whole, sound one."""
    if len(data) - at < _HEAD.size:
        return None
    magic, length, crc, seq, micros, flags, uid = _HEAD.unpack_from(data, at)
    end = at + _HEAD.size + length
    if magic != MAGIC or length > MAX_PAYLOAD or end > len(data):
        return None
    payload = bytes(data[at + _HEAD.size : end])
    if zlib.crc32(payload, zlib.crc32(_SUMMED.pack(seq, micros, flags, uid))) != crc:
        return None
    return Record(seq, uid, _EPOCH + timedelta(microseconds=micros), flags, payload), end


def scan(data: bytes | memoryview) -> Iterator[tuple[int, int, Record | None]]:
    """(start, end, record) of all there is in the bytes of a segment; a record of None is bytes that are none."""
    at, whole = 0, bytes(data)
    while at < len(whole):
        found = _record_at(whole, at)
        end = found[1] if found else _next_sound(whole, at)
        yield at, end, found[0] if found else None
        at = end


def _next_sound(data: bytes, at: int) -> int:
    """Where the next sound record after a bad place begins; the end if there is none."""
    nxt = data.find(MAGIC, at + 1)
    while nxt >= 0 and _record_at(data, nxt) is None:
        nxt = data.find(MAGIC, nxt + 1)
    return nxt if nxt >= 0 else len(data)


def fsync_folder(path: Path) -> None:
    """Make a new or removed name in a folder safe."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


class Spool:
    """The queue on disk.  One writer (`append`), one reader (`read` and `settle`); they may be two threads."""

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.folder = folder
        self.segment_bytes = segment_bytes
        self.spoilt_records = 0
        self.aside_count = 0
        self._guard = threading.Lock()  # of the list of segments and the flushed end of the last one
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for name in ("segments", "aside"):
                (folder / name).mkdir(exist_ok=True, mode=0o700)
            self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise BadInput("spool", f"{folder} cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(self._lock, 32, 0).decode("ascii", "replace").strip()
            os.close(self._lock)
            raise BadInput("spool", f"{folder} is in use by another gateway (process {owner or 'unknown'})") from error
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)
        self._fd = -1
        self._settled_fd = os.open(folder / "settled", os.O_RDWR | os.O_CREAT, 0o600)
        self.settled = self._read_settled()
        self.aside_count = sum(1 for _ in (folder / "aside").iterdir())
        self._open()

    # ------------------------------------------------------------ opening after whatever happened

    def _open(self) -> None:
        names = sorted((self.folder / "segments").glob("*.seg"))
        self._segments = [_Segment(path, int(path.stem)) for path in names]
        self.next_seq = self.settled + 1
        self.recovered_records = 0
        if self._segments:
            last = self._segments[-1]
            self.next_seq = max(self.next_seq, last.first)
            self._repair_tail(last)
        self._good_end = 0
        self._read_segment, self._read_at = -1, 0
        self._start_segment()

    def _repair_tail(self, segment: _Segment) -> None:
        """Cut off a record that the crash tore; nobody was told that it was safe."""
        data = segment.path.read_bytes()
        end = 0
        for _, stop, record in scan(data):
            if record:
                self.next_seq = max(self.next_seq, record.seq + 1)
                self.recovered_records += 1
                end = stop
        if end < len(data):
            log.warning(
                "the last segment ended in %d bytes of an unfinished record; they are set aside", len(data) - end
            )
            self.keep_aside(f"torn-{segment.path.stem}-{end}.bin", data[end:])
            fd = os.open(segment.path, os.O_RDWR)
            try:
                os.ftruncate(fd, end)
                os.fsync(fd)
            finally:
                os.close(fd)

    def _start_segment(self) -> None:
        """A new file for what comes now.  Segments without records are removed as they are passed by the reader."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        path = self.folder / "segments" / f"{self.next_seq:020d}.seg"
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with self._guard:
            self._fd, self._good_end = fd, os.fstat(fd).st_size
            if not self._segments or self._segments[-1].path != path:
                self._segments.append(_Segment(path, self.next_seq))
        fsync_folder(path.parent)

    # ------------------------------------------------------------ writing

    def append(self, batch: Sequence[New]) -> list[int]:
        """Write a batch and flush it to disk; their sequence numbers.  OSError: nothing of it counts as written."""
        if self._fd < 0 or self._good_end >= self.segment_bytes:
            self._start_segment()
        seqs = list(range(self.next_seq, self.next_seq + len(batch)))
        data = b"".join([_pack(seq, new) for seq, new in zip(seqs, batch, strict=True)])
        flushing = False
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._fd, view) :]
            flushing = True
            os.fdatasync(self._fd)
        except OSError:
            self._undo(abandon=flushing)
            raise
        with self._guard:
            self._good_end += len(data)
            self.next_seq += len(batch)
        return seqs

    def _undo(self, *, abandon: bool) -> None:
        """Take back what a failed write left behind.  After a failed flush nobody knows what the disk holds of the
        file, so it is not written to again."""
        try:
            os.ftruncate(self._fd, self._good_end)
        except OSError:
            log.exception("what a failed write left in %s could not be removed", self._segments[-1].path)
            abandon = True
        if abandon:
            os.close(self._fd)
            self._fd = -1
            self.next_seq += 1  # so that the next file has a name of its own

    # ------------------------------------------------------------ reading

    @property
    def waiting(self) -> int:
        """How many sequence numbers the server has not answered yet (an upper bound after a failed write)."""
        return max(0, self.next_seq - 1 - self.settled)

    def read(self, *, limit: int, max_bytes: int) -> list[Record]:
        """The next records after those already read, oldest first.  `rewind` starts again at the first unsettled."""
        out: list[Record] = []
        size = 0
        while len(out) < limit and size < max_bytes:
            records, more = self._read_some(limit - len(out), max_bytes - size)
            out += records
            size += sum(len(r.payload) for r in records)
            if not more:
                break
        return out

    def rewind(self) -> None:
        """Read again from the first record that is not settled."""
        self._read_segment, self._read_at = -1, 0

    def _read_some(self, limit: int, max_bytes: int) -> tuple[list[Record], bool]:
        """Records of one stretch of one segment, and whether there may be more."""
        with self._guard:
            segments, good_end, writing = list(self._segments), self._good_end, self._fd >= 0
        if self._read_segment < 0:
            self._read_segment = segments[0].first
        current = next((s for s in segments if s.first >= self._read_segment), segments[-1])
        if current.first != self._read_segment:  # the file that was read to its end is settled and gone: from the start
            self._read_segment, self._read_at = current.first, 0
        active = current is segments[-1]
        end = good_end if active and writing else current.path.stat().st_size
        if self._read_at >= end:
            if active:
                return [], False
            following = segments[segments.index(current) + 1]
            self._read_segment, self._read_at = following.first, 0
            return [], True
        with open(current.path, "rb") as file:
            file.seek(self._read_at)
            data = file.read(min(end - self._read_at, max_bytes + (64 << 10)))
            if _record_at(data, 0) is None:  # a record larger than the piece, or a spoilt one: look at all of it
                data += file.read(end - self._read_at - len(data))
        out: list[Record] = []
        at = size = 0
        while at < len(data) and len(out) < limit and size < max_bytes:
            found = _record_at(data, at)
            if found is None:
                if self._read_at + len(data) < end and at > 0:
                    break  # cut by the piece that was read, not by the disk
                at = self._skip_spoilt(current, data, at)
                continue
            at = found[1]
            if found[0].seq > self.settled:
                out.append(found[0])
                size += len(found[0].payload)
        self._read_at += at
        return out, True

    def _skip_spoilt(self, segment: _Segment, data: bytes, at: int) -> int:
        """Keep bytes that went bad aside, loudly, and go on at the next sound record."""
        end = _next_sound(data, at)
        name = f"spoilt-{segment.path.stem}-{self._read_at + at}.bin"
        if not (self.folder / "aside" / name).exists():
            self.spoilt_records += 1
            log.error("%d bytes in %s are no longer a sound record; they are set aside as %s, and what follows is sent",
                      end - at, segment.path.name, name)  # fmt: skip
            self.keep_aside(name, data[at:end])
        return end

    # ------------------------------------------------------------ settling

    def settle(self, seq: int) -> None:
        """The server has answered for every record up to this one: it is not sent again.

        Not flushed: if the machine stops now, a few records are sent twice, and the server stores them once.
        """
        if seq <= self.settled:
            return
        self.settled = seq
        try:
            os.pwrite(self._settled_fd, _SETTLED.pack(seq, zlib.crc32(struct.pack("<Q", seq))), 0)
        except OSError:
            log.exception("where the server got to could not be written; a restart would send some records again")
        self._drop_settled_segments()

    def _read_settled(self) -> int:
        data = os.pread(self._settled_fd, _SETTLED.size, 0)
        if len(data) < _SETTLED.size:
            return 0
        seq, crc = _SETTLED.unpack(data)
        return int(seq) if zlib.crc32(struct.pack("<Q", seq)) == crc else 0

    def _drop_settled_segments(self) -> None:
        """Remove files whose every record is settled; the one being written stays, its name holds the count."""
        while len(self._segments) > 1 and self._segments[1].first - 1 <= self.settled:
            with self._guard:
                gone = self._segments.pop(0)
            gone.path.unlink(missing_ok=True)

    def keep_aside(self, name: str, data: bytes) -> None:
        """Keep something for a person to look at."""
        path = self.folder / "aside" / name
        fresh = not path.exists()
        with open(path, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fsync_folder(path.parent)
        self.aside_count += fresh

    def unsettled_uids(self, limit: int) -> list[bytes]:
        """The uids of the newest records that are still in the files: what a resend is compared with after a restart."""
        uids: list[bytes] = []
        for segment in reversed(self._segments):
            found = [record.uid for _, _, record in scan(segment.path.read_bytes()) if record]
            uids = found + uids
            if len(uids) >= limit:
                break
        return uids[-limit:]

    def close(self) -> None:
        for fd in (self._fd, self._settled_fd, self._lock):
            if fd >= 0:
                os.close(fd)
        self._fd = self._settled_fd = self._lock = -1
