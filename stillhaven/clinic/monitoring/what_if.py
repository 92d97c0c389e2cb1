"""What would the level be if the rate were another, the drug were held or stopped?  A page that changes nothing.

Prescribers type a change; everybody who cares for the person sees the curve so far, what is to come, and how sure that
is.  A change beyond the order is not drawn: its finding stands there instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from stillhaven.clinic.monitoring import drawing, panels, prediction
from stillhaven.clinic.monitoring.prediction import Change, Given
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.session import facts, page_parts, queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.science import pk
from stillhaven.science.dose_entries import Phase
from stillhaven.science.dosing import Running, running
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Finding
from stillhaven.science.limits import judge, plain
from stillhaven.science.pk.models import Floats
from stillhaven.science.protocol import Route
from stillhaven.science.units import parse_number
from stillhaven.science.what_if import what_if_findings

LOOKED_AT = timedelta(hours=12)  # how far ahead "under X" is looked for
_LATER_MIN = 20.0  # the step beyond what is drawn
_ROW_MIN = 10.0
_NOT_FOR_DISCHARGE = "Information, never a criterion for discharge."


@dataclass
class Asked:
    """What was typed, what could be read of it, and what could not."""

    typed: Mapping[str, str]
    change: Change | None = None
    level: float | None = None
    why: dict[str, str] = field(default_factory=dict)


@require_GET
@staff_required
def page(request: HttpRequest, uid: str) -> HttpResponse:
    """The what-if page of one session.  A look is noted in the access log; nothing else is written."""
    session = queries.session_or_404(request.user, uid)
    roles.require(request.user, "session.view")
    if request.GET.get("change"):
        roles.require_patient(request.user, "pk.what_if", session.patient)
    record.log_access(
        by=request.user, what="what-if", patient=session.patient_id, site=session.site_id,  # type: ignore[arg-type]
        path=request.path, address=request.META.get("REMOTE_ADDR", ""),
    )  # fmt: skip
    shown = context(session, request.GET.dict(), clock.now())
    shown["may_change"] = roles.may(request.user, "pk.what_if") and bool(shown["kinds"])
    status = 422 if shown["asked"].why else 409 if shown["refused"] else 200
    return render(request, "monitoring/what_if.html", shown, status=status)


def context(session: TreatmentSession, typed: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """Everything the page shows."""
    doses = queries.dose_entries(queries.doses(session))
    order = session.order
    seen = running(
        doses, now, planned_mg=float(order.dose_mg) if order else None,
        weight_kg=float(order.weight_kg) if order and order.weight_kg else None,
    )  # fmt: skip
    kinds = _kinds(session, seen)
    asked = _read(typed, seen)
    shown = page_parts.frame(session, now, queries.latest_checks(session)) | {
        "asked": asked, "kinds": kinds, "drug": seen, "refused": (), "nothing": "", "not_for_discharge": _NOT_FOR_DISCHARGE,
        "as_is": _words_as_is(seen),
    }  # fmt: skip
    try:
        prediction.model_of(session)
        given = prediction.regimen(session, doses, now)
        minutes = _minutes(given.now_min)
        found = prediction.bands(session, given, now, minutes)
    except BadInput as error:
        return shown | {"nothing": _why_nothing(session, error)}
    other: pk.Bands | None = None
    extra: dict[str, Any] = {}
    if asked.change is not None and not asked.why:
        shown["refused"] = tuple(f.as_dict() for f in _refusals(session, seen, given, asked.change, now))
        if not shown["refused"]:
            rate = _rate_now(session, seen) if asked.change.kind == "hold" else 0.0
            left = _left_mg(session, given)
            regimen = prediction.changed(given, asked.change, left_mg=left, rate_now_mg_per_h=rate)
            what = Given(regimen=regimen, zero=given.zero, now_min=given.now_min)
            other = prediction.bands(session, what, now, minutes)
            extra = {"change_words": _words_change(asked.change, seen, what, given.now_min)}
    return shown | extra | _drawn(session, given, found, other, asked)


# ---------------------------------------------------------------- what was asked
def _kinds(session: TreatmentSession, seen: Running) -> list[tuple[str, str]]:
    """What could be done now: only what the order's route knows, and only while the drug runs or is held."""
    if session.order is None or seen.phase not in (Phase.DOSING, Phase.HELD) or session.state not in ("dosing", "held"):
        return []
    if session.order.route == "iv_infusion":
        held = seen.phase is Phase.HELD
        return [
            ("rate", _("Go on at this rate") if held else _("Another rate")),
            ("hold", _("Hold for longer, then go on") if held else _("Hold, then go on")),
            ("stop", _("End it here") if held else _("Stop now")),
        ]
    return [("bolus", _("One more bolus"))] if session.order.route == "iv_bolus" else []


def _read(typed: Mapping[str, str], seen: Running) -> Asked:
    """The form as numbers; what cannot be read is said beside its field, and all that was typed is kept."""
    asked = Asked(typed=typed)

    def number(name: str, most: float | None = None) -> float | None:
        try:
            value = parse_number(typed.get(name, ""), name)
        except BadInput as error:
            asked.why[name] = error.why
            return None
        if value <= 0:
            asked.why[name] = _("must be over 0")
        elif most is not None and value > most:
            asked.why[name] = _("must be %(most)s at most: the drawing ends there") % {"most": plain(most)}
        return None if name in asked.why else value

    if typed.get("level", "").strip():
        asked.level = number("level")
    kind = typed.get("change", "")
    if kind == "rate":
        rate = number("rate")
        if typed.get("unit", "mg/h") == "mL/h" and rate is not None:
            strength = seen.concentration_mg_per_ml
            if strength is None:
                asked.why["rate"] = _("the concentration is not known: write the rate in mg/h")
            rate = rate * (strength or 0.0)
        elif typed.get("unit", "mg/h") not in ("mg/h", "mL/h"):
            asked.why["rate"] = _("write mg/h or mL/h")
        asked.change = Change(kind="rate", rate_mg_per_h=rate)
    elif kind == "hold":
        asked.change = Change(kind="hold", hold_min=number("hold_min", prediction.AHEAD.total_seconds() / 60.0))
    elif kind == "bolus":
        asked.change = Change(kind="bolus", amount_mg=number("amount_mg"))
    elif kind == "stop":
        asked.change = Change(kind="stop")
    elif kind:
        asked.why["change"] = _("choose one of these")
    return asked


def _rate_now(session: TreatmentSession, seen: Running) -> float:
    """The rate that runs, or that ran before the hold."""
    return seen.rate_mg_per_h or facts.rate_before_hold(session)


def _left_mg(session: TreatmentSession, given: Given) -> float:
    dose = float(session.order.dose_mg) if session.order else 0.0
    return dose - given.regimen.given_mg(given.now_min)


def _refusals(session: TreatmentSession, seen: Running, given: Given, change: Change, now: datetime) -> list[Finding]:
    """What the order or its protocol does not allow of this change.  Unknown stops it like a no."""
    order, left = session.order, _left_mg(session, given)
    running_now = seen.phase in (Phase.DOSING, Phase.HELD) and session.state in ("dosing", "held")
    if order is None or not running_now:
        words = _("the drug is not running: nothing of this order can be changed any more")
        return [judge("drug_running", False, no=words)]
    if change.kind != "bolus" and order.route != "iv_infusion":
        return [judge("order_allows", False, no=_("this order has no infusion whose rate could be changed"))]
    rate = change.rate_mg_per_h if change.kind == "rate" else None
    found: list[Finding] = []
    try:
        if change.kind == "bolus":
            facts.refuse_amount(session, "bolus", change.amount_mg or 0.0, now)
        elif change.kind in ("rate", "hold"):
            rate = rate if rate is not None else _rate_now(session, seen)
            facts.refuse_rate(session, rate, now)
            if left <= 0:
                found.append(judge("order_allows", False, no=_("the order has nothing left to give")))
    except (Refused, BadInput) as error:
        found.append(judge("order_allows", False, no=error.why))
    total = given.regimen.given_mg(given.now_min)
    if change.kind == "bolus":
        total = given.regimen.total_mg + (change.amount_mg or 0.0)
    elif change.kind != "stop":
        total += max(0.0, left)
    weight = float(order.weight_kg) if order.weight_kg else None
    try:
        rules = policy.rules(session.site_id).plan_rules(order.protocol, Route(order.route))
    except (BadInput, ValueError) as error:
        words = _("the limits of this order's protocol cannot be read: %(why)s") % {"why": error}
        return [*found, judge("protocol_limits", None, unknown=words)]
    limits = what_if_findings(rules, total_mg=total, weight_kg=weight, rate_mg_per_h=rate)
    return [*found, *(f for f in limits if f.stops)] if change.kind != "stop" else found


# ---------------------------------------------------------------- what is shown
def _minutes(now_min: float) -> Floats:
    """Fine as far as it is drawn, coarse as far as "under X" is looked for; now itself is one of them."""
    fine = prediction.times(now_min, longest=None)
    later = np.arange(fine[-1] + _LATER_MIN, now_min + LOOKED_AT.total_seconds() / 60.0 + _LATER_MIN, _LATER_MIN)
    return np.unique(np.concatenate([fine, later, [now_min]]))


def _drawn(
    session: TreatmentSession, given: Given, found: pk.Bands, other: pk.Bands | None, asked: Asked
) -> dict[str, Any]:
    happened = panels.events(queries.moves(session), queries.doses(session), queries.events(session))
    marks = [
        drawing.Mark(at_min=e["at_ms"] / 60_000 - given.zero.timestamp() / 60.0, kind=e["kind"], label=e["label"])
        for e in happened
        if e["at_ms"] >= int(given.zero.timestamp() * 1000)
    ]
    end = given.now_min + prediction.AHEAD.total_seconds() / 60.0
    curves = [_curve(found, _("as it is"), "as-is", 0.0)]
    if other is not None:
        curves.append(_curve(other, _("with the change"), "changed", given.now_min))
    so_far = given.regimen.until(given.now_min)
    title = _("%(label)s, with its band, from the first dose until two hours from now; the table has the same figures")
    scene = drawing.Scene(
        zero=given.zero, now_min=given.now_min, end_min=end, curves=curves, marks=marks, level=asked.level,
        dosing=[(i.start_min, i.end_min) for i in (so_far.infusions if so_far else ())],
        title=title % {"label": found.label}, words_now=_("now"),
    )  # fmt: skip
    order = session.order
    return {
        "wide": mark_safe(drawing.svg(scene, width=720, height=430, key="wide")),  # noqa: S308  (escapes its words)
        "narrow": mark_safe(drawing.svg(scene, width=350, height=380, key="narrow")),  # noqa: S308
        "label": prediction.label(found, order.drug if order else ""),
        "about": prediction.about(found),
        "cautions": found.cautions,
        "level_now": _at(found, given.now_min),
        "has_change": other is not None,
        "rows": _rows(given, found, other, marks, end),
        "below": _below(found, asked.level, given),
        "below_changed": _below(other, asked.level, given) if other is not None else None,
        "hours": int(LOOKED_AT.total_seconds() // 3600),
    }


def _curve(found: pk.Bands, name: str, look: str, since: float) -> drawing.Curve:
    b = found.plasma
    return drawing.Curve(name=name, look=look, t_min=b.t_min, low=b.low, mid=b.mid, high=b.high, since_min=since)


def _at(found: pk.Bands, minute: float) -> dict[str, int]:
    b = found.plasma
    return {name: round(float(np.interp(minute, b.t_min, getattr(b, name)))) for name in ("low", "mid", "high")}


def _rows(
    given: Given, found: pk.Bands, other: pk.Bands | None, marks: Sequence[drawing.Mark], end: float
) -> list[dict[str, Any]]:
    """The table twin: every ten minutes and now, with what happened since the row before."""
    moments = sorted({*np.arange(0.0, end + 1e-9, _ROW_MIN).tolist(), given.now_min})
    rows, before = [], -1e9
    for minute in moments:
        rows.append({
            "at": given.moment(minute), "now": minute == given.now_min, "as_is": _at(found, minute),
            "changed": _at(other, minute) if other is not None and minute >= given.now_min else None,
            "events": [m.label for m in marks if before < m.at_min <= minute],
        })  # fmt: skip
        before = minute
    return rows


def _below(found: pk.Bands, level: float | None, given: Given) -> dict[str, Any] | None:
    """When the level is likely to be under X for good: moments, "now" for already, None for not within the hours."""
    if level is None:
        return None
    when = pk.time_below(found, level, after_min=given.now_min)
    sides = (("earliest", when.earliest_min), ("typical", when.typical_min), ("likely", when.likely_min))
    return {
        name: None if minute is None else {"at": given.moment(minute), "already": minute <= given.now_min}
        for name, minute in sides
    }


# ---------------------------------------------------------------- words
def both(rate_mg_per_h: float, strength: float | None) -> str:
    """A rate in both units: "61.5 mg/h = 150 mL/h"."""
    mg = f"{plain(round(rate_mg_per_h, 2))} mg/h"
    return f"{mg} = {plain(round(rate_mg_per_h / strength, 1))} mL/h" if strength else mg


def _words_as_is(seen: Running) -> str:
    if seen.phase is Phase.DOSING and seen.rate_mg_per_h:
        rate = both(seen.rate_mg_per_h, seen.concentration_mg_per_ml)
        if seen.ends_at:
            return _("it goes on at %(rate)s until the order is given, and nothing follows.") % {"rate": rate}
        return _("it runs at %(rate)s.") % {"rate": rate}
    if seen.phase is Phase.HELD:
        return _("it is held, and nothing more is given.")
    return _("nothing more is given.")


def _words_change(change: Change, seen: Running, what: Given, now_min: float) -> dict[str, Any]:
    """The change in numbers, both units, and what it comes to."""
    strength = seen.concentration_mg_per_ml
    coming = what.regimen.after(now_min)
    last = coming.infusions[-1] if coming and coming.infusions else None
    if change.kind == "stop":
        text = _("stopped now; nothing more is given.")
    elif change.kind == "bolus":
        text = _("a bolus of %(mg)s mg now.") % {"mg": plain(change.amount_mg or 0.0)}
    else:
        rate = both(last.rate_mg_per_h, strength) if last else ""
        text = _("%(rate)s from now on.") % {"rate": rate}
        if change.kind == "hold":
            words = {"n": plain(change.hold_min or 0.0), "rate": rate}
            text = _("held for %(n)s min, then %(rate)s.") % words
    return {
        "text": text, "ends_at": what.moment(last.end_min) if last else None,
        "total_mg": plain(round(what.regimen.total_mg, 1)),
    }  # fmt: skip


def _why_nothing(session: TreatmentSession, error: BadInput) -> str:
    """Why no curve is drawn, in a sentence."""
    why = error.why[:1].upper() + error.why[1:]
    if error.field == "doses" and "nothing was given" in error.why:
        return _("Nothing was given yet: the estimate begins with the first dose.")
    if error.field == "route":
        title = page_parts.title_of(session)
        return _("Nothing is drawn for %(title)s. %(why)s.") % {"title": title, "why": why}
    return _("Nothing is drawn. %(why)s.") % {"why": why.rstrip(".")}
