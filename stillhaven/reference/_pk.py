"""Which published pharmacokinetic models are there, for whom, from where, and which may not be used?

`read_pk(folder)` gives every model of the folder by id, blocked ones included.  A file that cannot be used raises
BadInput with its name and key: a model is never half read.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from stillhaven.science.errors import BadInput
from stillhaven.science.pk.models import (
    Compartment,
    Covariate,
    Drug,
    EffectSite,
    Flow,
    Limits,
    Model,
    Output,
    Parameter,
    Portion,
    Residual,
    Route,
    Site,
    Variability,
    Way,
)
from stillhaven.science.units import Quantity

T = TypeVar("T")
FOLDER = Path(__file__).parent / "pk"
_MIN_PER_H = Quantity(1.0, "h").to("s") / Quantity(1.0, "min").to("s")
# printed unit -> (house unit, factor)
_UNITS = {
    "L": ("L", 1.0),
    "L/kg": ("L", 1.0),
    "L/h": ("L/min", 1.0 / _MIN_PER_H),
    "L/min": ("L/min", 1.0),
    "1/h": ("1/min", 1.0 / _MIN_PER_H),
    "1/min": ("1/min", 1.0),
    "h": ("min", _MIN_PER_H),
    "min": ("min", 1.0),
    "1": ("1", 1.0),
}
_NOT_MODELS = {"blocked.toml", "shared.toml", "sources.toml"}


class _File:
    """One TOML file: every getter says file and key when something is wrong."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise BadInput(path.name, f"is not readable as TOML: {error}") from None

    def wrong(self, key: str, why: str) -> BadInput:
        return BadInput(f"{self.path.name}: {key}", why)

    def get(self, table: Mapping[str, Any], key: str, kind: type | tuple[type, ...], where: str = "") -> Any:
        value = table.get(key)
        if value is None:
            raise self.wrong(f"{where}{key}", "is missing")
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.wrong(f"{where}{key}", f"has the wrong kind of value: {value!r}")
        return value

    def text(self, table: Mapping[str, Any], key: str, where: str = "") -> str:
        return str(self.get(table, key, str, where))

    def number(self, table: Mapping[str, Any], key: str, where: str = "") -> float:
        value = float(self.get(table, key, (int, float), where))
        if not math.isfinite(value):
            raise self.wrong(f"{where}{key}", "is not a finite number")
        return value

    def quantity(self, table: Mapping[str, Any], key: str, units: tuple[str, ...], where: str = "") -> float:
        part = self.get(table, key, dict, where)
        unit = self.text(part, "unit", f"{where}{key}.")
        if unit not in units:
            raise self.wrong(f"{where}{key}.unit", f"{unit!r} is not {' or '.join(units)}")
        return self.number(part, "value", f"{where}{key}.")


def read_pk(*folders: Path) -> Mapping[str, Model]:
    """Every model by id, in the order of their ids.  A later folder's file replaces the earlier one of that name."""
    files: dict[str, _File] = {}
    for folder in folders or (FOLDER,):
        files |= {path.name: _File(path) for path in sorted(folder.glob("*.toml"))}
    for name in ("shared.toml", "sources.toml"):
        if name not in files:
            raise BadInput(name, "is missing from the pharmacokinetic files")
    shared, known = files["shared.toml"], files["sources.toml"].data.get("sources", {})
    found: dict[str, Model] = {}
    for name, file in files.items():
        if name not in _NOT_MODELS:
            model = _model(file, shared)
            _unique(file, model, found)
            found[model.id] = model
    if "blocked.toml" in files:
        file = files["blocked.toml"]
        for row in file.data.get("blocked", []):
            model = Model(
                id=file.text(row, "id"),
                name=file.text(row, "name"),
                population=file.text(row, "population"),
                usable=False,
                because=file.text(row, "because"),
                sources=tuple(row.get("sources", ())),
            )
            _unique(file, model, found)
            found[model.id] = model
    for model in found.values():
        _cited(model, known)
        for other in model.envelope:
            if other not in found or not found[other].usable:
                raise BadInput(f"{model.id}: envelope", f"{other} is not a usable model")
        if model.variability and model.variability.borrowed_from not in ("", *found):
            raise BadInput(f"{model.id}: variability.borrowed_from", "is not a model")
    return MappingProxyType(dict(sorted(found.items())))


def _unique(file: _File, model: Model, found: Mapping[str, Model]) -> None:
    if model.id in found:
        raise file.wrong("id", f"{model.id} stands in two files")


def _cited(model: Model, known: Mapping[str, str]) -> None:
    keys = {*model.sources, *(p.source for p in model.parameters.values())}
    keys |= {w.source for w in model.ways.values()} | {r.source for r in model.residuals.values()}
    keys |= {model.variability.source} if model.variability else set()
    if missing := sorted(keys - set(known)):
        raise BadInput(f"{model.id}: source", f"{', '.join(missing)} is not in sources.toml")


def _model(file: _File, shared: _File) -> Model:
    d = file.data
    parameters = {name: _parameter(file, name, row) for name, row in file.get(d, "parameters", dict).items()}
    for name in (f.get(kind, "") for f in d.get("flow", ()) for kind in ("clearance", "rate", "delay")):
        if name and name not in parameters:
            raise file.wrong("flow", f"{name!r} is not a parameter")
    compartments = tuple(
        Compartment(name=file.text(c, "name"), volume=c.get("volume", ""), holds=c.get("holds", ""))
        for c in file.get(d, "compartment", list)
    )
    places = {c.name for c in compartments}
    outputs = tuple(
        Output(analyte=file.text(o, "analyte"), compartment=file.text(o, "compartment"))
        for o in file.get(d, "output", list)
    )
    for out in outputs:
        if out.compartment not in places or not next(c for c in compartments if c.name == out.compartment).volume:
            raise file.wrong("output", f"{out.compartment!r} has no volume to be measured in")
    usable = bool(file.get(d, "usable", bool))
    return Model(
        id=file.text(d, "id"),
        name=file.text(d, "name"),
        population=file.text(d, "population"),
        usable=usable,
        because="" if usable else file.text(d, "because"),
        table_read=bool(file.get(d, "table_read", bool)),
        drugs=tuple(_one(file, "drugs", Drug, x) for x in file.get(d, "drugs", list)),
        analyte=file.text(d, "analyte"),
        site=_one(file, "site", Site, file.text(d, "site")),
        structure=file.text(d, "structure"),
        parameters=MappingProxyType(parameters),
        compartments=compartments,
        flows=tuple(_flow(file, row, places) for row in file.get(d, "flow", list)),
        outputs=outputs,
        ways=MappingProxyType({w.route: w for w in (_way(file, k, r, places) for k, r in d.get("route", {}).items())}),
        variability=_variability(file, parameters),
        residuals=MappingProxyType({a: _residual(file, shared, a, r) for a, r in d.get("residual", {}).items()}),
        limits=_limits(file, shared),
        cautions=tuple(d.get("cautions", ())),
        envelope=tuple(d.get("envelope", ())),
        default_for=tuple(d.get("default_for", ())),
        effect_site=_effect_site(shared),
        sources=tuple(file.get(d, "sources", list)),
    )


def _one(file: _File, key: str, kind: Callable[[str], T], text: str) -> T:
    try:
        return kind(text)
    except ValueError:
        raise file.wrong(key, f"{text!r} is not known") from None


def _parameter(file: _File, name: str, row: dict[str, Any]) -> Parameter:
    where = f"parameters.{name}."
    unit = file.text(row, "unit", where)
    if unit not in _UNITS:
        raise file.wrong(f"{where}unit", f"{unit!r} is not one of {', '.join(_UNITS)}")
    house, factor = _UNITS[unit]
    value = file.number(row, "value", where)
    if value <= 0:
        raise file.wrong(f"{where}value", "must be over 0")
    power = float(row.get("weight_power", 0.0))
    if unit == "L/kg" and (power, row.get("reference_kg")) != (1.0, 1):
        raise file.wrong(where, "a volume per kg scales with weight to the power 1, from 1 kg")
    covariates = tuple(
        Covariate(
            kind=file.text(c, "kind", where),
            value=file.number(c, "value", where) * (factor if c["kind"] == "per_year_over" else 1.0),
            ancestry=tuple(c.get("ancestry", ())),
            age_y=float(c.get("age_y", 0.0)),
        )
        for c in row.get("covariates", ())
    )
    return Parameter(
        name=name,
        value=value * factor,
        unit=house,
        printed=f"{row['value']:g} {unit}",
        weight_power=power,
        reference_kg=float(row.get("reference_kg", 1.0)),
        covariates=covariates,
        source=file.text(row, "source", where),
        confirmed=bool(file.get(row, "confirmed", bool, where)),
    )


def _flow(file: _File, row: dict[str, Any], places: set[str]) -> Flow:
    source, target = file.text(row, "from", "flow."), file.text(row, "to", "flow.")
    for place in (source, target):
        if place not in places and place != "out":
            raise file.wrong("flow", f"{place!r} is not a compartment")
    if sum(kind in row for kind in ("clearance", "rate", "delay")) != 1:
        raise file.wrong("flow", f"{source} to {target} needs one of clearance, rate or delay")
    return Flow(
        source=source,
        target="" if target == "out" else target,
        clearance=row.get("clearance", ""),
        rate=row.get("rate", ""),
        delay=row.get("delay", ""),
        steps=int(row.get("steps", 1)),
        fraction=tuple(row.get("fraction", ())),
    )


def _way(file: _File, key: str, row: dict[str, Any], places: set[str]) -> Way:
    where = f"route.{key}."
    portions = tuple(
        Portion(into=file.text(p, "into", where), fraction=tuple(p.get("fraction", ())), duration=p.get("duration", ""))
        for p in row.get("portions", ())
    )
    if bool(portions) == ("because" in row):
        raise file.wrong(where, "needs portions, or because it is not available")
    if any(p.into not in places for p in portions):
        raise file.wrong(where, "goes into a compartment that is not there")
    salt = "salt" in row
    return Way(
        route=_one(file, where, Route, key),
        portions=portions,
        because=row.get("because", ""),
        device_mg=file.quantity(row, "device", ("mg",), where) if "device" in row else None,
        device_fraction=row.get("device_fraction", ""),
        later_devices=row.get("later_devices", ""),
        base_per_salt=file.quantity(row, "as_base", ("mg",), where) / file.quantity(row, "salt", ("mg",), where)
        if salt
        else None,
        source=file.text(row, "source", where),
    )


def _variability(file: _File, parameters: Mapping[str, Parameter]) -> Variability | None:
    row = file.data.get("variability")
    if row is None:
        return None
    variance: dict[str, float] = {name: float(x) for name, x in row.get("variance", {}).items()}
    variance |= {name: math.log1p((float(x) / 100.0) ** 2) for name, x in row.get("cv_pct", {}).items()}
    for name, x in row.get("occasion", {}).items():
        variance[name] = variance.get(name, 0.0) + float(x)
    logits = {name: float(x) ** 2 for name, x in row.get("logit_sd", {}).items()}
    variance |= logits
    names = tuple(variance)
    for name in names:
        if name not in parameters:
            raise file.wrong(f"variability.{name}", "is not a parameter")
        if not variance[name] > 0:
            raise file.wrong(f"variability.{name}", "must be over 0")
    omega = [[variance[a] if a == b else 0.0 for b in names] for a in names]
    for pair in row.get("covariance", ()):
        i, j = names.index(pair["of"]), names.index(pair["and"])
        value = file.number(pair, "value", "variability.covariance.")
        if value**2 > omega[i][i] * omega[j][j]:
            raise file.wrong("variability.covariance", f"{pair['of']} and {pair['and']}: a correlation over 1")
        omega[i][j] = omega[j][i] = value
    return Variability(
        names=names,
        logit=tuple(name in logits for name in names),
        omega=tuple(tuple(line) for line in omega),
        source=file.text(row, "source", "variability."),
        borrowed_from=row.get("borrowed_from", ""),
        note=row.get("note", ""),
    )


def _residual(file: _File, shared: _File, analyte: str, row: dict[str, Any]) -> Residual:
    where = f"residual.{analyte}."
    molar = shared.quantity(shared.get(shared.data, "molar_mass", dict), "ketamine", ("g/mol",), "molar_mass.")
    return Residual(
        analyte=analyte,
        proportional_sd=file.number(row, "proportional_sd", where),
        additive_ng_per_ml=file.quantity(row, "additive", ("nmol/mL",), where) * molar if "additive" in row else 0.0,
        source=file.text(row, "source", where),
    )


def _limits(file: _File, shared: _File) -> Limits:
    row = file.get(file.data, "limits", dict)
    outside = file.text(row, "outside", "limits.")
    if outside not in ("refuse", "warn"):
        raise file.wrong("limits.outside", "must be refuse or warn")

    def bound(key: str, unit: str) -> float | None:
        return file.quantity(row, key, (unit,), "limits.") if key in row else None

    house = shared.get(shared.data, "plausible", dict)
    return Limits(
        outside=outside,
        age_y=(bound("age_from", "y"), bound("age_to", "y")),
        weight_kg=(bound("weight_from", "kg"), bound("weight_to", "kg")),
        plausible_weight_kg=(
            shared.quantity(house, "weight_from", ("kg",), "plausible."),
            shared.quantity(house, "weight_to", ("kg",), "plausible."),
        ),
        plausible_age_y=(0.0, shared.quantity(house, "age_to", ("y",), "plausible.")),
    )


def _effect_site(shared: _File) -> EffectSite:
    row = shared.get(shared.data, "effect_site", dict)
    return EffectSite(
        half_life_min=shared.quantity(row, "half_life", ("min",), "effect_site."),
        low_min=shared.quantity(row, "low", ("min",), "effect_site."),
        high_min=shared.quantity(row, "high", ("min",), "effect_site."),
        source=shared.text(row, "source", "effect_site."),
    )
