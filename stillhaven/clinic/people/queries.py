"""Reads about people: who works here, who may unlock this browser, who looked at whom."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from allauth.mfa.models import Authenticator
from django.db.models import QuerySet
from django.http import Http404

from stillhaven.clinic.people.models import ApiToken, Patient, RosterPlace, Site, User
from stillhaven.clinic.record.models import Access

ROSTER_FOR = timedelta(hours=12)
PAGE = 50
_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


# ---------------------------------------------------------------- staff


def staff_of(by: User) -> list[User]:
    """Staff of the sites that this person works at, those who left last."""
    found = User.objects.filter(patient=None, sites__in=by.site_ids).distinct().prefetch_related("sites")
    return list(found.order_by("-is_active", "name"))


def staff_or_404(by: User, pk: Any) -> User:
    """One of them; whoever works elsewhere does not exist for this person."""
    found = User.objects.filter(pk=pk, patient=None, sites__in=by.site_ids).distinct().first()
    if found is None:
        raise Http404
    return found


def sites_of(by: User) -> list[Site]:
    return list(Site.objects.filter(id__in=by.site_ids).order_by("name"))


def active_with_role(role: str, site: int) -> QuerySet[User]:
    return User.objects.filter(is_active=True, patient=None, roles__contains=[role], sites=site)


def factors_of(user: User) -> list[str]:
    """Which second factors somebody has: "totp", "webauthn"."""
    return list(Authenticator.objects.filter(user=user, type__in=_FACTORS).values_list("type", flat=True))


def with_factor(users: list[User]) -> set[int]:
    """The ids of those who have a second factor."""
    return set(Authenticator.objects.filter(user__in=users, type__in=_FACTORS).values_list("user_id", flat=True))


# ---------------------------------------------------------------- programs


def tokens_of(by: User) -> list[ApiToken]:
    return list(ApiToken.objects.filter(site__in=by.site_ids).select_related("site").order_by("-is_active", "name"))


def token_or_404(by: User, pk: Any) -> ApiToken:
    found = ApiToken.objects.filter(pk=pk, site__in=by.site_ids).first()
    if found is None:
        raise Http404
    return found


# ---------------------------------------------------------------- the roster of a browser


def roster_places(browser: str, now: datetime) -> QuerySet[RosterPlace]:
    """Who signed in with both factors in this browser within the last twelve hours."""
    if not browser:
        return RosterPlace.objects.none()
    # A clock that was set back must not keep a place for ever: what lies ahead does not count either.
    in_time = {"signed_in_at__gt": now - ROSTER_FOR, "signed_in_at__lte": now + timedelta(minutes=1)}
    found = RosterPlace.objects.filter(browser=browser, user__is_active=True, user__patient=None, **in_time)
    return found.select_related("user").order_by("user__name")


def zone_of(user: Any) -> str | None:
    """The zone of this person's clinic; None for somebody without one."""
    sites = Site.objects.filter(patients__account=user) if user.patient_id else user.sites
    found: str | None = sites.order_by("id").values_list("zone", flat=True).first()
    return found


# ---------------------------------------------------------------- who looked


@dataclass(frozen=True, kw_only=True)
class Look:
    """On one day, one person opened one thing of a patient's, so many times."""

    day: date
    by_name: str
    what: str
    times: int
    last_at: datetime


@dataclass(frozen=True, kw_only=True)
class AccessPage:
    """One page of the access log, newest first; `before` fetches the next, None at the end."""

    rows: list[dict[str, Any]]
    before: int | None


def who_looked(patient_id: int, limit: int = 500) -> list[Look]:
    """Who opened this patient's record, for the patient's own page: newest first, without the patient's own visits."""
    patient = Patient.objects.select_related("site").get(pk=patient_id)
    zone = ZoneInfo(patient.site.zone)
    own = User.objects.filter(patient=patient).values_list("pk", flat=True).first()
    rows = Access.objects.filter(patient=patient_id, refused=False).exclude(by_id=own) if own else None
    rows = rows if rows is not None else Access.objects.filter(patient=patient_id, refused=False)
    times: Counter[tuple[date, str, str]] = Counter()
    last: dict[tuple[date, str, str], datetime] = {}
    for row in rows.order_by("-seq")[:limit]:
        key = (row.happened_at.astimezone(zone).date(), row.by_name, row.what)
        times[key] += 1
        last.setdefault(key, row.happened_at)
    return [
        Look(day=key[0], by_name=key[1], what=key[2], times=n, last_at=last[key].astimezone(zone))
        for key, n in times.items()
    ]


def just_looked(by: User, patient_id: int, what: str, since: datetime) -> bool:
    """Was this very look written down a moment ago?"""
    found = Access.objects.filter(patient=patient_id, by_id=by.pk, what=what, refused=False, happened_at__gt=since)
    return found.exists()


def access_page(
    site_ids: frozenset[int], *, person: str = "", patient: str = "", day: date | None = None,
    refused_only: bool = False, before: int | None = None, size: int = PAGE,
) -> AccessPage:  # fmt: skip
    """The access log of these sites, filtered by a part of a person's name, a patient and a day of the clinic."""
    rows = Access.objects.filter(site__in=site_ids)
    if person:
        rows = rows.filter(by_name__icontains=person)
    if patient:
        rows = rows.filter(patient__in=[p.pk for p in _patients_like(site_ids, patient)])
    if day is not None:
        start, end = _day_in_utc(site_ids, day)
        rows = rows.filter(happened_at__gte=start, happened_at__lt=end)
    if refused_only:
        rows = rows.filter(refused=True)
    if before is not None:
        rows = rows.filter(seq__lt=before)
    found = list(rows.order_by("-seq")[: size + 1])
    more, found = len(found) > size, found[:size]
    names = dict(Patient.objects.filter(pk__in={r.patient for r in found if r.patient}).values_list("pk", "name"))
    out = [
        {"at": r.happened_at, "by": r.by_name, "what": r.what, "patient": names.get(r.patient or 0, ""), "path": r.path,
         "refused": r.refused, "why": r.why, "address": r.address}
        for r in found
    ]  # fmt: skip
    return AccessPage(rows=out, before=found[-1].seq if more and found else None)


def _patients_like(site_ids: frozenset[int], text: str) -> QuerySet[Patient]:
    mine = Patient.objects.filter(site__in=site_ids)
    return mine.filter(name__icontains=text) | mine.filter(external_id__iexact=text)


def _day_in_utc(site_ids: frozenset[int], day: date) -> tuple[datetime, datetime]:
    zone = ZoneInfo(Site.objects.filter(id__in=site_ids).order_by("id").values_list("zone", flat=True)[0])
    start = datetime.combine(day, time(), zone)
    end = datetime.combine(day + timedelta(days=1), time(), zone)
    return start.astimezone(UTC), end.astimezone(UTC)


def patient_or_404(user: Any, pk: int) -> Patient:
    """The person, or 404: for one of another site exactly as for one that does not exist."""
    found = Patient.objects.filter(pk=pk, site_id__in=user.site_ids).select_related("site").first()
    if found is None:
        raise Http404
    return found
