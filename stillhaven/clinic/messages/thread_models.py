"""What do a patient and the team write to each other?  Threads with letters that are never changed, and who read them."""

from __future__ import annotations

import uuid as uuids

from django.db import models

from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.record.models import Entry

KINDS = ("application/pdf", "image/jpeg")


class Thread(models.Model):
    """One conversation: whose, about what, and who of the team has it.  Each change is an entry too."""

    uid = models.UUIDField(unique=True, default=uuids.uuid4, editable=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="threads")
    subject = models.CharField(max_length=120)
    begun_at = models.DateTimeField()
    assigned_to = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-begun_at",)

    def __str__(self) -> str:
        return self.subject


class Letter(Entry):
    """One message of a thread.  `urgent`: its words ask for help at once."""

    RETRACTABLE = False

    thread = models.ForeignKey(Thread, models.PROTECT, related_name="letters")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="letters")
    from_patient = models.BooleanField()
    text = models.TextField()
    urgent = models.BooleanField(default=False)

    @property
    def label(self) -> str:
        return "message from the patient" if self.from_patient else "message to the patient"


class Enclosure(Entry):
    """A picture or PDF with a letter.  The file lies sealed outside the database and the web, named by this uid."""

    RETRACTABLE = False

    letter = models.ForeignKey(Letter, models.PROTECT, related_name="enclosures")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="enclosures")
    name = models.CharField(max_length=80)
    media_type = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveIntegerField()


class Seen(Entry):
    """Somebody opened a letter that was written to them: the first time only."""

    RETRACTABLE = False

    letter = models.ForeignKey(Letter, models.PROTECT, related_name="seen")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="seen_letters")
    by_patient = models.BooleanField()


class AnswerTime(models.Model):
    """What a clinic promises about answers, and when it is away.  Nothing set: nothing is promised."""

    site = models.OneToOneField(Site, models.PROTECT, related_name="answer_time")
    within_h = models.PositiveSmallIntegerField(null=True, blank=True)
    away_text = models.CharField(max_length=500, blank=True)
    away_from = models.DateField(null=True, blank=True)
    away_until = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return f"answers at {self.site}"


class Wish(models.Model):
    """What a person wants by which channel.  No row: as they allowed when they signed for messages."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="message_wishes")
    channel = models.CharField(max_length=10)
    purpose = models.CharField(max_length=20)
    is_on = models.BooleanField()
    because = models.CharField(max_length=60, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint("patient", "channel", "purpose", name="post_wish_once"),)

    def __str__(self) -> str:
        return f"{self.purpose} by {self.channel}: {'yes' if self.is_on else 'no'}"
