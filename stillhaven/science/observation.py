"""How long has the person been watched since the dose, which pressures are due, and what still keeps them here?

For doses that cannot be stopped once given: IM, nasal, oral, sublingual, esketamine devices.  Time alone never ends the
watching: the clock must have run out and the symptoms must be over.  Numbers come in with `ObservationRules`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from stillhaven.science.errors import BadInput
from stillhaven.science.findings import Finding
from stillhaven.science.limits import BLOCK, SET_BY_DIRECTOR, Limit, Standing, duration, judge, standing

FIRST_DOSE, LAST_DOSE, END = "first_dose", "last_dose", "end"
BEFORE, AT, LEAVING = "before", "at", "leaving"


@dataclass(frozen=True, kw_only=True)
class PressurePoint:
    """One pressure that must be on record.

    `when` is "before" the first dose (not older than `within`), "at" `at` minutes from it (give or take `within`), or
    "leaving" (not older than `within` when the person goes).
    """

    key: str
    label: str
    when: str
    within: Limit
    at: Limit | None = None


@dataclass(frozen=True, kw_only=True)
class ObservationRules:
    """How long, counted from what, and which pressures.  `clock_from` is "first_dose", "last_dose" or "end" (of drug)."""

    clock_from: str
    minimum: Limit
    pressures: tuple[PressurePoint, ...] = ()
    device_spacing: Limit | None = None
    how: Mapping[str, Standing] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.clock_from not in (FIRST_DOSE, LAST_DOSE, END):
            raise BadInput("clock_from", f"{self.clock_from!r} is none of {FIRST_DOSE}, {LAST_DOSE}, {END}")


@dataclass(frozen=True, kw_only=True)
class Clock:
    """The observation clock.  Seconds; None where it has not begun, or where nobody has set how long."""

    began: datetime | None
    elapsed_s: float | None
    left_s: float | None
    over_at: datetime | None


def clock(doses: Sequence[datetime], ended_at: datetime | None, now: datetime, rules: ObservationRules) -> Clock:
    """Where the clock stands.  `doses`: when each dose or device was given; `ended_at`: when the drug ended.

    >>> from datetime import UTC
    >>> t = datetime(2026, 1, 5, 9, tzinfo=UTC)
    >>> two_h = ObservationRules(clock_from="first_dose", minimum=Limit(value=120, unit="min"))
    >>> clock([t, t + timedelta(minutes=5)], None, t + timedelta(minutes=90), two_h).left_s
    1800.0
    """
    given = sorted(moment for moment in doses if moment <= now)
    began = ended_at if ended_at is not None and ended_at <= now else None
    if rules.clock_from != END:
        began = (given[0] if rules.clock_from == FIRST_DOSE else given[-1]) if given else None
    if began is None:
        return Clock(began=None, elapsed_s=None, left_s=None, over_at=None)
    elapsed = (now - began).total_seconds()
    if rules.minimum.value is None:
        return Clock(began=began, elapsed_s=elapsed, left_s=None, over_at=None)
    over_at = began + timedelta(minutes=rules.minimum.value)
    return Clock(began=began, elapsed_s=elapsed, left_s=max(0.0, (over_at - now).total_seconds()), over_at=over_at)


def time_finding(
    doses: Sequence[datetime], ended_at: datetime | None, now: datetime, rules: ObservationRules
) -> Finding:
    """Has the person been watched for long enough?"""
    stands, since = clock(doses, ended_at, now, rules), rules.clock_from.replace("_", " ")
    unset = rules.minimum.value is None
    return judge(
        "observation_time",
        None if stands.left_s is None else stands.left_s <= 0.0,
        yes=f"watched for at least {rules.minimum.text} from the {since}",
        no=f"not yet watched for {rules.minimum.text} from the {since}",
        unknown="how long to observe is not set" if unset else f"the time of the {since} is not recorded",
        to_do=SET_BY_DIRECTOR if unset else (f"wait {duration(stands.left_s)} more" if stands.left_s else "record it"),
        how=standing(rules.how, "observation_time"),
        source=rules.minimum.source,
    )


def pressure_findings(
    doses: Sequence[datetime], pressures: Sequence[datetime], now: datetime, rules: ObservationRules
) -> tuple[Finding, ...]:
    """Is every pressure on record that this drug asks for?  `pressures`: when whole pressures were measured."""
    taken = sorted(moment for moment in pressures if moment <= now)
    first = min((moment for moment in doses if moment <= now), default=None)
    return tuple(_pressure(point, first, taken, now, rules) for point in rules.pressures)


def _pressure(
    point: PressurePoint, first: datetime | None, taken: Sequence[datetime], now: datetime, rules: ObservationRules
) -> Finding:
    key, how = f"pressure_{point.key}", standing(rules.how, f"pressure_{point.key}")
    source = (point.at.source if point.at else "") or point.within.source
    unset = point.within.value is None or (point.when == AT and (point.at is None or point.at.value is None))
    if unset or (first is None and point.when != LEAVING):
        why = f"{point.label}: the time allowed is not set" if unset else "the time of the first dose is not recorded"
        return judge(key, None, unknown=why, to_do=SET_BY_DIRECTOR if unset else "record it", how=how, source=source)
    room = timedelta(minutes=point.within.value or 0.0)
    late = False
    if point.when == AT:
        target = (first or now) + timedelta(minutes=(point.at.value if point.at else None) or 0.0)
        ok: bool | None = any(target - room <= moment <= target + room for moment in taken)
        late = any(moment > target + room for moment in taken)
        if not ok and now <= target + room:
            ok = None  # not due, or due now
    elif point.when == BEFORE:
        ok = any((first or now) - room <= moment <= (first or now) for moment in taken)
    else:
        ok = any(now - room <= moment for moment in taken)
    return judge(
        key,
        ok,
        yes=f"{point.label}: measured",
        no=f"{point.label}: measured, but late" if late else f"{point.label}: not measured",
        unknown=f"{point.label}: not measured yet",
        to_do="say in the note why it is missing" if point.when != LEAVING and ok is False else "measure the pressure",
        how=how,
        source=source,
    )


def symptom_findings(
    symptoms: Mapping[str, bool | None], asked: Mapping[str, str], how: Standing = BLOCK
) -> tuple[Finding, ...]:
    """Is each symptom over?  `symptoms`: symptom -> is it over; `asked`: symptom -> what people call it."""
    return tuple(
        judge(
            f"over_{key}",
            symptoms.get(key),
            yes=f"{label}: none, or over",
            no=f"{label}: still there",
            unknown=f"{label}: nobody has looked",
            to_do="keep watching; score again" if symptoms.get(key) is False else "look and record",
            how=how,
        )
        for key, label in asked.items()
    )


def next_device_from(devices: Sequence[datetime], rules: ObservationRules) -> datetime | None:
    """From when the next device may be used; None before the first, or where the spacing is not set."""
    if not devices or rules.device_spacing is None or rules.device_spacing.value is None:
        return None
    return max(devices) + timedelta(minutes=rules.device_spacing.value)


def device_finding(devices: Sequence[datetime], now: datetime, rules: ObservationRules) -> Finding:
    """May the next device be used now?"""
    spacing, from_ = rules.device_spacing, next_device_from(devices, rules)
    unset = spacing is None or spacing.value is None
    ok = None if unset and devices else (from_ is None or now >= from_)
    text = spacing.text if spacing else ""
    return judge(
        "device_spacing",
        ok,
        yes="the next device may be used",
        no=f"{text} of rest between devices are not over",
        unknown="how long to rest between devices is not set",
        to_do=SET_BY_DIRECTOR if from_ is None else f"wait {duration(max(0.0, (from_ - now).total_seconds()))}",
        how=standing(rules.how, "device_spacing"),
        source=spacing.source if spacing else "",
    )


def minutes_from_first(doses: Sequence[datetime], at: datetime | None) -> float | None:
    """Whole stay in minutes from the first dose to `at`, as the monitoring form asks; None where either is missing."""
    return None if at is None or not doses else (at - min(doses)).total_seconds() / 60.0


def symptoms_over_at(ends: Sequence[datetime | None]) -> datetime | None:
    """When the last symptom was over; None while one is not, or where there was none."""
    known = [moment for moment in ends if moment is not None]
    return max(known) if known and len(known) == len(ends) else None
