"""What must every reference file be: cited, confirmed or not, reviewed or draft, each number with its unit?

The readers (`_drugs.py`, `_protocols.py`, ...) hold what is special to their files.  What holds for all of them is here,
and looks at the files as they are written, so that a new kind of file is checked before anyone writes a reader for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stillhaven.reference._facts import unit_of
from stillhaven.reference._policy import SET as POLICY_SET
from stillhaven.reference._sources import FILE as SOURCES
from stillhaven.reference._sources import Read, Source
from stillhaven.reference.files import CLINIC, Shelf
from stillhaven.science.alarms.conditions import AlarmCondition, AlarmReference
from stillhaven.science.policy import SessionRules
from stillhaven.science.scales import Scale

# Keys whose number is a count, a grade or a point on a scale: the key itself says what is counted.
COUNTS = frozenset(
    {
        "decimals",
        "first_week",
        "last_week",
        "sessions",
        "sessions_per_week",
        "most_sessions_per_week",
        "days",
        "months",
        "sprays",
        "grade",
        "identifiers_needed",
        "readings",
        "normal",
        "at_least",
        "at_most",
        "over",
    }
)
POINTS = frozenset({"range"})  # tables that hold points on a scale
ON_A_SCALE = "instruments/"  # here every number is a point on a scale, a count or a rank
ELSEWHERE = ("cast/", "devices/", "pk/")  # folders with readers and checks of their own


def check_facts(shelf: Shelf, sources: Mapping[str, Source]) -> None:
    """Note every fact of the files read so far that is not cited, not coherent with its source, or has no unit."""
    for file, data in shelf.tables.items():
        if file.removesuffix(CLINIC) == SOURCES:
            continue
        reviewed = _review(data).get("status") == "reviewed"
        if "review" not in data:
            shelf.wrong(file, "review", "is missing: is this file a draft, or who reviewed it?")
        for node in _nodes(data):
            _cited(shelf, file, node.path, node.table, sources)
            _with_units(shelf, file, node)
            if file.removesuffix(CLINIC) != POLICY_SET:  # there, who set it and when is the source
                _with_source(shelf, file, node)
            if reviewed and node.table.get("confirmed") is False:
                shelf.wrong(file, _join(node.path, "confirmed"), "is false in a file that calls itself reviewed")
    for name in shelf.everything():
        if not name.startswith(ELSEWHERE) and name not in shelf.tables and f"{name}{CLINIC}" not in shelf.tables:
            shelf.wrong(name, "", "is a file that nobody reads: check its folder and name")


def check_same_numbers(
    shelf: Shelf, session: SessionRules, alarms: AlarmReference, scales: Mapping[str, Scale]
) -> None:
    """What a rule and an alarm both say, they say with the same number; a rule names only alarms that exist."""
    conditions = {condition.key: condition for condition in alarms.conditions}
    for drug, rule in session.start.pressure.items():
        for signal, limit in (("systolic_mmhg", rule.systolic), ("diastolic_mmhg", rule.diastolic)):
            _same(shelf, conditions, f"pressure_before_{drug}", signal, [limit.value], "session/start.toml")
    moaas = scales.get("moaas")
    if moaas is not None:
        lines = [cut.at_most for cut in moaas.cuts if cut.at_most is not None]
        _same(shelf, conditions, "sedation_deep", "moaa_s", lines, "scales/moaas.toml")
    for stop in session.stop:
        for name in stop.alarms:
            if name not in conditions:
                shelf.wrong("session/stop.toml", f"rule.{stop.key}.alarms", f"{name!r} is not a file of alarms/")


def _same(
    shelf: Shelf,
    conditions: Mapping[str, AlarmCondition],
    key: str,
    signal: str,
    values: Sequence[float | None],
    other: str,
) -> None:
    condition = conditions.get(key)
    if condition is None:
        return
    mine = {limit.value for tier in condition.tiers for limit in tier.shipped if limit.signal == signal}
    theirs = {value for value in values if value is not None}
    if mine and theirs and mine != theirs:
        shown = [", ".join(f"{value:g}" for value in sorted(group)) for group in (mine, theirs)]
        shelf.wrong(f"alarms/{key}.toml", "tier", f"{signal} {shown[0]} here, {shown[1]} in {other}")


def drafts(shelf: Shelf) -> tuple[str, ...]:
    """The files read so far that nobody has reviewed."""
    return tuple(
        sorted(
            file
            for file, data in shelf.tables.items()
            if file.removesuffix(CLINIC) != SOURCES and _review(data).get("status") != "reviewed"
        )
    )


def check(path: Path | None = None) -> list[str]:
    """Everything that is wrong with the shipped files, or with a clinic's folder laid over them: one line each."""
    from stillhaven.reference.load import read

    return [str(problem) for problem in read(path)[1]]


def _cited(shelf: Shelf, file: str, path: str, table: dict[str, Any], sources: Mapping[str, Source]) -> None:
    cites, confirmed = "source" in table, table.get("confirmed")
    if cites and not isinstance(confirmed, bool):
        shelf.wrong(file, _join(path, "confirmed"), "is missing: has a person read this in its source?")
    if not cites:
        return
    raw = table["source"]
    keys = [raw] if isinstance(raw, str) else raw if isinstance(raw, list) else []
    if not keys:
        shelf.wrong(file, _join(path, "source"), "names no source")
    known = [sources[key] for key in keys if isinstance(key, str) and key in sources]
    for key in keys:
        if not isinstance(key, str) or key not in sources:
            shelf.wrong(file, _join(path, "source"), f"{key!r} is not a key of {SOURCES}")
    if confirmed is True and known and len(known) == len(keys):
        if not any(source.kind.confirms for source in known):
            shelf.wrong(file, _join(path, "confirmed"), "is true, but none of its sources was read")
        elif all(source.kind is Read.SECONDARY or not source.kind.confirms for source in known) and not table.get(
            "via"
        ):
            shelf.wrong(file, _join(path, "via"), 'must be "secondary": only a summary of its source was read')


def _with_units(shelf: Shelf, file: str, node: Node) -> None:
    """A number stands under its unit, or under a key that ends in a unit or says what is counted."""
    if node.has_unit or file.startswith(ON_A_SCALE) or node.path.rpartition(".")[2] in POINTS:
        return
    for key, value in node.table.items():
        if _is_number(value) and key not in COUNTS and not unit_of(key):
            shelf.wrong(file, _join(node.path, key), "is a number without a unit")


def _with_source(shelf: Shelf, file: str, node: Node) -> None:
    """A number is cited where it stands, or by a table around it."""
    if node.is_cited:
        return
    for key, value in node.table.items():
        if _is_number(value):
            shelf.wrong(file, _join(node.path, key), "is a number without a source")


def _is_number(value: object) -> bool:
    items = value if isinstance(value, list) else [value]
    return any(type(item) in (int, float) for item in items)


@dataclass(frozen=True)
class Node:
    """One table of a file: its dotted key, and what the tables around it already say."""

    path: str
    table: dict[str, Any]
    has_unit: bool
    is_cited: bool


def _nodes(data: dict[str, Any], path: str = "", *, unit: bool = False, cited: bool = False) -> Iterator[Node]:
    """Every table of a file with its dotted key; lists of tables carry their `key`, or their place."""
    unit, cited = unit or "unit" in data, cited or "source" in data
    yield Node(path, data, unit, cited)
    for name, value in data.items():
        if isinstance(value, dict):
            yield from _nodes(value, _join(path, name), unit=unit, cited=cited)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, dict):
                    label = f"{_join(path, name)}[{item.get('key') or index}]"
                    yield from _nodes(item, label, unit=unit, cited=cited)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _review(data: dict[str, Any]) -> dict[str, Any]:
    found = data.get("review")
    return found if isinstance(found, dict) else {}
