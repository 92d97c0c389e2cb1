"""Secret addresses: what is kept is their hash, so that a copy of the database opens none of them."""

from __future__ import annotations

import hashlib
import secrets

from stillhaven.clinic.schedule.models import Appointment, ConfirmLink


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def make_confirm_link(row: Appointment) -> str:
    """An unguessable address for one visit; it holds until the visit begins."""
    secret = secrets.token_urlsafe(24)
    ConfirmLink.objects.create(digest=digest(secret), appointment=row, good_until=row.starts_at)
    return secret


def confirm_link(secret: str) -> ConfirmLink | None:
    found = ConfirmLink.objects.filter(digest=digest(secret))
    return found.select_related("appointment__patient", "appointment__site").first()
