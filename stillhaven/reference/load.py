"""What are the numbers that hold today?  The one door to the reference files.

`current()` gives the shipped numbers, `current(overlay)` those with a clinic's own folder laid over them.  Both are
frozen science objects; both refuse files that `stillhaven check` would refuse, and list everything that is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from stillhaven.reference._signals import SignalGroup, read_signals
from stillhaven.reference.files import Problem, Shelf
from stillhaven.science.errors import BadInput
from stillhaven.science.vitals import Signal


class BadReference(BadInput):
    """Reference files that cannot be used.  Carries every problem, each with its file and key."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("reference files", "; ".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, kw_only=True)
class Reference:
    """All numbers of one version.  `version` is the sha256 of the files it was read from."""

    version: str
    signals: Mapping[str, Signal]
    signal_groups: Mapping[str, SignalGroup]


@lru_cache(maxsize=8)
def current(overlay: Path | None = None) -> Reference:
    """The numbers that hold, read once a process.  Raises BadReference, naming every file and key that is wrong."""
    reference, problems = read(overlay)
    if problems:
        raise BadReference(problems)
    return reference


def read(overlay: Path | None = None) -> tuple[Reference, list[Problem]]:
    """What could be read, and everything that is wrong with it."""
    shelf = Shelf(overlay=overlay)
    signals, groups = read_signals(shelf)
    return (
        Reference(version=shelf.version, signals=signals, signal_groups=groups),
        sorted(shelf.problems),
    )
