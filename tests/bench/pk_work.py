"""One engine's share of the work of `tests.bench.pk`, run in the bench's own environment; prints one line of JSON."""

from __future__ import annotations

import itertools
import json
import math
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

V1, K10, K12, K21, K13, K31 = 4.41, 0.438, 0.592, 0.247, 0.59, 0.0146  # Domino as rounded by stanpumpR, 70 kg
KE0 = math.log(2) / 6.1
MG, OVER = 35.0, 40.0
TIMES = np.arange(1441) / 6.0
SAMPLES = [5.0, 20.0, 40.0, 60.0, 120.0, 240.0]
REFERENCE = (0.24035960451626584, 0.22487739033424856)  # at 40 min, mg/L
# levels of 200 people, ng/mL: another person each time, or an engine that keeps its last answers would only look them up
LEVELS = np.array([150.0, 215.0, 250.0, 60.0, 33.0, 19.0]) * np.exp(
    0.15 * np.random.default_rng(2).standard_normal((200, 6))
)
SD = {"V1": 0.3, "V3": 0.3, "CL": 0.25, "Q2": 0.3}


def best(work: Callable[[], Any], times: int, least_s: float = 0.0) -> float:
    """The shortest wall time: on a shared machine the minimum is what the code needs."""
    work()
    found, begun = math.inf, time.perf_counter()
    for _ in range(times):
        start = time.perf_counter()
        work()
        found = min(found, time.perf_counter() - start)
        if least_s and time.perf_counter() - begun > least_s:
            break
    return found


def in_turn(one: Callable[[], Any], other: Callable[[], Any], times: int) -> tuple[float, float]:
    """The shortest processor times of two works of one thread, done in turn; waiting for the memory counts in both."""

    def took(work: Callable[[], Any]) -> float:
        start = time.thread_time()
        work()
        return time.thread_time() - start

    one()
    pairs = [(took(one), took(other)) for _ in range(times)]
    return min(a for a, _ in pairs), min(b for _, b in pairs)


def middle(work: Callable[[], Any], times: int, most_s: float) -> float:
    """The median wall time, for work that differs from time to time."""
    work()
    found: list[float] = []
    begun = time.perf_counter()
    while len(found) < times and time.perf_counter() - begun < most_s:
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return float(np.median(found))


def people(n: int) -> np.ndarray:
    """Seven lognormal parameters of n patients: V1, k10, k12, k21, k13, k31, ke0."""
    spread = np.array([0.3, 0.25, 0.4, 0.3, 0.4, 0.3, 0.4])
    return np.array([V1, K10, K12, K21, K13, K31, KE0]) * np.exp(
        np.random.default_rng(1).standard_normal((n, 7)) * spread
    )


def ours() -> dict[str, float]:
    from stillhaven.science import pk
    from stillhaven.science.pk import _numba as fast
    from stillhaven.science.pk import accel, fit, mammillary

    feed = mammillary.Pieces(edges=((0.0, OVER, MG / OVER),), jumps=())
    plan = mammillary.schedule(feed, TIMES)
    body = [np.array(x, ndmin=k) for x, k in ((V1, 1), (K10, 1), ([K12, K13], 2), ([K21, K31], 2))]
    found: dict[str, float] = {}
    if accel.AVAILABLE:
        plasma, effect = np.empty(TIMES.size), np.empty(TIMES.size)
        one = lambda: fast.curve(V1, K10, K12, K13, K21, K31, KE0, plan, plasma, effect)  # noqa: E731
        found["a_ms"] = 1e3 * best(one, 300)
        at_end = plasma[240], effect[240]
    else:
        one = lambda: mammillary.run(mammillary.modes(*body, KE0), plan, TIMES.size)  # noqa: E731
        found["a_ms"] = 1e3 * best(one, 100)
        curves = one()
        at_end = curves[0][0, 240], curves[1][0, 240]
    found["error"] = max(abs(x / y - 1) for x, y in zip(at_end, REFERENCE, strict=True))
    who = people(10_000)
    many = (who[:, 0], who[:, 1], who[:, [2, 4]], who[:, [3, 5]], who[:, 6])
    if accel.AVAILABLE:
        room = np.empty((2, 10_000, TIMES.size))
        out = (room[0], room[1])
    else:
        room = np.empty((2, TIMES.size, 10_000))
        out = (room[0].T, room[1].T)
    crowd_once = lambda: accel.run(accel.modes(*many), plan, TIMES.size, out=out)  # noqa: E731
    found["b_s"] = best(crowd_once, 25)
    found["b_cpu_s"], found["write_cpu_s"] = in_turn(crowd_once, lambda: room.fill(1.0), 40)
    model = pk.mammillary_model(
        v1_l=V1,
        cl_l_per_min=V1 * K10,
        peripherals=((V1 * K12 / K21, V1 * K12), (V1 * K13 / K31, V1 * K13)),
        omega={k: v * v for k, v in SD.items()},
        log_residual_sd=0.15,
        site=pk.Site.ARTERIAL,
    )
    given = pk.infusion(drug=pk.Drug.RACEMIC, amount_as=pk.AmountAs.BASE, amount_mg=MG, over_min=OVER)
    problem = fit.prepare(model, pk.Person(weight_kg=70), given, SAMPLES, site=pk.Site.ARTERIAL)
    search = problem.fast or problem._search
    people_in_turn = itertools.cycle(np.log(LEVELS))
    found["c_ms"] = 1e3 * middle(lambda: search(next(people_in_turn)), 150, 3.0)
    return found


def crowd() -> dict[str, float]:
    """A million patients, bands on a one-minute grid, in a process of its own so that its memory can be told."""
    from stillhaven.science import pk
    from stillhaven.science.pk import population

    model = pk.mammillary_model(
        v1_l=V1,
        cl_l_per_min=V1 * K10,
        peripherals=((V1 * K12 / K21, V1 * K12), (V1 * K13 / K31, V1 * K13)),
        omega={"V1": 0.09, "CL": 0.0625, "V2": 0.09, "Q2": 0.16, "V3": 0.09, "Q3": 0.16},
        effect_site=pk.models.EffectSite(half_life_min=6.1, low_min=0, high_min=11.8, source="bench"),
    )
    given = pk.infusion(drug=pk.Drug.RACEMIC, amount_as=pk.AmountAs.BASE, amount_mg=MG, over_min=OVER)
    grid = np.arange(0.0, 241.0)
    population.run(model, pk.Person(weight_kg=70), given, grid, patients=1000, seed=1)
    start = time.process_time()
    population.run(model, pk.Person(weight_kg=70), given, grid, patients=1_000_000, seed=1)
    spent = time.process_time() - start
    return {"million_cpu_s": spent, "million_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def map_by_scipy(levels: Callable[[np.ndarray], np.ndarray], times: int) -> float:
    """One patient's V1, V3, CL, Q2 by scipy's least_squares over an engine's levels at the samples; ms."""
    from scipy.optimize import least_squares

    sd = np.array(list(SD.values()))
    people_in_turn = itertools.cycle(np.log(LEVELS))

    def fit() -> Any:
        measured = next(people_in_turn)

        def residuals(eta: np.ndarray) -> np.ndarray:
            return np.concatenate([(measured - np.log(1000.0 * levels(eta))) / 0.15, eta / sd])

        return least_squares(residuals, np.zeros(4))

    return 1e3 * middle(fit, times, 5.0)


def rates(eta: np.ndarray) -> tuple[float, ...]:
    v1, v3 = V1 * math.exp(eta[0]), V1 * K13 / K31 * math.exp(eta[1])
    cl, q2 = V1 * K10 * math.exp(eta[2]), V1 * K12 * math.exp(eta[3])
    return v1, cl / v1, q2 / v1, q2 / (V1 * K12 / K21), V1 * K13 / v1, V1 * K13 / v3


def numbalsoda() -> dict[str, float]:
    import numba
    from numbalsoda import lsoda, lsoda_sig

    @numba.cfunc(lsoda_sig)
    def rhs(t: float, y: Any, dy: Any, p: Any) -> None:
        dy[0] = p[7] - (p[1] + p[2] + p[4]) * y[0] + p[3] * y[1] + p[5] * y[2]
        dy[1] = p[2] * y[0] - p[3] * y[1]
        dy[2] = p[4] * y[0] - p[5] * y[2]
        dy[3] = p[6] * (y[0] / p[0] - y[3])

    address = rhs.address
    during, after = TIMES[:241].copy(), TIMES[240:].copy()

    @numba.njit
    def one(p: Any, out: Any) -> None:
        p[7] = MG / OVER
        first, _ = lsoda(address, np.zeros(4), during, p, rtol=1e-9, atol=1e-12)
        p[7] = 0.0
        second, _ = lsoda(address, first[-1].copy(), after, p, rtol=1e-9, atol=1e-12)
        out[:241] = first
        out[240:] = second

    @numba.njit
    def many(ps: Any, out: Any) -> None:
        for i in range(ps.shape[0]):
            one(ps[i], out)

    p = np.array([V1, K10, K12, K21, K13, K31, KE0, 0.0])
    out = np.empty((1441, 4))
    found = {"a_ms": 1e3 * best(lambda: one(p, out), 200)}
    found["error"] = max(abs(out[240, 0] / V1 / REFERENCE[0] - 1), abs(out[240, 3] / REFERENCE[1] - 1))
    some = np.ascontiguousarray(np.column_stack([people(1000), np.zeros(1000)]))
    found["b_s"] = 10.0 * best(lambda: many(some, out), 5)
    at = np.array([0.0, 5.0, 20.0, 40.0]), np.array([40.0, 60.0, 120.0, 240.0])

    def levels(eta: np.ndarray) -> np.ndarray:
        q = np.array([*rates(eta), KE0, MG / OVER])
        first, _ = lsoda(address, np.zeros(4), at[0], q, rtol=1e-9, atol=1e-12)
        q[7] = 0.0
        second, _ = lsoda(address, first[-1].copy(), at[1], q, rtol=1e-9, atol=1e-12)
        return np.concatenate([first[1:, 0], second[1:, 0]]) / q[0]

    found["c_ms"] = map_by_scipy(levels, 100)
    return found


def pytci() -> dict[str, float]:
    from PyTCI.models.base import Three

    def body(v1: float, k10: float, k12: float, k21: float, k13: float, k31: float, ke0: float) -> Any:
        it = Three()
        it.v1, it.k10, it.k12, it.k13, it.k21, it.k31, it.keo = v1, k10, k12, k13, k21, k31, ke0
        it.setup()
        it.set_integrator("exact")
        return it

    def curve(*p: float) -> tuple[np.ndarray, np.ndarray]:
        it = body(*p)
        plasma, effect = np.zeros(1441), np.zeros(1441)
        for i in range(1, 1441):
            if i <= 240:
                it.tenseconds(MG / OVER / 60.0)
            else:
                it.wait_time(10)
            plasma[i], effect[i] = it.x1, it.xeo
        return plasma, effect

    found = {"a_ms": 1e3 * best(lambda: curve(V1, K10, K12, K21, K13, K31, KE0), 20)}
    plasma, effect = curve(V1, K10, K12, K21, K13, K31, KE0)
    found["error"] = max(abs(plasma[240] / REFERENCE[0] - 1), abs(effect[240] / REFERENCE[1] - 1))
    few = people(20)
    found["b_s"] = 500.0 * best(lambda: [curve(*map(float, p)) for p in few], 1)

    def levels(eta: np.ndarray) -> np.ndarray:
        it = body(*rates(eta), KE0)
        out, at = [], 0.0
        for t in SAMPLES:
            if t <= OVER:
                it.giveoverseconds(MG / OVER / 60.0, (t - at) * 60)
            else:
                it.wait_time((t - at) * 60)
            out.append(it.x1)
            at = t
        return np.array(out)

    found["c_ms"] = map_by_scipy(levels, 100)
    return found


def lsoda() -> dict[str, float]:
    from scipy.integrate import solve_ivp

    def curve(p: Any, during: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        v1, k10, k12, k21, k13, k31, ke0 = p

        def rhs(_: float, y: np.ndarray, rate: float) -> list[float]:
            return [
                rate - (k10 + k12 + k13) * y[0] + k21 * y[1] + k31 * y[2],
                k12 * y[0] - k21 * y[1],
                k13 * y[0] - k31 * y[2],
                ke0 * (y[0] / v1 - y[3]),
            ]

        tight = {"method": "LSODA", "rtol": 1e-9, "atol": 1e-12}
        one = solve_ivp(rhs, (0, OVER), np.zeros(4), t_eval=during, args=(MG / OVER,), **tight)
        two = solve_ivp(rhs, (OVER, 240), one.y[:, -1], t_eval=after, args=(0.0,), **tight)
        return np.append(one.y[0], two.y[0][1:]) / v1, np.append(one.y[3], two.y[3][1:])

    p = (V1, K10, K12, K21, K13, K31, KE0)
    found = {"a_ms": 1e3 * best(lambda: curve(p, TIMES[:241], TIMES[240:]), 10)}
    plasma, effect = curve(p, TIMES[:241], TIMES[240:])
    found["error"] = max(abs(plasma[240] / REFERENCE[0] - 1), abs(effect[240] / REFERENCE[1] - 1))
    few = people(10)
    found["b_s"] = 1000.0 * best(lambda: [curve(q, TIMES[:241], TIMES[240:]) for q in few], 1)
    at = np.array([5.0, 20.0, 40.0]), np.array([40.0, 60.0, 120.0, 240.0])
    found["c_ms"] = map_by_scipy(lambda eta: curve((*rates(eta), KE0), *at)[0], 3)
    return found


def diffrax() -> dict[str, float]:
    """Tsit5 at 1e-8 in 64 bits, compiled by JAX; the wait for the compiler is not counted."""
    import diffrax as dfx
    import jax

    jax.config.update("jax_enable_x64", True)
    during, after = jax.numpy.asarray(TIMES[:241]), jax.numpy.asarray(TIMES[240:])

    def rhs(_: Any, y: Any, args: Any) -> Any:
        p, rate = args
        v1, k10, k12, k21, k13, k31, ke0 = p
        return jax.numpy.stack([
            rate - (k10 + k12 + k13) * y[0] + k21 * y[1] + k31 * y[2],
            k12 * y[0] - k21 * y[1],
            k13 * y[0] - k31 * y[2],
            ke0 * (y[0] / v1 - y[3]),
        ])  # fmt: skip

    control = dfx.PIDController(rtol=1e-8, atol=1e-11)

    def part(p: Any, y: Any, at: Any, rate: float) -> Any:
        found = dfx.diffeqsolve(
            dfx.ODETerm(rhs), dfx.Tsit5(), at[0], at[-1], 0.01, y, args=(p, rate), max_steps=16_384,
            saveat=dfx.SaveAt(ts=at), stepsize_controller=control,
        )  # fmt: skip
        return found.ys

    def curve(p: Any) -> Any:
        first = part(p, jax.numpy.zeros(4), during, MG / OVER)
        second = part(p, first[-1], after, 0.0)
        y = jax.numpy.concatenate([first, second[1:]])
        return y[:, 0] / p[0], y[:, 3]

    one, many = jax.jit(curve), jax.jit(jax.vmap(curve))
    p = jax.numpy.array([V1, K10, K12, K21, K13, K31, KE0])
    found = {"a_ms": 1e3 * best(lambda: jax.block_until_ready(one(p)), 50)}
    plasma, effect = one(p)
    found["error"] = max(abs(float(plasma[240]) / REFERENCE[0] - 1), abs(float(effect[240]) / REFERENCE[1] - 1))
    few = jax.numpy.asarray(people(200))
    found["b_s"] = 50.0 * best(lambda: jax.block_until_ready(many(few)), 3)
    return found


def desolve() -> dict[str, float]:
    if shutil.which("Rscript") is None:
        raise SystemExit("R is not on this machine (Debian: apt-get install r-base-core r-cran-desolve)")
    program = f"""
    suppressMessages(library(deSolve))
    f <- function(t, y, p) {{ r <- if (t < {OVER}) p[8] else 0
      list(c(r-(p[2]+p[3]+p[5])*y[1]+p[4]*y[2]+p[6]*y[3], p[3]*y[1]-p[4]*y[2], p[5]*y[1]-p[6]*y[3],
             p[7]*(y[1]/p[1]-y[4]))) }}
    p <- c({V1},{K10},{K12},{K21},{K13},{K31},{KE0},{MG / OVER})
    work <- function() {{ o <- lsoda(c(0,0,0,0), (0:240)/6, f, p, rtol=1e-9, atol=1e-12)
      p[8] <- 0; lsoda(o[241,2:5], (240:1440)/6, f, p, rtol=1e-9, atol=1e-12) }}
    work(); best <- Inf
    for (i in 1:5) best <- min(best, system.time(work())[["elapsed"]])
    cat(best * 1000)
    """
    done = subprocess.run(["Rscript", "-e", program], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit("deSolve is not installed in R: " + done.stderr.strip().splitlines()[0])
    return {"a_ms": float(done.stdout.strip())}


WORK = {
    "ours": ours,
    "crowd": crowd,
    "numbalsoda": numbalsoda,
    "PyTCI": pytci,
    "scipy LSODA": lsoda,
    "diffrax": diffrax,
    "deSolve": desolve,
}

if __name__ == "__main__":
    print(json.dumps(WORK[sys.argv[1]]()))
