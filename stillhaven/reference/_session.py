"""What starts, checks, stops and prepares a session, and by which numbers?"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from stillhaven.reference._facts import read_cite, read_limits, read_moments, read_review, unit_of
from stillhaven.reference.files import Shelf, Table
from stillhaven.science.findings import Weight
from stillhaven.science.limits import Limit, Standing
from stillhaven.science.policy import (
    CheckTimetable,
    Door,
    FastingRule,
    Policy,
    PolicyItem,
    Rule,
    SessionRules,
)
from stillhaven.science.protocol import Drug, Route
from stillhaven.science.scales import Scale
from stillhaven.science.start_facts import FastingLimit, Interaction, PressureRule, StartRules
from stillhaven.science.vitals import Signal

START, STOP, CHECKS = "session/start.toml", "session/stop.toml", "session/checks.toml"
PREPARATION, INTERACTIONS = "session/preparation.toml", "session/interactions.toml"
ACTIONS = ("stop", "pause", "emergency")
STANDINGS = ("rule", "conflicting", "not_computable", "text")
MEASURES = ("pressure", "heart_rate", "spo2", "resp_rate", "sedation", "dissociation", "pain", "nausea")
INTERVALS = ("during_every_min", "recovery_every_min", "between_every_min")


def read_session(
    shelf: Shelf,
    signals: Mapping[str, Signal],
    scales: Mapping[str, Scale],
    policy: Policy,
    equipment: Mapping[str, str],
) -> SessionRules:
    """All rules of a session, ready for science."""
    fasting = _fasting(shelf)
    interactions = _interactions(shelf)
    start, rules = _start(shelf, signals, policy, fasting, interactions, equipment)
    return SessionRules(
        start=start,
        start_rules=rules,
        stop=read_rules(shelf.read(STOP), Door.STOP, scales, policy),
        fasting=fasting,
        timetables=_timetables(shelf, signals, policy),
    )


# ---------------------------------------------------------------- start
def _start(
    shelf: Shelf,
    signals: Mapping[str, Signal],
    policy: Policy,
    fasting: tuple[FastingRule, ...],
    interactions: tuple[Interaction, ...],
    equipment: Mapping[str, str],
) -> tuple[StartRules, tuple[Rule, ...]]:
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
    return start, rules


def _standing(key: str, row: Table) -> Rule:
    weight, by = _weight(row)
    rule = Rule(
        key=key, door=Door.START, title=row.text("title"), weight=weight, overridable_by=by, cite=read_cite(row)
    )
    row.close()
    return rule


def _weight(row: Table) -> tuple[Weight, tuple[str, ...]]:
    weight, by = row.choice("weight", Weight) or Weight.BLOCK, row.texts("overridable_by")
    if (weight is Weight.OVERRIDE) != bool(by):
        row.wrong("overridable_by", "names roles where weight is override, and only there")
    return weight, by


def _pressure(row: Table) -> PressureRule | None:
    systolic, diastolic = row.quantity("systolic", "mmHg"), row.quantity("diastolic", "mmHg")
    weight, by = _weight(row)
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
    item = _policy_item(row, name, row.text(name), policy)
    if item is None:
        return Limit(value=None, unit=unit)
    if item.unit != unit:
        row.wrong(name, f"{item.key!r} is in {item.unit or 'no unit'}, not in {unit}")
    return policy.limit(item.key)


def _policy_item(row: Table, name: str, key: str, policy: Policy) -> PolicyItem | None:
    if key not in policy.items:
        row.wrong(name, f"{key!r} is not an item of session/policy.toml")
        return None
    return policy.items[key]


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
        weight, by = _weight(row)
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


# ---------------------------------------------------------------- rules at a door
def read_rules(whole: Table, door: Door, scales: Mapping[str, Scale], policy: Policy) -> tuple[Rule, ...]:
    """`[rule.key]` tables: limits of their own, lines of scales they name, and numbers the clinic sets."""
    read_review(whole)
    found = []
    for key, row in whole.named("rule"):
        cite = read_cite(row)
        weight, by = _weight(row) if row.has("weight") else (Weight.BLOCK, ())
        limits = read_limits(row, "limits", cite) | _score_lines(row, scales)
        named = _named_policy(row, policy)
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
    whole.close()
    return tuple(found)


def _named_policy(row: Table, policy: Policy) -> dict[str, PolicyItem]:
    part = row.table("policy", needed=False)
    if part is None:
        return {}
    found = {name: _policy_item(part, name, part.text(name), policy) for name in part.data}
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


# ---------------------------------------------------------------- timetables
def _timetables(shelf: Shelf, signals: Mapping[str, Signal], policy: Policy) -> tuple[CheckTimetable, ...]:
    whole = shelf.read(CHECKS)
    read_review(whole)
    found = tuple(_timetable(key, row, signals, policy) for key, row in whole.named("timetable"))
    whole.close()
    taken: dict[tuple[Drug, Route], str] = {}
    for table in (t for t in found if t.in_use):
        for pair in ((drug, route) for drug in table.drugs for route in table.routes):
            if pair in taken:
                whole.wrong(f"timetable.{table.key}", f"{pair[0]} {pair[1]} is in use in {taken[pair]} already")
            taken[pair] = table.key
    return found


def _timetable(key: str, row: Table, signals: Mapping[str, Signal], policy: Policy) -> CheckTimetable:
    cite = read_cite(row)
    every = {
        "during_every_min": row.quantity("during_every", "min", needed=False),
        "recovery_every_min": row.quantity("recovery_every", "min", needed=False),
        "between_every_min": None,
    }
    named = _named_policy(row, policy)
    for name, item in named.items():
        if name not in INTERVALS or item.unit != "min":
            row.wrong(f"policy.{name}", f"is not one of {', '.join(INTERVALS)} in minutes")
        else:
            every[name] = item.value
    for name, value in every.items():
        if value is not None and value <= 0:
            row.wrong(name, "must be over 0 min")
    measures, continuous = row.texts("measures"), row.texts("continuous")
    for name in measures:
        if name not in MEASURES:
            row.wrong("measures", f"{name!r} is not one of {', '.join(MEASURES)}")
    for name in continuous:
        if name not in signals:
            row.wrong("continuous", f"{name!r} is not a signal")
    table = CheckTimetable(
        key=key,
        title=row.text("title"),
        cite=cite,
        drugs=row.choices("drugs", Drug, needed=True),
        routes=row.choices("routes", Route, needed=True),
        in_use=row.flag("in_use", needed=False),
        before_leaving=row.flag("before_leaving", needed=False),
        at_min=read_moments(row, "at"),
        after_end_min=read_moments(row, "after_end"),
        during_every_min=every["during_every_min"],
        recovery_every_min=every["recovery_every_min"],
        between_every_min=every["between_every_min"],
        measures=measures,
        continuous=continuous,
        policy=MappingProxyType({name: item.key for name, item in named.items()}),
        asks=tuple(item.key for item in named.values() if not item.is_set),
        note=row.text("note", needed=False),
    )
    row.close()
    return table


__all__ = ["read_rules", "read_session"]
