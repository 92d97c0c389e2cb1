"""The order's form: what a prescriber is asked, and what was typed as `plan.actions.draft` reads it.

No field holds a hidden default of medicine: a dose, a limit or an observation time stands empty until somebody writes it.
The candidates of the reference stand beside the field with their sources; picking one is a person's deed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from stillhaven.clinic.people.asking import Ask
from stillhaven.clinic.plan.models import Order
from stillhaven.reference.load import Reference
from stillhaven.science.alarms.conditions import AlarmCondition, CitedLimit
from stillhaven.science.errors import BadInput
from stillhaven.science.limits import duration, plain
from stillhaven.science.protocol import Protocol, Route, Span

_ROUTES = {
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
    """The fields of an order by this protocol in their groups, with what was typed and what is wrong with it."""

    def ask(name: str, label: str, kind: str = "text", default: str = "", **more: Any) -> Ask:
        return Ask(name=name, label=label, kind=kind, value=typed.get(name, default), why=trouble.get(name, ""), **more)

    route = _route(protocol, typed)
    products = _products(rules, protocol)
    dose = [
        ask("dose", "Dose", "number", help=_said(protocol, rules)),
        ask("dose_unit", "Unit of the dose", "choice", "", options=(("mg/kg", "mg/kg"), ("mg", "mg"))),
        ask("weight", "Weight the dose is worked out with", "number"),
        ask("weight_unit", "Unit", "choice", "", options=(("kg", "kg"), ("lb", "lb"))),
        ask("weight_basis", "Which weight", "choice", "", options=_BASES),
        ask("weighed_on", "Weighed on", "date"),
        ask("product_mg_per_ml", "Strength of the vial", "number", unit="mg/mL", help=products),
    ]
    if len(protocol.routes) > 1:
        options = tuple((r.value, _ROUTES[r]) for r in protocol.routes)
        dose.insert(0, ask("route", "Route", "choice", "", options=options))
    if route is Route.IV_INFUSION:
        dose += [
            ask("duration_min", "Over", "number", unit="min", help=_over(protocol)),
            ask("bag_ml", "Made up to", "number", unit="mL", help="Drug and diluent together. Empty means undiluted."),
            ask("diluent", "With", "text", "0.9 % saline"),
        ]
    if protocol.drug.value == "esketamine":
        dose.append(ask("device_mg", "Dose of one device", "number", unit="mg"))
    rules_ = [
        ask("fasting_food_h", "No food for", "number", unit="h", help=_fasting(rules, protocol)),
        ask("fasting_liquid_h", "No clear drinks for", "number", unit="h"),
        ask("observation_min", "Observe for", "number", unit="min", help=_observe(rules, protocol)),
        ask("valid_from", "Good from", "date"),
        ask("valid_until", "Good until", "date"),
        ask("note", "Remark for the nurse", "long"),
    ]
    return {"dose": dose, "rules": rules_}


def _route(protocol: Protocol, typed: Mapping[str, Any]) -> Route | None:
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
        f"{_span(d.amount)} ({'; '.join(cited(key, rules) for key in d.cite.source)}, {d.cite.words})"
        for d in protocol.doses
        if d.amount is not None
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


def _observe(rules: Reference, protocol: Protocol) -> str:
    found = rules.recovery.rules_for(protocol.drug, protocol.routes[0]).observation.minimum
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


def rescue_rows(rules: Reference, typed: Mapping[str, Any], trouble: Mapping[str, str]) -> list[list[Ask]]:
    """Rows in which a prescriber orders rescue drugs.  Nothing is filled in: no file of ours holds a dose to order."""
    names = [("", "none"), *((d.key, d.name) for d in rules.rescue_drugs.values() if d.key != "no_antidote")]
    labels = {"drug": "Drug", "dose": "Dose", "max_dose": "At most, at a time", "unit": "Unit", "route": "Route",
              "max_times": "How many times", "when": "When"}  # fmt: skip
    return [
        [
            Ask(name=f"rescue.{n}.{key}", label=labels[key], kind="select" if key == "drug" else "text",
                options=tuple(names) if key == "drug" else (), value=typed.get(f"rescue.{n}.{key}", ""),
                why=trouble.get(f"rescue.{n}.{key}", ""))
            for key in RESCUE_FIELDS
        ]
        for n in range(RESCUE_ROWS)
    ]  # fmt: skip


def read_rescue(rules: Reference, posted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Typed rescue orders as an order keeps them.  BadInput names the field that is missing."""
    found = []
    for n in range(RESCUE_ROWS):
        key = str(posted.get(f"rescue.{n}.drug", ""))
        if not key:
            continue
        drug = rules.rescue_drugs.get(key)
        if drug is None:
            raise BadInput(f"rescue.{n}.drug", "is not on the list")
        row: dict[str, Any] = {"key": key, "drug": drug.name}
        for name in ("dose", "max_dose", "max_times"):
            row[name] = _number(posted, f"rescue.{n}.{name}", whole=name == "max_times")
        for name in ("unit", "route", "when"):
            row[name] = str(posted.get(f"rescue.{n}.{name}", "")).strip()
            if not row[name]:
                raise BadInput(f"rescue.{n}.{name}", "write it; an order leaves nothing open")
        if row["dose"] > row["max_dose"]:
            raise BadInput(f"rescue.{n}.max_dose", "is less than the dose")
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
    typed = {k: v for k, v in posted.items() if not k.startswith(("limit.", "rescue."))}
    return typed | {"limits": read_limits(rules, posted), "rescue": read_rescue(rules, posted)}


def from_order(order: Order) -> dict[str, Any]:
    """The form as it stood when an order was signed, for a new version of it."""
    typed: dict[str, Any] = {
        "protocol": order.protocol, "route": order.route, "weight_unit": "kg", "weight_basis": order.weight_basis,
        "dose": _text(order.dose_mg_per_kg or order.dose_mg), "dose_unit": "mg/kg" if order.dose_mg_per_kg else "mg",
        "weight": _text(order.weight_kg), "weighed_on": order.weighed_on.isoformat() if order.weighed_on else "",
        "duration_min": _text(order.duration_min), "bag_ml": _text(order.volume_ml) if order.duration_min else "",
        "fasting_food_h": _text(order.fasting_food_h), "fasting_liquid_h": _text(order.fasting_liquid_h),
        "observation_min": "" if order.observation_min is None else str(order.observation_min),
        "valid_from": order.valid_from.isoformat(), "valid_until": order.valid_until.isoformat(), "note": order.note,
    }  # fmt: skip
    for row in order.limits:
        typed[limit_name(row["condition"], row["signal"], row["tier"])] = plain(float(row["value"]))
    for n, row in enumerate(order.rescue[:RESCUE_ROWS]):
        for key in RESCUE_FIELDS:
            typed[f"rescue.{n}.{key}"] = row["key"] if key == "drug" else row[key]
    return typed


def _text(value: Any) -> str:
    return "" if value is None else f"{value.normalize():f}"


def day_defaults(today: date) -> dict[str, str]:
    """Administrative days that a form may begin with: from today for a week."""
    return {"valid_from": today.isoformat(), "valid_until": (today + timedelta(days=6)).isoformat()}
