"""What a patient sees of their follow-up: what waits, what comes, and a way to begin."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from stillhaven.clinic.followup import actions, queries
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import form
from stillhaven.clinic.people.gate import SignedOut
from stillhaven.clinic.record import clock
from stillhaven.clinic.scales import queries as scales
from stillhaven.science.followup import State

_ON = (State.OPEN, State.DUE)


@require_http_methods(["GET", "HEAD", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """My questions: now, next, and how many I have answered."""
    user: Any = request.user
    if not user.is_authenticated:
        raise SignedOut
    if user.patient_id is None:
        raise Http404
    roles.require(user, "own.view")
    now, patient = clock.now(), user.patient
    rows = queries.of_patient(patient, now)
    if request.method == "POST":
        link = actions.own_link(rows, patient, at=now)
        return redirect("scales:me_start", link.pk)
    points = sorted((p for r in rows for p in r.points), key=lambda p: p.due_at)
    waits = [p for p in points if p.state in _ON]
    return render(request, "followup/own.html", {
        "patient": patient, "zone": ZoneInfo(patient.site.zone), "waits": waits, "help": scales.help_of(patient.site),
        "begin": form(request, "begin", reverse("followup:own"), _("Answer now")) if waits else None,
        "next": [p for p in points if p.state is State.LATER][:4],
        "done": [p for p in points if p.state in (State.DONE, State.LATE)][::-1],
        "stopped": [r for r in rows if r.stop],
    })  # fmt: skip
