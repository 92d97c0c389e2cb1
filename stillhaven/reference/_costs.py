"""What do the files say of codes, payers, estimates and quoted prices?  A shelf of its own, beside the rules' numbers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from stillhaven.reference._facts import read_cite, read_review
from stillhaven.reference._sources import read_sources
from stillhaven.reference.check import check_facts
from stillhaven.reference.files import SHIPPED, Problem, Shelf, Table
from stillhaven.science.costs import Code, CostRules, Payer, Quoted, Said, WrongCodes
from stillhaven.science.errors import BadInput
from stillhaven.science.protocol import Drug, Route

FOLDER = "costs"


@lru_cache(maxsize=1)
def costs() -> CostRules:
    """The shipped tables, read once a process.  BadInput lists everything that is wrong with them."""
    rules, problems = read_costs()
    if problems:
        raise BadInput("cost files", "; ".join(str(problem) for problem in problems))
    return rules


def read_costs(shipped: Path = SHIPPED) -> tuple[CostRules, list[Problem]]:
    """What could be read, and everything that is wrong with it."""
    shelf = Shelf(shipped=shipped)
    known = read_sources(shelf)
    codes, wrong = _codes(shelf.read(f"{FOLDER}/codes.toml"))
    course, estimate = shelf.read(f"{FOLDER}/course.toml"), shelf.read(f"{FOLDER}/estimate.toml")
    diagnoses, release = _diagnoses(shelf.read(f"{FOLDER}/diagnoses.toml"))
    read_review(course)
    quoted = tuple(_quoted(row) for row in course.rows("quoted"))
    payers, ways = _said(course, "known"), _said(course, "way")
    listing = course.table("listing")
    stale = listing.quantity("stale_after", "d") if listing else None
    if listing:
        read_cite(listing)
    read_review(estimate)
    elements, says, due, asked, longest = _estimate(estimate)
    course.close()
    estimate.close()
    check_facts(shelf, known)
    rules = CostRules(
        version=shelf.version, codes=codes, wrong=wrong, quoted=quoted, known=payers, ways=ways, elements=elements,
        says=says, due=due, due_when_asked=asked, diagnoses=diagnoses, diagnoses_release=release,
        stale_after_d=int(stale or 0), longest_d=longest,
    )  # fmt: skip
    return rules, sorted(set(shelf.problems))


def _codes(whole: Table) -> tuple[Mapping[str, Code], tuple[WrongCodes, ...]]:
    read_review(whole)
    codes = {}
    for key, row in whole.named("code"):
        codes[key] = Code(
            key=key, system=row.text("system"), about=row.text("about"), part=row.text("part"),
            time_rule=row.text("time_rule", needed=False), routes=tuple(r.value for r in row.choices("routes", Route)),
            drug=_drug(row), payers=tuple(p.value for p in row.choices("payers", Payer)), since=row.day("from"),
            until=row.day("until"), cite=read_cite(row),
        )  # fmt: skip
        row.close()
    wrong = []
    for row in whole.rows("wrong"):
        wrong.append(
            WrongCodes(
                key=row.text("key"), codes=frozenset(row.texts("codes", needed=True)), beside=frozenset(row.texts("with")),
                drug=_drug(row), why=row.text("why"), cite=read_cite(row),
            )
        )  # fmt: skip
        row.close()
    whole.close()
    return MappingProxyType(codes), tuple(wrong)


def _drug(row: Table) -> str:
    found = row.choice("drug", Drug, needed=False)
    return found.value if found else ""


def _quoted(row: Table) -> Quoted:
    if row.text("unit") != "usd":
        row.wrong("unit", "is not usd")
    found = Quoted(
        key=row.text("key"), item=row.text("item"), routes=tuple(r.value for r in row.choices("routes", Route)),
        drug=_drug(row), low_usd=row.whole("low") or 0, high_usd=row.whole("high") or 0, cite=read_cite(row),
    )  # fmt: skip
    row.close()
    if not 0 < found.low_usd <= found.high_usd:
        row.wrong("low", "must lie over 0 and not over high")
    return found


def _said(whole: Table, name: str) -> tuple[Said, ...]:
    found = []
    for row in whole.rows(name):
        found.append(
            Said(
                key=row.text("key"), text=row.text("text"), title=row.text("title", needed=False), drug=_drug(row),
                payers=tuple(p.value for p in row.choices("payers", Payer)), cite=read_cite(row),
            )
        )  # fmt: skip
        row.close()
    return tuple(found)


def _estimate(whole: Table) -> tuple[tuple[Said, ...], tuple[Said, ...], tuple[tuple[int, int], ...], int, int]:
    elements = []
    for row in whole.rows("element"):
        title = row.text("title")
        elements.append(Said(key=row.text("key"), text=title, title=title, cite=read_cite(row)))
        row.close()
    due = []
    for row in whole.rows("due"):
        row.text("key")
        if row.text("unit") != "business days":
            row.wrong("unit", "is not business days")
        due.append((row.whole("ahead") or 0, row.whole("within") or 0))
        read_cite(row)
        row.close()
    asked, course = whole.table("asked"), whole.table("course")
    within = (asked.whole("within") if asked else None) or 0
    longest = course.quantity("longest", "d") if course else None
    for table in (asked, course):
        if table:
            read_cite(table)
    return tuple(elements), _said(whole, "says"), tuple(sorted(due)), within, int(longest or 0)


def _diagnoses(whole: Table) -> tuple[Mapping[str, str], str]:
    read_review(whole)
    release = whole.table("release")
    name = release.text("name") if release else ""
    if release:
        release.day("from")
        read_cite(release)
    found = {}
    for row in whole.rows("indication"):
        row.text("key")
        title = row.text("title")
        row.text("note", needed=False)
        read_cite(row)
        for code in row.texts("codes"):
            found[code] = title
        row.close()
    whole.close()
    return MappingProxyType(found), name
