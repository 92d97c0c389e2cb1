"""One session's page: the way from check-in to going home, one step after the other."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.asking import problem_of
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.record.looking import looked
from stillhaven.clinic.session import chair, corrections, facts, forms, gate_forms, giving, page_parts, queries, stocked
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.session.writes import Sent, write
from stillhaven.science.errors import BadInput
from stillhaven.science.session import State

BEFORE = {State.BOOKED.value, State.CHECKED_IN.value, State.READY.value}


def deed_names(session: TreatmentSession) -> list[tuple[str, str]]:
    """What the doors of a running session are called, in their order."""
    at_once = queries.is_at_once(session)
    return [
        ("hold", _("Hold …")), ("resume", _("Resume …")), ("rate", _("Change rate …")),
        ("stop", _("Give no more …") if at_once else _("End the dose …")), ("abort", _("Stop for safety …")),
        ("transfer", _("Hand over to emergency care …")),
    ]  # fmt: skip


def opened(request: HttpRequest, session: TreatmentSession, what: str) -> None:
    """Note that somebody looked; a form that came back is the same look."""
    if problem_of(request) is None:
        record.log_access(
            by=request.user, what=what, patient=session.patient_id, site=session.site_id, path=request.path,  # type: ignore[arg-type]
            address=request.META.get("REMOTE_ADDR", ""),
        )  # fmt: skip


@require_GET
@staff_required
@looked
def page(request: HttpRequest, uid: str) -> HttpResponse:
    """One session."""
    session = queries.session_or_404(request.user, uid)
    roles.require(request.user, "session.view")
    opened(request, session, "session")
    return render(request, "session/page.html", context(request, session))


def context(request: HttpRequest, session: TreatmentSession) -> dict[str, Any]:
    """Everything the page shows, in the state that the session is in."""
    now, rules = clock.now(), policy.rules(session.site_id)
    latest = queries.latest_checks(session)
    shown = page_parts.frame(session, now, latest)
    if session.state in BEFORE:
        cards = forms.cards(request, session, rules, latest)
        found = facts.start_findings(session, now)
        shown |= {
            "cards": cards,
            "answered": sum(c.answered for c in cards),
            "findings": page_parts.sorted_findings(request, session, found, rules),
            "met_count": sum(f.is_met and not f.overridden for f in found),
            "stopping": sum(f.stops for f in found),
            "stopping_ready": sum(f.stops for f in found if f.rule not in page_parts.ONLY_AT_START),
            "gate": gate_forms.summary(session),
        }
    shown["deed_names"] = deed_names(session)
    if session.state == State.READY.value and (first := giving.giving_of(session)) is not None:
        shown["start_label"] = f"{first.next_label} …"
    shown["vials"] = vials = stocked.panel(request, session, now)
    if vials:
        vials["findings"] = [page_parts.in_words(finding, rules) for finding in vials["findings"]]
    shown |= chair.panel(request, session, now, rules, latest)
    return shown


@write
def amend(sent: Sent, request: HttpRequest) -> None:
    """Correct one answer with a reason."""
    target = sent.uuid("amends")
    if target is None:
        raise BadInput("amends", "say which answer is corrected")
    corrections.amend_check(sent.session.pk, target, sent.body, sent.text("reason"), **sent.common)
