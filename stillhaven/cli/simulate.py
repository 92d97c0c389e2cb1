"""`stillhaven simulate`: the predicted concentration of a regimen, with its band."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np

from stillhaven.cli._pk import Case, drawable, models_of, regimen_options, save_picture, write
from stillhaven.science import pk
from stillhaven.science.errors import BadInput
from stillhaven.science.pk import population
from stillhaven.science.pk.models import Model
from stillhaven.science.pk.picture import Series, svg


@click.command()
@click.option("--model", help="Its id, such as PK01.  [the default for the drug and route]")
@regimen_options
@click.option("--patients", type=int, help="Draw this many virtual people and give quantiles, instead of the band.")
@click.option("--draws", type=int, default=1000, show_default=True, help="Virtual people behind the band.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same people.")
@click.option("--workers", type=int, default=1, show_default=True, help="Processes for --patients.")
@click.option("--dask", metavar="ADDRESS", help="A Dask scheduler, to share --patients among machines.")
@click.option("--below", type=float, multiple=True, help="Also say when the level goes under this many ng/mL.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write there instead of to the screen.")
@click.option("--plot", type=click.Path(path_type=Path), help="Also draw it: a file ending in .svg or .png.")
def command(
    patients: int | None,
    draws: int,
    seed: int,
    workers: int,
    dask: str | None,
    below: tuple[float, ...],
    form: str,
    output: Path | None,
    plot: Path | None,
    folder: Path | None,
    **options: Any,
) -> None:
    """Predicted concentration of a regimen, with its band.

    \b
    stillhaven simulate --drug racemic --weight "70 kg" --age 40 --dose "0.5 mg/kg" --over "40 min"
    stillhaven simulate --drug esketamine --route nasal --age 45 --dose "84 mg" --plot nasal.svg
    stillhaven simulate -f regimen.toml --patients 1000000 --format csv -o bands.csv
    """
    drawable(plot)
    if seed < 0:
        raise BadInput("seed", "must be at least 0")
    models = models_of(folder)
    case = Case(options)
    model = case.model(models)
    if patients is None:
        _band(case, model, models, draws, seed, below, form, output, plot)
    else:
        _cohort(case, model, patients, seed, workers, dask, below, form, output, plot)


def _head(case: Case, model: Model, cautions: tuple[str, ...]) -> dict[str, Any]:
    return {
        "model": f"{model.id} · {model.label}",
        "population": model.population,
        "sampling site": model.site.value,
        "drug": f"{case.regimen.drug.words}, {case.regimen.total_mg:.6g} mg as {case.regimen.amount_as.value}",
        "unit": "ng/mL at t_min minutes from the start of dosing",
        "caution": list(cautions),
    }


def _dosing(regimen: pk.Regimen) -> list[tuple[float, float]]:
    return [(i.start_min, i.end_min) for i in regimen.infusions] + [(d.at_min, d.end_min) for d in regimen.doses]


def _band(
    case: Case,
    model: Model,
    models: Any,
    draws: int,
    seed: int,
    below: tuple[float, ...],
    form: str,
    output: Path | None,
    plot: Path | None,
) -> None:
    found = pk.bands(model, case.person, case.regimen, case.t_min, seed, draws, models=models)
    head = _head(case, model, found.cautions)
    head["band"] = (
        f"5 to 95 % of {draws} virtual people (seed {seed}) united with the spread of "
        f"{', '.join(found.members) or 'no other model'}"
    )
    end = case.regimen.end_min
    for level in below:
        when = pk.time_below(found, level, after_min=end)
        head[f"under {level:g} ng/mL"] = (
            f"typically at {_when(when.typical_min)}, likely at {_when(when.likely_min)} "
            "(information, not a criterion for discharge)"
        )
    columns: dict[str, Any] = {"t_min": case.t_min}
    for name, band in found.by_analyte.items():
        columns |= {f"{name}_low": band.low, f"{name}_mid": band.mid, f"{name}_high": band.high}
    write(columns, form, head, output)
    if plot is not None:
        series = [
            Series(name=name.replace("_", " "), mid=b.mid, low=b.low, high=b.high)
            for name, b in found.by_analyte.items()
        ]
        picture = svg(
            case.t_min, series[:1] + series[-1:] if len(series) > 1 else series,
            title=head["drug"], notes=[head["model"], head["band"]], dosing=_dosing(case.regimen),
        )  # fmt: skip
        save_picture(plot, picture)


def _when(minutes: float | None) -> str:
    return "no time within this window" if minutes is None else f"{minutes:.0f} min"


def _cohort(
    case: Case,
    model: Model,
    patients: int,
    seed: int,
    workers: int,
    dask: str | None,
    below: tuple[float, ...],
    form: str,
    output: Path | None,
    plot: Path | None,
) -> None:
    if any(not level > 0 for level in below):
        raise BadInput("below", "must be over 0 ng/mL")

    def work(progress: Callable[[int], None] | None) -> population.Cohort:
        return population.run(
            model, case.person, case.regimen, case.t_min,
            patients=patients, seed=seed, workers=workers, client=_client(dask), progress=progress,
        )  # fmt: skip

    if patients > population.CHUNK:
        bar: Any = click.progressbar(length=patients, label=f"{patients:,} virtual people", file=sys.stderr)
        with bar:
            found = work(bar.update)
    else:
        found = work(None)
    head = _head(case, model, found.cautions)
    head["people"] = f"{patients} virtual people, seed {seed}"
    for level in below:
        half, most = (pk.under_from(case.t_min, found.ng_per_ml[s, 0], level, case.regimen.end_min) for s in (1, 2))
        head[f"under {level:g} ng/mL"] = (
            f"half of these people at {_when(half)}, 95 % at {_when(most)} (information, not a criterion for discharge)"
        )
    columns: dict[str, Any] = {"t_min": case.t_min}
    for i, name in enumerate(found.analytes):
        columns |= {f"{name}_p{share * 100:g}": found.ng_per_ml[s, i] for s, share in enumerate(found.shares)}
    write(columns, form, head, output)
    if plot is not None:
        low, mid, high = (np.asarray(found.ng_per_ml[s]) for s in range(3))
        series = [
            Series(name=name.replace("_", " "), mid=mid[i], low=low[i], high=high[i])
            for i, name in enumerate(found.analytes)
            if i == 0 or name == "effect_site"
        ]
        notes = [head["model"], f"{head['people']}; between-patient spread of this model alone"]
        save_picture(plot, svg(case.t_min, series, title=head["drug"], notes=notes, dosing=_dosing(case.regimen)))


def _client(address: str | None) -> Any:
    if address is None:
        return None
    try:
        client = importlib.import_module("dask.distributed").Client
    except ImportError:
        raise BadInput("dask", "is not installed: pip install 'dask[distributed]'") from None
    return client(address)
