"""What belongs to a person's own account: registering, caregivers, requests about their data; and what was cleared away."""

from __future__ import annotations

import uuid as uuids

from django.db import models

from stillhaven.clinic.people.models import Patient, Site
from stillhaven.clinic.record.models import Entry


class Registration(models.Model):
    """Somebody gave a name and an address and has not yet shown that the address is theirs.  Gone after a day."""

    digest = models.CharField(max_length=64, unique=True)  # of the link's secret
    site = models.ForeignKey(Site, models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    email = models.EmailField()
    password = models.CharField(max_length=128)  # its hash; unusable for somebody who will use a passkey
    born = models.DateField()
    made_at = models.DateTimeField()
    good_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"registration {self.pk}"


class Caregiver(models.Model):
    """Somebody who may see when a person is expected and how to prepare, by a link of their own, until a day."""

    uid = models.UUIDField(unique=True, default=uuids.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="caregivers")
    name = models.CharField(max_length=120)
    relation = models.CharField(max_length=60, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    given_at = models.DateTimeField()
    until = models.DateField()  # the last day
    ended_at = models.DateTimeField(null=True, blank=True)
    last_look_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-given_at",)

    def __str__(self) -> str:
        return self.name


class DataRequest(Entry):
    """Somebody asks to see, correct or delete what is kept about them.  `due` is the last day for an answer."""

    RETRACTABLE = False

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="data_requests")
    kind = models.CharField(max_length=20)  # "access", "correction", "deletion", "same_person"
    text = models.TextField(blank=True)
    due = models.DateField()

    @property
    def label(self) -> str:
        return f"data request: {self.kind}"


class RequestStep(Entry):
    """What the clinic did about a request: took it, answered it, refused it with a reason, or needs longer."""

    RETRACTABLE = False

    request = models.ForeignKey(DataRequest, models.PROTECT, related_name="steps")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="data_request_steps")
    what = models.CharField(max_length=12)  # "taken", "longer", "done", "refused", "withdrawn"
    text = models.TextField(blank=True)
    due = models.DateField(null=True, blank=True)


class Cleared(models.Model):
    """One run of one rule of retention: what was cleared away, and how much."""

    rule = models.CharField(max_length=40)
    ran_at = models.DateTimeField()
    older_than = models.DateTimeField()
    rows = models.PositiveIntegerField()

    class Meta:
        ordering = ("-ran_at", "rule")

    def __str__(self) -> str:
        return f"{self.rule}: {self.rows}"
