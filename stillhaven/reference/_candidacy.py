"""What does the clinic know of candidacy: facts, rules, indications, thresholds, and whom each protocol was written for?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from stillhaven.reference._facts import read_cite, read_review
from stillhaven.reference.files import Shelf, Table
from stillhaven.science.candidacy import CandidacyRules, ForWhom, Threshold
from stillhaven.science.candidacy_conditions import Condition, Kind
from stillhaven.science.candidacy_facts import ASKED, TYPES, FactKind
from stillhaven.science.candidacy_indications import Grade, Indication, Legal, Result, TrialResult
from stillhaven.science.candidacy_rules import Action, Group, Rule, Then
from stillhaven.science.candidacy_trials import Definition
from stillhaven.science.limits import Limit
from stillhaven.science.protocol import Cite, Drug, Route

FACTS, CLASSES = "candidacy/facts.toml", "medicines/classes.toml"
INDICATIONS, RESISTANCE, FITS = "candidacy/indications.toml", "candidacy/resistance.toml", "candidacy/fits.toml"
RULES = {
    "candidacy/contraindications.toml": Group.CONTRAINDICATION,
    "candidacy/relative.toml": Group.RELATIVE,
    "candidacy/interactions.toml": Group.INTERACTION,
    "candidacy/assessments.toml": Group.ASSESSMENT,
    "candidacy/tests.toml": Group.TEST,
    "candidacy/thresholds.toml": Group.THRESHOLD,
}
GROUPS = ("antidepressant", "mood_stabiliser", "antipsychotic")
COMPARED = {"above": Kind.ABOVE, "below": Kind.BELOW, "at_least": Kind.AT_LEAST, "within": Kind.WITHIN}


@dataclass(frozen=True, kw_only=True)
class _Names:
    """What conditions may name."""

    facts: Mapping[str, FactKind]
    classes: Mapping[str, str]


def read_candidacy(shelf: Shelf, protocols: tuple[str, ...]) -> CandidacyRules:
    """Everything of `candidacy/` with the classes of medicines.  `protocols` are the keys that may have a "for whom"."""
    facts = _facts(shelf)
    labels, groups, interactions = _classes(shelf)
    names = _Names(facts=facts, classes=labels)
    rules: list[Rule] = []
    thresholds: list[Threshold] = []
    for file, group in RULES.items():
        whole = shelf.read(file)
        read_review(whole)
        rules += [_rule(key, row, group, names) for key, row in whole.named("rule")]
        if group is Group.THRESHOLD:
            thresholds = [_threshold(key, row) for key, row in whole.named("row")]
        whole.close()
    _checked(shelf, tuple(rules), facts, interactions)
    definition, variants = _resistance(shelf)
    return CandidacyRules(
        facts=facts,
        rules=tuple(rules),
        thresholds=tuple(thresholds),
        indications=_indications(shelf, names),
        resistance=definition,
        variants=variants,
        class_labels=labels,
        class_groups=groups,
        protocol_for=_fits(shelf, names, protocols),
    )


def _facts(shelf: Shelf) -> Mapping[str, FactKind]:
    whole, found = shelf.read(FACTS), {}
    read_review(whole)
    for key, row in whole.named("fact"):
        kind = FactKind(
            key=key,
            label=row.text("label"),
            type=row.text("type"),
            asked_of=row.text("asked_of"),
            unit=row.text("unit", needed=False),
            choices=row.texts("choices"),
            scales=_scales(row),
        )
        row.close()
        if kind.type not in TYPES:
            row.wrong("type", f"{kind.type!r} is not one of {', '.join(TYPES)}")
        if kind.asked_of not in ASKED:
            row.wrong("asked_of", f"{kind.asked_of!r} is not one of {', '.join(ASKED)}")
        if kind.scales and kind.type != "date":
            row.wrong("scales", "stand where type is date: the day on which they were filled in")
        if (kind.type == "choice") != bool(kind.choices):
            row.wrong("choices", "stand where type is choice, and only there")
        if (kind.type == "number") != bool(kind.unit):
            row.wrong("unit", "stands where type is number, and only there")
        found[key] = kind
    whole.close()
    return MappingProxyType(found)


def _classes(shelf: Shelf) -> tuple[Mapping[str, str], Mapping[str, str], Mapping[str, tuple[str, ...]]]:
    whole = shelf.read(CLASSES)
    read_review(whole)
    labels, groups, interactions = {}, {}, {}
    for key, row in whole.named("class"):
        labels[key], interactions[key] = row.text("label"), row.texts("interactions")
        groups[key] = row.text("group", needed=False)
        row.text("drug", needed=False)
        row.close()
        if groups[key] and groups[key] not in GROUPS:
            row.wrong("group", f"{groups[key]!r} is not one of {', '.join(GROUPS)}")
    whole.close()
    return MappingProxyType(labels), MappingProxyType(groups), MappingProxyType(interactions)


def _rule(key: str, row: Table, group: Group, names: _Names) -> Rule:
    cite = read_cite(row)
    team = row.choice("team_default", Action, needed=False)
    against, needs, when = (_condition_at(row, name, cite, names) for name in ("against", "needs", "when"))
    rule = Rule(
        key=key,
        group=group,
        title=row.text("title"),
        cite=cite,
        action=row.choice("action", Action) or Action.BLOCK,
        drugs=row.choices("drugs", Drug, needed=True),
        severity=row.text("severity", needed=False),
        against=against,
        needs=needs,
        when=when,
        team_default=team,
        team_drugs=row.choices("team_drugs", Drug),
        routes=row.choices("routes", Route),
        then=row.choice("then", Then, needed=False) or Then.LATER,
        grade=row.text("grade", needed=False),
        note=row.text("note", needed=False),
        conflict=row.text("conflict", needed=False),
        to_do=row.text("to_do", needed=False),
        record=row.text("record", needed=False),
    )
    row.close()
    if (against is None) == (needs is None):
        row.wrong("against", "stands, or needs does: exactly one of them")
    if when is not None and needs is None:
        row.wrong("when", "stands beside needs only")
    if team is not None and _strict(team) <= _strict(rule.action):
        row.wrong("team_default", f"{team.value} is not stricter than {rule.action.value}")
    return rule


def _strict(action: Action) -> int:
    return (Action.COLLECT, Action.FLAG, Action.OVERRIDE, Action.BLOCK).index(action)


def _condition_at(row: Table, name: str, cite: Cite, names: _Names) -> Condition | None:
    if not row.has(name):
        return None
    part = row.table(name)
    return None if part is None else _condition(part, cite, names)


def _condition(row: Table, cite: Cite, names: _Names) -> Condition | None:
    """One condition: `any_of`, `all_of`, `classes`, `recorded`, `medicines`, `trials`, or `fact` with a comparison."""
    for name, kind in (("any_of", Kind.ANY_OF), ("all_of", Kind.ALL_OF)):
        if row.has(name):
            parts = [_condition(part, cite, names) for part in row.rows(name)]
            row.close()
            return Condition(kind=kind, parts=tuple(p for p in parts if p is not None))
    if row.has("classes"):
        classes = row.texts("classes", needed=True)
        for name in classes:
            if name not in names.classes:
                row.wrong("classes", f"{name!r} is not a class of {CLASSES}")
        row.close()
        return Condition(kind=Kind.CLASS_TAKEN, classes=classes)
    for name, word, kind in (
        ("medicines", "listed", Kind.MEDICINES_LISTED),
        ("trials", "complete", Kind.TRIALS_COMPLETE),
    ):
        if row.has(name):
            if row.text(name) != word:
                row.wrong(name, f"can only be {word}")
            row.close()
            return Condition(kind=kind)
    return _of_fact(row, cite, names)


def _of_fact(row: Table, cite: Cite, names: _Names) -> Condition | None:
    recorded = row.has("recorded")
    key = row.text("recorded" if recorded else "fact")
    left_to = row.text("left_to", needed=False)
    if key not in names.facts:
        row.wrong("fact", f"{key!r} is not a fact of {FACTS}")
        return None
    fact = names.facts[key]
    if recorded:
        row.close()
        return Condition(kind=Kind.RECORDED, fact=key, left_to=left_to)
    if row.has("is"):
        values = _values(row, fact)
        row.close()
        return Condition(kind=Kind.IS, fact=key, values=values, left_to=left_to)
    for name, kind in COMPARED.items():
        if row.has(name):
            limit = _limit(row, name, cite)
            row.close()
            wanted = "d" if kind is Kind.WITHIN else fact.unit
            if limit is not None and limit.unit != wanted:
                row.wrong(name, f"is in {limit.unit}, the fact {key} is in {wanted}")
            if fact.type != ("date" if kind is Kind.WITHIN else "number"):
                row.wrong(name, f"cannot be asked of {key}, which is a {fact.type}")
            return Condition(kind=kind, fact=key, limit=limit, left_to=left_to)
    row.wrong("", "is no condition: needs is, above, below, at_least or within")
    return None


def _scales(row: Table) -> tuple[tuple[str, ...], ...]:
    """Groups of scales that answer a fact: one of each group must be filled in."""
    raw = row.raw("scales")
    if raw is None:
        return ()
    groups = raw if isinstance(raw, list) else []
    if not groups or not all(isinstance(g, list) and g and all(isinstance(k, str) for k in g) for g in groups):
        row.wrong("scales", "must be a list of lists of scales")
        return ()
    return tuple(tuple(group) for group in groups)


def _values(row: Table, fact: FactKind) -> tuple[bool | str, ...]:
    raw = row.raw("is")
    if not isinstance(raw, list) or not raw:
        row.wrong("is", "must be a list of values")
        return ()
    for value in raw:
        if fact.type not in ("bool", "choice") or not fact.readable(value):
            row.wrong("is", f"{value!r} is not a value of {fact.key}")
    return tuple(raw)


def _limit(row: Table, name: str, cite: Cite) -> Limit | None:
    part = row.table(name)
    if part is None:
        return None
    value, unit = part.number("value"), part.text("unit")
    part.close()
    if value is None:
        return None
    return Limit(value=value, unit=unit, source=cite.source[0] if cite.source else "", confirmed=cite.confirmed)


def _threshold(key: str, row: Table) -> Threshold:
    found = Threshold(
        key=key,
        document=row.text("document"),
        number=row.text("number", needed=False),
        meaning=row.text("meaning"),
        refuted=row.flag("refuted", needed=False),
        cite=read_cite(row),
    )
    row.close()
    return found


def _indications(shelf: Shelf, names: _Names) -> tuple[Indication, ...]:
    whole, found = shelf.read(INDICATIONS), []
    read_review(whole)
    for key, row in whole.named("indication"):
        cite = read_cite(row)
        when = _condition_at(row, "when", cite, names)
        drug, status = row.choice("drug", Drug), row.choice("status", Legal)
        grade = row.choice("evidence_grade", Grade)
        texts = {name: row.text(name, needed=False) for name in ("guideline", "conflict", "limit", "note")}
        title, words, routes = row.text("title"), row.text("status_words"), row.choices("routes", Route)
        trials = tuple(_trials(row))
        row.close()
        if when is None or drug is None or status is None or grade is None:
            row.wrong("", "cannot be used: says neither for whom, or not of which drug, or not how it stands")
            continue
        found.append(
            Indication(
                key=key, title=title, drug=drug, status=status, status_words=words, evidence_grade=grade, when=when,
                cite=cite, routes=routes, trials=trials, **texts,
            )
        )  # fmt: skip
    whole.close()
    return tuple(found)


def _trials(row: Table) -> Iterator[TrialResult]:
    for part in row.rows("trial"):
        text, result = part.text("text"), part.choice("result", Result)
        part.close()
        if result is not None:
            yield TrialResult(text=text, result=result)


def _resistance(shelf: Shelf) -> tuple[Definition, tuple[Definition, ...]]:
    whole = shelf.read(RESISTANCE)
    read_review(whole)
    row = whole.table("definition")
    house = _definition("definition", row) if row is not None else None
    variants = tuple(_definition(key, part) for key, part in whole.named("variant"))
    whole.close()
    return house or Definition(key="definition", title="", cite=Cite(source=())), variants


def _definition(key: str, row: Table) -> Definition:
    cite = read_cite(row)
    found = Definition(
        key=key,
        title=row.text("title"),
        cite=cite,
        trials=_limit(row, "trials", cite) if row.has("trials") else None,
        groups=row.texts("groups"),
    )
    row.close()
    if key == "definition" and (found.trials is None or not found.groups):
        row.wrong("trials", "the definition that the rules use needs a number of trials, and which groups count")
    for group in found.groups:
        if group not in GROUPS:
            row.wrong("groups", f"{group!r} is not one of {', '.join(GROUPS)}")
    return found


def _fits(shelf: Shelf, names: _Names, protocols: tuple[str, ...]) -> Mapping[str, ForWhom]:
    whole, found = shelf.read(FITS), {}
    read_review(whole)
    diagnosis = names.facts.get("diagnosis")
    for key, row in whole.named("protocol"):
        needs = _condition_at(row, "needs", Cite(source=()), names)
        found[key] = ForWhom(
            diagnoses=row.texts("diagnoses"), needs=needs, because=row.text("because", needed=needs is not None)
        )
        row.close()
        if key not in protocols:
            row.wrong("", "is not a protocol")
        for name in found[key].diagnoses:
            if diagnosis is None or name not in diagnosis.choices:
                row.wrong("diagnoses", f"{name!r} is not a diagnosis of {FACTS}")
    whole.close()
    return MappingProxyType(found)  # a clinic's own protocol may have none: it then fits nobody until it says for whom


def _checked(
    shelf: Shelf, rules: tuple[Rule, ...], facts: Mapping[str, FactKind], interactions: Mapping[str, tuple[str, ...]]
) -> None:
    """Every rule is named once; a fact that is left to a rule is asked there; classes and interactions name each other."""
    keys = [rule.key for rule in rules]
    for key in {k for k in keys if keys.count(k) > 1}:
        shelf.wrong("candidacy", key, "is the key of two rules")
    reads: dict[str, set[str]] = {}
    for rule in rules:
        for condition in (c for c in (rule.against, rule.needs, rule.when) if c is not None):
            for part in _every(condition):
                if part.left_to and part.left_to not in keys:
                    shelf.wrong("candidacy", rule.key, f"leaves {part.fact} to {part.left_to!r}, which is no rule")
                for name in part.classes:
                    reads.setdefault(name, set()).add(rule.key)
    for name, named in interactions.items():
        if set(named) != reads.get(name, set()):
            said, done = ", ".join(sorted(named)) or "none", ", ".join(sorted(reads.get(name, set()))) or "none"
            shelf.wrong(CLASSES, f"class.{name}.interactions", f"says {said}; the rules that read it: {done}")
    used = {fact for rule in rules for fact in rule.facts}
    free = {"diagnosis", "treatment_resistant", "acute_suicidal_ideation", "closely_supervised", "psychotherapy_planned",
            "adequate_trials_judged"}  # fmt: skip
    for key in facts:
        if key not in used | free:
            shelf.wrong(FACTS, f"fact.{key}", "is read by no rule")


def _every(condition: Condition) -> Iterator[Condition]:
    yield condition
    for part in condition.parts:
        yield from _every(part)
