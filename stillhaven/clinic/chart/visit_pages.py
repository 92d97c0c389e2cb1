"""What the page of one visit shows, and the forms on it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from stillhaven.clinic.messages import queries as posted
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import YES_NO, Ask, Form, form, problem_of
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.schedule import actions as schedule_actions
from stillhaven.clinic.schedule import queries, upkeep
from stillhaven.clinic.schedule.models import Appointment, VisitAnswer
from stillhaven.clinic.schedule.upkeep_views import read_hour
from stillhaven.clinic.schedule.views import frame, line
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.science.errors import BadInput
from stillhaven.science.schedule import DOSING, Placement, Window, alternatives, local


def person_of(patient: Patient, now: datetime) -> dict[str, Any]:
    """The person header; the newest weight is looked up where it is shown."""
    return {
        "name": patient.name,
        "preferred_name": patient.called,
        "pronouns": patient.pronouns,
        "age_y": patient.age_y(now.date()),
        "weight_kg": None,
        "weighed_on": None,
        "allergies": list(patient.allergies) if patient.allergies_asked or patient.allergies else None,
        "comfort_card": "",
    }


def visit_page(request: HttpRequest, row: Appointment, now: datetime) -> dict[str, Any]:
    """Everything the page of one visit shows."""
    user, zone = request.user, queries.zone_of(row.site)
    day = row.starts_at.astimezone(zone).date()
    session = TreatmentSession.objects.filter(uid=row.session_uid).first() if row.session_uid else None
    reminder = posted.about([row.uid], "reminder").get(row.uid)
    free = row.state in ("cancelled", "no_show") and row.starts_at > now
    return frame(request, row.site, day, "") | {
        "v": line(row),
        "row": row,
        "patient": row.patient,
        "person": person_of(row.patient, now),
        "session": session,
        "opens": roles.may(user, "session.view"),
        "reminder": reminder,
        "forms": _forms(request, row, now),
        "answers": list(VisitAnswer.objects.current().filter(appointment=row).order_by("-happened_at")),
        "waiting": [_waiting(request, row, one) for one in upkeep.who_could_come(row)]
        if free and roles.may(user, "schedule.waitlist")
        else [],
        "free": free,
        "others": _else(request, row, now),
        "moved": queries.moved(row),
        "mates": list(Appointment.objects.filter(series=row.series).exclude(pk=row.pk).order_by("starts_at"))
        if row.series
        else [],
    }


def _waiting(request: HttpRequest, row: Appointment, one: Any) -> dict[str, Any]:
    start = row.starts_at.astimezone(queries.zone_of(row.site))
    asked = {
        "patient": one.patient_id,
        "kind": one.kind,
        "first": f"{start:%Y-%m-%d}",
        "time": f"{start:%H:%M}",
        "sessions": 1,
        "per_week": 1,
        "scheme": "other",
        "waiting": one.pk,
    }
    book = f"{reverse('chart:book')}?{urlencode(asked)}"
    offer = form(
        request, f"offer-{one.pk}", reverse("chart:visit_offer", args=[row.uid, one.pk]), _("Offer this time"), look=""
    )
    return {"one": one, "book": book, "offer": offer}


def _forms(request: HttpRequest, row: Appointment, now: datetime) -> dict[str, Form]:
    """The deeds that this person may do with this visit now."""
    user = request.user
    found: dict[str, Form] = {}
    if row.state != "booked":
        return found
    start = row.starts_at.astimezone(queries.zone_of(row.site))
    if roles.may(user, "schedule.move"):
        asks = [
            Ask(name="day", label=_("Day"), kind="date", value=f"{start:%Y-%m-%d}"),
            Ask(name="time", label=_("At"), value=f"{start:%H:%M}"),
        ]
        if row.kind == DOSING:
            chairs = [(str(c.pk), c.name) for c in queries.chairs(row.site)]
            nurses = [
                (str(u.pk), u.signature_name) for u in queries.clinicians(row.site) if "nurse" in queries.duty_roles(u)
            ]
            asks.append(
                Ask(
                    name="chair",
                    label=_("Chair"),
                    kind="select",
                    value=str(row.chair_id or ""),
                    options=[("", _("any that is free")), *chairs],
                )
            )
            asks.append(
                Ask(
                    name="nurse",
                    label=_("Nurse"),
                    kind="select",
                    value=str(row.nurse_id or ""),
                    options=[("", _("whoever has a place")), *nurses],
                )
            )
        asks.append(Ask(name="why", label=_("Why"), help=_("Kept in the record of changes.")))
        found["move"] = form(request, "move", reverse("chart:visit_move", args=[row.uid]), _("Move"), *asks)
    why = Ask(name="why", label=_("Why"))
    if roles.may(user, "schedule.cancel") and now < row.ends_at:
        found["cancel"] = form(
            request,
            "cancel",
            reverse("chart:visit_cancel", args=[row.uid]),
            _("Cancel the visit"),
            why,
            look="button-firm",
        )
    if roles.may(user, "schedule.no_show") and now >= row.starts_at:
        found["no_show"] = form(
            request,
            "no_show",
            reverse("chart:visit_no_show", args=[row.uid]),
            _("Did not come"),
            why,
            look="button-firm",
        )
    if row.kind != DOSING and roles.may(user, "session.check_in"):
        found["arrived"] = form(request, "arrived", reverse("chart:visit_arrived", args=[row.uid]), _("Has arrived"))
    if roles.may(user, "session.check_in") and row.kind == DOSING:
        found["said"] = form(
            request,
            "said",
            reverse("chart:visit_said", args=[row.uid]),
            _("Write down"),
            Ask(name="prepared", label=_("Read how to prepare, and will keep to it"), kind="choice", options=YES_NO),
            Ask(name="driver", label=_("Who takes them home"), value=row.patient.escort_name),
            Ask(name="driver_phone", label=_("Telephone of the driver"), value=row.patient.escort_phone),
            Ask(name="infection", label=_("Fever, cough, or any sign of an infection"), kind="choice", options=YES_NO),
            Ask(name="symptoms", label=_("Which")),
        )
    return found


def _else(request: HttpRequest, row: Appointment, now: datetime) -> list[Placement]:
    """When a move was refused: the nearest times that do fit."""
    trouble = problem_of(request)
    if trouble is None or trouble.form != "move" or not trouble.refused:
        return []
    try:
        day = date.fromisoformat(str(trouble.typed.get("day", "")))
        start = local(day, read_hour(str(trouble.typed.get("time", "")), "time"), queries.zone_of(row.site))
    except (ValueError, BadInput):
        return []
    window = Window(start=start, end=start + (row.ends_at - row.starts_at))
    wanted = schedule_actions.wanted_of(row, window, chair=None, nurse=None)
    return list(alternatives(wanted, queries.house(row.site, window.start, window.end), now))
