"""May this what-if be drawn at all, or would it leave what the order and its protocol allow?

A what-if changes nothing, but a curve on a screen is a suggestion.  So a rate or an amount that nobody may give is not
drawn: the finding stands there instead.
"""

from __future__ import annotations

from stillhaven.science.findings import Finding
from stillhaven.science.limits import Limit, judge, plain
from stillhaven.science.plan_rules import PlanRules


def what_if_findings(
    rules: PlanRules, *, total_mg: float, weight_kg: float | None, rate_mg_per_h: float | None = None
) -> tuple[Finding, ...]:
    """The limits of dose and rate for everything given and to come.  Only limits that have a number are asked.

    The anaesthetic range begins at its number; a ceiling is not passed until it is exceeded.
    """
    per_kg = None if weight_kg is None else total_mg / weight_kg
    rate_per_kg = None if weight_kg is None or rate_mg_per_h is None else rate_mg_per_h / weight_kg
    found = [
        _under("anaesthetic_range", rules.anaesthetic_from, per_kg, "mg/kg", "the anaesthetic range begins", at=True),
        _under("ceiling_mg_per_kg", rules.ceiling_mg_per_kg, per_kg, "mg/kg", "the ceiling is"),
        _under("ceiling_mg", rules.ceiling_mg, total_mg, "mg", "the ceiling is"),
    ]
    if rate_mg_per_h is not None:
        found += [
            _under("rate_mg_per_h", rules.most_mg_per_h, rate_mg_per_h, "mg/h", "the protocol's most is"),
            _under(
                "rate_mg_per_kg_per_h", rules.most_mg_per_kg_per_h, rate_per_kg, "mg/kg/h", "the protocol's most is"
            ),
        ]
    return tuple(f for f in found if f is not None)


def _under(
    rule: str, limit: Limit | None, value: float | None, unit: str, says: str, *, at: bool = False
) -> Finding | None:
    if limit is None or limit.value is None:
        return None
    whole = "" if rule.startswith("rate") else " in all"
    shown = "" if value is None else f"{plain(round(value, 3))} {unit}{whole}"
    room = limit.value * 1e-9
    ok = None if value is None else (value < limit.value - room if at else value <= limit.value + room)
    words = f"{says} {'at ' if at else ''}{limit.text}"
    return judge(
        rule, ok, yes=f"{shown}; {words}", no=f"{shown}; {words}", unknown=f"{words}, and the weight is not known",
        to_do="weigh" if value is None else "what is beyond this is not drawn", source=limit.source,
    )  # fmt: skip
