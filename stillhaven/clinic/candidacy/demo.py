"""The demo's people on their way through candidacy: one of each answer that the rules can give.

Ada is a candidate, Ben's pressure is too high, Cleo's next course is put off, Dev left most of it blank, Eve is on
esketamine within its label, Finn has a pain syndrome outside it.  All through the deeds that staff do.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from stillhaven.clinic.candidacy import actions, queries
from stillhaven.clinic.candidacy.actions import Found
from stillhaven.clinic.course import actions as courses
from stillhaven.clinic.course.models import Course
from stillhaven.clinic.intake import actions as intake
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import policy
from stillhaven.science.candidacy_facts import FactKind
from stillhaven.science.findings import Weight
from stillhaven.science.protocol import Drug, Route

_BLANK = ("dev",)  # nobody asked him much
_DIAGNOSES = {"ada": "mdd", "ben": "mdd", "cleo": "ptsd", "dev": "mdd", "eve": "mdd", "finn": "crps"}
_DIFFERENT: Mapping[str, Mapping[str, Any]] = {
    "ada": {"diagnosis": "mdd", "can_become_pregnant": True, "systolic_mmhg": 124.0, "diastolic_mmhg": 78.0},
    "ben": {"systolic_mmhg": 188.0, "diastolic_mmhg": 104.0, "cardiovascular_disease": "controlled"},
    "cleo": {"mania_now": True, "dissociative_or_personality_disorder": True},
    "eve": {"systolic_mmhg": 128.0, "diastolic_mmhg": 82.0, "rems_patient_enrolled": True, "rems_site_certified": True},
    "finn": {"weight_kg": 88.0},
}
_TRIALS = (("Sertraline", "200", "10"), ("Venlafaxine", "225", "12"))


def seed(patients: Mapping[str, Patient], *, nurse: Any, doctor: Any, now: datetime) -> None:
    """Everything that the page needs for these people.  Only synthetic ones; call it after their courses exist."""
    at = now - timedelta(days=1)
    for key, patient in patients.items():
        course = queries.course_of(patient)
        if not patient.simulated or course is None or key not in _DIAGNOSES:
            continue
        if key in _BLANK:
            _record(patient, {"diagnosis": _DIAGNOSES[key], "heart_rate_per_min": 82.0}, by=nurse, at=at)
            continue
        _medicines(key, patient, by=nurse, at=at)
        _record(patient, _facts(key, patient, at), by=nurse, at=at)
    _decide(patients, "ada", Drug.KETAMINE, Route.IV_INFUSION, by=doctor, at=now - timedelta(hours=20))
    _decide(patients, "eve", Drug.ESKETAMINE, Route.INTRANASAL, by=doctor, at=now - timedelta(hours=19))
    _decide(patients, "finn", Drug.KETAMINE, Route.IV_INFUSION, by=doctor, at=now - timedelta(hours=18))
    _put_off(patients["cleo"], by=doctor, at=now - timedelta(hours=17))


def _facts(key: str, patient: Patient, at: datetime) -> dict[str, Any]:
    """A value for every fact that nobody has given: what a healthy person answers, and what this one has besides."""
    kinds = policy.rules(patient.site_id).candidacy.facts
    known = queries.background(patient, None, at).known
    day = queries.today_of(patient, at)
    found = {
        k: _ordinary(kind, day)
        for k, kind in kinds.items()
        if known.value(k) is None and kind.asked_of != "worked_out" and k not in _NOT_ASKED
    }
    sex = {"can_become_pregnant": False} if patient.sex == "male" else {}
    return found | _USUAL | sex | {"diagnosis": _DIAGNOSES[key]} | dict(_DIFFERENT.get(key, {}))


_NOT_ASKED = {
    "age_y", "cardiovascular_event_on", "ecg_on", "ecg_ischaemia", "liver_tests_on", "urine_drug_screen_on",
    "urine_drug_screen_positive", "tsh_on", "cognition_note_on", "urinalysis_on", "rems_patient_enrolled",
    "rems_site_certified",
}  # fmt: skip
_USUAL: dict[str, Any] = {
    "ride_home": True, "stays_for_observation": True, "allergies_asked": True, "suicide_escalation_path": True,
    "recurrent_use": True, "psychotherapy_planned": True, "adequate_trials_judged": 2.0, "heart_rate_per_min": 72.0,
    "spo2_pct": 98.0, "systolic_mmhg": 122.0, "diastolic_mmhg": 76.0, "weight_kg": 75.0, "height_cm": 172.0,
    "asa_class": "2",
}  # fmt: skip


def _ordinary(kind: FactKind, day: Any) -> Any:
    if kind.type == "bool":
        return False
    if kind.type == "choice":
        return kind.choices[0]
    return day if kind.type == "date" else 1.0


def _record(patient: Patient, facts: Mapping[str, Any], *, by: Any, at: datetime) -> None:
    words = {"pdmp_query_on": "Nothing from another prescriber in the last year."}
    detail = {"pdmp_query_on": {"state": "NY", "time": "09:40"}, "severity_scale_on": {"scale": "PHQ-9", "score": "19"}}
    rows = [Found(key=k, value=v, words=words.get(k, ""), detail=detail.get(k, {})) for k, v in facts.items()]
    actions.record_facts(patient, rows, by=by, at=at)


def _medicines(key: str, patient: Patient, *, by: Any, at: datetime) -> None:
    """Medicines and earlier trials, unless the person has given them in the intake."""
    known = queries.background(patient, None, at + timedelta(days=1)).known
    if known.medicines is None:
        intake.add_medicine(patient, "Venlafaxine" if key != "finn" else "Gabapentin", by=by, at=at, dose="225 mg")
        intake.medicines_done(patient, by=by, at=at)
    if known.trials is None:
        for name, dose, weeks in _TRIALS if _DIAGNOSES[key] == "mdd" else ():
            typed = {
                "name": name, "highest_dose_mg": dose, "weeks": weeks, "outcome": "none", "taken_as_prescribed": "yes",
                "this_episode": "yes",
            }  # fmt: skip
            intake.add_trial(patient, typed, by=by, at=at)
        intake.trials_done(patient, by=by, at=at)


def _decide(patients: Mapping[str, Patient], key: str, drug: Drug, route: Route, *, by: Any, at: datetime) -> None:
    """A candidate, with each caution overridden by a reason first."""
    course = queries.course_of(patients[key])
    assert course is not None
    actions.consider(course, drug, route, by=by, at=at)
    found = queries.assess(course, drug, route, at)
    for finding in found.findings:
        if finding.stops and finding.weight is Weight.OVERRIDE:
            why = "Talked through; the benefit outweighs it, and it is watched (demo)."
            actions.override(course.pk, finding.rule, queries.against_of(finding), why, by=by, at=at)
    found = queries.assess(course, drug, route, at)
    if any(f.stops for f in found.findings):
        return  # somebody's intake says more than this seed knows: then nobody has decided yet
    why = "" if found.suggestion == "candidate" else "All that matters is known; the rest is being gathered (demo)."
    actions.decide(
        course.pk, "candidate", by=by, at=at, drug=drug, route=route, why=why,
        alternatives="Another antidepressant, psychotherapy, transcranial stimulation; declined (demo).",
    )  # fmt: skip


def _put_off(patient: Patient, *, by: Any, at: datetime) -> Course:
    """Their next course is put off: the rules say later, and so does the prescriber."""
    course = courses.open_course(patient, "Post-traumatic stress disorder, next course", by=by, at=at)
    actions.decide(
        course.pk, "later", by=by, at=at, drug=Drug.KETAMINE, route=Route.IV_INFUSION,
        why="Signs of hypomania this week; we look again in four weeks (demo).",
        alternatives="Trauma-focused psychotherapy goes on (demo).",
    )  # fmt: skip
    return course


__all__ = ["seed"]
