"""A signed order for one session.  A new version amends the old; both stay."""

from __future__ import annotations

from django.db import models

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record.models import Entry


class Order(Entry):
    """What is to be given, how, with which limits and which rescue drugs.  Signed with a second factor."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="orders")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="orders")
    off_label = models.BooleanField()
    protocol = models.CharField(max_length=60)  # key of a protocol file
    drug = models.CharField(max_length=40)  # identity: racemic ketamine, esketamine
    route = models.CharField(max_length=40)
    dose_mg = models.DecimalField(max_digits=9, decimal_places=3)
    dose_mg_per_kg = models.DecimalField(max_digits=7, decimal_places=4, null=True, blank=True)
    weight_kg = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    weighed_on = models.DateField(null=True, blank=True)
    weight_basis = models.CharField(max_length=12, default="actual")
    concentration_mg_per_ml = models.DecimalField(max_digits=8, decimal_places=3, null=True, blank=True)
    volume_ml = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)  # final volume to infuse
    duration_min = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    devices = models.PositiveSmallIntegerField(null=True, blank=True)  # esketamine: number of 28 mg sprays
    fasting_food_h = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    fasting_liquid_h = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    observation_min = models.PositiveSmallIntegerField(null=True, blank=True)
    limits = models.JSONField(default=list)  # alarm limits: [{"condition", "signal", "tier", "value"}]
    rescue = models.JSONField(
        default=list
    )  # [{"key", "drug", "dose", "max_dose", "unit", "route", "max_times", "when"}]
    timetable = models.CharField(max_length=60, blank=True)  # key of a check timetable
    valid_from = models.DateField()
    valid_until = models.DateField()
    note = models.TextField(blank=True)
    arithmetic = models.JSONField(default=list)  # every intermediate, as shown to the signer
    findings = models.JSONField(default=list)
    reference_version = models.CharField(max_length=64)
    second_factor = models.CharField(max_length=20)  # how the signature was confirmed: "totp", "passkey", "demo"
