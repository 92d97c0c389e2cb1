"""The same inner loops under numba, when it is installed (`stillhaven[fast]`); otherwise numpy's.

Chosen at import.  `STILLHAVEN_PK_NUMBA=0` keeps numpy.  Results may differ in the last digits only: the same tests run
with both.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from stillhaven.science.pk import _numba as _fast
from stillhaven.science.pk import mammillary
from stillhaven.science.pk.models import Floats

if TYPE_CHECKING:
    from stillhaven.science.pk.fit import Problem

Search = Callable[[Floats], tuple[Floats, Floats, Floats, int, bool]]

AVAILABLE = _fast.COMPILED and os.environ.get("STILLHAVEN_PK_NUMBA", "1") != "0"
modes = _fast.modes if AVAILABLE else mammillary.modes
run = _fast.run if AVAILABLE else mammillary.run
tally = _fast.tally if AVAILABLE else mammillary.tally


def fitter(problem: Problem) -> Search | None:
    """The compiled search for this problem's optimum, or None where numpy has to do it."""
    found: Search | None = _fast.fitter(problem) if AVAILABLE else None
    return found
