"""Which alarms should sound, given the facts so far?

Pure: it looks at recorded facts and at the time it is given, and answers with what has to be written down now.  Asking
twice changes nothing; a replay at the same moments gives the same events; and because every moment comes from the facts,
how often somebody asks decides only when it is noticed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from stillhaven.science.alarms import intervals, judge, words
from stillhaven.science.alarms.book import Watch, fold
from stillhaven.science.alarms.conditions import AlarmCondition, Priority, Rule, Tier
from stillhaven.science.alarms.events import AlarmEvent, AlarmKey, EventKind
from stillhaven.science.alarms.facts import AlarmFacts
from stillhaven.science.alarms.pen import Pen, Turn, turns_of
from stillhaven.science.alarms.plan import AlarmPlan
from stillhaven.science.alarms.seen import Seen
from stillhaven.science.alarms.stretches import Recorded, Stretch, find
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
    pen = Pen(plan=plan, noticed_at=now, until=until, book=fold(events))
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


def _by_limit(pen: Pen, condition: AlarmCondition, seen: Seen, judged_until: datetime | None) -> None:
    delay = timedelta(seconds=condition.delay_s)
    for signal in condition.signals:
        for probe, series in seen.series.get(signal, {}).items():
            key: AlarmKey = (condition.key, signal, probe)
            watch = pen.book.watches.get(key)
            turns: list[Turn] = []
            for rank, tier in enumerate(condition.tiers):
                settings = pen.plan.history(condition, signal, tier.key)
                running = watch is not None and tier.key in watch.tiers and watch.tiers[tier.key].running
                if not running and judge.is_quiet(condition, settings, series):
                    continue
                samples = judge.limit_samples(pen.plan, condition, tier, signal, probe, seen)
                recorded, raised_at = _recorded(watch, tier)
                end, new = find(samples, recorded, delay, pen.until, raised_at, judged_until)
                turns += turns_of(rank, tier, end, new, raised_at)
            pen.tell(condition, key, turns)


def _by_interval(pen: Pen, condition: AlarmCondition, seen: Seen, judged_until: datetime | None) -> None:
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
        pen.tell(condition, key, turns_of(0, tier, end, new, raised_at))


def _recorded(watch: Watch | None, tier: Tier) -> tuple[Recorded, datetime | None]:
    if watch is None:
        return (), None
    open_tier = watch.tiers.get(tier.key)
    raised_at = open_tier.opened.at if open_tier is not None and open_tier.running else None
    return sorted(watch.stretches.get(tier.key, ()), key=lambda stretch: stretch[0]), raised_at


def _yield(
    pen: Pen, condition: AlarmCondition, signal: str, devices: set[str], stretch: Stretch, delay: timedelta
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


def _limit_changes(pen: Pen) -> None:
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


def _recheck(pen: Pen, seen: Seen) -> None:
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


def _sound(pen: Pen) -> None:
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


def loudest(events: Iterable[AlarmEvent]) -> Priority | None:
    """The most urgent priority among newly written events that somebody has to hear."""
    heard = (EventKind.RAISED, EventKind.STEPPED_UP, EventKind.RECURRED, EventKind.ESCALATED)
    return max((e.priority for e in events if e.kind in heard and e.priority), key=lambda p: p.weight, default=None)
