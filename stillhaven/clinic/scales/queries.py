"""Reads: a person's assessments, scored anew with the version they were taken with; open alerts; whom to call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.http import Http404

from stillhaven.clinic.people.models import Patient, Site
from stillhaven.clinic.people.queries import patient_or_404 as patient_or_404
from stillhaven.clinic.scales import alerts, catalog
from stillhaven.clinic.scales import models as rows
from stillhaven.clinic.scales.models import AlertTask, CheckInLink, CrisisHelp
from stillhaven.science.scales import score_sheet
from stillhaven.science.scales.taken import Assessment


def assessments(patient: Patient, scale: str | None = None, now: datetime | None = None) -> list[Assessment]:
    """Everything this person filled in or was rated with, oldest first, up to `now`; totals made from the answers.

    `scale` is a key ("phq9"); versions of it are all given, each saying its own.
    """
    found = rows.Assessment.objects.current().filter(patient=patient)
    if scale is not None:
        found = found.filter(scale=scale)
    if now is not None:
        found = found.filter(happened_at__lte=now)
    return [as_science(row) for row in found.order_by("happened_at", "seq")]


def as_science(row: rows.Assessment) -> Assessment:
    """One row, read with the definition it was taken with."""
    instrument = catalog.by_digest(row.definition)
    stated = {key: float(value) for key, value in row.stated.items()}
    return Assessment(
        uid=row.uid, scale=row.scale, version=row.version, taken_at=row.happened_at, entered_at=row.entered_at,
        channel=row.channel, by_name=row.by_name, instrument=instrument, answers=row.answers,
        sheet=score_sheet(instrument, row.answers, stated), source_note=row.source_note, course=row.course_id,
    )  # fmt: skip


def open_alerts(site: int, patient: Patient | None = None) -> list[AlertTask]:
    """Alerts that nobody has closed, the most pressing first."""
    return alerts.open_tasks(site, patient)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How many answers wait for somebody at a site: those on suicide, all of them, and those past their time."""

    urgent: int
    alerts: int
    late: int


def waiting_alerts(site: int, now: datetime) -> Waiting:
    """The count of open alerts, in one question to the database."""
    rows = AlertTask.objects.filter(site=site, closed_at__isnull=True)
    found = rows.aggregate(
        urgent=Count("pk", filter=Q(alert__kind="alert")), alerts=Count("pk"),
        late=Count("pk", filter=Q(due_at__lte=now)),
    )  # fmt: skip
    return Waiting(**found)


def assessment_or_404(patient: Patient, uid: UUID) -> rows.Assessment:
    found = rows.Assessment.objects.filter(uid=uid, patient=patient).select_related("patient").first()
    if found is None:
        raise Http404
    return found


def task_or_404(user: Any, uid: UUID) -> AlertTask:
    found = AlertTask.objects.filter(pk=uid, site__in=user.site_ids).select_related("alert__patient", "owner").first()
    if found is None:
        raise Http404
    return found


def link_or_404(user: Any, pk: int) -> CheckInLink:
    found = CheckInLink.objects.filter(pk=pk, site__in=user.site_ids).select_related("patient").first()
    if found is None:
        raise Http404
    return found


def help_of(site: Site) -> dict[str, Any]:
    """Whom to call: the emergency number, and the clinic's crisis line once it has set one."""
    row = CrisisHelp.objects.current().filter(site=site.pk).order_by("-seq").first()
    return {"emergency": site.emergency_number, "line": row}
