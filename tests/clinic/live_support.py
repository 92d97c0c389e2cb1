"""A chair in use, its monitor's messages, and its stream as a screen reads it."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

from django.db import connections

from stillhaven.clinic.monitoring import views
from stillhaven.clinic.monitoring.hub import hub
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import clock
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.vitals import actions as vitals
from stillhaven.clinic.web.demo import Demo
from stillhaven.science.vitals import Mode, Quality

READER = {"locked": False, "user": "N. Alvarez RN"}
CALM = {"spo2_pct": 98.0, "heart_rate_per_min": 70.0, "resp_rate_per_min": 14.0, "pulse_rate_per_min": 70.0}


def in_chair(demo: Demo, key: str = "ben", chair: str = "Chair 2", minutes: float = 5) -> TreatmentSession:
    """Somebody in a chair, the drug running for so long."""
    return demo.start(key, chair, clock.now() - timedelta(minutes=minutes))


def send(device: str, values: dict[str, float | None], at: datetime | None = None, site: int = 1) -> str:
    """One message of this monitor, as the gateway brings it; returns its uid."""
    at = at or clock.now()
    uid = uuid.uuid4()
    readings = tuple(
        vitals.SentReading(
            index=n, signal=signal, value=value, at=at, quality=Quality.NO_VALUE if value is None else Quality.GOOD,
            reason="probe off" if value is None else "",
        )
        for n, (signal, value) in enumerate(values.items())
    )  # fmt: skip
    message = vitals.SentMessage(
        uid=uid, sequence=1, device=device, control_id=str(uid)[:20], received_at=at, device_time=at, patient_id="",
        patient_name="", bed="", mode=Mode.SIMULATED, readings=readings, notes=(),
    )  # fmt: skip
    vitals.record_messages("gw-1", [message], by=record.Program("test"), site=site, at=clock.now())
    return str(uid)


async def threaded(work: Callable[..., Any], *args: Any, **more: Any) -> Any:
    """Database work beside the event loop."""

    def run() -> Any:
        try:
            return work(*args, **more)
        finally:
            connections.close_all()

    return await asyncio.to_thread(run)


class Stream:
    """What one screen hears, event by event."""

    def __init__(self, session: TreatmentSession, since: str = "") -> None:
        self.events: AsyncIterator[bytes] = views._events(session.pk, since, READER)
        self.cursor = since

    async def next(self, kind: str = "state") -> dict[str, Any]:
        while True:
            raw = (await asyncio.wait_for(anext(self.events), 30)).decode()
            fields = dict(line.split(": ", 1) for line in raw.strip().split("\n"))
            if fields["event"] == "state":
                self.cursor = fields["id"]
            if fields["event"] == kind:
                return dict(json.loads(fields["data"]))

    async def until(self, true: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """The first state piece of which this holds."""
        while True:
            piece = await self.next()
            if true(piece):
                return piece

    async def close(self) -> None:
        await self.events.aclose()  # type: ignore[attr-defined]


def play(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a story on a loop of its own, and end the hub that it started."""

    async def whole() -> None:
        try:
            await asyncio.wait_for(story(), 120)
        finally:
            task = hub().task
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    asyncio.run(whole())


def has(signal: str, value: float) -> Callable[[dict[str, Any]], bool]:
    """Does this piece bring this value?"""
    return lambda piece: any(point[3] == value for point in piece.get("points", {}).get(signal, ()))


def tile(piece: dict[str, Any], signal: str) -> dict[str, Any]:
    return next(t for t in piece["tiles"] if t["signal"] == signal)
