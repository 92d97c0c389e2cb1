"""What beside the vital signs belongs on the chair's screen: drug, due checks, alarms, coverage, events, deeds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from stillhaven.clinic.monitoring.tiles import iso, ms
from stillhaven.clinic.plan.models import Order
from stillhaven.clinic.session import giving, queries
from stillhaven.clinic.session.models import Dose, Event, SessionMove, TreatmentSession
from stillhaven.science import session as rules
from stillhaven.science.dose_entries import DoseEntry, Phase
from stillhaven.science.dosing import running
from stillhaven.science.limits import plain
from stillhaven.science.session import Move

_ROUTES = {
    "iv_infusion": _("IV ketamine"), "iv_bolus": _("IV ketamine, bolus"), "im": _("IM ketamine"),
    "intranasal": _("Nasal ketamine"), "oral": _("Oral ketamine"), "sublingual": _("Sublingual ketamine"),
}  # fmt: skip


def drug(session: TreatmentSession, doses: Sequence[DoseEntry], now: datetime) -> dict[str, Any]:
    """Dose so far in mg and mg/kg, rate, time left: computed from what ran, not from the plan."""
    order = session.order
    planned = float(order.dose_mg) if order else None
    weight = float(order.weight_kg) if order and order.weight_kg else None
    seen = running(doses, now, planned_mg=planned, weight_kg=weight)
    return {
        "title": title(order) if order else str(_("No order")),
        "phase": seen.phase.value,
        "given_mg": seen.given_mg,
        "given_mg_per_kg": seen.given_mg_per_kg,
        "planned_mg": planned,
        "rate_mg_per_h": seen.rate_mg_per_h,
        "rate_ml_per_h": seen.rate_ml_per_h,
        "left_in_bag_ml": seen.left_in_bag_ml,
        "started_at": iso(seen.started_at) if seen.started_at else None,
        "ends_at": iso(seen.ends_at) if seen.ends_at else None,
        "time_left_s": seen.time_left_s,
        "fraction": seen.fraction,
        "concentration": _strength(order, seen.concentration_mg_per_ml),
        "running": seen.phase is Phase.DOSING,
    }


def _strength(order: Order | None, mg_per_ml: float | None) -> str:
    """The concentration where somebody measures out by it: not of a device, which is used whole."""
    return "" if mg_per_ml is None or (order is not None and order.devices) else f"{plain(mg_per_ml)} mg/mL"


def title(order: Order) -> str:
    """ "IV ketamine · 41 mg over 40 min": drug identity, route, mg, minutes."""
    name = _("Esketamine, nasal") if order.drug == "esketamine" else str(_ROUTES.get(order.route, order.route))
    if order.drug == "s_ketamine":
        name = _("IV S-ketamine")
    if order.devices:
        count = _("%(n)d devices") % {"n": order.devices}
        return f"{name} · {plain(float(order.dose_mg))} mg, {count}"
    over = _(" over %(n)s min") % {"n": plain(float(order.duration_min))} if order.duration_min else ""
    return f"{name} · {plain(float(order.dose_mg))} mg{over}"


def events(moves: Sequence[SessionMove], doses: Sequence[Dose], happened: Sequence[Event]) -> list[dict[str, Any]]:
    """What goes on the time axis, oldest first."""
    names = {
        "start": _("Start"), "hold": _("Hold"), "resume": _("Resumed"), "stop": _("Stop"), "abort": _("Stopped early"),
        "discharge": _("Left"), "transfer": _("Handed over"), "check_in": _("Arrived"),
    }  # fmt: skip
    devices = 0
    out = [_event(m.uid, m.happened_at, "move", str(names[m.move]), m.seq) for m in moves if m.move in names]
    for d in doses:
        if d.kind == "rate_change":
            rate = _("%(rate)s mg/h") % {"rate": plain(d.rate_mg_per_h or 0.0)}
            out.append(_event(d.uid, d.happened_at, "dose", _("Rate %(rate)s") % {"rate": rate}, d.seq))
        elif d.amount_mg is not None:
            devices += d.kind == "device"
            numbers = {"mg": plain(d.amount_mg), "n": devices}
            words = _("Device %(n)s, %(mg)s mg") if d.kind == "device" else _("%(mg)s mg given")
            out.append(_event(d.uid, d.happened_at, "dose", words % numbers, d.seq))
    out += [_event(e.uid, e.happened_at, e.kind, e.label, e.seq) for e in happened]
    return sorted(out, key=lambda e: (e["at_ms"], e["seq"]))


def _event(uid: Any, at: datetime, kind: str, label: str, seq: int) -> dict[str, Any]:
    return {"uid": str(uid), "at_ms": ms(at), "kind": kind, "label": str(label), "seq": seq}


_DEEDS = (
    ("check_in", Move.CHECK_IN, _("Check in")),
    ("ready", Move.MAKE_READY, _("Ready")),
    ("start", Move.START, _("Start")),
    ("hold", Move.HOLD, _("Hold")),
    ("resume", Move.RESUME, _("Resume")),
    ("stop", Move.STOP, _("Stop")),
    ("abort", Move.ABORT, _("Stop for safety")),
    ("discharge", Move.DISCHARGE, _("Discharge")),
    ("transfer", Move.TRANSFER, _("Hand over to emergency care")),
)


def deeds(session: TreatmentSession) -> list[dict[str, Any]]:
    """The moves open to this session now, with their addresses."""
    at_once = queries.is_at_once(session)
    open_now = set(rules.allowed(session.state)) - ({Move.HOLD} if at_once else set())
    found = [
        {"name": name, "label": str(_("Give no more") if at_once and move is Move.STOP else label), "allowed": True,
         "why": "", **_way(session, name)}
        for name, move, label in _DEEDS
        if move in open_now
    ]  # fmt: skip
    if session.state == rules.State.DOSING.value and session.order:
        if not at_once:
            url = reverse("session:rate", args=[session.uid])
            found.append({"name": "rate", "label": str(_("Change rate")), "url": url, "allowed": True, "why": ""})
        elif (give := giving.give_deed(session)) is not None:
            found.append(give)
    if session.order and session.state in {s.value for s in (*rules.DRUG_RUNNING, rules.State.RECOVERING)}:
        page = reverse("monitoring:what_if", args=[session.uid])
        found.append(
            {"name": "what_if", "label": str(_("What if")), "href": page, "url": page, "allowed": True, "why": ""}
        )
    return found


_ON_A_PAGE = {
    "check_in": "session:page",
    "ready": "session:page",
    "start": "session:page",
    "discharge": "recovery:page",
}


def _way(session: TreatmentSession, name: str) -> dict[str, str]:
    """Where a deed is done: at once from this screen, or on the page that shows what it needs."""
    if name in _ON_A_PAGE:
        page = reverse(_ON_A_PAGE[name], args=[session.uid])
        return {"href": page, "url": page}
    return {"url": reverse(f"session:{name}", args=[session.uid])}


def header(session: TreatmentSession, now: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    """Session and patient as the top of the screen shows them."""
    patient, weight = session.patient, queries.checks(session, "weight")
    newest = weight[-1] if weight else None
    order = session.order
    kg = newest.value.get("kg") if newest else (float(order.weight_kg) if order and order.weight_kg else None)
    on = newest.happened_at.date() if newest else (order.weighed_on if order else None)
    shown = {
        "uid": str(session.uid), "state": session.state, "chair": session.chair.name if session.chair else "",
        "drill": session.drill, "simulated": patient.simulated, "route": order.route if order else "",
        "number": session.number,
    }  # fmt: skip
    person = {
        "name": patient.name, "preferred_name": patient.called, "pronouns": patient.pronouns,
        "age_y": patient.age_y(now.date()), "weight_kg": kg, "weighed_on": on.isoformat() if on else None,
        "allergies": list(patient.allergies) if patient.allergies_asked or patient.allergies else None,
        "comfort_card": patient.comfort_card,
    }  # fmt: skip
    return shown, person
