"""The care team's page of a person's therapy, and the emergency: what may be known, and what it costs to know more."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from stillhaven.clinic.consent import queries as consents
from stillhaven.clinic.consent.sent import read_uuid
from stillhaven.clinic.people import roles, unlock
from stillhaven.clinic.people.asking import Form, form, problem_of
from stillhaven.clinic.people.gate import log_chart_opened, staff_required
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import clock
from stillhaven.clinic.therapy import actions, forms, queries, words
from stillhaven.clinic.therapy.models import OpenItem, Therapy
from stillhaven.clinic.therapy.views import items_of, one_of, person_of


def _open(request: HttpRequest, pk: int, action: str = "therapy.team") -> Patient:
    found = consents.patient_or_404(request.user, pk)
    roles.require_patient(request.user, action, found)
    if request.method == "GET" and problem_of(request) is None:
        log_chart_opened(request, found, "therapy, the team's part")
    return found


@require_GET
@staff_required
def team(request: HttpRequest, pk: int) -> HttpResponse:
    """What the team may know: safety, readiness, whether talks took place, the agreed summary, shared pages."""
    found, now = _open(request, pk), clock.now()
    user: Any = request.user
    shown: dict[str, Any] = {
        "patient": found, "person": person_of(found), "begin": _begin(request, found),
        "therapies": [_one(request, t, now) for t in queries.of_patient(found)],
        "summaries": [
            {"head": _("Agreed with the person"), "at": told.summary.happened_at, "by": told.summary.by_name,
             "lines": words.lines(told.said)}
            for told in queries.agreed_summaries(found)
        ],
        "journal": [p for p in queries.journal_for(user, found) if p.share == "team"],
        "looks": queries.looks_in_emergency(found),
    }  # fmt: skip
    return render(request, "therapy/team.html", shown)


def _begin(request: HttpRequest, found: Patient) -> Form | None:
    """A therapist may begin to work with this person."""
    user: Any = request.user
    course = consents.course_now(found)
    if not roles.may(user, "therapy.write") or course is None or course.state == "deferred":
        return None
    if any(t.therapist_id == user.pk and t.ended_at is None for t in queries.of_patient(found)):
        return None
    return form(request, "begin", reverse("therapy:begin", args=[found.pk]), _("Begin therapy with this person"))


def _one(request: HttpRequest, therapy: Therapy, now: Any) -> dict[str, Any]:
    prepared, word = queries.preparation(therapy), queries.clearance(therapy)
    clears = roles.may(request.user, "therapy.clear") and therapy.ended_at is None

    def url(deed: str) -> str:
        return reverse("therapy:team_do", args=[therapy.patient_id, therapy.uid, deed])

    glass = roles.may(request.user, "therapy.break_glass") and therapy.notes.exclude(sealed="").exists()
    return {
        "therapy": therapy, "lines": words.open_lines(prepared.value if prepared else {}, "preparation"),
        "findings": queries.readiness(therapy, now), "rows": [(r, words.timing(r)) for r in queries.sessions(therapy, now)],
        "items_shown": items_of(request, therapy, url("settle") if clears else ""),
        "forms": [forms.open_item(request, url("item")), forms.clear(request, url("clear"), word is not None)]
        if clears else [],
        "debriefs": [
            {"head": words.kind(n), "at": n.happened_at, "by": n.by_name, "lines": words.open_lines(n.value, "debrief")}
            for n in therapy.notes.filter(kind="debrief", amended_by__isnull=True, retracted=False).order_by("-seq")
        ],
        "emergency": forms.emergency(request, therapy) if glass else None,
        "own": therapy.therapist_id == request.user.pk,
    }  # fmt: skip


@require_POST
@staff_required
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    """This therapist begins to work with this person."""
    found = _open(request, pk, "therapy.write")
    user: Any = request.user
    course = consents.course_now(found)
    if course is None:
        raise Http404
    made = actions.open_therapy(course, by=user, at=clock.now(), uid=read_uuid(request.POST.get("uid")))
    return redirect("therapy:course", uid=made.uid)


def _therapy(found: Patient, uid: str) -> Therapy:
    therapy = Therapy.objects.filter(patient=found, uid=uid).select_related("patient__site", "therapist").first()
    if therapy is None:
        raise Http404
    return therapy


@require_POST
@staff_required
def team_do(request: HttpRequest, pk: int, uid: str, deed: str) -> HttpResponse:
    """The medical team adds what has to be settled, settles it, clears."""
    found = _open(request, pk, "therapy.clear")
    user: Any = request.user
    therapy = _therapy(found, uid)
    sent: dict[str, Any] = {"by": user, "at": clock.now(), "uid": read_uuid(request.POST.get("uid"))}
    said = request.POST.get("words", "")
    if deed == "item":
        actions.add_item(therapy.pk, request.POST.get("text", ""), **sent)
    elif deed == "settle":
        actions.settle(one_of(OpenItem, therapy, request.POST.get("item", "")), said, **sent)
    elif deed == "clear":
        actions.clear(therapy.pk, request.POST.get("cleared") == "yes", said, **sent)
    else:
        raise Http404
    messages.success(request, _("Kept."))
    return redirect("therapy:team", pk=pk)


@require_POST
@staff_required
def emergency(request: HttpRequest, pk: int, uid: str) -> HttpResponse:
    """Look behind the wall: a reason, a fresh second factor, and the person is told."""
    found = _open(request, pk, "therapy.break_glass")
    therapy = _therapy(found, uid)
    why = actions.emergency_reason(request.POST.get("why", ""))  # before the code: a code is good for once
    factor = unlock.confirm_factor(request, request.POST.get("code", ""))
    user: Any = request.user
    look = actions.break_glass(
        therapy, why, by=user, at=clock.now(), second_factor=factor, path=request.path,
        address=request.META.get("REMOTE_ADDR", ""), uid=read_uuid(request.POST.get("uid")),
    )  # fmt: skip
    return redirect("therapy:glass", uid=look.uid)


@require_GET
@staff_required
def glass(request: HttpRequest, uid: str) -> HttpResponse:
    """The notes, for the one who broke the glass, for a short while."""
    roles.require(request.user, "therapy.break_glass")
    user: Any = request.user
    look = queries.glass_or_404(user, uid, clock.now())
    roles.require_patient(user, "therapy.break_glass", look.therapy.patient)
    patient, items = look.therapy.patient, [words.item(r) for r in queries.behind_the_glass(look)]
    shown = {"look": look, "patient": patient, "person": person_of(patient), "items": items}
    shown["until"] = queries.glass_until(look)
    response = render(request, "therapy/glass.html", shown)
    response["Cache-Control"] = "no-store"
    return response
