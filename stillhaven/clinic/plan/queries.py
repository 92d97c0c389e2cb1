"""Reads of courses and orders, within a person's reach."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.plan.models import Order, Plan


def course_or_404(user: Any, pk: int) -> Course:
    """The course, or 404: for one of another site exactly as for one that does not exist."""
    found = Course.objects.filter(pk=pk, site_id__in=user.site_ids).select_related("patient", "site").first()
    if found is None:
        raise Http404
    return found


def order_or_404(user: Any, uid: Any) -> Order:
    """The order, or 404."""
    orders = Order.objects.filter(uid=uid, site__in=user.site_ids)
    found = orders.select_related("course__patient", "course__site", "patient").first()
    if found is None:
        raise Http404
    return found


def newer_than(order: Order) -> Order | None:
    """The version that came after this one, if there is one."""
    return Order.objects.filter(amends=order).first()


def plan_of(course: Course) -> Plan | None:
    """The plan that holds for this course, if one is signed."""
    return Plan.objects.current().filter(course=course).order_by("-seq").first()


def today_of(course: Course, now: datetime) -> date:
    """The clinic's calendar day."""
    return now.astimezone(ZoneInfo(course.site.zone)).date()


def header(course: Course, now: datetime) -> dict[str, Any]:
    """The person header; a weight belongs to a session or an order, so none stands here unless an order carries one."""
    patient = course.patient
    newest = Order.objects.current().filter(patient=patient, weight_kg__isnull=False).order_by("-happened_at").first()
    return {
        "name": patient.name, "preferred_name": patient.called, "pronouns": patient.pronouns,
        "age_y": patient.age_y(now.date()),
        "weight_kg": f"{newest.weight_kg.normalize():f}" if newest and newest.weight_kg else None,
        "weighed_on": newest.weighed_on.strftime("%-d %B %Y") if newest and newest.weighed_on else None,
        "allergies": list(patient.allergies) if patient.allergies_asked or patient.allergies else None,
        "comfort_card": patient.comfort_card,
    }  # fmt: skip
