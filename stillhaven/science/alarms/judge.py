"""Which values were past the limits that held when they were measured?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from stillhaven.science.alarms.conditions import AlarmCondition, Comparison, Phase, Rule, Tier
from stillhaven.science.alarms.plan import AlarmPlan, LimitSetting
from stillhaven.science.alarms.seen import Point, Seen, Series
from stillhaven.science.alarms.stretches import Sample

LIMIT_CHANGED = "the limit was changed"
DOSING_BEGAN = "dosing began"


def is_quiet(condition: AlarmCondition, settings: Sequence[LimitSetting], series: Series) -> bool:
    """Is plainly no value past any limit that ever held?  Spares the quiet chairs the work."""
    if not series.values or condition.comparison is None:
        return True
    extreme = max(series.values) if condition.comparison.upward else min(series.values)
    return not any(s.value is not None and condition.comparison.past(extreme, s.value) for s in settings)


def limit_samples(
    plan: AlarmPlan, condition: AlarmCondition, tier: Tier, signal: str, probe: str, seen: Seen
) -> list[Sample]:
    """The judged moments of one tier of one series, in order.

    A change of a limit judges the last current value anew, at the moment of the change (not where two readings count:
    one reading is not two).
    """
    settings = plan.history(condition, signal, tier.key)
    points = seen.series[signal][probe].points
    known = plan.signal_by_key.get(signal)
    stale = timedelta(seconds=known.stale_after_s) if known else None
    rows = [(point, _in_force(settings, point.at), "") for point in points]
    for setting in settings[1:] if condition.rule is not Rule.TWICE_OR_RISING else ():
        last = _last_current(points, setting.set_at, stale)
        if last is not None and setting.set_at <= seen.now:
            moved = Point(setting.set_at, max(setting.set_at, last.known_at), last.value)
            rows.append((moved, setting, LIMIT_CHANGED))
    if len(settings) > 1:
        rows.sort(key=lambda row: row[0].at)
    samples = [
        Sample(
            at=point.at,
            known_at=point.known_at,
            fresh_until=point.known_at + stale if stale is not None and not note else None,
            past=past,
            value=point.value,
            limit=setting.value if setting else None,
            set_by=setting.set_by if setting else "",
            note=note,
        )
        for (point, setting, note), past in zip(rows, _past(condition, rows), strict=True)
    ]
    return _in_phase(samples, condition.phase, seen.facts.dosing_from, seen.now)


Row = tuple[Point, LimitSetting | None, str]


def _past(condition: AlarmCondition, rows: Sequence[Row]) -> list[bool]:
    """For each row: is it past its limit, by this condition's rule?"""
    compare = condition.comparison or Comparison.ABOVE
    plain: list[bool] = []
    for point, setting, _note in rows:
        limit = setting.value if setting else None
        if limit is None:
            plain.append(False)
        elif condition.hysteresis and plain and plain[-1]:
            back = -condition.hysteresis if compare.upward else condition.hysteresis
            plain.append(compare.past(point.value, limit) or compare.past(point.value, limit + back))
        else:
            plain.append(compare.past(point.value, limit))
    if condition.rule is Rule.TWICE_OR_RISING:
        return _twice_or_rising(condition, [row[0] for row in rows], plain)
    return plain


def _twice_or_rising(condition: AlarmCondition, points: Sequence[Point], plain: Sequence[bool]) -> list[bool]:
    """Past the limit on two readings in a row; or past it, after so many readings each further out than the one before."""
    sign = 1.0 if condition.comparison is not None and condition.comparison.upward else -1.0
    needed = condition.rising_readings
    flags: list[bool] = []
    for index, past in enumerate(plain):
        steps = [
            sign * (points[i].value - points[i - 1].value) > 0 for i in range(max(1, index - needed + 2), index + 1)
        ]
        rising = needed > 1 and len(steps) == needed - 1 and all(steps)
        flags.append(past and ((index > 0 and plain[index - 1]) or rising))
    return flags


def _in_force(settings: Sequence[LimitSetting], at: datetime) -> LimitSetting | None:
    held = settings[0] if settings else None
    for setting in settings[1:]:
        if setting.set_at <= at:
            held = setting
    return held


def _last_current(points: Sequence[Point], moment: datetime, stale: timedelta | None) -> Point | None:
    """The value that was current at this moment, by what was known then."""
    last = None
    for point in points:
        if point.at < moment and point.known_at <= moment:
            last = point
    if last is None or (stale is not None and last.known_at + stale < moment):
        return None
    return last


def _in_phase(samples: list[Sample], phase: Phase, dosing_from: datetime | None, now: datetime) -> list[Sample]:
    """Outside its phase nothing is past its line; a stretch that reaches the start of dosing ends there."""
    if phase is Phase.ANY:
        return samples
    if phase is Phase.FROM_DOSING:
        return [s if dosing_from is not None and s.at >= dosing_from else s._replace(past=False) for s in samples]
    if dosing_from is None or dosing_from > now:
        return samples
    before = [s for s in samples if s.at < dosing_from]
    if before:
        before.append(
            before[-1]._replace(
                at=dosing_from,
                known_at=max(dosing_from, before[-1].known_at),
                past=False,
                note=DOSING_BEGAN,
                fresh_until=None,
            )
        )
    return before
