"""How are sheets read from a table, one a row, and which line is wrong when one cannot be read?

A column is a question: `item1`, `1`, its key, or its LOINC code.  `total` (or `stated_total`) is compared with ours.
Every other column is carried along as it is.  A blank is a gap.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stillhaven.science.errors import BadInput
from stillhaven.science.scales.instrument import Instrument
from stillhaven.science.scales.scoring import Sheet, read_answer, score_sheet

TOTALS = ("total", "stated_total", "stated")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table: what else stood there, the answers as read, and what they come to."""

    line: int
    carried: dict[str, str]
    answers: dict[str, float | None]
    sheet: Sheet


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """One line that cannot be read."""

    line: int
    why: str


def columns_of(instrument: Instrument, header: list[str]) -> dict[int, str]:
    """Which column holds which question.  BadInput where one is missing or stands there twice."""
    names: dict[str, str] = {}
    for question in instrument.questions:
        for name in (f"item{question.key}", f"item_{question.key}", f"q{question.key}", question.key, question.loinc):
            if name:
                names.setdefault(name.lower(), question.key)
                names.setdefault(f"/{name}".lower(), question.key)
        names.setdefault(f"{instrument.key}_{question.key}".lower(), question.key)
    found: dict[int, str] = {}
    for place, name in enumerate(header):
        key = names.get(name.strip().lower())
        if key is None:
            continue
        if key in found.values():
            raise BadInput("line 1", f"two columns hold item {key}")
        found[place] = key
    missing = [q.key for q in instrument.questions if q.scored and q.key not in found.values()]
    if missing:
        raise BadInput("line 1", f"there is no column for item {', '.join(missing)} of {instrument.short}")
    return found


def read_sheets(instrument: Instrument, lines: Iterable[str]) -> Iterator[Row | Wrong]:
    """Every line of a CSV text, scored, or what is wrong with it."""
    reader = csv.reader(lines)
    try:
        header = next(reader, None)
        if header is None:
            raise BadInput("line 1", "is missing: the first line names the columns")
        header[0] = header[0].lstrip("\ufeff") if header else ""
        places = columns_of(instrument, header)
        stated_at = next((i for i, n in enumerate(header) if n.strip().lower() in TOTALS and i not in places), None)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _row(instrument, reader.line_num, header, cells, places, stated_at)
    except csv.Error as error:
        raise BadInput(f"line {reader.line_num}", f"is not readable as CSV: {error}") from None


def _row(
    instrument: Instrument,
    line: int,
    header: list[str],
    cells: list[str],
    places: dict[int, str],
    stated_at: int | None,
) -> Row | Wrong:
    if len(cells) != len(header):
        return Wrong(line=line, why=f"has {len(cells)} cells; the first line names {len(header)} columns")
    try:
        answers: dict[str, float | None] = {question.key: None for question in instrument.questions}
        for place, key in places.items():
            answers[key] = read_answer(instrument.question(key), cells[place])
        stated: dict[str, float] = {}
        if stated_at is not None and cells[stated_at].strip() and instrument.main is not None:
            try:
                stated[instrument.main.key] = float(cells[stated_at])
            except ValueError:
                raise BadInput("total", f"{cells[stated_at][:30]!r} is not a number") from None
        sheet = score_sheet(instrument, answers, stated)
    except BadInput as error:
        return Wrong(line=line, why=str(error))
    carried = {header[i]: cell for i, cell in enumerate(cells) if i not in places and i != stated_at}
    return Row(line=line, carried=carried, answers=answers, sheet=sheet)
