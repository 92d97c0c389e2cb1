"""What may an alarm be about?  `alarms/*.toml`, one condition a file, into frozen science objects.

A condition's key is the name of its file.  `settings.toml` holds the numbers that belong to none.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from stillhaven.reference.files import Shelf, Table
from stillhaven.science.alarms.conditions import (
    AlarmCondition,
    AlarmReference,
    Basis,
    CitedLimit,
    Comparison,
    Kind,
    Phase,
    Priority,
    Rule,
    Tier,
)
from stillhaven.science.alarms.words import FIELDS
from stillhaven.science.protocol import Drug
from stillhaven.science.vitals import Quality, Signal

FOLDER = "alarms"
SETTINGS = f"{FOLDER}/settings.toml"
_BY_LIMIT = (Rule.PAST_LIMIT, Rule.TWICE_OR_RISING, Rule.SCORE)


def read_alarms(shelf: Shelf | Path, signals: Mapping[str, Signal] | None = None) -> AlarmReference:
    """All conditions, in the order of their files' names.  What is wrong with them is noted on the shelf.

    A path is the folder that holds the files.  Without `signals`, signal names are not checked.
    """
    if isinstance(shelf, Path):
        shelf = Shelf(shipped=shelf.parent)
    pause, recheck, give_up = _settings(shelf.read(SETTINGS))
    found: list[AlarmCondition] = []
    for name in shelf.names(FOLDER):
        if name != SETTINGS:
            whole = shelf.read(name)
            condition = _condition(PurePosixPath(name).stem, whole, signals)
            if condition is not None:
                found.append(condition)
    keys = {condition.key: condition for condition in found}
    for condition in found:
        _check_names(shelf, condition, keys)
    return AlarmReference(
        conditions=tuple(found),
        audio_pause_max_s=pause,
        recheck_after_s=recheck,
        recheck_give_up_s=give_up,
    )


def _settings(whole: Table) -> tuple[float, float, float]:
    whole.raw("review")
    found = (_time(whole, "audio_pause_max"), _time(whole, "recheck_after"), _time(whole, "recheck_give_up"))
    whole.close()
    return tuple(seconds or 0.0 for seconds in found)  # type: ignore[return-value]


def _condition(key: str, whole: Table, signals: Mapping[str, Signal] | None) -> AlarmCondition | None:
    whole.raw("review")
    kind, rule = whole.choice("kind", Kind), whole.choice("rule", Rule)
    condition = None
    if kind is not None and rule is not None:
        source = whole.texts("source", needed=True)
        condition = AlarmCondition(
            key=key,
            title=whole.text("title"),
            kind=kind,
            rule=rule,
            tiers=(),
            detail=whole.text("detail"),
            action=whole.text("action"),
            source=", ".join(source),
            confirmed=whole.flag("confirmed"),
            signals=whole.texts("signals"),
            comparison=whole.choice("comparison", Comparison, needed=rule in _BY_LIMIT),
            delay_s=_time(whole, "delay", needed=False) or 0.0,
            latching=whole.flag("latching"),
            escalate_after_s=_time(whole, "escalate_after", needed=False),
            hysteresis=_plain(whole, "hysteresis") or 0.0,
            wait_s=_time(whole, "wait", needed=rule in (Rule.DEVICE_SILENT, Rule.WRONG_MODE, Rule.CLOCK_OFF)) or 0.0,
            rising_readings=whole.whole("readings", needed=rule is Rule.TWICE_OR_RISING) or 0,
            limits_of=whole.text("limits_of", needed=False),
            yields_to=whole.texts("yields_to"),
            qualities=tuple(whole.choices("qualities", Quality, needed=rule is Rule.NO_VALUE)),
            phase=whole.choice("phase", Phase, needed=False) or Phase.ANY,
            drugs=tuple(whole.choices("drugs", Drug)),
        )
        tiers = tuple(tier for row in whole.rows("tier") if (tier := _tier(row, condition)) is not None)
        condition = replace(condition, tiers=tiers)
        _check(whole, condition, signals)
    for name in ("fact", "inference"):
        whole.raw(name)
    whole.close()
    return condition


def _tier(row: Table, condition: AlarmCondition) -> Tier | None:
    key, priority = row.text("key"), row.choice("priority", Priority)
    action = row.text("action", needed=False)
    shipped = tuple(limit for part in row.rows("limit") if (limit := _limit(part, condition)) is not None)
    candidates = tuple(limit for part in row.rows("candidate") if (limit := _limit(part, condition)) is not None)
    row.close()
    if priority is None or not key:
        return None
    return Tier(key=key, priority=priority, action=action, shipped=shipped, candidates=candidates)


def _limit(row: Table, condition: AlarmCondition) -> CitedLimit | None:
    signal = row.text("signal")
    if signal not in condition.signals:
        row.wrong("signal", f"{signal!r} is not one of this condition's signals")
    basis = row.choice("basis", Basis, needed=False) or Basis.ABSOLUTE
    value = (
        _points(row) if condition.rule is Rule.SCORE else _value(row, "%" if basis is Basis.PERCENT else _unit(signal))
    )
    source = row.texts("source", needed=True)
    confirmed = row.flag("confirmed")
    note, where = row.text("note", needed=False), row.text("where", needed=False)
    for name in ("fact", "via", "inference"):
        row.raw(name)
    row.close()
    if value is None:
        return None
    return CitedLimit(
        signal=signal, value=value, source=", ".join(source), confirmed=confirmed, basis=basis, where=where, note=note
    )


def _points(row: Table) -> float | None:
    """A line on a scale has no unit: `at_most = 3`."""
    name = "at_least" if row.has("at_least") else "at_most"
    return row.number(name)


def _value(row: Table, unit: str) -> float | None:
    value, written = row.number("value"), row.text("unit")
    if written and written != unit:
        row.wrong("unit", f"{written} is not {unit or 'a unit of this signal'}")
        return None
    return value


def _unit(signal: str) -> str:
    """The one unit that this signal's name ends in."""
    units = {"_per_min": "/min", "_mmhg": "mmHg", "_pct": "%", "_c": "degC"}
    return next((unit for suffix, unit in units.items() if signal.endswith(suffix)), "")


def _time(whole: Table, name: str, *, needed: bool = True) -> float | None:
    """`[delay] value, unit, source, confirmed`, in seconds."""
    part = whole.table(name, needed=needed)
    if part is None:
        return None
    value, unit = part.number("value"), part.text("unit")
    for other in ("source", "confirmed", "fact", "where", "note", "via"):
        part.raw(other)
    part.close()
    factor = {"s": 1.0, "min": 60.0}.get(unit)
    if factor is None:
        part.wrong("unit", f"{unit!r} is not s or min")
    elif value is not None and value < 0:
        part.wrong("value", "is under 0")
    return None if factor is None or value is None else value * factor


def _plain(whole: Table, name: str) -> float | None:
    """A number in the unit of the condition's signals."""
    part = whole.table(name, needed=False)
    if part is None:
        return None
    value = part.number("value")
    for other in ("unit", "source", "confirmed", "fact", "note"):
        part.raw(other)
    part.close()
    if value is not None and value < 0:
        part.wrong("value", "is under 0")
    return value


def _check(whole: Table, condition: AlarmCondition, signals: Mapping[str, Signal] | None) -> None:
    if not condition.tiers:
        whole.wrong("tier", "is missing: how urgent is it?")
    weights = [tier.priority.weight for tier in condition.tiers]
    if weights != sorted(weights):
        whole.wrong("tier", "worse tiers come later and have no lower priority")
    if len({tier.key for tier in condition.tiers}) != len(condition.tiers):
        whole.wrong("tier", "has the same key twice")
    if condition.rule not in _BY_LIMIT and len(condition.tiers) > 1:
        whole.wrong("tier", "only conditions with limits have more than one")
    needs_signals = condition.rule in (*_BY_LIMIT, Rule.OBSERVED)
    if needs_signals and not condition.signals:
        whole.wrong("signals", "is missing")
    if signals is not None and condition.rule in (Rule.PAST_LIMIT, Rule.TWICE_OR_RISING, Rule.NO_VALUE):
        for name in condition.signals:
            if name not in signals:
                whole.wrong("signals", f"{name!r} is not a signal of signals.toml")
    _check_words(whole, condition.detail)
    _check_shipped(whole, condition, signals)


def _check_words(whole: Table, detail: str) -> None:
    try:
        fields = {name for _, name, _, _ in string.Formatter().parse(detail) if name is not None}
    except ValueError as error:
        whole.wrong("detail", str(error))
        return
    for name in sorted(fields - FIELDS):
        whole.wrong("detail", f"{{{name}}} is not one of {', '.join(sorted(FIELDS))}")


def _check_shipped(whole: Table, condition: AlarmCondition, signals: Mapping[str, Signal] | None) -> None:
    """Shipped limits are absolute, can be a living person's, and stand further out with each tier."""
    outward = 1.0 if condition.comparison is not None and condition.comparison.upward else -1.0
    last: dict[str, float] = {}
    for tier in condition.tiers:
        for limit in (*tier.shipped, *tier.candidates):
            signal = (signals or {}).get(limit.signal)
            absolute = limit.basis is Basis.ABSOLUTE
            if absolute and signal is not None and not signal.low <= limit.value <= signal.high:
                whole.wrong(f"tier[{tier.key}]", f"{limit.value:g} cannot be a living person's {limit.signal}")
        for limit in tier.shipped:
            if limit.basis is not Basis.ABSOLUTE:
                whole.wrong(f"tier[{tier.key}].limit", "only absolute limits can be shipped")
            if limit.signal in last and outward * (limit.value - last[limit.signal]) < 0:
                whole.wrong(f"tier[{tier.key}].limit", "is nearer than that of the milder tier")
            last[limit.signal] = limit.value


def _check_names(shelf: Shelf, condition: AlarmCondition, keys: Mapping[str, AlarmCondition]) -> None:
    file = f"{FOLDER}/{condition.key}.toml"
    for name in condition.yields_to:
        if name not in keys:
            shelf.wrong(file, "yields_to", f"{name!r} is not a condition")
        elif keys[name].yields_to:
            shelf.wrong(file, "yields_to", f"{name!r} yields to others itself")
    if condition.limits_of:
        lender = keys.get(condition.limits_of)
        if lender is None or not lender.has_limits:
            shelf.wrong(file, "limits_of", f"{condition.limits_of!r} is not a condition with limits")
        elif lender.comparison is not condition.comparison or any(lender.tier(t.key) is None for t in condition.tiers):
            shelf.wrong(file, "limits_of", "has another comparison, or not these tiers")
    elif condition.rule is Rule.TWICE_OR_RISING:
        shelf.wrong(file, "limits_of", "is missing: whose limits does it use?")
