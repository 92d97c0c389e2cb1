"""May this person go home now, and with whom?

Time alone sends nobody home, nor does a score: every criterion is a finding of its own, and one that nobody has looked
at stops like one that is not met.  Numbers and lists come in with `DischargeRules`, made for one drug and route.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from stillhaven.science.findings import Finding
from stillhaven.science.limits import CAUTION, SET_BY_DIRECTOR, Limit, Standing, duration, judge, plain, standing
from stillhaven.science.observation import ObservationRules, pressure_findings, symptom_findings, time_finding
from stillhaven.science.recovery_scores import ScoreAnswers, ScoreRule, Sheet, score_findings, sheet
from stillhaven.science.vitals import Coverage


@dataclass(frozen=True, kw_only=True)
class Pressure:
    """One whole pressure."""

    systolic_mmhg: float
    diastolic_mmhg: float
    at: datetime


@dataclass(frozen=True, kw_only=True)
class RecoveryFacts:
    """All that the discharge rules may know.  None means that nobody has asked or looked.

    `symptoms`: symptom -> is it over.  `baseline` is the pressure before the drug, `pressures` all whole pressures of
    the session; the newest is the one now.
    """

    now: datetime
    doses: tuple[datetime, ...] = ()
    ended_at: datetime | None = None
    answers: ScoreAnswers = field(default_factory=ScoreAnswers)
    baseline: Pressure | None = None
    pressures: tuple[Pressure, ...] = ()
    spo2_pct: float | None = None
    spo2_at: datetime | None = None
    sedation: int | None = None  # MOAA/S: 5 is alert
    symptoms: Mapping[str, bool | None] = field(default_factory=dict)
    oriented: bool | None = None
    nausea: int | None = None
    walks_as_before: bool | None = None
    cannula_placed: bool | None = None
    cannula_out: bool | None = None
    escort_name: str | None = None
    handed_over_at: datetime | None = None
    instructions_at: datetime | None = None
    risk_asked_at: datetime | None = None
    risk_settled: bool | None = None  # after asking: no new risk, or a clinician has dealt with it
    coverage: tuple[Coverage, ...] = ()

    @property
    def pressure(self) -> Pressure | None:
        return max((p for p in self.pressures if p.at <= self.now), key=lambda p: p.at, default=None)


@dataclass(frozen=True, kw_only=True)
class DischargeRules:
    """The numbers and lists for one drug and route.  A Limit of None does not belong to it; a Limit without a value
    belongs to it and nobody has set it, and then nobody leaves until somebody has.
    """

    observation: ObservationRules
    scores: tuple[ScoreRule, ...]
    sedation_at_least: Limit
    symptoms: Mapping[str, str]  # symptom -> what people call it
    recent: Limit  # how old the last pressure and saturation may be
    pressure_change_pct: Limit | None
    systolic: Limit | None
    diastolic: Limit | None
    spo2_at_least: Limit | None
    nausea_at_most: Limit
    coverage_at_least: Limit
    cannula: bool
    signal_labels: Mapping[str, str] = field(default_factory=dict)
    how: Mapping[str, Standing] = field(default_factory=dict)


def discharge_findings(facts: RecoveryFacts, rules: DischargeRules) -> tuple[Finding, ...]:
    """Everything that must hold before the person leaves, in the order a nurse goes through it."""
    whole = tuple(p.at for p in facts.pressures)
    return (
        time_finding(facts.doses, facts.ended_at, facts.now, rules.observation),
        *pressure_findings(facts.doses, whole, facts.now, rules.observation),
        *symptom_findings(facts.symptoms, rules.symptoms, standing(rules.how, "symptoms")),
        *(f for filled in sheets(facts, rules) for f in score_findings(filled, rules.how)),
        _at_least(rules, "alert", "MOAA/S", facts.sedation, rules.sedation_at_least, "score MOAA/S"),
        _yes_no(rules, "oriented", facts.oriented, "knows person, place and time",
                "does not know person, place and time", "orientation was not asked", "ask, and wait"),
        _yes_no(rules, "walks", facts.walks_as_before, "walks as before", "does not walk as before",
                "walking was not tried", "walk a few steps together"),
        _at_most(rules, "nausea", "nausea", facts.nausea, rules.nausea_at_most, "ask about nausea"),
        *vital_findings(facts, rules),
        *_going(facts, rules),
        *coverage_summary(facts.coverage, rules.coverage_at_least, rules.signal_labels, rules.how).findings,
    )  # fmt: skip


def sheets(facts: RecoveryFacts, rules: DischargeRules) -> tuple[Sheet, ...]:
    """The recovery scores as far as they are filled in, for the screen and for the findings alike."""
    now, before = facts.pressure, facts.baseline
    systolic = now.systolic_mmhg if now is not None and _recent(now.at, facts.now, rules.recent) else None
    return tuple(
        sheet(rule, facts.answers.of(rule.scale.key), systolic, before.systolic_mmhg if before else None)
        for rule in rules.scores
    )


def vital_findings(facts: RecoveryFacts, rules: DischargeRules) -> tuple[Finding, ...]:
    """Are pressure and saturation, measured lately, in the range that the clinic accepts for leaving?"""
    now, before, found = facts.pressure, facts.baseline, []
    fresh = now if now is not None and _recent(now.at, facts.now, rules.recent) else None
    if rules.recent.value is None:
        found.append(judge("leaving_recent", None, unknown="how recent the last pressure must be is not set",
                           to_do=SET_BY_DIRECTOR, how=standing(rules.how, "leaving_recent")))  # fmt: skip
    if rules.pressure_change_pct is not None:
        away = None
        if fresh is not None and before is not None and before.systolic_mmhg > 0:
            away = 100.0 * abs(fresh.systolic_mmhg - before.systolic_mmhg) / before.systolic_mmhg
        found.append(_at_most(rules, "pressure_change", "pressure away from before, %", away, rules.pressure_change_pct,
                              "measure the pressure"))  # fmt: skip
    for key, label, limit, value in (
        ("systolic", "systolic pressure", rules.systolic, fresh.systolic_mmhg if fresh else None),
        ("diastolic", "diastolic pressure", rules.diastolic, fresh.diastolic_mmhg if fresh else None),
    ):
        if limit is not None:
            found.append(_at_most(rules, f"leaving_{key}", label, value, limit, "measure the pressure"))
    if rules.spo2_at_least is not None:
        seen = facts.spo2_at is not None and _recent(facts.spo2_at, facts.now, rules.recent)
        found.append(_at_least(rules, "leaving_spo2", "SpO2", facts.spo2_pct if seen else None, rules.spo2_at_least,
                               "measure the saturation on room air"))  # fmt: skip
    return tuple(found)


def _going(facts: RecoveryFacts, rules: DischargeRules) -> tuple[Finding, ...]:
    """Cannula, risk, instructions, escort: the last steps to the door."""
    name = (facts.escort_name or "").strip()
    handed = facts.handed_over_at is not None and facts.handed_over_at <= facts.now
    asked = facts.risk_asked_at is not None and facts.risk_asked_at <= facts.now
    read = facts.instructions_at is not None and facts.instructions_at <= facts.now
    found = [
        _yes_no(rules, "risk", facts.risk_settled if asked else None, "suicide risk was asked again",
                "suicide risk needs a clinician today", "suicide risk was not asked again",
                "call the clinician now" if asked else "ask"),
        _yes_no(rules, "instructions", True if read else None, "instructions and emergency number were acknowledged",
                "", "instructions were not acknowledged yet", "go through them and hand them over"),
        _yes_no(rules, "escort", None if facts.escort_name is None else bool(name), f"{name} takes them home",
                "nobody is named to take them home", "nobody has asked who takes them home", "call the escort"),
        _yes_no(rules, "handover", True if handed else None, f"handed over to {name or 'the escort'}", "",
                "the handover to the escort is not recorded", "hand over in person and record the time"),
    ]  # fmt: skip
    if rules.cannula or facts.cannula_placed:
        found.insert(0, _yes_no(rules, "cannula", facts.cannula_out, "the cannula is out", "the cannula is still in",
                                "nobody has looked at the cannula", "take it out; press; look"))  # fmt: skip
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class CoverageSummary:
    """How well the session was watched: per signal, and the worst of it.  None where nothing was watched at all."""

    signals: tuple[Coverage, ...]
    worst_percent: float | None
    longest_gap_s: float | None
    findings: tuple[Finding, ...]


def coverage_summary(
    coverage: Sequence[Coverage],
    at_least: Limit,
    labels: Mapping[str, str] | None = None,
    how: Mapping[str, Standing] | None = None,
) -> CoverageSummary:
    """Per cent watched and the longest gap, each signal's as a caution: what was not watched is said, not mended."""
    stands = standing(how or {}, "coverage", CAUTION)
    found = []
    for one in coverage:
        name = (labels or {}).get(one.signal, one.signal)
        text = f"{name}: watched {plain(round(one.percent, 1))} %, longest gap {duration(one.longest_gap_s)}"
        unset = f"{text}; how much is enough is not set"
        ok = None if at_least.value is None else one.percent >= at_least.value
        found.append(judge(f"coverage_{one.signal}", ok, yes=text, no=f"{text}; {at_least.text} asked", unknown=unset,
                           to_do="say in the note why" if ok is False else SET_BY_DIRECTOR, how=stands,
                           source=at_least.source))  # fmt: skip
    if not coverage:
        found.append(judge("coverage", None, unknown="nothing was watched by a monitor", to_do="say in the note why",
                           how=stands))  # fmt: skip
    return CoverageSummary(
        signals=tuple(coverage),
        worst_percent=min((one.percent for one in coverage), default=None),
        longest_gap_s=max((one.longest_gap_s for one in coverage), default=None),
        findings=tuple(found),
    )


def _recent(at: datetime, now: datetime, limit: Limit) -> bool:
    return limit.value is not None and timedelta(0) <= now - at <= timedelta(minutes=limit.value)


def _yes_no(rules: DischargeRules, key: str, ok: bool | None, yes: str, no: str, unknown: str, to_do: str) -> Finding:
    return judge(key, ok, yes=yes, no=no, unknown=unknown, to_do=to_do, how=standing(rules.how, key))


def _at_least(rules: DischargeRules, key: str, label: str, value: float | None, limit: Limit, to_do: str) -> Finding:
    ok = None if value is None or limit.value is None else value >= limit.value
    return _compared(rules, key, label, value, limit, ok, f"{limit.text} or more asked", to_do)


def _at_most(rules: DischargeRules, key: str, label: str, value: float | None, limit: Limit, to_do: str) -> Finding:
    ok = None if value is None or limit.value is None else value <= limit.value
    return _compared(rules, key, label, value, limit, ok, f"{limit.text} or less asked", to_do)


def _compared(
    rules: DischargeRules,
    key: str,
    label: str,
    value: float | None,
    limit: Limit,
    ok: bool | None,
    asked: str,
    to_do: str,
) -> Finding:
    shown = "" if value is None else f"{label} {plain(round(value, 1))}, {asked}"
    unset = limit.value is None
    return judge(key, ok, yes=shown, no=shown, how=standing(rules.how, key), source=limit.source,
                 unknown=f"{label}: the number for leaving is not set" if unset else f"{label}: not measured lately",
                 to_do=SET_BY_DIRECTOR if unset else ("wait and measure again" if ok is False else to_do))  # fmt: skip
