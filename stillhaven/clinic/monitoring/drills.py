"""Drill mode: a simulated monitor on a chair, the real screens, and how fast the team was.

A drill is a session like any other, made by the real deeds, for a synthetic patient who exists for drills alone.  What
the people of a session would have said and signed before the start is played by the program under names that say so;
from the start on the team acts, each under their own name.  The score is read from the record and kept in it.
"""

from __future__ import annotations

import uuid as uuids
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings as conf
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404

from stillhaven.clinic.monitoring import gather
from stillhaven.clinic.monitoring.drill_chair import (
    GATEWAY,
    PREFIX,
    cast_of,
    device_of,
    patient_of,
    refuse_deaf,
    to_the_chair,
)
from stillhaven.clinic.monitoring.drill_deeds import deeds_of
from stillhaven.clinic.monitoring.models import DrillResult
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Site, User
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.schedule.models import Chair
from stillhaven.clinic.session import actions, queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.vitals import actions as vitals
from stillhaven.clinic.vitals import queries as worn
from stillhaven.clinic.vitals.models import Device, Message
from stillhaven.reference import load as reference
from stillhaven.reference.cast_people import synthetic as settings
from stillhaven.science import alarms
from stillhaven.science.dosing import running
from stillhaven.science.drills import Drill, Score, score
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Finding, Verdict
from stillhaven.science.session import OVER, Move, State

_QUIET = timedelta(hours=1)  # a drill patient is used again when nothing was heard of their monitor for so long


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
    patient, device = patient_of(site, number), device_of(site, number, chair, at)
    session = to_the_chair(patient, device, chair, team[0], at)
    refuse_deaf(session, drill)
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
    _, player, _ = cast_of(session.site_id)
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
