"""The order's form: what a prescriber is asked, and what was typed as `plan.actions.draft` reads it.

No field holds a hidden default of medicine: a dose, a limit or an observation time stands empty until somebody writes it.
The candidates of the reference stand beside the field with their sources; picking one is a person's deed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from stillhaven.clinic.people.asking import Ask
from stillhaven.clinic.plan import proposals, working
from stillhaven.clinic.plan.models import Order
from stillhaven.reference.load import Reference
from stillhaven.science.alarms.conditions import AlarmCondition, CitedLimit
from stillhaven.science.errors import BadInput
from stillhaven.science.limits import duration, plain
from stillhaven.science.protocol import Protocol, Route, Span

ROUTES = {
    Route.IV_INFUSION: "into a vein, infusion", Route.IV_BOLUS: "into a vein, bolus", Route.IM: "into a muscle",
    Route.INTRANASAL: "by the nose", Route.ORAL: "by mouth", Route.SUBLINGUAL: "under the tongue",
}  # fmt: skip
_BASES = (("actual", "as weighed"), ("ideal", "ideal"), ("adjusted", "adjusted"))


@dataclass(frozen=True, kw_only=True)
class LimitAsk:
    """One alarm limit that the order may set: its field, and who says what beside it."""

    name: str
    title: str
    signal: str
    unit: str
    tier: str
    action: str
    value: str
    candidates: tuple[str, ...]
    clinic: str
    why: str = ""


def orderable(rules: Reference) -> list[Protocol]:
    """Protocols that an order can be made from, by title."""
    return sorted((p for p in rules.protocols.values() if p.is_orderable), key=lambda p: p.title)


def fields(
    rules: Reference, protocol: Protocol, typed: Mapping[str, Any], trouble: Mapping[str, str]
) -> dict[str, list[Ask]]:
    """The fields that this protocol's route needs, in their groups, with what was typed and what is wrong with it."""

    def ask(name: str, label: str, kind: str = "text", default: str = "", **more: Any) -> Ask:
        return Ask(name=name, label=label, kind=kind, value=typed.get(name, default), why=trouble.get(name, ""), **more)

    route = route_of(protocol, typed)
    groups: dict[str, list[Ask]] = {"route": [], "dose": [], "prepare": [], "ramp": []}
    if len(protocol.routes) > 1:
        options = tuple((r.value, ROUTES[r]) for r in protocol.routes)
        groups["route"].append(ask("route", "Route", "choice", options=options))
    if route is not None:
        groups |= _dose_fields(rules, protocol, route, ask, typed)
    day_rules = [
        ask("fasting_food_h", "No food for", "number", unit="h", help=_fasting(rules, protocol)),
        ask("fasting_liquid_h", "No clear drinks for", "number", unit="h"),
        ask("observation_min", "Observe for", "number", unit="min", help=_observe(rules, protocol, route)),
    ]
    tables = [t for t in rules.session.timetables if route in t.routes and protocol.drug in t.drugs]
    if tables:
        options = (("", "the clinic's own"), *((t.key, t.title) for t in tables))
        day_rules.append(ask("timetable", "Check timetable", "select", options=options))
    day_rules += [
        ask("holds", "Hold the drug when", "long", help="One a line, in your words. Alarm limits stand below."),
        ask("for_sessions", "Good for how many sessions", "number", help="Empty means one. Each session weighs anew: "
            "where the weight has changed by more than the clinic allows, the order is signed again."),
        ask("valid_from", "Good from", "date"),
        ask("valid_until", "Good until", "date"),
        ask("note", "Remark for the nurse", "long"),
    ]  # fmt: skip
    return groups | {"rules": day_rules}


def _dose_fields(
    rules: Reference, protocol: Protocol, route: Route, ask: Callable[..., Ask], typed: Mapping[str, Any]
) -> dict[str, list[Ask]]:
    found = proposals.proposals(rules, protocol, route)
    dose: list[Ask] = []
    if found:
        options = [(p.key, _proposed(p, rules)) for p in found]
        dose.append(ask("take", "Take what the protocol gives, or write your own", "choice",
                        options=(*options, (proposals.OWN, "I write my own numbers below"))))  # fmt: skip
    device = rules.drugs[protocol.drug].device
    if device is not None and route is Route.INTRANASAL:
        each = plain(device.content_mg)
        dose.append(
            ask("dose", "Dose", "number", unit="mg", help=f"In whole devices of {each} mg. {_said(protocol, rules)}")
        )
        return {"dose": dose, "prepare": [], "ramp": []}
    infusion = route is Route.IV_INFUSION
    units = ["mg/kg", "mg", *(("mg/kg/h", "mg/h") if infusion else ())]
    dose += [
        ask("dose", "Dose", "number", help=_said(protocol, rules)),
        ask("dose_unit", "Unit of the dose", "choice", options=tuple((u, u) for u in units)),
        ask("weight", "Weight the dose is worked out with", "number"),
        ask("weight_unit", "Unit", "choice", options=(("kg", "kg"), ("lb", "lb"))),
        ask("weight_basis", "Which weight", "choice", options=_BASES),
        ask("weighed_on", "Weighed on", "date", help=_weight_rule(rules)),
    ]
    prepare: list[Ask] = []
    counted = route in (Route.ORAL, Route.SUBLINGUAL)
    if counted:
        prepare.append(
            ask("form", "Given as", "choice", options=(("liquid", "liquid, by mL"), ("units", "tablets or troches")))
        )
        prepare.append(ask("unit_mg", "One tablet or troche holds", "number", unit="mg"))
    strength = "Strength of the liquid" if counted else "Strength of the vial"
    prepare.append(ask("product_mg_per_ml", strength, "number", unit="mg/mL", help=_products(rules, protocol)))
    if infusion or route is Route.IV_BOLUS:
        needed = "" if infusion else "A bolus is pushed over this time. "
        prepare.insert(0, ask("duration_min", "Over", "number", unit="min", help=needed + _over(protocol)))
        made = (
            ("made_up_to", "drug and diluent together"),
            ("added_to", "drug on top of the bag"),
            ("undiluted", "undiluted"),
        )
        prepare += [
            ask("bag_ml", "Made up to", "number", unit="mL", help="Empty means undiluted."),
            ask("bag", "This volume is", "choice", options=made, help="Left open: drug and diluent together."),
            ask("diluent", "With", "text", "0.9 % saline"),
        ]
    ramp = []
    if infusion:
        for n in range(working.RAMP_ROWS):
            ramp.append(ask(f"ramp.{n}.minutes", f"Step {n + 1}: for", "number", unit="min"))
            ramp.append(ask(f"ramp.{n}.pct", f"Step {n + 1}: at", "number", unit="% of the full rate"))
    return {"dose": dose, "prepare": prepare, "ramp": ramp}


def _proposed(proposal: proposals.Proposal, rules: Reference) -> str:
    names = "; ".join(cited(key, rules) for key in proposal.keys)
    only = f" · only: {proposal.only}" if proposal.only else ""
    return f"{proposal.text} · {names}, {proposal.words}{only}"


def _weight_rule(rules: Reference) -> str:
    limit = rules.policy.limit("weight_max_age_d")
    return (
        f"The clinic allows {limit.text}."
        if limit.value is not None
        else "How old a weight may be is not set by the clinic."
    )


def route_of(protocol: Protocol, typed: Mapping[str, Any]) -> Route | None:
    if len(protocol.routes) == 1:
        return protocol.routes[0]
    return next((r for r in protocol.routes if r.value == typed.get("route")), None)


def _span(span: Span | None) -> str:
    if span is None:
        return ""
    if span.choices:
        return f"{', '.join(plain(c) for c in span.choices)} {span.unit}"
    if span.low is None or span.high is None:
        only = span.low if span.low is not None else span.high
        return "" if only is None else f"{plain(only)} {span.unit}"
    return (
        f"{plain(span.low)} {span.unit}"
        if span.low == span.high
        else f"{plain(span.low)} to {plain(span.high)} {span.unit}"
    )


def _said(protocol: Protocol, rules: Reference) -> str:
    """What the source gave, with where it stands: to read, never filled in."""
    parts = [
        f"{span} ({'; '.join(cited(key, rules) for key in d.cite.source)}, {d.cite.words})"
        for d in protocol.doses
        for span in (d.amount, d.rate)
        if span is not None
    ]
    return ("The source gave " + "; ".join(parts)) if parts else "No source gives a dose: the prescriber writes it."


def _over(protocol: Protocol) -> str:
    parts = [_span(d.over) for d in protocol.doses if d.over is not None]
    return f"The source gave {', '.join(parts)}" if parts else "The source leaves it open."


def _products(rules: Reference, protocol: Protocol) -> str:
    facts = rules.drugs[protocol.drug]
    strengths = [plain(float(p.mg_per_ml)) for p in getattr(facts, "products", ()) if getattr(p, "mg_per_ml", None)]
    return (
        f"On the market: {', '.join(dict.fromkeys(strengths))} mg/mL. Read it off the vial."
        if strengths
        else "Read it off the vial."
    )


def _fasting(rules: Reference, protocol: Protocol) -> str:
    limits = rules.session.start.fasting.get(protocol.drug.value) or ()
    said = [
        f"{x.label} {duration(x.at_least.value * 60) if x.at_least.value is not None else x.at_least.text}"
        for x in limits
    ]
    return ("The house asks: " + "; ".join(said) + ". The longer time holds.") if said else ""


def _observe(rules: Reference, protocol: Protocol, route: Route | None) -> str:
    found = rules.recovery.rules_for(protocol.drug, route or protocol.routes[0]).observation.minimum
    return "Whoever sets nothing leaves it to the clinic's rule: " + found.text


# ---------------------------------------------------------------- alarm limits and rescue drugs
def limit_asks(
    rules: Reference, typed: Mapping[str, Any], trouble: Mapping[str, str], clinic: Mapping[tuple[str, str, str], str]
) -> list[LimitAsk]:
    """Every limit that an order may set, condition by condition."""
    found = []
    for condition in rules.alarms.conditions:
        if (
            not condition.has_limits
            or condition.limits_of
            or condition.technical
            or condition.key.startswith("pressure_before")
        ):
            continue
        for tier in condition.tiers:
            for signal in condition.signals:
                if signal not in rules.signals:
                    continue
                name = limit_name(condition.key, signal, tier.key)
                found.append(LimitAsk(
                    name=name, title=condition.title, signal=rules.signals[signal].name, unit=rules.signals[signal].unit,
                    tier={"warn": "warn", "act": "act at once"}.get(tier.key, tier.key), action=tier.action,
                    value=str(typed.get(name, "")), why=trouble.get(name, ""),
                    candidates=tuple(_candidate(c, rules) for c in (*tier.shipped, *tier.candidates) if c.signal == signal),
                    clinic=clinic.get((condition.key, signal, tier.key), ""),
                ))  # fmt: skip
    return found


def limit_name(condition: str, signal: str, tier: str) -> str:
    return f"limit.{condition}.{signal}.{tier}"


def _candidate(c: CitedLimit, rules: Reference) -> str:
    basis = {"rise": " over baseline", "percent": " % over baseline"}.get(c.basis.value, "")
    kind = "our own proposal" if c.source in ("OWN", "house") else cited(c.source, rules)
    return f"{plain(c.value)}{basis} ({kind}{'' if c.confirmed else ', not confirmed'})"


def cited(key: str, rules: Reference) -> str:
    """A source in few words; the whole citation stands in the reference pages."""
    source = rules.sources.get(key)
    if source is None or key in ("OWN", "house"):
        return "our own setting" if source is not None else key
    words = re.sub(r"\s*https?://\S+( and)?", "", source.cite).split()
    return " ".join(words[:9]).rstrip(".,;") + (" …" if len(words) > 9 else "")


def read_limits(rules: Reference, posted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Typed limits as an order keeps them; an empty field sets none."""
    found = []
    for name, text in sorted(posted.items()):
        if not name.startswith("limit.") or not str(text).strip():
            continue
        _, condition, signal, tier = name.split(".", 3)
        known: AlarmCondition | None = rules.alarms.by_key.get(condition)
        if known is None or signal not in known.signals or tier not in {t.key for t in known.tiers}:
            raise BadInput(name, "is not a limit that an order sets")
        try:
            value = float(str(text).replace(",", "."))
        except ValueError:
            raise BadInput(name, "write a plain number") from None
        found.append({"condition": condition, "signal": signal, "tier": tier, "value": value})
    return found


RESCUE_FIELDS = ("drug", "dose", "max_dose", "unit", "route", "max_times", "when")
RESCUE_ROWS = 4


def rescue_rows(
    rules: Reference, typed: Mapping[str, Any], trouble: Mapping[str, str], group: str = "rescue"
) -> list[list[Ask]]:
    """Rows in which a prescriber orders rescue drugs, or premedication.  No file of ours holds a dose to order."""
    names = [("", "none"), *((d.key, d.name) for d in rules.rescue_drugs.values() if d.key != "no_antidote")]
    labels = {"drug": "Drug", "dose": "Dose", "max_dose": "At most, at a time", "unit": "Unit", "route": "Route",
              "max_times": "How many times", "when": "When"}  # fmt: skip
    return [
        [
            Ask(name=f"{group}.{n}.{key}", label=labels[key], kind="select" if key == "drug" else "text",
                options=tuple(names) if key == "drug" else (), value=typed.get(f"{group}.{n}.{key}", ""),
                why=trouble.get(f"{group}.{n}.{key}", ""))
            for key in RESCUE_FIELDS
        ]
        for n in range(RESCUE_ROWS)
    ]  # fmt: skip


def read_rescue(rules: Reference, posted: Mapping[str, Any], group: str = "rescue") -> list[dict[str, Any]]:
    """Typed rescue orders as an order keeps them.  BadInput names the field that is missing."""
    found = []
    for n in range(RESCUE_ROWS):
        key = str(posted.get(f"{group}.{n}.drug", ""))
        if not key:
            continue
        drug = rules.rescue_drugs.get(key)
        if drug is None:
            raise BadInput(f"{group}.{n}.drug", "is not on the list")
        row: dict[str, Any] = {"key": key, "drug": drug.name}
        for name in ("dose", "max_dose", "max_times"):
            row[name] = _number(posted, f"{group}.{n}.{name}", whole=name == "max_times")
        for name in ("unit", "route", "when"):
            row[name] = str(posted.get(f"{group}.{n}.{name}", "")).strip()
            if not row[name]:
                raise BadInput(f"{group}.{n}.{name}", "write it; an order leaves nothing open")
        if row["dose"] > row["max_dose"]:
            raise BadInput(f"{group}.{n}.max_dose", "is less than the dose")
        found.append(row)
    return found


def _number(posted: Mapping[str, Any], name: str, *, whole: bool) -> float:
    try:
        number = float(str(posted.get(name, "")).replace(",", "."))
    except ValueError:
        raise BadInput(name, "write a number") from None
    if not 0 < number < 1e6 or (whole and number != int(number)):
        raise BadInput(name, "write a whole number over 0" if whole else "write a number over 0")
    return int(number) if whole else number


# ---------------------------------------------------------------- what was typed
def typed_of(rules: Reference, posted: Mapping[str, Any]) -> dict[str, Any]:
    """The form's text as `draft` reads it."""
    typed = {k: v for k, v in posted.items() if not k.startswith(("limit.", "rescue.", "premed."))}
    return typed | {
        "limits": read_limits(rules, posted), "rescue": read_rescue(rules, posted),
        "premedication": read_rescue(rules, posted, "premed"),
    }  # fmt: skip


def from_order(order: Order) -> dict[str, Any]:
    """The form as it stood when an order was signed, for a new version of it."""
    kept = order.worked
    typed: dict[str, Any] = {
        "protocol": order.protocol, "route": order.route, "weight_unit": "kg", "weight_basis": order.weight_basis,
        "dose": _text(order.dose_mg_per_kg or order.dose_mg), "dose_unit": "mg/kg" if order.dose_mg_per_kg else "mg",
        "weight": _text(order.weight_kg), "weighed_on": order.weighed_on.isoformat() if order.weighed_on else "",
        "duration_min": _text(order.duration_min), "bag_ml": _text(order.volume_ml) if order.duration_min else "",
        "fasting_food_h": _text(order.fasting_food_h), "fasting_liquid_h": _text(order.fasting_liquid_h),
        "observation_min": "" if order.observation_min is None else str(order.observation_min),
        "valid_from": order.valid_from.isoformat(), "valid_until": order.valid_until.isoformat(), "note": order.note,
        "timetable": order.timetable, "holds": "\n".join(order.holds), "for_sessions": str(order.for_sessions),
    }  # fmt: skip
    if kept:
        typed |= _from_kept(kept)
    for row in order.limits:
        typed[limit_name(row["condition"], row["signal"], row["tier"])] = plain(float(row["value"]))
    for group, rows in (("rescue", order.rescue), ("premed", order.premedication)):
        for n, row in enumerate(rows[:RESCUE_ROWS]):
            for key in RESCUE_FIELDS:
                typed[f"{group}.{n}.{key}"] = row["key"] if key == "drug" else row[key]
    return typed


def _from_kept(kept: Mapping[str, Any]) -> dict[str, Any]:
    """The starting numbers as they were typed; the strength of a vial is read off a label anew."""

    def number(name: str) -> str:
        return plain(float(Fraction(kept[name]))) if kept.get(name) else ""

    found = {"dose": number("dose"), "dose_unit": kept["dose_unit"], "bag_ml": number("bag_ml")}
    if kept["bag_ml"]:
        found |= {"bag": kept["bag"], "diluent": kept["diluent"]}
    if kept.get("weight_entered"):
        found["weight"], _, found["weight_unit"] = kept["weight_entered"].rpartition(" ")
    if kept["unit_mg"]:
        found |= {"form": "units", "unit_mg": number("unit_mg")}
    if kept.get("over_min"):
        found["duration_min"] = kept["over_min"]
    if len(kept["steps"]) > 1:
        for n, (minutes, pct) in enumerate(kept["steps"]):
            found |= {
                f"ramp.{n}.minutes": plain(float(Fraction(minutes))),
                f"ramp.{n}.pct": plain(float(Fraction(pct))),
            }
    return found


def _text(value: Any) -> str:
    return "" if value is None else f"{value.normalize():f}"


def day_defaults(today: date) -> dict[str, str]:
    """Administrative days that a form may begin with: from today for a week."""
    return {"valid_from": today.isoformat(), "valid_until": (today + timedelta(days=6)).isoformat()}
