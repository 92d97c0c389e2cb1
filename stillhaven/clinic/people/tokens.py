"""Programs sign in with a key of their own: a gateway that brings readings, a system that reads them."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.core.cache import cache
from django.http import HttpRequest

from stillhaven.clinic.people.models import ApiToken
from stillhaven.clinic.people.roles import NotAllowed, require
from stillhaven.clinic.record import clock

_TRIES_PER_MINUTE = 30


class NotSignedIn(Exception):
    """No key, or one that is not known: 401."""


def digest(secret: str) -> str:
    """What is kept of a key.  Keys are 256 random bits, so a plain hash cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()


def authenticate_token(request: HttpRequest, action: str) -> ApiToken:
    """The token a program came with, if its role allows the action.

    Raises NotSignedIn without a known key, NotAllowed where the key's role does not allow this.
    """
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    address = request.META.get("REMOTE_ADDR", "")
    if scheme.lower() != "bearer" or not secret:
        raise NotSignedIn("send Authorization: Bearer and a token")
    token = ApiToken.objects.filter(digest=digest(secret.strip()), is_active=True).first()
    if token is None:
        _count_failure(address)
        raise NotSignedIn("this token is not known, or was switched off")
    require(token, action)
    now = clock.now()
    if token.last_used_at is None or abs(now - token.last_used_at) > timedelta(minutes=1):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def _count_failure(address: str) -> None:
    key = f"token-failures:{address}"
    cache.add(key, 0, 60)
    if cache.incr(key) > _TRIES_PER_MINUTE:
        raise NotAllowed(why="too many unknown tokens from this address; wait a minute")
