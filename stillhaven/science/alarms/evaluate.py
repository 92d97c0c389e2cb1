"""Which alarms should sound, given the facts so far?

Pure: it looks at recorded facts and at the time it is given, and answers with what has to be written down now.  Asking
twice changes nothing; a replay at the same moments gives the same events; and because every moment comes from the facts,
how often somebody asks decides only when it is noticed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from stillhaven.science.alarms import intervals, judge, words
from stillhaven.science.alarms.book import AlarmBook, Watch, fold
from stillhaven.science.alarms.conditions import AlarmCondition, Priority, Rule, Tier
from stillhaven.science.alarms.events import AlarmEvent, AlarmKey, EventKind, event_uid
from stillhaven.science.alarms.facts import AlarmFacts
from stillhaven.science.alarms.plan import AlarmPlan
from stillhaven.science.alarms.seen import Seen
from stillhaven.science.alarms.stretches import End, Recorded, Stretch, find
from stillhaven.science.vitals import Reading

SESSION_ENDED = "the session ended"
_BY_LIMIT = (Rule.PAST_LIMIT, Rule.TWICE_OR_RISING, Rule.SCORE)


def evaluate(
    plan: AlarmPlan,
    readings: Iterable[Reading],
    events: Iterable[AlarmEvent],
    now: datetime,
    facts: AlarmFacts,
    *,
    judged_until: datetime | None = None,
) -> list[AlarmEvent]:
    """The events to append now, in order.

    `readings`: all of the session, or those that `windows.trim` keeps; then `judged_until` is when it was last asked.
    `events`: all alarm events of the session, in the order they were recorded.
    """
    events = tuple(events)
    ended = facts.ended_at is not None and facts.ended_at <= now
    if ended and any(event.reason == SESSION_ENDED for event in events):
        return []
    until = facts.ended_at if ended and facts.ended_at is not None else now
    pen = _Pen(plan=plan, noticed_at=now, until=until, book=fold(events))
    seen = Seen(plan, readings, until, facts)
    _limit_changes(pen)
    for condition in _in_order(plan):
        if condition.rule in _BY_LIMIT:
            _by_limit(pen, condition, seen, judged_until)
        else:
            _by_interval(pen, condition, seen, judged_until)
    for watch in list(pen.book.watches.values()):
        pen.settle(watch)
        pen.escalate(watch, until)
    _recheck(pen, seen)
    if ended:
        for watch in list(pen.book.watches.values()):
            if watch.open:
                pen.write(EventKind.CLEARED, until, watch, ended_at=until, reason=SESSION_ENDED)
    _sound(pen)
    return pen.out


def _in_order(plan: AlarmPlan) -> list[AlarmCondition]:
    """Conditions that others yield to come first."""
    return sorted(plan.conditions, key=lambda condition: bool(condition.yields_to))


@dataclass(frozen=True, kw_only=True)
class _Turn:
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


def _by_limit(pen: _Pen, condition: AlarmCondition, seen: Seen, judged_until: datetime | None) -> None:
    delay = timedelta(seconds=condition.delay_s)
    for signal in condition.signals:
        for probe, series in seen.series.get(signal, {}).items():
            key: AlarmKey = (condition.key, signal, probe)
            watch = pen.book.watches.get(key)
            turns: list[_Turn] = []
            for rank, tier in enumerate(condition.tiers):
                settings = pen.plan.history(condition, signal, tier.key)
                running = watch is not None and tier.key in watch.tiers and watch.tiers[tier.key].running
                if not running and judge.is_quiet(condition, settings, series):
                    continue
                samples = judge.limit_samples(pen.plan, condition, tier, signal, probe, seen)
                recorded, raised_at = _recorded(watch, tier)
                end, new = find(samples, recorded, delay, pen.until, raised_at, judged_until)
                turns += _turns(rank, tier, end, new, raised_at)
            pen.tell(condition, key, turns)


def _by_interval(pen: _Pen, condition: AlarmCondition, seen: Seen, judged_until: datetime | None) -> None:
    held = intervals.intervals(condition, pen.plan, seen, judged_until)
    tier, delay = condition.tiers[0], timedelta(seconds=condition.delay_s)
    keys = {(condition.key, i.signal, i.probe) for i in held}
    keys |= {key for key, watch in pen.book.watches.items() if key[0] == condition.key and watch.open}
    for key in sorted(keys):
        watch = pen.book.watches.get(key)
        mine = [i for i in held if (i.signal, i.probe) == key[1:]]
        recorded, raised_at = _recorded(watch, tier)
        end, new = intervals.diff(mine, recorded, delay, pen.until)
        if condition.yields_to:
            devices = {i.device for i in mine}
            new = [moved for s in new if (moved := _yield(pen, condition, key[1], devices, s, delay)) is not None]
        pen.tell(condition, key, _turns(0, tier, end, new, raised_at))


def _recorded(watch: Watch | None, tier: Tier) -> tuple[Recorded, datetime | None]:
    if watch is None:
        return (), None
    open_tier = watch.tiers.get(tier.key)
    raised_at = open_tier.opened.at if open_tier is not None and open_tier.running else None
    return sorted(watch.stretches.get(tier.key, ()), key=lambda stretch: stretch[0]), raised_at


def _turns(
    rank: int, tier: Tier, end: End | None, new: Sequence[Stretch], raised_at: datetime | None
) -> Iterable[_Turn]:
    """What to write about one tier.  Of two stretches the later begins when the earlier is known to be over."""
    over: tuple[datetime, datetime] | None = None  # measured, known
    if end is not None:
        moment = max(end.known_at, raised_at or end.known_at)
        over = (end.ended_at, moment)
        yield _Turn(moment=moment, measured=end.ended_at, rank=rank, tier=tier, end=end)
    for stretch in new:
        begins = stretch.raised_at
        if over is not None and stretch.crossed_at >= over[0]:
            begins = max(begins, over[1])
        yield _Turn(moment=begins, measured=stretch.crossed_at, rank=rank, tier=tier, stretch=stretch)
        if stretch.ended_at is not None and stretch.ended_known_at is not None:
            moment, ended_at = max(stretch.ended_known_at, begins), max(stretch.ended_at, stretch.crossed_at)
            last = End(stretch.ended_at, moment, stretch.reason)
            over = (ended_at, moment)
            yield _Turn(moment=moment, measured=ended_at, rank=rank, tier=tier, end=last, of=stretch.crossed_at)


def _is_running(watch: Watch, turn: _Turn) -> bool:
    """Is what ends here still recorded as running?  A late one, known whole, never was."""
    mine = watch.tiers.get(turn.tier.key)
    return mine is not None and mine.running and turn.of in (None, mine.opened.crossed_at)


def _yield(
    pen: _Pen, condition: AlarmCondition, signal: str, devices: set[str], stretch: Stretch, delay: timedelta
) -> Stretch | None:
    """When to raise this, given that an open alarm which says its cause goes first; None if it is over by then."""
    moment = stretch.raised_at
    spans = (
        sorted(
            span
            for watch in pen.book.watches.values()
            if watch.key[0] in condition.yields_to and _same_cause(watch.key, signal, devices)
            for span in ((start, end) for start, end in watch.spans)
        )
        if pen.book.watches
        else []
    )
    for start, end in spans:
        if start <= moment and (end is None or moment < end):
            if end is None:
                return None
            moment = end + delay
    if moment > pen.until or (stretch.ended_known_at is not None and stretch.ended_known_at <= moment):
        return None
    return replace(stretch, raised_at=moment)


def _same_cause(key: AlarmKey, signal: str, devices: set[str]) -> bool:
    _condition, other, probe = key
    return other == signal if other else not devices or "" in devices or probe in devices


def _limit_changes(pen: _Pen) -> None:
    plan = pen.plan
    for index, setting in enumerate(plan.changes, start=plan.starting):
        if setting.set_at > pen.until:
            continue
        before = next((s for s in reversed(plan.limits[:index]) if s.slot == setting.slot), None)
        title, text = words.limit_change(plan, setting, before)
        pen.note(
            EventKind.LIMIT_CHANGED,
            setting.set_at,
            (setting.condition, setting.signal, ""),
            (setting.tier, index),
            tier=setting.tier,
            title=title,
            detail=text,
            value=before.value if before else None,
            limit=setting.value,
            set_by=setting.set_by,
            by=setting.set_by,
        )


def _recheck(pen: _Pen, seen: Seen) -> None:
    """The value some minutes after the crossing, for the ledger."""
    for raised in list(pen.book.rechecks.values()):
        crossed_at = raised.crossed_at or raised.at
        wanted_at = crossed_at + timedelta(seconds=pen.plan.recheck_after_s)
        give_up_at = wanted_at + timedelta(seconds=pen.plan.recheck_give_up_s)
        if wanted_at > pen.until:
            continue
        signal = pen.plan.signal_by_key.get(raised.signal)
        stale = timedelta(seconds=signal.stale_after_s) if signal else None
        series = seen.series.get(raised.signal, {}).get(raised.probe)
        points = [p for p in (series.points if series else ()) if p.at > crossed_at]
        then = [
            p
            for p in points
            if p.at <= wanted_at and p.known_at <= wanted_at and (stale is None or p.known_at + stale >= wanted_at)
        ]
        later = [p for p in points if wanted_at < p.known_at <= give_up_at]
        if then:
            moment, point = wanted_at, then[-1]
        elif later:
            point = min(later, key=lambda p: (p.known_at, p.at))
            moment = point.known_at
        elif give_up_at <= pen.until:
            pen.note(
                EventKind.RECHECKED, give_up_at, raised.key, (raised.alarm,), alarm=raised.alarm, reason="no value"
            )
            continue
        else:
            continue
        pen.note(
            EventKind.RECHECKED,
            moment,
            raised.key,
            (raised.alarm,),
            alarm=raised.alarm,
            value=point.value,
            limit=raised.limit,
            crossed_at=point.at,
            title=raised.title,
        )


def _sound(pen: _Pen) -> None:
    """A pause of the sound ends by itself, or with the first high alarm raised in it."""
    pause, ends_at = pen.book.pause, pen.book.pause_ends_at
    if pause is None or ends_at is None or ends_at > pen.until:
        return
    early = pause.until is not None and ends_at < pause.until
    pen.note(
        EventKind.AUDIO_RESUMED,
        ends_at,
        ("", "", ""),
        (pause.uid,),
        title="Sound on again",
        reason="a high-priority alarm was raised" if early else "the pause is over",
    )


@dataclass(kw_only=True)
class _Pen:
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

    def tell(self, condition: AlarmCondition, key: AlarmKey, turns: Iterable[_Turn]) -> None:
        """Write these turns of one watch, as they happened."""
        for turn in sorted(turns, key=lambda turn: turn.order):
            watch = self.book.watch(key)
            self.settle(watch)
            self.escalate(watch, turn.moment)
            if turn.stretch is not None:
                self._open(condition, watch, turn.tier, turn.rank, replace(turn.stretch, raised_at=turn.moment))
            elif turn.end is not None and _is_running(watch, turn):
                self._end(watch, turn.tier.key, turn.moment, turn.end)

    def _open(self, condition: AlarmCondition, watch: Watch, tier: Tier, rank: int, stretch: Stretch) -> None:
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

    def _end(self, watch: Watch, tier: str, moment: datetime, end: End) -> None:
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


def loudest(events: Iterable[AlarmEvent]) -> Priority | None:
    """The most urgent priority among newly written events that somebody has to hear."""
    heard = (EventKind.RAISED, EventKind.STEPPED_UP, EventKind.RECURRED, EventKind.ESCALATED)
    return max((e.priority for e in events if e.kind in heard and e.priority), key=lambda p: p.weight, default=None)
