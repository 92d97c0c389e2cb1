"""The demo's people as fixtures: Ada, Ben and the others, with staff of every role."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.test import Client

from stillhaven.clinic.people.models import ApiToken, User
from stillhaven.clinic.people.tokens import digest
from stillhaven.clinic.web.demo import Demo
from tests.clinic.signed_in import sign_in

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)


def make_clinic(now: datetime) -> Demo:
    """A clinic with its people and policy, and nobody in the chairs yet."""
    demo = Demo(now)
    demo.people()
    return demo


def token(role: str = "device", site: int = 1, name: str = "") -> tuple[ApiToken, dict[str, str]]:
    """A program's key and the header that carries it."""
    secret = f"sh_test_{role}_{site}_{name}_{'x' * 40}"
    found = ApiToken.objects.create(name=name or f"{role}{site}", role=role, site_id=site, digest=digest(secret))
    return found, {"Authorization": f"Bearer {secret}"}


def signed_in(user: User, **session: Any) -> Client:
    """A browser in which this person signed in with both factors just now."""
    client = Client()
    client.force_login(user, backend="stillhaven.clinic.people.backends.AllauthBackend")
    sign_in(client, user)
    return client
