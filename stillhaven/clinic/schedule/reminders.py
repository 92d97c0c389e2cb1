"""What a patient is told of a visit, and when: queued when it is booked, anew when it is moved, taken back when it ends.

The message names the clinic, the day and the hour, and a link.  How to prepare stands behind the link, read from the
order as it is on the day the patient opens it; so nothing that is sent says what the visit is for.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from stillhaven.clinic.messages import actions as post
from stillhaven.clinic.schedule import queries
from stillhaven.clinic.schedule.links import make_confirm_link
from stillhaven.clinic.schedule.models import Appointment


def when(row: Appointment) -> str:
    """The visit's time as the clinic's clock shows it."""
    return row.starts_at.astimezone(queries.zone_of(row.site)).strftime("%A %-d %B, %H:%M")


def refresh(row: Appointment, what: str, at: datetime) -> None:
    """Take back what waits to be sent about this visit, and queue what is true now."""
    drop(row)
    common = {"clinic": row.site.name, "when": when(row)}
    base = f"{row.uid}:{row.moves}"
    if row.state == "booked" and row.starts_at > at:
        lead = queries.numbers(row.site_id).number("reminder_before_h")
        if what == "moved":
            _queue(row, "moved", common, at, f"{base}:moved")
        if lead is not None:
            due = max(at, row.starts_at - timedelta(hours=lead))
            if post.can_reach(row.patient):
                link = f"/me/visit/{make_confirm_link(row)}/"
                _queue(row, "reminder", common | {"link": link}, due, f"{base}:reminder")
    elif what == "cancelled" and row.starts_at > at:
        _queue(row, "cancelled", common, at, f"{base}:cancelled")


def drop(row: Appointment) -> None:
    """What waits to be sent about this visit is taken back."""
    post.take_back(row.uid)


def _queue(row: Appointment, template: str, context: dict[str, Any], due: datetime, once: str) -> None:
    post.queue(
        row.patient, template, context, purpose=template, about=row.uid, due_at=due, good_until=row.starts_at, once=once
    )


def offer(row: Appointment, patient: Any, at: datetime) -> int:
    """Tell somebody who waits that this place is free; how many messages were queued."""
    context = {"clinic": row.site.name, "when": when(row)}
    return post.queue(
        patient, "offer", context, purpose="offer", about=row.uid, due_at=at, good_until=row.starts_at,
        once=f"{row.uid}:{row.moves}:offer:{patient.pk}",
    )  # fmt: skip
