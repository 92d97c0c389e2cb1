"""Each deed of the chair over HTTP: once allowed, once refused, once for the wrong role."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from stillhaven.clinic.record import clock
from stillhaven.clinic.recovery.document import Document
from stillhaven.clinic.session import actions, corrections, queries
from stillhaven.clinic.session.models import Check, Dose, Event, TreatmentSession
from stillhaven.clinic.web.demo import Demo
from stillhaven.science.errors import BadInput, Refused
from tests.cast import make_clinic, signed_in
from tests.clinic.filling import Page, open_page

pytestmark = pytest.mark.django_db


@pytest.fixture
def running() -> tuple[Demo, TreatmentSession]:
    demo = make_clinic(clock.now())
    session = demo.start("ben", "Chair 2", clock.now() - timedelta(minutes=10))
    return demo, session


def page_of(demo: Demo, session: TreatmentSession, who: str = "nurse") -> Page:
    return open_page(signed_in(demo.staff[who]), f"/sessions/{session.uid}/")


def state(session: TreatmentSession) -> str:
    session.refresh_from_db()
    return session.state


# deed -> (what is typed, the state after it, a role that may not)
DEEDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "hold": ({"reason": "asked for a pause"}, "held", "therapist"),
    "stop": ({"reason": "dose complete"}, "recovering", "desk"),
    "abort": ({"reason": "chest pain"}, "recovering", "desk"),
    "transfer": ({"reason": "ambulance"}, "transferred", "therapist"),
    "rate": ({"rate_mg_per_h": "30", "reason": "slower"}, "dosing", "therapist"),
    "note": ({"text": "sleeping"}, "dosing", "desk"),
    "request": ({"what": "call"}, "dosing", "desk"),
    "event": ({"term": "nausea_vomiting", "grade": "1"}, "dosing", "desk"),
    "vitals": ({"spo2_pct": "97"}, "dosing", "desk"),
}


@pytest.mark.parametrize("deed", sorted(DEEDS))
def test_allowed(running: tuple[Demo, TreatmentSession], deed: str) -> None:
    demo, session = running
    typed, after, _ = DEEDS[deed]
    page = page_of(demo, session).send(deed, **typed)
    assert page.status == 200, page.words()
    assert state(session) == after


@pytest.mark.parametrize("deed", sorted(DEEDS))
def test_the_wrong_role_is_refused_and_nothing_is_written(running: tuple[Demo, TreatmentSession], deed: str) -> None:
    demo, session = running
    typed, _, role = DEEDS[deed]
    before = (Dose.objects.count(), Event.objects.count(), Check.objects.count())
    action, _ = page_of(demo, session).form(deed)
    answer = signed_in(demo.staff[role]).post(action, typed)
    assert answer.status_code == 403
    assert state(session) == "dosing"
    assert (Dose.objects.count(), Event.objects.count(), Check.objects.count()) == before


REFUSED = {
    "rate": ({"rate_mg_per_h": "500", "reason": "hurry"}, 409, "faster than the order allows"),
    "transfer": ({"reason": ""}, 422, "Say why"),
    "event": ({"term": "nausea_vomiting", "grade": ""}, 422, "Write a number"),
    "note": ({"text": "  "}, 422, "Write something"),
    "vitals": ({"spo2_pct": "970"}, 422, "Must be between"),
    "rescue-labetalol": ({"dose": "100"}, 422, "up to 10 mg"),
    "request": ({"what": ""}, 422, "Must be one of"),
}


@pytest.mark.parametrize("deed", sorted(REFUSED))
def test_refused_comes_back_with_the_reason_and_what_was_typed(
    running: tuple[Demo, TreatmentSession], deed: str
) -> None:
    demo, session = running
    typed, status, said = REFUSED[deed]
    page = page_of(demo, session).send(deed, **typed)
    assert page.status == status
    assert said.lower() in page.words().lower()
    _, fields = page.form(deed)
    for name, value in typed.items():
        if value.strip():
            assert fields.get(name) == [value]
    assert "data-trouble" in page.text
    assert state(session) == "dosing"


def test_held_resumed_and_not_resumed_once_consent_is_withdrawn(running: tuple[Demo, TreatmentSession]) -> None:
    demo, session = running
    page = page_of(demo, session).send("hold", reason="pause").send("request", what="withdrawal", words="no more")
    page = page.send("resume")
    assert page.status == 409
    assert "withdrawn" in page.words()
    assert state(session) == "held"


def test_ordered_premedication_is_written_down_apart_with_dose_time_and_name() -> None:
    demo, now = make_clinic(clock.now()), clock.now()
    session = demo.start("cleo", "Chair 3", now - timedelta(minutes=10))  # the demo gives what Cleo's order asks for
    given = Event.objects.get(session=session, kind="premedication")
    assert (given.key, given.value["dose"], given.by_name) == ("ondansetron", 4, demo.staff["nurse"].signature_name)
    started = Dose.objects.filter(session=session).earliest("seq")
    assert given.happened_at == started.happened_at - timedelta(minutes=30)
    page = page_of(demo, session)
    assert "Given 4 mg at" in page.words()
    url, more = f"/sessions/{session.uid}/premedication/", {"unit": "mg", "route": "by mouth"}
    nurse = signed_in(demo.staff["nurse"])
    again = nurse.post(url, {"order": "ondansetron", "dose": "4"} | more, headers={"Accept": "application/json"})
    assert again.status_code == 409  # the order allows it once
    other = nurse.post(url, {"order": "labetalol", "dose": "5"} | more, headers={"Accept": "application/json"})
    assert other.status_code == 409  # an order for a rescue drug is none for premedication
    assert signed_in(demo.staff["desk"]).post(url, {"order": "ondansetron", "dose": "4"} | more).status_code == 403
    blank = nurse.post(url, {"order": "ondansetron"} | more, headers={"Accept": "application/json"})
    assert blank.status_code == 422
    why = nurse.post(
        url, {"order": "ondansetron", "why_not": "she declined"} | more, headers={"Accept": "application/json"}
    )
    assert why.status_code == 200
    whole = Document(TreatmentSession.objects.get(pk=session.pk), now)
    order = whole.order()
    assert order
    assert "given 4 mg at" in order["premedication"][0]
    assert "not given: she declined" in order["premedication"][0]
    assert [row["kind"] for row in whole.timeline()].count("premedication") == 2


def test_a_rescue_drug_is_recorded_only_under_its_order(running: tuple[Demo, TreatmentSession]) -> None:
    demo, session = running
    page = page_of(demo, session).send("rescue-ondansetron", dose="4")
    assert "Ondansetron 4 mg IV" in page.words()
    again = page.send("rescue-ondansetron", dose="4", uid="7c0f0a52-3f7b-4d84-9d2a-0a9a5d0f1a11")
    assert again.status == 409
    assert "Call the prescriber" in again.words()


def test_the_open_doors_are_the_states_own(running: tuple[Demo, TreatmentSession]) -> None:
    demo, session = running
    assert {"hold", "rate", "stop", "abort", "transfer"} <= set(page_of(demo, session).forms())
    assert "resume" not in page_of(demo, session).forms()
    therapist = set(page_of(demo, session, "therapist").forms())
    assert {"stop", "abort"} <= therapist
    assert not {"hold", "rate", "transfer", "vitals"} & therapist


def test_did_not_come_and_cancelled_need_a_reason() -> None:
    demo = make_clinic(clock.now())
    demo.later("eve", clock.now())
    session = TreatmentSession.objects.get()
    page = page_of(demo, session)
    assert page.send("miss", reason="").status == 422
    assert page.send("miss", reason="did not answer the telephone").status == 200
    assert state(session) == "missed"


# ---------------------------------------------------------------- esketamine: devices and the clock
def esketamine(demo: Demo, minutes_ago: float) -> TreatmentSession:
    """A session whose first device was used so many minutes ago (the start rules are not the point here)."""
    from stillhaven.clinic.record import actions as record
    from stillhaven.clinic.session import facts
    from stillhaven.clinic.session.actions import advance
    from stillhaven.science.findings import Finding, Verdict
    from stillhaven.science.session import Move

    now, nurse = clock.now(), demo.staff["nurse"]
    course = demo.course("eve")
    typed = {
        "protocol": "esketamine_trd", "route": "intranasal", "dose": "56", "dose_unit": "mg", "product_mg_per_ml": "140",
        "device_mg": "28", "duration_min": "", "bag_ml": "", "observation_min": "120",
    }  # fmt: skip
    order = demo.order(course, "eve", now, **typed)
    session = actions.book(course, booked_for=now, by=nurse, at=now, order=order, nurse=nurse)
    met = (Finding(rule="shown", verdict=Verdict.MET, because="shown"),)
    at = now - timedelta(minutes=minutes_ago)
    for move in (Move.CHECK_IN, Move.MAKE_READY, Move.START):
        session = advance(session, move, by=nurse, at=at, because=met if move is not Move.CHECK_IN else ())
    record.append(facts.first_dose(session, at), by=nurse)
    return session


def test_devices_with_their_times_and_the_earliest_moment_for_the_next() -> None:
    demo = make_clinic(clock.now())
    session = esketamine(demo, 6)
    page = page_of(demo, session)
    assert "Device 1 of 2, 28 mg" in page.words()
    assert "Give device 2 of 2, 28 mg" in page.words()
    assert "Device 2 of 2 used now: 28 mg" in page.text
    page = page.send("give", lot="L2")
    assert "Device 2 of 2, 28 mg, lot L2" in page.words()
    assert "give" not in page.forms(), "both devices are used"
    assert [d.amount_mg for d in queries.doses(session) if d.amount_mg] == [28.0, 28.0]
    assert state(session) == "recovering", "the last device ends the drug by itself"


def test_the_next_device_is_refused_before_the_rest_between_devices_is_over() -> None:
    demo = make_clinic(clock.now())
    session = esketamine(demo, 2)
    with pytest.raises(Refused, match="rest between devices"):
        actions.give(session.pk, "device", 28.0, by=demo.staff["nurse"], at=clock.now())
    assert len(queries.doses(session)) == 1
    assert "Not before" in page_of(demo, session).words(), "and the page says from when"


def test_the_pressure_at_forty_minutes_is_asked_for_beside_the_clock() -> None:
    demo = make_clinic(clock.now())
    late = page_of(demo, esketamine(demo, 55))
    assert "pressure at 40 minutes: not measured" in late.words().lower()
    assert "not measured yet" not in late.words().lower().split("pressure before leaving")[0]


def test_the_observation_clock_says_since_when_and_until_when() -> None:
    demo = make_clinic(clock.now())
    early = page_of(demo, esketamine(demo, 20))
    assert "pressure at 40 minutes: not measured yet" in early.words().lower()
    assert "only once symptoms are over" in early.words()


# ---------------------------------------------------------------- corrections, the action itself
def test_a_correction_needs_a_check_of_this_session_and_a_record_not_yet_signed(
    running: tuple[Demo, TreatmentSession],
) -> None:
    demo, session = running
    nurse, now = demo.staff["nurse"], clock.now()
    weight = queries.latest_checks(session)["weight"]
    other = demo.start("cleo", "Chair 3", now - timedelta(minutes=5))
    with pytest.raises(BadInput):
        corrections.amend_check(other.pk, weight.uid, {"weight": "80", "unit": "kg"}, "slip", by=nurse, at=now)
    new = corrections.amend_check(session.pk, weight.uid, {"weight": "80", "unit": "kg"}, "slip", by=nurse, at=now)
    assert (new.amends_id, new.happened_at) == (weight.uid, weight.happened_at)
    with pytest.raises(Refused):
        corrections.amend_check(session.pk, weight.uid, {"weight": "81", "unit": "kg"}, "slip", by=nurse, at=now)
    TreatmentSession.objects.filter(pk=session.pk).update(state="signed")
    with pytest.raises(Refused):
        corrections.amend_check(session.pk, new.uid, {"weight": "82", "unit": "kg"}, "slip", by=nurse, at=now)


def test_a_score_is_corrected_within_its_scale(running: tuple[Demo, TreatmentSession]) -> None:
    demo, session = running
    nurse, now = demo.staff["nurse"], clock.now()
    pain = queries.latest_checks(session)["pain"]
    with pytest.raises(BadInput):
        corrections.amend_check(session.pk, pain.uid, {"value": "11"}, "slip", by=nurse, at=now)
    assert corrections.amend_check(session.pk, pain.uid, {"value": "10"}, "slip", by=nurse, at=now).value == {
        "score": 10
    }
