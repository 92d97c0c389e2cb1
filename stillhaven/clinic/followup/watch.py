"""The watch over courses: which rule fires on whose scores, whose review it is, and how it was closed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.db import transaction

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.followup.models import WatchSignal, WatchTask
from stillhaven.clinic.followup.queries import Followed
from stillhaven.clinic.outcomes import signs
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import User
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import policy
from stillhaven.clinic.scales import alerts
from stillhaven.clinic.scales import queries as scales
from stillhaven.clinic.scales.models import Alert
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Finding, Verdict, Weight
from stillhaven.science.watching import Kind, Watched, WatchRule

PROGRAM = "the watch"
_SPACE = UUID("0b1f6f0e-2f3d-5a54-9d1a-6f0a64b0a5c1")


def look(row: Followed, now: datetime) -> tuple[Watched, ...]:
    """What every rule says of this course now."""
    first = row.facts.sessions[0] if row.facts.sessions else None
    return signs.look(scales.assessments(row.patient, now=now), first, policy.rules(row.course.site_id))


@transaction.atomic
def signal_all(row: Followed, *, by: Any, at: datetime) -> list[WatchSignal]:
    """Open a review for each rule that fires, once a form.

    While one is open for the same rule and course, none is added.  An answer that has an alert of its own is left to it.
    """
    fired = [w for w in look(row, at) if w.fires and w.trigger is not None]
    if not fired:
        return []
    record.lock("clinic", row.course.site_id)
    busy = set(
        WatchTask.objects.filter(signal__course=row.course, closed_at__isnull=True).values_list(
            "signal__rule", flat=True
        )
    )
    made = []
    for found in fired:
        uid = uuid5(_SPACE, f"{row.course.pk}:{found.rule.key}:{found.trigger}")
        if found.rule.key in busy or WatchSignal.objects.filter(uid=uid).exists():
            continue
        if (
            found.rule.kind is Kind.ITEM_RISE
            and Alert.objects.filter(patient=row.patient, item=found.rule.item).exists()
        ):
            continue  # it calls somebody already, at /alerts/
        made.append(_open(row.course, found.rule, found.finding, found.trigger, uid=uid, by=by, at=at))
    return made


def _open(
    course: Course, rule: WatchRule, finding: Finding, trigger: UUID | None, *, uid: UUID, by: Any, at: datetime
) -> WatchSignal:  # fmt: skip
    signal = WatchSignal(
        uid=uid, site=course.site_id, happened_at=at, patient=course.patient, course=course, rule=rule.key,
        finding=finding.as_dict(), trigger=trigger,
    )  # fmt: skip
    record.append(signal, by=by)
    WatchTask.objects.create(
        signal=signal, site_id=course.site_id, owner=alerts.owner_for(course.site_id, by), due_at=at + rule.within
    )
    return signal


@transaction.atomic
def report(course: Course, rule_key: str, words: str, *, by: Any, at: datetime, uid: UUID | None = None) -> WatchSignal:
    """Somebody heard of an admission, an attempt, a new treatment: a review is opened."""
    roles.require_patient(by, "followup.watch", course.patient)
    known = WatchSignal.objects.filter(uid=uid).first() if uid else None
    if known is not None:
        if known.course_id != course.pk:
            raise Refused(why="this was sent under a name that something else has already; write it down anew")
        return known
    rule = policy.rules(course.site_id).followup.watch.get(rule_key)
    if rule is None or rule.kind is not Kind.EVENT:
        raise BadInput("rule", "choose what happened")
    if not words.strip():
        raise BadInput("words", "write what happened, when, and who told you")
    finding = Finding(
        rule=rule.key, verdict=Verdict.NOT_MET, because=words.strip(), source=rule.source, weight=Weight.CAUTION,
        to_do=rule.to_do,
    )  # fmt: skip
    return _open(course, rule, finding, None, uid=uid or uuid4(), by=by, at=at)


@transaction.atomic
def handle(task_id: UUID, deed: str, *, by: Any, at: datetime, note: str = "", owner: User | None = None) -> WatchTask:
    """Acknowledge, take, hand on or close.  Closing says what was found and decided; a closed one stays closed."""
    rows = WatchTask.objects.select_for_update(of=("self",)).select_related("signal__patient")
    task = rows.get(pk=task_id)
    roles.require_patient(by, "followup.watch", task.signal.patient)
    if task.closed_at is not None:
        if deed == "close" and task.closed_by == by.signature_name and task.note == note.strip():
            return task
        raise Refused(why=f"{task.closed_by} has closed this already")
    before = _plain(task)
    if deed in ("acknowledge", "take"):
        task.owner = by if deed == "take" else task.owner or by
    elif deed == "hand_on":
        if owner is None or not roles.may(owner, "followup.watch"):
            raise BadInput("owner", "choose a colleague who may review")
        task.owner = owner
    elif deed == "close":
        if len(note.strip()) < 3:
            raise BadInput("note", "write what was found and decided")
        task.closed_at, task.closed_by, task.note = at, by.signature_name, note.strip()
    else:
        raise BadInput("deed", "acknowledge, take, hand on or close")
    if deed != "hand_on":
        task.acknowledged_at = task.acknowledged_at or at
        task.acknowledged_by = task.acknowledged_by or by.signature_name
    task.save()
    record.log_change(task, before, _plain(task), by=by, site=task.site_id)
    return task


def _plain(task: WatchTask) -> dict[str, Any]:
    def moment(value: datetime | None) -> str | None:
        return value.isoformat() if value else None

    return {
        "owner": task.owner_id, "acknowledged_at": moment(task.acknowledged_at),
        "acknowledged_by": task.acknowledged_by, "closed_at": moment(task.closed_at), "closed_by": task.closed_by,
        "note": task.note,
    }  # fmt: skip
