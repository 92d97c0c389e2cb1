"""What the house says when something cannot be read, is not allowed, or is not there: the same words on every screen."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, DataError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render

from stillhaven.clinic.people.gate import SignedOut
from stillhaven.clinic.people.roles import NotAllowed
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.web import again
from stillhaven.science.errors import BadInput, Refused

log = logging.getLogger(__name__)


class Refusals:
    """Turns Refused into a page (or JSON) of reasons, BadInput into 422, and notes every refusal in the record."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if (field := _unreadable(request)) is not None:
            return bad_input(request, BadInput(field, "holds a character that cannot be kept; type it again"))
        response: HttpResponse = self.get_response(request)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, SignedOut):
            return signed_out(request)
        if isinstance(exception, BadInput):
            return bad_input(request, exception)
        if isinstance(exception, NotAllowed):
            note_refusal(request, exception.why)
            # A tablet's outbox takes 403 for "signed out"; a refusal has to reach the person who tapped.
            return refused(request, exception, status=409 if wants_json(request) else 403)
        if isinstance(exception, Refused):
            note_refusal(request, exception.why)
            return refused(request, exception, status=409)
        if isinstance(exception, DataError):
            log.warning("%s %s: %s", request.method, request.path, type(exception).__name__)  # never what was typed
            return bad_input(request, BadInput("form", "a text is too long or a number too large to be kept"))
        if isinstance(exception, record.AlreadyRecorded):
            return _repeat(request, exception)
        if isinstance(exception, Http404 | PermissionDenied):
            note_refusal(request, "not there, or not to be seen")
        return None


def _unreadable(request: HttpRequest) -> str | None:
    """A field of the address or of the form with a zero byte: PostgreSQL holds none, and nobody types one."""
    for sent in (request.GET, request.POST) if request.method == "POST" else (request.GET,):
        for name, values in sent.lists():
            if "\x00" in name or any("\x00" in value for value in values):
                return name.replace("\x00", "") or "form"
    return None


def _repeat(request: HttpRequest, known: record.AlreadyRecorded) -> HttpResponse:
    """The same deed of the same person, sent twice, is answered as the first time; any other use of its uid is refused.

    What is compared here holds for every entry; what makes two deeds of one kind the same, `session.queries` knows.
    """
    entry: Any = known.entry
    session = getattr(entry, "session", None)
    here = (request.resolver_match.kwargs if request.resolver_match else {}).get("uid")
    elsewhere = here is not None and session is not None and str(getattr(session, "uid", session)) != str(here)
    if entry.by_id is None or entry.by_id != request.user.pk or elsewhere:
        error = Refused(why="this was sent under a name that something else has already; write it down anew")
        note_refusal(request, "a uid that is in use")
        return refused(request, error, status=409)
    done = JsonResponse({"ok": True, "uid": str(entry.uid), "repeat": True})
    return done if wants_json(request) else again.back_to(request) or done


def wants_json(request: HttpRequest) -> bool:
    """Did a program ask, rather than a person with a page?"""
    return request.path.startswith("/api/") or "application/json" in request.headers.get("Accept", "")


def signed_out(request: HttpRequest) -> HttpResponse:
    """401 for programs, the sign-in page for people."""
    if wants_json(request) or "text/event-stream" in request.headers.get("Accept", ""):
        return JsonResponse({"why": "sign in"}, status=401)
    return redirect(f"/accounts/login/?next={quote(request.get_full_path())}")


def bad_input(request: HttpRequest, error: BadInput) -> HttpResponse:
    """422: which field, and what to do about it."""
    if wants_json(request):
        return JsonResponse({"field": error.field, "why": error.why}, status=422)
    return again.page(request, error, 422) or render(request, "errors/bad_input.html", {"error": error}, status=422)


def refused(request: HttpRequest, error: Refused, status: int) -> HttpResponse:
    """409 or 403: every finding, so that it is plain what stands in the way."""
    found = again.told(request, error.findings) if error.findings else []
    if wants_json(request):
        return JsonResponse({"refused": True, "why": error.why, "findings": found}, status=status)
    shown = {"error": error, "findings": [f for f in found if f["verdict"] != "met"]}
    return again.page(request, error, status) or render(request, "errors/refused.html", shown, status=status)


def note_refusal(request: HttpRequest, why: str) -> None:
    """Put a refusal into the access log; an anonymous visitor's stray address is not a refusal worth a line."""
    user: Any = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return
    try:
        record.log_access(
            by=user, what="refused", path=f"{request.method} {request.path}", refused=True, why=why[:500],
            address=request.META.get("REMOTE_ADDR", ""), site=min(getattr(user, "site_ids", None) or {1}),
        )  # fmt: skip
    except DatabaseError:
        log.exception("a refusal could not be noted")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: the same words for what does not exist and for what may not be seen."""
    if wants_json(request):
        return JsonResponse({"why": "not found"}, status=404)
    return render(request, "errors/not_found.html", status=404)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: too large, or not what a browser sends."""
    if wants_json(request):
        return JsonResponse({"why": "this request cannot be read, or is too large"}, status=400)
    error = BadInput("form", "cannot be read, or is too large")
    return render(request, "errors/bad_input.html", {"error": error}, status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: plain words, and that nothing half-done was kept."""
    if wants_json(request):
        return JsonResponse({"why": "the server failed; nothing half-done was kept; try again"}, status=500)
    return render(request, "errors/server_error.html", status=500)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the page was too old to be trusted; loading it again mends it."""
    if wants_json(request):
        return JsonResponse({"why": "this page is too old; load it again"}, status=403)
    return render(request, "errors/csrf.html", status=403)
