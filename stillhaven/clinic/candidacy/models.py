"""What staff found, which cautions a prescriber overrode, and what a clinician decided: each an entry, none ever changed."""

from __future__ import annotations

from django.db import models

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record.models import Entry


class Measured(Entry):
    """One fact that staff measured, did, or found out.  A later one counts; an amendment corrects one made in error.

    `value` is {"value": ...} in the fact's unit (a day as text), or {"not_done": true} with the reason in `words`.
    `detail` holds what goes with it: a laboratory's value and unit, the state whose monitoring programme was asked.
    """

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="measured")
    key = models.CharField(max_length=60, db_index=True)  # a fact of candidacy/facts.toml
    value = models.JSONField(default=dict)
    words = models.TextField(blank=True)
    detail = models.JSONField(default=dict)


class Considered(Entry):
    """Which drug by which route is being considered in this course: what the page shows until somebody chooses another."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="considered")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="considered")
    drug = models.CharField(max_length=40)
    route = models.CharField(max_length=40)


class Override(Entry):
    """A prescriber's reason to go on although a rule stands against it.  It holds for exactly what was said then."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="candidacy_overrides")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="candidacy_overrides")
    rule = models.CharField(max_length=40)
    against = models.TextField()  # verdict and reason, as shown to whoever overrode it
    why = models.TextField()


class Decision(Entry):
    """Candidate, later or no: with the facts, the findings and the version of the numbers that it rests on."""

    RETRACTABLE = False

    course = models.ForeignKey(Course, models.PROTECT, related_name="candidacy_decisions")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="candidacy_decisions")
    drug = models.CharField(max_length=40)
    route = models.CharField(max_length=40)
    verdict = models.CharField(max_length=12)  # candidate, later, no
    suggestion = models.CharField(max_length=12)
    because = models.TextField()  # the rules' sentence
    why = models.TextField(blank=True)  # the prescriber's, where they differ or say more
    alternatives = models.TextField()
    consult = models.TextField(blank=True)
    inputs = models.JSONField(default=dict)  # fact -> {"value", "uid", "by", "at", "source"}
    findings = models.JSONField(default=list)
    speaks_for = models.JSONField(default=list)
    resistance = models.JSONField(default=dict)
    reference_version = models.CharField(max_length=64)
