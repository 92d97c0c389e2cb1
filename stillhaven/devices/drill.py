"""What is a drill made of?  The virtual patient's settings, doses, what goes wrong and when, and which monitors show it.

Plain things only; `scenarios.py` reads them from files.  All numbers in them are simulator settings, not clinical facts.
Minutes count from the moment a scenario begins, seconds from the beginning of the patient's own time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stillhaven.science.vitals import Quality


@dataclass(frozen=True, kw_only=True)
class Vital:
    """One vital sign of the toy: where it rests, how it answers, how it wanders.  Units as in signals.toml."""

    resting: float
    people_sd: float
    at_full_effect: float
    noise_sd: float
    noise_memory_s: float
    low: float
    high: float
    motion_sd: float


@dataclass(frozen=True, kw_only=True)
class Route:
    """How a dose by this route comes into the toy's body."""

    bioavailability: float
    absorption_half_min: float


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The virtual patient's settings, as `patient.toml` gives them."""

    elimination_half_min: float
    effect_half_min: float
    half_effect_mg_per_kg: float
    routes: Mapping[str, Route]
    vitals: Mapping[str, Vital]
    decimals: Mapping[str, int]
    cuff_every_min: float
    cuff_takes_s: int
    cuff_retry_s: int
    least_pulse_pressure_mmhg: float
    pulse_differs_sd: float


@dataclass(frozen=True, kw_only=True)
class Dose:
    """One dose: when it starts (second of the patient's time), how much, over how long, by which route."""

    start_s: int
    amount: float
    unit: str  # "mg" or "mg/kg"
    over_s: float = 0.0
    route: str = "iv"

    def mg_per_kg(self, weight_kg: float) -> float:
        return self.amount if self.unit == "mg/kg" else self.amount / weight_kg


@dataclass(frozen=True, kw_only=True)
class Change:
    """A signal is pulled `to` a value, or moved `by` an amount, along a ramp up, a hold and a ramp back (minutes)."""

    signal: str
    from_min: float
    full_min: float
    until_min: float
    gone_min: float
    to: float | None = None
    by: float = 0.0
    noise: float = 1.0  # share of the usual wandering that is left at the full change

    def weight(self, minute: float) -> float:
        """How much of the change is there at that minute: 0 to 1."""
        if minute <= self.from_min or minute >= self.gone_min:
            return 0.0
        if minute < self.full_min:
            return (minute - self.from_min) / (self.full_min - self.from_min)
        if minute <= self.until_min:
            return 1.0
        return (self.gone_min - minute) / (self.gone_min - self.until_min)

    def apply(self, value: float, minute: float) -> tuple[float, float]:
        """The changed value, and the share of noise that is left."""
        w = self.weight(minute)
        changed = value + w * self.by if self.to is None else value + w * (self.to - value)
        return changed, 1.0 - w * (1.0 - self.noise)


@dataclass(frozen=True, kw_only=True)
class Disturbance:
    """What the probes do: movement (values are marked as artefact) or off (no value), in windows of minutes."""

    signals: tuple[str, ...]
    quality: Quality
    reason: str
    windows: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What the scenario promises of a shown value, so that a drill can rely on it and a test can hold it.

    `goes` is "above" or "below" `value` within `by_min` minutes of the scenario's start, and is back on the other side
    of `back` at `back_by_min` (None: no promise).  `stays` promises the opposite: never beyond `value`.
    """

    signal: str
    goes: str  # "above", "below", "stays_below", "stays_above"
    value: float
    by_min: float
    back: float | None = None
    back_by_min: float | None = None


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """The course of one drill, in minutes since it began."""

    key: str
    title: str
    says: str
    lasts_min: float
    changes: tuple[Change, ...] = ()
    disturbances: tuple[Disturbance, ...] = ()
    network_away: tuple[tuple[float, float], ...] = ()
    promises: tuple[Promise, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MonitorPlan:
    """One virtual monitor: which, where, on whom, what happens, and at which minute of the session it begins.

    `resting` overrides resting values (signal -> value) of this patient.
    """

    device: str
    bed: str
    scenario: Scenario
    seed: int
    weight_kg: float = 75.0
    start_minute: float = 0.0
    scenario_minute: float | None = None  # when the scenario begins; at the start minute where nothing is said
    doses: tuple[Dose, ...] = ()
    resting: Mapping[str, float] | None = None
    cuff_every_min: float | None = None
    patient_id: str = ""
    patient_name: str = ""
