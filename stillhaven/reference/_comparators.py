"""By which rules are many courses read, and which published figures may stand beside the clinic's own?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stillhaven.reference._facts import read_cite, read_review
from stillhaven.reference.files import Shelf, Table
from stillhaven.science.groups import Comparator, GroupRules, NullTrial
from stillhaven.science.protocol import Cite

FILE = "outcomes/comparators.toml"
MEASURES = ("response", "remission", "worse", "ideation", "reach")


@dataclass(frozen=True, kw_only=True)
class GroupReference:
    """Everything that the registry page rests on."""

    rules: GroupRules
    comparators: tuple[Comparator, ...]
    nulls: Mapping[str, NullTrial]

    def nulls_for(self, family: str) -> tuple[NullTrial, ...]:
        """The trials of this treatment that found no difference."""
        return tuple(n for n in self.nulls.values() if family in n.families)


def read_comparators(shelf: Shelf) -> GroupReference:
    """The file, checked: every comparator names its measure, and a null trial of the same treatment."""
    whole = shelf.read(FILE)
    read_review(whole)
    read_cite(whole)
    rules = _rules(whole)
    nulls: dict[str, NullTrial] = {}
    for key, row in whole.named("null"):
        nulls[key] = NullTrial(
            key=key, text=row.text("text"), families=row.texts("families", needed=True), cite=read_cite(row)
        )
        row.close()
    comparators = tuple(_comparator(key, row, nulls) for key, row in whole.named("comparator"))
    whole.close()
    return GroupReference(rules=rules, comparators=comparators, nulls=nulls)


def _comparator(key: str, row: Table, nulls: Mapping[str, NullTrial]) -> Comparator:
    measure, family, beside = row.text("measure"), row.text("family"), row.texts("null", needed=True)
    if measure not in MEASURES:
        row.wrong("measure", f"{measure!r} is not one of {', '.join(MEASURES)}")
    if not any(name in nulls and family in nulls[name].families for name in beside):
        row.wrong("null", "names no null trial of this treatment: it may not be shown alone")
    found = Comparator(
        key=key, measure=measure, instrument=row.text("instrument"), window=row.text("window"), family=family,
        percent=row.quantity("found", "%") or 0.0, n=_count(row, "people", needed=False), rule=row.text("rule"),
        note=row.text("note"), null=beside, cite=read_cite(row),
    )  # fmt: skip
    row.close()
    return found


def _rules(whole: Table) -> GroupRules:
    cites: dict[str, Cite] = {}

    def part(name: str) -> Table:
        row = whole.table(name) or Table(file=whole.file, key=name, data={}, problems=whole.problems)
        cites[name] = read_cite(row)
        return row

    window, choice, induction, case = part("window"), part("choice"), part("induction"), part("caseness")
    small, model, leaving = part("small_cell"), part("model"), part("leaving")
    return GroupRules(
        instrument=window.text("instrument"),
        window_low_d=window.quantity("low", "d") or 0.0,
        window_high_d=window.quantity("high", "d") or 0.0,
        window_nearest_d=choice.quantity("nearest", "d") or 0.0,
        baseline_within_d=choice.quantity("baseline", "d") or 0.0,
        induction_fewest=_count(induction, "fewest") or 0,
        induction_most=_count(induction, "most") or 0,
        induction_low_d=induction.quantity("low", "d") or 0.0,
        induction_high_d=induction.quantity("high", "d") or 0.0,
        caseness=float(_count(case, "score") or 0),
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
