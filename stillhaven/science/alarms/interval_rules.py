"""Which lines are crossed by time alone, or by what a person or the software noticed?

Silence, demonstration data, a clock that is off, a symptom, a check not done, a limit nobody set: each holds from a moment
until a moment, whatever the readings say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from stillhaven.science.alarms.conditions import AlarmCondition, Rule
from stillhaven.science.alarms.facts import CheckDue
from stillhaven.science.alarms.plan import AlarmPlan
from stillhaven.science.alarms.seen import Seen, measured_at
from stillhaven.science.vitals import Quality


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A line crossed from a moment until a moment; `due_at` is when it has to be raised if it still holds."""

    signal: str
    probe: str
    start: datetime
    due_at: datetime
    end: datetime | None
    end_known_at: datetime | None = None
    reason: str = ""
    note: str = ""
    device: str = ""
    first: bool = False  # before anything at all was heard


def _silences(
    since: datetime, until: datetime | None, arrivals: Sequence[datetime], wait_s: float, now: datetime
) -> Iterator[tuple[datetime, datetime | None]]:
    """From when until when had nothing come for longer than `wait_s`?"""
    wait = timedelta(seconds=wait_s)
    last = since
    for arrived_at in (*(a for a in arrivals if a > since and (until is None or a < until)), None):
        start = last + wait
        if arrived_at is None:
            if start <= now and (until is None or start < until):
                yield start, until if until is not None and until <= now else None
        elif arrived_at > start:
            yield start, arrived_at
        last = arrived_at or last


def _signal_lost(condition: AlarmCondition, plan: AlarmPlan, seen: Seen) -> Iterator[Interval]:
    for expected in seen.facts.expected:
        signal = plan.signal_by_key.get(expected.signal)
        if signal is None or signal.intermittent:
            continue
        arrivals = seen.usable_arrivals(signal.key)
        for start, end in _silences(expected.since, expected.until, arrivals, signal.stale_after_s, seen.now):
            yield Interval(
                signal=signal.key,
                probe="",
                start=start,
                due_at=start,
                end=end,
                reason="values arrive again",
                device=expected.device,
                first=start == expected.since + timedelta(seconds=signal.stale_after_s),
            )


def _device_silent(condition: AlarmCondition, plan: AlarmPlan, seen: Seen) -> Iterator[Interval]:
    for attached in seen.facts.attached:
        arrivals = sorted(seen.by_device.get(attached.device, ()))
        for start, end in _silences(attached.since, attached.until, arrivals, condition.wait_s, seen.now):
            yield Interval(
                signal="",
                probe=attached.device,
                start=start,
                due_at=start,
                end=end,
                reason="the monitor is heard again",
                device=attached.device,
                first=start == attached.since + timedelta(seconds=condition.wait_s),
            )


def _wrong_mode(condition: AlarmCondition, plan: AlarmPlan, seen: Seen) -> Iterator[Interval]:
    wait = timedelta(seconds=condition.wait_s)
    attached = {a.device for a in seen.facts.attached}
    for device, readings in seen.wrong.items():
        if device not in attached:
            continue
        for arrived_at, mode in sorted({(reading.arrived_at, reading.mode.value) for reading in readings}):
            end = arrived_at + wait
            yield Interval(
                signal="",
                probe=device,
                start=arrived_at,
                due_at=arrived_at,
                end=end if end <= seen.now else None,
                reason="no more of it",
                note=f"{mode} data",
                device=device,
            )


def _clock_off(condition: AlarmCondition, plan: AlarmPlan, seen: Seen) -> Iterator[Interval]:
    for clock in seen.facts.clocks:
        if abs(clock.offset_s) >= condition.wait_s:
            word = "ahead" if clock.offset_s > 0 else "behind"
            yield Interval(
                signal="",
                probe=clock.device,
                start=clock.since,
                due_at=clock.since,
                end=clock.until if clock.until is not None and clock.until <= seen.now else None,
                reason="the clock is right again",
                note=f"{abs(clock.offset_s):.0f} s {word}",
                device=clock.device,
            )


def _observed(condition: AlarmCondition, plan: AlarmPlan, seen: Seen) -> Iterator[Interval]:
    for fact in seen.facts.observed:
        if fact.kind in condition.signals and fact.known_at <= seen.now:
            yield Interval(
                signal=fact.kind,
                probe=fact.subject,
                start=fact.at,
                due_at=max(fact.at, fact.known_at),
                end=fact.until if fact.until is not None and fact.until <= seen.now else None,
                reason="said to be over",
                note=fact.text or fact.kind.replace("_", " "),
            )


def _check_overdue(condition: AlarmCondition, plan: AlarmPlan, seen: Seen) -> Iterator[Interval]:
    for check in seen.facts.checks:
        done_at = _done(check, seen)
        if done_at is not None and done_at <= check.due_at:
            continue
        yield Interval(
            signal=check.key,
            probe="",
            start=check.due_at,
            due_at=check.due_at,
            end=done_at,
            reason="the check is done",
            note=check.label,
        )


def _done(check: CheckDue, seen: Seen) -> datetime | None:
    """When this check was known to be done, if it was by now."""
    found = [check.done_at] if check.done_at is not None and check.done_at <= seen.now else []
    counts_from = check.counts_from or check.due_at
    for series in seen.series.get(check.signal, {}).values():
        found += [point.known_at for point in series.points if point.at >= counts_from]
    return min(found, default=None)


def _limit_missing(condition: AlarmCondition, plan: AlarmPlan, seen: Seen) -> Iterator[Interval]:
    for other in plan.conditions:
        if not other.has_limits:
            continue
        for name in other.signals:
            histories = [plan.history(other, name, tier.key) for tier in other.tiers]
            if any(len(history) == 1 and history[0].value is not None for history in histories):
                continue
            for start, end in _unset(plan, other, name, sorted({s.set_at for h in histories for s in h[1:]}), seen.now):
                for since, until in _wanted(plan, other, name, seen):
                    low, high = max(start, since), min((m for m in (end, until) if m is not None), default=None)
                    if high is None or high > low:
                        yield Interval(
                            signal=name,
                            probe=other.key,
                            start=low,
                            due_at=low,
                            end=high if high is not None and high <= seen.now else None,
                            reason="a limit is set",
                            note=other.title,
                        )


def _wanted(
    plan: AlarmPlan, condition: AlarmCondition, name: str, seen: Seen
) -> Iterator[tuple[datetime, datetime | None]]:
    if condition.rule is Rule.SCORE:
        yield plan.made_at, None
    for expected in seen.facts.expected:
        if expected.signal == name:
            yield max(expected.since, plan.made_at), expected.until


def _unset(
    plan: AlarmPlan, condition: AlarmCondition, name: str, changes: Sequence[datetime], now: datetime
) -> Iterator[tuple[datetime, datetime | None]]:
    """From when until when had no tier of this condition a limit?"""
    start: datetime | None = None
    for moment in (plan.made_at, *(m for m in changes if plan.made_at < m <= now)):
        held = [plan.in_force(condition.key, name, tier.key, moment) for tier in condition.tiers]
        if all(setting is None or setting.value is None for setting in held):
            start = start or moment
        elif start is not None:
            yield start, moment
            start = None
    if start is not None:
        yield start, None


def _no_value(condition: AlarmCondition, plan: AlarmPlan, seen: Seen) -> Iterator[Interval]:
    """From the first reading without a usable value until the next usable one, or until nothing comes any more."""
    wanted = {Quality(quality) for quality in condition.qualities}
    for name, probes in seen.series.items():
        signal = plan.signal_by_key.get(name)
        if signal is None or (condition.signals and name not in condition.signals):
            continue
        stale = timedelta(seconds=signal.stale_after_s)
        for probe, series in probes.items():
            if not any(reading.quality in wanted for reading in series.other):
                continue
            rows = sorted(
                (*series.good, *series.other), key=lambda r: (r.arrived_at, measured_at(r, seen.facts), r.seq)
            )
            for index, reading in enumerate(rows):
                if reading.quality not in wanted:
                    continue
                silent_at = reading.arrived_at + stale
                after = rows[index + 1] if index + 1 < len(rows) else None
                known = [m for m in (silent_at, after.arrived_at if after else None) if m is not None and m <= seen.now]
                yield Interval(
                    signal=name,
                    probe=probe,
                    start=reading.arrived_at,
                    due_at=reading.arrived_at,
                    end=min(known, default=None),
                    reason="values arrive again" if after else "nothing arrives any more",
                    note=reading.reason,
                )


RULES: dict[Rule, Callable[[AlarmCondition, AlarmPlan, Seen], Iterator[Interval]]] = {
    Rule.SIGNAL_LOST: _signal_lost,
    Rule.DEVICE_SILENT: _device_silent,
    Rule.WRONG_MODE: _wrong_mode,
    Rule.CLOCK_OFF: _clock_off,
    Rule.OBSERVED: _observed,
    Rule.CHECK_OVERDUE: _check_overdue,
    Rule.LIMIT_MISSING: _limit_missing,
    Rule.NO_VALUE: _no_value,
}
