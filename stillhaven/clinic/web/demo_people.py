"""The sample logins and the synthetic people of the demo clinic, as rows."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.hashers import make_password

from stillhaven.clinic.people.factors import hash_pin
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.reference.cast_people import cast


@lru_cache(maxsize=2)
def _hashed(secret: str) -> str:
    """All sample logins share one password, so one slow hash serves them all."""
    return make_password(secret)


@lru_cache(maxsize=2)
def _hashed_pin(pin: str) -> str:
    return hash_pin(pin)


def make_account(email: str, **fields: Any) -> User:
    """A sample login with the demo's password."""
    sites = fields.pop("sites", ())
    user = User.objects.create(email=email, password=_hashed(cast()["password"]), **fields)
    user.sites.set(sites)
    return user


def make_staff(row: dict[str, Any], site: Site) -> User:
    """One sample login of the clinic, with its second factor and PIN."""
    user = make_account(
        row["email"], name=row["name"], title=row["title"], roles=row["roles"], sites=[site],
        pin_hash=_hashed_pin(cast()["pin"]),
    )  # fmt: skip
    TOTP.activate(user, row["totp"])
    return user


def make_patient(row: dict[str, Any], site: Site) -> Patient:
    """One synthetic patient, with an account where the cast gives an address."""
    patient = Patient.objects.create(
        site=site, external_id=row["external_id"], name=row["name"], preferred_name=row["preferred_name"],
        pronouns=row["pronouns"], born=row["born"], sex=row["sex"], allergies=row["allergies"], allergies_asked=True,
        comfort_card=row["comfort"], escort_name=row["escort"], escort_phone=row["escort_phone"], simulated=True,
    )  # fmt: skip
    if "account" in row:
        make_account(row["account"], name=row["name"], patient=patient)
    return patient
