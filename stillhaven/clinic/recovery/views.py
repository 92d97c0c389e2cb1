"""The way home: look by look, what still stands in the way, and the door."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.record import clock, policy
from stillhaven.clinic.record.looking import looked
from stillhaven.clinic.recovery import forms
from stillhaven.clinic.session import page_parts, queries
from stillhaven.clinic.session.views import opened


@require_GET
@staff_required
@looked
def page(request: HttpRequest, uid: str) -> HttpResponse:
    """One recovering person."""
    session = queries.session_or_404(request.user, uid)
    roles.require(request.user, "session.view")
    opened(request, session, "recovery")
    now = clock.now()
    shown: dict[str, Any] = page_parts.frame(session, now, queries.latest_checks(session))
    if session.order is None or session.state in ("booked", "checked_in", "ready", "missed", "cancelled"):
        return render(request, "recovery/page.html", shown | {"too_early": True})
    shown |= forms.page(request, session, now, policy.rules(session.site_id))
    return render(request, "recovery/page.html", shown)
