"""Does something hold for this person: yes, no, or not known?  The few kinds of condition that every rule is made of.

A condition is data: reference files write it, this module answers it in three values.  What is not known stays not
known through every combination: "any of" is yes once one part is, "all of" is no once one part is, and only then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from stillhaven.science.candidacy_facts import MEDICINES, TRIALS, Kinds, known_fact, lower
from stillhaven.science.facts import Known, Trial
from stillhaven.science.limits import Limit, plain


class Kind(StrEnum):
    """What a condition asks."""

    IS = "is"  # the fact has one of these values
    ABOVE = "above"  # the number is over the limit
    BELOW = "below"
    AT_LEAST = "at_least"
    WITHIN = "within"  # the day lies at most so long ago
    RECORDED = "recorded"  # somebody has answered, measured or done it
    CLASS_TAKEN = "class_taken"
    MEDICINES_LISTED = "medicines_listed"
    TRIALS_COMPLETE = "trials_complete"
    ANY_OF = "any_of"
    ALL_OF = "all_of"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One condition.  `left_to` names the rule that asks for the fact: here, not known then counts as not so."""

    kind: Kind
    fact: str = ""
    values: tuple[bool | str, ...] = ()
    limit: Limit | None = None
    classes: tuple[str, ...] = ()
    parts: tuple[Condition, ...] = ()
    left_to: str = ""

    @property
    def facts(self) -> frozenset[str]:
        """Every fact that this condition may read, the two lists included."""
        own = {self.fact} if self.fact else set()
        if self.kind in (Kind.CLASS_TAKEN, Kind.MEDICINES_LISTED):
            own.add(MEDICINES)
        if self.kind is Kind.TRIALS_COMPLETE:
            own.add(TRIALS)
        return frozenset(own).union(*(part.facts for part in self.parts))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Whether a condition holds, in which words, what it rests on, and what to ask where it is not known."""

    holds: bool | None
    said: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()


def answer(condition: Condition, known: Known, kinds: Kinds, labels: Mapping[str, str], *, on: date) -> Answer:
    """Does the condition hold on this day?  `labels` are the names of the classes of medicines."""
    found = _answer(condition, known, kinds, labels, on)
    if found.holds is None and condition.left_to:
        return Answer(holds=False)
    return found


def _answer(condition: Condition, known: Known, kinds: Kinds, labels: Mapping[str, str], on: date) -> Answer:
    match condition.kind:
        case Kind.ANY_OF:
            return _any([answer(part, known, kinds, labels, on=on) for part in condition.parts])
        case Kind.ALL_OF:
            return _all([answer(part, known, kinds, labels, on=on) for part in condition.parts])
        case Kind.CLASS_TAKEN:
            return _taken(condition.classes, known, labels, on)
        case Kind.MEDICINES_LISTED:
            return _listed(known)
        case Kind.TRIALS_COMPLETE:
            return _trials(known)
    return _of_fact(condition, known, kinds, on)


def _any(found: list[Answer]) -> Answer:
    yes = [a for a in found if a.holds]
    if yes:
        return _together(True, yes)
    open_ones = [a for a in found if a.holds is None]
    return _together(None, open_ones) if open_ones else _together(False, found)


def _all(found: list[Answer]) -> Answer:
    no = [a for a in found if a.holds is False]
    if no:
        return _together(False, no)
    open_ones = [a for a in found if a.holds is None]
    return _together(None, open_ones) if open_ones else _together(True, found)


def _together(holds: bool | None, found: list[Answer]) -> Answer:
    return Answer(
        holds=holds,
        said=_once(text for a in found for text in a.said),
        used=_once(key for a in found for key in a.used),
        asks=_once(key for a in found for key in a.asks),
    )


def _once(items: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))  # type: ignore[call-overload]


def _of_fact(condition: Condition, known: Known, kinds: Kinds, on: date) -> Answer:
    kind = kinds[condition.fact]
    fact = known_fact(known, kind)
    if fact is None:
        return Answer(holds=None, said=(f"{lower(kind.label)}: not known",), asks=(kind.key,))
    value = fact.value
    said = f"{lower(kind.label)}: {kind.words(value)}"
    if kind.type == "date" and isinstance(value, date) and value > on:
        return Answer(holds=None, said=(f"{said}, which lies ahead",), asks=(kind.key,))
    if condition.kind is Kind.RECORDED:
        done = value is not False or kind.type == "bool"
        return Answer(holds=done, said=(said,), used=(kind.key,))
    if value is False and kind.type in ("date", "number"):  # asked, and not done: that is no value to compare
        return Answer(holds=None, said=(f"{lower(kind.label)}: not known",), asks=(kind.key,))
    return _compared(condition, value, said, on)


def _compared(condition: Condition, value: object, said: str, on: date) -> Answer:
    key, limit = condition.fact, condition.limit
    if condition.kind is Kind.IS:
        return Answer(holds=value in condition.values, said=(said,), used=(key,))
    if limit is None or limit.value is None:
        return Answer(holds=None, said=(f"{said}; the line is {limit.text if limit else 'not set'}",), asks=())
    if condition.kind is Kind.WITHIN and isinstance(value, date):
        days = (on - value).days
        return Answer(holds=days <= limit.value, said=(f"{said}, {days} days ago",), used=(key,))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        holds = {
            Kind.ABOVE: value > limit.value,
            Kind.BELOW: value < limit.value,
            Kind.AT_LEAST: value >= limit.value,
        }[condition.kind]
        word = {Kind.ABOVE: "over", Kind.BELOW: "under", Kind.AT_LEAST: "at least"}[condition.kind]
        return Answer(holds=holds, said=(f"{said}, {'' if holds else 'not '}{word} {plain(limit.value)}",), used=(key,))
    return Answer(holds=None, said=(f"{said}, which cannot be compared",), asks=(key,))


def _taken(classes: tuple[str, ...], known: Known, labels: Mapping[str, str], on: date) -> Answer:
    if known.medicines is None:
        return Answer(holds=None, said=("medicines: nobody has asked",), asks=(MEDICINES,))
    hits = [m for m in known.medicines if m.taken_on(on) and m.classes & set(classes)]
    if hits:
        names = [f"{m.name} ({', '.join(lower(labels.get(c, c)) for c in classes if c in m.classes)})" for m in hits]
        return Answer(holds=True, said=(f"takes {', '.join(names)}",), used=(MEDICINES,))
    loose = sum(m.key is None and m.taken_on(on) for m in known.medicines)
    unchecked = f"; {loose} not on the list and not checked" if loose else ""
    return Answer(holds=False, said=(f"none among the medicines{unchecked}",), used=(MEDICINES,))


def _listed(known: Known) -> Answer:
    if known.medicines is None:
        return Answer(holds=None, said=("medicines: nobody has asked",), asks=(MEDICINES,))
    return Answer(holds=True, said=(f"{len(known.medicines)} medicines listed",), used=(MEDICINES,))


def missing_of(trial: Trial) -> tuple[str, ...]:
    """What is not known of a trial that its history has to say."""
    asked = {
        "class": trial.drug_class or None,
        "highest dose": trial.highest_dose_mg,
        "weeks": trial.weeks,
        "taken as prescribed": trial.taken_as_prescribed,
        "outcome": trial.outcome,
    }
    return tuple(name for name, value in asked.items() if value is None)


def _trials(known: Known) -> Answer:
    if known.trials is None:
        return Answer(holds=None, said=("medicine trials: nobody has asked",), asks=(TRIALS,))
    gaps = [f"{t.drug}: {', '.join(missing_of(t))} not known" for t in known.trials if missing_of(t)]
    if gaps:
        return Answer(holds=False, said=tuple(gaps), used=(TRIALS,))
    return Answer(holds=True, said=(f"{len(known.trials)} trials recorded in full",), used=(TRIALS,))
