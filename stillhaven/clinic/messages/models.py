"""What has to reach somebody outside: each message once, by one channel, with nothing in it that names a treatment."""

from __future__ import annotations

import uuid as uuids

from django.db import models

from stillhaven.clinic.messages.thread_models import AnswerTime, Enclosure, Letter, Seen, Thread, Wish
from stillhaven.clinic.people.models import Patient, Site

CHANNELS = ("email", "sms")
OUT_STATES = ("queued", "sending", "sent", "failed", "cancelled")


class Reach(models.Model):
    """At which address a person may be reached by a channel, and whether they allow it."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="reach")
    channel = models.CharField(max_length=10)
    address = models.CharField(max_length=254)
    is_on = models.BooleanField(default=True)
    because = models.CharField(max_length=120, blank=True)  # "asked for at intake", "replied STOP"
    changed_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint("patient", "channel", name="post_reach_once"),
            models.CheckConstraint(condition=models.Q(channel__in=CHANNELS), name="post_reach_channel"),
        )

    def __str__(self) -> str:
        return f"{self.patient} by {self.channel}"


class OutMessage(models.Model):
    """One message on its way.  `about` names what it is for, so that it can be taken back when that changes."""

    uid = models.UUIDField(unique=True, default=uuids.uuid4, editable=False)
    site = models.ForeignKey(Site, models.PROTECT)
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, blank=True, related_name="out_messages")
    channel = models.CharField(max_length=10)
    to = models.CharField(max_length=254)
    template = models.CharField(max_length=40)
    context = models.JSONField(default=dict)  # no health in it; a link is wiped once the message is gone
    purpose = models.CharField(max_length=40)  # "reminder", "moved", "cancelled", "offer"
    about = models.UUIDField(null=True, blank=True, db_index=True)
    once = models.CharField(max_length=120, unique=True)  # the same thing is never queued twice
    due_at = models.DateTimeField()
    good_until = models.DateTimeField(null=True, blank=True)  # later it would only confuse
    state = models.CharField(max_length=10, default="queued")
    tries = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    queued_at = models.DateTimeField()

    class Meta:
        ordering = ("due_at",)
        indexes = (models.Index("state", "due_at", name="post_state_due"),)
        constraints = (models.CheckConstraint(condition=models.Q(state__in=OUT_STATES), name="post_out_state"),)

    def __str__(self) -> str:
        return f"{self.purpose} by {self.channel}, {self.state}"


__all__ = [
    "CHANNELS",
    "OUT_STATES",
    "AnswerTime",
    "Enclosure",
    "Letter",
    "OutMessage",
    "Reach",
    "Seen",
    "Thread",
    "Wish",
]
