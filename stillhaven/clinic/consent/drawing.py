"""A signature drawn with a finger or a pen: lines on a grid, checked, and drawn again on screen and paper."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from stillhaven.science.errors import BadInput

WIDTH, HEIGHT = 1000, 300
_MOST_POINTS, _MOST_STROKES = 6000, 200
_SHORTEST = 150  # units of the grid: less is a slip of the finger, not a name

Strokes = list[list[list[int]]]


def read(text: str) -> Strokes:
    """Strokes as a browser sent them (JSON).  Empty text is no drawing; BadInput where it is no drawing of a name."""
    if not text.strip():
        return []
    try:
        raw: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise BadInput("strokes", "the drawing cannot be read; draw it again, or type your name") from None
    if not isinstance(raw, list) or len(raw) > _MOST_STROKES:
        raise BadInput("strokes", "the drawing cannot be read; draw it again, or type your name")
    strokes = [_stroke(stroke) for stroke in raw]
    if sum(map(len, strokes)) > _MOST_POINTS:
        raise BadInput("strokes", "that is too much ink; clear it and sign again")
    if strokes and _length(strokes) < _SHORTEST:
        raise BadInput("strokes", "draw your whole name, or type it")
    return strokes


def _stroke(raw: Any) -> list[list[int]]:
    points = []
    for point in raw if isinstance(raw, list) else [None]:
        if not (isinstance(point, list) and len(point) == 2 and all(type(n) is int for n in point)):
            raise BadInput("strokes", "the drawing cannot be read; draw it again, or type your name")
        points.append([max(0, min(WIDTH, point[0])), max(0, min(HEIGHT, point[1]))])
    return points


def _length(strokes: Strokes) -> float:
    return sum(((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2) ** 0.5 for stroke in strokes for a, b in pairwise(stroke))


def path(strokes: Sequence[Sequence[Sequence[int]]]) -> str:
    """The strokes as the `d` of an SVG path: whole numbers only, so nothing in it can be anything else."""
    parts = []
    for stroke in strokes:
        if stroke:
            points = [(int(x), int(y)) for x, y in stroke]
            first, rest = points[0], points[1:] or points
            parts.append(f"M{first[0]} {first[1]}" + "".join(f"L{x} {y}" for x, y in rest))
    return "".join(parts)


def svg(strokes: Sequence[Sequence[Sequence[int]]], ink: str) -> str:
    """A picture of its own, for paper."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"><path d="{path(strokes)}" fill="none" '
        f'stroke="{ink}" stroke-width="6" stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )
