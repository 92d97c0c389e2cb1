"""What a form of consent sends along with its words."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from stillhaven.science.errors import BadInput


def read_uuid(text: Any) -> UUID | None:
    """The uid under which a form was made, or None where none was sent."""
    if not text:
        return None
    try:
        return UUID(str(text))
    except ValueError:
        raise BadInput("uid", "is not a uid") from None


def site_of(request: HttpRequest) -> int:
    """The site whose texts or limits are meant: one of this person's own, the first where none is named."""
    user: Any = request.user
    asked = str(request.POST.get("site") or request.GET.get("site") or "")
    return int(asked) if asked.isdecimal() and int(asked) in user.site_ids else min(user.site_ids or {1})
