"""Staff come in with two factors, and an idle browser locks while the session it shows goes on."""

from __future__ import annotations

import re
from contextlib import nullcontext
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from stillhaven.clinic.people import queries, unlock
from stillhaven.clinic.record import clock

# Doors of the sign-in library that this house does not have: the clinic makes accounts and knows their addresses.
_CLOSED = ("/accounts/signup/", "/accounts/email/", "/accounts/confirm-email/", "/accounts/login/code/")
_OPEN = ("/healthz", "/sw.js", "/api/", "/accounts/logout/")
_SET_UP = (
    "/second-factor/", "/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/", "/accounts/reauthenticate/",
)  # fmt: skip
_PROVE = ("/accounts/2fa/reauthenticate/", "/accounts/2fa/webauthn/reauthenticate/")

# What goes on showing behind a lock: the chair's screen, the board and the wall, with what keeps them fresh.
_STAYS = re.compile(
    r"/sessions/[0-9a-f-]{36}/live/(state|stream)?|/sessions/live-shell/|/(board|wall)/(state|stream|beside)?"
)
# What a browser asks for by itself: no sign that anybody is there.
_BY_ITSELF = re.compile(r".*/(state|stream|beside)/?|/sessions/live-shell/|/healthz|/sw\.js|/api/.*")
_UNLOCKING = ("/unlock/", "/unlock/everyone/", "/unlock/other/", "/lock/", "/accounts/logout/")


def _program(request: HttpRequest) -> bool:
    accept = request.headers.get("Accept", "")
    return "application/json" in accept or "text/event-stream" in accept or request.path.startswith("/api/")


class SecondFactor:
    """Staff without a second factor are led to set one up, or to show it, before anything else."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(_CLOSED):
            if request.path == "/accounts/signup/" and settings.OPEN_REGISTRATION:
                return redirect("/register/")
            raise Http404
        user: Any = request.user
        if user.is_authenticated and user.is_clinic_staff and not unlock.has_second_factor(request):
            turned = self._lead(request, user)
            if turned is not None:
                return turned
        response: HttpResponse = self.get_response(request)
        return response

    def _lead(self, request: HttpRequest, user: Any) -> HttpResponse | None:
        held = queries.factors_of(user)
        ways = _PROVE if held else _SET_UP
        if request.path.startswith(_OPEN) or request.path in ways:
            return None
        if _program(request):
            return JsonResponse({"why": "sign in with your second factor first"}, status=401)
        if not held:
            return redirect("people:second_factor")
        way = _PROVE[0] if "totp" in held else _PROVE[1]
        return redirect(f"{way}?next={quote(request.get_full_path() if request.method == 'GET' else '/')}")


class ClinicZone:
    """Times are stored in UTC and shown in the zone of the clinic whose people these are."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = queries.zone_of(request.user) if request.user.is_authenticated else None
        with timezone.override(ZoneInfo(zone)) if zone else nullcontext():
            response: HttpResponse = self.get_response(request)
        return response


class IdleLock:
    """After at most ten minutes without a touch, nothing can be written until somebody unlocks.

    A touch is a page that somebody opened or something that was written; what a screen fetches by itself is none.
    A clock that jumps ahead locks; one that jumps back locks too, since nobody can know how long the browser stood.
    """

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        request.locked = False  # type: ignore[attr-defined]
        if not user.is_authenticated or not user.is_clinic_staff:
            answer: HttpResponse = self.get_response(request)
            return answer
        if unlock.is_locked(request.session):
            if not request.session.get(unlock.LOCKED):
                request.session[unlock.LOCKED] = True  # once locked, no clock unlocks it again
            request.locked = True  # type: ignore[attr-defined]
            if not _passes(request):
                return _held_back(request)
        response: HttpResponse = self.get_response(request)
        if not getattr(request, "locked", False) and _is_touch(request, response):
            _note_touch(request)
        return response


def _passes(request: HttpRequest) -> bool:
    if request.path in _UNLOCKING or request.path.startswith(("/healthz", "/sw.js", "/api/")):
        return True
    handed = request.path.startswith("/tablet/") and bool(request.session.get(unlock.TABLET))  # the view looks to whom
    stays = handed or (request.method in ("GET", "HEAD") and bool(_STAYS.fullmatch(request.path)))
    request.shown_while_locked = stays  # type: ignore[attr-defined]
    return stays


def _held_back(request: HttpRequest) -> HttpResponse:
    if _program(request):
        return JsonResponse({"locked": True, "why": "unlock this screen first"}, status=423)
    if request.method in ("GET", "HEAD") and not request.headers.get("HX-Request"):
        return redirect(f"/unlock/?next={quote(request.get_full_path())}")
    came_from = urlsplit(request.headers.get("Referer", "")).path or "/"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=423, headers={"HX-Redirect": f"/unlock/?next={quote(came_from)}"})
    context = {"roster": unlock.roster(request), "next": came_from, "held_back": True}
    return render(request, "people/unlock.html", context, status=423)


def _is_touch(request: HttpRequest, response: HttpResponse) -> bool:
    if request.path in ("/lock/", "/unlock/") or _BY_ITSELF.fullmatch(request.path):
        return False
    if request.method in ("GET", "HEAD"):
        accept = request.headers.get("Accept", "")
        return "text/html" in accept or ("application/json" not in accept and "event-stream" not in accept)
    # What a queue sends again and again by itself, without success, is nobody's touch.
    return response.status_code < 500 and response.status_code not in (401, 403, 408, 423, 425, 429)


def _note_touch(request: HttpRequest) -> None:
    if not request.user.is_authenticated:
        return
    now, last = clock.now().timestamp(), request.session.get(unlock.TOUCHED)
    if last is None or abs(now - float(last)) >= 5.0:
        request.session[unlock.TOUCHED] = now
