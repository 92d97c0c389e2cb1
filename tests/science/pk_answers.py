"""The same questions to the engine with and without the accelerator: `python -m tests.science.pk_answers FILE` keeps the
answers, so that two interpreters can be compared.  Prints whether compiled code was in use.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from stillhaven.reference._pk import read_pk
from stillhaven.science import pk
from stillhaven.science.pk import accel, fit, mammillary, population

GRID = np.concatenate([np.arange(0.0, 300.0, 0.5), np.arange(300.0, 1500.0, 60.0)])
AGES = {"PK05": 8.0, "PK06": 8.0, "PK07": 8.0, "PK14": 2.0}
STRANGE = (  # k10, k12, k13, k21, k31, ke0 (1/min): double roots, all but equal rates, fast and slow together
    (0.05, 1e-4, 1e-4, 0.05, 0.05, 0.1),
    (0.05, 1e-12, 1e-12, 0.05, 0.05, 0.05),
    (0.438, 0.592, 0.59, 0.247, 0.247 * (1 + 1e-9), 0.247),
    (50.0, 0.6, 0.6, 0.25, 1e-7, 1000.0),
    (0.1, 0.0, 0.3, 1.0, 0.02, 0.1136),
)


def person(model: pk.Model) -> pk.Person:
    age = AGES.get(model.id, 40.0)
    return pk.Person(weight_kg=30.0 if age < 18 else 70.0, age_y=age, ancestry="other")


def regimens(model: pk.Model, route: pk.Route) -> list[pk.Regimen]:
    """Infusion with a hold and another rate, boluses, a ramp; or two doses by another way."""

    def made(*, infusions: tuple[pk.Infusion, ...] = (), doses: tuple[pk.Dose, ...] = ()) -> pk.Regimen:
        return pk.Regimen(drug=model.drugs[0], amount_as=pk.AmountAs.BASE, infusions=infusions, doses=doses)

    if route is not pk.Route.IV:
        return [made(doses=tuple(pk.Dose(at_min=at, amount_mg=28.0, route=route) for at in (0.0, 31.7)))]
    first = pk.Infusion(start_min=0, end_min=9.3, rate_mg_per_h=60)
    second = pk.Infusion(start_min=12.1, end_min=42.8, rate_mg_per_h=45)
    ramp = pk.Infusion(start_min=5, end_min=40, rate_mg_per_h=10, end_rate_mg_per_h=80)
    pushes = (pk.Dose(at_min=2.25, amount_mg=5), pk.Dose(at_min=50, amount_mg=10, over_min=3))
    return [made(infusions=(first, second), doses=pushes), made(infusions=(ramp,))]


def answers() -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for model in (m for m in read_pk().values() if m.usable):
        for way in (w for w in model.ways.values() if w.is_available):
            for n, given in enumerate(regimens(model, way.route)):
                eta = None if model.variability is None else pk.deviations(model, 5, 60)
                for who, shift in (("typical", None), ("people", eta)):
                    solved = pk.solve(model, person(model), given, GRID, eta=shift)
                    found[f"levels {model.id} {way.route.value} {n} {who}"] = solved.ng_per_ml
    plan = mammillary.schedule(mammillary.Pieces(edges=((0.0, 40.0, 0.9),), jumps=((60.0, 3.0),)), GRID)
    each = np.array(STRANGE)
    modes = accel.modes(np.full(len(each), 4.41), each[:, 0], each[:, 1:3], each[:, 3:5], each[:, 5])
    for name, curve in zip(("plasma", "effect"), accel.run(modes, plan, GRID.size)[:2], strict=True):
        found[f"levels strange {name}"] = curve
    model = pk.mammillary_model(
        v1_l=4.41, cl_l_per_min=1.93, peripherals=((10.6, 2.6), (178.0, 2.6)), site=pk.Site.ARTERIAL,
        omega={"V1": 0.09, "V3": 0.09, "CL": 0.0625, "Q2": 0.09}, log_residual_sd=0.15,
    )  # fmt: skip
    given = pk.infusion(drug=pk.Drug.RACEMIC, amount_as=pk.AmountAs.BASE, amount_mg=35, over_min=40)
    problem = fit.prepare(
        model, pk.Person(weight_kg=70), given, [5.0, 20.0, 40.0, 60.0, 120.0, 240.0], site=pk.Site.ARTERIAL
    )
    found["fit"] = problem.map([150.0, 215.0, 250.0, 60.0, 33.0, 19.0]).eta
    whole = read_pk()["PK01"]
    found["crowd"] = population.run(whole, person(whole), given, GRID[::20], patients=12_000, seed=4).ng_per_ml
    return found


if __name__ == "__main__":
    np.savez(Path(sys.argv[1]), **answers())  # type: ignore[arg-type]
    print("compiled" if accel.AVAILABLE else "numpy alone")
