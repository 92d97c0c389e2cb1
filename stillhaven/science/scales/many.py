"""What do very many sheets come to, at once?  The same rules as `scoring`, column by column.

A matrix holds one sheet a row and one question a column, in the instrument's order; NaN is a gap.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from stillhaven.science.errors import BadInput
from stillhaven.science.scales.instrument import Instrument, ScoreRule

Floats = NDArray[np.float64]
_TIE = 1e-9  # what summing parts may lose: far less than the distance of any score from a tie


def score_many(instrument: Instrument, sheets: Floats, *, checked: bool = False) -> Mapping[str, Floats]:
    """Every score of every sheet; NaN where it is absent.  A rule in words gives its rank.

    BadInput names the first row and question with an answer that is not offered; `checked` says that was done.
    """
    if sheets.ndim != 2 or sheets.shape[1] != len(instrument.questions):
        raise BadInput("sheets", f"must have one column for each of the {len(instrument.questions)} questions")
    if not checked:
        _check(instrument, sheets)
    given = np.array(sheets.T, dtype=np.float64, order="C")  # one question a row: each is read straight through
    place = {question.key: index for index, question in enumerate(instrument.questions)}
    for question in instrument.questions:
        row = given[place[question.key]]
        for code in question.not_assessed:
            row[row == code] = np.nan
    known = ~np.isnan(given)
    whole = bool(known.all())
    left_out = _unasked(instrument, given, known, place)
    points = given
    if any(q.reverse or q.weight != 1.0 for q in instrument.questions):
        points = given.copy()
        for question in instrument.questions:
            if question.reverse or question.weight != 1.0:
                row = given[place[question.key]]
                turned = question.low + question.high - row if question.reverse else row
                points[place[question.key]] = question.weight * turned
    found: dict[str, Floats] = {}
    for rule in sorted(instrument.scores, key=lambda rule: bool(rule.of)):
        if rule.absent:
            found[rule.key] = np.full(len(sheets), np.nan)
        elif rule.grades:
            found[rule.key] = _ranks(rule, given, known, left_out, place)
        elif rule.of:
            found[rule.key] = _looked_up(rule, found[rule.of])
        else:
            found[rule.key] = _totals(rule, points, known, whole, left_out, place)
    return {rule.key: found[rule.key] for rule in instrument.scores}


def _check(instrument: Instrument, sheets: Floats) -> None:
    for index, question in enumerate(instrument.questions):
        column = sheets[:, index]
        if question.decimal:
            wrong = (column < question.low) | (column > question.high)
        else:
            values = question.values
            wrong = (column < values[0]) | (column > values[-1]) | (column != np.floor(column))
            if len(values) != int(values[-1] - values[0]) + 1:
                wrong |= ~np.isin(column, values)
        wrong &= ~np.isnan(column)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise BadInput(f"row {row + 1}, item {question.key}", f"{column[row]:g} is not an answer that it offers")


def _unasked(
    instrument: Instrument, given: Floats, known: NDArray[np.bool_], place: dict[str, int]
) -> dict[str, NDArray[np.bool_]]:
    found: dict[str, NDArray[np.bool_]] = {}
    for question in instrument.questions:
        if question.asked_if is None:
            continue
        gate, mark = question.asked_if
        closed = known[place[gate]] & (given[place[gate]] != mark)
        if gate in found:
            closed |= found[gate]
        found[question.key] = closed & ~known[place[question.key]]
    return found


def _totals(
    rule: ScoreRule,
    points: Floats,
    known: NDArray[np.bool_],
    whole: bool,
    left_out: dict[str, NDArray[np.bool_]],
    place: dict[str, int],
) -> Floats:
    count = points.shape[1]
    total, gaps, empty = np.zeros(count), np.zeros(count), np.zeros(count, dtype=bool)
    by_max = all(p.take == "max" for p in rule.parts if len(p.items) > 1) and any(p.take == "max" for p in rule.parts)
    for part in rule.parts:
        rows = [place[key] for key in part.items]
        if part.take == "max":
            worth = points[rows[0]].copy()
            for row in rows[1:]:
                np.fmax(worth, points[row], out=worth)
            empty |= np.isnan(worth)
        else:
            worth = np.zeros(count)
            answered = np.zeros(count)
            for row in rows:
                column = (
                    points[row] if part.take == "sum" else np.where(known[row], points[row] >= part.at_least, np.nan)
                )
                worth += column if whole else np.where(known[row], column, 0.0)
                if not whole:
                    answered += known[row]
            if not whole:
                empty |= answered == 0
                gaps += len(rows) - answered
                for key in part.items:
                    if key in left_out:
                        gaps -= left_out[key]
                short = (answered > 0) & (answered < len(rows))
                worth[short] = worth[short] * len(rows) / answered[short]
        total += worth / part.divide if part.divide != 1.0 else worth
    if rule.times != 1.0:
        total *= rule.times
    if rule.decimals is not None:
        scale = 10.0**rule.decimals
        total = np.floor(total * scale + 0.5 + _TIE) / scale
    if not whole:
        gone = empty if by_max or rule.most_missing is None else empty | (gaps > rule.most_missing)
        total[gone] = np.nan
    return total


def _ranks(
    rule: ScoreRule,
    given: Floats,
    known: NDArray[np.bool_],
    left_out: dict[str, NDArray[np.bool_]],
    place: dict[str, int],
) -> Floats:
    count = given.shape[1]
    sure, could = np.zeros(count), np.zeros(count)
    for grade in rule.grades:
        is_met, is_open = np.ones(count, dtype=bool), np.ones(count, dtype=bool)
        for need in grade.needs:
            yes, unknown = np.zeros(count), np.zeros(count)
            for key, mark in need.marks.items():
                row = given[place[key]]
                with np.errstate(invalid="ignore"):
                    yes += (row < mark) if need.below else (row >= mark)
                blank = ~known[place[key]]
                unknown += blank & ~left_out[key] if key in left_out else blank
            is_met &= yes >= need.count
            is_open &= yes + unknown >= need.count
        sure = np.where(is_met, np.maximum(sure, grade.rank), sure)
        could = np.where(is_open, np.maximum(could, grade.rank), could)
    return np.where(could > sure, np.nan, sure)


def _looked_up(rule: ScoreRule, raw: Floats) -> Floats:
    low, high = min(rule.table), max(rule.table)
    table = np.array([rule.table.get(value, np.nan) for value in range(low, high + 1)])
    there = ~np.isnan(raw) & (raw >= low) & (raw <= high) & (raw == np.floor(raw))
    found = np.full(len(raw), np.nan)
    found[there] = table[(raw[there] - low).astype(np.intp)]
    return found
