"""Every point of a course is in one state; forms land where they belong; nobody is written to for what is done."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillhaven.reference.load import current
from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Verdict, Weight
from stillhaven.science.followup import (
    ENDS,
    Attempt,
    CourseFacts,
    Ending,
    Point,
    State,
    Taken,
    completeness,
    expected,
    last_induction,
    outcome_form,
    schedule_for,
    to_remind,
)
from stillhaven.science.scales.instrument import Direction
from stillhaven.science.watching import Ruler, Score, watch

START = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
RULES = current().followup
DEPRESSION, SET = RULES.schedules["depression"], RULES.settings
SIX = tuple(START + timedelta(days=d) for d in (0, 3, 7, 10, 14, 17))
FACTS = CourseFacts(opened_at=START - timedelta(days=20), sessions=SIX)
LAST = SIX[-1]


def form(n: int, at: datetime, scale: str = "phq9", recall: float | None = 14) -> Taken:
    return Taken(uid=UUID(int=n), scale=scale, name=scale, taken_at=at, recall_days=recall)


def stands(points: tuple[Point, ...], key: str) -> Point:
    return next(p for p in points if p.key == key)


def at(now: datetime, facts: CourseFacts = FACTS, **more: object) -> tuple[Point, ...]:
    return expected(facts, DEPRESSION, SET, now, **more)  # type: ignore[arg-type]


def test_the_outcome_window_is_the_published_one() -> None:
    outcome = stands(at(LAST + timedelta(days=20)), "outcome:1")
    assert (outcome.opens_at - LAST, outcome.closes_at - LAST) == (timedelta(days=14), timedelta(days=31))
    assert outcome.due_at - LAST == timedelta(days=21)


def test_of_several_forms_in_the_window_the_one_nearest_day_21_counts() -> None:
    days = {1: 15, 2: 19, 3: 24, 4: 30}
    taken = [form(n, LAST + timedelta(days=d)) for n, d in days.items()]
    points = at(LAST + timedelta(days=60), taken=taken)
    assert stands(points, "outcome:1").forms == (UUID(int=2),)
    assert outcome_form(points) == UUID(int=2)


def test_a_form_after_the_window_is_late_and_is_no_outcome() -> None:
    points = at(LAST + timedelta(days=60), taken=[form(1, LAST + timedelta(days=33))])
    assert stands(points, "outcome:1").state is State.LATE
    assert outcome_form(points) is None


def test_a_form_of_two_weeks_on_day_seven_still_asks_about_days_before_treatment() -> None:
    points = at(
        LAST + timedelta(days=60), taken=[form(1, START + timedelta(days=7)), form(2, LAST + timedelta(days=21))]
    )
    assert stands(points, "week:1").overlaps
    assert not stands(points, "outcome:1").overlaps


def test_a_form_without_a_recall_window_is_not_flagged() -> None:
    points = at(LAST, taken=[form(1, START + timedelta(days=7), recall=None)])
    assert not stands(points, "week:1").overlaps


@pytest.mark.parametrize("name", sorted(RULES.schedules))
def test_after_a_session_a_short_check_is_expected_and_a_long_form_is_not(name: str) -> None:
    schedule = RULES.schedules[name]
    after = [p for p in schedule.points if p.key in ("day_1", "day_3")]
    assert [p.needs for p in after] == [("session_check",)] * 2
    assert all(p.call for p in after)
    check = [form(n, s + timedelta(hours=22), "session_check", recall=0) for n, s in enumerate(SIX)]
    points = expected(FACTS, schedule, SET, LAST + timedelta(days=3), taken=check)
    assert {p.state for p in points if p.rule.key == "day_1"} == {State.DONE}
    assert not any(p.overlaps for p in points)
    kept = {
        p.key: p.due_at - LAST
        for p in expected(FACTS, schedule, SET, LAST + timedelta(days=400))
        if p.rule.needs == ("harm_watch",)
    }
    assert kept == {"repeat:1": timedelta(days=91), "repeat:2": timedelta(days=182), "repeat_12:1": timedelta(days=365)}


def test_a_call_in_which_nobody_was_reached_ends_nothing() -> None:
    tried = Attempt(points=("day_1:1",), at=START + timedelta(hours=25), reached=False)
    point = stands(at(START + timedelta(hours=30), attempts=[tried]), "day_1:1")
    assert (point.state, point.attempts) == (State.DUE, 1)
    point = stands(at(START + timedelta(hours=30), attempts=[replace(tried, reached=True)]), "day_1:1")
    assert (point.state, point.by_call) == (State.DONE, True)


def test_a_call_does_not_stand_in_for_the_outcome_form() -> None:
    now = LAST + timedelta(days=25)
    points = at(now, attempts=[Attempt(points=("outcome:1",), at=now, reached=True)])
    assert stands(points, "outcome:1").state is State.DUE


def test_a_form_that_comes_after_declining_counts_all_the_same() -> None:
    no = Ending(point="outcome:1", kind=State.DECLINED, at=LAST + timedelta(days=15), by="N. Alvarez RN", why="busy")
    now = LAST + timedelta(days=40)
    assert stands(at(now, endings=[no]), "outcome:1").state is State.DECLINED
    assert stands(at(now, endings=[no], taken=[form(1, LAST + timedelta(days=22))]), "outcome:1").state is State.DONE


def test_who_stops_keeps_what_was_done_and_the_rest_is_withdrawn() -> None:
    stop = START + timedelta(days=8)
    facts = replace(FACTS, sessions=SIX[:3], stopped_at=stop, stopped_why="moved away")
    points = at(START + timedelta(days=100), facts, taken=[form(1, START - timedelta(days=2))])
    assert stands(points, "baseline:1").state is State.DONE
    assert stands(points, "outcome:1").state is State.WITHDRAWN
    assert stands(points, "outcome:1").why == "moved away"
    assert stands(points, "pre_session:2").state is State.OVERDUE  # was missed before


def test_induction_is_over_only_when_it_is() -> None:
    facts = replace(FACTS, next_session=LAST + timedelta(days=3))
    assert last_induction(facts, SET, LAST + timedelta(days=1)) is None
    assert last_induction(FACTS, SET, LAST + timedelta(days=1)) is None
    assert last_induction(FACTS, SET, LAST + SET.quiet_for) == LAST
    moved = replace(FACTS, induction_ended_at=LAST + timedelta(hours=3))
    assert last_induction(moved, SET, LAST + timedelta(days=1)) == LAST
    kept_on = replace(FACTS, sessions=(*SIX, START + timedelta(days=60)))
    assert last_induction(kept_on, SET, START + timedelta(days=61)) == LAST


def test_before_the_first_session_only_what_comes_before_it_is_expected() -> None:
    facts = CourseFacts(opened_at=START - timedelta(days=9), next_session=START)
    keys = {p.key for p in at(START - timedelta(days=2), facts) if p.state is not State.LATER}
    assert keys == {"baseline:1"}
    assert at(START, CourseFacts(opened_at=START)) == ()


def test_a_weekly_point_that_stood_does_not_go_away_when_induction_turns_out_to_be_over() -> None:
    facts = CourseFacts(opened_at=START, sessions=SIX[:1])
    for days in (8, 20, 60):
        assert stands(at(START + timedelta(days=days), facts), "week:1").due_at == START + timedelta(days=7)
    assert {p.number for p in at(START + timedelta(days=60), facts) if p.rule.key == "week"} == {1}
    assert {p.number for p in at(START + timedelta(days=60)) if p.rule.key == "week"} == {1, 2, 3}


def test_a_moved_visit_keeps_its_point() -> None:
    facts = CourseFacts(opened_at=START, sessions=SIX[:1], next_session=SIX[1])
    moved = replace(facts, next_session=SIX[1] + timedelta(days=1))
    now = START + timedelta(hours=5)
    assert stands(at(now, facts), "pre_session:2").due_at != stands(at(now, moved), "pre_session:2").due_at


def test_schedules_are_found_by_the_indication() -> None:
    found = {i: schedule_for(i, RULES.schedules).key for i in ("Complex regional pain syndrome", "PTSD", "Alcohol use")}
    assert found == {"Complex regional pain syndrome": "pain", "PTSD": "ptsd", "Alcohol use": "depression"}
    with pytest.raises(BadInput):
        schedule_for("x", {})


def test_a_named_version_has_to_be_that_version() -> None:
    week = Taken(uid=UUID(int=1), scale="pcl5", name="pcl5@week", taken_at=START)
    month = replace(week, name="pcl5")
    assert (week.is_for("pcl5@week"), month.is_for("pcl5@week"), month.is_for("pcl5")) == (True, False, True)


# ---------------------------------------------------------------- properties

MOMENTS = st.integers(-30 * 24, 420 * 24).map(lambda h: START + timedelta(hours=h))
SESSIONS = st.lists(st.integers(0, 60 * 24), min_size=0, max_size=9, unique=True).map(
    lambda hours: tuple(START + timedelta(hours=h) for h in sorted(hours))
)


@st.composite
def courses(draw: st.DrawFn) -> tuple[CourseFacts, list[Taken], list[Ending], list[Attempt]]:
    sessions = draw(SESSIONS)
    facts = CourseFacts(
        opened_at=START - timedelta(days=20), sessions=sessions,
        next_session=draw(st.none() | MOMENTS), induction_ended_at=draw(st.none() | MOMENTS),
        stopped_at=draw(st.none() | MOMENTS),
    )  # fmt: skip
    taken = [
        form(n, t, draw(st.sampled_from(("phq9", "gad7")))) for n, t in enumerate(draw(st.lists(MOMENTS, max_size=12)))
    ]
    keys = st.sampled_from(("baseline:1", "pre_session:2", "day_1:1", "week:2", "outcome:1", "month:3"))
    endings = [
        Ending(point=draw(keys), kind=draw(st.sampled_from((State.DECLINED, State.UNREACHABLE))), at=t, by="x", why="y")
        for t in draw(st.lists(MOMENTS, max_size=4))
    ]
    calls = [
        Attempt(points=(draw(keys),), at=t, reached=draw(st.booleans())) for t in draw(st.lists(MOMENTS, max_size=4))
    ]
    return facts, taken, endings, calls


@settings(max_examples=120, deadline=None)
@given(courses(), MOMENTS)
def test_points_add_up_and_have_names_of_their_own(
    course: tuple[CourseFacts, list[Taken], list[Ending], list[Attempt]], now: datetime
) -> None:
    facts, taken, endings, calls = course
    points = at(now, facts, taken=taken, endings=endings, attempts=calls)
    assert len({p.key for p in points}) == len(points)
    n = completeness(points)
    assert n.of == n.done + n.late + n.declined + n.unreachable + n.withdrawn + n.overdue
    assert len(points) == n.of + n.waiting + sum(p.state is State.LATER for p in points)
    for p in points:
        assert p.opens_at <= p.due_at <= p.closes_at <= p.late_until
        if p.forms:
            assert p.state in (State.DONE, State.LATE)


@settings(max_examples=120, deadline=None)
@given(courses(), MOMENTS)
def test_no_form_counts_twice_for_points_of_one_kind(
    course: tuple[CourseFacts, list[Taken], list[Ending], list[Attempt]], now: datetime
) -> None:
    facts, taken, _, _ = course
    points = at(now, facts, taken=taken)
    for kind in {p.rule.key for p in points}:
        used = [u for p in points if p.rule.key == kind for u in p.forms]
        assert len(used) == len(set(used))


@settings(max_examples=120, deadline=None)
@given(courses(), MOMENTS, st.integers(1, 200))
def test_an_end_stays_an_end_and_a_form_never_makes_it_less(
    course: tuple[CourseFacts, list[Taken], list[Ending], list[Attempt]], now: datetime, more: int
) -> None:
    facts, taken, endings, calls = course
    fixed = replace(facts, next_session=None)
    before = {p.key: p for p in at(now, fixed, taken=taken, endings=endings, attempts=calls)}
    one_more = form(99, now)
    after = {p.key: p for p in at(now, fixed, taken=[*taken, one_more], endings=endings, attempts=calls)}
    assert before.keys() == after.keys()
    for key, p in before.items():
        if p.state is State.DONE:
            assert after[key].state is State.DONE
        if p.state in ENDS:
            assert after[key].state in ENDS


@settings(max_examples=80, deadline=None)
@given(courses(), MOMENTS)
def test_nobody_is_reminded_of_what_has_ended(
    course: tuple[CourseFacts, list[Taken], list[Ending], list[Attempt]], now: datetime
) -> None:
    facts, taken, endings, calls = course
    points = at(now, facts, taken=taken, endings=endings, attempts=calls)
    for p in to_remind(points, SET, now, {}):
        assert p.state not in ENDS
        assert p.opens_at <= now <= p.closes_at
        assert to_remind([p], SET, now, {p.key: [now]}) == ()
    full = {p.key: [START - timedelta(days=90)] * SET.most_reminders for p in points}
    assert to_remind(points, SET, now, full) == ()


def test_a_year_later_nothing_is_open_any_more() -> None:
    points = at(LAST + timedelta(days=500))
    assert {p.state for p in points} == {State.OVERDUE}
    assert {p.rule.key for p in points} == {p.key for p in DEPRESSION.points}


# ---------------------------------------------------------------- the watch

RULER = {"phq9": Ruler(name="PHQ-9", direction=Direction.HIGHER_WORSE, floor=0, ceiling=27, reliable=6)}


def fired(totals: dict[float, float | None], version: str = "1") -> dict[str, Verdict]:
    """Days after the first session -> PHQ-9."""
    scores = [
        Score(uid=uuid5(UUID(int=0), str(d)), scale="phq9", version="2" if d < 0 and version == "2" else "1",
              taken_at=START + timedelta(days=d), total=t)
        for d, t in totals.items()
    ]  # fmt: skip
    found = watch(RULES.watch.values(), scores, RULER, START)
    assert all(w.finding.weight is Weight.CAUTION and not w.finding.stops for w in found)
    return {w.rule.key: w.finding.verdict for w in found if w.rule.scale == "phq9"}


def test_six_points_are_reliable_and_five_are_not() -> None:
    assert fired({-1: 12, 7: 17})["worse_phq9"] is Verdict.MET
    assert fired({-1: 12, 7: 18})["worse_phq9"] is Verdict.NOT_MET
    found = fired({-1: 20, 7: 6, 30: 12})
    assert (found["worse_phq9"], found["up_phq9"]) == (Verdict.MET, Verdict.NOT_MET)


def test_a_response_is_lost_after_two_forms_a_week_apart() -> None:
    assert fired({-1: 20, 7: 8, 30: 12})["lost_phq9"] is Verdict.MET
    assert fired({-1: 20, 7: 8, 30: 12, 33: 13})["lost_phq9"] is Verdict.MET
    assert fired({-1: 20, 7: 8, 30: 12, 37: 13})["lost_phq9"] is Verdict.NOT_MET
    assert fired({-1: 20, 7: 8, 30: 12, 37: 9})["lost_phq9"] is Verdict.MET
    assert fired({-1: 20, 7: 15, 30: 14, 37: 13})["lost_phq9"] is Verdict.MET  # never had one


def test_relapse_needs_a_remission_before_it() -> None:
    assert fired({-1: 20, 20: 4, 40: 10, 50: 11})["relapse_phq9"] is Verdict.NOT_MET
    assert fired({-1: 20, 20: 4, 40: 10, 50: 9})["relapse_phq9"] is Verdict.MET
    assert fired({-1: 20, 20: 5, 40: 10, 50: 11})["relapse_phq9"] is Verdict.MET


def test_what_is_missing_is_unknown_and_never_well() -> None:
    assert set(fired({}).values()) == {Verdict.UNKNOWN}
    assert fired({7: 20})["worse_phq9"] is Verdict.UNKNOWN
    assert fired({-1: 12, 7: None})["worse_phq9"] is Verdict.UNKNOWN
    assert fired({-1: 12, 7: 25}, version="2")["worse_phq9"] is Verdict.UNKNOWN
    assert watch(RULES.watch.values(), [], RULER, None) == ()


def test_a_suicide_item_that_left_zero_stays_a_sign_until_it_is_zero_again_and_opens_one_review() -> None:
    def item(*values: float | None) -> tuple[Verdict, UUID | None]:
        scores = [
            Score(uid=UUID(int=n + 1), scale="phq9", version="1", taken_at=START + timedelta(days=n), total=5.0,
                  items={"9": v}) for n, v in enumerate(values)
        ]  # fmt: skip
        found = watch([RULES.watch["item9_phq9"]], scores, RULER, START)[0]
        return found.finding.verdict, found.trigger

    assert item(0, 1) == (Verdict.NOT_MET, UUID(int=2))
    assert item(0, 1, 2, 1) == (Verdict.NOT_MET, UUID(int=2))  # one review, by the form that first showed it
    assert item(1, 0, 2, None, 1) == (Verdict.NOT_MET, UUID(int=3))
    assert [item(*v)[0] for v in ((1, 1), (0, 0), (0, 1, 0))] == [Verdict.MET] * 3
    assert [item(*v)[0] for v in ((), (1,), (0,), (0, None))] == [Verdict.UNKNOWN] * 4


def test_every_rule_says_whose_it_is() -> None:
    assert {r.is_proposal for r in RULES.watch.values() if r.key == "worse_phq9"} == {False}
    assert all(r.source for r in RULES.watch.values())
    assert all(r.within > timedelta() for r in RULES.watch.values())
