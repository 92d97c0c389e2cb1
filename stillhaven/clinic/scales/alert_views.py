"""The list of answers that call somebody: whose each is, until when, what was done."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, form
from stillhaven.clinic.people.gate import log_chart_opened, staff_required
from stillhaven.clinic.people.models import User
from stillhaven.clinic.record import clock
from stillhaven.clinic.scales import alerts, queries
from stillhaven.clinic.scales.models import AlertTask
from stillhaven.clinic.scales.staff_views import person_of


@require_safe
@staff_required
def everyone(request: HttpRequest) -> HttpResponse:
    """All open ones of my sites, overdue first; those closed lately below."""
    roles.require(request.user, "alert.handle")
    user: Any = request.user
    now = clock.now()
    rows = [task for site in sorted(user.site_ids) for task in queries.open_alerts(site)]
    closed = AlertTask.objects.filter(site__in=user.site_ids, closed_at__isnull=False)
    return render(request, "scales/alerts.html", {
        "open": [row_of(task, now) for task in sorted(rows, key=lambda t: t.due_at)],
        "closed": closed.select_related("alert__patient").order_by("-closed_at")[:30], "now": now,
    })  # fmt: skip


def row_of(task: AlertTask, now: Any) -> dict[str, Any]:
    late = now >= task.due_at
    look = "late" if late else "alert" if task.alert.kind == "alert" else ""
    return {"task": task, "alert": task.alert, "late": late, "look": look}


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def one(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One alert: what was answered, who has it, and the deeds."""
    task, now = queries.task_or_404(request.user, uid), clock.now()
    patient = task.alert.patient
    roles.require_patient(request.user, "alert.handle", patient)
    log_chart_opened(request, patient, "alert")
    if request.method == "POST":
        chosen = request.POST.get("owner", "")
        owner = _colleagues(task).filter(pk=int(chosen)).first() if chosen.isdecimal() else None
        alerts.handle(
            task.pk,
            request.POST.get("deed", ""),
            by=request.user,
            at=now,
            note=request.POST.get("note", ""),
            owner=owner,
        )
        return redirect("scales:alert", uid=uid)
    alerts.note_seen(task, by=request.user, at=now)
    here = reverse("scales:alert", args=[uid])
    staff = [(str(u.pk), u.signature_name) for u in _colleagues(task) if roles.may(u, "alert.handle")]
    deeds = [] if task.closed_at else [
        form(request, "take", here, _("I take it"), hidden={"deed": "take"}),
        form(request, "hand_on", here, _("Hand it on"),
             Ask(name="owner", label=_("To whom"), kind="select", options=[("", _("Choose")), *staff]),
             hidden={"deed": "hand_on"}, look=""),
        form(request, "close", here, _("Close it"),
             Ask(name="note", label=_("What was asked, and what was decided?"), kind="long"),
             hidden={"deed": "close"}, look="button-firm"),
    ]  # fmt: skip
    return render(request, "scales/alert.html", {
        "person": person_of(patient, now), "patient": patient, "deeds": deeds, "help": queries.help_of(patient.site),
        **row_of(task, now),
    })  # fmt: skip


def _colleagues(task: AlertTask) -> Any:
    return User.objects.filter(is_active=True, patient=None, sites=task.site_id).order_by("name")
