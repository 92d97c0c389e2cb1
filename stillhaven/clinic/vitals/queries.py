"""Reads of readings: a patient's, over every device they wore; a device's, as it sent them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from stillhaven.clinic.record.looking import once
from stillhaven.clinic.vitals.models import Attachment, Device, Message, Reading, ReadingMark
from stillhaven.reference import load as reference
from stillhaven.science.vitals import Mode, Quality, Source
from stillhaven.science.vitals import Reading as ScienceReading


@dataclass(frozen=True, kw_only=True)
class Worn:
    """A device on a patient, from until (None: still on)."""

    device_id: int
    device_key: str
    start: datetime
    end: datetime | None

    def covers(self, at: datetime) -> bool:
        """Was the device on them at this moment?"""
        return self.start <= at and (self.end is None or at < self.end)


@once
def worn_by(patient_id: int, start: datetime, end: datetime) -> list[Worn]:
    """The devices that were on a patient at any time between start and end."""
    rows = (
        Attachment.objects.current()
        .filter(Q(end__isnull=True) | Q(end__gt=start), patient_id=patient_id, start__lt=end)
        .select_related("device")
        .order_by("start")
    )
    return [Worn(device_id=a.device_id, device_key=a.device.key, start=max(a.start, start), end=a.end) for a in rows]


def readings_of(
    patient_id: int, start: datetime, end: datetime, *, signals: Iterable[str] = (), after_seq: int = 0
) -> list[ScienceReading]:
    """A patient's readings between start and end, measured by any device on them or by hand; artefacts marked."""
    whose = Q(patient_id=patient_id)
    worn = worn_by(patient_id, start, end)
    for w in worn:
        whose |= Q(device_id=w.device_id, happened_at__gte=w.start, happened_at__lt=min(w.end or end, end))
    rows = Reading.objects.current().filter(whose, happened_at__gte=start, happened_at__lt=end)
    if after_seq:
        rows = rows.filter(seq__gt=after_seq)
    if wanted := list(signals):
        rows = rows.filter(signal__in=wanted)
    keys = {w.device_id: w.device_key for w in worn}
    values = rows.order_by("happened_at", "seq").values_list(*_COLUMNS)
    found = [as_science(row, keys) for row in values]
    return with_marks(found, marks_of(patient_id, start, end))


_COLUMNS = (
    "signal",
    "value",
    "happened_at",
    "recorded_at",
    "quality",
    "why",
    "device_id",
    "probe",
    "source",
    "mode",
    "seq",
)
_QUALITY, _SOURCE, _MODE = {q.value: q for q in Quality}, {s.value: s for s in Source}, {m.value: m for m in Mode}


def as_science(row: Any, keys: dict[int, str]) -> ScienceReading:
    """One row of `_COLUMNS` as rules know it."""
    signal, value, at, arrived_at, quality, why, device_id, probe, source, mode, seq = row
    return ScienceReading(
        signal=signal, value=value, at=at, arrived_at=arrived_at, quality=_QUALITY[quality], reason=why,
        device=keys.get(device_id, ""), probe=probe, source=_SOURCE[source], mode=_MODE[mode], seq=seq,
    )  # fmt: skip


Arrived = tuple[int | None, int | None, Any]  # (device id, patient id, row of columns)


def arrived_between(site: int, first_seq: int, last_seq: int) -> list[Arrived]:
    """What was recorded in this stretch of the chain."""
    rows = Reading.objects.filter(site=site, seq__gte=first_seq, seq__lte=last_seq).order_by("seq")
    return [(row[6], row[11], row[:11]) for row in rows.values_list(*_COLUMNS, "patient_id")]


def theirs(
    rows: Iterable[Arrived], patient_id: int, worn: Sequence[Worn], marks: Sequence[ReadingMark] = ()
) -> list[ScienceReading]:
    """Those of the arrived rows that are this patient's: by hand, or measured while the device was on them.

    A monitor goes from chair to chair: what it measures on the next patient is not this one's.
    """
    keys = {w.device_id: w.device_key for w in worn}
    found = [
        as_science(row, keys)
        for device_id, whose, row in rows
        if whose == patient_id
        or (device_id in keys and any(w.device_id == device_id and w.covers(row[2]) for w in worn))
    ]
    return with_marks(found, marks)


def reassigned_since(patient_id: int, seq: int) -> bool:
    """Was a device put on or off this patient, or a stretch of theirs marked, after this place of the clinical chain?

    An attachment that was moved to somebody else names the other one: so its earlier versions are asked for as well.
    """
    devices = Attachment.objects.filter(patient_id=patient_id).values("device_id")
    moved = Attachment.objects.filter(device_id__in=devices, seq__gt=seq)
    return moved.exists() or ReadingMark.objects.filter(patient_id=patient_id, seq__gt=seq).exists()


@once
def marks_of(patient_id: int, start: datetime, end: datetime) -> list[ReadingMark]:
    """Stretches that somebody marked as artefact."""
    return list(ReadingMark.objects.current().filter(patient_id=patient_id, start__lt=end, end__gt=start))


def with_marks(readings: list[ScienceReading], marks: Sequence[ReadingMark]) -> list[ScienceReading]:
    """The readings with what was marked as artefact said so."""
    if not marks:
        return readings
    return [
        next(
            (
                replace(r, quality=Quality.ARTEFACT, reason=m.why)
                for m in marks
                if m.signal == r.signal and m.start <= r.at < m.end and r.value is not None
            ),
            r,
        )
        for r in readings
    ]


def envelope(
    patient_id: int, start: datetime, end: datetime, bucket_s: float
) -> list[tuple[str, datetime, float, float, float, int]]:
    """Per signal and bucket: (signal, bucket start, min, max, mean, n) of usable values.  The raw values stay beside it.

    Averages never replace the record: min and max of every bucket go with them, so no peak is lost.
    """
    usable, values = _usable(patient_id, start, end)
    sql = f"""
      SELECT r.signal, date_bin(make_interval(secs => %(bucket)s), r.happened_at, %(start)s) AS t,
             min(r.value), max(r.value), avg(r.value), count(*)
      FROM {usable} r GROUP BY 1, 2 ORDER BY 1, 2
    """  # noqa: S608 (made of our own words)
    with connection.cursor() as cursor:
        cursor.execute(sql, values | {"bucket": bucket_s})
        return cursor.fetchall()


def worn_now(patient_id: int) -> QuerySet[Attachment]:
    """Devices on this patient at present."""
    return Attachment.objects.current().filter(patient_id=patient_id, end__isnull=True).select_related("device")


def unclaimed(site: int, since: datetime) -> list[Device]:
    """Devices that send and are on nobody: for the tray on the board."""
    worn = Attachment.objects.current().filter(end__isnull=True).values("device_id")
    return list(Device.objects.filter(site_id=site, last_seen_at__gte=since).exclude(pk__in=worn).order_by("key"))


def rejected(site: int, since: datetime) -> QuerySet[Message]:
    """Messages that could not be read, newest first."""
    return (
        Message.objects.filter(site=site, recorded_at__gte=since)
        .exclude(rejected_code="")
        .select_related("device")
        .order_by("-seq")
    )


def by_message(site: int, device: str, control_id: str, after_seq: int, limit: int) -> list[Reading]:
    """Readings of one device and message, in the order they were recorded.

    A device is named by its whole key ("VS900/00A0370098007A80"), or by the part before or after the slash.
    """
    rows = Reading.objects.filter(site=site, seq__gt=after_seq).select_related("message", "device")
    if device:
        named = Q(device__key=device) | Q(device__key__startswith=f"{device}/") | Q(device__key__endswith=f"/{device}")
        rows = rows.filter(named)
    if control_id:
        rows = rows.filter(message__control_id=control_id)
    return list(rows.order_by("seq")[:limit])


@once
def gaps(
    patient_id: int, start: datetime, end: datetime, stale_s: dict[str, float]
) -> tuple[dict[str, list[tuple[datetime, datetime, str]]], dict[str, datetime]]:
    """Stretches without a current value, per signal: (from, to, reason), and until when each signal is covered.

    Each usable value covers the time from its measurement until it goes stale; computed in the database, since eight
    hours of one-second values are many rows and few gaps.  The last element is `covered until`, also after `end`.
    """
    usable, values = _usable(patient_id, start, end, stale_s)
    sql = f"""
      SELECT s.signal, x.at, x.after, x.at + s.stale
      FROM (SELECT signal, make_interval(secs => stale) AS stale
            FROM unnest(%(signals)s::text[], %(stale)s::float8[]) u(signal, stale)) s
      JOIN LATERAL (
        SELECT r.happened_at AS at, lead(r.happened_at) OVER (ORDER BY r.happened_at) AS after
        FROM {usable} r WHERE r.signal = s.signal
        UNION ALL
        SELECT %(start)s - s.stale, min(r.happened_at) FROM {usable} r WHERE r.signal = s.signal
      ) x ON x.after IS NULL OR x.after - x.at > s.stale
      ORDER BY s.signal, x.at
    """  # noqa: S608 (made of our own words)
    with connection.cursor() as cursor:
        cursor.execute(sql, values | {"signals": list(stale_s), "stale": [float(s) for s in stale_s.values()]})
        rows = cursor.fetchall()
    found: dict[str, list[tuple[datetime, datetime, str]]] = {signal: [] for signal in stale_s}
    covered: dict[str, datetime] = {}
    for signal, at, after, until in rows:
        if after is not None:  # a value that went stale before the next one came
            found[signal].append((until, after, ""))
        elif at >= start:  # the newest value; a signal without any begins before the start, and is covered by nothing
            covered[signal] = until
    reasons = _reasons(patient_id, start, end, _whose(patient_id, start, end))
    return {s: [(a, b, reasons(s, a, b)) for a, b, _ in rows_of] for s, rows_of in found.items()}, covered


def _usable(patient_id: int, start: datetime, end: datetime, signals: Iterable[str] = ()) -> tuple[str, dict[str, Any]]:
    """This patient's usable readings between start and end, as a table in SQL, with its values.

    One arm for each stretch of a device on them and one for their own rows, so that each is read from one index, signal by
    signal and in order.  Only what is needed is asked of each row, since there may be hundreds of thousands: most patients
    wear one device, and most have no stretch that was marked.
    """
    worn, marks = worn_by(patient_id, start, end), marks_of(patient_id, start, end)
    values: dict[str, Any] = {"patient": patient_id, "start": start, "end": end}
    words = ["r.value IS NOT NULL AND NOT r.retracted AND r.quality IN ('good', 'questionable')"]
    if wanted := list(signals):
        words.append("r.signal = ANY(%(wanted)s)")
        values["wanted"] = wanted
    for n, m in enumerate(marks):
        words.append(f"NOT (r.signal = %(mg{n})s AND r.happened_at >= %(ms{n})s AND r.happened_at < %(me{n})s)")
        values |= {f"mg{n}": m.signal, f"ms{n}": m.start, f"me{n}": m.end}
    if amended := _amended(patient_id, [w.device_id for w in worn]):
        words.append("NOT r.uid = ANY(%(amended)s::uuid[])")
        values["amended"] = amended
    arms = ["r.patient_id = %(patient)s AND r.happened_at >= %(start)s AND r.happened_at < %(end)s"]
    for n, w in enumerate(worn):
        arms.append(f"r.device_id = %(d{n})s AND r.happened_at >= %(s{n})s AND r.happened_at < %(e{n})s")
        values |= {f"d{n}": w.device_id, f"s{n}": max(w.start, start), f"e{n}": min(w.end or end, end)}
    rest = " AND ".join(words)
    table = " UNION ALL ".join(
        f"SELECT r.signal, r.happened_at, r.value, r.seq FROM vitals_reading r WHERE {arm} AND {rest}"  # noqa: S608
        for arm in arms
    )
    return f"({table})", values


@once
def _amended(patient_id: int, devices: list[int]) -> list[Any]:
    mine = Q(patient_id=patient_id) | Q(device_id__in=devices)
    return list(Reading.objects.filter(mine, amends__isnull=False).values_list("amends_id", flat=True))


def _whose(patient_id: int, start: datetime, end: datetime) -> dict[str, Any]:
    worn, marks = worn_by(patient_id, start, end), marks_of(patient_id, start, end)
    return {
        "patient": patient_id, "devices": [w.device_id for w in worn], "starts": [w.start for w in worn],
        "ends": [w.end or end for w in worn], "m_signals": [m.signal for m in marks],
        "m_starts": [m.start for m in marks], "m_ends": [m.end for m in marks],
    }  # fmt: skip


def _reasons(patient_id: int, start: datetime, end: datetime, whose: dict[str, Any]) -> Any:
    """Why there was no value in a stretch, as far as the monitor or a person said; asked only once there are gaps."""
    rows = list(
        Reading.objects.filter(
            Q(device_id__in=whose["devices"]) | Q(patient_id=patient_id), happened_at__gte=start, happened_at__lt=end
        )
        .exclude(why="")
        .order_by("happened_at")
        .values_list("signal", "happened_at", "why")[:20000]
    )
    marks = list(zip(whose["m_signals"], whose["m_starts"], whose["m_ends"], strict=True))

    def reason(signal: str, begun: datetime, ended: datetime) -> str:
        if any(g == signal and s < ended and e > begun for g, s, e in marks):
            return "marked as artefact"
        return next((why for s, at, why in rows if s == signal and begun <= at <= ended), "nothing received")

    return reason


@once
def newest_usable(patient_id: int, start: datetime, end: datetime) -> dict[str, tuple[float, datetime]]:
    """The newest usable value of each signal between start and end, with when it was measured."""
    usable, values = _usable(patient_id, start, end)
    sql = f"""
      SELECT g.signal, r.value, r.happened_at FROM unnest(%(signals)s::text[]) g(signal) JOIN LATERAL (
        SELECT r.value, r.happened_at FROM {usable} r WHERE r.signal = g.signal
        ORDER BY r.happened_at DESC, r.seq DESC LIMIT 1
      ) r ON true ORDER BY g.signal
    """  # noqa: S608 (made of our own words)
    with connection.cursor() as cursor:
        cursor.execute(sql, values | {"signals": sorted(reference.current().signals)})
        return {signal: (value, at) for signal, value, at in cursor.fetchall()}


@once
def moments(patient_id: int, start: datetime, end: datetime, signals: Iterable[str]) -> list[tuple[str, datetime]]:
    """When each of these signals had a usable value between start and end, in order."""
    usable, values = _usable(patient_id, start, end, signals)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT r.signal, r.happened_at FROM {usable} r ORDER BY 2, 1", values)  # noqa: S608
        return cursor.fetchall()
