"""The alarm ledger, and the watch's heartbeat."""

from __future__ import annotations

from django.db import models

from stillhaven.clinic.record.models import Entry
from stillhaven.clinic.session.models import SessionEntry


class AlarmEvent(SessionEntry):
    """An alarm's turn: raised, escalated, acknowledged, audio paused, cleared, limit changed.  `data` is science's own."""

    RETRACTABLE = False

    kind = models.CharField(max_length=24)
    condition = models.CharField(max_length=60)
    priority = models.CharField(max_length=10, blank=True)
    data = models.JSONField(default=dict)


class LimitChange(SessionEntry):
    """An alarm limit was changed during a session, by whom and why; announced on every screen."""

    RETRACTABLE = False

    condition = models.CharField(max_length=60)
    signal = models.CharField(max_length=40)
    tier = models.CharField(max_length=40)
    value = models.FloatField(null=True, blank=True)  # None takes the limit away


class Heartbeat(models.Model):
    """When a part of the house last said that it is alive.  Not a record: overwritten every second."""

    part = models.CharField(max_length=40, primary_key=True)
    beat_at = models.DateTimeField()
    detail = models.JSONField(default=dict)


class DrillResult(Entry):
    """How a team did in a drill: response times against the scenario's moments."""

    session = models.UUIDField(db_index=True)
    scenario = models.CharField(max_length=60)
    score = models.JSONField(default=dict)
