"""Letting a red gate pass by name, and giving it somebody who sees to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from stillhaven.clinic.chart import tomorrow
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import User
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.schedule.models import Appointment, GateOverride, GateTask
from stillhaven.science.errors import BadInput, Refused


@transaction.atomic
def let_pass(row: Appointment, gate: str, against: str, why: str, *, by: Any, at: datetime, uid: UUID) -> GateOverride:
    """Somebody lets a gate pass.  It holds against what the gate says now: when that changes, it is red again."""
    roles.require_patient(by, "tomorrow.override", row.patient)
    known = GateOverride.objects.filter(uid=uid, appointment=row).first()
    if known is not None:
        return known
    if gate not in tomorrow.NAMES:
        raise BadInput("gate", "is not a gate of this board")
    if not why.strip():
        raise BadInput("why", "say why it may go ahead all the same")
    if not against.strip():
        raise Refused(why="this gate is not red")
    entry = GateOverride(
        uid=uid, site=row.site_id, happened_at=at, appointment=row, patient=row.patient, gate=gate, against=against,
        why=why.strip(),
    )  # fmt: skip
    record.append(entry, by=by)
    return entry


@transaction.atomic
def give_to(row: Appointment, gate: str, owner: int, due_at: datetime, *, by: Any, at: datetime) -> GateTask:
    """Somebody sees to a gate until a moment."""
    roles.require_patient(by, "tomorrow.assign", row.patient)
    if gate not in tomorrow.NAMES:
        raise BadInput("gate", "is not a gate of this board")
    person = User.objects.filter(pk=owner, patient=None, is_active=True, sites=row.site_id).first()
    if person is None:
        raise BadInput("owner", "choose a colleague")
    task = GateTask.objects.select_for_update().filter(appointment=row, gate=gate).first()
    before = {"owner": task.owner_id, "due_at": task.due_at} if task else {}
    task = task or GateTask(appointment=row, gate=gate)
    task.owner, task.due_at = person, due_at
    task.save()
    record.log_change(task, before, {"owner": person.pk, "due_at": due_at, "gate": gate}, by=by, site=row.site_id)
    return task
