"""What was crossed, when was it shown, who answered after how many seconds, what was done, and how was it afterwards?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from stillhaven.science.alarms.codec import encode
from stillhaven.science.alarms.conditions import Comparison, Priority
from stillhaven.science.alarms.events import OPENING, AlarmEvent, EventKind
from stillhaven.science.alarms.facts import AlarmFacts
from stillhaven.science.alarms.plan import AlarmPlan
from stillhaven.science.alarms.seen import Seen
from stillhaven.science.vitals import Reading


@dataclass(frozen=True, kw_only=True)
class LedgerRow:
    """One alarm from crossed to cleared.

    `due_at` is when it had to be raised, `shown_at` when it was; `worst_value` the value furthest out while it was open;
    `value_5min_later` None with `rechecked_at` set means that there was no value to be had.
    """

    alarm: str
    condition: str
    signal: str
    probe: str
    title: str
    detail: str
    priority: Priority
    technical: bool
    crossed_at: datetime
    due_at: datetime
    shown_at: datetime
    value: float | None
    limit: float | None
    set_by: str
    worst_value: float | None
    acknowledged_by: str
    acknowledged_at: datetime | None
    acknowledged_after_s: float | None
    action: str
    escalated_at: datetime | None
    returned_at: datetime | None
    cleared_at: datetime | None
    times_crossed: int
    rechecked_at: datetime | None
    value_5min_later: float | None
    late: bool

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        data: dict[str, Any] = encode(self)
        return data


@dataclass
class _Episode:
    first: AlarmEvent
    worst: AlarmEvent
    crossings: int = 1
    running: set[str] = field(default_factory=set)  # tiers past their line
    ack: AlarmEvent | None = None
    actions: list[str] = field(default_factory=list)
    escalated: AlarmEvent | None = None
    returned: AlarmEvent | None = None  # the last end, once no tier is past its line any more
    cleared: AlarmEvent | None = None
    rechecked: AlarmEvent | None = None


def ledger(
    events: Iterable[AlarmEvent],
    readings: Iterable[Reading] = (),
    *,
    plan: AlarmPlan | None = None,
    facts: AlarmFacts | None = None,
) -> tuple[LedgerRow, ...]:
    """One row for each alarm, in the order they were raised.

    With the session's readings, plan and facts the rows also carry the worst value of each alarm.
    """
    episodes: dict[str, _Episode] = {}
    for event in events:
        _add(episodes, event)
    readings = tuple(readings)
    seen = None
    if plan is not None and readings:
        seen = Seen(plan, readings, max(r.arrived_at for r in readings), facts or AlarmFacts())
    rows = (_row(episode, _worst(episode, plan, seen)) for episode in episodes.values())
    return tuple(sorted(rows, key=lambda row: (row.due_at, row.condition, row.signal, row.probe)))


def _add(episodes: dict[str, _Episode], event: AlarmEvent) -> None:
    if event.kind is EventKind.RAISED:
        episodes.setdefault(event.alarm, _Episode(first=event, worst=event, running={event.tier}))
        return
    episode = episodes.get(event.alarm)
    if episode is None:
        return
    if event.kind in OPENING:
        episode.crossings += event.kind is EventKind.RECURRED
        if event.ended_at is None:
            episode.running.add(event.tier)
            episode.returned = None
        if event.rank > episode.worst.rank:
            episode.worst = event
    elif event.kind is EventKind.ACKNOWLEDGED:
        episode.ack = episode.ack or event
        episode.actions += [event.action] if event.action else []
    elif event.kind is EventKind.ESCALATED:
        episode.escalated = episode.escalated or event
    elif event.kind is EventKind.RECHECKED:
        episode.rechecked = event
    elif event.kind is EventKind.RETURNED:
        episode.running.discard(event.tier)
        episode.returned = None if episode.running else event
    elif event.kind is EventKind.CLEARED:
        episode.cleared = event
        episode.returned = episode.returned or event


def _worst(episode: _Episode, plan: AlarmPlan | None, seen: Seen | None) -> float | None:
    """The value furthest past the limit from the crossing to the end."""
    first = episode.first
    if plan is None or seen is None or first.value is None:
        return first.value
    series = seen.series.get(first.signal, {}).get(first.probe)
    condition = plan.by_key.get(first.condition)
    if series is None or condition is None:
        return first.value
    over = episode.returned
    end = over.ended_at if over is not None and over.ended_at is not None else seen.now
    start = first.crossed_at or first.at
    values = [point.value for point in series.points if start <= point.at <= end]
    upward = (condition.comparison or Comparison.ABOVE).upward
    return (max if upward else min)([first.value, *values])


def _row(episode: _Episode, worst_value: float | None) -> LedgerRow:
    first, worst, ack, rechecked = episode.first, episode.worst, episode.ack, episode.rechecked
    over = episode.returned
    return LedgerRow(
        alarm=first.alarm,
        condition=first.condition,
        signal=first.signal,
        probe=first.probe,
        title=first.title,
        detail=worst.detail,
        priority=worst.priority or Priority.LOW,
        technical=first.technical,
        crossed_at=first.crossed_at or first.at,
        due_at=first.at,
        shown_at=first.noticed_at,
        value=first.value,
        limit=first.limit,
        set_by=first.set_by,
        worst_value=worst_value,
        acknowledged_by=ack.by if ack else "",
        acknowledged_at=ack.at if ack else None,
        acknowledged_after_s=(ack.at - first.noticed_at).total_seconds() if ack else None,
        action="; ".join(episode.actions),
        escalated_at=episode.escalated.at if episode.escalated else None,
        returned_at=over.ended_at if over else None,
        cleared_at=episode.cleared.at if episode.cleared else None,
        times_crossed=episode.crossings,
        rechecked_at=rechecked.at if rechecked else None,
        value_5min_later=rechecked.value if rechecked else None,
        late=first.late,
    )
