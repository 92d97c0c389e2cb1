"""What is probably in the blood now, and later if nothing changes?  A model estimate with its band, never a lone line.

Shown as information beside the curves; no rule reads it.  The regimen is what really ran, as the dose entries say in
their last form, followed by what the order has left at the rate that runs now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np

from stillhaven.clinic.monitoring.tiles import ms
from stillhaven.clinic.session import queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.reference.load import pk_models
from stillhaven.science import pk
from stillhaven.science.dose_entries import DoseEntry, Phase, in_order
from stillhaven.science.dosing import pieces, pushes, running
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.pk.models import Floats

DRAWS = 1000
AHEAD = timedelta(hours=2)
LONGEST = timedelta(hours=10)
STEP_MIN = 2.0
SEED = 20_170  # any fixed number: the same session shows the same band on every screen

_DRUGS = {"ketamine": pk.Drug.RACEMIC, "s_ketamine": pk.Drug.S_KETAMINE, "esketamine": pk.Drug.ESKETAMINE}
_NAMES = {"ketamine": "ketamine", "s_ketamine": "S-ketamine", "esketamine": "esketamine"}
ROUTES = {
    "iv_infusion": pk.Route.IV, "iv_bolus": pk.Route.IV, "im": pk.Route.IM, "intranasal": pk.Route.NASAL,
    "oral": pk.Route.ORAL, "sublingual": pk.Route.SUBLINGUAL,
}  # fmt: skip


@lru_cache(maxsize=1)
def models() -> Mapping[str, pk.Model]:
    """Every published model by id, for the drug itself in plasma: what is not drawn is not worked out either."""
    return {key: replace(model, effect_site=None, outputs=model.outputs[:1]) for key, model in pk_models().items()}


@dataclass(frozen=True, kw_only=True)
class Given:
    """What went in until now and what will if nothing changes; minute 0 is `zero`."""

    regimen: pk.Regimen
    zero: datetime
    now_min: float

    def moment(self, minute: float) -> datetime:
        return self.zero + timedelta(minutes=minute)


def model_of(session: TreatmentSession) -> pk.Model:
    """The model that speaks for this order.  BadInput says why there is none."""
    order = session.order
    if order is None:
        raise BadInput("order", "there is no signed order")
    if order.drug not in _DRUGS or order.route not in ROUTES:
        raise BadInput("route", f"no model is known for {order.drug} by {order.route}")
    return pk.default_model(models(), _DRUGS[order.drug], ROUTES[order.route])


def regimen(session: TreatmentSession, doses: Sequence[DoseEntry], now: datetime) -> Given:
    """What was given until now, followed by the rest of the order at the rate that runs.

    The same account that says how many milligrams have gone in: holds, bags that ran empty and amended entries count
    alike.  BadInput where nothing was given, or where an amount cannot be known.
    """
    order = session.order
    rows = [row for row in in_order(doses) if row.at <= now]
    if order is None or not rows:
        raise BadInput("doses", "nothing was given yet")
    zero, route = rows[0].at, ROUTES[order.route]

    def minute(at: datetime) -> float:
        return (at - zero).total_seconds() / 60.0

    seen = running(rows, now, planned_mg=float(order.dose_mg))
    until = max([now, *(row.at + timedelta(seconds=row.over_s) for row in rows if row.over_s)])
    if seen.phase is Phase.DOSING and seen.rate_mg_per_h and seen.ends_at:
        until = seen.ends_at
    infusions = []
    for part in pieces(rows, until):
        if part.rate_mg_per_h is None:
            raise BadInput("doses", "the milligrams given are not known: a rate in mL/h has no concentration")
        if part.rate_mg_per_h > 0 and part.end > part.start:
            start, end = minute(part.start), minute(part.end)
            infusions.append(pk.Infusion(start_min=start, end_min=end, rate_mg_per_h=part.rate_mg_per_h))
    if infusions and route is not pk.Route.IV:
        raise BadInput("doses", "an infusion was recorded, and the order is for another route")
    at_once: dict[float, float] = {}
    for push in pushes(rows, now):
        if push.amount_mg is None:
            raise BadInput("doses", "the milligrams given are not known: an amount in mL has no concentration")
        at_once[minute(push.at)] = at_once.get(minute(push.at), 0.0) + push.amount_mg
    if not infusions and not at_once:
        raise BadInput("doses", "nothing was given yet")
    made = pk.Regimen(
        drug=_DRUGS[order.drug], amount_as=pk.AmountAs.BASE, infusions=tuple(infusions),
        doses=tuple(pk.Dose(at_min=at, amount_mg=mg, route=route) for at, mg in at_once.items()),
    )  # fmt: skip
    return Given(regimen=made, zero=zero, now_min=minute(now))


def person(session: TreatmentSession, now: datetime) -> pk.Person:
    """What the models may know of this patient: the order's weight, else the newest one that was taken."""
    order = session.order
    weight = float(order.weight_kg) if order and order.weight_kg else None
    if weight is None and (taken := queries.checks(session, "weight")):
        weight = float(taken[-1].value["kg"])
    return pk.Person(weight_kg=weight, age_y=float(session.patient.age_y(now.date())))


def times(now_min: float, ahead: timedelta = AHEAD, longest: timedelta | None = LONGEST) -> Floats:
    """The minutes that are worked out: every second one, from the first dose until some hours from now."""
    until = now_min + ahead.total_seconds() / 60.0
    if longest is not None:
        until = min(until, longest.total_seconds() / 60.0)
    return np.arange(0.0, max(until, STEP_MIN) + STEP_MIN, STEP_MIN)


def bands(session: TreatmentSession, given: Given, now: datetime, minutes: Floats) -> pk.Bands:
    """The estimate at these minutes.  BadInput where no model speaks for this drug, route or person."""
    model = model_of(session)
    return pk.bands(model, person(session, now), given.regimen, minutes, SEED, DRAWS, models=models())


def prediction(session: TreatmentSession, doses: Sequence[DoseEntry], now: datetime) -> dict[str, Any] | None:
    """The estimate as the live screen draws it; None before the first dose, or where no model speaks for this case."""
    try:
        model_of(session)
        given = regimen(session, doses, now)
        found = bands(session, given, now, times(given.now_min))
    except (BadInput, Refused):
        return None
    return as_json(found, given.zero, session.order.drug if session.order else "")


def as_json(found: pk.Bands, zero: datetime, drug: str) -> dict[str, Any]:
    """Plain values: times, band, and everything that has to stand beside them."""
    band, start = found.plasma, ms(zero)
    return {
        "t_ms": [start + int(t * 60_000) for t in band.t_min],
        "low": [round(float(v), 1) for v in band.low],
        "mid": [round(float(v), 1) for v in band.mid],
        "high": [round(float(v), 1) for v in band.high],
        "label": label(found, drug),
        "about": " ".join(about(found)),
        "cautions": list(found.cautions),
    }


def label(found: pk.Bands, drug: str) -> str:
    """What stands at the curve: the drug, the unit, and that it is an estimate."""
    provisional = ", provisional" if found.provisional else ""
    return f"{_NAMES.get(drug, drug)} ng/mL · model estimate{provisional}"


def about(found: pk.Bands) -> list[str]:
    """What everybody who reads the number has to know, in whole sentences."""
    site = f"{found.site} plasma" if found.site != pk.Site.NOT_STATED.value else "plasma, sampling site not stated"
    others = f", united with the models {', '.join(found.members)}" if found.members else ""
    said = [
        f"{found.label}.",
        f"Made from: {found.population}.",
        f"Sampling: {site}.",
        f"Band: 5 to 95 % of {found.draws} virtual people{others}.",
    ]
    if found.provisional:
        said.append("Provisional: nobody has read the model's numbers in its own paper yet.")
    return [*said, "Not measured in this person; information, never a criterion for discharge or for a dose."]


# ---------------------------------------------------------------- what if
@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that could be done now.  `kind`: rate, hold, stop; bolus, part (of a divided dose) or device.

    `at_min` are the moments of the amounts, in minutes from the first dose; empty is now.  Each is `amount_mg`.
    """

    kind: str
    rate_mg_per_h: float | None = None
    hold_min: float | None = None
    amount_mg: float | None = None
    at_min: tuple[float, ...] = ()

    @property
    def is_amount(self) -> bool:
        return self.kind in ("bolus", "part", "device")

    @property
    def extra_mg(self) -> float:
        """What it adds to what was given."""
        return (self.amount_mg or 0.0) * max(1, len(self.at_min)) if self.is_amount else 0.0


def changed(
    given: Given, change: Change, *, left_mg: float, rate_now_mg_per_h: float, route: pk.Route = pk.Route.IV
) -> pk.Regimen:
    """The regimen as it was until now, followed by the change.

    `left_mg` is what the order has left; `rate_now_mg_per_h` the rate that runs, or that ran before a hold.
    """
    now, coming = given.now_min, given.regimen.after(given.now_min)
    if change.kind == "stop":
        return pk.what_if(given.regimen, now)
    if change.is_amount:
        again = list(coming.doses if coming else ())
        for at in change.at_min or (now,):
            same = next((d for d in again if d.at_min == at and not d.over_min), None)
            if same is not None:  # recorded at this very moment
                again.remove(same)
            amount = (change.amount_mg or 0.0) + (same.amount_mg if same else 0.0)
            again.append(pk.Dose(at_min=at, amount_mg=amount, route=route))
        return pk.what_if(given.regimen, now, infusions=coming.infusions if coming else (), doses=again)
    wait = change.hold_min or 0.0 if change.kind == "hold" else 0.0
    rate = rate_now_mg_per_h if change.kind == "hold" else change.rate_mg_per_h or 0.0
    if left_mg <= 0 or rate <= 0:
        return pk.what_if(given.regimen, now)
    end = now + wait + left_mg / rate * 60.0
    return pk.what_if(
        given.regimen, now, infusions=(pk.Infusion(start_min=now + wait, end_min=end, rate_mg_per_h=rate),)
    )
