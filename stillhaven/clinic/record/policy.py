"""What this clinic has set: the reference's policy items with the values that the medical director adopted.

Nothing is a hidden default: an item that nobody has set has no value, and the rules that need it say so.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record.models import Adoption
from stillhaven.reference import load as reference
from stillhaven.science.alarms import LimitSetting
from stillhaven.science.errors import BadInput
from stillhaven.science.policy import Policy, Setting


def newest(site: int) -> Adoption | None:
    """The adoption of policy that holds now."""
    return Adoption.objects.current().filter(site=site, what="policy").order_by("-seq").first()


def settings_of(content: dict[str, Any]) -> tuple[Setting, ...]:
    """An adoption's content as settings."""
    return tuple(
        Setting(
            key=key, value=row.get("value"), choice=row.get("choice", ""), set_by=row.get("set_by", ""),
            set_on=date.fromisoformat(row["set_on"]) if row.get("set_on") else None, because=row.get("because", ""),
        )
        for key, row in sorted(content.items())
    )  # fmt: skip


def rules(site: int) -> reference.Reference:
    """The numbers that hold at a site: the reference's, with what its medical director has set."""
    adopted = newest(site)
    return reference.current(None, settings_of(adopted.content) if adopted else ())


def current(site: int) -> Policy:
    """The policy that holds at a site."""
    return rules(site).policy


def alarm_limits(site: int, at: datetime) -> tuple[LimitSetting, ...]:
    """Alarm limits that the clinic's policy sets, for sessions whose order says nothing."""
    items = current(site).items
    found = []
    for key, (condition, signal, tier) in _ALARM_ITEMS.items():
        item = items.get(key)
        if item is not None and item.value is not None:
            found.append(
                LimitSetting(
                    condition=condition,
                    signal=signal,
                    tier=tier,
                    value=item.value,
                    set_by=item.set_by,
                    set_at=at,
                    source="policy",
                    because=item.because,
                )
            )
    return tuple(found)


# policy item -> the alarm line it draws
_ALARM_ITEMS = {
    "during_systolic_mmhg": ("pressure_high", "systolic_mmhg", "warn"),
    "during_diastolic_mmhg": ("pressure_high", "diastolic_mmhg", "warn"),
    "stop_spo2_pct": ("spo2_low", "spo2_pct", "act"),
    "stop_resp_rate_per_min": ("resp_rate_low", "resp_rate_per_min", "act"),
}


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
