"""The pages of this room."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from stillhaven.clinic.people.gate import staff_required
from stillhaven.clinic.session import queries


@require_GET
@staff_required
def page(request: HttpRequest, uid: str) -> HttpResponse:
    """One session."""
    session = queries.session_or_404(request.user, uid)
    return render(request, "session/page.html", {"session": session})
