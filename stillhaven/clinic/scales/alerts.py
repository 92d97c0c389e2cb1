"""One answer that calls a person: raised the moment it is saved, with an owner and a time limit, closed with a note."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import F

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient, User
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import policy
from stillhaven.clinic.scales.models import Alert, AlertTask, OpenedSheet
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.scales import Hit
from stillhaven.science.scales.instrument import Instrument

OWN = "house"  # the fact of a scale that is our own


def owner_for(site: int, by: Any) -> User | None:
    """Who answers for it: the clinician who took it, else a prescriber of the site, else its medical director."""
    if isinstance(by, User) and by.patient_id is None and roles.may(by, "alert.handle"):
        return by
    staff = User.objects.filter(is_active=True, patient=None, sites=site)
    for role in (roles.Role.PRESCRIBER, roles.Role.MEDICAL_DIRECTOR, roles.Role.NURSE):
        found = staff.filter(roles__contains=[role.value]).order_by("pk").first()
        if found is not None:
            return found
    return None


def raise_alerts(
    hits: tuple[Hit, ...], patient: Patient, instrument: Instrument, *, born_of: UUID, by: Any, at: datetime,
    sheet: OpenedSheet | None = None, owner_from: Any = None,
) -> list[Alert]:  # fmt: skip
    """An alert with its task for each hit, once: the same answer of the same sheet does not call twice while it is open."""
    found: list[Alert] = []
    for hit in hits:
        question = instrument.question(hit.item)
        uid = uuid5(born_of, f"alert:{hit.item}:{hit.kind}:{hit.value}")
        if sheet is not None and _stands(sheet, hit):
            continue
        if Alert.objects.filter(uid=uid).exists():
            continue
        words = next((c.text for c in question.shown_choices if c.value == hit.value and c.text), "")
        if instrument.fact == OWN and question.text:  # nobody knows our own questions by their number
            words = f"{words}: {question.text}" if words else question.text
        alert = Alert(
            uid=uid, site=patient.site_id, happened_at=at, patient=patient, sheet=sheet, scale=instrument.short,
            item=hit.item, number=hit.number, kind=hit.kind, value=hit.value, words=words, action=hit.action,
        )  # fmt: skip
        record.append(alert, by=by)
        limit = policy.rules(patient.site_id).checkin.within[hit.kind]
        AlertTask.objects.create(
            alert=alert, site_id=patient.site_id, owner=owner_for(patient.site_id, owner_from or by), due_at=at + limit
        )
        found.append(alert)
    return found


@transaction.atomic
def raise_other(
    patient: Patient, title: str, words: str, action: str, *, uid: UUID, item: str, by: Any, at: datetime
) -> Alert:  # fmt: skip
    """An alert for an answer on suicide that was given elsewhere than in a scale: in the intake.  Once for one uid."""
    known = Alert.objects.filter(uid=uid).first()
    if known is not None:
        return known
    alert = Alert(
        uid=uid, site=patient.site_id, happened_at=at, patient=patient, scale=title, item=item, kind="alert",
        words=words, action=action,
    )  # fmt: skip
    record.append(alert, by=by)
    limit = policy.rules(patient.site_id).checkin.within["alert"]
    AlertTask.objects.create(
        alert=alert, site_id=patient.site_id, owner=owner_for(patient.site_id, by), due_at=at + limit
    )
    return alert


def close_with(uid: UUID, note: str, *, by: Any, at: datetime) -> None:
    """What another room wrote down about this answer closes its alert, too, where they may.

    Whoever may not handle alerts has answered the call at their desk; the alert waits on for a clinician.
    """
    if not roles.may(by, "alert.handle"):
        return
    task = AlertTask.objects.select_for_update(of=("self",)).filter(pk=uid, closed_at=None).first()
    if task is None:
        return
    before = _plain(task)
    task.acknowledged_at, task.acknowledged_by = task.acknowledged_at or at, task.acknowledged_by or by.signature_name
    task.closed_at, task.closed_by, task.note = at, by.signature_name, note.strip()
    task.save()
    record.log_change(task, before, _plain(task), by=by, site=task.site_id)


def _stands(sheet: OpenedSheet, hit: Hit) -> bool:
    """Is the same answer's alert open already?  A higher answer calls anew."""
    rows = Alert.objects.filter(sheet=sheet, item=hit.item, kind=hit.kind, task__closed_at__isnull=True)
    return rows.filter(value__gte=hit.value).exists() if hit.value is not None else rows.exists()


def open_tasks(site: int, patient: Patient | None = None) -> list[AlertTask]:
    """What is open, the most pressing first."""
    rows = AlertTask.objects.filter(site=site, closed_at__isnull=True).select_related("alert__patient", "owner")
    if patient is not None:
        rows = rows.filter(alert__patient=patient)
    return list(rows.order_by("due_at", F("alert__happened_at").asc()))


@transaction.atomic
def handle(
    task_id: UUID, deed: str, *, by: Any, at: datetime, note: str = "", owner: User | None = None
) -> AlertTask:  # fmt: skip
    """Acknowledge, take, hand on or close.  Closing says what was done; a closed one stays closed."""
    task = AlertTask.objects.select_for_update(of=("self",)).select_related("alert__patient").get(pk=task_id)
    roles.require_patient(by, "alert.handle", task.alert.patient)
    if task.closed_at is not None:
        if deed == "close" and task.closed_by == by.signature_name and task.note == note.strip():
            return task
        raise Refused(why=f"{task.closed_by} has closed this already")
    before = _plain(task)
    if deed in ("acknowledge", "take"):
        task.acknowledged_at = task.acknowledged_at or at
        task.acknowledged_by = task.acknowledged_by or by.signature_name
        task.owner = by if deed == "take" else task.owner or by
    elif deed == "hand_on":
        if owner is None or not roles.may(owner, "alert.handle"):
            raise BadInput("owner", "choose a colleague who may handle alerts")
        task.owner = owner
    elif deed == "close":
        if len(note.strip()) < 3:
            raise BadInput("note", "write what was asked and decided")
        task.acknowledged_at = task.acknowledged_at or at
        task.acknowledged_by = task.acknowledged_by or by.signature_name
        task.closed_at, task.closed_by, task.note = at, by.signature_name, note.strip()
    else:
        raise BadInput("deed", "acknowledge, take, hand on or close")
    task.save()
    record.log_change(task, before, _plain(task), by=by, site=task.site_id)
    return task


def note_seen(task: AlertTask, *, by: Any, at: datetime) -> None:
    """Somebody who may handle it has opened it."""
    if task.seen_at is None:
        before = _plain(task)
        task.seen_at = at
        task.save(update_fields=["seen_at"])
        record.log_change(task, before, _plain(task), by=by, site=task.site_id)


def _plain(task: AlertTask) -> dict[str, Any]:
    def moment(value: datetime | None) -> str | None:
        return value.isoformat() if value else None

    return {
        "owner": task.owner_id, "seen_at": moment(task.seen_at), "acknowledged_at": moment(task.acknowledged_at),
        "acknowledged_by": task.acknowledged_by, "closed_at": moment(task.closed_at), "closed_by": task.closed_by,
        "note": task.note,
    }  # fmt: skip
