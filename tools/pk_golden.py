"""Makes tests/data/pk_golden.json: what the pharmacokinetic engine must say, to 17 digits, worked out to 60.

Run with mpmath installed (`python tools/pk_golden.py`).  It shares no code with stillhaven: each system is written down
again here, by hand, from its description, with the numbers read from the reference files; the answer is a matrix
exponential at 60 digits, piece by piece.  The mammillary cases are worked out a second way, by roots and residues, and
both must agree to 40 digits.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import mpmath as mp

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "tests" / "data" / "pk_golden.json"
mp.mp.dps = 60
Number = Any


def exact(x: float) -> Number:
    """The float itself, not the decimal it was typed as: the engine is judged on the numbers it is given."""
    return mp.mpf(float(x))


def run(
    rates: dict[tuple[int, int], Number],
    size: int,
    pieces: list[tuple[Number, Number, int, Number, Number]],
    jumps: list[tuple[Number, int, Number]],
    times: list[float],
) -> list[list[Number]]:
    """States at each time.  rates[(to, from)] 1/min, to = -1 leaves; pieces: start, end, into, rate, slope."""
    a = mp.matrix(size, size)
    for (to, source), k in rates.items():
        a[source, source] -= k
        if to >= 0:
            a[to, source] += k
    marks = {
        mp.mpf(0),
        *(exact(t) for t in times),
        *(p[0] for p in pieces),
        *(p[1] for p in pieces),
        *(j[0] for j in jumps),
    }
    last = max(exact(t) for t in times)
    knots = sorted(m for m in marks if m <= last)
    x = mp.matrix(size, 1)
    found: dict[Number, list[Number]] = {}
    for n, t in enumerate(knots):
        for when, state, amount in jumps:
            if when == t:
                x[state] += amount
        found[t] = [x[i] for i in range(size)]
        if n + 1 == len(knots):
            break
        h = knots[n + 1] - t
        big = mp.matrix(size + 2, size + 2)
        for i in range(size):
            for j in range(size):
                big[i, j] = a[i, j]
        big[size, size + 1] = 1
        z = mp.matrix(size + 2, 1)
        live = [p for p in pieces if p[0] <= t < p[1]]
        for i in range(size):
            z[i] = x[i]
        # inputs of several pieces at once: one exponential each would do; they are few, so add their columns
        out = mp.matrix(size, 1)
        free = mp.expm(big * h) * z
        for i in range(size):
            out[i] = free[i]
        for start, _, into, rate, slope in live:
            b = big.copy()
            b[into, size] = 1
            z1 = mp.matrix(size + 2, 1)
            z1[size], z1[size + 1] = rate + slope * (t - start), slope
            moved = mp.expm(b * h) * z1
            for i in range(size):
                out[i] += moved[i]
        x = out
    return [found[exact(t)] for t in times]


def by_roots(v1: Number, k: dict[str, Number], rate: Number, stop: Number, t: Number) -> tuple[Number, Number]:
    """Plasma and effect site of one infusion from 0, by roots and residues; only where all roots differ."""
    roots = mp.polyroots(
        [
            1,
            -(k["k10"] + k["k12"] + k["k13"] + k["k21"] + k["k31"]),
            k["k10"] * k["k21"] + k["k10"] * k["k31"] + k["k12"] * k["k31"] + k["k13"] * k["k21"] + k["k21"] * k["k31"],
            -k["k10"] * k["k21"] * k["k31"],
        ],
        maxsteps=2000,
        extraprec=2000,
    )
    c = e = mp.mpf(0)
    for i, r in enumerate(roots):
        others = [x for j, x in enumerate(roots) if j != i]
        share = (k["k21"] - r) * (k["k31"] - r) / ((others[0] - r) * (others[1] - r)) / v1
        into = share * k["ke0"] / (k["ke0"] - r)

        def level(lag: Number, weight: Number, rate_: Number, r: Number = r) -> Number:
            return rate_ * weight * (1 - mp.exp(-r * lag)) / r

        for lag, sign in ((t, 1), (t - stop, -1)):
            if lag > 0:
                c += sign * level(lag, share, rate)
                e += sign * (level(lag, into, rate) - rate * into * (1 - mp.exp(-k["ke0"] * lag)) / k["ke0"])
    return c, e


def mammillary(
    name: str,
    v1: float,
    ke0: float,
    times: list[float],
    mg: float = 35.0,
    over: float = 40.0,
    check: bool = True,
    **k: float,
) -> dict[str, Any]:
    q = {n: exact(v) for n, v in k.items()} | {"ke0": exact(ke0)}
    v = exact(v1)
    rate = exact(mg) / exact(over)
    rates = {(-1, 0): q["k10"], (1, 0): q["k12"], (0, 1): q["k21"], (2, 0): q["k13"], (0, 2): q["k31"]}
    # the effect site follows the plasma and takes nothing from it: its own row is set apart
    states = []
    a = {key: value for key, value in rates.items() if value != 0}
    for t in times:
        states.append(_with_effect(a, v, q["ke0"], rate, exact(over), exact(t)))
    if check:
        for t, (c, e) in zip(times, states, strict=True):
            c2, e2 = by_roots(v, q, rate, exact(over), exact(t))
            assert abs(c2 / c - 1) < mp.mpf(10) ** -40, (name, t)
            assert abs(e2 / e - 1) < mp.mpf(10) ** -40, (name, t)
    return {
        "name": name,
        "v1_l": v1,
        "ke0_per_min": ke0,
        "mg": mg,
        "over_min": over,
        **k,
        "t_min": times,
        "plasma_mg_per_l": [mp.nstr(c, 20) for c, _ in states],
        "effect_mg_per_l": [mp.nstr(e, 20) for _, e in states],
    }


def _with_effect(
    rates: dict[tuple[int, int], Number], v: Number, ke0: Number, rate: Number, stop: Number, t: Number
) -> tuple[Number, Number]:
    m = mp.matrix(5, 5)
    for (to, source), k in rates.items():
        m[source, source] -= k
        if to >= 0:
            m[to, source] += k
    m[3, 0], m[3, 3], m[0, 4] = ke0 / v, -ke0, 1
    z = mp.matrix([0, 0, 0, 0, rate])
    z = mp.expm(m * min(t, stop)) * z
    if t > stop:
        z[4] = 0
        z = mp.expm(m * (t - stop)) * z
    return z[0] / v, z[3]


def numbers(file: str, weight_kg: float = 70.0) -> dict[str, Number]:
    """Typical parameters at a weight, from a reference file: L, L/min, 1/min, min."""
    data = tomllib.loads((ROOT / "stillhaven" / "reference" / "pk" / file).read_text())
    factor = {"L": 1, "L/kg": 1, "1/min": 1, "L/min": 1, "min": 1, "1": 1}
    out = {}
    for name, p in data["parameters"].items():
        value = exact(p["value"])
        value = (
            value * 60 if p["unit"] == "h" else value / 60 if p["unit"] in ("L/h", "1/h") else value * factor[p["unit"]]
        )
        power = p.get("weight_power", 0)
        if power:
            value *= (exact(weight_kg) / exact(p["reference_kg"])) ** exact(power)
        out[name] = value
    return out


KE0 = mp.log(2) / exact(6.1)


def otto(times: list[float]) -> dict[str, Any]:
    """20 mg of S-ketamine over 20 min, 82 kg, then a ramp from 10 to 40 mg/h over 30 to 50 min, and 2 mg at 60 min."""
    p = numbers("pk10_fanta_otto_2021.toml", 82.0)
    c, p1, p2, nk, nkp = range(5)
    rates = {
        (nk, c): p["CL"] / p["V1"],
        (p1, c): p["Q1"] / p["V1"],
        (c, p1): p["Q1"] / p["Vp1"],
        (p2, c): p["Q2"] / p["V1"],
        (c, p2): p["Q2"] / p["Vp2"],
        (-1, nk): p["SNK_CL"] / p["SNK_V"],
        (nkp, nk): p["SNK_Q"] / p["SNK_V"],
        (nk, nkp): p["SNK_Q"] / p["SNK_Vp"],
    }
    pieces = [
        (exact(0), exact(20), c, exact(1), exact(0)),
        (exact(30), exact(50), c, exact(10) / 60, exact(30) / 60 / 20),
    ]
    states = run(rates, 5, pieces, [(exact(60), c, exact(2))], times)
    return {
        "model": "PK10",
        "t_min": times,
        "ng_per_ml": {
            "S": [mp.nstr(x[c] / p["V1"] * 1000, 20) for x in states],
            "SNK": [mp.nstr(x[nk] / p["SNK_V"] * 1000, 20) for x in states],
        },
    }


def simons(times: list[float]) -> dict[str, Any]:
    """A 50 mg film at 0, 64 kg."""
    p = numbers("pk11_simons_2022.toml", 64.0)
    (film, gut, delay, c, p1, p2, k1, k2, nk, nkp, n1, n2, h, hp) = range(14)
    two_k, two_n = 2 / p["MTT_K_NK"], 2 / p["MTT_NK_HNK"]
    rates = {
        (c, film): p["KA1"],
        (delay, gut): p["KA2"],
        (k1, delay): 1 / p["MTT_gut"],
        (k1, c): p["CLK1"] / p["VK1"],
        (p1, c): p["CLK2"] / p["VK1"],
        (c, p1): p["CLK2"] / p["VK2"],
        (p2, c): p["CLK3"] / p["VK1"],
        (c, p2): p["CLK3"] / p["VK3"],
        (k2, k1): two_k,
        (nk, k2): two_k * p["fm_SNK"],
        (-1, k2): two_k * (1 - p["fm_SNK"]),
        (n1, nk): p["CLN1"] / p["VK1"],
        (nkp, nk): p["CLN2"] / p["VK1"],
        (nk, nkp): p["CLN2"] / p["VN2"],
        (n2, n1): two_n,
        (h, n2): two_n * p["fm_HNK"],
        (-1, n2): two_n * (1 - p["fm_HNK"]),
        (-1, h): p["CLH1"] / p["VH1"],
        (hp, h): p["CLH2"] / p["VH1"],
        (h, hp): p["CLH2"] / p["VH2"],
    }
    pieces = [
        (exact(0), p["D1"], film, 50 * p["F1"] / p["D1"], exact(0)),
        (exact(0), p["D2"], gut, 50 * p["F2"] / p["D2"], exact(0)),
    ]
    states = run(rates, 14, pieces, [], times)
    return {
        "model": "PK11",
        "t_min": times,
        "ng_per_ml": {
            "S": [mp.nstr(x[c] / p["VK1"] * 1000, 20) for x in states],
            "SNK": [mp.nstr(x[nk] / p["VK1"] * 1000, 20) for x in states],
            "HNK": [mp.nstr(x[h] / p["VH1"] * 1000, 20) for x in states],
        },
    }


def perez_ruixo(times: list[float]) -> dict[str, Any]:
    """Two devices of 28 mg at 0 and one at 5 min, a Japanese person of 70 years."""
    p = numbers("pk12_perez_ruixo_2021.toml")
    p["FRn_all"] = p["FRn"] * exact(1.34)
    p["kel"] *= exact(0.36)
    p["SNK_CL_F"] *= exact(0.81)
    p["Qh"] += exact(-2.19) / 60 * 10
    nose, swallowed, c, p1, p2, liver, nk, nkp = range(8)
    rates = {
        (c, nose): p["ka_nasal"],
        (liver, swallowed): p["ka_swallowed"],
        (p1, c): p["Q1"] / p["Vc"],
        (c, p1): p["Q1"] / p["Vp1"],
        (p2, c): p["Q2"] / p["Vc"],
        (c, p2): p["Q2"] / p["Vp2"],
        (liver, c): p["Qh"] / p["Vc"],
        (c, liver): p["Qh"] / p["Vh"],
        (-1, liver): p["kel"],
        (nk, liver): p["kmet"],
        (-1, nk): p["SNK_CL_F"] / p["SNK_Vc_F"],
        (nkp, nk): p["SNK_Q_F"] / p["SNK_Vc_F"],
        (nk, nkp): p["SNK_Q_F"] / p["SNK_Vp_F"],
    }
    pieces, jumps = [], []
    for at, mg, share in ((0, 56, (1 + p["later"]) / 2), (5, 28, p["later"])):
        f = p["FRn_all"] * share
        jumps.append((exact(at), nose, mg * f))
        pieces.append(
            (exact(at), exact(at) + p["D_swallowed"], swallowed, mg * (1 - f) * p["Fgut"] / p["D_swallowed"], exact(0))
        )
    states = run(rates, 8, pieces, jumps, times)
    return {
        "model": "PK12",
        "t_min": times,
        "ng_per_ml": {
            "S": [mp.nstr(x[c] / p["Vc"] * 1000, 20) for x in states],
            "SNK": [mp.nstr(x[nk] / p["SNK_Vc_F"] * 1000, 20) for x in states],
        },
    }


def main() -> None:
    domino = {"k10": 0.438, "k12": 0.592, "k21": 0.247, "k13": 0.59, "k31": 0.0146}
    ke0 = float(KE0)
    t = [0.1, 1.0, 5.0, 20.0, 40.0, 41.0, 60.0, 240.0, 1440.0]
    cases = [
        mammillary("Domino", 4.41, ke0, t, **domino),
        mammillary("slow return k31 = 1e-7", 4.41, ke0, t, **{**domino, "k31": 1e-7}),
        mammillary("fast elimination k10 = 50", 4.41, ke0, t, **{**domino, "k10": 50.0}),
        mammillary("fast effect site", 4.41, 1000.0, t, **domino),
        mammillary("slow effect site", 4.41, 1e-6, t, **domino),
        mammillary("two compartments as three", 4.41, ke0, t, check=False, **{**domino, "k13": 0.0}),
        mammillary("fast exchange k12 = k21 = 300", 4.41, ke0, t, **{**domino, "k12": 300.0, "k21": 300.0}),
    ]
    for gap in (0.0, 1e-12, 1e-9, 1e-6, 1e-3):
        cases.append(
            mammillary(f"k31 = k21 (1 + {gap:g})", 4.41, ke0, t, check=False, **{**domino, "k31": 0.247 * (1 + gap)})
        )
    for weak in (1e-4, 1e-8, 1e-12, 1e-16, 1e-300):
        cases.append(
            mammillary(
                f"double root, k12 = k13 = {weak:g}",
                4.41,
                ke0,
                t,
                check=False,
                k10=0.1,
                k12=weak,
                k21=0.1,
                k13=weak,
                k31=0.1,
            )
        )
    for near in (0.0, 1e-12, 1e-6):
        roots = mp.polyroots(
            [
                1,
                -sum(domino.values()),
                domino["k10"] * domino["k21"]
                + domino["k10"] * domino["k31"]
                + domino["k12"] * domino["k31"]
                + domino["k13"] * domino["k21"]
                + domino["k21"] * domino["k31"],
                -domino["k10"] * domino["k21"] * domino["k31"],
            ],
            maxsteps=500,
            extraprec=500,
        )
        middle = float(sorted(roots, key=lambda r: r.real)[1].real)
        cases.append(
            mammillary(f"ke0 = second eigenvalue (1 + {near:g})", 4.41, middle * (1 + near), t, check=False, **domino)
        )
    grid = [0.5, 3.0, 10.0, 20.0, 31.7, 45.0, 60.0, 90.0, 240.0, 600.0, 1440.0]
    data = {
        "made_by": "tools/pk_golden.py",
        "digits": 60,
        "mammillary": cases,
        "models": [otto(grid), simons(grid), perez_ruixo(grid)],
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(data, indent=1) + "\n")
    print(f"{OUT.relative_to(ROOT)}: {len(cases)} mammillary cases, 3 models")


if __name__ == "__main__":
    main()
