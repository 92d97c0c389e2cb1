"""Does the demo clinic come up whatever the hour?  Its afternoon hangs on the moment of the start and may run past midnight."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from stillhaven.clinic.people.models import Site
from stillhaven.clinic.schedule import queries
from stillhaven.clinic.schedule.models import Appointment
from stillhaven.clinic.web import demo
from stillhaven.science.schedule import DOSING, local

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-22T03:00:00Z",  # 22:00 in the demo's zone: the later sessions fall on the clinic's tomorrow
        "2027-03-14T04:40:00Z",  # 23:40, and at two o'clock the clocks go forward
    ],
)
def test_a_demo_started_late_in_the_evening_has_its_tomorrow(moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLHAVEN_CLOCK", "=" + moment)
    now = datetime.fromisoformat(moment)
    assert demo.seed(now)
    zone = queries.zone_of(Site.objects.get())
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    first = local(tomorrow, datetime.min.time(), zone)
    held = Appointment.objects.filter(kind=DOSING, starts_at__gte=first, starts_at__lt=first + timedelta(hours=23))
    people = list(held.values_list("patient__preferred_name", flat=True))
    assert len(people) == len(set(people)) == 6, "one session each, nobody twice, nobody lost"
