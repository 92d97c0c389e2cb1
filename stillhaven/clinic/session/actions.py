"""Moving a session on.  Every deed has four beats: lock, gather, decide, append."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import User
from stillhaven.clinic.plan.models import Order
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.schedule import actions as schedule
from stillhaven.clinic.schedule.models import Chair
from stillhaven.clinic.session import facts, preflight, queries, stocked
from stillhaven.clinic.session.models import Check, Dose, SessionMove, TreatmentSession
from stillhaven.reference import load as reference
from stillhaven.science import session as rules
from stillhaven.science.dose_entries import Phase
from stillhaven.science.dosing import running
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Finding
from stillhaven.science.session import Move

ALL_IN = "All of the dose is in."
_CLOCK_SLACK = timedelta(minutes=2)  # a tablet's clock may run ahead a little; more is a slip


@transaction.atomic
def book(
    course: Course, *, booked_for: datetime, by: User, at: datetime, order: Order | None = None,
    chair: Chair | None = None, nurse: User | None = None, drill: bool = False, uid: UUID | None = None,
) -> TreatmentSession:  # fmt: skip
    """Book one dosing visit of a course."""
    roles.require_patient(by, "session.book", course.patient)
    if order is not None and order.course_id != course.pk:
        raise BadInput("order", "belongs to another course")
    if drill and not course.patient.simulated:
        raise Refused(why="a drill is never run on a real person: it has a synthetic patient of its own")
    session = TreatmentSession.objects.create(
        uid=uid or uuids.uuid4(), site_id=course.site_id, patient=course.patient, course=course, order=order,
        chair=chair, nurse=nurse, booked_for=booked_for, drill=drill, number=course.sessions.count() + 1,
    )  # fmt: skip
    after = {"patient": course.patient_id, "booked_for": booked_for.isoformat(), "chair": chair.name if chair else ""}
    record.log_change(session, {}, after, by=by, site=course.site_id)
    return session


def advance(
    session: TreatmentSession, move: Move, *, by: User, at: datetime, because: Sequence[Finding] = (),
    uid: UUID | None = None, why: str = "",
) -> TreatmentSession:  # fmt: skip
    """Make one move of a locked session: the entry, the decision it rests on, and the cached state."""
    state = rules.enter(session.state, move, tuple(because))
    if because:
        record.decide(
            f"session.{move.value}", subject=session.uid, patient=session.patient_id, findings=because,
            verdict=state.value, why=why, by=by, at=at, site=session.site_id,
            reference_version=reference.current().version,
        )  # fmt: skip
    entry = SessionMove(
        uid=uid or uuids.uuid4(), site=session.site_id, happened_at=at, session=session, move=move.value,
        state=state.value, because=[f.as_dict() for f in because], reason=why,
    )  # fmt: skip
    record.append(entry, by=by)
    session.state = state.value
    session.save(update_fields=["state"])
    schedule.follow_session(session.uid, move.value, by=by, why=why)
    return session


def begin(
    session_id: int, action: str, *, by: User, at: datetime, uid: UUID | None, model: Any, **same: Any
) -> TreatmentSession:
    """The first two beats of every deed: may this person, was it done already, and nobody else writes meanwhile.

    `same` says in which fields an entry with this uid must agree to be this deed and no other.
    """
    roles.require(by, action)
    session = queries.locked(session_id)
    roles.require_patient(by, action, session.patient)
    queries.answer_repeat(model, uid, by=by, session_id=session_id, **same)
    before = session.order_id
    if queries.follow_order(session):
        session.save(update_fields=["order"])
        record.log_change(
            session, {"order": str(before)}, {"order": str(session.order_id)}, by=by, site=session.site_id
        )
    if at > facts.now() + _CLOCK_SLACK:
        raise BadInput("happened_at", "lies in the future; check the clock of this device")
    return session


@transaction.atomic
def check_in(session_id: int, *, by: User, at: datetime, uid: UUID | None = None) -> TreatmentSession:
    """The patient has arrived."""
    session = begin(session_id, "session.check_in", by=by, at=at, uid=uid, model=SessionMove, move="check_in")
    return advance(session, Move.CHECK_IN, by=by, at=at, uid=uid)


@transaction.atomic
def record_check(
    session_id: int, kind: str, value: dict[str, Any], *, by: User, at: datetime, uid: UUID | None = None
) -> Check:
    """Write down one thing that was asked or seen.  Asked again later is a new entry; a slip is an amendment."""
    session = begin(session_id, "session.check", by=by, at=at, uid=uid, model=Check, kind=kind)
    if session.state not in {s.value for s in queries.OPEN}:
        raise Refused(why=f"this session is {session.state}; nothing more can be checked in it")
    check = Check(
        uid=uid or uuids.uuid4(), site=session.site_id, happened_at=at, session=session, kind=kind,
        value=preflight.clean_check(kind, value),
    )  # fmt: skip
    record.append(check, by=by)
    return check


@transaction.atomic
def override(
    session_id: int, rule: str, against: str, why: str, *, by: User, at: datetime, uid: UUID | None = None
) -> Check:
    """A prescriber goes on in spite of one finding, by name and with a reason, where policy allows it."""
    session = begin(session_id, "session.override", by=by, at=at, uid=uid, model=Check, kind="override")
    role = next(r for r in by.roles if r in roles.ACTIONS["session.override"])
    facts.refuse_bad_override(session, rule, against, why, by=by, role=role, at=at)
    check = Check(
        uid=uid or uuids.uuid4(), site=session.site_id, happened_at=at, session=session, kind="override",
        value={"rule": rule, "against": against, "reason": why, "by": by.signature_name, "role": role},
    )  # fmt: skip
    record.append(check, by=by)
    return check


@transaction.atomic
def make_ready(session_id: int, *, by: User, at: datetime, uid: UUID | None = None) -> TreatmentSession:
    """Everything that can be known before the chair is known, and nothing stands in the way."""
    session = begin(session_id, "session.ready", by=by, at=at, uid=uid, model=SessionMove, move="make_ready")
    return advance(session, Move.MAKE_READY, because=facts.ready_findings(session, at), by=by, at=at, uid=uid)


@transaction.atomic
def start_dosing(session_id: int, *, by: User, at: datetime, uid: UUID | None = None, **given: Any) -> TreatmentSession:
    """Start the drug.  Refused unless every rule for starting is met.

    For an infusion the rate comes from the order; for a single dose or a spray the amount does.  `given` may carry
    the lot, what the pump showed, and the amount of the first part of a divided dose.
    """
    session = begin(session_id, "session.start", by=by, at=at, uid=uid, model=SessionMove, move="start")
    found = facts.start_findings(session, at)
    session = advance(session, Move.START, because=found, by=by, at=at, uid=uid)
    record.append(facts.first_dose(session, at, **given), by=by)
    return _finish_if_all_in(session, by=by, at=at)


@transaction.atomic
def change_rate(
    session_id: int, rate_mg_per_h: float, why: str, *, by: User, at: datetime, uid: UUID | None = None
) -> Dose:
    """Run the infusion faster or slower, never beyond what the order allows."""
    session = begin(session_id, "session.dose", by=by, at=at, uid=uid, model=Dose, kind="rate_change")
    _needs(session, rules.State.DOSING)
    facts.refuse_rate(session, rate_mg_per_h, at)
    return _dose(session, "rate_change", by=by, at=at, uid=uid, rate_mg_per_h=rate_mg_per_h, why=_say(why))


@transaction.atomic
def hold(session_id: int, why: str, *, by: User, at: datetime, uid: UUID | None = None) -> TreatmentSession:
    """Pause the drug; the watching goes on."""
    session = begin(session_id, "session.hold", by=by, at=at, uid=uid, model=SessionMove, move="hold")
    if queries.is_at_once(session):
        raise Refused(why="nothing runs that could be held: let the next part wait, or end the dose here")
    session = advance(session, Move.HOLD, by=by, at=at, uid=uid, why=why)
    _dose(session, "hold", by=by, at=at, why=why)
    return session


@transaction.atomic
def resume(
    session_id: int, *, by: User, at: datetime, uid: UUID | None = None, rate_mg_per_h: float | None = None
) -> TreatmentSession:
    """Run the drug again after a hold, at the rate it had or at another that the order allows."""
    session = begin(session_id, "session.hold", by=by, at=at, uid=uid, model=SessionMove, move="resume")
    found = facts.resume_findings(session, at)
    rate: float | None = None
    if not queries.is_at_once(session):
        rate = rate_mg_per_h if rate_mg_per_h is not None else facts.rate_before_hold(session)
        facts.refuse_rate(session, rate, at)
    session = advance(session, Move.RESUME, because=found, by=by, at=at, uid=uid)
    _dose(session, "resume", by=by, at=at, rate_mg_per_h=rate)
    return session


@transaction.atomic
def give(
    session_id: int, kind: str, amount_mg: float, *, by: User, at: datetime, uid: UUID | None = None, lot: str = "",
    why: str = "",
) -> Dose:  # fmt: skip
    """A further part of a divided dose, the next spray, or a bolus: only what the order has left."""
    session = begin(session_id, "session.dose", by=by, at=at, uid=uid, model=Dose, kind=kind)
    _needs(session, rules.State.DOSING)
    facts.refuse_amount(session, kind, amount_mg, at)
    dose = _dose(session, kind, by=by, at=at, uid=uid, amount_mg=amount_mg, lot=lot[:60], why=why)
    _finish_if_all_in(session, by=by, at=at)
    return dose


@transaction.atomic
def stop(
    session_id: int, *, by: User, at: datetime, uid: UUID | None = None, why: str = "", abort: bool = False,
    pump_volume_ml: float | None = None,
) -> TreatmentSession:  # fmt: skip
    """End the drug: as planned, early, or at once for the patient's sake.  Never refused for want of a reason."""
    move = Move.ABORT if abort else Move.STOP
    session = begin(session_id, "session.stop", by=by, at=at, uid=uid, model=SessionMove, move=move.value)
    session = advance(session, move, by=by, at=at, uid=uid, why=why)
    _dose(session, "stop", by=by, at=at, why=why, pump_volume_ml=pump_volume_ml)
    stocked.book_given(session, by=by, at=at)
    return session


def _finish_if_all_in(session: TreatmentSession, *, by: User, at: datetime) -> TreatmentSession:
    """The last part of a dose given at once ends the drug by itself: nobody has to say so, and recovery begins."""
    if session.order is None or not queries.is_at_once(session):
        return session
    if session.order.devices:  # each is one line of the ledger, given whole
        stocked.book_given(session, by=by, at=at)
    entries = queries.dose_entries(queries.doses(session))
    seen = running(entries, max(e.at for e in entries), planned_mg=float(session.order.dose_mg))
    if seen.phase is not Phase.FINISHED:
        return session
    session = advance(session, Move.STOP, by=by, at=at, why=ALL_IN)
    _dose(session, "stop", by=by, at=at)
    stocked.book_given(session, by=by, at=at)
    return session


@transaction.atomic
def leave_early(
    session_id: int, move: Move, why: str, *, by: User, at: datetime, uid: UUID | None = None
) -> TreatmentSession:
    """The visit ends another way: missed, cancelled, or handed over to emergency care."""
    action = "session.transfer" if move is Move.TRANSFER else "session.cancel"
    session = begin(session_id, action, by=by, at=at, uid=uid, model=SessionMove, move=move.value)
    running = session.state in {s.value for s in rules.DRUG_RUNNING}
    session = advance(session, move, by=by, at=at, uid=uid, why=_say(why))
    if running:
        _dose(session, "stop", by=by, at=at, why=why)
        stocked.book_given(session, by=by, at=at)
    return session


def _needs(session: TreatmentSession, state: rules.State) -> None:
    if session.state != state.value:
        raise Refused(why=f"the session is {session.state.replace('_', ' ')}; this needs the drug to be running")


def _say(why: str) -> str:
    if not why.strip():
        raise BadInput("why", "say why")
    return why.strip()


def _dose(
    session: TreatmentSession, kind: str, *, by: User, at: datetime, uid: UUID | None = None, **given: Any
) -> Dose:
    entry = Dose(
        uid=uid or uuids.uuid4(), site=session.site_id, happened_at=at, session=session, kind=kind,
        drug=session.order.drug if session.order else "", route=session.order.route if session.order else "", **given,
    )  # fmt: skip
    record.append(entry, by=by)
    return entry
