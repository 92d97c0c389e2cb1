"""The plan of a course, and the signed orders of its sessions.  A new version amends the old; both stay."""

from __future__ import annotations

from django.db import models

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record.models import Entry


class Plan(Entry):
    """What a course of treatment is to be: which protocol, how many sessions, how often, until when, and what for."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="plans")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="plans")
    protocol = models.CharField(max_length=60)
    drug = models.CharField(max_length=40)
    route = models.CharField(max_length=40)
    scheme = models.CharField(max_length=60, blank=True)  # key of a published schedule; "" is the prescriber's own
    sessions = models.PositiveSmallIntegerField()
    sessions_per_week = models.DecimalField(max_digits=5, decimal_places=2)
    response_scale = models.CharField(max_length=40)
    response_after = models.PositiveSmallIntegerField()  # sessions
    response_fall_pct = models.DecimalField(max_digits=5, decimal_places=1)
    stop_after_failed = models.PositiveSmallIntegerField(null=True, blank=True)  # sessions without effect
    stop_rules = models.JSONField(default=list)
    goals = models.TextField()  # in the patient's own words
    therapist = models.CharField(max_length=120, blank=True)
    with_psychotherapy = models.BooleanField(default=False)
    maintenance = models.TextField(blank=True)
    fasting = models.TextField(blank=True)
    why_against = models.TextField(blank=True)  # where the protocol does not fit by the rules: the prescriber's reason
    unfit = models.JSONField(default=list)  # protocols that did not fit, with reasons, as shown to the signer
    sources = models.JSONField(default=dict)  # field -> the source that proposed its number
    reference_version = models.CharField(max_length=64)
    second_factor = models.CharField(max_length=20)


class Order(Entry):
    """What is to be given, how, with which limits and which rescue drugs.  Signed with a second factor."""

    LATER = frozenset({"plan_id", "worked", "for_sessions", "holds", "premedication", "sources"})

    course = models.ForeignKey(Course, models.PROTECT, related_name="orders")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="orders")
    plan = models.ForeignKey(Plan, models.PROTECT, null=True, blank=True, related_name="orders")
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
    # What the arithmetic starts from, as exact decimals in text: the dose gate computes from it anew (science.gate).
    worked = models.JSONField(default=dict)
    for_sessions = models.PositiveSmallIntegerField(default=1)  # how many sessions this one signature is good for
    fasting_food_h = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    fasting_liquid_h = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    observation_min = models.PositiveSmallIntegerField(null=True, blank=True)
    limits = models.JSONField(default=list)  # alarm limits: [{"condition", "signal", "tier", "value"}]
    holds = models.JSONField(default=list)  # hold rules in the prescriber's words
    rescue = models.JSONField(
        default=list
    )  # [{"key", "drug", "dose", "max_dose", "unit", "route", "max_times", "when"}]
    premedication = models.JSONField(default=list)  # the same fields: given before the drug, by this order
    timetable = models.CharField(max_length=60, blank=True)  # key of a check timetable
    valid_from = models.DateField()
    valid_until = models.DateField()
    note = models.TextField(blank=True)
    arithmetic = models.JSONField(default=list)  # every intermediate, as shown to the signer
    findings = models.JSONField(default=list)
    sources = models.JSONField(default=dict)  # field -> the source that proposed its number
    reference_version = models.CharField(max_length=64)
    second_factor = models.CharField(max_length=20)  # how the signature was confirmed: "totp", "passkey", "demo"
