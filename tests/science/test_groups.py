"""Many people's courses: shares with what is missing, like with like, small cells, limits by chance, moved dates."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from stillhaven.reference.load import current
from stillhaven.science import groups
from stillhaven.science.errors import BadInput

COUNTS = st.integers(min_value=0, max_value=400)


@pytest.mark.parametrize(
    ("yes", "of", "low", "high"), [(288, 537, 49.4, 57.8), (155, 537, 25.2, 32.8), (45, 537, 6.3, 11.0), (6, 27, 10.6, 40.8)]
)  # fmt: skip
def test_published_intervals_come_out(yes: int, of: int, low: float, high: float) -> None:
    found = groups.rate(yes, of - yes, 0).interval
    assert found is not None
    assert (round(100 * found.low, 1), round(100 * found.high, 1)) == (low, high)


@given(COUNTS, COUNTS, COUNTS)
def test_whatever_the_missing_were_the_share_lies_between_the_two_bounds(yes: int, no: int, unknown: int) -> None:
    found = groups.rate(yes, no, unknown)
    if not found.everyone:
        assert found.interval is found.if_none is found.if_all is None
        return
    assert found.if_none is not None
    assert found.if_all is not None
    for more in {0, unknown // 3, unknown}:
        truth = (yes + more) / found.everyone
        assert found.if_none.share <= truth <= found.if_all.share
    if found.interval is not None:
        assert found.if_none.share <= found.interval.share <= found.if_all.share


def test_nobody_is_a_share_of_nothing_and_less_than_nobody_is_refused() -> None:
    assert groups.rate(0, 0, 12).interval is None
    with pytest.raises(BadInput):
        groups.rate(-1, 3, 0)


# ---------------------------------------------------------------- small cells
@given(st.lists(st.integers(0, 30), min_size=3, max_size=4), st.integers(2, 15))
@settings(max_examples=200, deadline=None)
def test_no_small_count_can_be_worked_out_from_what_is_shown(cells: list[int], least: int) -> None:
    named = {str(i): count for i, count in enumerate(cells)}
    shown = groups.suppress(named, least)
    assert all(value is None or value == named[key] for key, value in shown.items())
    assert not any(value is not None and 0 < value < least for value in shown.values())
    hidden = [key for key, value in shown.items() if value is None]
    if hidden:
        assert len(hidden) >= 2
        left = sum(named[key] for key in hidden)
        could = {combo for combo in itertools.product(range(left + 1), repeat=len(hidden)) if sum(combo) == left}
        for place, key in enumerate(hidden):
            if 0 < named[key] < least:
                assert len({combo[place] for combo in could}) > 1


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(2, 15))
def test_a_small_part_of_a_measure_stays_hidden_though_the_known_are_told(
    yes: int, no: int, unknown: int, least: int
) -> None:
    shown = groups.shown_cells(groups.rate(yes, no, unknown), least)
    told = {"yes": yes, "no": no, "unknown": unknown}
    for key, count in told.items():
        assert shown[key] in (None, count)
        assert not (0 < count < least and shown[key] is not None)
    if 0 < yes < least or 0 < no < least:
        assert shown["yes"] is shown["no"] is None, "one of them and the known give the other"
    if 0 < unknown < least:
        assert sum(value is None for key, value in shown.items() if told[key]) != 1 or not (yes or no)


@given(st.lists(COUNTS, min_size=2, max_size=6), st.integers(2, 15))
def test_neither_a_small_step_nor_a_small_loss_is_named(counts: list[int], least: int) -> None:
    steps = groups.funnel_of_people([(str(i), c) for i, c in enumerate(sorted(counts, reverse=True))], least)
    truth = sorted(counts, reverse=True)
    exact = []
    for step, count in zip(steps, truth, strict=True):
        assert step.low <= count <= step.high
        if step.low == step.high:
            assert not 0 < count < least
            exact.append(count)
    assert not any(0 < a - b < least for a, b in itertools.pairwise(exact))


def test_a_step_cannot_grow() -> None:
    with pytest.raises(BadInput):
        groups.funnel_of_people([("started", 20), ("baseline", 30)], 11)


# ---------------------------------------------------------------- by chance alone
@pytest.mark.parametrize(("n", "centre"), [(12, 0.5), (40, 0.3), (300, 0.536), (9000, 0.084)])
def test_limits_hold_what_they_say_and_the_wider_hold_the_narrower(n: int, centre: float) -> None:
    inner, outer = groups.funnel_limits(n, centre, 0.95), groups.funnel_limits(n, centre, 0.998)
    assert outer.low <= inner.low < centre < inner.high <= outer.high
    exact = [stats.binom.ppf(tail, n, centre) / n for tail in (0.025, 0.975)]
    assert inner.low == pytest.approx(exact[0], abs=1.0 / n)
    assert inner.high == pytest.approx(exact[1], abs=1.0 / n)


def test_limits_narrow_as_people_become_more() -> None:
    widths = [limits.high - limits.low for n in (10, 40, 160, 640) if (limits := groups.funnel_limits(n, 0.5, 0.95))]
    assert widths == sorted(widths, reverse=True)


# ---------------------------------------------------------------- like with like
def test_a_figure_of_another_scale_window_or_route_is_never_drawn() -> None:
    reference = current().groups
    asked = {"measure": "response", "instrument": "phq9", "window": reference.rules.window, "family": "iv_ketamine"}
    drawn = groups.like_for_like(reference.comparators, **asked)
    assert [c.key for c in drawn] == ["mcinnes_response"]
    for change in (
        {"instrument": "madrs"}, {"window": "week 8 of treatment"}, {"family": "esketamine"}, {"family": "sublingual_ketamine"},
        {"indication": "ptsd"},
    ):  # fmt: skip
        assert not groups.like_for_like(reference.comparators, **(asked | change))


def test_every_published_figure_has_a_null_trial_of_the_same_treatment_beside_it() -> None:
    reference = current().groups
    assert reference.comparators
    for comparator in reference.comparators:
        assert [n for n in reference.nulls_for(comparator.family) if n.key in comparator.null], comparator.key
        assert comparator.cite.confirmed


# ---------------------------------------------------------------- dates that leave
@given(st.binary(min_size=32, max_size=32), st.integers(1, 400))
def test_dates_are_moved_both_ways_never_by_nothing_and_never_too_far(digest: bytes, most: int) -> None:
    assert 0 < abs(groups.shifted_days(digest, most)) <= most
