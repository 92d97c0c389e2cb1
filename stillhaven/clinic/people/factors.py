"""Is it really this person?  Codes of second factors, PINs for quick unlock, and who stands on a browser's roster."""

from __future__ import annotations

import hmac
import re
import time
from datetime import datetime
from itertools import pairwise

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from django.contrib.auth.hashers import check_password, make_password
from django.core.cache import cache
from django.db import transaction
from django.utils.crypto import salted_hmac

from stillhaven.clinic.people import queries
from stillhaven.clinic.people.models import RosterPlace, User
from stillhaven.clinic.record import actions as record
from stillhaven.science.errors import BadInput, Refused

WRONG_PINS = 5  # then the person is off this browser's roster: in again with password and second factor
WRONG_CODES, WRONG_CODES_FOR_S = 5, 300  # a second factor's code: so many tries in so many seconds


def current_totp(secret: str, ahead: int = 0) -> str:
    """The code that an authenticator app shows now; `ahead` steps of 30 s later (or earlier).  For demo and tests."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + ahead))


def check_code(user: User, code: str) -> str:
    """Is this the code of somebody's second factor?  Answers "totp" or "recovery"; each code is good once.

    BadInput for a wrong code, and for any code after five wrong ones in five minutes.
    """
    key, text = f"wrong-codes:{user.pk}", re.sub(r"[\s-]", "", code)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # one try at a time, so that the count is right
        tries = int(cache.get(key, 0))
        found = _code_kind(user, text) if tries < WRONG_CODES else ""
        if found:
            cache.delete(key)
        elif tries < WRONG_CODES:
            cache.set(key, tries + 1, WRONG_CODES_FOR_S)
    if tries >= WRONG_CODES:
        raise BadInput("code", "too many wrong codes; wait five minutes and use the code your app shows then")
    if not found:
        raise BadInput("code", "this code is wrong, or was used already; wait for the next one in your app")
    return found


def _code_kind(user: User, text: str) -> str:
    for held in Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN):
        if held.type == Authenticator.Type.TOTP and _accept_totp(user, decrypt(held.data["secret"]), text):
            held.record_usage()
            return "totp"
        if held.type == Authenticator.Type.RECOVERY_CODES and held.wrap().validate_code(text):
            return "recovery"
    return ""


def _accept_totp(user: User, secret: str, text: str) -> bool:
    """A code of the last, this or the next half minute, if it is newer than the newest accepted one."""
    for step in yield_hotp_counters_from_time():
        if hmac.compare_digest(format_hotp_value(hotp_value(secret, step)).encode(), text.encode()):
            return use_totp_step(user, step)
    return False


def use_totp_step(user: User, step: int) -> bool:
    """Spend one time step of a code; False when it, or a later one, is spent already."""
    return bool(User.objects.filter(pk=user.pk, last_totp_step__lt=step).update(last_totp_step=step))


# ---------------------------------------------------------------- PIN and roster


def join_roster(browser: str, user: User, *, at: datetime) -> None:
    """Somebody signed in with both factors in this browser: for twelve hours their PIN unlocks it."""
    RosterPlace.objects.update_or_create(browser=browser, user=user, defaults={"signed_in_at": at, "wrong_pins": 0})


def leave_roster(browser: str, user: User | None = None) -> None:
    """Take one person, or everyone, off a browser's roster."""
    places = RosterPlace.objects.filter(browser=browser)
    (places if user is None else places.filter(user=user)).delete()


def forget_rosters(user: User) -> None:
    """Somebody's password changed: where they were on a roster, they sign in in full again."""
    RosterPlace.objects.filter(user=user).delete()


@transaction.atomic
def try_pin(browser: str, user_id: int, pin: str, *, at: datetime) -> tuple[User | None, bool]:
    """Check a PIN: (the person, False) when right; (None, whether they are off the roster now) when not."""
    place = queries.roster_places(browser, at).filter(user_id=user_id).select_for_update(of=("self",)).first()
    if place is None:
        return None, True
    if place.user.pin_hash and _pin_fits(place.user, pin):
        place.wrong_pins = 0
        place.save(update_fields=["wrong_pins"])
        return place.user, False
    place.wrong_pins += 1
    if place.wrong_pins >= WRONG_PINS:
        place.delete()
        return None, True
    place.save(update_fields=["wrong_pins"])
    return None, False


@transaction.atomic
def set_pin(user: User, pin: str, *, by: User) -> None:
    """Set one's own PIN for quick unlock.  A PIN that somebody would guess is refused."""
    if user.pk != by.pk or not user.is_clinic_staff:
        raise Refused(why="everybody sets their own PIN")
    keep_pin(user, pin)
    record.log_change(user, {}, {"pin": "set"}, by=by, site=min(user.site_ids, default=1))


def keep_pin(user: User, pin: str) -> None:
    """Keep a PIN, unless somebody would guess it."""
    why = weak_pin(pin)
    if why:
        raise BadInput("pin", why)
    user.pin_hash = hash_pin(pin)
    user.save(update_fields=["pin_hash"])


def hash_pin(pin: str) -> str:
    """What is kept of a PIN: a slow hash, with a salt of its own."""
    return make_password(_peppered(pin))


def _pin_fits(user: User, pin: str) -> bool:
    return check_password(_peppered(pin), user.pin_hash)


def _peppered(pin: str) -> str:
    """Six digits are few: a key that is not in the database goes into the hash, so that a stolen table is not enough."""
    return salted_hmac("stillhaven.people.pin", pin, algorithm="sha256").hexdigest()


_KNOWN = {"159753", "357159", "147258", "258369", "147852", "789456", "456789", "741852", "112358", "314159", "696969"}


def weak_pin(pin: str) -> str:
    """Why this PIN cannot be used; "" when it can."""
    if not re.fullmatch(r"[0-9]{6}", pin):
        return "a PIN has six digits"
    digits = [int(c) for c in pin]
    steps = {(b - a) % 10 for a, b in pairwise(digits)}
    if len(set(digits)) < 3:
        return "use at least three different digits"
    if len(steps) == 1:
        return "no rows such as 123456"
    if pin[:3] == pin[3:] or pin[:2] * 3 == pin or pin == pin[::-1]:
        return "no patterns such as 123123 or 123321"
    if pin[0::2] == pin[1::2]:
        return "no doubles such as 112233"
    if pin in _KNOWN:
        return "this is one of the PINs that are tried first"
    return ""
