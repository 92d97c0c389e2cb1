"""The job that keeps follow-up going: every quarter of an hour, by the worker that `stillhaven serve` runs."""

from __future__ import annotations

from procrastinate.contrib.django import app

from stillhaven.clinic.followup import engine
from stillhaven.clinic.record import clock


@app.periodic(cron="*/15 * * * *")
@app.task(name="followup.run", queueing_lock="followup.run", lock="followup.run")
def run(timestamp: int) -> None:
    """Remind, take back, watch, by the clinic's own clock."""
    engine.run(clock.now())
