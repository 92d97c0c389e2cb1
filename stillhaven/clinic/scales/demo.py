"""The demo clinic's scales: follow-ups of its people, an answer that calls somebody, a check-in that waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record.actions import Program
from stillhaven.clinic.scales import actions, alerts, links

# days before now -> PHQ-9 answers, then the question on difficulty (None: skipped)
_COURSES: dict[str, dict[int, list[int | None]]] = {
    "ada": {12: [3, 3, 2, 3, 2, 2, 2, 1, 1, 2], 4: [2, 2, 2, 2, 1, 2, 1, 1, 0, 2], 2: [1, 1, 2, 1, 1, 1, 1, 0, 0, 1]},
    "ben": {13: [2, 3, 3, 3, 2, 3, 2, 1, 0, 2], 1: [2, 3, 3, 2, 2, 3, 2, 1, 1, 2]},
    "cleo": {11: [2, 2, 3, 2, 1, 2, 2, 0, 0, 1], 3: [2, 2, 2, 2, None, 2, 1, 0, 0, 1]},
    "eve": {10: [3, 2, 2, 3, 1, 2, 3, 1, 0, 2]},
}
_GAD = {"ada": {12: [2, 2, 3, 2, 1, 2, 2], 2: [1, 1, 2, 1, 0, 1, 1]}}
TOKEN = "demo-check-in-of-cleo"  # noqa: S105  (an invented person)
_LINE = ("988 Suicide & Crisis Lifeline", "988", "Call or text, at any hour.")


def seed(people: dict[str, Patient], *, nurse: Any, doctor: Any, now: datetime) -> str:
    """PHQ-9 and GAD-7 over the last days; Ben's item 9 waits for somebody; gives the path of Cleo's open check-in."""
    site, before = people["ada"].site_id, now - timedelta(days=15)
    actions.set_crisis_line(site, *_LINE, by=doctor, at=before)
    for key, days in _COURSES.items():
        for ago, answers in days.items():
            keys = [*map(str, range(1, 10)), "difficulty"]
            _kept(people[key], "phq9", dict(zip(keys, answers, strict=True)), now - timedelta(days=ago, hours=3))
    for key, more in _GAD.items():
        for ago, given in more.items():
            _kept(people[key], "gad7", {str(i): v for i, v in enumerate(given, 1)}, now - timedelta(days=ago, hours=3))
    checked = {"mood": 0, "thoughts": 0, "effects": 1, "sleep": 0, "bladder": 0, "craving": 0, "call": 0}
    _kept(people["ada"], "session_check", checked, now - timedelta(days=2, hours=5))  # the day after her session
    _kept(people["finn"], "peg", {"1": 7, "2": 8, "3": 6}, now - timedelta(days=6, hours=2))
    _madrs(people["ada"], doctor, now)
    _settle(people["ada"], doctor, now)
    links.make_link(
        people["ada"], ["phq9", "gad7"], by=nurse, at=now - timedelta(hours=1), channel="portal", why="weekly"
    )
    link, _ = links.make_link(people["cleo"], ["phq9"], by=nurse, at=now, why="before the next session")
    link.digest = links.digest(TOKEN)  # an address that can be printed: invented people only
    link.save(update_fields=["digest"])
    return f"/c/{TOKEN}/"


def _kept(patient: Patient, scale: str, answers: dict[str, Any], at: datetime) -> None:
    by = Program(f"{patient.called} (by link)")
    actions.record(patient, scale, answers, by=by, at=at, channel="link")


def _madrs(patient: Patient, doctor: Any, now: datetime) -> None:
    at = now - timedelta(days=12)
    answers = dict(zip(map(str, range(1, 11)), (4, 4, 3, 4, 2, 3, 4, 3, 3, 1), strict=True))
    actions.record(patient, "madrs", answers, by=doctor, at=at, channel="clinician")


def _settle(patient: Patient, doctor: Any, now: datetime) -> None:
    """Ada's first answer was followed up and closed at the time."""
    for task in alerts.open_tasks(patient.site_id, patient):
        at = task.alert.happened_at + timedelta(minutes=14)
        note = "Called: passing thoughts, no plan, no intent. Safety plan gone through; her sister knows."
        alerts.handle(task.pk, "close", by=doctor, at=at, note=note)
