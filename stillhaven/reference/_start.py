"""What must be so before the drug starts, by which numbers, and what prepares a person for it?"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from stillhaven.reference._facts import read_cite, read_review
from stillhaven.reference._rules import policy_item, read_weight
from stillhaven.reference.files import Shelf, Table
from stillhaven.science.limits import Limit, Standing
from stillhaven.science.policy import Door, FastingRule, Policy, Rule
from stillhaven.science.protocol import Drug
from stillhaven.science.start_facts import FastingLimit, Interaction, PressureRule, StartRules
from stillhaven.science.vitals import Signal

START = "session/start.toml"
PREPARATION, INTERACTIONS = "session/preparation.toml", "session/interactions.toml"
STANDINGS = ("rule", "conflicting", "not_computable", "text")


def read_start(
    shelf: Shelf,
    signals: Mapping[str, Signal],
    policy: Policy,
    equipment: Mapping[str, str],
) -> tuple[StartRules, tuple[Rule, ...], tuple[FastingRule, ...]]:
    """What the start rules are asked by, the same rules to read, and every fasting rule, conflicting ones too."""
    fasting, interactions = _fasting(shelf), _interactions(shelf)
    whole = shelf.read(START)
    read_review(whole)
    read_cite(whole)
    identifiers, silence = whole.whole("identifiers_needed"), whole.quantity("monitor_silence", "s")
    rules = tuple(_standing(key, row) for key, row in whole.named("standing"))
    pressure = {}
    for key, row in whole.named("pressure"):
        drug = _drug(row, key)
        found = _pressure(row)
        if drug is not None and found is not None:
            pressure[drug.value] = found
    start = StartRules(
        identifiers_needed=Limit(
            value=None if identifiers is None else float(identifiers), unit="identifiers", source="house"
        ),
        weight_max_age_days=_set_by_clinic(whole, "weight_max_age", policy, "d"),
        weight_change_pct=_set_by_clinic(whole, "weight_change", policy, "%"),
        baseline_max_age_min=_set_by_clinic(whole, "baseline_max_age", policy, "min"),
        monitor_silence_s=Limit(value=silence, unit="s", source="house"),
        baseline_signals=_labels(whole, "baseline_signals", signals),
        monitored_signals=_labels(whole, "monitored_signals", signals),
        prescriber_on_site_for=frozenset(d.value for d in whole.choices("prescriber_on_site_for", Drug)),
        enrolment_for=frozenset(d.value for d in whole.choices("enrolment_for", Drug)),
        fasting=MappingProxyType({drug.value: _limits_for(drug, fasting) for drug in Drug}),
        pressure=MappingProxyType(pressure),
        sedation_at_least=None,
        interactions=MappingProxyType({drug.value: interactions for drug in Drug}),
        equipment=equipment,
        how=MappingProxyType({rule.key: rule.standing for rule in rules}),
    )
    whole.close()
    return start, rules, fasting


def _standing(key: str, row: Table) -> Rule:
    weight, by = read_weight(row)
    rule = Rule(
        key=key, door=Door.START, title=row.text("title"), weight=weight, overridable_by=by, cite=read_cite(row)
    )
    row.close()
    return rule


def _pressure(row: Table) -> PressureRule | None:
    systolic, diastolic = row.quantity("systolic", "mmHg"), row.quantity("diastolic", "mmHg")
    weight, by = read_weight(row)
    to_do, cite = row.text("to_do"), read_cite(row)
    row.close()
    if systolic is None or diastolic is None:
        return None
    if systolic <= diastolic:
        row.wrong("systolic", f"{systolic:g} is not over diastolic {diastolic:g}")
    source = cite.source[0] if cite.source else ""
    return PressureRule(
        systolic=Limit(value=systolic, unit="mmHg", source=source, confirmed=cite.confirmed),
        diastolic=Limit(value=diastolic, unit="mmHg", source=source, confirmed=cite.confirmed),
        how=Standing(weight=weight, overridable_by=by, source=source),
        to_do=to_do,
    )


def _set_by_clinic(row: Table, name: str, policy: Policy, unit: str) -> Limit:
    """The limit of a policy item that the row names: its value where the clinic has set it, else None."""
    item = policy_item(row, name, row.text(name), policy)
    if item is None:
        return Limit(value=None, unit=unit)
    if item.unit != unit:
        row.wrong(name, f"{item.key!r} is in {item.unit or 'no unit'}, not in {unit}")
    return policy.limit(item.key)


def _labels(row: Table, name: str, signals: Mapping[str, Signal]) -> Mapping[str, str]:
    found = {}
    for key in row.texts(name, needed=True):
        if key not in signals:
            row.wrong(name, f"{key!r} is not a signal")
        else:
            found[key] = signals[key].name.lower() if not signals[key].name.isupper() else signals[key].name
    return MappingProxyType(found)


def _drug(row: Table, key: str) -> Drug | None:
    try:
        return Drug(key)
    except ValueError:
        row.wrong("", f"{key!r} is not one of {', '.join(Drug)}")
        return None


# ---------------------------------------------------------------- preparation and interactions
def _fasting(shelf: Shelf) -> tuple[FastingRule, ...]:
    whole = shelf.read(PREPARATION)
    read_review(whole)
    found = []
    for key, row in whole.named("rule"):
        cite, standing = read_cite(row), row.text("standing")
        limits, labels = {}, {}
        for kind, part in row.named("none_for"):
            labels[kind] = part.text("label")
            minutes = part.quantity("time", "min")
            part.close()
            if minutes is not None:
                source = cite.source[0] if cite.source else ""
                limits[kind] = Limit(value=minutes, unit="min", source=source, confirmed=cite.confirmed)
        rule = FastingRule(
            key=key,
            title=row.text("title"),
            drugs=row.choices("drugs", Drug, needed=True),
            standing=standing,
            conflict=row.text("conflict", needed=False),
            limits=MappingProxyType(limits),
            labels=MappingProxyType(labels),
            cite=cite,
        )
        row.close()
        if standing not in STANDINGS:
            row.wrong("standing", f"{standing!r} is not one of {', '.join(STANDINGS)}")
        if (standing == "rule") != bool(limits):
            row.wrong("none_for", "stands where standing is rule, and only there")
        if standing in ("conflicting", "not_computable") and not rule.conflict:
            row.wrong("conflict", "is missing: what does it conflict with, or why can it not be computed?")
        found.append(rule)
    whole.close()
    return tuple(found)


def _limits_for(drug: Drug, rules: tuple[FastingRule, ...]) -> tuple[FastingLimit, ...]:
    """Every computable limit for a drug; science lets the longest of one kind hold."""
    return tuple(
        FastingLimit(kind=kind, label=rule.labels[kind], at_least=limit)
        for rule in rules
        if rule.standing == "rule" and drug in rule.drugs
        for kind, limit in rule.limits.items()
    )


def _interactions(shelf: Shelf) -> tuple[Interaction, ...]:
    whole = shelf.read(INTERACTIONS)
    read_review(whole)
    found = []
    for key, row in whole.named("class"):
        weight, by = read_weight(row)
        cite = read_cite(row)
        source = cite.source[0] if cite.source else ""
        found.append(
            Interaction(
                key=key,
                label=row.text("label"),
                because=row.text("because"),
                to_do=row.text("to_do"),
                how=Standing(weight=weight, overridable_by=by, source=source),
            )
        )
        row.close()
    whole.close()
    return tuple(found)
