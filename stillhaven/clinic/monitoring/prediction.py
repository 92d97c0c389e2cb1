"""What is probably in the blood now, and later if nothing changes?  A model estimate with its band, never a lone line.

Shown as information beside the curves; no rule reads it.  The regimen is what really ran, followed by what is planned.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np

from stillhaven.clinic.monitoring.tiles import ms
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.reference.load import pk_models
from stillhaven.science import pk
from stillhaven.science.dose_entries import DoseEntry, Kind, in_order
from stillhaven.science.errors import BadInput, Refused

DRAWS = 1000
AHEAD = timedelta(hours=2)
LONGEST = timedelta(hours=10)
STEP_MIN = 2.0
SEED = 20_170  # any fixed number: the same session shows the same band on every screen

_DRUGS = {"ketamine": pk.Drug.RACEMIC, "s_ketamine": pk.Drug.S_KETAMINE, "esketamine": pk.Drug.ESKETAMINE}
_ROUTES = {
    "iv_infusion": pk.Route.IV, "iv_bolus": pk.Route.IV, "im": pk.Route.IM, "intranasal": pk.Route.NASAL,
    "oral": pk.Route.ORAL, "sublingual": pk.Route.SUBLINGUAL,
}  # fmt: skip
_ACTS = {
    Kind.START: pk.Act.START, Kind.RATE_CHANGE: pk.Act.RATE, Kind.HOLD: pk.Act.HOLD, Kind.RESUME: pk.Act.RESUME,
    Kind.STOP: pk.Act.STOP,
}  # fmt: skip


@lru_cache(maxsize=1)
def models() -> Any:
    """Every published model, by id."""
    return pk_models()


def regimen(session: TreatmentSession, doses: Sequence[DoseEntry], now: datetime) -> tuple[pk.Regimen, datetime]:
    """What was given until now, followed by the rest of the order; and the moment that minute 0 is.

    BadInput where nothing was given, or where an amount cannot be known.
    """
    order = session.order
    rows = [d for d in in_order(doses) if d.at <= now]
    if order is None or not rows:
        raise BadInput("doses", "nothing was given yet")
    zero, route = rows[0].at, _ROUTES[order.route]
    entries = [
        pk.Entry(
            at_min=(row.at - zero).total_seconds() / 60.0, act=_ACTS.get(row.kind, pk.Act.DOSE),
            rate_mg_per_h=row.rate_mg_per_h, amount_mg=row.amount_mg, route=route, over_min=row.over_s / 60.0,
        )
        for row in rows
    ]  # fmt: skip
    drug = _DRUGS[order.drug]
    plan = None
    if order.duration_min and rows[0].kind is Kind.START:
        plan = pk.infusion(
            drug=drug, amount_as=pk.AmountAs.BASE, amount_mg=float(order.dose_mg), over_min=float(order.duration_min)
        )
    minutes = (now - zero).total_seconds() / 60.0
    return pk.given(entries, drug=drug, amount_as=pk.AmountAs.BASE, now_min=minutes, plan=plan), zero


def person(session: TreatmentSession, now: datetime) -> pk.Person:
    """What the models may know of this patient."""
    order = session.order
    weight = float(order.weight_kg) if order and order.weight_kg else None
    return pk.Person(weight_kg=weight, age_y=float(session.patient.age_y(now.date())))


def predicted(
    session: TreatmentSession, doses: Sequence[DoseEntry], now: datetime, *, change: Any = None
) -> tuple[pk.Bands, datetime]:
    """The bands from the first dose until two hours from now.  `change` may lay a what-if on the regimen."""
    given, zero = regimen(session, doses, now)
    minutes = (now - zero).total_seconds() / 60.0
    if change is not None:
        given = change(given, minutes)
    route = _ROUTES[session.order.route] if session.order else pk.Route.IV
    model = pk.default_model(models(), given.drug, route)
    until = min(minutes + AHEAD.total_seconds() / 60.0, LONGEST.total_seconds() / 60.0)
    grid = np.arange(0.0, max(until, STEP_MIN) + STEP_MIN, STEP_MIN)
    return pk.bands(model, person(session, now), given, grid, SEED, DRAWS, models=models()), zero


def prediction(session: TreatmentSession, doses: Sequence[DoseEntry], now: datetime) -> dict[str, Any] | None:
    """The estimate as the live screen draws it; None before the first dose, or where no model speaks for this case."""
    try:
        found, zero = predicted(session, doses, now)
    except (BadInput, Refused):
        return None
    return as_json(found, zero)


def as_json(found: pk.Bands, zero: datetime) -> dict[str, Any]:
    """Plain values: times, band, and everything that has to stand beside them."""
    band, start = found.plasma, ms(zero)
    provisional = ", provisional" if found.provisional else ""
    return {
        "t_ms": [start + int(t * 60_000) for t in band.t_min],
        "low": [round(float(v), 1) for v in band.low],
        "mid": [round(float(v), 1) for v in band.mid],
        "high": [round(float(v), 1) for v in band.high],
        "label": f"ketamine ng/mL, model estimate{provisional}",
        "about": f"{found.label}. {found.population}. Sampling: {found.site}.",
        "cautions": list(found.cautions),
    }


def what_if_rate(rate_mg_per_h: float, left_mg: float | None) -> Any:
    """A change for `predicted`: from now on this rate until what the order has left is in; 0 is a stop now."""

    def change(given: pk.Regimen, now_min: float) -> pk.Regimen:
        infusions: tuple[pk.Infusion, ...] = ()
        if rate_mg_per_h > 0 and left_mg:
            end = now_min + left_mg / rate_mg_per_h * 60.0
            infusions = (pk.Infusion(start_min=now_min, end_min=end, rate_mg_per_h=rate_mg_per_h),)
        return pk.what_if(given, now_min, infusions=infusions)

    return change
