"""Does the engine say what 60-digit arithmetic says?  Values: tests/data/pk_golden.json, made by tools/pk_golden.py."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from stillhaven.reference._pk import read_pk
from stillhaven.science import pk
from stillhaven.science.pk import _numba as fast
from stillhaven.science.pk import linear, mammillary
from stillhaven.science.pk.models import System

GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "pk_golden.json").read_text())
MODELS = read_pk()
CLOSE = 1e-11


def off(found, said) -> float:
    return float(np.max(np.abs(np.asarray(found) / np.array([float(x) for x in said]) - 1.0)))


def plain(case) -> mammillary.Pieces:
    return mammillary.Pieces(edges=((0.0, case["over_min"], case["mg"] / case["over_min"]),), jumps=())


def modes(case, run=mammillary.modes):
    return run(
        np.array([case["v1_l"]]),
        np.array([case["k10"]]),
        np.array([[case["k12"], case["k13"]]]),
        np.array([[case["k21"], case["k31"]]]),
        case["ke0_per_min"],
    )


@pytest.mark.parametrize("case", GOLDEN["mammillary"], ids=lambda c: c["name"])
def test_closed_form(case):
    times = np.array(case["t_min"])
    plasma, effect, _ = mammillary.run(modes(case), mammillary.schedule(plain(case), times), times.size)
    assert off(plasma[0], case["plasma_mg_per_l"]) < CLOSE
    assert off(effect[0], case["effect_mg_per_l"]) < CLOSE


@pytest.mark.parametrize("case", GOLDEN["mammillary"], ids=lambda c: c["name"])
@pytest.mark.parametrize("every", [None, 1.0 / 6.0])
def test_linear_engine(case, every):
    """In few long steps, and in thousands of short ones."""
    asked = np.array(case["t_min"])
    times = asked if every is None else np.unique(np.concatenate([asked, np.arange(1441.0) * every]))
    a = np.zeros((1, 4, 4))
    for to, source, k in (
        (None, 0, case["k10"]), (1, 0, case["k12"]), (0, 1, case["k21"]), (2, 0, case["k13"]), (0, 2, case["k31"]),
    ):  # fmt: skip
        a[0, source, source] -= k
        if to is not None:
            a[0, to, source] += k
    a[0, 3, 0], a[0, 3, 3] = case["ke0_per_min"] / case["v1_l"], -case["ke0_per_min"]
    system = System(
        rates=a,
        states=("central", "p1", "p2", "e"),
        analytes=("K", "effect_site"),
        rows=(0, 3),
        scale=np.array([[1.0 / case["v1_l"], 1.0]]),
        values={},
    )
    rate = case["mg"] / case["over_min"]
    feed = linear.Inputs(ports=(0,), pieces=((0.0, case["over_min"], 0, rate, 0.0, np.ones(1)),), jumps=(), timed=())
    levels, _ = linear.propagate(system, feed, times)
    at = np.searchsorted(times, asked)
    assert off(levels[0, 0, at], case["plasma_mg_per_l"]) < CLOSE
    assert off(levels[0, 1, at], case["effect_mg_per_l"]) < CLOSE


REGIMENS = {
    "PK10": (
        pk.Person(weight_kg=82, age_y=40),
        pk.Regimen(
            drug=pk.Drug.S_KETAMINE,
            amount_as=pk.AmountAs.BASE,
            infusions=(
                pk.Infusion(start_min=0, end_min=20, rate_mg_per_h=60),
                pk.Infusion(start_min=30, end_min=50, rate_mg_per_h=10, end_rate_mg_per_h=40),
            ),
            doses=(pk.Dose(at_min=60, amount_mg=2),),
        ),
    ),
    "PK11": (
        pk.Person(weight_kg=64, age_y=25),
        pk.Regimen(
            drug=pk.Drug.S_KETAMINE,
            amount_as=pk.AmountAs.BASE,
            doses=(pk.Dose(at_min=0, amount_mg=50, route=pk.Route.SUBLINGUAL),),
        ),
    ),
    "PK12": (
        pk.Person(weight_kg=70, age_y=70, ancestry="japanese"),
        pk.Regimen(
            drug=pk.Drug.ESKETAMINE,
            amount_as=pk.AmountAs.BASE,
            doses=tuple(
                pk.Dose(at_min=at, amount_mg=mg, route=pk.Route.NASAL) for at, mg in ((0.0, 56.0), (5.0, 28.0))
            ),
        ),
    ),
}


@pytest.mark.parametrize("case", GOLDEN["models"], ids=lambda c: c["model"])
def test_whole_models_written_down_twice(case):
    """The model files against the same structures written by hand in the script that made the values."""
    person, regimen = REGIMENS[case["model"]]
    found = pk.solve(MODELS[case["model"]], person, regimen, case["t_min"])
    for analyte, said in case["ng_per_ml"].items():
        assert off(found.of(analyte)[0], said) < CLOSE, analyte


def test_values_of_the_trial():
    """The values of shared/pharmacology.md section 2, which another program computed."""
    case = next(c for c in GOLDEN["mammillary"] if c["name"] == "Domino")
    times = np.array([5.0, 40.0, 60.0, 240.0])
    plasma, effect, _ = mammillary.run(modes(case), mammillary.schedule(plain(case), times), times.size)
    assert off(plasma[0], [0.15535362328951743, 0.24035960451626584, 0.05511964095028148, 0.017347253172887475]) < 1e-13
    assert off(effect[0], [0.05473168464253048, 0.22487739033424856, 0.08429465504825612, 0.018322246874095338]) < 1e-13


def test_numpy_and_numba_agree():
    """Compiled where the extra stillhaven[fast] is installed, else the same lines as plain Python."""
    for case in GOLDEN["mammillary"]:
        times = np.array(case["t_min"])
        plan = mammillary.schedule(plain(case), times)
        slow = mammillary.run(modes(case), plan, times.size)
        with np.errstate(all="ignore"):
            quick = fast.run(modes(case, fast.modes), plan, times.size)
        for a, b in zip(slow[:2], quick[:2], strict=True):
            assert np.max(np.abs(a / b - 1.0)) < 1e-12, case["name"]
        assert off(quick[0][0], case["plasma_mg_per_l"]) < CLOSE
        assert off(quick[1][0], case["effect_mg_per_l"]) < CLOSE
