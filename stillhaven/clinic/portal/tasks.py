"""The daily clearing away of administrative data."""

from __future__ import annotations

from procrastinate.contrib.django import app

from stillhaven.clinic.portal import privacy_actions
from stillhaven.clinic.record import clock


@app.periodic(cron="17 3 * * *")
@app.task(name="portal.clear", queueing_lock="portal.clear", lock="portal.clear")
def clear(timestamp: int) -> None:
    """Once a night, by the clinic's own clock."""
    privacy_actions.clear(clock.now())
