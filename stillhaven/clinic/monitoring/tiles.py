"""What are the vital signs now, with age, limit, baseline and trend?  Readings in, the screen's tiles out; no database."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Any

from stillhaven.science.vitals import Mode, Quality, Reading, Signal, Source

PRESSURE = ("systolic_mmhg", "diastolic_mmhg", "mean_pressure_mmhg")
ORDER = ("pressure", "heart_rate_per_min", "spo2_pct", "resp_rate_per_min", "etco2_mmhg", "temperature_c")
ALWAYS = ("pressure", "heart_rate_per_min", "spo2_pct", "resp_rate_per_min")  # shown even before a first value
_SHOWN_UNIT = {"degC": "°C"}
_TREND_WINDOW = timedelta(minutes=5)
_KEEP = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class LimitShown:
    """The alarm limits of one signal as the tile says them."""

    low: float | None = None
    high: float | None = None
    text: str = ""


@dataclass
class Recent:
    """The last minutes of readings of one session, newest per signal and probe at hand."""

    signals: Mapping[str, Signal]
    charted: frozenset[Mode] = frozenset({Mode.REAL})
    newest: dict[str, Reading] = field(default_factory=dict)
    last_value: dict[str, Reading] = field(default_factory=dict)
    history: dict[str, deque[tuple[datetime, float]]] = field(default_factory=lambda: defaultdict(deque))

    def take(self, readings: Iterable[Reading]) -> set[str]:
        """Learn readings, in any order; says which signals have a newer state than before."""
        changed: set[str] = set()
        for reading in readings:
            key = reading.signal
            if key not in self.signals or reading.mode not in self.charted:
                continue
            known = self.newest.get(key)
            if known is None or (reading.at, reading.seq) >= (known.at, known.seq) or _gives_way(known, reading):
                self.newest[key] = reading
                changed.add(key)
            if (value := reading.usable) is not None:
                last = self.last_value.get(key)
                if last is None or reading.at >= last.at:
                    self.last_value[key] = reading
                self._remember(key, reading.at, value)
        return changed

    def _remember(self, key: str, at: datetime, value: float) -> None:
        past = self.history[key]
        if not past or at >= past[-1][0]:
            past.append((at, value))
            while past and past[0][0] < at - _KEEP:
                past.popleft()

    def trend(self, key: str) -> str | None:
        """Up, down or steady over the last five minutes; None where there is too little to say.

        A change counts once it exceeds the spread of a quiet signal: two display steps, or 3 % of the value.
        """
        past = self.history.get(key)
        if not past or len(past) < 2:
            return None
        if self.signals[key].intermittent:
            window = [v for _, v in islice(reversed(past), 3)]
        else:
            begin = past[-1][0] - _TREND_WINDOW
            window = [v for _, v in takewhile(lambda point: point[0] >= begin, reversed(past))]
        if len(window) < 2:
            return None
        window.reverse()
        third = max(1, len(window) // 3)
        change = sum(window[-third:]) / third - sum(window[:third]) / third
        step = max(2 * 10.0 ** -self.signals[key].decimals, 0.03 * abs(window[-1]))
        return "up" if change > step else "down" if change < -step else "steady"


def _gives_way(known: Reading, fresh: Reading) -> bool:
    """Of two probes at one moment the one with a value is shown."""
    return known.at == fresh.at and known.usable is None and fresh.usable is not None


def tiles(
    recent: Recent, limits: Mapping[str, LimitShown], baseline: Mapping[str, float], asked: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """The tiles of one session in their fixed order; `asked` names signals that are expected beside the usual four."""
    wanted = set(ALWAYS) | set(asked) | set(recent.newest)
    return [
        _pressure(recent, limits, baseline) if key == "pressure" else _single(key, recent, limits, baseline)
        for key in ORDER
        if key == "pressure" or key in wanted or (key == "heart_rate_per_min" and "pulse_rate_per_min" in wanted)
    ]


def _single(
    key: str, recent: Recent, limits: Mapping[str, LimitShown], baseline: Mapping[str, float]
) -> dict[str, Any]:
    shown, label = key, recent.signals[key].short
    if key == "heart_rate_per_min" and key not in recent.newest and "pulse_rate_per_min" in recent.newest:
        shown, label = "pulse_rate_per_min", recent.signals["pulse_rate_per_min"].short
    reading, signal, last = recent.newest.get(shown), recent.signals[shown], recent.last_value.get(shown)
    return {
        **_common(key, label, signal, reading, limits.get(key) or LimitShown()),
        "value": reading.usable if reading else None,
        "baseline": baseline.get(shown),
        "trend": recent.trend(shown),
        "last_value": last.usable if last else None,
    }


def _pressure(recent: Recent, limits: Mapping[str, LimitShown], baseline: Mapping[str, float]) -> dict[str, Any]:
    """Systolic, diastolic and mean belong together only when the cuff measured them at one moment."""
    newest = [recent.newest[k] for k in PRESSURE if k in recent.newest]
    latest = max(newest, key=lambda r: (r.at, r.seq), default=None)
    now = [_at(recent.newest.get(k), latest) for k in PRESSURE]
    last = max((recent.last_value[k].at for k in PRESSURE if k in recent.last_value), default=None)
    before = [r.usable if (r := recent.last_value.get(k)) and r.at == last else None for k in PRESSURE]
    return {
        **_common("pressure", "BP", recent.signals[PRESSURE[0]], latest, limits.get("systolic_mmhg") or LimitShown()),
        "value": now if any(v is not None for v in now) else None,
        "baseline": [baseline.get(k) for k in PRESSURE] if PRESSURE[0] in baseline else None,
        "trend": recent.trend(PRESSURE[0]),
        "last_value": before if any(v is not None for v in before) else None,
    }


def _at(reading: Reading | None, latest: Reading | None) -> float | None:
    same = reading is not None and latest is not None and reading.at == latest.at
    return reading.usable if same and reading is not None else None


def _common(key: str, label: str, signal: Signal, reading: Reading | None, limit: LimitShown) -> dict[str, Any]:
    return {
        "signal": key,
        "label": label,
        "unit": _SHOWN_UNIT.get(signal.unit, signal.unit),
        "decimals": signal.decimals,
        "stale_after_s": signal.stale_after_s,
        "intermittent": signal.intermittent,
        "at": iso(reading.at) if reading else None,
        "arrived_at": iso(reading.arrived_at) if reading else None,
        "quality": (reading.quality if reading else Quality.NO_VALUE).value,
        "reason": reading.reason if reading else "",
        "source": (reading.source if reading else Source.MONITOR).value,
        "mode": (reading.mode if reading else Mode.REAL).value,
        "limit_low": limit.low,
        "limit_high": limit.high,
        "limit_text": limit.text,
    }


def points(readings: Iterable[Reading], charted: frozenset[Mode]) -> dict[str, list[list[float]]]:
    """Each usable value as [ms, min, max, value]: single readings are their own envelope."""
    out: dict[str, list[list[float]]] = defaultdict(list)
    for r in readings:
        if r.mode in charted and (value := r.usable) is not None:
            out[r.signal].append([ms(r.at), value, value, value])
    return dict(out)


def ms(moment: datetime) -> int:
    """A moment as browsers count it."""
    return int(moment.timestamp() * 1000)


def iso(moment: datetime) -> str:
    """A moment as JSON carries it."""
    return moment.isoformat().replace("+00:00", "Z")
