"""What happened at the chair, in two taps: adverse events, scores, premedication, rescue, notes, requests, pictures."""

from __future__ import annotations

import hashlib
import uuid as uuids
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from stillhaven.clinic.consent import actions as consent
from stillhaven.clinic.people.models import User
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.session import media, queries
from stillhaven.clinic.session.actions import begin
from stillhaven.clinic.session.models import Check, Event, Photo, SessionEntry, TreatmentSession
from stillhaven.reference import load as reference
from stillhaven.science.errors import BadInput, Refused

PREMEDICATION = "premedication"  # kind of an event, and the part of an order that it stands under
REQUESTS = ("call", "slow", "stop", "withdrawal", "comfort")  # what a patient may ask for with one tap


@transaction.atomic
def adverse_event(
    session_id: int, term: str, grade: int, *, by: User, at: datetime, uid: UUID | None = None,
    amends: UUID | None = None, interventions: list[str] | None = None, note: str = "",
    resolved_at: datetime | None = None,
) -> Event:  # fmt: skip
    """One adverse event with its grade; what was done about it may follow as an amendment of the same event."""
    session = _open(session_id, "session.event", by=by, at=at, uid=uid, model=Event, kind="adverse_event", key=term)
    kinds, grading = reference.current().adverse_events, reference.current().grading
    if term not in kinds:
        raise BadInput("term", "is not one of the adverse events of the reference")
    if grading.name(grade) == "":
        raise BadInput("grade", "is not a grade of the reference")
    value: dict[str, Any] = {"interventions": interventions or []}
    if resolved_at is not None:
        value["resolved_at"] = resolved_at.isoformat()
    label = f"{kinds[term].short}, {grading.name(grade)}"
    if amends is not None:
        old = _own(Event, amends, session)
        return record.amend(  # type: ignore[return-value]
            old, by=by, at=at, reason=note.strip() or "details added", uid=uid or uuids.uuid4(), key=term, grade=grade,
            label=label, value={**old.value, **value}, text=note.strip(), happened_at=old.happened_at,
        )  # fmt: skip
    return _event(session, "adverse_event", label, by=by, at=at, uid=uid, key=term, grade=grade, value=value, text=note)


@transaction.atomic
def score(session_id: int, scale: str, value: int, *, by: User, at: datetime, uid: UUID | None = None) -> Check:
    """One score of a one-question scale: sedation, dissociation, pain, nausea."""
    session = _open(session_id, "session.event", by=by, at=at, uid=uid, model=Check, kind=scale)
    scales = reference.current().scales
    if scale not in scales:
        raise BadInput("scale", "is not a scale of the reference")
    known = scales[scale]
    if not known.low <= value <= known.high:
        raise BadInput("value", f"{known.short} runs from {known.low} to {known.high}")
    check = Check(
        uid=uid or uuids.uuid4(), site=session.site_id, happened_at=at, session=session, kind=scale,
        value={"score": int(value)},
    )  # fmt: skip
    record.append(check, by=by)
    return check


@transaction.atomic
def rescue(
    session_id: int, order: str, dose: float, unit: str, route: str, *, by: User, at: datetime, uid: UUID | None = None
) -> Event:
    """A rescue drug was given, under a rescue order of this session's order, within what that order allows."""
    session = _open(session_id, "session.rescue", by=by, at=at, uid=uid, model=Event, kind="rescue", key=order)
    row = _ordered(session, "rescue", order)
    return _given(session, "rescue", row, dose, unit, route, by=by, at=at, uid=uid)


@transaction.atomic
def premedication(
    session_id: int, order: str, dose: float | None, unit: str, route: str, *, by: User, at: datetime,
    why_not: str = "", uid: UUID | None = None,
) -> Event:  # fmt: skip
    """A drug that the order asks for before the treatment was given, or was not, and why: one of the two is written down."""
    session = _open(session_id, "session.rescue", by=by, at=at, uid=uid, model=Event, kind=PREMEDICATION, key=order)
    row = _ordered(session, PREMEDICATION, order)
    if dose is not None and why_not.strip():
        raise BadInput("why_not", "write the dose that was given, or why it was not given: not both")
    if dose is not None:
        return _given(session, PREMEDICATION, row, dose, unit, route, by=by, at=at, uid=uid)
    if not why_not.strip():
        raise BadInput("dose", "write the dose that was given, or why it was not given")
    value = {"withheld": why_not.strip(), "ordered_by": session.order.by_name if session.order else ""}
    label = f"{row['drug']} not given: {why_not.strip()}"
    return _event(session, PREMEDICATION, label, by=by, at=at, uid=uid, key=order, value=value)


def _ordered(session: TreatmentSession, group: str, key: str) -> dict[str, Any]:
    """The line of this session's order under which a drug is given."""
    orders = {row["key"]: row for row in (getattr(session.order, group) if session.order else [])}
    if key not in orders:
        raise Refused(why="there is no order for this drug; call the prescriber")
    return dict(orders[key])


def _given(
    session: TreatmentSession, kind: str, row: dict[str, Any], dose: float, unit: str, route: str, *, by: User, at: datetime,
    uid: UUID | None,
) -> Event:  # fmt: skip
    """So much of an ordered drug was given, no more and no more often than the order allows."""
    if unit != row["unit"]:
        raise BadInput("unit", f"the order is in {row['unit']}")
    if not 0 < dose <= float(row["max_dose"]):
        raise BadInput("dose", f"the order allows up to {row['max_dose']} {row['unit']} at a time")
    given = [e for e in queries.events(session) if e.kind == kind and e.key == row["key"] and "dose" in e.value]
    if len(given) >= int(row["max_times"]):
        raise Refused(why=f"the order allows {row['max_times']} times; {len(given)} were given. Call the prescriber.")
    label = f"{row['drug']} {dose:g} {unit} {route}".strip()
    value = {"dose": dose, "unit": unit, "route": route, "ordered_by": session.order.by_name if session.order else ""}
    return _event(session, kind, label, by=by, at=at, uid=uid, key=row["key"], value=value)


@transaction.atomic
def note(session_id: int, text: str, *, by: User, at: datetime, uid: UUID | None = None) -> Event:
    """Free words."""
    session = _open(session_id, "session.event", by=by, at=at, uid=uid, model=Event, kind="note")
    if not text.strip():
        raise BadInput("text", "write something")
    label = text.strip().splitlines()[0][:60]
    return _event(session, "note", label, by=by, at=at, uid=uid, text=text.strip())


@transaction.atomic
def request(session_id: int, what: str, words: str, *, by: User, at: datetime, uid: UUID | None = None) -> Event:
    """The patient calls, asks to slow down or to stop, or withdraws consent: effective the moment it is written."""
    session = _open(session_id, "session.event", by=by, at=at, uid=uid, model=Event, key=what)
    if what not in REQUESTS:
        raise BadInput("what", f"must be one of: {', '.join(REQUESTS)}")
    labels = {
        "call": "Patient called", "slow": "Patient asked to slow down", "stop": "Patient asked to stop",
        "withdrawal": "Consent withdrawn", "comfort": "Comfort card used",
    }  # fmt: skip
    kind = "withdrawal" if what == "withdrawal" else "request"
    event = _event(session, kind, labels[what], by=by, at=at, uid=uid, key=what, text=words.strip())
    if what == "withdrawal":
        consent.withdraw_treatment(session.patient, by=by, at=at, cause=event.uid, words=words)
    return event


@transaction.atomic
def photo(session_id: int, caption: str, image: bytes, *, by: User, at: datetime, uid: UUID | None = None) -> Photo:
    """A picture of the infusion site: checked to be an image, stripped of its metadata, kept encrypted."""
    session = _open(session_id, "session.event", by=by, at=at, uid=uid, model=Photo)
    clean, media_type = media.clean_image(image)
    name = uid or uuids.uuid4()
    entry = Photo(
        uid=name, site=session.site_id, happened_at=at, session=session, caption=caption.strip()[:200],
        media_type=media_type, sha256=hashlib.sha256(clean).hexdigest(), size=len(clean),
    )  # fmt: skip
    media.store(name, clean)
    record.append(entry, by=by)
    return entry


@transaction.atomic
def retract(
    session_id: int, amends: UUID, *, by: User, at: datetime, uid: UUID | None = None, why: str = "taken back at once"
) -> list[SessionEntry]:
    """Take back what was tapped by mistake: the entry stays in the record, marked as made in error."""
    session = begin(session_id, "session.event", by=by, at=at, uid=None, model=Event)
    found = [entry for model in (Event, Check, Photo) for entry in model.objects.filter(session=session, uid=amends)]
    if not found:
        raise BadInput("amends", "is not an entry of this session")
    queries.answer_repeat(type(found[0]), uid, by=by, amends_id=amends, retracted=True)
    consent.undo_cause(amends, by=by, at=at, why=why)
    return [
        record.amend(e, by=by, at=at, reason=why, retract=True, uid=uid or uuids.uuid4())  # type: ignore[misc]
        for e in found
    ]


def _open(
    session_id: int, action: str, *, by: User, at: datetime, uid: UUID | None, model: Any, **same: Any
) -> TreatmentSession:
    session = begin(session_id, action, by=by, at=at, uid=uid, model=model, **same)
    if session.state not in {s.value for s in queries.OPEN}:
        state = session.state.replace("_", " ")
        raise Refused(why=f"this session is {state}; add to its record with an addendum")
    return session


def _own(model: Any, uid: UUID, session: TreatmentSession) -> Any:
    entry = model.objects.filter(uid=uid, session=session).first()
    if entry is None:
        raise BadInput("amends", "is not an entry of this session")
    return entry


def _event(
    session: TreatmentSession, kind: str, label: str, *, by: User, at: datetime, uid: UUID | None, **given: Any
) -> Event:
    entry = Event(
        uid=uid or uuids.uuid4(), site=session.site_id, happened_at=at, session=session, kind=kind, label=label[:200],
        **given,
    )  # fmt: skip
    record.append(entry, by=by)
    return entry
