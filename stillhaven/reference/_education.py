"""Which pages does the public site ship, and what do they say?

One file a page in education/questions, myths, claims and topics.  The pages are a shelf of their own, beside the numbers
that rules use: a clinic changes them through drafts and approvals on its own site (clinic/public), not by files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from stillhaven.reference._sources import Source, read_sources
from stillhaven.reference.check import check_facts
from stillhaven.reference.files import SHIPPED, Problem, Shelf, Table
from stillhaven.science.ask import Rules, any_of
from stillhaven.science.education import (
    Finds,
    Grade,
    Kind,
    Library,
    Page,
    Part,
    Reviewed,
    Statement,
    Study,
    check_page,
)
from stillhaven.science.errors import BadInput
from stillhaven.science.selfcheck import Effect, Option, Question

FOLDER = "education"
KINDS = {"questions": Kind.QUESTION, "myths": Kind.MYTH, "claims": Kind.CLAIM, "topics": Kind.TOPIC}


@lru_cache(maxsize=1)
def education() -> Library:
    """The shipped pages, read once a process.  BadInput lists everything that is wrong with them."""
    library, problems = read_education()
    if problems:
        raise BadInput("education files", "; ".join(str(problem) for problem in problems))
    return library


@lru_cache(maxsize=1)
def sources() -> Mapping[str, Source]:
    """Every source that a page may name."""
    return read_sources(Shelf())


def read_education(shipped: Path = SHIPPED) -> tuple[Library, list[Problem]]:
    """What could be read, and everything that is wrong with it."""
    shelf = Shelf(shipped=shipped)
    known = read_sources(shelf)
    studies = _studies(shelf.read(f"{FOLDER}/studies.toml"))
    everyday = shelf.read(f"{FOLDER}/words.toml")
    words, elsewhere = _words(everyday), everyday.table("elsewhere")
    for name in ("asking", "selfcheck", "help"):  # read below; checked like every other file
        shelf.read(f"{FOLDER}/{name}.toml")
    pages: dict[str, Page] = {}
    for folder, kind in KINDS.items():
        for name in shelf.names(f"{FOLDER}/{folder}"):
            whole = shelf.read(name)
            page = _page(name.removeprefix(f"{FOLDER}/").removesuffix(".toml"), whole)
            if page.kind is not kind:
                whole.wrong("kind", f"{page.kind.value!r} stands in the folder {folder}")
            try:
                check_page(page, known, studies)
            except BadInput as error:
                whole.wrong(error.field, error.why)
            pages[page.key] = page
    check_facts(shelf, known)
    library = Library(
        version=shelf.version,
        pages=MappingProxyType(pages),
        studies=MappingProxyType(studies),
        words=words,
        elsewhere=elsewhere.texts("asked") if elsewhere is not None else (),
    )
    return library, sorted(set(shelf.problems))


@lru_cache(maxsize=1)
def ask_rules() -> Rules:
    """Which sentences ask for help first, or for the safety page.  BadInput where a line is no pattern."""
    shelf = Shelf()
    whole = shelf.read(f"{FOLDER}/asking.toml")
    whole.table("review")
    crisis, unsafe = whole.table("crisis"), whole.table("unsafe")
    if crisis is None or unsafe is None:
        raise BadInput("education/asking.toml", "has no lines")
    try:
        rules = Rules(
            crisis=any_of(crisis.texts("says", needed=True)),
            **{name: any_of(crisis.texts(name, needed=True)) for name in _CRISIS},
            unsafe=any_of(unsafe.texts("says", needed=True)),
            unsafe_but_not=any_of(unsafe.texts("but_not", needed=True)),
        )
    except re.error as error:
        raise BadInput("education/asking.toml", f"a line is no pattern: {error}") from None
    if shelf.problems:
        raise BadInput("education/asking.toml", "; ".join(str(problem) for problem in shelf.problems))
    return rules


@lru_cache(maxsize=1)
def self_check() -> tuple[Question, ...]:
    """The questions of the self-check, in order.  BadInput lists what is wrong with them."""
    shelf = Shelf()
    whole = shelf.read(f"{FOLDER}/selfcheck.toml")
    whole.table("review")
    found = tuple(_question(row) for row in whole.rows("question"))
    whole.close()
    check_facts(shelf, sources())
    if shelf.problems:
        raise BadInput("education/selfcheck.toml", "; ".join(str(problem) for problem in shelf.problems))
    return found


def _question(row: Table) -> Question:
    found = Question(
        key=row.text("key"),
        text=row.text("text"),
        help=row.text("help", needed=False),
        many=row.flag("many"),
        options=tuple(_option(option) for option in row.rows("option")),
    )
    row.close()
    return found


def _option(row: Table) -> Option:
    facts = row.table("facts", needed=False)
    found = Option(
        key=row.text("key"),
        words=row.text("words"),
        effect=row.choice("effect", Effect) or Effect.UNKNOWN,
        because=row.text("because", needed=False),
        change=row.text("change", needed=False),
        ask=row.text("ask", needed=False),
        source=row.texts("source"),
        facts=MappingProxyType(dict(facts.data) if facts is not None else {}),
    )
    if found.because and not found.source:
        row.wrong("source", "a reason names its source")
    for name in ("confirmed", "via"):
        row.raw(name)
    row.close()
    return found


@dataclass(frozen=True, kw_only=True)
class CrisisLine:
    """Whom a person in danger can call besides the emergency number."""

    name: str
    number: str
    how: str
    where: str
    confirmed: bool


@lru_cache(maxsize=1)
def crisis_line() -> CrisisLine:
    """The shipped crisis line, with whether anybody has checked it."""
    row = Shelf().read(f"{FOLDER}/help.toml").table("crisis_line")
    if row is None:
        raise BadInput("education/help.toml", "has no crisis line")
    return CrisisLine(
        name=row.text("name"),
        number=row.text("number"),
        how=row.text("how"),
        where=row.text("where"),
        confirmed=row.flag("confirmed"),
    )


_CRISIS = ("death", "death_asked", "suicide", "about", "person")


def _page(key: str, whole: Table) -> Page:
    review = whole.table("review")
    page = Page(
        key=key,
        kind=whole.choice("kind", Kind) or Kind.TOPIC,
        group=whole.text("group"),
        title=whole.text("title"),
        claims=whole.texts("claims"),
        asked=whole.texts("asked"),
        review=_review(review) if review is not None else Reviewed(),
        statements=tuple(_statement(row) for row in whole.rows("say")),
    )
    whole.close()
    return page


def _review(row: Table) -> Reviewed:
    row.text("status")
    found = Reviewed(by=row.text("by", needed=False), on=row.day("on"), due=row.day("due"), written=row.day("written"))
    row.close()
    return found


def _statement(row: Table) -> Statement:
    found = Statement(
        text=row.text("text"),
        grade=row.choice("grade", Grade) or Grade.DESCRIPTION,
        source=row.texts("source", needed=True),
        part=row.choice("part", Part) or Part.ANSWER,
        head=row.text("head", needed=False),
        confirmed=row.flag("confirmed"),
        studies=row.texts("studies"),
    )
    row.text("via", needed=False)
    row.close()
    return found


def _studies(whole: Table) -> dict[str, Study]:
    found = {}
    whole.table("review")
    for key, row in whole.named("study"):
        found[key] = Study(
            key=key,
            title=row.text("title"),
            finds=row.choice("finds", Finds) or Finds.SAFETY,
            indications=row.texts("indications"),
            source=row.texts("source", needed=True),
            confirmed=row.flag("confirmed"),
        )
        row.text("via", needed=False)
        row.close()
    return found


def _words(whole: Table) -> Mapping[str, tuple[str, ...]]:
    """Everyday words and what our pages say for them."""
    whole.table("review")
    part = whole.table("means")
    found = {word: part.texts(word) for word in part.data} if part is not None else {}
    return MappingProxyType(found)
