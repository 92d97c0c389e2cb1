"""What the alarm tests share: a made-up session whose numbers mean nothing clinically, and short ways to say things."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from stillhaven.science import alarms
from stillhaven.science.alarms import (
    AlarmCondition,
    AlarmEvent,
    AlarmFacts,
    AlarmPlan,
    AlarmReference,
    CitedLimit,
    Comparison,
    Kind,
    LimitSetting,
    Priority,
    Rule,
    Tier,
)
from stillhaven.science.vitals import Mode, Quality, Reading, Signal, Source

T0 = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
OXYGEN, PULSE, CUFF = "spo2_pct", "pulse_rate_per_min", "systolic_mmhg"


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def seconds(moment: datetime) -> float:
    return (moment - T0).total_seconds()


def signal(key: str, stale_after_s: float = 10.0, intermittent: bool = False) -> Signal:
    return Signal(
        key=key, name=key, short=key, unit="u", decimals=0, low=0, high=400, stale_after_s=stale_after_s,
        intermittent=intermittent,
    )  # fmt: skip


SIGNALS = {s.key: s for s in (signal(OXYGEN), signal(PULSE), signal(CUFF, 60.0, intermittent=True))}


def tier(key: str, priority: Priority, **limits: float) -> Tier:
    shipped = tuple(CitedLimit(signal=s, value=v, source="made_up", confirmed=False) for s, v in limits.items())
    return Tier(key=key, priority=priority, shipped=shipped)


def condition(key: str, rule: Rule = Rule.PAST_LIMIT, **more: object) -> AlarmCondition:
    given: dict[str, object] = {
        "title": key,
        "kind": Kind.PHYSIOLOGICAL,
        "tiers": (Tier(key="only", priority=Priority.MEDIUM),),
        "detail": "{name} {value} limit {limit} {note}",
        "action": "look",
        "source": "made_up",
        "confirmed": False,
        **more,
    }
    return AlarmCondition(key=key, rule=rule, **given)  # type: ignore[arg-type]


OXYGEN_LOW = condition(
    "oxygen_low",
    signals=(OXYGEN,),
    comparison=Comparison.BELOW,
    tiers=(tier("warn", Priority.MEDIUM, spo2_pct=94), tier("act", Priority.HIGH, spo2_pct=90)),
    delay_s=5.0,
    latching=True,
    escalate_after_s=20.0,
)
PULSE_HIGH = condition(
    "pulse_high",
    signals=(PULSE,),
    comparison=Comparison.ABOVE,
    tiers=(tier("warn", Priority.MEDIUM, pulse_rate_per_min=110), tier("act", Priority.HIGH, pulse_rate_per_min=130)),
    delay_s=3.0,
    escalate_after_s=15.0,
)
CUFF_HIGH = condition(
    "cuff_high",
    signals=(CUFF,),
    comparison=Comparison.ABOVE,
    tiers=(tier("warn", Priority.MEDIUM, systolic_mmhg=160), tier("act", Priority.HIGH, systolic_mmhg=180)),
    latching=True,
    escalate_after_s=30.0,
)
WATCHED = (OXYGEN_LOW, PULSE_HIGH, CUFF_HIGH)


def reference(*conditions: AlarmCondition) -> AlarmReference:
    return AlarmReference(
        conditions=conditions, audio_pause_max_s=120.0, recheck_after_s=300.0, recheck_give_up_s=300.0
    )


def plan(*conditions: AlarmCondition, order: Sequence[LimitSetting] = (), **more: object) -> AlarmPlan:
    return alarms.build_plan(
        reference(*(conditions or WATCHED)),
        session="s1",
        signals=SIGNALS,
        made_at=T0,
        order=order,
        **more,  # type: ignore[arg-type]
    )


def limit(of: str, value: float | None, *, when: float = 0.0, tier: str = "warn", signal: str = CUFF) -> LimitSetting:
    return LimitSetting(condition=of, signal=signal, tier=tier, value=value, set_by="Dr Lindqvist", set_at=at(when))


def reading(
    name: str,
    measured: float,
    value: float | None,
    *,
    arrived: float | None = None,
    quality: Quality = Quality.GOOD,
    mode: Mode = Mode.REAL,
    source: Source = Source.MONITOR,
    probe: str = "",
    device: str = "MON-1",
    reason: str = "",
) -> Reading:
    return Reading(
        signal=name, value=value, at=at(measured), arrived_at=at(measured if arrived is None else arrived), probe=probe,
        quality=Quality.NO_VALUE if value is None else quality, mode=mode, source=source, device=device, reason=reason,
    )  # fmt: skip


def stream(name: str, values: Iterable[float | None], start: float = 0.0, step: float = 1.0) -> list[Reading]:
    return [reading(name, start + i * step, v) for i, v in enumerate(values)]


def run(
    the_plan: AlarmPlan,
    readings: Sequence[Reading],
    until: float,
    facts: AlarmFacts | None = None,
    *,
    events: Sequence[AlarmEvent] = (),
    since: float = 0.0,
    every: float = 1.0,
) -> list[AlarmEvent]:
    """All events after asking every second, as the watch does."""
    found, moment = list(events), since
    while moment <= until:
        found += alarms.evaluate(the_plan, readings, found, at(moment), facts or AlarmFacts())
        moment += every
    return found


def told(events: Iterable[AlarmEvent]) -> list[str]:
    """Each event in a few words: what, which tier, at which second."""
    return [f"{e.kind} {e.tier} {seconds(e.at):g}".replace("  ", " ") for e in events]


def shown(events: Iterable[AlarmEvent], moment: float) -> list[tuple[str, str, str]]:
    return [(a.condition, a.tier, a.state.value) for a in alarms.open_alarms(events, at(moment))]
