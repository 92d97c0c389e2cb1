"""What would a monitor show of a person who is being given ketamine?  A virtual patient for the demo and for drills.

This is a toy and says so.  It has one body compartment, one effect compartment and a fixed answer of each vital sign
to the effect; its numbers are simulator settings (`reference/devices/simulator/patient.toml`), not clinical facts.  It
predicts nothing about any person, no rule or alarm of the house reads it, and whatever it shows is sent marked as
simulated.  Its use is to move the real screens in a way that a nurse finds believable, the same way each time.

Deterministic: the same settings, scenario, seed and commands at the same seconds give the same values, bit for bit,
however often and however fast anybody looks.  Time is whole seconds of the patient's own time; there is no clock here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from stillhaven.devices.drill import Dose, Scenario, Settings
from stillhaven.science.vitals import Quality

CUFF = ("systolic_mmhg", "diastolic_mmhg", "mean_pressure_mmhg")
_OXIMETER = ("spo2_pct", "pulse_rate_per_min")
_DRAWS = 9  # random numbers a second, always as many, so that no scenario shifts the noise of another signal


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the monitor shows of one signal: `t_s` is the second of the patient's time at which it was measured."""

    signal: str
    value: float | None
    t_s: int
    quality: Quality = Quality.GOOD
    reason: str = ""


@dataclass
class _Body:
    """Amounts in mg per kg: what still waits at each route, what is in the body, and the effect that follows it."""

    waiting: dict[str, float] = field(default_factory=dict)
    body: float = 0.0
    effect: float = 0.0


@dataclass
class _Running:
    """A dose that is going in."""

    dose: Dose
    given_mg_per_kg: float = 0.0


class VirtualPatient:
    """One virtual patient on one virtual monitor.  `advance_to` moves time on; `shown` is what the monitor displays.

    `resting` overrides resting values (key of a signal -> value); where it does not, people differ a little by seed.
    """

    def __init__(
        self,
        settings: Settings,
        scenario: Scenario,
        *,
        seed: int,
        weight_kg: float = 75.0,
        doses: Sequence[Dose] = (),
        resting: Mapping[str, float] | None = None,
        cuff_every_min: float | None = None,
    ) -> None:
        self.settings = settings
        self.scenario = scenario
        self.scenario_began_s = 0
        self.weight_kg = weight_kg
        self.t_s = 0
        self._rng = np.random.default_rng(seed)
        people = self._rng.standard_normal(len(settings.vitals))
        own = dict(resting or {})
        self.resting = {
            key: own.get(key, vital.resting + vital.people_sd * float(np.clip(z, -2.0, 2.0)))
            for (key, vital), z in zip(settings.vitals.items(), people, strict=True)
        }
        self._noise = dict.fromkeys(settings.vitals, 0.0)
        self._pulse_noise = 0.0
        self._motion = dict.fromkeys(settings.vitals, 0.0)
        self._to_come = sorted(doses, key=lambda d: d.start_s)
        self._running: list[_Running] = []
        self._pump_mg_per_h = 0.0
        self._body = _Body()
        self._cuff_every_s = round(60 * (cuff_every_min or settings.cuff_every_min))
        self._cuff_ready_s = settings.cuff_takes_s
        self._cuff_spoilt = False
        self._cuff: tuple[Shown, ...] = ()
        self._natural: dict[str, float] = {}
        self._settle()

    # ------------------------------------------------------------------ commands
    def change_scenario(self, scenario: Scenario) -> None:
        """From this second on the patient follows another scenario, from that scenario's first minute."""
        self.scenario = scenario
        self.scenario_began_s = self.t_s

    def give(self, dose: Dose) -> None:
        """One more dose; a start in the past starts now."""
        self._to_come = sorted([*self._to_come, dose], key=lambda d: d.start_s)

    def stop_doses(self) -> None:
        """Whatever runs or was planned is stopped; what is in the body stays there."""
        self._running, self._to_come, self._pump_mg_per_h = [], [], 0.0

    def set_pump(self, rate_mg_per_h: float) -> None:
        """A pump into the vein, running at this rate from now on (0 = off)."""
        self._pump_mg_per_h = max(0.0, rate_mg_per_h)

    def take_cuff(self) -> None:
        """Somebody presses the cuff button: a result follows after the time that a cuff takes."""
        self._start_cuff(self.t_s)

    # ------------------------------------------------------------------ time
    def advance_to(self, t_s: int) -> None:
        """Move the patient's time on to that second, one second after another; never back."""
        while self.t_s < t_s:
            self._second()

    @property
    def minute(self) -> float:
        """Minutes since the scenario began."""
        return (self.t_s - self.scenario_began_s) / 60.0

    @property
    def effect(self) -> float:
        """The drug's effect on the toy, 0 to 1."""
        half = self.settings.half_effect_mg_per_kg
        return self._body.effect / (self._body.effect + half)

    @property
    def connected(self) -> bool:
        """Does the monitor reach its network now, as the scenario goes?"""
        return not any(start <= self.minute < end for start, end in self.scenario.network_away)

    def shown(self) -> tuple[Shown, ...]:
        """Everything the monitor displays at this second; cuff values keep the second at which they were taken."""
        out = [self._display(key) for key in self.settings.vitals if key not in CUFF]
        out.insert(1, self._pulse_rate())
        return (*out, *self._cuff)

    # ------------------------------------------------------------------ one second
    def _second(self) -> None:
        self.t_s += 1
        self._dose_second()
        draws = self._rng.standard_normal(2 * _DRAWS)
        for i, (key, vital) in enumerate(self.settings.vitals.items()):
            keep = math.exp(-1.0 / vital.noise_memory_s)
            push = vital.noise_sd * math.sqrt(1.0 - keep * keep)
            self._noise[key] = keep * self._noise[key] + push * float(draws[i])
            self._motion[key] = vital.motion_sd * float(draws[_DRAWS + i])
        self._pulse_noise = self.settings.pulse_differs_sd * float(draws[_DRAWS - 1])
        self._settle()
        measuring = self._cuff_ready_s - self.settings.cuff_takes_s < self.t_s
        if measuring and self._disturbed("systolic_mmhg"):
            self._cuff_spoilt = True
        if self.t_s >= self._cuff_ready_s:
            self._finish_cuff()

    def _dose_second(self) -> None:
        """One second of dosing, exact for a constant rate within the second."""
        s, b = self.settings, self._body
        while self._to_come and self._to_come[0].start_s < self.t_s:
            self._running.append(_Running(self._to_come.pop(0)))
        into = {"iv": self._pump_mg_per_h / 3600.0 / self.weight_kg}
        for run in self._running:
            whole = run.dose.mg_per_kg(self.weight_kg)
            piece = min(whole - run.given_mg_per_kg, whole / max(1.0, run.dose.over_s))
            run.given_mg_per_kg += piece
            into[run.dose.route] = into.get(run.dose.route, 0.0) + piece
        self._running = [r for r in self._running if r.dose.mg_per_kg(self.weight_kg) - r.given_mg_per_kg > 1e-12]
        arriving = 0.0
        for name, route in s.routes.items():
            waiting = b.waiting.get(name, 0.0) + into.get(name, 0.0) * route.bioavailability
            share = 1.0 if route.absorption_half_min == 0 else 1.0 - 0.5 ** (1.0 / 60.0 / route.absorption_half_min)
            arriving += waiting * share
            b.waiting[name] = waiting * (1.0 - share)
        b.body = b.body * 0.5 ** (1.0 / 60.0 / s.elimination_half_min) + arriving
        b.effect += (b.body - b.effect) * (1.0 - 0.5 ** (1.0 / 60.0 / s.effect_half_min))

    def _settle(self) -> None:
        """What each vital sign truly is at this second: resting, drug, scenario, noise."""
        minute, effect = self.minute, self.effect
        for key, vital in self.settings.vitals.items():
            value = self.resting[key] + vital.at_full_effect * effect
            steady = 1.0
            for change in self.scenario.changes:
                if change.signal == key:
                    value, held = change.apply(value, minute)
                    steady = min(steady, held)
            value += self._noise[key] * steady
            self._natural[key] = min(vital.high, max(vital.low, value))

    # ------------------------------------------------------------------ what the monitor makes of it
    def _disturbed(self, signal: str) -> tuple[Quality, str] | None:
        for disturbance in self.scenario.disturbances:
            if signal in disturbance.signals and any(a <= self.minute < b for a, b in disturbance.windows):
                return disturbance.quality, disturbance.reason
        return None

    def _display(self, key: str) -> Shown:
        return self._through_probe(key, self._natural[key] + self._moved(key))

    def _moved(self, key: str) -> float:
        disturbed = self._disturbed(key)
        return self._motion[key] if disturbed and disturbed[0] is Quality.ARTEFACT else 0.0

    def _pulse_rate(self) -> Shown:
        key = "heart_rate_per_min"
        value = self._natural[key] + self._pulse_noise
        if self._disturbed("pulse_rate_per_min"):
            value += 2.0 * self._motion[key]
        return self._through_probe("pulse_rate_per_min", value)

    def _through_probe(self, signal: str, value: float) -> Shown:
        limits = self.settings.vitals.get(signal, self.settings.vitals["heart_rate_per_min"])
        value = min(limits.high, max(limits.low, value))
        rounded = round(value, self.settings.decimals.get(signal, 0))
        disturbed = self._disturbed(signal)
        if disturbed is None:
            return Shown(signal=signal, value=rounded, t_s=self.t_s)
        quality, reason = disturbed
        kept = None if quality is Quality.NO_VALUE else rounded
        return Shown(signal=signal, value=kept, t_s=self.t_s, quality=quality, reason=reason)

    # ------------------------------------------------------------------ the cuff
    def _start_cuff(self, t_s: int) -> None:
        self._cuff_ready_s = t_s + self.settings.cuff_takes_s
        self._cuff_spoilt = False

    def _finish_cuff(self) -> None:
        """The cuff lets go: a result, or none because the arm moved or the cuff was off; then the next is planned."""
        disturbed = self._disturbed("systolic_mmhg")
        if disturbed or self._cuff_spoilt:
            reason = disturbed[1] if disturbed else "movement during the measurement"
            self._cuff = tuple(
                Shown(signal=s, value=None, t_s=self.t_s, quality=Quality.NO_VALUE, reason=reason) for s in CUFF
            )
            self._start_cuff(self.t_s + self.settings.cuff_retry_s)
            return
        systolic = round(self._natural["systolic_mmhg"])
        diastolic = round(
            min(self._natural["diastolic_mmhg"], systolic - self.settings.least_pulse_pressure_mmhg),
        )
        mean = round(diastolic + (systolic - diastolic) / 3)
        values = zip(CUFF, (systolic, diastolic, mean), strict=True)
        self._cuff = tuple(Shown(signal=s, value=float(v), t_s=self.t_s) for s, v in values)
        next_due = (self.t_s // self._cuff_every_s + 1) * self._cuff_every_s
        self._start_cuff(next_due)
