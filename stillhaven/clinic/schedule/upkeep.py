"""What the book is made of: chairs and rooms, shifts, what staff hold, who waits, and calendars' secret addresses."""

from __future__ import annotations

import secrets
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import policy
from stillhaven.clinic.schedule import queries
from stillhaven.clinic.schedule.actions import refused
from stillhaven.clinic.schedule.links import digest
from stillhaven.clinic.schedule.models import (
    KINDS,
    STANDING,
    Appointment,
    CalendarLink,
    Chair,
    Competence,
    ConfirmLink,
    Room,
    Shift,
    VisitAnswer,
    Waiting,
)
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.schedule import local

_MOST_WEEKS = 26


def _reach(by: Any, action: str, site: Site) -> None:
    roles.require(by, action)
    if site.pk not in by.site_ids:
        raise roles.NotAllowed(why="there is no such clinic")


# ---------------------------------------------------------------- chairs and rooms
@transaction.atomic
def save_place(
    site: Site, kind: str, *, by: Any, at: datetime, pk: int | None = None, name: str = "", bed: str = "",
    room: int | None = None, is_used: bool = True,
) -> Chair | Room:  # fmt: skip
    """Add a chair or a room, or change one.  One with visits ahead cannot go out of use."""
    _reach(by, "chair.change", site)
    if kind not in ("chair", "room"):
        raise BadInput("kind", "is a chair or a room")
    model: Any = Chair if kind == "chair" else Room
    name = " ".join(name.split())[:40]
    if not name:
        raise BadInput("name", "write a name")
    if model.objects.filter(site=site, name__iexact=name).exclude(pk=pk).exists():
        raise BadInput("name", f"there is a {kind} of that name already")
    row = (
        model.objects.select_for_update().filter(site=site, pk=pk).first()
        if pk
        else model(site=site, order=_last(model, site))
    )
    if row is None:
        raise BadInput("name", f"there is no such {kind}")
    before = {} if row.pk is None else {"name": row.name, "is_used": row.is_used, "bed": getattr(row, "bed", "")}
    if row.pk and row.is_used and not is_used:
        ahead = Appointment.objects.filter(state__in=STANDING, ends_at__gt=at, **{kind: row}).count()
        if ahead:
            raise Refused(why=f"{row.name} has {ahead} visits ahead; move them first")
    row.name, row.is_used = name, is_used
    if kind == "chair":
        row.bed = " ".join(bed.split())[:60]
        row.room = Room.objects.filter(site=site, pk=room).first() if room else None
    row.save()
    after = {"name": row.name, "is_used": row.is_used, "bed": getattr(row, "bed", "")}
    record.log_change(row, before, after, by=by, site=site.pk)
    saved: Chair | Room = row
    return saved


def _last(model: Any, site: Site) -> int:
    newest = model.objects.filter(site=site).order_by("-order").values_list("order", flat=True).first()
    return (newest or 0) + 1


# ---------------------------------------------------------------- shifts
@transaction.atomic
def add_shifts(
    site: Site, staff_id: int, role: str, first: date, begins: time, ends: time, *, by: Any, at: datetime,
    weekdays: tuple[int, ...] = (), last: date | None = None,
) -> list[Shift]:  # fmt: skip
    """One shift, or the same on weekdays until a last day.  All or none."""
    _reach(by, "schedule.shift", site)
    staff = User.objects.filter(pk=staff_id, sites=site, patient=None, is_active=True).first()
    if staff is None or role not in queries.duty_roles(staff):
        raise BadInput("staff", "choose a colleague, in a role that they have")
    if ends <= begins:
        raise BadInput("ends", "must be later than the beginning")
    last = last or first
    if last < first or (last - first).days > 7 * _MOST_WEEKS:
        raise BadInput("last", f"lies between the first day and {_MOST_WEEKS} weeks after it")
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    days = [d for d in days if not weekdays or d.weekday() in weekdays]
    if not days:
        raise BadInput("weekdays", "none of these weekdays lies between the two days")
    zone, made = queries.zone_of(site), []
    try:
        with transaction.atomic():
            for day in days:
                row = Shift(
                    site=site,
                    staff=staff,
                    role=role,
                    starts_at=local(day, begins, zone),
                    ends_at=local(day, ends, zone),
                )
                row.save()
                made.append(row)
    except IntegrityError as error:
        raise refused(error) from error
    after = {"staff": staff.pk, "role": role, "days": [str(d) for d in days], "begins": str(begins), "ends": str(ends)}
    record.log_change(made[0], {}, after, by=by, site=site.pk)
    return made


@transaction.atomic
def drop_shift(shift_id: int, *, by: Any, at: datetime) -> None:
    """Take a shift out.  Refused while visits rest on it: move those first."""
    row = Shift.objects.select_for_update().select_related("site", "staff").filter(pk=shift_id).first()
    if row is None:
        return
    _reach(by, "schedule.shift", row.site)
    theirs = Appointment.objects.filter(state__in=STANDING, starts_at__lt=row.ends_at, ends_at__gt=row.starts_at)
    held = theirs.filter(nurse=row.staff).count() + theirs.filter(attending=row.staff).count()
    if held:
        raise Refused(why=f"{row.staff.signature_name} has {held} visits in this shift; move them first")
    before = {"staff": row.staff_id, "role": row.role, "starts_at": row.starts_at, "ends_at": row.ends_at}
    record.log_change(row, before, {}, by=by, site=row.site_id)
    row.delete()


# ---------------------------------------------------------------- what staff hold
@transaction.atomic
def record_competence(
    site: Site, staff_id: int, kind: str, valid_from: date, valid_until: date | None, *, by: Any, at: datetime,
    number: str = "",
) -> Competence:  # fmt: skip
    """Somebody saw a paper: what it is, from when to when it is good."""
    _reach(by, "staff.competence", site)
    staff = User.objects.filter(pk=staff_id, sites=site, patient=None).first()
    if staff is None:
        raise BadInput("staff", "choose a colleague")
    if kind not in policy.rules(site.pk).competences:
        raise BadInput("kind", "choose what was shown")
    if valid_until is not None and valid_until < valid_from:
        raise BadInput("valid_until", "lies before the first day")
    row = Competence.objects.create(
        site=site, staff=staff, kind=kind, number=number.strip()[:60], valid_from=valid_from, valid_until=valid_until,
        keeper=by.signature_name,
    )  # fmt: skip
    after = {"staff": staff.pk, "kind": kind, "valid_from": str(valid_from), "valid_until": str(valid_until or "")}
    record.log_change(row, {}, after, by=by, site=site.pk)
    return row


@transaction.atomic
def take_back_competence(pk: int, *, by: Any, at: datetime) -> None:
    """A slip: the paper was not what it was written down as."""
    row = Competence.objects.select_for_update().select_related("site").filter(pk=pk).first()
    if row is None:
        raise BadInput("kind", "there is no such entry")
    _reach(by, "staff.competence", row.site)
    row.taken_back = True
    row.save(update_fields=["taken_back"])
    record.log_change(row, {"taken_back": False}, {"taken_back": True}, by=by, site=row.site_id)


# ---------------------------------------------------------------- the waiting list
@transaction.atomic
def wait(
    patient: Patient, from_day: date, until_day: date, *, by: Any, at: datetime, kind: str = "session",
    weekdays: tuple[int, ...] = (), course: Course | None = None, note: str = "", uid: UUID | None = None,
) -> Waiting:  # fmt: skip
    """Put somebody on the waiting list."""
    roles.require_patient(by, "schedule.waitlist", patient)
    if until_day < from_day:
        raise BadInput("until_day", "lies before the first day")
    if kind not in KINDS:
        raise BadInput("kind", "choose what for")
    known = Waiting.objects.filter(uid=uid, patient=patient).first() if uid else None
    if known is not None:
        return known
    more = {"uid": uid} if uid else {}
    row = Waiting.objects.create(
        site_id=patient.site_id, patient=patient, course=course, kind=kind, from_day=from_day, until_day=until_day,
        weekdays=sorted(set(weekdays)), note=note.strip()[:200], asked_at=at, **more,
    )  # fmt: skip
    after = {"patient": patient.pk, "from": str(from_day), "until": str(until_day), "kind": kind}
    record.log_change(row, {}, after, by=by, site=row.site_id)
    return row


@transaction.atomic
def stop_waiting(pk: int, state: str, *, by: Any) -> None:
    """Off the list: booked, or no longer wanted."""
    row = Waiting.objects.select_for_update().select_related("patient").filter(pk=pk, state="waiting").first()
    if row is None:
        return
    roles.require_patient(by, "schedule.waitlist", row.patient)
    row.state = state
    row.save(update_fields=["state"])
    record.log_change(row, {"state": "waiting"}, {"state": state}, by=by, site=row.site_id)


def who_could_come(freed: Appointment) -> list[Waiting]:
    """Who waits for a visit of this kind on that day."""
    day = freed.starts_at.astimezone(queries.zone_of(freed.site)).date()
    return [
        w
        for w in queries.waiting(freed.site)
        if w.kind == freed.kind
        and w.patient_id != freed.patient_id
        and w.from_day <= day <= w.until_day
        and (not w.weekdays or day.weekday() in w.weekdays)
    ]


# ---------------------------------------------------------------- secret addresses
@transaction.atomic
def make_calendar_link(*, by: Any, at: datetime, patient: Patient | None = None) -> str:
    """A new secret address for one's own calendar, or for a patient's.  The one before stops working."""
    if patient is not None and by.patient_id is None:
        roles.require_patient(by, "calendar.link", patient)
    else:
        roles.require(by, "own.view" if by.patient_id else "calendar.link")
        patient = by.patient if by.patient_id else None
    mine = {"patient": patient} if patient else {"staff": by}
    site = patient.site_id if patient else min(by.site_ids)
    CalendarLink.objects.filter(revoked_at__isnull=True, **mine).update(revoked_at=at)
    secret = secrets.token_urlsafe(32)
    row = CalendarLink.objects.create(digest=digest(secret), site_id=site, made_at=at, **mine)
    record.log_change(row, {}, {"made": True, "patient": patient.pk if patient else None}, by=by, site=site)
    return secret


@transaction.atomic
def revoke_calendar_link(*, by: Any, at: datetime, patient: Patient | None = None) -> int:
    """The secret address stops working at once."""
    if patient is not None and by.patient_id is None:
        roles.require_patient(by, "calendar.link", patient)
    elif by.patient_id:
        roles.require(by, "own.view")
        patient = by.patient
    mine = {"patient": patient} if patient else {"staff": by}
    rows = list(CalendarLink.objects.select_for_update().filter(revoked_at__isnull=True, **mine))
    for row in rows:
        row.revoked_at = at
        row.save(update_fields=["revoked_at"])
        record.log_change(row, {"revoked": False}, {"revoked": True}, by=by, site=row.site_id)
    return len(rows)


@transaction.atomic
def answer(
    row: Appointment, kind: str, value: dict[str, Any], *, by: Any, at: datetime, uid: UUID, link: ConfirmLink | None = None
) -> VisitAnswer:  # fmt: skip
    """What was said before a visit.  By its own link it is said once."""
    if link is not None:
        link = ConfirmLink.objects.select_for_update().get(pk=link.pk)
        known = VisitAnswer.objects.filter(uid=uid, appointment=row).first()
        if known is not None:
            return known
        if link.closed or link.used_at is not None or at > link.good_until or link.appointment.state != "booked":
            raise Refused(why="this link was used already, or the visit was changed; call the clinic")
        link.used_at = at
        link.save(update_fields=["used_at"])
    elif by.patient_id:
        roles.require(by, "own.view")
        if by.patient_id != row.patient_id:
            raise roles.NotAllowed(why="there is no such visit")
    else:
        roles.require_patient(by, "session.check_in", row.patient)
    known = VisitAnswer.objects.filter(uid=uid, appointment=row).first()
    if known is not None:
        return known
    entry = VisitAnswer(
        uid=uid, site=row.site_id, happened_at=at, appointment=row, patient=row.patient, kind=kind, value=value
    )
    record.append(entry, by=by)
    return entry
