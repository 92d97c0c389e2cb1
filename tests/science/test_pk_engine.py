"""Does the engine keep what must be kept: mass, order, sign, time, and agreement with itself and with an ODE solver?"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillhaven.reference._pk import read_pk
from stillhaven.science import pk
from stillhaven.science.pk import linear, mammillary
from stillhaven.science.pk.models import compile_system

MODELS = read_pk()
USABLE = [m for m in MODELS.values() if m.usable]
ROUTES = [(m, w.route) for m in USABLE for w in m.ways.values() if w.is_available]
GRID = np.arange(0.0, 241.0)


def person(model, **more):
    ages = {"PK05": 8.0, "PK06": 8.0, "PK07": 8.0, "PK14": 2.0}
    age = ages.get(model.id, 40.0)
    return pk.Person(weight_kg=30.0 if age < 18 else 70.0, age_y=age, ancestry="other", **more)


def regimen(model, route=pk.Route.IV, mg=28.0):
    if route is pk.Route.IV:
        return pk.infusion(drug=model.drugs[0], amount_as=pk.AmountAs.BASE, amount_mg=mg, over_min=40)
    dose = pk.Dose(at_min=0, amount_mg=mg, route=route)
    return pk.Regimen(drug=model.drugs[0], amount_as=pk.AmountAs.BASE, doses=(dose,))


rate = st.floats(-9.0, 4.5).map(math.exp)  # 1/min, from a week to a second
pairs = st.lists(st.tuples(rate, rate), min_size=0, max_size=2)


@st.composite
def bodies(draw):
    v1 = draw(st.floats(0.5, 200.0))
    k10 = draw(rate)
    # volumes and flows that give these rate constants
    around = tuple((v1 * out / back, v1 * out) for out, back in draw(pairs))
    site = pk.models.EffectSite(half_life_min=math.log(2) / draw(rate), low_min=0, high_min=12, source="test")
    return pk.mammillary_model(v1_l=v1, cl_l_per_min=v1 * k10, peripherals=around, effect_site=site)


@st.composite
def regimens(draw):
    """Boluses and infusions with gaps, starting anywhere."""
    eighths = lambda low, high: st.integers(int(8 * low), int(8 * high)).map(lambda n: n / 8)  # noqa: E731
    infusions, at = [], draw(eighths(0, 20))
    for _ in range(draw(st.integers(0, 3))):
        length = draw(eighths(1, 60))
        infusions.append(pk.Infusion(start_min=at, end_min=at + length, rate_mg_per_h=draw(st.floats(0.0, 500.0))))
        at += length + draw(st.sampled_from([0.0, 3.625, 20.0]))
    times = draw(st.lists(eighths(0, 200), min_size=0 if infusions else 1, max_size=3, unique=True))
    doses = [pk.Dose(at_min=t, amount_mg=draw(st.floats(0.1, 100.0))) for t in times]
    return pk.Regimen(drug=pk.Drug.RACEMIC, amount_as=pk.AmountAs.BASE, infusions=tuple(infusions), doses=tuple(doses))


def by_linear(model, given, times):
    values = pk.individual(model, pk.Person())
    system = compile_system(model, values, ke0_per_min=model.effect_site.ke0_per_min)
    levels, _ = linear.propagate(system, linear.inputs(model, system, given), times)
    return levels


@settings(deadline=None, max_examples=150)
@given(bodies(), regimens())
def test_the_two_engines_agree(model, given):
    times = np.arange(0.0, 400.0, 0.5)
    assert mammillary.takes(model, given)
    quick = pk.solve(model, pk.Person(), given, times).ng_per_ml
    slow = by_linear(model, given, times)
    there = slow > 1e-200
    assert np.array_equal(quick > 1e-200, there) or np.abs(quick - slow)[quick.astype(bool)].max() < 1e-190
    assert np.max(np.abs(quick[there] / slow[there] - 1.0), initial=0.0) < 1e-11


@settings(deadline=None, max_examples=60)
@given(bodies(), regimens())
def test_never_below_zero_and_only_down_after_the_last_of_it(model, given):
    times = np.arange(0.0, 400.0, 1.0)
    plasma = pk.solve(model, pk.Person(), given, times).ng_per_ml[0, 0]
    assert (plasma >= 0).all()
    after = plasma[times >= given.end_min]
    # a drug that only leaves by the middle falls there for good once nothing comes in
    assert (np.diff(after) <= 1e-12 * after[:-1]).all()


@settings(deadline=None, max_examples=60)
@given(bodies(), regimens(), regimens())
def test_two_regimens_together_are_their_sum(model, one, two):
    times = np.arange(0.0, 300.0, 2.0)
    base = by_linear(model, one, times) + by_linear(model, two, times)
    values = pk.individual(model, pk.Person())
    system = compile_system(model, values, ke0_per_min=model.effect_site.ke0_per_min)
    a, b = linear.inputs(model, system, one), linear.inputs(model, system, two)
    both = linear.Inputs(
        ports=(0,) if a.ports or b.ports else (), pieces=a.pieces + b.pieces, jumps=a.jumps + b.jumps, timed=()
    )
    levels, _ = linear.propagate(system, both, times)
    worst = np.argmax(np.abs(levels - base) / (base + 1e-200))
    assert levels.flat[worst] == pytest.approx(base.flat[worst], rel=1e-11, abs=1e-200), (
        pk.individual(model, pk.Person()),
        worst,
    )


@settings(deadline=None, max_examples=40)
@given(bodies(), regimens(), st.integers(1, 4000).map(lambda n: n / 8))
def test_an_hour_later_is_the_same_an_hour_later(model, given, later):
    times = np.arange(0.0, 300.0, 2.0)
    shifted = pk.Regimen(
        drug=given.drug,
        amount_as=given.amount_as,
        infusions=tuple(i.moved(later) for i in given.infusions),
        doses=tuple(pk.Dose(at_min=d.at_min + later, amount_mg=d.amount_mg) for d in given.doses),
    )
    # compare between the moments at which rounding may put a dose before or after the sample
    edges = [x for i in given.infusions for x in (i.start_min, i.end_min)] + [d.at_min for d in given.doses]
    clear = np.array([all(abs(t - e) > 1e-6 for e in edges) for t in times])
    now = pk.solve(model, pk.Person(), given, times[clear]).ng_per_ml
    then = pk.solve(model, pk.Person(), shifted, times[clear] + later).ng_per_ml
    assert np.allclose(now, then, rtol=1e-9, atol=1e-12 * now.max(initial=1.0))


@pytest.mark.parametrize(("model", "route"), ROUTES, ids=lambda x: getattr(x, "id", None) or str(x.value))
def test_the_grid_does_not_change_the_answer(model, route):
    given = regimen(model, route)
    coarse = pk.solve(model, person(model), given, GRID[::30])
    fine = pk.solve(model, person(model), given, np.arange(0.0, 240.01, 0.1))
    assert np.allclose(coarse.ng_per_ml[:, :, 1:], fine.ng_per_ml[:, :, 300::300], rtol=1e-11)


@pytest.mark.parametrize("model", USABLE, ids=lambda m: m.id)
def test_what_goes_in_comes_out(model):
    """Clearance times the area under the curve is the dose: for the parent drug given into a vein."""
    values = pk.individual(model, person(model))
    days = np.concatenate([np.arange(0.0, 600.0, 0.25), np.arange(600.0, 60 * 24 * 40.0, 10.0)])
    system = compile_system(model, values)
    given = regimen(model)
    # exact area: integrate the states as well, as a state of their own
    size = system.rates.shape[1]
    a = np.zeros((1, size + 1, size + 1))
    a[:, :size, :size] = system.rates
    a[0, size, system.rows[0]] = system.scale[0, 0]
    with_area = pk.models.System(
        rates=a, states=(*system.states, "area"), analytes=("area",), rows=(size,), scale=np.ones((1, 1)), values=values
    )
    area, _ = linear.propagate(with_area, linear.inputs(model, with_area, given), days)
    out = -np.linalg.solve(system.rates[0].T, np.eye(size)[:, system.rows[0]])  # mean minutes there per mg put in
    start = [c.name for c in model.compartments].index(model.ways[pk.Route.IV].portions[0].into)
    clearance = 1000.0 / (out[start] * system.scale[0, 0])  # L/min
    assert area[0, 0, -1] * clearance / 1000.0 == pytest.approx(28.0, rel=1e-9)


PUBLISHED_CLEARANCE_L_PER_H = {  # shared/pharmacology.md table 1, at 70 kg
    "PK01": 84, "PK02": 116, "PK03": 80, "PK04": 151, "PK05": 90, "PK06": 88, "PK07": 61, "PK10": 95, "PK11": 89,
    "PK12": 109, "PK14": 112,
}  # fmt: skip
STEADY_VOLUME_L = {
    "PK01": 238, "PK02": 193, "PK03": 289, "PK04": 297, "PK05": 141, "PK06": 241, "PK07": 209, "PK10": 419, "PK11": 225,
    "PK12": 760, "PK14": 553,
}  # fmt: skip
HALF_LIFE_H = {
    "PK01": 3.1, "PK02": 1.9, "PK03": 3.0, "PK04": 4.9, "PK05": 1.3, "PK06": 3.6, "PK07": 3.6, "PK10": 7.4, "PK11": 3.2,
    "PK12": 11.0, "PK14": 5.3,
}  # fmt: skip


@pytest.mark.parametrize("model", USABLE, ids=lambda m: m.id)
def test_each_models_own_sanity_page(model):
    """Clearance, volume at steady state and terminal half-life as another hand computed them, at 70 kg."""
    values = pk.individual(model, pk.Person(weight_kg=70, age_y=40, ancestry="other"))
    system = compile_system(model, values)
    names = [c.name for c in model.compartments]
    parent = [names.index(c) for c in _parent_places(model)]
    a = system.rates[0][np.ix_(parent, parent)]
    middle = [names[i] for i in parent].index(model.parent.compartment)
    once = np.linalg.inv(-a)
    v1 = 1000.0 / system.scale[0, 0]
    area, moment = once[middle, middle], (once @ once)[middle, middle]  # of the curve after 1 mg in the middle
    clearance = v1 / area
    assert clearance * 60 == pytest.approx(PUBLISHED_CLEARANCE_L_PER_H[model.id], abs=0.6)
    assert clearance * moment / area == pytest.approx(STEADY_VOLUME_L[model.id], abs=0.6)
    slowest = np.min(-np.linalg.eigvals(a).real)
    if model.id != "PK04":  # its printed half-life and its transcribed rate constants differ: see the reference file
        assert math.log(2) / slowest / 60 == pytest.approx(HALF_LIFE_H[model.id], abs=0.06)


def _parent_places(model):
    """Compartments among which the parent drug moves, and from which it can come back."""
    middle = model.parent.compartment
    back = {f.source for f in model.flows if f.target == middle}
    forth = {f.target for f in model.flows if f.source == middle}
    return [middle, *sorted(back & forth)]


@pytest.mark.parametrize(("model", "route"), ROUTES, ids=lambda x: getattr(x, "id", None) or str(x.value))
def test_against_an_ode_solver(model, route):
    """scipy's LSODA knows nothing of matrix exponentials."""
    integrate = pytest.importorskip("scipy.integrate")
    values = pk.individual(model, person(model))
    system = compile_system(model, values, ke0_per_min=0.1136)
    feed = linear.inputs(model, system, regimen(model, route))
    a = system.rates[0]
    x = np.zeros(a.shape[0])
    for when, state, amount in feed.jumps:
        assert when == 0
        x[state] += amount[0]
    edges = sorted({0.0, 240.0, *(t for piece in feed.pieces for t in piece[:2] if t < 240.0)})
    said = {}
    for begin, end in itertools.pairwise(edges):
        b = np.zeros(a.shape[0])
        for t0, t1, port, rate_, _, factor in feed.pieces:
            if t0 <= begin < t1:
                b[feed.ports[port]] += rate_ * factor[0]
        at = [t for t in (10.0, 20.0, 40.0, 60.0, 120.0, 240.0) if begin < t <= end] + [end]
        run = integrate.solve_ivp(
            lambda _, y, b=b: a @ y + b, (begin, end), x, method="LSODA", t_eval=sorted(set(at)), rtol=1e-10, atol=1e-14
        )
        for t, y in zip(run.t, run.y.T, strict=True):
            said[float(t)] = y
        x = run.y[:, -1]
    times = [10.0, 20.0, 40.0, 60.0, 120.0, 240.0]
    levels, _ = linear.propagate(system, feed, times)
    for i, t in enumerate(times):
        expected = said[t][list(system.rows)] * system.scale[0]
        assert np.allclose(levels[0, :, i], expected, rtol=2e-6, atol=1e-7)


def test_people_in_one_call_are_people_one_by_one():
    for name, route in (
        ("PK01", pk.Route.IV),
        ("PK10", pk.Route.IV),
        ("PK11", pk.Route.SUBLINGUAL),
        ("PK12", pk.Route.NASAL),
    ):
        model = MODELS[name]
        eta = pk.deviations(model, 3, 60)
        given = regimen(model, route)
        together = pk.solve(model, person(model), given, GRID, eta=eta).ng_per_ml
        for i in (0, 17, 59):
            alone = pk.solve(model, person(model), given, GRID, eta=eta[i : i + 1]).ng_per_ml[0]
            assert np.allclose(together[i], alone, rtol=1e-11, atol=1e-12), name


def test_repeated_and_single_times():
    model = MODELS["PK01"]
    one = pk.solve(model, person(model), regimen(model), [40.0]).ng_per_ml
    many = pk.solve(model, person(model), regimen(model), [40.0, 40.0, 40.0]).ng_per_ml
    assert one.shape == (1, 2, 1)
    assert np.array_equal(np.repeat(one, 3, axis=2), many)
