"""The demo's plans: made through the same deed that a prescriber does, for synthetic people in a demo clinic."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.plan import course_plan

_GOALS = {
    "ada": ("iv_depression", "twice_weekly_three_weeks", "phq9", "I want to read to my daughter again."),
    "finn": ("iv_crps_outpatient", course_plan.OWN, "pain", "To hold a cup with my left hand."),
}


def seed(patients: Mapping[str, Patient], *, doctor: Any, now: datetime) -> None:
    """Ada's and Finn's plans, where their courses have come that far."""
    for key, (protocol, scheme, scale, goals) in _GOALS.items():
        course = patients[key].courses.exclude(state__in=("opened", "screening", "deferred", "closed")).first()
        if course is None:
            continue
        typed = {
            "protocol": protocol, "scheme": scheme, "response_scale": scale, "goals": goals,
            "response_fall_pct": "50" if key == "ada" else "30",
            "stop_rules": "no response by the check\nsigns of harm to the bladder",
            "why_against": "agreed in the case meeting (demo)", "therapist": "Theo Marsh, PhD",
            "maintenance": "Look again two weeks after the last session.",
        }  # fmt: skip
        own = (
            {"sessions": "10", "sessions_per_week": "5", "response_after": "10"}
            if scheme == course_plan.OWN
            else {"response_after": "6"}
        )
        course_plan.sign_plan(course.pk, typed | own, by=doctor, at=now - timedelta(days=13), second_factor="demo")
