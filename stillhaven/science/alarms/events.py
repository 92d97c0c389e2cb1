"""What happened to an alarm, when, and how is it written down?

An event is an entry of the record.  Its uid follows from what it says, so that two askers who notice the same thing
write the same event.  `at` is the moment the facts name; `noticed_at` is when somebody asked and so found out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

from stillhaven.science.alarms.codec import decode, encode
from stillhaven.science.alarms.conditions import Priority

_NAMESPACE = UUID("5d2b7c62-6b0e-5f0b-9c59-2f2a4f1f7a11")


class EventKind(StrEnum):
    """An alarm's turns, and the turns of the sound and the limits."""

    RAISED = "raised"
    STEPPED_UP = "stepped_up"  # an open alarm got worse: it sounds again, even if it was acknowledged
    JOINED = "joined"  # a milder tier is crossed too; nothing changes for whoever looks
    RECURRED = "recurred"  # crossed again while still waiting to be acknowledged
    RETURNED = "returned"  # the value is back, or no longer current; the alarm stays open
    CLEARED = "cleared"
    ACKNOWLEDGED = "acknowledged"
    ESCALATED = "escalated"
    RECHECKED = "rechecked"
    AUDIO_PAUSED = "audio_paused"
    AUDIO_RESUMED = "audio_resumed"
    LIMIT_CHANGED = "limit_changed"


OPENING = frozenset({EventKind.RAISED, EventKind.STEPPED_UP, EventKind.JOINED, EventKind.RECURRED})


@dataclass(frozen=True, kw_only=True)
class AlarmEvent:
    """One turn of one alarm.

    `alarm` names the episode from raised to cleared; `condition`, `signal` and `probe` its identity.  `crossed_at` and
    `ended_at` bound the stretch of facts it is about, in the time they were measured.  `late`: what it tells was over when
    it became known here, as after a network cut.  `reason` says why a stretch or a pause ended.
    """

    uid: str
    session: str
    kind: EventKind
    at: datetime
    noticed_at: datetime
    condition: str = ""
    signal: str = ""
    probe: str = ""
    alarm: str = ""
    tier: str = ""
    rank: int = 0
    priority: Priority | None = None
    technical: bool = False
    latching: bool = False
    title: str = ""
    detail: str = ""
    action: str = ""
    value: float | None = None
    limit: float | None = None
    set_by: str = ""
    crossed_at: datetime | None = None
    ended_at: datetime | None = None
    until: datetime | None = None
    reason: str = ""
    by: str = ""
    late: bool = False

    @property
    def key(self) -> AlarmKey:
        return (self.condition, self.signal, self.probe)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        data: dict[str, Any] = encode(self)
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> AlarmEvent:
        return decode(cls, data)


AlarmKey = tuple[str, str, str]


def event_uid(session: str, *parts: object) -> str:
    """The same words give the same uid, anywhere.

    >>> event_uid("s1", "raised", "spo2_low") == event_uid("s1", "raised", "spo2_low")
    True
    """
    words = (part.isoformat() if isinstance(part, datetime) else str(part) for part in (session, *parts))
    return str(uuid5(_NAMESPACE, "\x1f".join(words)))
