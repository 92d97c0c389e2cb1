"""What people do about alarms: answer one, pause the sound, change a limit.  Each is an entry with name and time."""

from __future__ import annotations

import uuid as uuids
from datetime import datetime
from uuid import UUID

from django.db import transaction

from stillhaven.clinic.monitoring import gather
from stillhaven.clinic.monitoring.models import AlarmEvent, LimitChange
from stillhaven.clinic.monitoring.watch import append_events
from stillhaven.clinic.people.models import User
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.session import actions as session_actions
from stillhaven.science import alarms
from stillhaven.science.alarms.plan import LimitSetting, with_limit
from stillhaven.science.errors import BadInput, Refused


@transaction.atomic
def acknowledge(
    session_id: int, alarm: str, *, by: User, at: datetime, uid: UUID | None = None, did: str = ""
) -> alarms.AlarmEvent:
    """Answer one alarm.  It falls silent; it stays on the screen until its cause is gone."""
    session = session_actions.begin(
        session_id, "alarm.acknowledge", by=by, at=at, uid=uid, model=AlarmEvent, kind="acknowledged"
    )
    events = gather.events_of(session)
    found = next((a for a in alarms.open_alarms(events, at) if a.uid == alarm), None)
    if found is None:
        raise Refused(why="this alarm is no longer open; the screen shows what is")
    event = alarms.acknowledge(
        gather.plan_of(session), found, by=by.signature_name, at=at, action=did.strip(), uid=str(uid or uuids.uuid4())
    )
    append_events(session, [event], by=by)
    return event


@transaction.atomic
def pause_audio(
    session_id: int, seconds: float, *, by: User, at: datetime, uid: UUID | None = None
) -> alarms.AlarmEvent:
    """Pause the sound of one session.  It comes back by itself, and at once with a new high alarm."""
    session = session_actions.begin(
        session_id, "alarm.pause", by=by, at=at, uid=uid, model=AlarmEvent, kind="audio_paused"
    )
    plan = gather.plan_of(session)
    event = alarms.pause_audio(plan, by=by.signature_name, at=at, seconds=seconds, uid=str(uid or uuids.uuid4()))
    append_events(session, [event], by=by)
    return event


@transaction.atomic
def resume_audio(session_id: int, *, by: User, at: datetime, uid: UUID | None = None) -> alarms.AlarmEvent:
    """End the pause of the sound before its time."""
    session = session_actions.begin(
        session_id, "alarm.pause", by=by, at=at, uid=uid, model=AlarmEvent, kind="audio_resumed"
    )
    event = alarms.resume_audio(gather.plan_of(session), by=by.signature_name, at=at, uid=str(uid or uuids.uuid4()))
    append_events(session, [event], by=by)
    return event


@transaction.atomic
def change_limit(
    session_id: int, condition: str, signal: str, tier: str, value: float | None, why: str, *, by: User, at: datetime,
    uid: UUID | None = None,
) -> LimitChange:  # fmt: skip
    """Change one alarm limit for this session; every screen announces it, and the ledger keeps it."""
    session = session_actions.begin(
        session_id, "session.limits", by=by, at=at, uid=uid, model=LimitChange, condition=condition, tier=tier
    )
    if not why.strip():
        raise BadInput("reason", "say why the limit is changed")
    setting = LimitSetting(
        condition=condition, signal=signal, tier=tier, value=value, set_by=by.signature_name, set_at=at,
        source="order", because=why.strip(),
    )  # fmt: skip
    with_limit(gather.plan_of(session), setting)  # raises BadInput where this limit cannot be
    change = LimitChange(
        uid=uid or uuids.uuid4(), site=session.site_id, happened_at=at, session=session, condition=condition,
        signal=signal, tier=tier, value=value, reason=why.strip(),
    )  # fmt: skip
    record.append(change, by=by)
    return change
