"""From when until when was something past its line, and when does that have to be said?

A stretch is told in two times: when it was measured, and when it was known here.  Its delay counts from when the first
value past the line was known; if the data themselves show that it lasted that long (after a network cut they all come at
once), it is raised at once.  Silence does not end a stretch before it is raised: unknown is never normal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

BACK = "back within the limit"
STALE = "no current value"


class Sample(NamedTuple):
    """One judged moment of one watch."""

    at: datetime
    known_at: datetime
    fresh_until: datetime | None  # until when, by arrival, it counts as current; None: until the next one
    past: bool
    value: float | None = None
    limit: float | None = None
    set_by: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """One crossing that has to be recorded: raised at `raised_at`, over at `ended_known_at` if it is over."""

    crossed_at: datetime
    raised_at: datetime
    value: float | None = None
    limit: float | None = None
    set_by: str = ""
    note: str = ""
    ended_at: datetime | None = None
    ended_known_at: datetime | None = None
    reason: str = ""

    @property
    def late(self) -> bool:
        """Was it over when it became known?"""
        return self.ended_known_at is not None and self.ended_known_at <= self.raised_at


class End(NamedTuple):
    """The end of a stretch that was recorded as running."""

    ended_at: datetime
    known_at: datetime
    reason: str


Silence = tuple[datetime, datetime | None]  # when values stopped being current, when they came again
Recorded = Sequence[tuple[datetime, datetime | None]]  # (crossed_at, ended_at) in order; the last may still run


def find(
    samples: Sequence[Sample],
    recorded: Recorded,
    delay: timedelta,
    now: datetime,
    raised_at: datetime | None = None,
    judged_until: datetime | None = None,
) -> tuple[End | None, list[Stretch]]:
    """The end of the recorded stretch that was running, and the stretches that are not recorded yet.

    `samples` are in order of measurement and known by `now`.  A recorded stretch covers its samples, and whatever
    arrives later and touches it.  `raised_at`: when the running one was raised.  Silences that were over by
    `judged_until` were judged then; older samples may be missing by now, and look like silence.
    """
    gaps = {
        sample: gap
        for sample, gap in _gaps(samples, now).items()
        if gap[1] is None or judged_until is None or gap[1] > judged_until
    }
    walk = _Walk(samples, recorded, delay, now, raised_at or now, gaps)
    for sample in samples:
        walk.step(sample)
    return walk.finish()


class _Walk:
    def __init__(
        self,
        samples: Sequence[Sample],
        recorded: Recorded,
        delay: timedelta,
        now: datetime,
        raised_at: datetime,
        gaps: Mapping[Sample, Silence],
    ) -> None:
        self.delay, self.now, self.raised_at = delay, now, raised_at
        self.closed = [(start, end) for start, end in recorded if end is not None]
        self.running = next((start for start, end in recorded if end is None), None)
        self.gaps = gaps
        self.run: list[Sample] = []
        self.back: list[Sample] = []  # values that are back, soon after the run
        self.end: End | None = None
        self.found: list[Stretch] = []

    def step(self, sample: Sample) -> None:
        while self.closed and self.closed[0][0] <= sample.at:
            end = self.closed[0][1]
            self._touch()
            if end >= sample.at:
                return  # inside what is recorded
            self.closed.pop(0)
        if self.running is not None and self.end is None and sample.at >= self.running:
            self._touch()
            self._step_running(sample)
            return
        if sample.past:
            if self.back:
                self._close()
            self.run.append(sample)
            self._gap_after(sample)
        elif self.run:
            self.back.append(sample)
            if sample.at > self.run[0].at + self.delay:
                self._close()

    def finish(self) -> tuple[End | None, list[Stretch]]:
        if self.back:
            self._close()
        if self.closed and self.run:  # still past the line when the next recorded stretch begins
            self._touch()
        if self.running is not None and self.end is None:
            self._touch()
        if self.run:
            moment = self._due(self.run)
            if moment <= self.now:
                self.found.append(_stretch(self.run, moment))
        return self.end, self.found

    def _touch(self) -> None:
        """What runs into a recorded stretch belongs to it; what was over before stands alone."""
        if self.back:
            self._close()
        self.run = []

    def _step_running(self, sample: Sample) -> None:
        if not sample.past and sample.at > (self.running or sample.at):
            self.end = End(sample.at, sample.known_at, sample.note or BACK)
        elif (silent_at := self._silent_at(sample, self.raised_at)) is not None:
            self.end = End(sample.at, silent_at, STALE)

    def _gap_after(self, sample: Sample) -> None:
        """A stretch whose values are no longer current is over, once it has been raised."""
        if sample not in self.gaps:
            return
        moment = self._due(self.run)
        silent_at = self._silent_at(sample, moment)
        if silent_at is not None:
            self.found.append(_stretch(self.run, moment, End(sample.at, silent_at, STALE)))
            self.run = []

    def _silent_at(self, sample: Sample, raised_at: datetime) -> datetime | None:
        """When a stretch raised at `raised_at` ended in silence after this sample, if it did."""
        gap = self.gaps.get(sample)
        if gap is None:
            return None
        silent_at, resumed_at = max(gap[0], raised_at), gap[1]
        if silent_at > self.now or (resumed_at is not None and resumed_at <= silent_at):
            return None
        return silent_at

    def _due(self, run: Sequence[Sample]) -> datetime:
        """When this run has to be raised, as far as its own values say."""
        by_arrival = min(sample.known_at for sample in run) + self.delay
        lasted = run[0].at + self.delay
        return min([by_arrival, *(sample.known_at for sample in run if sample.at >= lasted)])

    def _close(self) -> None:
        """The run is over: was it ever to be raised?"""
        run, back = self.run, self.back
        self.run, self.back = [], []
        moment, lasted = self._due(run), run[0].at + self.delay
        moment = min([moment, *(sample.known_at for sample in back if sample.at > lasted)])
        if any(sample.at <= lasted and sample.known_at <= moment for sample in back):
            return  # it was known to be back before it was due
        known_at = max(moment, min(sample.known_at for sample in back))
        self.found.append(_stretch(run, moment, End(back[0].at, known_at, back[0].note or BACK)))


def _stretch(run: Sequence[Sample], moment: datetime, end: End | None = None) -> Stretch:
    first = run[0]
    return Stretch(
        crossed_at=first.at,
        raised_at=moment,
        value=first.value,
        limit=first.limit,
        set_by=first.set_by,
        note=first.note,
        ended_at=end.ended_at if end else None,
        ended_known_at=end.known_at if end else None,
        reason=end.reason if end else "",
    )


def _gaps(samples: Sequence[Sample], now: datetime) -> dict[Sample, Silence]:
    """After which sample did the values stop being current: when that was, and when values came again."""
    gaps: dict[Sample, Silence] = {}
    newest: Sample | None = None
    fresh_until: datetime | None = None
    for sample in sorted(samples, key=lambda sample: sample.known_at):
        if newest is not None and fresh_until is not None and sample.known_at > fresh_until:
            gaps[newest] = (fresh_until, sample.known_at)
        if newest is None or sample.at >= newest.at:
            newest = sample
        if sample.fresh_until is not None and (fresh_until is None or sample.fresh_until > fresh_until):
            fresh_until = sample.fresh_until
    if newest is not None and fresh_until is not None and now > fresh_until:
        gaps[newest] = (fresh_until, None)
    return gaps
