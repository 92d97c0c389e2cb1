"""The inner loops of `mammillary`, `population` and `fit`, one person at a time, compiled.  Same formulas, same tests.

Used through `accel` only.  Compiled code is kept beside this file, so that the wait is paid once.  Without numba the
same functions are plain Python: too slow to use, but not too slow to test.
"""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stillhaven.science.pk import mammillary
from stillhaven.science.pk.models import NG_PER_ML_IN_MG_PER_L, Floats, individual

try:
    from numba import njit
except ImportError:
    COMPILED = False

    def njit(**_: Any) -> Any:
        return lambda function: function
else:
    COMPILED = True

NEAR = mammillary.NEAR
_X = mammillary._GAUSS_X
_W = mammillary._GAUSS_W
_SLOPES = np.array(mammillary._SLOPE)
_LONG_RUN = 224  # points from which on a table pays
_WIDE = 32  # points of a long run that are worked out at once: as many as the compiler makes into one go
# The compiler may fuse a multiplication with the addition after it (one rounding instead of two) and nothing else.
_EXACT = {"contract"}


@njit(cache=True, error_model="numpy")
def _phi(x: float) -> float:
    return 1.0 - 0.5 * x if x < 1e-12 else -math.expm1(-x) / x


@njit(cache=True, error_model="numpy")
def _two(a: float, b: float) -> float:
    return float(math.exp(-min(a, b)) * _phi(abs(b - a)))


@njit(cache=True, error_model="numpy")
def _slope(x: float) -> float:
    if x < 1.0:
        total = 0.0
        for i in range(_SLOPES.size - 1, -1, -1):
            total = total * x + float(_SLOPES[i])
        return total
    return (1.0 - math.exp(-x) * (1.0 + x)) / (x * x)


@njit(cache=True, error_model="numpy")
def _three(a: float, b: float) -> float:
    low, high = min(a, b), max(a, b)
    gap = high - low
    if gap < 1.0:
        if high < 0.25:  # the series in both: h2(0, a, b) terms, ten are enough here
            # sum over k of (-1)^k (a^k + a^(k-1) b + ... + b^k) / (k + 2)!
            total, sign, fact = 0.0, 1.0, 2.0
            mixed, power = 1.0, 1.0
            for k in range(14):
                total += sign * mixed / fact
                power *= low
                mixed = mixed * high + power
                sign = -sign
                fact *= k + 3
            return total
        total = 0.0
        for i in range(_X.size):
            total += _W[i] * _slope(low + gap * _X[i])
        return float(total)
    if low > 0.5:
        return (gap - high * math.exp(-low) + low * math.exp(-high)) / (low * high * gap)
    return float((_phi(low) - _phi(high)) / gap)


@njit(cache=True, error_model="numpy")
def _root(
    origin: float,
    sign: float,
    high: float,
    k10: float,
    total: float,
    d1: float,
    b1: float,
    o1: float,
    d2: float,
    b2: float,
    o2: float,
) -> tuple[float, float]:
    """One eigenvalue as origin + sign v, and its share."""
    e1, e2 = d1 - origin, d2 - origin
    at_zero = origin == 0.0
    head = k10 if at_zero else total - origin
    if at_zero:
        v = k10 / (1.0 + o1 / d1 + (o2 / d2 if b2 > 0.0 else 0.0))
    else:
        own, other, apart = (b1, b2, e2) if origin == d1 else (b2, b1, e1)
        w = sign * (head - (other / apart if other > 0.0 else 0.0))
        root = math.sqrt(w * w + 4.0 * own)
        v = 0.5 * (w + root) if w > 0.0 else 2.0 * own / (root - w)
    if not (0.0 < v < high):
        v = 0.5 * high
    low = 0.0
    for _ in range(80):
        x1, x2 = e1 - sign * v, e2 - sign * v
        t1 = b1 / x1
        t2 = b2 / x2 if b2 > 0.0 else 0.0
        g = head - v * (1.0 + o1 / x1 + (o2 / x2 if b2 > 0.0 else 0.0)) if at_zero else head - sign * v - t1 - t2
        if g == 0.0:
            break
        slope = -1.0 - t1 / x1 - (t2 / x2 if b2 > 0.0 else 0.0)
        if (g > 0.0) == (sign > 0.0):
            low = v
        else:
            high = v
        fresh = v - g / slope if at_zero else v - sign * v * g / (sign * g + v * slope)
        if not (low < fresh < high) and not (abs(fresh - v) <= 1e-13 * v):
            fresh = math.sqrt(low) * math.sqrt(high) if low > 0.0 else 1e-3 * high
        done = abs(fresh - v) <= 2e-15 * v
        v = fresh
        if done:
            break
    x1, x2 = e1 - sign * v, e2 - sign * v
    share = 1.0 / (1.0 + b1 / (x1 * x1) + (b2 / (x2 * x2) if b2 > 0.0 else 0.0))
    return origin + sign * v, share


@njit(cache=True, error_model="numpy")
def _modes1(k10: float, k12: float, k13: float, k21: float, k31: float) -> Any:
    """Three eigenvalues and three shares of one person: the cubic, or the secular equation near double roots."""
    a2 = k10 + k12 + k13 + k21 + k31
    a1 = k10 * k21 + k10 * k31 + k12 * k31 + k13 * k21 + k21 * k31
    a0 = k10 * k21 * k31
    p = max(a2 * a2 / 9.0 - a1 / 3.0, 1e-300)
    q = a2 * a2 * a2 / 27.0 - a2 * a1 / 6.0 + a0 / 2.0
    ratio = q / (p * math.sqrt(p))
    angle = math.acos(min(1.0, max(-1.0, ratio))) / 3.0
    size = 2.0 * math.sqrt(p)
    l1 = a2 / 3.0 + size * math.cos(angle)
    l2 = a2 / 3.0 + size * math.cos(angle - 2.0 * math.pi / 3.0)
    step1 = step2 = 1.0
    for _ in range(2):
        step1 = (((l1 - a2) * l1 + a1) * l1 - a0) / ((3.0 * l1 - 2.0 * a2) * l1 + a1)
        step2 = (((l2 - a2) * l2 + a1) * l2 - a0) / ((3.0 * l2 - 2.0 * a2) * l2 + a1)
        l1 -= step1
        l2 -= step2
    l3 = a0 / (l1 * l2)
    gap = min((l1 - l2) / l1, (l2 - l3) / l2)
    meets = min(
        min(abs(k21 / l1 - 1.0), abs(k31 / l1 - 1.0)),
        min(min(abs(k21 / l2 - 1.0), abs(k31 / l2 - 1.0)), min(abs(k21 / l3 - 1.0), abs(k31 / l3 - 1.0))),
    )
    if abs(step1) < 1e-12 * l1 and abs(step2) < 1e-12 * l2 and gap > NEAR and meets > NEAR and l2 > 1e-5 * l1:
        s1 = (k21 - l1) * (k31 - l1) / ((l2 - l1) * (l3 - l1))
        s2 = (k21 - l2) * (k31 - l2) / ((l1 - l2) * (l3 - l2))
        s3 = (k21 - l3) * (k31 - l3) / ((l1 - l3) * (l2 - l3))
        return l1, l2, l3, s1, s2, s3
    d1, d2, o1, o2 = (k31, k21, k13, k12) if k31 > k21 else (k21, k31, k12, k13)
    if d1 == d2:
        o1, o2 = o1 + o2, 0.0
    if o1 * d1 == 0.0 and o2 * d2 > 0.0:
        d1, d2, o1, o2 = d2, d1, o2, 0.0
    if o1 * d1 == 0.0:
        return k10, k21, k31, 1.0, 0.0, 0.0
    idle = d2
    if o2 * d2 == 0.0:
        d2, o2 = d1, 0.0
    b1, b2 = o1 * d1, o2 * d2
    total = k10 + o1 + o2
    reach = max(total, d1) + math.sqrt(b1) + math.sqrt(b2)
    l1, s1 = _root(d1, 1.0, reach, k10, total, d1, b1, o1, d2, b2, o2)
    l2, s2 = idle, 0.0
    if b2 > 0.0:
        x = 0.5 * (d1 + d2)
        if total - x - b1 / (d1 - x) - b2 / (d2 - x) < 0.0:
            l2, s2 = _root(d2, 1.0, 0.5 * (d1 - d2), k10, total, d1, b1, o1, d2, b2, o2)
        else:
            l2, s2 = _root(d1, -1.0, 0.5 * (d1 - d2), k10, total, d1, b1, o1, d2, b2, o2)
    x = 0.5 * d2
    if total - x - b1 / (d1 - x) - (b2 / (d2 - x) if b2 > 0.0 else 0.0) < 0.0:
        l3, s3 = _root(0.0, 1.0, x, k10, total, d1, b1, o1, d2, b2, o2)
    else:
        l3, s3 = _root(d2, -1.0, x, k10, total, d1, b1, o1, d2, b2, o2)
    return l1, l2, l3, s1, s2, s3


@njit(cache=True, error_model="numpy")
def _modes(v1: Floats, k10: Floats, out: Floats, back: Floats, decay: Floats, share: Floats) -> None:
    for i in range(v1.size):
        l1, l2, l3, s1, s2, s3 = _modes1(k10[i], out[i, 0], out[i, 1], back[i, 0], back[i, 1])
        decay[i, 0], decay[i, 1], decay[i, 2] = l1, l2, l3
        share[i, 0], share[i, 1], share[i, 2] = s1 / v1[i], s2 / v1[i], s3 / v1[i]


def modes(v1: Floats, k10: Floats, out: Floats, back: Floats, ke0_per_min: float | Floats) -> mammillary.Modes:
    n = len(v1)
    decay, share = np.empty((n, 3)), np.empty((n, 3))
    _modes(v1, np.ascontiguousarray(k10), out, back, decay, share)
    return mammillary.Modes(
        decay=decay,
        share=share,
        ke0_per_min=np.broadcast_to(np.asarray(ke0_per_min, dtype=float), (n,)),
    )


@njit(cache=True, error_model="numpy")
def _steps1(
    l1: float, l2: float, l3: float, s1: float, s2: float, s3: float, ke0: float, lengths: Floats, c: Floats
) -> None:
    """What a step of each length does: c[k] = keep x3, gain x3, hand x3, keep_e, gain_e."""
    for k in range(lengths.size):
        h = lengths[k]
        y = ke0 * h
        gain_e = 0.0
        for j in range(3):
            rate, share = (l1, s1) if j == 0 else ((l2, s2) if j == 1 else (l3, s3))
            x = rate * h
            c[k, j] = math.exp(-x)
            c[k, 3 + j] = share * h * _phi(x)
            c[k, 6 + j] = y * _two(x, y)
            if share != 0.0:
                gain_e += y * h * share * _three(x, y)
        c[k, 9] = math.exp(-y)
        c[k, 10] = gain_e


@njit(cache=True, error_model="numpy", fastmath=_EXACT)
def _table(c: Floats, t: Floats) -> None:
    """What 1, 2, ... _WIDE steps of one length do, from what one does: t[0:3] keep, t[3] gain, t[4:7] hand, and so on.

    Rows: what is left of each mode; plasma per mg/min; what each mode hands on; what is left of the effect site; effect
    site per mg/min; and in the last three the gain of each mode.
    """
    ea, eb, ed, ee = c[0], c[1], c[2], c[9]
    ha, hb, hd = c[6], c[7], c[8]
    ka, kb, kd, ke = ea, eb, ed, ee
    ga, gb, gd, ge = c[3], c[4], c[5], c[10]
    sa, sb, sd = ha, hb, hd
    for q in range(_WIDE):
        t[0, q], t[1, q], t[2, q], t[3, q] = ka, kb, kd, ga + gb + gd
        t[4, q], t[5, q], t[6, q], t[7, q], t[8, q] = sa, sb, sd, ke, ge
        t[9, q], t[10, q], t[11, q] = ga, gb, gd
        sa, sb, sd = sa * ee + ka * ha, sb * ee + kb * hb, sd * ee + kd * hd
        ge = ge * ee + (ga * ha + gb * hb + gd * hd + c[10])
        ga, gb, gd = ga * ea + c[3], gb * eb + c[4], gd * ed + c[5]
        ka, kb, kd, ke = ka * ea, kb * eb, kd * ed, ke * ee


@njit(cache=True, error_model="numpy", fastmath=_EXACT)
def _wide(t: Floats, rate: float, a: float, b: float, d: float, e: float, plasma: Floats, effect: Floats) -> None:
    """The next _WIDE points, each straight from the state before the first: no point waits for the one before it."""
    for q in range(_WIDE):
        plasma[q] = a * t[0, q] + b * t[1, q] + d * t[2, q] + rate * t[3, q]
    for q in range(_WIDE):
        effect[q] = a * t[4, q] + b * t[5, q] + d * t[6, q] + e * t[7, q] + rate * t[8, q]


@njit(cache=True, error_model="numpy", fastmath=_EXACT)
def _steady(c: Floats, rate: float, a: float, b: float, d: float, e: float, plasma: Floats, effect: Floats) -> Any:
    """Equal steps, each written: as many as there is room for.  The loop in which the time goes."""
    ea, eb, ed, ee = c[0], c[1], c[2], c[9]
    ha, hb, hd = c[6], c[7], c[8]
    ga, gb, gd, ge = rate * c[3], rate * c[4], rate * c[5], rate * c[10]
    for p in range(plasma.size):
        e = e * ee + (a * ha + b * hb + d * hd + ge)
        a = a * ea + ga
        b = b * eb + gb
        d = d * ed + gd
        plasma[p] = a + b + d
        effect[p] = e
    return a, b, d, e


@njit(cache=True, error_model="numpy", fastmath=_EXACT)
def _at_once(
    c: Floats, t: Floats, rate: float, a: float, b: float, d: float, e: float, plasma: Floats, effect: Floats
) -> Any:
    """The same for long runs, _WIDE points at a time."""
    if t[0, 0] != t[0, 0]:
        _table(c, t)
    p, last = 0, _WIDE - 1
    while p + _WIDE <= plasma.size:
        _wide(t, rate, a, b, d, e, plasma[p : p + _WIDE], effect[p : p + _WIDE])
        p += _WIDE
        e = effect[p - 1]
        a = a * t[0, last] + rate * t[9, last]
        b = b * t[1, last] + rate * t[10, last]
        d = d * t[2, last] + rate * t[11, last]
    return _steady(c, rate, a, b, d, e, plasma[p:], effect[p:])


@njit(cache=True, error_model="numpy")
def _track(
    c: Floats,
    t: Floats,
    s1: float,
    s2: float,
    s3: float,
    z: Floats,
    kinds: Floats,
    rates: Floats,
    jump: Floats,
    write: Floats,
    runs: Floats,
    plasma: Floats,
    effect: Floats,
) -> None:
    """One person through all steps.  z holds the state and receives the last one.  `runs[i]`: equal steps from i on.

    `t` (kinds, 12, _WIDE) is room for the tables of long runs.
    """
    t[:, 0, 0] = np.nan  # not made yet
    a, b, d, e = z[0] + s1 * jump[0], z[1] + s2 * jump[0], z[2] + s3 * jump[0], z[3]
    for p in range(write[0, 0], write[0, 1]):
        plasma[p], effect[p] = a + b + d, e
    i = 0
    while i < kinds.size:
        count = runs[i]
        if count > 0:
            at = write[i + 1, 0]
            row_p, row_e = plasma[at : at + count], effect[at : at + count]
            if count >= _LONG_RUN:
                a, b, d, e = _at_once(c[kinds[i]], t[kinds[i]], rates[i], a, b, d, e, row_p, row_e)
            else:
                a, b, d, e = _steady(c[kinds[i]], rates[i], a, b, d, e, row_p, row_e)
            i += count
            continue
        k, rate = kinds[i], rates[i]
        e = e * c[k, 9] + (a * c[k, 6] + b * c[k, 7] + d * c[k, 8] + rate * c[k, 10])
        a = a * c[k, 0] + rate * c[k, 3]
        b = b * c[k, 1] + rate * c[k, 4]
        d = d * c[k, 2] + rate * c[k, 5]
        i += 1
        a, b, d = a + s1 * jump[i], b + s2 * jump[i], d + s3 * jump[i]
        for p in range(write[i, 0], write[i, 1]):
            plasma[p], effect[p] = a + b + d, e
    z[0], z[1], z[2], z[3] = a, b, d, e


@njit(cache=True, error_model="numpy")
def _run(
    decay: Floats,
    share: Floats,
    ke0: Floats,
    lengths: Floats,
    kinds: Floats,
    rates: Floats,
    jump: Floats,
    write: Floats,
    runs: Floats,
    state: Floats,
    plasma: Floats,
    effect: Floats,
) -> None:
    c, t = np.empty((lengths.size, 11)), np.empty((lengths.size, 12, _WIDE))
    for i in range(ke0.size):
        s1, s2, s3 = share[i, 0], share[i, 1], share[i, 2]
        _steps1(decay[i, 0], decay[i, 1], decay[i, 2], s1, s2, s3, ke0[i], lengths, c)
        _track(c, t, s1, s2, s3, state[i], kinds, rates, jump, write, runs, plasma[i], effect[i])


def run(
    m: mammillary.Modes,
    plan: mammillary.Schedule,
    count: int,
    *,
    start: Floats | None = None,
    out: tuple[Floats, Floats] | None = None,
) -> tuple[Floats, Floats, Floats]:
    n = len(m.ke0_per_min)
    plasma, effect = out if out is not None else (np.empty((n, count)), np.empty((n, count)))
    state = np.zeros((n, 4)) if start is None else np.array(start, dtype=float)
    ke0 = np.ascontiguousarray(m.ke0_per_min)
    _run(
        m.decay,
        m.share,
        ke0,
        plan.lengths,
        plan.kinds,
        plan.rates,
        plan.jump,
        plan.write,
        plan.runs,
        state,
        plasma,
        effect,
    )
    return plasma, effect, state


@njit(cache=True, error_model="numpy")
def _curve(
    v1: float,
    k10: float,
    k12: float,
    k13: float,
    k21: float,
    k31: float,
    ke0: float,
    lengths: Floats,
    kinds: Floats,
    rates: Floats,
    jump: Floats,
    write: Floats,
    runs: Floats,
    plasma: Floats,
    effect: Floats,
) -> None:
    l1, l2, l3, s1, s2, s3 = _modes1(k10, k12, k13, k21, k31)
    s1, s2, s3 = s1 / v1, s2 / v1, s3 / v1
    c, t = np.empty((lengths.size, 11)), np.empty((lengths.size, 12, _WIDE))
    _steps1(l1, l2, l3, s1, s2, s3, ke0, lengths, c)
    _track(c, t, s1, s2, s3, np.zeros(4), kinds, rates, jump, write, runs, plasma, effect)


def curve(
    v1_l: float,
    k10: float,
    k12: float,
    k13: float,
    k21: float,
    k31: float,
    ke0: float,
    plan: mammillary.Schedule,
    plasma: Floats,
    effect: Floats,
) -> None:
    """One person's curves into arrays of the caller's (mg/L): the shortest way, for a loop of the caller's own."""
    _curve(
        v1_l,
        k10,
        k12,
        k13,
        k21,
        k31,
        ke0,
        plan.lengths,
        plan.kinds,
        plan.rates,
        plan.jump,
        plan.write,
        plan.runs,
        plasma,
        effect,
    )


# ------------------------------------------------------------------------------------- histograms of many people
@njit(cache=True, error_model="numpy")
def _bins(levels: Floats, shift: int, first: int, bins: int, to: Floats) -> None:
    """The bin of each level, from the bits of the number itself: its exponent and the first digits of its fraction."""
    bits = levels.view(np.int64)
    for p in range(bits.size):
        to[p] = min(max((bits[p] >> shift) - first, 0), bins - 1)


@njit(cache=True, error_model="numpy")
def _tally(
    decay: Floats,
    share: Floats,
    ke0: Floats,
    lengths: Floats,
    kinds: Floats,
    rates: Floats,
    jump: Floats,
    write: Floats,
    runs: Floats,
    factor: float,
    shift: int,
    first: int,
    counts: Floats,
) -> None:
    """Adds n people to counts (2, T, bins): blocks of people, so that the block and a row of counts stay in the cache."""
    block = 256
    points, bins = counts.shape[1], counts.shape[2]
    c, t = np.empty((lengths.size, 11)), np.empty((lengths.size, 12, _WIDE))
    plasma, effect, z = np.empty(points), np.empty(points), np.empty(4)
    at = np.empty((2, block, points), dtype=np.int16)
    for begin in range(0, ke0.size, block):
        size = min(block, ke0.size - begin)
        for q in range(size):
            i = begin + q
            s1, s2, s3 = share[i, 0] * factor, share[i, 1] * factor, share[i, 2] * factor
            _steps1(decay[i, 0], decay[i, 1], decay[i, 2], s1, s2, s3, ke0[i], lengths, c)
            z[:] = 0.0
            _track(c, t, s1, s2, s3, z, kinds, rates, jump, write, runs, plasma, effect)
            _bins(plasma, shift, first, bins, at[0, q])
            _bins(effect, shift, first, bins, at[1, q])
        for o in range(2):
            for p in range(points):
                row = counts[o, p]
                for q in range(size):
                    row[at[o, q, p]] += 1


def tally(
    m: mammillary.Modes, plan: mammillary.Schedule, factor: float, shift: int, first: int, counts: Floats
) -> None:
    """Adds these people's plasma and effect-site levels (times `factor`) to counts (2, T, bins)."""
    ke0 = np.ascontiguousarray(m.ke0_per_min)
    _tally(
        m.decay,
        m.share,
        ke0,
        plan.lengths,
        plan.kinds,
        plan.rates,
        plan.jump,
        plan.write,
        plan.runs,
        factor,
        shift,
        first,
        counts,
    )


# ------------------------------------------------------------------------------------- one person's parameters
@njit(cache=True, error_model="numpy")
def _log_levels(
    base: Floats,
    column: Floats,
    spec: Floats,
    eta: Floats,
    lengths: Floats,
    kinds: Floats,
    rates: Floats,
    jump: Floats,
    write: Floats,
    c: Floats,
    theta: Floats,
    out: Floats,
) -> None:
    """Logarithms of the plasma levels (mg/L) at the grid of the plan, without the effect site."""
    for i in range(base.size):
        theta[i] = math.exp(base[i] + (eta[column[i]] if column[i] >= 0 else 0.0))
    v1 = theta[spec[0, 0]]
    k10 = theta[spec[1, 0]] / (theta[spec[1, 1]] if spec[1, 1] >= 0 else 1.0)
    k12 = k13 = 0.0
    k21 = k31 = 1.0
    if spec[2, 0] >= 0:
        k12 = theta[spec[2, 0]] / (theta[spec[2, 1]] if spec[2, 1] >= 0 else 1.0)
        k21 = theta[spec[3, 0]] / (theta[spec[3, 1]] if spec[3, 1] >= 0 else 1.0)
    if spec[4, 0] >= 0:
        k13 = theta[spec[4, 0]] / (theta[spec[4, 1]] if spec[4, 1] >= 0 else 1.0)
        k31 = theta[spec[5, 0]] / (theta[spec[5, 1]] if spec[5, 1] >= 0 else 1.0)
    l1, l2, l3, s1, s2, s3 = _modes1(k10, k12, k13, k21, k31)
    s1, s2, s3 = s1 / v1, s2 / v1, s3 / v1
    for k in range(lengths.size):
        h = lengths[k]
        x1, x2, x3 = l1 * h, l2 * h, l3 * h
        # one exponential each: keep = exp(-x); gain = (1 - keep) / rate, by expm1 where it would lose digits
        c[k, 0], c[k, 3] = math.exp(-x1), s1 * h * _phi(x1)
        c[k, 1], c[k, 4] = math.exp(-x2), s2 * h * _phi(x2)
        c[k, 2], c[k, 5] = math.exp(-x3), s3 * h * _phi(x3)
    a, b, d = s1 * jump[0], s2 * jump[0], s3 * jump[0]
    for p in range(write[0, 0], write[0, 1]):
        out[p] = math.log(a + b + d)
    for i in range(kinds.size):
        k, rate, push = kinds[i], rates[i], jump[i + 1]
        a = a * c[k, 0] + rate * c[k, 3] + push * s1
        b = b * c[k, 1] + rate * c[k, 4] + push * s2
        d = d * c[k, 2] + rate * c[k, 5] + push * s3
        if write[i + 1, 1] > write[i + 1, 0]:
            level = math.log(a + b + d)
            for p in range(write[i + 1, 0], write[i + 1, 1]):
                out[p] = level


@njit(cache=True, error_model="numpy")
def _solve(a: Floats, b: Floats, x: Floats) -> None:
    """x of a x = b for a small positive definite a, by Cholesky; a is overwritten."""
    q = b.size
    for i in range(q):
        for j in range(i + 1):
            total = a[i, j]
            for k in range(j):
                total -= a[i, k] * a[j, k]
            a[i, j] = math.sqrt(total) if i == j else total / a[j, j]
    for i in range(q):
        total = b[i]
        for k in range(i):
            total -= a[i, k] * x[k]
        x[i] = total / a[i, i]
    for i in range(q - 1, -1, -1):
        total = x[i]
        for k in range(i + 1, q):
            total -= a[k, i] * x[k]
        x[i] = total / a[i, i]


@njit(cache=True, error_model="numpy")
def _search(
    measured: Floats,
    sd: float,
    root: Floats,
    base: Floats,
    column: Floats,
    spec: Floats,
    lengths: Floats,
    kinds: Floats,
    rates: Floats,
    jump: Floats,
    write: Floats,
    close: float,
    most: int,
    z: Floats,
    y: Floats,
    jac: Floats,
) -> tuple[int, bool]:
    """Levenberg and Marquardt as in `fit`; z, y and jac (whitened) receive the optimum."""
    q, n = z.size, y.size
    c, theta = np.empty((lengths.size, 6)), np.empty(base.size)
    eta, trial, fresh, move = np.empty(q), np.empty(n), np.empty(q), np.empty(q)
    up, down = np.empty(n), np.empty(n)
    gradient, curvature, work = np.empty(q), np.empty((q, q)), np.empty((q, q))
    nudge = 6e-6
    damping, cost, steps, renew = 0.0, 0.0, 0, True
    for i in range(q):
        eta[i] = 0.0
        for j in range(i + 1):
            eta[i] += root[i, j] * z[j]
    _log_levels(base, column, spec, eta, lengths, kinds, rates, jump, write, c, theta, y)
    for p in range(n):
        cost += ((measured[p] - y[p]) / sd) ** 2
    for i in range(q):
        cost += z[i] * z[i]
    while steps < most:
        steps += 1
        if renew:
            for j in range(q):  # along each whitened direction, from both sides
                for sign in (1.0, -1.0):
                    for i in range(q):
                        eta[i] = 0.0
                        for k in range(i + 1):
                            eta[i] += root[i, k] * (z[k] + (sign * nudge / root[j, j] if k == j else 0.0))
                    _log_levels(
                        base, column, spec, eta, lengths, kinds, rates, jump, write, c, theta, up if sign > 0 else down
                    )
                for p in range(n):
                    jac[p, j] = (up[p] - down[p]) / (2.0 * nudge / root[j, j]) / sd
            for i in range(q):
                gradient[i] = -z[i]
                for p in range(n):
                    gradient[i] += jac[p, i] * (measured[p] - y[p]) / sd
                for j in range(i + 1):
                    total = 1.0 if i == j else 0.0
                    for p in range(n):
                        total += jac[p, i] * jac[p, j]
                    curvature[i, j] = curvature[j, i] = total
        for i in range(q):
            for j in range(q):
                work[i, j] = curvature[i, j] * (1.0 + damping if i == j else 1.0)
        _solve(work, gradient, move)
        largest = 0.0
        for i in range(q):
            fresh[i] = z[i] + move[i]
            largest = max(largest, abs(move[i]))
        for i in range(q):
            eta[i] = 0.0
            for j in range(i + 1):
                eta[i] += root[i, j] * fresh[j]
        _log_levels(base, column, spec, eta, lengths, kinds, rates, jump, write, c, theta, trial)
        cost_new = 0.0
        for p in range(n):
            cost_new += ((measured[p] - trial[p]) / sd) ** 2
        for i in range(q):
            cost_new += fresh[i] * fresh[i]
        if cost_new <= cost * (1.0 + 1e-14) + 1e-14:
            cost, renew = cost_new, True
            for i in range(q):
                z[i] = fresh[i]
            for p in range(n):
                y[p] = trial[p]
            damping = 0.0 if damping < 1e-3 else damping / 10.0
            if largest < close:
                return steps, True
        else:
            if largest < close:
                return steps, True
            renew = False
            damping = max(1e-3, damping * 10.0)
    return steps, False


def fitter(problem: Any) -> Any:
    """The compiled search for a mammillary model whose parameters are lognormal; None for any other."""
    model, plan = problem.model, problem.plan
    if plan is None or any(problem.spread.logit):
        return None
    names = list(model.parameters)
    volumes = {c.name: c.volume for c in model.compartments}
    central = model.parent.compartment
    others = [c.name for c in model.compartments if c.name != central]
    spec = np.full((6, 2), -1, dtype=np.int64)
    spec[0, 0] = names.index(volumes[central])
    for flow in model.flows:
        row = 1 if not flow.target else 2 + 2 * others.index(flow.target if flow.source == central else flow.source)
        row += flow.source != central
        if spec[row, 0] >= 0:
            return None
        spec[row, 0] = names.index(flow.rate or flow.clearance)
        spec[row, 1] = -1 if flow.rate else names.index(volumes[flow.source])
    typical = individual(model, problem.person)
    base = np.log(np.array([float(typical[name][0]) for name in names]))
    column = np.array([problem.spread.names.index(n) if n in problem.spread.names else -1 for n in names])
    root = np.ascontiguousarray(problem.root)
    shift = math.log(NG_PER_ML_IN_MG_PER_L)
    q, n = len(problem.spread.names), problem.times.size

    def search(measured: Floats) -> tuple[Floats, Floats, Floats, int, bool]:
        z, y, jac = np.zeros(q), np.empty(n), np.empty((n, q))
        steps, converged = _search(
            measured - shift,
            problem.residual_sd,
            root,
            base,
            column,
            spec,
            plan.lengths,
            plan.kinds,
            plan.rates,
            plan.jump,
            plan.write,
            1e-9,
            200,
            z,
            y,
            jac,
        )
        return z, y + shift, jac, steps, converged

    return search
