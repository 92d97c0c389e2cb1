"""Is a loss dated no better than its forms allow, and is the clinic's curve the one that other software draws?"""

from __future__ import annotations

import itertools
import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines.fitters.npmle import npmle

from stillhaven.science.errors import BadInput
from stillhaven.science.maintenance import (
    Answer,
    Curve,
    Own,
    after_induction,
    cycles,
    own_history,
    propose,
    turnbull,
)

START = datetime(2026, 3, 1, 15, 0, tzinfo=UTC)


def day(n: float) -> datetime:
    return START + timedelta(days=n)


def answers(*rows: tuple[float, bool]) -> list[Answer]:
    return [Answer(at=day(n), held=held) for n, held in rows]


def test_a_loss_lies_between_the_last_form_that_held_and_the_first_of_two_that_did_not() -> None:
    found = cycles(answers((7, True), (21, True), (35, False), (42, False)), [day(0)], apart_d=7)
    assert [(c.held_d, c.lost_d, c.middle_d) for c in found] == [(21.0, 35.0, 28.0)]


def test_one_form_under_the_line_is_a_doubt_and_a_good_one_after_it_clears_it() -> None:
    one = cycles(answers((7, True), (21, False)), [day(0)], apart_d=7)
    assert [(c.held_d, c.lost_d, c.doubt) for c in one] == [(7.0, None, True)]
    cleared = cycles(answers((7, True), (21, False), (28, True)), [day(0)], apart_d=7)
    assert [(c.held_d, c.lost_d, c.doubt) for c in cleared] == [(28.0, None, False)]


def test_two_forms_too_close_together_are_no_loss_yet() -> None:
    found = cycles(answers((7, True), (21, False), (24, False)), [day(0)], apart_d=7)
    assert found[0].lost_d is None
    later = cycles(answers((7, True), (21, False), (24, False), (28, False)), [day(0)], apart_d=7)
    assert later[0].lost_d == 21.0  # it counts from the first


def test_a_session_ends_the_watch_and_carries_a_response_on() -> None:
    found = cycles(answers((7, True), (20, True), (50, False), (60, False)), [day(0), day(30)], apart_d=7)
    assert [(c.held_d, c.lost_d, c.again) for c in found] == [(20.0, None, True), (0.0, 20.0, False)]
    own = own_history(found)
    assert own.open is None
    assert own.span_d == (0.0, 20.0)


def test_who_never_responded_has_no_cycle() -> None:
    assert cycles(answers((7, False), (30, False)), [day(0)], apart_d=7) == ()
    assert cycles([], [day(0)], apart_d=7) == ()


def test_the_clock_starts_at_the_last_session_of_the_first_run() -> None:
    sessions = [day(n) for n in (0, 3, 7, 60)]
    found = cycles(answers((6, True), (20, True), (62, True)), sessions, apart_d=7)
    picked = after_induction(found, sessions, apart_d=14)
    assert picked is not None
    assert picked.began == day(7)
    assert picked.held_d == 13.0


# ---------------------------------------------------------------- against lifelines


def of_lifelines(left: list[float], right: list[float]) -> list[tuple[float, float, float]]:
    found = npmle(left, right, tol=1e-12)
    return [(i.left, i.right, float(p)) for p, i in zip(*found, strict=True)]


@pytest.mark.parametrize("seed", range(2))
def test_the_curve_agrees_with_lifelines(seed: int) -> None:
    rng = np.random.default_rng(seed)
    times, visits = rng.weibull(1.3, 80) * 60, np.cumsum(rng.uniform(5, 25, (80, 8)), axis=1)
    left = [max([0.0, *(v for v in row if v < t)]) for t, row in zip(times, visits, strict=True)]
    right = [min([math.inf, *(v for v in row if v >= t)]) for t, row in zip(times, visits, strict=True)]
    mine = turnbull([(a, None if math.isinf(b) else b) for a, b in zip(left, right, strict=True)])
    theirs = of_lifelines(left, right)
    for t in np.linspace(1, 150, 40):
        high = 1 - sum(p for _, b, p in theirs if b <= t)
        low = 1 - sum(p for a, _, p in theirs if a < t)
        assert mine.kept(float(t)) == pytest.approx((low, high), abs=2e-3)


def test_without_intervals_it_is_the_plain_share_of_kaplan_and_meier() -> None:
    curve = turnbull([(5, 5), (10, 10), (12, None), (20, 20)])
    assert curve.kept(6) == pytest.approx((0.75, 0.75))
    assert curve.kept(11) == pytest.approx((0.5, 0.5))
    assert curve.kept(21)[1] == pytest.approx(0.0, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.one_of(st.none(), st.integers(1, 30))), min_size=1, max_size=25))
def test_a_curve_is_a_curve(rows: list[tuple[int, int | None]]) -> None:
    curve = turnbull([(a, None if more is None else a + more) for a, more in rows])
    assert sum(curve.mass) == pytest.approx(1.0)
    kept = [curve.kept(d) for d in range(0, 95, 5)]
    assert all(low <= high + 1e-9 for low, high in kept)
    assert all(a[0] >= b[0] - 1e-9 and a[1] >= b[1] - 1e-9 for a, b in itertools.pairwise(kept))


def test_the_band_holds_the_curve_and_is_the_same_every_time() -> None:
    rng = np.random.default_rng(1)
    held = [float(x) for x in rng.integers(0, 60, 50)]
    rows = [(h, h + 14.0 if i % 3 else None) for i, h in enumerate(held)]
    one, two = (turnbull(rows, days=(7.0, 28.0, 56.0), resamples=80) for _ in range(2))
    assert one == two
    for d in one.days:
        low, high = one.band(d) or (1.0, 0.0)
        assert low <= one.kept(d)[1]
        assert high >= one.kept(d)[0]
        assert 0 <= low <= high <= 1


def test_what_is_no_interval_is_refused() -> None:
    for rows in ([], [(5.0, 3.0)], [(-1.0, 2.0)]):
        with pytest.raises(BadInput):
            turnbull(rows)


# ---------------------------------------------------------------- a day, never a dose

TODAY = day(40).date()


def proposal(own: Own, curve: Curve | None = None, least: int = 20) -> tuple[object, str, str]:
    found = propose(own, curve, least_people=least, kept_share=0.8, today=TODAY)
    return found.on, found.basis, found.why


def test_the_persons_own_shortest_response_comes_before_the_clinics_curve() -> None:
    rows = answers((7, True), (20, True), (30, False), (40, False), (70, True), (75, True))
    own = own_history(cycles(rows, [day(0), day(60)], apart_d=7))
    on, basis, why = proposal(own, turnbull([(50.0, 60.0)] * 30, days=(0.0, 28.0, 56.0)))
    assert (on, basis) == (day(80).date(), "own")
    assert "20 days" in why


def test_the_clinics_curve_is_not_used_under_its_least_number() -> None:
    own = own_history(cycles(answers((7, True)), [day(0)], apart_d=7))
    few = turnbull([(20.0, 30.0)] * 19, days=(0.0, 14.0, 28.0))
    assert proposal(own, few)[:2] == (None, "")
    assert "19 of the 20" in proposal(own, few)[2]
    enough = turnbull([(20.0, 30.0)] * 20, days=(0.0, 14.0, 28.0))
    assert proposal(own, enough)[:2] == (day(28).date(), "clinic")


def test_nothing_is_proposed_where_no_response_stands_and_today_where_it_is_in_doubt() -> None:
    assert proposal(own_history(()))[:2] == (None, "")
    doubt = own_history(cycles(answers((7, True), (30, False)), [day(0)], apart_d=7))
    assert proposal(doubt)[:2] == (TODAY, "own")
