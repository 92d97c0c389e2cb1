"""What this clinic has set: the reference's policy items with the values that the medical director adopted.

Nothing is a hidden default: an item that nobody has set has no value, and the rules that need it say so.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record.models import Adoption
from stillhaven.reference import load as reference
from stillhaven.science.errors import BadInput
from stillhaven.science.policy import Policy


def newest(site: int) -> Adoption | None:
    """The adoption of policy that holds now."""
    return Adoption.objects.current().filter(site=site, what="policy").order_by("-seq").first()


def current(site: int) -> Policy:
    """The policy that holds at a site."""
    adopted = newest(site)
    return fill(adopted.content if adopted else {})


def fill(content: dict[str, Any]) -> Policy:
    """The reference's items with the clinic's values laid on."""
    items = dict(reference.current().policy.items)
    for key, setting in content.items():
        if key in items:
            day = date.fromisoformat(setting["set_on"]) if setting.get("set_on") else None
            items[key] = replace(
                items[key], value=setting.get("value"), choice=setting.get("choice", ""),
                set_by=setting.get("set_by", ""), set_on=day, because=setting.get("because", ""),
            )  # fmt: skip
    return Policy(items=items)


def adopt(values: dict[str, Any], *, by: Any, at: datetime, on: date, site: int, because: str) -> Adoption:
    """Set policy items.  `values`: key -> number or choice; items not named keep what they have.

    BadInput for an unknown key, a number out of the item's bounds, or a choice it does not offer.
    """
    adopted = newest(site)
    content = dict(adopted.content) if adopted else {}
    items = reference.current().policy.items
    for key, value in values.items():
        if key not in items:
            raise BadInput(key, "is not something a clinic sets")
        content[key] = _setting(key, value) | {
            "set_by": by.signature_name, "set_on": on.isoformat(), "because": because.strip(),
        }  # fmt: skip
    entry = Adoption(
        site=site, happened_at=at, what="policy", version=reference.current().version, content=content,
    )  # fmt: skip
    record.append(entry, by=by)
    return entry


def _setting(key: str, value: Any) -> dict[str, Any]:
    item = reference.current().policy.items[key]
    if item.choices:
        if value not in item.choices:
            raise BadInput(key, f"must be one of: {', '.join(item.choices)}")
        return {"choice": value}
    number = float(value)
    low, high = item.low, item.high
    if (low is not None and number < low) or (high is not None and number > high):
        raise BadInput(key, f"must be between {low if low is not None else 0:g} and {high:g} {item.unit}")
    return {"value": number}
