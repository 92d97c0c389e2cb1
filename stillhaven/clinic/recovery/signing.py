"""The signature under a session's record: what it covers, and whether it still holds."""

from __future__ import annotations

import hashlib
import uuid as uuids
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import transaction

from stillhaven.clinic.people import roles
from stillhaven.clinic.people.models import User
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record.looking import once
from stillhaven.clinic.record.models import Decision, Entry, Head
from stillhaven.clinic.recovery.models import Addendum, RecordSignature
from stillhaven.clinic.session import actions as session_actions
from stillhaven.clinic.session import queries, stocked
from stillhaven.clinic.session.models import SessionEntry, TreatmentSession
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.findings import refuse_unless_met
from stillhaven.science.session import Move, State


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Does a signature hold: is every entry it covered still as it was, and what came after it?"""

    signature: RecordSignature
    holds: bool
    added_after: int


@once
def entries_of(session: TreatmentSession, upto_seq: int | None = None) -> list[Entry]:
    """Every clinical entry of one session in the order recorded, but the signatures themselves."""
    kinds = [m for m in apps.get_models() if issubclass(m, SessionEntry) and m is not RecordSignature]
    found: list[Entry] = []
    for model in kinds:
        found += model._default_manager.filter(session=session)
    found += Decision.objects.filter(subject=session.uid)
    return sorted((e for e in found if upto_seq is None or e.seq <= upto_seq), key=lambda e: e.seq)


def digest_of(entries: list[Entry]) -> str:
    """One hash over the hashes of all entries, in order: changes when any of them does."""
    whole = hashlib.sha256()
    for entry in entries:
        whole.update(bytes(entry.hash))
    return whole.hexdigest()


@transaction.atomic
def sign_record(
    session_id: int, *, by: User, at: datetime, second_factor: str, uid: UUID | None = None
) -> RecordSignature:
    """Sign the session's record and lock it: what comes later is an addendum or an amendment, and shows as one.

    `second_factor` says how the signer proved who they are just now (people.unlock confirms it before this is called).
    """
    if not second_factor:
        raise BadInput("code", "confirm with your second factor")
    session = session_actions.begin(session_id, "record.sign", by=by, at=at, uid=uid, model=RecordSignature)
    if session.state not in (State.DISCHARGED.value, State.TRANSFERRED.value):
        raise Refused(why=f"the session is {session.state.replace('_', ' ')}; it is signed once the patient has left")
    refuse_unless_met(stocked.findings(session, at))
    session = session_actions.advance(session, Move.SIGN, by=by, at=at)
    covered = entries_of(session)
    heads = dict(Head.objects.values_list("name", "count"))
    signature = RecordSignature(
        uid=uid or uuids.uuid4(), site=session.site_id, happened_at=at, session=session, digest=digest_of(covered),
        entries=len(covered), upto_clinic_seq=covered[-1].seq, upto_vitals_seq=heads.get(f"vitals:{session.site_id}", 0),
        second_factor=second_factor,
    )  # fmt: skip
    record.append(signature, by=by)
    return signature


def standing(session: TreatmentSession) -> Standing | None:
    """Whether the newest signature still covers what it covered; None while nobody has signed."""
    signature = RecordSignature.objects.filter(session=session).order_by("-seq").first()
    if signature is None:
        return None
    covered = entries_of(session, signature.upto_clinic_seq)
    later = len(entries_of(session)) - len(covered)
    holds = len(covered) == signature.entries and digest_of(covered) == signature.digest
    return Standing(signature=signature, holds=holds, added_after=later)


@transaction.atomic
def add_addendum(session_id: int, text: str, *, by: User, at: datetime, uid: UUID | None = None) -> Addendum:
    """Add to a signed record; the signed part stays as it was."""
    roles.require(by, "record.amend")
    session = session_actions.begin(session_id, "record.amend", by=by, at=at, uid=uid, model=Addendum)
    if not text.strip():
        raise BadInput("text", "write what is to be added")
    if session.state != State.SIGNED.value:
        raise Refused(why="the record is not signed yet; write a note in the session instead")
    addendum = Addendum(
        uid=uid or uuids.uuid4(), site=session.site_id, happened_at=at, session=session, text=text.strip()
    )
    record.append(addendum, by=by)
    return addendum


@transaction.atomic
def correct(
    entry: SessionEntry, reason: str, *, by: User, at: datetime, retract: bool = False, **changes: Any
) -> Entry:
    """Correct one entry of a session, signed or not: a new entry with a reason, beside the old one."""
    session = queries.locked(entry.session_id)
    roles.require_patient(by, "record.amend", session.patient)
    return record.amend(entry, by=by, at=at, reason=reason, retract=retract, **changes)
