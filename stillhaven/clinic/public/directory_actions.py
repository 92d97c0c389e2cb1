"""A clinic keeps its listing; a patient reports facts of care; a moderator, who knows who wrote, lets it through or not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import transaction

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Site, User
from stillhaven.clinic.public import directory_places as places
from stillhaven.clinic.public.directory_facts import BY_KEY, FACTS, REPORTED, read_fact, says_of
from stillhaven.clinic.public.directory_models import Centre, CentreReport
from stillhaven.clinic.public.enquiry_words import is_urgent
from stillhaven.clinic.record import actions as record
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.places import npi_ok, read_point

REPORTS_AN_HOUR = 5
_CONTACT = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+|\+?\d[\d\s().-]{6,}\d")
_STATE = re.compile(r"[A-Za-z]{2}")


def read_address(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Name and place of a centre.  BadInput names the field."""
    name = _short(typed, "name", 160)
    if not name:
        raise BadInput("name", "write the centre's name")
    row = {key: _short(typed, key, most) for key, most in (("street", 160), ("city", 80), ("state", 40), ("phone", 40))}
    if row["state"] and not _STATE.fullmatch(row["state"]):
        raise BadInput("state", "write two letters, such as CA")
    row["state"] = row["state"].upper()
    code, point = _short(typed, "zip", 10), _short(typed, "point", 60)
    spot = places.of_zip(code) if code else None
    if code and spot is None:
        raise BadInput("zip", f"{code} is not a US postcode that we know")
    exact = read_point(point) if point else None
    if point and exact is None:
        raise BadInput("point", "write latitude and longitude, such as 37.7510, -122.4150")
    if exact is None and spot is None:
        raise BadInput("zip", "write the postcode, or latitude and longitude")
    at = exact or spot.place  # type: ignore[union-attr]
    website = _short(typed, "website", 200)
    if website and not re.fullmatch(r"https?://[^\s<>\"']{3,190}", website):
        raise BadInput("website", "begins with https://")
    npi = _short(typed, "npi", 10)
    if npi and not npi_ok(npi):
        raise BadInput("npi", "is not a National Provider Identifier: ten digits with a check digit")
    return row | {
        "name": name, "zip": code, "lat": at.lat, "lon": at.lon, "placed": "exact" if exact else "zip",
        "website": website, "npi": npi,
    }  # fmt: skip


def _short(typed: Mapping[str, Any], key: str, most: int) -> str:
    text = " ".join(str(typed.get(key) or "").split())
    if len(text) > most:
        raise BadInput(key, f"is longer than {most} letters")
    return text


def read_facts(typed: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Every fact that was stated."""
    return {f.key: value for f in FACTS if (value := read_fact(f, list(typed.get(f.key, ()))))}


def confirmed(before: Mapping[str, Any], stated: Mapping[str, list[str]], *, by: str, on: date) -> dict[str, Any]:
    """The facts with who confirmed them and when.  A fact that was taken away is stated by nobody any more."""
    return {key: {"value": value, "by": by, "on": on.isoformat()} for key, value in stated.items() if key in BY_KEY}


@transaction.atomic
def keep_listing(
    site: Site, typed: Mapping[str, Any], facts: Mapping[str, Sequence[str]], *, listed: bool, by: User, on: date
) -> Centre:
    """The clinic states its own facts anew; each carries the name of the clinic and the day from now on."""
    roles.require(by, "listing.keep")
    if site.pk not in by.site_ids:
        raise Refused(why="this is not one of your clinics")
    row, stated = read_address(typed), read_facts(facts)
    centre = Centre.objects.select_for_update().filter(site=site.pk).first()
    others = Centre.objects.exclude(pk=centre.pk) if centre is not None else Centre.objects.all()
    if row["npi"] and others.filter(npi=row["npi"]).exists():
        raise BadInput("npi", "stands with another listing already")
    if centre is None:
        centre, before = Centre(site=site.pk, source="clinic"), {}
    else:
        before = {"facts": centre.facts, "listed": centre.listed, "name": centre.name, "zip": centre.zip}
    for key, value in row.items():
        setattr(centre, key, value)
    centre.listed = listed
    set_facts(centre, confirmed(centre.facts, stated, by=f"{site.name} ({by.signature_name})", on=on))
    centre.save()
    after = {"facts": centre.facts, "listed": listed, "name": centre.name, "zip": centre.zip}
    record.log_change(centre, before, after, by=by, site=site.pk)
    return centre


def set_facts(centre: Centre, facts: dict[str, Any]) -> None:
    """Facts and what the index holds of them, together."""
    centre.facts, centre.says = facts, says_of(facts)
    price = (facts.get("price") or {}).get("value")
    centre.session_cents = int(price[0]) if price else None


# ---------------------------------------------------------------- reports of patients
def send_report(
    centre: Centre, typed: Mapping[str, Any], *, address: str, at: datetime, today: date, uid: UUID
) -> CentreReport:
    """What somebody reports of their care.  It waits for a moderator, who sees name and contact; nobody else does."""
    if (known := CentreReport.objects.filter(uid=uid).first()) is not None:
        return known
    name, contact, words = (_short(typed, k, most) for k, most in (("name", 120), ("contact", 200), ("words", 1200)))
    if not name:
        raise BadInput("name", "write your name; only our moderator sees it")
    if not _CONTACT.search(contact):
        raise BadInput("contact", "write an email address or a phone number; only our moderator sees it")
    seen = str(typed.get("seen_in", "")).strip()
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", seen, re.ASCII):
        raise BadInput("seen_in", "write year and month, such as 2026-10")
    if seen > today.isoformat()[:7]:
        raise BadInput("seen_in", "lies in the future")
    answers = {key: v for key, _words in REPORTED if (v := str(typed.get(f"q_{key}", ""))) in ("yes", "no")}
    if not answers:
        raise BadInput("answers", "answer at least one of the questions about your care")
    limit(f"public.report.{address}", REPORTS_AN_HOUR)
    row, _made = CentreReport.objects.get_or_create(
        uid=uid,
        defaults={"centre": centre, "sent_at": at, "name": name, "contact": contact, "seen_in": seen, "answers": answers,
                  "words": words, "urgent": is_urgent(words)},
    )  # fmt: skip
    return row


@transaction.atomic
def judge_report(uid: UUID, *, shown: bool, why: str, by: User, at: datetime) -> CentreReport:
    """Shown or not, with a reason where not.  About one's own clinic a refusal needs its reason as any other."""
    roles.require(by, "report.moderate")
    row = CentreReport.objects.select_for_update().filter(uid=uid).first()
    if row is None:
        raise Refused(why="there is no such report")
    why = " ".join(why.split())[:300]
    if not shown and not why:
        raise BadInput("why", "say why it is not shown; the writer may ask")
    if row.state != "waiting":
        return row
    row.state, row.judged_at, row.judged_by, row.why = "shown" if shown else "refused", at, by.signature_name, why
    row.save(update_fields=["state", "judged_at", "judged_by", "why"])
    record.log_change(
        row, {"state": "waiting"}, {"state": row.state, "why": why}, by=by, site=min(by.site_ids, default=1)
    )
    return row


def limit(key: str, most: int) -> None:
    """At most so many an hour from one address."""
    cache.add(key, 0, 3600)
    if cache.incr(key) > most:
        raise Refused(why="too many were sent from here in the last hour; please try again later, or call us")
