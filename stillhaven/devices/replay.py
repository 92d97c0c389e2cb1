"""What did the monitor say that day?  A recorded HL7 or CSV file, played to a gateway as the monitor would.

HL7 messages go out as they were recorded, byte for byte but for the segment ends of a file that an editor has been
over; the lines of a CSV file become one PCD-01 message each.  Messages keep their recorded pace, divided by `speed`.

With `shift` the recording is played as if it were measured now.  It was not: so every value is then marked as
simulated, and a gateway cannot take an old recording for a patient of today.  Without `shift` the recorded times stand,
and screens rightly show the values as old.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from stillhaven.devices import hl7, mllp, times
from stillhaven.devices.csv_files import CsvRow, RejectedRow, read_rows
from stillhaven.devices.csv_mapping import CsvMapping
from stillhaven.devices.link import Link
from stillhaven.science.errors import BadInput
from stillhaven.science.vitals import Quality, Reading, Signal

_MSH = re.compile(rb"(?:\A|(?<=[\r\n]))(?=MSH[^A-Za-z0-9\s])")
_BATCH = re.compile(rb"(?:\A|(?<=[\r\n]))(?:FHS|BHS|BTS|FTS)[^A-Za-z0-9\s][^\r\n]*(?:[\r\n]+|\Z)")
_TIMES = {"MSH": (7,), "EVN": (2,), "OBR": (7, 8, 22), "OBX": (14, 19)}  # fields that hold a moment of the recording
_FLAG = {Quality.ARTEFACT: "INV", Quality.QUESTIONABLE: "QUES", Quality.NO_VALUE: "NAV"}
_MARK = "SIM"


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One message of a recording: its bytes, its own time (None if it has none), and where in the file it stands."""

    raw: bytes
    at: datetime | None
    where: str


# ---------------------------------------------------------------------------- recordings
def is_csv(path: Path) -> bool:
    """Is this a CSV file, rather than HL7?  By what it holds, not by its name; BadInput if it is empty or neither."""
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise BadInput(str(path), f"cannot be opened ({error.strerror})") from None
    bare = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if mllp.START in start or re.match(rb"(MSH|FHS|BHS)[^A-Za-z0-9\s]", bare):
        return False
    if not bare:
        raise BadInput(str(path), "is empty")
    if b"\x00" in start and b"MSH" not in start:
        raise BadInput(str(path), "is neither HL7 nor CSV")
    return True


def read_hl7(path: Path, *, zone: tzinfo, now: datetime, rejected: list[RejectedRow]) -> Iterator[Recorded]:
    """The messages of an HL7 file, in their order: in MLLP frames, or one after another with any segment end.

    Frames are kept byte for byte; one that is broken off goes to `rejected`, because framing it anew would make a piece
    look like a whole.  Without frames, segment ends become CR as they are on a wire, and the headers and trailers of a
    batch are left out.  `zone` is that of times without an offset.
    """
    raw = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    if mllp.START in raw:
        decoder = mllp.Decoder(max_frame=len(raw) + 1)
        frames = [*decoder.feed(raw), *decoder.settle()]
        if decoder.inside and decoder.buffer.strip():
            frames.append(mllp.Frame(body=bytes(decoder.buffer), refused="the file ends inside a message"))
    else:
        parts = _MSH.split(_BATCH.sub(b"", raw))
        frames = [mllp.Frame(body=_segment_ends(part)) for part in parts if part.strip()]
    for number, frame in enumerate(frames, start=1):
        if frame.refused:
            text = frame.body[:80].decode("latin-1")
            rejected.append(RejectedRow(line=number, column="", reason=f"(frame) {frame.refused}", text=text))
            continue
        yield Recorded(raw=frame.body, at=_own_time(frame.body, zone, now), where=f"message {number}")


def _segment_ends(message: bytes) -> bytes:
    lines = message.replace(b"\r\n", b"\r").replace(b"\n", b"\r").split(b"\r")
    return b"\r".join(line for line in lines if line.strip()) + b"\r"


def _own_time(message: bytes, zone: tzinfo, now: datetime) -> datetime | None:
    """The time of a message: its header's, else that of its first OBR."""
    try:
        text = message.decode("latin-1")
        separator = hl7.header(text).delimiters.field
    except hl7.NotHl7:
        return None
    for line in hl7.segments(text):
        fields = line.split(separator)
        place = {"MSH": 6, "OBR": 7}.get(fields[0])
        if place is not None and len(fields) > place:
            moment = times.read(fields[place].split("^")[0], default=zone, near=now)
            if moment is not None:
                return moment.at
    return None


def from_csv(
    path: Path,
    mapping: CsvMapping,
    signals: Mapping[str, Signal],
    *,
    now: datetime,
    device: str,
    bed: str = "",
    rejected: list[RejectedRow],
) -> Iterator[Recorded]:
    """One message for each line of a CSV file that has a reading; what could not be read goes to `rejected`."""
    name = device or mapping.device
    if not name:
        raise BadInput("device", "say which monitor this is: a CSV file does not name it (--device)")
    for row in read_rows(path, mapping, signals, now=now, device=name):
        rejected += row.rejected
        if row.readings and row.at is not None:
            raw = _message(row, name, bed, row.at)
            yield Recorded(raw=raw, at=row.at, where=f"line {row.line}")


def _message(row: CsvRow, device: str, bed: str, at: datetime) -> bytes:
    def observation(r: Reading) -> hl7.Observation:
        own = r.at if r.at != at else None
        return hl7.Observation(signal=r.signal, value=r.value, at=own, probe=r.probe, flag=_FLAG.get(r.quality, ""))

    # the same file played again must give the same bytes: then the gateway keeps each message once
    control_id = f"{device}-{at:%Y%m%d%H%M%S%f}-{row.line}"
    return hl7.build_oru(device, control_id, at, [observation(r) for r in row.readings], bed=bed)


# ---------------------------------------------------------------------------- changing what is sent
def rename(message: bytes, device: str) -> bytes:
    """The message with another device's name in its header (MSH-3; MSH-4 is emptied)."""

    def header(fields: list[bytes]) -> list[bytes]:
        fields += [b""] * (4 - len(fields))
        fields[2], fields[3] = hl7.escape(device).encode(), b""
        return fields

    return _rewrite(message, lambda kind, fields: header(fields) if kind == b"MSH" else fields)


def shifted(message: bytes, move: Callable[[datetime], datetime], *, zone: tzinfo, near: datetime) -> bytes:
    """The message with every time moved, and every value marked as simulated (OBX-8, and MSH-11 as training).

    A time that cannot be read stays as it is: a recording of a messy monitor stays messy.
    """

    def change(kind: bytes, fields: list[bytes]) -> list[bytes]:
        offset = 1 if kind == b"MSH" else 0  # MSH-1 is the separator itself
        for number in _TIMES.get(kind.decode("latin-1"), ()):
            place = number - offset
            if place < len(fields):
                fields[place] = _moved(fields[place], move, zone, near)
        if kind == b"OBX":
            fields += [b""] * (9 - len(fields))
            flags = [f for f in fields[8].split(b"~") if f]
            fields[8] = b"~".join([*flags, _MARK.encode()])
        if kind == b"MSH" and len(fields) > 10 and fields[10][:1] in (b"P", b""):
            fields[10] = b"T" + fields[10][1:]
        return fields

    return _rewrite(message, change)


def _moved(text: bytes, move: Callable[[datetime], datetime], zone: tzinfo, near: datetime) -> bytes:
    written, rest = text.partition(b"^")[0], text.partition(b"^")[1:]
    moment = times.read(written.decode("latin-1"), default=zone, near=near)
    if moment is None:
        return text
    at = move(moment.at)
    local = at.astimezone(moment.offset) if moment.offset else at.astimezone(zone)
    return hl7.stamp(local).encode() + b"".join(rest)


def _rewrite(message: bytes, change: Callable[[bytes, list[bytes]], list[bytes]]) -> bytes:
    """Each segment's fields through `change`; bytes that are no HL7 message come back as they are."""
    try:
        separator = hl7.header(message.decode("latin-1")).delimiters.field.encode("latin-1")
    except hl7.NotHl7:
        return message
    pieces = re.split(rb"(\r\n|\r|\n)", message)
    for i in range(0, len(pieces), 2):
        if pieces[i]:
            fields = pieces[i].split(separator)
            pieces[i] = separator.join(change(fields[0], fields))
    return b"".join(pieces)


# ---------------------------------------------------------------------------- playing
@dataclass
class Report:
    """What became of a recording."""

    sent: int = 0
    acknowledged: int = 0
    unanswered: int = 0  # the message itself asks for no answer
    refused: list[tuple[str, str]] = field(default_factory=list)  # (where, "AE: reason")
    undelivered: int = 0
    rejected: list[RejectedRow] = field(default_factory=list)  # lines of a CSV file that could not be read

    @property
    def complete(self) -> bool:
        """Did the gateway take all of it?"""
        return not self.refused and not self.undelivered and not self.rejected

    def reasons(self) -> Counter[str]:
        return Counter(reason for _, reason in self.refused)


@dataclass(kw_only=True)
class Player:
    """Plays recorded messages to a gateway.  `speed` None means as fast as it answers.

    `patience_s` is how long it tries again while the gateway is away before it gives up.
    """

    host: str
    port: int
    clock: Callable[[], datetime]
    zone: tzinfo
    speed: float | None = 1.0
    shift: bool = False
    device: str = ""
    patience_s: float = 30.0
    report: Report = field(default_factory=Report)
    say: Callable[[str], None] = lambda text: None
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def play(self, recording: Iterable[Recorded], *, last: datetime | None = None) -> bool:
        """Send every message; False if the gateway stayed away and the rest was not sent.

        `last` is the time of the recording's end: with `shift` and no speed, that is what falls on now.
        """
        loop = asyncio.get_running_loop()
        link = Link(host=self.host, port=self.port)
        began, now, first = loop.time(), self.clock(), None
        try:
            for recorded in recording:
                if self.stop.is_set():
                    self.report.undelivered += 1
                    continue
                if recorded.at is not None:
                    first = first or recorded.at
                    await self._pace(began, (recorded.at - first).total_seconds())
                if self.stop.is_set() or not await self._deliver(
                    link, self._prepared(recorded, first, last, now), recorded
                ):
                    self.report.undelivered += 1
                    self.stop.set()
        finally:
            link.close()
        return self.report.undelivered == 0

    def _prepared(self, recorded: Recorded, first: datetime | None, last: datetime | None, now: datetime) -> bytes:
        message = rename(recorded.raw, self.device) if self.device else recorded.raw
        if not self.shift or first is None:
            return message
        zero, factor = (last or first, 1.0) if self.speed is None else (first, self.speed)

        def move(at: datetime) -> datetime:
            return now + timedelta(seconds=(at - zero).total_seconds() / factor)

        return shifted(message, move, zone=self.zone, near=recorded.at or now)

    async def _pace(self, began: float, recorded_s: float) -> None:
        """Wait until this message is due; a recording that goes back in time does not wait."""
        if self.speed is None:
            return
        wait = began + recorded_s / self.speed - asyncio.get_running_loop().time()
        if wait > 0:
            try:
                await asyncio.wait_for(self.stop.wait(), wait)
            except TimeoutError:
                return

    async def _deliver(self, link: Link, message: bytes, recorded: Recorded) -> bool:
        """Send one message until it is answered; False if the gateway stays away."""
        loop = asyncio.get_running_loop()
        until, away = loop.time() + self.patience_s, False
        while True:
            try:
                answer = await link.send(message)
            except (OSError, TimeoutError) as error:
                if loop.time() >= until or self.stop.is_set():
                    self.say(f"{recorded.where}: no gateway at {self.host}:{self.port} ({error or 'no answer'})")
                    return False
                if not away:
                    self.say(f"no gateway at {self.host}:{self.port} ({error or 'no answer'}); trying again")
                away = True
                await asyncio.sleep(min(0.5, self.patience_s / 4))
                continue
            break
        self.report.sent += 1
        if not answer.code:
            self.report.unanswered += 1
        elif answer.taken:
            self.report.acknowledged += 1
        else:
            self.report.refused.append((recorded.where, f"{answer.code}: {answer.reason}"))
            self.say(f"{recorded.where}: refused, {answer.code} {answer.reason}")
        return True
