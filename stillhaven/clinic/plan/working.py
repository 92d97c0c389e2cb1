"""A dose worked out from what was typed, for each route: whole devices, units that are counted, or what is drawn up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from stillhaven.reference.load import Reference
from stillhaven.science.errors import BadInput
from stillhaven.science.limits import plain
from stillhaven.science.plan import (
    ADDED_TO,
    MADE_UP_TO,
    UNDILUTED,
    DoseOrder,
    DosePlan,
    DosingWeight,
    Line,
    RampStep,
    devices_needed,
    dosing_weight,
    exact,
    plan_dose,
    ramp,
    show,
)
from stillhaven.science.protocol import Protocol, Route

RAMP_ROWS = 4


@dataclass(frozen=True, kw_only=True)
class Worked:
    """A dose worked out, and what it is given in where nothing is drawn up."""

    plan: DosePlan
    unit_mg: Fraction | None = None
    units: int | None = None
    as_rate: str = ""
    over_min: Fraction | None = None


def devices(typed: Mapping[str, Any], protocol: Protocol, route: Route, rules: Reference) -> Worked | None:
    """Nasal devices are given whole: a number of mg that devices make up, and never a strength."""
    device = rules.drugs[protocol.drug].device
    if device is None or route is not Route.INTRANASAL:
        return None
    dose = exact(str(typed.get("dose", "")), "dose")
    if str(typed.get("dose_unit") or "mg") != "mg":
        raise BadInput("dose_unit", "devices are ordered in mg")
    each = exact(device.content_mg, "device_mg")
    spans = [d.amount for d in protocol.doses if d.amount]
    allowed = sorted({value for span in spans for value in (span.choices or (span.exact or 0.0,))})
    if allowed and float(dose) not in allowed:
        raise BadInput("dose", f"the protocol gives {' or '.join(plain(v) for v in allowed)} mg, in whole devices")
    units = devices_needed(str(typed["dose"]), str(device.content_mg))
    order = DoseOrder(
        drug=protocol.drug.value, route=route.value, dose=dose, dose_unit="mg", weight=None,
        product_drug=str(typed.get("product_drug") or protocol.drug.value),
        product_mg_per_ml=each / exact(device.volume_ml, "volume"),
    )  # fmt: skip
    return Worked(plan=_whole(plan_dose(order), each, "device"), unit_mg=each, units=units)


def _whole(plan: DosePlan, each: Fraction, word: str) -> DosePlan:
    """The lines of a dose that is given in whole devices or units: nothing is drawn up, so no mL is shown."""
    kept = [line for line in plan.lines if line.key in ("weight", "dose_mg", "dose_mg_per_kg")]
    count = plan.dose_mg / each
    if count.denominator != 1:
        raise BadInput("dose", f"{show(plan.dose_mg, 2)} mg is no whole number of {word}s of {show(each, 2)} mg")
    how = f"{show(plan.dose_mg, 2)} mg ÷ {show(each, 2)} mg each"
    line = Line(key="units", label=f"{word.capitalize()}s", how=how, exact=count, shown=str(count), unit=f"{word}s")
    return replace(plan, lines=(*kept, line))


def amount(typed: Mapping[str, Any], protocol: Protocol, route: Route) -> Worked:
    """A dose that is measured out: drawn up and run in, injected, sprayed, swallowed, or counted in units."""
    weight = _weight_typed(typed)
    steps, minutes = _steps(typed, route)
    dose = exact(str(typed.get("dose", "")), "dose")
    unit, as_rate = chosen(typed, "dose_unit", "choose the unit of the dose"), ""
    if unit in ("mg/kg/h", "mg/h"):
        if route is not Route.IV_INFUSION or minutes is None:
            raise BadInput("dose_unit", "a rate is ordered for an infusion, with its duration")
        as_rate, dose, unit = f"{show(dose, 4)} {unit}", dose * minutes / 60, unit.removesuffix("/h")
    in_units = str(typed.get("form") or "") == "units" and route in (Route.ORAL, Route.SUBLINGUAL)
    named = "unit_mg" if in_units else "product_mg_per_ml"
    strength = exact(str(typed.get(named, "")), named)
    bag = str(typed.get("bag_ml", "") or "").strip()
    made = str(typed.get("bag") or MADE_UP_TO)
    if made not in (MADE_UP_TO, ADDED_TO, UNDILUTED):
        raise BadInput("bag", "choose how it is diluted")
    if made == UNDILUTED and bag:
        raise BadInput("bag_ml", "nothing is added where it is given undiluted; leave this empty")
    order = DoseOrder(
        drug=protocol.drug.value, route=route.value, dose=dose, dose_unit=unit, weight=weight,
        product_drug=str(typed.get("product_drug") or protocol.drug.value), product_mg_per_ml=strength, steps=steps,
        bag=made if bag else UNDILUTED, bag_ml=exact(bag, "bag_ml") if bag else None,
        diluent=str(typed.get("diluent", "0.9 % saline")) if bag else "",
    )  # fmt: skip
    plan = plan_dose(order)
    if in_units:
        return Worked(plan=_whole(plan, strength, "unit"), unit_mg=strength, units=None)
    return Worked(plan=plan, as_rate=as_rate, over_min=minutes)


def _weight_typed(typed: Mapping[str, Any]) -> DosingWeight | None:
    weighed_on = day_of(typed.get("weighed_on"), "weighed_on", needed=False)
    if not str(typed.get("weight") or "").strip():
        return None
    # A unit that nobody chose is no unit: pounds taken for kilograms double a dose.
    unit = chosen(typed, "weight_unit", "choose kg or lb")
    basis = chosen(typed, "weight_basis", "say which weight")
    if weighed_on is None:
        raise BadInput("weighed_on", "write the day of this weight")
    return dosing_weight(str(typed["weight"]), unit, basis=basis, on=weighed_on)


def _steps(typed: Mapping[str, Any], route: Route) -> tuple[tuple[RampStep, ...], Fraction | None]:
    """The pump's programme and how long it takes in all; a bolus has a time but no programme."""
    whole = str(typed.get("duration_min") or "").strip()
    rows = []
    for n in range(RAMP_ROWS):
        row = [str(typed.get(f"ramp.{n}.{name}") or "").strip() for name in ("minutes", "pct")]
        if not any(row):
            continue
        for name, text in zip(("minutes", "pct"), row, strict=True):
            exact(text, f"ramp.{n}.{name}")
        rows.append((row[0], row[1]))
    if route is not Route.IV_INFUSION:
        return (), exact(whole, "duration_min") if whole and route is Route.IV_BOLUS else None
    if rows:
        steps = ramp(*rows)
        total = sum((s.minutes for s in steps), Fraction(0))
        if whole and exact(whole, "duration_min") != total:
            raise BadInput(
                "duration_min",
                f"the steps of the ramp take {show(total, 2)} min together; write that, or leave it empty",
            )
        return steps, total
    if not whole:
        raise BadInput("duration_min", "write over how many minutes")
    return ramp((whole, 100)), exact(whole, "duration_min")


def chosen(typed: Mapping[str, Any], field: str, ask: str) -> str:
    """A choice that somebody made; nothing is chosen for them."""
    text = str(typed.get(field) or "")
    if not text:
        raise BadInput(field, ask)
    return text


def day_of(text: Any, field: str, *, needed: bool = True) -> date | None:
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
