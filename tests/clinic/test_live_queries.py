"""What the database counts for curves, gaps and newest values is what the readings say one by one."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import datetime, timedelta

import pytest

from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.vitals import actions as vitals
from stillhaven.clinic.vitals import queries
from stillhaven.clinic.vitals.models import Attachment, Device, Reading
from stillhaven.clinic.web.demo import Demo
from tests.cast import make_clinic
from tests.clinic.live_support import in_chair, send

STALE = {"spo2_pct": 10.0, "heart_rate_per_min": 10.0, "etco2_mmhg": 10.0}


@pytest.fixture
def demo(db: None) -> Demo:
    return make_clinic(clock.now())


def busy(demo: Demo, chance: random.Random) -> tuple[int, datetime, datetime]:
    """A patient whose monitor is taken off and put on another, with gaps, marks, a correction and values by hand."""
    nurse, session = demo.staff["nurse"], in_chair(demo)
    other = in_chair(demo, "cleo", "Chair 3")
    begun = clock.now().replace(microsecond=0) - timedelta(minutes=4)
    off, on = begun + timedelta(seconds=90), begun + timedelta(seconds=150)
    mine = Attachment.objects.current().get(patient=session.patient, end__isnull=True)
    vitals.detach(mine, by=nurse, end=off)
    second = Device.objects.get(key="MON-3")
    vitals.detach(Attachment.objects.current().get(patient=other.patient, end__isnull=True), by=nurse, end=on)
    vitals.attach(second, session.patient, by=nurse, start=on)
    for n in range(0, 240, chance.choice((1, 2))):
        at = begun + timedelta(seconds=n)
        for device in ("MON-2", "MON-3"):
            values = {s: (None if chance.random() < 0.1 else float(chance.randint(80, 99))) for s in STALE}
            if not 40 < n % 80 < 65 and chance.random() < 0.9:
                send(device, values, at)
    vitals.record_by_hand(session.patient, {"spo2_pct": 95.0}, by=nurse, at=off + timedelta(seconds=20), simulated=True)
    for signal in ("spo2_pct", "etco2_mmhg"):
        start = begun + timedelta(seconds=chance.randint(0, 60))
        vitals.mark_artefact(
            session.patient, signal, start, start + timedelta(seconds=20), by=nurse, at=clock.now(), why="moved"
        )
    wrong = Reading.objects.filter(
        device=mine.device, happened_at__lt=off, value__isnull=False, signal="spo2_pct"
    ).first()
    assert wrong is not None
    record.amend(wrong, by=nurse, at=clock.now(), reason="typed twice", retract=True)
    return session.patient_id, begun - timedelta(minutes=1), begun + timedelta(minutes=4)


@pytest.mark.parametrize("seed", range(3))
def test_counted_in_the_database_as_one_by_one(demo: Demo, seed: int) -> None:
    patient, start, end = busy(demo, random.Random(seed))
    readings = [r for r in queries.readings_of(patient, start, end) if r.usable is not None]
    assert len(readings) > 50
    by_signal: dict[str, list[tuple[datetime, float]]] = defaultdict(list)
    for r in readings:
        by_signal[r.signal].append((r.at, float(r.usable or 0.0)))

    boxes: dict[tuple[str, int], list[float]] = defaultdict(list)
    for signal, values in by_signal.items():
        for at, value in values:
            boxes[signal, int((at - start).total_seconds() // 15)].append(value)
    expected = {key: (min(v), max(v), pytest.approx(sum(v) / len(v)), len(v)) for key, v in boxes.items()}
    found = {
        (signal, round((at - start).total_seconds() / 15)): (low, high, mean, n)
        for signal, at, low, high, mean, n in queries.envelope(patient, start, end, 15.0)
    }
    assert found == expected

    gaps, covered = queries.gaps(patient, start, end, STALE)
    for signal, stale in STALE.items():
        until, missing = start, []
        for at, _ in sorted(by_signal[signal]):
            if at > until:
                missing.append((until, at))
            until = max(until, at + timedelta(seconds=stale))
        assert [(a, b) for a, b, _ in gaps[signal]] == missing
        assert covered[signal] == until

    newest = queries.newest_usable(patient, start, end)
    for signal, values in by_signal.items():
        assert newest[signal][1] == max(at for at, _ in values)


@pytest.mark.django_db(transaction=True)
def test_rows_that_are_copied_in_are_the_rows_that_would_be_inserted(demo: Demo) -> None:
    """Many at once go in another way than few: the record is whole either way, and the same uid is refused either way."""
    from stillhaven.clinic.record import verify

    many = dict.fromkeys(
        ("spo2_pct", "heart_rate_per_min", "resp_rate_per_min", "etco2_mmhg", "pulse_rate_per_min"), 90.0
    )
    odd = 'a\ttab, a \\ backslash,\na line, "quotes", ü and 你'
    rows = []
    for count in (2, 5):
        batch = [
            Reading(device=Device.objects.get(key="MON-2"), signal=s, value=v, why=odd, value_sent="\\N", mode="simulated")
            for s, v in list(many.items())[:count]
        ]  # fmt: skip
        batch[0].value = None
        record.append(*batch, by=record.Program("test"))
        rows.append(
            [(r.signal, r.value, r.why, r.value_sent, r.by_name) for r in Reading.objects.order_by("-seq")[:count]]
        )
        with pytest.raises(record.AlreadyRecorded) as refused:
            record.append(
                *[Reading(uid=r.uid, device=r.device, signal=r.signal) for r in batch], by=record.Program("test")
            )
        assert refused.value.entry.uid in {r.uid for r in batch}
    assert rows[0] == rows[1][-2:]
    assert verify.verify().problems == ()
