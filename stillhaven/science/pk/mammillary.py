"""The fast way for the commonest case: one drug, up to three compartments round a central one, and an effect site.

Closed form.  A mammillary rate matrix, scaled by the square roots of its volumes, is symmetric, so its modes are real
and its residues are squares: nothing cancels.  The eigenvalues come from the cubic where they are well apart and from
the symmetric eigenvectors where they nearly meet.  The input response of the effect site is a divided difference of
the exponential, written so that equal rates are as harmless as unequal ones.  Must agree with `linear`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stillhaven.science.errors import BadInput
from stillhaven.science.pk.linear import step_lengths
from stillhaven.science.pk.models import Floats, Model, Route
from stillhaven.science.pk.regimen import MIN_PER_H, Regimen

NEAR = 1e-2  # relative gap of eigenvalues, or of one and a return rate, under which the secular equation is solved
_MOST = 80  # Newton steps with bisection; six to ten are usual
_GAUSS_X, _GAUSS_W = np.polynomial.legendre.leggauss(12)
_GAUSS_X, _GAUSS_W = 0.5 * (_GAUSS_X + 1.0), 0.5 * _GAUSS_W


@dataclass(frozen=True, kw_only=True)
class Modes:
    """n people's drug as three decaying modes.  `decay` (n, 3) 1/min; `share` (n, 3): mg/L per mg of a bolus."""

    decay: Floats
    share: Floats
    ke0_per_min: Floats  # (n,)


def is_mammillary(model: Model) -> bool:
    """One drug round one central compartment, nothing else: the closed form applies."""
    if len(model.outputs) != 1 or len(model.compartments) > 3:
        return False
    central = model.parent.compartment
    return (
        all(
            not f.delay and not f.fraction and central in (f.source, f.target) and f.source != f.target
            for f in model.flows
        )
        and all(not f.target or f.source == central or f.target == central for f in model.flows)
        and all(f.source == central for f in model.flows if not f.target)
    )


def takes(model: Model, regimen: Regimen) -> bool:
    """Can the closed form run this regimen on this model: intravenous, straight into the middle, no ramp?"""
    way = model.ways.get(Route.IV)
    return (
        is_mammillary(model)
        and regimen.routes == (Route.IV,)
        and way is not None
        and len(way.portions) == 1
        and way.portions[0].into == model.parent.compartment
        and not way.portions[0].fraction
        and all(i.end_rate_mg_per_h is None for i in regimen.infusions)
    )


def micro(model: Model, values: Mapping[str, Floats]) -> tuple[Floats, Floats, Floats, Floats]:
    """Central volume (n,), elimination (n,), outward (n, 2) and inward (n, 2) rate constants; absent ones are 0."""
    volumes = {c.name: c.volume for c in model.compartments}
    central = model.parent.compartment
    v1 = values[volumes[central]]
    n = len(v1)
    others = [c.name for c in model.compartments if c.name != central]
    out, back, gone = np.zeros((n, 2)), np.ones((n, 2)), np.zeros(n)
    for flow in model.flows:
        k = values[flow.rate] if flow.rate else values[flow.clearance] / values[volumes[flow.source]]
        if not flow.target:
            gone = gone + k
        elif flow.source == central:
            out[:, others.index(flow.target)] = k
        else:
            back[:, others.index(flow.source)] = k
    return v1, gone, out, back


def modes(v1: Floats, k10: Floats, out: Floats, back: Floats, ke0_per_min: float | Floats) -> Modes:
    """Eigenvalues and shares.  Shapes: v1, k10 (n,); out, back (n, 2)."""
    n = len(v1)
    decay, share, near = _cubic(k10, out, back)
    if near.any():
        decay[near], share[near] = secular(k10[near], out[near], back[near])
    return Modes(
        decay=decay,
        share=share / v1[:, None],
        ke0_per_min=np.broadcast_to(np.asarray(ke0_per_min, dtype=float), (n,)),
    )


def _cubic(k10: Floats, out: Floats, back: Floats) -> tuple[Floats, Floats, np.ndarray]:
    """Roots of the characteristic cubic by trigonometry, two Newton steps and Vieta; and whom that is not good for."""
    k12, k13, k21, k31 = out[:, 0], out[:, 1], back[:, 0], back[:, 1]
    a2 = k10 + k12 + k13 + k21 + k31
    a1 = k10 * k21 + k10 * k31 + k12 * k31 + k13 * k21 + k21 * k31
    a0 = k10 * k21 * k31
    p = np.maximum(a2 * a2 / 9.0 - a1 / 3.0, 1e-300)
    q = a2 * a2 * a2 / 27.0 - a2 * a1 / 6.0 + a0 / 2.0
    with np.errstate(divide="ignore", invalid="ignore"):  # a double root: the secular equation takes over
        angle = np.arccos(np.clip(q / (p * np.sqrt(p)), -1.0, 1.0)) / 3.0
    size = 2.0 * np.sqrt(p)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        l1 = a2 / 3.0 + size * np.cos(angle)
        l2 = a2 / 3.0 + size * np.cos(angle - 2.0 * math.pi / 3.0)
        for _ in range(2):
            step1 = (((l1 - a2) * l1 + a1) * l1 - a0) / ((3.0 * l1 - 2.0 * a2) * l1 + a1)
            step2 = (((l2 - a2) * l2 + a1) * l2 - a0) / ((3.0 * l2 - 2.0 * a2) * l2 + a1)
            l1, l2 = l1 - step1, l2 - step2
        l3 = a0 / (l1 * l2)  # Vieta: the smallest loses nothing
        decay = np.stack([l1, l2, l3], axis=1)
        share = np.stack(
            [
                (k21 - l1) * (k31 - l1) / ((l2 - l1) * (l3 - l1)),
                (k21 - l2) * (k31 - l2) / ((l1 - l2) * (l3 - l2)),
                (k21 - l3) * (k31 - l3) / ((l1 - l3) * (l2 - l3)),
            ],
            axis=1,
        )
        gap = np.minimum((l1 - l2) / l1, (l2 - l3) / l2)
        meets = np.min(np.abs(decay[:, :, None] - back[:, None, :]) / decay[:, :, None], axis=(1, 2))
        settled = (np.abs(step1) < 1e-12 * l1) & (np.abs(step2) < 1e-12 * l2)  # not so near a double root
    near = ~settled | ~(gap > NEAR) | ~(meets > NEAR) | ~(l2 > 1e-5 * l1)
    return decay, share, near


def secular(k10: Floats, out: Floats, back: Floats) -> tuple[Floats, Floats]:
    """Eigenvalues and shares (n, 3) of any mammillary system, each to its own last digits.

    The symmetric form is an arrow matrix; its eigenvalues are the roots of G(x) = k10 - x - x sum(k1j / (kj1 - x)),
    one between each two neighbouring poles.  Each is solved for its distance from the nearest pole (or from 0), and its
    share is 1 / (1 + sum (k1j kj1 / (kj1 - x)^2)): sums of positive numbers, whatever the rates.
    """
    n = len(k10)
    swap = back[:, 1] > back[:, 0]
    d1, d2 = np.where(swap, back[:, 1], back[:, 0]), np.where(swap, back[:, 0], back[:, 1])
    o1, o2 = np.where(swap, out[:, 1], out[:, 0]), np.where(swap, out[:, 0], out[:, 1])
    # equal poles are one; a pole that nothing reaches is a mode of its own with no share
    same = d1 == d2
    o1, o2 = np.where(same, o1 + o2, o1), np.where(same, 0.0, o2)
    only2 = (o1 * d1 == 0.0) & (o2 * d2 > 0.0)
    idle = np.where(only2, d1, d2)
    d1, o1, o2 = np.where(only2, d2, d1), np.where(only2, o2, o1), np.where(only2, 0.0, o2)
    some2 = o2 * d2 > 0.0
    some1 = o1 * d1 > 0.0
    d2 = np.where(some2, d2, d1)
    b1, b2 = o1 * d1, np.where(some2, o2 * d2, 0.0)
    o2 = np.where(some2, o2, 0.0)
    total = k10 + o1 + o2

    def g_at(x: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            return total - x - b1 / (d1 - x) - np.where(some2, b2 / (d2 - x), 0.0)

    zero = np.zeros(n)
    low_half = g_at(0.5 * d2) < 0
    mid_low = g_at(0.5 * (d1 + d2)) < 0
    reach = total + np.sqrt(b1) + np.sqrt(b2)
    origin = np.stack([d1, np.where(mid_low, d2, d1), np.where(low_half, zero, d2)], axis=1)
    sign = np.stack([np.ones(n), np.where(mid_low, 1.0, -1.0), np.where(low_half, 1.0, -1.0)], axis=1)
    high = np.stack([np.maximum(reach, d1 + np.sqrt(b1) + np.sqrt(b2)), 0.5 * (d1 - d2), 0.5 * d2], axis=1)
    on1, on2 = origin == d1[:, None], (origin == d2[:, None]) & some2[:, None]
    on2 &= ~on1
    on0 = origin == 0.0
    head = np.where(on0, k10[:, None], total[:, None] - origin)
    e1, e2 = d1[:, None] - origin, d2[:, None] - origin
    B1, B2, K1, K2 = b1[:, None], b2[:, None], o1[:, None], o2[:, None]  # noqa: N806
    own = np.where(on1, B1, np.where(on2, B2, 0.0))
    other = np.where(on1, B2, B1)
    apart = np.where(on1, e2, e1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        w = sign * (head - np.where(other > 0.0, other / apart, 0.0))
        root = np.sqrt(w * w + 4.0 * own)
        guess = np.where(w > 0, 0.5 * (w + root), 2.0 * own / (root - w))
        guess = np.where(on0, k10[:, None] / (1.0 + K1 / d1[:, None] + np.where(B2 > 0, K2 / d2[:, None], 0.0)), guess)
        low = np.zeros_like(high)
        live = np.ones_like(high, dtype=bool)
        live[:, 1] &= some2
        live[:, 0] &= some1
        v = np.where((guess > 0.0) & (guess < high), guess, 0.5 * high)
        for _ in range(_MOST):
            x1, x2 = e1 - sign * v, e2 - sign * v
            t1, t2 = B1 / x1, np.where(B2 > 0, B2 / x2, 0.0)
            g = np.where(on0, head - v * (1.0 + K1 / x1 + np.where(B2 > 0, K2 / x2, 0.0)), head - sign * v - t1 - t2)
            slope = -1.0 - t1 / x1 - np.where(B2 > 0, t2 / x2, 0.0)
            up = (g > 0) == (sign > 0)  # the root lies further from the origin
            low, high = np.where(up, v, low), np.where(up, high, v)
            newton = np.where(on0, v - g / slope, v - sign * v * g / (sign * g + v * slope))
            inside = ((newton > low) & (newton < high)) | (np.abs(newton - v) <= 1e-13 * v)
            fresh = np.where(inside, newton, np.where(low > 0, np.sqrt(low) * np.sqrt(high), 1e-3 * high))
            fresh = np.where(live & (g != 0), fresh, v)
            done = np.abs(fresh - v) <= 2e-15 * v
            v = fresh
            if (done | ~live).all():
                break
        x1, x2 = e1 - sign * v, e2 - sign * v
        share = 1.0 / (1.0 + B1 / (x1 * x1) + np.where(B2 > 0, B2 / (x2 * x2), 0.0))
        decay = origin + sign * v
    # no second pole: the middle root is that idle mode; no pole at all: only elimination is left
    decay[:, 1] = np.where(some2, decay[:, 1], np.where(some1, idle, back[:, 0]))
    share[:, 1] = np.where(some2, share[:, 1], 0.0)
    decay[:, 0] = np.where(some1, decay[:, 0], k10)
    share[:, 0] = np.where(some1, share[:, 0], 1.0)
    decay[:, 2] = np.where(some1, decay[:, 2], back[:, 1])
    share[:, 2] = np.where(some1, share[:, 2], 0.0)
    return decay, share


# ------------------------------------------------------------------------------------- divided differences of exp
def phi(x: Floats) -> Floats:
    """(1 - exp(-x)) / x for x >= 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(x < 1e-12, 1.0 - 0.5 * x, -np.expm1(-x) / x)


def two(a: Floats, b: Floats) -> Floats:
    """(exp(-a) - exp(-b)) / (b - a), for a, b >= 0: what one mode hands to the next over a step."""
    low = np.minimum(a, b)
    handed: Floats = np.exp(-low) * phi(np.abs(b - a))
    return handed


def three(a: Floats, b: Floats) -> Floats:
    """(phi(a) - phi(b)) / (b - a), for a, b >= 0: what constant input hands on through one mode to the next."""
    a, b = np.broadcast_arrays(np.asarray(a, dtype=float), np.asarray(b, dtype=float))
    low, high = np.minimum(a, b), np.maximum(a, b)
    gap = high - low
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        far = (gap - high * np.exp(-low) + low * np.exp(-high)) / (low * high * gap)
        wide = np.where(low > 0.5, far, (phi(low) - phi(high)) / gap)
    result: Floats = wide
    close = gap < 1.0
    if close.any():
        x = low[close][..., None] + gap[close][..., None] * _GAUSS_X
        result = np.where(close, 0.0, wide)
        result[close] = (_slope(x) * _GAUSS_W).sum(axis=-1)
    return result


_SLOPE = [(k + 1) / math.factorial(k + 2) * (-1) ** k for k in range(22)]


def _slope(x: Floats) -> Floats:
    """-phi'(x) = (1 - exp(-x) (1 + x)) / x^2."""
    small = x < 1.0
    y = np.where(small, x, 0.0)
    series = np.zeros_like(y)
    for c in reversed(_SLOPE):
        series = series * y + c
    z = np.where(small, 1.0, x)
    return np.where(small, series, (1.0 - np.exp(-z) * (1.0 + z)) / (z * z))


# ------------------------------------------------------------------------------------- exact steps
@dataclass(frozen=True, kw_only=True)
class Pieces:
    """An intravenous regimen in mg of base: constant rates (mg/min) between knots, and jumps (mg)."""

    edges: tuple[tuple[float, float, float], ...]  # start, end, mg/min
    jumps: tuple[tuple[float, float], ...]  # moment, mg


def pieces(regimen: Regimen, base_factor: float = 1.0) -> Pieces:
    edges = [(i.start_min, i.end_min, i.rate_mg_per_h * base_factor / MIN_PER_H) for i in regimen.infusions]
    edges += [(d.at_min, d.end_min, d.amount_mg * base_factor / d.over_min) for d in regimen.doses if d.over_min]
    jumps = [(d.at_min, d.amount_mg * base_factor) for d in regimen.doses if not d.over_min]
    return Pieces(edges=tuple(sorted(edges)), jumps=tuple(sorted(jumps)))


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """The steps that a grid and a regimen ask for; the same for every person.

    Step i is of kind `kinds[i]` (length `lengths[kind]`), at rate `rates[i]`, after a jump of `jump[i]` mg; `write[i]`
    is the range of grid points that lie at its end.
    """

    lengths: Floats
    kinds: np.ndarray
    rates: Floats
    jump: Floats
    write: np.ndarray
    runs: np.ndarray  # from step i on, this many equal steps follow, each writing one point and none with a jump
    first: tuple[int, int]  # grid points at the very start
    first_jump: float


def schedule(feed: Pieces, t_min: Floats, start_min: float = 0.0) -> Schedule:
    times = np.asarray(t_min, dtype=float)
    if times.ndim != 1 or times.size == 0 or not np.isfinite(times).all():
        raise BadInput("t_min", "must be a list of finite times")
    if (np.diff(times) < 0).any():
        raise BadInput("t_min", "times are out of order")
    if times[0] < start_min:
        raise BadInput("t_min", f"starts before {start_min:g} min")
    marks = [start_min, *(x for e in feed.edges for x in e[:2]), *(j[0] for j in feed.jumps)]
    knots = np.unique(np.concatenate([times, [m for m in marks if start_min <= m <= times[-1]]]))
    lengths, kinds = step_lengths(knots)
    rates = np.zeros(max(knots.size - 1, 0))
    for begin, end, rate in feed.edges:
        rates[(knots[:-1] >= begin) & (knots[:-1] < end)] += rate
    jump = np.zeros(knots.size)
    for when, amount in feed.jumps:
        if start_min <= when <= times[-1]:
            jump[np.searchsorted(knots, when)] += amount
    low = np.searchsorted(times, knots, side="left")
    high = np.searchsorted(times, knots, side="right")
    write = np.stack([low, high], axis=1)
    plain = (high - low == 1)[1:] & (jump[1:] == 0.0)
    breaks = np.ones(rates.size, dtype=bool)
    breaks[1:] = (np.diff(kinds) != 0) | (np.diff(rates) != 0) | ~plain[:-1]
    ends = np.append(np.flatnonzero(breaks)[1:], rates.size)
    runs = np.repeat(ends, np.diff(np.append(np.flatnonzero(breaks), rates.size))) - np.arange(rates.size)
    stops = np.flatnonzero(~plain)
    following = np.append(stops, rates.size)[np.searchsorted(stops, np.arange(rates.size))] - np.arange(rates.size)
    return Schedule(
        runs=np.minimum(runs, following).astype(np.int64),
        lengths=np.array(lengths),
        kinds=kinds.astype(np.int64),
        rates=rates,
        jump=jump,
        write=write,
        first=(int(low[0]), int(high[0])),
        first_jump=float(jump[0]),
    )


@dataclass(frozen=True, kw_only=True)
class Steps:
    """What one step of each length does to the modes and the effect site: (kinds, n, 3) and (kinds, n)."""

    keep: Floats  # of each mode
    gain: Floats  # per mg/min of input
    hand: Floats  # from each mode to the effect site
    keep_e: Floats
    gain_e: Floats


def steps(m: Modes, lengths: Floats) -> Steps:
    h = lengths[:, None, None]
    x = m.decay[None] * h
    y = (m.ke0_per_min[None] * lengths[:, None])[:, :, None]
    keep = np.exp(-x)
    gain = m.share[None] * h * phi(x)
    hand = y * two(x, np.broadcast_to(y, x.shape))
    gain_e = (y * h * m.share[None] * three(x, np.broadcast_to(y, x.shape))).sum(axis=2)
    return Steps(keep=keep, gain=gain, hand=hand, keep_e=np.exp(-y[:, :, 0]), gain_e=gain_e)


def run(
    m: Modes,
    plan: Schedule,
    count: int,
    *,
    start: Floats | None = None,
    out: tuple[Floats, Floats] | None = None,
) -> tuple[Floats, Floats, Floats]:
    """Plasma and effect site (n, count) in mg/L, and the last state (n, 4): three modes and the effect site.

    `out` are two arrays (n, count) to write into; fastest when they are the transposed view of (count, n) memory.
    """
    n = len(m.ke0_per_min)
    if n <= _FEW:
        few = _run_few(m, plan, count, start)
        if out is not None:
            out[0][...], out[1][...] = few[0], few[1]
        return few
    step = steps(m, plan.lengths)
    plasma, effect = (np.empty((count, n)), np.empty((count, n))) if out is None else (out[0].T, out[1].T)
    last = np.empty((4, n))
    for i in range(0, n, _BLOCK):
        part = slice(i, min(n, i + _BLOCK))
        _run_many(m, plan, step, part, start, plasma, effect, last)
    return plasma.T, effect.T, last.T


def run_plasma(m: Modes, plan: Schedule, count: int) -> Floats:
    """Plasma alone (n, count) in mg/L, for few steps: what a fit asks for, over and over."""
    h = plan.lengths[:, None, None]
    x = m.decay[None] * h
    keep, gain = np.exp(-x), m.share[None] * h * phi(x)
    s = m.share * plan.first_jump
    out = np.empty((len(m.ke0_per_min), count))
    out[:, plan.first[0] : plan.first[1]] = s.sum(axis=1)[:, None]
    for i, (kind, rate) in enumerate(zip(plan.kinds.tolist(), plan.rates.tolist(), strict=True)):
        s = s * keep[kind] + rate * gain[kind]
        if plan.jump[i + 1]:
            s = s + m.share * plan.jump[i + 1]
        low, high = plan.write[i + 1]
        if high > low:
            out[:, low:high] = s.sum(axis=1)[:, None]
    return out


_FEW = 48
_BLOCK = 4096


def _run_many(
    m: Modes,
    plan: Schedule,
    step: Steps,
    part: slice,
    start: Floats | None,
    plasma: Floats,
    effect: Floats,
    last: Floats,
) -> None:
    """One block of people, one step after the other: every array stays in the cache."""
    share = m.share[part].T.copy()
    s = np.zeros_like(share) if start is None else start[part, :3].T.copy()
    e = np.zeros(share.shape[1]) if start is None else start[part, 3].copy()
    if plan.first_jump:
        s += share * plan.first_jump
    plasma[plan.first[0] : plan.first[1], part] = s.sum(axis=0)
    effect[plan.first[0] : plan.first[1], part] = e
    keep = [np.ascontiguousarray(step.keep[k][part].T) for k in range(len(plan.lengths))]
    gain = [np.ascontiguousarray(step.gain[k][part].T) for k in range(len(plan.lengths))]
    hand = [np.ascontiguousarray(step.hand[k][part].T) for k in range(len(plan.lengths))]
    keep_e = [step.keep_e[k][part] for k in range(len(plan.lengths))]
    gain_e = [step.gain_e[k][part] for k in range(len(plan.lengths))]
    scratch, moved = np.empty_like(s), np.empty_like(e)
    fed: dict[tuple[int, float], tuple[Floats, Floats]] = {}
    for i, (kind, rate) in enumerate(zip(plan.kinds.tolist(), plan.rates.tolist(), strict=True)):
        np.multiply(s, hand[kind], out=scratch)
        e *= keep_e[kind]
        np.add(scratch[0], scratch[1], out=moved)
        moved += scratch[2]
        e += moved
        s *= keep[kind]
        if rate:
            key = (kind, rate)
            if key not in fed:
                fed[key] = (gain[kind] * rate, gain_e[kind] * rate)
            s += fed[key][0]
            e += fed[key][1]
        if plan.jump[i + 1]:
            s += share * plan.jump[i + 1]
        low, high = plan.write[i + 1]
        if high == low + 1:
            row = plasma[low, part]
            np.add(s[0], s[1], out=row)
            row += s[2]
            effect[low, part] = e
        elif high > low:
            plasma[low:high, part] = s.sum(axis=0)
            effect[low:high, part] = e
    last[:3, part], last[3, part] = s, e


def _run_few(m: Modes, plan: Schedule, count: int, start: Floats | None) -> tuple[Floats, Floats, Floats]:
    """A few people: runs of equal steps are laid out by doubling, so the work is in a dozen calls, not in thousands.

    The step of twice the length is computed, not squared, so that a thousand steps lose nothing.
    """
    n = len(m.ke0_per_min)
    z = np.zeros((n, 5))
    if start is not None:
        z[:, :4] = start
    plasma, effect = np.empty((n, count)), np.empty((n, count))
    z[:, :3] += m.share * plan.first_jump
    plasma[:, plan.first[0] : plan.first[1]] = z[:, :3].sum(axis=1)[:, None]
    effect[:, plan.first[0] : plan.first[1]] = z[:, 3, None]
    total = plan.kinds.size
    if total == 0:
        return plasma, effect, z[:, :4]
    fresh = np.ones(total, dtype=bool)
    fresh[1:] = (np.diff(plan.kinds) != 0) | (np.diff(plan.rates) != 0) | (plan.jump[1:-1] != 0)
    begins = [*np.flatnonzero(fresh).tolist(), total]
    spans = [(begin, end, int(plan.kinds[begin])) for begin, end in itertools.pairwise(begins)]
    levels = np.zeros(len(plan.lengths), dtype=int)
    for begin, end, kind in spans:
        levels[kind] = max(levels[kind], int(end - begin).bit_length())
    at = np.concatenate([[0], np.cumsum(levels)])
    lengths = np.concatenate([plan.lengths[k] * np.ldexp(1.0, np.arange(levels[k])) for k in range(len(levels))])
    step = steps(m, lengths)
    matrices = np.zeros((lengths.size, n, 5, 5))
    for j in range(3):
        matrices[:, :, j, j], matrices[:, :, j, 4] = step.keep[:, :, j], step.gain[:, :, j]
        matrices[:, :, 3, j] = step.hand[:, :, j]
    matrices[:, :, 3, 3], matrices[:, :, 3, 4], matrices[:, :, 4, 4] = step.keep_e, step.gain_e, 1.0
    for begin, end, kind in spans:
        run = end - begin
        z[:, 4] = plan.rates[begin]
        track = np.empty((n, 5, run + 1))
        track[:, :, 0] = z
        have, level = 1, int(at[kind])
        while have < run + 1:
            take = min(have, run + 1 - have)
            np.matmul(matrices[level], track[:, :, :take], out=track[:, :, have : have + take])
            have, level = have + take, level + 1
        z = track[:, :, -1].copy()
        if plan.jump[end]:
            z[:, :3] += m.share * plan.jump[end]
            track[:, :, -1] = z
        low, high = plan.write[begin + 1 : end + 1, 0], plan.write[begin + 1 : end + 1, 1]
        values = track[:, 0, 1:] + track[:, 1, 1:] + track[:, 2, 1:]
        counts = high - low
        if (counts == 1).all():
            plasma[:, low[0] : high[-1]] = values
            effect[:, low[0] : high[-1]] = track[:, 3, 1:]
        else:
            plasma[:, low[0] : high[-1]] = np.repeat(values, counts, axis=1)
            effect[:, low[0] : high[-1]] = np.repeat(track[:, 3, 1:], counts, axis=1)
    return plasma, effect, z[:, :4]


# ------------------------------------------------------------------------------------- histograms of many people
def tally(m: Modes, plan: Schedule, factor: float, shift: int, first: int, counts: np.ndarray) -> None:
    """Adds these people's plasma and effect-site levels (times `factor`) to histogram counts (2, T, bins)."""
    plasma, effect, _ = run(m, plan, counts.shape[1])
    tally_rows(plasma.T * factor, counts[0], shift, first)
    tally_rows(effect.T * factor, counts[1], shift, first)


def tally_rows(levels: Floats, counts: np.ndarray, shift: int, first: int) -> None:
    """Adds levels (T, n) to counts (T, bins)."""
    bins = counts.shape[1]
    at = (np.ascontiguousarray(levels).view(np.int64) >> shift) - first
    np.clip(at, 0, bins - 1, out=at)
    for row, places in zip(counts, at, strict=True):
        row += np.bincount(places, minlength=bins).astype(row.dtype)
