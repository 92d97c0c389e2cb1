"""Writes about people: accounts, roles, tokens.  Each change of a row is an entry too."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from stillhaven.clinic.people import factors, queries, roles, tokens
from stillhaven.clinic.people.factors import current_totp
from stillhaven.clinic.people.models import ApiToken, Patient, RosterPlace, Site, User
from stillhaven.clinic.people.roles import Role
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record.actions import Actor, Program
from stillhaven.science.errors import BadInput, Refused

STAFF_ROLES = tuple(r for r in Role if r not in (Role.DEVICE, Role.READER))


# ---------------------------------------------------------------- accounts


def create_staff(
    *, name: str, email: str, title: str = "", roles: Any = (), sites: Any = (), password: str | None = None,
    totp_secret: str = "", pin: str = "", by: Actor | None = None,
) -> User:  # fmt: skip
    """Make an account for a member of staff.  For seeding and the command line; pages go through `add_staff`.

    `sites` are sites or their ids; `totp_secret` (base32) sets up the second factor; `pin` the quick unlock.
    """
    return _create(
        name=name, email=email, title=title, roles=roles, sites=sites, password=password, totp_secret=totp_secret,
        pin=pin, by=by or Program("set-up"),
    )  # fmt: skip


def create_patient_account(
    patient: Patient, *, email: str, password: str | None = None, totp_secret: str = "", by: Actor | None = None
) -> User:
    """Make the account with which a patient sees their own pages.  For seeding and the command line."""
    return _create(
        name=patient.name, email=email, password=password, totp_secret=totp_secret, patient=patient,
        by=by or Program("set-up"), site=patient.site_id,
    )  # fmt: skip


@transaction.atomic
def add_staff(*, name: str, email: str, title: str, role_names: list[str], site_ids: list[int], by: User) -> User:
    """An administrator adds a member of staff, at sites of their own, without a password: a link sets it."""
    roles.require(by, "staff.change")
    _only_own_sites(site_ids, by)
    return _create(name=name, email=email, title=title, roles=role_names, sites=site_ids, password=None, by=by)


@transaction.atomic
def _create(
    *, name: str, email: str, by: Actor, title: str = "", roles: Any = (), sites: Any = (), password: str | None = None,
    totp_secret: str = "", pin: str = "", patient: Patient | None = None, site: int | None = None,
) -> User:  # fmt: skip
    name, title, email = _clean_name(name), title.strip(), _clean_email(email)
    if User.objects.filter(email__iexact=email).exists():
        raise BadInput("email", "somebody has an account with this e-mail address already")
    user = User.objects.create_user(
        email, password, name=name, title=title, patient=patient, sites=list(sites),
        roles=_clean_roles(roles) if patient is None else [],
    )  # fmt: skip
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)  # the clinic knows it
    if totp_secret:
        TOTP.activate(user, totp_secret)
        RecoveryCodes.activate(user)
    if pin:
        factors.keep_pin(user, pin)
    record.log_change(user, {}, _shown(user), by=by, site=site or _home_site(user))
    return user


@transaction.atomic
def change_staff(user_id: int, *, name: str, title: str, role_names: list[str], site_ids: list[int], by: User) -> User:
    """Change a colleague's name, roles and sites.  Nobody changes their own roles; one administrator has to remain."""
    roles.require(by, "staff.change")
    user = _locked_colleague(user_id, by)
    before, new_roles = _shown(user), _clean_roles(role_names)
    if user.pk == by.pk and set(new_roles) != set(user.roles):
        raise Refused(why="nobody changes their own roles; ask another administrator")
    _only_own_sites(site_ids, by)
    if Role.ADMINISTRATOR not in new_roles:
        _not_the_last_administrator(user)
    user.name, user.title, user.roles = _clean_name(name), title.strip(), new_roles
    user.save(update_fields=["name", "title", "roles"])
    elsewhere = set(user.site_ids) - set(by.site_ids)  # sites this administrator does not know of stay as they are
    user.sites.set(elsewhere | set(site_ids))
    del user.site_ids
    _log(user, before, by)
    return user


@transaction.atomic
def switch_staff(user_id: int, *, active: bool, by: User) -> User:
    """Switch an account off (it keeps its name under what was signed, and signs in nowhere) or on again."""
    roles.require(by, "staff.change")
    user = _locked_colleague(user_id, by)
    if user.is_active == active:
        return user
    if user.pk == by.pk:
        raise Refused(why="nobody switches off their own account; ask another administrator")
    if not active:
        _not_the_last_administrator(user)
    before = _shown(user)
    user.is_active = active
    user.save(update_fields=["is_active"])
    end_everywhere(user)
    _log(user, before, by)
    return user


@transaction.atomic
def reset_second_factor(user_id: int, *, reason: str, by: User) -> User:
    """Take away a colleague's second factor, because the phone or key is lost.  They set up a new one at sign-in."""
    roles.require(by, "staff.change")
    user = _locked_colleague(user_id, by)
    if not reason.strip():
        raise BadInput("reason", "say why: how do you know that it is really they who ask?")
    if user.pk == by.pk:
        raise Refused(why="nobody resets their own second factor; ask another administrator")
    before = {"second_factor": sorted(queries.factors_of(user))}
    Authenticator.objects.filter(user=user).delete()
    end_everywhere(user)
    after = {"second_factor": [], "reason": reason.strip()}
    record.log_change(user, before, after, by=by, site=_shared_site(user, by))
    return user


def note_password_link(user: User, *, by: User) -> None:
    """A link to set a new password was made: who made it for whom."""
    roles.require(by, "staff.change")
    record.log_change(user, {}, {"password_link": "made"}, by=by, site=_shared_site(user, by))


def end_everywhere(user: User) -> None:
    """End all of somebody's sessions, and take them off every browser's roster."""
    RosterPlace.objects.filter(user=user).delete()
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()


def _locked_colleague(user_id: int, by: User) -> User:
    queries.staff_or_404(by, user_id)
    return User.objects.select_for_update().get(pk=user_id)


def _not_the_last_administrator(user: User) -> None:
    for site in user.site_ids:
        others = queries.active_with_role(Role.ADMINISTRATOR, site).exclude(pk=user.pk)
        if Role.ADMINISTRATOR in user.roles and user.is_active and not others.exists():
            raise Refused(why="this is the last administrator of a site; name another one there first")


def _only_own_sites(site_ids: list[int], by: User) -> None:
    if not site_ids:
        raise BadInput("sites", "choose at least one site")
    if not set(site_ids) <= set(by.site_ids):
        raise BadInput("sites", "is not a site of yours")


def _clean_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise BadInput("name", "write first and last name")
    return name


def _clean_email(email: str) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise BadInput("email", "write an e-mail address such as name@clinic.example") from None
    return email


def _clean_roles(names: Any) -> list[str]:
    found = sorted({str(n) for n in names})
    unknown = set(found) - {str(r) for r in STAFF_ROLES}
    if unknown:
        raise BadInput("roles", f"there is no role {sorted(unknown)[0]!r} for staff")
    if not found:
        raise BadInput("roles", "choose at least one role")
    return found


def _shown(user: User) -> dict[str, Any]:
    return {
        "name": user.name, "title": user.title, "email": user.email, "roles": sorted(user.roles),
        "sites": sorted(user.sites.values_list("id", flat=True)), "is_active": user.is_active,
        "patient": user.patient_id,
    }  # fmt: skip


def _log(user: User, before: dict[str, Any], by: User) -> None:
    after = _shown(user)
    if before != after:
        record.log_change(user, before, after, by=by, site=_shared_site(user, by))


def _shared_site(user: User, by: User) -> int:
    return min(set(user.sites.values_list("id", flat=True)) & set(by.site_ids), default=min(by.site_ids, default=1))


def _home_site(user: User) -> int:
    return min(user.sites.values_list("id", flat=True), default=1)


# ---------------------------------------------------------------- programs


@transaction.atomic
def create_token(*, name: str, role: str, site_id: int, by: User) -> tuple[ApiToken, str]:
    """Make a program's key.  The secret is given back this once; only its hash is kept."""
    roles.require(by, "token.change")
    if site_id not in by.site_ids:
        raise BadInput("site", "is not a site of yours")
    return make_token(name=name, role=role, site=Site.objects.get(pk=site_id), by=by)


@transaction.atomic
def make_token(*, name: str, role: str, site: Site, by: Actor | None = None, secret: str = "") -> tuple[ApiToken, str]:
    """Make a program's key.  For seeding and the command line; pages go through `create_token`."""
    name = " ".join(name.split())
    if not name:
        raise BadInput("name", "name the program, such as gateway-1")
    if role not in (Role.DEVICE, Role.READER):
        raise BadInput("role", "is device or reader")
    if ApiToken.objects.filter(name=name).exists():
        raise BadInput("name", "there is a token of this name; names are never used again")
    secret = secret or ApiToken.new_secret()
    token = ApiToken.objects.create(name=name, role=role, site=site, digest=tokens.digest(secret))
    after = {"name": name, "role": role, "site": site.pk, "is_active": True}
    record.log_change(token, {}, after, by=by or Program("set-up"), site=site.pk)
    return token, secret


@transaction.atomic
def switch_off_token(token_id: int, *, by: User) -> ApiToken:
    """Switch a program's key off, for good."""
    roles.require(by, "token.change")
    token = queries.token_or_404(by, token_id)
    if token.is_active:
        ApiToken.objects.filter(pk=token.pk).update(is_active=False)
        token.is_active = False
        record.log_change(token, {"is_active": True}, {"is_active": False}, by=by, site=token.site_id)
    return token


__all__ = [
    "add_staff", "change_staff", "create_patient_account", "create_staff", "create_token", "current_totp", "end_everywhere",
    "make_token", "note_password_link", "reset_second_factor", "switch_off_token", "switch_staff",
]  # fmt: skip
