"""Reads of the book; rows become what `science.schedule` knows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.http import Http404

from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.record import policy
from stillhaven.clinic.record.models import AdminChange
from stillhaven.clinic.schedule.models import (
    STANDING,
    Appointment,
    Chair,
    Competence,
    Room,
    Shift,
    VisitAnswer,
    Waiting,
)
from stillhaven.science.errors import BadInput
from stillhaven.science.policy import Policy
from stillhaven.science.schedule import Booked, Held, House, Staffer, Window

_ROLES = {"nurse": "nurse", "prescriber": "prescriber", "medical_director": "prescriber", "therapist": "therapist"}
MARGIN = timedelta(days=8)  # as far around a visit as its rules look: sessions within seven days


def visible(user: User) -> QuerySet[Appointment]:
    """Visits that a member of staff may know of."""
    return Appointment.objects.filter(site_id__in=user.site_ids).select_related(
        "patient", "chair", "room", "nurse", "attending", "course", "site"
    )


def appointment_or_404(user: Any, uid: UUID | str) -> Appointment:
    """The visit, or 404: for one of another site exactly as for one that does not exist."""
    found = visible(user).filter(uid=uid).first() if getattr(user, "is_clinic_staff", False) else None
    if found is None:
        raise Http404
    return found


def site_of_visit(pk: int) -> int:
    """At which site a visit stands; that never changes."""
    return int(Appointment.objects.values_list("site_id", flat=True).get(pk=pk))


def locked(pk: int) -> Appointment:
    """The visit, with nobody else writing in it until this transaction ends."""
    return (
        Appointment.objects.select_for_update(of=("self",))
        .select_related("patient", "site", "chair", "nurse")
        .get(pk=pk)
    )


def sites_of(user: User) -> list[Site]:
    return list(Site.objects.filter(pk__in=user.site_ids).order_by("pk"))


def site_of(user: Any, asked: str) -> Site:
    """The site that is asked for, else the first of one's own."""
    mine = Site.objects.filter(pk__in=user.site_ids).order_by("pk")
    found = mine.filter(pk=int(asked)).first() if asked.isdecimal() and len(asked) < 6 else mine.first()
    if found is None:
        raise Http404
    return found


def zone_of(site: Site) -> ZoneInfo:
    return ZoneInfo(site.zone)


def today(site: Site, now: datetime) -> date:
    return now.astimezone(zone_of(site)).date()


def bounds(site: Site, first: date, last: date | None = None) -> tuple[datetime, datetime]:
    """From midnight of one day of the clinic to midnight after another."""
    zone, end = zone_of(site), (last or first) + timedelta(days=1)
    return (
        datetime.combine(first, time(), zone).astimezone(UTC),
        datetime.combine(end, time(), zone).astimezone(UTC),
    )


def day_of(text: str, fallback: date) -> date:
    """A day as an address writes it; the fallback where nothing is said.  BadInput for anything else."""
    if not text:
        return fallback
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise BadInput("day", "write a date such as 2026-11-24") from None
    if not 2000 <= found.year <= 2100:
        raise BadInput("day", "lies too far away; check the year")
    return found


# ---------------------------------------------------------------- the house as the rules know it
def numbers(site: int) -> Policy:
    return policy.current(site)


def house(
    site: Site, start: datetime, end: datetime, *, most_sessions_per_week: int | None = None
) -> House:  # fmt: skip
    """All that the rules ask around a stretch of time."""
    rules = policy.rules(site.pk)
    at_once = rules.policy.number("patients_per_nurse")
    return House(
        zone=zone_of(site),
        chairs={c.pk: c.name for c in Chair.objects.filter(site=site, is_used=True)},
        rooms={r.pk: r.name for r in Room.objects.filter(site=site, is_used=True)},
        staff=tuple(staffers(site, start - MARGIN, end + MARGIN)),
        booked=tuple(booked(site, start - MARGIN, end + MARGIN)),
        competences=rules.competences,
        patients_per_nurse=None if at_once is None else int(at_once),
        most_sessions_per_week=most_sessions_per_week,
        prescriber_on_site_for=rules.session.start.prescriber_on_site_for,
    )


def staffers(site: Site, start: datetime, end: datetime) -> list[Staffer]:
    """Everybody with a shift in that time, one for each role, with what they hold."""
    duty: dict[tuple[int, str], list[Window]] = defaultdict(list)
    names: dict[int, str] = {}
    rows = Shift.objects.filter(site=site, starts_at__lt=end, ends_at__gt=start, staff__is_active=True)
    for shift in rows.select_related("staff"):
        duty[shift.staff_id, shift.role].append(Window(start=shift.starts_at, end=shift.ends_at))
        names[shift.staff_id] = shift.staff.signature_name
    held: dict[int, list[Held]] = defaultdict(list)
    for paper in Competence.objects.filter(staff_id__in=names, taken_back=False):
        held[paper.staff_id].append(Held(kind=paper.kind, start=paper.valid_from, until=paper.valid_until))
    return [
        Staffer(id=pk, name=names[pk], role=role, on_duty=tuple(windows), held=tuple(held[pk]))
        for (pk, role), windows in sorted(duty.items(), key=lambda item: (names[item[0][0]], item[0][1]))
    ]


def booked(site: Site, start: datetime, end: datetime) -> list[Booked]:
    """Visits that stand, in that time."""
    rows = Appointment.objects.filter(site=site, state__in=STANDING, starts_at__lt=end, ends_at__gt=start)
    kept = ("uid", "patient_id", "starts_at", "ends_at", "kind", "chair_id", "room_id", "nurse_id", "attending_id")
    return [  # there are hundreds: no rows of our own are made of them
        Booked(
            uid=str(uid), patient=patient, window=Window(start=starts_at, end=ends_at), kind=kind, chair=chair, room=room,
            nurse=nurse, attending=attending,
        )
        for uid, patient, starts_at, ends_at, kind, chair, room, nurse, attending in rows.values_list(*kept)
    ]  # fmt: skip


# ---------------------------------------------------------------- pages
def standing_on(site: Site, first: date, last: date | None = None) -> list[Appointment]:
    """All visits of a day or of days, cancelled ones too, in order of time."""
    start, end = bounds(site, first, last)
    rows = Appointment.objects.filter(site=site, starts_at__gte=start, starts_at__lt=end)
    return list(
        rows.select_related("patient", "chair", "room", "nurse", "attending", "course").order_by("starts_at", "pk")
    )


def shifts_on(site: Site, first: date, last: date | None = None) -> list[Shift]:
    start, end = bounds(site, first, last)
    rows = Shift.objects.filter(site=site, starts_at__lt=end, ends_at__gt=start)
    return list(rows.select_related("staff").order_by("starts_at", "staff__name"))


def chairs(site: Site, *, used_only: bool = True) -> list[Chair]:
    rows = Chair.objects.filter(site=site).select_related("room")
    return list(rows.filter(is_used=True) if used_only else rows.order_by("-is_used", "order", "name"))


def rooms(site: Site, *, used_only: bool = True) -> list[Room]:
    rows = Room.objects.filter(site=site)
    return list(rows.filter(is_used=True) if used_only else rows.order_by("-is_used", "order", "name"))


def clinicians(site: Site) -> list[User]:
    """Staff who may have shifts: nurses, prescribers, therapists."""
    rows = User.objects.filter(patient=None, is_active=True, sites=site, roles__overlap=list(_ROLES)).order_by("name")
    return list(rows)


def duty_roles(user: User) -> list[str]:
    """In which roles somebody may have a shift."""
    return sorted({_ROLES[r] for r in user.roles if r in _ROLES})


def competences(site: Site) -> list[Competence]:
    rows = Competence.objects.filter(staff__sites=site, taken_back=False, staff__is_active=True)
    return list(rows.select_related("staff").order_by("staff__name", "kind", "-valid_until"))


def waiting(site: Site) -> list[Waiting]:
    rows = Waiting.objects.filter(site=site, state="waiting")
    return list(rows.select_related("patient", "course").order_by("asked_at"))


def row_or_404(model: Any, user: Any, pk: int) -> Any:
    """A shift, a paper, somebody who waits: of one's own sites, or 404."""
    found = model.objects.filter(pk=pk, site_id__in=user.site_ids).first()
    if found is None:
        raise Http404
    return found


def patient_or_404(user: Any, pk: Any) -> Patient:
    """The person, or 404."""
    text = str(pk)
    rows = Patient.objects.filter(site_id__in=user.site_ids).select_related("site")
    found = rows.filter(pk=int(text)).first() if text.isdecimal() and len(text) < 12 else None
    if found is None:
        raise Http404
    return found


def of_patient(patient: Patient) -> list[Appointment]:
    rows = Appointment.objects.filter(patient=patient).select_related("chair", "room", "nurse", "attending", "site")
    return list(rows.order_by("starts_at"))


def requests(site: Site, now: datetime) -> list[VisitAnswer]:
    """What patients asked about visits ahead and nobody has answered by moving or cancelling yet; oldest first."""
    rows = VisitAnswer.objects.current().filter(
        appointment__site=site, appointment__state="booked", appointment__starts_at__gt=now, kind__startswith="ask_"
    )
    found = rows.select_related("appointment__patient", "patient").order_by("seq")
    return [r for r in found if r.value.get("moves") == r.appointment.moves]


def for_calendar(*, staff: User | None = None, patient: Patient | None = None, since: datetime) -> list[Appointment]:
    """The visits of one calendar, cancelled ones too so that they vanish from it."""
    rows = Appointment.objects.filter(starts_at__gte=since).select_related("site", "chair", "room")
    mine = rows.filter(patient=patient) if patient else rows.filter(Q(nurse=staff) | Q(attending=staff))
    return list(mine.order_by("starts_at")[:500])


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A visit stood elsewhere until somebody moved it: since when, by whom, why; where it stood, and where it went."""

    at: datetime
    by: str
    why: str
    start: datetime
    end: datetime
    place: str
    nurse: str
    to_start: datetime
    to_place: str
    to_nurse: str


_WHERE = ("starts_at", "ends_at", "chair", "room", "nurse", "attending")


def _changes(rows: Iterable[Appointment]) -> QuerySet[AdminChange]:
    keys = [str(r.pk) for r in rows]
    return AdminChange.objects.filter(table=Appointment._meta.label, row__in=keys).order_by("seq")


def moved(row: Appointment) -> list[Moved]:
    """Every time this visit was moved, the newest first."""
    if not row.moves:
        return []
    found = [
        c
        for c in _changes([row])
        if c.before.get("starts_at") and any(c.before.get(k) != c.after.get(k, c.before.get(k)) for k in _WHERE)
    ]
    people = {side.get(k) for c in found for side in (c.before, c.after) for k in ("nurse", "attending")}
    names = {u.pk: u.signature_name for u in User.objects.filter(pk__in=people - {None})}
    places = {("chair", c.pk): c.name for c in Chair.objects.filter(site=row.site_id)}
    places |= {("room", r.pk): r.name for r in Room.objects.filter(site=row.site_id)}

    def place(side: Mapping[str, Any]) -> str:
        return places.get(("chair", side.get("chair") or 0)) or places.get(("room", side.get("room") or 0)) or ""

    def nurse(side: Mapping[str, Any]) -> str:
        return names.get(side.get("nurse") or side.get("attending") or 0, "")

    return [
        Moved(
            at=c.happened_at, by=c.by_name, why=str(c.after.get("why") or ""), place=place(c.before), nurse=nurse(c.before),
            start=datetime.fromisoformat(c.before["starts_at"]), end=datetime.fromisoformat(c.before["ends_at"]),
            to_start=datetime.fromisoformat(c.after["starts_at"]), to_place=place(c.after), to_nurse=nurse(c.after),
        )
        for c in reversed(found)
    ]  # fmt: skip


def changed_at(rows: Iterable[Appointment]) -> dict[int, datetime]:
    """When each of these visits was changed last: what a calendar calls its stamp."""
    return {int(c.row): c.happened_at for c in _changes(rows)}


def overlapping(rows: Iterable[Appointment], window: Window) -> list[Appointment]:
    return [r for r in rows if r.starts_at < window.end and window.start < r.ends_at]
