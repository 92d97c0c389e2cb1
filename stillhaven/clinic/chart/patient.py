"""One person's chart: courses, orders, sessions, every correction, and who looked."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Q
from django.http import Http404, HttpRequest
from django.urls import reverse

from stillhaven.clinic.consent import queries as consents
from stillhaven.clinic.followup import queries as followup
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.people.queries import who_looked
from stillhaven.clinic.plan.models import Order
from stillhaven.clinic.record.models import Entry
from stillhaven.clinic.scales import queries as scales
from stillhaven.clinic.session import page_parts
from stillhaven.clinic.session.models import Check, TreatmentSession


def patient_or_404(user: Any, pk: int) -> Patient:
    """The person, or 404: for one of another site exactly as for one that does not exist."""
    found = Patient.objects.filter(pk=pk, site_id__in=user.site_ids).select_related("site").first()
    if found is None:
        raise Http404
    return found


def find(user: Any, asked: str) -> list[Patient]:
    """People of one's own sites by a part of their name or by their number; nobody is listed without being asked for."""
    if len(asked) < 2:
        return []
    mine = Patient.objects.filter(site_id__in=user.site_ids)
    return list(
        mine.filter(
            Q(name__icontains=asked) | Q(preferred_name__icontains=asked) | Q(external_id__iexact=asked)
        ).order_by("name")[:30]
    )


_NEWEST = 30  # sessions that a chart shows at first


def page(request: HttpRequest, person: Patient, now: datetime) -> dict[str, Any]:
    """Everything the chart shows."""
    every = TreatmentSession.objects.filter(patient=person).order_by("-booked_for")
    all_asked = "all" in request.GET
    sessions = list(every.select_related("order", "course", "chair", "nurse")[: None if all_asked else _NEWEST + 1])
    more = not all_asked and len(sessions) > _NEWEST
    sessions = sessions[:_NEWEST] if more else sessions
    orders = list(Order.objects.current().filter(patient=person).select_related("course").order_by("-happened_at"))
    used = set(every.filter(order__isnull=False).values_list("order_id", flat=True).distinct().order_by())
    weight = Check.objects.current().filter(session__patient=person, kind="weight").order_by("-happened_at").first()
    return {
        "patient": person,
        "person": _header(person, weight, now),
        "courses": [_course(course, orders, used) for course in person.courses.order_by("-opened_at")],
        "sessions": [
            {"session": s, "words": page_parts.state_words(s.state), "title": page_parts.title_of(s)}
            for s in sessions
        ],
        "more_sessions": more,
        "consents": consents.standing(person, consents.course_now(person), now),
        "corrections": corrections(person),
        "looks": who_looked(person.pk)[:60] if roles.may(request.user, "chart.view") else [],
        "orders_may": roles.may(request.user, "order.sign"),
        "candidacy_may": roles.may(request.user, "candidacy.view"),
        "scales_may": roles.may(request.user, "scale.view"),
        "letters_may": roles.may(request.user, "letter.write"),
        "estimates_may": roles.may(request.user, "estimate.issue"),
        "therapy_may": roles.may(request.user, "therapy.team"),
        "alerts": scales.open_alerts(person.site_id, person) if roles.may(request.user, "alert.handle") else [],
        "opens": roles.may(request.user, "session.view"),
        "followup": followup.of_patient(person, now) if roles.may(request.user, "followup.work") else [],
    }  # fmt: skip


def _header(person: Patient, weight: Check | None, now: datetime) -> dict[str, Any]:
    return {
        "name": person.name, "preferred_name": person.called, "pronouns": person.pronouns, "age_y": person.age_y(now.date()),
        "weight_kg": f"{weight.value['kg']:.1f}" if weight else None,
        "weighed_on": weight.happened_at.strftime("%-d %B %Y") if weight else None,
        "allergies": list(person.allergies) if person.allergies_asked or person.allergies else None,
        "comfort_card": person.comfort_card,
    }  # fmt: skip


def _course(course: Any, orders: list[Order], used: set[Any]) -> dict[str, Any]:
    mine = [o for o in orders if o.course_id == course.pk]
    return {
        "course": course, "order_url": reverse("plan:order", args=[course.pk]),
        "plan_url": reverse("plan:plan", args=[course.pk]),
        "orders": [{"order": o, "used": o.uid in used, "changed": o.amends_id is not None} for o in mine],
    }  # fmt: skip


def corrections(person: Patient) -> list[dict[str, Any]]:
    """Every entry about this person that corrects or retracts another, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_corrected(), {"patient": person.pk})
        rows: dict[str, list[Any]] = {}
        for label, uid in cursor.fetchall():
            rows.setdefault(label, []).append(uid)
    found = [e for label, uids in rows.items() for e in apps.get_model(label)._default_manager.filter(pk__in=uids)]
    return [_line(e) for e in sorted(found, key=lambda e: e.seq, reverse=True)]


@lru_cache(maxsize=1)
def _corrected() -> str:
    """The newest corrections about one person, of every table of entries that is about people: one question."""
    arms = []
    for model in apps.get_models():
        if not issubclass(model, Entry) or model._meta.label == "vitals.Reading" or getattr(model, "WALLED", False):
            continue
        points = {f.name: f for f in model._meta.concrete_fields if f.is_relation}
        if "session" in points:
            about = "t.session_id IN (SELECT id FROM session_treatmentsession WHERE patient_id = %(patient)s)"
        elif "patient" in points:
            about = "t.patient_id = %(patient)s"
        else:
            continue
        # taking a monitor off ends its attachment by an amendment, which corrects nothing
        arms.append(
            f"SELECT '{model._meta.label}' AS label, t.uid, t.seq FROM {model._meta.db_table} t "  # noqa: S608
            f"WHERE {about} AND t.amends_id IS NOT NULL AND t.reason <> 'taken off'"
        )
    return f"SELECT label, uid FROM ({' UNION ALL '.join(arms)}) every_one ORDER BY seq DESC LIMIT 60"  # noqa: S608


def _line(entry: Entry) -> dict[str, Any]:
    return {
        "uid": entry.uid, "what": _name(entry), "at": entry.recorded_at, "by": entry.by_name, "why": entry.reason,
        "retracted": entry.retracted,
    }  # fmt: skip


def _name(entry: Entry) -> str:
    kind = getattr(entry, "label", "") or getattr(entry, "kind", "") or entry._meta.verbose_name
    return str(kind).replace("_", " ").capitalize()


def history(user: Any, uid: Any) -> dict[str, Any]:
    """The whole chain that an entry belongs to, oldest first."""
    entry = _entry(user, uid)
    while entry.amends_id:
        entry = entry.amends
    chain: list[Entry] = [entry]
    while (after := type(entry)._default_manager.filter(amends=entry).first()) is not None:
        chain.append(after)
        entry = after
    return {"chain": [{"entry": e, "said": _said(e), "name": _name(e)} for e in chain]}


def _entry(user: Any, uid: Any) -> Any:
    for model in apps.get_models():
        if getattr(model, "WALLED", False):  # what therapist and person write has its own doors
            continue
        if issubclass(model, Entry) and model._meta.label not in ("record.Access", "vitals.Reading"):
            found = model._default_manager.filter(uid=uid, site__in=user.site_ids).first()
            if found is not None:
                return found
    raise Http404


_HIDDEN = {"uid", "site", "seq", "recorded_at", "by_id", "by_name", "amends", "reason", "retracted", "hash", "session",
           "patient", "course", "reference_version", "second_factor", "arithmetic", "findings"}  # fmt: skip


def _said(entry: Entry) -> list[tuple[str, str]]:
    """What an entry says, field by field, in plain text."""
    found = []
    for f in entry._meta.concrete_fields:
        value = getattr(entry, f.attname)
        if f.name in _HIDDEN or value in (None, "", [], {}):
            continue
        text = (
            "; ".join(f"{k.replace('_', ' ')}: {v}" for k, v in value.items())
            if isinstance(value, dict)
            else str(value)
        )
        if isinstance(value, datetime):
            text = value.strftime("%-d %b %H:%M:%S UTC")
        found.append((f.name.replace("_", " "), text[:400]))
    return found
