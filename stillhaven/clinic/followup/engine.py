"""What runs by itself: look who may be slipping, write to whom something is due, take back what is done.

Running it twice at one moment does what running it once does: a reminder carries a name made of its points and its
number, and a review a name made of its rule and the form that opened it.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from stillhaven.clinic.followup import actions, queries, watch
from stillhaven.clinic.followup.queries import Followed
from stillhaven.clinic.people.models import Site
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import policy
from stillhaven.clinic.scales.models import Assessment
from stillhaven.science.errors import Refused
from stillhaven.science.followup import to_remind

log = logging.getLogger(__name__)
_SPACE = UUID("5d0c9a8e-3a39-5f6b-8f6d-5b7f3c7f2b10")
_NEW_FORMS = timedelta(days=8)  # a worker that stood still for a week misses nobody


def run(now: datetime) -> dict[str, int]:
    """One pass over every site; how many were written to, taken back, and opened for review."""
    done = {"reminded": 0, "taken_back": 0, "reviews": 0}
    for site in Site.objects.order_by("pk"):
        rows = queries.followed(queries.courses_of([site.pk], now), now)
        answered = set(
            Assessment.objects.filter(site=site.pk, entered_at__gt=now - _NEW_FORMS).values_list(
                "patient_id", flat=True
            )
        )
        newest = {row.course.patient_id: row for row in sorted(rows, key=lambda r: r.course.opened_at)}
        for row in rows:
            watched = row.course.patient_id in answered and newest[row.course.patient_id] is row
            _guarded(row, watched, now, done)
    return done


def _guarded(row: Followed, watched: bool, now: datetime, done: dict[str, int]) -> None:
    """One course that cannot be read keeps nobody else from being looked at."""
    by = record.Program("follow-up")
    try:
        if row.reminders:
            done["taken_back"] += actions.drop_reminders(row, by=by, at=now)
        done["reminded"] += remind(row, by=by, at=now)
        if watched:  # a form is read in the person's newest course alone
            done["reviews"] += len(watch.signal_all(row, by=record.Program(watch.PROGRAM), at=now))
    except Exception:
        log.exception("follow-up of course %s", row.course.pk)


def remind(row: Followed, *, by: Any, at: datetime) -> int:
    """Write to one person about what is due, all points in one message."""
    settings = policy.rules(row.course.site_id).followup.settings
    points = to_remind(row.points, settings, at, row.sent)
    if not points or not actions.ways(row.patient, at):
        return 0
    number = 1 + max(len(row.sent.get(p.key, ())) for p in points)
    name = ":".join([str(row.course.pk), *sorted(p.key for p in points), str(number)])
    try:
        actions.send_link(row, [p.key for p in points], by=by, at=at, uid=uuid5(_SPACE, name))
    except (Refused, record.AlreadyRecorded):
        return 0
    return 1
