"""Who watches when nothing arrives, and after a restart: nothing missed, nothing doubled, nothing of anybody else's."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, connections

from stillhaven.clinic.monitoring import actions, gather
from stillhaven.clinic.monitoring.models import AlarmEvent, Heartbeat
from stillhaven.clinic.monitoring.watch import Watch
from stillhaven.clinic.record import clock, verify
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.vitals import actions as vitals
from stillhaven.clinic.vitals.models import Attachment, Device
from stillhaven.clinic.web.demo import Demo
from stillhaven.science import alarms
from tests.cast import make_clinic
from tests.clinic.live_support import CALM, in_chair, send

LOW = CALM | {"spo2_pct": 82.0}


class Hand:
    """The clinic's clock, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = clock.now().replace(microsecond=0)
        self.monkeypatch = monkeypatch
        self.move(0)

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.monkeypatch.setenv("STILLHAVEN_CLOCK", f"={self.now.isoformat().replace('+00:00', 'Z')}")


@pytest.fixture
def hand(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Hand:
    return Hand(monkeypatch)


@pytest.fixture
def demo(hand: Hand) -> Demo:
    return make_clinic(clock.now())


def raised(session: TreatmentSession, condition: str = "") -> list[AlarmEvent]:
    rows = AlarmEvent.objects.filter(session=session, kind="raised").order_by("seq")
    return [row for row in rows if not condition or row.condition == condition]


def low_saturation(session: TreatmentSession) -> list[AlarmEvent]:
    return [row for row in raised(session) if row.data.get("signal") == "spo2_pct" and not _technical(session, row)]


def _technical(session: TreatmentSession, row: AlarmEvent) -> bool:
    return next(c for c in gather.plan_of(session).conditions if c.key == row.condition).technical


def delay_of(session: TreatmentSession, row: AlarmEvent) -> float:
    return float(next(c for c in gather.plan_of(session).conditions if c.key == row.condition).delay_s)


def run(watch: Watch, hand: Hand, device: str, values: dict[str, float | None] | None, seconds: int) -> None:
    """So many seconds of watching, a message each second or none."""
    for _ in range(seconds):
        hand.move(1)
        if values is not None:
            send(device, values)
        watch.look()
        watch.beat()


def test_an_alarm_is_raised_within_a_second_of_its_delay(demo: Demo, hand: Hand) -> None:
    session, watch = in_chair(demo), Watch()
    run(watch, hand, "MON-2", CALM, 5)
    assert low_saturation(session) == []
    crossed = hand.now + timedelta(seconds=1)
    for _ in range(120):
        run(watch, hand, "MON-2", LOW, 1)
        if low_saturation(session):
            break
    alarm = low_saturation(session)[0]
    assert hand.now <= crossed + timedelta(seconds=delay_of(session, alarm) + 1)
    assert alarm.by_name == "the watch"
    assert watch.look() == 0  # asking twice changes nothing


def test_a_monitor_that_falls_silent_is_noticed_without_any_message(demo: Demo, hand: Hand) -> None:
    session, watch = in_chair(demo), Watch()
    run(watch, hand, "MON-2", CALM, 3)
    before = {row.uid for row in raised(session)}
    run(watch, hand, "MON-2", None, 90)
    silent = [row for row in raised(session) if row.uid not in before and _technical(session, row)]
    assert silent


def test_a_restart_loses_no_alarm_and_doubles_none(demo: Demo, hand: Hand) -> None:
    session, first = in_chair(demo), Watch()
    run(first, hand, "MON-2", CALM, 5)
    run(first, hand, "MON-2", LOW, 2)  # crossed, and not raised so far
    for _ in range(60):  # nobody watches; the gateway goes on
        hand.move(1)
        send("MON-2", LOW)
    again = Watch()
    again.look()
    alarm = low_saturation(session)[0]
    crossed = alarms.AlarmEvent.from_dict(alarm.data).crossed_at
    assert crossed is not None
    assert crossed < hand.now - timedelta(seconds=58)
    run(again, hand, "MON-2", LOW, 3)
    run(Watch(), hand, "MON-2", LOW, 3)
    assert max(Counter((row.condition, row.data.get("signal")) for row in low_saturation(session)).values()) == 1
    assert verify.verify().problems == ()


def test_what_came_and_went_while_nobody_watched_is_told_afterwards(demo: Demo, hand: Hand) -> None:
    session, first = in_chair(demo), Watch()
    run(first, hand, "MON-2", CALM, 3)
    for values, seconds in ((LOW, 60), (CALM, 300)):
        for n in range(0, seconds, 2):
            send("MON-2", values, hand.now + timedelta(seconds=n))
        hand.move(seconds)
    Watch().look()
    assert len(low_saturation(session)) == 1


def test_two_watches_at_once_do_not_double(demo: Demo, hand: Hand) -> None:
    session = in_chair(demo)
    watches = [Watch(), Watch()]
    for watch in watches:
        watch.look()
    for _ in range(90):
        hand.move(1)
        send("MON-2", LOW)

    def look(watch: Watch) -> None:
        try:
            start.wait(30)
            watch.look()
        finally:
            connections.close_all()

    start = threading.Barrier(2)
    threads = [threading.Thread(target=look, args=(watch,)) for watch in watches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert low_saturation(session)
    counted = Counter(
        (row.kind, row.condition, row.data.get("signal"), row.happened_at) for row in AlarmEvent.objects.all()
    )
    assert {key: n for key, n in counted.items() if n > 1} == {}


def test_an_answer_silences_that_alarm_alone(demo: Demo, hand: Hand) -> None:
    session, watch = in_chair(demo), Watch()
    run(watch, hand, "MON-2", CALM, 3)
    run(watch, hand, "MON-2", LOW | {"heart_rate_per_min": 190.0, "pulse_rate_per_min": 190.0}, 60)

    def sounding() -> dict[str, str]:
        shown = alarms.open_alarms(gather.events_of(session), hand.now)
        return {a.uid: a.as_dict()["state"] for a in shown}

    before = sounding()
    assert len([state for state in before.values() if state == "active"]) >= 2
    first = next(uid for uid, state in before.items() if state == "active")
    actions.acknowledge(session.pk, first, by=demo.staff["nurse"], at=hand.now)
    watch.note(f"clinic:1 0 s{session.pk} k:alarmevent")
    run(watch, hand, "MON-2", LOW | {"heart_rate_per_min": 190.0, "pulse_rate_per_min": 190.0}, 2)
    after = sounding()
    assert after[first] == "acknowledged"
    assert {uid: s for uid, s in after.items() if uid != first} == {uid: s for uid, s in before.items() if uid != first}


def test_the_monitor_of_the_next_patient_raises_nothing_here(demo: Demo, hand: Hand) -> None:
    first, second, watch = in_chair(demo, "ben", "Chair 2"), in_chair(demo, "cleo", "Chair 3"), Watch()
    run(watch, hand, "MON-2", CALM, 3)
    nurse = demo.staff["nurse"]
    for session in (first, second):
        attachment = Attachment.objects.current().get(patient=session.patient, end__isnull=True)
        vitals.detach(attachment, by=nurse, end=hand.now)
    vitals.attach(Device.objects.get(key="MON-2"), second.patient, by=nurse, start=hand.now)
    watch.stale |= {first.pk, second.pk}
    run(watch, hand, "MON-2", LOW, 40)
    assert low_saturation(second)
    assert low_saturation(first) == []


def test_a_stretch_marked_as_artefact_is_not_judged(demo: Demo, hand: Hand) -> None:
    session, watch = in_chair(demo), Watch()
    run(watch, hand, "MON-2", CALM, 3)
    vitals.mark_artefact(
        session.patient, "spo2_pct", hand.now, hand.now + timedelta(minutes=5), by=demo.staff["nurse"], at=hand.now,
        why="finger warmed",
    )  # fmt: skip
    watch.note(f"clinic:1 0 p{session.patient_id}")
    run(watch, hand, "MON-2", LOW, 40)
    assert low_saturation(session) == []


def test_an_overdue_check_is_noticed_and_a_value_settles_it(demo: Demo, hand: Hand) -> None:
    session, watch = in_chair(demo, minutes=1), Watch()
    run(watch, hand, "MON-2", CALM, 2)
    hand.move(20 * 60)
    send("MON-2", CALM)
    watch.look()
    facts = watch.sessions[session.pk].facts
    late = [c for c in facts.checks if c.signal == "systolic_mmhg" and c.done_at is None and c.due_at <= hand.now]
    assert late
    run(watch, hand, "MON-2", CALM | {"systolic_mmhg": 120.0, "diastolic_mmhg": 75.0, "mean_pressure_mmhg": 90.0}, 3)
    watch.sessions[session.pk].later_at = 0.0
    watch.look()
    after = [c for c in watch.sessions[session.pk].facts.checks if c.signal == "systolic_mmhg" and c.done_at is None]
    assert len([c for c in after if c.due_at <= hand.now]) < len(late)


def test_the_heart_beats_in_the_tables(demo: Demo, hand: Hand) -> None:
    in_chair(demo)
    watch = Watch()
    run(watch, hand, "MON-2", CALM, 2)
    beat = Heartbeat.objects.get(part="watch")
    assert beat.beat_at == hand.now
    assert beat.detail == {"sessions": 1}


def test_a_round_asks_the_database_little_for_each_chair(demo: Demo, hand: Hand) -> None:
    """The watch has a second for all chairs together: a chair where nothing happened costs a handful of questions."""
    from django.test.utils import CaptureQueriesContext

    watch = Watch()
    counts = []
    for key, chair in (("ben", "Chair 2"), ("cleo", "Chair 3"), ("dev", "Chair 4")):
        in_chair(demo, key, chair)
        watch.look()
        for watched in watch.sessions.values():
            watched.later_at = 0.0
        with CaptureQueriesContext(connection) as asked:
            watch.look()
        counts.append(len(asked))
    assert counts[2] - counts[1] <= 6
