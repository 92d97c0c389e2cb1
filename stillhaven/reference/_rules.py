"""How does a rule at a door of a session stand, and where do its numbers come from?"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from stillhaven.reference._facts import read_cite, read_limits, unit_of
from stillhaven.reference.files import Table
from stillhaven.science.findings import Weight
from stillhaven.science.limits import Limit
from stillhaven.science.policy import Door, Policy, PolicyItem, Rule
from stillhaven.science.protocol import Drug, Route
from stillhaven.science.scales import Scale

ACTIONS = ("stop", "pause", "emergency")


def read_weight(row: Table) -> tuple[Weight, tuple[str, ...]]:
    weight, by = row.choice("weight", Weight) or Weight.BLOCK, row.texts("overridable_by")
    if (weight is Weight.OVERRIDE) != bool(by):
        row.wrong("overridable_by", "names roles where weight is override, and only there")
    return weight, by


def policy_item(row: Table, name: str, key: str, policy: Policy) -> PolicyItem | None:
    if key not in policy.items:
        row.wrong(name, f"{key!r} is not an item of session/policy.toml")
        return None
    return policy.items[key]


def read_rules(whole: Table, door: Door, scales: Mapping[str, Scale], policy: Policy) -> tuple[Rule, ...]:
    """`[rule.key]` tables: limits of their own, lines of scales they name, and numbers the clinic sets."""
    found = []
    for key, row in whole.named("rule"):
        cite = read_cite(row)
        weight, by = read_weight(row) if row.has("weight") else (Weight.BLOCK, ())
        limits = read_limits(row, "limits", cite) | _score_lines(row, scales)
        named = named_policy(row, policy)
        for name, item in named.items():
            if unit_of(name) != item.unit:
                row.wrong(f"policy.{name}", f"{item.key!r} is in {item.unit}, the name says {unit_of(name) or 'none'}")
            limits[name] = policy.limit(item.key)
        action = row.text("action", needed=door is Door.STOP)
        if action and action not in ACTIONS:
            row.wrong("action", f"{action!r} is not one of {', '.join(ACTIONS)}")
        readings = row.whole("readings", needed=False)
        found.append(
            Rule(
                key=key,
                door=door,
                title=row.text("title"),
                cite=cite,
                weight=weight,
                overridable_by=by,
                drugs=row.choices("drugs", Drug),
                routes=row.choices("routes", Route),
                to_do=row.text("to_do"),
                action=action,
                limits=MappingProxyType(limits),
                policy=MappingProxyType({name: item.key for name, item in named.items()}),
                signs=row.texts("signs"),
                alarms=row.texts("alarms"),
                readings=1 if readings is None else readings,
                note=row.text("note", needed=False),
            )
        )
        row.close()
    return tuple(found)


def named_policy(row: Table, policy: Policy) -> dict[str, PolicyItem]:
    part = row.table("policy", needed=False)
    if part is None:
        return {}
    found = {name: policy_item(part, name, part.text(name), policy) for name in part.data}
    return {name: item for name, item in found.items() if item is not None}


def _score_lines(row: Table, scales: Mapping[str, Scale]) -> dict[str, Limit]:
    """`scores = ["moaas.stop"]`: the line that a scale draws, under the scale's key (and the cut's, unless `ready`)."""
    found: dict[str, Limit] = {}
    for name in row.texts("scores"):
        key, _, line = name.partition(".")
        cut = scales[key].cut(line) if key in scales else None
        if cut is None:
            row.wrong("scores", f"{name!r} is not a line of a scale (scale.cut)")
            continue
        value = next(v for v in (cut.at_least, cut.at_most, cut.over, 0.0) if v is not None)
        source = cut.cite.source[0] if cut.cite.source else ""
        found[name] = Limit(value=value, unit="points", source=source, confirmed=cut.cite.confirmed)
    return found
