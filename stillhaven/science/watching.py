"""Is somebody slipping: worse than at the start, up from their best, a response lost, a relapse after remission?

Each rule answers with a finding that names its source or says that it is our proposal.  A finding asks a person to look.
It never changes a dose.  Scores of one scale and one version only are compared; a score that is missing is not a zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from stillhaven.science.findings import Finding, Verdict, Weight
from stillhaven.science.outcomes import better_by, percent_better
from stillhaven.science.protocol import Cite
from stillhaven.science.scales.instrument import Direction


class Kind(StrEnum):
    """How a rule reads a line of scores."""

    WORSE_THAN_START = "worse_than_start"
    UP_FROM_BEST = "up_from_best"
    LOST_RESPONSE = "lost_response"
    RELAPSE = "relapse"
    ITEM_RISE = "item_rise"
    EVENT = "event"  # something happened that a person writes down


@dataclass(frozen=True, kw_only=True)
class WatchRule:
    """One rule.  Numbers that the scale's own file gives (reliable change) are not written here again."""

    key: str
    title: str
    kind: Kind
    scale: str = ""
    percent: float | None = None
    at_least: float | None = None
    remission_below: float | None = None
    times: int = 1
    apart: timedelta = timedelta()
    item: str = ""
    within: timedelta
    to_do: str
    cite: Cite = field(default_factory=lambda: Cite(source=()))

    @property
    def source(self) -> str:
        return self.cite.source[0] if self.cite.source else ""

    @property
    def is_proposal(self) -> bool:
        return not self.cite.confirmed


@dataclass(frozen=True, kw_only=True)
class Score:
    """One form as the watch reads it."""

    uid: UUID
    scale: str
    version: str
    taken_at: datetime
    total: float | None
    items: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Ruler:
    """What a scale's file says that is needed to compare two scores of it."""

    name: str
    direction: Direction
    floor: float
    ceiling: float
    reliable: float | None


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What one rule says of one course; `trigger` is the form that made it fire."""

    rule: WatchRule
    finding: Finding
    trigger: UUID | None = None

    @property
    def fires(self) -> bool:
        return self.finding.verdict is Verdict.NOT_MET


def watch(
    rules: Iterable[WatchRule], scores: Sequence[Score], rulers: Mapping[str, Ruler], first_session: datetime | None
) -> tuple[Watched, ...]:  # fmt: skip
    """What every rule says of this course.  Before the first session nothing is watched."""
    if first_session is None:
        return ()
    return tuple(_one(rule, scores, rulers, first_session) for rule in rules if rule.kind is not Kind.EVENT)


def _one(rule: WatchRule, scores: Sequence[Score], rulers: Mapping[str, Ruler], first: datetime) -> Watched:
    mine = sorted((s for s in scores if s.scale == rule.scale), key=lambda s: s.taken_at)
    ruler = rulers.get(rule.scale)
    if not mine or ruler is None:
        return _says(rule, Verdict.UNKNOWN, f"no {ruler.name if ruler else 'form'} has come in")
    newest = mine[-1]
    same = [s for s in mine if s.version == newest.version]
    if newest.taken_at <= first:
        return _says(rule, Verdict.UNKNOWN, f"no {ruler.name} since the first session")
    if rule.kind is Kind.ITEM_RISE:
        return _item(rule, same, ruler)
    before = [s for s in same if s.taken_at <= first and s.total is not None]
    after = [s for s in same if s.taken_at > first]
    if not before:
        return _says(rule, Verdict.UNKNOWN, f"no {ruler.name} of the same version from before the first session")
    if newest.total is None:
        return _says(rule, Verdict.UNKNOWN, f"the newest {ruler.name} has too many gaps for a total")
    start = before[-1]
    known = [s for s in after if s.total is not None]
    if rule.kind is Kind.WORSE_THAN_START:
        return _risen(rule, ruler, start, newest, "the score before the first session")
    if rule.kind is Kind.UP_FROM_BEST:
        best = min([start, *known], key=lambda s: (_badness(s, ruler), s.taken_at))
        return _risen(rule, ruler, best, newest, "the best score of the course")
    if rule.kind is Kind.LOST_RESPONSE:
        return _lost(rule, ruler, start, known)
    return _relapsed(rule, ruler, known)


def _badness(score: Score, ruler: Ruler) -> float:
    total = score.total or 0.0
    return total if ruler.direction is not Direction.HIGHER_BETTER else -total


def _risen(rule: WatchRule, ruler: Ruler, since: Score, newest: Score, what: str) -> Watched:
    if ruler.reliable is None:
        return _says(rule, Verdict.UNKNOWN, f"how much change of {ruler.name} is reliable is not known")
    assert since.total is not None and newest.total is not None  # noqa: PT018  (both were asked for)
    gained = better_by(since.total, newest.total, ruler.direction)
    words = f"{ruler.name} went from {since.total:g} ({what}) to {newest.total:g}"
    if gained is not None and gained <= -ruler.reliable:
        return _says(
            rule, Verdict.NOT_MET, f"{words}: worse by {-gained:g}, reliable from {ruler.reliable:g} on", newest
        )
    return _says(rule, Verdict.MET, words)


def _lost(rule: WatchRule, ruler: Ruler, start: Score, known: Sequence[Score]) -> Watched:
    wanted = rule.percent if rule.percent is not None else 0.0
    assert start.total is not None
    gains = [
        (s, percent_better(start.total, s.total, ruler.direction, floor=ruler.floor, ceiling=ruler.ceiling))
        for s in known
        if s.total is not None
    ]
    if any(g is None for _, g in gains):
        return _says(
            rule, Verdict.UNKNOWN, f"{ruler.name} was at its best before the first session: no share of nothing"
        )
    good = [g is not None and g >= wanted - 1e-9 for _, g in gains]
    if not any(good):
        return _says(
            rule, Verdict.MET, f"{ruler.name} has not been {wanted:g} % better yet, so there is nothing to lose"
        )
    run = [s for s, _ in gains[len(good) - good[::-1].index(True) :]]
    return _run(rule, run, f"{ruler.name} is less than {wanted:g} % better than before the first session")


def _relapsed(rule: WatchRule, ruler: Ruler, known: Sequence[Score]) -> Watched:
    if rule.at_least is None or rule.remission_below is None:
        return _says(rule, Verdict.UNKNOWN, "the rule has no line")
    line, remitted = rule.at_least, False
    run: list[Score] = []
    for score in known:
        if score.total is not None and score.total < rule.remission_below:
            remitted, run = True, []
        elif score.total is not None and score.total >= line and remitted:
            run.append(score)
        else:
            run = []
    if not remitted:
        return _says(rule, Verdict.MET, f"{ruler.name} was not under {rule.remission_below:g} in this course")
    return _run(rule, run, f"{ruler.name} is {line:g} or more after remission")


def _run(rule: WatchRule, run: Sequence[Score], words: str) -> Watched:
    """So many forms in a row at the end, the first and last far enough apart."""
    if len(run) >= rule.times and run[-1].taken_at - run[0].taken_at >= rule.apart:
        shown = ", ".join(f"{s.total:g}" for s in run if s.total is not None)
        return _says(rule, Verdict.NOT_MET, f"{words} in {len(run)} forms in a row ({shown})", run[-1])
    if run:
        return _says(rule, Verdict.MET, f"{words}, so far not in enough forms")
    return _says(rule, Verdict.MET, f"not so in the newest form: {words.partition(' is ')[0]}")


def _item(rule: WatchRule, same: Sequence[Score], ruler: Ruler) -> Watched:
    given = [(s, v) for s in same if (v := s.items.get(rule.item)) is not None]
    limit = rule.at_least if rule.at_least is not None else 1.0
    if len(given) < 2:
        return _says(rule, Verdict.UNKNOWN, f"item {rule.item} of {ruler.name} was not answered twice")
    (_, old), (_, new) = given[-2], given[-1]
    before = [v for _, v in given[:-1] if v < limit]
    if new >= limit and before:
        # it stands until an answer is under the line again; the form that first showed it opens one review
        run = next(n for n, (_, v) in enumerate(reversed(given)) if v < limit)
        words = f"item {rule.item} of {ruler.name} went from {before[-1]:g} to {new:g}"
        return _says(rule, Verdict.NOT_MET, words, given[-run][0])
    return _says(rule, Verdict.MET, f"item {rule.item} of {ruler.name} did not rise from {old:g}")


def _says(rule: WatchRule, verdict: Verdict, because: str, trigger: Score | None = None) -> Watched:
    finding = Finding(
        rule=rule.key, verdict=verdict, because=because, source=rule.source, weight=Weight.CAUTION, to_do=rule.to_do
    )
    return Watched(rule=rule, finding=finding, trigger=trigger.uid if trigger else None)
