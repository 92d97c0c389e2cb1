"""What does somebody want to be told, and by which channel?  And the way out that needs no password (RFC 8058)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from stillhaven.clinic.messages.models import CHANNELS, OutMessage, Reach, Wish
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import actions as record
from stillhaven.science.errors import BadInput

PURPOSES: dict[str, Any] = {
    "visits": _("My visits: reminders, and what was moved or cancelled"),
    "offers": _("A time that has become free"),
    "checkins": _("Questions about how I am"),
    "letters": _("Somebody has written to me here"),
}
_GROUP = {"reminder": "visits", "moved": "visits", "cancelled": "visits", "offer": "offers", "letter": "letters"}
_SALT = "stillhaven.post.unsubscribe"
CHANNEL_WORDS = {"email": _("E-mail"), "sms": _("Text message")}


def group_of(purpose: str) -> str:
    """To which of the purposes that a person chooses from does a message belong?"""
    return _GROUP.get(purpose, "checkins")


def wants(patient: Patient, channel: str, purpose: str) -> bool:
    """Has this person not said no to this purpose by this channel?"""
    return not Wish.objects.filter(
        patient=patient, channel=channel, purpose=group_of(purpose), is_on=False
    ).exists()  # fmt: skip


def wishes_of(patient: Patient) -> dict[tuple[str, str], bool]:
    """Every channel and purpose, and whether it is on."""
    said = {(w.channel, w.purpose): w.is_on for w in Wish.objects.filter(patient=patient)}
    return {(c, p): said.get((c, p), True) for c in CHANNELS for p in PURPOSES}


@transaction.atomic
def choose(patient: Patient, on: set[tuple[str, str]], *, by: Any, at: datetime) -> None:
    """A person chooses on their own page: everything that is not in `on` is off."""
    roles.require_patient(by, "own.change", patient)
    for (channel, purpose), before in wishes_of(patient).items():
        if ((channel, purpose) in on) != before:
            _set(patient, channel, purpose, (channel, purpose) in on, "chosen by the person", by=by, at=at)


def _set(patient: Patient, channel: str, purpose: str, is_on: bool, because: str, *, by: Any, at: datetime) -> None:
    row, _made = Wish.objects.update_or_create(
        patient=patient, channel=channel, purpose=purpose,
        defaults={"is_on": is_on, "because": because, "changed_at": at},
    )  # fmt: skip
    after = {"channel": channel, "purpose": purpose, "is_on": is_on, "because": because}
    record.log_change(row, {}, after, by=by, site=patient.site_id)
    if not is_on:
        waiting = OutMessage.objects.filter(patient=patient, channel=channel, state="queued")
        gone = [m.pk for m in waiting if group_of(m.purpose) == purpose]
        why = "the person does not want this"
        OutMessage.objects.filter(pk__in=gone).update(state="cancelled", last_error=why, context={})


@transaction.atomic
def silence(patient: Patient, *, by: Any, at: datetime, because: str) -> None:
    """Nothing more by any channel: the account is closed."""
    for (channel, purpose), before in wishes_of(patient).items():
        if before:
            _set(patient, channel, purpose, False, because, by=by, at=at)
    for row in Reach.objects.select_for_update().filter(patient=patient, is_on=True):
        row.is_on, row.because, row.changed_at = False, because, at
        row.save(update_fields=["is_on", "because", "changed_at"])
        record.log_change(row, {"is_on": True}, {"is_on": False, "because": because}, by=by, site=patient.site_id)


# ---------------------------------------------------------------- the way out without a password
def token(patient_id: int, channel: str, group: str) -> str:
    """What stands in an unsubscribe address: signed, so that nobody can make one for somebody else."""
    return signing.dumps([patient_id, channel, group], salt=_SALT)


def read_token(text: str) -> tuple[Patient, str, str] | None:
    """Whose, which channel and which purpose; None for one that we did not make."""
    try:
        pk, channel, group = signing.loads(text, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    patient = Patient.objects.select_related("site").filter(pk=pk).first()
    return (patient, channel, group) if patient and channel in CHANNELS and group in PURPOSES else None


def headers(message: OutMessage, base_url: str) -> dict[str, str]:
    """The two headers with which a mail program offers "unsubscribe" (RFC 2369, RFC 8058)."""
    if message.channel != "email" or message.patient_id is None:
        return {}
    address = f"{base_url.rstrip('/')}/unsubscribe/{token(message.patient_id, 'email', group_of(message.purpose))}/"
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


@transaction.atomic
def unsubscribe(text: str, *, everything: bool, at: datetime) -> tuple[Patient, str, str]:
    """Stop one purpose, or the whole channel.  Doing it again changes nothing."""
    found = read_token(text)
    if found is None:
        raise BadInput("address", "is not one that we sent")
    patient, channel, group = found
    program = record.Program("unsubscribe link")
    for purpose in PURPOSES if everything else (group,):
        if wishes_of(patient)[(channel, purpose)]:
            _set(patient, channel, purpose, False, "unsubscribed by link", by=program, at=at)
    return found
