"""What does a monitor's export file say, line by line?  CSV files with mapped columns, read into readings.

A mapping (TOML) says which column is which signal in which unit, how times are written and in which zone, and which
texts mean "no value".  Nothing is guessed: a column, unit or zone that the mapping does not settle is `BadInput` before
the first line is read, and a cell that cannot be read becomes a `RejectedRow` with its line, its column and the reason
while the rest of its line is kept.  A value outside what a living person can have is kept and marked implausible.

An export that repeats the last cuff value on every line must not make it look fresh: equal cuff values on lines closer
together than a cuff can measure are one measurement, and keep the time of the first (`same_cuff_within_s`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from stillhaven.devices.csv_mapping import Column, CsvMapping, number, when
from stillhaven.science.errors import BadInput
from stillhaven.science.units import Quantity
from stillhaven.science.vitals import Quality, Reading, Signal, Source, judge_quality


@dataclass(frozen=True, kw_only=True)
class RejectedRow:
    """A cell, or a whole line (`column` ""), that could not be read: where, why, and what it said."""

    line: int
    column: str
    reason: str
    text: str

    def __str__(self) -> str:
        where = f"line {self.line}, column {self.column}" if self.column else f"line {self.line}"
        return f"{where}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class CsvRow:
    """One line: its number, its time (None if that could not be read), its readings, and what was not readable."""

    line: int
    at: datetime | None
    readings: tuple[Reading, ...] = ()
    rejected: tuple[RejectedRow, ...] = ()


def read_csv(
    path: Path, mapping: CsvMapping, signals: Mapping[str, Signal], *, now: datetime, device: str = ""
) -> Iterator[Reading | RejectedRow]:
    """Every reading of the file in its order, and every cell or line that could not be read.

    `now` becomes `arrived_at`; `device` (or the mapping's own) names the device.  BadInput, before anything is
    yielded, where the file cannot be opened or its header does not fit the mapping; later, only where the file stops
    being text.
    """
    for row in read_rows(path, mapping, signals, now=now, device=device):
        yield from row.rejected
        yield from row.readings


def read_rows(
    path: Path, mapping: CsvMapping, signals: Mapping[str, Signal], *, now: datetime, device: str = ""
) -> Iterator[CsvRow]:
    """The same line by line: what a replay makes one message of."""
    reader = _Reader(mapping=mapping, signals=signals, now=now, device=device or mapping.device)
    try:
        with path.open(encoding=mapping.encoding, newline="") as file:
            for _ in range(mapping.skip_lines):
                file.readline()
            rows = csv.reader(file, delimiter=mapping.delimiter)
            reader.header(next(rows, []))
            for cells in rows:
                if cells:
                    yield reader.row(cells, mapping.skip_lines + rows.line_num)
    except OSError as error:
        raise BadInput(str(path), f"cannot be opened ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise BadInput(str(path), f"is not text in {mapping.encoding} (byte {error.start} of a block)") from None
    except LookupError:
        raise BadInput("encoding", f"{mapping.encoding!r} is not a text encoding") from None
    except csv.Error as error:
        raise BadInput(str(path), f"line {mapping.skip_lines + rows.line_num} is not CSV: {error}") from None


class _Reader:
    """The header's places, and what has to be remembered from line to line."""

    def __init__(self, *, mapping: CsvMapping, signals: Mapping[str, Signal], now: datetime, device: str) -> None:
        self.mapping, self.signals, self.now, self.device = mapping, signals, now, device
        self._before: datetime | None = None
        self._cuff: dict[str, tuple[tuple[tuple[str, float | None], ...], datetime, datetime]] = {}
        self._place: dict[str, int] = {}
        self._width = 0
        for column in mapping.columns:
            for key in column.signals:
                if key not in signals:
                    known = ", ".join(sorted(signals))
                    raise BadInput(f"columns.{column.name}", f"{key!r} is not a signal; signals are {known}")
                Quantity(1.0, column.unit).to(signals[key].unit)  # BadInput now rather than on every line

    def header(self, names: Sequence[str]) -> None:
        """Find each mapped column in the header; nothing may be missing, double, or (if so asked) left over."""
        m = self.mapping
        self._width = len(names)
        for place, name in enumerate(names):
            key = self._key(name)
            if key in self._place and self._wanted(key):
                raise BadInput(f"column {name.strip()}", "stands twice in the header")
            self._place.setdefault(key, place)
        needed = [*m.time_columns]
        if m.layout == "long":
            needed += [m.name_column, m.value_column, *([m.unit_column] if m.unit_column else [])]
        else:
            needed += [c.name for c in m.columns if not c.optional]
        needed += [c.measured for c in m.columns if c.measured and not c.optional]
        for name in needed:
            if self._key(name) not in self._place:
                raise BadInput(f"column {name}", f"is not in the header, which has: {', '.join(names) or 'nothing'}")
        if m.layout == "wide" and not any(self._key(c.name) in self._place for c in m.columns):
            raise BadInput("header", f"no column is mapped; it has: {', '.join(names)}")
        if m.layout == "wide" and m.unmapped == "refuse":
            for name in names:
                if not self._wanted(self._key(name)) and name.strip():
                    why = "is not mapped: write a mapping that names it, or lists it under `ignore`"
                    raise BadInput(f"column {name.strip()}", why)

    def _key(self, name: str) -> str:
        return name.strip().casefold() if self.mapping.ignore_case else name.strip()

    def _wanted(self, key: str) -> bool:
        m = self.mapping
        named = {*m.time_columns, m.name_column, m.value_column, m.unit_column, *m.ignore}
        named |= {c.name for c in m.columns} | {c.measured for c in m.columns}
        return key in {self._key(n) for n in named if n}

    # ------------------------------------------------------------------ one line
    def row(self, cells: Sequence[str], line: int) -> CsvRow:
        """The readings of one line, and what in it could not be read."""
        m = self.mapping
        whole = m.delimiter.join(cells)
        if len(cells) != self._width:
            why = f"has {len(cells)} cells where the header has {self._width}"
            return CsvRow(line=line, at=None, rejected=(RejectedRow(line=line, column="", reason=why, text=whole),))
        try:
            at = self._time(cells, m.time_columns)
        except (ValueError, OverflowError, OSError) as error:
            column = " ".join(m.time_columns)
            reject = RejectedRow(line=line, column=column, reason=str(error), text=whole)
            return CsvRow(line=line, at=None, rejected=(reject,))
        self._before = at
        found: list[Reading] = []
        rejected: list[RejectedRow] = []
        for mapped, text, unit in self._cells(cells):
            if not text and m.empty == "skip":
                continue
            try:
                if mapped is None:
                    raise BadInput(m.name_column, f"{text!r} is not mapped")
                found += self._readings(mapped, text, unit, self._measured(cells, mapped, at))
            except (ValueError, OverflowError, OSError) as error:
                reason = error.why if isinstance(error, BadInput) else str(error)
                column = mapped.name if mapped else m.name_column
                rejected.append(RejectedRow(line=line, column=column, reason=reason, text=text))
        return CsvRow(line=line, at=at, readings=tuple(self._cuff_times(found, at)), rejected=tuple(rejected))

    def _time(self, cells: Sequence[str], names: Sequence[str]) -> datetime:
        text = " ".join(cells[self._place[self._key(n)]].strip() for n in names)
        return when(text, self.mapping.time_format, self.mapping, self._before)

    def _measured(self, cells: Sequence[str], column: Column, at: datetime) -> datetime:
        place = self._place.get(self._key(column.measured)) if column.measured else None
        text = cells[place].strip() if place is not None else ""
        return when(text, self.mapping.time_format, self.mapping, None) if text else at

    def _cells(self, cells: Sequence[str]) -> Iterator[tuple[Column | None, str, str]]:
        """(what the mapping says of it, text, unit) of each mapped cell; None for a parameter that is not mapped."""
        m = self.mapping
        if m.layout == "wide":
            for column in m.columns:
                place = self._place.get(self._key(column.name))
                if place is not None:
                    yield column, cells[place].strip(), column.unit
            return
        name = cells[self._place[self._key(m.name_column)]].strip()
        by_name = {self._key(c.name): c for c in m.columns}
        mapped = by_name.get(self._key(name))
        if mapped is not None:
            unit = cells[self._place[self._key(m.unit_column)]].strip() if m.unit_column else ""
            spelt = m.unit_spellings.get(unit, unit) or mapped.unit
            yield mapped, cells[self._place[self._key(m.value_column)]].strip(), spelt
        elif self._key(name) not in {self._key(n) for n in m.ignore}:
            yield None, name, ""

    def _readings(self, column: Column, text: str, unit: str, at: datetime) -> list[Reading]:
        """The readings of one cell."""
        reason = self.mapping.no_value.get(text, "empty cell" if not text else None)
        if reason is not None:
            return [self._reading(key, None, at, column, Quality.NO_VALUE, reason) for key in column.signals]
        mark = next((m for m in self.mapping.marks if text.endswith(m)), "")
        bare = text.removesuffix(mark).strip() if mark else text
        parts: Sequence[str] = (bare,)
        if column.pattern:
            match = column.pattern.fullmatch(bare)
            if not match:
                raise ValueError(f"{text!r} does not look like {column.pattern.pattern}")
            parts = match.groups()
        out = []
        for key, part in zip(column.signals, parts, strict=True):
            if part is None or not part.strip():
                continue
            signal = self.signals[key]
            value = round(Quantity(number(part, self.mapping.decimal), unit).to(signal.unit), 6)
            quality, why = judge_quality(signal, value), ""
            if quality is Quality.IMPLAUSIBLE:
                why = f"{value:g} {signal.unit} is outside what a living person can have"
            elif mark:
                quality, why = self.mapping.marks[mark], f"marked {mark} in the file"
            out.append(self._reading(key, value, at, column, quality, why))
        return out

    def _reading(
        self, key: str, value: float | None, at: datetime, column: Column, quality: Quality, reason: str
    ) -> Reading:
        return Reading(
            signal=key,
            value=value,
            at=at,
            arrived_at=self.now,
            quality=quality,
            reason=reason,
            device=self.device,
            probe=column.probe,
            source=Source.FILE,
        )

    def _cuff_times(self, found: list[Reading], row_at: datetime) -> Iterator[Reading]:
        """Cuff values that only repeat those of the line before keep the time at which they first stood there."""
        repeated: dict[str, datetime] = {}
        for probe in {r.probe for r in found if self.signals[r.signal].intermittent}:
            mine = [r for r in found if r.probe == probe and self.signals[r.signal].intermittent]
            values = tuple((r.signal, r.value) for r in mine)
            last = self._cuff.get(probe)
            measured = mine[0].at
            gap = timedelta(seconds=self.mapping.same_cuff_within_s)
            if last and last[0] == values and measured == row_at and timedelta() <= row_at - last[1] < gap:
                repeated[probe] = measured = last[2]
            self._cuff[probe] = (values, row_at, measured)
        for reading in found:
            if reading.probe in repeated and self.signals[reading.signal].intermittent:
                yield replace(reading, at=min(reading.at, repeated[reading.probe]))
            else:
                yield reading
