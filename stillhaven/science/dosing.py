"""How much has the person had so far, how much is to come, and when does it end?

Everything is computed from the dose entries: what ran, to the second, through every hold and change.  An amount that
cannot be known (a rate in mL/h with no concentration) is None, never zero.  Infusion goes no further than the bag.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from stillhaven.science.dose_entries import DoseEntry, Kind, Phase, in_order
from stillhaven.science.dose_run import Piece, Push, Run, number, run
from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Finding
from stillhaven.science.limits import CAUTION, Limit, judge, plain

SAME_RATE = 1e-6  # relative: two rates that differ by less are one rate


@dataclass(frozen=True, kw_only=True)
class PlannedStep:
    """One step of the plan: so many seconds at this rate."""

    seconds: float
    rate_mg_per_h: float


def pieces(entries: Iterable[DoseEntry], until: datetime) -> tuple[Piece, ...]:
    """The stretches of constant rate up to `until`, in order; holds are the spaces between them."""
    return tuple(run(entries, until).pieces)


def pushes(entries: Iterable[DoseEntry], until: datetime) -> tuple[Push, ...]:
    """The amounts given at one moment up to `until`, in order."""
    return tuple(run(entries, until).pushes)


def given_mg(entries: Iterable[DoseEntry], at: datetime) -> float | None:
    """Milligrams given up to `at`; 0 before anything was given, None where it cannot be known.

    >>> from datetime import UTC
    >>> t = datetime(2026, 1, 5, 9, tzinfo=UTC)
    >>> start = DoseEntry(kind=Kind.START, at=t, rate_mg_per_h=60.0)
    >>> given_mg([start], t + timedelta(minutes=10))
    10.0
    """
    return number(run(entries, at).total[0])


def given_ml(entries: Iterable[DoseEntry], at: datetime) -> float | None:
    """Millilitres given up to `at`; None where it cannot be known."""
    return number(run(entries, at).total[1])


def given_mg_per_kg(entries: Iterable[DoseEntry], at: datetime, weight_kg: float | None) -> float | None:
    """Milligrams per kilogram given up to `at`; None without a weight.  BadInput for a weight that is none."""
    return _per_kg(given_mg(entries, at), weight_kg)


def phase(entries: Iterable[DoseEntry], at: datetime, planned_mg: float | None = None) -> Phase:
    """How far the drug has come.

    An infusion is finished when it is stopped.  Single and divided doses and devices are finished when they are
    stopped or when the planned amount is in.
    """
    return _phase(run(entries, at), planned_mg)


@dataclass(frozen=True, kw_only=True)
class Running:
    """Everything the chair's screen says about the drug at one moment.  Rates are 0 unless the drug runs."""

    phase: Phase
    given_mg: float | None
    given_ml: float | None
    given_mg_per_kg: float | None
    rate_mg_per_h: float | None
    rate_ml_per_h: float | None
    concentration_mg_per_ml: float | None
    left_in_bag_ml: float | None
    started_at: datetime | None
    stopped_at: datetime | None
    fraction: float | None
    time_left_s: float | None
    ends_at: datetime | None


def running(
    entries: Iterable[DoseEntry],
    at: datetime,
    *,
    planned_mg: float | None = None,
    steps: Sequence[PlannedStep] = (),
    weight_kg: float | None = None,
) -> Running:
    """The whole picture at one moment, in one pass over the entries."""
    now = run(entries, at)
    stands, left = _phase(now, planned_mg), _time_left_s(now, planned_mg, steps)
    mg, runs = number(now.total[0]), stands is Phase.DOSING and now.infusion and now.empty_at is None
    return Running(
        phase=stands,
        given_mg=mg,
        given_ml=number(now.total[1]),
        given_mg_per_kg=_per_kg(mg, weight_kg),
        rate_mg_per_h=number(now.rate[0]) if runs else 0.0,
        rate_ml_per_h=number(now.rate[1]) if runs else 0.0,
        concentration_mg_per_ml=number(now.conc),
        left_in_bag_ml=number(now.left_ml),
        started_at=now.started_at,
        stopped_at=now.stopped_at,
        fraction=_fraction(mg, planned_mg),
        time_left_s=left,
        ends_at=_after(at, left) if left is not None and stands is Phase.DOSING else None,
    )


def plan_fraction(entries: Iterable[DoseEntry], at: datetime, planned_mg: float | None) -> float | None:
    """Given over planned; 1 is the whole dose, over 1 more than planned; None where either is unknown."""
    return _fraction(given_mg(entries, at), planned_mg)


def time_left_s(
    entries: Iterable[DoseEntry], at: datetime, planned_mg: float | None, steps: Sequence[PlannedStep] = ()
) -> float | None:
    """Seconds of running that are left; during a hold, what will be left when it ends.

    While the pump follows the plan's steps, the rest of the steps; off them, the rest of the dose at the rate now.
    Never longer than the bag lasts.  0 once finished; None before the start, at rate 0, or where unknown.
    """
    return _time_left_s(run(entries, at), planned_mg, steps)


def ends_at(
    entries: Iterable[DoseEntry], at: datetime, planned_mg: float | None, steps: Sequence[PlannedStep] = ()
) -> datetime | None:
    """When the dose will be in if nothing changes; None unless the drug is running: a hold has no known end."""
    now = run(entries, at)
    left = _time_left_s(now, planned_mg, steps)
    return _after(at, left) if left is not None and now.phase is Phase.DOSING else None


def entry_findings(
    entries: Iterable[DoseEntry], at: datetime, planned_mg: float | None = None, room_pct: Limit | None = None
) -> tuple[Finding, ...]:
    """What does not fit together in the entries: the order of events, more than the bag, more than the plan.

    Cautions for a person to look at: what went in has gone in, and the amounts count all the same.
    """
    now = run(entries, at)
    found = [
        judge("dose_entries", False, no=odd, to_do="look at the dose entries and amend what is wrong", how=CAUTION)
        for odd in now.oddities
    ]
    if now.empty_at is not None:
        found.append(
            judge("bag_empty", False, how=CAUTION, to_do="stop the infusion, or record the new bag",
                  no="the programmed rate asks for more than the bag held; only what it held is counted")
        )  # fmt: skip
    mg = number(now.total[0])
    if mg is None:
        found.append(
            judge("dose_known", None, how=CAUTION, to_do="record the concentration of the bag",
                  unknown="the milligrams given cannot be computed without the concentration")
        )  # fmt: skip
    elif planned_mg is not None:
        most = planned_mg * (1.0 + (room_pct.value or 0.0) / 100.0 if room_pct else 1.0)
        if mg > most * (1.0 + SAME_RATE):
            found.append(
                judge("dose_within_plan", False, how=CAUTION, to_do="call the prescriber",
                      no=f"{plain(round(mg, 2))} mg given, {plain(round(planned_mg, 2))} mg ordered")
            )  # fmt: skip
    return tuple(found)


def first_and_last(entries: Iterable[DoseEntry]) -> tuple[datetime, datetime] | None:
    """When the first and the last amount or start was given: what an observation clock counts from."""
    moments = [e.at for e in in_order(entries) if e.kind not in (Kind.HOLD, Kind.STOP)]
    return (moments[0], moments[-1]) if moments else None


def _phase(now: Run, planned_mg: float | None) -> Phase:
    mg = now.total[0]
    by_amount = now.phase is Phase.DOSING and not now.infusion
    if by_amount and planned_mg is not None and mg is not None and float(mg) >= planned_mg * (1.0 - SAME_RATE):
        return Phase.FINISHED
    return now.phase


def _after(at: datetime, seconds: float) -> datetime | None:
    """The moment so many seconds later; None beyond the calendar, where a rate is all but zero."""
    try:
        return at + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _per_kg(mg: float | None, weight_kg: float | None) -> float | None:
    if weight_kg is not None and not 0.0 < weight_kg < float("inf"):
        raise BadInput("weight_kg", "must be over 0 kg")
    return None if mg is None or weight_kg is None else mg / weight_kg


def _fraction(mg: float | None, planned_mg: float | None) -> float | None:
    return None if mg is None or not planned_mg else mg / planned_mg


def _time_left_s(now: Run, planned_mg: float | None, steps: Sequence[PlannedStep]) -> float | None:
    if now.phase is Phase.FINISHED:
        return 0.0
    if now.phase is Phase.NOT_STARTED or not now.infusion:
        return None
    mg, (rate_mg, rate_ml) = number(now.total[0]), now.rate
    if now.empty_at is not None:
        return 0.0
    ways = []
    if planned_mg is not None and mg is not None and rate_mg:
        ways.append(_by_plan(mg, planned_mg, float(rate_mg), steps))
    if now.left_ml is not None and rate_ml:
        with suppress(OverflowError):  # at a rate of all but nothing the bag outlasts every number
            ways.append(float(3600 * now.left_ml / rate_ml))
    return min(ways) if ways else None


def _by_plan(mg: float, planned_mg: float, rate_mg_per_h: float, steps: Sequence[PlannedStep]) -> float:
    reached, rest_s = 0.0, 0.0
    on_plan = False
    for step in steps:
        amount = step.rate_mg_per_h * step.seconds / 3600.0
        if on_plan:
            rest_s += step.seconds
        elif reached + amount > mg * (1.0 + SAME_RATE):  # the step in which the dose stands now
            on_plan = abs(step.rate_mg_per_h - rate_mg_per_h) <= SAME_RATE * rate_mg_per_h
            if not on_plan:
                break
            rest_s = (reached + amount - mg) * 3600.0 / step.rate_mg_per_h
        reached += amount
    return rest_s if on_plan else max(0.0, planned_mg - mg) * 3600.0 / rate_mg_per_h
