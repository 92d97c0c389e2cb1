"""Candidacy at work: what staff record, what a prescriber overrides and decides, and what reopens a decision."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from stillhaven.clinic.candidacy import actions, demo, queries
from stillhaven.clinic.candidacy.actions import Found
from stillhaven.clinic.candidacy.models import Decision, Measured, Override
from stillhaven.clinic.course import actions as courses
from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people.models import Patient, Site
from stillhaven.clinic.people.roles import NotAllowed
from stillhaven.clinic.scales import actions as scale_actions
from stillhaven.clinic.scales import alerts
from stillhaven.clinic.web.demo import Demo
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Weight
from stillhaven.science.protocol import Drug, Route
from tests.cast import NOW, make_clinic, signed_in

pytestmark = pytest.mark.django_db
IV = (Drug.KETAMINE, Route.IV_INFUSION)


@pytest.fixture
def clinic() -> Demo:
    return make_clinic(NOW)


def begun(clinic: Demo, key: str = "ada") -> Course:
    """A course with every fact recorded, a day ago."""
    patient, nurse, at = clinic.patients[key], clinic.staff["nurse"], NOW - timedelta(days=1)
    course = courses.open_course(patient, "Depression", by=clinic.staff["prescriber"], at=at)
    demo._medicines(key, patient, by=nurse, at=at)
    facts = demo._facts(key, patient, at) | {"off_label_consent_on": queries.today_of(patient, at)}
    demo._record(patient, facts, by=nurse, at=at)
    return course


def decide(clinic: Demo, course: Course, verdict: str = "candidate", **more: Any) -> Decision:
    fields: dict[str, Any] = {
        "drug": IV[0],
        "route": IV[1],
        "alternatives": "Psychotherapy",
        "by": clinic.staff["prescriber"],
    }
    return actions.decide(course.pk, verdict, **(fields | {"at": NOW} | more))


def found(clinic: Demo, patient: Patient, at: Any = NOW, **facts: Any) -> list[Measured]:
    rows = [Found(key=k, value=v) for k, v in facts.items()]
    return actions.record_facts(patient, rows, by=clinic.staff["nurse"], at=at)


def fix_overrides(clinic: Demo, course: Course, at: Any = NOW) -> None:
    for finding in queries.assess(course, *IV, at).findings:
        if finding.stops and finding.weight is Weight.OVERRIDE:
            against = queries.against_of(finding)
            actions.override(course.pk, finding.rule, against, "weighed", by=clinic.staff["prescriber"], at=at)


# ---------------------------------------------------------------- deciding
def test_a_candidate_with_everything_recorded_needs_no_reason_and_the_course_becomes_eligible(clinic: Demo) -> None:
    course = begun(clinic)
    says = queries.assess(course, *IV, NOW)
    assert says.suggestion == "candidate", (says.because, [j.finding.because for j in says.missing])
    decision = decide(clinic, course)
    course.refresh_from_db()
    assert course.state == "eligible"
    assert decision.verdict == "candidate"
    assert decision.by_name == "I. Lindqvist MD"
    assert decision.inputs["systolic_mmhg"]["value"] == 124.0
    assert decision.inputs["systolic_mmhg"]["uid"]
    assert {f["rule"] for f in decision.findings} >= {"CI03", "RC02", "IX03", "RA11", "LT01"}
    assert len(decision.reference_version) == 64


def test_a_block_cannot_be_decided_away_nor_overridden(clinic: Demo) -> None:
    course = begun(clinic, "ben")
    says = queries.assess(course, *IV, NOW)
    assert says.suggestion == "later"
    assert [j.rule.key for j in says.blocks] == ["CI08"]
    with pytest.raises(Refused) as refused:
        decide(clinic, course, why="I want to")
    assert any(f.rule == "CI08" for f in refused.value.findings)
    with pytest.raises(Refused):
        actions.override(course.pk, "CI08", "x", "because", by=clinic.staff["prescriber"], at=NOW)
    decide(clinic, course, "later")
    course.refresh_from_db()
    assert course.state == "deferred"
    assert not Override.objects.exists()


def test_blanks_cannot_be_said_yet_and_candidate_is_refused(clinic: Demo) -> None:
    patient = clinic.patients["dev"]
    course = courses.open_course(patient, "Depression", by=clinic.staff["prescriber"], at=NOW)
    says = queries.assess(course, *IV, NOW)
    assert says.suggestion == "cannot_say"
    assert len(says.unknowns) > 20
    with pytest.raises(Refused):
        decide(clinic, course, why="no time")
    course.refresh_from_db()
    assert course.state == "opened"
    assert not Decision.objects.exists()


def test_another_decision_than_suggested_needs_a_reason(clinic: Demo) -> None:
    course = begun(clinic)
    with pytest.raises(BadInput) as bad:
        decide(clinic, course, "no")
    assert bad.value.field == "why"
    with pytest.raises(BadInput) as bad:
        decide(clinic, course, alternatives=" ")
    assert bad.value.field == "alternatives"
    decide(clinic, course, "no", why="they no longer want it")
    course.refresh_from_db()
    assert course.state == "closed"
    with pytest.raises(Refused):
        decide(clinic, course)


def test_a_caution_waits_for_a_named_reason_and_the_override_ends_with_its_ground(clinic: Demo) -> None:
    course = begun(clinic)
    found(clinic, course.patient, raised_eye_pressure=True)
    with pytest.raises(Refused):
        decide(clinic, course, why="fine")
    fix_overrides(clinic, course)
    says = queries.assess(course, *IV, NOW)
    finding = says.finding("RC08")
    assert finding is not None
    assert finding.overridden == "I. Lindqvist MD: weighed"
    assert not finding.stops
    assert says.suggestion == "candidate"
    decide(clinic, course)
    found(clinic, course.patient, NOW + timedelta(minutes=1), raised_eye_pressure=False)
    later = queries.assess(course, *IV, NOW + timedelta(minutes=2)).finding("RC08")
    assert later is not None
    assert later.is_met
    assert not later.overridden


def test_an_override_of_what_was_not_shown_is_refused(clinic: Demo) -> None:
    course = begun(clinic)
    found(clinic, course.patient, raised_eye_pressure=True)
    with pytest.raises(Refused):
        actions.override(course.pk, "RC08", "unknown: something else", "ok", by=clinic.staff["prescriber"], at=NOW)
    with pytest.raises(BadInput):
        actions.override(course.pk, "RC08", "x", " ", by=clinic.staff["prescriber"], at=NOW)


def test_what_was_shown_is_what_is_decided(clinic: Demo) -> None:
    course = begun(clinic)
    shown = actions.digest(queries.assess(course, *IV, NOW))
    found(clinic, course.patient, porphyria=True)
    with pytest.raises(Refused):
        decide(clinic, course, "later", why="x", shown=shown)


# ---------------------------------------------------------------- new facts
def test_new_facts_reopen_what_they_touch_and_stop_the_next_order(clinic: Demo) -> None:
    course = begun(clinic)
    decide(clinic, course)
    assert not queries.standing(course, NOW).is_reopened
    assert all(f.is_met for f in queries.start_findings(course, NOW))
    found(clinic, course.patient, NOW + timedelta(hours=1), raised_eye_pressure=True)
    later = NOW + timedelta(hours=2)
    standing = queries.standing(course, later)
    assert standing.is_reopened
    assert "eye pressure" in standing.because
    stops = [f for f in queries.start_findings(course, later) if f.stops]
    assert len(stops) == 1
    assert "open again" in stops[0].because


def test_a_pressure_measured_anew_reopens_only_where_its_rule_says_worse(clinic: Demo) -> None:
    course = begun(clinic)
    decide(clinic, course)
    found(clinic, course.patient, NOW + timedelta(hours=1), systolic_mmhg=131.0)
    assert not queries.standing(course, NOW + timedelta(hours=2)).is_reopened
    found(clinic, course.patient, NOW + timedelta(hours=3), systolic_mmhg=181.0)
    stops = [f for f in queries.start_findings(course, NOW + timedelta(hours=4)) if f.stops]
    assert [f.rule for f in stops] == ["CI08"]
    assert stops[0].weight is Weight.BLOCK


def test_an_amended_input_reopens_although_no_verdict_is_worse(clinic: Demo) -> None:
    course = begun(clinic)
    decide(clinic, course)
    found(clinic, course.patient, NOW + timedelta(hours=1), cardiovascular_disease="controlled")
    standing = queries.standing(course, NOW + timedelta(hours=2))
    assert not standing.worse
    assert standing.is_reopened
    assert "none → controlled" in standing.because


def test_what_was_recorded_in_error_is_taken_back_and_counts_no_longer(clinic: Demo) -> None:
    course = begun(clinic)
    entry = found(clinic, course.patient, porphyria=True)[0]
    assert not queries.assess(course, *IV, NOW).finding("RC15").is_met  # type: ignore[union-attr]
    with pytest.raises(BadInput):
        actions.take_back(entry, "", by=clinic.staff["nurse"], at=NOW)
    actions.take_back(entry, "another person's chart", by=clinic.staff["nurse"], at=NOW)
    assert queries.assess(course, *IV, NOW).finding("RC15").is_met  # type: ignore[union-attr]


def test_a_course_without_decision_gets_a_caution_that_does_not_stop(clinic: Demo) -> None:
    course = begun(clinic)
    said = queries.start_findings(course, NOW)
    assert [f.rule for f in said] == ["candidacy"]
    assert not said[0].is_met
    assert not said[0].stops


def test_a_decision_of_later_stops_orders_and_holds_a_course_under_treatment(clinic: Demo) -> None:
    course = clinic.course("finn", 2)
    decide(clinic, course, "later", why="a new illness")
    course.refresh_from_db()
    assert course.state == "induction"
    assert course.on_hold
    assert "new illness" in course.hold_reason
    assert any(f.stops for f in queries.start_findings(course, NOW))


# ---------------------------------------------------------------- recording
def test_what_staff_record_is_read_strictly(clinic: Demo) -> None:
    patient = clinic.patients["ada"]
    for key, value in (
        ("systolic_mmhg", "high"), ("diagnosis", "sadness"), ("treatment_resistant", True), ("nothing", 1.0),
        ("pdmp_query_on", (NOW + timedelta(days=2)).date()), ("systolic_mmhg", -3.0), ("pregnant", "no"),
    ):  # fmt: skip
        with pytest.raises(BadInput):
            found(clinic, patient, **{key: value})
    with pytest.raises(BadInput):
        actions.record_facts(patient, [Found(key="ecg_on", not_done=True)], by=clinic.staff["nurse"], at=NOW)
    assert not Measured.objects.exists()


def test_not_done_is_kept_with_its_reason_and_is_not_met(clinic: Demo) -> None:
    course = begun(clinic)
    row = Found(key="pdmp_query_on", not_done=True, words="the state's site is down")
    actions.record_facts(course.patient, [row], by=clinic.staff["nurse"], at=NOW)
    finding = queries.assess(course, *IV, NOW).finding("RA11")
    assert finding is not None
    assert finding.verdict == "not_met"
    assert not finding.stops


def test_a_weight_that_the_patient_told_is_no_baseline(clinic: Demo) -> None:
    from stillhaven.clinic.intake import actions as intake

    patient = clinic.patients["ada"]
    intake.give(patient, "reasons", {"weight": "80", "weight.unit": "kg"}, by=clinic.staff["nurse"], at=NOW)
    course = courses.open_course(patient, "x", by=clinic.staff["prescriber"], at=NOW)
    assert "weight_kg" not in queries.background(patient, course, NOW).known.facts


# ---------------------------------------------------------------- who may
@pytest.mark.parametrize("role", ["nurse", "therapist", "desk"])
def test_only_prescribers_decide_and_override(clinic: Demo, role: str) -> None:
    course = begun(clinic)
    with pytest.raises(NotAllowed):
        decide(clinic, course, by=clinic.staff[role])
    with pytest.raises(NotAllowed):
        actions.override(course.pk, "RC08", "x", "y", by=clinic.staff[role], at=NOW)


def test_a_therapist_reads_and_does_not_record(clinic: Demo) -> None:
    course = begun(clinic)
    client = signed_in(clinic.staff["therapist"])
    page = client.get(reverse("candidacy:page", args=[course.patient_id]))
    assert page.status_code == 200
    assert b"Decide, under my name" not in page.content
    with pytest.raises(NotAllowed):
        actions.record_facts(course.patient, [Found(key="porphyria", value=True)], by=clinic.staff["therapist"], at=NOW)
    assert signed_in(clinic.staff["desk"]).get(reverse("candidacy:page", args=[course.patient_id])).status_code == 403


def test_another_sites_person_and_decision_are_not_there(clinic: Demo) -> None:
    course = begun(clinic)
    decision = decide(clinic, course)
    other = Site.objects.create(pk=9, name="Elsewhere")
    stranger = clinic.staff["second"]
    stranger.roles = ["prescriber"]
    stranger.save()
    stranger.sites.set([other])
    client = signed_in(stranger)
    for url in (
        reverse("candidacy:page", args=[course.patient_id]), reverse("candidacy:decision", args=[decision.uid]),
        reverse("candidacy:record", args=[course.patient_id, "RA08"]),
    ):  # fmt: skip
        assert client.get(url).status_code == 404
    assert client.post(reverse("candidacy:decide", args=[course.patient_id]), {"verdict": "no"}).status_code == 404


# ---------------------------------------------------------------- pages
def test_the_page_says_blocks_first_then_unknown_then_cautions_then_what_speaks_for_it(clinic: Demo) -> None:
    course = begun(clinic, "ben")
    found(clinic, course.patient, raised_eye_pressure=True)
    text = (
        signed_in(clinic.staff["prescriber"]).get(reverse("candidacy:page", args=[course.patient_id])).content.decode()
    )
    places = [
        text.index(f'id="h-{name}"')
        for name in ("blocks", "unknown", "missing", "cautions", "for", "history", "decide")
    ]
    assert places == sorted(places)
    assert "Not now: Ben for racemic ketamine" in text
    assert "180/100" in text
    assert "KARMA-Dep 2" in text
    assert "Sources conflict" in text
    assert "off-label" in text
    assert 'name="why"' in text.split('id="f-decide"')[1]


def test_the_page_needs_few_queries(clinic: Demo) -> None:
    course = begun(clinic)
    decide(clinic, course)
    client, url = signed_in(clinic.staff["prescriber"]), reverse("candidacy:page", args=[course.patient_id])
    client.get(url)  # a look within a minute is written down once
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(url).status_code == 200
    reads = [q["sql"] for q in caught if q["sql"].startswith("SELECT")]
    assert len(reads) <= 22, "\n".join(r[:120] for r in reads)


def test_recording_by_the_page_and_deciding_by_the_page(clinic: Demo) -> None:
    course = begun(clinic)
    pk, client = course.patient_id, signed_in(clinic.staff["prescriber"])
    record, home = reverse("candidacy:record", args=[pk, "RA11"]), reverse("candidacy:page", args=[pk])
    sent = {
        "form": "record",
        "next": record,
        "uid": str(uuid.uuid4()),
        "f.pdmp_query_on": "",
        "f.pdmp_query_on.state": "NY",
    }
    bad = client.post(record, sent)
    assert bad.status_code == 422
    assert b'value="NY"' in bad.content
    assert b"write the day" in bad.content.lower()
    good = client.post(record, sent | {"f.pdmp_query_on": "2026-11-20", "f.pdmp_query_on.words": "clean"})
    assert good.status_code == 302
    entry = Measured.objects.filter(key="pdmp_query_on").latest("seq")
    assert entry.value == {"value": "2026-11-20"}
    assert entry.detail["state"] == "NY"
    decide_url = reverse("candidacy:decide", args=[pk])
    form = {"form": "decide", "next": home, "uid": str(uuid.uuid4()), "drug": "ketamine", "route": "iv_infusion",
            "verdict": "no", "why": "", "alternatives": "TMS"}  # fmt: skip
    again = client.post(decide_url, form)
    assert again.status_code == 422
    assert b"TMS" in again.content
    assert b"say why" in again.content.lower()
    form |= {"why": "their own wish"}
    assert client.post(decide_url, form).status_code == 302
    assert client.post(decide_url, form).status_code in (200, 302)  # sent twice
    assert Decision.objects.count() == 1
    shown = client.get(reverse("candidacy:decision", args=[Decision.objects.get().uid]))
    assert shown.status_code == 200
    assert b"their own wish" in shown.content


def test_considering_another_drug_is_remembered_for_the_course(clinic: Demo) -> None:
    course = begun(clinic)
    client = signed_in(clinic.staff["prescriber"])
    url = reverse("candidacy:consider", args=[course.patient_id])
    sent = {"form": "consider", "next": reverse("candidacy:page", args=[course.patient_id]), "drug": "esketamine"}
    assert client.post(url, sent | {"route": "iv_infusion"}).status_code == 422
    assert client.post(url, sent | {"route": "intranasal"}).status_code == 302
    assert queries.considered(course) == (Drug.ESKETAMINE, Route.INTRANASAL)
    page = client.get(reverse("candidacy:page", args=[course.patient_id])).content.decode()
    assert "REMS: patient enrolled" in page
    assert "FDA-approved" in page


def test_the_demos_people_each_get_their_answer(clinic: Demo) -> None:
    for key in ("ada", "ben", "cleo", "dev", "eve", "finn"):
        clinic.course(key)
    demo.seed(clinic.patients, nurse=clinic.staff["nurse"], doctor=clinic.staff["prescriber"], now=NOW)

    def says(key: str) -> Any:
        course = queries.course_of(clinic.patients[key])
        assert course is not None
        return queries.assess(course, *queries.considered(course), NOW)

    assert says("ada").suggestion == "candidate"
    assert [j.rule.key for j in says("ben").blocks] == ["CI08"]
    assert says("dev").suggestion == "cannot_say"
    eve = says("eve")
    assert eve.suggestion == "candidate"
    assert eve.legal == "approved"
    finn = says("finn")
    assert finn.speaks[0].indication.key == "IN13"
    assert finn.legal == "off_label"
    states = {c.patient.preferred_name: c.state for c in Course.objects.filter(indication__contains="next course")}
    assert states == {"Cleo": "deferred"}
    assert {d.patient.preferred_name: d.verdict for d in Decision.objects.all()} == {
        "Ada": "candidate", "Eve": "candidate", "Finn": "candidate", "Cleo": "later"
    }  # fmt: skip


def test_a_session_cannot_start_while_candidacy_is_open_again(clinic: Demo) -> None:
    from stillhaven.clinic.session import actions as sessions
    from stillhaven.clinic.session import facts

    course = begun(clinic)
    decide(clinic, course)
    session = sessions.book(course, booked_for=NOW + timedelta(days=1), by=clinic.staff["nurse"], at=NOW)
    rules = {f.rule for f in facts.start_findings(session, NOW) if f.stops}
    assert not rules & {"candidacy", "CI08"}
    found(clinic, course.patient, NOW + timedelta(minutes=5), systolic_mmhg=190.0)
    stops = {f.rule for f in facts.start_findings(session, NOW + timedelta(minutes=6)) if f.stops}
    assert "CI08" in stops


# ---------------------------------------------------------------- what filled-in scales say
def sheet(clinic: Demo, key: str, scale: str, answers: dict[str, Any], at: Any) -> None:
    scale_actions.record(
        clinic.patients[key], scale, answers, by=clinic.staff["prescriber"], at=at, channel="clinician"
    )


def test_a_filled_in_severity_scale_answers_the_rule_and_half_a_sheet_does_not(clinic: Demo) -> None:
    ada = clinic.patients["ada"]
    courses.open_course(ada, "Depression", by=clinic.staff["prescriber"], at=NOW - timedelta(days=9))
    sheet(
        clinic, "ada", "phq9", {str(n): None if n < 5 else 1 for n in range(1, 9)} | {"9": 0}, NOW - timedelta(days=3)
    )
    assert "severity_scale_on" not in queries.background(ada, None, NOW).known.facts
    sheet(clinic, "ada", "phq9", {str(n): 2 for n in range(1, 9)} | {"9": 0}, NOW - timedelta(days=2))
    fact = queries.background(ada, None, NOW).known.facts["severity_scale_on"]
    assert (fact.value, fact.by, fact.source) == (queries.today_of(ada, NOW - timedelta(days=2)), "PHQ-9", "scale")
    found(clinic, ada, at=NOW - timedelta(days=1), severity_scale_on=queries.today_of(ada, NOW - timedelta(days=1)))
    assert queries.background(ada, None, NOW).known.facts["severity_scale_on"].by != "PHQ-9"  # the newest counts


def test_an_open_answer_on_suicide_takes_an_earlier_assessment_back(clinic: Demo) -> None:
    course = begun(clinic)
    ada, doctor = clinic.patients["ada"], clinic.staff["prescriber"]
    assert not stops(clinic, course, "RA03")
    at = NOW - timedelta(hours=3)
    sheet(clinic, "ada", "phq9", {str(n): 1 for n in range(1, 9)} | {"9": 2}, at)
    assert stops(clinic, course, "RA03")
    fact = queries.background(ada, course, NOW).known.facts["suicide_assessment_on"]
    assert (fact.value, fact.by) == (False, "PHQ-9, item 9")
    for task in alerts.open_tasks(ada.site_id, ada):
        alerts.handle(task.pk, "close", by=doctor, at=NOW, note="Spoke with her: no plan, no intent.")
    assert not stops(clinic, course, "RA03")


def stops(clinic: Demo, course: Course, rule: str) -> bool:
    """Is this rule not met?"""
    return next(not f.is_met for f in queries.assess(course, *IV, NOW).findings if f.rule == rule)
