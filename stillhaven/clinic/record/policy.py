"""What this clinic has set: the reference's policy items with the values that the medical director adopted.

Nothing is a hidden default: an item that nobody has set has no value, and the rules that need it say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from stillhaven.clinic.record import actions as record
from stillhaven.clinic.record.looking import once
from stillhaven.clinic.record.models import Adoption
from stillhaven.reference import load as reference
from stillhaven.science.alarms import LimitSetting, build_plan
from stillhaven.science.errors import BadInput, Refused
from stillhaven.science.policy import Policy, Setting

SIGNED = "_signed"  # beside the settings: why this version, and how its signer proved who they are


@once
def newest(site: int, before: datetime | None = None) -> Adoption | None:
    """The adoption of policy that holds now, or that held at a moment."""
    found = Adoption.objects.current().filter(site=site, what="policy")
    if before is not None:
        found = found.filter(happened_at__lte=before)
    return found.order_by("-seq").first()


def versions(site: int) -> list[Adoption]:
    """Every adoption of policy, oldest first: the first is version 1."""
    return list(Adoption.objects.filter(site=site, what="policy").order_by("seq"))


def settings_of(content: dict[str, Any]) -> tuple[Setting, ...]:
    """An adoption's content as settings."""
    return tuple(
        Setting(
            key=key, value=row.get("value"), choice=row.get("choice", ""), set_by=row.get("set_by", ""),
            set_on=date.fromisoformat(row["set_on"]) if row.get("set_on") else None, because=row.get("because", ""),
        )
        for key, row in sorted(content.items())
        if key != SIGNED
    )  # fmt: skip


@once
def rules(site: int) -> reference.Reference:
    """The numbers that hold at a site: the reference's, with what its medical director has set."""
    held = (
        Adoption.objects.current()
        .filter(site=site, what="policy")
        .order_by("-seq")
        .values_list("uid", flat=True)
        .first()
    )
    return _with_settings_of(held) if held is not None else reference.current()


@lru_cache(maxsize=16)
def _with_settings_of(adoption: UUID) -> reference.Reference:
    """An adoption never changes, so what it comes to is worked out once a process."""
    return reference.current(None, settings_of(Adoption.objects.get(uid=adoption).content))


def current(site: int) -> Policy:
    """The policy that holds at a site."""
    return rules(site).policy


def alarm_limits(site: int, at: datetime) -> tuple[LimitSetting, ...]:
    """Alarm limits that the policy of this moment sets, for sessions whose order says nothing.

    A session keeps what held when it began: a new policy moves no line under somebody who is being watched.
    """
    adopted = newest(site, before=at)
    return alarm_settings(settings_of(adopted.content), at) if adopted else ()


def alarm_settings(settings: Iterable[Setting], at: datetime) -> tuple[LimitSetting, ...]:
    """Settings as alarm limits."""
    found = []
    for setting in settings:
        parts = setting.key.split(".")
        if parts[0] == "alarm" and len(parts) == 4 and setting.value is not None:
            found.append(
                LimitSetting(
                    condition=parts[1],
                    signal=parts[2],
                    tier=parts[3],
                    value=setting.value,
                    set_by=setting.set_by,
                    set_at=at,
                    source="policy",
                    because=setting.because,
                )
            )
    return tuple(found)


@transaction.atomic
def adopt(
    values: Mapping[str, Any], *, by: Any, at: datetime, on: date, site: int, because: str,
    reasons: Mapping[str, str] | None = None, second_factor: str = "", base: Any = None, uid: UUID | None = None,
) -> Adoption:  # fmt: skip
    """Set policy items.  `values`: key -> number or choice, None takes one back; items not named keep what they have.

    `reasons`: key -> why this one; the others take `because`.  `base`: the uid of the version that was looked at ("" for
    none): Refused where somebody adopted another since.  BadInput for an unknown key, a number out of the item's bounds,
    a choice it does not offer, or limits that contradict each other.
    """
    record.lock("clinic", site)
    adopted = newest(site)
    if base is not None and str(base) != (str(adopted.uid) if adopted else ""):
        raise Refused(why="somebody has adopted another version since you began; look at what differs now")
    content = dict(adopted.content) if adopted else {}
    content.pop(SIGNED, None)
    items = reference.current().policy.items
    for key, value in values.items():
        if key not in items:
            raise BadInput(key, "is not something a clinic sets")
        if value is None:
            content.pop(key, None)
            continue
        content[key] = _setting(key, value) | {
            "set_by": by.signature_name, "set_on": on.isoformat(),
            "because": ((reasons or {}).get(key) or because).strip(),
        }  # fmt: skip
    check(settings_of(content), at)
    content[SIGNED] = {"because": because.strip(), "second_factor": second_factor}
    entry = Adoption(
        uid=uid or uuid4(), site=site, happened_at=at, what="policy", version=reference.current().version,
        content=content,
    )  # fmt: skip
    record.append(entry, by=by)
    return entry


def check(settings: tuple[Setting, ...], at: datetime) -> None:
    """Do these settings hold together: can every rule be read with them, and do the alarm limits stand in order?"""
    rules_ = reference.current(None, settings)
    by_name = {".".join(key.split(".")[1:]): key for key in rules_.policy.items if key.startswith("alarm.")}
    try:
        build_plan(
            rules_.alarms, session="policy", signals=rules_.signals, made_at=at, policy=alarm_settings(settings, at)
        )
    except BadInput as error:
        raise BadInput(by_name.get(error.field, error.field), error.why) from None


def _setting(key: str, value: Any) -> dict[str, Any]:
    item = reference.current().policy.items[key]
    if item.choices:
        if value not in item.choices:
            raise BadInput(key, f"must be one of: {', '.join(item.choices)}")
        return {"choice": value}
    number = float(value)
    if why := item.why_not(number):
        raise BadInput(key, why)
    return {"value": number}
