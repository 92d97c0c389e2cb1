"""What did people do in a drill, and when did they write it down?  Read from the record alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from stillhaven.clinic.monitoring.models import AlarmEvent, LimitChange
from stillhaven.clinic.record import clock
from stillhaven.clinic.session import queries
from stillhaven.clinic.session.models import Check, Event, SessionMove, TreatmentSession
from stillhaven.clinic.vitals.models import Reading, ReadingMark
from stillhaven.science.drills import Done, Kind


def deeds_of(session: TreatmentSession) -> list[Done]:
    """What people did in this session.  What the program played does not count, nor what was taken back."""
    found = [*_moves(session), *_doses(session), *_events(session), *_checks(session), *_at_the_screen(session)]
    return sorted(found, key=lambda done: (done.at, done.recorded_at))


def _done(row: Any, kind: Kind, label: str, *, about: str = "", words: str = "", at: datetime | None = None) -> Done:
    return Done(
        kind=kind, at=at or row.happened_at, recorded_at=row.recorded_at, by=row.by_name, label=label, about=about,
        words=words,
    )  # fmt: skip


def _moves(session: TreatmentSession) -> Iterable[Done]:
    labels = {"hold": "Held", "stop": "Stopped", "abort": "Stopped for safety", "transfer": "Handed over"}
    for row in SessionMove.objects.filter(session=session, by_id__gt=0, move__in=labels):
        yield _done(row, Kind(row.move), labels[row.move], words=row.reason)


def _doses(session: TreatmentSession) -> Iterable[Done]:
    rate = 0.0
    for row in queries.doses(session):
        if row.kind == "rate_change" and (row.by_id or 0) > 0 and (row.rate_mg_per_h or 0.0) < rate:
            yield _done(row, Kind.SLOWER, f"Slowed to {row.rate_mg_per_h:g} mg/h", words=row.why)
        rate = row.rate_mg_per_h if row.rate_mg_per_h is not None else rate


def _events(session: TreatmentSession) -> Iterable[Done]:
    """Each version of an event is a deed of its own: what was added later counts from when it was added."""
    kinds = {"adverse_event": Kind.EVENT, "rescue": Kind.RESCUE, "note": Kind.NOTE}
    rows = list(Event.objects.filter(session=session, by_id__gt=0).order_by("seq"))
    gone = {row.amends_id for row in rows if row.retracted}
    for row in rows:
        if row.retracted or row.uid in gone:
            continue
        words = " ".join([row.label, row.text, *row.value.get("interventions", [])])
        at = row.recorded_at if row.amends_id else row.happened_at
        yield _done(row, kinds.get(row.kind, Kind.REQUEST), row.label, about=row.key, words=words, at=at)


def _checks(session: TreatmentSession) -> Iterable[Done]:
    for row in Check.objects.current().filter(session=session, by_id__gt=0):
        yield _done(row, Kind.NOTE, row.kind, about=row.kind)


def _at_the_screen(session: TreatmentSession) -> Iterable[Done]:
    start, end = queries.window(session, clock.now())
    for event in AlarmEvent.objects.filter(session=session, kind="acknowledged", by_id__gt=0):
        words = str(event.data.get("action", ""))
        yield _done(event, Kind.ACKNOWLEDGE, words or "Acknowledged", about=event.condition, words=words)
    whose = {"patient": session.patient, "by_id__gt": 0}
    for reading in Reading.objects.current().filter(**whose, happened_at__gte=start, happened_at__lte=end):
        yield _done(reading, Kind.BY_HAND, f"Measured by hand: {reading.signal}", about=reading.signal)
    for mark in ReadingMark.objects.current().filter(**whose, happened_at__gte=start, happened_at__lte=end):
        yield _done(mark, Kind.ARTEFACT, f"Marked as artefact: {mark.signal}", about=mark.signal, words=mark.why)
    for change in LimitChange.objects.filter(session=session, by_id__gt=0):
        yield _done(change, Kind.NOTE, f"Limit changed: {change.condition}", about=change.condition)
