"""Milligrams given: exact to the second through every hold and change, against a count second by second."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhaven.science import dosing
from stillhaven.science.dose_entries import DoseEntry, Kind, Phase, in_order
from stillhaven.science.dosing import (
    PlannedStep,
    ends_at,
    entry_findings,
    first_and_last,
    given_mg,
    given_mg_per_kg,
    given_ml,
    phase,
    pieces,
    plan_fraction,
    pushes,
    running,
    time_left_s,
)
from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Verdict
from stillhaven.science.limits import Limit, Standing
from stillhaven.science.reconcile import reconcile

T0 = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)


def at(seconds):
    return T0 + timedelta(seconds=seconds)


def e(kind, seconds, **more):
    return DoseEntry(kind=Kind(kind), at=at(seconds), **more)


START = e("start", 0, rate_ml_per_h=120.0, concentration_mg_per_ml=0.5, bag_ml=100.0)


# ---------------------------------------------------------------- plain cases, worked by hand
def test_a_plain_infusion():
    assert given_mg([START], at(-1)) == 0.0
    assert given_mg([START], at(0)) == 0.0
    assert given_ml([START], at(900)) == 30.0
    assert given_mg([START], at(900)) == 15.0
    assert given_mg_per_kg([START], at(900), 75.0) == 0.2
    assert given_mg_per_kg([START], at(900), None) is None


def test_a_hold_adds_nothing_and_a_change_counts_from_its_second():
    entries = [
        START,
        e("hold", 600, seq=1),
        e("resume", 1000, seq=2),
        e("rate_change", 1300, rate_ml_per_h=60.0, seq=3),
        e("stop", 1900, seq=4),
    ]
    assert given_ml(entries, at(600)) == given_ml(entries, at(1000)) == 20.0
    assert given_ml(entries, at(1300)) == 30.0
    assert given_ml(entries, at(1900)) == given_ml(entries, at(9000)) == 40.0
    assert [(p.start, p.end, p.rate_mg_per_h) for p in pieces(entries, at(5000))] == [
        (at(0), at(600), 60.0),
        (at(1000), at(1300), 60.0),
        (at(1300), at(1900), 30.0),
    ]


def test_a_rate_changed_during_a_hold_runs_from_the_resume():
    entries = [START, e("hold", 600), e("rate_change", 700, rate_mg_per_h=30.0), e("resume", 1000)]
    assert given_mg(entries, at(1000)) == 10.0
    assert given_mg(entries, at(1600)) == 15.0
    other = [START, e("hold", 600), e("resume", 1000, rate_ml_per_h=240.0)]
    assert given_mg(other, at(1600)) == 30.0


def test_a_bolus_adds_to_the_infusion_and_a_hold_cuts_it_off():
    now = [START, e("bolus", 300, amount_mg=5.0)]
    assert given_mg(now, at(299)) == pytest.approx(4.983333333, abs=1e-9)
    assert given_mg(now, at(300)) == 10.0
    slow = [START, e("bolus", 300, amount_mg=6.0, over_s=120.0)]
    assert given_mg(slow, at(360)) == 9.0
    assert given_mg(slow, at(900)) == 21.0
    cut = [*slow, e("hold", 360)]
    assert given_mg(cut, at(900)) == 9.0


def test_devices_single_and_divided_doses():
    devices = [e("device", 0, amount_mg=28.0), e("device", 300, amount_mg=28.0)]
    assert [given_mg(devices, at(s)) for s in (-1, 0, 299, 300)] == [0.0, 28.0, 28.0, 56.0]
    assert [phase(devices, at(s), 56.0) for s in (-1, 0, 300)] == [Phase.NOT_STARTED, Phase.DOSING, Phase.FINISHED]
    assert phase(devices, at(300)) is Phase.DOSING
    assert [p.kind for p in pushes(devices, at(400))] == [Kind.DEVICE, Kind.DEVICE]
    assert first_and_last(devices) == (at(0), at(300))
    assert first_and_last([]) is None
    assert time_left_s(devices, at(100), 56.0) is None
    parts = [e("divided", 0, amount_ml=1.0, concentration_mg_per_ml=50.0), e("divided", 600, amount_ml=0.5)]
    assert given_mg(parts, at(600)) == 75.0


def test_phase_through_a_session():
    entries = [START, e("hold", 600), e("resume", 700), e("stop", 900)]
    assert [phase(entries, at(s)) for s in (-1, 0, 600, 700, 900)] == [
        Phase.NOT_STARTED,
        Phase.DOSING,
        Phase.HELD,
        Phase.DOSING,
        Phase.FINISHED,
    ]


def test_the_bag_is_the_most_that_can_run():
    assert given_ml([START], at(3000)) == 100.0
    assert given_ml([START], at(9000)) == 100.0
    assert given_mg([START], at(9000)) == 50.0
    assert [f.rule for f in entry_findings([START], at(3000))] == []
    assert [f.rule for f in entry_findings([START], at(3001))] == ["bag_empty"]
    picture = running([START], at(3600))
    assert (picture.rate_ml_per_h, picture.left_in_bag_ml, picture.time_left_s) == (0.0, 0.0, 0.0)


def test_a_new_bag_runs_on_and_a_bolus_out_of_an_empty_bag_gives_nothing():
    entries = [START, e("rate_change", 3600, rate_ml_per_h=120.0, bag_ml=50.0)]
    assert given_ml(entries, at(3600 + 900)) == 130.0
    assert given_ml(entries, at(99999)) == 150.0
    dry = [START, e("bolus", 3600, amount_ml=10.0, from_bag=True)]
    assert given_ml(dry, at(3700)) == 100.0
    partly = [START, e("bolus", 2940, amount_ml=10.0, from_bag=True)]
    assert given_ml(partly, at(2940)) == 100.0
    syringe = [START, e("bolus", 3600, amount_ml=10.0)]
    assert given_ml(syringe, at(3700)) == 110.0
    drip = [START, e("bolus", 2820, amount_ml=12.0, over_s=180.0, from_bag=True)]
    assert given_ml(drip, at(2850)) == 97.0
    assert given_ml(drip, at(2880)) == 100.0
    assert given_ml(drip, at(9999)) == 100.0


def test_without_a_concentration_milligrams_are_unknown_not_zero():
    blind = [e("start", 0, rate_ml_per_h=120.0, bag_ml=10.0)]
    assert given_mg(blind, at(60)) is None
    assert given_ml(blind, at(60)) == 2.0
    assert given_mg_per_kg(blind, at(60), 70.0) is None
    assert plan_fraction(blind, at(60), 40.0) is None
    assert [f.rule for f in entry_findings(blind, at(60), 40.0)] == ["dose_known"]
    by_mg = [e("start", 0, rate_mg_per_h=60.0, bag_ml=10.0)]
    assert given_mg(by_mg, at(3600)) == 60.0
    assert given_ml(by_mg, at(60)) is None
    assert running(by_mg, at(60)).left_in_bag_ml is None
    push = [
        e("start", 0, rate_mg_per_h=60.0, rate_ml_per_h=120.0, bag_ml=10.0),
        e("bolus", 5, amount_mg=1.0, from_bag=True),
    ]
    assert running(push, at(60)).left_in_bag_ml is None


# ---------------------------------------------------------------- what is left
def test_time_left_and_end():
    assert time_left_s([START], at(600), 40.0) == 1800.0
    assert ends_at([START], at(600), 40.0) == at(2400)
    held = [START, e("hold", 600)]
    assert time_left_s(held, at(900), 40.0) == 1800.0
    assert ends_at(held, at(900), 40.0) is None
    assert time_left_s([START], at(0) - timedelta(seconds=1), 40.0) is None
    assert time_left_s([START, e("stop", 60)], at(90), 40.0) == 0.0
    assert time_left_s([START], at(2700), 40.0) == 0.0
    assert time_left_s([START], at(600), 80.0) == 2400.0  # the bag ends first
    assert time_left_s([replace(START, bag_ml=None)], at(600), None) is None
    assert time_left_s([START, e("rate_change", 60, rate_ml_per_h=0.0)], at(90), 40.0) is None


def test_time_left_follows_the_plans_steps_while_the_pump_does():
    steps = (
        PlannedStep(seconds=600, rate_mg_per_h=30.0),
        PlannedStep(seconds=1200, rate_mg_per_h=60.0),
        PlannedStep(seconds=600, rate_mg_per_h=90.0),
    )
    start = e("start", 0, rate_mg_per_h=30.0)
    assert time_left_s([start], at(300), 40.0, steps) == 2100.0
    second = [start, e("rate_change", 600, rate_mg_per_h=60.0)]
    assert time_left_s(second, at(900), 40.0, steps) == 1500.0
    off = [start, e("rate_change", 600, rate_mg_per_h=120.0)]
    assert time_left_s(off, at(600), 40.0, steps) == 35.0 * 30
    assert time_left_s([start], at(99999), 40.0, steps) == 0.0


def test_the_whole_picture_agrees_with_its_parts():
    entries = [START, e("bolus", 100, amount_mg=2.0), e("hold", 600)]
    for seconds in (-1, 0, 100, 500, 700):
        picture = running(entries, at(seconds), planned_mg=40.0, weight_kg=80.0)
        assert picture.given_mg == given_mg(entries, at(seconds))
        assert picture.given_mg_per_kg == given_mg_per_kg(entries, at(seconds), 80.0)
        assert picture.phase is phase(entries, at(seconds), 40.0)
        assert picture.fraction == plan_fraction(entries, at(seconds), 40.0)
        assert picture.time_left_s == time_left_s(entries, at(seconds), 40.0)
        assert picture.ends_at == ends_at(entries, at(seconds), 40.0)
    assert running(entries, at(700)).rate_mg_per_h == 0.0
    assert running(entries, at(500)).rate_mg_per_h == 60.0
    assert running(entries, at(500)).started_at == at(0)


# ---------------------------------------------------------------- entries that make no sense
@pytest.mark.parametrize(
    ("entries", "sentence", "mg"),
    [
        ([START, e("start", 60, rate_mg_per_h=60.0)], "started more than once", 30.0),
        ([e("rate_change", 0, rate_mg_per_h=60.0)], "no infusion was on", 0.0),
        ([e("hold", 0)], "held while nothing", 0.0),
        ([e("stop", 0)], "stopped while nothing", 0.0),
        ([START, e("resume", 60)], "resumed without a hold", 30.0),
        ([START, e("stop", 60), e("resume", 90)], "resumed without a hold", 1.0),
        ([START, e("stop", 60), e("bolus", 90, amount_mg=4.0)], "after the stop", 5.0),
        ([START, e("hold", 60), e("bolus", 90, amount_mg=4.0)], "during a hold", 5.0),
        ([START, e("stop", 60), e("start", 1740, rate_mg_per_h=60.0)], "started more than once", 2.0),
    ],
)
def test_what_went_in_counts_and_what_is_odd_is_said(entries, sentence, mg):
    assert given_mg(entries, at(1800)) == mg
    odd = [f for f in entry_findings(entries, at(1800)) if f.rule == "dose_entries"]
    assert any(sentence in f.because for f in odd)
    assert not any(f.stops for f in odd)


def test_more_than_ordered_is_said():
    assert not entry_findings([START], at(2400), 40.0)
    over = entry_findings([START], at(2460), 40.0)
    assert [f.rule for f in over] == ["dose_within_plan"]
    assert "41 mg given, 40 mg ordered" in over[0].because
    assert not entry_findings([START], at(2460), 40.0, Limit(value=5.0, unit="%"))


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("at", lambda: DoseEntry(kind=Kind.STOP, at=datetime(2026, 1, 1))),
        ("rate", lambda: e("start", 0)),
        ("rate", lambda: e("start", 0, rate_mg_per_h=0.0)),
        ("rate", lambda: e("rate_change", 0)),
        ("rate_mg_per_h", lambda: e("start", 0, rate_mg_per_h=-1.0)),
        ("rate_mg_per_h", lambda: e("start", 0, rate_mg_per_h=float("nan"))),
        ("rate", lambda: e("start", 0, rate_mg_per_h=60.0, rate_ml_per_h=60.0, concentration_mg_per_ml=0.5)),
        ("amount", lambda: e("bolus", 0)),
        ("amount", lambda: e("device", 0, amount_mg=0.0)),
        ("amount_ml", lambda: e("single", 0, amount_ml=float("inf"))),
        ("concentration_mg_per_ml", lambda: e("start", 0, rate_ml_per_h=1.0, concentration_mg_per_ml=0.0)),
        ("bag_ml", lambda: e("start", 0, rate_ml_per_h=1.0, bag_ml=-5.0)),
    ],
)
def test_entries_that_cannot_be_read(field, make):
    with pytest.raises(BadInput) as caught:
        make()
    assert caught.value.field == field


def test_rates_in_both_units_may_differ_by_the_pumps_rounding():
    assert e("start", 0, rate_mg_per_h=61.5, rate_ml_per_h=150.0, concentration_mg_per_ml=0.41).rate_ml_per_h == 150.0
    assert e("start", 0, rate_mg_per_h=1.0, rate_ml_per_h=1.1, concentration_mg_per_ml=0.97).rate_ml_per_h == 1.1


def test_a_weight_that_is_none_cannot_be_read():
    for weight in (0.0, -70.0, float("nan"), float("inf")):
        with pytest.raises(BadInput, match="weight_kg"):
            given_mg_per_kg([START], at(60), weight)


# ---------------------------------------------------------------- against a count second by second
CONC = 0.5


@st.composite
def stories(draw):
    """A session's entries on whole seconds, in any state of order and sense, with a bag."""
    entries = [
        e(
            "start",
            0,
            rate_ml_per_h=float(draw(st.integers(1, 400))),
            concentration_mg_per_ml=CONC,
            bag_ml=float(draw(st.integers(5, 60))),
        )
    ]
    for seq in range(1, draw(st.integers(1, 8))):
        second = draw(st.integers(0, 600))
        kind = draw(st.sampled_from(["hold", "resume", "rate_change", "stop", "bolus", "push"]))
        if kind == "rate_change":
            entries.append(e(kind, second, seq=seq, rate_ml_per_h=float(draw(st.integers(0, 400)))))
        elif kind == "bolus":
            entries.append(
                e(
                    "bolus",
                    second,
                    seq=seq,
                    amount_ml=float(draw(st.integers(1, 5))),
                    over_s=float(draw(st.integers(1, 90))),
                    from_bag=draw(st.booleans()),
                )
            )
        elif kind == "push":
            entries.append(
                e("bolus", second, seq=seq, amount_ml=float(draw(st.integers(1, 5))), from_bag=draw(st.booleans()))
            )
        else:
            entries.append(e(kind, second, seq=seq))
    return entries


def count_by_seconds(entries, until):
    """mL given, by walking second by second with nothing cleverer than addition."""
    todo = sorted(entries, key=lambda x: (x.at, x.seq))
    on, held, rate, left, total = False, False, Fraction(0), Fraction(0), Fraction(0)
    slow = []  # [seconds left, mL a second, from bag]
    for second in range(until + 1):
        while todo and todo[0].at <= at(second):
            x = todo.pop(0)
            if x.kind is Kind.START:
                on, held, rate, left = True, False, Fraction(x.rate_ml_per_h), Fraction(x.bag_ml)
            elif x.kind is Kind.HOLD:
                held, slow = (True if on else held), []
            elif x.kind is Kind.RESUME:
                held = False
            elif x.kind is Kind.STOP:
                on, slow = False, []
            elif x.kind is Kind.RATE_CHANGE:
                rate = Fraction(x.rate_ml_per_h) if on else rate
            elif x.over_s:
                slow.append([int(x.over_s), Fraction(x.amount_ml) / Fraction(x.over_s), x.from_bag])
            else:
                ml = min(Fraction(x.amount_ml), left) if x.from_bag else Fraction(x.amount_ml)
                left -= ml if x.from_bag else 0
                total += ml
        if second == until:
            return total
        want = (rate / 3600 if on and not held else 0) + sum(s[1] for s in slow if s[2])
        took = min(want, left)
        left -= took
        total += took + sum(s[1] for s in slow if not s[2])
        slow = [[n - 1, ml, bag] for n, ml, bag in slow if n > 1]
    raise AssertionError


@given(stories(), st.integers(0, 700))
def test_the_same_as_counting_second_by_second(entries, until):
    assert given_ml(entries, at(until)) == pytest.approx(float(count_by_seconds(entries, until)), rel=1e-12, abs=1e-12)
    assert given_mg(entries, at(until)) == pytest.approx(CONC * given_ml(entries, at(until)), rel=1e-12)


@given(stories(), st.lists(st.integers(-10, 900), min_size=2, max_size=6))
def test_never_falls(entries, moments):
    amounts = [given_mg(entries, at(s)) for s in sorted(moments)]
    assert amounts == sorted(amounts)


@given(stories(), st.integers(0, 900))
def test_pieces_and_pushes_add_up_to_what_was_given(entries, until):
    ml = sum(p.rate_ml_per_h * (p.end - p.start).total_seconds() / 3600 for p in pieces(entries, at(until)))
    ml += sum(p.amount_ml for p in pushes(entries, at(until)))
    assert ml == pytest.approx(given_ml(entries, at(until)), rel=1e-6, abs=1e-6)


@given(stories(), st.integers(0, 900), st.integers(0, 900))
def test_the_later_stretch_adds_to_the_earlier(entries, one, two):
    early, late = sorted((one, two))
    between = sum(
        p.rate_ml_per_h * max(0.0, (min(p.end, at(late)) - max(p.start, at(early))).total_seconds()) / 3600
        for p in pieces(entries, at(late))
    ) + sum(p.amount_ml for p in pushes(entries, at(late)) if p.at > at(early))
    assert given_ml(entries, at(early)) + between == pytest.approx(given_ml(entries, at(late)), rel=1e-6, abs=1e-6)


@given(stories(), st.randoms(use_true_random=False), st.integers(0, 900))
def test_the_order_in_which_entries_come_in_does_not_matter(entries, random, until):
    shuffled = list(entries)
    random.shuffle(shuffled)
    assert given_ml(shuffled, at(until)) == given_ml(entries, at(until))
    assert in_order(shuffled) == in_order(entries)


def test_at_one_moment_seq_decides_and_without_it_hold_and_stop_come_last():
    back = [START, e("hold", 60, seq=1), e("resume", 60, seq=2)]
    assert given_ml(back, at(120)) == 4.0
    held = [START, e("resume", 60, seq=1), e("hold", 60, seq=2)]
    assert given_ml(held, at(120)) == 2.0
    unordered = [START, e("hold", 60), e("resume", 60)]
    assert phase(unordered, at(120)) is Phase.HELD
    assert phase([e("stop", 0), replace(START, at=at(0))], at(1)) is Phase.FINISHED


@given(stories(), st.integers(0, 600), st.integers(1, 300))
def test_a_hold_adds_nothing(entries, second, length):
    """With a hold put over a stretch, nothing runs in it."""
    quiet = [x for x in entries if not second <= (x.at - T0).total_seconds() <= second + length]
    held = [*quiet, e("hold", second, seq=99)]
    start, end = at(second), at(second + length)
    assert given_mg(held, start) == given_mg(held, end)


@given(stories())
def test_nothing_runs_from_an_empty_bag(entries):
    out_of_bag = dosing.run(entries, at(5000)).from_bag[1]
    assert out_of_bag <= Fraction(entries[0].bag_ml)


@given(stories(), st.floats(0.0, 900.0), st.floats(10.0, 60.0))
def test_if_nothing_changes_the_dose_is_in_when_it_was_said_to_be(entries, second, planned):
    end = ends_at(entries, at(second), planned)
    later = [x for x in entries if x.at > at(second)]
    slow = [x for x in entries if x.over_s]
    if end is None or later or slow:
        return
    state = running(entries, end, planned_mg=planned)
    assert (
        state.given_mg == pytest.approx(planned, rel=1e-6)
        or state.left_in_bag_ml == pytest.approx(0.0, abs=1e-4)
        or given_mg(entries, at(second)) >= planned
    )


# ---------------------------------------------------------------- the end
ROOM = Limit(value=1.5, unit="mL", source="made_up")
RAN = [START, e("stop", 2400, seq=1)]


def end(entries=RAN, pump_ml=80.0, tolerance=ROOM):
    return reconcile(entries, at(4000), pump_ml=pump_ml, tolerance_ml=tolerance, how=Standing())


def verdicts(result):
    return {f.rule: f.verdict for f in result.findings}


def test_three_accounts_that_agree():
    result = end()
    assert (result.given_ml, result.given_mg, result.programmed_mg, result.pump_mg) == (80.0, 40.0, 40.0, 40.0)
    assert (result.difference_ml, result.residual_ml, result.residual_mg, result.residual_by) == (
        0.0,
        20.0,
        10.0,
        "pump",
    )
    assert verdicts(result) == {"pump_agrees": Verdict.MET, "within_bag": Verdict.MET}


def test_a_pump_that_counted_otherwise():
    result = end(pump_ml=77.0)
    assert verdicts(result)["pump_agrees"] is Verdict.NOT_MET
    assert result.residual_ml == 23.0
    assert result.given_ml == 80.0
    assert verdicts(end(pump_ml=78.5))["pump_agrees"] is Verdict.MET


def test_what_nobody_read_or_set_is_unknown():
    unread = end(pump_ml=None)
    assert verdicts(unread)["pump_agrees"] is Verdict.UNKNOWN
    assert (unread.residual_ml, unread.residual_by, unread.difference_ml) == (20.0, "computed", None)
    unset = end(tolerance=Limit(value=None, unit="mL"))
    assert verdicts(unset)["pump_agrees"] is Verdict.UNKNOWN
    no_bag = end([replace(START, bag_ml=None), RAN[1]])
    assert verdicts(no_bag)["within_bag"] is Verdict.UNKNOWN
    assert (no_bag.residual_ml, no_bag.residual_mg, no_bag.residual_by) == (None, None, "")
    by_mg = end([e("start", 0, rate_mg_per_h=60.0), RAN[1]])
    assert verdicts(by_mg)["pump_agrees"] is Verdict.UNKNOWN
    assert by_mg.pump_mg is None


def test_more_than_the_bag_held():
    late = [START, e("stop", 3030, seq=1)]
    assert verdicts(end(late, pump_ml=100.0)) == {"pump_agrees": Verdict.MET, "within_bag": Verdict.MET}
    much_later = end([START, e("stop", 3600, seq=1)], pump_ml=100.0)
    assert (much_later.given_ml, much_later.programmed_ml) == (100.0, 120.0)
    assert verdicts(much_later)["within_bag"] is Verdict.NOT_MET
    assert verdicts(end(pump_ml=105.0))["within_bag"] is Verdict.NOT_MET


def test_a_pump_volume_that_is_none_cannot_be_read():
    for volume in (-1.0, float("nan"), float("inf")):
        with pytest.raises(BadInput, match="pump_ml"):
            end(pump_ml=volume)
