"""What is known about a person, so that rules can be asked?

A fact has a key from `reference/candidacy/facts.toml`, a value or None for "not known", and where it comes from.  Not
known is never "no": a rule that needs an unknown fact answers *unknown*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One answer.  `value`: a bool, a number in the fact's unit, a word of its choices, a date, words, or None."""

    key: str
    value: bool | float | str | date | tuple[str, ...] | None
    at: datetime | None = None  # when it was said or measured
    by: str = ""  # who said it: "patient", or a member of staff by name
    source: str = ""  # "patient", "staff", "document", "measured"


@dataclass(frozen=True, kw_only=True)
class Medicine:
    """One medicine that a person takes or took.  `key` is None for free text, which no rule has checked."""

    name: str
    key: str | None
    classes: frozenset[str] = frozenset()  # keys of reference/medicines/classes.toml
    dose: str = ""
    route: str = ""
    since: date | None = None
    until: date | None = None  # None: still taken
    at: datetime | None = None

    def taken_on(self, day: date) -> bool:
        """Is it taken on this day?  An open end counts as still taken."""
        return (self.since is None or self.since <= day) and (self.until is None or self.until >= day)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One earlier attempt with a medicine, as the person remembers it; None where they do not."""

    drug: str
    key: str | None  # key of the medicine list, None for free text
    drug_class: str = ""
    highest_dose_mg: float | None = None
    weeks: float | None = None
    outcome: str | None = None  # "none", "partial", "response", "remission", "worse"
    stopped_because: str = ""
    taken_as_prescribed: bool | None = None
    this_episode: bool | None = None
    dose_judged: bool | None = None  # a prescriber's own judgement that the dose was adequate, or not


@dataclass(frozen=True, kw_only=True)
class Known:
    """Everything that the rules of candidacy may ask.  `medicines` is None while nobody has asked for them."""

    facts: Mapping[str, Fact] = field(default_factory=dict)
    medicines: tuple[Medicine, ...] | None = None
    trials: tuple[Trial, ...] | None = None

    def value(self, key: str) -> bool | float | str | date | tuple[str, ...] | None:
        """The value of this fact, None where it is not known."""
        fact = self.facts.get(key)
        return None if fact is None else fact.value
