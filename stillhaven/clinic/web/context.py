"""What every page needs to know: whose clinic it is, and whether it is a demonstration."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from stillhaven import __version__
from stillhaven.clinic.record import clock


def house(request: HttpRequest) -> dict[str, Any]:
    """The mode of this clinic, the time by its clock, and whether this browser is locked."""
    return {
        "mode": settings.MODE,
        "now": clock.now(),
        "version": __version__,
        "locked": bool(getattr(request, "locked", False)),
    }
