"""The nightly job that fits the registry's models, so that no page waits for one."""

from __future__ import annotations

from procrastinate.contrib.django import app

from stillhaven.clinic.people.models import Site
from stillhaven.clinic.record import clock
from stillhaven.clinic.registry import gather, model


@app.periodic(cron="20 3 * * *")
@app.task(name="registry.fit_all", queueing_lock="registry.fit_all", lock="registry.fit")
def fit_all(timestamp: int) -> None:
    """Fit every model anew."""
    model.fit_all(clock.now())


@app.task(name="registry.fit_one", lock="registry.fit")
def fit_one(site: int, family: str, group: str = "", scale: str = "") -> None:
    """Fit one model now, because somebody asked for it."""
    now = clock.now()
    view = gather.kinds([site], now).view(family, group, scale)
    model.fit(Site.objects.get(pk=site), family, now, view)
