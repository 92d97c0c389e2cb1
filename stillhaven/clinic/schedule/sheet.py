"""A day of the book as a table: times down, chairs and rooms across, a visit as tall as it is long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from stillhaven.clinic.people.models import Site
from stillhaven.clinic.schedule import queries
from stillhaven.clinic.schedule.models import STANDING, Appointment

STEP = timedelta(minutes=15)
_OPENS, _CLOSES = time(8), time(17)  # what an empty day shows; shifts and visits stretch it

KIND_WORDS = {
    "session": _("Session"), "evaluation": _("Evaluation"), "preparation": _("Preparation"),
    "integration": _("Integration"), "follow_up": _("Follow-up"),
}  # fmt: skip
STATE_WORDS = {
    "booked": _("booked"), "arrived": _("arrived"), "done": _("gone home"), "cancelled": _("cancelled"),
    "no_show": _("did not come"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One place in the table: free, or a visit that spans some rows."""

    visit: Appointment | None = None
    span: int = 1


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row: a quarter of an hour; the hour stands beside the first of four."""

    at: datetime
    is_hour: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The whole day."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]


def sheet(site: Site, day: date, visits: Sequence[Appointment]) -> Sheet:
    """The table of one day; cancelled visits stand in the list beneath it, not in it."""
    zone = queries.zone_of(site)
    standing = [v for v in visits if v.state in (*STANDING, "done")]
    places: list[tuple[str, Any]] = [(c.name, ("chair", c.pk)) for c in queries.chairs(site)]
    places += [(r.name, ("room", r.pk)) for r in queries.rooms(site)]
    if any(_place_of(v) == ("none", 0) for v in standing):
        places.append((str(_("No room named")), ("none", 0)))
    known = {key for _name, key in places}
    for visit in standing:  # a chair that has gone out of use still shows what was in it
        if _place_of(visit) not in known:
            places.append((str(visit.chair or visit.room), _place_of(visit)))
            known.add(_place_of(visit))
    first, last = _edges(day, zone, standing, queries.shifts_on(site, day))
    count = max(1, -(-(last - first) // STEP))
    columns = [_column([v for v in standing if _place_of(v) == key], first, count) for _name, key in places]
    lines = []
    for row in range(count):
        at = (first + STEP * row).astimezone(zone)
        cells = tuple(c for column in columns if (c := column[row]) is not None)
        lines.append(Line(at=at, is_hour=at.minute == 0 or row == 0, cells=cells))
    return Sheet(columns=tuple(name for name, _key in places), lines=tuple(lines))


def _place_of(visit: Appointment) -> tuple[str, int]:
    if visit.chair_id:
        return "chair", visit.chair_id
    return ("room", visit.room_id) if visit.room_id else ("none", 0)


def _edges(
    day: date, zone: ZoneInfo, visits: Sequence[Appointment], shifts: Sequence[Any]
) -> tuple[datetime, datetime]:
    low, high = datetime.combine(day, _OPENS, zone), datetime.combine(day, _CLOSES, zone)
    midnight, next_midnight = (
        datetime.combine(day, time(), zone),
        datetime.combine(day + timedelta(days=1), time(), zone),
    )
    spans = [(v.starts_at, v.ends_at) for v in (*visits, *shifts)]
    first = max(midnight, min([low, *(s for s, _ in spans)]))
    last = min(next_midnight, max([high, *(e for _, e in spans)]))
    first = first.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    return first, last


def _column(visits: Sequence[Appointment], first: datetime, count: int) -> list[Cell | None]:
    """One chair's day: None where a visit from above goes on."""
    found: list[Cell | None] = [Cell() for _ in range(count)]
    free_from = 0
    for visit in sorted(visits, key=lambda v: v.starts_at):
        begin = min(max((visit.starts_at - first) // STEP, free_from, 0), count - 1)
        end = min(max(-(-(visit.ends_at - first) // STEP), begin + 1), count)
        if begin < free_from:
            continue
        found[begin] = Cell(visit=visit, span=end - begin)
        for row in range(begin + 1, end):
            found[row] = None
        free_from = end
    return found
