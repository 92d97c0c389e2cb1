"""The arithmetic of a dose: every shown number against exact fractions, and every hard stop."""

import os
import random
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Verdict, Weight
from stillhaven.science.limits import Limit, Standing
from stillhaven.science.plan import (
    DoseOrder,
    Rounding,
    devices_needed,
    dosing_weight,
    exact,
    from_here,
    plan_dose,
    ramp,
    show,
)
from stillhaven.science.plan_rules import PlanRules, most_at_once, plan_findings

DAY = date(2026, 3, 1)


def order(**change):
    made = DoseOrder(
        drug="alpha",
        route="iv_infusion",
        dose=exact("0.4", "dose"),
        dose_unit="mg/kg",
        weight=dosing_weight("80", "kg", basis="actual", on=DAY),
        product_drug="alpha",
        product_mg_per_ml=exact(20, "product"),
        steps=ramp((30, 100)),
        bag="made_up_to",
        bag_ml=exact(64, "bag_ml"),
        diluent="saline",
    )
    return replace(made, **change)


# ---------------------------------------------------------------- by hand
def test_every_intermediate_is_shown():
    plan = plan_dose(order())
    assert [line.text for line in plan.lines] == [
        "Weight (actual, 2026-03-01): 80 kg = 80 kg",
        "Dose: 0.4 mg/kg × 80 kg = 32 mg",
        "Draw up: 32 mg ÷ 20 mg/mL = 1.6 mL",
        "Add saline: 64 mL − 1.6 mL = 62.4 mL",
        "Final volume: 1.6 mL + 62.4 mL = 64 mL",
        "Final concentration: 32 mg ÷ 64 mL = 0.5 mg/mL",
        "Duration: 30 = 30 min",
        "Drug rate: 32 mg ÷ 30 min × 60 = 64 mg/h",
        "Pump rate: 64 mg/h ÷ 0.5 mg/mL = 128 mL/h",
        "Total: 32 mg = 32 mg",
    ]
    assert plan.line("ml_per_h").exact == 128
    with pytest.raises(BadInput, match="line"):
        plan.line("price")


def test_drug_on_top_of_the_bag_and_undiluted():
    on_top = plan_dose(order(bag="added_to", bag_ml=Fraction(64)))
    assert (on_top.final_ml, on_top.diluent_ml) == (Fraction("65.6"), 64)
    neat = plan_dose(order(bag="undiluted"))
    assert (neat.final_ml, neat.diluent_ml, neat.final_mg_per_ml) == (Fraction("1.6"), 0, 20)


def test_a_ramp_gives_the_same_dose_in_steps():
    plan = plan_dose(order(steps=ramp((10, 50), (25, 100))))
    assert [(s.mg_per_h, s.mg) for s in plan.steps] == [(32, Fraction(16, 3)), (64, Fraction(80, 3))]
    assert plan.line("total_mg").exact == 32
    assert plan.line("ml_per_h_2").exact == 128
    assert plan.line("ml_1").shown == "10.67"


def test_a_dose_in_mg_says_what_it_is_per_kg_and_a_single_dose_has_no_rate():
    plan = plan_dose(order(dose=Fraction(56), dose_unit="mg", steps=(), route="im", bag="undiluted"))
    assert plan.line("dose_mg_per_kg").shown == "0.7"
    assert plan.steps == ()
    assert not [line for line in plan.lines if "rate" in line.label.lower()]
    assert plan_dose(order(dose=Fraction(56), dose_unit="mg", weight=None)).dose_mg_per_kg is None


def test_pounds_and_decimal_commas():
    pounds = dosing_weight("176,5", "lb", basis="actual", on=DAY)
    assert pounds.kg == Fraction("176.5") * Fraction("0.45359237")
    assert pounds.entered == "176,5 lb"


def test_a_change_in_mid_session():
    left, drug, pump = from_here("12,5", 25, 0.5)
    assert (left.shown, drug.shown, pump.shown) == ("25", "30", "60")


def test_devices():
    assert devices_needed(56, 28) == 2
    with pytest.raises(BadInput, match="whole number"):
        devices_needed(60, 28)


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        (Fraction(1), 2, "1"),
        (Fraction("2.50"), 2, "2.5"),
        (Fraction("0.125"), 2, "0.13"),
        (Fraction("0.004"), 2, "0.004"),
        (Fraction(0), 2, "0"),
        (Fraction("9.996"), 2, "10"),
        (Fraction(7, 2), 0, "4"),
        (Fraction(1, 3), 0, "0.3"),
    ],
)
def test_how_a_number_is_shown(value, decimals, shown):
    assert show(value, decimals) == shown


@given(st.fractions(min_value=0, max_value=10**6), st.integers(0, 4))
def test_what_is_shown_is_within_half_of_its_last_decimal_and_never_a_false_zero(value, decimals):
    text = show(value, decimals)
    places = max(decimals, len(text.partition(".")[2]))
    assert abs(Fraction(text) - value) <= Fraction(1, 2 * 10**places)
    assert (Fraction(text) == 0) == (value == 0)
    assert not text.endswith(".")
    assert "." not in text or not text.endswith("0")


# ---------------------------------------------------------------- what cannot be computed
@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("weight", lambda: dosing_weight("-70", "kg", basis="actual", on=DAY)),
        ("weight", lambda: dosing_weight("0", "kg", basis="actual", on=DAY)),
        ("weight", lambda: dosing_weight(float("nan"), "kg", basis="actual", on=DAY)),
        ("weight", lambda: dosing_weight("1.000,5", "kg", basis="actual", on=DAY)),
        ("weight_unit", lambda: dosing_weight("70", "stone", basis="actual", on=DAY)),
        ("weight_basis", lambda: dosing_weight("70", "kg", basis="", on=DAY)),
        ("weight", lambda: plan_dose(order(weight=None))),
        ("dose_unit", lambda: plan_dose(order(dose_unit="ug/kg"))),
        ("dose", lambda: plan_dose(order(dose=Fraction(0)))),
        ("product_mg_per_ml", lambda: plan_dose(order(product_mg_per_ml=Fraction(-1)))),
        ("duration", lambda: ramp((0, 100))),
        ("rate_pct", lambda: ramp((10, 0))),
        ("bag_ml", lambda: plan_dose(order(bag_ml=None))),
        ("bag_ml", lambda: plan_dose(order(bag_ml=Fraction(1)))),
        ("bag", lambda: plan_dose(order(bag="in a cup"))),
        ("duration", lambda: from_here(10, 0, 1)),
        ("left_mg", lambda: from_here(0, 10, 1)),
    ],
)
def test_bad_input_names_its_field(field, make):
    with pytest.raises(BadInput) as caught:
        make()
    assert caught.value.field == field


def test_zero_is_read_where_it_is_allowed():
    assert exact("0", "x", zero=True) == 0
    with pytest.raises(BadInput, match="under 0"):
        exact("-1", "x", zero=True)


# ---------------------------------------------------------------- many orders and changes, worked out another way
CASES_TRIED = int(os.environ.get("STILLHAVEN_PLAN_CASES", "20000"))


def typed(rng, low, high, places):
    """A decimal as somebody types it, with a point or a comma, and its exact value."""
    text = str(Decimal(rng.randint(low * 10**places, high * 10**places)).scaleb(-places))
    return (text.replace(".", ",") if rng.random() < 0.5 else text), Decimal(text)


def test_no_shown_number_is_off_by_more_than_its_rounding():
    """Integers over a common denominator here, fractions of quotients there: they must agree in all cases."""
    rng = random.Random(20260301)
    shown = Rounding()
    for _ in range(CASES_TRIED):
        weight_text, weight = typed(rng, 30, 400, rng.randint(0, 2))
        dose_text, dose = typed(rng, 1, 5, rng.randint(1, 3))
        minutes_text, minutes = typed(rng, 2, 240, rng.randint(0, 1))
        unit = rng.choice(("kg", "lb"))
        strength, bag = rng.choice((10, 20, 50, 100)), rng.randint(250, 1000)
        plan = plan_dose(
            DoseOrder(
                drug="a",
                route="iv_infusion",
                dose=exact(dose_text, "dose"),
                dose_unit="mg/kg",
                weight=dosing_weight(weight_text, unit, basis="actual", on=DAY),
                product_drug="a",
                product_mg_per_ml=Fraction(strength),
                steps=ramp((minutes_text, 100)),
                bag="made_up_to",
                bag_ml=Fraction(bag),
            ),
            shown,
        )
        # in whole numbers: weight in 1e-10 kg, dose in 1e-3 mg/kg, minutes in tenths
        exact_e10 = int(weight * 100) * (10**8 if unit == "kg" else 45_359_237)  # kg, in 1e-10
        mg = (exact_e10 * int(dose * 1000), 10**13)
        tenths = int(minutes * 10)
        wanted = {
            "weight": (exact_e10, 10**10),
            "dose_mg": mg,
            "draw_ml": (mg[0], mg[1] * strength),
            "diluent_ml": (bag * mg[1] * strength - mg[0], mg[1] * strength),
            "mg_per_ml": (mg[0], mg[1] * bag),
            "mg_per_h": (mg[0] * 600, mg[1] * tenths),
            "ml_per_h": (bag * 600, tenths),
            "total_mg": mg,
        }
        places = {
            "weight": shown.kg,
            "dose_mg": shown.mg,
            "draw_ml": shown.ml,
            "diluent_ml": shown.ml,
            "mg_per_ml": shown.mg_per_ml,
            "mg_per_h": shown.mg_per_h,
            "ml_per_h": shown.ml_per_h,
            "total_mg": shown.mg,
        }
        for line in plan.lines:
            if line.key in wanted:
                over, under = wanted[line.key]
                digits = Decimal(line.shown)
                off = abs(int(digits.scaleb(12)) * under - over * 10**12)
                assert 2 * off * 10 ** places[line.key] <= 10**12 * under, (line, weight_text, unit, dose_text)
        # a change in mid-session: what is left after some tenths of a minute, within so many minutes from now
        left, (fresh_text, fresh) = tenths - rng.randrange(tenths), typed(rng, 2, 240, rng.randint(0, 1))
        fresh_tenths = int(fresh * 10)
        wanted = {
            "left_ml": (bag * left, tenths),
            "mg_per_h": (mg[0] * left * 600, mg[1] * tenths * fresh_tenths),
            "ml_per_h": (bag * left * 600, tenths * fresh_tenths),
        }
        for line in from_here(plan.dose_mg * Fraction(left, tenths), fresh_text, plan.final_mg_per_ml, shown):
            over, under = wanted[line.key]
            off = abs(int(Decimal(line.shown).scaleb(12)) * under - over * 10**12)
            decimals = shown.ml if line.key == "left_ml" else places[line.key]
            assert 2 * off * 10**decimals <= 10**12 * under, (line, left, tenths, fresh_text)


@given(st.lists(st.tuples(st.integers(1, 120), st.integers(1, 200)), min_size=1, max_size=5))
def test_the_steps_of_a_ramp_are_the_whole_dose_and_the_whole_volume(steps):
    plan = plan_dose(order(steps=ramp(*steps)))
    assert sum(s.mg for s in plan.steps) == plan.dose_mg
    assert sum(s.ml for s in plan.steps) == plan.final_ml
    assert sum(s.minutes for s in plan.steps) == plan.minutes
    rates = [s.mg_per_h / pct for s, (_, pct) in zip(plan.steps, steps, strict=True)]
    assert len(set(rates)) == 1


# ---------------------------------------------------------------- hard stops
def lim(value, unit="", set_by="Dr D"):
    return Limit(value=value, unit=unit, source="made_up", set_by=set_by)


RULES = PlanRules(
    protocol_drug="alpha",
    ceiling_mg_per_kg=lim(0.6, "mg/kg"),
    ceiling_mg=None,
    anaesthetic_from=lim(0.8, "mg/kg"),
    never_undiluted_iv=lim(50.0, "mg/mL"),
    least_dilution=lim(1.0, "mL per mL"),
    most_mg_per_kg_per_h=lim(1.0, "mg/kg/h"),
    most_mg_per_h=lim(90.0, "mg/h"),
    weight_low_kg=lim(25.0, "kg"),
    weight_high_kg=lim(300.0, "kg"),
    rounding_pct=lim(1.0, "%"),
)


def find(rule, plan, rules=RULES):
    mine = [f for f in plan_findings(plan, rules) if f.rule == rule]
    assert len(mine) == 1, rule
    return mine[0]


def test_a_plan_within_all_limits():
    assert [f for f in plan_findings(plan_dose(order()), RULES) if not f.is_met] == []


STRONG = {"product_mg_per_ml": Fraction(50)}
MET, NOT_MET, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
CASES = [
    ("one_drug", {"product_drug": "beta"}, {}, NOT_MET),
    ("one_drug", {}, {"protocol_drug": "beta"}, NOT_MET),
    ("one_drug", {"product_drug": ""}, {}, UNKNOWN),
    ("one_drug", {"product_drug": "", "drug": "beta"}, {}, NOT_MET),
    ("ceiling_mg_per_kg", {"dose": exact("0,6", "d")}, {}, MET),
    ("ceiling_mg_per_kg", {"dose": exact("0.601", "d")}, {}, NOT_MET),
    ("ceiling_mg_per_kg", {}, {"ceiling_mg_per_kg": lim(None)}, UNKNOWN),
    ("ceiling_mg_per_kg", {}, {"ceiling_mg_per_kg": lim(0.6, set_by="")}, UNKNOWN),
    ("ceiling_mg_per_kg", {"dose": Fraction(20), "dose_unit": "mg", "weight": None}, {}, UNKNOWN),
    ("ceiling_mg", {"dose": Fraction(84), "dose_unit": "mg"}, {"ceiling_mg": lim(60.0, "mg")}, NOT_MET),
    ("ceiling_mg", {}, {"ceiling_mg": lim(60.0, "mg")}, MET),
    ("ceiling", {}, {"ceiling_mg_per_kg": None, "most_mg_per_kg_per_h": None, "most_mg_per_h": None}, UNKNOWN),
    ("anaesthetic_range", {"dose": exact("0.8", "d")}, {}, NOT_MET),
    ("anaesthetic_range", {"dose": exact("9", "d")}, {}, NOT_MET),
    ("anaesthetic_range", {"dose": Fraction(20), "dose_unit": "mg", "weight": None}, {}, UNKNOWN),
    ("anaesthetic_range", {}, {"anaesthetic_from": lim(None)}, UNKNOWN),
    ("diluted", {**STRONG, "bag": "undiluted"}, {}, NOT_MET),
    ("diluted", {**STRONG, "bag": "made_up_to", "bag_ml": Fraction(1)}, {}, NOT_MET),
    ("diluted", {**STRONG}, {}, MET),
    ("diluted", {**STRONG}, {"least_dilution": None}, MET),
    ("diluted", {**STRONG, "bag": "undiluted"}, {"least_dilution": lim(None)}, NOT_MET),
    ("diluted", {"bag": "undiluted"}, {}, MET),
    ("diluted", {}, {"never_undiluted_iv": lim(None)}, UNKNOWN),
    ("rate_mg_per_h", {"steps": ramp((20, 100))}, {}, NOT_MET),
    ("rate_mg_per_kg_per_h", {"steps": ramp((20, 100))}, {}, NOT_MET),
    ("rate_mg_per_kg_per_h", {"dose": Fraction(20), "dose_unit": "mg", "weight": None}, {}, UNKNOWN),
    ("weight_plausible", {"weight": dosing_weight("900", "lb", basis="actual", on=DAY)}, {}, NOT_MET),
    ("weight_plausible", {"weight": dosing_weight("20", "kg", basis="actual", on=DAY)}, {}, NOT_MET),
    ("weight_plausible", {}, {"weight_low_kg": lim(None)}, UNKNOWN),
    ("rounding", {"dose": exact("0.0021", "d")}, {}, NOT_MET),
    ("rounding", {}, {"rounding_pct": lim(None)}, UNKNOWN),
]


@pytest.mark.parametrize(
    ("rule", "change", "rules", "verdict"), CASES, ids=[f"{n}-{c[0]}" for n, c in enumerate(CASES)]
)
def test_each_hard_stop(rule, change, rules, verdict):
    finding = find(rule, plan_dose(order(**change)), replace(RULES, **rules))
    assert finding.verdict is verdict
    if verdict is not MET:
        assert finding.to_do
        assert finding.stops == (rule != "rounding")


def test_rules_that_do_not_belong_to_a_drug_are_not_asked():
    bare = replace(
        RULES,
        anaesthetic_from=None,
        never_undiluted_iv=None,
        most_mg_per_h=None,
        most_mg_per_kg_per_h=None,
        weight_low_kg=None,
        rounding_pct=None,
    )
    assert [f.rule for f in plan_findings(plan_dose(order()), bare)] == ["one_drug", "ceiling_mg_per_kg"]
    by_muscle = plan_dose(order(route="im", steps=(), bag="undiluted", **STRONG))
    assert {"diluted", "rate_mg_per_h", "rate_mg_per_kg_per_h"} & {
        f.rule for f in plan_findings(by_muscle, RULES)
    } == set()


def test_an_anaesthetic_dose_may_be_overridden_only_where_the_reference_says_so():
    high = plan_dose(order(dose=exact("0.9", "d")))
    assert find("anaesthetic_range", high).weight is Weight.BLOCK
    soft = replace(RULES, how={"anaesthetic_range": Standing(weight=Weight.OVERRIDE, overridable_by=("prescriber",))})
    assert find("anaesthetic_range", high, soft).overridable_by == ("prescriber",)


# ---------------------------------------------------------------- infusions over hours, and doses without a pump
def long_infusion(minutes_and_pct, **change):
    return plan_dose(order(**({"steps": ramp(*minutes_and_pct)} | change)))


def test_an_infusion_over_hours_is_judged_by_its_fastest_hour():
    slow = long_infusion([(240, 100)], dose=exact("1.4", "d"))  # 0.35 mg/kg in each hour
    assert most_at_once(slow) == Fraction(35, 100)
    assert find("anaesthetic_range", slow).is_met
    fast = long_infusion([(240, 100)], dose=exact("3.2", "d"))  # 0.8 mg/kg in each hour: where the range begins
    assert find("anaesthetic_range", fast).verdict is NOT_MET
    steep = long_infusion([(30, 300), (210, 10)], dose=exact("1.4", "d"))
    assert most_at_once(steep) > Fraction(8, 10)
    assert find("anaesthetic_range", steep).verdict is NOT_MET


@given(st.lists(st.tuples(st.integers(1, 180), st.integers(1, 200)), min_size=1, max_size=4))
def test_the_fastest_hour_is_never_more_than_all_nor_less_than_its_share(steps):
    plan = long_infusion(steps)
    most = most_at_once(plan)
    assert most <= plan.dose_mg_per_kg
    assert most >= plan.dose_mg_per_kg * min(Fraction(1), 60 / plan.minutes)


@pytest.mark.parametrize("minutes", [1, 40, 60])
def test_up_to_an_hour_the_whole_dose_counts(minutes):
    plan = long_infusion([(minutes, 100)])
    assert most_at_once(plan) == plan.dose_mg_per_kg


def test_a_ceiling_of_the_rate_is_a_ceiling():
    rate_only = replace(RULES, ceiling_mg_per_kg=None)
    assert [f.rule for f in plan_findings(plan_dose(order()), rate_only) if f.rule == "ceiling"] == []


@pytest.mark.parametrize("route", ["im", "iv_bolus", "oral", "intranasal", "sublingual"])
def test_every_route_has_its_hard_stops(route):
    bare = {"route": route, "steps": (), "bag": "undiluted", "bag_ml": None}
    over = plan_dose(order(**bare, dose=exact("0.601", "d")))
    assert find("ceiling_mg_per_kg", over).verdict is NOT_MET
    assert find("one_drug", plan_dose(order(**bare, product_drug="beta"))).verdict is NOT_MET
    assert find("anaesthetic_range", plan_dose(order(**bare, dose=exact("0.8", "d")))).verdict is NOT_MET
    strong = plan_dose(order(**bare, product_mg_per_ml=Fraction(100)))
    found = [f for f in plan_findings(strong, RULES) if f.rule == "diluted"]
    assert [f.verdict for f in found] == ([NOT_MET] if route.startswith("iv") else [])
