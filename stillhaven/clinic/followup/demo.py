"""The demo clinic's follow-up: somebody due, somebody overdue, somebody who declined, one not reached, one review."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.followup import actions, watch
from stillhaven.clinic.people.models import Patient, User
from stillhaven.clinic.record.actions import Program
from stillhaven.clinic.scales import actions as scales
from stillhaven.science.followup import State

_ANXIOUS = {str(n): v for n, v in enumerate((2, 2, 2, 2, 1, 2, 2), start=1)}


def seed(people: Mapping[str, Patient], staff: Mapping[str, User], *, now: datetime) -> None:
    """Through the same deeds that staff do."""
    _anxious_again(people["ada"], now)
    _declined(people["dev"], staff["nurse"], now)
    _not_reached(people["eve"], staff["desk"], now)
    course = _course(people["ada"])
    if course is not None:
        actions.take_over(course, staff["nurse"], by=staff["nurse"], at=now - timedelta(hours=1))
        watch.signal_all(actions.one(course, now), by=Program(watch.PROGRAM), at=now - timedelta(hours=1))


def _course(patient: Patient) -> Course | None:
    return patient.courses.select_related("patient__site").order_by("-opened_at").first()


def _on(course: Course, now: datetime) -> list[str]:
    return [p.key for p in actions.one(course, now).to_do]


def _anxious_again(patient: Patient, now: datetime) -> None:
    """Ada's anxiety rose again after it had fallen: the watch opens a review."""
    by: Any = Program(f"{patient.called} (by link)")
    scales.record(patient, "gad7", _ANXIOUS, by=by, at=now - timedelta(hours=20), channel="link")


def _declined(patient: Patient, nurse: User, now: datetime) -> None:
    course = _course(patient)
    if course is not None and (keys := _on(course, now)):
        why = "Would rather talk than tick boxes; asked again at the visit."
        actions.end_points(course, keys, State.DECLINED.value, why, by=nurse, at=now - timedelta(hours=1))


def _not_reached(patient: Patient, desk: User, now: datetime) -> None:
    course = _course(patient)
    at = now - timedelta(minutes=70)
    if course is None or not (keys := _on(course, at)):
        return
    for how, ago in (("call", 68), ("voicemail", 40)):
        actions.log_attempt(course, keys, how, False, by=desk, at=now - timedelta(minutes=ago), note="no answer")
    why = "Rang out twice; a message was left."
    actions.end_points(course, keys, State.UNREACHABLE.value, why, by=desk, at=now - timedelta(minutes=20))
