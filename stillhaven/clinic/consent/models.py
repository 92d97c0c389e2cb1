"""What people agreed to: texts in versions, who put them into use, signatures, witnesses, withdrawals, questions."""

from __future__ import annotations

from django.db import models

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record.models import Entry


class Version(Entry):
    """One version of one document's text, as somebody of the clinic wrote it.  `digest` names exactly these words."""

    RETRACTABLE = False

    document = models.CharField(max_length=60, db_index=True)
    language = models.CharField(max_length=12, default="en")
    number = models.PositiveIntegerField()  # counts up for each document and language of a site
    content = models.JSONField()
    digest = models.CharField(max_length=64)
    note = models.TextField()  # what changed, and why


class Verdict(Entry):
    """A second person put a version into use, or sent it back."""

    RETRACTABLE = False

    version = models.ForeignKey(Version, models.PROTECT, related_name="verdicts")
    published = models.BooleanField()
    words = models.TextField(blank=True)
    second_factor = models.CharField(max_length=20)


class Signature(Entry):
    """Somebody signed: which words, when, how, and on whose screen.

    `strokes` are the lines of a drawn signature on a grid of a thousand by three hundred; a typed one has none.
    """

    RETRACTABLE = False

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="consent_signatures")
    course = models.ForeignKey(Course, models.PROTECT, null=True, blank=True, related_name="consent_signatures")
    document = models.CharField(max_length=60, db_index=True)
    version = models.ForeignKey(Version, models.PROTECT, related_name="signatures")
    digest = models.CharField(max_length=64)  # of the words that were on the screen
    answers = models.JSONField(default=dict)  # {"acknowledged": [...], "choices": {...}}
    how = models.CharField(max_length=10)  # "drawn" or "typed"
    name = models.CharField(max_length=120)
    strokes = models.JSONField(default=list)
    place = models.CharField(max_length=20)  # "own_account" or "clinic_tablet"
    device = models.CharField(max_length=200, blank=True)


class Witness(Entry):
    """A member of staff confirms that this person signed before their eyes."""

    RETRACTABLE = False

    signature = models.OneToOneField(Signature, models.PROTECT, related_name="witness")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    second_factor = models.CharField(max_length=20)


class Withdrawal(Entry):
    """Consent taken back: one tap, effective at once.  Taken back itself within minutes, the entry is retracted."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="consent_withdrawals")
    document = models.CharField(max_length=60, db_index=True)
    place = models.CharField(max_length=20)  # "own_account", "clinic_tablet", "told_staff", "at_the_chair"
    words = models.TextField(blank=True)
    cause = models.UUIDField(null=True, blank=True, db_index=True)  # the entry of a session that it follows from


class Question(Entry):
    """What somebody asked about a document."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="consent_questions")
    document = models.CharField(max_length=60)
    text = models.TextField()


class Answer(Entry):
    """What staff answered."""

    question = models.ForeignKey(Question, models.PROTECT, related_name="answers")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    text = models.TextField()
