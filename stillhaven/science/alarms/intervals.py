"""Which lines that hold from a moment until a moment have to be written down?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from stillhaven.science.alarms.conditions import AlarmCondition, Rule
from stillhaven.science.alarms.interval_rules import RULES, Interval
from stillhaven.science.alarms.plan import AlarmPlan
from stillhaven.science.alarms.seen import Seen
from stillhaven.science.alarms.stretches import End, Recorded, Stretch


def intervals(condition: AlarmCondition, plan: AlarmPlan, seen: Seen, since: datetime | None) -> list[Interval]:
    """All intervals of one condition; `since`: what arrived before this moment was judged already and may be missing."""
    found = RULES[condition.rule](condition, plan, seen)
    if condition.rule in (Rule.SIGNAL_LOST, Rule.DEVICE_SILENT):
        # What is missing before the first value we are shown may only be what we are not shown any more.
        found = (i for i in found if i.end is None or (i.end > since if since is not None else not i.first))
    delay = timedelta(seconds=condition.delay_s)
    return _merged(replace(i, due_at=max(i.due_at, i.start + delay)) for i in found if i.start <= seen.now)


def diff(
    held: Sequence[Interval], recorded: Recorded, delay: timedelta, now: datetime
) -> tuple[End | None, list[Stretch]]:
    """The end of the recorded stretch that was running, and the stretches that are not recorded yet.

    What was over before its delay had passed is not raised; what was over before anybody told us is, as late.
    """
    end: End | None = None
    new: list[Stretch] = []
    running = next((start for start, ended in recorded if ended is None), None)
    if running is not None:
        mine = next((i for i in held if i.end is None or i.end > running), None)
        if mine is None:
            end = End(running, now, "no longer so")
        elif mine.end is not None:
            end = End(mine.end, mine.end_known_at or mine.end, mine.reason)
        held = [i for i in held if i is not mine]
    for interval in held:
        touching = [(a, b) for a, b in recorded if b is not None and interval.start < b and _after(interval, a)]
        if touching and interval.end is None:  # recorded as over, and it holds again
            again = max(b for _a, b in touching)
            interval = replace(interval, start=again, due_at=max(interval.due_at, again))
        elif touching or any(interval.start == a for a, _b in recorded):
            continue
        if interval.due_at <= now and (interval.end is None or interval.end > interval.start + delay):
            new.append(_stretch(interval))
    return end, new


def _after(interval: Interval, moment: datetime) -> bool:
    return interval.end is None or interval.end > moment


def _known_end(interval: Interval) -> datetime:
    assert interval.end is not None
    return max(interval.end, interval.end_known_at or interval.end)


def _stretch(interval: Interval) -> Stretch:
    return Stretch(
        crossed_at=interval.start,
        raised_at=interval.due_at,
        note=interval.note,
        ended_at=interval.end,
        ended_known_at=None if interval.end is None else _known_end(interval),
        reason=interval.reason,
    )


def _merged(found: Iterable[Interval]) -> list[Interval]:
    """Intervals of one watch that touch are one."""
    merged: list[Interval] = []
    for interval in sorted(found, key=lambda i: (i.signal, i.probe, i.start)):
        last = merged[-1] if merged else None
        if last is None or (last.signal, last.probe) != (interval.signal, interval.probe):
            merged.append(interval)
        elif last.end is None:
            continue
        elif interval.start <= last.end:
            if interval.end is None or interval.end > last.end:
                merged[-1] = replace(last, end=interval.end, end_known_at=interval.end_known_at, reason=interval.reason)
        else:
            merged.append(interval)
    return merged
