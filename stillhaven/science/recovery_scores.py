"""How far has the person recovered, item by item, and which item did the pressure answer?

Totals exist only when every item is answered.  The item about the pressure is computed from the pressure and the
baseline by the scale's own bands, and says so; where a clinician's answer differs, the lower of the two counts and the
difference is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Finding
from stillhaven.science.limits import CAUTION, Standing, judge, plain, standing
from stillhaven.science.scales import Item, Scale, score

FULL, HALF = "full", "half"


@dataclass(frozen=True, kw_only=True)
class ScoreRule:
    """One recovery score: its scale, the cut that it must reach, and the item that the pressure answers."""

    scale: Scale
    cut: str
    pressure_item: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One item of a score: points (None while nobody has answered), and why where it was computed."""

    item: str
    name: str
    points: int | None
    computed: bool = False
    because: str = ""
    differs: bool = False
    adapted: str = ""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One score filled in so far.  `total` and `reached` are None while anything is missing."""

    scale: str
    name: str
    rows: tuple[Row, ...]
    total: int | None
    highest: int
    needed: float | None
    reached: bool | None
    missing: tuple[str, ...]


def pressure_points(item: Item, systolic_mmhg: float | None, baseline_mmhg: float | None) -> tuple[int | None, str]:
    """Points for the pressure now against the one before, by the item's own bands, and the sentence that says how.

    A band named `..._within` includes its edge, `..._under` does not; "full" gives the item's highest points, "half"
    one less, anything beyond the lowest.

    >>> item = Item(key="c", name="", low=0, high=2, bands={"full_within": 10, "half_under": 30})
    >>> pressure_points(item, 120.0, 100.0)
    (1, 'systolic 120 against 100 before: 20 % away')
    """
    if systolic_mmhg is None or baseline_mmhg is None or not baseline_mmhg > 0:
        return None, "pressure now or before is not known"
    away = 100.0 * abs(systolic_mmhg - baseline_mmhg) / baseline_mmhg
    because = f"systolic {plain(systolic_mmhg)} against {plain(baseline_mmhg)} before: {plain(round(away, 1))} % away"
    full, half = _inside(item, FULL, away), _inside(item, HALF, away)
    if full is None or half is None:
        return None, "the scale has no bands for the pressure"
    return (item.high if full else (item.high - 1 if half else item.low)), because


def _inside(item: Item, band: str, away_pct: float) -> bool | None:
    if f"{band}_within" in item.bands:
        return away_pct <= item.bands[f"{band}_within"]
    if f"{band}_under" in item.bands:
        return away_pct < item.bands[f"{band}_under"]
    return None


def sheet(
    rule: ScoreRule, answers: Mapping[str, int | None], systolic_mmhg: float | None, baseline_mmhg: float | None
) -> Sheet:
    """The score as far as it is filled in.  BadInput for an answer that the scale does not have."""
    score(rule.scale, answers)
    rows, points = [], dict(answers)
    for item in rule.scale.items:
        given = answers.get(item.key)
        if item.key != rule.pressure_item:
            rows.append(Row(item=item.key, name=item.name, points=given, adapted=item.adapted))
            continue
        computed, because = pressure_points(item, systolic_mmhg, baseline_mmhg)
        counts = computed if computed is None or given is None else min(computed, given)
        points[item.key] = counts
        differs = computed is not None and given is not None and given != computed
        rows.append(Row(item=item.key, name=item.name, points=counts, computed=True, because=because, differs=differs,
                        adapted=item.adapted))  # fmt: skip
    result, cut = score(rule.scale, points), rule.scale.cut(rule.cut)
    if cut is None:
        raise BadInput(rule.scale.key, f"has no line {rule.cut!r}")
    return Sheet(
        scale=rule.scale.key,
        name=rule.scale.short or rule.scale.name,
        rows=tuple(rows),
        total=result.total,
        highest=rule.scale.high,
        needed=cut.at_least,
        reached=None if result.total is None else cut.holds(result.total),
        missing=result.missing,
    )


@dataclass(frozen=True, kw_only=True)
class ScoreAnswers:
    """What clinicians answered, by scale and item; None or absent is not answered."""

    by_scale: Mapping[str, Mapping[str, int | None]] = field(default_factory=dict)

    def of(self, scale: str) -> Mapping[str, int | None]:
        return self.by_scale.get(scale, {})


def score_findings(filled: Sheet, how: Mapping[str, Standing]) -> tuple[Finding, ...]:
    """Is the score reached?  And, as a caution, where a clinician saw the pressure otherwise than the numbers say."""
    names = {row.item: row.name for row in filled.rows}
    key, total = f"score_{filled.scale}", f"{filled.name} {filled.total} of {filled.highest}"
    needed = "" if filled.needed is None else f", {plain(filled.needed)} asked"
    found = [
        judge(
            key,
            filled.reached,
            yes=total + needed,
            no=total + needed,
            unknown=f"{filled.name}: not answered: " + ", ".join(names[item] for item in filled.missing),
            to_do="score again in a few minutes" if filled.reached is False else "answer every item",
            how=standing(how, key),
        )
    ]
    found += [
        judge(f"{key}_pressure", False, no=f"{row.name}: answered otherwise than the numbers say ({row.because})",
              to_do="measure again; the lower answer counts", how=CAUTION)
        for row in filled.rows
        if row.differs
    ]  # fmt: skip
    return tuple(found)
