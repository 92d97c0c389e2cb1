"""The demo's public site: a few pages that two people have read, a draft that waits, a question and a self-check left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from stillhaven.clinic.public import actions, enquiry_demo, queries
from stillhaven.clinic.public.models import PageVersion
from stillhaven.reference._education import education

READ = ("questions/is-it-safe", "questions/how-effective", "topics/depression", "topics/a-session")
WAITING = "questions/how-do-i-prepare"


def seed(demo: Any) -> None:
    """Through the same deeds as staff; once."""
    enquiry_demo.seed(demo)
    if PageVersion.objects.exists():
        return
    pages = education().pages
    doctor = demo.staff["prescriber"]
    writer = next((u for u in demo.staff.values() if "manager" in u.roles and u.pk != doctor.pk), None)
    if writer is None:
        return
    at = demo.now - timedelta(days=12)
    for key in READ:
        row = actions.draft(key, "en", queries.to_fields(pages[key]), by=writer, at=at, note="read as shipped")
        actions.judge(
            row, approved=True, by=doctor, at=at + timedelta(hours=3), due=(at + timedelta(days=182)).date(), why="demo"
        )
    fields = queries.to_fields(pages[WAITING])
    fields["statements"][-1]["text"] = (
        "We do not know your own rule before we have seen you. Ask the nurse when you book."
    )
    actions.draft(WAITING, "en", fields, by=writer, at=demo.now - timedelta(days=1), note="names whom to ask")
    actions.leave_question(
        "Is there parking for a van with a ramp?", "en", address="demo", at=demo.now, uid=uuid5(NAMESPACE_URL, "demo:q")
    )
