"""What could be done with the drug from now on, what was asked of it, and does order and protocol allow it?

Only changes that the order's route knows are offered.  What cannot be read is said beside its field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from stillhaven.clinic.monitoring import prediction
from stillhaven.clinic.monitoring.prediction import Change, Given
from stillhaven.clinic.record import policy
from stillhaven.clinic.session import facts, queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.science.dose_entries import Phase
from stillhaven.science.dosing import Running
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import Finding
from stillhaven.science.limits import judge, plain
from stillhaven.science.observation import device_finding
from stillhaven.science.protocol import Drug, Route
from stillhaven.science.units import parse_number
from stillhaven.science.what_if import what_if_findings

_ROOM = 1e-6  # mg: rounding of what the order has left


@dataclass
class Asked:
    """What was typed, what could be read of it, and what could not."""

    typed: Mapping[str, str]
    change: Change | None = None
    level: float | None = None
    why: dict[str, str] = field(default_factory=dict)

    def number(self, name: str, most: float | None = None, *, zero: bool = False) -> float | None:
        """A typed number over 0, or at least 0; None with its reason kept where it is none."""
        try:
            value = parse_number(self.typed.get(name, ""), name)
        except BadInput as error:
            self.why[name] = error.why
            return None
        if value < 0 or (value == 0 and not zero):
            self.why[name] = _("must not be under 0") if zero else _("must be over 0")
        elif most is not None and value > most:
            self.why[name] = _("must be %(most)s at most: the drawing ends there") % {"most": plain(most)}
        return None if name in self.why else value


@dataclass(frozen=True, kw_only=True)
class Devices:
    """The devices of an order by the nose: of how many mg, how many are left, how long to rest between them."""

    mg: float
    left: int
    rest_min: float | None
    used: tuple[datetime, ...]


def devices(session: TreatmentSession, now: datetime) -> Devices | None:
    """None where the order is not given in devices."""
    order = session.order
    if order is None or not order.devices or order.route != Route.INTRANASAL:
        return None
    used = tuple(d.happened_at for d in queries.doses(session) if d.kind == "device" and d.happened_at <= now)
    try:
        rest = policy.rules(session.site_id).recovery.rules_for(Drug(order.drug), Route(order.route)).observation
        spacing = rest.device_spacing.value if rest.device_spacing else None
    except (BadInput, ValueError):
        spacing = None
    left = max(0, order.devices - len(used))
    return Devices(mg=float(order.dose_mg) / order.devices, left=left, rest_min=spacing, used=used)


def runs(session: TreatmentSession, seen: Running) -> bool:
    """Is there still something to change?"""
    return seen.phase in (Phase.DOSING, Phase.HELD) and session.state in ("dosing", "held")


def kinds_now(session: TreatmentSession, seen: Running) -> list[tuple[str, str]]:
    """What could be done now: only what the order's route knows, and only while the drug runs or is held."""
    order = session.order
    if order is None or not runs(session, seen):
        return []
    if order.route == "iv_infusion":
        held = seen.phase is Phase.HELD
        return [
            ("rate", _("Go on at this rate") if held else _("Another rate")),
            ("hold", _("Hold for longer, then go on") if held else _("Hold, then go on")),
            ("stop", _("End it here") if held else _("Stop now")),
        ]
    if order.route == "iv_bolus":
        return [("bolus", _("One more bolus"))]
    if order.devices and order.route == "intranasal":
        return [("device", _("More devices"))]
    return [("part", _("One more part of the dose"))]


def rate_now(session: TreatmentSession, seen: Running) -> float:
    """The rate that runs, or that ran before the hold."""
    return seen.rate_mg_per_h or facts.rate_before_hold(session)


def left_mg(session: TreatmentSession, given: Given) -> float:
    """What the order has left to give."""
    dose = float(session.order.dose_mg) if session.order else 0.0
    return dose - given.regimen.given_mg(given.now_min)


# ---------------------------------------------------------------- what was asked
def read(asked: Asked, session: TreatmentSession, seen: Running, given: Given, device: Devices | None) -> None:
    """The form as numbers; what cannot be read is said beside its field, and all that was typed is kept."""
    typed, ahead = asked.typed, prediction.AHEAD.total_seconds() / 60.0
    if typed.get("level", "").strip():
        asked.level = asked.number("level")
    kind = typed.get("change", "")
    if kind == "rate":
        asked.change = Change(kind="rate", rate_mg_per_h=_rate(asked, seen))
    elif kind == "hold":
        asked.change = Change(kind="hold", hold_min=asked.number("hold_min", ahead))
    elif kind in ("bolus", "part"):
        wait = asked.number("wait_min", ahead, zero=True) if typed.get("wait_min", "").strip() else 0.0
        mg = asked.number("amount_mg")
        asked.change = Change(kind=kind, amount_mg=mg, at_min=(given.now_min + (wait or 0.0),))
    elif kind == "device":
        asked.change = _devices(asked, given, device, ahead)
    elif kind == "stop":
        asked.change = Change(kind="stop")
    elif kind:
        asked.why["change"] = _("choose one of these")


def _rate(asked: Asked, seen: Running) -> float | None:
    """mg/h, from whichever unit was typed."""
    rate, unit = asked.number("rate"), asked.typed.get("unit", "mg/h")
    if unit == "mL/h" and rate is not None:
        strength = seen.concentration_mg_per_ml
        if strength is None:
            asked.why["rate"] = _("the concentration is not known: write the rate in mg/h")
        return rate * (strength or 0.0)
    if unit not in ("mg/h", "mL/h"):
        asked.why["rate"] = _("write mg/h or mL/h")
    return rate


def _devices(asked: Asked, given: Given, device: Devices | None, ahead: float) -> Change:
    """So many devices, each so long after the one before; the next one as soon as that has passed."""
    if device is None:
        asked.why["change"] = _("this order is not given in devices")
        return Change(kind="device")
    count = asked.number("devices")
    if count is not None and (count != int(count) or count > max(1, device.left)):
        asked.why["devices"] = _("must be a whole number, %(n)s at most: the order has no more") % {"n": device.left}
    every = asked.number("every_min", ahead)
    if count is None or every is None or asked.why:
        return Change(kind="device")
    last = max((at - given.zero).total_seconds() / 60.0 for at in device.used) if device.used else -every
    first = max(given.now_min, last + every)
    return Change(kind="device", amount_mg=device.mg, at_min=tuple(first + n * every for n in range(int(count))))


# ---------------------------------------------------------------- may it be drawn?
def refusals(session: TreatmentSession, seen: Running, given: Given, change: Change, now: datetime) -> list[Finding]:
    """What the order or its protocol does not allow of this change.  Unknown stops it like a no."""
    order, left = session.order, left_mg(session, given)
    if order is None or not runs(session, seen):
        words = _("the drug is not running: nothing of this order can be changed any more")
        return [judge("drug_running", False, no=words)]
    if not change.is_amount and order.route != "iv_infusion":
        return [judge("order_allows", False, no=_("this order has no infusion whose rate could be changed"))]
    if change.kind == "part" and (order.devices or order.route.startswith("iv")):
        return [judge("order_allows", False, no=_("this order is not given in parts"))]
    found: list[Finding] = []
    rate = change.rate_mg_per_h if change.kind == "rate" else None
    try:
        if change.kind == "device":
            found += _rest(session, given, change, now)
            if change.extra_mg > left + _ROOM:
                found.append(judge("order_allows", False, no=_("the order has no device left")))
        elif change.is_amount:
            kind = "bolus" if change.kind == "bolus" else "divided"
            facts.refuse_amount(session, kind, change.amount_mg or 0.0, now)
        elif change.kind in ("rate", "hold"):
            rate = rate if rate is not None else rate_now(session, seen)
            facts.refuse_rate(session, rate, now)
            if left <= 0:
                found.append(judge("order_allows", False, no=_("the order has nothing left to give")))
    except (Refused, BadInput) as error:
        found.append(judge("order_allows", False, no=error.why))
    if change.kind == "stop":
        return found
    total = given.regimen.given_mg(given.now_min)
    total = given.regimen.total_mg + change.extra_mg if change.is_amount else total + max(0.0, left)
    return found + _limits(session, total, rate)


def _rest(session: TreatmentSession, given: Given, change: Change, now: datetime) -> list[Finding]:
    """Is there rest enough between these devices?  The first that is too soon says so."""
    order, device = session.order, devices(session, now)
    if order is None or device is None:
        return [judge("order_allows", False, no=_("this order is not given in devices"))]
    rules = policy.rules(session.site_id).recovery.rules_for(Drug(order.drug), Route(order.route)).observation
    used = list(device.used)
    for minute in change.at_min:
        spacing = device_finding(used, given.moment(minute), rules)
        if spacing.stops:
            return [spacing]
        used.append(given.moment(minute))
    return []


def _limits(session: TreatmentSession, total_mg: float, rate_mg_per_h: float | None) -> list[Finding]:
    """The limits of dose and rate under which the order was signed."""
    order: Any = session.order
    weight = float(order.weight_kg) if order.weight_kg else None
    try:
        rules = policy.rules(session.site_id).plan_rules(order.protocol, Route(order.route))
    except (BadInput, ValueError) as error:
        words = _("the limits of this order's protocol cannot be read: %(why)s") % {"why": error}
        return [judge("protocol_limits", None, unknown=words)]
    limits = what_if_findings(rules, total_mg=total_mg, weight_kg=weight, rate_mg_per_h=rate_mg_per_h)
    return [f for f in limits if f.stops]
