"""Does a booking fit: the chair, the person, the nurse and how many that nurse has already, the papers of the staff?

And if it does not, when else?  A visit occupies its chair and its nurse from arrival until the chair is ready for the
next person: recovery time is part of the visit, not something that happens beside it.

The nurse-to-patient ratio is held by lanes: a nurse who may have three people at once has lanes 1, 2 and 3, and two
visits never share a lane at the same time.  So the ratio is one more thing that does not overlap, and a database can
hold it.  `lanes` finds them; it fails exactly when more visits than lanes stand at one moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import combinations, pairwise

from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Finding, Verdict, Weight
from stillhaven.science.protocol import Cite

DOSING = "session"  # the kind of visit in which a drug is given
_WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class CompetenceKind:
    """Something that staff must hold to be assigned: for which roles, drugs and routes (empty means all)."""

    key: str
    title: str
    roles: frozenset[str]
    cite: Cite
    drugs: frozenset[str] = frozenset()
    routes: frozenset[str] = frozenset()

    def is_needed(self, role: str, drug: str, route: str) -> bool:
        return (
            role in self.roles and (not self.drugs or drug in self.drugs) and (not self.routes or route in self.routes)
        )


@dataclass(frozen=True, kw_only=True, order=True)
class Window:
    """From a moment up to, and not with, another.

    >>> nine = datetime(2026, 11, 23, 9, tzinfo=UTC)
    >>> Window.of(nine, 60).overlaps(Window.of(nine + timedelta(hours=1), 60))
    False
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise BadInput("ends_at", "must be later than the start")

    @classmethod
    def of(cls, start: datetime, minutes: float) -> Window:
        return cls(start=start, end=start + timedelta(minutes=minutes))

    @property
    def minutes(self) -> float:
        return (self.end - self.start).total_seconds() / 60.0

    def overlaps(self, other: Window) -> bool:
        return self.start < other.end and other.start < self.end

    def covers(self, other: Window) -> bool:
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, kw_only=True)
class Held:
    """One paper that somebody holds; `until` None: nobody wrote down until when, which is not for ever."""

    kind: str
    start: date
    until: date | None

    def is_good(self, on: date) -> bool | None:
        if self.until is None:
            return None if self.start <= on else False
        return self.start <= on <= self.until


@dataclass(frozen=True, kw_only=True)
class Staffer:
    """Somebody who treats: in which role, when on duty, and what they hold."""

    id: int
    name: str
    role: str
    on_duty: tuple[Window, ...] = ()
    held: tuple[Held, ...] = ()

    def is_on_duty(self, window: Window) -> bool:
        """On duty the whole time; two shifts that touch count as one."""
        return any(whole.covers(window) for whole in joined(self.on_duty))


@dataclass(frozen=True, kw_only=True)
class Booked:
    """A visit that stands in the book."""

    uid: str
    patient: int
    window: Window
    kind: str = DOSING
    chair: int | None = None
    room: int | None = None
    nurse: int | None = None
    attending: int | None = None


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A visit that somebody wants to book.  A chair or a nurse left open is chosen; `uid` is its own if it is moved."""

    patient: int
    window: Window
    kind: str = DOSING
    drug: str = ""
    route: str = ""
    chair: int | None = None
    room: int | None = None
    nurse: int | None = None
    attending: int | None = None
    uid: str = ""

    @property
    def gives_drug(self) -> bool:
        return self.kind == DOSING


@dataclass(frozen=True, kw_only=True)
class House:
    """What the book knows around a visit: chairs, rooms, staff, visits, and the numbers that the clinic set."""

    zone: tzinfo
    chairs: Mapping[int, str] = field(default_factory=dict)  # in the order in which they are offered
    rooms: Mapping[int, str] = field(default_factory=dict)
    staff: tuple[Staffer, ...] = ()
    booked: tuple[Booked, ...] = ()
    competences: Mapping[str, CompetenceKind] = field(default_factory=dict)
    patients_per_nurse: int | None = None
    most_sessions_per_week: int | None = None
    prescriber_on_site_for: frozenset[str] = frozenset()

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def with_booked(self, visit: Booked) -> House:
        return replace(self, booked=(*(b for b in self.booked if b.uid != visit.uid), visit))

    def others(self, wanted: Wanted) -> list[Booked]:
        return [b for b in self.booked if b.uid != wanted.uid or not wanted.uid]


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where a visit fits: its time, chair and nurse."""

    window: Window
    chair: int | None = None
    nurse: int | None = None
    room: int | None = None
    attending: int | None = None


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What speaks for and against a booking, and where it would stand if nothing is in the way."""

    findings: tuple[Finding, ...]
    placement: Placement | None = None

    @property
    def fits(self) -> bool:
        return self.placement is not None

    @property
    def against(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.stops)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a proposed series: the time asked for, whether it fits, and when else."""

    wanted: Wanted
    fit: Fit
    alternatives: tuple[Placement, ...] = ()


# ---------------------------------------------------------------- lanes
def joined(windows: Iterable[Window]) -> list[Window]:
    """Windows that touch or overlap, as one."""
    found: list[Window] = []
    for window in sorted(windows):
        if found and window.start <= found[-1].end:
            found[-1] = Window(start=found[-1].start, end=max(found[-1].end, window.end))
        else:
            found.append(window)
    return found


def lanes(windows: Sequence[Window], at_once: int) -> list[int] | None:
    """A lane from 1 to `at_once` for each window so that no two in a lane overlap; None if there are not enough.

    >>> nine = datetime(2026, 11, 23, 9, tzinfo=UTC)
    >>> hours = [Window.of(nine + timedelta(hours=h), 120) for h in (0, 3, 1)]
    >>> lanes(hours, 2), lanes(hours, 1)
    ([1, 1, 2], None)
    """
    free_at: list[datetime | None] = [None] * at_once
    found = [0] * len(windows)
    for index in sorted(range(len(windows)), key=lambda i: windows[i]):
        window = windows[index]
        lane = next((n for n, at in enumerate(free_at) if at is None or at <= window.start), None)
        if lane is None:
            return None
        free_at[lane], found[index] = window.end, lane + 1
    return found


def most_at_once(windows: Iterable[Window], within: Window) -> int:
    """How many of these stand at the same moment of a stretch of time, at most.

    >>> nine = datetime(2026, 11, 23, 9, tzinfo=UTC)
    >>> hours = [Window.of(nine + timedelta(hours=h), 120) for h in (0, 2, 3)]
    >>> most_at_once(hours, Window.of(nine, 60)), most_at_once(hours, Window.of(nine, 600))
    (1, 2)
    """
    marks = [
        mark
        for w in windows
        if w.overlaps(within)
        for mark in ((max(w.start, within.start), 1), (min(w.end, within.end), -1))
    ]
    now = most = 0
    for _at, step in sorted(marks):  # who leaves at a moment leaves before the next comes
        now += step
        most = max(most, now)
    return most


# ---------------------------------------------------------------- does it fit?
def fit(wanted: Wanted, house: House, now: datetime) -> Fit:
    """Every rule's finding, and the place where the visit would stand if none is in the way."""
    others = [b for b in house.others(wanted) if b.window.overlaps(wanted.window)]
    found = [_ahead(wanted, now), _person(wanted, others)]
    chair = nurse = None
    if wanted.gives_drug:
        found.append(_week(wanted, house))
        chair_found, chair = _chair(wanted, house, others)
        nurse_found, nurse = _nurse(wanted, house)
        found += [chair_found, nurse_found, _prescriber(wanted, house)]
    else:
        found += _with_whom(wanted, house, others)
    place = Placement(
        window=wanted.window, chair=chair, nurse=nurse, room=wanted.room, attending=wanted.attending
    )  # fmt: skip
    return Fit(findings=tuple(found), placement=None if any(f.stops for f in found) else place)


def _said(rule: str, ok: bool, yes: str, no: str, to_do: str = "", weight: Weight = Weight.BLOCK) -> Finding:
    return Finding(
        rule=rule, verdict=Verdict.MET if ok else Verdict.NOT_MET, because=yes if ok else no,
        to_do="" if ok else to_do, weight=weight,
    )  # fmt: skip


def _ahead(wanted: Wanted, now: datetime) -> Finding:
    return _said(
        "in_the_future", wanted.window.start > now, "the time lies ahead", "the time has passed", "choose a later time"
    )


def _person(wanted: Wanted, others: Sequence[Booked]) -> Finding:
    free = all(b.patient != wanted.patient for b in others)
    return _said(
        "person_free", free, "the person has no other visit then", "the person has another visit at that time",
        "choose another time, or move the other visit",
    )  # fmt: skip


def _week(wanted: Wanted, house: House) -> Finding:
    """No second session on one day, and in no seven days more than the protocol allows."""
    days = sorted(
        house.day(b.window.start) for b in house.others(wanted) if b.patient == wanted.patient and b.kind == DOSING
    )
    day = house.day(wanted.window.start)
    if day in days:
        return _said("sessions_apart", False, "", "the person has another session on that day", "choose another day")
    most = house.most_sessions_per_week
    if most is not None:
        whole = sorted([*days, day])
        for first in whole:
            inside = [d for d in whole if first <= d < first + _WEEK]
            if day in inside and len(inside) > most:
                return _said(
                    "sessions_apart", False, "", f"that would be {len(inside)} sessions within seven days; the protocol "
                    f"allows {most}", "choose a later day",
                )  # fmt: skip
    return _said("sessions_apart", True, "no other session on that day or too many in that week", "")


def _chair(wanted: Wanted, house: House, others: Sequence[Booked]) -> tuple[Finding, int | None]:
    taken = {b.chair for b in others}
    if wanted.chair is not None:
        if wanted.chair not in house.chairs:
            return _said("chair_free", False, "", "there is no such chair in use", "choose a chair"), None
        name, free = house.chairs[wanted.chair], wanted.chair not in taken
        no = f"{name} is taken at that time, recovery and turnover included"
        return _said("chair_free", free, f"{name} is free", no, "choose another chair or time"), wanted.chair
    chair = next((c for c in house.chairs if c not in taken), None)
    if chair is None:
        why = "every chair is taken at that time" if house.chairs else "the clinic has no chair in use"
        return _said("chair_free", False, "", why, "choose another time"), None
    return _said("chair_free", True, f"{house.chairs[chair]} is free", ""), chair


def _nurse(wanted: Wanted, house: House) -> tuple[Finding, int | None]:
    at_once = house.patients_per_nurse
    if at_once is None:
        return Finding(
            rule="nurse_free", verdict=Verdict.UNKNOWN,
            because="how many patients one nurse may have at the same time is not set",
            to_do="the medical director sets it in the clinic's policy (patients_per_nurse)",
        ), None  # fmt: skip
    nurses = [s for s in house.staff if s.role == "nurse" and wanted.nurse in (None, s.id)]
    on_duty = [s for s in nurses if s.is_on_duty(wanted.window)]
    if not on_duty:
        who = nurses[0].name if wanted.nurse is not None and nurses else "no nurse"
        is_not = "is not" if who != "no nurse" else "is"
        return _said("nurse_free", False, "", f"{who} {is_not} on duty for the whole visit",
                     "enter a shift, or choose another time or nurse"), None  # fmt: skip
    day = house.day(wanted.window.start)
    lacking = {s.id: lacks(s, wanted.drug, wanted.route, house.competences, day) for s in on_duty}
    able = [s for s in on_duty if not lacking[s.id]]
    if not able:
        why = "; ".join(f"{s.name}: {', '.join(lacking[s.id])}" for s in on_duty)
        return _said("nurse_free", False, "", why, "renew it and enter the new dates, or choose another nurse"), None
    free = [(n, s) for s in able if (n := _has_room(s, wanted, house, at_once)) is not None]
    if not free:
        names = ", ".join(s.name for s in able)
        return _said(
            "nurse_free", False, "", f"{names} would have more than {at_once} patients at once", "choose another time"
        ), None
    _, nurse = min(free, key=lambda pair: (pair[0], pair[1].name))
    return _said(
        "nurse_free", True, f"{nurse.name} is on duty with a place free (at most {at_once} at once)", ""
    ), nurse.id


def _has_room(nurse: Staffer, wanted: Wanted, house: House, at_once: int) -> int | None:
    """How many other patients this nurse has during the visit; None if the visit would be one too many."""
    theirs = [b.window for b in house.others(wanted) if b.nurse == nurse.id and b.window.overlaps(wanted.window)]
    return len(theirs) if most_at_once(theirs, wanted.window) < at_once else None


def lacks(who: Staffer, drug: str, route: str, kinds: Mapping[str, CompetenceKind], on: date) -> list[str]:
    """What this person would need to hold for such a visit on that day and does not, in words."""
    found = []
    for kind in kinds.values():
        if not kind.is_needed(who.role, drug, route):
            continue
        states = [h.is_good(on) for h in who.held if h.kind == kind.key]
        if True in states:
            continue
        name = f"{kind.title[0].lower()}{kind.title[1:]}"
        ended = max((h.until for h in who.held if h.kind == kind.key and h.until), default=None)
        if None in states:
            found.append(f"{name} has no end date on record")
        elif ended is not None and ended < on:
            found.append(f"{name} ended on {ended:%-d %B %Y}")
        else:
            found.append(f"{name} is not on record")
    return found


def _prescriber(wanted: Wanted, house: House) -> Finding:
    """Somebody who prescribes is on duty: asked for every drug, in the way where the drug's programme asks it."""
    must = wanted.drug in house.prescriber_on_site_for
    there = [s for s in house.staff if s.role == "prescriber" and s.is_on_duty(wanted.window)]
    day = house.day(wanted.window.start)
    able = [s for s in there if not lacks(s, wanted.drug, wanted.route, house.competences, day)]
    no = "no prescriber is on duty for the whole visit" if not there else "; ".join(
        f"{s.name}: {', '.join(lacks(s, wanted.drug, wanted.route, house.competences, day))}" for s in there
    )  # fmt: skip
    return _said(
        "prescriber_on_site", bool(able), f"{able[0].name} is on duty" if able else "", no,
        "enter a prescriber's shift, or choose another time", Weight.BLOCK if must else Weight.CAUTION,
    )  # fmt: skip


def _with_whom(wanted: Wanted, house: House, others: Sequence[Booked]) -> list[Finding]:
    """A talk needs the one who holds it, and a room of its own where one is named."""
    found = []
    if wanted.room is not None:
        name, free = house.rooms.get(wanted.room, "the room"), wanted.room not in {b.room for b in others}
        found.append(
            _said("room_free", free, f"{name} is free", f"{name} is taken at that time", "choose another room or time")
        )
    if wanted.attending is not None:
        busy = any(b.attending == wanted.attending for b in others)
        rows = [s for s in house.staff if s.id == wanted.attending]
        name = rows[0].name if rows else "this colleague"
        found.append(
            _said(
                "staff_free",
                not busy,
                f"{name} is free",
                f"{name} has another visit at that time",
                "choose another time",
            )
        )
        here = any(s.is_on_duty(wanted.window) for s in rows)
        found.append(_said("staff_on_duty", here, f"{name} is on duty", f"{name} is not on duty then",
                           "enter a shift, or choose another time"))  # fmt: skip
    return found


# ---------------------------------------------------------------- when else?
def alternatives(
    wanted: Wanted, house: House, now: datetime, *, most: int = 3, step_min: int = 15, days: int = 4
) -> tuple[Placement, ...]:
    """The nearest times at which it fits: the same day first, then the nearest days, each as near to the hour as can be."""
    home = wanted.window.start.astimezone(house.zone)
    found: list[Placement] = []
    for offset in sorted(range(-days, days + 1), key=lambda n: (abs(n), n < 0)):
        day = home.date() + timedelta(days=offset)
        for start in _starts(day, home.time(), wanted, house, step_min):
            if start == wanted.window.start:
                continue
            window = Window(start=start, end=start + (wanted.window.end - wanted.window.start))
            tried = fit(replace(wanted, window=window), house, now)
            if tried.placement is not None:
                found.append(tried.placement)
                break  # one offer a day, and one more of the day that was asked for
        if offset == 0 and found:
            found += _later_same_day(wanted, house, now, found[0], step_min)
        if len(found) >= most:
            break
    return tuple(found[:most])


def _starts(day: date, near: time, wanted: Wanted, house: House, step_min: int) -> list[datetime]:
    """The moments of a day at which a visit could begin, nearest to an hour first: while those whom it needs are there."""
    role = "nurse" if wanted.gives_drug else ""
    theirs = [
        w for s in house.staff for w in s.on_duty
        if house.day(w.start) == day and (s.role == role or (not role and s.id == wanted.attending))
    ]  # fmt: skip
    aim = datetime.combine(day, near, house.zone).astimezone(UTC)
    length, step = wanted.window.end - wanted.window.start, timedelta(minutes=step_min)
    found: set[datetime] = set()
    for whole in joined(theirs):
        first = whole.start + (aim - whole.start) % step
        while first + length <= whole.end:
            found.add(first)
            first += step
    return sorted(found, key=lambda at: (abs(at - aim), at))


def _later_same_day(wanted: Wanted, house: House, now: datetime, first: Placement, step_min: int) -> list[Placement]:
    """One more offer on the day asked for, on the other side of the hour."""
    aim = wanted.window.start
    home = aim.astimezone(house.zone)
    for start in _starts(home.date(), home.time(), wanted, house, step_min):
        if start == aim or (start > aim) == (first.window.start > aim):
            continue
        window = Window(start=start, end=start + (wanted.window.end - aim))
        tried = fit(replace(wanted, window=window), house, now)
        if tried.placement is not None:
            return [tried.placement]
    return []


# ---------------------------------------------------------------- a whole series
def series_days(first: date, per_week: float, sessions: int, weekdays: Sequence[int] = ()) -> list[date]:
    """The days of a series at its cadence, from the first day on.

    `weekdays` (0 is Monday) are those that the person can; without them the sessions of a week are spread evenly.

    >>> [str(d) for d in series_days(date(2026, 11, 24), 2, 4)]
    ['2026-11-24', '2026-11-27', '2026-12-01', '2026-12-04']
    >>> [str(d) for d in series_days(date(2026, 11, 24), 0.5, 2)]
    ['2026-11-24', '2026-12-08']
    """
    if sessions < 1 or sessions > 60:
        raise BadInput("sessions", "write how many sessions, from 1 to 60")
    if not 0 < per_week <= 7:
        raise BadInput("per_week", "write how many sessions a week, up to 7")
    if per_week < 1:
        return [first + timedelta(days=round(7 / per_week) * n) for n in range(sessions)]
    a_week = round(per_week)
    if weekdays:
        wanted = sorted(set(weekdays))
        if len(wanted) < a_week:
            raise BadInput("weekdays", f"tick at least {a_week} days of the week for {a_week} sessions a week")
        wanted = _spread(wanted, a_week)
        found: list[date] = []
        day = first
        while len(found) < sessions:
            if day.weekday() in wanted:
                found.append(day)
            day += timedelta(days=1)
        return found
    # rounding down keeps the longer pause before the weekend: Tuesday, Friday, Tuesday
    offsets = [round(7 * n / a_week - 0.01) if a_week <= 2 else (7 * n) // a_week for n in range(a_week)]
    return [first + timedelta(days=7 * (n // a_week) + offsets[n % a_week]) for n in range(sessions)]


def _spread(days: list[int], count: int) -> list[int]:
    """So many of these weekdays, as far apart as can be."""
    if len(days) == count:
        return days

    def gap(chosen: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
        around = [*chosen, chosen[0] + 7]
        return min(b - a for a, b in pairwise(around)), tuple(-d for d in chosen)

    return list(sorted(combinations(days, count), key=gap)[-1])


def local(day: date, at: time, zone: tzinfo) -> datetime:
    """A clinic's wall-clock time as a moment.  BadInput for an hour that the change to summer time leaves out."""
    moment = datetime.combine(day, at, zone).astimezone(UTC)
    back = moment.astimezone(zone)
    if (back.date(), back.time()) != (day, at):
        raise BadInput("time", f"{at:%H:%M} does not exist on {day:%-d %B %Y}: the clocks go forward")
    return moment


def propose(wanted: Sequence[Wanted], house: House, now: datetime) -> list[Row]:
    """Each visit of a series in turn, with those before it in the book; conflicts come with the nearest other times."""
    rows = []
    for number, one in enumerate(wanted):
        found = fit(one, house, now)
        rows.append(Row(wanted=one, fit=found, alternatives=() if found.fits else alternatives(one, house, now)))
        if found.placement is not None:
            at = found.placement
            visit = Booked(
                uid=one.uid or f"row-{number}", patient=one.patient, window=at.window, kind=one.kind, chair=at.chair,
                room=at.room, nurse=at.nurse, attending=at.attending,
            )  # fmt: skip
            house = house.with_booked(visit)
    return rows


def visit_minutes(
    before_min: float | None, drug_min: float | None, observe_min: float | None, turnover_min: float | None
) -> tuple[float | None, tuple[str, ...]]:
    """How long a session occupies its chair; None where a part is not known, with the names of those parts.

    >>> visit_minutes(45, 40, 60, 15)
    (160, ())
    >>> visit_minutes(45, 40, None, 15)
    (None, ('observation',))
    """
    parts = {"before": before_min, "drug": drug_min, "observation": observe_min, "turnover": turnover_min}
    missing = tuple(name for name, value in parts.items() if value is None)
    return (None, missing) if missing else (sum(v for v in parts.values() if v is not None), ())
