"""Chasing what is due: send a check-in, write down a call, end a point, stop and begin again, take a course over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.db import transaction
from django.urls import reverse

from stillhaven.clinic.consent.queries import may_send
from stillhaven.clinic.course.models import Course
from stillhaven.clinic.followup import queries
from stillhaven.clinic.followup.models import (
    ContactAttempt,
    FollowUpOwner,
    FollowUpStop,
    PointEnding,
    Reminder,
)
from stillhaven.clinic.followup.queries import Followed
from stillhaven.clinic.messages import actions as post
from stillhaven.clinic.messages import wishes
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient, User
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import policy
from stillhaven.clinic.scales import catalog, links
from stillhaven.clinic.scales.models import CheckInLink
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.followup import BY_HAND, Point, State

HOW = ("call", "voicemail", "text", "in_person")
PURPOSE = "checkin"
_ENDABLE = (State.OPEN, State.DUE, State.OVERDUE)


def one(course: Course, now: datetime) -> Followed:
    return queries.followed([course], now)[0]


def points_of(row: Followed, keys: Sequence[str], states: Sequence[State]) -> list[Point]:
    """The points of these keys.  BadInput where one is not of this course, or stands otherwise."""
    found = [p for key in dict.fromkeys(keys) if (p := row.point(key)) is not None]
    if not found or len(found) != len(set(keys)):
        raise BadInput("points", "choose at least one of the points shown")
    for point in found:
        if point.state not in states:
            raise BadInput("points", f"{point.rule.label} is {point.state.value} by now; look again")
    return found


# ---------------------------------------------------------------- the check-in


def forms_for(site: int, points: Sequence[Point], now: datetime) -> list[str]:
    """The forms that can be sent for these points: by the person's own hand, with a licence that holds."""
    found: dict[str, None] = {}
    known = catalog.names(site)
    for name in [*(n for p in points for n in p.rule.needs), *(n for p in points for n in p.rule.also)]:
        if name in known and known[name].mode.by_patient and name not in found:
            try:
                catalog.require_askable(site, name, now.date())
            except Refused:
                continue
            found[name] = None
    return list(found)


def can_come(point: Point, at: datetime) -> bool:
    """Would a form that is sent now still count for this point, be it as late?"""
    return point.state in _ENDABLE and at <= point.late_until


def ways(patient: Patient, now: datetime) -> list[str]:
    """By which channels this person may be written to now: an address, its switch on, and consent to messages."""
    return [
        channel
        for channel, _ in post.addresses(patient)
        if may_send(patient, channel, now) and wishes.wants(patient, channel, PURPOSE)
    ]


@transaction.atomic
def send_link(
    row: Followed, keys: Sequence[str], *, by: Any, at: datetime, uid: UUID | None = None, show: bool = False
) -> tuple[Reminder, str]:  # fmt: skip
    """A check-in for these points: written to the person by every way they allow, or shown once to hand on.

    Gives the reminder and the link's token.  Raises AlreadyRecorded for a uid that was sent before.
    """
    patient, course = row.patient, row.course
    if not isinstance(by, record.Program):
        roles.require_patient(by, "followup.work", patient)
    known = Reminder.objects.filter(uid=uid).first() if uid else None
    if known is not None:
        raise record.AlreadyRecorded(known)
    points = [p for p in points_of(row, keys, _ENDABLE) if can_come(p, at)]
    if not points:
        raise Refused(
            why="the time for these points is over: no form counts for them any more; write down how they ended"
        )
    scales = forms_for(course.site_id, points, at)
    if not scales:
        raise Refused(why="no form of these points can be sent: the clinic has not loaded its wording yet")
    channels = [] if show else ways(patient, at)
    if not show and not channels:
        raise Refused(
            why="this person may not be written to: no address that is on, or no consent to messages; call instead"
        )
    link, token = links.make_link(patient, scales, by=by, at=at, why=points[0].rule.label, course=course)
    entry = Reminder(
        uid=uid or uuid4(), site=course.site_id, happened_at=at, patient=patient, course=course,
        points=[p.key for p in points], channels=channels or ["shown"], link=link,
    )  # fmt: skip
    record.append(entry, by=by)
    if channels:
        post.queue(
            patient, "checkin", {"clinic": patient.site.name, "link": reverse("scales:start", args=[token])},
            purpose=PURPOSE, due_at=at, once=f"checkin:{entry.uid}", about=entry.uid,
            good_until=link.expires_at, channels=channels,
        )  # fmt: skip
    return entry, token


@transaction.atomic
def own_link(rows: Sequence[Followed], patient: Patient, *, at: datetime) -> CheckInLink:
    """The person begins by themselves: the check-in that waits for them, else a new one for everything that is open."""
    waiting = CheckInLink.objects.select_for_update().filter(
        patient=patient, used_at__isnull=True, revoked_at__isnull=True, expires_at__gt=at
    )
    points = [p for r in rows for p in r.points if p.state in (State.OPEN, State.DUE)]
    if not points:
        raise Refused(why="nothing waits to be filled in now")
    scales = forms_for(patient.site_id, points, at)
    for link in waiting.order_by("-made_at"):
        if set(scales) <= set(link.scales):
            return link
    if not scales:
        raise Refused(why="this form can only be asked by the clinic; they will call you")
    by = record.Program(f"{patient.called} (portal)")
    link, _ = links.make_link(patient, scales, by=by, at=at, channel="portal", why=points[0].rule.label)
    return link


# ---------------------------------------------------------------- what a person writes down


@transaction.atomic
def log_attempt(
    course: Course, keys: Sequence[str], how: str, reached: bool, *, by: Any, at: datetime, note: str = "",
    uid: UUID | None = None,
) -> ContactAttempt:  # fmt: skip
    """Somebody tried to reach the person about these points."""
    roles.require_patient(by, "followup.work", course.patient)
    if (known := _known(ContactAttempt, uid, course)) is not None:
        return known
    if how not in HOW:
        raise BadInput("how", "choose how you tried")
    if reached and not note.strip():
        raise BadInput("note", "write what the person said")
    if reached and how == "voicemail":
        raise BadInput("how", "a message on the machine reaches nobody yet")
    points = points_of(one(course, at), keys, _ENDABLE)
    entry = ContactAttempt(
        uid=uid or uuid4(), site=course.site_id, happened_at=at, patient=course.patient, course=course,
        points=[p.key for p in points], how=how, reached=reached, note=note.strip(),
    )  # fmt: skip
    record.append(entry, by=by)
    return entry


@transaction.atomic
def end_points(
    course: Course, keys: Sequence[str], kind: str, why: str, *, by: Any, at: datetime, uid: UUID | None = None
) -> list[PointEnding]:  # fmt: skip
    """End points for which nothing will come.  Unreachable only after somebody has really tried."""
    roles.require_patient(by, "followup.work", course.patient)
    root = uid or uuid4()
    known = list(PointEnding.objects.filter(uid__in=[uuid5(root, key) for key in keys], course=course))
    if known:
        return known
    if kind not in {state.value for state in BY_HAND}:
        raise BadInput("kind", "declined or unreachable")
    if not why.strip():
        raise BadInput("why", "write what the person said, or what was tried")
    row, least = one(course, at), policy.rules(course.site_id).followup.settings.least_attempts
    points = points_of(row, keys, _ENDABLE)
    for point in points:
        if kind == State.UNREACHABLE.value and (tried := tries(row, point)) < least:
            raise Refused(
                why=f"{point.rule.label}: {tried} of at least {least} tries are written down; a link that was sent counts"
            )
    made = [
        PointEnding(
            uid=uuid5(root, p.key), site=course.site_id, happened_at=at, patient=course.patient, course=course,
            point=p.key, kind=kind, why=why.strip(), attempts=tries(row, p),
        )
        for p in points
    ]  # fmt: skip
    record.append(*made, by=by)
    return made


def tries(row: Followed, point: Point) -> int:
    """How often somebody has tried: calls that were written down and links that were sent."""
    return point.attempts + len(row.sent.get(point.key, ()))


@transaction.atomic
def take_back(entry: PointEnding | FollowUpStop, why: str, *, by: Any, at: datetime) -> None:
    """An ending or a stop was a slip, or the person changed their mind."""
    roles.require_patient(by, "followup.work", entry.patient)
    record.amend(entry, by=by, at=at, reason=why, retract=True)


@transaction.atomic
def stop(course: Course, why: str, *, by: Any, at: datetime, uid: UUID | None = None) -> FollowUpStop:
    """The person does not want to be asked any more: what is still expected ends as withdrawn, what waits is not sent."""
    roles.require_patient(by, "followup.work", course.patient)
    if (known := _known(FollowUpStop, uid, course)) is not None:
        return known
    if not why.strip():
        raise BadInput("why", "write what the person said")
    standing = FollowUpStop.objects.current().filter(course=course).first()
    if standing is not None:
        raise Refused(why="this was written down already")
    entry = FollowUpStop(
        uid=uid or uuid4(), site=course.site_id, happened_at=at, patient=course.patient, course=course, why=why.strip()
    )
    record.append(entry, by=by)
    drop_reminders(one(course, at), by=by, at=at)
    return entry


@transaction.atomic
def take_over(course: Course, owner: User, *, by: Any, at: datetime) -> None:
    """This colleague sees to the follow-up of this course."""
    roles.require_patient(by, "followup.work", course.patient)
    row = FollowUpOwner.objects.select_for_update().filter(course=course).first()
    before = {"owner": row.owner_id} if row else {}
    if row is not None and row.owner_id == owner.pk:
        return
    row = row or FollowUpOwner(course=course)
    row.owner = owner
    row.save()
    record.log_change(row, before, {"owner": owner.pk, "at": at.isoformat()}, by=by, site=course.site_id)


def drop_reminders(row: Followed, *, by: Any, at: datetime) -> int:
    """Messages and links whose points have all ended are taken back; how many."""
    gone = 0
    for sent in row.reminders:
        mine = [row.point(key) for key in sent.points]
        if any(p is not None and not p.state.is_end for p in mine):
            continue
        gone += post.take_back(sent.uid)
        if (
            sent.link is not None
            and sent.link.state == "open"
            and sent.link.opened_at is None
            and sent.link.expires_at > at
        ):
            links.revoke(sent.link, by=by, at=at)
    return gone


def _known(model: Callable[..., Any], uid: UUID | None, course: Course) -> Any:
    """The same thing sent twice is answered with the first."""
    manager: Any = model
    found = manager.objects.filter(uid=uid).first() if uid else None
    if found is not None and found.course_id != course.pk:
        raise Refused(why="this was sent under a name that something else has already; write it down anew")
    return found
