"""How does this kind of export file say things?  The mapping of a CSV file's columns, its times and its numbers.

Kept in TOML, one file for each kind of export; every key is explained in docs/how-to/import-a-csv.md.  A mapping is
checked as a whole when it is read: whatever it leaves open is `BadInput` with the file and the key.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from stillhaven.science.errors import BadInput
from stillhaven.science.vitals import Quality

_NUMBER = {
    ".": re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"),
    ",": re.compile(r"[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d{1,3})?"),
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """What one column (or, in a long file, one parameter name) holds.

    `signals` are several where one cell holds several ("121/74 (90)"): then `pattern` has a group for each.
    `measured` names the column that holds the time of this measurement, where it may be older than its line.
    """

    name: str
    signals: tuple[str, ...]
    unit: str
    probe: str = ""
    pattern: re.Pattern[str] | None = None
    measured: str = ""
    optional: bool = False


@dataclass(frozen=True, kw_only=True)
class CsvMapping:
    """How to read one kind of export file.  See docs/how-to/import-a-csv.md for every key."""

    title: str
    time_columns: tuple[str, ...]
    columns: tuple[Column, ...]
    time_format: str = "iso"
    zone: str = ""
    start: str = ""
    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8-sig"
    skip_lines: int = 0
    layout: str = "wide"
    name_column: str = ""
    value_column: str = ""
    unit_column: str = ""
    unit_spellings: Mapping[str, str] = field(default_factory=dict)
    no_value: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, Quality] = field(default_factory=dict)
    empty: str = "skip"
    ignore: tuple[str, ...] = ()
    unmapped: str = "ignore"
    ignore_case: bool = False
    same_cuff_within_s: float = 45.0
    device: str = ""


# ---------------------------------------------------------------------------- the mapping
_KEYS = {
    "title", "delimiter", "decimal", "encoding", "skip_lines", "layout", "empty", "ignore", "unmapped", "ignore_case",
    "same_cuff_within_s", "device", "no_value", "marks", "unit_spellings",
}  # fmt: skip


def read_mapping(path: Path) -> CsvMapping:
    """The mapping that a TOML file holds; BadInput names the file and the key that cannot be used."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(str(path), f"cannot be opened ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(str(path), f"is not readable TOML: {error}") from None
    return parse_mapping(raw, str(path))


def plain_mapping() -> CsvMapping:
    """The mapping for files whose columns already carry the house's names, or a few that leave no doubt."""
    file = resources.files("stillhaven.reference") / "devices" / "csv" / "plain.toml"
    return parse_mapping(tomllib.loads(file.read_text(encoding="utf-8")), "plain.toml")


def parse_mapping(raw: Mapping[str, Any], where: str = "mapping") -> CsvMapping:
    """A mapping from its tables."""
    if unknown := sorted(set(raw) - _KEYS - {"time", "columns", "long"}):
        raise BadInput(where, f"unknown key {unknown[0]!r}")
    time, long = dict(raw.get("time", {})), dict(raw.get("long", {}))
    try:
        mapping = CsvMapping(
            **{k: raw[k] for k in _KEYS & set(raw) - {"title", "ignore", "marks"}},
            title=raw.get("title", where),
            ignore=tuple(raw.get("ignore", ())),
            marks={mark: Quality(q) for mark, q in raw.get("marks", {}).items()},
            time_columns=tuple(time.pop("columns", ())),
            time_format=time.pop("format", "iso"),
            zone=time.pop("zone", ""),
            start=str(time.pop("start", "")),
            name_column=long.pop("name", ""),
            value_column=long.pop("value", ""),
            unit_column=long.pop("unit", ""),
            columns=tuple(_column(name, dict(c), where) for name, c in raw.get("columns", {}).items()),
        )
    except (TypeError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(where, str(error)) from None
    if time or long:
        raise BadInput(where, f"unknown key {sorted({**time, **long})[0]!r}")
    _check(mapping, where)
    return mapping


def _column(name: str, raw: dict[str, Any], where: str) -> Column:
    signals = raw.pop("signals", None) or [raw.pop("signal", "")]
    pattern = raw.pop("pattern", None)
    try:
        compiled = re.compile(pattern) if pattern else None
        column = Column(name=name, signals=tuple(signals), pattern=compiled, unit=raw.pop("unit", ""), **raw)
    except (TypeError, re.error) as error:
        raise BadInput(f"{where}: columns.{name}", str(error)) from None
    if len(column.signals) != (compiled.groups if compiled else 1):
        raise BadInput(f"{where}: columns.{name}", "needs one pattern group for each of its signals")
    return column


def _check(mapping: CsvMapping, where: str) -> None:
    def need(good: bool, key: str, why: str) -> None:
        if not good:
            raise BadInput(f"{where}: {key}", why)

    need(bool(mapping.time_columns), "time.columns", "must name the column, or columns, that hold the time")
    need(bool(mapping.columns), "columns", "must map at least one column to a signal")
    need(mapping.decimal in _NUMBER, "decimal", 'must be "." or ","')
    need(len(mapping.delimiter) == 1, "delimiter", 'must be one character, such as ";" or "\\t"')
    need(mapping.delimiter != mapping.decimal, "delimiter", "cannot be the decimal sign as well")
    need(mapping.layout in ("wide", "long"), "layout", 'must be "wide" or "long"')
    need(mapping.empty in ("skip", "no_value"), "empty", 'must be "skip" or "no_value"')
    need(mapping.unmapped in ("ignore", "refuse"), "unmapped", 'must be "ignore" or "refuse"')
    has_long = bool(mapping.name_column and mapping.value_column)
    need(
        has_long == (mapping.layout == "long"), "long", "name and value columns belong to a long layout, and only to it"
    )
    need(mapping.time_format != "elapsed_s" or bool(mapping.start), "time.start", "is needed with elapsed_s")
    _zone(mapping)
    if mapping.time_format == "elapsed_s":
        when(mapping.start, "iso", mapping, None)


def _zone(mapping: CsvMapping) -> tzinfo | None:
    if not mapping.zone:
        return None
    if mapping.zone.upper() in ("UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(mapping.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput("time.zone", f"{mapping.zone!r} is not a time zone such as Europe/Berlin or UTC") from None


# ---------------------------------------------------------------------------- one time, one number
def when(text: str, written: str, mapping: CsvMapping, before: datetime | None) -> datetime:
    """The moment a text means, in UTC; ValueError with the reason where it means none.

    A local time that happens twice when the clocks go back is the later one if the line before says so.
    """
    text = text.strip()
    if not text:
        raise ValueError("no time")
    if written in ("epoch_s", "epoch_ms", "elapsed_s"):
        seconds = number(text, mapping.decimal) / (1000.0 if written == "epoch_ms" else 1.0)
        if written == "elapsed_s":
            return when(mapping.start, "iso", mapping, None) + timedelta(seconds=seconds)
        return datetime.fromtimestamp(seconds, UTC)
    try:
        moment = datetime.fromisoformat(text) if written == "iso" else datetime.strptime(text, written)  # noqa: DTZ007
    except ValueError:
        how = "an ISO time" if written == "iso" else written
        raise ValueError(f"{text!r} is not a time written as {how}") from None
    if moment.tzinfo:
        return moment.astimezone(UTC)
    zone = _zone(mapping)
    if zone is None:
        raise ValueError("the time has no zone, and the mapping names none (time.zone)")
    first = moment.replace(tzinfo=zone).astimezone(UTC)
    second = moment.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first > second:  # PEP 495: the fold moves back only for a time that the clocks skipped
        raise ValueError(f"{text} does not exist in {mapping.zone}: the clocks went forward over it")
    return second if before is not None and first < before <= second else first


def number(text: str, decimal: str = ".") -> float:
    """A number written with that decimal sign; ValueError with the reason otherwise.

    >>> number("36,8", ","), number("97")
    (36.8, 97.0)
    >>> number("36,8")
    Traceback (most recent call last):
    ...
    ValueError: '36,8' is not a number written with a decimal '.'
    """
    cleaned = text.strip()
    if not _NUMBER[decimal].fullmatch(cleaned):
        raise ValueError(f"{text!r} is not a number written with a decimal {decimal!r}")
    value = float(cleaned.replace(",", "."))
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a finite number")
    return value
