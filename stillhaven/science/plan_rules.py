"""Does anything about this dose stop it: too much, an anaesthetic's dose, undiluted into a vein, another drug?

Numbers come in with `PlanRules`, from the protocol and drug files and from what the medical director signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from stillhaven.science.findings import Finding
from stillhaven.science.limits import CAUTION, SET_BY_DIRECTOR, Limit, Standing, judge, plain, standing
from stillhaven.science.plan import DosePlan, Rounding

_HOUR = Fraction(60)  # minutes


@dataclass(frozen=True, kw_only=True)
class PlanRules:
    """The limits for one drug by one route.  None means that the rule does not belong to it; a Limit without a value
    means that it does and nobody has set it.

    A ceiling counts only with `Limit.set_by`: somebody signed it for this site.  `anaesthetic_from` is the low end of
    the anaesthetic range by this route, mg/kg.  `least_dilution` is mL of diluent for each mL of drug.
    """

    protocol_drug: str
    ceiling_mg_per_kg: Limit | None
    ceiling_mg: Limit | None
    anaesthetic_from: Limit | None
    never_undiluted_iv: Limit | None  # mg/mL: a product of this strength or more is diluted before it enters a vein
    least_dilution: Limit | None = None
    most_mg_per_kg_per_h: Limit | None = None
    most_mg_per_h: Limit | None = None
    weight_low_kg: Limit | None = None
    weight_high_kg: Limit | None = None
    rounding_pct: Limit | None = None
    how: Mapping[str, Standing] = field(default_factory=dict)


def plan_findings(plan: DosePlan, rules: PlanRules, rounding: Rounding | None = None) -> tuple[Finding, ...]:
    """Everything that must hold before this plan can be signed or run."""
    found = [_identity(plan, rules), *_ceilings(plan, rules), *_weight(plan, rules)]
    if rules.anaesthetic_from is not None:
        found.append(
            _under(rules, "anaesthetic_range", most_at_once(plan), rules.anaesthetic_from, "mg/kg",
                   "under the anaesthetic range", "in or over the anaesthetic range", inclusive=False)
        )  # fmt: skip
    if plan.order.route.startswith("iv") and rules.never_undiluted_iv is not None:
        found.append(_dilution(plan, rules, rules.never_undiluted_iv))
    most_h = max((s.mg_per_h for s in plan.steps), default=None)
    kg = plan.order.weight.kg if plan.order.weight else None
    if rules.most_mg_per_h is not None and most_h is not None:
        found.append(_under(rules, "rate_mg_per_h", most_h, rules.most_mg_per_h, "mg/h", "within the protocol's rate",
                            "faster than the protocol"))  # fmt: skip
    if rules.most_mg_per_kg_per_h is not None and most_h is not None:
        per_kg = None if kg is None else most_h / kg
        found.append(_under(rules, "rate_mg_per_kg_per_h", per_kg, rules.most_mg_per_kg_per_h, "mg/kg/h",
                            "within the protocol's rate", "faster than the protocol"))  # fmt: skip
    if rules.rounding_pct is not None:
        found.append(_rounding(plan, rules, rules.rounding_pct, rounding or Rounding()))
    return tuple(found)


def most_at_once(plan: DosePlan) -> Fraction | None:
    """The most per kg that enters within any one hour, exact: what an anaesthetic's dose is compared with.

    A bolus, an injection and an infusion of up to an hour count whole.  An infusion over many hours is judged by its
    fastest hour, since its sum is no dose that anybody is given at once; its rate has a ceiling of its own.
    """
    kg = plan.order.weight.kg if plan.order.weight else None
    if plan.dose_mg_per_kg is None or kg is None or plan.minutes <= _HOUR:
        return plan.dose_mg_per_kg
    edges = [Fraction(0)]
    for step in plan.steps:
        edges.append(edges[-1] + step.minutes)
    # The amount within a window that slides over constant pieces is largest where it begins or ends at an edge.
    begins = {e for edge in edges for e in (edge, edge - _HOUR) if 0 <= e <= edges[-1] - _HOUR}
    most = Fraction(0)
    for begin in begins:
        inside = Fraction(0)
        for step, start in zip(plan.steps, edges, strict=False):
            overlap = min(begin + _HOUR, start + step.minutes) - max(begin, start)
            inside += max(Fraction(0), overlap) * step.mg_per_h / 60
        most = max(most, inside)
    return most / kg


def _identity(plan: DosePlan, rules: PlanRules) -> Finding:
    """Protocol, order and vial must be one drug: nothing turns a dose of one into a dose of another."""
    named = (rules.protocol_drug, plan.order.drug, plan.order.product_drug)
    words = ["unknown" if not name else name.replace("_", " ") for name in named]
    return judge(
        "one_drug",
        False if len({name for name in named if name}) > 1 else (None if "" in named else True),
        yes=f"protocol, order and vial are all {words[1]}",
        no=f"different drugs: protocol {words[0]}, order {words[1]}, vial {words[2]}",
        unknown=f"not all named: protocol {words[0]}, order {words[1]}, vial {words[2]}",
        to_do="take the vial that was ordered, or ask the prescriber; doses are never converted",
        how=standing(rules.how, "one_drug"),
    )


def _ceilings(plan: DosePlan, rules: PlanRules) -> list[Finding]:
    rows = (
        (rules.ceiling_mg_per_kg, "ceiling_mg_per_kg", plan.dose_mg_per_kg, "mg/kg"),
        (rules.ceiling_mg, "ceiling_mg", plan.dose_mg, "mg"),
    )
    found = []
    for limit, key, value, unit in rows:
        if limit is None:
            continue
        if limit.value is not None and not limit.set_by:
            found.append(judge(key, None, unknown=f"the site's ceiling of {limit.text} is not signed", how=_how(rules, key),
                               to_do="the medical director signs it", source=limit.source))  # fmt: skip
            continue
        found.append(_under(rules, key, value, limit, unit, "not over the site's ceiling", "over the site's ceiling"))
    if not found and rules.most_mg_per_kg_per_h is None and rules.most_mg_per_h is None:
        found.append(judge("ceiling", None, unknown="no ceiling is set for this drug and route", to_do=SET_BY_DIRECTOR,
                           how=_how(rules, "ceiling")))  # fmt: skip
    return found


def _weight(plan: DosePlan, rules: PlanRules) -> list[Finding]:
    low, high, weight = rules.weight_low_kg, rules.weight_high_kg, plan.order.weight
    if weight is None or low is None or high is None:
        return []
    ok: bool | None = None
    if low.value is not None and high.value is not None:
        ok = Fraction(str(low.value)) <= weight.kg <= Fraction(str(high.value))
    shown = plain(float(weight.kg))
    return [
        judge("weight_plausible", ok, yes=f"{shown} kg", no=f"{shown} kg ({weight.entered}) cannot be right",
              unknown="which weights are plausible is not set", to_do="look at the unit and weigh again",
              how=_how(rules, "weight_plausible"), source=low.source)
    ]  # fmt: skip


def _dilution(plan: DosePlan, rules: PlanRules, limit: Limit) -> Finding:
    strength, least = plan.order.product_mg_per_ml, rules.least_dilution
    shown = f"{plain(float(strength))} mg/mL"
    ok: bool | None = None
    if limit.value is not None:
        strong = strength >= Fraction(str(limit.value))
        parts = Fraction(str(least.value)) if least is not None and least.value is not None else None
        thin = plan.diluent_ml > 0 and (parts is None or plan.diluent_ml >= parts * plan.draw_ml)
        ok = not strong or thin
    return judge(
        "diluted",
        ok,
        yes=f"{shown} may enter the vein as planned",
        no=f"{shown} never enters a vein without enough diluent",
        unknown="from which strength a product is diluted is not set",
        to_do="dilute it as the label says" if ok is False else SET_BY_DIRECTOR,
        how=_how(rules, "diluted"),
        source=limit.source,
    )


def _rounding(plan: DosePlan, rules: PlanRules, limit: Limit, rounding: Rounding) -> Finding:
    """How much of the dose is lost or gained because syringe and pump show only so many decimals?"""
    lines = [line for line in plan.lines if line.key == "draw_ml" or line.key.startswith("ml_per_h")]
    off = max((abs(Fraction(line.shown) - line.exact) / line.exact * 100 for line in lines), default=Fraction(0))
    ok = None if limit.value is None else off <= Fraction(str(limit.value))
    return judge(
        "rounding",
        ok,
        yes=f"rounding changes the dose by {plain(round(float(off), 2))} % at most",
        no=f"rounding changes the dose by {plain(round(float(off), 2))} %",
        unknown="how much rounding may change a dose is not set",
        to_do=f"choose another volume: syringe to {rounding.ml}, pump to {rounding.ml_per_h} decimals",
        how=standing(rules.how, "rounding", CAUTION),
        source=limit.source,
    )


def _under(
    rules: PlanRules,
    key: str,
    value: Fraction | None,
    limit: Limit,
    unit: str,
    yes: str,
    no: str,
    *,
    inclusive: bool = True,
) -> Finding:
    ok: bool | None = None
    if value is not None and limit.value is not None:
        most = Fraction(str(limit.value))
        ok = value <= most if inclusive else value < most
    shown = "" if value is None else f"{plain(float(value))} {unit}"
    unset = limit.value is None
    return judge(
        key,
        ok,
        yes=f"{shown}: {yes} ({limit.text})",
        no=f"{shown}: {no} ({limit.text})",
        unknown=f"{key.replace('_', ' ')}: {limit.text}" if unset else f"{unit} cannot be computed without a weight",
        to_do=SET_BY_DIRECTOR if unset else ("weigh" if value is None else "ask the prescriber for another order"),
        how=_how(rules, key),
        source=limit.source,
    )


def _how(rules: PlanRules, key: str) -> Standing:
    return standing(rules.how, key)
