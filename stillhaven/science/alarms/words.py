"""What does an alarm say?  Sentences a colleague would say, from the templates of the reference files."""

from __future__ import annotations

from collections import defaultdict

from stillhaven.science.alarms.conditions import AlarmCondition
from stillhaven.science.alarms.plan import AlarmPlan, LimitSetting
from stillhaven.science.alarms.stretches import Stretch

FIELDS = frozenset({"value", "limit", "unit", "name", "set_by", "note", "signal", "probe"})


def detail(plan: AlarmPlan, condition: AlarmCondition, signal: str, probe: str, stretch: Stretch) -> str:
    """The line under the title: value, limit, who set it, or what was noticed."""
    known = plan.signal_by_key.get(signal)
    words = defaultdict(
        str,
        value=number(plan, signal, stretch.value),
        limit=number(plan, signal, stretch.limit),
        unit=known.unit if known else "",
        name=known.name if known else signal.replace("_", " "),
        set_by=stretch.set_by,
        note=stretch.note,
        signal=signal,
        probe=probe,
    )
    return " ".join(condition.detail.format_map(words).split())


def number(plan: AlarmPlan, signal: str, value: float | None) -> str:
    """A value with the decimals of its signal; a dash where there is none.

    A value is never rounded onto its limit: 94.6 of a signal without decimals reads 94.6.
    """
    if value is None:
        return "–"
    known = plan.signal_by_key.get(signal)
    text = f"{value:.{known.decimals if known else 0}f}"
    return text if float(text) == value else f"{value:g}"


def limit_change(plan: AlarmPlan, setting: LimitSetting, before: LimitSetting | None) -> tuple[str, str]:
    """Title and detail of a changed limit."""
    condition = plan.by_key[setting.condition]
    known = plan.signal_by_key.get(setting.signal)
    unit = f" {known.unit}" if known else ""
    old = "no limit" if before is None or before.value is None else number(plan, setting.signal, before.value) + unit
    new = "no limit" if setting.value is None else number(plan, setting.signal, setting.value) + unit
    name = known.name if known else setting.signal.replace("_", " ")
    return f"Limit changed: {condition.title}", f"{name}: from {old} to {new} by {setting.set_by}"
