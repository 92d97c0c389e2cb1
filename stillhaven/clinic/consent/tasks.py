"""The job that empties the outbox: every minute, by the worker that `stillhaven serve` runs.

It stands here and not beside the outbox, because each message asks whether its person agreed to be written to.
"""

from __future__ import annotations

from procrastinate.contrib.django import app

from stillhaven.clinic.consent import queries
from stillhaven.clinic.messages import actions
from stillhaven.clinic.record import clock


@app.periodic(cron="* * * * *")
@app.task(name="post.send_due", queueing_lock="post.send_due", lock="post.send_due")
def send_due(timestamp: int) -> None:
    """Send what is due by the clinic's own clock, to those who agreed to it and have not taken it back."""
    actions.send_due(clock.now(), may=queries.may_send)
