"""Signing, taking back, asking, answering; and how a clinic's own text comes into use.

Each deed is an entry.  A withdrawal needs no reason, no second step and nobody's leave.
"""

from __future__ import annotations

import uuid as uuids
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from stillhaven.clinic.consent import drawing, queries, texts
from stillhaven.clinic.consent.models import Answer, Question, Signature, Verdict, Version, Withdrawal, Witness
from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import Patient, User
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record.models import Entry
from stillhaven.science.consent import Gate
from stillhaven.science.errors import BadInput, Refused

_STOPS_TREATMENT = (Gate.TREATMENT, Gate.OFF_LABEL, Gate.THERAPY)


def _repeat(model: type[Entry], uid: UUID | None, *, by: Any, **same: Any) -> None:
    """The same deed sent twice is answered as the first time; any other use of its uid is refused."""
    known: Any = model._default_manager.filter(uid=uid).first() if uid else None
    if known is None:
        return
    if known.by_id != by.pk or any(getattr(known, name) != value for name, value in same.items()):
        raise Refused(why="this was sent under a name that something else has already; write it down anew")
    raise record.AlreadyRecorded(known)


# ---------------------------------------------------------------- the person's own deeds
@transaction.atomic
def sign(
    patient: Patient, document: str, typed: Mapping[str, Any], *, by: User, at: datetime, device: str = "",
    uid: UUID | None = None,
) -> Signature:  # fmt: skip
    """Sign one document: every sentence ticked, every question answered, a name drawn or typed.

    `typed`: "shown" (the hash of the words on the screen), "ack" (list), "choice.<key>", "name", "strokes", "language".
    From the patient's own account, or on the clinic's tablet that `by` handed over.
    """
    own = by.patient_id is not None
    roles.require_patient(by, "consent.sign" if own else "consent.hand_over", patient)
    _repeat(Signature, uid, by=by, patient_id=patient.pk, document=document)
    queries.book().document(document)
    version = queries.version_in_use(patient.site_id, document, str(typed.get("language", "")))
    if version is None:
        raise Refused(why="the clinic has not put this text into use yet; nothing can be signed")
    if typed.get("shown") != version.digest:
        raise Refused(why="the text has changed since you opened it; read it once more, then sign")
    answers = _answers(version.content, typed)
    name = str(typed.get("name", "")).strip()
    if sum(c.isalpha() for c in name) < 2:
        raise BadInput("name", "write your name")
    strokes = drawing.read(str(typed.get("strokes", "")))
    record.lock("clinic", patient.site_id)
    course = queries.course_now(patient)
    signature = Signature(
        uid=uid or uuids.uuid4(), site=patient.site_id, happened_at=at, patient=patient, course=course,
        document=document, version=version, digest=version.digest, answers=answers, how="drawn" if strokes else "typed",
        name=name[:120], strokes=strokes, place="own_account" if own else "clinic_tablet", device=device[:200],
    )  # fmt: skip
    record.append(signature, by=by)
    if document == "touch_comfort":
        _comfort_card(patient, answers["choices"], by=by)
    return signature


def _answers(content: Mapping[str, Any], typed: Mapping[str, Any]) -> dict[str, Any]:
    given = typed.get("ack") or []
    ticked = {given} if isinstance(given, str) else set(given)
    missing = [a["key"] for a in content["acknowledge"] if a["key"] not in ticked]
    if missing:
        raise BadInput(f"ack.{missing[0]}", "tick this sentence if you agree with it; without it nothing is signed")
    choices = {}
    for choice in content["choices"]:
        said = str(typed.get(f"choice.{choice['key']}") or "").strip()
        if choice["words"]:
            choices[choice["key"]] = said[:600]
        elif said not in choice["options"]:
            raise BadInput(f"choice.{choice['key']}", "choose one")
        else:
            choices[choice["key"]] = said
    return {"acknowledged": [a["key"] for a in content["acknowledge"]], "choices": choices}


def _comfort_card(patient: Patient, choices: Mapping[str, str], *, by: User) -> None:
    """What somebody wants stands beside them on every screen of a session."""
    before = patient.comfort_card
    words = choices.get("words", "")
    patient.comfort_card = f"Touch: {choices.get('touch', '')}.{' ' + words if words else ''}"
    patient.save(update_fields=["comfort_card"])
    record.log_change(
        patient, {"comfort_card": before}, {"comfort_card": patient.comfort_card}, by=by, site=patient.site_id
    )


@transaction.atomic
def witness(signature: Signature, *, by: User, at: datetime, second_factor: str, uid: UUID | None = None) -> Witness:
    """Confirm, with a second factor, that this person signed before one's eyes."""
    roles.require_patient(by, "consent.witness", signature.patient)
    _repeat(Witness, uid, by=by, signature_id=signature.pk)
    if not second_factor:
        raise BadInput("code", "confirm with your second factor")
    record.lock("clinic", signature.site)
    if Witness.objects.filter(signature=signature).exists():
        raise Refused(why="this signature has its witness already")
    entry = Witness(
        uid=uid or uuids.uuid4(), site=signature.site, happened_at=at, signature=signature,
        patient_id=signature.patient_id, second_factor=second_factor,
    )  # fmt: skip
    record.append(entry, by=by)
    return entry


@transaction.atomic
def withdraw(
    patient: Patient, document: str, *, by: User, at: datetime, words: str = "", place: str = "", cause: UUID | None = None,
    uid: UUID | None = None,
) -> Withdrawal:  # fmt: skip
    """Take consent back: effective at once.  A second tap is the same deed."""
    roles.require_patient(by, "consent.withdraw", patient)
    _repeat(Withdrawal, uid, by=by, patient_id=patient.pk, document=document)
    queries.book().document(document)
    record.lock("clinic", patient.site_id)
    newest = next(iter(queries.signatures(patient, document)), None)
    if newest is None:
        raise Refused(why="there is no signature to take back")
    known = next((w for w in queries.withdrawals(patient) if w.document == document and w.seq > newest.seq), None)
    if known is not None:
        return known
    entry = Withdrawal(
        uid=uid or uuids.uuid4(), site=patient.site_id, happened_at=at, patient=patient, document=document,
        place=place or ("own_account" if by.patient_id else "told_staff"), words=words.strip()[:600], cause=cause,
    )  # fmt: skip
    record.append(entry, by=by)
    return entry


@transaction.atomic
def withdraw_treatment(patient: Patient, *, by: User, at: datetime, cause: UUID, words: str = "") -> list[Withdrawal]:
    """Somebody at the chair withdraws consent: everything that lets a drug run, at once."""
    signed = {s.document for s in queries.signatures(patient)}
    keys = [d.key for d in queries.book().documents if d.gate in _STOPS_TREATMENT and d.key in signed]
    return [
        withdraw(patient, key, by=by, at=at, words=words, place="at_the_chair", cause=cause)
        for key in keys
    ]  # fmt: skip


@transaction.atomic
def undo(withdrawal: Withdrawal, *, by: User, at: datetime) -> Withdrawal:
    """Take back a withdrawal that was a slip of the finger: the same person, within minutes, nothing signed since."""
    roles.require_patient(by, "consent.withdraw", withdrawal.patient)
    record.lock("clinic", withdrawal.site)
    if withdrawal.by_id != by.pk:
        raise Refused(why="only the one who took it back can undo that; sign again instead")
    if withdrawal.cause is not None:
        raise Refused(why="this was written down at the chair; it is taken back there")
    if at > withdrawal.happened_at + timedelta(seconds=queries.book().undo_for_s):
        raise Refused(why="it is too late to undo this; sign again if you want to")
    newest = queries.signatures(withdrawal.patient, withdrawal.document)[0]
    if newest.seq > withdrawal.seq:
        raise Refused(why="you have signed again since; there is nothing to undo")
    return record.amend(withdrawal, by=by, at=at, reason="undone at once", retract=True)  # type: ignore[return-value]


@transaction.atomic
def undo_cause(cause: UUID, *, by: User, at: datetime, why: str) -> None:
    """The entry of a session that said "consent withdrawn" was made in error: what followed from it is taken back too."""
    for withdrawal in Withdrawal.objects.current().filter(cause=cause):
        record.amend(withdrawal, by=by, at=at, reason=why, retract=True)


@transaction.atomic
def ask(patient: Patient, document: str, text: str, *, by: User, at: datetime, uid: UUID | None = None) -> Question:
    """Ask something about a document.  It is kept, and staff see it until somebody has answered."""
    roles.require_patient(by, "consent.read" if by.patient_id else "consent.hand_over", patient)
    _repeat(Question, uid, by=by, patient_id=patient.pk, document=document)
    queries.book().document(document)
    if not text.strip():
        raise BadInput("text", "write your question")
    entry = Question(
        uid=uid or uuids.uuid4(), site=patient.site_id, happened_at=at, patient=patient, document=document,
        text=text.strip()[:2000],
    )  # fmt: skip
    record.append(entry, by=by)
    return entry


@transaction.atomic
def answer(question: Question, text: str, *, by: User, at: datetime, uid: UUID | None = None) -> Answer:
    """Answer what somebody asked; they read it under the document."""
    roles.require_patient(by, "consent.answer", question.patient)
    _repeat(Answer, uid, by=by, question_id=question.pk)
    if not text.strip():
        raise BadInput("text", "write the answer")
    entry = Answer(
        uid=uid or uuids.uuid4(), site=question.site, happened_at=at, question=question,
        patient_id=question.patient_id, text=text.strip()[:4000],
    )  # fmt: skip
    record.append(entry, by=by)
    return entry


# ---------------------------------------------------------------- texts
def base_of(site: int, document: str, language: str = "en") -> dict[str, Any]:
    """What a new version starts from: the newest of the clinic's own, in use or not; else the shipped draft."""
    mine = [v for v in queries.versions(site, document) if v.language == language]
    return dict(mine[0].content) if mine else texts.content_of(queries.book().document(document))


@transaction.atomic
def write_version(
    site: int, document: str, typed: Mapping[str, Any], note: str, *, by: User, at: datetime, language: str = "en",
    uid: UUID | None = None,
) -> Version:  # fmt: skip
    """A new version of a text.  It is in use only after a second person has read it."""
    roles.require(by, "consent.publish")
    _site(by, site)
    _repeat(Version, uid, by=by, document=document)
    if language not in dict(texts.LANGUAGES):
        raise BadInput("language", "choose a language from the list")
    content = texts.read(typed, base_of(site, document, language))
    return _append_version(site, document, content, note, by=by, at=at, language=language, uid=uid)


@transaction.atomic
def take_shipped(site: int, *, by: User, at: datetime) -> list[Version]:
    """Propose every shipped draft of which the clinic has no version yet, as it is: a second person reads them."""
    roles.require(by, "consent.publish")
    _site(by, site)
    record.lock("clinic", site)
    have = set(Version.objects.filter(site=site).values_list("document", flat=True))
    found = []
    for document in queries.book().documents:
        if document.key not in have:
            content = texts.content_of(document)
            found.append(Version(
                site=site, happened_at=at, document=document.key, language=document.language, number=1, content=content,
                digest=texts.digest_of(content), note="as shipped",
            ))  # fmt: skip
    if not found:
        raise Refused(why="every document has a version of its own already")
    record.append(*found, by=by)
    return found


@transaction.atomic
def publish_all(site: int, *, by: User, at: datetime, second_factor: str) -> list[Verdict]:
    """Put everything that waits, and that somebody else wrote, into use with one signature."""
    roles.require(by, "consent.approve")
    _site(by, site)
    if not second_factor:
        raise BadInput("code", "confirm with your second factor")
    record.lock("clinic", site)
    mine = [v for v in queries.waiting(site) if v.by_id != by.pk]
    if not mine:
        raise Refused(why="nothing waits that somebody else wrote")
    found = [
        Verdict(site=site, happened_at=at, version=version, published=True, second_factor=second_factor)
        for version in mine
    ]
    record.append(*found, by=by)
    return found


def _append_version(
    site: int, document: str, content: dict[str, Any], note: str, *, by: User, at: datetime, language: str,
    uid: UUID | None,
) -> Version:  # fmt: skip
    if not note.strip():
        raise BadInput("note", "say what changed, and why")
    digest = texts.digest_of(content)
    record.lock("clinic", site)
    now_in_use = queries.in_use(site).get(document, {}).get(language)
    if now_in_use is not None and now_in_use.digest == digest:
        raise BadInput("note", "nothing differs from the text in use")
    version = Version(
        uid=uid or uuids.uuid4(), site=site, happened_at=at, document=document, language=language,
        number=queries.last_number(site, document, language) + 1, content=content, digest=digest,
        note=note.strip()[:1000],
    )  # fmt: skip
    record.append(version, by=by)
    return version


@transaction.atomic
def judge(
    version: Version,
    published: bool,
    words: str,
    *,
    by: User,
    at: datetime,
    second_factor: str,
    uid: UUID | None = None,
) -> Verdict:
    """A second person puts a version into use, or sends it back.  Never the one who wrote it."""
    roles.require(by, "consent.approve")
    _site(by, version.site)
    _repeat(Verdict, uid, by=by, version_id=version.pk, published=published)
    if not second_factor:
        raise BadInput("code", "confirm with your second factor")
    record.lock("clinic", version.site)
    if version.by_id == by.pk:
        raise Refused(why="you wrote this version; somebody else has to read it")
    if Verdict.objects.filter(version=version).exists():
        raise Refused(why="somebody has judged this version already")
    if version.number != queries.last_number(version.site, version.document, version.language):
        raise Refused(why="there is a newer version; read that one")
    if not published and not words.strip():
        raise BadInput("words", "say what should change")
    verdict = Verdict(
        uid=uid or uuids.uuid4(), site=version.site, happened_at=at, version=version, published=published,
        words=words.strip()[:1000], second_factor=second_factor,
    )  # fmt: skip
    record.append(verdict, by=by)
    return verdict


def _site(by: User, site: int) -> None:
    if site not in by.site_ids:
        raise roles.NotAllowed(why="there is no such site")


__all__ = ["answer", "ask", "judge", "publish_all", "sign", "take_shipped", "undo", "undo_cause", "withdraw",
           "withdraw_treatment", "witness", "write_version"]  # fmt: skip
