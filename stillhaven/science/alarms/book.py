"""Which alarms are open now, how loud, and who has answered?  All of it follows from the events, and from nothing else.

So a restart loses nothing: whoever has the events has the alarms.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from stillhaven.science.alarms.conditions import Priority
from stillhaven.science.alarms.events import OPENING, AlarmEvent, AlarmKey, EventKind


class AlarmState(StrEnum):
    """How an open alarm stands."""

    ACTIVE = "active"  # past its line, not answered
    LATCHED = "latched"  # back, but nobody has answered
    ACKNOWLEDGED = "acknowledged"  # past its line, somebody has answered


@dataclass(frozen=True, kw_only=True)
class OpenAlarm:
    """One open alarm as a screen shows it: the worst tier that still counts."""

    uid: str
    condition: str
    signal: str
    probe: str
    tier: str
    priority: Priority
    technical: bool
    title: str
    detail: str
    action: str
    state: AlarmState
    crossed_at: datetime
    raised_at: datetime
    ack_by: str
    ack_at: datetime | None
    escalated: bool
    late: bool

    @property
    def sounds(self) -> bool:
        return self.state is not AlarmState.ACKNOWLEDGED

    def as_dict(self) -> dict[str, Any]:
        """The shape of the live screen's JSON."""
        return {
            "uid": self.uid,
            "condition": self.condition,
            "priority": self.priority.value,
            "technical": self.technical,
            "title": self.title,
            "detail": self.detail,
            "action": self.action,
            "signal": self.signal,
            "probe": self.probe,
            "tier": self.tier,
            "crossed_at": self.crossed_at.isoformat(),
            "raised_at": self.raised_at.isoformat(),
            "state": self.state.value,
            "ack_by": self.ack_by,
            "ack_at": self.ack_at.isoformat() if self.ack_at else None,
            "escalated": self.escalated,
            "late": self.late,
        }


@dataclass(frozen=True, kw_only=True)
class AudioState:
    """Is the sound paused, until when, by whom; and if it is not, how urgent is what should sound?"""

    paused_until: datetime | None
    by: str
    sounding: Priority | None


@dataclass
class OpenTier:
    """One crossed tier of an open alarm: still past its line (`running`), or back and waiting for an answer."""

    opened: AlarmEvent
    running: bool = True
    acked: bool = False


@dataclass
class Watch:
    """One alarm's identity through the session: what is open, and every stretch that was ever recorded."""

    key: AlarmKey
    alarm: str = ""  # the open episode, "" when none is
    tiers: dict[str, OpenTier] = field(default_factory=dict)
    stretches: dict[str, list[tuple[datetime, datetime | None]]] = field(default_factory=dict)
    spans: list[tuple[datetime, datetime | None]] = field(default_factory=list)  # raised, cleared
    first: AlarmEvent | None = None
    ended_known_at: datetime | None = None
    acked_at: datetime | None = None
    acked_by: str = ""
    unanswered_since: datetime | None = None
    escalated: bool = False

    @property
    def open(self) -> bool:
        return bool(self.alarm)

    @property
    def shown(self) -> OpenTier | None:
        """The worst tier that still counts."""
        return max(self.tiers.values(), key=lambda tier: tier.opened.rank, default=None)

    @property
    def answered(self) -> bool:
        return all(tier.acked for tier in self.tiers.values())

    def kind_of_opening(self, tier: str, rank: int) -> EventKind:
        """What it means that this tier is crossed now."""
        shown = self.shown
        if shown is None:
            return EventKind.RAISED
        if rank > shown.opened.rank:
            return EventKind.STEPPED_UP
        if not any(other.running for other in self.tiers.values()):
            return EventKind.RECURRED
        mine = self.tiers.get(tier)
        return EventKind.RECURRED if mine is not None and not mine.running else EventKind.JOINED

    def apply(self, event: AlarmEvent) -> None:
        if event.kind in OPENING:
            self._open(event)
        elif event.kind is EventKind.RETURNED:
            self._end(event.tier, event)
            tier = self.tiers.get(event.tier)
            if tier is not None and (tier.acked or not event.latching):
                del self.tiers[event.tier]
        elif event.kind is EventKind.CLEARED:
            for key in list(self.tiers):
                self._end(key, event)
            self.tiers.clear()
            if self.spans:
                self.spans[-1] = (self.spans[-1][0], event.at)
            self.alarm = ""
        elif event.alarm == self.alarm:
            if event.kind is EventKind.ACKNOWLEDGED:
                self._answer(event)
            elif event.kind is EventKind.ESCALATED:
                self.escalated = True

    def _open(self, event: AlarmEvent) -> None:
        assert event.crossed_at is not None
        stretches = self.stretches.setdefault(event.tier, [])
        if event.ended_at is not None:  # a late one of a tier that is crossed again already
            stretches.append((event.crossed_at, event.ended_at))
            return
        answered = bool(self.tiers) and self.answered
        if event.kind is EventKind.RAISED:
            self.alarm, self.first, self.tiers = event.alarm, event, {}
            self.spans.append((event.at, None))
            self.ended_known_at = None
        if event.kind in (EventKind.RAISED, EventKind.STEPPED_UP):
            self.acked_at, self.acked_by = None, ""
            self.unanswered_since, self.escalated = event.at, False
        stretches.append((event.crossed_at, None))
        self.tiers[event.tier] = OpenTier(opened=event, acked=event.kind is EventKind.JOINED and answered)

    def _end(self, tier: str, event: AlarmEvent) -> None:
        stretches = self.stretches.get(tier, [])
        for index, (start, end) in enumerate(stretches):
            if end is None:
                stretches[index] = (start, max(start, event.ended_at or event.at))
        if tier in self.tiers:
            self.tiers[tier].running = False
        if event.kind is EventKind.RETURNED:
            self.ended_known_at = event.at

    def _answer(self, event: AlarmEvent) -> None:
        for key, tier in list(self.tiers.items()):
            tier.acked = True
            if not tier.running:
                del self.tiers[key]
        self.acked_at, self.acked_by, self.unanswered_since = event.at, event.by, None


@dataclass
class AlarmBook:
    """All watches of one session, the sound, and what else was written down."""

    watches: dict[AlarmKey, Watch] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    rechecks: dict[str, AlarmEvent] = field(default_factory=dict)
    pause: AlarmEvent | None = None
    pause_broken_at: datetime | None = None

    def apply(self, event: AlarmEvent) -> None:
        """One more event.  The same event twice changes nothing."""
        if event.uid in self.written:
            return
        self.written.add(event.uid)
        if event.kind is EventKind.AUDIO_PAUSED:
            self.pause, self.pause_broken_at = event, None
        elif event.kind is EventKind.AUDIO_RESUMED:
            self.pause = None
        elif event.kind is EventKind.RECHECKED:
            self.rechecks.pop(event.alarm, None)
        elif event.kind is not EventKind.LIMIT_CHANGED:
            self.watch(event.key).apply(event)
            self._note(event)

    def _note(self, event: AlarmEvent) -> None:
        if event.kind is EventKind.RAISED and not event.technical and event.value is not None:
            self.rechecks[event.alarm] = event
        breaks = event.kind in OPENING and event.kind is not EventKind.JOINED
        if breaks and event.priority is Priority.HIGH and self.pause is not None and self.pause_broken_at is None:
            self.pause_broken_at = max(event.at, self.pause.at)

    def watch(self, key: AlarmKey) -> Watch:
        if key not in self.watches:
            self.watches[key] = Watch(key=key)
        return self.watches[key]

    @property
    def pause_ends_at(self) -> datetime | None:
        """When the sound comes back: at the end of the pause, or with the first high alarm raised in it."""
        if self.pause is None or self.pause.until is None:
            return None
        return min(self.pause.until, self.pause_broken_at or self.pause.until)

    def open_alarms(self) -> tuple[OpenAlarm, ...]:
        """The open alarms, worst first."""
        return ranked(alarm for watch in self.watches.values() if (alarm := _shown(watch)))


def fold(events: Iterable[AlarmEvent]) -> AlarmBook:
    """The book that these events, in the order they were recorded, leave behind."""
    book = AlarmBook()
    for event in events:
        book.apply(event)
    return book


def open_alarms(events: Iterable[AlarmEvent], now: datetime) -> tuple[OpenAlarm, ...]:
    """The alarms open at `now`, worst first, as far as the events tell."""
    return fold(event for event in events if event.at <= now).open_alarms()


def audio_state(events: Iterable[AlarmEvent], now: datetime) -> AudioState:
    """Is the sound paused at `now`, and what should sound?"""
    book = fold(event for event in events if event.at <= now)
    loudest = max((a.priority for a in book.open_alarms() if a.sounds), key=lambda p: p.weight, default=None)
    until = book.pause_ends_at
    if book.pause is not None and until is not None and now < until:
        return AudioState(paused_until=until, by=book.pause.by, sounding=None)
    return AudioState(paused_until=None, by="", sounding=loudest)


def ranked(alarms: Iterable[OpenAlarm]) -> tuple[OpenAlarm, ...]:
    """Worst first: by priority, then unanswered before answered, the patient before the equipment, the oldest first."""
    return tuple(
        sorted(
            alarms,
            key=lambda a: (-a.priority.weight, not a.sounds, a.technical, a.raised_at, a.condition, a.signal, a.probe),
        )
    )


def _shown(watch: Watch) -> OpenAlarm | None:
    shown = watch.shown
    if shown is None or watch.first is None:
        return None
    opened = shown.opened
    if watch.answered:
        state = AlarmState.ACKNOWLEDGED
    else:
        state = AlarmState.ACTIVE if any(tier.running for tier in watch.tiers.values()) else AlarmState.LATCHED
    return OpenAlarm(
        uid=watch.alarm,
        condition=opened.condition,
        signal=opened.signal,
        probe=opened.probe,
        tier=opened.tier,
        priority=opened.priority or Priority.LOW,
        technical=opened.technical,
        title=opened.title,
        detail=opened.detail,
        action=opened.action,
        state=state,
        crossed_at=watch.first.crossed_at or watch.first.at,
        raised_at=opened.at,
        ack_by=watch.acked_by,
        ack_at=watch.acked_at,
        escalated=watch.escalated,
        late=opened.late,
    )
