"""What `simulate` and `pk` share: reading a person, a regimen and times from options or a TOML file; writing results."""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np

from stillhaven.reference._pk import read_pk
from stillhaven.science import pk
from stillhaven.science.errors import BadInput
from stillhaven.science.pk.models import Floats, Model
from stillhaven.science.units import Quantity, parse_number

_AMOUNT = re.compile(r"\s*([-+\d.,\u2212]+)\s*([A-Za-zµ/]+)?\s*")


def amount(text: str, field: str, unit: str) -> float:
    """`0.5 mg/kg`, `35mg`: a number that carries its unit.  A number without one is refused, never guessed."""
    match = _AMOUNT.fullmatch(text)
    if not match:
        raise BadInput(field, f"{text!r} is not a number with its unit, such as 40 {unit}")
    if not match[2]:
        raise BadInput(field, f"{text!r} has no unit: write {match[1]} {unit} if that is meant")
    try:
        return Quantity(parse_number(match[1], field), match[2].replace("µ", "u")).to(unit)
    except BadInput as error:
        raise BadInput(field, f"{text.strip()!r}: {error.why}") from None


def dose_mg(text: str, field: str, weight_kg: float | None) -> float:
    """mg, from `35 mg` or `0.5 mg/kg`."""
    if "/kg" in text:
        if weight_kg is None:
            raise BadInput("weight", f"is needed for {text}")
        return amount(text, field, "mg/kg") * weight_kg
    return amount(text, field, "mg")


def rate_mg_per_h(text: str, field: str, weight_kg: float | None) -> float:
    """mg/h, from `60 mg/h`, `1 mg/min`, `0.5 mg/kg/h`, `8 ug/kg/min`."""
    if "/kg" in text:
        if weight_kg is None:
            raise BadInput("weight", f"is needed for {text}")
        return amount(text, field, "mg/kg/h") * weight_kg
    return amount(text, field, "mg/h")


def minutes(text: str, field: str) -> float:
    return amount(text, field, "min")


def enum(kind: Callable[[str], Any], text: str, field: str, choices: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise BadInput(field, f"{text!r} is not one of {choices}") from None


DRUGS = {"racemic": "racemic_ketamine", "s": "s_ketamine"}


def drug(text: str) -> pk.Drug:
    found: pk.Drug = enum(pk.Drug, DRUGS.get(text, text), "drug", "racemic, s, esketamine")
    return found


class Case:
    """A person, a regimen, the moments asked for; from options, or from a TOML file whose keys have the same names."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        o = {key: value for key, value in options.items() if value is not None and value != ()}
        if "file" in o:
            o = {**_file(Path(o["file"])), **o}
        self.options = o
        self.person = pk.Person(
            weight_kg=amount(o["weight"], "weight", "kg") if "weight" in o else None,
            age_y=parse_number(str(o["age"]), "age") if "age" in o else None,
            ancestry=o.get("ancestry"),
        )
        if "drug" not in o:
            raise BadInput("drug", "say which: racemic, s or esketamine; doses of one are not doses of another")
        self.drug = drug(o["drug"])
        self.route: pk.Route = enum(pk.Route, o.get("route", "iv"), "route", ", ".join(r.value for r in pk.Route))
        self.regimen = self._regimen(o)
        hours = amount(o.get("until", "4 h"), "until", "min")
        every = amount(o.get("every", "1 min"), "every", "min")
        if every <= 0 or hours <= 0:
            raise BadInput("every", "and until must be over 0 minutes")
        points = int(np.floor(hours / every + 1e-9))
        if points > 200_000:
            raise BadInput("every", f"gives {points} moments: take longer steps")
        self.t_min: Floats = np.asarray(np.arange(points + 1) * every, dtype=float)

    def _regimen(self, o: Mapping[str, Any]) -> pk.Regimen:
        weight = self.person.weight_kg
        as_text = o.get("amount_as", "base")
        counted: pk.AmountAs = enum(pk.AmountAs, as_text, "amount-as", "base, salt")
        infusions: list[pk.Infusion] = []
        doses: list[pk.Dose] = []
        if "over" in o and "dose" not in o:
            raise BadInput("over", "says how long --dose runs: give --dose as well, or --rate with its own times")
        if "rate" in o and self.route is not pk.Route.IV:
            raise BadInput("rate", f"a pump runs into a vein: with --route {self.route.value} give --dose or --bolus")
        if "dose" in o:
            mg = dose_mg(o["dose"], "dose", weight)
            if "over" in o:
                if self.route is not pk.Route.IV:
                    raise BadInput("over", "only an intravenous dose runs over minutes")
                doses_over = minutes(o["over"], "over")
                infusions += pk.infusion(drug=self.drug, amount_as=counted, amount_mg=mg, over_min=doses_over).infusions
            else:
                doses.append(pk.Dose(at_min=0.0, amount_mg=mg, route=self.route))
        for text in o.get("bolus", ()):
            what, at = _split(text, "bolus", "@")
            mg = dose_mg(what, "bolus", weight)
            doses.append(pk.Dose(at_min=minutes(at, "bolus"), amount_mg=mg, route=self.route))
        for text in o.get("rate", ()):
            what, span = _split(text, "rate", "@")
            begin, end = _split(span, "rate", "..")
            first, _, last = what.partition("->")
            infusions.append(
                pk.Infusion(
                    start_min=minutes(begin, "rate"),
                    end_min=minutes(end, "rate"),
                    rate_mg_per_h=rate_mg_per_h(first, "rate", weight),
                    end_rate_mg_per_h=rate_mg_per_h(last, "rate", weight) if last else None,
                )
            )
        plan = pk.Regimen(drug=self.drug, amount_as=counted, doses=tuple(doses), infusions=tuple(infusions))
        for text in o.get("hold", ()):
            begin, end = _split(text, "hold", "..")
            start = minutes(begin, "hold")
            plan = plan.held(start, minutes(end, "hold") - start)
        return plan

    def model(self, models: Mapping[str, Model]) -> Model:
        asked = self.options.get("model")
        if asked is None:
            return pk.default_model(models, self.drug, self.regimen.routes[0])
        return chosen(models, asked)


def chosen(models: Mapping[str, Model], asked: str) -> Model:
    found = models.get(asked.upper())
    if found is None:
        raise BadInput("model", f"{asked!r} is not one of {', '.join(models)}")
    return found


def _split(text: str, field: str, mark: str) -> tuple[str, str]:
    left, found, right = text.partition(mark)
    if not found:
        raise BadInput(field, f"{text!r} needs {mark!r}: see --help")
    return left, right


_KEYS = {
    "model", "drug", "amount_as", "route", "weight", "age", "ancestry", "dose", "over", "bolus", "rate", "hold",
    "until", "every",
}  # fmt: skip


def _file(path: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput("file", f"{path.name} cannot be read: {error}") from None
    if odd := sorted(set(found) - _KEYS):
        raise BadInput("file", f"{path.name}: {', '.join(odd)}: not one of {', '.join(sorted(_KEYS))}")
    for key in ("bolus", "rate", "hold"):
        if key in found and not isinstance(found[key], list):
            found[key] = [found[key]]
    return {
        key: [str(each) for each in value] if isinstance(value, list) else str(value) for key, value in found.items()
    }


def models_of(folder: Path | None) -> Mapping[str, Model]:
    """The shipped models, with a clinic's own folder laid over them."""
    from stillhaven.reference._pk import FOLDER

    if folder is not None and not folder.is_dir():
        raise BadInput("models", f"{folder} is not a folder")
    return read_pk(FOLDER, folder) if folder else read_pk()


def write(columns: Mapping[str, Any], form: str, head: Mapping[str, Any], out: Path | None) -> None:
    """Rows as a table for people, as CSV, or as JSON with everything that belongs beside the numbers."""
    names = list(columns)
    rows = list(zip(*(np.asarray(columns[n]).tolist() for n in names), strict=True))
    if form == "json":
        text = json.dumps({**head, "columns": {n: np.asarray(columns[n]).tolist() for n in names}}, indent=1) + "\n"
    elif form == "csv":
        buffer = io.StringIO()
        for key, value in head.items():
            for line in value if isinstance(value, list | tuple) else [value]:
                buffer.write(f"# {key}: {line}\n")
        sheet = csv.writer(buffer, lineterminator="\n")
        sheet.writerow(names)
        sheet.writerows(rows)
        text = buffer.getvalue()
    else:
        words = [f"{k}: {line}" for k, v in head.items() for line in (v if isinstance(v, list | tuple) else [v])]
        cells = [[_cell(x) for x in row] for row in rows]
        wide = [max(len(n), *(len(r[i]) for r in cells)) if cells else len(n) for i, n in enumerate(names)]
        lines = ["  ".join(n.rjust(w) for n, w in zip(names, wide, strict=True))]
        lines += ["  ".join(c.rjust(w) for c, w in zip(r, wide, strict=True)) for r in cells]
        text = "\n".join([*words, "", *lines]) + "\n"
    if out is None:
        click.echo(text, nl=False)
    else:
        save(out, text)


def drawable(path: Path | None) -> None:
    """Can a picture be written to a file of this name?  BadInput unless it ends in .svg or .png, in a folder that is."""
    if path is not None and path.suffix.lower() not in (".svg", ".png"):
        raise BadInput("plot", f"{path.name} must end in .svg or .png")
    if path is not None and not path.parent.is_dir():
        raise BadInput("plot", f"{path} cannot be written: there is no folder {path.parent}")


def save_picture(path: Path, svg: str) -> None:
    """The picture as SVG, or drawn by typst as PNG at twice the size that a screen shows."""
    if path.suffix.lower() != ".png":
        return save(path, svg)
    import typst

    page = (
        '#set page(width: auto, height: auto, margin: 0pt)\n#image(bytes(sys.inputs.svg), format: "svg", width: 570pt)'
    )
    png = typst.compile(page.encode(), format="png", ppi=192.0, sys_inputs={"svg": svg})
    try:
        path.write_bytes(png)
    except OSError as error:
        raise BadInput("output", f"{path} cannot be written: {error.strerror}") from None


def save(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput("output", f"{path} cannot be written: {error.strerror}") from None


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def regimen_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that describe a case, shared by `simulate` and `pk compare`."""
    for option in reversed(
        [
            click.option("--file", "-f", type=click.Path(), help="A TOML file with any of these options as keys."),
            click.option("--drug", help="racemic, s or esketamine.  Always needed: they are not interchangeable."),
            click.option("--amount-as", help="What the mg count: base (as ketamine products are labelled) or salt."),
            click.option("--route", help="iv, im, nasal, oral, sublingual or buccal.  [iv]"),
            click.option("--weight", help='With its unit: "70 kg", "154 lb".'),
            click.option("--age", help="Years."),
            click.option("--ancestry", help="japanese, asian or other: only some models ask."),
            click.option("--dose", help='"35 mg" or "0.5 mg/kg"; with --over an infusion, else all at once.'),
            click.option("--over", help='How long --dose runs: "40 min".'),
            click.option("--bolus", multiple=True, help='"10 mg @ 5 min"; may be repeated.'),
            click.option("--rate", multiple=True, help='"60 mg/h @ 0 min..40 min", a ramp "20 mg/h -> 60 mg/h @ ...".'),
            click.option("--hold", multiple=True, help='"10 min..25 min": what follows comes later.'),
            click.option("--until", help='How far to look: "4 h".  [4 h]'),
            click.option("--every", help='Between moments: "1 min", "10 s".  [1 min]'),
            click.option(
                "--models", "folder", type=click.Path(path_type=Path), help="A folder with models of your own."
            ),
        ]
    ):
        command = option(command)
    return command
