"""Random sessions of three streams each against the slow model: nothing missed, nothing late, nothing told twice.

ALARM_STREAMS=5000 runs as many sessions instead of 700.
"""

from __future__ import annotations

import itertools
import json
import os
import random

import pytest

from stillhaven.science import alarms
from stillhaven.science.alarms import AlarmEvent, AlarmFacts, OpenAlarm
from stillhaven.science.vitals import Quality, Reading
from tests.science.alarms_model import STEP, arrivals, watch
from tests.science.alarms_support import CUFF, OXYGEN, PULSE, SIGNALS, WATCHED, at, plan, reading, seconds

STREAMS = int(os.environ.get("ALARM_STREAMS", "700"))
CHUNK = 100
FACTS = AlarmFacts()
PLAN = plan()
LEVELS = {OXYGEN: (88, 92, 95, 97), PULSE: (80, 100, 115, 135), CUFF: (120, 150, 165, 190)}


def random_stream(rng: random.Random, name: str, length: int, *, in_order: bool) -> list[Reading]:
    """Values that wander between the lines, with pauses, artefacts and a network that is sometimes away."""
    found: list[Reading] = []
    moment, last_arrival, level = 0.0, 0.0, rng.choice(LEVELS[name])
    away_until = 0.0
    while moment < length:
        if rng.random() < 0.25:
            level = rng.choice(LEVELS[name])
        if rng.random() < 0.03:
            moment += rng.choice((3.0, 8.0, 14.0))
        if rng.random() < 0.03:
            away_until = moment + rng.choice((2.0, 6.0, 15.0))
        lag = rng.choice((0.0, 0.0, 0.0, 0.5, 2.0)) if in_order else rng.choice((0.0, 0.0, 0.5, 3.0, 12.0))
        arrived = max(moment + lag, away_until)
        if in_order:
            arrived = max(arrived, last_arrival)
        last_arrival = arrived
        quality = Quality.ARTEFACT if rng.random() < 0.05 else Quality.GOOD
        found.append(reading(name, moment, float(level), arrived=arrived, quality=quality))
        moment += (rng.choice((5.0, 10.0, 20.0)) if name == CUFF else 1.0) if rng.random() > 0.02 else 2.5
    return found


def session(rng: random.Random, length: int, *, in_order: bool = True) -> list[Reading]:
    return [r for name in LEVELS for r in random_stream(rng, name, length, in_order=in_order)]


def views(open_now: tuple[OpenAlarm, ...]) -> dict[str, tuple[int, str, bool]]:
    tiers = {c.key: [t.key for t in c.tiers] for c in WATCHED}
    return {a.condition: (tiers[a.condition].index(a.tier), a.state.value, a.escalated) for a in open_now}


@pytest.mark.parametrize("chunk", range(STREAMS // CHUNK))
def test_every_second_the_screen_shows_what_the_slow_model_says(chunk: int) -> None:
    length = 60
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        rng = random.Random(seed)
        readings = session(rng, length)
        models = {c.key: watch(c, SIGNALS[c.signals[0]].stale_after_s) for c in WATCHED}
        arriving = {c.key: arrivals(readings, c.signals[0]) for c in WATCHED}
        events: list[AlarmEvent] = []
        for tick in range(int((length + 20) / STEP)):
            now = tick * STEP
            for key, model in models.items():
                model.step(now, arriving[key].get(now, []))
            if now != int(now):
                continue
            new = alarms.evaluate(PLAN, readings, events, at(now), FACTS)
            events += new
            for event in new:
                assert 0 <= now - seconds(event.at) <= 1.0, (seed, now, event)
            expected = {key: view for key, model in models.items() if (view := model.view())}
            open_now = alarms.open_alarms(events, at(now))
            assert views(open_now) == expected, (seed, now)
            for alarm in open_now:
                if rng.random() < 0.08 and alarm.state != "acknowledged":
                    events.append(alarms.acknowledge(PLAN, alarm, by="N. Alvarez", at=at(now)))
                    models[alarm.condition].acknowledge()


@pytest.mark.parametrize("chunk", range(5))
def test_how_often_somebody_asks_decides_only_when_it_is_noticed(chunk: int) -> None:
    """Dense and sparse asking write the same events; so does asking once, at the end."""
    length = 60
    for seed in range(chunk * 30, (chunk + 1) * 30):
        rng = random.Random(seed)
        readings = session(rng, length)
        rare = {float(t) for t in range(length + 20) if rng.random() < 0.12} | {length + 20.0}
        told = []
        for moments in ([*range(length + 21)], sorted(rare), [length + 20.0]):
            events: list[AlarmEvent] = []
            for moment in moments:
                events += alarms.evaluate(PLAN, readings, events, at(moment), FACTS)
            told.append({(e.uid, e.kind, e.at, e.tier, e.value, e.crossed_at, e.ended_at, e.late) for e in events})
        assert told[0] == told[1], seed
        assert told[0] == told[2], seed


@pytest.mark.parametrize("chunk", range(5))
def test_values_that_come_late_and_in_any_order_miss_nothing(chunk: int) -> None:
    length = 60
    for seed in range(chunk * 30, (chunk + 1) * 30):
        rng = random.Random(seed)
        readings = session(rng, length, in_order=False)
        rng.shuffle(readings)
        events: list[AlarmEvent] = []
        for now in range(length + 40):
            new = alarms.evaluate(PLAN, readings, events, at(now), FACTS)
            events += new
            if now % 10 == 0:  # a restart
                events = [AlarmEvent.from_dict(json.loads(json.dumps(e.as_dict()))) for e in events]
            assert alarms.evaluate(PLAN, readings, events, at(now), FACTS) == []
            open_now = {a.condition: a.tier for a in alarms.open_alarms(events, at(now))}
            for watched in WATCHED:
                worst = current_crossing(readings, watched, float(now))
                if worst is not None:
                    tiers = [t.key for t in watched.tiers]
                    assert watched.key in open_now, (seed, now, watched.key)
                    assert tiers.index(open_now[watched.key]) >= worst, (seed, now, watched.key)
        every_lasting_stretch_is_recorded(readings, events, seed)
        assert len({e.uid for e in events}) == len(events)


def current_crossing(readings: list[Reading], watched, now: float) -> int | None:  # type: ignore[no-untyped-def]
    """The worst tier that has surely been past its line for longer than its delay, by all that is known now."""
    name = watched.signals[0]
    known = sorted(
        (seconds(r.at), seconds(r.arrived_at), r.usable)
        for r in readings
        if r.signal == name and r.usable is not None and seconds(r.arrived_at) <= now
    )
    heard = sorted({arrived for _, arrived, _ in known})
    stale = SIGNALS[name].stale_after_s
    if not heard or now - heard[-1] > stale:
        return None  # nothing is current
    since = max([b for a, b in itertools.pairwise(heard) if b - a > stale], default=0.0)
    before = max([measured for measured, arrived, _ in known if arrived < since], default=-1.0)
    known = [row for row in known if row[0] > before]  # heard again after a silence: the stretch begins anew
    worst = None
    for index, tier in enumerate(watched.tiers):
        limit = tier.shipped[0].value
        run = []
        for measured, arrived, value in reversed(known):
            if not watched.comparison.past(value, limit):
                break
            run.append((measured, arrived))
        if run and len(run) >= 2 and run[0][0] - run[-1][0] >= watched.delay_s:
            worst = index
    return worst


def every_lasting_stretch_is_recorded(readings: list[Reading], events: list[AlarmEvent], seed: int) -> None:
    for watched in WATCHED:
        known = sorted((seconds(r.at), r.usable) for r in readings if r.signal == watched.signals[0] and r.usable)
        for tier in watched.tiers:
            limit = tier.shipped[0].value
            start = None
            for measured, value in known:
                if watched.comparison.past(value, limit):
                    start = measured if start is None else start
                elif start is not None:
                    if measured - start > watched.delay_s:
                        assert any(
                            e.condition == watched.key
                            and e.tier == tier.key
                            and e.kind in ("raised", "stepped_up", "joined", "recurred")
                            and seconds(e.crossed_at) < measured
                            and ended(events, e) >= start
                            for e in events
                        ), (seed, watched.key, tier.key, start, measured)
                    start = None


def ended(events: list[AlarmEvent], opened: AlarmEvent) -> float:
    """When the stretch that this event opened was over, in the time it was measured."""
    if opened.ended_at is not None:
        return seconds(opened.ended_at)
    later = events[events.index(opened) + 1 :]
    for event in later:
        mine = event.kind == "cleared" or (event.kind == "returned" and event.tier == opened.tier)
        if event.alarm == opened.alarm and event.ended_at is not None and mine:
            return seconds(event.ended_at)
    return 1e9


@pytest.mark.parametrize("in_order", [True, False])
def test_the_window_is_enough(in_order: bool) -> None:
    """With only the readings that `trim` keeps, every asking answers as with all of them."""
    length = 120
    for seed in range(30):
        rng = random.Random(seed)
        readings = session(rng, length, in_order=in_order)
        facts = AlarmFacts()
        events: list[AlarmEvent] = []
        last, now = at(0), 0.0
        while now < length + 60:
            known = [r for r in readings if r.arrived_at <= at(now)]
            kept = alarms.trim(PLAN, known, last, facts)
            new = alarms.evaluate(PLAN, known, events, at(now), facts)
            assert alarms.evaluate(PLAN, kept, events, at(now), facts, judged_until=last) == new, (seed, now)
            events += new
            last, now = at(now), now + rng.choice((0.5, 1.0, 1.0, 4.0))
        assert len(kept) < len(readings)
