"""Reads of the intake: what was said, by whom; what is left; and everything as facts that rules may ask."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet

from stillhaven.clinic.intake.models import (
    Answer,
    Draft,
    InsuranceCard,
    Intake,
    MedicineLine,
    SafetyCall,
    TrialLine,
)
from stillhaven.clinic.people.models import Patient, Site
from stillhaven.clinic.people.queries import patient_or_404 as patient_or_404
from stillhaven.clinic.record import policy
from stillhaven.clinic.record.looking import once, tell
from stillhaven.clinic.scales.models import AlertTask
from stillhaven.science import intake as rules
from stillhaven.science.facts import Fact, Known, Medicine, Trial
from stillhaven.science.findings import Finding
from stillhaven.science.intake import UNKNOWN, IntakeRules, Kind, Question, Section

MEDICINES_ASKED, TRIALS_ASKED = "medicines_asked", "trials_asked"  # answers: "these are all", or "none"
MINIMUM_TRIAL = "adequate_trial_d"  # the clinic's own number


def form_of(site: int) -> IntakeRules:
    """The questions and medicines that hold at this site."""
    return policy.rules(site).intake


def today_of(patient: Patient, now: datetime) -> date:
    return now.astimezone(ZoneInfo(patient.site.zone)).date()


def zone_of(site: Site) -> ZoneInfo:
    return ZoneInfo(site.zone)


def intake_of(patient: Patient) -> Intake | None:
    return Intake.objects.filter(patient=patient).select_related("reviewed_by").first()


@once
def answers_of(patient: Patient) -> dict[str, Answer]:
    """The latest answer to each question that anybody answered."""
    return {a.key: a for a in Answer.objects.current().filter(patient=patient).order_by("seq")}


@once
def medicine_lines(patient: Patient) -> list[MedicineLine]:
    return list(MedicineLine.objects.current().filter(patient=patient).order_by("seq"))


@once
def trial_lines(patient: Patient) -> list[TrialLine]:
    return list(TrialLine.objects.current().filter(patient=patient).order_by("seq"))


def read_ahead(patients: Collection[Patient]) -> None:
    """Within a look: what many people said, table by table and not person by person."""
    said: dict[int, dict[str, Answer]] = {}
    for answer in Answer.objects.current().filter(patient__in=patients).order_by("seq"):
        said.setdefault(answer.patient_id, {})[answer.key] = answer
    lines: dict[Any, dict[int, list[Any]]] = {MedicineLine: {}, TrialLine: {}}
    for model, found in lines.items():
        for line in model.objects.current().filter(patient__in=patients).order_by("seq"):
            found.setdefault(line.patient_id, []).append(line)
    for patient in patients:
        tell(answers_of, said.get(patient.pk, {}), patient)
        tell(medicine_lines, lines[MedicineLine].get(patient.pk, []), patient)
        tell(trial_lines, lines[TrialLine].get(patient.pk, []), patient)


def cards_of(patient: Patient) -> dict[str, InsuranceCard]:
    return {c.side: c for c in InsuranceCard.objects.current().filter(patient=patient).order_by("seq")}


def drafts_of(intake: Intake | None, author: Any) -> dict[str, Draft]:
    if intake is None:
        return {}
    return {d.section: d for d in Draft.objects.filter(intake=intake, author=author)}


# ---------------------------------------------------------------- what the person's own row says


def person_value(patient: Patient, name: str) -> Any:
    """What the person's row says, as an answer; None where it says nothing."""
    if name == "allergies_state":
        if patient.allergies:
            return "some"
        return "none" if patient.allergies_asked else None
    value = getattr(patient, name)
    if isinstance(value, date):
        return value.isoformat()
    return value or None


def values(patient: Patient, form: IntakeRules, answers: Mapping[str, Answer]) -> dict[str, Any]:
    """Each question's value as it stands: of the person's own row where it keeps it, else of the latest answer."""
    found: dict[str, Any] = {}
    for question in form.questions.values():
        said = answers[question.key].value if question.key in answers else None
        if question.person:
            row = person_value(patient, question.person)
            said = said if row is None and said == UNKNOWN else row
        found[question.key] = said
    return found


# ---------------------------------------------------------------- the overview


@dataclass(frozen=True, kw_only=True)
class Step:
    """One section of the overview: how much of it is done, and about how long the rest takes."""

    section: Section
    left: int
    total: int
    begun: bool
    draft: bool
    applies: bool = True  # False: nothing on this screen is for this person

    @property
    def done(self) -> bool:
        return self.left == 0 and (self.begun or not self.applies)


@dataclass(frozen=True, kw_only=True)
class Overview:
    """How far somebody is."""

    steps: tuple[Step, ...]
    minutes_left: int

    @property
    def left(self) -> int:
        return sum(step.left for step in self.steps)

    @property
    def next(self) -> Step | None:
        return next((s for s in self.steps if not s.done), None)


def overview(patient: Patient, form: IntakeRules, answers: Mapping[str, Answer], drafts: Iterable[str]) -> Overview:
    """What is done, what is left, and about how many minutes it needs."""
    said, drafts = values(patient, form, answers), set(drafts)
    steps = []
    for section in form.sections:
        asked = [q for q in section.questions if q.counts and rules.applies(q, said, patient.sex)]
        missing = len(rules.left(section, said, patient.sex))
        begun = any(said.get(q.key) not in (None, [], "") for q in section.questions) or section.key in answers
        if section.kind != "questions":
            marker = MEDICINES_ASKED if section.kind == "medicines" else TRIALS_ASKED
            missing, begun = int(marker not in answers), marker in answers
        total = len(asked) if section.kind == "questions" else 1
        steps.append(Step(
            section=section, left=missing, total=total, begun=begun, draft=section.key in drafts,
            applies=section.kind != "questions" or any(rules.applies(q, said, patient.sex) for q in section.questions),
        ))  # fmt: skip
    seconds = sum(s.left for s in steps) * form.seconds_per_question
    return Overview(steps=tuple(steps), minutes_left=max(1, round(seconds / 60)) if seconds else 0)


# ---------------------------------------------------------------- as facts


def known(patient: Patient, *, now: datetime) -> Known:
    """Everything that the intake knows, for the rules of candidacy.

    A fact that nobody gave is absent; "I do not know" is a fact without a value.  Medicines and trials are None until
    somebody said that the list is complete, since half a list says nothing about what is not on it.
    """
    form, answers = form_of(patient.site_id), answers_of(patient)
    said = values(patient, form, answers)
    facts = {
        q.fact: f for q in form.questions.values() if q.fact and (f := _fact(q, patient, said, answers)) is not None
    }
    facts["age_y"] = Fact(key="age_y", value=float(patient.age_y(today_of(patient, now))), source="birth date")
    if patient.allergies_asked or patient.allergies:
        facts["allergies_asked"] = Fact(key="allergies_asked", value=True, source="person's record")
    urinary = answers.get("urinary")
    if urinary is not None and urinary.value in (True, False):
        day = today_of(patient, urinary.happened_at)
        facts["urinary_baseline_on"] = _of("urinary_baseline_on", day, urinary)
    for key, unit in (("weight", "kg"), ("height", "cm")):
        told = answers.get(key)
        if told is not None and isinstance(told.value, int | float):
            facts[f"{key}_{unit}"] = _of(f"{key}_{unit}", float(told.value), told)
    return Known(
        facts=facts,
        medicines=tuple(medicines(patient, form)) if MEDICINES_ASKED in answers else None,
        trials=tuple(trial(t, form) for t in trial_lines(patient)) if TRIALS_ASKED in answers else None,
    )


def _of(key: str, value: Any, answer: Answer) -> Fact:
    by = "patient" if answer.source == "patient" else answer.by_name
    return Fact(key=key, value=value, at=answer.happened_at, by=by, source=answer.source)


def _fact(question: Question, patient: Patient, said: Mapping[str, Any], answers: Mapping[str, Answer]) -> Fact | None:
    if not rules.applies(question, said, patient.sex):
        follows = rules.implied(question, said, patient.sex)
        if follows is None:
            return None
        hangs_on = question.shown_if.question if question.shown_if else ""
        answer = answers.get(hangs_on)
        return _of(question.fact, follows, answer) if answer else Fact(
            key=question.fact, value=follows, source="recorded sex"
        )  # fmt: skip
    answer = answers.get(question.key)
    if answer is None or answer.value in (None, ""):
        return None
    value: Any = None if answer.value == UNKNOWN else answer.value
    if value is not None and question.kind is Kind.DATE:
        value = date.fromisoformat(value)
    if isinstance(value, list):
        value = tuple(str(v) for v in value)
    return _of(question.fact, value, answer)


def medicines(patient: Patient, form: IntakeRules) -> list[Medicine]:
    """The medicines on record, with the classes that the list of today gives them."""
    return [
        Medicine(
            name=m.name, key=m.key or None, dose=m.dose, route=m.route, since=m.since, until=m.until, at=m.happened_at,
            classes=form.medicines[m.key].classes if m.key in form.medicines else frozenset(),
        )
        for m in medicine_lines(patient)
    ]  # fmt: skip


def trial(line: TrialLine, form: IntakeRules) -> Trial:
    listed = form.medicines.get(line.key)
    return Trial(
        drug=line.name, key=line.key or None, drug_class=listed.main_class if listed else "",
        highest_dose_mg=float(line.highest_dose_mg) if line.highest_dose_mg is not None else None,
        weeks=float(line.weeks) if line.weeks is not None else None, outcome=line.outcome or None,
        stopped_because=line.stopped_because, taken_as_prescribed=line.taken_as_prescribed,
        this_episode=line.this_episode, dose_judged=line.dose_judged,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class TrialRow:
    """One trial with the judgement of its adequacy."""

    line: TrialLine
    trial: Trial
    adequate: Finding


def trial_rows(patient: Patient) -> list[TrialRow]:
    """Every trial with whether it was adequate, and why."""
    found = policy.rules(patient.site_id)
    minimum_d = found.policy.number(MINIMUM_TRIAL) if MINIMUM_TRIAL in found.policy.items else None
    rows = []
    for line in trial_lines(patient):
        one = trial(line, found.intake)
        rows.append(
            TrialRow(
                line=line, trial=one, adequate=rules.adequacy(one, found.intake.medicines.get(line.key), minimum_d)
            )
        )
    return rows


# ---------------------------------------------------------------- as staff read it


@dataclass(frozen=True, kw_only=True)
class HistoryRow:
    """One question with what was said, by whom and when; `state` is "said", "unknown", "open" or "not asked"."""

    section: Section
    question: Question
    text: str
    state: str
    at: datetime | None = None
    by: str = ""
    source: str = ""
    corrected: bool = False
    urgent: bool = False
    uid: Any = None


def history_rows(patient: Patient) -> list[HistoryRow]:
    """Every question of the intake in order, with what is known."""
    form, answers = form_of(patient.site_id), answers_of(patient)
    said = values(patient, form, answers)
    return [_row(s, q, patient, said, answers.get(q.key)) for s in form.sections for q in s.questions]


def _row(
    section: Section, question: Question, patient: Patient, said: Mapping[str, Any], answer: Answer | None
) -> HistoryRow:
    value = said.get(question.key)
    if not rules.applies(question, said, patient.sex):
        return HistoryRow(section=section, question=question, text="", state="not asked")
    text = rules.show(question, value, answer.typed if answer else "")
    state = "open" if not text else "unknown" if value == UNKNOWN or value == [UNKNOWN] else "said"
    if answer is None:
        return HistoryRow(section=section, question=question, text=text, state=state, source="record" if text else "")
    return HistoryRow(
        section=section, question=question, text=text, state=state, at=answer.happened_at, by=answer.by_name,
        source=answer.source, corrected=answer.amends_id is not None, uid=answer.uid,
        urgent=rules.is_urgent(question, value),
    )  # fmt: skip


# ---------------------------------------------------------------- what waits for staff


def open_calls(site_ids: Iterable[int], patient: Patient | None = None) -> QuerySet[SafetyCall]:
    """Safety calls that nobody has answered, oldest first.  Closing its alert answers a call as well."""
    answered = SafetyCall.objects.filter(call=OuterRef("pk"))
    closed = AlertTask.objects.filter(alert=OuterRef("uid"), closed_at__isnull=False)
    found = SafetyCall.objects.filter(site__in=list(site_ids), call=None).filter(~Exists(answered), ~Exists(closed))
    if patient is not None:
        found = found.filter(patient=patient)
    return found.select_related("patient").order_by("seq")


def waiting(site_ids: Iterable[int], limit: int = 100) -> list[Intake]:
    """Intakes that were sent and not yet reviewed, oldest first."""
    mine = Q(patient__site_id__in=list(site_ids), sent_at__isnull=False, reviewed_at=None)
    return list(Intake.objects.filter(mine).select_related("patient").order_by("sent_at")[:limit])


def begun(site_ids: Iterable[int], limit: int = 100) -> list[Intake]:
    """Intakes that were begun and not sent, oldest first: somebody may need help."""
    mine = Q(patient__site_id__in=list(site_ids), sent_at=None)
    return list(Intake.objects.filter(mine).select_related("patient").order_by("started_at")[:limit])


def header(patient: Patient, now: datetime) -> dict[str, Any]:
    """The person header.  The weight that a dose is computed with is measured at the clinic, so none stands here."""
    return {
        "name": patient.name, "preferred_name": patient.called, "pronouns": patient.pronouns,
        "age_y": patient.age_y(today_of(patient, now)), "weight_kg": None, "weighed_on": None,
        "allergies": list(patient.allergies) if patient.allergies_asked or patient.allergies else None,
        "comfort_card": patient.comfort_card,
    }  # fmt: skip


def lately_corrected(patient: Patient) -> QuerySet[Answer]:
    """Answers that correct another, newest first."""
    return Answer.objects.filter(patient=patient, amends__isnull=False).order_by("-seq")
