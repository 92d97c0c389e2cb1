"""An order is worked out line by line, judged, and signed with a second factor."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from stillhaven.clinic.candidacy import queries as candidacy
from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import User
from stillhaven.clinic.plan import proposals, recipe, working
from stillhaven.clinic.plan.bounds import bounds
from stillhaven.clinic.plan.models import Order, Plan
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import policy
from stillhaven.reference.load import Reference
from stillhaven.science.alarms import build_plan
from stillhaven.science.alarms.plan import LimitSetting
from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Finding, refuse_unless_met
from stillhaven.science.plan import DoseOrder, DosePlan, exact, show
from stillhaven.science.plan_rules import plan_findings
from stillhaven.science.protocol import Basis, Drug, Route

MOST_SESSIONS = 60  # a guard against a slipped digit, not advice


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An order worked out and judged, ready to be shown and signed."""

    plan: DosePlan
    findings: tuple[Finding, ...]
    fields: dict[str, Any]


def draft(course: Course, typed: Mapping[str, Any], *, by: User, at: datetime, amends: Order | None = None) -> Draft:
    """Work an order out from what was typed.  BadInput names the field that cannot be read."""
    roles.require_patient(by, "order.sign", course.patient)
    rules = policy.rules(course.site_id)
    key = str(typed.get("protocol", ""))
    if key not in rules.protocols or not rules.protocols[key].is_orderable:
        raise BadInput("protocol", "choose a protocol that an order can be made from")
    protocol = rules.protocols[key]
    route = _route(typed.get("route"), protocol.routes)
    typed, sources = proposals.take(proposals.proposals(rules, protocol, route), typed)
    worked = working.devices(typed, protocol, route, rules) or working.amount(typed, protocol, route)
    fields = _fields(worked, protocol.basis is not Basis.LABEL, typed, rules, at)
    found = plan_findings(worked.plan, rules.plan_rules(key, route))
    found += bounds(
        course, worked.plan, rules, observation_min=fields["observation_min"], amends=amends,
        today=at.astimezone(ZoneInfo(course.site.zone)).date(),
    )  # fmt: skip
    fields |= {"protocol": key, "sources": sources}
    if fields["valid_until"] < fields["valid_from"]:
        raise BadInput("valid_until", "lies before the first day")
    _check_limits(fields["limits"], rules, by, at)
    found = (*found, *candidacy.start_findings(course, at, drug=protocol.drug.value))
    return Draft(plan=worked.plan, findings=found, fields=fields)


def _fields(
    worked: working.Worked, off_label: bool, typed: Mapping[str, Any], rules: Reference, at: datetime
) -> dict[str, Any]:
    plan, whole = worked.plan, worked.unit_mg is not None
    order = plan.order
    over = worked.over_min if order.route == Route.IV_BOLUS.value else None
    kept = recipe.keep(plan, unit_mg=worked.unit_mg, as_rate=worked.as_rate, over_min=show(over, 2) if over else "")
    times = _count(typed.get("for_sessions"), "for_sessions")
    return {
        "worked": kept, "for_sessions": 1 if times is None else _times(times), "off_label": off_label,
        "drug": order.drug, "route": order.route,
        "dose_mg": _decimal(plan.dose_mg, 3),
        "dose_mg_per_kg": _decimal(plan.dose_mg_per_kg, 4) if plan.dose_mg_per_kg is not None else None,
        "weight_kg": _decimal(order.weight.kg, 2) if order.weight else None,
        "weighed_on": order.weight.on if order.weight else None,
        "weight_basis": order.weight.basis if order.weight else "actual",
        "concentration_mg_per_ml": None if whole else _decimal(plan.final_mg_per_ml, 3),
        "volume_ml": None if whole else _decimal(plan.final_ml, 2),
        "duration_min": _decimal(plan.minutes, 2) if plan.minutes else None,
        "devices": worked.units,
        "fasting_food_h": _hours(typed.get("fasting_food_h"), "fasting_food_h"),
        "fasting_liquid_h": _hours(typed.get("fasting_liquid_h"), "fasting_liquid_h"),
        "observation_min": _count(typed.get("observation_min"), "observation_min"),
        "limits": list(typed.get("limits") or []), "rescue": list(typed.get("rescue") or []),
        "premedication": list(typed.get("premedication") or []), "holds": _lines(typed.get("holds")),
        "timetable": _timetable(typed.get("timetable"), order, rules),
        "valid_from": working.day_of(typed.get("valid_from"), "valid_from") or at.date(),
        "valid_until": working.day_of(typed.get("valid_until"), "valid_until") or at.date(),
        "note": str(typed.get("note", "")).strip(), "arithmetic": [line.text for line in plan.lines],
        "reference_version": rules.version,
    }  # fmt: skip


def _check_limits(limits: list[dict[str, Any]], rules: Reference, by: User, at: datetime) -> None:
    """Raises BadInput for a limit that no condition takes, or that stands on the wrong side of another."""
    settings = [
        LimitSetting(condition=row["condition"], signal=row["signal"], tier=row["tier"], value=row["value"],
                     set_by=by.signature_name, set_at=at, source="order")
        for row in limits
    ]  # fmt: skip
    build_plan(rules.alarms, session="draft", signals=rules.signals, made_at=at, order=settings)


@transaction.atomic
def sign_order(
    course_id: int, typed: Mapping[str, Any], *, by: User, at: datetime, second_factor: str, uid: UUID | None = None,
    amends: Order | None = None, why: str = "", plan: Plan | None = None,
) -> Order:  # fmt: skip
    """Sign an order.  Refused while a hard stop stands; a new version amends the old one."""
    course = Course.objects.select_for_update().get(pk=course_id)
    if not second_factor:
        raise BadInput("code", "confirm with your second factor")
    worked_out = draft(course, typed, by=by, at=at, amends=amends)
    refuse_unless_met(worked_out.findings)
    if plan is None:
        plan = Plan.objects.current().filter(course=course).order_by("-seq").first()
    fields = worked_out.fields | {
        "plan_id": plan.pk if plan is not None else None,
        "findings": [f.as_dict() for f in worked_out.findings], "second_factor": second_factor, "happened_at": at,
    }  # fmt: skip
    if amends is not None:
        return record.amend(amends, by=by, at=at, reason=why, uid=uid or uuids.uuid4(), **fields)  # type: ignore[return-value]
    order = Order(uid=uid or uuids.uuid4(), site=course.site_id, course=course, patient=course.patient, **fields)
    record.append(order, by=by)
    return order


@transaction.atomic
def cancel_order(
    order: Order, why: str, *, by: User, at: datetime, second_factor: str, uid: UUID | None = None
) -> Order:
    """Take an order back, with a reason: it stays in the record, and no session starts on it any more."""
    roles.require_patient(by, "order.sign", order.patient)
    if not second_factor:
        raise BadInput("code", "confirm with your second factor")
    return record.amend(  # type: ignore[return-value]
        order,
        by=by,
        at=at,
        reason=why,
        retract=True,
        uid=uid or uuids.uuid4(),
        happened_at=at,
        second_factor=second_factor,
    )


def _times(number: int) -> int:
    if not 1 <= number <= MOST_SESSIONS:
        raise BadInput("for_sessions", f"write a number from 1 to {MOST_SESSIONS}")
    return number


def _lines(text: Any) -> list[str]:
    rows = text if isinstance(text, list | tuple) else str(text or "").splitlines()
    return [str(row).strip() for row in rows if str(row).strip()]


def _timetable(key: Any, order: DoseOrder, rules: Reference) -> str:
    found = str(key or "")
    mine = {t.key for t in rules.session.timetables if Drug(order.drug) in t.drugs and Route(order.route) in t.routes}
    if found and found not in mine:
        raise BadInput("timetable", "choose one of the check timetables for this drug and route")
    return found


def _route(text: Any, routes: tuple[Route, ...]) -> Route:
    if not text and len(routes) == 1:
        return routes[0]
    found = next((route for route in routes if route.value == text), None)
    if found is None:
        raise BadInput("route", f"choose one of: {', '.join(r.value.replace('_', ' ') for r in routes)}")
    return found


def _decimal(value: Fraction, places: int) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal(1).scaleb(-places))


def _hours(text: Any, field: str) -> Decimal | None:
    if not str(text or "").strip():
        return None
    return _decimal(exact(str(text), field, zero=True), 1)


def _count(text: Any, field: str) -> int | None:
    if not str(text or "").strip():
        return None
    if not str(text).strip().isdecimal():
        raise BadInput(field, "write a whole number")
    return int(str(text))
