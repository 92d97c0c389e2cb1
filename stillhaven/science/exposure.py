"""How much of which drug has this person had, how often, and is it time to ask what repeated use may do?

Milligrams are kept by drug and route: racemic ketamine, S-ketamine and esketamine are never added together, nor a
spray and an infusion.  A session whose amount is not known makes a sum "at least"; it is never taken for zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from stillhaven.science.findings import Finding, Verdict, Weight

MONTH = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class SessionDose:
    """What one session gave: None where the entries do not say how much."""

    at: datetime
    drug: str
    route: str
    mg: float | None


@dataclass(frozen=True, kw_only=True)
class Sum:
    """Milligrams of one drug by one route: over how many sessions, and how many of these are of unknown amount."""

    drug: str
    route: str
    mg: float
    sessions: int
    unknown: int
    month: str = ""

    @property
    def known(self) -> int:
        return self.sessions - self.unknown

    @property
    def name(self) -> str:
        """As a person reads it: never "ketamine" for another drug."""
        return named(self.drug, self.route)


def named(drug: str, route: str) -> str:
    """Drug and route in words.

    >>> named("ketamine", "im"), named("esketamine", "intranasal")
    ('racemic ketamine, IM', 'esketamine, intranasal')
    """
    drugs = {"ketamine": "racemic ketamine", "s_ketamine": "S-ketamine"}
    ways = {"iv_infusion": "IV infusion", "iv_bolus": "IV bolus", "im": "IM"}
    return f"{drugs.get(drug, drug.replace('_', ' '))}, {ways.get(route, route.replace('_', ' '))}"


def totals(doses: Iterable[SessionDose]) -> tuple[Sum, ...]:
    """Over a lifetime here, by drug and route.

    >>> at = datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))
    >>> a, b = (SessionDose(at=at, drug="ketamine", route="im", mg=mg) for mg in (40.0, None))
    >>> [(s.mg, s.known, s.sessions) for s in totals([a, b])]
    [(40.0, 1, 2)]
    """
    return _sums(doses, lambda _: "")


def monthly(doses: Iterable[SessionDose], zone: ZoneInfo) -> tuple[Sum, ...]:
    """By calendar month of the clinic, newest first."""
    found = _sums(doses, lambda dose: f"{dose.at.astimezone(zone):%Y-%m}")
    return tuple(sorted(found, key=lambda s: s.month, reverse=True))


def _sums(doses: Iterable[SessionDose], month_of) -> tuple[Sum, ...]:  # type: ignore[no-untyped-def]
    groups: dict[tuple[str, str, str], list[float | None]] = {}
    for dose in doses:
        groups.setdefault((month_of(dose), dose.drug, dose.route), []).append(dose.mg)
    return tuple(
        Sum(month=month, drug=drug, route=route, mg=math.fsum(mg for mg in found if mg is not None),
            sessions=len(found), unknown=sum(mg is None for mg in found))
        for (month, drug, route), found in sorted(groups.items())
    )  # fmt: skip


def within(doses: Iterable[SessionDose], now: datetime, back: timedelta = MONTH) -> tuple[SessionDose, ...]:
    """The sessions of the last stretch."""
    return tuple(dose for dose in doses if now - back < dose.at <= now)


def busiest(moments: Sequence[datetime], back: timedelta = MONTH) -> int:
    """The most sessions that ever fell into one such stretch.

    >>> day = datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))
    >>> busiest([day + timedelta(days=n) for n in (0, 3, 7, 29, 31, 60)])
    4
    """
    begun = sorted(moments)
    return max((sum(start <= at < start + back for at in begun) for start in begun), default=0)


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A number that the clinic sets; None until it has."""

    key: str
    title: str
    unit: str
    value: float | None
    set_by: str = ""


def judge_amount(threshold: Threshold, amount: float, *, unknown: int = 0) -> Finding:
    """Is this under the clinic's line?  Not set: not known.  An unknown part leaves "under" open, never "over"."""
    shown = f"{amount:g} {threshold.unit}"
    if threshold.value is None:
        return Finding(
            rule=threshold.key, verdict=Verdict.UNKNOWN, weight=Weight.CAUTION,
            because=f"{threshold.title}: {shown}; no threshold is set", to_do="the medical director sets it under Limits",
        )  # fmt: skip
    line = f"{threshold.value:g} {threshold.unit}, set by {threshold.set_by or 'the clinic'}"
    if amount > threshold.value:
        return Finding(
            rule=threshold.key, verdict=Verdict.NOT_MET, weight=Weight.CAUTION,
            because=f"{threshold.title}: {shown}, over {line}", to_do="the prescriber reviews need, dose and spacing",
        )  # fmt: skip
    if unknown:
        return Finding(
            rule=threshold.key, verdict=Verdict.UNKNOWN, weight=Weight.CAUTION,
            because=f"{threshold.title}: at least {shown}; the amount of {unknown} is not known ({line})",
            to_do="complete the dose entries",
        )  # fmt: skip
    return Finding(
        rule=threshold.key,
        verdict=Verdict.MET,
        weight=Weight.CAUTION,
        because=f"{threshold.title}: {shown}, within {line}",
    )


@dataclass(frozen=True, kw_only=True)
class Look:
    """One thing that is asked or measured again and again: when last, what it said, when next."""

    key: str
    title: str
    last: datetime | None
    said: str
    worry: bool | None  # None: not known
    every_d: float | None
    due: datetime | None

    def state(self, now: datetime) -> str:
        """not set, never, due or done."""
        if self.last is None:
            return "never"
        if self.due is None:
            return "not set"
        return "due" if self.due <= now else "done"


def look(
    key: str, title: str, *, last: datetime | None, said: str = "", worry: bool | None = None, every_d: float | None
) -> Look:
    """With its next day, where the clinic has set how often."""
    due = last + timedelta(days=every_d) if last is not None and every_d is not None else None
    return Look(key=key, title=title, last=last, said=said, worry=worry, every_d=every_d, due=due)
