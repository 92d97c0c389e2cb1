"""How much of a session has to be looked at, so that nothing is missed?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from stillhaven.science.alarms.facts import AlarmFacts
from stillhaven.science.alarms.plan import AlarmPlan
from stillhaven.science.alarms.seen import measured_at
from stillhaven.science.vitals import Reading

KEEP_LATEST = 3


def reach_back(plan: AlarmPlan, judged_until: datetime, new: Iterable[Reading], facts: AlarmFacts) -> datetime:
    """From when on readings are needed: the plan's window before the last asking, or before the oldest new value.

    `new` are the readings that arrived since the last asking; values that come late reach further back.
    """
    oldest = min((measured_at(reading, facts) for reading in new), default=judged_until)
    return min(oldest, judged_until) - timedelta(seconds=plan.window_s)


def trim(plan: AlarmPlan, readings: Iterable[Reading], judged_until: datetime, facts: AlarmFacts) -> list[Reading]:
    """The readings that `evaluate` needs if it was asked at `judged_until` and that answer was recorded.

    Those measured or arrived in the window, every measurement of the signals taken now and then (once each), and the
    last few of each series before it, so that what is current is known.
    """
    readings = list(readings)
    since = reach_back(plan, judged_until, (r for r in readings if r.arrived_at > judged_until), facts)
    rare = {signal.key for signal in plan.signals if signal.intermittent}
    kept: list[Reading] = []
    older: dict[tuple[str, str, str], list[Reading]] = {}
    for reading in readings:
        if reading.signal in rare or reading.arrived_at >= since or measured_at(reading, facts) >= since:
            kept.append(reading)
        else:
            older.setdefault((reading.signal, reading.probe, reading.device), []).append(reading)
    for series in older.values():
        by_arrival = sorted(series, key=lambda r: (r.arrived_at, r.at, r.seq))[-KEEP_LATEST:]
        by_measure = sorted(series, key=lambda r: (measured_at(r, facts), r.arrived_at, r.seq))[-KEEP_LATEST:]
        kept += by_measure + [r for r in by_arrival if r not in by_measure]
    return kept
