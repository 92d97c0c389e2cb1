"""What the book is made of, as pages: chairs and rooms, shifts, what staff hold."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, Form, form
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.people.models import Site
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.schedule import queries, upkeep
from stillhaven.clinic.schedule.models import Competence, Shift
from stillhaven.clinic.schedule.views import frame
from stillhaven.science.errors import BadInput

WEEKDAYS = (
    ("0", "Monday"),
    ("1", "Tuesday"),
    ("2", "Wednesday"),
    ("3", "Thursday"),
    ("4", "Friday"),
    ("5", "Saturday"),
    ("6", "Sunday"),
)
_SOON = timedelta(days=60)


# ---------------------------------------------------------------- reading what was typed
def number(request: HttpRequest, name: str) -> int | None:
    """A key of a row as a form sends it; None where nothing was chosen."""
    text = request.POST.get(name, "").strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > 12:
        raise BadInput(name, "choose one of the list")
    return int(text)


def day(request: HttpRequest, name: str, *, needed: bool = True) -> date | None:
    text = request.POST.get(name, "").strip()
    if not text and not needed:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise BadInput(name, "write a date") from None
    if not 1990 <= found.year <= 2100:
        raise BadInput(name, "lies too far away; check the year")
    return found


def hour(request: HttpRequest, name: str) -> time:
    return read_hour(request.POST.get(name, ""), name)


def read_hour(text: str, name: str) -> time:
    """An hour of the clock: "9:30", "09:30" or "9"."""
    parts = text.strip().replace(".", ":").split(":")
    if not all(p.isdecimal() and len(p) <= 2 for p in parts) or len(parts) > 2:
        raise BadInput(name, "write a time such as 9:30")
    hours, minutes = int(parts[0]), int(parts[1]) if len(parts) == 2 else 0
    if hours > 23 or minutes > 59:
        raise BadInput(name, "write a time such as 9:30")
    return time(hours, minutes)


def weekdays(request: HttpRequest) -> tuple[int, ...]:
    return tuple(sorted({int(d) for d in request.POST.getlist("weekdays") if d in "0123456" and len(d) == 1}))


def _site(request: HttpRequest) -> Site:
    return queries.site_of(request.user, request.POST.get("site") or request.GET.get("site", ""))


# ---------------------------------------------------------------- chairs and rooms
@require_GET
@staff_required
def places(request: HttpRequest) -> HttpResponse:
    """Chairs and rooms, those in use first."""
    roles.require(request.user, "schedule.view")
    site = _site(request)
    may = roles.may(request.user, "chair.change")
    rooms = queries.rooms(site, used_only=False)
    chairs = queries.chairs(site, used_only=False)
    shown = frame(request, site, queries.today(site, clock.now()), "places") | {
        "chairs": [{"row": c, "form": _place_form(request, site, "chair", c, rooms) if may else None} for c in chairs],
        "rooms": [{"row": r, "form": _place_form(request, site, "room", r, rooms) if may else None} for r in rooms],
        "new_chair": _place_form(request, site, "chair", None, rooms) if may else None,
        "new_room": _place_form(request, site, "room", None, rooms) if may else None,
    }
    return render(request, "schedule/places.html", shown)


def _place_form(request: HttpRequest, site: Site, kind: str, row: Any, rooms: list[Any]) -> Form:
    asks = [Ask(name="name", label=_("Name"), value=row.name if row else "")]
    if kind == "chair":
        asks.append(
            Ask(
                name="bed",
                label=_("How monitors name it"),
                value=row.bed if row else "",
                help=_("As the bedside monitor sends it; empty if none stands here."),
            )
        )
        asks.append(
            Ask(
                name="room",
                label=_("In which room"),
                kind="select",
                value=row.room_id or "" if row else "",
                options=(("", "—"), *((str(r.pk), r.name) for r in rooms if r.is_used)),
            )
        )
    if row:
        asks.append(Ask(name="is_used", label=_("In use"), kind="tick", value="yes" if row.is_used else ""))
    hidden = {"kind": kind, "pk": str(row.pk) if row else "", "site": str(site.pk)}
    return form(
        request,
        f"{kind}-{row.pk if row else 'new'}",
        reverse("schedule:place_save"),
        _("Save") if row else _("Add"),
        *asks,
        hidden=hidden,
    )


@require_POST
@staff_required
def place_save(request: HttpRequest) -> HttpResponse:
    roles.require(request.user, "chair.change")
    pk = number(request, "pk")
    upkeep.save_place(
        _site(request),
        request.POST.get("kind", ""),
        by=request.user,
        at=clock.now(),
        pk=pk,
        name=request.POST.get("name", ""),
        bed=request.POST.get("bed", ""),
        room=number(request, "room"),
        is_used=pk is None or bool(request.POST.get("is_used")),
    )
    messages.success(request, _("Saved."))
    return redirect("schedule:places")


# ---------------------------------------------------------------- shifts
@require_http_methods(["GET"])
@staff_required
def shifts(request: HttpRequest) -> HttpResponse:
    """Who is on duty in a week."""
    roles.require(request.user, "schedule.view")
    site = _site(request)
    on = queries.day_of(request.GET.get("day", ""), queries.today(site, clock.now()))
    monday = on - timedelta(days=on.weekday())
    may, zone = roles.may(request.user, "schedule.shift"), queries.zone_of(site)
    rows: dict[date, list[Any]] = {monday + timedelta(days=n): [] for n in range(7)}
    for shift in queries.shifts_on(site, monday, monday + timedelta(days=6)):
        start = shift.starts_at.astimezone(zone).date()
        if start in rows:
            drop = form(
                request, f"drop-{shift.pk}", reverse("schedule:shift_drop", args=[shift.pk]), _("Take out"), look=""
            )
            rows[start].append({"shift": shift, "drop": drop if may else None})
    people = [
        (f"{u.pk}:{r}", f"{u.signature_name}, {r}") for u in queries.clinicians(site) for r in queries.duty_roles(u)
    ]
    add = form(
        request,
        "shift",
        reverse("schedule:shift_add"),
        _("Add"),
        Ask(name="who", label=_("Who, as what"), kind="select", options=(("", "—"), *people)),
        Ask(name="first", label=_("First day"), kind="date", value=monday.isoformat()),
        Ask(name="last", label=_("Last day"), kind="date", help=_("Empty: only the first day.")),
        Ask(
            name="weekdays",
            label=_("On these days of the week"),
            kind="ticks",
            options=WEEKDAYS,
            value=[],
            help=_("None ticked: every day."),
        ),
        Ask(name="begins", label=_("From"), value="8:00"),
        Ask(name="ends", label=_("Until"), value="17:00"),
        hidden={"site": str(site.pk)},
    )
    shown = frame(request, site, on, "shifts") | {
        "days": [{"day": d, "rows": found} for d, found in rows.items()],
        "add": add if may else None,
        "monday": monday,
        "before": monday - timedelta(days=7),
        "after": monday + timedelta(days=7),
    }
    return render(request, "schedule/shifts.html", shown)


@require_POST
@staff_required
def shift_add(request: HttpRequest) -> HttpResponse:
    roles.require(request.user, "schedule.shift")
    who, _colon, role = request.POST.get("who", "").partition(":")
    if not who.isdecimal() or len(who) > 12:
        raise BadInput("who", "choose a colleague")
    first, last = day(request, "first"), day(request, "last", needed=False)
    assert first is not None
    made = upkeep.add_shifts(
        _site(request),
        int(who),
        role,
        first,
        hour(request, "begins"),
        hour(request, "ends"),
        by=request.user,
        at=clock.now(),
        weekdays=weekdays(request),
        last=last,
    )
    messages.success(request, _("%(count)d shifts are entered.") % {"count": len(made)})
    return redirect(f"{reverse('schedule:shifts')}?day={first}")


@require_POST
@staff_required
def shift_drop(request: HttpRequest, pk: int) -> HttpResponse:
    roles.require(request.user, "schedule.shift")
    queries.row_or_404(Shift, request.user, pk)
    upkeep.drop_shift(pk, by=request.user, at=clock.now())
    messages.success(request, _("The shift is taken out."))
    return redirect(
        request.POST.get("next", "") if request.POST.get("next", "").startswith("/schedule/") else "schedule:shifts"
    )


# ---------------------------------------------------------------- what staff hold
@require_GET
@staff_required
def competences(request: HttpRequest) -> HttpResponse:
    """What each colleague holds and until when; what is missing, ended or ends soon comes first."""
    roles.require(request.user, "schedule.view")
    site = _site(request)
    today, may = queries.today(site, clock.now()), roles.may(request.user, "staff.competence")
    kinds = policy.rules(site.pk).competences
    held: dict[tuple[int, str], list[Competence]] = {}
    for paper in queries.competences(site):
        held.setdefault((paper.staff_id, paper.kind), []).append(paper)
    people = []
    for user in queries.clinicians(site):
        as_what = queries.duty_roles(user)
        cells = [
            {
                "kind": kind,
                "needed": bool(kind.roles & set(as_what)),
                **_state(held.get((user.pk, kind.key), []), today, kind, as_what),
            }
            for kind in kinds.values()
        ]
        people.append({"user": user, "roles": as_what, "cells": cells})
    add = form(
        request,
        "paper",
        reverse("schedule:competence_add"),
        _("Enter"),
        Ask(
            name="staff",
            label=_("Who"),
            kind="select",
            options=(("", "—"), *((str(u.pk), u.signature_name) for u in queries.clinicians(site))),
        ),
        Ask(
            name="kind",
            label=_("What was shown"),
            kind="select",
            options=(("", "—"), *((k.key, k.title) for k in kinds.values())),
        ),
        Ask(name="number", label=_("Number on it")),
        Ask(name="valid_from", label=_("Good from"), kind="date"),
        Ask(
            name="valid_until",
            label=_("Good until"),
            kind="date",
            help=_("As printed on it. Without it nobody can be assigned by it."),
        ),
        hidden={"site": str(site.pk)},
    )
    shown = frame(request, site, today, "staff") | {
        "people": people,
        "kinds": list(kinds.values()),
        "add": add if may else None,
        "papers": [
            {
                "paper": p,
                "title": kinds[p.kind].title if p.kind in kinds else p.kind,
                "back": form(
                    request,
                    f"back-{p.pk}",
                    reverse("schedule:competence_back", args=[p.pk]),
                    _("A slip: take it back"),
                    look="",
                )
                if may
                else None,
            }
            for p in queries.competences(site)
        ],
    }
    return render(request, "schedule/competences.html", shown)


def _state(papers: list[Competence], today: date, kind: Any, as_what: list[str]) -> dict[str, str]:
    """One cell: a dot's look and its word."""
    good = [p for p in papers if p.valid_until and p.valid_from <= today <= p.valid_until]
    if good:
        until = max(p.valid_until for p in good if p.valid_until)
        look = "waived" if until - today <= _SOON else "go"
        return {"look": look, "word": _("until %(day)s") % {"day": f"{until:%-d %b %Y}"}}
    if not kind.roles & set(as_what):
        return {"look": "", "word": _("not needed")}
    if any(p.valid_until is None for p in papers):
        return {"look": "unknown", "word": _("no end date")}
    ended = max((p.valid_until for p in papers if p.valid_until), default=None)
    if ended is not None and ended < today:
        return {"look": "no", "word": _("ended %(day)s") % {"day": f"{ended:%-d %b %Y}"}}
    return {"look": "unknown", "word": _("not on record")}


@require_POST
@staff_required
def competence_add(request: HttpRequest) -> HttpResponse:
    roles.require(request.user, "staff.competence")
    begins, until = day(request, "valid_from"), day(request, "valid_until", needed=False)
    assert begins is not None
    staff = number(request, "staff")
    if staff is None:
        raise BadInput("staff", "choose a colleague")
    upkeep.record_competence(
        _site(request),
        staff,
        request.POST.get("kind", ""),
        begins,
        until,
        by=request.user,
        at=clock.now(),
        number=request.POST.get("number", ""),
    )
    messages.success(request, _("Entered."))
    return redirect("schedule:competences")


@require_POST
@staff_required
def competence_back(request: HttpRequest, pk: int) -> HttpResponse:
    roles.require(request.user, "staff.competence")
    queries.row_or_404(Competence, request.user, pk)
    upkeep.take_back_competence(pk, by=request.user, at=clock.now())
    messages.success(request, _("Taken back."))
    return redirect("schedule:competences")
