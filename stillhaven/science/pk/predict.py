"""What is in the blood now, how sure are we, what comes next, and what if?

Every curve comes with its band: the 5 to 95 % between people, united with the spread between published models, because
a band from one model alone would be falsely narrow.  Every number carries its model, its people and its sampling site.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Finding
from stillhaven.science.patient import Patient
from stillhaven.science.pk import accel, linear, mammillary
from stillhaven.science.pk.models import (
    NG_PER_ML_IN_MG_PER_L,
    AmountAs,
    Floats,
    Model,
    Person,
    Route,
    compile_system,
    fits,
    individual,
    require,
)
from stillhaven.science.pk.regimen import Dose, Infusion, Regimen

LOW, HIGH = 0.05, 0.95  # the share of people between which the band lies


@dataclass(frozen=True, kw_only=True)
class Curves:
    """Concentrations of n people: `ng_per_ml` (n, outputs, T), outputs named by `analytes`, at `t_min` (T,)."""

    t_min: Floats
    analytes: tuple[str, ...]
    ng_per_ml: Floats
    label: str
    cautions: tuple[str, ...]

    def of(self, analyte: str) -> Floats:
        """One output, (n, T)."""
        if analyte not in self.analytes:
            raise BadInput("analyte", f"{analyte!r} is not one of {', '.join(self.analytes)}")
        return self.ng_per_ml[:, self.analytes.index(analyte)]


@dataclass(frozen=True, kw_only=True)
class State:
    """The drug in every compartment of n people at one moment, just before what is given at that moment.

    `amounts` (n, m): mg by compartment, the effect site last (mg/L).  `eta` (n, q) says who these people are.
    """

    model: Model
    person: Person
    t_min: float
    amounts: Floats
    eta: Floats | None


def solve(
    model: Model,
    patient: Patient | Person,
    regimen: Regimen,
    t_min: Sequence[float] | Floats,
    *,
    eta: Floats | None = None,
    effect_site: bool = True,
    analytes: tuple[str, ...] | None = None,
) -> Curves:
    """Exact concentrations at the moments `t_min` (minutes from the start of dosing, ascending).

    `eta` (n, q): deviations of n people from the typical one, in the order of `model.variability.names`; None is the
    typical person.  Outputs are the model's analytes and, with `effect_site`, the effect site of the parent drug.
    """
    found = _require(model, patient, regimen)
    return _solve(model, Person.of(patient), regimen, t_min, eta, effect_site, analytes, found)


def _require(model: Model, patient: Patient | Person, regimen: Regimen) -> tuple[Finding, ...]:
    found: dict[str, Finding] = {}
    for route in regimen.routes:
        found |= {f.because: f for f in require(model, patient, drug=regimen.drug, route=route)}
    return tuple(found.values())


def _solve(
    model: Model,
    person: Person,
    regimen: Regimen,
    t_min: Sequence[float] | Floats,
    eta: Floats | None,
    effect_site: bool,
    analytes: tuple[str, ...] | None,
    found: tuple[Finding, ...] = (),
    ke0_per_min: float | None = None,
) -> Curves:
    times = np.asarray(t_min, dtype=float)
    values = individual(model, person, eta)
    if effect_site and ke0_per_min is None and model.effect_site is not None:
        ke0_per_min = model.effect_site.ke0_per_min
    label, cautions = model.label, tuple(f.because for f in found)
    if mammillary.takes(model, regimen) and not np.iscomplexobj(next(iter(values.values()))):
        plan = mammillary.schedule(mammillary.pieces(regimen, linear.base_factor(model, regimen, Route.IV)), times)
        modes = accel.modes(*mammillary.micro(model, values), ke0_per_min or 1.0)
        plasma, effect, _ = accel.run(modes, plan, times.size)
        names = (model.parent.analyte, "effect_site") if ke0_per_min else (model.parent.analyte,)
        levels = np.stack([plasma, effect] if ke0_per_min else [plasma], axis=1) * NG_PER_ML_IN_MG_PER_L
        return Curves(t_min=times, analytes=names, ng_per_ml=levels, label=label, cautions=cautions)
    system = compile_system(model, values, ke0_per_min=ke0_per_min, analytes=analytes)
    levels = linear.levels(system, linear.inputs(model, system, regimen), times)
    return Curves(t_min=times, analytes=system.analytes, ng_per_ml=levels, label=label, cautions=cautions)


# ------------------------------------------------------------------------------------- now, and from now on
def state_at(
    model: Model, patient: Patient | Person, regimen: Regimen, t_min: float, *, eta: Floats | None = None
) -> State:
    """Where the drug is at a moment, in every compartment, before what is given at that moment."""
    _require(model, patient, regimen)
    person = Person.of(patient)
    ke0 = model.effect_site.ke0_per_min if model.effect_site else None
    system = compile_system(model, individual(model, person, eta), ke0_per_min=ke0)
    before = regimen.until(t_min)
    if before is None:
        amounts = np.zeros(system.rates.shape[:2])
    else:
        _, amounts = linear.propagate(system, linear.inputs(model, system, before), [t_min])
    return State(model=model, person=person, t_min=t_min, amounts=amounts, eta=eta)


def forecast(state: State, regimen: Regimen, t_min: Sequence[float] | Floats) -> Curves:
    """From the state now on: what the regimen brings.  A what-if is another regimen from the same state.

    `regimen` is everything, past included (`what_if` makes one); only what goes in from `state.t_min` on is added.
    """
    found = _require(state.model, state.person, regimen)
    ke0 = state.model.effect_site.ke0_per_min if state.model.effect_site else None
    values = individual(state.model, state.person, state.eta)
    system = compile_system(state.model, values, ke0_per_min=ke0)
    feed = linear.inputs(state.model, system, regimen)
    levels = linear.levels(system, feed, t_min, start=state.amounts, start_min=state.t_min)
    return Curves(
        t_min=np.asarray(t_min, dtype=float),
        analytes=system.analytes,
        ng_per_ml=levels,
        label=state.model.label,
        cautions=tuple(f.because for f in found),
    )


def what_if(
    regimen: Regimen, now_min: float, *, infusions: Sequence[Infusion] = (), doses: Sequence[Dose] = ()
) -> Regimen:
    """The regimen as it was until now, followed by something else.  Changes nothing but the answer."""
    for part in (*(i.start_min for i in infusions), *(d.at_min for d in doses)):
        if part < now_min:
            raise BadInput("what_if", f"starts at {part:g} min, before now ({now_min:g} min)")
    before = regimen.until(now_min)
    return replace(
        regimen,
        infusions=(*(before.infusions if before else ()), *infusions),
        doses=(*(before.doses if before else ()), *doses),
    )


# ------------------------------------------------------------------------------------- bands that tell the truth
@dataclass(frozen=True, kw_only=True)
class Band:
    """One output with its band, ng/mL at each moment (T,).

    `mid` is the typical person of the model; `low` and `high` unite the 5 to 95 % of people (`people_*`) with the
    lowest and highest of the models that speak for the case (`models_*`).
    """

    analyte: str
    t_min: Floats
    low: Floats
    mid: Floats
    high: Floats
    people_low: Floats
    people_high: Floats
    models_low: Floats
    models_high: Floats


@dataclass(frozen=True, kw_only=True)
class Bands:
    """The bands of every output, and what has to stand beside them."""

    t_min: Floats
    by_analyte: Mapping[str, Band]
    model_id: str
    label: str
    population: str
    site: str
    provisional: bool
    cautions: tuple[str, ...]
    members: tuple[str, ...]  # ids of the models whose spread is in the band
    draws: int
    seed: int

    @property
    def plasma(self) -> Band:
        """The parent drug."""
        return next(iter(self.by_analyte.values()))

    @property
    def effect_site(self) -> Band:
        return self.by_analyte["effect_site"]


def deviations(model: Model, seed: int | np.random.SeedSequence, draws: int) -> Floats:
    """Seeded deviations (draws, q) of virtual people; the same seed gives the same people."""
    if draws < 1:
        raise BadInput("draws", "must be at least 1")
    if model.variability is None:
        return np.zeros((draws, 0))
    root = np.linalg.cholesky(model.variability.matrix())
    drawn: Floats = np.random.default_rng(seed).standard_normal((draws, root.shape[0])) @ root.T
    return drawn


def bands(
    model: Model,
    patient: Patient | Person,
    regimen: Regimen,
    t_min: Sequence[float] | Floats,
    seed: int,
    draws: int,
    *,
    models: Mapping[str, Model],
) -> Bands:
    """The typical curve with its band, for each output of the model and the effect site.

    `models` are all models by id (`reference.current()` has them): those that `model.envelope` names widen the band.
    A model of the same molecule's other product runs with the same mg, as spread only, and is named as such.
    """
    found = _require(model, patient, regimen)
    person = Person.of(patient)
    times = np.asarray(t_min, dtype=float)
    notes = [f.because for f in found]
    typical = _solve(model, person, regimen, times, None, True, None)
    if model.variability is None:
        notes.append(f"{model.id}: how far people differ was not published; the band is the spread between models")
        people = typical.ng_per_ml
        spread = np.stack([people[0], people[0]])
    else:
        if model.variability.borrowed_from:
            notes.append(
                f"between-patient spread is that of {model.variability.borrowed_from}: the band is provisional"
            )
        people = _solve(model, person, regimen, times, deviations(model, seed, draws), True, None).ng_per_ml
        spread = quantiles(people, (LOW, HIGH))
    lowest, highest = typical.ng_per_ml[0].copy(), typical.ng_per_ml[0].copy()

    def widen(other: Curves) -> None:
        for i, name in enumerate(typical.analytes):
            if name in other.analytes:
                curve = other.of(name)[0]
            elif i == 0:
                curve = other.ng_per_ml[0, 0]  # the parent drug, whatever its product is called
            else:
                continue
            np.minimum(lowest[i], curve, out=lowest[i])
            np.maximum(highest[i], curve, out=highest[i])

    members = _companions(model, person, regimen, models, notes)
    for other, same_mg in members:
        widen(_solve(other, person, same_mg, times, None, True, None))
    if any(f.rule == "pk.ancestry" for f in found):
        for ancestry in ("asian", "japanese"):
            widen(_solve(model, replace(person, ancestry=ancestry), regimen, times, None, True, None))
    if model.effect_site is not None:  # its half-life was found to differ from effect to effect
        i = typical.analytes.index("effect_site")
        slow = np.log(2.0) / model.effect_site.high_min
        for curve in (
            _solve(model, person, regimen, times, None, True, None, ke0_per_min=slow).of("effect_site")[0],
            typical.ng_per_ml[0, 0]
            if model.effect_site.low_min == 0
            else _solve(
                model, person, regimen, times, None, True, None, ke0_per_min=np.log(2.0) / model.effect_site.low_min
            ).of("effect_site")[0],
        ):
            np.minimum(lowest[i], curve, out=lowest[i])
            np.maximum(highest[i], curve, out=highest[i])
    if model.variability is None and not members:
        raise BadInput(
            "model", f"{model.id} has no published spread and no other model speaks for this: no band, no line"
        )
    by_analyte = {
        name: Band(
            analyte=name,
            t_min=times,
            low=np.minimum(spread[0, i], lowest[i]),
            mid=typical.ng_per_ml[0, i],
            high=np.maximum(spread[1, i], highest[i]),
            people_low=spread[0, i],
            people_high=spread[1, i],
            models_low=lowest[i],
            models_high=highest[i],
        )
        for i, name in enumerate(typical.analytes)
    }
    return Bands(
        t_min=times,
        by_analyte=by_analyte,
        model_id=model.id,
        label=model.label,
        population=model.population,
        site=model.site.value,
        provisional=not model.table_read,
        cautions=tuple(notes),
        members=tuple(other.id for other, _ in members),
        draws=draws,
        seed=seed,
    )


def _companions(
    model: Model, person: Person, regimen: Regimen, models: Mapping[str, Model], notes: list[str]
) -> list[tuple[Model, Regimen]]:
    """The models whose spread belongs to the band, each with the same mg of base as its own drug."""
    found: list[tuple[Model, Regimen]] = []
    if missing := [i for i in model.envelope if i not in models]:
        raise BadInput("models", f"the band of {model.id} needs {', '.join(missing)} as well")
    left_out: list[str] = []
    for other in (models[i] for i in model.envelope):
        drug = regimen.drug if regimen.drug in other.drugs else other.drugs[0]
        stops = [f for r in regimen.routes for f in fits(other, person, drug=drug, route=r) if f.stops]
        if stops:
            left_out.append(other.id)
            continue
        found.append((other, _as_base(model, replace(regimen, drug=drug))))
        if drug is not regimen.drug:
            notes.append(f"{other.id} describes {drug.words}: it runs with the same mg, as spread only")
    if left_out:
        notes.append(f"not in the band, for they do not speak for this route or person: {', '.join(left_out)}")
    return found


def _as_base(model: Model, regimen: Regimen) -> Regimen:
    if regimen.amount_as is AmountAs.BASE:
        return regimen
    return replace(
        regimen,
        amount_as=AmountAs.BASE,
        doses=tuple(
            replace(d, amount_mg=d.amount_mg * linear.base_factor(model, regimen, d.route)) for d in regimen.doses
        ),
        infusions=tuple(
            replace(
                i,
                rate_mg_per_h=i.rate_mg_per_h * linear.base_factor(model, regimen, Route.IV),
                end_rate_mg_per_h=None
                if i.end_rate_mg_per_h is None
                else i.end_rate_mg_per_h * linear.base_factor(model, regimen, Route.IV),
            )
            for i in regimen.infusions
        ),
    )


def quantiles(levels: Floats, shares: Sequence[float]) -> Floats:
    """Quantiles over people of (n, ...), by the inverse of the distribution (no interpolation): (shares, ...)."""
    n = levels.shape[0]
    ranks = [min(n - 1, max(0, int(np.ceil(share * n)) - 1)) for share in shares]
    turned = np.ascontiguousarray(np.moveaxis(levels, 0, -1))
    turned.partition(sorted(set(ranks)), axis=-1)
    return np.stack([turned[..., rank] for rank in ranks])


# ------------------------------------------------------------------------------------- likely under X at
@dataclass(frozen=True, kw_only=True)
class TimeBelow:
    """When the concentration goes under a level and stays there; None: not within the hours looked at.

    Information, never a criterion for discharge.  `likely_min` is where the top of the band goes under.
    """

    ng_per_ml: float
    earliest_min: float | None
    typical_min: float | None
    likely_min: float | None
    label: str


def time_below(found: Bands, ng_per_ml: float, *, after_min: float = 0.0, analyte: str | None = None) -> TimeBelow:
    """When the plasma level (or another output) is under `ng_per_ml` for good, looking from `after_min` on."""
    if not np.isfinite(ng_per_ml) or ng_per_ml <= 0:
        raise BadInput("ng_per_ml", "must be over 0 ng/mL")
    band = found.plasma if analyte is None else found.by_analyte[analyte]
    times = [under_from(band.t_min, curve, ng_per_ml, after_min) for curve in (band.low, band.mid, band.high)]
    return TimeBelow(
        ng_per_ml=ng_per_ml, earliest_min=times[0], typical_min=times[1], likely_min=times[2], label=found.label
    )


def under_from(t: Floats, curve: Floats, level: float, after: float) -> float | None:
    """The minute from which a curve (T,) at `t` (T,) stays under a level, looking from `after` on; None if it does not."""
    over = np.flatnonzero((curve >= level) & (t >= after))
    if over.size == 0:
        return float(max(after, t[0]))
    last = int(over[-1])
    if last == t.size - 1:
        return None
    a, b = curve[last], curve[last + 1]
    share = np.log(a / level) / np.log(a / b) if b > 0 else (a - level) / (a - b)
    return float(t[last] + share * (t[last + 1] - t[last]))
