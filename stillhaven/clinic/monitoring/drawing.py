"""How does an estimate look on paper and on screen?  Curves with their bands and what happened, on one time axis.

An SVG without a colour of its own: every part has a class, and `what_if.css` gives it the colours of the page, light,
dark or printed.  Two widths are made, because words that fit a tablet cannot be read on a telephone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from django.utils import timezone

from stillhaven.science.pk.models import Floats

_LEFT, _RIGHT, _TOP, _AXIS, _LANE = 46, 14, 26, 26, 19
_CHARACTER = 6.6  # the width of a letter at 12 px, about: to find room for words
_STEPS = (5, 10, 15, 30, 60, 120, 240)


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One estimate from `since_min` on: never a line without its band.  `look` names its class: as-is or changed."""

    name: str
    look: str
    t_min: Floats
    low: Floats
    mid: Floats
    high: Floats
    since_min: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Something that happened: its minute, its kind (dose, move, adverse_event, ...) and its words."""

    at_min: float
    kind: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Scene:
    """All that is drawn, in minutes from `zero`."""

    zero: datetime
    now_min: float
    end_min: float
    curves: Sequence[Curve]
    marks: Sequence[Mark]
    dosing: Sequence[tuple[float, float]]
    title: str
    level: float | None = None
    words_now: str = "now"


def svg(scene: Scene, *, width: int, height: int, key: str) -> str:
    """The drawing; `key` keeps its names apart from those of another on the same page."""
    shown = [(c, (c.t_min >= c.since_min - 1e-9) & (c.t_min <= scene.end_min + 1e-9)) for c in scene.curves]
    top = max([float(c.high[inside].max()) for c, inside in shown] + [1.0])
    if scene.level is not None and scene.level < 2.0 * top:
        top = max(top, scene.level * 1.08)
    step = _nice(top / 5.0)
    most = step * math.ceil(top / step - 1e-9)
    lanes, placed = _lanes(scene, width)
    floor = height - _AXIS - lanes * _LANE

    def x(minute: float) -> float:
        return _LEFT + minute / max(scene.end_min, 1e-9) * (width - _LEFT - _RIGHT)

    def y(level: float) -> float:
        return floor - level / most * (floor - _TOP)

    out = [
        f'<svg class="estimate estimate-{key}" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-labelledby="{key}-title"><title id="{key}-title">{escape(scene.title)}</title>',
        f'<defs><pattern id="{key}-hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<line class="hatch" x1="0" y1="0" x2="0" y2="7"/></pattern></defs>',
    ]
    for start, end in scene.dosing:
        a, b = x(max(start, 0.0)), x(min(end, scene.end_min))
        out.append(
            f'<rect class="running" x="{a:.1f}" y="{_TOP}" width="{max(b - a, 2):.1f}" height="{floor - _TOP:.1f}"/>'
        )
    for i in range(round(most / step) + 1):
        at = y(i * step)
        out.append(f'<line class="rule" x1="{_LEFT}" x2="{width - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
        out.append(f'<text class="figure" x="{_LEFT - 7}" y="{at + 4:.1f}" text-anchor="end">{i * step:g}</text>')
    out.append(f'<text class="figure" x="4" y="{_TOP - 11}">ng/mL</text>')
    out += _ticks(scene, x, floor + lanes * _LANE, width)
    for curve, inside in shown:
        at_min = curve.t_min[inside].tolist()
        points = list(zip(at_min, curve.mid[inside].tolist(), strict=True))
        upper = [f"{x(t):.1f},{y(v):.1f}" for t, v in zip(at_min, curve.high[inside].tolist(), strict=True)]
        lower = [f"{x(t):.1f},{y(v):.1f}" for t, v in zip(at_min, curve.low[inside].tolist(), strict=True)]
        fill = f' fill="url(#{key}-hatch)"' if curve.look == "changed" else ""
        out.append(f'<polygon class="band band-{curve.look}"{fill} points="{" ".join(upper + lower[::-1])}"/>')
        for part, rows in (
            ("past", [(t, v) for t, v in points if t <= scene.now_min]),
            ("ahead", [(t, v) for t, v in points if t >= scene.now_min]),
        ):
            if len(rows) > 1:
                line = " ".join(f"{x(t):.1f},{y(v):.1f}" for t, v in rows)
                out.append(f'<polyline class="line line-{curve.look} line-{part}" points="{line}"/>')
    if scene.level is not None and scene.level <= most:
        at = y(scene.level)
        out.append(f'<line class="level" x1="{_LEFT}" x2="{width - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
        out.append(f'<text class="word" x="{_LEFT + 5}" y="{at - 5:.1f}">{scene.level:g} ng/mL</text>')
    here = x(scene.now_min)
    out.append(f'<line class="now" x1="{here:.1f}" x2="{here:.1f}" y1="{_TOP - 6}" y2="{floor + lanes * _LANE:.1f}"/>')
    out.append(
        f'<text class="word" x="{here:.1f}" y="{_TOP - 11}" text-anchor="middle">{escape(scene.words_now)}</text>'
    )
    for mark, px, lane, flip in placed:
        at = floor + 11 + max(lane, 0) * _LANE
        if mark.kind in ("dose", "move"):
            out.append(f'<line class="moment" x1="{px:.1f}" x2="{px:.1f}" y1="{_TOP}" y2="{at - 6:.1f}"/>')
        out.append(_sign(mark.kind, px, at if lane >= 0 else floor))
        if lane >= 0:
            side, to = ("end", px - 9) if flip else ("start", px + 9)
            out.append(
                f'<text class="word" x="{to:.1f}" y="{at + 4:.1f}" text-anchor="{side}">{escape(mark.label)}</text>'
            )
    out.append("</svg>")
    return "\n".join(out)


def _lanes(scene: Scene, width: int) -> tuple[int, list[tuple[Mark, float, int, bool]]]:
    """Events side by side in up to three lanes; what finds no room keeps its sign, and its words in the table."""
    ends = [-math.inf] * 3
    placed = []
    for mark in sorted(scene.marks, key=lambda m: m.at_min):
        if not -0.01 <= mark.at_min <= scene.end_min:  # a moment in whole milliseconds may lie a little before
            continue
        px = _LEFT + mark.at_min / max(scene.end_min, 1e-9) * (width - _LEFT - _RIGHT)
        words = len(mark.label) * _CHARACTER + 12
        flip = px + words > width - _RIGHT
        left, right = (px - words, px + 8) if flip else (px - 8, px + words)
        lane = next((n for n, end in enumerate(ends) if left > end + 6 and left >= 0), -1)
        if lane >= 0:
            ends[lane] = right
        placed.append((mark, px, lane, flip))
    return max([1, *(lane + 1 for _, _, lane, _ in placed)]), placed


def _ticks(scene: Scene, x: Callable[[float], float], floor: float, width: int) -> list[str]:
    """Times of the day under the axis, on whole steps of the clinic's clock."""
    step = next((s for s in _STEPS if scene.end_min / s <= (width - _LEFT) / 74), _STEPS[-1])
    start = timezone.localtime(scene.zero)
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    first = math.ceil((start - midnight).total_seconds() / 60.0 / step) * step
    out, at = [], midnight + timedelta(minutes=first)
    while (minute := (at - start).total_seconds() / 60.0) <= scene.end_min:
        px = x(minute)
        out.append(f'<line class="rule" x1="{px:.1f}" x2="{px:.1f}" y1="{floor:.1f}" y2="{floor + 4:.1f}"/>')
        if _LEFT + 10 <= px <= width - 22:
            out.append(f'<text class="figure" x="{px:.1f}" y="{floor + 18:.1f}" text-anchor="middle">{at:%H:%M}</text>')
        at += timedelta(minutes=step)
    return out


def _sign(kind: str, x: float, y: float) -> str:
    """The same signs as on the live screen: diamond, cross, arrow, square, dot."""
    if kind == "adverse_event":
        return f'<path class="sign" d="M{x:.1f} {y - 6:.1f}l6 6l-6 6l-6 -6z"/>'
    if kind == "rescue":
        return f'<path class="sign" d="M{x - 2:.1f} {y - 6:.1f}h4v4h4v4h-4v4h-4v-4h-4v-4h4z"/>'
    if kind in ("dose", "move"):
        return f'<path class="sign sign-drug" d="M{x - 4:.1f} {y - 6:.1f}l10 6l-10 6z"/>'
    if kind == "request":
        return f'<rect class="sign" x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10"/>'
    return f'<circle class="sign" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>'


def _nice(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= step * (1 - 1e-9))
