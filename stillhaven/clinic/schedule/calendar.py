"""A calendar that a telephone reads: one secret address a person, nothing of health in it.

What stands in it is "Appointment at <clinic>", the time, and the clinic; a visit that was moved keeps its name and gets a
higher sequence, one that was cancelled is sent as cancelled, so that it vanishes from the telephone too.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods
from icalendar import Calendar, Event

from stillhaven.clinic.messages.providers import public_url
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import form
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.record import clock
from stillhaven.clinic.schedule import queries, upkeep
from stillhaven.clinic.schedule.links import digest
from stillhaven.clinic.schedule.models import STANDING, Appointment, CalendarLink
from stillhaven.clinic.schedule.views import frame

_PAST = timedelta(days=60)


def ics(rows: list[Appointment], name: str) -> bytes:
    """Visits as a calendar (RFC 5545)."""
    calendar = Calendar()
    calendar.add("prodid", "-//Stillhaven//appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    changed = queries.changed_at(rows)
    for row in rows:
        event = Event()
        event.add("uid", f"{row.uid}@stillhaven")
        event.add("summary", _("Appointment at %(clinic)s") % {"clinic": row.site.name})
        event.add("dtstart", row.starts_at)
        event.add("dtend", row.ends_at)
        event.add("dtstamp", changed.get(row.pk, row.booked_at))
        event.add("last-modified", changed.get(row.pk, row.booked_at))
        event.add("sequence", row.moves + (0 if row.state in (*STANDING, "done") else 1))
        event.add("status", "CONFIRMED" if row.state in (*STANDING, "done") else "CANCELLED")
        event.add("location", row.site.name)
        event.add("class", "PRIVATE")
        calendar.add_component(event)
    found: bytes = calendar.to_ical()
    return found


@never_cache
@require_GET
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """The visits of whoever this address was made for; 404 for an address that never was, or is no more."""
    now = clock.now()
    links = CalendarLink.objects.filter(digest=digest(secret), revoked_at__isnull=True).select_related(
        "staff", "patient", "site"
    )
    link = links.first()
    if link is None or (link.staff is not None and not link.staff.is_active):
        raise Http404
    CalendarLink.objects.filter(pk=link.pk).update(read_at=now)
    rows = queries.for_calendar(staff=link.staff, patient=link.patient, since=now - _PAST)
    response = HttpResponse(ics(rows, link.site.name), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="appointments.ics"'
    response["Referrer-Policy"] = "no-referrer"
    return response


@never_cache
@require_http_methods(["GET", "POST"])
@staff_required
def calendar_link(request: HttpRequest) -> HttpResponse:
    """One's own calendar address: made once, shown once, taken back at will."""
    roles.require(request.user, "calendar.link")
    site = queries.site_of(request.user, "")
    return render(
        request,
        "schedule/calendar_link.html",
        frame(request, site, queries.today(site, clock.now()), "calendar") | link_page(request, None),
    )


def link_page(request: HttpRequest, patient: Any) -> dict[str, Any]:
    """What the page of a calendar address shows, and what its buttons do; `patient` None for one's own."""
    user: Any = request.user
    secret, now = "", clock.now()
    if request.method == "POST":
        if request.POST.get("do") == "revoke":
            upkeep.revoke_calendar_link(by=user, at=now, patient=patient)
        else:
            secret = upkeep.make_calendar_link(by=user, at=now, patient=patient)
    patient = patient or (user.patient if user.patient_id else None)
    mine = CalendarLink.objects.filter(
        revoked_at__isnull=True, **({"patient": patient} if patient else {"staff": user})
    )
    here = request.path
    return {
        "link": mine.first(),
        "address": public_url().rstrip("/") + reverse("schedule:feed", args=[secret]) if secret else "",
        "make": form(request, "make", here, _("Make an address"), hidden={"do": "make"}),
        "revoke": form(request, "revoke", here, _("Take it back"), hidden={"do": "revoke"}, look=""),
    }
