"""One dosing visit and everything that was written down in it."""

from __future__ import annotations

import uuid

from django.db import models

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.plan.models import Order
from stillhaven.clinic.record.models import Entry
from stillhaven.clinic.schedule.models import Chair


class TreatmentSession(models.Model):
    """One dosing visit.  `state` is the replay of its moves, cached."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="sessions")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="sessions")
    course = models.ForeignKey(Course, models.PROTECT, related_name="sessions")
    order = models.ForeignKey(Order, models.PROTECT, null=True, blank=True, related_name="sessions")
    chair = models.ForeignKey(Chair, models.PROTECT, null=True, blank=True, related_name="sessions")
    nurse = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="nursed_sessions")
    booked_for = models.DateTimeField()
    state = models.CharField(max_length=20, default="booked", db_index=True)
    number = models.PositiveSmallIntegerField(default=1)  # which session of the course
    drill = models.BooleanField(default=False)

    class Meta:
        indexes = (models.Index("site", "state", name="session_site_state"),)

    def __str__(self) -> str:
        return f"{self.patient}, session {self.number}"


class SessionEntry(Entry):
    """An entry that belongs to one session."""

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="%(class)ss")

    class Meta(Entry.Meta):
        abstract = True


class SessionMove(SessionEntry):
    """The session went from one state to the next, on these findings."""

    RETRACTABLE = False

    move = models.CharField(max_length=20)
    state = models.CharField(max_length=20)
    because = models.JSONField(default=list)


class Dose(SessionEntry):
    """Drug given: start, rate change, hold, resume, bolus, stop; mg and mg/h.  IM, spray and tablet are one entry each."""

    kind = models.CharField(max_length=20)
    drug = models.CharField(max_length=40)
    route = models.CharField(max_length=40)
    amount_mg = models.FloatField(null=True, blank=True)  # bolus, single dose or device
    amount_ml = models.FloatField(null=True, blank=True)
    over_s = models.FloatField(default=0.0)  # an amount given evenly over this long, 0 for at once
    from_bag = models.BooleanField(default=False)  # the pump gave the amount out of the bag
    rate_mg_per_h = models.FloatField(null=True, blank=True)  # start, rate change, resume
    rate_ml_per_h = models.FloatField(null=True, blank=True)
    concentration_mg_per_ml = models.FloatField(null=True, blank=True)
    bag_ml = models.FloatField(null=True, blank=True)
    lot = models.CharField(max_length=60, blank=True)
    pump_volume_ml = models.FloatField(null=True, blank=True)  # what the pump showed
    why = models.TextField(blank=True)


class Check(SessionEntry):
    """One thing asked or seen: identity, weight, fasting, escort, IV site, sedation ... with its value."""

    kind = models.CharField(max_length=40, db_index=True)
    value = models.JSONField(default=dict)


class GateEntry(SessionEntry):
    """What one of two people read off scale, label and pump, blind to the other.  Nobody sees it until both are in."""

    attempt = models.PositiveSmallIntegerField()
    place = models.PositiveSmallIntegerField()  # 1 or 2
    order_uid = models.UUIDField()  # the version of the order that it was entered against
    drug = models.CharField(max_length=40)
    numbers = models.JSONField(default=dict)  # key -> as typed
    lots = models.JSONField(default=list)  # of vial or devices, as read off
    seat = models.CharField(max_length=64, blank=True)  # which sign-in it came from, hashed; "" for a program


class GateResult(SessionEntry):
    """What came of two entries: agreed, refused with every number that differs, or overridden by a prescriber."""

    RETRACTABLE = False

    attempt = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12)  # agreed, refused, override
    order_uid = models.UUIDField()
    first = models.UUIDField(null=True, blank=True)
    second = models.UUIDField(null=True, blank=True)
    first_by = models.CharField(max_length=120, blank=True)
    second_by = models.CharField(max_length=120, blank=True)
    rows = models.JSONField(default=list)  # each number: the order's, the first's, the second's
    why = models.JSONField(default=list)  # what differs, in sentences
    vial = models.JSONField(default=dict)  # the label that stock holds, where a vial was assigned
    draw_ml = models.DecimalField(max_digits=9, decimal_places=3, null=True, blank=True)  # what is drawn from stock
    draw_mg = models.DecimalField(max_digits=9, decimal_places=3, null=True, blank=True)
    second_factor = models.CharField(max_length=20, blank=True)  # of an override


class Event(SessionEntry):
    """Something that happened: adverse event with grade, rescue drug, note, patient's call, withdrawal of consent."""

    kind = models.CharField(
        max_length=30
    )  # adverse_event, rescue, premedication, note, request, withdrawal, comfort, photo
    key = models.CharField(max_length=40, blank=True)  # key of the adverse event, or of the rescue drug
    label = models.CharField(max_length=200)
    grade = models.PositiveSmallIntegerField(null=True, blank=True)
    value = models.JSONField(default=dict)  # interventions, dose, effect, resolved_at
    text = models.TextField(blank=True)


class Photo(SessionEntry):
    """A picture of the infusion site, kept encrypted in the media folder under this uid."""

    caption = models.CharField(max_length=200, blank=True)
    media_type = models.CharField(max_length=30)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
