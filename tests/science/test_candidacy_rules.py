"""Every rule of candidacy: met, not met and unknown.  The facts stand here in full, so that a rule that is lost fails."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from stillhaven.reference.load import current
from stillhaven.science.candidacy import decide
from stillhaven.science.candidacy_rules import judge_rule
from stillhaven.science.facts import Fact, Known, Medicine, Trial
from stillhaven.science.findings import Verdict, Weight
from stillhaven.science.protocol import Drug, Route

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = date(2026, 11, 20)
RULES = current().candidacy
NOTHING: dict[str, Any] = {}


def takes(*classes: str) -> tuple[Medicine, ...]:
    return tuple(Medicine(name=c.title(), key=c, classes=frozenset({c})) for c in classes)


def known(facts: dict[str, Any]) -> Known:
    facts = dict(facts)
    medicines, trials = facts.pop("medicines", None), facts.pop("trials", None)
    return Known(
        facts={k: Fact(key=k, value=v, at=NOW, by="patient") for k, v in facts.items()},
        medicines=medicines,
        trials=trials,
    )


def is_true(key: str) -> tuple[dict[str, Any], ...]:
    """A yes stands against it, a no does not, and nothing said is unknown."""
    return {key: False}, {key: True}, NOTHING


def taken(*classes: str) -> tuple[dict[str, Any], ...]:
    """Each class stands against it; another medicine does not; a list that nobody asked for is unknown."""
    return (
        {"medicines": takes("lithium" if "lithium" not in classes else "z_drug")},
        {"medicines": takes(classes[0])},
        NOTHING,
    )


FULL = Trial(drug="Sertraline", key="sertraline", drug_class="ssri", highest_dose_mg=200, weeks=8, outcome="none",
             taken_as_prescribed=True, this_episode=True)  # fmt: skip
GAP = Trial(drug="Sertraline", key="sertraline", drug_class="ssri", weeks=8)
VITALS = {
    "systolic_mmhg": 120.0,
    "diastolic_mmhg": 80.0,
    "heart_rate_per_min": 70.0,
    "spo2_pct": 98.0,
    "weight_kg": 80.0,
}
HEALTHY = {"cardiac_risk": False, "liver_risk": False, "thyroid_disease_or_symptoms": False, "urinary_symptoms": False,
           "substance_use_disorder": "none"}  # fmt: skip


def test_done(when: dict[str, Any], not_when: dict[str, Any], key: str) -> tuple[dict[str, Any], ...]:
    """Called for and done; called for and not done; not known whether it is called for."""
    return when | {key: DAY}, when | {key: False}, NOTHING


test_done.__test__ = False  # type: ignore[attr-defined]

# rule -> (facts with which it is met, with which it is not, with which it is unknown)
CASES: dict[str, tuple[dict[str, Any], ...]] = {
    "CI01": ({"aneurysmal_disease": False, "arteriovenous_malformation": False},
             {"aneurysmal_disease": False, "arteriovenous_malformation": True}, {"aneurysmal_disease": False}),
    "CI02": is_true("intracerebral_haemorrhage"),
    "CI03": is_true("ketamine_hypersensitivity"),
    "CI04": is_true("pressure_rise_hazard"),
    "CI05": ({"aneurysmal_disease": False, "arteriovenous_malformation": False, "intracerebral_haemorrhage": False},
             {"intracerebral_haemorrhage": True}, {"aneurysmal_disease": False, "arteriovenous_malformation": False}),
    "CI06": ({"cardiovascular_event": True, "cardiovascular_event_on": date(2026, 10, 9)},
             {"cardiovascular_event": True, "cardiovascular_event_on": date(2026, 10, 12)}, {"cardiovascular_event": True}),
    "CI07": ({"pre_eclampsia": False, "severe_heart_disease": False, "stroke": False, "head_injury": False},
             {"stroke": True}, {"pre_eclampsia": False, "stroke": False, "head_injury": False}),
    "CI08": ({"systolic_mmhg": 180.0, "diastolic_mmhg": 100.0}, {"systolic_mmhg": 150.0, "diastolic_mmhg": 101.0},
             {"systolic_mmhg": 150.0}),
    "CI09": ({"hyperthyroidism": "treated"}, {"hyperthyroidism": "not_controlled"}, {"hyperthyroidism": None}),
    "CI10": ({"age_y": 18.0}, {"age_y": 17.0}, NOTHING),
    "CI11": is_true("needs_hospital_care"),
    "CI12": is_true("intoxicated_or_delirious"),
    "CI13": ({"ride_home": True, "stays_for_observation": True}, {"ride_home": True, "stays_for_observation": False},
             {"ride_home": True}),
    "RC01": ({"cardiovascular_disease": "controlled"}, {"cardiovascular_disease": "poorly_controlled"}, NOTHING),
    "RC02": is_true("pregnant"),
    "RC03": ({"psychosis": "past", "schizophrenia_spectrum": False}, {"psychosis": "active"},
             {"psychosis": "none", "schizophrenia_spectrum": None}),
    "RC04": is_true("mania_now"),
    "RC05": ({"liver_disease": "moderate"}, {"liver_disease": "severe"}, NOTHING),
    "RC06": ({"liver_disease": "mild"}, {"liver_disease": "moderate"}, NOTHING),
    "RC07": is_true("raised_intracranial_pressure"),
    "RC08": is_true("raised_eye_pressure"),
    "RC09": ({"substance_use_disorder": "remission"}, {"substance_use_disorder": "active"}, NOTHING),
    "RC10": is_true("breastfeeding"),
    "RC11": ({"sleep_apnoea": "treated", "obesity": False}, {"sleep_apnoea": "treated", "obesity": True},
             {"sleep_apnoea": "treated"}),
    "RC12": is_true("pulmonary_insufficiency"),
    "RC13": is_true("hypertensive_encephalopathy"),
    "RC14": is_true("cystitis_ketamine_or_interstitial"),
    "RC15": is_true("porphyria"),
    "RC16": ({"seizures": "controlled"}, {"seizures": "poorly_controlled"}, NOTHING),
    "RC17": is_true("dissociative_or_personality_disorder"),
    "RC18": is_true("dementia_or_recent_delirium"),
    "RC19": ({"age_y": 64.0}, {"age_y": 65.0}, NOTHING),
    "IX01": taken("benzodiazepine", "diazepam"),
    "IX02": taken("z_drug"),
    "IX03": ({"medicines": takes("lithium"), "alcohol_use": "none"}, {"medicines": (), "alcohol_use": "some"},
             {"medicines": ()}),
    "IX04": taken("stimulant"),
    "IX05": taken("maoi"),
    "IX06": taken("lamotrigine"),
    "IX07": taken("lithium"),
    "IX08": taken("antipsychotic"),
    "IX09": taken("theophylline"),
    "IX10": taken("cyp3a4_inhibitor"),
    "IX11": taken("itraconazole"),
    "IX12": taken("cyp2b6_inhibitor"),
    "IX13": taken("inducer"),
    "IX14": taken("cyp3a4_inhibitor", "itraconazole", "cyp2b6_inhibitor", "inducer"),
    "IX15": taken("naltrexone"),
    "IX16": taken("thyroid_hormone"),
    "IX17": taken("sympathomimetic", "nasal_decongestant"),
    "IX18": taken("nasal_corticosteroid", "nasal_decongestant"),
    "IX19": taken("ssri", "snri", "tricyclic", "maoi", "bupropion", "mirtazapine", "other_antidepressant"),
    "IX20": ({"medicines": takes("barbiturate"), "mixed_with_barbiturate_or_diazepam": False},
             {"medicines": takes("diazepam"), "mixed_with_barbiturate_or_diazepam": True},
             {"medicines": takes("diazepam")}),
    "RA01": ({"diagnosis": "mdd", "diagnosed_by_clinician_on": DAY, "severity_scale_on": DAY},
             {"diagnosis": "mdd", "diagnosed_by_clinician_on": DAY, "severity_scale_on": False}, {"diagnosis": "mdd"}),
    "RA02": ({"trials": (FULL,)}, {"trials": (FULL, GAP)}, NOTHING),
    "RA03": ({"suicide_assessment_on": DAY, "suicide_escalation_path": True},
             {"suicide_assessment_on": DAY, "suicide_escalation_path": False}, {"suicide_assessment_on": DAY}),
    "RA04": ({"psychosis_mania_dissociation_screen_on": DAY}, {"psychosis_mania_dissociation_screen_on": False}, NOTHING),
    "RA05": ({"misuse_risk_assessment_on": DAY}, {"misuse_risk_assessment_on": False}, NOTHING),
    "RA06": ({"history_and_exam_on": DAY, "medicines": (), "allergies_asked": True, "off_label_consent_on": DAY},
             {"history_and_exam_on": DAY, "medicines": (), "allergies_asked": True, "off_label_consent_on": False},
             {"history_and_exam_on": DAY, "allergies_asked": True, "off_label_consent_on": DAY}),
    "RA07": ({"airway_assessment_on": DAY, "sleep_apnoea": "none", "prior_sedation_problems": False, "asa_class": "2"},
             {"airway_assessment_on": False, "sleep_apnoea": "none", "prior_sedation_problems": False, "asa_class": "2"},
             {"airway_assessment_on": DAY, "sleep_apnoea": "none", "prior_sedation_problems": False}),
    "RA08": (VITALS | {"height_cm": 180.0}, VITALS | {"height_cm": False}, VITALS),
    "RA09": ({"urinary_baseline_on": DAY}, {"urinary_baseline_on": False}, {"urinary_symptoms": None}),
    "RA10": ({"long_term_treatment": True, "cognition_note_on": DAY}, {"long_term_treatment": True, "cognition_note_on": False},
             {"long_term_treatment": None}),
    "RA11": ({"pdmp_query_on": DAY}, {"pdmp_query_on": False}, {"pdmp_query_on": date(2026, 12, 1)}),
    "RA12": ({"rems_patient_enrolled": True, "rems_site_certified": True},
             {"rems_patient_enrolled": False, "rems_site_certified": True}, {"rems_site_certified": True}),
    "LT01": (HEALTHY, HEALTHY | {"cardiac_risk": True}, HEALTHY | {"liver_risk": None}),
    "LT02": test_done({"cardiac_risk": True}, {}, "ecg_on"),
    "LT03": test_done({"frequent_high_dose": True}, {}, "liver_tests_on"),
    "LT04": test_done({"recurrent_use": True}, {}, "liver_tests_alp_ggt_on"),
    "LT05": test_done({"can_become_pregnant": True}, {}, "pregnancy_test_on"),
    "LT06": test_done({"substance_use_disorder": "remission"}, {}, "urine_drug_screen_on"),
    "LT07": test_done({"thyroid_disease_or_symptoms": True}, {}, "tsh_on"),
    "LT08": test_done({"urinary_symptoms": True}, {}, "urinalysis_on"),
    "CV01": ({"systolic_mmhg": 140.0, "diastolic_mmhg": 90.0}, {"systolic_mmhg": 141.0, "diastolic_mmhg": 70.0}, NOTHING),
}  # fmt: skip


def verdict(rule: str, facts: dict[str, Any]) -> Verdict:
    found = judge_rule(RULES.rule(rule), known(facts), RULES.facts, RULES.class_labels, on=NOW.date())
    return found.finding.verdict


def test_every_entry_of_the_fact_file_is_here() -> None:
    """13 contraindications, 19 relative ones, 20 interactions, 12 assessments, 8 tests, and the one label guide."""
    wanted = [
        *(f"CI{n:02d}" for n in range(1, 14)), *(f"RC{n:02d}" for n in range(1, 20)), *(f"IX{n:02d}" for n in range(1, 21)),
        *(f"RA{n:02d}" for n in range(1, 13)), *(f"LT{n:02d}" for n in range(1, 9)), "CV01",
    ]  # fmt: skip
    assert sorted(CASES) == sorted(wanted)
    assert sorted(r.key for r in RULES.rules) == sorted(wanted)


@pytest.mark.parametrize("rule", sorted(CASES))
def test_met(rule: str) -> None:
    assert verdict(rule, CASES[rule][0]) is Verdict.MET


@pytest.mark.parametrize("rule", sorted(CASES))
def test_not_met(rule: str) -> None:
    assert verdict(rule, CASES[rule][1]) is Verdict.NOT_MET


@pytest.mark.parametrize("rule", sorted(CASES))
def test_unknown_and_it_says_what_to_ask(rule: str) -> None:
    found = judge_rule(RULES.rule(rule), known(CASES[rule][2]), RULES.facts, RULES.class_labels, on=NOW.date())
    assert found.finding.verdict is Verdict.UNKNOWN
    assert found.asks
    assert found.finding.to_do.split(":")[0] in ("Ask the patient", "Record", "Measure")


@pytest.mark.parametrize("rule", sorted(CASES))
def test_nothing_known_is_never_met(rule: str) -> None:
    assert verdict(rule, NOTHING) is Verdict.UNKNOWN


@pytest.mark.parametrize("rule", sorted(r for r in CASES if r.startswith("IX") and r != "IX20"))
def test_each_class_of_an_interaction_counts_and_a_medicine_that_ended_does_not(rule: str) -> None:
    entry = RULES.rule(rule)
    assert entry.against is not None
    classes = {c for part in (entry.against, *entry.against.parts) for c in part.classes}
    assert classes
    for name in classes:
        assert verdict(rule, {"medicines": takes(name), "alcohol_use": "none"}) is Verdict.NOT_MET
        ended = Medicine(name=name, key=name, classes=frozenset({name}), until=date(2026, 1, 1))
        assert verdict(rule, {"medicines": (ended,), "alcohol_use": "none"}) is Verdict.MET


# ---------------------------------------------------------------- what each does, as the fact file has it
ACTIONS = {
    "block": "CI01 CI02 CI03 CI04 CI05 CI06 CI07 CI08 CI09 CI10 CI11 CI12 CI13 RA12 IX20",
    "override": "RC01 RC02 RC03 RC04 RC05 RC07 RC08 RC09 RC10 RC11 RC12 RC13 RC14 RC15 RC16 RC18 IX03 IX05 IX09 IX10 IX12",
    "flag": "RC06 RC17 RC19 IX01 IX02 IX04 IX06 IX07 IX08 IX11 IX13 IX14 IX15 IX16 IX17 IX19 LT01 CV01",
    "collect": "RA01 RA02 RA03 RA04 RA05 RA06 RA07 RA08 RA09 RA10 RA11 IX18 LT02 LT03 LT04 LT05 LT06 LT07 LT08",
}
STRICTER = {"RC02", "RC03", "RC04", "RC05", "RC07", "IX09"}  # the team's default blocks
UNCONFIRMED = {"CI12", "RC16", "RC17", "IX16", "IX17", "LT05", "LT07", "LT08"}
CONFLICTING = {"CI06", "CI09", "RC03", "RC15", "RC19", "IX05", "IX08", "IX14", "IX15", "IX19"}


def test_each_action_is_the_sources_and_the_teams_default_stands_beside_it() -> None:
    for action, keys in ACTIONS.items():
        assert {r.key for r in RULES.rules if r.action == action} == set(keys.split()), action
    assert {r.key for r in RULES.rules if r.team_default} == STRICTER
    assert all(RULES.rule(key).weight is Weight.BLOCK for key in STRICTER)
    assert RULES.rule("RC01").weight is Weight.OVERRIDE
    assert RULES.rule("IX01").weight is Weight.CAUTION


def test_what_is_not_confirmed_says_so_and_conflicts_are_kept() -> None:
    assert {r.key for r in RULES.rules if not r.cite.confirmed} == UNCONFIRMED
    assert {r.key for r in RULES.rules if r.conflict} == CONFLICTING
    assert {r.key for r in RULES.rules if r.cite.inference} == {"CI05", "CI11", "RA03", "RA09", "RA10"}


E_ONLY = {"CI01", "CI02", "RC19", "RA12", "IX18", "CV01"}
K_ONLY = {"CI04", "CI05", "CI07", "CI08", "CI09", "RC16", "IX10", "IX11", "IX12", "IX13", "IX14", "IX20", "LT04"}


def test_each_rule_is_asked_of_the_drug_and_route_that_it_speaks_of() -> None:
    def asked(drug: Drug, route: Route) -> set[str]:
        return {r.key for r in RULES.rules if r.applies_to(drug, route)}

    every = set(CASES)
    assert asked(Drug.ESKETAMINE, Route.INTRANASAL) == every - K_ONLY
    by_mouth = {"IX10", "IX11", "IX12"}
    assert asked(Drug.KETAMINE, Route.ORAL) == every - E_ONLY - {"IX14"}
    assert asked(Drug.KETAMINE, Route.IV_INFUSION) == every - E_ONLY - by_mouth
    assert asked(Drug.KETAMINE, Route.IM) == every - E_ONLY - by_mouth - {"IX13"}
    assert asked(Drug.S_KETAMINE, Route.IV_INFUSION) == asked(Drug.KETAMINE, Route.IV_INFUSION)


@pytest.mark.parametrize(("rule", "facts"), [("RC02", {"pregnancy_test_positive": True, "pregnant": False}),
                                             ("RC01", {"ecg_ischaemia": True, "cardiovascular_disease": "none"}),
                                             ("RC09", {"urine_drug_screen_positive": True, "substance_use_disorder": "none"})])  # fmt: skip
def test_a_test_that_found_something_counts_against_what_was_said(rule: str, facts: dict[str, Any]) -> None:
    assert verdict(rule, facts) is Verdict.NOT_MET


def test_a_value_that_cannot_be_read_is_not_known() -> None:
    for facts in ({"pregnant": "no"}, {"pregnant": 0}, {"pregnant": 1.0}):
        assert verdict("RC02", facts) is Verdict.UNKNOWN
    assert verdict("CI10", {"age_y": float("nan")}) is Verdict.UNKNOWN
    assert verdict("RC05", {"liver_disease": "a bit"}) is Verdict.UNKNOWN


def test_a_known_interaction_is_shown_on_a_route_that_no_source_speaks_of() -> None:
    found = decide(
        known({"medicines": takes("cyp3a4_inhibitor")}), RULES, drug=Drug.KETAMINE, route=Route.SUBLINGUAL, now=NOW
    )
    lines = [j for j in found.judged if j.rule.key == "IX10"]
    assert len(lines) == 1
    assert "no source speaks of this route" in lines[0].finding.because
    assert lines[0].finding.weight is Weight.CAUTION
