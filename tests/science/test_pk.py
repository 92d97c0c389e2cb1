"""Which model for whom, what was given, how wide is the band, and what is refused?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillhaven.reference._pk import read_pk
from stillhaven.science import pk
from stillhaven.science.errors import BadInput
from stillhaven.science.patient import Patient
from stillhaven.science.pk import fit, population
from stillhaven.science.pk.fit import Sample
from stillhaven.science.units import Quantity

MODELS = read_pk()
ADULT = pk.Person(weight_kg=70, age_y=40, ancestry="other")
HALF = pk.infusion(drug=pk.Drug.RACEMIC, amount_as=pk.AmountAs.BASE, amount_mg=35, over_min=40)
S_HALF = pk.infusion(drug=pk.Drug.S_KETAMINE, amount_as=pk.AmountAs.BASE, amount_mg=20, over_min=40)
GRID = np.arange(0.0, 241.0)


def nasal(mg, amount_as=pk.AmountAs.BASE):
    dose = pk.Dose(at_min=0, amount_mg=mg, route=pk.Route.NASAL)
    return pk.Regimen(drug=pk.Drug.ESKETAMINE, amount_as=amount_as, doses=(dose,))


# ------------------------------------------------------------------------------------- models as data
def test_all_26_models_are_there_and_the_blocked_ones_say_why():
    assert list(MODELS) == [f"PK{i:02d}" for i in range(1, 27)]
    blocked = [m.id for m in MODELS.values() if not m.usable]
    assert "PK08" in blocked
    assert "PK13" in blocked
    for name in blocked:
        assert len(MODELS[name].because) > 20
        with pytest.raises(BadInput, match=f"{name} is blocked"):
            pk.solve(MODELS[name], ADULT, HALF, GRID)


def test_no_table_was_read_so_every_label_says_provisional():
    for model in MODELS.values():
        assert not model.table_read
        if model.usable:
            assert model.label.endswith("provisional")
            assert "model estimate" in model.label


@pytest.mark.parametrize("model", [m for m in MODELS.values() if m.usable], ids=lambda m: m.id)
def test_mass_never_appears(model):
    """Whatever leaves a place arrives at most once somewhere else."""
    system = pk.models.compile_system(model, pk.individual(model, pk.Person(weight_kg=70, age_y=40)))
    assert (system.rates[0].sum(axis=0) <= 1e-12).all()
    off_diagonal = system.rates[0] - np.diag(np.diag(system.rates[0]))
    assert (off_diagonal >= 0).all()


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("PK01", S_HALF, "another drug"),
        ("PK10", HALF, "another drug"),
        ("PK12", S_HALF, "another drug"),
        ("PK12", HALF, "another drug"),
        ("PK05", HALF, "outside"),
    ],
)
def test_drugs_and_people_are_not_mixed(name, given, says):
    with pytest.raises(BadInput, match=says):
        pk.solve(MODELS[name], ADULT, given, GRID)


def test_im_is_not_offered_without_an_absorption_rate():
    dose = pk.Dose(at_min=0, amount_mg=35, route=pk.Route.IM)
    given = pk.Regimen(drug=pk.Drug.RACEMIC, amount_as=pk.AmountAs.BASE, doses=(dose,))
    with pytest.raises(BadInput, match="no absorption rate for adults"):
        pk.solve(MODELS["PK01"], ADULT, given, GRID)
    with pytest.raises(BadInput, match="no model with sourced absorption"):
        pk.default_model(MODELS, pk.Drug.RACEMIC, pk.Route.IM)


def test_defaults():
    asked = {
        (pk.Drug.RACEMIC, pk.Route.IV): "PK01",
        (pk.Drug.S_KETAMINE, pk.Route.IV): "PK10",
        (pk.Drug.ESKETAMINE, pk.Route.IV): "PK10",
        (pk.Drug.ESKETAMINE, pk.Route.NASAL): "PK12",
        (pk.Drug.S_KETAMINE, pk.Route.SUBLINGUAL): "PK11",
    }
    assert {pair: pk.default_model(MODELS, *pair).id for pair in asked} == asked


def test_salt_and_base():
    """32.3 mg of the salt are 28 mg of base; where no factor is sourced, salt is refused."""
    base = pk.solve(MODELS["PK12"], ADULT, nasal(28), GRID).ng_per_ml
    salt = pk.solve(MODELS["PK12"], ADULT, nasal(32.3, pk.AmountAs.SALT), GRID).ng_per_ml
    assert np.allclose(base, salt, rtol=1e-12)
    given = pk.infusion(drug=pk.Drug.RACEMIC, amount_as=pk.AmountAs.SALT, amount_mg=35, over_min=40)
    with pytest.raises(BadInput, match="salt-to-base"):
        pk.solve(MODELS["PK01"], ADULT, given, GRID)


def test_nasal_comes_in_whole_devices_and_later_ones_add_less():
    with pytest.raises(BadInput, match="whole devices"):
        pk.solve(MODELS["PK12"], ADULT, nasal(40), GRID)
    one, two = (pk.solve(MODELS["PK12"], ADULT, nasal(mg), GRID).of("S")[0].max() for mg in (28, 56))
    assert one < two < 2 * one


def test_unknown_weight_is_asked_for_and_unknown_ancestry_is_said():
    with pytest.raises(BadInput, match="weight_kg is not known"):
        pk.solve(MODELS["PK01"], pk.Person(age_y=40), HALF, GRID)
    found = pk.bands(MODELS["PK12"], pk.Person(age_y=40), nasal(56), GRID, 1, 50, models=MODELS)
    assert any("ancestry" in text for text in found.cautions)
    japanese = pk.solve(MODELS["PK12"], pk.Person(age_y=40, ancestry="japanese"), nasal(56), GRID).ng_per_ml[0, 0]
    assert (found.plasma.high >= japanese - 1e-9).all()


def test_the_clinics_own_patient_can_be_asked_for():
    mine = pk.solve(MODELS["PK01"], Patient(weight_kg=70, age_y=40), HALF, GRID).ng_per_ml
    assert np.array_equal(mine, pk.solve(MODELS["PK01"], ADULT, HALF, GRID).ng_per_ml)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: pk.Person(weight_kg=-70), "weight_kg"),
        (lambda: pk.Person(weight_kg=float("nan")), "weight_kg"),
        (lambda: pk.Person(ancestry="martian"), "ancestry"),
        (lambda: pk.solve(MODELS["PK01"], pk.Person(weight_kg=7000, age_y=40), HALF, GRID), "weight_kg"),
        (lambda: pk.solve(MODELS["PK01"], pk.Person(weight_kg=70, age_y=400), HALF, GRID), "age_y"),
        (lambda: pk.infusion(drug=pk.Drug.RACEMIC, amount_as=pk.AmountAs.BASE, amount_mg=35, over_min=0), "over_min"),
        (lambda: pk.Infusion(start_min=10, end_min=10, rate_mg_per_h=1), "end_min"),
        (lambda: pk.Infusion(start_min=0, end_min=10, rate_mg_per_h=float("nan")), "rate_mg_per_h"),
        (lambda: pk.Infusion(start_min=0, end_min=10, rate_mg_per_h=-1), "rate_mg_per_h"),
        (lambda: pk.Dose(at_min=0, amount_mg=0), "amount_mg"),
        (lambda: pk.Dose(at_min=-1, amount_mg=5), "at_min"),
        (lambda: pk.Dose(at_min=0, amount_mg=5, route=pk.Route.NASAL, over_min=3), "over_min"),
        (lambda: pk.Regimen(drug=pk.Drug.RACEMIC, amount_as=pk.AmountAs.BASE), "regimen"),
        (lambda: pk.Regimen(drug="ketamine", amount_as=pk.AmountAs.BASE, infusions=HALF.infusions), "drug"),
        (lambda: pk.Regimen(drug=pk.Drug.RACEMIC, amount_as="mg", infusions=HALF.infusions), "amount_as"),
        (lambda: boluses((5, 3), (6, 0)), "doses"),
        (lambda: boluses((5, 0), (5, 0)), "doses"),
        (lambda: pk.solve(MODELS["PK01"], ADULT, HALF, [10.0, 5.0]), "t_min"),
        (lambda: pk.solve(MODELS["PK01"], ADULT, HALF, [0.0, float("nan")]), "t_min"),
        (lambda: pk.solve(MODELS["PK10"], ADULT, S_HALF, [10.0, 5.0]), "t_min"),
        (lambda: pk.solve(MODELS["PK10"], ADULT, S_HALF, []), "t_min"),
        (lambda: pk.bands(MODELS["PK01"], ADULT, HALF, GRID, 1, 0, models=MODELS), "draws"),
        (lambda: pk.bands(MODELS["PK01"], ADULT, HALF, GRID, 1, 10, models={}), "models"),
        (lambda: Sample(at_min=5, ng_per_ml=0), "ng_per_ml"),
        (lambda: Sample.of(5, Quantity(5, "mg")), "unit"),
    ],
)
def test_bad_input_names_its_field(make, field):
    with pytest.raises(BadInput) as error:
        make()
    assert error.value.field == field
    assert len(error.value.why) > 5


def boluses(*each):
    doses = tuple(pk.Dose(at_min=at, amount_mg=5, over_min=over) for at, over in each)
    return pk.Regimen(drug=pk.Drug.RACEMIC, amount_as=pk.AmountAs.BASE, doses=doses)


def test_overlapping_infusions_are_refused():
    parts = (
        pk.Infusion(start_min=0, end_min=20, rate_mg_per_h=1),
        pk.Infusion(start_min=19, end_min=30, rate_mg_per_h=1),
    )
    with pytest.raises(BadInput, match="overlap at 19"):
        pk.Regimen(drug=pk.Drug.RACEMIC, amount_as=pk.AmountAs.BASE, infusions=parts)


# ------------------------------------------------------------------------------------- regimens
def test_a_hold_moves_what_follows_and_loses_nothing():
    held = HALF.held(15, 10)
    assert held.total_mg == pytest.approx(35, rel=1e-12)
    assert held.end_min == 50
    assert held.rate_mg_per_h(20) == 0
    assert held.given_mg(25) == pytest.approx(35 * 15 / 40)


def test_a_ramp_is_exact_and_can_be_cut_anywhere():
    ramp = pk.Regimen(
        drug=pk.Drug.RACEMIC,
        amount_as=pk.AmountAs.BASE,
        infusions=(pk.Infusion(start_min=0, end_min=40, rate_mg_per_h=15, end_rate_mg_per_h=90),),
    )
    assert ramp.total_mg == pytest.approx(35)
    stairs = pk.Regimen(
        drug=pk.Drug.RACEMIC,
        amount_as=pk.AmountAs.BASE,
        infusions=tuple(
            pk.Infusion(start_min=i / 50, end_min=(i + 1) / 50, rate_mg_per_h=15 + 75 * (i + 0.5) / 2000)
            for i in range(2000)
        ),
    )
    smooth = pk.solve(MODELS["PK01"], ADULT, ramp, GRID).ng_per_ml
    stepped = pk.solve(MODELS["PK01"], ADULT, stairs, GRID).ng_per_ml
    assert np.allclose(smooth, stepped, rtol=1e-5)
    cut = pk.Regimen(
        drug=ramp.drug, amount_as=ramp.amount_as, infusions=ramp.until(17.3).infusions + ramp.after(17.3).infusions
    )
    assert np.allclose(pk.solve(MODELS["PK01"], ADULT, cut, GRID).ng_per_ml, smooth, rtol=1e-11)


Act = pk.Act


def entries(*rows):
    return [pk.Entry(at_min=t, act=a, rate_mg_per_h=x) for t, a, x in rows]


def as_given(log, now, plan=HALF):
    return pk.given(log, drug=pk.Drug.RACEMIC, amount_as=pk.AmountAs.BASE, now_min=now, plan=plan)


def test_the_log_replaces_the_plan_as_it_happens():
    rate = HALF.infusions[0].rate_mg_per_h
    undisturbed = as_given(entries((0, Act.START, rate)), 12)
    assert undisturbed.total_mg == pytest.approx(35)
    assert undisturbed.end_min == pytest.approx(40)
    held = as_given(entries((0, Act.START, rate), (12, Act.HOLD, None)), 20)
    assert held.total_mg == pytest.approx(35 * 12 / 40)
    resumed = as_given(entries((0, Act.START, rate), (12, Act.HOLD, None), (22, Act.RESUME, None)), 25)
    assert resumed.total_mg == pytest.approx(35)
    assert resumed.end_min == pytest.approx(50)
    assert resumed.given_mg(25) == pytest.approx(35 * 15 / 40)
    slower = as_given(entries((0, Act.START, rate), (20, Act.RATE, rate / 2)), 21)
    assert slower.total_mg == pytest.approx(35)
    assert slower.end_min == pytest.approx(60)
    stopped = as_given(entries((0, Act.START, rate), (20, Act.STOP, None)), 30)
    assert stopped.total_mg == pytest.approx(17.5)
    assert as_given([], 0) == HALF


def test_a_planned_ramp_that_was_held_goes_on_where_it_was():
    plan = pk.Regimen(
        drug=pk.Drug.RACEMIC,
        amount_as=pk.AmountAs.BASE,
        infusions=(pk.Infusion(start_min=0, end_min=40, rate_mg_per_h=15, end_rate_mg_per_h=90),),
    )
    log = entries((0, Act.START, 15.0), (10, Act.HOLD, None), (30, Act.RESUME, None))
    now = as_given(log, 32, plan)
    assert now.total_mg == pytest.approx(35)
    assert now.end_min == pytest.approx(60)
    assert now.rate_mg_per_h(30) == pytest.approx(plan.rate_mg_per_h(10))


def test_a_plan_in_steps_is_followed_even_when_a_step_comes_late():
    steps = ((0, 10, 30.0), (10, 30, 60.0), (30, 40, 45.0))
    plan = pk.Regimen(
        drug=pk.Drug.RACEMIC,
        amount_as=pk.AmountAs.BASE,
        infusions=tuple(pk.Infusion(start_min=a, end_min=b, rate_mg_per_h=r) for a, b, r in steps),
    )
    log = entries((0, Act.START, 30.0), (11, Act.RATE, 60.0))
    now = as_given(log, 15, plan)
    assert now.rate_mg_per_h(10.5) == 30.0  # what ran, not what was planned
    assert now.rate_mg_per_h(30.5) == 60.0
    assert now.rate_mg_per_h(31.5) == 45.0
    assert now.end_min == pytest.approx(41)
    other = as_given([*log, *entries((20, Act.RATE, 50.0))], 21, plan)
    assert other.rate_mg_per_h(40) == 50.0  # another rate: that one until the planned total is in
    assert other.total_mg == pytest.approx(plan.total_mg)


def test_entries_out_of_order_are_refused():
    with pytest.raises(BadInput, match="out of order"):
        as_given(entries((5, Act.START, 50), (3, Act.STOP, None)), 10)
    with pytest.raises(BadInput, match="after now"):
        as_given(entries((5, Act.START, 50)), 3)


@settings(deadline=None, max_examples=60)
@given(st.floats(0.5, 59.5), st.floats(0.1, 30), st.floats(0.0, 40.0))
def test_given_mg_never_falls_and_ends_at_the_total(at, minutes, look):
    held = HALF.held(at, minutes) if at < 40 else HALF
    assert held.given_mg(look) <= held.given_mg(look + 1) + 1e-9
    assert held.given_mg(1000) == pytest.approx(35, rel=1e-9)


# ------------------------------------------------------------------------------------- state, forecast, what-if
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("PK01", HALF),
        ("PK10", S_HALF),
        ("PK12", nasal(84)),
        (
            "PK11",
            pk.Regimen(
                drug=pk.Drug.S_KETAMINE,
                amount_as=pk.AmountAs.BASE,
                doses=(pk.Dose(at_min=0, amount_mg=50, route=pk.Route.SUBLINGUAL),),
            ),
        ),
    ],
)
@pytest.mark.parametrize("now", [7.3, 25.0, 90.0])
def test_going_on_from_now_is_the_same_as_never_having_stopped(name, given, now):
    model = MODELS[name]
    eta = pk.deviations(model, 5, 4)
    whole = pk.solve(model, ADULT, given, [now, now + 5, 120, 240], eta=eta).ng_per_ml
    state = pk.state_at(model, ADULT, given, now, eta=eta)
    on = pk.forecast(state, given, [now, now + 5, 120, 240]).ng_per_ml
    assert np.allclose(on, whole, rtol=1e-10)


def test_what_if_changes_the_future_only():
    slower = pk.what_if(HALF, 20, infusions=[pk.Infusion(start_min=20, end_min=60, rate_mg_per_h=26.25)])
    state = pk.state_at(MODELS["PK01"], ADULT, HALF, 20)
    ahead = pk.forecast(state, slower, np.arange(20.0, 100.0))
    whole = pk.solve(MODELS["PK01"], ADULT, slower, np.arange(20.0, 100.0))
    assert np.allclose(ahead.ng_per_ml, whole.ng_per_ml, rtol=1e-10)
    assert slower.total_mg == pytest.approx(35)
    with pytest.raises(BadInput, match="before now"):
        pk.what_if(HALF, 20, infusions=[pk.Infusion(start_min=10, end_min=60, rate_mg_per_h=26.25)])


# ------------------------------------------------------------------------------------- bands
def test_the_band_holds_people_and_models():
    found = pk.bands(MODELS["PK01"], ADULT, HALF, GRID, 1, 400, models=MODELS)
    b = found.plasma
    assert found.members == ("PK02", "PK03", "PK10", "PK11", "PK12")
    for name in ("PK02", "PK03"):
        other = pk.solve(MODELS[name], ADULT, HALF, GRID).ng_per_ml[0, 0]
        assert (b.low <= other + 1e-9).all()
        assert (other <= b.high + 1e-9).all()
    assert (b.low <= b.people_low).all()
    assert (b.people_high <= b.high).all()
    assert (b.low <= b.mid).all()
    assert (b.mid <= b.high).all()
    people = pk.solve(MODELS["PK01"], ADULT, HALF, GRID, eta=pk.deviations(MODELS["PK01"], 1, 400)).of("K")
    inside = ((people[:, 60] >= b.people_low[60]) & (people[:, 60] <= b.people_high[60])).mean()
    assert inside == pytest.approx(0.9, abs=0.01)
    assert found.provisional
    assert any("provisional" in text for text in found.cautions)
    assert any("spread only" in text for text in found.cautions)


def test_the_same_seed_gives_the_same_band_and_another_another():
    one, two, three = (
        pk.bands(MODELS["PK10"], ADULT, S_HALF, GRID, seed, 50, models=MODELS).plasma.people_high for seed in (1, 1, 2)
    )
    assert np.array_equal(one, two)
    assert not np.array_equal(one, three)


def test_a_model_without_published_spread_is_never_a_lone_line():
    found = pk.bands(MODELS["PK02"], ADULT, HALF, GRID, 1, 50, models=MODELS)
    assert (found.plasma.high[60:] > found.plasma.low[60:]).all()
    lonely = pk.mammillary_model(v1_l=10, cl_l_per_min=1, effect_site=MODELS["PK01"].effect_site)
    with pytest.raises(BadInput, match="no band, no line"):
        pk.bands(lonely, ADULT, HALF, GRID, 1, 50, models=MODELS)


def test_time_below():
    found = pk.bands(MODELS["PK10"], ADULT, S_HALF, np.arange(0.0, 601.0), 1, 200, models=MODELS)
    when = pk.time_below(found, 20, after_min=40)
    assert 40 < when.earliest_min < when.typical_min < when.likely_min < 600
    level = pk.solve(MODELS["PK10"], ADULT, S_HALF, [when.typical_min]).ng_per_ml[0, 0, 0]
    assert level == pytest.approx(20, rel=1e-3)
    assert pk.time_below(found, 0.0001).typical_min is None
    assert "model estimate" in when.label
    for wrong in (0, -5, math.nan):
        with pytest.raises(BadInput):
            pk.time_below(found, wrong)


# ------------------------------------------------------------------------------------- many people
def test_a_cohort_is_the_same_for_any_number_of_workers(monkeypatch):
    monkeypatch.setattr(population, "CHUNK", 2000)
    monkeypatch.setattr(population, "_BATCH", 2)
    grid = np.arange(0.0, 241.0, 20)
    seen: list[int] = []
    alone = population.run(MODELS["PK01"], ADULT, HALF, grid, patients=9000, seed=7, progress=seen.append)
    shared = population.run(MODELS["PK01"], ADULT, HALF, grid, patients=9000, seed=7, workers=2)
    assert np.array_equal(alone.ng_per_ml, shared.ng_per_ml)
    assert sum(seen) == 9000

    class Client:
        def map(self, work, *each):
            return [work(*one) for one in zip(*each, strict=True)]

        def gather(self, answers):
            return answers

    spread = population.run(MODELS["PK01"], ADULT, HALF, grid, patients=9000, seed=7, client=Client())
    assert np.array_equal(alone.ng_per_ml, spread.ng_per_ml)


@pytest.mark.parametrize(("name", "given"), [("PK01", HALF), ("PK10", S_HALF), ("PK12", nasal(56))])
def test_streamed_quantiles_are_the_quantiles(name, given):
    model, grid = MODELS[name], np.arange(0.0, 241.0, 20)
    found = population.run(model, ADULT, given, grid, patients=4000, seed=3)
    eta = pk.deviations(model, np.random.SeedSequence(entropy=3, spawn_key=(0,)), 4000)
    people = pk.solve(model, ADULT, given, grid, eta=eta).ng_per_ml
    exact = pk.quantiles(people, (0.05, 0.5, 0.95))
    assert np.allclose(found.ng_per_ml[:, :, 1:], exact[:, :, 1:], rtol=4e-3)
    assert (found.ng_per_ml[:, 0, 0] == 0).all()


def test_people_are_drawn_as_the_model_says():
    eta = pk.deviations(MODELS["PK10"], 11, 100_000)
    assert np.allclose(np.cov(eta.T), MODELS["PK10"].variability.matrix(), atol=2e-3)
    with pytest.raises(BadInput, match="not published"):
        population.run(MODELS["PK02"], ADULT, HALF, GRID, patients=10, seed=1)
    for wrong in ({"patients": 0}, {"patients": 5, "workers": 0}, {"patients": 5, "shares": (0.0,)}):
        with pytest.raises(BadInput):
            population.run(MODELS["PK01"], ADULT, HALF, GRID, **{"seed": 1, **wrong})


# ------------------------------------------------------------------------------------- one person's fit
V1 = 4.41
DOMINO = pk.mammillary_model(
    "Domino",
    v1_l=V1,
    cl_l_per_min=V1 * 0.438,
    peripherals=((V1 * 0.592 / 0.247, V1 * 0.592), (V1 * 0.59 / 0.0146, V1 * 0.59)),
    omega={"V1": 0.09, "V3": 0.09, "CL": 0.0625, "Q2": 0.09},
    log_residual_sd=0.15,
    site=pk.Site.ARTERIAL,
)
TIMES = [5.0, 20.0, 40.0, 60.0, 120.0, 240.0]


def measured(seed, model=DOMINO, given=HALF, noise=0.15):
    rng = np.random.default_rng(seed)
    eta = pk.deviations(model, seed, 1)
    level = pk.solve(model, ADULT, given, TIMES, eta=eta, effect_site=False).ng_per_ml[0, 0]
    return eta[0], level * np.exp(noise * rng.standard_normal(len(TIMES)))


@pytest.mark.parametrize("seed", range(8))
def test_the_optimum_is_where_three_ways_meet(seed):
    """Closed form with five-point derivatives (or numba), the linear engine with exact ones, and scipy's minimiser."""
    optimize = pytest.importorskip("scipy.optimize")
    _, level = measured(seed)
    problem = fit.prepare(DOMINO, ADULT, HALF, TIMES, site=pk.Site.ARTERIAL)
    found = problem.map(level)
    assert found.converged
    problem.fast, problem.plan = None, None
    exact = problem.map(level)
    assert np.max(np.abs(found.eta - exact.eta)) < 1e-8

    def residuals(z):
        y = problem.log_levels((problem.root @ z)[None])[0]
        return np.concatenate([(np.log(level) - y) / 0.15, z])

    other = optimize.least_squares(residuals, np.zeros(4), method="lm", xtol=1e-15, ftol=1e-15, gtol=1e-15)
    assert np.max(np.abs(problem.root @ other.x - found.eta)) < 1e-6


def test_fits_are_better_than_no_fit_and_know_how_good_they_are():
    off_before, off_after, z = [], [], []
    for seed in range(40):
        eta, level = measured(seed)
        found = fit.prepare(DOMINO, ADULT, HALF, TIMES, site=pk.Site.ARTERIAL).map(level)
        off_before.append(np.abs(eta))
        off_after.append(np.abs(found.eta - eta))
        z.append((found.eta - eta) / found.sd)
    assert np.mean(off_after) < 0.8 * np.mean(off_before)
    assert 0.7 < np.std(z) < 1.35  # Laplace's standard deviations are about right


def test_no_samples_worth_the_name_leave_the_prior():
    """A level measured hopelessly badly says nothing: the answer is the typical person with the prior's spread."""
    found = fit.fit(DOMINO, ADULT, HALF, [Sample(at_min=40, ng_per_ml=300)], site=pk.Site.ARTERIAL, residual_sd=1e4)
    assert np.allclose(found.eta, 0, atol=1e-6)
    assert np.allclose([found.shrinkage[n] for n in found.names], 1.0, atol=1e-4)
    assert found.condition == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("name", ["PK10", "PK12"])
def test_fits_with_delays_depots_and_logits(name):
    model = MODELS[name]
    given = S_HALF if name == "PK10" else nasal(84)
    times = [15.0, 30.0, 60.0, 120.0, 240.0]
    eta = 0.5 * pk.deviations(model, 4, 1)
    level = pk.solve(model, ADULT, given, times, eta=eta, effect_site=False).ng_per_ml[0, 0]
    problem = fit.prepare(model, ADULT, given, times, site=pk.Site.VENOUS, residual_sd=0.05)
    found = problem.map(level)
    assert found.converged
    assert np.allclose(found.predicted_ng_per_ml, level, rtol=0.1)
    z = np.linalg.solve(problem.root, found.eta)
    y, d = problem.derivative(found.eta)
    gradient = (d @ problem.root).T @ (np.log(level) - y) / 0.05**2 - z
    assert np.max(np.abs(gradient)) < 1e-5
    if name == "PK12":
        assert any("sampling site" in text for text in found.cautions)


@pytest.mark.parametrize(
    ("model", "site", "times", "levels", "says"),
    [
        (DOMINO, pk.Site.VENOUS, TIMES, None, "cannot be fitted to venous"),
        (MODELS["PK01"], pk.Site.VENOUS, TIMES, None, "cannot be fitted to venous"),
        (DOMINO, pk.Site.NOT_STATED, TIMES, None, "say where"),
        (DOMINO, pk.Site.ARTERIAL, [40.0, 20.0], None, "out of order"),
        (DOMINO, pk.Site.ARTERIAL, [], None, "there are none"),
        (DOMINO, pk.Site.ARTERIAL, [40.0], [0.24], "is the unit right"),
        (DOMINO, pk.Site.ARTERIAL, [40.0], [math.nan], "one level over 0"),
        (DOMINO, pk.Site.ARTERIAL, [0.0, 40.0], None, "before any drug"),
        (MODELS["PK01"], pk.Site.ARTERIAL, TIMES, None, "no published residual"),
        (MODELS["PK02"], pk.Site.ARTERIAL, TIMES, None, "nothing to start from"),
    ],
)
def test_fits_that_are_refused(model, site, times, levels, says):
    with pytest.raises(BadInput, match=says):
        fit.prepare(model, ADULT, HALF, times, site=site).map(levels or [100.0] * len(times))
