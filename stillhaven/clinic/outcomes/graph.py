"""A score over time, and the clinic's curve, as drawings: shapes and words carry the meaning, colour only repeats it.

Plain SVG with classes (the sheet gives it colours by day, by night and on paper).  A table beside it says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from stillhaven.science.exposure import SessionDose, named
from stillhaven.science.maintenance import Curve
from stillhaven.science.outcomes_person import Point
from stillhaven.science.scales.instrument import ScoreRule

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _FOOT = 480, 300, 34, 10, 26, 40
_CLOSE = 13  # so near to each other, two marks share a number no more


def score_svg(
    points: Sequence[Point], sessions: Sequence[SessionDose], missing: Sequence[datetime], rule: ScoreRule,
    now: datetime, zone: ZoneInfo, title: str, baseline: Point | None = None,
) -> SafeString:  # fmt: skip
    """Every total over time, each session as a mark, bands behind, missing forms hollow on the axis."""
    moments = [*(p.at for p in points), *(s.at for s in sessions), *missing, now]
    start, end = min(moments), max(moments)
    room = max((end - start) * 0.04, timedelta(hours=12))
    start, end = start - room, end + room
    bottom = _HEIGHT - _FOOT

    def x(at: datetime) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * ((at - start) / (end - start))

    def y(value: float) -> float:
        return bottom - (value - rule.low) / (rule.high - rule.low) * (bottom - _TOP)

    parts = [f'<svg class="graph" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">']
    parts += _bands(rule, y)
    parts += _times(start, end, zone, bottom, x)
    for number, session in enumerate(sessions, start=1):
        parts.append(_session(number, session, x(session.at), bottom, _crowded(sessions, number, x), zone))
    if baseline is not None and baseline.value is not None:
        level = y(baseline.value)
        parts.append(f'<line class="g-base" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{level:.1f}" y2="{level:.1f}"/>')
    parts += _line(points, x, y)
    parts += [_mark(point, x, y, bottom, zone) for point in points]
    for at in missing:
        parts.append(_hollow(x(at), bottom, f"{at.astimezone(zone):%-d %b %Y}: {_('expected, did not come')}"))
    return mark_safe("".join([*parts, "</svg>"]))  # noqa: S308  (built here; every text in it is escaped)


def _bands(rule: ScoreRule, y) -> list[str]:  # type: ignore[no-untyped-def]
    out, right = [], _WIDTH - _RIGHT
    steps = [band.low for band in rule.bands] or [rule.low]
    for place, band in enumerate(rule.bands):
        top = y(rule.bands[place + 1].low if place + 1 < len(rule.bands) else rule.high)
        floor = y(band.low)
        out.append(
            f'<rect class="g-band g-band-{place % 2}" x="{_LEFT}" y="{top:.1f}" width="{right - _LEFT}" '
            f'height="{floor - top:.1f}"/>'
            f'<text class="g-band-name" x="{right - 4}" y="{top + 13:.1f}" text-anchor="end">{escape(band.label)}</text>'
        )
    for level in [*steps, rule.high]:
        out.append(
            f'<line class="g-rule" x1="{_LEFT}" x2="{right}" y1="{y(level):.1f}" y2="{y(level):.1f}"/>'
            f'<text x="{_LEFT - 6}" y="{y(level) + 4:.1f}" text-anchor="end">{level:g}</text>'
        )
    return out


def _times(start: datetime, end: datetime, zone: ZoneInfo, bottom: float, x) -> list[str]:  # type: ignore[no-untyped-def]
    ticks = [start + (end - start) * share for share in (0.08, 0.36, 0.64, 0.92)]
    many = (end - start).days > 330
    out = []
    for at in ticks:
        day = at.astimezone(zone)
        text = f"{day:%b %Y}" if many else f"{day:%-d %b}"
        out.append(f'<text x="{x(at):.1f}" y="{bottom + 34}" text-anchor="middle">{text}</text>')
    return out


def _crowded(sessions: Sequence[SessionDose], number: int, x) -> bool:  # type: ignore[no-untyped-def]
    return number > 1 and x(sessions[number - 1].at) - x(sessions[number - 2].at) < _CLOSE


def _session(number: int, session: SessionDose, place: float, bottom: float, crowded: bool, zone: ZoneInfo) -> str:
    told = f"{session.at.astimezone(zone):%-d %b %Y}: {dose_words(session)}"
    label = "" if crowded else f'<text class="g-number" x="{place:.1f}" y="14" text-anchor="middle">{number}</text>'
    return (
        f'<g class="g-session"><title>{escape(told)}</title>'
        f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{_TOP}" y2="{bottom}"/>'
        f'<path d="M{place - 5:.1f} {_TOP - 8}h10l-5 8z"/>{label}</g>'
    )


def dose_words(session: SessionDose) -> str:
    """Drug, route and amount of one session."""
    amount = _("amount not known") if session.mg is None else f"{session.mg:.0f} mg"
    return f"{named(session.drug, session.route)}, {amount}"


def _line(points: Sequence[Point], x, y) -> list[str]:  # type: ignore[no-untyped-def]
    """Joins scores of one version; another version begins another line."""
    out, run = [], list[Point]()
    for point in [*points, None]:
        if point is not None and point.value is None:
            continue
        if run and (point is None or point.name != run[-1].name):
            out.append(
                '<polyline class="g-line" points="' + " ".join(f"{x(p.at):.1f},{y(p.value):.1f}" for p in run) + '"/>'
            )
            run = []
        if point is not None:
            run.append(point)
    return out


def _mark(point: Point, x, y, bottom: float, zone: ZoneInfo) -> str:  # type: ignore[no-untyped-def]
    day, place = f"{point.at.astimezone(zone):%-d %b %Y}", x(point.at)
    if point.value is None:
        return _hollow(place, bottom, f"{day}: {_('came without a score')}")
    level = y(point.value)
    told = f"{day}: {point.value:g} {point.band}"
    if point.overlaps:
        shape = f'<path class="g-early" d="M{place:.1f} {level - 7:.1f}l7 7-7 7-7-7z"/>'
        told += f" ({_('asks about days before the first session')})"
    else:
        shape = f'<circle class="g-score" cx="{place:.1f}" cy="{level:.1f}" r="5"/>'
    above = level - 10 if level > _TOP + 14 else level + 20
    value = f'<text class="g-value" x="{place:.1f}" y="{above:.1f}" text-anchor="middle">{point.value:g}</text>'
    return f"<g><title>{escape(told)}</title>{shape}{value}</g>"


def _hollow(place: float, bottom: float, told: str) -> str:
    return (
        f'<g><title>{escape(told)}</title><circle class="g-missing" cx="{place:.1f}" cy="{bottom + 10:.1f}" r="5"/></g>'
    )


def curve_svg(curve: Curve, title: str) -> SafeString:
    """Share whose response still stands, by days: the band, and the step at which each loss is surely over."""
    width, height, bottom, right = 480, 220, 180, _WIDTH - _RIGHT
    last = max(curve.days, default=1.0) or 1.0

    def x(day: float) -> float:
        return _LEFT + (right - _LEFT) * day / last

    def y(share: float) -> float:
        return bottom - share * (bottom - 16)

    upper = " ".join(f"{x(d):.1f},{y(v):.1f}" for d, v in zip(curve.days, curve.high, strict=True))
    lower = " ".join(f"{x(d):.1f},{y(v):.1f}" for d, v in reversed(list(zip(curve.days, curve.low, strict=True))))
    middle = " ".join(f"{x(d):.1f},{y(sum(curve.kept(d)) / 2):.1f}" for d in curve.days)
    parts = [f'<svg class="graph" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">']
    for share in (0, 0.5, 1):
        parts.append(
            f'<line class="g-rule" x1="{_LEFT}" x2="{right}" y1="{y(share):.1f}" y2="{y(share):.1f}"/>'
            f'<text x="{_LEFT - 6}" y="{y(share) + 4:.1f}" text-anchor="end">{100 * share:.0f}</text>'
        )
    for week in range(0, int(last) // 7 + 1, 4):
        parts.append(f'<text x="{x(week * 7):.1f}" y="{bottom + 18}" text-anchor="middle">{week}</text>')
    below = _("weeks since the last session")
    parts.append(
        f'<text x="{(_LEFT + right) / 2:.0f}" y="{bottom + 36}" text-anchor="middle">{escape(below)}</text>'
        f'<polygon class="g-spread" points="{upper} {lower}"/><polyline class="g-line" points="{middle}"/></svg>'
    )
    return mark_safe("".join(parts))  # noqa: S308  (built here; every text in it is escaped)
