"""Drill mode: a simulated monitor on a chair, the real screens, and how fast the team was.

A drill is a session like any other, made by the real deeds, for a synthetic patient who exists for drills alone.  What
the people of a session would have said and signed before the start is played by the program under names that say so;
from the start on the team acts, each under their own name.  The score is read from the record and kept in it.
"""

from __future__ import annotations

import uuid as uuids
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings as conf
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.monitoring import gather, synthetic
from stillhaven.clinic.monitoring.models import AlarmEvent, DrillResult, LimitChange
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.people.roles import Role
from stillhaven.clinic.plan.actions import sign_order
from stillhaven.clinic.plan.models import Order
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.schedule.models import Chair
from stillhaven.clinic.session import actions, queries
from stillhaven.clinic.session.models import Check, Event, SessionMove, TreatmentSession
from stillhaven.clinic.vitals import actions as vitals
from stillhaven.clinic.vitals import queries as worn
from stillhaven.clinic.vitals.models import Device, Message, Reading, ReadingMark, device_defaults
from stillhaven.reference import load as reference
from stillhaven.reference.cast_people import synthetic as settings
from stillhaven.science import alarms
from stillhaven.science.dosing import running
from stillhaven.science.drills import Done, Drill, Kind, Score, score
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Finding, Verdict
from stillhaven.science.protocol import Give
from stillhaven.science.session import OVER, Move, State

PREFIX = "DRILL-"
GATEWAY = "drill"  # who brings the values before the drug; the virtual monitor's own come through the real gateway
_QUIET = timedelta(hours=1)  # a drill patient is used again when nothing was heard of their monitor for so long
_PLAYED_ROLES = (Role.NURSE.value, Role.PRESCRIBER.value)


@dataclass(frozen=True)
class Played:
    """A part in a drill that the program plays.  The number is below zero, so that it is nobody's account."""

    pk: int
    signature_name: str
    site: int
    roles: tuple[str, ...] = _PLAYED_ROLES
    is_active: bool = True
    patient_id: int | None = None
    site_ids: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "site_ids", frozenset({self.site}))


def _cast(site: int) -> tuple[Any, Any, Any]:
    """Prescriber, nurse and second nurse of the minutes before the start."""
    names = ("Simulated prescriber (drill)", "Simulated nurse (drill)", "Simulated second nurse (drill)")
    first, second, third = (Played(-number, name, site) for number, name in enumerate(names, 1))
    return first, second, third


# ---------------------------------------------------------------- what there is
def _drills() -> Mapping[str, Drill]:
    """The shipped drills, with the clinic's own (DATA/reference/drills) laid over them."""
    own = Path(conf.STILLHAVEN_DATA) / "reference"
    return reference.current(own if (own / "drills").is_dir() else None).drills


def known() -> Sequence[Drill]:
    """The drills that can be run, by title."""
    return sorted(_drills().values(), key=lambda drill: drill.title)


def drill_of(key: str) -> Drill:
    """The drill with this key.  BadInput where there is none."""
    found = _drills().get(key)
    if found is None:
        raise BadInput("drill", f"choose one of: {', '.join(sorted(_drills()))}")
    return found


def free_chairs(site: int) -> list[Chair]:
    """Chairs with nobody in them."""
    taken = queries.open_sessions([site]).exclude(chair=None).values("chair")
    return list(Chair.objects.filter(site=site).exclude(pk__in=taken))


def team_of(site: int) -> list[User]:
    """Staff who may answer an alarm here, and therapists, who may stop a session."""
    people = User.objects.filter(is_active=True, patient=None, sites=site).order_by("name")
    return [p for p in people if roles.may(p, "session.stop")]


def results(site_ids: Iterable[int]) -> QuerySet[DrillResult]:
    """Every drill as it stands, the newest first."""
    found: QuerySet[DrillResult] = DrillResult.objects.current().filter(site__in=list(site_ids)).order_by("-seq")
    return found


def result_or_404(user: Any, uid: UUID | str) -> DrillResult:
    """One drill by its session's uid; one of another site does not exist."""
    found = results(user.site_ids).filter(session=uid).first()
    if found is None:
        raise Http404
    return found


def session_of(result: DrillResult) -> TreatmentSession:
    """The session that this drill is."""
    return TreatmentSession.objects.select_related("patient", "chair", "order", "site").get(uid=result.session)


def is_running(result: DrillResult) -> bool:
    """Has this drill not been scored yet?"""
    return "lines" not in result.score


# ---------------------------------------------------------------- starting
@transaction.atomic
def start(
    key: str, chair: Chair, team: Sequence[User], *, by: User, at: datetime, uid: UUID | None = None
) -> DrillResult:
    """Put a synthetic patient into a free chair, with the drug running, and wait for the virtual monitor."""
    roles.require(by, "drill.run")
    if chair.site_id not in by.site_ids:
        raise BadInput("chair", "choose a chair of your site")
    queries.answer_repeat(DrillResult, uid, by=by)
    drill, site = drill_of(key), chair.site
    Site.objects.select_for_update().get(pk=site.pk)  # two starts at once would take the same chair
    if queries.open_sessions([site.pk]).filter(chair=chair).exists():
        raise Refused(why=f"somebody is in {chair}; a drill needs a chair that is free")
    if not team:
        raise BadInput("team", "tick who takes part")
    number = _free_number(site, at)
    patient, device = _patient(site, number), _device(site, number, chair, at)
    session = _to_the_chair(patient, device, chair, team[0], at)
    _refuse_deaf(session, drill)
    return _first_entry(session, drill, device, team, by=by, at=at, uid=uid)


def _first_entry(
    session: TreatmentSession, drill: Drill, device: Device, team: Sequence[User], *, by: User, at: datetime,
    uid: UUID | None,
) -> DrillResult:  # fmt: skip
    order = session.order
    assert order is not None
    about = {
        "title": drill.title, "simulator": drill.scenario, "team": [p.signature_name for p in team],
        "started_by": by.signature_name, "chair": session.chair.name if session.chair else "",
        "bed": (session.chair.bed or session.chair.name) if session.chair else "", "device": device.key,
        "patient_id": session.patient.external_id, "weight_kg": float(order.weight_kg or settings()["drill"]["weight_kg"]),
    }  # fmt: skip
    result = DrillResult(
        uid=uid or uuids.uuid4(), site=session.site_id, happened_at=at, session=session.uid, scenario=drill.key,
        score=about,
    )  # fmt: skip
    record.append(result, by=by)
    return result


def _free_number(site: Site, at: datetime) -> int:
    """The first drill patient whose last drill is over long enough that none of its values reaches into this one."""
    busy = set(
        TreatmentSession.objects.filter(site=site, patient__external_id__startswith=PREFIX)
        .exclude(state__in=[s.value for s in (*OVER, State.DISCHARGED, State.TRANSFERRED)])
        .values_list("patient__external_id", flat=True)
    )
    heard = Device.objects.filter(site=site, key__startswith=f"{PREFIX}MON-", last_seen_at__gt=at - _QUIET)
    busy |= {PREFIX + key.rpartition("-")[2] for key in heard.values_list("key", flat=True)}
    return next(n for n in range(1, len(busy) + 2) if f"{PREFIX}{n}" not in busy)


def _patient(site: Site, number: int) -> Patient:
    """The synthetic patient of drills: plainly nobody."""
    patient, _ = Patient.objects.get_or_create(
        site=site, external_id=f"{PREFIX}{number}",
        defaults={
            "name": f"DRILL {number} (nobody)", "preferred_name": "Nobody", "born": settings()["drill"]["born"],
            "allergies_asked": True, "simulated": True,
            "comfort_card": "This is a drill: nobody sits in this chair. Act as you would for a patient.",
            "escort_name": "Nobody (drill)", "escort_phone": "none (drill)",
        },
    )  # fmt: skip
    if not patient.simulated:
        raise Refused(why=f"{patient} is not a synthetic person; a drill is never run on a real one")
    return patient


def _device(site: Site, number: int, chair: Chair, at: datetime) -> Device:
    """The virtual monitor's row, claimed; it belongs to no chair, so that the board's tray stays about real ones."""
    key = f"{PREFIX}MON-{number}"
    device, _ = Device.objects.get_or_create(site=site, key=key, defaults=device_defaults(at) | {"claimed": True})
    return device


def _to_the_chair(patient: Patient, device: Device, chair: Chair, nurse: User, at: datetime) -> TreatmentSession:
    """Everything from the course to the running drug, in the order of any session, played by the program."""
    prescriber, first, second = _cast(patient.site_id)

    def before(minutes: float) -> datetime:
        return at - timedelta(minutes=minutes)

    def earlier(minutes: float) -> datetime:  # the list is walked within the seconds before the start
        return at if minutes < 60 else before(minutes)

    course = Course.objects.filter(patient=patient).first() or synthetic.begin_course(
        patient, "Drill", by=prescriber, at=at, why="drill"
    )
    order = _order(course, by=prescriber, at=at)
    session = actions.book(course, booked_for=at, by=first, at=at, order=order, chair=chair, nurse=nurse, drill=True)
    actions.check_in(
        session.pk, by=first, at=at - timedelta(seconds=10)
    )  # before the first values: they are its baseline
    synthetic.walk_preflight(
        session,
        earlier,
        by=first,
        weight_kg=settings()["drill"]["weight_kg"],
        escort="Nobody (drill)",
        escort_phone="none (drill)",
    )
    vitals.attach(device, patient, by=first, start=at - timedelta(seconds=8))
    synthetic.first_values(device, patient, at - timedelta(seconds=5), gateway=GATEWAY, program="drill", now=at)
    actions.make_ready(session.pk, by=first, at=at)
    synthetic.pass_gate(session, (first, second), at=at)
    return actions.start_dosing(session.pk, by=first, at=at, lot="DRILL")


def _order(course: Course, *, by: Any, at: datetime) -> Order:
    """The published dose of the protocol, with the limits and rescue orders that this clinic works with.

    No number is made up: the dose is the protocol's, limits and hours are those of the newest order signed here.
    """
    rules = policy.rules(course.site_id)
    pattern = (
        Order.objects.current()
        .filter(site=course.site_id, route="iv_infusion", patient__external_id__gt="")
        .exclude(patient__external_id__startswith=PREFIX)
        .order_by("-seq")
        .first()
    )
    if pattern is None:
        raise Refused(
            why="no order for an infusion has been signed here yet: a drill borrows its alarm limits and rescue orders "
                "from the newest one, so that the team practises with the clinic's own"
        )  # fmt: skip
    made = settings()["drill"]
    given = next(d for d in rules.protocols[made["protocol"]].doses if d.give is Give.INFUSION)
    typed = {
        "protocol": made["protocol"], "route": "iv_infusion",
        "dose": _text(given.dose_mg_per_kg), "dose_unit": "mg/kg",
        "weight": _text(made["weight_kg"]), "weight_unit": "kg", "weight_basis": "actual", "weighed_on": at.date(),
        "product_mg_per_ml": _text(made["product_mg_per_ml"]), "duration_min": _text(given.over_min),
        "bag_ml": _text(made["bag_ml"]),
        "fasting_food_h": pattern.fasting_food_h, "fasting_liquid_h": pattern.fasting_liquid_h,
        "observation_min": pattern.observation_min, "limits": pattern.limits, "rescue": pattern.rescue,
        "valid_from": at.date() - timedelta(days=1), "valid_until": at.date() + timedelta(days=1),
        "note": f"DRILL. Limits and rescue orders as in the order of {pattern.happened_at:%Y-%m-%d} by {pattern.by_name}.",
    }  # fmt: skip
    return sign_order(course.pk, typed, by=by, at=at, second_factor="drill")


def _text(value: Any) -> str:
    return f"{float(value):g}"


def _refuse_deaf(session: TreatmentSession, drill: Drill) -> None:
    """Raises where a moment of the drill could not sound, because nobody has set a limit for it."""
    plan = gather.plan_of(session)
    limited = {setting.condition for setting in plan.limits if setting.value is not None}
    for moment in drill.moments:
        can = [
            key for key in moment.conditions
            if key in plan.by_key and (
                (not (c := plan.by_key[key]).has_limits and not c.limits_of) or (c.limits_of or key) in limited
            )
        ]  # fmt: skip
        if not can:
            raise Refused(why=f"'{moment.title}' could not sound: nobody has set an alarm limit for it here")


# ---------------------------------------------------------------- while it runs
def began_at(session: TreatmentSession) -> datetime | None:
    """When the virtual monitor came to life: its first message through the real gateway since the start."""
    started = queries.moment_of(session, "start")
    device = _worn_device(session)
    if started is None or device is None:
        return None
    return (
        Message.objects.filter(device=device, recorded_at__gte=started - timedelta(seconds=5))
        .exclude(gateway=GATEWAY)
        .order_by("seq")
        .values_list("recorded_at", flat=True)
        .first()
    )


def _worn_device(session: TreatmentSession) -> Device | None:
    return Device.objects.filter(
        site=session.site_id, key=session.patient.external_id.replace(PREFIX, f"{PREFIX}MON-")
    ).first()


def stands(session: TreatmentSession) -> dict[str, Any]:
    """What the virtual monitor has to know: the state, and what the pump runs at."""
    now = clock.now()
    order = session.order
    seen = running(
        queries.dose_entries(queries.doses(session)), now, planned_mg=float(order.dose_mg) if order else None
    )
    stopped = queries.moment_of(session, "stop") or queries.moment_of(session, "abort")
    result = DrillResult.objects.current().filter(session=session.uid).first()
    return {
        "state": session.state, "rate_mg_per_h": seen.rate_mg_per_h or 0.0, "over": gather.is_over(session),
        "stopped_s": (now - stopped).total_seconds() if stopped else None,
        "scored": result is not None and not is_running(result),
    }  # fmt: skip


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


def score_of(session: TreatmentSession, drill: Drill, at: datetime) -> Score:
    """How it goes so far, or how it went: from the record alone."""
    began = began_at(session) or at
    rows = alarms.ledger(gather.events_of(session))
    return score(drill, rows, deeds_of(session), began_at=began, ended_at=max(began, at))


# ---------------------------------------------------------------- ending
@transaction.atomic
def finish(result: DrillResult, *, by: User, at: datetime) -> DrillResult:
    """End a drill: score it, keep the score, free the chair.  A drill that is scored already stays as it is."""
    roles.require(by, "drill.run")
    if result.site not in by.site_ids:
        raise roles.NotAllowed(why="there is no such drill")
    session = queries.locked(session_of(result).pk)
    newest = DrillResult.objects.current().get(session=session.uid)
    if not is_running(newest):
        return newest
    drill = drill_of(newest.scenario)
    kept = newest.score | score_of(session, drill, at).as_dict() | {
        "came_to_life": began_at(session) is not None, "ended_by": by.signature_name,
    }  # fmt: skip
    _leave(session, by=by, at=at)
    scored = record.amend(newest, by=by, at=at, reason="drill ended", score=kept, happened_at=newest.happened_at)
    assert isinstance(scored, DrillResult)
    return scored


def _leave(session: TreatmentSession, *, by: User, at: datetime) -> None:
    """The session ends, and says why: nobody was treated, so nobody has to be fit to go home."""
    _, player, _ = _cast(session.site_id)
    why = f"The drill was ended by {by.signature_name}"
    if session.state in (State.DOSING.value, State.HELD.value):
        session = actions.stop(session.pk, by=player, at=at, why=why)
    if session.state == State.RECOVERING.value:
        over = Finding(rule="drill_over", verdict=Verdict.MET, because="This was a drill; nobody was treated.")
        session = actions.advance(session, Move.DISCHARGE, because=(over,), by=player, at=at, why=why)
    for attachment in worn.worn_now(session.patient_id):
        vitals.detach(attachment, by=player, end=at, reason="drill ended")


__all__ = [
    "began_at", "deeds_of", "drill_of", "finish", "free_chairs", "is_running", "known", "result_or_404",
    "results", "score_of", "session_of", "stands", "start", "team_of",
]  # fmt: skip
