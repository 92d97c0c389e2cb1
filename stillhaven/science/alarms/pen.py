"""Writes the turns of alarms down in the order in which they happened, and keeps the book that they leave behind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from stillhaven.science.alarms import words
from stillhaven.science.alarms.book import AlarmBook, Watch
from stillhaven.science.alarms.conditions import AlarmCondition, Tier
from stillhaven.science.alarms.events import AlarmEvent, AlarmKey, EventKind, event_uid
from stillhaven.science.alarms.plan import AlarmPlan
from stillhaven.science.alarms.stretches import End, Stretch


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Something that has to be written about one tier of one watch."""

    moment: datetime
    measured: datetime
    rank: int
    tier: Tier
    stretch: Stretch | None = None
    end: End | None = None
    of: datetime | None = None  # the crossing that this is the end of; None: of whichever runs

    @property
    def order(self) -> tuple[datetime, datetime, int, int]:
        """As they happened; of one moment, what ends before what begins, and mild before worse."""
        opens = self.stretch is not None
        return (self.moment, self.measured, 1 if opens else 0, self.rank if opens else -self.rank)


def turns_of(
    rank: int, tier: Tier, end: End | None, new: Sequence[Stretch], raised_at: datetime | None
) -> Iterable[Turn]:
    """What to write about one tier.  Of two stretches the later begins when the earlier is known to be over."""
    over: tuple[datetime, datetime] | None = None  # measured, known
    if end is not None:
        moment = max(end.known_at, raised_at or end.known_at)
        over = (end.ended_at, moment)
        yield Turn(moment=moment, measured=end.ended_at, rank=rank, tier=tier, end=end)
    for stretch in new:
        begins = stretch.raised_at
        if over is not None and stretch.crossed_at >= over[0]:
            begins = max(begins, over[1])
        yield Turn(moment=begins, measured=stretch.crossed_at, rank=rank, tier=tier, stretch=stretch)
        if stretch.ended_at is not None and stretch.ended_known_at is not None:
            moment, ended_at = max(stretch.ended_known_at, begins), max(stretch.ended_at, stretch.crossed_at)
            last = End(stretch.ended_at, moment, stretch.reason)
            over = (ended_at, moment)
            yield Turn(moment=moment, measured=ended_at, rank=rank, tier=tier, end=last, of=stretch.crossed_at)


def _is_running(watch: Watch, turn: Turn) -> bool:
    """Is what ends here still recorded as running?  A late one, known whole, never was."""
    mine = watch.tiers.get(turn.tier.key)
    return mine is not None and mine.running and turn.of in (None, mine.opened.crossed_at)


@dataclass(kw_only=True)
class Pen:
    """Writes events in order, and keeps the book that they leave behind."""

    plan: AlarmPlan
    noticed_at: datetime
    until: datetime
    book: AlarmBook
    out: list[AlarmEvent] = field(default_factory=list)

    def note(self, kind: EventKind, at: datetime, key: AlarmKey, unique: tuple[object, ...], **more: Any) -> None:
        uid = event_uid(self.plan.session, kind, *key, *unique)
        if uid in self.book.written:
            return
        event = AlarmEvent(
            uid=uid,
            session=self.plan.session,
            kind=kind,
            at=at,
            noticed_at=self.noticed_at,
            condition=key[0],
            signal=key[1],
            probe=key[2],
            **more,
        )
        self.book.apply(event)
        self.out.append(event)

    def write(self, kind: EventKind, at: datetime, watch: Watch, tier: str = "", **more: Any) -> None:
        """One turn of an alarm that is open, in the words it was opened with."""
        shown = watch.tiers.get(tier) or watch.shown
        opened = shown.opened if shown is not None else watch.first
        if opened is None:
            return
        self.note(
            kind,
            at,
            watch.key,
            (watch.alarm, opened.tier, opened.crossed_at, more.get("ended_at", ""), watch.unanswered_since or ""),
            alarm=watch.alarm,
            tier=opened.tier,
            rank=opened.rank,
            priority=opened.priority,
            technical=opened.technical,
            latching=opened.latching,
            title=opened.title,
            crossed_at=opened.crossed_at,
            **more,
        )

    def tell(self, condition: AlarmCondition, key: AlarmKey, turns: Iterable[Turn]) -> None:
        """Write these turns of one watch, as they happened."""
        for turn in sorted(turns, key=lambda turn: turn.order):
            watch = self.book.watch(key)
            self.settle(watch)
            self.escalate(watch, turn.moment)
            if turn.stretch is not None:
                self.open(condition, watch, turn.tier, turn.rank, replace(turn.stretch, raised_at=turn.moment))
            elif turn.end is not None and _is_running(watch, turn):
                self.end(watch, turn.tier.key, turn.moment, turn.end)

    def open(self, condition: AlarmCondition, watch: Watch, tier: Tier, rank: int, stretch: Stretch) -> None:
        kind = watch.kind_of_opening(tier.key, rank)
        running = tier.key in watch.tiers and watch.tiers[tier.key].running
        ended_at = None
        if running:  # an older one, known late: the alarm is open already
            kind, ended_at = EventKind.JOINED, stretch.ended_at or stretch.raised_at
        alarm = watch.alarm or event_uid(self.plan.session, "alarm", *watch.key, stretch.crossed_at)
        self.note(
            kind,
            stretch.raised_at,
            watch.key,
            (alarm, tier.key, stretch.crossed_at),
            alarm=alarm,
            tier=tier.key,
            rank=rank,
            priority=tier.priority,
            technical=condition.technical,
            latching=condition.latching,
            title=condition.title,
            detail=words.detail(self.plan, condition, watch.key[1], watch.key[2], stretch),
            action=tier.action or condition.action,
            value=stretch.value,
            limit=stretch.limit,
            set_by=stretch.set_by,
            crossed_at=stretch.crossed_at,
            ended_at=ended_at,
            late=stretch.late,
        )

    def end(self, watch: Watch, tier: str, moment: datetime, end: End) -> None:
        mine = watch.tiers[tier]
        gone = mine.acked or not mine.opened.latching
        last = gone and len(watch.tiers) == 1
        if last and mine.acked and watch.acked_at is not None:
            moment = max(moment, watch.acked_at)
        kind = EventKind.CLEARED if last else EventKind.RETURNED
        self.write(kind, moment, watch, tier, ended_at=end.ended_at, reason=end.reason)

    def settle(self, watch: Watch) -> None:
        """An alarm that is back and answered is over."""
        if watch.open and not watch.tiers:
            moments = [m for m in (watch.acked_at, watch.ended_known_at) if m is not None]
            self.write(EventKind.CLEARED, max(moments), watch, reason="back and acknowledged")

    def escalate(self, watch: Watch, until: datetime) -> None:
        """An alarm that nobody answered in time goes to the station."""
        condition = self.plan.by_key.get(watch.key[0])
        wait_s = condition.escalate_after_s if condition is not None else None
        since = watch.unanswered_since
        if wait_s is None or since is None or not watch.open or watch.escalated:
            return
        moment = since + timedelta(seconds=wait_s)
        if moment <= until:
            detail = f"nobody has answered for {wait_s:g} s"
            self.write(EventKind.ESCALATED, moment, watch, detail=detail)
