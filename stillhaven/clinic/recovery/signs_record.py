"""The vital signs in the record: what was highest and lowest, and one row wherever something was measured."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from stillhaven.reference.load import Reference
from stillhaven.science.vitals import Reading

Words = Callable[[datetime], str]  # a moment as the record writes it
BySignal = Mapping[str, Sequence[Reading]]  # usable readings, in order of time
_STEP, _NEAR, _SCORED = timedelta(minutes=5), timedelta(seconds=60), timedelta(seconds=90)


def peaks(rules: Reference, by_signal: BySignal, baseline: Mapping[str, float], clock: Words) -> list[dict[str, Any]]:
    """Baseline, highest, lowest and last value of each sign, from the raw values."""
    found = []
    for key, signal in rules.signals.items():
        mine = by_signal.get(key, ())
        if not mine:
            continue
        high, low, last = max(mine, key=_value), min(mine, key=_value), max(mine, key=lambda r: r.at)
        show = lambda value, decimals=signal.decimals: f"{value:.{decimals}f}"  # noqa: E731
        found.append(
            {
                "key": key, "name": signal.name, "unit": signal.unit,
                "baseline": show(baseline[key]) if key in baseline else _("not recorded"),
                "highest": show(_value(high)), "highest_at": clock(high.at),
                "lowest": show(_value(low)), "lowest_at": clock(low.at),
                "last": show(_value(last)), "last_at": clock(last.at), "n": len(mine),
            }
        )  # fmt: skip
    return found


def rows(
    rules: Reference, by_signal: BySignal, scores: Sequence[tuple[datetime, int]], begun: datetime, end: datetime,
    clock: Words,
) -> list[list[str]]:  # fmt: skip
    """One row every five minutes, and one wherever a cuff or a hand measured: the nearest value of each sign."""
    moments = sorted({r.at for r in by_signal.get("systolic_mmhg", ())} | set(_fives(begun, end)))
    out = [
        [
            clock(at), _pressure(by_signal, at), _near(rules, by_signal, "heart_rate_per_min", at),
            _near(rules, by_signal, "spo2_pct", at), _near(rules, by_signal, "resp_rate_per_min", at),
            next((str(score) for when, score in scores if abs(when - at) <= _SCORED), ""),
        ]
        for at in moments
    ]  # fmt: skip
    return [row for row in out if any(row[1:])]


def _fives(at: datetime, end: datetime) -> Iterator[datetime]:
    while at < end:
        yield at
        at += _STEP


def _pressure(by_signal: BySignal, at: datetime) -> str:
    systolic, diastolic = _closest(by_signal, "systolic_mmhg", at), _closest(by_signal, "diastolic_mmhg", at)
    if systolic is None or diastolic is None or not systolic.at == diastolic.at == at:
        return ""
    return f"{_value(systolic):.0f}/{_value(diastolic):.0f}"


def _near(rules: Reference, by_signal: BySignal, signal: str, at: datetime) -> str:
    best = _closest(by_signal, signal, at)
    if best is None or abs(best.at - at) > _NEAR:
        return ""
    return f"{_value(best):.{rules.signals[signal].decimals}f}"


def _closest(by_signal: BySignal, signal: str, at: datetime) -> Reading | None:
    """The reading nearest in time; readings are in order of time."""
    mine = by_signal.get(signal, ())
    place = bisect_left(mine, at, key=lambda r: r.at)
    return min(mine[max(0, place - 1) : place + 1], key=lambda r: abs(r.at - at), default=None)


def _value(reading: Reading) -> float:
    value = reading.usable
    assert value is not None
    return value
