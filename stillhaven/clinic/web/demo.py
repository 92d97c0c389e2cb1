"""A clinic with synthetic people, at work: made through the same deeds that staff do, at moments before now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from stillhaven.clinic.candidacy import demo as candidacy
from stillhaven.clinic.chart import demo as book
from stillhaven.clinic.consent import demo as consent
from stillhaven.clinic.followup import demo as chased
from stillhaven.clinic.intake import demo as intake
from stillhaven.clinic.monitoring import synthetic
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.plan import demo as plans
from stillhaven.clinic.plan.actions import sign_order
from stillhaven.clinic.plan.models import Order
from stillhaven.clinic.portal import demo as accounts
from stillhaven.clinic.public import demo as public_site
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.recovery import actions as recovery
from stillhaven.clinic.recovery import facts, signing
from stillhaven.clinic.registry import demo as old_books
from stillhaven.clinic.scales import demo as scales
from stillhaven.clinic.schedule.models import Chair
from stillhaven.clinic.session import actions, events
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.stock import demo as safe
from stillhaven.clinic.therapy import demo as therapy
from stillhaven.clinic.vitals import actions as vitals
from stillhaven.clinic.vitals.models import Device, device_defaults
from stillhaven.clinic.web.demo_people import make_account, make_patient, make_staff
from stillhaven.reference.cast_people import cast, demo_policy

__all__ = ["Demo", "make_account", "make_patient", "make_staff", "seed"]

GATEWAY = "demo"
# what is ordered otherwise than an infusion, in the words of the order's form
SPRAY = {
    "protocol": "esketamine_trd", "route": "intranasal", "dose": "84", "dose_unit": "mg", "product_mg_per_ml": "140",
    "device_mg": "28", "duration_min": "", "bag_ml": "", "observation_min": "120",
}  # fmt: skip
INJECTION = {"protocol": "im_depression", "route": "im", "duration_min": "", "bag_ml": "", "observation_min": "120"}


class Demo:
    """Makes the demo clinic, once, around a moment."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.staff: dict[str, User] = {}
        self.patients: dict[str, Patient] = {}
        self.chairs: dict[str, Chair] = {}

    @transaction.atomic
    def people(self) -> None:
        """Sites, staff, chairs, monitors, patients, policy."""
        for row in cast()["site"]:
            self.site, _ = Site.objects.update_or_create(pk=row["id"], defaults=row)
        for row in cast()["staff"]:
            self.staff[row["key"]] = make_staff(row, self.site)
        for order, row in enumerate(cast()["chair"]):
            chair = Chair.objects.create(site=self.site, name=row["name"], bed=row["bed"], order=order)
            self.chairs[row["name"]] = chair
            if "device" in row:
                defaults = device_defaults(self.now, row["device"]) | {"chair": chair, "claimed": True}
                Device.objects.create(site=self.site, key=row["device"], **defaults)
        for row in cast()["patient"]:
            self.patients[row["key"]] = make_patient(row, self.site)
        director = self.staff["prescriber"]
        policy.adopt(
            demo_policy(), by=director, at=self.now - timedelta(days=19), on=(self.now - timedelta(days=19)).date(),
            site=self.site.pk, because="demo clinic",
        )  # fmt: skip
        consent.texts(
            self.site.pk, director=director, second=self.staff["manager"], at=self.now - timedelta(days=19)
        )  # fmt: skip

    # ------------------------------------------------------------ one person's way to the chair
    def course(self, key: str, days: int = 14) -> Any:
        """A course of this person, with consent, planned."""
        doctor, at = self.staff["prescriber"], self.now - timedelta(days=days)
        patient = self.patients[key]
        row = next(p for p in cast()["patient"] if p["key"] == key)
        documents = ("treatment_esketamine",) if key == "eve" else synthetic.SIGNED
        return synthetic.begin_course(
            patient, row["indication"], by=doctor, at=at, why="demo", documents=documents
        )  # fmt: skip

    def order(self, course: Any, key: str, at: datetime, **more: Any) -> Order:
        """A signed order for one session of this person."""
        row = next(p for p in cast()["patient"] if p["key"] == key)
        typed = {
            "protocol": "iv_depression", "route": "iv_infusion", "dose": "0.5", "dose_unit": "mg/kg",
            "weight": str(row["weight_kg"]), "weight_unit": "kg", "weight_basis": "actual",
            "weighed_on": (at - timedelta(hours=30)).date(),
            "product_mg_per_ml": "50", "duration_min": "40", "bag_ml": "100", "fasting_food_h": "6",
            "fasting_liquid_h": "2", "observation_min": "60", "limits": cast()["limit"], "rescue": cast()["rescue"],
            "premedication": [
                {k: v for k, v in p.items() if k != "for"} for p in cast()["premedication"] if p["for"] == key
            ],
            "valid_from": at.date() - timedelta(days=1), "valid_until": at.date() + timedelta(days=6),
        }  # fmt: skip
        return sign_order(
            course.pk, typed | more, by=self.staff["prescriber"], at=at - timedelta(hours=20), second_factor="demo"
        )

    def start(
        self, key: str, chair: str, start: datetime, *, by: str = "nurse", lot: str = safe.LOT, **order: Any
    ) -> TreatmentSession:
        """Book, check in, ask everything, attach, and start the drug at this moment; `order`: what is ordered otherwise."""
        nurse, patient = self.staff[by], self.patients[key]
        second = self.staff["nurse" if by == "second" else "second"]
        row = next(p for p in cast()["patient"] if p["key"] == key)
        course = patient.courses.first() or self.course(key)
        signed = self.order(course, key, start, **order)
        session = actions.book(
            course, booked_for=start - timedelta(minutes=45), by=nurse, at=start - timedelta(days=3), order=signed,
            chair=self.chairs[chair], nurse=nurse,
        )  # fmt: skip
        self.arrive(session, row, start)
        device = Device.objects.get(site=self.site, chair=self.chairs[chair])
        vitals.attach(device, patient, by=nurse, start=start - timedelta(minutes=35))
        self.baseline(device, patient, start - timedelta(minutes=6))
        for given in signed.premedication:
            what = (given["key"], given["dose"], given["unit"], given["route"])
            events.premedication(session.pk, *what, by=nurse, at=start - timedelta(minutes=30))
        synthetic.pass_gate(session, (nurse, second), at=start - timedelta(minutes=2), lot=lot)
        actions.make_ready(session.pk, by=nurse, at=start - timedelta(seconds=5))
        safe.draw(self.site, session.uid, signed, patient.pk, self.staff, start - timedelta(minutes=3))
        actions.start_dosing(session.pk, by=nurse, at=start, lot=lot)
        return session

    def arrive(self, session: TreatmentSession, row: dict[str, Any], start: datetime) -> None:
        """Check-in and the pre-flight list."""
        nurse = self.staff["nurse"]

        def minus(minutes: float) -> datetime:
            return start - timedelta(minutes=minutes)

        actions.check_in(session.pk, by=self.staff["desk"], at=minus(45))
        synthetic.walk_preflight(
            session, minus, by=nurse, weight_kg=row["weight_kg"], escort=row["escort"], escort_phone=row["escort_phone"]
        )

    def baseline(self, device: Device, patient: Patient, at: datetime) -> None:
        """The monitor's first values, as its gateway would bring them."""
        synthetic.first_values(device, patient, at, gateway=GATEWAY, program="demo", now=self.now)

    # ------------------------------------------------------------ the afternoon
    def afternoon(self) -> None:
        """Six chairs at different moments, one finished session, and somebody booked for later."""
        safe.deliver(self.site, self.staff, self.now)
        safe.first_inventory(self.site, self.staff, self.now)
        self.finished("ada", self.now - timedelta(days=3, hours=2))
        safe.count(self.site, self.staff, self.now - timedelta(hours=5))
        minutes = {"ada": ("Chair 1", 20), "ben": ("Chair 2", 24), "cleo": ("Chair 3", 31), "dev": ("Chair 4", 62)}
        for key, (chair, ago) in minutes.items():
            session = self.start(key, chair, self.now - timedelta(minutes=ago))
            self.scores(session, ago)
            if key == "dev":
                at = self.now - timedelta(minutes=22)
                actions.stop(session.pk, by=self.staff["nurse"], at=at, why="dose complete", pump_volume_ml=100.0)
            if key == "cleo":
                at = self.now - timedelta(minutes=12)
                events.adverse_event(session.pk, "dissociation", 1, by=self.staff["nurse"], at=at)
        self.spray("eve", "Chair 5", self.now - timedelta(minutes=14))
        self.injection("gia", "Chair 6", self.now - timedelta(minutes=27))
        self.later("finn", self.now + timedelta(hours=2, minutes=15))

    def spray(self, key: str, chair: str, start: datetime) -> TreatmentSession:
        """Esketamine: two of three devices are in, the third may be used."""
        session = self.start(key, chair, start, by="second", lot=safe.DEVICE_LOT, **SPRAY)
        second = start + timedelta(minutes=6)
        actions.give(session.pk, "device", 28.0, by=self.staff["second"], at=second, lot=safe.DEVICE_LOT)
        events.adverse_event(
            session.pk, "dizziness_headache_vision", 1, by=self.staff["second"], at=start + timedelta(minutes=10)
        )
        return session

    def injection(self, key: str, chair: str, start: datetime) -> TreatmentSession:
        """Ketamine into a muscle: all of it is in, and the person is watched."""
        session = self.start(key, chair, start, by="second", **INJECTION)
        events.score(session.pk, "moaas", 4, by=self.staff["second"], at=start + timedelta(minutes=15))
        return session

    def scores(self, session: TreatmentSession, ago: int) -> None:
        """Sedation every ten minutes so far, every fifteen once the drug has ended: what the timetable asks."""
        moments = [m for m in (10, 20, 30, 40, 55) if m <= ago - 1]
        for minute in moments:
            score = 4 if minute in (20, 30) else 5
            at = self.now - timedelta(minutes=ago - minute)
            events.score(session.pk, "moaas", score, by=self.staff["nurse"], at=at)

    def later(self, key: str, at: datetime) -> None:
        course = self.course(key)
        order = self.order(course, key, at) if key == "finn" else None
        actions.book(course, booked_for=at, by=self.staff["desk"], at=self.now, order=order, nurse=self.staff["second"])

    def finished(self, key: str, start: datetime) -> None:
        """A session of three days ago, from check-in to the signed record."""
        nurse, doctor = self.staff["nurse"], self.staff["prescriber"]
        session = self.start(key, "Chair 1", start)
        patient = self.patients[key]

        def plus(minutes: float) -> datetime:
            return start + timedelta(minutes=minutes)

        for minute, systolic, diastolic, pulse in (
            (10, 132, 82, 78),
            (20, 141, 88, 84),
            (30, 147, 90, 86),
            (40, 144, 89, 82),
        ):
            row = {"systolic_mmhg": systolic, "diastolic_mmhg": diastolic, "heart_rate_per_min": pulse, "spo2_pct": 97}
            vitals.record_by_hand(patient, row | {"resp_rate_per_min": 14}, by=nurse, at=plus(minute), simulated=True)
            events.score(session.pk, "moaas", 5 if minute < 20 else 4, by=nurse, at=plus(minute))
        events.adverse_event(session.pk, "nausea_vomiting", 1, by=nurse, at=plus(26))
        actions.stop(session.pk, by=nurse, at=plus(40), why="dose complete", pump_volume_ml=100.0)
        for minute in (55, 70, 85, 100):
            row = {"systolic_mmhg": 128, "diastolic_mmhg": 79, "heart_rate_per_min": 72, "spo2_pct": 98}
            vitals.record_by_hand(patient, row | {"resp_rate_per_min": 14}, by=nurse, at=plus(minute), simulated=True)
            events.score(session.pk, "moaas", 5, by=nurse, at=plus(minute))
        events.score(session.pk, "nausea", 0, by=nurse, at=plus(100))
        self.home(session, plus(101), plus(104))
        attachment = patient.attachments.filter(end__isnull=True).latest("seq")
        vitals.detach(attachment, by=nurse, end=plus(103))
        safe.settle(self.site, session.uid, None, self.staff, plus(45))
        signing.sign_record(session.pk, by=doctor, at=plus(150), second_factor="demo")

    def home(self, session: TreatmentSession, look_at: datetime, leave_at: datetime) -> None:
        """Every look that discharge asks for, then the door."""
        nurse, rules = self.staff["nurse"], facts.rules_of(session)
        for rule in rules.scores:
            items = {item.key: item.high for item in rule.scale.items}
            recovery.look(session.pk, rule.scale.key, items, by=nurse, at=look_at)
        for symptom in rules.symptoms:
            recovery.look(session.pk, f"over_{symptom}", {"answer": "yes"}, by=nurse, at=look_at)
        for kind in facts.YES_NO:
            recovery.look(session.pk, kind, {"answer": "yes"}, by=nurse, at=look_at)
        escort = {"name": session.patient.escort_name, "handed_over": True}
        recovery.look(session.pk, "escort", escort, by=nurse, at=leave_at - timedelta(minutes=1))
        recovery.discharge(session.pk, by=nurse, at=leave_at)


def seed(now: datetime | None = None) -> bool:
    """Make the demo clinic unless there is one; says whether it did."""
    if User.objects.exists():
        return False
    demo = Demo(now or clock.now())
    demo.people()
    demo.afternoon()
    intake.seed(demo.patients, desk=demo.staff["desk"], doctor=demo.staff["prescriber"], now=demo.now)
    consent.seed(demo.patients, nurse=demo.staff["nurse"], doctor=demo.staff["prescriber"], now=demo.now)
    candidacy.seed(demo.patients, nurse=demo.staff["nurse"], doctor=demo.staff["prescriber"], now=demo.now)
    plans.seed(demo.patients, doctor=demo.staff["prescriber"], now=demo.now)
    scales.seed(demo.patients, nurse=demo.staff["nurse"], doctor=demo.staff["prescriber"], now=demo.now)
    book.seed(demo)
    public_site.seed(demo)
    accounts.seed(demo.patients, demo.staff, now=demo.now)
    therapy.seed(demo.patients, demo.staff, now=demo.now)
    chased.seed(demo.patients, demo.staff, now=demo.now)
    old_books.seed(demo.patients, demo.staff, now=demo.now)
    return True
