"""Which measurements does a course expect, and how did each one end?

A schedule says what is asked around a treatment: before a session, the day after, in the outcome window, every month.
Laid over one course it gives its points, and every point is always in one state.  Five of them are ends: done, late,
declined, unreachable, withdrawn.  A point that nobody ended and nobody filled in is overdue, and stays on the list.

One form may serve two kinds of points whose windows overlap ("weekly" and "before the session"), never two of one kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import zip_longest
from uuid import UUID

from stillhaven.science.errors import BadInput
from stillhaven.science.protocol import Cite, Review


class Anchor(StrEnum):
    """What a point's hours are counted from."""

    FIRST_SESSION = "first_session"
    EACH_SESSION = "each_session"
    LAST_INDUCTION = "last_induction"


class State(StrEnum):
    """Where a point stands."""

    LATER = "later"  # its window has not opened
    OPEN = "open"  # may be filled in, is not due yet
    DUE = "due"
    OVERDUE = "overdue"  # its window is over and nobody knows why nothing came
    DONE = "done"
    LATE = "late"  # came after its window: kept, but not counted in it
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    WITHDRAWN = "withdrawn"

    @property
    def is_end(self) -> bool:
        return self in ENDS


ENDS = frozenset({State.DONE, State.LATE, State.DECLINED, State.UNREACHABLE, State.WITHDRAWN})
TO_DO = frozenset({State.DUE, State.OVERDUE})
BY_HAND = (State.DECLINED, State.UNREACHABLE)  # how a person may end one point


@dataclass(frozen=True, kw_only=True)
class PointRule:
    """One line of a schedule.  Times are relative to the anchor; `also` is sent too, but does not decide."""

    key: str
    label: str
    anchor: Anchor
    opens: timedelta
    due: timedelta
    closes: timedelta
    late_for: timedelta = timedelta()
    every: timedelta | None = None
    last: timedelta | None = None
    while_induction: bool = False
    needs: tuple[str, ...]
    also: tuple[str, ...] = ()
    call: bool = False  # a call in which the person was reached ends it, too
    owner: str = ""
    is_outcome: bool = False
    cite: Cite = field(default_factory=lambda: Cite(source=()))


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """What is asked around a course for one kind of indication."""

    key: str
    title: str
    words: tuple[str, ...]
    points: tuple[PointRule, ...]
    is_fallback: bool = False
    cite: Cite = field(default_factory=lambda: Cite(source=()))
    review: Review = field(default_factory=Review)


@dataclass(frozen=True, kw_only=True)
class FollowUpSettings:
    """When induction is over, when somebody is reminded, and how many calls make a person unreachable."""

    induction_for: timedelta
    quiet_for: timedelta
    remind_before: timedelta
    remind_again: timedelta
    most_reminders: int
    least_attempts: int


@dataclass(frozen=True, kw_only=True)
class CourseFacts:
    """What is known of one course.  `sessions` are the moments at which a drug was started, in order."""

    opened_at: datetime
    sessions: tuple[datetime, ...] = ()
    next_session: datetime | None = None
    induction_ended_at: datetime | None = None
    stopped_at: datetime | None = None  # the person does not want to be asked any more
    stopped_why: str = ""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """One form that came in.  `scale` is its key, `name` the version as a schedule names it ("pcl5@week")."""

    uid: UUID
    scale: str
    taken_at: datetime
    name: str = ""
    recall_days: float | None = None

    def is_for(self, wanted: str) -> bool:
        """Is this the form that was wanted?  A version that is named has to be that version.

        >>> from datetime import UTC
        >>> t = Taken(uid=UUID(int=1), scale="pcl5", name="pcl5@week", taken_at=datetime(2026, 1, 1, tzinfo=UTC))
        >>> t.is_for("pcl5@week"), t.is_for("phq9")
        (True, False)
        """
        return wanted == self.name if "@" in wanted else wanted == self.scale


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Somebody wrote down how a point ended."""

    point: str
    kind: State
    at: datetime
    by: str
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Somebody tried to reach the person about some points."""

    points: tuple[str, ...]
    at: datetime
    reached: bool
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class Point:
    """One expected measurement of one course, and where it stands."""

    rule: PointRule
    number: int
    opens_at: datetime
    due_at: datetime
    closes_at: datetime
    late_until: datetime
    state: State = State.LATER
    forms: tuple[UUID, ...] = ()
    ended_at: datetime | None = None
    overlaps: bool = False
    by_call: bool = False
    why: str = ""
    by: str = ""
    attempts: int = 0

    @property
    def key(self) -> str:
        """Names this point within its course for good.

        The number is the session's, or the place in a series, so it stays when a visit is moved.
        """
        return f"{self.rule.key}:{self.number}"

    @property
    def is_series(self) -> bool:
        return self.rule.every is not None or self.rule.anchor is Anchor.EACH_SESSION


def schedule_for(indication: str, schedules: Mapping[str, Schedule]) -> Schedule:
    """The schedule whose words stand in the indication, else the one that serves all others."""
    text = indication.lower()
    for schedule in schedules.values():
        if any(word in text for word in schedule.words):
            return schedule
    for schedule in schedules.values():
        if schedule.is_fallback:
            return schedule
    raise BadInput("indication", "no schedule serves it, and none serves all others")


def last_induction(facts: CourseFacts, settings: FollowUpSettings, now: datetime) -> datetime | None:
    """The last session of induction once induction is over; None before.

    It is over when somebody moved the course on, when its span is full, or when nothing is booked and none came for a while.
    """
    if not facts.sessions:
        return None
    first = facts.sessions[0]
    ends = [e for e in (facts.induction_ended_at, facts.stopped_at) if e is not None]
    until = min([first + settings.induction_for, *(e for e in ends if e >= first)])
    within = [s for s in facts.sessions if s <= until]
    last = within[-1]
    more_ahead = facts.next_session is not None and facts.next_session <= until
    quiet = not more_ahead and now >= last + settings.quiet_for
    return last if now >= until or quiet else None


def expected(
    facts: CourseFacts, schedule: Schedule, settings: FollowUpSettings, now: datetime, *, taken: Iterable[Taken] = (),
    endings: Iterable[Ending] = (), attempts: Iterable[Attempt] = (),
) -> tuple[Point, ...]:  # fmt: skip
    """Every point of this course as it stands now, in the order in which they fall due."""
    forms = sorted((t for t in taken if t.taken_at <= now), key=lambda t: t.taken_at)
    said = {e.point: e for e in sorted(endings, key=lambda e: e.at) if e.at <= now}
    tried = [a for a in attempts if a.at <= now]
    found: list[Point] = []
    used: dict[str, set[UUID]] = {}
    for point in _laid_out(facts, schedule, settings, now):
        gone = used.setdefault(point.rule.key, set())
        found.append(_stand(point, facts, [f for f in forms if f.uid not in gone], said, tried, now))
        gone.update(found[-1].forms)
    return tuple(sorted(found, key=lambda p: (p.due_at, p.key)))


def _laid_out(
    facts: CourseFacts, schedule: Schedule, settings: FollowUpSettings, now: datetime
) -> Iterable[Point]:  # fmt: skip
    ended = last_induction(facts, settings, now)
    coming = facts.next_session
    every_session = [
        *facts.sessions,
        *([coming] if coming and (not facts.sessions or coming > facts.sessions[-1]) else []),
    ]
    for rule in schedule.points:
        if rule.anchor is Anchor.EACH_SESSION:
            anchors = list(enumerate(every_session, start=1))
        elif rule.anchor is Anchor.FIRST_SESSION:
            anchors = [(1, every_session[0])] if every_session else []
        else:
            anchors = [(1, ended)] if ended is not None else []
        if rule.every is not None and anchors:
            begin, until = anchors[0][1], None
            if (
                rule.while_induction
            ):  # one more after each session, so that none goes away when induction turns out to be over
                until = max(s for s in every_session if s <= begin + settings.induction_for) + rule.every
            anchors = list(_series(rule, begin, until, now))
        row = [_window(rule, number, at) for number, at in anchors]
        for here, after in zip_longest(row, row[1:]):
            # what came once the next of its kind was open belongs to that one
            late = here.late_until if after is None else max(here.closes_at, min(here.late_until, after.opens_at))
            yield replace(here, late_until=late)


def _series(
    rule: PointRule, anchor: datetime, until: datetime | None, now: datetime
) -> Iterable[tuple[int, datetime]]:  # fmt: skip
    assert rule.every is not None
    number, shift = 1, timedelta()
    while rule.last is None or rule.due + shift <= rule.last:
        if until is not None and anchor + rule.due + shift > until:
            return
        if rule.last is None and anchor + rule.opens + shift > now:
            return
        yield number, anchor + shift
        number, shift = number + 1, shift + rule.every


def _window(rule: PointRule, number: int, anchor: datetime) -> Point:
    closes = anchor + rule.closes
    return Point(
        rule=rule, number=number, opens_at=anchor + rule.opens, due_at=anchor + rule.due, closes_at=closes,
        late_until=closes + rule.late_for,
    )  # fmt: skip


def _stand(
    point: Point, facts: CourseFacts, forms: Sequence[Taken], said: Mapping[str, Ending], tried: Sequence[Attempt],
    now: datetime,
) -> Point:  # fmt: skip
    mine = [a for a in tried if point.key in a.points]
    point = replace(point, attempts=len(mine))
    came = _came(point, forms)
    if came:
        at = max(f.taken_at for f in came)
        state = State.DONE if at <= point.closes_at else State.LATE
        over = any(overlaps_before(f, facts) for f in came)
        return replace(point, state=state, forms=tuple(f.uid for f in came), ended_at=at, overlaps=over)
    if point.rule.call:
        reached = [a for a in mine if a.reached and point.opens_at <= a.at <= point.late_until]
        if reached:
            first = min(reached, key=lambda a: a.at)
            state = State.DONE if first.at <= point.closes_at else State.LATE
            return replace(point, state=state, ended_at=first.at, by_call=True, by=first.by)
    ending = said.get(point.key)
    if ending is not None:
        return replace(point, state=ending.kind, ended_at=ending.at, why=ending.why, by=ending.by)
    if facts.stopped_at is not None and facts.stopped_at <= now and point.closes_at > facts.stopped_at:
        return replace(point, state=State.WITHDRAWN, ended_at=facts.stopped_at, why=facts.stopped_why)
    if now < point.opens_at:
        return point
    if now < point.due_at:
        return replace(point, state=State.OPEN)
    return replace(point, state=State.DUE if now <= point.closes_at else State.OVERDUE)


def _came(point: Point, forms: Sequence[Taken]) -> tuple[Taken, ...]:
    """The form of each scale that the point needs; () unless all are there.  In its window, the one nearest its day."""
    found = []
    for wanted in point.rule.needs:
        mine = [f for f in forms if f.is_for(wanted)]
        inside = [f for f in mine if point.opens_at <= f.taken_at <= point.closes_at]
        after = [f for f in mine if point.closes_at < f.taken_at <= point.late_until]
        if inside:
            found.append(min(inside, key=lambda f: (abs(f.taken_at - point.due_at), f.taken_at)))
        elif after:
            found.append(after[0])
        else:
            return ()
    return tuple(found)


def overlaps_before(form: Taken, facts: CourseFacts) -> bool:
    """Does this form, taken after treatment began, ask about days before it began?

    >>> from datetime import UTC
    >>> day = lambda n: datetime(2026, 1, n, tzinfo=UTC)
    >>> f = Taken(uid=UUID(int=1), scale="phq9", taken_at=day(3), recall_days=14)
    >>> overlaps_before(f, CourseFacts(opened_at=day(1), sessions=(day(2),)))
    True
    """
    if not facts.sessions or form.recall_days is None or form.taken_at < facts.sessions[0]:
        return False
    return form.taken_at - facts.sessions[0] < timedelta(days=form.recall_days)


# ---------------------------------------------------------------- n over N


@dataclass(frozen=True, kw_only=True)
class Completeness:
    """How many of the measurements that had to be there are there.

    `of` counts points that ended or whose window is over; those that still may come in time are `waiting`.
    """

    done: int
    of: int
    late: int
    declined: int
    unreachable: int
    withdrawn: int
    overdue: int
    waiting: int

    @property
    def share(self) -> float | None:
        """None where nothing was expected yet: no share of nothing."""
        return self.done / self.of if self.of else None


def completeness(points: Iterable[Point]) -> Completeness:
    """n over N of any set of points."""
    n = Counter(p.state for p in points)
    return Completeness(
        done=n[State.DONE], late=n[State.LATE], declined=n[State.DECLINED], unreachable=n[State.UNREACHABLE],
        withdrawn=n[State.WITHDRAWN], overdue=n[State.OVERDUE], waiting=n[State.OPEN] + n[State.DUE],
        of=sum(count for state, count in n.items() if state in ENDS) + n[State.OVERDUE],
    )  # fmt: skip


def outcome_form(points: Iterable[Point]) -> UUID | None:
    """The form that stands for the course in the fixed outcome window; None while there is none in it."""
    for point in points:
        if point.rule.is_outcome and point.state is State.DONE and point.forms and not point.overlaps:
            return point.forms[0]
    return None


# ---------------------------------------------------------------- reminders


def to_remind(
    points: Iterable[Point], settings: FollowUpSettings, now: datetime, sent: Mapping[str, Sequence[datetime]]
) -> tuple[Point, ...]:  # fmt: skip
    """The points about which the person is written to now.

    A first time shortly before it is due, then again at the set interval; so many times in all; never after its window.
    """
    found = []
    for point in points:
        if point.state not in (State.OPEN, State.DUE) or now < max(
            point.opens_at, point.due_at - settings.remind_before
        ):
            continue
        before = sent.get(point.key, ())
        if len(before) < settings.most_reminders and (not before or now >= max(before) + settings.remind_again):
            found.append(point)
    return tuple(found)
