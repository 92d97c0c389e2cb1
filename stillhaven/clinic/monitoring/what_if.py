"""What would the level be if the rate were another, the drug were held or stopped?  A page that changes nothing.

Prescribers type a change; everybody who cares for the person sees the curve so far, what is to come, and how sure that
is.  A change beyond the order is not drawn: its finding stands there instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from stillhaven.clinic.monitoring import drawing, panels, prediction
from stillhaven.clinic.monitoring.prediction import Change, Given
from stillhaven.clinic.monitoring.what_if_asked import Asked, devices, kinds_now, left_mg, rate_now, read, refusals
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.session import page_parts, queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.science import pk
from stillhaven.science.dose_entries import Phase
from stillhaven.science.dosing import Running, running
from stillhaven.science.errors import BadInput
from stillhaven.science.limits import judge, plain
from stillhaven.science.pk.models import Floats

LOOKED_AT = timedelta(hours=12)  # how far ahead "under X" is looked for
_LATER_MIN = 20.0  # the step beyond what is drawn
_ROW_MIN = 10.0
_NOT_FOR_DISCHARGE = "Information, never a criterion for discharge."


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
    kinds = kinds_now(session, seen)
    asked = Asked(typed=typed)
    shown = page_parts.frame(session, now, queries.latest_checks(session)) | {
        "asked": asked, "kinds": kinds, "drug": seen, "refused": (), "nothing": "", "not_for_discharge": _NOT_FOR_DISCHARGE,
        "as_is": _words_as_is(seen), "device": devices(session, now),
    }  # fmt: skip
    try:
        prediction.model_of(session)
        given = prediction.regimen(session, doses, now)
        minutes = _minutes(given.now_min)
        found = prediction.bands(session, given, now, minutes)
    except BadInput as error:
        return shown | {"nothing": _why_nothing(session, error)}
    read(asked, session, seen, given, shown["device"])
    other: pk.Bands | None = None
    extra: dict[str, Any] = {}
    change = asked.change
    if order is not None and change is not None and not asked.why:
        stops = refusals(session, seen, given, change, now)
        if not stops:
            what = Given(zero=given.zero, now_min=given.now_min, regimen=prediction.changed(
                given, change, left_mg=left_mg(session, given), route=prediction.ROUTES[order.route],
                rate_now_mg_per_h=rate_now(session, seen) if change.kind == "hold" else 0.0,
            ))  # fmt: skip
            try:
                other = prediction.bands(session, what, now, minutes)
                extra = {"change_words": _words_change(change, seen, what, given.now_min)}
            except BadInput as error:
                stops = [judge("model_allows", False, no=error.why)]
        shown["refused"] = tuple(f.as_dict() for f in stops)
    return shown | extra | _drawn(session, given, found, other, asked)


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
        "ran": bool(scene.dosing),
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
    ends_at = what.moment(last.end_min) if last else None
    if change.kind == "stop":
        text = _("stopped now; nothing more is given.")
    elif change.is_amount:
        text, moments = _words_amounts(change, what)
        ends_at = max([moments[-1], *([ends_at] if ends_at else [])])
    else:
        rate = both(last.rate_mg_per_h, strength) if last else ""
        text = _("%(rate)s from now on.") % {"rate": rate}
        if change.kind == "hold":
            words = {"n": plain(change.hold_min or 0.0), "rate": rate}
            text = _("held for %(n)s min, then %(rate)s.") % words
    return {"text": text, "ends_at": ends_at, "total_mg": plain(round(what.regimen.total_mg, 1))}


def _words_amounts(change: Change, what: Given) -> tuple[str, list[datetime]]:
    """What is given, and when."""
    moments = [what.moment(at) for at in change.at_min or (what.now_min,)]
    said = ", ".join(date_format(timezone.localtime(at), "H:i") for at in moments)
    words = {"n": len(moments), "mg": plain(change.amount_mg or 0.0), "at": said}
    if change.kind == "device":
        text = ngettext(
            "one more device of %(mg)s mg at %(at)s.", "%(n)s more devices of %(mg)s mg at %(at)s.", len(moments)
        )
        return text % words, moments
    if change.kind == "part":
        return _("%(mg)s mg more at %(at)s.") % words, moments
    return _("a bolus of %(mg)s mg at %(at)s.") % words, moments


def _why_nothing(session: TreatmentSession, error: BadInput) -> str:
    """Why no curve is drawn, in a sentence."""
    why = error.why[:1].upper() + error.why[1:]
    if error.field == "doses" and "nothing was given" in error.why:
        return _("Nothing was given yet: the estimate begins with the first dose.")
    if error.field == "route":
        title = page_parts.title_of(session)
        return _("Nothing is drawn for %(title)s, and no what-if of it either. %(why)s.") % {"title": title, "why": why}
    return _("Nothing is drawn. %(why)s.") % {"why": why.rstrip(".")}
