"""What must a clinic set, what do sources offer for it, and what has this clinic set?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from stillhaven.reference._facts import COUNTED, read_cite, read_review
from stillhaven.reference.files import Shelf, Table
from stillhaven.science.alarms.conditions import AlarmCondition, AlarmReference, Basis, Tier
from stillhaven.science.drugs import DrugFacts
from stillhaven.science.errors import BadInput
from stillhaven.science.policy import Candidate, Policy, PolicyItem
from stillhaven.science.protocol import Ceiling, Cite, Drug, Span
from stillhaven.science.units import Quantity
from stillhaven.science.vitals import Signal

FILE = "session/policy.toml"
SET = "session/policy_set.toml"
ALARM = "alarm."  # an item's key begins so: alarm.<condition>.<signal>.<tier>


def read_policy(shelf: Shelf, drugs: Mapping[Drug, DrugFacts]) -> Policy:
    """Every item with its candidates, and the values that the clinic's own folder sets."""
    whole = shelf.read(FILE)
    read_review(whole)
    read_cite(whole)
    ceilings = {ceiling.key: ceiling for facts in drugs.values() for ceiling in facts.ceilings}
    items = {key: _item(key, row, ceilings) for key, row in whole.named("item")}
    whole.close()
    for facts in drugs.values():
        for ceiling in facts.ceilings:
            if ceiling.policy and ceiling.policy not in items:
                why = f"{ceiling.policy!r} is not an item of {FILE}"
                shelf.wrong(f"drugs/{facts.drug.value}.toml", f"ceiling[{ceiling.key}].policy", why)
    if shelf.path(SET).is_file():
        _apply(shelf.read(SET), items)
    return Policy(items=MappingProxyType(items))


def _item(key: str, row: Table, ceilings: Mapping[str, Ceiling]) -> PolicyItem:
    unit, choices = row.text("unit", needed=False), row.texts("choices")
    low, high = row.number("low", needed=False), row.number("high", needed=False)
    title, why, fact = row.text("title"), row.text("why"), row.text("fact", needed=False)
    group, looser = row.text("group", needed=False), row.text("looser", needed=False)
    if looser not in ("", "higher", "lower"):
        row.wrong("looser", "is higher or lower: which way a limit lets more through")
    candidates = tuple(_candidate(part, unit, choices, ceilings) for part in row.rows("candidate"))
    row.close()
    if bool(unit) == bool(choices):
        row.wrong("unit", "an item has either a unit or choices")
    if unit:
        _known(row, unit)
        if low is None or high is None or low >= high:
            row.wrong("low", "a number needs low and high, in order, to guard against a slipped digit")
        for candidate in candidates:
            if candidate.value is not None and not (low or 0) <= candidate.value <= (high or 0):
                row.wrong("candidate", f"{candidate.value:g} lies outside low and high")
    return PolicyItem(
        key=key,
        fact=fact,
        title=title,
        why=why,
        unit=unit,
        choices=choices,
        low=low,
        high=high,
        candidates=candidates,
        group=group,
        looser=looser,
    )


def _candidate(row: Table, unit: str, choices: tuple[str, ...], ceilings: Mapping[str, Ceiling]) -> Candidate:
    if row.has("ceiling"):
        key = row.text("ceiling")
        row.close()
        ceiling = ceilings.get(key)
        if ceiling is None:
            row.wrong("ceiling", f"{key!r} is not a ceiling of any drug")
            return Candidate(text="", cite=read_cite(row))
        return Candidate(text=ceiling.title, cite=ceiling.cite, value=Quantity(ceiling.limit, ceiling.unit).to(unit))
    value, choice = row.number("value", needed=False), row.text("choice", needed=False)
    low, high = row.number("low", needed=False), row.number("high", needed=False)
    candidate = Candidate(
        text=row.text("text"),
        value=value,
        choice=choice,
        span=Span(unit=unit, low=low, high=high) if low is not None or high is not None else None,
        cite=read_cite(row),
    )
    row.close()
    if choice and choice not in choices:
        row.wrong("choice", f"{choice!r} is not one of {', '.join(choices)}")
    if sum((value is not None, bool(choice), candidate.span is not None)) != 1:
        row.wrong("value", "a candidate offers a value, a span or a choice")
    if low is not None and high is not None and low > high:
        row.wrong("low", f"{low:g} is over high {high:g}")
    return candidate


def _apply(whole: Table, items: dict[str, PolicyItem]) -> None:
    """Lay what the clinic set over the items, in the item's own unit and inside its bounds."""
    review = read_review(whole)
    for key, row in whole.named("set"):
        item = items.get(key)
        value, unit = row.number("value", needed=False), row.text("unit", needed=False)
        choice, by, on = row.text("choice", needed=False), row.text("by"), row.day("on")
        because = row.text("because", needed=False)
        row.close()
        if item is None:
            row.wrong("", f"is not an item of {FILE}")
            continue
        if not on:
            row.wrong("on", "is missing: on which day was it set?")
        name = "choice" if item.choices else "value"
        if why := item.why_not(value, choice):
            row.wrong(name, why)
            continue
        if unit != item.unit:
            row.wrong("unit", f"must be {item.unit}" if item.unit else "a choice has no unit")
            continue
        items[key] = replace(
            item,
            value=None if item.choices else value,
            choice=choice,
            set_by=by,
            set_on=on,
            because=because or review.by,
        )
    whole.close()


def alarm_items(alarms: AlarmReference, signals: Mapping[str, Signal]) -> tuple[PolicyItem, ...]:
    """An item for each alarm limit that neither the reference nor a label gives: it holds where an order sets none.

    The bounds are the signal's own: what a living person's monitor can show.
    """
    found = []
    for condition in alarms.conditions:
        if not condition.has_limits or condition.technical or condition.comparison is None:
            continue
        for tier in condition.tiers:
            for name in condition.signals:
                signal = signals.get(name)
                if signal is None or any(limit.signal == name for limit in tier.shipped):
                    continue
                found.append(_alarm_item(condition, tier, signal, condition.comparison.upward))
    return tuple(found)


def _alarm_item(condition: AlarmCondition, tier: Tier, signal: Signal, upward: bool) -> PolicyItem:
    offered = tuple(
        Candidate(
            text=limit.note or condition.title,
            value=limit.value,
            cite=Cite(source=(limit.source,), where=limit.where, confirmed=limit.confirmed),
        )
        for limit in tier.candidates
        if limit.signal == signal.key and limit.basis is Basis.ABSOLUTE
    )
    step = {"warn": "warn", "act": "act at once"}.get(tier.key, tier.key)
    return PolicyItem(
        key=f"{ALARM}{condition.key}.{signal.key}.{tier.key}",
        fact="",
        title=f"{condition.title}: {signal.name}, {step}" if step else f"{condition.title}: {signal.name}",
        why=f"An alarm of {tier.priority.name.lower()} priority. Holds where an order sets no limit of its own.",
        unit=signal.unit,
        low=signal.low,
        high=signal.high,
        candidates=offered,
        group="alarms",
        optional=True,
        looser="higher" if upward else "lower",
    )


def _known(row: Table, unit: str) -> None:
    if unit in COUNTED:
        return
    try:
        Quantity(0.0, unit)
    except BadInput as error:
        row.wrong(error.field, error.why)
