"""The whole of candidacy: the suggestion, what speaks for it, resistance, the fit of protocols, what reopens a decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillhaven.reference.load import current
from stillhaven.science.candidacy import Assessment, Suggestion, decide, worse_since
from stillhaven.science.candidacy_conditions import Condition, Kind, answer
from stillhaven.science.candidacy_fit import protocols
from stillhaven.science.candidacy_indications import Legal
from stillhaven.science.candidacy_trials import resistance
from stillhaven.science.facts import Fact, Known, Medicine, Trial
from stillhaven.science.findings import Finding, Verdict
from stillhaven.science.protocol import Drug, Route

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = date(2026, 11, 20)
REFERENCE = current()
RULES = REFERENCE.candidacy
VALUES: dict[str, Any] = {
    "age_y": 45.0, "ride_home": True, "stays_for_observation": True, "allergies_asked": True, "suicide_escalation_path": True,
    "diagnosis": "mdd", "asa_class": "2", "adequate_trials_judged": 2.0, "systolic_mmhg": 122.0, "diastolic_mmhg": 76.0,
    "heart_rate_per_min": 70.0, "spo2_pct": 98.0, "weight_kg": 80.0, "height_cm": 175.0, "rems_patient_enrolled": True,
    "rems_site_certified": True,
}  # fmt: skip
NOT_SET = {"treatment_resistant", "cardiovascular_event_on"}


def healthy(**changes: Any) -> Known:
    """Somebody of whom everything is known and nothing stands against it."""
    facts: dict[str, Any] = {}
    for key, kind in RULES.facts.items():
        ordinary = {"bool": False, "choice": kind.choices[0] if kind.choices else "", "date": DAY, "number": 1.0}
        if key not in NOT_SET:
            facts[key] = VALUES.get(key, ordinary[kind.type])
    medicines = changes.pop("medicines", ())
    trials = changes.pop("trials", ())
    facts |= changes
    return Known(facts={k: Fact(key=k, value=v) for k, v in facts.items()}, medicines=medicines, trials=trials)


def says(known: Known, drug: Drug = Drug.KETAMINE, route: Route = Route.IV_INFUSION, **more: Any) -> Assessment:
    return decide(known, RULES, drug=drug, route=route, now=NOW, **more)


# ---------------------------------------------------------------- the suggestion
def test_nothing_against_it_and_an_indication_for_it_is_a_candidate() -> None:
    found = says(healthy())
    assert found.suggestion is Suggestion.CANDIDATE, found.because
    assert not found.blocks
    assert not found.unknowns
    assert not found.missing
    assert found.legal is Legal.OFF_LABEL


def test_nothing_known_cannot_be_said_and_nothing_is_in_order() -> None:
    found = says(Known())
    assert found.suggestion is Suggestion.CANNOT_SAY
    assert not found.clear
    assert not found.blocks
    assert all(j.asks for j in found.unknowns)


@pytest.mark.parametrize(
    ("change", "suggestion"),
    [
        ({"systolic_mmhg": 181.0}, Suggestion.LATER),
        ({"mania_now": True}, Suggestion.LATER),
        ({"pregnant": True, "can_become_pregnant": True}, Suggestion.LATER),
        ({"aneurysmal_disease": True}, Suggestion.NO),
        ({"age_y": 17.0}, Suggestion.NO),
        ({"aneurysmal_disease": True, "systolic_mmhg": 181.0}, Suggestion.NO),
        ({"porphyria": True}, Suggestion.CANNOT_SAY),  # a prescriber's reason is asked for
        ({"pdmp_query_on": None}, Suggestion.CANNOT_SAY),
        ({"diagnosis": None}, Suggestion.CANNOT_SAY),
        ({"stroke": None}, Suggestion.CANNOT_SAY),
    ],
)
def test_what_stands_against_it_changes_the_suggestion(change: dict[str, Any], suggestion: Suggestion) -> None:
    found = says(healthy(**change))
    assert found.suggestion is suggestion, found.because
    assert found.because


def test_an_override_frees_a_caution_and_never_a_block() -> None:
    cautioned = healthy(porphyria=True)
    assert says(cautioned, overridden={"RC15": "Dr L: checked with a specialist"}).suggestion is Suggestion.CANDIDATE
    blocked = healthy(systolic_mmhg=190.0)
    found = says(blocked, overridden={"CI08": "Dr L: I want to"})
    assert found.suggestion is Suggestion.LATER
    assert found.blocks[0].finding.stops


def test_a_medicine_that_no_rule_has_checked_is_told() -> None:
    herb = Medicine(name="Dr Bob's drops", key=None)
    found = says(healthy(medicines=(herb,)))
    assert any("Dr Bob's drops" in j.finding.because for j in found.unknowns)


def test_who_cannot_become_pregnant_is_not_asked_whether_they_are() -> None:
    found = says(healthy(pregnant=None, can_become_pregnant=False)).finding("RC02")
    assert found is not None
    assert found.is_met
    still = says(healthy(pregnant=True, can_become_pregnant=False)).finding("RC02")
    assert still is not None
    assert not still.is_met  # what somebody said outright is never argued away


@settings(max_examples=60, deadline=None)
@given(st.sets(st.sampled_from(sorted(set(RULES.facts) - NOT_SET)), max_size=40), st.sampled_from(list(Drug)))
def test_forgetting_facts_never_makes_anybody_more_of_a_candidate(forgotten: set[str], drug: Drug) -> None:
    """Less known is never better: no finding becomes met, and nobody becomes a candidate, by not knowing."""
    route = Route.INTRANASAL if drug is Drug.ESKETAMINE else Route.IV_INFUSION
    full = healthy(mania_now=True, porphyria=True, systolic_mmhg=150.0)
    less = replace(full, facts={k: f for k, f in full.facts.items() if k not in forgotten})
    before, after = says(full, drug, route), says(less, drug, route)
    met = {f.rule for f in before.findings if f.is_met}
    assert {f.rule for f in after.findings if f.is_met} <= met
    assert after.suggestion is not Suggestion.CANDIDATE


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=6))
def test_three_values_combine_as_they_should(values: list[bool | None]) -> None:
    keys = [k for k, kind in RULES.facts.items() if kind.type == "bool"][: len(values)]
    known = Known(facts={k: Fact(key=k, value=v) for k, v in zip(keys, values, strict=True)})
    parts = tuple(Condition(kind=Kind.IS, fact=k, values=(True,)) for k in keys)
    any_of = answer(Condition(kind=Kind.ANY_OF, parts=parts), known, RULES.facts, {}, on=DAY)
    all_of = answer(Condition(kind=Kind.ALL_OF, parts=parts), known, RULES.facts, {}, on=DAY)
    assert any_of.holds is (True if True in values else None if None in values else False)
    assert all_of.holds is (False if False in values else None if None in values else True)
    if any_of.holds is None:
        assert set(any_of.asks) == {k for k, v in zip(keys, values, strict=True) if v is None}


# ---------------------------------------------------------------- what speaks for it
def status(drug: Drug, route: Route, **facts: Any) -> tuple[Legal | None, list[str]]:
    found = says(healthy(**facts), drug, route)
    return found.legal, [s.indication.key for s in found.speaks if s.holds]


def test_indications_and_their_legal_status() -> None:
    nose, vein = (Drug.ESKETAMINE, Route.INTRANASAL), (Drug.KETAMINE, Route.IV_INFUSION)
    assert status(*nose) == (Legal.APPROVED, ["IN01"])
    assert status(*nose, acute_suicidal_ideation=True) == (Legal.APPROVED, ["IN01", "IN02"])
    assert status(*nose, diagnosis="ptsd") == (Legal.NOT_SUPPORTED, [])
    assert status(*nose, adequate_trials_judged=1.0) == (Legal.NOT_SUPPORTED, [])
    assert status(*vein) == (Legal.OFF_LABEL, ["IN03"])
    assert status(*vein, adequate_trials_judged=1.0) == (Legal.OFF_LABEL, ["IN04"])
    for diagnosis, key in (
        ("gad", "IN05"), ("social_anxiety", "IN06"), ("ptsd", "IN07"), ("bipolar_depression", "IN08"), ("ocd", "IN09"),
        ("crps", "IN13"), ("spinal_cord_injury_pain", "IN14"), ("neuropathic_pain", "IN15"), ("fibromyalgia", "IN16"),
        ("migraine", "IN17"),
    ):  # fmt: skip
        assert status(*vein, diagnosis=diagnosis) == (Legal.OFF_LABEL, [key])
    assert status(*vein, diagnosis="suicidal_ideation", closely_supervised=True)[1] == ["IN10"]
    assert status(*vein, diagnosis="alcohol_use_disorder", psychotherapy_planned=True)[1] == ["IN11"]
    assert status(*vein, diagnosis="cocaine_use_disorder", psychotherapy_planned=True)[1] == ["IN12"]
    assert status(*vein, diagnosis="cocaine_use_disorder") == (Legal.NOT_SUPPORTED, [])


def test_null_trials_stand_beside_the_positive_ones() -> None:
    by_key = {i.key: i for i in RULES.indications}
    assert len(by_key) == 17
    for key in ("IN03", "IN06", "IN07", "IN08", "IN10", "IN13"):
        assert {t.result.value for t in by_key[key].trials} == {"positive", "null"}, key
    assert by_key["IN03"].evidence_grade == "conflicting"
    assert "NICE" in by_key["IN01"].guideline
    assert "NICE" in by_key["IN01"].conflict


def test_a_false_claim_is_kept_as_false_and_no_rule_uses_it() -> None:
    false = [t for t in RULES.thresholds if t.refuted]
    assert [t.key for t in false] == ["CV18"]
    limits = {
        part.limit.value
        for rule in RULES.rules
        for c in (rule.against, rule.needs, rule.when)
        if c is not None
        for part in (c, *c.parts)
        if part.limit is not None and part.limit.unit == "mmHg"
    }
    assert limits == {140.0, 90.0, 180.0, 100.0}
    assert len(RULES.thresholds) + 1 == 21  # with CV01, which acts


# ---------------------------------------------------------------- resistance
def trial(**changes: Any) -> Trial:
    fields: dict[str, Any] = {
        "drug": "Sertraline", "key": "sertraline", "drug_class": "ssri", "weeks": 8.0, "outcome": "none",
        "taken_as_prescribed": True, "this_episode": True,
    }  # fmt: skip
    return Trial(**(fields | changes))


def adequate(verdict: Verdict) -> Finding:
    return Finding(rule="adequate_trial", verdict=verdict, because="Sertraline: as it is")


def counted(*rows: tuple[Trial, Verdict], judged: float | None = None) -> Any:
    pairs = [(t, adequate(v)) for t, v in rows]
    return resistance(pairs, RULES.resistance, RULES.variants, RULES.class_groups, judged=judged)


def test_resistance_is_counted_from_the_trials() -> None:
    met, no, unknown = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
    two = counted((trial(), met), (trial(drug="Venlafaxine", drug_class="snri"), met))
    assert (two.resistant, two.at_least, two.at_most, two.classes) == (True, 2, 2, ("ssri", "snri"))
    maybe = counted((trial(), met), (trial(), unknown), (trial(), unknown), (trial(), no))
    assert (maybe.resistant, maybe.count_words) == (None, "at least 1, at most 3")
    assert counted((trial(), met)).resistant is False
    assert counted().resistant is False


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ({"outcome": "response"}, False), ({"outcome": "remission"}, False), ({"outcome": "partial"}, True),
        ({"outcome": "worse"}, True), ({"outcome": None}, None), ({"this_episode": False}, False),
        ({"this_episode": None}, None), ({"drug_class": "lithium"}, False), ({"drug_class": "", "key": None}, None),
    ],
)  # fmt: skip
def test_which_trial_counts(change: dict[str, Any], counts: bool | None) -> None:
    assert counted((trial(**change), Verdict.MET)).trials[0].counts is counts


def test_payers_ask_otherwise_and_a_clinicians_count_stands_where_there_is_one() -> None:
    two = counted((trial(), Verdict.MET), (trial(), Verdict.MET))
    assert {d.key: said for d, said in two.variants} == {
        "cigna": True, "carefirst": True, "bcbsnd": False, "fava_2018": True, "scales": None
    }  # fmt: skip
    assert counted((trial(), Verdict.UNKNOWN), judged=2.0).resistant is True
    nobody = resistance(None, RULES.resistance, RULES.variants, RULES.class_groups)
    assert (nobody.resistant, nobody.at_most) == (None, None)


def test_unknown_adequacy_leaves_the_indication_open() -> None:
    pairs = [(trial(), adequate(Verdict.UNKNOWN)), (trial(), adequate(Verdict.MET))]
    known = healthy(adequate_trials_judged=None, trials=tuple(t for t, _f in pairs))
    found = says(known, adequate=pairs)
    assert found.suggestion is Suggestion.CANNOT_SAY
    assert "at least 1, at most 2" in found.because
    assert {s.indication.key: s.holds for s in found.speaks} == {"IN03": None, "IN04": None}


# ---------------------------------------------------------------- which protocols fit
def fitting(known: Known, drug: Drug | None = None, route: Route | None = None) -> dict[str, bool]:
    assessment = says(known, drug or Drug.KETAMINE, route or Route.IV_INFUSION)
    found = protocols(assessment, known, REFERENCE.protocols, RULES, drug=drug, route=route, on=DAY)
    assert {f.key for f in found} == set(REFERENCE.protocols)
    assert all(f.fits or f.reasons for f in found)
    return {f.key: f.fits for f in found}


def test_every_protocol_says_for_whom_it_was_written() -> None:
    assert set(RULES.protocol_for) == set(REFERENCE.protocols)
    assert len(REFERENCE.protocols) == 25


def test_protocols_fit_by_drug_route_diagnosis_and_what_else_they_need() -> None:
    vein = {k for k, fits in fitting(healthy(), Drug.KETAMINE, Route.IV_INFUSION).items() if fits}
    assert vein == {"iv_depression", "iv_slow_start", "iv_step_up"}
    nose = {k for k, fits in fitting(healthy(), Drug.ESKETAMINE, Route.INTRANASAL).items() if fits}
    assert nose == {"esketamine_trd"}
    one = fitting(healthy(adequate_trials_judged=1.0), Drug.ESKETAMINE, Route.INTRANASAL)
    assert not any(one.values())
    pain = {k for k, fits in fitting(healthy(diagnosis="crps"), Drug.KETAMINE, Route.IV_INFUSION).items() if fits}
    assert pain == {"iv_crps_outpatient", "iv_chronic_pain", "iv_slow_start"}


def test_a_block_fits_no_protocol_and_guidance_is_never_ordered() -> None:
    known = healthy(systolic_mmhg=190.0)
    found = protocols(says(known), known, REFERENCE.protocols, RULES, drug=Drug.KETAMINE, on=DAY)
    assert not any(f.fits for f in found)
    by_key = {f.key: f for f in found}
    assert any("CI08" in why for why in by_key["iv_depression"].reasons)
    assert any("guidance" in why for why in by_key["maintenance"].reasons)


# ---------------------------------------------------------------- what reopens a decision
def test_only_what_is_worse_reopens() -> None:
    before = [f.as_dict() for f in says(healthy(porphyria=True)).findings]
    assert worse_since(before, says(healthy(porphyria=True))) == ()
    assert worse_since(before, says(healthy())) == ()
    worse = worse_since(before, says(healthy(porphyria=True, stroke=None, mania_now=True)))
    assert {f.rule for f in worse} == {"CI07", "RC04"}
