"""Tomorrow's board as a page: one line a visit, one dot a gate, and beneath it what is still to do, by whom, until when."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stillhaven.clinic.chart import tomorrow as gates
from stillhaven.clinic.chart import tomorrow_deeds as deeds
from stillhaven.clinic.chart.visit_pages import person_of
from stillhaven.clinic.course import actions as courses
from stillhaven.clinic.course.models import Course, CourseFact
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, form
from stillhaven.clinic.people.gate import log_chart_opened, staff_required
from stillhaven.clinic.people.models import Site, User
from stillhaven.clinic.record import clock
from stillhaven.clinic.schedule import queries as schedule
from stillhaven.clinic.schedule.models import Appointment
from stillhaven.clinic.schedule.sheet import KIND_WORDS
from stillhaven.clinic.schedule.upkeep_views import day as read_day
from stillhaven.clinic.schedule.upkeep_views import hour, number
from stillhaven.clinic.schedule.views import looked
from stillhaven.science.errors import BadInput
from stillhaven.science.schedule import DOSING, local


@require_GET
@staff_required
def tomorrow(request: HttpRequest) -> HttpResponse:
    """What stands between tomorrow's visits and a start."""
    roles.require(request.user, "tomorrow.view")
    site, now = schedule.site_of(request.user, request.GET.get("site", "")), clock.now()
    on = schedule.day_of(request.GET.get("day", ""), schedule.today(site, now) + timedelta(days=1))
    looked(request, site, "tomorrow's board")
    found = gates.board(site, on, now)
    lines = [_line(visit, row) for visit, row in found if visit.row.kind == DOSING]
    talks = [_line(visit, row) for visit, row in found if visit.row.kind != DOSING]
    to_do: list[dict[str, Any]] = [
        {
            "visit": visit,
            "gate": gate,
            "name": gates.NAMES[gate.key][0],
            "late": gate.due_at is not None and gate.due_at < now,
            "url": reverse("chart:gate", args=[visit.row.uid, gate.key]),
        }
        for visit, row in found
        for gate in row
        if gate.is_open
    ]
    to_do.sort(key=lambda t: (t["gate"].due_at, t["visit"].row.starts_at))
    shown = {
        "site": site,
        "day": on,
        "today": schedule.today(site, now),
        "before": on - timedelta(days=1),
        "after": on + timedelta(days=1),
        "names": [name for name, _role in gates.NAMES.values()],
        "lines": lines,
        "talks": talks,
        "to_do": to_do,
        "ready": sum(line["ready"] for line in lines),
        "next": _next(site, on),
        "made_at": now,
    }
    return render(request, "chart/tomorrow.html", shown)


def _line(visit: gates.Visit, row: list[gates.Gate]) -> dict[str, Any]:
    return {
        "visit": visit,
        "kind": KIND_WORDS[visit.row.kind],
        "gates": [
            {"gate": g, "name": gates.NAMES[g.key][0], "url": reverse("chart:gate", args=[visit.row.uid, g.key])}
            for g in row
        ],
        "ready": not any(g.is_open for g in row),
        "open": sum(g.is_open for g in row),
    }


def _next(site: Site, on: date) -> date | None:
    """The next day with a visit, for when there is none on this one."""
    start, _end = schedule.bounds(site, on + timedelta(days=1))
    found = Appointment.objects.filter(site=site, state="booked", starts_at__gte=start).order_by("starts_at").first()
    return found.starts_at.astimezone(schedule.zone_of(site)).date() if found else None


@require_http_methods(["GET", "POST"])
@staff_required
def gate(request: HttpRequest, uid: str, gate: str) -> HttpResponse:
    """One gate of one visit: why it is as it is, who sees to it, and letting it pass by name."""
    roles.require(request.user, "tomorrow.view")
    row = schedule.appointment_or_404(request.user, uid)
    if gate not in gates.NAMES:
        raise Http404
    now, zone = clock.now(), schedule.zone_of(row.site)
    on = row.starts_at.astimezone(zone).date()
    if request.method == "POST":
        return _done(request, row, gate, on)
    log_chart_opened(request, row.patient, "visit")
    one = next((g for g in gates.of_visit(row, now) if g.key == gate), None)
    if one is None:
        raise Http404
    here = reverse("chart:gate", args=[row.uid, gate])
    staff = User.objects.filter(patient=None, is_active=True, sites=row.site).order_by("name")
    due = (one.due_at or row.starts_at).astimezone(zone)
    give = form(
        request,
        "give",
        here,
        _("Give it to them"),
        Ask(
            name="owner",
            label=_("Who sees to it"),
            kind="select",
            options=[("", "—"), *((str(u.pk), u.signature_name) for u in staff)],
        ),
        Ask(name="due_day", label=_("Until"), kind="date", value=f"{due:%Y-%m-%d}"),
        Ask(name="due_time", label=_("At"), value=f"{due:%H:%M}"),
        hidden={"do": "give"},
    )
    let = form(
        request,
        "let",
        here,
        _("Let it pass"),
        Ask(name="why", label=_("Why it may go ahead all the same"), kind="long"),
        hidden={"do": "let", "against": one.because},
        look="button-firm",
        about=_(
            "Your name and the reason are kept. It holds against what the gate says now, and does not change the "
            "start rules at the chair."
        ),
    )
    shown = {
        "row": row,
        "patient": row.patient,
        "person": person_of(row.patient, now),
        "gate": one,
        "name": gates.NAMES[gate][0],
        "day": on,
        "give": give if one.is_open and roles.may(request.user, "tomorrow.assign") else None,
        "let": let if one.is_open and roles.may(request.user, "tomorrow.override") else None,
        "ways": _ways(request, row, gate),
    }
    return render(request, "chart/gate.html", shown)


def _ways(request: HttpRequest, row: Appointment, gate: str) -> list[tuple[str, str]]:
    """Where this gate can be mended."""
    found = []
    if gate in ("fasting", "well", "driver"):
        found.append((reverse("chart:visit", args=[row.uid]), _("Ask by telephone and write it down")))
    if gate in ("rems", "authorisation") and row.course_id and roles.may(request.user, "course.fact"):
        found.append((reverse("chart:course_facts", args=[row.course_id]), _("Enter enrolment or authorisation")))
    if gate in ("staff", "chair"):
        found.append((reverse("chart:visit", args=[row.uid]), _("Move the visit, or name another nurse")))
        found.append((reverse("schedule:competences"), _("Who holds what")))
    if gate == "order" and row.course_id and roles.may(request.user, "order.sign"):
        found.append((reverse("plan:order", args=[row.course_id]), _("Sign an order")))
    if roles.may(request.user, "chart.view"):
        found.append((reverse("chart:patient", args=[row.patient_id]), _("Open the chart")))
    return found


def _done(request: HttpRequest, row: Appointment, gate: str, on: date) -> HttpResponse:
    if request.POST.get("do") == "let":
        deeds.let_pass(
            row,
            gate,
            request.POST.get("against", ""),
            request.POST.get("why", ""),
            by=request.user,
            at=clock.now(),
            uid=_uid(request),
        )
        messages.success(request, _("Let pass, by your name."))
    else:
        owner, until = number(request, "owner"), read_day(request, "due_day")
        assert until is not None
        if owner is None:
            raise BadInput("owner", "choose a colleague")
        due = local(until, hour(request, "due_time"), schedule.zone_of(row.site))
        deeds.give_to(row, gate, owner, due, by=request.user, at=clock.now())
        messages.success(request, _("Given."))
    return redirect(f"{reverse('chart:tomorrow')}?site={row.site_id}&day={on}")


def _uid(request: HttpRequest) -> UUID:
    text = request.POST.get("uid", "")
    try:
        return UUID(text) if text else uuid4()
    except ValueError:
        raise BadInput("uid", "is not a uid") from None


# ---------------------------------------------------------------- enrolment and authorisation
def _course(request: HttpRequest, pk: int) -> Course:
    user: Any = request.user
    found = Course.objects.filter(pk=pk, site_id__in=user.site_ids).select_related("patient", "site").first()
    if found is None:
        raise Http404
    return found


@require_GET
@staff_required
def course_facts(request: HttpRequest, pk: int) -> HttpResponse:
    """What offices outside the clinic confirmed about a course."""
    roles.require(request.user, "course.fact")
    course = _course(request, pk)
    log_chart_opened(request, course.patient, "enrolment and authorisation")
    url = reverse("chart:course_fact_add", args=[course.pk])
    today = schedule.today(course.site, clock.now())
    rems = form(
        request,
        "rems",
        url,
        _("Write down"),
        Ask(name="on", label=_("Enrolled on"), kind="date", value=str(today)),
        Ask(name="number", label=_("Enrolment number")),
        hidden={"kind": "rems_enrolment"},
    )
    auth = form(
        request,
        "authorisation",
        url,
        _("Write down"),
        Ask(
            name="needed",
            label=_("Is an authorisation needed?"),
            kind="choice",
            options=(("yes", _("Yes")), ("no", _("No"))),
            value="yes",
        ),
        Ask(name="payer", label=_("Payer")),
        Ask(name="number", label=_("Authorisation number")),
        Ask(name="units", label=_("Units (sessions)"), kind="number"),
        Ask(name="from", label=_("From"), kind="date"),
        Ask(name="until", label=_("Until"), kind="date"),
        hidden={"kind": "authorisation"},
    )
    shown = {
        "course": course,
        "patient": course.patient,
        "person": person_of(course.patient, clock.now()),
        "rems": rems,
        "auth": auth,
        "facts": list(CourseFact.objects.current().filter(course=course).order_by("-seq")),
    }
    return render(request, "chart/course_facts.html", shown)


@require_POST
@staff_required
def course_fact_add(request: HttpRequest, pk: int) -> HttpResponse:
    roles.require(request.user, "course.fact")
    course, kind = _course(request, pk), request.POST.get("kind", "")
    value: dict[str, Any] = {"number": request.POST.get("number", "").strip()[:60]}
    if kind == "rems_enrolment":
        if not value["number"]:
            raise BadInput("number", "write the enrolment number")
        value["on"] = str(read_day(request, "on"))
    else:
        value |= {"needed": request.POST.get("needed", ""), "payer": request.POST.get("payer", "").strip()[:80]}
        if value["needed"] not in ("yes", "no"):
            raise BadInput("needed", "choose yes or no")
        if value["needed"] == "yes":
            value |= _authorisation(request, value["number"])
    courses.add_fact(course, kind, value, by=request.user, at=clock.now(), uid=_uid(request))
    messages.success(request, _("Written down."))
    return redirect("chart:course_facts", pk=course.pk)


def _authorisation(request: HttpRequest, number_: str) -> dict[str, Any]:
    if not number_:
        raise BadInput("number", "write the authorisation number")
    units = request.POST.get("units", "").strip()
    if not units.isdecimal() or not 1 <= int(units) <= 200:
        raise BadInput("units", "write how many sessions, from 1 to 200")
    first, last = read_day(request, "from"), read_day(request, "until")
    if first is None or last is None or last < first:
        raise BadInput("until", "lies before the first day")
    return {"units": int(units), "from": str(first), "until": str(last)}
