"""What every page of a session shows: who it is, the steps of the way, the drug, and findings with what may be done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, Form, form
from stillhaven.clinic.plan import forms as orders
from stillhaven.clinic.session import queries
from stillhaven.clinic.session.models import Check, TreatmentSession
from stillhaven.reference.load import Reference
from stillhaven.science.dosing import Running, running
from stillhaven.science.findings import Finding, Verdict, Weight
from stillhaven.science.limits import plain
from stillhaven.science.session import State
from stillhaven.science.start import ONLY_AT_START

__all__ = ["ONLY_AT_START", "Shown", "drug_of", "frame", "sorted_findings", "title_of"]

_ROUTES = {
    "iv_infusion": gettext_lazy("into a vein"),
    "iv_bolus": gettext_lazy("into a vein, bolus"),
    "im": gettext_lazy("into a muscle"),
    "intranasal": gettext_lazy("by the nose"),
    "oral": gettext_lazy("by mouth"),
    "sublingual": gettext_lazy("under the tongue"),
}
_DRUGS = {
    "ketamine": gettext_lazy("Ketamine"),
    "s_ketamine": gettext_lazy("S-ketamine"),
    "esketamine": gettext_lazy("Esketamine"),
}
_STEPS = (
    ("checked_in", gettext_lazy("Check-in")),
    ("ready", gettext_lazy("Ready")),
    ("dosing", gettext_lazy("Dosing")),
    ("recovering", gettext_lazy("Recovery")),
    ("discharged", gettext_lazy("Home")),
    ("signed", gettext_lazy("Signed")),
)
_DONE = {
    "booked": 0,
    "checked_in": 1,
    "ready": 2,
    "dosing": 2,
    "held": 2,
    "recovering": 3,
    "discharged": 5,
    "transferred": 5,
    "signed": 6,
}
STATES = {
    "booked": gettext_lazy("Booked"),
    "checked_in": gettext_lazy("Checked in"),
    "ready": gettext_lazy("Ready"),
    "dosing": gettext_lazy("Drug running"),
    "held": gettext_lazy("On hold"),
    "recovering": gettext_lazy("Recovering"),
    "discharged": gettext_lazy("Gone home"),
    "signed": gettext_lazy("Signed"),
    "missed": gettext_lazy("Did not come"),
    "cancelled": gettext_lazy("Cancelled"),
    "transferred": gettext_lazy("Handed over to emergency care"),
}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One finding with its source in words and, where this person may, the form that overrides it."""

    finding: dict[str, Any]
    look: str
    sign: str
    at_start: bool
    stops: bool
    override: Form | None = None


def state_words(state: str, *, at_once: bool = False) -> str:
    """A state as people say it."""
    return _("Being given") if at_once and state == State.DOSING.value else str(STATES.get(state, state))


def title_of(session: TreatmentSession) -> str:
    """ "Ketamine into a vein · 41 mg over 40 min", or that there is no order."""
    order = session.order
    if order is None:
        return _("No signed order yet")
    name = f"{_DRUGS.get(order.drug, order.drug)} {_ROUTES.get(order.route, order.route)} · {plain(float(order.dose_mg))} mg"
    if order.devices:
        return _("%(name)s in %(n)d devices") % {"name": name, "n": order.devices}
    if not order.duration_min:
        return name
    return _("%(name)s over %(min)s min") % {"name": name, "min": plain(float(order.duration_min))}


def frame(session: TreatmentSession, now: datetime, latest: Mapping[str, Check]) -> dict[str, Any]:
    """Person, state, steps and drug: the top of every page of this session."""
    return {
        "session": session,
        "person": person_of(session, now, latest.get("weight")),
        "steps": steps(session),
        "state_words": state_words(session.state, at_once=queries.is_at_once(session)),
        "drug_title": title_of(session),
        "order": session.order,
        "order_newer": queries.newer_order(session),
        "now": now,
    }


def person_of(session: TreatmentSession, now: datetime, weight: Check | None) -> dict[str, Any]:
    """The person header: never a weight without its day, never "no allergies" that nobody asked about."""
    patient, order = session.patient, session.order
    kg = weight.value["kg"] if weight else (float(order.weight_kg) if order and order.weight_kg else None)
    on = weight.happened_at.date() if weight else (order.weighed_on if order else None)
    return {
        "name": patient.name, "preferred_name": patient.called, "pronouns": patient.pronouns,
        "age_y": patient.age_y(now.date()), "weight_kg": plain(kg) if kg else None,
        "weighed_on": on.strftime("%-d %B") if on else None,
        "allergies": list(patient.allergies) if patient.allergies_asked or patient.allergies else None,
        "comfort_card": patient.comfort_card,
    }  # fmt: skip


def steps(session: TreatmentSession) -> list[dict[str, str]]:
    """The way, and where on it this session stands."""
    done = _DONE.get(session.state, 0)
    return [
        {"label": str(label), "look": "done" if n < done else "here" if n == done else "later"}
        for n, (_key, label) in enumerate(_STEPS)
    ]


def drug_of(session: TreatmentSession, now: datetime) -> Running:
    """What ran so far and what is to come, computed from the dose entries."""
    order = session.order
    return running(
        queries.dose_entries(queries.doses(session)), now, planned_mg=float(order.dose_mg) if order else None,
        weight_kg=float(order.weight_kg) if order and order.weight_kg else None,
    )  # fmt: skip


def sorted_findings(
    request: HttpRequest, session: TreatmentSession, found: Iterable[Finding], rules: Reference,
    action: str = "session.override", url: str = "",
) -> list[Shown]:  # fmt: skip
    """Every finding, what stands in the way first, what is met last."""
    to = url or reverse("session:override", args=[session.uid])
    may = roles.may(request.user, action)
    shown = [_shown(request, f, rules, to, may) for f in found]
    return sorted(shown, key=lambda s: _RANK[s.look] + (0.5 if s.look == "unknown" and not s.stops else 0.0))


_RANK = {"stops": 0.0, "unknown": 1.0, "caution": 2.0, "overridden": 3.0, "met": 4.0}
_SIGNS = {"stops": "✕", "unknown": "?", "caution": "!", "overridden": "↷", "met": "✓"}


def _shown(request: HttpRequest, finding: Finding, rules: Reference, url: str, may: bool) -> Shown:
    look = look_of(finding)
    override = None
    if may and finding.stops and finding.weight is Weight.OVERRIDE:
        override = form(
            request, f"override-{finding.rule}", url, _("Go on in spite of this, in my name"),
            Ask(name="reason", label=_("Why is it right for this person today?"), kind="long"),
            hidden={"rule": finding.rule, "against": finding.because}, look="button-firm",
        )  # fmt: skip
    return Shown(
        finding=in_words(finding, rules), look=look, sign=_SIGNS[look], at_start=finding.rule in ONLY_AT_START,
        stops=finding.stops, override=override,
    )  # fmt: skip


def in_words(finding: Finding, rules: Reference) -> dict[str, Any]:
    """A finding as a person reads it: sentences, roles and sources in words."""
    return finding.as_dict() | {
        "source": cited(finding.source, rules),
        "to_do": sentence(finding.to_do),
        "because": sentence(finding.because).rstrip("."),
        "overridable_by": [r.replace("_", " ") for r in finding.overridable_by],
    }


def cited(key: str, rules: Reference) -> str:
    """A source in few words; the whole citation stands in the reference pages."""
    return {"order": _("this order"), "policy": _("clinic policy")}.get(key) or orders.cited(key, rules)


def sentence(words: str) -> str:
    """What to do, as a sentence."""
    return f"{words[:1].upper()}{words[1:]}." if words and words[-1] not in ".!?" else words


def look_of(finding: Finding) -> str:
    """How one finding looks: the same words as the shared component uses."""
    if finding.overridden:
        return "overridden"
    if finding.verdict is Verdict.MET:
        return "met"
    if finding.verdict is Verdict.UNKNOWN:
        return "unknown"
    return "caution" if finding.weight is Weight.CAUTION else "stops"


def is_over(session: TreatmentSession) -> bool:
    """Has the person left, or never come?"""
    return session.state in {
        s.value for s in (State.DISCHARGED, State.SIGNED, State.MISSED, State.CANCELLED, State.TRANSFERRED)
    }
