"""What does the clinic ask a person before anything else, and which medicines does its search know?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

from stillhaven.reference._facts import read_cite, read_review
from stillhaven.reference.files import Shelf, Table
from stillhaven.science.intake import (
    UNKNOWN,
    Condition,
    IntakeRules,
    Kind,
    ListedMedicine,
    Question,
    Section,
)

FOLDER, SETTINGS = "intake", "intake/settings.toml"
MEDICINES, CLASSES, FACTS = "medicines/list.toml", "medicines/classes.toml", "candidacy/facts.toml"
KINDS = ("questions", "medicines", "trials")


def read_intake(shelf: Shelf) -> IntakeRules:
    """All sections in the order of their file names, with the medicines that can be searched."""
    classes = _labels(shelf, CLASSES, "class")
    facts = _labels(shelf, FACTS, "fact")
    sections = tuple(_section(shelf, name, facts) for name in shelf.names(FOLDER) if name != SETTINGS)
    _check(shelf, sections)
    settings = shelf.read(SETTINGS)
    read_review(settings)
    answering, adult = settings.table("answering"), settings.table("adult")
    found = IntakeRules(
        version=_version(shelf),
        sections=sections,
        medicines=read_medicines(shelf, classes),
        seconds_per_question=_number(answering),
        adult_y=_number(adult),
        class_labels=classes,
    )
    settings.close()
    return found


def _number(row: Table | None) -> float:
    """A number that has to be there; without it the file cannot be used, and nothing is assumed in its place."""
    if row is None:
        return float("nan")
    value = row.number("value")
    row.text("unit")
    read_cite(row)
    row.close()
    return float("nan") if value is None else value


def _labels(shelf: Shelf, name: str, kind: str) -> Mapping[str, str]:
    """Keys and labels of a file that another reader reads and checks."""
    whole = shelf.read(name)
    return MappingProxyType({key: row.text("label") for key, row in whole.named(kind)})


def _version(shelf: Shelf) -> str:
    """Names the questions as they are now, in the order of the files."""
    digest = hashlib.sha256()
    for name in shelf.names(FOLDER):
        digest.update(shelf.seen.get(name, b""))
    return digest.hexdigest()[:16]


def _section(shelf: Shelf, name: str, facts: Mapping[str, str]) -> Section:
    whole, stem = shelf.read(name), name.rpartition("/")[2].removesuffix(".toml")
    read_review(whole)
    read_cite(whole)
    kind = whole.text("kind", needed=False) or "questions"
    if kind not in KINDS:
        whole.wrong("kind", f"{kind!r} is not one of {', '.join(KINDS)}")
    section = Section(
        key=stem.partition("_")[2] or stem,
        title=whole.text("title"),
        about=whole.text("about", needed=False),
        kind=kind,
        none_title=whole.text("none_title", needed=False),
        photo=whole.texts("photo"),
        questions=tuple(_question(row, facts) for row in whole.rows("question")),
    )
    whole.close()
    return section


def _question(row: Table, facts: Mapping[str, str]) -> Question:
    fact = row.text("fact", needed=False)
    if fact and fact not in facts:
        row.wrong("fact", f"{fact!r} is not a fact of {FACTS}")
    options: dict[str, str] = {}
    part = row.table("options", needed=False)
    if part is not None:
        options = {key: part.text(key) for key in part.data}
        if UNKNOWN in options:
            part.wrong(UNKNOWN, "is offered with every choice; leave it out")
    unit = row.text("unit", needed=False)
    kind = row.choice("type", Kind) or Kind.TEXT
    if kind in (Kind.CHOICE, Kind.SEVERAL) and not options:
        row.wrong("options", "is missing: a choice has answers to choose from")
    question = Question(
        key=row.text("key"),
        label=row.text("label"),
        kind=kind,
        fact=fact,
        help=row.text("help", needed=False),
        counts=row.flag("counts", needed=False),
        options=MappingProxyType(options),
        shown_if=_condition(row),
        not_for_sex=row.texts("not_for_sex"),
        if_skipped=row.text("if_skipped", needed=False),
        person=row.text("person", needed=False),
        none=row.text("none", needed=False),
        none_says=row.text("none_says", needed=False),
        urgent=row.texts("urgent"),
        unit=unit,
        low=row.quantity("low", unit, needed=False),
        high=row.quantity("high", unit, needed=False),
    )
    row.close()
    allowed = {"yes", "no"} if kind is Kind.YES_NO else set(options)
    for name, values in (("none", {question.none} - {""}), ("urgent", set(question.urgent))):
        if values - allowed:
            row.wrong(name, f"{sorted(values - allowed)[0]!r} is not an answer of this question")
    return question


def _condition(row: Table) -> Condition | None:
    part = row.table("shown_if", needed=False)
    if part is None:
        return None
    found = Condition(question=part.text("question"), among=part.texts("among", needed=True))
    part.close()
    return found


def _check(shelf: Shelf, sections: tuple[Section, ...]) -> None:
    """Keys are used once; a question hangs on one that stands before it on the same screen."""
    seen: set[str] = set()
    for section in sections:
        here: dict[str, Question] = {}
        for question in section.questions:
            at = f"question[{question.key}]"
            if question.key in seen:
                shelf.wrong(f"{FOLDER}/{section.key}", at, "is a key that another question has")
            condition = question.shown_if
            if condition is not None:
                other = here.get(condition.question)
                allowed = {UNKNOWN, "yes", "no"} | (set(other.options) if other else set())
                if other is None or set(condition.among) - allowed:
                    shelf.wrong(f"{FOLDER}/{section.key}", at, "hangs on a question or answer that is not before it")
            seen.add(question.key)
            here[question.key] = question


def read_medicines(shelf: Shelf, classes: Mapping[str, str]) -> Mapping[str, ListedMedicine]:
    """The medicine list.  A class that classes.toml does not name is a slip."""
    whole = shelf.read(MEDICINES)
    read_review(whole)
    read_cite(whole)
    found: dict[str, ListedMedicine] = {}
    names: dict[str, str] = {}
    for key, row in whole.named("drug"):
        mine = row.texts("classes")
        for name in mine:
            if name not in classes:
                row.wrong("classes", f"{name!r} is not a class of {CLASSES}")
        medicine = ListedMedicine(
            key=key,
            name=row.text("name"),
            brands=row.texts("brands"),
            classes=frozenset(mine),
            main_class=mine[0] if mine else "",
            adequate_dose_mg=row.quantity("adequate_dose", "mg", needed=False),
        )
        row.close()
        for name in (medicine.name, *medicine.brands):
            if names.setdefault(name.lower(), key) != key:
                row.wrong("brands", f"{name!r} is the name of {names[name.lower()]} as well")
        found[key] = medicine
    whole.close()
    return MappingProxyType(found)
