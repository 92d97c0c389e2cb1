"""When is a response lost, when may the clinic's curve be shown, and what did others find?"""

from __future__ import annotations

from dataclasses import dataclass

from stillhaven.reference._facts import read_cite, read_review
from stillhaven.reference.files import Shelf, Table
from stillhaven.science.protocol import Cite

FILE = "outcomes/rules.toml"


@dataclass(frozen=True, kw_only=True)
class Published:
    """What a study found, in words, with its source."""

    key: str
    text: str
    cite: Cite


@dataclass(frozen=True, kw_only=True)
class OutcomeRules:
    """The numbers by which one person's course is read."""

    better_percent: float
    better_cite: Cite
    apart_d: float
    gap_d: float
    least_people: int
    level: float
    kept_share: float
    reach_d: int
    step_d: int
    published: tuple[Published, ...]

    @property
    def days(self) -> tuple[float, ...]:
        """The days on which the clinic's curve is read."""
        return tuple(float(day) for day in range(0, self.reach_d + 1, max(1, self.step_d)))


def read_outcomes(shelf: Shelf) -> OutcomeRules:
    """The rules; a clinic's folder may hold its own file of this name."""
    whole = shelf.read(FILE)
    read_cite(whole)
    read_review(whole)
    response, lost, induction, curve = (whole.table(name) for name in ("response", "lost", "induction", "curve"))
    made = OutcomeRules(
        better_percent=_of(response, "better", "%"),
        better_cite=read_cite(response) if response else Cite(source=()),
        apart_d=_of(lost, "apart", "d"),
        gap_d=_of(induction, "gap", "d"),
        least_people=(curve.whole("at_least") if curve else None) or 0,
        level=_of(curve, "level", "%") / 100,
        kept_share=_of(curve, "kept", "%") / 100,
        reach_d=int(_of(curve, "reach", "d")),
        step_d=int(_of(curve, "step", "d")),
        published=tuple(_published(row) for row in whole.rows("published")),
    )
    for part in (response, lost, induction, curve):
        if part is not None:
            part.close()
    whole.close()
    if made.least_people < 2:
        whole.wrong("curve.at_least", "must be at least 2 people")
    if not 0 < made.level < 1 or not 0 < made.kept_share < 1:
        whole.wrong("curve", "level and kept lie between 0 and 100 %")
    if made.step_d < 1 or made.reach_d < made.step_d:
        whole.wrong("curve.step", "must be at least a day, and no longer than the reach")
    return made


def _of(part: Table | None, name: str, unit: str) -> float:
    return (part.quantity(name, unit) if part is not None else None) or 0.0


def _published(row: Table) -> Published:
    made = Published(key=row.text("key"), text=row.text("text"), cite=read_cite(row))
    row.close()
    return made
