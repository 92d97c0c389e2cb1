"""Where a gateway brings what monitors sent: `POST /api/ingest`.  Readings are safe once this has answered."""

from __future__ import annotations

import base64
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema
from pydantic import AwareDatetime

from stillhaven.clinic.people.tokens import authenticate_token
from stillhaven.clinic.record import clock
from stillhaven.clinic.vitals import actions as vitals
from stillhaven.reference import load as reference
from stillhaven.science.errors import BadInput
from stillhaven.science.vitals import Mode, Quality, judge_quality

router = Router(tags=["monitors"])


class ReadingIn(Schema):
    """One value of one signal, in the signal's unit."""

    index: int = Field(ge=0, le=32000)
    signal: str = Field(max_length=40)
    value: float | None = Field(allow_inf_nan=False)
    at: AwareDatetime
    quality: Quality
    reason: str = ""
    probe: str = ""
    code_sent: str = ""
    unit_sent: str = ""
    value_sent: str = ""


class RejectedIn(Schema):
    """Why a gateway refused a message."""

    code: Literal["AE", "AR"]
    reason: str


class MessageIn(Schema):
    """One message of a monitor."""

    uid: UUID
    sequence: int = Field(ge=0)
    device: str
    control_id: str
    received_at: AwareDatetime
    device_time: AwareDatetime | None = None
    patient_id: str = ""
    patient_name: str = ""
    bed: str = ""
    mode: Mode
    readings: list[ReadingIn] = []
    notes: list[str] = []
    rejected: RejectedIn | None = None
    raw: str | None = None


class BatchIn(Schema):
    """What a gateway brings at once."""

    gateway: str = Field(min_length=1, max_length=60)
    messages: list[MessageIn] = Field(max_length=5000)


class ResultOut(Schema):
    """What became of one message."""

    uid: UUID
    status: Literal["stored", "duplicate", "unclaimed", "kept"]


class ResultsOut(Schema):
    """What became of each message of the batch.  Every uid named here is settled: it need not be sent again."""

    results: list[ResultOut]


@router.post("/ingest", response=ResultsOut, auth=None, summary="Bring a gateway's messages")
def ingest(request: HttpRequest, batch: BatchIn) -> dict[str, Any]:
    """Store a batch of messages, each once.  Needs a token with the role "device"."""
    token = authenticate_token(request, "readings.send")
    messages = [_sent(message) for message in batch.messages]
    done = vitals.record_messages(batch.gateway, messages, by=token, site=token.site_id, at=clock.now())
    return {"results": [{"uid": m.uid, "status": done[m.uid]} for m in messages]}


def _sent(message: MessageIn) -> vitals.SentMessage:
    try:
        raw = base64.b64decode(message.raw, validate=True) if message.raw else None
    except ValueError:  # binascii.Error is one
        raise BadInput("raw", "is not base64") from None
    return vitals.SentMessage(
        uid=message.uid, sequence=message.sequence, device=_clean(message.device),
        control_id=_clean(message.control_id), received_at=message.received_at, device_time=message.device_time,
        patient_id=_clean(message.patient_id), patient_name=_clean(message.patient_name), bed=_clean(message.bed),
        mode=message.mode, readings=tuple(_reading(r) for r in message.readings),
        notes=tuple(_clean(n) for n in message.notes),
        rejected_code=message.rejected.code if message.rejected else "",
        rejected_reason=_clean(message.rejected.reason) if message.rejected else "", raw=raw,
    )  # fmt: skip


def _clean(text: str) -> str:
    """PostgreSQL holds no zero bytes; a monitor that sends one is kept all the same."""
    return text.replace("\x00", "\ufffd")


def _reading(sent: ReadingIn) -> vitals.SentReading:
    signals = reference.current().signals
    if sent.signal not in signals:
        raise BadInput("signal", f"{sent.signal!r} is not a vital sign this house knows")
    quality = sent.quality
    if quality in (Quality.GOOD, Quality.QUESTIONABLE):
        # The server judges plausibility itself: a gateway may be older than the clinic's limits.
        judged = judge_quality(signals[sent.signal], sent.value)
        quality = quality if judged is Quality.GOOD else judged
    return vitals.SentReading(
        index=sent.index, signal=sent.signal, value=sent.value, at=sent.at, quality=quality,
        reason=_clean(sent.reason), probe=_clean(sent.probe), code_sent=_clean(sent.code_sent),
        unit_sent=_clean(sent.unit_sent), value_sent=_clean(sent.value_sent),
    )  # fmt: skip
