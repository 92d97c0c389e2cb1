"""How well a set of questions is answered: for the tests of Ask and for its bench."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stillhaven.clinic.public import search

DATA = Path(__file__).parents[1] / "data"


@dataclass(frozen=True, kw_only=True)
class Done:
    """How many were asked, the shares of right pages, and what was not found."""

    asked: int
    first: float
    three: float
    missed: tuple[tuple[str, list[str]], ...]


def of_set(*names: str) -> list[dict[str, Any]]:
    """The questions of these files, each with the pages that answer it."""
    found: list[dict[str, Any]] = []
    for name in names:
        found += tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))["ask"]
    return found


def good(rows: Sequence[dict[str, Any]]) -> Done:
    """Ask all of them."""
    first = three = 0
    missed = []
    for row in rows:
        found = [hit.page for hit in search.find(row["words"], "en")]
        first += bool(found and found[0] in row["pages"])
        three += bool(set(found[:3]) & set(row["pages"]))
        if not found or found[0] not in row["pages"]:
            missed.append((row["words"], found))
    return Done(asked=len(rows), first=first / len(rows), three=three / len(rows), missed=tuple(missed))


def refused(lines: Iterable[str]) -> float:
    """The share of these questions for which nothing is shown."""
    asked = list(lines)
    return sum(not search.find(line, "en") for line in asked) / len(asked)
