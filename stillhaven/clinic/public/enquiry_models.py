"""What people ask the clinic before they are patients, and who answers."""

from __future__ import annotations

import uuid

from django.db import models

from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.record import clock


class Enquiry(models.Model):
    """A question or a call asked for.  `urgent`: the words sound like a crisis."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="enquiries")
    uid = models.UUIDField(unique=True, default=uuid.uuid4)
    received_at = models.DateTimeField(default=clock.now)
    channel = models.CharField(max_length=8, default="web")  # web, phone, desk
    kind = models.CharField(max_length=10, default="question")  # question, call, treatment
    name = models.CharField(max_length=120)
    email = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    best_time = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=12, default="en")
    words = models.TextField(blank=True)
    urgent = models.BooleanField(default=False)
    state = models.CharField(max_length=10, default="new")  # new, open, answered, intake, closed
    owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    first_response_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=400, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, blank=True, related_name="enquiries")

    class Meta:
        indexes = (models.Index(fields=["site", "state", "received_at"], name="public_enquiry_queue"),)

    def __str__(self) -> str:
        return f"{self.kind} of {self.received_at:%Y-%m-%d}"


class SelfCheckIntake(models.Model):
    """Which person a self-check that was sent on became, so that it is begun once."""

    handover = models.UUIDField(unique=True)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    begun_at = models.DateTimeField(default=clock.now)
