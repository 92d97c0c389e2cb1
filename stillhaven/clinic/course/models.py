"""A course of treatment.  Its state is the replay of its moves, cached."""

from __future__ import annotations

from django.db import models

from stillhaven.clinic.people.models import Patient, Site
from stillhaven.clinic.record.models import Entry


class Course(models.Model):
    """One course of treatment of one patient.  "On hold" is a fact beside the state."""

    site = models.ForeignKey(Site, models.PROTECT)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="courses")
    indication = models.CharField(max_length=120)
    state = models.CharField(max_length=20, default="opened")
    on_hold = models.BooleanField(default=False)
    hold_reason = models.TextField(blank=True)
    opened_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.patient}: {self.indication}"


class CourseMove(Entry):
    """A course moved from one state to the next."""

    RETRACTABLE = False

    course = models.ForeignKey(Course, models.PROTECT, related_name="moves")
    move = models.CharField(max_length=20)
    state = models.CharField(max_length=20)
    because = models.JSONField(default=list)


class CourseFact(Entry):
    """Something about a course that an office outside the clinic knows: enrolment, authorisation.

    kind "rems_enrolment": {"number", "on"}; kind "authorisation": {"number", "units", "from", "until", "payer"}.
    """

    course = models.ForeignKey(Course, models.PROTECT, related_name="facts")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="course_facts")
    kind = models.CharField(max_length=40, db_index=True)
    value = models.JSONField(default=dict)
