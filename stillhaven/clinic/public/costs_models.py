"""What the clinic charges from when until when, who bills for it, and the estimates that were given."""

from __future__ import annotations

import uuid

from django.db import models

from stillhaven.clinic.people.models import Patient, Site
from stillhaven.clinic.record.models import Entry


class ClinicPrice(models.Model):
    """One price of one clinic, in cents, with its days.  A new price ends the old one; none is rewritten."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="prices")
    uid = models.UUIDField(unique=True, default=uuid.uuid4)
    title = models.CharField(max_length=120)
    part = models.CharField(max_length=16)  # session, assessment, drug, observation, therapy, follow_up, package
    route = models.CharField(max_length=20, blank=True)  # "" for every route
    drug = models.CharField(max_length=20, blank=True)  # "" for every drug
    per = models.CharField(max_length=8, default="session")
    sessions = models.PositiveSmallIntegerField(null=True, blank=True)  # of a package
    low_cents = models.PositiveIntegerField()
    likely_cents = models.PositiveIntegerField()
    high_cents = models.PositiveIntegerField()
    allowed_cents = models.PositiveIntegerField(null=True, blank=True)  # agreed with plans, in network
    payer = models.CharField(max_length=12, blank=True)  # whose agreed price that is; "" for every payer
    code = models.CharField(max_length=12, blank=True)
    since = models.DateField()
    until = models.DateField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(low_cents__lte=models.F("likely_cents"), likely_cents__lte=models.F("high_cents")),
                name="public_clinicprice_rises",
            ),
            models.CheckConstraint(
                condition=models.Q(until__isnull=True) | models.Q(until__gte=models.F("since")),
                name="public_clinicprice_days",
            ),
        )


class WayToPay(models.Model):
    """The clinic's own terms of one way to pay: a payment plan, a sliding scale, help."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="ways_to_pay")
    uid = models.UUIDField(unique=True, default=uuid.uuid4)
    kind = models.CharField(max_length=16)  # a key of costs/course.toml: payment_plan, sliding_scale, ...
    terms = models.CharField(max_length=600)
    months = models.PositiveSmallIntegerField(null=True, blank=True)  # of a payment plan
    percent_off = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)  # at most, of a scale
    since = models.DateField()
    until = models.DateField(null=True, blank=True)


class BillingProvider(models.Model):
    """Who bills: the facility and each co-provider, with the numbers that an estimate has to carry."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="billing_providers")
    uid = models.UUIDField(unique=True, default=uuid.uuid4)
    name = models.CharField(max_length=120)
    npi = models.CharField(max_length=10)
    tin = models.CharField(max_length=10)
    address = models.CharField(max_length=200)
    state = models.CharField(max_length=2)
    active = models.BooleanField(default=True)


class Estimate(Entry):
    """A good-faith estimate as it was given to a person: every line, price and code, and the version of the code tables."""

    RETRACTABLE = True

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="estimates")
    number = models.PositiveIntegerField()
    code_table = models.CharField(max_length=64)
    asked_on = models.DateField()
    scheduled_on = models.DateField(null=True, blank=True)
    due_on = models.DateField()
    total_cents = models.BigIntegerField()
    content = models.JSONField()

    class Meta(Entry.Meta):
        constraints = (  # type: ignore[assignment]
            *Entry.Meta.constraints,
            models.UniqueConstraint("site", "number", name="public_estimate_number"),
        )
