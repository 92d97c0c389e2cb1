"""The session's curves as a drawing for page, print and PDF: envelope of the raw values, gaps as gaps, events marked.

Drawn as plain SVG, so that paper shows what the screen showed; a table with the same numbers stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

_WIDTH, _LEFT, _RIGHT, _TOP, _BAND, _GAP, _FOOT = 760, 78, 8, 8, 86, 12, 34
_COLOUR = {
    "systolic_mmhg": "#b3261e", "heart_rate_per_min": "#1b7f3b", "spo2_pct": "#0b7285", "resp_rate_per_min": "#8a6100",
    "etco2_mmhg": "#5b4b9a",
}  # fmt: skip
_INK, _MUTED, _LINE = "#1d282c", "#55646a", "#ddd8cd"


@dataclass(frozen=True, kw_only=True)
class Band:
    """One signal's strip: its buckets (moment, low, high, mean), its gaps (from, to, why), name and unit."""

    key: str
    name: str
    unit: str
    buckets: Sequence[tuple[datetime, float, float, float]]
    gaps: Sequence[tuple[datetime, datetime, str]] = ()
    low_line: float | None = None
    high_line: float | None = None


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Something on the time axis."""

    at: datetime
    label: str


def trend_svg(
    bands: Sequence[Band], marks: Sequence[Mark], start: datetime, end: datetime, zone: ZoneInfo, bucket_s: float,
    pressures: Mapping[datetime, tuple[float, float]] | None = None,
) -> str:  # fmt: skip
    """The whole drawing.  Pressures are bars from diastolic to systolic, since a cuff knows nothing in between."""
    height = _TOP + len(bands) * (_BAND + _GAP) + _FOOT
    span = max(1.0, (end - start).total_seconds())

    def x(moment: datetime) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * min(1.0, max(0.0, (moment - start).total_seconds() / span))

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        'font-family="Inter, sans-serif" font-size="10">',
        "<title>Vital signs of the session</title>",
    ]
    floor = _TOP
    for band in bands:
        bars = pressures if band.key == "systolic_mmhg" else None
        parts += _band(band, floor, x, bars or {}, bucket_s)
        floor += _BAND + _GAP
    parts += _axis(start, end, zone, floor, x)
    parts += _marks(marks, floor, x)
    return "".join([*parts, "</svg>"])


def _band(band: Band, top: float, x, bars: Mapping[datetime, tuple[float, float]], bucket_s: float) -> list[str]:  # type: ignore[no-untyped-def]
    values = [v for _, low, high, _ in band.buckets for v in (low, high)] + [v for pair in bars.values() for v in pair]
    values += [v for v in (band.low_line, band.high_line) if v is not None]
    bottom = top + _BAND
    colour = _COLOUR.get(band.key, _INK)
    out = [
        f'<rect x="{_LEFT}" y="{top}" width="{_WIDTH - _LEFT - _RIGHT}" height="{_BAND}" fill="none" stroke="{_LINE}"/>',
        f'<text x="4" y="{top + 12}" fill="{colour}" font-weight="600">{escape(band.name)}</text>',
        f'<text x="4" y="{top + 25}" fill="{_MUTED}">{escape(band.unit)}</text>',
    ]
    if not values:
        return [*out, f'<text x="{_LEFT + 8}" y="{top + _BAND / 2}" fill="{_MUTED}">nothing was received</text>']
    least, most = min(values), max(values)
    room = max(2.0, (most - least) * 0.12)
    least, most = least - room, most + room

    def y(value: float) -> float:
        return bottom - (value - least) / (most - least) * _BAND

    for level in (least + room, most - room):
        out.append(f'<text x="{_LEFT - 6}" y="{y(level) + 3:.1f}" fill="{_MUTED}" text-anchor="end">{level:.0f}</text>')
    for line in (band.low_line, band.high_line):
        if line is not None:
            out.append(
                f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(line):.1f}" y2="{y(line):.1f}" stroke="{colour}" '
                'stroke-width="0.7" stroke-dasharray="2 3"/>'
            )
    for begun, ended, why in band.gaps:
        if x(ended) - x(begun) >= 3:
            out.append(
                f'<rect x="{x(begun):.1f}" y="{top + 1}" width="{x(ended) - x(begun):.1f}" height="{_BAND - 2}" '
                f'fill="{_LINE}" fill-opacity="0.45" stroke="{_MUTED}" stroke-dasharray="3 3" stroke-width="0.7"/>'
            )
            if x(ended) - x(begun) > 12 + 5.2 * len(why):  # else its reason would run into the next
                out.append(f'<text x="{x(begun) + 4:.1f}" y="{bottom - 5}" fill="{_MUTED}">{escape(why)}</text>')
    for at, (systolic, diastolic) in bars.items():
        out.append(
            f'<path d="M{x(at):.1f} {y(diastolic):.1f}V{y(systolic):.1f}M{x(at) - 3:.1f} {y(systolic):.1f}h6'
            f'M{x(at) - 3:.1f} {y(diastolic):.1f}h6" stroke="{colour}" stroke-width="1.6" fill="none"/>'
        )
    if not bars:
        out += _curve(band, x, y, colour, bucket_s)
    return out


def _curve(band: Band, x, y, colour: str, bucket_s: float) -> list[str]:  # type: ignore[no-untyped-def]
    """The envelope and its mean line, broken wherever buckets are missing."""
    runs: list[list[tuple[datetime, float, float, float]]] = []
    for bucket in band.buckets:
        if not runs or (bucket[0] - runs[-1][-1][0]).total_seconds() > 2.5 * max(bucket_s, 15.0):
            runs.append([])
        runs[-1].append(bucket)
    out = []
    for run in runs:
        upper = " ".join(f"{x(at):.1f},{y(high):.1f}" for at, _, high, _ in run)
        lower = " ".join(f"{x(at):.1f},{y(low):.1f}" for at, low, _, _ in reversed(run))
        middle = " ".join(f"{x(at):.1f},{y(mean):.1f}" for at, _, _, mean in run)
        out.append(f'<polygon points="{upper} {lower}" fill="{colour}" fill-opacity="0.18"/>')
        out.append(f'<polyline points="{middle}" fill="none" stroke="{colour}" stroke-width="1.3"/>')
        if len(run) == 1:
            at, _, _, mean = run[0]
            out.append(f'<circle cx="{x(at):.1f}" cy="{y(mean):.1f}" r="1.8" fill="{colour}"/>')
    return out


def _axis(start: datetime, end: datetime, zone: ZoneInfo, top: float, x) -> list[str]:  # type: ignore[no-untyped-def]
    minutes = (end - start).total_seconds() / 60
    step = next((s for s in (5, 10, 15, 30, 60) if minutes / s <= 10), 60)
    first = start.timestamp() // (step * 60) * step * 60
    out = []
    at = first
    while at <= end.timestamp():
        moment = datetime.fromtimestamp(at, zone)
        if moment >= start:
            out.append(
                f'<text x="{x(moment):.1f}" y="{top + 2}" fill="{_MUTED}" text-anchor="middle">{moment:%H:%M}</text>'
            )
        at += step * 60
    return out


def _marks(marks: Sequence[Mark], top: float, x) -> list[str]:  # type: ignore[no-untyped-def]
    """Dotted lines with numbers; the words stand in the list of events under the drawing."""
    out = []
    for number, mark in enumerate(marks, start=1):
        place = x(mark.at)
        out.append(
            f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{_TOP}" y2="{top - 8}" stroke="{_INK}" stroke-width="0.6" '
            f'stroke-dasharray="1 3"/><circle cx="{place:.1f}" cy="{top + 16}" r="7" fill="none" stroke="{_INK}"/>'
            f'<text x="{place:.1f}" y="{top + 19.5}" text-anchor="middle" fill="{_INK}">{number}</text>'
        )
    return out
