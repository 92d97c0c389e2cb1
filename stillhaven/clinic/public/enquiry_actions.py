"""A question reaches the clinic once; somebody owns it; it becomes an intake without a word typed again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core import signing
from django.db import transaction

from stillhaven.clinic.intake import actions as intake
from stillhaven.clinic.intake import persons
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.public import actions as public
from stillhaven.clinic.public.directory_actions import limit
from stillhaven.clinic.public.enquiry_models import Enquiry, SelfCheckIntake
from stillhaven.clinic.public.enquiry_words import is_urgent
from stillhaven.clinic.public.models import SelfCheckHandover
from stillhaven.clinic.record import actions as record
from stillhaven.science.errors import BadInput, Refused

AN_HOUR = 20  # enquiries of one address; more is a robot
SOONEST_S, LATEST_S = 3, 12 * 3600  # a person needs some seconds; a form left open over night is opened anew
LONGEST = 4000
KINDS = {"question": "A question", "call": "Please call me", "treatment": "I would like treatment"}
OPEN = ("new", "open", "answered")
STATES = {"new": "New", "open": "Taken up", "answered": "Answered", "intake": "Became an intake", "closed": "Closed"}
GOALS = {  # what the self-check asked about -> the intake's own answers
    "depression": ("mood", "Depression"),
    "bipolar": ("mood", "Bipolar depression"),
    "anxiety": ("anxiety", "Anxiety"),
    "ptsd": ("trauma", "PTSD"),
    "trauma": ("trauma", "PTSD"),
    "ocd": ("obsessions", "OCD"),
    "pain": ("pain", "Pain"),
    "substance_use": ("substances", "Substance use"),
    "substances": ("substances", "Substance use"),
}
_MAIL = re.compile(r"[^@\s<>\"',;]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)
_PHONE = re.compile(r"\+?[\d\s().-]{7,30}", re.ASCII)
_SIGNER = "public.enquiry"


def stamp(at: datetime) -> str:
    """When this form was opened, signed, so that a robot that sends at once is noticed without a trap for readers."""
    return signing.dumps(int(at.timestamp()), salt=_SIGNER)


def _opened(text: str, at: datetime) -> None:
    try:
        seconds = at.timestamp() - signing.loads(text, salt=_SIGNER)
    except (signing.BadSignature, TypeError, ValueError):
        raise BadInput("opened", "this page could not be read; nothing is lost: please send it once more") from None
    if seconds > LATEST_S:
        raise BadInput("opened", "this page was open for long; nothing is lost: please send it once more")
    if seconds < SOONEST_S:
        raise BadInput("opened", "this was sent within a moment of opening; nothing is lost: please send it once more")


def leave(site: Site, typed: Mapping[str, str], *, address: str, language: str, at: datetime, uid: UUID) -> Enquiry:
    """Keep what somebody asks.  BadInput names the field; what was typed stays in the form."""
    if (known := Enquiry.objects.filter(uid=uid).first()) is not None:
        return known
    kind = typed.get("kind", "")
    if kind not in KINDS:
        raise BadInput("kind", "choose what you would like")
    name = " ".join(typed.get("name", "").split())
    if not 1 <= len(name) <= 120:
        raise BadInput("name", "tell us what to call you, in at most 120 letters")
    email, phone = typed.get("email", "").strip(), " ".join(typed.get("phone", "").split())
    if email and not (_MAIL.fullmatch(email) and len(email) <= 200):
        raise BadInput("email", "is not an email address")
    if phone and not (_PHONE.fullmatch(phone) and sum(c.isdigit() for c in phone) >= 7):
        raise BadInput("phone", "is not a phone number")
    if kind == "call" and not phone:
        raise BadInput("phone", "write the number that we may call")
    if not (email or phone):
        raise BadInput("email", "write an email address or a phone number")
    words = typed.get("words", "").strip()
    if kind == "question" and not words:
        raise BadInput("words", "write your question")
    if len(words) > LONGEST:
        raise BadInput("words", f"is longer than {LONGEST:,} letters; shorten it, or ask for a call")
    if typed.get("consent") != "yes":
        raise BadInput("consent", "tick that we may answer you; without it we keep nothing")
    _opened(typed.get("opened", ""), at)
    limit(f"public.enquiry.{address}", AN_HOUR)
    row, _made = Enquiry.objects.get_or_create(
        uid=uid,
        defaults={
            "site": site,
            "received_at": at,
            "kind": kind,
            "name": name,
            "email": email,
            "phone": phone,
            "words": words,
            "best_time": " ".join(typed.get("best_time", "").split())[:120],
            "language": language[:12],
            "urgent": is_urgent(words),
        },
    )
    return row


# ---------------------------------------------------------------- the front desk


def _locked(uid: UUID, by: User) -> Enquiry:
    roles.require(by, "enquiry.handle")
    row = (
        Enquiry.objects.select_for_update(of=("self",))
        .filter(uid=uid, site__in=by.site_ids)
        .select_related("site")
        .first()
    )
    if row is None:
        raise Refused(why="there is no such enquiry")
    return row


def _moved(row: Enquiry, changes: Mapping[str, Any], *, by: User) -> Enquiry:
    before = {k: str(getattr(row, k) or "") for k in changes}
    for key, value in changes.items():
        setattr(row, key, value)
    row.save(update_fields=list(changes))
    record.log_change(row, before, {k: str(v or "") for k, v in changes.items()}, by=by, site=row.site_id)
    return row


@transaction.atomic
def take(uid: UUID, *, by: User, at: datetime) -> Enquiry:
    """I see to it."""
    row = _locked(uid, by)
    if row.state not in OPEN:
        raise Refused(why="this enquiry is closed")
    if row.owner_id == by.pk:
        return row
    return _moved(row, {"owner": by, "state": "open" if row.state == "new" else row.state}, by=by)


@transaction.atomic
def answered(uid: UUID, outcome: str, *, by: User, at: datetime) -> Enquiry:
    """Somebody answered or called: the first time stands as the first response."""
    row = _locked(uid, by)
    outcome = " ".join(outcome.split())[:400]
    if not outcome:
        raise BadInput("outcome", "say what you answered, or that nobody picked up")
    if row.state not in OPEN:
        raise Refused(why="this enquiry is closed")
    changes: dict[str, Any] = {"state": "answered", "outcome": outcome}
    if row.first_response_at is None:
        changes["first_response_at"] = at
    if row.owner_id is None:
        changes["owner"] = by
    return _moved(row, changes, by=by)


@transaction.atomic
def close(uid: UUID, outcome: str, *, by: User, at: datetime) -> Enquiry:
    """Nothing more is to be done.  Somebody in danger is not closed unanswered."""
    row = _locked(uid, by)
    if row.state not in OPEN:
        return row
    outcome = " ".join(outcome.split())[:400] or row.outcome
    if not outcome:
        raise BadInput("outcome", "say how it ended")
    if row.urgent and row.first_response_at is None:
        raise Refused(why="the words sound like danger: somebody answers first, by the emergency script")
    return _moved(row, {"state": "closed", "outcome": outcome, "closed_at": at}, by=by)


@transaction.atomic
def begin_intake(uid: UUID, typed: Mapping[str, Any], *, by: User, at: datetime) -> Patient:
    """The person of an enquiry, with course and intake begun; sent twice, the same person."""
    row = _locked(uid, by)
    if row.patient is not None:
        return row.patient
    patient, _course = persons.enquire(dict(typed) | {"site": str(row.site_id)}, by=by, at=at)
    contact = {
        "email": row.email,
        "contact_by": [w for w, there in (("call", row.phone), ("email", row.email)) if there],
    }
    _prefill(patient, {"you": contact}, by=by, at=at)
    changes = {"patient": patient, "state": "intake", "owner": row.owner or by}
    if row.first_response_at is None:
        changes["first_response_at"] = at
    _moved(row, changes, by=by)
    return patient


@transaction.atomic
def begin_from_self_check(uid: UUID, typed: Mapping[str, Any], *, by: User, at: datetime) -> Patient:
    """The same from a self-check that somebody sent on; what they answered goes with them."""
    handover = public.take_up(uid, by=by, at=at)
    known = SelfCheckIntake.objects.filter(handover=uid).select_related("patient").first()
    if known is not None:
        return known.patient
    if handover.site not in by.site_ids:
        raise Refused(why="there is no such self-check")
    patient, _course = persons.enquire(dict(typed) | {"site": str(handover.site)}, by=by, at=at)
    goals = [GOALS[g][0] for g in handover.answers.get("given", {}).get("goal", []) if g in GOALS]
    mail = {"you": {"email": handover.contact}} if _MAIL.fullmatch(handover.contact) else {}
    _prefill(patient, mail | ({"reasons": {"reasons": goals}} if goals else {}), by=by, at=at)
    SelfCheckIntake.objects.create(handover=uid, patient=patient, begun_at=at)
    return patient


def _prefill(patient: Patient, answers: Mapping[str, Mapping[str, Any]], *, by: User, at: datetime) -> None:
    """What is known already stands in the intake, as told by staff; the person can change it."""
    intake.begin(patient, by=by, at=at)
    for section, typed in answers.items():
        try:
            with transaction.atomic():
                intake.give(patient, section, {k: v for k, v in typed.items() if v}, by=by, at=at)
        except BadInput:  # a clinic's own form may ask otherwise: then it is asked, not guessed
            continue


def known_of(row: Enquiry) -> dict[str, str]:
    """What the intake's first form begins with."""
    return {"name": row.name, "phone": row.phone, "indication": ""}


def known_of_self_check(row: SelfCheckHandover) -> dict[str, str]:
    goal = next((GOALS[g][1] for g in row.answers.get("given", {}).get("goal", []) if g in GOALS), "")
    phone = row.contact if _PHONE.fullmatch(row.contact) else ""
    return {"name": row.name, "phone": phone, "indication": goal}
