"""Reading what a form sent: a moment, a uid."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.utils import timezone

from stillhaven.science.errors import BadInput


def moment(text: str | None, field: str) -> datetime | None:
    """A moment in the clinic's own time, or None where nothing was written."""
    if not text or not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else timezone.make_aware(found)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(field, "write a date and time") from None


def uid_of(text: str | None) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise BadInput("uid", "is not a uid") from None


def day(text: str | None, field: str) -> datetime | None:
    """A day as the start of it."""
    return moment(f"{text.strip()}T00:00" if text and text.strip() else None, field)
