"""How much of a session has to be looked at, so that nothing is missed?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from stillhaven.science.alarms.facts import AlarmFacts
from stillhaven.science.alarms.plan import AlarmPlan
from stillhaven.science.alarms.seen import measured_at
from stillhaven.science.vitals import Reading

KEEP_BEFORE = 3  # values of each series before the window, so that what was current is known


def reach_back(plan: AlarmPlan, judged_until: datetime, readings: Iterable[Reading], facts: AlarmFacts) -> datetime:
    """From when on, by measurement, readings are needed if `evaluate` was last asked at `judged_until`.

    One window before the oldest value that arrived in the window before the last asking, or since.  So values that come
    late reach further back, for as long as they may still have to be said.
    """
    window = timedelta(seconds=plan.window_s)
    recent = (measured_at(r, facts) for r in readings if r.arrived_at >= judged_until - window)
    return min(judged_until, min(recent, default=judged_until)) - window


def trim(plan: AlarmPlan, readings: Iterable[Reading], judged_until: datetime, facts: AlarmFacts) -> list[Reading]:
    """The readings that `evaluate` needs if it was asked at `judged_until` and that answer was recorded.

    Of each series everything measured since `reach_back`, or since the value that arrived last, and a few before it; all
    of the signals that are taken now and then.  Give `judged_until` to `evaluate` as well.
    """
    readings = list(readings)
    since = reach_back(plan, judged_until, readings, facts)
    rare = {signal.key for signal in plan.signals if signal.intermittent}
    kept: list[Reading] = []
    series: dict[tuple[str, str, str], list[Reading]] = {}
    for reading in readings:
        if reading.signal in rare:
            kept.append(reading)
        else:
            series.setdefault((reading.signal, reading.probe, reading.source), []).append(reading)
    for rows in series.values():
        newest = max(rows, key=lambda r: r.arrived_at)
        first = min(since, measured_at(newest, facts))
        before = [r for r in rows if measured_at(r, facts) < first]
        kept += sorted(before, key=lambda r: (measured_at(r, facts), r.arrived_at, r.seq))[-KEEP_BEFORE:]
        kept += [r for r in rows if measured_at(r, facts) >= first]
    return kept
