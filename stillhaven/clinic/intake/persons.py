"""A person's own row: made by an enquiry, changed by intake; each change is an entry too, so that nothing is typed twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from stillhaven.clinic.course import actions as course
from stillhaven.clinic.course.models import Course
from stillhaven.clinic.intake import queries
from stillhaven.clinic.people import actions as people
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.record import actions as record
from stillhaven.science import intake as rules
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.intake import Question

SEXES = {"female": "Female", "male": "Male", "other": "Other", "": "Not asked yet"}
_LENGTH = {"name": 120, "preferred_name": 60, "pronouns": 40, "phone": 40, "escort_name": 120, "escort_phone": 40}


def keep(
    patient: Patient, changes: Sequence[tuple[Question, Any]], after: Mapping[str, Any], *, by: User, at: datetime
) -> None:
    """Write the answers that live on the person's own row.  The row is locked by the caller."""
    row: dict[str, Any] = {}
    for question, value in changes:
        if question.person:
            row |= _row_values(patient, question.person, value, after, at)
    if after.get("escort_who") == "same" and any(q.key.startswith(("emergency_", "escort_who")) for q, _ in changes):
        row |= {"escort_name": str(after.get("emergency_name") or "")[:120],
                "escort_phone": str(after.get("emergency_phone") or "")[:40]}  # fmt: skip
    _save(patient, row, by=by)


def _row_values(patient: Patient, name: str, value: Any, after: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    if name == "born":
        if not value:
            raise BadInput("born", "write the date of birth")
        born = date.fromisoformat(value)
        rules.check_birth(born, queries.today_of(patient, at), queries.form_of(patient.site_id).adult_y)
        return {"born": born}
    if name == "name":
        if not value:
            raise BadInput("legal_name", "write first and last name")
        return {"name": _short("legal_name", value, "name")}
    if name == "allergies_state":
        if value == "none":
            listed = after.get("allergies") or []
            if patient.allergies and listed:
                names = ", ".join(patient.allergies)
                raise BadInput(
                    "has_allergies", f"the record has {names}: take it out of the list first, if it is wrong"
                )
            return {"allergies": [], "allergies_asked": True}
        return {"allergies_asked": value == "some"} if value else {}
    if name == "allergies":
        return {"allergies": list(value or []), "allergies_asked": bool(value) or after.get("has_allergies") == "none"}
    if name == "comfort_card":
        return {"comfort_card": str(value or "")}
    return {name: _short(name, str(value or ""), name)}


def _short(field: str, text: str, name: str) -> str:
    if len(text) > _LENGTH[name]:
        raise BadInput(field, f"is longer than {_LENGTH[name]} letters")
    return text


def _save(patient: Patient, row: Mapping[str, Any], *, by: User) -> None:
    before = {k: getattr(patient, k) for k, v in row.items() if getattr(patient, k) != v}
    if not before:
        return
    for name in before:
        setattr(patient, name, row[name])
    patient.save(update_fields=list(before))
    shown = {k: str(v) if isinstance(v, date) else v for k, v in before.items()}
    now = {k: str(row[k]) if isinstance(row[k], date) else row[k] for k in before}
    record.log_change(patient, shown, now, by=by, site=patient.site_id)


# ---------------------------------------------------------------- a new enquiry


@transaction.atomic
def enquire(typed: Mapping[str, Any], *, by: User, at: datetime) -> tuple[Patient, Course]:
    """Somebody asks for treatment: a person and a course.  Under 18 or not yet born: kindly refused, nothing stored."""
    roles.require(by, "patient.change")
    site = Site.objects.filter(pk__in=by.site_ids, pk=_site(typed, by)).first()
    if site is None:
        raise BadInput("site", "choose one of your clinics")
    fields = _person_fields(typed, site, at)
    indication = " ".join(str(typed.get("indication", "")).split())
    if not indication:
        raise BadInput("indication", "say what the person would like to be treated for")
    record.lock("clinic", site.pk)  # numbers are given out one at a time
    fields["external_id"] = fields["external_id"] or _next_number(site)
    if Patient.objects.filter(site=site, external_id=fields["external_id"]).exists():
        raise BadInput("external_id", "somebody has this number already; look them up instead")
    twin = Patient.objects.filter(site=site, name__iexact=fields["name"], born=fields["born"]).first()
    if twin is not None and typed.get("not_twin") != "yes":
        raise BadInput(
            "not_twin",
            f"{twin.name}, born that day, is known here as {twin.external_id}. If this is another person, say so",
        )
    patient = Patient.objects.create(site=site, **fields)
    after = {k: str(v) if isinstance(v, date) else v for k, v in fields.items()}
    record.log_change(patient, {}, after, by=by, site=site.pk)
    return patient, course.open_course(patient, indication[:120], by=by, at=at)


@transaction.atomic
def change(patient: Patient, typed: Mapping[str, Any], *, by: User, at: datetime) -> Patient:
    """Change the administrative facts of a person."""
    roles.require_patient(by, "patient.change", patient)
    patient = Patient.objects.select_for_update().select_related("site").get(pk=patient.pk)
    fields = _person_fields(typed, patient.site, at)
    if not fields["external_id"]:
        raise BadInput("external_id", "write the number that the person is known by")
    taken = Patient.objects.filter(site=patient.site, external_id=fields["external_id"]).exclude(pk=patient.pk)
    if taken.exists():
        raise BadInput("external_id", "somebody else has this number")
    _save(patient, fields, by=by)
    return patient


@transaction.atomic
def invite(patient: Patient, email: str, *, by: User) -> User:
    """The account with which a person fills in their intake at home; a link that works once sets its password.

    Only while nobody has signed in with it: from then on the account is the person's, and they mend it themselves.
    """
    roles.require_patient(by, "patient.change", patient)
    patient = Patient.objects.select_for_update().get(pk=patient.pk)
    account = User.objects.filter(patient=patient).first()
    if account is None:
        account = people.create_patient_account(patient, email=email, by=by)
    elif account.last_login is not None:
        raise Refused(why="the person has signed in already; they set a new password themselves, on the sign-in page")
    elif email.strip() and email.strip().lower() != account.email:
        raise BadInput("email", f"there is an account for {account.email} already")
    record.log_change(account, {}, {"password_link": "made"}, by=by, site=patient.site_id)
    return account


def _person_fields(typed: Mapping[str, Any], site: Site, at: datetime) -> dict[str, Any]:
    name = " ".join(str(typed.get("name", "")).split())
    if len(name.split()) < 2:
        raise BadInput("name", "write first and last name")
    form = queries.form_of(site.pk)
    born_question = form.questions["born"]
    today = at.astimezone(queries.zone_of(site)).date()
    said = rules.read(born_question, typed.get("born"))
    if said.value is None:
        raise BadInput("born", "write the date of birth")
    born = date.fromisoformat(said.value)
    rules.check_birth(born, today, form.adult_y)
    sex = str(typed.get("sex", ""))
    if sex not in SEXES:
        raise BadInput("sex", "choose one of the answers")
    phone = rules.read(form.questions["phone"], typed.get("phone")).value or ""
    return {
        "name": _short("name", name, "name"), "born": born, "sex": sex, "phone": _short("phone", phone, "phone"),
        "preferred_name": _short("preferred_name", " ".join(str(typed.get("preferred_name", "")).split()), "preferred_name"),
        "pronouns": _short("pronouns", " ".join(str(typed.get("pronouns", "")).split()), "pronouns"),
        "external_id": " ".join(str(typed.get("external_id", "")).split())[:40],
    }  # fmt: skip


def _site(typed: Mapping[str, Any], by: User) -> int:
    text = str(typed.get("site", ""))
    return int(text) if text.isdecimal() and len(text) < 6 else min(by.site_ids, default=0)


def _next_number(site: Site) -> str:
    """The next free number of this clinic: P-0001, P-0002, ..."""
    last = Patient.objects.filter(site=site, external_id__regex=r"^P-[0-9]{4,9}$").order_by("-pk").first()
    number = int(last.external_id[2:]) + 1 if last else 1
    while Patient.objects.filter(site=site, external_id=f"P-{number:04d}").exists():
        number += 1
    return f"P-{number:04d}"
