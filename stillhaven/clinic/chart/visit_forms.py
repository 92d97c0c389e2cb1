"""What a booking form asks, and what was typed into it: the cadence of a series, and each of its rows."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.schedule import queries as schedule
from stillhaven.clinic.schedule.models import KINDS
from stillhaven.clinic.schedule.sheet import KIND_WORDS
from stillhaven.clinic.schedule.upkeep_views import WEEKDAYS, read_hour
from stillhaven.clinic.session import booking
from stillhaven.science.errors import BadInput
from stillhaven.science.protocol import Phase
from stillhaven.science.schedule import DOSING, Wanted, Window, local, series_days
from stillhaven.science.units import parse_number

MOST_ROWS = 60


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """A published cadence of the protocol that the newest order names, or another that is typed."""

    key: str
    words: str
    per_week: float | None = None
    sessions: int | None = None


@dataclass(kw_only=True)
class Typed:
    """What stands in the form."""

    values: dict[str, Any] = field(default_factory=dict)
    weekdays: list[str] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)
    uid: str = ""


def schemes(course: Course | None) -> list[Scheme]:
    """The cadences that the order's protocol publishes, one line for each."""
    protocol = booking.protocol_of(course) if course else None
    found = []
    for phase in protocol.schedule if protocol else ():
        for per_week in phase.sessions_per_week:
            count = phase.sessions or _count(phase, per_week)
            found.append(
                Scheme(
                    key=f"{phase.key}:{per_week:g}",
                    words=_words(phase, per_week, count),
                    per_week=per_week,
                    sessions=count,
                )
            )
    return found


def _count(phase: Phase, per_week: float) -> int | None:
    if phase.first_week is None or phase.last_week is None:
        return None
    return max(1, round((phase.last_week - phase.first_week + 1) * per_week))


def _words(phase: Phase, per_week: float, count: int | None) -> str:
    often = _("every %(n)d weeks") % {"n": round(1 / per_week)} if per_week < 1 else _("%(n)g a week") % {"n": per_week}
    many = (
        ""
        if count is None
        else _(", up to %(n)d sessions") % {"n": count}
        if phase.up_to
        else _(", %(n)d sessions") % {"n": count}
    )
    weeks = ""
    if phase.first_week is not None and phase.last_week is not None:
        weeks = _(", weeks %(a)d to %(b)d") % {"a": phase.first_week, "b": phase.last_week}
    return f"{phase.phase.capitalize()}: {often}{many}{weeks}"


def typed(request: HttpRequest) -> Typed:
    """What was sent, kept as it was typed."""
    data = request.POST if request.method == "POST" else request.GET
    values: dict[str, Any] = {k: v for k, v in data.items() if k not in ("csrfmiddlewaretoken", "weekdays")}
    count = (
        min(int(values["rows"]), MOST_ROWS)
        if str(values.get("rows", "")).isdecimal() and len(str(values["rows"])) < 4
        else 0
    )
    rows = []
    for n in range(count):
        if data.get(f"drop-{n}"):
            continue
        row = {name: data.get(f"{name}-{n}", "") for name in ("day", "time", "chair", "nurse")}
        if values.get("take", "").startswith(f"{n}|"):
            parts = values["take"].split("|")
            if len(parts) == 3:
                row |= {"day": parts[1], "time": parts[2], "chair": "", "nurse": ""}
        rows.append(row)
    return Typed(
        values=values, weekdays=data.getlist("weekdays"), rows=rows, uid=values.get("uid") or str(uuids.uuid4())
    )


def asks(
    user: Any, patient: Patient, course: Course | None, known: Typed, trouble: dict[str, str], now: datetime
) -> dict[str, Ask]:
    """The fields of the form, each with what was typed and what is wrong with it."""
    v, kind = known.values, known.values.get("kind", DOSING)
    site = patient.site
    kinds = [k for k in KINDS if roles.may(user, "session.book" if k == DOSING else "schedule.book")]
    minutes, missing = _length(course, kind)
    offered = schemes(course) if kind == DOSING else []
    first = offered[0].key if offered else "other"
    lacking = "; ".join(booking.PARTS[m] for m in missing)
    if not missing or not course:
        about = _("From arrival until the chair is free again: recovery and turnover are in it.")
    else:
        about = _("Not known: %(parts)s. Write the whole time the chair is needed.") % {"parts": lacking}
    people = [(str(u.pk), f"{u.signature_name}") for u in schedule.clinicians(site)]
    nurses = [(str(u.pk), u.signature_name) for u in schedule.clinicians(site) if "nurse" in schedule.duty_roles(u)]
    found = [
        Ask(
            name="kind",
            label=_("What for"),
            kind="select",
            options=[(k, str(KIND_WORDS[k])) for k in kinds],
            value=kind,
        ),
        Ask(
            name="course",
            label=_("Course"),
            kind="select",
            value=str(course.pk) if course else "",
            options=[*((str(c.pk), c.indication) for c in patient.courses.order_by("-opened_at")), ("", _("none"))],
        ),
        Ask(
            name="scheme",
            label=_("How often"),
            kind="select",
            value=v.get("scheme", first),
            options=[*((s.key, s.words) for s in offered), ("other", _("another cadence, written here"))],
            help=_("As the protocol of the newest order publishes it.")
            if offered
            else _("No order with a published cadence yet."),
        ),
        Ask(
            name="per_week",
            label=_("Visits a week"),
            kind="number",
            value=v.get("per_week", "" if offered else "1"),
            help=_("0.5 is every two weeks."),
        ),
        Ask(
            name="sessions",
            label=_("How many visits"),
            kind="number",
            value=v.get("sessions", "" if offered else "1"),
            help=_("Empty: as the cadence says.") if offered else "",
        ),
        Ask(name="first", label=_("First day"), kind="date", value=v.get("first", str(schedule.today(site, now)))),
        Ask(name="time", label=_("At"), value=v.get("time", "9:00"), help=_("By the clinic's clock, such as 9:30.")),
        Ask(
            name="weekdays",
            label=_("Days that suit"),
            kind="ticks",
            options=WEEKDAYS,
            value=known.weekdays,
            help=_("None ticked: spread evenly from the first day."),
        ),
        Ask(
            name="minutes",
            label=_("Length"),
            unit="min",
            kind="number",
            help=about,
            value=v.get("minutes") or (f"{minutes:g}" if minutes is not None else ""),
        ),
        Ask(
            name="nurse",
            label=_("Nurse"),
            kind="select",
            value=v.get("nurse", ""),
            options=[("", _("whoever has a place")), *nurses],
        ),
        Ask(
            name="attending",
            label=_("With whom"),
            kind="select",
            value=v.get("attending", ""),
            options=[("", "—"), *people],
        ),
        Ask(
            name="room",
            label=_("Room"),
            kind="select",
            value=v.get("room", ""),
            options=[("", _("none named")), *((str(r.pk), r.name) for r in schedule.rooms(site))],
        ),
        Ask(name="note", label=_("Note for the book"), value=v.get("note", ""), help=_("Nothing about health.")),
    ]
    return {a.name: replace(a, why=trouble.get(a.name, "")) for a in found}


def _length(course: Course | None, kind: str) -> tuple[float | None, tuple[str, ...]]:
    if kind != DOSING or course is None:
        return None, ()
    return booking.length_min(course, booking.newest_order(course))


def course_of(patient: Patient, known: Typed) -> Course | None:
    """The course that is chosen, else the newest one."""
    text = known.values.get("course", "new")
    mine = patient.courses.order_by("-opened_at")
    if text == "":
        return None
    return mine.filter(pk=int(text)).first() if text.isdecimal() and len(text) < 12 else mine.first()


def wanted(patient: Patient, course: Course | None, known: Typed) -> list[Wanted]:
    """Every visit that is asked for: the rows as they stand, or the cadence worked out.  BadInput names the field."""
    v, site = known.values, patient.site
    kind = v.get("kind", DOSING)
    if kind not in KINDS:
        raise BadInput("kind", "choose what the visit is for")
    minutes = _minutes(v.get("minutes", ""), course, kind)
    order = booking.newest_order(course) if course and kind == DOSING else None
    zone = schedule.zone_of(site)
    found = []
    for row in known.rows or _rows(course, known):
        try:
            day = date.fromisoformat(row["day"])
        except ValueError:
            raise BadInput("first", f"{row['day'] or 'an empty day'} is not a date") from None
        if not 2000 <= day.year <= 2100:
            raise BadInput("first", "lies too far away; check the year")
        start = local(day, read_hour(row["time"], "time"), zone)
        found.append(
            Wanted(
                patient=patient.pk,
                window=Window.of(start, minutes),
                kind=kind,
                drug=order.drug if order else "",
                route=order.route if order else "",
                chair=_key(row.get("chair")),
                nurse=_key(row.get("nurse") or v.get("nurse")),
                room=_key(v.get("room")) if kind != DOSING else None,
                attending=_key(v.get("attending")) if kind != DOSING else None,
            )
        )
    if kind != DOSING and _key(v.get("attending")) is None:
        raise BadInput("attending", "choose who holds this visit")
    return found


def _key(text: Any) -> int | None:
    return int(text) if str(text or "").isdecimal() and len(str(text)) < 12 else None


def _minutes(text: str, course: Course | None, kind: str) -> float:
    if text.strip():
        minutes = parse_number(text, "minutes")
        if not 5 <= minutes <= 960:
            raise BadInput("minutes", "is from 5 minutes to 16 hours")
        return minutes
    known, missing = _length(course, kind)
    if known is None:
        parts = "; ".join(booking.PARTS[m] for m in missing)
        raise BadInput("minutes", f"is not known: {parts}. Write how long" if parts else "write how long the visit is")
    return known


def _rows(course: Course | None, known: Typed) -> Sequence[dict[str, str]]:
    v = known.values
    scheme = next((s for s in schemes(course) if s.key == v.get("scheme")), None)
    typed_rate, typed_count = v.get("per_week", "").strip(), v.get("sessions", "").strip()
    per_week = scheme.per_week if scheme and scheme.per_week else parse_number(typed_rate or "1", "per_week")
    count = parse_number(typed_count, "sessions") if typed_count else float(scheme.sessions or 0) if scheme else 1.0
    if not count or count != int(count) or count > MOST_ROWS:
        raise BadInput("sessions", f"write how many visits, from 1 to {MOST_ROWS}")
    try:
        first = date.fromisoformat(v.get("first", ""))
    except ValueError:
        raise BadInput("first", "write the first day") from None
    days = series_days(first, per_week, int(count), [int(d) for d in known.weekdays if d.isdecimal() and int(d) < 7])
    return [{"day": d.isoformat(), "time": v.get("time", ""), "chair": "", "nurse": ""} for d in days]
