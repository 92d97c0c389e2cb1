"""Recovery: one look at a time, then the door.  The signature is in `signing`."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from stillhaven.clinic.people.models import User
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record import policy
from stillhaven.clinic.recovery import facts
from stillhaven.clinic.recovery.models import Discharge, RecoveryCheck
from stillhaven.clinic.session import actions as session_actions
from stillhaven.clinic.session.models import Check, TreatmentSession
from stillhaven.science import start
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.protocol import Drug
from stillhaven.science.session import Move, State


@transaction.atomic
def look(
    session_id: int, kind: str, value: Mapping[str, Any], *, by: User, at: datetime, uid: UUID | None = None
) -> RecoveryCheck:
    """Write down one look: a score's items, a yes or no, the escort with the handover time."""
    session = session_actions.begin(session_id, "recovery.check", by=by, at=at, uid=uid, model=RecoveryCheck, kind=kind)
    if session.state not in (State.RECOVERING.value, State.DOSING.value, State.HELD.value):
        raise Refused(why=f"the session is {session.state.replace('_', ' ')}; recovery begins with the drug")
    check = RecoveryCheck(
        uid=uid or uuids.uuid4(), site=session.site_id, happened_at=at, session=session, kind=kind,
        value=_clean(session, kind, value, at),
    )  # fmt: skip
    record.append(check, by=by)
    return check


def _clean(session: TreatmentSession, kind: str, value: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    rules = facts.rules_of(session)
    scales = {rule.scale.key: rule.scale for rule in rules.scores}
    if kind in scales:
        items: dict[str, int] = (
            dict(facts.checks(session)[kind].value["items"]) if kind in facts.checks(session) else {}
        )
        for item in scales[kind].items:
            answer = value.get(item.key)
            if answer in (None, ""):
                continue
            try:
                points = int(answer)
            except (TypeError, ValueError):
                raise BadInput(item.key, "choose one of the answers") from None
            if not item.low <= points <= item.high:
                raise BadInput(item.key, f"runs from {item.low} to {item.high}")
            items[item.key] = points
        if not items:
            raise BadInput(kind, "answer at least one item")
        return {"items": items}
    if kind in facts.YES_NO or kind.removeprefix("over_") in rules.symptoms:
        answers = {"yes": True, "no": False, "unknown": None, True: True, False: False, None: None}
        given = value.get("answer")
        if isinstance(given, list | dict) or given not in answers:
            raise BadInput("answer", "answer yes, no or not known")
        return {"yes": answers[given], "note": str(value.get("note", "")).strip()[:300]}
    if kind == "escort":
        name = str(value.get("name", "")).strip()
        if not name:
            raise BadInput("name", "write who takes the person home")
        return {"name": name[:120], "handed_over_at": at.isoformat() if value.get("handed_over") else None}
    raise BadInput("kind", f"{kind!r} is not a look that recovery knows")


@transaction.atomic
def override(
    session_id: int, rule: str, against: str, why: str, *, by: User, at: datetime, uid: UUID | None = None
) -> Check:
    """A prescriber lets the patient go in spite of one finding, by name and with a reason, where policy allows it."""
    session = session_actions.begin(
        session_id, "recovery.override", by=by, at=at, uid=uid, model=Check, kind="override"
    )
    role = next(r for r in by.roles if r in ("prescriber", "medical_director"))
    given = start.Override(rule=rule, against=against, by=by.signature_name, role=role, reason=why)
    found = facts.discharge_findings(session, at)
    if not any(f.rule == rule and f.because == against and f.stops for f in found):
        raise Refused(found, "this finding has changed or is gone; look again before you decide")
    start.apply_overrides(found, [given])
    check = Check(
        uid=uid or uuids.uuid4(), site=session.site_id, happened_at=at, session=session, kind="override",
        value={"rule": rule, "against": against, "reason": why, "by": by.signature_name, "role": role},
    )  # fmt: skip
    record.append(check, by=by)
    return check


@transaction.atomic
def discharge(session_id: int, *, by: User, at: datetime, uid: UUID | None = None) -> TreatmentSession:
    """The patient leaves with their escort.  Refused unless every criterion is met or overridden by name."""
    session = session_actions.begin(session_id, "recovery.discharge", by=by, at=at, uid=uid, model=Discharge)
    found = facts.discharge_findings(session, at)
    session = session_actions.advance(session, Move.DISCHARGE, because=found, by=by, at=at)
    known = facts.recovery_facts(session, at)
    order = session.order
    driving = policy.rules(session.site_id).recovery.driving_rule(Drug(order.drug)) if order else None
    record.append(
        Discharge(
            uid=uid or uuids.uuid4(), site=session.site_id, happened_at=at, session=session,
            escort_name=known.escort_name or "", handover_at=known.handed_over_at or at,
            instructions=driving.key if driving else "", findings=[f.as_dict() for f in found],
        ),
        by=by,
    )  # fmt: skip
    return session
