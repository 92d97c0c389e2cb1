"""What a person does with their own account: sign-ins, caregivers, closing it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from stillhaven.clinic.intake import actions as intake
from stillhaven.clinic.intake import queries as intake_queries
from stillhaven.clinic.messages import actions as outbox
from stillhaven.clinic.messages import wishes
from stillhaven.clinic.messages.models import OutMessage, Reach
from stillhaven.clinic.people import actions as people
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient, PatientNote, User
from stillhaven.clinic.portal.models import Caregiver
from stillhaven.clinic.record import actions as record
from stillhaven.science.cardnumbers import refuse_card
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.intake import Section

DETAILS = (
    "legal_name", "preferred_name", "pronouns", "phone", "address", "contact_by", "language", "emergency_name",
    "emergency_phone", "escort_name", "escort_phone",
)  # fmt: skip


def details_of(patient: Patient) -> list[tuple[Any, Any]]:
    """The questions whose answers a person changes here, and what stands."""
    form = intake_queries.form_of(patient.site_id)
    stands = intake_queries.values(patient, form, intake_queries.answers_of(patient))
    return [(replace(form.questions[k], shown_if=None), stands.get(k)) for k in DETAILS if k in form.questions]


def change_details(patient: Patient, typed: Mapping[str, Any], *, by: User, at: datetime) -> None:
    """What a person says of themselves goes where intake keeps it: each change an entry, the old value kept."""
    roles.require_patient(by, "own.change", patient)
    for name in DETAILS:
        refuse_card(name, str(typed.get(name, "")))
    form = intake_queries.form_of(patient.site_id)
    questions = tuple(q for q, _ in details_of(patient))
    section = Section(key="details", title="", questions=questions)
    intake.take(patient, form, section, typed, by=by, at=at, reason="changed by the person on their own page")


# ---------------------------------------------------------------- texts to a phone
@transaction.atomic
def own_phone(patient: Patient, number: str, *, is_on: bool, by: User, at: datetime) -> None:
    """The number for text messages, and whether any are wanted."""
    roles.require_patient(by, "own.change", patient)
    row = Reach.objects.select_for_update().filter(patient=patient, channel="sms").first()
    if not is_on and not number.strip():
        number = row.address if row else ""
    if not is_on and not number:
        return
    address = outbox.clean_address("sms", number)
    before = {"address": row.address, "is_on": row.is_on} if row else {}
    row = row or Reach(patient=patient, channel="sms")
    row.address, row.is_on, row.because, row.changed_at = address, is_on, "chosen by the person", at
    row.save()
    record.log_change(row, before, {"address": address, "is_on": is_on}, by=by, site=patient.site_id)
    if not is_on:
        waiting = OutMessage.objects.filter(patient=patient, channel="sms", state="queued")
        waiting.update(state="cancelled", last_error="the person does not want this channel", context={})


# ---------------------------------------------------------------- where one is signed in
@dataclass(frozen=True, kw_only=True)
class SignIn:
    """One browser in which this account is signed in.  `handle` names it without giving its key away."""

    handle: str
    device: str
    address: str
    at: datetime | None
    here: bool


def sign_ins(user: User, here: str | None) -> list[SignIn]:
    """This browser first, then the newest."""
    found = []
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        data = session.get_decoded()
        if data.get("_auth_user_id") != str(user.pk):
            continue
        device = data.get("device", {})
        found.append(
            SignIn(
                handle=_handle(session.session_key), device=device_words(str(device.get("with", ""))),
                address=str(device.get("from", "")), here=session.session_key == here,
                at=datetime.fromisoformat(device["at"]) if device.get("at") else None,
            )
        )  # fmt: skip
    return sorted(found, key=lambda s: (not s.here, -(s.at.timestamp() if s.at else 0.0)))


def _handle(key: str) -> str:
    return hashlib.sha256(f"sign-in {key}".encode()).hexdigest()[:20]


def device_words(agent: str) -> str:
    """A browser's own description in words.

    >>> device_words("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) AppleWebKit Version/17.0 Safari/604.1")
    'Safari on an iPhone'
    """
    low = agent.lower()
    programs = (("edg", "Edge"), ("firefox", "Firefox"), ("chrome", "Chrome"), ("safari", "Safari"))
    systems = (("iphone", "an iPhone"), ("ipad", "an iPad"), ("android", "an Android device"), ("windows", "Windows"),
               ("mac os", "a Mac"), ("linux", "Linux"))  # fmt: skip
    program = next((name for key, name in programs if key in low), "")
    system = next((name for key, name in systems if key in low), "")
    return f"{program} on {system}" if program and system else program or "A browser"


@transaction.atomic
def end_sign_in(user: User, handle: str, *, here: str | None) -> int:
    """End one browser's sign-in, or with "others" all but this one; how many ended."""
    ended = 0
    for session in Session.objects.filter(expire_date__gt=timezone.now()):
        if session.get_decoded().get("_auth_user_id") != str(user.pk):
            continue
        if handle == _handle(session.session_key) or (handle == "others" and session.session_key != here):
            session.delete()
            ended += 1
    if ended:
        site = user.patient.site_id if user.patient else 1
        record.log_change(user, {}, {"sign_ins_ended": ended}, by=user, site=site)
    return ended


# ---------------------------------------------------------------- caregivers
def digest(secret: str) -> str:
    return hashlib.sha256(f"caregiver {secret}".encode()).hexdigest()


@transaction.atomic
def let_in(
    patient: Patient, name: str, relation: str, until: str, *, by: User, at: datetime, secret: str = "",
    uid: UUID | None = None,
) -> tuple[Caregiver, str]:  # fmt: skip
    """Somebody may see appointments and how to prepare, until a day.  Their link is shown this once."""
    roles.require_patient(by, "own.change", patient)
    name, relation = " ".join(name.split()), " ".join(relation.split())[:60]
    if not name:
        raise BadInput("name", "write their name")
    if len(name) > 120:
        raise BadInput("name", "is longer than 120 letters")
    refuse_card("name", name)
    try:
        last = date.fromisoformat(until.strip())
    except ValueError:
        raise BadInput("until", "choose the last day on which they may look") from None
    today = at.astimezone(ZoneInfo(patient.site.zone)).date()
    if last < today:
        raise BadInput("until", "is in the past")
    if last.toordinal() - today.toordinal() > 366:
        raise BadInput("until", "is more than a year away; you can let them in again then")
    if Caregiver.objects.filter(patient=patient, ended_at=None, until__gte=today).count() >= 5:
        raise Refused(why="five people may look already; end one first")
    secret = secret or secrets.token_urlsafe(32)
    row = Caregiver.objects.create(
        uid=uid or uuid4(),
        patient=patient,
        name=name,
        relation=relation,
        digest=digest(secret),
        given_at=at,
        until=last,
    )
    record.log_change(row, {}, {"name": name, "until": last.isoformat()}, by=by, site=patient.site_id)
    return row, secret


@transaction.atomic
def end_caregiver(row: Caregiver, *, by: Any, at: datetime) -> None:
    """From this moment on their link opens nothing."""
    if by.pk is not None:
        roles.require_patient(by, "own.change", row.patient)
    if row.ended_at is None:
        row.ended_at = at
        row.save(update_fields=["ended_at"])
        record.log_change(row, {"ended": None}, {"ended": at.isoformat()}, by=by, site=row.patient.site_id)


def caregiver_of(secret: str, now: datetime) -> Caregiver | None:
    """Whose link this is, while it holds."""
    found = Caregiver.objects.filter(digest=digest(secret), ended_at=None)
    row = found.select_related("patient", "patient__site").first()
    if row is None or row.until < now.astimezone(ZoneInfo(row.patient.site.zone)).date():
        return None
    account = User.objects.filter(patient=row.patient).first()
    return row if account is not None and account.is_active else None


# ---------------------------------------------------------------- closing
@transaction.atomic
def close_account(user: User, *, at: datetime) -> None:
    """Sign-in ends everywhere, messages stop, caregivers' links end.  The record stays, as the law asks."""
    patient = user.patient
    if patient is None:
        raise Refused(why="accounts of staff are switched off by an administrator")
    roles.require_patient(user, "own.change", patient)
    note = PatientNote(
        site=patient.site_id, happened_at=at, patient=patient, kind="account_closed", value={"by": "the person"}
    )
    record.append(note, by=user)
    for row in Caregiver.objects.filter(patient=patient, ended_at=None):
        end_caregiver(row, by=user, at=at)
    wishes.silence(patient, by=user, at=at, because="account closed")
    OutMessage.objects.filter(patient=patient, state="queued").update(
        state="cancelled", last_error="the account is closed", context={}
    )
    User.objects.filter(pk=user.pk).update(is_active=False)
    record.log_change(user, {"is_active": True}, {"is_active": False}, by=user, site=patient.site_id)
    people.end_everywhere(user)
