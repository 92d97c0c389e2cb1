"""What is listed of a centre, and what patients reported about facts of care there."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from stillhaven.clinic.record import clock


class Centre(models.Model):
    """A place of treatment.  `facts`: key -> {"value": [...], "by": who confirmed it, "on": when}; absent is not stated.

    `says` repeats the facts for the index: "routes:im" for each value, "routes:*" for a key that is stated at all.
    Nothing here could be paid for: a test holds the list of columns.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4)
    site = models.PositiveSmallIntegerField(null=True, blank=True, unique=True)  # the clinic of ours that this is
    name = models.CharField(max_length=160)
    street = models.CharField(max_length=160, blank=True)
    city = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=40, blank=True)
    zip = models.CharField(max_length=10, blank=True)
    lat = models.FloatField()
    lon = models.FloatField()
    placed = models.CharField(max_length=12, default="zip")  # "zip": the middle of its postcode; "exact": as stated
    phone = models.CharField(max_length=40, blank=True)
    website = models.URLField(max_length=200, blank=True)
    npi = models.CharField(max_length=10, blank=True)
    source = models.CharField(max_length=12, default="clinic")  # "clinic", "csv", "nppes"
    listed = models.BooleanField(default=True)
    facts = models.JSONField(default=dict)
    says = ArrayField(models.CharField(max_length=60), default=list)
    session_cents = models.PositiveIntegerField(null=True, blank=True)  # the stated price of a session, for filtering
    simulated = models.BooleanField(default=False)

    class Meta:
        indexes = (
            models.Index(fields=["lat", "lon"], condition=models.Q(listed=True), name="public_centre_where"),
            GinIndex(fields=["says"], name="public_centre_says"),
        )
        constraints = (
            models.UniqueConstraint(fields=["npi"], condition=~models.Q(npi=""), name="public_centre_npi"),
            models.CheckConstraint(
                condition=models.Q(lat__gte=-90, lat__lte=90, lon__gte=-180, lon__lte=180),
                name="public_centre_on_earth",
            ),
        )

    def __str__(self) -> str:
        return self.name


class CentreReport(models.Model):
    """What a patient reports about the facts of their care.  Shown only once a moderator, who knows the writer, said so."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4)
    centre = models.ForeignKey(Centre, models.PROTECT, related_name="reports")
    sent_at = models.DateTimeField(default=clock.now)
    name = models.CharField(max_length=120)  # for the moderator alone
    contact = models.CharField(max_length=200)  # likewise
    seen_in = models.CharField(max_length=7)  # "2026-10"
    answers = models.JSONField(default=dict)  # question -> yes, no
    words = models.CharField(max_length=1200, blank=True)
    urgent = models.BooleanField(default=False)
    state = models.CharField(max_length=10, default="waiting")  # waiting, shown, refused
    judged_at = models.DateTimeField(null=True, blank=True)
    judged_by = models.CharField(max_length=120, blank=True)
    why = models.CharField(max_length=300, blank=True)
