"""Does it fit, and when else?  Whatever is booked at random through `fit`, nothing overlaps and no nurse has too many."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Verdict
from stillhaven.science.protocol import Cite
from stillhaven.science.schedule import (
    Booked,
    CompetenceKind,
    Held,
    House,
    Staffer,
    Wanted,
    Window,
    alternatives,
    fit,
    joined,
    lacks,
    lanes,
    local,
    propose,
    series_days,
)

ZONE = ZoneInfo("America/New_York")
NINE = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
NOW = NINE - timedelta(days=2)
BLS = CompetenceKind(
    key="bls", title="Basic life support", roles=frozenset({"nurse"}), cite=Cite(source=("COHEN_2018",))
)
DUTY = tuple(Window.of(NINE + timedelta(days=d, hours=-1), 600) for d in range(5))
GOOD = Held(kind="bls", start=date(2026, 1, 1), until=date(2027, 1, 1))


def nurse(number: int = 1, **more: object) -> Staffer:
    return replace(Staffer(id=number, name=f"Nurse {number}", role="nurse", on_duty=DUTY, held=(GOOD,)), **more)  # type: ignore[arg-type]


def house(**more: object) -> House:
    doctor = Staffer(id=9, name="Doctor", role="prescriber", on_duty=DUTY)
    whole = House(
        zone=ZONE, chairs={1: "Chair 1", 2: "Chair 2", 3: "Chair 3"}, staff=(nurse(), doctor), competences={"bls": BLS},
        patients_per_nurse=2,
    )  # fmt: skip
    return replace(whole, **more)  # type: ignore[arg-type]


def wanted(patient: int = 1, start: datetime = NINE, minutes: float = 120, **more: object) -> Wanted:
    base = Wanted(patient=patient, window=Window.of(start, minutes), drug="ketamine", route="iv_infusion")
    return replace(base, **more)  # type: ignore[arg-type]


def booked(uid: str, patient: int, start: datetime = NINE, minutes: float = 120, **more: object) -> Booked:
    base = Booked(uid=uid, patient=patient, window=Window.of(start, minutes), chair=1, nurse=1)
    return replace(base, **more)  # type: ignore[arg-type]


def against(found: object) -> set[str]:
    return {f.rule for f in found.against}  # type: ignore[attr-defined]


def test_an_empty_house_takes_it() -> None:
    found = fit(wanted(), house(), NOW)
    assert found.placement is not None
    assert (found.placement.chair, found.placement.nurse) == (1, 1)


def test_a_ratio_that_nobody_set_is_unknown_and_stops() -> None:
    found = fit(wanted(), house(patients_per_nurse=None), NOW)
    finding = next(f for f in found.findings if f.rule == "nurse_free")
    assert (finding.verdict, finding.stops) == (Verdict.UNKNOWN, True)
    assert "patients_per_nurse" in finding.to_do


@pytest.mark.parametrize(
    ("asked", "around", "rule"),
    [
        (wanted(start=NOW - timedelta(hours=1)), house(), "in_the_future"),
        (wanted(), house(booked=(booked("a", 1, chair=2),)), "person_free"),
        (wanted(chair=1), house(booked=(booked("a", 2),)), "chair_free"),
        (wanted(chair=7), house(), "chair_free"),
        (wanted(), house(booked=tuple(booked(str(c), 10 + c, chair=c, nurse=None) for c in (1, 2, 3))), "chair_free"),
        (wanted(), house(booked=tuple(booked(str(c), 10 + c, chair=c) for c in (1, 2))), "nurse_free"),
        (wanted(minutes=700), house(), "nurse_free"),
        (wanted(), house(staff=(nurse(held=()),)), "nurse_free"),
        (wanted(), house(staff=(nurse(held=(replace(GOOD, until=date(2026, 11, 22)),)),)), "nurse_free"),
        (wanted(), house(staff=(nurse(held=(replace(GOOD, until=None),)),)), "nurse_free"),
        (wanted(), house(booked=(booked("a", 1, start=NINE + timedelta(hours=4)),)), "sessions_apart"),
        (
            wanted(drug="esketamine"),
            house(staff=(nurse(),), prescriber_on_site_for=frozenset({"esketamine"})),
            "prescriber_on_site",
        ),
    ],
)
def test_each_rule_stands_in_the_way(asked: Wanted, around: House, rule: str) -> None:
    found = fit(asked, around, NOW)
    assert found.placement is None
    assert rule in against(found)
    assert all(f.because for f in found.findings)


def test_a_missing_prescriber_is_a_caution_where_no_programme_asks_for_one() -> None:
    found = fit(wanted(), house(staff=(nurse(),)), NOW)
    assert found.fits
    assert any(f.rule == "prescriber_on_site" and not f.is_met for f in found.findings)


def test_a_week_that_is_full_by_the_protocol() -> None:
    days = (booked("a", 1, start=NINE), booked("b", 1, start=NINE + timedelta(days=3)))
    asked = wanted(start=NINE + timedelta(days=4))
    assert against(fit(asked, house(booked=days, most_sessions_per_week=2), NOW)) == {"sessions_apart"}
    assert fit(asked, house(booked=days, most_sessions_per_week=3), NOW).fits
    assert fit(asked, house(booked=days), NOW).fits


def test_a_visit_may_stay_in_its_own_place_when_it_is_moved() -> None:
    around = house(booked=(booked("a", 1),))
    later = wanted(start=NINE + timedelta(minutes=30), uid="a", chair=1)
    assert fit(later, around, NOW).fits


def test_a_talk_needs_whoever_holds_it() -> None:
    doctor = Staffer(id=5, name="Theo", role="therapist", on_duty=DUTY)
    around = house(
        staff=(doctor,),
        rooms={1: "Room A"},
        booked=(booked("a", 2, chair=None, nurse=None, attending=5, room=1, kind="preparation"),),
    )
    found = fit(wanted(kind="integration", attending=5, room=1), around, NOW)
    assert against(found) == {"room_free", "staff_free"}
    assert fit(wanted(kind="integration", attending=5, room=1, start=NINE + timedelta(hours=3)), around, NOW).fits


def test_the_nearest_times_come_first_and_fit() -> None:
    around = house(booked=tuple(booked(str(c), 10 + c, chair=c) for c in (1, 2)))
    asked = wanted()
    found = alternatives(asked, around, NOW)
    assert len(found) == 3
    assert all(fit(replace(asked, window=p.window), around, NOW).fits for p in found)
    assert found[0].window.start == NINE + timedelta(hours=2)  # as soon as one of the two has gone
    days = [abs((p.window.start.astimezone(ZONE).date() - date(2026, 11, 23)).days) for p in found]
    assert days == sorted(days)


def test_a_series_does_not_collide_with_itself() -> None:
    asked = [wanted(), wanted(start=NINE + timedelta(hours=1))]
    rows = propose(asked, house(), NOW)
    assert [r.fit.fits for r in rows] == [True, False]
    assert rows[1].alternatives


# ---------------------------------------------------------------- days of a series
@given(
    first=st.dates(date(2020, 1, 1), date(2040, 1, 1)), per_week=st.integers(1, 5), sessions=st.integers(1, 40),
    weekdays=st.sets(st.integers(0, 6), max_size=7),
)  # fmt: skip
def test_a_series_has_its_cadence(first: date, per_week: int, sessions: int, weekdays: set[int]) -> None:
    if weekdays and len(weekdays) < per_week:
        with pytest.raises(BadInput):
            series_days(first, per_week, sessions, sorted(weekdays))
        return
    days = series_days(first, per_week, sessions, sorted(weekdays))
    assert len(days) == len(set(days)) == sessions
    assert days == sorted(days)
    assert days[0] >= first
    assert not weekdays or {d.weekday() for d in days} <= weekdays
    for day in days:  # in no seven days more than the cadence
        assert sum(day <= other < day + timedelta(days=7) for other in days) <= per_week


def test_an_hour_that_does_not_exist_is_refused() -> None:
    assert local(date(2026, 11, 23), time(9), ZONE) == NINE
    with pytest.raises(BadInput, match="clocks go forward"):
        local(date(2026, 3, 8), time(2, 30), ZONE)


# ---------------------------------------------------------------- lanes
WINDOWS = st.lists(
    st.builds(lambda a, b: Window.of(NINE + timedelta(minutes=5 * a), 5 * b), st.integers(0, 100), st.integers(1, 40)),
    max_size=14,
)  # fmt: skip


def most_at_once(windows: list[Window]) -> int:
    return max((sum(o.start <= w.start < o.end for o in windows) for w in windows), default=0)


@given(windows=WINDOWS, at_once=st.integers(1, 4))
def test_lanes_are_found_exactly_when_there_are_enough(windows: list[Window], at_once: int) -> None:
    found = lanes(windows, at_once)
    assert (found is not None) == (most_at_once(windows) <= at_once)
    for i, a in enumerate(found or ()):
        assert 1 <= a <= at_once
        for j in range(i):
            assert (found or [])[j] != a or not windows[i].overlaps(windows[j])


@given(windows=WINDOWS)
def test_joined_windows_cover_the_same_time(windows: list[Window]) -> None:
    whole = joined(windows)
    assert all(any(w.covers(one) for w in whole) for one in windows)
    assert all(not a.overlaps(b) and a.end != b.start for a in whole for b in whole if a is not b)


@settings(max_examples=40)
@given(
    asks=st.lists(
        st.tuples(st.integers(1, 6), st.integers(0, 4), st.integers(0, 100), st.sampled_from((45, 120, 200)), st.sampled_from((None, 1, 2))),
        max_size=40,
    ),
    at_once=st.integers(1, 3),
)  # fmt: skip
def test_whatever_is_booked_never_overlaps(asks: list[tuple[int, int, int, int, int | None]], at_once: int) -> None:
    around = house(staff=(nurse(1), nurse(2)), patients_per_nurse=at_once)
    for n, (patient, day, slot, minutes, who) in enumerate(asks):
        start = NINE + timedelta(days=day, minutes=5 * slot)
        found = fit(wanted(patient, start, minutes, nurse=who), around, NOW).placement
        if found is not None:
            visit = Booked(uid=str(n), patient=patient, window=found.window, chair=found.chair, nurse=found.nurse)
            around = around.with_booked(visit)
    for a in around.booked:
        for b in around.booked:
            if a is not b and a.window.overlaps(b.window):
                assert a.chair != b.chair
                assert a.patient != b.patient
    for one in (1, 2):
        theirs = [b.window for b in around.booked if b.nurse == one]
        assert most_at_once(theirs) <= at_once


def test_what_is_lacking_is_said_in_words() -> None:
    kinds = {"bls": BLS}
    on = date(2026, 11, 23)
    assert lacks(nurse(), "ketamine", "iv_infusion", kinds, on) == []
    assert lacks(nurse(held=()), "ketamine", "iv_infusion", kinds, on) == ["basic life support is not on record"]
    ended = nurse(held=(replace(GOOD, until=date(2026, 11, 1)),))
    assert lacks(ended, "ketamine", "iv_infusion", kinds, on) == ["basic life support ended on 1 November 2026"]
    renewed = nurse(held=(replace(GOOD, until=date(2026, 11, 1)), GOOD))
    assert lacks(renewed, "ketamine", "iv_infusion", kinds, on) == []
