"""An order, worked out line by line before anybody signs it: the form, the arithmetic, the findings, the signature."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.people.unlock import confirm_factor
from stillhaven.clinic.plan import actions, forms, queries
from stillhaven.clinic.plan.models import Order
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.record.looking import looked
from stillhaven.reference.load import Reference
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.limits import plain
from stillhaven.science.protocol import Protocol


@require_http_methods(["GET", "POST"])
@staff_required
@looked
def order(request: HttpRequest, pk: int) -> HttpResponse:
    """A new order for a course."""
    roles.require(request.user, "order.sign")
    course = queries.course_or_404(request.user, pk)
    return _order(request, course, None, {})


@require_http_methods(["GET", "POST"])
@staff_required
@looked
def amend(request: HttpRequest, uid: str) -> HttpResponse:
    """A new version of a signed order.  The old one stays beside it."""
    roles.require(request.user, "order.sign")
    old = queries.order_or_404(request.user, uid)
    return _order(request, old.course, old, forms.from_order(old))


def _order(request: HttpRequest, course: Course, old: Order | None, begun: dict[str, Any]) -> HttpResponse:
    rules = policy.rules(course.site_id)
    typed = (
        begun
        | forms.day_defaults(queries.today_of(course, clock.now()))
        | begun
        | _asked_for(request)
        | _posted(request)
    )
    chosen = rules.protocols.get(str(typed.get("protocol") or request.GET.get("protocol", "")))
    page = {
        "course": course, "old": old, "person": queries.header(course, clock.now()), "protocols": forms.orderable(rules),
        "protocol": chosen if chosen is not None and chosen.is_orderable else None,
    }  # fmt: skip
    if request.method == "GET":
        record.log_access(by=request.user, what="order form", patient=course.patient_id, site=course.site_id,  # type: ignore[arg-type]
                          path=request.path, address=request.META.get("REMOTE_ADDR", ""))  # fmt: skip
    if page["protocol"] is None:
        return render(request, "plan/order.html", page)
    typed["protocol"] = chosen.key if chosen else ""
    if request.method == "GET":
        return _shown(request, page, rules, typed, {})
    return _sent(request, page, rules, typed)


def _asked_for(request: HttpRequest) -> dict[str, Any]:
    """What the address asks for: the plan's route and number of sessions, to be seen and changed."""
    names = {"route": "route", "sessions": "for_sessions"}
    return {field: request.GET[name][:20] for name, field in names.items() if request.GET.get(name)}


def _posted(request: HttpRequest) -> dict[str, Any]:
    return {k: v for k, v in request.POST.items() if k not in ("csrfmiddlewaretoken", "code")}


def _sent(request: HttpRequest, page: dict[str, Any], rules: Reference, typed: dict[str, Any]) -> HttpResponse:
    """Work it out; sign it where that was asked and what is signed is what was shown."""
    user, now, course = request.user, clock.now(), page["course"]
    try:
        read = forms.typed_of(rules, typed)
        worked_out = actions.draft(course, read, by=user, at=now, amends=page["old"])  # type: ignore[arg-type]
    except BadInput as error:
        return _shown(request, page, rules, typed, {error.field: error.why}, status=422)
    page |= {"draft": worked_out, "shown": digest(worked_out)}
    if typed.get("do") != "sign":
        return _shown(request, page, rules, typed, {})
    if typed.get("shown") != page["shown"]:
        why = "the order has changed since it was worked out; read the lines again, then sign"
        return _shown(request, page, rules, typed, {"": why}, status=409)
    try:
        signed = _sign(request, page, read)
    except BadInput as error:
        return _shown(request, page, rules, typed, {error.field: error.why}, status=422)
    except Refused as error:
        record.log_access(by=user, what="refused", path=f"POST {request.path}", refused=True, why=error.why[:500],  # type: ignore[arg-type]
                          patient=course.patient_id, site=course.site_id)  # fmt: skip
        return _shown(request, page, rules, typed, {"": error.why}, status=409)
    return redirect("plan:signed", uid=signed.uid)


def _sign(request: HttpRequest, page: Mapping[str, Any], read: dict[str, Any]) -> Order:
    factor = confirm_factor(request, request.POST.get("code", ""))
    with transaction.atomic():
        return actions.sign_order(
            page["course"].pk, read, by=request.user, at=clock.now(), second_factor=factor,  # type: ignore[arg-type]
            amends=page["old"], why=str(request.POST.get("amend_reason", "")),
        )  # fmt: skip


def digest(draft: actions.Draft) -> str:
    """Names exactly what was shown to the signer: change a figure, and it is another."""
    told = {k: str(v) for k, v in draft.fields.items()} | {"findings": [f.as_dict() for f in draft.findings]}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _shown(
    request: HttpRequest, page: dict[str, Any], rules: Reference, typed: Mapping[str, Any], trouble: Mapping[str, str],
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    protocol: Protocol = page["protocol"]
    groups = forms.fields(rules, protocol, typed, trouble)
    limits = forms.limit_asks(rules, typed, trouble, _clinic_limits(page["course"]))
    offered = {x.name for x in limits}
    kept = {k: v for k, v in typed.items() if k.startswith("limit.") and k not in offered}
    rescue, premed = (forms.rescue_rows(rules, typed, trouble, group) for group in ("rescue", "premed"))
    known = {a.name for asks in groups.values() for a in asks} | {x.name for x in limits}
    known |= {a.name for row in (*rescue, *premed) for a in row} | {"code", "amend_reason"}
    loose = "; ".join(f"{k.replace('_', ' ')}: {w}" if k else w for k, w in trouble.items() if k not in known)
    reason = Ask(name="amend_reason", label="Why is it changed?", value=typed.get("amend_reason", ""),
                 why=trouble.get("amend_reason", trouble.get("reason", "")))  # fmt: skip
    draft = page.get("draft")
    found = [_cited(f.as_dict(), rules) for f in draft.findings] if draft else []
    found.sort(key=lambda f: {"not_met": 0, "unknown": 1, "met": 2}[f["verdict"]])
    page |= {
        "groups": groups, "limits": limits, "kept": kept, "rescue": rescue, "trouble": loose, "any_trouble": bool(trouble),
        "code_why": trouble.get("code", ""), "reason": reason, "findings": found,
        "stops": draft is not None and any(f.stops for f in draft.findings),
        "rescue_open": any(a.value or a.why for row in rescue for a in row), "evidence": _evidence(protocol, rules),
        "premed": premed, "premed_open": any(a.value or a.why for row in premed for a in row),
        "ramp_open": any(a.value or a.why for a in groups["ramp"]), "firm": _firm(draft) if draft else [],
        "unset": _unset(rules, protocol, typed), "plan": queries.plan_of(page["course"]),
    }  # fmt: skip
    return render(request, "plan/order.html", page, status=status)


def _firm(draft: actions.Draft) -> list[str]:
    """The numbers that a signature stands for: mg and mL always both, and the pump."""
    fields, plan = draft.fields, draft.plan
    units = next((line for line in plan.lines if line.key == "units"), None)
    mg = plan.line("dose_mg")
    if units is not None:
        return [f"{mg.shown} mg", f"{units.shown} {units.unit}"]
    draw = plan.line("draw_ml")
    strength = plain(float(plan.order.product_mg_per_ml))
    found = [f"{mg.shown} mg", f"{draw.shown} mL of {strength} mg/mL"]
    if plan.order.bag_ml is not None:
        found.append(f"in all {plan.line('final_ml').shown} mL at {plan.line('mg_per_ml').shown} mg/mL")
    if fields["duration_min"]:
        found.append(f"over {plan.line('minutes').shown} min")
        found += [f"{line.shown} mL/h" for line in plan.lines if line.key.startswith("ml_per_h")]
    if fields["for_sessions"] > 1:
        found.append(f"for {fields['for_sessions']} sessions")
    return found


def _unset(rules: Reference, protocol: Protocol, typed: Mapping[str, Any]) -> list[str]:
    """Bounds of this protocol and route that the clinic has not set: said before anybody has typed a number."""
    route = forms.route_of(protocol, typed)
    if route is None:
        return []
    found = rules.plan_rules(protocol.key, route)
    named = {
        "the most per kg": found.ceiling_mg_per_kg, "the most in mg": found.ceiling_mg,
        "the fastest rate": found.most_mg_per_h, "where the anaesthetic range begins": found.anaesthetic_from,
    }  # fmt: skip
    return [name for name, limit in named.items() if limit is not None and (limit.value is None)]


def _cited(finding: dict[str, Any], rules: Reference) -> dict[str, Any]:
    return finding | {"source": forms.cited(finding["source"], rules)}


def _evidence(protocol: Protocol, rules: Reference) -> list[str]:
    return [rules.sources[key].cite for key in protocol.cite.source if key in rules.sources]


def _clinic_limits(course: Course) -> dict[tuple[str, str, str], str]:
    """What the clinic's policy holds where an order says nothing."""
    return {
        s.slot: f"{s.value:g}, set by {s.set_by}"
        for s in policy.alarm_limits(course.site_id, clock.now())
        if s.value is not None
    }


@require_POST
@staff_required
def cancel(request: HttpRequest, uid: str) -> HttpResponse:
    """Take an order back, with a reason and a fresh second factor."""
    roles.require(request.user, "order.sign")
    found = queries.order_or_404(request.user, uid)
    why = str(request.POST.get("reason", "")).strip()
    trouble: dict[str, str] = {}
    if not why:
        trouble = {"reason": "say why it is taken back"}
    elif queries.newer_than(found) is not None or found.retracted:
        trouble = {"reason": "this version was replaced already; open the newer one"}
    else:
        try:
            factor = confirm_factor(request, request.POST.get("code", ""))
            with transaction.atomic():
                taken = actions.cancel_order(found, why, by=request.user, at=clock.now(), second_factor=factor)  # type: ignore[arg-type]
            return redirect("plan:signed", uid=taken.uid)
        except BadInput as error:
            trouble = {error.field: error.why}
    return _signed_page(request, found, trouble, {"reason": why}, status=422)


@require_GET
@staff_required
@looked
def signed(request: HttpRequest, uid: str) -> HttpResponse:
    """A signed order as it was signed."""
    roles.require(request.user, "chart.view")
    found = queries.order_or_404(request.user, uid)
    record.log_access(by=request.user, what="order", patient=found.patient_id, site=found.site, path=request.path,  # type: ignore[arg-type]
                      address=request.META.get("REMOTE_ADDR", ""))  # fmt: skip
    return _signed_page(request, found, {}, {})


def _signed_page(
    request: HttpRequest, found: Order, trouble: Mapping[str, str], typed: Mapping[str, str], status: int = 200
) -> HttpResponse:
    rules = policy.rules(found.course.site_id)
    page = {
        "cancel_reason": Ask(name="reason", label="Why is it taken back?", value=typed.get("reason", ""),
                             why=trouble.get("reason", "")),
        "code_why": trouble.get("code", ""), "cancel_open": bool(trouble),
        "order": found, "course": found.course, "person": queries.header(found.course, clock.now()),
        "findings": [_cited(f, rules) for f in found.findings], "limits": _limit_words(found, rules),
        "newer": queries.newer_than(found), "may_amend": roles.may(request.user, "order.sign"),
        "protocol": rules.protocols.get(found.protocol), "sessions": list(found.sessions.all()),
        "books": roles.may(request.user, "session.book"),
    }  # fmt: skip
    return render(request, "plan/signed.html", page, status=status)


def _limit_words(found: Order, rules: Reference) -> list[dict[str, str]]:
    out = []
    for row in found.limits:
        condition, signal = rules.alarms.by_key.get(row["condition"]), rules.signals.get(row["signal"])
        out.append({
            "title": condition.title if condition else row["condition"], "signal": signal.name if signal else row["signal"],
            "value": f"{row['value']:g}", "unit": signal.unit if signal else "", "tier": row["tier"],
        })  # fmt: skip
    return out
