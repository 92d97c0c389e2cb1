"""Who sits at the form: the person themselves under /me/, or staff with the person under /patients/."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from stillhaven.clinic.intake import queries
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.gate import SignedOut, log_chart_opened, staff_required
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.looking import looked
from stillhaven.science.intake import IntakeRules


@dataclass(frozen=True, kw_only=True)
class Desk:
    """One opened intake: whose, by whom, and where its pages lie."""

    patient: Patient
    by: Any
    own: bool
    now: datetime
    form: IntakeRules

    def url(self, name: str, *args: Any) -> str:
        """An address of this intake, for whoever sits here."""
        return reverse(f"intake:own_{name}", args=args) if self.own else reverse(
            f"intake:{name}", args=(self.patient.pk, *args)
        )  # fmt: skip

    @property
    def home(self) -> str:
        return self.url("home")

    @property
    def find(self) -> str:
        return self.url("find")

    @property
    def emergency(self) -> str:
        return self.patient.site.emergency_number


def at_desk(action: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A page that a person opens for themselves, and staff of their clinic for them."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @staff_required
        def for_staff(request: HttpRequest, pk: int, *args: Any, **kwargs: Any) -> HttpResponse:
            patient = queries.patient_or_404(request.user, pk)
            roles.require_patient(request.user, action, patient)
            return view(request, _desk(request, patient, own=False), *args, **kwargs)

        @wraps(view)
        @looked
        def guarded(request: HttpRequest, *args: Any, pk: int | None = None, **kwargs: Any) -> HttpResponse:
            if pk is not None:
                return for_staff(request, pk, *args, **kwargs)
            user: Any = request.user
            if not user.is_authenticated:
                if "application/json" in request.headers.get("Accept", ""):
                    return JsonResponse({"why": "sign in"}, status=401)
                raise SignedOut
            if user.patient_id is None:
                raise Http404
            roles.require(user, "own.view")
            patient = Patient.objects.select_related("site").get(pk=user.patient_id)
            return view(request, _desk(request, patient, own=True), *args, **kwargs)

        return guarded

    return decorate


def _desk(request: HttpRequest, patient: Patient, *, own: bool) -> Desk:
    if request.method == "GET":
        log_chart_opened(request, patient, "own intake" if own else "intake")
    return Desk(patient=patient, by=request.user, own=own, now=clock.now(), form=queries.form_of(patient.site_id))
