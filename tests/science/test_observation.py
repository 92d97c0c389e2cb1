"""The observation clock: time and symptoms, never one without the other."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Verdict
from stillhaven.science.limits import Limit
from stillhaven.science.observation import (
    ObservationRules,
    PressurePoint,
    clock,
    device_finding,
    minutes_from_first,
    next_device_from,
    pressure_findings,
    symptom_findings,
    symptoms_over_at,
    time_finding,
)

T0 = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)
MET, NOT_MET, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN


def at(minutes):
    return T0 + timedelta(minutes=minutes)


def lim(value):
    return Limit(value=value, unit="min", source="made_up")


RULES = ObservationRules(
    clock_from="first_dose",
    minimum=lim(100),
    pressures=(
        PressurePoint(key="before", label="pressure before", when="before", within=lim(25)),
        PressurePoint(key="at_35", label="pressure at 35 min", when="at", at=lim(35), within=lim(4)),
        PressurePoint(key="leaving", label="pressure before leaving", when="leaving", within=lim(12)),
    ),
    device_spacing=lim(6),
)


# ---------------------------------------------------------------- time
def test_the_clock_runs_from_the_first_device_however_many_follow():
    stands = clock([at(0), at(6), at(12)], None, at(60), RULES)
    assert (stands.began, stands.elapsed_s, stands.left_s, stands.over_at) == (at(0), 3600.0, 2400.0, at(100))


def test_it_can_run_from_the_last_dose_or_from_the_end_of_the_drug():
    last = replace(RULES, clock_from="last_dose")
    assert clock([at(0), at(12)], None, at(60), last).over_at == at(112)
    end = replace(RULES, clock_from="end")
    assert clock([at(0)], at(40), at(60), end).over_at == at(140)
    assert clock([at(0)], None, at(60), end).began is None
    assert clock([at(0)], at(70), at(60), end).began is None
    with pytest.raises(BadInput, match="clock_from"):
        replace(RULES, clock_from="noon")


def test_time_met_not_met_unknown():
    assert time_finding([at(0)], None, at(100), RULES).verdict is MET
    short = time_finding([at(0)], None, at(99), RULES)
    assert (short.verdict, short.to_do) == (NOT_MET, "wait 1 min more")
    assert time_finding([], None, at(99), RULES).verdict is UNKNOWN
    assert time_finding([at(120)], None, at(99), RULES).verdict is UNKNOWN
    unset = time_finding([at(0)], None, at(500), replace(RULES, minimum=lim(None)))
    assert unset.verdict is UNKNOWN
    assert unset.stops
    assert "director" in unset.to_do


@given(st.lists(st.integers(0, 60), min_size=1, max_size=4), st.integers(0, 300), st.integers(0, 300))
def test_waiting_never_makes_it_worse(doses, one, two):
    early, late = sorted((one, two))
    moments = [at(m) for m in doses]
    verdicts = [time_finding(moments, None, at(m), RULES).verdict for m in (early, late) if m >= max(doses)]
    assert verdicts in ([], [MET], [NOT_MET], [MET, MET], [NOT_MET, MET], [NOT_MET, NOT_MET])


# ---------------------------------------------------------------- pressures
def pressure(key, taken, now, doses=(0,), rules=RULES):
    found = pressure_findings([at(m) for m in doses], [at(m) for m in taken], at(now), rules)
    return next(f for f in found if f.rule == f"pressure_{key}")


@pytest.mark.parametrize(
    ("key", "taken", "now", "verdict"),
    [
        ("before", [-25], 50, MET),
        ("before", [0], 50, MET),
        ("before", [-26], 50, NOT_MET),
        ("before", [1], 50, NOT_MET),
        ("before", [], 50, NOT_MET),
        ("at_35", [31], 50, MET),
        ("at_35", [39], 50, MET),
        ("at_35", [30], 50, NOT_MET),
        ("at_35", [40], 50, NOT_MET),
        ("at_35", [], 39, UNKNOWN),
        ("at_35", [], 40, NOT_MET),
        ("at_35", [35], 20, UNKNOWN),
        ("leaving", [95], 107, MET),
        ("leaving", [94], 107, NOT_MET),
        ("leaving", [], 107, NOT_MET),
    ],
)
def test_pressure_before_at_and_leaving(key, taken, now, verdict):
    finding = pressure(key, taken, now)
    assert finding.verdict is verdict
    assert finding.because
    assert verdict is MET or finding.to_do


def test_a_late_pressure_is_called_late():
    assert "late" in pressure("at_35", [45], 60).because
    assert "late" not in pressure("at_35", [20], 60).because


def test_without_a_dose_or_a_number_it_is_unknown():
    assert pressure("before", [-5], 50, doses=()).verdict is UNKNOWN
    assert pressure("at_35", [35], 50, doses=()).verdict is UNKNOWN
    assert pressure("leaving", [45], 50, doses=()).verdict is MET
    unset = replace(
        RULES,
        pressures=(
            replace(RULES.pressures[0], within=lim(None)),
            replace(RULES.pressures[1], at=None),
            replace(RULES.pressures[2], within=lim(None)),
        ),
    )
    for key in ("before", "at_35", "leaving"):
        finding = pressure(key, [-5, 35, 49], 50, rules=unset)
        assert finding.verdict is UNKNOWN
        assert "director" in finding.to_do


# ---------------------------------------------------------------- symptoms and devices
def test_symptoms_met_not_met_unknown():
    asked = {"sedation": "sedation", "dissociation": "dissociation", "breathing": "slow breathing"}
    found = symptom_findings({"sedation": True, "dissociation": False}, asked)
    assert [f.verdict for f in found] == [MET, NOT_MET, UNKNOWN]
    assert [f.stops for f in found] == [False, True, True]


def test_the_next_device_waits():
    assert next_device_from([at(0), at(7)], RULES) == at(13)
    assert device_finding([at(0)], at(5), RULES).verdict is NOT_MET
    assert device_finding([at(0)], at(5), RULES).to_do == "wait 1 min"
    assert device_finding([at(0)], at(6), RULES).verdict is MET
    assert device_finding([], at(5), RULES).verdict is MET
    for spacing in (None, lim(None)):
        unset = replace(RULES, device_spacing=spacing)
        assert next_device_from([at(0)], unset) is None
        assert device_finding([at(0)], at(60), unset).verdict is UNKNOWN
        assert device_finding([], at(60), unset).verdict is MET


def test_minutes_for_the_form():
    assert minutes_from_first([at(6), at(0)], at(125)) == 125.0
    assert minutes_from_first([], at(125)) is None
    assert minutes_from_first([at(0)], None) is None
    assert symptoms_over_at([at(50), at(70)]) == at(70)
    assert symptoms_over_at([at(50), None]) is None
    assert symptoms_over_at([]) is None


# ---------------------------------------------------------------- edges, and what to do
def test_what_happens_at_this_very_moment_counts():
    end = replace(RULES, clock_from="end")
    assert clock([], at(60), at(60), end).elapsed_s == 0.0
    assert clock([at(60)], None, at(60), RULES).elapsed_s == 0.0
    assert pressure("leaving", [50], 50).verdict is MET
    assert pressure("before", [0], 0).verdict is MET
    assert pressure("at_35", [], 10, doses=(10,)).verdict is UNKNOWN


def test_what_to_do_about_a_pressure_depends_on_whether_it_can_still_be_had():
    assert "measure" in pressure("at_35", [], 36).to_do
    assert "why it is missing" in pressure("at_35", [], 50).to_do
    assert "why it is missing" in pressure("before", [], 50).to_do
    assert pressure("leaving", [], 107).to_do == "measure the pressure"
    assert pressure("before", [-5], 50, doses=()).to_do == "record it"
    assert pressure("at_35", [39], 60).because == "pressure at 35 min: measured"
    assert "late" not in pressure("at_35", [], 60).because


def test_what_to_do_about_a_symptom():
    found = symptom_findings({"sedation": False}, {"sedation": "sedation", "dissociation": "dissociation"})
    assert ["watch" in f.to_do for f in found] == [True, False]


def test_the_source_of_a_pressure_is_that_of_its_moment():
    at_source = Limit(value=35.0, unit="min", source="label")
    named = replace(RULES, pressures=(replace(RULES.pressures[1], at=at_source),))
    assert pressure("at_35", [35], 50, rules=named).source == "label"
    assert pressure("before", [0], 50).source == "made_up"
