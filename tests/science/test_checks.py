"""Checks come when they are due, and late ones are counted one by one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stillhaven.science.checks import OPEN, CheckFacts, CheckMarks, Done, Due, due, slots, timetable_findings
from stillhaven.science.findings import Verdict
from stillhaven.science.limits import Limit
from stillhaven.science.policy import CheckTimetable
from stillhaven.science.protocol import Cite

T0 = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)


def at(minutes):
    return T0 + timedelta(minutes=minutes)


def lim(value):
    return Limit(value=value, unit="min", source="made_up")


MARKS = CheckMarks(soon=lim(2), early=lim(1), overdue_after=lim(3), labels={"pressure": "BP"})
TABLE = CheckTimetable(
    key="t",
    title="Every 7 min",
    cite=Cite(source=("made_up",)),
    measures=("pressure",),
    during_every_min=7.0,
    recovery_every_min=11.0,
)
RUNNING = CheckFacts(checked_in_at=at(-30), started_at=at(0))
ENDED = replace(RUNNING, ended_at=at(21))
BASE = Done(measure="pressure", at=at(-10))


def states(facts, done, now, table=TABLE, marks=MARKS):
    return {s.key: s.state for s in slots(table, facts, done, at(now), marks)}


def done(*minutes, measure="pressure"):
    return [BASE, *(Done(measure=measure, at=at(m)) for m in minutes)]


# ---------------------------------------------------------------- the timetable
def test_nothing_is_due_before_check_in_and_the_baseline_from_it():
    assert slots(TABLE, CheckFacts(), [], at(-60), MARKS) == ()
    here = CheckFacts(checked_in_at=at(-30))
    assert [(d.key, d.state) for d in due(TABLE, here, [], at(-30), MARKS)] == [("baseline", Due.NOW)]
    assert [d.state for d in due(TABLE, here, [], at(-1), MARKS)] == [Due.NOW]
    assert due(TABLE, here, [BASE], at(-1), MARKS) == ()
    assert due(replace(TABLE, baseline=False), here, [], at(-1), MARKS) == ()


def test_later_soon_now_overdue():
    for now, state in [
        (0, Due.LATER),
        (4.9, Due.LATER),
        (5, Due.SOON),
        (6.9, Due.SOON),
        (7, Due.NOW),
        (10, Due.NOW),
        (10.1, Due.OVERDUE),
    ]:
        line = next(d for d in due(TABLE, RUNNING, [BASE], at(now), MARKS) if d.key == "start+7")
        assert (line.state, line.at, line.label) == (state, at(7), "BP"), now


def test_the_next_one_is_always_on_the_list():
    assert [d.key for d in due(TABLE, RUNNING, done(7), at(8), MARKS)] == ["start+14"]
    assert [d.at for d in due(TABLE, RUNNING, done(7, 14), at(14), MARKS)] == [at(21)]


def test_recovery_has_its_own_rhythm_and_leaving_ends_it():
    assert [d.key for d in due(TABLE, ENDED, done(7, 14, 21), at(22), MARKS)] == ["end+11"]
    left = replace(ENDED, left_at=at(40))
    assert states(left, done(7, 14, 21, 32), 99) == {
        "baseline:pressure": Due.DONE,
        "start+7:pressure": Due.DONE,
        "start+14:pressure": Due.DONE,
        "start+21:pressure": Due.DONE,
        "end+11:pressure": Due.DONE,
    }
    assert due(TABLE, left, [], at(99), MARKS) == ()


def test_a_hold_keeps_the_checks_coming():
    """The timetable has no word for a hold: a held infusion has a start and no end, and its checks go on."""
    assert [d.key for d in due(TABLE, RUNNING, done(7), at(40), MARKS)] == [
        "start+14",
        "start+21",
        "start+28",
        "start+35",
        "start+42",
    ]


# ---------------------------------------------------------------- late ones
def test_three_checks_left_out_are_three_lines():
    open_ = due(TABLE, RUNNING, [BASE], at(25), MARKS)
    assert [(d.key, d.state) for d in open_] == [
        ("start+7", Due.OVERDUE),
        ("start+14", Due.OVERDUE),
        ("start+21", Due.OVERDUE),
        ("start+28", Due.LATER),
    ]


def test_one_late_check_fills_one_moment_and_the_others_are_missed():
    after = states(RUNNING, done(25), 25)
    assert after == {
        "baseline:pressure": Due.DONE,
        "start+7:pressure": Due.MISSED,
        "start+14:pressure": Due.MISSED,
        "start+21:pressure": Due.LATE,
        "start+28:pressure": Due.LATER,
    }
    late = next(s for s in slots(TABLE, RUNNING, done(25), at(25), MARKS) if s.key == "start+21:pressure")
    assert (late.done_at, late.late_s) == (at(25), 240.0)


def test_a_second_check_of_one_moment_does_not_mend_the_one_that_was_missed():
    after = states(RUNNING, done(15, 16), 17)
    assert (after["start+7:pressure"], after["start+14:pressure"]) == (Due.MISSED, Due.DONE)


def test_a_little_early_counts_for_the_next_and_too_early_for_none():
    assert states(RUNNING, done(6), 8)["start+7:pressure"] is Due.DONE
    assert states(RUNNING, done(5.9), 8)["start+7:pressure"] is Due.NOW
    assert states(RUNNING, done(7, 8), 8)["start+14:pressure"] is Due.LATER


def test_a_baseline_not_taken_before_the_start_is_missed_for_good():
    assert states(RUNNING, [], 1)["baseline:pressure"] is Due.MISSED
    after = states(RUNNING, [Done(measure="pressure", at=at(2))], 3)
    assert after["baseline:pressure"] is Due.MISSED


def test_what_somebody_left_out_with_a_reason_is_skipped():
    skip = Done(measure="pressure", at=at(9), slot="start+7:pressure", skipped_because="in the bathroom")
    found = next(s for s in slots(TABLE, RUNNING, [BASE, skip], at(12), MARKS) if s.key == "start+7:pressure")
    assert (found.state, found.because) == (Due.SKIPPED, "in the bathroom")
    nowhere = Done(measure="pressure", at=at(9), skipped_because="no idea which")
    assert states(RUNNING, [BASE, nowhere], 12)["start+7:pressure"] is Due.OVERDUE
    named = Done(measure="pressure", at=at(15), slot="start+7:pressure")
    assert states(RUNNING, [BASE, named], 16)["start+7:pressure"] is Due.LATE


def test_a_check_of_tomorrow_does_not_count_today():
    assert states(RUNNING, done(9), 8)["start+7:pressure"] is Due.NOW


def test_unset_marks_are_no_grace():
    bare = CheckMarks(soon=lim(None), early=lim(None), overdue_after=lim(None))
    assert states(RUNNING, [BASE], 6.9, marks=bare)["start+7:pressure"] is Due.LATER
    assert states(RUNNING, [BASE], 7.1, marks=bare)["start+7:pressure"] is Due.OVERDUE


# ---------------------------------------------------------------- fixed moments and several measures
DEVICES = CheckTimetable(
    key="d",
    title="Fixed",
    cite=Cite(source=("made_up",)),
    measures=("pressure", "sedation"),
    at_min=(0.0, 33.0, 66.0),
    between_every_min=22.0,
    before_leaving=True,
)


def test_fixed_moments_hold_also_after_the_drug_has_ended():
    facts = replace(RUNNING, ended_at=at(5), leave_from=at(100))
    keys = [d.key for d in due(DEVICES, facts, [], at(65), MARKS)]
    assert keys == ["start+22", "start+33", "start+44", "start+66", "leaving"]
    assert [
        d.key for d in due(replace(DEVICES, after_end_min=(9.0,), between_every_min=None), facts, [], at(1), MARKS)
    ] == ["end+9", "start+33", "start+66", "leaving"]


def test_measures_of_one_moment_are_one_line_and_each_is_done_for_itself():
    line = next(d for d in due(DEVICES, RUNNING, [], at(33), MARKS) if d.key == "start+33")
    assert (line.label, line.measures) == ("BP and sedation", ("pressure", "sedation"))
    half = [Done(measure="pressure", at=at(33))]
    line = next(d for d in due(DEVICES, RUNNING, half, at(34), MARKS) if d.key == "start+33")
    assert (line.label, line.measures) == ("sedation", ("sedation",))
    three = replace(DEVICES, measures=("pressure", "sedation", "pain_score"))
    line = next(d for d in due(three, RUNNING, [], at(33), MARKS) if d.key == "start+33")
    assert line.label == "BP, sedation and pain score"


def test_an_interval_that_nobody_has_set_is_said():
    assert timetable_findings(None)[0].stops
    asks = timetable_findings(replace(TABLE, asks=("recovery_every_min",)))
    assert [(f.rule, f.verdict) for f in asks] == [("timetable_recovery_every_min", Verdict.UNKNOWN)]
    assert timetable_findings(TABLE)[0].is_met


# ---------------------------------------------------------------- in general
MINUTES = st.integers(-40, 120)


@given(st.lists(MINUTES, max_size=12), st.integers(0, 90), st.one_of(st.none(), st.integers(1, 60)))
def test_each_check_done_fills_at_most_one_moment(minutes, now, end):
    facts = RUNNING if end is None else replace(RUNNING, ended_at=at(end))
    rows = [Done(measure="pressure", at=at(m)) for m in minutes]
    found = slots(TABLE, facts, rows, at(now), MARKS)
    filled = [s.done_at for s in found if s.done_at is not None]
    for moment in set(filled):
        assert filled.count(moment) <= minutes.count(round((moment - T0).total_seconds() / 60))
    assert len({s.key for s in found}) == len(found)
    assert all(s.done_at >= s.at - timedelta(minutes=1) for s in found if s.done_at)


@given(st.lists(MINUTES, max_size=8), st.integers(0, 60), st.integers(0, 60))
def test_what_has_been_missed_or_done_stays_so(minutes, one, two):
    early, late = sorted((one, two))
    rows = [Done(measure="pressure", at=at(m)) for m in minutes]
    before, after = states(RUNNING, rows, early), states(RUNNING, rows, late)
    for key, state in before.items():
        if state not in OPEN:
            assert after[key] is state


@given(st.lists(MINUTES, max_size=8), st.integers(0, 90))
def test_every_moment_that_has_come_is_on_the_record(minutes, now):
    rows = [Done(measure="pressure", at=at(m)) for m in minutes]
    found = slots(TABLE, RUNNING, rows, at(now), MARKS)
    assert {s.at for s in found if s.key.startswith("start")} == {at(7 * k) for k in range(1, now // 7 + 2)}


@given(st.lists(MINUTES, max_size=8), st.integers(0, 90))
def test_done_in_any_order_is_the_same(minutes, now):
    rows = [Done(measure="pressure", at=at(m)) for m in minutes]
    assert slots(TABLE, RUNNING, rows, at(now), MARKS) == slots(TABLE, RUNNING, rows[::-1], at(now), MARKS)
