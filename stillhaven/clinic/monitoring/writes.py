"""What is written from the chair's screen about readings and alarms."""

from __future__ import annotations

import uuid as uuids
from datetime import timedelta
from typing import Any

from django.http import HttpRequest

from stillhaven.clinic.monitoring import actions, gather
from stillhaven.clinic.session.queries import answer_repeat
from stillhaven.clinic.session.writes import Sent, read_moment, write
from stillhaven.clinic.vitals import actions as vitals
from stillhaven.clinic.vitals import queries as worn
from stillhaven.clinic.vitals.models import Device, Reading
from stillhaven.science.errors import BadInput
from stillhaven.science.vitals import Mode


@write
def acknowledge(sent: Sent, request: HttpRequest) -> None:
    actions.acknowledge(sent.session.pk, sent.text("alarm"), did=sent.text("did"), **sent.common)


@write
def pause_audio(sent: Sent, request: HttpRequest) -> None:
    longest = gather.plan_of(sent.session).audio_pause_max_s
    actions.pause_audio(sent.session.pk, sent.maybe("seconds") or longest, **sent.common)


@write
def resume_audio(sent: Sent, request: HttpRequest) -> None:
    actions.resume_audio(sent.session.pk, **sent.common)


@write
def limit(sent: Sent, request: HttpRequest) -> None:
    """Change one limit.  On a page an empty field takes no limit away: that has a tick of its own."""
    value = None if sent.text("remove") == "yes" else sent.maybe("value")
    if value is None and "form" in sent.body and sent.text("remove") != "yes":
        raise BadInput("value", "write the new limit")
    named = (sent.text("condition"), sent.text("signal"), sent.text("tier"))
    try:
        actions.change_limit(sent.session.pk, *named, value, sent.text("reason"), **sent.common)
    except BadInput as error:
        if error.field == ".".join(part for part in named if part):  # on a page it stands beside the number
            raise BadInput("value", error.why) from None
        raise


@write
def by_hand(sent: Sent, request: HttpRequest) -> None:
    """A row of vitals by hand: each value is a reading of its own, with a uid that follows from the row's."""
    row: Any = sent.body.get("readings")
    if row is None:  # a form sends each signal as a field of its own
        row = {key: value for key, value in sent.body.items() if key.rpartition("_")[2] in _UNITS and value != ""}
    if not isinstance(row, dict) or not row:
        raise BadInput("readings", "write at least one value")
    values = {str(key): Sent.number(_one(sent, str(key), value), str(key)) for key, value in row.items()}
    uids = {key: uuids.uuid5(sent.uid, key) for key in values} if sent.uid else None
    for uid in (uids or {}).values():
        answer_repeat(Reading, uid, by=sent.by, patient_id=sent.session.patient_id)
    simulated = Mode.SIMULATED in gather.charted(sent.session)
    vitals.record_by_hand(sent.session.patient, values, by=sent.by, at=sent.at, simulated=simulated, uids=uids)


_UNITS = {"mmhg", "min", "pct", "c"}


def _one(sent: Sent, key: str, value: Any) -> Sent:
    return Sent(session=sent.session, by=sent.by, at=sent.at, uid=sent.uid, body={key: value})


@write
def artefact(sent: Sent, request: HttpRequest) -> None:
    start = read_moment(sent.text("start"), "start") if sent.text("start") else sent.at - timedelta(minutes=1)
    end = read_moment(sent.text("end"), "end") if sent.text("end") else sent.at
    vitals.mark_artefact(sent.session.patient, sent.text("signal"), start, end, why=sent.text("why"), **sent.common)


@write
def attach(sent: Sent, request: HttpRequest) -> None:
    """Put a monitor on this patient, from now or from when it was really put on."""
    device = Device.objects.filter(site_id=sent.session.site_id, pk=sent.whole("device")).first()
    if device is None:
        raise BadInput("device", "choose a monitor from the list")
    start = read_moment(sent.text("start"), "start") if sent.text("start") else sent.at
    vitals.attach(device, sent.session.patient, by=sent.by, start=start)


@write
def detach(sent: Sent, request: HttpRequest) -> None:
    attachment = worn.worn_now(sent.session.patient_id).first()
    if attachment is None:
        raise BadInput("device", "no monitor is on this patient")
    vitals.detach(attachment, by=sent.by, end=sent.at)
