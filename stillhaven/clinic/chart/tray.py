"""Monitors that send and are on nobody, wrong attachments, and messages that could not be read: seen, never guessed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone

from stillhaven.clinic.people.asking import Ask, form
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import clock
from stillhaven.clinic.session import queries as sessions
from stillhaven.clinic.session.models import TreatmentSession
from stillhaven.clinic.vitals import actions as vitals
from stillhaven.clinic.vitals.models import Attachment, Device, Message, Reading
from stillhaven.reference import load as reference
from stillhaven.science.errors import BadInput


def device_page(request: HttpRequest, pk: int) -> dict[str, Any]:
    """One monitor: what it says of itself, its last values, on whom it is and was, and the forms to put that right."""
    device = _device(request.user, pk)
    newest = Message.objects.filter(device=device).order_by("-seq").first()
    worn = Attachment.objects.current().filter(device=device).select_related("patient").order_by("-start")
    on = next((a for a in worn if a.end is None), None)
    people = _options(device)
    attach = None if on else form(
        request, "attach", reverse("chart:device_attach", args=[device.pk]), "Put it on this person",
        Ask(name="session", label="Who wears it? Look at the person, not at the screen.", kind="choice", options=people),
        Ask(name="start", label="On since", kind="moment",
            help="Empty means now. An earlier time gives them its readings from then."),
    )  # fmt: skip
    return {
        "device": device, "newest": newest, "on": on, "attach": attach, "people": people,
        "last": [_value(r) for r in Reading.objects.filter(device=device).order_by("-seq")[:12]],
        "past": [{"a": a, "correct": _correct_form(request, a)} for a in worn[:10]],
        "looks_like": _looks_like(newest, device.site_id) if newest else None,
    }  # fmt: skip


def _value(row: Reading) -> dict[str, Any]:
    """One value in words: the sign's name and unit rather than its key."""
    signal = reference.current().signals.get(row.signal)
    return {
        "signal": row.signal, "name": signal.name if signal else row.signal, "unit": signal.unit if signal else "",
        "value": row.value, "happened_at": row.happened_at, "said": row.quality.replace("_", " "), "why": row.why,
    }  # fmt: skip


def _device(user: Any, pk: int) -> Device:
    found = Device.objects.filter(pk=pk, site_id__in=user.site_ids).select_related("chair").first()
    if found is None:
        raise Http404
    return found


def _options(device: Device) -> tuple[tuple[str, str], ...]:
    return tuple(
        (str(s.uid), f"{s.patient.name} · {s.chair.name if s.chair else 'no chair'}")
        for s in sessions.open_sessions([device.site_id])
    )


def _looks_like(message: Message, site: int) -> Patient | None:
    """Whom the monitor itself names, by the number it was told: a hint beside the question, never an answer to it."""
    if not message.patient_id_sent:
        return None
    return Patient.objects.filter(site_id=site, external_id=message.patient_id_sent).first()


def attach(request: HttpRequest, pk: int) -> TreatmentSession:
    """Put the monitor on the person of an open session."""
    device = _device(request.user, pk)
    chosen = request.POST.get("session", "")
    if chosen not in {value for value, _ in _options(device)}:
        raise BadInput("session", "choose who wears it")
    session = sessions.session_or_404(request.user, chosen)
    start = _moment(request.POST.get("start", ""), "start") or clock.now()
    vitals.attach(device, session.patient, by=request.user, start=start)
    return session


def _moment(text: str, field: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(field, "write a date and time") from None
    moment = moment if moment.tzinfo else timezone.make_aware(moment)
    if moment > clock.now() + timedelta(minutes=2):
        raise BadInput(field, "lies in the future")
    return moment


def _correct_form(request: HttpRequest, attachment: Attachment) -> Any:
    people = Patient.objects.filter(site_id=attachment.site).order_by("name")
    return form(
        request, f"correct-{attachment.uid}", reverse("chart:attachment_correct", args=[attachment.uid]), "Correct it",
        Ask(name="patient", label="It was really on", kind="select", value="",
            options=(("", "the same person"), *((str(p.pk), p.name) for p in people))),
        Ask(name="start", label="Really on since", kind="moment", help="Empty leaves it as it is."),
        Ask(name="end", label="Really off since", kind="moment", help="Empty leaves it as it is."),
        Ask(name="reason", label="What went wrong?"), look="",
    )  # fmt: skip


def correct(request: HttpRequest, uid: str) -> Attachment:
    """One amendment: the readings follow the person they belong to."""
    user: Any = request.user
    attachment = Attachment.objects.filter(uid=uid, site__in=user.site_ids).select_related("patient").first()
    if attachment is None:
        raise Http404
    chosen = request.POST.get("patient", "")
    patient = (
        Patient.objects.filter(pk=int(chosen), site_id=attachment.site).first()
        if chosen.isdecimal() and len(chosen) < 19
        else None
    )
    return vitals.correct_attachment(
        attachment, by=user, at=clock.now(), reason=request.POST.get("reason", ""), patient=patient,
        start=_moment(request.POST.get("start", ""), "start"), end=_moment(request.POST.get("end", ""), "end"),
    )  # fmt: skip


def message_page(request: HttpRequest, uid: str) -> dict[str, Any]:
    """Why a message was not taken, and what it was, readable."""
    user: Any = request.user
    found = (
        Message.objects.filter(uid=uid, site__in=user.site_ids)
        .exclude(rejected_code="")
        .select_related("device")
        .first()
    )
    if found is None:
        raise Http404
    raw = bytes(found.raw or b"")
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return {"message": found, "text": re.sub(r"[^\x20-\x7e\n\u00a0-\uffff]", "·", text)[:8000], "size": len(raw)}
