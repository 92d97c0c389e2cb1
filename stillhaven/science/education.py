"""What do we tell people, how sure are we, and who has looked at it?

A page is a row of statements.  Each has a grade and its sources; none stands without.  A page that tells of a study with
a gain tells of the studies without one for the same problem, where there are any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from stillhaven.science.errors import BadInput
from stillhaven.science.reading import page_grade

MOST_YEARS_OF_SCHOOL = 8.0  # the reading level that the house promises (issue text, not a clinical number)


class Grade(StrEnum):
    """How sure we are of one statement."""

    HIGH = "high"
    MODERATE = "moderate"
    LOW = "low"
    VERY_LOW = "very_low"
    CONFLICTING = "conflicting"
    REGULATORY = "regulatory"
    PRACTICAL = "practical"
    DESCRIPTION = "description"


class Kind(StrEnum):
    """What sort of page."""

    QUESTION = "question"
    MYTH = "myth"
    CLAIM = "claim"
    TOPIC = "topic"


class Part(StrEnum):
    """Where on its page a statement stands."""

    SHORT = "short"
    ANSWER = "answer"
    OVERSTATED = "overstated"
    UNKNOWN = "unknown"


class Finds(StrEnum):
    """What a study found."""

    GAIN = "gain"
    NO_GAIN = "no_gain"
    SAFETY = "safety"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One thing that we say, with how sure we are and where it comes from."""

    text: str
    grade: Grade
    source: tuple[str, ...]
    part: Part = Part.ANSWER
    head: str = ""
    confirmed: bool = False
    studies: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """Who looked at a page, when, and when it is due again.  `by` is empty while no clinician has."""

    by: str = ""
    on: date | None = None
    due: date | None = None
    written: date | None = None

    def is_past(self, today: date) -> bool:
        """Is it time to look again?"""
        return self.due is not None and today > self.due


@dataclass(frozen=True, kw_only=True)
class Study:
    """One study in a line: who, against what, and whether it found a gain."""

    key: str
    title: str
    finds: Finds
    indications: tuple[str, ...]
    source: tuple[str, ...]
    confirmed: bool


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of the public site, in one language."""

    key: str  # "questions/is-it-safe": its file, and the tail of its address
    kind: Kind
    group: str
    title: str
    statements: tuple[Statement, ...]
    claims: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()  # how people ask for it: for the search, never shown
    review: Reviewed = field(default_factory=Reviewed)

    @property
    def slug(self) -> str:
        return self.key.rpartition("/")[2]

    def part(self, part: Part) -> tuple[Statement, ...]:
        return tuple(s for s in self.statements if s.part is part)

    @property
    def short(self) -> Statement:
        """The short answer, that stands first."""
        return self.part(Part.SHORT)[0]

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source of the page once, in the order in which it is first named."""
        return tuple(dict.fromkeys(key for s in self.statements for key in s.source))

    @property
    def studies(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(key for s in self.statements for key in s.studies))


@dataclass(frozen=True, kw_only=True)
class Library:
    """All shipped pages, and the studies they tell of."""

    version: str
    pages: Mapping[str, Page]
    studies: Mapping[str, Study]
    words: Mapping[str, tuple[str, ...]]  # everyday word -> the words of our pages
    elsewhere: tuple[str, ...] = ()  # what people ask that no page answers

    def of(self, kind: Kind) -> tuple[Page, ...]:
        return tuple(page for page in self.pages.values() if page.kind is kind)


def missing_null_trials(page: Page, studies: Mapping[str, Study]) -> list[str]:
    """Problems for which the page tells of a gain, and keeps quiet about a trial without one that we know of."""
    told = [studies[key] for key in page.studies if key in studies]
    gains = {i for study in told if study.finds is Finds.GAIN for i in study.indications}
    answered = {i for study in told if study.finds is Finds.NO_GAIN for i in study.indications}
    known = {i for study in studies.values() if study.finds is Finds.NO_GAIN for i in study.indications}
    return sorted((gains & known) - answered)


def check_page(page: Page, sources: Iterable[str], studies: Mapping[str, Study]) -> None:
    """Refuse a page that says something without grade or source, hides a null trial, or is too hard to read.

    BadInput names the field.  Shipped pages and what staff write pass the same check.
    """
    known = set(sources)
    if not page.title.strip():
        raise BadInput("title", "write a title")
    if len(page.part(Part.SHORT)) != 1:
        raise BadInput("short", "a page opens with one short answer")
    if not page.part(Part.UNKNOWN):
        raise BadInput("unknown", "say what we do not know: each page does")
    for number, s in enumerate(page.statements, start=1):
        if not s.text.strip():
            raise BadInput("statements", f"statement {number} is empty")
        if not s.source:
            raise BadInput("statements", f"statement {number} names no source: {s.text[:60]}")
        lost = [key for key in s.source if key not in known]
        if lost:
            raise BadInput("statements", f"statement {number} names {lost[0]!r}, which is no source we know")
        missing = [key for key in s.studies if key not in studies]
        if missing:
            raise BadInput("statements", f"statement {number} names {missing[0]!r}, which is no study we know")
    silent = missing_null_trials(page, studies)
    if silent:
        words = ", ".join(silent).replace("_", " ")
        raise BadInput("statements", f"tells of a gain for {words}, and of no trial that found none; one is known")
    level = page_grade(reading_text(page))
    if level is not None and level > MOST_YEARS_OF_SCHOOL:
        raise BadInput("statements", f"asks for {level:.1f} years of school; shorter sentences and words, at most 8")


def reading_text(page: Page) -> Sequence[str]:
    """What of a page is measured: every statement."""
    return [s.text for s in page.statements]
