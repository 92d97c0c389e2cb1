"""By which rules are many courses read, and which published figures may stand beside the clinic's own?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stillhaven.reference._facts import read_cite, read_review
from stillhaven.reference.files import Shelf, Table
from stillhaven.science.groups import Comparator, GroupRules, NullTrial
from stillhaven.science.protocol import Cite
from stillhaven.science.scales import Instrument

FILE = "outcomes/comparators.toml"
MEASURES = ("response", "remission", "worse", "ideation", "reach")


@dataclass(frozen=True, kw_only=True)
class GroupReference:
    """Everything that the registry page rests on."""

    rules: GroupRules
    comparators: tuple[Comparator, ...]
    nulls: Mapping[str, NullTrial]

    def nulls_for(self, family: str, indication: str = "depression") -> tuple[NullTrial, ...]:
        """The trials of this treatment in this kind of indication that found no difference."""
        return tuple(n for n in self.nulls.values() if family in n.families and indication in n.indications)


def read_comparators(shelf: Shelf, instruments: Mapping[str, Instrument]) -> GroupReference:
    """The file, checked: every comparator names its measure, and a null trial of the same treatment and indication."""
    whole = shelf.read(FILE)
    read_review(whole)
    read_cite(whole)
    rules = _rules(whole, instruments)
    nulls: dict[str, NullTrial] = {}
    for key, row in whole.named("null"):
        nulls[key] = NullTrial(
            key=key,
            text=row.text("text"),
            indications=row.texts("indications", needed=True),
            families=row.texts("families", needed=True),
            cite=read_cite(row),
        )
        row.close()
    comparators = tuple(_comparator(key, row, nulls) for key, row in whole.named("comparator"))
    whole.close()
    return GroupReference(rules=rules, comparators=comparators, nulls=nulls)


def _comparator(key: str, row: Table, nulls: Mapping[str, NullTrial]) -> Comparator:
    measure, family, beside = row.text("measure"), row.text("family"), row.texts("null", needed=True)
    indication = row.text("indication")
    if measure not in MEASURES:
        row.wrong("measure", f"{measure!r} is not one of {', '.join(MEASURES)}")
    known = [nulls[name] for name in beside if name in nulls]
    if not any(family in n.families and indication in n.indications for n in known):
        row.wrong("null", "names no null trial of this treatment and indication: it may not be shown alone")
    found = Comparator(
        key=key, measure=measure, indication=indication, instrument=row.text("instrument"), window=row.text("window"),
        family=family,
        percent=row.quantity("found", "%") or 0.0, n=_count(row, "people", needed=False), rule=row.text("rule"),
        note=row.text("note"), null=beside, cite=read_cite(row),
    )  # fmt: skip
    row.close()
    return found


def _rules(whole: Table, instruments: Mapping[str, Instrument]) -> GroupRules:
    cites: dict[str, Cite] = {}

    def part(name: str) -> Table:
        row = whole.table(name) or Table(file=whole.file, key=name, data={}, problems=whole.problems)
        cites[name] = read_cite(row)
        return row

    window, choice, induction = part("window"), part("choice"), part("induction")
    small, model, leaving = part("small_cell"), part("model"), part("leaving")
    cases: dict[str, float] = {}
    for key, row in whole.named("caseness"):
        cites[f"caseness.{key}"] = read_cite(row)
        cases[key] = float(_count(row, "score") or 0)
        row.close()
    scales: dict[str, tuple[str, ...]] = {}
    for key, row in whole.named("scales"):
        cites[f"scales.{key}"] = read_cite(row)
        scales[key] = row.texts("names", needed=True)
        row.close()
        for name in scales[key]:
            if name not in instruments:
                row.wrong("names", f"{name!r} is not a scale of instruments/")
    primary = window.text("instrument")
    if primary not in cases:
        whole.wrong("caseness", f"{primary} is the primary scale and has none")
    return GroupRules(
        instrument=primary,
        window_low_d=window.quantity("low", "d") or 0.0,
        window_high_d=window.quantity("high", "d") or 0.0,
        window_nearest_d=choice.quantity("nearest", "d") or 0.0,
        baseline_within_d=choice.quantity("baseline", "d") or 0.0,
        induction_fewest=_count(induction, "fewest") or 0,
        induction_most=_count(induction, "most") or 0,
        induction_low_d=induction.quantity("low", "d") or 0.0,
        induction_high_d=induction.quantity("high", "d") or 0.0,
        cases=cases,
        scales=scales,
        small_cell=_count(small, "least") or 0,
        model_fewest=_count(model, "fewest") or 0,
        model_until_d=model.quantity("until", "d") or 0.0,
        age_cap_y=_count(leaving, "age_cap") or 0,
        shift_most_d=int(leaving.quantity("shift", "d") or 0),
        cites=cites,
    )


def _count(row: Table, name: str, *, needed: bool = True) -> int | None:
    """`name = { value = 11, unit = "patients" }`: things that are counted, not measured."""
    part = row.table(name, needed=needed)
    if part is None:
        return None
    value, unit = part.whole("value"), part.text("unit")
    if unit not in ("patients", "sessions", "points", "years"):
        part.wrong("unit", f"{unit!r} is not something that is counted here")
    part.close()
    return value
