"""Booking, moving, cancelling: what fits is booked with its session, what does not is refused with every reason."""

from __future__ import annotations

import os
import random
import threading
import uuid
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from icalendar import Calendar

from stillhaven.clinic.messages.models import OutMessage
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.people.roles import NotAllowed
from stillhaven.clinic.record.models import AdminChange
from stillhaven.clinic.schedule import actions, calendar, queries, upkeep
from stillhaven.clinic.schedule.models import Appointment, Chair, Shift
from stillhaven.clinic.session import actions as sessions
from stillhaven.clinic.session import booking
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.web.demo import Demo
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.schedule import Wanted, Window
from stillhaven.science.session import Move
from tests.cast import NOW, make_clinic

MONDAY = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)  # nine in the morning in New York
VISIT_MIN = 160


def staffed(demo: Demo) -> Demo:
    """Both nurses and the prescriber on duty every weekday of four weeks, with all that they must hold."""
    manager = demo.staff["manager"]
    for key, role in (("nurse", "nurse"), ("second", "nurse"), ("prescriber", "prescriber")):
        user = demo.staff[key]
        upkeep.add_shifts(
            demo.site, user.pk, role, date(2026, 11, 23), time(8), time(18), by=manager, at=NOW,
            weekdays=(0, 1, 2, 3, 4), last=date(2026, 12, 18),
        )  # fmt: skip
        for kind in ("licence", "bls", "acls", "infusion_signoff", "rems_training"):
            upkeep.record_competence(
                demo.site, user.pk, kind, date(2026, 1, 1), date(2027, 6, 30), by=manager, at=NOW
            )  # fmt: skip
    return demo


@pytest.fixture(autouse=True)
def the_clock_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """These visits lie on days of November 2026, whenever the tests are run."""
    monkeypatch.setenv("STILLHAVEN_CLOCK", f"={NOW:%Y-%m-%dT%H:%M:%S}Z")


@pytest.fixture
def demo(db: Any) -> Demo:
    return staffed(make_clinic(NOW))


def wanted(demo: Demo, key: str, start: datetime = MONDAY, **more: Any) -> Wanted:
    asked: dict[str, Any] = {"drug": "ketamine", "route": "iv_infusion"} | more
    return Wanted(patient=demo.patients[key].pk, window=Window.of(start, VISIT_MIN), **asked)


def book(demo: Demo, key: str, start: datetime = MONDAY, by: str = "desk", **more: Any) -> Appointment:
    course = demo.patients[key].courses.first() or demo.course(key)
    rows = [wanted(demo, key, start, **more)]
    return booking.book_visits(demo.patients[key], course, rows, by=demo.staff[by], at=NOW, uid=uuid.uuid4())[0]


def test_a_booking_makes_the_visit_and_its_session_in_step(demo: Demo) -> None:
    row = book(demo, "ada")
    session = TreatmentSession.objects.get(uid=row.session_uid)
    assert (session.booked_for, session.chair, session.nurse) == (row.starts_at, row.chair, row.nurse)
    later = MONDAY + timedelta(days=1)
    moved = booking.move_visit(
        row.pk, actions.wanted_of(row, Window.of(later, VISIT_MIN)), by=demo.staff["desk"], at=NOW
    )
    session.refresh_from_db()
    assert (moved.moves, session.booked_for) == (1, later)
    booking.cancel_visit(row.pk, "has a cold", by=demo.staff["desk"], at=NOW)
    session.refresh_from_db()
    assert (session.state, Appointment.objects.get(pk=row.pk).state) == ("cancelled", "cancelled")
    assert AdminChange.objects.filter(table="schedule.Appointment", row=str(row.pk)).count() >= 3


def test_what_ends_a_session_frees_its_place(demo: Demo) -> None:
    row = book(demo, "ada")
    session = TreatmentSession.objects.get(uid=row.session_uid)
    sessions.leave_early(session.pk, Move.CANCEL, "called in sick", by=demo.staff["desk"], at=NOW)
    row.refresh_from_db()
    assert row.state == "cancelled"
    assert book(demo, "ben", chair=row.chair_id, nurse=row.nurse_id).chair_id == row.chair_id


def test_a_taken_chair_is_refused_with_its_reason(demo: Demo) -> None:
    first = book(demo, "ada")
    with pytest.raises(Refused, match="is taken at that time") as refused:
        book(demo, "ben", start=MONDAY + timedelta(minutes=150), chair=first.chair_id)
    assert any(f.rule == "chair_free" and not f.is_met for f in refused.value.findings)
    assert Appointment.objects.count() == TreatmentSession.objects.count() == 1


def test_a_nurse_has_no_more_people_than_the_policy_allows(demo: Demo) -> None:
    nurse = demo.staff["nurse"].pk
    for key in ("ada", "ben", "cleo"):
        assert book(demo, key, nurse=nurse).nurse_id == nurse
    with pytest.raises(Refused, match="more than 3 patients at once"):
        book(demo, "dev", nurse=nurse)
    assert book(demo, "dev").nurse_id == demo.staff["second"].pk  # the other one has a place


def test_a_lapsed_paper_keeps_a_nurse_from_being_assigned(demo: Demo) -> None:
    for paper in demo.staff["nurse"].competences.filter(kind="bls"):
        paper.valid_until = date(2026, 11, 1)
        paper.save()
    with pytest.raises(Refused, match="basic life support ended on 1 November 2026"):
        book(demo, "ada", nurse=demo.staff["nurse"].pk)
    assert book(demo, "ada").nurse_id == demo.staff["second"].pk


def test_the_wrong_role_and_the_other_clinic_are_refused(demo: Demo) -> None:
    with pytest.raises(NotAllowed):
        book(demo, "ada", by="manager")
    row = book(demo, "ada")
    with pytest.raises(NotAllowed):
        booking.cancel_visit(row.pk, "no reason of mine", by=demo.staff["auditor"], at=NOW)
    with pytest.raises(NotAllowed):
        upkeep.save_place(demo.site, "chair", name="Chair 9", by=demo.staff["desk"], at=NOW)
    upkeep.save_place(demo.site, "chair", name="Chair 9", by=demo.staff["manager"], at=NOW)
    with pytest.raises(BadInput, match="already"):
        upkeep.save_place(demo.site, "chair", name="chair 9", by=demo.staff["manager"], at=NOW)


def test_a_series_is_booked_whole_or_not_at_all(demo: Demo) -> None:
    course, desk = demo.course("ada"), demo.staff["desk"]
    days = [MONDAY + timedelta(days=n) for n in (0, 3, 7, 10, 14, 17)]
    rows = [wanted(demo, "ada", day) for day in days]
    uid = uuid.uuid4()
    made = booking.book_visits(demo.patients["ada"], course, rows, by=desk, at=NOW, uid=uid)
    again = booking.book_visits(demo.patients["ada"], course, rows, by=desk, at=NOW, uid=uid)
    assert [m.pk for m in made] == [a.pk for a in again]
    assert [m.number for m in made] == [1, 2, 3, 4, 5, 6]
    other = demo.course("ben")
    bad = [wanted(demo, "ben", day) for day in (*days, MONDAY + timedelta(days=5))]  # a Saturday: nobody is there
    with pytest.raises(Refused, match="on duty"):
        booking.book_visits(demo.patients["ben"], other, bad, by=desk, at=NOW, uid=uuid.uuid4())
    assert not Appointment.objects.filter(patient=demo.patients["ben"]).exists()
    assert not other.sessions.exists()


def test_lanes_are_given_anew_where_that_makes_a_place(demo: Demo) -> None:
    """Two visits in different lanes with a gap each: a third that spans both gaps still fits two at once."""
    nurse, chairs = demo.staff["nurse"], list(Chair.objects.all())
    with connection.cursor() as cursor:  # this policy of three; only two lanes are offered here
        cursor.execute("SELECT 1")
    made = []
    for key, hour, lane in (("ada", 0, 1), ("ben", 4, 2)):
        start = MONDAY + timedelta(hours=hour)
        made.append(Appointment.objects.create(
            site=demo.site, patient=demo.patients[key], kind="session", starts_at=start, ends_at=start + timedelta(hours=2),
            chair=chairs[len(made)], nurse=nurse, lane=lane, lanes=3, booked_at=NOW,
        ))  # fmt: skip
    start = MONDAY
    Appointment.objects.create(
        site=demo.site, patient=demo.patients["cleo"], kind="session", starts_at=start, ends_at=start + timedelta(hours=7),
        chair=chairs[2], nurse=nurse, lane=3, lanes=3, booked_at=NOW,
    )  # fmt: skip
    extra = demo.patients["finn"]
    Appointment.objects.create(
        site=demo.site, patient=extra, kind="session", starts_at=start + timedelta(hours=2), ends_at=start + timedelta(hours=4),
        chair=chairs[1], nurse=nurse, lane=2, lanes=3, booked_at=NOW,
    )  # fmt: skip
    # at every moment of 1:00 to 5:00 a place is free, yet each lane is taken for a part of it
    row = book(demo, "dev", start=MONDAY + timedelta(hours=2, minutes=30), nurse=nurse.pk)
    assert row.lane in (1, 2, 3)
    assert_nothing_overlaps(3)


def assert_nothing_overlaps(at_once: int) -> None:
    """Looked at anew, row by row, without the constraints."""
    rows = list(Appointment.objects.filter(state__in=("booked", "arrived")).order_by("starts_at"))
    for name in ("chair_id", "patient_id"):
        by: dict[Any, list[Appointment]] = defaultdict(list)
        for row in rows:
            by[getattr(row, name)].append(row)
        for key, theirs in by.items():
            ends = None
            for row in theirs:
                assert key is None or ends is None or ends <= row.starts_at, (name, key)
                ends = row.ends_at if ends is None else max(ends, row.ends_at)
    moments: dict[Any, list[tuple[datetime, int]]] = defaultdict(list)
    for row in rows:
        if row.nurse_id:
            moments[row.nurse_id] += [(row.starts_at, 1), (row.ends_at, -1)]
    for marks in moments.values():
        now = 0
        for _, step in sorted(marks, key=lambda m: (m[0], m[1])):
            now += step
            assert now <= at_once


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"patient": "ben", "lane": 2}, "schedule_one_in_a_chair"),
        ({"chair": 1, "lane": 2}, "schedule_one_visit_a_person"),
        ({"chair": 1, "patient": "ben"}, "schedule_one_in_a_lane"),
        ({"chair": 1, "patient": "ben", "lane": 4, "lanes": 4}, "schedule_lanes_as_adopted"),
        ({"chair": 1, "patient": "ben", "lane": 4}, "schedule_visit_lane"),
        ({"chair": None, "patient": "ben"}, "schedule_session_placed"),
    ],
)
def test_the_database_itself_refuses(demo: Demo, change: dict[str, Any], constraint: str) -> None:
    chairs = list(Chair.objects.all())
    first = {
        "site": demo.site, "patient": demo.patients["ada"], "kind": "session", "starts_at": MONDAY,
        "ends_at": MONDAY + timedelta(hours=2), "chair": chairs[0], "nurse": demo.staff["nurse"], "lane": 1, "lanes": 3,
        "booked_at": NOW,
    }  # fmt: skip
    Appointment.objects.create(**first)
    second = first | {"starts_at": MONDAY + timedelta(hours=1), "ends_at": MONDAY + timedelta(hours=3)} | change
    if isinstance(second["patient"], str):
        second["patient"] = demo.patients[second["patient"]]
    if isinstance(second["chair"], int):
        second["chair"] = chairs[second["chair"]]
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Appointment.objects.create(**second)


def test_a_visit_that_was_moved_says_from_where_by_whom_and_why_and_calendars_follow(demo: Demo) -> None:
    row, desk = book(demo, "ada", chair=Chair.objects.get(name="Chair 1").pk), demo.staff["desk"]
    later = Window.of(MONDAY + timedelta(days=1), VISIT_MIN)
    asked = actions.wanted_of(row, later, chair=Chair.objects.get(name="Chair 2").pk)
    moved = booking.move_visit(row.pk, asked, by=desk, at=NOW + timedelta(hours=2), why="a funeral")
    stood = queries.moved(moved)
    assert [(m.start, m.place, m.to_start, m.to_place, m.why) for m in stood] == [
        (MONDAY, "Chair 1", later.start, "Chair 2", "a funeral")
    ]
    assert (stood[0].by, bool(stood[0].nurse)) == (desk.signature_name, True)
    event = Calendar.from_ical(calendar.ics([moved], "mine")).walk("VEVENT")[0]
    assert (event["sequence"], event.decoded("dtstart")) == (1, later.start)
    back = actions.wanted_of(moved, Window.of(MONDAY, VISIT_MIN))
    booking.move_visit(row.pk, back, by=demo.staff["nurse"], at=NOW + timedelta(hours=3))
    row.refresh_from_db()
    assert [m.to_start for m in queries.moved(row)] == [MONDAY, later.start]
    booking.cancel_visit(row.pk, "ill", by=desk, at=NOW)
    row.refresh_from_db()
    assert len(queries.moved(row)) == 2  # a cancellation is no move
    event = Calendar.from_ical(calendar.ics([row], "mine")).walk("VEVENT")[0]
    assert (event["sequence"], str(event["status"])) == (3, "CANCELLED")


def test_reminders_follow_the_visit(demo: Demo) -> None:
    row = book(demo, "ada", start=MONDAY + timedelta(days=1))
    reminder = OutMessage.objects.get(purpose="reminder", about=row.uid)
    assert reminder.due_at == row.starts_at - timedelta(hours=24)
    assert "etamine" not in str(reminder.context)
    later = MONDAY + timedelta(days=3)
    booking.move_visit(row.pk, actions.wanted_of(row, Window.of(later, VISIT_MIN)), by=demo.staff["desk"], at=NOW)
    reminder.refresh_from_db()
    assert reminder.state == "cancelled"
    assert OutMessage.objects.get(purpose="reminder", about=row.uid, state="queued").due_at == later - timedelta(
        hours=24
    )
    booking.cancel_visit(row.pk, "ill", by=demo.staff["desk"], at=NOW)
    assert not OutMessage.objects.filter(purpose="reminder", about=row.uid, state="queued").exists()
    assert OutMessage.objects.filter(purpose="cancelled", about=row.uid, state="queued").count() == 1


def test_a_shift_with_visits_stays(demo: Demo) -> None:
    row = book(demo, "ada", nurse=demo.staff["nurse"].pk)
    shift = Shift.objects.get(staff=demo.staff["nurse"], starts_at__lte=row.starts_at, ends_at__gte=row.ends_at)
    with pytest.raises(Refused, match="visits in this shift"):
        upkeep.drop_shift(shift.pk, by=demo.staff["manager"], at=NOW)


def test_those_who_wait_are_found_when_a_place_is_free(demo: Demo) -> None:
    desk = demo.staff["desk"]
    upkeep.wait(demo.patients["finn"], date(2026, 11, 23), date(2026, 11, 30), by=desk, at=NOW, weekdays=(0, 2))
    monday, tuesday = book(demo, "ada"), book(demo, "ben", start=MONDAY + timedelta(days=1))
    assert [w.patient.external_id for w in upkeep.who_could_come(monday)] == [demo.patients["finn"].external_id]
    assert upkeep.who_could_come(tuesday) == []


# ---------------------------------------------------------------- many at once
def people(demo: Demo, count: int) -> list[Patient]:
    return Patient.objects.bulk_create(
        Patient(
            site=demo.site,
            external_id=f"RND-{n}",
            name=f"Random {n} (synthetic)",
            born=date(1980, 1, 1),
            simulated=True,
        )
        for n in range(count)
    )


@pytest.mark.django_db(transaction=True)
def test_bookings_at_random_from_many_threads_never_overlap() -> None:
    """Some go through the book, the others straight at the tables as if the book did not exist."""
    total = int(os.environ.get("SCHEDULE_BOOKINGS", "300"))
    share = 0.5 if total <= 1000 else 0.1  # the tables themselves are what many bookings put to the test
    demo = staffed(make_clinic(NOW))
    everybody = people(demo, 60)
    chairs, nurses = list(Chair.objects.all()), [demo.staff["nurse"], demo.staff["second"]]
    failures: list[BaseException] = []
    booked = [0, 0]

    def one(chance: random.Random, through_the_book: bool) -> None:
        start = MONDAY + timedelta(
            days=chance.choice((0, 1, 2, 3, 4, 7, 8, 9, 10, 11)), minutes=5 * chance.randrange(0, 100)
        )
        minutes, patient = chance.choice((60, 95, 160, 200)), chance.choice(everybody)
        chair, nurse = chance.choice(chairs), chance.choice(nurses)
        try:
            if through_the_book:
                asked = Wanted(
                    patient=patient.pk, window=Window.of(start, minutes), drug="ketamine", route="iv_infusion",
                    chair=chance.choice((None, chair.pk)), nurse=chance.choice((None, nurse.pk)),
                )  # fmt: skip
                actions.book(patient, asked, by=demo.staff["desk"], at=NOW)
            else:
                with transaction.atomic():
                    Appointment.objects.create(
                        site=demo.site, patient=patient, kind="session", starts_at=start, chair=chair, nurse=nurse,
                        ends_at=start + timedelta(minutes=minutes), lane=chance.randrange(1, 4), lanes=3, booked_at=NOW,
                    )  # fmt: skip
            booked[through_the_book] += 1
        except (Refused, IntegrityError):
            pass
        except DatabaseError as error:  # two that exclude each other may each wait for the other: one is sent away
            if "deadlock" not in str(error):
                raise

    def many(seed: int, count: int) -> None:
        chance = random.Random(seed)
        try:
            for _ in range(count):
                one(chance, through_the_book=chance.random() < share)
        except BaseException as error:  # a thread's failure is the test's failure
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=many, args=(seed, total // 8)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
    assert min(booked) > 0
    assert Appointment.objects.count() == sum(booked)
    assert_nothing_overlaps(3)


def test_the_house_reads_what_the_clinic_set(demo: Demo) -> None:
    found = queries.house(demo.site, MONDAY, MONDAY + timedelta(hours=2))
    assert found.patients_per_nurse == 3
    assert set(found.chairs.values()) >= {"Chair 1", "Chair 5"}
    assert {s.role for s in found.staff} == {"nurse", "prescriber"}
