"""Each rule at the start of a session: met, not met, unknown; and what an override can and cannot do."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Verdict, Weight
from stillhaven.science.limits import Limit, Standing
from stillhaven.science.start import (
    Consent,
    DoseCheck,
    FastingLimit,
    Interaction,
    LastTaken,
    Order,
    Override,
    PressureRule,
    StartFacts,
    StartRules,
    apply_overrides,
    latest_pressure,
    may_override,
    ready_findings,
    resume_findings,
    start_findings,
)
from stillhaven.science.vitals import Mode, Quality, Reading

NOW = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)
MIN = timedelta(minutes=1)
MET, NOT_MET, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
PRESCRIBER = Standing(weight=Weight.OVERRIDE, overridable_by=("prescriber",), source="src")


def limit(value, unit="min"):
    return Limit(value=value, unit=unit, source="made_up")


def reading(signal, value, minutes_ago=5.0, **more):
    at = NOW - minutes_ago * MIN
    return Reading(signal=signal, value=value, at=at, arrived_at=at, **more)


def bp(systolic, diastolic, minutes_ago=5.0, **more):
    return (
        reading("systolic_mmhg", systolic, minutes_ago, **more),
        reading("diastolic_mmhg", diastolic, minutes_ago, **more),
    )


RULES = StartRules(
    identifiers_needed=limit(2, "identifiers"),
    weight_max_age_days=limit(10, "days"),
    weight_change_pct=limit(5, "%"),
    fasting={
        "alpha": (
            FastingLimit(kind="food", label="food", at_least=limit(300)),
            FastingLimit(kind="clear_liquid", label="clear liquid", at_least=limit(90)),
        ),
        "beta": (FastingLimit(kind="nasal_spray", label="nasal spray", at_least=limit(50)),),
    },
    baseline_signals={"spo2_pct": "SpO2", "systolic_mmhg": "systolic pressure"},
    baseline_max_age_min=limit(30),
    pressure={
        "alpha": PressureRule(systolic=limit(170), diastolic=limit(95), how=Standing(), to_do="do not start"),
        "beta": PressureRule(systolic=limit(150), diastolic=limit(85), how=PRESCRIBER, to_do="ask"),
    },
    sedation_at_least=limit(4, "MOAA/S"),
    interactions={
        "alpha": (
            Interaction(key="opioid", label="opioid", because="adds sedation", how=Standing(weight=Weight.CAUTION)),
            Interaction(key="theo", label="theophylline", because="seizures", how=PRESCRIBER),
        ),
        "beta": (),
    },
    equipment={"oxygen": "oxygen", "suction": "suction"},
    monitored_signals={"spo2_pct": "SpO2", "heart_rate_per_min": "heart rate"},
    monitor_silence_s=limit(15, "s"),
    prescriber_on_site_for=frozenset({"beta"}),
    enrolment_for=frozenset({"beta"}),
    how={"fasting": PRESCRIBER, "weight_fresh": PRESCRIBER},
)

ORDER = Order(
    drug="alpha",
    signed_at=NOW - 60 * MIN,
    signed_by="Dr A",
    valid_from=NOW - 300 * MIN,
    valid_until=NOW + 300 * MIN,
    used=False,
    per_kg=True,
    actual_weight_kg=80.0,
    dose_mg_per_kg=0.25,
    off_label=True,
)

FACTS = StartFacts(
    now=NOW,
    today=date(2026, 3, 3),
    drug="alpha",
    route="iv_infusion",
    identifiers=frozenset({"name", "birth_date"}),
    weight_kg=80.0,
    weighed_on=date(2026, 3, 1),
    last_taken={"food": LastTaken(at=NOW - 301 * MIN), "clear_liquid": LastTaken(none_taken=True)},
    escort_name="Kim",
    escort_phone="555 0100",
    escort_reachable=True,
    consents=(Consent(kind="treatment", signed_at=NOW - 90 * MIN), Consent(kind="off_label", signed_at=NOW - 90 * MIN)),
    wants_today=True,
    pregnant=False,
    medicine_changes_asked=True,
    medicine_classes=frozenset({"statin"}),
    order=ORDER,
    readings=(*bp(128.0, 80.0), reading("spo2_pct", 97.0)),
    sedation=5,
    iv_site="left forearm, 22 G",
    iv_patent=True,
    equipment={"oxygen": True, "suction": True},
    alarm_limits_set=frozenset({"spo2_pct", "heart_rate_per_min"}),
    monitor_attached=True,
    monitor_last_at=NOW - timedelta(seconds=2),
    monitor_mode=Mode.REAL,
    dose_check=DoseCheck(first_by="N One", second_by="N Two", agreed=True, how="gate"),
    course_on_hold=False,
)
BETA = replace(
    FACTS,
    drug="beta",
    route="intranasal",
    order=replace(ORDER, drug="beta", per_kg=False, off_label=False),
    last_taken={"nasal_spray": LastTaken(none_taken=True)},
    iv_site=None,
    iv_patent=None,
    prescriber_on_site=True,
    patient_enrolled=True,
    site_certified=True,
)


def find(rule, facts=FACTS, rules=RULES):
    mine = [f for f in start_findings(facts, rules) if f.rule == rule]
    assert len(mine) == 1, (rule, mine)
    return mine[0]


@pytest.mark.parametrize("facts", [FACTS, BETA])
def test_a_person_for_whom_all_is_done_may_start(facts):
    assert [f for f in start_findings(facts, RULES) if f.stops] == []
    assert all(f.is_met for f in start_findings(facts, RULES))


def order(**change):
    return {"order": replace(ORDER, **change)}


CASES = [
    ("identity", {"identifiers": frozenset({"name"})}, NOT_MET),
    ("identity", {"identifiers": frozenset()}, NOT_MET),
    ("identity", {"identifiers": None}, UNKNOWN),
    ("course_hold", {"course_on_hold": True}, NOT_MET),
    ("course_hold", {"course_on_hold": None}, UNKNOWN),
    ("order_signed", {"order": None}, NOT_MET),
    ("order_signed", order(signed_at=None), NOT_MET),
    ("order_signed", order(signed_by=""), NOT_MET),
    ("order_signed", order(signed_at=NOW + MIN), NOT_MET),
    ("order_drug", order(drug="beta"), NOT_MET),
    ("order_in_date", order(valid_until=NOW - MIN), NOT_MET),
    ("order_in_date", order(valid_from=NOW + MIN), NOT_MET),
    ("order_in_date", order(valid_from=None), UNKNOWN),
    ("order_unused", order(used=True), NOT_MET),
    ("order_unused", order(used=None), UNKNOWN),
    ("weight_fresh", {"weighed_on": date(2026, 2, 20)}, NOT_MET),
    ("weight_fresh", {"weighed_on": date(2026, 2, 21)}, MET),
    ("weight_fresh", {"weight_kg": None}, UNKNOWN),
    ("weight_fresh", {"weighed_on": None}, UNKNOWN),
    ("weight_fresh", {"weighed_on": date(2026, 3, 4)}, UNKNOWN),
    ("weight_unchanged", {"weight_kg": 75.0}, NOT_MET),
    ("weight_unchanged", {"weight_kg": 76.5}, MET),
    ("weight_unchanged", {"weight_kg": None}, UNKNOWN),
    ("weight_unchanged", order(actual_weight_kg=None), UNKNOWN),
    ("weight_unchanged", {"order": None}, UNKNOWN),
    ("fasting_food", {"last_taken": {"food": LastTaken(at=NOW - 299 * MIN)}}, NOT_MET),
    ("fasting_food", {"last_taken": {"food": LastTaken(at=NOW - 300 * MIN)}}, MET),
    ("fasting_food", {"last_taken": {}}, UNKNOWN),
    ("fasting_food", {"last_taken": {"food": LastTaken()}}, UNKNOWN),
    ("fasting_food", {"last_taken": {"food": LastTaken(at=NOW + MIN)}}, UNKNOWN),
    ("fasting_clear_liquid", {"last_taken": {"clear_liquid": LastTaken(at=NOW - 20 * MIN)}}, NOT_MET),
    ("escort_named", {"escort_name": " "}, NOT_MET),
    ("escort_named", {"escort_name": None}, UNKNOWN),
    ("escort_reachable", {"escort_reachable": False}, NOT_MET),
    ("escort_reachable", {"escort_reachable": None}, UNKNOWN),
    ("escort_reachable", {"escort_phone": ""}, NOT_MET),
    ("consent_treatment", {"consents": ()}, NOT_MET),
    ("consent_treatment", {"consents": None}, UNKNOWN),
    ("consent_treatment", {"consents": (Consent(kind="treatment", signed_at=NOW - MIN, withdrawn_at=NOW),)}, NOT_MET),
    ("consent_treatment", {"consents": (Consent(kind="treatment", signed_at=None),)}, NOT_MET),
    (
        "consent_treatment",
        {
            "consents": (
                Consent(kind="treatment", signed_at=NOW - 9 * MIN, withdrawn_at=NOW - MIN),
                Consent(kind="treatment", signed_at=NOW),
            )
        },
        MET,
    ),
    ("consent_off_label", {"consents": (Consent(kind="treatment", signed_at=NOW),)}, NOT_MET),
    ("consent_off_label", order(off_label=None), UNKNOWN),
    ("consent_today", {"wants_today": False}, NOT_MET),
    ("consent_today", {"wants_today": None}, UNKNOWN),
    ("pregnancy", {"pregnant": True}, NOT_MET),
    ("pregnancy", {"pregnant": None}, UNKNOWN),
    ("medicine_changes", {"medicine_changes_asked": False}, NOT_MET),
    ("medicine_changes", {"medicine_changes_asked": None}, UNKNOWN),
    ("medicines", {"medicine_classes": None}, UNKNOWN),
    ("medicine_theo", {"medicine_classes": frozenset({"theo"})}, NOT_MET),
    ("medicines_unmatched", {"medicines_unmatched": ("Xylo",)}, UNKNOWN),
    ("baseline_spo2_pct", {"readings": bp(128.0, 80.0)}, UNKNOWN),
    ("baseline_spo2_pct", {"readings": (reading("spo2_pct", 97.0, 31),)}, NOT_MET),
    ("baseline_spo2_pct", {"readings": (reading("spo2_pct", 97.0, 2, quality=Quality.ARTEFACT),)}, UNKNOWN),
    ("baseline_spo2_pct", {"readings": (reading("spo2_pct", 97.0, 2, mode=Mode.SIMULATED),)}, UNKNOWN),
    ("baseline_spo2_pct", {"readings": (reading("spo2_pct", 97.0, -2),)}, UNKNOWN),
    ("pressure_before", {"readings": bp(171.0, 80.0)}, NOT_MET),
    ("pressure_before", {"readings": bp(128.0, 96.0)}, NOT_MET),
    ("pressure_before", {"readings": bp(170.0, 95.0)}, MET),
    ("pressure_before", {"readings": ()}, UNKNOWN),
    ("pressure_before", {"readings": bp(128.0, 80.0, 31)}, UNKNOWN),
    (
        "pressure_before",
        {"readings": (reading("systolic_mmhg", 120.0, 5), reading("diastolic_mmhg", 70.0, 6))},
        UNKNOWN,
    ),
    ("sedation_before", {"sedation": 3}, NOT_MET),
    ("sedation_before", {"sedation": None}, UNKNOWN),
    ("iv_site", {"iv_site": " "}, UNKNOWN),
    ("iv_patent", {"iv_patent": False}, NOT_MET),
    ("iv_patent", {"iv_patent": None}, UNKNOWN),
    ("equipment", {"equipment": {"oxygen": True, "suction": False}}, NOT_MET),
    ("equipment", {"equipment": {"oxygen": True}}, UNKNOWN),
    ("alarm_limits", {"alarm_limits_set": frozenset({"spo2_pct"})}, NOT_MET),
    ("alarm_limits", {"alarm_limits_set": None}, UNKNOWN),
    ("monitor_attached", {"monitor_attached": False}, NOT_MET),
    ("monitor_attached", {"monitor_attached": None}, UNKNOWN),
    ("monitor_sending", {"monitor_last_at": NOW - timedelta(seconds=16)}, NOT_MET),
    ("monitor_sending", {"monitor_last_at": None}, NOT_MET),
    ("monitor_sending", {"monitor_attached": None}, UNKNOWN),
    ("monitor_real", {"monitor_mode": Mode.SIMULATED}, NOT_MET),
    ("monitor_real", {"monitor_mode": Mode.DEMO, "demo_or_drill": True}, NOT_MET),
    ("monitor_real", {"monitor_mode": Mode.SIMULATED, "demo_or_drill": True}, MET),
    ("monitor_real", {"monitor_mode": None}, UNKNOWN),
    ("dose_check", {"dose_check": None}, UNKNOWN),
    ("dose_check", {"dose_check": replace(FACTS.dose_check, agreed=None)}, UNKNOWN),
    ("dose_check", {"dose_check": replace(FACTS.dose_check, agreed=False)}, NOT_MET),
    ("dose_check", {"dose_check": replace(FACTS.dose_check, second_by=" n one ")}, NOT_MET),
    ("dose_check", {"dose_check": replace(FACTS.dose_check, second_by="")}, NOT_MET),
    ("dose_check", {"dose_check": replace(FACTS.dose_check, how="order_shown")}, MET),
]


@pytest.mark.parametrize(("rule", "change", "verdict"), CASES, ids=[f"{n}-{c[0]}" for n, c in enumerate(CASES)])
def test_each_rule(rule, change, verdict):
    finding = find(rule, replace(FACTS, **change))
    assert finding.verdict is verdict
    assert finding.because
    if verdict is not MET:
        assert finding.to_do, "a red line says what to do"
        if finding.weight is not Weight.CAUTION:
            assert finding.stops


def test_every_rule_has_been_shown_not_met_or_unknown():
    tried = {rule for rule, _, verdict in CASES if verdict is not MET}
    asked = {f.rule for f in start_findings(FACTS, RULES)}
    tried_beta = {"prescriber_on_site", "site_certified", "patient_enrolled", "fasting_nasal_spray"}
    assert asked - tried - {"baseline_systolic_mmhg"} == set()
    assert {f.rule for f in start_findings(BETA, RULES)} - tried - tried_beta - {"baseline_systolic_mmhg"} == set()


@pytest.mark.parametrize("rule", ["prescriber_on_site", "site_certified", "patient_enrolled"])
def test_a_restricted_programme_asks_for_more(rule):
    assert find(rule, BETA).verdict is MET
    assert find(rule, replace(BETA, **{rule: False})).verdict is NOT_MET
    assert find(rule, replace(BETA, **{rule: None})).verdict is UNKNOWN
    assert rule not in {f.rule for f in start_findings(FACTS, RULES)}


UNSET = [
    ("identity", {"identifiers_needed": limit(None)}),
    ("weight_fresh", {"weight_max_age_days": limit(None)}),
    ("fasting", {"fasting": {}}),
    ("fasting_food", {"fasting": {"alpha": (FastingLimit(kind="food", label="food", at_least=limit(None)),)}}),
    ("medicines", {"interactions": {}}),
    ("baseline", {"baseline_max_age_min": limit(None)}),
    ("pressure_before", {"baseline_max_age_min": limit(None)}),
    ("pressure_before", {"pressure": {}}),
    ("pressure_before", {"pressure": {"alpha": replace(RULES.pressure["alpha"], diastolic=limit(None))}}),
    ("monitor_sending", {"monitor_silence_s": limit(None)}),
    ("equipment", {"equipment": {}}),
    ("alarm_limits", {"monitored_signals": {}}),
]


@pytest.mark.parametrize(("rule", "change"), UNSET)
def test_a_number_that_nobody_has_set_stops_the_start(rule, change):
    finding = find(rule, rules=replace(RULES, **change))
    assert finding.verdict is UNKNOWN
    assert finding.stops


def test_without_a_tolerance_any_other_weight_asks_for_a_new_order():
    strict = replace(RULES, weight_change_pct=limit(None))
    assert find("weight_unchanged", replace(FACTS, weight_kg=80.1), strict).verdict is NOT_MET
    assert find("weight_unchanged", FACTS, strict).verdict is MET


def test_a_changed_weight_says_both_doses():
    because = find("weight_unchanged", replace(FACTS, weight_kg=60.0)).because
    assert "20 mg then, 15 mg now" in because
    plain_order = replace(FACTS, weight_kg=60.0, order=replace(ORDER, dose_mg_per_kg=None))
    assert "mg then" not in find("weight_unchanged", plain_order).because


def test_a_sedation_rule_without_a_number_only_asks_that_it_was_scored():
    assert find("sedation_before", replace(FACTS, sedation=2), replace(RULES, sedation_at_least=None)).is_met


def test_the_longer_of_drug_and_order_fasting_holds():
    longer = replace(
        FACTS, order=replace(ORDER, fasting=(FastingLimit(kind="food", label="food", at_least=limit(302)),))
    )
    shorter = replace(
        FACTS, order=replace(ORDER, fasting=(FastingLimit(kind="food", label="food", at_least=limit(10)),))
    )
    assert find("fasting_food", longer).verdict is NOT_MET
    assert find("fasting_food", replace(shorter, last_taken={"food": LastTaken(at=NOW - 20 * MIN)})).verdict is NOT_MET


def test_fasting_says_how_long_to_wait():
    early = replace(FACTS, last_taken={"food": LastTaken(at=NOW - 200 * MIN)})
    assert find("fasting_food", early).to_do == "wait 1 h 40 min more"


def test_what_was_signed_and_no_longer_holds_says_why():
    old = Consent(kind="treatment", signed_at=NOW - MIN, against="Treatment: the signature has run out")
    finding = find("consent_treatment", replace(FACTS, consents=(old,)))
    assert finding.verdict is NOT_MET
    assert "run out" in finding.because
    doubt = Consent(kind="treatment", signed_at=NOW - MIN, against="nobody has set for how long", unknown=True)
    finding = find("consent_treatment", replace(FACTS, consents=(doubt,)))
    assert finding.verdict is UNKNOWN
    assert "nobody has set" in finding.because


def test_withdrawn_and_never_signed_are_told_apart():
    gone = (Consent(kind="treatment", signed_at=NOW - MIN, withdrawn_at=NOW),)
    assert "withdrawn" in find("consent_treatment", replace(FACTS, consents=gone)).because
    assert "not signed" in find("consent_treatment", replace(FACTS, consents=())).because


def test_the_newest_whole_pressure_counts_and_numbers_are_never_mixed():
    newest_lacks_diastolic = replace(FACTS, readings=(*bp(128.0, 80.0, 9), reading("systolic_mmhg", 190.0, 2)))
    assert latest_pressure(newest_lacks_diastolic)[:2] == (128.0, 80.0)
    two = replace(FACTS, readings=(*bp(190.0, 99.0, 9), *bp(120.0, 70.0, 2)))
    assert latest_pressure(two)[:2] == (120.0, 70.0)


def test_simulated_values_count_only_in_demo_and_drill():
    simulated = replace(FACTS, readings=bp(128.0, 80.0, mode=Mode.SIMULATED))
    assert find("pressure_before", simulated).verdict is UNKNOWN
    assert find("pressure_before", replace(simulated, demo_or_drill=True)).is_met


def test_ready_asks_all_but_the_last_steps_at_the_chair():
    all_, ready = start_findings(FACTS, RULES), ready_findings(FACTS, RULES)
    assert {f.rule for f in all_} - {f.rule for f in ready} == {
        "dose_check",
        "monitor_attached",
        "monitor_sending",
        "monitor_real",
        "alarm_limits",
    }


def test_resuming_asks_that_consent_stands_and_the_patient_is_watched():
    withdrawn = replace(FACTS, consents=(replace(FACTS.consents[0], withdrawn_at=NOW), FACTS.consents[1]))
    assert [f.rule for f in resume_findings(withdrawn, RULES) if f.stops] == ["consent_treatment"]
    silent = replace(FACTS, monitor_last_at=NOW - MIN)
    assert [f.rule for f in resume_findings(silent, RULES) if f.stops] == ["monitor_sending"]


# ---------------------------------------------------------------- overrides
HIGH = replace(BETA, readings=(*bp(155.0, 80.0), reading("spo2_pct", 97.0)))


def give(finding, **change):
    return replace(
        Override(rule=finding.rule, against=finding.because, by="Dr A", role="prescriber", reason="benefit outweighs"),
        **change,
    )


def test_a_prescribers_recorded_decision_lets_a_high_pressure_pass():
    finding = find("pressure_before", HIGH)
    assert finding.stops
    laid = apply_overrides(start_findings(HIGH, RULES), [give(finding)])
    mine = next(f for f in laid if f.rule == "pressure_before")
    assert not mine.stops
    assert mine.verdict is NOT_MET
    assert mine.overridden == "Dr A: benefit outweighs"


def test_an_override_falls_when_the_value_changes():
    given_at = give(find("pressure_before", HIGH))
    worse = replace(HIGH, readings=(*bp(168.0, 80.0), reading("spo2_pct", 97.0)))
    laid = apply_overrides(start_findings(worse, RULES), [given_at])
    assert next(f for f in laid if f.rule == "pressure_before").stops


def test_an_override_does_not_fall_because_time_passes():
    early = replace(FACTS, last_taken={**FACTS.last_taken, "food": LastTaken(at=NOW - 200 * MIN)})
    given_at = give(find("fasting_food", early))
    later = replace(early, now=NOW + timedelta(minutes=3))
    laid = apply_overrides(start_findings(later, RULES), [given_at])
    assert not next(f for f in laid if f.rule == "fasting_food").stops


def test_an_unmeasured_pressure_cannot_be_overridden():
    blind = replace(HIGH, readings=())
    finding = find("pressure_before", blind)
    with pytest.raises(Refused):
        apply_overrides(start_findings(blind, RULES), [give(finding)])


def test_a_block_and_a_wrong_role_are_refused():
    pregnant = replace(FACTS, pregnant=True)
    with pytest.raises(Refused, match="may not override"):
        apply_overrides(start_findings(pregnant, RULES), [give(find("pregnancy", pregnant))])
    with pytest.raises(Refused, match="nurse may not override"):
        apply_overrides(start_findings(HIGH, RULES), [give(find("pressure_before", HIGH), role="nurse")])


def test_policy_narrows_and_never_widens():
    finding = find("pressure_before", HIGH)
    assert may_override(finding) == ("prescriber",)
    assert may_override(finding, {}) == ()
    assert may_override(finding, {"pressure_before": ["nurse", "prescriber"]}) == ("prescriber",)
    with pytest.raises(Refused):
        apply_overrides([finding], [give(finding)], policy={})


@pytest.mark.parametrize("missing", ["by", "reason"])
def test_an_override_is_named_and_reasoned(missing):
    finding = find("pressure_before", HIGH)
    with pytest.raises(BadInput, match=missing):
        apply_overrides([finding], [give(finding, **{missing: " "})])


def test_an_override_of_what_is_met_changes_nothing():
    findings = start_findings(FACTS, RULES)
    assert apply_overrides(findings, [give(find("fasting_food"))]) == findings
    assert may_override(find("fasting_food")) == ()


# ---------------------------------------------------------------- over all facts
# a drill is no failure: it makes simulated values count
CHANGES = [change for _, change, verdict in CASES if verdict is not MET and "demo_or_drill" not in change]


@given(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=4))
def test_no_combination_of_failures_hides_one(changes):
    """Whatever else is wrong, the start is refused or only a caution is shown: failures never cancel out."""
    facts = FACTS
    for change in changes:
        facts = replace(facts, **change)
    last = start_findings(replace(FACTS, **changes[-1]), RULES)
    together = start_findings(facts, RULES)
    assert {f.rule for f in last if f.stops} <= {f.rule for f in together if f.stops}
    assert any(f.stops for f in together) or all(c == {"medicines_unmatched": ("Xylo",)} for c in changes)


# ---------------------------------------------------------------- edges, and what the sentences say
@pytest.mark.parametrize(
    ("rule", "change", "verdict"),
    [
        ("order_in_date", order(valid_from=NOW), MET),
        ("order_in_date", order(valid_until=NOW), MET),
        ("order_signed", order(signed_at=NOW), MET),
        ("weight_fresh", {"weighed_on": FACTS.today}, MET),
        ("weight_unchanged", order(actual_weight_kg=0.0), UNKNOWN),
        ("fasting_food", {"last_taken": {"food": LastTaken(at=NOW)}}, NOT_MET),
        ("baseline_spo2_pct", {"readings": (reading("spo2_pct", 97.0, 30),)}, MET),
        ("baseline_spo2_pct", {"readings": (reading("spo2_pct", 97.0, 0),)}, MET),
        ("pressure_before", {"readings": bp(128.0, 80.0, 30)}, MET),
        ("sedation_before", {"sedation": 4}, MET),
        ("monitor_sending", {"monitor_last_at": NOW - timedelta(seconds=15)}, MET),
    ],
)
def test_edges(rule, change, verdict):
    assert find(rule, replace(FACTS, **change)).verdict is verdict


@pytest.mark.parametrize(
    ("rule", "change", "because", "to_do"),
    [
        ("identity", {"identifiers": None}, "nobody has checked", "date of birth"),
        ("identity", {"identifiers": frozenset()}, "identified by nothing; 2 identifiers", "date of birth"),
        ("weight_fresh", {"weighed_on": date(2026, 3, 4)}, "ahead of today", "weigh again"),
        ("weight_fresh", {"weight_kg": None}, "not known", "weigh again"),
        ("fasting_food", {"last_taken": {}}, "nobody has asked about food", "when the person last had food"),
        ("fasting_food", {"last_taken": {"food": LastTaken(at=NOW)}}, "none for 5 h; not kept", "wait 5 h more"),
        ("medicines", {"medicine_classes": None}, "not been reviewed", "review"),
        ("pregnancy", {"pregnant": True}, "pregnant", "call the prescriber"),
        ("pregnancy", {"pregnant": None}, "not been asked", "ask"),
        ("order_signed", {"order": None}, "no order", "signed order"),
        ("equipment", {"equipment": {"oxygen": True}}, "not checked: suction", "at the chair"),
        ("equipment", {"equipment": {"oxygen": False}}, "missing: oxygen", "bring"),
        ("alarm_limits", {"alarm_limits_set": frozenset({"spo2_pct"})}, "no alarm limits for heart rate", "prescriber"),
        ("sedation_before", {"sedation": 3}, "under 4 MOAA/S", "prescriber"),
        ("sedation_before", {"sedation": None}, "not scored", "score"),
        ("monitor_real", {"monitor_mode": Mode.DEMO}, "sends demo values", "demonstration"),
        ("monitor_sending", {"monitor_attached": None}, "no monitor is known", "bedside monitor"),
        ("dose_check", {"dose_check": replace(FACTS.dose_check, second_by="N One")}, "one person", "second person"),
        ("dose_check", {"dose_check": replace(FACTS.dose_check, agreed=False)}, "do not agree", "second person"),
        ("consent_treatment", {"consents": None}, "nobody has looked", "only if the person wants"),
        ("escort_reachable", {"escort_phone": ""}, "cannot be reached", "call"),
    ],
)
def test_what_a_red_line_says(rule, change, because, to_do):
    finding = find(rule, replace(FACTS, **change))
    assert because in finding.because
    assert to_do in finding.to_do


@pytest.mark.parametrize(
    ("rule", "change", "because"),
    [
        ("identity", {"identifiers_needed": limit(None)}, "not set"),
        ("weight_fresh", {"weight_max_age_days": limit(None)}, "how old a weight may be is not set"),
        ("medicines", {"interactions": {}}, "no list"),
        ("equipment", {"equipment": {}}, "no equipment list"),
        ("monitor_sending", {"monitor_silence_s": limit(None)}, "not set"),
    ],
)
def test_what_is_not_set_is_called_so(rule, change, because):
    finding = find(rule, rules=replace(RULES, **change))
    assert because in finding.because
    assert "director" in finding.to_do or rule in ("medicines", "equipment")


def test_a_flagged_medicine_stands_instead_of_the_clean_line():
    facts = replace(FACTS, medicine_classes=frozenset({"opioid"}))
    rules = {f.rule for f in start_findings(facts, RULES)}
    assert "medicine_opioid" in rules
    assert "medicines" not in rules
    assert not find("medicine_opioid", facts).stops
    assert "medicines" in {f.rule for f in start_findings(FACTS, RULES)}


def test_met_lines_name_what_was_found():
    assert find("escort_reachable").because == "Kim can be reached on 555 0100"
    unnamed = replace(FACTS, escort_name="", escort_phone=None)
    assert find("escort_reachable", unnamed).because == "the escort can be reached on the number on record"
    assert find("weight_fresh").because == "80 kg on 2026-03-01"
    assert find("identity").because == "identified by birth date, name"
    shown = replace(FACTS, dose_check=replace(FACTS.dose_check, how="order_shown"))
    assert find("dose_check", shown).because.startswith(
        "the order was shown and confirmed by a second person: N One and"
    )
    assert find("dose_check").because.startswith("two independent entries agree")
