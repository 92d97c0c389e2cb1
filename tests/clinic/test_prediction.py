"""The estimate on the live screen follows what was given, as the record says it now; no model, no curve."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillhaven.clinic.monitoring import prediction
from stillhaven.clinic.monitoring.live import LiveSession
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.session import actions, queries
from stillhaven.clinic.session.models import Dose, TreatmentSession
from stillhaven.clinic.web.demo import Demo
from stillhaven.science import dosing, pk
from stillhaven.science.dose_entries import DoseEntry, Kind
from stillhaven.science.errors import BadInput
from tests.cast import make_clinic

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def person_with(drug: str = "ketamine", route: str = "iv_infusion", **order: Any) -> Any:
    """A session as the prediction reads it."""
    asked = {
        "drug": drug, "route": route, "dose_mg": Decimal("41"), "duration_min": Decimal("40"), "weight_kg": Decimal("82"),
    } | order  # fmt: skip
    return SimpleNamespace(order=SimpleNamespace(**asked), patient=SimpleNamespace(age_y=lambda day: 40))


def entry(kind: Kind, minute: float, seq: int, **more: Any) -> DoseEntry:
    return DoseEntry(kind=kind, at=T0 + timedelta(minutes=minute), seq=seq, **more)


START = entry(Kind.START, 0, 1, rate_mg_per_h=61.5, concentration_mg_per_ml=0.41, bag_ml=100.0)


def level(session: Any, doses: list[DoseEntry], now_min: float, at_min: float) -> float:
    now = T0 + timedelta(minutes=now_min)
    made = prediction.regimen(session, doses, now)
    found = prediction.bands(session, made, now, np.array([0.0, at_min]))
    assert found.plasma.low[1] <= found.plasma.mid[1] <= found.plasma.high[1]
    return float(found.plasma.mid[1])


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[DoseEntry], float]:
    """Any row of entries at a pump, sensible or not, in mg/h or in mL/h, and a moment to look at it."""
    doses, minute = [START], 0.0
    for seq in range(2, draw(st.integers(2, 8))):
        minute += draw(st.floats(0.0, 25.0))
        kind = draw(st.sampled_from([Kind.RATE_CHANGE, Kind.HOLD, Kind.RESUME, Kind.STOP]))
        more = {}
        if kind is Kind.RATE_CHANGE:
            more = {draw(st.sampled_from(["rate_mg_per_h", "rate_ml_per_h"])): draw(st.floats(0.0, 200.0))}
        doses.append(entry(kind, minute, seq, **more))
    return doses, minute + draw(st.floats(0.1, 60.0))


@settings(max_examples=150, deadline=None)
@given(stories())
def test_the_estimate_is_made_from_the_same_milligrams_as_the_screen_says(story: tuple[list[DoseEntry], float]) -> None:
    doses, now_min = story
    now = T0 + timedelta(minutes=now_min)
    if dosing.given_mg(doses, now) == 0.0 and not dosing.running(doses, now, planned_mg=41.0).ends_at:
        with pytest.raises(BadInput, match="nothing was given"):
            prediction.regimen(person_with(), doses, now)
        return
    made = prediction.regimen(person_with(), doses, now)
    assert made.regimen.given_mg(made.now_min) == pytest.approx(dosing.given_mg(doses, now), abs=1e-6)
    seen = dosing.running(doses, now, planned_mg=41.0)
    coming = made.regimen.total_mg - made.regimen.given_mg(made.now_min)
    if seen.ends_at is None or not seen.rate_mg_per_h:
        assert coming == pytest.approx(0.0, abs=1e-6), "what has no known end is not made up"
    else:
        assert made.regimen.end_min == pytest.approx((seen.ends_at - T0).total_seconds() / 60.0, abs=1e-4)


def test_hold_resume_rate_and_stop_each_move_the_curve() -> None:
    who = person_with()
    running = level(who, [START], 30, 30)
    held = level(who, [START, entry(Kind.HOLD, 20, 2)], 30, 30)
    resumed = level(who, [START, entry(Kind.HOLD, 20, 2), entry(Kind.RESUME, 25, 3)], 30, 30)
    slower = level(who, [START, entry(Kind.RATE_CHANGE, 20, 2, rate_mg_per_h=30.0)], 30, 30)
    stopped = level(who, [START, entry(Kind.STOP, 20, 2)], 30, 30)
    assert held == pytest.approx(stopped)
    assert held < slower < running
    assert held < resumed < running


def test_what_the_order_has_left_follows_and_after_a_stop_nothing_does() -> None:
    now = T0 + timedelta(minutes=10)
    made = prediction.regimen(person_with(), [START], now)
    assert made.regimen.total_mg == pytest.approx(41.0)
    assert made.regimen.end_min == pytest.approx(40.0)
    stopped = prediction.regimen(person_with(), [START, entry(Kind.STOP, 5, 2)], now)
    assert stopped.regimen.total_mg == pytest.approx(61.5 * 5 / 60)


def test_a_rate_of_all_but_nothing_has_no_end_and_breaks_nothing() -> None:
    doses = [START, entry(Kind.RATE_CHANGE, 10, 2, rate_mg_per_h=1e-300)]
    now = T0 + timedelta(minutes=20)
    assert dosing.running(doses, now, planned_mg=41.0).ends_at is None
    assert dosing.ends_at(doses, now, 41.0) is None
    assert prediction.prediction(person_with(), doses, now) is not None
    from_a_bag = [entry(Kind.START, 0, 1, rate_mg_per_h=1e-300, concentration_mg_per_ml=1e10, bag_ml=100.0)]
    assert dosing.time_left_s(from_a_bag, now, None) is None


def test_an_empty_bag_gives_no_more() -> None:
    small = entry(Kind.START, 0, 1, rate_mg_per_h=60.0, concentration_mg_per_ml=1.0, bag_ml=10.0)
    made = prediction.regimen(person_with(), [small], T0 + timedelta(minutes=30))
    assert made.regimen.total_mg == pytest.approx(10.0)


def test_entries_of_later_do_not_count_yet() -> None:
    doses = [START, entry(Kind.STOP, 20, 2)]
    assert level(person_with(), doses, 10, 30) == pytest.approx(level(person_with(), [START], 10, 30))


def test_milligrams_that_nobody_knows_give_no_curve() -> None:
    unknown = entry(Kind.START, 0, 1, rate_ml_per_h=150.0)
    assert prediction.prediction(person_with(), [unknown], T0 + timedelta(minutes=10)) is None
    assert prediction.prediction(person_with(), [], T0) is None


@pytest.mark.parametrize(
    ("drug", "route"),
    [("ketamine", "im"), ("ketamine", "intranasal"), ("ketamine", "oral"), ("ketamine", "sublingual"),
     ("esketamine", "im"), ("esketamine", "sublingual"), ("s_ketamine", "intranasal"), ("something", "iv_infusion")],
)  # fmt: skip
def test_a_route_without_sourced_absorption_gives_no_curve(drug: str, route: str) -> None:
    who, dose = person_with(drug, route), entry(Kind.SINGLE, 0, 1, amount_mg=50.0)
    assert prediction.prediction(who, [dose], T0 + timedelta(minutes=20)) is None
    with pytest.raises(BadInput):
        prediction.model_of(who)


def test_esketamine_by_the_nose_is_another_drug_than_ketamine_into_a_vein() -> None:
    who = person_with("esketamine", "intranasal", devices=2, dose_mg=Decimal("56"))
    doses = [entry(Kind.DEVICE, 0, 1, amount_mg=28.0), entry(Kind.DEVICE, 5, 2, amount_mg=28.0)]
    found = prediction.prediction(who, doses, T0 + timedelta(minutes=30))
    assert found is not None
    assert found["label"].startswith("esketamine ng/mL")
    infusion = prediction.prediction(person_with(), [START], T0 + timedelta(minutes=30))
    assert infusion is not None
    assert infusion["label"].startswith("ketamine ng/mL")
    assert found["about"] != infusion["about"]


def test_the_number_never_comes_without_its_band_its_model_and_its_cautions() -> None:
    found = prediction.prediction(person_with(), [START], T0 + timedelta(minutes=30))
    assert found is not None
    assert len(found["t_ms"]) == len(found["low"]) == len(found["mid"]) == len(found["high"])
    assert all(low <= mid <= high for low, mid, high in zip(found["low"], found["mid"], found["high"], strict=True))
    assert any(low < high for low, high in zip(found["low"], found["high"], strict=True))
    model = prediction.model_of(person_with())
    assert "model estimate" in found["label"]
    assert "provisional" in found["label"]
    assert all(part in found["about"] for part in (model.name, model.population, "arterial", "never a criterion"))
    assert set(model.cautions) <= set(found["cautions"])


# ---------------------------------------------------------------- from the record
@pytest.fixture
def demo(db: None) -> Demo:
    return make_clinic(clock.now())


def estimate(session: TreatmentSession) -> dict[str, Any]:
    state = LiveSession.load(session.pk).state()
    assert state["pk"] is not None
    return dict(state["pk"])


def at(found: dict[str, Any], moment: datetime) -> float:
    return float(np.interp(moment.timestamp() * 1000, found["t_ms"], found["mid"]))


def test_a_hold_in_the_record_moves_the_curve_on_the_screen(demo: Demo) -> None:
    now = clock.now()
    session = demo.start("ben", "Chair 2", now - timedelta(minutes=20))
    later = now + timedelta(minutes=15)
    before = at(estimate(session), later)
    actions.hold(session.pk, "nausea", by=demo.staff["nurse"], at=now)
    held = at(estimate(session), later)
    assert held < 0.7 * before


def test_an_amended_entry_replaces_the_first_one(demo: Demo) -> None:
    now = clock.now()
    session = demo.start("ben", "Chair 2", now - timedelta(minutes=20))
    first = estimate(session)
    row = queries.doses(session)[0]
    amended = Dose(
        site=row.site, happened_at=row.happened_at + timedelta(minutes=10), session=session, kind=row.kind, drug=row.drug,
        route=row.route, rate_mg_per_h=row.rate_mg_per_h, concentration_mg_per_ml=row.concentration_mg_per_ml,
        bag_ml=row.bag_ml, amends=row, reason="read the clock wrongly",
    )  # fmt: skip
    record.append(amended, by=demo.staff["nurse"])
    second = estimate(session)
    assert second["t_ms"][0] - first["t_ms"][0] == 600_000
    assert at(second, now) < at(first, now)


def test_a_dose_that_ran_on_past_its_end_is_drawn_as_it_ran() -> None:
    """The pump was not stopped at minute 40: until the bag is empty, what goes in counts."""
    big = entry(Kind.START, 0, 1, rate_mg_per_h=61.5, concentration_mg_per_ml=0.41, bag_ml=500.0)
    made = prediction.regimen(person_with(), [big], T0 + timedelta(minutes=60))
    assert made.regimen.total_mg == pytest.approx(61.5)


def test_weight_is_taken_from_the_scale_where_the_order_has_none(demo: Demo) -> None:
    session = demo.start("ben", "Chair 2", clock.now() - timedelta(minutes=20))
    session = queries.open_or_closed(session.pk)
    assert session.order is not None
    ordered = prediction.person(session, clock.now())
    session.order.weight_kg = None
    taken = prediction.person(session, clock.now())
    assert taken.weight_kg == pytest.approx(float(queries.checks(session, "weight")[-1].value["kg"]))
    assert taken.age_y == ordered.age_y
    assert isinstance(taken, pk.Person)
