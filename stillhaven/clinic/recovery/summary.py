"""What the patient takes home of a visit: plain words, no jargon, whom to call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from stillhaven.clinic.recovery.document import Document
from stillhaven.clinic.session.models import TreatmentSession


def visit_summary(session: TreatmentSession, now: datetime) -> dict[str, Any]:
    """What the patient takes home: plain words, no jargon, whom to call."""
    document = Document(session, now)
    dose, left = document.dose(), document.discharge()
    driving = left["driving"] if left else None
    felt: Sequence[str] = [e.label.split(",")[0].lower() for e in document.events if e.kind == "adverse_event"]
    return {
        "head": document.head(), "given": dose["given"], "title": dose["title"], "started": dose["started"],
        "felt": felt, "driving": driving, "escort": left["escort"] if left else "", "left": left["at"] if left else "",
        "emergency": session.site.emergency_number,
    }  # fmt: skip
