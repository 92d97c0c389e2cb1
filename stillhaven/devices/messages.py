"""What did a monitor say, about whom, and when: bytes in, readings or a refusal out.

One HL7 message becomes one message for the server, or several where it speaks of several patients, devices or modes:
a demo value never travels in one envelope with a real one.  Who is not named is not guessed: no patient, a default
patient and an unknown device stay empty, and the server shows them as unclaimed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from stillhaven.devices import hl7, times
from stillhaven.devices.hl7 import Delimiters, Header, NotHl7, unescape
from stillhaven.devices.observations import Explainer, Measured, Notes, less_real
from stillhaven.devices.tables import Devices, Profile, Tables, fold, shipped
from stillhaven.science.vitals import Mode, Quality, Signal

NAMESPACE = uuid.UUID("6f0e2f5e-7f0f-5c35-9a40-5f1f0f3f6a01")  # of all message uids that gateways make
_NAMESPACE = NAMESPACE.bytes
ACCEPTED = {("ORU", "R01"), ("ORU", "R30"), ("ORU", "R31"), ("ORU", "R32"), ("ORU", ""), ("", "")}
KEPT_RAW = 64 << 10
MAX_LINES = 5000  # values of one patient in one message
_JSON = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")
_NEXT_MESSAGE = re.compile(rb"[\r\n]+(?=MSH[^A-Za-z0-9\s])")


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message for the server."""

    uid: str
    device: str
    control_id: str
    received_at: datetime
    device_time: datetime | None
    patient_id: str
    patient_name: str
    bed: str
    mode: Mode
    readings: tuple[tuple[int, Measured], ...]
    notes: tuple[str, ...]

    def wire(self) -> dict[str, Any]:
        """Plain values for JSON, but for the sequence number, which the spool gives."""
        return {
            "uid": self.uid,
            "device": self.device,
            "control_id": self.control_id,
            "received_at": times.iso(self.received_at),
            "device_time": times.iso(self.device_time) if self.device_time else None,
            "patient_id": self.patient_id,
            "patient_name": self.patient_name,
            "bed": self.bed,
            "mode": self.mode.value,
            "readings": [
                {
                    "index": index,
                    "signal": m.signal,
                    "value": m.value,
                    "at": times.iso(m.at),
                    "quality": m.quality.value,
                    "reason": m.reason,
                    "probe": m.probe,
                    "code_sent": m.code_sent,
                    "unit_sent": m.unit_sent,
                    "value_sent": m.value_sent,
                }
                for index, m in self.readings
            ],
            "notes": list(self.notes),
            "rejected": None,
            "raw": None,
        }

    def payload(self) -> bytes:
        """`encode(self.wire())`, written out by hand: half of a gateway's core would go into building the dictionaries."""
        q = encode_basestring
        readings = ",".join([
            f'{{"index":{index},"signal":{q(m.signal)},"value":{"null" if m.value is None else repr(m.value)},'
            f'"at":"{times.iso(m.at)}","quality":"{m.quality.value}","reason":{q(m.reason)},"probe":{q(m.probe)},'
            f'"code_sent":{q(m.code_sent)},"unit_sent":{q(m.unit_sent)},"value_sent":{q(m.value_sent)}}}'
            for index, m in self.readings
        ])  # fmt: skip
        device_time = f'"{times.iso(self.device_time)}"' if self.device_time else "null"
        notes = ",".join([q(note) for note in self.notes])
        return (
            f'{{"uid":"{self.uid}","device":{q(self.device)},"control_id":{q(self.control_id)},'
            f'"received_at":"{times.iso(self.received_at)}","device_time":{device_time},'
            f'"patient_id":{q(self.patient_id)},"patient_name":{q(self.patient_name)},"bed":{q(self.bed)},'
            f'"mode":"{self.mode.value}","readings":[{readings}],"notes":[{notes}],"rejected":null,"raw":null}}'
        ).encode()


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """Bytes that cannot be a message, or not one for us: kept whole, with the reason the sender is told."""

    code: str  # AE or AR
    reason: str
    error: str  # HL7 table 0357
    received_at: datetime
    raw: bytes
    device: str = ""
    control_id: str = ""

    @property
    def uid(self) -> str:
        return make_uid(self.device, self.raw)

    def wire(self) -> dict[str, Any]:
        cut = len(self.raw) > KEPT_RAW
        return {
            "uid": self.uid, "device": self.device, "control_id": self.control_id,
            "received_at": times.iso(self.received_at), "device_time": None,
            "patient_id": "", "patient_name": "", "bed": "", "mode": Mode.REAL.value, "readings": [],
            "notes": [f"only the first {KEPT_RAW} of {len(self.raw)} bytes are kept"] if cut else [],
            "rejected": {"code": self.code, "reason": self.reason},
            "raw": base64.b64encode(self.raw[:KEPT_RAW]).decode("ascii"),
        }  # fmt: skip


def encode(wire: Mapping[str, Any]) -> bytes:
    """A message as the spool keeps it."""
    return _JSON.encode(wire).encode("utf-8")


def make_uid(device: str, raw: bytes, extra: str = "") -> str:
    """The same bytes of the same device have the same uid, so that a message sent twice is stored once."""
    digest = hashlib.sha256(device.encode("utf-8") + raw + extra.encode("utf-8")).hexdigest()
    # what uuid.uuid5 does, in a third of the time
    named = bytearray(hashlib.sha1(_NAMESPACE + digest.encode("ascii"), usedforsecurity=False).digest()[:16])
    named[6], named[8] = named[6] & 0x0F | 0x50, named[8] & 0x3F | 0x80
    text = named.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def split_batch(raw: bytes) -> list[bytes]:
    """The messages in one frame: usually one; a batch, or a sender that frames several, has more."""
    if raw.count(b"MSH") < 2:
        return [raw]
    parts = _NEXT_MESSAGE.split(raw)
    if len(parts) > 1 and parts[0].lstrip(b"\r\n \t\x00")[:3] in (b"FHS", b"BHS"):
        parts = parts[1:]
    return parts


@dataclass(frozen=True, kw_only=True)
class Cuff:
    """The last cuff reading of a device: its values as sent, when it was first seen, what time it last claimed."""

    values: tuple[tuple[str, str, str], ...]
    first: datetime
    claimed: datetime


@dataclass
class _Line:
    """One OBX line with what stood above it."""

    fields: list[str]
    observed: str  # OBR-7
    device: str = ""  # OBX-18 or PRT-10


@dataclass
class _Group:
    """One patient's part of a message."""

    pid: list[str] = field(default_factory=list)
    bed: str = ""
    lines: list[_Line] = field(default_factory=list)
    observed: str = ""
    device: str = ""
    mode: Mode = Mode.REAL


class _Part(NamedTuple):
    """One patient's readings of one device in one mode."""

    device: str
    mode: Mode
    device_time: datetime | None
    patient_id: str
    patient_name: str
    bed: str
    readings: tuple[tuple[int, Measured], ...]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of the bytes of one message: messages for the server, or a refusal; and the header to answer to."""

    header: Header | None
    messages: tuple[Message, ...] = ()
    rejected: Rejected | None = None
    raw: bytes = b""
    received_at: datetime | None = None


@dataclass
class Reader:
    """Reads messages under the tables, the clinic's signals and what it knows of its monitors.

    `cuffs` is its only memory: when a cuff reading was first seen, so that one that is sent again and again, without
    a time of its own, keeps its age.
    """

    signals: Mapping[str, Signal]
    zone: tzinfo
    devices: Devices = field(default_factory=Devices)
    tables: Tables = field(default_factory=shipped)
    cuffs: dict[str, Cuff] = field(default_factory=dict)
    cuffs_changed: bool = False
    _explainers: dict[tuple[str, Delimiters], Explainer] = field(default_factory=dict)
    _profiles: dict[tuple[str, str, str, str, Delimiters], tuple[str, Profile | None]] = field(default_factory=dict)
    _moments: dict[tuple[str, tzinfo, int], times.Moment | None] = field(default_factory=dict)

    # ------------------------------------------------------------ the whole message

    def read(self, raw: bytes, received_at: datetime) -> Outcome:
        """Readings, or why not.  Never raises for what is in the bytes."""
        header: Header | None = None
        try:
            decoding: list[str] = []
            text = hl7.decode(raw, decoding).lstrip("\ufeff\r\n \t\x00")
            if "\x00" in text:
                text = text.replace("\x00", "\ufffd")
                decoding.append("the message holds NUL bytes; they are left out")
            header = hl7.header(text)
            notes = Notes()
            for note in decoding:
                notes.add(note)
            refusal = self._refusal(header)
            if refusal:
                return self._rejected(header, raw, received_at, "AR", refusal[0], refusal[1])
            messages = self._messages(text, header, raw, received_at, notes)
            return Outcome(header=header, messages=messages, raw=raw, received_at=received_at)
        except NotHl7 as error:
            return self._rejected(header, raw, received_at, "AR", f"not an HL7 v2 message: {error}", "100")
        except Exception as error:  # the port outlives whatever a message holds; the bytes are kept and shown
            why = f"this message could not be read ({type(error).__name__})"
            return self._rejected(header, raw, received_at, "AE", why, "207")

    def refuse(self, raw: bytes, received_at: datetime, reason: str) -> Outcome:
        """A refusal for bytes that the framing already found not to be a whole message."""
        try:
            header: Header | None = hl7.header(hl7.decode(raw[:4096], []))
        except NotHl7:
            header = None
        return self._rejected(header, raw, received_at, "AR", reason, "100")

    def unwritable(self, outcome: Outcome, why: str) -> Outcome:
        """A refusal of a message that was read, but cannot be written down whole."""
        assert outcome.received_at is not None
        reason = f"this message cannot be kept: {why}"
        return self._rejected(outcome.header, outcome.raw, outcome.received_at, "AR", reason, "207")

    def _rejected(
        self, header: Header | None, raw: bytes, received_at: datetime, code: str, reason: str, error: str
    ) -> Outcome:
        device = self._device(header, "", "")[0] if header else ""
        control = unescape(header.control_id, header.delimiters)[:120] if header else ""
        rejected = Rejected(code=code, reason=reason, error=error, received_at=received_at, raw=raw, device=device,
                            control_id=control)  # fmt: skip
        return Outcome(header=header, rejected=rejected)

    def _refusal(self, header: Header) -> tuple[str, str] | None:
        """Why this message is not one for us, and its number in table 0357."""
        d = header.delimiters
        kind = header.fields[8].split(d.component)
        code, event = kind[0].strip().upper(), (kind[1].strip().upper() if len(kind) > 1 else "")
        if (code, event) in ACCEPTED:
            return None
        if code != "ORU":
            return f"messages of type {code[:10]} are not taken here, only results (ORU)", "200"
        return f"results of event {event[:10]} are not taken here, only R01, R30, R31 and R32", "201"

    def _messages(
        self, text: str, header: Header, raw: bytes, received_at: datetime, notes: Notes
    ) -> tuple[Message, ...]:
        d = header.delimiters
        msh, groups = header.fields, self._gather(text, d, notes)
        if not header.control_id:
            notes.add("the message has no control id (MSH-10)")
        if not msh[8].strip():
            notes.add("the message does not say its type (MSH-9); it is read as results")
        if not msh[11].split(d.component)[0].startswith("2."):
            notes.add(f"the HL7 version is given as {msh[11][:20]!r}; it is read like 2.6")
        processing = unescape(header.processing.split(d.component)[0], d).strip().upper()
        mode = self.tables.processing.get(processing)
        if mode is None:
            notes.add(f"MSH-11 says {processing[:10]!r}, which is not P, T or D; the message is kept as a test")
            mode = Mode.TEST
        parts: list[_Part] = []
        timed, index = False, 0
        for group in groups:
            found, count, group_timed = self._read_group(group, header, less_real(mode, group.mode), received_at, index,
                                                         notes)  # fmt: skip
            timed, index = timed or group_timed, index + count
            parts += found
        if not timed:
            notes.add("the message carries no usable time of its own; each arrival counts as a new one")
        # the uid comes last: a message without any time is new each time it comes
        extra = "" if timed else times.iso(received_at)
        control, said, seen = unescape(header.control_id, d)[:120], notes.all(), dict[str, int]()
        done = []
        for part in parts:
            nth = seen[part.device] = seen.get(part.device, -1) + 1
            uid = make_uid(part.device, raw, extra + (f"#{nth}" if nth else ""))
            done.append(
                Message(uid=uid, device=part.device, control_id=control, received_at=received_at,
                        device_time=part.device_time, patient_id=part.patient_id, patient_name=part.patient_name,
                        bed=part.bed, mode=part.mode, readings=part.readings, notes=said)
            )  # fmt: skip
        return tuple(done)

    def _gather(self, text: str, d: Delimiters, notes: Notes) -> list[_Group]:
        """The lines of a message, sorted under the patient they belong to."""
        group = _Group()
        groups = [group]
        for line in hl7.segments(text):
            kind = line[:3]
            if kind == "OBX":
                if len(group.lines) >= MAX_LINES:
                    raise NotHl7(f"it holds more than {MAX_LINES} values")
                f = line.split(d.field)
                if len(f) < 20:
                    f += [""] * (20 - len(f))
                if f[18]:
                    group.device = group.device or f[18]
                group.lines.append(_Line(f, group.observed, f[18]))
            elif kind == "PID":
                if group.pid or group.lines:
                    group = _Group()
                    groups.append(group)
                group.pid = line.split(d.field)
            elif kind == "PV1":
                f = line.split(d.field)
                group.bed = _bed(f[3], d) if len(f) > 3 else ""
            elif kind == "OBR":
                f = line.split(d.field)
                group.observed = f[7] if len(f) > 7 else ""
                if len(f) > 25 and (flag := self.tables.flags.get(f[25].strip().upper())):
                    group.mode = less_real(group.mode, flag.mode)
            elif kind == "PRT":
                f = line.split(d.field)
                if len(f) > 10 and f[10] and group.lines:
                    group.lines[-1].device = group.lines[-1].device or f[10]
                    group.device = group.device or f[10]
            elif line.strip() and not (_SEGMENT.fullmatch(kind) and line[3:4] in (d.field, "")):
                notes.add(f"a line that is no segment was left out: {line[:40]!r}")
        return groups

    # ------------------------------------------------------------ one patient's part

    def _read_group(
        self, group: _Group, header: Header, mode: Mode, received_at: datetime, index: int, notes: Notes
    ) -> tuple[list[_Part], int, bool]:
        """The parts of one patient's lines, how many readings they hold, and whether any time in them is usable."""
        d, sent_at = header.delimiters, header.fields[6].strip()
        patient_id, name = self._patient(group.pid, d, notes)
        device, profile = self._device(header, group.device, group.bed)
        zone = (profile.zone if profile and profile.zone else None) or self.zone
        zone = times.offset_of(sent_at) or zone
        sent = self._moment(sent_at, zone, received_at, notes, "MSH-7")
        explainer = self._explainer(profile, d)
        shared = not device or self._is_shared(header)
        found: list[tuple[str, Mode, Measured]] = []
        observed: dict[str, datetime | None] = {}
        timed = sent is not None
        mode = less_real(mode, self._mode_lines(group.lines))
        doubled = _doubled(group.lines)
        late: dict[timedelta, dict[str, None]] = {}
        for line in group.lines:
            f = line.fields
            if line.observed not in observed:
                observed[line.observed] = self._moment(line.observed, zone, received_at, notes, "OBR-7")
            base = observed[line.observed] or sent or received_at
            own = self._moment(f[14], zone, received_at, notes, "OBX-14") if f[14] else None
            timed = timed or own is not None or observed[line.observed] is not None
            who = device
            if shared and line.device and line.device != group.device:
                who = self._device(header, line.device, group.bed)[0]
            for m in explainer.explain(f, own or base, own is not None, _probe(f, doubled, d, notes), notes):
                found.append((who, less_real(mode, m.mode), m))
                if own is not None and own < base:
                    late.setdefault(base - own, {})[m.signal] = None
        for age, signals in late.items():
            if age.total_seconds() > self.tables.old_value_s:
                notes.add(f"measured {_span(age)} the message, and keeps that time: {', '.join(signals)}")
        if sent and abs((received_at - sent).total_seconds()) > self.tables.clock_doubt_s:
            off = _span(received_at - sent)
            notes.add(f"the message's own time is {off} its arrival: a late resend, or a clock that is off")
        found = _tell_apart(found, notes)
        device_time = sent or next((at for at in observed.values() if at), None)
        parts = []
        for who, how in dict.fromkeys((who, how) for who, how, _ in found) or [(device, mode)]:
            mine = [(i, m) for i, (w, h, m) in enumerate(found, start=index) if w == who and h is how]
            mine = self._keep_cuff_age(who, how, mine, notes)
            parts.append(_Part(who, how, device_time, patient_id, name, group.bed, tuple(mine)))
        return parts, len(found), timed

    def _mode_lines(self, lines: list[_Line]) -> Mode:
        """Lines that speak of the monitor's own state ("operating mode: demo"), and marks outside OBX-8 and OBX-11."""
        mode, flags = Mode.REAL, self.tables.flags
        for line in lines:
            f = line.fields
            if f[7] or f[9] or f[10] or f[12] or f[13]:
                for i in (7, 9, 10, 12, 13):
                    if f[i] and (flag := flags.get(f[i].strip().upper())):
                        mode = less_real(mode, flag.mode)
            if f[2] != "NM" and f[5] and ("MODE" in f[3].upper() or "STAT" in f[3].upper()):
                whole = f[5].upper()
                for word in re.split(r"[^A-Z]+", whole):
                    # "self test passed" is no test message: that word counts only where it stands alone
                    if (flag := flags.get(word)) and (flag.mode is not Mode.TEST or word == whole.strip()):
                        mode = less_real(mode, flag.mode)
        return mode

    def _keep_cuff_age(
        self, device: str, mode: Mode, readings: list[tuple[int, Measured]], notes: Notes
    ) -> list[tuple[int, Measured]]:
        """A cuff reading that is only sent again keeps the time of its measurement, or of its first arrival."""
        cuff = [m for _, m in readings if m.value is not None and self.signals[m.signal].intermittent]
        if not cuff:
            return readings
        key = f"{device}\0{mode.value}"
        values = tuple((m.signal, m.probe, m.value_sent) for m in cuff)
        claimed, stamped = max(m.at for m in cuff), all(m.own_time for m in cuff)
        last = self.cuffs.get(key)
        again = last is not None and last.values == values and claimed >= last.first and (
            not stamped or claimed - last.claimed < timedelta(seconds=self.tables.cuff_shortest_cycle_s)
        )  # fmt: skip
        first = last.first if last and again else claimed
        if last is None or claimed >= last.claimed:
            if len(self.cuffs) >= 1024 and key not in self.cuffs:
                self.cuffs.pop(next(iter(self.cuffs)))
            new = Cuff(values=values, first=first, claimed=claimed)
            self.cuffs_changed = self.cuffs_changed or last is None or last.first != first
            self.cuffs[key] = new
        if stamped and first == claimed:
            return readings
        if first < claimed:
            notes.add("the same cuff reading came again; it keeps the time at which it was first seen")
        out = []
        for index, m in readings:
            if m.value is not None and self.signals[m.signal].intermittent:
                m = m._replace(at=min(m.at, first))
                if not m.own_time and m.quality is Quality.GOOD:
                    m = m._replace(quality=Quality.QUESTIONABLE, reason="the cuff reading came without its own time")
            out.append((index, m))
        return out

    # ------------------------------------------------------------ who

    def _patient(self, pid: list[str], d: Delimiters, notes: Notes) -> tuple[str, str]:
        """Patient id and name as sent; empty where the id is missing or one that names nobody."""
        f = pid + [""] * (6 - len(pid))
        name = ", ".join(
            p for p in (unescape(c, d).strip() for c in f[5].split(d.repetition)[0].split(d.component)[:2]) if p
        )
        choices = [c.split(d.component) for c in f[3].split(d.repetition)]
        best = next((c for c in choices if len(c) > 4 and c[4] == "MR" and c[0]), None) or choices[0]
        patient = unescape(best[0], d).strip()
        if not patient and f[2].strip():
            patient = unescape(f[2].split(d.component)[0], d).strip()
            notes.add("the patient id stood in PID-2")
        if patient and (not patient.strip("0 ") or fold(patient) in self.tables.default_patient or patient == '""'):
            notes.add(f"the patient id {patient[:40]!r} is a default one; it names nobody")
            patient = ""
        return patient[:80], name[:200]

    def _is_shared(self, header: Header) -> bool:
        d = header.delimiters
        return unescape(header.application.split(d.component)[0], d).strip() in self.devices.shared

    def _device(self, header: Header, equipment: str, bed: str) -> tuple[str, Profile | None]:
        """How this device is called here: by the clinic's file, else MSH-3, MSH-4, OBX-18 or PRT-10, else the bed."""
        key = (header.application, header.facility, equipment, bed, header.delimiters)
        found = self._profiles.get(key)
        if found is None:
            if len(self._profiles) >= 4096:
                self._profiles.clear()
            found = self._profiles[key] = self._find_device(header, equipment, bed)
        return found

    def _find_device(self, header: Header, equipment: str, bed: str) -> tuple[str, Profile | None]:
        d = header.delimiters
        shared = self._is_shared(header)
        texts = ([] if shared else [header.application, header.facility]) + [equipment]
        names = [name for name in (_name(text, d) for text in texts) if name]
        places = [f"bed:{bed}"] if bed else []
        for text in (*texts, *places):
            whole = unescape(text, d).strip()
            for match in (whole, *(unescape(p, d).strip() for p in text.split(d.component))):
                if match and (profile := self.devices.by_match.get(match)):
                    return profile.key, profile
        name = next(iter([*names, *places]), "")
        if len(name) > 120:
            name = f"{name[:100]}~{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        return name, None

    def _explainer(self, profile: Profile | None, d: Delimiters) -> Explainer:
        key = (profile.key if profile else "", d)
        if key not in self._explainers:
            if len(self._explainers) >= 1024:
                self._explainers.clear()
            self._explainers[key] = Explainer(tables=self.tables, signals=self.signals, profile=profile, delimiters=d)
        return self._explainers[key]

    # ------------------------------------------------------------ when

    def _moment(self, text: str, zone: tzinfo, near: datetime, notes: Notes, where: str) -> datetime | None:
        text = text.strip()
        if not text or text == '""':
            return None
        key = (text, zone, near.toordinal() * 24 + near.hour)
        if key in self._moments:
            moment = self._moments[key]
        else:
            if len(self._moments) >= 4096:
                self._moments.clear()
            moment = times.read(text, default=zone, near=near, earliest_year=self.tables.earliest_year)
            self._moments[key] = moment
        if moment is None:
            notes.add(f"{where} holds {text[:30]!r}, which is not a usable time; the next best one is taken")
            return None
        for note in moment.notes:
            notes.add(note)
        return moment.at


def _name(text: str, d: Delimiters) -> str:
    """How an HD or EI field names a device: its name, with the number that tells two of one name apart."""
    parts = [unescape(p, d).strip() for p in text.split(d.component)] + ["", "", ""]
    name, number = parts[0], (parts[1] if len(parts) < 7 or not parts[2] else parts[2])
    if not name:
        return number or parts[2]
    return name if not number or number == name else f"{name}/{number}"


def _bed(text: str, d: Delimiters) -> str:
    """PV1-3 as a place: point of care, room and bed, each by its first part."""
    parts = []
    for component in text.split(d.repetition)[0].split(d.component)[:3]:
        first = next((p for p in (unescape(s, d).strip() for s in component.split(d.subcomponent)) if p), "")
        if first:
            parts.append(first)
    return "/".join(parts)[:80]


def _doubled(lines: list[_Line]) -> set[str]:
    """The codes that stand more than once among these lines: their sub-id tells the probes apart."""
    seen: set[str] = set()
    doubled: set[str] = set()
    for line in lines:
        code = line.fields[3]
        if code in seen:
            doubled.add(code)
        seen.add(code)
    return doubled


def _probe(f: list[str], doubled: set[str], d: Delimiters, notes: Notes) -> str:
    """Which probe a line speaks of: its containment path (OBX-4), else its equipment or site (OBX-18, OBX-20).

    A plain number in OBX-4 is a running number on most monitors; it tells probes apart only where one code comes twice.
    """
    path = f[4].strip()
    if not path and "." in f[1]:
        path = f[1].strip()
        notes.add("the containment path stood in OBX-1")
    if "." in path:
        return path if path.strip("0.") else ""
    if path and (not path.isdigit() or f[3] in doubled):
        return unescape(path, d)
    for i in (18, 20):
        if len(f) > i and f[i]:
            return unescape(f[i].split(d.component)[0], d).strip() or unescape(f[i], d).strip()
    return ""


def _tell_apart(
    found: list[tuple[str, Mode, Measured]], notes: Notes
) -> list[tuple[str, Mode, Measured]]:  # fmt: skip
    """Two readings of one signal, probe and time in one message are two probes that nobody named: number them."""
    if len({(m.signal, m.probe) for _, _, m in found}) == len(found):
        return found
    seen: dict[tuple[str, Mode, str, str, datetime], int] = {}
    out = []
    for device, mode, m in found:
        key = (device, mode, m.signal, m.probe, m.at)
        nth = seen[key] = seen.get(key, 0) + 1
        if nth > 1:
            notes.add(f"{m.signal} came more than once for one time; the sources are numbered in the order sent")
            m = m._replace(probe=f"{m.probe}#{nth}")
        out.append((device, mode, m))
    return out


def _span(delta: timedelta) -> str:
    """A stretch of time in words: "00:04:12 before", "2 d 01:00:00 after"."""
    seconds = int(abs(delta.total_seconds()))
    days, rest = divmod(seconds, 86400)
    clock = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    return (f"{days} d " if days else "") + clock + (" before" if delta.total_seconds() >= 0 else " after")
