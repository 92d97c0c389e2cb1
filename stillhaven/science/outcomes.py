"""What does a change between two scores of one person amount to?  Four verdicts that are never merged into one.

Response, remission, reliable change and "worse than at the start" each have their own rule and may disagree: somebody
who started low can be in remission without having responded.  A missing score is unknown, in every one of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from stillhaven.science.errors import BadInput
from stillhaven.science.scales.instrument import Change, ChangeLine, Direction

Z_95 = 1.959963984540054
RELIABLE_Z = 1.96


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A share with its bounds, as fractions of one."""

    share: float
    low: float
    high: float


def wilson(events: int, of: int, z: float = Z_95) -> Interval:
    """Wilson's interval of a share.

    >>> w = wilson(6, 27)
    >>> round(100 * w.low, 1), round(100 * w.high, 1)
    (10.6, 40.8)
    """
    if of <= 0 or not 0 <= events <= of:
        raise BadInput("of", "needs at least one person, and no more events than people")
    p = events / of
    centre = (p + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return Interval(share=p, low=max(0.0, centre - half), high=min(1.0, centre + half))


@dataclass(frozen=True, kw_only=True)
class OddsRatio:
    """An odds ratio with its Wald interval; None where a cell is empty."""

    value: float
    low: float
    high: float


def odds_ratio(events: tuple[int, int], of: tuple[int, int], z: float = Z_95) -> OddsRatio | None:
    """First group against second.

    >>> o = odds_ratio((22, 12), (40, 40))
    >>> round(o.value, 2), round(o.low, 2), round(o.high, 2)
    (2.85, 1.14, 7.15)
    """
    a, c = events
    b, d = of[0] - a, of[1] - c
    if min(a, b, c, d) <= 0:
        return None
    value, spread = a * d / (b * c), z * math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    return OddsRatio(value=value, low=value * math.exp(-spread), high=value * math.exp(spread))


def number_needed(events: tuple[int, int], of: tuple[int, int]) -> float | None:
    """One over the difference of two shares; None where there is none.

    >>> number_needed((22, 12), (40, 40))
    4.0
    """
    difference = events[0] / of[0] - events[1] / of[1]
    return None if difference == 0 else round(1 / abs(difference), 10)


# ---------------------------------------------------------------- one person


def better_by(start: float, now: float, direction: Direction) -> float | None:
    """Points of improvement: the scale says which way is better.  None where neither is.

    >>> better_by(18, 8, Direction.HIGHER_WORSE), better_by(40, 60, Direction.HIGHER_BETTER)
    (10, 20)
    """
    if direction is Direction.NONE:
        return None
    return start - now if direction is Direction.HIGHER_WORSE else now - start


def percent_better(start: float, now: float, direction: Direction, *, floor: float, ceiling: float) -> float | None:
    """Improvement in per cent of the way to the best score of the scale; None for who starts there.

    >>> percent_better(20, 10, Direction.HIGHER_WORSE, floor=0, ceiling=27)
    50.0
    >>> percent_better(0, 3, Direction.HIGHER_WORSE, floor=0, ceiling=27) is None
    True
    """
    points = better_by(start, now, direction)
    if points is None:
        return None
    room = start - floor if direction is Direction.HIGHER_WORSE else ceiling - start
    return None if room == 0 else 100.0 * points / room


def standard_error(sd: float, reliability: float) -> float:
    """Standard error of measurement.

    >>> round(standard_error(4.57, 0.91), 3)
    1.371
    """
    if sd <= 0 or not 0 <= reliability < 1:
        raise BadInput("reliability", "needs a spread over 0 and a reliability from 0 to under 1")
    return sd * math.sqrt(1 - reliability)


def least_reliable_change(sd: float, reliability: float) -> float:
    """The smallest change that measurement error alone would hardly make (Jacobson and Truax).

    >>> round(least_reliable_change(4.57, 0.91), 1), round(least_reliable_change(4.57, 0.84), 1)
    (3.8, 5.1)
    """
    return RELIABLE_Z * standard_error(sd, reliability) * math.sqrt(2)


def reliable_change_index(start: float, now: float, sd: float, reliability: float) -> float:
    """Change in units of its own measurement error; reliable from 1.96 on, either way."""
    return (now - start) / (standard_error(sd, reliability) * math.sqrt(2))


def significant_cutoff(mean_patients: float, sd_patients: float, mean_healthy: float, sd_healthy: float) -> float:
    """Where a score is as likely among the healthy as among patients.

    >>> significant_cutoff(16, 4, 4, 2)
    8.0
    """
    return (sd_healthy * mean_patients + sd_patients * mean_healthy) / (sd_healthy + sd_patients)


def responded(
    start: float | None, now: float | None, direction: Direction, *, fall_percent: float, floor: float, ceiling: float,
    caseness: float | None = None,
) -> bool | None:  # fmt: skip
    """At least so many per cent better than at the start.  None: unknown, or not asked of who started under the cut.

    >>> responded(20, 10, Direction.HIGHER_WORSE, fall_percent=50, floor=0, ceiling=27)
    True
    >>> responded(20, None, Direction.HIGHER_WORSE, fall_percent=50, floor=0, ceiling=27) is None
    True
    """
    if start is None or now is None or (caseness is not None and not _is_case(start, caseness, direction)):
        return None
    percent = percent_better(start, now, direction, floor=floor, ceiling=ceiling)
    return None if percent is None else percent >= fall_percent - 1e-9


def _is_case(start: float, caseness: float, direction: Direction) -> bool:
    return start >= caseness if direction is Direction.HIGHER_WORSE else start <= caseness


def remitted(now: float | None, line: ChangeLine) -> bool | None:
    """At or past an absolute cut-off, whatever the start was."""
    if now is None:
        return None
    if line.below is not None:
        return now < line.below
    if line.at_most is not None:
        return now <= line.at_most
    return None if line.at_least is None else now >= line.at_least


def changed_reliably(start: float | None, now: float | None, direction: Direction, points: float) -> int | None:
    """1 reliably better, -1 reliably worse, 0 neither; None unknown.

    >>> changed_reliably(12, 18, Direction.HIGHER_WORSE, 6), changed_reliably(12, 8, Direction.HIGHER_WORSE, 6)
    (-1, 0)
    """
    if start is None or now is None:
        return None
    gained = better_by(start, now, direction)
    if gained is None:
        return None
    return 1 if gained >= points else -1 if gained <= -points else 0


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """The four, side by side.  None is "not known", and each says by whose rule it was read."""

    start: float | None
    now: float | None
    points: float | None
    percent: float | None
    response: bool | None
    response_by: str
    remission: bool | None
    remission_by: str
    reliable: int | None
    reliable_by: str
    worse: bool | None


def verdicts(
    start: float | None, now: float | None, change: Change, direction: Direction, *, floor: float, ceiling: float,
    caseness: float | None = None,
) -> Verdicts:  # fmt: skip
    """All four for two scores of one scale and one version, each by the first line that the scale's file gives for it."""
    known = start is not None and now is not None
    gained = better_by(start, now, direction) if start is not None and now is not None else None
    percent = (
        percent_better(start, now, direction, floor=floor, ceiling=ceiling)
        if start is not None and now is not None
        else None
    )
    response, remission, reliable = (next(iter(change.of(k)), None) for k in ("response", "remission", "reliable"))
    return Verdicts(
        start=start, now=now, points=gained, percent=percent,
        response=_responded(response, start, now, direction, floor, ceiling, caseness),
        response_by=response.who if response else "",
        remission=remitted(now, remission) if remission else None,
        remission_by=remission.who if remission else "",
        reliable=changed_reliably(start, now, direction, reliable.points) if reliable and reliable.points else None,
        reliable_by=reliable.who if reliable else "",
        worse=gained < 0 if known and gained is not None else None,
    )  # fmt: skip


def _responded(
    line: ChangeLine | None, start: float | None, now: float | None, direction: Direction, floor: float, ceiling: float,
    caseness: float | None,
) -> bool | None:  # fmt: skip
    if line is None or start is None or now is None:
        return None
    if line.percent is not None:
        return responded(
            start, now, direction, fall_percent=line.percent, floor=floor, ceiling=ceiling, caseness=caseness
        )
    if line.points is None or (caseness is not None and not _is_case(start, caseness, direction)):
        return None
    gained = better_by(start, now, direction)
    return None if gained is None else gained >= line.points
