"""A slip in an answer is corrected by an amendment: the first answer stays, with who corrected it, when and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from stillhaven.clinic.people.models import User
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.session import preflight
from stillhaven.clinic.session.actions import begin
from stillhaven.clinic.session.models import Check
from stillhaven.reference import load as reference
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.session import State


@transaction.atomic
def amend_check(
    session_id: int, amends: UUID, value: Mapping[str, Any], reason: str, *, by: User, at: datetime,
    uid: UUID | None = None,
) -> Check:  # fmt: skip
    """Correct one answer.  Refused once the record is signed (then it is an addendum)."""
    session = begin(session_id, "session.check", by=by, at=at, uid=uid, model=Check, amends_id=amends)
    if session.state == State.SIGNED.value:
        raise Refused(why="the record is signed; correct it with an addendum")
    check = Check.objects.filter(uid=amends, session=session).first()
    if check is None:
        raise BadInput("amends", "is not an answer of this session")
    if check.kind == "override":
        raise Refused(why="an override is a decision; what was decided stays")
    return record.amend(  # type: ignore[return-value]
        check, by=by, at=at, reason=reason, uid=uid or uuid4(), value=_clean(check.kind, value),
        happened_at=check.happened_at,
    )  # fmt: skip


def _clean(kind: str, value: Mapping[str, Any]) -> dict[str, Any]:
    scale = reference.current().scales.get(kind)
    if scale is None or kind in preflight.CLEANERS:
        return preflight.clean_check(kind, value)
    typed = str(value.get("value", "")).strip()
    if not (typed.isdecimal() and len(typed) <= 9) or not scale.low <= int(typed) <= scale.high:
        raise BadInput("value", f"{scale.short} runs from {scale.low} to {scale.high}")
    return {"score": int(typed)}
