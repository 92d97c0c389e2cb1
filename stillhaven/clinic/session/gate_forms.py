"""The dose gate as a person may see it: their own empty form, who has entered, and numbers only when both are in.

The first person's numbers and the order's own results are never put into a page while anybody still types.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, Form, form
from stillhaven.clinic.plan.models import Order
from stillhaven.clinic.plan.recipe import recipe_of
from stillhaven.clinic.session import gate_facts as facts
from stillhaven.clinic.session import gate_vial
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.science import gate as science
from stillhaven.science.errors import BadInput
from stillhaven.science.limits import plain
from stillhaven.science.plan import ADDED_TO, MADE_UP_TO
from stillhaven.science.protocol import Drug

_BASES = {
    "actual": gettext_lazy("weight as measured"),
    "ideal": gettext_lazy("ideal weight"),
    "adjusted": gettext_lazy("adjusted weight"),
}
_WHERE = {
    "weight_kg": gettext_lazy("Read it off the scale's record. The order's weight counts until the order is changed."),
    "product_mg_per_ml": gettext_lazy("Read it off the label in your hand."),
    "dose_mg": gettext_lazy("Work it out yourself from dose and weight."),
    "draw_ml": gettext_lazy("mg divided by the strength on the label."),
    "final_ml": gettext_lazy("What runs in, in all."),
    "minutes": gettext_lazy("As the pump is set."),
    "units": gettext_lazy("Count them in your hand."),
}


def summary(session: TreatmentSession) -> dict[str, Any]:
    """The gate in a few words for the pre-flight list: no number of anybody's."""
    gate = facts.gate_of(session)
    last, passed = gate.last, gate.passed
    if passed is not None and passed.kind == facts.AGREED:
        look, said = (
            "done",
            _("%(first)s and %(second)s agree with the order")
            % {
                "first": passed.first_by,
                "second": passed.second_by,
            },
        )
    elif passed is not None:
        look, said = "over", _("Overridden by %(who)s: %(why)s") % {"who": passed.by_name, "why": passed.reason}
    elif gate.waiting:
        look, said = (
            "wait",
            _("%(who)s has entered. A different person enters next.") % {"who": gate.waiting[0].by_name},
        )
    elif last is not None and gate.order is not None and last.order_uid == gate.order.uid:
        look, said = (
            "stop",
            _("Attempt %(n)d: the numbers differ. Both enter again, or the order is changed.") % {"n": last.attempt},
        )
    elif last is not None:
        look, said = "wait", _("The order has changed since: both enter again.")
    else:
        look, said = "wait", _("Nobody has entered yet.")
    return {
        "look": look,
        "said": said,
        "url": reverse("session:gate", args=[session.uid]),
        "passed": passed is not None,
    }


def words_of_order(order: Order) -> list[tuple[str, str]]:
    """The order before anybody computes: what is ordered, never what comes out of it."""
    recipe, drug = recipe_of(order), _drug_words(order.drug)
    dose = f"{plain(float(recipe.dose))} {recipe.dose_unit}"
    if recipe.per_kg:
        on = _(" of %(day)s") % {"day": f"{order.weighed_on:%-d %B %Y}"} if order.weighed_on else ""
        dose += _(", by the %(basis)s") % {"basis": _BASES.get(order.weight_basis, order.weight_basis)} + on
    found = [(_("Drug"), drug), (_("Dose"), dose)]
    if recipe.unit_mg is not None:
        each = _("devices of %(mg)s mg") if order.devices else _("units of %(mg)s mg")
        found.append((_("In"), each % {"mg": plain(float(recipe.unit_mg))}))
    if recipe.steps:
        bag = {MADE_UP_TO: _("made up to"), ADDED_TO: _("added to")}.get(recipe.bag, _("undiluted"))
        fluid = order.worked.get("diluent") or _("diluent")
        text = f"{bag} {plain(float(recipe.bag_ml))} mL {fluid}" if recipe.bag_ml is not None else bag
        found.append((_("Prepared"), text))
        minutes = [plain(float(s.minutes)) for s in recipe.steps]
        shares = [plain(float(s.rate_pct)) for s in recipe.steps]
        over = _("%(m)s min") % {"m": minutes[0]} if len(minutes) == 1 else "; ".join(
            _("%(m)s min at %(p)s %%") % {"m": m, "p": p} for m, p in zip(minutes, shares, strict=True)
        )  # fmt: skip
        found.append((_("Over"), over))
    found.append((_("Signed"), f"{order.by_name}, {order.happened_at:%-d %B}"))
    return found


def title_before(session: TreatmentSession) -> str:
    """The head of the page without the order's milligrams."""
    order = session.order
    return f"{_drug_words(order.drug)[:1].upper()}{_drug_words(order.drug)[1:]}" if order else _("No signed order yet")


def _drug_words(key: str) -> str:
    try:
        return Drug(key).label
    except ValueError:
        return key.replace("_", " ")


def entry_form(request: HttpRequest, session: TreatmentSession, gate: facts.Gate) -> Form:
    """An empty entry for this order's route."""
    order = gate.order
    assert order is not None
    recipe = recipe_of(order)
    asks = [Ask(name="drug", label=_("Which drug does the label name?"), kind="choice",
                options=tuple((d.value, d.label) for d in Drug))]  # fmt: skip
    for a in science.asked(recipe):
        step = 1.0 if a.decimals == 0 or a.key in ("minutes", "product_mg_per_ml") else 10.0**-a.decimals
        asks.append(
            Ask(
                name=a.key,
                label=a.label,
                kind="stepper",
                unit=a.unit,
                step=step,
                low=0.0,
                help=str(_WHERE.get(a.key, "")),
            )
        )
    lots = _("Lot of each device, with commas between") if order.devices else _("Lot on the label")
    asks.append(
        Ask(
            name="lots",
            label=lots,
            help="" if order.devices else _("May be left empty where it is scanned from stock."),
        )
    )
    return form(
        request, "gate", reverse("session:gate_enter", args=[session.uid]), _("Enter what I read"), *asks,
        about=_("Read scale, label and pump yourself. Nobody sees your numbers until both have entered."),
    )  # fmt: skip


def page(request: HttpRequest, session: TreatmentSession) -> dict[str, Any]:
    """Everything the gate's page shows to this person."""
    user: Any = request.user
    gate = facts.gate_of(session)
    mine = next((e for e in gate.waiting if e.by_id == user.pk), None)
    trouble = ""
    shown: dict[str, Any] = {"gate": summary(session), "attempt": gate.attempt, "mine": mine, "waiting": gate.waiting}
    if gate.order is not None:
        shown["recipe"] = words_of_order(gate.order)
        try:
            science.ordered(recipe_of(gate.order))
        except BadInput as error:
            trouble = error.why
    before = session.state in ("checked_in", "ready")
    may = roles.may(user, "gate.enter")
    open_ = before and gate.passed is None and gate.order is not None and not gate.order.retracted and not trouble
    shown |= {"trouble": trouble, "open": open_, "may": may, "before": before}
    if open_ and may and mine is None:
        shown["entry"] = entry_form(request, session, gate)
    if open_ and mine is not None:
        shown["back"] = form(
            request, "gate-back", reverse("session:gate_take_back", args=[session.uid]), _("Take my entry back"),
            Ask(name="reason", label=_("Why?"), help=_("Your first entry stays in the record as taken back.")), look="",
        )  # fmt: skip
    if open_ and roles.may(user, "gate.override"):
        shown["may_override"] = facts.may_be_overridden(session.site_id)
        shown["override"] = form(
            request, "gate-override", reverse("session:gate_override", args=[session.uid]),
            _("Start without agreement, in my name"),
            Ask(name="reason", label=_("Why is it right for this person today?"), kind="long"), look="button-firm",
        )  # fmt: skip
    # Numbers of attempts that are over: both were in, so everybody may see them.
    shown["results"] = [
        {"r": r, "words": facts.words_of(r), "old": gate.order is None or r.order_uid != gate.order.uid}
        for r in reversed(gate.results)
    ]
    drawn = gate_vial.drawn_for(session)
    shown["vials"] = drawn.codes if drawn else ()  # names only: strength and lot are read off the label
    return shown
