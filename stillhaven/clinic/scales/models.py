"""Sheets of rating scales as they were filled in, answer by answer; the links they came by; the alerts they raised."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.record.models import Entry

CHANNELS = ("link", "portal", "tablet", "clinician", "paper", "import")


class ScaleDefinition(Entry):
    """One definition of a scale, kept the day it was first used, so that an old answer keeps its meaning."""

    RETRACTABLE = False

    scale = models.CharField(max_length=60)
    version = models.CharField(max_length=40)
    digest = models.CharField(max_length=64, db_index=True)
    content = models.JSONField(default=dict)


class ScaleText(Entry):
    """Wording that a clinic holds a licence for: who granted it, under which number, until when."""

    scale = models.CharField(max_length=60, db_index=True)
    version = models.CharField(max_length=40)
    language = models.CharField(max_length=10, default="en")
    granted_by = models.CharField(max_length=200)
    grant_number = models.CharField(max_length=120, blank=True)
    granted_on = models.DateField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)
    content = models.JSONField(default=dict)  # {"stem", "items": {key: text}, "choices": {key or "all": {value: text}}}
    definition = models.CharField(max_length=64, blank=True)  # where the questions themselves came with it


class CrisisHelp(Entry):
    """Whom a person in danger can call here, beside the emergency number: the clinic's own setting."""

    line_name = models.CharField(max_length=120)
    line_number = models.CharField(max_length=40)
    words = models.TextField(blank=True)


class CheckInLink(models.Model):
    """A one-use way in for one person to certain forms.  Only the token's hash is kept."""

    site = models.ForeignKey(Site, models.PROTECT)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="checkins")
    course = models.ForeignKey(Course, models.PROTECT, null=True, blank=True, related_name="checkins")
    digest = models.CharField(max_length=64, unique=True)
    scales = models.JSONField(default=list)  # names as in the reference: "phq9", "pcl5@week"
    channel = models.CharField(max_length=20, default="link")
    why = models.CharField(max_length=120, blank=True)  # "weekly", "before the session"
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    devices = models.JSONField(default=list)  # hashes of what each device that was let in carries
    wrong_years = models.PositiveSmallIntegerField(default=0)

    pk: int

    @property
    def state(self) -> str:
        return "used" if self.used_at else "revoked" if self.revoked_at else "open"

    def __str__(self) -> str:
        return f"check-in {self.pk}"


class OpenedSheet(Entry):
    """Somebody began a form: with exactly this definition, whatever changes before it is sent."""

    RETRACTABLE = False

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="opened_sheets")
    course = models.ForeignKey(Course, models.PROTECT, null=True, blank=True, related_name="+")
    link = models.ForeignKey(CheckInLink, models.PROTECT, null=True, blank=True, related_name="sheets")
    scale = models.CharField(max_length=60)
    version = models.CharField(max_length=40)
    definition = models.CharField(max_length=64)
    channel = models.CharField(max_length=20)
    text = models.UUIDField(null=True, blank=True)  # the clinic's wording that was shown
    place = models.PositiveSmallIntegerField(default=1)


class GivenAnswer(Entry):
    """One answer, saved as it was given.  None: the person skipped the question: a gap, never zero."""

    RETRACTABLE = False

    sheet = models.ForeignKey(OpenedSheet, models.PROTECT, related_name="answers")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    item = models.CharField(max_length=40)
    value = models.FloatField(null=True)


class Assessment(Entry):
    """One finished sheet.  `happened_at` is when it was taken, `entered_at` when it came in; totals are made anew."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="assessments")
    course = models.ForeignKey(Course, models.PROTECT, null=True, blank=True, related_name="assessments")
    sheet = models.ForeignKey(OpenedSheet, models.PROTECT, null=True, blank=True, related_name="assessments")
    scale = models.CharField(max_length=60, db_index=True)
    version = models.CharField(max_length=40)
    definition = models.CharField(max_length=64)
    recall = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=10, default="en")
    answers = models.JSONField(default=dict)
    channel = models.CharField(max_length=20)
    entered_at = models.DateTimeField()
    source_note = models.TextField(blank=True)
    stated = models.JSONField(default=dict)
    discrepancy = models.TextField(blank=True)

    class Meta(Entry.Meta):
        indexes = (models.Index("patient", "scale", "happened_at", name="scales_assessment_person"),)

    @property
    def taken_at(self) -> Any:
        return self.happened_at


class Alert(Entry):
    """One answer (or its absence) that calls a person.  Raised the moment the answer is saved."""

    RETRACTABLE = False

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="alerts")
    sheet = models.ForeignKey(OpenedSheet, models.PROTECT, null=True, blank=True, related_name="alerts")
    scale = models.CharField(max_length=60)
    item = models.CharField(max_length=40)
    number = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(max_length=20)  # "alert", "review", "unanswered"
    value = models.FloatField(null=True)
    words = models.TextField(blank=True)
    action = models.TextField()

    @property
    def title(self) -> str:
        """Where the answer stands: "PHQ-9, item 9"; "Intake", which counts no items."""
        return f"{self.scale}, {_('item %(n)s') % {'n': self.number}}" if self.number else self.scale


class AlertTask(models.Model):
    """What staff do about an alert: whose it is, until when, and how it was closed."""

    alert = models.OneToOneField(Alert, models.PROTECT, related_name="task", primary_key=True)
    site = models.ForeignKey(Site, models.PROTECT)
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="alert_tasks")
    due_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=120, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=120, blank=True)
    note = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"task for {self.alert_id}"
