"""The drug in the record: how much of what by which route, and for what is given at once, its parts and its observation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from stillhaven.clinic.monitoring import panels
from stillhaven.clinic.recovery import facts
from stillhaven.clinic.session import giving, queries
from stillhaven.clinic.session.models import Dose, TreatmentSession
from stillhaven.science import observation
from stillhaven.science.dosing import running
from stillhaven.science.limits import CAUTION, Limit, plain
from stillhaven.science.reconcile import reconcile
from stillhaven.science.session import State

Words = Callable[[datetime], str]  # a moment as the record writes it


def dose(session: TreatmentSession, doses: Sequence[Dose], until: datetime, clock: Words) -> dict[str, Any]:
    """Given milligrams from what ran or went in; the pump's own count beside it where a pump ran."""
    order, unknown = session.order, _("not recorded")
    entries = queries.dose_entries(doses)
    planned = float(order.dose_mg) if order else None
    weight = float(order.weight_kg) if order and order.weight_kg else None
    seen = running(entries, until, planned_mg=planned, weight_kg=weight)
    pump = next((d.pump_volume_ml for d in reversed(doses) if d.pump_volume_ml is not None), None)
    rest = reconcile(entries, until, pump_ml=pump, tolerance_ml=Limit(value=None, unit="mL"), how=CAUTION)
    parts = giving.giving_of(session)
    last = parts.parts[-1].at if parts and parts.parts else None
    ended = last or seen.stopped_at
    return {
        "title": panels.title(order) if order else _("No order"),
        "planned": f"{planned:g} mg" if planned is not None else unknown,
        "given": f"{seen.given_mg:.1f} mg" if seen.given_mg is not None else _("amount not known"),
        "per_kg": f"{seen.given_mg_per_kg:.3f} mg/kg" if seen.given_mg_per_kg is not None else "",
        "volume": f"{seen.given_ml:.1f} mL" if seen.given_ml is not None else "",
        "pump": f"{pump:g} mL" if pump is not None else unknown,
        "residual": f"{rest.residual_ml:.1f} mL" if rest.residual_ml is not None else "",
        "lots": ", ".join(sorted({d.lot for d in doses if d.lot})) or unknown,
        "started": clock(seen.started_at) if seen.started_at else unknown,
        "stopped": clock(ended) if ended else unknown,
        "at_once": parts is not None,
        "parts": [{"at": clock(p.at), "words": parts.words(p), "by": p.by} for p in parts.parts] if parts else [],
        "not_given": f"{plain(parts.left_mg)} mg" if parts and parts.parts and not parts.is_whole else "",
    }  # fmt: skip


def observed(session: TreatmentSession, until: datetime, clock: Words) -> dict[str, Any] | None:
    """The observation of a dose given at once: the clock, each pressure that was asked for, what was over and when.

    These are the facts that the form of the risk programme asks; None for an infusion or before the first dose.
    """
    parts = giving.giving_of(session)
    if parts is None or not parts.parts:
        return None
    moments = [p.at for p in parts.parts]
    left = queries.moment_of(session, "discharge") or queries.moment_of(session, "transfer")
    asked, seen = facts.rules_of(session), facts.checks(session)
    stands = giving.clock_of(session, left or until)
    minutes = observation.minutes_from_first(moments, left)
    over = []
    for key, label in asked.symptoms.items():
        row = seen.get(f"over_{key}")
        yes = row.value.get("yes") if row else None
        said = _("nobody has looked")
        if row is not None:
            words = _("not known") if yes is None else _("none, or over") if yes else _("still there")
            said = _("%(words)s at %(at)s, %(by)s") % {"words": words, "at": clock(row.happened_at), "by": row.by_name}
        over.append({"label": label, "said": said})
    return {
        "first": clock(moments[0]),
        "asked": asked.observation.minimum.text,
        "earliest": clock(stands.over_at) if stands.over_at else "",
        "left": clock(left) if left else "",
        "minutes": f"{minutes:.0f}" if minutes is not None else "",
        "is_over": session.state in {s.value for s in (State.DISCHARGED, State.SIGNED, State.TRANSFERRED)},
        "pressures": [
            {"label": label, "said": _("%(top).0f/%(low).0f mmHg at %(at)s") % {"top": top, "low": low, "at": clock(at)}
             if at else _("not measured")}
            for label, at, top, low in giving.pressure_points(session, left or until)
        ],
        "symptoms": over,
    }  # fmt: skip


def dose_words(row: Dose, number: int, devices: int | None) -> str:
    """One entry about the drug as a sentence; `number` counts the devices so far."""
    device = _("Device %(n)d of %(of)d used") % {"n": number, "of": devices} if devices else _("Device used")
    said = {
        "start": _("Infusion started"), "rate_change": _("Rate changed"), "hold": _("Infusion held"),
        "resume": _("Infusion resumed"), "stop": _("Drug ended"), "bolus": _("Bolus given"), "single": _("Dose given"),
        "divided": _("Part of the dose given"), "device": device,
    }[row.kind]  # fmt: skip
    if row.amount_mg is not None:
        said += f", {row.amount_mg:g} mg"
    if row.amount_mg is not None and row.lot:
        said += _(", lot %(lot)s") % {"lot": row.lot}
    if row.rate_mg_per_h is not None:
        said += _(" at %(rate)s mg/h") % {"rate": f"{row.rate_mg_per_h:g}"}
        if row.concentration_mg_per_ml:
            said += f" ({row.rate_mg_per_h / row.concentration_mg_per_ml:.1f} mL/h)"
    if row.pump_volume_ml is not None:
        said += _("; the pump showed %(ml)s mL") % {"ml": f"{row.pump_volume_ml:g}"}
    return f"{said}. {row.why}".strip()
