"""What does a person who types into the search box need first: help, a plain no, or an answer?

Rules, never likeness: a sentence that sounds like a crisis gets help before anything else; one about buying, dosing
oneself or taking it alone gets the safety page and nothing else.  In doubt it is a crisis.  A question about what is known
("does ketamine prevent suicide?") is a question.  The ranking of pages is below; its words come from the pages alone.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from stillhaven.science.education import Page, Part

LONGEST = 400  # characters of a question that are read; the box takes no more


class Need(StrEnum):
    """What a sentence asks for first."""

    CRISIS = "crisis"
    UNSAFE = "unsafe"
    ANSWER = "answer"


_FIX = {
    "kil": "kill", "kiling": "killing", "unalive": "kill", "kms": "kill myself", "wanna": "want to",
    "gonna": "going to", "gotta": "have to", "im": "i am", "ive": "i have", "id": "i would",
    "meself": "myself", "dieing": "dying", "cuting": "cutting",
}  # fmt: skip
_NEAR = {
    "suicide": 2, "suicidal": 2, "overdose": 2, "overdosed": 2, "myself": 1, "himself": 1, "herself": 1, "killing": 1,
}  # fmt: skip
_LOOKALIKES = {
    "decide",
    "decided",
    "decides",
    "suicides",
    "themself",
    "itself",
    "homicidal",
    "filling",
    "billing",
    "willing",
}


def plain(text: str) -> str:
    """A sentence without capitals, accents, signs and usual slips, so that rules can read it.

    >>> plain("I dont wanna  live, I'm sucidal")
    'i dont want to live i am suicidal'
    """
    low = unicodedata.normalize("NFKD", text[:LONGEST]).encode("ascii", "ignore").decode().lower()
    low = re.sub(r"['`]", "", low)
    low = re.sub(r"[^a-z0-9]+", " ", low).strip()
    words = " ".join(_FIX.get(word, _near(word)) for word in low.split())
    words = words.replace("my self", "myself").replace("him self", "himself").replace("her self", "herself")
    return re.sub(
        r"\b(?:do|does|did|is|are|was|can|will|wo|would|have|has) ?nt\b", lambda m: m[0].replace(" ", ""), words
    )


def _near(word: str) -> str:
    if len(word) < 5 or word in _NEAR or word in _LOOKALIKES:
        return word
    for meant, most in _NEAR.items():
        if word[0] == meant[0] and abs(len(word) - len(meant)) <= most and edits(word, meant) <= most:
            return meant
    return word


def edits(a: str, b: str) -> int:
    """Letters to add, drop, change or swap to turn one word into the other."""
    rows = [list(range(len(b) + 1))]
    for i, x in enumerate(a, start=1):
        row = [i]
        for j, y in enumerate(b, start=1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The sentences that ask for help first, or for the safety page: regular expressions over `plain` words."""

    crisis: re.Pattern[str]
    death: re.Pattern[str]
    death_asked: re.Pattern[str]
    suicide: re.Pattern[str]
    about: re.Pattern[str]
    person: re.Pattern[str]
    unsafe: re.Pattern[str]
    unsafe_but_not: re.Pattern[str]


def any_of(lines: Iterable[str]) -> re.Pattern[str]:
    """One pattern of many."""
    return re.compile("|".join(f"(?:{line})" for line in lines))


def need(text: str, rules: Rules) -> Need:
    """What this sentence needs first.  In doubt it is a crisis."""
    words = plain(text)
    if rules.crisis.search(words):
        return Need.CRISIS
    if rules.death.search(words) and not rules.death_asked.search(words):
        return Need.CRISIS
    if rules.suicide.search(words) and not _asks_what_is_known(words, rules):
        return Need.CRISIS
    if rules.unsafe.search(words) and not rules.unsafe_but_not.search(words):
        return Need.UNSAFE
    return Need.ANSWER


def _asks_what_is_known(words: str, rules: Rules) -> bool:
    """A question about suicide and this treatment in general, with nobody in it."""
    if rules.person.search(words):
        return False
    return bool(rules.about.search(words))


# ---------------------------------------------------------------- which page answers?
@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a page that the search reads, and how much it counts."""

    page: str
    text: str
    weight: float


def lines_of(page: Page) -> list[Line]:
    """What the search reads of a page, and how much each line counts."""
    found = [Line(page=page.key, text=page.title, weight=1.0)]
    found += [Line(page=page.key, text=text, weight=1.0) for text in page.asked]
    for s in page.statements:
        weight = {Part.SHORT: 0.75, Part.ANSWER: 0.7, Part.OVERSTATED: 0.5, Part.UNKNOWN: 0.4}[s.part]
        found.append(Line(page=page.key, text=s.text, weight=weight))
    return found


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """One line of a page as the search sees it: its stems, and how much it counts."""

    page: str
    stems: tuple[str, ...]
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A page that answers, and how well."""

    page: str
    score: float


def trigrams(word: str) -> frozenset[str]:
    """The runs of three letters of a word, as PostgreSQL's pg_trgm counts them."""
    padded = f"  {word} "
    return frozenset(padded[i : i + 3] for i in range(len(padded) - 2))


def likeness(a: str, b: str) -> float:
    """Shared runs of three letters, 0 to 1: what `similarity()` of pg_trgm gives.

    >>> round(likeness("ketamin", "ketamine"), 2)
    0.7
    """
    x, y = trigrams(a), trigrams(b)
    return len(x & y) / len(x | y) if x | y else 0.0


def rarity(pages_with: Mapping[str, int], pages: int) -> dict[str, float]:
    """How much a stem tells: a word of every page tells nothing."""
    return {stem: math.log((pages + 1) / (count + 0.5)) for stem, count in pages_with.items()}


def rank(asked: Mapping[str, float], phrases: Iterable[Phrase], tells: Mapping[str, float]) -> list[Hit]:
    """Pages by how well their best line fits what was asked, and by how much of it the whole page holds.

    `asked` are stems with what each counts (an everyday word that stands for another counts less than the word itself).
    """
    strange = max(tells.values(), default=1.0)  # a word that no page has tells that no page has it
    weight = {stem: count * tells.get(stem, strange) for stem, count in asked.items() if tells.get(stem, strange) > 0}
    size = math.sqrt(sum(w * w for w in weight.values()))
    if not size:
        return []
    best: dict[str, float] = {}
    held: dict[str, set[str]] = {}
    for phrase in phrases:
        shared = [stem for stem in phrase.stems if stem in weight and stem in tells]
        if not shared:
            continue
        held.setdefault(phrase.page, set()).update(shared)
        length = math.sqrt(sum(tells.get(stem, 0.0) ** 2 for stem in phrase.stems))
        fit = sum(weight[stem] * tells[stem] for stem in shared) / (size * length) if length else 0.0
        best[phrase.page] = max(best.get(phrase.page, 0.0), fit * phrase.weight)
    total = sum(weight.values())
    hits = [
        Hit(page=page, score=fit + 0.35 * sum(weight[stem] for stem in held[page]) / total)
        for page, fit in best.items()
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.page))


def fuse(words: Iterable[Hit], near: Mapping[str, float], share: float) -> list[Hit]:
    """Pages by how near they are in meaning, with a share of how well their words fit.

    A page whose words do not fit at all may still be near; one that is far gains little by a shared word.
    """
    fits = {hit.page: min(hit.score, 1.0) for hit in words}
    hits = [Hit(page=page, score=alike + share * fits.get(page, 0.0)) for page, alike in near.items()]
    return sorted(hits, key=lambda hit: (-hit.score, hit.page))


def good_enough(hits: Sequence[Hit], at_least: float, most: int, beside: float = 0.0) -> list[Hit]:
    """The hits worth showing: none is better than a wrong one.

    The first has to reach `at_least`; the others too, or only come near the first where `beside` says how near.
    """
    if not hits or hits[0].score < at_least:
        return []
    line = hits[0].score * beside if beside else max(at_least, 0.45 * hits[0].score)
    return [hit for hit in hits[:most] if hit.score >= line]
