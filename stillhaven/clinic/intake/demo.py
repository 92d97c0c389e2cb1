"""What the demo's invented people said before their first visit: through the same deeds as everybody's."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any

from django.db import transaction

from stillhaven.clinic.intake import actions, queries
from stillhaven.clinic.intake.models import Intake
from stillhaven.clinic.people.models import Patient, User
from stillhaven.science.intake import IntakeRules, Kind, Section

_BEFORE = timedelta(days=16)


@lru_cache(maxsize=1)
def told() -> dict[str, Any]:
    """Who said what: cast/intake.toml."""
    path = files("stillhaven.reference") / "cast" / "intake.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def seed(patients: Mapping[str, Patient], *, desk: User, doctor: User, now: datetime) -> None:
    """Fill in every sample person's intake, sixteen days ago, unless there is one."""
    for key, story in told().items():
        patient = patients.get(key)
        if patient is not None and not Intake.objects.filter(patient=patient).exists():
            tell(patient, story, desk=desk, doctor=doctor, at=now - _BEFORE)


@transaction.atomic
def tell(patient: Patient, story: Mapping[str, Any], *, desk: User, doctor: User, at: datetime) -> None:
    """One person's intake: by the person where they have an account, else by the front desk with them."""
    by = User.objects.filter(patient=patient).first() or desk
    form = queries.form_of(patient.site_id)
    actions.take(patient, form, _whole(form, story), _typed(form, story), by=by, at=at, none=True)
    for section in form.sections:
        if story.get("sent") and section.questions and not any(q.counts for q in section.questions):
            actions.give(patient, section.key, {}, by=by, at=at)
    for name, dose in story.get("medicines", ()):
        actions.add_medicine(patient, name, dose=dose, by=by, at=at)
    lines = [
        (actions.add_trial(patient, row, by=by, at=at), row.get("judged", False)) for row in story.get("trials", ())
    ]
    if story.get("sent"):
        actions.medicines_done(patient, by=by, at=at)
        actions.trials_done(patient, by=by, at=at)
        actions.send(patient, by=by, at=at)
    for line, judged in lines:
        if judged:
            why = "highest dose of the label, or as much as was borne (demo)"
            actions.judge_dose(line, True, why, by=doctor, at=at + timedelta(days=1))
    if story.get("reviewed"):
        actions.review(patient, by=doctor, at=at + timedelta(days=1))


def _whole(form: IntakeRules, story: Mapping[str, Any]) -> Section:
    """The questions of all screens as one form; "none of these" only where the story says that it was tapped."""
    questions = [
        q if s.key in story.get("none", ()) else replace(q, none="")
        for s in form.sections
        for q in s.questions
        if q.key in story["answers"] or s.key in story.get("none", ())
    ]
    return Section(key="whole", title="", questions=tuple(questions))


def _typed(form: IntakeRules, story: Mapping[str, Any]) -> dict[str, Any]:
    typed = dict(story["answers"])
    for q in form.questions.values():
        if q.kind is Kind.HEIGHT and " ft" in str(typed.get(q.key, "")):
            typed[f"{q.key}.unit"] = "ft"
    return typed
