"""The book as staff see it: a day, and a week."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import problem_of
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.people.models import Site
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.schedule import queries
from stillhaven.clinic.schedule.models import STANDING, Appointment
from stillhaven.clinic.schedule.sheet import KIND_WORDS, STATE_WORDS, sheet


def frame(request: HttpRequest, site: Site, day: date, here: str) -> dict[str, Any]:
    """What stands above every page of the book."""
    user = request.user
    ways = [
        ("schedule.view", "day", reverse("schedule:day") + f"?site={site.pk}&day={day}", "Day"),
        ("schedule.view", "week", reverse("schedule:week") + f"?site={site.pk}&day={day}", "Week"),
        ("schedule.waitlist", "waiting", reverse("chart:waiting"), "Waiting list"),
        ("schedule.view", "shifts", reverse("schedule:shifts") + f"?site={site.pk}&day={day}", "Shifts"),
        ("schedule.view", "staff", reverse("schedule:competences"), "Who holds what"),
        ("schedule.view", "places", reverse("schedule:places"), "Chairs and rooms"),
        ("calendar.link", "calendar", reverse("schedule:calendar_link"), "My calendar"),
    ]
    return {
        "site": site, "sites": queries.sites_of(user), "day": day, "here": here, "today": queries.today(site, clock.now()),  # type: ignore[arg-type]
        "ways": [{"key": key, "href": href, "label": label} for line, key, href, label in ways if roles.may(user, line)],
        "books": roles.may(user, "session.book") or roles.may(user, "schedule.book"),
    }  # fmt: skip


def looked(request: HttpRequest, site: Site, what: str) -> None:
    """Names of patients stand on the page: looking at it is written down."""
    if problem_of(request) is None:
        record.log_access(by=request.user, what=what, site=site.pk, path=request.path,  # type: ignore[arg-type]
                          address=request.META.get("REMOTE_ADDR", ""))  # fmt: skip


@require_GET
@staff_required
def day(request: HttpRequest) -> HttpResponse:
    """One day: who sits where, and when."""
    roles.require(request.user, "schedule.view")
    site = queries.site_of(request.user, request.GET.get("site", ""))
    on = queries.day_of(request.GET.get("day", ""), queries.today(site, clock.now()))
    looked(request, site, "schedule")
    visits = queries.standing_on(site, on)
    numbers = queries.numbers(site.pk)
    shown = frame(request, site, on, "day") | {
        "sheet": sheet(site, on, visits), "visits": [line(v) for v in visits], "shifts": queries.shifts_on(site, on),
        "before": on - timedelta(days=1), "after": on + timedelta(days=1), "ratio": numbers.number("patients_per_nurse"),
        "unset": [numbers.items[k].title for k in ("patients_per_nurse", "visit_before_min", "chair_turnover_min")
                  if not numbers.items[k].is_set],
    }  # fmt: skip
    return render(request, "schedule/day.html", shown)


@require_GET
@staff_required
def week(request: HttpRequest) -> HttpResponse:
    """Seven days beside one another."""
    roles.require(request.user, "schedule.view")
    site = queries.site_of(request.user, request.GET.get("site", ""))
    on = queries.day_of(request.GET.get("day", ""), queries.today(site, clock.now()))
    monday = on - timedelta(days=on.weekday())
    looked(request, site, "schedule")
    zone = queries.zone_of(site)
    by_day: dict[date, list[dict[str, Any]]] = {monday + timedelta(days=n): [] for n in range(7)}
    for visit in queries.standing_on(site, monday, monday + timedelta(days=6)):
        if visit.state in (*STANDING, "done", "no_show"):
            by_day[visit.starts_at.astimezone(zone).date()].append(line(visit))
    on_duty = Counter(
        s.starts_at.astimezone(zone).date() for s in queries.shifts_on(site, monday, monday + timedelta(days=6))
    )
    shown = frame(request, site, on, "week") | {
        "days": [{"day": d, "visits": rows, "on_duty": on_duty[d]} for d, rows in by_day.items()], "monday": monday,
        "before": monday - timedelta(days=7), "after": monday + timedelta(days=7),
    }  # fmt: skip
    return render(request, "schedule/week.html", shown)


def line(visit: Appointment) -> dict[str, Any]:
    """One visit in a list."""
    return {
        "visit": visit, "kind": KIND_WORDS[visit.kind], "state": STATE_WORDS[visit.state],
        "place": visit.chair or visit.room or "", "who": visit.nurse or visit.attending or "",
        "stands": visit.state in (*STANDING, "done"),
    }  # fmt: skip
