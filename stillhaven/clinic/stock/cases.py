"""A case: what was found out, who was told, what was reported; closed by two, with the book set right where it must be."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from stillhaven.clinic.people.models import Site, User
from stillhaven.clinic.people.witness import Witness
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.stock import queries
from stillhaven.clinic.stock.actions import Step, begin, seen_by, write
from stillhaven.clinic.stock.models import CaseStep, CountResult, Inventory, LossReport, StockCase, Vial
from stillhaven.science import stock as rules
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.stock import NONE, Kind

STEPS = {
    "explanation": "What was found out", "escalation": "Who was told", "report": "Report and its reference",
}  # fmt: skip
ENDINGS = {
    "found": "Found: the book was right", "written": "A line was missing or wrong: the book is set to the count",
    "lost": "Lost or stolen: the book is set to the count",
}  # fmt: skip


def is_closed(case: StockCase) -> bool:
    return CaseStep.objects.filter(case=case, kind="closed").exists()


@transaction.atomic
def add_step(
    case: StockCase, kind: str, text: str, *, by: User, at: datetime, uid: UUID | None = None,
    value: Mapping[str, Any] | None = None,
) -> CaseStep:  # fmt: skip
    """Write down an explanation, an escalation, or a report with its reference."""
    begin(case.site, "stock.discrepancy", by=by, at=at, uid=uid, model=CaseStep, case_id=case.uid)
    if kind not in STEPS:
        raise BadInput("kind", "choose what you write down")
    if not text.strip():
        raise BadInput("text", "write it down")
    if is_closed(case):
        raise Refused(why="this case is closed")
    step = CaseStep(uid=uid or uuids.uuid4(), site=case.site, happened_at=at, case=case, kind=kind, text=text.strip(),
                    value=dict(value or {}))  # fmt: skip
    record.append(step, by=by)
    return step


@transaction.atomic
def close(
    case: StockCase, ending: str, text: str, *, by: User, witness: Witness | None, at: datetime,
    missing: Sequence[str] = (), uid: UUID | None = None,
) -> CaseStep:  # fmt: skip
    """Close a case, by two.  Where the book has to follow the count it is adjusted in the same transaction.

    `missing` names the closed vials that are not there (by uid), as many as the count says are missing.
    """
    begin(case.site, "stock.discrepancy", by=by, at=at, uid=uid, model=CaseStep, case_id=case.uid)
    seen = seen_by(witness, by, case.site)
    if ending not in ENDINGS:
        raise BadInput("ending", "choose how it ends")
    if not text.strip():
        raise BadInput("text", "say what it was")
    if is_closed(case):
        raise Refused(why="this case is closed")
    if not CaseStep.objects.filter(case=case, kind="explanation").exists():
        raise Refused(why="nobody has written down what was found out; do that first")
    if ending == "lost" and not LossReport.objects.current().filter(case=case, significant__isnull=False).exists():
        raise Refused(
            why="say first whether the loss is significant, with the reasons, in the loss report of this case"
        )
    step = CaseStep(uid=uid or uuids.uuid4(), site=case.site, happened_at=at, case=case, kind="closed", text=text.strip(),
                    value={"ending": ending, "missing": list(missing)}, **seen)  # fmt: skip
    record.append(step, by=by)
    if ending != "found":
        _adjust(case, missing, text, step, by=by, witness=witness, at=at)
    return step


def _adjust(
    case: StockCase,
    missing: Sequence[str],
    text: str,
    step: CaseStep,
    *,
    by: User,
    witness: Witness | None,
    at: datetime,
) -> None:
    """Set the book to what two people counted."""
    vials = queries.locked_vials(case.site, [UUID(u) for u in case.vials])
    if case.unit == "mL":
        vial = next(iter(vials.values()))
        off = rules.mg_of(case.counted, vial.concentration_mg_per_ml) - rules.mg_of(
            case.expected, vial.concentration_mg_per_ml
        )
        found = [(vial, off)]
    else:
        off = case.counted - case.expected
        if off > 0:
            raise Refused(why="more closed ones were found than the book has: receive them with their papers, then close "
                              "this as found")  # fmt: skip
        chosen = [vials[UUID(u)] for u in missing if UUID(u) in vials]
        if len(chosen) != -off:
            raise BadInput(
                "missing", f"tick the {-off:.0f} that are missing, by the numbers on the labels that are left"
            )
        found = [(vial, -vial.mg) for vial in chosen]
    steps = [
        Step(vial=v, kind=Kind.ADJUSTED, mg=abs(mg), up=mg > 0, belongs_to=case.uid, note=text,
             place="" if v.mg + mg > 0 else "gone")
        for v, mg in found
        if mg
    ]  # fmt: skip
    if steps:
        write(case.site, steps, by=by, at=at, uid=uuids.uuid5(step.uid, "adjusted"), witness=witness)


# ---------------------------------------------------------------- the loss report
def prefilled(case: StockCase, site: Site) -> dict[str, str]:
    """What the clinic's data already answers of the form."""
    vials = list(Vial.objects.filter(uid__in=case.vials).select_related("receipt"))
    first = vials[0]
    amount = abs(case.difference_mg)
    ndc = ", ".join(sorted({v.ndc for v in vials if v.ndc})) or "NDC not recorded"
    found = case.happened_at.astimezone(ZoneInfo(site.zone))
    values = {
        "site": site.name,
        "discovered": f"{found:%Y-%m-%d %H:%M} ({site.zone})",
        "lots": f"Lot {case.lot}; labels {', '.join(v.code for v in vials)}",
        "substances": f"{first.product}; {ndc}; {first.strength}; {amount:.2f} mg "
        f"({rules.ml_of(amount, first.concentration_mg_per_ml).normalize():f} mL)",
    }
    fields = queries.numbers().loss_fields
    return {f.key: values.get(f.filled_from, "") for f in fields}


@transaction.atomic
def report_loss(
    case: StockCase, site: Site, values: Mapping[str, Any], *, significant: bool | None, factors: str, by: User,
    at: datetime, uid: UUID | None = None,
) -> LossReport:  # fmt: skip
    """Keep the data of a loss report; a later version amends the earlier one."""
    begin(site.pk, "stock.report", by=by, at=at, uid=uid, model=LossReport, case_id=case.uid)
    if significant is not None and not factors.strip():
        raise BadInput("factors", "write down why the loss is significant, or why it is not")
    numbers = queries.numbers()
    due = rules.deadlines(case.happened_at, ZoneInfo(site.zone), business_days=numbers.notice_business_days,
                          form_days=numbers.form_days)  # fmt: skip
    kept = {f.key: str(values.get(f.key, "") or "").strip() for f in numbers.loss_fields}
    fields: dict[str, Any] = {
        "happened_at": at, "discovered_at": case.happened_at, "notice_due": due.notice, "form_due": due.form,
        "significant": significant, "factors": factors.strip(), "values": kept,
    }  # fmt: skip
    old = LossReport.objects.current().filter(case=case).first()
    if old is not None:
        new: Any = record.amend(
            old, by=by, at=at, reason="the report was completed", uid=uid or uuids.uuid4(), **fields
        )
        return new
    report = LossReport(uid=uid or uuids.uuid4(), site=site.pk, case=case, **fields)
    record.append(report, by=by)
    return report


# ---------------------------------------------------------------- the inventory
@transaction.atomic
def take_inventory(
    site: Site, *, kind: str, taken_on: date, at_the: str, result: CountResult | None, by: User, second_factor: str,
    at: datetime, uid: UUID | None = None,
) -> Inventory:  # fmt: skip
    """Sign an inventory: of a count that two people finished, or of nothing where there is no stock yet."""
    begin(site.pk, "stock.report", by=by, at=at, uid=uid, model=Inventory)
    if kind not in ("initial", "biennial", "other"):
        raise BadInput("kind", "choose which inventory this is")
    if at_the not in ("opening", "closing"):
        raise BadInput("at_the", "say whether at the opening or the close of business")
    if not second_factor:
        raise BadInput("code", "confirm with your second factor")
    here = queries.vials_here(site.pk)
    if result is None and here:
        raise BadInput("result", "choose the count by two people that this inventory rests on")
    if result is not None and not result.agreed:
        raise Refused(why="that count differs from the book; close its cases and count again")
    witness: dict[str, Any] = {}
    if result is not None:
        other = next((n for n in (result.first_name, result.second_name) if n != by.signature_name), result.second_name)
        witness = {"witness_name": other, "witness_how": "own sheet"}
    inventory = Inventory(
        uid=uid or uuids.uuid4(), site=site.pk, happened_at=at, kind=kind, taken_on=taken_on, at_the=at_the, result=result,
        rows=inventory_rows(here), second_factor=second_factor, **witness,
    )  # fmt: skip
    record.append(inventory, by=by)
    return inventory


def inventory_rows(vials: Sequence[Vial]) -> list[dict[str, Any]]:
    """Drug, strength, form, containers, volume and milligrams: what an inventory has to say."""
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for vial in vials:
        key = (vial.product, vial.strength, vial.lot)
        row = rows.setdefault(key, {"drug": vial.drug, "product": vial.product, "strength": vial.strength, "lot": vial.lot,
                                    "form": "nasal device" if vial.is_device else "injection, vial",
                                    "expires": vial.expires.isoformat(), "closed": 0, "opened": 0, "ml": Decimal(0),
                                    "mg": NONE})  # fmt: skip
        row["closed" if vial.sealed else "opened"] += 1
        row["ml"] += vial.ml
        row["mg"] += vial.mg
    return [row | {"ml": f"{row['ml'].normalize():f}", "mg": f"{row['mg']:.2f}"} for row in rows.values()]
