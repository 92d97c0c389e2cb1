"""A visit in the book and the session it is for, kept in step: booked, moved, cancelled in one transaction or not at all."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.plan.models import Order
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import policy
from stillhaven.clinic.schedule import actions as book
from stillhaven.clinic.schedule import queries as schedule
from stillhaven.clinic.schedule.models import STANDING, Appointment
from stillhaven.clinic.session import actions, queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.protocol import Protocol
from stillhaven.science.schedule import DOSING, Wanted, Window, visit_minutes
from stillhaven.science.session import Move

# what a person reads for a part of a visit whose length nobody has set
PARTS = {
    "before": "the time before the drug (policy: visit_before_min)", "drug": "how long the drug runs (the order)",
    "observation": "how long the person is observed (the order, or policy)",
    "turnover": "turnover (policy: chair_turnover_min)",
}  # fmt: skip


def newest_order(course: Course) -> Order | None:
    """The order whose numbers the next visits take."""
    return Order.objects.current().filter(course=course).order_by("-happened_at", "-seq").first()


def protocol_of(course: Course) -> Protocol | None:
    """The protocol of the newest order of a course."""
    order = newest_order(course)
    return policy.rules(course.site_id).protocols.get(order.protocol) if order else None


def length_min(course: Course, order: Order | None) -> tuple[float | None, tuple[str, ...]]:
    """How long a session occupies its chair, from arrival to the next person; None with the parts that nobody has set."""
    numbers = policy.current(course.site_id)
    drug = observe = None
    if order is not None:
        infusion = order.route == "iv_infusion"
        drug = float(order.duration_min) if order.duration_min is not None else (None if infusion else 0.0)
        asked = "iv_observation_min" if order.route.startswith("iv") else "other_routes_observation_min"
        observe = float(order.observation_min) if order.observation_min is not None else numbers.number(asked)
    return visit_minutes(numbers.number("visit_before_min"), drug, observe, numbers.number("chair_turnover_min"))


def order_for(course: Course, day: Any, used: set[UUID]) -> Order | None:
    """A signed order that is good on that day and is not another session's."""
    rows = Order.objects.current().filter(course=course, valid_from__lte=day, valid_until__gte=day)
    taken = set(course.sessions.exclude(state__in=("cancelled", "missed")).values_list("order_id", flat=True)) | used
    return next((o for o in rows.order_by("-happened_at") if o.uid not in taken), None)


@transaction.atomic
def book_visits(
    patient: Patient, course: Course | None, rows: Sequence[Wanted], *, by: Any, at: datetime, uid: UUID, note: str = ""
) -> list[Appointment]:  # fmt: skip
    """Book all of them or none.  `uid` names the series: sent twice, it is booked once."""
    if not rows:
        raise BadInput("rows", "there is nothing to book")
    known = list(Appointment.objects.filter(series=uid).order_by("number"))
    if known:
        if any(k.patient_id != patient.pk for k in known):
            raise Refused(why="this was sent under a name that something else has already")
        return known
    made: list[Appointment] = []
    used: set[UUID] = set()
    protocol = protocol_of(course) if course else None
    for number, wanted in enumerate(rows, 1):
        order = None
        if wanted.kind == DOSING:
            if course is None:
                raise BadInput("course", "a session belongs to a course of treatment; open one first")
            order = order_for(course, wanted.window.start.astimezone(schedule.zone_of(patient.site)).date(), used)
            used |= {order.uid} if order else set()
        row = book.book(
            patient, wanted, by=by, at=at, course=course, series=uid, number=number, note=note,
            session_uid=uuids.uuid5(uid, f"session {number}") if wanted.kind == DOSING else None,
            order_uid=order.uid if order else None, uid=uuids.uuid5(uid, f"visit {number}"),
            most_sessions_per_week=protocol.most_sessions_per_week if protocol else None,
        )  # fmt: skip
        if wanted.kind == DOSING and course is not None:
            actions.book(
                course, booked_for=row.starts_at, by=by, at=at, order=order, chair=row.chair, nurse=row.nurse,
                uid=row.session_uid,
            )  # fmt: skip
        made.append(row)
    return made


@transaction.atomic
def move_visit(appointment_id: int, wanted: Wanted, *, by: Any, at: datetime, why: str = "") -> Appointment:
    """Move a visit, and its session with it."""
    held = book.opened(appointment_id)
    protocol = protocol_of(held.course) if held.course else None
    row = book.move(
        appointment_id, wanted, by=by, at=at, why=why,
        most_sessions_per_week=protocol.most_sessions_per_week if protocol else None,
    )  # fmt: skip
    session = _session(row)
    if session is not None:
        before = {"booked_for": session.booked_for.isoformat(), "chair": session.chair_id, "nurse": session.nurse_id}
        if session.state != "booked":
            raise Refused(why="the session has begun; it cannot be moved any more")
        session.booked_for, session.chair, session.nurse = row.starts_at, row.chair, row.nurse
        session.save(update_fields=["booked_for", "chair", "nurse"])
        after = {"booked_for": row.starts_at.isoformat(), "chair": row.chair_id, "nurse": row.nurse_id}
        record.log_change(session, before, after, by=by, site=session.site_id)
    return row


@transaction.atomic
def cancel_visit(appointment_id: int, why: str, *, by: Any, at: datetime) -> Appointment:
    """Cancel a visit, and its session with it."""
    row = book.cancel(appointment_id, why, by=by, at=at)
    _leave(row, Move.CANCEL, why, by=by, at=at)
    return row


@transaction.atomic
def no_show_visit(appointment_id: int, why: str, *, by: Any, at: datetime) -> Appointment:
    """The person did not come: written down for the visit and for its session."""
    row = book.no_show(appointment_id, why, by=by, at=at)
    _leave(row, Move.MISS, why, by=by, at=at)
    return row


def _session(row: Appointment) -> TreatmentSession | None:
    found = TreatmentSession.objects.filter(uid=row.session_uid).first() if row.session_uid else None
    return queries.locked(found.pk) if found else None


def _leave(row: Appointment, move: Move, why: str, *, by: Any, at: datetime) -> None:
    session = _session(row)
    if session is not None and session.state == "booked":
        actions.leave_early(session.pk, move, why, by=by, at=at)


@transaction.atomic
def adopt(session: TreatmentSession, *, by: Any, at: datetime) -> Appointment | None:
    """Put a session that was booked beside the book into it, where its place is free; None where it is not."""
    if Appointment.objects.filter(session_uid=session.uid).exists() or session.chair is None or session.nurse is None:
        return None
    minutes, _ = length_min(session.course, session.order)
    if minutes is None:
        return None
    state = {"booked": "booked", "discharged": "done", "signed": "done", "transferred": "done"}.get(
        session.state, "arrived"
    )
    if session.state in ("cancelled", "missed"):
        return None
    order = session.order
    row = Appointment(
        site_id=session.site_id, patient=session.patient, course=session.course, kind=DOSING, state=state,
        drug=order.drug if order else "", route=order.route if order else "", chair=session.chair, nurse=session.nurse,
        session_uid=session.uid, order_uid=order.uid if order else None, booked_at=at, number=session.number,
    )  # fmt: skip
    window = Window.of(session.booked_for, minutes)
    row.starts_at, row.ends_at = window.start, window.end
    if state in STANDING:
        book.lock_site(session.site_id)
    book.put(row)
    record.log_change(row, {}, book.told(row), by=by, site=row.site_id)
    return row
