"""Tomorrow's board: every gate says go, no or not known; what nobody knows is never green; overrides are named and lapse."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from stillhaven.clinic.chart import tomorrow, tomorrow_deeds
from stillhaven.clinic.course import actions as courses
from stillhaven.clinic.messages.models import OutMessage
from stillhaven.clinic.people.models import Patient, Site
from stillhaven.clinic.people.roles import NotAllowed
from stillhaven.clinic.people.witness import Witness
from stillhaven.clinic.schedule import upkeep
from stillhaven.clinic.schedule.models import Appointment, GateOverride
from stillhaven.clinic.session import booking
from stillhaven.clinic.stock import actions as stock
from stillhaven.clinic.web.demo import Demo, make_account
from stillhaven.science.errors import BadInput
from tests.cast import NOW, make_clinic, signed_in
from tests.clinic.filling import open_page
from tests.clinic.test_schedule import MONDAY, book, staffed

DAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def the_clock_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """These visits lie on days of November 2026, whenever the tests are run."""
    monkeypatch.setenv("STILLHAVEN_CLOCK", f"={NOW:%Y-%m-%dT%H:%M:%S}Z")


@pytest.fixture
def demo(db: Any) -> Demo:
    return staffed(make_clinic(NOW))


def gates_of(demo: Demo, row: Appointment) -> dict[str, tomorrow.Gate]:
    found = next(gates for visit, gates in tomorrow.board(demo.site, DAY, NOW) if visit.row.pk == row.pk)
    return {g.key: g for g in found}


def said(demo: Demo, row: Appointment, **value: Any) -> None:
    whole = {"prepared": "yes", "infection": "no", "driver": "Ruth", "driver_phone": "555", "symptoms": ""} | value
    upkeep.answer(row, "confirm", whole, by=demo.staff["desk"], at=NOW, uid=uuid.uuid4())


def test_what_nobody_knows_is_never_green(demo: Demo) -> None:
    row = book(demo, "ben")
    found = gates_of(demo, row)
    assert set(found) == set(tomorrow.NAMES)
    for key in ("well", "weight", "pressure", "authorisation", "stock", "findings"):
        assert found[key].look in ("unknown", "no"), key
    assert found["fasting"].look == found["driver"].look == found["order"].look == "no"
    assert all(g.owner and g.due_at for g in found.values() if g.is_open)
    assert (found["staff"].look, found["chair"].look) == ("go", "go")


def test_fasting_is_green_only_when_it_is_confirmed(demo: Demo) -> None:
    row = book(demo, "ada")
    assert gates_of(demo, row)["fasting"].word == "waits"
    OutMessage.objects.filter(about=row.uid).update(state="sent", sent_at=NOW)
    assert (gates_of(demo, row)["fasting"].look, gates_of(demo, row)["fasting"].word) == ("no", "sent")
    said(demo, row)
    found = gates_of(demo, row)
    assert (found["fasting"].look, found["well"].look, found["driver"].look) == ("go", "go", "go")
    said(demo, row, infection="yes", symptoms="a cough")
    assert "a cough" in gates_of(demo, row)["well"].because


def test_the_safe_must_hold_what_the_days_other_visits_need_too(demo: Demo) -> None:
    """What is enough for either of two visits and not for both is short for both."""
    orders = {}
    for key in ("ada", "ben"):
        course = demo.patients[key].courses.first() or demo.course(key)
        orders[key] = demo.order(course, key, MONDAY)
    most = max(float(o.dose_mg) for o in orders.values())
    stock.receive(
        demo.site, drug="ketamine", product="Ketamine 50 mg/mL", mg_per_ml="50", volume_ml=str(round(most * 1.2 / 50, 1)), vials=1,
        lot="T1", expires=date(2027, 6, 30), supplier="Harbor", invoice="1", received_on=date(2026, 11, 20),
        by=demo.staff["second"], witness=Witness(user=demo.staff["nurse"], how="demo"), at=NOW,
    )  # fmt: skip
    ada = book(demo, "ada")
    assert gates_of(demo, ada)["stock"].look == "go"
    ben = book(demo, "ben", start=MONDAY + timedelta(hours=3))
    for row in (ada, ben):
        gate = gates_of(demo, row)["stock"]
        assert (gate.look, gate.word) == ("no", "short")
        assert f"{float(orders['ben' if row is ada else 'ada'].dose_mg):g} mg for 1 other" in gate.because
    assert next(g for g in tomorrow.of_visit(ada, NOW) if g.key == "stock").look == "no"
    booking.cancel_visit(ben.pk, "ill", by=demo.staff["desk"], at=NOW)
    assert gates_of(demo, ada)["stock"].look == "go"


def test_enrolment_and_units_of_an_authorisation(demo: Demo) -> None:
    row = book(demo, "eve", drug="esketamine", route="intranasal")
    assert gates_of(demo, row)["rems"].look == "no"
    desk, course = demo.staff["desk"], row.course
    assert course
    courses.add_fact(course, "rems_enrolment", {"number": "R1", "on": "2026-11-01"}, by=desk, at=NOW, uid=uuid.uuid4())
    runs = {"needed": "yes", "units": 1, "from": "2026-11-01", "until": "2026-12-31", "number": "A", "payer": "P"}
    courses.add_fact(course, "authorisation", runs, by=desk, at=NOW, uid=uuid.uuid4())
    found = gates_of(demo, row)
    assert (found["rems"].look, found["authorisation"].look) == ("go", "go")
    later = book(demo, "eve", start=MONDAY + timedelta(days=3), drug="esketamine", route="intranasal")
    used = {
        g.key: g for v, gs in tomorrow.board(demo.site, date(2026, 11, 26), NOW) if v.row.pk == later.pk for g in gs
    }
    assert used["authorisation"].look == "no"  # the one unit is Monday's
    with pytest.raises(NotAllowed):
        courses.add_fact(course, "rems_enrolment", {}, by=demo.staff["auditor"], at=NOW, uid=uuid.uuid4())


def test_an_override_is_named_and_lapses_when_the_gate_says_something_else(demo: Demo) -> None:
    row, doctor = book(demo, "ben"), demo.staff["prescriber"]
    red = gates_of(demo, row)["driver"]
    with pytest.raises(NotAllowed):
        tomorrow_deeds.let_pass(row, "driver", red.because, "fine", by=demo.staff["desk"], at=NOW, uid=uuid.uuid4())
    with pytest.raises(BadInput):
        tomorrow_deeds.let_pass(row, "driver", red.because, " ", by=doctor, at=NOW, uid=uuid.uuid4())
    uid = uuid.uuid4()
    for _ in range(2):  # sent twice is done once
        tomorrow_deeds.let_pass(row, "driver", red.because, "stays the night next door", by=doctor, at=NOW, uid=uid)
    assert GateOverride.objects.count() == 1
    passed = gates_of(demo, row)["driver"]
    assert (passed.look, passed.is_open) == ("waived", False)
    assert "Lindqvist" in passed.because
    assert "next door" in passed.because
    Patient.objects.filter(pk=row.patient_id).update(escort_name="")
    assert gates_of(demo, row)["driver"].look == "no"


def test_a_gate_is_given_to_somebody_until_a_moment(demo: Demo) -> None:
    row, nurse = book(demo, "ben"), demo.staff["nurse"]
    due = datetime.combine(DAY, time(12), MONDAY.tzinfo)
    tomorrow_deeds.give_to(row, "well", nurse.pk, due, by=demo.staff["desk"], at=NOW)
    gate = gates_of(demo, row)["well"]
    assert (gate.owner, gate.due_at) == (nurse.signature_name, due)
    with pytest.raises(NotAllowed):
        tomorrow_deeds.give_to(row, "well", nurse.pk, due, by=demo.staff["auditor"], at=NOW)


def test_the_page_says_it_at_one_glance_and_takes_a_reason(demo: Demo) -> None:
    row = book(demo, "ben")
    page = open_page(signed_in(demo.staff["prescriber"]), f"/tomorrow/?day={DAY}")
    assert page.status == 200
    assert "0 of 1 session can go ahead" in page.words()
    assert "is on file, and is not confirmed for this visit" in page.words()
    gate = open_page(page.client, f"/tomorrow/{row.uid}/driver/")
    after = gate.send("let", why="walks home with his brother, seen by me")
    assert after.status == 200
    assert GateOverride.objects.get().why == "walks home with his brother, seen by me"
    again = open_page(page.client, f"/tomorrow/{row.uid}/order/").send("let", why="")
    assert again.status == 422


def test_others_and_other_sites_do_not_see_it(demo: Demo) -> None:
    row = book(demo, "ben")
    far = Site.objects.create(pk=2, name="Far Hill Clinic")
    stranger = make_account("far@far.example", name="Far Nurse", roles=["nurse", "prescriber"], sites=[far])
    client = signed_in(stranger)
    assert client.get(f"/tomorrow/{row.uid}/driver/").status_code == 404
    assert client.get(f"/schedule/visits/{row.uid}/").status_code == 404
    assert client.get(f"/patients/{row.patient_id}/visits/").status_code == 404
    assert client.get(f"/courses/{row.course_id}/facts/").status_code == 404
    assert signed_in(demo.staff["auditor"]).get("/tomorrow/").status_code == 403
