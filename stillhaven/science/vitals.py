"""What was measured, when, by what, and how far it can be trusted?

A reading is one value of one signal.  A monitor that says "I have no value" gives a reading without a value and with
the reason, so that a gap on the screen can say why it is there.  Signals, their units and limits: `signals.toml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Quality(StrEnum):
    """How far a reading can be trusted.  Only GOOD and QUESTIONABLE carry a value that a rule may use."""

    GOOD = "good"
    QUESTIONABLE = "questionable"  # odd but possible; shown as such
    ARTEFACT = "artefact"  # somebody or the monitor says it is not the patient; kept, drawn hollow, never judged
    IMPLAUSIBLE = "implausible"  # outside what a living person can have (signals.toml); kept, never judged
    NO_VALUE = "no_value"  # the monitor said that it has none, and why


class Source(StrEnum):
    """How a reading came in."""

    MONITOR = "monitor"
    HAND = "hand"
    FILE = "file"


class Mode(StrEnum):
    """Whose reading it is.  Only REAL ones are charted for a patient; the others are marked wherever they show."""

    REAL = "real"
    DEMO = "demo"  # the monitor itself says that it shows demonstration data
    TEST = "test"  # a test or calibration message
    SIMULATED = "simulated"  # stillhaven's own simulator: demo clinic and drills


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One kind of vital sign, as `signals.toml` defines it.

    `unit` is the house's one unit for it (UCUM-like spelling); `low` and `high` bound what a living person can have:
    beyond them a value is kept but never judged; `stale_after_s` the age at which a value is no longer shown as
    current; `intermittent` marks values taken now and then (a cuff), whose age counts from when they were measured.
    """

    key: str
    name: str
    short: str
    unit: str
    decimals: int
    low: float
    high: float
    stale_after_s: float
    intermittent: bool = False
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One value of one signal.

    `value` is in the signal's one unit, None where the monitor said that it has none (`reason` says why).
    `at` is when it was measured (device time, made UTC); `arrived_at` when the server had it safely.
    `probe` tells two probes of one device apart.  `seq` orders readings as they were recorded.
    """

    signal: str
    value: float | None
    at: datetime
    arrived_at: datetime
    quality: Quality = Quality.GOOD
    reason: str = ""
    device: str = ""
    probe: str = ""
    source: Source = Source.MONITOR
    mode: Mode = Mode.REAL
    seq: int = 0

    @property
    def usable(self) -> float | None:
        """The value if a rule may use it, else None."""
        return self.value if self.quality in (Quality.GOOD, Quality.QUESTIONABLE) else None


def judge_quality(signal: Signal, value: float | None) -> Quality:
    """Is this value one that a living person can have?

    >>> spo2 = Signal(key="spo2_pct", name="", short="", unit="%", decimals=0, low=0, high=100, stale_after_s=10)
    >>> judge_quality(spo2, 127.0), judge_quality(spo2, None), judge_quality(spo2, 97.0)
    (<Quality.IMPLAUSIBLE: 'implausible'>, <Quality.NO_VALUE: 'no_value'>, <Quality.GOOD: 'good'>)
    """
    if value is None or value != value:
        return Quality.NO_VALUE
    return Quality.GOOD if signal.low <= value <= signal.high else Quality.IMPLAUSIBLE


def is_stale(signal: Signal, reading: Reading, now: datetime) -> bool:
    """Is this reading too old to be shown as the current value?

    Age counts from the older of the two times the reading has: a cuff value that is resent every second keeps the
    age of its measurement, and a value from a clock that runs ahead keeps the age of its arrival.
    """
    return age_s(reading, now) > signal.stale_after_s


def age_s(reading: Reading, now: datetime) -> float:
    """Seconds since the reading was measured, or since it arrived where the device's clock runs ahead."""
    return (now - min(reading.at, reading.arrived_at)).total_seconds()


def latest(readings: Iterable[Reading]) -> dict[tuple[str, str], Reading]:
    """The newest reading of each (signal, probe), by time measured, then by order recorded."""
    newest: dict[tuple[str, str], Reading] = {}
    for reading in readings:
        key = (reading.signal, reading.probe)
        if key not in newest or (reading.at, reading.seq) >= (newest[key].at, newest[key].seq):
            newest[key] = reading
    return newest


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A stretch without a usable value of one signal, and why, as far as the monitor said."""

    signal: str
    start: datetime
    end: datetime
    reason: str

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How much of a stretch of time was watched: per cent, gaps, and the longest of them in seconds."""

    signal: str
    percent: float
    gaps: tuple[Gap, ...]

    @property
    def longest_gap_s(self) -> float:
        return max((g.seconds for g in self.gaps), default=0.0)


def coverage(signal: Signal, readings: Sequence[Reading], start: datetime, end: datetime) -> Coverage:
    """What share of start..end had a usable value not older than the signal allows?

    Each usable value covers the time from its measurement until it goes stale.  Readings may come in any order.

    >>> from datetime import UTC
    >>> t0 = datetime(2026, 1, 1, tzinfo=UTC); s = timedelta(seconds=1)
    >>> hr = Signal(key="hr", name="", short="", unit="/min", decimals=0, low=1, high=350, stale_after_s=10)
    >>> c = coverage(hr, [Reading(signal="hr", value=70, at=t0, arrived_at=t0)], t0, t0 + 40 * s)
    >>> c.percent, c.longest_gap_s
    (25.0, 30.0)
    """
    total = (end - start).total_seconds()
    mine = sorted((r for r in readings if r.signal == signal.key), key=lambda r: r.at)
    gaps: list[Gap] = []
    covered_until, reason = start, ""
    for reading in mine:
        if reading.at >= end:
            break
        if reading.usable is None:
            reason = reading.reason or reading.quality.value.replace("_", " ")
            continue
        if reading.at > covered_until:
            gaps.append(
                Gap(
                    signal=signal.key,
                    start=covered_until,
                    end=reading.at,
                    reason=reason or "nothing received",
                )
            )
        covered_until = max(covered_until, reading.at + timedelta(seconds=signal.stale_after_s))
        reason = ""
    if covered_until < end:
        gaps.append(Gap(signal=signal.key, start=covered_until, end=end, reason=reason or "nothing received"))
    missing = sum(g.seconds for g in gaps)
    percent = 100.0 * (total - missing) / total if total > 0 else 0.0
    return Coverage(signal=signal.key, percent=percent, gaps=tuple(gaps))
