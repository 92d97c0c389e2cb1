"""Writing a page, judging it by a second person, leaving a question, sending a self-check on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import transaction

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import User
from stillhaven.clinic.people.roles import Role
from stillhaven.clinic.public import queries
from stillhaven.clinic.public.models import PageVerdict, PageVersion, SelfCheckHandover, UnansweredQuestion
from stillhaven.clinic.record import actions as record
from stillhaven.reference._education import education, self_check, sources
from stillhaven.science.ask import LONGEST
from stillhaven.science.education import check_page
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.selfcheck import check

NOTES_AN_HOUR = 20  # questions left by one address in an hour; more is a robot
_CLINICIANS = {Role.PRESCRIBER.value, Role.MEDICAL_DIRECTOR.value, Role.NURSE.value}
_WHO = re.compile(r"[\w.+-]+@[\w-]+\.\w+|\+?\d[\d\s().-]{6,}\d")


@transaction.atomic
def draft(
    key: str, lang: str, fields: Mapping[str, Any], *, by: User, at: datetime, note: str = "", uid: UUID | None = None
) -> PageVersion:
    """A new draft of a page.  BadInput where it breaks what every page keeps: grade, source, null trials, plain words."""
    roles.require(by, "content.edit")
    base = education().pages.get(key)
    if base is None:
        raise BadInput("page", "there is no such page")
    page = queries.from_fields(base, fields)
    check_page(page, sources(), education().studies)
    record.lock("clinic", queries.site_id())
    if uid is not None and (known := PageVersion.objects.filter(uid=uid).first()) is not None:
        return known
    last = PageVersion.objects.filter(site=queries.site_id(), page=key, language=lang).order_by("-number").first()
    row = PageVersion(
        site=queries.site_id(), happened_at=at, page=key, language=lang, number=last.number + 1 if last else 1,
        fields=queries.to_fields(page), note=note.strip()[:500], **({"uid": uid} if uid else {}),
    )  # fmt: skip
    record.append(row, by=by)
    return row


@transaction.atomic
def judge(
    version: PageVersion, *, approved: bool, by: User, at: datetime, due: date | None = None, why: str = "",
    uid: UUID | None = None,
) -> PageVerdict:  # fmt: skip
    """A second person's word on a draft.  Nobody approves what they wrote; a page that is shown has a day of review."""
    roles.require(by, "content.approve")
    record.lock("clinic", queries.site_id())
    known = PageVerdict.objects.filter(version=version).first()
    if known is not None:
        if uid is not None and known.uid == uid:
            return known
        raise Refused(why="somebody has judged this draft already; open the page to see it")
    if version.by_id == by.pk:
        raise Refused(why="a second person approves: you wrote this draft yourself")
    if approved and due is None:
        raise BadInput("due", "say when somebody looks at this page again")
    if approved and due is not None and due <= at.date():
        raise BadInput("due", "lies in the past; choose a day to come")
    if not approved and not why.strip():
        raise BadInput("why", "say what has to change")
    newest = PageVersion.objects.filter(
        site=version.site, page=version.page, language=version.language, verdict__approved=True
    ).order_by("-number").first()  # fmt: skip
    if approved and newest is not None and newest.number > version.number:
        raise Refused(why="a newer version is shown already; write a new draft from that one")
    row = PageVerdict(
        site=version.site, happened_at=at, version=version, approved=approved, due=due if approved else None,
        clinician=approved and not _CLINICIANS.isdisjoint(by.roles), why=why.strip()[:500], **({"uid": uid} if uid else {}),
    )  # fmt: skip
    record.append(row, by=by)
    return row


def leave_question(words: str, lang: str, *, address: str, at: datetime, uid: UUID) -> UnansweredQuestion:
    """Keep a question that no page answered.  Addresses, numbers and names of mailboxes are taken out; nobody is named."""
    text = _WHO.sub("…", " ".join(words.split()))[:LONGEST]
    if not text:
        raise BadInput("q", "write your question")
    _limit(f"public.note.{address}")
    found, _ = UnansweredQuestion.objects.get_or_create(
        uid=uid, defaults={"site": queries.site_id(), "language": lang, "words": text, "on": queries.today()}
    )
    return found


@transaction.atomic
def settle_question(pk: int, *, how: str, by: User, at: datetime) -> None:
    """Somebody of the clinic has seen to a question: a page was written, or there will be none."""
    roles.require(by, "content.edit")
    row = UnansweredQuestion.objects.select_for_update().filter(pk=pk, site=queries.site_id()).first()
    if row is None:
        raise Refused(why="there is no such question")
    if row.settled_on is not None:
        return
    row.settled_on, row.settled_by, row.settled_how = queries.today(), by.signature_name, how.strip()[:200]
    row.save(update_fields=["settled_on", "settled_by", "settled_how"])
    record.log_change(row, {"settled": False}, {"settled": True, "how": row.settled_how}, by=by, site=row.site)


def hand_over(
    answers: Mapping[str, list[str]], *, name: str, contact: str, consent: bool, address: str, at: datetime, uid: UUID
) -> SelfCheckHandover:
    """The person chose to send their answers on: the start of an intake.  Nothing is kept without their yes."""
    name, contact = " ".join(name.split()), " ".join(contact.split())
    if not name:
        raise BadInput("name", "tell us what to call you")
    if not (_WHO.search(contact) or "@" in contact):
        raise BadInput("contact", "write an email address or a phone number")
    if not consent:
        raise BadInput("consent", "tick that we may contact you; without it we keep nothing")
    found = check(self_check(), answers)
    if found.under_age:
        raise Refused(why="this clinic treats people of 18 or over; nothing was kept")
    _limit(f"public.handover.{address}")
    row, _ = SelfCheckHandover.objects.get_or_create(
        uid=uid,
        defaults={
            "site": queries.site_id(), "sent_at": at, "name": name[:120], "contact": contact[:200], "contact_consent": True,
            "answers": {"given": dict(answers), "facts": dict(found.facts)}, "result": found.outcome.value,
        },
    )  # fmt: skip
    return row


@transaction.atomic
def take_up(uid: UUID, *, by: User, at: datetime) -> SelfCheckHandover:
    """Somebody of the clinic begins an intake from a self-check that was sent on."""
    roles.require(by, "handover.take")
    row = SelfCheckHandover.objects.select_for_update().filter(uid=uid, site=queries.site_id()).first()
    if row is None:
        raise Refused(why="there is no such self-check")
    if row.taken_at is None:
        row.taken_at, row.taken_by = at, by.signature_name
        row.save(update_fields=["taken_at", "taken_by"])
        record.log_change(row, {"taken": False}, {"taken": True}, by=by, site=row.site)
    return row


def _limit(key: str) -> None:
    """At most so many an hour from one address."""
    cache.add(key, 0, 3600)
    if cache.incr(key) > NOTES_AN_HOUR:
        raise Refused(why="too many were sent from here in the last hour; please try again later, or call us")
