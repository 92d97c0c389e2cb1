"""`GET /api/readings`: what a device sent, message by message, for whoever holds a token with a role that reads."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema

from stillhaven.clinic.people.tokens import authenticate_token
from stillhaven.clinic.vitals import queries

router = Router(tags=["readings"])


class ReadingOut(Schema):
    """One value of one vital sign, exactly as it was kept."""

    uid: UUID
    seq: int
    device: str
    message: str
    index: int
    signal: str
    value: float | None
    at: datetime
    arrived_at: datetime
    quality: str
    reason: str
    probe: str
    source: str
    mode: str
    code_sent: str
    unit_sent: str
    value_sent: str


class ReadingsOut(Schema):
    """A page of readings in the order they were recorded; `next_after` fetches the next page, None at the end."""

    readings: list[ReadingOut]
    next_after: int | None


@router.get("/readings", response=ReadingsOut, auth=None, summary="List readings by device and message control id")
def readings(
    request: HttpRequest,
    device: str = Query("", description="key of the device, as its messages name it"),
    message: str = Query("", description="message control id (MSH-10)"),
    after: int = Query(0, ge=0, description="only readings recorded after this seq"),
    limit: int = Query(1000, ge=1, le=10000),
) -> dict[str, Any]:
    """Readings in the order they were recorded (seq).  Needs a token whose role allows readings.read."""
    token = authenticate_token(request, "readings.read")
    rows = queries.by_message(token.site_id, device, message, after, limit)
    out = [
        {
            "uid": r.uid, "seq": r.seq, "device": r.device.key if r.device else "",
            "message": r.message.control_id if r.message else "", "index": r.index, "signal": r.signal,
            "value": r.value, "at": r.happened_at, "arrived_at": r.recorded_at, "quality": r.quality, "reason": r.why,
            "probe": r.probe, "source": r.source, "mode": r.mode, "code_sent": r.code_sent,
            "unit_sent": r.unit_sent, "value_sent": r.value_sent,
        }
        for r in rows
    ]  # fmt: skip
    return {"readings": out, "next_after": rows[-1].seq if len(rows) == limit else None}
