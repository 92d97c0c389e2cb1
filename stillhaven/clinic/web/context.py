"""What every page needs to know: whose clinic it is, and whether it is a demonstration."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.stagekit import get_pending_stage
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from stillhaven import __version__
from stillhaven.clinic.people.factors import current_totp
from stillhaven.clinic.people.gate import doors
from stillhaven.clinic.record import clock
from stillhaven.reference.cast_people import cast


def house(request: HttpRequest) -> dict[str, Any]:
    """The mode of this clinic, the time by its clock, who is signed in, and whether this browser is locked."""
    user: Any = getattr(request, "user", None)
    try:
        known = user is not None and user.is_authenticated
    except DatabaseError:  # the page that says that something failed must not fail itself
        known = False
    locked = bool(getattr(request, "locked", False))
    open_doors = doors(request) if known and not locked else []
    return {
        "doors": open_doors,
        "nav": [door for door in open_doors if door["often"]],
        "nav_more": [door for door in open_doors if not door["often"]],
        "person_signed_in": (user.signature_name if user.is_clinic_staff else user.name) if known else "",
        "sign_out_url": reverse("account_logout") if known else "",
        "lock_url": reverse("people:lock") if known and user.is_clinic_staff and not locked else "",
        "mode": settings.MODE,
        "open_registration": settings.OPEN_REGISTRATION,
        "sign_in_with": settings.OIDC["name"] if settings.OIDC is not None else "",
        "now": clock.now(),
        "version": __version__,
        "zone": timezone.get_current_timezone_name(),
        "locked": locked,
        "demo_code": _demo_code(request, user if known else None) if settings.MODE == "demo" else "",
    }


def _demo_code(request: HttpRequest, user: Any) -> str:
    """In a demo only: the code that this sample person's app would show now, so that nobody needs an app to look round.

    The secrets come from the cast of synthetic people; a clinic's own secrets are never shown to anybody.
    """
    if user is None and request.path.startswith("/accounts/2fa/"):
        stage = get_pending_stage(request)
        user = stage.login.user if stage is not None else None
    secret = next((row["totp"] for row in cast()["staff"] if user is not None and row["email"] == user.email), "")
    return current_totp(secret) if secret else ""
