"""A curve with its band as an SVG picture: never a line without its band, never a number without its model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from stillhaven.science.pk.models import Floats

_WIDTH, _HEIGHT = 760, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 20, 56, 66
_COLOURS = ("#0b5fa5", "#b5471b", "#2f7d32", "#7a3fa0", "#8a6d00", "#00707a")


@dataclass(frozen=True, kw_only=True)
class Series:
    """One curve (T,) and, where there is one, the band round it."""

    name: str
    mid: Floats
    low: Floats | None = None
    high: Floats | None = None


def svg(
    t_min: Floats,
    series: Sequence[Series],
    *,
    title: str,
    notes: Sequence[str] = (),
    dosing: Sequence[tuple[float, float]] = (),
    y_label: str = "ng/mL",
) -> str:
    """A picture of curves over minutes; `dosing` are the stretches (start, end) in which drug runs."""
    top = max(float(np.nanmax(x)) for s in series for x in (s.mid, s.high) if x is not None)
    step = _nice(top / 5.0 if top > 0 else 1.0)
    most = step * math.ceil(top / step) if top > 0 else step
    t0, t1 = float(t_min[0]), float(t_min[-1])
    height = _HEIGHT + 14 * len(notes)

    def x(t: float) -> float:
        return _LEFT + (t - t0) / max(t1 - t0, 1e-9) * (_WIDTH - _LEFT - _RIGHT)

    def y(level: float) -> float:
        return _HEIGHT - _BOTTOM - level / most * (_HEIGHT - _TOP - _BOTTOM)

    def path(curve: Floats) -> str:
        return " ".join(f"{x(t):.1f},{y(v):.1f}" for t, v in zip(t_min.tolist(), curve.tolist(), strict=True))

    said = "; ".join([title, *(s.name for s in series)])
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="{escape(said)}" font-family="system-ui, sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="22" font-size="15" font-weight="600">{escape(title)}</text>',
    ]
    for start, end in dosing:
        a, b = x(max(start, t0)), x(min(end, t1))
        out.append(
            f'<rect x="{a:.1f}" y="{_TOP}" width="{max(b - a, 2):.1f}" height="{_HEIGHT - _TOP - _BOTTOM}" fill="#eef1f4"/>'
        )
    for i in range(round(most / step) + 1):
        at = y(i * step)
        out.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="#d7dce1"/>')
        out.append(f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{i * step:g}</text>')
    beat = _nice((t1 - t0) / 8.0)
    for i in range(math.ceil(t0 / beat - 1e-9), math.floor(t1 / beat + 1e-9) + 1):
        out.append(f'<text x="{x(i * beat):.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{i * beat:g}</text>')
    out.append(
        f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - _BOTTOM + 36}" text-anchor="middle">'
        "minutes from the start of dosing</text>"
    )
    out.append(f'<text x="16" y="{_TOP - 12}">{escape(y_label)}</text>')
    for i, s in enumerate(series):
        colour = _COLOURS[i % len(_COLOURS)]
        if s.low is not None and s.high is not None:
            edge = path(s.high) + " " + " ".join(reversed(path(s.low).split(" ")))
            out.append(f'<polygon points="{edge}" fill="{colour}" fill-opacity="0.16"/>')
        out.append(f'<polyline points="{path(s.mid)}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out.append(f'<rect x="{_WIDTH - 270}" y="{_TOP - 8 + 16 * i}" width="14" height="4" fill="{colour}"/>')
        out.append(f'<text x="{_WIDTH - 250}" y="{_TOP - 2 + 16 * i}">{escape(s.name)}</text>')
    for i, note in enumerate(notes):
        out.append(f'<text x="{_LEFT}" y="{_HEIGHT - 8 + 14 * i}" fill="#3b4650" font-size="11">{escape(note)}</text>')
    out.append("</svg>")
    return "\n".join(out) + "\n"


def _nice(step: float) -> float:
    """The next of 1, 2, 5, 10, 20, 30, 60 ... that is not smaller."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(m * power for m in (1.0, 2.0, 3.0, 5.0, 10.0) if m * power >= step * (1 - 1e-9))
