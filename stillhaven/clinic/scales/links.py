"""A one-use way in for one person: made, opened, bound to its device, shut when it is used, late or taken back."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db import transaction

from stillhaven.clinic.course.models import Course
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import policy
from stillhaven.clinic.scales import catalog
from stillhaven.clinic.scales.models import CheckInLink
from stillhaven.science.errors import BadInput, Refused

_UNKNOWN_PER_MINUTE = 20
_WRITES_PER_MINUTE = 120


class TooMany(Refused):
    """Too many tries from one place: wait a little."""


def digest(secret: str) -> str:
    """What is kept of a token: 256 random bits, so a plain hash cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def make_link(
    patient: Patient, scales: list[str], *, by: Any, at: datetime, channel: str = "link", why: str = "",
    course: Course | None = None,
) -> tuple[CheckInLink, str]:  # fmt: skip
    """A new link and its token.  The token is shown or sent once and never kept.

    `by` is a member of staff, or a program that the clinic runs (a schedule).
    """
    if not isinstance(by, record.Program):
        roles.require_patient(by, "scale.link", patient)
    chosen = list(dict.fromkeys(scales))
    if not chosen:
        raise BadInput("scales", "choose at least one form")
    for name in chosen:
        catalog.require_askable(patient.site_id, name, at.date())
    if course is not None and course.patient_id != patient.pk:
        raise BadInput("course", "is another person's")
    rules, token = policy.rules(patient.site_id).checkin, secrets.token_urlsafe(32)
    link = CheckInLink.objects.create(
        site_id=patient.site_id, patient=patient, course=course or _course_of(patient), digest=digest(token),
        scales=chosen, channel=channel, why=why[:120], made_at=at, made_by=by if by.pk else None,
        expires_at=at + (rules.tablet_for if channel == "tablet" else rules.link_for),
    )  # fmt: skip
    record.log_change(
        link, {}, {"scales": chosen, "channel": channel, "expires_at": link.expires_at.isoformat()}, by=by,
        site=patient.site_id,
    )  # fmt: skip
    return link, token


def _course_of(patient: Patient) -> Course | None:
    return patient.courses.order_by("-opened_at").first()


@transaction.atomic
def renew(link: CheckInLink, *, by: Any, at: datetime) -> str:
    """A new token for the same check-in: what was begun goes on; the old address is dead."""
    roles.require_patient(by, "scale.link", link.patient)
    if link.state != "open":
        raise Refused(why="this check-in is over; make a new one")
    before, token = link.expires_at.isoformat(), secrets.token_urlsafe(32)
    link.digest, link.devices, link.wrong_years = digest(token), [], 0
    link.expires_at = at + policy.rules(link.site_id).checkin.link_for
    link.save()
    record.log_change(
        link,
        {"expires_at": before},
        {"expires_at": link.expires_at.isoformat(), "renewed": True},
        by=by,
        site=link.site_id,
    )
    return token


@transaction.atomic
def revoke(link: CheckInLink, *, by: Any, at: datetime) -> None:
    """Shut a link that is open.  `by` is a member of staff, or a program that the clinic runs."""
    if not isinstance(by, record.Program):
        roles.require_patient(by, "scale.link", link.patient)
    if link.state == "open":
        link.revoked_at = at
        link.save(update_fields=["revoked_at"])
        record.log_change(link, {"state": "open"}, {"state": "revoked"}, by=by, site=link.site_id)


def find(token: str, address: str) -> CheckInLink | None:
    """The link of this token.  Who asks for unknown ones again and again is turned away."""
    key = f"checkin-unknown:{address}"
    if (cache.get(key) or 0) > _UNKNOWN_PER_MINUTE:
        raise TooMany(why="too many unknown addresses were tried from here; wait a minute")
    found = CheckInLink.objects.filter(digest=digest(token)).select_related("patient__site", "course").first()
    if found is None:
        cache.add(key, 0, 60)
        cache.incr(key)
    return found


def slow_down(link: CheckInLink) -> None:
    """At most so many writes a minute through one link."""
    key = f"checkin-writes:{link.pk}"
    cache.add(key, 0, 60)
    if cache.incr(key) > _WRITES_PER_MINUTE:
        raise TooMany(why="this was tapped very often in a short time; wait a minute and go on")


def why_shut(link: CheckInLink, at: datetime) -> str:
    """ "" while it may be used, else "used", "revoked", "locked" or "expired"."""
    if link.used_at is not None:
        return "used"
    if link.revoked_at is not None:
        return "revoked"
    if link.wrong_years >= policy.rules(link.site_id).checkin.wrong_years:
        return "locked"
    # A clock that was set back does not make a link live longer than it was made for.
    return "expired" if at >= link.expires_at or (link.made_at - at).total_seconds() > 86400 else ""


def knows(link: CheckInLink, device: str) -> bool:
    """Is this a device that was let in?"""
    return bool(device) and digest(device) in link.devices


@transaction.atomic
def let_in(link_id: int, *, at: datetime, year: str | None) -> str | None:
    """Bind a device.  The first one needs nothing; another one the person's year of birth.  Gives what it carries.

    None: the year was wrong (which is counted), or there was none where one is needed.
    """
    link = CheckInLink.objects.select_for_update(of=("self",)).select_related("patient").get(pk=link_id)
    if why_shut(link, at):
        return None
    if link.devices:
        if year is None:
            return None
        if year.strip() != str(link.patient.born.year):
            link.wrong_years += 1
            link.save(update_fields=["wrong_years"])
            return None
    device = secrets.token_urlsafe(24)
    link.devices = [*link.devices, digest(device)][-5:]
    link.opened_at = link.opened_at or at
    link.save(update_fields=["devices", "opened_at"])
    return device


__all__ = ["TooMany", "find", "knows", "let_in", "make_link", "renew", "revoke", "slow_down", "why_shut"]
