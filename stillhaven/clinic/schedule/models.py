"""The book: chairs and rooms, who is on duty and what they hold, and every visit.

The database itself keeps two visits from one chair, one person, one room, one colleague, and keeps a nurse from having
more people at once than the clinic's policy allows (`migrations/0003`): no page, job or person at a prompt can book over.
"""

from __future__ import annotations

import uuid as uuids

from django.contrib.postgres.fields import ArrayField
from django.db import models

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.record.models import Entry

KINDS = ("session", "evaluation", "preparation", "integration", "follow_up")
STATES = ("booked", "arrived", "done", "cancelled", "no_show")
STANDING = ("booked", "arrived")  # the states in which a visit occupies its chair, its nurse and its person


class Room(models.Model):
    """A room in which people talk, or in which chairs stand."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="rooms")
    name = models.CharField(max_length=40)
    order = models.PositiveSmallIntegerField(default=0)
    is_used = models.BooleanField(default=True)

    class Meta:
        ordering = ("order", "name")
        constraints = (models.UniqueConstraint("site", "name", name="schedule_room_name"),)

    def __str__(self) -> str:
        return self.name


class Chair(models.Model):
    """A place where a patient is treated."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="chairs")
    name = models.CharField(max_length=40)
    order = models.PositiveSmallIntegerField(default=0)
    bed = models.CharField(max_length=60, blank=True)  # how monitors name it
    room = models.ForeignKey(Room, models.PROTECT, null=True, blank=True, related_name="chairs")
    is_used = models.BooleanField(default=True)  # a chair that is out of use keeps its history

    class Meta:
        ordering = ("order", "name")
        constraints = (models.UniqueConstraint("site", "name", name="schedule_chair_name"),)

    def __str__(self) -> str:
        return self.name


class Shift(models.Model):
    """Somebody is on duty in a role, from a moment to a moment."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="shifts")
    staff = models.ForeignKey(User, models.PROTECT, related_name="shifts")
    role = models.CharField(max_length=20)  # nurse, prescriber, therapist
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ("starts_at", "staff")
        constraints = (
            models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("starts_at")), name="schedule_shift_ends"),
        )

    def __str__(self) -> str:
        return f"{self.staff}, {self.starts_at:%d %b %H:%M}"


class Competence(models.Model):
    """A paper that somebody holds, from a day to a day.  `kind` is a key of reference/schedule/competences.toml."""

    site = models.ForeignKey(Site, models.PROTECT)
    staff = models.ForeignKey(User, models.PROTECT, related_name="competences")
    kind = models.CharField(max_length=40)
    number = models.CharField(max_length=60, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)  # not known is not "for ever"
    keeper = models.CharField(max_length=120)  # who saw the paper
    taken_back = models.BooleanField(default=False)

    class Meta:
        ordering = ("staff", "kind", "-valid_until")

    def __str__(self) -> str:
        return f"{self.staff}: {self.kind}"


class Appointment(models.Model):
    """One visit in the book.  `ends_at` holds recovery and turnover; `session_uid` names the dosing session it is for."""

    uid = models.UUIDField(unique=True, default=uuids.uuid4, editable=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="appointments")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="appointments")
    course = models.ForeignKey(Course, models.PROTECT, null=True, blank=True, related_name="appointments")
    kind = models.CharField(max_length=20, default="session")
    starts_at = models.DateTimeField(db_index=True)
    ends_at = models.DateTimeField()
    drug = models.CharField(max_length=40, blank=True)
    route = models.CharField(max_length=40, blank=True)
    chair = models.ForeignKey(Chair, models.PROTECT, null=True, blank=True, related_name="appointments")
    room = models.ForeignKey(Room, models.PROTECT, null=True, blank=True, related_name="appointments")
    nurse = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="nursed_appointments")
    lane = models.PositiveSmallIntegerField(null=True, blank=True)  # which of the nurse's places
    lanes = models.PositiveSmallIntegerField(null=True, blank=True)  # how many places the policy gave the nurse
    attending = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="attended_appointments")
    state = models.CharField(max_length=12, default="booked", db_index=True)
    why = models.TextField(blank=True)  # why cancelled, why not there
    series = models.UUIDField(null=True, blank=True, db_index=True)
    number = models.PositiveSmallIntegerField(default=1)  # which of the series
    session_uid = models.UUIDField(null=True, blank=True, unique=True)
    order_uid = models.UUIDField(null=True, blank=True)
    moves = models.PositiveSmallIntegerField(default=0)  # how often it was moved: a calendar's SEQUENCE
    booked_at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("starts_at",)
        indexes = (models.Index("site", "starts_at", name="schedule_site_start"),)
        constraints = (
            models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("starts_at")), name="schedule_visit_ends"),
            models.CheckConstraint(condition=models.Q(kind__in=KINDS), name="schedule_visit_kind"),
            models.CheckConstraint(condition=models.Q(state__in=STATES), name="schedule_visit_state"),
            models.CheckConstraint(
                condition=models.Q(nurse__isnull=True)
                | models.Q(lane__gte=1, lanes__isnull=False, lane__lte=models.F("lanes")),
                name="schedule_visit_lane",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="session") | models.Q(chair__isnull=False, nurse__isnull=False),
                name="schedule_session_placed",
            ),
        )

    def __str__(self) -> str:
        return f"{self.patient}, {self.starts_at:%d %b %H:%M}"


class Waiting(models.Model):
    """Somebody would come sooner if a place became free."""

    uid = models.UUIDField(unique=True, default=uuids.uuid4, editable=False)
    site = models.ForeignKey(Site, models.PROTECT)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="waiting")
    course = models.ForeignKey(Course, models.PROTECT, null=True, blank=True)
    kind = models.CharField(max_length=20, default="session")
    from_day = models.DateField()
    until_day = models.DateField()
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)  # 0 is Monday; none is any
    note = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=12, default="waiting")  # waiting, booked, taken_off
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ("asked_at",)

    def __str__(self) -> str:
        return f"{self.patient} waits"


class CalendarLink(models.Model):
    """A secret address under which a calendar reads one person's visits.  Only its hash is kept."""

    digest = models.CharField(max_length=64, unique=True)
    site = models.ForeignKey(Site, models.PROTECT)
    staff = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="calendar_links")
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, blank=True, related_name="calendar_links")
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(staff__isnull=True) ^ models.Q(patient__isnull=True), name="schedule_link_of_one"
            ),
        )

    def __str__(self) -> str:
        return f"calendar of {self.staff or self.patient}"


class ConfirmLink(models.Model):
    """The unguessable address at which a patient confirms one visit, once.  Only its hash is kept."""

    digest = models.CharField(max_length=64, unique=True)
    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="links")
    good_until = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    closed = models.BooleanField(default=False)  # the visit was moved or cancelled: a newer link holds

    def __str__(self) -> str:
        return f"link of {self.appointment}"


class VisitAnswer(Entry):
    """What a patient, or the front desk for them, said before a visit: prepared, driver, symptoms; or what they ask."""

    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="answers")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="visit_answers")
    kind = models.CharField(max_length=20)  # "confirm", "ask_move", "ask_cancel"
    value = models.JSONField(default=dict)


class GateOverride(Entry):
    """Somebody lets a visit's red gate pass, by name and with a reason, against what it said then."""

    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="gate_overrides")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="gate_overrides")
    gate = models.CharField(max_length=30)
    against = models.TextField()
    why = models.TextField()


class GateTask(models.Model):
    """Who sees to one red gate of a visit, and until when."""

    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="gate_tasks")
    gate = models.CharField(max_length=30)
    owner = models.ForeignKey(User, models.PROTECT, related_name="gate_tasks")
    due_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint("appointment", "gate", name="schedule_task_once"),)

    def __str__(self) -> str:
        return f"{self.gate}: {self.owner}"
