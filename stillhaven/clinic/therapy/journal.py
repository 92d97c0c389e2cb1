"""What a person writes for themselves, and who may read it: their choice, changed whenever they like."""

from __future__ import annotations

import uuid as uuids
from datetime import datetime
from uuid import UUID

from django.db import transaction

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import User
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.session.queries import answer_repeat
from stillhaven.clinic.therapy import queries, wall
from stillhaven.clinic.therapy.models import Journal, JournalShare
from stillhaven.science.errors import BadInput, Refused

SHARES = ("private", "therapist", "team")
KINDS = ("page", "intention")
_LONGEST = 20_000
TAKEN_OUT = "taken out by the person"


def _clean(share: str) -> str:
    if share not in SHARES:
        raise BadInput("share", "choose who may read it")
    return share


@transaction.atomic
def write(
    kind: str, text: str, share: str, *, by: User, at: datetime, uid: UUID | None = None
) -> Journal:  # fmt: skip
    """A page of the journal, or an intention."""
    roles.require(by, "journal.write")
    patient = by.patient
    assert patient is not None
    answer_repeat(Journal, uid, by=by, patient_id=patient.pk)
    if kind not in KINDS:
        raise BadInput("kind", "choose a page or an intention")
    text = text.strip()
    if not text:
        raise BadInput("text", "write something first")
    if len(text) > _LONGEST:
        raise BadInput("text", f"holds more than {_LONGEST} characters; make two pages of it")
    uid = uid or uuids.uuid4()
    page = Journal(
        uid=uid, site=patient.site_id, happened_at=at, patient=patient, kind=kind, share=_clean(share),
        sealed=wall.seal(uid, {"text": text}),
    )  # fmt: skip
    record.append(page, by=by)
    return page


@transaction.atomic
def choose(page: Journal, share: str, *, by: User, at: datetime, uid: UUID | None = None) -> JournalShare:
    """Who may read this page from now on."""
    _own(page, by)
    answer_repeat(JournalShare, uid, by=by, page_id=page.pk)
    row = JournalShare(
        uid=uid or uuids.uuid4(), site=page.site, happened_at=at, page=page, share=_clean(share)
    )  # fmt: skip
    record.append(row, by=by)
    return row


@transaction.atomic
def take_out(page: Journal, *, by: User, at: datetime) -> None:
    """Nobody is shown this page again, its writer included; the sealed text stays in the record, as everything does."""
    _own(page, by)
    if queries.share_of(page) != "private":
        record.append(JournalShare(site=page.site, happened_at=at, page=page, share="private"), by=by)
    record.amend(page, by=by, at=at, reason=TAKEN_OUT, retract=True, sealed="")


def _own(page: Journal, by: User) -> None:
    roles.require(by, "journal.write")
    if page.patient_id != by.patient_id:
        raise roles.NotAllowed(why="there is no such page")
    if page.retracted:
        raise Refused(why="this page was taken out")
