"""The plan of a course: which protocols fit and why the others do not; how many, how often, until when, and what for."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.db import transaction

from stillhaven.clinic.candidacy import queries as candidacy
from stillhaven.clinic.course import actions as courses
from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import User
from stillhaven.clinic.plan.models import Plan
from stillhaven.clinic.plan.working import chosen
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import policy
from stillhaven.reference.load import Reference
from stillhaven.science.candidacy_fit import Fit
from stillhaven.science.candidacy_fit import protocols as fit_protocols
from stillhaven.science.course import Move, State
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.limits import plain
from stillhaven.science.plan import exact
from stillhaven.science.protocol import Phase, Protocol, Route

OWN = "own"
_READY = (State.ELIGIBLE.value, State.PLANNED.value, State.INDUCTION.value, State.MAINTENANCE.value)
MOST_SESSIONS = 60  # a guard against a slipped digit, not advice


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A plan read and judged, ready to be shown and signed."""

    fields: dict[str, Any]
    fit: Fit
    cautions: tuple[str, ...]


def fits(course: Course, now: datetime) -> tuple[Fit, ...]:
    """Every published protocol: whether it fits this person's diagnosis, drug, route and findings, and why not."""
    ground = candidacy.background(course.patient, course, now)
    drug, route = candidacy.considered(course)
    assessment = candidacy.assess(course, drug, route, now, ground)
    rules, on = ground.reference, candidacy.today_of(course.patient, now)
    return fit_protocols(assessment, ground.known, rules.protocols, rules.candidacy, drug=drug, route=route, on=on)


def schemes(protocol: Protocol) -> list[tuple[Phase, str]]:
    """The published schedules of a protocol, in words."""
    found = []
    for phase in protocol.schedule:
        parts = [] if phase.sessions is None else [f"{'up to ' if phase.up_to else ''}{phase.sessions} sessions"]
        if phase.sessions_per_week:
            parts.append(f"{' or '.join(plain(n) for n in phase.sessions_per_week)} a week")
        if phase.first_week and phase.last_week:
            parts.append(f"weeks {phase.first_week} to {phase.last_week}")
        if phase.days:
            parts.append(f"over {phase.days} days")
        text = f"{phase.phase.capitalize()}: {', '.join(parts) or 'no number given'}"
        found.append(
            (
                phase,
                f"{text} ({', '.join(phase.cite.source)}, {phase.cite.words}){'. ' + phase.note if phase.note else ''}",
            )
        )
    return found


def _scheme(protocol: Protocol, typed: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What was typed with the chosen schedule's exact numbers laid under it."""
    key = str(typed.get("scheme") or "")
    if key in ("", OWN):
        return dict(typed) | {"scheme": ""}, {}
    phase = next((p for p in protocol.schedule if p.key == key), None)
    if phase is None:
        raise BadInput("scheme", "choose one of this protocol's schedules, or write your own")
    filled, sources = dict(typed), {}
    weeks = None if phase.first_week is None or phase.last_week is None else phase.last_week - phase.first_week + 1
    rate = phase.sessions_per_week[0] if len(phase.sessions_per_week) == 1 else None
    count = phase.sessions
    if count is None and weeks is not None and rate is not None:
        count = int(weeks * rate)
    for name, value in (("sessions", count), ("sessions_per_week", rate)):
        own = str(typed.get(name) or "").strip()
        if value is None:
            continue
        if own and exact(own, name) != Fraction(str(value)) and not (name == "sessions" and phase.up_to):
            raise BadInput(
                name, f"the schedule that you take says {plain(float(value))}; choose your own schedule instead"
            )
        filled[name] = own or plain(float(value))
        sources[name] = f"{', '.join(phase.cite.source)}, {phase.cite.words}"
    return filled, sources


def draft(course: Course, typed: Mapping[str, Any], *, by: User, at: datetime) -> Draft:
    """Read a plan.  BadInput names the field that is missing or cannot be read."""
    roles.require_patient(by, "order.sign", course.patient)
    if course.state not in _READY:
        raise Refused(
            why=f"the course is {course.state}; a plan is made once a prescriber has found the person a candidate"
        )
    rules = policy.rules(course.site_id)
    protocol = rules.protocols.get(str(typed.get("protocol") or ""))
    if protocol is None or not protocol.is_orderable:
        raise BadInput("protocol", "choose a protocol")
    found = fits(course, at)
    fit = next(f for f in found if f.key == protocol.key)
    why_against = str(typed.get("why_against") or "").strip()
    if not fit.fits and not why_against:
        raise BadInput("why_against", "this protocol does not fit by the rules; say why you choose it for this person")
    typed, sources = _scheme(protocol, typed)
    route = _route(typed, protocol)
    sessions = _whole(typed, "sessions", 1, MOST_SESSIONS)
    per_week = exact(str(typed.get("sessions_per_week") or ""), "sessions_per_week")
    if protocol.most_sessions_per_week is not None and per_week > protocol.most_sessions_per_week:
        raise BadInput("sessions_per_week", f"the protocol allows {protocol.most_sessions_per_week} a week at most")
    if per_week > 7:
        raise BadInput("sessions_per_week", "is more than one a day")
    failed, cautions = _failed(typed, rules)
    after = _whole(typed, "response_after", 1, sessions)
    fall = exact(str(typed.get("response_fall_pct") or ""), "response_fall_pct")
    if fall > 100:
        raise BadInput("response_fall_pct", "is more than all of the score")
    scale = chosen(typed, "response_scale", "choose the scale by which the effect is judged")
    if scale not in rules.instruments and scale not in rules.scales:
        raise BadInput("response_scale", "choose one of the clinic's scales")
    goals = str(typed.get("goals") or "").strip()
    if not goals:
        raise BadInput("goals", "write what the person hopes for, in their words")
    return Draft(
        fit=fit, cautions=(*fit.cautions, *cautions),
        fields={
            "protocol": protocol.key, "drug": protocol.drug.value, "route": route.value, "scheme": typed["scheme"],
            "sessions": sessions, "sessions_per_week": _decimal(per_week, 2),
            "response_scale": scale,
            "response_after": after, "response_fall_pct": _decimal(fall, 1), "stop_after_failed": failed,
            "stop_rules": _lines(typed.get("stop_rules")), "goals": goals,
            "therapist": str(typed.get("therapist") or "").strip()[:120],
            "with_psychotherapy": str(typed.get("with_psychotherapy") or "") == "yes",
            "maintenance": str(typed.get("maintenance") or "").strip(), "fasting": str(typed.get("fasting") or "").strip(),
            "why_against": why_against if not fit.fits else "",
            "unfit": [{"title": f.title, "reasons": list(f.reasons)} for f in found if not f.fits],
            "sources": sources, "reference_version": rules.version,
        },
    )  # fmt: skip


@transaction.atomic
def sign_plan(
    course_id: int, typed: Mapping[str, Any], *, by: User, at: datetime, second_factor: str, uid: UUID | None = None,
    why: str = "",
) -> Plan:  # fmt: skip
    """Sign the plan of a course.  The first moves the course on to "planned"; a later one amends, and both stay."""
    course = Course.objects.select_for_update().get(pk=course_id)
    if not second_factor:
        raise BadInput("code", "confirm with your second factor")
    worked = draft(course, typed, by=by, at=at)
    fields = worked.fields | {"second_factor": second_factor, "happened_at": at}
    old = Plan.objects.current().filter(course=course).order_by("-seq").first()
    if old is not None:
        if not why.strip():
            raise BadInput("amend_reason", "say why the plan is changed")
        signed = record.amend(old, by=by, at=at, reason=why, uid=uid or uuids.uuid4(), **fields)
    else:
        signed = Plan(uid=uid or uuids.uuid4(), site=course.site_id, course=course, patient=course.patient, **fields)
        record.append(signed, by=by)
    if course.state == State.ELIGIBLE.value:
        courses.advance(course.pk, Move.PLAN, by=by, at=at)
    return signed  # type: ignore[return-value]


LABELS = {
    "protocol": "Protocol",
    "route": "Route",
    "sessions": "Sessions",
    "sessions_per_week": "Sessions a week",
    "response_scale": "Judged by",
    "response_after": "Judged after session",
    "response_fall_pct": "Response is a fall of, %",
    "stop_after_failed": "Stop after sessions without effect",
    "stop_rules": "Stop when",
    "goals": "Goals, in the person's words",
    "therapist": "Therapist",
    "with_psychotherapy": "With psychotherapy",
    "maintenance": "Idea for afterwards",
    "fasting": "Fasting rule",
    "why_against": "Why this protocol",
}


def words(plan: Plan, name: str) -> str:
    """One field of a plan as people read it."""
    value = getattr(plan, name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(str(v) for v in value) or "—"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(value).replace("_", " ") if value not in (None, "") else "—"


def differences(old: Plan, new: Plan) -> list[tuple[str, str, str]]:
    """What a new version changed: label, before, now."""
    found = [(label, words(old, name), words(new, name)) for name, label in LABELS.items()]
    return [row for row in found if row[1] != row[2]]


def versions(course: Course) -> list[Plan]:
    """Every version of the plan, newest first."""
    return list(Plan.objects.filter(course=course).order_by("-seq"))


def _failed(typed: Mapping[str, Any], rules: Reference) -> tuple[int | None, tuple[str, ...]]:
    """After how many sessions without effect does it end?  Bounded by what the clinic signed; an unset bound is said."""
    most = rules.policy.number("failed_infusions_before_stopping")
    number = (
        _whole(typed, "stop_after_failed", 1, MOST_SESSIONS)
        if str(typed.get("stop_after_failed") or "").strip()
        else None
    )
    if most is None:
        return number, ("after how many sessions without effect a course ends is not set by the clinic",)
    if number is not None and number > most:
        raise BadInput("stop_after_failed", f"the clinic ends a course after {plain(most)} sessions without effect")
    return number, ()


def _route(typed: Mapping[str, Any], protocol: Protocol) -> Route:
    if len(protocol.routes) == 1:
        return protocol.routes[0]
    found = next((r for r in protocol.routes if r.value == typed.get("route")), None)
    if found is None:
        raise BadInput("route", "choose the route")
    return found


def _whole(typed: Mapping[str, Any], name: str, low: int, high: int) -> int:
    text = str(typed.get(name) or "").strip()
    if not text.isdecimal() or not text.isascii() or not low <= int(text[:6]) <= high or len(text) > 6:
        raise BadInput(name, f"write a whole number from {low} to {high}")
    return int(text)


def _lines(text: Any) -> list[str]:
    rows = text if isinstance(text, list | tuple) else str(text or "").splitlines()
    return [str(row).strip() for row in rows if str(row).strip()]


def _decimal(value: Fraction, places: int) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal(1).scaleb(-places))
