"""Who is at this browser?  Second factor, idle lock, quick unlock with a PIN, and changing places at the chair.

A browser has a random name, kept in its session.  Whoever signs in there with both factors gets a place on its roster
for twelve hours; their PIN then unlocks the screen, or hands it over to them.  A PIN is never a way in by itself.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from allauth.mfa.webauthn.internal import auth as passkeys
from django.conf import settings
from django.contrib.auth import login, logout
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.middleware.csrf import rotate_token
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from stillhaven.clinic.people import factors, queries
from stillhaven.clinic.people.models import User
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.science.errors import BadInput, Refused

BROWSER = "browser"  # this browser's random name
FACTOR = "second_factor"  # for whom this session was made with a second factor
TOUCHED = "touched_at"  # when somebody last touched it, by the house's clock
LOCKED = "locked"
TABLET = "tablet"  # what a person was handed this browser for: its few pages stay open behind the lock

_BACKEND = "stillhaven.clinic.people.backends.AllauthBackend"


def roster(request: HttpRequest) -> list[User]:
    """Those who signed in with both factors in this browser within the last twelve hours, by name."""
    return [place.user for place in queries.roster_places(request.session.get(BROWSER, ""), clock.now())]


# ---------------------------------------------------------------- second factor


def has_second_factor(request: HttpRequest) -> bool:
    """Was this session made with a second factor, by the one who holds it now?"""
    return bool(request.session.get(FACTOR) == str(request.user.pk))


def mark_second_factor(request: HttpRequest, user: User) -> None:
    """This person has just proved a second factor in this browser."""
    request.session[FACTOR] = str(user.pk)
    if user.is_clinic_staff:
        factors.join_roster(request.session.setdefault(BROWSER, secrets.token_urlsafe(32)), user, at=clock.now())
    _touch(request)


def confirm_factor(request: HttpRequest, code: str) -> str:
    """A fresh second factor, for a signature: "totp", "recovery" or "passkey".

    `code` is what the form's field "code" holds: six digits, a recovery code, or a passkey's answer put there by
    passkey.js.  BadInput("code", ...) when it is wrong, used before, or tried too often.
    """
    user: Any = request.user
    if getattr(request, "locked", False):
        raise Refused(why="unlock this screen first")
    text = (code or "").strip()
    if not text:
        raise BadInput("code", "confirm with the code from your app, or with a passkey")
    try:
        return _passkey(user, text) if text.startswith("{") else factors.check_code(user, text)
    except BadInput:
        record.log_access(
            by=user, what="second factor", refused=True, why="wrong code", path=f"{request.method} {request.path}",
            address=request.META.get("REMOTE_ADDR", ""), site=min(user.site_ids or {1}),
        )  # fmt: skip
        raise


def _passkey(user: User, text: str) -> str:
    try:
        answer = json.loads(text)
        passkeys.parse_authentication_response(answer)
        passkeys.complete_authentication(user, answer).record_usage()
    except (ValueError, TypeError, KeyError, ValidationError):
        raise BadInput("code", "the passkey was not accepted; try again, or use the code from your app") from None
    return "passkey"


def passkey_request(user: User) -> dict[str, Any]:
    """What a browser's passkey is asked to sign, for `confirm_factor`."""
    return passkeys.begin_authentication(user)


# ---------------------------------------------------------------- locking


def lock(request: HttpRequest) -> None:
    """Lock this browser now."""
    request.session[LOCKED] = True
    request.locked = True  # type: ignore[attr-defined]


_BACK_S = 60.0  # clocks are set right by seconds all the time; more than this is a jump


def is_locked(session: Any) -> bool:
    """Is this browser locked, by hand or because nobody touched it for so long?

    A clock that jumps ahead locks; one that jumps back locks too, since nobody can know how long the browser stood.
    """
    if session.get(LOCKED):
        return True
    touched = session.get(TOUCHED)
    if touched is None:
        return False
    idle_s = clock.now().timestamp() - float(touched)
    return idle_s > settings.IDLE_LOCK_S or idle_s < -_BACK_S


def standing(session_keys: Collection[str]) -> dict[str, bool]:
    """Of these browsers, those whose sign-in is still good, and whether each is locked: for streams that stay open."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    rows = store.get_model_class().objects.filter(session_key__in=session_keys, expire_date__gt=timezone.now())
    found = {row.session_key: row.get_decoded() for row in rows}
    active = set(
        User.objects.filter(
            pk__in={data["_auth_user_id"] for data in found.values() if data.get("_auth_user_id")}, is_active=True
        ).values_list("pk", flat=True)
    )
    return {key: is_locked(data) for key, data in found.items() if int(data.get("_auth_user_id") or 0) in active}


def _touch(request: HttpRequest) -> None:
    request.session.pop(TABLET, None)
    request.session[TOUCHED] = clock.now().timestamp()
    request.session[LOCKED] = False
    request.locked = False  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came of a PIN: the person who is at the browser now, or why not and with which HTTP status."""

    user: User | None = None
    why: str = ""
    status: int = 200


def with_pin(request: HttpRequest, staff: Any, pin: Any) -> Tried:
    """Unlock this browser, or take it over from a colleague."""
    browser = request.session.get(BROWSER, "")
    if not str(staff or "").isdecimal():
        return Tried(why="choose your name first", status=422)
    who = next((user for user in roster(request) if user.pk == int(str(staff))), None)
    if who is None:
        return Tried(why="sign in with your password and second factor in this browser first", status=429)
    if not who.pin_hash:
        return Tried(why="you have no PIN yet: sign in with your password, then set one", status=422)
    found, dropped = factors.try_pin(browser, who.pk, str(pin or ""), at=clock.now())
    address, site = request.META.get("REMOTE_ADDR", ""), min(who.site_ids or {1})
    if found is None:
        why = f"wrong PIN for {who.signature_name}" + ("; now off the roster" if dropped else "")
        record.log_access(
            by=record.Program("somebody at a locked screen"), what="unlock", refused=True, why=why, path="/unlock/",
            address=address, site=site,
        )  # fmt: skip
        if dropped:
            return Tried(why="five wrong PINs: sign in with your password and second factor", status=429)
        return Tried(why="name and PIN do not match", status=422)
    before: Any = request.user
    what = "unlock" if before.pk == found.pk else "took over the screen"
    _take_seat(request, found)
    record.log_access(by=found, what=what, path="/unlock/", address=address, site=site)
    return Tried(user=found)


def _take_seat(request: HttpRequest, user: User) -> None:
    """From here on this browser acts for this person, under a new session key and a new form token."""
    browser = request.session[BROWSER]
    if request.user.is_authenticated and request.user.pk == user.pk:
        request.session.cycle_key()
        rotate_token(request)
    else:
        login(request, user, backend=_BACKEND)  # empties another person's session
    request.session[BROWSER] = browser
    request.session[FACTOR] = str(user.pk)
    _touch(request)


def leave_seat(request: HttpRequest) -> None:
    """End this person's session; the browser keeps its roster, so that colleagues can go on."""
    browser = request.session.get(BROWSER)
    logout(request)
    if browser:
        request.session[BROWSER] = browser


def sign_out(request: HttpRequest) -> None:
    """End this person's session and their place on the roster."""
    user: Any = request.user
    if user.is_authenticated and BROWSER in request.session:
        factors.leave_roster(request.session[BROWSER], user)
    leave_seat(request)


def everyone_out(request: HttpRequest) -> None:
    """End the session, and everybody's place on the roster of this browser."""
    if BROWSER in request.session:
        factors.leave_roster(request.session[BROWSER])
    logout(request)


def safe_next(request: HttpRequest, default: str = "/") -> str:
    """Where to go on: an address of this house, or the default."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    here = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    # Only a path: a whole address of this house would do, but nobody needs one, and fewer forms are fewer tricks.
    fine = here and asked.startswith("/") and not asked.startswith(("/unlock", "/lock", "//"))
    return asked if fine else default
