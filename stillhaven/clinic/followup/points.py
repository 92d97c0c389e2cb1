"""Which measurements of a person's newest course were expected and left no form?  The outcome page draws them hollow."""

from __future__ import annotations

from collections.abc import Iterable

from stillhaven.clinic.course.models import CourseMove
from stillhaven.clinic.followup.models import FollowUpStop, PointEnding
from stillhaven.clinic.outcomes.expected import Expected, unused_links
from stillhaven.clinic.outcomes.queries import Person
from stillhaven.clinic.record import policy
from stillhaven.clinic.scales import catalog
from stillhaven.science import followup as science

_GONE = (science.State.OVERDUE, *science.BY_HAND, science.State.WITHDRAWN)


def left_open(found: Person) -> Iterable[Expected]:
    """The points of the course that are over without their forms, in three reads."""
    course = found.course
    if course is None:
        yield from unused_links(found)
        return
    site, now = found.patient.site_id, found.now
    rules = policy.rules(site).followup
    ends = CourseMove.objects.filter(course=course, move__in=("begin_maintenance", "close"), happened_at__lte=now)
    stop = FollowUpStop.objects.current().filter(course=course, happened_at__lte=now).order_by("seq").last()
    endings = PointEnding.objects.current().filter(course=course, happened_at__lte=now)
    facts = science.CourseFacts(
        opened_at=course.opened_at, sessions=tuple(found.starts),
        induction_ended_at=ends.order_by("seq").values_list("happened_at", flat=True).first(),
        stopped_at=stop.happened_at if stop else None, stopped_why=stop.why if stop else "",
    )  # fmt: skip
    taken = [
        science.Taken(
            uid=row.uid, scale=row.scale, name=catalog.name_of(row.instrument, site), taken_at=row.taken_at,
            recall_days=row.instrument.recall_days,
        )
        for row in found.taken
    ]  # fmt: skip
    said = [
        science.Ending(point=e.point, kind=science.State(e.kind), at=e.happened_at, by=e.by_name, why=e.why)
        for e in endings
    ]
    schedule = science.schedule_for(course.indication, rules.schedules)
    for point in science.expected(facts, schedule, rules.settings, now, taken=taken, endings=said):
        if point.state in _GONE and point.due_at <= now:
            state = "missing" if point.state is science.State.OVERDUE else point.state.value
            for wanted in point.rule.needs:
                yield Expected(scale=wanted.partition("@")[0], at=point.due_at, state=state)
