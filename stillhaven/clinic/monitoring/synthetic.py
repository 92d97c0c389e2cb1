"""How does a synthetic person come to a chair?  Through the same deeds as anybody: the demo and the drills share them.

Nothing here is about a living person; each function is called for patients that are marked as simulated, and refuses
others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from stillhaven.clinic.consent import actions as consent
from stillhaven.clinic.consent import queries as consents
from stillhaven.clinic.course import actions as courses
from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.plan.models import Order
from stillhaven.clinic.plan.recipe import recipe_of
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import policy
from stillhaven.clinic.session import actions, events, gate_actions
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.vitals import actions as vitals
from stillhaven.clinic.vitals.models import Device
from stillhaven.reference.cast_people import synthetic as settings
from stillhaven.science import gate
from stillhaven.science.course import Move
from stillhaven.science.errors import Refused
from stillhaven.science.plan import show
from stillhaven.science.vitals import Mode, Quality

SIGNED = ("treatment_ketamine", "off_label")
Before = Callable[[float], datetime]  # minutes before the start -> the moment


def begin_course(
    patient: Patient, indication: str, *, by: Any, at: datetime, why: str, documents: Iterable[str] = SIGNED
) -> Course:
    """A course of a synthetic person, with consent signed on the clinic's tablet, in its induction."""
    _only_synthetic(patient)
    course = courses.open_course(patient, indication, by=by, at=at)
    for document in documents:
        sign_consent(patient, document, by=by, at=at)
    for move in (Move.SCREEN, Move.FIND_ELIGIBLE, Move.PLAN, Move.BEGIN_INDUCTION):
        course = courses.advance(course.pk, move, by=by, at=at, why=why)
    return course


def sign_consent(patient: Patient, document: str, *, by: Any, at: datetime) -> None:
    """A synthetic person signs one document, if the clinic has put it into use, and staff witness it."""
    _only_synthetic(patient)
    version = consents.version_in_use(patient.site_id, document)
    if version is None:
        return
    typed = {
        "shown": version.digest, "ack": [a["key"] for a in version.content["acknowledge"]], "name": patient.name,
        **{f"choice.{c['key']}": (c["options"] or [""])[0] for c in version.content["choices"]},
    }  # fmt: skip
    signature = consent.sign(patient, document, typed, by=by, at=at, device="made up for a synthetic person")
    consent.witness(signature, by=by, at=at, second_factor="synthetic")


def preflight(
    session: TreatmentSession, before: Before, *, weight_kg: float, escort: str, escort_phone: str
) -> Iterable[tuple[float, str, dict[str, Any]]]:
    """The answers of the pre-flight list, with how many minutes before the start each was given."""
    order = session.order
    found: list[tuple[float, str, dict[str, Any]]] = [
        (44, "identity", {"identifiers": ["name", "birth_date"]}),
        (43, "weight", {"weight": str(weight_kg), "unit": "kg"}),
        (42, "fasting", fasting(session.site_id, before)),
        (41, "escort", {"name": escort, "phone": escort_phone, "reachable": "yes"}),
        (40, "consent", {"wants": "yes"}),
        (40, "pregnancy", {"pregnant": "no"}),
        (39, "medicines", {"classes": [], "other": "", "changes": "none"}),
        (38, "mood", {"words": "A bit nervous, slept well."}),
        (31, "equipment", dict.fromkeys(policy.rules(session.site_id).session.start.equipment, "yes")),
        (30, "prescriber_on_site", {"present": "yes"}),
    ]
    if order is None or order.route.startswith("iv"):
        found.append((32, "iv_site", {"site": "left forearm", "gauge": "22", "patent": "yes", "attempts": "1"}))
    if order is not None and order.drug in policy.rules(session.site_id).session.start.enrolment_for:
        found.append((30, "rems", {"enrolled": "yes", "certified": "yes"}))
    return found


def walk_preflight(session: TreatmentSession, before: Before, *, by: Any, weight_kg: float, escort: str,
                   escort_phone: str) -> None:  # fmt: skip
    """Ask everything that is asked between check-in and the chair."""
    _only_synthetic(session.patient)
    answers = preflight(session, before, weight_kg=weight_kg, escort=escort, escort_phone=escort_phone)
    for minutes, kind, value in answers:
        actions.record_check(session.pk, kind, value, by=by, at=before(minutes))
    for scale, score in (("moaas", 5), ("pain", 1), ("nausea", 0)):
        events.score(session.pk, scale, score, by=by, at=before(29))


def first_values(device: Device, patient: Patient, at: datetime, *, gateway: str, program: str, now: datetime) -> None:
    """The monitor's first values, as its gateway would bring them: marked as simulated."""
    _only_synthetic(patient)
    readings = tuple(
        vitals.SentReading(index=n, signal=signal, value=float(value), at=at, quality=Quality.GOOD)
        for n, (signal, value) in enumerate(settings()["first_values"].items())
    )
    message = vitals.SentMessage(
        uid=uuid5(NAMESPACE_URL, f"{gateway} {device.key} {at.isoformat()}"), sequence=0, device=device.key,
        control_id=f"{gateway.upper()}-{at:%H%M%S}", received_at=at, device_time=at, patient_id=patient.external_id,
        patient_name="", bed=device.chair.bed if device.chair else "", mode=Mode.SIMULATED, readings=readings,
        notes=(),
    )  # fmt: skip
    vitals.record_messages(gateway, [message], by=record.Program(program), site=device.site_id, at=now)


def dose_check(order: Order, lot: str = "SYN-LOT-1") -> dict[str, Any]:
    """What a careful person reads off scale, label and pump for this order: one entry of the dose gate."""
    recipe = recipe_of(order)
    exact = gate.ordered(recipe)
    typed: dict[str, Any] = {a.key: show(exact[a.key], a.decimals) for a in gate.asked(recipe)}
    return typed | {"drug": order.drug, "lots": lot if order.devices else ""}


def pass_gate(session: TreatmentSession, people: Iterable[Any], *, at: datetime, lot: str = "SYN-LOT-1") -> None:
    """Two people enter the same right numbers."""
    _only_synthetic(session.patient)
    session.refresh_from_db()
    if session.order is None:
        raise Refused(why="there is no order")
    for person in people:
        gate_actions.enter(session.pk, dose_check(session.order, lot), by=person, at=at)


def fasting(site: int, before: Before) -> dict[str, Any]:
    """Breakfast the evening before, water three hours ago, nothing else: every kind that the rules ask about."""
    kinds = {limit.kind for limits in policy.rules(site).session.start.fasting.values() for limit in limits}
    answers: dict[str, Any] = {f"{kind}_none": "yes" for kind in kinds}
    for kind, hours in (("light_meal", 11), ("food", 11), ("clear_liquid", 3)):
        if kind in kinds:
            del answers[f"{kind}_none"]
            answers[kind] = before(hours * 60).isoformat()
    return answers


def _only_synthetic(patient: Patient) -> None:
    if not patient.simulated:
        raise Refused(why=f"{patient} is not a synthetic person; nothing is made up about real ones")
