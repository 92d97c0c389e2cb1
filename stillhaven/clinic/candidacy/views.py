"""The pages on candidacy: what stands against it and for it, what to record, overrides, the decision and its history."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stillhaven.clinic.candidacy import actions, forms, pages, queries
from stillhaven.clinic.candidacy.models import Decision, Measured
from stillhaven.clinic.course.models import Course
from stillhaven.clinic.intake.queries import header
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import form, problem_of
from stillhaven.clinic.people.gate import log_chart_opened, staff_required
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.looking import looked
from stillhaven.science.errors import BadInput
from stillhaven.science.protocol import Drug, Route


def _open(request: HttpRequest, pk: int, action: str = "candidacy.view") -> Patient:
    found = queries.patient_or_404(request.user, pk)
    roles.require_patient(request.user, action, found)
    if request.method == "GET" and problem_of(request) is None:
        log_chart_opened(request, found, "candidacy")
    return found


def _course(request: HttpRequest, patient: Patient, mine: list[Course] | None = None) -> Course | None:
    return queries.course_of(patient, request.POST.get("course") or request.GET.get("course") or None, mine)


def _needed(request: HttpRequest, patient: Patient) -> Course:
    found = _course(request, patient)
    if found is None:
        raise Http404
    return found


def _uid(request: HttpRequest) -> UUID | None:
    text = request.POST.get("uid")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise BadInput("uid", _("is not a uid")) from None


def _way(request: HttpRequest) -> tuple[Drug, Route]:
    try:
        return Drug(request.POST.get("drug", "")), Route(request.POST.get("route", ""))
    except ValueError:
        raise BadInput("route", _("choose a drug and a way from the list")) from None


def _home(patient: Patient, course: Course, anchor: str = "") -> str:
    return reverse("candidacy:page", args=[patient.pk]) + f"?course={course.pk}" + (f"#{anchor}" if anchor else "")


@require_GET
@staff_required
@looked
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """One person's candidacy, as a colleague would tell it."""
    patient, now = _open(request, pk), clock.now()
    courses = queries.courses_of(patient)
    course = _course(request, patient, courses)
    if course is None:
        return render(request, "candidacy/page.html", {"patient": patient, "person": header(patient, now)})
    past = queries.decisions(course)
    drug, route = queries.considered(course, past)
    ground = queries.background(patient, course, now)
    found = queries.assess(course, drug, route, now, ground)
    standing = (
        queries.standing(course, now, found=ground, decision=past[0]) if past else queries.Standing(decision=None)
    )
    shown = pages.context(request, course, drug, route, ground, standing, found, past)
    return render(request, "candidacy/page.html", shown | {"person": header(patient, now), "courses": courses})


@require_POST
@staff_required
def consider(request: HttpRequest, pk: int) -> HttpResponse:
    """Look at another drug or route."""
    patient = _open(request, pk, "candidacy.record")
    course, (drug, route) = _needed(request, patient), _way(request)
    actions.consider(course, drug, route, by=request.user, at=clock.now(), uid=_uid(request))
    return redirect(_home(patient, course))


@require_http_methods(["GET", "POST"])
@staff_required
@looked
def record(request: HttpRequest, pk: int, page: str) -> HttpResponse:
    """Write down what a rule asks for: what was measured, done or found out."""
    patient, now = _open(request, pk, "candidacy.record"), clock.now()
    course = _needed(request, patient)
    ground = queries.background(patient, course, now)
    kinds = ground.reference.candidacy.facts
    drug, route = queries.considered(course)
    try:
        keys = forms.keys_of(page, ground.reference, queries.assess(course, drug, route, now, ground))
    except BadInput:
        raise Http404 from None
    if request.method == "POST" and problem_of(request) is None:
        posted = tuple(k for k in request.POST.get("keys", "").split() if k in kinds) or keys
        found = forms.read(request.POST.dict(), posted, kinds)
        try:
            actions.record_facts(patient, found, by=request.user, at=now, uid=_uid(request))
        except BadInput as error:  # the form's fields stand under the facts' names
            raise BadInput(f"f.{error.field}", error.why) from None
        messages.success(request, _("Recorded."))
        return redirect(_home(patient, course))
    says = {k: _said(kinds[k], ground.known.facts[k]) for k in keys if k in ground.known.facts}
    made = form(
        request, "record", reverse("candidacy:record", args=[pk, page]), _("Record"),
        *forms.asks(keys, kinds, says), hidden={"course": str(course.pk), "keys": " ".join(keys)},
    )  # fmt: skip
    rule = next((r for r in ground.reference.candidacy.rules if r.key == page), None)
    entries = Measured.objects.current().filter(patient=patient, key__in=keys).order_by("-happened_at", "-seq")
    shown = {
        "patient": patient, "course": course, "person": header(patient, now), "form": made, "rule": rule, "page": page,
        "sources": pages.cites(rule.cite, ground.reference) if rule else (), "home": _home(patient, course),
        "entries": [{"entry": e, "label": kinds[e.key].label, "text": _entry(kinds[e.key], e)} for e in entries],
        "keys": keys,
    }  # fmt: skip
    return render(request, "candidacy/record.html", shown)


def _said(kind: Any, fact: Any) -> str:
    words = kind.words(fact.value) if fact.value is not None else _("not known")
    return f"{words}, {fact.by}" if fact.by else words


def _entry(kind: Any, entry: Measured) -> str:
    if entry.value.get("not_done"):
        return _("not done")
    value = entry.value.get("value")
    return str(value) if kind.type == "date" else kind.words(value)


@require_POST
@staff_required
def take_back(request: HttpRequest, pk: int, uid: str) -> HttpResponse:
    """Something recorded here was wrong: it no longer counts."""
    patient = _open(request, pk, "candidacy.record")
    course = _needed(request, patient)
    entry = Measured.objects.filter(patient=patient, uid=uid).first()
    if entry is None:
        raise Http404
    actions.take_back(entry, request.POST.get("why", ""), by=request.user, at=clock.now())
    return redirect(_home(patient, course))


@require_POST
@staff_required
def override(request: HttpRequest, pk: int) -> HttpResponse:
    """A prescriber's reason to go on."""
    patient = _open(request, pk, "candidacy.override")
    course = _needed(request, patient)
    rule = request.POST.get("rule", "")
    actions.override(
        course.pk, rule, request.POST.get("against", ""), request.POST.get("why", ""), by=request.user, at=clock.now(),
        uid=_uid(request),
    )  # fmt: skip
    return redirect(_home(patient, course, f"r-{rule}"))


@require_POST
@staff_required
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """The decision."""
    patient = _open(request, pk, "candidacy.decide")
    course, (drug, route) = _needed(request, patient), _way(request)
    sent = {name: request.POST.get(name, "") for name in ("why", "alternatives", "consult", "shown")}
    actions.decide(
        course.pk, request.POST.get("verdict", ""), by=request.user, at=clock.now(), drug=drug, route=route,
        uid=_uid(request), **sent,
    )  # fmt: skip
    messages.success(request, _("The decision is in the record."))
    return redirect(_home(patient, course, "history"))


@require_GET
@staff_required
@looked
def decision(request: HttpRequest, uid: str) -> HttpResponse:
    """One decision as it was taken, with everything that it rested on."""
    found = Decision.objects.filter(uid=uid, site__in=request.user.site_ids).select_related(  # type: ignore[union-attr]
        "patient__site", "course"
    ).first()  # fmt: skip
    if found is None:
        raise Http404
    patient = _open(request, found.patient_id, "candidacy.view")
    order = {"not_met": 0, "unknown": 1, "met": 2}
    kinds = queries.background(patient, found.course, clock.now()).reference.candidacy.facts
    shown = {
        "decision": found, "patient": patient, "person": header(patient, clock.now()),
        "findings": sorted(found.findings, key=lambda f: order[f["verdict"]]),
        "inputs": [
            {
                "label": kinds[k].label if k in kinds else k.capitalize(),
                "text": _kept(kinds.get(k), row),
                "whence": row.get("by") or row.get("source", ""),
            }
            for k, row in found.inputs.items()
        ],
        "way": f"{Drug(found.drug).label}, {pages.route_words(Route(found.route))}",
        "home": _home(patient, found.course),
    }  # fmt: skip
    return render(request, "candidacy/decision.html", shown)


def _kept(kind: Any, row: dict[str, Any]) -> str:
    value = row["value"]
    if value is None:
        return _("not known")
    if isinstance(value, list):
        return ", ".join(str(v) for v in value) or _("none")
    return str(value) if kind is None or (isinstance(value, str) and kind.type == "date") else kind.words(value)
