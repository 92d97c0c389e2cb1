"""`stillhaven pk`: which models there are, and what each says of one regimen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from stillhaven.cli._pk import Case, chosen, drawable, models_of, regimen_options, save_picture, write
from stillhaven.science import pk
from stillhaven.science.errors import BadInput
from stillhaven.science.pk.picture import Series, svg


@click.group()
def command() -> None:
    """Pharmacokinetic models: list, look at one, compare all on one regimen."""


@command.command("models")
@click.argument("ids", nargs=-1)
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--models", "folder", type=click.Path(path_type=Path), help="A folder with models of your own.")
def list_models(ids: tuple[str, ...], form: str, folder: Path | None) -> None:
    """Every model with its people, source and state; with an ID, all that is known of it."""
    models = models_of(folder)
    if ids:
        for each in ids:
            _describe(chosen(models, each))
        return
    if form == "table":
        for model in models.values():
            drugs = ", ".join(d.words for d in model.drugs) or "-"
            click.echo(f"{model.id}  {model.state:<12} {model.name}")
            click.echo(f"      {drugs}; {model.site.value}; {', '.join(_routes(model)) or 'no route'}")
            click.echo(f"      people: {model.population}")
            click.echo(f"      source: {', '.join(model.sources)}")
            if not model.usable:
                click.echo(f"      why not: {model.because}")
        return
    rows = list(models.values())
    write(
        {
            "id": [m.id for m in rows],
            "state": [m.state for m in rows],
            "name": [m.name for m in rows],
            "drugs": [" ".join(d.value for d in m.drugs) for m in rows],
            "site": [m.site.value for m in rows],
            "routes": [" ".join(_routes(m)) for m in rows],
            "population": [m.population for m in rows],
            "sources": [" ".join(m.sources) for m in rows],
            "why_not": [m.because for m in rows],
        },
        form,
        {},
        None,
    )


def _routes(model: pk.Model) -> list[str]:
    return [way.route.value for way in model.ways.values() if way.is_available]


def _describe(model: pk.Model) -> None:
    click.echo(f"{model.id}  {model.name}  ({model.state})")
    click.echo(f"people: {model.population}")
    click.echo(f"source: {', '.join(model.sources)}")
    if not model.usable:
        click.echo(f"why not: {model.because}")
        return
    click.echo(f"structure: {model.structure}")
    click.echo(f"drugs: {', '.join(d.words for d in model.drugs)}; sampling site: {model.site.value}")
    for way in model.ways.values():
        click.echo(f"route {way.route.value}: {'available' if way.is_available else way.because}")
    for p in model.parameters.values():
        scale = f" x (weight/{p.reference_kg:g} kg)^{p.weight_power:g}" if p.weight_power else ""
        click.echo(f"  {p.name} = {p.printed}{scale}  [{p.source}{'' if p.confirmed else ', not confirmed'}]")
    spread = model.variability
    if spread is None:
        click.echo("between people: not published")
    else:
        origin = f" (borrowed from {spread.borrowed_from})" if spread.borrowed_from else ""
        values = ", ".join(f"{n} {spread.omega[i][i]:.4g}" for i, n in enumerate(spread.names))
        click.echo(f"between people, variance of logarithms{origin}: {values}  [{spread.source}]")
    for text in model.cautions:
        click.echo(f"caution: {text}")


@command.command("compare")
@regimen_options
@click.option("--model", "ids", multiple=True, help="Only these; may be repeated.  [all that apply]")
@click.option("--at", multiple=True, help='Moments of the table: "40 min".  [10, 20, 40, 60, 80, 120, 240 min]')
@click.option(
    "--below", type=float, multiple=True, default=(100.0, 50.0, 20.0), help="Minutes after the end to these ng/mL."
)
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--output", "-o", type=click.Path(path_type=Path))
@click.option("--plot", type=click.Path(path_type=Path), help="Also draw it: a file ending in .svg or .png.")
def compare(
    ids: tuple[str, ...],
    at: tuple[str, ...],
    below: tuple[float, ...],
    form: str,
    output: Path | None,
    plot: Path | None,
    folder: Path | None,
    **options: Any,
) -> None:
    """One regimen, every model that applies, side by side: typical person, parent drug in plasma, ng/mL."""
    drawable(plot)
    from stillhaven.cli._pk import minutes

    models = models_of(folder)
    case = Case(options)
    moments = [minutes(t, "at") for t in at] or [10.0, 20.0, 40.0, 60.0, 80.0, 120.0, 240.0]
    if sorted(moments) != moments:
        raise BadInput("at", "times are out of order")
    if any(not level > 0 for level in below):
        raise BadInput("below", "must be over 0 ng/mL")
    asked = [chosen(models, i) for i in ids] or list(models.values())
    rows: dict[str, list[Any]] = {"model": [], "state": [], "site": []}
    rows |= {f"{t:g} min": [] for t in moments}
    rows |= {f"min to {level:g}": [] for level in below}
    left_out: list[str] = []
    series: list[Series] = []
    end = case.regimen.end_min
    after = end + np.arange(0.0, 24 * 60.0 + 1.0)
    for model in asked:
        if not model.usable and not ids:
            continue
        stops = [
            f.because
            for route in case.regimen.routes
            for f in pk.fits(model, case.person, drug=case.drug, route=route)
            if f.stops
        ]
        if stops:
            left_out.append(stops[0] if model.id in stops[0] else f"{model.id}: {stops[0]}")
            continue
        levels = pk.solve(model, case.person, case.regimen, moments, effect_site=False).ng_per_ml[0, 0]
        later = pk.solve(model, case.person, case.regimen, after, effect_site=False).ng_per_ml[0, 0]
        rows["model"].append(f"{model.id} {model.name}")
        rows["state"].append(model.state)
        rows["site"].append(model.site.value)
        for t, level in zip(moments, levels.tolist(), strict=True):
            rows[f"{t:g} min"].append(level)
        for level in below:
            over = np.flatnonzero(later >= level)
            at_last = None if over.size and over[-1] == later.size - 1 else float(over[-1] + 1 if over.size else 0)
            rows[f"min to {level:g}"].append(at_last)
        curve = pk.solve(model, case.person, case.regimen, case.t_min, effect_site=False).ng_per_ml[0, 0]
        series.append(Series(name=f"{model.id} {model.name}", mid=curve))
    if not series:
        raise BadInput("model", "none applies: " + "; ".join(left_out))
    head: dict[str, Any] = {
        "drug": f"{case.drug.words}, {case.regimen.total_mg:.6g} mg as {case.regimen.amount_as.value}",
        "note": "model estimates of the typical person; the spread between models is part of what is not known",
        "left out": [*left_out, *([] if ids else ["blocked models: see `stillhaven pk models`"])],
    }
    write(rows, form, head, output)
    if plot is not None:
        mids = np.stack([s.mid for s in series])
        first = Series(name=series[0].name, mid=series[0].mid, low=mids.min(axis=0), high=mids.max(axis=0))
        spans = [(i.start_min, i.end_min) for i in case.regimen.infusions]
        notes = ["model estimates of the typical person; the band is the spread between these models"]
        save_picture(plot, svg(case.t_min, [first, *series[1:]], title=head["drug"], notes=notes, dosing=spans))
