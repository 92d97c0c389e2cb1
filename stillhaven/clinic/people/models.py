"""Sites, the people who sign in, and patients.  Administrative rows: changed in place, each change an entry too."""

from __future__ import annotations

import secrets
from datetime import date
from functools import cached_property
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models

from stillhaven.clinic.people.roles import Role
from stillhaven.clinic.record.models import Entry
from stillhaven.science.patient import age_years


class Site(models.Model):
    """One clinic."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    name = models.CharField(max_length=120)
    zone = models.CharField(max_length=60, default="America/New_York")
    emergency_number = models.CharField(max_length=40, default="911")

    def __str__(self) -> str:
        return self.name


class Patient(models.Model):
    """A person in care.  `external_id` is the number that monitors and other systems know them by."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="patients")
    external_id = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    preferred_name = models.CharField(max_length=60, blank=True)
    pronouns = models.CharField(max_length=40, blank=True)
    born = models.DateField()
    sex = models.CharField(max_length=10, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    allergies = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    allergies_asked = models.BooleanField(default=False)  # an empty list means "none" only once somebody has asked
    comfort_card = models.TextField(blank=True)  # the patient's own words
    escort_name = models.CharField(max_length=120, blank=True)
    escort_phone = models.CharField(max_length=40, blank=True)
    simulated = models.BooleanField(default=False)  # a synthetic person: demo and drills

    class Meta:
        constraints = (models.UniqueConstraint("site", "external_id", name="people_patient_external_id"),)

    @property
    def called(self) -> str:
        """What to call them."""
        return self.preferred_name or self.name.split()[0]

    def age_y(self, on: date) -> int:
        return age_years(self.born, on)

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Makes accounts."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        sites = fields.pop("sites", ())
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        user.sites.set(sites)
        return user


class User(AbstractBaseUser):
    """Whoever signs in: staff with roles, or a patient with their own account."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    title = models.CharField(max_length=20, blank=True)  # "RN", "MD"
    roles = ArrayField(models.CharField(max_length=20, choices=[(r.value, r.value) for r in Role]), default=list)
    sites = models.ManyToManyField(Site, related_name="staff", blank=True)
    patient = models.OneToOneField(Patient, models.PROTECT, null=True, blank=True, related_name="account")
    is_active = models.BooleanField(default=True)
    pin_hash = models.CharField(max_length=128, blank=True)  # quick unlock at the chair, never a way in by itself
    last_totp_step = models.BigIntegerField(default=0)  # the newest code that was accepted: none is accepted twice
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(patient__isnull=True) | models.Q(roles=[]), name="people_user_staff_or_patient"
            ),
        )

    @property
    def is_clinic_staff(self) -> bool:
        return self.patient_id is None

    @property
    def signature_name(self) -> str:
        """The name as it stands under an entry: "N. Alvarez RN"."""
        first, _, last = self.name.rpartition(" ")
        short = f"{first[0]}. {last}" if first else last
        return f"{short} {self.title}".strip()

    @property
    def role_words(self) -> list[str]:
        """The roles as a person reads them."""
        return [role.replace("_", " ") for role in sorted(self.roles)]

    @cached_property
    def site_ids(self) -> frozenset[int]:
        return frozenset(self.sites.values_list("id", flat=True))

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split()[0]

    def __str__(self) -> str:
        return self.signature_name or self.email


class RosterPlace(models.Model):
    """Somebody signed in with both factors in this browser: for twelve hours a PIN lets them unlock it or take over."""

    browser = models.CharField(max_length=43, db_index=True)  # a random name kept in the browser's session
    user = models.ForeignKey(User, models.CASCADE, related_name="roster_places")
    signed_in_at = models.DateTimeField()
    wrong_pins = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint("browser", "user", name="people_rosterplace_once"),)

    def __str__(self) -> str:
        return f"{self.user} in {self.browser[:6]}"


class ApiToken(models.Model):
    """A program's key: a gateway that sends readings, or a system that reads them.  Only its hash is kept."""

    name = models.CharField(max_length=60, unique=True)
    role = models.CharField(max_length=20, choices=[(Role.DEVICE.value, "device"), (Role.READER.value, "reader")])
    site = models.ForeignKey(Site, models.PROTECT)
    digest = models.CharField(max_length=64, unique=True)
    is_active = models.BooleanField(default=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    pk: int

    @property
    def roles(self) -> list[str]:
        return [self.role]

    @property
    def signature_name(self) -> str:
        return self.name

    @staticmethod
    def new_secret() -> str:
        return "sh_" + secrets.token_urlsafe(32)

    def __str__(self) -> str:
        return self.name


class PatientNote(Entry):
    """An administrative fact about a patient that must never vanish: weight taken, allergy asked, consent withdrawn."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="notes")
    kind = models.CharField(max_length=40, db_index=True)  # "weight", "allergies", "consent", "comfort"
    value = models.JSONField(default=dict)
