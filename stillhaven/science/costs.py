"""What may a whole course cost a person, at least, probably, at most - and what is not known?

Money is whole cents; shares of it are computed with Decimal and rounded half up to the cent.  A number that nobody gave
is None and is said; it is never zero.  No scenario promises what a plan pays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum

from stillhaven.science.errors import BadInput
from stillhaven.science.protocol import Cite, Protocol

MOST_CENTS = 100_000_000_00  # a slip of the keyboard, not a price
MOST_SESSIONS = 200
BEGINS = ("induction", "acute", "single", "daily")


class Payer(StrEnum):
    """Who may pay besides the person."""

    NONE = "none"
    COMMERCIAL = "commercial"
    MEDICARE = "medicare"
    MEDICAID = "medicaid"
    OTHER = "other"


class Per(StrEnum):
    """What a price is for."""

    SESSION = "session"
    COURSE = "course"


@dataclass(frozen=True, kw_only=True)
class Range:
    """Low, likely and high, in cents or in sessions; None is not known."""

    low: int | None
    likely: int | None
    high: int | None

    def __post_init__(self) -> None:
        known = [v for v in (self.low, self.likely, self.high) if v is not None]
        if any(v < 0 for v in known):
            raise BadInput("price", "must not be under 0")
        if known != sorted(known):
            raise BadInput("price", "low, likely and high must rise")

    @property
    def whole(self) -> bool:
        return None not in (self.low, self.likely, self.high)


UNKNOWN = Range(low=None, likely=None, high=None)


@dataclass(frozen=True, kw_only=True)
class Price:
    """One price of the clinic on the day that is asked about."""

    key: str
    title: str
    part: str  # "session", "assessment", "drug", "therapy", "follow_up", "observation"
    per: Per
    cents: Range
    allowed_cents: int | None = None  # what the clinic and the plan agreed on, in network
    sessions: int | None = None  # a package: so many sessions for this price together


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the person knows of their plan.  None: they do not know."""

    payer: Payer
    covers: bool | None = None  # has the plan said yes in writing?
    deductible_left_cents: int | None = None
    share_percent: Decimal | None = None  # the person's part after the deductible
    copay_cents: int | None = None  # for each visit
    most_left_cents: int | None = None  # out-of-pocket maximum that is left this year
    out_allowed_cents: int | None = None  # out of network: what the plan counts for one session


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One way of paying: what the person pays in all."""

    key: str  # "cash", "out_of_network", "in_network"
    total: Range
    why: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CourseCost:
    """What was computed for one course."""

    sessions: Range
    scenarios: tuple[Scenario, ...]
    lines: tuple[tuple[Price, Range], ...]  # each price of the course with its total
    package: tuple[Price, int, int] | None  # the package, how many of it, the likely total with it
    monthly: Range  # going on afterwards, for a month, cash
    unknown: tuple[str, ...]


def read_money(text: str, field: str) -> int | None:
    """ "1,250.50" as cents; "" as None.  BadInput for anything else.

    >>> read_money("$1,250.50", "price"), read_money("", "price")
    (125050, None)
    """
    plain = text.strip().removeprefix("$").replace(",", "").strip()
    if not plain:
        return None
    try:
        amount = Decimal(plain) if plain.isascii() and len(plain) < 16 else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or "e" in plain.lower() or "_" in plain:
        raise BadInput(field, "write an amount in dollars, such as 450 or 450.50")
    cents = amount * 100
    if cents != cents.to_integral_value():
        raise BadInput(field, "has more than two digits after the point")
    if not 0 <= cents <= MOST_CENTS:
        raise BadInput(field, "must not be under 0" if cents < 0 else "is too large to be a price")
    return int(cents)


def shown(cents: int) -> str:
    """Dollars as they are written.

    >>> shown(125050), shown(40000)
    ('$1,250.50', '$400')
    """
    return f"${cents // 100:,}" + (f".{cents % 100:02d}" if cents % 100 else "")


def part_of(cents: int, percent: Decimal) -> int:
    """A share of an amount, rounded half up to the cent."""
    return int((cents * percent / 100).quantize(Decimal(1), ROUND_HALF_UP))


def session_count(protocol: Protocol) -> Range:
    """How many sessions a course has to begin with, by the protocol's published schedules."""
    found = []
    for phase in protocol.schedule:
        if phase.phase not in BEGINS:
            continue
        weeks = phase.last_week - (phase.first_week or 1) + 1 if phase.last_week is not None else None
        if phase.sessions is not None:
            found.append((phase.sessions, phase.up_to))
        elif weeks is not None and phase.sessions_per_week:
            found.append((round(weeks * max(phase.sessions_per_week)), False))
        elif phase.days is not None:
            found.append((phase.days, False))
    if not found:
        return UNKNOWN
    fixed = [n for n, up_to in found if not up_to]
    every = [n for n, _ in found]
    likely = fixed[0] if fixed else every[0]
    return Range(low=min([*fixed, likely]), likely=likely, high=max(every))


def sessions_a_month(protocol: Protocol) -> Range:
    """How many sessions a month afterwards, where the protocol says: the last schedule of its maintenance."""
    going_on = [p for p in protocol.schedule if p.phase == "maintenance" and p.sessions_per_week]
    if not going_on:
        return UNKNOWN
    rates = going_on[-1].sessions_per_week
    low, high = (round(rate * 52 / 12) for rate in (min(rates), max(rates)))
    return Range(low=low, likely=None, high=high)


def course_cost(
    prices: Sequence[Price], sessions: Range, plan: Plan, *, off_label: bool, monthly: Range = UNKNOWN
) -> CourseCost:
    """Every scenario of one course at these prices."""
    if sessions.high is not None and sessions.high > MOST_SESSIONS:
        raise BadInput("sessions", f"is more than {MOST_SESSIONS}")
    singles = [p for p in prices if p.sessions is None]
    has_session = any(p.per is Per.SESSION and p.part == "session" for p in singles)
    lines = tuple((p, _times(p.cents, sessions if p.per is Per.SESSION else _ONE)) for p in singles)
    unknown = []
    if not has_session:
        unknown.append("The clinic has not stated its price for one session by this route.")
    if not sessions.whole:
        unknown.append("How many sessions: no published number stands for this; the prescriber says it with you.")
    if not any(p.part == "assessment" for p in singles):
        unknown.append("The price of the first assessment.")
    cash = _sum([total for _, total in lines]) if has_session else UNKNOWN
    package = _package(prices, singles, sessions)
    scenarios = (
        Scenario(key="cash", total=cash, why=("You pay the clinic's own prices.",), unknown=tuple(unknown)),
        _out_of_network(cash, sessions, plan, unknown),
        _in_network(cash, singles, sessions, plan, off_label=off_label, unknown=unknown),
    )
    each = _sum([p.cents for p in singles if p.per is Per.SESSION]) if has_session else UNKNOWN
    return CourseCost(
        sessions=sessions,
        scenarios=scenarios,
        lines=lines,
        package=package,
        monthly=_times(each, monthly),
        unknown=tuple(unknown),
    )


_ONE = Range(low=1, likely=1, high=1)


def _times(cents: Range, count: Range) -> Range:
    def one(a: int | None, b: int | None) -> int | None:
        return a * b if a is not None and b is not None else None

    return Range(
        low=one(cents.low, count.low), likely=one(cents.likely, count.likely), high=one(cents.high, count.high)
    )


def _sum(parts: Sequence[Range]) -> Range:
    def total(name: str) -> int | None:
        values = [getattr(p, name) for p in parts]
        return None if not values or None in values else sum(values)

    return Range(low=total("low"), likely=total("likely"), high=total("high"))


def _package(prices: Sequence[Price], singles: Sequence[Price], sessions: Range) -> tuple[Price, int, int] | None:
    """The cheapest use of a package for the likely number of sessions, if it is cheaper than paying each by itself."""
    each = [p.cents.likely for p in singles if p.part == "session" and p.per is Per.SESSION]
    if sessions.likely is None or not each or None in each:
        return None
    single = sum(v for v in each if v is not None)
    best: tuple[Price, int, int] | None = None
    for p in prices:
        if not p.sessions or p.cents.likely is None or p.sessions > sessions.likely:
            continue
        many, rest = divmod(sessions.likely, p.sessions)
        total = many * p.cents.likely + rest * single
        if total < sessions.likely * single and (best is None or total < best[2]):
            best = (p, many, total)
    return best


def _out_of_network(cash: Range, sessions: Range, plan: Plan, unknown: Sequence[str]) -> Scenario:
    """The person pays the clinic; the plan may pay a part back."""
    why = ["You pay the clinic and send the plan a superbill. It may pay a part back, or nothing."]
    missing = list(unknown)
    if plan.payer is Payer.NONE:
        return Scenario(key="out_of_network", total=UNKNOWN, why=("You said that you have no plan.",))
    if plan.covers is False:
        return Scenario(key="out_of_network", total=cash, why=(*why, "Your plan has said no."), unknown=tuple(missing))
    if plan.out_allowed_cents is None:
        missing.append("What your plan counts as the price of one session out of network (the allowed amount).")
    if plan.share_percent is None:
        missing.append("Your share out of network, in per cent.")
    if plan.deductible_left_cents is None:
        missing.append("How much of your out-of-network deductible is left.")
    low = None
    allowed = plan.out_allowed_cents
    if allowed is not None and plan.share_percent is not None and cash.low is not None and sessions.low is not None:
        counted = max(0, allowed * sessions.low - (plan.deductible_left_cents or 0))
        low = max(0, cash.low - (counted - part_of(counted, plan.share_percent)))
    likely = cash.likely if plan.covers is None else None
    if (
        (
            plan.covers
            and plan.deductible_left_cents is not None
            and allowed is not None
            and plan.share_percent is not None
        )
        and cash.likely is not None
        and sessions.likely is not None
    ):
        counted = max(0, allowed * sessions.likely - plan.deductible_left_cents)
        likely = max(0, cash.likely - (counted - part_of(counted, plan.share_percent)))
    if likely is not None and low is not None:
        low = min(low, likely)
    if plan.covers is None:
        why.append("Without the plan's yes in writing, count on paying all of it.")
    return Scenario(
        key="out_of_network",
        total=Range(low=low, likely=likely, high=cash.high),
        why=tuple(why),
        unknown=tuple(missing),
    )


def _in_network(
    cash: Range, singles: Sequence[Price], sessions: Range, plan: Plan, *, off_label: bool, unknown: Sequence[str]
) -> Scenario:
    """The clinic bills the plan at agreed prices; the person pays deductible, share and copay, up to their maximum."""
    if plan.payer is Payer.NONE:
        return Scenario(key="in_network", total=UNKNOWN, why=("You said that you have no plan.",))
    why, missing = ["The clinic bills your plan at prices agreed between them."], []
    if plan.covers is False:
        return Scenario(
            key="in_network",
            total=cash,
            why=(*why, "Your plan has said no: then you pay the clinic's own prices."),
            unknown=tuple(unknown),
        )
    agreed = [p for p in singles if p.allowed_cents is not None]
    if len(agreed) < len(singles) or not agreed:
        missing.append("The prices agreed between this clinic and your plan, if there are any.")
    if not sessions.whole:
        missing.append("How many sessions: the prescriber says it with you.")
    for value, text in (
        (plan.covers, "Whether your plan says yes, in writing, before the first session."),
        (plan.share_percent, "Your share after the deductible, in per cent."),
        (plan.deductible_left_cents, "How much of your deductible is left."),
        (plan.copay_cents, "Your copay for each visit."),
        (plan.most_left_cents, "How much is left until your out-of-pocket maximum."),
    ):
        if value is None:
            missing.append(text)
    ranged = [
        _times(Range(low=c, likely=c, high=c), sessions if p.per is Per.SESSION else _ONE)
        for p in agreed
        if (c := p.allowed_cents) is not None
    ]
    all_in = _sum(ranged) if len(agreed) == len(singles) else UNKNOWN
    low = _own_part(all_in.low, sessions.low, plan, best=True)
    likely = _own_part(all_in.likely, sessions.likely, plan, best=False) if plan.covers else None
    high = _own_part(all_in.high, sessions.high, plan, best=False) if plan.covers else cash.high
    if plan.covers is None:
        why.append("If the plan says no, you pay the clinic's own prices: that is the highest figure.")
        if off_label:
            why.append("For ketamine off-label most plans do not pay.")
    low, likely, high = _rising(low, likely, high)
    return Scenario(
        key="in_network", total=Range(low=low, likely=likely, high=high), why=tuple(why), unknown=tuple(missing)
    )


def _rising(low: int | None, likely: int | None, high: int | None) -> tuple[int | None, int | None, int | None]:
    """An agreed price may lie over the clinic's own: the higher of two bounds is the bound."""
    if high is not None:
        high = max(v for v in (low, likely, high) if v is not None)
    return low, likely, high


def _own_part(all_in: int | None, visits: int | None, plan: Plan, *, best: bool) -> int | None:
    """What the person pays of an agreed total.  `best`: what they do not know is taken at its kindest."""
    share, left, copay = plan.share_percent, plan.deductible_left_cents, plan.copay_cents
    if all_in is None or visits is None or share is None:
        return None
    if not best and (left is None or copay is None):
        return None
    first = min(all_in, left or 0)
    own = first + part_of(all_in - first, share) + (copay or 0) * visits
    own = min(own, all_in)
    return own if plan.most_left_cents is None else min(own, plan.most_left_cents)


def in_parts(total_cents: int, months: int) -> tuple[int, int]:
    """A total in equal monthly parts: what each is, and what the last one is, so that the sum is the total."""
    if not 1 <= months <= 120:
        raise BadInput("months", "must be from 1 to 120")
    each = -(-total_cents // months)
    last = total_cents - each * (months - 1)
    if last < 0:
        each = total_cents // months
        last = total_cents - each * (months - 1)
    return each, last


# ---------------------------------------------------------------- codes


@dataclass(frozen=True, kw_only=True)
class Code:
    """One billing code as a number, with a paraphrase of our own."""

    key: str
    system: str
    about: str
    part: str
    cite: Cite
    time_rule: str = ""
    routes: tuple[str, ...] = ()
    drug: str = ""
    payers: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None

    def holds(self, on: date) -> bool:
        return (self.since is None or self.since <= on) and (self.until is None or on <= self.until)

    def holds_number(self, number: str) -> bool:
        """Is this number one of the entry's: alone, in a span "99202-99205", or in a list "90832 90834"?"""
        low, _, high = self.key.partition("-")
        if high:
            return len(number) == len(low) and low <= number <= high
        return number in self.key.split()


@dataclass(frozen=True, kw_only=True)
class WrongCodes:
    """Codes that must not stand for a drug, or beside others on one day."""

    key: str
    codes: frozenset[str]
    beside: frozenset[str]
    drug: str
    why: str
    cite: Cite


@dataclass(frozen=True, kw_only=True)
class Quoted:
    """A price that a web page names: no market data."""

    key: str
    item: str
    routes: tuple[str, ...]
    drug: str
    low_usd: int
    high_usd: int
    cite: Cite


@dataclass(frozen=True, kw_only=True)
class Said:
    """A sentence with its source: what is known of payers, a way to pay, a disclaimer, an element of an estimate."""

    key: str
    text: str
    cite: Cite
    title: str = ""
    drug: str = ""
    payers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CostRules:
    """Everything that is read from reference/costs, of one version."""

    version: str
    codes: Mapping[str, Code]
    wrong: tuple[WrongCodes, ...]
    quoted: tuple[Quoted, ...]
    known: tuple[Said, ...]
    ways: tuple[Said, ...]
    elements: tuple[Said, ...]
    says: tuple[Said, ...]
    due: tuple[tuple[int, int], ...]  # booked so many business days ahead, within so many
    due_when_asked: int
    diagnoses: Mapping[str, str]  # code -> what it stands for
    diagnoses_release: str
    stale_after_d: int
    longest_d: int

    def code(self, number: str) -> Code | None:
        return next((c for c in self.codes.values() if c.holds_number(number)), None)

    def codes_for(self, *, route: str, drug: str, payer: Payer, on: date) -> list[Code]:
        """Which codes a bill for this route may carry on this day."""
        return [
            c
            for c in self.codes.values()
            if c.holds(on)
            and (not c.routes or route in c.routes)
            and (not c.drug or c.drug == drug)
            and not (c.key == "J3490" and drug != "ketamine")
            and (payer is Payer.NONE or not c.payers or payer.value in c.payers)
        ]

    def wrong_codes(self, numbers: Sequence[str], *, drug: str, payer: Payer, on: date) -> list[str]:
        """What is wrong with these codes together on one day: one sentence each."""
        found = []
        for number in dict.fromkeys(numbers):
            known = self.code(number)
            if known is not None and not known.holds(on):
                end = f"ended on {known.until}" if known.until and on > known.until else f"begins on {known.since}"
                found.append(f"{number} {end}: it does not hold on {on}")
            ours = (
                payer in (Payer.NONE, Payer.OTHER) or known is None or not known.payers or payer.value in known.payers
            )
            if known is not None and not ours:
                found.append(f"{number} is for {' and '.join(known.payers)}, not for {payer.value}")
            if known is not None and known.drug and drug and known.drug != drug:
                found.append(f"{number} is for {known.drug}")
        for rule in self.wrong:
            here = rule.codes & set(numbers)
            if here and ((rule.beside & set(numbers)) or (not rule.beside and drug == rule.drug)):
                found.append(f"{', '.join(sorted(here))}: {rule.why}")
        return found

    def due_on(self, *, asked: date, scheduled: date | None) -> date:
        """By which day the estimate has to be given.  Weekends are no business days; public holidays are not known here."""
        if scheduled is None:
            return add_business_days(asked, self.due_when_asked)
        ahead = business_days_between(asked, scheduled)
        within = [w for least, w in sorted(self.due) if ahead >= least]
        return add_business_days(asked, within[-1]) if within else asked


def business_days_between(first: date, last: date) -> int:
    """How many business days after `first` up to and with `last`."""
    days = (last - first).days
    return sum(1 for n in range(1, min(days, 4000) + 1) if (first + timedelta(days=n)).weekday() < 5)


def add_business_days(day: date, count: int) -> date:
    while count > 0:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


def with_sessions(sessions: Range, said: int | None) -> Range:
    """What the person was told counts over what is published."""
    return sessions if said is None else replace(sessions, low=said, likely=said, high=said)
