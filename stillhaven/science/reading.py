"""How many years of school does a text ask of its reader?  The Flesch-Kincaid grade, for the pages that patients read.

    grade = 0.39 * words per sentence + 11.8 * syllables per word - 15.59

Syllables are counted by groups of vowels with the usual exceptions, which agrees with a dictionary within a few per cent
on plain English.  Names that nobody can swap for a shorter word (a drug, an illness, an agency) count as two syllables:
a reader of this site meets them on every page and knows them, and a shorter word would be a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# The names, each with the reason why it stays.
NAMES: dict[str, str] = {
    "ketamine": "the drug itself", "esketamine": "a drug of another name and other rules", "s-ketamine": "a drug",
    "spravato": "its brand, which people search for", "quetiapine": "a drug in a trial", "lamotrigine": "a drug",
    "theophylline": "a drug", "lithium": "a drug", "opioid": "a kind of drug", "opioids": "a kind of drug",
    "depression": "an illness", "anxiety": "an illness", "bipolar": "an illness", "fibromyalgia": "an illness",
    "psychosis": "an illness", "aneurysm": "an illness", "inflammation": "an illness",
    "infusion": "the treatment's name", "infusions": "the treatment's name", "suicide": "said plainly, never hidden",
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*|\d[\d,.]*")
_END = re.compile(r"[.!?:]+(?:\s|$|[\"”])")
_SILENT = re.compile(r"(?:[^laeiouy]es|[^laeiouy]e|[^aeioutd]ed)$")
_SPLIT = re.compile(r"[aeiouy]+")
_TWO = re.compile(r"ia(?!l$|n$)|io(?!n)|eo|ua|uou|yi|[aeiou]ing$")


def syllables(word: str) -> int:
    """Syllables of one word, by its vowels.

    >>> [syllables(w) for w in ("drip", "pressure", "needed", "watched", "ketamine", "537")]
    [1, 2, 2, 1, 2, 1]
    """
    low = word.lower().strip("'’-")
    if low in NAMES:
        return 2
    if not low or low[0].isdigit() or (word.isupper() and len(word) <= 5):
        return 1  # a figure or a short name in capitals is read at a glance
    if "-" in low:
        return sum(syllables(part) for part in low.split("-") if part)
    core = _SILENT.sub(lambda m: m[0][0], low) if len(low) > 3 else low
    count = len(_SPLIT.findall(core)) + len(_TWO.findall(core))
    if low.endswith("le") and len(low) > 3 and low[-3] not in "aeiouy":
        count += 0 if core.endswith("le") else 1
    return max(1, count)


def grade(text: str) -> float | None:
    """The Flesch-Kincaid grade of a text; None where there is nothing to read.

    >>> grade("We watch you. You can say stop.") < 2
    True
    """
    words = _WORD.findall(text)
    if not words:
        return None
    sentences = max(1, len(_END.findall(text.strip() + " ")))
    return 0.39 * len(words) / sentences + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def page_grade(texts: Iterable[str]) -> float | None:
    """The grade of a page: all its statements, one after the other."""
    return grade(" ".join(text.rstrip() + ("" if text.rstrip().endswith((".", "!", "?")) else ".") for text in texts))
