"""Is the chair ready: baseline, pressure, access, equipment, monitor, limits, and two people agreed on the dose?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from stillhaven.science.findings import Finding
from stillhaven.science.limits import BLOCK, SET_BY_DIRECTOR, plain, standing
from stillhaven.science.start_facts import StartFacts, StartRules
from stillhaven.science.vitals import Mode, Reading

SYSTOLIC, DIASTOLIC = "systolic_mmhg", "diastolic_mmhg"


def baseline_findings(facts: StartFacts, rules: StartRules) -> tuple[Finding, ...]:
    """Was every baseline sign measured, lately enough?"""
    how, limit = standing(rules.how, "baseline"), rules.baseline_max_age_min
    if limit.value is None:
        return (
            rules.judge(
                "baseline",
                None,
                unknown="how old a baseline may be is not set",
                how=how,
                to_do=SET_BY_DIRECTOR,
                source=limit.source,
            ),
        )
    found = []
    for signal, label in rules.baseline_signals.items():
        newest = _newest(facts, signal)
        recent = None if newest is None else facts.now - newest.at <= timedelta(minutes=limit.value)
        found.append(
            rules.judge(
                f"baseline_{signal}",
                recent,
                yes=f"{label} was measured",
                no=f"{label} was measured longer ago than {limit.text}",
                unknown=f"{label} was not measured",
                to_do=f"measure {label} now",
                how=how,
                source=limit.source,
            )
        )
    return tuple(found)


def pressure(facts: StartFacts, rules: StartRules) -> Finding:
    """Is the pressure before the drug low enough?  Not measured, or long ago, can never be overridden."""
    rule = rules.pressure.get(facts.drug)
    if rule is None or rule.systolic.value is None or rule.diastolic.value is None:
        return rules.judge(
            "pressure_before",
            None,
            how=BLOCK,
            to_do=SET_BY_DIRECTOR,
            unknown=f"the highest pressure for starting {_words(facts.drug)} is not set",
        )
    measured, source = latest_pressure(facts), rule.systolic.source or rule.how.source
    age_limit = rules.baseline_max_age_min.value
    if measured is None or age_limit is None or facts.now - measured[2] > timedelta(minutes=age_limit):
        return rules.judge(
            "pressure_before",
            None,
            how=BLOCK,
            to_do="measure the pressure at rest now",
            source=source,
            unknown="systolic and diastolic pressure were not measured together lately",
        )
    systolic, diastolic, _ = measured
    limits = f"{plain(rule.systolic.value)}/{plain(rule.diastolic.value)} mmHg"
    value = f"{plain(systolic)}/{plain(diastolic)}"
    return rules.judge(
        "pressure_before",
        systolic <= rule.systolic.value and diastolic <= rule.diastolic.value,
        yes=f"{value} is not over {limits}",
        no=f"{value} is over {limits}",
        to_do=rule.to_do,
        how=rule.how,
        source=source,
    )


def latest_pressure(facts: StartFacts) -> tuple[float, float, datetime] | None:
    """The newest measurement that has both numbers, (systolic, diastolic, when); None if there is none.

    Two numbers of different measurements are never put together into one pressure.
    """
    pairs: dict[tuple[datetime, str, str], dict[str, float]] = {}
    for reading in facts.readings:
        value = reading.usable
        if reading.signal in (SYSTOLIC, DIASTOLIC) and value is not None and _counts(facts, reading):
            pairs.setdefault((reading.at, reading.device, reading.probe), {})[reading.signal] = value
    whole = [(key[0], both) for key, both in pairs.items() if len(both) == 2]
    if not whole:
        return None
    at, both = max(whole, key=lambda pair: pair[0])
    return both[SYSTOLIC], both[DIASTOLIC], at


def sedation(facts: StartFacts, rules: StartRules) -> Finding:
    """How awake was the person before the drug (MOAA/S, 5 is alert)?"""
    limit = rules.sedation_at_least
    ok: bool | None = None
    if facts.sedation is not None:
        ok = True if limit is None or limit.value is None else facts.sedation >= limit.value
    return rules.judge(
        "sedation_before",
        ok,
        yes=f"MOAA/S {facts.sedation} before the drug",
        no=f"MOAA/S {facts.sedation} before the drug, under {limit.text if limit else ''}".strip(),
        unknown="sedation before the drug was not scored",
        to_do="score MOAA/S" if ok is None else "call the prescriber",
        source=limit.source if limit else "",
    )


def access_findings(facts: StartFacts, rules: StartRules) -> tuple[Finding, ...]:
    """Is the vein's access recorded and open?  Asked for intravenous routes only."""
    if not facts.intravenous:
        return ()
    site = (facts.iv_site or "").strip()
    return (
        rules.judge(
            "iv_site",
            bool(site) or None,
            yes=f"access: {site}",
            unknown="the IV site is not recorded",
            to_do="record site and gauge",
        ),
        rules.judge(
            "iv_patent",
            facts.iv_patent,
            yes="the line flushes",
            no="the line does not flush",
            unknown="nobody has checked that the line flushes",
            to_do="flush the line; site it again if it does not",
        ),
    )


def equipment(facts: StartFacts, rules: StartRules) -> Finding:
    """Is everything that a rescue needs within reach, checked today?"""
    bad = [label for item, label in rules.equipment.items() if facts.equipment.get(item) is False]
    open_ = [label for item, label in rules.equipment.items() if facts.equipment.get(item) is None]
    ok = False if bad else (None if open_ or not rules.equipment else True)
    return rules.judge(
        "equipment",
        ok,
        yes="equipment is checked and within reach",
        no="missing: " + ", ".join(bad),
        unknown="not checked: " + ", ".join(open_) if open_ else "no equipment list is set",
        to_do="bring and check it" if bad else "check it at the chair",
    )


def programme_findings(facts: StartFacts, rules: StartRules) -> tuple[Finding, ...]:
    """What a restricted programme asks for: prescriber on site, a certified site, an enrolled patient."""
    found = []
    if facts.drug in rules.prescriber_on_site_for:
        found.append(
            rules.judge(
                "prescriber_on_site",
                facts.prescriber_on_site,
                yes="the prescriber is on site",
                no="the prescriber is not on site",
                unknown="nobody has recorded that the prescriber is on site",
                to_do="ask the prescriber to sign in at the site",
            )
        )
    if facts.drug in rules.enrolment_for:
        found += [
            rules.judge(
                "site_certified",
                facts.site_certified,
                yes="the site is certified",
                no="the site is not certified",
                unknown="the site's certification is not recorded",
                to_do="ask the authorised representative",
            ),
            rules.judge(
                "patient_enrolled",
                facts.patient_enrolled,
                yes="the patient is enrolled",
                no="the patient is not enrolled",
                unknown="the patient's enrolment is not recorded",
                to_do="enrol before the first dose",
            ),
        ]
    return tuple(found)


def alarm_limits(facts: StartFacts, rules: StartRules) -> Finding:
    """Has every monitored sign its alarm limits?"""
    have = facts.alarm_limits_set
    lacking = [label for signal, label in rules.monitored_signals.items() if signal not in (have or ())]
    return rules.judge(
        "alarm_limits",
        None if have is None or not rules.monitored_signals else not lacking,
        yes="alarm limits are set for every monitored sign",
        no="no alarm limits for " + ", ".join(lacking),
        unknown="alarm limits have not been looked at",
        to_do="ask the prescriber to set them",
    )


def monitor_findings(facts: StartFacts, rules: StartRules) -> tuple[Finding, ...]:
    """Is a monitor on this person, is it sending, and is it real?"""
    limit, last = rules.monitor_silence_s, facts.monitor_last_at
    sending: bool | None = None
    if limit.value is not None and facts.monitor_attached is not None:
        sending = last is not None and facts.now - last <= timedelta(seconds=limit.value)
    mode = facts.monitor_mode
    real = None if mode is None else mode is Mode.REAL or (mode is Mode.SIMULATED and facts.demo_or_drill)
    return (
        rules.judge(
            "monitor_attached",
            facts.monitor_attached,
            yes="a monitor is attached to this person",
            no="no monitor is attached to this person",
            unknown="nobody has recorded which monitor is on",
            to_do="attach the chair's monitor",
        ),
        rules.judge(
            "monitor_sending",
            sending,
            yes="the monitor is sending",
            no="the monitor is silent",
            unknown="how long a monitor may be silent is not set" if limit.value is None else "no monitor is known",
            to_do=SET_BY_DIRECTOR
            if limit.value is None
            else "check cable, gateway and network; watch the bedside monitor",
            source=limit.source,
        ),
        rules.judge(
            "monitor_real",
            real,
            yes=f"the monitor's values are {mode.value if mode else ''}",
            no=f"the monitor sends {mode.value if mode else ''} values",
            unknown="what the monitor sends is not known",
            to_do="switch the monitor out of demonstration; simulated values belong in demo and drill",
        ),
    )


def dose_check(facts: StartFacts, rules: StartRules) -> Finding:
    """Have two different people looked at the dose and agreed?"""
    check = facts.dose_check
    ok: bool | None = None
    no = "the two people do not agree on the dose" + (": " + "; ".join(check.why[:2]) if check and check.why else "")
    if check is not None and check.agreed is not None:
        first, second = check.first_by.strip().casefold(), check.second_by.strip().casefold()
        ok = check.agreed and bool(first) and bool(second) and first != second
        if check.agreed and not ok:
            no = "one person cannot check the dose twice"
    shown = {
        "gate": "two independent entries agree",
        "order_shown": "the order was shown and confirmed by a second person",
    }
    names = f"{check.first_by} and {check.second_by}" if check else ""
    if check is not None and check.overridden:
        ok, no = False, "two people have not agreed on the dose"
    found = rules.judge(
        "dose_check",
        ok,
        yes=f"{shown.get(check.how, check.how) if check else ''}: {names}",
        no=no,
        unknown="no second person has checked the dose",
        to_do="ask a second person to check drug, mg and mL",
    )
    return replace(found, overridden=check.overridden) if check is not None and check.overridden else found


def _counts(facts: StartFacts, reading: Reading) -> bool:
    real = reading.mode is Mode.REAL or (reading.mode is Mode.SIMULATED and facts.demo_or_drill)
    return real and reading.at <= facts.now


def _newest(facts: StartFacts, signal: str) -> Reading | None:
    mine = [r for r in facts.readings if r.signal == signal and r.usable is not None and _counts(facts, r)]
    return max(mine, key=lambda r: (r.at, r.seq), default=None)


def _words(key: str) -> str:
    return key.replace("_", " ")
