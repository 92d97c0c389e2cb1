"""The clinic's page in words and shapes: what may be shown of the counts, and what has to stand beside it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from stillhaven.clinic.registry import gather
from stillhaven.clinic.registry.gather import Counts, Gathered, Lines, View
from stillhaven.clinic.registry.models import ModelFit
from stillhaven.reference import load as reference
from stillhaven.science import groups
from stillhaven.science.groups import GroupRules, Rate
from stillhaven.science.outcomes import Interval

FAMILIES = {"iv_ketamine": "Racemic ketamine, intravenous", "esketamine": "Esketamine nasal spray"}
WIDTH = 400  # of a bar, in its own units
_COVERAGE = (0.95, 0.998)


def group_words(group: str) -> str:
    """What a kind of indication is called: as its schedule of follow-up is."""
    found = reference.current().followup.schedules.get(group)
    return found.title if found is not None else _("Every indication")


def scale_words(scale: str) -> str:
    """A scale by its short name; with what it asks about where it has several versions."""
    found = gather.instrument(scale)
    return (
        f"{found.short} ({found.recall})" if found.recall and found.key.startswith(("pcl5", "nrs11")) else found.short
    )


def family_words(family: str) -> str:
    return _(FAMILIES[family]) if family in FAMILIES else family.replace("_", " ").capitalize()


def steps(counts: Counts, rules: GroupRules) -> list[dict[str, Any]]:
    """From everybody who started to the form in the window: each of those who started, small counts as ranges."""
    fewest, most = rules.induction_fewest, rules.induction_most
    low, high = rules.window_low_d, rules.window_high_d
    words = [
        ("started", counts.started, _("Started")),
        ("baseline", counts.baseline, _("With a form before the first session")),
        ("finished", counts.finished, _("Finished induction (%(a)s to %(b)s sessions)") % {"a": fewest, "b": most}),
        ("due", counts.due, _("Window over (day %(a)g to %(b)g after induction)") % {"a": low, "b": high}),
        ("scored", counts.scored, _("Scored: a form before, and one in the window")),
    ]
    out = []
    for key, count, text in words:
        pair = [("started", counts.started), (key, count)]
        step = groups.funnel_of_people(pair if key != "started" else pair[:1], rules.small_cell)[-1]
        out.append({"key": key, "text": text, "shown": step.shown, "of": counts.started})
    return out


def shown_count(count: int, whole: int, rules: GroupRules) -> str:
    """A part of a whole that may be shown, or its range."""
    return groups.funnel_of_people([("whole", whole), ("part", count)], rules.small_cell)[-1].shown


def few(counts: Counts, rules: GroupRules) -> bool:
    """Too few to show anything of how they stand?"""
    return counts.due < rules.small_cell


def measures(counts: Counts, family: str, view: View) -> list[dict[str, Any]]:
    """What this scale can say, each with what is missing, its interval, its bounds, and what may stand beside it."""
    book, drawn = gather.book(), gather.lines(gather.instrument(view.name))
    words = {
        "response": (_("Responded"), _fell(drawn)), "remission": (_("In remission"), _stood(drawn)),
        "worse": (_("Reliably worse"), _rose(drawn)),
        "ideation": (_("More suicidal thoughts"), _("the question on suicide, higher than before the first session")),
    }  # fmt: skip
    out = []
    for key in drawn.measures:
        beside = groups.like_for_like(
            book.comparators, measure=key, instrument=view.name, window=book.rules.window, family=family,
            indication=view.indication,
        )  # fmt: skip
        title, rule = words[key]
        told = shown(counts.rate(key), book.rules.small_cell)
        span = round(max(1.0, told["if_all"]["x"] - told["if_none"]["x"]), 1) if told["open"] else 0
        out.append({"key": key, "title": title, "rule": rule, **told, "range_span": span,
                    "beside": [{"c": c, "nulls": [book.nulls[n] for n in c.null if n in book.nulls],
                                "x": round(c.percent / 100 * WIDTH, 1)} for c in beside]})  # fmt: skip
    return out


def _fell(drawn: Lines) -> str:
    by = {"by": drawn.response_by}
    if drawn.fall_percent is not None:
        return _("score better by at least %(n)g %% (%(by)s)") % (by | {"n": drawn.fall_percent})
    return _("score better by at least %(n)g points (%(by)s)") % (by | {"n": drawn.fall_points})


def _stood(drawn: Lines) -> str:
    told = {"n": drawn.remission, "by": drawn.remission_by}
    if drawn.remission_is_under:
        return _("score under %(n)g (%(by)s)") % told
    return (_("score at most %(n)g (%(by)s)") if drawn.sign > 0 else _("score at least %(n)g (%(by)s)")) % told


def _rose(drawn: Lines) -> str:
    return _("score worse by at least %(n)g points (%(by)s)") % {"n": drawn.reliable_points, "by": drawn.reliable_by}


def shown(rate: Rate, least: int) -> dict[str, Any]:
    """What may be seen of one rate.  A small count hides the numbers it could be worked out from."""
    cells = groups.shown_cells(rate, least)
    whole = rate.everyone >= least
    open_ = whole and None not in cells.values()
    return {
        "cells": cells, "whole": rate.everyone if whole else None, "open": open_, "few": not whole, "least": least,
        "known": rate.known if open_ else None, "interval": _percent(rate.interval) if open_ else None,
        "if_none": _percent(rate.if_none) if open_ else None, "if_all": _percent(rate.if_all) if open_ else None,
        "at_most": _at_most(rate, least) if whole and not open_ and cells["yes"] is None else None,
    }  # fmt: skip


def _at_most(rate: Rate, least: int) -> float | None:
    """Where the yes is a small count: the most it can be of everybody, without saying what it is."""
    return 100.0 * (least - 1) / rate.everyone if rate.everyone and groups.is_small(rate.yes, least) else None


def _percent(interval: Interval | None) -> dict[str, float] | None:
    if interval is None:
        return None
    return {
        "share": 100 * interval.share, "low": 100 * interval.low, "high": 100 * interval.high,
        "x": round(interval.share * WIDTH, 1), "x_low": round(interval.low * WIDTH, 1),
        "x_span": round(max(1.0, (interval.high - interval.low) * WIDTH), 1),
    }  # fmt: skip


def bars(counts: Counts, rules: GroupRules, view: View) -> list[dict[str, Any]]:
    """Bars of everybody whose window is over: responded, in remission, reliably worse (as the scale can say), not known."""
    if few(counts, rules):
        return []
    rows = [
        ("response", "responded", _("Responded")), ("remission", "remitted", _("In remission")),
        ("worse", "worse", _("Reliably worse")),
    ]  # fmt: skip
    drawn, out = gather.lines(gather.instrument(view.name)), []
    for measure, key, text in rows:
        if measure in drawn.measures:
            rate = counts.rate(measure)
            out.append(_bar(key, text, rate.yes, rate.everyone, shown(rate, rules.small_cell)["cells"]["yes"]))
    whole = groups.rate(counts.scored, 0, counts.due - counts.scored)
    hidden = shown(whole, rules.small_cell)["cells"]["unknown"]
    out.append(_bar("unknown", _("Not known"), whole.unknown, whole.everyone, hidden))
    return out


def _bar(key: str, text: str, count: int, whole: int, told: int | None) -> dict[str, Any]:
    if told is None or not whole:
        return {"key": key, "text": text, "count": None, "whole": whole}
    share = groups.rate(count, whole - count, 0).interval
    return {"key": key, "text": text, "count": count, "whole": whole, "at": _percent(share)}


def reach(counts: Counts, family: str, rules: GroupRules, view: View) -> dict[str, Any]:
    """Of those whose window is over: how many could be read.  The first number of quality."""
    book = gather.book()
    beside = groups.like_for_like(
        book.comparators, measure="reach", instrument=view.name, window=rules.window, family=family,
        indication=view.indication,
    )  # fmt: skip
    return {**shown(groups.rate(counts.scored, counts.due - counts.scored, 0), rules.small_cell), "beside": beside}


def not_drawn(family: str, rules: GroupRules, view: View) -> list[dict[str, Any]]:
    """Published figures that may not stand beside ours, each with the reason."""
    out = []
    for c in gather.book().comparators:
        why = []
        if c.instrument != view.name:
            why.append(_("another scale"))
        if c.window != rules.window:
            why.append(_("another window"))
        if c.family != family:
            why.append(_("another drug or route"))
        if c.indication != view.indication:
            why.append(_("for something else"))
        if why:
            out.append({"c": c, "why": ", ".join(why)})
    return out


# ---------------------------------------------------------------- the funnel
_BOX = (44, 12, 340, 180)  # left, top, width, height


def funnel(found: Gathered, site: int, names: dict[int, str], rules: GroupRules) -> dict[str, Any] | None:
    """Response by site against the number of people; with one site, by quarter of the first session.

    Points in the order of their names or their time, never of their results.
    """
    many = len([s for s, c in found.sites.items() if c.rate("response").known]) > 1
    if many:
        points = [(names.get(s, str(s)), found.sites[s].rate("response")) for s in sorted(found.sites)]
    else:
        points = [(f"{q:%Y} Q{(q.month + 2) // 3}", c.rate("response")) for q, c in found.quarters.get(site, ())]
    kept = [(n, r) for n, r in points if shown(r, rules.small_cell)["open"] and r.known >= rules.small_cell]
    hidden = [p for p in points if p not in kept]
    while hidden and kept and not _lost_in_the_crowd([r for _n, r in hidden], rules.small_cell):
        least = min(kept, key=lambda p: p[1].known)  # the whole stands on the page: what is left of it may not be small
        kept.remove(least)
        hidden.append(least)
    if len(kept) < 2:
        return None
    yes, known = sum(r.yes for _n, r in kept), sum(r.known for _n, r in kept)
    centre, most = yes / known, max(r.known for _n, r in kept) * 1.15
    sizes = sorted({max(5, round(most * part / 24)) for part in range(1, 25)})
    limits = {c: [groups.funnel_limits(n, centre, c) for n in sizes] for c in _COVERAGE}
    return {
        "by_site": many, "centre": 100 * centre, "y": _y(centre), "most": round(most),
        "lines": [{"coverage": f"{100 * c:g}", "low": _path([(x.n, x.low) for x in v], most),
                   "high": _path([(x.n, x.high) for x in v], most)} for c, v in limits.items()],
        "points": [_point(n, r, centre, most) for n, r in kept], "hidden": len(points) - len(kept),
    }  # fmt: skip


def _lost_in_the_crowd(rates: list[Rate], least: int) -> bool:
    """Are these, taken together, none or enough?"""
    together = groups.rate(sum(r.yes for r in rates), sum(r.no for r in rates), sum(r.unknown for r in rates))
    return None not in groups.shown_cells(together, least).values()


def _point(name: str, rate: Rate, centre: float, most: float) -> dict[str, Any]:
    share = rate.yes / rate.known
    inner, outer = (groups.funnel_limits(rate.known, centre, c) for c in _COVERAGE)
    place = _("inside both limits")
    if not outer.low <= share <= outer.high:
        place = _("outside the 99.8 % limits: look at who is behind it, and at what is missing")
    elif not inner.low <= share <= inner.high:
        place = _("outside the 95 % limits: one in twenty is, by chance")
    return {"name": name, "n": rate.known, "yes": rate.yes, "percent": 100 * share, "x": _x(rate.known, most),
            "y": _y(share), "place": place, "unknown": rate.unknown}  # fmt: skip


def _x(n: float, most: float) -> float:
    return round(_BOX[0] + _BOX[2] * n / most, 1)


def _y(share: float) -> float:
    return round(_BOX[1] + _BOX[3] * (1 - share), 1)


def _path(points: list[tuple[int, float]], most: float) -> str:
    return " ".join(f"{_x(n, most)},{_y(share)}" for n, share in points)


# ---------------------------------------------------------------- the model
_NAMES = {
    "start": "Score just after the first session, at the mean start", "log_time": "For each step of log(1 + days)",
    "baseline": "For each point of start score", "baseline_by_log_time": "Start score by log(1 + days)",
}  # fmt: skip


def fitted(found: ModelFit | None) -> dict[str, Any] | None:
    """A fitted model as a table."""
    if found is None:
        return None
    rows = [
        {"text": _(_NAMES[c["name"]]), "value": c["value"], "low": c["value"] - 1.96 * c["se"],
         "high": c["value"] + 1.96 * c["se"]} for c in found.result["coefficients"]
    ]  # fmt: skip
    return {"fit": found, "rows": rows, "days": found.result["days"], "start": found.result["mean_start"],
            "converged": found.result["converged"]}  # fmt: skip
