"""Writing to each other: begin, answer, assign, close, and note who read what."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import PurePath
from typing import Any
from uuid import UUID, uuid4

from django.core.cache import cache
from django.db import transaction

from stillhaven.clinic.messages.models import AnswerTime, Enclosure, Letter, Seen, Thread
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient, Site, User
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import media
from stillhaven.reference._education import ask_rules
from stillhaven.science.ask import LONGEST, Need, need
from stillhaven.science.cardnumbers import refuse_card
from stillhaven.science.errors import BadInput, Refused

LONGEST_LETTER = 5000  # characters
MOST_FILES = 3
AN_HOUR = 30  # letters of one person
_ALIVE = (b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/RichMedia")


def sounds_like_a_crisis(text: str) -> bool:
    """Does any part of a text sound like a crisis?  The rules read a sentence at a time."""
    parts = [p for p in re.split(r"(?<=[.!?\n])\s+", text) if p.strip()] + [text]
    pieces = [part[i : i + LONGEST] for part in parts for i in range(0, len(part), LONGEST // 2)]
    return any(need(piece, ask_rules()) is Need.CRISIS for piece in pieces)


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise BadInput("text", "write your message")
    if len(text) > LONGEST_LETTER:
        raise BadInput("text", f"is longer than {LONGEST_LETTER} characters; send it in two parts, or as a PDF")
    return refuse_card("text", text)


def _action(by: User) -> str:
    return "own.change" if by.patient_id else "letter.write"


@transaction.atomic
def begin(
    patient: Patient, subject: str, text: str, *, by: User, at: datetime, files: Sequence[Any] = (), uid: UUID | None = None
) -> Letter:  # fmt: skip
    """A new conversation, by the person or by the team."""
    roles.require_patient(by, _action(by), patient)
    subject = " ".join(subject.split())
    if not subject:
        raise BadInput("subject", "say in a few words what it is about")
    if len(subject) > 120:
        raise BadInput("subject", "is longer than 120 characters")
    refuse_card("subject", subject)
    if uid and (known := Letter.objects.filter(uid=uid).first()):
        raise record.AlreadyRecorded(known)
    thread = Thread(site_id=patient.site_id, patient=patient, subject=subject, begun_at=at)
    thread.assigned_to = None if by.patient_id else by
    thread.save()
    record.log_change(thread, {}, {"patient": patient.pk, "begun": at.isoformat()}, by=by, site=patient.site_id)
    return _write(thread, text, by=by, at=at, files=files, uid=uid, more=subject)


@transaction.atomic
def write(
    thread: Thread, text: str, *, by: User, at: datetime, files: Sequence[Any] = (), uid: UUID | None = None
) -> Letter:  # fmt: skip
    """One more message; a closed conversation opens again."""
    roles.require_patient(by, _action(by), thread.patient)
    thread = Thread.objects.select_for_update(of=("self",)).select_related("patient").get(pk=thread.pk)
    letter = _write(thread, text, by=by, at=at, files=files, uid=uid)
    if thread.closed_at is not None:
        _change(thread, by=by, closed_at=None)
    if not by.patient_id and thread.assigned_to_id is None:
        _change(thread, by=by, assigned_to=by)
    return letter


def _write(
    thread: Thread, text: str, *, by: User, at: datetime, files: Sequence[Any], uid: UUID | None, more: str = ""
) -> Letter:  # fmt: skip
    text = _clean(text)
    own = by.patient_id is not None
    if own:
        _limit(f"letters:{by.pk}")
    kept = [clean_file(f) for f in files]
    if len(kept) > MOST_FILES:
        raise BadInput("files", f"at most {MOST_FILES} files with one message")
    site = thread.patient.site_id
    letter = Letter(
        uid=uid or uuid4(), site=site, happened_at=at, thread=thread, patient=thread.patient, from_patient=own, text=text,
        urgent=own and sounds_like_a_crisis(f"{more}\n{text}"),
    )  # fmt: skip
    record.append(letter, by=by)
    for name, data, kind in kept:
        enclosure = Enclosure(
            uid=uuid4(), site=site, happened_at=at, letter=letter, patient=thread.patient, name=name, media_type=kind,
            sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data),
        )  # fmt: skip
        media.store(enclosure.uid, data)
        record.append(enclosure, by=by)
    return letter


def _limit(key: str) -> None:
    cache.add(key, 0, 3600)
    if cache.incr(key) > AN_HOUR:
        raise Refused(why="you have sent very many messages in the last hour; wait a little, or call the clinic")


def clean_file(file: Any) -> tuple[str, bytes, str]:
    """Name, content and kind of a file as it is kept: pictures made anew without metadata, PDFs as they are."""
    size = getattr(file, "size", 0) or 0
    if size > media.MAX_BYTES:
        raise BadInput("files", f"is over {media.MAX_BYTES // 1024 // 1024} MB")
    data = file.read(media.MAX_BYTES + 1)
    name = re.sub(r"[^\w. -]", "_", PurePath(str(file.name).replace("\\", "/")).name)[-60:].strip(" .") or "file"
    if data[:5] == b"%PDF-":
        if len(data) > media.MAX_BYTES:
            raise BadInput("files", media.TOO_LARGE)
        if b"%%EOF" not in data[-2048:]:
            raise BadInput("files", "is a PDF that breaks off; save it again and send that")
        if any(word in data for word in _ALIVE):
            raise BadInput("files", "is a PDF with a program or another file inside; print it to a plain PDF first")
        return f"{PurePath(name).stem[:50]}.pdf", data, "application/pdf"
    try:
        image, kind = media.clean_image(data)
    except BadInput as error:
        raise BadInput(
            "files", error.why.replace("is not a picture that", "is not a PDF, nor a picture that")
        ) from None
    return f"{PurePath(name).stem[:50]}.jpg", image, kind


def _change(thread: Thread, *, by: Any, **changes: Any) -> None:
    before = {k: str(getattr(thread, k)) for k in changes}
    for name, value in changes.items():
        setattr(thread, name, value)
    thread.save(update_fields=list(changes))
    record.log_change(thread, before, {k: str(v) for k, v in changes.items()}, by=by, site=thread.site_id)


@transaction.atomic
def assign(thread: Thread, to: User | None, *, by: User) -> None:
    """Who of the team has this conversation."""
    roles.require_patient(by, "letter.write", thread.patient)
    if to is not None and (not roles.may(to, "letter.write") or thread.site_id not in to.site_ids):
        raise BadInput("to", "is nobody who answers messages here")
    if thread.assigned_to_id != (to.pk if to else None):
        _change(thread, by=by, assigned_to=to)


@transaction.atomic
def close(thread: Thread, *, by: User, at: datetime) -> None:
    """Nothing more to do; a new message opens it again."""
    roles.require_patient(by, "letter.write", thread.patient)
    if thread.closed_at is None:
        _change(thread, by=by, closed_at=at)


@transaction.atomic
def read(thread: Thread, *, by: User, at: datetime) -> None:
    """Note that the letters of the other side were opened now."""
    own = by.patient_id is not None
    roles.require_patient(by, "own.view" if own else "letter.read", thread.patient)
    record.lock("clinic", thread.site_id)
    new = Letter.objects.filter(thread=thread, from_patient=not own).exclude(seen__by_patient=own)
    rows = [Seen(site=thread.site_id, happened_at=at, letter=x, patient=thread.patient, by_patient=own) for x in new]
    if rows:
        record.append(*rows, by=by)


@transaction.atomic
def promise(site: Site, typed: dict[str, Any], *, by: User) -> AnswerTime:
    """How soon the clinic answers, and what it says while it is away."""
    roles.require(by, "letter.promise")
    if site.pk not in by.site_ids:
        raise BadInput("site", "is not a site of yours")
    text = str(typed.get("within_h", "")).strip()
    if text and not (text.isdecimal() and 1 <= int(text) <= 240):
        raise BadInput("within_h", "write whole hours from 1 to 240, or leave it empty")
    row, _made = AnswerTime.objects.select_for_update().get_or_create(site=site)
    names = ("within_h", "away_text", "away_from", "away_until")
    before = {k: str(getattr(row, k)) for k in names}
    row.within_h = int(text) if text else None
    row.away_text = " ".join(str(typed.get("away_text", "")).split())[:500]
    row.away_from, row.away_until = _day("away_from", typed), _day("away_until", typed)
    if row.away_from and row.away_until and row.away_until < row.away_from:
        raise BadInput("away_until", "is before the first day")
    row.save()
    record.log_change(row, before, {k: str(getattr(row, k)) for k in names}, by=by, site=site.pk)
    return row


def _day(name: str, typed: dict[str, Any]) -> date | None:
    text = str(typed.get(name, "")).strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadInput(name, "write a day such as 2026-11-21") from None
