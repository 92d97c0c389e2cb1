"""What a person said before their first visit: answers, medicines, what has been tried, the card; and what is half-typed.

What was said is an entry; a correction amends it.  `Intake` is the envelope (begun, sent, reviewed), `Draft` what somebody
has typed and not yet given: it changes in place, so that another device goes on where this one stopped.
"""

from __future__ import annotations

from django.db import models

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people.models import Patient, User
from stillhaven.clinic.record.models import Entry


class Intake(models.Model):
    """One person's intake."""

    patient = models.OneToOneField(Patient, models.PROTECT, related_name="intake")
    course = models.ForeignKey(Course, models.PROTECT, null=True, blank=True, related_name="+")
    started_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return f"intake of {self.patient_id}"


class Draft(models.Model):
    """What one author has typed in one section and not yet given."""

    intake = models.ForeignKey(Intake, models.CASCADE, related_name="drafts")
    section = models.CharField(max_length=40)
    author = models.ForeignKey(User, models.CASCADE, related_name="+")
    values = models.JSONField(default=dict)  # field -> typed text or list of texts
    others = models.JSONField(default=dict)  # field -> texts typed on another device at the same time
    seen = models.TextField(blank=True)  # fingerprints of what the form showed when typing began
    saved_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint("intake", "section", "author", name="intake_draft_once"),)

    def __str__(self) -> str:
        return f"draft of {self.section}"


class Answer(Entry):
    """One answer.  `value` is JSON; "unknown" is an answer, too: they do not know, or would rather say it in person."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="answers")
    key = models.CharField(max_length=60)
    value = models.JSONField(null=True)
    unit = models.CharField(max_length=20, blank=True)
    typed = models.CharField(max_length=120, blank=True)  # what was typed, where the value is kept in another unit
    source = models.CharField(max_length=10)  # "patient", "staff"
    form_version = models.CharField(max_length=16)

    class Meta(Entry.Meta):
        abstract = False
        indexes = (models.Index(fields=["patient", "key"], name="intake_answer_key"),)

    @property
    def label(self) -> str:
        return f"intake: {self.key.replace('_', ' ')}"


class MedicineLine(Entry):
    """One medicine that the person takes or took.  `key` names it in the medicine list; "" is free text, not checked."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="medicine_lines")
    name = models.CharField(max_length=120)
    key = models.CharField(max_length=80, blank=True)
    dose = models.CharField(max_length=80, blank=True)
    route = models.CharField(max_length=40, blank=True)
    since = models.DateField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=10)

    @property
    def label(self) -> str:
        return f"medicine: {self.name}"


class TrialLine(Entry):
    """One earlier attempt with a medicine, as it is remembered."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="trial_lines")
    name = models.CharField(max_length=120)
    key = models.CharField(max_length=80, blank=True)
    highest_dose_mg = models.DecimalField(max_digits=9, decimal_places=3, null=True, blank=True)
    weeks = models.DecimalField(max_digits=6, decimal_places=1, null=True, blank=True)
    outcome = models.CharField(max_length=12, blank=True)
    stopped_because = models.CharField(max_length=300, blank=True)
    taken_as_prescribed = models.BooleanField(null=True)
    this_episode = models.BooleanField(null=True)
    dose_judged = models.BooleanField(null=True)  # a prescriber's own judgement of the dose
    judged_by = models.CharField(max_length=120, blank=True)
    source = models.CharField(max_length=10)

    @property
    def label(self) -> str:
        return f"tried: {self.name}"


class InsuranceCard(Entry):
    """One side of the card: the picture lies sealed outside the database, named by this entry's uid."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="insurance_cards")
    side = models.CharField(max_length=5)  # "front", "back"
    media_type = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveIntegerField()
    source = models.CharField(max_length=10)


class SafetyCall(Entry):
    """An answer that calls for staff at once, and who answered the call with what."""

    RETRACTABLE = False

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="safety_calls")
    answer = models.ForeignKey(Answer, models.PROTECT, related_name="+", null=True)
    call = models.ForeignKey("self", models.PROTECT, related_name="answered", null=True, blank=True)
    text = models.TextField()
