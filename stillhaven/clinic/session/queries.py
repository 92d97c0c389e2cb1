"""Reads of sessions, and the facts that the rules ask for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from stillhaven.clinic.people.models import User
from stillhaven.clinic.plan import recipe
from stillhaven.clinic.record.actions import AlreadyRecorded
from stillhaven.clinic.record.looking import once
from stillhaven.clinic.record.models import Entry
from stillhaven.clinic.session.models import Check, Dose, Event, SessionMove, TreatmentSession
from stillhaven.clinic.vitals import queries as vitals
from stillhaven.science.dose_entries import DoseEntry, Kind
from stillhaven.science.errors import Refused
from stillhaven.science.protocol import Route
from stillhaven.science.session import State

OPEN = (State.CHECKED_IN, State.READY, State.DOSING, State.HELD, State.RECOVERING)


def locked(session_id: int) -> TreatmentSession:
    """The session, with nobody else writing in it until this transaction ends."""
    return (
        TreatmentSession.objects.select_for_update(of=("self",)).select_related("patient", "order").get(pk=session_id)
    )


BEFORE = (State.BOOKED, State.CHECKED_IN, State.READY)


def follow_order(session: TreatmentSession) -> bool:
    """Before the drug starts, a session goes by the newest version of its order; says whether that is another one.

    A session that runs keeps the version it was started on, and its page says that there is a newer one.
    """
    if session.order is None or session.state not in {s.value for s in BEFORE}:
        return False
    last = recipe.newest(session.order)
    if last.pk == session.order_id:
        return False
    session.order = last
    return True


def is_at_once(session: TreatmentSession) -> bool:
    """Is the dose given at once, whole or in parts, rather than run by a pump?"""
    return session.order is not None and session.order.route != Route.IV_INFUSION.value


def newer_order(session: TreatmentSession) -> Any:
    """The newest version of the order where the session runs, or ran, on an older one; else None."""
    last = recipe.newest(session.order) if session.order is not None else None
    return last if last is not None and last.pk != session.order_id else None


def open_or_closed(session_id: int) -> TreatmentSession:
    """The session as it stands, with what a screen or the watch reads of it."""
    return TreatmentSession.objects.select_related("patient", "chair", "order", "nurse", "course", "site").get(
        pk=session_id
    )


def answer_repeat(model: type[Entry], uid: UUID | None, *, by: User, **same: Any) -> None:
    """If this uid is in the record already, the same thing was sent twice: answer it with what was stored.

    The same is the same person's entry that agrees in every field named in `same`.  Any other use of a known uid is
    refused: to answer it with "done" would leave out what was really meant.
    """
    known: Any = model._default_manager.filter(uid=uid).first() if uid else None
    if known is None:
        return
    if known.by_id != by.pk or any(getattr(known, name) != value for name, value in same.items()):
        raise Refused(why="this was sent under a name that something else has already; write it down anew")
    raise AlreadyRecorded(known)


def visible(user: User) -> QuerySet[TreatmentSession]:
    """The sessions that a member of staff may know of."""
    return TreatmentSession.objects.filter(site_id__in=user.site_ids).select_related(
        "patient", "chair", "course", "order", "nurse", "site"
    )


def session_or_404(user: Any, uid: UUID | str) -> TreatmentSession:
    """The session, or 404: for one of another site exactly as for one that does not exist."""
    if not getattr(user, "is_clinic_staff", False):
        raise Http404
    session = visible(user).filter(uid=uid).first()
    if session is None:
        raise Http404
    follow_order(session)
    return session


def open_sessions(site_ids: Any) -> QuerySet[TreatmentSession]:
    """Sessions whose patient is in the house: from check-in until they have left."""
    return (
        TreatmentSession.objects.filter(site_id__in=site_ids, state__in=[s.value for s in OPEN])
        .select_related("patient", "chair", "order", "nurse", "course")
        .order_by("chair__order", "booked_for")
    )


@once
def moves(session: TreatmentSession) -> list[SessionMove]:
    """All moves in order."""
    return list(SessionMove.objects.filter(session=session).order_by("seq"))


def moment_of(session: TreatmentSession, move: str) -> datetime | None:
    """When a move was last made, by clinical time."""
    return next((m.happened_at for m in reversed(moves(session)) if m.move == move), None)


@once
def doses(session: TreatmentSession) -> list[Dose]:
    """Dose entries as they stand after amendments, in clinical order."""
    return list(Dose.objects.current().filter(session=session).order_by("happened_at", "seq"))


def checks(session: TreatmentSession, *kinds: str) -> list[Check]:
    """What was asked or seen, as it stands after amendments, in clinical order."""
    return [check for check in _checks(session) if not kinds or check.kind in kinds]


@once
def _checks(session: TreatmentSession) -> list[Check]:
    return list(Check.objects.current().filter(session=session).order_by("happened_at", "seq"))


def latest_checks(session: TreatmentSession) -> dict[str, Check]:
    """The newest answer to each question."""
    return {check.kind: check for check in checks(session)}


@once
def events(session: TreatmentSession) -> list[Event]:
    """What happened, as it stands after amendments, in clinical order."""
    return list(Event.objects.current().filter(session=session).order_by("happened_at", "seq"))


def window(session: TreatmentSession, now: datetime) -> tuple[datetime, datetime]:
    """From check-in to leaving, or to now: the stretch whose readings belong to this session."""
    ends = ("discharge", "transfer", "cancel", "miss")
    rows = {m.move: m.happened_at for m in moves(session)}
    start = rows.get("check_in", session.booked_for) - timedelta(minutes=10)
    end = next((rows[m] for m in ends if m in rows), None)
    return start, min(now, end) if end else now + timedelta(seconds=1)


def dose_entries(rows: Iterable[Dose]) -> list[DoseEntry]:
    """Dose rows as the rules know them; an amended row keeps the place of the entry it corrects."""
    return [
        DoseEntry(
            kind=Kind(row.kind), at=row.happened_at, seq=_first_seq(row), rate_mg_per_h=row.rate_mg_per_h,
            rate_ml_per_h=row.rate_ml_per_h, amount_mg=row.amount_mg, amount_ml=row.amount_ml, over_s=row.over_s,
            from_bag=row.from_bag, concentration_mg_per_ml=row.concentration_mg_per_ml, bag_ml=row.bag_ml,
            uid=str(row.uid),
        )
        for row in rows
    ]  # fmt: skip


def _first_seq(row: Dose) -> int:
    first: Entry = row
    while first.amends is not None:
        first = first.amends
    return first.seq


def all_given_at(session: TreatmentSession, entries: list[DoseEntry]) -> datetime | None:
    """When the last part of a dose that is given at once went in, if all of it is in; None for infusions."""
    order = session.order
    amounts = [e for e in entries if e.amount_mg is not None and e.kind is not Kind.BOLUS]
    if order is None or not amounts or any(e.rate_mg_per_h for e in entries):
        return None
    return amounts[-1].at if sum(e.amount_mg or 0.0 for e in amounts) >= float(order.dose_mg) - 1e-6 else None


def leave_from(session: TreatmentSession, ended: datetime | None, now: datetime) -> datetime | None:
    """The earliest moment at which the person may leave by the clock, if the order says how long to observe."""
    order = session.order
    if order is None or order.observation_min is None:
        return None
    given = [e.at for e in dose_entries(doses(session)) if e.kind is not Kind.STOP]
    begun = min(given) if order.drug == "esketamine" and given else ended
    return begun + timedelta(minutes=order.observation_min) if begun else None


@once
def baseline(session: TreatmentSession) -> dict[str, float]:
    """Each signal's value before the drug: the newest usable one before the start, else the newest of all so far."""
    started = moment_of(session, "start")
    arrived = moment_of(session, "check_in") or session.booked_for
    end = started or arrived + timedelta(hours=12)
    newest = vitals.newest_usable(session.patient_id, max(arrived, end - timedelta(hours=1)), end)
    return {signal: value for signal, (value, _) in newest.items()}
