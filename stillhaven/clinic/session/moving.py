"""Which moves are open to this session, each as a form that repeats the numbers it stands for."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, Form, form
from stillhaven.clinic.session import giving, queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.science import session as rules_of_state
from stillhaven.science.limits import plain
from stillhaven.science.session import Move, State


def moves(request: HttpRequest, session: TreatmentSession) -> dict[str, Form]:
    """The moves open to this session, by name, each repeating the numbers it stands for."""
    made: dict[str, Form] = {}
    for move in rules_of_state.allowed(session.state):
        if move not in _NAMES or (move is Move.HOLD and queries.is_at_once(session)):
            continue  # a dose that goes in at once is not held: the next part waits
        action, send, look, asks = _asks(session, move)
        if roles.may(request.user, action):
            name = _NAMES[move]
            made[name] = form(request, name, reverse(f"session:{name}", args=[session.uid]), send, *asks, look=look)
    if "start" in made:
        made["start"] = _start(request, session)
    if session.state == State.DOSING.value and roles.may(request.user, "session.dose"):
        made |= _while_running(request, session)
    return made


def _why() -> Ask:
    return Ask(name="reason", label=_("Why?"))


def _asks(session: TreatmentSession, move: Move) -> tuple[str, str, str, tuple[Ask, ...]]:
    """Action, words of the button, its look, and what this move asks."""
    at_once = queries.is_at_once(session)
    done = Ask(name="reason", label=_("Why?"), value="" if at_once else _("dose complete"))
    pump = Ask(name="pump_volume_ml", label=_("The pump shows, given"), kind="number", unit="mL")
    return {
        Move.CHECK_IN: ("session.check_in", _("The person is here: check in"), "button-next", ()),
        Move.MAKE_READY: ("session.ready", _("Yes, everything is asked: ready"), "button-next", ()),
        Move.START: ("session.start", _("Start"), "button-firm", ()),
        Move.HOLD: ("session.hold", _("Hold the drug"), "btn-hold", (_why(),)),
        Move.RESUME: ("session.hold", _("Yes, run the drug again"), "button-next", ()),
        Move.STOP: (
            "session.stop", _("Yes, no more is given") if at_once else _("Yes, the drug ends now"), "button-firm",
            (done,) if at_once else (done, pump),
        ),
        Move.ABORT: ("session.stop", _("Stop now, for safety"), "button-firm", (_why(),)),
        Move.TRANSFER: ("session.transfer", _("Yes, handed over to emergency care"), "button-firm", (_why(),)),
        Move.CANCEL: ("session.cancel", _("Cancel this session"), "", (_why(),)),
        Move.MISS: ("session.cancel", _("The person did not come"), "", (_why(),)),
    }[move]  # fmt: skip


_NAMES = {
    Move.CHECK_IN: "check_in", Move.MAKE_READY: "ready", Move.START: "start", Move.HOLD: "hold", Move.RESUME: "resume",
    Move.STOP: "stop", Move.ABORT: "abort", Move.TRANSFER: "transfer", Move.CANCEL: "cancel", Move.MISS: "miss",
}  # fmt: skip


def _start(request: HttpRequest, session: TreatmentSession) -> Form:
    """Start an infusion, repeating its numbers; or the first part of a dose that is given at once."""
    parts = giving.giving_of(session)
    if parts is not None:
        return giving.start_form(request, session, parts)
    order = session.order
    words = _("the drug")
    if order is not None and order.duration_min:
        numbers = {"mg": plain(float(order.dose_mg)), "min": plain(float(order.duration_min))}
        words = _("%(mg)s mg over %(min)s min") % numbers
    return form(
        request, "start", reverse("session:start", args=[session.uid]), _("Yes, start %(what)s") % {"what": words},
        Ask(name="lot", label=_("Lot of the vial")), look="button-firm",
    )  # fmt: skip


def _while_running(request: HttpRequest, session: TreatmentSession) -> dict[str, Form]:
    order = session.order
    if order is None:
        return {}
    if order.route == "iv_infusion":
        ask = Ask(name="rate_mg_per_h", label=_("New rate"), kind="number", unit="mg/h")
        url = reverse("session:rate", args=[session.uid])
        return {"rate": form(request, "rate", url, _("Change the rate"), ask, _why())}
    parts = giving.giving_of(session)
    give = giving.give_form(request, session, parts) if parts is not None else None
    return {"give": give} if give is not None else {}
