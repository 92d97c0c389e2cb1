"""What the clinic's own people changed of its public pages, what the search reads, and what visitors left on purpose."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from stillhaven.clinic.public.costs_models import BillingProvider, ClinicPrice, Estimate, WayToPay  # noqa: F401
from stillhaven.clinic.public.directory_models import Centre, CentreReport  # noqa: F401
from stillhaven.clinic.public.enquiry_models import Enquiry, SelfCheckIntake  # noqa: F401
from stillhaven.clinic.record import clock
from stillhaven.clinic.record.models import Entry


class PageVersion(Entry):
    """A draft of one public page in one language.  Version 0 is what the house ships; nothing here is shown unapproved."""

    RETRACTABLE = False

    page = models.CharField(max_length=120, db_index=True)  # "questions/is-it-safe"
    language = models.CharField(max_length=12)
    number = models.PositiveIntegerField()
    fields = models.JSONField()  # title, statements: text, grade, source, part, head, studies, confirmed
    note = models.TextField(blank=True)  # what is different, in the writer's words

    class Meta(Entry.Meta):
        constraints = (  # type: ignore[assignment]
            *Entry.Meta.constraints,
            models.UniqueConstraint("site", "page", "language", "number", name="public_pageversion_number"),
        )


class PageVerdict(Entry):
    """A second person read a draft: from now on it is shown, or it goes back with a reason."""

    RETRACTABLE = False

    version = models.OneToOneField(PageVersion, models.PROTECT, related_name="verdict")
    approved = models.BooleanField()
    clinician = models.BooleanField(default=False)  # a clinician's review, or a reader's
    due = models.DateField(null=True, blank=True)  # when somebody looks again
    why = models.TextField(blank=True)


class SearchBuild(models.Model):
    """Which words the search holds now: of which pages, in which state."""

    site = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=12)
    version = models.CharField(max_length=120)
    pages = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint("site", "language", name="public_searchbuild_once"),)


class SearchLine(models.Model):
    """One line of a page as the search reads it.  Made from the pages, never written by hand."""

    site = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=12)
    page = models.CharField(max_length=120)
    text = models.TextField()
    weight = models.FloatField()
    stems = ArrayField(models.TextField(), default=list)
    vector = SearchVectorField(null=True)

    class Meta:
        indexes = (
            GinIndex(fields=["vector"], name="public_searchline_vector"),
            models.Index(fields=["site", "language"], name="public_searchline_shelf"),
        )


class SearchWord(models.Model):
    """A stem and on how many pages it stands: how much it tells, and what a slip may have meant."""

    site = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=12)
    stem = models.CharField(max_length=80)
    pages = models.PositiveIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint("site", "language", "stem", name="public_searchword_once"),)


class UnansweredQuestion(models.Model):
    """A question for which no reviewed page was found, left for the clinic on purpose.  It names nobody."""

    site = models.PositiveSmallIntegerField(default=1)
    uid = models.UUIDField(unique=True, default=uuid.uuid4)
    language = models.CharField(max_length=12)
    words = models.CharField(max_length=400)
    on = models.DateField()  # the day alone: a moment could point at a visitor
    settled_on = models.DateField(null=True, blank=True)
    settled_by = models.CharField(max_length=120, blank=True)
    settled_how = models.CharField(max_length=200, blank=True)


class SelfCheckHandover(models.Model):
    """What a person chose to send on from the self-check, as the start of an intake."""

    site = models.PositiveSmallIntegerField(default=1)
    uid = models.UUIDField(unique=True, default=uuid.uuid4)
    sent_at = models.DateTimeField(default=clock.now)
    name = models.CharField(max_length=120)
    contact = models.CharField(max_length=200)
    contact_consent = models.BooleanField()
    answers = models.JSONField(default=dict)
    result = models.CharField(max_length=40)
    taken_by = models.CharField(max_length=120, blank=True)  # once an intake was begun from it
    taken_at = models.DateTimeField(null=True, blank=True)
