"""How much of this session was watched?  Gaps with their reasons, kept up as readings arrive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from stillhaven.clinic.monitoring.tiles import ms
from stillhaven.clinic.vitals import queries as vitals
from stillhaven.science.vitals import Mode, Reading, Signal


@dataclass
class CoverageRun:
    """Coverage of some signals from a moment on.  `late` says that a reading came out of order: count anew."""

    signals: Mapping[str, Signal]
    start: datetime
    gaps: dict[str, list[tuple[datetime, datetime, str]]] = field(default_factory=dict)
    covered: dict[str, datetime] = field(default_factory=dict)
    reason: dict[str, str] = field(default_factory=dict)
    late: bool = False

    @classmethod
    def load(cls, patient_id: int, signals: Mapping[str, Signal], start: datetime, now: datetime) -> CoverageRun:
        """Counted from the record."""
        stale = {key: signal.stale_after_s for key, signal in signals.items()}
        found, covered = vitals.gaps(patient_id, start, now + timedelta(minutes=1), stale)
        return cls(signals=signals, start=start, gaps=found, covered=covered)

    def take(self, readings: Iterable[Reading], charted: frozenset[Mode]) -> None:
        """One more reading covers its signal until it goes stale."""
        for r in readings:
            if r.signal not in self.signals or r.mode not in charted or r.at < self.start:
                continue
            until = self.covered.get(r.signal, self.start)
            if r.usable is None:
                self.reason[r.signal] = r.reason or r.quality.value.replace("_", " ")
                continue
            stale = timedelta(seconds=self.signals[r.signal].stale_after_s)
            if r.at > until:
                why = self.reason.get(r.signal) or "nothing received"
                self.gaps.setdefault(r.signal, []).append((until, r.at, why))
            elif r.at + stale < until:
                self.late = True
            self.covered[r.signal] = max(until, r.at + stale)
            self.reason.pop(r.signal, None)

    def all_gaps(self, now: datetime) -> list[tuple[str, datetime, datetime | None, str]]:
        """Every gap; one that lasts still has no end."""
        found: list[tuple[str, datetime, datetime | None, str]] = [
            (signal, begun, ended, why) for signal, gaps in self.gaps.items() for begun, ended, why in gaps
        ]
        for signal in self.signals:
            until = self.covered.get(signal, self.start)
            if until < now:
                found.append((signal, until, None, self.reason.get(signal) or "nothing received"))
        return found

    def shown(self, end: datetime) -> list[dict[str, Any]]:
        """Per cent and longest gap of each signal, up to a moment."""
        out = []
        total = (end - self.start).total_seconds()
        for key, signal in self.signals.items():
            lasts = [
                (min(ended or end, end) - begun).total_seconds()
                for name, begun, ended, _ in self.all_gaps(end)
                if name == key and begun < end
            ]
            percent = 100.0 * max(0.0, total - sum(lasts)) / total if total > 0 else None
            longest = max(lasts, default=0.0)
            out.append({"signal": key, "label": signal.short, "percent": percent, "longest_gap_s": longest})
        return out

    def for_screen(self, now: datetime) -> list[dict[str, Any]]:
        """The gaps as the trend charts draw them."""
        return [
            {"signal": s, "start_ms": ms(a), "end_ms": ms(b) if b else None, "reason": why}
            for s, a, b, why in self.all_gaps(now)
        ]
