"""Who comes through the door of a page: signed in, as staff, and not locked."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect


def staff_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Only staff who are signed in and whose browser is not locked.

    A program gets 401 or 423, a person the sign-in or unlock page; a patient's account gets 404, since for them staff
    pages do not exist.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user: Any = request.user
        program = "application/json" in request.headers.get("Accept", "")
        if not user.is_authenticated:
            if program:
                return JsonResponse({"why": "sign in"}, status=401)
            return redirect(f"/accounts/login/?next={quote(request.get_full_path())}")
        if not user.is_clinic_staff:
            raise Http404
        if getattr(request, "locked", False):
            if program or request.method == "POST":
                return JsonResponse({"locked": True, "why": "unlock this screen first"}, status=423)
            return redirect(f"/unlock/?next={quote(request.get_full_path())}")
        return view(request, *args, **kwargs)

    return guarded


class SignedOut(Exception):
    """Nobody is signed in: a program gets 401, a person the sign-in page."""


def roster_of(request: HttpRequest) -> list[dict[str, Any]]:
    """Who may unlock this browser with a PIN: those who signed in here with both factors today."""
    from stillhaven.clinic.people.unlock import roster

    return [{"uid": str(user.pk), "name": user.signature_name} for user in roster(request)]
