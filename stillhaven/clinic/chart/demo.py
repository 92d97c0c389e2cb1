"""The demo clinic's book: who is on duty and what they hold, Ada's series, and a tomorrow with red and green gates."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

from stillhaven.clinic.chart import tomorrow, tomorrow_deeds
from stillhaven.clinic.course import actions as courses
from stillhaven.clinic.messages import actions as post
from stillhaven.clinic.schedule import queries, upkeep
from stillhaven.clinic.schedule.models import Appointment, Chair
from stillhaven.clinic.session import booking
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.science.errors import Refused
from stillhaven.science.schedule import DOSING, Wanted, Window, local

_WEEKS = 5


def seed(demo: Any) -> None:
    """Through the same deeds that staff do; `demo` is the clinic that `web.demo` has made."""
    site, now = demo.site, demo.now
    zone = queries.zone_of(site)
    today = now.astimezone(zone).date()
    _house(demo, today)
    for session in TreatmentSession.objects.filter(site=site).select_related(
        "patient", "chair", "nurse", "order", "course", "site"
    ):
        _into_the_book(session, demo)
    _tomorrow(demo, today + timedelta(days=1), zone)


def _house(demo: Any, today: date) -> None:
    """Rooms, shifts of five weeks, and papers; one ends soon, so that it shows."""
    site, manager, at = demo.site, demo.staff["manager"], demo.now - timedelta(days=4)
    for name in ("Room A", "Room B"):
        upkeep.save_place(site, "room", name=name, by=manager, at=at)
    for key, role in (
        ("nurse", "nurse"),
        ("second", "nurse"),
        ("prescriber", "prescriber"),
        ("therapist", "therapist"),
    ):
        upkeep.add_shifts(
            site,
            demo.staff[key].pk,
            role,
            today,
            time(7),
            time(20),
            by=manager,
            at=at,
            last=today + timedelta(weeks=_WEEKS),
        )
    far, soon, began = today + timedelta(days=400), today + timedelta(days=24), today - timedelta(days=300)
    held = {
        "nurse": {"licence": far, "bls": far, "infusion_signoff": far, "rems_training": far},
        "second": {"licence": far, "bls": soon, "infusion_signoff": far},
        "prescriber": {"licence": far, "acls": far, "rems_training": far},
    }
    for key, papers in held.items():
        for kind, until in papers.items():
            upkeep.record_competence(site, demo.staff[key].pk, kind, began, until, by=manager, at=at, number="DEMO")


def _into_the_book(session: TreatmentSession, demo: Any) -> None:
    """What was booked for this afternoon beside the book."""
    if session.chair is None and session.state == "booked":
        taken = Appointment.objects.filter(
            starts_at__lt=session.booked_for + timedelta(hours=4),
            ends_at__gt=session.booked_for,
            state__in=("booked", "arrived"),
        )
        session.chair = (
            Chair.objects.filter(site=demo.site).exclude(pk__in=taken.values("chair")).order_by("-order").first()
        )
        session.save(update_fields=["chair"])
    try:
        booking.adopt(session, by=demo.staff["desk"], at=demo.now)
    except Refused:  # at a late hour of the demo two may meet in one chair: the session stands, the book stays true
        return


def _tomorrow(demo: Any, day: date, zone: Any) -> None:
    """Six visits, each with other gates open."""
    desk, site = demo.staff["desk"], demo.site
    asked = demo.now - timedelta(days=2)
    for key, channel, address in (
        ("ben", "email", "ben@demo.example"),
        ("cleo", "sms", "+1 212 555 0103"),
        ("eve", "email", "eve@demo.example"),
    ):
        post.set_reach(demo.patients[key], channel, address, is_on=True, because="asked at intake", by=desk, at=asked)
    ada = demo.patients["ada"].courses.first()
    first = local(day, time(9), zone)
    demo.order(ada, "ada", first)
    days = [day + timedelta(days=n) for n in (0, 3, 7, 10, 14, 17)]
    visits = {"ada": _book(demo, "ada", [local(d, time(9), zone) for d in days], asked)[0]}
    held = _dosing_on(site, day, zone)
    plan = {"ben": time(9, 30), "cleo": time(10), "eve": time(12), "finn": time(13), "dev": time(14)}
    for key, at in plan.items():
        more = {"drug": "esketamine", "route": "intranasal"} if key == "eve" else {}
        visits[key] = held.get(demo.patients[key].pk) or _book(demo, key, [local(day, at, zone)], asked, **more)[0]
    _said(demo, visits)
    courses.add_fact(ada, "authorisation", {"needed": "no", "payer": "pays herself"}, by=desk, at=asked, uid=uuid4())
    eve = demo.patients["eve"].courses.first()
    courses.add_fact(
        eve,
        "rems_enrolment",
        {"number": "DEMO-REMS-5", "on": str(day - timedelta(days=9))},
        by=desk,
        at=asked,
        uid=uuid4(),
    )
    runs = {
        "needed": "yes",
        "payer": "Demo Health",
        "number": "A-1047",
        "units": 8,
        "from": str(day - timedelta(days=5)),
        "until": str(day + timedelta(days=60)),
    }
    courses.add_fact(eve, "authorisation", runs, by=desk, at=asked, uid=uuid4())
    upkeep.wait(demo.patients["finn"], day, day + timedelta(days=10), by=desk, at=asked, note="would come at any hour")
    talk = Wanted(
        patient=demo.patients["cleo"].pk,
        window=Window.of(local(day + timedelta(days=2), time(11), zone), 50),
        kind="integration",
        attending=demo.staff["therapist"].pk,
        room=queries.rooms(site)[0].pk,
    )
    booking.book_visits(
        demo.patients["cleo"], demo.patients["cleo"].courses.first(), [talk], by=desk, at=asked, uid=uuid4()
    )
    _owners(demo, visits)


def _dosing_on(site: Any, day: date, zone: Any) -> dict[int, Appointment]:
    """By person: what stands in the book that day. In a late demo "this afternoon" runs past midnight into tomorrow."""
    first, last = local(day, time(0), zone), local(day + timedelta(days=1), time(0), zone)
    rows = Appointment.objects.filter(site=site, starts_at__gte=first, starts_at__lt=last, state="booked", kind=DOSING)
    return {row.patient_id: row for row in rows}


def _book(demo: Any, key: str, starts: list[datetime], at: datetime, **more: Any) -> list[Appointment]:
    patient = demo.patients[key]
    course = patient.courses.first()
    order = booking.newest_order(course)
    minutes, _missing = booking.length_min(course, order)
    asked = {"drug": order.drug, "route": order.route} if order else {"drug": "ketamine", "route": "iv_infusion"}
    rows = [Wanted(patient=patient.pk, window=Window.of(s, minutes or 180.0), **(asked | more)) for s in starts]
    return booking.book_visits(patient, course, rows, by=demo.staff["desk"], at=at, uid=uuid4())


def _said(demo: Any, visits: dict[str, Appointment]) -> None:
    """What some of them answered when the front desk telephoned."""
    answers = {
        "ada": {
            "prepared": "yes",
            "infection": "no",
            "driver": "Ruth Fernsby",
            "driver_phone": "555-0101",
            "symptoms": "",
        },
        "cleo": {
            "prepared": "yes",
            "infection": "yes",
            "driver": "",
            "driver_phone": "",
            "symptoms": "a cough since Thursday",
        },
        "eve": {"prepared": "yes", "infection": "no", "driver": "", "driver_phone": "", "symptoms": ""},
    }
    for key, value in answers.items():
        upkeep.answer(
            visits[key], "confirm", value | {"by_phone": True}, by=demo.staff["desk"], at=demo.now, uid=uuid4()
        )


def _owners(demo: Any, visits: dict[str, Appointment]) -> None:
    """Somebody sees to the cough; the prescriber let one gate of Ada's pass."""
    due = visits["cleo"].starts_at - timedelta(hours=2)
    tomorrow_deeds.give_to(visits["cleo"], "well", demo.staff["nurse"].pk, due, by=demo.staff["desk"], at=demo.now)
    ada = visits["ada"]
    scale = next((g for g in tomorrow.of_visit(ada, demo.now) if g.key == "scales" and g.is_open), None)
    if scale is not None:
        why = "fills it in on arrival, as agreed on the telephone"
        tomorrow_deeds.let_pass(
            ada, "scales", scale.because, why, by=demo.staff["prescriber"], at=demo.now, uid=uuid4()
        )
