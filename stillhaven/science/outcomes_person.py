"""How is one person doing, against what, and is there enough to say so?

A score is compared only with scores of the same scale and version.  A form whose recall reaches back before the first
session is shown and kept out of the outcome.  Without enough data the answer is "not enough data": it is never blank,
and never "fine".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from stillhaven.science import outcomes
from stillhaven.science.findings import Finding, Verdict
from stillhaven.science.outcomes import Verdicts
from stillhaven.science.scales.instrument import Direction, Instrument

_DAY = 86400.0


@dataclass(frozen=True, kw_only=True)
class Point:
    """One form on the time line, tagged with the sessions around it.  `value` None: it came back without a score."""

    at: datetime
    value: float | None
    band: str
    name: str  # scale and version
    since_session_h: float | None
    sessions_so_far: int
    overlaps: bool  # its recall reaches back before the first session
    why: str = ""

    @property
    def days_since_session(self) -> float | None:
        return None if self.since_session_h is None else self.since_session_h / 24


def tagged(
    at: datetime, value: float | None, sessions: Sequence[datetime], *, name: str, recall_days: int | None,
    band: str = "", why: str = "",
) -> Point:  # fmt: skip
    """A form with hours since the last session, sessions so far, and whether it still asks about days before them."""
    past = [start for start in sessions if start <= at]
    first = min(past, default=None)
    overlaps = first is not None and recall_days is not None and (at - first).total_seconds() < recall_days * _DAY
    return Point(
        at=at, value=value, band=band, name=name, why=why, sessions_so_far=len(past), overlaps=overlaps,
        since_session_h=(at - max(past)).total_seconds() / 3600 if past else None,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Which two scores are compared, and the four verdicts on them.  A missing one is None."""

    baseline: Point | None
    latest: Point | None  # the newest score after the first session
    counted: Point | None  # the newest whose recall holds treated days only
    previous: Point | None
    best: Point | None
    verdicts: Verdicts
    counted_percent: float | None  # improvement of the newest score that counts
    previous_points: float | None  # better by, against the form before
    n: int  # forms of this scale and version with a score
    of: int  # all of them


def compare(points: Sequence[Point], instrument: Instrument) -> Comparison:
    """The last score before the first session against the newest one after it.

    Only points with the name of the newest one are compared: a total without its version says nothing.
    """
    every = sorted(points, key=lambda p: p.at)
    name = every[-1].name if every else ""
    mine = [p for p in every if p.name == name]
    scored = [p for p in mine if p.value is not None]
    before, after = [p for p in scored if not p.sessions_so_far], [p for p in scored if p.sessions_so_far]
    baseline, latest = before[-1] if before else None, after[-1] if after else None
    counted = next((p for p in reversed(after) if not p.overlaps), None)
    newest = latest or baseline
    previous = scored[scored.index(newest) - 1] if newest is not None and scored.index(newest) else None
    way = instrument.direction
    best = None
    if after and way is not Direction.NONE:
        best = min(after, key=lambda p: (p.value or 0.0) * (1 if way is Direction.HIGHER_WORSE else -1))
    gained = None
    if previous is not None and newest is not None and previous.value is not None and newest.value is not None:
        gained = outcomes.better_by(previous.value, newest.value, way)
    start = baseline.value if baseline else None
    return Comparison(
        baseline=baseline, latest=latest, counted=counted, previous=previous, best=best, previous_points=gained,
        verdicts=verdicts_of(instrument, start, latest.value if latest else None),
        counted_percent=verdicts_of(instrument, start, counted.value if counted else None).percent,
        n=len(scored), of=len(mine),
    )  # fmt: skip


def caseness_of(instrument: Instrument) -> float | None:
    """The cut-off of a screen, under which nobody is asked for a response.  None where the scale's file has none."""
    if instrument.main is None:
        return None
    return next((cut.at_least for cut in instrument.main.cuts if cut.key == "screen"), None)


def verdicts_of(instrument: Instrument, start: float | None, now: float | None) -> Verdicts:
    """The four verdicts by the scale's own file."""
    main = instrument.main
    low, high = (main.low, main.high) if main is not None else (0.0, 1.0)
    return outcomes.verdicts(
        start, now, instrument.change, instrument.direction, floor=low, ceiling=high, caseness=caseness_of(instrument)
    )


class Standing(StrEnum):
    """Where the course stands.  "Not enough data" is one of them."""

    ON_TRACK = "on_track"
    NOT_ON_TRACK = "not_on_track"
    RELAPSE_WATCH = "relapse_watch"
    NOT_ENOUGH = "not_enough_data"


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """What the signed plan asks for: so many per cent better after so many sessions.  It stands in for an expected path."""

    after_sessions: int
    fall_percent: float
    by: str


@dataclass(frozen=True, kw_only=True)
class Status:
    """The standing, why, and what it was read from."""

    standing: Standing
    because: str
    signs: tuple[Finding, ...] = ()


def status(found: Comparison, signs: Sequence[Finding], agreed: Agreed | None, sessions: int) -> Status:
    """Relapse signs come first, then the plan's own rule; whatever neither can say is not enough data.

    There is no expected path until one is fitted on the clinic's own people.
    """
    raised = tuple(sign for sign in signs if sign.verdict is Verdict.NOT_MET)
    if raised:
        return Status(standing=Standing.RELAPSE_WATCH, because="; ".join(s.because for s in raised), signs=raised)

    def short(why: str) -> Status:
        return Status(standing=Standing.NOT_ENOUGH, because=why)

    if not sessions:
        return short("no session yet: there is nothing to compare with")
    if found.baseline is None:
        return short("no score from before the first session")
    if found.latest is None:
        return short("no score since the first session")
    if found.counted is None:
        return short("every form since the first session still asks about days before it")
    if agreed is None:
        return short("no plan says after how many sessions how much better is expected")
    if found.counted.sessions_so_far < agreed.after_sessions:
        return short(
            f"the plan looks after {agreed.after_sessions} sessions; the newest form that counts came after "
            f"{found.counted.sessions_so_far}"
        )
    percent = found.counted_percent
    if percent is None:
        return short("the score at the start leaves no room for a share")
    rule = f"the plan asks for {agreed.fall_percent:g} % better after {agreed.after_sessions} sessions ({agreed.by})"
    good = percent >= agreed.fall_percent - 1e-9
    return Status(
        standing=Standing.ON_TRACK if good else Standing.NOT_ON_TRACK, because=f"{percent:.0f} % better; {rule}"
    )
