"""What stands between the end of the drug and the door, and when may a person drive again?"""

from __future__ import annotations

from collections.abc import Mapping

from stillhaven.reference._discharge import read_discharge
from stillhaven.reference._facts import read_cite, read_review
from stillhaven.reference._rules import read_rules
from stillhaven.reference.files import Shelf
from stillhaven.science.drugs import DrugFacts
from stillhaven.science.policy import Door, DrivingRule, Policy, RecoveryRules
from stillhaven.science.protocol import Drug
from stillhaven.science.scales import Scale
from stillhaven.science.vitals import Signal

DISCHARGE, DRIVING = "recovery/discharge.toml", "recovery/driving.toml"


def read_recovery(
    shelf: Shelf,
    scales: Mapping[str, Scale],
    policy: Policy,
    drugs: Mapping[Drug, DrugFacts],
    signals: Mapping[str, Signal],
) -> RecoveryRules:
    """Discharge rules, driving rules, and the two recovery scores."""
    missing = [key for key in ("aldrete_modified", "padss") if key not in scales]
    for key in missing:
        shelf.wrong(f"recovery/{key}.toml", "", "is missing or cannot be used")
    whole = shelf.read(DISCHARGE)
    read_review(whole)
    read_cite(whole)
    rules = read_rules(whole, Door.DISCHARGE, scales, policy)
    ready = read_discharge(whole, rules, scales, policy, drugs, signals)
    whole.close()
    return RecoveryRules(
        discharge=rules,
        ready=ready,
        driving=_driving(shelf),
        aldrete=scales.get("aldrete_modified"),
        padss=scales.get("padss"),
    )


def _driving(shelf: Shelf) -> tuple[DrivingRule, ...]:
    whole = shelf.read(DRIVING)
    read_review(whole)
    found = []
    for key, row in whole.named("rule"):
        rule = DrivingRule(
            key=key,
            drugs=row.choices("drugs", Drug, needed=True),
            text=row.text("text"),
            hours=row.quantity("wait", "h", needed=False),
            after_sleep=row.flag("after_sleep"),
            conflict=row.text("conflict", needed=False),
            cite=read_cite(row),
        )
        row.close()
        if rule.hours is None and not rule.after_sleep:
            row.wrong("", "asks for neither a wait nor a sleep")
        found.append(rule)
    whole.close()
    for drug in Drug:
        if sum(drug in rule.drugs for rule in found) != 1:
            whole.wrong("rule", f"{drug.value} needs exactly one driving rule")
    return tuple(found)
