"""Two people count, each blind to the book and to the other; where both agree and the book does not, a case opens."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import transaction

from stillhaven.clinic.people.models import Site, User
from stillhaven.clinic.people.witness import Witness
from stillhaven.clinic.record import actions as record
from stillhaven.clinic.stock import queries
from stillhaven.clinic.stock.actions import Step, begin, write
from stillhaven.clinic.stock.models import CaseStep, CountResult, CountSheet, StockCase, StockCount, StockLine, Vial
from stillhaven.science import stock as rules
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.stock import NONE, Counted, Group, Kind

KINDS = {"opening": "Opening count", "closing": "Closing count", "inventory": "Inventory", "recount": "Recount"}


def groups_of(vials: Sequence[Vial]) -> list[Group]:
    """What is counted: all sealed vials of a lot in one number, each opened vial in millilitres."""
    found = []
    ordered = sorted(vials, key=lambda v: (v.drug, v.product, v.lot, str(v.content_mg), v.code))
    for (_, product, lot, _), rows in groupby(ordered, key=lambda v: (v.drug, v.product, v.lot, str(v.content_mg))):
        own = list(rows)
        sealed = [v for v in own if v.sealed]
        if sealed:
            first = sealed[0]
            unit = "devices" if first.is_device else "vials"
            key = f"lot.{first.receipt_id.hex[:12]}.{first.code.split('-')[0]}"
            found.append(
                Group(key=key, label=f"{product}, lot {lot}: closed {unit}",
                      sealed=True, vials=tuple(str(v.uid) for v in sealed), expected=Decimal(len(sealed)), unit=unit,
                      mg_per_unit=first.content_mg)
            )  # fmt: skip
        for vial in (v for v in own if not v.sealed and v.mg > 0):
            found.append(
                Group(key=f"vial.{vial.uid.hex}", label=f"{vial.code}, lot {lot}, opened: what is left", sealed=False,
                      vials=(str(vial.uid),), expected=vial.ml, unit="mL", mg_per_unit=vial.concentration_mg_per_ml)
            )  # fmt: skip
    return _merged(found)


def _merged(groups: list[Group]) -> list[Group]:
    """Deliveries of one lot are one number: nobody tells closed vials of a lot apart by their invoice."""
    found: dict[tuple[str, bool], Group] = {}
    for g in groups:
        key = (g.label, g.sealed)
        old = found.get(key)
        found[key] = g if old is None else Group(
            key=old.key, label=g.label, sealed=g.sealed, vials=old.vials + g.vials, expected=old.expected + g.expected,
            unit=g.unit, mg_per_unit=g.mg_per_unit,
        )  # fmt: skip
    return list(found.values())


def blind(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """Groups without what the book expects."""
    return [
        {"key": g.key, "label": g.label, "sealed": g.sealed, "unit": g.unit, "vials": list(g.vials)} for g in groups
    ]


@transaction.atomic
def open_count(
    site: Site, kind: str, *, by: User, at: datetime, uid: UUID | None = None, case: StockCase | None = None
) -> StockCount:
    """Open a count of everything in the house, or of a case's vials."""
    begin(site.pk, "stock.count", by=by, at=at, uid=uid, model=StockCount)
    if kind not in KINDS:
        raise BadInput("kind", "choose which count this is")
    if any(c.kind == kind for c in queries.open_counts(site.pk)):
        raise Refused(why=f"an {KINDS[kind].lower()} is open already: finish that one")
    vials = queries.vials_here(site.pk)
    if case is not None:
        vials = list(Vial.objects.filter(uid__in=case.vials))
    count = StockCount(
        uid=uid or uuids.uuid4(), site=site.pk, happened_at=at, kind=kind, groups=blind(groups_of(vials)),
        case_uid=case.uid if case else None,
    )  # fmt: skip
    record.append(count, by=by)
    return count


def fresh_groups(count: StockCount) -> list[Group]:
    """The groups as the book has them now, under the keys that this count asks for."""
    uids = {uid for row in count.groups for uid in row["vials"]}
    now = {v.uid: v for v in Vial.objects.filter(uid__in=uids)}
    found = []
    for row in count.groups:
        own = [now[UUID(u)] for u in row["vials"]]
        if row["sealed"]:
            still = [v for v in own if v.sealed]
            expected, each = Decimal(len(still)), own[0].content_mg
        else:
            expected, each = own[0].ml, own[0].concentration_mg_per_ml
        found.append(Group(key=row["key"], label=row["label"], sealed=row["sealed"], vials=tuple(row["vials"]),
                           expected=expected, unit=row["unit"], mg_per_unit=each))  # fmt: skip
    return found


def good_sheets(count: StockCount) -> list[CountSheet]:
    """The newest sheet of each person that nothing has overtaken: a vial moved after it makes it stale."""
    moved = queries.last_movement(count.site, [u for row in count.groups for u in row["vials"]])
    since = moved.line_no if moved else 0
    newest: dict[int | None, CountSheet] = {}
    for sheet in CountSheet.objects.filter(count=count).order_by("seq"):
        newest[sheet.by_id] = sheet
    return sorted((s for s in newest.values() if s.upto_line >= since), key=lambda s: s.seq)


def is_stale(count: StockCount) -> bool:
    """Did something move since the count was opened, so that its list is not what is there?"""
    moved = queries.last_movement(count.site, [u for row in count.groups for u in row["vials"]])
    return moved is not None and moved.recorded_at > count.recorded_at


@transaction.atomic
def enter(
    count: StockCount, typed: Mapping[str, Any], *, by: User, at: datetime, uid: UUID | None = None
) -> tuple[CountSheet, CountResult | None]:
    """One person's numbers.  With the second, different person's the count is decided; until then nobody sees the book.

    Where the two do not agree with each other, both stay in the record and each may count again.
    """
    begin(count.site, "stock.count", by=by, at=at, uid=uid, model=CountSheet, count_id=count.uid)
    if CountResult.objects.filter(count=count).exists():
        raise Refused(why="this count is finished; open another")
    if is_stale(count):
        raise Refused(
            why="something was drawn, moved or received since this count was opened; open it anew and count again"
        )
    values = {row["key"]: str(_number(row, typed.get(row["key"]))) for row in count.groups}
    sheet = CountSheet(
        uid=uid or uuids.uuid4(), site=count.site, happened_at=at, count=count, values=values,
        upto_line=queries.last_line(count.site)[0],
    )  # fmt: skip
    record.append(sheet, by=by)
    sheets = good_sheets(count)
    other = next((s for s in sheets if s.by_id != by.pk), None)
    if other is None:
        return sheet, None
    return sheet, _decide(count, other, sheet, by=by, at=at)


def _number(row: Mapping[str, Any], typed: Any) -> Decimal:
    if typed in (None, ""):
        raise BadInput(row["key"], "write what you counted; 0 where there is none")
    number = rules.millilitres(typed, row["key"])
    if row["sealed"] and number != number.to_integral_value():
        raise BadInput(row["key"], "closed ones are whole: write a whole number")
    return number


def numbers_of(sheet: CountSheet) -> dict[str, Decimal]:
    return {key: Decimal(value) for key, value in sheet.values.items()}


def _decide(count: StockCount, first: CountSheet, second: CountSheet, *, by: User, at: datetime) -> CountResult | None:
    """Compare both with each other, then with the book.  None while the two people differ."""
    groups = fresh_groups(count)
    slack = Decimal(str(queries.numbers().slack_ml))
    found = rules.compare(groups, numbers_of(first), numbers_of(second), slack)
    if not all(row.agree for row in found):
        return None
    lines = _counted_lines(count, found, first, by=by, at=at)
    number, end = (lines[-1].line_no, lines[-1].line) if lines else queries.last_line(count.site)
    result = CountResult(
        uid=uuids.uuid5(count.uid, "result"), site=count.site, happened_at=at, count=count, first_name=first.by_name,
        second_name=second.by_name, agreed=not any(row.difference for row in found), rows=[_row(r) for r in found],
        line=end, line_no=number,
    )  # fmt: skip
    record.append(result, by=by)
    if count.case_uid is not None:
        _note_recount(count, found, result, by=by, at=at)
    else:
        for row in found:
            if row.difference:
                _open_case(count, row, (first.by_name, second.by_name), by=by, at=at)
    return result


def _counted_lines(
    count: StockCount, found: Sequence[Counted], first: CountSheet, *, by: User, at: datetime
) -> list[StockLine]:
    """A line "counted" under each vial: with its amount where the count is the book's, else with what was found."""
    vials = {str(v.uid): v for v in Vial.objects.filter(uid__in=[u for r in found for u in r.group.vials])}
    steps = []
    for row in found:
        for uid in row.group.vials:
            vial = vials[uid]
            ok = not row.difference
            note = (
                ""
                if ok
                else f"{row.group.label}: counted {row.first.normalize():f} of {row.group.expected.normalize():f}"
            )
            amount = (
                vial.mg
                if ok
                else (rules.mg_of(row.first, vial.concentration_mg_per_ml) if not row.group.sealed else None)
            )
            steps.append(Step(vial=vial, kind=Kind.COUNTED, counted_mg=amount, belongs_to=count.uid, note=note))
    if not steps:
        return []
    other = User.objects.get(pk=first.by_id or 0)
    start = uuids.uuid5(count.uid, "counted")
    return write(count.site, steps, by=by, at=at, uid=start, witness=Witness(user=other, how="own sheet"))


def _row(row: Counted) -> dict[str, Any]:
    off = row.difference or NONE
    return {
        "key": row.group.key, "label": row.group.label, "unit": row.group.unit, "sealed": row.group.sealed,
        "first": f"{row.first.normalize():f}", "second": f"{row.second.normalize():f}",
        "expected": f"{row.group.expected.normalize():f}", "difference": f"{off.normalize():f}" if off else "0",
        "difference_mg": f"{row.difference_mg or NONE:.2f}",
    }  # fmt: skip


def _note_recount(
    count: StockCount, found: Sequence[Counted], result: CountResult, *, by: User, at: datetime
) -> CaseStep:
    """A recount of a case stands among its steps."""
    off = "; ".join(f"{r.group.label}: {r.difference_mg:+.2f} mg" for r in found if r.difference)
    who = f"{result.first_name} and {result.second_name}"
    step = CaseStep(
        uid=uuids.uuid5(count.uid, "step"), site=count.site, happened_at=at, case_id=count.case_uid or count.uid,
        kind="recount",
        text=f"Counted again by {who}: {off or 'the count is what the book says'}",
        value={"count": str(count.uid)},
    )  # fmt: skip
    record.append(step, by=by)
    return step


def _open_case(count: StockCount, row: Counted, names: tuple[str, str], *, by: User, at: datetime) -> StockCase:
    """A difference that two people found: its window, who had the vials in hand, and a lock on them."""
    lines = [queries.as_line(x) for x in StockLine.objects.filter(vial_id__in=row.group.vials).order_by("line_no")]
    seen = rules.window(lines, row.group.vials, at)
    first = Vial.objects.get(uid=row.group.vials[0])
    case = StockCase(
        uid=uuids.uuid5(count.uid, row.group.key), site=count.site, happened_at=at, label=row.group.label[:200],
        drug=first.drug, lot=first.lot, vials=list(row.group.vials), expected=row.group.expected,
        counted=(row.first + row.second) / 2, unit=row.group.unit, difference_mg=row.difference_mg or NONE,
        found_by=list(names), count_uid=count.uid, window_from=seen.start, window_to=at,
        people=queries.people_with_access(count.site, seen),
    )  # fmt: skip
    record.append(case, by=by)
    return case
