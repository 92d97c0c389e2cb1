"""The demo's therapy: Theo Marsh prepares Finn, and Ada's integration talk is due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from stillhaven.clinic.people.models import Patient, User
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.therapy import actions, journal


def seed(patients: Mapping[str, Patient], staff: Mapping[str, User], *, now: datetime) -> None:
    """One person in preparation, one in integration; where their courses have come that far."""
    theo = staff["therapist"]
    _preparing(patients["finn"], theo, now)
    _integrating(patients["ada"], theo, now)


def _preparing(finn: Patient, theo: User, now: datetime) -> None:
    course = finn.courses.exclude(state__in=("deferred", "closed")).first()
    if course is None:
        return
    at = now - timedelta(days=1)
    therapy = actions.open_therapy(course, by=theo, at=at)
    typed = {
        "intention": "I want to stop fighting my foot. (demo)", "fears": "That I lose control in front of people.",
        "stop_signal": "Left hand up", "touch": "none",
    }  # fmt: skip
    actions.prepare(therapy.pk, typed, by=theo, at=at)
    actions.add_item(therapy.pk, "Who is with him on the two evenings after? (demo)", by=theo, at=at)


def _integrating(ada: Patient, theo: User, now: datetime) -> None:
    over = (
        TreatmentSession.objects.filter(patient=ada, state__in=("discharged", "signed")).order_by("booked_for").last()
    )
    if over is None:
        return
    begun = over.booked_for - timedelta(days=5)
    therapy = actions.open_therapy(over.course, by=theo, at=begun)
    typed = {
        "intention": "To hear my own voice again. (demo)", "fears": "Seeing my father's house.",
        "trauma": "No hand on the shoulder from behind.", "stop_signal": "“Anchor”", "touch": "hand_when_asked",
        "support": "Ruth, her sister", "support_phone": "555-0101", "risks": "yes",
    }  # fmt: skip
    actions.prepare(therapy.pk, typed, by=theo, at=begun)
    session: dict[str, Any] = {"by": theo}
    for minutes, mark, phase, text, more in (
        (15, "state", "onset", "Breathes slowly, hands open. (demo)", {}),
        (28, "distress", "peak", "Weeps without words; settles when the music softens. (demo)", {"severity": "mild"}),
        (40, "quote", "return", "“The house was smaller than I remembered.” (demo)", {"allowed": "yes"}),
    ):
        typed = {"mark": mark, "phase": phase, "text": text, **more}
        actions.dosing_note(therapy.pk, over, typed, at=over.booked_for + timedelta(minutes=45 + minutes), **session)
    after = over.booked_for + timedelta(hours=2, minutes=20)
    talk = {
        "words": "Lighter. Tired.",
        "affect": "calm, tearful",
        "safe": "yes",
        "home_plan": "Ruth stays the night. (demo)",
    }
    actions.debrief(therapy.pk, over, talk, at=after, **session)
    actions.process_note(
        therapy.pk, "My own pull to comfort her too early; for supervision. (demo)", at=after, **session
    )
    actions.add_goal(therapy.pk, {"kind": "goal", "text": "Paint on one morning a week."}, at=after, **session)
    homework = {"kind": "homework", "text": "Ten minutes by the window, without the telephone.",
                "due_on": (now + timedelta(days=4)).date().isoformat()}  # fmt: skip
    actions.add_goal(therapy.pk, homework, at=after, **session)
    told = {"text": "Prepared well; used her stop word once, and it was heard at once. (demo)",
            "recommendations": "The same room and the same nurse, if it can be."}  # fmt: skip
    summary = actions.propose_summary(therapy.pk, told, at=after + timedelta(hours=1), **session)
    account = getattr(ada, "account", None)
    if account is not None:
        actions.answer_summary(summary, True, by=account, at=after + timedelta(hours=3))
        journal.write(
            "page", "Slept until six. The kitchen was quiet. (demo)", "private", by=account, at=now - timedelta(days=1)
        )
        journal.write("intention", "Next time I want to stay with the water. (demo)", "therapist", by=account,
                      at=now - timedelta(hours=20))  # fmt: skip
        journal.write("page", "The light in the room was too bright at first. (demo)", "team", by=account,
                      at=now - timedelta(hours=19))  # fmt: skip
