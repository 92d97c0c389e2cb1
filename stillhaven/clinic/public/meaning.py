"""Which pages mean what a visitor asked, though they share no word with it?

Every sentence that the search reads of a page has a direction (`science/sentences.py`); a page is as near as its nearest.
The directions of shipped pages are shipped; those of a page that the clinic changed are worked out when the page is put into
use.  Kept in memory, a process at a time: nothing of it is stored, and nothing of what is asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillhaven.reference import _sentences
from stillhaven.reference._education import education
from stillhaven.science.ask import Line
from stillhaven.science.sentences import WIDTH, Encoder, Vector, mend

LANGUAGE = "en"  # the language that the model reads


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The lines of all pages as directions: one row a line."""

    version: str
    pages: tuple[str, ...]
    of: NDArray[np.intp]  # which page each row is of
    weight: Vector
    rows: Vector
    words: frozenset[str]  # every word of our pages: a slip most likely meant one of them
    elsewhere: Vector  # what people ask that no page answers: one row each


@dataclass(frozen=True, kw_only=True)
class Near:
    """How near a question is, 1 for the same sentence: to each page, and to what no page answers."""

    pages: Mapping[str, float]
    elsewhere: float

    @property
    def is_elsewhere(self) -> bool:
        return self.elsewhere > max(self.pages.values(), default=-1.0)


_sheets: dict[tuple[int, str], Sheet] = {}  # the newest of each site and language


def works(lang: str) -> bool:
    """Is the model there, and does it read this language?"""
    return lang == LANGUAGE and _sentences.encoder() is not None


def has(site: int, lang: str, version: str) -> bool:
    found = _sheets.get((site, lang))
    return found is not None and found.version == version


def learn(site: int, lang: str, version: str, lines: Sequence[Line]) -> None:
    """Keep the directions of these lines, and let go of those of an older version."""
    model = _sentences.encoder()
    if model is None:
        return
    pages = tuple(dict.fromkeys(line.page for line in lines))
    _sheets[site, lang] = Sheet(
        version=version,
        pages=pages,
        of=np.array([pages.index(line.page) for line in lines], dtype=np.intp),
        weight=np.array([line.weight for line in lines], dtype=np.float32),
        rows=_rows([line.text for line in lines], model),
        elsewhere=_rows(education().elsewhere, model),
        words=frozenset(word for line in lines for word in re.findall(r"[a-z]+", line.text.lower())),
    )


def _rows(texts: Sequence[str], model: Encoder) -> Vector:
    """The directions of these sentences: the shipped ones, and what is not among them worked out now."""
    known = {text: _sentences.stored().get(_sentences.name_of(text)) for text in texts}
    new = [text for text, row in known.items() if row is None]
    known |= dict(zip(new, model.vectors(new), strict=True))
    return np.array([known[text] for text in texts], dtype=np.float32).reshape(len(texts), WIDTH)


def near(text: str, site: int, lang: str) -> Near | None:
    """How near each page is to the question; None where nothing was learnt."""
    model, sheet = _sentences.encoder(), _sheets.get((site, lang))
    if model is None or sheet is None or not works(lang):
        return None
    asked = model.vector(as_read(text, model, sheet.words))
    alike = (sheet.rows @ asked) * sheet.weight
    best = np.full(len(sheet.pages), -1.0, dtype=np.float32)
    np.maximum.at(best, sheet.of, alike)
    return Near(
        pages={page: float(score) for page, score in zip(sheet.pages, best, strict=True)},
        elsewhere=float(max(sheet.elsewhere @ asked, default=-1.0)),
    )


def as_read(text: str, model: Encoder, words: frozenset[str]) -> str:
    """The question with slips mended, and with what a name that the model does not know stands for."""
    stands_for = education().words
    mended = mend(text, words | stands_for.keys(), model)
    names = [word for word in re.findall(r"[a-z]+", mended.lower()) if not model.knows(word) and word in stands_for]
    return " ".join([mended, *(meaning for word in names for meaning in stands_for[word])])
