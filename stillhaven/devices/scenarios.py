"""What can go wrong in a drill, and when?  Scenarios, simulator settings and clinic plans, read from TOML files.

All of it is simulator settings, not clinical reference: the shipped files lie in `reference/devices/simulator/` and
say so in their first lines; a clinic's own scenario is a file given by its path.  What a scenario promises ("systolic
goes above 160 within 9 minutes") stands in its file beside the course, and the tests hold it for any virtual patient.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from stillhaven.science.errors import BadInput
from stillhaven.science.units import Quantity, parse_number
from stillhaven.science.vitals import Quality

KIND = "simulator settings, not clinical reference"
_SHIPPED = resources.files("stillhaven.reference") / "devices" / "simulator"
_DOSE = re.compile(
    r"(?P<amount>[\d.,]+)\s*(?P<unit>mg/kg|mg)(?:\s+(?P<route>iv|im|intranasal|oral))?"
    r"(?:\s+over\s+(?P<over>[\d.,]+)\s*min)?(?:\s+bolus)?",
    re.IGNORECASE,
)


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

    `hidden` marks a patient and name field left empty in its messages (identity only in the bed).
    """

    device: str
    bed: str
    scenario: Scenario
    seed: int
    weight_kg: float = 75.0
    start_minute: float = 0.0
    doses: tuple[Dose, ...] = ()
    resting: Mapping[str, float] | None = None
    cuff_every_min: float | None = None
    patient_id: str = ""
    patient_name: str = ""


# ---------------------------------------------------------------------------- reading the files
def settings(path: Path | None = None) -> Settings:
    """The virtual patient's settings: the shipped ones, or those of a file."""
    raw = _read(path) if path else _shipped("patient.toml")
    try:
        return Settings(
            **raw["kinetics"],
            routes={key: Route(**r) for key, r in raw["routes"].items()},
            vitals={key: Vital(**v) for key, v in raw["vitals"].items()},
            decimals={"temperature_c": 1},
            cuff_every_min=raw["cuff"]["every_min"],
            cuff_takes_s=raw["cuff"]["takes_s"],
            cuff_retry_s=raw["cuff"]["retry_s"],
            least_pulse_pressure_mmhg=raw["cuff"]["least_pulse_pressure_mmhg"],
            pulse_differs_sd=raw["pulse"]["differs_sd"],
        )
    except (KeyError, TypeError) as error:
        raise BadInput("simulator settings", f"{error} in {path or 'patient.toml'}") from None


def scenario_names() -> tuple[str, ...]:
    """The shipped scenarios, in alphabetical order."""
    folder = _SHIPPED / "scenarios"
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def scenario(name_or_path: str) -> Scenario:
    """A shipped scenario by name, or one's own by the path of its file.

    >>> scenario("calm").key
    'calm'
    >>> scenario("earthquake")
    Traceback (most recent call last):
    ...
    stillhaven.science.errors.BadInput: scenario: 'earthquake' is not one of apnoea, calm, desaturation, hypertension, \
network_loss, probe_off, vomiting, nor a .toml file
    """
    if name_or_path.endswith(".toml"):
        path = Path(name_or_path)
        return parse_scenario(path.stem, _read(path))
    key = name_or_path.strip().replace("-", "_").replace(" ", "_")
    if key not in scenario_names():
        why = f"{name_or_path!r} is not one of {', '.join(scenario_names())}, nor a .toml file"
        raise BadInput("scenario", why)
    return parse_scenario(key, _shipped(f"scenarios/{key}.toml"))


def parse_scenario(key: str, raw: Mapping[str, Any]) -> Scenario:
    """A scenario from the tables of its file; BadInput names the file's key that cannot be read."""
    if raw.get("kind") != KIND:
        raise BadInput(f"scenario {key}", f'must say kind = "{KIND}"')
    lasts = float(raw.get("lasts_min", 60.0))
    try:
        return Scenario(
            key=key,
            title=raw["title"],
            says=raw["says"],
            lasts_min=lasts,
            changes=tuple(_change(c, lasts) for c in raw.get("change", ())),
            disturbances=tuple(_disturbance(d) for d in raw.get("disturbance", ())),
            network_away=_windows(raw.get("network", {}).get("away_min", ())),
            promises=tuple(Promise(**p) for p in raw.get("promise", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"scenario {key}", str(error)) from None


def _change(raw: Mapping[str, Any], lasts_min: float) -> Change:
    until = float(raw.get("until_min", lasts_min))
    change = Change(
        signal=raw["signal"],
        from_min=float(raw["from_min"]),
        full_min=float(raw["full_min"]),
        until_min=until,
        gone_min=float(raw.get("gone_min", until)),
        to=raw.get("to"),
        by=raw.get("by", 0.0),
        noise=raw.get("noise", 1.0),
    )
    if not change.from_min <= change.full_min <= change.until_min <= change.gone_min:
        raise ValueError(f"change of {change.signal}: from_min, full_min, until_min, gone_min must be in order")
    return change


def _disturbance(raw: Mapping[str, Any]) -> Disturbance:
    return Disturbance(
        signals=tuple(raw["signals"]),
        quality=Quality(raw["quality"]),
        reason=raw["reason"],
        windows=_windows(raw["windows_min"]),
    )


def _windows(raw: Sequence[Sequence[float]]) -> tuple[tuple[float, float], ...]:
    windows = tuple((float(a), float(b)) for a, b in raw)
    if any(a >= b for a, b in windows):
        raise ValueError(f"a window must end after it begins: {windows}")
    return windows


def parse_dose(text: str, *, start_s: int = 0) -> Dose:
    """A dose as people write it: amount, route where it is not IV, and over how long.

    >>> parse_dose("0.5 mg/kg over 40 min")
    Dose(start_s=0, amount=0.5, unit='mg/kg', over_s=2400.0, route='iv')
    >>> parse_dose("60 mg im", start_s=30).route
    'im'
    >>> parse_dose("a lot")
    Traceback (most recent call last):
    ...
    stillhaven.science.errors.BadInput: dose: write it as "0.5 mg/kg over 40 min", "41 mg over 40 min" or "60 mg im"
    """
    match = _DOSE.fullmatch(text.strip())
    if not match:
        raise BadInput("dose", 'write it as "0.5 mg/kg over 40 min", "41 mg over 40 min" or "60 mg im"')
    over_min = parse_number(match["over"], "dose") if match["over"] else 0.0
    return Dose(
        start_s=start_s,
        amount=parse_number(match["amount"], "dose"),
        unit=match["unit"].lower(),
        over_s=Quantity(over_min, "min").to("s"),
        route=(match["route"] or "iv").lower(),
    )


def dose_file(path: Path) -> tuple[Dose, ...]:
    """The doses of a file: `[[dose]]` tables with `at_min` and `give` ("0.5 mg/kg over 40 min")."""
    return _doses(_read(path).get("dose", ()), str(path))


def _doses(rows: Sequence[Mapping[str, Any]], where: str) -> tuple[Dose, ...]:
    out = []
    for row in rows:
        if set(row) - {"at_min", "give"} or "give" not in row:
            raise BadInput("dose", f"each dose in {where} needs at_min and give, and nothing else")
        out.append(parse_dose(row["give"], start_s=round(60 * float(row.get("at_min", 0)))))
    return tuple(out)


def clinic_plan(name_or_path: str) -> tuple[MonitorPlan, ...]:
    """The monitors of a whole demo clinic: a shipped plan by name, or one's own by the path of its file.

    >>> [m.scenario.key for m in clinic_plan("four_chairs")]
    ['calm', 'hypertension', 'desaturation', 'calm']
    """
    own = name_or_path.endswith(".toml")
    raw = _read(Path(name_or_path)) if own else _shipped(f"plans/{name_or_path}.toml")
    monitors = []
    known = {
        "device", "bed", "scenario", "seed", "weight_kg", "start_minute", "dose", "resting", "cuff_every_min",
        "patient_id", "patient_name",
    }  # fmt: skip
    for row in raw.get("monitor", ()):
        if unknown := set(row) - known:
            raise BadInput("plan", f"unknown key {sorted(unknown)[0]!r} in {name_or_path}")
        plain = {k: v for k, v in row.items() if k not in ("scenario", "dose")}
        try:
            monitors.append(
                MonitorPlan(
                    **plain,
                    scenario=scenario(row.get("scenario", "calm")),
                    doses=_doses(row.get("dose", ()), name_or_path),
                )
            )
        except TypeError as error:
            raise BadInput("plan", f"a [[monitor]] in {name_or_path}: {error}") from None
    if not monitors:
        raise BadInput("plan", f"{name_or_path} has no [[monitor]]")
    if len({m.device for m in monitors}) < len(monitors):
        raise BadInput("plan", f"two monitors in {name_or_path} have the same device")
    return tuple(monitors)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(str(path), f"cannot be opened ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(str(path), f"is not readable TOML: {error}") from None


def _shipped(name: str) -> dict[str, Any]:
    file = _SHIPPED
    for part in name.split("/"):
        file = file / part
    if not file.is_file():
        raise BadInput("simulator", f"there is no shipped file {name}")
    raw = tomllib.loads(file.read_text(encoding="utf-8"))
    if raw.get("kind") != KIND:
        raise BadInput(name, f'must say kind = "{KIND}"')
    return raw
