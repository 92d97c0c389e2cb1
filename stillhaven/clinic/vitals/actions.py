"""Readings are made safe first; whatever is made of them comes after.  Devices are put on and taken off patients."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record.actions import Actor
from stillhaven.clinic.vitals.models import Attachment, Device, Message, Reading, ReadingMark, device_defaults
from stillhaven.reference import load as reference
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.vitals import Mode, Quality, Source, judge_quality


@dataclass(frozen=True, kw_only=True)
class SentReading:
    """One value as a gateway brought it: already in the signal's unit, with what the monitor wrote beside it."""

    index: int
    signal: str
    value: float | None
    at: datetime
    quality: Quality
    reason: str = ""
    probe: str = ""
    code_sent: str = ""
    unit_sent: str = ""
    value_sent: str = ""


@dataclass(frozen=True, kw_only=True)
class SentMessage:
    """One message of a monitor as a gateway brought it."""

    uid: uuid.UUID
    sequence: int
    device: str
    control_id: str
    received_at: datetime
    device_time: datetime | None
    patient_id: str
    patient_name: str
    bed: str
    mode: Mode
    readings: tuple[SentReading, ...]
    notes: tuple[str, ...]
    rejected_code: str = ""
    rejected_reason: str = ""
    raw: bytes | None = None


@transaction.atomic
def record_messages(
    gateway: str, messages: Sequence[SentMessage], *, by: Actor, site: int, at: datetime
) -> dict[uuid.UUID, str]:
    """Store messages and their readings, once each, and say what became of each uid.

    "stored": readings of a claimed device; "unclaimed": kept for the tray, since nobody said whose device this is;
    "kept": a message that could not be read, with its bytes; "duplicate": it was here already.
    """
    devices = _devices({device_key(gateway, m.device) for m in messages}, site=site, at=at)
    record.lock("vitals", site)
    known = set(Message.objects.filter(uid__in=[m.uid for m in messages]).values_list("uid", flat=True))
    results: dict[uuid.UUID, str] = {}
    entries: list[Message | Reading] = []
    for sent in messages:
        if sent.uid in known or sent.uid in results:
            results.setdefault(sent.uid, "duplicate")
            continue
        device = devices[device_key(gateway, sent.device)]
        message = _message(gateway, sent, device, site)
        entries.append(message)
        entries.extend(_reading(message, device, r, sent.mode, site) for r in sent.readings)
        results[sent.uid] = "kept" if sent.rejected_code else "stored" if device.claimed else "unclaimed"
    if entries:
        record.append(*entries, by=by)
        Device.objects.filter(pk__in=[d.pk for d in devices.values()]).update(last_seen_at=at)
    return results


def device_key(gateway: str, key: str) -> str:
    """A monitor that does not say who it is, is known by the gateway it speaks through: never by a guess."""
    return key.strip()[:120] or f"unnamed monitor at {gateway}"[:120]


def _devices(keys: set[str], *, site: int, at: datetime) -> dict[str, Device]:
    found = {d.key: d for d in Device.objects.filter(site_id=site, key__in=keys)}
    for key in sorted(keys - set(found)):
        found[key], _ = Device.objects.get_or_create(site_id=site, key=key, defaults=device_defaults(at))
    return found


def _message(gateway: str, sent: SentMessage, device: Device, site: int) -> Message:
    return Message(
        uid=sent.uid,
        site=site,
        happened_at=sent.device_time or sent.received_at,
        gateway=gateway[:60],
        sequence=sent.sequence,
        device=device,
        control_id=sent.control_id[:200],
        device_time=sent.device_time,
        received_at=sent.received_at,
        patient_id_sent=sent.patient_id[:120],
        patient_name_sent=sent.patient_name[:200],
        bed_sent=sent.bed[:120],
        mode=sent.mode.value,
        notes=list(sent.notes),
        rejected_code=sent.rejected_code[:4],
        rejected_reason=sent.rejected_reason,
        raw=sent.raw,
    )


def _reading(message: Message, device: Device, sent: SentReading, mode: Mode, site: int) -> Reading:
    return Reading(
        uid=uuid.uuid5(message.uid, str(sent.index)),
        site=site,
        happened_at=sent.at,
        message=message,
        index=sent.index,
        device=device,
        signal=sent.signal,
        value=sent.value,
        quality=sent.quality.value,
        why=sent.reason[:200],
        probe=sent.probe[:80],
        mode=mode.value,
        code_sent=sent.code_sent[:120],
        unit_sent=sent.unit_sent[:80],
        value_sent=sent.value_sent[:80],
    )


@transaction.atomic
def record_by_hand(
    patient: Patient, values: Mapping[str, float], *, by: Any, at: datetime, simulated: bool = False,
    uids: dict[str, uuid.UUID] | None = None,
) -> list[Reading]:  # fmt: skip
    """What somebody measured and typed.  Values out of a living person's range are refused, so that slips are caught."""
    roles.require_patient(by, "vitals.record", patient)
    signals = reference.current().signals
    if not values:
        raise BadInput("vitals", "write at least one value")
    readings = []
    for key, value in values.items():
        if key not in signals:
            raise BadInput(key, "is not a vital sign this house knows")
        signal = signals[key]
        if judge_quality(signal, value) is not Quality.GOOD:
            raise BadInput(key, f"must be between {signal.low:g} and {signal.high:g} {signal.unit}")
        mode = Mode.SIMULATED if simulated else Mode.REAL
        readings.append(
            Reading(
                uid=(uids or {}).get(key) or uuid.uuid4(),
                site=patient.site_id,
                happened_at=at,
                patient=patient,
                signal=key,
                value=value,
                source=Source.HAND.value,
                mode=mode.value,
            )
        )
    record.append(*readings, by=by)
    return readings


@transaction.atomic
def attach(device: Device, patient: Patient, *, by: Any, start: datetime) -> Attachment:
    """Put a device on a patient from a moment on.  Refused while it is on somebody else."""
    roles.require_patient(by, "device.attach", patient)
    if device.site_id != patient.site_id:
        raise Refused(why="this monitor belongs to another site")
    Device.objects.select_for_update().get(pk=device.pk)
    worn = Attachment.objects.current().filter(device=device, end__isnull=True).select_related("patient").first()
    if worn is not None:
        if worn.patient_id == patient.pk:
            return worn
        raise Refused(why=f"{device.called} is on {worn.patient} still; take it off there first")
    if not device.claimed:
        Device.objects.filter(pk=device.pk).update(claimed=True)
    attachment = Attachment(site=patient.site_id, happened_at=start, device=device, patient=patient, start=start)
    record.append(attachment, by=by)
    return attachment


@transaction.atomic
def detach(attachment: Attachment, *, by: Any, end: datetime, reason: str = "taken off") -> Attachment:
    """Take a device off a patient."""
    if attachment.patient is None:
        raise Refused(why="this attachment was made in error already")
    roles.require_patient(by, "device.attach", attachment.patient)
    if end < attachment.start:
        raise BadInput("end", "must be after the device was put on")
    return record.amend(attachment, by=by, at=end, reason=reason, end=end, happened_at=end)  # type: ignore[return-value]


@transaction.atomic
def correct_attachment(
    attachment: Attachment, *, by: Any, at: datetime, reason: str, patient: Patient | None = None,
    start: datetime | None = None, end: datetime | None = None,
) -> Attachment:  # fmt: skip
    """The device was on somebody else, or at another time: one amendment mends every reading it covers."""
    for somebody in (attachment.patient, patient):
        if somebody is not None:
            roles.require_patient(by, "device.attach", somebody)
    changes: dict[str, Any] = {}
    if patient is not None:
        changes["patient_id"] = patient.pk
    if start is not None:
        changes["start"] = start
    if end is not None:
        changes["end"] = end
    if not changes:
        raise BadInput("patient", "say what was wrong: the patient, or the times")
    return record.amend(attachment, by=by, at=at, reason=reason, **changes)  # type: ignore[return-value]


@transaction.atomic
def mark_artefact(
    patient: Patient, signal: str, start: datetime, end: datetime, *, by: Any, at: datetime, why: str,
    uid: uuid.UUID | None = None,
) -> ReadingMark:  # fmt: skip
    """Say that a stretch of a signal is not the patient.  The readings stay, drawn hollow and never judged."""
    roles.require_patient(by, "vitals.mark", patient)
    if signal not in reference.current().signals:
        raise BadInput("signal", "is not a vital sign this house knows")
    if end <= start:
        raise BadInput("end", "must be after the start")
    if not why.strip():
        raise BadInput("why", "say what disturbed the signal")
    mark = ReadingMark(
        uid=uid or uuid.uuid4(),
        site=patient.site_id,
        happened_at=at,
        patient=patient,
        signal=signal,
        start=start,
        end=end,
        why=why.strip()[:200],
    )
    record.append(mark, by=by)
    return mark
