"""Which drugs, containers and bags are there, and where does a dose become an anaesthetic?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from stillhaven.reference._facts import read_cite, read_review, read_span
from stillhaven.reference.files import Shelf, Table
from stillhaven.science.drugs import Device, Dilution, DoseRule, DrugFacts, HardStop, Product, WeightFormula
from stillhaven.science.protocol import Ceiling, Drug, Route, Span

FOLDER = "drugs"
RULES = "drugs/rules.toml"
CEILING_UNITS = ("mg/kg", "mg", "mg/kg/h", "mg/h")


@dataclass(frozen=True, kw_only=True)
class DoseRules:
    """What holds for every protocol, the formulas of ideal body weight by sex, and two guards against slips."""

    rules: Mapping[str, DoseRule]
    ideal_weight: Mapping[str, WeightFormula]
    weight_kg: Span | None
    rounding_pct: float | None


def read_drugs(shelf: Shelf) -> Mapping[Drug, DrugFacts]:
    """All drugs.  A file's name is its drug."""
    found: dict[Drug, DrugFacts] = {}
    for name in shelf.names(FOLDER):
        if name == RULES:
            continue
        whole = shelf.read(name)
        facts = _drug(whole)
        if facts is None:
            continue
        if name != f"{FOLDER}/{facts.drug.value}.toml":
            whole.wrong("drug", f"{facts.drug.value!r} is not what the file is called")
        found[facts.drug] = facts
    for drug in Drug:
        if drug not in found:
            shelf.wrong(f"{FOLDER}/{drug.value}.toml", "", "is missing or cannot be used")
    return MappingProxyType(found)


def _drug(whole: Table) -> DrugFacts | None:
    drug = whole.choice("drug", Drug)
    if drug is None:
        return None
    facts = DrugFacts(
        drug=drug,
        name=whole.text("name"),
        dosed_as=whole.text("dosed_as"),
        not_to_be_taken_for=whole.choices("not_to_be_taken_for", Drug, needed=True),
        controlled_schedule=whole.text("controlled_schedule", needed=False),
        products=tuple(p for row in whole.rows("product") if (p := _product(row, drug))),
        hard_stops=tuple(h for row in whole.rows("hard_stop") if (h := _hard_stop(row, drug))),
        dilutions=tuple(_dilution(row) for row in whole.rows("dilution")),
        ceilings=tuple(c for row in whole.rows("ceiling") if (c := _ceiling(row))),
        device=_device(whole),
        review=read_review(whole),
        notes=whole.texts("notes"),
    )
    if set(facts.not_to_be_taken_for) != set(Drug) - {drug}:
        whole.wrong("not_to_be_taken_for", "must name each of the other drugs")
    whole.close()
    return facts


def _product(row: Table, drug: Drug) -> Product | None:
    is_device = row.flag("device", needed=False)
    mg_per_ml = row.quantity("strength", "mg/mL", needed=not is_device)
    volume_ml, content_mg = row.quantity("volume", "mL"), row.quantity("content", "mg")
    undiluted = row.flag("undiluted_iv") if row.has("undiluted_iv") else None
    routes = row.choices("routes", Route, needed=True)
    key, name, ndc = row.text("key"), row.text("name"), row.texts("ndc")
    before_iv, cite = row.text("before_iv", needed=False), read_cite(row)
    diluent_ml = row.quantity("diluent", "mL", needed=False)
    row.close()
    if volume_ml is None or content_mg is None:
        return None
    if mg_per_ml is not None and abs(mg_per_ml * volume_ml - content_mg) > 1e-6:
        row.wrong("content", f"{content_mg:g} mg is not {mg_per_ml:g} mg/mL times {volume_ml:g} mL")
    if undiluted is False and (not before_iv or diluent_ml is None):
        row.wrong("before_iv", "a product that is never given into a vein undiluted says how to dilute it, and how far")
    return Product(
        key=key,
        drug=drug,
        name=name,
        mg_per_ml=mg_per_ml,
        volume_ml=volume_ml,
        content_mg=content_mg,
        cite=cite,
        routes=routes,
        ndc=ndc,
        undiluted_iv=undiluted,
        before_iv=before_iv,
        diluent_ml_per_ml=diluent_ml,
        is_device=is_device,
    )


def _hard_stop(row: Table, drug: Drug) -> HardStop | None:
    low, high = row.quantity("low", "mg/kg"), row.quantity("high", "mg/kg")
    title, routes, cite = row.text("title"), row.choices("routes", Route, needed=True), read_cite(row)
    row.close()
    if low is None or high is None:
        return None
    if low >= high:
        row.wrong("low", f"{low:g} is not under high {high:g}")
    return HardStop(drug=drug, routes=routes, low_mg_per_kg=low, high_mg_per_kg=high, title=title, cite=cite)


def _dilution(row: Table) -> Dilution:
    found = Dilution(
        key=row.text("key"),
        text=row.text("text"),
        bag_ml=row.quantity("bag", "mL", needed=False),
        mg_per_ml=row.quantity("strength", "mg/mL", needed=False),
        over_min=row.quantity("over", "min", needed=False),
        rate_ml_per_h=row.quantity("rate", "mL/h", needed=False),
        cite=read_cite(row),
    )
    row.close()
    if found.bag_ml and found.over_min and found.rate_ml_per_h:
        expected = found.bag_ml * 60.0 / found.over_min
        if abs(expected - found.rate_ml_per_h) > 1e-6:
            row.wrong("rate", f"{found.bag_ml:g} mL over {found.over_min:g} min run at {expected:g} mL/h")
    return found


def _ceiling(row: Table) -> Ceiling | None:
    span = read_span(row, "limit")
    over_min = row.quantity("over", "min", needed=False)
    key, title, only = row.text("key"), row.text("title"), row.text("only", needed=False)
    routes, policy, cite = (
        row.choices("routes", Route, needed=True),
        row.text("policy", needed=False),
        read_cite(row),
    )
    row.close()
    if span is None:
        if not row.has("limit"):
            row.wrong("limit", "is missing")
        return None
    if span.exact is None:
        row.wrong("limit", "must be one value")
        return None
    if span.unit not in CEILING_UNITS:
        row.wrong("limit.unit", f"must be one of {', '.join(CEILING_UNITS)}")
        return None
    return Ceiling(
        key=key,
        title=title,
        limit=span.exact,
        unit=span.unit,
        over_min=over_min,
        only=only,
        routes=routes,
        policy=policy,
        cite=cite,
    )


def _device(whole: Table) -> Device | None:
    row = whole.table("device", needed=False)
    if row is None:
        return None
    content, volume, rest = row.quantity("content", "mg"), row.quantity("volume", "mL"), row.quantity("rest", "min")
    sprays, doses, cite = row.whole("sprays"), read_span(row, "doses", "mg"), read_cite(row)
    row.close()
    if content is None or volume is None or rest is None or sprays is None or doses is None:
        return None
    device = Device(
        content_mg=content, volume_ml=volume, rest_min=rest, sprays=sprays, doses_mg=doses.choices, cite=cite
    )
    if not doses.choices or any(device.count(dose) is None for dose in doses.choices):
        row.wrong("doses", f"must be multiples of {content:g} mg")
    return device


def read_dose_rules(shelf: Shelf) -> DoseRules:
    """Rules for every protocol, and ideal body weight."""
    whole = shelf.read(RULES)
    read_review(whole)
    rules: dict[str, DoseRule] = {}
    for key, row in whole.named("rule"):
        rules[key] = DoseRule(key=key, text=row.text("text"), why=row.text("why"), cite=read_cite(row))
        row.close()
    formulas: dict[str, WeightFormula] = {}
    for sex, row in whole.named("ideal_weight"):
        base, step = row.quantity("base", "kg"), row.quantity("per_inch", "kg")
        start, cite = row.quantity("from", "in"), read_cite(row)
        row.close()
        if base is not None and step is not None and start is not None:
            formulas[sex] = WeightFormula(sex=sex, base_kg=base, per_inch_kg=step, from_height_in=start, cite=cite)
    guard = whole.table("guard")
    weight_kg, rounding_pct = None, None
    if guard is not None:
        weight_kg, rounding_pct = read_span(guard, "weight", "kg"), guard.quantity("rounding", "%")
        read_cite(guard)
        guard.close()
    whole.close()
    return DoseRules(
        rules=MappingProxyType(rules),
        ideal_weight=MappingProxyType(formulas),
        weight_kg=weight_kg,
        rounding_pct=rounding_pct,
    )
