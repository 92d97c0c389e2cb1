"""Writing in the book: lock, gather, decide, write.  What does not fit is refused with every reason.

One lock a site serialises those who book through here; whoever writes past it meets the database's own constraints.
"""

from __future__ import annotations

import uuid as uuids
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.schedule import queries, reminders
from stillhaven.clinic.schedule.models import STANDING, Appointment
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Finding, Verdict
from stillhaven.science.schedule import DOSING, Placement, Wanted, Window, fit, lanes

_TAKEN = {
    "schedule_one_in_a_chair": "the chair was taken a moment ago",
    "schedule_one_visit_a_person": "the person has another visit at that time",
    "schedule_one_in_a_lane": "the nurse would have too many people at once",
    "schedule_lanes_as_adopted": "the nurse would have more people at once than the clinic's policy allows",
    "schedule_one_in_a_room": "the room was taken a moment ago",
    "schedule_one_with_a_colleague": "the colleague has another visit at that time",
    "schedule_one_shift_at_once": "there is a shift of this colleague already at that time",
}
_LONGEST_MIN = 16 * 60


def lock_site(site: int) -> None:
    """Nobody else books at this site until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [71_001, site])


def open_book(site: int) -> None:
    """Nobody else books here, and nobody else writes in the record, until this transaction ends.

    Taken before any visit is locked, and always in this order, so that two who change the same visits never wait for each
    other.
    """
    lock_site(site)
    record.lock("clinic", site)


def opened(appointment_id: int) -> Appointment:
    """A visit that is to be changed: the book is open to nobody else."""
    open_book(queries.site_of_visit(appointment_id))
    return queries.locked(appointment_id)


def needed_line(kind: str) -> str:
    """Which line of the role table a visit of this kind needs."""
    return "session.book" if kind == DOSING else "schedule.book"


@transaction.atomic
def book(
    patient: Patient, wanted: Wanted, *, by: Any, at: datetime, course: Course | None = None, series: UUID | None = None,
    number: int = 1, session_uid: UUID | None = None, order_uid: UUID | None = None, uid: UUID | None = None,
    most_sessions_per_week: int | None = None, note: str = "",
) -> Appointment:  # fmt: skip
    """Put one visit into the book.  Refused with every reason if it does not fit."""
    roles.require_patient(by, needed_line(wanted.kind), patient)
    known = Appointment.objects.filter(uid=uid).first() if uid else None
    if known is not None:
        if known.patient_id != patient.pk:
            raise Refused(why="this was sent under a name that something else has already")
        return known
    lock_site(patient.site_id)
    place = _place(patient.site, wanted, at, most_sessions_per_week)
    record.lock("clinic", patient.site_id)
    row = Appointment(
        uid=uid or uuids.uuid4(), site_id=patient.site_id, patient=patient, course=course, kind=wanted.kind,
        drug=wanted.drug, route=wanted.route, series=series, number=number, session_uid=session_uid, order_uid=order_uid,
        booked_at=at, note=note.strip()[:200],
    )  # fmt: skip
    _write(row, place)
    record.log_change(row, {}, told(row), by=by, site=row.site_id)
    reminders.refresh(row, "booked", at)
    return row


@transaction.atomic
def move(
    appointment_id: int, wanted: Wanted, *, by: Any, at: datetime, why: str = "", most_sessions_per_week: int | None = None
) -> Appointment:  # fmt: skip
    """The same visit at another time, in another chair, with another nurse."""
    roles.require(by, "schedule.move")
    row = opened(appointment_id)
    roles.require_patient(by, "schedule.move", row.patient)
    if row.state != "booked":
        raise Refused(why=f"this visit is {row.state.replace('_', ' ')}; only one that is booked can be moved")
    place, before = _place(row.site, wanted, at, most_sessions_per_week), told(row)
    row.moves += 1
    _write(row, place)
    close_links(row)
    record.log_change(row, before, told(row) | {"why": why.strip()}, by=by, site=row.site_id)
    reminders.refresh(row, "moved", at)
    return row


@transaction.atomic
def cancel(appointment_id: int, why: str, *, by: Any, at: datetime) -> Appointment:
    """The visit will not be; its place is free from now on."""
    row = _end(appointment_id, "cancelled", why, "schedule.cancel", by=by)
    reminders.refresh(row, "cancelled", at)
    return row


@transaction.atomic
def no_show(appointment_id: int, why: str, *, by: Any, at: datetime) -> Appointment:
    """The person did not come.  Refused before the visit has begun."""
    row = opened(appointment_id)
    if at < row.starts_at:
        raise Refused(why="the visit has not begun yet; cancel it if it will not be")
    row = _end(appointment_id, "no_show", why, "schedule.no_show", by=by)
    reminders.refresh(row, "no_show", at)
    return row


def _end(appointment_id: int, state: str, why: str, action: str, *, by: Any) -> Appointment:
    roles.require(by, action)
    row = opened(appointment_id)
    roles.require_patient(by, action, row.patient)
    if row.state == state:
        return row
    if row.state != "booked":
        raise Refused(why=f"this visit is {row.state.replace('_', ' ')} already")
    if not why.strip():
        raise BadInput("why", "say why")
    before = told(row)
    row.state, row.why = state, why.strip()
    row.save(update_fields=["state", "why"])
    close_links(row)
    record.log_change(row, before, told(row), by=by, site=row.site_id)
    return row


@transaction.atomic
def arrived(appointment_id: int, *, by: Any, at: datetime) -> Appointment:
    """Somebody has come for a talk; the arrival for a session is written down in the session."""
    row = opened(appointment_id)
    roles.require_patient(by, "session.check_in", row.patient)
    if row.kind == DOSING:
        raise Refused(why="check the person in on the session's own page")
    return _set(row, "arrived", by=by)


# session move -> what the visit becomes; the session's own deed has asked for the role
_FOLLOWS = {"check_in": "arrived", "discharge": "done", "transfer": "done", "cancel": "cancelled", "miss": "no_show"}


def follow_session(session_uid: Any, move_name: str, *, by: Any, why: str = "") -> None:
    """Keep the book in step with a session: arrived, gone, cancelled, not there.  Frees the chair when somebody left."""
    state = _FOLLOWS.get(move_name)
    row = Appointment.objects.select_for_update().filter(session_uid=session_uid).first() if state else None
    if row is not None and state and row.state != state and row.state in STANDING:
        row.why = why or row.why
        _set(row, state, by=by)


def _set(row: Appointment, state: str, *, by: Any) -> Appointment:
    before = {"state": row.state}
    row.state = state
    row.save(update_fields=["state", "why"])
    record.log_change(row, before, {"state": state, "why": row.why}, by=by, site=row.site_id)
    reminders.drop(row)
    return row


def close_links(row: Appointment) -> None:
    """What was sent about the visit as it was holds no more."""
    row.links.filter(used_at__isnull=True).update(closed=True)


def told(row: Appointment) -> dict[str, Any]:
    """A visit as the log of changes keeps it."""
    kept = ("kind", "state", "why", "patient_id", "chair_id", "room_id", "nurse_id", "attending_id")
    times = {"starts_at": row.starts_at.isoformat(), "ends_at": row.ends_at.isoformat()}
    return times | {name.removesuffix("_id"): getattr(row, name) for name in kept}


# ---------------------------------------------------------------- finding the place, and writing it
def _place(site: Site, wanted: Wanted, at: datetime, most: int | None) -> Placement:
    if wanted.window.minutes > _LONGEST_MIN:
        raise BadInput("ends_at", "is more than sixteen hours after the start")
    around = queries.house(site, wanted.window.start, wanted.window.end, most_sessions_per_week=most)
    found = fit(wanted, around, at)
    if found.placement is None:
        raise Refused(found.findings, "; ".join(f.because for f in found.against))
    return found.placement


def _write(row: Appointment, place: Placement) -> None:
    row.starts_at, row.ends_at = place.window.start, place.window.end
    row.chair_id, row.nurse_id, row.room_id, row.attending_id = place.chair, place.nurse, place.room, place.attending
    put(row)


def put(row: Appointment) -> None:
    """Save a visit with a lane of its nurse.  Refused where the database says that a place is taken."""
    try:
        with transaction.atomic():
            changed = _lane(row)
            if changed:
                _defer()
                Appointment.objects.bulk_update(changed, ["lane"])
            row.save()
            if changed:
                _settle()
    except IntegrityError as error:
        raise refused(error) from error


def _lane(row: Appointment) -> list[Appointment]:
    """Give the visit a lane of its nurse; the others whose lanes have to change so that it has one."""
    if row.nurse_id is None:
        row.lane = row.lanes = None
        return []
    at_once = queries.numbers(row.site_id).number("patients_per_nurse")
    row.lanes = int(at_once or 0)
    day = timedelta(days=1)
    theirs = list(
        Appointment.objects.filter(
            nurse_id=row.nurse_id, state__in=STANDING, starts_at__lt=row.ends_at + day, ends_at__gt=row.starts_at - day
        ).exclude(pk=row.pk)
    )
    window = Window(start=row.starts_at, end=row.ends_at)
    taken = {other.lane for other in queries.overlapping(theirs, window)}
    row.lane = next((n for n in range(1, row.lanes + 1) if n not in taken), None)
    if row.lane is not None:
        return []
    found = lanes([window, *(Window(start=o.starts_at, end=o.ends_at) for o in theirs)], row.lanes)
    if found is None:
        raise Refused(why="the nurse would have too many people at once")
    row.lane = found[0]
    changed = [other for other, lane in zip(theirs, found[1:], strict=True) if other.lane != lane]
    for other, lane in zip(theirs, found[1:], strict=True):
        other.lane = lane
    return changed


def _defer() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS schedule_one_in_a_lane DEFERRED")


def _settle() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS schedule_one_in_a_lane IMMEDIATE")


def refused(error: IntegrityError) -> Refused:
    """What the database refused, in words; anything that is no rule of the book is not ours to explain."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
    if name not in _TAKEN:
        raise error
    found = Finding(
        rule=name.removeprefix("schedule_"), verdict=Verdict.NOT_MET, because=_TAKEN[name],
        to_do="look at the day again and choose another time",
    )  # fmt: skip
    return Refused((found,))


def wanted_of(row: Appointment, window: Window, **changes: Any) -> Wanted:
    """A visit of the book as one that is wanted at another time."""
    kept: dict[str, Any] = {
        "patient": row.patient_id, "kind": row.kind, "drug": row.drug, "route": row.route, "chair": row.chair_id,
        "room": row.room_id, "nurse": row.nurse_id, "attending": row.attending_id, "uid": str(row.uid),
    }  # fmt: skip
    return Wanted(window=window, **(kept | changes))


def staff_named(site: Site, ids: Sequence[int]) -> dict[int, User]:
    return {u.pk: u for u in User.objects.filter(pk__in=ids, sites=site, patient=None)}
