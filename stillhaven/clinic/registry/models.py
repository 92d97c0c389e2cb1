"""Totals kept at hand, models fitted in the background, and every file that left the clinic.

`ScoredSheet` and `ModelFit` are no part of the record: both are made anew from it at any time (`scored.rebuild`,
`model.fit`), and throwing them away loses nothing.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from stillhaven.clinic.people.models import Site
from stillhaven.clinic.record.models import Entry


class ScoredSheet(models.Model):
    """The total of one assessment, by the definition it was taken with.  Derived: never the source of anything."""

    assessment = models.UUIDField(primary_key=True)
    site = models.PositiveSmallIntegerField()
    seq = models.BigIntegerField()  # of the assessment: all up to the highest are here
    patient = models.BigIntegerField()
    course = models.BigIntegerField(null=True)
    scale = models.CharField(max_length=60)
    version = models.CharField(max_length=40)
    definition = models.CharField(max_length=64)
    at = models.DateTimeField()
    total = models.FloatField(null=True)  # None: too many gaps, never zero
    ideation = models.FloatField(null=True)  # the question on suicide, where the scale has one
    superseded = models.BooleanField(default=False)  # corrected or taken back since

    class Meta:
        indexes = (
            models.Index(
                "site", "scale", "patient", "at", name="registry_scored_person", condition=models.Q(superseded=False)
            ),
            models.Index("site", "seq", name="registry_scored_seq"),
        )

    def __str__(self) -> str:
        return f"{self.scale} of {self.at}"


class ModelFit(models.Model):
    """A mixed model as it was fitted at one time, with what it was fitted on.  Derived, and dated on the page."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="+")
    instrument = models.CharField(max_length=60)
    family = models.CharField(max_length=60)
    fitted_at = models.DateTimeField()
    people = models.PositiveIntegerField()
    forms = models.PositiveIntegerField()
    result = models.JSONField(default=dict)
    software = models.CharField(max_length=120)

    class Meta:
        constraints = (models.UniqueConstraint("site", "instrument", "family", name="registry_modelfit_one"),)

    def __str__(self) -> str:
        return f"{self.instrument}, {self.family}, {self.fitted_at}"


class Export(Entry):
    """Files that left: who made them, when, why, for whom, by which dictionary, of how many, and their hash.

    `members` are the file's own pseudonyms, so that a later withdrawal can be matched without naming anybody here.
    """

    RETRACTABLE = False

    purpose = models.TextField()
    recipient = models.CharField(max_length=200)
    dictionary = models.CharField(max_length=20)
    synthetic = models.BooleanField(default=False)
    people = models.PositiveIntegerField()
    courses = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    files = models.JSONField(default=list)
    members = ArrayField(models.CharField(max_length=16), default=list)
    settings = models.JSONField(default=dict)


class WithdrawalTold(Entry):
    """A recipient was told that somebody in their files has withdrawn: by the pseudonym they know."""

    RETRACTABLE = False

    export = models.ForeignKey(Export, models.PROTECT, related_name="told")
    pseudonym = models.CharField(max_length=16)
    words = models.TextField(blank=True)
