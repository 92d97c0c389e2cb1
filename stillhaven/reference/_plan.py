"""Which limits hold for a dose of this protocol by this route: published ones, and those the clinic has signed?

An unset clinic number stays unset: the rule then answers "unknown" and names who sets it.
"""

from __future__ import annotations

from stillhaven.reference._drugs import DoseRules
from stillhaven.science.drugs import DrugFacts
from stillhaven.science.limits import Limit
from stillhaven.science.plan_rules import PlanRules
from stillhaven.science.policy import Policy
from stillhaven.science.protocol import Ceiling, Cite, Drug, Protocol, Route

DILUTE = "dilute_100_mg_per_ml"  # the rule that says which product is diluted
# Where no source sets a ceiling for a way of giving, the clinic's own stands in: (drug, route) -> policy item, unit.
CLINICS_OWN: dict[tuple[Drug, Route], tuple[str, str]] = {
    (Drug.KETAMINE, Route.IV_BOLUS): ("iv_bolus_ceiling_mg_per_kg", "mg/kg"),
    (Drug.KETAMINE, Route.IM): ("im_ceiling_mg_per_kg", "mg/kg"),
    (Drug.KETAMINE, Route.ORAL): ("oral_ceiling_mg_per_kg", "mg/kg"),
    (Drug.KETAMINE, Route.SUBLINGUAL): ("sublingual_ceiling_mg", "mg"),
    (Drug.KETAMINE, Route.INTRANASAL): ("intranasal_racemic_ceiling_mg", "mg"),
    (Drug.S_KETAMINE, Route.IV_INFUSION): ("s_ketamine_ceiling_mg_per_h", "mg/h"),
}
# An anaesthetic whose own range nobody has read: the clinic says where it begins.
ANAESTHETIC_FROM = {Drug.S_KETAMINE: "s_ketamine_anaesthetic_mg_per_kg"}
ANAESTHETIC_ROUTES = (Route.IV_INFUSION, Route.IV_BOLUS, Route.IM)


def plan_rules(protocol: Protocol, route: Route, facts: DrugFacts, guards: DoseRules, policy: Policy) -> PlanRules:
    """The rules of science for this protocol and route, with every number's source and who signed it."""
    never = [p for p in facts.products if p.undiluted_iv is False and p.mg_per_ml is not None]
    strength = min((p.mg_per_ml for p in never if p.mg_per_ml is not None), default=None)
    weakest = next((p for p in never if p.mg_per_ml == strength), None)
    weight, dilute = guards.weight_kg, guards.rules.get(DILUTE)
    return PlanRules(
        protocol_drug=protocol.drug.value,
        ceiling_mg_per_kg=_ceiling(protocol, route, "mg/kg", policy),
        ceiling_mg=_ceiling(protocol, route, "mg", policy),
        most_mg_per_kg_per_h=_ceiling(protocol, route, "mg/kg/h", policy),
        most_mg_per_h=_ceiling(protocol, route, "mg/h", policy),
        anaesthetic_from=_anaesthetic(route, facts, policy),
        never_undiluted_iv=None
        if weakest is None
        else _limit(strength, "mg/mL", dilute.cite if dilute else weakest.cite),
        least_dilution=None
        if weakest is None
        else _limit(weakest.diluent_ml_per_ml, "mL", dilute.cite if dilute else weakest.cite),
        weight_low_kg=Limit(value=weight.low if weight else None, unit="kg", source="house"),
        weight_high_kg=Limit(value=weight.high if weight else None, unit="kg", source="house"),
        rounding_pct=Limit(value=guards.rounding_pct, unit="%", source="house"),
    )


def _ceiling(protocol: Protocol, route: Route, unit: str, policy: Policy) -> Limit | None:
    """The lowest ceiling in this unit that holds for everybody by this route.

    Where the clinic sets its own, its number holds; until then the published one stands there unsigned.  A published
    ceiling that no clinic sets (a label's) is signed by its source, if a person has read it there.
    """
    mine = [c for c in protocol.ceilings if c.unit == unit and route in c.routes and not c.only]
    own, own_unit = CLINICS_OWN.get((protocol.drug, route), ("", ""))
    if not mine and own_unit == unit and own in policy.items:
        return policy.limit(own)
    if not mine:
        return None
    return min((_signed(ceiling, policy) for ceiling in mine), key=lambda limit: (limit.value is None, limit.value))


def _signed(ceiling: Ceiling, policy: Policy) -> Limit:
    source = ceiling.cite.source[0] if ceiling.cite.source else ""
    if ceiling.policy:
        item = policy.items.get(ceiling.policy)
        if item is not None and item.is_set:
            return Limit(value=item.value, unit=ceiling.unit, source=source, confirmed=True, set_by=item.set_by)
        return Limit(value=ceiling.limit, unit=ceiling.unit, source=source, confirmed=ceiling.cite.confirmed)
    set_by = "the published protocol" if ceiling.cite.confirmed else ""
    return Limit(value=ceiling.limit, unit=ceiling.unit, source=source, confirmed=ceiling.cite.confirmed, set_by=set_by)


def _anaesthetic(route: Route, facts: DrugFacts, policy: Policy) -> Limit | None:
    """Where the anaesthetic range begins by this route.  A drug that is an anaesthetic and has no number asks for one."""
    if route not in ANAESTHETIC_ROUTES or facts.drug is Drug.ESKETAMINE:
        return None
    stops = [stop for stop in facts.hard_stops if route in stop.routes]
    if not stops:
        own = ANAESTHETIC_FROM.get(facts.drug, "")
        return policy.limit(own) if own in policy.items else Limit(value=None, unit="mg/kg")
    first = min(stops, key=lambda stop: stop.low_mg_per_kg)
    return _limit(first.low_mg_per_kg, "mg/kg", first.cite)


def _limit(value: float | None, unit: str, cite: Cite) -> Limit:
    return Limit(value=value, unit=unit, source=cite.source[0] if cite.source else "", confirmed=cite.confirmed)
