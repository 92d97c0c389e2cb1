"""A person reads, asks, ticks, signs, and takes back: from their own account, or on the clinic's tablet in their hands."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from stillhaven.clinic.consent import actions, pages, queries
from stillhaven.clinic.consent.models import Withdrawal
from stillhaven.clinic.consent.sent import read_uuid
from stillhaven.clinic.people import roles, unlock
from stillhaven.clinic.people.gate import SignedOut
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.looking import looked

View = Callable[..., HttpResponse]


def own(view: View) -> View:
    """Only for a patient's own account; for anybody else these pages do not exist."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user: Any = request.user
        if not user.is_authenticated:
            raise SignedOut
        if user.patient_id is None:
            raise Http404
        roles.require(user, "consent.read")
        if request.method == "GET":
            record.log_access(
                by=user, what="own consent", patient=user.patient_id, site=user.patient.site_id, path=request.path,
                address=request.META.get("REMOTE_ADDR", ""),
            )  # fmt: skip
        return view(request, user.patient, *args, **kwargs)

    return guarded


def tablet(view: View) -> View:
    """Only behind the lock of a browser that staff handed to this person: nothing else opens, and only these documents."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user: Any = request.user
        if not user.is_authenticated:
            raise SignedOut
        handed: Any = request.session.get(unlock.TABLET)
        if not user.is_clinic_staff or not getattr(request, "locked", False) or not isinstance(handed, dict):
            raise Http404
        patient = queries.patient_or_404(user, handed["patient"])
        roles.require_patient(user, "consent.hand_over", patient)
        if "document" in kwargs and kwargs["document"] not in handed["documents"]:
            raise Http404
        return view(request, patient, *args, **kwargs)

    return guarded


def _typed(request: HttpRequest) -> dict[str, Any]:
    return {k: v for k, v in request.POST.items() if k != "csrfmiddlewaretoken"} | {"ack": request.POST.getlist("ack")}


def _device(request: HttpRequest) -> str:
    return str(request.META.get("HTTP_USER_AGENT", ""))[:200]


# ---------------------------------------------------------------- the own account
@require_GET
@own
@looked
def own_list(request: HttpRequest, patient: Patient) -> HttpResponse:
    """Everything there is to read and choose, what waits first."""
    shown = pages.rows(patient, clock.now())
    return render(request, "consent/list.html", shown | {"patient": patient, "mode": "own"})


def _urls(document: str) -> dict[str, str]:
    names = ("sign", "ask", "withdraw", "undo")
    return {name: reverse(f"consent:own_{name}", args=[document]) for name in names} | {
        "list": reverse("consent:own"), "here": reverse("consent:own_document", args=[document]),
    }  # fmt: skip


@require_GET
@own
@looked
def own_document(request: HttpRequest, patient: Patient, document: str) -> HttpResponse:
    """One document: the short version first, then all of it, questions, and the signature."""
    about = queries.document_or_404(document)
    shown = pages.document(request, patient, about, clock.now(), _urls(document))
    return render(request, "consent/document.html", shown | {"mode": "own"})


@require_POST
@own
def own_sign(request: HttpRequest, patient: Patient, document: str) -> HttpResponse:
    queries.document_or_404(document)
    user: Any = request.user
    actions.sign(
        patient, document, _typed(request), by=user, at=clock.now(), device=_device(request),
        uid=read_uuid(request.POST.get("uid")),
    )  # fmt: skip
    messages.success(request, _("Signed. Thank you."))
    return redirect("consent:own_document", document=document)


@require_POST
@own
def own_ask(request: HttpRequest, patient: Patient, document: str) -> HttpResponse:
    queries.document_or_404(document)
    user: Any = request.user
    uid = read_uuid(request.POST.get("uid"))
    actions.ask(patient, document, request.POST.get("text", ""), by=user, at=clock.now(), uid=uid)
    messages.success(request, _("Your question is with the clinic. The answer will stand here."))
    return redirect("consent:own_document", document=document)


@require_POST
@own
def own_withdraw(request: HttpRequest, patient: Patient, document: str) -> HttpResponse:
    queries.document_or_404(document)
    user: Any = request.user
    actions.withdraw(patient, document, by=user, at=clock.now(), uid=read_uuid(request.POST.get("uid")))
    return redirect("consent:own_document", document=document)


@require_POST
@own
def own_undo(request: HttpRequest, patient: Patient, document: str) -> HttpResponse:
    queries.document_or_404(document)
    user: Any = request.user
    actions.undo(newest_withdrawal(patient, document), by=user, at=clock.now())
    messages.success(request, _("Undone: your signature holds as before."))
    return redirect("consent:own_document", document=document)


def newest_withdrawal(patient: Patient, document: str) -> Withdrawal:
    found = next((w for w in queries.withdrawals(patient) if w.document == document), None)
    if found is None:
        raise Http404
    return found


@require_GET
@own
def own_pdf(request: HttpRequest, patient: Patient, uid: str) -> HttpResponse:
    """What I signed, on paper."""
    return pages.signed_pdf(queries.signature_or_404(patient, uid), patient, clock.now())


# ---------------------------------------------------------------- the clinic's tablet
@require_GET
@tablet
def tablet_list(request: HttpRequest, patient: Patient) -> HttpResponse:
    """What this person was handed the tablet for."""
    shown = pages.rows(patient, clock.now(), request.session[unlock.TABLET]["documents"])
    return render(request, "consent/list.html", shown | {"patient": patient, "mode": "tablet"})


@require_GET
@tablet
def tablet_document(request: HttpRequest, patient: Patient, document: str) -> HttpResponse:
    """One document on the tablet."""
    about = queries.document_or_404(document)
    urls = {name: reverse(f"consent:tablet_{name}", args=[document]) for name in ("sign", "ask")}
    urls |= {"list": reverse("consent:tablet"), "here": reverse("consent:tablet_document", args=[document])}
    shown = pages.document(request, patient, about, clock.now(), urls)
    return render(request, "consent/document.html", shown | {"mode": "tablet", "undo": False})


@require_POST
@tablet
def tablet_sign(request: HttpRequest, patient: Patient, document: str) -> HttpResponse:
    queries.document_or_404(document)
    user: Any = request.user
    actions.sign(
        patient, document, _typed(request), by=user, at=clock.now(), device=_device(request),
        uid=read_uuid(request.POST.get("uid")),
    )  # fmt: skip
    messages.success(request, _("Signed. Thank you."))
    return redirect("consent:tablet")


@require_POST
@tablet
def tablet_ask(request: HttpRequest, patient: Patient, document: str) -> HttpResponse:
    queries.document_or_404(document)
    user: Any = request.user
    uid = read_uuid(request.POST.get("uid"))
    actions.ask(patient, document, request.POST.get("text", ""), by=user, at=clock.now(), uid=uid)
    messages.success(request, _("Your question is written down. Ask the person beside you, too."))
    return redirect("consent:tablet_document", document=document)
