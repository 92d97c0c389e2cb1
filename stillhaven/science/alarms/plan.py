"""Which limits are in force for this session, since when, and who set them?

A plan is made from the order's limits and the clinic's policy; limits that the reference ships (a label's number) hold
where neither says anything.  A limit nobody set stays unset, and says so on the screen.  Every change stays in the plan,
so that a replay judges each moment by the limits that held then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from stillhaven.science.alarms.codec import decode, encode
from stillhaven.science.alarms.conditions import AlarmCondition, AlarmReference, Basis, Comparison, Rule
from stillhaven.science.errors import BadInput
from stillhaven.science.vitals import Signal

SLACK_S = 5.0  # seconds that a caller's window reaches back beyond what the rules need


@dataclass(frozen=True, kw_only=True)
class LimitSetting:
    """One limit of one tier of one condition, as somebody set it.  `value` None takes the limit away.

    `because` says what the number was counted from ("20 % over the baseline of 120"), `source` where it comes from: the
    order, the policy, or a key of `sources.toml`.
    """

    condition: str
    signal: str
    tier: str
    value: float | None
    set_by: str
    set_at: datetime
    source: str = ""
    because: str = ""

    @property
    def slot(self) -> tuple[str, str, str]:
        return (self.condition, self.signal, self.tier)


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The clinic's own delay and escalation for one condition; None keeps the reference's."""

    condition: str
    delay_s: float | None = None
    escalate_after_s: float | None = None
    wait_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class AlarmPlan:
    """The conditions, limits and times in force for one session.

    `limits` holds every setting in the order in which they were made; `starting` how many of them the plan began with.
    """

    session: str
    made_at: datetime
    conditions: tuple[AlarmCondition, ...]
    limits: tuple[LimitSetting, ...]
    starting: int
    signals: tuple[Signal, ...]
    audio_pause_max_s: float
    recheck_after_s: float
    recheck_give_up_s: float

    @cached_property
    def by_key(self) -> Mapping[str, AlarmCondition]:
        return {condition.key: condition for condition in self.conditions}

    @cached_property
    def signal_by_key(self) -> Mapping[str, Signal]:
        return {signal.key: signal for signal in self.signals}

    @cached_property
    def settings(self) -> Mapping[tuple[str, str, str], tuple[LimitSetting, ...]]:
        """Every setting of each (condition, signal, tier), oldest first; what began unset begins with no limit."""
        found: dict[tuple[str, str, str], list[LimitSetting]] = {}
        for index, setting in enumerate(self.limits):
            if setting.slot not in found:
                unset = replace(setting, value=None, set_by="", set_at=self.made_at, source="", because="")
                found[setting.slot] = [] if index < self.starting else [unset]
            found[setting.slot].append(setting)
        return {slot: tuple(settings) for slot, settings in found.items()}

    @cached_property
    def window_s(self) -> float:
        """How many seconds of readings before the last asking `evaluate` needs to see; see `windows.trim`."""
        judged = {name for condition in self.conditions for name in condition.signals}
        stale = [s.stale_after_s for s in self.signals if s.key in judged and not s.intermittent]
        delays = [condition.delay_s + condition.wait_s for condition in self.conditions]
        return max(stale, default=0.0) + max(delays, default=0.0) + SLACK_S

    @property
    def changes(self) -> tuple[LimitSetting, ...]:
        """The settings made after the plan began: each is announced."""
        return self.limits[self.starting :]

    def history(self, condition: AlarmCondition, signal: str, tier: str) -> tuple[LimitSetting, ...]:
        return self.settings.get((condition.limits_of or condition.key, signal, tier), ())

    def in_force(self, condition: str, signal: str, tier: str, at: datetime) -> LimitSetting | None:
        """The setting that held at this moment; the first one also before it was made."""
        settings = self.settings.get((condition, signal, tier), ())
        held = [setting for setting in settings if setting.set_at <= at]
        return held[-1] if held else (settings[0] if settings else None)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON: a replay needs nothing else."""
        data: dict[str, Any] = encode(self)
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> AlarmPlan:
        return decode(cls, data)


def build_plan(
    reference: AlarmReference,
    *,
    session: str,
    signals: Mapping[str, Signal],
    made_at: datetime,
    order: Sequence[LimitSetting] = (),
    policy: Sequence[LimitSetting] = (),
    timings: Sequence[Timing] = (),
    drug: str = "",
    audio_pause_max_s: float | None = None,
) -> AlarmPlan:
    """The plan a session begins with: the order's limits before the policy's before those the reference ships.

    BadInput where a limit belongs to no condition, cannot be a living person's, or stands on the wrong side of another.
    """
    own = {timing.condition: timing for timing in timings}
    unknown = set(own) - set(reference.by_key)
    if unknown:
        raise BadInput("timings", f"no such condition: {', '.join(sorted(unknown))}")
    conditions = tuple(
        _timed(condition, own.get(condition.key))
        for condition in reference.conditions
        if not condition.drugs or drug in condition.drugs
    )
    chosen: dict[tuple[str, str, str], LimitSetting] = {}
    for setting in (*_shipped(conditions, made_at), *policy, *order):
        chosen[setting.slot] = setting
    kept = {condition.key for condition in conditions}
    limits = [s for s in chosen.values() if s.condition in kept or s.condition not in reference.by_key]
    plan = AlarmPlan(
        session=session,
        made_at=made_at,
        conditions=conditions,
        limits=tuple(sorted(limits, key=lambda s: s.slot)),
        starting=len(limits),
        signals=tuple(signals.values()),
        audio_pause_max_s=reference.audio_pause_max_s if audio_pause_max_s is None else audio_pause_max_s,
        recheck_after_s=reference.recheck_after_s,
        recheck_give_up_s=reference.recheck_give_up_s,
    )
    for setting in plan.limits:
        _check(plan, setting, made_at)
    return plan


def with_limit(plan: AlarmPlan, setting: LimitSetting) -> AlarmPlan:
    """The plan with one more setting, in force from `set_at`.  BadInput where it cannot be, or is not the newest."""
    if plan.changes and setting.set_at < plan.changes[-1].set_at:
        raise BadInput("set_at", "is before an earlier change")
    changed = replace(plan, limits=(*plan.limits, setting))
    _check(changed, setting, setting.set_at)
    return changed


def from_baseline(basis: Basis, amount: float, baseline: float, comparison: Comparison) -> float:
    """A limit counted from the patient's own baseline.

    >>> from_baseline(Basis.PERCENT, 20, 120, Comparison.ABOVE), from_baseline(Basis.RISE, 10, 38, Comparison.ABOVE)
    (144.0, 48.0)
    >>> from_baseline(Basis.PERCENT, 20, 120, Comparison.BELOW)
    96.0
    """
    if basis is Basis.ABSOLUTE:
        return float(amount)
    change = amount if basis is Basis.RISE else baseline * amount / 100.0
    return float(baseline + change if comparison.upward else baseline - change)


def _timed(condition: AlarmCondition, timing: Timing | None) -> AlarmCondition:
    if timing is None:
        return condition
    given = {
        name: value
        for name in ("delay_s", "escalate_after_s", "wait_s")
        if (value := getattr(timing, name)) is not None
    }
    for name, value in given.items():
        if value < 0:
            raise BadInput(name, f"of {condition.key} must not be under 0 s")
    return replace(condition, **given)


def _shipped(conditions: Iterable[AlarmCondition], made_at: datetime) -> Iterable[LimitSetting]:
    for condition in conditions:
        for tier in condition.tiers:
            for limit in tier.shipped:
                yield LimitSetting(
                    condition=condition.key,
                    signal=limit.signal,
                    tier=tier.key,
                    value=limit.value,
                    set_by="reference",
                    set_at=made_at,
                    source=limit.source,
                )


def _check(plan: AlarmPlan, setting: LimitSetting, at: datetime) -> None:
    """Could this limit ever be right?  Else BadInput."""
    name = ".".join(part for part in setting.slot if part)
    condition = plan.by_key.get(setting.condition)
    if condition is None or not condition.has_limits or condition.comparison is None:
        raise BadInput(name, "is not a condition that takes a limit")
    if setting.signal not in condition.signals or condition.tier(setting.tier) is None:
        raise BadInput(name, f"is not a signal and tier of {condition.key}")
    if setting.value is None:
        return
    if setting.value != setting.value:
        raise BadInput(name, "is not a number")
    signal = plan.signal_by_key.get(setting.signal)
    if signal is None and condition.rule is Rule.PAST_LIMIT:
        raise BadInput(name, f"{setting.signal} is not a signal this house knows")
    if signal is not None and not signal.low <= setting.value <= signal.high:
        raise BadInput(name, f"{setting.value:g} is outside {signal.low:g} to {signal.high:g} {signal.unit}")
    _check_order(plan, condition, setting, name, at)


def _check_order(plan: AlarmPlan, condition: AlarmCondition, setting: LimitSetting, name: str, at: datetime) -> None:
    """A worse tier lies further out; a low limit lies under the high limit of the same signal and phase."""
    upward = condition.comparison is not None and condition.comparison.upward
    mine = [tier.key for tier in condition.tiers].index(setting.tier)
    for other in plan.conditions:
        if not other.has_limits or other.comparison is None or setting.signal not in other.signals:
            continue
        for index, tier in enumerate(other.tiers):
            held = plan.in_force(other.key, setting.signal, tier.key, at)
            if held is None or held.value is None or setting.value is None:
                continue
            if other.key == condition.key and index != mine:
                further = (held.value > setting.value) if upward else (held.value < setting.value)
                nearer = (held.value < setting.value) if upward else (held.value > setting.value)
                if (index < mine and further) or (index > mine and nearer):
                    raise BadInput(name, f"{setting.value:g} and {tier.key} {held.value:g} are in the wrong order")
            elif other.comparison.upward != upward and other.phase is condition.phase:
                low, high = (held.value, setting.value) if upward else (setting.value, held.value)
                if low >= high:
                    raise BadInput(name, f"low limit {low:g} is not under high limit {high:g}")
