"""Which published model speaks for this drug, this route and this person, and what does it say of their body?

A model is data: compartments, flows between them, parameters with units, how they scale with weight and age, how far
people differ, who was studied, where blood was drawn.  All files are read by `stillhaven.reference`; nothing here holds
a clinical number.  Inside, volumes are litres, clearances L/min, rate constants 1/min, times minutes, amounts mg of
base, concentrations ng/mL.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Finding, Verdict, Weight
from stillhaven.science.patient import Patient

Floats = NDArray[np.float64]
NG_PER_ML_IN_MG_PER_L = 1000.0  # 1 mg/L = 1 ug/mL = 1000 ng/mL


class Drug(StrEnum):
    """What is in the syringe.  Doses of one are never doses of another."""

    RACEMIC = "racemic_ketamine"
    S_KETAMINE = "s_ketamine"
    ESKETAMINE = "esketamine"

    @property
    def words(self) -> str:
        """As a person reads it."""
        return {"racemic_ketamine": "racemic ketamine", "s_ketamine": "S-ketamine"}.get(self.value, self.value)


class AmountAs(StrEnum):
    """What the milligrams count: the base, or its hydrochloride salt."""

    BASE = "base"
    SALT = "salt"


class Route(StrEnum):
    IV = "iv"
    IM = "im"
    NASAL = "nasal"
    ORAL = "oral"
    SUBLINGUAL = "sublingual"
    BUCCAL = "buccal"

    @property
    def words(self) -> str:
        """As a person reads it."""
        return {"iv": "IV", "im": "IM", "nasal": "nose"}.get(self.value, self.value)


class Site(StrEnum):
    """Where the blood was drawn that the model describes."""

    ARTERIAL = "arterial"
    VENOUS = "venous"
    NOT_STATED = "not stated"


@dataclass(frozen=True, kw_only=True)
class Person:
    """What a model may know of a person.  None means that nobody knows; a model that needs it then says so."""

    weight_kg: float | None = None
    age_y: float | None = None
    ancestry: str | None = None  # "japanese", "asian" (other than Japanese) or "other"; only where a model asks

    def __post_init__(self) -> None:
        for name in ("weight_kg", "age_y"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise BadInput(name, "is not a finite number")
        if self.weight_kg is not None and self.weight_kg <= 0:
            raise BadInput("weight_kg", "must be over 0 kg")
        if self.age_y is not None and self.age_y < 0:
            raise BadInput("age_y", "must not be under 0 years")
        if self.ancestry not in (None, "japanese", "asian", "other"):
            raise BadInput("ancestry", "must be japanese, asian (other than Japanese) or other")

    @classmethod
    def of(cls, patient: Patient | Person) -> Person:
        if isinstance(patient, Person):
            return patient
        return cls(weight_kg=patient.weight_kg, age_y=patient.age_y)


@dataclass(frozen=True, kw_only=True)
class Covariate:
    """How a fact of the person moves a parameter: a factor for some, or a slope per year over an age."""

    kind: str  # "factor" or "per_year_over"
    value: float  # the factor; or the change per year in the parameter's house unit
    ancestry: tuple[str, ...] = ()
    age_y: float = 0.0
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One published number.  `value` is in house units; `printed` is what the source says."""

    name: str
    value: float
    unit: str  # L, L/min, 1/min, min or 1
    printed: str
    weight_power: float = 0.0
    reference_kg: float = 1.0
    covariates: tuple[Covariate, ...] = ()
    source: str = ""
    confirmed: bool = False


@dataclass(frozen=True, kw_only=True)
class Compartment:
    """A place that holds drug.  `volume` names its parameter; depots and delays have none."""

    name: str
    volume: str = ""
    holds: str = ""


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Drug that moves: by clearance (rate = clearance/volume), by rate constant, or through a delay of n steps (n/time)."""

    source: str
    target: str  # "" leaves the body
    clearance: str = ""
    rate: str = ""
    delay: str = ""
    steps: int = 1
    fraction: tuple[str, ...] = ()  # names of parameters to multiply with; "1-x" is the rest


@dataclass(frozen=True, kw_only=True)
class Portion:
    """Where a part of a dose goes in: at once, or evenly over a duration."""

    into: str
    fraction: tuple[str, ...] = ()
    duration: str = ""


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a route feeds a model, or why it cannot."""

    route: Route
    portions: tuple[Portion, ...] = ()
    because: str = ""  # why this route is not available
    device_mg: float | None = None  # doses come in whole devices of this much base
    later_devices: str = ""  # parameter: factor on `device_fraction` for the second device onwards
    device_fraction: str = ""
    base_per_salt: float | None = None
    source: str = ""

    @property
    def is_available(self) -> bool:
        return not self.because


@dataclass(frozen=True, kw_only=True)
class Output:
    """What can be measured: an analyte in the plasma of one compartment."""

    analyte: str
    compartment: str


@dataclass(frozen=True, kw_only=True)
class Variability:
    """How far people differ: covariance of the logarithms (or logits) of the named parameters."""

    names: tuple[str, ...]
    logit: tuple[bool, ...]
    omega: tuple[tuple[float, ...], ...]
    source: str
    borrowed_from: str = ""  # id of the model these belong to, when the model's own were not found
    note: str = ""

    def matrix(self) -> Floats:
        return np.array(self.omega, dtype=float)


@dataclass(frozen=True, kw_only=True)
class Residual:
    """What remains between a measured level and the model: proportional SD and additive SD."""

    analyte: str
    proportional_sd: float
    additive_ng_per_ml: float = 0.0
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class EffectSite:
    """Half-life of equilibration with the brain, and its range over the effects studied."""

    half_life_min: float
    low_min: float
    high_min: float
    source: str

    @property
    def ke0_per_min(self) -> float:
        return math.log(2.0) / self.half_life_min


@dataclass(frozen=True, kw_only=True)
class Limits:
    """For whom the model speaks, and what happens beyond: "refuse" or "warn"."""

    outside: str
    age_y: tuple[float | None, float | None] = (None, None)
    weight_kg: tuple[float | None, float | None] = (None, None)
    plausible_weight_kg: tuple[float, float] = (0.0, math.inf)
    plausible_age_y: tuple[float, float] = (0.0, math.inf)


@dataclass(frozen=True, kw_only=True)
class Model:
    """A published model as data.  `table_read` is false until a person has read its table in its own paper."""

    id: str
    name: str
    population: str
    usable: bool
    because: str = ""  # why it is not usable
    table_read: bool = False
    drugs: tuple[Drug, ...] = ()
    analyte: str = ""
    site: Site = Site.NOT_STATED
    structure: str = ""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    compartments: tuple[Compartment, ...] = ()
    flows: tuple[Flow, ...] = ()
    outputs: tuple[Output, ...] = ()
    ways: Mapping[Route, Way] = field(default_factory=dict)
    variability: Variability | None = None
    residuals: Mapping[str, Residual] = field(default_factory=dict)
    limits: Limits = field(default_factory=lambda: Limits(outside="refuse"))
    cautions: tuple[str, ...] = ()
    envelope: tuple[str, ...] = ()  # ids of the models whose spread belongs to this one's band
    default_for: tuple[str, ...] = ()  # "drug/route" for which this one is asked first
    effect_site: EffectSite | None = None
    sources: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        if not self.usable:
            return "blocked"
        return "table read" if self.table_read else "provisional"

    @property
    def label(self) -> str:
        """What stands beside every number of this model."""
        words = (
            f"model estimate · {self.name} · {self.site.value} plasma"
            if self.site is not Site.NOT_STATED
            else (f"model estimate · {self.name} · sampling site not stated")
        )
        return words if self.table_read else f"{words} · provisional"

    @property
    def parent(self) -> Output:
        return self.outputs[0]

    def analytes(self) -> tuple[str, ...]:
        return tuple(output.analyte for output in self.outputs)


def with_values(model: Model, **values: float) -> Model:
    """The same model with some parameters replaced (house units): for what-if by a researcher, and for tests."""
    for name in values:
        if name not in model.parameters:
            raise BadInput(name, f"is not a parameter of {model.id}")
    changed = {
        n: replace(p, value=values[n], confirmed=False) if n in values else p for n, p in model.parameters.items()
    }
    return replace(model, parameters=changed)


def mammillary_model(
    name: str = "ad hoc",
    *,
    drug: Drug = Drug.RACEMIC,
    v1_l: float,
    cl_l_per_min: float,
    peripherals: tuple[tuple[float, float], ...] = (),
    effect_site: EffectSite | None = None,
    omega: Mapping[str, float] | None = None,
    log_residual_sd: float | None = None,
    site: Site = Site.NOT_STATED,
) -> Model:
    """A model of a researcher's own: central volume, clearance, and (volume, flow) of up to two peripheral ones.

    `omega` gives variances of the logarithms by parameter name: V1, CL, V2, Q2, V3, Q3.
    """
    values = {"V1": (v1_l, "L"), "CL": (cl_l_per_min, "L/min")}
    for index, (volume, flow) in enumerate(peripherals, start=2):
        values |= {f"V{index}": (volume, "L"), f"Q{index}": (flow, "L/min")}
    places = ("central", *(f"peripheral{index}" for index in range(2, len(peripherals) + 2)))
    flows = [Flow(source="central", target="", clearance="CL")]
    for index, place in enumerate(places[1:], start=2):
        flows += [Flow(source="central", target=place, clearance=f"Q{index}")]
        flows += [Flow(source=place, target="central", clearance=f"Q{index}")]
    names = tuple(omega or ())
    spread = Variability(
        names=names,
        logit=(False,) * len(names),
        omega=tuple(tuple((omega or {})[a] if a == b else 0.0 for b in names) for a in names),
        source="ad hoc",
    )
    return Model(
        id="AD_HOC",
        name=name,
        population="nobody: parameters given by the caller",
        usable=True,
        drugs=(drug,),
        analyte="K" if drug is Drug.RACEMIC else "S",
        site=site,
        parameters={
            n: Parameter(name=n, value=v, unit=u, printed=f"{v:g} {u}", source="ad hoc") for n, (v, u) in values.items()
        },
        compartments=tuple(Compartment(name=place, volume=f"V{index}") for index, place in enumerate(places, start=1)),
        flows=tuple(flows),
        outputs=(Output(analyte="K" if drug is Drug.RACEMIC else "S", compartment="central"),),
        ways={Route.IV: Way(route=Route.IV, portions=(Portion(into="central"),))},
        variability=spread if names else None,
        residuals={
            "K" if drug is Drug.RACEMIC else "S": Residual(
                analyte="K" if drug is Drug.RACEMIC else "S", proportional_sd=log_residual_sd
            )
        }
        if log_residual_sd
        else {},
        limits=Limits(outside="warn"),
        effect_site=effect_site,
    )


# ------------------------------------------------------------------------------------- does it fit?
def fits(model: Model, person: Patient | Person, *, drug: Drug, route: Route) -> tuple[Finding, ...]:
    """Does this model speak for this person, drug and route?  BLOCK findings refuse it, CAUTION ones go beside it."""
    person = Person.of(person)
    found: list[Finding] = []

    def say(rule: str, verdict: Verdict, because: str, *, block: bool) -> None:
        found.append(
            Finding(
                rule=f"pk.{rule}",
                verdict=verdict,
                because=because,
                source=model.sources[0] if model.sources else "",
                weight=Weight.BLOCK if block else Weight.CAUTION,
            )
        )

    if not model.usable:
        say("usable", Verdict.NOT_MET, f"{model.id} is blocked: {model.because}", block=True)
        return tuple(found)
    if drug not in model.drugs:
        names = " or ".join(d.words for d in model.drugs)
        say("drug", Verdict.NOT_MET, f"{model.id} describes {names}; {drug.words} is another drug", block=True)
    way = model.ways.get(route)
    if way is None:
        say("route", Verdict.NOT_MET, f"{model.id} has no sourced absorption for {route.words}", block=True)
    elif not way.is_available:
        say("route", Verdict.NOT_MET, f"{model.id}, {route.words}: {way.because}", block=True)
    hard = model.limits.outside == "refuse"
    for what, value, (low, high), (least, most), unit in (
        ("age_y", person.age_y, model.limits.age_y, model.limits.plausible_age_y, "years"),
        ("weight_kg", person.weight_kg, model.limits.weight_kg, model.limits.plausible_weight_kg, "kg"),
    ):
        if value is None:
            needs = what == "weight_kg" and any(p.weight_power for p in model.parameters.values())
            if needs or low is not None or high is not None:
                say(what, Verdict.UNKNOWN, f"{what} is not known, and {model.id} depends on it", block=needs)
            continue
        if not least <= value <= most:
            raise BadInput(what, f"{value:g} {unit} cannot be a person's: must be {least:g} to {most:g} {unit}")
        if (low is not None and value < low) or (high is not None and value > high):
            words = " to ".join(f"{bound:g}" if bound is not None else "…" for bound in (low, high))
            say(what, Verdict.NOT_MET, f"{value:g} {unit} is outside the {words} {unit} of {model.id}", block=hard)
    if person.ancestry is None and any(c.ancestry for p in model.parameters.values() for c in p.covariates):
        say("ancestry", Verdict.UNKNOWN, f"ancestry is not known: {model.id} is shown for each it knows", block=False)
    for text in model.cautions:
        say("caution", Verdict.NOT_MET, text, block=False)
    return tuple(found)


def require(model: Model, person: Patient | Person, *, drug: Drug, route: Route) -> tuple[Finding, ...]:
    """The cautions that go beside the number; BadInput when the model cannot be used here."""
    found = fits(model, person, drug=drug, route=route)
    stops = [f.because for f in found if f.stops]
    if stops:
        raise BadInput("model", "; ".join(stops))
    return found


def default_model(models: Mapping[str, Model], drug: Drug, route: Route) -> Model:
    """The model that is asked first for this drug by this route; BadInput when there is none."""
    for model in models.values():
        if f"{drug.value}/{route.value}" in model.default_for:
            return model
    because = [
        f"{m.id}: {w.because}"
        for m in models.values()
        for w in m.ways.values()
        if w.route is route and drug in m.drugs and w.because
    ]
    raise BadInput(
        "route",
        f"no model with sourced absorption for {drug.words} by {route.words}"
        + (f" ({'; '.join(because)})" if because else ""),
    )


# ------------------------------------------------------------------------------------- numbers for one or many people
def individual(model: Model, person: Patient | Person, eta: Floats | None = None) -> dict[str, Floats]:
    """Parameters by name, each of shape (n,), in house units.  `eta` (n, q) are the deviations of n people.

    A complex `eta` gives complex parameters: the fit takes exact derivatives that way.
    """
    person = Person.of(person)
    n = 1 if eta is None else eta.shape[0]
    values: dict[str, Floats] = {}
    spread = model.variability
    column = {name: i for i, name in enumerate(spread.names)} if spread is not None and eta is not None else {}
    for name, parameter in model.parameters.items():
        value = parameter.value
        if parameter.weight_power:
            if person.weight_kg is None:
                raise BadInput("weight_kg", f"is needed: {model.id} scales with weight")
            value *= (person.weight_kg / parameter.reference_kg) ** parameter.weight_power
        factor = 1.0
        for covariate in parameter.covariates:
            if covariate.kind == "factor" and person.ancestry in covariate.ancestry:
                factor *= covariate.value
            elif covariate.kind == "per_year_over" and person.age_y is not None:
                value += covariate.value * max(0.0, person.age_y - covariate.age_y)
        if value <= 0:
            raise BadInput("age_y", f"takes {name} of {model.id} to zero: outside what the model can say")
        if eta is not None and name in column and spread is not None:
            shift = eta[:, column[name]]
            if spread.logit[column[name]]:
                drawn = 1.0 / (1.0 + np.exp(-(math.log(value / (1.0 - value)) + shift)))
            else:
                drawn = value * np.exp(shift)
        else:
            drawn = np.full(n, value)
        drawn = drawn * factor
        if name in column and spread is not None and spread.logit[column[name]]:
            drawn = np.where(drawn.real > 1.0, 1.0, drawn)  # a share of a dose, times a factor, is still a share
        values[name] = drawn
    return values


def product(values: Mapping[str, Floats], tokens: tuple[str, ...], n: int) -> Floats:
    """The product of named factors; "1-x" is what remains of x, and x is then held to 0..1."""
    held = {token[2:] for token in tokens if token.startswith("1-")}
    result = np.ones(n)
    for token in tokens:
        name = token.removeprefix("1-")
        part = values[name]
        if name in held:
            part = np.where(part.real > 1.0, 1.0, part)
        result = result * (1.0 - part if token != name else part)
    return result


@dataclass(frozen=True, kw_only=True)
class System:
    """n people's model as one linear system: x' = A x + inputs, x in mg (the effect site in mg/L)."""

    rates: Floats  # (n, m, m), 1/min
    states: tuple[str, ...]  # names of the m states
    analytes: tuple[str, ...]  # outputs, plus "effect_site" when asked for
    rows: tuple[int, ...]  # state index of each output
    scale: Floats  # (n, outputs): ng/mL per mg in that state
    values: Mapping[str, Floats]


def compile_system(
    model: Model,
    values: Mapping[str, Floats],
    *,
    ke0_per_min: float | Floats | None = None,
    analytes: tuple[str, ...] | None = None,
) -> System:
    """The rate matrix of a model.  With `ke0_per_min`, an effect site that follows the parent drug is added."""
    names = [c.name for c in model.compartments]
    volumes = {c.name: c.volume for c in model.compartments}
    n = len(next(iter(values.values())))
    kind = np.result_type(*(v.dtype for v in values.values()))
    size = len(names) + (ke0_per_min is not None)
    rates = np.zeros((n, size, size), dtype=kind)
    for flow in model.flows:
        i = names.index(flow.source)
        if flow.clearance:
            k = values[flow.clearance] / values[volumes[flow.source]]
        elif flow.rate:
            k = values[flow.rate]
        else:
            k = flow.steps / values[flow.delay]
        if flow.fraction:
            k = k * product(values, flow.fraction, n)
        rates[:, i, i] -= k
        if flow.target:
            rates[:, names.index(flow.target), i] += k
    wanted = [o for o in model.outputs if analytes is None or o.analyte in analytes]
    rows = [names.index(o.compartment) for o in wanted]
    scale = [NG_PER_ML_IN_MG_PER_L / values[volumes[o.compartment]] for o in wanted]
    labels = [o.analyte for o in wanted]
    if ke0_per_min is not None:
        central = names.index(model.parent.compartment)
        rates[:, -1, central] = ke0_per_min / values[volumes[model.parent.compartment]]
        rates[:, -1, -1] = -np.asarray(ke0_per_min)
        rows.append(size - 1)
        scale.append(np.full(n, NG_PER_ML_IN_MG_PER_L))
        labels.append("effect_site")
        names = [*names, "effect_site"]
    return System(
        rates=rates,
        states=tuple(names),
        analytes=tuple(labels),
        rows=tuple(rows),
        scale=np.stack(scale, axis=1),
        values=values,
    )
