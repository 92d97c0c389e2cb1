"""What a session and the safe say to each other: drawn before the start, given at the end, settled before the signature.

A site that keeps no stock here is asked nothing; a drill draws nothing.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from stillhaven.clinic.people import roles, witness
from stillhaven.clinic.people.asking import Ask, Form, form
from stillhaven.clinic.people.models import User
from stillhaven.clinic.session import queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.stock import actions as stock
from stillhaven.clinic.stock import queries as safe
from stillhaven.clinic.stock.forms import line_row, waste_asks
from stillhaven.clinic.stock.models import Vial
from stillhaven.science import stock as rules
from stillhaven.science.dosing import running
from stillhaven.science.findings import Finding
from stillhaven.science.session import State

_DRAWS = {s.value for s in (State.CHECKED_IN, State.READY, State.DOSING, State.HELD)}


def given_mg(session: TreatmentSession, at: datetime) -> Decimal | None:
    """What the dose entries compute so far; nothing where no dose was given, None where nobody can know."""
    doses = queries.doses(session)
    if not doses:
        return rules.NONE
    mg = running(queries.dose_entries(doses), at).given_mg
    return None if mg is None else rules.rounded_mg(mg)


def start_finding(session: TreatmentSession) -> Finding:
    """Is the vial drawn and witnessed?"""
    order = session.order
    return safe.start_finding(
        session.site_id, session.uid, drug=order.drug if order else "",
        dose_mg=rules.rounded_mg(order.dose_mg) if order else None, drill=session.drill,
    )  # fmt: skip


def findings(session: TreatmentSession, at: datetime) -> list[Finding]:
    """Do the session's vials balance with the dose that its entries compute?"""
    if session.drill:
        return [rules.no_stock_here(drill=True)]
    started = queries.moment_of(session, "start")
    return safe.session_findings(session.uid, given_mg(session, at), site=session.site_id, started_at=started)


def book_given(session: TreatmentSession, *, by: User, at: datetime) -> None:
    """The dose has ended: the ledger takes what it computes, in the same transaction."""
    if not session.drill:
        stock.book_given(session.site_id, session.uid, given_mg(session, at), by=by, at=at)


def panel(request: HttpRequest, session: TreatmentSession, now: datetime) -> dict[str, Any] | None:
    """The vials of this session: what was drawn, what became of it, and the forms for both."""
    order = session.order
    if order is None or session.drill or not safe.keeps_stock(session.site_id):
        return None
    lines, use = safe.session_lines(session.uid), safe.session_use(session.uid)
    ended = session.state not in _DRAWS and session.state != State.BOOKED.value
    if session.state == State.BOOKED.value:
        return None
    told = findings(session, now) if ended and lines else []
    all_out = bool(order.devices) and use.drawn >= rules.rounded_mg(order.dose_mg)
    draw = session.state in _DRAWS and not all_out and roles.may(request.user, "stock.draw")
    mend = bool(use.open) or any(f.stops for f in told)
    may_settle = bool(lines) and mend and roles.may(request.user, "stock.waste")
    return {
        "lines": [line_row(line) for line in lines], "use": use, "ended": ended, "findings": told,
        "opens": roles.may(request.user, "stock.view"),
        "ordered": _ordered(session), "devices": order.devices,
        "draw": _draw(request, session, now) if draw else None,
        "settle": _settle(request, session, now) if may_settle and session.state not in ("dosing", "held") else None,
    }  # fmt: skip


def _ordered(session: TreatmentSession) -> str:
    order = session.order
    if order is None:
        return ""
    words = {"ketamine": _("racemic ketamine"), "s_ketamine": _("S-ketamine")}
    dose = f"{order.dose_mg.normalize():f} mg {words.get(order.drug, order.drug)}"
    return dose + _(" in %(n)d devices") % {"n": order.devices} if order.devices else dose


def _draw(request: HttpRequest, session: TreatmentSession, now: datetime) -> Form:
    order = session.order
    assert order is not None
    vials = safe.drawable(session.site, order.drug, now)
    options = [("", _("Choose, or scan below"))]
    options += [(str(v.uid), _vial_words(v)) for v in vials]
    what = _("Device") if order.devices else _("Vial")
    asks = [
        Ask(name="vial", label=what, kind="select", options=tuple(options)),
        Ask(name="scan", label=_("Or its code, as scanned"), help=_("The number on the label, such as K50-0007.")),
    ]
    if not order.devices:  # a device is taken whole: there is nothing to measure out
        final = f"{order.volume_ml.normalize():f}" if order.volume_ml else ""
        asks += [
            Ask(name="volume_ml", label=_("Drawn"), kind="number", unit="mL"),
            Ask(name="mg", label=_("That is"), kind="number", unit="mg",
                help=_("Work it out yourself: both must say the same.")),
            Ask(name="diluent", label=_("Diluted with"), value="0.9 % saline" if final else ""),
            Ask(name="final_ml", label=_("Made up to"), kind="number", unit="mL", value=final),
        ]  # fmt: skip
    asks += witness.asks(request, "stock.witness")
    about = _("Ordered: %(dose)s. Opened vials stand first, then those that expire first.")
    if order.devices:
        about = _("Ordered: %(dose)s. One device at a time, each whole; those that expire first stand first.")
    return form(
        request, "draw", reverse("session:draw", args=[session.uid]),
        _("Taken out, and seen by both") if order.devices else _("Drawn up, and seen by both"), *asks,
        about=about % {"dose": _ordered(session)},
        anchor="h-vials",
    )  # fmt: skip


def _vial_words(v: Vial) -> str:
    words = _("%(code)s · %(strength)s · lot %(lot)s · exp %(on)s · holds %(mg)s mg / %(ml)s mL · %(place)s")
    return words % {
        "code": v.code, "strength": v.strength, "lot": v.lot, "on": f"{v.expires:%Y-%m-%d}", "mg": v.mg,
        "ml": f"{v.ml.normalize():f}", "place": v.place,
    }  # fmt: skip


def _settle(request: HttpRequest, session: TreatmentSession, now: datetime) -> Form:
    """What is left after the computed dose, to be wasted before a witness."""
    use, given = safe.session_use(session.uid), given_mg(session, now)
    booked = use.given if given is None else rules.bookable(use, given, safe.slack_mg(session.uid))
    left = max(rules.NONE, use.drawn - booked - use.wasted - use.returned)
    vials = safe.open_of_session(session.uid) or safe.given_of_session(session.uid)
    order = session.order
    diluted = order is not None and order.route == "iv_infusion" and order.concentration_mg_per_ml and booked > 0
    strength = (
        order.concentration_mg_per_ml if order and diluted else (vials[0][0].concentration_mg_per_ml if vials else None)
    )
    ml = f"{(left / strength).quantize(Decimal('0.01')):f}" if strength and left else ""
    asks = waste_asks(left, ml) + witness.asks(request, "stock.witness")
    about = _("%(drawn)s mg drawn, %(given)s mg given by the dose entries: %(left)s mg is left.") % {
        "drawn": use.drawn, "given": booked, "left": left,
    }  # fmt: skip
    return form(request, "settle", reverse("session:settle", args=[session.uid]), _("Wasted, and seen by both"), *asks,
                about=about, anchor="h-vials")  # fmt: skip
