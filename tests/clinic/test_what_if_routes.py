"""What-if for drugs that are given at once: boluses, nasal devices, parts of a dose; and where no model speaks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from stillhaven.clinic.monitoring import prediction, what_if
from stillhaven.clinic.monitoring.prediction import Change, Given
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.session import actions, facts, queries
from stillhaven.clinic.session.actions import advance
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.web.demo import Demo
from stillhaven.science import pk
from stillhaven.science.findings import Finding, Verdict
from stillhaven.science.session import Move
from tests.cast import make_clinic, signed_in
from tests.clinic.filling import Page, open_page

NASAL = {
    "protocol": "esketamine_trd", "route": "intranasal", "dose": "84", "dose_unit": "mg", "product_mg_per_ml": "140",
    "device_mg": "28", "duration_min": "", "bag_ml": "", "observation_min": "120",
}  # fmt: skip
BOLUS = {
    "protocol": "iv_chronic_pain", "route": "iv_bolus", "dose": "0.3", "dose_unit": "mg/kg", "bag_ml": "10", "duration_min": "2",
}  # fmt: skip
INTO_A_MUSCLE = {
    "protocol": "im_depression", "route": "im", "dose": "0.5", "dose_unit": "mg/kg", "product_mg_per_ml": "100", "bag_ml": "",
    "duration_min": "", "observation_min": "120",
}  # fmt: skip


@pytest.fixture
def demo(db: None) -> Demo:
    return make_clinic(clock.now())


def begun(
    demo: Demo, who: str, typed: dict[str, Any], minutes_ago: float, first_mg: float | None = None
) -> TreatmentSession:
    """A session whose first amount went in so many minutes ago (the start rules are not the point here)."""
    now, nurse = clock.now(), demo.staff["nurse"]
    course = demo.course(who)
    order = demo.order(course, who, now, **typed)
    session = actions.book(course, booked_for=now, by=nurse, at=now, order=order, nurse=nurse)
    met = (Finding(rule="shown", verdict=Verdict.MET, because="shown"),)
    at = now - timedelta(minutes=minutes_ago)
    for move in (Move.CHECK_IN, Move.MAKE_READY, Move.START):
        session = advance(session, move, by=nurse, at=at, because=met if move is not Move.CHECK_IN else ())
    record.append(facts.first_dose(session, at, **({} if first_mg is None else {"amount_mg": first_mg})), by=nurse)
    return session


def shown(session: TreatmentSession, **asked: str) -> dict[str, Any]:
    return what_if.context(queries.open_or_closed(session.pk), asked, clock.now())


def look(demo: Demo, session: TreatmentSession, **asked: Any) -> Page:
    return open_page(signed_in(demo.staff["prescriber"]), f"/sessions/{session.uid}/what-if/?{urlencode(asked)}")


def ahead(made: dict[str, Any]) -> list[tuple[int, int]]:
    return [(r["as_is"]["mid"], r["changed"]["mid"]) for r in made["rows"] if r["changed"] and not r["now"]]


def test_the_devices_that_are_left_are_drawn_at_their_times(demo: Demo) -> None:
    session = begun(demo, "eve", NASAL, 6)
    page = look(demo, session)
    assert page.status == 200
    assert 'name="devices"' in page.text
    assert "28 mg (2 left)" in page.words()
    made = shown(session, change="device", devices="2", every_min="5")
    assert not made["refused"]
    words = made["change_words"]
    assert words["text"].startswith("2 more devices of 28 mg at")
    assert words["total_mg"] == "84"
    assert words["ends_at"] - clock.now() > timedelta(minutes=4)
    assert all(changed > as_is for as_is, changed in ahead(made)[1:])
    drawn = look(demo, session, change="device", devices="1", every_min="5")
    assert drawn.status == 200
    assert "one more device of 28 mg" in drawn.words()
    assert "band-changed" in drawn.text
    assert "The drug ran" not in drawn.words(), "nothing ran by a pump"


def test_a_device_too_soon_too_many_or_unreadable_is_not_drawn(demo: Demo) -> None:
    session = begun(demo, "eve", NASAL, 1)
    soon = look(demo, session, change="device", devices="1", every_min="2")
    assert soon.status == 409
    assert any("rest between devices" in stop for stop in soon.stops())
    assert shown(session, change="device", devices="1", every_min="5")["has_change"], "once the rest is over"
    for asked in (
        {"devices": "3"},
        {"devices": "1.5"},
        {"devices": "0"},
        {"devices": "two"},
        {"devices": "1", "every_min": ""},
    ):
        page = look(demo, session, change="device", **({"every_min": "5"} | asked))
        assert page.status == 422, asked
        assert "band-changed" not in page.text


def test_after_the_last_device_nothing_is_offered(demo: Demo) -> None:
    session = begun(demo, "eve", NASAL | {"dose": "56"}, 6)
    actions.give(session.pk, "device", 28.0, by=demo.staff["nurse"], at=clock.now())
    page = look(demo, session)
    assert 'name="change"' not in page.text
    assert "band-as-is" in page.text
    assert look(demo, session, change="device", devices="1", every_min="5").status in (409, 422)


def test_one_more_bolus_now_or_later(demo: Demo) -> None:
    """A third of what is ordered is in; the rest may be drawn, now or in a while, and not more than that."""
    session = begun(demo, "ben", BOLUS, 8, first_mg=10.0)
    dose = float(session.order.dose_mg)  # type: ignore[union-attr]
    page = look(demo, session)
    assert 'value="bolus"' in page.text
    assert 'name="wait_min"' in page.text
    at_once = shown(session, change="bolus", amount_mg="5")
    assert at_once["change_words"]["text"].startswith("a bolus of 5 mg at")
    assert at_once["change_words"]["total_mg"] == "15"
    first_as_is, first_changed = ahead(at_once)[0]
    assert first_changed > first_as_is
    later = shown(session, change="bolus", amount_mg="5", wait_min="60")
    assert ahead(later)[0][0] == ahead(later)[0][1], "nothing changes before it is given"
    assert ahead(later)[-1][1] > ahead(at_once)[-1][1], "what came later is higher at the end"
    over = look(demo, session, change="bolus", amount_mg=f"{dose}")
    assert over.status == 409
    assert any("more than the order has left" in stop for stop in over.stops())
    assert look(demo, session, change="bolus", amount_mg="").status == 422
    assert look(demo, session, change="bolus", amount_mg="5", wait_min="999").status == 422
    assert look(demo, session, change="rate", rate="20").status == 409
    assert look(demo, session, change="part", amount_mg="5").status == 409


def test_a_second_film_raises_what_comes_after_it(demo: Demo) -> None:
    """S-ketamine under the tongue: a model has its absorption.  No protocol orders it, so an order is read as one."""
    session = begun(demo, "ben", BOLUS, 20, first_mg=10.0)
    held = queries.open_or_closed(session.pk)
    held.order.drug, held.order.route = "s_ketamine", "sublingual"  # type: ignore[union-attr]
    made = what_if.context(held, {}, clock.now())
    assert [kind for kind, _ in made["kinds"]] == ["part"]
    given = prediction.regimen(held, queries.dose_entries(queries.doses(held)), clock.now())
    change = Change(kind="part", amount_mg=50.0, at_min=(given.now_min + 5.0,))
    more = prediction.changed(given, change, left_mg=50.0, rate_now_mg_per_h=0.0, route=pk.Route.SUBLINGUAL)
    what = Given(regimen=more, zero=given.zero, now_min=given.now_min)
    minutes = prediction.times(given.now_min)
    one, two = (prediction.bands(held, g, clock.now(), minutes).plasma.mid for g in (given, what))
    past = minutes <= given.now_min
    assert one[past] == pytest.approx(two[past], rel=1e-9), "the past is the past"
    assert (two[minutes > given.now_min + 15.0] > one[minutes > given.now_min + 15.0]).all()


def test_a_second_dose_into_a_muscle_cannot_be_drawn_and_that_is_said(demo: Demo) -> None:
    session = begun(demo, "ben", INTO_A_MUSCLE, 10, first_mg=20.0)
    page = look(demo, session, change="part", amount_mg="20")
    assert "no what-if of it either" in page.words()
    assert "absorption" in page.words()
    assert "<svg" not in page.text.split("<main", 1)[1].split("</main", 1)[0] or "band-" not in page.text
    assert 'name="change"' not in page.text


def test_an_amount_at_the_moment_of_another_is_added_to_it() -> None:
    given = Given(
        regimen=pk.Regimen(drug=pk.Drug.RACEMIC, amount_as=pk.AmountAs.BASE, doses=(pk.Dose(at_min=0, amount_mg=10), pk.Dose(at_min=8, amount_mg=5))),
        zero=clock.now(), now_min=8.0,
    )  # fmt: skip
    more = prediction.changed(given, Change(kind="bolus", amount_mg=3.0), left_mg=3.0, rate_now_mg_per_h=0.0)
    assert [(d.at_min, d.amount_mg) for d in more.doses] == [(0.0, 10.0), (8.0, 8.0)]
