"""A patient's own pages: my visits in plain words, and who looked at my record."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from stillhaven.clinic.messages import thread_queries
from stillhaven.clinic.people import queries as people
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.gate import SignedOut
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.recovery import pdf
from stillhaven.clinic.recovery.summary import visit_summary
from stillhaven.clinic.session import queries
from stillhaven.clinic.session.models import TreatmentSession

_OVER = ("discharged", "signed", "transferred")


def own(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Only for a patient's own account; for anybody else these pages do not exist."""

    @require_GET
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user: Any = request.user
        if not user.is_authenticated:
            raise SignedOut
        if user.patient_id is None:
            raise Http404
        roles.require(user, "own.view")
        record.log_access(
            by=user, what="own record", patient=user.patient_id, site=user.patient.site_id, path=request.path,
            address=request.META.get("REMOTE_ADDR", ""),
        )  # fmt: skip
        return view(request, user.patient, *args, **kwargs)

    return guarded


@own
def home(request: HttpRequest, patient: Patient) -> HttpResponse:
    """My visits, the next one first, and who looked."""
    sessions = list(
        TreatmentSession.objects.filter(patient=patient, drill=False).select_related("order", "course", "site")
    )
    now = clock.now()
    coming = sorted((s for s in sessions if s.state == "booked" and s.booked_for > now), key=lambda s: s.booked_for)
    past = sorted((s for s in sessions if s.state in _OVER), key=lambda s: s.booked_for, reverse=True)
    shown = {
        "patient": patient, "coming": coming, "past": past, "zone": ZoneInfo(patient.site.zone),
        "looks": people.who_looked(patient.pk, limit=100), "emergency": patient.site.emergency_number,
        "unread": thread_queries.unread(patient),
    }  # fmt: skip
    return render(request, "portal/home.html", shown)


def _own_session(patient: Patient, uid: str) -> TreatmentSession:
    session = TreatmentSession.objects.filter(patient=patient, uid=uid, state__in=_OVER, drill=False).first()
    if session is None:
        raise Http404
    return queries.open_or_closed(session.pk)


@own
def visit(request: HttpRequest, patient: Patient, uid: str) -> HttpResponse:
    """One visit in plain words."""
    session = _own_session(patient, uid)
    return render(request, "portal/visit.html", {"d": visit_summary(session, clock.now()), "session": session})


@own
def visit_pdf(request: HttpRequest, patient: Patient, uid: str) -> HttpResponse:
    """The same on paper."""
    session = _own_session(patient, uid)
    response = HttpResponse(pdf.render("summary", visit_summary(session, clock.now())), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="visit-{session.number}.pdf"'
    response["Cache-Control"] = "no-store"
    return response
