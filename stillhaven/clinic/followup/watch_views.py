"""The queue of reviews: who may be slipping, by which rule and on which scores, whose it is and until when."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.followup import actions, queries, watch
from stillhaven.clinic.followup.models import WatchTask
from stillhaven.clinic.followup.views import course_deed
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, form
from stillhaven.clinic.people.gate import log_chart_opened, staff_required
from stillhaven.clinic.people.models import User
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.scales import queries as scales
from stillhaven.clinic.scales.sent import uid_of
from stillhaven.clinic.scales.staff_views import person_of


@require_safe
@staff_required
def everyone(request: HttpRequest) -> HttpResponse:
    """Answers that call somebody first, then all open reviews, then those closed lately."""
    roles.require(request.user, "followup.watch")
    user: Any = request.user
    now = clock.now()
    closed = WatchTask.objects.filter(site__in=user.site_ids, closed_at__isnull=False)
    return render(request, "followup/watch.html", {
        "alerts": [t for site in sorted(user.site_ids) for t in scales.open_alerts(site)],
        "open": [row_of(task, now) for task in queries.open_watch(user.site_ids)],
        "closed": closed.select_related("signal__patient").order_by("-closed_at")[:30], "now": now,
    })  # fmt: skip


def row_of(task: WatchTask, now: datetime) -> dict[str, Any]:
    rule = policy.rules(task.site_id).followup.watch.get(task.signal.rule)
    late = now >= task.due_at and task.closed_at is None
    return {
        "task": task, "signal": task.signal, "title": rule.title if rule else task.signal.rule.replace("_", " "),
        "proposal": rule is None or rule.is_proposal, "late": late, "look": "late" if late else "",
    }  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def one(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One review: what fired and why, what the other rules say, and the deeds."""
    task, now = queries.task_or_404(request.user, uid), clock.now()
    patient = task.signal.patient
    roles.require_patient(request.user, "followup.watch", patient)
    if request.method == "POST":
        chosen = request.POST.get("owner", "")
        owner = _colleagues(task).filter(pk=int(chosen)).first() if chosen.isdecimal() else None
        watch.handle(
            task.pk,
            request.POST.get("deed", ""),
            by=request.user,
            at=now,
            note=request.POST.get("note", ""),
            owner=owner,
        )
        return redirect("followup:review", uid=uid)
    log_chart_opened(request, patient, "review")
    here = reverse("followup:review", args=[uid])
    staff = [(str(u.pk), u.signature_name) for u in _colleagues(task) if roles.may(u, "followup.watch")]
    deeds = [] if task.closed_at else [
        form(request, "take", here, _("I take it"), hidden={"deed": "take"}),
        form(request, "hand_on", here, _("Hand it on"),
             Ask(name="owner", label=_("To whom"), kind="select", options=[("", _("Choose")), *staff]),
             hidden={"deed": "hand_on"}, look=""),
        form(request, "close", here, _("Close it"),
             Ask(name="note", label=_("What was found, and what was decided?"), kind="long"),
             hidden={"deed": "close"}, look="button-firm"),
    ]  # fmt: skip
    row = actions.one(task.signal.course, now)
    return render(request, "followup/review.html", {
        "person": person_of(patient, now), "patient": patient, "deeds": deeds, **row_of(task, now),
        "findings": [shown(task.signal.finding, task.site_id)], "n": row.n,
        "now_findings": [shown(w.finding.as_dict(), task.site_id) for w in watch.look(row, now)],
        "alerts": scales.open_alerts(patient.site_id, patient) if roles.may(request.user, "alert.handle") else [],
    })  # fmt: skip


def shown(finding: dict[str, Any], site: int) -> dict[str, Any]:
    """A finding as a page shows it: its source in words, "our proposal" where there is none; what to do where it fires."""
    key = str(finding.get("source", ""))
    source = policy.rules(site).sources.get(key)
    words = str(_("our proposal")) if key in ("", "house") or source is None else source.cite
    return finding | {"source": words} | ({"to_do": ""} if finding.get("verdict") == "met" else {})


def _colleagues(task: WatchTask) -> Any:
    return User.objects.filter(is_active=True, patient=None, sites=task.site_id).order_by("name")


@course_deed
def report(request: HttpRequest, course: Course, now: datetime) -> Any:
    signal = watch.report(
        course, request.POST.get("rule", ""), request.POST.get("words", ""), by=request.user, at=now,
        uid=uid_of(request.POST.get("uid")),
    )  # fmt: skip
    messages.success(request, _("A review is open."))
    return redirect("followup:review", uid=signal.uid)
