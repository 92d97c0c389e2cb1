"""`stillhaven score SCALE answers.csv`: what does each sheet of a file come to?

One sheet a line; columns `item1`, `item2`, ... (or keys, or LOINC codes); a blank is a gap.  Bad lines are named with
their number and end the command with code 2; nothing is scored in part and passed off as whole.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import click

from stillhaven.reference._instruments import FOLDER, read_instrument
from stillhaven.reference.files import SHIPPED, Shelf
from stillhaven.science.errors import BadInput
from stillhaven.science.scales.instrument import Instrument
from stillhaven.science.scales.sheets import Row, Wrong, read_sheets


@click.command(name="score")
@click.argument("scale", required=False)
@click.argument(
    "answers", required=False, type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
)
@click.option("--list", "listing", is_flag=True, help="List every scale with its questions and licence.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="csv", show_default=True)
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of the screen.")
@click.option("--clinic", type=click.Path(exists=True, file_okay=False, path_type=Path), help="A clinic's own files.")
def command(
    scale: str | None, answers: Path | None, listing: bool, form: str, output: Path | None, clinic: Path | None
) -> None:
    """Score a file of sheets of one SCALE (phq9, pcl5@week, ...).  ANSWERS may be - for standard input."""
    shelf = Shelf(overlay=clinic)
    if listing or scale is None:
        _list(shelf)
        return
    instrument = _load(shelf, scale)
    if answers is None:
        raise BadInput("answers", "name a CSV file, or - for standard input")
    rows, wrong = _read(instrument, answers)
    if wrong:
        for each in wrong[:50]:
            click.echo(f"line {each.line}: {each.why}", err=True)
        more = f" (the first 50 of {len(wrong)} are shown)" if len(wrong) > 50 else ""
        click.echo(
            f"{len(wrong)} of {len(wrong) + len(rows)} lines cannot be read{more}; nothing was scored.", err=True
        )
        sys.exit(2)
    text = {"csv": _csv, "json": _json, "table": _table}[form](instrument, rows)
    if output is not None:
        output.write_text(text, encoding="utf-8")
    else:
        click.echo(text, nl=False)


def _load(shelf: Shelf, scale: str) -> Instrument:
    name = f"{FOLDER}/{scale}.toml"
    if name not in shelf.names(FOLDER):
        raise BadInput("scale", f"{scale!r} is not known; `stillhaven score --list` names them all")
    made = read_instrument(shelf.read(name))
    if made is None or shelf.problems:
        raise BadInput("scale", "; ".join(map(str, shelf.problems)))
    if not made.questions:
        raise BadInput("scale", made.cannot or f"the questions of {made.short} are the owner's: the clinic loads them")
    return made


def _list(shelf: Shelf) -> None:
    for name in shelf.names(FOLDER):
        made = read_instrument(shelf.read(name))
        if made is not None:
            click.echo(
                f"{Path(name).stem:<24} {len(made.questions):>3} questions  "
                f"{'text ships' if made.wording else 'scoring only':<13} {made.name}"
            )
    if shelf.problems:
        raise BadInput("scales", f"{shelf.problems[0]} (files in {SHIPPED / FOLDER})")


def _read(instrument: Instrument, path: Path) -> tuple[list[Row], list[Wrong]]:
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadInput("answers", "is not text in UTF-8") from None
    rows: list[Row] = []
    wrong: list[Wrong] = []
    for each in read_sheets(instrument, io.StringIO(text, newline="")):
        (wrong if isinstance(each, Wrong) else rows).append(each)  # type: ignore[arg-type]
    return rows, wrong


def _plain(instrument: Instrument, row: Row) -> dict[str, Any]:
    found: dict[str, Any] = dict(row.carried) | {"line": row.line}
    for key, scored in row.sheet.scores.items():
        found[key] = scored.value
        if scored.band or instrument.rule(key).bands:
            found[f"{key}_band"] = scored.band
        if instrument.rule(key).grades:
            found[f"{key}_label"] = scored.label or (f"at least {scored.at_least}" if scored.at_least else "")
    main = row.sheet.main
    return found | {
        "why_absent": main.why if main else "",
        "gaps": " ".join(row.sheet.gaps),
        "made_up_for": main.filled if main else 0,
        "alerts": " ".join(f"{hit.item}:{hit.kind}" for hit in row.sheet.alerts),
        "discrepancy": "; ".join(d.why for d in row.sheet.discrepancies),
        "version": row.sheet.version,
    }


def _csv(instrument: Instrument, rows: list[Row]) -> str:
    plain = [_plain(instrument, row) for row in rows]
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(plain[0]) if plain else ["line"], lineterminator="\n")
    writer.writeheader()
    for each in plain:
        writer.writerow({k: _safe(v) for k, v in each.items()})
    return out.getvalue()


def _safe(value: Any) -> Any:
    """A number without a trailing zero; a text that a spreadsheet would take for a formula is quoted."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:g}"
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t") else value


def _json(instrument: Instrument, rows: list[Row]) -> str:
    body = {
        "scale": instrument.key, "version": instrument.version, "definition": instrument.digest,
        "sheets": [_plain(instrument, row) for row in rows],
    }  # fmt: skip
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"


def _table(instrument: Instrument, rows: list[Row]) -> str:
    lines = [f"{instrument.name}, version {instrument.version}: {len(rows)} sheets"]
    for row in rows:
        main = row.sheet.main
        shown = "no score" if main is None else main.shown or f"absent: {main.why}"
        extra = [row.sheet.band] if row.sheet.band else []
        extra += [f"ITEM {hit.number}: {hit.action}" for hit in row.sheet.alerts]
        extra += [d.why for d in row.sheet.discrepancies]
        lines.append(f"line {row.line:<5} {shown:<8} {' · '.join(extra)}".rstrip())
    return "\n".join(lines) + "\n"
