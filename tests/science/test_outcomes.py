"""The evidence's test vectors, one by one; one person's comparison, verdicts, signs and status; what repeated use adds up to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from stillhaven.reference.load import current
from stillhaven.science import exposure, outcomes
from stillhaven.science.findings import Finding, Verdict
from stillhaven.science.outcomes_person import (
    Agreed,
    Point,
    Standing,
    compare,
    status,
    tagged,
    verdicts_of,
)
from stillhaven.science.watching import Ruler, Score, watch

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
PHQ9 = current().instruments["phq9"]


def day(n: float) -> datetime:
    return NOW + timedelta(days=n)


def shares(events: list[int], of: list[int]) -> list[float]:
    return [round(100 * outcomes.wilson(e, n).share, 1) for e, n in zip(events, of, strict=True)]


# ---------------------------------------------------------------- TV1 to TV11

SHARES = {
    "TV1": ([108, 70], [195, 170], [55.4, 41.2]), "TV2": ([288, 155, 45], [537] * 3, [53.6, 28.9, 8.4]),
    "TV5": ([15, 10, 14, 9], [32, 30, 32, 30], [46.9, 33.3, 43.8, 30.0]),
    "TV6": ([91, 60, 73, 48], [336, 340, 336, 340], [27.1, 17.6, 21.7, 14.1]), "TV7": ([24, 39], [90, 86], [26.7, 45.3]),
    "TV8": ([46, 25], [73, 79], [63.0, 31.6]), "TV10": ([13, 3], [27, 28], [48.1, 10.7]),
    "TV11": ([15, 5], [42, 42], [35.7, 11.9]),
}  # fmt: skip


@pytest.mark.parametrize("vector", SHARES)
def test_the_shares_of_a_vector(vector: str) -> None:
    events, of, percent = SHARES[vector]
    assert shares(events, of) == percent


def test_tv1_difference_in_points() -> None:
    assert round(100 * (outcomes.wilson(108, 195).share - outcomes.wilson(70, 170).share), 1) == 14.2


def test_tv2_wilson_bounds() -> None:
    found = [outcomes.wilson(e, 537) for e in (288, 155, 45)]
    assert [(round(100 * w.low, 1), round(100 * w.high, 1)) for w in found] == [(49.4, 57.8), (25.2, 32.8), (6.3, 11.0)]


def test_tv3_the_odds_ratio_with_its_interval_and_the_number_needed() -> None:
    ratio = outcomes.odds_ratio((22, 12), (40, 40))
    assert ratio is not None
    assert [round(x, 2) for x in (ratio.value, ratio.low, ratio.high)] == [2.85, 1.14, 7.15]
    assert outcomes.number_needed((22, 12), (40, 40)) == 4.0


@pytest.mark.parametrize(("events", "of", "crude"), [((30, 7), (47, 25), 4.54), ((46, 25), (73, 79), 3.68)])
def test_tv4_and_tv8_crude_odds_ratios_are_not_the_printed_ones(
    events: tuple[int, int], of: tuple[int, int], crude: float
) -> None:
    ratio = outcomes.odds_ratio(events, of)
    assert ratio is not None
    assert round(ratio.value, 2) == crude


def test_tv9_remission_is_no_part_of_response() -> None:
    people = [(7, 3)] * 4 + [(20, 10)] * 7 + [(16, 4)] * 7  # from, to
    verdicts = [verdicts_of(PHQ9, a, b) for a, b in people]
    assert sum(v.remission is True for v in verdicts) == 11
    assert sum(v.remission is True and not v.response for v in verdicts) == 4
    assert sum(v.response is True and v.remission is False for v in verdicts) == 7


# ---------------------------------------------------------------- one person


def series(*rows: tuple[float, float | None], sessions: tuple[float, ...] = (0,), name: str = "phq9@1") -> list[Point]:
    begun = [day(n) for n in sessions]
    return [tagged(day(n), value, begun, name=name, recall_days=14) for n, value in rows]


def test_a_form_is_tagged_with_its_sessions_and_with_days_from_before_them() -> None:
    before, soon, late = series((-1, 20), (2, 12), (20, 8), sessions=(0, 4))
    assert (before.sessions_so_far, before.since_session_h, before.overlaps) == (0, None, False)
    assert (soon.sessions_so_far, soon.since_session_h, soon.overlaps) == (1, 48.0, True)
    assert (late.sessions_so_far, late.since_session_h, late.overlaps) == (2, 384.0, False)


def test_the_baseline_is_the_last_score_before_the_first_session() -> None:
    found = compare(series((-30, 24), (-1, 20), (20, 10), (27, 12)), PHQ9)
    assert found.baseline is not None
    assert found.baseline.value == 20
    assert (found.verdicts.points, found.verdicts.percent) == (8, 40.0)
    assert (found.verdicts.response, found.verdicts.remission, found.verdicts.reliable) == (False, False, 1)
    assert found.previous_points == -2
    assert (found.n, found.of) == (4, 4)


def test_verdicts_disagree_and_stay_apart() -> None:
    found = compare(series((-1, 9), (20, 4)), PHQ9).verdicts
    assert (found.response, found.remission, found.reliable, found.worse) == (None, True, 0, False)  # under caseness
    worse = compare(series((-1, 12), (20, 18)), PHQ9).verdicts
    assert (worse.response, worse.remission, worse.reliable, worse.worse) == (False, False, -1, True)


def test_another_version_is_never_the_baseline() -> None:
    old = series((-1, 20), name="phq9@0")
    found = compare([*old, *series((20, 8))], PHQ9)
    assert found.baseline is None
    assert found.verdicts.response is None
    assert (found.n, found.of) == (1, 1)


def test_a_form_without_a_score_is_counted_and_is_no_zero() -> None:
    found = compare(series((-1, 20), (15, None), (20, 10)), PHQ9)
    assert (found.n, found.of) == (2, 3)
    assert found.verdicts.now == 10


AGREED = Agreed(after_sessions=2, fall_percent=50, by="Dr A")


def watched(rows: list[tuple[float, float | None]], sessions: tuple[float, ...]) -> list[Finding]:
    """What the one watch says of these PHQ-9."""
    scores = [
        Score(uid=UUID(int=n), scale="phq9", version="1", taken_at=day(at), total=v) for n, (at, v) in enumerate(rows)
    ]
    rules = [r for r in current().followup.watch.values() if r.scale == "phq9"]
    ruler = {"phq9": Ruler(name="PHQ-9", direction=PHQ9.direction, floor=0, ceiling=27, reliable=6)}
    return [w.finding for w in watch(rules, scores, ruler, day(sessions[0]) if sessions else None)]


@pytest.mark.parametrize(
    ("rows", "sessions", "agreed", "standing", "why"),
    [([(-1, 20)], (), AGREED, "not_enough_data", "no session"), ([(20, 9)], (0,), AGREED, "not_enough_data", "before"),
     ([(-1, 20)], (0,), AGREED, "not_enough_data", "since the first session"),
     ([(-1, 20), (3, 5)], (0, 2), AGREED, "not_enough_data", "days before"),
     ([(-1, 20), (20, 5)], (0, 2), None, "not_enough_data", "no plan"),
     ([(-1, 20), (20, 5)], (0,), AGREED, "not_enough_data", "after 2 sessions"),
     ([(-1, 20), (20, 10)], (0, 2), AGREED, "on_track", "50 % better"),
     ([(-1, 20), (20, 11)], (0, 2), AGREED, "not_on_track", "45 % better"),
     ([(-1, 20), (20, 6), (30, 12)], (0, 2), AGREED, "relapse_watch", "worse by 6"),
     ([(-1, 20), (20, 6), (30, 10)], (0, 2), AGREED, "on_track", "50 % better")],
)  # fmt: skip
def test_the_status_says_why(
    rows: list[tuple[float, float | None]], sessions: tuple[float, ...], agreed: Agreed | None, standing: str, why: str
) -> None:
    points = series(*rows, sessions=sessions)
    found = compare(points, PHQ9)
    got = status(found, watched(rows, sessions), agreed, len(sessions))
    assert got.standing is Standing(standing)
    assert why in got.because


# ---------------------------------------------------------------- what repeated use adds up to


def dose(n: float, mg: float | None, drug: str = "ketamine", route: str = "iv_infusion") -> exposure.SessionDose:
    return exposure.SessionDose(at=day(n), drug=drug, route=route, mg=mg)


def test_drugs_and_routes_are_never_added_together() -> None:
    found = exposure.totals(
        [dose(0, 40), dose(3, 40), dose(5, 56, "esketamine", "intranasal"), dose(9, 50, route="im")]
    )
    assert {(s.drug, s.route): s.mg for s in found} == {
        ("ketamine", "iv_infusion"): 80.0, ("esketamine", "intranasal"): 56.0, ("ketamine", "im"): 50.0,
    }  # fmt: skip


def test_a_month_is_the_clinics_own() -> None:
    late = replace(dose(0, 40), at=datetime(2026, 6, 1, 2, 0, tzinfo=UTC))  # still May in New York
    found = exposure.monthly([late, dose(5, 40)], ZoneInfo("America/New_York"))
    assert [(s.month, s.mg) for s in found] == [("2026-06", 40.0), ("2026-05", 40.0)]


def test_busiest_month_and_the_last_one() -> None:
    doses = [dose(n, 40) for n in (-80, -78, -75, -70, -2)]
    assert exposure.busiest([d.at for d in doses]) == 4
    assert len(exposure.within(doses, NOW)) == 1


def line(value: float | None) -> exposure.Threshold:
    return exposure.Threshold(key="x", title="Sessions in 30 days", unit="sessions", value=value, set_by="Dr A")


@pytest.mark.parametrize(
    ("value", "amount", "unknown", "verdict", "says"),
    [(None, 9, 0, Verdict.UNKNOWN, "no threshold is set"), (8, 8, 0, Verdict.MET, "within"),
     (8, 9, 0, Verdict.NOT_MET, "over"), (8, 7, 1, Verdict.UNKNOWN, "at least"), (8, 9, 1, Verdict.NOT_MET, "over")],
)  # fmt: skip
def test_a_threshold_that_nobody_set_says_so_and_an_unknown_amount_is_not_within(
    value: float | None, amount: float, unknown: int, verdict: Verdict, says: str
) -> None:
    found = exposure.judge_amount(line(value), amount, unknown=unknown)
    assert found.verdict is verdict
    assert says in found.because
    assert not found.stops


def test_a_look_is_due_by_the_clinics_own_interval_only() -> None:
    def state(last: datetime | None, every: float | None) -> str:
        return exposure.look("bladder", "Bladder", last=last, every_d=every).state(NOW)

    assert [state(None, 90), state(day(-100), 90), state(day(-10), 90), state(day(-10), None)] == [
        "never", "due", "done", "not set",
    ]  # fmt: skip
