"""The dose gate's page and its writes.  Made for a tablet that two people hand to each other, each under their own name."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.people.unlock import confirm_factor
from stillhaven.clinic.record import clock
from stillhaven.clinic.session import gate_actions, gate_forms, page_parts, queries
from stillhaven.clinic.session.models import GateResult
from stillhaven.clinic.session.views import opened
from stillhaven.clinic.session.writes import Sent, write


@require_GET
@staff_required
def gate(request: HttpRequest, uid: str) -> HttpResponse:
    """The gate as this person may see it."""
    session = queries.session_or_404(request.user, uid)
    roles.require(request.user, "session.view")
    opened(request, session, "dose gate")
    shown = page_parts.frame(session, clock.now(), queries.latest_checks(session)) | gate_forms.page(request, session)
    if shown["open"]:
        shown["drug_title"] = gate_forms.title_before(session)  # no computed number while anybody types
    response = render(request, "session/gate.html", shown)
    response["Cache-Control"] = "no-store"  # the next person at this tablet gets nothing by the back button
    return response


@write
def enter(sent: Sent, request: HttpRequest) -> None:
    gate_actions.enter(sent.session.pk, _texts(sent.body), seat=_seat(request), **sent.common)


@write
def take_back(sent: Sent, request: HttpRequest) -> None:
    gate_actions.take_back(sent.session.pk, sent.text("reason"), **sent.common)


@write
def override(sent: Sent, request: HttpRequest) -> None:
    roles.require(request.user, "gate.override")
    queries.answer_repeat(GateResult, sent.uid, by=sent.by, session_id=sent.session.pk)
    factor = confirm_factor(request, sent.text("code"))
    gate_actions.override(sent.session.pk, sent.text("reason"), second_factor=factor, **sent.common)


def _texts(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if isinstance(value, str | int | float | list)}


def _seat(request: HttpRequest) -> str:
    """This sign-in, without saying which: taking over the screen with a PIN makes another."""
    return hashlib.sha256((request.session.session_key or "").encode()).hexdigest()
