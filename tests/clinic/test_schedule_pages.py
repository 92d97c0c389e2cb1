"""The book's pages as a person without script uses them: search, propose, change a row, book all; move with other times."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from icalendar import Calendar

from stillhaven.clinic.schedule import upkeep
from stillhaven.clinic.schedule.models import Appointment, Chair, Competence, Shift, VisitAnswer, Waiting
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.web.demo import Demo
from tests.cast import NOW, make_clinic, signed_in
from tests.clinic.filling import open_page
from tests.clinic.test_schedule import MONDAY, book, staffed


@pytest.fixture(autouse=True)
def the_clock_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """These visits lie on days of November 2026, whenever the tests are run."""
    monkeypatch.setenv("STILLHAVEN_CLOCK", f"={NOW:%Y-%m-%dT%H:%M:%S}Z")


@pytest.fixture
def demo(db: Any) -> Demo:
    return staffed(make_clinic(NOW))


def test_a_series_from_the_search_to_the_book(demo: Demo) -> None:
    course = demo.course("ada")
    demo.order(course, "ada", MONDAY)
    client = signed_in(demo.staff["desk"])
    assert "Ada Fernsby" in open_page(client, "/schedule/book/?q=fernsby").words()
    page = open_page(client, f"/schedule/book/?patient={course.patient_id}")
    assert "2 a week, 6 sessions, weeks 1 to 3" in page.words()
    page = page.send("book", do="cadence", first="2026-11-23", time="9:00")
    assert "6 of 6 fit." in page.words()
    assert not Appointment.objects.exists()
    page = page.send("book", do="book")
    assert "6 visits are booked" in page.words()
    rows = list(Appointment.objects.order_by("starts_at"))
    assert rows[0].starts_at == MONDAY
    assert (rows[1].starts_at - rows[0].starts_at).days in (3, 4)
    assert TreatmentSession.objects.count() == 6
    assert TreatmentSession.objects.filter(order__isnull=False).count() == 1  # one order, one session


def test_conflicts_come_with_other_times_and_nothing_is_booked(demo: Demo) -> None:
    course = demo.course("ada")
    demo.order(course, "ada", MONDAY)
    page = open_page(signed_in(demo.staff["desk"]), f"/schedule/book/?patient={course.patient_id}")
    page = page.send("book", do="cadence", first="2026-11-28", time="17:00", sessions="2", per_week="1", scheme="other")
    assert "0 of 2 fit." in page.words()  # a Saturday: nobody is on duty
    assert "on duty for the whole visit" in page.words()
    assert 'name="take"' in page.text
    refused = page.send("book", do="book")
    assert refused.status == 409
    assert "Nothing was booked" in refused.words()
    assert not Appointment.objects.exists()
    taken = page.send("book", take="0|2026-11-27|10:00").send("book", take="1|2026-12-04|10:00")
    assert "2 of 2 fit." in taken.words()
    assert taken.send("book", do="book").status == 200
    assert Appointment.objects.count() == 2


def test_what_was_typed_stays_when_it_cannot_be_read(demo: Demo) -> None:
    page = open_page(signed_in(demo.staff["desk"]), f"/schedule/book/?patient={demo.course('ada').patient_id}")
    bad = page.send(
        "book", do="cadence", first="2026-11-23", time="half nine", minutes="160", note="by the window", sessions="1"
    )
    assert bad.status == 422
    assert "write a time such as 9:30" in bad.words().lower()
    assert 'value="by the window"' in bad.text
    assert 'value="half nine"' in bad.text
    unknown = page.send("book", do="cadence", first="2026-11-23", time="9:00", minutes="", sessions="1")
    assert unknown.status == 422
    assert "how long the drug runs" in unknown.words()  # no order yet: asked, never made up


def test_moving_where_it_does_not_fit_offers_what_does(demo: Demo) -> None:
    ada, ben = book(demo, "ada"), book(demo, "ben", start=MONDAY + timedelta(days=1))
    page = open_page(signed_in(demo.staff["desk"]), f"/schedule/visits/{ben.uid}/")
    refused = page.send("move", day="2026-11-23", time="9:30", chair=str(ada.chair_id))
    assert refused.status == 409
    assert "is taken at that time" in refused.words()
    assert "Nearest times that fit" in refused.words()
    moved = page.send("move", day="2026-11-25", time="11:00", chair="", nurse="", why="asked for it")
    assert "The visit is moved" in moved.words()
    ben.refresh_from_db()
    assert TreatmentSession.objects.get(uid=ben.session_uid).booked_for == ben.starts_at


def test_a_freed_place_is_offered_to_those_who_wait(demo: Demo) -> None:
    desk = demo.staff["desk"]
    row = book(demo, "ada")
    upkeep.wait(demo.patients["ben"], date(2026, 11, 20), date(2026, 11, 30), by=desk, at=NOW)
    demo.course("ben")
    page = open_page(signed_in(desk), f"/schedule/visits/{row.uid}/")
    page = page.send("cancel", why="has a cold")
    assert "Who waits for it?" in page.words()
    assert "Ben Okafor" in page.words()
    one = Waiting.objects.get()
    page = page.send(f"offer-{one.pk}")
    assert "telephone" in page.words()  # no way to write to Ben is on record


def test_upkeep_pages_by_those_who_may(demo: Demo) -> None:
    manager, desk = signed_in(demo.staff["manager"]), signed_in(demo.staff["desk"])
    page = open_page(manager, "/schedule/places/").send("chair-new", name="Chair 9", bed="Bed 9")
    assert Chair.objects.get(name="Chair 9").bed == "Bed 9"
    assert open_page(manager, "/schedule/places/").send("chair-new", name="chair 9").status == 422
    assert page.status == 200
    assert "chair-new" not in open_page(desk, "/schedule/places/").forms()
    who = f"{demo.staff['therapist'].pk}:therapist"
    shifts = open_page(manager, "/schedule/shifts/?day=2026-11-23")
    shifts.send("shift", who=who, first="2026-11-23", last="2026-11-29", weekdays=["0", "2"], begins="9", ends="12:30")
    assert Shift.objects.filter(staff=demo.staff["therapist"]).count() == 2
    papers = open_page(manager, "/schedule/competences/")
    before = Competence.objects.count()
    papers.send(
        "paper", staff=str(demo.staff["nurse"].pk), kind="acls", valid_from="2026-01-01", valid_until="2025-01-01"
    )
    assert Competence.objects.count() == before
    papers.send(
        "paper", staff=str(demo.staff["nurse"].pk), kind="acls", valid_from="2026-01-01", valid_until="2028-01-01"
    )
    assert Competence.objects.count() == before + 1
    assert (
        desk.post(
            "/schedule/competences/add/", {"staff": demo.staff["nurse"].pk, "kind": "bls", "valid_from": "2026-01-01"}
        ).status_code
        == 403
    )


def test_day_and_week_show_who_sits_where(demo: Demo) -> None:
    row = book(demo, "ada")
    client = signed_in(demo.staff["nurse"])
    page = open_page(client, "/schedule/?day=2026-11-23")
    assert page.text.count(f"/schedule/visits/{row.uid}/") == 2  # in the table and in the list
    assert "at most 3 patients a nurse at once" in page.words()
    assert "Ada" in open_page(client, "/schedule/week/?day=2026-11-25").words()
    assert client.get("/schedule/?day=soon").status_code == 422
    assert signed_in(demo.staff["auditor"]).get("/schedule/").status_code == 403


def test_a_calendar_tells_the_time_and_nothing_else(demo: Demo) -> None:
    nurse = demo.staff["nurse"]
    row = book(demo, "ada", nurse=nurse.pk)
    page = open_page(signed_in(nurse), "/schedule/calendar/").send("make")
    secret = page.text.split("/schedule/calendar/")[-1].split(".ics")[0] if ".ics" in page.text else ""
    first = page.text.index(".ics")
    secret = page.text[:first].rsplit("/", 1)[-1]
    answer = Client().get(f"/schedule/calendar/{secret}.ics")
    assert answer["Content-Type"].startswith("text/calendar")
    event = Calendar.from_ical(answer.content).walk("VEVENT")[0]
    assert event.decoded("dtstart") == row.starts_at
    assert str(event["summary"]) == "Appointment at Harbour Street Clinic (demo)"
    whole = answer.content.decode().lower()
    assert not any(w in whole for w in ("ada", "ketamine", "session", "chair"))
    page.send("revoke")
    assert Client().get(f"/schedule/calendar/{secret}.ics").status_code == 404


def test_a_patient_sees_their_own_visits_and_asks_for_another_time(demo: Demo) -> None:
    mine, other = book(demo, "ada"), book(demo, "ben")
    page = open_page(signed_in(demo.patients["ada"].account), "/me/appointments/")
    assert "Monday, 23 November, 09:00" in page.words()
    assert "ketamine" not in page.text.lower()
    asked = page.send(f"ask-{mine.pk}", kind="ask_move", words="Tuesdays suit me")
    assert "You asked for a change" in asked.words()
    assert VisitAnswer.objects.get().value["words"] == "Tuesdays suit me"
    assert Appointment.objects.get(pk=mine.pk).starts_at == MONDAY  # a request changes nothing
    assert page.client.post(f"/me/appointments/{other.uid}/ask/", {"kind": "ask_move"}).status_code == 404
    assert signed_in(demo.staff["desk"]).get("/me/appointments/").status_code == 404
    assert "Tuesdays suit me" in open_page(signed_in(demo.staff["desk"]), "/schedule/waiting/").words()
    assert "asks for another time" in open_page(signed_in(demo.staff["desk"]), f"/schedule/visits/{mine.uid}/").words()


def test_a_patients_account_has_no_staff_page(demo: Demo) -> None:
    client = signed_in(demo.patients["ada"].account)
    for url in ("/schedule/", "/schedule/week/", "/schedule/book/", "/tomorrow/", "/outbox/", "/schedule/waiting/"):
        assert client.get(url).status_code == 404, url
