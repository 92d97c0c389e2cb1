"""Where is the drug, exactly, at every minute, in any model?

Every model here is a linear system with piecewise constant or ramped input, so one matrix exponential per distinct step
length gives the exact answer; there is no step-size error and no solver tolerance.  How the exponentials keep their
digits is in `exponentials`.  Places that this input never reaches, or that feed nothing that was asked for, are left out
before the work begins: they change no number of the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from stillhaven.science.errors import BadInput
from stillhaven.science.pk.exponentials import Action, Exponentials
from stillhaven.science.pk.models import AmountAs, Floats, Model, Route, System, product
from stillhaven.science.pk.regimen import MIN_PER_H, Regimen

_LIMIT_BYTES = 64_000_000  # states held at once; more people are taken in blocks
_SELDOM = 2  # steps of one length, up to which no matrix is made for them


# ------------------------------------------------------------------------------------- what goes in, in the model's terms
@dataclass(frozen=True, kw_only=True)
class Inputs:
    """A regimen in a model's terms.  Rates are mg/min into a compartment, jumps mg; factors are per person (n,)."""

    ports: tuple[int, ...]  # state index of each port that takes a rate
    pieces: tuple[tuple[float, float, int, float, float, Floats], ...]  # t0, t1, port, rate, slope, factor
    jumps: tuple[tuple[float, int, Floats], ...]  # t, state, mg per person
    timed: tuple[tuple[float, int, Floats, Floats], ...]  # t0, port, mg per person, minutes per person


def inputs(model: Model, system: System, regimen: Regimen) -> Inputs:
    """What a regimen puts into which compartment of which person.  The mg become mg of base."""
    n = system.rates.shape[0]
    names = list(system.states)
    ports: list[int] = []
    pieces: list[tuple[float, float, int, float, float, Floats]] = []
    jumps: list[tuple[float, int, Floats]] = []
    timed: list[tuple[float, int, Floats, Floats]] = []

    def port(compartment: str) -> int:
        index = names.index(compartment)
        if index not in ports:
            ports.append(index)
        return ports.index(index)

    for part in sorted(regimen.infusions, key=lambda i: i.start_min):
        base = base_factor(model, regimen, Route.IV) / MIN_PER_H
        slope = (part.last_rate_mg_per_h - part.rate_mg_per_h) / part.minutes * base
        for portion in model.ways[Route.IV].portions:
            factor = product(system.values, portion.fraction, n)
            where = port(portion.into)
            pieces.append((part.start_min, part.end_min, where, part.rate_mg_per_h * base, slope, factor))
    devices = 0
    for dose in sorted(regimen.doses, key=lambda d: d.at_min):
        way = model.ways[dose.route]
        amount = dose.amount_mg * base_factor(model, regimen, dose.route)
        values = dict(system.values)
        if way.device_mg is not None:
            count = amount / way.device_mg
            whole = round(count)
            if whole < 1 or abs(count - whole) > 1e-6 * whole:
                raise BadInput("amount_mg", f"comes in whole devices of {way.device_mg:g} mg base")
            first = 1 if devices == 0 else 0
            later = values[way.later_devices]
            values[way.device_fraction] = values[way.device_fraction] * (first + (whole - first) * later) / whole
            devices += whole
        for portion in way.portions:
            factor = product(values, portion.fraction, n)
            if dose.over_min:
                where = port(portion.into)
                pieces.append((dose.at_min, dose.end_min, where, amount / dose.over_min, 0.0, factor))
            elif portion.duration:
                lasting = values[portion.duration]
                where = port(portion.into)
                if np.ptp(lasting.real) == 0.0:
                    length = float(lasting[0].real)
                    pieces.append((dose.at_min, dose.at_min + length, where, amount / length, 0.0, factor))
                else:
                    timed.append((dose.at_min, where, amount * factor, lasting))
            else:
                jumps.append((dose.at_min, names.index(portion.into), amount * factor))
    return Inputs(ports=tuple(ports), pieces=tuple(pieces), jumps=tuple(jumps), timed=tuple(timed))


def base_factor(model: Model, regimen: Regimen, route: Route) -> float:
    """mg of base in one mg as the regimen counts; BadInput where no sourced factor is there."""
    if regimen.amount_as is AmountAs.BASE:
        return 1.0
    factor = model.ways[route].base_per_salt if route in model.ways else None
    if factor is None:
        raise BadInput("amount_as", f"{model.id} has no sourced salt-to-base factor for {route.words}: give mg of base")
    return factor


# ------------------------------------------------------------------------------------- exact steps
def levels(
    system: System,
    feed: Inputs,
    t_min: Sequence[float] | Floats,
    *,
    start: Floats | None = None,
    start_min: float = 0.0,
) -> Floats:
    """`propagate` for the outputs alone (n, outputs, T), without the places that do not matter to them."""
    keep = needed(system, feed, start)
    if not keep.all():
        system, feed = part_of(system, keep), feed_of(feed, keep)
        start = None if start is None else start[:, keep]
    return propagate(system, feed, t_min, start=start, start_min=start_min)[0]


def needed(system: System, feed: Inputs, start: Floats | None = None) -> np.ndarray:
    """Which states (m,) are reached by this input and lead to an output; outputs themselves always count."""
    linked = (system.rates != 0).any(axis=0)  # [to, from]
    reached, wanted = np.zeros(len(linked), dtype=bool), np.zeros(len(linked), dtype=bool)
    reached[[*feed.ports, *(state for _, state, _ in feed.jumps)]] = True
    if start is not None:
        reached |= (start != 0).any(axis=0)
    wanted[list(system.rows)] = True
    for _ in range(len(linked)):
        reached |= linked[:, reached].any(axis=1)
        wanted |= linked[wanted].any(axis=0)
    keep = reached & wanted
    keep[list(system.rows)] = True
    return keep


def part_of(system: System, keep: np.ndarray) -> System:
    """The same people with only these states."""
    place = np.cumsum(keep) - 1
    return replace(
        system,
        rates=system.rates[:, keep][:, :, keep],
        states=tuple(name for name, kept in zip(system.states, keep, strict=True) if kept),
        rows=tuple(int(place[row]) for row in system.rows),
    )


def feed_of(feed: Inputs, keep: np.ndarray) -> Inputs:
    """The same inputs without those that go into places left out."""
    place = (np.cumsum(keep) - 1).tolist()
    kept = [j for j, state in enumerate(feed.ports) if keep[state]]
    at = {j: i for i, j in enumerate(kept)}
    return Inputs(
        ports=tuple(place[feed.ports[j]] for j in kept),
        pieces=tuple((a, b, at[p], r, s, f) for a, b, p, r, s, f in feed.pieces if p in at),
        jumps=tuple((t, place[i], x) for t, i, x in feed.jumps if keep[i]),
        timed=tuple((t, at[p], x, d) for t, p, x, d in feed.timed if p in at),
    )


def propagate(
    system: System,
    feed: Inputs,
    t_min: Sequence[float] | Floats,
    *,
    start: Floats | None = None,
    start_min: float = 0.0,
) -> tuple[Floats, Floats]:
    """States of n people at the moments `t_min` (T, ascending): outputs (n, outputs, T) in ng/mL, last states (n, m).

    `start` (n, m) are the states just before `start_min`; what is given from then on is added.  A dose at a moment
    counts at that moment.
    """
    times = np.asarray(t_min, dtype=float)
    if times.ndim != 1 or times.size == 0 or not np.isfinite(times).all():
        raise BadInput("t_min", "must be a list of finite times")
    if (np.diff(times) < 0).any():
        raise BadInput("t_min", "times are out of order")
    if times[0] < start_min:
        raise BadInput("t_min", f"starts before {start_min:g} min")
    n, m, _ = system.rates.shape
    block = max(1, int(_LIMIT_BYTES / (8 * (m + 2 * len(feed.ports) + 1) * (times.size + 16))))
    if n > block:
        kept = [
            propagate(
                some(system, slice(i, i + block)),
                some_feed(feed, slice(i, i + block)),
                times,
                start=None if start is None else start[i : i + block],
                start_min=start_min,
            )
            for i in range(0, n, block)
        ]
        return np.concatenate([o for o, _ in kept]), np.concatenate([x for _, x in kept])
    return _propagate(system, feed, times, start, start_min)


def some(system: System, part: slice) -> System:
    return replace(system, rates=system.rates[part], scale=system.scale[part])


def some_feed(feed: Inputs, part: slice) -> Inputs:
    return Inputs(
        ports=feed.ports,
        pieces=tuple((a, b, p, r, s, f[part]) for a, b, p, r, s, f in feed.pieces),
        jumps=tuple((t, i, x[part]) for t, i, x in feed.jumps),
        timed=tuple((t, p, x[part], d[part]) for t, p, x, d in feed.timed),
    )


def _propagate(
    system: System, feed: Inputs, times: Floats, start: Floats | None, start_min: float
) -> tuple[Floats, Floats]:
    n, m, _ = system.rates.shape
    p = len(feed.ports)
    ramps = any(piece[4] for piece in feed.pieces)
    kind = np.result_type(system.rates.dtype, *(x.dtype for _, _, x in feed.jumps), *(f[5].dtype for f in feed.pieces))
    augmented = np.zeros((n, m + p + p * ramps, m + p + p * ramps), dtype=kind)
    augmented[:, :m, :m] = system.rates
    for j, state in enumerate(feed.ports):
        augmented[:, state, m + j] = 1.0
        if ramps:
            augmented[:, m + j, m + p + j] = 1.0
    size = augmented.shape[1]

    marks = {start_min, *(x for piece in feed.pieces for x in piece[:2]), *(j[0] for j in feed.jumps)}
    marks |= {t[0] for t in feed.timed}
    marks = {t for t in marks if start_min <= t <= times[-1]}
    knots = np.unique(np.concatenate([times, np.fromiter(marks, float, len(marks))]))
    z = np.zeros((n, size), dtype=kind)
    if start is not None:
        z[:, :m] = start
    out = np.empty((n, len(system.rows), times.size), dtype=kind)
    rows = list(system.rows)
    first = np.searchsorted(times, knots, side="left")
    last = np.searchsorted(times, knots, side="right")
    lengths, kinds = step_lengths(knots)
    steps: dict[int, Exponentials] = {}
    action = Action(augmented)
    stops = np.array(sorted(marks))
    fresh = np.append(np.flatnonzero(np.diff(kinds)) + 1, kinds.size)  # where steps of another length begin
    often = np.bincount(kinds) if kinds.size else np.zeros(0, dtype=int)
    ends = [(began, float((began + lasting).real.max(initial=began))) for began, _, _, lasting in feed.timed]

    def step_of(kind: int) -> Exponentials:
        if kind not in steps:
            steps[kind] = Exponentials(augmented * lengths[kind], int(often[kind]))
        return steps[kind]

    def arrive(index: int) -> None:
        """At a knot: new rates, jumps, then write what is asked at that moment."""
        t = knots[index]
        if t in marks:
            z[:, m:] = 0.0
            for t0, t1, j, rate, slope, factor in feed.pieces:
                if t0 <= t < t1:
                    z[:, m + j] += (rate + slope * (t - t0)) * factor
                    if ramps:
                        z[:, m + p + j] += slope * factor
            for when, state, amount in feed.jumps:
                if when == t and t >= start_min:
                    z[:, state] += amount
        if last[index] > first[index]:
            out[:, :, first[index] : last[index]] = (z[:, rows] * system.scale)[:, :, None]

    arrive(0)
    index = 0
    while index < knots.size - 1:
        kind_of, t = int(kinds[index]), float(knots[index])
        if any(began <= t < end for began, end in ends):
            z[:] = _timed_step(action, step_of(kind_of).doubled(0), z, feed, t, float(knots[index + 1]), m)
            index += 1
            arrive(index)
            continue
        # a run: equal steps up to the next moment at which the input changes
        stop = min(int(np.searchsorted(stops, t, side="right")), stops.size - 1)
        ahead = int(np.searchsorted(knots, stops[stop])) if stops[stop] > t else knots.size - 1
        run = min(ahead, int(fresh[np.searchsorted(fresh, index, side="right")])) - index
        if often[kind_of] <= _SELDOM and kind_of not in steps:
            run = 1
            z = action.on(z, np.full(n, lengths[kind_of]))
        elif run == 1:
            z = (step_of(kind_of).doubled(0) @ z[:, :, None])[:, :, 0]
        else:
            track = powers(step_of(kind_of), z, run)
            z = track[:, :, -1].copy()
            inner = slice(first[index + 1], last[index + run - 1])
            if inner.stop > inner.start:
                values = track[:, rows, 1:-1] * system.scale[:, :, None]
                counts = (last - first)[index + 1 : index + run]
                out[:, :, inner] = np.repeat(values, counts, axis=2) if (counts != 1).any() else values
            index += run - 1
        index += 1
        arrive(index)
    return out, z[:, :m].copy()


def step_lengths(knots: Floats) -> tuple[list[float], np.ndarray]:
    """Distinct step lengths.  Steps that differ by rounding only are one length, their mean, so that no time is lost."""
    steps = np.diff(knots)
    if steps.size == 0:
        return [], np.zeros(0, dtype=int)
    order = np.argsort(steps, kind="stable")
    ordered = steps[order]
    fresh = np.concatenate([[True], np.diff(ordered) > 1e-9 * ordered[:-1]])
    group = np.cumsum(fresh) - 1
    kinds = np.empty(steps.size, dtype=int)
    kinds[order] = group
    means = np.bincount(kinds, weights=steps) / np.bincount(kinds)
    return [float(x) for x in means], kinds


def powers(step: Exponentials, z: Floats, count: int) -> Floats:
    """z, step z, step^2 z, ... step^count z, by doubling: (n, size, count + 1)."""
    track = np.empty((*z.shape, count + 1), dtype=np.result_type(step.doubled(0), z))
    track[:, :, 0] = z
    have, level = 1, 0
    while have < count + 1:
        take = min(have, count + 1 - have)
        np.matmul(step.doubled(level), track[:, :, :take], out=track[:, :, have : have + take])
        have += take
        level += 1
    return track


def _timed_step(action: Action, step: Floats, z: Floats, feed: Inputs, t0: float, t1: float, m: int) -> Floats:
    """One step for inputs whose end differs from person to person: those that end inside are stepped in parts."""
    p = len(feed.ports)
    base = z[:, m:]
    slope = base[:, p:] if base.shape[1] > p else np.zeros_like(base)

    def rates(at: Floats, part: np.ndarray | slice) -> Floats:
        """Rates of these people just after `at`, ramps included."""
        now = base[part].copy()
        now[:, :p] += slope[part] * (at - t0)[:, None]
        for began, j, amount, lasting in feed.timed:
            on = (began <= at.real) & (at.real < began + lasting[part].real)
            now[:, j] += np.where(on, amount[part] / lasting[part], 0.0)
        return now

    start = z.copy()
    start[:, m:] = rates(np.full(len(z), t0), slice(None))
    moved: Floats = (step @ start[:, :, None])[:, :, 0]
    inside = np.zeros(len(z), dtype=bool)
    for began, _, _, lasting in feed.timed:
        end = began + lasting.real
        inside |= (t0 < end) & (end < t1)
    if inside.any():
        part = np.flatnonzero(inside)
        own = start[part]
        at = np.full(part.size, t0, dtype=np.result_type(float, *(lasting.dtype for _, _, _, lasting in feed.timed)))
        while (at.real < t1).any():
            following = np.full_like(at, t1)
            for began, _, _, lasting in feed.timed:
                end = began + lasting[part]
                following = np.where((end.real > at.real) & (end.real < following.real), end, following)
            own[:, m:] = rates(at, part)
            own = action.on(own, following - at, part)
            at = following
        moved[part] = own
    moved[:, m:] = base
    moved[:, m : m + p] += slope * (t1 - t0)
    return moved
