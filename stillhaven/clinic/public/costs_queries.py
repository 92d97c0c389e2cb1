"""What does this clinic charge on a day, and what does a whole course come to?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from stillhaven.clinic.public.costs_models import BillingProvider, ClinicPrice, Estimate, WayToPay
from stillhaven.reference._costs import costs
from stillhaven.reference.load import current
from stillhaven.science.costs import (
    CourseCost,
    Payer,
    Per,
    Plan,
    Price,
    Quoted,
    Range,
    course_cost,
    session_count,
    sessions_a_month,
    with_sessions,
)
from stillhaven.science.protocol import Protocol

PARTS = {
    "session": "One session",
    "drug": "The drug",
    "observation": "Observation",
    "assessment": "First assessment",
    "therapy": "Psychotherapy",
    "follow_up": "Visit with the prescriber",
    "package": "Package of sessions",
}


def regimens() -> list[Protocol]:
    """Every protocol that a course can follow."""
    return sorted((p for p in current().protocols.values() if p.is_orderable), key=lambda p: p.title)


def held(site: int, on: date) -> QuerySet[ClinicPrice]:
    """The prices that hold on a day."""
    return (
        ClinicPrice.objects.filter(site=site, since__lte=on)
        .filter(Q(until__isnull=True) | Q(until__gte=on))
        .order_by("part", "title", "pk")
    )


def prices(site: int, protocol: Protocol, route: str, payer: Payer, on: date) -> list[Price]:
    """The prices that a course meets.  Of the session prices the most specific counts, not all of them."""
    rows = [p for p in held(site, on) if p.route in ("", route) and p.drug in ("", protocol.drug.value)]
    best = max(((bool(p.route), bool(p.drug)) for p in rows if p.part == "session"), default=None)
    found = []
    for p in rows:
        if p.part == "session" and (bool(p.route), bool(p.drug)) != best:
            continue
        allowed = p.allowed_cents if p.payer in ("", payer.value) else None
        found.append(
            Price(
                key=str(p.uid),
                title=p.title,
                part=p.part,
                per=Per(p.per),
                sessions=p.sessions,
                allowed_cents=allowed,
                cents=Range(low=p.low_cents, likely=p.likely_cents, high=p.high_cents),
            )
        )
    return found


def computed(site: int, protocol: Protocol, route: str, plan: Plan, on: date, said: int | None) -> CourseCost:
    """Every scenario for one person's question."""
    return course_cost(
        prices(site, protocol, route, plan.payer, on),
        with_sessions(session_count(protocol), said),
        plan,
        off_label=protocol.basis.value != "label",
        monthly=sessions_a_month(protocol),
    )


def quoted(route: str, drug: str) -> list[Quoted]:
    """What web pages name for this route: shown as what it is."""
    return [q for q in costs().quoted if route in q.routes and q.drug in ("", drug)]


def known(drug: str, payer: Payer) -> list[Any]:
    return [k for k in costs().known if k.drug in ("", drug) and (not k.payers or payer.value in k.payers)]


def ways(site: int, on: date) -> list[dict[str, Any]]:
    """Every way to pay, with the clinic's own terms where it has stated them."""
    own: dict[str, list[WayToPay]] = {}
    for row in WayToPay.objects.filter(site=site, since__lte=on).filter(Q(until__isnull=True) | Q(until__gte=on)):
        own.setdefault(row.kind, []).append(row)
    return [{"way": way, "own": own.get(way.key, [])} for way in costs().ways]


def providers(site: int) -> Sequence[BillingProvider]:
    return list(BillingProvider.objects.filter(site=site, active=True).order_by("pk"))


def estimates(patient: int) -> QuerySet[Estimate]:
    return Estimate.objects.filter(patient=patient, retracted=False).order_by("-number")
