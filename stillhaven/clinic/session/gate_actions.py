"""Two people enter the dose, blind to each other; their numbers and the order's agree, or the drug does not start."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.db import transaction

from stillhaven.clinic.people.models import User
from stillhaven.clinic.plan.models import Order
from stillhaven.clinic.plan.recipe import recipe_of
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.session import gate_facts as facts
from stillhaven.clinic.session import gate_vial
from stillhaven.clinic.session.actions import begin
from stillhaven.clinic.session.models import GateEntry, GateResult, TreatmentSession
from stillhaven.science import gate as science
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.session import State

BEFORE = (State.CHECKED_IN.value, State.READY.value)


@transaction.atomic
def enter(
    session_id: int, typed: Mapping[str, Any], *, by: User, at: datetime, uid: UUID | None = None, seat: str = ""
) -> GateEntry:
    """One person's entry.  The second of an attempt is compared at once; what came of it is kept whatever it is.

    `typed`: "drug", the numbers that `science.gate.asked` names for the order, and "lots".  `seat` names the sign-in that
    it came from: two entries never come from one, however many names are typed.
    """
    session = begin(session_id, "gate.enter", by=by, at=at, uid=uid, model=GateEntry)
    order, gate = _open(session)
    first = gate.waiting[0] if gate.waiting else None
    if first is not None and first.by_id == by.pk:
        raise Refused(why="you have entered already; a different person enters next, under their own name")
    if first is not None and seat and first.seat == seat:
        raise Refused(
            why="the first entry came from this sign-in; the second person takes over the screen with their own PIN"
        )
    recipe, lots = recipe_of(order), _lots(typed.get("lots"))
    science.ordered(recipe)  # an order that cannot be computed is said before anybody types twice
    _read(recipe, typed, lots, by)
    if order.devices and not lots:
        raise BadInput("lots", "read the lot off each device")
    entry = GateEntry(
        uid=uid or uuids.uuid4(), site=session.site_id, happened_at=at, session=session, attempt=gate.attempt,
        place=1 if first is None else 2, order_uid=order.uid, drug=str(typed["drug"]), lots=lots, seat=seat,
        numbers={a.key: str(typed.get(a.key, "")).strip() for a in science.asked(recipe)},
    )  # fmt: skip
    record.append(entry, by=by)
    if first is not None:
        _compare(session, order, first, entry, by=by, at=at)
    return entry


def _open(session: TreatmentSession) -> tuple[Order, facts.Gate]:
    gate = facts.gate_of(session)
    if session.state not in BEFORE:
        raise Refused(
            why=f"the session is {session.state.replace('_', ' ')}; the dose is checked between check-in and the start"
        )
    if session.order is None:
        raise Refused(why="there is no signed order to check the dose against")
    if session.order.retracted:
        raise Refused(why=f"the order was cancelled: {session.order.reason}")
    if gate.passed is not None:
        raise Refused(why="two people have agreed on this dose already")
    return session.order, gate


def _lots(text: Any) -> list[str]:
    parts = text if isinstance(text, list | tuple) else str(text or "").replace(";", ",").split(",")
    return [str(p).strip()[:60] for p in parts if str(p).strip()][:12]


def _read(recipe: science.Recipe, typed: Mapping[str, Any], lots: Sequence[str], by: Any) -> science.Entry:
    words = {a.key: str(typed.get(a.key, "")) for a in science.asked(recipe)}
    long = next((key for key, text in words.items() if len(text) > 20), None)
    if long:
        raise BadInput(long, "write a plain number such as 82.5")
    return science.read(recipe, words, person=str(by), drug=str(typed.get("drug") or ""), lots=lots)


def _compare(
    session: TreatmentSession, order: Order, first: GateEntry, second: GateEntry, *, by: User, at: datetime
) -> GateResult:
    recipe = recipe_of(order)
    entries = [_read(recipe, e.numbers | {"drug": e.drug}, e.lots, e.by_id) for e in (first, second)]
    drawn = gate_vial.drawn_for(session)
    labels = drawn.labels if drawn else ()
    found = [science.compare(recipe, entries[0], entries[1], label=label) for label in labels or [None]]
    verdict = found[0]
    why = list(dict.fromkeys(sentence for v in found for sentence in v.why))
    exact = science.ordered(recipe)
    if _rounded(exact["dose_mg"]) != order.dose_mg:  # the order's own lines and the gate's computation are one dose
        why.append("the order's own arithmetic does not hold; the prescriber amends it")
    if short := gate_vial.too_little(drawn, exact.get("draw_ml")):
        why.append(short)
    agreed = not why
    result = GateResult(
        uid=uuids.uuid4(), site=session.site_id, happened_at=at, session=session, attempt=first.attempt,
        kind=facts.AGREED if agreed else facts.REFUSED, order_uid=order.uid, first=first.uid, second=second.uid,
        first_by=first.by_name, second_by=second.by_name, rows=[row.as_dict() for row in verdict.rows], why=why,
        vial=_vial(labels), draw_mg=_rounded(exact["dose_mg"]),
        draw_ml=_rounded(exact["draw_ml"]) if "draw_ml" in exact else None,
    )  # fmt: skip
    record.append(result, by=by)
    return result


def _vial(labels: Sequence[science.Label]) -> dict[str, Any]:
    if not labels:
        return {}
    first = labels[0]
    return {"drug": first.drug, "lot": ", ".join(lot for x in labels for lot in x.lots), "expires": first.expires,
            "mg_per_ml": "" if first.mg_per_ml is None else str(float(first.mg_per_ml))}  # fmt: skip


def _rounded(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.001"))


@transaction.atomic
def take_back(session_id: int, why: str, *, by: User, at: datetime, uid: UUID | None = None) -> GateEntry:
    """The first person takes their own entry back before the second has entered, and enters again."""
    session = begin(session_id, "gate.enter", by=by, at=at, uid=uid, model=GateEntry)
    _, gate = _open(session)
    mine = next((e for e in gate.waiting if e.by_id == by.pk), None)
    if mine is None:
        raise Refused(why="there is no open entry of yours to take back")
    return record.amend(mine, by=by, at=at, reason=why, retract=True, uid=uid or uuids.uuid4(), happened_at=at)  # type: ignore[return-value]


@transaction.atomic
def override(
    session_id: int, why: str, *, by: User, at: datetime, second_factor: str, uid: UUID | None = None
) -> GateResult:
    """A prescriber lets the dose start without two people's agreement: only where policy allows, by name, with a reason.

    `second_factor` says how they proved who they are just now (people.unlock confirms it before this is called).
    """
    if not second_factor:
        raise BadInput("code", "confirm with your second factor")
    session = begin(session_id, "gate.override", by=by, at=at, uid=uid, model=GateResult)
    order, gate = _open(session)
    if not facts.may_be_overridden(session.site_id):
        raise Refused(why="the clinic's policy lets nobody start a dose without the agreement of two people")
    if not why.strip():
        raise BadInput("reason", "say why it is right for this person today")
    exact = science.ordered(recipe_of(order))
    told = [*gate.waiting, None]
    last = gate.last
    result = GateResult(
        uid=uid or uuids.uuid4(), site=session.site_id, happened_at=at, session=session, attempt=gate.attempt,
        kind=facts.OVERRIDE, order_uid=order.uid, first=told[0].uid if told[0] else None,
        first_by=told[0].by_name if told[0] else "", reason=why.strip(), second_factor=second_factor,
        why=list(last.why) if last is not None and last.kind == facts.REFUSED else ["no second person entered"],
        draw_mg=_rounded(exact["dose_mg"]), draw_ml=_rounded(exact["draw_ml"]) if "draw_ml" in exact else None,
    )  # fmt: skip
    record.append(result, by=by)
    return result
