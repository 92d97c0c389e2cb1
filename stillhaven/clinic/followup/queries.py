"""Reads: every course with its points, in a fixed number of questions to the database however many courses there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Min, Q
from django.http import Http404

from stillhaven.clinic.course.models import Course, CourseMove
from stillhaven.clinic.followup.models import (
    ContactAttempt,
    FollowUpOwner,
    FollowUpStop,
    PointEnding,
    Reminder,
    WatchTask,
)
from stillhaven.clinic.people.models import Patient, User
from stillhaven.clinic.people.queries import patient_or_404 as patient_or_404
from stillhaven.clinic.record import policy
from stillhaven.clinic.scales import catalog
from stillhaven.clinic.scales import models as sheets
from stillhaven.clinic.session.models import Dose, TreatmentSession
from stillhaven.reference.load import Reference
from stillhaven.science import followup as science
from stillhaven.science.dose_entries import Kind
from stillhaven.science.followup import Completeness, CourseFacts, Point, Schedule, Taken, completeness, expected

GIVEN = (Kind.START.value, Kind.BOLUS.value, Kind.DEVICE.value, Kind.SINGLE.value, Kind.DIVIDED.value)
_AFTER_CLOSING = timedelta(days=430)  # a closed course is followed to month 12


@dataclass(frozen=True, kw_only=True)
class Followed:
    """One course with everything that its follow-up shows."""

    course: Course
    schedule: Schedule
    facts: CourseFacts
    points: tuple[Point, ...]
    attempts: tuple[ContactAttempt, ...]
    endings: tuple[PointEnding, ...]
    reminders: tuple[Reminder, ...]
    stop: FollowUpStop | None
    owner: User | None

    @property
    def patient(self) -> Patient:
        return self.course.patient

    @property
    def to_do(self) -> tuple[Point, ...]:
        return tuple(p for p in self.points if p.state in science.TO_DO)

    @property
    def n(self) -> Completeness:
        return completeness(self.points)

    @property
    def sent(self) -> dict[str, list[datetime]]:
        """When the person was written to about each point."""
        found: dict[str, list[datetime]] = defaultdict(list)
        for row in self.reminders:
            for key in row.points:
                found[key].append(row.happened_at)
        return found

    def point(self, key: str) -> Point | None:
        return next((p for p in self.points if p.key == key), None)


def courses_of(sites: Iterable[int], now: datetime) -> list[Course]:
    """The courses whose follow-up is not over."""
    mine = Course.objects.filter(site_id__in=list(sites))
    closed_lately = Q(moves__move="close", moves__happened_at__gt=now - _AFTER_CLOSING)
    open_ones = mine.filter(~Q(state="closed") | closed_lately).distinct()
    return list(open_ones.select_related("patient", "site", "followup_owner__owner").order_by("pk"))


def of_patient(patient: Patient, now: datetime) -> list[Followed]:
    """One person's courses, the newest first."""
    mine = Course.objects.filter(patient=patient).select_related("patient", "site", "followup_owner__owner")
    return followed(list(mine.order_by("-opened_at")), now)


def followed(courses: Sequence[Course], now: datetime) -> list[Followed]:
    """These courses with their points as they stand now."""
    ids, people = [c.pk for c in courses], {c.patient_id for c in courses}
    references = {site: policy.rules(site) for site in {c.site_id for c in courses}}
    started, coming = _sessions(ids, now)
    ended = _induction_ends(ids)
    taken = _taken(people, references, now)
    endings, attempts = _by_course(PointEnding, ids, now), _by_course(ContactAttempt, ids, now)
    stops, reminders = _by_course(FollowUpStop, ids, now), _by_course(Reminder, ids, now)
    found = []
    for course in courses:
        rules = references[course.site_id].followup
        stop = stops[course.pk][-1] if stops[course.pk] else None
        facts = CourseFacts(
            opened_at=course.opened_at, sessions=tuple(sorted(started[course.pk])),
            next_session=coming.get(course.pk), induction_ended_at=ended.get(course.pk),
            stopped_at=stop.happened_at if stop else None, stopped_why=stop.why if stop else "",
        )  # fmt: skip
        schedule = science.schedule_for(course.indication, rules.schedules)
        points = expected(
            facts, schedule, rules.settings, now, taken=taken[course.patient_id],
            endings=[
                science.Ending(point=e.point, kind=science.State(e.kind), at=e.happened_at, by=e.by_name, why=e.why)
                for e in endings[course.pk]
            ],
            attempts=[
                science.Attempt(points=tuple(a.points), at=a.happened_at, reached=a.reached, by=a.by_name)
                for a in attempts[course.pk]
            ],
        )  # fmt: skip
        kept: FollowUpOwner | None = getattr(course, "followup_owner", None)
        found.append(Followed(
            course=course, schedule=schedule, facts=facts, points=points, attempts=tuple(attempts[course.pk]),
            endings=tuple(endings[course.pk]), reminders=tuple(reminders[course.pk]), stop=stop,
            owner=kept.owner if kept else None,
        ))  # fmt: skip
    return found


def _sessions(ids: list[int], now: datetime) -> tuple[dict[int, list[datetime]], dict[int, datetime]]:
    """When a drug was first given in each session, and each course's next visit."""
    given = Dose.objects.current().filter(
        session__course__in=ids, session__drill=False, kind__in=GIVEN, happened_at__lte=now
    )
    first = given.order_by().values("session_id", "session__course_id").annotate(at=Min("happened_at"))
    started: dict[int, list[datetime]] = defaultdict(list)
    for row in first:
        started[row["session__course_id"]].append(row["at"])
    ahead = TreatmentSession.objects.filter(
        course__in=ids, drill=False, state__in=("booked", "checked_in", "ready"), booked_for__gt=now - timedelta(hours=12)
    ).exclude(pk__in=[row["session_id"] for row in first])  # fmt: skip
    coming: dict[int, datetime] = {}
    for course, at in ahead.order_by("-booked_for").values_list("course_id", "booked_for"):
        coming[course] = at
    return started, coming


def _induction_ends(ids: list[int]) -> dict[int, datetime]:
    rows = CourseMove.objects.filter(course__in=ids, move__in=("begin_maintenance", "close")).order_by("-seq")
    return dict(rows.values_list("course_id", "happened_at"))


def _taken(people: set[int], references: dict[int, Reference], now: datetime) -> dict[int, list[Taken]]:
    rows = sheets.Assessment.objects.current().filter(patient__in=people, happened_at__lte=now)
    columns = ("uid", "site", "patient_id", "scale", "version", "definition", "happened_at")
    names = {
        (site, i.key, i.version): (name, i.recall_days)
        for site, r in references.items()
        for name, i in r.instruments.items()
    }  # fmt: skip
    found: dict[int, list[Taken]] = defaultdict(list)
    for uid, site, patient, scale, version, definition, at in rows.order_by("seq").values_list(*columns):
        known = names.get((site, scale, version))
        name, recall = known or (scale, catalog.by_digest(definition).recall_days)
        found[patient].append(Taken(uid=uid, scale=scale, name=name, taken_at=at, recall_days=recall))
    return found


def _by_course(model: Any, ids: list[int], now: datetime) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    rows = model.objects.current().filter(course__in=ids, happened_at__lte=now).order_by("happened_at", "seq")
    for row in rows.select_related("link") if model is Reminder else rows:
        found[row.course_id].append(row)
    return found


# ---------------------------------------------------------------- one of each


def course_or_404(user: Any, pk: int) -> Course:
    found = Course.objects.filter(pk=pk, site_id__in=user.site_ids).select_related("patient__site").first()
    if found is None:
        raise Http404
    return found


def task_or_404(user: Any, uid: UUID) -> WatchTask:
    rows = WatchTask.objects.filter(pk=uid, site__in=user.site_ids)
    found = rows.select_related("signal__patient__site", "signal__course", "owner").first()
    if found is None:
        raise Http404
    return found


def count_watch(sites: Iterable[int]) -> int:
    """How many reviews nobody has closed."""
    return WatchTask.objects.filter(site__in=list(sites), closed_at__isnull=True).count()


def open_watch(sites: Iterable[int], patient: Patient | None = None) -> list[WatchTask]:
    """Reviews that nobody has closed, the most pressing first."""
    rows = WatchTask.objects.filter(site__in=list(sites), closed_at__isnull=True)
    if patient is not None:
        rows = rows.filter(signal__patient=patient)
    return list(rows.select_related("signal__patient", "signal__course", "owner").order_by("due_at"))
