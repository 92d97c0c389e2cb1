"""Opening a course, moving it on, holding it."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from stillhaven.clinic.course.models import Course, CourseFact, CourseMove
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import actions as record
from stillhaven.science import course as rules
from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Finding


@transaction.atomic
def open_course(patient: Patient, indication: str, *, by: Any, at: datetime) -> Course:
    """A new course of treatment of this patient."""
    roles.require_patient(by, "course.open", patient)
    if not indication.strip():
        raise BadInput("indication", "say what is treated")
    course = Course.objects.create(
        site_id=patient.site_id, patient=patient, indication=indication.strip(), opened_at=at
    )
    after = {"patient": patient.pk, "indication": course.indication}
    record.log_change(course, {}, after, by=by, site=patient.site_id)
    return course


@transaction.atomic
def advance(
    course_id: int, move: rules.Move, *, by: Any, at: datetime, because: Sequence[Finding] = (), why: str = ""
) -> Course:
    """Make one move of a course, if its table has that move."""
    course = Course.objects.select_for_update().get(pk=course_id)
    roles.require_patient(by, "course.open", course.patient)
    state = rules.step(course.state, move)
    entry = CourseMove(
        uid=uuids.uuid4(), site=course.site_id, happened_at=at, course=course, move=move.value, state=state.value,
        because=[f.as_dict() for f in because], reason=why,
    )  # fmt: skip
    record.append(entry, by=by)
    course.state = state.value
    course.save(update_fields=["state"])
    return course


@transaction.atomic
def set_hold(course_id: int, on_hold: bool, why: str, *, by: Any, at: datetime) -> Course:
    """Hold a course, or let it go on.  No session starts while a course is on hold."""
    course = Course.objects.select_for_update().get(pk=course_id)
    roles.require_patient(by, "course.hold", course.patient)
    if not why.strip():
        raise BadInput("why", "say why")
    before = {"on_hold": course.on_hold, "hold_reason": course.hold_reason}
    course.on_hold, course.hold_reason = on_hold, why.strip() if on_hold else ""
    course.save(update_fields=["on_hold", "hold_reason"])
    record.log_change(course, before, {"on_hold": on_hold, "why": why.strip(), "at": at}, by=by, site=course.site_id)
    return course


FACTS = ("rems_enrolment", "authorisation")


@transaction.atomic
def add_fact(course: Course, kind: str, value: dict[str, Any], *, by: Any, at: datetime, uid: uuids.UUID) -> CourseFact:
    """Write down what an office outside the clinic confirmed.  The newest of a kind counts."""
    roles.require_patient(by, "course.fact", course.patient)
    known = CourseFact.objects.filter(uid=uid, course=course).first()
    if known is not None:
        return known
    if kind not in FACTS:
        raise BadInput("kind", "is an enrolment or an authorisation")
    entry = CourseFact(
        uid=uid, site=course.site_id, happened_at=at, course=course, patient=course.patient, kind=kind, value=value
    )
    record.append(entry, by=by)
    return entry
