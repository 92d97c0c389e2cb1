"""Do the scenarios add up to the cent, keep low under likely under high, and say what is not known?"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillhaven.reference._costs import costs, read_costs
from stillhaven.reference.load import current
from stillhaven.science.costs import (
    UNKNOWN,
    Payer,
    Per,
    Plan,
    Price,
    Range,
    add_business_days,
    course_cost,
    in_parts,
    part_of,
    read_money,
    session_count,
    sessions_a_month,
    shown,
    with_sessions,
)
from stillhaven.science.errors import BadInput

CENTS = st.integers(0, 200_000)
MAYBE = st.none() | CENTS
TODAY = date(2026, 11, 21)


def price(
    likely: int, *, part: str = "session", per: Per = Per.SESSION, allowed: int | None = None, n: int | None = None
) -> Price:
    cents = Range(low=likely, likely=likely, high=likely)
    return Price(key="p", title="p", part=part, per=per, cents=cents, allowed_cents=allowed, sessions=n)


SIX = Range(low=6, likely=6, high=12)
COURSE = [price(50_000), price(27_500, part="assessment", per=Per.COURSE)]
RANGES = st.lists(CENTS, min_size=3, max_size=3).map(sorted).map(lambda v: Range(low=v[0], likely=v[1], high=v[2]))
COUNTS = st.lists(st.integers(1, 30), min_size=3, max_size=3).map(sorted).map(
    lambda v: Range(low=v[0], likely=v[1], high=v[2])
)  # fmt: skip
PLANS = st.builds(
    Plan, payer=st.sampled_from(list(Payer)), covers=st.none() | st.booleans(), deductible_left_cents=MAYBE,
    share_percent=st.none() | st.integers(0, 100).map(Decimal), copay_cents=MAYBE, most_left_cents=MAYBE,
    out_allowed_cents=MAYBE,
)  # fmt: skip


def test_paying_oneself_is_sessions_times_price_and_what_comes_once() -> None:
    found = course_cost(COURSE, SIX, Plan(payer=Payer.NONE), off_label=True)
    assert found.scenarios[0].total == Range(low=327_500, likely=327_500, high=627_500)
    assert found.scenarios[1].total == found.scenarios[2].total == UNKNOWN


def test_in_network_by_hand() -> None:
    """Eight visits agreed at 600: 4,800. 1,000 deductible, then 20 % of 3,800 = 760, copay 8 x 30 = 240: 2,000."""
    eight = Range(low=8, likely=8, high=8)
    plan = Plan(
        payer=Payer.COMMERCIAL, covers=True, deductible_left_cents=100_000, share_percent=Decimal(20), copay_cents=3_000
    )
    found = course_cost([price(70_000, allowed=60_000)], eight, plan, off_label=False).scenarios[2]
    assert found.total.likely == 200_000
    capped = Plan(
        payer=Payer.COMMERCIAL, covers=True, deductible_left_cents=100_000, share_percent=Decimal(20), copay_cents=3_000,
        most_left_cents=150_000,
    )  # fmt: skip
    assert (
        course_cost([price(70_000, allowed=60_000)], eight, capped, off_label=False).scenarios[2].total.likely
        == 150_000
    )


def test_out_of_network_by_hand() -> None:
    """Six at 500 = 3,000; the plan counts 400 each, 2,400, less 400 deductible = 2,000, pays 60 % = 1,200 back."""
    six = Range(low=6, likely=6, high=6)
    plan = Plan(
        payer=Payer.COMMERCIAL,
        covers=True,
        deductible_left_cents=40_000,
        share_percent=Decimal(40),
        out_allowed_cents=40_000,
    )
    assert course_cost([price(50_000)], six, plan, off_label=True).scenarios[1].total.likely == 180_000


def test_what_nobody_knows_is_said_and_never_zero() -> None:
    found = course_cost([], UNKNOWN, Plan(payer=Payer.COMMERCIAL), off_label=True)
    assert all(s.total == UNKNOWN for s in found.scenarios)
    assert any("price for one session" in text for text in found.unknown)
    assert any("How many sessions" in text for text in found.unknown)
    plan = course_cost(COURSE, SIX, Plan(payer=Payer.COMMERCIAL), off_label=True).scenarios[2]
    assert plan.total.low is None
    assert plan.total.likely is None
    assert plan.total.high == 627_500, "if the plan says no, the person pays it all"
    assert any("agreed between" in text for text in plan.unknown)


@settings(max_examples=200)
@given(RANGES, MAYBE, COUNTS, PLANS, st.booleans())
def test_low_never_lies_over_high_and_no_plan_makes_it_dearer_out_of_network(
    cents: Range, allowed: int | None, count: Range, plan: Plan, off_label: bool
) -> None:
    prices = [Price(key="s", title="s", part="session", per=Per.SESSION, cents=cents, allowed_cents=allowed)]
    found = course_cost(prices, count, plan, off_label=off_label)
    cash, out, _in = found.scenarios
    for s in found.scenarios:
        known = [v for v in (s.total.low, s.total.likely, s.total.high) if v is not None]
        assert known == sorted(known)
        assert all(type(v) is int and v >= 0 for v in known)
    if out.total.likely is not None and cash.total.likely is not None:
        assert out.total.likely <= cash.total.likely


@settings(max_examples=100)
@given(st.integers(0, 10_000_000), st.integers(1, 120))
def test_parts_add_up_to_the_cent(total: int, months: int) -> None:
    each, last = in_parts(total, months)
    assert each * (months - 1) + last == total
    assert last >= 0
    assert abs(each - last) < months or months == 1


def test_a_package_counts_only_where_it_is_cheaper() -> None:
    package = price(270_000, part="package", per=Per.COURSE, n=6)
    found = course_cost([*COURSE, package], Range(low=6, likely=8, high=8), Plan(payer=Payer.NONE), off_label=True)
    assert found.package is not None
    assert found.package[1:] == (1, 370_000)
    dear = price(310_000, part="package", per=Per.COURSE, n=6)
    assert course_cost([*COURSE, dear], SIX, Plan(payer=Payer.NONE), off_label=True).package is None


def test_money_is_read_exactly_or_refused() -> None:
    assert [read_money(t, "f") for t in ("450", "$1,250.50", " ", "0")] == [45_000, 125_050, None, 0]
    for wrong in ("abc", "1.005", "-3", "1e5", "nan", "9" * 14, "４50", "1_000"):
        with pytest.raises(BadInput):
            read_money(wrong, "f")
    assert part_of(101, Decimal(50)) == 51
    assert shown(1) == "$0.01"


@settings(max_examples=100)
@given(st.integers(0, 10_000_000))
def test_what_is_shown_is_read_back(cents: int) -> None:
    assert read_money(shown(cents), "f") == cents


def test_courses_have_the_published_number_of_sessions() -> None:
    protocols = current().protocols
    assert session_count(protocols["iv_depression"]) == SIX
    assert session_count(protocols["esketamine_trd"]).likely == 8
    assert sessions_a_month(protocols["esketamine_trd"]) == Range(low=2, likely=None, high=4)
    assert session_count(protocols["im_depression"]) == UNKNOWN
    assert with_sessions(UNKNOWN, 4) == Range(low=4, likely=4, high=4)


# ---------------------------------------------------------------- the files
def test_the_files_read_without_a_fault() -> None:
    assert [str(p) for p in read_costs()[1]] == []
    assert costs().stale_after_d > 0


def test_a_code_holds_on_its_days_alone() -> None:
    rules = costs()
    on = {c.key for c in rules.codes_for(route="intranasal", drug="esketamine", payer=Payer.COMMERCIAL, on=TODAY)}
    assert "J0013" in on
    assert not {"S0013", "G2082", "96365", "J3490"} & on
    before = {
        c.key
        for c in rules.codes_for(route="intranasal", drug="esketamine", payer=Payer.COMMERCIAL, on=date(2025, 12, 31))
    }
    assert "S0013" in before
    assert "J0013" not in before
    medicare = {c.key for c in rules.codes_for(route="intranasal", drug="esketamine", payer=Payer.MEDICARE, on=TODAY)}
    assert {"G2082", "G2083"} <= medicare
    assert "J0013" not in medicare


@pytest.mark.parametrize(
    ("codes", "drug", "payer"),
    [
        (["S0013"], "esketamine", Payer.NONE), (["J0222"], "esketamine", Payer.NONE),
        (["J0013", "96365"], "esketamine", Payer.COMMERCIAL), (["G2082", "99214"], "esketamine", Payer.MEDICARE),
        (["G2083"], "esketamine", Payer.COMMERCIAL), (["J0013"], "ketamine", Payer.NONE),
    ],
)  # fmt: skip
def test_wrong_codes_are_named(codes: list[str], drug: str, payer: Payer) -> None:
    assert costs().wrong_codes(codes, drug=drug, payer=payer, on=TODAY)


def test_right_codes_pass() -> None:
    assert costs().wrong_codes(["96365", "J3490", "99204"], drug="ketamine", payer=Payer.NONE, on=TODAY) == []


def test_an_estimate_is_due_in_business_days() -> None:
    friday = date(2026, 11, 20)
    due = costs().due_on
    assert due(asked=friday, scheduled=None) == date(2026, 11, 25)
    assert due(asked=friday, scheduled=date(2026, 11, 25)) == date(2026, 11, 23), (
        "three business days ahead: within one"
    )
    assert due(asked=friday, scheduled=date(2026, 12, 4)) == date(2026, 11, 25), "ten ahead: within three"
    assert due(asked=friday, scheduled=date(2026, 11, 23)) == friday
    assert add_business_days(friday, 1) == date(2026, 11, 23)
