"""Making an account of one's own: first the address is shown to be theirs, then there is a person and an account.

Whether an address is known is told to nobody but whoever reads its mail.  Somebody under age is refused kindly, and nothing
of them is kept.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from stillhaven.clinic.intake.queries import form_of
from stillhaven.clinic.messages.providers import public_url
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.portal import privacy_actions
from stillhaven.clinic.portal.models import Registration
from stillhaven.clinic.record import actions as record
from stillhaven.science.cardnumbers import refuse_card
from stillhaven.science.errors import BadInput
from stillhaven.science.patient import age_years

GOOD_FOR = timedelta(hours=24)


class TooYoung(Exception):
    """Under the age from which this clinic treats people.  Nothing was kept."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody typed, checked."""

    site: Site
    name: str
    email: str
    born: date
    password: str  # "" for somebody who will use a passkey


def read(typed: Mapping[str, str], now: datetime) -> Asked:
    """BadInput beside the field; TooYoung under age.  Looks nothing up, so that no answer tells who is known."""
    site = Site.objects.order_by("id").first()
    if site is None:
        raise BadInput("name", "this server has no clinic yet")
    born = _born(typed.get("born", ""), site, now)
    name = " ".join(typed.get("name", "").split())
    if len(name.split()) < 2:
        raise BadInput("name", "write your first and last name")
    if len(name) > 120:
        raise BadInput("name", "is longer than 120 letters")
    refuse_card("name", name)
    email = typed.get("email", "").strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise BadInput("email", "write an e-mail address such as name@mail.example") from None
    if len(email) > 254:
        raise BadInput("email", "is too long")
    return Asked(site=site, name=name, email=email, born=born, password=_password(typed, name, email))


def _born(text: str, site: Site, now: datetime) -> date:
    try:
        born = date.fromisoformat(text.strip())
    except ValueError:
        raise BadInput("born", "write the day you were born, such as 1984-05-17") from None
    today = now.astimezone(ZoneInfo(site.zone)).date()
    if not 0 <= (today - born).days < 44_000:
        raise BadInput("born", "is not a day on which somebody living was born")
    adult = form_of(site.pk).adult_y
    if adult is None or age_years(born, today) < adult:
        raise TooYoung
    return born


def _password(typed: Mapping[str, str], name: str, email: str) -> str:
    password = typed.get("password", "")
    if typed.get("how") == "passkey":
        return ""
    if len(password) > 500:
        raise BadInput("password", "is too long")
    try:
        validate_password(password, User(name=name, email=email))
    except ValidationError as error:
        raise BadInput("password", " ".join(error.messages).rstrip(".")) from None
    return password


def ask(typed: Mapping[str, str], *, at: datetime) -> None:
    """Keep it for a day and send a link; to a known address, a word that somebody tried.  Both take the same steps."""
    asked = read(typed, at)
    hashed = make_password(asked.password or None)
    secret = secrets.token_urlsafe(32)
    known = User.objects.filter(email__iexact=asked.email).first()
    if known is not None:
        _mail(asked.email, _("Your account"), _known_words(known))
        return
    with transaction.atomic():
        Registration.objects.filter(email=asked.email).delete()
        Registration.objects.create(
            digest=digest(secret), site=asked.site, name=asked.name, email=asked.email, password=hashed, born=asked.born,
            made_at=at, good_until=at + GOOD_FOR,
        )  # fmt: skip
    link = f"{public_url().rstrip('/')}/register/confirm/{secret}/"
    words = _("Hello,\n\nplease confirm that this address is yours:\n\n%(link)s\n\nThe link works for 24 hours. If you did "
              "not ask for an account, do nothing: nothing will be kept.\n")  # fmt: skip
    _mail(asked.email, _("Confirm your e-mail address"), words % {"link": link})


def _known_words(known: User) -> str:
    if not known.is_active:
        return _("Hello,\n\nsomebody asked for an account with this address. There was one, and it is closed. If that was "
                 "you and you would like to come back, call the clinic.\n")  # fmt: skip
    return _("Hello,\n\nsomebody asked for an account with this address. You have one already: sign in, or set a new "
             "password on the sign-in page. If it was not you, do nothing.\n")  # fmt: skip


def _mail(to: str, subject: str, text: str) -> None:
    EmailMessage(subject, text, None, [to]).send(fail_silently=True)  # a bounce tells nobody anything


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def waiting(secret: str, now: datetime) -> Registration | None:
    """The registration behind a link that still holds."""
    return Registration.objects.filter(digest=digest(secret), good_until__gt=now).select_related("site").first()


@transaction.atomic
def confirm(secret: str, *, at: datetime) -> User | None:
    """The address is theirs: a person ("enquiry") and their account.  None for a link that is old or was used."""
    row = Registration.objects.select_for_update(of=("self",)).filter(digest=digest(secret), good_until__gt=at).first()
    if row is None or User.objects.filter(email__iexact=row.email).exists():
        return None
    site, program = row.site, record.Program("registration")
    record.lock("clinic", site.pk)
    twin = Patient.objects.filter(site=site, name__iexact=row.name, born=row.born).first()
    patient = Patient.objects.create(site=site, external_id=_next_number(site), name=row.name, born=row.born)
    after = {"external_id": patient.external_id, "name": row.name, "born": row.born.isoformat(), "state": "enquiry"}
    record.log_change(patient, {}, after, by=program, site=site.pk)
    user = User(email=User.objects.normalize_email(row.email), name=row.name, patient=patient, roles=[])
    user.password = row.password
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    record.log_change(
        user, {}, {"email": user.email, "patient": patient.pk, "registered": True}, by=program, site=site.pk
    )
    if twin is not None:
        text = f"{patient.external_id} has the name and the day of birth of {twin.external_id}. Is it the same person?"
        privacy_actions.open_case(patient, "same_person", text, by=program, at=at)
    row.delete()
    return user


def _next_number(site: Site) -> str:
    """The next free number of those who registered themselves: E-0001, E-0002, ..."""
    last = Patient.objects.filter(site=site, external_id__regex=r"^E-[0-9]{4,9}$").order_by("-pk").first()
    number = int(last.external_id[2:]) + 1 if last else 1
    while Patient.objects.filter(site=site, external_id=f"E-{number:04d}").exists():
        number += 1
    return f"E-{number:04d}"


def is_open(settings: Any) -> bool:
    return bool(settings.OPEN_REGISTRATION)


def sign_in(request: Any, user: User) -> None:
    """The one who opened the link of the mail is signed in, as after a password; a second factor can be added at once."""
    user.backend = "stillhaven.clinic.people.backends.AllauthBackend"
    record_authentication(request, user, method="registration")
    get_adapter(request).login(request, user)
