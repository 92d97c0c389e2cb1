"""What is known at this moment: readings sorted into series, one for each signal and probe.

Only readings that had arrived count, only usable ones are judged, and only real ones (in a drill or the demo, simulated
ones as well).  Cuffs and other values taken now and then make one series whoever measured them; a continuous signal has one
series a probe, and one for what was typed by hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from stillhaven.science.alarms.facts import AlarmFacts
from stillhaven.science.alarms.plan import AlarmPlan
from stillhaven.science.vitals import Mode, Quality, Reading, Source

BY_HAND = "by hand"


class Point(NamedTuple):
    """One usable value: measured `at`, known here at `known_at`."""

    at: datetime
    known_at: datetime
    value: float


class Series:
    """The readings of one signal from one probe, sorted when somebody looks."""

    __slots__ = ("_points", "facts", "good", "other", "values")

    def __init__(self, facts: AlarmFacts) -> None:
        self.facts = facts
        self.good: list[Reading] = []
        self.values: list[float] = []
        self.other: list[Reading] = []  # no value, artefact, implausible
        self._points: list[Point] | None = None

    @property
    def points(self) -> list[Point]:
        """Usable values in order of measurement; the same measurement sent again counts once."""
        if self._points is None:
            rows = sorted(
                (measured_at(r, self.facts), r.arrived_at, r.seq, v)
                for r, v in zip(self.good, self.values, strict=True)
            )
            self._points = []
            for at, known_at, _seq, value in rows:
                last = self._points[-1] if self._points else None
                if last is None or last.at != at or last.value != value:
                    self._points.append(Point(at, known_at, value))
        return self._points


class Seen:
    """All that is known at `now`."""

    def __init__(self, plan: AlarmPlan, readings: Iterable[Reading], now: datetime, facts: AlarmFacts) -> None:
        self.now, self.facts = now, facts
        self.series: dict[str, dict[str, Series]] = {}
        self.wrong: dict[str, list[Reading]] = {}  # of a mode that is not accepted, by device
        self.by_device: dict[str, list[datetime]] = {}
        self._sort(plan, readings)
        for score in facts.scores:
            if score.known_at <= now:
                self._series(score.scale, "").good.append(
                    Reading(signal=score.scale, value=score.value, at=score.at, arrived_at=score.known_at)
                )
                self._series(score.scale, "").values.append(score.value)

    def _series(self, signal: str, probe: str) -> Series:
        probes = self.series.setdefault(signal, {})
        if probe not in probes:
            probes[probe] = Series(self.facts)
        return probes[probe]

    def _sort(self, plan: AlarmPlan, readings: Iterable[Reading]) -> None:
        now, good, odd, real = self.now, Quality.GOOD, Quality.QUESTIONABLE, Mode.REAL
        simulated = Mode.SIMULATED if self.facts.accept_simulated else real
        merged = {signal.key for signal in plan.signals if signal.intermittent}
        cache: dict[tuple[str, str, Source], Series] = {}
        last_of: dict[str, datetime] = {}
        for reading in readings:
            arrived_at = reading.arrived_at
            if arrived_at > now:
                continue
            device = reading.device
            last = last_of.get(device)
            if last is not arrived_at and last != arrived_at:  # one message, one arrival
                last_of[device] = arrived_at
                self.by_device.setdefault(device, []).append(arrived_at)
            mode = reading.mode
            if mode is not real and mode is not simulated:
                self.wrong.setdefault(device, []).append(reading)
                continue
            key = (reading.signal, reading.probe, reading.source)
            series = cache.get(key)
            if series is None:
                series = cache[key] = self._series(reading.signal, _probe(reading, merged))
            value, quality = reading.value, reading.quality
            if value is not None and (quality is good or quality is odd):
                series.good.append(reading)
                series.values.append(value)
            else:
                series.other.append(reading)

    def usable_arrivals(self, signal: str) -> list[datetime]:
        """When usable values of this signal arrived, from any probe, in order."""
        return sorted({r.arrived_at for series in self.series.get(signal, {}).values() for r in series.good})


def measured_at(reading: Reading, facts: AlarmFacts) -> datetime:
    """When it was measured, as far as the device's clock can be trusted; never after it arrived."""
    for clock in facts.clocks:
        if (
            clock.device == reading.device
            and clock.since <= reading.arrived_at
            and (clock.until is None or reading.arrived_at < clock.until)
        ):
            return reading.arrived_at
    return min(reading.at, reading.arrived_at)


def _probe(reading: Reading, merged: set[str]) -> str:
    if reading.signal in merged:
        return ""
    return reading.probe or (BY_HAND if reading.source is Source.HAND else "")
