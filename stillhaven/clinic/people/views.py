"""Unlocking and changing places, second factor and PIN, and who looked: HTTP in, HTML out."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from stillhaven.clinic.people import factors, queries, roles
from stillhaven.clinic.people import unlock as seats
from stillhaven.clinic.people.gate import staff_required
from stillhaven.science.errors import BadInput


def plain(why: str) -> str:
    """A reason as a sentence."""
    return f"{why[:1].upper()}{why[1:]}." if why else ""


@never_cache
@require_http_methods(["GET", "POST"])
def unlock(request: HttpRequest) -> HttpResponse:
    """Who is at this browser?  A name, a PIN; a page for people and JSON for the live screen."""
    user: Any = request.user
    if user.is_authenticated and not user.is_clinic_staff:
        raise Http404
    program = "application/json" in request.headers.get("Accept", "") or request.content_type == "application/json"
    if request.method == "POST":
        return _try(request, program)
    if not user.is_authenticated and not seats.roster(request):
        return redirect("account_login")
    return _unlock_page(request)


def _try(request: HttpRequest, program: bool) -> HttpResponse:
    body = _body(request)
    tried = seats.with_pin(request, body.get("staff"), body.get("pin"))
    if program:
        if tried.user is None:
            return JsonResponse({"why": plain(tried.why)}, status=tried.status)
        return JsonResponse({"ok": True, "user": tried.user.signature_name, "csrf": get_token(request)})
    if tried.user is None:
        return _unlock_page(request, why=tried.why, chosen=str(body.get("staff", "")), status=tried.status)
    return redirect(seats.safe_next(request))


def _body(request: HttpRequest) -> dict[str, Any]:
    if request.content_type != "application/json":
        return request.POST.dict()
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        raise BadInput("body", "is not JSON") from None
    if not isinstance(body, dict):
        raise BadInput("body", "must be an object")
    return body


def _unlock_page(request: HttpRequest, why: str = "", chosen: str = "", status: int = 200) -> HttpResponse:
    context = {
        "roster": seats.roster(request), "next": seats.safe_next(request), "why": plain(why), "chosen": chosen,
    }  # fmt: skip
    return render(request, "people/unlock.html", context, status=status)


@require_POST
def lock(request: HttpRequest) -> HttpResponse:
    """Lock this browser now: what it shows goes on, nothing can be written."""
    user: Any = request.user
    if not user.is_authenticated:
        return redirect("account_login")
    if not user.is_clinic_staff:
        raise Http404
    seats.lock(request)
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"ok": True, "locked": True})
    return redirect("people:unlock")


@require_POST
def other(request: HttpRequest) -> HttpResponse:
    """Somebody who is not on the roster wants in: this seat is left, colleagues stay on the roster."""
    seats.leave_seat(request)
    return redirect("account_login")


@require_POST
def everyone_out(request: HttpRequest) -> HttpResponse:
    """Sign everyone out of this browser, as at the end of the day."""
    seats.everyone_out(request)
    return redirect("account_login")


# ---------------------------------------------------------------- one's own account


@never_cache
@require_GET
def second_factor(request: HttpRequest) -> HttpResponse:
    """Which second factor to set up: an app, or a passkey."""
    user: Any = request.user
    if not user.is_authenticated:
        return redirect("account_login")
    if queries.factors_of(user):
        return redirect("mfa_index")
    return render(request, "people/second_factor.html")


@never_cache
@require_GET
def passkey_request(request: HttpRequest) -> HttpResponse:
    """What the passkey of whoever is signed in is asked to confirm, before a signature."""
    user: Any = request.user
    if not user.is_authenticated or "webauthn" not in queries.factors_of(user):
        raise Http404
    return JsonResponse({"request_options": seats.passkey_request(user)})


@never_cache
@staff_required
@reauthentication_required(app="allauth.mfa")
@require_http_methods(["GET", "POST"])
def pin(request: HttpRequest) -> HttpResponse:
    """Set or change one's own PIN."""
    user: Any = request.user
    if request.method == "GET":
        return render(request, "people/pin.html")
    first, second = request.POST.get("pin", ""), request.POST.get("again", "")
    try:
        if first != second:
            raise BadInput("again", "the two are not the same")
        factors.set_pin(user, first, by=user)
    except BadInput as error:
        return render(request, "people/pin.html", {"field": error.field, "why": plain(error.why)}, status=422)
    messages.success(request, _("Your PIN is set. It unlocks this browser while you are signed in here."))
    return redirect("mfa_index")


# ---------------------------------------------------------------- who looked


@never_cache
@staff_required
@require_GET
def access(request: HttpRequest) -> HttpResponse:
    """The access log: who opened whose chart, and what was refused."""
    user: Any = request.user
    roles.require(user, "access.view")
    asked = {name: request.GET.get(name, "").strip() for name in ("person", "patient", "day", "refused")}
    try:
        day = date.fromisoformat(asked["day"]) if asked["day"] else None
        before = int(request.GET["before"]) if request.GET.get("before") else None
    except ValueError:
        raise BadInput("day", "write a day such as 2026-11-21") from None
    page = queries.access_page(
        user.site_ids, person=asked["person"], patient=asked["patient"], day=day,
        refused_only=bool(asked["refused"]), before=before,
    )  # fmt: skip
    query = request.GET.copy()
    query.pop("before", None)
    older = ""
    if page.before is not None:
        query["before"] = str(page.before)
        older = query.urlencode()
    return render(request, "people/access.html", {"rows": page.rows, "asked": asked, "older": older, "paged": before})
