"""How expected measurements were chased and how they ended, and who is watched: each deed an entry."""

from __future__ import annotations

from django.db import models

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.record.models import Entry
from stillhaven.clinic.scales.models import CheckInLink


class FollowUpEntry(Entry):
    """An entry about the follow-up of one course.  Points are named by their keys ("outcome:1")."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="%(class)ss")
    course = models.ForeignKey(Course, models.PROTECT, related_name="%(class)ss")

    class Meta(Entry.Meta):
        abstract = True


class PointEnding(FollowUpEntry):
    """Nothing will come for this point, and why: the person declined, or could not be reached."""

    point = models.CharField(max_length=60)
    kind = models.CharField(max_length=20)  # "declined", "unreachable"
    why = models.TextField()
    attempts = models.PositiveSmallIntegerField(default=0)  # how often somebody had tried by then


class ContactAttempt(FollowUpEntry):
    """Somebody tried to reach the person about some points."""

    points = models.JSONField(default=list)
    how = models.CharField(max_length=20)  # "call", "voicemail", "text", "in_person"
    reached = models.BooleanField(default=False)
    note = models.TextField(blank=True)


class FollowUpStop(FollowUpEntry):
    """The person does not want to be asked any more.  Retracted when they change their mind."""

    why = models.TextField()


class Reminder(FollowUpEntry):
    """A check-in was sent to the person: for which points, by which channels."""

    RETRACTABLE = False

    points = models.JSONField(default=list)
    channels = models.JSONField(default=list)
    link = models.ForeignKey(CheckInLink, models.PROTECT, null=True, blank=True, related_name="+")


class WatchSignal(FollowUpEntry):
    """A rule of the watch fired, or somebody wrote down what happened: the course is looked at."""

    RETRACTABLE = False

    rule = models.CharField(max_length=60)
    finding = models.JSONField(default=dict)
    trigger = models.UUIDField(null=True, blank=True)  # the form that made it fire


class WatchTask(models.Model):
    """What staff do about a signal: whose it is, until when, and how it was closed."""

    signal = models.OneToOneField(WatchSignal, models.PROTECT, related_name="task", primary_key=True)
    site = models.ForeignKey(Site, models.PROTECT)
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="watch_tasks")
    due_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=120, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=120, blank=True)
    note = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"review of {self.signal_id}"


class FollowUpOwner(models.Model):
    """Who sees to the follow-up of a course, once somebody has taken it."""

    course = models.OneToOneField(Course, models.PROTECT, related_name="followup_owner", primary_key=True)
    owner = models.ForeignKey(User, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.course}: {self.owner}"
