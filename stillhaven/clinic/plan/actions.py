"""An order is worked out line by line, judged, and signed with a second factor."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.db import transaction

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import User
from stillhaven.clinic.plan import recipe
from stillhaven.clinic.plan.models import Order
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import policy
from stillhaven.reference.load import Reference
from stillhaven.science.alarms import build_plan
from stillhaven.science.alarms.plan import LimitSetting
from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Finding, refuse_unless_met
from stillhaven.science.plan import DoseOrder, DosePlan, devices_needed, dosing_weight, exact, plan_dose, ramp
from stillhaven.science.plan_rules import plan_findings
from stillhaven.science.protocol import Basis, Route


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An order worked out and judged, ready to be shown and signed."""

    plan: DosePlan
    findings: tuple[Finding, ...]
    fields: dict[str, Any]


def draft(course: Course, typed: Mapping[str, Any], *, by: User, at: datetime) -> Draft:
    """Work an order out from what was typed.  BadInput names the field that cannot be read."""
    roles.require_patient(by, "order.sign", course.patient)
    rules = policy.rules(course.site_id)
    key = str(typed.get("protocol", ""))
    if key not in rules.protocols or not rules.protocols[key].is_orderable:
        raise BadInput("protocol", "choose a protocol that an order can be made from")
    protocol = rules.protocols[key]
    route = _route(typed.get("route"), protocol.routes)
    weighed_on = _day(typed.get("weighed_on"), "weighed_on", needed=False)
    weight = None
    if str(typed.get("weight", "")).strip():
        # A unit that nobody chose is no unit: pounds taken for kilograms double a dose.
        unit, basis = (
            _chosen(typed, "weight_unit", "choose kg or lb"),
            _chosen(typed, "weight_basis", "say which weight"),
        )
        if weighed_on is None:
            raise BadInput("weighed_on", "write the day of this weight")
        weight = dosing_weight(str(typed["weight"]), unit, basis=basis, on=weighed_on)
    product = exact(str(typed.get("product_mg_per_ml", "")), "product_mg_per_ml")
    minutes = str(typed.get("duration_min", "")).strip()
    infusion = route is Route.IV_INFUSION
    if infusion and not minutes:
        raise BadInput("duration_min", "write over how many minutes")
    bag = str(typed.get("bag_ml", "")).strip()
    order = DoseOrder(
        drug=protocol.drug.value, route=route.value, dose=exact(str(typed.get("dose", "")), "dose"),
        dose_unit=_chosen(typed, "dose_unit", "choose mg/kg or mg"), weight=weight,
        product_drug=str(typed.get("product_drug", protocol.drug.value)), product_mg_per_ml=product,
        steps=ramp((minutes, 100)) if infusion else (), bag="made_up_to" if bag else "undiluted",
        bag_ml=exact(bag, "bag_ml") if bag else None, diluent=str(typed.get("diluent", "0.9 % saline")) if bag else "",
    )  # fmt: skip
    plan = plan_dose(order)
    found = plan_findings(plan, rules.plan_rules(key, route))
    fields = _fields(plan, protocol.basis is not Basis.LABEL, typed, rules, at) | {"protocol": key}
    _check_limits(fields["limits"], rules, by, at)
    return Draft(plan=plan, findings=found, fields=fields)


def _fields(
    plan: DosePlan, off_label: bool, typed: Mapping[str, Any], rules: Reference, at: datetime
) -> dict[str, Any]:
    order = plan.order
    devices = typed.get("device_mg")
    return {
        "worked": recipe.keep(plan), "off_label": off_label, "drug": order.drug, "route": order.route,
        "dose_mg": _decimal(plan.dose_mg, 3),
        "dose_mg_per_kg": _decimal(plan.dose_mg_per_kg, 4) if plan.dose_mg_per_kg is not None else None,
        "weight_kg": _decimal(order.weight.kg, 2) if order.weight else None,
        "weighed_on": order.weight.on if order.weight else None,
        "weight_basis": order.weight.basis if order.weight else "actual",
        "concentration_mg_per_ml": _decimal(plan.final_mg_per_ml, 3), "volume_ml": _decimal(plan.final_ml, 2),
        "duration_min": _decimal(plan.minutes, 2) if plan.minutes else None,
        "devices": devices_needed(str(typed["dose"]), str(devices)) if devices else None,
        "fasting_food_h": _hours(typed.get("fasting_food_h"), "fasting_food_h"),
        "fasting_liquid_h": _hours(typed.get("fasting_liquid_h"), "fasting_liquid_h"),
        "observation_min": _whole(typed.get("observation_min"), "observation_min"),
        "limits": list(typed.get("limits") or []), "rescue": list(typed.get("rescue") or []),
        "valid_from": _day(typed.get("valid_from"), "valid_from") or at.date(),
        "valid_until": _day(typed.get("valid_until"), "valid_until") or at.date(),
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
    amends: Order | None = None, why: str = "",
) -> Order:  # fmt: skip
    """Sign an order.  Refused while a hard stop stands; a new version amends the old one."""
    course = Course.objects.select_for_update().get(pk=course_id)
    if not second_factor:
        raise BadInput("code", "confirm with your second factor")
    worked_out = draft(course, typed, by=by, at=at)
    refuse_unless_met(worked_out.findings)
    fields = worked_out.fields | {
        "findings": [f.as_dict() for f in worked_out.findings], "second_factor": second_factor, "happened_at": at,
    }  # fmt: skip
    if amends is not None:
        return record.amend(amends, by=by, at=at, reason=why, uid=uid or uuids.uuid4(), **fields)  # type: ignore[return-value]
    order = Order(uid=uid or uuids.uuid4(), site=course.site_id, course=course, patient=course.patient, **fields)
    record.append(order, by=by)
    return order


def _route(text: Any, routes: tuple[Route, ...]) -> Route:
    if not text and len(routes) == 1:
        return routes[0]
    found = next((route for route in routes if route.value == text), None)
    if found is None:
        raise BadInput("route", f"choose one of: {', '.join(r.value.replace('_', ' ') for r in routes)}")
    return found


def _chosen(typed: Mapping[str, Any], field: str, ask: str) -> str:
    """A choice that somebody made; nothing is chosen for them."""
    text = str(typed.get(field) or "")
    if not text:
        raise BadInput(field, ask)
    return text


def _decimal(value: Fraction, places: int) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal(1).scaleb(-places))


def _day(text: Any, field: str, *, needed: bool = True) -> date | None:
    if isinstance(text, date):
        return text
    if not str(text or "").strip():
        if needed:
            raise BadInput(field, "write a date")
        return None
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise BadInput(field, "write a date as 2026-11-21") from None


def _hours(text: Any, field: str) -> Decimal | None:
    if not str(text or "").strip():
        return None
    return _decimal(exact(str(text), field, zero=True), 1)


def _whole(text: Any, field: str) -> int | None:
    if not str(text or "").strip():
        return None
    if not str(text).strip().isdecimal():
        raise BadInput(field, "write whole minutes")
    return int(str(text))
