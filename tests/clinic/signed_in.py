"""A test client as a browser in which somebody has signed in, with both factors unless the test says otherwise."""

from __future__ import annotations

from typing import Any

from django.test import Client

from stillhaven.clinic.people import factors, unlock
from stillhaven.clinic.people.models import User
from stillhaven.clinic.record import clock

BROWSER = "b" * 43


def sign_in(client: Client, user: User, *, second_factor: bool = True) -> Client:
    """Sign somebody in without the pages: the session is as it is after password and code."""
    client.force_login(user, backend="stillhaven.clinic.people.backends.AllauthBackend")
    if second_factor:
        session: Any = client.session
        session[unlock.FACTOR] = str(user.pk)
        session[unlock.BROWSER] = session.get(unlock.BROWSER, BROWSER)
        session[unlock.TOUCHED] = clock.now().timestamp()
        session.save()
        if user.is_clinic_staff:
            factors.join_roster(session[unlock.BROWSER], user, at=clock.now())
    return client
