"""The demo clinic's old books: what was there before this afternoon, so that curves and shares have something to show.

Ada's course of last summer, form by form as she filled them in, and the courses of many invented people of more than a
year ago.  All of it goes into the record through its one door, as entries that say that they were copied.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from stillhaven.clinic.course import actions as courses
from stillhaven.clinic.course.models import Course, CourseMove
from stillhaven.clinic.followup import actions as followup
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.record.actions import Program, append
from stillhaven.clinic.registry import gather
from stillhaven.clinic.scales import catalog
from stillhaven.clinic.scales.models import Assessment
from stillhaven.clinic.session.models import Dose, SessionMove, TreatmentSession
from stillhaven.science.course import Move as CourseStep
from stillhaven.science.scales import alerts
from stillhaven.science.session import FIRST, Move, step

_BOOKS = "copied from the old books"
_DAY = timedelta(days=1)
_INDICATION = "Treatment-resistant depression"
_MG = 40.0
# Minutes around the start of the drug at which a session of the old books was moved on.
_MOVES = ((Move.CHECK_IN, -45), (Move.MAKE_READY, -5), (Move.START, 0), (Move.STOP, 40), (Move.DISCHARGE, 105))

# Ada's last summer: days from the first session -> PHQ-9.  The sessions were on these days; response, then a slow loss.
_ADA_FIRST = 142  # days before now
_ADA_SESSIONS = (0, 3, 7, 10, 14, 17)
_ADA_PHQ = {-0.1: 20, 2.9: 17, 6.9: 13, 9.9: 11, 13.9: 9, 16.9: 7, 21: 6, 38: 5, 59: 6, 73: 8, 87: 13, 101: 15}
_ADA_GAD = {-0.1: 14, 6.9: 11, 38: 6, 101: 11}
_ADA_CLOSED = 126

# The many: how a person of each kind began and went on, days after the last session -> PHQ-9, and how many of each.
_KINDS: tuple[tuple[int, int, int, Mapping[int, int]], ...] = (
    (12, 4, 18, {21: 3, 42: 4, 56: 5, 70: 6}), (9, 4, 20, {21: 8, 42: 9, 56: 13, 70: 15}), (8, 2, 17, {21: 13}),
    (3, 2, 13, {21: 19}), (11, 1, 19, {}),
)  # fmt: skip
_MANY_LAST = 480  # the newest of them began so many days ago: nobody is chased for a form any more
_GAPS = (0, 3, 7, 10)


def seed(people: Mapping[str, Patient], staff: Mapping[str, User], *, now: datetime) -> None:
    """Last summer's course of one person, and everybody of the year before."""
    _ada(people["ada"], staff, now)
    _many(people["ada"].site, now)


# ---------------------------------------------------------------- one person's last summer
def _ada(ada: Patient, staff: Mapping[str, User], now: datetime) -> None:
    doctor, first = staff["prescriber"], _hour(now - _ADA_FIRST * _DAY)
    opened = first - 8 * _DAY
    course = courses.open_course(ada, _INDICATION, by=doctor, at=opened)
    for move, day in ((CourseStep.SCREEN, -8), (CourseStep.FIND_ELIGIBLE, -5), (CourseStep.PLAN, -4),
                      (CourseStep.BEGIN_INDUCTION, 0), (CourseStep.BEGIN_MAINTENANCE, 24)):  # fmt: skip
        course = courses.advance(course.pk, move, by=doctor, at=first + day * _DAY, why=_BOOKS)
    rows = _sessions([course], [first + day * _DAY for day in _ADA_SESSIONS])
    append(*_session_entries(rows), by=Program(_BOOKS))
    by = Program(f"{ada.called} (by link)")
    given = [(day, "phq9", _phq9(total)) for day, total in _ADA_PHQ.items()]
    given += [(day, "gad7", {str(n): v for n, v in enumerate(_spread(total, 7), 1)}) for day, total in _ADA_GAD.items()]
    well = dict.fromkeys(("mood", "thoughts", "effects", "sleep", "bladder", "craving", "call"), 0)
    given += [(day + 0.9, "session_check", well | {"effects": int(day == 0)}) for day in _ADA_SESSIONS]
    given += [(3.1, "session_check", well), (108, "harm_watch", {str(n): 0 for n in range(1, 10)})]
    kept = {name: gather.instrument(name) for name in ("phq9", "gad7", "session_check", "harm_watch")}
    digests = {name: catalog.keep(scale, site=ada.site_id, by=by) for name, scale in kept.items()}
    append(*(
        _form(course, kept[name], digests[name], first + day * _DAY, answers, "link")
        for day, name, answers in sorted(given, key=lambda row: row[0])
    ), by=by)  # fmt: skip
    end = first + _ADA_CLOSED * _DAY
    courses.advance(
        course.pk, CourseStep.CLOSE, by=doctor, at=end, why="The response is lost; a new course is planned."
    )
    followup.stop(course, "A new course begins; she is asked in that one.", by=staff["nurse"], at=end)


# ---------------------------------------------------------------- everybody before
def _many(site: Site, now: datetime) -> None:
    kinds = [kind for kind in _KINDS for _ in range(kind[0])]
    people = Patient.objects.bulk_create(
        Patient(site=site, external_id=f"OLD-{n:03d}", name=f"Old book, person {n:02d}", born=_born(n, now),
                sex=("female", "male")[n % 2], allergies_asked=True, simulated=True)
        for n in range(1, len(kinds) + 1)
    )  # fmt: skip
    begun = [_hour(now - (_MANY_LAST + 3 * n) * _DAY) for n in range(len(people))]
    made = Course.objects.bulk_create(
        Course(site=site, patient=person, indication=_INDICATION, opened_at=at - 3 * _DAY, state="closed")
        for person, at in zip(people, begun, strict=True)
    )
    rows: list[TreatmentSession] = []
    forms: list[Assessment] = []
    closed: list[CourseMove] = []
    scale = gather.instrument()
    digest = catalog.keep(scale, site=site.pk, by=Program(_BOOKS))
    for n, (course, at) in enumerate(zip(made, begun, strict=True)):
        _count, sessions, start, later = kinds[(n * 29) % len(kinds)]  # all kinds in every season
        days = _GAPS[:sessions]
        rows += [_session(course, number, at + day * _DAY) for number, day in enumerate(days, 1)]
        wobble = n % 3 - 1
        taken = [
            (at - 0.2 * _DAY, start + wobble),
            *((at + (days[-1] + d) * _DAY, t + wobble) for d, t in later.items()),
        ]
        forms += [_form(course, scale, digest, when, _phq9(max(0, total)), "import") for when, total in taken]
        closed.append(CourseMove(
            site=site.pk, happened_at=at + 30 * _DAY, course=course, move="close", state="closed", reason=_BOOKS
        ))  # fmt: skip
    TreatmentSession.objects.bulk_create(rows)
    append(*_session_entries(rows), *forms, *closed, by=Program(_BOOKS))


def _born(n: int, now: datetime) -> Any:
    return (now - timedelta(days=365 * (24 + n * 7 % 46) + n)).date()


def _form(course: Course, scale: Any, digest: str, at: datetime, answers: Mapping[str, int], way: str) -> Assessment:
    """One sheet of the old books: none of its answers calls anybody."""
    assert not alerts(scale, {key: float(value) for key, value in answers.items()})
    return Assessment(
        uid=uuid4(), site=course.site_id, happened_at=at, patient=course.patient, course=course, scale=scale.key,
        version=scale.version, definition=digest, recall=scale.recall, answers=dict(answers), channel=way,
        entered_at=at, source_note=_BOOKS,
    )  # fmt: skip


# ---------------------------------------------------------------- pieces
def _hour(at: datetime) -> datetime:
    """Mid-morning at the clinic, whatever the hour at which the demo is started."""
    return at.replace(hour=15, minute=0, second=0, microsecond=0)


def _sessions(made: Iterable[Course], starts: list[datetime]) -> list[TreatmentSession]:
    rows = [_session(course, number, at) for course in made for number, at in enumerate(starts, 1)]
    return TreatmentSession.objects.bulk_create(rows)


def _session(course: Course, number: int, at: datetime) -> TreatmentSession:
    return TreatmentSession(
        site_id=course.site_id, patient=course.patient, course=course, booked_for=at - timedelta(minutes=45),
        state="discharged", number=number,
    )  # fmt: skip


def _session_entries(rows: list[TreatmentSession]) -> list[Any]:
    """The moves of each session, and the one dose that the books name."""
    found: list[Any] = []
    for session in rows:
        start, state = session.booked_for + timedelta(minutes=45), FIRST
        for move, minutes in _MOVES:
            state = step(state, move)
            found.append(SessionMove(
                site=session.site_id, happened_at=start + timedelta(minutes=minutes), session=session, move=move.value,
                state=state.value, reason=_BOOKS,
            ))  # fmt: skip
        found.append(Dose(
            site=session.site_id, happened_at=start, session=session, kind="single", drug="ketamine",
            route="iv_infusion", amount_mg=_MG, over_s=2400.0, why=_BOOKS,
        ))  # fmt: skip
    return found


def _spread(total: int, items: int) -> list[int]:
    """A total over so many items of 0 to 3."""
    return [total // items + (1 if n < total % items else 0) for n in range(items)]


def _phq9(total: int) -> dict[str, int]:
    """A PHQ-9 of this total, and nothing on item 9."""
    answers = {str(n): value for n, value in enumerate(_spread(total, 8), 1)}
    return answers | {"9": 0, "difficulty": min(3, total // 8)}
