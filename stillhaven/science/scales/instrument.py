"""How is a questionnaire or an interview built: its questions, its scores, its severity bands, its licence?

One definition has a version.  What was answered under one version is read with that version for ever: a total without
its version is not comparable (PEG mean or sum, Aldrete 10 or 12 points, SHAPS 0-14 or 14-56 all go by one name).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from stillhaven.science.errors import BadInput
from stillhaven.science.protocol import Cite, Review
from stillhaven.science.scales.observed import Cut


class Mode(StrEnum):
    """Who gives the answers."""

    SELF = "self"
    CLINICIAN = "clinician"
    EITHER = "either"

    @property
    def by_patient(self) -> bool:
        return self is not Mode.CLINICIAN


class Direction(StrEnum):
    """Which way is worse.  Percent improvement takes it from here and from nowhere else."""

    HIGHER_WORSE = "higher_worse"
    HIGHER_BETTER = "higher_better"
    NONE = "none"  # neither: a kind of experience, not an illness


class LicenceCode(StrEnum):
    """What the owner lets travel with the software."""

    SHIP = "ship"
    SHIP_WITH_NOTICE = "ship_with_notice"
    REGISTER = "register"
    NONCOMMERCIAL_ONLY = "noncommercial_only"
    PERMISSION = "permission"
    REFUSED = "refused"
    UNCLEAR = "unclear"
    CRITERIA_ONLY = "criteria_only"

    @property
    def ships(self) -> bool:
        """May item text travel with the software?"""
        return self in (LicenceCode.SHIP, LicenceCode.SHIP_WITH_NOTICE)

    @property
    def words(self) -> str:
        return {
            "ship": "its text comes with the software",
            "ship_with_notice": "its text comes with the software, with its notice",
            "register": "free, but the clinic registers with the owner first",
            "noncommercial_only": "free for non-commercial use only: ask the owner",
            "permission": "the owner's written permission, or a fee",
            "refused": "the owner has refused; only a licence of the clinic's own will do",
            "unclear": "no usable grant was found: ask the owner",
            "criteria_only": "criteria in our own words; the printed form is its owner's",
        }[self]


@dataclass(frozen=True, kw_only=True)
class Licence:
    """Who owns the words, and what may be done with them."""

    code: LicenceCode
    text: str
    notice: str = ""
    cite: Cite


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One answer: its weight, its words, its code.  Points come from this table, never from the words."""

    value: float
    text: str = ""
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question.  `text` is "" where the licence lets only the number ship; `name` is a label of our own.

    `reverse` turns the points round (low + high - answer).  `asked_if` is (question, answer): asked only after it.
    `not_assessed` are codes that are written down but mean "no answer" (HAM-D 16: 3 is not three points).
    `well` is a sentence that is true of whoever gives the lowest answer: such sentences can be said together, in one tap.
    """

    key: str
    number: int
    low: float
    high: float
    text: str = ""
    name: str = ""
    choices: tuple[Choice, ...] = ()
    only: tuple[float, ...] = ()
    reverse: bool = False
    weight: float = 1.0
    scored: bool = True
    decimal: bool = False
    loinc: str = ""
    asked_if: tuple[str, float] | None = None
    not_assessed: tuple[float, ...] = ()
    well: str = ""

    @property
    def label(self) -> str:
        """What it is called where its text is not there."""
        return self.text or self.name or f"Item {self.number}"

    @property
    def values(self) -> tuple[float, ...]:
        """Every answer that may be given, where they can be counted."""
        if self.decimal:
            return ()
        if self.only:
            return tuple(sorted({*self.only, *self.not_assessed}))
        return tuple(sorted({*map(float, range(int(self.low), int(self.high) + 1)), *self.not_assessed}))

    @property
    def shown_choices(self) -> tuple[Choice, ...]:
        """The answers as they stand on the page: with words where there are any, else the bare numbers."""
        worded = {choice.value: choice for choice in self.choices}
        return tuple(worded.get(value, Choice(value=value)) for value in self.values) or self.choices

    def points(self, answer: float) -> float:
        """What an answer counts.

        >>> Question(key="3", number=3, low=0, high=1, reverse=True).points(0)
        1.0
        """
        return self.weight * ((self.low + self.high - answer) if self.reverse else answer)

    def check(self, answer: float) -> None:
        """BadInput unless this is an answer that the question offers."""
        if answer in self.not_assessed:
            return
        if self.decimal:
            if not self.low <= answer <= self.high:
                raise BadInput(f"item {self.key}", f"must lie between {self.low:g} and {self.high:g}")
        elif answer not in self.values:
            raise BadInput(f"item {self.key}", f"must be one of {', '.join(f'{v:g}' for v in self.values)}")


@dataclass(frozen=True, kw_only=True)
class Condition:
    """At least `count` of these questions are answered with their mark or more; with `below`, with less than it."""

    marks: Mapping[str, float]
    count: int = 1
    below: bool = False


@dataclass(frozen=True, kw_only=True)
class Grade:
    """One step of a rule that gives a word instead of a number.  Reached when all its conditions hold."""

    key: str
    label: str
    rank: int
    needs: tuple[Condition, ...]


@dataclass(frozen=True, kw_only=True)
class Band:
    """A range of a score with a name; a value between two bands (a mean) belongs to the lower one."""

    low: float
    high: float
    label: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """Questions that are taken together: their sum, their highest, their number at or over a mark; then divided."""

    items: tuple[str, ...]
    take: str = "sum"  # "sum", "max", "count"
    divide: float = 1.0
    at_least: float = 0.0  # for "count"


@dataclass(frozen=True, kw_only=True)
class ScoreRule:
    """How one score of an instrument is made.

    `most_missing`: so many gaps are made up for by the mean of what was answered in their part (None: any number as long
    as each part has an answer); with more the score is absent.  A gap never counts as zero.
    `table` turns the whole-number score `of` into another (a T-score).  `absent` says why there is no number at all.
    """

    key: str
    name: str
    low: float = 0.0
    high: float = 0.0
    parts: tuple[Part, ...] = ()
    times: float = 1.0
    most_missing: int | None = 0
    decimals: int | None = None  # rounded half up to so many; None: as it comes
    of: str = ""
    table: Mapping[int, float] = field(default_factory=dict)
    grades: tuple[Grade, ...] = ()
    none_label: str = ""
    bands: tuple[Band, ...] = ()
    cuts: tuple[Cut, ...] = ()
    absent: str = ""
    loinc: str = ""
    direction: Direction = Direction.HIGHER_WORSE
    cite: Cite = field(default_factory=lambda: Cite(source=()))

    @property
    def items(self) -> tuple[str, ...]:
        """Every question that this score needs."""
        named = [key for part in self.parts for key in part.items]
        named += [key for grade in self.grades for need in grade.needs for key in need.marks]
        return tuple(dict.fromkeys(named))

    def band(self, value: float | None) -> str:
        """The name of the band that a value lies in, "" where there is none."""
        if value is None:
            return ""
        found = [band.label for band in self.bands if band.low <= value]
        return found[-1] if found else ""


@dataclass(frozen=True, kw_only=True)
class Safety:
    """One answer that calls a person, whatever the total: at once, when it is saved."""

    item: str
    at_least: float
    kind: str  # "alert": crisis page and a task at once; "review": a task for staff
    action: str = ""
    cite: Cite = field(default_factory=lambda: Cite(source=()))


@dataclass(frozen=True, kw_only=True)
class ChangeLine:
    """One published statement on change: in points, in per cent of the start, or as a score at the end."""

    kind: str  # "reliable", "important", "response", "remission", "recovery"
    who: str
    cite: Cite
    points: float | None = None
    percent: float | None = None
    at_most: float | None = None
    below: float | None = None
    at_least: float | None = None
    of: str = "total"


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is known of change on this scale."""

    lines: tuple[ChangeLine, ...] = ()

    def of(self, kind: str) -> tuple[ChangeLine, ...]:
        return tuple(line for line in self.lines if line.kind == kind)


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """One version of one questionnaire or interview.

    `wording` False: numbers and scoring only; the clinic brings the licensed text.  `cannot` says why it cannot be
    filled in at all yet (its list of questions is the owner's).  `digest` names exactly this definition.
    """

    key: str
    fact: str
    name: str
    short: str
    about: str
    version: str
    mode: Mode
    direction: Direction
    questions: tuple[Question, ...]
    scores: tuple[ScoreRule, ...]
    licence: Licence
    cite: Cite
    review: Review
    recall: str = ""
    recall_days: int | None = None
    stem: str = ""
    change: Change = field(default_factory=Change)
    safety: tuple[Safety, ...] = ()
    loinc_panel: str = ""
    wording: bool = False
    cannot: str = ""
    brings_items: bool = False
    instead: str = ""
    trap: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    digest: str = ""

    @property
    def by_key(self) -> Mapping[str, Question]:
        return {question.key: question for question in self.questions}

    @property
    def main(self) -> ScoreRule | None:
        """The score that is meant when somebody says "the score"."""
        return self.scores[0] if self.scores else None

    @property
    def at_once(self) -> tuple[Question, ...]:
        """Questions that whoever is well can answer together, in one tap.  One that calls somebody at once never is."""
        return tuple(q for q in self.questions if q.well and q.key not in self.safety_items)

    @property
    def safety_items(self) -> tuple[str, ...]:
        """Questions that may never be left out of a form, and whose gap is itself a task."""
        return tuple(dict.fromkeys(rule.item for rule in self.safety if rule.kind == "alert"))

    def question(self, key: str) -> Question:
        found = self.by_key.get(key)
        if found is None:
            raise BadInput(f"item {key}", f"is not a question of {self.short}")
        return found

    def rule(self, key: str) -> ScoreRule:
        found = next((rule for rule in self.scores if rule.key == key), None)
        if found is None:
            raise BadInput("score", f"{key!r} is not a score of {self.short}")
        return found


def luhn_ok(code: str) -> bool:
    """Does a LOINC code's check digit fit?  Passing proves no meaning; failing proves that it is no LOINC code.

    >>> luhn_ok("44249-1"), luhn_ok("77040-1"), luhn_ok("89708-7")
    (True, False, False)
    """
    body, dash, check = code.partition("-")
    if not dash or not body.isdigit() or len(check) != 1 or not check.isdigit():
        return False
    total = 0
    for place, digit in enumerate(reversed(body + check)):
        n = int(digit) * (2 if place % 2 else 1)
        total += n - 9 if n > 9 else n
    return total % 10 == 0
