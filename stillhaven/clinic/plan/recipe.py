"""What does an order say before anybody computes?  Kept with the order as exact decimals, and read back for the dose gate.

The order's own results (mg, mL, mL/h) are not taken from here: `science.gate` computes them anew.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from stillhaven.clinic.plan.models import Order
from stillhaven.science.gate import Recipe
from stillhaven.science.plan import DosePlan, RampStep, pump_steps


def keep(plan: DosePlan, *, unit_mg: Fraction | None = None, **more: Any) -> dict[str, Any]:
    """A worked-out plan's starting numbers as an order keeps them, with the volume that is drawn."""
    order = plan.order
    return {
        "dose": str(order.dose), "dose_unit": order.dose_unit,
        "weight_kg": str(order.weight.kg) if order.weight else "",
        "weight_entered": order.weight.entered if order.weight else "", "product_drug": order.product_drug,
        "product_mg_per_ml": "" if unit_mg is not None else str(order.product_mg_per_ml),
        "bag": order.bag, "bag_ml": "" if order.bag_ml is None else str(order.bag_ml), "diluent": order.diluent,
        "steps": [[str(s.minutes), str(s.rate_pct)] for s in order.steps],
        "unit_mg": "" if unit_mg is None else str(unit_mg), "draw_ml": "" if unit_mg is not None else str(plan.draw_ml),
    } | more  # fmt: skip


def recipe_of(order: Order) -> Recipe:
    """The order as the gate computes from it.  An order from before the gate names no strength; the gate then says so."""
    kept = order.worked
    if not kept:
        return Recipe(
            drug=order.drug, route=order.route, dose_unit="mg", dose=Fraction(str(order.dose_mg)),
            unit_mg=Fraction(str(order.dose_mg)) / order.devices if order.devices else None,
        )  # fmt: skip

    def number(name: str) -> Fraction | None:
        return Fraction(kept[name]) if kept.get(name) else None

    return Recipe(
        drug=order.drug, route=order.route, dose=Fraction(kept["dose"]), dose_unit=kept["dose_unit"],
        weight_kg=number("weight_kg"), product_mg_per_ml=number("product_mg_per_ml"), bag=kept["bag"],
        bag_ml=number("bag_ml"), unit_mg=number("unit_mg"),
        steps=tuple(RampStep(minutes=Fraction(m), rate_pct=Fraction(p)) for m, p in kept["steps"]),
    )  # fmt: skip


def step_rates(order: Order) -> list[tuple[float, float]]:
    """The pump's programme: (minutes, mg/h) of each step.  Empty where nothing runs by a pump."""
    if not order.duration_min:
        return []
    steps = [RampStep(minutes=Fraction(m), rate_pct=Fraction(p)) for m, p in order.worked.get("steps") or ()]
    steps = steps or [RampStep(minutes=Fraction(str(order.duration_min)), rate_pct=Fraction(100))]
    mg = Fraction(str(order.dose_mg))
    return [(float(s.minutes), float(s.mg_per_h)) for s in pump_steps(mg, Fraction(1), steps)]


def most_mg_per_h(order: Order) -> float | None:
    """The fastest that the order lets the pump run; None where nothing runs by a pump."""
    return max((rate for _, rate in step_rates(order)), default=None)


def versions(order: Order) -> list[Order]:
    """Every version of this order that was signed up to this one, newest first."""
    found: list[Order] = [order]
    while found[-1].amends is not None:
        found.append(found[-1].amends)  # type: ignore[arg-type]
    return found


def newest(order: Order) -> Order:
    """The last version of this order; one that was taken back stands at the end with `retracted`."""
    while (later := Order.objects.filter(amends=order).select_related("course").first()) is not None:
        order = later
    return order
