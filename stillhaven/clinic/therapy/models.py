"""Psychotherapy with ketamine: the way through it, what the team may know, and what stays behind the wall.

Every text that somebody could be hurt by is in `sealed` (see `wall`); `value` holds only what the care team needs.
`WALLED` keeps these entries out of the chart's general lists of corrections and histories.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.record.models import Entry
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.therapy import wall


class Therapy(models.Model):
    """One therapist's work with one person within a course of treatment."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="therapies")
    course = models.ForeignKey(Course, models.PROTECT, related_name="therapies")
    therapist = models.ForeignKey(User, models.PROTECT, related_name="therapies")
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "course", "therapist", condition=models.Q(ended_at__isnull=True), name="therapy_one_open_each"
            ),
        )

    def __str__(self) -> str:
        return f"{self.patient}, with {self.therapist}"


class Group(models.Model):
    """Several people in one session with one therapist."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    therapist = models.ForeignKey(User, models.PROTECT, related_name="+")
    title = models.CharField(max_length=120)
    held_at = models.DateTimeField()
    members = models.ManyToManyField(Therapy, related_name="groups")

    def __str__(self) -> str:
        return self.title


class WalledEntry(Entry):
    """An entry that no general list shows."""

    WALLED: ClassVar[bool] = True

    class Meta(Entry.Meta):
        abstract = True


class TherapyEntry(WalledEntry):
    """An entry of one person's therapy."""

    therapy = models.ForeignKey(Therapy, models.PROTECT, related_name="%(class)ss")

    class Meta(WalledEntry.Meta):
        abstract = True


class Note(TherapyEntry):
    """What a therapist wrote: preparation, dosing, debrief, integration, review, group, process."""

    kind = models.CharField(max_length=20, db_index=True)
    session = models.ForeignKey(TreatmentSession, models.PROTECT, null=True, blank=True, related_name="therapy_notes")
    group = models.ForeignKey(Group, models.PROTECT, null=True, blank=True, related_name="notes")
    value = models.JSONField(default=dict)  # what the care team may see
    sealed = models.TextField(blank=True)  # everything else


class GroupNote(WalledEntry):
    """What happened in a group as a whole; names nobody."""

    group = models.ForeignKey(Group, models.PROTECT, related_name="whole")
    sealed = models.TextField()


class OpenItem(TherapyEntry):
    """Something that has to be settled before a session."""

    text = models.CharField(max_length=300)


class ItemSettled(TherapyEntry):
    """Somebody settled it."""

    RETRACTABLE = False

    item = models.OneToOneField(OpenItem, models.PROTECT, related_name="settled")
    words = models.CharField(max_length=300, blank=True)


class Clearance(TherapyEntry):
    """The medical team's word: cleared, or cleared no longer."""

    RETRACTABLE = False

    cleared = models.BooleanField()
    words = models.CharField(max_length=300, blank=True)


class Summary(TherapyEntry):
    """What the team is to know, in words that the person sees before anybody else does."""

    sealed = models.TextField()


class SummaryWord(TherapyEntry):
    """The person's yes or no to a summary, from their own account or spoken to the therapist."""

    RETRACTABLE = False

    summary = models.ForeignKey(Summary, models.PROTECT, related_name="words")
    agreed = models.BooleanField()
    place = models.CharField(max_length=20)  # "own_account" or "with_therapist"


class Goal(TherapyEntry):
    """A goal, or homework between two talks."""

    kind = models.CharField(max_length=10)  # "goal" or "homework"
    due_on = models.DateField(null=True, blank=True)
    sealed = models.TextField()


class GoalStep(TherapyEntry):
    """How it stands: open, partly, done, dropped."""

    RETRACTABLE = False

    goal = models.ForeignKey(Goal, models.PROTECT, related_name="steps")
    state = models.CharField(max_length=10)
    sealed = models.TextField(blank=True)


class Supervision(TherapyEntry):
    """Whom a therapist lets read their process notes of this therapy; None takes it back."""

    RETRACTABLE = False

    supervisor = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")


class BreakGlass(TherapyEntry):
    """Somebody looked behind the wall in an emergency: why, and how they proved who they are."""

    RETRACTABLE = False

    why = models.TextField()
    second_factor = models.CharField(max_length=20)
    notes = models.PositiveIntegerField()  # how many were behind it
    told = models.PositiveIntegerField(default=0)  # messages queued to the person


class Journal(WalledEntry):
    """What a person writes for themselves: a page of the journal, or an intention."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="journal")
    kind = models.CharField(max_length=10)  # "page" or "intention"
    share = models.CharField(max_length=10)  # "private", "therapist", "team"
    sealed = models.TextField(blank=True)

    def own_words(self) -> str:
        """The words, for the person's own copy of their record; none of a page that they took out."""
        gone = type(self)._default_manager.filter(amends=self).exists()
        return "" if gone else str(wall.unseal(self.uid, self.sealed).get("text", ""))


class JournalShare(WalledEntry):
    """The person changed who may read a page."""

    RETRACTABLE = False

    page = models.ForeignKey(Journal, models.PROTECT, related_name="shares")
    share = models.CharField(max_length=10)
