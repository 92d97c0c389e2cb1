"""Reads of courses: what offices outside the clinic confirmed."""

from __future__ import annotations

from collections.abc import Collection

from stillhaven.clinic.course.models import Course, CourseFact
from stillhaven.clinic.record.looking import once, tell


@once
def facts_of(course_id: int) -> list[CourseFact]:
    """Enrolment and authorisations of a course as they stand, oldest first."""
    return list(CourseFact.objects.current().filter(course=course_id).order_by("seq"))


def newest_fact(course: Course | None, kind: str) -> CourseFact | None:
    """The one of this kind that was written down last."""
    found = facts_of(course.pk) if course is not None else []
    return next((fact for fact in reversed(found) if fact.kind == kind), None)


def read_ahead(courses: Collection[int]) -> None:
    """Within a look: the facts of many courses at once."""
    found: dict[int, list[CourseFact]] = {}
    for fact in CourseFact.objects.current().filter(course__in=courses).order_by("seq"):
        found.setdefault(fact.course_id, []).append(fact)
    for pk in courses:
        tell(facts_of, found.get(pk, []), pk)
