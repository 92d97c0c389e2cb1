"""How does a drill's patient come to the chair?  By the deeds of any session, played under names that say so."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.monitoring import gather, synthetic
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.people.roles import Role
from stillhaven.clinic.plan.actions import sign_order
from stillhaven.clinic.plan.models import Order
from stillhaven.clinic.record import policy
from stillhaven.clinic.schedule.models import Chair
from stillhaven.clinic.session import actions
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.vitals import actions as vitals
from stillhaven.clinic.vitals.models import Device, device_defaults
from stillhaven.reference.cast_people import synthetic as settings
from stillhaven.science.drills import Drill
from stillhaven.science.errors import Refused
from stillhaven.science.protocol import Give

PREFIX = "DRILL-"
GATEWAY = "drill"  # who brings the values before the drug; the virtual monitor's own come through the real gateway
_PLAYED_ROLES = (Role.NURSE.value, Role.PRESCRIBER.value)


@dataclass(frozen=True)
class Played:
    """A part in a drill that the program plays.  The number is below zero, so that it is nobody's account."""

    pk: int
    signature_name: str
    site: int
    roles: tuple[str, ...] = _PLAYED_ROLES
    is_active: bool = True
    patient_id: int | None = None
    site_ids: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "site_ids", frozenset({self.site}))


def cast_of(site: int) -> tuple[Any, Any, Any]:
    """Prescriber, nurse and second nurse of the minutes before the start."""
    names = ("Simulated prescriber (drill)", "Simulated nurse (drill)", "Simulated second nurse (drill)")
    first, second, third = (Played(-number, name, site) for number, name in enumerate(names, 1))
    return first, second, third


def patient_of(site: Site, number: int) -> Patient:
    """The synthetic patient of drills: plainly nobody."""
    patient, _ = Patient.objects.get_or_create(
        site=site, external_id=f"{PREFIX}{number}",
        defaults={
            "name": f"DRILL {number} (nobody)", "preferred_name": "Nobody", "born": settings()["drill"]["born"],
            "allergies_asked": True, "simulated": True,
            "comfort_card": "This is a drill: nobody sits in this chair. Act as you would for a patient.",
            "escort_name": "Nobody (drill)", "escort_phone": "none (drill)",
        },
    )  # fmt: skip
    if not patient.simulated:
        raise Refused(why=f"{patient} is not a synthetic person; a drill is never run on a real one")
    return patient


def device_of(site: Site, number: int, chair: Chair, at: datetime) -> Device:
    """The virtual monitor's row, claimed; it belongs to no chair, so that the board's tray stays about real ones."""
    key = f"{PREFIX}MON-{number}"
    device, _ = Device.objects.get_or_create(site=site, key=key, defaults=device_defaults(at) | {"claimed": True})
    return device


def to_the_chair(patient: Patient, device: Device, chair: Chair, nurse: User, at: datetime) -> TreatmentSession:
    """Everything from the course to the running drug, in the order of any session, played by the program."""
    prescriber, first, second = cast_of(patient.site_id)

    def before(minutes: float) -> datetime:
        return at - timedelta(minutes=minutes)

    def earlier(minutes: float) -> datetime:  # the list is walked within the seconds before the start
        return at if minutes < 60 else before(minutes)

    course = Course.objects.filter(patient=patient).first() or synthetic.begin_course(
        patient, "Drill", by=prescriber, at=at, why="drill"
    )
    order = _order(course, by=prescriber, at=at)
    session = actions.book(course, booked_for=at, by=first, at=at, order=order, chair=chair, nurse=nurse, drill=True)
    actions.check_in(
        session.pk, by=first, at=at - timedelta(seconds=10)
    )  # before the first values: they are its baseline
    synthetic.walk_preflight(
        session,
        earlier,
        by=first,
        weight_kg=settings()["drill"]["weight_kg"],
        escort="Nobody (drill)",
        escort_phone="none (drill)",
    )
    vitals.attach(device, patient, by=first, start=at - timedelta(seconds=8))
    synthetic.first_values(device, patient, at - timedelta(seconds=5), gateway=GATEWAY, program="drill", now=at)
    actions.make_ready(session.pk, by=first, at=at)
    synthetic.pass_gate(session, (first, second), at=at)
    return actions.start_dosing(session.pk, by=first, at=at, lot="DRILL")


def _order(course: Course, *, by: Any, at: datetime) -> Order:
    """The published dose of the protocol, with the limits and rescue orders that this clinic works with.

    No number is made up: the dose is the protocol's, limits and hours are those of the newest order signed here.
    """
    rules = policy.rules(course.site_id)
    pattern = (
        Order.objects.current()
        .filter(site=course.site_id, route="iv_infusion", patient__external_id__gt="")
        .exclude(patient__external_id__startswith=PREFIX)
        .order_by("-seq")
        .first()
    )
    if pattern is None:
        raise Refused(
            why="no order for an infusion has been signed here yet: a drill borrows its alarm limits and rescue orders "
                "from the newest one, so that the team practises with the clinic's own"
        )  # fmt: skip
    made = settings()["drill"]
    given = next(d for d in rules.protocols[made["protocol"]].doses if d.give is Give.INFUSION)
    typed = {
        "protocol": made["protocol"], "route": "iv_infusion",
        "dose": _text(given.dose_mg_per_kg), "dose_unit": "mg/kg",
        "weight": _text(made["weight_kg"]), "weight_unit": "kg", "weight_basis": "actual", "weighed_on": at.date(),
        "product_mg_per_ml": _text(made["product_mg_per_ml"]), "duration_min": _text(given.over_min),
        "bag_ml": _text(made["bag_ml"]),
        "fasting_food_h": pattern.fasting_food_h, "fasting_liquid_h": pattern.fasting_liquid_h,
        "observation_min": pattern.observation_min, "limits": pattern.limits, "rescue": pattern.rescue,
        "valid_from": at.date() - timedelta(days=1), "valid_until": at.date() + timedelta(days=1),
        "note": f"DRILL. Limits and rescue orders as in the order of {pattern.happened_at:%Y-%m-%d} by {pattern.by_name}.",
    }  # fmt: skip
    return sign_order(course.pk, typed, by=by, at=at, second_factor="drill")


def _text(value: Any) -> str:
    return f"{float(value):g}"


def refuse_deaf(session: TreatmentSession, drill: Drill) -> None:
    """Raises where a moment of the drill could not sound, because nobody has set a limit for it."""
    plan = gather.plan_of(session)
    limited = {setting.condition for setting in plan.limits if setting.value is not None}
    for moment in drill.moments:
        can = [
            key for key in moment.conditions
            if key in plan.by_key and (
                (not (c := plan.by_key[key]).has_limits and not c.limits_of) or (c.limits_of or key) in limited
            )
        ]  # fmt: skip
        if not can:
            raise Refused(why=f"'{moment.title}' could not sound: nobody has set an alarm limit for it here")
