"""The demo's Ada has written to the clinic, been answered, and let her sister look."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from stillhaven.clinic.messages import thread_actions
from stillhaven.clinic.messages.models import Thread
from stillhaven.clinic.people.models import Patient, User
from stillhaven.clinic.portal import account_actions, privacy_actions

SECRET = "demo-link-of-adas-sister"  # noqa: S105  (an invented person's, in a demo only)


def seed(patients: Mapping[str, Patient], staff: Mapping[str, User], *, now: datetime) -> None:
    """Two conversations, a caregiver, a request; through the same deeds as everybody's."""
    ada = patients["ada"]
    own = User.objects.filter(patient=ada).first()
    if own is None or Thread.objects.filter(patient=ada).exists():
        return
    thread_actions.promise(ada.site, {"within_h": "24"}, by=staff["manager"])
    first = thread_actions.begin(
        ada, "Lunch before my next visit", "Until when may I eat on the day? I get dizzy when I do not.", by=own,
        at=now - timedelta(hours=27),
    )  # fmt: skip
    thread_actions.read(first.thread, by=staff["nurse"], at=now - timedelta(hours=25))
    thread_actions.write(
        first.thread, "Your page \"My appointments\" says until when. Bring something for afterwards; we have tea.",
        by=staff["nurse"], at=now - timedelta(hours=25),
    )  # fmt: skip
    thread_actions.begin(
        ada, "A letter for my employer", "Could I have a letter that says I was at an appointment on Friday?", by=own,
        at=now - timedelta(hours=3),
    )  # fmt: skip
    until = (now + timedelta(days=60)).date().isoformat()
    account_actions.let_in(ada, "Ruth (synthetic)", "sister", until, by=own, at=now - timedelta(days=2), secret=SECRET)
    privacy_actions.ask(ada, "correction", "My second name is missing.", by=own, at=now - timedelta(days=4))
