"""Where does the dose gate of a session stand: who has entered, what came of it, and does it hold for the order of now?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from stillhaven.clinic.plan.models import Order
from stillhaven.clinic.record import policy
from stillhaven.clinic.session.models import GateEntry, GateResult, TreatmentSession
from stillhaven.science import start

AGREED, REFUSED, OVERRIDE = "agreed", "refused", "override"
OVERRIDE_POLICY = "dose_gate_override"


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The gate as it stands.  `waiting` are the entries of the attempt that is under way: who and when, for pages."""

    order: Order | None
    attempt: int
    waiting: list[GateEntry] = field(default_factory=list)
    results: list[GateResult] = field(default_factory=list)

    @property
    def last(self) -> GateResult | None:
        return self.results[-1] if self.results else None

    @property
    def passed(self) -> GateResult | None:
        """The result that lets the drug start: the last one, for the order as it is now."""
        last = self.last
        ok = last is not None and last.kind in (AGREED, OVERRIDE) and self.order is not None
        return last if ok and last is not None and self.order is not None and last.order_uid == self.order.uid else None


def gate_of(session: TreatmentSession) -> Gate:
    """The gate of a session against its order as it stands now; entries against an older version do not count."""
    results = list(GateResult.objects.filter(session=session).order_by("seq"))
    attempt, order = len(results) + 1, session.order
    waiting: list[GateEntry] = []
    if order is not None:
        rows = GateEntry.objects.current().filter(session=session, attempt=attempt, order_uid=order.uid)
        waiting = list(rows.order_by("seq"))
    return Gate(order=order, attempt=attempt, waiting=waiting, results=results)


def dose_check(session: TreatmentSession) -> start.DoseCheck | None:
    """What the start rule reads of the gate; None while nobody has entered."""
    gate = gate_of(session)
    last = gate.passed
    if last is not None:
        given = f"{last.by_name}: {last.reason}" if last.kind == OVERRIDE else ""
        return start.DoseCheck(
            first_by=last.first_by, second_by=last.second_by, agreed=last.kind == AGREED, how="gate", overridden=given
        )
    if gate.waiting:
        return start.DoseCheck(first_by=gate.waiting[0].by_name, second_by="", agreed=None, how="gate")
    last = gate.last
    if last is None or gate.order is None or last.order_uid != gate.order.uid:
        return None
    return start.DoseCheck(
        first_by=last.first_by, second_by=last.second_by, agreed=False, how="gate", why=tuple(last.why)
    )


def may_be_overridden(site: int) -> bool:
    """Has this clinic's director said that a prescriber may let a dose start without agreement?"""
    return policy.current(site).choice(OVERRIDE_POLICY) == "prescriber"


def in_the_record(session: TreatmentSession) -> list[dict[str, Any]]:
    """Every attempt for the signed record: who, when, what came of it and what differed."""
    return [
        {"at": r.happened_at, "seq": r.seq, "words": words_of(r), "by": r.by_name, "kind": r.kind}
        for r in GateResult.objects.filter(session=session).order_by("seq")
    ]


def words_of(result: GateResult) -> str:
    """One attempt in a sentence."""
    pair = " and ".join(filter(None, (result.first_by, result.second_by)))
    if result.kind == AGREED:
        rows = ", ".join(
            f"{r['label'].lower()} {r['order']} {r['unit']}".strip() for r in result.rows if r["key"] != "drug"
        )
        return f"Dose gate, attempt {result.attempt}: {pair} agreed with the order ({rows})"
    if result.kind == OVERRIDE:
        return f"Dose gate overridden without the agreement of two people. Reason: {result.reason}"
    return f"Dose gate, attempt {result.attempt}: {pair} did not agree. " + "; ".join(result.why)
