"""Fills an empty clinic with somebody in every state of a session, a monitor on nobody and a message nobody could read.

Run as a program of its own by the walks, on a database of its own; prints the addresses that are worth a visit as JSON.
"""

from __future__ import annotations

import json
import math
import uuid
from datetime import datetime, timedelta
from typing import Any

import django

django.setup()

from stillhaven.clinic.monitoring.watch import Watch  # noqa: E402
from stillhaven.clinic.people.models import ApiToken  # noqa: E402
from stillhaven.clinic.plan.models import Order  # noqa: E402
from stillhaven.clinic.record import actions as record  # noqa: E402
from stillhaven.clinic.record import clock  # noqa: E402
from stillhaven.clinic.scales import demo as scales  # noqa: E402
from stillhaven.clinic.session import actions, events  # noqa: E402
from stillhaven.clinic.session.models import Event, TreatmentSession  # noqa: E402
from stillhaven.clinic.vitals import actions as vitals  # noqa: E402
from stillhaven.clinic.vitals.models import Device, Message  # noqa: E402
from stillhaven.clinic.web.demo import Demo  # noqa: E402
from stillhaven.reference.cast_people import cast  # noqa: E402
from stillhaven.science.vitals import Mode, Quality  # noqa: E402


def fill() -> dict[str, Any]:
    now = clock.now()
    demo = Demo(now)
    demo.people()
    demo.afternoon()
    nurse = demo.staff["nurse"]
    scales.seed(demo.patients, nurse=nurse, doctor=demo.staff["prescriber"], now=now)
    # one visit of finn's has come and is asked, another is ready; a third was called off
    held = TreatmentSession.objects.get(patient=demo.patients["cleo"])
    actions.hold(held.pk, "asks for a pause", by=nurse, at=now - timedelta(minutes=2))
    checked = TreatmentSession.objects.get(patient=demo.patients["finn"], state="booked")
    actions.check_in(checked.pk, by=demo.staff["desk"], at=now - timedelta(minutes=4))
    actions.record_check(checked.pk, "identity", {"identifiers": ["name"]}, by=nurse, at=now - timedelta(minutes=3))
    course = demo.patients["finn"].courses.get()
    ready = actions.book(course, booked_for=now, by=nurse, at=now - timedelta(hours=1), order=demo.order(course, "finn", now),
                         chair=demo.chairs["Chair 7"], nurse=nurse)  # fmt: skip
    row = next(p for p in cast()["patient"] if p["key"] == "finn")
    demo.arrive(ready, row, now)
    ready_monitor = Device.objects.create(
        site=demo.site, key="MON-7", first_seen_at=now, last_seen_at=now, claimed=True
    )
    vitals.attach(ready_monitor, demo.patients["finn"], by=nurse, start=now - timedelta(minutes=35))
    demo.baseline(ready_monitor, demo.patients["finn"], now - timedelta(minutes=6))
    actions.make_ready(ready.pk, by=nurse, at=now - timedelta(minutes=5))
    off = actions.book(course, booked_for=now + timedelta(days=3), by=nurse, at=now)
    actions.leave_early(off.pk, actions.Move.CANCEL, "has a cold", by=nurse, at=now)
    later = actions.book(course, booked_for=now + timedelta(days=4), by=nurse, at=now)
    for minute in range(30, -1, -1):
        monitors(now - timedelta(minutes=minute), 12 if minute else 1)
    ApiToken.objects.create(name="gateway-1", role="device", site=demo.site, digest="0" * 64)
    Watch().look()
    running = TreatmentSession.objects.get(patient=demo.patients["ben"])
    slip = events.note(running.pk, "wrong chair", by=nurse, at=now)
    events.retract(running.pk, slip.uid, by=nurse, at=now)
    states = {"booked": later, "checked_in": checked, "ready": ready, "dosing": running, "held": held, "cancelled": off}
    states |= {s.state: s for s in TreatmentSession.objects.filter(state__in=("recovering", "signed"))}
    ordered = Order.objects.get(sessions=running)
    return {
        "sessions": {state: str(s.uid) for state, s in states.items()}, "order": str(ordered.uid),
        "course": ordered.course_id, "patient": running.patient_id, "entry": str(slip.uid),
        "device_on": Device.objects.get(key="MON-2").pk, "device_off": Device.objects.get(key="MON-9").pk,
        "message": str(Message.objects.exclude(rejected_code="").values_list("uid", flat=True)[0]),
        "staff": demo.staff["desk"].pk, "notes": Event.objects.count(),
    }  # fmt: skip


def monitors(at: datetime, count: int) -> None:
    """A minute of every monitor, and of one that is on nobody; one message that nobody can read."""
    sent = []
    for n, key in enumerate(("MON-1", "MON-2", "MON-3", "MON-4", "MON-5", "MON-6", "MON-7", "MON-9")):
        for step in range(count):
            moment = at + timedelta(seconds=5 * step - 60)
            wave = math.sin(moment.timestamp() / 200 + n)
            row: dict[str, float | None] = {
                "heart_rate_per_min": round(80 + 8 * wave), "spo2_pct": None if key == "MON-4" and 20 < step < 30 else round(96 + wave),
                "resp_rate_per_min": round(14 + 2 * wave),
            }  # fmt: skip
            if step == 0 and at.minute % 5 == 0:
                row |= {"systolic_mmhg": round(150 + 16 * wave), "diastolic_mmhg": 88.0, "mean_pressure_mmhg": 105.0}
            sent.append(_message(key, moment, row))
    if count == 1:
        sent.append(
            _message(
                "MON-9",
                at,
                {},
                rejected_code="AE",
                rejected_reason="the header names no trigger",
                raw=b"MSH|^~\\&|X\rPID|1",
            )
        )
    vitals.record_messages("gw-1", sent, by=record.Program("gateway"), site=1, at=at)


def _message(key: str, at: datetime, row: dict[str, float | None], **more: Any) -> vitals.SentMessage:
    readings = tuple(
        vitals.SentReading(index=i, signal=signal, value=value, at=at, quality=Quality.NO_VALUE if value is None else Quality.GOOD,
                           reason="probe off" if value is None else "")
        for i, (signal, value) in enumerate(row.items())
    )  # fmt: skip
    return vitals.SentMessage(
        uid=uuid.uuid4(), sequence=1, device=key, control_id=f"{key}-{at.timestamp():.0f}", received_at=at, device_time=at,
        patient_id="", patient_name="", bed="", mode=Mode.SIMULATED, readings=readings, notes=(), **more,
    )  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(fill()))
