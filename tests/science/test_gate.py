"""The dose gate: every generated disagreement is caught, and no agreement is refused.

`GATE_CASES=100000 pytest tests/science/test_gate.py` runs the whole hundred thousand (the default is a few thousand).
"""

from __future__ import annotations

import os
import random
from dataclasses import replace
from fractions import Fraction

import pytest

from stillhaven.science.errors import BadInput
from stillhaven.science.gate import Entry, Label, Recipe, Verdict, asked, compare, ordered, read, worked_out
from stillhaven.science.plan import ADDED_TO, MADE_UP_TO, UNDILUTED, RampStep, show

CASES = int(os.environ.get("GATE_CASES", "4000"))
DRUGS = ("ketamine", "s_ketamine", "esketamine")
INFUSION = Recipe(
    drug="ketamine", route="iv_infusion", dose=Fraction(1, 2), dose_unit="mg/kg", weight_kg=Fraction(82),
    product_mg_per_ml=Fraction(50), bag=MADE_UP_TO, bag_ml=Fraction(100), steps=(RampStep(minutes=Fraction(40), rate_pct=Fraction(100)),),
)  # fmt: skip
RIGHT = {
    "weight_kg": "82", "product_mg_per_ml": "50", "dose_mg": "41", "draw_ml": "0.82", "final_ml": "100", "minutes": "40",
    "ml_per_h": "150",
}  # fmt: skip


def judged(recipe: Recipe, first: dict[str, str], second: dict[str, str], *, drugs: tuple[str, str] = ("", ""),
           people: tuple[str, str] = ("7", "8"), label: Label | None = None) -> Verdict:  # fmt: skip
    entries = [
        read(recipe, typed, person=who, drug=drug or recipe.drug)
        for typed, who, drug in zip((first, second), people, drugs, strict=True)
    ]
    return compare(recipe, *entries, label=label)


# ---------------------------------------------------------------- generated orders and what is typed for them
def an_order(rng: random.Random) -> Recipe:
    route = rng.choice(("iv_infusion", "iv_infusion", "iv_bolus", "im", "intranasal", "oral", "devices", "units"))
    weight = Fraction(rng.randint(400, 1500), 10)
    if rng.random() < 0.3:  # weighed in pounds: more decimals than a scale shows
        weight = weight * Fraction("0.45359237") * 2
    if route in ("devices", "units"):
        each = Fraction(28) if route == "devices" else Fraction(rng.choice((50, 100, 150)))
        drug, where = ("esketamine", "intranasal") if route == "devices" else ("ketamine", "sublingual")
        return Recipe(drug=drug, route=where, dose=each * rng.randint(1, 3), dose_unit="mg", unit_mg=each)
    per_kg = rng.random() < 0.8
    dose = Fraction(rng.randint(2, 200), 100 if per_kg else 1)
    steps, bag, bag_ml = (), UNDILUTED, None
    if route == "iv_infusion":
        n = rng.choice((1, 1, 1, 2, 3))
        steps = tuple(
            RampStep(minutes=Fraction(rng.randint(5, 60)), rate_pct=Fraction(rng.choice((25, 50, 75, 100))))
            for _ in range(n)
        )
        bag, bag_ml = rng.choice((MADE_UP_TO, ADDED_TO)), Fraction(rng.choice((50, 100, 250, 500)))
    return Recipe(
        drug=rng.choice(DRUGS[:2]), route=route, dose=dose, dose_unit="mg/kg" if per_kg else "mg", weight_kg=weight if per_kg else None,
        product_mg_per_ml=Fraction(rng.choice((10, 50, 100, 25))), steps=steps, bag=bag, bag_ml=bag_ml,
    )  # fmt: skip


def typed_for(recipe: Recipe, rng: random.Random) -> dict[str, str]:
    """What a careful person types: the display's number, sometimes with more decimals that round to the same."""
    exact, found = ordered(recipe), {}
    for ask in asked(recipe):
        text = show(exact[ask.key], ask.decimals)
        places = max(ask.decimals, len(text.partition(".")[2]))
        if rng.random() < 0.2 and ask.decimals:
            nudge = Fraction(rng.randint(-49, 49), 100 * 10**places)
            value = Fraction(text) + nudge
            if value > 0 and show(value, ask.decimals) == text:
                text = f"{float(value):.{places + 2}f}"
        found[ask.key] = text.replace(".", ",") if rng.random() < 0.2 else text
    return found


def number(text: str) -> Fraction:
    return Fraction(text.replace(",", "."))


def slip(recipe: Recipe, typed: dict[str, str], rng: random.Random) -> tuple[str, dict[str, str], str] | None:
    """One slip in what somebody typed: (field, typed with it, drug).  None where it would show the same."""
    kind = rng.choice(("relative", "tenfold", "unit", "drug", "transposed", "strength", "weight", "swap", "one_off"))
    keys = [a.key for a in asked(recipe)]
    if kind == "drug":
        return "drug", typed, rng.choice([d for d in DRUGS if d != recipe.drug])
    key, said = rng.choice(keys), dict(typed)
    ask = next(a for a in asked(recipe) if a.key == key)
    value = number(said[key])
    if kind == "relative":
        value *= 1 + Fraction(rng.choice((-1, 1)) * rng.randint(1, 9000), 10000)
    elif kind == "tenfold":
        value *= rng.choice((Fraction(10), Fraction(1, 10), Fraction(100)))
    elif kind == "unit":
        turn = {"weight_kg": Fraction("2.20462262"), "ml_per_h": Fraction(1, 60), "minutes": Fraction(1, 60)}
        value *= turn.get(key, Fraction(1, 1000))
    elif kind == "transposed":
        digits = [
            i
            for i, c in enumerate(said[key][:-1])
            if c.isdigit() and said[key][i + 1].isdigit() and c != said[key][i + 1]
        ]
        if not digits:
            return None
        i = rng.choice(digits)
        value = number(said[key][:i] + said[key][i + 1] + said[key][i] + said[key][i + 2 :])
    elif kind == "one_off":
        value += Fraction(1, 10**ask.decimals) * rng.choice((-1, 1))
    elif kind == "swap":
        other = rng.choice(keys)
        value = number(said[other])
    else:  # worked carefully, from a wrong start: every later number follows from it
        start = "product_mg_per_ml" if kind == "strength" else "weight_kg"
        if start not in said:
            return None
        wrong = number(said[start]) * rng.choice((Fraction(2), Fraction(10), Fraction(1, 5), Fraction(11, 10)))
        other_way = replace(recipe, **{start: wrong})
        exact = ordered(other_way)
        for a in asked(recipe):
            said[a.key] = show(exact[a.key], a.decimals)
        return (start, said, recipe.drug) if show(wrong, 3) != show(number(typed[start]), 3) else None
    if value <= 0 or show(value, ask.decimals) == show(number(typed[key]), ask.decimals):
        return None
    said[key] = f"{float(value):.6f}"
    if number(said[key]) <= 0 or show(number(said[key]), ask.decimals) == show(number(typed[key]), ask.decimals):
        return None
    return key, said, recipe.drug


def test_every_generated_disagreement_is_caught_and_named() -> None:
    rng, done = random.Random(20261121), 0
    while done < CASES:
        recipe = an_order(rng)
        good = typed_for(recipe, rng)
        made = slip(recipe, typed_for(recipe, rng), rng)
        if made is None:
            continue
        key, bad, drug = made
        pair, drugs = [(good, bad), (bad, good), (bad, bad)][done % 3], [("", drug), (drug, ""), (drug, drug)][done % 3]
        found = judged(recipe, *pair, drugs=drugs)
        assert not found.agreed, (recipe, key, good, bad)
        assert found.why, (recipe, key)
        assert any(row.key == key and not row.same for row in found.rows), (recipe, key, good, bad, found.rows)
        done += 1


def test_no_agreement_is_refused() -> None:
    rng = random.Random(7)
    for _ in range(CASES):
        recipe = an_order(rng)
        found = judged(recipe, typed_for(recipe, rng), typed_for(recipe, rng))
        assert found.agreed, (recipe, found.why)


# ---------------------------------------------------------------- by hand
def test_the_worked_example_agrees_and_shows_all_three() -> None:
    found = judged(INFUSION, RIGHT, RIGHT)
    assert found.agreed
    rate = found.rows[-1]
    assert (rate.order, rate.first, rate.second, rate.unit) == ("150", "150", "150", "mL/h")


@pytest.mark.parametrize(
    ("key", "typed", "hint"),
    [
        ("product_mg_per_ml", "5", "tenfold"),
        ("ml_per_h", "1500", "tenfold"),
        ("weight_kg", "180.8", "pounds"),
        ("dose_mg", "14", "swapped"),
        ("draw_ml", "82", "hundredfold"),
    ],
)
def test_the_sentence_says_what_kind_of_slip_it_looks_like(key: str, typed: str, hint: str) -> None:
    found = judged(INFUSION, RIGHT, RIGHT | {key: typed})
    assert not found.agreed
    assert hint in " ".join(found.why)


def test_two_people_with_the_same_slip_are_stopped_by_the_order() -> None:
    wrong = RIGHT | {"product_mg_per_ml": "100", "draw_ml": "0.41"}
    found = judged(INFUSION, wrong, wrong)
    assert not found.agreed
    assert "the order gives 50 mg/mL, the first wrote 100 mg/mL, the second 100 mg/mL" in " ".join(found.why)


@pytest.mark.parametrize(
    ("people", "said"), [(("7", "7"), "one person"), (("Ann ", "ann"), "one person"), (("7", ""), "not known")]
)
def test_two_different_people_or_nothing(people: tuple[str, str], said: str) -> None:
    found = judged(INFUSION, RIGHT, RIGHT, people=people)
    assert not found.agreed
    assert said in " ".join(found.why)


def test_the_vials_label_counts_too() -> None:
    assert judged(INFUSION, RIGHT, RIGHT, label=Label(drug="ketamine", mg_per_ml=Fraction(50))).agreed
    other = judged(INFUSION, RIGHT, RIGHT, label=Label(drug="ketamine", mg_per_ml=Fraction(100)))
    assert "stock says 100 mg/mL" in " ".join(other.why)
    foreign = judged(INFUSION, RIGHT, RIGHT, label=Label(drug="s_ketamine", mg_per_ml=Fraction(50)))
    assert not foreign.agreed
    assert "s ketamine" in " ".join(foreign.why)


def test_somebody_whose_own_numbers_do_not_follow_is_told_which() -> None:
    found = judged(INFUSION, RIGHT, RIGHT | {"dose_mg": "14"})
    assert "Dose: the second wrote 14 mg; their own weight and strength give 41 mg" in found.why


def test_each_route_asks_only_what_it_needs() -> None:
    spray = Recipe(drug="esketamine", route="intranasal", dose=Fraction(84), dose_unit="mg", unit_mg=Fraction(28))
    assert [a.key for a in asked(spray)] == ["dose_mg", "units"]
    assert ordered(spray)["units"] == 3
    muscle = replace(INFUSION, route="im", steps=(), bag=UNDILUTED, bag_ml=None)
    assert [a.key for a in asked(muscle)] == ["weight_kg", "product_mg_per_ml", "dose_mg", "draw_ml"]
    ramp = tuple(RampStep(minutes=Fraction(m), rate_pct=Fraction(p)) for m, p in ((10, 50), (30, 100)))
    slow = replace(INFUSION, steps=ramp)
    assert [a.key for a in asked(slow)][-2:] == ["ml_per_h_1", "ml_per_h_2"]
    rates = ordered(slow)
    assert rates["ml_per_h_1"] / 6 + rates["ml_per_h_2"] / 2 == 100, "the whole bag runs in"


def test_the_steps_of_an_infusion_agree_with_the_orders_arithmetic() -> None:
    """Two ways to the same numbers: the order's lines, and the gate's own computation."""
    from datetime import date

    from stillhaven.science.plan import DoseOrder, dosing_weight, exact, plan_dose, ramp

    order = DoseOrder(
        drug="ketamine", route="iv_infusion", dose=exact("0.5", "d"), dose_unit="mg/kg", product_drug="ketamine",
        weight=dosing_weight("154", "lb", basis="actual", on=date(2026, 3, 1)), product_mg_per_ml=Fraction(50),
        steps=ramp((10, 50), (35, 100)), bag=ADDED_TO, bag_ml=Fraction(100),
    )  # fmt: skip
    plan = plan_dose(order)
    mine = ordered(
        replace(INFUSION, weight_kg=order.weight.kg if order.weight else None, steps=order.steps, bag=ADDED_TO)
    )
    assert mine["dose_mg"] == plan.dose_mg
    assert (mine["draw_ml"], mine["final_ml"]) == (plan.draw_ml, plan.final_ml)
    assert [mine["ml_per_h_1"], mine["ml_per_h_2"]] == [s.ml_per_h for s in plan.steps]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ml_per_h": ""}, "ml_per_h"),
        ({"weight_kg": "eighty"}, "weight_kg"),
        ({"dose_mg": "0"}, "dose_mg"),
        ({"dose_mg": "-41"}, "dose_mg"),
        ({"dose_mg": "nan"}, "dose_mg"),
        ({"draw_ml": "0." + "1" * 40}, "draw_ml"),
    ],
)
def test_what_is_missing_or_unreadable_is_asked_again(change: dict[str, str], field: str) -> None:
    with pytest.raises(BadInput) as told:
        read(INFUSION, RIGHT | change, person="7", drug="ketamine")
    assert told.value.field == field


def test_an_order_without_a_strength_or_with_parts_of_a_device_goes_back_to_the_prescriber() -> None:
    with pytest.raises(BadInput, match="amends"):
        ordered(replace(INFUSION, product_mg_per_ml=None))
    with pytest.raises(BadInput, match="whole number"):
        ordered(Recipe(drug="esketamine", route="intranasal", dose=Fraction(70), dose_unit="mg", unit_mg=Fraction(28)))
    with pytest.raises(BadInput, match="say which drug"):
        read(INFUSION, RIGHT, person="7", drug="")


def test_the_weight_that_was_typed_carries_the_computation() -> None:
    entry = read(INFUSION, RIGHT | {"weight_kg": "90"}, person="7", drug="ketamine")
    mg = worked_out(INFUSION, entry)["dose_mg"]
    assert mg.holds(Fraction(45))
    assert not mg.holds(Fraction(41))


def test_devices_are_the_same_devices() -> None:
    spray = Recipe(drug="esketamine", route="intranasal", dose=Fraction(56), dose_unit="mg", unit_mg=Fraction(28))
    typed = {"dose_mg": "56", "units": "2"}

    def entry(person: str, *lots: str) -> Entry:
        return read(spray, typed, person=person, drug="esketamine", lots=lots)

    assert compare(spray, entry("7", "a1 ", "B2"), entry("8", "b2", "A1")).agreed
    other = compare(spray, entry("7", "A1", "B2"), entry("8", "A1", "B3"))
    assert "Lot: the order gives A1, B2, the first wrote A1, B2, the second A1, B3" in other.why
    stock = Label(drug="esketamine", lots=("A1", "C9"))
    assert not compare(spray, entry("7", "A1", "B2"), entry("8", "A1", "B2"), label=stock).agreed
