"""The demo's safe: deliveries of two weeks ago, a count by two, a vial about to expire; and the draws of its sessions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from stillhaven.clinic.people.models import Site, User
from stillhaven.clinic.people.witness import Witness
from stillhaven.clinic.stock import actions, cases, counting, queries
from stillhaven.clinic.stock.models import CountResult, Vial
from stillhaven.science import stock as rules

LOT, DEVICE_LOT = "DEMO-K50-01", "DEMO-E28-01"
_SUPPLIER: dict[str, Any] = {"supplier": "Harbor Medical Supply (synthetic)", "supplier_address": "1 Pier Road, Anytown",
             "supplier_dea": "RH0000000"}  # fmt: skip
# product, lot, containers, days until it expires
_DELIVERIES = (
    ("Ketamine HCl injection 50 mg/mL, 10 mL vial", "ketamine", "50", "10", LOT, 6, 420, False, "INV-2231"),
    ("Ketamine HCl injection 50 mg/mL, 10 mL vial", "ketamine", "50", "10", "DEMO-K50-00", 2, 34, False, "INV-2190"),
    ("Spravato 28 mg device", "esketamine", "140", "0.2", DEVICE_LOT, 6, 300, True, "INV-2240"),
)  # fmt: skip


def deliver(site: Site, staff: Mapping[str, User], now: datetime) -> None:
    """What came in a fortnight ago, counted by two; the opened vial stands in the preparation room."""
    custodian, nurse, at = staff["second"], staff["nurse"], now - timedelta(days=14)
    for product, drug, strength, volume, lot, vials, days, device, invoice in _DELIVERIES:
        actions.receive(
            site, drug=drug, product=product, mg_per_ml=strength, volume_ml=volume, vials=vials, lot=lot, is_device=device,
            expires=(now + timedelta(days=days)).date(), invoice=invoice, received_on=queries.today(site, at), by=custodian,
            witness=Witness(user=nurse, how="demo"), at=at, **_SUPPLIER,
        )  # fmt: skip
    first = Vial.objects.filter(site=site, lot=LOT).order_by("code")[:1]
    actions.move(list(first), place="Preparation room", by=custodian, at=at + timedelta(hours=1))


def count(site: Site, staff: Mapping[str, User], at: datetime) -> None:
    """A count of everything by two people, who find what the book says."""
    made = counting.open_count(site, "opening", by=staff["second"], at=at)
    found = {g.key: str(g.expected) for g in counting.fresh_groups(made)}
    for person, later in ((staff["second"], 2), (staff["nurse"], 6)):
        counting.enter(made, found, by=person, at=at + timedelta(minutes=later))


def first_inventory(site: Site, staff: Mapping[str, User], now: datetime) -> None:
    """The inventory of the day on which the drug was first kept, of a count by two."""
    at = now - timedelta(days=14) + timedelta(hours=2)
    count(site, staff, at)
    result = CountResult.objects.filter(site=site.pk).latest("seq")
    cases.take_inventory(
        site, kind="initial", taken_on=queries.today(site, at), at_the="closing", result=result, by=staff["second"],
        second_factor="demo", at=at + timedelta(minutes=10),
    )  # fmt: skip


def draw(site: Site, session_uid: UUID, order: Any, patient: int, staff: Mapping[str, User], at: datetime) -> None:
    """Draw up for one session of the demo, where the site keeps stock: the dose, to a mark of the syringe, upwards."""
    if not queries.keeps_stock(site.pk):
        return
    left = rules.rounded_mg(order.dose_mg)
    for vial in queries.drawable(site, order.drug, at):
        if left <= 0:
            break
        wanted = min(left, vial.mg)
        ml = vial.volume_ml if vial.is_device else min(_mark(wanted / vial.concentration_mg_per_ml), vial.ml)
        line = actions.draw(
            vial, volume_ml=ml, session_uid=session_uid, order_uid=order.pk, patient=patient, by=staff["nurse"],
            witness=Witness(user=staff["second"], how="demo"), at=at, drug=order.drug,
        )  # fmt: skip
        left -= line.mg


def _mark(ml: Decimal) -> Decimal:
    """The next mark of a syringe at or above this volume."""
    step = Decimal(str(queries.numbers().measure_ml))
    return (ml / step).to_integral_value(rounding="ROUND_CEILING") * step


def settle(
    site: Site, session_uid: UUID, given: Decimal | float | None, staff: Mapping[str, User], at: datetime
) -> None:
    """Waste what was not given, before a witness; nothing where all of it was."""
    left = queries.session_use(session_uid).open
    if left > 0:
        actions.settle(
            site.pk, session_uid, given_mg=given, wasted_mg=left, by=staff["nurse"],
            witness=Witness(user=staff["second"], how="demo"), at=at, method=queries.numbers().waste_methods[0],
            reason=queries.numbers().waste_reasons[0],
        )  # fmt: skip
