"""Is this person a candidate for this drug by this route: what stands against it, what is not known, what speaks for it?

Science suggests; a clinician decides.  A block suggests "later" or "no"; anything a block or an override needs that is
not known suggests "cannot say yet".  Everything is a Finding, each with its source, and nothing that nobody told is "no".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from stillhaven.science.candidacy_conditions import Condition
from stillhaven.science.candidacy_facts import MEDICINES, FactKind
from stillhaven.science.candidacy_indications import DIAGNOSIS, Indication, Legal, Speaks, legal_status, speaks_for
from stillhaven.science.candidacy_rules import Action, Group, Judged, Rule, Then, judge_rule
from stillhaven.science.candidacy_trials import Definition, Resistance, resistance
from stillhaven.science.errors import BadInput
from stillhaven.science.facts import Fact, Known, Trial
from stillhaven.science.findings import Finding, Verdict, Weight
from stillhaven.science.protocol import Cite, Drug, Route

UNCHECKED = "medicines_not_checked"
RESISTANT, PREGNANT, CAN_BECOME = "treatment_resistant", "pregnant", "can_become_pregnant"
JUDGED_TRIALS = "adequate_trials_judged"


class Suggestion(StrEnum):
    """What the rules suggest, and what a clinician may decide (all but the last)."""

    CANDIDATE = "candidate"
    LATER = "later"
    NO = "no"
    CANNOT_SAY = "cannot_say"

    @property
    def words(self) -> str:
        return {"candidate": "candidate", "later": "later", "no": "no", "cannot_say": "cannot say yet"}[self]


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """What one document says of pressure; shown, never computed with.  `refuted`: a false claim, kept to be recognised."""

    key: str
    document: str
    number: str
    meaning: str
    cite: Cite
    refuted: bool = False


@dataclass(frozen=True, kw_only=True)
class ForWhom:
    """Whom one protocol was written for."""

    diagnoses: tuple[str, ...] = ()  # none: for no one diagnosis
    needs: Condition | None = None
    because: str = ""


@dataclass(frozen=True, kw_only=True)
class CandidacyRules:
    """Everything of `reference/candidacy/`, with the classes of medicines."""

    facts: Mapping[str, FactKind]
    rules: tuple[Rule, ...]
    thresholds: tuple[Threshold, ...]
    indications: tuple[Indication, ...]
    resistance: Definition
    variants: tuple[Definition, ...]
    class_labels: Mapping[str, str]
    class_groups: Mapping[str, str]
    protocol_for: Mapping[str, ForWhom]

    def rule(self, key: str) -> Rule:
        """The rule of this key; BadInput where there is none."""
        found = next((r for r in self.rules if r.key == key), None)
        if found is None:
            raise BadInput("rule", f"{key!r} is not a rule of candidacy")
        return found


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """All that the rules say, in the order in which a colleague would say it."""

    drug: Drug
    route: Route
    judged: tuple[Judged, ...]
    speaks: tuple[Speaks, ...]
    legal: Legal | None
    resistance: Resistance
    suggestion: Suggestion
    because: str

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(j.finding for j in self.judged)

    @property
    def blocks(self) -> tuple[Judged, ...]:
        """What stands against it and nobody may override."""
        return self._of(Verdict.NOT_MET, {Action.BLOCK})

    @property
    def unknowns(self) -> tuple[Judged, ...]:
        """What is not known and what it would decide: blocks first, then overrides, then what is shown only."""
        asked = (j for j in self._of(Verdict.UNKNOWN, set(Action)) if not _is_gathered(j.rule))
        found = [j for j in asked if not j.finding.overridden]
        order = (Action.BLOCK, Action.OVERRIDE, Action.FLAG, Action.COLLECT)
        return tuple(sorted(found, key=lambda j: order.index(j.rule.holds_as)))

    @property
    def cautions(self) -> tuple[Judged, ...]:
        """What needs a prescriber's reason, then what is shown; what was overridden stays among them."""
        overridden = [j for j in self.judged if j.finding.overridden]
        return (
            *overridden,
            *(j for j in self._of(Verdict.NOT_MET, {Action.OVERRIDE}) if not j.finding.overridden),
            *(j for j in self._of(Verdict.NOT_MET, {Action.FLAG, Action.COLLECT}) if not _is_gathered(j.rule)),
        )

    @property
    def missing(self) -> tuple[Judged, ...]:
        """Assessments and tests that have to be recorded and are not."""
        return tuple(j for j in self.judged if _is_gathered(j.rule) and not j.finding.is_met)

    @property
    def clear(self) -> tuple[Judged, ...]:
        """What was asked and is in order."""
        return tuple(j for j in self.judged if j.finding.is_met)

    @property
    def used(self) -> tuple[str, ...]:
        """The keys of all facts that a verdict rests on."""
        return tuple(dict.fromkeys(key for j in self.judged for key in j.used))

    def finding(self, key: str) -> Finding | None:
        return next((j.finding for j in self.judged if j.rule.key == key), None)

    def _of(self, verdict: Verdict, actions: set[Action]) -> tuple[Judged, ...]:
        return tuple(j for j in self.judged if j.finding.verdict is verdict and j.rule.holds_as in actions)


def _is_gathered(rule: Rule) -> bool:
    """Is this an assessment or a test that somebody records once?  A medicine that needs care on the day is a caution."""
    return rule.holds_as is Action.COLLECT and rule.group in (Group.ASSESSMENT, Group.TEST)


def decide(
    known: Known,
    rules: CandidacyRules,
    *,
    drug: Drug,
    route: Route,
    now: datetime,
    adequate: Sequence[tuple[Trial, Finding]] | None = None,
    overridden: Mapping[str, str] | None = None,
    today: date | None = None,
) -> Assessment:
    """What the rules say of this person for this drug by this route.

    `adequate` is each trial with `science.intake.adequacy`'s finding (None: nobody has asked for trials); `overridden`
    maps a rule to "name: reason"; `today` is the clinic's day, where it is not the day in UTC.
    """
    on = today or now.date()
    resistant = resistance(
        adequate if known.trials is not None else None,
        rules.resistance,
        rules.variants,
        rules.class_groups,
        judged=_judged_count(known),
    )
    known = _worked_out(known, resistant)
    judged = [
        _overridden(judge_rule(rule, known, rules.facts, rules.class_labels, on=on), overridden or {})
        for rule in rules.rules
        if rule.applies_to(drug, route)
    ]
    judged += _other_routes(rules, judged, known, drug, route, on)
    judged += _unchecked(known, on)
    speaks = speaks_for(rules.indications, known, rules.facts, rules.class_labels, drug=drug, route=route, on=on)
    whole = Assessment(
        drug=drug,
        route=route,
        judged=tuple(judged),
        speaks=speaks,
        legal=legal_status(speaks),
        resistance=resistant,
        suggestion=Suggestion.CANNOT_SAY,
        because="",
    )
    suggestion, because = _suggest(whole, known)
    return replace(whole, suggestion=suggestion, because=because)


def deciding_findings(assessment: Assessment) -> tuple[Finding, ...]:
    """What must be so before somebody is called a candidate: a block or an override that stands, or is not known, stops."""
    return tuple(j.finding for j in assessment.judged if j.finding.weight is not Weight.CAUTION)


def worse_since(before: Iterable[Mapping[str, str]], assessment: Assessment) -> tuple[Finding, ...]:
    """Which rules say worse now than when it was decided: what reopens a decision.

    `before` are the findings that the decision kept.  A rule that did not exist then reopens it only where it stops.
    """
    rank = {Verdict.MET.value: 0, Verdict.UNKNOWN.value: 1, Verdict.NOT_MET.value: 2}
    old = {row["rule"]: rank[row["verdict"]] for row in before}
    return tuple(
        f
        for f in assessment.findings
        if rank[f.verdict.value] > old.get(f.rule, 0 if f.stops else 2) and not (f.overridden and not f.is_met)
    )


# ---------------------------------------------------------------- the pieces


def _judged_count(known: Known) -> float | None:
    value = known.value(JUDGED_TRIALS)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _worked_out(known: Known, resistant: Resistance) -> Known:
    """Adds what follows from other facts: resistance from trials, and that who cannot become pregnant is not pregnant."""
    facts = dict(known.facts)
    facts[RESISTANT] = Fact(key=RESISTANT, value=resistant.resistant, source="worked_out")
    if known.value(PREGNANT) is None and known.value(CAN_BECOME) is False:
        facts[PREGNANT] = replace(facts[CAN_BECOME], key=PREGNANT, value=False)
    return replace(known, facts=facts)


def _overridden(judged: Judged, overridden: Mapping[str, str]) -> Judged:
    """A rule that a prescriber has overridden with a reason.  A block cannot be, and what is met needs no override."""
    why = overridden.get(judged.rule.key)
    if not why or judged.finding.is_met or judged.finding.weight is not Weight.OVERRIDE:
        return judged
    return replace(judged, finding=replace(judged.finding, overridden=why))


def _other_routes(
    rules: CandidacyRules, judged: Sequence[Judged], known: Known, drug: Drug, route: Route, on: date
) -> list[Judged]:
    """Interactions known by another route, where no rule speaks of this one: no source is not "no effect"."""
    told = {
        c
        for j in judged
        if j.rule.group is Group.INTERACTION and not j.finding.is_met and j.rule.against is not None
        for c in j.rule.against.classes
    }
    found = []
    for rule in rules.rules:
        if rule.group is not Group.INTERACTION or not rule.routes or route in rule.routes or rule.against is None:
            continue
        if not replace(rule, routes=()).applies_to(drug, route) or told & set(rule.against.classes):
            continue
        here = judge_rule(rule, known, rules.facts, rules.class_labels, on=on)
        if here.finding.verdict is Verdict.NOT_MET:
            words = ", ".join(r.value.replace("_", " ") for r in rule.routes)
            because = f"{here.finding.because}; known by {words}, and no source speaks of this route"
            flagged = replace(rule, action=Action.FLAG, team_default=None)
            found.append(
                replace(here, rule=flagged, finding=replace(here.finding, because=because, weight=Weight.CAUTION))
            )
            told |= set(rule.against.classes)
    return found


_UNCHECKED_RULE = Rule(
    key=UNCHECKED,
    group=Group.INTERACTION,
    title="Medicines that no rule has checked",
    cite=Cite(source=("house",)),
    action=Action.FLAG,
    drugs=tuple(Drug),
)


def _unchecked(known: Known, on: date) -> list[Judged]:
    """Medicines in free text: no interaction rule has looked at them."""
    loose = [m.name for m in known.medicines or () if m.key is None and m.taken_on(on)]
    if not loose:
        return []
    finding = Finding(
        rule=UNCHECKED,
        verdict=Verdict.UNKNOWN,
        because=f"Not on the medicine list, so no interaction rule has looked at: {', '.join(loose)}",
        source="house",
        weight=Weight.CAUTION,
        to_do="Find them on the list, or ask the pharmacist",
    )
    return [Judged(rule=_UNCHECKED_RULE, finding=finding, used=(MEDICINES,), asks=(MEDICINES,))]


def _suggest(a: Assessment, known: Known) -> tuple[Suggestion, str]:
    """The suggestion, and the one sentence that says why."""
    if a.blocks:
        final = [j for j in a.blocks if j.rule.then is Then.NO]
        first = final or list(a.blocks)
        more = f", and {len(a.blocks) - 1} more" if len(a.blocks) > 1 else ""
        return (Suggestion.NO if final else Suggestion.LATER), f"{first[0].rule.title}{more}"
    if a.legal is Legal.NOT_SUPPORTED and known.value(DIAGNOSIS) is not None:
        return Suggestion.NO, f"no source supports {a.drug.label} for this diagnosis"
    open_ones = [j for j in a.unknowns if j.finding.weight is not Weight.CAUTION]
    if open_ones:
        count = len(open_ones)
        words = "1 rule that can stop it is" if count == 1 else f"{count} rules that can stop it are"
        return Suggestion.CANNOT_SAY, f"{words} not answered: {open_ones[0].rule.title} first"
    if known.value(DIAGNOSIS) is None or not any(s.holds for s in a.speaks):
        asks = [key for s in a.speaks for key in s.asks if key != RESISTANT] or [DIAGNOSIS]
        if known.value(DIAGNOSIS) is not None and RESISTANT in {k for s in a.speaks for k in s.asks}:
            return Suggestion.CANNOT_SAY, f"whether the trials were adequate is not known ({a.resistance.count_words})"
        return Suggestion.CANNOT_SAY, f"what speaks for it is not known: {_ask(asks[0])}"
    waiting = [j for j in a.cautions if j.finding.stops]
    if waiting:
        return Suggestion.CANNOT_SAY, f"a prescriber's reason is needed: {waiting[0].rule.title}"
    if a.missing:
        words = "1 assessment or test is" if len(a.missing) == 1 else f"{len(a.missing)} assessments or tests are"
        return Suggestion.CANNOT_SAY, f"{words} not recorded: {a.missing[0].rule.title} first"
    return Suggestion.CANDIDATE, f"nothing stands against it, and {a.speaks[0].indication.title.lower()} speaks for it"


def _ask(key: str) -> str:
    return {DIAGNOSIS: "the diagnosis that the course is for"}.get(key, key.replace("_", " "))
