"""May this session be made ready, may the drug start, and may it run again after a hold?

Every rule answers met, not met or unknown; unknown stops like a "no" and says what to ask.  The rules themselves are in
`start_person` (the person and the papers) and `start_chair` (the chair and the monitor); this is the door to them.
"""

from __future__ import annotations

from stillhaven.science.course import hold_finding
from stillhaven.science.findings import Finding
from stillhaven.science.limits import standing
from stillhaven.science.overrides import Override, apply_overrides, may_override
from stillhaven.science.start_chair import (
    access_findings,
    alarm_limits,
    baseline_findings,
    dose_check,
    equipment,
    latest_pressure,
    monitor_findings,
    pressure,
    programme_findings,
    sedation,
)
from stillhaven.science.start_facts import (
    Consent,
    DoseCheck,
    FastingLimit,
    Interaction,
    LastTaken,
    Order,
    PressureRule,
    StartFacts,
    StartRules,
)
from stillhaven.science.start_person import (
    consent_findings,
    escort_findings,
    fasting_findings,
    identity,
    medicine_findings,
    order_findings,
    pregnancy,
    weight_findings,
)

ONLY_AT_START = frozenset(
    {"dose_check", "vial_drawn", "monitor_attached", "monitor_sending", "monitor_real", "alarm_limits"}
)
AT_RESUME = frozenset({"consent_treatment", "alarm_limits", "monitor_attached", "monitor_sending", "monitor_real"})


def start_findings(facts: StartFacts, rules: StartRules) -> tuple[Finding, ...]:
    """Everything that must hold before the drug starts, in the order a nurse walks it."""
    return (
        identity(facts, rules),
        hold_finding(facts.course_on_hold, facts.hold_reason, standing(rules.how, "course_hold")),
        *order_findings(facts, rules),
        *weight_findings(facts, rules),
        *fasting_findings(facts, rules),
        *escort_findings(facts, rules),
        *consent_findings(facts, rules),
        pregnancy(facts, rules),
        *medicine_findings(facts, rules),
        *baseline_findings(facts, rules),
        pressure(facts, rules),
        sedation(facts, rules),
        *access_findings(facts, rules),
        equipment(facts, rules),
        *programme_findings(facts, rules),
        alarm_limits(facts, rules),
        *monitor_findings(facts, rules),
        dose_check(facts, rules),
    )


def ready_findings(facts: StartFacts, rules: StartRules) -> tuple[Finding, ...]:
    """What must hold before the session is called ready: all but what is done at the chair just before the start."""
    return tuple(f for f in start_findings(facts, rules) if f.rule not in ONLY_AT_START)


def resume_findings(facts: StartFacts, rules: StartRules) -> tuple[Finding, ...]:
    """What must still hold before the drug runs again after a hold: consent, and a watched patient."""
    return tuple(f for f in start_findings(facts, rules) if f.rule in AT_RESUME)


__all__ = [
    "Consent",
    "DoseCheck",
    "FastingLimit",
    "Interaction",
    "LastTaken",
    "Order",
    "Override",
    "PressureRule",
    "StartFacts",
    "StartRules",
    "apply_overrides",
    "latest_pressure",
    "may_override",
    "ready_findings",
    "resume_findings",
    "start_findings",
]
