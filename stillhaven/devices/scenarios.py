"""What can go wrong in a drill, and when?  Scenarios, simulator settings and clinic plans, read from TOML files.

All of it is simulator settings, not clinical reference: the shipped files lie in `reference/devices/simulator/` and
say so in their first lines; a clinic's own scenario is a file given by its path.  What a scenario promises ("systolic
goes above 160 within 9 minutes") stands in its file beside the course, and the tests hold it for any virtual patient.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from stillhaven.devices.drill import Change, Disturbance, Dose, MonitorPlan, Promise, Route, Scenario, Settings, Vital
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
    >>> [m.device for m in clinic_plan("afternoon")]
    ['MON-1', 'MON-2', 'MON-3', 'MON-4', 'MON-5', 'MON-6']
    """
    own = name_or_path.endswith(".toml")
    raw = _read(Path(name_or_path)) if own else _shipped(f"plans/{name_or_path}.toml")
    first = raw.get("begins_with", "")  # another shipped plan, whose monitors come before these
    monitors = list(clinic_plan(first)) if first else []
    known = {
        "device", "bed", "scenario", "seed", "weight_kg", "start_minute", "scenario_minute", "dose", "resting",
        "cuff_every_min",
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
