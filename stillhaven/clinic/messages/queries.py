"""Reads of the outbox."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from stillhaven.clinic.messages.models import OutMessage, Reach
from stillhaven.clinic.people.models import Patient

SOON = timedelta(days=3)  # a page shows what is due this soon, and what went this lately, unless more is asked for


def outbox(user: Any, now: datetime, days: int = 14, *, everything: bool = False) -> list[OutMessage]:
    """What waits, what failed, and what went in the last days; failures first.

    All failures of the days; of the rest what lies near to now, or `everything`.
    """
    rows = OutMessage.objects.filter(site_id__in=user.site_ids, due_at__gt=now - timedelta(days=days))
    rows = rows.select_related("patient").order_by("due_at")
    if everything:
        found = list(rows[:500])
    else:
        near = rows.exclude(state__in=("failed", "sending")).filter(due_at__gt=now - SOON, due_at__lt=now + SOON)
        found = [*rows.filter(state__in=("failed", "sending"))[:200], *near[:100]]
    order = {"failed": 0, "sending": 1, "queued": 2, "sent": 3, "cancelled": 4}
    return sorted(found, key=lambda m: (order[m.state], m.due_at))


def reach_of(patient: Patient) -> list[Reach]:
    return list(Reach.objects.filter(patient=patient).order_by("channel"))


def about(uids: list[UUID], purpose: str) -> dict[UUID, OutMessage]:
    """The newest message of this purpose about each of these; one that was sent before one that was not."""
    found: dict[UUID, OutMessage] = {}
    rank = {"sent": 3, "sending": 2, "queued": 2, "failed": 1, "cancelled": 0}
    for row in OutMessage.objects.filter(about__in=uids, purpose=purpose).order_by("pk"):
        if row.about is not None and (row.about not in found or rank[row.state] >= rank[found[row.about].state]):
            found[row.about] = row
    return found
