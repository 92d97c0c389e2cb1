"""What do many people's courses come to, and what must be said beside it?

Shares with their intervals and with what is missing as a group of its own; how far the missing could move a share; which
published figure may stand beside it; which counts are too small to show; how far apart sites may lie by chance alone.
Nothing here says why scores changed: there is no control group in a clinic's own figures.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stillhaven.science.errors import BadInput
from stillhaven.science.outcomes import Interval, wilson
from stillhaven.science.protocol import Cite

HIDDEN = "*"  # stands where too few people share what stood there


@dataclass(frozen=True, kw_only=True)
class GroupRules:
    """The clinic's rules for reading many courses.  Lengths in days."""

    instrument: str
    window_low_d: float
    window_high_d: float
    window_nearest_d: float
    baseline_within_d: float
    induction_fewest: int
    induction_most: int
    induction_low_d: float
    induction_high_d: float
    cases: Mapping[str, float]  # scale -> the score from which on somebody is asked for a response
    scales: Mapping[str, tuple[str, ...]]  # kind of indication -> the scales it is read by, the first of them first
    small_cell: int
    model_fewest: int
    model_until_d: float
    age_cap_y: int
    shift_most_d: int
    cites: Mapping[str, Cite]

    @property
    def caseness(self) -> float:
        """The line of the one primary scale."""
        return self.cases[self.instrument]

    def case(self, scale: str) -> float | None:
        """From which score on somebody is asked for a response; None: everybody is."""
        return self.cases.get(scale, self.cases.get(scale.partition("@")[0]))

    @property
    def window(self) -> str:
        """The window's name: what a comparator must share.

        It is made from the days, so that a clinic that moves its window loses the comparators of the other one.
        """
        return f"{self.window_low_d:g}-{self.window_high_d:g} d after induction"


@dataclass(frozen=True, kw_only=True)
class Comparator:
    """One published figure of other clinics."""

    key: str
    measure: str  # "response", "remission", "worse", "ideation", "reach"
    indication: str  # the kind of indication: "depression"
    instrument: str
    window: str
    family: str  # drug and route: "iv_ketamine", "esketamine"
    percent: float
    n: int | None
    rule: str
    note: str
    null: tuple[str, ...]
    cite: Cite


@dataclass(frozen=True, kw_only=True)
class NullTrial:
    """A trial that found no difference: it stands beside every comparator of its kind."""

    key: str
    text: str
    indications: tuple[str, ...]
    families: tuple[str, ...]
    cite: Cite


def like_for_like(
    comparators: Sequence[Comparator], *, measure: str, instrument: str, window: str, family: str,
    indication: str = "depression",
) -> tuple[Comparator, ...]:  # fmt: skip
    """Those that may be drawn beside this bar: same measure, scale, window, drug and route, and kind of indication."""
    wanted = (measure, instrument, window, family, indication)
    return tuple(c for c in comparators if (c.measure, c.instrument, c.window, c.family, c.indication) == wanted)


# ---------------------------------------------------------------- one measure


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How many of a group: yes, no, and not known; the share among those known, and what the unknown could make of it.

    `if_none` is the share should every unknown be a no, `if_all` should every one be a yes.  None: nobody is there.
    """

    yes: int
    no: int
    unknown: int
    interval: Interval | None
    if_none: Interval | None
    if_all: Interval | None

    @property
    def known(self) -> int:
        return self.yes + self.no

    @property
    def everyone(self) -> int:
        return self.known + self.unknown


def rate(yes: int, no: int, unknown: int) -> Rate:
    """A share that does not hide what is missing.

    >>> r = rate(288, 249, 8479)
    >>> round(100 * r.interval.low, 1), round(100 * r.interval.high, 1)
    (49.4, 57.8)
    >>> round(100 * r.if_none.share, 1), round(100 * r.if_all.share, 1)
    (3.2, 97.2)
    """
    if min(yes, no, unknown) < 0:
        raise BadInput("count", "cannot be less than nobody")
    known, everyone = yes + no, yes + no + unknown
    return Rate(
        yes=yes, no=no, unknown=unknown,
        interval=wilson(yes, known) if known else None,
        if_none=wilson(yes, everyone) if everyone else None,
        if_all=wilson(yes + unknown, everyone) if everyone else None,
    )  # fmt: skip


# ---------------------------------------------------------------- small cells


def is_small(count: int, least: int) -> bool:
    """Nobody is not a small number of people: it names no one."""
    return 0 < count < least


def suppress(cells: Mapping[str, int], least: int) -> dict[str, int | None]:
    """Parts of one known whole, with None for each that is too small and for what would give it away by subtraction.

    >>> suppress({"yes": 4, "no": 40, "unknown": 30}, 11)
    {'yes': None, 'no': 40, 'unknown': None}
    >>> suppress({"yes": 40, "no": 0, "unknown": 30}, 11)
    {'yes': 40, 'no': 0, 'unknown': 30}
    """
    hidden = {key for key, count in cells.items() if is_small(count, least)}
    if hidden and (len(hidden) == 1 or sum(cells[key] for key in hidden) < least):
        rest = [key for key, count in cells.items() if key not in hidden and count > 0]
        if rest:
            hidden.add(min(rest, key=lambda key: (cells[key], key)))
    if len(hidden) == 1:  # the only cell that is not nothing: the whole itself is small, and so hides every cell
        return dict.fromkeys(cells)
    return {key: None if key in hidden else count for key, count in cells.items()}


def shown_cells(found: Rate, least: int) -> dict[str, int | None]:
    """Yes, no and unknown of one measure, where the number of those known may stand elsewhere on the page.

    A small yes hides the no as well, never the unknown in its place: the unknown could be worked out from the known.

    >>> shown_cells(rate(4, 70, 40), 11)
    {'yes': None, 'no': None, 'unknown': 40}
    >>> shown_cells(rate(40, 70, 3), 11)
    {'yes': None, 'no': 70, 'unknown': None}
    """
    cells = {"yes": found.yes, "no": found.no, "unknown": found.unknown}
    hidden: set[str] = set()
    if is_small(found.yes, least) or is_small(found.no, least):
        hidden = {"yes", "no"}
        if found.known < least or is_small(found.unknown, least):
            hidden = set(cells)
    elif is_small(found.unknown, least):
        beside = [key for key in ("yes", "no") if cells[key]]
        hidden = {"unknown", min(beside, key=lambda key: cells[key])} if beside else set(cells)
    return {key: None if key in hidden else count for key, count in cells.items()}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of the way from started to scored.  `low` and `high` are the same where the count may be shown."""

    key: str
    low: int
    high: int

    @property
    def shown(self) -> str:
        """
        >>> Step(key="x", low=110, high=119).shown, Step(key="x", low=0, high=10).shown
        ('110 to 119', 'fewer than 11')
        """
        if self.low == self.high:
            return str(self.low)
        return f"fewer than {self.high + 1}" if self.low == 0 else f"{self.low} to {self.high}"


def funnel_of_people(counts: Sequence[tuple[str, int]], least: int) -> tuple[Step, ...]:
    """Each step at most the one before; a small count, and a small loss from the last step shown, are given as ranges.

    >>> [s.shown for s in funnel_of_people([("started", 120), ("baseline", 116), ("scored", 60), ("later", 4)], 11)]
    ['120', '110 to 119', '60', 'fewer than 11']
    """
    out: list[Step] = []
    exact: int | None = None
    for key, count in counts:
        if exact is not None and count > exact:
            raise BadInput(key, "cannot be more than the step before")
        if is_small(count, least):
            out.append(Step(key=key, low=0, high=least - 1))
        elif exact is not None and is_small(exact - count, least):
            out.append(Step(key=key, low=max(0, exact - least + 1), high=exact - 1))
        else:
            out.append(Step(key=key, low=count, high=count))
            exact = count
    return tuple(out)


# ---------------------------------------------------------------- between sites


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Where a share of `n` people may lie by chance alone, around a common share."""

    n: int
    low: float
    high: float


def binomial_tail(n: int, p: float) -> list[float]:
    """Chance of at most k of n, for each k from 0 to n, by logarithms so that large n do not underflow."""
    if not 0 < p < 1:
        raise BadInput("share", "must lie between 0 and 1")
    k = np.arange(1, n + 1, dtype=np.float64)
    steps = np.log((n - k + 1) / k) + (math.log(p) - math.log1p(-p))
    alone = np.exp(n * math.log1p(-p) + np.concatenate(([0.0], np.cumsum(steps))))
    below: list[float] = np.minimum(1.0, np.cumsum(alone)).tolist()
    return below


def funnel_limits(n: int, centre: float, coverage: float) -> Limits:
    """Exact binomial limits of a funnel plot, interpolated so that they run smoothly (Spiegelhalter's rule).

    >>> at = funnel_limits(100, 0.5, 0.95)
    >>> round(at.low, 2), round(at.high, 2)
    (0.4, 0.59)
    """
    if n <= 0 or not 0 < coverage < 1:
        raise BadInput("n", "needs at least one person, and a coverage between 0 and 1")
    if centre <= 0 or centre >= 1:
        return Limits(n=n, low=max(0.0, min(1.0, centre)), high=max(0.0, min(1.0, centre)))
    below = binomial_tail(n, centre)
    ends = [_quantile(below, (1 - coverage) / 2), _quantile(below, (1 + coverage) / 2)]
    return Limits(n=n, low=max(0.0, ends[0] / n), high=min(1.0, ends[1] / n))


def _quantile(below: Sequence[float], tail: float) -> float:
    """The smallest k whose chance reaches the tail, less the part of it that goes too far."""
    k = min(bisect_left(below, tail), len(below) - 1)
    alone = below[k] - (below[k - 1] if k else 0.0)
    return k - (below[k] - tail) / alone if alone > 0 else float(k)


# ---------------------------------------------------------------- leaving the house


def shifted_days(digest: bytes, most: int) -> int:
    """By how many days one person's dates are moved, all alike: from a keyed hash, never 0.

    >>> shifted_days(bytes(32), 182), shifted_days(bytes([255] * 32), 182) != 0
    (-182, True)
    """
    if most < 1:
        raise BadInput("days", "must be at least one day")
    place = int.from_bytes(digest[:8], "big") % (2 * most)
    return place - most if place < most else place - most + 1


def capped_age(age_y: int, cap_y: int) -> int:
    """An age in years, with everybody over the cap in one group.

    >>> capped_age(41, 90), capped_age(97, 90)
    (41, 90)
    """
    return min(age_y, cap_y)


def hide_rare(rows: Sequence[Mapping[str, str]], keys: Sequence[str], least: int) -> list[dict[str, str]]:
    """Rows in which every combination of these keys is shared by enough people; the others have all of them hidden.

    What is hidden is itself a group: if that is too small, the smallest group that was shown joins it.

    >>> found = hide_rare([{"sex": "f"}] * 3 + [{"sex": "m"}], ["sex"], 3)
    >>> [row["sex"] for row in found]
    ['*', '*', '*', '*']
    """
    sizes: dict[tuple[str, ...], int] = {}
    for row in rows:
        own = tuple(row[key] for key in keys)
        sizes[own] = sizes.get(own, 0) + 1
    hidden = {own for own, count in sizes.items() if count < least}
    while hidden and sum(sizes[own] for own in hidden) < least and len(hidden) < len(sizes):
        hidden.add(min((own for own in sizes if own not in hidden), key=lambda own: (sizes[own], own)))
    out = []
    for row in rows:
        gone = tuple(row[key] for key in keys) in hidden
        out.append({key: HIDDEN if gone and key in keys else value for key, value in row.items()})
    return out
