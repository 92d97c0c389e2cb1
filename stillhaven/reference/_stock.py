"""What does a site that keeps controlled stock record, count, keep and report, and by when?"""

from __future__ import annotations

from types import MappingProxyType

from stillhaven.reference._facts import read_cite, read_review
from stillhaven.reference.files import Shelf, Table
from stillhaven.science.stock import FormField, Rule, StockRules

RULES, FORM = "stock/rules.toml", "stock/form_106.toml"


def read_stock(shelf: Shelf) -> StockRules:
    """The numbers, rules and forms of controlled stock."""
    whole = shelf.read(RULES)
    read_review(whole)
    expiry, count = _part(whole, "expiry"), _part(whole, "count")
    notice, form = _part(whole, "notice"), _part(whole, "form_106")
    inventory, retention, keep, waste = (_part(whole, k) for k in ("inventory", "retention", "keep", "waste"))
    rules = {}
    for key, row in whole.named("rule"):
        rules[key] = Rule(key=key, text=row.text("text"), cite=read_cite(row))
        row.close()
    found = StockRules(
        soon_days=_days(expiry, "warn_before"),
        slack_ml=_ml(count, "slack"),
        measure_ml=_ml(count, "measure"),
        notice_business_days=_days(notice, "within"),
        form_days=_days(form, "within"),
        inventory_months=_months(inventory),
        retention_months=_months(retention),
        keep_months=_months(keep),
        rules=MappingProxyType(rules),
        loss_fields=_fields(shelf),
        waste_methods=waste.texts("methods", needed=True) if waste else (),
        waste_reasons=waste.texts("reasons", needed=True) if waste else (),
    )
    for part in (expiry, count, notice, form, inventory, retention, keep, waste):
        if part is not None:
            read_cite(part)
            part.close()
    whole.close()
    if found.keep_months < found.retention_months:
        whole.wrong("keep", "is shorter than the retention that is asked for")
    if found.form_days <= found.notice_business_days:
        whole.wrong("form_106", "is due before the notice")
    return found


def _part(whole: Table, name: str) -> Table | None:
    return whole.table(name)


def _days(part: Table | None, name: str) -> int:
    found = part.quantity(name, "d") if part else None
    if part is not None and found is not None and (found < 1 or found != int(found)):
        part.wrong(name, "must be whole days, at least 1")
    return int(found or 0)


def _ml(part: Table | None, name: str) -> float:
    return (part.quantity(name, "mL") if part else None) or 0.0


def _months(part: Table | None) -> int:
    found = (part.whole("months") if part else None) or 0
    if part is not None and found < 1:
        part.wrong("months", "must be at least 1")
    return found


def _fields(shelf: Shelf) -> tuple[FormField, ...]:
    whole = shelf.read(FORM)
    read_review(whole)
    read_cite(whole)
    found = []
    for row in whole.rows("field"):
        found.append(
            FormField(
                key=row.text("key"),
                label=row.text("label"),
                help=row.text("help", needed=False),
                filled_from=row.text("filled_from", needed=False),
                long=row.flag("long", needed=False),
                options=row.texts("options"),
            )
        )
        row.close()
    keys = [field.key for field in found]
    for key in sorted({k for k in keys if keys.count(k) > 1}):
        whole.wrong("field", f"{key!r} stands twice")
    whole.close()
    return tuple(found)
