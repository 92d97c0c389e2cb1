"""How often may one address or one person try the same thing?  Counted as sign-in is; the answer tells nothing else."""

from __future__ import annotations

from django.core.cache import cache
from django.http import HttpRequest

from stillhaven.science.errors import Refused

TOO_MANY = "this was tried very often just now; wait a while, or call the clinic"


class TooMany(Refused):
    """Too many tries from one place."""


def limit(what: str, who: str, *, most: int, seconds: int) -> None:
    """Count one try; TooMany beyond the limit."""
    key = f"portal.{what}.{who}"
    cache.add(key, 0, seconds)
    try:
        tries = cache.incr(key)
    except ValueError:  # it ran out between the two
        cache.set(key, 1, seconds)
        tries = 1
    if tries > most:
        raise TooMany(why=TOO_MANY)


def address_of(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))
