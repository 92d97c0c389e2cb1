"""How are the rating scales and recovery scores built?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from types import MappingProxyType

from stillhaven.reference._facts import read_cite, read_limits, read_review
from stillhaven.reference.files import Shelf, Table
from stillhaven.science.protocol import Cite
from stillhaven.science.scales import Cut, Item, Level, Scale

FOLDER = "scales"
SCORES = ("recovery/aldrete_modified.toml", "recovery/padss.toml")
BETTER = ("higher", "lower", "middle")


def read_scales(shelf: Shelf) -> Mapping[str, Scale]:
    """All scales of the folder by key, and the recovery scores, which are scales too."""
    found: dict[str, Scale] = {}
    for name in (*shelf.names(FOLDER), *SCORES):
        whole = shelf.read(name)
        scale = _scale(whole)
        if scale is None:
            continue
        if scale.key != PurePosixPath(name).stem:
            whole.wrong("key", f"{scale.key!r} is not what the file is called")
        found[scale.key] = scale
    return MappingProxyType(found)


def _scale(whole: Table) -> Scale | None:
    bounds = _range(whole, "range")
    cite, review = read_cite(whole), read_review(whole)
    wording = whole.flag("wording")
    items = tuple(item for key, row in whole.named("item") if (item := _item(key, row, wording, cite)))
    cuts = tuple(_cut(key, row) for key, row in whole.named("cut"))
    scale = Scale(
        key=whole.text("key"),
        fact=whole.text("fact", needed=False),
        name=whole.text("name"),
        short=whole.text("short"),
        about=whole.text("about"),
        low=bounds[0] if bounds else 0,
        high=bounds[1] if bounds else 0,
        items=items,
        cite=cite,
        review=review,
        normal=whole.whole("normal", needed=False),
        better=whole.text("better"),
        cuts=cuts,
        ships_wording=wording,
        trap=whole.text("trap", needed=False),
        notes=whole.texts("notes"),
    )
    whole.close()
    if bounds is None:
        return None
    if not items:
        whole.wrong("item", "a scale has at least one item")
        return None
    if scale.better not in BETTER:
        whole.wrong("better", f"{scale.better!r} is not one of {', '.join(BETTER)}")
    if (sum(item.low for item in items), sum(item.high for item in items)) != bounds:
        whole.wrong("range", "is not what the items add up to")
    if scale.normal is not None and not scale.low <= scale.normal <= scale.high:
        whole.wrong("normal", f"{scale.normal} is outside the range")
    ends = {"higher": scale.high, "lower": scale.low}
    if scale.normal is not None and scale.normal != ends.get(scale.better, scale.normal):
        whole.wrong("normal", f"{scale.normal} does not go with better = {scale.better!r}")
    if scale.better == "middle" and (scale.normal is None or not scale.low < scale.normal < scale.high):
        whole.wrong("normal", "a scale whose middle is best needs its normal inside the range")
    for cut in cuts:
        line = next((v for v in (cut.at_least, cut.at_most, cut.over) if v is not None), None)
        if line is not None and not scale.low <= line <= scale.high:
            whole.wrong(f"cut.{cut.key}", f"{line:g} is outside the range")
    return scale


def _range(row: Table, name: str) -> tuple[int, int] | None:
    part = row.table(name)
    if part is None:
        return None
    low, high = part.whole("low"), part.whole("high")
    part.close()
    if low is None or high is None:
        return None
    if low >= high:
        part.wrong("low", f"{low} is not under high {high}")
    return low, high


def _item(key: str, row: Table, wording: bool, cite: Cite) -> Item | None:
    name, adapted = row.text("name"), row.text("adapted", needed=False)
    levels, ends = _levels(row, "levels"), _levels(row, "ends")
    bands = {
        key.removesuffix("_pct"): limit.value
        for key, limit in read_limits(row, "bands", cite).items()
        if limit.value is not None
    }
    bounds = _range(row, "range") if row.has("range") or not levels else None
    row.close()
    if levels:
        values = [level.value for level in levels]
        if values != list(range(values[0], values[-1] + 1)):
            row.wrong("levels", "must name every whole number from the lowest to the highest")
        bounds = (values[0], values[-1])
    if (levels or ends) and not wording:
        row.wrong("levels", "this scale ships no wording: its text is protected")
    if bounds is None:
        return None
    return Item(
        key=key,
        name=name,
        low=bounds[0],
        high=bounds[1],
        levels=levels or ends,
        bands=MappingProxyType(bands),
        adapted=adapted,
    )


def _levels(row: Table, name: str) -> tuple[Level, ...]:
    part = row.table(name, needed=False)
    if part is None:
        return ()
    found = []
    for key in part.data:
        text = part.text(key)
        if not key.lstrip("-").isdigit():
            part.wrong(key, "must be a whole number")
            continue
        found.append(Level(value=int(key), text=text))
    return tuple(sorted(found, key=lambda level: level.value))


def _cut(key: str, row: Table) -> Cut:
    cut = Cut(
        key=key,
        means=row.text("means"),
        at_least=row.number("at_least", needed=False),
        at_most=row.number("at_most", needed=False),
        over=row.number("over", needed=False),
        cite=read_cite(row),
    )
    row.close()
    if sum(line is not None for line in (cut.at_least, cut.at_most, cut.over)) != 1:
        row.wrong("", "needs exactly one of at_least, at_most, over")
    return cut
