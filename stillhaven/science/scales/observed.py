"""How is a rating scale built, and what does a set of answers come to?

Each scale carries its own direction: MOAA/S counts down from 5 (alert), RASS is centred on 0.  They share a definition
and nothing else; no number of one is ever compared with a number of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stillhaven.science.errors import BadInput
from stillhaven.science.protocol import Cite, Review


@dataclass(frozen=True, kw_only=True)
class Level:
    """One answer: its number and its words ("" where the licence lets only the number ship)."""

    value: int
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One question.  `bands` are the lines in per cent that let a measurement answer it (`full_within`, `half_under`)."""

    key: str
    name: str
    low: int
    high: int
    levels: tuple[Level, ...] = ()
    bands: Mapping[str, float] = field(default_factory=dict)
    adapted: str = ""


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A published line on a scale: from (`at_least`), up to (`at_most`) or over (`over`) which it means something."""

    key: str
    means: str
    cite: Cite
    at_least: float | None = None
    at_most: float | None = None
    over: float | None = None

    def holds(self, score: float) -> bool:
        """
        >>> Cut(key="pass", means="may leave", at_least=9, cite=Cite(source=())).holds(9)
        True
        """
        return (
            (self.at_least is None or score >= self.at_least)
            and (self.at_most is None or score <= self.at_most)
            and (self.over is None or score > self.over)
        )


@dataclass(frozen=True, kw_only=True)
class Scale:
    """One scale.  `normal` is the value of a person who is as usual (MOAA/S 5, RASS 0), None where there is none.

    `ships_wording` False: numbers and scoring only, the clinic brings the licensed text.
    """

    key: str
    fact: str
    name: str
    short: str
    about: str
    low: int
    high: int
    items: tuple[Item, ...]
    cite: Cite
    review: Review
    normal: int | None = None
    better: str = ""  # "higher", "lower", "middle"
    cuts: tuple[Cut, ...] = ()
    ships_wording: bool = True
    trap: str = ""
    notes: tuple[str, ...] = ()

    def cut(self, key: str) -> Cut | None:
        return next((cut for cut in self.cuts if cut.key == key), None)

    def item(self, key: str) -> Item:
        found = next((item for item in self.items if item.key == key), None)
        if found is None:
            raise BadInput(self.key, f"has no item {key!r}")
        return found


@dataclass(frozen=True, kw_only=True)
class Score:
    """What a set of answers comes to.  `total` is None while any item is missing: a part is not the whole."""

    total: int | None
    missing: tuple[str, ...]


def score(scale: Scale, answers: Mapping[str, int | None]) -> Score:
    """The sum of all items.  An answer outside its item, or to no item of this scale, is a BadInput.

    >>> two = Scale(key="s", fact="", name="", short="", about="", low=0, high=4, cite=Cite(source=()),
    ...     review=Review(), items=(Item(key="a", name="", low=0, high=2), Item(key="b", name="", low=0, high=2)))
    >>> score(two, {"a": 2, "b": 1}).total, score(two, {"a": 2})
    (3, Score(total=None, missing=('b',)))
    """
    for key, value in answers.items():
        item = scale.item(key)
        if value is not None and (isinstance(value, bool) or not item.low <= value <= item.high):
            raise BadInput(f"{scale.key}.{key}", f"must be a whole number from {item.low} to {item.high}")
    missing = tuple(item.key for item in scale.items if answers.get(item.key) is None)
    if missing:
        return Score(total=None, missing=missing)
    return Score(total=sum(answers[item.key] or 0 for item in scale.items), missing=())
