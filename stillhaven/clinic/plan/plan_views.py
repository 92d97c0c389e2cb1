"""The plan of a course as a page: what fits, what is planned, what a new version changed, and the signature."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import Ask
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.people.unlock import confirm_factor
from stillhaven.clinic.plan import course_plan, queries
from stillhaven.clinic.plan.forms import ROUTES
from stillhaven.clinic.plan.models import Plan
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.record.looking import looked
from stillhaven.reference.load import Reference
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.protocol import Protocol

GUIDES = ("stopping", "maintenance", "pain_response")


@require_http_methods(["GET", "POST"])
@staff_required
@looked
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan of one course."""
    user: Any = request.user
    roles.require(user, "chart.view" if request.method == "GET" else "order.sign")
    course = queries.course_or_404(user, pk)
    now, rules = clock.now(), policy.rules(course.site_id)
    versions = course_plan.versions(course)
    typed = _begin(versions[0] if versions else None)
    typed |= {k: v for k, v in request.POST.items() if k not in ("csrfmiddlewaretoken", "code")}
    if request.GET.get("protocol") and request.method == "GET":
        typed["protocol"] = request.GET["protocol"]
    trouble: dict[str, str] = {}
    status, draft = 200, None
    if request.method == "GET":
        record.log_access(by=user, what="plan", patient=course.patient_id, site=course.site_id, path=request.path,
                          address=request.META.get("REMOTE_ADDR", ""))  # fmt: skip
    else:
        try:
            draft = course_plan.draft(course, typed, by=user, at=now)
            if typed.get("do") == "sign":
                return _sign(request, course, typed)
        except BadInput as error:
            trouble, status = {error.field: error.why}, 422
        except Refused as error:
            trouble, status = {"": error.why}, 409
    return render(
        request, "plan/plan.html", _page(request, course, rules, typed, trouble, versions, draft), status=status
    )


def _sign(request: HttpRequest, course: Course, typed: dict[str, Any]) -> HttpResponse:
    factor = confirm_factor(request, request.POST.get("code", ""))
    with transaction.atomic():
        course_plan.sign_plan(
            course.pk, typed, by=request.user, at=clock.now(), second_factor=factor,  # type: ignore[arg-type]
            why=str(typed.get("amend_reason") or ""),
        )  # fmt: skip
    return redirect("plan:plan", pk=course.pk)


def _begin(old: Plan | None) -> dict[str, Any]:
    if old is None:
        return {}
    typed: dict[str, Any] = {
        name: getattr(old, name)
        for name in ("protocol", "route", "response_scale", "goals", "therapist", "maintenance", "fasting")
    }
    typed |= {
        name: course_plan.words(old, name)
        for name in ("sessions", "sessions_per_week", "response_after", "response_fall_pct")
    }
    typed |= {
        "scheme": old.scheme or course_plan.OWN, "stop_rules": "\n".join(old.stop_rules), "why_against": old.why_against,
        "stop_after_failed": "" if old.stop_after_failed is None else str(old.stop_after_failed),
        "with_psychotherapy": "yes" if old.with_psychotherapy else "",
    }  # fmt: skip
    return typed


def _page(
    request: HttpRequest, course: Course, rules: Reference, typed: dict[str, Any], trouble: dict[str, str],
    versions: list[Plan], draft: course_plan.Draft | None,
) -> dict[str, Any]:  # fmt: skip
    now = clock.now()
    found = course_plan.fits(course, now)
    protocol = rules.protocols.get(str(typed.get("protocol") or ""))
    protocol = protocol if protocol is not None and protocol.is_orderable else None
    fit = next((f for f in found if protocol is not None and f.key == protocol.key), None)
    asks = _asks(rules, protocol, typed, trouble, fits=bool(fit and fit.fits)) if protocol else []
    known = {a.name for a in asks} | {"code", "amend_reason"}
    pairs = list(zip(versions, [*versions[1:], None], strict=False))
    return {
        "course": course, "person": queries.header(course, now), "fits": [f for f in found if f.fits],
        "unfit": [f for f in found if not f.fits and rules.protocols[f.key].is_orderable], "protocol": protocol, "fit": fit,
        "asks": asks, "draft": draft, "current": versions[0] if versions else None,
        "facts": _facts(versions[0], rules) if versions else [],
        "versions": [{"p": new, "changes": course_plan.differences(old, new) if old else []} for new, old in pairs],
        "reason": Ask(name="amend_reason", label="Why is the plan changed?", value=typed.get("amend_reason", ""),
                      why=trouble.get("amend_reason", trouble.get("reason", ""))),
        "code_why": trouble.get("code", ""), "any_trouble": bool(trouble),
        "trouble": "; ".join(f"{k.replace('_', ' ')}: {w}" if k else w for k, w in trouble.items() if k not in known),
        "may": roles.may(request.user, "order.sign"),
        "guides": [(rules.protocols[k].title, rules.protocols[k].rules) for k in GUIDES if k in rules.protocols],
    }  # fmt: skip


def _facts(plan: Plan, rules: Reference) -> list[tuple[str, str]]:
    found = [(label, course_plan.words(plan, name)) for name, label in course_plan.LABELS.items()]
    title = rules.protocols[plan.protocol].title if plan.protocol in rules.protocols else plan.protocol
    return [(label, title if label == "Protocol" else text) for label, text in found if text != "—"]


def _asks(
    rules: Reference, protocol: Protocol, typed: dict[str, Any], trouble: dict[str, str], *, fits: bool
) -> list[Ask]:
    def ask(name: str, label: str, kind: str = "text", **more: Any) -> Ask:
        return Ask(name=name, label=label, kind=kind, value=typed.get(name, ""), why=trouble.get(name, ""), **more)

    found = []
    if not fits:
        found.append(ask("why_against", "It does not fit by the rules: why is it right for this person?", "long"))
    if len(protocol.routes) > 1:
        found.append(ask("route", "Route", "choice", options=tuple((r.value, ROUTES[r]) for r in protocol.routes)))
    schemes = course_plan.schemes(protocol)
    if schemes:
        options = (*((phase.key, text) for phase, text in schemes), (course_plan.OWN, "My own schedule, written below"))
        found.append(ask("scheme", "Schedule", "choice", options=options))
    most = rules.policy.limit("failed_infusions_before_stopping")
    bound = (
        f"The clinic ends a course after {most.text}." if most.value is not None else "The clinic has set no number."
    )
    cap = protocol.most_sessions_per_week
    said = "Empty takes the schedule's own number." if schemes else "No source gives a schedule: write it."
    per_week = f"At most {cap} by the protocol. " if cap is not None else ""
    return [
        *found,
        ask("sessions", "How many sessions", "number", help=said),
        ask("sessions_per_week", "How many a week", "number", help=per_week + "0.5 is every two weeks."),
        ask("response_scale", "The effect is judged by", "select", options=_scales(rules)),
        ask("response_after", "Judged after session", "number", help=protocol.evaluate),
        ask("response_fall_pct", "A response is a fall of at least", "number", unit="%"),
        ask("stop_after_failed", "End after so many sessions without effect", "number", help=bound),
        ask("stop_rules", "Stop when", "long", help="One a line. What sources say stands beside."),
        ask("goals", "What the person hopes for, in their own words", "long"),
        ask("therapist", "Therapist"),
        ask(
            "with_psychotherapy",
            "Given within psychotherapy: preparation, a session with the therapist, integration",
            "tick",
        ),
        ask("maintenance", "What may follow, if it helps", "long"),
        ask("fasting", "Fasting rule the person is told", "long"),
    ]


def _scales(rules: Reference) -> tuple[tuple[str, str], ...]:
    instruments = getattr(rules, "instruments", None) or rules.scales
    named = ((key, getattr(s, "title", "") or getattr(s, "short", "") or key) for key, s in instruments.items())
    return (("", "choose"), *sorted(named, key=lambda row: row[1].casefold()))
