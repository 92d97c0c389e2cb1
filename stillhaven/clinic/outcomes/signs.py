"""What does the watch say of this person's forms?  One reading, for the outcome page and for the reviews alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from stillhaven.reference.load import Reference
from stillhaven.science.scales.taken import Assessment
from stillhaven.science.watching import Kind, Ruler, Score, Watched, watch


def rulers(reference: Reference) -> Mapping[str, Ruler]:
    """What is needed to compare two scores, from each scale's own file."""
    found = {}
    for rule in reference.followup.watch.values():
        instrument = reference.instruments.get(rule.scale)
        if instrument is None or instrument.main is None:
            continue
        line = next(iter(instrument.change.of("reliable")), None)
        found[rule.scale] = Ruler(
            name=instrument.short, direction=instrument.direction, floor=instrument.main.low,
            ceiling=instrument.main.high, reliable=line.points if line else None,
        )  # fmt: skip
    return found


def look(taken: Sequence[Assessment], first_session: datetime | None, reference: Reference) -> tuple[Watched, ...]:
    """What every rule says of these forms, counted from the first session of a course."""
    scores = [
        Score(uid=a.uid, scale=a.scale, version=a.version, taken_at=a.taken_at, total=a.total, items=dict(a.answers))
        for a in taken
    ]
    return watch(reference.followup.watch.values(), scores, rulers(reference), first_session)


def on(scale: str, found: Sequence[Watched]) -> tuple[Watched, ...]:
    """The rules that speak of this scale, and those on suicide, which speak whatever scale is looked at."""
    return tuple(w for w in found if w.rule.scale == scale or w.rule.kind is Kind.ITEM_RISE)
