"""How long did a response last before, in this person and in the clinic, and when is it time to look again?

Visits are sparse: a loss lies between the last form that still showed the response and the first of two that did not.
The clinic's curve is therefore the one for interval-censored times (Turnbull 1976), with a band from resampling.  What
comes out is a day on which to review, never a dose, and it says whose days it was read from.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from stillhaven.science.errors import BadInput

Floats = NDArray[np.float64]
_DAY = 86400.0
_STEPS, _CLOSE = 20_000, 1e-10
_BAND_STEPS, _BAND_CLOSE, _RESAMPLES, _SEED = 2_000, 1e-6, 200, 20261121


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One form: did it show at least the response that was agreed on?"""

    at: datetime
    held: bool


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """One response from its last session on.  Lost after `held_d` and not later than `lost_d`; None: not seen to be lost.

    `doubt` is one form under the line that no second one has confirmed; `again` says that a session came meanwhile.
    """

    began: datetime
    held_d: float
    lost_d: float | None
    doubt: bool = False
    again: bool = False

    @property
    def middle_d(self) -> float | None:
        """Half way between the two forms that enclose the loss."""
        return None if self.lost_d is None else (self.held_d + self.lost_d) / 2


def cycles(answers: Sequence[Answer], sessions: Sequence[datetime], *, apart_d: float) -> tuple[Cycle, ...]:
    """Every session after which a response was seen to stand, with what became of it before the next session.

    A loss needs two forms in a row under the line, at least `apart_d` days apart; it counts from the first of them.
    """
    forms, begun = sorted(answers, key=lambda a: a.at), sorted(sessions)
    found: list[Cycle] = []
    for place, start in enumerate(begun):
        end = begun[place + 1] if place + 1 < len(begun) else None
        before = [a for a in forms if a.at <= start]
        within = [a for a in forms if a.at > start and (end is None or a.at <= end)]
        made = _cycle(start, before[-1].held if before else False, within, apart_d, again=end is not None)
        if made is not None:
            found.append(made)
    return tuple(found)


def _cycle(start: datetime, stood: bool, forms: Sequence[Answer], apart_d: float, *, again: bool) -> Cycle | None:
    held: float | None = 0.0 if stood else None
    under: Answer | None = None
    for form in forms:
        days = (form.at - start).total_seconds() / _DAY
        if form.held:
            held, under = days, None
        elif held is not None and under is None:
            under = form
        elif held is not None and under is not None and (form.at - under.at).total_seconds() / _DAY >= apart_d:
            return Cycle(began=start, held_d=held, lost_d=(under.at - start).total_seconds() / _DAY, again=again)
    if held is None or not forms:
        return None
    return Cycle(began=start, held_d=held, lost_d=None, doubt=under is not None, again=again)


def after_induction(found: Sequence[Cycle], sessions: Sequence[datetime], *, apart_d: float) -> Cycle | None:
    """The cycle that began with the last session of the first run: none later within `apart_d` days of it."""
    begun = sorted(sessions)
    for place, start in enumerate(begun):
        following = begun[place + 1] if place + 1 < len(begun) else None
        if following is None or (following - start).total_seconds() / _DAY > apart_d:
            return next((cycle for cycle in found if cycle.began == start), None)
    return None


@dataclass(frozen=True, kw_only=True)
class Own:
    """What this person's own past says: how many losses were seen, and the span that each lies in."""

    lost: tuple[Cycle, ...]
    open: Cycle | None

    @property
    def typical_d(self) -> float | None:
        """The middle one of the middles, None where no loss was ever seen."""
        middles = [c.middle_d for c in self.lost if c.middle_d is not None]
        return statistics.median(middles) if middles else None

    @property
    def span_d(self) -> tuple[float, float] | None:
        """From the shortest that surely held to the longest that was surely over."""
        if not self.lost:
            return None
        return min(c.held_d for c in self.lost), max(c.lost_d for c in self.lost if c.lost_d is not None)


def own_history(found: Sequence[Cycle]) -> Own:
    """The losses so far, and the response that stands now, if one does."""
    last = max(found, key=lambda cycle: cycle.began) if found else None
    stands = last is not None and last.lost_d is None and not last.again
    return Own(lost=tuple(c for c in found if c.lost_d is not None), open=last if stands else None)


# ---------------------------------------------------------------- the clinic's curve


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Share whose response still stands, by days.  Inside (low, high] nobody knows where the mass lies."""

    n: int
    lost: int
    spans: tuple[tuple[float, float], ...]  # high may be infinite
    mass: tuple[float, ...]
    days: tuple[float, ...] = ()  # where the band was taken
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()

    def kept(self, day: float) -> tuple[float, float]:
        """The least and the most that may still stand on this day.

        >>> curve = turnbull([(0, 10), (0, 10), (20, 30), (20, None)])
        >>> curve.kept(5), [round(x, 2) for x in curve.kept(15)]
        ((0.5, 1.0), [0.5, 0.5])
        """
        least = 1.0 - sum(m for (a, _), m in zip(self.spans, self.mass, strict=True) if a < day)
        most = 1.0 - sum(m for (_, b), m in zip(self.spans, self.mass, strict=True) if b <= day)
        return max(0.0, min(1.0, least)), max(0.0, min(1.0, most))

    def band(self, day: float) -> tuple[float, float] | None:
        """The band at a day on which it was taken."""
        if day not in self.days:
            return None
        place = self.days.index(day)
        return self.low[place], self.high[place]


Interval = tuple[float, float | None]


def turnbull(
    intervals: Sequence[Interval], *, days: Sequence[float] = (), level: float = 0.95, resamples: int = _RESAMPLES
) -> Curve:
    """The curve that is most likely for losses known only as (after, not later than]; None: not seen to be lost.

    With `days` a band is made by drawing the same number of people anew, `resamples` times, always in the same way.
    """
    if not intervals:
        raise BadInput("intervals", "needs at least one person")
    ends = [(float(a), math.inf if b is None else float(b)) for a, b in intervals]
    if any(not math.isfinite(a) or a < 0 or b < a for a, b in ends):
        raise BadInput("intervals", "each begins at 0 or later and ends no earlier than it begins")
    kinds = sorted(set(ends))
    counts = np.array([ends.count(kind) for kind in kinds], dtype=np.float64)
    spans = _innermost(kinds)
    inside = np.array([[_covers(kind, span) for span in spans] for kind in kinds], dtype=np.float64)
    mass = _most_likely(inside, counts[None, :], _STEPS, _CLOSE)[0]
    made = Curve(
        n=len(ends), lost=sum(math.isfinite(b) for _, b in ends), spans=tuple(spans), mass=tuple(map(float, mass))
    )
    if not len(days):
        return made
    rng = np.random.default_rng(_SEED)
    drawn = rng.multinomial(len(ends), counts / counts.sum(), size=resamples).astype(np.float64)
    tried = _most_likely(inside, drawn, _BAND_STEPS, _BAND_CLOSE)
    starts, stops = np.array([a for a, _ in spans]), np.array([b for _, b in spans])
    tail = (1 - level) / 2
    low = [float(np.quantile(1 - tried[:, starts < day].sum(axis=1), tail)) for day in days]
    high = [float(np.quantile(1 - tried[:, stops <= day].sum(axis=1), 1 - tail)) for day in days]
    return Curve(
        n=made.n, lost=made.lost, spans=made.spans, mass=made.mass, days=tuple(map(float, days)),
        low=tuple(max(0.0, x) for x in low), high=tuple(min(1.0, x) for x in high),
    )  # fmt: skip


def _innermost(kinds: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Where mass can lie: a beginning that is followed at once by an end."""
    points: list[tuple[float, int, float]] = []
    for low, high in kinds:
        exact = low == high  # known to the moment: it begins just before it ends
        points += [(low, -1 if exact else 1, low), (high, 0, high)]
    points.sort()
    return sorted({(a[2], b[2]) for a, b in itertools.pairwise(points) if a[1] != 0 and b[1] == 0})


def _covers(kind: tuple[float, float], span: tuple[float, float]) -> bool:
    (low, high), (begins, ends) = kind, span
    if begins == ends:
        return kind == span or low < begins <= high
    return low <= begins and ends <= high


def _most_likely(inside: Floats, counts: Floats, most: int, close: float) -> Floats:
    """Turnbull's self-consistent shares, one row for each row of counts."""
    share = np.full((len(counts), inside.shape[1]), 1.0 / inside.shape[1])
    people = counts.sum(axis=1, keepdims=True)
    for _ in range(most):
        seen = share @ inside.T
        weight = np.divide(counts, seen, out=np.zeros_like(seen), where=seen > 0)
        fresh = share * (weight @ inside) / people
        moved = float(np.abs(fresh - share).max())
        share = fresh
        if moved < close:
            break
    return share


# ---------------------------------------------------------------- a day to look again


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A day on which somebody should look again, and whose days it was read from; None with the reason."""

    on: date | None
    basis: str  # "own", "clinic", ""
    why: str


def propose(own: Own, curve: Curve | None, *, least_people: int, kept_share: float, today: date) -> Proposal:
    """The day before which this person's shortest response held; without one, the clinic's days, once it has enough.

    Never a dose: the prescriber decides what the review comes to.
    """
    if own.open is None:
        return Proposal(on=None, basis="", why="no response stands now: there is nothing to keep, the plan is reviewed")
    if own.open.doubt:
        return Proposal(on=today, basis="own", why="the newest form is under the line: look again now")
    began = own.open.began
    if own.lost:
        span = own.span_d
        days = span[0] if span else 0.0
        times = "once" if len(own.lost) == 1 else f"{len(own.lost)} times"
        return Proposal(
            on=(began + timedelta(days=days)).date(), basis="own",
            why=f"a response was lost {times} before; the shortest surely held for {days:.0f} days",
        )  # fmt: skip
    if curve is None or curve.n < least_people:
        have = 0 if curve is None else curve.n
        return Proposal(
            on=None, basis="",
            why=f"no loss of this person was seen, and the clinic has {have} of the {least_people} people it takes",
        )  # fmt: skip
    day = next((d for d, low in zip(curve.days, curve.low, strict=True) if low < kept_share), None)
    if day is None:
        return Proposal(on=None, basis="", why="the clinic's curve does not fall that far")
    return Proposal(
        on=(began + timedelta(days=day)).date(), basis="clinic",
        why=f"until then at least {100 * kept_share:.0f} % of {curve.n} people here kept their response (lower bound)",
    )  # fmt: skip
