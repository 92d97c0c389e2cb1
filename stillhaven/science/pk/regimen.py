"""What drug goes in, when, how fast and by which way: as planned, and as it was actually given?

Times are minutes from the start of dosing, amounts mg, rates mg/h.  A regimen names its drug and what its milligrams
count (base or salt); it is never guessed.  A regimen that was given is made from the session's own dose entries.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from stillhaven.science.errors import BadInput
from stillhaven.science.pk.models import AmountAs, Drug, Route
from stillhaven.science.units import Quantity

MIN_PER_H = Quantity(1.0, "h").to("s") / Quantity(1.0, "min").to("s")


def _finite(field: str, value: float, *, least: float = 0.0, over: bool = False) -> None:
    if not math.isfinite(value):
        raise BadInput(field, "is not a finite number")
    if value < least or (over and value <= least):
        raise BadInput(field, f"must be {'over' if over else 'at least'} {least:g}")


@dataclass(frozen=True, kw_only=True)
class Dose:
    """One amount at one moment, or pushed evenly over some minutes: an IV bolus, a film, one or more sprays."""

    at_min: float
    amount_mg: float
    route: Route = Route.IV
    over_min: float = 0.0

    def __post_init__(self) -> None:
        _finite("at_min", self.at_min)
        _finite("amount_mg", self.amount_mg, over=True)
        _finite("over_min", self.over_min)
        if self.over_min and self.route is not Route.IV:
            raise BadInput("over_min", "only an intravenous dose is pushed over minutes")

    @property
    def end_min(self) -> float:
        return self.at_min + self.over_min


@dataclass(frozen=True, kw_only=True)
class Infusion:
    """An intravenous infusion from a start to an end; with `end_rate_mg_per_h` the rate ramps evenly to that."""

    start_min: float
    end_min: float
    rate_mg_per_h: float
    end_rate_mg_per_h: float | None = None

    def __post_init__(self) -> None:
        _finite("start_min", self.start_min)
        _finite("end_min", self.end_min)
        _finite("rate_mg_per_h", self.rate_mg_per_h)
        if self.end_rate_mg_per_h is not None:
            _finite("end_rate_mg_per_h", self.end_rate_mg_per_h)
        if self.end_min <= self.start_min:
            raise BadInput("end_min", "an infusion must last longer than 0 minutes")

    @property
    def minutes(self) -> float:
        return self.end_min - self.start_min

    @property
    def last_rate_mg_per_h(self) -> float:
        return self.rate_mg_per_h if self.end_rate_mg_per_h is None else self.end_rate_mg_per_h

    @property
    def amount_mg(self) -> float:
        return 0.5 * (self.rate_mg_per_h + self.last_rate_mg_per_h) * self.minutes / MIN_PER_H

    def rate_at(self, t_min: float) -> float:
        share = (t_min - self.start_min) / self.minutes
        return self.rate_mg_per_h + share * (self.last_rate_mg_per_h - self.rate_mg_per_h)

    def between(self, start_min: float, end_min: float) -> Infusion | None:
        """The part of this infusion that lies in a window."""
        start, end = max(start_min, self.start_min), min(end_min, self.end_min)
        if end <= start:
            return None
        ramp = self.end_rate_mg_per_h is not None
        return Infusion(
            start_min=start,
            end_min=end,
            rate_mg_per_h=self.rate_at(start) if ramp else self.rate_mg_per_h,
            end_rate_mg_per_h=self.rate_at(end) if ramp else None,
        )

    def moved(self, by_min: float) -> Infusion:
        return replace(self, start_min=self.start_min + by_min, end_min=self.end_min + by_min)


@dataclass(frozen=True, kw_only=True)
class Regimen:
    """Everything that goes in during one session, in any order of times; one drug, one way of counting."""

    drug: Drug
    amount_as: AmountAs
    doses: tuple[Dose, ...] = ()
    infusions: tuple[Infusion, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.drug, Drug):
            raise BadInput("drug", "say which: racemic_ketamine, s_ketamine or esketamine")
        if not isinstance(self.amount_as, AmountAs):
            raise BadInput("amount_as", "say what the mg count: base or salt")
        if not self.doses and not self.infusions:
            raise BadInput("regimen", "holds no dose")
        running = sorted(self.infusions, key=lambda i: i.start_min)
        for one, two in itertools.pairwise(running):
            if two.start_min < one.end_min:
                raise BadInput("infusions", f"two infusions overlap at {two.start_min:g} min")
        pushes = sorted(self.doses, key=lambda d: (d.route.value, d.at_min))
        for a, b in itertools.pairwise(pushes):
            if a.route is b.route and (b.at_min < a.end_min or b.at_min == a.at_min):
                raise BadInput("doses", f"two {a.route.words} doses overlap at {b.at_min:g} min")

    @property
    def routes(self) -> tuple[Route, ...]:
        found = {d.route for d in self.doses} | ({Route.IV} if self.infusions else set())
        return tuple(sorted(found))

    @property
    def total_mg(self) -> float:
        return math.fsum([d.amount_mg for d in self.doses] + [i.amount_mg for i in self.infusions])

    @property
    def end_min(self) -> float:
        return max([d.end_min for d in self.doses] + [i.end_min for i in self.infusions])

    def given_mg(self, until_min: float) -> float:
        """How much has gone in by a moment, holds and ramps counted to the second."""
        parts = [i.between(-math.inf, until_min) for i in self.infusions]
        amounts = [p.amount_mg for p in parts if p is not None]
        for dose in self.doses:
            if dose.over_min and dose.at_min < until_min < dose.end_min:
                amounts.append(dose.amount_mg * (until_min - dose.at_min) / dose.over_min)
            elif dose.end_min <= until_min:
                amounts.append(dose.amount_mg)
        return math.fsum(amounts)

    def rate_mg_per_h(self, t_min: float) -> float:
        """The infusion rate that runs just after a moment."""
        for infusion in self.infusions:
            if infusion.start_min <= t_min < infusion.end_min:
                return infusion.rate_at(t_min)
        return 0.0

    def until(self, t_min: float) -> Regimen | None:
        """What goes in before a moment; a dose at that moment itself comes after."""
        return self._window(-math.inf, t_min)

    def after(self, t_min: float) -> Regimen | None:
        """What goes in from a moment on."""
        return self._window(t_min, math.inf)

    def _window(self, start: float, end: float) -> Regimen | None:
        infusions = tuple(p for i in self.infusions if (p := i.between(start, end)) is not None)
        doses: list[Dose] = []
        for dose in self.doses:
            if not dose.over_min:
                if start <= dose.at_min < end:
                    doses.append(dose)
                continue
            a, b = max(start, dose.at_min), min(end, dose.end_min)
            if b > a:
                share = dose.amount_mg * (b - a) / dose.over_min
                doses.append(replace(dose, at_min=a, over_min=b - a, amount_mg=share))
        if not infusions and not doses:
            return None
        return replace(self, doses=tuple(doses), infusions=infusions)

    def held(self, at_min: float, minutes: float) -> Regimen:
        """The same plan with a hold: what was to come after `at_min` comes that much later."""
        _finite("minutes", minutes, over=True)
        before, rest = self.until(at_min), self.after(at_min)
        infusions = list(before.infusions if before else ())
        doses = list(before.doses if before else ())
        if rest:
            infusions += [i.moved(minutes) for i in rest.infusions]
            doses += [replace(d, at_min=d.at_min + minutes) for d in rest.doses]
        return replace(self, infusions=tuple(infusions), doses=tuple(doses))


def infusion(*, drug: Drug, amount_as: AmountAs, amount_mg: float, over_min: float, start_min: float = 0.0) -> Regimen:
    """An amount given evenly over some minutes.

    >>> r = infusion(drug=Drug.RACEMIC, amount_as=AmountAs.BASE, amount_mg=40, over_min=40)
    >>> r.infusions[0].rate_mg_per_h, r.total_mg
    (60.0, 40.0)
    """
    _finite("amount_mg", amount_mg, over=True)
    _finite("over_min", over_min, over=True)
    rate = amount_mg * MIN_PER_H / over_min
    part = Infusion(start_min=start_min, end_min=start_min + over_min, rate_mg_per_h=rate)
    return Regimen(drug=drug, amount_as=amount_as, infusions=(part,))


# ------------------------------------------------------------------------------------- what was given
class Act(StrEnum):
    """What a dose entry of a session says."""

    START = "start"
    RATE = "rate"
    HOLD = "hold"
    RESUME = "resume"
    STOP = "stop"
    DOSE = "dose"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One dose entry: when, what, and its number: mg/h for start, rate and resume (None: as before), mg for a dose."""

    at_min: float
    act: Act
    rate_mg_per_h: float | None = None
    amount_mg: float | None = None
    route: Route = Route.IV
    over_min: float = 0.0


def given(
    entries: Sequence[Entry], *, drug: Drug, amount_as: AmountAs, now_min: float, plan: Regimen | None = None
) -> Regimen:
    """The regimen as it happened until now; with a plan, followed by what of it is still to come.

    Still to come: while the rates set are the plan's, the rest of the plan, later by as long as it was held; once a
    nurse set another rate, that rate until the planned total is in.  Nothing follows a stop or a hold that still stands.
    """
    _finite("now_min", now_min)
    infusions: list[Infusion] = []
    doses: list[Dose] = []
    rate, last_rate, since, ran = 0.0, 0.0, 0.0, 0.0
    changed = stopped = started = False
    last = -math.inf
    for entry in entries:
        _finite("at_min", entry.at_min)
        if entry.at_min < last:
            raise BadInput("entries", f"are out of order at {entry.at_min:g} min")
        if entry.at_min > now_min:
            raise BadInput("entries", f"one lies after now: {entry.at_min:g} min")
        last = entry.at_min
        if entry.act is Act.DOSE:
            if entry.amount_mg is None:
                raise BadInput("amount_mg", "a dose needs its mg")
            doses.append(
                Dose(at_min=entry.at_min, amount_mg=entry.amount_mg, route=entry.route, over_min=entry.over_min)
            )
            continue
        if entry.at_min > since:
            infusions += _ran(plan, changed, rate, since, entry.at_min, ran)
            ran += (entry.at_min - since) if rate else 0.0
        since = entry.at_min
        if entry.act in (Act.START, Act.RATE):
            if entry.rate_mg_per_h is None:
                raise BadInput("rate_mg_per_h", f"{entry.act.value} needs its rate in mg/h")
            _finite("rate_mg_per_h", entry.rate_mg_per_h)
            if plan is None or changed:
                changed = True
            else:
                step = _step_of_plan(plan, entry.rate_mg_per_h, last_rate, ran, started)
                changed, ran = step is None, ran if step is None else step
            rate = last_rate = entry.rate_mg_per_h
            started, stopped = True, False
        elif entry.act is Act.RESUME:
            if entry.rate_mg_per_h is not None and not math.isclose(entry.rate_mg_per_h, last_rate, rel_tol=1e-6):
                changed = True
                last_rate = entry.rate_mg_per_h
            rate = last_rate
        else:
            rate = 0.0
            stopped = stopped or entry.act is Act.STOP
    if rate and now_min > since:
        infusions += _ran(plan, changed, rate, since, now_min, ran)
        ran += now_min - since
    done = (
        Regimen(drug=drug, amount_as=amount_as, doses=tuple(doses), infusions=tuple(infusions))
        if (doses or infusions)
        else None
    )
    if plan is not None and rate and not stopped:
        if plan.drug is not drug or plan.amount_as is not amount_as:
            raise BadInput("plan", "is for another drug, or counts its mg another way")
        infusions += _to_come(plan, changed, rate, now_min, ran, done.given_mg(now_min) if done else 0.0)
    elif plan is not None and not started and not stopped and not doses:
        return plan
    if not infusions and not doses:
        raise BadInput("entries", "nothing was given yet")
    return Regimen(drug=drug, amount_as=amount_as, doses=tuple(doses), infusions=tuple(infusions))


def _step_of_plan(plan: Regimen, rate: float, before: float, ran: float, started: bool) -> float | None:
    """Where in the plan a rate set by hand leads: the step that runs now, or the next one; None if it is neither.

    A step that comes early or late moves the rest of the plan with it.
    """
    steps = sorted(plan.infusions, key=lambda i: i.start_min)
    if not started:
        return steps[0].start_min if steps and math.isclose(rate, steps[0].rate_mg_per_h, rel_tol=1e-6) else None
    now = max((n for n, i in enumerate(steps) if i.start_min < ran), default=0)
    for step in steps[now + 1 : now + 2]:
        if math.isclose(rate, step.rate_mg_per_h, rel_tol=1e-6):
            return step.start_min
    if not steps or not math.isclose(rate, steps[now].rate_at(ran), rel_tol=1e-6):
        return None
    return ran if math.isclose(before, rate, rel_tol=1e-6) else steps[now].start_min  # set only now: it came late


def _ran(plan: Regimen | None, changed: bool, rate: float, start: float, end: float, ran: float) -> Iterable[Infusion]:
    """What a pump delivered in a stretch: a planned ramp by itself, else the rate that was set by hand."""
    if not rate:
        return []
    parts = [p for i in (plan.infusions if plan and not changed else ()) if (p := i.between(ran, ran + end - start))]
    if any(p.end_rate_mg_per_h is not None for p in parts):
        return [p.moved(start - ran) for p in parts]
    return [Infusion(start_min=start, end_min=end, rate_mg_per_h=rate)]


def _to_come(plan: Regimen, changed: bool, rate: float, now: float, ran: float, given_mg: float) -> Iterable[Infusion]:
    if not changed:
        parts = (i.between(ran, math.inf) for i in plan.infusions)
        return [p.moved(now - ran) for p in parts if p is not None]
    left = math.fsum(i.amount_mg for i in plan.infusions) - given_mg
    if left <= 1e-9:
        return []
    return [Infusion(start_min=now, end_min=now + left * MIN_PER_H / rate, rate_mg_per_h=rate)]
