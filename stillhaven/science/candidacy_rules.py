"""What does one rule of candidacy say of this person?  Met, not met or unknown; because; source; what to ask next.

"Met" is good news here as everywhere in the house: the contraindication is absent, the assessment is recorded.  A rule
is data from `reference/candidacy/`; this module reads it and answers with a Finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from stillhaven.science.candidacy_conditions import Answer, Condition, answer
from stillhaven.science.candidacy_facts import Kinds, question
from stillhaven.science.facts import Known
from stillhaven.science.findings import Finding, Verdict, Weight
from stillhaven.science.protocol import Cite, Drug, Route


class Group(StrEnum):
    """Which list of the reference a rule stands in."""

    CONTRAINDICATION = "contraindication"
    RELATIVE = "relative"
    INTERACTION = "interaction"
    ASSESSMENT = "assessment"
    TEST = "test"
    THRESHOLD = "threshold"


class Action(StrEnum):
    """What a rule does when it is not met."""

    BLOCK = "block"  # no order can be signed until it is resolved
    OVERRIDE = "override"  # a named prescriber documents why
    FLAG = "flag"  # shown and recorded
    COLLECT = "collect"  # a mandatory field


class Then(StrEnum):
    """What a block suggests: it may pass, or it will not."""

    LATER = "later"
    NO = "no"


WEIGHTS = {
    Action.BLOCK: Weight.BLOCK,
    Action.OVERRIDE: Weight.OVERRIDE,
    Action.FLAG: Weight.CAUTION,
    Action.COLLECT: Weight.CAUTION,
}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One entry of the fact file as a rule.

    Either `against` (what stands against the drug), or `needs` (what must be recorded) and optionally `when` (for whom).
    `action` is the source's; `team_default` is stricter, and holds where it is given.  `drugs` are whom the source speaks
    of, `team_drugs` those to which the house applies it as well.
    """

    key: str
    group: Group
    title: str
    cite: Cite
    action: Action
    drugs: tuple[Drug, ...]
    severity: str = ""
    against: Condition | None = None
    needs: Condition | None = None
    when: Condition | None = None
    team_default: Action | None = None
    team_drugs: tuple[Drug, ...] = ()
    routes: tuple[Route, ...] = ()  # none: every route
    then: Then = Then.LATER
    grade: str = ""
    note: str = ""
    conflict: str = ""
    to_do: str = ""
    record: str = ""
    overridable_by: tuple[str, ...] = ("prescriber", "medical_director")

    @property
    def holds_as(self) -> Action:
        """The action that holds: the team's where it has one."""
        return self.team_default or self.action

    @property
    def weight(self) -> Weight:
        return WEIGHTS[self.holds_as]

    @property
    def facts(self) -> frozenset[str]:
        """Every fact that this rule may read."""
        return frozenset().union(*(c.facts for c in (self.against, self.needs, self.when) if c is not None))

    def applies_to(self, drug: Drug, route: Route) -> bool:
        """Is this rule asked for this drug by this route?  S-ketamine answers to ketamine's rules."""
        like = Drug.KETAMINE if drug is Drug.S_KETAMINE else drug
        return like in (*self.drugs, *self.team_drugs) and (not self.routes or route in self.routes)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A rule with its finding, the facts that it used, and the facts that it misses."""

    rule: Rule
    finding: Finding
    used: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()


def judge_rule(rule: Rule, known: Known, kinds: Kinds, labels: Mapping[str, str], *, on: date) -> Judged:
    """The finding of one rule on this day."""
    if rule.against is not None:
        found = answer(rule.against, known, kinds, labels, on=on)
        ok = None if found.holds is None else not found.holds
        return _judged(rule, ok, found, kinds)
    assert rule.needs is not None
    need = answer(rule.needs, known, kinds, labels, on=on)
    if rule.when is None or need.holds:
        return _judged(rule, need.holds, need, kinds)
    called_for = answer(rule.when, known, kinds, labels, on=on)
    if called_for.holds is False:
        return _judged(rule, True, called_for, kinds, prefix="not called for")
    if called_for.holds is None:
        return _judged(rule, None, called_for, kinds, prefix="not known whether it is called for")
    both = Answer(
        holds=need.holds, said=(*called_for.said, *need.said), used=(*called_for.used, *need.used), asks=need.asks
    )
    return _judged(rule, need.holds, both, kinds, prefix="called for")


def _judged(rule: Rule, ok: bool | None, found: Answer, kinds: Kinds, prefix: str = "") -> Judged:
    verdict = {True: Verdict.MET, False: Verdict.NOT_MET, None: Verdict.UNKNOWN}[ok]
    said = "; ".join(found.said)
    because = f"{prefix} ({said})" if prefix and said else said or prefix or rule.title
    to_do = ""
    if verdict is Verdict.UNKNOWN:
        to_do = ". ".join(question(key, kinds)[0] for key in found.asks)
    elif verdict is Verdict.NOT_MET:
        to_do = rule.to_do
    return Judged(
        rule=rule,
        finding=Finding(
            rule=rule.key,
            verdict=verdict,
            because=because[:1].upper() + because[1:] if because[:4] != "SpO2" else because,
            source=rule.cite.source[0] if rule.cite.source else "",
            weight=rule.weight,
            to_do=to_do,
            overridable_by=rule.overridable_by if rule.weight is Weight.OVERRIDE else (),
        ),
        used=found.used,
        asks=found.asks if verdict is Verdict.UNKNOWN else (),
    )
