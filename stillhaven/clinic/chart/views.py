"""The staff's faces: board, wall, the tray of unclaimed monitors, and a patient's chart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from stillhaven.clinic.chart import patient as charts
from stillhaven.clinic.chart import queries, tray
from stillhaven.clinic.followup import queries as followup
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import form, problem_of
from stillhaven.clinic.people.gate import SignedOut, staff_required
from stillhaven.clinic.people.models import Site
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.looking import looked
from stillhaven.clinic.scales import queries as scales

_SILENCE_S = 5  # as on the live screen: the board says so by itself when nothing was heard for this long


def stays(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Only staff who are signed in; goes on showing behind a lock, since somebody must see the alarms."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user: Any = request.user
        if not user.is_authenticated:
            raise SignedOut
        if not user.is_clinic_staff:
            raise Http404
        roles.require(user, "board.view")
        return view(request, *args, **kwargs)

    return guarded


def _site(request: HttpRequest) -> Site:
    """The site of this board: the one asked for, else the first of one's own."""
    user: Any = request.user
    asked = request.GET.get("site", "")
    mine = Site.objects.filter(pk__in=user.site_ids).order_by("pk")
    found = mine.filter(pk=int(asked)).first() if asked.isdecimal() and len(asked) < 10 else mine.first()
    if found is None:
        raise Http404
    return found


def _config(site: Site) -> dict[str, Any]:
    url = f"{reverse('chart:board_state')}?site={site.pk}"
    return {"urls": {"state": url}, "silence_after_s": _SILENCE_S, "watch_after_s": _SILENCE_S}


@require_GET
@stays
def board(request: HttpRequest) -> HttpResponse:
    """Who needs me?"""
    site, now = _site(request), clock.now()
    if problem_of(request) is None:
        record.log_access(by=request.user, what="board", site=site.pk, path=request.path,  # type: ignore[arg-type]
                          address=request.META.get("REMOTE_ADDR", ""))  # fmt: skip
    shown = {
        "board": queries.board(site, now), "config": _config(site), "site": site,
        "wall_url": f"{reverse('chart:wall')}?site={site.pk}", "opens": roles.may(request.user, "session.view"),
    }  # fmt: skip
    return render(request, "chart/board.html", shown | _beside(request, site))


def _beside(request: HttpRequest, site: Site) -> dict[str, Any]:
    now = clock.now()
    rows = queries.today(site, now)
    may = roles.may(request.user, "session.check_in")
    back = f"{reverse('chart:board')}?site={site.pk}"
    arrive = {
        s.pk: form(request, f"arrive-{s.pk}", reverse("session:check_in", args=[s.uid]), "Check in", look="button-next")
        for s in rows
        if may and s.state == "booked"
    }
    tray_ = queries.tray(site, now)
    return tray_ | {
        "unclaimed": len(tray_["devices"]) + len(tray_["rejected"]),
        "today": [{"session": s, "arrive": arrive.get(s.pk)} for s in rows], "back": back,
        "attaches": roles.may(request.user, "device.attach"), "opens": roles.may(request.user, "session.view"),
        "beside_url": f"{reverse('chart:beside')}?site={site.pk}", "calls": _calls(request.user, site, now),
    }  # fmt: skip


def _calls(user: Any, site: Site, now: datetime) -> dict[str, Any]:
    """Answers that call somebody, and reviews that are open: how many, for whoever may see to them."""
    waiting = scales.waiting_alerts(site.pk, now) if roles.may(user, "alert.handle") else None
    reviews = followup.count_watch([site.pk]) if roles.may(user, "followup.watch") else 0
    return {"waiting": waiting if waiting is not None and waiting.alerts else None, "reviews": reviews}


@require_GET
@stays
def beside(request: HttpRequest) -> HttpResponse:
    """What stands beneath the chairs, for the board to refresh: the tray and today's bookings."""
    return render(request, "chart/_beside.html", _beside(request, _site(request)) | {"again": True})


@require_GET
@stays
def wall(request: HttpRequest) -> HttpResponse:
    """The board in large type for a wall: no surname, no form."""
    site = _site(request)
    found = queries.board(site, clock.now())
    return render(request, "chart/wall.html", {"board": _unnamed(found), "config": _config(site) | _wall_urls(site)})


def _wall_urls(site: Site) -> dict[str, Any]:
    return {"urls": {"state": f"{reverse('chart:board_state')}?site={site.pk}&wall=1"}}


def _unnamed(found: dict[str, Any]) -> dict[str, Any]:
    return found | {"chairs": [{**chair, "person": chair["person_short"]} for chair in found["chairs"]]}


@require_GET
@stays
def board_state(request: HttpRequest) -> JsonResponse:
    """The same as JSON, asked once a second."""
    found = queries.board(_site(request), clock.now())
    return JsonResponse(_unnamed(found) if request.GET.get("wall") else found)


# ---------------------------------------------------------------- the tray
@require_GET
@staff_required
def device(request: HttpRequest, pk: int) -> HttpResponse:
    """One monitor: what it says it is, what it sends, and on whom it is put."""
    roles.require(request.user, "device.attach")
    return render(request, "chart/device.html", tray.device_page(request, pk))


@require_POST
@staff_required
def device_attach(request: HttpRequest, pk: int) -> HttpResponse:
    """Put this monitor on a person who is in the house."""
    roles.require(request.user, "device.attach")
    session = tray.attach(request, pk)
    return redirect("session:page", uid=session.uid)


@require_POST
@staff_required
def attachment_correct(request: HttpRequest, uid: str) -> HttpResponse:
    """The monitor was on somebody else, or at another time: one amendment mends every reading it covers."""
    roles.require(request.user, "device.attach")
    found = tray.correct(request, uid)
    return redirect("chart:device", pk=found.device_id)


@require_GET
@staff_required
def message(request: HttpRequest, uid: str) -> HttpResponse:
    """One message that could not be read: why, and its bytes."""
    roles.require(request.user, "device.attach")
    return render(request, "chart/message.html", tray.message_page(request, uid))


# ---------------------------------------------------------------- the chart
@require_GET
@staff_required
@looked
def patient(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: courses, orders, sessions, corrections, and who looked."""
    roles.require(request.user, "chart.view")
    person = charts.patient_or_404(request.user, pk)
    if problem_of(request) is None:
        record.log_access(by=request.user, what="chart", patient=person.pk, site=person.site_id, path=request.path,  # type: ignore[arg-type]
                          address=request.META.get("REMOTE_ADDR", ""))  # fmt: skip
    return render(request, "chart/patient.html", charts.page(request, person, clock.now()))


@require_GET
@staff_required
def history(request: HttpRequest, uid: str) -> HttpResponse:
    """The chain of one entry: what it said first, and every correction with its reason."""
    roles.require(request.user, "chart.view")
    part = "chart/_chain.html" if request.headers.get("HX-Request") else "chart/history.html"
    return render(request, part, charts.history(request.user, uid))


@require_GET
@staff_required
def patients(request: HttpRequest) -> HttpResponse:
    """Find a person by name or number."""
    roles.require(request.user, "chart.view")
    asked = request.GET.get("q", "").strip()
    return render(request, "chart/patients.html", {"q": asked, "found": charts.find(request.user, asked)})
