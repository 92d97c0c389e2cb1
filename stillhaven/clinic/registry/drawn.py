"""By which scale are courses read, where does it draw its lines, and for which kind of indication?"""

from __future__ import annotations

from dataclasses import dataclass

from stillhaven.reference import load as reference
from stillhaven.reference._comparators import GroupReference
from stillhaven.science.errors import BadInput
from stillhaven.science.scales.instrument import Direction, Instrument

MEASURES = ("response", "remission", "worse", "ideation")


@dataclass(frozen=True, kw_only=True)
class Lines:
    """The lines that a scale's own file draws: who has responded, is in remission, is reliably worse.  None: it draws none.

    `sign` is 1 where more is worse, else -1; `origin` is the best score that there is.
    """

    sign: int
    origin: float
    fall_percent: float | None
    fall_points: float | None
    remission: float | None
    remission_is_under: bool  # under the line, or at it as well
    reliable_points: float | None
    asks_suicide: bool
    response_by: str
    remission_by: str
    reliable_by: str

    @property
    def measures(self) -> tuple[str, ...]:
        """What can be said of a course by this scale."""
        has = {
            "response": self.fall_percent is not None or self.fall_points is not None,
            "remission": self.remission is not None, "worse": self.reliable_points is not None,
            "ideation": self.asks_suicide,
        }  # fmt: skip
        return tuple(name for name in MEASURES if has[name])


@dataclass(frozen=True, kw_only=True)
class View:
    """What is looked at: which kind of indication, by which scale.  Empty: everybody, by the one primary scale."""

    group: str = ""
    scale: str = ""
    indications: tuple[str, ...] | None = None  # as they stand in the courses; None: all

    @property
    def name(self) -> str:
        return self.scale or book().rules.instrument

    @property
    def indication(self) -> str:
        """The kind of indication that published figures have to share."""
        return self.group or next(iter(book().rules.scales))

    @property
    def case(self) -> float | None:
        return book().rules.case(self.name)


def book() -> GroupReference:
    """The rules and comparators that hold."""
    return reference.current().groups


def instrument(scale: str = "") -> Instrument:
    """A scale by its name; "" is the one primary scale."""
    return reference.current().instruments[scale or book().rules.instrument]


def lines(scale: Instrument) -> Lines:
    """What the scale's file says of change.  BadInput for a scale that has no better and worse, or no line at all."""
    response, remission, reliable = (
        next(iter(scale.change.of(k)), None) for k in ("response", "remission", "reliable")
    )
    if scale.main is None or scale.direction is Direction.NONE or (response or remission or reliable) is None:
        raise BadInput("scale", f"{scale.short} draws no line that groups could be read by")
    worse_up = scale.direction is Direction.HIGHER_WORSE
    under, at = (remission.below, remission.at_most if worse_up else remission.at_least) if remission else (None, None)
    return Lines(
        sign=1 if worse_up else -1, origin=scale.main.low if worse_up else scale.main.high,
        fall_percent=response.percent if response else None, fall_points=response.points if response else None,
        remission=under if under is not None else at, remission_is_under=under is not None,
        reliable_points=reliable.points if reliable else None,
        asks_suicide=any(rule.kind == "alert" for rule in scale.safety), response_by=response.who if response else "",
        remission_by=remission.who if remission else "", reliable_by=reliable.who if reliable else "",
    )  # fmt: skip


def scales_of(group: str) -> tuple[str, ...]:
    """The scales that courses for this kind of indication are read by."""
    return book().rules.scales.get(group, (book().rules.instrument,))
