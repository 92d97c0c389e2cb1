"""Which alarm limits hold in this session, who set them, and what did they hold before?  Prescribers change them here.

The page works without a script; the change goes through `monitoring.writes.limit` and is announced on every screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from stillhaven.clinic.monitoring import gather
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask, Form, form
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.plan.forms import cited
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.session import page_parts, queries
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.session.views import opened
from stillhaven.reference.load import Reference
from stillhaven.science.alarms import AlarmPlan
from stillhaven.science.alarms.conditions import AlarmCondition, Tier
from stillhaven.science.alarms.plan import LimitSetting
from stillhaven.science.limits import plain


@dataclass(frozen=True, kw_only=True)
class Held:
    """One limit: what holds, by whom, what held before, what sources say, and the form that changes it."""

    key: str
    title: str
    signal: str
    unit: str
    step: str
    above: bool
    value: str
    set_by: str
    set_at: datetime | None
    source: str
    because: str
    earlier: tuple[dict[str, Any], ...]
    cited: tuple[str, ...]
    form: Form | None


@require_GET
@staff_required
def page(request: HttpRequest, uid: str) -> HttpResponse:
    """The limits of one session."""
    session = queries.session_or_404(request.user, uid)
    roles.require(request.user, "session.view")
    opened(request, session, "alarm limits")
    now, rules = clock.now(), policy.rules(session.site_id)
    may = roles.may(request.user, "session.limits") and not page_parts.is_over(session)
    shown: dict[str, Any] = page_parts.frame(session, now, queries.latest_checks(session))
    shown |= {
        "limits": held(request, session, rules, now, may=may), "may": may, "over": page_parts.is_over(session),
        "role_may": roles.may(request.user, "session.limits"),
    }  # fmt: skip
    return render(request, "monitoring/limits.html", shown)


def held(
    request: HttpRequest, session: TreatmentSession, rules: Reference, now: datetime, *, may: bool
) -> list[Held]:  # fmt: skip
    """Every limit that a condition of this session takes, set or not, in the order of the conditions."""
    plan = gather.plan_of(session)
    found = []
    for condition in plan.conditions:
        if not condition.has_limits or condition.technical or condition.comparison is None:
            continue
        for tier in condition.tiers:
            found += [
                _held(request, session, plan, condition, tier, signal, rules, now, may)
                for signal in condition.signals
                if signal in rules.signals
            ]
    return found


def _held(
    request: HttpRequest, session: TreatmentSession, plan: AlarmPlan, condition: AlarmCondition, tier: Tier, name: str,
    rules: Reference, now: datetime, may: bool,
) -> Held:  # fmt: skip
    signal = rules.signals[name]
    settings = plan.history(condition, name, tier.key)
    current = plan.in_force(condition.key, name, tier.key, now)
    is_set = current is not None and current.value is not None
    key = f"limit-{condition.key}-{name}-{tier.key}"
    change = form(
        request, key, reverse("monitoring:limit", args=[session.uid]), _("Change this limit"),
        Ask(name="value", label=_("New limit"), kind="number", unit=signal.unit),
        Ask(name="reason", label=_("Why?")),
        *((Ask(name="remove", label=_("No limit at all in this session"), kind="tick"),) if is_set else ()),
        hidden={"condition": condition.key, "signal": name, "tier": tier.key}, look="button-firm", anchor=f"l-{key}",
    ) if may else None  # fmt: skip
    return Held(
        key=key, title=condition.title, signal=signal.name, unit=signal.unit,
        step={"warn": _("warn"), "act": _("act at once")}.get(tier.key, tier.key.replace("_", " ")),
        above=bool(condition.comparison and condition.comparison.upward),
        value=plain(current.value) if current is not None and current.value is not None else "",
        set_by=current.set_by if current and (is_set or current.set_by) else "",
        set_at=current.set_at if current and current.set_by else None,
        source=_source(current, rules), because=current.because if current else "",
        earlier=tuple(
            {"value": plain(s.value) if s.value is not None else "", "by": s.set_by, "at": s.set_at, "because": s.because}
            for s in settings[:-1]
        ),
        cited=tuple(
            f"{plain(c.value)} ({cited(c.source, rules)}{'' if c.confirmed else ', ' + _('not confirmed')})"
            for c in (*tier.shipped, *tier.candidates)
            if c.signal == name and c.basis.value == "absolute"
        ),
        form=change,
    )  # fmt: skip


def _source(setting: LimitSetting | None, rules: Reference) -> str:
    if setting is None or setting.value is None:
        return ""
    words = {"order": _("for this session"), "policy": _("the clinic's own, for all sessions")}
    return words.get(setting.source) or cited(setting.source, rules)
