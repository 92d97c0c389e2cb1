"""A slow second opinion on alarms, written from the definitions and not from the code.

It lives through a session in half-second steps and remembers only what a person with a stopwatch would: since when has
the value been past the line, when did I last hear anything, what is open, who has answered.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from stillhaven.science.alarms import AlarmCondition
from stillhaven.science.vitals import Reading
from tests.science.alarms_support import seconds

STEP = 0.5


@dataclass
class Tiers:
    """One series, watched with a stopwatch."""

    limits: list[float]
    upward: bool
    delay: float
    stale: float
    latching: bool
    escalate: float
    began: list[tuple[float, float] | None] = field(default_factory=list)  # measured, arrived
    active: list[bool] = field(default_factory=list)
    held: dict[int, bool] = field(default_factory=dict)  # tier -> answered
    heard: float | None = None
    unanswered_since: float | None = None
    escalated: bool = False

    def __post_init__(self) -> None:
        self.began = [None] * len(self.limits)
        self.active = [False] * len(self.limits)

    def past(self, tier: int, value: float) -> bool:
        return value > self.limits[tier] if self.upward else value < self.limits[tier]

    def step(self, now: float, arrived: list[tuple[float, float]]) -> None:
        """One moment: silence first, then what arrives, then the stopwatch."""
        if self.heard is not None and now > self.heard + self.stale:
            for tier in reversed(range(len(self.limits))):
                self.over(tier)
                self.began[tier] = None
        for measured, value in arrived:
            self.heard = now
            for tier in range(len(self.limits)):
                began = self.began[tier]
                if self.past(tier, value):
                    if began is None:
                        began = self.began[tier] = (measured, now)
                    if measured >= began[0] + self.delay:
                        self.cross(tier, now)
                elif began is not None and measured > began[0] + self.delay:
                    self.cross(tier, now)
            for tier in reversed(range(len(self.limits))):
                if not self.past(tier, value):
                    self.over(tier)
                    self.began[tier] = None
        for tier in range(len(self.limits)):
            began = self.began[tier]
            if began is not None and now >= began[1] + self.delay:
                self.cross(tier, now)
        if self.unanswered_since is not None and self.held and now >= self.unanswered_since + self.escalate:
            self.escalated = True

    def cross(self, tier: int, now: float) -> None:
        if self.active[tier]:
            return
        self.active[tier] = True
        worst = max(self.held, default=-1)
        if tier > worst:
            self.held[tier] = False
            self.unanswered_since, self.escalated = now, False
        else:
            self.held[tier] = all(self.held.values())

    def over(self, tier: int) -> None:
        if self.active[tier]:
            self.active[tier] = False
            if self.held[tier] or not self.latching:
                del self.held[tier]

    def acknowledge(self) -> None:
        self.held = {tier: True for tier in self.held if self.active[tier]}
        self.unanswered_since = None

    def view(self) -> tuple[int, str, bool] | None:
        if not self.held:
            return None
        unanswered = "active" if any(self.active) else "latched"
        state = "acknowledged" if all(self.held.values()) else unanswered
        return max(self.held), state, self.escalated


def watch(condition: AlarmCondition, stale: float) -> Tiers:
    assert condition.comparison is not None
    return Tiers(
        limits=[tier.shipped[0].value for tier in condition.tiers],
        upward=condition.comparison.upward,
        delay=condition.delay_s,
        stale=stale,
        latching=condition.latching,
        escalate=condition.escalate_after_s or 1e9,
    )


def arrivals(readings: list[Reading], name: str) -> dict[float, list[tuple[float, float]]]:
    """arrival second -> (measured second, value), in order of measurement."""
    found: dict[float, list[tuple[float, float]]] = {}
    for reading in sorted(readings, key=lambda r: r.at):
        if reading.signal == name and reading.usable is not None:
            found.setdefault(seconds(reading.arrived_at), []).append((seconds(reading.at), reading.usable))
    return found
