"""Who may unlock this browser with a PIN, and take over the chair from a colleague?"""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest

from stillhaven.clinic.people.models import User
from stillhaven.clinic.record import clock

BROWSER = "browser"  # session key: this browser's random name
ROSTER_FOR = timedelta(hours=12)


def roster(request: HttpRequest) -> list[User]:
    """Those who signed in with both factors in this browser within the last twelve hours, by name."""
    browser = request.session.get(BROWSER, "")
    if not browser:
        return []
    since = clock.now() - ROSTER_FOR
    people = User.objects.filter(
        roster_places__browser=browser, roster_places__signed_in_at__gt=since, is_active=True, patient=None
    )
    return list(people.order_by("name"))
