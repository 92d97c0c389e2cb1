"""Which discharge rules hold for each drug and route, with every number's source and what the clinic has set?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from stillhaven.reference._facts import read_cite
from stillhaven.reference._rules import policy_item, read_weight
from stillhaven.reference.files import Table
from stillhaven.science.drugs import DrugFacts
from stillhaven.science.limits import Limit, Standing
from stillhaven.science.observation import (
    AT,
    BEFORE,
    END,
    FIRST_DOSE,
    LAST_DOSE,
    LEAVING,
    ObservationRules,
    PressurePoint,
)
from stillhaven.science.policy import Policy, Rule
from stillhaven.science.protocol import Drug, Route
from stillhaven.science.recovery import DischargeRules
from stillhaven.science.recovery_scores import ScoreRule
from stillhaven.science.scales import Scale
from stillhaven.science.vitals import Signal

READY, ALERT = "ready", "alert"  # the lines of a score, and of MOAA/S, that discharge asks for
INTO_A_VEIN = (Route.IV_INFUSION, Route.IV_BOLUS)


def read_discharge(
    whole: Table,
    rules: tuple[Rule, ...],
    scales: Mapping[str, Scale],
    policy: Policy,
    drugs: Mapping[Drug, DrugFacts],
    signals: Mapping[str, Signal],
) -> Mapping[tuple[Drug, Route], DischargeRules]:
    """The rules by drug and route; a pair that no `[observation]` names has none, and nobody is dosed by it."""
    numbers = _numbers(whole, policy)
    scores = _scores(whole, scales)
    symptoms = _texts(whole, "symptoms")
    how = {key: _standing(row) for key, row in whole.named("standing")}
    points = tuple(_points(whole, policy, numbers["recent"]))
    alert = _line(whole, scales, "moaas", ALERT)
    found: dict[tuple[Drug, Route], DischargeRules] = {}
    for key, row in whole.named("observation"):
        clock_from = row.text("clock_from")
        if clock_from not in (FIRST_DOSE, LAST_DOSE, END):
            row.wrong("clock_from", f"{clock_from!r} is not {FIRST_DOSE}, {LAST_DOSE} or {END}")
            clock_from = END
        minimum = _minimum(row, rules, policy)
        pairs = [(d, r) for d in row.choices("drugs", Drug) for r in row.choices("routes", Route)]
        row.close()
        for drug, route in pairs:
            if (drug, route) in found:
                whole.wrong(f"observation.{key}", f"{drug.value} {route.value} stands in two places")
            device = drugs[drug].device if drug in drugs else None
            spacing = None
            if device is not None:
                spacing = Limit(value=device.rest_min, unit="min", source=device.cite.source[0], confirmed=True)
            found[drug, route] = DischargeRules(
                observation=ObservationRules(
                    clock_from=clock_from,
                    minimum=minimum,
                    pressures=tuple(point for owners, point in points if drug in owners),
                    device_spacing=spacing,
                    how=how,
                ),
                scores=scores,
                sedation_at_least=alert,
                symptoms=symptoms,
                recent=numbers["recent"],
                pressure_change_pct=numbers["pressure_change"],
                systolic=numbers["systolic"],
                diastolic=numbers["diastolic"],
                spo2_at_least=numbers["spo2"],
                nausea_at_most=numbers["nausea"],
                coverage_at_least=numbers["coverage"],
                cannula=route in INTO_A_VEIN,
                signal_labels=MappingProxyType({key: signal.short for key, signal in signals.items()}),
                how=how,
            )
    return MappingProxyType(found)


_UNITS = {
    "recent": "min",
    "pressure_change": "%",
    "systolic": "mmHg",
    "diastolic": "mmHg",
    "spo2": "%",
    "nausea": "points",
    "coverage": "%",
}


def _numbers(whole: Table, policy: Policy) -> dict[str, Limit]:
    part = whole.table("policy")
    found = {name: Limit(value=None, unit=unit) for name, unit in _UNITS.items()}
    if part is None:
        return found
    for name, unit in _UNITS.items():
        item = policy_item(part, name, part.text(name), policy)
        if item is not None and item.unit != unit:
            part.wrong(name, f"{item.key!r} is in {item.unit}, not in {unit}")
        elif item is not None:
            found[name] = policy.limit(item.key)
    part.close()
    return found


def _scores(whole: Table, scales: Mapping[str, Scale]) -> tuple[ScoreRule, ...]:
    found = []
    for key, item in _texts(whole, "pressure_items").items():
        scale = scales.get(key)
        if scale is None or scale.cut(READY) is None:
            whole.wrong(f"pressure_items.{key}", f"is not a score with a line {READY!r}")
        elif item not in {one.key for one in scale.items if one.bands}:
            whole.wrong(f"pressure_items.{key}", f"{item!r} is not an item of it that has bands")
        else:
            found.append(ScoreRule(scale=scale, cut=READY, pressure_item=item))
    return tuple(found)


def _texts(whole: Table, name: str) -> Mapping[str, str]:
    part = whole.table(name)
    return MappingProxyType({key: part.text(key) for key in part.data} if part is not None else {})


def _standing(row: Table) -> Standing:
    weight, by = read_weight(row)
    cite = read_cite(row)
    row.close()
    return Standing(weight=weight, overridable_by=by, source=cite.source[0] if cite.source else "")


def _points(whole: Table, policy: Policy, recent: Limit) -> Iterator[tuple[tuple[Drug, ...], PressurePoint]]:
    for key, row in whole.named("pressure"):
        drugs, label, when = row.choices("drugs", Drug, needed=True), row.text("label"), row.text("when")
        cite = read_cite(row)
        source = cite.source[0] if cite.source else ""
        at_min, within_min = (
            row.quantity("at", "min", needed=when == AT),
            row.quantity("within", "min", needed=when == AT),
        )
        row.close()
        if when not in (BEFORE, AT, LEAVING):
            row.wrong("when", f"{when!r} is not {BEFORE}, {AT} or {LEAVING}")
            continue
        within = {
            BEFORE: policy.limit("baseline_max_age_min") if "baseline_max_age_min" in policy.items else recent,
            AT: Limit(value=within_min, unit="min", source="house"),
            LEAVING: recent,
        }[when]
        at = Limit(value=at_min, unit="min", source=source, confirmed=cite.confirmed) if when == AT else None
        yield drugs, PressurePoint(key=key, label=label, when=when, within=within, at=at)


def _minimum(row: Table, rules: tuple[Rule, ...], policy: Policy) -> Limit:
    """The shortest observation: a published rule's, or the clinic's."""
    if row.has("rule"):
        name = row.text("rule")
        limit = next((rule.limits.get("observation_min") for rule in rules if rule.key == name), None)
        if limit is None:
            row.wrong("rule", f"{name!r} is not a rule with observation_min")
        return limit or Limit(value=None, unit="min")
    item = policy_item(row, "policy", row.text("policy"), policy)
    if item is not None and item.unit != "min":
        row.wrong("policy", f"{item.key!r} is in {item.unit}, not in min")
        item = None
    return Limit(value=None, unit="min") if item is None else policy.limit(item.key)


def _line(whole: Table, scales: Mapping[str, Scale], key: str, name: str) -> Limit:
    cut = scales[key].cut(name) if key in scales else None
    if cut is None:
        whole.wrong("", f"{key} draws no line {name!r}")
        return Limit(value=None, unit="")
    return Limit(value=cut.at_least, unit="", source=cut.cite.source[0], confirmed=cut.cite.confirmed)
