"""What a person does to an alarm: answers it, or pauses the sound.  Each becomes an event like any other."""

from __future__ import annotations

from datetime import datetime, timedelta

from stillhaven.science.alarms.book import OpenAlarm
from stillhaven.science.alarms.events import AlarmEvent, EventKind, event_uid
from stillhaven.science.alarms.plan import AlarmPlan
from stillhaven.science.errors import BadInput


def acknowledge(
    plan: AlarmPlan, alarm: OpenAlarm, *, by: str, at: datetime, action: str = "", uid: str = ""
) -> AlarmEvent:
    """This alarm is answered, and no other.  `action` is what was done, in the nurse's words."""
    if not by.strip():
        raise BadInput("by", "an alarm is answered by somebody")
    return AlarmEvent(
        uid=uid or event_uid(plan.session, "acknowledged", alarm.uid, at, by),
        session=plan.session,
        kind=EventKind.ACKNOWLEDGED,
        at=at,
        noticed_at=at,
        condition=alarm.condition,
        signal=alarm.signal,
        probe=alarm.probe,
        alarm=alarm.uid,
        tier=alarm.tier,
        priority=alarm.priority,
        technical=alarm.technical,
        title=alarm.title,
        action=action,
        by=by,
    )


def pause_audio(plan: AlarmPlan, *, by: str, at: datetime, seconds: float, uid: str = "") -> AlarmEvent:
    """The sound rests for so many seconds, at most as long as policy allows, and comes back by itself."""
    if not by.strip():
        raise BadInput("by", "the sound is paused by somebody")
    if not 0 < seconds <= plan.audio_pause_max_s:
        raise BadInput("seconds", f"must be over 0 and at most {plan.audio_pause_max_s:g}")
    return AlarmEvent(
        uid=uid or event_uid(plan.session, "audio_paused", at, by),
        session=plan.session,
        kind=EventKind.AUDIO_PAUSED,
        at=at,
        noticed_at=at,
        until=at + timedelta(seconds=seconds),
        title="Sound paused",
        detail=f"for {seconds:g} s by {by}",
        by=by,
    )


def resume_audio(plan: AlarmPlan, *, by: str, at: datetime, uid: str = "") -> AlarmEvent:
    """Somebody ends the pause before its time."""
    return AlarmEvent(
        uid=uid or event_uid(plan.session, "audio_resumed", at, by),
        session=plan.session,
        kind=EventKind.AUDIO_RESUMED,
        at=at,
        noticed_at=at,
        title="Sound on again",
        reason="ended by hand",
        by=by,
    )
